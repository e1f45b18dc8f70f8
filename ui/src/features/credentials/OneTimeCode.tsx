// The code of this moment and the next, for as long as somebody needs them.

import { IconEyeOff, IconShieldLock } from "@tabler/icons-react";
import { useCallback, useEffect, useRef, useState } from "react";
import { Button, Ring, Unseen } from "../../components";
import { type CardView, useAction, useEvent, useHost } from "../../host";
import { ErrorNotice, useNow } from "../../parts";
import { useWords } from "../../words";
import { CopyButton } from "./CopyButton";
import css from "./RevealWindow.module.css";

type Codes = { code: string; next: string; endsAt: number; period: number };

/** Codes stay visible this long, then somebody has to ask again. */
const visibleFor = 2 * 60_000;

export function OneTimeCode({ card, reason, blocked }: { card: CardView; reason: string; blocked: string | null }) {
  const t = useWords();
  const host = useHost();
  const [codes, setCodes] = useState<Codes | null>(null);
  const until = useRef(0);
  const now = useNow(250, codes !== null);
  const where = { organization: card.organization, account: card.account.id, reason };

  const hide = useCallback(() => setCodes(null), []);
  const load = useAction(async () => {
    const present = await host.oneTimeCode({ ...where, next: false });
    const next = await host.oneTimeCode({ ...where, next: true });
    setCodes({ code: present.code, next: next.code, endsAt: present.endsAt, period: present.periodSeconds * 1000 });
  });
  const { run } = load;
  useEvent("locked", hide);
  useEffect(() => {
    if (codes === null) return;
    const timer = setTimeout(
      () => {
        if (Date.now() < until.current) void run();
        else hide();
      },
      Math.max(50, codes.endsAt - Date.now() + 50),
    );
    return () => clearTimeout(timer);
  }, [codes, run, hide]);

  const left = codes === null ? 0 : Math.max(0, codes.endsAt - now);
  const inTwo = (code: string) => [code.slice(0, code.length / 2), code.slice(code.length / 2)];
  return (
    <section className={css.line} aria-label={t("reveal.factor")}>
      <span className={css.label}>{t("reveal.factor")}</span>
      {codes === null ? (
        <span className={css.value}>
          <Button
            kind="glass"
            icon={<IconShieldLock size={16} />}
            busy={load.busy}
            reason={blocked}
            testId="show-code"
            onClick={() => {
              until.current = Date.now() + visibleFor;
              void run();
            }}
          >
            {t("reveal.factorShow")}
          </Button>
        </span>
      ) : (
        <span className={css.codes}>
          <span className={css.code} data-testid="one-time-code">
            {inTwo(codes.code).map((half) => (
              <span key={half}>{half}</span>
            ))}
          </span>
          <Ring share={left / codes.period} size={20} />
          <span className={css.soft} aria-hidden="true">
            {Math.ceil(left / 1000)} s
          </span>
          <Unseen>{t("reveal.secondsLeft", { count: Math.ceil(left / 1000) })}</Unseen>
          <span className={css.next}>
            {t("reveal.nextCode")} <span className={css.nextCode}>{codes.next}</span>
          </span>
          <Button small icon={<IconEyeOff size={14} />} onClick={hide}>
            {t("common.close")}
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
