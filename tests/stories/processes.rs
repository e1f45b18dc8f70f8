//! The processes of a desk, as other people of the machine may look at them.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use vitrine_kit::wait::{PATIENCE, until};

use crate::desk::Desk;

/// Shorter than any command runs, and long enough to leave the machine to them.
const BETWEEN_LOOKS: Duration = Duration::from_millis(2);

/// Everything that runs for this desk now: folders in `/proc`. What it starts inherits the name of the data folder.
fn all(home: &[u8]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let process = entry?.path();
        let environment = fs::read(process.join("environ")).unwrap_or_default();
        if environment.windows(home.len()).any(|part| part == home) {
            found.push(process);
        }
    }
    Ok(found)
}

fn home(desk: &Desk) -> Vec<u8> {
    format!("VITRINE_HOME={}\0", desk.vault().display()).into_bytes()
}

/// The processes that hold, or are about to hold, the keys of this desk.
pub(crate) fn agents(desk: &Desk) -> Result<Vec<PathBuf>> {
    let is_agent = |process: &PathBuf| fs::read(process.join("cmdline")).is_ok_and(|line| line.ends_with(b"\0agent\0"));
    Ok(all(&home(desk))?.into_iter().filter(is_agent).collect())
}

/// The one process that holds the keys of this desk.
pub(crate) fn agent(desk: &Desk) -> Result<PathBuf> {
    let mut agents = agents(desk)?;
    ensure!(agents.len() == 1, "there is not one agent: {agents:?}");
    agents.pop().context("no agent is running")
}

/// The rotator of this desk.
pub(crate) fn rotator(desk: &Desk) -> Result<PathBuf> {
    let is_rotator = |process: &PathBuf| {
        let line = fs::read(process.join("cmdline")).unwrap_or_default();
        line.windows(13).any(|part| part == b"\0rotator\0run\0")
    };
    all(&home(desk))?.into_iter().find(is_rotator).context("no rotator is running")
}

/// Where the agent of a desk listens.
pub(crate) fn socket(desk: &Desk) -> Result<PathBuf> {
    let folder = fs::read_dir(desk.path("run"))?.next().context("no folder of the agent")??.path();
    let socket = fs::read_dir(folder)?.next().context("no socket of the agent")??.path();
    Ok(socket)
}

/// Sends a signal, by its name.
pub(crate) fn signal(name: &str, process: &Path) -> Result<()> {
    let id = process.file_name().context("not a process")?;
    ensure!(Command::new("kill").arg(format!("-{name}")).arg(id).status()?.success(), "kill -{name} failed");
    Ok(())
}

/// Waits for the end of a process.
pub(crate) async fn gone(process: &Path) -> Result<()> {
    until("the end of a process", PATIENCE, async || is_gone(process).then_some(())).await
}

/// A process that nobody waited for yet is a name without content.
pub(crate) fn is_gone(process: &Path) -> bool {
    fs::read(process.join("cmdline")).map_or(true, |line| line.is_empty())
}

/// Everything a process may read and write, as it stands.
pub(crate) fn memory(process: &Path) -> Result<Vec<u8>> {
    let maps = fs::read_to_string(process.join("maps"))?;
    let mut memory = File::open(process.join("mem")).context("reading another process needs root")?;
    let mut bytes = Vec::new();
    for line in maps.lines() {
        let mut words = line.split_whitespace();
        let (Some((from, to)), Some(mode)) = (words.next().and_then(|range| range.split_once('-')), words.next())
        else {
            continue;
        };
        if !mode.starts_with("rw") {
            continue;
        }
        let (from, to) = (u64::from_str_radix(from, 16)?, u64::from_str_radix(to, 16)?);
        memory.seek(SeekFrom::Start(from))?;
        // A range that went away meanwhile holds nothing.
        let _ = (&mut memory).take(to - from).read_to_end(&mut bytes);
    }
    Ok(bytes)
}

/// What a process shows to everybody.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Shown {
    pub(crate) arguments: Vec<u8>,
    pub(crate) environment: Vec<u8>,
}

/// Looks at all processes of a desk again and again, until asked what it saw.
pub(crate) struct Watch {
    over: Arc<AtomicBool>,
    looking: JoinHandle<Result<BTreeSet<Shown>>>,
}

impl Watch {
    pub(crate) fn begin(desk: &Desk) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let (home, ends) = (home(desk), over.clone());
        let looking = std::thread::spawn(move || {
            let mut seen = BTreeSet::new();
            while !ends.load(Ordering::Relaxed) {
                std::thread::sleep(BETWEEN_LOOKS);
                for process in all(&home)? {
                    let read = |part| fs::read(process.join(part)).unwrap_or_default();
                    seen.insert(Shown { arguments: read("cmdline"), environment: read("environ") });
                }
            }
            Ok(seen)
        });
        Self { over, looking }
    }

    /// Each process that was seen, once.
    pub(crate) fn end(self) -> Result<BTreeSet<Shown>> {
        self.over.store(true, Ordering::Relaxed);
        let seen = self.looking.join().map_err(|_| anyhow!("the watch ended by itself"))??;
        ensure!(!seen.is_empty(), "the watch saw nothing");
        Ok(seen)
    }
}
