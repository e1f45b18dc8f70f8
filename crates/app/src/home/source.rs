//! Who gives entries and objects, and asking them: as far as is needed that nobody can go on for ever, and that what is named is
//! given. Whether it is right is judged where it is taken.

use super::ahead::{Ahead, OBJECTS};
use super::backend::Backend;
use super::violation::{entry_withheld, refused, refused_at, signed, withheld};
use crate::App;
use crate::error::Result;
use crate::failpoint::protected;
use crate::records::Bytes32;
use crate::session::{self, Session};
use crate::store::Store;
use std::collections::BTreeSet;
use vitrine_ledger::wire::{
    Entries, EntriesWanted, EntryBytes, MAX_BATCH, ObjectBytes, ObjectName, Objects, ObjectsWanted, Start,
};
use vitrine_ledger::{
    CHECKPOINT_EVERY, Entry, Head, Home, LedgerId, Level, MspState, ObjectHash, OrganizationState, Refusal,
};
use vitrine_vault::object;

/// Who gives entries and objects. Neither is believed.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    Home(&'a Backend<'a>),
    /// The home, and what it answered of several ledgers together.
    Ahead(&'a Ahead, &'a Backend<'a>),
    /// What arrived while the vault was locked.
    Staged(&'a Store),
}

impl Source<'_> {
    async fn entries(self, wanted: &EntriesWanted) -> Result<Entries> {
        let store = match self {
            Self::Home(backend) => return backend.entries(wanted).await,
            Self::Ahead(ahead, backend) => {
                return match ahead.entries(wanted) {
                    Some(entries) => Ok(Entries { entries, more: false }),
                    None => backend.entries(wanted).await,
                };
            }
            Self::Staged(store) => store,
        };
        // Nothing is begun by what was staged: what is needed by itself was never asked for.
        let mut entries = Vec::new();
        for Start { ledger, seq } in &wanted.from {
            for bytes in store.staged_entries(ledger.as_bytes(), *seq).await? {
                entries.push(EntryBytes::new(bytes).map_err(session::unreadable_keys)?);
            }
        }
        Ok(Entries { entries, more: false })
    }

    async fn objects(self, wanted: &ObjectsWanted) -> Result<Objects> {
        let looked_at = u32::try_from(wanted.objects.len()).unwrap_or(u32::MAX);
        let store = match self {
            Self::Home(backend) => return backend.objects(wanted).await,
            Self::Ahead(ahead, backend) => {
                return match ahead.objects(&wanted.objects) {
                    Some(objects) => Ok(Objects { objects, looked_at }),
                    None => backend.objects(wanted).await,
                };
            }
            Self::Staged(store) => store,
        };
        let mut objects = Vec::new();
        for name in &wanted.objects {
            if let Some(bytes) = store.staged_object(name.hash.as_bytes()).await? {
                objects.push(ObjectBytes::new(bytes).map_err(session::unreadable_keys)?);
            }
        }
        Ok(Objects { objects, looked_at })
    }
}

/// A ledger to be fetched.
pub(super) struct Wanted {
    pub(super) start: Start,
    /// How far the home says that it goes.
    pub(super) head: Option<Head>,
}

impl Wanted {
    /// One of which nothing is here. Where the home says how far it goes, the newest checkpoint is enough to begin with: a year of
    /// history would keep whoever opens this vault on a new machine from its passwords.
    pub(super) fn new(ledger: LedgerId, head: Option<Head>) -> Self {
        let newest = head.map_or(0, |head| head.seq - head.seq % CHECKPOINT_EVERY);
        Self { start: Start { ledger, seq: newest }, head }
    }
}

/// All entries of a ledger from a place on, one after the other. They are judged where they are taken; here only as far as
/// is needed that a home cannot go on for ever.
pub(super) async fn fetch(session: &Session, source: Source<'_>, mut start: Start) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    let mut msp = MspState::clone(&session.msp());
    let of_msp = start.ledger == session.vault();
    loop {
        let answer = source.entries(&EntriesWanted::from(vec![start])).await?;
        let before = entries.len();
        for bytes in &answer.entries {
            let entry = Entry::decode(bytes.as_bytes()).map_err(|error| refused(&start.ledger, error))?;
            let gap = Refusal::Gap { expected: start.seq, found: entry.seq() };
            if protected!("entries follow each other", entry.seq() != start.seq, false) {
                return Err(refused(&start.ledger, gap));
            }
            start.seq = entry.seq().saturating_add(1);
            entries.push(entry);
        }
        let page = &entries[before..];
        // An answer that promises more and brings nothing would go on for ever.
        if !answer.more || page.is_empty() {
            return Ok(entries);
        }
        // So would one that is forged page by page; but what devices of the vault signed comes to an end.
        for entry in protected!("pages are judged one by one", page, &[]) {
            let judged = if of_msp && entry.seq() > msp.head().seq {
                msp.apply(entry).map(|next| msp = next)
            } else {
                signed(&msp, entry)
            };
            judged.map_err(|refusal| refused_at(&msp, &start.ledger, entry, refusal))?;
        }
    }
}

/// The entries that stand at these places of a ledger, by themselves.
pub(super) async fn alone(source: Source<'_>, ledger: &LedgerId, heads: &[Head]) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for heads in heads.chunks(MAX_BATCH) {
        let mut wanted = heads;
        while let Some(next) = wanted.first() {
            let places = wanted.iter().map(|head| Start { ledger: *ledger, seq: head.seq }).collect();
            let answer = source.entries(&EntriesWanted::alone(places)).await?;
            let withheld = |head: &Head| entry_withheld(ledger, head.seq, &head.hash.to_string());
            // An answer without the next one would be asked for again for ever.
            if answer.entries.is_empty() || answer.entries.len() > wanted.len() {
                return Err(withheld(next));
            }
            for (head, bytes) in wanted.iter().zip(&answer.entries) {
                let entry = Entry::decode(bytes.as_bytes()).map_err(|error| refused(ledger, error))?;
                if protected!("what stands alone is what a checkpoint names", entry.head() != *head, false) {
                    return Err(withheld(head));
                }
                entries.push(entry);
            }
            wanted = &wanted[answer.entries.len()..];
        }
    }
    Ok(entries)
}

/// Whether the head that the home named is among what it gave.
pub(super) fn reaches(wanted: &Wanted, entries: &[Entry]) -> Result<()> {
    let Wanted { start, head: Some(head) } = wanted else { return Ok(()) };
    if protected!("what is named is given", entries.iter().any(|entry| entry.head() == *head), true) {
        Ok(())
    } else {
        Err(entry_withheld(&start.ledger, head.seq, &head.hash.to_string()))
    }
}

/// Objects that items name now and that are not here.
pub(super) async fn objects(
    app: &App,
    source: Source<'_>,
    ledger: &LedgerId,
    before: Option<&OrganizationState>,
    after: &OrganizationState,
    level: Level,
) -> Result<Vec<Vec<u8>>> {
    let mut missing = Vec::new();
    // An auditor has no use for what it cannot open, and the home gives it nothing of it.
    for (item, named) in after.items().iter().filter(|_| level > Level::Log) {
        let Some(hash) = named.object else { continue };
        let known = before.and_then(|before| before.item(item)?.object);
        if known != Some(hash) && app.inner.store.object(hash.as_bytes()).await?.is_none() {
            missing.push(ObjectName { ledger: *ledger, hash });
        }
    }
    let fetched = given(source, &missing).await?;
    let here: BTreeSet<[u8; 32]> = fetched.iter().map(|sealed| object::hash(sealed)).collect();
    let all = missing.iter().all(|name| here.contains(name.hash.as_bytes()));
    if protected!("objects are what entries name", all, true) { Ok(fetched) } else { Err(withheld(ledger)) }
}

/// What is given of these objects. Nothing but what was asked for is among it.
async fn given(source: Source<'_>, missing: &[ObjectName]) -> Result<Vec<Vec<u8>>> {
    let mut fetched = Vec::new();
    for names in missing.chunks(OBJECTS) {
        let mut wanted = names;
        while !wanted.is_empty() {
            let answer = source.objects(&ObjectsWanted { objects: wanted.to_vec() }).await?;
            let looked_at = usize::try_from(answer.looked_at).unwrap_or(0).clamp(1, wanted.len());
            let asked = |sealed: &[u8]| names.iter().any(|name| *name.hash.as_bytes() == object::hash(sealed));
            let given = answer.objects.iter().map(ObjectBytes::as_bytes).filter(|sealed| asked(sealed));
            fetched.extend(given.map(<[u8]>::to_vec));
            wanted = &wanted[looked_at..];
        }
    }
    Ok(fetched)
}

/// Asks the home for objects of before, which may have expired there. None where this device is the home.
pub(crate) async fn older(
    app: &App,
    session: &Session,
    ledger: &Bytes32,
    hashes: &[ObjectHash],
) -> Result<Vec<Vec<u8>>> {
    let Home::Backend { .. } = session.msp().home() else { return Ok(Vec::new()) };
    let backend = Backend::of(app, session).await?;
    let name = |hash: &ObjectHash| ObjectName { ledger: LedgerId::from_bytes(*ledger), hash: *hash };
    let names: Vec<_> = hashes.iter().map(name).collect();
    given(Source::Home(&backend), &names).await
}
