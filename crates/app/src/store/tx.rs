//! One change of the store: everything in it becomes durable together, or nothing does.

use std::sync::{Mutex as BlockingMutex, PoisonError};

use sqlx::SqliteConnection;
use tokio::sync::MutexGuard;
use zeroize::Zeroizing;

use super::{
    Direction, Row, Span, State, StoreError,
    database::signed,
    index::{Index, Sealed},
    reads,
    script::Script,
    views::Views,
};
use crate::failpoint::point;

/// Where the counter of the newest carried view record is kept.
pub(super) const VIEWS_CARRIED: &str = "views.carried";

/// Entries of one statement.
const GROUP: usize = 32;

/// What a change wrote, to be written again by another one: see [`Tx::park`].
#[derive(Default)]
pub struct Parked(Vec<Step>);

/// One write of a change, by what it means and not by what it did to pages or rows.
enum Step {
    Entry { ledger: [u8; 32], seq: u64, bytes: Vec<u8> },
    Object { hash: [u8; 32], bytes: Vec<u8> },
    DeleteObject([u8; 32]),
    Meta { key: String, value: Vec<u8> },
    DeleteMeta(String),
    Carried(u64),
    Put { key: Vec<u8>, value: Zeroizing<Vec<u8>> },
    PutLong { key: Vec<u8>, value: Zeroizing<Vec<u8>> },
    Delete(Vec<u8>),
}

/// A change under way. Dropped without [`Tx::commit`], it never happened.
///
/// It holds the store: until it is committed or dropped, every call on the [`Store`](super::Store) waits, except for
/// view records. So read through the change, and do nothing slow while it is open. Changed pages of the index stay in
/// memory until the commit, about 8 KiB each. Rows put in rising order of keys leave full pages.
pub struct Tx<'store> {
    state: MutexGuard<'store, State>,
    views: &'store BlockingMutex<Views>,
    /// What is still to be run. Whatever reads the database runs it first.
    script: Script,
    carried: Option<u64>,
    /// What it wrote, where it is to be parked.
    steps: Option<Vec<Step>>,
    /// A step failed or was cut off. SQLite may have rolled back by itself then (a full disk), and whatever followed
    /// would be stored on its own.
    failed: bool,
}

impl<'store> Tx<'store> {
    pub(super) fn begin(mut state: MutexGuard<'store, State>, views: &'store BlockingMutex<Views>) -> Self {
        point!("store.begin.before");
        // Stays set until a commit is known to have worked; whoever finds it set rolls back first.
        state.unsettled = true;
        let mut script = Script::default();
        script.add("BEGIN IMMEDIATE");
        Self { state, views, script, carried: None, steps: None, failed: false }
    }

    /// Keeps what it writes from now on, so that it can be [parked](Tx::park).
    pub fn keep_steps(&mut self) {
        self.steps.get_or_insert_default();
    }

    /// Ends without a trace and lets go of the store, so that everybody else may go on while something slow is asked for.
    /// What was written is handed out, to be [written again](Tx::replay) by a change of its own. Between the two nobody may
    /// write what this change has read or written.
    pub fn park(mut self) -> Parked {
        Parked(self.steps.take().unwrap_or_default())
    }

    /// Writes again what a parked change wrote.
    pub async fn replay(&mut self, parked: &Parked) -> Result<(), StoreError> {
        for step in &parked.0 {
            match step {
                Step::Entry { ledger, seq, bytes } => self.append_entry(ledger, *seq, bytes).await?,
                Step::Object { hash, bytes } => self.put_object(hash, bytes).await?,
                Step::DeleteObject(hash) => drop(self.delete_object(hash).await?),
                Step::DeleteMeta(key) => self.delete_meta(key).await?,
                Step::Meta { key, value } => self.put_meta(key, value).await?,
                Step::Carried(counter) => self.mark_views_carried(*counter),
                Step::Put { key, value } => self.index_put(key, value).await?,
                Step::PutLong { key, value } => self.index_put_long(key, value).await?,
                Step::Delete(key) => drop(self.index_delete(key).await?),
            }
        }
        Ok(())
    }

    /// Notes a step, made only where it is kept.
    fn keep(&mut self, step: impl FnOnce() -> Step) {
        if let Some(steps) = &mut self.steps {
            steps.push(step());
        }
    }

    /// Appends an entry. [`StoreError::EntryExists`] if its place is taken; the change can go on after it.
    pub async fn append_entry(&mut self, ledger: &[u8; 32], seq: u64, bytes: &[u8]) -> Result<(), StoreError> {
        self.append_entries(ledger, &[(seq, bytes)]).await
    }

    /// Appends entries of one ledger. [`StoreError::EntryExists`] names the first of a group of which a place is taken; of those
    /// before and of that group some are appended then.
    pub async fn append_entries(&mut self, ledger: &[u8; 32], entries: &[(u64, &[u8])]) -> Result<(), StoreError> {
        point!("store.append.before");
        // All of them first: what cannot be stored must leave nothing half gathered.
        let places = entries.iter().map(|(seq, _)| signed(*seq)).collect::<Result<Vec<_>, _>>()?;
        for (group, places) in entries.chunks(GROUP).zip(places.chunks(GROUP)) {
            self.script.add("INSERT INTO ledgers (ledger) VALUES (?) ON CONFLICT DO NOTHING").bind(ledger.as_slice());
            self.run_if_long().await?;
            let rows = vec!["(?, ?)"; group.len()].join(", ");
            self.script.add(&format!(
                "INSERT INTO entries (ledger, seq, bytes) SELECT ledgers.id, new.column1, new.column2 \
                 FROM (VALUES {rows}) AS new, ledgers WHERE ledgers.ledger = ? ON CONFLICT DO NOTHING RETURNING id"
            ));
            for (place, (_, bytes)) in places.iter().zip(group) {
                self.script.bind(*place).bind(*bytes);
            }
            self.script.bind(ledger.as_slice());
            if self.run().await? < group.len() {
                return Err(StoreError::EntryExists { seq: group.first().map_or(0, |(seq, _)| *seq) });
            }
            for (seq, bytes) in group {
                self.keep(|| Step::Entry { ledger: *ledger, seq: *seq, bytes: bytes.to_vec() });
            }
        }
        point!("store.append.after");
        Ok(())
    }

    /// Stores an object under its hash. Storing it again changes nothing: the hash is of its bytes.
    pub async fn put_object(&mut self, hash: &[u8; 32], bytes: &[u8]) -> Result<(), StoreError> {
        let put = "INSERT INTO objects (hash, bytes) VALUES (?, ?) ON CONFLICT DO NOTHING";
        self.script.add(put).bind(hash.as_slice()).bind(bytes);
        self.run_if_long().await?;
        self.keep(|| Step::Object { hash: *hash, bytes: bytes.to_vec() });
        point!("store.object.after");
        Ok(())
    }

    /// Removes an object that is no longer needed, and overwrites its bytes in the file; false if it was not there.
    pub async fn delete_object(&mut self, hash: &[u8; 32]) -> Result<bool, StoreError> {
        self.keep(|| Step::DeleteObject(*hash));
        self.script.add("DELETE FROM objects WHERE hash = ? RETURNING id").bind(hash.as_slice());
        Ok(self.run().await? > 0)
    }

    /// Takes a small named value out.
    pub async fn delete_meta(&mut self, key: &str) -> Result<(), StoreError> {
        self.script.add("DELETE FROM meta WHERE key = ?").bind(key);
        self.run_if_long().await?;
        self.keep(|| Step::DeleteMeta(key.to_owned()));
        Ok(())
    }

    /// Sets a small named value that is not secret.
    pub async fn put_meta(&mut self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        let put = "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
        self.script.add(put).bind(key).bind(value);
        self.run_if_long().await?;
        self.keep(|| Step::Meta { key: key.to_owned(), value: value.to_vec() });
        point!("store.meta.after");
        Ok(())
    }

    /// The view records up to `counter` are in an entry of this change, so their slots become free with it.
    pub fn mark_views_carried(&mut self, counter: u64) {
        self.keep(|| Step::Carried(counter));
        self.carried = self.carried.max(Some(counter));
    }

    /// Sets the value of a key of the index: a key of 1 to 512 bytes, a value of at most 60 KiB.
    pub async fn index_put(&mut self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.keep(|| Step::Put { key: key.to_vec(), value: Zeroizing::new(value.to_vec()) });
        let (connection, index) = self.parts()?;
        let put = index.put(connection, key, value).await;
        self.note(put)
    }

    /// Sets a value of any length, such as the fold of a large firm. It stands in rows below `key` and a zero byte, so
    /// no other key may begin like that; only parts that differ are stored again.
    pub async fn index_put_long(&mut self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.keep(|| Step::PutLong { key: key.to_vec(), value: Zeroizing::new(value.to_vec()) });
        let (connection, index) = self.parts()?;
        let put = index.put_long(connection, key, value).await;
        self.note(put)
    }

    /// The value that [`Tx::index_put_long`] set, with the changes so far.
    pub async fn index_long_value(&mut self, key: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let (connection, index) = self.parts()?;
        let value = index.long_value(connection, key).await;
        self.note(value)
    }

    /// Removes a key from the index; false if it was not there.
    pub async fn index_delete(&mut self, key: &[u8]) -> Result<bool, StoreError> {
        self.keep(|| Step::Delete(key.to_vec()));
        let (connection, index) = self.parts()?;
        let deleted = index.delete(connection, key).await;
        self.note(deleted)
    }

    /// Empties the index, whatever state it is in, to be filled again from signed entries. Its generation goes on from
    /// the highest of `floor` (the one remembered outside the database) and the last one known.
    pub async fn reset_index(&mut self, floor: u64) -> Result<(), StoreError> {
        self.state.index.reset(floor)?;
        self.script.add("DELETE FROM pages");
        self.run_if_long().await
    }

    /// The value of a key of the index, with the changes so far.
    pub async fn index_value(&mut self, key: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let (connection, index) = self.parts()?;
        let value = index.value(connection, key).await;
        self.note(value)
    }

    /// At most `limit` rows of a span of the index, with the changes so far.
    pub async fn index_range(
        &mut self,
        span: &Span,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError> {
        let (connection, index) = self.parts()?;
        let rows = index.range(connection, span, direction, limit).await;
        self.note(rows)
    }

    /// The entry at a place of a ledger, with the changes so far.
    pub async fn entry(&mut self, ledger: &[u8; 32], seq: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.run().await?;
        let (connection, _) = self.parts()?;
        let entry = reads::entry(connection, ledger, seq).await;
        self.note(entry)
    }

    /// At most `limit` entries of a ledger from `seq` (inclusive) on, in order, with the changes so far.
    pub async fn entries_from(
        &mut self,
        ledger: &[u8; 32],
        seq: u64,
        limit: usize,
    ) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        self.run().await?;
        let (connection, _) = self.parts()?;
        let entries = reads::entries_from(connection, ledger, seq, limit).await;
        self.note(entries)
    }

    /// The object of a hash, with the changes so far.
    pub async fn object(&mut self, hash: &[u8; 32]) -> Result<Option<Vec<u8>>, StoreError> {
        self.run().await?;
        let (connection, _) = self.parts()?;
        let object = reads::object(connection, hash).await;
        self.note(object)
    }

    /// A small named value, with the changes so far.
    pub async fn meta(&mut self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.run().await?;
        let (connection, _) = self.parts()?;
        let value = reads::meta(connection, key).await;
        self.note(value)
    }

    /// Makes the change durable. After an error nothing of it is stored.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        if let Some(counter) = self.carried {
            self.put_meta(VIEWS_CARRIED, &counter.to_le_bytes()).await?;
        }
        point!("store.pages.before");
        let Sealed { pages, freed } = self.state.index.seal();
        for (number, bytes) in pages {
            let put =
                "INSERT INTO pages (id, bytes) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET bytes = excluded.bytes";
            self.script.add(put).bind(signed(number)?).bind(bytes);
            self.run_if_long().await?;
        }
        for number in freed {
            self.script.add("DELETE FROM pages WHERE id = ?").bind(signed(number)?);
            self.run_if_long().await?;
        }
        self.script.add("COMMIT");
        point!("store.commit.before");
        self.run().await?;
        point!("store.commit.after");
        self.state.index.settle();
        self.state.unsettled = false;
        if let Some(counter) = self.carried {
            self.views.lock().unwrap_or_else(PoisonError::into_inner).carried(counter);
        }
        Ok(())
    }

    /// Runs what was gathered, if it is much.
    async fn run_if_long(&mut self) -> Result<(), StoreError> {
        if self.script.is_long() { self.run().await.map(drop) } else { Ok(()) }
    }

    /// Runs what was gathered. Answers with how many rows its last statement returned.
    async fn run(&mut self) -> Result<usize, StoreError> {
        let script = std::mem::take(&mut self.script);
        let (connection, _) = self.parts()?;
        let ran = script.run(connection).await;
        self.note(ran)
    }

    fn parts(&mut self) -> Result<(&mut SqliteConnection, &mut Index), StoreError> {
        if self.failed {
            return Err(StoreError::Abandoned);
        }
        // Until the step is known to have ended well: its future may be dropped on the way.
        self.failed = true;
        let State { connection, index, .. } = &mut *self.state;
        Ok((connection, index))
    }

    /// Notes how a step ended. What the index refuses by itself has changed nothing, so the change can go on.
    fn note<T>(&mut self, step: Result<T, StoreError>) -> Result<T, StoreError> {
        self.failed = matches!(step, Err(StoreError::Database(_) | StoreError::DiskFull | StoreError::Corrupted));
        step
    }
}

#[cfg(test)]
impl Tx<'_> {
    /// The connection itself, for tests that change its limits.
    pub(super) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.state.connection
    }
}
