//! Use cases over a real database, with a clock and a keychain that a test holds in its hands.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod attention;
mod audit;
mod devices;
mod index;
mod lists;
mod opening;
mod past;
mod quick;
mod rotation;
mod schedule;
mod teams;
pub(crate) mod three;
mod webhook;

use crate::api::*;
use crate::journal::Change;
use crate::records::{self, Account, Laps, Phase as Stands, Tenant};
use crate::{App, Clock, Config, Headless, Keychain, KeychainError, Options};
use crate::{accounts, certificates, organizations, own, rotate, vault};
use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use vitrine_entra::certificate::make_certificate;
use vitrine_entra::pace::{Cost, Heard, Outcome, Pacing};
use vitrine_entra::{Priority, TenantId};
use vitrine_vault::items::{
    AccountItem, Attention, Candidate, CandidateState, Claim, ConnectionItem, Credential, Origin, StoredCertificate,
};
use vitrine_vault::{KdfParams, SecretBytes, SecretText};

const PASSPHRASE: &str = "tundra walnut orbit glacier pepper lantern";
const HOUR: u64 = 3600 * 1000;
const DAY: u64 = 24 * HOUR;
const YEAR: u64 = 365 * DAY;
/// 2027-03-27, 00:00 UTC; in the night that follows, clocks in Zurich go from 02:00 to 03:00.
const SPRING: u64 = 1_806_105_600_000;

/// An organization of which nothing is known.
pub(crate) fn plain_row() -> records::Organization {
    records::Organization {
        state: Vec::new(),
        name: "Contoso".into(),
        notes: String::new(),
        tags: Vec::new(),
        tenant: None,
        laps: None,
        accounts: Vec::new(),
        checks: Vec::new(),
        problems: Vec::new(),
        strangers: Vec::new(),
        kept: Vec::new(),
        compared: None,
        look_at: None,
        connection_item: None,
        organization_item: [0; 16],
    }
}

/// A clock that stands still until it is told otherwise; in the second place, how far the wall clock was set ahead, in
/// the third, how often somebody looked.
struct Hand(AtomicU64, AtomicI64, AtomicU64);

impl Clock for Hand {
    fn now_ms(&self) -> u64 {
        self.steady_ms().saturating_add_signed(self.1.load(Ordering::SeqCst))
    }

    fn steady_ms(&self) -> u64 {
        self.2.fetch_add(1, Ordering::SeqCst);
        self.0.load(Ordering::SeqCst)
    }
}

/// A keychain in memory, or none.
#[derive(Default)]
struct Ring {
    held: Mutex<HashMap<String, Vec<u8>>>,
    absent: bool,
}

impl Ring {
    fn open(&self) -> Result<std::sync::MutexGuard<'_, HashMap<String, Vec<u8>>>, KeychainError> {
        if self.absent { Err(KeychainError("none".into())) } else { Ok(self.held.lock().unwrap()) }
    }
}

impl Keychain for Ring {
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, KeychainError> {
        Ok(self.open()?.get(name).cloned())
    }

    fn write(&self, name: &str, value: &[u8]) -> Result<(), KeychainError> {
        self.open()?.insert(name.to_owned(), value.to_vec());
        Ok(())
    }

    fn forget(&self, name: &str) -> Result<(), KeychainError> {
        self.open()?.remove(name);
        Ok(())
    }
}

/// A machine: its disk, clock and keychain outlive each start of the program.
struct Machine {
    disk: TempDir,
    clock: Arc<Hand>,
    ring: Arc<Ring>,
}

impl Machine {
    fn new() -> Self {
        let clock = Arc::new(Hand(AtomicU64::new(1_800_000_000_000), AtomicI64::new(0), AtomicU64::new(0)));
        Self { disk: tempfile::tempdir().unwrap(), clock, ring: Arc::default() }
    }

    fn without_keychain() -> Self {
        Self { ring: Arc::new(Ring { absent: true, ..Ring::default() }), ..Self::new() }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.disk.path().join(name)
    }

    /// Starts the program.
    async fn start(&self) -> App {
        let mut config = Config::load_from(self.path("vault"), |_| None).unwrap();
        config.kdf = KdfParams::FLOOR;
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            let options = Options { config: config.clone(), keychain: self.ring.clone(), clock: self.clock.clone() };
            match App::open(options, Headless).await {
                // The one before is being dropped, on another thread.
                Err(error) if error.code() == "store.in-use" && Instant::now() < end => {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                opened => return opened.unwrap(),
            }
        }
    }

    /// Starts it with a new vault.
    async fn create(&self) -> App {
        let app = self.start().await;
        let request = CreateVaultRequest {
            msp_name: "Northern Lights IT".into(),
            person_name: "Ada Byron".into(),
            passphrase: secret(PASSPHRASE),
            accept_file_fallback: true,
        };
        app.call(request).await.unwrap();
        app
    }

    async fn unlocked(&self) -> App {
        let app = self.start().await;
        unlock(&app, PASSPHRASE).await.unwrap();
        app
    }

    fn passes(&self, ms: u64) {
        self.clock.0.fetch_add(ms, Ordering::SeqCst);
    }

    /// Somebody sets the wall clock.
    fn jumps(&self, ms: i64) {
        self.clock.1.fetch_add(ms, Ordering::SeqCst);
    }

    /// Time passes until this moment.
    fn comes_to(&self, at: u64) {
        self.passes(at - self.clock.now_ms());
    }
}

fn secret(text: &str) -> EdgeSecret {
    EdgeSecret(SecretText::new(text.to_owned()))
}

async fn unlock(app: &App, passphrase: &str) -> Result<StatusView, ErrorView> {
    app.call(UnlockRequest { passphrase: secret(passphrase) }).await
}

/// Ends the program as a power cut does: nothing is finished.
async fn cut(app: App) {
    app.shut_down();
    let (inner, end) = (Arc::downgrade(&app.inner), Instant::now() + Duration::from_secs(30));
    drop(app);
    // The tasks that held a share are gone at their next wait; the folder is free once the last is.
    while inner.strong_count() > 0 {
        assert!(Instant::now() < end, "something still holds the data folder");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn add(app: &App, name: &str) -> OrganizationView {
    app.call(AddOrganizationRequest { name: name.into(), notes: String::new(), team: None }).await.unwrap()
}

async fn backup(app: &App) -> BackupView {
    app.call(StatusRequest {}).await.unwrap().backup.unwrap()
}

fn code<T>(result: Result<T, ErrorView>) -> String {
    result.err().map(|error| error.code).unwrap_or_default()
}

/// Gives an organization a tenant and accounts, in its row alone.
async fn enroll(app: &App, id: &str, domain: &str, accounts: &[(Stands, u64)]) {
    let session = app.session().await.unwrap();
    let mut change = Change::begin(app, &session).await.unwrap();
    let mut opened = change.open(&records::parse_organization(id).unwrap()).await.unwrap();
    opened.row.tenant = Some(Tenant {
        id: domain.into(),
        name: domain.into(),
        domain: domain.into(),
        initial_domain: format!("{domain}.onmicrosoft.example"),
        app_id: String::new(),
        connected_at: 0,
        certificate_ends_at: u64::MAX,
        certificate_made_at: 0,
        certificate_before: false,
        certificate_unfinished: false,
    });
    opened.row.laps = Some(Laps::new(24, 0));
    let account = |(number, (phase, due)): (u8, &(Stands, u64))| Account {
        user_name: format!("emergency-{number}@{domain}"),
        phase: *phase,
        need: 0,
        // Due times follow from this when the row is saved: within the half hour before.
        rotated_at: Some(due - DAY),
        verified_at: Some(due - DAY),
        created: true,
        ..Account::new([number; 16])
    };
    opened.row.accounts = (1..).zip(accounts).map(account).collect();
    change.save(opened).await.unwrap();
    change.commit().await.unwrap();
}

async fn account_of(app: &App, id: &str) -> AccountView {
    app.call(OrganizationRequest { organization: id.to_owned() }).await.unwrap().accounts.remove(0)
}

async fn due(app: &App, id: &str) -> u64 {
    account_of(app, id).await.due_at.unwrap().0
}

async fn tick(app: &App) {
    rotate::take_up_due(app, &app.session().await.unwrap()).await.unwrap();
}

/// Gives an organization an account whose password and one-time-code key are stored.
async fn keep(app: &App, id: &str) -> String {
    enroll(app, id, "example", &[(Stands::Steady, app.now_ms() + DAY)]).await;
    let key = records::parse_organization(id).unwrap();
    let session = app.session().await.unwrap();
    let mut change = Change::begin(app, &session).await.unwrap();
    let mut opened = change.open(&key).await.unwrap();
    let mut item = AccountItem::new("emergency-1@example", "Emergency access 1");
    item.object_id = Some([9; 16]);
    let now = app.now_ms();
    item.current =
        Some(Credential { password: SecretText::new("old".into()), set_at_ms: now, origin: Origin::Rotated });
    item.totp = Some(vitrine_vault::totp::TotpSecret::parse(&SecretText::new("JBSWY3DPEHPK3PXP".into())).unwrap());
    change.put_account(&mut opened, &[1; 16], &item).await.unwrap();
    accounts::show_in(&mut opened.row, &[1; 16], &item);
    change.save(opened).await.unwrap();
    change.commit().await.unwrap();
    records::item_text(&[1; 16])
}

/// A rotation as the tenant confirms it: the candidate is made, then set.
async fn rotated(machine: &Machine, app: &App, id: &str, between: impl AsyncFnOnce()) {
    let key = records::parse_organization(id).unwrap();
    let session = app.session().await.unwrap();
    let step = async |act: &dyn Fn(&mut AccountItem)| {
        let mut change = Change::begin(app, &session).await.unwrap();
        let mut opened = change.open(&key).await.unwrap();
        let mut item = change.account(&opened, &[1; 16]).await.unwrap();
        act(&mut item);
        change.put_account(&mut opened, &[1; 16], &item).await.unwrap();
        accounts::show_in(&mut opened.row, &[1; 16], &item);
        change.save(opened).await.unwrap();
        change.commit().await.unwrap();
    };
    machine.passes(1);
    let made_at_ms = app.now_ms();
    step(&|item| {
        item.pending = Some(Candidate {
            password: SecretText::new("new".into()),
            made_at_ms,
            state: CandidateState::Sent,
            unanswered: false,
            claim: Claim { device: [0; 16], lease_ms: 600_000 },
            origin: Origin::Rotated,
            observed_change: None,
        });
    })
    .await;
    machine.passes(1);
    between().await;
    let now = app.now_ms();
    step(&|item| accounts::commit(item, "2027-01-15T08:00:00Z", now)).await;
}

/// Waits for what is looked at again and again.
async fn until(what: &str, look: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !look() {
        assert!(Instant::now() < end, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// What a connection needs, with a certificate of its own.
fn connection_item(tenant: u8) -> ConnectionItem {
    let made = make_certificate("Vitrine", 1_700_000_000_000, 1_900_000_000_000).unwrap();
    ConnectionItem {
        tenant_id: [tenant; 16],
        tenant_name: "Contoso".into(),
        default_domain: "contoso.example".into(),
        initial_domain: "contoso.onmicrosoft.example".into(),
        app_id: [2; 16],
        app_object_id: [3; 16],
        service_principal_id: [4; 16],
        certificate: StoredCertificate {
            der: made.der,
            private_key_pkcs8: SecretBytes::new(made.pkcs8.to_vec()),
            not_after_ms: made.not_after_ms,
            key_id: None,
        },
        pending: None,
        previous: None,
        cloud: "global".into(),
    }
}

/// An organization with a connection to this tenant and one account.
async fn with_account(app: &App, name: &str, tenant: u8) -> records::Bytes32 {
    let id = records::parse_organization(&add(app, name).await.id).unwrap();
    let session = app.session().await.unwrap();
    let mut change = Change::begin(app, &session).await.unwrap();
    let mut opened = change.open(&id).await.unwrap();
    certificates::put(&mut change, &mut opened, &connection_item(tenant)).await.unwrap();
    let mut account = AccountItem::new("emergency-1@example", "Emergency access 1");
    account.object_id = Some([tenant; 16]);
    account.current =
        Some(Credential { password: SecretText::new("old".into()), set_at_ms: 1, origin: Origin::Rotated });
    change.put_account(&mut opened, &[1; 16], &account).await.unwrap();
    accounts::show_in(&mut opened.row, &[1; 16], &account);
    change.save(opened).await.unwrap();
    change.commit().await.unwrap();
    id
}

async fn view(app: &App, id: &str, account: &str, which: WhichValue, then: AfterView) {
    let (organization, account) = (id.to_owned(), account.to_owned());
    app.call(RevealRequest { organization, account, which, reason: "ticket 7".into(), then }).await.map(drop).unwrap();
}
