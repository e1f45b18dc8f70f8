//! Appending, the one way in: everything of a request is checked and stored, or nothing is.
//!
//! It begins by locking the MSP's row and taking numbers from it. Whoever comes second waits there and then sees the head
//! that the first one left, so the ledgers' own rule ("the next entry names the one before") is the compare-and-swap; and
//! since numbers are given under that lock, no smaller one can appear later. Those who wait share one transaction and its
//! commit (`line.rs`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sqlx::{AnyConnection, AssertSqlSafe, Connection};
use vitrine_ledger::wire::{Append, Enrolment, MAX_BATCH, ObjectBytes, object_hash};
use vitrine_ledger::{
    Action, BackendId, Body, Entry, EntryHash, Head, Home, LedgerId, MspBody, MspHistory, MspState, ObjectHash,
    OrganizationBody, OrganizationState, Role, allowed,
};

use super::rows::{ROWS, places, rows};
use super::{Store, damaged, fixed, signed, unsigned};
use crate::problem::Problem;
use crate::signed::{Caller, Standing, standing};

/// Folds of organizations that are read at once.
const STATES: i64 = 100;

/// The MSP as the entries of one request see it.
struct Msp {
    state: Arc<MspState>,
    hashes: BTreeMap<u64, EntryHash>,
}

impl MspHistory for Msp {
    fn state(&self) -> &MspState {
        &self.state
    }

    fn hash_at(&self, seq: u64) -> Option<EntryHash> {
        let head = self.state.head();
        if seq == head.seq { Some(head.hash) } else { self.hashes.get(&seq).copied() }
    }
}

/// An organization before and after a request.
struct Organization {
    objects_before: BTreeSet<ObjectHash>,
    state: OrganizationState,
    cursor: u64,
}

fn objects_of(state: &OrganizationState) -> BTreeSet<ObjectHash> {
    state.items().values().filter_map(|item| item.object).collect()
}

impl Store {
    /// Makes room for an MSP. Registering it again changes nothing.
    pub(crate) async fn register(&self, genesis: &Entry) -> Result<(), Problem> {
        let state = MspState::genesis(genesis).map_err(|refusal| Problem::refused(refusal, None))?;
        let msp = state.ledger();
        let mut connection = self.pool.acquire().await?;
        let mut tx = connection.begin().await?;
        let made = sqlx::query("INSERT INTO msps (msp, cursor, bytes) VALUES ($1, 1, $2) ON CONFLICT DO NOTHING")
            .bind(msp.as_bytes().to_vec())
            .bind(signed(genesis.bytes().len() as u64))
            .execute(&mut *tx)
            .await?;
        if made.rows_affected() == 1 {
            let row = Row { ledger: msp, msp, cursor: 1, head: state.head(), state: state.encode() };
            write_ledgers(&mut tx, std::iter::once(row)).await?;
            write_entries(&mut tx, std::slice::from_ref(genesis)).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Appends by somebody whose signature stood, and gives the number of the last entry.
    pub(crate) async fn append(
        &self,
        caller: Caller,
        backend: BackendId,
        append: &Append,
        now_ms: u64,
    ) -> Result<u64, Problem> {
        let (entries, objects) = decode(append)?;
        self.in_line(Piece { msp: caller.msp, by: By::Caller(caller), entries, objects, backend, now_ms }).await
    }

    /// Appends the one entry by which a recovery kit brings a device back. The identity's word inside it is what stands;
    /// no known device asks.
    pub(crate) async fn come_back(
        &self,
        enrolment: &Enrolment,
        backend: BackendId,
        append: &Append,
        now_ms: u64,
    ) -> Result<u64, Problem> {
        let (entries, objects) = decode(append)?;
        let [entry] = &entries[..] else { return Err(Problem::NotAllowed) };
        let comes_back = matches!(entry.body(), Body::Msp(MspBody::DeviceAdd { proof: Some(_), .. }));
        if !comes_back || entry.member() != enrolment.member {
            return Err(Problem::NotAllowed);
        }
        self.in_line(Piece { msp: enrolment.msp, by: By::Kit, entries, objects, backend, now_ms }).await
    }

    /// Checks and stores one piece within a transaction.
    pub(super) async fn take(&self, tx: &mut AnyConnection, piece: &Piece) -> Result<u64, Problem> {
        let Piece { msp: id, entries, objects, backend, now_ms, .. } = piece;
        let cursor = self.lock(tx, piece).await?;
        let first = cursor - entries.len() as u64 + 1;

        let mut msp = self.open_msp(tx, id, entries).await?;
        let is_home = |msp: &MspState| matches!(msp.home(), Home::Backend { id, .. } if id == *backend);
        let was_home = is_home(&msp.state);
        let mut msp_cursor = None;
        let mut organizations: BTreeMap<LedgerId, Organization> = BTreeMap::new();
        let mut named = BTreeSet::new();
        for (cursor, entry) in (first..).zip(entries) {
            let ledger = entry.ledger().unwrap_or_else(|| entry.begins());
            let refused = |head| move |refusal| Problem::refused(refusal, head);
            match entry.body() {
                Body::Msp(_) => {
                    piece.may(&msp.state, entry, None)?;
                    let next = msp.state.apply(entry).map_err(refused(Some(msp.state.head())))?;
                    msp.hashes.insert(msp.state.head().seq, msp.state.head().hash);
                    msp.state = Arc::new(next);
                    msp_cursor = Some(cursor);
                }
                Body::Organization(body) => {
                    if matches!(msp.state.home(), Home::Backend { id, .. } if id != *backend) {
                        return Err(Problem::Moved);
                    }
                    let known = match organizations.remove(&ledger) {
                        Some(known) => Some(known),
                        None => open_organization(tx, id, &ledger).await?,
                    };
                    piece.may(&msp.state, entry, known.as_ref().map(|known| (&known.state, &msp)))?;
                    let next = match known {
                        None => begin(entry, &msp, cursor)?,
                        Some(known) => {
                            let head = Some(known.state.head());
                            Organization {
                                state: known.state.apply(entry, &msp).map_err(refused(head))?,
                                cursor,
                                ..known
                            }
                        }
                    };
                    if let OrganizationBody::Put { object, .. } = body {
                        named.insert((ledger, *object));
                    }
                    organizations.insert(ledger, next);
                }
            }
        }
        let hashes: BTreeSet<_> = named.iter().map(|(_, hash)| hash).collect();
        if objects.keys().any(|hash| !hashes.contains(hash)) {
            return Err(Problem::ObjectStray);
        }

        let of_msp = msp_cursor.map(|cursor| {
            self.keep(&msp.state);
            Row { ledger: *id, msp: *id, cursor, head: msp.state.head(), state: msp.state.encode() }
        });
        let of_organizations = organizations.iter().map(|(ledger, it)| Row {
            ledger: *ledger,
            msp: *id,
            cursor: it.cursor,
            head: it.state.head(),
            state: it.state.encode(),
        });
        write_ledgers(tx, of_msp.into_iter().chain(of_organizations)).await?;
        write_entries(tx, entries).await?;
        let needed = organizations.iter().map(|(ledger, it)| (*ledger, objects_of(&it.state))).collect();
        let settling = Settling { organizations: &organizations, needed, named, objects, now_ms: *now_ms };
        settling.write_brought(tx).await?;
        settling.settle_others(tx, was_home).await?;
        if is_home(&msp.state) && !was_home {
            all_objects_are_there(tx, id).await?;
        }
        Ok(cursor)
    }

    /// The MSP with the hashes that the entries' witnesses name.
    async fn open_msp(&self, tx: &mut AnyConnection, id: &LedgerId, entries: &[Entry]) -> Result<Msp, Problem> {
        let state = self.msp_in(tx, id).await?.ok_or(Problem::Device)?;
        let mut hashes = BTreeMap::new();
        let witnesses: BTreeSet<u64> = entries.iter().filter_map(Entry::witness).map(|head| head.seq).collect();
        for seq in witnesses.into_iter().filter(|seq| *seq < state.head().seq) {
            let hash: Option<Vec<u8>> = sqlx::query_scalar("SELECT hash FROM entries WHERE ledger = $1 AND seq = $2")
                .bind(id.as_bytes().to_vec())
                .bind(signed(seq))
                .fetch_optional(&mut *tx)
                .await?;
            hashes.insert(seq, EntryHash::from_bytes(fixed(hash.ok_or_else(damaged)?)?));
        }
        Ok(Msp { state, hashes })
    }

    /// Locks the MSP's row, takes a number for each entry and room for the bytes.
    async fn lock(&self, tx: &mut AnyConnection, piece: &Piece) -> Result<u64, Problem> {
        let Piece { msp, entries, objects, .. } = piece;
        let size: usize = entries.iter().map(|entry| entry.bytes().len()).sum::<usize>()
            + objects.values().map(|object| object.as_bytes().len()).sum::<usize>();
        let (cursor, bytes): (i64, i64) = sqlx::query_as(
            "UPDATE msps SET cursor = cursor + $2, bytes = bytes + $3 WHERE msp = $1 RETURNING cursor, bytes",
        )
        .bind(msp.as_bytes().to_vec())
        .bind(signed(entries.len() as u64))
        .bind(signed(size as u64))
        .fetch_optional(tx)
        .await?
        .ok_or(Problem::Device)?;
        if unsigned(bytes)? > self.quota_bytes { Err(Problem::Quota) } else { unsigned(cursor) }
    }
}

/// Who brings something.
pub(super) enum By {
    /// A device whose signature stood.
    Caller(Caller),
    /// A recovery kit.
    Kit,
}

/// What one request brings.
pub(super) struct Piece {
    pub(super) msp: LedgerId,
    by: By,
    entries: Vec<Entry>,
    objects: BTreeMap<ObjectHash, ObjectBytes>,
    backend: BackendId,
    now_ms: u64,
}

impl Piece {
    fn may(
        &self,
        msp: &MspState,
        entry: &Entry,
        organization: Option<(&OrganizationState, &Msp)>,
    ) -> Result<(), Problem> {
        match &self.by {
            By::Caller(caller) => check_author(caller, msp, entry, organization),
            By::Kit => Ok(()),
        }
    }
}

/// Entries and objects in their strict forms, objects by their hashes.
fn decode(append: &Append) -> Result<(Vec<Entry>, BTreeMap<ObjectHash, ObjectBytes>), Problem> {
    if append.entries.is_empty() || append.entries.len() > MAX_BATCH || append.objects.len() > MAX_BATCH {
        return Err(Problem::TooLarge);
    }
    let entries = append.entries.iter().map(|bytes| Entry::decode(bytes.as_bytes()));
    let objects = append.objects.iter().map(|object| (object_hash(object.as_bytes()), object.clone()));
    Ok((entries.collect::<Result<_, _>>()?, objects.collect()))
}

/// Who may bring an entry, judged again under the lock: since the signature was checked, the caller may have been
/// removed. A caller brings its own entries, which then must stand by the newest MSP state, too. Only an owner brings
/// somebody else's: the copy of a whole vault to its new home.
fn check_author(
    caller: &Caller,
    msp: &MspState,
    entry: &Entry,
    organization: Option<(&OrganizationState, &Msp)>,
) -> Result<(), Problem> {
    let standing = standing(msp, &caller.author).ok_or(Problem::Device)?;
    if entry.author() != caller.author {
        let copies = matches!(standing, Standing::Member(role) if allowed(role, Action::Home));
        return if copies { Ok(()) } else { Err(Problem::Author) };
    }
    match (standing, entry.body()) {
        (Standing::Invited, Body::Msp(MspBody::MemberJoin { .. })) => Ok(()),
        (Standing::Invited, _) => Err(Problem::NotAllowed),
        // An owner's own entries may be part of that copy, and older than the newest state.
        (Standing::Member(role), Body::Organization(body)) if role != Role::Owner => match organization {
            Some((state, history)) => state
                .appendable(body, &caller.author, history)
                .map_err(|refusal| Problem::refused(refusal, Some(state.head()))),
            None => Ok(()),
        },
        (Standing::Member(_), _) => Ok(()),
    }
}

fn begin(entry: &Entry, msp: &Msp, cursor: u64) -> Result<Organization, Problem> {
    let state = OrganizationState::genesis(entry, msp).map_err(|refusal| Problem::refused(refusal, None))?;
    Ok(Organization { objects_before: BTreeSet::new(), state, cursor })
}

async fn open_organization(
    tx: &mut AnyConnection,
    msp: &LedgerId,
    ledger: &LedgerId,
) -> Result<Option<Organization>, Problem> {
    let row: Option<(Vec<u8>, i64)> =
        sqlx::query_as("SELECT state, cursor FROM ledgers WHERE ledger = $1 AND msp = $2 AND ledger <> msp")
            .bind(ledger.as_bytes().to_vec())
            .bind(msp.as_bytes().to_vec())
            .fetch_optional(tx)
            .await?;
    let Some((state, cursor)) = row else { return Ok(None) };
    let state = OrganizationState::decode(&state).map_err(|_| damaged())?;
    Ok(Some(Organization { objects_before: objects_of(&state), state, cursor: unsigned(cursor)? }))
}

/// What is stored of a ledger beside its entries.
struct Row {
    ledger: LedgerId,
    msp: LedgerId,
    cursor: u64,
    head: Head,
    state: Vec<u8>,
}

/// Few at a time: the folds of all that a request is about may be large.
async fn write_ledgers(tx: &mut AnyConnection, mut ledgers: impl Iterator<Item = Row>) -> Result<(), Problem> {
    loop {
        let some: Vec<_> = ledgers.by_ref().take(ROWS).collect();
        if some.is_empty() {
            return Ok(());
        }
        let mut upsert = sqlx::query(AssertSqlSafe(format!(
            "INSERT INTO ledgers (ledger, msp, cursor, seq, hash, state) VALUES {}
             ON CONFLICT (ledger) DO UPDATE SET cursor = excluded.cursor, seq = excluded.seq, hash = excluded.hash,
                state = excluded.state",
            rows(some.len(), 6)
        )));
        for row in some {
            upsert = upsert
                .bind(row.ledger.as_bytes().to_vec())
                .bind(row.msp.as_bytes().to_vec())
                .bind(signed(row.cursor))
                .bind(signed(row.head.seq))
                .bind(row.head.hash.as_bytes().to_vec())
                .bind(row.state);
        }
        upsert.execute(&mut *tx).await?;
    }
}

async fn write_entries(tx: &mut AnyConnection, entries: &[Entry]) -> Result<(), Problem> {
    for some in entries.chunks(ROWS) {
        let mut insert = sqlx::query(AssertSqlSafe(format!(
            "INSERT INTO entries (ledger, seq, hash, entry) VALUES {}",
            rows(some.len(), 4)
        )));
        for entry in some {
            insert = insert
                .bind(entry.ledger().unwrap_or_else(|| entry.begins()).as_bytes().to_vec())
                .bind(signed(entry.seq()))
                .bind(entry.hash().as_bytes().to_vec())
                .bind(entry.bytes().to_vec());
        }
        insert.execute(&mut *tx).await?;
    }
    Ok(())
}

/// What becomes of objects at the end of a request: what an item names is needed; what none names any more, or what was
/// superseded within the request, is let go: kept for a while, then dropped.
struct Settling<'a> {
    organizations: &'a BTreeMap<LedgerId, Organization>,
    /// What the items of each name now.
    needed: BTreeMap<LedgerId, BTreeSet<ObjectHash>>,
    /// What the entries of the request name.
    named: BTreeSet<(LedgerId, ObjectHash)>,
    objects: &'a BTreeMap<ObjectHash, ObjectBytes>,
    now_ms: u64,
}

impl Settling<'_> {
    fn is_brought(&self, ledger: &LedgerId, hash: &ObjectHash) -> bool {
        self.objects.contains_key(hash) && self.named.contains(&(*ledger, *hash))
    }

    async fn write_brought(&self, tx: &mut AnyConnection) -> Result<(), Problem> {
        let needs = |(ledger, hash): &(LedgerId, ObjectHash)| {
            self.needed.get(ledger).is_some_and(|needed| needed.contains(hash))
        };
        let brought: Vec<_> = self.named.iter().filter_map(|it| Some((it, self.objects.get(&it.1)?))).collect();
        for some in brought.chunks(ROWS) {
            let mut upsert = sqlx::query(AssertSqlSafe(format!(
                "INSERT INTO objects (ledger, hash, object, released_ms) VALUES {}
                 ON CONFLICT (ledger, hash) DO UPDATE SET released_ms = excluded.released_ms",
                rows(some.len(), 4)
            )));
            for (it, object) in some {
                upsert = upsert
                    .bind(it.0.as_bytes().to_vec())
                    .bind(it.1.as_bytes().to_vec())
                    .bind(object.as_bytes().to_vec())
                    .bind(if needs(it) { 0 } else { signed(self.now_ms) });
            }
            upsert.execute(&mut *tx).await?;
        }
        Ok(())
    }

    /// Of what was not brought, all that an item names now must be there, where this is the `home`: a vault that is still
    /// being copied comes in pieces, and what was named at the end of one may be long gone.
    async fn settle_others(&self, tx: &mut AnyConnection, home: bool) -> Result<(), Problem> {
        for ((ledger, needed), it) in self.needed.iter().zip(self.organizations.values()) {
            let is_other = |hash: &&ObjectHash| !self.is_brought(ledger, hash);
            let fresh: Vec<_> = needed.difference(&it.objects_before).filter(is_other).collect();
            if mark(tx, ledger, &fresh, 0).await? < fresh.len() as u64 && home {
                return Err(Problem::ObjectMissing);
            }
            let here = self.named.range((*ledger, ObjectHash::from_bytes([0; 32]))..);
            let here = here.take_while(|(of, _)| of == ledger).map(|(_, hash)| hash);
            let touched: BTreeSet<_> = it.objects_before.iter().chain(here).collect();
            let let_go: Vec<_> = touched.into_iter().filter(|hash| !needed.contains(hash)).filter(is_other).collect();
            mark(tx, ledger, &let_go, signed(self.now_ms)).await?;
        }
        Ok(())
    }
}

/// Notes when objects were let go, 0 for those that are needed. Says how many of them there are.
async fn mark(
    tx: &mut AnyConnection,
    ledger: &LedgerId,
    objects: &[&ObjectHash],
    released_ms: i64,
) -> Result<u64, Problem> {
    let mut found = 0;
    for some in objects.chunks(ROWS) {
        let mut update = sqlx::query(AssertSqlSafe(format!(
            "UPDATE objects SET released_ms = $1 WHERE ledger = $2 AND hash IN ({})",
            places(3, some.len())
        )));
        update = update.bind(released_ms).bind(ledger.as_bytes().to_vec());
        for hash in some {
            update = update.bind(hash.as_bytes().to_vec());
        }
        found += update.execute(&mut *tx).await?.rows_affected();
    }
    Ok(found)
}

/// Looks for every object that an item of any organization names now: from the entry on that makes this the home, none may lack.
async fn all_objects_are_there(tx: &mut AnyConnection, msp: &LedgerId) -> Result<(), Problem> {
    let mut after = Vec::new();
    loop {
        let ledgers: Vec<(Vec<u8>, Vec<u8>)> = sqlx::query_as(
            "SELECT ledger, state FROM ledgers WHERE msp = $1 AND ledger <> msp AND ledger > $2 ORDER BY ledger LIMIT $3",
        )
        .bind(msp.as_bytes().to_vec())
        .bind(after)
        .bind(STATES)
        .fetch_all(&mut *tx)
        .await?;
        for (ledger, state) in &ledgers {
            let needed = objects_of(&OrganizationState::decode(state).map_err(|_| damaged())?);
            let stored: Vec<Vec<u8>> = sqlx::query_scalar("SELECT hash FROM objects WHERE ledger = $1")
                .bind(ledger.clone())
                .fetch_all(&mut *tx)
                .await?;
            let stored: BTreeSet<Vec<u8>> = stored.into_iter().collect();
            if needed.iter().any(|hash| !stored.contains(&hash.as_bytes()[..])) {
                return Err(Problem::ObjectMissing);
            }
        }
        match ledgers.into_iter().next_back() {
            Some((ledger, _)) => after = ledger,
            None => return Ok(()),
        }
    }
}
