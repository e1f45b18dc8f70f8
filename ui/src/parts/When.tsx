import type { ReactNode } from "react";
import { Tip } from "../components";
import { duration, exact, relative, type Words, useWords } from "../words";
import { useNow } from "./useNow";
import css from "./When.module.css";

const inWords = (t: Words, at: number, now: number, due: boolean) =>
  due && at < now ? t("when.late", { duration: duration(t, now - at) }) : relative(t, at, now);

/**
 * A moment relative to now, or a sentence with it; its exact time shows under the pointer and on keyboard focus.
 */
export function When({ at, children }: { at: number | null; children?: ReactNode }) {
  const t = useWords();
  const now = useNow();
  if (at === null) return <span>{children ?? t("common.never")}</span>;
  return (
    <Tip label={exact(at)}>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- the exact time is for the keyboard too */}
      <time className={css.when} dateTime={new Date(at).toISOString()} tabIndex={0}>
        {children ?? inWords(t, at, now, false)}
      </time>
    </Tip>
  );
}

/**
 * A moment in a row that takes the focus itself: the focused row shows exact times, so that a table has one tab stop
 * and not two more a row. With `due`, a moment that passed is overdue.
 */
export function WhenInRow({ at, due = false }: { at: number; due?: boolean }) {
  const t = useWords();
  const now = useNow();
  return (
    <time className={css.inRow} dateTime={new Date(at).toISOString()} title={exact(at)} data-exact={exact(at)}>
      <span>{inWords(t, at, now, due)}</span>
    </time>
  );
}
