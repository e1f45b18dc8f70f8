// A complete host in memory, for tests and for looking at the interface in a plain browser. It behaves as the views
// say and keeps no rule of its own beyond that; its "secrets" open nothing. One file for each subject.

import type {
  AccountView,
  AuditGap,
  BackendView,
  ConnectPhase,
  ErrorView,
  OrganizationView,
  PeopleView,
  StatusView,
  WebhookState,
} from "../../generated/ipc";
import type { Host } from "../host";
import { attention } from "./attention";
import { connect } from "./connect";
import { credentials } from "./credentials";
import { home } from "./home";
import { incident } from "./incident";
import { laps } from "./laps";
import { organizations } from "./organizations";
import { people } from "./people";
import { quick } from "./quick";
import { rotation } from "./rotation";
import { settings } from "./settings";
import { type FakeOptions, fakePassphrase, makeStage, refusal } from "./stage";
import { trouble } from "./trouble";
import { vault } from "./vault";
import { webhook } from "./webhook";
import { id, names } from "./world";

export { type FakeOptions, fakePassphrase, names };

export type FakeHost = Host & {
  /** Every command asked, by name and in order; requests that hold a secret are not kept. */
  asked: string[];
  /** The same with requests, without those that hold a secret. */
  requests: { name: string; request: unknown }[];
  /** Makes the next call of a command fail. */
  refuseNext(name: string, error: Partial<ErrorView>): void;
  /** Locks as Rust would by itself. */
  lockNow(reason?: StatusView["lockReason"]): void;
  /** Moves a sign-in to any phase. */
  setConnect(organization: string, phase: ConnectPhase): void;
  /** Changes an account in place. */
  setAccount(organization: string, change: Partial<AccountView>): void;
  /** Changes an organization in place. */
  setOrganization(organization: string, change: Partial<OrganizationView>): void;
  setStatus(change: Partial<StatusView>): void;
  /** Messages of the webhook that is set do not arrive. */
  setWebhookProblem(problem: ErrorView, change?: Partial<WebhookState>): void;
  /** How the backend stands that is the home. */
  setBackend(change: Partial<BackendView>): void;
  /** Views of other devices that did not arrive. */
  setGaps(gaps: AuditGap[]): void;
  /** The newest invitation is answered, by the person it is for or another. */
  answerInvitation(name?: string): void;
  /** Who shares the vault, changed in place. */
  setPeople(change: Partial<Pick<PeopleView, "members" | "invitations" | "pending" | "keysLeft">>): void;
  /** An admin adds the person who waits on this device. */
  addMe(): void;
  firstId(): string;
  copied: string[];
  windows: string[];
};

export function fakeHost(options: FakeOptions = {}): FakeHost {
  const stage = makeStage(options);
  const refusals = new Map<string, Partial<ErrorView>>();
  const asked: string[] = [];
  const requests: { name: string; request: unknown }[] = [];
  const gaps: AuditGap[] = [];
  const connecting = connect(stage);
  const hook = webhook(stage);
  const place = home(stage, { shared: options.shared ?? options.team ?? false });
  const incidents = incident(stage);
  const firm = people(
    stage,
    { team: options.team ?? false },
    { shared: place.isShared, beginIncident: incidents.beginIncident },
  );
  const base = {
    ...vault(stage),
    ...organizations(stage, gaps),
    ...connecting.commands,
    ...laps(stage, connecting.isSignedIn),
    ...credentials(stage),
    ...quick(stage),
    ...rotation(stage),
    ...attention(stage),
    ...incidents,
    ...settings(stage),
    ...hook.commands,
    ...place.commands,
    ...firm.commands,
    ...trouble(options),
  };

  const holdsSecret = new Set([
    "unlock",
    "createVault",
    "restore",
    "changePassphrase",
    "confirmKit",
    "setSecondFactor",
    "setWebhook",
    "moveHome",
    "join",
    "passphraseStrength",
  ]);
  const asks = Object.fromEntries(
    Object.entries(base).map(([name, act]) => [
      name,
      async (request: never) => {
        asked.push(name);
        requests.push({ name, request: holdsSecret.has(name) ? null : request });
        const refused = refusals.get(name);
        if (refused !== undefined) {
          refusals.delete(name);
          throw refusal(
            refused.code ?? "test.refused",
            refused.what ?? "It was refused.",
            refused.next ?? "Try again.",
            refused,
          );
        }
        return (act as (request: never) => Promise<unknown>)(request);
      },
    ]),
  ) as unknown as Host;

  const fake: FakeHost = {
    ...asks,
    listen: async (each) => {
      stage.heard.add(each);
      return () => stage.heard.delete(each);
    },
    closeWindow: async () => {
      stage.windows.push("closed");
    },
    keepOnTop: async () => {},
    copyPlain: async (text) => {
      stage.copied.push(text);
    },
    asked,
    requests,
    copied: stage.copied,
    windows: stage.windows,
    refuseNext: (name, error) => refusals.set(name, error),
    lockNow: stage.lockNow,
    setConnect: connecting.setPhase,
    setWebhookProblem: hook.setWebhookProblem,
    setBackend: place.setBackend,
    setGaps: (next) => void gaps.splice(0, gaps.length, ...next),
    answerInvitation: firm.answerInvitation,
    setPeople: firm.setPeople,
    addMe: firm.addMe,
    setAccount: (organization, change) => {
      const found = stage.find(organization);
      const [one] = found.accounts;
      if (one) Object.assign(one, change);
      stage.settle(found);
    },
    setOrganization: (organization, change) => stage.settle(Object.assign(stage.find(organization), change)),
    setStatus: (change) => {
      stage.held.status = { ...stage.held.status, ...change };
      stage.emit({ kind: "statusChanged" });
    },
    firstId: () => [...stage.world.keys()][0] ?? id(0),
  };
  return fake;
}
