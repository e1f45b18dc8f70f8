//! LAPS: enabling it for an organization, its accounts, turning it off.

use super::{Time, command};
use crate::api::{ErrorView, OrganizationView};
use serde::{Deserialize, Serialize};
use specta::Type;

/// Asks what enabling LAPS would do.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct LapsPlanRequest {
    /// Ledger id.
    pub organization: String,
}
command!(LapsPlanRequest, "laps_plan", LapsPlanView);

/// What enabling LAPS would do.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LapsPlanView {
    /// Domain the accounts are created on.
    pub domain: String,
    /// Names proposed, the part before the `@`.
    pub suggested_names: Vec<String>,
    /// Hours between rotations proposed.
    pub interval_hours: u32,
    /// An admin's session is alive; else a sign-in for accounts comes first.
    pub session_alive: bool,
}

/// Enables LAPS: creates the accounts in the admin's session, stores each credential before it is set.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct EnableLapsRequest {
    /// Ledger id.
    pub organization: String,
    /// One or two names, the part before the `@`.
    pub names: Vec<String>,
    /// Hours between rotations, 1 to 8760.
    pub interval_hours: u32,
    /// Accounts that exist already and that the person agreed to take over, by name.
    #[serde(default)]
    pub adopt: Vec<String>,
}
command!(EnableLapsRequest, "enable_laps", LapsEnabledView);

/// What enabling LAPS did.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LapsEnabledView {
    /// Each account and how it went.
    pub accounts: Vec<LapsAccountOutcome>,
    /// The organization afterwards.
    pub organization: OrganizationView,
}

/// How it went with one account.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LapsAccountOutcome {
    /// Name asked for.
    pub name: String,
    /// What happened.
    pub outcome: LapsOutcome,
    /// Why, where it failed or needs a decision.
    pub error: Option<ErrorView>,
}

/// What happened to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum LapsOutcome {
    /// Created, Global Administrator, password verified by read-back.
    Created,
    /// Existed, taken over after asking.
    Adopted,
    /// Vitrine already keeps it.
    AlreadyKept,
    /// An account of that name exists: ask before taking it over.
    AskAdopt,
    /// Did not work.
    Failed,
}

/// Turns LAPS off.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct DisableLapsRequest {
    /// Ledger id.
    pub organization: String,
    /// What becomes of the accounts.
    pub accounts: AccountsFate,
}
command!(DisableLapsRequest, "disable_laps", OrganizationView);

/// What becomes of the accounts when LAPS is turned off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum AccountsFate {
    /// They stay in the tenant with their last password, which stays readable here.
    Keep,
    /// They are disabled in the tenant (needs an admin's session).
    Disable,
    /// They are deleted in the tenant (needs an admin's session); Microsoft keeps them restorable for 30 days.
    Delete,
}

/// Changes how the accounts of organizations are rotated.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct SetScheduleRequest {
    /// Ledger ids.
    pub organizations: Vec<String>,
    /// What changes.
    pub schedule: ScheduleChange,
}
command!(SetScheduleRequest, "set_schedule", ScheduleSetView);

/// A change of a schedule. What is left out stays as it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase", default)]
pub struct ScheduleChange {
    /// Hours between rotations, 1 to 8760.
    pub interval_hours: Option<u32>,
    /// What a view of a password asks of the schedule.
    pub after_view: Option<AfterView>,
    /// When nothing is rotated by itself; replaces the windows before, and none takes them away. At most 16, and never 22
    /// hours without a break.
    pub blackout: Option<Vec<BlackoutWindow>>,
    /// IANA name of the time zone of the windows, like Europe/Zurich; empty for that of the machine that rotates.
    pub zone: Option<String>,
    /// Characters of a new password, 16 to 128.
    pub password_length: Option<u16>,
    /// Whether a new password may hold l, o, I, O, 0 and 1.
    pub look_alikes: Option<bool>,
}

/// What became of a change of schedules. Where one organization alone was named, its refusal is the answer.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct ScheduleSetView {
    /// Organizations that have the schedule now.
    pub changed: u32,
    /// Those that do not.
    pub failed: Vec<ScheduleFailure>,
}

/// An organization whose schedule is unchanged.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct ScheduleFailure {
    /// Its ledger id, as it was asked for.
    pub organization: String,
    /// Why.
    pub error: ErrorView,
}

/// What a view of a password asks of the schedule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum AfterView {
    /// Nothing: rotated when it is due anyway.
    #[default]
    Keep,
    /// Rotated an hour after it is hidden again.
    InOneHour,
    /// Rotated as soon as it is hidden again.
    Now,
}

/// Hours in which nothing is rotated by itself, as clocks on the wall show them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct BlackoutWindow {
    /// Days it begins on: bit 0 is Monday, bit 6 Sunday.
    pub days: u8,
    /// Minute of the day at which it begins, 0 to 1439.
    pub from: u16,
    /// Minute at which it ends, 0 to 1440; of the next day if not after `from`.
    pub to: u16,
}

/// Removes an account that was begun and never created in the tenant.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct ForgetAccountRequest {
    /// Ledger id.
    pub organization: String,
    /// Item id.
    pub account: String,
}
command!(ForgetAccountRequest, "forget_account", OrganizationView);

/// Looks now at what the tenant says of the accounts: do they exist, may they sign in, do they hold their role.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct CheckAccountsRequest {
    /// Ledger id.
    pub organization: String,
}
command!(CheckAccountsRequest, "check_accounts", OrganizationView);

/// Puts right what somebody changed about an account outside Vitrine: restores it, enables it, assigns its role again
/// (each in an admin's session), takes over its new name, sets a new password.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct RepairAccountRequest {
    /// Ledger id.
    pub organization: String,
    /// Item id.
    pub account: String,
}
command!(RepairAccountRequest, "repair_account", OrganizationView);

/// An emergency account, without its secrets.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AccountView {
    /// Item id, 32 hexadecimal digits.
    pub id: String,
    /// User principal name.
    pub user_name: String,
    /// State.
    pub state: AccountState,
    /// When the present password was set.
    pub rotated_at: Option<Time>,
    /// When the tenant confirmed it.
    pub verified_at: Option<Time>,
    /// When the next rotation is due.
    pub due_at: Option<Time>,
    /// A one-time-code key is stored.
    pub has_second_factor: bool,
    /// Last time its password was shown or copied here.
    pub last_viewed: Option<LastViewed>,
    /// The stored passwords, in the order to try them.
    pub values: Vec<StoredValue>,
    /// Which of them opens the account is not certain: a person is shown all of them.
    pub doubtful: bool,
    /// The tenant has made it. An account that was begun and never created can be removed.
    pub created: bool,
    /// It was changed outside, and a repair is offered.
    pub repairable: bool,
    /// What is wrong with it, or why the last rotation did not end well.
    pub problem: Option<ErrorView>,
}

/// Who saw a password last.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct LastViewed {
    /// Who.
    pub who: String,
    /// When.
    pub at: Time,
}

/// State of an emergency account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum AccountState {
    /// Rotated in time and verified.
    Fresh,
    /// Being created; the candidate is stored.
    Creating,
    /// A rotation is under way.
    Rotating,
    /// A rotation is due.
    Due,
    /// The answer was lost: one of two stored passwords opens it.
    Unclear,
    /// The tenant's password was changed outside Vitrine, or this vault is behind.
    ChangedOutside,
    /// A person must act.
    NeedsPerson,
    /// Its sign-in was disabled outside Vitrine.
    Disabled,
    /// It lost Global Administrator.
    RoleGone,
    /// It was renamed outside Vitrine.
    Renamed,
    /// It was deleted outside Vitrine.
    Gone,
}

/// One stored password, without its value.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StoredValue {
    /// Which.
    pub which: WhichValue,
    /// When it was made or set.
    pub since: Option<Time>,
}

/// Which stored password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum WhichValue {
    /// The one verified last.
    Current,
    /// The candidate of a rotation under way.
    Pending,
    /// The one before.
    Previous,
    /// One that was replaced before that.
    Older {
        /// When it was set.
        at: Time,
    },
    /// A candidate that was given up; the tenant may have taken it all the same.
    GivenUp {
        /// When it was given up.
        at: Time,
    },
}
