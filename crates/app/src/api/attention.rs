//! The attention inbox: what a person has to do something about.

use super::{ErrorView, Time, command};
use serde::{Deserialize, Serialize};
use specta::Type;

/// Asks for a page of the open problems, the newest first. `{}` is the first page.
#[derive(Clone, Debug, Default, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase", default)]
pub struct AttentionRequest {
    /// Text looked for in the names of organization, domain and account, case-insensitive; empty for all.
    pub filter: String,
    /// Those that are snoozed, instead of the open ones.
    pub snoozed: bool,
    /// Problems to pass over.
    pub offset: u32,
    /// Problems wanted, 1 to 500; 0 means 100.
    pub limit: u32,
}
command!(AttentionRequest, "attention", AttentionView);

/// A page of problems.
#[derive(Clone, Debug, Default, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AttentionView {
    /// The problems asked for.
    pub problems: Vec<ProblemView>,
    /// How many match.
    pub matching: u32,
    /// How many are open, of all.
    pub open: u32,
    /// How many are snoozed, of all.
    pub snoozed: u32,
}

/// Something that stays wrong until a person does something about it.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ProblemView {
    /// Names it for as long as it lasts.
    pub id: String,
    /// What kind of problem it is.
    pub kind: ProblemKind,
    /// Ledger id; none for what concerns several organizations.
    pub organization: Option<String>,
    /// Its name.
    pub organization_name: Option<String>,
    /// Item id, where it is about one account.
    pub account: Option<String>,
    /// Its user principal name.
    pub user_name: Option<String>,
    /// When it began.
    pub since: Time,
    /// What happened, what still holds, what to do.
    pub error: ErrorView,
    /// The act that answers it.
    pub step: ProblemStep,
    /// That act is under way.
    pub working: bool,
    /// Until when nobody wants to hear of it.
    pub snoozed: Option<SnoozedView>,
}

/// Kinds of problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ProblemKind {
    /// Accounts are overdue and nobody rotates them.
    Overdue,
    /// Microsoft answers for none of several organizations; it is tried again by itself.
    Unanswered,
    /// A rotation failed; it is tried again by itself.
    Failing,
    /// Nobody can tell whether a change arrived.
    Unclear,
    /// The password was changed outside Vitrine, or this vault is behind.
    ChangedOutside,
    /// A rotation waits for a person.
    NeedsPerson,
    /// The account was deleted in the tenant.
    Gone,
    /// Its sign-in was disabled.
    Disabled,
    /// It lost Global Administrator.
    RoleGone,
    /// It was renamed.
    Renamed,
    /// It was begun and never created in the tenant.
    NeverCreated,
    /// Sessions that an older password opened may live on.
    SessionsLive,
    /// The tenant refuses the connection, or something that it needs.
    Connection,
    /// The connection's certificate could not be renewed.
    CertificateEnding,
    /// The connection's certificate has ended.
    CertificateEnded,
    /// The tenant lists ways in that Vitrine did not make.
    Strangers,
}

/// The act that answers a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ProblemStep {
    /// Rotate the account again.
    Rotate,
    /// The same, to see how an unclear change ended.
    Check,
    /// Repair the account.
    Repair,
    /// Connect the tenant again.
    Connect,
    /// Enable LAPS again; it goes on where it stopped.
    EnableLaps,
    /// Rotate what is due.
    RotateDue,
    /// Let rotation go on.
    Resume,
    /// Ask the home of the vault again.
    Sync,
    /// Look at what Vitrine did not make, and remove or keep it.
    Strangers,
}

/// Puts a problem aside: it leaves the open list and its count, and nothing else changes. One that is solved loses its
/// snooze.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct SnoozeProblemRequest {
    /// Id of the problem.
    pub problem: String,
    /// Until when.
    pub until: Snooze,
}
command!(SnoozeProblemRequest, "snooze_problem", ProblemView);

/// How long a problem is put aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Snooze {
    /// For an hour.
    Hour,
    /// Until eight o'clock of the next day, by the clocks of this machine.
    Tomorrow,
    /// For as long as it lasts.
    Fixed,
}

/// Brings a problem back that was put aside.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct WakeProblemRequest {
    /// Id of the problem.
    pub problem: String,
}
command!(WakeProblemRequest, "wake_problem", ProblemView);

/// Until when a problem is put aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum SnoozedView {
    /// Until a moment.
    Until {
        /// Which.
        at: Time,
    },
    /// For as long as it lasts.
    Fixed,
}
