// Everything the components need around them: theme, style nonce, notices.

import {
  localStorageColorSchemeManager,
  MantineProvider,
  useComputedColorScheme,
  useMantineColorScheme,
} from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { Notifications } from "@mantine/notifications";
import { setNonce } from "get-nonce";
import { type ReactNode, useEffect } from "react";
import { palettes } from "./palette";
import { bridge, theme, variables } from "./theme";

/** The nonce that the host put on the page's own style element. */
const styleNonce = () => document.querySelector<HTMLStyleElement>("style#ground")?.nonce ?? "";

// Kept in the web view's storage only so that the first frame, before Rust answers, has the right ground.
const schemes = localStorageColorSchemeManager({ key: "vitrine-theme" });

export function Components({
  children,
  still = false,
  small = false,
}: {
  children: ReactNode;
  /** Without motion, for tests. */
  still?: boolean;
  /** A small window: short words appear at the top, clear of what is being read. */
  small?: boolean;
}) {
  setNonce(styleNonce());
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={variables}
      defaultColorScheme="auto"
      colorSchemeManager={schemes}
      getStyleNonce={styleNonce}
      env={still ? "test" : "default"}
    >
      {children}
      <Notifications position={small ? "top-center" : "bottom-right"} limit={3} zIndex={400} containerWidth={360} />
    </MantineProvider>
  );
}

/** Puts the theme and density of the settings into force. */
export function Appearance({
  theme: wanted,
  density,
}: {
  theme: "system" | "light" | "dark" | "contrast";
  density: string;
}) {
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme("light");
  const asked = useMediaQuery("(prefers-contrast: more)", false);
  const contrast = wanted === "contrast" || (wanted === "system" && asked);
  useEffect(() => {
    setColorScheme(wanted === "light" || wanted === "dark" ? wanted : "auto");
  }, [wanted, setColorScheme]);
  useEffect(() => {
    if (!contrast) return;
    // Above the two schemes of the style sheet, whichever of them the desktop asks for.
    const root = document.documentElement;
    const colours = Object.entries(bridge(palettes[scheme === "dark" ? "contrastDark" : "contrastLight"]));
    for (const [name, colour] of colours) root.style.setProperty(name, colour);
    return () => {
      for (const [name] of colours) root.style.removeProperty(name);
    };
  }, [contrast, scheme]);
  useEffect(() => {
    document.documentElement.dataset.density = density;
  }, [density]);
  return null;
}
