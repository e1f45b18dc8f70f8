// LAPS: making emergency accounts, keeping and leaving them.

import { refusal, type Stage } from "./stage";
import { makeAccount } from "./world";

export function laps(stage: Stage, isSignedIn: (organization: string) => boolean) {
  const { now, pause, find, account, note, mark, settle } = stage;
  return {
    lapsPlan: async ({ organization }: { organization: string }) => ({
      domain: find(organization).tenant?.initialDomain ?? "contoso.onmicrosoft.com",
      suggestedNames: ["ea-north", "ea-south"],
      intervalHours: 24,
      sessionAlive: isSignedIn(organization),
    }),
    enableLaps: async (request: { organization: string; names: string[]; intervalHours: number; adopt?: string[] }) => {
      const found = find(request.organization);
      await pause(3);
      const accounts = request.names.map((name) => {
        if (name.startsWith("admin") && !(request.adopt ?? []).includes(name))
          return {
            name,
            outcome: "askAdopt" as const,
            error: null,
          };
        const made = makeAccount(`${name}@${found.tenant?.initialDomain ?? "contoso.onmicrosoft.com"}`, now(), {
          secondFactor: false,
        });
        found.accounts.push(made);
        note(found, "accountCreated", made.userName);
        return {
          name,
          outcome: (request.adopt ?? []).includes(name) ? ("adopted" as const) : ("created" as const),
          error: null,
        };
      });
      found.laps = { intervalHours: request.intervalHours, enabledAt: now() };
      note(found, "lapsEnabled");
      if (found.accounts.length > 0) mark({ rotationVerified: true });
      settle(found);
      return { accounts, organization: structuredClone(found) };
    },
    disableLaps: async (request: { organization: string; accounts: string }) => {
      const found = find(request.organization);
      await pause();
      found.laps = null;
      if (request.accounts === "delete") found.accounts = [];
      note(found, "lapsDisabled");
      settle(found);
      return structuredClone(found);
    },
    setInterval: async (request: { organization: string; intervalHours: number }) => {
      const found = find(request.organization);
      if (found.laps === null)
        throw refusal("laps.off", "LAPS is not enabled for this organization.", "Enable it first.");
      found.laps = { ...found.laps, intervalHours: request.intervalHours };
      settle(found);
      return structuredClone(found);
    },
    forgetAccount: async (request: { organization: string; account: string }) => {
      const found = find(request.organization);
      found.accounts = found.accounts.filter((known) => known.id !== request.account);
      settle(found);
      return structuredClone(found);
    },
    checkAccounts: async (request: { organization: string }) => structuredClone(find(request.organization)),
    repairAccount: async (request: { organization: string; account: string }) => {
      const found = find(request.organization);
      Object.assign(account(request.organization, request.account), {
        state: "fresh",
        repairable: false,
        problem: null,
      });
      settle(found);
      return structuredClone(found);
    },
  };
}
