//! Reading: what changed, entries, objects, each a page of bounded size, so that memory follows from connections and
//! not from vaults.
//!
//! A member sees the MSP ledger and the organizations where it has standing; of the others it learns from the MSP
//! ledger that they exist, and nothing here.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::TryStreamExt;
use sqlx::{AnyConnection, AssertSqlSafe};
use vitrine_ledger::wire::{
    Changed, Changes, Entries, EntriesWanted, EntryBytes, MAX_BATCH, ObjectBytes, ObjectName, Objects, ObjectsWanted,
    Start,
};
use vitrine_ledger::{Author, EntryHash, Head, LedgerId, Level, MspState, OrganizationState, Role};

use super::rows::{ROWS, places};
use super::{Store, damaged, fixed, signed, unsigned};
use crate::problem::Problem;
use crate::signed::{Caller, Standing, standing};

/// Ledgers of one page of changes.
const CHANGES: usize = 1000;
/// An answer is full once it holds this many bytes; one entry more may still go in.
const FULL: usize = 2 << 20;
/// Entries read from the database in one go.
const ENTRIES: u64 = 128;

/// What a caller may read.
struct Sight {
    msp: Arc<MspState>,
    author: Author,
    standing: Standing,
}

impl Sight {
    fn open(caller: &Caller) -> Result<Self, Problem> {
        let standing = standing(&caller.state, &caller.author).ok_or(Problem::Device)?;
        Ok(Self { msp: Arc::clone(&caller.state), author: caller.author, standing })
    }

    fn sees_all(&self) -> bool {
        matches!(self.standing, Standing::Member(role) if Role::stands_alone(role))
    }

    fn sees(&self, state: &[u8], level: Level) -> Result<bool, Problem> {
        if self.standing == Standing::Invited {
            return Ok(false);
        }
        let organization = OrganizationState::decode(state).map_err(|_| damaged())?;
        let now = self.msp.at(self.msp.head().seq);
        // Entries go on to those whose access was taken, so that they learn of it; objects do not.
        let told = level == Level::Log && organization.knows_of(&self.author.member, now);
        Ok(told || organization.level_of(&self.author.member, now) >= Some(level))
    }

    /// One answer for a ledger that is not there and one the caller may not see.
    async fn check(&self, connection: &mut AnyConnection, ledger: &LedgerId, level: Level) -> Result<(), Problem> {
        if *ledger == self.msp.ledger() {
            return Ok(());
        }
        let state: Option<Vec<u8>> = sqlx::query_scalar("SELECT state FROM ledgers WHERE ledger = $1 AND msp = $2")
            .bind(ledger.as_bytes().to_vec())
            .bind(self.msp.ledger().as_bytes().to_vec())
            .fetch_optional(connection)
            .await?;
        let state = state.ok_or(Problem::NotFound)?;
        if self.sees_all() || self.sees(&state, level)? { Ok(()) } else { Err(Problem::NotFound) }
    }
}

/// Ledger, cursor, seq, hash, fold.
type Columns = (Vec<u8>, i64, i64, Vec<u8>, Vec<u8>);

impl Store {
    /// The newest number of an MSP.
    pub(crate) async fn cursor(&self, msp: &LedgerId) -> Result<u64, Problem> {
        cursor_in(&mut *self.pool.acquire().await?, msp).await
    }

    /// The ledgers that changed after a cursor.
    pub(crate) async fn changes(&self, caller: &Caller, after: u64) -> Result<Changes, Problem> {
        let mut connection = self.pool.acquire().await?;
        // Read before the page: a number that is missing from the page is then larger.
        let newest = cursor_in(&mut connection, &caller.msp).await?;
        if after > newest {
            return Err(Problem::Behind);
        }
        let sight = Sight::open(caller)?;
        // The folds are only needed to judge by them.
        let query = if sight.sees_all() {
            "SELECT ledger, cursor, seq, hash, hash FROM ledgers
             WHERE msp = $1 AND cursor > $2 ORDER BY cursor LIMIT $3"
        } else {
            "SELECT ledger, cursor, seq, hash, state FROM ledgers
             WHERE msp = $1 AND cursor > $2 ORDER BY cursor LIMIT $3"
        };
        let rows: Vec<Columns> = sqlx::query_as(query)
            .bind(caller.msp.as_bytes().to_vec())
            .bind(signed(after))
            .bind(signed(CHANGES as u64))
            .fetch_all(&mut *connection)
            .await?;
        let more = rows.len() == CHANGES;
        let last = rows.last().map_or(Ok(newest), |row| unsigned(row.1))?;
        let mut ledgers = Vec::with_capacity(rows.len());
        for (ledger, _, seq, hash, state) in rows {
            let ledger = LedgerId::from_bytes(fixed(ledger)?);
            if ledger == caller.msp || sight.sees_all() || sight.sees(&state, Level::Log)? {
                let head = Head { seq: unsigned(seq)?, hash: EntryHash::from_bytes(fixed(hash)?) };
                ledgers.push(Changed { ledger, head });
            }
        }
        Ok(Changes { cursor: if more { last } else { last.max(newest) }, more, ledgers })
    }

    /// Entries from places on, in the order asked.
    pub(crate) async fn entries(&self, caller: &Caller, wanted: &EntriesWanted) -> Result<Entries, Problem> {
        if wanted.from.len().saturating_add(wanted.alone.len()) > MAX_BATCH {
            return Err(Problem::TooLarge);
        }
        let mut connection = self.pool.acquire().await?;
        let sight = Sight::open(caller)?;
        let mut page = Page { entries: Vec::new(), size: 0 };
        for start in &wanted.from {
            sight.check(&mut connection, &start.ledger, Level::Log).await?;
            if !page.take(&mut connection, *start).await? {
                return Ok(Entries { entries: page.entries, more: true });
            }
        }
        let mut seen = None;
        for place in &wanted.alone {
            if seen != Some(place.ledger) {
                sight.check(&mut connection, &place.ledger, Level::Log).await?;
                seen = Some(place.ledger);
            }
            if !page.take_one(&mut connection, place).await? {
                return Ok(Entries { entries: page.entries, more: true });
            }
        }
        Ok(Entries { entries: page.entries, more: false })
    }

    /// Entries of the MSP ledger, for a kit that has no device yet.
    pub(crate) async fn msp_entries(&self, msp: &LedgerId, seq: u64) -> Result<Entries, Problem> {
        let mut connection = self.pool.acquire().await?;
        let mut page = Page { entries: Vec::new(), size: 0 };
        let whole = page.take(&mut connection, Start { ledger: *msp, seq }).await?;
        Ok(Entries { entries: page.entries, more: !whole })
    }

    /// Objects in the order asked, without those that are no longer kept.
    pub(crate) async fn objects(&self, caller: &Caller, wanted: &ObjectsWanted) -> Result<Objects, Problem> {
        if wanted.objects.len() > MAX_BATCH {
            return Err(Problem::TooLarge);
        }
        let mut connection = self.pool.acquire().await?;
        let sight = Sight::open(caller)?;
        let (mut objects, mut size, mut looked_at) = (Vec::new(), 0, 0);
        'all: for names in wanted.objects.chunk_by(|one, next| one.ledger == next.ledger) {
            let ledger = names[0].ledger;
            sight.check(&mut connection, &ledger, Level::Read).await?;
            for some in names.chunks(ROWS) {
                let found = objects_in(&mut connection, &ledger, some).await?;
                for name in some {
                    if let Some(object) = found.get(&name.hash.as_bytes()[..]) {
                        size += object.len();
                        objects.push(ObjectBytes::new(object.clone()).map_err(|_| damaged())?);
                    }
                    looked_at += 1;
                    if size > FULL {
                        break 'all;
                    }
                }
            }
        }
        Ok(Objects { objects, looked_at })
    }
}

async fn cursor_in(connection: &mut AnyConnection, msp: &LedgerId) -> Result<u64, Problem> {
    let cursor: Option<i64> = sqlx::query_scalar("SELECT cursor FROM msps WHERE msp = $1")
        .bind(msp.as_bytes().to_vec())
        .fetch_optional(connection)
        .await?;
    unsigned(cursor.ok_or(Problem::Device)?)
}

/// Objects of one ledger, by their hashes.
async fn objects_in(
    connection: &mut AnyConnection,
    ledger: &LedgerId,
    names: &[ObjectName],
) -> Result<HashMap<Vec<u8>, Vec<u8>>, Problem> {
    let mut query = sqlx::query_as(AssertSqlSafe(format!(
        "SELECT hash, object FROM objects WHERE ledger = $1 AND hash IN ({})",
        places(2, names.len())
    )))
    .bind(ledger.as_bytes().to_vec());
    for name in names {
        query = query.bind(name.hash.as_bytes().to_vec());
    }
    Ok(query.fetch_all(connection).await?.into_iter().collect())
}

/// An answer that is being filled.
struct Page {
    entries: Vec<EntryBytes>,
    size: usize,
}

impl Page {
    /// Takes the entry at a place, if there is one; `false` when the page is full.
    async fn take_one(&mut self, connection: &mut AnyConnection, place: &Start) -> Result<bool, Problem> {
        if self.size > FULL {
            return Ok(false);
        }
        let entry: Option<Vec<u8>> = sqlx::query_scalar("SELECT entry FROM entries WHERE ledger = $1 AND seq = $2")
            .bind(place.ledger.as_bytes().to_vec())
            .bind(signed(place.seq))
            .fetch_optional(connection)
            .await?;
        if let Some(entry) = entry {
            self.size += entry.len();
            self.entries.push(EntryBytes::new(entry).map_err(|_| damaged())?);
        }
        Ok(true)
    }

    /// Takes a ledger's entries from a place on; `false` when the page is full before their end. Row by row, since a few
    /// hundred entries may be as many megabytes.
    async fn take(&mut self, connection: &mut AnyConnection, mut start: Start) -> Result<bool, Problem> {
        loop {
            let mut rows = sqlx::query_scalar::<_, Vec<u8>>(
                "SELECT entry FROM entries WHERE ledger = $1 AND seq >= $2 ORDER BY seq LIMIT $3",
            )
            .bind(start.ledger.as_bytes().to_vec())
            .bind(signed(start.seq))
            .bind(signed(ENTRIES))
            .fetch(&mut *connection);
            let mut found = 0;
            while let Some(entry) = rows.try_next().await? {
                if self.size > FULL {
                    return Ok(false);
                }
                self.size += entry.len();
                self.entries.push(EntryBytes::new(entry).map_err(|_| damaged())?);
                found += 1;
            }
            if found < ENTRIES {
                return Ok(true);
            }
            start.seq += found;
        }
    }
}
