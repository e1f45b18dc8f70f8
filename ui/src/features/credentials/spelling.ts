// How a secret is read aloud and told apart, sign by sign.

import type { Words } from "../../words";

export type SignKind = "letter" | "digit" | "symbol";

export const kindOf = (sign: string): SignKind =>
  /\p{L}/u.test(sign) ? "letter" : /\p{N}/u.test(sign) ? "digit" : "symbol";

/** In groups of four, each sign with its place, counted from 0. */
export function groupsOfFour(secret: string) {
  const signs = Array.from(secret, (sign, at) => ({ sign, at }));
  const groups: { at: number; signs: typeof signs }[] = [];
  for (let at = 0; at < signs.length; at += 4) groups.push({ at, signs: signs.slice(at, at + 4) });
  return groups;
}

/** The words for one sign: "capital Quebec", "digit seven", "hash". */
export function spell(t: Words, sign: string): string {
  const letter = sign.toUpperCase().charCodeAt(0) - 65;
  if (letter >= 0 && letter < 26 && sign.length === 1) {
    const word = t("phonetic.letters").split(" ")[letter] ?? sign;
    return sign === sign.toUpperCase() ? t("reveal.upper", { word }) : t("reveal.lower", { word: word.toLowerCase() });
  }
  if (/^[0-9]$/.test(sign)) return t("reveal.digit", { word: t("phonetic.digits").split(" ")[Number(sign)] ?? sign });
  // Dot and colon part keys in the catalogue, so they have names of their own there.
  const names = t("phonetic.symbols", { returnObjects: true }) as Record<string, string>;
  const name = sign === "." ? names.dot : sign === ":" ? names.colon : names[sign];
  return t("reveal.symbol", { word: name ?? names.other ?? sign });
}
