// Passwords from before the previous one, and candidates that were given up: for an account of which nobody knows the
// present password. Asked for only when they are wanted; each is revealed alone, with a record of its own.

import { useState } from "react";
import { Bones } from "../../components";
import { asErrorView, type CardView, useRead } from "../../host";
import { ErrorNotice } from "../../parts";
import { useWords } from "../../words";
import { PasswordCard } from "./PasswordCard";
import css from "./RevealWindow.module.css";

const few = 4;

export function OlderPasswords({
  card,
  tried,
  reason,
  blocked,
}: {
  card: CardView;
  /** How many passwords stand above, to be tried first. */
  tried: number;
  reason: string;
  blocked: string | null;
}) {
  const t = useWords();
  const [wanted, setWanted] = useState(false);
  const [all, setAll] = useState(false);
  const request = { organization: card.organization, account: card.account.id };
  const older = useRead("olderPasswords", request, { enabled: wanted });
  if (!wanted)
    return (
      <button type="button" className={css.more} onClick={() => setWanted(true)} data-testid="show-older">
        {t("reveal.olderShow")}
      </button>
    );
  const values = older.data?.values ?? [];
  const shown = all ? values : values.slice(0, few);
  return (
    <section className={css.older} aria-labelledby="older-passwords" data-testid="older-passwords">
      <h2 id="older-passwords">{t("reveal.older")}</h2>
      <p className={css.soft}>{t(older.data && values.length === 0 ? "reveal.olderNone" : "reveal.olderLead")}</p>
      {older.isPending ? <Bones label={t("common.loading")} /> : null}
      <ErrorNotice error={older.error ? asErrorView(older.error) : null} />
      {older.data && older.data.missing > 0 ? (
        <p className={css.soft} data-testid="older-missing">
          {t("reveal.olderMissing", { count: older.data.missing })}
        </p>
      ) : null}
      <div className={css.values} data-several>
        {shown.map((value, index) => (
          <PasswordCard
            key={JSON.stringify(value.which)}
            card={card}
            value={value}
            order={tried + index + 1}
            reason={reason}
            blocked={blocked}
          />
        ))}
      </div>
      {shown.length < values.length ? (
        <button type="button" className={css.more} onClick={() => setAll(true)}>
          {t("reveal.olderMore", { count: values.length - shown.length })}
        </button>
      ) : null}
    </section>
  );
}
