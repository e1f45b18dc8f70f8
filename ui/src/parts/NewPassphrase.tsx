// A new passphrase, typed twice, with what Rust says about its strength. No composition rules.

import { useEffect, useState } from "react";
import { Unseen } from "../components";
import { type PassphraseStrengthView, useHost } from "../host";
import { useWords } from "../words";
import css from "./NewPassphrase.module.css";
import { Passphrase } from "./Passphrase";

const scores = ["create.score0", "create.score1", "create.score2", "create.score3", "create.score4"] as const;

/** What is typed of a new passphrase, and whether it is one: strong enough, and twice the same. */
export function useNewPassphrase() {
  const [value, setValue] = useState("");
  const [repeat, setRepeat] = useState("");
  const [strength, setStrength] = useState<PassphraseStrengthView | null>(null);
  const typed = { value, setValue, repeat, setRepeat, strength, setStrength };
  return {
    value,
    ready: strength?.enough === true && repeat === value,
    /** Puts one in the first field, to be repeated by hand. */
    put: (suggested: string) => {
      setValue(suggested);
      setRepeat("");
    },
    typed,
  };
}

export function NewPassphrase({
  label,
  repeatLabel,
  typed: { value, setValue, repeat, setRepeat, strength, setStrength },
  testIds,
}: {
  label: string;
  repeatLabel?: string;
  typed: ReturnType<typeof useNewPassphrase>["typed"];
  testIds: [passphrase: string, repeat: string];
}) {
  const t = useWords();
  const host = useHost();
  useEffect(() => {
    if (value === "") {
      setStrength(null);
      return;
    }
    let stale = false;
    const timer = setTimeout(() => {
      host
        .passphraseStrength({ passphrase: value })
        .then((answer) => {
          if (!stale) setStrength(answer);
        })
        // Without an answer the passphrase does not count as strong; creating the vault says why.
        .catch(() => {});
    }, 120);
    return () => {
      stale = true;
      clearTimeout(timer);
    };
  }, [host, value, setStrength]);

  const differs = repeat !== "" && repeat !== value;
  const score = strength?.score ?? 0;
  return (
    <>
      <div>
        <Passphrase
          label={label}
          value={value}
          onChange={setValue}
          autoComplete="new-password"
          testId={testIds[0]}
        />
        <div className={css.meter} aria-hidden="true" data-enough={strength?.enough || undefined}>
          {[0, 1, 2, 3].map((step) => (
            <span key={step} data-on={(strength !== null && score > step) || undefined} />
          ))}
        </div>
        <p className={css.words} data-testid="passphrase-strength">
          {strength === null ? (
            t("create.empty")
          ) : (
            <>
              <Unseen>{t("create.strength")}: </Unseen>
              <strong>{t(scores[Math.min(4, score)] ?? "create.score0")}.</strong> {strength.advice}
            </>
          )}
        </p>
      </div>
      <Passphrase
        label={repeatLabel ?? t("create.repeat")}
        value={repeat}
        onChange={setRepeat}
        autoComplete="new-password"
        error={differs ? t("create.differs") : undefined}
        testId={testIds[1]}
      />
    </>
  );
}
