// Names that others chose: customers, tenants, accounts, policies, files. A name may hold marks that turn the line around
// it or that nobody sees, so that "Contoso" beside a button reads as something else. React escapes markup; this keeps a
// name from acting on what stands around it. The terminal does the same (`crates/cli/src/text.rs`).

/** What acts on its neighbours instead of being shown. The joiners that scripts and emoji need are not among it. */
const acting = /[\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]|[^\P{Cc}\n\t]/gu;
const rightToLeft = "[\\u0590-\\u08ff\\ufb1d-\\ufdff\\ufe70-\\ufefc\\u{10800}-\\u{10fff}\\u{1e800}-\\u{1efff}]";
const some = new RegExp(rightToLeft, "u");
/** From the first such sign to the last, with no Latin letter between. */
const runs = new RegExp(`${rightToLeft}(?:\\P{Script=Latin}*${rightToLeft})?`, "gu");

const isolate = (text: string) => `\u2068${text}\u2069`;

/** A name as it is shown: whatever acts is seen as a replacement sign. */
export const shown = (name: string): string => name.replace(acting, "\ufffd");

/** A name as a person can type it. */
export const typeable = (name: string): string => name.replace(acting, "");

/** A name inside a sentence: where it reads from right to left, the rest of the sentence does not. */
export function isolated(name: string): string {
  const text = shown(name);
  return some.test(text) ? isolate(text) : text;
}

/** A sentence of Rust's, which holds names already: they do not turn it around. */
export const told = (sentence: string): string => shown(sentence).replace(runs, isolate);
