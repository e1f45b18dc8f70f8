// What tsc cannot see: the borders between folders, unhandled promises, rules of hooks, reachability without a mouse.
import js from "@eslint/js";
import { defineConfig } from "eslint/config";
import jsxA11y from "eslint-plugin-jsx-a11y";
import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

const onlyComponents = {
  group: ["@mantine/*"],
  message: "Only src/components uses Mantine, so that one folder decides how a control looks and behaves.",
};
const onlyHost = {
  group: ["@tauri-apps/*", "**/generated/*"],
  message: "Only src/host speaks to the desktop, so that tests can put another host in its place.",
};
const only = (...patterns) => ({ "no-restricted-imports": ["error", { patterns }] });

export default defineConfig(
  { ignores: ["dist", "src/generated"] },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  js.configs.recommended,
  {
    files: ["**/*.{ts,tsx}"],
    extends: [
      tseslint.configs.strictTypeChecked,
      tseslint.configs.stylisticTypeChecked,
      reactHooks.configs.flat["recommended-latest"],
      jsxA11y.flatConfigs.strict,
    ],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      ...only(onlyComponents, onlyHost),
      "no-console": "error",
      eqeqeq: "error",
      "@typescript-eslint/consistent-type-imports": "error",
      // Types of libraries are widened by declaring an interface again; everything else here is a type.
      "@typescript-eslint/consistent-type-definitions": "off",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // An empty text counts as no text.
      "@typescript-eslint/prefer-nullish-coalescing": ["error", { ignorePrimitives: { string: true, boolean: true } }],
      "@typescript-eslint/no-empty-function": "off",
      // These three speak for React's compiler, which is not used here.
      "react-hooks/refs": "off",
      "react-hooks/set-state-in-effect": "off",
      "react-hooks/incompatible-library": "off",
      // A screen or dialog with one thing to type puts the caret there; the window has nothing else that reads first.
      "jsx-a11y/no-autofocus": "off",
    },
  },
  { files: ["src/components/**"], rules: only(onlyHost) },
  { files: ["src/host/**"], rules: only(onlyComponents) },
  // The fake host answers at once where the desktop takes time.
  { files: ["src/host/fake/**"], rules: { "@typescript-eslint/require-await": "off" } },
);
