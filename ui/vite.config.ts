// Builds the interface into `dist/`, which the desktop host embeds.
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig(({ mode }) => ({
  plugins: [react()],
  // The port the desktop host expects in development.
  server: {
    port: 5173,
    strictPort: true,
    // A test compares what the interface knows by code with the sources that give the codes.
    ...(mode === "test" ? { fs: { allow: [".."] } } : {}),
  },
  build: {
    // WebKitGTK 2.42 of Debian 12 is the oldest web view that must show this.
    target: ["es2022", "safari16.4", "chrome111"],
    // The content policy has no `data:` for fonts and no inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1200,
  },
  test: {
    environment: "happy-dom",
    setupFiles: ["src/testing/setup.ts"],
    // Styles count for nothing in the simulated browser; a test reads some of them as text.
    css: { include: [/\.css\?raw/] },
    restoreMocks: true,
    testTimeout: 60_000,
  },
}));
