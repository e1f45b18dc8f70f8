// From the code of an error to the one press that answers it, where there is one in the window. What is not here is for
// a person to read and decide. A test holds every code against the sources it comes from.

import type { ErrorView } from "../host";

/** Where the next step of an error leads. */
export type NextStep =
  | "connect"
  | "signIn"
  | "signInToRemove"
  | "strangers"
  | "laps"
  | "client"
  | "backup"
  | "passphrase"
  | "organizations"
  | "team"
  | "home"
  | "kit"
  | "sheet"
  | "lock"
  | "retry";

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
  "strangers.sign-in-needed": "signInToRemove",
  "strangers.found": "strangers",
  "strangers.not-looked-at": "connect",
  "setup.surprises": "strangers",
  "laps.never-created": "laps",
  "laps.off": "laps",
  "connect.no-client-id": "client",
  "connect.client-id": "client",
  "backup.no-folder": "backup",
  "backup.same-folder": "backup",
  "backup.relative": "backup",
  "vault.weak-passphrase": "passphrase",
  "organization.unknown": "organizations",
  "people.team-needed": "organizations",
  // Whom to ask, and what is there by now, stands in the list of people.
  "access.read-only": "team",
  "devices.unknown": "team",
  "home.unknown-device": "team",
  "people.let-in": "team",
  "people.no-change": "team",
  "people.no-invitation": "team",
  "people.no-team": "team",
  "people.too-many-invitations": "team",
  "people.unknown": "team",
  "people.yourself": "team",
  // Both histories, the proof of them and what was fetched stand with the home.
  "home.endless": "home",
  "home.entry-withheld": "home",
  "home.forked": "home",
  "home.is-backend": "home",
  "home.ledger-withheld": "home",
  "home.object-withheld": "home",
  "home.refused-entry": "home",
  "home.rolled-back": "home",
  "ledger.history-unchecked": "home",
  "people.not-shared": "home",
  "kit.renewed": "kit",
  "kit.unlock-first": "lock",
  "sheet.none": "sheet",
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
  "home.behind": "retry",
  "home.clock": "retry",
  "home.moving": "retry",
};

/** What is unreachable now may be reached at the next try. */
export const nextStepOf = (error: ErrorView): NextStep | undefined =>
  nextSteps[error.code] ?? (error.class === "unreachable" ? "retry" : undefined);
