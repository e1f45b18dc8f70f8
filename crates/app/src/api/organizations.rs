//! Organizations: the list, one of them, adding and importing.

use super::{
    AccessLevel, AccessView, AccountView, AfterView, BlackoutWindow, ConnectPhase, Done, StrangerView, Time, command,
};
use serde::{Deserialize, Serialize};
use specta::Type;

/// A page of the list of organizations.
#[derive(Clone, Debug, Default, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct OrganizationsRequest {
    /// Text looked for in name and domain, case-insensitive; empty for all.
    #[serde(default)]
    pub filter: String,
    /// Only those in this state.
    #[serde(default)]
    pub state: Option<OrganizationState>,
    /// Order of the rows.
    #[serde(default)]
    pub sort: OrganizationSort,
    /// Reversed order.
    #[serde(default)]
    pub descending: bool,
    /// Rows to pass over.
    #[serde(default)]
    pub offset: u32,
    /// Rows wanted, 1 to 500; 0 means 100.
    #[serde(default)]
    pub limit: u32,
}
command!(OrganizationsRequest, "organizations", OrganizationsView);

/// Order of the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum OrganizationSort {
    /// By name.
    #[default]
    Name,
    /// By what is wrong: failed, due, not connected, healthy.
    State,
    /// By last rotation.
    LastRotation,
    /// By next rotation.
    NextRotation,
}

/// A page of the list.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct OrganizationsView {
    /// The rows asked for.
    pub rows: Vec<OrganizationRow>,
    /// How many match.
    pub matching: u32,
    /// How many there are, by state.
    pub counts: OrganizationCounts,
    /// Further ones that the firm has, of which the member who asks may know no more.
    pub closed: u32,
}

/// Asks which organization a person means by its whole name, a whole domain or its id.
#[derive(Clone, Debug, Default, Serialize, Deserialize, Type)]
pub struct FindOrganizationRequest {
    /// What the person typed.
    pub named: String,
}
command!(FindOrganizationRequest, "find_organization", FoundOrganizationsView);

/// The organizations of that name: none, one, or more than one can tell apart.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct FoundOrganizationsView {
    /// Them.
    pub rows: Vec<OrganizationRow>,
}

/// How many organizations there are, by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct OrganizationCounts {
    /// All.
    pub total: u32,
    /// Every account rotated in time and verified.
    pub healthy: u32,
    /// A rotation is due.
    pub due: u32,
    /// A rotation failed, is unclear, or a password was changed outside.
    pub failed: u32,
    /// No tenant connected, or no emergency account yet.
    pub not_connected: u32,
}

/// State of an organization in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum OrganizationState {
    /// A rotation failed, is unclear, or a password was changed outside.
    Failed,
    /// A rotation is due.
    Due,
    /// No tenant connected, or no emergency account yet.
    NotConnected,
    /// Every account rotated in time and verified.
    Healthy,
}

/// One line of the list.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct OrganizationRow {
    /// Ledger id, 64 hexadecimal digits.
    pub id: String,
    /// Name.
    pub name: String,
    /// Primary domain of the tenant.
    pub domain: Option<String>,
    /// State.
    pub state: OrganizationState,
    /// Emergency accounts.
    pub accounts: u8,
    /// Oldest last rotation of its accounts.
    pub last_rotation: Option<Time>,
    /// Earliest next rotation of its accounts.
    pub next_rotation: Option<Time>,
}

/// Adds an organization.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct AddOrganizationRequest {
    /// Name, 1 to 100 characters, not one that exists.
    pub name: String,
    /// Notes, up to 2,000 characters.
    #[serde(default)]
    pub notes: String,
    /// The team of work that it is opened to, from [`TeamView::id`](super::TeamView::id); without one, Staff.
    #[serde(default)]
    pub team: Option<String>,
}
command!(AddOrganizationRequest, "add_organization", OrganizationView);

/// Reads a CSV and says what would be added.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct PreviewImportRequest {
    /// The file's text: a header line with `name` and optionally `notes`; comma or semicolon; up to 2 MB.
    pub csv: String,
}
command!(PreviewImportRequest, "preview_import", ImportPreviewView);

/// Adds the organizations of a CSV whose rows have no problem.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct ImportRequest {
    /// As for the preview.
    pub csv: String,
}
command!(ImportRequest, "import_organizations", ImportView);

/// What an import would add.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct ImportPreviewView {
    /// Every row of the file.
    pub rows: Vec<ImportRow>,
    /// Rows without a problem.
    pub good: u32,
    /// Rows with one.
    pub bad: u32,
}

/// One row of a CSV.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct ImportRow {
    /// Line in the file, counted from 1.
    pub line: u32,
    /// Name read.
    pub name: String,
    /// Notes read.
    pub notes: String,
    /// Why it will not be added.
    pub problem: Option<String>,
}

/// What an import added.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct ImportView {
    /// Organizations added.
    pub added: u32,
    /// Rows left out, with their problems.
    pub left_out: Vec<ImportRow>,
}

/// Asks for one organization.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct OrganizationRequest {
    /// Ledger id.
    pub organization: String,
}
command!(OrganizationRequest, "organization", OrganizationView);

/// Changes name, notes and tags.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct EditOrganizationRequest {
    /// Ledger id.
    pub organization: String,
    /// New name.
    pub name: String,
    /// New notes.
    pub notes: String,
    /// New tags, up to 20 of up to 40 characters.
    pub tags: Vec<String>,
}
command!(EditOrganizationRequest, "edit_organization", OrganizationView);

/// Takes an organization out of the list. Its tenant is not touched; its history is kept.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ArchiveOrganizationRequest {
    /// Ledger id.
    pub organization: String,
    /// Its name, typed by the person.
    pub typed_name: String,
}
command!(ArchiveOrganizationRequest, "archive_organization", Done);

/// One organization, whole, without secrets.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct OrganizationView {
    /// Ledger id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Notes.
    pub notes: String,
    /// Tags.
    pub tags: Vec<String>,
    /// State.
    pub state: OrganizationState,
    /// What to do next.
    pub next_step: NextStep,
    /// The connected tenant.
    pub tenant: Option<TenantView>,
    /// Settings of LAPS, when enabled.
    pub laps: Option<LapsView>,
    /// Emergency accounts.
    pub accounts: Vec<AccountView>,
    /// Ways into its tenant that Vitrine did not make.
    pub strangers: Vec<StrangerView>,
    /// What is checked, in plain words.
    pub health: Vec<HealthLine>,
    /// What happened, newest first, up to 50 lines.
    pub activity: Vec<ActivityLine>,
    /// A sign-in or set-up that is under way.
    pub connecting: Option<ConnectPhase>,
    /// Its history is still being checked: it can be read, and nothing can be changed.
    pub unchecked: bool,
    /// How much of it the member who asks has.
    pub level: AccessLevel,
    /// Teams that have access.
    pub access: Vec<AccessView>,
}

/// What to do next for an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum NextStep {
    /// Connect its tenant.
    Connect,
    /// Finish a set-up that was begun.
    FinishConnect,
    /// Connect its tenant again: the connection's certificate has ended.
    Reconnect,
    /// Enable LAPS.
    EnableLaps,
    /// Rotate what is due.
    Rotate,
    /// Look at a failed or unclear rotation.
    Repair,
    /// Give the accounts a second factor.
    SecondFactor,
    /// Nothing.
    Nothing,
}

/// The connected tenant.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TenantView {
    /// Directory id.
    pub id: String,
    /// Its name, as the tenant says it.
    pub name: String,
    /// Its default domain.
    pub domain: String,
    /// Its initial `onmicrosoft.com` domain.
    pub initial_domain: String,
    /// Application (client) id of the connection.
    pub app_id: String,
    /// When the connection was made.
    pub connected_at: Time,
    /// When its certificate ends.
    pub certificate_ends_at: Time,
}

/// Settings of LAPS for an organization.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LapsView {
    /// Hours between rotations.
    pub interval_hours: u32,
    /// When it was enabled.
    pub enabled_at: Time,
    /// What a view of a password asks of the schedule.
    pub after_view: AfterView,
    /// When nothing is rotated by itself.
    pub blackout: Vec<BlackoutWindow>,
    /// IANA name of the time zone of these windows; none for that of the machine that rotates.
    pub zone: Option<String>,
    /// Characters of a new password.
    pub password_length: u16,
    /// Whether a new password may hold characters that look alike.
    pub look_alikes: bool,
}

/// One line of what is checked.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct HealthLine {
    /// What is checked.
    pub check: HealthCheck,
    /// Which account, where it is about one.
    pub account: Option<String>,
    /// User name of that account.
    pub user_name: Option<String>,
    /// How it stands.
    pub verdict: Verdict,
    /// When it was looked at.
    pub checked_at: Option<Time>,
    /// What was found, in words.
    pub words: String,
}

/// What is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum HealthCheck {
    /// The connection signs in and holds each permission.
    Connection,
    /// The connection's certificate, with the days that are left.
    Certificate,
    /// The account exists and is enabled.
    AccountExists,
    /// It holds Global Administrator.
    RoleHeld,
    /// The tenant confirmed the stored password's change.
    PasswordVerified,
    /// A second factor is stored here.
    SecondFactor,
    /// Sessions that were opened with an older password were ended.
    SessionsEnded,
    /// Keys and secrets of the connection are those that Vitrine made.
    KeyList,
    /// Nobody owns the connection's app, and it trusts no identity of elsewhere.
    Owners,
    /// The accounts have no sign-in methods but those that somebody answers for.
    SignInMethods,
}

/// How a check stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// As it should be.
    Good,
    /// Wrong now.
    Bad,
    /// Works, but a person should act.
    Warning,
    /// Not looked at yet.
    Unknown,
}

/// Something that happened, from the ledger or the view records.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ActivityLine {
    /// When, as the acting device said.
    pub at: Time,
    /// Who.
    pub who: String,
    /// The member it was done to, where it is about one.
    pub subject: Option<String>,
    /// What.
    pub action: Action,
    /// Which organization.
    pub organization: Option<String>,
    /// Its name.
    pub organization_name: Option<String>,
    /// User name of the account, where it is about one.
    pub user_name: Option<String>,
    /// The reason given, or what went wrong.
    pub note: Option<String>,
    /// Its device had been ended when its record came into the signed history.
    pub late: bool,
}

/// What a person or the program did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// The vault was created.
    VaultCreated,
    /// An organization was added.
    OrganizationAdded,
    /// Its name, notes or tags changed.
    OrganizationEdited,
    /// It was archived.
    OrganizationArchived,
    /// Its tenant was connected.
    TenantConnected,
    /// Its connection's certificate was renewed.
    CertificateRenewed,
    /// LAPS was enabled.
    LapsEnabled,
    /// LAPS was turned off.
    LapsDisabled,
    /// How its accounts are rotated was changed.
    ScheduleChanged,
    /// An emergency account was created.
    AccountCreated,
    /// An existing account was taken over after asking.
    AccountAdopted,
    /// An account that was never created was removed.
    AccountForgotten,
    /// What was changed about an account outside Vitrine was put right.
    AccountRepaired,
    /// A password was rotated and verified.
    Rotated,
    /// A rotation failed or is unclear.
    RotationFailed,
    /// Something about an account was changed outside Vitrine.
    ChangedOutside,
    /// Ways into its tenant were found that Vitrine did not make.
    StrangersFound,
    /// They were removed.
    StrangersRemoved,
    /// A person answered for one.
    StrangerKept,
    /// A password was shown.
    Viewed,
    /// A password or code was copied.
    Copied,
    /// A one-time-code key was stored.
    SecondFactorStored,
    /// The recovery kit was written.
    KitSaved,
    /// The safe sheet was written.
    SheetSaved,
    /// A device was added by recovery kit or safe sheet.
    Restored,
    /// A person answered for a restored vault being the newest.
    RestoreConfirmed,
    /// The home was given to a backend.
    HomeMoved,
    /// The home was brought back to a device.
    HomeBroughtBack,
    /// Somebody was invited.
    MemberInvited,
    /// The person who answered an invitation was added.
    MemberAdded,
    /// A code was made for a further device of a member.
    DeviceInvited,
    /// A device was revoked.
    DeviceRevoked,
    /// A member was given a further device.
    DeviceAdded,
    /// This device joined the vault.
    Joined,
    /// What a member may do was changed.
    RoleChanged,
    /// A member was removed.
    MemberRemoved,
    /// A team was made.
    TeamMade,
    /// Its name or members were changed.
    TeamChanged,
    /// It was removed.
    TeamRemoved,
    /// A team was given access to an organization, or it was taken away.
    AccessChanged,
    /// A member was given new keys.
    MemberRekeyed,
    /// A change that waited for a second owner was consented to.
    ChangeApproved,
    /// The firm's own rules were changed.
    PolicyChanged,
    /// An incident was begun: everything in its scope is replaced.
    IncidentBegan,
    /// It was ended.
    IncidentEnded,
    /// The webhook of this device was set or changed.
    WebhookSet,
    /// It was removed.
    WebhookRemoved,
    /// A record in the signed history is not what it says.
    RecordRefused,
}
