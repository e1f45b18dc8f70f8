//! An incident: everything that somebody may know is replaced, organization by organization, until nothing is left.

use super::{ErrorView, Time, command};
use serde::{Deserialize, Serialize};
use specta::Type;

/// What an incident covers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum IncidentScope {
    /// Every organization.
    Everything,
    /// Those that carry a tag.
    Tag {
        /// The tag, case-insensitive.
        tag: String,
    },
    /// Those that are named.
    Organizations {
        /// Ledger ids, 1 to 1,000.
        organizations: Vec<String>,
    },
    /// Those of which a member can read credentials when it begins.
    Person {
        /// Whom, from `MemberView::id`.
        member: String,
    },
    /// Those with a credential that was shown or copied at this moment or later.
    Viewed {
        /// The moment.
        since: Time,
    },
}

/// Asks how much a scope would cover, before anything is begun.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct IncidentScopeRequest {
    /// The scope.
    pub scope: IncidentScope,
}
command!(IncidentScopeRequest, "incident_scope", IncidentScopeView);

/// How much a scope covers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct IncidentScopeView {
    /// Organizations with a connected tenant.
    pub organizations: u32,
    /// Their emergency accounts.
    pub accounts: u32,
}

/// Begins an incident: the certificates of the connections and the passwords of the accounts are replaced, sessions
/// ended, whoever was shown one lately first. Goes on at every unlock until it is ended.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct BeginIncidentRequest {
    /// What it covers.
    pub scope: IncidentScope,
    /// What happened, for the report: one line of 1 to 200 characters.
    pub reason: String,
}
command!(BeginIncidentRequest, "begin_incident", IncidentBoardView);

/// Asks how the incident stands.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, Type)]
pub struct IncidentRequest {}
command!(IncidentRequest, "incident", IncidentBoardView);

/// Tries again at once what is blocked, and goes on with what waits.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, Type)]
pub struct RetryIncidentRequest {}
command!(RetryIncidentRequest, "retry_incident", IncidentBoardView);

/// Ends the incident. What is left keeps its credentials; they rotate when they are due.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, Type)]
pub struct EndIncidentRequest {}
command!(EndIncidentRequest, "end_incident", IncidentBoardView);

/// Writes the report of the incident as it stands, as JSON without secrets.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct SaveIncidentReportRequest {
    /// Absolute path of the file; an existing file is not overwritten.
    pub path: String,
}
command!(SaveIncidentReportRequest, "save_incident_report", SavedIncidentReportView);

/// The report was written.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct SavedIncidentReportView {
    /// Where.
    pub path: String,
}

/// The incident that is open, if one is.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct IncidentBoardView {
    /// It.
    pub incident: Option<IncidentView>,
}

/// How an incident stands.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct IncidentView {
    /// What happened, as the person wrote it.
    pub reason: String,
    /// Who began it.
    pub who: String,
    /// When. Whatever was made before counts as known to somebody.
    pub began_at: Time,
    /// What it covers.
    pub scope: IncidentScope,
    /// Organizations by where they stand.
    pub organizations: IncidentCounts,
    /// Emergency accounts.
    pub accounts: Replaced,
    /// Certificates of connections.
    pub certificates: Replaced,
    /// When what is not blocked is expected to be replaced, at the pace of the last ten minutes. None while that pace says
    /// little, while rotation is paused, and once nothing is left to go on with.
    pub expected_end: Option<Time>,
    /// What is blocked first, then what is at work, what waits, what is replaced; 500 at most.
    pub rows: Vec<IncidentRow>,
}

/// How many organizations stand where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct IncidentCounts {
    /// Nothing of it can go on until something else happens.
    pub blocked: u32,
    /// Worked on right now.
    pub working: u32,
    /// Waits for its turn.
    pub waiting: u32,
    /// Nothing is left of what somebody may know.
    pub replaced: u32,
}

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Replaced {
    /// Made since the incident began.
    pub replaced: u32,
    /// All of them.
    pub of: u32,
}

/// One organization of an incident.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct IncidentRow {
    /// Ledger id.
    pub organization: String,
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub state: IncidentState,
    /// Its accounts.
    pub accounts: Replaced,
    /// Whether its connection's certificate was replaced and the old one removed from the tenant.
    pub certificate: bool,
    /// Ways into its tenant that Vitrine did not make and nobody answers for.
    pub strangers: u32,
    /// Why it is blocked, and the next step.
    pub problem: Option<ErrorView>,
}

/// Where an organization of an incident stands, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum IncidentState {
    /// Nothing of it can go on until something else happens.
    Blocked,
    /// Worked on right now.
    Working,
    /// Waits for its turn.
    Waiting,
    /// Nothing is left of what somebody may know.
    Replaced,
}
