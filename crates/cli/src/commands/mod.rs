//! The commands: each asks the application and says what came of it.

mod attention;
mod audit;
mod connect;
mod credentials;
mod devices;
mod find;
mod home;
mod incident;
mod laps;
mod organizations;
mod papers;
mod people;
mod rotate;
mod settings;
mod strangers;
mod vault;
mod webhook;

use std::{path::Path, time::Duration};

use crate::{
    agent,
    args::{self, Audit, AuditFile, Command},
    door::Door,
    output::{Failure, Outcome, machine},
    person::Person,
    rotator,
};

/// How often something that goes on in the application is asked for.
const POLL: Duration = Duration::from_millis(300);

type Result<T = Outcome> = std::result::Result<T, Failure>;

/// Runs a command.
pub(crate) async fn run(command: Command, person: &mut Person) -> Result {
    match command {
        Command::Agent => return agent::serve().await,
        Command::Unlock => return vault::unlock(person).await,
        Command::Rotator(args::Rotator::Run { metrics }) => return rotator::run(person, metrics).await,
        Command::Rotator(args::Rotator::Status) => return rotator::status().await,
        Command::Audit(Audit { with: Some(AuditFile::Verify { path, genesis }), .. }) => {
            return audit::verify(&path, &genesis);
        }
        _ => {}
    }
    let mut door = match command {
        Command::Init(_)
        | Command::Lock
        | Command::QuickAccess
        | Command::Passphrase { .. }
        | Command::Restore(_)
        | Command::Join(_)
        | Command::Status
        | Command::Settings { .. }
        | Command::ClientId { .. } => Door::open().await?,
        _ => Door::unlocked(person).await?,
    };
    let outcome = Box::pin(perform(command, &mut door, person)).await;
    door.close(person).await;
    outcome
}

async fn perform(command: Command, door: &mut Door, person: &mut Person) -> Result {
    match command {
        Command::Init(init) => vault::init(door, person, init).await,
        Command::Lock => vault::lock(door).await,
        Command::Passphrase { suggest: true } => vault::suggest(door).await,
        Command::Passphrase { suggest: false } => vault::change_passphrase(door, person).await,
        Command::Status => vault::status(door).await,
        Command::Kit { path, groups_fd } => papers::kit(door, person, &path, groups_fd).await,
        Command::Sheet(sheet) => papers::sheet(door, person, sheet).await,
        Command::Backup { folder } => papers::backup(door, folder.as_deref()).await,
        Command::Restore(restore) => papers::restore(door, person, restore).await,
        Command::ConfirmRestore { reason } => papers::confirm_restore(door, reason).await,
        Command::Org(org) => Box::pin(organizations::run(door, org)).await,
        Command::Connect(connect) => connect::run(door, person, connect).await,
        Command::Laps(laps) => laps::run(door, person, laps).await,
        Command::View { which, then } => credentials::view(door, person, which, then).await,
        Command::Copy { which, user_name } => credentials::copy(door, person, which, user_name).await,
        Command::QuickAccess => credentials::quick_access(door).await,
        Command::SecondFactor { organization, account, key_fd } => {
            credentials::second_factor(door, person, &organization, account.as_deref(), key_fd).await
        }
        Command::Rotate(rotate) => rotate::run(door, person, rotate).await,
        Command::Incident(incident) => incident::run(door, person, incident).await,
        Command::Strangers(strangers) => Box::pin(strangers::run(door, person, strangers)).await,
        Command::Attention(attention) => attention::run(door, attention).await,
        Command::Audit(audit) => audit::list(door, audit).await,
        Command::Export { list, path } => audit::export(door, list, &path).await,
        Command::Home(home) => home::run(door, person, home).await,
        Command::Sync => home::sync(door).await,
        Command::Invite(invite) => people::invite(door, invite).await,
        Command::Join(join) => people::join(door, person, join).await,
        Command::Member(member) => people::member(door, member).await,
        Command::Device(device) => devices::run(door, device).await,
        Command::Team(team) => people::team(door, team).await,
        Command::Webhook(webhook) => webhook::run(door, person, webhook).await,
        Command::Settings { name, value } => settings::run(door, name.zip(value)).await,
        Command::ClientId { guid } => settings::client_id(door, guid).await,
        // Answered before a door was opened.
        Command::Agent => agent::serve().await,
        Command::Unlock => vault::unlock(person).await,
        Command::Rotator(args::Rotator::Run { metrics }) => rotator::run(person, metrics).await,
        Command::Rotator(args::Rotator::Status) => rotator::status().await,
    }
}

/// A path as the application wants it, which may run in another folder.
fn absolute(path: &Path) -> Result<String> {
    let path = std::path::absolute(path).map_err(|error| machine("cli.path", &error))?;
    path.into_os_string()
        .into_string()
        .map_err(|_| crate::output::usage("cli.path", "The path is not UTF-8 text.", "Use a path of ordinary letters."))
}
