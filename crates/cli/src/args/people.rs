//! Flags of people: members, their devices, their teams, and how they come.

use clap::{Args, Subcommand, ValueEnum};
use vitrine_app::api;

use super::Wait;

#[derive(Debug, Args)]
pub(crate) struct Invite {
    /// The person's name.
    pub(crate) name: String,
    /// What the person will be.
    #[arg(long)]
    pub(crate) role: Role,
    /// The team it is to be in instead of Staff. By name or id.
    #[arg(long)]
    pub(crate) team: Option<String>,
    /// Hours until the code is of no use any more.
    #[arg(long, default_value_t = 72, value_parser = clap::value_parser!(u32).range(1..=336))]
    pub(crate) hours: u32,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Role {
    /// Everything; only for a member who has joined.
    Owner,
    /// Everything but owners, recovery and home.
    Admin,
    /// Views and rotates.
    Technician,
    /// Reads names and what happened, and no credential.
    Auditor,
    /// A machine that rotates and shows nothing.
    Rotator,
}

impl From<Role> for api::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Owner => Self::Owner,
            Role::Admin => Self::Admin,
            Role::Technician => Self::Technician,
            Role::Auditor => Self::Auditor,
            Role::Rotator => Self::Rotator,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Join {
    /// Your name, as the others will see it. Not needed with a code of `device add`.
    #[arg(long, value_name = "NAME")]
    pub(crate) person: Option<String>,
    /// Read the invitation from this file descriptor.
    #[arg(long, value_name = "N")]
    pub(crate) code_fd: Option<u32>,
    /// Without a keychain, keep the device secret in a file of your own. Asks for a stronger passphrase.
    #[arg(long)]
    pub(crate) accept_file_fallback: bool,
    /// Give up waiting, and empty the data folder of it.
    #[arg(long)]
    pub(crate) cancel: bool,
    #[command(flatten)]
    pub(crate) wait: Wait,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Member {
    /// Members, invitations, and what waits for a second owner.
    List,
    /// Add the person who answered an invitation.
    Add {
        /// The name it was made for, or its id.
        invitation: String,
        /// You compared the eight words with that person. An admin is not added without.
        #[arg(long)]
        compared: bool,
    },
    /// Take an invitation back.
    Withdraw {
        /// The name it was made for, or its id.
        invitation: String,
    },
    /// Change what a member may do.
    Role {
        /// Name or id of the member.
        member: String,
        /// The new role.
        role: Role,
    },
    /// Consent, as a second owner, to what another one asked for.
    Consent {
        /// The id of the change.
        change: String,
    },
    /// What it means to remove a member. Changes nothing.
    Removal {
        /// Name or id of the member.
        member: String,
    },
    /// Remove a member with all its devices, and replace every credential it could read.
    Remove {
        /// Name or id of the member.
        member: String,
        /// Why; it stands in the report.
        #[arg(long)]
        reason: String,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Level {
    /// Everything but the connection: views, and rotates nothing.
    Read,
    /// Views and rotates.
    Full,
}

impl From<Level> for api::AccessLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Read => Self::Read,
            Level::Full => Self::Full,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Team {
    /// Teams, with their members and how many organizations each may open.
    List,
    /// Make one. Owners and admins are in every team.
    Add {
        /// Its name.
        name: String,
        /// A technician or rotator who is to be in it, by name or id; may be given several times.
        #[arg(long = "member")]
        members: Vec<String>,
    },
    /// Change its members or name. What somebody who leaves could read by it is replaced.
    Change {
        /// Name or id.
        team: String,
        /// New name.
        #[arg(long)]
        name: Option<String>,
        /// Who comes, by name or id; may be given several times.
        #[arg(long = "add", value_name = "MEMBER")]
        add: Vec<String>,
        /// Who leaves, by name or id; may be given several times.
        #[arg(long = "take-out", value_name = "MEMBER")]
        take_out: Vec<String>,
    },
    /// Give it access to organizations. To take it away from one: vitrine org access.
    Give {
        /// Name or id.
        team: String,
        /// Name, domain or id of an organization; several may be given.
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        organizations: Vec<String>,
        /// All organizations that there are now.
        #[arg(long)]
        all: bool,
        /// How much it gets.
        #[arg(long, default_value = "full")]
        level: Level,
    },
    /// Remove one, and replace what its members could read by it.
    Remove {
        /// Name or id.
        team: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Device {
    /// Your devices, and codes for further ones.
    List,
    /// Make a code for a further device of yours. There: vitrine join.
    Add {
        /// Hours until the code is of no use any more.
        #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=336))]
        hours: u32,
    },
    /// Approve the device that answered a code.
    Approve {
        /// The id of the code; needed where several were answered.
        code: Option<String>,
        /// You compared the eight words on both screens. No device is approved without.
        #[arg(long)]
        compared: bool,
    },
    /// Take a code back.
    Withdraw {
        /// The id of the code.
        code: String,
    },
    /// Revoke a device that was lost: its member gets new keys, and every credential it could read is replaced.
    Revoke {
        /// Its name, where one device alone is named so, or its id, also of another member's.
        device: String,
        /// Why; it stands in the report.
        #[arg(long)]
        reason: String,
    },
}
