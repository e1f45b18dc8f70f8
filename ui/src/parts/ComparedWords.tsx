// The words that two people read to each other: who stands between them cannot make both sides see the same.

import { useWords } from "../words";
import css from "./ComparedWords.module.css";

export function ComparedWords({ words }: { words: readonly string[] }) {
  const t = useWords();
  return (
    <ol className={css.words} aria-label={t("team.words")} data-testid="compared-words">
      {words.map((word, index) => (
        <li key={index} className={css.word}>
          <span className={css.number}>{index + 1}</span> <span>{word}</span>
        </li>
      ))}
    </ol>
  );
}
