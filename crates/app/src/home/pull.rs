//! Taking what is new at the home. What does not descend from what this device accepted is refused and shown; nothing of it
//! is written.

use super::backend::Backend;
use super::note_fork;
use crate::App;
use crate::error::{Error, Result};
use crate::failpoint::protected;
use crate::journal::Change;
use crate::papers::sheet;
use crate::records::{self, Organization, decode, key};
use crate::session::{self, Session};
use crate::store::Tx;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use vitrine_ledger::wire::{Changed, EntriesWanted, ObjectBytes, ObjectName, ObjectsWanted, Start};
use vitrine_ledger::{
    Body, Entry, EntryHash, Head, LedgerId, Level, MspBody, MspHistory, MspState, OrganizationState, Refusal, Role,
};
use vitrine_vault::object;

const ANOTHER: &str = "The vault's home shows another history than this device has seen.";
const OLDER: &str = "The vault's home knows less than this device has seen: it was put back to an older state.";
/// Objects asked for at once.
const OBJECTS: usize = 256;
/// Pages of changes in one go. A backend puts a thousand ledgers into one.
const PAGES: usize = 100;
/// Entries read at once.
const STORED: usize = 500;
/// How often every head is compared and not only those that are said to have changed: a home that wrote another history under
/// numbers that were seen here would otherwise be found out only by the next entry of the very ledger.
const WHOLE_MS: u64 = 24 * 3_600_000;

/// The MSP ledger as far as the entries of one answer name it.
struct Known {
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

/// How far the home's numbers are known.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Numbers {
    /// Everything up to this one was taken.
    taken: u64,
    /// The highest that the home ever gave: it never goes back.
    highest: u64,
    /// When every head was compared last.
    whole_at: u64,
    /// Organizations that the MSP's ledger names and whose own ledger is still to come.
    owed: BTreeSet<[u8; 32]>,
}

impl Numbers {
    fn of(row: Option<impl AsRef<[u8]>>) -> Result<Self> {
        row.map_or(Ok(Self::default()), |bytes| decode(bytes.as_ref()))
    }
}

/// The highest number that the home ever gave.
pub(super) async fn highest(app: &App) -> Result<u64> {
    Ok(Numbers::of(app.inner.store.index_value(key::CURSOR).await?)?.highest)
}

/// Remembers the number that the home gave an entry of this device.
pub(super) async fn remember(tx: &mut Tx<'_>, number: Option<u64>) -> Result<()> {
    let Some(number) = number else { return Ok(()) };
    let highest = Numbers::of(tx.index_value(key::CURSOR).await?)?.highest;
    // What was taken last has the highest of all; under an older one it would never be told to anybody.
    if protected!("the home's numbers rise", number <= highest, false) {
        return Err(numbers_gone_back(highest, number));
    }
    note(tx, |numbers| numbers.highest = number).await
}

async fn note(tx: &mut Tx<'_>, change: impl FnOnce(&mut Numbers)) -> Result<()> {
    let mut numbers = Numbers::of(tx.index_value(key::CURSOR).await?)?;
    change(&mut numbers);
    Ok(tx.index_put(key::CURSOR, &records::encode(&numbers)?).await?)
}

/// A ledger to be fetched.
struct Wanted {
    start: Start,
    /// How far the home says that it goes.
    head: Option<Head>,
}

/// Takes everything that is new, and says how many entries it was.
pub(super) async fn pull(app: &App, session: &Session) -> Result<u32> {
    // Two at once would both take the same entries.
    let _turn = session.home.turn.lock().await;
    let backend = Backend::of(app, session).await?;
    let mut received = 0;
    let numbers = Numbers::of(app.inner.store.index_value(key::CURSOR).await?)?;
    let now = app.now_ms();
    // A clock that was set back postpones nothing.
    let fresh = (numbers.whole_at..numbers.whole_at.saturating_add(WHOLE_MS)).contains(&now);
    let whole = protected!("every head is compared once a day", !fresh, false);
    let (mut cursor, mut teams) = (if whole { 0 } else { numbers.taken }, session.ring().team_ids());
    for _ in 0..PAGES {
        let changes = backend.changes(cursor).await?;
        // Where nothing is said to have changed, an older state shows by its numbers alone.
        let older = protected!("the home's numbers are compared", changes.cursor < numbers.highest, false);
        // More that begins where this began never ends.
        let stands = protected!("the home's pages go on", changes.more && changes.cursor <= cursor, false);
        if (!changes.more && older) || stands {
            return Err(numbers_gone_back(numbers.highest, changes.cursor));
        }
        let mut wanted = Vec::new();
        for changed in &changes.ledgers {
            wanted.extend(behind(app, session, &backend, changed).await?);
        }
        // The MSP ledger first: the others are judged by it.
        let msp = session.vault();
        if let Some(place) = wanted.iter().position(|wanted| wanted.start.ledger == msp) {
            received += take_msp(app, session, &backend, &wanted.swap_remove(place)).await?;
        }
        // What was closed to this member may be open now, and stands before the place up to which all was taken.
        let known = std::mem::replace(&mut teams, session.ring().team_ids());
        if !teams.is_subset(&known) {
            begin_again(app, session).await?;
            cursor = 0;
            continue;
        }
        for wanted in wanted {
            received += Box::pin(take_organization(app, session, &backend, &wanted)).await?;
        }
        if changes.cursor != cursor {
            let mut change = Change::begin_taking(app, session).await?;
            note(&mut change.tx, |numbers| {
                (numbers.taken, numbers.highest) = (changes.cursor, numbers.highest.max(changes.cursor));
            })
            .await?;
            change.commit().await?;
        }
        if !changes.more || changes.cursor <= cursor {
            if whole {
                let mut change = Change::begin_taking(app, session).await?;
                note(&mut change.tx, |numbers| numbers.whole_at = now).await?;
                change.commit().await?;
            }
            return Ok(received + Box::pin(take_owed(app, session, &backend)).await?);
        }
        cursor = changes.cursor;
    }
    Err(endless())
}

/// Asks for the organizations that the MSP's ledger names and the home said nothing of.
async fn take_owed(app: &App, session: &Session, backend: &Backend<'_>) -> Result<u32> {
    let mut received = 0;
    let numbers = Numbers::of(app.inner.store.index_value(key::CURSOR).await?)?;
    for id in protected!("an organization that is named is asked for", numbers.owed, BTreeSet::new()) {
        let ledger = LedgerId::from_bytes(id);
        let wanted = Wanted { start: Start { ledger, seq: 0 }, head: None };
        let taken = Box::pin(take_organization(app, session, backend, &wanted)).await;
        received += match taken {
            // It says that there is no such ledger.
            Err(error) if error.code() == "home.refused" => 0,
            taken => taken?,
        };
        // What is closed to this member is owed no more.
        let owed = Numbers::of(app.inner.store.index_value(key::CURSOR).await?)?.owed;
        if owed.contains(&id) && app.inner.store.newest_seq(&id).await?.is_none() {
            return Err(ledger_withheld(&ledger));
        }
    }
    Ok(received)
}

/// Looks at every ledger of the home again; the highest of its numbers stays known.
async fn begin_again(app: &App, session: &Session) -> Result<()> {
    let mut change = Change::begin_taking(app, session).await?;
    note(&mut change.tx, |numbers| numbers.taken = 0).await?;
    change.commit().await
}

/// From where a ledger is to be fetched, where the home has more of it. Less of it, or something else, is a violation.
async fn behind(app: &App, session: &Session, backend: &Backend<'_>, changed: &Changed) -> Result<Option<Wanted>> {
    let Changed { ledger, head } = *changed;
    let ours = if ledger == session.vault() {
        Some(session.msp().head())
    } else {
        match app.inner.store.index_value(&key::organization(ledger.as_bytes())).await? {
            Some(row) => Some(state_of(&decode(&row)?)?.head()),
            // Archived, or never seen.
            None => match app.inner.store.newest_seq(ledger.as_bytes()).await? {
                Some(seq) => hash_of(app, &ledger, seq).await?.map(|hash| Head { seq, hash }),
                None => None,
            },
        }
    };
    let from = |seq| Ok(Some(Wanted { start: Start { ledger, seq }, head: Some(head).filter(|head| head.seq >= seq) }));
    let Some(ours) = ours else { return from(0) };
    // A team that this member came to may open what was closed, with nothing new in its ledger.
    let closed = head == ours && app.inner.store.index_value(&key::closed(ledger.as_bytes())).await?.is_some();
    if head.seq > ours.seq || closed {
        return from(ours.seq + 1);
    }
    if protected!("heads are compared", head == ours, true) {
        return Ok(None);
    }
    let same_place = hash_of(app, &ledger, head.seq).await?;
    // This device may have appended since the home was asked: it is older only if it lacks what stands here now.
    if same_place == Some(head.hash) {
        let there = fetch(session, backend, Start { ledger, seq: ours.seq }).await?;
        if there.first().is_some_and(|entry| entry.hash() == ours.hash) {
            return Ok(None);
        }
    }
    if same_place == Some(head.hash) {
        Err(rolled_back(&ledger, ours, head))
    } else {
        // Its word alone proves nothing; its entry may.
        if let Ok(there) = fetch(session, backend, Start { ledger, seq: head.seq }).await
            && let Some(theirs) = there.first()
        {
            contradicts(app, session, theirs).await?;
        }
        Err(forked(&ledger, head, same_place))
    }
}

/// Notes an entry that contradicts the one here at its place, or the one before.
async fn contradicts(app: &App, session: &Session, theirs: &Entry) -> Result<()> {
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

/// All entries of a ledger from a place on, one after the other. They are judged where they are taken; here only as far as
/// is needed that a home cannot go on for ever.
async fn fetch(session: &Session, backend: &Backend<'_>, mut start: Start) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    let mut msp = MspState::clone(&session.msp());
    let of_msp = start.ledger == session.vault();
    loop {
        let answer = backend.entries(&EntriesWanted { from: vec![start] }).await?;
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

/// Whether a device of this vault, past or present, signed it.
fn signed(msp: &MspState, entry: &Entry) -> Result<(), Refusal> {
    let device = entry.device();
    entry.verify(&msp.device(&device).ok_or(Refusal::Device { device })?.key)
}

/// Whether the head that the home named is among what it gave.
fn reaches(wanted: &Wanted, entries: &[Entry]) -> Result<()> {
    let Wanted { start, head: Some(head) } = wanted else { return Ok(()) };
    if protected!("what is named is given", entries.iter().any(|entry| entry.head() == *head), true) {
        Ok(())
    } else {
        Err(entry_withheld(&start.ledger, *head))
    }
}

async fn take_msp(app: &App, session: &Session, backend: &Backend<'_>, wanted: &Wanted) -> Result<u32> {
    let msp = session.vault();
    let entries = fetch(session, backend, wanted.start).await?;
    let sees_all = session.msp().member(&session.author.member).is_some_and(|own| Role::stands_alone(own.role()));
    let (mut owed, mut policy) = (BTreeSet::new(), None);
    let mut change = Change::begin_taking(app, session).await?;
    let mut taken = 0;
    for entry in &entries {
        // Written here meanwhile.
        if entry.seq() <= change.msp().head().seq {
            continue;
        }
        let next = change.msp().apply(entry);
        if let Err(Refusal::Fork { ours, .. }) = &next {
            let ours = change.tx.entry(msp.as_bytes(), ours.seq).await?;
            note_fork(session, ours, entry);
        }
        let next = next.map_err(|refusal| refused_at(change.msp(), &msp, entry, refusal));
        let Some(next) = protected!("what is refused is told", Some(next?), next.ok()) else { break };
        if let Body::Msp(MspBody::Policy { settings }) = entry.body() {
            policy = Some(settings.clone());
        }
        if let Body::Msp(MspBody::OrganizationAdd { organization, .. }) = entry.body()
            && sees_all
            && change.tx.entry(organization.as_bytes(), 0).await?.is_none()
        {
            owed.insert(*organization.as_bytes());
        }
        if let Body::Msp(MspBody::OrganizationAdd { organization, .. }) = entry.body()
            && change.tx.entry(organization.as_bytes(), 0).await?.is_none()
        {
            change.tx.index_put(&key::closed(organization.as_bytes()), &[]).await?;
        }
        if let Body::Msp(MspBody::OrganizationArchive { organization }) = entry.body() {
            change.tx.index_delete(&key::closed(organization.as_bytes())).await?;
            owed.remove(organization.as_bytes());
            note(&mut change.tx, |numbers| _ = numbers.owed.remove(organization.as_bytes())).await?;
            if let Some(row) = change.tx.index_value(&key::organization(organization.as_bytes())).await? {
                change.remove(organization.as_bytes(), &decode(&row)?).await?;
            }
        }
        change.take_msp(entry, next).await?;
        taken += 1;
    }
    reaches(wanted, &entries)?;
    let member = session.author.member;
    let held = |msp: &MspState, team| msp.at(msp.head().seq).holds(team, &member);
    if session.msp().teams().keys().any(|team| held(&session.msp(), team) && !held(change.msp(), team)) {
        change.close_lost().await?;
    }
    note(&mut change.tx, |numbers| numbers.owed.append(&mut owed)).await?;
    change.commit().await?;
    if let Some(settings) = policy {
        // Read last: it may be sealed under a key that came with these entries.
        let item = session.ring().policy(&session.msp(), &settings)?;
        let mut change = Change::begin_taking(app, session).await?;
        (change.firm.msp_name, change.firm.reason_required) = (item.name, item.reason_required);
        change.commit().await?;
    }
    Box::pin(sheet::keep(app, session)).await?;
    Ok(taken)
}

async fn take_organization(app: &App, session: &Session, backend: &Backend<'_>, wanted: &Wanted) -> Result<u32> {
    let id = &wanted.start.ledger;
    let entries = fetch(session, backend, wanted.start).await?;
    // Written since the MSP's history was fetched: what the authors knew of it comes first.
    let (known, newest) =
        (session.msp().head().seq, entries.iter().filter_map(Entry::witness).map(|head| head.seq).max());
    if newest.is_some_and(|newest| newest > known) {
        let start = Start { ledger: session.vault(), seq: known + 1 };
        Box::pin(take_msp(app, session, backend, &Wanted { start, head: None })).await?;
    }
    let row = app.inner.store.index_value(&key::organization(id.as_bytes())).await?;
    let before = match &row {
        Some(row) => Some(state_of(&decode::<Organization>(row)?)?),
        None => None,
    };
    // Closed to this member until now, perhaps: what was stored of it is what it goes on from.
    let closed = row.is_none() && app.inner.store.index_value(&key::closed(id.as_bytes())).await?.is_some();
    let stored = if closed { stored(app, id).await? } else { Vec::new() };
    let history = history(app, session, stored.iter().chain(&entries)).await?;
    if !stored.is_empty() {
        return take_closed(app, session, backend, wanted, &history, (&stored, &entries)).await;
    }
    let (known, rest) = match (before.clone(), entries.split_first()) {
        (_, None) => return reaches(wanted, &entries).map(|()| 0),
        (Some(state), _) => {
            // Written here, or founded here, since the home was asked.
            let ours = state.head();
            if let Some(theirs) = entries.iter().find(|entry| entry.seq() == ours.seq && entry.hash() != ours.hash) {
                contradicts(app, session, theirs).await?;
                return Err(forked(id, theirs.head(), Some(ours.hash)));
            }
            let known = entries.iter().take_while(|entry| entry.seq() <= ours.seq).count();
            (state, &entries[known..])
        }
        (None, Some((genesis, rest))) if genesis.begins() == *id => {
            (OrganizationState::genesis(genesis, &history).map_err(|refusal| refused(id, refusal))?, rest)
        }
        // Asked for from its beginning, it has to begin as its id says.
        (None, Some((first, _))) if protected!("a ledger is its beginning", wanted.start.seq == 0, false) => {
            return Err(refused_at(&history.state, id, first, Refusal::Genesis));
        }
        // Archived here: its history goes on elsewhere, and nothing here shows it.
        (None, Some(_)) => return Ok(0),
    };
    let accepted = known.accept(rest, &history);
    if let Some(refusal) = protected!("what is refused is told", accepted.refused, None) {
        let entry = rest.get(accepted.taken + accepted.held);
        if let (Refusal::Fork { .. }, Some(theirs)) = (&refusal, entry) {
            contradicts(app, session, theirs).await?;
        }
        let named = |entry| refused_at(&history.state, id, entry, refusal);
        return Err(entry.map_or_else(|| refused(id, refusal), named));
    }
    reaches(wanted, &entries)?;
    // Nobody gave this member its keys yet: it is taken whole once somebody did.
    let level = session.ring().level(&accepted.state, &session.msp());
    if before.is_none() && level.is_none() {
        let mut change = Change::begin_taking(app, session).await?;
        note(&mut change.tx, |numbers| _ = numbers.owed.remove(id.as_bytes())).await?;
        change.tx.index_put(&key::closed(id.as_bytes()), &[]).await?;
        change.commit().await?;
        return Ok(0);
    }
    let fetched = match level {
        Some(level) => objects(app, backend, id, before.as_ref(), &accepted.state, level).await?,
        None => Vec::new(),
    };
    let taken = &rest[..accepted.taken];
    let mut change = Change::begin_taking(app, session).await?;
    if let (Some(before), None) = (&before, level) {
        let row = change.tx.index_value(&key::organization(id.as_bytes())).await?;
        let Some(row) = row.map(|row| decode::<Organization>(&row)).transpose()? else { return Ok(0) };
        if state_of(&row)?.head() != before.head() {
            return Ok(0);
        }
        change.put_entries(id, taken).await?;
        change.close(id.as_bytes(), &row).await?;
    } else if let Some(before) = before {
        let mut opened = change.open(id.as_bytes()).await?;
        // Written here meanwhile: it is looked at again at the next pull.
        if opened.state.head() != before.head() {
            return Ok(0);
        }
        change.put_objects(&fetched).await?;
        change.take(&mut opened, taken, accepted.state).await?;
        change.save(opened).await?;
    } else {
        // Founded here meanwhile.
        if change.tx.entry(id.as_bytes(), 0).await?.is_some() {
            return Ok(0);
        }
        change.put_objects(&fetched).await?;
        change.found(id, &entries[..entries.len() - rest.len() + taken.len()], &history).await?;
        note(&mut change.tx, |numbers| _ = numbers.owed.remove(id.as_bytes())).await?;
    }
    change.commit().await?;
    Ok(u32::try_from(taken.len()).unwrap_or(u32::MAX))
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

/// Goes on with an organization that was closed to this member, if it is open now; until then nothing more of it is stored.
async fn take_closed(
    app: &App,
    session: &Session,
    backend: &Backend<'_>,
    wanted: &Wanted,
    history: &Known,
    (stored, entries): (&[Entry], &[Entry]),
) -> Result<u32> {
    let id = &wanted.start.ledger;
    let mut state = None::<OrganizationState>;
    for entry in stored {
        let next = match &state {
            None => OrganizationState::genesis(entry, history),
            Some(state) => state.apply(entry, history),
        };
        state = Some(next.map_err(|refusal| refused(id, refusal))?);
    }
    let Some(state) = state else { return Ok(0) };
    let accepted = state.accept(entries, history);
    if let Some(refusal) = accepted.refused {
        let entry = entries.get(accepted.taken + accepted.held);
        let named = |entry| refused_at(&history.state, id, entry, refusal);
        return Err(entry.map_or_else(|| refused(id, refusal), named));
    }
    reaches(wanted, entries)?;
    let Some(level) = session.ring().level(&accepted.state, &session.msp()) else { return Ok(0) };
    let fetched = objects(app, backend, id, None, &accepted.state, level).await?;
    let mut change = Change::begin_taking(app, session).await?;
    change.put_objects(&fetched).await?;
    change.found(id, &entries[..accepted.taken], history).await?;
    change.commit().await?;
    Ok(u32::try_from(accepted.taken).unwrap_or(u32::MAX))
}

/// The MSP ledger, with the hashes that these entries' witnesses name.
async fn history(app: &App, session: &Session, entries: impl IntoIterator<Item = &Entry>) -> Result<Known> {
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

/// Objects that items name now and that are not here.
async fn objects(
    app: &App,
    backend: &Backend<'_>,
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
    let mut fetched = Vec::new();
    for names in missing.chunks(OBJECTS) {
        let mut wanted = names;
        while !wanted.is_empty() {
            let answer = backend.objects(&ObjectsWanted { objects: wanted.to_vec() }).await?;
            let looked_at = usize::try_from(answer.looked_at).unwrap_or(0).clamp(1, wanted.len());
            let asked = |sealed: &[u8]| names.iter().any(|name| *name.hash.as_bytes() == object::hash(sealed));
            let given = answer.objects.iter().map(ObjectBytes::as_bytes).filter(|sealed| asked(sealed));
            fetched.extend(given.map(<[u8]>::to_vec));
            wanted = &wanted[looked_at..];
        }
    }
    let here: BTreeSet<[u8; 32]> = fetched.iter().map(|sealed| object::hash(sealed)).collect();
    let all = missing.iter().all(|name| here.contains(name.hash.as_bytes()));
    if protected!("objects are what entries name", all, true) { Ok(fetched) } else { Err(withheld(ledger)) }
}

fn state_of(row: &Organization) -> Result<OrganizationState> {
    OrganizationState::decode(&row.state).map_err(crate::journal::damaged_fold)
}

fn refused(ledger: &LedgerId, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    violation("home.refused-entry", "The vault's home offers something that the signed history does not allow.")
        .details(format!("ledger {ledger}: {error}"))
}

/// The same of one entry, which shows another history if it is a device's of this vault and only in the wrong place.
fn refused_at(msp: &MspState, ledger: &LedgerId, entry: &Entry, refusal: Refusal) -> Error {
    match refusal {
        Refusal::Fork { ours, theirs } if signed(msp, entry).is_ok() => violation("home.forked", ANOTHER)
            .details(format!("ledger {ledger}: here {} {}, there {} {}", ours.seq, ours.hash, theirs.seq, theirs.hash)),
        refusal => refused(ledger, refusal),
    }
}

fn entry_withheld(ledger: &LedgerId, head: Head) -> Error {
    violation("home.entry-withheld", "The vault's home names an entry of the history and does not hand it out.")
        .details(format!("ledger {ledger} at {}: there {}", head.seq, head.hash))
}

fn ledger_withheld(ledger: &LedgerId) -> Error {
    violation("home.ledger-withheld", "The vault's home does not hand out an organization that the vault has.")
        .details(format!("ledger {ledger}"))
}

fn endless() -> Error {
    violation("home.endless", "What the vault's home says to have changed has no end.")
}

fn withheld(ledger: &LedgerId) -> Error {
    violation("home.object-withheld", "The vault's home names a stored item and does not hand it out.")
        .details(format!("ledger {ledger}"))
}

fn numbers_gone_back(ours: u64, theirs: u64) -> Error {
    violation("home.rolled-back", OLDER).details(format!("entries of all ledgers: {ours} seen here, {theirs} there"))
}

fn rolled_back(ledger: &LedgerId, ours: Head, theirs: Head) -> Error {
    violation("home.rolled-back", OLDER)
        .details(format!("ledger {ledger}: here {} {}, there {} {}", ours.seq, ours.hash, theirs.seq, theirs.hash))
}

/// The home has another entry at a place where this device has one.
pub(super) fn forked(ledger: &LedgerId, theirs: Head, ours: Option<EntryHash>) -> Error {
    let ours = ours.map_or_else(|| "nothing".to_owned(), |hash| hash.to_string());
    violation("home.forked", ANOTHER)
        .details(format!("ledger {ledger} at {}: here {ours}, there {}", theirs.seq, theirs.hash))
}

fn violation(code: &str, what: &str) -> Error {
    Error::integrity(code, what, "Do not trust it until its operator has explained this; copy the details.")
        .holds("Nothing of it was taken. What this device has stays, and can be viewed.")
}
