//! When: takes up what is due while the vault is open, and what was left unfinished when it was locked.

use super::jobs::{self, Order};
use crate::api::Event;
use crate::error::Result;
use crate::records::{Bytes32, Organization, Phase};
use crate::session::Session;
use crate::{App, connect, drift, incident, organizations};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;

/// How often what is due is looked for.
const TICK: Duration = Duration::from_secs(30);
/// How long an account that is due, and not to be taken up by itself, is left out of the search.
const REST_MS: u64 = 15 * 60 * 1000;

/// Looks for what is due at every unlock and every tick.
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
                let _ = incident::take_up(&this, &session).await;
                drift::look_around(&this, &session);
                crate::certificates::renew_due(&this, &session).await;
                crate::tray::refresh(&this, Some(&session)).await;
            }
            this.inner.pulse.beat(&this);
        }
    });
}

/// Takes up what is due, the latest first.
async fn take_up_due(app: &App, session: &Arc<Session>) -> Result<()> {
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
    if let Some(retry_at) = account.retry_at.filter(|at| *at > now) {
        return Err(retry_at);
    }
    match account.phase {
        Phase::Rotating | Phase::Unclear => Ok(Order::Resume),
        // Begun in an admin's session that is gone: the connection can finish what the tenant has made already.
        Phase::Creating if account.created && connect::admin(app, id).is_none() => Ok(Order::Resume),
        // What a person was asked for may have been done meanwhile.
        Phase::Steady | Phase::NeedsPerson if by_itself => Ok(Order::Due),
        Phase::Creating => Err(now),
        Phase::Steady | Phase::NeedsPerson | Phase::ChangedOutside => Err(now.saturating_add(REST_MS)),
    }
}
