//! Copying a vault to a backend, as far as it is not there yet: begun again it goes on where it stopped.
//!
//! A ledger goes in one request, up to its head, because a backend asks for the object that each item names now: those that
//! were named before may be gone here.

use super::append::Outgoing;
use super::backend::Backend;
use crate::App;
use crate::error::{Error, Result};
use crate::failpoint::point;
use crate::session::{self, Session};
use std::collections::BTreeMap;
use vitrine_ledger::wire::{MAX_BATCH, MAX_BODY};
use vitrine_ledger::{Body, Entry, Head, LedgerId, MspBody, OrganizationBody};

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
        let load = ledger(app, &id, head.map_or(0, |head| head.seq + 1)).await?;
        add(backend, &mut waiting, load).await?;
    }
    send(backend, waiting).await
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
    let ours = super::pull::hash_of(app, id, head.seq).await?;
    if ours == Some(head.hash) { Ok(()) } else { Err(super::pull::forked(id, head, ours)) }
}

async fn page(app: &App, id: &LedgerId, from: u64) -> Result<Option<Vec<Entry>>> {
    let page = app.inner.store.entries_from(id.as_bytes(), from, PAGE).await?;
    let entries = page.iter().map(|(_, bytes)| Entry::decode(bytes).map_err(session::unreadable_keys));
    let entries = entries.collect::<Result<Vec<_>>>()?;
    Ok((!entries.is_empty()).then_some(entries))
}

/// A ledger from a place on, with every object of it that is still here.
async fn ledger(app: &App, id: &LedgerId, mut from: u64) -> Result<Load> {
    let mut load = Load::default();
    while let Some(page) = page(app, id, from).await? {
        for entry in page {
            from = entry.seq() + 1;
            load.size += entry.bytes().len();
            if let Body::Organization(OrganizationBody::Put { object, .. }) = entry.body()
                && let Some(sealed) = app.inner.store.object(object.as_bytes()).await?
            {
                load.size += sealed.len();
                load.outgoing.objects.push(sealed);
            }
            load.outgoing.entries.push(entry);
        }
    }
    Ok(load)
}

/// Adds to what waits, which is sent first where both are too much for one request.
async fn add(backend: &Backend<'_>, waiting: &mut Load, load: Load) -> Result<()> {
    if !waiting.holds(&load) {
        send(backend, std::mem::take(waiting)).await?;
    }
    if !waiting.holds(&load) {
        return Err(Error::machine(
            "home.ledger-too-long",
            "The history of an organization is longer than a backend takes in one piece.",
            "Report this. The vault stays where it is.",
        ));
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
