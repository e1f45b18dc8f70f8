//! Rotating: does, one step at a time, what the decider of `vitrine-rotation` says, for one account or for many.
//!
//! The two accounts of a tenant take turns in one task, so they are never in flight together. A step that waits gives
//! its place to another organization. Locking ends the tasks wherever they stand; what is stored names the next step,
//! and the next unlock goes on from there.
//!
//! [`schedule`] says when, [`jobs`] keeps the list of what is worked on, [`places`] how much at once, [`turn`] does
//! it over the tenant's one [`connection`], [`words`] tells of it, [`zone`] knows what clocks on the wall show.

mod connection;
mod jobs;
mod places;
mod schedule;
mod turn;
mod words;
mod zone;

#[cfg(test)]
pub(crate) use connection::Shared;
pub(crate) use jobs::{
    Jobs, Order, end_rests, enqueue, forget, forget_all, is_at_work, is_paused, is_working, settle, tally, working,
};
pub(crate) use places::Places;
pub(crate) use schedule::watch;
pub(crate) use turn::other_candidate;
pub(crate) use words::{CHANGED_OUTSIDE, changed_outside, step_for, unexplained};
pub(crate) use zone::LocalTime;
#[cfg(test)]
pub(crate) use {
    jobs::{is_taken, rest},
    schedule::{Plans, take_up_due},
};

use crate::api::*;
use crate::error::{Error, Result};
use crate::records::{self, Bytes16, Bytes32, Organization, Phase};
use crate::session::Session;
use crate::store::{Direction, Span};
use crate::{App, organizations, people};
use std::ops::ControlFlow;
use std::sync::Arc;
use vitrine_ledger::Level;

pub(crate) async fn rotate(app: &App, request: RotateRequest) -> Result<JobsView> {
    let session = app.session().await?;
    match request.scope {
        RotateScope::Account { organization, account } => {
            let (id, item) = (records::parse_organization(&organization)?, records::parse_item(&account)?);
            let row = organizations::load(app, &id).await?;
            row.account(&item).ok_or_else(|| records::unknown_account(&account))?;
            named(app, &session, &id, &row, &[item])?;
        }
        RotateScope::Organizations { organizations } => {
            let alone = organizations.len() == 1;
            // Nothing is begun where one of them cannot be read.
            let ids: Vec<_> = organizations.iter().map(|id| records::parse_organization(id)).collect::<Result<_>>()?;
            for id in ids {
                let row = organizations::load(app, &id).await?;
                let ordered = named(app, &session, &id, &row, &created(&row));
                if alone {
                    ordered?;
                }
            }
        }
        RotateScope::Due => {
            for (id, item) in organizations::due_accounts(app, usize::MAX).await? {
                order(app, &session, &id, &organizations::load(app, &id).await?, &[item], false);
            }
        }
        RotateScope::Failed => {
            for (id, item) in jobs::failed(app) {
                // It may be gone since.
                let Ok(row) = organizations::load(app, &id).await else { continue };
                order(app, &session, &id, &row, &[item], false);
            }
        }
        RotateScope::All => {
            for id in every_organization(app).await? {
                let row = organizations::load(app, &id).await?;
                order(app, &session, &id, &row, &created(&row), false);
            }
        }
    }
    jobs(app, JobsRequest::default()).await
}

/// Orders what a person named. Who does that may have a reason that ends sessions, too; who rotates everything need not.
fn named(app: &App, session: &Arc<Session>, id: &Bytes32, row: &Organization, items: &[Bytes16]) -> Result<()> {
    let changed = |item: &Bytes16| row.account(item).is_some_and(|account| account.phase == Phase::ChangedOutside);
    if let Some(Level::Log | Level::Read) = people::own_level(session, row)? {
        return Err(Error::usage(
            "access.read-only",
            format!("You may look into {}, and not rotate there.", row.name),
            "Ask an owner or admin to give a team of yours full access.",
        ));
    }
    if row.tenant.is_none() || items.is_empty() {
        return Err(Error::usage(
            "rotate.nothing",
            format!("{} has no emergency account to rotate.", row.name),
            "Connect its tenant and enable LAPS first.",
        ));
    }
    if items.iter().all(changed) {
        return Err(words::to_be_repaired(&session.msp()));
    }
    order(app, session, id, row, items, true);
    Ok(())
}

/// Orders an account that an incident wants replaced, whoever changed it: a person's order, which takes the pauses
/// after a failure unless it is to be tried at once.
pub(crate) fn press(app: &App, session: &Arc<Session>, id: &Bytes32, account: &records::Account, at_once: bool) {
    let now = app.now_ms();
    if at_once || !(account.rests_until(now).is_some() || jobs::is_taken(app, &(*id, account.item), now)) {
        enqueue(app, session, id, &account.item, Order::Repair);
    }
}

/// Orders the rotation of accounts, but for those that were changed outside: nobody who orders many saw their alarm.
fn order(app: &App, session: &Arc<Session>, id: &Bytes32, row: &Organization, items: &[Bytes16], named: bool) {
    if row.tenant.is_none() {
        return;
    }
    let accounts = || items.iter().filter_map(|item| row.account(item));
    let wanted = || accounts().filter(|account| account.phase != Phase::ChangedOutside);
    // What is unfinished goes first: until it is settled, the tenant's other account may not begin.
    let unfinished = wanted().filter(|account| account.pending_since.is_some());
    for account in unfinished.chain(wanted().filter(|account| account.pending_since.is_none())) {
        enqueue(app, session, id, &account.item, Order::Person { named });
    }
}

/// Every account of an organization that its tenant has made.
fn created(row: &Organization) -> Vec<Bytes16> {
    row.accounts.iter().filter(|account| account.created).map(|account| account.item).collect()
}

async fn every_organization(app: &App) -> Result<Vec<Bytes32>> {
    let mut ids = Vec::new();
    let all = Span::prefix(records::key::ORGANIZATIONS);
    let collect = |key: &[u8], _: &[u8]| {
        ids.extend(key.last_chunk::<32>());
        ControlFlow::Continue(())
    };
    app.inner.store.index_scan(&all, Direction::Forward, collect).await?;
    Ok(ids)
}

/// Pauses everything that has not begun, or lets it go on; the tray says so.
pub(crate) async fn pause_all(app: &App, session: &Session, paused: bool) {
    jobs::pause_all(app, paused);
    crate::tray::refresh(app, Some(session)).await;
}

pub(crate) async fn pause(app: &App, request: PauseRotationRequest) -> Result<JobsView> {
    let session = app.session().await?;
    pause_all(app, &session, request.paused).await;
    jobs(app, JobsRequest::default()).await
}

pub(crate) async fn cancel_queued(app: &App, _request: CancelQueuedRequest) -> Result<JobsView> {
    app.session().await?;
    jobs::cancel_queued(app);
    jobs(app, JobsRequest::default()).await
}

pub(crate) async fn jobs(app: &App, request: JobsRequest) -> Result<JobsView> {
    app.session().await?;
    let due = organizations::due_accounts(app, usize::MAX).await?;
    jobs::view(app, &request, &due).await
}
