//! Rotating: does, one step at a time, what the decider of `vitrine-rotation` says, for one account or for many.
//!
//! The two accounts of a tenant take turns in one task, so they are never in flight together. A step that waits gives
//! its place to another organization. Locking ends the tasks wherever they stand; what is stored names the next step,
//! and the next unlock goes on from there.
//!
//! [`schedule`] says when, [`jobs`] keeps the list of what is worked on, [`turn`] does it, [`words`] tells of it.

mod jobs;
mod schedule;
mod turn;
mod words;

pub(crate) use jobs::{Jobs, Order, enqueue, forget, forget_all, is_working, settle, working};
pub(crate) use schedule::watch;
pub(crate) use turn::other_candidate;
pub(crate) use words::changed_outside;

use crate::api::*;
use crate::error::{Error, Result};
use crate::records::{self, Bytes16, Bytes32, Organization};
use crate::session::Session;
use crate::{App, organizations};
use std::sync::Arc;

/// An organization, and which of its accounts.
type Wanted = (Bytes32, Organization, Vec<Bytes16>);

pub(crate) async fn rotate(app: &App, request: RotateRequest) -> Result<JobsView> {
    let session = app.session().await?;
    // Who names what is to be rotated may have a reason that ends sessions too; who rotates everything need not.
    let named = matches!(request.scope, RotateScope::Account { .. } | RotateScope::Organizations { .. });
    let wanted = wanted(app, request.scope).await?;
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
        // What is unfinished goes first: until it is settled, the tenant's other account may not begin.
        let (unfinished, others): (Vec<_>, Vec<_>) =
            items.iter().partition(|item| row.account(item).is_some_and(|account| account.pending_since.is_some()));
        for item in unfinished.into_iter().chain(others) {
            enqueue(app, &session, id, row, item, Order::Person { named });
        }
    }
    jobs(app, JobsRequest {}).await
}

/// Orders an account that an incident wants replaced: a person's order, which takes the pauses after a failure unless
/// it is to be tried at once.
pub(crate) fn press(
    app: &App,
    session: &Arc<Session>,
    id: &Bytes32,
    row: &Organization,
    account: &records::Account,
    at_once: bool,
) {
    let now = app.now_ms();
    let paused = account.retry_at.is_some_and(|at| at > now);
    if at_once || !(paused || jobs::is_taken(app, &(*id, account.item), now)) {
        enqueue(app, session, id, row, &account.item, Order::Person { named: true });
    }
}

async fn wanted(app: &App, scope: RotateScope) -> Result<Vec<Wanted>> {
    let mut wanted = Vec::new();
    match scope {
        RotateScope::Account { organization, account } => {
            let (id, item) = (records::parse_organization(&organization)?, records::parse_item(&account)?);
            let row = organizations::load(app, &id).await?;
            row.account(&item).ok_or_else(|| records::unknown_account(&account))?;
            wanted.push((id, row, vec![item]));
        }
        RotateScope::Organizations { organizations } => {
            for organization in organizations {
                wanted.push(all_of(app, records::parse_organization(&organization)?).await?);
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
                wanted.push(all_of(app, id).await?);
            }
        }
    }
    Ok(wanted)
}

/// Every account of an organization that its tenant has made.
async fn all_of(app: &App, id: Bytes32) -> Result<Wanted> {
    let row = organizations::load(app, &id).await?;
    let items = row.accounts.iter().filter(|account| account.created).map(|account| account.item).collect();
    Ok((id, row, items))
}

pub(crate) async fn jobs(app: &App, _request: JobsRequest) -> Result<JobsView> {
    app.session().await?;
    let due = organizations::due_accounts(app, usize::MAX).await?;
    Ok(jobs::view(app, &due))
}
