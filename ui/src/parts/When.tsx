import { duration, exact, relative, useWords } from "../words";
import { useNow } from "./useNow";

/** A moment relative to now, with the exact time for who wants it. With `due`, a moment that passed is overdue. */
export function When({ at, due }: { at: number | null | undefined; due?: boolean }) {
  const t = useWords();
  const now = useNow();
  if (at === null || at === undefined) return <span>{t("common.never")}</span>;
  return (
    <time dateTime={new Date(at).toISOString()} title={exact(at)}>
      {due && at < now ? t("when.late", { duration: duration(t, now - at) }) : relative(t, at, now)}
    </time>
  );
}
