//! Copying a vault to a backend, as far as it is not there yet: begun again it goes on where it stopped.
//!
//! A ledger of years goes in several requests. What its items named at the end of one may be gone here by now; a backend asks
//! for objects only once it is named the home, and then for all that are named in the end.

use super::append::Outgoing;
use super::backend::Backend;
use crate::App;
use crate::error::Result;
use crate::failpoint::point;
use crate::journal::{damaged_fold, object_missing};
use crate::records::{Organization, decode, key};
use crate::session::{self, Session};
use crate::store::{Direction, Span};
use std::collections::BTreeMap;
use vitrine_ledger::wire::{MAX_BATCH, MAX_BODY};
use vitrine_ledger::{Body, Entry, Head, LedgerId, MspBody, OrganizationBody, OrganizationState};

/// Room of a request: what surrounds entries and objects takes some.
const ROOM: usize = MAX_BODY - (64 << 10);
const PAGE: usize = 500;

/// Entries and objects that go together.
#[derive(Default)]
struct Load {
    outgoing: Outgoing,
    size: usize,
}

impl Load {
    fn holds(&self, other: &Self) -> bool {
        self.size + other.size <= ROOM && self.outgoing.entries.len() + other.outgoing.entries.len() <= MAX_BATCH
    }

    fn take(&mut self, other: Self) {
        self.outgoing.entries.extend(other.outgoing.entries);
        self.outgoing.objects.extend(other.outgoing.objects);
        self.size += other.size;
    }
}

/// Copies everything that the backend lacks.
pub(super) async fn copy(app: &App, session: &Session, backend: &Backend<'_>) -> Result<()> {
    let there = heads(backend).await?;
    let msp = session.vault();
    let mut waiting = Load::default();
    let mut organizations = Vec::new();
    let after = there.get(&msp).copied();
    check(app, &msp, after).await?;
    let mut from = 0;
    // All of the MSP ledger first: whatever an organization's entry was witnessed by is then there.
    while let Some(page) = page(app, &msp, from).await? {
        for entry in page {
            from = entry.seq() + 1;
            if let Body::Msp(MspBody::OrganizationAdd { organization, .. }) = entry.body() {
                organizations.push(*organization);
            }
            if after.is_none_or(|head| entry.seq() > head.seq) {
                let size = entry.bytes().len();
                let load = Load { outgoing: Outgoing { entries: vec![entry], objects: Vec::new() }, size };
                add(backend, &mut waiting, load).await?;
            }
        }
    }
    for id in organizations {
        let head = there.get(&id).copied();
        check(app, &id, head).await?;
        ledger(app, backend, &mut waiting, &id, head.map_or(0, |head| head.seq + 1)).await?;
    }
    send(backend, waiting).await
}

/// Refuses a vault that lacks what its items name: a backend could never become its home, and would be found out to lack it only
/// when this device is the home no more.
pub(super) async fn refuse_incomplete(app: &App) -> Result<()> {
    let store = &app.inner.store;
    for row in store.index_range(&Span::prefix(key::ORGANIZATIONS), Direction::Forward, usize::MAX).await? {
        let row: Organization = decode(&row.value)?;
        let state = OrganizationState::decode(&row.state).map_err(damaged_fold)?;
        for object in state.items().values().filter_map(|item| item.object) {
            if store.object(object.as_bytes()).await?.is_none() {
                return Err(object_missing().holds("The vault stays where it is."));
            }
        }
    }
    Ok(())
}

/// The heads of all ledgers that the backend has.
async fn heads(backend: &Backend<'_>) -> Result<BTreeMap<LedgerId, Head>> {
    let (mut heads, mut cursor) = (BTreeMap::new(), 0);
    loop {
        let changes = backend.changes(cursor).await?;
        heads.extend(changes.ledgers.iter().map(|changed| (changed.ledger, changed.head)));
        if !changes.more || changes.cursor <= cursor {
            return Ok(heads);
        }
        cursor = changes.cursor;
    }
}

/// Whether what the backend has is the beginning of what is here.
async fn check(app: &App, id: &LedgerId, head: Option<Head>) -> Result<()> {
    let Some(head) = head else { return Ok(()) };
    let ours = super::organizations::hash_of(app, id, head.seq).await?;
    if ours == Some(head.hash) { Ok(()) } else { Err(super::violation::forked(id, head, ours)) }
}

async fn page(app: &App, id: &LedgerId, from: u64) -> Result<Option<Vec<Entry>>> {
    let page = app.inner.store.entries_from(id.as_bytes(), from, PAGE).await?;
    let entries = page.iter().map(|(_, bytes)| Entry::decode(bytes).map_err(session::unreadable_keys));
    let entries = entries.collect::<Result<Vec<_>>>()?;
    Ok((!entries.is_empty()).then_some(entries))
}

/// A ledger from a place on, each entry with the object that it names where that is still here.
async fn ledger(app: &App, backend: &Backend<'_>, waiting: &mut Load, id: &LedgerId, mut from: u64) -> Result<()> {
    while let Some(page) = page(app, id, from).await? {
        for entry in page {
            from = entry.seq() + 1;
            let mut load = Load { size: entry.bytes().len(), outgoing: Outgoing::default() };
            if let Body::Organization(OrganizationBody::Put { object, .. }) = entry.body()
                && let Some(sealed) = app.inner.store.object(object.as_bytes()).await?
            {
                load.size += sealed.len();
                load.outgoing.objects.push(sealed);
            }
            load.outgoing.entries.push(entry);
            add(backend, waiting, load).await?;
        }
    }
    Ok(())
}

/// Adds to what waits, which is sent first where both are too much for one request. An entry and its object are far from that.
async fn add(backend: &Backend<'_>, waiting: &mut Load, load: Load) -> Result<()> {
    if !waiting.holds(&load) {
        send(backend, std::mem::take(waiting)).await?;
    }
    waiting.take(load);
    Ok(())
}

async fn send(backend: &Backend<'_>, load: Load) -> Result<()> {
    if load.outgoing.is_empty() {
        return Ok(());
    }
    backend.append(&load.outgoing.to_append()?).await.map_err(|failure| backend.error(failure))?;
    point!("home.copy.sent");
    Ok(())
}
