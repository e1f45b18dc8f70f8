//! The agent: a process of its own that holds the unlocked keys until they are locked.
//!
//! `vitrine unlock` starts this same program with the hidden command `agent`, hands it the passphrase through a pipe
//! and reads back one line: how the unlock went. No argument, no variable, no file ever holds the passphrase.

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::process::CommandExt,
    process::{Command, Stdio},
};

use serde::{Deserialize, Serialize};
use tokio::signal::unix::{SignalKind, signal};
use vitrine_app::{
    App, Error, Headless, Host, HostError, Options,
    api::{EdgeSecret, ErrorClass, ErrorView, Event, LockReason, StatusView, UnlockRequest},
};

use crate::{
    output::{Failure, Outcome, machine},
    person::Lines,
};

/// What the agent says once it stands or has failed.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum FirstWord {
    Unlocked(Box<StatusView>),
    Failed(ErrorView),
}

/// Starts an agent in the background and waits until it holds the keys.
pub(crate) fn start(passphrase: &EdgeSecret) -> Result<StatusView, Failure> {
    let failed = |error: std::io::Error| machine("cli.agent-not-started", &error);
    let program = std::env::current_exe().map_err(failed)?;
    let mut child = Command::new(program)
        .arg("agent")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        // Its own group, so that Ctrl-C at this terminal does not reach it later.
        .process_group(0)
        .current_dir("/")
        .spawn()
        .map_err(failed)?;
    let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else { return Err(gone()) };
    // Exposed to the pipe that only the child reads.
    stdin.write_all(passphrase.0.expose().as_bytes()).and_then(|()| stdin.write_all(b"\n")).map_err(failed)?;
    drop(stdin);
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line).map_err(failed)?;
    match serde_json::from_str(&line) {
        Ok(FirstWord::Unlocked(status)) => Ok(*status),
        Ok(FirstWord::Failed(error)) => Err(error.into()),
        Err(_) => Err(gone()),
    }
}

fn gone() -> Failure {
    let what = "The agent ended before it held the keys.";
    Error::new(ErrorClass::Machine, "cli.agent-gone", what, "Run vitrine status to see why.").into()
}

/// The hidden command: holds the keys until somebody locks, or nobody uses them, or the machine sleeps.
pub(crate) async fn serve() -> Result<Outcome, Failure> {
    let app = match hold().await {
        Ok((app, status)) => {
            say(&FirstWord::Unlocked(Box::new(status)));
            app
        }
        Err(error) => {
            say(&FirstWord::Failed(ErrorView::clone(&error)));
            return Err(error);
        }
    };
    let signals = |kind| signal(kind).map_err(|error| machine("cli.no-signals", &error));
    let (mut terminate, mut interrupt) = (signals(SignalKind::terminate())?, signals(SignalKind::interrupt())?);
    tokio::select! {
        () = locked(&app) => {}
        _ = terminate.recv() => app.lock(LockReason::Hand).await,
        _ = interrupt.recv() => app.lock(LockReason::Hand).await,
    }
    app.end().await;
    Outcome::of(&serde_json::json!({}), String::new())
}

/// A process that is there to hold the keys, and for nothing else.
struct Keeper;

impl Host for Keeper {
    fn open_reveal(&self, organization: &str, account: &str) -> Result<(), HostError> {
        Headless.open_reveal(organization, account)
    }

    fn ends_with_lock(&self) -> bool {
        true
    }
}

async fn hold() -> Result<(App, StatusView), Failure> {
    let passphrase = Lines::open(0)?.next()?;
    let options = Options::from_environment()?;
    let app = App::start(options, Keeper).await?;
    match app.call(UnlockRequest { passphrase }).await {
        Ok(status) => Ok((app, status)),
        Err(error) => {
            app.shut_down();
            Err(error.into())
        }
    }
}

async fn locked(app: &App) {
    let mut events = app.events();
    while !matches!(
        events.recv().await,
        Ok(Event::Locked { .. }) | Err(tokio::sync::broadcast::error::RecvError::Closed)
    ) {}
}

#[allow(clippy::print_stdout, reason = "standard output is the pipe to whoever started the agent")]
fn say(word: &FirstWord) {
    println!("{}", serde_json::to_string(word).unwrap_or_default());
}
