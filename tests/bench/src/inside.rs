//! What is measured within one process: a vault of one size is opened, each operation is repeated, medians are printed.

use std::path::Path;
use std::time::Instant;

use anyhow::{Result, anyhow};
use chacha20poly1305::aead::{Aead as _, KeyInit as _};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use sqlx::{ConnectOptions as _, SqliteConnection};
use vitrine_app::api::{AfterView, OrganizationsRequest, RevealRequest, WhichValue};
use vitrine_app::{App, synthetic};
use vitrine_vault::object::{self, Header, ObjectKind};
use vitrine_vault::{Key, Secret, SecretBytes};

use crate::child::{median, quantile, timed};
use crate::vaults::{self, Vault};

const TIMES: usize = 21;
const SEARCHES: usize = 100;
const COMMITS: usize = 100;
/// Objects that are opened in one go: 8 MiB of them.
const OBJECTS: usize = 8_192;

/// Medians in seconds.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Inside {
    /// From the derived key to the first 50 rows.
    pub(crate) first_page: f64,
    /// One password shown, its record durable.
    pub(crate) reveal: f64,
    /// One password stored, durable.
    pub(crate) rotate: f64,
    /// One insert of 512 bytes into a database of its own in the same folder, durable (WAL, FULL).
    pub(crate) commit: f64,
    /// A search from filter to page.
    pub(crate) search: f64,
    /// The same, slowest of a hundred.
    pub(crate) search_p99: f64,
    /// All rows of the list, page after page.
    pub(crate) list: f64,
}

/// An operation in words, and which figure is its.
pub(crate) type Operation = (&'static str, fn(&Inside) -> f64);

/// Measures one vault.
pub(crate) async fn measure(vault: &Vault) -> Result<Inside> {
    let app = vaults::open(vault).await?;
    let mut bare = bare(&vault.folder).await?;
    let (mut first_page, mut reveal, mut rotate, mut commit) = (vec![], vec![], vec![], vec![]);
    for _ in 0..TIMES {
        let start = Instant::now();
        synthetic::reopen(&app, 50).await?;
        first_page.push(start.elapsed().as_secs_f64());
        let start = Instant::now();
        show(&app, vault).await?;
        reveal.push(start.elapsed().as_secs_f64());
        for _ in 0..COMMITS / TIMES {
            let start = Instant::now();
            sqlx::query("INSERT INTO bare (bytes) VALUES (randomblob(512))").execute(&mut bare).await?;
            commit.push(start.elapsed().as_secs_f64());
            let start = Instant::now();
            synthetic::rotate(&app, &vault.place(), 1).await?;
            rotate.push(start.elapsed().as_secs_f64());
        }
    }
    let mut search = vec![];
    for number in 0..u32::try_from(SEARCHES)? {
        let filter = format!("tion {:05}", number.wrapping_mul(7_919) % vault.organizations.max(1) / 10);
        search.push(rows(&app, OrganizationsRequest { filter, limit: 50, ..OrganizationsRequest::default() }).await?.0);
    }
    let mut list = vec![];
    for _ in 0..3 {
        let (start, mut offset) = (Instant::now(), 0);
        loop {
            let request = OrganizationsRequest { offset, limit: 500, ..OrganizationsRequest::default() };
            let (_, read) = rows(&app, request).await?;
            if read == 0 {
                break;
            }
            offset += read;
        }
        list.push(start.elapsed().as_secs_f64());
    }
    app.shut_down();
    Ok(Inside {
        first_page: median(&first_page),
        reveal: median(&reveal),
        rotate: median(&rotate),
        commit: median(&commit),
        search: median(&search),
        search_p99: quantile(&search, 99),
        list: median(&list),
    })
}

async fn rows(app: &App, request: OrganizationsRequest) -> Result<(f64, u32)> {
    let start = Instant::now();
    let view = app.call(request).await.map_err(|error| anyhow!("{}", error.what))?;
    Ok((start.elapsed().as_secs_f64(), u32::try_from(view.rows.len())?))
}

async fn show(app: &App, vault: &Vault) -> Result<()> {
    let request = RevealRequest {
        organization: vault.organization.clone(),
        account: vault.account.clone(),
        which: WhichValue::Current,
        reason: "measured".into(),
        then: AfterView::Keep,
    };
    app.call(request).await.map(drop).map_err(|error| anyhow!("{}", error.what))
}

/// A database that does nothing but commit: what this machine's disk allows.
async fn bare(folder: &Path) -> Result<SqliteConnection> {
    use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteLockingMode, SqliteSynchronous};
    let options = SqliteConnectOptions::new()
        .filename(folder.join("bare.db"))
        .create_if_missing(true)
        .locking_mode(SqliteLockingMode::Exclusive)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .disable_statement_logging();
    let mut database = options.connect().await?;
    sqlx::query("CREATE TABLE IF NOT EXISTS bare (id INTEGER PRIMARY KEY, bytes BLOB)").execute(&mut database).await?;
    Ok(database)
}

/// Seconds to open every object, and to open as many ciphertexts of the same size by the bare cipher, keys set up anew
/// for each on both sides.
pub(crate) fn open_all() -> Result<(f64, f64)> {
    let header = |counter| Header {
        suite: vitrine_vault::SUITE,
        kind: ObjectKind::Account,
        ledger: [1; 32],
        item: [2; 16],
        version: counter,
        epoch: 1,
        author: [3; 16],
        counter,
        schema: 1,
    };
    let key: Key = Secret::new([7; 32]);
    let item = SecretBytes::new(vec![5; 512]);
    let mut random = rng();
    let mut objects = Vec::with_capacity(OBJECTS);
    for counter in 1..=u64::try_from(OBJECTS)? {
        objects.push((header(counter), object::seal(&header(counter), &item, &key, &mut random)?));
    }
    let (nonce, plain) = (XNonce::from([9; 24]), vec![5; objects.first().map_or(0, |(_, bytes)| bytes.len())]);
    let cipher = XChaCha20Poly1305::new(&[7; 32].into());
    let sealed = cipher.encrypt(&nonce, plain.as_slice()).map_err(|_| anyhow!("the bare cipher refused"))?;
    let (mut ours, mut bare) = (vec![], vec![]);
    for _ in 0..7 {
        ours.push(
            timed(|| objects.iter().filter(|(header, bytes)| object::open(bytes, header, &key).is_ok()).count()).0,
        );
        bare.push(
            timed(|| {
                (0..OBJECTS)
                    .filter(|_| XChaCha20Poly1305::new(&[7; 32].into()).decrypt(&nonce, sealed.as_slice()).is_ok())
                    .count()
            })
            .0,
        );
    }
    Ok((median(&ours), median(&bare)))
}

/// Randomness of the operating system.
pub(crate) fn rng() -> impl rand_core::CryptoRng {
    rand_core::UnwrapErr(rand::rngs::SysRng)
}
