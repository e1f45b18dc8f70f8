// A new passphrase, typed twice, with what Rust says about its strength. No composition rules.

import { useEffect, useState } from "react";
import { Unseen } from "../components";
import { type PassphraseStrengthView, useHost } from "../host";
import { useWords } from "../words";
import css from "./NewPassphrase.module.css";
import { Passphrase } from "./Passphrase";

const scores = ["create.score0", "create.score1", "create.score2", "create.score3", "create.score4"] as const;

export type Strength = PassphraseStrengthView | null;

export function NewPassphrase({
  label,
  repeatLabel,
  value,
  repeat,
  onValue,
  onRepeat,
  onStrength,
  testIds,
}: {
  label: string;
  repeatLabel: string;
  value: string;
  repeat: string;
  onValue: (value: string) => void;
  onRepeat: (value: string) => void;
  onStrength: (strength: Strength) => void;
  testIds: [passphrase: string, repeat: string];
}) {
  const t = useWords();
  const host = useHost();
  const [strength, setStrength] = useState<Strength>(null);
  useEffect(() => {
    if (value === "") {
      setStrength(null);
      onStrength(null);
      return;
    }
    let stale = false;
    const timer = setTimeout(() => {
      host
        .passphraseStrength({ passphrase: value })
        .then((answer) => {
          if (stale) return;
          setStrength(answer);
          onStrength(answer);
        })
        // Without an answer the passphrase does not count as strong; creating the vault says why.
        .catch(() => {});
    }, 120);
    return () => {
      stale = true;
      clearTimeout(timer);
    };
  }, [host, value, onStrength]);

  const differs = repeat !== "" && repeat !== value;
  const score = strength?.score ?? 0;
  return (
    <>
      <div>
        <Passphrase
            label={label}
          value={value}
          onChange={onValue}
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
        label={repeatLabel}
        value={repeat}
        onChange={onRepeat}
        autoComplete="new-password"
        error={differs ? t("create.differs") : undefined}
        testId={testIds[1]}
      />
    </>
  );
}
