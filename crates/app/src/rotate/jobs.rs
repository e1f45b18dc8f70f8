//! The list of what is worked on, waits or has ended since the vault was unlocked, and the one task of an organization.
//!
//! A job is small: thousands wait at once. What it shows beside its state is read when a page of the list is asked for.

use super::connection::Shared;
use super::places::Place;
use super::turn;
use crate::api::*;
use crate::error::Result;
use crate::records::{self, Bytes16, Bytes32, Organization, item_text, key, organization_text};
use crate::session::Session;
use crate::{App, lock};
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use vitrine_entra::Priority;

/// How long what is due is left alone after a person cancelled it.
const CANCELLED_REST_MS: u64 = 3600 * 1000;
/// Ended jobs that stay in the list.
const KEPT_JOBS: usize = 500;
const MOST_SHOWN: u32 = 500;

/// Organization and account.
pub(crate) type Key = (Bytes32, Bytes16);

/// The jobs of this session.
#[derive(Default)]
pub(crate) struct Jobs {
    known: BTreeMap<Key, Job>,
    /// Moves of all jobs so far.
    moves: u32,
    /// Those that are done.
    done: usize,
    /// How many ended well, and how many otherwise, each try counted.
    ended: (u32, u32),
    /// What waits for the task of an organization; present while that task runs, so that there is never a second one.
    waiting: HashMap<Bytes32, Waiting>,
    /// Organizations that have no task yet, in the order in which they get one.
    line: VecDeque<Bytes32>,
    /// Gives them places and tasks.
    handing_out: Option<AbortHandle>,
    /// Not taken up by itself before this.
    resting: HashMap<Key, u64>,
    /// A person wants nothing to begin.
    paused: watch::Sender<bool>,
    /// Tenants are being looked at.
    pub(crate) looking: bool,
}

/// Where the rotation of one account stands.
pub(super) struct Job {
    pub(super) step: JobStep,
    pub(super) sessions: Option<SessionsEnded>,
    pub(super) attempts: u32,
    /// Number of its last move.
    moved: u32,
    pub(super) at: u64,
    pub(super) next_try_at: Option<u64>,
    pub(super) problem: Option<Box<ErrorView>>,
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
    /// A person saw that it was changed outside, and wants a new password set from here.
    Repair,
}

impl Order {
    /// What Microsoft sheds last where it has too much to do.
    pub(crate) fn priority(self) -> Priority {
        match self {
            Self::Person { named: true } | Self::Repair => Priority::High,
            Self::Person { named: false } => Priority::Normal,
            Self::Due | Self::Resume => Priority::Low,
        }
    }
}

/// In which part of the list it stands: what went wrong, what is at work, what is done.
fn part(step: JobStep) -> u8 {
    match step {
        JobStep::Unclear | JobStep::Failed | JobStep::ChangedOutside | JobStep::NeedsPerson => 0,
        JobStep::Queued | JobStep::Looking | JobStep::Preparing | JobStep::Sending | JobStep::Verifying => 1,
        JobStep::Done | JobStep::Cancelled => 2,
    }
}

fn at_work(job: &Job) -> bool {
    part(job.step) == 1
}

/// Runs or waits to be tried again by itself.
fn open(job: &Job) -> bool {
    at_work(job) || job.step == JobStep::Unclear
}

impl Jobs {
    fn pauses(&self, (id, item): &Key) -> bool {
        self.waiting.get(id).is_some_and(|waiting| waiting.pausing == Some(*item))
    }

    fn of<'a>(&'a self, id: &Bytes32) -> impl Iterator<Item = &'a Job> + use<'a> {
        self.known.range((*id, [0; 16])..=(*id, [0xff; 16])).map(|(_, job)| job)
    }

    /// Changes a job that is known.
    fn change(&mut self, key: &Key, now: u64, act: impl FnOnce(&mut Job)) {
        let Some(job) = self.known.get_mut(key) else { return };
        let step = job.step;
        let before = usize::from(step == JobStep::Done);
        act(job);
        if step != job.step && part(job.step) != 1 && job.step != JobStep::Cancelled {
            let ended = if job.step == JobStep::Done { &mut self.ended.0 } else { &mut self.ended.1 };
            *ended = ended.saturating_add(1);
        }
        self.moves = self.moves.saturating_add(1);
        (job.at, job.moved) = (now, self.moves);
        self.done = self.done + usize::from(job.step == JobStep::Done) - before;
    }

    /// What can be cancelled: it waits for its turn, nothing of it was begun before, and no incident and no repair wants it.
    fn cancellable(order: Order) -> bool {
        matches!(order, Order::Person { .. } | Order::Due)
    }

    fn queued(&self) -> usize {
        let orders = self.waiting.values().flat_map(|waiting| &waiting.orders);
        orders.filter(|(_, order)| Self::cancellable(*order)).count()
    }

    /// Keys of a page, and how many jobs match.
    fn page(&self, request: &JobsRequest, of: Option<&Bytes32>) -> (Vec<Key>, u32) {
        let mut found: Vec<(u8, Reverse<u32>, Key)> = self
            .known
            .iter()
            .filter(|((id, _), _)| of.is_none_or(|of| of == id))
            .filter(|(_, job)| request.since.is_none_or(|since| job.moved > since))
            .map(|(key, job)| (part(job.step), Reverse(job.moved), *key))
            .collect();
        found.sort_unstable();
        let limit = if request.limit == 0 { 100 } else { request.limit.min(MOST_SHOWN) };
        let page = found.iter().skip(request.offset as usize).take(limit as usize).map(|(.., key)| *key);
        (page.collect(), small(found.len()))
    }
}

/// A page of the list. `due` are the accounts that are due, queued or not.
pub(super) async fn view(app: &App, request: &JobsRequest, due: &[Key]) -> Result<JobsView> {
    let of = request.organization.as_deref().map(records::parse_organization).transpose()?;
    let (page, mut view) = {
        let jobs = lock(&app.inner.jobs);
        let (page, matching) = jobs.page(request, of.as_ref());
        let count = |wanted: &dyn Fn(&Job) -> bool| small(jobs.known.values().filter(|job| wanted(job)).count());
        let view = JobsView {
            jobs: Vec::with_capacity(page.len()),
            matching,
            open: count(&open),
            failed: count(&|job| job.step == JobStep::Failed),
            queued: small(jobs.queued()),
            paused: *jobs.paused.borrow(),
            due: small(due.iter().filter(|due| !jobs.known.get(*due).is_some_and(open)).count()),
            moves: jobs.moves,
        };
        (page, view)
    };
    for key in page {
        let Some(bytes) = app.inner.store.index_value(&key::organization(&key.0)).await? else { continue };
        let row: Organization = records::decode(&bytes)?;
        // Either may be gone since the page was chosen.
        if let (Some(account), Some(job)) = (row.account(&key.1), lock(&app.inner.jobs).known.get(&key)) {
            view.jobs.push(JobView {
                organization: organization_text(&key.0),
                organization_name: row.name.clone(),
                account: item_text(&key.1),
                user_name: account.user_name.clone(),
                step: job.step,
                attempts: job.attempts,
                next_try_at: job.next_try_at.map(Time),
                problem: job.problem.as_deref().cloned(),
                sessions: job.sessions,
                at: Time(job.at),
            });
        }
    }
    Ok(view)
}

/// How many run or wait, and how many ended well and otherwise since the unlock.
pub(crate) fn tally(app: &App) -> (u32, u32, u32) {
    let jobs = lock(&app.inner.jobs);
    (small(jobs.known.values().filter(|job| open(job)).count()), jobs.ended.0, jobs.ended.1)
}

/// Accounts whose rotation failed and is not tried again yet.
pub(super) fn failed(app: &App) -> Vec<Key> {
    let jobs = lock(&app.inner.jobs);
    jobs.known.iter().filter(|(_, job)| job.step == JobStep::Failed).map(|(key, _)| *key).collect()
}

/// Whether the scheduler has nothing to do for an account now: it is worked on, pauses, or rests.
pub(crate) fn is_taken(app: &App, key: &Key, now: u64) -> bool {
    let jobs = lock(&app.inner.jobs);
    jobs.known.get(key).is_some_and(at_work)
        || jobs.pauses(key)
        || jobs.resting.get(key).is_some_and(|until| *until > now)
}

/// Leaves an account alone until a moment, unless a person orders it.
pub(crate) fn rest(app: &App, key: Key, until: u64) {
    lock(&app.inner.jobs).resting.insert(key, until);
}

/// Takes a job that was not begun out of the list, and leaves its account alone until a moment.
pub(super) fn put_back(app: &App, key: Key, until: u64) {
    let mut jobs = lock(&app.inner.jobs);
    jobs.known.remove(&key);
    jobs.resting.insert(key, until);
    drop(jobs);
    app.tell(Event::JobsChanged);
}

/// Ends every rest: what they were planned by has changed.
pub(crate) fn end_rests(app: &App) {
    lock(&app.inner.jobs).resting.clear();
}

/// Pauses everything that has not begun, or lets it go on.
pub(super) fn pause_all(app: &App, paused: bool) {
    lock(&app.inner.jobs).paused.send_replace(paused);
    app.tell(Event::JobsChanged);
}

pub(crate) fn is_paused(app: &App) -> bool {
    *lock(&app.inner.jobs).paused.borrow()
}

/// Waits while everything is paused, the place given away.
pub(super) async fn unpaused(app: &App, place: &mut Place) {
    let mut paused = lock(&app.inner.jobs).paused.subscribe();
    if *paused.borrow() {
        place.leave();
        // Whoever would say so is gone only with the application.
        let _ = paused.wait_for(|paused| !*paused).await;
    }
}

/// Takes what can be cancelled out of the queues.
pub(super) fn cancel_queued(app: &App) {
    let (now, mut cancelled) = (app.now_ms(), Vec::new());
    let mut jobs = lock(&app.inner.jobs);
    for (id, waiting) in &mut jobs.waiting {
        waiting.orders.retain(|(item, order)| {
            let goes = Jobs::cancellable(*order);
            if goes {
                cancelled.push((*id, *item));
            }
            !goes
        });
    }
    for key in cancelled {
        jobs.change(&key, now, |job| job.step = JobStep::Cancelled);
        jobs.resting.insert(key, now.saturating_add(CANCELLED_REST_MS));
    }
    drop(jobs);
    app.tell(Event::JobsChanged);
}

/// Takes an account up, unless it is being worked on already.
pub(crate) fn enqueue(app: &App, session: &Arc<Session>, id: &Bytes32, item: &Bytes16, order: Order) {
    let (key, now) = ((*id, *item), app.now_ms());
    let mut jobs = lock(&app.inner.jobs);
    let pauses = jobs.pauses(&key);
    let by_person = matches!(order, Order::Person { .. } | Order::Repair);
    if jobs.known.get(&key).is_some_and(at_work) {
        // Whoever ordered it watches it from here, and what was only due is an order now.
        if by_person && let Some(waiting) = jobs.waiting.get_mut(id) {
            let due = waiting.orders.iter_mut().filter(|(queued, order)| queued == item && *order == Order::Due);
            due.for_each(|(_, due)| *due = order);
        }
        jobs.change(&key, now, |_| ());
        return;
    }
    if pauses && !by_person {
        return;
    }
    jobs.resting.remove(&key);
    // A failure that is tried again goes on counting, and pauses longer each time.
    let failed = jobs.known.get(&key).filter(|job| job.step == JobStep::Failed && !by_person);
    let attempts = failed.map_or(0, |job| job.attempts);
    let job = jobs.known.entry(key).or_insert_with(Job::new);
    let before = std::mem::replace(job, Job { attempts, ..Job::new() });
    jobs.done -= usize::from(before.step == JobStep::Done);
    jobs.change(&key, now, |_| ());
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
    let waiting = Waiting { orders: VecDeque::from([(*item, order)]), pausing: None, wake: Arc::default() };
    jobs.waiting.insert(*id, waiting);
    jobs.line.push_back(*id);
    // One that was ended by a lock hands nothing out any more.
    if jobs.handing_out.as_ref().is_none_or(AbortHandle::is_finished) {
        let (this, own) = (app.clone(), session.clone());
        jobs.handing_out = session.spawn(async move { hand_out(&this, &own).await });
    }
    drop(jobs);
    app.tell(Event::JobsChanged);
}

/// Gives organizations their places, one after the other, and with it a task: what only waits is its name and its orders.
async fn hand_out(app: &App, session: &Arc<Session>) {
    loop {
        let mut place = session.places.begin().await;
        // While all pauses, the line stays a line: let through, each would give its place to the next, and in the end
        // every organization had a task that waits.
        unpaused(app, &mut place).await;
        place.come_back().await;
        let mut jobs = lock(&app.inner.jobs);
        let Some(id) = jobs.line.pop_front() else {
            jobs.handing_out = None;
            return;
        };
        let Some(wake) = jobs.waiting.get(&id).map(|waiting| waiting.wake.clone()) else { continue };
        drop(jobs);
        let (this, own) = (app.clone(), session.clone());
        session.spawn(async move { work(&this, &own, &id, Desk { place, connection: Shared::default(), wake }).await });
    }
}

/// What the rotations of one organization share.
pub(super) struct Desk {
    pub(super) place: Place,
    pub(super) connection: Shared,
    /// Ends a pause.
    pub(super) wake: Arc<Notify>,
}

/// The task of one organization: its accounts, one after the other.
async fn work(app: &App, session: &Arc<Session>, id: &Bytes32, mut desk: Desk) {
    loop {
        unpaused(app, &mut desk.place).await;
        let next = {
            let mut jobs = lock(&app.inner.jobs);
            let next = jobs.waiting.get_mut(id).and_then(|waiting| waiting.orders.pop_front());
            if next.is_none() {
                jobs.waiting.remove(id);
            }
            next
        };
        let Some((item, order)) = next else { return };
        if let Err(error) = Box::pin(turn::run(app, session, id, &item, order, &mut desk)).await {
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
    lock(&app.inner.jobs).known.get(key).map_or(0, |job| job.attempts)
}

/// Whether this account is being worked on right now, or waits for its turn.
pub(crate) fn is_at_work(app: &App, key: &Key) -> bool {
    lock(&app.inner.jobs).known.get(key).is_some_and(at_work)
}

/// Whether an account of the organization is being worked on right now.
pub(crate) fn is_working(app: &App, id: &Bytes32) -> bool {
    lock(&app.inner.jobs).of(id).any(at_work)
}

/// Organizations with an account that is being worked on right now.
pub(crate) fn working(app: &App) -> HashSet<Bytes32> {
    lock(&app.inner.jobs).known.iter().filter(|(_, job)| at_work(job)).map(|((id, _), _)| *id).collect()
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
    jobs.known.retain(|(organization, _), _| organization != id);
    jobs.done = jobs.known.values().filter(|job| job.step == JobStep::Done).count();
    drop(jobs);
    app.tell(Event::JobsChanged);
}

pub(super) fn forgotten(app: &App, key: &Key) -> bool {
    !lock(&app.inner.jobs).known.contains_key(key)
}

/// Forgets every job; part of locking. A pause is a person's word and stays.
pub(crate) fn forget_all(app: &App) {
    let mut jobs = lock(&app.inner.jobs);
    let paused = std::mem::take(&mut jobs.paused);
    *jobs = Jobs { paused, ..Jobs::default() };
}

pub(super) fn set(app: &App, key: &Key, act: impl FnOnce(&mut Job)) {
    lock(&app.inner.jobs).change(key, app.now_ms(), act);
    app.tell(Event::JobsChanged);
}

/// Lets the oldest go of those that are done: a tenth at once, so that it costs next to nothing each time.
fn trim(app: &App) {
    let mut jobs = lock(&app.inner.jobs);
    if jobs.done <= KEPT_JOBS + KEPT_JOBS / 10 {
        return;
    }
    let done = jobs.known.iter().filter(|(_, job)| job.step == JobStep::Done);
    let mut done: Vec<(u32, Key)> = done.map(|(key, job)| (job.moved, *key)).collect();
    done.sort_unstable();
    let surplus = done.len().saturating_sub(KEPT_JOBS);
    for (_, key) in done.into_iter().take(surplus) {
        jobs.known.remove(&key);
    }
    jobs.done = jobs.done.min(KEPT_JOBS);
}

impl Job {
    /// One that waits for its turn.
    fn new() -> Self {
        Self { step: JobStep::Queued, sessions: None, attempts: 0, moved: 0, at: 0, next_try_at: None, problem: None }
    }
}

fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
