//! The programs that are measured beside ours, and what they need to stand in the same place.

use std::fs;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::child::{Used, command, median, output, run, there_is};

const PASSPHRASE: &str = "benchmark\n";
/// Milliseconds that KeePassXC is asked to spend on a key: the least it takes, and more, as two points of a line.
const SHORT: &str = "100";
const LONG: &str = "2000";

/// KeePassXC's command line, and what one round of its key derivation costs it.
pub(crate) struct KeePass {
    folder: PathBuf,
    round: f64,
}

impl KeePass {
    /// Measures the derivation; `None` where the program is not installed.
    pub(crate) fn find(cache: &Path) -> Result<Option<Self>> {
        if !there_is("keepassxc-cli") {
            return Ok(None);
        }
        let mut this = Self { folder: cache.to_owned(), round: 0.0 };
        let (short, long) = (this.database(1, SHORT)?, this.database(1, LONG)?);
        let cost = |file: &Path| -> Result<f64> {
            let runs = (0..3).map(|_| Ok(Self::list(file)?.cpu)).collect::<Result<Vec<_>>>()?;
            Ok(median(&runs))
        };
        let (less, more) = (cost(&short)?, cost(&long)?);
        #[allow(clippy::cast_precision_loss, reason = "rounds are far below 2^52")]
        let rounds = rounds(&long)?.saturating_sub(rounds(&short)?) as f64;
        this.round = (more - less) / rounds;
        Ok(Some(this))
    }

    /// A database of so many entries with the cheapest key it makes.
    pub(crate) fn with(&self, entries: u32) -> Result<PathBuf> {
        self.database(entries, SHORT)
    }

    /// Processor seconds of one key derivation for a database.
    #[allow(clippy::cast_precision_loss, reason = "rounds are far below 2^52")]
    pub(crate) fn key(&self, file: &Path) -> Result<f64> {
        Ok(self.round * rounds(file)? as f64)
    }

    fn database(&self, entries: u32, milliseconds: &str) -> Result<PathBuf> {
        let file = self.folder.join(format!("keepass-{entries}-{milliseconds}.kdbx"));
        if !file.exists() {
            let xml = self.folder.join("keepass.xml");
            write_xml(&xml, entries)?;
            let made = self.folder.join("keepass-unfinished.kdbx");
            let _ = fs::remove_file(&made);
            let mut import = command("keepassxc-cli", &["import", "--quiet", "--set-password", "-t", milliseconds]);
            run(import.arg(&xml).arg(&made), &PASSPHRASE.repeat(2))?;
            fs::remove_file(&xml)?;
            fs::rename(made, &file)?;
        }
        Ok(file)
    }

    pub(crate) fn list(file: &Path) -> Result<Used> {
        run(command("keepassxc-cli", &["ls", "-q", "-R", "-f"]).arg(file), PASSPHRASE)
    }

    pub(crate) fn show(file: &Path, title: &str) -> Result<Used> {
        run(command("keepassxc-cli", &["show", "-q", "-s", "-a", "Password"]).arg(file).arg(title), PASSPHRASE)
    }

    pub(crate) fn search(file: &Path, text: &str) -> Result<Used> {
        run(command("keepassxc-cli", &["search", "-q"]).arg(file).arg(text), PASSPHRASE)
    }

    pub(crate) fn add(file: &Path, title: &str) -> Result<Used> {
        run(command("keepassxc-cli", &["add", "-q", "-u", "somebody", "-g"]).arg(file).arg(title), PASSPHRASE)
    }
}

/// Rounds of AES that the head of a KDBX 3.1 file asks for.
fn rounds(file: &Path) -> Result<u64> {
    let bytes = fs::read(file)?;
    ensure!(bytes.get(8..12) == Some(&[1, 0, 3, 0]), "{} is not of KDBX 3.1", file.display());
    let mut rest = bytes.get(12..).unwrap_or_default();
    while let [field, low, high, tail @ ..] = rest {
        let (value, next) = tail.split_at_checked(usize::from(u16::from_le_bytes([*low, *high]))).context("cut off")?;
        if *field == 6 {
            return Ok(u64::from_le_bytes(value.try_into()?));
        }
        ensure!(*field != 0, "no rounds in {}", file.display());
        rest = next;
    }
    anyhow::bail!("no rounds in {}", file.display())
}

fn write_xml(path: &Path, entries: u32) -> Result<()> {
    let mut file = BufWriter::new(fs::File::create(path)?);
    // UUIDs are 16 bytes in Base64. Of the last letter before the filling only two bits count, so it stays the same.
    let id = |number: u32| format!("{number:0>21}A==");
    write!(file, "<?xml version=\"1.0\" encoding=\"utf-8\"?><KeePassFile><Meta/><Root><Group>")?;
    write!(file, "<UUID>{}</UUID><Name>Root</Name>", id(u32::MAX))?;
    for number in 0..entries {
        write!(file, "<Entry><UUID>{}</UUID>", id(number))?;
        let mut string =
            |key: &str, value: &str| write!(file, "<String><Key>{key}</Key><Value>{value}</Value></String>");
        string("Title", &title(number))?;
        string("UserName", &format!("emergency-1@org{number:06}.example"))?;
        string("Password", &format!("Benchmark-{number:06}-Benchmark-32"))?;
        write!(file, "</Entry>")?;
    }
    write!(file, "</Group></Root></KeePassFile>")?;
    Ok(file.flush()?)
}

/// What the organization of a number is called, in our vaults too.
pub(crate) fn title(number: u32) -> String {
    format!("Organization {number:06}")
}

/// `pass` with one entry and a key of its own that asks for nothing.
pub(crate) struct Pass {
    folder: PathBuf,
}

impl Pass {
    /// Makes a store; `None` where the program is not installed.
    pub(crate) fn find(cache: &Path) -> Result<Option<Self>> {
        if !there_is("pass") || !there_is("gpg") {
            return Ok(None);
        }
        let this = Self { folder: cache.join("pass") };
        if !this.folder.join("store").join("organization.gpg").exists() {
            let home = this.folder.join("gnupg");
            fs::create_dir_all(&home)?;
            fs::set_permissions(&home, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
            let make = ["--batch", "--quiet", "--passphrase", "", "--quick-gen-key", "bench", "default", "default"];
            run(&mut this.within("gpg", &make), "")?;
            run(&mut this.within("pass", &["init", "bench"]), "")?;
            let secret = "Benchmark-000000-Benchmark-32\nemergency-1@org000000.example\n";
            run(&mut this.within("pass", &["insert", "-m", "organization"]), secret)?;
        }
        Ok(Some(this))
    }

    pub(crate) fn show(&self) -> Result<Used> {
        run(&mut self.within("pass", &["show", "organization"]), "")
    }

    /// Bytes that one entry takes on the disk.
    pub(crate) fn on_disk(&self) -> Result<u64> {
        use std::os::unix::fs::MetadataExt as _;
        Ok(fs::metadata(self.folder.join("store").join("organization.gpg"))?.blocks() * 512)
    }

    fn within(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = command(program, arguments);
        command.env("GNUPGHOME", self.folder.join("gnupg")).env("PASSWORD_STORE_DIR", self.folder.join("store"));
        command
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        // Its agent holds the key of this store alone.
        let _ = output(&mut self.within("gpgconf", &["--kill", "gpg-agent"]), "");
    }
}

/// One derivation by the reference program; `None` where it is not installed.
pub(crate) fn argon2(memory_kib: u32, passes: u32, lanes: u32) -> Result<Option<Used>> {
    if !there_is("argon2") {
        return Ok(None);
    }
    let (memory, passes, lanes) = (memory_kib.to_string(), passes.to_string(), lanes.to_string());
    let arguments = ["saltsaltsaltsalt", "-id", "-t", &passes, "-k", &memory, "-p", &lanes, "-l", "32", "-r"];
    run(&mut command("argon2", &arguments), "correct horse battery staple").map(Some)
}
