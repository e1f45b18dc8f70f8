//! The doer: one rotation of one account, from the order to its end or until a person is needed.

use super::connection::Shared;
use super::jobs::{self, Desk, Key, Order};
use super::places::{PATIENCE, Place};
use super::words::{asked, changed_outside, held, number, role_needed, unclear, unharmed};
use crate::accounts;
use crate::api::*;
use crate::error::{Error, Result};
use crate::failpoint::{point, protected};
use crate::journal::{self, Change};
use crate::records::{self, Bytes16, Bytes32, Check, LONGEST_REST_MS};
use crate::refusals::passes_by_itself;
use crate::session::{Session, rng};
use crate::webhook::What;
use crate::{App, drift, incident, organizations};
use std::sync::Arc;
use std::time::Duration;
use vitrine_entra::graph::{Proof, SendOutcome};
use vitrine_entra::pace::LONGEST_WAIT;
use vitrine_entra::{Connection, GraphError, GraphErrorKind, Password, Priority, UserId, laps};
use vitrine_rotation::{
    Answer, Append, AppendRefusal, CandidateId, ChangedAt, Claim, Context, Decision, DeviceId, Event as Happened,
    Lease, Left, Need, Phase, ReadFailure, Refusal, Step, Stored, Why, decide,
};
use vitrine_vault::items::{AccountItem, Attention, Candidate, CandidateState, Claim as StoredClaim, Origin};
use vitrine_vault::password::PasswordPolicy;

/// How often a change is drafted while others are quicker.
const DRAFTS: u32 = 4;

/// A rotation under way.
struct Turn<'a> {
    app: &'a App,
    session: &'a Session,
    key: Key,
    shared: &'a mut Shared,
    connection: Arc<Connection>,
    user: UserId,
    priority: Priority,
    /// Just before the claim was appended by this process, by the steady clock.
    since_append: Option<u64>,
    /// What the tenant said of the account last.
    seen: Option<Seen>,
    /// Sessions are ended afterwards even where nobody is known to hold one.
    end_sessions: bool,
    last_problem: Option<ErrorView>,
}

/// What a read of the account showed.
enum Seen {
    Account(Proof),
    Gone,
}

/// Rotates one account as ordered, or goes on where an earlier process stopped.
pub(super) async fn run(
    app: &App,
    session: &Arc<Session>,
    id: &Bytes32,
    item: &Bytes16,
    order: Order,
    desk: &mut Desk,
) -> Result<()> {
    let Desk { place, connection: shared, wake } = desk;
    let key = (*id, *item);
    let row = organizations::load(app, id).await?;
    let connection = shared.current(app, session, &row).await?;
    come_back(app, place, &connection).await;
    let account = journal::read_account(app, session, &row, item).await?;
    let user = account.object_id.map(UserId::from_bytes).ok_or_else(never_created)?;
    let mut turn = Turn {
        app,
        session,
        key,
        shared,
        connection,
        user,
        priority: order.priority(),
        since_append: None,
        seen: None,
        // Whoever changed it outside may be signed in.
        end_sessions: matches!(order, Order::Person { named: true } | Order::Repair)
            || incident::covers(app, session, id, &row).await?,
        last_problem: None,
    };
    let mut stored = accounts::stored(&account, &row, item, turn.device());
    let phase = row.account(item).map(|account| account.phase);
    let never_proved = account.current.is_none() && account.last_password_change.is_none();
    let began = account.pending.is_some();
    drop(account);
    jobs::set(app, &key, |job| job.attempts += 1);
    let mut event = match order {
        // Boxed: it is rare, and its room is not for every rotation to carry.
        _ if never_proved => match place.answered(Box::pin(turn.finish_creation(&mut stored))).await? {
            Some(event) => event,
            None => return Ok(()),
        },
        Order::Repair if phase == Some(records::Phase::ChangedOutside) => {
            let seen = place.answered(turn.proof()).await?;
            // The item carries no phase; from any other one the order would end in the same alarm again.
            stored.phase = Phase::ChangedOutside { seen: seen.clone(), pending: stored.pending().copied() };
            Happened::RepairAsked { seen }
        }
        Order::Person { .. } | Order::Repair => Happened::PersonAsked,
        Order::Resume if began => Happened::Restarted,
        // Nothing is left of what was begun: it begins anew.
        Order::Resume | Order::Due => Happened::Due,
    };
    let mut by_itself = order == Order::Due;
    loop {
        let context = turn.context().await?;
        let Decision { stored: next, step } = decide(&stored, &event, &context);
        stored = next;
        tracing::debug!(code = "rotation.step", step = name_of(&step));
        event = match step {
            Step::Refresh => {
                turn.show(JobStep::Looking);
                let row = organizations::load(app, id).await?;
                let account = journal::read_account(app, session, &row, item).await?;
                stored = accounts::refreshed(stored, &account, &row, item, context.device);
                Happened::Refreshed
            }
            Step::Look => {
                turn.show(JobStep::Looking);
                let read = place.answered(turn.read()).await;
                protected!("the tenant is looked at", read, as_known(&stored).unwrap_or(read))
            }
            Step::ReadBack { after } => {
                turn.show(JobStep::Verifying);
                place.leave();
                tokio::time::sleep(after).await;
                come_back(app, place, &turn.connection).await;
                turn.reconnect().await?;
                place.answered(turn.read()).await
            }
            // Nothing is sent yet, so LAPS that was turned off meanwhile stays off.
            Step::Prepare { .. } if jobs::forgotten(app, &key) => return Ok(()),
            Step::Prepare { .. } if by_itself && turn.in_blackout().await? => return Ok(()),
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
                place.answered(Box::pin(turn.send(candidate, leave_within))).await?
            }
            Step::Commit { candidate, value } => {
                let end_sessions = turn.commit(candidate, &value).await?;
                if end_sessions && place.answered(turn.revoke_sessions()).await.is_err() {
                    // The next rotation tries again: what is committed stays committed.
                    tracing::warn!(code = "rotation.sessions", "whether sessions were ended could not be remembered");
                }
                Happened::Appended(Append::Commit)
            }
            Step::GiveUp { candidate } => {
                turn.give_up(candidate).await?;
                Happened::Appended(Append::GiveUp)
            }
            Step::Wait { pause, why } => {
                turn.waiting(pause, why, stored.one_of_two()).await?;
                place.leave();
                if why == Why::OtherDevice {
                    tokio::time::sleep(pause).await;
                } else {
                    // Over or cut short: either way it is tried now. Who cuts it short has ordered it.
                    by_itself &= tokio::time::timeout(pause, wake.notified()).await.is_err();
                }
                jobs::pause(app, key, false);
                jobs::unpaused(app, place).await;
                come_back(app, place, &turn.connection).await;
                if jobs::forgotten(app, &key) {
                    return Ok(());
                }
                turn.reconnect().await?;
                jobs::set(app, &key, |job| (job.next_try_at, job.attempts) = (None, job.attempts + 1));
                if why == Why::OtherDevice { Happened::OtherClaimUnchangedFor(pause) } else { Happened::Woken }
            }
            Step::Hold(why) => return turn.hold(why).await,
            Step::Alarm { .. } => {
                let alarm = changed_outside(&session.msp());
                turn.attention(Attention::ChangedOutside, Action::ChangedOutside, alarm.clone()).await?;
                return turn.end(JobStep::ChangedOutside, Some(alarm)).await;
            }
            Step::AskPerson(need) => {
                let kept = matches!(stored.phase, Phase::NeedsPerson { left: Left::Unclear(_), .. });
                let problem = asked(need, kept, turn.last_problem.take());
                return turn.ask_person(need, problem).await;
            }
            Step::Done => return turn.end(JobStep::Done, None).await,
        };
    }
}

/// What a tenant says that is not looked at.
#[cfg(feature = "failpoints")]
fn as_known(stored: &Stored) -> Option<Happened> {
    stored.last_change.clone().map(|known| Happened::Read(Ok(known)))
}

/// Takes a place again, once the tenant may be asked: one that wants to be left alone for a while holds none meanwhile. One
/// that wants it for longer is asked, and says so at once, because a person should know.
async fn come_back(app: &App, place: &mut Place, connection: &Connection) {
    let wait = app.inner.limiter.own_wait(connection.record().tenant_id);
    if wait > PATIENCE && wait <= LONGEST_WAIT {
        place.leave();
        tokio::time::sleep(wait).await;
    }
    place.come_back().await;
}

/// Whether the home took a change; not, where something else was written first.
fn took(committed: Result<()>) -> Result<bool> {
    match committed {
        Ok(()) => Ok(true),
        Err(error) if error.code() == "home.behind" => Ok(false),
        Err(error) => Err(error),
    }
}

/// Says why a rotation broke off, and leaves it alone for a while: longer each time.
pub(super) async fn fail(app: &App, session: &Session, id: &Bytes32, item: &Bytes16, error: Error) {
    let (key, problem) = ((*id, *item), error.into_view());
    let until = next_try(app, &key);
    jobs::set(app, &key, |job| {
        (job.step, job.problem, job.next_try_at) = (JobStep::Failed, Some(Box::new(problem.clone())), Some(until));
    });
    jobs::rest(app, key, until);
    // The row tells it after the next start too; where even that cannot be written the job still says so.
    let _ = remember_problem(app, session, id, item, Some(problem)).await;
}

/// When a rotation that ended without success is taken up again by itself.
fn next_try(app: &App, key: &Key) -> u64 {
    let pause = vitrine_rotation::pause(jobs::attempts(app, key).max(1), None, seed(&key.1));
    app.now_ms().saturating_add(u64::try_from(pause.as_millis()).unwrap_or(u64::MAX))
}

/// Spreads the pauses of many accounts.
fn seed(item: &Bytes16) -> u64 {
    u64::from_be_bytes(*item.first_chunk().unwrap_or(&[0; 8]))
}

impl Turn<'_> {
    async fn context(&self) -> Result<Context> {
        let row = organizations::load(self.app, &self.key.0).await?;
        let now = self.app.inner.clock.steady_ms();
        Ok(Context {
            device: self.device(),
            since_append: self.since_append.map(|before| Duration::from_millis(now.saturating_sub(before))),
            other_in_flight: row.other_in_flight(&self.key.1),
            locked: false,
            seed: seed(&self.key.1),
        })
    }

    fn device(&self) -> DeviceId {
        DeviceId::from_bytes(*self.session.author.device.as_bytes())
    }

    fn show(&self, step: JobStep) {
        jobs::set(self.app, &self.key, |job| job.step = step);
    }

    /// What waited may have waited through a renewal of the certificate.
    async fn reconnect(&mut self) -> Result<()> {
        let row = organizations::load(self.app, &self.key.0).await?;
        self.connection = self.shared.current(self.app, self.session, &row).await?;
        Ok(())
    }

    async fn proof(&mut self) -> Result<ChangedAt, GraphError> {
        match laps::read_proof(&self.connection, self.user, self.priority).await {
            Ok(proof) => {
                let changed = ChangedAt::new(&proof.last_password_change);
                self.seen = Some(Seen::Account(proof));
                Ok(changed)
            }
            Err(error) => {
                if error.kind() == GraphErrorKind::Absent {
                    self.seen = Some(Seen::Gone);
                }
                Err(error)
            }
        }
    }

    async fn read(&mut self) -> Happened {
        Happened::Read(match self.proof().await {
            Ok(changed) => Ok(changed),
            Err(error) => {
                let failure = match error.kind() {
                    GraphErrorKind::Absent => ReadFailure::NotFound,
                    GraphErrorKind::TokenRefused | GraphErrorKind::ClaimsNeeded => ReadFailure::Unauthorized,
                    GraphErrorKind::SignIn if !passes_by_itself(&error) => ReadFailure::Unauthorized,
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

    /// Takes up an account that the tenant has made and that was never proved: creating or adopting it was cut off. The
    /// connection can do the rest, the role excepted. None where a person is asked for that.
    async fn finish_creation(&mut self, stored: &mut Stored) -> Result<Option<Happened>> {
        self.show(JobStep::Looking);
        let facts = laps::read_facts(&self.connection, self.user, self.priority).await?;
        if !facts.global_administrator {
            self.ask_person(Need::NeverVerified, role_needed()).await?;
            return Ok(None);
        }
        let seen = ChangedAt::new(&facts.proof.last_password_change);
        self.seen = Some(Seen::Account(facts.proof));
        // LAPS was ordered for this account; its first value is where its rotations begin.
        stored.phase = Phase::NeedsPerson {
            need: Need::NeverVerified,
            left: stored.pending().copied().map_or(Left::Nothing, Left::Prepared),
        };
        Ok(Some(Happened::RepairAsked { seen }))
    }

    /// Makes a candidate and stores it with the claim. From here on two values are kept until one is proved.
    async fn prepare(&mut self, baseline: ChangedAt, known: Option<&ChangedAt>) -> Result<Happened> {
        let (now, steady) = (self.app.now_ms(), self.app.inner.clock.steady_ms());
        let mut change = Change::begin(self.app, self.session).await?;
        let mut opened = change.open(&self.key.0).await?;
        let mut account = change.account(&opened, &self.key.1).await?;
        // Something else may have been stored since this was decided. A candidate never takes the place of one that may
        // have been sent, and never stands beside one of the tenant's other account.
        if account.pending.is_some()
            || account.last_password_change.as_deref() != known.map(ChangedAt::as_str)
            || opened.row.other_in_flight(&self.key.1)
        {
            let claim = Append::Claim { candidate: CandidateId::new(now), claim: self.decider_claim(), baseline };
            return Ok(Happened::AppendRefused(claim, AppendRefusal::Conflict));
        }
        let policy = opened.row.laps.as_ref().map_or_else(PasswordPolicy::default, records::Laps::policy);
        let password = policy.make_password(&[&account.user_name, &opened.row.name], &mut rng());
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
        account.current = protected!("the value before is kept", account.current, None);
        point!("rotate.prepare.before");
        change.put_account(&mut opened, &self.key.1, &account).await?;
        accounts::show_in(&mut opened.row, &self.key.1, &account);
        if let Some(row) = opened.row.account_mut(&self.key.1) {
            self.note_seen(row);
            row.unsent = Some(made_at_ms);
        }
        change.save(opened).await?;
        let claim = Append::Claim { candidate: CandidateId::new(made_at_ms), claim: self.decider_claim(), baseline };
        if !took(change.commit().await)? {
            return Ok(Happened::AppendRefused(claim, AppendRefusal::Conflict));
        }
        point!("rotate.prepare.after");
        self.since_append = Some(steady);
        Ok(Happened::Appended(claim))
    }

    async fn take_over(&mut self, candidate: CandidateId, baseline: ChangedAt) -> Result<Happened> {
        let steady = self.app.inner.clock.steady_ms();
        let mut change = Change::begin(self.app, self.session).await?;
        let mut opened = change.open(&self.key.0).await?;
        let mut account = change.account(&opened, &self.key.1).await?;
        let claim = self.claim();
        // Before there was a value to start from nothing was sent: what created the account cannot set it again.
        let first = account.last_password_change.is_none();
        let pending = account
            .pending
            .as_mut()
            .filter(|pending| pending.made_at_ms == candidate.as_u64())
            .ok_or_else(other_candidate)?;
        // Whatever another device did with it, this one cannot know.
        let strange = pending.claim.device != claim.device;
        pending.claim = claim;
        // Under way again: killed from here on, the next start goes on by itself.
        account.attention = None;
        account.last_password_change = Some(baseline.as_str().to_owned());
        point!("rotate.take-over.before");
        change.put_account(&mut opened, &self.key.1, &account).await?;
        accounts::show_in(&mut opened.row, &self.key.1, &account);
        if let Some(row) = opened.row.account_mut(&self.key.1) {
            self.note_seen(row);
            row.unsent = match (strange, first) {
                (true, _) => None,
                (false, true) => Some(candidate.as_u64()),
                (false, false) => row.unsent,
            };
        }
        change.save(opened).await?;
        let renewal = Append::Renewal { claim: self.decider_claim(), baseline };
        if !took(change.commit().await)? {
            return Ok(Happened::AppendRefused(renewal, AppendRefusal::Conflict));
        }
        point!("rotate.take-over.after");
        self.since_append = Some(steady);
        Ok(Happened::Appended(renewal))
    }

    fn claim(&self) -> StoredClaim {
        let lease_ms = u64::try_from(Lease::DEFAULT.whole().as_millis()).unwrap_or(u64::MAX);
        StoredClaim { device: *self.session.author.device.as_bytes(), lease_ms }
    }

    fn decider_claim(&self) -> Claim {
        Claim { device: self.device(), lease: Lease::DEFAULT }
    }

    /// From when this returns the candidate counts as sent, whatever becomes of this process.
    async fn mark_sent(&self) -> Result<records::Organization> {
        let row = organizations::load(self.app, &self.key.0).await?;
        if row.account(&self.key.1).is_none_or(|account| account.unsent.is_none()) {
            return Ok(row);
        }
        point!("rotate.mark.before");
        let mut change = Change::begin(self.app, self.session).await?;
        let mut opened = change.open(&self.key.0).await?;
        if let Some(account) = opened.row.account_mut(&self.key.1) {
            account.unsent = None;
        }
        let row = opened.row.clone();
        change.save(opened).await?;
        change.commit().await?;
        point!("rotate.mark.after");
        Ok(row)
    }

    /// Sends the candidate once. The password leaves the vault here and goes to the tenant alone.
    async fn send(&mut self, candidate: CandidateId, leave_within: Duration) -> Result<Happened> {
        let begun = self.app.inner.clock.steady_ms();
        let row = self.mark_sent().await?;
        let account = journal::read_account(self.app, self.session, &row, &self.key.1).await?;
        let pending =
            account.pending.filter(|pending| pending.made_at_ms == candidate.as_u64()).ok_or_else(other_candidate)?;
        let password = protected!(
            "a candidate is stored before it is sent",
            pending.password,
            PasswordPolicy::default().make_password(&[], &mut rng())
        );
        // Exposed into the client's own zeroing type: this is the one request that sets it.
        let password = Password::new(password.expose().clone());
        let waited = Duration::from_millis(self.app.inner.clock.steady_ms().saturating_sub(begun));
        if waited >= leave_within {
            return Ok(Happened::Answered(Answer::Refused(Refusal::NeverLeft)));
        }
        point!("rotate.send.before");
        let outcome = laps::set_password(&self.connection, self.user, &password, self.priority).await;
        point!("rotate.send.after");
        Ok(Happened::Answered(match outcome {
            SendOutcome::Accepted => Answer::Accepted,
            SendOutcome::Unclear(error) => {
                self.last_problem = Some(unclear(Error::from(error)));
                Answer::Lost
            }
            SendOutcome::NotSent(error) => {
                let refusal = match error.kind() {
                    GraphErrorKind::SignIn if !passes_by_itself(&error) => Refusal::Unauthorized,
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

    /// Answers whether sessions are to be ended now.
    async fn commit(&mut self, candidate: CandidateId, value: &ChangedAt) -> Result<bool> {
        let now = self.app.now_ms();
        let asked = self.end_sessions;
        let mut end_sessions = false;
        self.change(Some(Action::Rotated), |account, row| {
            if account.pending.as_ref().is_none_or(|pending| pending.made_at_ms != candidate.as_u64()) {
                return Err(other_candidate());
            }
            accounts::commit(account, value.as_str(), now);
            end_sessions = asked || row.may_be_signed_in();
            if end_sessions {
                // Forgotten until it is done: a process that dies here leaves it to the next rotation.
                row.sessions_ended_at = None;
            }
            (row.problem, row.retry_at) = (None, None);
            Ok(())
        })
        .await?;
        Ok(end_sessions)
    }

    /// Ends the sessions of the account, as well as it goes: the new password is committed already.
    async fn revoke_sessions(&mut self) -> Result<()> {
        let outcome = laps::revoke_sessions(&self.connection, self.user, self.priority).await;
        let now = self.app.now_ms();
        let (shown, verdict, words) = match &outcome {
            Ok(()) => (
                SessionsEnded::Ended,
                Verdict::Good,
                "Sessions opened with an older password were ended after the rotation.".to_owned(),
            ),
            Err(error) => (
                SessionsEnded::NotEnded,
                Verdict::Warning,
                format!(
                    "Sessions opened with an older password may live on: {} It is tried again with the next rotation.",
                    Error::from(error.clone()).view().what
                ),
            ),
        };
        jobs::set(self.app, &self.key, |job| job.sessions = Some(shown));
        let mut change = Change::begin(self.app, self.session).await?;
        let mut opened = change.open(&self.key.0).await?;
        if let Some(row) = opened.row.account_mut(&self.key.1) {
            row.sessions_ended_at = outcome.is_ok().then_some(now);
        }
        let account = Some(self.key.1);
        opened.row.checked(Check { check: HealthCheck::SessionsEnded, account, verdict, at: now, words });
        change.save(opened).await?;
        change.commit().await
    }

    async fn give_up(&mut self, candidate: CandidateId) -> Result<()> {
        let now = self.app.now_ms();
        self.change(None, |account, _| {
            if account.pending.as_ref().is_none_or(|pending| pending.made_at_ms != candidate.as_u64()) {
                return Err(other_candidate());
            }
            accounts::give_up(account, now);
            Ok(())
        })
        .await
    }

    async fn attention(&mut self, attention: Attention, action: Action, problem: ErrorView) -> Result<()> {
        let now = self.app.now_ms();
        let interval =
            |row: &records::Organization| row.laps.as_ref().map(|laps| u64::from(laps.interval_hours) * 3_600_000);
        let row = organizations::load(self.app, &self.key.0).await?;
        let rest = interval(&row).unwrap_or(LONGEST_REST_MS).min(LONGEST_REST_MS);
        self.change(Some(action), |account, row| {
            account.attention = Some(attention);
            (row.problem, row.retry_at) = (Some(problem.clone()), Some(now.saturating_add(rest)));
            Ok(())
        })
        .await
    }

    /// Changes the account's item and its row in one transaction, with what was seen of the account. Where another device
    /// wrote something else first, that is fetched and the change drafted on it: what was done in the tenant is done.
    async fn change(
        &mut self,
        note: Option<Action>,
        mut act: impl FnMut(&mut AccountItem, &mut records::Account) -> Result<()>,
    ) -> Result<()> {
        for _ in 1..DRAFTS {
            if took(self.draft(note, &mut act).await)? {
                return Ok(());
            }
        }
        self.draft(note, &mut act).await
    }

    async fn draft(
        &mut self,
        note: Option<Action>,
        act: &mut impl FnMut(&mut AccountItem, &mut records::Account) -> Result<()>,
    ) -> Result<()> {
        let (id, item) = self.key;
        let mut change = Change::begin(self.app, self.session).await?;
        let mut opened = change.open(&id).await?;
        let mut account = change.account(&opened, &item).await?;
        let row = opened.row.account_mut(&item).ok_or_else(|| records::unknown_account(&records::item_text(&item)))?;
        act(&mut account, row)?;
        self.note_seen(row);
        point!("rotate.commit.before");
        change.put_account(&mut opened, &item, &account).await?;
        accounts::show_in(&mut opened.row, &item, &account);
        if let Some(action) = note {
            let reason = (action == Action::RotationFailed)
                .then(|| self.last_problem.as_ref().map(|problem| problem.what.clone()))
                .flatten();
            change.note(action, Some((&id, &opened.row.name)), Some(&account.user_name), reason).await?;
            if action == Action::Rotated {
                change.firm.rotation_verified = true;
                change.tell(&opened, Some(&item), What::Rotated).await?;
            }
        }
        change.save(opened).await?;
        change.commit().await?;
        point!("rotate.commit.after");
        Ok(())
    }

    /// What a rotation reads anyway tells of more than the password.
    fn note_seen(&self, row: &mut records::Account) {
        let now = self.app.now_ms();
        match &self.seen {
            Some(Seen::Account(proof)) => row.facts = Some(drift::seen(&row.user_name, proof, row.facts.as_ref(), now)),
            Some(Seen::Gone) => row.facts = Some(drift::gone(now)),
            None => {}
        }
    }

    /// Shows why and until when it waits; a lost answer is told in the list too.
    async fn waiting(&mut self, pause: Duration, why: Why, one_of_two: bool) -> Result<()> {
        let until = self.app.now_ms().saturating_add(u64::try_from(pause.as_millis()).unwrap_or(u64::MAX));
        let problem = self.last_problem.clone().unwrap_or_else(|| held(why));
        let step = if one_of_two { JobStep::Unclear } else { JobStep::Failed };
        jobs::pause(self.app, self.key, true);
        jobs::set(self.app, &self.key, |job| {
            (job.step, job.next_try_at, job.problem) = (step, Some(until), Some(Box::new(problem.clone())));
        });
        if one_of_two {
            self.mark_unclear().await?;
        }
        self.remember_problem(Some(problem)).await
    }

    async fn mark_unclear(&mut self) -> Result<()> {
        let row = organizations::load(self.app, &self.key.0).await?;
        if row.account(&self.key.1).is_some_and(|account| account.phase == records::Phase::Unclear) {
            return Ok(());
        }
        self.change(None, |account, _| {
            if let Some(pending) = account.pending.as_mut() {
                (pending.state, pending.unanswered) = (CandidateState::Unclear, true);
            }
            Ok(())
        })
        .await
    }

    /// Puts back what nobody ordered where the hours have come, while it waited, in which nothing begins by itself.
    async fn in_blackout(&self) -> Result<bool> {
        let row = organizations::load(self.app, &self.key.0).await?;
        let now = self.app.now_ms();
        let free_at = row.laps.as_ref().map_or(now, |laps| laps.free_at(now));
        if free_at > now {
            jobs::put_back(self.app, self.key, free_at);
        }
        Ok(free_at > now)
    }

    /// Ends without a change: something else has to end first.
    async fn hold(&mut self, why: Why) -> Result<()> {
        let until = next_try(self.app, &self.key);
        jobs::rest(self.app, self.key, until);
        self.end(JobStep::Failed, Some(held(why))).await?;
        jobs::set(self.app, &self.key, |job| job.next_try_at = Some(until));
        Ok(())
    }

    /// Ends with what a person has to do. Tried again by an order, and by itself when it is due again.
    async fn ask_person(&mut self, need: Need, problem: ErrorView) -> Result<()> {
        self.attention(Attention::NeedsPerson(number(need)), Action::RotationFailed, problem.clone()).await?;
        self.end(JobStep::NeedsPerson, Some(problem)).await
    }

    async fn end(&mut self, step: JobStep, problem: Option<ErrorView>) -> Result<()> {
        jobs::set(self.app, &self.key, |job| {
            (job.step, job.problem, job.next_try_at) = (step, problem.clone().map(Box::new), None);
        });
        self.remember_problem(problem).await
    }

    async fn remember_problem(&self, problem: Option<ErrorView>) -> Result<()> {
        remember_problem(self.app, self.session, &self.key.0, &self.key.1, problem).await
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

fn never_created() -> Error {
    Error::usage(
        "rotate.never-created",
        "The account was never created in the tenant.",
        "Enable LAPS again with this name to finish it, or remove it.",
    )
}

pub(crate) fn other_candidate() -> Error {
    Error::integrity(
        "rotate.other-candidate",
        "The stored candidate is not the one that was decided on.",
        "Rotate again; nothing was sent.",
    )
}
