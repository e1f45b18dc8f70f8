//! Starts the desktop program, a bare web view and a browser in turn, on a screen of their own, and prints what each
//! took as one line of JSON. `vitrine-measure BARE PAGE VAULT PASSPHRASE ROUNDS`; the program is the one that
//! `VITRINE_DESKTOP_PROGRAM` names. What the figures mean is decided by whoever asked.

mod page;
mod processes;

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use tokio::process::{Child, Command};
use tokio::time::sleep;
use vitrine_desktop_tests::{Desk, Eyes, Setting};

/// How often the screen is looked at: a fifth of a frame.
const GLANCE: Duration = Duration::from_millis(3);
/// A program that shows nothing for so long never will.
const LONGEST: Duration = Duration::from_secs(30);
/// Until a program that has nothing to do has come to rest.
const REST: Duration = Duration::from_secs(3);
/// How long a program in the tray is watched: at 0.1 % of a processor it would take two ticks.
const IDLE: Duration = Duration::from_secs(20);

/// One start.
#[derive(Debug, Serialize)]
struct Started {
    /// Seconds from the start to words in its window.
    visible: f64,
    /// MiB of all its processes, at rest.
    memory: f64,
}

/// Everything that was measured.
#[derive(Debug, Default, Serialize)]
struct Measured {
    bare: Vec<Started>,
    chromium: Vec<Started>,
    ours: Vec<Started>,
    /// MiB of all our processes with the list shown.
    listed: Vec<f64>,
    /// MiB of our first process then.
    own: Vec<f64>,
    /// MiB of all our processes in the tray.
    tray: Vec<f64>,
    /// Share of a processor in the tray.
    tray_cpu: Vec<f64>,
    page: page::Seen,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let [bare, page, vault, passphrase, rounds] = arguments.as_slice() else {
        eprintln!("usage: vitrine-measure BARE PAGE VAULT PASSPHRASE ROUNDS");
        return ExitCode::from(2);
    };
    let run = async {
        let (passphrase, rounds) = (passphrase.to_str().context("words")?, rounds.to_str().context("a number")?);
        measure(Path::new(bare), Path::new(page), Path::new(vault), passphrase, rounds.parse()?).await
    };
    match run.await.and_then(|measured| Ok(serde_json::to_string(&measured)?)) {
        #[allow(clippy::print_stdout, reason = "a terminal host speaks on stdout")]
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("nothing was measured: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(bare: &Path, page: &Path, vault: &Path, passphrase: &str, rounds: usize) -> Result<Measured> {
    let desk = Desk::set_up(Setting { keyring: false, ..Setting::default() }).await?;
    fs::create_dir_all(desk.vault())?;
    for file in fs::read_dir(vault)?.flatten().filter(|file| file.path().is_file()) {
        fs::copy(file.path(), desk.vault().join(file.file_name()))?;
    }
    let eyes = Eyes::open(desk.display())?;
    let address = format!("file://{}", page.canonicalize()?.display());
    let mut measured = Measured::default();
    for _ in 0..rounds {
        let mut command = desk.command(bare);
        command.arg(&address);
        measured.bare.push(start(&eyes, command).await?.stop().await?);
        if let Some(chromium) = browser() {
            let profile = tempfile::tempdir()?;
            let mut command = desk.command(&chromium);
            command.arg(format!("--app={address}")).arg(format!("--user-data-dir={}", profile.path().display()));
            command.args(["--no-first-run", "--no-default-browser-check", "--password-store=basic"]);
            // Its sandbox refuses root, which build machines often are.
            command.args(fs::metadata("/proc/self").is_ok_and(|me| owner(&me) == 0).then_some("--no-sandbox"));
            measured.chromium.push(start(&eyes, command).await?.stop().await?);
        }
        ours(&desk, &eyes, passphrase, &mut measured).await?;
    }
    measured.page = page::look(&desk, passphrase).await?;
    Ok(measured)
}

/// Our program: locked, with the list shown, in the tray.
async fn ours(desk: &Desk, eyes: &Eyes, passphrase: &str, measured: &mut Measured) -> Result<()> {
    desk.wait_until_ended().await?;
    let program = start(eyes, desk.command(&vitrine_desktop_tests::desk::program()?)).await?;
    eyes.type_line(passphrase)?;
    let icon = desk.tray.icon().await?;
    icon.wait_for_entry("Lock").await?;
    sleep(REST).await;
    measured.listed.push(processes::memory(program.id));
    measured.own.push(processes::own_memory(program.id));
    eyes.close(program.window)?;
    let begun = Instant::now();
    while eyes.windows()?.contains(&program.window) {
        if begun.elapsed() > LONGEST {
            bail!("the window did not close");
        }
        sleep(GLANCE).await;
    }
    sleep(REST).await;
    measured.tray.push(processes::memory(program.id));
    let before = processes::cpu(program.id);
    sleep(IDLE).await;
    measured.tray_cpu.push((processes::cpu(program.id) - before) / IDLE.as_secs_f64());
    measured.ours.push(program.stop().await?);
    Ok(())
}

/// A program that runs and shows its window.
struct Running {
    child: Child,
    id: u32,
    window: u32,
    started: Started,
}

async fn start(eyes: &Eyes, mut command: Command) -> Result<Running> {
    let others = eyes.windows()?;
    let begun = Instant::now();
    // A group of its own, so that all it starts is counted and ended with it.
    let child = command.process_group(0).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let child = child.with_context(|| format!("could not start {command:?}"))?;
    let id = child.id().context("the program ended at once")?;
    let window = loop {
        let new = eyes.windows()?.into_iter().find(|window| !others.contains(window));
        if let Some(window) = new
            // A window may go away while it is looked at.
            && eyes.is_written(window).unwrap_or(false)
        {
            break window;
        }
        if begun.elapsed() > LONGEST {
            bail!("{command:?} showed nothing");
        }
        sleep(GLANCE).await;
    };
    let visible = begun.elapsed().as_secs_f64();
    sleep(REST).await;
    Ok(Running { child, id, window, started: Started { visible, memory: processes::memory(id) } })
}

impl Running {
    async fn stop(mut self) -> Result<Started> {
        let group = format!("-{}", self.id);
        Command::new("kill").args(["-TERM", "--", &group]).status().await?;
        self.child.wait().await?;
        Ok(self.started)
    }
}

/// Chromium, where it is installed.
fn browser() -> Option<std::path::PathBuf> {
    ["/usr/bin/chromium", "/usr/bin/chromium-browser"]
        .map(Into::into)
        .into_iter()
        .find(|path: &std::path::PathBuf| path.exists())
}

fn owner(file: &fs::Metadata) -> u32 {
    std::os::unix::fs::MetadataExt::uid(file)
}
