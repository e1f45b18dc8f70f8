//! Synthetic vaults: made once into a folder that outlives the run, because the largest takes minutes.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use vitrine_app::api::{CreateVaultRequest, EdgeSecret, UnlockRequest};
use vitrine_app::synthetic::{self, Place};
use vitrine_app::{App, Clock, Config, Headless, Keychain, KeychainError, Options, SystemClock};
use vitrine_vault::{KdfParams, SecretText};

/// Opens every synthetic vault. There is nothing in them.
pub(crate) const PASSPHRASE: &str = "correct horse battery staple of the benchmark";

/// Where a vault lies, and one account in its middle.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Vault {
    pub(crate) folder: PathBuf,
    pub(crate) organizations: u32,
    pub(crate) organization: String,
    pub(crate) account: String,
}

impl Vault {
    /// The account in its middle.
    pub(crate) fn place(&self) -> Place {
        Place { organization: self.organization.clone(), account: self.account.clone() }
    }
}

/// Reads what an earlier run made.
pub(crate) fn known(folder: &Path) -> Option<Vault> {
    serde_json::from_slice(&fs::read(folder.join("bench.json")).ok()?).ok()
}

/// Makes a vault, its accounts rotated `rotations` times more.
pub(crate) async fn prepare(folder: &Path, organizations: u32, accounts: u8, rotations: u32) -> Result<()> {
    let (app, vault) = make(folder, organizations, accounts, rotations).await?;
    app.shut_down();
    fs::write(folder.join("bench.json"), serde_json::to_vec(&vault)?)?;
    Ok(())
}

pub(crate) async fn make(folder: &Path, organizations: u32, accounts: u8, rotations: u32) -> Result<(App, Vault)> {
    let app = create(folder, None).await?;
    let place = synthetic::fill(&app, 0, organizations, accounts).await?;
    let place = place.unwrap_or(Place { organization: String::new(), account: String::new() });
    for _ in 0..rotations {
        synthetic::rotate(&app, &place, 1).await?;
    }
    let Place { organization, account } = place;
    Ok((app, Vault { folder: folder.to_owned(), organizations, organization, account }))
}

/// An empty vault. One with a cloud, by the addresses of its sign-in and of Graph and how many places rotate it, lives
/// by the machine's clock.
pub(crate) async fn create(folder: &Path, cloud: Option<(&str, &str, u32)>) -> Result<App> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    let mut options = options(folder)?;
    if let Some((login, graph, places)) = cloud {
        let environment = |name: &str| match name {
            "VITRINE_SIMULATED" => Some("1".to_owned()),
            "VITRINE_CLOUD_LOGIN" => Some(login.to_owned()),
            "VITRINE_CLOUD_GRAPH" => Some(graph.to_owned()),
            "VITRINE_ROTATION_PLACES" => Some(places.to_string()),
            _ => None,
        };
        options.config = Config::load_from(folder.to_owned(), environment)?;
        options.config.kdf = KdfParams::FLOOR;
        options.clock = Arc::new(SystemClock);
    }
    let app = App::open(options, Headless).await?;
    found(&app).await?;
    Ok(app)
}

/// The application over an empty folder, by this machine's clock: what is signed for a backend has to be of now.
pub(crate) async fn living(folder: &Path) -> Result<App> {
    fs::create_dir_all(folder)?;
    let options = Options { clock: Arc::new(SystemClock), ..options(folder)? };
    Ok(App::open(options, Headless).await?)
}

/// Makes a vault.
pub(crate) async fn found(app: &App) -> Result<()> {
    let request = CreateVaultRequest {
        msp_name: "Contoso Support".into(),
        person_name: "Ada Lovelace".into(),
        passphrase: passphrase(),
        accept_file_fallback: true,
    };
    app.call(request).await.map(drop).map_err(|error| anyhow::anyhow!("{}", error.what))
}

/// Opens a vault in this process.
pub(crate) async fn open(vault: &Vault) -> Result<App> {
    let app = App::open(options(&vault.folder)?, Headless).await?;
    app.call(UnlockRequest { passphrase: passphrase() }).await.map_err(|error| anyhow::anyhow!("{}", error.what))?;
    Ok(app)
}

/// Bytes of the database, its journal folded in first.
pub(crate) async fn size(folder: &Path) -> Result<u64> {
    use sqlx::{ConnectOptions as _, Connection as _};
    let path = folder.join("vitrine.db");
    let mut database = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).connect().await?;
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut database).await?;
    database.close().await?;
    Ok(fs::metadata(&path).with_context(|| path.display().to_string())?.len())
}

fn passphrase() -> EdgeSecret {
    EdgeSecret(SecretText::new(PASSPHRASE.to_owned()))
}

fn options(folder: &Path) -> Result<Options> {
    let mut config = Config::load_from(folder.to_owned(), |_| None)?;
    config.kdf = KdfParams::FLOOR;
    Ok(Options { config, keychain: Arc::new(Absent), clock: Arc::new(Hurried::default()) })
}

/// No keychain, so that the device secret lies in the vault's folder and nobody's keychain is touched.
struct Absent;

impl Keychain for Absent {
    fn read(&self, _name: &str) -> Result<Option<Vec<u8>>, KeychainError> {
        Err(KeychainError("none".into()))
    }

    fn write(&self, _name: &str, _value: &[u8]) -> Result<(), KeychainError> {
        Err(KeychainError("none".into()))
    }

    fn forget(&self, _name: &str) -> Result<(), KeychainError> {
        Err(KeychainError("none".into()))
    }
}

/// A clock by which a minute passes at each look: only so many secrets may be shown in one.
#[derive(Default)]
struct Hurried(AtomicU64);

impl Clock for Hurried {
    fn now_ms(&self) -> u64 {
        SystemClock.now_ms()
    }

    fn steady_ms(&self) -> u64 {
        self.0.fetch_add(61_000, Ordering::Relaxed)
    }
}

/// The words of a number of organizations that a folder is named by.
pub(crate) fn folder(cache: &Path, organizations: u32, accounts: u8, rotations: u32) -> Result<PathBuf> {
    if organizations == 0 {
        bail!("a vault without organizations measures nothing");
    }
    Ok(cache.join(format!("vault-3-{organizations}-{accounts}-{rotations}")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
    use super::*;
    use vitrine_app::api::{AddOrganizationRequest, AfterView, OrganizationsRequest, RevealRequest, WhichValue};

    async fn vault(organizations: u32) -> (tempfile::TempDir, App) {
        let folder = tempfile::tempdir().unwrap();
        let (app, _) = make(&folder.path().join("vault"), organizations, 2, 0).await.unwrap();
        (folder, app)
    }

    async fn page(app: &App, offset: u32, descending: bool) -> Vec<String> {
        let request = OrganizationsRequest { offset, limit: 7, descending, ..OrganizationsRequest::default() };
        app.call(request).await.unwrap().rows.into_iter().map(|row| row.name).collect()
    }

    #[tokio::test]
    async fn a_list_read_page_by_page_shows_every_row_once_in_both_orders_and_after_a_change() {
        let (_folder, app) = vault(25).await;
        let all: Vec<String> = (0..25).map(crate::peers::title).collect();
        for descending in [false, true] {
            let mut read = vec![];
            for offset in [0, 7, 14, 21] {
                read.extend(page(&app, offset, descending).await);
            }
            if descending {
                read.reverse();
            }
            assert_eq!(read, all);
            assert!(page(&app, 25, descending).await.is_empty());
        }
        // What comes before the next page grew by one row, so the place that the last page ended at no longer counts.
        assert_eq!(page(&app, 0, false).await, all[..7]);
        let added = AddOrganizationRequest { name: "A first one".into(), notes: String::new(), team: None };
        app.call(added).await.unwrap();
        assert_eq!(page(&app, 7, false).await, all[6..13]);
        app.shut_down();
    }

    #[tokio::test]
    async fn more_views_than_one_entry_holds_are_all_carried_into_the_ledger() {
        let folder = tempfile::tempdir().unwrap();
        let (app, vault) = make(&folder.path().join("vault"), 1, 2, 0).await.unwrap();
        for _ in 0..30 {
            let request = RevealRequest {
                organization: vault.organization.clone(),
                account: vault.account.clone(),
                which: WhichValue::Current,
                reason: "counted".into(),
                then: AfterView::Keep,
            };
            app.call(request).await.map(drop).unwrap();
        }
        app.close().await;
        let entries = entries_of_the_newest(&vault.folder).await;
        // Genesis, epoch, profile, connection, profile, two accounts; then the records in two entries.
        assert_eq!(entries, 7 + 2);
    }

    /// Entries of the newest ledger, read past the application.
    async fn entries_of_the_newest(folder: &Path) -> i64 {
        use sqlx::ConnectOptions as _;
        let path = folder.join("vitrine.db");
        let mut database = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
        let newest = "SELECT count(*) FROM entries WHERE ledger = (SELECT max(id) FROM ledgers)";
        sqlx::query_scalar(newest).fetch_one(&mut database).await.unwrap()
    }

    #[tokio::test]
    async fn a_synthetic_vault_opens_again_and_shows_what_it_counts() {
        let (_folder, app) = vault(3).await;
        let view = synthetic::reopen(&app, 50).await.unwrap();
        assert_eq!(view.counts.total, 3);
        assert_eq!(view.counts.healthy, 3);
        assert!(view.rows.iter().all(|row| row.accounts == 2));
        app.shut_down();
    }
}
