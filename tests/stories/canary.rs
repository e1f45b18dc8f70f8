//! Canaries: known secrets and names are planted, the journey is gone through, and none of them may be found on the
//! disk (data folder, journal, temporary files, backup, log at its finest), in what the program prints beside its
//! answer, in arguments and environment of any of its processes at any time, in what a crash leaves, or in the memory of
//! the agent once it is locked.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use data_encoding::{BASE64, BASE64URL, HEXLOWER, HEXUPPER};
use vitrine_kit::wait::{PATIENCE, until};

use crate::browser;
use crate::cloud::{self, CONTOSO, shown};
use crate::desk::{Desk, PASSPHRASE, exit};
use crate::paper;
use crate::processes::{Watch, agent, gone, memory, signal, socket};

const EMERGENCY: &str = "emergency@contoso.onmicrosoft.com";
const FIRM: &str = "Quetzal & Zebrafish IT";
const PERSON: &str = "Xanthippe Ozymandias";
const ORGANIZATION: &str = "Borogove Orchards 4711";
const NOTES: &str = "vorpal blade is under the doormat";
const REASON: &str = "jabberwock locked everybody out";

/// Where the device secret lies on a machine without a keychain, because the person accepted it there.
const DEVICE_SECRET: &str = "vault/device.secret";
/// How each private key of a certificate begins that is not sealed: PKCS #8 with `rsaEncryption` (RFC 5958, RFC 8017).
const PRIVATE_KEY: &[u8] = b"\x02\x01\x00\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x04\x82";

/// What must not be found, each with a name that says what leaked.
pub(crate) struct Canaries(Vec<(&'static str, Vec<u8>)>);

impl Canaries {
    pub(crate) fn of(texts: &[(&'static str, &str)]) -> Self {
        let written = |(name, text): &(&'static str, &str)| {
            let wide = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            [(*name, text.as_bytes().to_vec()), (*name, wide)]
        };
        Self(texts.iter().flat_map(written).collect())
    }

    /// The same, and these bytes as they are and in hexadecimal.
    pub(crate) fn and_bytes(mut self, name: &'static str, bytes: &[u8]) -> Self {
        let written = bytes.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect();
        self.0.extend([(name, bytes.to_vec()), (name, written)]);
        self
    }

    /// The same, and each of them as other programs would write it: in hexadecimal, and in base64 wherever it begins there.
    pub(crate) fn in_every_writing(mut self) -> Self {
        let mut more = Vec::new();
        for (name, bytes) in &self.0 {
            more.extend([HEXLOWER, HEXUPPER].map(|hex| (*name, hex.encode(bytes).into_bytes())));
            for (base64, before) in
                [BASE64, BASE64URL].into_iter().flat_map(|base64| (0..3).map(move |at| (base64.clone(), at)))
            {
                let shifted = [&vec![0; before][..], bytes].concat();
                let whole = shifted.len() / 3 * 3;
                // The first group holds bits of what stands before.
                let text = base64.encode(&shifted[..whole]).into_bytes();
                more.push((*name, text[if before == 0 { 0 } else { 4 }..].to_vec()));
            }
        }
        self.0.extend(more);
        self
    }

    /// Names of those found in some bytes.
    pub(crate) fn found_in(&self, bytes: &[u8]) -> Vec<&'static str> {
        // One pass for all of them: the first two bytes rule most places out, and the whole comparison is rare.
        let place = |pair: &[u8]| usize::from(pair[0]) << 8 | usize::from(pair[1]);
        let mut beginning = vec![Vec::<usize>::new(); 1 << 16];
        for (number, (_, canary)) in self.0.iter().enumerate() {
            beginning[place(canary)].push(number);
        }
        let mut found = BTreeSet::<usize>::new();
        for (at, pair) in bytes.windows(2).enumerate() {
            let here = beginning[place(pair)].iter().filter(|number| bytes[at..].starts_with(&self.0[**number].1));
            found.extend(here);
        }
        found.into_iter().map(|number| self.0[number].0).collect()
    }

    /// Names of those found in a file below a folder, with the file.
    pub(crate) fn found_below(&self, folder: &Path) -> Result<Vec<(PathBuf, &'static str)>> {
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
    desk.set("VITRINE_LOG", desk.path("vitrine.log"));
    desk.set("VITRINE_LOG_LEVEL", "trace");
    let watch = Watch::begin(&desk);
    desk.does(["init", "--firm", FIRM, "--person", PERSON, "--accept-file-fallback"]).await?;
    // Out of reach of the search: what stands on paper is meant to be read.
    let papers = tempfile::tempdir()?;
    let paper = |name: &str| papers.path().join(name).display().to_string();
    desk.vitrine(["kit", &paper("kit.pdf")]).passphrase(PASSPHRASE).ends(exit::PARTLY).await?;
    desk.does(["sheet", &paper("sheet.pdf")]).await?;
    let mut codes = Vec::new();
    for (file, heading) in [("kit.pdf", "Account secret"), ("sheet.pdf", "Code")] {
        let groups = paper::code(&paper::read(&papers.path().join(file))?, heading)?;
        codes.extend(["", "-", " "].map(|between| groups.join(between)));
    }
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

    let tokens = sim.control().issued_tokens();
    ensure!(tokens.len() > 3, "the cloud issued hardly a token: {}", tokens.len());
    let planted = [("passphrase", PASSPHRASE), ("old password", &first), ("new password", &second), ("key", &key)];
    let of_kind = |name, texts: &'_ [String]| texts.iter().map(move |text| (name, text.clone())).collect::<Vec<_>>();
    let more = [of_kind("token", &tokens), of_kind("code of a paper", &codes)].concat();
    let secrets: Vec<_> = planted.into_iter().chain(more.iter().map(|(name, text)| (*name, text.as_str()))).collect();
    let names = [
        ("firm", FIRM),
        ("person", PERSON),
        ("organization", ORGANIZATION),
        ("notes", NOTES),
        ("reason", REASON),
        ("account", EMERGENCY),
        ("tenant", CONTOSO),
    ];
    let device_secret = fs::read(desk.path(DEVICE_SECRET))?;
    let all = Canaries::of(&[secrets.as_slice(), &names].concat());
    let all = all.and_bytes("device secret", &device_secret).and_bytes("certificate's key", PRIVATE_KEY);
    let secrets = Canaries::of(&secrets);
    let secrets = secrets.and_bytes("device secret", &device_secret).and_bytes("certificate's key", PRIVATE_KEY);
    let found_here = || -> Result<Vec<_>> {
        let found = all.found_below(&desk.path(""))?.into_iter();
        Ok(found.filter(|(path, name)| *name != "device secret" || *path != desk.path(DEVICE_SECRET)).collect())
    };

    // The search itself can find something, in each of the places it is to look at.
    for place in ["tmp/planted", "vault/planted", "backup/planted", "vitrine.log.planted"] {
        let planted = desk.path(place);
        for (name, canary) in
            [("new password", second.as_bytes()), ("device secret", &device_secret), ("certificate's key", PRIVATE_KEY)]
        {
            fs::write(&planted, [b"...", canary, b"..."].concat())?;
            ensure!(found_here()? == [(planted.clone(), name)], "blind to {name} in {place}");
        }
        fs::remove_file(&planted)?;
    }
    for place in ["vault/vitrine.db", "vault/vitrine.db-wal", "vault/views", "backup/Vitrine.backup", "vitrine.log"] {
        let length = fs::metadata(desk.path(place)).with_context(|| place.to_owned())?.len();
        ensure!(length > 0, "{place} is empty: nothing in it was searched");
    }

    // On the disk, with the journal of an open database and without.
    let on_disk = |when: &str| -> Result<()> {
        let found = found_here()?;
        ensure!(found.is_empty(), "on the disk {when}: {found:?}");
        Ok(())
    };
    on_disk("while unlocked")?;
    // Beside the answers: progress and whatever else was told.
    for ended in [&stored, &rotated, &viewed] {
        let told = format!("{:?}", ended.told);
        ensure!(secrets.found_in(told.as_bytes()).is_empty(), "told: {told}");
    }
    ensure!(secrets.found_in(rotated.out.as_bytes()).is_empty(), "an answer holds a secret that nobody asked for");
    memory_after_lock(&desk, &secrets).await?;
    on_disk("after lock")?;

    // Killed, it leaves journal and socket behind, and still nothing to read. Crashed, it leaves no image of its memory.
    for (name, crashes) in [("KILL", false), ("ABRT", true)] {
        desk.vitrine(["unlock"]).passphrase(PASSPHRASE).ends(exit::DONE).await?;
        desk.vitrine(view).ends(exit::DONE).await?;
        let agent = agent(&desk)?;
        let limits = fs::read_to_string(agent.join("limits"))?;
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).context("no limit of cores")?;
        ensure!(core.split_whitespace().nth(4) == Some("0"), "a crash would leave an image of the keys: {core}");
        let folder = fs::read_link(agent.join("cwd"))?;
        let before = files(&folder)?;
        signal(name, &agent)?;
        gone(&agent).await?;
        let more: Vec<_> = files(&folder)?.difference(&before).cloned().collect();
        let images: Vec<_> = more.iter().filter(|file| file.to_string_lossy().starts_with("core")).collect();
        ensure!(!crashes || images.is_empty(), "a crash left {images:?} in {}", folder.display());
        on_disk(&format!("after SIG{name}"))?;
        let again = desk.vitrine(view).passphrase(PASSPHRASE).ends(exit::DONE).await?;
        ensure!(again["secret"] == second.as_str(), "SIG{name} lost something");
    }
    for process in watch.end()? {
        let arguments = String::from_utf8_lossy(&process.arguments).replace('\0', " ");
        let found = all.found_in(&process.environment);
        ensure!(found.is_empty(), "in the environment of {arguments}: {found:?}");
        // What a person types as an argument stands in the arguments of that one command, names among it.
        let typed = process.arguments.split(|byte| *byte == 0).any(|argument| argument == b"--json");
        let found = if typed { secrets.found_in(&process.arguments) } else { all.found_in(&process.arguments) };
        ensure!(found.is_empty(), "in the arguments of {arguments}: {found:?}");
    }
    Ok(())
}

/// Names of the files in a folder.
fn files(folder: &Path) -> Result<BTreeSet<OsString>> {
    Ok(fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name())).collect::<std::io::Result<_>>()?)
}

/// An agent that took nothing for so long waits for its answers to be read.
const DEAF: Duration = Duration::from_secs(2);

/// Locks over the socket while another caller holds the end of the process up, stops it there, and reads all its memory.
async fn memory_after_lock(desk: &Desk, secrets: &Canaries) -> Result<()> {
    let agent = agent(desk)?;
    let before = memory(&agent)?;
    let known = desk.vault().display().to_string();
    let readable = before.windows(known.len()).any(|window| window == known.as_bytes());
    ensure!(readable, "the memory cannot be searched: not even the data folder's name is in it");
    drop(before);
    let socket = socket(desk)?;
    let mut deaf = UnixStream::connect(&socket)?;
    deaf.set_write_timeout(Some(DEAF))?;
    while deaf.write_all(&b"?\n".repeat(1 << 14)).is_ok() {}
    let mut stream = UnixStream::connect(&socket)?;
    stream.write_all(b"{\"command\":\"lock\",\"request\":{}}\n")?;
    // It stops listening when the keys are gone.
    until("a locked agent", PATIENCE, async || (!socket.exists()).then_some(())).await?;
    signal("STOP", &agent)?;
    let after = memory(&agent);
    signal("CONT", &agent)?;
    let after = after?;
    ensure!(!after.is_empty(), "the agent was gone before it could be read");
    let found = secrets.found_in(&after);
    ensure!(found.is_empty(), "in memory after lock: {found:?}");
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    ensure!(answer.contains("\"locked\""), "whoever locked was told {answer:?}");
    gone(&agent).await
}
