// What each role may do, so far as a screen asks: the table of `crates/ledger/src/authority.rs`, which a test compares. It
// only spares a person an act that would be refused; Rust and the backend refuse it whatever stands here.

import { type OnboardingView, type Role, useRead } from "../host";
import { useWords } from "../words";

/** Acts of the table that screens offer. */
export const acts = [
  "home",
  "recovery",
  "members",
  "access",
  "organizations",
  "policy",
  "putOrganization",
  "putAccount",
  "putConnection",
  "drop",
  "reveal",
] as const;
export type Act = (typeof acts)[number];

export const allowed: Record<Role, readonly Act[]> = {
  owner: acts,
  admin: acts.filter((act) => act !== "home" && act !== "recovery"),
  technician: ["putAccount", "reveal"],
  auditor: [],
  rotator: ["putAccount", "putConnection"],
};

/** From the least role on: the first that may is named to whoever may not. */
const grants = ["technician", "admin", "owner"] as const;

/** An incident replaces certificates besides passwords. */
export const incidentNeeds: Act = "putConnection";

/** What each step of the onboarding needs; null where everybody takes it. */
const onboardingNeeds: Record<keyof OnboardingView, Act | null> = {
  kitConfirmed: null,
  sheetSaved: "recovery",
  backupExists: null,
  organizationExists: "organizations",
  tenantConnected: "putConnection",
  rotationVerified: null,
};

export type May = ReturnType<typeof useMay>;

/** What the person who unlocked may do. */
export function useMay() {
  const t = useWords();
  const status = useRead("status", {}).data;
  // Where the home says that it knows this device no more, what it has can be viewed and nothing else.
  const removed = status?.removed ?? false;
  const role = status?.role ?? null;
  const may = (act: Act): boolean => role !== null && allowed[role].includes(act) && (!removed || act === "reveal");
  return {
    may,
    /** Why not, and who may; null where the person may. */
    denied: (act: Act): string | null =>
      may(act)
        ? null
        : role === null || removed
          ? t("may.removed")
          : t(`may.${grants.find((each) => allowed[each].includes(act)) ?? "owner"}`),
    takes: (step: keyof OnboardingView): boolean => {
      const needs = onboardingNeeds[step];
      return needs === null || may(needs);
    },
  };
}
