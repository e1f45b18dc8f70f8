// Mantine, in our colours and measures.

import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";
import { asVariables, palettes } from "./palette";

const accent: MantineColorsTuple = [
  "#ddf0ee",
  "#bfe2de",
  "#95cfc9",
  "#66b9b1",
  "#3aa299",
  "#1f8c83",
  "#0f7a72",
  "#0b6862",
  "#085650",
  "#06443f",
];

export const theme = createTheme({
  colors: { accent },
  primaryColor: "accent",
  primaryShade: { light: 7, dark: 3 },
  fontFamily: "var(--v-font)",
  fontFamilyMonospace: "var(--v-mono)",
  defaultRadius: 8,
  radius: { xs: "4px", sm: "6px", md: "8px", lg: "10px", xl: "12px" },
  fontSizes: { xs: "12px", sm: "13px", md: "14px", lg: "16px", xl: "20px" },
  lineHeights: { xs: "1.35", sm: "1.45", md: "1.5", lg: "1.45", xl: "1.3" },
  headings: { fontWeight: "600" },
  respectReducedMotion: true,
  cursorType: "pointer",
});

/** Our colours, and Mantine's own by them. */
export const bridge = (p: (typeof palettes)["light"]): Record<string, string> => ({
  ...asVariables(p),
  "--mantine-color-body": p.window,
  "--mantine-color-text": p.text,
  "--mantine-color-dimmed": p.muted,
  "--mantine-color-placeholder": p.faint,
  "--mantine-color-anchor": p.accent,
  "--mantine-color-error": p.wrong,
  "--mantine-color-default": p.card,
  "--mantine-color-default-hover": p.hover,
  "--mantine-color-default-border": p.line,
  "--mantine-color-default-color": p.text,
  "--mantine-color-accent-filled": p.accentFill,
  "--mantine-color-accent-filled-hover": p.accentFillHover,
  "--mantine-primary-color-contrast": p.onAccent,
});

export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: bridge(palettes.light),
  dark: bridge(palettes.dark),
});
