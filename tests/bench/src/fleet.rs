//! `rotate-fleet`: every emergency account of many tenants, rotated over real HTTP against a simulated cloud that runs
//! as a process of its own, with latency and Microsoft's published quotas.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};
use serde::{Deserialize, Serialize};
use vitrine_app::api::{JobStep, JobView, JobsRequest, JobsView, RotateRequest, RotateScope};
use vitrine_app::{App, synthetic};
use vitrine_entra::certificate::make_certificate;
use vitrine_entra_sim::{ConnectedTenant, Effect, Fault, Quota, Scenario, Settings, Sim, SimOptions, Urls};
use vitrine_rotation::{Cost, Limit, Limits, Pace, Service};

use crate::row::Row;
use crate::{customers, vaults};

/// Accounts of a tenant.
const ACCOUNTS: u32 = 2;
/// Accounts of which the application's limit decides how long they take.
const BOUND: u32 = 100_000;
/// Requests that a rotation cannot do without: look, send, read back. And one for the token of each tenant.
const CALLS: u32 = 3;
/// The operation that refuses consent, and how.
const TOKEN: &str = "POST /oauth2/v2.0/token";
const NO_CONSENT: u32 = 65_001;
/// Tells the cloud that whoever answered badly answers well, and the engine that it is so.
const HEAL: &str = "heal";
/// How often the engine's jobs are looked at.
const GLANCE: Duration = Duration::from_millis(100);
/// Jobs that are asked for at once.
const PAGE: u32 = 500;
const MIB: f64 = 1024.0 * 1024.0;
const YEAR_MS: u64 = 365 * 24 * 3_600_000;

/// How large, how slow, how well.
#[derive(Clone, Debug, clap::Args, Serialize, Deserialize)]
#[group(skip)]
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
    /// One answer in twenty is 503, one answer to a password in twenty is lost; of a hundred tenants one never answers and
    /// one refuses consent. Measured is when the others are done, beside a run where nobody is ill, and whether all but
    /// the silent are done once they are well again.
    #[arg(long)]
    faults: bool,
    /// The service takes so many changes at once, and then so many a second: for a run of its own.
    #[arg(long, num_args = 2, value_names = ["UNITS", "PER_SECOND"])]
    cut: Option<Vec<u32>>,
}

/// What the cloud says of itself when it is up.
#[derive(Serialize, Deserialize)]
struct Up {
    login: String,
    graph: String,
    certificate: Vec<u8>,
    key: Vec<u8>,
    tenants: Vec<ConnectedTenant>,
    /// Names of tenants that never answer.
    silent: Vec<String>,
    /// Names of those that refuse.
    refusing: Vec<String>,
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
    let write_quota = match fleet.cut.as_deref() {
        Some([units, per_second]) => Some(Quota { units: *units, per_second: *per_second }),
        _ => None,
    };
    let settings = Settings { validate: false, write_quota, ..Settings::default() };
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
    let every = |hundredth: usize| {
        tenants.iter().skip(hundredth).step_by(100).filter(|_| fleet.faults).collect::<Vec<&ConnectedTenant>>()
    };
    let (silent, refusing) = (every(0), every(50));
    let fall_silent = || {
        for tenant in &silent {
            sim.control().add_fault(fault(Some(tenant), None, 1.0, Effect::Hang));
        }
    };
    fall_silent();
    for tenant in &refusing {
        sim.control().add_fault(fault(Some(tenant), Some(TOKEN), 1.0, Effect::SignInError { code: NO_CONSENT }));
    }
    if fleet.faults {
        let busy = Effect::Status { status: 503, code: None, retry_after: None };
        sim.control().add_fault(fault(None, None, 0.05, busy));
        sim.control().add_fault(fault(None, Some("PATCH /users/{user-id}"), 0.05, Effect::DropAfter));
    }
    sim.control().change_settings(|settings| settings.latency_ms = u64::from(fleet.latency));
    let Urls { login, graph, .. } = sim.urls().clone();
    let (certificate, key) = (made.der.clone(), made.pkcs8.to_vec());
    let names = |tenants: &[&ConnectedTenant]| tenants.iter().map(|tenant| tenant.name.clone()).collect();
    let (ill, places) = ((names(&silent), names(&refusing)), fleet.at_once);
    say(&Up { login, graph, certificate, key, tenants: tenants.clone(), silent: ill.0, refusing: ill.1, places })?;
    let (asked, mut asks) = tokio::sync::mpsc::channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if asked.blocking_send(line).is_err() {
                break;
            }
        }
    });
    while let Some(asked) = asks.recv().await {
        let control = sim.control();
        if asked == HEAL {
            control.clear_faults();
            fall_silent();
        }
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

fn fault(tenant: Option<&ConnectedTenant>, operation: Option<&str>, probability: f64, effect: Effect) -> Fault {
    let (tenant, operation) = (tenant.map(|tenant| tenant.id.clone()), operation.map(str::to_owned));
    Fault { tenant, operation, skip: 0, times: None, probability: Some(probability), effect }
}

/// The engine: a vault of all tenants, then everything rotated once. What the cloud said is in a file. Told on standard
/// input that those are well again who refused, it rotates them and waits until nothing is left open.
pub(crate) async fn engine(up: &Path) -> Result<()> {
    let up: Up = serde_json::from_slice(&fs::read(up)?)?;
    let folder = tempfile::tempdir()?;
    let app = vaults::create(&folder.path().join("vault"), Some((&up.login, &up.graph, up.places))).await?;
    let tenants: Vec<_> = up
        .tenants
        .iter()
        .map(|tenant| customers::connected(tenant, &up.certificate, &up.key))
        .collect::<Result<_>>()?;
    synthetic::connect(&app, tenants.into_iter()).await?;
    let rest = resident("VmRSS");
    fs::write("/proc/self/clear_refs", "5")?;
    let begun = Instant::now();
    let first = rotate(&app, RotateScope::All).await?;
    let queued = (resident("VmRSS") - rest).max(0.0);
    let accounts = up.tenants.len() * usize::try_from(ACCOUNTS)?;
    ensure!(usize::try_from(first.matching)? == accounts, "{} jobs for {accounts} accounts", first.matching);
    let mut jobs = Watched::default();
    let left = jobs.ended(&app, &up, |name| !up.silent.contains(name) && !up.refusing.contains(name)).await?;
    let peak = (resident("VmHWM") - rest).max(0.0);
    say(&Rotated { seconds: begun.elapsed().as_secs_f64(), queued, peak, sockets: jobs.sockets, left })?;
    if std::io::stdin().lines().next().transpose()?.is_some() {
        let organizations = jobs.last.values().filter(|job| up.refusing.contains(&job.organization_name));
        let organizations = organizations.map(|job| job.organization.clone()).collect::<BTreeSet<String>>();
        rotate(&app, RotateScope::Organizations { organizations: organizations.into_iter().collect() }).await?;
        say(&jobs.ended(&app, &up, |name| !up.silent.contains(name)).await?)?;
    }
    app.shut_down();
    Ok(())
}

async fn rotate(app: &App, scope: RotateScope) -> Result<JobsView> {
    app.call(RotateRequest { scope }).await.map_err(|error| anyhow!("{}", error.what))
}

/// The jobs as they moved last.
#[derive(Default)]
struct Watched {
    since: u32,
    last: BTreeMap<String, JobView>,
    /// Most that were open at once.
    sockets: usize,
}

impl Watched {
    /// Waits until every account of these tenants has come to an end; how, where it is not a good one.
    async fn ended(&mut self, app: &App, up: &Up, of: impl Fn(&String) -> bool) -> Result<BTreeMap<String, u64>> {
        let tenants = up.tenants.iter().filter(|tenant| of(&tenant.name)).count();
        let accounts = tenants * usize::try_from(ACCOUNTS)?;
        loop {
            tokio::time::sleep(GLANCE).await;
            self.look(app).await?;
            let ended = || self.last.values().filter(|job| of(&job.organization_name) && has_ended(job));
            if ended().count() < accounts {
                continue;
            }
            let mut left = BTreeMap::new();
            for how in ended().filter_map(how) {
                *left.entry(how).or_insert(0) += 1;
            }
            return Ok(left);
        }
    }

    /// Takes in what moved since the last look.
    async fn look(&mut self, app: &App) -> Result<()> {
        self.sockets = self.sockets.max(open_sockets());
        let (from, mut offset) = (Some(self.since), 0);
        loop {
            let request = JobsRequest { offset, limit: PAGE, since: from, organization: None };
            let view = app.call(request).await.map_err(|error| anyhow!("{}", error.what))?;
            self.since = if offset == 0 { view.moves } else { self.since };
            self.last.extend(view.jobs.into_iter().map(|job| (job.account.clone(), job)));
            offset += PAGE;
            if offset >= view.matching {
                return Ok(());
            }
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
    let well = Fleet { faults: false, cut: None, ..fleet.clone() };
    let (clean, seen, _) = run(&well)?;
    let mut rows = judged(fleet, &clean, &seen);
    rows.push(bound());
    if fleet.faults {
        let (ill, _, left) = run(&Fleet { faults: true, ..well.clone() })?;
        let what =
            format!("rotate {}, answers lost or 503, two tenants in a hundred ill: the others done", shape(fleet));
        let against = ("nobody ill", clean.seconds);
        rows.push(Row::measured("R3", what, (ill.seconds, "s"), against, 1.25));
        let what = "accounts that are not done once the ill are well, those of silent tenants left out";
        #[allow(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
        let left = left.values().sum::<u64>() as f64;
        rows.push(Row::counted("R3", what, left, "", ("fewer than one", 0.5)));
    }
    if let Some([units, per_second]) = fleet.cut.as_deref() {
        let (cut, seen, _) = run(&Fleet { cut: fleet.cut.clone(), ..well })?;
        let (tenants, writes) = (f64::from(fleet.tenants), seen.of("PATCH") + seen.of("POST /users"));
        let floor = ((writes - f64::from(*units)) / f64::from(*per_second)).max(floor(fleet));
        let shape = format!("rotate {}, {units} changes at once and {per_second} a second", shape(fleet));
        rows.push(Row::measured("R2", shape, (cut.seconds, "s"), ("the quota's floor", floor), 1.05));
        #[allow(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
        let refused = seen.throttled as f64 / tenants;
        rows.push(Row::counted("R2", "answers 429 a tenant, quota cut", refused, "a tenant", ("the limit", 0.05)));
    }
    Ok(rows)
}

/// So many accounts that Microsoft's limit for an application in all tenants decides, and not the network: the limiter alone, on a
/// clock that jumps to whenever it lets the next change go.
fn bound() -> Row {
    let (limits, write) = (Limits::PUBLISHED, Cost { service: Service::Directory, units: 1, write: true });
    let (mut pace, mut now) = (Pace::new(limits), Duration::ZERO);
    for account in 0..BOUND {
        now += pace.take(now, account / ACCOUNTS, write);
    }
    let Limit { units, per } = limits.all_writes;
    let floor = f64::from(BOUND - units) / f64::from(units) * per.as_secs_f64();
    let what = "100,000 accounts, one change each, by the limiter and its own clock";
    Row::measured("R8", what, (now.as_secs_f64(), "s"), ("the application's limit in all tenants", floor), 1.1)
}

/// What the engine and the cloud say when the healthy are done, and what is left open when the ill are well again.
fn run(fleet: &Fleet) -> Result<(Rotated, Seen, BTreeMap<String, u64>)> {
    let own = std::env::current_exe()?;
    let mut cloud = Command::new(&own);
    cloud.args(["cloud", "--tenants", &fleet.tenants.to_string(), "--latency", &fleet.latency.to_string()]);
    cloud.args(["--at-once", &fleet.at_once.to_string()]).args(fleet.faults.then_some("--faults"));
    if let Some(cut) = &fleet.cut {
        cloud.arg("--cut").args(cut.iter().map(u32::to_string));
    }
    let mut cloud = Running::start(cloud)?;
    let folder = tempfile::tempdir()?;
    let up: PathBuf = folder.path().join("up.json");
    fs::write(&up, cloud.line()?)?;
    let mut engine = crate::child::command(own, &["rotate"]);
    engine.arg(&up);
    let mut engine = Running::start(engine)?;
    let rotated: Rotated = serde_json::from_str(&engine.line()?)?;
    let seen: Seen = serde_json::from_str(&cloud.ask("seen")?)?;
    let mut left = BTreeMap::new();
    if fleet.faults {
        cloud.ask(HEAL)?;
        left = serde_json::from_str(&engine.ask(HEAL)?)?;
    }
    eprintln!("{fleet:?}\n{rotated:?}\n{seen:?}\n{left:?}");
    Ok((rotated, seen, left))
}

/// Seconds that latency and places make of it.
fn floor(fleet: &Fleet) -> f64 {
    one_by_one(fleet) / f64::from(fleet.at_once)
}

fn one_by_one(fleet: &Fleet) -> f64 {
    f64::from(fleet.tenants * (1 + CALLS * ACCOUNTS)) * f64::from(fleet.latency) / 1e3
}

fn shape(fleet: &Fleet) -> String {
    let Fleet { tenants, latency, at_once, .. } = fleet;
    format!("{tenants} tenants, {} accounts, {latency} ms an answer, {at_once} at once", tenants * ACCOUNTS)
}

fn judged(fleet: &Fleet, rotated: &Rotated, seen: &Seen) -> Vec<Row> {
    let Fleet { tenants, at_once, .. } = *fleet;
    let accounts = f64::from(tenants * ACCOUNTS);
    let (one, floor) = (one_by_one(fleet), floor(fleet));
    let (reads, writes) = (seen.of("GET /users"), seen.of("PATCH"));
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

impl Seen {
    /// Requests whose operation begins so.
    fn of(&self, operation: &str) -> f64 {
        let counted = self.requests.iter().filter(|(counted, _)| counted.starts_with(operation));
        #[allow(clippy::cast_precision_loss, reason = "far fewer than 2^52 requests")]
        counted.map(|(_, count)| *count as f64).sum()
    }
}

/// Cloud or engine as a child: a line asks, a line answers.
struct Running {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Running {
    fn start(mut command: Command) -> Result<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let input = child.stdin.take().context("standard input was asked for")?;
        let output = BufReader::new(child.stdout.take().context("standard output was asked for")?);
        Ok(Self { child, input, output })
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        ensure!(self.output.read_line(&mut line)? > 0, "cloud or engine ended");
        Ok(line)
    }

    fn ask(&mut self, what: &str) -> Result<String> {
        writeln!(self.input, "{what}")?;
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
