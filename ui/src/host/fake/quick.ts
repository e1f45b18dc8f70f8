// Quick access: rows as Rust orders them.

import type { QuickRow } from "../../generated/ipc";
import type { Stage } from "./stage";

export function quick(stage: Stage) {
  const { world, held, open, pause, pace, windows } = stage;
  return {
    quickAccess: async ({ filter = "" }: { filter?: string }) => {
      open();
      if (pace > 0) await pause();
      const wanted = filter.toLowerCase();
      const matching = [...world.values()]
        .filter((each) => each.name.toLowerCase().includes(wanted) || (each.tenant?.domain ?? "").includes(wanted))
        .sort((a, b) => a.name.localeCompare(b.name));
      const begins = (name: string) => (name.toLowerCase().startsWith(wanted) ? 0 : 1);
      matching.sort((a, b) => begins(a.name) - begins(b.name));
      const rows = matching.slice(0, 8).flatMap((each): QuickRow[] => {
        const row = {
          organization: each.id,
          organizationName: each.name,
          domain: each.tenant?.domain ?? null,
          state: each.state,
        };
        if (each.accounts.length === 0) return [{ ...row, account: null }];
        return each.accounts.flatMap((account) => {
          const values = account.doubtful ? account.values : account.values.slice(0, 1);
          return values.map((value, index) => ({
            ...row,
            account: {
              id: account.id,
              userName: account.userName,
              state: account.state,
              which: value.which,
              order: values.length > 1 ? index + 1 : null,
              since: value.since,
              verifiedAt: value.which === "current" ? account.verifiedAt : null,
              hasSecondFactor: account.hasSecondFactor,
            },
          }));
        });
      });
      return { rows, matching: matching.length, total: world.size, reasonRequired: held.settings.askReason };
    },
    openQuickAccess: async () => {
      windows.push("#/quick");
      return {};
    },
    openMain: async ({ organization = null }: { organization?: string | null }) => {
      windows.push(organization === null ? "main" : `#/organizations/${organization}`);
      return {};
    },
  };
}
