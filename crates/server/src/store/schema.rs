//! Every table and column. This is all that the backend can learn; a test compares it with the sentence of the design.
//!
//! One text for both databases: `BYTES` stands for the type that each of them has for byte strings. A migration is never
//! edited once released; the next one is added below it.

use std::borrow::Cow;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, SqlSafeStr};

/// The migrations, oldest first: a name and its statements.
pub const SCHEMA: &[(&str, &str)] = &[(
    "ledgers",
    "
    CREATE TABLE backend (
        id BYTES PRIMARY KEY
    );

    -- One row a vault. Appending begins by locking it, which gives every vault one order.
    CREATE TABLE msps (
        msp BYTES PRIMARY KEY,
        cursor BIGINT NOT NULL,
        bytes BIGINT NOT NULL
    );

    -- `state` is the fold of the entries, and follows from them.
    CREATE TABLE ledgers (
        ledger BYTES PRIMARY KEY,
        msp BYTES NOT NULL REFERENCES msps (msp),
        cursor BIGINT NOT NULL,
        seq BIGINT NOT NULL,
        hash BYTES NOT NULL,
        state BYTES NOT NULL,
        UNIQUE (msp, cursor)
    );

    CREATE TABLE entries (
        ledger BYTES NOT NULL REFERENCES ledgers (ledger),
        seq BIGINT NOT NULL,
        hash BYTES NOT NULL,
        entry BYTES NOT NULL,
        PRIMARY KEY (ledger, seq)
    );

    -- `released_ms` is when no item named the object any more; 0 while one does.
    CREATE TABLE objects (
        ledger BYTES NOT NULL REFERENCES ledgers (ledger),
        hash BYTES NOT NULL,
        object BYTES NOT NULL,
        released_ms BIGINT NOT NULL,
        PRIMARY KEY (ledger, hash)
    );
    CREATE INDEX objects_released ON objects (released_ms) WHERE released_ms > 0;

    -- `locator` is the hash of the address. An empty `answer` is none yet.
    CREATE TABLE invitations (
        locator BYTES PRIMARY KEY,
        msp BYTES NOT NULL REFERENCES msps (msp),
        expires_ms BIGINT NOT NULL,
        letter BYTES NOT NULL,
        answer BYTES NOT NULL
    );

    CREATE TABLE enrolments (
        msp BYTES NOT NULL REFERENCES msps (msp),
        member BYTES NOT NULL,
        locator BYTES NOT NULL UNIQUE,
        blob BYTES NOT NULL,
        written_s BIGINT NOT NULL,
        PRIMARY KEY (msp, member)
    );
    ",
)];

pub(super) fn migrator(bytes: &str) -> Migrator {
    let migrations = (1..).zip(SCHEMA).map(|(version, (name, text))| {
        let sql = AssertSqlSafe(text.replace("BYTES", bytes)).into_sql_str();
        Migration::new(version, Cow::Borrowed(*name), MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(migrations.collect())
}
