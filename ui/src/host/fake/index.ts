// A complete host in memory, for tests and for looking at the interface in a plain browser. It behaves as the views
// say and keeps no rule of its own beyond that; its "secrets" open nothing.

import type {
  AccountView,
  ActivityLine,
  ConnectPhase,
  ConnectStep,
  ErrorView,
  Event,
  FoundTenant,
  JobView,
  OrganizationRow,
  OrganizationState,
  OrganizationView,
  Phase,
  StatusView,
  WhichValue,
} from "../../generated/ipc";
import { type Host, Refusal, type Settings } from "../host";
import { id, makeAccount, makeOrganization, makeTenant, names, stateOf } from "./world";

export type FakeOptions = {
  phase?: Phase;
  organizations?: number;
  /** Milliseconds of each step that takes time. */
  pace?: number;
  now?: () => number;
  keychain?: boolean;
  simulated?: boolean;
  clientId?: string | null;
  askReason?: boolean;
};

const refusal = (code: string, what: string, next: string, more: Partial<ErrorView> = {}) =>
  new Refusal({ code, what, holds: "", next, details: null, retryInMs: null, class: "usage", ...more });

export const fakePassphrase = "correct horse";
const passwords: Record<WhichValue, string> = {
  current: "Qm7#vT2k-Rw9x+Hd4L=fZ6pN3s@cYb8J",
  pending: "gK5+Wz8r@Np3m-Xt6V#bQ9hD2f=JcL4s",
  previous: "Bn4=Hs7w#Ty2k+Mf9R-xC6gP3d@VqZ8L",
};

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
  setStatus(change: Partial<StatusView>): void;
  firstId(): string;
  /** The query that chose what is shown; a second window of the browser gets the same. */
  pageQuery: string;
  copied: string[];
  windows: string[];
};

export function fakeHost(options: FakeOptions = {}): FakeHost {
  const now = options.now ?? Date.now;
  const pace = options.pace ?? 0;
  const heard = new Set<(event: Event) => void>();
  const emit = (event: Event) => {
    for (const each of heard) each(event);
  };
  const pause = (times = 1) => new Promise<void>((done) => setTimeout(done, pace * times));
  const later = (times: number, act: () => void) => setTimeout(act, pace * times);

  const refusals = new Map<string, Partial<ErrorView>>();
  const asked: string[] = [];
  const requests: { name: string; request: unknown }[] = [];
  const copied: string[] = [];
  const windows: string[] = [];

  const world = new Map<string, OrganizationView>();
  for (let index = 0; index < (options.organizations ?? 0); index++) {
    const made = makeOrganization(index, now());
    world.set(made.id, made);
  }
  const connects = new Map<string, ConnectPhase>();
  const sessions = new Set<string>();
  let jobs: JobView[] = [];
  let wrongTries = 0;
  let waitUntil = 0;
  let passphrase = fakePassphrase;
  let settings: Settings = {
    lockAfterMinutes: 10,
    lockWithSession: true,
    lockOnSuspend: true,
    lockOnClose: false,
    closeToTray: true,
    clipboardSeconds: 30,
    revealSeconds: 30,
    askReason: options.askReason ?? true,
    rotateWhenDue: true,
    theme: "system",
    density: "compact",
  };
  let clientId: string | null =
    options.clientId === undefined ? "1fd3c2b4-6d1e-4a4e-9d0c-52a4f7f0b1aa" : options.clientId;
  const first = options.phase ?? "unlocked";
  const hasVault = first !== "noVault";
  let status: StatusView = {
    phase: first,
    lockReason: first === "locked" ? "start" : null,
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
    onboarding: null,
    backup: null,
    unconfirmed: false,
    warnings: [],
    dataFolder: "/home/ada/.local/share/vitrine",
    version: "0.1.0",
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
    const retryInMs = Math.max(0, waitUntil - now());
    const cloud = { ...status.cloud, clientId };
    return status.phase === "unlocked"
      ? { ...status, ...inside, cloud, retryInMs, lockReason: null }
      : { ...status, cloud, retryInMs };
  };
  const mark = (change: Partial<NonNullable<StatusView["onboarding"]>>) => {
    if (inside.onboarding) inside.onboarding = { ...inside.onboarding, ...change };
    emit({ kind: "statusChanged" });
  };
  const open = () => {
    if (status.phase !== "unlocked")
      throw refusal("vault.locked", "The vault is locked.", "Unlock it and try again.", { class: "locked" });
  };
  const find = (organization: string): OrganizationView => {
    open();
    const found = world.get(organization);
    if (found === undefined)
      throw refusal("organizations.unknown", "This organization is not in the vault.", "Go back to the list.");
    return found;
  };
  const account = (organization: string, wanted: string): AccountView => {
    const found = find(organization).accounts.find((each) => each.id === wanted);
    if (found === undefined)
      throw refusal("accounts.unknown", "This account is not in the vault.", "Go back to the organization.");
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
    });
  };
  const settle = (organization: OrganizationView) => {
    Object.assign(organization, stateOf(organization, now()));
    emit({ kind: "organizationChanged", organization: organization.id });
    emit({ kind: "organizationsChanged" });
  };
  const row = (each: OrganizationView): OrganizationRow => ({
    id: each.id,
    name: each.name,
    domain: each.tenant?.domain ?? null,
    state: each.state,
    accounts: each.accounts.length,
    lastRotation: each.accounts.length ? Math.min(...each.accounts.map((a) => a.rotatedAt ?? now())) : null,
    nextRotation: each.accounts.length ? Math.min(...each.accounts.map((a) => a.dueAt ?? now())) : null,
  });
  const jobsNow = () => ({
    jobs,
    open: jobs.filter((job) => ["queued", "looking", "preparing", "sending", "verifying", "unclear"].includes(job.step))
      .length,
    due: [...world.values()].flatMap((each) => each.accounts).filter((each) => each.state === "due").length,
  });

  const setPhase = (organization: string, phase: ConnectPhase) => {
    connects.set(organization, phase);
    const found = world.get(organization);
    if (found) found.connecting = phase.kind === "idle" ? null : phase;
    emit({ kind: "connectChanged", organization });
  };
  const connectNow = (organization: string) => ({
    organization,
    organizationName: find(organization).name,
    phase: connects.get(organization) ?? ({ kind: "idle" } as const),
  });
  const steps = (state: ConnectStep["state"]): ConnectStep[] => [
    {
      title: "App registration “Vitrine”",
      permission: null,
      why: "The connection signs in as this app, in this tenant only.",
      state,
    },
    {
      title: "Certificate made on this device",
      permission: null,
      why: "It signs in without a password that could be copied.",
      state,
    },
    {
      title: "Permission to change passwords",
      permission: "User-PasswordProfile.ReadWrite.All",
      why: "Rotates the emergency accounts' passwords.",
      state,
    },
    {
      title: "Permission to read accounts",
      permission: "User.Read.All",
      why: "Reads back when a password was changed.",
      state,
    },
    {
      title: "Permission to read roles",
      permission: "RoleManagement.Read.Directory",
      why: "Checks that the accounts are still Global Administrators.",
      state,
    },
    {
      title: "Admin role for the app",
      permission: "Privileged Authentication Administrator",
      why: "Without it Microsoft refuses to change a Global Administrator's password.",
      state,
    },
  ];
  const foundTenant = (organization: string): FoundTenant => {
    const { id: tenantId, name, domain, initialDomain } = makeTenant(find(organization).name, now());
    return { id: tenantId, name, domain, initialDomain };
  };

  const base = {
    status: async () => statusNow(),
    passphraseStrength: async ({ passphrase: typed }: { passphrase: string }) => {
      const words = typed.trim().split(/\s+/).filter(Boolean).length;
      const score = typed.length === 0 ? 0 : Math.min(4, Math.floor(typed.length / 7) + (words > 3 ? 1 : 0));
      return {
        score,
        enough: score >= 3,
        advice: score >= 3 ? null : "Short phrases are guessed quickly. Add another word or two.",
      };
    },
    suggestPassphrase: async () => ({ passphrase: "velvet orbit canyon thimble rustic meadow" }),
    createVault: async (request: {
      mspName: string;
      personName: string;
      passphrase: string;
      acceptFileFallback: boolean;
    }) => {
      await pause(2);
      if (status.deviceSecret === "noKeychain" && !request.acceptFileFallback)
        throw refusal(
          "vault.no-keychain",
          "There is no keychain to keep the device secret in.",
          "Accept the file, or start a keychain.",
        );
      passphrase = request.passphrase;
      inside.mspName = request.mspName;
      inside.personName = request.personName;
      status = { ...status, phase: "unlocked", deviceSecret: request.acceptFileFallback ? "file" : "keychain" };
      emit({ kind: "unlocked" });
      return statusNow();
    },
    unlock: async ({ passphrase: typed }: { passphrase: string }) => {
      await pause();
      if (waitUntil > now())
        throw refusal("vault.wait", "Too many tries.", "Wait.", { class: "locked", retryInMs: waitUntil - now() });
      if (typed !== passphrase) {
        wrongTries += 1;
        const wait = wrongTries < 3 ? 0 : 1000 * 2 ** Math.min(wrongTries - 2, 8);
        waitUntil = now() + wait;
        throw refusal(
          "vault.refused",
          "This passphrase does not open the vault.",
          "Check the keyboard layout and try again.",
          {
            class: "locked",
            retryInMs: wait || null,
          },
        );
      }
      wrongTries = 0;
      status = { ...status, phase: "unlocked", lockReason: null };
      emit({ kind: "unlocked" });
      return statusNow();
    },
    lock: async () => {
      lockNow("hand");
      return statusNow();
    },
    touch: async () => ({}),
    changePassphrase: async (request: { current: string; new: string }) => {
      if (request.current !== passphrase)
        throw refusal("vault.refused", "The present passphrase is not right.", "Type it again.", { class: "locked" });
      passphrase = request.new;
      return {};
    },
    suggestedPaths: async () => ({
      kit: "/home/ada/Documents/Vitrine recovery kit.pdf",
      sheet: "/home/ada/Documents/Vitrine safe sheet.pdf",
      backup: "/home/ada/Documents/Vitrine backup",
    }),
    saveKit: async ({ path }: { path: string }) => {
      await pause();
      return { path, groups: [3, 6] as [number, number] };
    },
    confirmKit: async ({ groups }: { groups: [string, string] }) => {
      if (groups.some((group) => group.trim().length !== 4))
        throw refusal(
          "kit.group-differs",
          "A group differs from the paper.",
          "Look at the paper again. A zero is never the letter O.",
        );
      mark({ kitConfirmed: true });
      return statusNow();
    },
    saveSheet: async ({ path }: { path: string }) => {
      await pause();
      mark({ sheetSaved: true });
      return { path };
    },
    setBackup: async ({ folder }: { folder: string }) => {
      await pause();
      inside.backup = {
        folder,
        file: `${folder}/vitrine.vitrine-backup`,
        writtenAt: now(),
        current: true,
        problem: null,
      };
      mark({ backupExists: true });
      return statusNow();
    },
    backupNow: async () => {
      await pause();
      if (inside.backup) inside.backup = { ...inside.backup, writtenAt: now(), current: true, problem: null };
      emit({ kind: "statusChanged" });
      return statusNow();
    },
    confirmRestore: async () => {
      await pause();
      status = { ...status, unconfirmed: false };
      emit({ kind: "statusChanged" });
      return statusNow();
    },
    restore: async (request: { passphrase: string }) => {
      await pause(3);
      passphrase = request.passphrase;
      inside.onboarding = {
        kitConfirmed: true,
        sheetSaved: true,
        backupExists: false,
        organizationExists: true,
        tenantConnected: true,
        rotationVerified: true,
      };
      for (let index = 0; index < 12; index++) {
        const made = makeOrganization(index, now());
        world.set(made.id, made);
      }
      status = { ...status, phase: "unlocked", deviceSecret: "keychain" };
      emit({ kind: "unlocked" });
      return statusNow();
    },
    organizations: async (request: Parameters<Host["organizations"]>[0]) => {
      open();
      const all = [...world.values()];
      const wanted = (request.filter ?? "").toLowerCase();
      const matching = all.filter(
        (each) =>
          (!request.state || each.state === request.state) &&
          (wanted === "" || each.name.toLowerCase().includes(wanted) || (each.tenant?.domain ?? "").includes(wanted)),
      );
      const rank: Record<OrganizationState, number> = { failed: 0, due: 1, notConnected: 2, healthy: 3 };
      const rows = matching.map(row).sort((a, b) => {
        if (request.sort === "state") return rank[a.state] - rank[b.state] || a.name.localeCompare(b.name);
        if (request.sort === "lastRotation") return (a.lastRotation ?? 0) - (b.lastRotation ?? 0);
        if (request.sort === "nextRotation")
          return (a.nextRotation ?? Number.MAX_VALUE) - (b.nextRotation ?? Number.MAX_VALUE);
        return a.name.localeCompare(b.name);
      });
      if (request.descending) rows.reverse();
      const count = (state: OrganizationState) => all.filter((each) => each.state === state).length;
      const offset = request.offset ?? 0;
      return {
        rows: rows.slice(offset, offset + (request.limit ?? 100)),
        matching: rows.length,
        counts: {
          total: all.length,
          healthy: count("healthy"),
          due: count("due"),
          failed: count("failed"),
          notConnected: count("notConnected"),
        },
      };
    },
    addOrganization: async (request: { name: string; notes?: string }) => {
      open();
      await pause();
      if ([...world.values()].some((each) => each.name.toLowerCase() === request.name.trim().toLowerCase()))
        throw refusal(
          "organizations.name-taken",
          `An organization named ${request.name} exists already.`,
          "Choose another name.",
        );
      const made = makeOrganization(world.size, now(), { name: request.name.trim(), connected: false });
      made.notes = request.notes ?? "";
      made.activity = [];
      note(made, "organizationAdded");
      world.set(made.id, made);
      mark({ organizationExists: true });
      settle(made);
      return made;
    },
    previewImport: async ({ csv }: { csv: string }) => {
      const rows = parse(csv, new Set([...world.values()].map((each) => each.name.toLowerCase())));
      return {
        rows,
        good: rows.filter((each) => !each.problem).length,
        bad: rows.filter((each) => each.problem).length,
      };
    },
    importOrganizations: async ({ csv }: { csv: string }) => {
      const rows = parse(csv, new Set([...world.values()].map((each) => each.name.toLowerCase())));
      for (const each of rows.filter((line) => !line.problem)) {
        const made = makeOrganization(world.size, now(), { name: each.name, connected: false });
        made.notes = each.notes;
        world.set(made.id, made);
      }
      mark({ organizationExists: true });
      emit({ kind: "organizationsChanged" });
      return { added: rows.filter((each) => !each.problem).length, leftOut: rows.filter((each) => each.problem) };
    },
    organization: async ({ organization }: { organization: string }) => structuredClone(find(organization)),
    editOrganization: async (request: { organization: string; name: string; notes: string; tags: string[] }) => {
      const found = find(request.organization);
      Object.assign(found, { name: request.name, notes: request.notes, tags: request.tags });
      note(found, "organizationEdited");
      settle(found);
      return structuredClone(found);
    },
    archiveOrganization: async (request: { organization: string; typedName: string }) => {
      const found = find(request.organization);
      if (request.typedName !== found.name)
        throw refusal("organizations.name-differs", "The name typed is not the organization's.", "Type it exactly.");
      world.delete(request.organization);
      emit({ kind: "organizationsChanged" });
      return {};
    },
    audit: async (request: { organization?: string | null; offset?: number; limit?: number }) => {
      open();
      const lines = [...world.values()]
        .filter((each) => !request.organization || each.id === request.organization)
        .flatMap((each) => each.activity)
        .sort((a, b) => b.at - a.at);
      const offset = request.offset ?? 0;
      return {
        lines: lines.slice(offset, offset + (request.limit ?? 100)),
        total: lines.length,
        verified: { entries: 3 + lines.length, at: lines[0]?.at ?? now(), head: "5f".repeat(32) },
      };
    },
    connect: async (request: Parameters<Host["connect"]>[0]) => {
      const found = find(request.organization);
      if (clientId === null)
        throw refusal(
          "connect.no-client-id",
          "No client id is set for the first sign-in.",
          "Register one and enter it.",
        );
      setPhase(found.id, { kind: "starting" });
      later(1, () => {
        if (request.route === "browser")
          setPhase(found.id, {
            kind: "waitingForBrowser",
            url: "https://login.microsoftonline.com/organizations/oauth2/v2.0/authorize?client_id=1fd3c2b4",
          });
        else
          setPhase(found.id, {
            kind: "waitingForCode",
            userCode: "F7GH2KQPL",
            verificationUri: "https://microsoft.com/devicelogin",
            qr: fakeQr(),
            expiresAt: now() + 15 * 60_000,
          });
        if (pace > 0)
          later(8, () => {
            const phase = connects.get(found.id)?.kind;
            if (phase === "waitingForBrowser" || phase === "waitingForCode")
              setPhase(
                found.id,
                request.purpose === "connect"
                  ? { kind: "confirmTenant", tenant: foundTenant(found.id), signedInAs: "admin@contoso.example" }
                  : { kind: "signedIn", tenant: foundTenant(found.id), signedInAs: "admin@contoso.example" },
              );
          });
      });
      return connectNow(found.id);
    },
    connectStatus: async ({ organization }: { organization: string }) => connectNow(organization),
    openSignIn: async () => ({}),
    copyDeviceCode: async () => ({}),
    confirmTenant: async (request: { organization: string; tenantId: string }) => {
      setPhase(request.organization, {
        kind: "plan",
        tenant: foundTenant(request.organization),
        steps: steps("willCreate"),
        notices: [
          "This tenant has no Entra ID P1. The accounts cannot be excluded from Conditional Access, because there is none.",
        ],
      });
      return connectNow(request.organization);
    },
    applyPlan: async ({ organization }: { organization: string }) => {
      const found = find(organization);
      const tenant = foundTenant(organization);
      const all = steps("willCreate");
      setPhase(organization, { kind: "working", tenant, steps: structuredClone(all) });
      const advance = (index: number) => {
        for (const [at, step] of all.entries())
          step.state = at < index ? "created" : at === index ? "running" : "willCreate";
        if (index < all.length) {
          setPhase(organization, { kind: "working", tenant, steps: structuredClone(all) });
          later(1, () => advance(index + 1));
          return;
        }
        found.tenant = { ...makeTenant(found.name, now()) };
        sessions.add(organization);
        note(found, "tenantConnected");
        mark({ tenantConnected: true });
        setPhase(organization, { kind: "connected", tenant, steps: structuredClone(all), sessionAlive: true });
        settle(found);
      };
      later(1, () => advance(0));
      return connectNow(organization);
    },
    cancelConnect: async ({ organization }: { organization: string }) => {
      sessions.delete(organization);
      setPhase(organization, { kind: "idle" });
      return connectNow(organization);
    },
    clientId: async () => ({
      clientId,
      redirectUri: "http://localhost",
      permissions: [
        { name: "Application.ReadWrite.All", why: "Creates the connection's own app in the customer's tenant." },
        { name: "AppRoleAssignment.ReadWrite.All", why: "Grants that app its permissions." },
        { name: "RoleManagement.ReadWrite.Directory", why: "Gives the app and the emergency accounts their roles." },
        { name: "User.ReadWrite.All", why: "Creates the emergency accounts." },
        { name: "Organization.Read.All", why: "Shows which tenant was signed in to." },
      ],
    }),
    setClientId: async (request: { clientId: string }) => {
      if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(request.clientId.trim()))
        throw refusal(
          "connect.client-id-form",
          "This is not a client id.",
          "Copy the “Application (client) ID” from the overview page.",
        );
      clientId = request.clientId.trim();
      emit({ kind: "statusChanged" });
      return base.clientId();
    },
    lapsPlan: async ({ organization }: { organization: string }) => ({
      domain: find(organization).tenant?.initialDomain ?? "contoso.onmicrosoft.com",
      suggestedNames: ["ea-north", "ea-south"],
      intervalHours: 24,
      sessionAlive: sessions.has(organization) || connects.get(organization)?.kind === "signedIn",
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
      if (found.laps) found.laps = { ...found.laps, intervalHours: request.intervalHours };
      settle(found);
      return structuredClone(found);
    },
    openReveal: async (request: { organization: string; account: string }) => {
      account(request.organization, request.account);
      const hash = `#/reveal/${request.organization}/${request.account}`;
      windows.push(hash);
      if (pace > 0) globalThis.open(`${location.pathname}${fake.pageQuery}${hash}`, "reveal", "width=560,height=720");
      return {};
    },
    card: async (request: { organization: string; account: string }) => {
      const found = account(request.organization, request.account);
      return {
        organization: request.organization,
        organizationName: find(request.organization).name,
        account: structuredClone(found),
        signInPage: "https://entra.microsoft.com",
        reasonRequired: settings.askReason,
        asOf: now() - 60_000,
        rotationDueSince: found.state === "due",
        hidesAfterSeconds: settings.revealSeconds,
      };
    },
    reveal: async (request: { organization: string; account: string; which: WhichValue; reason?: string }) => {
      const found = account(request.organization, request.account);
      if (settings.askReason && !(request.reason ?? "").trim())
        throw refusal("view.reason-needed", "A reason is needed before anything is shown.", "Write why you need it.");
      found.lastViewed = { who: inside.personName ?? "", at: now() };
      note(find(request.organization), "viewed", found.userName, request.reason ?? null);
      const value = found.values.find((each) => each.which === request.which);
      return {
        secret: passwords[request.which],
        since: value?.since ?? null,
        hideAt: now() + settings.revealSeconds * 1000,
      };
    },
    copy: async (request: Parameters<Host["copy"]>[0]) => {
      const found = account(request.organization, request.account);
      if (request.what.kind !== "userName" && settings.askReason && !(request.reason ?? "").trim())
        throw refusal("view.reason-needed", "A reason is needed before anything is copied.", "Write why you need it.");
      copied.push(request.what.kind);
      if (request.what.kind !== "userName")
        note(find(request.organization), "copied", found.userName, request.reason ?? null);
      return { clearsAt: request.what.kind === "userName" ? null : now() + settings.clipboardSeconds * 1000 };
    },
    setSecondFactor: async (request: { organization: string; account: string; key: string }) => {
      const found = account(request.organization, request.account);
      if (!/^(otpauth:\/\/|[A-Z2-7 =]{16,}$)/i.test(request.key.trim()))
        throw refusal(
          "totp.form",
          "This is not a one-time-code key.",
          "Copy the key that Microsoft shows under “Can't scan image?”.",
        );
      found.hasSecondFactor = true;
      settle(find(request.organization));
      return base.card(request);
    },
    oneTimeCode: async (request: { next?: boolean }) => {
      const period = 30_000;
      const slot = Math.floor(now() / period) + (request.next ? 1 : 0);
      return {
        code: String((slot * 7919 + 104729) % 1_000_000).padStart(6, "0"),
        endsAt: (slot + 1) * period,
        periodSeconds: 30,
      };
    },
    rotate: async ({ scope }: Parameters<Host["rotate"]>[0]) => {
      open();
      const chosen = [...world.values()].flatMap((each) =>
        each.accounts
          .filter((a) =>
            scope.kind === "account"
              ? scope.organization === each.id && scope.account === a.id
              : scope.kind === "organizations"
                ? scope.organizations.includes(each.id)
                : scope.kind === "due"
                  ? a.state === "due"
                  : true,
          )
          .map((a) => [each, a] as const),
      );
      for (const [each, a] of chosen) {
        const job: JobView = {
          organization: each.id,
          organizationName: each.name,
          account: a.id,
          userName: a.userName,
          step: "queued",
          attempts: 1,
          nextTryAt: null,
          problem: null,
          at: now(),
        };
        jobs = [job, ...jobs.filter((old) => old.account !== a.id)];
        a.state = "rotating";
        const path = ["looking", "preparing", "sending", "verifying", "done"] as const;
        const advance = (at: number) => {
          const step = path[at];
          if (step === undefined) return;
          jobs = jobs.map((old) => (old.account === a.id ? { ...old, step, at: now() } : old));
          if (step === "done") {
            Object.assign(a, {
              state: "fresh",
              rotatedAt: now(),
              verifiedAt: now(),
              dueAt: now() + 24 * 3_600_000,
              values: [
                { which: "current", since: now() },
                { which: "previous", since: now() - 86_400_000 },
              ],
              problem: null,
            });
            note(each, "rotated", a.userName);
            settle(each);
          }
          emit({ kind: "jobsChanged" });
          later(1, () => advance(at + 1));
        };
        later(1, () => advance(0));
      }
      emit({ kind: "jobsChanged" });
      return jobsNow();
    },
    jobs: async () => {
      open();
      return jobsNow();
    },
    settings: async () => ({
      settings,
      fixed: ["clipboardSeconds"],
      file: "/home/ada/.local/share/vitrine/config.toml",
    }),
    setSettings: async (request: { settings: Partial<Settings> }) => {
      settings = { ...settings, ...request.settings };
      emit({ kind: "statusChanged" });
      return base.settings();
    },
    pickFolder: async () => "/home/ada/Chosen folder",
    pickFile: async () => "/home/ada/Backup/vitrine.vitrine-backup",
    pickSave: async (suggested: string) => `/home/ada/Chosen folder/${suggested}`,
  };

  function lockNow(reason: StatusView["lockReason"] = "idle") {
    status = { ...status, phase: "locked", lockReason: reason };
    emit({ kind: "locked", reason: reason ?? "hand" });
  }

  const holdsSecret = new Set([
    "unlock",
    "createVault",
    "restore",
    "changePassphrase",
    "confirmKit",
    "setSecondFactor",
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
    pageQuery: "",
    ...asks,
    listen: async (each) => {
      heard.add(each);
      return () => heard.delete(each);
    },
    closeWindow: async () => {
      windows.push("closed");
    },
    keepOnTop: async () => {},
    copyPlain: async (text) => {
      copied.push(text);
    },
    asked,
    requests,
    copied,
    windows,
    refuseNext: (name, error) => refusals.set(name, error),
    lockNow,
    setConnect: setPhase,
    setAccount: (organization, change) => {
      const found = find(organization);
      const [one] = found.accounts;
      if (one) Object.assign(one, change);
      settle(found);
    },
    setStatus: (change) => {
      status = { ...status, ...change };
      emit({ kind: "statusChanged" });
    },
    firstId: () => [...world.keys()][0] ?? id(0),
  };
  return fake;
}

function parse(csv: string, taken: Set<string>) {
  const [head = "", ...lines] = csv.split(/\r?\n/);
  if (!/(^|[,;])"?name"?($|[,;])/i.test(head.trim()))
    throw refusal("import.header", "The file has no column “name”.", "Start with a line: name,notes");
  const seen = new Set<string>();
  return lines
    .map((line, index) => ({ line: index + 2, cells: line.split(/[,;]/) }))
    .filter(({ cells }) => cells.join("").trim() !== "")
    .map(({ line, cells }) => {
      const name = (cells[0] ?? "").trim();
      const key = name.toLowerCase();
      const problem =
        name === ""
          ? "The name is empty."
          : taken.has(key)
            ? "An organization of this name exists already."
            : seen.has(key)
              ? "The name stands twice in this file."
              : null;
      seen.add(key);
      return { line, name, notes: (cells[1] ?? "").trim(), problem };
    });
}

function fakeQr(): boolean[][] {
  const size = 25;
  const finder = (row: number, column: number) => {
    const edge = Math.max(Math.abs(row - 3), Math.abs(column - 3));
    return edge === 3 || edge <= 1;
  };
  return Array.from({ length: size }, (_, row) =>
    Array.from({ length: size }, (_, column) => {
      for (const [top, left] of [
        [0, 0],
        [0, size - 7],
        [size - 7, 0],
      ] as const)
        if (row >= top - 1 && row <= top + 7 && column >= left - 1 && column <= left + 7)
          return row >= top && row < top + 7 && column >= left && column < left + 7 && finder(row - top, column - left);
      return ((row * 31 + column * 17 + row * column) % 7) % 2 === 0;
    }),
  );
}

export { names };
