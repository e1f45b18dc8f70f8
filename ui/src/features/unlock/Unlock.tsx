// The locked vault. Shows no name and no number of what is inside.

import { useState } from "react";
import { Button, Dialog, GlassCase, Ground, Small } from "../../components";
import type { StatusView } from "../../host";
import { useWords } from "../../words";
import css from "./Unlock.module.css";
import { UnlockForm } from "./UnlockForm";

export function Unlock({ status }: { status: StatusView }) {
  const t = useWords();
  const [forgot, setForgot] = useState(false);

  return (
    <Ground width={360} centered>
      <GlassCase />
      <h1 className={css.title}>{t("unlock.title")}</h1>
      <p className={css.reason}>
        {t(`unlock.reason.${status.lockReason ?? "start"}`)}
        {status.afterUnlock === null ? null : (
          <span data-testid="after-unlock"> {t(`unlock.after.${status.afterUnlock}`)}</span>
        )}
      </p>
      <UnlockForm status={status} />
      <Button kind="quiet" small onClick={() => setForgot(true)} testId="forgot">
        {t("unlock.forgot")}
      </Button>
      <p className={css.hint}>{t("unlock.pin")}</p>
      <Dialog
        open={forgot}
        onClose={() => setForgot(false)}
        title={t("unlock.forgotTitle")}
        closeLabel={t("common.close")}
        actions={<Button onClick={() => setForgot(false)}>{t("common.close")}</Button>}
      >
        <h3>{t("unlock.opens")}</h3>
        <p>{t("unlock.opensSheet")}</p>
        <h3>{t("unlock.not")}</h3>
        <p>{t("unlock.notKit")}</p>
        <p>{t("unlock.notSupport")}</p>
        <Small>
          {t("unlock.dataFolder")}: {status.dataFolder}
        </Small>
      </Dialog>
    </Ground>
  );
}
