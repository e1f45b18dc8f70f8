//! Reminders: one quiet word when rotations are due that wait for a person, and what the person answered.
//!
//! A reminder names nobody, because notifications are read on locked screens too; while the vault is locked it gives no
//! number either. What is known then is one moment, the next at which anything falls due: the index is sealed.

use crate::api::{Event, RotateRequest, RotateScope};
use crate::error::Result;
use crate::records::{self, Bytes16, Bytes32, Phase, key};
use crate::store::{Direction, Span};
use crate::{App, lock, organizations, rotate};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio::time::Instant;

/// How often the time is compared with what is due.
const TICK: Duration = Duration::from_secs(30);
/// Many things that change at once are looked at once.
const GATHER: Duration = Duration::from_millis(300);
const HOUR_MS: u64 = 3_600_000;
/// What falls due within this time of a reminder belongs to its batch.
const BATCH_MS: u64 = HOUR_MS;
/// A batch that nobody answered is named again after this time.
const AGAIN_MS: u64 = 24 * HOUR_MS;
/// How long a snooze lasts.
pub const SNOOZE_MS: u64 = HOUR_MS;
/// How long what was asked for while locked is still meant when the vault is opened.
const WISH_MS: u64 = 10 * 60_000;
/// Due for longer than this, an account is overdue.
pub(crate) const OVERDUE_MS: u64 = HOUR_MS;

/// What a person should be told now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reminder {
    /// Accounts due and, of them, overdue; nothing while locked.
    pub counts: Option<(u32, u32)>,
}

impl Reminder {
    /// The bold line.
    pub fn summary(&self) -> String {
        match self.counts {
            None => "Emergency accounts are due for rotation".into(),
            Some((1, _)) => "1 emergency account is due for rotation".into(),
            Some((due, _)) => format!("{due} emergency accounts are due for rotation"),
        }
    }

    /// The text below.
    pub fn body(&self) -> String {
        match self.counts {
            None => "Rotating asks for your passphrase first.".into(),
            Some((_, 0)) => "Their passwords still work.".into(),
            Some((_, late)) => format!("Their passwords still work. Overdue by more than an hour: {late}."),
        }
    }
}

/// What the person answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Rotate what is due.
    Rotate,
    /// Not now.
    Snooze,
    /// Seen; no more until something else falls due.
    Dismiss,
}

/// What the host has to do after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing.
    Nothing,
    /// Show the window: the vault must be unlocked, and then does what was asked.
    Unlock,
}

pub(crate) struct Reminders {
    plan: Mutex<Plan>,
    shown: watch::Sender<Option<Reminder>>,
}

impl Default for Reminders {
    fn default() -> Self {
        Self { plan: Mutex::default(), shown: watch::channel(None).0 }
    }
}

/// When to speak. Pure: moments come in as arguments.
#[derive(Debug, Default)]
struct Plan {
    /// Something was due when the vault was open last, and waits for a person.
    waits: bool,
    /// The next moment at which anything falls due, as the open vault said last.
    next_due: Option<u64>,
    present: Option<Reminder>,
    /// When it was last said, by the steady clock, and up to which due moment.
    said: Option<(u64, u64)>,
    snoozed_until: Option<u64>,
    /// Until when "rotate what is due" waits for the vault to be opened.
    wish_until: Option<u64>,
}

/// What is true at a moment.
#[derive(Clone, Copy, Debug)]
enum Facts {
    Open {
        /// Accounts that are due and wait for a person.
        due: u32,
        overdue: u32,
        /// When the last of them fell due.
        newest: u64,
        /// When the next one will.
        next: Option<u64>,
    },
    Locked,
}

impl Plan {
    /// Whether something waits that a locked vault keeps from being rotated.
    fn waits_locked(&self, now: u64) -> bool {
        self.waits || self.next_due.is_some_and(|at| at <= now)
    }

    fn look(&mut self, facts: Facts, (now, steady): (u64, u64), wanted: bool) -> Option<Reminder> {
        let (waits, newest, counts) = match facts {
            Facts::Open { due, overdue, newest, next } => {
                (self.waits, self.next_due) = (due > 0, next);
                (due > 0, newest, Some((due, overdue)))
            }
            Facts::Locked => (self.waits_locked(now), self.next_due.filter(|at| *at <= now).unwrap_or(0), None),
        };
        let snoozed = self.snoozed_until.is_some_and(|until| steady < until);
        if !wanted || !waits || snoozed {
            self.present = None;
            return None;
        }
        if self.present.is_none() {
            let woken = self.snoozed_until.take().is_some();
            let speak = self.said.is_none_or(|(at, up_to)| {
                let since = steady.saturating_sub(at);
                since >= AGAIN_MS || (since >= BATCH_MS && newest > up_to)
            });
            if woken || speak {
                self.present = Some(Reminder { counts });
                self.said = Some((steady, newest.max(now)));
            }
        } else if counts.is_none() {
            // Locked meanwhile: what stands there no longer says how many.
            self.present = Some(Reminder { counts });
        }
        self.present
    }

    fn answer(&mut self, answer: Answer, steady: u64) {
        self.present = None;
        if answer == Answer::Snooze {
            self.snoozed_until = Some(steady.saturating_add(SNOOZE_MS));
        }
    }
}

/// Watches what falls due for as long as the application runs.
pub(crate) fn watch(app: &App) {
    let this = app.clone();
    app.background(async move {
        let mut events = this.events();
        let mut next_look = Instant::now();
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(next_look) => {
                    // What cannot be read now is looked at again.
                    let _ = look(&this).await;
                    next_look = Instant::now() + TICK;
                }
                event = events.recv() => {
                    let soon = match event {
                        Ok(Event::Unlocked | Event::Locked { .. }) => Duration::ZERO,
                        Ok(_) | Err(RecvError::Lagged(_)) => GATHER,
                        Err(RecvError::Closed) => return,
                    };
                    next_look = next_look.min(Instant::now() + soon);
                }
            }
        }
    });
}

async fn look(app: &App) -> Result<()> {
    let moment = (app.now_ms(), app.inner.clock.steady_ms());
    let session = app.session().await.ok();
    let facts = if session.is_some() {
        if take_wish(app, moment.1) {
            // What stands in the way of one of them is told with its job.
            let _ = rotate::rotate(app, RotateRequest { scope: RotateScope::Due }).await;
        }
        open_facts(app, moment.0).await?
    } else {
        Facts::Locked
    };
    let wanted = app.settings().remind_when_due;
    let present = lock(&app.inner.reminders.plan).look(facts, moment, wanted);
    show(app, present);
    crate::tray::refresh(app, session.as_deref()).await;
    Ok(())
}

fn show(app: &App, present: Option<Reminder>) {
    let changed = app.inner.reminders.shown.send_if_modified(|shown| std::mem::replace(shown, present) != present);
    if changed {
        app.tell(Event::StatusChanged);
    }
}

fn take_wish(app: &App, steady: u64) -> bool {
    let wish = lock(&app.inner.reminders.plan).wish_until.take();
    wish.is_some_and(|until| steady < until)
}

/// Accounts that a person has to rotate: nothing where Vitrine does it by itself, and none that failed, since those
/// want to be looked at first.
async fn open_facts(app: &App, now: u64) -> Result<Facts> {
    let mut next = None;
    let coming = key::due(now.saturating_add(1), &[0; 32], &[0; 16]);
    app.inner
        .store
        .index_scan(&Span::prefix(key::DUE).from(&coming), Direction::Forward, |key, _| {
            next = due_moment(key);
            ControlFlow::Break(())
        })
        .await?;
    let mut facts = (0_u32, 0_u32, 0_u64);
    if !app.rotates_by_itself() {
        let mut rows = BTreeMap::new();
        for (id, item) in organizations::due_accounts(app, usize::MAX).await? {
            let row: &records::Organization = match rows.entry(id) {
                std::collections::btree_map::Entry::Occupied(row) => row.into_mut(),
                std::collections::btree_map::Entry::Vacant(place) => place.insert(organizations::load(app, &id).await?),
            };
            let Some(account) = row.account(&item).filter(|account| account.phase == Phase::Steady) else { continue };
            if rotate::is_working(app, &id) {
                continue;
            }
            let at = account.due_at.unwrap_or(now);
            facts.0 += 1;
            facts.1 += u32::from(at.saturating_add(OVERDUE_MS) <= now);
            facts.2 = facts.2.max(at);
        }
    }
    let (due, overdue, newest) = facts;
    Ok(Facts::Open { due, overdue, newest, next })
}

fn due_moment(key: &[u8]) -> Option<u64> {
    key.strip_prefix(key::DUE)?.first_chunk().map(|at| u64::from_be_bytes(*at))
}

/// How many accounts are due for longer than they should be.
pub(crate) async fn overdue(app: &App) -> Result<u32> {
    Ok(u32::try_from(overdue_accounts(app).await?.len()).unwrap_or(u32::MAX))
}

/// Those accounts, each with the moment at which it fell due.
pub(crate) async fn overdue_accounts(app: &App) -> Result<Vec<(u64, Bytes32, Bytes16)>> {
    let (by, mut overdue) = (app.now_ms().saturating_sub(OVERDUE_MS), Vec::new());
    organizations::each_due(app, by, |at, id, item, _| {
        overdue.push((at, *id, *item));
        ControlFlow::Continue(())
    })
    .await?;
    Ok(overdue)
}

impl App {
    /// What a person should be told now, and every change of it.
    pub fn reminders(&self) -> watch::Receiver<Option<Reminder>> {
        self.inner.reminders.shown.subscribe()
    }

    /// Does what the person answered, or remembers it until the vault is unlocked.
    pub async fn answer_reminder(&self, answer: Answer) -> Next {
        let steady = self.inner.clock.steady_ms();
        lock(&self.inner.reminders.plan).answer(answer, steady);
        show(self, None);
        if answer != Answer::Rotate {
            return Next::Nothing;
        }
        if self.session().await.is_ok() {
            // A tenant that refuses is told with its job; there is no window here to tell it in.
            let _ = rotate::rotate(self, RotateRequest { scope: RotateScope::Due }).await;
            return Next::Nothing;
        }
        lock(&self.inner.reminders.plan).wish_until = Some(steady.saturating_add(WISH_MS));
        self.tell(Event::StatusChanged);
        Next::Unlock
    }

    /// Whether "rotate what is due" waits for the vault to be unlocked.
    pub(crate) fn wishes_rotation(&self) -> bool {
        let steady = self.inner.clock.steady_ms();
        lock(&self.inner.reminders.plan).wish_until.is_some_and(|until| steady < until)
    }

    /// Whether something waits that a locked vault keeps from being rotated.
    pub(crate) fn due_while_locked(&self) -> bool {
        let now = self.now_ms();
        lock(&self.inner.reminders.plan).waits_locked(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: u64 = 1_800_000_000_000;
    const MINUTE: u64 = 60_000;

    fn open(due: u32, newest: u64) -> Facts {
        Facts::Open { due, overdue: 0, newest, next: Some(NOON + 10 * HOUR_MS) }
    }

    fn at(minutes: u64) -> (u64, u64) {
        (NOON + minutes * MINUTE, minutes * MINUTE)
    }

    #[test]
    fn a_batch_is_named_once_however_often_it_is_looked_at() {
        let mut plan = Plan::default();
        let first = plan.look(open(3, NOON), at(0), true);
        assert_eq!(first, Some(Reminder { counts: Some((3, 0)) }));
        // More falls due: what stands there stays as it is.
        assert_eq!(plan.look(open(5, NOON + MINUTE), at(1), true), first);
        plan.answer(Answer::Dismiss, at(2).1);
        assert_eq!(plan.look(open(5, NOON + 2 * MINUTE), at(3), true), None);
        assert_eq!(plan.look(open(7, NOON + 50 * MINUTE), at(59), true), None, "within the hour it is the same batch");
        assert!(plan.look(open(9, NOON + 61 * MINUTE), at(62), true).is_some(), "the next batch is named");
    }

    #[test]
    fn what_nobody_answers_is_named_again_after_a_day_and_not_before() {
        let mut plan = Plan::default();
        plan.look(open(1, NOON), at(0), true);
        plan.answer(Answer::Dismiss, 0);
        assert_eq!(plan.look(open(1, NOON), at(23 * 60), true), None);
        assert!(plan.look(open(1, NOON), at(24 * 60), true).is_some());
    }

    #[test]
    fn a_snooze_is_silent_for_an_hour_and_then_speaks() {
        let mut plan = Plan::default();
        plan.look(open(2, NOON), at(0), true);
        plan.answer(Answer::Snooze, at(1).1);
        assert_eq!(plan.look(open(4, NOON + 30 * MINUTE), at(60), true), None);
        assert_eq!(plan.look(open(4, NOON + 30 * MINUTE), at(61), true), Some(Reminder { counts: Some((4, 0)) }));
    }

    #[test]
    fn what_was_rotated_takes_its_reminder_away() {
        let mut plan = Plan::default();
        assert!(plan.look(open(2, NOON), at(0), true).is_some());
        assert_eq!(plan.look(open(0, 0), at(1), true), None);
        assert!(!plan.waits_locked(NOON + MINUTE));
    }

    #[test]
    fn a_locked_vault_reminds_without_a_number_once_the_next_moment_has_come() {
        let mut plan = Plan::default();
        let next = Some(NOON + 20 * MINUTE);
        plan.look(Facts::Open { due: 0, overdue: 0, newest: 0, next }, at(0), true);
        assert_eq!(plan.look(Facts::Locked, at(19), true), None);
        assert_eq!(plan.look(Facts::Locked, at(20), true), Some(Reminder { counts: None }));
        plan.answer(Answer::Dismiss, at(21).1);
        assert_eq!(plan.look(Facts::Locked, at(300), true), None, "nothing new is known while locked");
    }

    #[test]
    fn locking_takes_the_number_out_of_what_is_shown() {
        let mut plan = Plan::default();
        assert_eq!(plan.look(open(2, NOON), at(0), true), Some(Reminder { counts: Some((2, 0)) }));
        assert_eq!(plan.look(Facts::Locked, at(1), true), Some(Reminder { counts: None }));
    }

    #[test]
    fn a_clock_that_jumps_neither_silences_nor_repeats() {
        let mut plan = Plan::default();
        plan.look(open(1, NOON), at(0), true);
        plan.answer(Answer::Dismiss, at(1).1);
        let day = 24 * HOUR_MS;
        assert_eq!(plan.look(open(1, NOON), (NOON + day, 2 * MINUTE), true), None, "a day ahead is no day");
        assert!(plan.look(open(2, NOON + MINUTE), (NOON - day, day + 1), true).is_some(), "a day back is one");
    }

    #[test]
    fn who_wants_no_reminder_gets_none() {
        assert_eq!(Plan::default().look(open(3, NOON), at(0), false), None);
    }
}
