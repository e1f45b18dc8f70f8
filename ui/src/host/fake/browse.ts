// The fake host for `npm run dev` in a browser: `?phase=locked&organizations=10000&pace=600&team&role=technician`
// choose what is shown.

import type { Phase, Role, ShortcutState } from "../../generated/ipc";
import { type FakeHost, fakeHost } from "./index";

declare global {
  interface Window {
    fake?: FakeHost;
  }
}

export function browsingHost(): FakeHost {
  const wanted = new URLSearchParams(location.search);
  const host = fakeHost({
    phase: (wanted.get("phase") as Phase | null) ?? "unlocked",
    organizations: Number(wanted.get("organizations") ?? (wanted.get("phase") === "noVault" ? 0 : 48)),
    pace: Number(wanted.get("pace") ?? 600),
    keychain: wanted.get("keychain") !== "no",
    simulated: wanted.get("simulated") !== "no",
    askReason: wanted.get("reason") !== "no",
    ...(wanted.has("role") ? { role: wanted.get("role") as Role } : {}),
    shared: wanted.has("shared") || wanted.has("team"),
    team: wanted.has("team"),
    shortcut: (wanted.get("shortcut") as ShortcutState | null) ?? "on",
    // Hash history would take the page's own query for a part of each address.
    pageQuery: location.search,
    ...(wanted.has("client") ? { clientId: null } : {}),
  });
  if (wanted.has("theme"))
    void host
      .settings({})
      .then(({ settings }) =>
        host.setSettings({ settings: { ...settings, theme: wanted.get("theme") as "light" | "dark" } }),
      );
  history.replaceState(null, "", location.pathname + location.hash);
  window.fake = host;
  return host;
}
