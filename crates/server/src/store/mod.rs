//! The database: SQLite in a folder, or PostgreSQL by URL, with one SQL text for both.
//!
//! Nothing is kept in memory between requests but folds under the hash of the entry that they follow from, which no other
//! replica can make stale; so replicas over one PostgreSQL are interchangeable. Bytes read back are our own; they are decoded
//! as strictly as a stranger's all the same.

mod append;
mod line;
mod mail;
mod read;
mod rows;
mod schema;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{AnyConnection, AnyPool, AssertSqlSafe, Executor};
use vitrine_ledger::{BackendId, EntryHash, LedgerId, MspState};

pub use schema::SCHEMA;

use crate::problem::Problem;
use crate::serve::StartError;

/// Folds of so many MSPs are kept.
const FOLDS: usize = 64;
/// How long a request waits for a connection or for the database's lock.
const PATIENCE: Duration = Duration::from_secs(10);

/// All that is stored.
#[derive(Clone)]
pub(crate) struct Store {
    pool: AnyPool,
    postgres: bool,
    quota_bytes: u64,
    folds: Arc<Mutex<Folds>>,
    lanes: line::Lanes,
}

/// The newest fold of each MSP that was asked for, under the hash of its newest entry. To read one from its bytes takes as
/// long as it is large, and every request needs one.
type Folds = HashMap<LedgerId, (EntryHash, Arc<MspState>)>;

async fn connect(url: &str) -> Result<(AnyPool, bool), sqlx::Error> {
    sqlx::any::install_default_drivers();
    let postgres = !url.starts_with("sqlite:");
    let url = if postgres || url.contains('?') { url.to_owned() } else { format!("{url}?mode=rwc") };
    let options: AnyConnectOptions = url.parse()?;
    let pool = AnyPoolOptions::new()
        .max_connections(16)
        .acquire_timeout(PATIENCE)
        // A file does not go away as a server does.
        .test_before_acquire(postgres)
        .after_connect(move |connection, _| {
            Box::pin(async move {
                if postgres {
                    // A statement that waits longer than its client does only holds locks.
                    connection.execute("SET statement_timeout = '20s'").await?;
                } else {
                    // FULL: an answered append survives a power cut.
                    connection.execute("PRAGMA busy_timeout = 10000").await?;
                    connection.execute("PRAGMA journal_mode = WAL").await?;
                    connection.execute("PRAGMA synchronous = FULL").await?;
                    connection.execute("PRAGMA foreign_keys = ON").await?;
                }
                Ok(())
            })
        })
        .connect_with(options)
        .await?;
    Ok((pool, postgres))
}

impl Store {
    /// Opens the database and brings its tables up to date; replicas that start together wait for each other.
    pub(crate) async fn open(url: &str, quota_bytes: u64, backend: &BackendId) -> Result<Self, StartError> {
        let (pool, postgres) = connect(url).await?;
        schema::migrator(if postgres { "BYTEA" } else { "BLOB" }).run(&pool).await?;
        sqlx::query("INSERT INTO backend (id) SELECT $1 WHERE NOT EXISTS (SELECT 1 FROM backend)")
            .bind(backend.as_bytes().to_vec())
            .execute(&pool)
            .await?;
        let stored: Vec<u8> = sqlx::query_scalar("SELECT id FROM backend").fetch_one(&pool).await?;
        if stored != backend.as_bytes() {
            return Err(StartError::OtherBackend);
        }
        Ok(Self { pool, postgres, quota_bytes, folds: Arc::default(), lanes: line::Lanes::default() })
    }

    /// Whether events of other replicas can be heard.
    pub(crate) fn is_postgres(&self) -> bool {
        self.postgres
    }

    /// Whether the database answers.
    pub(crate) async fn ready(&self) -> Result<(), Problem> {
        sqlx::query("SELECT id FROM backend").fetch_one(&self.pool).await?;
        Ok(())
    }

    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }

    /// The MSP's fold; `None` for one that is not registered.
    pub(crate) async fn msp(&self, msp: &LedgerId) -> Result<Option<Arc<MspState>>, Problem> {
        self.msp_in(&mut *self.pool.acquire().await?, msp).await
    }

    async fn msp_in(&self, connection: &mut AnyConnection, msp: &LedgerId) -> Result<Option<Arc<MspState>>, Problem> {
        let hash: Option<Vec<u8>> = sqlx::query_scalar("SELECT hash FROM ledgers WHERE ledger = $1 AND msp = $1")
            .bind(msp.as_bytes().to_vec())
            .fetch_optional(&mut *connection)
            .await?;
        let Some(hash) = hash else { return Ok(None) };
        let hash = EntryHash::from_bytes(fixed(hash)?);
        let known = self.folds.lock().unwrap_or_else(PoisonError::into_inner).get(msp).cloned();
        if let Some((_, state)) = known.filter(|(known, _)| *known == hash) {
            return Ok(Some(state));
        }
        let state: Vec<u8> = sqlx::query_scalar("SELECT state FROM ledgers WHERE ledger = $1 AND msp = $1")
            .bind(msp.as_bytes().to_vec())
            .fetch_one(connection)
            .await?;
        let state = Arc::new(MspState::decode(&state).map_err(|_| damaged())?);
        self.keep(&state);
        Ok(Some(state))
    }

    /// Keeps a fold for whoever asks next. That of a change which was not stored in the end is asked for by nobody.
    fn keep(&self, state: &Arc<MspState>) {
        let mut folds = self.folds.lock().unwrap_or_else(PoisonError::into_inner);
        if folds.len() >= FOLDS {
            folds.clear();
        }
        folds.insert(state.ledger(), (state.head().hash, Arc::clone(state)));
    }
}

/// What is stored is not what was stored.
fn damaged() -> Problem {
    tracing::error!(kind = "damaged", "database");
    Problem::Database
}

/// Numbers in the database are signed; ours never come near that bound.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> Result<u64, Problem> {
    u64::try_from(number).map_err(|_| damaged())
}

fn fixed<const N: usize>(bytes: Vec<u8>) -> Result<[u8; N], Problem> {
    bytes.try_into().map_err(|_| damaged())
}

/// Copies a SQLite database while it is in use, whole and consistent, into a new file.
///
/// # Errors
/// [`StartError::Backup`] for PostgreSQL, which brings `pg_dump`; [`StartError::Database`] where the file exists or
/// cannot be written.
pub async fn backup(url: &str, file: &Path) -> Result<(), StartError> {
    if !url.starts_with("sqlite:") {
        return Err(StartError::Backup);
    }
    let name = file.to_str().ok_or(StartError::Backup)?.replace('\'', "''");
    let (pool, _) = connect(url).await?;
    pool.execute(sqlx::raw_sql(AssertSqlSafe(format!("VACUUM INTO '{name}'")))).await?;
    pool.close().await;
    Ok(())
}
