//! When: takes up what is due while the vault is open, and what was left unfinished when it was locked.

use super::jobs::{self, Order};
use crate::api::Event;
use crate::error::Result;
use crate::journal::Change;
use crate::records::{self, Bytes32, Organization, Phase, key};
use crate::session::Session;
use crate::store::{Direction, Span};
use crate::{App, accounts, attention, connect, drift, incident, organizations, webhook};
use std::ops::ControlFlow;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::time::{Instant, Interval, MissedTickBehavior};
use vitrine_rotation::ClockWatch;

/// How often what is due is looked for.
const TICK: Duration = Duration::from_secs(30);
/// How long an account that is due, and not to be taken up by itself, is left out of the search.
const REST_MS: u64 = 15 * 60 * 1000;

/// Looks for what is due at every unlock and every tick.
pub(crate) fn watch(app: &App) {
    app.inner.pulse.watch();
    let this = app.clone();
    app.background(async move {
        let (mut events, mut ticks, mut plans) = (this.events(), ticks(), Plans::default());
        while next_look(&mut events, &mut ticks).await.is_continue() {
            let session = this.session().await.ok();
            plans.look(&this, session.as_ref()).await;
            if let Some(session) = session {
                // What cannot be read now is looked for again at the next tick.
                let _ = take_up_due(&this, &session).await;
                let _ = incident::take_up(&this, &session).await;
                let _ = webhook::tell_overdue(&this, &session).await;
                drift::look_around(&this, &session);
                crate::certificates::renew_due(&this, &session).await;
                let _ = attention::catch_up(&this, &session).await;
                crate::tray::refresh(&this, Some(&session)).await;
            }
            this.inner.pulse.beat(&this);
        }
    });
}

/// One clock for all looks. A pause begun anew at each event would never end while a fleet rotates, and what is due
/// would wait for a quiet half minute.
fn ticks() -> Interval {
    let mut ticks = tokio::time::interval_at(Instant::now() + TICK, TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// Waits for the next look; breaks when the application ends.
async fn next_look(events: &mut Receiver<Event>, ticks: &mut Interval) -> ControlFlow<()> {
    loop {
        tokio::select! {
            _ = ticks.tick() => return ControlFlow::Continue(()),
            event = events.recv() => match event {
                Ok(Event::Unlocked) | Err(RecvError::Lagged(_)) => return ControlFlow::Continue(()),
                Ok(_) => {}
                Err(RecvError::Closed) => return ControlFlow::Break(()),
            },
        }
    }
}

/// Whether what was planned by the wall clock still holds.
#[derive(Default)]
pub(crate) struct Plans {
    clock: ClockWatch,
    /// The session for which they were looked at.
    made_in: Weak<Session>,
}

impl Plans {
    /// Makes them anew where the clock was set, or may have been since the vault was open last.
    pub(crate) async fn look(&mut self, app: &App, session: Option<&Arc<Session>>) {
        let jumped = self.clock.jumped(app.now_ms(), Duration::from_millis(app.inner.clock.steady_ms()));
        if jumped {
            tracing::info!(code = "rotation.clock-set", "the clock was set: plans are made anew");
            jobs::end_rests(app);
            // While locked, the next unlock makes them anew.
            self.made_in = Weak::new();
        }
        let Some(session) = session else { return };
        if !self.made_in.ptr_eq(&Arc::downgrade(session)) && make_anew(app, session).await.is_ok() {
            self.made_in = Arc::downgrade(session);
        }
    }
}

/// Brings forward what the clock of today makes due earlier than the clock by which it was planned.
async fn make_anew(app: &App, session: &Session) -> Result<()> {
    let (now, mut late, mut failed) = (app.now_ms(), Vec::new(), None);
    let look = |key: &[u8], value: &[u8]| {
        let Some(id) = key.last_chunk::<32>() else { return ControlFlow::Continue(()) };
        match records::decode::<Organization>(value) {
            Ok(row) => {
                let mut fresh = row.clone();
                accounts::schedule(&mut fresh, id, now);
                let mut pairs = fresh.accounts.iter().zip(&row.accounts);
                if pairs.any(|(fresh, planned)| fresh.due_at < planned.due_at && planned.due_at > Some(now)) {
                    late.push(*id);
                }
                ControlFlow::Continue(())
            }
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        }
    };
    app.inner.store.index_scan(&Span::prefix(key::ORGANIZATIONS), Direction::Forward, look).await?;
    if let Some(error) = failed {
        return Err(error);
    }
    for id in late {
        let mut change = Change::begin(app, session).await?;
        let opened = change.open(&id).await?;
        change.save(opened).await?;
        change.commit().await?;
    }
    Ok(())
}

/// Takes up what is due, the latest first.
pub(crate) async fn take_up_due(app: &App, session: &Arc<Session>) -> Result<()> {
    session.home.first_sync(session).await;
    if session.home_is_away() {
        // Each of two thousand tenants would fail for one reason; they turn overdue with it instead.
        return Ok(());
    }
    let now = app.now_ms();
    for key in organizations::due_accounts(app, usize::MAX).await? {
        if jobs::is_taken(app, &key, now) {
            continue;
        }
        let (id, item) = key;
        let row = organizations::load(app, &id).await?;
        match order(app, &id, &row, &item, now) {
            Ok(order) => jobs::enqueue(app, session, &id, &item, order),
            Err(until) => jobs::rest(app, key, until),
        }
    }
    Ok(())
}

/// Why an account that is due is taken up, or until when it is left alone.
fn order(app: &App, id: &Bytes32, row: &Organization, item: &[u8; 16], now: u64) -> Result<Order, u64> {
    let by_itself = app.rotates_by_itself();
    let Some(account) = row.account(item) else { return Err(now.saturating_add(REST_MS)) };
    if let Some(until) = account.rests_until(now) {
        return Err(until);
    }
    match account.phase {
        Phase::Rotating | Phase::Unclear => Ok(Order::Resume),
        // Begun in an admin's session that is gone: the connection can finish what the tenant has made already.
        Phase::Creating if account.created && connect::admin(app, id).is_none() => Ok(Order::Resume),
        // What a person was asked for may have been done meanwhile. In a blackout it waits for the end of it; what was
        // begun, or a person orders, does not.
        Phase::Steady | Phase::NeedsPerson if by_itself => {
            let free_at = row.laps.as_ref().map_or(now, |laps| laps.free_at(now));
            if free_at > now { Err(free_at) } else { Ok(Order::Due) }
        }
        Phase::Creating => Err(now),
        Phase::Steady | Phase::NeedsPerson | Phase::ChangedOutside => Err(now.saturating_add(REST_MS)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::broadcast;

    /// In virtual time: nothing here waits.
    #[tokio::test(start_paused = true)]
    async fn what_is_due_is_looked_for_however_much_happens() {
        let (tell, mut events) = broadcast::channel(16);
        let (mut ticks, began) = (ticks(), Instant::now());
        let busy = async {
            for _ in 0..10 * TICK.as_secs() {
                let _ = tell.send(Event::JobsChanged);
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        };
        let looks = async {
            for _ in 0..3 {
                assert!(next_look(&mut events, &mut ticks).await.is_continue());
            }
        };
        tokio::select! {
            () = looks => assert_eq!(began.elapsed(), 3 * TICK),
            () = busy => panic!("a busy fleet is never looked at"),
        }
        let _ = tell.send(Event::Unlocked);
        assert!(next_look(&mut events, &mut ticks).await.is_continue());
        assert_eq!(began.elapsed(), 3 * TICK, "an unlock waits for the tick");
        drop(tell);
        assert!(next_look(&mut events, &mut ticks).await.is_break());
    }
}
