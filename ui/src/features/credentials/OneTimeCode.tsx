// One press shows the code of this moment and the next. When both have run out, somebody has to ask again.

import { IconEyeOff, IconShieldLock } from "@tabler/icons-react";
import { useCallback, useEffect, useState } from "react";
import { Button, Ring, Unseen } from "../../components";
import { type CardView, useAction, useEvent, useHost } from "../../host";
import { ErrorNotice, useNow } from "../../parts";
import { useWords } from "../../words";
import { CopyButton } from "./CopyButton";
import css from "./RevealWindow.module.css";

type Code = { code: string; endsAt: number; periodSeconds: number };

export function OneTimeCode({ card, reason, blocked }: { card: CardView; reason: string; blocked: string | null }) {
  const t = useWords();
  const host = useHost();
  const [codes, setCodes] = useState<readonly Code[]>([]);
  const [present, next] = codes;
  const now = useNow(250, present !== undefined);
  const where = { organization: card.organization, account: card.account.id, reason };

  const hide = useCallback(() => setCodes([]), []);
  const load = useAction(async () => {
    setCodes([await host.oneTimeCode({ ...where, next: false }), await host.oneTimeCode({ ...where, next: true })]);
  });
  useEvent("locked", hide);
  useEffect(() => {
    if (present === undefined) return;
    const timer = setTimeout(() => setCodes((all) => all.slice(1)), Math.max(50, present.endsAt - Date.now() + 50));
    return () => clearTimeout(timer);
  }, [present]);

  const left = present === undefined ? 0 : Math.max(0, present.endsAt - now);
  const inTwo = (code: string) => [code.slice(0, code.length / 2), code.slice(code.length / 2)];
  return (
    <section className={css.line} aria-label={t("reveal.factor")}>
      <span className={css.label}>{t("reveal.factor")}</span>
      {present === undefined ? (
        <span className={css.value}>
          <Button
            kind="glass"
            icon={<IconShieldLock size={16} />}
            busy={load.busy}
            reason={blocked}
            testId="show-code"
            onClick={() => void load.run()}
          >
            {t("reveal.factorShow")}
          </Button>
        </span>
      ) : (
        <span className={css.codes}>
          <span className={css.code} data-testid="one-time-code">
            {inTwo(present.code).map((half) => (
              <span key={half}>{half}</span>
            ))}
          </span>
          <Ring share={left / (present.periodSeconds * 1000)} size={20} />
          <span className={css.soft} aria-hidden="true">
            {Math.ceil(left / 1000)} s
          </span>
          <Unseen>{t("reveal.secondsLeft", { count: Math.ceil(left / 1000) })}</Unseen>
          {next === undefined ? null : (
            <span className={css.next}>
              {t("reveal.nextCode")} <span className={css.nextCode}>{next.code}</span>
            </span>
          )}
          <Button small icon={<IconEyeOff size={14} />} onClick={hide}>
            {t("reveal.hideShort")}
          </Button>
        </span>
      )}
      <CopyButton
        card={card}
        what={{ kind: "oneTimeCode" }}
        label={t("reveal.copyCode")}
        reason={reason}
        blocked={blocked}
        testId="copy-code"
      />
      {load.error === null ? null : (
        <div className={css.wide}>
          <ErrorNotice error={load.error} />
        </div>
      )}
    </section>
  );
}
