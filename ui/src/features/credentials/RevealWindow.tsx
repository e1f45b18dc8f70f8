// The reveal window: one account, sealed until the glass is broken. The only place where a stored secret is shown.
// Secrets live in the state of the component that shows them and nowhere else: no cache, no router, no storage.

import { IconPin, IconX } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { Bones, Chip, Empty, Facts, IconButton, Mono, Notice, TextField } from "../../components";
import { asErrorView, type CardView, useEvent, useHost, useRead } from "../../host";
import { AccountMark, ErrorNotice, isOfHome, Name, useNow, When } from "../../parts";
import { clock, relative, useWords } from "../../words";
import { CopyButton } from "./CopyButton";
import { OlderPasswords } from "./OlderPasswords";
import { OneTimeCode } from "./OneTimeCode";
import { PasswordCard } from "./PasswordCard";
import css from "./RevealWindow.module.css";
import { SecondFactor } from "./SecondFactor";
import { wordOf } from "./which";

export function RevealWindow({ organization, account }: { organization: string; account: string }) {
  const t = useWords();
  const host = useHost();
  const status = useRead("status", {});
  const [locked, setLocked] = useState(false);
  useEvent("locked", () => setLocked(true));
  const card = useRead("card", { organization, account }, { enabled: !locked && status.data?.phase === "unlocked" });

  useEffect(() => {
    const closes = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented && document.querySelector('[role="dialog"]') === null)
        void host.closeWindow();
    };
    // Before a dialog hears the same key: it would be gone by then, and the whole window would close with it.
    window.addEventListener("keydown", closes, true);
    return () => window.removeEventListener("keydown", closes, true);
  }, [host]);

  if (locked || (status.data && status.data.phase !== "unlocked"))
    return (
      <main className={css.window}>
        <Empty title={t("reveal.locked")}>{t("reveal.lockedMore")}</Empty>
      </main>
    );
  if (card.error)
    return (
      <main className={css.window}>
        <h1>{t("reveal.gone")}</h1>
        <ErrorNotice error={asErrorView(card.error)} />
      </main>
    );
  if (card.data === undefined)
    return (
      <main className={css.window}>
        <h1>{t("reveal.title")}</h1>
        <Bones label={t("common.loading")} />
      </main>
    );
  return <Card card={card.data} homeIsWrong={status.data?.warnings.some(isOfHome) ?? false} />;
}

function Card({ card, homeIsWrong }: { card: CardView; homeIsWrong: boolean }) {
  const t = useWords();
  const host = useHost();
  const now = useNow();
  const [reason, setReason] = useState("");
  const [onTop, setOnTop] = useState(false);
  const { account } = card;
  const blocked = card.reasonRequired && reason.trim() === "" ? t("reveal.reasonNeeded") : null;
  const [withPrevious, setWithPrevious] = useState(false);
  const values = account.doubtful || withPrevious ? account.values : account.values.slice(0, 1);
  const hasMore = !account.doubtful && account.values.length > 1;
  const asOf = clock(card.asOf, now);

  return (
    <main className={css.window} data-testid="reveal-window" data-account={account.id}>
      <header className={css.header}>
        <div className={css.title}>
          <p className={css.soft}>{t("reveal.title")}</p>
          <h1>
            <Name>{card.organizationName}</Name>
          </h1>
        </div>
        <div className={css.tools}>
          <IconButton
            label={t("reveal.onTop")}
            pressed={onTop}
            onClick={() => {
              setOnTop(!onTop);
              void host.keepOnTop(!onTop);
            }}
          >
            <IconPin size={16} />
          </IconButton>
          <IconButton label={t("reveal.closeWindow")} onClick={() => void host.closeWindow()}>
            <IconX size={16} />
          </IconButton>
        </div>
      </header>
      <div className={css.marks}>
        <AccountMark state={account.state} />
        <Chip>{t("reveal.asOf", { time: asOf })}</Chip>
      </div>

      {homeIsWrong ? (
        <Notice tone="wrong" title={t("reveal.homeWrong")} testId="reveal-home-wrong">
          {t("reveal.homeWrongMore", { time: asOf })}
        </Notice>
      ) : null}
      {card.rotationDueSince ? (
        <Notice tone="waits" title={t("reveal.dueSince")}>
          {t("reveal.dueSinceMore", { time: asOf })}
        </Notice>
      ) : null}
      {account.state === "unclear" ? (
        <Notice tone="wrong" title={t("reveal.unclear")}>
          {t("reveal.unclearMore")}
        </Notice>
      ) : null}
      {account.state === "changedOutside" ? (
        <Notice tone="wrong" title={t("reveal.changed")}>
          {t("reveal.changedMore")}
        </Notice>
      ) : null}
      {account.hasSecondFactor ? null : (
        <Notice tone="waits" title={t("reveal.noFactor")}>
          {t("reveal.noFactorMore")}
        </Notice>
      )}

      {card.reasonRequired ? (
        <TextField
          label={t("reveal.reason")}
          hint={t("reveal.reasonHint")}
          value={reason}
          onChange={setReason}
          maxLength={200}
          testId="reveal-reason"
          autoFocus
        />
      ) : null}

      <section className={css.line} aria-label={t("reveal.userName")}>
        <span className={css.label}>{t("reveal.userName")}</span>
        <span className={css.value}>
          <Mono wrap>
            <Name>{account.userName}</Name>
          </Mono>
        </span>
        <CopyButton
          card={card}
          what={{ kind: "userName" }}
          label={t("reveal.copyUser")}
          reason=""
          blocked={null}
          testId="copy-user-name"
        />
      </section>

      <div className={css.values} data-several={values.length > 1 || undefined}>
        {values.map((value, index) => (
          <PasswordCard
            // A current one that is newer is another: what is shown of the one before must not stand there as it.
            key={`${wordOf(value.which)} ${value.since ?? ""}`}
            card={card}
            value={value}
            order={values.length > 1 ? index + 1 : null}
            reason={reason.trim()}
            blocked={blocked}
          />
        ))}
      </div>
      {hasMore && !withPrevious ? (
        <button
          type="button"
          className={css.more}
          onClick={() => setWithPrevious(true)}
          data-testid="show-previous"
        >
          {t("reveal.showPrevious")}
        </button>
      ) : (
        <OlderPasswords card={card} tried={values.length} reason={reason.trim()} blocked={blocked} />
      )}

      {account.hasSecondFactor ? (
        <OneTimeCode card={card} reason={reason.trim()} blocked={blocked} />
      ) : (
        <SecondFactor card={card} />
      )}

      <section className={css.facts} aria-label={t("reveal.facts")}>
        <Facts
          facts={[
            [t("reveal.rotatedAt"), <When key="r" at={account.rotatedAt} />],
            [t("reveal.verifiedAt"), <When key="v" at={account.verifiedAt} />],
            [
              t("reveal.lastViewed"),
              account.lastViewed ? (
                <When key="l" at={account.lastViewed.at}>
                  {t("reveal.lastViewedBy", {
                    who: account.lastViewed.who,
                    when: relative(t, account.lastViewed.at, now),
                  })}
                </When>
              ) : (
                t("common.never")
              ),
            ],
            [
              t("reveal.signInPage"),
              <span key="s" className={css.page}>
                <Mono wrap>{card.signInPage}</Mono>
                <button type="button" className={css.more} onClick={() => void host.copyPlain(card.signInPage)}>
                  {t("reveal.copyPage")}
                </button>
              </span>,
            ],
          ]}
        />
      </section>
    </main>
  );
}
