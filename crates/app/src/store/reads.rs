//! What is read from the database as it is, by the store and within a change.

use sqlx::SqliteConnection;

use super::{
    StoreError, StoredEntry, StoredObject,
    database::{signed, unsigned},
};

pub(super) async fn entry(
    connection: &mut SqliteConnection,
    ledger: &[u8; 32],
    seq: u64,
) -> Result<Option<Vec<u8>>, StoreError> {
    let query = sqlx::query_scalar(
        "SELECT entries.bytes FROM entries JOIN ledgers ON ledgers.id = entries.ledger \
         WHERE ledgers.ledger = ? AND entries.seq = ?",
    );
    Ok(query.bind(ledger.as_slice()).bind(signed(seq)?).fetch_optional(connection).await?)
}

pub(super) async fn entries_from(
    connection: &mut SqliteConnection,
    ledger: &[u8; 32],
    seq: u64,
    limit: usize,
) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
    let query = sqlx::query_as::<_, (i64, Vec<u8>)>(
        "SELECT entries.seq, entries.bytes FROM entries JOIN ledgers ON ledgers.id = entries.ledger \
         WHERE ledgers.ledger = ? AND entries.seq >= ? ORDER BY entries.seq LIMIT ?",
    );
    let query = query.bind(ledger.as_slice()).bind(signed(seq)?).bind(at_most(limit));
    let rows = query.fetch_all(connection).await?;
    rows.into_iter().map(|(seq, bytes)| Ok((unsigned(seq)?, bytes))).collect()
}

pub(super) async fn newest_seq(
    connection: &mut SqliteConnection,
    ledger: &[u8; 32],
) -> Result<Option<u64>, StoreError> {
    let query = sqlx::query_scalar::<_, Option<i64>>(
        "SELECT max(seq) FROM entries WHERE ledger = (SELECT id FROM ledgers WHERE ledger = ?)",
    );
    query.bind(ledger.as_slice()).fetch_one(connection).await?.map(unsigned).transpose()
}

pub(super) async fn entries_by_arrival(
    connection: &mut SqliteConnection,
    arrival: u64,
    limit: usize,
) -> Result<Vec<StoredEntry>, StoreError> {
    let query = sqlx::query_as::<_, (i64, Vec<u8>, i64, Vec<u8>)>(
        "SELECT entries.id, ledgers.ledger, entries.seq, entries.bytes \
         FROM entries JOIN ledgers ON ledgers.id = entries.ledger \
         WHERE entries.id > ? ORDER BY entries.id LIMIT ?",
    );
    let rows = query.bind(signed(arrival)?).bind(at_most(limit)).fetch_all(connection).await?;
    let read = |(arrival, ledger, seq, bytes)| {
        Ok(StoredEntry { arrival: unsigned(arrival)?, ledger: hash_of(ledger)?, seq: unsigned(seq)?, bytes })
    };
    rows.into_iter().map(read).collect()
}

pub(super) async fn newest_arrival(connection: &mut SqliteConnection) -> Result<u64, StoreError> {
    let newest = sqlx::query_scalar::<_, Option<i64>>("SELECT max(id) FROM entries").fetch_one(connection).await?;
    newest.map_or(Ok(0), unsigned)
}

pub(super) async fn object(connection: &mut SqliteConnection, hash: &[u8; 32]) -> Result<Option<Vec<u8>>, StoreError> {
    let query = sqlx::query_scalar("SELECT bytes FROM objects WHERE hash = ?");
    Ok(query.bind(hash.as_slice()).fetch_optional(connection).await?)
}

pub(super) async fn objects_by_arrival(
    connection: &mut SqliteConnection,
    arrival: u64,
    limit: usize,
) -> Result<Vec<StoredObject>, StoreError> {
    let query = sqlx::query_as::<_, (i64, Vec<u8>, Vec<u8>)>(
        "SELECT id, hash, bytes FROM objects WHERE id > ? ORDER BY id LIMIT ?",
    );
    let rows = query.bind(signed(arrival)?).bind(at_most(limit)).fetch_all(connection).await?;
    let read = |(arrival, hash, bytes)| Ok(StoredObject { arrival: unsigned(arrival)?, hash: hash_of(hash)?, bytes });
    rows.into_iter().map(read).collect()
}

pub(super) async fn meta(connection: &mut SqliteConnection, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(sqlx::query_scalar("SELECT value FROM meta WHERE key = ?").bind(key).fetch_optional(connection).await?)
}

fn at_most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn hash_of(bytes: Vec<u8>) -> Result<[u8; 32], StoreError> {
    bytes.try_into().map_err(|_| StoreError::Corrupted)
}
