//! The rotator: this program as a service, with no window and no person. It holds the keys, rotates what falls due, tells
//! systemd that it lives, and ends loudly when it cannot work.
//!
//! What it prints and what it serves are numbers: a log of a service is read by many who may not see customers' names.

use std::{fs, net::SocketAddr, path::PathBuf, time::Duration};

use axum::{Router, http::StatusCode, routing::get};
use serde_json::json;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::broadcast::error::RecvError,
    time::{MissedTickBehavior, interval},
};
use vitrine_app::{
    App, Error, Headless, Host, HostError, Options,
    agent::Agent,
    api::{
        EdgeSecret, ErrorClass, Event, LockReason, Phase, RotatorStatusRequest, RotatorStatusView, RotatorWork,
        UnlockRequest,
    },
};
use vitrine_vault::SecretText;
use zeroize::Zeroizing;

use crate::{
    exit::Exit,
    output::{Failure, Outcome, machine, usage},
    person::Person,
};

/// The name under which systemd hands the passphrase down (`LoadCredentialEncrypted=`).
const CREDENTIAL: &str = "vitrine-passphrase";
/// How often the watchdog is told, unless systemd asks for more.
const TICK: Duration = Duration::from_secs(15);

/// Nobody sits in front of it, and it is there for nothing but to rotate.
struct Rotator;

impl Host for Rotator {
    fn open_reveal(&self, organization: &str, account: &str) -> Result<(), HostError> {
        Headless.open_reveal(organization, account)
    }

    fn ends_with_lock(&self) -> bool {
        true
    }

    fn is_unattended(&self) -> bool {
        true
    }
}

/// Rotates until told to end.
pub(crate) async fn run(person: &mut Person, metrics: Option<SocketAddr>) -> Result<Outcome, Failure> {
    let listener = match metrics {
        Some(address) => Some(listen(address).await?),
        None => None,
    };
    let passphrase = passphrase(person)?;
    let app = App::start(Options::from_environment()?, Rotator).await?;
    let status = match app.call(UnlockRequest { passphrase }).await {
        Ok(status) => status,
        Err(error) => {
            app.shut_down();
            return Err(error.into());
        }
    };
    if status.phase == Phase::Joining {
        app.end().await;
        return Err(crate::door::joining());
    }
    for error in &status.warnings {
        person.progress(&json!({ "kind": "warning", "error": error }), &crate::output::warning(error));
    }
    let address = listener.as_ref().and_then(|listener| listener.local_addr().ok());
    let serving = listener.map(|listener| tokio::spawn(serve(listener, app.clone())));
    person.progress(
        &json!({ "kind": "rotating", "metrics": address }),
        "The vault is open, and what falls due is rotated.",
    );
    // Without systemd there is no socket to tell, which is as good.
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    let ended = work(&app, person).await;
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
    if let Some(serving) = serving {
        serving.abort();
    }
    app.end().await;
    ended
}

/// Tells how it goes, until somebody locks, or asks the process to end.
async fn work(app: &App, person: &Person) -> Result<Outcome, Failure> {
    let signals = |kind| signal(kind).map_err(|error| machine("cli.no-signals", &error));
    let (mut terminate, mut interrupt) = (signals(SignalKind::terminate())?, signals(SignalKind::interrupt())?);
    let mut tick = interval(sd_notify::watchdog_enabled().map_or(TICK, |every| (every / 3).min(TICK)));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut events, mut told) = (app.events(), RotatorWork::default());
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            event = events.recv() => if matches!(event, Ok(Event::Locked { .. }) | Err(RecvError::Closed)) {
                return Err(locked());
            },
            _ = tick.tick() => {
                if app.is_alive() {
                    let _ = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]);
                }
                let Some(work) = app.call(RotatorStatusRequest {}).await?.work else { return Err(locked()) };
                if work != told {
                    person.progress(&json!({ "kind": "work", "work": work }), &line(&work));
                    told = work;
                }
            }
        }
    }
    app.lock(LockReason::Hand).await;
    Outcome::of(&json!({ "rotated": told.rotated }), format!("Ended. {}", line(&told)))
}

fn line(work: &RotatorWork) -> String {
    let RotatorWork { due, overdue, failed, rotated, not_rotated, .. } = work;
    format!(
        "{rotated} rotated, {not_rotated} not; {due} due, {overdue} overdue, {failed} organizations wait for a person"
    )
}

fn locked() -> Failure {
    let next = "Start the rotator again, if it was not meant to end.";
    Error::new(ErrorClass::Locked, "rotator.locked", "The vault was locked, so nothing is rotated any more.", next)
        .into()
}

/// The passphrase of a service: a descriptor that was named, else what systemd unsealed for this unit alone.
fn passphrase(person: &mut Person) -> Result<EdgeSecret, Failure> {
    let Some(file) = credential().filter(|_| !person.reads_descriptor()) else {
        return person.passphrase("Passphrase: ");
    };
    let text = fs::read_to_string(&file).map(Zeroizing::new).map_err(|error| {
        Failure::from(
            Error::new(
                ErrorClass::Locked,
                "rotator.no-credential",
                format!("systemd gave no credential {CREDENTIAL:?} that can be read."),
                format!(
                    "Seal it: systemd-creds encrypt --name={CREDENTIAL} - FILE; name FILE in LoadCredentialEncrypted=."
                ),
            )
            .because(error),
        )
    })?;
    Ok(EdgeSecret(SecretText::new(text.trim_end_matches(['\r', '\n']).to_owned())))
}

fn credential() -> Option<PathBuf> {
    std::env::var_os("CREDENTIALS_DIRECTORY").map(|folder| PathBuf::from(folder).join(CREDENTIAL))
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    if !address.ip().is_loopback() {
        return Err(usage(
            "rotator.metrics-address",
            "The numbers are served on this machine alone.",
            "Use an address such as 127.0.0.1:9464, and a proxy of your own in front of it.",
        ));
    }
    TcpListener::bind(address).await.map_err(|error| machine("rotator.metrics-not-served", &error))
}

async fn serve(listener: TcpListener, app: App) {
    let health = app.clone();
    let routes = Router::new().route("/metrics", get(async move || page(&app).await)).route(
        "/healthz",
        get(async move || if health.is_alive() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }),
    );
    if let Err(error) = axum::serve(listener, routes).await {
        eprintln!("The numbers are no longer served: {error}");
    }
}

/// The page that Prometheus reads.
async fn page(app: &App) -> Result<String, StatusCode> {
    let status = app.call(RotatorStatusRequest {}).await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    Ok(numbers(&status))
}

fn numbers(status: &RotatorStatusView) -> String {
    let work = status.work.unwrap_or_default();
    let rows = [
        ("unlocked", "gauge", "Whether the keys are held.", u64::from(status.phase == Phase::Unlocked)),
        ("looked_before_seconds", "gauge", "Seconds since what is due was looked for.", status.looked_before_s),
        ("due", "gauge", "Accounts that are due.", work.due.into()),
        ("overdue", "gauge", "Accounts that are due for more than an hour.", work.overdue.into()),
        ("open", "gauge", "Rotations that run, or wait to be tried again.", work.open.into()),
        ("failed", "gauge", "Organizations in which something waits for a person.", work.failed.into()),
        ("certificates_ended", "gauge", "Connections whose certificate has ended.", work.certificates_ended.into()),
        ("messages_waiting", "gauge", "Messages that wait to be sent to the webhook.", work.messages_waiting.into()),
        (
            "messages_dropped",
            "gauge",
            "Messages that were never sent, since the webhook was set.",
            work.messages_dropped.into(),
        ),
        ("rotated_total", "counter", "Rotations that ended well.", work.rotated.into()),
        ("not_rotated_total", "counter", "Rotations that ended otherwise, each try counted.", work.not_rotated.into()),
    ];
    rows.map(|(name, kind, help, value)| {
        format!("# HELP vitrine_rotator_{name} {help}\n# TYPE vitrine_rotator_{name} {kind}\nvitrine_rotator_{name} {value}\n")
    })
    .concat()
}

/// How the process that holds the data folder stands.
pub(crate) async fn status() -> Result<Outcome, Failure> {
    let options = Options::from_environment()?;
    let Some(mut agent) = Agent::connect(&options.config.folder).await else {
        let next = "Start it: systemctl start vitrine-rotator, or vitrine rotator run.";
        return Err(Error::new(ErrorClass::Machine, "rotator.not-running", "No rotator runs here.", next).into());
    };
    let status = agent.call(RotatorStatusRequest {}).await?;
    let exit = match &status.work {
        None => Exit::Locked,
        Some(work) if work.overdue > 0 || work.failed > 0 || work.certificates_ended > 0 => Exit::Partly,
        Some(_) => Exit::Done,
    };
    let who = if status.unattended { "A rotator" } else { "A person's process" };
    let words = match &status.work {
        None => format!("{who} runs, and its vault is locked: nothing is rotated."),
        Some(work) => format!("{who} holds the vault; it looked {} s ago. {}.", status.looked_before_s, line(work)),
    };
    Ok(Outcome::of(&status, words)?.ending(exit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use vitrine_app::api::Time;

    #[test]
    fn the_page_has_a_line_of_help_a_type_and_a_value_for_each_number() {
        let work = RotatorWork { due: 3, overdue: 1, ..RotatorWork::default() };
        let status = RotatorStatusView {
            unattended: true,
            phase: Phase::Unlocked,
            since: Time(0),
            looked_before_s: 7,
            work: Some(work),
        };
        let page = numbers(&status);
        assert!(
            page.contains("\nvitrine_rotator_due 3\n") && page.contains("\nvitrine_rotator_looked_before_seconds 7\n")
        );
        assert_eq!(page.matches("# HELP ").count() * 3, page.lines().count());
        // Locked it still answers, and says so.
        let locked = numbers(&RotatorStatusView { phase: Phase::Locked, work: None, ..status });
        assert!(locked.contains("\nvitrine_rotator_unlocked 0\n"));
    }
}
