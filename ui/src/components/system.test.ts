// What the desktop asks for goes before our taste: less motion, its own colours.

import { expect, test } from "vitest";

const sheets = Object.entries(
  import.meta.glob<string>("../**/*.css", { query: "?raw", import: "default", eager: true }),
).map(([path, css]) => ({ path, css }));
const base = sheets.find(({ path }) => path.endsWith("components/base.css") || path === "./base.css")?.css ?? "";
const block = (query: string) => base.slice(base.indexOf(`@media (${query})`)).split("\n}")[0] ?? "";

test("less motion holds for everything, and no sheet insists on its own", () => {
  const still = block("prefers-reduced-motion: reduce");
  expect(still).toMatch(/\*,\s+\*::before,\s+\*::after \{/);
  expect(still).toContain("animation-duration: 0.01ms !important");
  expect(still).toContain("transition-duration: 0.01ms !important");
  const moves = /(animation|transition)[^;]*!important/;
  expect(sheets.filter(({ css }) => css !== base && moves.test(css))).toEqual([]);
});

test("no motion of ours lasts longer than 150 ms, but for what only says that work goes on", () => {
  const long = sheets.flatMap(({ path, css }) =>
    [...css.matchAll(/transition:[^;]*?(\d+(?:\.\d+)?)(ms|s)\b/g)]
      .filter(([, length, unit]) => Number(length) * (unit === "s" ? 1000 : 1) > 150)
      .map(([rule]) => `${path}: ${rule}`),
  );
  expect(long).toEqual([]);
});

test("where the system's colours take every ground away, chosen and pressed are outlined", () => {
  const forced = block("forced-colors: active");
  for (const state of ["aria-selected", "aria-pressed", "aria-current", "data-selected", "progressbar"])
    expect(forced).toContain(state);
  expect(forced).toContain("outline: 2px solid Highlight");
});
