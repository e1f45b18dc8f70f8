//! The rotator: a process with no window and nobody in front of it keeps a fleet rotated, survives what happens to
//! processes and clocks, and says by its end, its numbers and its state how it stands.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use vitrine_entra_sim::{Effect, Fault, Sim};
use vitrine_kit::wait::until;

use crate::cloud::{self, one_value_opens, shown};
use crate::desk::{Desk, PASSPHRASE, Running, exit, text};
use crate::kill::program;

const NAMES: [&str; 2] = ["emergency-1", "emergency-2"];
const SET_PASSWORD: &str = "PATCH /users/{user-id}";
const DAY_MS: i64 = 24 * 3_600_000;
/// Four looks of the rotator, and what they set off.
const A_WHILE: Duration = Duration::from_mins(3);

/// A firm with so many customers, whose clock can be set.
struct Firm {
    sim: Sim,
    desk: Desk,
    customers: usize,
}

impl Firm {
    async fn of(customers: usize) -> Result<Self> {
        let sim = cloud::with_fleet(customers).await?;
        let mut desk = Desk::at(&sim)?;
        desk.use_program(program().await?);
        desk.set("VITRINE_CLOCK_FILE", desk.path("clock"));
        desk.init().await?;
        for number in 1..=customers {
            desk.does(["org", "add", &organization(number)]).await?;
            cloud::connect(&sim, &desk, &organization(number), &tenant(number), &NAMES).await?;
        }
        Ok(Self { sim, desk, customers })
    }

    /// Sets the machine's clock by so many days from now.
    fn set_clock(&self, days: i64) -> Result<()> {
        Ok(std::fs::write(self.desk.path("clock"), (days * DAY_MS).to_string())?)
    }

    /// Starts the rotator and waits until it rotates. Answers with the address of its numbers, too.
    async fn rotator(&self) -> Result<(Running, String)> {
        let order = self.desk.vitrine(["rotator", "run", "--metrics", "127.0.0.1:0"]).passphrase(PASSPHRASE);
        let mut rotator = order.start().await?;
        let address = text(&rotator.tells("rotating").await?, "metrics")?;
        Ok((rotator, address))
    }

    /// How often the passwords of the tenants were changed so far, of the account that was changed least.
    fn changes(&self) -> usize {
        let users = (1..=self.customers).flat_map(|number| self.sim.control().users(&tenant(number)));
        let emergency = users.filter(|user| user.user_name.starts_with("emergency"));
        emergency.map(|user| user.password_changes).min().unwrap_or(0)
    }

    /// Waits until the rotator says that nothing is due, running or in need of a person.
    async fn at_rest(&self) -> Result<()> {
        let rests = async || {
            let status = self.desk.vitrine(["rotator", "status"]).end().await.ok()?;
            let work = &serde_json::from_str::<serde_json::Value>(&status.out).ok()?["work"];
            let rests = ["due", "open", "failed"].iter().all(|part| work[part] == 0);
            (rests && status.status.code() == Some(exit::DONE)).then_some(())
        };
        until("the rotator to have nothing to do", A_WHILE, rests).await
    }

    /// The current value opens every account; no rotator runs.
    async fn is_settled(&self) -> Result<()> {
        for number in 1..=self.customers {
            for name in NAMES {
                let account = format!("{name}@{}", tenant(number));
                let password = shown(&self.desk, &organization(number), &account, "current").await?;
                ensure!(self.sim.control().password_accepted(&tenant(number), &account, &password), "{account}");
            }
        }
        Ok(())
    }
}

fn organization(number: usize) -> String {
    format!("Customer {number}")
}

fn tenant(number: usize) -> String {
    format!("fleet{number:04}.onmicrosoft.com")
}

/// A page of the rotator's, with its status line.
fn page(address: &str, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut page = String::new();
    stream.read_to_string(&mut page)?;
    Ok(page)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_is_rotated_with_nobody_there_through_kill_9_and_a_clock_that_jumps_a_day_either_way() -> Result<()> {
    let mut firm = Firm::of(3).await?;
    let log = firm.desk.path("rotator.log");
    firm.desk.set("VITRINE_LOG", &log);
    firm.desk.set("VITRINE_LOG_LEVEL", "trace");
    // Persons of this firm rotate by hand; a rotator is there to rotate.
    firm.desk.does(["settings", "rotateWhenDue", "false"]).await?;

    // The clock jumps ahead: everything is overdue. The rotator dies while a tenant keeps it waiting.
    firm.sim.control().add_fault(Fault {
        tenant: Some(tenant(1)),
        operation: Some(SET_PASSWORD.to_owned()),
        skip: 0,
        times: Some(1),
        probability: None,
        effect: Effect::HangAfter,
    });
    let (rotator, _) = firm.rotator().await?;
    firm.set_clock(2)?;
    let hangs = async || (firm.sim.control().bitten(&tenant(1), SET_PASSWORD) > 0).then_some(());
    until("a request to hang", A_WHILE, hangs).await?;
    rotator.kill().await?;
    for name in NAMES {
        let account = format!("{name}@{}", tenant(1));
        one_value_opens(&firm.sim, &firm.desk, &organization(1), &tenant(1), &account).await?;
    }

    let (rotator, numbers) = firm.rotator().await?;
    let changed = async || (firm.changes() > 0).then_some(());
    until("every password to be changed", A_WHILE, changed).await?;
    firm.at_rest().await?;
    let shown = page(&numbers, "/metrics")?;
    for line in ["vitrine_rotator_unlocked 1", "vitrine_rotator_due 0", "vitrine_rotator_failed 0"] {
        ensure!(shown.contains(line), "{line} is missing: {shown}");
    }
    ensure!(!shown.contains("fleet") && !shown.contains("Customer"), "the numbers name somebody: {shown}");
    ensure!(page(&numbers, "/healthz")?.starts_with("HTTP/1.1 200"), "it says that it is stuck");

    // The clock jumps back by two days: what was rotated then lies in the future. Nothing breaks, and it goes on looking.
    firm.set_clock(0)?;
    let looks = async || {
        let status = firm.desk.vitrine(["rotator", "status"]).end().await.ok()?;
        let status: serde_json::Value = serde_json::from_str(&status.out).ok()?;
        (status["lookedBeforeS"].as_u64()? < 5).then_some(())
    };
    until("another look", A_WHILE, looks).await?;
    firm.at_rest().await?;
    crate::processes::signal("TERM", &crate::processes::rotator(&firm.desk)?)?;
    rotator.end().await?.ended(exit::DONE)?;
    firm.is_settled().await?;

    let log = std::fs::read(&log)?;
    ensure!(!log.is_empty(), "nothing was logged");
    let mut secrets = vec![("the passphrase", PASSPHRASE.to_owned())];
    for number in 1..=firm.customers {
        let account = format!("{}@{}", NAMES[0], tenant(number));
        secrets.push(("a password", shown_of(&firm, number, &account).await?));
        secrets.push(("a customer", organization(number)));
    }
    for (what, secret) in secrets {
        let found = log.windows(secret.len()).any(|window| window == secret.as_bytes());
        ensure!(!found, "the log holds {what}");
    }
    Ok(())
}

async fn shown_of(firm: &Firm, number: usize, account: &str) -> Result<String> {
    shown(&firm.desk, &organization(number), account, "current").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotator_ends_loudly_when_it_cannot_work_and_shows_nobody_a_password() -> Result<()> {
    let firm = Firm::of(1).await?;
    let desk = &firm.desk;
    let run = || desk.vitrine(["rotator", "run"]);
    run().refused(exit::LOCKED, "cli.no-passphrase").await?;
    run().passphrase("a wrong one").refused(exit::LOCKED, "vault.wrong-passphrase").await?;
    let credentials = desk.path("credentials");
    std::fs::create_dir(&credentials)?;
    run().with("CREDENTIALS_DIRECTORY", &credentials).refused(exit::LOCKED, "rotator.no-credential").await?;
    let elsewhere = desk.vitrine(["rotator", "run", "--metrics", "0.0.0.0:0"]).passphrase(PASSPHRASE);
    elsewhere.refused(exit::USAGE, "rotator.metrics-address").await?;
    desk.vitrine(["rotator", "status"]).refused(exit::MACHINE, "rotator.not-running").await?;

    // As systemd starts it, which unseals the passphrase for this unit alone.
    std::fs::write(credentials.join("vitrine-passphrase"), format!("{PASSPHRASE}\n"))?;
    let mut rotator = run().with("CREDENTIALS_DIRECTORY", &credentials).start().await?;
    rotator.tells("rotating").await?;
    let status = desk.vitrine(["rotator", "status"]).ends(exit::DONE).await?;
    ensure!(status["unattended"] == true && status["phase"] == "unlocked", "{status}");
    run().passphrase(PASSPHRASE).refused(exit::MACHINE, "store.in-use").await?;

    let view = ["view", &organization(1), "--account", NAMES[0], "--reason", "story"];
    desk.vitrine(view).refused(exit::USAGE, "rotator.rotates-alone").await?;
    let kit = desk.path("kit.pdf").display().to_string();
    desk.vitrine(["kit", &kit]).refused(exit::USAGE, "rotator.rotates-alone").await?;
    desk.vitrine(["lock"]).ends(exit::DONE).await?;
    rotator.end().await?.refused(exit::LOCKED, "rotator.locked")?;
    firm.is_settled().await
}

#[test]
fn systemd_takes_the_unit_as_it_is_packed() -> Result<()> {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        eprintln!("skipped: systemd-analyze is not installed here");
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let unit = include_str!("../../crates/cli/vitrine-rotator.service");
    // The program lies where it was built, and this machine has no user of that name.
    let built = crate::desk::built()?.join("vitrine");
    let unit = unit.replace("/usr/bin/vitrine", built.to_str().context("a path of letters")?);
    let file = folder.path().join("vitrine-rotator.service");
    std::fs::write(&file, unit.replace("User=vitrine", "User=root"))?;
    let verified = Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&file).output()?;
    let said = String::from_utf8_lossy(&verified.stderr);
    ensure!(verified.status.success() && said.trim().is_empty(), "{said}");
    Ok(())
}
