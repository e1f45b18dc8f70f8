// This device answered an invitation and waits to be added. What the two people compare is all there is to see.

import { useState } from "react";
import { BusyBar, Button, Dialog, Ground, Later, Row } from "../../components";
import { type JoiningView, type StatusView, useAction, useHost } from "../../host";
import { ComparedWords, ErrorNotice } from "../../parts";
import { useWords } from "../../words";
import css from "./FirstRun.module.css";

export function Joining({ status }: { status: StatusView }) {
  const t = useWords();
  return (
    <Ground width={520}>
      {status.joining === null ? (
        <Later>
          <BusyBar label={t("common.loading")} />
        </Later>
      ) : (
        <Waiting joining={status.joining} />
      )}
    </Ground>
  );
}

function Waiting({
  joining: { mspName: firm, invitedBy: name, role, ownDevice, words, problem },
}: {
  joining: JoiningView;
}) {
  const t = useWords();
  const host = useHost();
  const [asks, setAsks] = useState(false);
  const cancel = useAction(() => host.cancelJoin({}));
  return (
    <div className={css.form} data-testid="joining">
      <div className={css.head}>
        <h1>{ownDevice ? t("joining.deviceTitle", { name }) : t("joining.title", { name, firm })}</h1>
        <p className={css.lead}>{ownDevice ? t("joining.deviceLead", { firm }) : t("joining.lead")}</p>
      </div>
      <div className={css.panel}>
        <p>
          {ownDevice
            ? t("joining.deviceCall")
            : role === "rotator"
              ? t("joining.callMachine", { name })
              : t("joining.call", { name })}
        </p>
        <ComparedWords words={words} />
        <p>{t("joining.differ")}</p>
        {ownDevice ? null : (
          <p className={css.note}>
            {t("joining.role", { role: t(`role.${role}`) })} {t(`roleMore.${role}`)}
          </p>
        )}
        <ErrorNotice error={problem} />
        <BusyBar label={t("joining.waiting", { name })} />
        <Row>
          <Button onClick={() => setAsks(true)} testId="cancel-join">
            {t("joining.cancel")}
          </Button>
          <Button kind="quiet" onClick={() => void host.lock({})} testId="joining-lock">
            {t("nav.lock")}
          </Button>
        </Row>
      </div>
      <Dialog
        open={asks}
        onClose={() => setAsks(false)}
        title={t("joining.cancelTitle", { firm })}
        closeLabel={t("common.close")}
        actions={
          <>
            <Button onClick={() => setAsks(false)}>{t("joining.stay")}</Button>
            <Button kind="danger" busy={cancel.busy} onClick={() => void cancel.run()} testId="cancel-join-yes">
              {t("joining.cancelGo", { firm })}
            </Button>
          </>
        }
      >
        <p>{t("joining.cancelMore")}</p>
        <ErrorNotice error={cancel.error} onRetry={() => void cancel.run()} />
      </Dialog>
    </div>
  );
}
