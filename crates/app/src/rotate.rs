//! Rotating: does, one step at a time, what the decider of `vitrine-rotation` says, for one account or for many.
//!
//! The two accounts of a tenant take turns in one task, so they are never in flight together. A step that waits gives
//! its place to another organization. Locking ends the tasks wherever they stand; what is stored names the next step,
//! and the next unlock goes on from there.

use crate::accounts;
use crate::api::*;
use crate::error::{Error, Result};
use crate::failpoint::point;
use crate::journal::{self, Change};
use crate::records::{self, Bytes16, Bytes32, item_text, organization_text};
use crate::session::{Session, rng};
use crate::{App, connect, lock, organizations};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Notify, Semaphore};
use vitrine_entra::graph::SendOutcome;
use vitrine_entra::{Connection, GraphError, GraphErrorKind, Password, UserId, laps};
use vitrine_rotation::{
    Answer, Append, AppendRefusal, CandidateId, ChangedAt, Claim, Context, Decision, DeviceId, Event as Happened,
    Lease, Need, Phase, ReadFailure, Refusal, Step, Why, decide,
};
use vitrine_vault::items::{AccountItem, Attention, Candidate, CandidateState, Claim as StoredClaim, Origin};
use vitrine_vault::password::PasswordPolicy;

/// Organizations worked on at once. More would only queue at Microsoft.
const AT_ONCE: usize = 16;
/// How often what is due is looked for.
const TICK: Duration = Duration::from_secs(30);
/// Ended jobs that stay in the list.
const KEPT_JOBS: usize = 500;

/// The jobs of this session.
pub(crate) struct Jobs {
    shown: BTreeMap<(Bytes32, Bytes16), JobView>,
    /// What waits for the task of an organization; present while that task runs, so that there is never a second one.
    waiting: HashMap<Bytes32, Waiting>,
    slots: Arc<Semaphore>,
}

impl Default for Jobs {
    fn default() -> Self {
        Self { shown: BTreeMap::new(), waiting: HashMap::new(), slots: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

/// What waits for the task of one organization.
struct Waiting {
    orders: VecDeque<(Bytes16, Order)>,
    /// Ends the pause before a next try.
    wake: Arc<Notify>,
}

/// Why an account is taken up.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Person,
    Due,
    Resume,
}

/// Takes up what is due while the vault is open, and what was left unfinished when it was locked.
pub(crate) fn watch(app: &App) {
    let this = app.clone();
    app.background(async move {
        let mut events = this.events();
        loop {
            tokio::select! {
                () = tokio::time::sleep(TICK) => {}
                event = events.recv() => match event {
                    Ok(Event::Unlocked) | Err(RecvError::Lagged(_)) => {}
                    Ok(_) => continue,
                    Err(RecvError::Closed) => return,
                },
            }
            if let Ok(session) = this.session().await {
                // What cannot be read now is looked for again at the next tick.
                let _ = take_up_due(&this, &session).await;
                crate::certificates::renew_due(&this, &session).await;
                crate::tray::refresh(&this, Some(&session)).await;
            }
        }
    });
}

async fn take_up_due(app: &App, session: &Arc<Session>) -> Result<()> {
    let by_itself = app.settings().rotate_when_due;
    for (id, item) in organizations::due_accounts(app, usize::MAX).await? {
        let row = organizations::load(app, &id).await?;
        let Some(account) = row.account(&item) else { continue };
        let order = match account.phase {
            records::Phase::Rotating | records::Phase::Unclear => Order::Resume,
            records::Phase::Steady if by_itself => Order::Due,
            _ => continue,
        };
        enqueue(app, session, &id, &row, &item, order);
    }
    Ok(())
}

pub(crate) async fn rotate(app: &App, request: RotateRequest) -> Result<JobsView> {
    let session = app.session().await?;
    let mut wanted = Vec::new();
    match request.scope {
        RotateScope::Account { organization, account } => {
            let (id, item) = (records::parse_organization(&organization)?, records::parse_item(&account)?);
            let row = organizations::load(app, &id).await?;
            row.account(&item).ok_or_else(|| records::unknown_account(&account))?;
            wanted.push((id, row, vec![item]));
        }
        RotateScope::Organizations { organizations } => {
            for organization in organizations {
                let id = records::parse_organization(&organization)?;
                let row = organizations::load(app, &id).await?;
                let items = row.accounts.iter().map(|account| account.item).collect();
                wanted.push((id, row, items));
            }
        }
        RotateScope::Due => {
            for (id, item) in organizations::due_accounts(app, usize::MAX).await? {
                let row = organizations::load(app, &id).await?;
                wanted.push((id, row, vec![item]));
            }
        }
        RotateScope::All => {
            let mut ids = Vec::new();
            app.inner
                .store
                .index_scan(
                    &crate::store::Span::prefix(records::key::ORGANIZATIONS),
                    crate::store::Direction::Forward,
                    |key, _| {
                        ids.extend(key.last_chunk::<32>());
                        std::ops::ControlFlow::Continue(())
                    },
                )
                .await?;
            for id in ids {
                let row = organizations::load(app, &id).await?;
                let items = row.accounts.iter().map(|account| account.item).collect();
                wanted.push((id, row, items));
            }
        }
    }
    if let [(_, row, items)] = wanted.as_slice()
        && (items.is_empty() || row.tenant.is_none())
    {
        return Err(Error::usage(
            "rotate.nothing",
            format!("{} has no emergency account to rotate.", row.name),
            "Connect its tenant and enable LAPS first.",
        ));
    }
    for (id, row, items) in wanted.iter().filter(|(_, row, _)| row.tenant.is_some()) {
        for item in items {
            enqueue(app, &session, id, row, item, Order::Person);
        }
    }
    jobs(app, JobsRequest {}).await
}

pub(crate) async fn jobs(app: &App, _request: JobsRequest) -> Result<JobsView> {
    app.session().await?;
    let due = organizations::due_accounts(app, usize::MAX).await?;
    let jobs = lock(&app.inner.jobs);
    let open = |job: &JobView| {
        !matches!(job.step, JobStep::Done | JobStep::Failed | JobStep::ChangedOutside | JobStep::NeedsPerson)
    };
    let queued = due.iter().filter(|due| !jobs.shown.get(due).is_some_and(open)).count();
    let mut shown: Vec<JobView> = jobs.shown.values().cloned().collect();
    let open = shown.iter().filter(|job| open(job)).count();
    shown.sort_by_key(|job| std::cmp::Reverse(job.at));
    Ok(JobsView { jobs: shown, open: small(open), due: small(queued) })
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
    let Some(account) = row.account(item) else { return };
    let mut jobs = lock(&app.inner.jobs);
    let busy = jobs.shown.get(&(*id, *item)).is_some_and(|job| {
        matches!(
            job.step,
            JobStep::Queued | JobStep::Looking | JobStep::Preparing | JobStep::Sending | JobStep::Verifying
        ) || (job.next_try_at.is_some() && order != Order::Person)
    });
    if busy {
        return;
    }
    let pausing = jobs.shown.get(&(*id, *item)).is_some_and(|job| job.next_try_at.is_some());
    let job = JobView {
        organization: organization_text(id),
        organization_name: row.name.clone(),
        account: item_text(item),
        user_name: account.user_name.clone(),
        step: JobStep::Queued,
        attempts: 0,
        next_try_at: None,
        problem: None,
        at: Time(app.now_ms()),
    };
    jobs.shown.insert((*id, *item), job);
    if let Some(waiting) = jobs.waiting.get_mut(id) {
        if pausing {
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
    jobs.waiting.insert(*id, Waiting { orders: VecDeque::from([(*item, order)]), wake: wake.clone() });
    let slots = jobs.slots.clone();
    drop(jobs);
    let (this, own, id) = (app.clone(), session.clone(), *id);
    session.spawn(async move {
        work(&this, &own, &id, &slots, &wake).await;
    });
    app.tell(Event::JobsChanged);
}

/// The task of one organization: its accounts, one after the other.
async fn work(app: &App, session: &Arc<Session>, id: &Bytes32, slots: &Semaphore, wake: &Notify) {
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
        if let Err(error) = run(app, session, id, &item, order, (slots, wake)).await {
            let problem = error.into_view();
            set(app, id, &item, |job| {
                (job.step, job.problem, job.next_try_at) = (JobStep::Failed, Some(problem.clone()), None);
            });
            // The row tells it after the next start too; where even that cannot be written the job still says so.
            let _ = remember_problem(app, session, id, &item, Some(problem)).await;
        }
        trim(app);
    }
}

/// One rotation of one account, from the order to its end or until a person is needed.
struct Turn<'a> {
    app: &'a App,
    session: &'a Session,
    id: &'a Bytes32,
    item: &'a Bytes16,
    connection: Connection,
    user: UserId,
    since_append: Option<u64>,
    last_problem: Option<ErrorView>,
}

async fn run(
    app: &App,
    session: &Arc<Session>,
    id: &Bytes32,
    item: &Bytes16,
    order: Order,
    (slots, wake): (&Semaphore, &Notify),
) -> Result<()> {
    let mut slot = slots.acquire().await.ok();
    let row = organizations::load(app, id).await?;
    let connection = connect::connection(app, session, id, &row).await?;
    let account = journal::read_account(app, session, id, &row, item).await?;
    let user = account.object_id.map(UserId::from_bytes).ok_or_else(never_finished)?;
    let mut stored = accounts::stored(&account);
    drop(account);
    let mut turn = Turn { app, session, id, item, connection, user, since_append: None, last_problem: None };
    let mut event = match order {
        Order::Person => match &row.account(item).map(|account| account.phase) {
            // The person saw the alarm and orders a new password from there.
            Some(records::Phase::ChangedOutside) => {
                let seen = turn.seen().await?;
                // The item carries no phase; from any other one the order would end in the same alarm again.
                stored.phase = Phase::ChangedOutside { seen: seen.clone(), pending: stored.pending().copied() };
                Happened::RepairAsked { seen }
            }
            _ => Happened::PersonAsked,
        },
        Order::Due => Happened::Due,
        Order::Resume => Happened::Restarted,
    };
    set(app, id, item, |job| job.attempts += 1);
    loop {
        let context = turn.context().await?;
        let Decision { stored: next, step } = decide(&stored, &event, &context);
        stored = next;
        tracing::debug!(code = "rotation.step", step = name_of(&step));
        event = match step {
            Step::Refresh => {
                turn.show(JobStep::Looking);
                let row = organizations::load(app, id).await?;
                let account = journal::read_account(app, session, id, &row, item).await?;
                stored = accounts::refreshed(stored, &account);
                Happened::Refreshed
            }
            Step::Look => {
                turn.show(JobStep::Looking);
                turn.read().await
            }
            Step::ReadBack { after } => {
                turn.show(JobStep::Verifying);
                drop(slot.take());
                tokio::time::sleep(after).await;
                slot = slots.acquire().await.ok();
                turn.read().await
            }
            // Nothing is sent yet, so LAPS that was turned off meanwhile stays off.
            Step::Prepare { .. } if forgotten(app, id, item) => return Ok(()),
            Step::Prepare { baseline } => {
                turn.show(JobStep::Preparing);
                turn.prepare(baseline, stored.last_change.as_ref()).await?
            }
            Step::TakeOver { candidate, baseline } => {
                turn.show(JobStep::Preparing);
                turn.take_over(candidate, baseline).await?
            }
            Step::Send { candidate, leave_within } => {
                turn.show(JobStep::Sending);
                turn.send(candidate, leave_within).await?
            }
            Step::Commit { candidate, value } => {
                turn.commit(candidate, &value).await?;
                Happened::Appended(Append::Commit)
            }
            Step::GiveUp { candidate } => {
                turn.give_up(candidate).await?;
                Happened::Appended(Append::GiveUp)
            }
            Step::Wait { pause, why } => {
                turn.waiting(pause, why, stored.one_of_two()).await?;
                drop(slot.take());
                if why == Why::OtherDevice {
                    tokio::time::sleep(pause).await;
                } else {
                    // Over or cut short: either way it is tried now.
                    let _ = tokio::time::timeout(pause, wake.notified()).await;
                }
                slot = slots.acquire().await.ok();
                if forgotten(app, id, item) {
                    return Ok(());
                }
                set(app, id, item, |job| (job.next_try_at, job.attempts) = (None, job.attempts + 1));
                if why == Why::OtherDevice { Happened::OtherClaimUnchangedFor(pause) } else { Happened::Woken }
            }
            Step::Hold(why) => {
                turn.end(JobStep::Failed, Some(held(why))).await?;
                return Ok(());
            }
            Step::Alarm { .. } => {
                turn.attention(Some(Attention::ChangedOutside)).await?;
                turn.end(JobStep::ChangedOutside, Some(changed_outside())).await?;
                return Ok(());
            }
            Step::AskPerson(need) => {
                turn.attention(Some(Attention::NeedsPerson(number(need)))).await?;
                let problem = turn.last_problem.take().unwrap_or_else(|| needed(need));
                turn.end(JobStep::NeedsPerson, Some(problem)).await?;
                return Ok(());
            }
            Step::Done => {
                turn.end(JobStep::Done, None).await?;
                return Ok(());
            }
        };
    }
}

impl Turn<'_> {
    async fn context(&self) -> Result<Context> {
        let row = organizations::load(self.app, self.id).await?;
        let now = self.app.inner.clock.steady_ms();
        Ok(Context {
            device: self.device(),
            since_append: self.since_append.map(|before| Duration::from_millis(now.saturating_sub(before))),
            other_in_flight: row.other_in_flight(self.item),
            locked: false,
            seed: u64::from_be_bytes(*self.item.first_chunk().unwrap_or(&[0; 8])),
        })
    }

    fn device(&self) -> DeviceId {
        DeviceId::from_bytes(*self.session.author.device.as_bytes())
    }

    fn show(&self, step: JobStep) {
        set(self.app, self.id, self.item, |job| job.step = step);
    }

    async fn seen(&mut self) -> Result<ChangedAt> {
        Ok(ChangedAt::new(laps::read_proof(&self.connection, self.user).await?.last_password_change))
    }

    async fn read(&mut self) -> Happened {
        Happened::Read(match laps::read_proof(&self.connection, self.user).await {
            Ok(proof) => Ok(ChangedAt::new(proof.last_password_change)),
            Err(error) => {
                let failure = match error.kind() {
                    GraphErrorKind::Absent => ReadFailure::NotFound,
                    GraphErrorKind::TokenRefused | GraphErrorKind::ClaimsNeeded => ReadFailure::Unauthorized,
                    GraphErrorKind::SignIn if !passing(&error) => ReadFailure::Unauthorized,
                    GraphErrorKind::PermissionOrRoleMissing
                    | GraphErrorKind::ServiceRefused
                    | GraphErrorKind::LicenceMissing => ReadFailure::Forbidden,
                    _ => ReadFailure::Unavailable(error.retry_after()),
                };
                self.last_problem = Some(unharmed(Error::from(error)));
                Err(failure)
            }
        })
    }

    /// Makes a candidate and stores it with the claim. From here on two values are kept until one is proved.
    async fn prepare(&mut self, baseline: ChangedAt, known: Option<&ChangedAt>) -> Result<Happened> {
        let (now, steady) = (self.app.now_ms(), self.app.inner.clock.steady_ms());
        let mut change = Change::begin(self.app, self.session).await?;
        let mut opened = change.open(self.id).await?;
        let mut account = change.account(&opened, self.item).await?;
        // Something else may have been stored since this was decided. A candidate never takes the place of one that may
        // have been sent, and never stands beside one of the tenant's other account.
        if account.pending.is_some()
            || account.last_password_change.as_deref() != known.map(ChangedAt::as_str)
            || opened.row.other_in_flight(self.item)
        {
            let claim = Append::Claim { candidate: CandidateId::new(now), claim: self.decider_claim(), baseline };
            return Ok(Happened::AppendRefused(claim, AppendRefusal::Conflict));
        }
        let password = PasswordPolicy::default().make_password(&[&account.user_name, &opened.row.name], &mut rng());
        let claim = self.claim();
        // Also the name of the candidate: unlike every other of the account, even if the clock stands still.
        let made_at_ms = account.current.as_ref().map_or(now, |current| now.max(current.set_at_ms.saturating_add(1)));
        account.pending = Some(Candidate {
            password,
            made_at_ms,
            state: CandidateState::Prepared,
            unanswered: false,
            claim,
            origin: account.current.as_ref().map_or(Origin::Adopted, |_| Origin::Rotated),
            observed_change: None,
        });
        account.last_password_change = Some(baseline.as_str().to_owned());
        account.attention = None;
        point!("rotate.prepare.before");
        change.put_account(&mut opened, self.item, &account).await?;
        accounts::show_in(&mut opened.row, self.id, self.item, &account);
        change.save(opened).await?;
        change.commit().await?;
        point!("rotate.prepare.after");
        self.since_append = Some(steady);
        Ok(Happened::Appended(Append::Claim {
            candidate: CandidateId::new(made_at_ms),
            claim: self.decider_claim(),
            baseline,
        }))
    }

    async fn take_over(&mut self, candidate: CandidateId, baseline: ChangedAt) -> Result<Happened> {
        let steady = self.app.inner.clock.steady_ms();
        let mut change = Change::begin(self.app, self.session).await?;
        let mut opened = change.open(self.id).await?;
        let mut account = change.account(&opened, self.item).await?;
        let claim = self.claim();
        let pending = account
            .pending
            .as_mut()
            .filter(|pending| pending.made_at_ms == candidate.as_u64())
            .ok_or_else(other_candidate)?;
        pending.claim = claim;
        // Under way again: killed from here on, the next start goes on by itself.
        account.attention = None;
        account.last_password_change = Some(baseline.as_str().to_owned());
        change.put_account(&mut opened, self.item, &account).await?;
        accounts::show_in(&mut opened.row, self.id, self.item, &account);
        change.save(opened).await?;
        change.commit().await?;
        self.since_append = Some(steady);
        Ok(Happened::Appended(Append::Renewal { claim: self.decider_claim(), baseline }))
    }

    fn claim(&self) -> StoredClaim {
        let lease_ms = u64::try_from(Lease::DEFAULT.whole().as_millis()).unwrap_or(u64::MAX);
        StoredClaim { device: *self.session.author.device.as_bytes(), lease_ms }
    }

    fn decider_claim(&self) -> Claim {
        Claim { device: self.device(), lease: Lease::DEFAULT }
    }

    /// Sends the candidate once. The password leaves the vault here and goes to the tenant alone.
    async fn send(&mut self, candidate: CandidateId, leave_within: Duration) -> Result<Happened> {
        let begun = self.app.inner.clock.steady_ms();
        let row = organizations::load(self.app, self.id).await?;
        let account = journal::read_account(self.app, self.session, self.id, &row, self.item).await?;
        let pending =
            account.pending.filter(|pending| pending.made_at_ms == candidate.as_u64()).ok_or_else(other_candidate)?;
        // Exposed into the client's own zeroing type: this is the one request that sets it.
        let password = Password::new(pending.password.expose().clone());
        let waited = Duration::from_millis(self.app.inner.clock.steady_ms().saturating_sub(begun));
        if waited >= leave_within {
            return Ok(Happened::Answered(Answer::Refused(Refusal::NeverLeft)));
        }
        point!("rotate.send.before");
        let outcome = laps::set_password(&self.connection, self.user, &password).await;
        point!("rotate.send.after");
        Ok(Happened::Answered(match outcome {
            SendOutcome::Accepted => Answer::Accepted,
            SendOutcome::Unclear(error) => {
                self.last_problem = Some(unclear(Error::from(error)));
                Answer::Lost
            }
            SendOutcome::NotSent(error) => {
                let refusal = match error.kind() {
                    GraphErrorKind::SignIn if !passing(&error) => Refusal::Unauthorized,
                    _ => Refusal::NeverLeft,
                };
                self.last_problem = Some(unharmed(Error::from(error)));
                Answer::Refused(refusal)
            }
            SendOutcome::Refused(error) => {
                let refusal = match error.kind() {
                    GraphErrorKind::PasswordRefused | GraphErrorKind::Invalid => Refusal::Password,
                    GraphErrorKind::Absent => Refusal::NotFound,
                    GraphErrorKind::TokenRefused | GraphErrorKind::ClaimsNeeded => Refusal::Unauthorized,
                    GraphErrorKind::Throttled => Refusal::Throttled(error.retry_after()),
                    _ => Refusal::Forbidden,
                };
                self.last_problem = Some(unharmed(Error::from(error)));
                Answer::Refused(refusal)
            }
        }))
    }

    async fn commit(&mut self, candidate: CandidateId, value: &ChangedAt) -> Result<()> {
        let now = self.app.now_ms();
        self.change(
            |account| {
                if account.pending.as_ref().is_none_or(|pending| pending.made_at_ms != candidate.as_u64()) {
                    return Err(other_candidate());
                }
                accounts::commit(account, value.as_str(), now);
                Ok(())
            },
            Some(Action::Rotated),
        )
        .await
    }

    async fn give_up(&mut self, candidate: CandidateId) -> Result<()> {
        let now = self.app.now_ms();
        self.change(
            |account| {
                if account.pending.as_ref().is_none_or(|pending| pending.made_at_ms != candidate.as_u64()) {
                    return Err(other_candidate());
                }
                accounts::give_up(account, now);
                Ok(())
            },
            None,
        )
        .await
    }

    async fn attention(&mut self, attention: Option<Attention>) -> Result<()> {
        self.change(
            |account| {
                account.attention = attention;
                Ok(())
            },
            Some(Action::RotationFailed),
        )
        .await
    }

    /// Changes the account's item and its row in one transaction.
    async fn change(&mut self, act: impl FnOnce(&mut AccountItem) -> Result<()>, note: Option<Action>) -> Result<()> {
        let mut change = Change::begin(self.app, self.session).await?;
        let mut opened = change.open(self.id).await?;
        let mut account = change.account(&opened, self.item).await?;
        act(&mut account)?;
        point!("rotate.commit.before");
        change.put_account(&mut opened, self.item, &account).await?;
        accounts::show_in(&mut opened.row, self.id, self.item, &account);
        if let Some(action) = note {
            let reason = (action == Action::RotationFailed)
                .then(|| self.last_problem.as_ref().map(|problem| problem.what.clone()))
                .flatten();
            change.note(action, Some((self.id, &opened.row.name)), Some(&account.user_name), reason).await?;
            if action == Action::Rotated {
                change.firm.rotation_verified = true;
                if let Some(shown) = opened.row.account_mut(self.item) {
                    shown.problem = None;
                }
            }
        }
        change.save(opened).await?;
        change.commit().await?;
        point!("rotate.commit.after");
        Ok(())
    }

    /// Shows why and until when it waits; a lost answer is told in the list too.
    async fn waiting(&mut self, pause: Duration, why: Why, one_of_two: bool) -> Result<()> {
        let until = self.app.now_ms().saturating_add(u64::try_from(pause.as_millis()).unwrap_or(u64::MAX));
        let problem = self.last_problem.clone().unwrap_or_else(|| held(why));
        let step = if one_of_two { JobStep::Unclear } else { JobStep::Failed };
        set(self.app, self.id, self.item, |job| {
            (job.step, job.next_try_at, job.problem) = (step, Some(Time(until)), Some(problem.clone()));
        });
        if one_of_two {
            self.mark_unclear().await?;
        }
        remember_problem(self.app, self.session, self.id, self.item, Some(problem)).await
    }

    async fn mark_unclear(&mut self) -> Result<()> {
        let row = organizations::load(self.app, self.id).await?;
        if row.account(self.item).is_some_and(|account| account.phase == records::Phase::Unclear) {
            return Ok(());
        }
        self.change(
            |account| {
                if let Some(pending) = account.pending.as_mut() {
                    (pending.state, pending.unanswered) = (CandidateState::Unclear, true);
                }
                Ok(())
            },
            None,
        )
        .await
    }

    async fn end(&mut self, step: JobStep, problem: Option<ErrorView>) -> Result<()> {
        set(self.app, self.id, self.item, |job| {
            (job.step, job.problem, job.next_try_at) = (step, problem.clone(), None);
        });
        remember_problem(self.app, self.session, self.id, self.item, problem).await
    }
}

/// Writes the last word on an account into its row, if it changed.
async fn remember_problem(
    app: &App,
    session: &Session,
    id: &Bytes32,
    item: &Bytes16,
    problem: Option<ErrorView>,
) -> Result<()> {
    let row = organizations::load(app, id).await?;
    if row.account(item).is_none_or(|account| account.problem == problem) {
        return Ok(());
    }
    let mut change = Change::begin(app, session).await?;
    let mut opened = change.open(id).await?;
    if let Some(account) = opened.row.account_mut(item) {
        account.problem = problem;
    }
    change.save(opened).await?;
    change.commit().await
}

/// Whether an account of the organization is being worked on right now.
pub(crate) fn is_working(app: &App, id: &Bytes32) -> bool {
    let working = |job: &JobView| {
        matches!(
            job.step,
            JobStep::Queued | JobStep::Looking | JobStep::Preparing | JobStep::Sending | JobStep::Verifying
        )
    };
    lock(&app.inner.jobs).shown.iter().any(|((organization, _), job)| organization == id && working(job))
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

fn forgotten(app: &App, id: &Bytes32, item: &Bytes16) -> bool {
    !lock(&app.inner.jobs).shown.contains_key(&(*id, *item))
}

/// Forgets every job; part of locking.
pub(crate) fn forget_all(app: &App) {
    *lock(&app.inner.jobs) = Jobs::default();
}

fn set(app: &App, id: &Bytes32, item: &Bytes16, act: impl FnOnce(&mut JobView)) {
    if let Some(job) = lock(&app.inner.jobs).shown.get_mut(&(*id, *item)) {
        act(job);
        job.at = Time(app.now_ms());
    }
    app.tell(Event::JobsChanged);
}

fn trim(app: &App) {
    let mut jobs = lock(&app.inner.jobs);
    let mut ended: Vec<(Time, (Bytes32, Bytes16))> =
        jobs.shown.iter().filter(|(_, job)| job.step == JobStep::Done).map(|(key, job)| (job.at, *key)).collect();
    ended.sort_unstable();
    let surplus = ended.len().saturating_sub(KEPT_JOBS);
    for (_, key) in ended.into_iter().take(surplus) {
        jobs.shown.remove(&key);
    }
}

/// Whether a failed sign-in of the connection may pass by itself.
fn passing(error: &GraphError) -> bool {
    use vitrine_entra::oauth::SignInErrorKind as Kind;
    error.sign_in().is_some_and(|sign_in| matches!(sign_in.kind(), Kind::Transport | Kind::Busy | Kind::Unknown))
}

fn unharmed(error: Error) -> ErrorView {
    error.holds("The stored password still works.").into_view()
}

fn unclear(error: Error) -> ErrorView {
    error.holds("The old and the new password are both kept; one of them opens the account.").into_view()
}

fn held(why: Why) -> ErrorView {
    let (class, what, next) = match why {
        Why::Locked => (ErrorClass::Locked, "The vault was locked.", "Unlock it; the rotation goes on by itself."),
        Why::OtherAccount => (
            ErrorClass::Partly,
            "The tenant's other emergency account is being rotated.",
            "Settle that one first; both are never changed at once.",
        ),
        Why::OtherDevice => (
            ErrorClass::Partly,
            "Another device has begun this rotation.",
            "It is taken over by itself if that device does not finish.",
        ),
        Why::HomeUnreachable => (
            ErrorClass::Unreachable,
            "The vault's home cannot be reached, so nothing may be changed.",
            "It is tried again by itself.",
        ),
        Why::Disk => (
            ErrorClass::Machine,
            "Nothing can be stored on this machine now.",
            "Free some space; it is tried again by itself.",
        ),
        Why::Tenant => (ErrorClass::Unreachable, "The tenant does not answer.", "It is tried again by itself."),
        Why::Unclear => {
            (ErrorClass::Unreachable, "We cannot tell whether the change arrived.", "It is checked again by itself.")
        }
    };
    let holds = if why == Why::Unclear {
        "The old and the new password are both kept; one of them opens the account."
    } else {
        "The stored password still works."
    };
    Error::new(class, why.code(), what, next).holds(holds).into_view()
}

fn changed_outside() -> ErrorView {
    Error::new(
        ErrorClass::Refused,
        "rotation.changed-outside",
        "The password was changed outside Vitrine, or this vault is behind.",
        "Ask who changed it. Rotate to set a new password from here.",
    )
    .holds("The stored password no longer opens the account. Nothing was sent to the tenant.")
    .into_view()
}

fn needed(need: Need) -> ErrorView {
    let (what, next) = match need {
        Need::PasswordRefused => {
            ("Microsoft refused two generated passwords.", "Look at the tenant's password rules, then rotate again.")
        }
        Need::Forbidden => (
            "Microsoft refused: the app lacks a permission or its role.",
            "Connect the tenant again; it repairs what is missing.",
        ),
        Need::AccountGone => (
            "The emergency account no longer exists in the tenant.",
            "Restore it in the Entra admin center within 30 days, or turn LAPS off and enable it again.",
        ),
        Need::ConnectionRefused => ("The connection no longer opens the tenant.", "Connect the tenant again."),
        Need::NeverVerified => {
            ("The account's first password was never verified.", "Enable LAPS again; it goes on where it stopped.")
        }
    };
    Error::new(ErrorClass::Refused, need.code(), what, next).holds("The stored password was not changed.").into_view()
}

fn number(need: Need) -> u16 {
    match need {
        Need::PasswordRefused => 1,
        Need::Forbidden => 2,
        Need::AccountGone => 3,
        Need::ConnectionRefused => 4,
        Need::NeverVerified => 5,
    }
}

fn name_of(step: &Step) -> &'static str {
    match step {
        Step::Refresh => "refresh",
        Step::Look => "look",
        Step::Prepare { .. } => "prepare",
        Step::TakeOver { .. } => "take-over",
        Step::Send { .. } => "send",
        Step::ReadBack { .. } => "read-back",
        Step::Commit { .. } => "commit",
        Step::GiveUp { .. } => "give-up",
        Step::Wait { .. } => "wait",
        Step::Hold(_) => "hold",
        Step::Alarm { .. } => "alarm",
        Step::AskPerson(_) => "ask-person",
        Step::Done => "done",
    }
}

fn never_finished() -> Error {
    Error::usage(
        "rotate.never-created",
        "The account was never created in the tenant.",
        "Enable LAPS again; it goes on where it stopped.",
    )
}

fn other_candidate() -> Error {
    Error::integrity(
        "rotate.other-candidate",
        "The stored candidate is not the one that was decided on.",
        "Rotate again; nothing was sent.",
    )
}

fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
