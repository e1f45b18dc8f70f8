// The colours of Vitrine. Cool neutrals in three depths, one blue-green for what you can do, amber for one thing only:
// breaking the glass. Red is for what is wrong now, slate blue for what waits. Mantine's own green, orange and blue are
// too pale for text; every pair that meets as text is listed in `textPairs` and tested at 4.5:1.

const light = {
  window: "#eef2f4",
  panel: "#f7f9fa",
  card: "#ffffff",
  hover: "#f0f4f5",
  line: "#dce3e7",
  edge: "#788790",
  text: "#10202a",
  muted: "#47565f",
  faint: "#566670",
  accent: "#0b6862",
  accentSoft: "#ddf0ee",
  accentFill: "#0b6862",
  accentFillHover: "#085650",
  onAccent: "#ffffff",
  glass: "#7a4a00",
  glassFill: "#f0a72f",
  glassFillHover: "#e59a1c",
  glassSoft: "#fff3dc",
  glassLine: "#e3b460",
  onGlass: "#241500",
  wrong: "#a81f16",
  wrongSoft: "#fdeceb",
  wrongFill: "#b3261e",
  onWrong: "#ffffff",
  waits: "#3d4ca0",
  waitsSoft: "#eaecfa",
  good: "#136144",
  goodSoft: "#e0f2ea",
};

export type Palette = Record<keyof typeof light, string>;

const dark: Palette = {
  window: "#0d1417",
  panel: "#121b1f",
  card: "#172126",
  hover: "#1c282d",
  line: "#26343a",
  edge: "#6f818a",
  text: "#e5edf0",
  muted: "#a6b5bc",
  faint: "#93a3ab",
  accent: "#4fc4b8",
  accentSoft: "#12332f",
  accentFill: "#14776f",
  accentFillHover: "#18837a",
  onAccent: "#ffffff",
  glass: "#f3bd62",
  glassFill: "#f0a72f",
  glassFillHover: "#f7b64a",
  glassSoft: "#2d220f",
  glassLine: "#6f5320",
  onGlass: "#241500",
  wrong: "#ff9b92",
  wrongSoft: "#351816",
  wrongFill: "#c9352c",
  onWrong: "#ffffff",
  waits: "#a9b5f5",
  waitsSoft: "#1d2345",
  good: "#6fd3a6",
  goodSoft: "#113023",
};

/** For whoever needs more: black and white grounds, lines that are seen, and text at 7:1. */
const contrastLight: Palette = {
  window: "#ffffff",
  panel: "#ffffff",
  card: "#ffffff",
  hover: "#e6ecef",
  line: "#5a6870",
  edge: "#10202a",
  text: "#000000",
  muted: "#1f2a31",
  faint: "#1f2a31",
  accent: "#003f3b",
  accentSoft: "#d5ebe8",
  accentFill: "#004f49",
  accentFillHover: "#003b37",
  onAccent: "#ffffff",
  glass: "#4d2e00",
  glassFill: "#f0a72f",
  glassFillHover: "#e59a1c",
  glassSoft: "#fff3dc",
  glassLine: "#7a4a00",
  onGlass: "#000000",
  wrong: "#7a0c06",
  wrongSoft: "#fdeceb",
  wrongFill: "#8c130c",
  onWrong: "#ffffff",
  waits: "#232f78",
  waitsSoft: "#eaecfa",
  good: "#064229",
  goodSoft: "#e0f2ea",
};

const contrastDark: Palette = {
  window: "#000000",
  panel: "#000000",
  card: "#000000",
  hover: "#161f23",
  line: "#8b9aa2",
  edge: "#ffffff",
  text: "#ffffff",
  muted: "#dfe7ea",
  faint: "#dfe7ea",
  accent: "#7ee8dd",
  accentSoft: "#0b2a27",
  accentFill: "#0b5750",
  accentFillHover: "#0a4a44",
  onAccent: "#ffffff",
  glass: "#ffd48a",
  glassFill: "#f0a72f",
  glassFillHover: "#f7b64a",
  glassSoft: "#241a08",
  glassLine: "#f0a72f",
  onGlass: "#000000",
  wrong: "#ffc4be",
  wrongSoft: "#2c0f0d",
  wrongFill: "#8c1610",
  onWrong: "#ffffff",
  waits: "#cdd5ff",
  waitsSoft: "#141a3a",
  good: "#a5f0cc",
  goodSoft: "#0a2318",
};

export const palettes = { light, dark, contrastLight, contrastDark };

type Name = keyof Palette;

/** Every pair of text on ground that occurs. */
export const textPairs: readonly [text: Name, ground: Name][] = [
  ...(["window", "panel", "card", "hover"] as const).flatMap((ground) =>
    (["text", "muted", "faint", "accent", "glass", "wrong", "waits", "good"] as const).map((text): [Name, Name] => [
      text,
      ground,
    ]),
  ),
  ["onAccent", "accentFill"],
  ["onAccent", "accentFillHover"],
  ["accent", "accentSoft"],
  ["text", "accentSoft"],
  ["muted", "accentSoft"],
  ["onGlass", "glassFill"],
  ["onGlass", "glassFillHover"],
  ["glass", "glassSoft"],
  ["text", "glassSoft"],
  ["muted", "glassSoft"],
  ["wrong", "wrongSoft"],
  ["text", "wrongSoft"],
  ["muted", "wrongSoft"],
  ["onWrong", "wrongFill"],
  ["waits", "waitsSoft"],
  ["text", "waitsSoft"],
  ["muted", "waitsSoft"],
  ["good", "goodSoft"],
  ["text", "goodSoft"],
];

/** Lines that alone show where a control is; WCAG asks 3:1 of them. */
export const edgePairs: readonly [line: Name, ground: Name][] = [
  ["edge", "card"],
  ["edge", "panel"],
  ["edge", "window"],
];

const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** As CSS variables: `--v-accent-soft` and so on. */
export const asVariables = (palette: Palette): Record<string, string> =>
  Object.fromEntries(Object.entries(palette).map(([name, colour]) => [`--v-${kebab(name)}`, colour]));

/** Contrast of two colours as WCAG 2.2 defines it. */
export function contrast(a: string, b: string): number {
  const luminance = (colour: string) => {
    const [r = 0, g = 0, blue = 0] = [1, 3, 5].map((at) => {
      const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * blue;
  };
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}
