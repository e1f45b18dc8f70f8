//! Asking for many ledgers in one request: what a home answers to it is laid out ledger by ledger and then judged as if each had
//! been asked for alone. An answer that is laid out in any other way than it was asked for is not used: whoever asks for a
//! ledger alone then finds out what is wrong.

use super::backend::Backend;
use crate::session::Session;
use std::collections::BTreeMap;
use vitrine_ledger::wire::{Entries, EntriesWanted, EntryBytes, ObjectBytes, ObjectName, ObjectsWanted, Start};
use vitrine_ledger::{Body, Entry, ItemId, LedgerId, Member, ObjectHash, OrganizationBody, Role, Snapshot};
use vitrine_vault::object;

/// Ledgers of one request.
pub(super) const LEDGERS: usize = 128;
/// Entries by themselves of one request.
const ALONE: usize = 1_024;
/// Objects of one request.
pub(super) const OBJECTS: usize = 256;
/// Bytes of objects that are held at once.
const ROOM: usize = 16 << 20;

/// What was answered of several ledgers together.
#[derive(Default)]
pub(super) struct Ahead {
    entries: BTreeMap<LedgerId, (Start, Vec<EntryBytes>)>,
    /// What checkpoints need by itself.
    alone: BTreeMap<(LedgerId, u64), EntryBytes>,
    objects: BTreeMap<[u8; 32], ObjectBytes>,
    /// The ledgers up to here, of those that were asked for, were answered; the answer was full then.
    pub(super) reached: usize,
}

impl Ahead {
    /// Asks for these ledgers together, and for the objects that they name in the end.
    pub(super) async fn of(session: &Session, backend: &Backend<'_>, starts: &[Start]) -> Self {
        let mut ahead = Self { reached: starts.len(), ..Self::default() };
        if starts.len() < 2 {
            return ahead;
        }
        if let Ok(answer) = backend.entries(&EntriesWanted::from(starts.to_vec())).await {
            ahead.lay_out(starts, answer);
        }
        let places: Vec<_> = ahead.needed().collect();
        for places in places.chunks(ALONE) {
            // Where one is missing, each ledger asks by itself and finds out which.
            let Ok(answer) = backend.entries(&EntriesWanted::alone(places.to_vec())).await else { break };
            if answer.entries.len() != places.len() {
                break;
            }
            let found = places.iter().map(|place| (place.ledger, place.seq)).zip(answer.entries);
            ahead.alone.extend(found);
        }
        let role = session.msp().member(&session.author.member).map(Member::role);
        // An auditor has no use for what it cannot open, and the home gives it nothing of it.
        if role.is_none_or(|role| role == Role::Auditor) {
            return ahead;
        }
        let names: Vec<_> = ahead.names().collect();
        let mut size = 0;
        for names in names.chunks(OBJECTS) {
            // One ledger that is closed to this member refuses them all; then each is asked for alone.
            let Ok(answer) = backend.objects(&ObjectsWanted { objects: names.to_vec() }).await else { break };
            size += answer.objects.iter().map(|sealed| sealed.as_bytes().len()).sum::<usize>();
            ahead.objects.extend(answer.objects.into_iter().map(|sealed| (object::hash(sealed.as_bytes()), sealed)));
            if size > ROOM {
                break;
            }
        }
        ahead
    }

    /// Takes an answer apart. Of the last ledger in a full one there may be more, so it is not used.
    fn lay_out(&mut self, starts: &[Start], answer: Entries) {
        let (mut whole, mut at) = (BTreeMap::<LedgerId, (Start, Vec<EntryBytes>)>::new(), 0);
        for bytes in answer.entries {
            let Ok(entry) = Entry::decode(bytes.as_bytes()) else { return };
            let ledger = entry.ledger().unwrap_or_else(|| entry.begins());
            let Some(further) = starts[at..].iter().position(|start| start.ledger == ledger) else { return };
            at += further;
            // One of which nothing was answered is in no row: it is asked for alone.
            let (start, row) = whole.entry(ledger).or_insert_with(|| (starts[at], Vec::new()));
            if entry.seq() != start.seq.saturating_add(row.len() as u64) {
                return;
            }
            row.push(bytes);
        }
        if answer.more {
            self.reached = at.max(1);
            whole.remove(&starts[at].ledger);
        }
        self.entries = whole;
    }

    /// What the checkpoints that ledgers are begun at need of what comes before them.
    fn needed(&self) -> impl Iterator<Item = Start> {
        self.entries.iter().flat_map(|(ledger, (start, entries))| {
            let first = entries.first().and_then(|bytes| Entry::decode(bytes.as_bytes()).ok());
            let needed = first.as_ref().and_then(snapshot).map(Snapshot::needed).unwrap_or_default();
            let before = needed.into_iter().filter(|head| head.seq < start.seq);
            before.map(|head| Start { ledger: *ledger, seq: head.seq }).collect::<Vec<_>>()
        })
    }

    fn names(&self) -> impl Iterator<Item = ObjectName> {
        self.entries.iter().flat_map(|(ledger, (_, entries))| {
            let mut named = Named::default();
            for entry in entries.iter().filter_map(|bytes| Entry::decode(bytes.as_bytes()).ok()) {
                named.see(&entry);
            }
            named.of(*ledger)
        })
    }

    /// What was answered of one ledger from a place on, or of places by themselves.
    pub(super) fn entries(&self, wanted: &EntriesWanted) -> Option<Vec<EntryBytes>> {
        match (&wanted.from[..], &wanted.alone[..]) {
            ([start], []) => {
                let (from, entries) = self.entries.get(&start.ledger)?;
                (from.seq == start.seq).then(|| entries.clone())
            }
            ([], places) => places.iter().map(|place| self.alone.get(&(place.ledger, place.seq)).cloned()).collect(),
            _ => None,
        }
    }

    /// All of these objects, if they are here.
    pub(super) fn objects(&self, names: &[ObjectName]) -> Option<Vec<ObjectBytes>> {
        names.iter().map(|name| self.objects.get(name.hash.as_bytes()).cloned()).collect()
    }
}

/// What a checkpoint says.
fn snapshot(entry: &Entry) -> Option<&Snapshot> {
    match entry.body() {
        Body::Organization(OrganizationBody::Checkpoint { snapshot }) => Some(snapshot),
        _ => None,
    }
}

/// The objects that items name in the end, entry after entry.
#[derive(Default)]
pub(super) struct Named(BTreeMap<ItemId, Option<ObjectHash>>);

impl Named {
    pub(super) fn see(&mut self, entry: &Entry) {
        // A checkpoint names all of them again, which is news where it is the first entry.
        if let Some(snapshot) = snapshot(entry).filter(|_| self.0.is_empty()) {
            self.0.extend(snapshot.items().iter().map(|(item, known)| (*item, known.object)));
        }
        match entry.body() {
            Body::Organization(OrganizationBody::Put { item, object, .. }) => self.0.insert(*item, Some(*object)),
            Body::Organization(OrganizationBody::Drop { item, .. }) => self.0.insert(*item, None),
            _ => None,
        };
    }

    pub(super) fn of(self, ledger: LedgerId) -> impl Iterator<Item = ObjectName> {
        self.0.into_values().flatten().map(move |hash| ObjectName { ledger, hash })
    }
}
