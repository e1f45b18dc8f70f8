//! Killed at any instant: the program, built with points at which it may end without a word, is ended at one of them
//! in the middle of creating, rotating and backing up. Afterwards the vault opens, and one stored value is what the
//! sign-in page takes.
//!
//! Each journey is first gone through once to learn which points it passes; then a share of them, chosen by a printed
//! seed (`VITRINE_SEED` repeats a run), or all of them with `VITRINE_DEEP=1`.

use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use tokio::process::Command;
use tokio::sync::OnceCell;
use vitrine_entra_sim::Sim;

use crate::browser::Will;
use crate::cloud::{self, CONTOSO};
use crate::desk::{Desk, Ended, PASSPHRASE, built, exit};
use crate::paper;

const EMERGENCY: &str = "emergency@contoso.onmicrosoft.com";
const ABORTED: i32 = 6;

/// The program with points, from xtask or built here. What it shares with the ordinary build is not built again.
pub(crate) async fn program() -> Result<PathBuf> {
    static PROGRAM: OnceCell<PathBuf> = OnceCell::const_new();
    let make = async || {
        if let Some(program) = std::env::var_os("VITRINE_FAILPOINT_PROGRAM") {
            return Ok(PathBuf::from(program));
        }
        let debug = built()?;
        let target = debug.parent().context("no target folder")?;
        let own = target.join("failpoints");
        let mut build = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        build.args(["build", "--package", "vitrine-cli", "--features", "failpoints", "--target-dir"]).arg(&own);
        build.arg("--config").arg(format!("build.build-dir='{}'", target.display()));
        build.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
        let built = build.output().await.context("could not run cargo")?;
        ensure!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        Ok(own.join("debug").join("vitrine"))
    };
    PROGRAM.get_or_try_init(make).await.cloned()
}

/// A point of a journey: its name, and the how-manieth pass of it.
type Point = String;

/// The points that were passed, from the log that the program wrote.
fn passed(log: &str) -> Vec<Point> {
    let mut counts = std::collections::BTreeMap::new();
    let number = |name: &str| {
        let count = counts.entry(name.to_owned()).or_insert(0_u32);
        *count += 1;
        format!("{name}:{count}")
    };
    log.lines().map(number).collect()
}

/// The points to kill at: all of them in a deep run, else `share` of them, drawn by the seed.
fn chosen(journey: &str, mut points: Vec<Point>, share: usize) -> Vec<Point> {
    let all = points.len();
    if std::env::var("VITRINE_DEEP").as_deref() != Ok("1") {
        let given = std::env::var("VITRINE_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed: u64 = given.unwrap_or_else(|| {
            SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::from(since.subsec_nanos()))
        });
        eprintln!("{journey}: VITRINE_SEED={seed}");
        points.sort_by_key(|point| point.bytes().fold(seed, |hash, byte| mixed(hash ^ u64::from(byte))));
        points.truncate(share);
    }
    eprintln!("{journey}: killed at {} of {all} points", points.len());
    points
}

/// One round of SplitMix64.
fn mixed(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Counts kills: a trap that never closes would make a story of nothing.
#[derive(Default)]
struct Kills {
    tried: usize,
    killed: usize,
}

impl Kills {
    fn count(&mut self, ended: &Ended) {
        self.tried += 1;
        self.killed += usize::from(ended.status.signal() == Some(ABORTED));
    }

    /// What settles in the background may come a pass earlier or later; most passes come as recorded.
    fn suffice(&self) -> Result<()> {
        ensure!(self.killed * 4 >= self.tried * 3, "only {} of {} were killed", self.killed, self.tried);
        Ok(())
    }
}

/// A desk with the program that has points.
async fn desk(sim: &Sim) -> Result<Desk> {
    let mut desk = Desk::at(sim)?;
    desk.use_program(program().await?);
    Ok(desk)
}

const INIT: [&str; 6] = ["init", "--firm", "Northern Lights IT", "--person", "Ada Byron", "--accept-file-fallback"];

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_the_vault_is_made() -> Result<()> {
    let sim = cloud::start().await?;
    let first = desk(&sim).await?;
    let log = first.path("points");
    first.vitrine(INIT).passphrase(PASSPHRASE).with("VITRINE_FAILPOINT_LOG", &log).ends(exit::DONE).await?;
    let mut kills = Kills::default();
    for point in chosen("init", passed(&std::fs::read_to_string(&log)?), 10) {
        let desk = desk(&sim).await?;
        kills.count(&desk.vitrine(INIT).passphrase(PASSPHRASE).with("VITRINE_FAILPOINT", &point).end().await?);
        let status = desk.does(["status"]).await.with_context(|| point.clone())?;
        if status["phase"] == "noVault" {
            desk.init().await.with_context(|| point.clone())?;
        }
        desk.does(["org", "add", "Contoso"]).await.with_context(|| point)?;
    }
    kills.suffice()
}

/// Connects tenant `number` of the fleet with one emergency account; the program may end at any time.
async fn connect(sim: &Sim, desk: &Desk, number: usize, trap: Option<(&str, &str)>) -> Result<Ended> {
    let (organization, tenant) = names(number);
    let arguments = ["connect", &organization, "--device-code", "--tenant", &tenant, "--yes", "--laps", "emergency"];
    let mut order = desk.vitrine(arguments).passphrase(PASSPHRASE);
    if let Some((name, value)) = trap {
        order = order.with(name, value);
    }
    let mut running = order.start().await?;
    // Ended before it showed a code: nothing to answer.
    if let Err(error) = cloud::answer(sim, &mut running, &cloud::admin(sim, &tenant)?, Will::Agree).await {
        ensure!(trap.is_some(), error);
    }
    running.end().await
}

fn names(number: usize) -> (String, String) {
    (format!("Customer {number}"), format!("fleet{number:04}.onmicrosoft.com"))
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_an_account_is_made() -> Result<()> {
    let sim = cloud::with_fleet(300).await?;
    let desk = desk(&sim).await?;
    desk.init().await?;
    let log = desk.path("points");
    desk.does(["org", "add", "Customer 1"]).await?;
    let trap = Some(("VITRINE_FAILPOINT_LOG", log.to_str().context("a path")?));
    connect(&sim, &desk, 1, trap).await?.ended(exit::DONE)?;
    let mut kills = Kills::default();
    for (number, point) in chosen("connect and enable", passed(&std::fs::read_to_string(&log)?), 12).iter().enumerate()
    {
        let number = number + 2;
        let (organization, tenant) = names(number);
        let account = format!("emergency@{tenant}");
        desk.does(["org", "add", &organization]).await?;
        kills.count(&connect(&sim, &desk, number, Some(("VITRINE_FAILPOINT", point))).await?);
        if sim.control().users(&tenant).iter().any(|user| user.user_name == account) {
            cloud::one_value_opens(&sim, &desk, &organization, &tenant, &account)
                .await
                .with_context(|| point.clone())?;
        }
        // The same command goes on where the other stopped.
        connect(&sim, &desk, number, None).await?.ended(exit::DONE).with_context(|| point.clone())?;
        let password = cloud::shown(&desk, &organization, &account, "current").await.with_context(|| point.clone())?;
        ensure!(sim.control().password_accepted(&tenant, &account, &password), "{point}: the current value is refused");
    }
    kills.suffice()
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_a_password_is_rotated() -> Result<()> {
    let sim = cloud::start().await?;
    let desk = desk(&sim).await?;
    desk.init().await?;
    desk.does(["backup", "--folder", "backup"]).await?;
    desk.does(["org", "add", "Contoso"]).await?;
    cloud::connect(&sim, &desk, "Contoso", CONTOSO, &["emergency"]).await?;
    let log = desk.path("points");
    let rotate = || desk.vitrine(["rotate", "Contoso"]).passphrase(PASSPHRASE);
    rotate().with("VITRINE_FAILPOINT_LOG", &log).ends(exit::DONE).await?;
    let mut kills = Kills::default();
    for point in chosen("rotate", passed(&std::fs::read_to_string(&log)?), 14) {
        kills.count(&rotate().with("VITRINE_FAILPOINT", &point).end().await?);
        cloud::one_value_opens(&sim, &desk, "Contoso", CONTOSO, EMERGENCY).await.with_context(|| point.clone())?;
        let rotated = rotate().ends(exit::DONE).await.with_context(|| point.clone())?;
        ensure!(rotated["failed"] == 0 && rotated["open"] == 0, "{point}: {rotated}");
        let password = cloud::shown(&desk, "Contoso", EMERGENCY, "current").await.with_context(|| point.clone())?;
        ensure!(sim.control().password_accepted(CONTOSO, EMERGENCY, &password), "{point}: it did not settle");
    }
    kills.suffice()
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_the_backup_is_written() -> Result<()> {
    let sim = cloud::start().await?;
    let desk = desk(&sim).await?;
    desk.init().await?;
    desk.vitrine(["kit", "kit.pdf"]).passphrase(PASSPHRASE).ends(exit::PARTLY).await?;
    desk.does(["backup", "--folder", "backup"]).await?;
    desk.does(["org", "add", "Contoso"]).await?;
    let lines = paper::read(&desk.path("kit.pdf"))?;
    let (secret, vault) =
        (paper::code(&lines, "Account secret")?.join("-"), paper::code(&lines, "Vault code")?.join("-"));
    let file = desk.path("backup").join("Vitrine.backup").display().to_string();
    let log = desk.path("points");
    let change = |number: usize| desk.vitrine(["org", "add", &format!("Customer {number}")]).passphrase(PASSPHRASE);
    change(0).with("VITRINE_FAILPOINT_LOG", &log).ends(exit::DONE).await?;
    let mut kills = Kills::default();
    for (number, point) in chosen("backup", passed(&std::fs::read_to_string(&log)?), 10).iter().enumerate() {
        kills.count(&change(number + 1).with("VITRINE_FAILPOINT", point).end().await?);
        let list = desk.does(["org", "list"]).await.with_context(|| point.clone())?;
        ensure!(list["rows"].as_array().is_some_and(|rows| rows.iter().any(|row| row["name"] == "Contoso")), "{list}");
        // The file on disk is the old one or the new one, and whole.
        let other = self::desk(&sim).await?;
        let arguments = ["restore", &file, "--accept-file-fallback", "--codes-fd", "0", "--passphrase-fd", "0"];
        let order = other.vitrine(arguments).typed(&secret).typed(&vault).typed(PASSPHRASE);
        order.ends(exit::DONE).await.with_context(|| point.clone())?;
        let restored = other.does(["org", "list"]).await.with_context(|| point.clone())?;
        ensure!(restored["rows"][0]["name"] == "Contoso", "{point}: {restored}");
    }
    kills.suffice()
}
