//! The instants of a journey, and dying at one of them.
//!
//! There are two kinds. A *point* is a named place inside the program (`point!` in `crates/app`), built in for tests
//! alone; there the process sends SIGKILL to itself. A *request* is one that the cloud has got and does not answer,
//! applied or not; while it hangs the process is killed from outside. Either way nothing of the process runs afterwards:
//! no handler, no destructor, no flush, no other thread. What the kernel was given before survives, as it does not in a
//! power cut.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ffi::OsStr;
use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use futures_util::future::join_all;
use vitrine_entra_sim::{Admin, Effect, Fault, Sim};
use vitrine_kit::wait::until;

use crate::browser::Will;
use crate::cloud;
use crate::desk::{Desk, Ended, Order};

const SIGKILL: i32 = 9;

/// How often an instant is tried that did not come. What settles in the background may come a pass later.
const TRIES: u32 = 3;

/// The one journey whose home is no device.
pub(super) const BY_BACKEND: &str = "rotate, the home a backend";

/// The journeys, each with the fewest instants that it may have: a point or a request that gets lost from the program
/// takes kills away from a run of every instant, and nobody would see it. A little below what they have, since what settles
/// in the background may come a pass later.
const FLOORS: [(&str, usize); 32] = [
    ("a vault comes to be: init", 20),
    ("a vault comes to be: kit", 6),
    ("a vault comes to be: sheet", 9),
    ("a vault comes to be: backup", 12),
    ("a vault comes to be: organization", 22),
    ("connect and enable", 120),
    ("take an account over", 80),
    ("turn LAPS off, accounts: delete", 30),
    ("turn LAPS off, accounts: disable", 28),
    ("rotate", 40),
    ("rotate, the answer lost", 40),
    ("rotate, the request lost", 40),
    ("rotate, the candidate refused", 88),
    ("notice a change from outside", 13),
    ("repair a change from outside", 40),
    (BY_BACKEND, 60),
    ("rotate all", 60),
    ("rotate all, answers lost", 60),
    ("rotate all, throttled", 60),
    ("rotate all, killed before", 60),
    ("renew a certificate", 38),
    ("back up", 22),
    ("restore", 65),
    ("change the passphrase", 18),
    ("view", 14),
    ("store a second factor", 6),
    ("join", 45),
    ("remove a member", 36),
    ("revoke a device", 36),
    ("take access away", 30),
    ("come back by the kit", 20),
    ("remove a stranger", 8),
];

/// A run of every instant kills at least so often while something is created, rotated or backed up.
const LEAST: usize = 200;

/// Journeys that create, rotate or back up nothing.
const BESIDE: [&str; 6] =
    ["view", "store a second factor", "change the passphrase", "restore", "join", "come back by the kit"];

/// And so often while the credentials of a tenant are replaced: passwords, and the certificate of its connection.
const LEAST_REPLACING: usize = 500;

fn replaces(journey: &str) -> bool {
    ["rotate", "notice a change", "repair a change", "renew"].iter().any(|word| journey.starts_with(word))
}

#[test]
fn a_run_of_every_instant_kills_often_enough() {
    let sum = |wanted: fn(&str) -> bool| -> usize {
        FLOORS.iter().filter(|(journey, _)| wanted(journey)).map(|(_, floor)| floor).sum()
    };
    let (all, replacing) = (sum(|journey| !BESIDE.contains(&journey)), sum(replaces));
    assert!(all >= LEAST && replacing >= LEAST_REPLACING, "{all} instants, {replacing} while credentials are replaced");
}

/// An instant of a journey.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Instant {
    /// The how-manieth pass of a named point.
    Point { name: String, pass: u64 },
    /// The how-manieth request of an operation to a tenant of the journey.
    Request { tenant: usize, operation: String, number: u64, applied: bool },
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Point { name, pass } => write!(f, "{name}:{pass}"),
            Self::Request { tenant, operation, number, applied } => {
                write!(
                    f,
                    "{operation}:{number} to tenant {tenant}, {}",
                    if *applied { "applied" } else { "not applied" }
                )
            }
        }
    }
}

/// Goes along with a journey and notes its instants.
pub(super) struct Scout<'a> {
    sim: &'a Sim,
    tenants: Vec<String>,
    log: PathBuf,
    before: BTreeMap<(usize, String), u64>,
}

impl<'a> Scout<'a> {
    /// Begins, for a journey that concerns these tenants.
    pub(super) fn begin(sim: &'a Sim, desk: &Desk, tenants: &[&str]) -> Self {
        let tenants: Vec<String> = tenants.iter().map(|&tenant| tenant.to_owned()).collect();
        let before = requests(sim, &tenants);
        Self { sim, tenants, log: desk.path("points"), before }
    }

    /// The command that is to be gone along with.
    pub(super) fn along(&self, order: Order) -> Order {
        order.with("VITRINE_FAILPOINT_LOG", &self.log)
    }

    /// The instants that came.
    pub(super) fn end(self) -> Result<Vec<Instant>> {
        let mut instants = points(&self.log)?;
        for ((tenant, operation), count) in requests(self.sim, &self.tenants) {
            let earlier = self.before.get(&(tenant, operation.clone())).copied().unwrap_or(0);
            // How often a sign-in is asked about depends on how fast the person is.
            let asked = if operation.ends_with("/token") { 1.min(count - earlier) } else { count - earlier };
            for number in 1..=asked {
                // What only reads is the same whether it was done or not.
                let ways: &[bool] = if operation.starts_with("GET ") { &[false] } else { &[false, true] };
                instants.extend(ways.iter().map(|&applied| Instant::Request {
                    tenant,
                    operation: operation.clone(),
                    number,
                    applied,
                }));
            }
        }
        Ok(instants)
    }
}

/// The points in the log that the program wrote, which goes away.
fn points(log: &Path) -> Result<Vec<Instant>> {
    let text = std::fs::read_to_string(log).context("the program has no points")?;
    std::fs::remove_file(log)?;
    let mut counts = BTreeMap::new();
    let number = |name: &str| {
        let pass = counts.entry(name.to_owned()).or_insert(0_u64);
        *pass += 1;
        Instant::Point { name: name.to_owned(), pass: *pass }
    };
    Ok(text.lines().map(number).collect())
}

fn requests(sim: &Sim, tenants: &[String]) -> BTreeMap<(usize, String), u64> {
    let operations: BTreeSet<String> = sim.control().all_requests().into_iter().map(|count| count.operation).collect();
    let counted = |(number, tenant): (usize, &String)| {
        let count = |operation: &String| sim.control().requests(tenant, operation);
        operations.iter().map(|operation| ((number, operation.clone()), count(operation))).collect::<Vec<_>>()
    };
    tenants.iter().enumerate().flat_map(counted).filter(|(_, count)| *count > 0).collect()
}

/// Whether every instant is to be met.
pub(super) fn deep() -> bool {
    std::env::var("VITRINE_DEEP").as_deref() == Ok("1")
}

/// How many desks work side by side: `deep` in a run of every instant, two in a run of a share.
pub(super) fn lanes(deep: usize) -> usize {
    if self::deep() { deep } else { 2 }
}

/// All of them in a deep run, else `share` of them, drawn by the seed and what each is called.
pub(super) fn drawn<T>(all: impl IntoIterator<Item = T>, share: usize) -> Vec<T>
where
    T: fmt::Display,
{
    let mut drawn: Vec<T> = all.into_iter().collect();
    if !deep() {
        let seed = seed();
        let place = |one: &T| one.to_string().bytes().fold(seed, |hash, byte| mixed(hash ^ u64::from(byte)));
        drawn.sort_by_key(place);
        drawn.truncate(share);
    }
    drawn
}

/// The seed of this run, the same for every story; printed where the run did not get one.
fn seed() -> u64 {
    static SEED: OnceLock<u64> = OnceLock::new();
    *SEED.get_or_init(|| {
        let given = std::env::var("VITRINE_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| {
            SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::from(since.subsec_nanos()))
        });
        eprintln!("VITRINE_SEED={seed}");
        seed
    })
}

/// One round of SplitMix64.
fn mixed(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Which instants of a journey come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Comes {
    /// Every one, each time.
    Always,
    /// Where a pause ends, and how often a backend is looked at beside, is a matter of the clock, so that what follows it
    /// falls into this run or into the next. One that does not come is replaced by another; of all of them half have to come.
    Mostly,
}

/// Meets the chosen instants of a journey, one after the other in each lane. `meet` goes up to the instant, is killed
/// there and says what holds afterwards; it answers false if the command ended without having been killed.
pub(super) async fn meet<L>(
    journey: &str,
    lanes: &mut [L],
    instants: Vec<Instant>,
    share: usize,
    meet: impl AsyncFn(&mut L, &Instant) -> Result<bool>,
) -> Result<()> {
    meet_those_that(Comes::Always, journey, lanes, instants, share, meet).await
}

/// The same for a journey of which not every instant comes each time.
pub(super) async fn meet_those_that<L>(
    comes: Comes,
    journey: &str,
    lanes: &mut [L],
    instants: Vec<Instant>,
    share: usize,
    meet: impl AsyncFn(&mut L, &Instant) -> Result<bool>,
) -> Result<()> {
    let all = instants.len();
    let floor = FLOORS.iter().find(|(name, _)| *name == journey).with_context(|| format!("{journey} has no floor"))?.1;
    ensure!(all >= floor, "{journey} has {all} instants left, and had {floor}");
    let mut waiting: VecDeque<_> = drawn(instants, all).into_iter().map(|instant| (instant, 1)).collect();
    let others = waiting.split_off(if deep() { all } else { share.min(all) });
    let chosen = waiting.len();
    eprintln!("{journey}: killed at {chosen} of {all} instants");
    let (waiting, others, met) = (Mutex::new(waiting), Mutex::new(others), AtomicUsize::new(0));
    let queue = || waiting.lock().unwrap_or_else(PoisonError::into_inner);
    let another = || others.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let work = async |lane: &mut L| -> Result<()> {
        loop {
            let Some((instant, tries)) = queue().pop_front() else { return Ok(()) };
            if meet(lane, &instant).await.with_context(|| format!("{journey}, killed at {instant}"))? {
                met.fetch_add(1, Ordering::Relaxed);
            } else if tries < TRIES {
                queue().push_back((instant, tries + 1));
            } else {
                ensure!(comes == Comes::Mostly, "{journey}: {instant} never came");
                queue().extend(another());
            }
        }
    };
    // A lane that fails ends; the others go on, because more than one finding is worth having.
    let failed: Vec<_> = join_all(lanes.iter_mut().map(work)).await.into_iter().filter_map(Result::err).collect();
    if failed.is_empty() {
        let (met, enough) = (met.into_inner(), if deep() { chosen / 2 } else { chosen });
        ensure!(met >= enough, "{journey}: {met} of {chosen} instants came");
        return Ok(());
    }
    bail!("{}", failed.iter().map(|error| format!("{error:#}")).collect::<Vec<_>>().join("\n"))
}

/// A command of a journey, and the admin who answers the device code that it shows.
pub(super) struct Errand {
    order: Order,
    admin: Option<Admin>,
}

impl Errand {
    /// A command that asks for no sign-in.
    pub(super) fn alone(order: Order) -> Self {
        Self { order, admin: None }
    }

    /// A command that shows a device code.
    pub(super) fn answered(order: Order, admin: Admin) -> Self {
        Self { order, admin: Some(admin) }
    }

    /// The same, with a variable.
    pub(super) fn with(self, name: &str, value: impl AsRef<OsStr>) -> Self {
        Self { order: self.order.with(name, value), ..self }
    }

    /// The same, with its instants noted.
    pub(super) fn along(self, scout: &Scout<'_>) -> Self {
        Self { order: scout.along(self.order), ..self }
    }

    /// Runs it to its end.
    pub(super) async fn run(self, sim: &Sim) -> Result<Ended> {
        let mut running = self.order.start().await?;
        if let Some(admin) = &self.admin {
            cloud::answer(sim, &mut running, admin, Will::Agree).await?;
        }
        running.end().await
    }

    /// Runs it until it is killed at this instant; `tenants` as the scout was told. False if it ended by itself.
    pub(super) async fn killed_at(self, sim: &Sim, tenants: &[&str], instant: &Instant) -> Result<bool> {
        match instant {
            Instant::Point { name, pass } => {
                let order = self.order.with("VITRINE_FAILPOINT", format!("{name}:{pass}"));
                let mut running = order.start().await?;
                if let Some(admin) = &self.admin {
                    // Killed before it showed a code, there is nothing to answer.
                    let _ = cloud::answer(sim, &mut running, admin, Will::Agree).await;
                }
                Ok(running.end().await?.status.signal() == Some(SIGKILL))
            }
            Instant::Request { tenant, operation, number, applied } => {
                let tenant = *tenants.get(*tenant).context("no such tenant")?;
                let before = sim.control().bitten(tenant, operation);
                sim.control().add_fault(Fault {
                    tenant: Some(tenant.to_owned()),
                    operation: Some(operation.clone()),
                    skip: u32::try_from(number - 1)?,
                    times: Some(1),
                    probability: None,
                    effect: if *applied { Effect::HangAfter } else { Effect::Hang },
                });
                let hangs = async || {
                    let bitten = async || (sim.control().bitten(tenant, operation) > before).then_some(());
                    // Longer than any command: what never hangs ends by itself.
                    let _ = until("the request", Duration::from_hours(1), bitten).await;
                };
                let mut running = self.order.start().await?;
                if let Some(admin) = &self.admin {
                    let answered = tokio::select! {
                        answered = cloud::answer(sim, &mut running, admin, Will::Agree) => Some(answered),
                        () = hangs() => None,
                    };
                    match answered {
                        None => return running.kill().await.map(|()| true),
                        Some(answered) => answered?,
                    }
                }
                Ok(running.end_unless(hangs()).await?.is_none())
            }
        }
    }
}
