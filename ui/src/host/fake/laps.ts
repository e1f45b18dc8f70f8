// LAPS: making emergency accounts, keeping and leaving them.

import type { ScheduleFailure, SetScheduleRequest } from "../../generated/ipc";
import { asErrorView } from "../host";
import { refusal, type Stage } from "./stage";
import { makeAccount, makeLaps } from "./world";

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
      found.laps = makeLaps(request.intervalHours, now());
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
    setSchedule: async ({ organizations, schedule }: SetScheduleRequest) => {
      if ((schedule.blackout ?? []).some((window) => window.from === window.to))
        throw refusal("rotation.blackout-minutes", "A window has no length.", "Use times from 00:00 to 24:00.");
      const failed: ScheduleFailure[] = [];
      const change = (id: string) => {
        const found = find(id);
        const { laps } = found;
        if (laps === null)
          throw refusal("laps.off", "LAPS is not enabled for this organization.", "Enable it first.");
        found.laps = {
          ...laps,
          intervalHours: schedule.intervalHours ?? laps.intervalHours,
          afterView: schedule.afterView ?? laps.afterView,
          blackout: schedule.blackout ?? laps.blackout,
          zone: (schedule.zone ?? laps.zone) || null,
          passwordLength: schedule.passwordLength ?? laps.passwordLength,
          lookAlikes: schedule.lookAlikes ?? laps.lookAlikes,
        };
        settle(found);
      };
      for (const id of organizations) {
        try {
          change(id);
        } catch (thrown) {
          if (organizations.length === 1) throw thrown;
          failed.push({ organization: id, error: asErrorView(thrown) });
        }
      }
      return { changed: organizations.length - failed.length, failed };
    },
    forgetAccount: async (request: { organization: string; account: string }) => {
      const found = find(request.organization);
      found.accounts = found.accounts.filter((known) => known.id !== request.account);
      settle(found);
      return structuredClone(found);
    },
    removeStrangers: async (request: { organization: string; strangers: string[] }) => {
      const found = find(request.organization);
      found.strangers = found.strangers.filter((known) => !request.strangers.includes(known.id));
      settle(found);
      return structuredClone(found);
    },
    keepStranger: async (request: { organization: string; stranger: string; reason: string }) => {
      const found = find(request.organization);
      const kept = { who: "Ada Byron", at: now(), reason: request.reason };
      found.strangers = found.strangers.map((known) => (known.id === request.stranger ? { ...known, kept } : known));
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
