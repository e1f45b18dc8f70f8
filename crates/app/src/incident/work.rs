//! The work of an incident, round after round until nothing is left that can go on: certificates, comparisons with the
//! vault, rotations.

use super::{Incident, each, loss, read};
use crate::api::Event;
use crate::error::Result;
use crate::journal::Change;
use crate::records::{Bytes32, Organization};
use crate::session::Session;
use crate::{App, certificates, connect, lock, organizations, rotate, strangers};
use futures_util::StreamExt;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::broadcast::error::RecvError;
use vitrine_entra::Priority;

/// Certificates replaced at once.
const AT_ONCE: usize = 8;
/// After a certificate that could not be replaced, or sessions that could not be ended.
const AGAIN_AFTER_MS: u64 = 15 * 60 * 1000;

/// What an incident keeps in memory while the vault is open.
#[derive(Default)]
pub(crate) struct Progress {
    /// Organizations whose certificate is being replaced.
    certificates: Mutex<HashSet<Bytes32>>,
    /// Organizations whose tenant is compared with the vault.
    comparing: Mutex<HashSet<Bytes32>>,
    /// Those that could not be compared, and until when they are left alone, by the steady clock.
    rests: Mutex<HashMap<Bytes32, u64>>,
    /// Somebody goes on with it, round after round.
    driven: AtomicBool,
}

impl Progress {
    /// Whatever was left alone for a while is tried again.
    pub(super) fn rest_no_more(&self) {
        lock(&self.rests).clear();
    }
}

/// Goes on with what is left, if an incident is open and that is not being done already.
pub(crate) async fn take_up(app: &App, session: &Arc<Session>) -> Result<()> {
    loss::take_intended(app, session).await?;
    let Some(incident) = read(app, session).await? else { return Ok(()) };
    round(app, session, &incident).await?;
    if !at_work(app, session).is_empty() && !session.incident.driven.swap(true, Ordering::AcqRel) {
        let (this, own) = (app.clone(), session.clone());
        session.spawn(async move {
            // What cannot be read now is looked for again at the next tick.
            let _ = drive(&this, &own).await;
            own.incident.driven.store(false, Ordering::Release);
        });
    }
    Ok(())
}

/// Round after round until one finds nothing that can go on: an account whose candidate is older than the incident is
/// settled in one and replaced in the next.
async fn drive(app: &App, session: &Arc<Session>) -> Result<()> {
    let mut events = app.events();
    loop {
        while !at_work(app, session).is_empty() {
            if matches!(events.recv().await, Err(RecvError::Closed)) {
                return Ok(());
            }
        }
        // Ended meanwhile, nothing more is begun.
        let Some(incident) = read(app, session).await? else { return Ok(()) };
        round(app, session, &incident).await?;
        if at_work(app, session).is_empty() {
            return Ok(());
        }
    }
}

/// Orders everything that is left and may go on now.
async fn round(app: &App, session: &Arc<Session>, incident: &Incident) -> Result<()> {
    let (certified, mut old): (Vec<_>, Vec<_>) =
        left(app, incident).await?.into_iter().partition(|(_, row)| incident.certificate_replaced(row));
    for (id, row) in &certified {
        order(app, session, incident, id, row, false);
    }
    compare(app, session, incident, &certified);
    // Whoever holds it renews certificates right now, and goes on with the accounts after each.
    let Ok(tried) = session.renewals.clone().try_lock_owned() else { return Ok(()) };
    let now = app.inner.clock.steady_ms();
    old.retain(|(id, row)| {
        // An admin who connects the tenant right now replaces its certificate, too.
        let rests = tried.get(id).is_some_and(|again_at| *again_at > now) || connect::is_setting_up(app, id);
        if rests {
            // Its certificate stands in the way of nothing else.
            order(app, session, incident, id, row, false);
        }
        !rests
    });
    if !old.is_empty() {
        lock(&session.incident.certificates).extend(old.iter().map(|(id, _)| *id));
        app.tell(Event::JobsChanged);
        let (this, own, incident) = (app.clone(), session.clone(), incident.clone());
        session.spawn(async move {
            let tried = Mutex::new(tried);
            futures_util::stream::iter(&old)
                .for_each_concurrent(AT_ONCE, |(id, _)| replace(&this, &own, &incident, id, &tried))
                .await;
        });
    }
    Ok(())
}

/// Replaces the certificate of one organization, and then orders its accounts, whatever came of the first.
async fn replace(
    app: &App,
    session: &Arc<Session>,
    incident: &Incident,
    id: &Bytes32,
    tried: &Mutex<tokio::sync::OwnedMutexGuard<HashMap<Bytes32, u64>>>,
) {
    match certificates::renew_older(app, session, id, incident.began_at).await {
        Ok(()) => lock(tried).remove(id),
        Err(_) => lock(tried).insert(*id, app.inner.clock.steady_ms().saturating_add(AGAIN_AFTER_MS)),
    };
    if let Ok(row) = organizations::load(app, id).await {
        compare(app, session, incident, &[(*id, row.clone())]);
        order(app, session, incident, id, &row, false);
    }
    lock(&session.incident.certificates).remove(id);
    app.tell(Event::JobsChanged);
}

/// Compares the tenants whose turn it is with the vault, beside everything else.
fn compare(app: &App, session: &Arc<Session>, incident: &Incident, rows: &[(Bytes32, Organization)]) {
    let now = app.inner.clock.steady_ms();
    let rests = |id: &Bytes32| lock(&session.incident.rests).get(id).is_some_and(|until| *until > now);
    let wanted: Vec<Bytes32> =
        rows.iter().filter(|(id, row)| incident.wants_comparison(row) && !rests(id)).map(|(id, _)| *id).collect();
    let fresh = |id: &Bytes32| lock(&session.incident.comparing).insert(*id);
    let wanted: Vec<Bytes32> = wanted.into_iter().filter(fresh).collect();
    if wanted.is_empty() {
        return;
    }
    let (this, own, incident) = (app.clone(), session.clone(), incident.clone());
    session.spawn(async move {
        futures_util::stream::iter(&wanted)
            .for_each_concurrent(AT_ONCE, |id| {
                let (this, own, incident) = (&this, &own, &incident);
                async move {
                    // What stands in the way is told by the connection's own check.
                    let compared = Box::pin(strangers::compare(this, own, id, Priority::Normal)).await;
                    // One that did not help, by a clock that was set back for instance, is not repeated at once.
                    let again = match compared {
                        Ok(()) => organizations::load(this, id).await.map(|row| incident.wants_comparison(&row)),
                        Err(error) => Err(error),
                    };
                    if again.unwrap_or(true) {
                        let until = this.inner.clock.steady_ms().saturating_add(AGAIN_AFTER_MS);
                        lock(&own.incident.rests).insert(*id, until);
                    }
                    lock(&own.incident.comparing).remove(id);
                    this.tell(Event::JobsChanged);
                }
            })
            .await;
    });
}

/// What could not be read is read again.
pub(super) async fn forget_comparison(app: &App, session: &Session, id: &Bytes32) -> Result<()> {
    let mut change = Change::begin(app, session).await?;
    let mut opened = change.open(id).await?;
    opened.row.compared = None;
    change.save(opened).await?;
    change.commit().await
}

/// Orders the accounts of one organization that are left: what is unfinished first, since until it is settled the
/// other one may not begin, then those that were shown last.
pub(super) fn order(
    app: &App,
    session: &Arc<Session>,
    incident: &Incident,
    id: &Bytes32,
    row: &Organization,
    at_once: bool,
) {
    let mut accounts: Vec<_> = row.in_tenant().filter(|account| !account.replaced_since(incident.began_at)).collect();
    accounts.sort_by_key(|account| {
        let viewed = account.last_viewed.as_ref().map(|(_, at)| *at);
        (account.pending_since.is_none(), std::cmp::Reverse(viewed))
    });
    let recent = app.now_ms().saturating_sub(AGAIN_AFTER_MS);
    for account in accounts {
        // Rotated, and only its sessions could not be ended: not again and again.
        let half_done = account.made_at.is_some_and(|at| at >= incident.began_at && at > recent);
        if half_done && account.pending_since.is_none() && !at_once {
            continue;
        }
        rotate::press(app, session, id, account, at_once);
    }
}

/// Organizations with something left, those first of which something was shown last.
pub(super) async fn left(app: &App, incident: &Incident) -> Result<Vec<(Bytes32, Organization)>> {
    let mut left = Vec::new();
    each(app, &incident.scope, |id, row| {
        if !incident.is_over_for(row) {
            left.push((*id, row.clone()));
        }
    })
    .await?;
    left.sort_by_key(|(_, row)| std::cmp::Reverse(row.last_viewed()));
    Ok(left)
}

pub(super) fn at_work(app: &App, session: &Session) -> HashSet<Bytes32> {
    let mut working = rotate::working(app);
    working.extend(lock(&session.incident.certificates).iter());
    working.extend(lock(&session.incident.comparing).iter());
    working
}
