//! Flags of credentials: showing and copying them, rotating them.

use clap::{Args, ValueEnum};
use vitrine_app::api;

use super::words;

#[derive(Debug, Args)]
pub(crate) struct Credential {
    /// Name, domain or id of the organization.
    pub(crate) organization: String,
    /// User name, the part before its @, or id; else the account in the best state.
    #[arg(long)]
    pub(crate) account: Option<String>,
    /// Which stored password.
    #[arg(long, default_value = "current")]
    pub(crate) value: Value,
    /// The one-time code of this moment instead of a password.
    #[arg(long, conflicts_with = "value")]
    pub(crate) code: bool,
    /// An older password by its number, 1 the newest; without a number `view` lists them, without secrets.
    #[arg(
        long,
        value_name = "NUMBER",
        num_args = 0..=1,
        default_missing_value = "0",
        conflicts_with_all = ["value", "code"]
    )]
    pub(crate) older: Option<usize>,
    /// Why, for the record.
    #[arg(long)]
    pub(crate) reason: Option<String>,
}

#[allow(clippy::struct_excessive_bools, reason = "each is a flag that a person may give")]
#[derive(Debug, Args)]
#[group(id = "scope", required = true)]
pub(crate) struct Rotate {
    /// Names, domains or ids of organizations.
    #[arg(group = "scope")]
    pub(crate) organizations: Vec<String>,
    /// Everything that is due, but for what was changed outside: that is repaired by `laps repair`.
    #[arg(long, group = "scope", conflicts_with_all = ["all", "organizations"])]
    pub(crate) due: bool,
    /// Everything.
    #[arg(long, group = "scope", conflicts_with = "organizations")]
    pub(crate) all: bool,
    /// Pause all rotation: what is at work comes to its end, nothing else begins.
    #[arg(long, group = "scope", conflicts_with_all = ["due", "all", "organizations", "resume", "cancel"])]
    pub(crate) pause: bool,
    /// Go on after a pause.
    #[arg(long, group = "scope", conflicts_with_all = ["due", "all", "organizations", "cancel"])]
    pub(crate) resume: bool,
    /// Take what waits for its turn out of the queue.
    #[arg(long, group = "scope", conflicts_with_all = ["due", "all", "organizations"])]
    pub(crate) cancel: bool,
    /// Only this account of the one organization named.
    #[arg(long, conflicts_with_all = ["due", "all", "pause", "resume", "cancel"])]
    pub(crate) account: Option<String>,
    /// Seconds to wait for the outcome; what is then still open goes on in the agent, if there is one.
    #[arg(long, default_value_t = 600, value_name = "SECONDS")]
    pub(crate) wait: u64,
}

words! {
    /// Which stored password.
    Value => api::WhichValue { Current, Pending, Previous }
}

/// What becomes of a password that was seen.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Then {
    /// Rotated when it is due anyway.
    Keep,
    /// Rotated an hour later.
    Hour,
    /// Rotated at once.
    Now,
}

impl From<Then> for api::AfterView {
    fn from(then: Then) -> Self {
        match then {
            Then::Keep => Self::Keep,
            Then::Hour => Self::InOneHour,
            Then::Now => Self::Now,
        }
    }
}
