// Believable customers, the same at every start.

import type {
  AccountState,
  AccountView,
  HealthLine,
  JoiningView,
  LapsView,
  OrganizationState,
  OrganizationView,
  Role,
  TenantView,
} from "../../generated/ipc";

export const names = [
  "Contoso",
  "Fabrikam",
  "Adventure Works",
  "Alpine Ski House",
  "Bellows College",
  "Best For You Organics",
  "City Power & Light",
  "Coho Winery",
  "Consolidated Messenger",
  "Fourth Coffee",
  "Graphic Design Institute",
  "Humongous Insurance",
  "Lamna Healthcare",
  "Liberty's Delightful Bakery",
  "Litware",
  "Lucerne Publishing",
  "Margie's Travel",
  "Munson's Pickles",
  "Nod Publishers",
  "Northwind Traders",
  "Proseware",
  "Relecloud",
  "School of Fine Art",
  "Southridge Video",
  "Tailspin Toys",
  "The Phone Company",
  "Trey Research",
  "VanArsdel",
  "Wide World Importers",
  "Wingtip Toys",
  "Woodgrove Bank",
  "Blue Yonder Airlines",
] as const;

const hour = 3_600_000;

export const id = (index: number) => (index + 1).toString(16).padStart(8, "0").repeat(8);
const itemId = (text: string) =>
  Array.from(text)
    .reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7)
    .toString(16)
    .padStart(8, "0")
    .repeat(4);

const slug = (name: string) => name.toLowerCase().replace(/[^a-z0-9]+/g, "");

export function makeTenant(name: string, now: number): TenantView {
  const short = slug(name) || "tenant";
  return {
    id: "8d2c9f61-3b0e-4f7a-9c55-1f0b6a7e2d10",
    name,
    domain: `${short}.example`,
    initialDomain: `${short}.onmicrosoft.com`,
    appId: "5b7e0c4d-92a1-4c3f-b7d8-0a6f1e2c3d4b",
    connectedAt: now - 40 * 24 * hour,
    certificateEndsAt: now + 320 * 24 * hour,
  };
}

export function makeAccount(
  userName: string,
  now: number,
  options: { state?: AccountState; secondFactor?: boolean; age?: number } = {},
): AccountView {
  const age = (options.age ?? 0) * hour;
  const state = options.state ?? "fresh";
  return {
    id: itemId(userName),
    userName,
    state,
    rotatedAt: now - age,
    verifiedAt: now - age,
    dueAt: now - age + 24 * hour,
    hasSecondFactor: options.secondFactor ?? true,
    lastViewed: age > 10 * hour ? { who: "Grace Example", at: now - age + 2 * hour } : null,
    values:
      state === "unclear"
        ? [
            { which: "pending", since: now - 5 * 60_000 },
            { which: "current", since: now - age },
          ]
        : [
            { which: "current", since: now - age },
            { which: "previous", since: now - age - 24 * hour },
          ],
    get doubtful() {
      return ["unclear", "changedOutside", "needsPerson"].includes(this.state);
    },
    created: true,
    repairable: ["changedOutside", "disabled", "roleGone", "renamed", "gone"].includes(state),
    problem:
      state === "unclear"
        ? {
            code: "rotation.unclear",
            what: "We cannot tell whether the change arrived.",
            holds: "Both passwords are kept. One of them opens the account.",
            next: "Vitrine checks again by itself. You can check now.",
            details: "request 4f1c0c1e-77aa-4f13-8b43-8fdd6c0a2a11",
            retryInMs: null,
            class: "unreachable",
          }
        : state === "needsPerson"
          ? {
              code: "graph.role-missing",
              what: "Microsoft refused to change the password: the app lacks a role.",
              holds: "The old password still works.",
              next: "Repair the connection with an admin's sign-in.",
              details: "403 Authorization_RequestDenied, request 0b8d5a0e-2c55-4d1b-8a5c-6e7b1d2f9c33",
              retryInMs: null,
              class: "refused",
            }
          : null,
  };
}

const rank = (state: AccountState): OrganizationState =>
  state === "due" ? "due" : ["unclear", "changedOutside", "needsPerson", "disabled", "roleGone", "renamed", "gone"].includes(state) ? "failed" : "healthy";

/** What follows from the accounts: state, next step, health. */
export function stateOf(
  organization: OrganizationView,
  now: number,
): Pick<OrganizationView, "state" | "nextStep" | "health"> {
  const { tenant, accounts, laps } = organization;
  const states = accounts.map((account) => rank(account.state));
  const state: OrganizationState =
    tenant === null || accounts.length === 0
      ? "notConnected"
      : states.includes("failed")
        ? "failed"
        : states.includes("due")
          ? "due"
          : "healthy";
  const health: HealthLine[] = [];
  if (tenant)
    health.push({
      check: "connection",
      account: null,
      userName: null,
      verdict: "good",
      checkedAt: now - 3 * 60_000,
      words: "The connection signs in and holds every permission it needs.",
    });
  for (const account of accounts) {
    const line = (
      check: HealthLine["check"],
      verdict: HealthLine["verdict"],
      words: string,
      checkedAt: number | null = account.verifiedAt,
    ) => health.push({ check, account: account.id, userName: account.userName, verdict, checkedAt, words });
    if (account.state === "gone") line("accountExists", "bad", "The account no longer exists in the tenant.");
    else if (account.state === "disabled")
      line("accountExists", "bad", "The account exists, but its sign-in is disabled.");
    else if (account.state === "renamed") line("accountExists", "bad", "The account is named otherwise now.");
    else line("accountExists", "good", "The account exists and may sign in.");
    if (account.state === "roleGone") line("roleHeld", "bad", "It does not hold Global Administrator permanently.");
    else line("roleHeld", "good", "It holds Global Administrator, assigned and without end.");
    if (account.state === "unclear")
      line("passwordVerified", "bad", "The last change was not confirmed. Two passwords are kept.");
    else if (account.state === "needsPerson") line("passwordVerified", "bad", "Microsoft refused the last rotation.");
    else line("passwordVerified", "good", "The tenant confirmed the change of the stored password.");
    if (account.hasSecondFactor) line("secondFactor", "good", "A one-time-code key is stored here.");
    else
      line(
        "secondFactor",
        "warning",
        "No second factor is stored. Microsoft's portals refuse the password alone.",
        null,
      );
  }
  return {
    state,
    nextStep:
      tenant === null
        ? organization.connecting
          ? "finishConnect"
          : "connect"
        : laps === null || accounts.length === 0
          ? "enableLaps"
          : state === "failed"
            ? "repair"
            : state === "due"
              ? "rotate"
              : accounts.some((account) => !account.hasSecondFactor)
                ? "secondFactor"
                : "nothing",
    health,
  };
}

/** A schedule that nobody changed. */
export const makeLaps = (intervalHours: number, enabledAt: number): LapsView => ({
  intervalHours,
  enabledAt,
  afterView: "keep",
  blackout: [],
  zone: null,
  passwordLength: 32,
  lookAlikes: false,
});

export function makeOrganization(
  index: number,
  now: number,
  options: { name?: string; connected?: boolean } = {},
): OrganizationView {
  const round = Math.floor(index / names.length);
  const name = options.name ?? `${names[index % names.length]}${round > 0 ? ` ${round + 1}` : ""}`;
  const connected = options.connected ?? index % 11 !== 9;
  const tenant = connected ? makeTenant(name, now) : null;
  const states: AccountState[] =
    index % 13 === 4
      ? ["due", "fresh"]
      : index % 17 === 6
        ? ["unclear", "fresh"]
        : index % 23 === 11
          ? ["needsPerson", "fresh"]
          : ["fresh", "fresh"];
  const accounts = tenant
    ? states.map((state, at) =>
        makeAccount(`${at === 0 ? "ea-north" : "ea-south"}@${tenant.initialDomain}`, now, {
          state,
          age: state === "due" ? 27 : ((index * 7) % 22) + at,
          secondFactor: !(at === 1 && index % 3 === 0),
        }),
      )
    : [];
  const made: OrganizationView = {
    id: id(index),
    name,
    notes: index === 0 ? "Main contact: front desk, +1 425 555 0100. Change window Friday evening." : "",
    tags: index % 4 === 0 ? ["gold"] : [],
    state: "healthy",
    nextStep: "nothing",
    tenant,
    laps: tenant ? makeLaps(24, now - 39 * 24 * hour) : null,
    accounts,
    strangers: [],
    health: [],
    activity: [
      ...accounts.map((account) => ({
        at: account.rotatedAt ?? now,
        who: "Ada Example",
        action: "rotated" as const,
        organization: id(index),
        organizationName: name,
        userName: account.userName,
        note: null,
        subject: null,
        late: false,
      })),
      ...(tenant
        ? [
            {
              at: tenant.connectedAt + 60_000,
              who: "Ada Example",
              action: "lapsEnabled" as const,
              organization: id(index),
              organizationName: name,
              userName: null,
              note: null,
              subject: null,
              late: false,
            },
            {
              at: tenant.connectedAt,
              who: "Ada Example",
              action: "tenantConnected" as const,
              organization: id(index),
              organizationName: name,
              userName: null,
              note: null,
              subject: null,
              late: false,
            },
          ]
        : []),
      {
        at: now - 41 * 24 * hour,
        who: "Ada Example",
        action: "organizationAdded" as const,
        organization: id(index),
        organizationName: name,
        userName: null,
        note: null,
        subject: null,
        late: false,
      },
    ],
    connecting: null,
    unchecked: false,
    level: "full",
    access: [{ team: ownersTeam, name: "Owners", kind: "owners", level: "full" }, { team: staffTeam, name: "Staff", kind: "staff", level: "full" }],
  };
  return Object.assign(made, stateOf(made, now));
}

/** Ids of the teams that every shared vault has. */
export const ownersTeam = "00f1".repeat(8);
export const staffTeam = "00f2".repeat(8);

export const comparedWords = ["velvet", "orbit", "canyon", "thimble", "rustic", "meadow", "lantern", "copper"];

/** Whom a device waits for that has joined. */
export const makeJoining = (role: Role): JoiningView => ({
  mspName: "Northwind IT",
  invitedBy: "Grace Example",
  role,
  ownDevice: false,
  words: comparedWords,
  problem: null,
});
