// Starts the interface: the desktop as host, or the fake one in a plain browser during development.

import { start } from "./app/start";
import { isTauri } from "./host/kind";
import { tauriHost } from "./host/tauri";

async function chooseHost() {
  if (isTauri()) return tauriHost();
  if (import.meta.env.DEV) return (await import("./host/fake/browse")).browsingHost();
  throw new Error("Vitrine's interface runs inside the desktop program.");
}

void chooseHost().then(start);
