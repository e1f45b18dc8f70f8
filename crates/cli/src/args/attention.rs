//! Flags of what needs a person: the inbox, and an incident.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use vitrine_app::api;

use super::Wait;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Attention {
    #[command(subcommand)]
    pub(crate) act: Option<PutAside>,
    /// Those that are snoozed, instead of the open ones.
    #[arg(long)]
    pub(crate) snoozed: bool,
    /// Text looked for in the names of organization, domain and account.
    #[arg(long, default_value = "")]
    pub(crate) filter: String,
    /// Problems to pass over.
    #[arg(long, default_value_t = 0)]
    pub(crate) offset: u32,
    /// Problems wanted.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=500))]
    pub(crate) limit: u32,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PutAside {
    /// Put a problem aside on this device. Nothing else changes, and one that is solved is loud when it returns.
    Snooze {
        /// Its id, as the list shows it.
        problem: String,
        /// Until when.
        #[arg(long = "for", value_name = "TIME")]
        until: Snooze,
    },
    /// Bring a problem back that was put aside.
    Wake {
        /// Its id, as the list of those that are snoozed shows it.
        problem: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Incident {
    /// Begin one: replaces certificates and passwords, and ends sessions.
    Begin(BeginIncident),
    /// How it stands.
    Status,
    /// Try again what is blocked, and go on with what waits.
    Retry {
        #[command(flatten)]
        wait: Wait,
    },
    /// Write its report as JSON, without secrets.
    Report {
        /// File to write; an existing one is not overwritten.
        path: PathBuf,
    },
    /// End it, whatever is left.
    End,
}

#[derive(Debug, Args)]
#[group(id = "covers", required = true)]
pub(crate) struct BeginIncident {
    /// What happened, in one line; it stands in the report.
    #[arg(long)]
    pub(crate) reason: String,
    /// Names, domains or ids of organizations.
    #[arg(group = "covers", conflicts_with_all = ["all", "tag", "person", "viewed_days"])]
    pub(crate) organizations: Vec<String>,
    /// Every organization.
    #[arg(long, group = "covers", conflicts_with_all = ["tag", "person", "viewed_days"])]
    pub(crate) all: bool,
    /// Those that carry this tag.
    #[arg(long, group = "covers", conflicts_with_all = ["person", "viewed_days"])]
    pub(crate) tag: Option<String>,
    /// Those of which this member can read credentials. By name or id.
    #[arg(long, group = "covers", value_name = "MEMBER", conflicts_with = "viewed_days")]
    pub(crate) person: Option<String>,
    /// Those with a credential that was shown or copied within so many days.
    #[arg(long, group = "covers", value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub(crate) viewed_days: Option<u32>,
    #[command(flatten)]
    pub(crate) wait: Wait,
}

/// How long a problem is put aside.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Snooze {
    /// For an hour.
    #[value(name = "1h")]
    Hour,
    /// Until eight o'clock of the next day.
    Tomorrow,
    /// For as long as it lasts.
    Fixed,
}

impl From<Snooze> for api::Snooze {
    fn from(snooze: Snooze) -> Self {
        match snooze {
            Snooze::Hour => Self::Hour,
            Snooze::Tomorrow => Self::Tomorrow,
            Snooze::Fixed => Self::Fixed,
        }
    }
}
