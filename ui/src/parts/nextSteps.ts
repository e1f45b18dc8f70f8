// From the code of an error to the one press that answers it, where there is one in the window. What is not here is for
// a person to read and decide. A test holds every code against the sources it comes from.

import type { ErrorView } from "../host";

/** Where the next step of an error leads. */
export type NextStep = "connect" | "signIn" | "laps" | "client" | "backup" | "passphrase" | "organizations" | "retry";

export const nextSteps: Readonly<Record<string, NextStep>> = {
  // The connection lacks something or has ended: the wizard finds what is there and repairs the rest.
  "connect.not-connected": "connect",
  "connect.certificate-ended": "connect",
  "graph.permission-or-role-missing": "connect",
  "graph.token-refused": "connect",
  "incident.old-certificate": "connect",
  "sign-in.app-disabled": "connect",
  "sign-in.absent-in-tenant": "connect",
  "sign-in.credential-refused": "connect",
  "sign-in.consent-missing": "connect",
  // What only an admin of the tenant may do.
  "laps.sign-in-needed": "signIn",
  "laps.never-created": "laps",
  "laps.off": "laps",
  "connect.no-client-id": "client",
  "connect.client-id": "client",
  "backup.no-folder": "backup",
  "backup.same-folder": "backup",
  "backup.relative": "backup",
  "vault.weak-passphrase": "passphrase",
  "organization.unknown": "organizations",
  // Nothing was decided against it; the machine or the network was in the way.
  "file.disk-full": "retry",
  "keychain.locked": "retry",
  "keychain.refused": "retry",
  "clipboard.unavailable": "retry",
  "browser.not-opened": "retry",
  "organization.rotating": "retry",
  "laps.rotating": "retry",
  "laps.still-replicating": "retry",
  "account.still-replicating": "retry",
};

/** What is unreachable now may be reached at the next try. */
export const nextStepOf = (error: ErrorView): NextStep | undefined =>
  nextSteps[error.code] ?? (error.class === "unreachable" ? "retry" : undefined);
