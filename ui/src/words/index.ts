// The words of the interface. Every sentence is in the catalogue; none is put together from pieces.

import { createInstance } from "i18next";
import en from "./en.json";
import { isolated } from "./names";

export { isolated, shown, told, typeable } from "./names";

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "translation";
    resources: { translation: typeof en };
  }
}

export const words = createInstance();

void words.init({
  lng: "en",
  fallbackLng: "en",
  resources: { en: { translation: en } },
  // The catalogue is here already: words exist before the first frame.
  initAsync: false,
  // Not for markup, which React escapes: what others chose stays within its place in the sentence.
  interpolation: { escapeValue: true, escape: isolated },
});

/** One language, chosen before the first frame: nothing has to hear that it changed, which every cell of a list would pay. */
export const useWords = (): Words => words.t;
export type Words = typeof words.t;

const hour = 3600;

/** A length of time in words, to the unit that matters. */
export function duration(t: Words, ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 90) return t("duration.seconds", { count: seconds });
  if (seconds < 59.5 * 60) return t("duration.minutes", { count: Math.round(seconds / 60) });
  if (seconds < 36 * hour) return t("duration.hours", { count: Math.round(seconds / hour) });
  return t("duration.days", { count: Math.round(seconds / (24 * hour)) });
}

/** A moment relative to now. */
export function relative(t: Words, at: number, now: number): string {
  const ms = at - now;
  if (Math.abs(ms) < 20_000) return t("when.now");
  return ms > 0 ? t("when.in", { duration: duration(t, ms) }) : t("when.ago", { duration: duration(t, -ms) });
}

const exactFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const clockFormat = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const weekdayFormat = new Intl.DateTimeFormat(undefined, { weekday: "short", timeZone: "UTC" });
const dayFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });

export const exact = (at: number) => exactFormat.format(at);
export const timeOfDay = (at: number) => clockFormat.format(at);
/** Short name of a day of the week; 0 is Monday. */
export const weekday = (number: number) => weekdayFormat.format(Date.UTC(2024, 0, 1 + number));
export const day = (at: number) => dayFormat.format(at);
/** The time of day, with the date where it is not today's. */
export const clock = (at: number, now: number) =>
  dayFormat.format(at) === dayFormat.format(now) ? clockFormat.format(at) : exactFormat.format(at);
