//! Everything a device keeps on disk: entries, objects, the sealed index of what it accepted, and view records.
//!
//! The store knows neither plaintext nor keys. Entries are signed, objects and index pages are sealed, and what is
//! stored together becomes durable together: a process killed at any instant leaves the state before or the state
//! after a [`Tx`], never one between.

mod database;
mod error;
mod folder;
mod index;
mod reads;
mod script;
mod staged;
#[cfg(test)]
mod tests;
mod tx;
mod views;

use std::{
    ops::ControlFlow,
    path::Path,
    sync::{Arc, Mutex as BlockingMutex, PoisonError},
};

use sqlx::{Connection, SqliteConnection};
use tokio::sync::{Mutex, MutexGuard};
use zeroize::Zeroizing;

pub use self::{
    error::StoreError,
    index::{Direction, IndexCounts, PageSeal, Row, SEAL_OVERHEAD, Span},
    staged::Arrived,
    tx::{Parked, Tx},
    views::{VIEW_LIMIT, ViewRecord},
};
use self::{folder::Folder, index::Index, views::Views};
use crate::failpoint::point;

/// A stored entry, with its place in the order of arrival.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEntry {
    /// Rises with arrival on this device; not part of the ledger.
    pub arrival: u64,
    /// The ledger it belongs to.
    pub ledger: [u8; 32],
    /// Its place in that ledger.
    pub seq: u64,
    /// The signed bytes.
    pub bytes: Vec<u8>,
}

/// A stored object, with its place in the order of arrival.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredObject {
    /// Rises with arrival on this device.
    pub arrival: u64,
    /// The hash it is addressed by.
    pub hash: [u8; 32],
    /// The sealed bytes.
    pub bytes: Vec<u8>,
}

/// The data folder of one vault on one device, used by this process alone.
///
/// One connection serves everybody in turn: one process at a time writes, and a read takes microseconds.
pub struct Store {
    state: Mutex<State>,
    views: Arc<BlockingMutex<Views>>,
    /// Last, so that the lock of the folder is let go of after the files are closed.
    _folder: Folder,
}

struct State {
    connection: SqliteConnection,
    index: Index,
    /// A transaction began and nobody knows how it ended, because its future was dropped.
    unsettled: bool,
}

impl State {
    /// Ends a transaction that was left open, and forgets what memory knew of it.
    async fn settle(&mut self) -> Result<(), StoreError> {
        if self.unsettled {
            // Fails if there is no transaction: it had ended, or SQLite rolled back by itself, as on a full disk.
            let _ = sqlx::query("ROLLBACK").execute(&mut self.connection).await;
            self.unsettled = false;
            self.index.reload(&mut self.connection).await?;
        }
        Ok(())
    }
}

impl Store {
    /// Opens the store in `folder`, which is made, private to this user, if it is not there.
    pub async fn open(folder: &Path) -> Result<Self, StoreError> {
        let folder = Folder::claim(folder)?;
        let mut connection = database::open(&folder.file("vitrine.db")).await?;
        let carried = match reads::meta(&mut connection, tx::VIEWS_CARRIED).await? {
            Some(bytes) => u64::from_le_bytes(bytes.try_into().map_err(|_| StoreError::Corrupted)?),
            None => 0,
        };
        let views = Views::open(&folder.file("views"), carried)?;
        let state = State { connection, index: Index::default(), unsettled: false };
        Ok(Self { state: Mutex::new(state), views: Arc::new(BlockingMutex::new(views)), _folder: folder })
    }

    /// Folds the journal into the database and closes it. Dropping the store is as safe, and leaves the journal.
    pub async fn close(self) -> Result<(), StoreError> {
        let mut state = self.state.into_inner();
        state.settle().await?;
        state.index.lock();
        Ok(state.connection.close().await?)
    }

    /// Begins a change. Others wait until it is committed or dropped, so nothing slow belongs between.
    pub async fn begin(&self) -> Result<Tx<'_>, StoreError> {
        let mut state = self.state.lock().await;
        state.settle().await?;
        Ok(Tx::begin(state, &self.views))
    }

    // The index

    /// Unlocks the index. [`StoreError::PageDamaged`] means that it has to be rebuilt, for which it is then open:
    /// begin a change, [`Tx::reset_index`], and put everything again.
    ///
    /// A missing index is empty only in a store without entries; otherwise it is damaged.
    pub async fn unlock_index(&self, seal: impl PageSeal + 'static) -> Result<(), StoreError> {
        let mut state = self.state.lock().await;
        state.settle().await?;
        let State { connection, index, .. } = &mut *state;
        index.unlock(connection, Box::new(seal)).await
    }

    /// Drops the seal and every decrypted page, wiped.
    pub async fn lock_index(&self) {
        self.state.lock().await.index.lock();
    }

    /// Rises with every change of the index. A database with a lower one than was seen before is a rollback.
    pub async fn index_generation(&self) -> Result<u64, StoreError> {
        self.settled().await?.index.generation()
    }

    /// Number of rows in the index.
    pub async fn index_len(&self) -> Result<u64, StoreError> {
        self.settled().await?.index.len()
    }

    /// Pages read and written since the unlock.
    pub async fn index_counts(&self) -> IndexCounts {
        self.state.lock().await.index.counts()
    }

    /// The value of a key.
    pub async fn index_value(&self, key: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let mut state = self.settled().await?;
        let State { connection, index, .. } = &mut *state;
        index.value(connection, key).await
    }

    /// A value that [`Tx::index_put_long`] set.
    pub async fn index_long_value(&self, key: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let mut state = self.settled().await?;
        let State { connection, index, .. } = &mut *state;
        index.long_value(connection, key).await
    }

    /// At most `limit` rows of a span.
    pub async fn index_range(&self, span: &Span, direction: Direction, limit: usize) -> Result<Vec<Row>, StoreError> {
        let mut state = self.settled().await?;
        let State { connection, index, .. } = &mut *state;
        index.range(connection, span, direction, limit).await
    }

    /// Shows the rows of a span to `visit` without copying them, until it breaks off. For lists and searches over
    /// everything.
    pub async fn index_scan(
        &self,
        span: &Span,
        direction: Direction,
        visit: impl FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let mut state = self.settled().await?;
        let State { connection, index, .. } = &mut *state;
        index.scan(connection, span, direction, visit).await
    }

    // Entries and objects

    /// The entry at a place of a ledger.
    pub async fn entry(&self, ledger: &[u8; 32], seq: u64) -> Result<Option<Vec<u8>>, StoreError> {
        reads::entry(&mut self.settled().await?.connection, ledger, seq).await
    }

    /// At most `limit` entries of a ledger from `seq` (inclusive) on, in order.
    pub async fn entries_from(
        &self,
        ledger: &[u8; 32],
        seq: u64,
        limit: usize,
    ) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        reads::entries_from(&mut self.settled().await?.connection, ledger, seq, limit).await
    }

    /// The newest place of a ledger that holds an entry.
    pub async fn newest_seq(&self, ledger: &[u8; 32]) -> Result<Option<u64>, StoreError> {
        reads::newest_seq(&mut self.settled().await?.connection, ledger).await
    }

    /// At most `limit` entries of all ledgers that arrived after `arrival` (0: from the first), as they arrived. For
    /// backups, and for rebuilding the index.
    pub async fn entries_by_arrival(&self, arrival: u64, limit: usize) -> Result<Vec<StoredEntry>, StoreError> {
        reads::entries_by_arrival(&mut self.settled().await?.connection, arrival, limit).await
    }

    /// Arrival of the newest entry of all ledgers, 0 if there is none.
    pub async fn newest_arrival(&self) -> Result<u64, StoreError> {
        reads::newest_arrival(&mut self.settled().await?.connection).await
    }

    /// The object of a hash.
    pub async fn object(&self, hash: &[u8; 32]) -> Result<Option<Vec<u8>>, StoreError> {
        reads::object(&mut self.settled().await?.connection, hash).await
    }

    /// At most `limit` objects that arrived after `arrival` (0: from the first), as they arrived. For backups.
    pub async fn objects_by_arrival(&self, arrival: u64, limit: usize) -> Result<Vec<StoredObject>, StoreError> {
        reads::objects_by_arrival(&mut self.settled().await?.connection, arrival, limit).await
    }

    /// A small named value that is not secret: lockbox, settings of the device, cursors.
    pub async fn meta(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        reads::meta(&mut self.settled().await?.connection, key).await
    }

    // View records

    /// Stores a view record and returns when it is durable, on a full disk too. Its counter must be above that of
    /// every record before. Does not wait for a change that is under way.
    pub async fn write_view_record(&self, counter: u64, bytes: Vec<u8>) -> Result<(), StoreError> {
        point!("store.view.before");
        self.with_views(move |views| views.write(counter, &bytes)).await?;
        point!("store.view.after");
        Ok(())
    }

    /// At most `limit` records above `counter` that are still held, in order. Records that were carried may be gone.
    pub async fn view_records_after(&self, counter: u64, limit: usize) -> Result<Vec<ViewRecord>, StoreError> {
        self.with_views(move |views| views.after(counter, limit)).await
    }

    /// Counter of the newest view record of this device, 0 if there was none.
    pub async fn last_view_counter(&self) -> Result<u64, StoreError> {
        self.with_views(|views| Ok(views.last_counter())).await
    }

    /// Works on the slots away from the threads that serve everybody else: it waits for the disk.
    async fn with_views<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Views) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let views = Arc::clone(&self.views);
        let task = tokio::task::spawn_blocking(move || work(&mut views.lock().unwrap_or_else(PoisonError::into_inner)));
        // A task of ours does not panic; one that is cancelled with its runtime has stored nothing it told of.
        task.await.map_err(|_| StoreError::Abandoned)?
    }

    async fn settled(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        let mut state = self.state.lock().await;
        state.settle().await?;
        Ok(state)
    }
}
