//! The commands and their flags, each in the file of its subject. No flag takes a secret.

mod attention;
mod audit;
mod credentials;
mod organizations;
mod people;
mod services;
mod vault;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub(crate) use self::{
    attention::{Attention, BeginIncident, Incident, PutAside},
    audit::{Audit, AuditFile, AuditFilter},
    credentials::{Credential, Rotate, Then},
    organizations::{Connect, Laps, List, Org, Schedule, SignIn, Strangers},
    people::{Device, Invite, Join, Level, Member, Team},
    services::{Rotator, SetWebhook, Webhook},
    vault::{Home, Init, Restore, Sheet},
};
use crate::exit;

/// Emergency access to customers' Microsoft 365 tenants, kept and rotated.
#[derive(Debug, Parser)]
#[command(name = "vitrine", version, about, after_help = exit::TABLE, propagate_version = true)]
pub(crate) struct Arguments {
    /// Print one JSON document and ask nothing.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Read the passphrase from this file descriptor: one line for each passphrase asked.
    #[arg(long, global = true, value_name = "N")]
    pub(crate) passphrase_fd: Option<u32>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create the vault of a firm on this device.
    Init(Init),
    /// Open the vault and keep it open in the background (the agent).
    Unlock,
    /// Drop every key.
    Lock,
    /// Change the passphrase, or have one suggested.
    Passphrase {
        /// Draw six words at random instead of changing anything.
        #[arg(long)]
        suggest: bool,
    },
    /// Write the recovery kit (PDF) and confirm it by two groups typed back.
    Kit {
        /// File to write; an existing one is not overwritten.
        path: PathBuf,
        /// Read the two groups from this file descriptor, one a line, in the order the progress asks for them.
        #[arg(long, value_name = "N")]
        groups_fd: Option<u32>,
    },
    /// The safe sheet, whose key opens the vault alone: what there is, or write a new one (PDF), whole or in shares.
    Sheet(Sheet),
    /// Write the encrypted backup, now and after every change.
    Backup {
        /// Folder that receives it from now on.
        #[arg(long)]
        folder: Option<PathBuf>,
    },
    /// Restore a vault from a backup file into an empty data folder.
    Restore(Restore),
    /// Answer for a restored vault being the newest, where no tenant can.
    ConfirmRestore {
        /// How you know; it stays in the list of what happened.
        #[arg(long)]
        reason: String,
    },
    /// Organizations.
    #[command(subcommand)]
    Org(Org),
    /// Connect an organization's tenant: sign in as its admin, see what will be created, create it.
    Connect(Connect),
    /// Emergency accounts with rotated credentials.
    #[command(subcommand)]
    Laps(Laps),
    /// Show one credential. A view record is kept.
    View {
        #[command(flatten)]
        which: Credential,
        /// What becomes of a password afterwards: sooner than the organization's schedule says, never later.
        #[arg(long, value_name = "WHEN", default_value = "keep", conflicts_with_all = ["code", "older"])]
        then: Then,
    },
    /// Copy one credential to the clipboard. A view record is kept.
    Copy {
        #[command(flatten)]
        which: Credential,
        /// Copy the user name instead.
        #[arg(long, conflicts_with_all = ["code", "value", "older"])]
        user_name: bool,
    },
    /// Open the small window that finds an account by a few letters and copies, of the desktop program that runs. Also as
    /// `vitrine --quick-access`, to be bound to keys of the desktop.
    #[command(long_flag = "quick-access")]
    QuickAccess,
    /// Store the one-time-code key that Microsoft's page showed.
    SecondFactor {
        /// Name, domain or id of the organization.
        organization: String,
        /// User name, the part before its @, or id.
        #[arg(long)]
        account: Option<String>,
        /// Read the key (Base32 or otpauth address) from this file descriptor.
        #[arg(long, value_name = "N")]
        key_fd: Option<u32>,
    },
    /// Rotate passwords and wait for the outcome.
    Rotate(Rotate),
    /// Rotate with nobody there: no window, no questions, until the process is told to end.
    #[command(subcommand)]
    Rotator(Rotator),
    /// Somebody may know what is stored: replace all of it, and see what is left.
    #[command(subcommand)]
    Incident(Incident),
    /// Ways into a tenant that Vitrine did not make: keys and owners of the connection, sign-in methods of the accounts.
    #[command(subcommand)]
    Strangers(Strangers),
    /// What needs you, over all organizations, the newest first.
    Attention(Attention),
    /// The state of vault and application.
    Status,
    /// What happened, newest first: what this device did, and what the signed records of all others say.
    Audit(Audit),
    /// Write a list as CSV, without secrets.
    Export {
        /// Which list.
        list: List,
        /// File to write; an existing one is not overwritten.
        path: PathBuf,
    },
    /// The home of the vault, where the order of all that is written is decided: this device, or a backend that can read
    /// none of it.
    #[command(subcommand)]
    Home(Home),
    /// Fetch from the backend what is new, now.
    Sync,
    /// Invite a person to this vault. Prints a code to be sent by another way than the backend.
    Invite(Invite),
    /// Join a vault with the code of an invitation or of `device add`, or go on waiting to be added.
    Join(Join),
    /// The people who share this vault.
    #[command(subcommand)]
    Member(Member),
    /// Your devices.
    #[command(subcommand)]
    Device(Device),
    /// Teams: who works with which organizations.
    #[command(subcommand)]
    Team(Team),
    /// Tell an address of your own what this device does and sees.
    #[command(subcommand)]
    Webhook(Webhook),
    /// Settings of this device.
    Settings {
        /// Name of a setting to change, as shown without this.
        #[arg(requires = "value")]
        name: Option<String>,
        /// Its new value.
        value: Option<String>,
    },
    /// The client id of the first sign-in, and how to register one.
    ClientId {
        /// The GUID to use from now on.
        guid: Option<String>,
    },
    /// Holds the keys; started by `unlock`.
    #[command(hide = true)]
    Agent,
}

#[derive(Debug, Args)]
pub(crate) struct Wait {
    /// Seconds to wait for the outcome; what is then still open goes on in the agent, if there is one.
    #[arg(long = "wait", default_value_t = 1800, value_name = "SECONDS")]
    pub(crate) seconds: u64,
}

/// A choice of the command line for each variant of one of the application.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident => $api:ty { $($variant:ident),+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, ValueEnum)]
        pub(crate) enum $name { $($variant),+ }

        impl From<$name> for $api {
            fn from(word: $name) -> Self {
                match word { $($name::$variant => Self::$variant),+ }
            }
        }
    };
}

use words;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
    use super::*;
    use clap::CommandFactory;
    use vitrine_app::api;

    fn parse(line: &str) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_commands_are_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn no_flag_takes_a_secret() {
        fn walk(command: &clap::Command) {
            for argument in command.get_arguments() {
                let name = argument.get_id().as_str();
                let takes_text = argument.get_action().takes_values() && !name.ends_with("_fd");
                let sounds_secret = ["passphrase", "password", "secret", "key"].iter().any(|word| name.contains(word));
                assert!(!(takes_text && sounds_secret), "{} {name}", command.get_name());
            }
            command.get_subcommands().for_each(walk);
        }
        walk(&Arguments::command());
    }

    #[test]
    fn rotating_needs_a_scope_and_only_one() {
        assert!(parse("vitrine laps schedule Contoso").is_err(), "nothing is to change");
        assert!(parse("vitrine laps schedule --interval 12").is_err());
        assert!(parse("vitrine laps schedule Contoso Fabrikam --interval 12 --after-view hour").is_ok());
        assert!(parse("vitrine laps schedule Contoso --look-alikes --no-look-alikes").is_err());
        assert!(parse("vitrine rotate").is_err());
        assert!(parse("vitrine rotate --due --all").is_err());
        assert!(parse("vitrine rotate Contoso --all").is_err());
        assert!(parse("vitrine rotate --due").is_ok());
        for steer in ["--pause", "--resume", "--cancel"] {
            assert!(parse(&format!("vitrine rotate {steer}")).is_ok());
            assert!(parse(&format!("vitrine rotate {steer} Contoso")).is_err());
            assert!(parse(&format!("vitrine rotate {steer} --due")).is_err());
        }
        assert!(parse("vitrine rotate --pause --resume").is_err());
        assert!(parse("vitrine rotate Contoso Fabrikam").is_ok());
        assert!(parse("vitrine rotate Contoso --account emergency-1").is_ok());
    }

    #[test]
    fn the_two_ways_to_sign_in_exclude_each_other() {
        assert!(parse("vitrine connect Contoso --browser --device-code").is_err());
        let Command::Connect(connect) = parse("vitrine connect Contoso --device-code").unwrap().command else {
            panic!("not connect")
        };
        assert_eq!(connect.sign_in.route(), api::SignInRoute::DeviceCode);
    }

    #[test]
    fn json_and_the_descriptor_may_stand_behind_the_command() {
        let arguments = parse("vitrine status --json --passphrase-fd 3").unwrap();
        assert!(arguments.json);
        assert_eq!(arguments.passphrase_fd, Some(3));
    }

    #[test]
    fn a_problem_is_put_aside_for_a_time_that_is_named() {
        for good in ["", " --snoozed --limit 3", " snooze 0f --for 1h", " snooze 0f --for fixed --json", " wake 0f"] {
            assert!(parse(&format!("vitrine attention{good}")).is_ok(), "{good}");
        }
        for bad in [" snooze 0f", " snooze 0f --for 2h", " --snoozed wake 0f", " wake", " --limit 0"] {
            assert!(parse(&format!("vitrine attention{bad}")).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_address_of_a_webhook_is_no_argument() {
        assert!(parse("vitrine webhook set https://hooks.example/token").is_err());
        assert!(parse("vitrine webhook set --address-fd 3 --same-address").is_err());
        assert!(parse("vitrine webhook set --tell everything").is_err());
        assert!(parse("vitrine webhook set --tell failed --tell changed-outside --names").is_ok());
    }

    #[test]
    fn absurd_numbers_are_refused() {
        assert!(parse("vitrine org list --limit 0").is_err());
        assert!(parse("vitrine audit --limit 99999999999").is_err());
        assert!(parse("vitrine status --passphrase-fd -1").is_err());
    }
}
