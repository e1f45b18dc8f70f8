//! Flags of organizations: their list, their tenants, LAPS, and what a tenant lists that nobody here made.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use vitrine_app::api;

use super::{Level, Then, words};
use crate::window::Typed;

#[derive(Debug, Subcommand)]
pub(crate) enum Org {
    /// List them.
    List {
        /// Text looked for in name and domain.
        #[arg(long, default_value = "")]
        filter: String,
        /// Only those in this state.
        #[arg(long)]
        state: Option<State>,
        /// Order of the rows.
        #[arg(long, default_value = "name")]
        sort: Sort,
        /// Reversed order.
        #[arg(long)]
        descending: bool,
        /// Rows to pass over.
        #[arg(long, default_value_t = 0)]
        offset: u32,
        /// Rows wanted.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=500))]
        limit: u32,
    },
    /// Add one.
    Add {
        /// Its name.
        name: String,
        /// Notes.
        #[arg(long, default_value = "")]
        notes: String,
        /// Open it to this team instead of Staff. By name or id.
        #[arg(long)]
        team: Option<String>,
    },
    /// Add those of a CSV file with a header `name` and optionally `notes`.
    Import {
        /// The file; `-` for standard input.
        file: PathBuf,
        /// Only say what would be added.
        #[arg(long)]
        preview: bool,
    },
    /// Show one.
    Show {
        /// Name, domain or id.
        organization: String,
    },
    /// Change name, notes or tags.
    Edit {
        /// Name, domain or id.
        organization: String,
        /// New name.
        #[arg(long)]
        name: Option<String>,
        /// New notes.
        #[arg(long)]
        notes: Option<String>,
        /// New tags, instead of all there are; may be given several times.
        #[arg(long = "tag")]
        tags: Option<Vec<String>>,
    },
    /// Which teams have access to one; give one access, or take it away and replace what it could read.
    Access {
        /// Name, domain or id.
        organization: String,
        /// Give this team access. By name or id.
        #[arg(long, value_name = "TEAM", conflicts_with = "take")]
        give: Option<String>,
        /// How much it gets.
        #[arg(long, default_value = "full", requires = "give")]
        level: Level,
        /// Take this team's access away.
        #[arg(long, value_name = "TEAM")]
        take: Option<String>,
    },
    /// Take one out of the list. Its tenant is not touched.
    Archive {
        /// Name, domain or id.
        organization: String,
        /// Its name once more.
        #[arg(long, value_name = "NAME")]
        confirm: String,
    },
}

/// How the tenant's admin signs in.
#[derive(Debug, Clone, Args)]
pub(crate) struct SignIn {
    /// With this machine's browser (the usual way).
    #[arg(long, conflicts_with = "device_code")]
    pub(crate) browser: bool,
    /// With a code typed on another device.
    #[arg(long)]
    pub(crate) device_code: bool,
    /// The tenant it must be, by id or domain: answers "Is this Contoso?" in advance.
    #[arg(long, value_name = "TENANT")]
    pub(crate) tenant: Option<String>,
}

impl SignIn {
    pub(crate) fn route(&self) -> api::SignInRoute {
        if self.device_code { api::SignInRoute::DeviceCode } else { api::SignInRoute::Browser }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Connect {
    /// Name, domain or id of the organization.
    pub(crate) organization: String,
    #[command(flatten)]
    pub(crate) sign_in: SignIn,
    /// Create what the plan shows without asking. The plan is still printed.
    #[arg(long)]
    pub(crate) yes: bool,
    /// Go on to enable LAPS in the same sitting, with this account name; may be given twice.
    #[arg(long = "laps", value_name = "NAME")]
    pub(crate) laps: Vec<String>,
    /// Hours between rotations, with --laps.
    #[arg(long, value_name = "HOURS", requires = "laps")]
    pub(crate) interval: Option<u32>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Laps {
    /// Create the emergency accounts and keep them.
    Enable(EnableLaps),
    /// Turn LAPS off.
    Disable {
        /// Name, domain or id of the organization.
        organization: String,
        /// What becomes of the accounts.
        #[arg(long)]
        accounts: Fate,
        #[command(flatten)]
        sign_in: SignIn,
    },
    /// Change how the accounts are rotated: how often, in which hours not, after a view, how passwords are made.
    Schedule(Schedule),
    /// Remove an account that was begun and never created in the tenant.
    Forget {
        /// Name, domain or id of the organization.
        organization: String,
        /// User name, the part before its @, or id.
        #[arg(long)]
        account: String,
    },
    /// Look now at what the tenant says of the accounts.
    Check {
        /// Name, domain or id of the organization.
        organization: String,
    },
    /// Put right what somebody changed about an account outside Vitrine.
    Repair {
        /// Name, domain or id of the organization.
        organization: String,
        /// User name, the part before its @, or id; else the one that needs it.
        #[arg(long)]
        account: Option<String>,
        #[command(flatten)]
        sign_in: SignIn,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Strangers {
    /// Show those that were found, and those that somebody answers for.
    List {
        /// Name, domain or id of the organization.
        organization: String,
        /// Look in the tenant first.
        #[arg(long)]
        now: bool,
    },
    /// Take them away from the tenant. An admin is asked to sign in where the connection's rights do not reach.
    Remove {
        /// Name, domain or id of the organization.
        organization: String,
        /// Their ids, as the list shows them.
        #[arg(required = true, value_name = "ID")]
        strangers: Vec<String>,
        #[command(flatten)]
        sign_in: SignIn,
    },
    /// Answer for one: an owner of the customer's, or a sign-in method that you set up. It stays, for all devices.
    Keep {
        /// Name, domain or id of the organization.
        organization: String,
        /// Its id, as the list shows it.
        stranger: String,
        /// Whose it is, and why it stays.
        #[arg(long)]
        reason: String,
    },
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("changes").required(true).multiple(true))]
pub(crate) struct Schedule {
    /// Names, domains or ids of the organizations.
    #[arg(required = true, value_name = "ORGANIZATION")]
    pub(crate) organizations: Vec<String>,
    /// Hours between rotations.
    #[arg(long, value_name = "HOURS", group = "changes")]
    pub(crate) interval: Option<u32>,
    /// What a view of a password asks of the schedule.
    #[arg(long, value_name = "WHEN", group = "changes")]
    pub(crate) after_view: Option<Then>,
    /// Hours in which nothing is rotated by itself, like "mon-fri 08:00-18:00"; once for each window. Those before go.
    #[arg(long, value_name = "WINDOW", group = "changes")]
    pub(crate) blackout: Vec<Typed>,
    /// Every hour is free.
    #[arg(long, group = "changes", conflicts_with = "blackout")]
    pub(crate) no_blackout: bool,
    /// Time zone of the windows, like Europe/Zurich; "" for that of the machine that rotates.
    #[arg(long, value_name = "ZONE", group = "changes")]
    pub(crate) zone: Option<String>,
    /// Characters of a new password, 16 to 128.
    #[arg(long, value_name = "CHARACTERS", group = "changes")]
    pub(crate) length: Option<u16>,
    /// New passwords may hold l, o, I, O, 0 and 1.
    #[arg(long, group = "changes")]
    pub(crate) look_alikes: bool,
    /// New passwords hold no characters that look alike.
    #[arg(long, group = "changes", conflicts_with = "look_alikes")]
    pub(crate) no_look_alikes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct EnableLaps {
    /// Name, domain or id of the organization.
    pub(crate) organization: String,
    /// Account name, the part before the @; once for each of the one or two accounts.
    #[arg(long = "name", value_name = "NAME", required = true)]
    pub(crate) names: Vec<String>,
    /// Hours between rotations.
    #[arg(long, value_name = "HOURS")]
    pub(crate) interval: Option<u32>,
    /// Take over this account, which exists already; may be given twice.
    #[arg(long, value_name = "NAME")]
    pub(crate) adopt: Vec<String>,
    #[command(flatten)]
    pub(crate) sign_in: SignIn,
}

words! {
    /// State of an organization.
    State => api::OrganizationState { Failed, Due, NotConnected, Healthy }
}

words! {
    /// Order of organizations.
    Sort => api::OrganizationSort { Name, State, LastRotation, NextRotation }
}

words! {
    /// What becomes of the accounts.
    Fate => api::AccountsFate { Keep, Disable, Delete }
}

/// What can be exported.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum List {
    /// The organizations and their state.
    Organizations,
}
