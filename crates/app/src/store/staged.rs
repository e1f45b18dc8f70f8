//! What arrived while the vault was locked: kept as it came, judged by nobody yet, and in no ledger until somebody who can judge
//! took it.

use super::{Store, StoreError, database::signed, database::unsigned};
use sqlx::Connection;

/// Entries by ledger and place, and objects by hash, as they arrived.
#[derive(Default)]
pub struct Arrived {
    /// Ledger, place, signed bytes.
    pub entries: Vec<([u8; 32], u64, Vec<u8>)>,
    /// Hash, sealed bytes.
    pub objects: Vec<([u8; 32], Vec<u8>)>,
}

impl Store {
    /// Lays beside the store what arrived. What is there already stays as it is.
    pub async fn stage(&self, arrived: &Arrived) -> Result<(), StoreError> {
        let mut state = self.settled().await?;
        let mut change = state.connection.begin().await?;
        for (ledger, seq, bytes) in &arrived.entries {
            let query = sqlx::query("INSERT OR IGNORE INTO staged_entries (ledger, seq, bytes) VALUES (?, ?, ?)");
            query.bind(&ledger[..]).bind(signed(*seq)?).bind(bytes).execute(&mut *change).await?;
        }
        for (hash, bytes) in &arrived.objects {
            let query = sqlx::query("INSERT OR IGNORE INTO staged_objects (hash, bytes) VALUES (?, ?)");
            query.bind(&hash[..]).bind(bytes).execute(&mut *change).await?;
        }
        Ok(change.commit().await?)
    }

    /// The ledgers of which something lies there.
    pub async fn staged_ledgers(&self) -> Result<Vec<[u8; 32]>, StoreError> {
        let query = sqlx::query_scalar::<_, Vec<u8>>("SELECT DISTINCT ledger FROM staged_entries");
        let ledgers = query.fetch_all(&mut self.settled().await?.connection).await?;
        ledgers.into_iter().map(|ledger| ledger.try_into().map_err(|_| StoreError::Corrupted)).collect()
    }

    /// The entries of a ledger that lie there, from `seq` (inclusive) on, in order.
    pub async fn staged_entries(&self, ledger: &[u8; 32], seq: u64) -> Result<Vec<Vec<u8>>, StoreError> {
        let query = sqlx::query_scalar("SELECT bytes FROM staged_entries WHERE ledger = ? AND seq >= ? ORDER BY seq");
        let query = query.bind(&ledger[..]).bind(signed(seq)?);
        Ok(query.fetch_all(&mut self.settled().await?.connection).await?)
    }

    /// The newest place of a ledger of which an entry lies there.
    pub async fn newest_staged(&self, ledger: &[u8; 32]) -> Result<Option<u64>, StoreError> {
        let query = sqlx::query_scalar::<_, Option<i64>>("SELECT max(seq) FROM staged_entries WHERE ledger = ?");
        let newest = query.bind(&ledger[..]).fetch_one(&mut self.settled().await?.connection).await?;
        newest.map(unsigned).transpose()
    }

    /// The object of a hash, if it lies there.
    pub async fn staged_object(&self, hash: &[u8; 32]) -> Result<Option<Vec<u8>>, StoreError> {
        let query = sqlx::query_scalar("SELECT bytes FROM staged_objects WHERE hash = ?").bind(&hash[..]);
        Ok(query.fetch_optional(&mut self.settled().await?.connection).await?)
    }

    /// How many bytes lie there.
    pub async fn staged_size(&self) -> Result<u64, StoreError> {
        let query = sqlx::query_scalar::<_, i64>(
            "SELECT coalesce((SELECT sum(length(bytes)) FROM staged_entries), 0) \
             + coalesce((SELECT sum(length(bytes)) FROM staged_objects), 0)",
        );
        unsigned(query.fetch_one(&mut self.settled().await?.connection).await?)
    }

    /// Throws all of it away.
    pub async fn unstage(&self) -> Result<(), StoreError> {
        let mut state = self.settled().await?;
        let mut change = state.connection.begin().await?;
        for statement in ["DELETE FROM staged_entries", "DELETE FROM staged_objects"] {
            sqlx::query(statement).execute(&mut *change).await?;
        }
        Ok(change.commit().await?)
    }
}
