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

export const palettes = { light, dark };

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
