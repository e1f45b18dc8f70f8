//! The list of what is worked on, waits or has ended since the vault was unlocked, and the one task of an organization.

use super::turn;
use crate::api::*;
use crate::records::{self, Bytes16, Bytes32, item_text, organization_text};
use crate::session::Session;
use crate::{App, lock};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Notify, Semaphore};

/// Organizations worked on at once. More would only queue at Microsoft.
const AT_ONCE: usize = 16;
/// Ended jobs that stay in the list.
const KEPT_JOBS: usize = 500;

/// Organization and account.
pub(crate) type Key = (Bytes32, Bytes16);

/// The jobs of this session.
pub(crate) struct Jobs {
    shown: BTreeMap<Key, JobView>,
    /// What waits for the task of an organization; present while that task runs, so that there is never a second one.
    waiting: HashMap<Bytes32, Waiting>,
    /// Not taken up by itself before this.
    resting: HashMap<Key, u64>,
    slots: Arc<Semaphore>,
    /// Tenants are being looked at.
    pub(crate) looking: bool,
}

impl Default for Jobs {
    fn default() -> Self {
        Self {
            shown: BTreeMap::new(),
            waiting: HashMap::new(),
            resting: HashMap::new(),
            slots: Arc::new(Semaphore::new(AT_ONCE)),
            looking: false,
        }
    }
}

/// What waits for the task of one organization.
struct Waiting {
    orders: VecDeque<(Bytes16, Order)>,
    /// The account whose rotation pauses before its next try.
    pausing: Option<Bytes16>,
    /// Ends that pause.
    wake: Arc<Notify>,
}

/// Why an account is taken up.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// A person asks.
    Person {
        /// For this account or organization by name.
        named: bool,
    },
    /// It is due.
    Due,
    /// It was left unfinished.
    Resume,
}

/// What a rotation needs of the list: a place among those that work at once, and the end of its pause.
pub(super) struct Desk<'a> {
    pub(super) slots: &'a Semaphore,
    pub(super) wake: &'a Notify,
}

pub(super) fn view(app: &App, due: &[Key]) -> JobsView {
    let jobs = lock(&app.inner.jobs);
    let open = |job: &JobView| {
        !matches!(job.step, JobStep::Done | JobStep::Failed | JobStep::ChangedOutside | JobStep::NeedsPerson)
    };
    let queued = due.iter().filter(|due| !jobs.shown.get(*due).is_some_and(open)).count();
    let mut shown: Vec<JobView> = jobs.shown.values().cloned().collect();
    let open = shown.iter().filter(|job| open(job)).count();
    shown.sort_by_key(|job| std::cmp::Reverse(job.at));
    JobsView { jobs: shown, open: small(open), due: small(queued) }
}

fn at_work(job: &JobView) -> bool {
    matches!(job.step, JobStep::Queued | JobStep::Looking | JobStep::Preparing | JobStep::Sending | JobStep::Verifying)
}

impl Jobs {
    fn pauses(&self, (id, item): &Key) -> bool {
        self.waiting.get(id).is_some_and(|waiting| waiting.pausing == Some(*item))
    }
}

/// Whether the scheduler has nothing to do for an account now: it is worked on, pauses, or rests.
pub(super) fn is_taken(app: &App, key: &Key, now: u64) -> bool {
    let jobs = lock(&app.inner.jobs);
    jobs.shown.get(key).is_some_and(at_work)
        || jobs.pauses(key)
        || jobs.resting.get(key).is_some_and(|until| *until > now)
}

/// Leaves an account alone until a moment, unless a person orders it.
pub(super) fn rest(app: &App, key: Key, until: u64) {
    lock(&app.inner.jobs).resting.insert(key, until);
}

/// Takes an account up, unless it is being worked on already.
pub(crate) fn enqueue(
    app: &App,
    session: &Arc<Session>,
    id: &Bytes32,
    row: &records::Organization,
    item: &Bytes16,
    order: Order,
) {
    let key = (*id, *item);
    let Some(account) = row.account(item) else { return };
    let mut jobs = lock(&app.inner.jobs);
    let pauses = jobs.pauses(&key);
    let by_person = matches!(order, Order::Person { .. });
    if jobs.shown.get(&key).is_some_and(at_work) || (pauses && !by_person) {
        return;
    }
    jobs.resting.remove(&key);
    // A failure that is tried again goes on counting, and pauses longer each time.
    let attempts = jobs.shown.get(&key).filter(|job| job.step == JobStep::Failed && !by_person);
    let job = JobView {
        organization: organization_text(id),
        organization_name: row.name.clone(),
        account: item_text(item),
        user_name: account.user_name.clone(),
        step: JobStep::Queued,
        attempts: attempts.map_or(0, |job| job.attempts),
        next_try_at: None,
        problem: None,
        sessions: None,
        at: Time(app.now_ms()),
    };
    jobs.shown.insert(key, job);
    if let Some(waiting) = jobs.waiting.get_mut(id) {
        if pauses {
            // The rotation it waits to try again is the one that is asked for.
            waiting.wake.notify_one();
        } else {
            waiting.orders.push_back((*item, order));
        }
        drop(jobs);
        app.tell(Event::JobsChanged);
        return;
    }
    let wake = Arc::new(Notify::new());
    let waiting = Waiting { orders: VecDeque::from([(*item, order)]), pausing: None, wake: wake.clone() };
    jobs.waiting.insert(*id, waiting);
    let slots = jobs.slots.clone();
    drop(jobs);
    let (this, own, id) = (app.clone(), session.clone(), *id);
    session.spawn(async move {
        work(&this, &own, &id, &Desk { slots: &slots, wake: &wake }).await;
    });
    app.tell(Event::JobsChanged);
}

/// The task of one organization: its accounts, one after the other.
async fn work(app: &App, session: &Arc<Session>, id: &Bytes32, desk: &Desk<'_>) {
    loop {
        let next = {
            let mut jobs = lock(&app.inner.jobs);
            let next = jobs.waiting.get_mut(id).and_then(|waiting| waiting.orders.pop_front());
            if next.is_none() {
                jobs.waiting.remove(id);
            }
            next
        };
        let Some((item, order)) = next else { return };
        // On the heap while it runs, so that what only waits for its turn is small.
        if let Err(error) = Box::pin(turn::run(app, session, id, &item, order, desk)).await {
            turn::fail(app, session, id, &item, error).await;
        }
        trim(app);
    }
}

/// Says that a rotation pauses, so that an order for it ends the pause and nothing else takes it up.
pub(super) fn pause(app: &App, (id, item): Key, pausing: bool) {
    if let Some(waiting) = lock(&app.inner.jobs).waiting.get_mut(&id) {
        waiting.pausing = pausing.then_some(item);
    }
}

/// How often a job was tried.
pub(super) fn attempts(app: &App, key: &Key) -> u32 {
    lock(&app.inner.jobs).shown.get(key).map_or(0, |job| job.attempts)
}

/// Whether an account of the organization is being worked on right now.
pub(crate) fn is_working(app: &App, id: &Bytes32) -> bool {
    lock(&app.inner.jobs).shown.iter().any(|((organization, _), job)| organization == id && at_work(job))
}

/// Organizations with an account that is being worked on right now.
pub(crate) fn working(app: &App) -> HashSet<Bytes32> {
    lock(&app.inner.jobs).shown.iter().filter(|(_, job)| at_work(job)).map(|((id, _), _)| *id).collect()
}

/// Waits until no account of the organization is being worked on.
pub(crate) async fn settle(app: &App, id: &Bytes32) {
    let mut events = app.events();
    while is_working(app, id) {
        if matches!(events.recv().await, Err(RecvError::Closed)) {
            return;
        }
    }
}

/// Forgets the jobs of an organization that is gone, or whose LAPS is off. Its task ends at its next step: let go of
/// at once, a second one could be begun beside it.
pub(crate) fn forget(app: &App, id: &Bytes32) {
    let mut jobs = lock(&app.inner.jobs);
    if let Some(waiting) = jobs.waiting.get_mut(id) {
        waiting.orders.clear();
        waiting.wake.notify_one();
    }
    jobs.shown.retain(|(organization, _), _| organization != id);
    drop(jobs);
    app.tell(Event::JobsChanged);
}

pub(super) fn forgotten(app: &App, key: &Key) -> bool {
    !lock(&app.inner.jobs).shown.contains_key(key)
}

/// Forgets every job; part of locking.
pub(crate) fn forget_all(app: &App) {
    *lock(&app.inner.jobs) = Jobs::default();
}

pub(super) fn set(app: &App, key: &Key, act: impl FnOnce(&mut JobView)) {
    if let Some(job) = lock(&app.inner.jobs).shown.get_mut(key) {
        act(job);
        job.at = Time(app.now_ms());
    }
    app.tell(Event::JobsChanged);
}

fn trim(app: &App) {
    let mut jobs = lock(&app.inner.jobs);
    let mut ended: Vec<(Time, Key)> =
        jobs.shown.iter().filter(|(_, job)| job.step == JobStep::Done).map(|(key, job)| (job.at, *key)).collect();
    ended.sort_unstable();
    let surplus = ended.len().saturating_sub(KEPT_JOBS);
    for (_, key) in ended.into_iter().take(surplus) {
        jobs.shown.remove(&key);
    }
}

fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
