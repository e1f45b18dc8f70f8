// What the simulated browser of the tests lacks: sizes, observers, media queries.

import { cleanup, configure } from "@testing-library/react";
import { afterEach, vi } from "vitest";
import { clearToasts } from "../components";

// A busy machine takes a second and more to load a page for the first time; whoever waits, waits for the page.
configure({ asyncUtilTimeout: 10_000 });

for (const [name, size] of [
  ["offsetHeight", 640],
  ["offsetWidth", 900],
  ["clientHeight", 640],
  ["clientWidth", 900],
] as const)
  Object.defineProperty(HTMLElement.prototype, name, { configurable: true, get: () => size });

window.matchMedia = (query: string) =>
  ({
    matches: false,
    media: query,
    onchange: null,
    addEventListener: () => {},
    removeEventListener: () => {},
    dispatchEvent: () => false,
  }) as Partial<MediaQueryList> as MediaQueryList;

Element.prototype.scrollIntoView = () => {};

afterEach(() => {
  clearToasts();
  cleanup();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  localStorage.clear();
  location.hash = "";
});
