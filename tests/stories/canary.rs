//! Canaries: known secrets and names are planted, the journey is gone through, and none of them may be found on the
//! disk, in what the program prints beside its answer, in arguments and environment of its processes, or in the memory
//! of the agent once it is locked.

use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use vitrine_kit::wait::{PATIENCE, until};

use crate::browser;
use crate::cloud::{self, CONTOSO, shown};
use crate::desk::{Desk, PASSPHRASE, exit};

const EMERGENCY: &str = "emergency@contoso.onmicrosoft.com";
const FIRM: &str = "Quetzal & Zebrafish IT";
const PERSON: &str = "Xanthippe Ozymandias";
const ORGANIZATION: &str = "Borogove Orchards 4711";
const NOTES: &str = "vorpal blade is under the doormat";
const REASON: &str = "jabberwock locked everybody out";

/// What must not be found, each with a name that says what leaked.
struct Canaries(Vec<(&'static str, Vec<u8>)>);

impl Canaries {
    fn of(texts: &[(&'static str, &str)]) -> Self {
        let written = |(name, text): &(&'static str, &str)| {
            let wide = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            [(*name, text.as_bytes().to_vec()), (*name, wide)]
        };
        Self(texts.iter().flat_map(written).collect())
    }

    /// Names of those found in some bytes.
    fn found_in(&self, bytes: &[u8]) -> Vec<&'static str> {
        let found = |canary: &[u8]| bytes.windows(canary.len()).any(|window| window == canary);
        // The first byte alone rules most places out; the whole comparison is rare.
        let hit = |canary: &[u8]| bytes.contains(&canary[0]) && found(canary);
        self.0.iter().filter(|(_, canary)| hit(canary)).map(|(name, _)| *name).collect()
    }

    /// Names of those found in a file below a folder, with the file.
    fn found_below(&self, folder: &Path) -> Result<Vec<(PathBuf, &'static str)>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder)? {
            let (path, kind) = entry.and_then(|entry| Ok((entry.path(), entry.file_type()?)))?;
            if kind.is_dir() {
                found.extend(self.found_below(&path)?);
            } else if kind.is_file() {
                let name = path.file_name().unwrap_or_default().as_encoded_bytes().to_vec();
                let bytes = [fs::read(&path)?, name].concat();
                found.extend(self.found_in(&bytes).into_iter().map(|canary| (path.clone(), canary)));
            }
        }
        Ok(found)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_canary_is_found_outside_the_open_vault() -> Result<()> {
    let sim = cloud::start().await?;
    let mut desk = Desk::at(&sim)?;
    desk.set("RUST_LOG", "trace");
    desk.does(["init", "--firm", FIRM, "--person", PERSON, "--accept-file-fallback"]).await?;
    desk.does(["backup", "--folder", "backup"]).await?;
    desk.does(["org", "add", ORGANIZATION, "--notes", NOTES]).await?;
    cloud::connect(&sim, &desk, ORGANIZATION, CONTOSO, &["emergency"]).await?;
    let first = shown(&desk, ORGANIZATION, EMERGENCY, "current").await?;
    let key = browser::portal(&sim, EMERGENCY, &first, None).await?.new_key.context("no second factor was set up")?;
    let order = desk.vitrine(["second-factor", ORGANIZATION, "--key-fd", "0"]).passphrase(PASSPHRASE).typed(&key);
    let stored = order.end().await?;
    stored.ended(exit::DONE)?;
    let rotated = desk.vitrine(["rotate", ORGANIZATION]).passphrase(PASSPHRASE).end().await?;
    rotated.ended(exit::DONE)?;
    desk.vitrine(["unlock"]).passphrase(PASSPHRASE).ends(exit::DONE).await?;
    let view = ["view", ORGANIZATION, "--account", EMERGENCY, "--reason", REASON];
    let viewed = desk.vitrine(view).end().await?;
    let second = crate::desk::text(&viewed.ended(exit::DONE)?, "secret")?;

    let secrets = [("passphrase", PASSPHRASE), ("old password", &first), ("new password", &second), ("key", &key)];
    let names = [
        ("firm", FIRM),
        ("person", PERSON),
        ("organization", ORGANIZATION),
        ("notes", NOTES),
        ("reason", REASON),
        ("account", EMERGENCY),
        ("tenant", CONTOSO),
    ];
    let (secrets, all) = (Canaries::of(&secrets), Canaries::of(&[secrets.as_slice(), &names].concat()));

    // The search itself can find something.
    let planted = desk.path("tmp").join("planted");
    fs::write(&planted, format!("...{second}..."))?;
    ensure!(all.found_below(&desk.path("tmp"))? == [(planted.clone(), "new password")], "the search is blind");
    fs::remove_file(&planted)?;

    // On the disk, with the journal of an open database and without.
    let on_disk = |when: &str| -> Result<()> {
        let found = all.found_below(&desk.path(""))?;
        ensure!(found.is_empty(), "on the disk {when}: {found:?}");
        Ok(())
    };
    on_disk("while unlocked")?;
    // Beside the answers: progress and whatever else was told.
    for ended in [&stored, &rotated, &viewed] {
        let told = format!("{:?}", ended.told);
        ensure!(secrets.found_in(told.as_bytes()).is_empty(), "told: {told}");
    }
    ensure!(
        all.found_in(rotated.out.as_bytes())
            .iter()
            .all(|name| !["passphrase", "old password", "new password", "key"].contains(name)),
        "an answer holds a secret that nobody asked for"
    );
    // What other people of the machine may read of the processes.
    let agent = agent(&desk)?;
    for part in ["cmdline", "environ"] {
        let bytes = fs::read(agent.join(part))?;
        ensure!(all.found_in(&bytes).is_empty(), "{part} of the agent holds a canary");
    }
    memory_after_lock(&desk, &agent, &secrets).await?;
    on_disk("after lock")?;

    // Killed, it leaves journal and socket behind, and still nothing to read.
    desk.vitrine(["unlock"]).passphrase(PASSPHRASE).ends(exit::DONE).await?;
    desk.vitrine(view).ends(exit::DONE).await?;
    let agent = self::agent(&desk)?;
    signal("KILL", &agent)?;
    gone(&agent).await?;
    on_disk("after a kill")?;
    let again = desk.vitrine(view).passphrase(PASSPHRASE).ends(exit::DONE).await?;
    ensure!(again["secret"] == second.as_str(), "the kill lost something");
    Ok(())
}

/// The process that holds the keys of this desk: its folder in `/proc`.
fn agent(desk: &Desk) -> Result<PathBuf> {
    let home = format!("VITRINE_HOME={}\0", desk.vault().display()).into_bytes();
    for entry in fs::read_dir("/proc")? {
        let process = entry?.path();
        let reads = |part: &str| fs::read(process.join(part)).unwrap_or_default();
        if reads("cmdline").ends_with(b"\0agent\0") && reads("environ").windows(home.len()).any(|part| part == home) {
            return Ok(process);
        }
    }
    bail!("no agent is running")
}

fn signal(name: &str, process: &Path) -> Result<()> {
    let id = process.file_name().context("not a process")?;
    ensure!(Command::new("kill").arg(format!("-{name}")).arg(id).status()?.success(), "kill -{name} failed");
    Ok(())
}

async fn gone(process: &Path) -> Result<()> {
    // A process that nobody waited for yet is a name without content.
    let gone = || fs::read(process.join("cmdline")).map_or(true, |line| line.is_empty());
    until("the end of the agent", PATIENCE, async || gone().then_some(())).await
}

/// Locks over the socket, stops the process in the moment it has left to answer, and reads all its memory.
async fn memory_after_lock(desk: &Desk, agent: &Path, secrets: &Canaries) -> Result<()> {
    let before = memory(agent)?;
    let known = desk.vault().display().to_string();
    let readable = before.windows(known.len()).any(|window| window == known.as_bytes());
    ensure!(readable, "the memory cannot be searched: not even the data folder's name is in it");
    drop(before);
    lock(desk)?;
    signal("STOP", agent)?;
    let after = memory(agent);
    signal("CONT", agent)?;
    let after = after?;
    ensure!(!after.is_empty(), "the agent was gone before it could be read");
    let found = secrets.found_in(&after);
    ensure!(found.is_empty(), "in memory after lock: {found:?}");
    gone(agent).await
}

/// Asks the agent itself: the command takes longer to end than the agent.
fn lock(desk: &Desk) -> Result<()> {
    use std::io::Write;
    let folder = fs::read_dir(desk.path("run"))?.next().context("no folder of the agent")??.path();
    let socket = fs::read_dir(folder)?.next().context("no socket of the agent")??.path();
    let mut stream = UnixStream::connect(socket)?;
    stream.write_all(b"{\"command\":\"lock\",\"request\":{}}\n")?;
    let mut byte = [0];
    stream.read_exact(&mut byte)?;
    Ok(())
}

/// Everything a process may read and write, as it stands.
fn memory(process: &Path) -> Result<Vec<u8>> {
    let maps = fs::read_to_string(process.join("maps"))?;
    let mut memory = fs::File::open(process.join("mem")).context("reading another process needs root")?;
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
