// What every subject of the fake host shares: its clock and events, the organizations, and what is held between
// commands.

import type {
  AccountView,
  ActivityLine,
  ErrorView,
  Event,
  OrganizationView,
  Phase,
  Role,
  ShortcutState,
  StatusView,
  TroubleView,
} from "../../generated/ipc";
import { Refusal, type Settings } from "../host";
import { makeJoining, makeOrganization, stateOf } from "./world";

export type FakeOptions = {
  phase?: Phase;
  organizations?: number;
  /** Names of the first organizations, in place of believable ones. */
  names?: readonly string[];
  /** Milliseconds of each step that takes time. */
  pace?: number;
  now?: () => number;
  keychain?: boolean;
  simulated?: boolean;
  clientId?: string | null;
  askReason?: boolean;
  /** How the keys for quick access stand while they are wanted. */
  shortcut?: ShortcutState;
  /** Why the program did not start; then there is nothing else. */
  trouble?: TroubleView;
  /** What the person may do. */
  role?: Role;
  /** The home is a backend already. */
  shared?: boolean;
  /** Others share the vault. */
  team?: boolean;
  /** The query that chose what is shown; a second window of the browser gets the same. */
  pageQuery?: string;
};

export const refusal = (code: string, what: string, next: string, more: Partial<ErrorView> = {}) =>
  new Refusal({ code, what, holds: "", next, details: null, retryInMs: null, class: "usage", ...more });

export const fakePassphrase = "correct horse";

export type Stage = ReturnType<typeof makeStage>;

export function makeStage(options: FakeOptions) {
  const now = options.now ?? Date.now;
  const pace = options.pace ?? 0;
  const heard = new Set<(event: Event) => void>();
  const emit = (event: Event) => {
    for (const each of heard) each(event);
  };
  const pause = (times = 1) => new Promise<void>((done) => setTimeout(done, pace * times));
  const later = (times: number, act: () => void) => setTimeout(act, pace * times);

  const copied: string[] = [];
  const windows: string[] = [];

  const world = new Map<string, OrganizationView>();
  for (let index = 0; index < (options.organizations ?? 0); index++) {
    const name = options.names?.[index];
    const made = makeOrganization(index, now(), name === undefined ? {} : { name });
    world.set(made.id, made);
  }
  const settings: Settings = {
    lockAfterMinutes: 10,
    lockWithSession: true,
    lockOnSuspend: true,
    lockOnClose: false,
    closeToTray: true,
    toldOfTray: true,
    clipboardSeconds: 30,
    revealSeconds: 30,
    askReason: options.askReason ?? true,
    rotateWhenDue: true,
    remindWhenDue: true,
    quickShortcut: true,
    theme: "system",
    density: "compact",
  };
  const clientId: string | null =
    options.clientId === undefined ? "1fd3c2b4-6d1e-4a4e-9d0c-52a4f7f0b1aa" : options.clientId;
  const first = options.phase ?? "unlocked";
  const hasVault = first !== "noVault";
  const status: StatusView = {
    phase: first,
    lockReason: first === "locked" ? "start" : null,
    afterUnlock: null,
    retryInMs: 0,
    cloud: {
      name: options.simulated === false ? "global" : "custom",
      loginHost: options.simulated === false ? "login.microsoftonline.com" : "127.0.0.1:8443",
      graphHost: options.simulated === false ? "graph.microsoft.com" : "127.0.0.1:8444",
      custom: options.simulated !== false,
      simulated: options.simulated !== false,
      clientId,
    },
    deviceSecret: hasVault
      ? options.keychain === false
        ? "file"
        : "keychain"
      : options.keychain === false
        ? "noKeychain"
        : "keychainReady",
    mspName: null,
    personName: null,
    role: options.role ?? "owner",
    removed: false,
    joining: first === "joining" ? makeJoining(options.role ?? "technician") : null,
    onboarding: null,
    backup: null,
    unconfirmed: false,
    certificates: null,
    network: null,
    warnings: [],
    dataFolder: "/home/ada/.local/share/vitrine",
    version: "0.1.0",
  };
  const held = {
    status,
    settings,
    clientId,
    passphrase: fakePassphrase,
    waitUntil: 0,
    paused: false,
    shortcut: options.shortcut ?? "on",
  };
  const inside: Pick<StatusView, "mspName" | "personName" | "onboarding" | "backup"> = {
    mspName: "Northwind IT",
    personName: "Ada Example",
    onboarding: {
      kitConfirmed: hasVault,
      sheetSaved: hasVault,
      backupExists: hasVault,
      organizationExists: world.size > 0,
      tenantConnected: world.size > 0,
      rotationVerified: world.size > 0,
    },
    backup: hasVault
      ? {
          folder: "/home/ada/Backup",
          file: "/home/ada/Backup/vitrine-northwind.vitrine",
          writtenAt: now() - 6 * 60_000,
          current: true,
          problem: null,
        }
      : { folder: null, file: null, writtenAt: null, current: false, problem: null },
  };
  const statusNow = (): StatusView => {
    const retryInMs = Math.max(0, held.waitUntil - now());
    const cloud = { ...held.status.cloud, clientId: held.clientId };
    const { phase, joining } = held.status;
    return phase === "unlocked"
      ? { ...held.status, ...inside, cloud, retryInMs, lockReason: null }
      : { ...held.status, role: null, joining: phase === "joining" ? joining : null, cloud, retryInMs };
  };
  const mark = (change: Partial<NonNullable<StatusView["onboarding"]>>) => {
    if (inside.onboarding) inside.onboarding = { ...inside.onboarding, ...change };
    emit({ kind: "statusChanged" });
  };
  const open = () => {
    if (held.status.phase !== "unlocked")
      throw refusal("vault.locked", "The vault is locked.", "Unlock it and try again.", { class: "locked" });
  };
  const find = (organization: string): OrganizationView => {
    open();
    const found = world.get(organization);
    if (found === undefined)
      throw refusal("organization.unknown", "There is no such organization.", "Look it up in the list of organizations.");
    return found;
  };
  const account = (organization: string, wanted: string): AccountView => {
    const found = find(organization).accounts.find((each) => each.id === wanted);
    if (found === undefined)
      throw refusal(
        "account.unknown",
        "There is no such emergency account.",
        "Open the organization and pick one of its accounts.",
      );
    return found;
  };
  const note = (
    organization: OrganizationView,
    action: ActivityLine["action"],
    userName: string | null = null,
    words: string | null = null,
  ) => {
    organization.activity.unshift({
      at: now(),
      who: inside.personName ?? "",
      action,
      organization: organization.id,
      organizationName: organization.name,
      userName,
      note: words,
      subject: null,
      late: false,
    });
  };
  const settle = (organization: OrganizationView) => {
    Object.assign(organization, stateOf(organization, now()));
    emit({ kind: "organizationChanged", organization: organization.id });
    emit({ kind: "organizationsChanged" });
  };
  const lockNow = (reason: StatusView["lockReason"] = "idle") => {
    held.status = { ...held.status, phase: "locked", lockReason: reason };
    emit({ kind: "locked", reason: reason ?? "hand" });
  };

  return {
    now,
    pace,
    pageQuery: options.pageQuery ?? "",
    pause,
    later,
    heard,
    emit,
    copied,
    windows,
    world,
    held,
    inside,
    statusNow,
    mark,
    open,
    find,
    account,
    note,
    settle,
    lockNow,
  };
}
