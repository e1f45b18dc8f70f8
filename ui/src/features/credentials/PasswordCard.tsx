// One stored password: sealed under glass, revealed by one press, hidden again by itself.

import { IconEye, IconEyeOff, IconTextSize } from "@tabler/icons-react";
import { useCallback, useEffect, useState } from "react";
import { Button, Ring, Unseen } from "../../components";
import { type CardView, type StoredValue, useAction, useEvent, useHost } from "../../host";
import { ErrorNotice, useNow, useSpoken, When } from "../../parts";
import { duration, relative, useWords } from "../../words";
import { Afterwards } from "./Afterwards";
import { CopyButton } from "./CopyButton";
import { LargeType } from "./LargeType";
import css from "./RevealWindow.module.css";
import { groupsOfFour, kindOf } from "./spelling";
import { wordOf } from "./which";

type Shown = { secret: string; from: number; hideAt: number };

const fiveMinutes = 5 * 60_000;

export function PasswordCard({
  card,
  value,
  order,
  reason,
  blocked,
}: {
  card: CardView;
  value: StoredValue;
  /** Place in the order to try, where there are several. */
  order: number | null;
  reason: string;
  blocked: string | null;
}) {
  const t = useWords();
  const host = useHost();
  const [shown, setShown] = useState<Shown | null>(null);
  const [large, setLarge] = useState(false);
  const [seen, setSeen] = useState(false);
  const now = useNow(500, shown !== null);

  const hide = useCallback(() => {
    setShown(null);
    setLarge(false);
  }, []);
  const reveal = useAction(async () => {
    const answer = await host.reveal({
      organization: card.organization,
      account: card.account.id,
      which: value.which,
      reason,
    });
    setShown({ secret: answer.secret, from: Date.now(), hideAt: answer.hideAt });
    setSeen(true);
  });
  useEvent("locked", hide);
  useEffect(() => {
    if (shown === null) return;
    const timer = setTimeout(hide, Math.max(0, shown.hideAt - Date.now()));
    return () => clearTimeout(timer);
  }, [shown, hide]);

  const left = shown === null ? 0 : Math.max(0, shown.hideAt - now);
  const open = shown !== null;
  const said = useSpoken(open ? left : null, (ms) => t("reveal.hidesIn", { duration: duration(t, ms) }));

  const word = wordOf(value.which);
  const several = order !== null;
  // Several older ones stand side by side: their place tells them apart.
  const numbered = several && (word === "older" || word === "givenUp");
  const which = t(`reveal.which.${word}`);
  const asked = {
    reveal: numbered ? t("reveal.revealOlder", { ordinal: order }) : t("reveal.revealThis", { which }),
    copy: numbered ? t("reveal.copyOlder", { ordinal: order }) : t("reveal.copyThis", { which }),
  };
  const named = numbered ? `${word}-${order}` : word;
  const title = several
    ? `${t("reveal.try", { ordinal: order })} · ${t(`reveal.whichTitle.${word}`)}`
    : t("reveal.password");
  return (
    <section className={css.card} data-open={open || undefined} aria-label={title}>
      <div className={css.cardHead}>
        <span className={css.label}>{title}</span>
        {value.since === null ? null : (
          <span className={css.soft}>
            <When at={value.since}>
              {t(`reveal.since.${word}`, { when: relative(t, value.since, now) })}
            </When>
          </span>
        )}
      </div>
      <Unseen live>{t(open ? "reveal.passwordShown" : "reveal.passwordHidden")}</Unseen>
      {shown === null ? (
        <div className={css.pane} aria-hidden="true">
          <span className={css.dots}>••••••••••••</span>
        </div>
      ) : (
        <div className={css.pane}>
          <code className={css.secret} data-testid={several ? `secret-text-${named}` : "secret-text"}>
            {groupsOfFour(shown.secret).map((group) => (
              <span key={group.at} className={css.group}>
                {group.signs.map((sign) => (
                  <span key={sign.at} data-kind={kindOf(sign.sign)}>
                    {sign.sign}
                  </span>
                ))}
              </span>
            ))}
          </code>
        </div>
      )}
      <div className={css.cardActs}>
        {shown === null ? (
          <Button
            kind="glass"
            icon={<IconEye size={16} />}
            busy={reveal.busy}
            reason={blocked}
            label={several ? asked.reveal : undefined}
            testId={several ? `reveal-password-${named}` : "reveal-password"}
            onClick={() => void reveal.run()}
          >
            {several ? t("reveal.revealShort") : t("reveal.reveal")}
          </Button>
        ) : (
          <>
            <Button
              icon={<IconEyeOff size={16} />}
              label={several ? t("reveal.hide") : undefined}
              onClick={hide}
              testId="hide-password"
            >
              {several ? t("reveal.hideShort") : t("reveal.hide")}
            </Button>
            <Button
              icon={<IconTextSize size={16} />}
              label={several ? t("reveal.large") : undefined}
              onClick={() => setLarge(true)}
              testId="large-type"
            >
              {several ? t("reveal.largeShort") : t("reveal.large")}
            </Button>
          </>
        )}
        <span className={css.copy}>
          <CopyButton
            card={card}
            what={{ kind: "password", which: value.which }}
            label={several ? asked.copy : t("reveal.copyPassword")}
            reason={reason}
            blocked={blocked}
            testId={several ? `copy-password-${named}` : "copy-password"}
          />
        </span>
      </div>
      {shown === null ? (
        <p className={css.sealed}>{t("reveal.sealedMore")}</p>
      ) : (
        <div className={css.countdown}>
          <Ring share={left / Math.max(1, shown.hideAt - shown.from)} tone="glass" />
          <span>{t("reveal.hidesIn", { duration: duration(t, left) })}</span>
          {card.afterView === "now" ? null : (
            // Where the schedule replaces it once it is hidden, to show it for longer would show what opens nothing.
            <button
              type="button"
              className={css.more}
              onClick={() => setShown({ ...shown, from: Date.now(), hideAt: Date.now() + fiveMinutes })}
            >
              {t("reveal.keep")}
            </button>
          )}
          <Unseen live>{said}</Unseen>
        </div>
      )}
      {shown === null && seen && card.afterView !== null && (word === "current" || word === "pending") ? (
        <Afterwards card={card} policy={card.afterView} onDone={() => setSeen(false)} />
      ) : null}
      <ErrorNotice error={reveal.error} />
      {shown !== null && large ? <LargeType secret={shown.secret} onClose={() => setLarge(false)} /> : null}
    </section>
  );
}
