// Types and commands of the desktop host, as `crates/app/src/api` states them.
import { invoke as __TAURI_INVOKE } from "@tauri-apps/api/core";
import * as __TAURI_EVENT from "@tauri-apps/api/event";

/** Commands */
export const commands = {
  connect: (request: ConnectRequest) => typedError<ConnectView, ErrorView>(__TAURI_INVOKE("connect", { request })),
  connectStatus: (request: ConnectStatusRequest) => typedError<ConnectView, ErrorView>(__TAURI_INVOKE("connect_status", { request })),
  openSignIn: (request: OpenSignInRequest) => typedError<Done, ErrorView>(__TAURI_INVOKE("open_sign_in", { request })),
  copyDeviceCode: (request: CopyDeviceCodeRequest) => typedError<Done, ErrorView>(__TAURI_INVOKE("copy_device_code", { request })),
  confirmTenant: (request: ConfirmTenantRequest) => typedError<ConnectView, ErrorView>(__TAURI_INVOKE("confirm_tenant", { request })),
  applyPlan: (request: ApplyPlanRequest) => typedError<ConnectView, ErrorView>(__TAURI_INVOKE("apply_plan", { request })),
  cancelConnect: (request: CancelConnectRequest) => typedError<ConnectView, ErrorView>(__TAURI_INVOKE("cancel_connect", { request })),
  clientId: (request: ClientIdRequest) => typedError<ClientIdView, ErrorView>(__TAURI_INVOKE("client_id", { request })),
  setClientId: (request: SetClientIdRequest) => typedError<ClientIdView, ErrorView>(__TAURI_INVOKE("set_client_id", { request })),
  openReveal: (request: OpenRevealRequest) => typedError<Done, ErrorView>(__TAURI_INVOKE("open_reveal", { request })),
  card: (request: CardRequest) => typedError<CardView, ErrorView>(__TAURI_INVOKE("card", { request })),
  reveal: (request: RevealRequest) => typedError<RevealView, ErrorView>(__TAURI_INVOKE("reveal", { request })),
  copy: (request: CopyRequest) => typedError<CopyView, ErrorView>(__TAURI_INVOKE("copy", { request })),
  setSecondFactor: (request: SetSecondFactorRequest) => typedError<CardView, ErrorView>(__TAURI_INVOKE("set_second_factor", { request })),
  oneTimeCode: (request: OneTimeCodeRequest) => typedError<OneTimeCodeView, ErrorView>(__TAURI_INVOKE("one_time_code", { request })),
  lapsPlan: (request: LapsPlanRequest) => typedError<LapsPlanView, ErrorView>(__TAURI_INVOKE("laps_plan", { request })),
  enableLaps: (request: EnableLapsRequest) => typedError<LapsEnabledView, ErrorView>(__TAURI_INVOKE("enable_laps", { request })),
  disableLaps: (request: DisableLapsRequest) => typedError<OrganizationView, ErrorView>(__TAURI_INVOKE("disable_laps", { request })),
  setInterval: (request: SetIntervalRequest) => typedError<OrganizationView, ErrorView>(__TAURI_INVOKE("set_interval", { request })),
  organizations: (request: OrganizationsRequest) => typedError<OrganizationsView, ErrorView>(__TAURI_INVOKE("organizations", { request })),
  addOrganization: (request: AddOrganizationRequest) => typedError<OrganizationView, ErrorView>(__TAURI_INVOKE("add_organization", { request })),
  previewImport: (request: PreviewImportRequest) => typedError<ImportPreviewView, ErrorView>(__TAURI_INVOKE("preview_import", { request })),
  importOrganizations: (request: ImportRequest) => typedError<ImportView, ErrorView>(__TAURI_INVOKE("import_organizations", { request })),
  organization: (request: OrganizationRequest) => typedError<OrganizationView, ErrorView>(__TAURI_INVOKE("organization", { request })),
  editOrganization: (request: EditOrganizationRequest) => typedError<OrganizationView, ErrorView>(__TAURI_INVOKE("edit_organization", { request })),
  archiveOrganization: (request: ArchiveOrganizationRequest) => typedError<Done, ErrorView>(__TAURI_INVOKE("archive_organization", { request })),
  audit: (request: AuditRequest) => typedError<AuditView, ErrorView>(__TAURI_INVOKE("audit", { request })),
  rotate: (request: RotateRequest) => typedError<JobsView, ErrorView>(__TAURI_INVOKE("rotate", { request })),
  jobs: (request: JobsRequest) => typedError<JobsView, ErrorView>(__TAURI_INVOKE("jobs", { request })),
  settings: (request: SettingsRequest) => typedError<SettingsView, ErrorView>(__TAURI_INVOKE("settings", { request })),
  setSettings: (request: SetSettingsRequest) => typedError<SettingsView, ErrorView>(__TAURI_INVOKE("set_settings", { request })),
  status: (request: StatusRequest) => typedError<StatusView, ErrorView>(__TAURI_INVOKE("status", { request })),
  passphraseStrength: (request: PassphraseStrengthRequest) => typedError<PassphraseStrengthView, ErrorView>(__TAURI_INVOKE("passphrase_strength", { request })),
  suggestPassphrase: (request: SuggestPassphraseRequest) => typedError<SuggestPassphraseView, ErrorView>(__TAURI_INVOKE("suggest_passphrase", { request })),
  createVault: (request: CreateVaultRequest) => typedError<StatusView, ErrorView>(__TAURI_INVOKE("create_vault", { request })),
  unlock: (request: UnlockRequest) => typedError<StatusView, ErrorView>(__TAURI_INVOKE("unlock", { request })),
  lock: (request: LockRequest) => typedError<StatusView, ErrorView>(__TAURI_INVOKE("lock", { request })),
  touch: (request: TouchRequest) => typedError<Done, ErrorView>(__TAURI_INVOKE("touch", { request })),
  changePassphrase: (request: ChangePassphraseRequest) => typedError<Done, ErrorView>(__TAURI_INVOKE("change_passphrase", { request })),
  suggestedPaths: (request: SuggestedPathsRequest) => typedError<SuggestedPathsView, ErrorView>(__TAURI_INVOKE("suggested_paths", { request })),
  saveKit: (request: SaveKitRequest) => typedError<SavedKitView, ErrorView>(__TAURI_INVOKE("save_kit", { request })),
  confirmKit: (request: ConfirmKitRequest) => typedError<StatusView, ErrorView>(__TAURI_INVOKE("confirm_kit", { request })),
  saveSheet: (request: SaveSheetRequest) => typedError<SavedSheetView, ErrorView>(__TAURI_INVOKE("save_sheet", { request })),
  setBackup: (request: SetBackupRequest) => typedError<StatusView, ErrorView>(__TAURI_INVOKE("set_backup", { request })),
  backupNow: (request: BackupNowRequest) => typedError<StatusView, ErrorView>(__TAURI_INVOKE("backup_now", { request })),
  restore: (request: RestoreRequest) => typedError<StatusView, ErrorView>(__TAURI_INVOKE("restore", { request })),
  pickFolder: () => __TAURI_INVOKE<string | null>("pick_folder"),
  pickFile: () => __TAURI_INVOKE<string | null>("pick_file"),
  pickSave: (suggested: string) => __TAURI_INVOKE<string | null>("pick_save", { suggested }),
};

/** Events */
export const events = {
  changed: makeEvent<Changed>("changed"),
};

/* Types */
export type Changed = Event;

/** A moment in milliseconds since 1970-01-01T00:00:00Z. */
export type Time = number;

/** Starts a sign-in of an admin of the customer's tenant. */
export type ConnectRequest = {
  /** Ledger id. */
  organization: string;
  /** How to sign in. */
  route: SignInRoute;
  /** What the sign-in is for. */
  purpose: SignInPurpose;
};

/** How the admin signs in. Both lead to the same result. */
export type SignInRoute = "browser" | "deviceCode";

/** What an admin's sign-in is for. */
export type SignInPurpose = "connect" | "accounts";

/** Asks where the sign-in or set-up of an organization stands. */
export type ConnectStatusRequest = {
  /** Ledger id. */
  organization: string;
};

/** Opens the sign-in page in the system's browser. */
export type OpenSignInRequest = {
  /** Ledger id. */
  organization: string;
};

/** Copies the device code, or opens nothing. */
export type CopyDeviceCodeRequest = {
  /** Ledger id. */
  organization: string;
};

/** "Yes, this is the tenant": goes on to the plan. */
export type ConfirmTenantRequest = {
  /** Ledger id. */
  organization: string;
  /** The tenant the person saw; must be the one signed in. */
  tenantId: string;
};

/** Does what the plan shows. */
export type ApplyPlanRequest = {
  /** Ledger id. */
  organization: string;
};

/** Ends the sign-in or set-up and drops the session. What was already created in the tenant stays and is listed. */
export type CancelConnectRequest = {
  /** Ledger id. */
  organization: string;
};

/** Where the sign-in or set-up of an organization stands. */
export type ConnectView = {
  /** Ledger id. */
  organization: string;
  /** Its name. */
  organizationName: string;
  /** The state. */
  phase: ConnectPhase;
};

/** States of a sign-in and set-up, in order. */
export type ConnectPhase =
  | { kind: "idle" }
  | { kind: "starting" }
  | { kind: "waitingForBrowser"; url: string }
  | { kind: "waitingForCode"; userCode: string; verificationUri: string; qr: boolean[][]; expiresAt: Time }
  | { kind: "confirmTenant"; tenant: FoundTenant; signedInAs: string }
  | { kind: "plan"; tenant: FoundTenant; steps: ConnectStep[]; notices: string[] }
  | { kind: "working"; tenant: FoundTenant; steps: ConnectStep[] }
  | { kind: "connected"; tenant: FoundTenant; steps: ConnectStep[]; sessionAlive: boolean }
  | { kind: "signedIn"; tenant: FoundTenant; signedInAs: string }
  | { kind: "failed"; error: ErrorView; steps: ConnectStep[] };

/** A tenant found by a sign-in. */
export type FoundTenant = {
  /** Directory id. */
  id: string;
  /** Its name. */
  name: string;
  /** Its default domain. */
  domain: string;
  /** Its initial domain. */
  initialDomain: string;
};

/** One step of the set-up. */
export type ConnectStep = {
  /** What is created or granted, in words. */
  title: string;
  /** Permission or role by its Microsoft name, where it is one. */
  permission: string | null;
  /** Why it is needed. */
  why: string;
  /** How it stands. */
  state: StepState;
};

/** How a step stands. */
export type StepState = "exists" | "willCreate" | "running" | "created" | "failed";

/** Asks how to register a client id of one's own. */
export type ClientIdRequest = Record<string, never>;

/** The client id in use, and how to register one. */
export type ClientIdView = {
  /** The client id in use. */
  clientId: string | null;
  /** Address to register under "mobile and desktop applications". */
  redirectUri: string;
  /** Delegated permissions to add, each with its reason. */
  permissions: PermissionReason[];
};

/** A permission and why it is asked for. */
export type PermissionReason = {
  /** Microsoft's name. */
  name: string;
  /** Why. */
  why: string;
};

/** Sets the client id of the first sign-in. The next sign-in checks it. */
export type SetClientIdRequest = {
  /** A GUID. */
  clientId: string;
};

/** Opens the reveal window for an account. The main window never sees the secret. */
export type OpenRevealRequest = {
  /** Ledger id. */
  organization: string;
  /** Item id. */
  account: string;
};

/** Asks for an account's card. */
export type CardRequest = {
  /** Ledger id. */
  organization: string;
  /** Item id. */
  account: string;
};

/** A card: everything about the account but its secrets. */
export type CardView = {
  /** Ledger id. */
  organization: string;
  /** Name of the organization. */
  organizationName: string;
  /** The account. */
  account: AccountView;
  /** The tenant's sign-in page. */
  signInPage: string;
  /** A reason must be given before anything is shown. */
  reasonRequired: boolean;
  /** Newest state known here. */
  asOf: Time;
  /** A rotation has fallen due since, so the password may have been changed from elsewhere. */
  rotationDueSince: boolean;
  /** Seconds a revealed password stays visible. */
  hidesAfterSeconds: number;
};

/** Shows one stored password. A view record is durable before the answer. */
export type RevealRequest = {
  /** Ledger id. */
  organization: string;
  /** Item id. */
  account: string;
  /** Which stored password. */
  which: WhichValue;
  /** Why, up to 200 characters. */
  reason?: string;
};

/** One password. */
export type RevealView = {
  /** The password. */
  secret: string;
  /** When it was set, or made where it is a candidate. */
  since: Time | null;
  /** When to hide it. */
  hideAt: Time;
};

/** Copies a user name, password or one-time code to the clipboard, from Rust. */
export type CopyRequest = {
  /** Ledger id. */
  organization: string;
  /** Item id. */
  account: string;
  /** What. */
  what: CopyWhat;
  /** Why, up to 200 characters. */
  reason?: string;
};

/** What is copied. */
export type CopyWhat =
  | { kind: "userName" }
  | { kind: "password"; which: WhichValue }
  | { kind: "oneTimeCode" };

/** It is on the clipboard. */
export type CopyView = {
  /** When it is cleared, if it is still ours; none for a user name. */
  clearsAt: Time | null;
};

/** Stores the one-time-code key that Microsoft's page showed at the first sign-in. */
export type SetSecondFactorRequest = {
  /** Ledger id. */
  organization: string;
  /** Item id. */
  account: string;
  /** Base32 text or an `otpauth` address. */
  key: string;
};

/** Asks for a one-time code. */
export type OneTimeCodeRequest = {
  /** Ledger id. */
  organization: string;
  /** Item id. */
  account: string;
  /** The code after the present one. */
  next?: boolean;
  /** Why, up to 200 characters. */
  reason?: string;
};

/** A one-time code. */
export type OneTimeCodeView = {
  /** The code. */
  code: string;
  /** When it ends. */
  endsAt: Time;
  /** Length of its period in seconds. */
  periodSeconds: number;
};

/** An error at an edge: a stable code and the words that go with it. Carries no secret and no text of a peer that was not checked. */
export type ErrorView = {
  /** Stable, dotted: `vault.wrong-passphrase`. Programs branch on it, never on the words. */
  code: string;
  /** What happened. */
  what: string;
  /** What still holds, above all whether the old password still works. Empty where there is nothing to say. */
  holds: string;
  /** The next step. */
  next: string;
  /** What support needs: status, request ids, paths. No secret. */
  details: string | null;
  /** How long to wait before the same request is worth repeating, in milliseconds. */
  retryInMs: number | null;
  /** What kind of failure it is; decides the exit code of the command line. */
  class: ErrorClass;
};

/** Failures by what the caller can do about them. */
export type ErrorClass = "usage" | "locked" | "refused" | "unreachable" | "integrity" | "partly" | "machine";

/** Asks what enabling LAPS would do. */
export type LapsPlanRequest = {
  /** Ledger id. */
  organization: string;
};

/** What enabling LAPS would do. */
export type LapsPlanView = {
  /** Domain the accounts are created on. */
  domain: string;
  /** Names proposed, the part before the `@`. */
  suggestedNames: string[];
  /** Hours between rotations proposed. */
  intervalHours: number;
  /** An admin's session is alive; else a sign-in for accounts comes first. */
  sessionAlive: boolean;
};

/** Enables LAPS: creates the accounts in the admin's session, stores each credential before it is set. */
export type EnableLapsRequest = {
  /** Ledger id. */
  organization: string;
  /** One or two names, the part before the `@`. */
  names: string[];
  /** Hours between rotations, 1 to 720. */
  intervalHours: number;
  /** Accounts that exist already and that the person agreed to take over, by name. */
  adopt?: string[];
};

/** What enabling LAPS did. */
export type LapsEnabledView = {
  /** Each account and how it went. */
  accounts: LapsAccountOutcome[];
  /** The organization afterwards. */
  organization: OrganizationView;
};

/** How it went with one account. */
export type LapsAccountOutcome = {
  /** Name asked for. */
  name: string;
  /** What happened. */
  outcome: LapsOutcome;
  /** Why, where it failed or needs a decision. */
  error: ErrorView | null;
};

/** What happened to an account. */
export type LapsOutcome = "created" | "adopted" | "alreadyKept" | "askAdopt" | "failed";

/** Turns LAPS off. */
export type DisableLapsRequest = {
  /** Ledger id. */
  organization: string;
  /** What becomes of the accounts. */
  accounts: AccountsFate;
};

/** What becomes of the accounts when LAPS is turned off. */
export type AccountsFate = "keep" | "disable" | "delete";

/** Changes the interval. */
export type SetIntervalRequest = {
  /** Ledger id. */
  organization: string;
  /** Hours between rotations, 1 to 720. */
  intervalHours: number;
};

/** An emergency account, without its secrets. */
export type AccountView = {
  /** Item id, 32 hexadecimal digits. */
  id: string;
  /** User principal name. */
  userName: string;
  /** State. */
  state: AccountState;
  /** When the present password was set. */
  rotatedAt: Time | null;
  /** When the tenant confirmed it. */
  verifiedAt: Time | null;
  /** When the next rotation is due. */
  dueAt: Time | null;
  /** A one-time-code key is stored. */
  hasSecondFactor: boolean;
  /** Last time its password was shown or copied here. */
  lastViewed: LastViewed | null;
  /** The stored passwords, in the order to try them. */
  values: StoredValue[];
  /** Why the last rotation did not end well. */
  problem: ErrorView | null;
};

/** Who saw a password last. */
export type LastViewed = {
  /** Who. */
  who: string;
  /** When. */
  at: Time;
};

/** State of an emergency account. */
export type AccountState = "fresh" | "creating" | "rotating" | "due" | "unclear" | "changedOutside" | "needsPerson";

/** One stored password, without its value. */
export type StoredValue = {
  /** Which. */
  which: WhichValue;
  /** When it was made or set. */
  since: Time | null;
};

/** Which stored password. */
export type WhichValue = "current" | "pending" | "previous";

/** The answer of a command that has nothing to tell but that it is done. */
export type Done = Record<string, never>;

/** Something changed; windows ask again for what they show. */
export type Event =
  | { kind: "locked"; reason: LockReason }
  | { kind: "unlocked" }
  | { kind: "organizationsChanged" }
  | { kind: "organizationChanged"; organization: string }
  | { kind: "connectChanged"; organization: string }
  | { kind: "jobsChanged" }
  | { kind: "statusChanged" };

/** A page of the list of organizations. */
export type OrganizationsRequest = {
  /** Text looked for in name and domain, case-insensitive; empty for all. */
  filter?: string;
  /** Only those in this state. */
  state?: OrganizationState | null;
  /** Order of the rows. */
  sort?: OrganizationSort;
  /** Reversed order. */
  descending?: boolean;
  /** Rows to pass over. */
  offset?: number;
  /** Rows wanted, 1 to 500; 0 means 100. */
  limit?: number;
};

/** Order of the rows. */
export type OrganizationSort = "name" | "state" | "lastRotation" | "nextRotation";

/** A page of the list. */
export type OrganizationsView = {
  /** The rows asked for. */
  rows: OrganizationRow[];
  /** How many match. */
  matching: number;
  /** How many there are, by state. */
  counts: OrganizationCounts;
};

/** How many organizations there are, by state. */
export type OrganizationCounts = {
  /** All. */
  total: number;
  /** Every account rotated in time and verified. */
  healthy: number;
  /** A rotation is due. */
  due: number;
  /** A rotation failed, is unclear, or a password was changed outside. */
  failed: number;
  /** No tenant connected, or no emergency account yet. */
  notConnected: number;
};

/** State of an organization in one word. */
export type OrganizationState = "failed" | "due" | "notConnected" | "healthy";

/** One line of the list. */
export type OrganizationRow = {
  /** Ledger id, 64 hexadecimal digits. */
  id: string;
  /** Name. */
  name: string;
  /** Primary domain of the tenant. */
  domain: string | null;
  /** State. */
  state: OrganizationState;
  /** Emergency accounts. */
  accounts: number;
  /** Oldest last rotation of its accounts. */
  lastRotation: Time | null;
  /** Earliest next rotation of its accounts. */
  nextRotation: Time | null;
};

/** Adds an organization. */
export type AddOrganizationRequest = {
  /** Name, 1 to 100 characters, not one that exists. */
  name: string;
  /** Notes, up to 2,000 characters. */
  notes?: string;
};

/** Reads a CSV and says what would be added. */
export type PreviewImportRequest = {
  /** The file's text: a header line with `name` and optionally `notes`; comma or semicolon; up to 2 MB. */
  csv: string;
};

/** Adds the organizations of a CSV whose rows have no problem. */
export type ImportRequest = {
  /** As for the preview. */
  csv: string;
};

/** What an import would add. */
export type ImportPreviewView = {
  /** Every row of the file. */
  rows: ImportRow[];
  /** Rows without a problem. */
  good: number;
  /** Rows with one. */
  bad: number;
};

/** One row of a CSV. */
export type ImportRow = {
  /** Line in the file, counted from 1. */
  line: number;
  /** Name read. */
  name: string;
  /** Notes read. */
  notes: string;
  /** Why it will not be added. */
  problem: string | null;
};

/** What an import added. */
export type ImportView = {
  /** Organizations added. */
  added: number;
  /** Rows left out, with their problems. */
  leftOut: ImportRow[];
};

/** Asks for one organization. */
export type OrganizationRequest = {
  /** Ledger id. */
  organization: string;
};

/** Changes name, notes and tags. */
export type EditOrganizationRequest = {
  /** Ledger id. */
  organization: string;
  /** New name. */
  name: string;
  /** New notes. */
  notes: string;
  /** New tags, up to 20 of up to 40 characters. */
  tags: string[];
};

/** Takes an organization out of the list. Its tenant is not touched; its history is kept. */
export type ArchiveOrganizationRequest = {
  /** Ledger id. */
  organization: string;
  /** Its name, typed by the person. */
  typedName: string;
};

/** One organization, whole, without secrets. */
export type OrganizationView = {
  /** Ledger id. */
  id: string;
  /** Name. */
  name: string;
  /** Notes. */
  notes: string;
  /** Tags. */
  tags: string[];
  /** State. */
  state: OrganizationState;
  /** What to do next. */
  nextStep: NextStep;
  /** The connected tenant. */
  tenant: TenantView | null;
  /** Settings of LAPS, when enabled. */
  laps: LapsView | null;
  /** Emergency accounts. */
  accounts: AccountView[];
  /** What is checked, in plain words. */
  health: HealthLine[];
  /** What happened, newest first, up to 50 lines. */
  activity: ActivityLine[];
  /** A sign-in or set-up that is under way. */
  connecting: ConnectPhase | null;
};

/** What to do next for an organization. */
export type NextStep = "connect" | "finishConnect" | "enableLaps" | "rotate" | "repair" | "secondFactor" | "nothing";

/** The connected tenant. */
export type TenantView = {
  /** Directory id. */
  id: string;
  /** Its name, as the tenant says it. */
  name: string;
  /** Its default domain. */
  domain: string;
  /** Its initial `onmicrosoft.com` domain. */
  initialDomain: string;
  /** Application (client) id of the connection. */
  appId: string;
  /** When the connection was made. */
  connectedAt: Time;
  /** When its certificate ends. */
  certificateEndsAt: Time;
};

/** Settings of LAPS for an organization. */
export type LapsView = {
  /** Hours between rotations. */
  intervalHours: number;
  /** When it was enabled. */
  enabledAt: Time;
};

/** One line of what is checked. */
export type HealthLine = {
  /** What is checked. */
  check: HealthCheck;
  /** Which account, where it is about one. */
  account: string | null;
  /** User name of that account. */
  userName: string | null;
  /** How it stands. */
  verdict: Verdict;
  /** When it was looked at. */
  checkedAt: Time | null;
  /** What was found, in words. */
  words: string;
};

/** What is checked. */
export type HealthCheck = "connection" | "accountExists" | "roleHeld" | "passwordVerified" | "secondFactor";

/** How a check stands. */
export type Verdict = "good" | "bad" | "warning" | "unknown";

/** Something that happened, from the ledger or the view records. */
export type ActivityLine = {
  /** When, as the acting device said. */
  at: Time;
  /** Who. */
  who: string;
  /** What. */
  action: Action;
  /** Which organization. */
  organization: string | null;
  /** Its name. */
  organizationName: string | null;
  /** User name of the account, where it is about one. */
  userName: string | null;
  /** The reason given, or what went wrong. */
  note: string | null;
};

/** What a person or the program did. */
export type Action = "vaultCreated" | "organizationAdded" | "organizationEdited" | "organizationArchived" | "tenantConnected" | "lapsEnabled" | "lapsDisabled" | "accountCreated" | "accountAdopted" | "rotated" | "rotationFailed" | "viewed" | "copied" | "secondFactorStored" | "kitSaved" | "sheetSaved" | "restored";

/** Asks what happened over all organizations. */
export type AuditRequest = {
  /** Only this organization. */
  organization?: string | null;
  /** Lines to pass over. */
  offset?: number;
  /** Lines wanted, 1 to 1,000; 0 means 100. */
  limit?: number;
};

/** What happened. */
export type AuditView = {
  /** Newest first. */
  lines: ActivityLine[];
  /** How many there are. */
  total: number;
  /** Newest entry up to which every signature and link was verified. */
  verifiedTo: Time | null;
  /** What is wrong with the chain, if anything. */
  problem: ErrorView | null;
};

/** Rotates passwords. Returns at once; the jobs go on even when the window closes. */
export type RotateRequest = {
  /** Which. */
  scope: RotateScope;
};

/** Which passwords to rotate. */
export type RotateScope =
  | { kind: "account"; organization: string; account: string }
  | { kind: "organizations"; organizations: string[] }
  | { kind: "due" }
  | { kind: "all" };

/** Asks for the jobs. */
export type JobsRequest = Record<string, never>;

/** The rotations that run, wait, failed or ended since the vault was unlocked, newest first. */
export type JobsView = {
  /** The jobs. */
  jobs: JobView[];
  /** How many run or wait. */
  open: number;
  /** How many accounts are due and not yet queued. */
  due: number;
};

/** One rotation of one account. */
export type JobView = {
  /** Ledger id. */
  organization: string;
  /** Its name. */
  organizationName: string;
  /** Item id. */
  account: string;
  /** User principal name. */
  userName: string;
  /** Where it stands. */
  step: JobStep;
  /** Attempts so far. */
  attempts: number;
  /** When it is tried again. */
  nextTryAt: Time | null;
  /** The last word on it. */
  problem: ErrorView | null;
  /** When it last moved. */
  at: Time;
};

/** Steps of a rotation, in order. */
export type JobStep = "queued" | "looking" | "preparing" | "sending" | "verifying" | "done" | "unclear" | "failed" | "changedOutside" | "needsPerson";

/** Asks for the settings. */
export type SettingsRequest = Record<string, never>;

/** Replaces the settings; what was saved is read back. */
export type SetSettingsRequest = {
  /** The settings as they should be. */
  settings: Settings;
};

/** The settings and which of them something outside fixed. */
export type SettingsView = {
  /** The settings in force. */
  settings: Settings;
  /** Names of settings fixed by environment or flags, shown as fixed. */
  fixed: string[];
  /** File they are saved in. */
  file: string;
};

/** Settings of this device. */
export type Settings = {
  /** Minutes without use after which the vault locks, 1 to 720. */
  lockAfterMinutes: number;
  /** Lock when the desktop session locks. */
  lockWithSession: boolean;
  /** Lock before the machine sleeps. */
  lockOnSuspend: boolean;
  /** Lock when the window is closed to the tray. */
  lockOnClose: boolean;
  /** Closing the window keeps Vitrine in the tray. */
  closeToTray: boolean;
  /** Seconds after which a copied secret leaves the clipboard, 5 to 300. */
  clipboardSeconds: number;
  /** Seconds a revealed password stays visible, 10 to 300. */
  revealSeconds: number;
  /** Ask for a reason before anything is shown. */
  askReason: boolean;
  /** Light or dark. */
  theme: Theme;
  /** Height of rows. */
  density: Density;
};

/** Light or dark. */
export type Theme = "system" | "light" | "dark";

/** Height of rows. */
export type Density = "compact" | "comfortable";

/** Asks for the state of vault and application. Always answered, locked or not. */
export type StatusRequest = Record<string, never>;

/** The state of vault and application. Names no organization while locked. */
export type StatusView = {
  /** Whether there is a vault, and whether it is open. */
  phase: Phase;
  /** Why it is locked, while it is. */
  lockReason: LockReason | null;
  /** Milliseconds until another passphrase is accepted after wrong ones; 0 when one is accepted now. */
  retryInMs: number;
  /** Which Microsoft cloud this installation speaks to. */
  cloud: CloudView;
  /** Where the device secret lies. */
  deviceSecret: DeviceSecretPlace;
  /** Name of the firm; only while unlocked. */
  mspName: string | null;
  /** Name of the person; only while unlocked. */
  personName: string | null;
  /** What of the onboarding is done; only while unlocked. */
  onboarding: OnboardingView | null;
  /** The encrypted backup; only while unlocked. */
  backup: BackupView | null;
  /** What was noticed about the store when it was opened: a repaired page, an older database. */
  warnings: ErrorView[];
  /** Path of the data folder. */
  dataFolder: string;
  /** Version of the program. */
  version: string;
};

/** Whether there is a vault, and whether it is open. */
export type Phase = "noVault" | "locked" | "unlocked";

/** Why the vault is locked. */
export type LockReason = "start" | "hand" | "idle" | "session" | "suspend" | "tray";

/** Which Microsoft cloud this installation speaks to. */
export type CloudView = {
  /** `global`, `usGovL4`, `usGovL5`, `china` or `custom`. */
  name: string;
  /** Host of the sign-in pages. */
  loginHost: string;
  /** Host of Microsoft Graph. */
  graphHost: string;
  /** A lasting banner names these hosts: they are not Microsoft's. */
  custom: boolean;
  /** The banner says "Simulated cloud". */
  simulated: boolean;
  /** Client id of the first sign-in, when one is set. */
  clientId: string | null;
};

/** Where the device secret lies, without which the passphrase opens nothing. */
export type DeviceSecretPlace = "keychainReady" | "noKeychain" | "keychain" | "file" | "missing";

/** The steps of onboarding that tick themselves. */
export type OnboardingView = {
  /** Two groups of the recovery kit were typed back. */
  kitConfirmed: boolean;
  /** The safe sheet was saved. */
  sheetSaved: boolean;
  /** A backup exists. */
  backupExists: boolean;
  /** An organization exists. */
  organizationExists: boolean;
  /** A tenant is connected. */
  tenantConnected: boolean;
  /** One rotation was verified. */
  rotationVerified: boolean;
};

/** The encrypted backup file. */
export type BackupView = {
  /** Folder it is written to after every change. */
  folder: string | null;
  /** Full path of the file, once written. */
  file: string | null;
  /** When it was last written. */
  writtenAt: Time | null;
  /** Whether the last change is in it. */
  current: boolean;
  /** Why the last attempt failed. */
  problem: ErrorView | null;
};

/** Asks how strong a passphrase is. Nothing is kept. */
export type PassphraseStrengthRequest = {
  /** The passphrase as typed so far. */
  passphrase: string;
};

/** How strong a passphrase is. */
export type PassphraseStrengthView = {
  /** 0 (guessed at once) to 4 (very unlikely to be guessed). */
  score: number;
  /** Whether it may be used: score 3 or more, 4 with the file fallback. */
  enough: boolean;
  /** One sentence about the weakest point, if any. */
  advice: string | null;
};

/** Asks for six words drawn at random. */
export type SuggestPassphraseRequest = Record<string, never>;

/** Six words drawn at random from a list of 7,776. */
export type SuggestPassphraseView = {
  /** The words, separated by single spaces. */
  passphrase: string;
};

/** Creates the vault of a firm on this device. */
export type CreateVaultRequest = {
  /** Name of the firm, 1 to 100 characters. */
  mspName: string;
  /** Name of the person, 1 to 100 characters. */
  personName: string;
  /** The passphrase, strength 3 or more. */
  passphrase: string;
  /** The person accepts a file of their own where there is no keychain. */
  acceptFileFallback: boolean;
};

/** Opens the vault. */
export type UnlockRequest = {
  /** The passphrase. */
  passphrase: string;
};

/** Drops every key, then tells the windows. */
export type LockRequest = Record<string, never>;

/** Tells that a person used the program, so that the idle lock waits. */
export type TouchRequest = Record<string, never>;

/** Changes the passphrase. The kit on paper stays as it is. */
export type ChangePassphraseRequest = {
  /** The present passphrase. */
  current: string;
  /** The new one, strength 3 or more. */
  new: string;
};

/** Asks where papers and backup might be saved. */
export type SuggestedPathsRequest = Record<string, never>;

/** Places to propose; none is written to before a person agrees. */
export type SuggestedPathsView = {
  /** For the recovery kit (PDF). */
  kit: string;
  /** For the safe sheet (PDF). */
  sheet: string;
  /** Folder for the backup. */
  backup: string;
};

/** Writes the recovery kit as a PDF. */
export type SaveKitRequest = {
  /** Absolute path of the file; an existing file is not overwritten. */
  path: string;
};

/** The kit was written; two groups are asked back. */
export type SavedKitView = {
  /** Where it was written. */
  path: string;
  /** Numbers of the two groups of the account secret to type back, counted from 1. */
  groups: [number, number];
};

/** Two groups of the account secret, typed back from the paper. */
export type ConfirmKitRequest = {
  /** The groups, in the order they were asked. */
  groups: [string, string];
};

/** Writes the safe sheet as a PDF, and sets its key as the vault's recovery. */
export type SaveSheetRequest = {
  /** Absolute path of the file; an existing file is not overwritten. */
  path: string;
};

/** The sheet was written. */
export type SavedSheetView = {
  /** Where. */
  path: string;
};

/** Sets the folder that receives an encrypted backup after every change, and writes the first one. */
export type SetBackupRequest = {
  /** Absolute path of a folder; created if its parent exists. */
  folder: string;
};

/** Writes the backup now. */
export type BackupNowRequest = Record<string, never>;

/** Restores a vault from a backup file into an empty data folder. */
export type RestoreRequest = {
  /** Absolute path of the backup file. */
  file: string;
  /** The paper that opens it. */
  paper: RestorePaper;
  /** With the kit: the passphrase the vault had. With the sheet: a new passphrase. */
  passphrase: string;
  /** The person accepts a file of their own where there is no keychain. */
  acceptFileFallback: boolean;
};

/** The paper that opens a backup. */
export type RestorePaper =
  | { kind: "kit"; secretCode: string; vaultCode: string }
  | { kind: "sheet"; code: string };

async function typedError<T, E>(result: Promise<T>): Promise<{ status: "ok"; data: T } | { status: "error"; error: E }> {
  try {
    return { status: "ok", data: await result };
  } catch (e) {
    if (e instanceof Error) throw e;
    return { status: "error", error: e as E };
  }
}

function makeEvent<T>(name: string) {
  return { listen: (cb: __TAURI_EVENT.EventCallback<T>) => __TAURI_EVENT.listen(name, cb) };
}
