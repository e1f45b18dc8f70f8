//! The commands and their flags. No flag takes a secret.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use vitrine_app::api;

use crate::{exit, window::Typed};

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
pub(crate) struct Init {
    /// Name of the firm.
    #[arg(long, value_name = "NAME")]
    pub(crate) firm: String,
    /// Your name.
    #[arg(long, value_name = "NAME")]
    pub(crate) person: String,
    /// Without a keychain, keep the device secret in a file of your own. Asks for a stronger passphrase.
    #[arg(long)]
    pub(crate) accept_file_fallback: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Without anything it says what there is. A new sheet takes the place of the one before.")]
pub(crate) struct Sheet {
    /// File to write, or with --holder a folder; an existing file is not overwritten.
    pub(crate) path: Option<PathBuf>,
    /// Split the key into shares, one for each holder, 2 to 16 (repeatable).
    #[arg(long, value_name = "NAME", requires_all = ["path", "needed"])]
    pub(crate) holder: Vec<String>,
    /// How many of the shares open the vault.
    #[arg(long, value_name = "N", requires = "holder")]
    pub(crate) needed: Option<u8>,
    /// Try papers against the vault, and change nothing: asks for the code of the sheet, or for as many shares as are needed.
    #[arg(long, conflicts_with_all = ["path", "holder", "needed"])]
    pub(crate) check: bool,
    /// Read the printed codes from this file descriptor, one a line.
    #[arg(long, value_name = "N", requires = "check")]
    pub(crate) codes_fd: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The backup file.
    pub(crate) file: PathBuf,
    /// Open it with the safe sheet instead of the recovery kit; the passphrase is then a new one.
    #[arg(long)]
    pub(crate) sheet: bool,
    /// Open it with this many shares of the safe sheet; the passphrase is then a new one.
    #[arg(long, value_name = "N", conflicts_with = "sheet", value_parser = clap::value_parser!(u8).range(1..=16))]
    pub(crate) shares: Option<u8>,
    /// Read the printed codes from this file descriptor, one a line: secret code and vault code, the sheet's code, or the shares'.
    #[arg(long, value_name = "N")]
    pub(crate) codes_fd: Option<u32>,
    /// With the kit: choose a new passphrase as well, read after the present one.
    #[arg(long, conflicts_with_all = ["sheet", "shares"])]
    pub(crate) new_passphrase: bool,
    /// Without a keychain, keep the device secret in a file of your own. Asks for a stronger passphrase.
    #[arg(long)]
    pub(crate) accept_file_fallback: bool,
}

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
pub(crate) enum Rotator {
    /// Hold the keys and rotate what falls due. The passphrase comes from --passphrase-fd, or from the systemd credential
    /// `vitrine-passphrase`.
    Run {
        /// Serve numbers for Prometheus at /metrics, on an address of this machine alone (such as 127.0.0.1:9464).
        #[arg(long, value_name = "ADDRESS")]
        metrics: Option<SocketAddr>,
    },
    /// How the process that holds the data folder stands. Ends with 0 only if it rotates and nothing is overdue or failed.
    Status,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Audit {
    #[command(subcommand)]
    pub(crate) with: Option<AuditFile>,
    #[command(flatten)]
    pub(crate) filter: AuditFilter,
    /// Lines to pass over.
    #[arg(long, default_value_t = 0)]
    pub(crate) offset: u32,
    /// Lines wanted.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) limit: u32,
}

/// What happened, as a file.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditFile {
    /// Write it to a file, without secrets.
    Export {
        /// File to write; an existing one is not overwritten.
        path: PathBuf,
        #[command(flatten)]
        filter: AuditFilter,
        /// A sheet, or evidence that `audit verify` can check.
        #[arg(long, default_value = "csv")]
        format: AuditFormat,
    },
    /// Check a file of evidence: an export, the report of an incident, or the proof of a fork. Needs no vault, no keys and
    /// no network.
    Verify {
        /// The file.
        path: PathBuf,
        /// The id of the vault: the hash of its beginning, as `vitrine audit` shows it.
        #[arg(long, value_name = "HASH")]
        genesis: String,
    },
}

/// Which lines.
#[derive(Debug, Args)]
pub(crate) struct AuditFilter {
    /// Name, domain or id of one organization.
    pub(crate) organization: Option<String>,
    /// Name or id of one member: what that person did, or what was done to them.
    #[arg(long)]
    pub(crate) person: Option<String>,
    /// One kind of thing.
    #[arg(long)]
    pub(crate) kind: Option<AuditKind>,
    /// From this day (2026-11-29, UTC) or moment (2026-11-29T08:00:00Z) on.
    #[arg(long, value_parser = moment)]
    pub(crate) from: Option<api::Time>,
    /// Before this day or moment.
    #[arg(long, value_parser = moment)]
    pub(crate) until: Option<api::Time>,
}

fn moment(text: &str) -> Result<api::Time, String> {
    api::Time::parse(text).ok_or_else(|| "a day like 2026-11-29, or a moment like 2026-11-29T08:00:00Z".to_owned())
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
    #[arg(group = "covers", conflicts_with_all = ["all", "tag", "viewed_days"])]
    pub(crate) organizations: Vec<String>,
    /// Every organization.
    #[arg(long, group = "covers", conflicts_with_all = ["tag", "viewed_days"])]
    pub(crate) all: bool,
    /// Those that carry this tag.
    #[arg(long, group = "covers", conflicts_with = "viewed_days")]
    pub(crate) tag: Option<String>,
    /// Those with a credential that was shown or copied within so many days.
    #[arg(long, group = "covers", value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub(crate) viewed_days: Option<u32>,
    #[command(flatten)]
    pub(crate) wait: Wait,
}

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

#[derive(Debug, Subcommand)]
pub(crate) enum Home {
    /// Where it is, and how it was reached.
    Show,
    /// Give it to a backend: everything is copied there, sealed as it is, and from then on a change counts once the
    /// backend took it. A move that was cut off is finished by the same command.
    Move {
        /// Address of the backend: https://host[:port].
        address: String,
        /// Read the operator's registration token from this file descriptor.
        #[arg(long, value_name = "N")]
        token_fd: Option<u32>,
    },
    /// Bring it back to this device.
    BringBack,
    /// Save the proof that it showed two histories, for `vitrine audit verify`.
    Proof {
        /// File to write; an existing one is not overwritten.
        path: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Webhook {
    /// Set it, or change all of it, and print its signing secret. The address is asked for, or read from a descriptor: it
    /// often holds a token.
    Set(SetWebhook),
    /// How it stands: what is sent where, what waits, what went wrong.
    Show,
    /// Send a test now and show what the receiver answers.
    Test,
    /// Forget its address, its secret, and what waits to be sent.
    Remove,
}

#[derive(Debug, Args)]
pub(crate) struct SetWebhook {
    /// Read the address from this file descriptor.
    #[arg(long, value_name = "N")]
    pub(crate) address_fd: Option<u32>,
    /// Keep the address that is set.
    #[arg(long, conflicts_with = "address_fd")]
    pub(crate) same_address: bool,
    /// What to tell of; once for each kind, or all of them.
    #[arg(long = "tell", value_name = "KIND")]
    pub(crate) kinds: Vec<Kind>,
    /// Send names of organizations, accounts and persons, and reasons. Without it ids alone leave this device.
    #[arg(long)]
    pub(crate) names: bool,
    /// Make a new signing secret.
    #[arg(long)]
    pub(crate) new_secret: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Wait {
    /// Seconds to wait for the outcome; what is then still open goes on in the agent, if there is one.
    #[arg(long = "wait", default_value_t = 1800, value_name = "SECONDS")]
    pub(crate) seconds: u64,
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
words! {
    /// What a webhook can be told.
    Kind => api::MessageKind { Rotated, Overdue, Failed, ChangedOutside, Viewed }
}
words! {
    /// Kinds of what happened.
    AuditKind => api::AuditKind { Views, Rotations, Organizations, People, Vault }
}
words! {
    /// Forms of what happened.
    AuditFormat => api::AuditFormat { Csv, Json }
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

/// What can be exported.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum List {
    /// The organizations and their state.
    Organizations,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
    use super::*;
    use clap::CommandFactory;

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
