//! Every row: which programs run in turn, what is subtracted, and against which goal the ratio stands.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use vitrine_vault::KdfParams;

use crate::child::{Used, command, median, output, run};
use crate::desktop;
use crate::inside::{Inside, Operation};
use crate::peers::{self, KeePass, Pass, title};
use crate::row::{Row, merged, placed, table};
use crate::vaults::{self, PASSPHRASE, Vault};
use crate::{Measure, Outlet};

/// Runs of each side.
const RUNS: usize = 5;
/// Runs before a measurement of single operations: each is a median already.
const ROUNDS: usize = 5;
const MIB: f64 = 1024.0 * 1024.0;
/// What stretching a passphrase takes at its floor, in bytes.
const KDF_MEMORY: f64 = 64.0 * MIB;
/// Rotations of an account that is rotated daily for a year, old and new password each.
const YEAR: u32 = 730;

/// The largest vault that goals speak of, in organizations.
pub(crate) const LARGEST: u32 = 100_000;

const NO_PEER: &str = "the peer is not installed (cargo xtask bench --peers)";

/// What all rows share.
struct Bench {
    vitrine: PathBuf,
    /// This program.
    own: PathBuf,
    cache: PathBuf,
    keepass: Option<KeePass>,
    /// Processor seconds of one stretching at the floor.
    kdf: f64,
    largest: u32,
    rows: Vec<Row>,
}

/// Measures every row, or some.
pub(crate) fn measure(asked: Measure) -> Result<()> {
    fs::create_dir_all(&asked.cache)?;
    let own = std::env::current_exe()?;
    let Measure { rows: only, vitrine, cache, outlet, largest, desktop } = asked;
    let wants =
        |ids: &[&str]| only.is_empty() || only.iter().any(|only| ids.iter().any(|id| id.eq_ignore_ascii_case(only)));
    let mut bench = Bench { vitrine, own, cache, keepass: None, kdf: 0.0, largest, rows: Vec::new() };
    println!("{}\n", machine());
    if wants(&["V1", "V2", "V3", "V4", "V5", "V6", "G2"]) {
        bench.key()?;
    }
    if wants(&["V1", "V2", "V3", "V4", "V6", "G2"]) {
        bench.keepass = KeePass::find(&bench.cache)?;
        let small = bench.whole(10_000.min(largest))?;
        if largest > 10_000 {
            let large = bench.whole(largest)?;
            bench.growth_of_lists(small, large, f64::from(largest) / 10_000.0);
        }
    }
    if wants(&["V7"]) {
        bench.size()?;
    }
    if wants(&["P1"]) {
        bench.open_all()?;
    }
    if wants(&["V3", "V4", "P2", "G1", "G2"]) {
        bench.operations()?;
    }
    if wants(&["G8"]) {
        bench.year()?;
    }
    if wants(&desktop::IDS) {
        let vault = bench.vault(10_000.min(largest), 2, 0)?;
        bench.rows.extend(desktop::rows(desktop.as_deref(), &vault, &bench.own)?);
    }
    bench.left_out();
    bench.rows.retain(|row| wants(&[&row.id]));
    finish(bench.rows, &outlet)
}

/// Prints the table, writes JSON and page.
pub(crate) fn finish(mut rows: Vec<Row>, Outlet { json, keep, page }: &Outlet) -> Result<()> {
    if let Some(path) = json {
        if *keep && path.exists() {
            rows = merged(serde_json::from_slice(&fs::read(path)?)?, rows);
        }
        fs::write(path, serde_json::to_vec_pretty(&rows)?).with_context(|| path.display().to_string())?;
    }
    let table = table(&rows);
    println!("{table}");
    if let Some(path) = page {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let text = placed(&text, &table).with_context(|| format!("{} has no marks for a table", path.display()))?;
        fs::write(path, text)?;
    }
    Ok(())
}

impl Bench {
    /// V5: stretching a passphrase, beside the reference program.
    fn key(&mut self) -> Result<()> {
        for (params, goal, words) in [(KdfParams::FLOOR, 1.15, "floor"), (KdfParams::DEFAULT, 1.5, "default")] {
            let (memory, passes, lanes) = (params.memory_kib(), params.passes(), params.lanes());
            let numbers = [memory, passes, lanes].map(|number| number.to_string());
            let arguments = ["kdf", &numbers[0], &numbers[1], &numbers[2]];
            let (mut ours, mut nothing, mut peer) = (vec![], vec![], vec![]);
            for _ in 0..RUNS + 2 {
                ours.push(run(&mut command(&self.own, &arguments), "")?.cpu);
                nothing.push(run(&mut command(&self.own, &["nothing"]), "")?.cpu);
                peer.extend(peers::argon2(memory, passes, lanes)?.map(|used| used.cpu));
            }
            let kdf = median(&ours) - median(&nothing);
            if params == KdfParams::FLOOR {
                self.kdf = kdf;
            }
            let what = format!("Argon2id at the {words} ({} MiB, {passes} passes, {lanes} lanes), CPU", memory / 1024);
            self.rows.push(if peer.is_empty() {
                Row::missing("V5", &what, NO_PEER)
            } else {
                Row::measured("V5", what, (kdf, "s"), ("argon2", median(&peer)), goal)
            });
        }
        Ok(())
    }

    /// V1, V2, V3, V4, V6 of one size: whole programs. Answers with the processor time of list and search.
    fn whole(&mut self, size: u32) -> Result<(f64, f64)> {
        let vault = self.vault(size, 2, 0)?;
        let peer = self.keepass.as_ref().map(|keepass| keepass.with(size)).transpose()?;
        let pass = if size == 10_000 { Pass::find(&self.cache)? } else { None };
        let middle = title(size / 2);
        let mut ours: [Vec<Used>; 4] = Default::default();
        let mut theirs: [Vec<Used>; 4] = Default::default();
        let mut passes = vec![];
        for number in 0..RUNS {
            let list = self.cache.join("list.csv");
            let _ = fs::remove_file(&list);
            let added = format!("Added {} {number}", std::process::id());
            let list = list.to_string_lossy().into_owned();
            ours[0].push(self.vitrine(&vault, &["export", "organizations", &list])?);
            let account = ["--account", vault.account.as_str(), "--reason", "measured"];
            ours[1].push(self.vitrine(&vault, &[&["view", vault.organization.as_str()], &account[..]].concat())?);
            ours[2].push(self.vitrine(&vault, &["org", "list", "--filter", &middle])?);
            ours[3].push(self.vitrine(&vault, &["org", "add", &added])?);
            if let Some(file) = &peer {
                theirs[0].push(KeePass::list(file)?);
                theirs[1].push(KeePass::show(file, &middle)?);
                // One search says as much as five where reading everything takes seconds.
                if size <= 10_000 || number == 0 {
                    theirs[2].push(KeePass::search(file, &middle)?);
                }
                theirs[3].push(KeePass::add(file, &added)?);
            }
            if let Some(pass) = &pass {
                passes.push(pass.show()?);
            }
        }
        let cpu = |runs: &[Used], keys: f64| median(&runs.iter().map(|used| used.cpu).collect::<Vec<_>>()) - keys;
        let peak = |runs: &[Used]| median(&runs.iter().map(|used| used.peak).collect::<Vec<_>>());
        let mine: Vec<f64> = ours.iter().map(|runs| cpu(runs, self.kdf)).collect();
        let key = match (&self.keepass, &peer) {
            (Some(keepass), Some(file)) => keepass.key(file)?,
            _ => f64::NAN,
        };
        // It derives its key once to open and once more to save.
        let peers: Vec<f64> =
            theirs.iter().zip([1.0, 1.0, 1.0, 2.0]).map(|(runs, keys)| cpu(runs, key * keys)).collect();
        let large = size > 10_000;
        let goals = if large { [12.0, 200.0, 8.0, 400.0] } else { [8.0, 20.0, 8.0, 40.0] };
        let verbs = [("V1", "list all"), ("V2", "reveal one"), ("V3", "search"), ("V4", "add one")];
        for (place, (id, verb)) in verbs.into_iter().enumerate() {
            let what = format!("{verb} of {size} organizations, CPU without the KDF");
            self.rows.push(match peer {
                Some(_) => {
                    Row::measured(id, what, (mine[place], "s"), ("keepassxc-cli", peers[place]), 1.0 / goals[place])
                }
                None => Row::missing(id, &what, NO_PEER),
            });
        }
        if !passes.is_empty() {
            let what = format!("reveal one of {size} organizations, CPU without the KDF");
            self.rows.push(Row::measured("V2", what, (mine[1], "s"), ("pass show", cpu(&passes, 0.0)), 1.0));
        }
        let above = (peak(&ours[0]) - KDF_MEMORY).max(0.1 * MIB) / MIB;
        let what = format!("list all of {size}, peak memory above the KDF's 64 MiB");
        self.rows.push(match peer {
            Some(_) => {
                let against = ("keepassxc-cli", peak(&theirs[0]) / MIB);
                Row::measured("V6", what, (above, "MiB"), against, if large { 1.0 / 6.0 } else { 1.0 / 3.0 })
            }
            None => Row::missing("V6", &what, NO_PEER),
        });
        let whole = peak(&ours[1]) / MIB;
        let what = format!("reveal one of {size}, peak memory, KDF included");
        let limit = ("twice the KDF's 64 MiB", 2.0 * KDF_MEMORY / MIB);
        self.rows.push(Row::measured("V6", what, (whole, "MiB"), limit, 1.0));
        Ok((mine[0], mine[2]))
    }

    /// Goals that this run says nothing about are named, so that nobody takes them for met.
    fn left_out(&mut self) {
        self.rows.push(Row::missing("V2", "reveal one beside bw", "Debian does not package it"));
        if self.largest < LARGEST {
            for id in ["V1", "V2", "V3", "V4", "V6", "P2", "G1", "G2"] {
                let what = format!("with {LARGEST} organizations");
                self.rows.push(Row::missing(id, &what, "the run was told to stop at smaller vaults"));
            }
        }
    }

    /// G2 of whole programs.
    fn growth_of_lists(&mut self, small: (f64, f64), large: (f64, f64), times: f64) {
        let most = 11.0 * times / 10.0;
        for (verb, small, large) in [("list all", small.0, large.0), ("search", small.1, large.1)] {
            let what = format!("{verb}, whole program without the KDF: {} organizations against 10,000", self.largest);
            self.rows.push(Row::measured("G2", what, (large, "s"), ("ours at 10,000", small), most));
        }
        let what = format!("list all, an organization of {}, CPU", self.largest);
        let each = large.0 * 1e6 / f64::from(self.largest);
        self.rows.push(Row::measured("G2", what, (each, "µs"), ("the limit", 3.0), 1.0));
    }

    /// V7: bytes on the disk.
    fn size(&mut self) -> Result<()> {
        // Vaults that nothing else writes to.
        let count = 900.min(self.largest);
        let bytes = |vault: &Vault| -> Result<f64> {
            let printed = output(command(&self.own, &["size"]).arg(&vault.folder), "")?;
            Ok(serde_json::from_str(&printed)?)
        };
        let (without, with) = (bytes(&self.vault(count, 0, 0)?)?, bytes(&self.vault(count, 2, 0)?)?);
        let organization = without / f64::from(count);
        let account = (with - without) / f64::from(2 * count);
        let what = format!("database bytes an account (and {organization:.0} an organization, connection included)");
        self.rows.push(Row::measured("V7", what, (account, "B"), ("the limit", 1_843.0), 1.0));
        self.rows.push(match Pass::find(&self.cache)? {
            #[allow(clippy::cast_precision_loss, reason = "a file of a few KiB")]
            Some(pass) => {
                let disk = pass.on_disk()? as f64;
                Row::measured("V7", "database bytes an account", (account, "B"), ("pass, on disk", disk), 0.5)
            }
            None => Row::missing("V7", "bytes an account beside pass", NO_PEER),
        });
        Ok(())
    }

    /// P1: opening objects beside the bare cipher.
    fn open_all(&mut self) -> Result<()> {
        let runs = (0..RUNS)
            .map(|_| Ok(serde_json::from_str(&output(&mut command(&self.own, &["open-all"]), "")?)?))
            .collect::<Result<Vec<(f64, f64)>>>()?;
        let of = |side: fn(&(f64, f64)) -> f64| median(&runs.iter().map(side).collect::<Vec<_>>()) * 1e3;
        let what = "open 8,192 account items, keys set up for each";
        let bare = ("XChaCha20-Poly1305 on the same sizes", of(|run| run.1));
        self.rows.push(Row::measured("P1", what, (of(|run| run.0), "ms"), bare, 1.5));
        Ok(())
    }

    /// P2, G1, and what of V3, V4, G2 is measured within one process.
    fn operations(&mut self) -> Result<()> {
        let sizes: Vec<u32> = [100, 1_000, 10_000, 100_000].into_iter().filter(|size| *size <= self.largest).collect();
        let vaults = sizes.iter().map(|size| self.vault(*size, 2, 0)).collect::<Result<Vec<_>>>()?;
        let measured = self.inside(&vaults)?;
        let ms = |seconds: f64| seconds * 1e3;
        for (size, inside) in sizes.iter().zip(&measured) {
            let what = format!("derived key to first 50 rows of {size}");
            self.rows.push(Row::measured("P2", what, (ms(inside.first_page), "ms"), ("the limit", 15.0), 1.0));
            if *size >= 10_000 {
                let limit = if *size > 10_000 { 50.0 } else { 16.0 };
                let what = format!("keystroke to result in {size}, p99");
                self.rows.push(Row::measured("V3", what, (ms(inside.search_p99), "ms"), ("the limit", limit), 1.0));
            }
            let what = format!("rotate one of {size}, durable, p50");
            let bare = ("one bare SQLite commit", ms(inside.commit));
            self.rows.push(Row::measured("V4", what, (ms(inside.rotate), "ms"), bare, 2.0));
        }
        if let [least, .., ten, most] = measured.as_slice()
            && let [from, .., to] = sizes.as_slice()
        {
            let operations: [Operation; 3] = [
                ("derived key to first page", |inside| inside.first_page),
                ("reveal one", |inside| inside.reveal),
                ("rotate one", |inside| inside.rotate),
            ];
            for (verb, of) in operations {
                let what = format!("{verb}: {to} organizations against {from}");
                let against = (format!("ours at {from}"), ms(of(least)));
                self.rows.push(Row::measured("G1", what, (ms(of(most)), "ms"), against, 1.5));
            }
            let lists: [Operation; 2] =
                [("read the whole list", |inside| inside.list), ("search", |inside| inside.search)];
            for (verb, of) in lists {
                let what = format!("{verb} in one process: {to} organizations against ten times fewer");
                let against = ("ours at a tenth", ms(of(ten)));
                self.rows.push(Row::measured("G2", what, (ms(of(most)), "ms"), against, 11.0));
            }
        }
        Ok(())
    }

    /// G8: a vault whose account was rotated daily for a year.
    fn year(&mut self) -> Result<()> {
        let vaults = [self.vault(100, 2, 0)?, self.vault(100, 2, YEAR)?];
        let measured = self.inside(&vaults)?;
        if let [fresh, old] = measured.as_slice() {
            let operations: [Operation; 2] =
                [("derived key to first page", |inside| inside.first_page), ("reveal one", |inside| inside.reveal)];
            for (verb, of) in operations {
                let what = format!("{verb} after {YEAR} rotations of the account");
                let against = ("ours, fresh", of(fresh) * 1e3);
                self.rows.push(Row::measured("G8", what, (of(old) * 1e3, "ms"), against, 1.5));
            }
        }
        self.rows.push(Row::missing("G8", "first sync after a year", "no second device yet"));
        Ok(())
    }

    /// Measures single operations on vaults in turn, and takes the medians of the rounds.
    fn inside(&self, vaults: &[Vault]) -> Result<Vec<Inside>> {
        let mut rounds: Vec<Vec<Inside>> = vec![Vec::new(); vaults.len()];
        for _ in 0..ROUNDS {
            for (vault, runs) in vaults.iter().zip(&mut rounds) {
                let printed = output(command(&self.own, &["inside"]).arg(&vault.folder), "")?;
                runs.push(serde_json::from_str(&printed)?);
            }
        }
        let all = |runs: &[Inside], of: fn(&Inside) -> f64| median(&runs.iter().map(of).collect::<Vec<_>>());
        Ok(rounds
            .iter()
            .map(|runs| Inside {
                first_page: all(runs, |run| run.first_page),
                reveal: all(runs, |run| run.reveal),
                rotate: all(runs, |run| run.rotate),
                commit: all(runs, |run| run.commit),
                search: all(runs, |run| run.search),
                search_p99: all(runs, |run| run.search_p99),
                list: all(runs, |run| run.list),
            })
            .collect())
    }

    /// A synthetic vault, made unless an earlier run made it.
    fn vault(&self, organizations: u32, accounts: u8, rotations: u32) -> Result<Vault> {
        let folder = vaults::folder(&self.cache, organizations, accounts, rotations)?;
        if let Some(vault) = vaults::known(&folder) {
            return Ok(vault);
        }
        eprintln!("making a vault of {organizations} organizations");
        let numbers = [organizations.to_string(), accounts.to_string(), rotations.to_string()];
        let mut prepare = command(&self.own, &["prepare"]);
        output(prepare.arg(&folder).args(numbers), "")?;
        vaults::known(&folder).context("the vault was not made")
    }

    fn vitrine(&self, vault: &Vault, arguments: &[&str]) -> Result<Used> {
        let mut command = command(&self.vitrine, arguments);
        command.args(["--json", "--passphrase-fd", "0"]).env("VITRINE_HOME", &vault.folder);
        // Nobody's keychain is asked: the vault's secret lies in a file of its folder.
        command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
        run(&mut command, &format!("{PASSPHRASE}\n"))
    }
}

/// The machine, in one line.
pub(crate) fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_once(':').map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let version = output(&mut command("uname", &["-sr"]), "").unwrap_or_default();
    format!(
        "Machine: {cores} cores, {}, memory {}, {}, load {}",
        field(&read("/proc/cpuinfo"), "model name"),
        field(&read("/proc/meminfo"), "MemTotal"),
        version.trim(),
        read("/proc/loadavg").trim()
    )
}
