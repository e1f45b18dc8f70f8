// The password in large type, for reading to somebody on the phone. Digits and symbols differ by shape, not colour. Read
// aloud only when asked to.

import { type KeyboardEvent, useState } from "react";
import { Button, Dialog, Small, Toggle } from "../../components";
import { useWords } from "../../words";
import css from "./LargeType.module.css";
import { groupsOfFour, kindOf, spell } from "./spelling";
import { useReadAloud } from "./useReadAloud";

export function LargeType({ secret, onClose }: { secret: string; onClose: () => void }) {
  const t = useWords();
  const [at, setAt] = useState(0);
  const signs = Array.from(secret);
  const [aloud, setAloud] = useState(false);
  const canRead = useReadAloud(aloud, at, spell(t, signs[at] ?? ""), (spoken) => {
    if (spoken && at + 1 < signs.length) setAt(at + 1);
    else setAloud(false);
  });
  const pressed = (event: KeyboardEvent) => {
    const step: Record<string, number> = {
      ArrowRight: at + 1,
      ArrowLeft: at - 1,
      ArrowDown: at + 4,
      ArrowUp: at - 4,
      Home: 0,
      End: signs.length - 1,
    };
    const next = step[event.key];
    if (next === undefined) return;
    event.preventDefault();
    setAt(Math.max(0, Math.min(signs.length - 1, next)));
  };
  return (
    <Dialog
      wide
      open
      onClose={onClose}
      title={t("reveal.largeTitle")}
      closeLabel={t("common.close")}
      actions={<Button onClick={onClose}>{t("common.close")}</Button>}
    >
      <div
        className={css.large}
        role="slider"
        tabIndex={0}
        data-autofocus
        data-testid="large-text"
        aria-label={t("reveal.phonetic")}
        aria-valuemin={1}
        aria-valuemax={signs.length}
        aria-valuenow={at + 1}
        aria-valuetext={spell(t, signs[at] ?? "")}
        onKeyDown={pressed}
      >
        {groupsOfFour(secret).map((group) => (
          <span key={group.at} className={css.group}>
            {group.signs.map((sign) => (
              <span
                key={sign.at}
                className={css.sign}
                data-kind={kindOf(sign.sign)}
                data-here={sign.at === at || undefined}
                onPointerDown={() => setAt(sign.at)}
              >
                {sign.sign}
              </span>
            ))}
          </span>
        ))}
      </div>
      <p className={css.word} data-testid="phonetic">
        <span className={css.place}>{t("reveal.position", { at: at + 1, count: signs.length })}</span>
        <span className={css.big}>{signs[at]}</span>
        <span>{spell(t, signs[at] ?? "")}</span>
      </p>
      <Small>{t("reveal.largeHint")}</Small>
      {canRead ? (
        <Toggle
          label={t("reveal.aloud")}
          hint={t("reveal.aloudHint")}
          checked={aloud}
          onChange={setAloud}
          testId="read-aloud"
        />
      ) : null}
    </Dialog>
  );
}
