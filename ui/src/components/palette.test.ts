import { describe, expect, test } from "vitest";
import { contrast, edgePairs, palettes, textPairs } from "./palette";

describe.each([
  ["light", 4.5],
  ["dark", 4.5],
  ["contrastLight", 7],
  ["contrastDark", 7],
] as const)("in the %s theme", (theme, least) => {
  const palette = palettes[theme];
  test.each(textPairs)("%s can be read on %s", (text, ground) => {
    expect(contrast(palette[text], palette[ground])).toBeGreaterThanOrEqual(least);
  });
  test.each(edgePairs)("%s shows the border of a field on %s", (line, ground) => {
    expect(contrast(palette[line], palette[ground])).toBeGreaterThanOrEqual(3);
  });
});

test("contrast is measured as WCAG does", () => {
  expect(contrast("#000000", "#ffffff")).toBeCloseTo(21, 5);
  expect(contrast("#777777", "#ffffff")).toBeCloseTo(4.48, 2);
});
