//! `rotate-fleet`: every emergency account of many tenants, rotated over real HTTP against a simulated cloud that runs
//! as a process of its own, with latency and Microsoft's published quotas.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};
use serde::{Deserialize, Serialize};
use vitrine_app::api::{JobStep, JobView, JobsRequest, RotateRequest, RotateScope};
use vitrine_app::synthetic;
use vitrine_entra::certificate::make_certificate;
use vitrine_entra_sim::{ConnectedTenant, Effect, Fault, Scenario, Settings, Sim, SimOptions, Urls};

use crate::row::Row;
use crate::{customers, vaults};

/// Accounts of a tenant.
const ACCOUNTS: u32 = 2;
/// Requests that a rotation cannot do without: look, send, read back. And one for the token of each tenant.
const CALLS: u32 = 3;
/// How often the engine's jobs are looked at.
const GLANCE: Duration = Duration::from_millis(100);
/// Jobs that are asked for at once.
const PAGE: u32 = 500;
const MIB: f64 = 1024.0 * 1024.0;
const YEAR_MS: u64 = 365 * 24 * 3_600_000;

/// How large, how slow, how well.
#[derive(Clone, Debug, clap::Args, Serialize, Deserialize)]
pub(crate) struct Fleet {
    /// Tenants, two accounts each.
    #[arg(long, default_value_t = 2_000)]
    tenants: u32,
    /// Milliseconds that each answer takes.
    #[arg(long, default_value_t = 120)]
    latency: u32,
    /// Organizations that the engine works on at once: what the floor is counted by.
    #[arg(long, default_value_t = 64)]
    at_once: u32,
    /// Of a hundred tenants one never answers, two answer 503 half of the time, five lose the answer to a password.
    /// Measured is when the others are done, beside a run where nobody is ill.
    #[arg(long)]
    faults: bool,
}

/// What the cloud says of itself when it is up.
#[derive(Serialize, Deserialize)]
struct Up {
    login: String,
    graph: String,
    certificate: Vec<u8>,
    key: Vec<u8>,
    tenants: Vec<ConnectedTenant>,
    /// Ids of tenants that have faults.
    ill: Vec<String>,
    /// Places of the engine.
    places: u32,
}

/// What the cloud saw.
#[derive(Debug, Serialize, Deserialize)]
struct Seen {
    requests: BTreeMap<String, u64>,
    throttled: u64,
    /// Emergency accounts by how often their password was changed.
    changed: BTreeMap<usize, u64>,
}

/// What the engine reached.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Rotated {
    seconds: f64,
    /// Bytes that the queue of all accounts took, before any answer.
    queued: f64,
    /// Largest resident memory above that at rest.
    peak: f64,
    sockets: usize,
    /// Accounts of healthy tenants whose job did not end well, by its step.
    left: BTreeMap<String, u64>,
}

/// The cloud, until its standard input ends. A line there asks for what it saw.
pub(crate) async fn cloud(fleet: &Fleet) -> Result<()> {
    let settings = Settings { validate: false, ..Settings::default() };
    let options = SimOptions {
        seed: 1,
        fleet: usize::try_from(fleet.tenants)?,
        scenario: Scenario { settings, faults: Vec::new() },
        ..SimOptions::default()
    };
    let sim = Sim::start(options).await?;
    let now = u64::try_from(sim.control().now_ms())?;
    let made = make_certificate("Vitrine", now.saturating_sub(YEAR_MS), now + YEAR_MS)?;
    let tenants = sim.control().connect_fleet(&made.der, usize::try_from(ACCOUNTS)?);
    let mut ill = Vec::new();
    for (number, tenant) in tenants.iter().enumerate().filter(|_| fleet.faults) {
        let busy = Effect::Status { status: 503, code: None, retry_after: None };
        let (operation, times, probability, effect) = match number % 100 {
            0 => (None, None, 1.0, Effect::Hang),
            20 | 70 => (None, None, 0.5, busy),
            10 | 30 | 50 | 60 | 90 => (Some("PATCH /users/{user-id}".to_owned()), Some(1), 1.0, Effect::DropAfter),
            _ => continue,
        };
        let tenant = Some(tenant.id.clone());
        ill.extend(tenant.clone());
        let probability = Some(probability);
        sim.control().add_fault(Fault { tenant, operation, skip: 0, times, probability, effect });
    }
    sim.control().change_settings(|settings| settings.latency_ms = u64::from(fleet.latency));
    let Urls { login, graph, .. } = sim.urls().clone();
    let (certificate, key) = (made.der.clone(), made.pkcs8.to_vec());
    say(&Up { login, graph, certificate, key, tenants: tenants.clone(), ill, places: fleet.at_once })?;
    let (asked, mut asks) = tokio::sync::mpsc::channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if asked.blocking_send(line).is_err() {
                break;
            }
        }
    });
    while asks.recv().await.is_some() {
        let control = sim.control();
        let mut requests = BTreeMap::new();
        for counted in control.all_requests() {
            *requests.entry(counted.operation).or_insert(0) += counted.count;
        }
        let mut changed = BTreeMap::new();
        for tenant in &tenants {
            for user in control.users(&tenant.id).iter().filter(|user| user.user_name.starts_with("emergency-")) {
                *changed.entry(user.password_changes).or_insert(0) += 1;
            }
        }
        say(&Seen { requests, throttled: control.throttled(), changed })?;
    }
    Ok(())
}

/// The engine: a vault of all tenants, then everything rotated once. What the cloud said is in a file.
pub(crate) async fn engine(up: &Path) -> Result<Rotated> {
    let up: Up = serde_json::from_slice(&fs::read(up)?)?;
    let folder = tempfile::tempdir()?;
    let app = vaults::create(&folder.path().join("vault"), Some((&up.login, &up.graph, up.places))).await?;
    let tenants: Vec<_> = up
        .tenants
        .iter()
        .map(|tenant| customers::connected(tenant, &up.certificate, &up.key))
        .collect::<Result<_>>()?;
    synthetic::connect(&app, tenants.into_iter()).await?;
    let ill: Vec<&str> =
        up.tenants.iter().filter(|tenant| up.ill.contains(&tenant.id)).map(|tenant| tenant.name.as_str()).collect();
    let rest = resident("VmRSS");
    fs::write("/proc/self/clear_refs", "5")?;
    let begun = Instant::now();
    let first = app.call(RotateRequest { scope: RotateScope::All }).await.map_err(|error| anyhow!("{}", error.what))?;
    let queued = (resident("VmRSS") - rest).max(0.0);
    let accounts = up.tenants.len() * usize::try_from(ACCOUNTS)?;
    ensure!(usize::try_from(first.matching)? == accounts, "{} jobs for {accounts} accounts", first.matching);
    let healthy = (up.tenants.len() - ill.len()) * usize::try_from(ACCOUNTS)?;
    let (mut sockets, mut since, mut ended, mut left) = (0, 0, 0, BTreeMap::new());
    loop {
        tokio::time::sleep(GLANCE).await;
        sockets = sockets.max(open_sockets());
        let mut offset = 0;
        let from = since;
        loop {
            let request = JobsRequest { offset, limit: PAGE, since: Some(from), organization: None };
            let view = app.call(request).await.map_err(|error| anyhow!("{}", error.what))?;
            since = if offset == 0 { view.moves } else { since };
            for job in view.jobs.iter().filter(|job| !ill.contains(&job.organization_name.as_str())) {
                // What ended moves no more, so each is seen here once; but it may be seen on two pages.
                if has_ended(job) && left.insert(job.account.clone(), how(job)).is_none() {
                    ended += 1;
                }
            }
            offset += PAGE;
            if offset >= view.matching {
                break;
            }
        }
        if ended == healthy {
            let mut steps = BTreeMap::new();
            for step in left.into_values().flatten() {
                *steps.entry(step).or_insert(0) += 1;
            }
            let peak = (resident("VmHWM") - rest).max(0.0);
            let rotated = Rotated { seconds: begun.elapsed().as_secs_f64(), queued, peak, sockets, left: steps };
            app.shut_down();
            return Ok(rotated);
        }
    }
}

/// A failed one that will be tried again has not.
fn has_ended(job: &JobView) -> bool {
    let ended = matches!(job.step, JobStep::Done | JobStep::ChangedOutside | JobStep::NeedsPerson);
    ended || (job.step == JobStep::Failed && job.next_try_at.is_none())
}

/// How a job ended that did not end well.
fn how(job: &JobView) -> Option<String> {
    let why = job.problem.as_ref().map_or("", |problem| problem.code.as_str());
    (job.step != JobStep::Done).then(|| format!("{:?} {why}", job.step))
}

/// A figure of this process's memory, in bytes.
fn resident(field: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap_or_default();
    let kib = line.trim_start_matches(':').trim().trim_end_matches("kB").trim();
    kib.parse::<f64>().unwrap_or_default() * 1024.0
}

fn open_sockets() -> usize {
    let open = fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
    open.filter(|file| fs::read_link(file.path()).is_ok_and(|to| to.to_string_lossy().starts_with("socket:"))).count()
}

/// Runs cloud and engine as children, and says what came of it.
pub(crate) fn measure(fleet: &Fleet) -> Result<Vec<Row>> {
    let (clean, seen) = run(&Fleet { faults: false, ..fleet.clone() })?;
    let mut rows = judged(fleet, &clean, &seen);
    if fleet.faults {
        let (ill, _) = run(fleet)?;
        let what = format!("rotate {}, one tenant in twelve ill: the others done", shape(fleet));
        let against = ("nobody ill", clean.seconds);
        rows.push(Row::measured("R3", what, (ill.seconds, "s"), against, 1.25));
    }
    Ok(rows)
}

fn run(fleet: &Fleet) -> Result<(Rotated, Seen)> {
    let mut cloud = Running::start(fleet)?;
    let folder = tempfile::tempdir()?;
    let up: PathBuf = folder.path().join("up.json");
    fs::write(&up, cloud.line()?)?;
    let own = std::env::current_exe()?;
    let mut engine = crate::child::command(own, &["rotate"]);
    let rotated: Rotated = serde_json::from_str(&crate::child::output(engine.arg(&up), "")?)?;
    let seen: Seen = serde_json::from_str(&cloud.ask()?)?;
    drop(cloud);
    eprintln!("{fleet:?}\n{rotated:?}\n{seen:?}");
    Ok((rotated, seen))
}

fn shape(fleet: &Fleet) -> String {
    let Fleet { tenants, latency, at_once, .. } = fleet;
    format!("{tenants} tenants, {} accounts, {latency} ms an answer, {at_once} at once", tenants * ACCOUNTS)
}

fn judged(fleet: &Fleet, rotated: &Rotated, seen: &Seen) -> Vec<Row> {
    let Fleet { tenants, latency, at_once, .. } = *fleet;
    let accounts = f64::from(tenants * ACCOUNTS);
    let one = f64::from(tenants * (1 + CALLS * ACCOUNTS)) * f64::from(latency) / 1e3;
    let floor = one / f64::from(at_once);
    let of = |method: &str| -> f64 {
        let counted = seen.requests.iter().filter(|(operation, _)| operation.starts_with(method));
        #[allow(clippy::cast_precision_loss, reason = "far fewer than 2^52 requests")]
        counted.map(|(_, count)| *count as f64).sum()
    };
    let (reads, writes) = (of("GET /users"), of("PATCH"));
    let shape = shape(fleet);
    #[allow(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
    let (throttled, sockets) = (seen.throttled as f64, rotated.sockets as f64);
    vec![
        Row::measured("R1", format!("rotate {shape}"), (rotated.seconds, "s"), ("the arithmetic floor", floor), 1.1),
        Row::counted(
            "R2",
            "answers 429 a tenant, published quota",
            throttled / f64::from(tenants),
            "a tenant",
            ("the limit", 0.05),
        ),
        Row::measured(
            "R4",
            format!("rotate {shape}"),
            (rotated.seconds, "s"),
            ("one after another, by arithmetic", one),
            1.0 / 40.0,
        ),
        Row::measured("R5", "writes a rotation", (writes / accounts, ""), ("the limit", 1.0), 1.0),
        Row::measured("R5", "resource units a rotation", ((reads + writes) / accounts, ""), ("the limit", 3.0), 1.0),
        Row::measured(
            "R6",
            "memory of the queue, a tenant",
            (rotated.queued / f64::from(tenants) / 1024.0, "KiB"),
            ("the limit", 2.0),
            1.0,
        ),
        Row::measured(
            "R6",
            "peak memory above that at rest",
            (rotated.peak / MIB, "MiB"),
            ("2 KiB a tenant and 64 KiB a place", (f64::from(tenants) * 2.0 + f64::from(at_once) * 64.0) / 1024.0),
            1.0,
        ),
        Row::measured("R6", "sockets at once", (sockets, ""), ("places of the engine", f64::from(at_once)), 1.0),
    ]
}

/// The cloud as a child.
struct Running {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Running {
    fn start(fleet: &Fleet) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["cloud", "--tenants", &fleet.tenants.to_string(), "--latency", &fleet.latency.to_string()]);
        command.args(["--at-once", &fleet.at_once.to_string()]).args(fleet.faults.then_some("--faults"));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let input = child.stdin.take().context("standard input was asked for")?;
        let output = BufReader::new(child.stdout.take().context("standard output was asked for")?);
        Ok(Self { child, input, output })
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        ensure!(self.output.read_line(&mut line)? > 0, "the cloud ended");
        Ok(line)
    }

    fn ask(&mut self) -> Result<String> {
        writeln!(self.input, "seen")?;
        self.line()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It holds nothing worth saving.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn say(document: &impl Serialize) -> Result<()> {
    println!("{}", serde_json::to_string(document)?);
    Ok(())
}
