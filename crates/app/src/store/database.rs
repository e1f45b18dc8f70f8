//! The SQLite file: how it is opened, and how its layout is brought up to date.

use std::{path::Path, str::FromStr, time::Duration};

use sqlx::{
    ConnectOptions, Connection, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteLockingMode, SqliteSynchronous},
};

use super::{StoreError, folder::private_file};
use crate::failpoint::point;

/// Marks the file as ours (`VITR`): <https://www.sqlite.org/pragma.html#pragma_application_id>.
const APPLICATION_ID: i64 = 0x5649_5452;

/// Every layout there was, oldest first; `user_version` counts those applied.
const MIGRATIONS: [&str; 2] =
    [include_str!("../../migrations/0001_first.sql"), include_str!("../../migrations/0002_staged.sql")];

/// Opens the database, made if need be, in the newest layout.
pub(super) async fn open(path: &Path) -> Result<SqliteConnection, StoreError> {
    private_file(path)?;
    let mut connection = options(path)?.connect().await.map_err(|error| at(path, error))?;
    migrate(&mut connection).await?;
    Ok(connection)
}

/// One process at a time makes one connection enough, and exclusive locking then needs no shared memory file. What was
/// deleted is overwritten, temporary tables never reach the disk, and a commit is durable when it returns.
fn options(path: &Path) -> Result<SqliteConnectOptions, StoreError> {
    let options = SqliteConnectOptions::from_str("sqlite:")?
        .filename(path)
        .page_size(8192)
        .locking_mode(SqliteLockingMode::Exclusive)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .pragma("secure_delete", "ON")
        .pragma("temp_store", "MEMORY")
        .pragma("trusted_schema", "OFF")
        .pragma("cell_size_check", "ON")
        // 4 MiB of journal before it is folded back, so that the file on disk stays near the size of its content.
        .pragma("wal_autocheckpoint", "512")
        .pragma("journal_size_limit", "8388608")
        .disable_statement_logging();
    Ok(options)
}

async fn migrate(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let known = signed(MIGRATIONS.len() as u64)?;
    let found: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *connection).await?;
    let application: i64 = sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut *connection).await?;
    let empty: bool =
        sqlx::query_scalar("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)").fetch_one(&mut *connection).await?;
    if application != APPLICATION_ID && !(empty && application == 0 && found == 0) {
        return Err(StoreError::Foreign);
    }
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    let applied = usize::try_from(found).map_err(|_| StoreError::Corrupted)?;
    for (number, migration) in MIGRATIONS.iter().enumerate().skip(applied) {
        let mut change = connection.begin().await?;
        sqlx::raw_sql(*migration).execute(&mut *change).await?;
        // Pragmas take no bound values.
        let mark = format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {}", number + 1);
        sqlx::raw_sql(sqlx::AssertSqlSafe(mark)).execute(&mut *change).await?;
        point!("store.migrate.before");
        change.commit().await?;
        point!("store.migrate.after");
    }
    Ok(())
}

/// Names the file where SQLite could not open or write it.
fn at(path: &Path, error: sqlx::Error) -> StoreError {
    let primary = error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok()).map(|code| code & 0xff);
    match primary {
        Some(3 | 8 | 14) => StoreError::Unwritable { path: path.to_owned() },
        _ => error.into(),
    }
}

/// SQLite's integers are signed.
pub(super) fn signed(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| StoreError::OutOfRange)
}

/// A number that [`signed`] wrote; anything below zero was not written by us.
pub(super) fn unsigned(number: i64) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|_| StoreError::Corrupted)
}
