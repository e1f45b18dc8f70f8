//! Ledgers of organizations: fetched together, judged, and written in few changes. What a removed device wrote is held back until
//! new keys follow it.

use super::ahead::{Ahead, LEDGERS};
use super::backend::Backend;
use super::msp::take_msp;
use super::note_fork;
use super::numbers::note;
use super::source::{Source, Wanted, alone, fetch, objects, reaches};
use super::violation::{forked, refused, refused_at};
use crate::api::ErrorClass;
use crate::error::{Error, Result};
use crate::failpoint::protected;
use crate::journal::{Change, following};
use crate::records::{Bytes32, Organization, decode, key};
use crate::session::{self, Session};
use crate::{App, vault};
use std::collections::{BTreeMap, BTreeSet};
use vitrine_ledger::wire::{EntriesWanted, Start};
use vitrine_ledger::{
    Accepted, Body, Entry, EntryHash, Head, Home, LedgerId, Level, MspHistory, MspState, OrganizationBody,
    OrganizationState, Refusal,
};

/// Entries read at once.
const STORED: usize = 500;
/// Entries after which what was judged of several organizations is written.
const TOGETHER: usize = 4_096;
/// Ledgers that a warning names.
const NAMED: usize = 8;

/// The MSP ledger as far as the entries of one answer name it.
pub(super) struct Known {
    state: MspState,
    hashes: BTreeMap<u64, EntryHash>,
}

impl MspHistory for Known {
    fn state(&self) -> &MspState {
        &self.state
    }

    fn hash_at(&self, seq: u64) -> Option<EntryHash> {
        let head = self.state.head();
        if seq == head.seq { Some(head.hash) } else { self.hashes.get(&seq).copied() }
    }
}

/// As many of them at once as one answer of the home holds: one request for each would take a network's time as often, and one
/// commit for each a disk's. While they are judged and written the home is asked for those after them.
pub(super) async fn take_organizations(
    app: &App,
    session: &Session,
    backend: &Backend<'_>,
    mut wanted: &[Wanted],
    unreadable: &mut Unreadable,
) -> Result<u32> {
    let ask = async |wanted: &[Wanted]| {
        let starts: Vec<Start> = wanted.iter().take(LEDGERS).map(|wanted| wanted.start).collect();
        Ok::<_, Error>(Ahead::of(session, backend, &starts).await)
    };
    let (mut received, mut ahead) = (0, ask(wanted).await?);
    while !wanted.is_empty() {
        let (these, rest) = wanted.split_at(ahead.reached);
        let taken = Box::pin(take_together(app, session, Source::Ahead(&ahead, backend), these, unreadable));
        let (taken, next) = tokio::try_join!(taken, ask(rest))?;
        received += taken;
        (wanted, ahead) = (rest, next);
    }
    Ok(received)
}

/// Takes several, in as few changes as keep what is in memory small. What the home does wrong in one keeps none of those before it
/// away.
async fn take_together(
    app: &App,
    session: &Session,
    source: Source<'_>,
    wanted: &[Wanted],
    unreadable: &mut Unreadable,
) -> Result<u32> {
    let (mut received, mut judged, mut held) = (0, Vec::new(), 0);
    let mut outcome = Ok(());
    for wanted in wanted {
        match Box::pin(judge(app, session, source, wanted)).await {
            Ok(one) => {
                held += one.as_ref().map_or(0, |one| one.entries.len());
                judged.extend(one);
            }
            Err(error) => {
                outcome = Err(error);
                break;
            }
        }
        if held > TOGETHER {
            received += write(app, session, &std::mem::take(&mut judged), unreadable).await?;
            held = 0;
        }
    }
    received += write(app, session, &judged, unreadable).await?;
    outcome.map(|()| received)
}

/// Takes one alone.
pub(super) async fn take_organization(
    app: &App,
    session: &Session,
    source: Source<'_>,
    wanted: &Wanted,
    unreadable: &mut Unreadable,
) -> Result<u32> {
    let judged = Box::pin(judge(app, session, source, wanted)).await?;
    write(app, session, judged.as_slice(), unreadable).await
}

/// Organizations in which a device of the vault wrote what cannot be read. The history allows it, so it is not the home's doing:
/// nothing new of them is taken, and they keep nobody from anything else.
#[derive(Default)]
pub(super) struct Unreadable(BTreeSet<LedgerId>);

impl Unreadable {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn has(&self, ledger: &LedgerId) -> bool {
        self.0.contains(ledger)
    }

    /// Tells the person, until nothing is unreadable any more.
    pub(super) fn tell(&self, app: &App) {
        const CODE: &str = "vault.changes-unreadable";
        if self.is_empty() {
            return vault::settled(app, CODE);
        }
        let ledgers: Vec<String> = self.0.iter().take(NAMED).map(LedgerId::to_string).collect();
        let warning = Error::integrity(
            CODE,
            format!("What was written last in {} organizations cannot be read here.", self.0.len()),
            "Ask whoever rotated or edited there; update Vitrine if theirs is newer. Copy the details.",
        );
        let warning = warning.holds("They stay as they were here, and everything else is up to date.");
        vault::warn(app, warning.details(format!("ledgers {}", ledgers.join(", "))));
    }
}

/// What was given of an organization's ledger and found right.
struct Judged {
    id: LedgerId,
    /// What this device shows of it.
    before: Option<OrganizationState>,
    /// Everything that is stored of one that was closed to this member.
    stored: Vec<Entry>,
    /// What is to be stored.
    entries: Vec<Entry>,
    /// The state after that.
    state: OrganizationState,
    /// How much of it this member reads then.
    level: Option<Level>,
    /// What items name then and is not here.
    objects: Vec<Vec<u8>>,
}

/// Fetches the rest of an organization's ledger and judges it. None where nothing of it is to be written.
async fn judge(app: &App, session: &Session, source: Source<'_>, wanted: &Wanted) -> Result<Option<Judged>> {
    let id = wanted.start.ledger;
    let mut entries = fetch(session, source, wanted.start).await?;
    // Written since the MSP's history was fetched: what the authors knew of it comes first.
    let (known, newest) =
        (session.msp().head().seq, entries.iter().filter_map(Entry::witness).map(|head| head.seq).max());
    if newest.is_some_and(|newest| newest > known) {
        let start = Start { ledger: session.vault(), seq: known + 1 };
        Box::pin(take_msp(app, session, source, &Wanted { start, head: None })).await?;
    }
    let row = app.inner.store.index_value(&key::organization(id.as_bytes())).await?;
    let before = match &row {
        Some(row) => Some(state_of(&decode::<Organization>(row)?)?),
        None => None,
    };
    // Closed to this member until now, perhaps: what was stored of it is what it goes on from.
    let closed = row.is_none() && app.inner.store.index_value(&key::closed(id.as_bytes())).await?.is_some();
    let stored = if closed { stored(app, &id).await? } else { Vec::new() };
    let history = history(app, session, stored.iter().chain(&entries)).await?;
    let known = match &before {
        Some(state) => Some(state.clone()),
        None => folded(&id, &stored, &history)?,
    };
    let new = known.is_none() && app.inner.store.newest_seq(id.as_bytes()).await?.is_none();
    // How many of the entries come before those that `known` is to take.
    let (known, first) = match (known, entries.first()) {
        (_, None) if stored.is_empty() => return reaches(wanted, &entries).map(|()| None),
        // Written here, or founded here, since the home was asked.
        (Some(state), _) => {
            let ours = state.head();
            if let Some(theirs) = entries.iter().find(|entry| entry.seq() == ours.seq && entry.hash() != ours.hash) {
                contradicts(app, session, theirs).await?;
                return Err(forked(&id, theirs.head(), Some(ours.hash)));
            }
            let known = entries.iter().take_while(|entry| entry.seq() <= ours.seq).count();
            (state, known)
        }
        (None, Some(first)) if new && wanted.start.seq > 0 => {
            let newest = session.msp();
            let author = newest.at(newest.head().seq).author(&first.author());
            // Whoever is in the vault no more could have made one up together with the home.
            if protected!("a checkpoint is a present member's", author.is_err(), false) {
                let whole = Wanted { start: Start { ledger: id, seq: 0 }, head: wanted.head };
                return Box::pin(judge(app, session, source, &whole)).await;
            }
            let begun = OrganizationState::from_checkpoint(first, id, &history);
            (begun.map_err(|refusal| refused_at(&history.state, &id, first, refusal))?, 1)
        }
        (None, Some(genesis)) if genesis.begins() == id => {
            (OrganizationState::genesis(genesis, &history).map_err(|refusal| refused(&id, refusal))?, 1)
        }
        // Asked for from its beginning, it has to begin as its id says.
        (None, Some(first)) if protected!("a ledger is its beginning", wanted.start.seq == 0, false) => {
            return Err(refused_at(&history.state, &id, first, Refusal::Genesis));
        }
        // Archived here: its history goes on elsewhere, and nothing here shows it.
        (None, _) => return Ok(None),
    };
    let accepted = known.accept(&entries[first..], &history);
    told(app, session, &history, &id, (&accepted, &entries[first..])).await?;
    reaches(wanted, &entries)?;
    let level = session.ring().level(&accepted.state, &session.msp());
    if level.is_none() && !stored.is_empty() {
        // Closed as before: until it is open nothing more of it is stored.
        return Ok(None);
    }
    let objects = match level {
        Some(level) => objects(app, source, &id, before.as_ref(), &accepted.state, level).await?,
        None => Vec::new(),
    };
    entries.truncate(first + accepted.taken);
    if before.is_some() {
        entries.drain(..first);
    } else if new
        && let Some(begun) = accepted.state.unchecked_since().filter(|_| level.is_some())
        && let Some(OrganizationBody::Checkpoint { snapshot }) = entries.first().and_then(body)
    {
        let needed: Vec<Head> = snapshot.needed().into_iter().filter(|head| head.seq < begun.seq).collect();
        let mut needed = alone(source, &id, &needed).await?;
        needed.append(&mut entries);
        entries = needed;
    }
    Ok(Some(Judged { id, before, stored, entries, state: accepted.state, level, objects }))
}

fn body(entry: &Entry) -> Option<&OrganizationBody> {
    match entry.body() {
        Body::Organization(body) => Some(body),
        Body::Msp(_) => None,
    }
}

/// Writes what was judged, all of it in one change; where something in it cannot be read, each in a change of its own.
async fn write(app: &App, session: &Session, judged: &[Judged], unreadable: &mut Unreadable) -> Result<u32> {
    // What has another code is this machine's: its disk, or its index.
    let unread = |error: &Error| error.view().class == ErrorClass::Integrity && error.code().starts_with("vault.");
    let error = match Box::pin(write_in_one(app, session, judged)).await {
        Err(error) if protected!("what cannot be read is left alone", unread(&error), false) => error,
        written => return written,
    };
    if let [one] = judged {
        tracing::warn!(code = error.code(), "what was written in an organization cannot be read");
        unreadable.0.insert(one.id);
        return Ok(0);
    }
    let mut received = 0;
    for one in judged.chunks(1) {
        received += Box::pin(write(app, session, one, unreadable)).await?;
    }
    Ok(received)
}

async fn write_in_one(app: &App, session: &Session, judged: &[Judged]) -> Result<u32> {
    if judged.is_empty() {
        return Ok(0);
    }
    let mut change = Change::begin_taking(app, session).await?;
    let mut received = 0;
    for one in judged {
        received += put(&mut change, one).await?;
    }
    change.commit().await?;
    Ok(u32::try_from(received).unwrap_or(u32::MAX))
}

/// Writes what was judged of one organization. Says how many entries it was: none where something was written here meanwhile,
/// and it is looked at again at the next pull.
async fn put(change: &mut Change<'_>, judged: &Judged) -> Result<usize> {
    let Judged { id, before, stored, entries, state, level, objects } = judged;
    let row = change.tx.index_value(&key::organization(id.as_bytes())).await?;
    let row = row.map(|row| decode::<Organization>(&row)).transpose()?;
    let here = row.as_ref().map(state_of).transpose()?;
    if here.map(|state| state.head()) != before.as_ref().map(OrganizationState::head) {
        return Ok(0);
    }
    match (row, level) {
        (Some(row), None) => {
            change.put_entries(id, entries).await?;
            change.close(id.as_bytes(), &row).await?;
        }
        (Some(_), Some(_)) => {
            let mut opened = change.open(id.as_bytes()).await?;
            change.put_objects(objects).await?;
            change.take(&mut opened, entries, state.clone()).await?;
            change.save(opened).await?;
        }
        (None, None) => {
            // Nobody gave this member its keys yet: it is taken whole once somebody did.
            note(&mut change.tx, |numbers| _ = numbers.owed.remove(id.as_bytes())).await?;
            change.tx.index_put(&key::closed(id.as_bytes()), &[]).await?;
            return Ok(0);
        }
        (None, Some(_)) => {
            // Founded here meanwhile.
            if stored.is_empty() && change.tx.entry(id.as_bytes(), 0).await?.is_some() {
                return Ok(0);
            }
            change.put_objects(objects).await?;
            change.found(stored, entries, state.clone()).await?;
            note(&mut change.tx, |numbers| _ = numbers.owed.remove(id.as_bytes())).await?;
        }
    }
    Ok(entries.len())
}

/// What the home took from a removed device and this one holds back, because no new keys follow it yet.
pub(crate) struct Held {
    /// Where this device stands.
    pub(crate) before: Head,
    pub(crate) entries: Vec<Entry>,
    /// The state after them.
    pub(crate) tip: OrganizationState,
    /// What the items name then and is not here.
    pub(crate) objects: Vec<Vec<u8>>,
}

/// Looks at the home for what is held back of these organizations. New keys come after it in the home's order, so whoever gives
/// them has to know it: drafted on what is here they would be refused for ever.
pub(crate) async fn held(app: &App, session: &Session, ids: &[Bytes32]) -> Result<BTreeMap<Bytes32, Held>> {
    let mut held = BTreeMap::new();
    let Home::Backend { .. } = session.msp().home() else { return Ok(held) };
    let backend = Backend::of(app, session).await?;
    let mut states = BTreeMap::new();
    for id in ids {
        if let Some(row) = app.inner.store.index_value(&key::organization(id)).await? {
            states.insert(LedgerId::from_bytes(*id), state_of(&decode(&row)?)?);
        }
    }
    let start = |state: &OrganizationState| Start { ledger: state.ledger(), seq: state.head().seq.saturating_add(1) };
    let answer = backend.entries(&EntriesWanted::from(states.values().map(start).collect())).await?;
    // Only which of them have something: it is fetched one by one, as everything else is.
    let mut ahead = BTreeSet::new();
    for bytes in &answer.entries {
        ahead.extend(Entry::decode(bytes.as_bytes()).ok().and_then(|entry| entry.ledger()));
    }
    for (id, before) in states {
        if !answer.more && !ahead.contains(&id) {
            continue;
        }
        let entries = fetch(session, Source::Home(&backend), start(&before)).await?;
        let history = history(app, session, &entries).await?;
        let accepted = before.accept(&entries, &history);
        told(app, session, &history, &id, (&accepted, &entries)).await?;
        // Where something may be taken already, the next pull does that first.
        if accepted.taken == 0 && accepted.held > 0 {
            let level = session.ring().level(&accepted.tip, &session.msp()).unwrap_or(Level::Log);
            let objects = objects(app, Source::Home(&backend), &id, Some(&before), &accepted.tip, level).await?;
            held.insert(*id.as_bytes(), Held { before: before.head(), entries, tip: accepted.tip, objects });
        }
    }
    Ok(held)
}

/// What was refused among entries of the home, as an error; another history is noted.
async fn told(
    app: &App,
    session: &Session,
    history: &Known,
    id: &LedgerId,
    (accepted, entries): (&Accepted, &[Entry]),
) -> Result<()> {
    let Some(refusal) = protected!("what is refused is told", accepted.refused, None) else { return Ok(()) };
    let entry = entries.get(accepted.taken + accepted.held);
    if let (Refusal::Fork { .. }, Some(theirs)) = (&refusal, entry) {
        contradicts(app, session, theirs).await?;
    }
    Err(match entry {
        Some(entry) => refused_at(&history.state, id, entry, refusal),
        None => refused(id, refusal),
    })
}

/// Everything that is stored of a ledger.
async fn stored(app: &App, ledger: &LedgerId) -> Result<Vec<Entry>> {
    let (mut entries, mut from) = (Vec::new(), 0);
    loop {
        let page = app.inner.store.entries_from(ledger.as_bytes(), from, STORED).await?;
        let Some((last, _)) = page.last() else { return Ok(entries) };
        from = last + 1;
        for (_, bytes) in &page {
            entries.push(Entry::decode(bytes).map_err(session::unreadable_keys)?);
        }
    }
}

/// The state that stored entries lead to, from the first on.
fn folded(id: &LedgerId, stored: &[Entry], history: &Known) -> Result<Option<OrganizationState>> {
    let mut state = None::<OrganizationState>;
    for entry in stored {
        state = following(state, id, entry, history).map_err(|refusal| refused(id, refusal))?;
    }
    if state.is_none() && !stored.is_empty() {
        return Err(crate::restore::history_missing());
    }
    Ok(state)
}

/// The MSP ledger, with the hashes that these entries' witnesses name.
pub(super) async fn history(app: &App, session: &Session, entries: impl IntoIterator<Item = &Entry>) -> Result<Known> {
    let state = MspState::clone(&session.msp());
    let mut hashes = BTreeMap::new();
    let named: BTreeSet<u64> = entries.into_iter().filter_map(Entry::witness).map(|head| head.seq).collect();
    for seq in named {
        if let Some(hash) = app.inner.store.index_value(&key::msp_hash(seq)).await?
            && let Ok(hash) = <[u8; 32]>::try_from(&hash[..])
        {
            hashes.insert(seq, EntryHash::from_bytes(hash));
        }
    }
    Ok(Known { state, hashes })
}

/// Notes an entry that contradicts the one here at its place, or the one before.
pub(super) async fn contradicts(app: &App, session: &Session, theirs: &Entry) -> Result<()> {
    let ledger = theirs.ledger().unwrap_or_else(|| theirs.begins());
    let mut ours = app.inner.store.entry(ledger.as_bytes(), theirs.seq()).await?;
    if ours.is_none() {
        ours = app.inner.store.entry(ledger.as_bytes(), theirs.seq().saturating_sub(1)).await?;
    }
    note_fork(session, ours, theirs);
    Ok(())
}

/// The hash of the entry that this device has at a place.
pub(super) async fn hash_of(app: &App, ledger: &LedgerId, seq: u64) -> Result<Option<EntryHash>> {
    let bytes = app.inner.store.entry(ledger.as_bytes(), seq).await?;
    bytes.map(|bytes| Ok(Entry::decode(&bytes).map_err(session::unreadable_keys)?.hash())).transpose()
}

pub(super) fn state_of(row: &Organization) -> Result<OrganizationState> {
    OrganizationState::decode(&row.state).map_err(crate::journal::damaged_fold)
}
