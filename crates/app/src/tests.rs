//! Use cases over a real database, with a clock and a keychain that a test holds in its hands.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod attention;

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

mod webhook;

const PASSPHRASE: &str = "tundra walnut orbit glacier pepper lantern";
const DAY: u64 = 24 * 3600 * 1000;
const YEAR: u64 = 365 * DAY;

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
        let options = Options { config, keychain: self.ring.clone(), clock: self.clock.clone() };
        App::open(options, Headless).await.unwrap()
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
    app.call(AddOrganizationRequest { name: name.into(), notes: String::new() }).await.unwrap()
}

async fn backup(app: &App) -> BackupView {
    app.call(StatusRequest {}).await.unwrap().backup.unwrap()
}

fn code<T>(result: Result<T, ErrorView>) -> String {
    result.err().map(|error| error.code).unwrap_or_default()
}

#[tokio::test]
async fn a_vault_is_made_in_one_change() {
    let app = Machine::new().create().await;
    // Two changes could be parted by a kill, and the firm's settings would never be written.
    assert_eq!(app.inner.store.index_generation().await.unwrap(), 1);
    let firm = vault::firm(&app).await.unwrap();
    assert!(firm.reason_required && firm.msp_name == "Northern Lights IT");
}

#[tokio::test]
async fn the_pause_after_wrong_passphrases_holds_for_a_program_started_anew() {
    let machine = Machine::new();
    cut(machine.create().await).await;
    for _ in 0..3 {
        let app = machine.start().await;
        assert_eq!(code(unlock(&app, "wrong").await), "vault.wrong-passphrase");
        cut(app).await;
    }
    let app = machine.start().await;
    assert!(app.call(StatusRequest {}).await.unwrap().retry_in_ms > 0);
    let refused = unlock(&app, PASSPHRASE).await.err().unwrap();
    assert!(refused.code == "vault.wait" && refused.retry_in_ms.is_some_and(|wait| wait <= 1_000), "{refused:?}");
    machine.passes(1_000);
    unlock(&app, PASSPHRASE).await.unwrap();
    app.lock(LockReason::Hand).await;
    // Opened, and so begun anew: a typing mistake costs nothing again.
    assert_eq!(code(unlock(&app, "wrong").await), "vault.wrong-passphrase");
    unlock(&app, PASSPHRASE).await.unwrap();
}

#[tokio::test]
async fn the_pause_grows_to_a_minute_and_no_further() {
    let machine = Machine::new();
    let app = machine.create().await;
    app.lock(LockReason::Hand).await;
    let mut pauses = Vec::new();
    for _ in 0..10 {
        let refused = unlock(&app, "wrong").await.err().unwrap();
        assert_eq!(refused.code, "vault.wrong-passphrase");
        pauses.push(refused.retry_in_ms.unwrap_or_default());
        machine.passes(u64::from(refused.retry_in_ms.unwrap_or_default()));
    }
    assert_eq!(pauses, [0, 0, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
}

#[tokio::test]
async fn a_clock_that_was_wrong_by_a_year_shuts_nobody_out() {
    let machine = Machine::new();
    machine.passes(YEAR);
    cut(machine.create().await).await;
    let app = machine.start().await;
    for _ in 0..3 {
        unlock(&app, "wrong").await.err().unwrap();
    }
    cut(app).await;
    // The clock is set right, a year back: the pause begins again and ends.
    machine.clock.0.fetch_sub(YEAR, Ordering::SeqCst);
    let app = machine.start().await;
    assert_eq!(code(unlock(&app, PASSPHRASE).await), "vault.wait");
    machine.passes(1_000);
    unlock(&app, PASSPHRASE).await.unwrap();
}

#[tokio::test]
async fn a_backup_that_lacks_the_last_change_of_a_killed_program_is_known_to_be_old() {
    let machine = Machine::new();
    let app = machine.create().await;
    let folder = machine.path("backup");
    app.call(SetBackupRequest { folder: folder.display().to_string() }).await.unwrap();
    assert!(backup(&app).await.current);
    let old = std::fs::read(folder.join("Vitrine.backup")).unwrap();
    add(&app, "Contoso").await;
    cut(app).await;
    let app = machine.unlocked().await;
    assert!(!backup(&app).await.current, "a file without the last change is shown as current");
    let end = Instant::now() + Duration::from_secs(30);
    while !backup(&app).await.current {
        assert!(Instant::now() < end, "the next unlock does not write it anew");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_ne!(std::fs::read(folder.join("Vitrine.backup")).unwrap(), old);
    cut(app).await;
    assert!(backup(&machine.unlocked().await).await.current, "what was written is forgotten");
}

#[tokio::test]
async fn an_index_made_again_keeps_what_only_this_device_knows_and_says_so() {
    let machine = Machine::without_keychain();
    let app = machine.create().await;
    let folder = machine.path("backup").display().to_string();
    app.call(SetBackupRequest { folder: folder.clone() }).await.unwrap();
    let session = app.session().await.unwrap();
    let noted = own::note(&app, &session, |own| {
        (own.kit_confirmed, own.carried_to, own.carried_hash) = (true, 7, Some([3; 32]));
    });
    noted.await.unwrap();
    drop(session);
    add(&app, "Contoso").await;
    let history = vault::firm(&app).await.unwrap().history;
    vault::mark_damaged(&app).await;
    cut(app).await;
    let app = machine.unlocked().await;
    let status = app.call(StatusRequest {}).await.unwrap();
    let told: Vec<&str> = status.warnings.iter().map(|warning| warning.code.as_str()).collect();
    assert_eq!(told, ["index.rebuilt"], "with no keychain, and so no generation, nothing was said");
    assert_eq!(status.backup.unwrap().folder, Some(folder));
    let firm = vault::firm(&app).await.unwrap();
    assert!(firm.own.kit_confirmed && firm.own.carried_to == 7 && firm.own.carried_hash == Some([3; 32]));
    assert!(firm.reason_required && firm.msp_name == "Northern Lights IT" && firm.history == history);
}

#[tokio::test]
async fn an_index_of_another_layout_is_made_again_and_not_misread() {
    let machine = Machine::new();
    let app = machine.create().await;
    add(&app, "Contoso").await;
    let mut tx = app.inner.store.begin().await.unwrap();
    tx.index_put(records::key::LAYOUT, &[records::LAYOUT.wrapping_sub(1)]).await.unwrap();
    // What another version wrote there, and this one would take for a firm of some other name.
    tx.index_put(records::key::FIRM, &[0; 64]).await.unwrap();
    tx.commit().await.unwrap();
    app.lock(LockReason::Hand).await;
    for warned in [1, 0] {
        let status = unlock(&app, PASSPHRASE).await.unwrap();
        assert_eq!(status.warnings.iter().filter(|warning| warning.code == "index.rebuilt").count(), warned);
        assert_eq!(vault::firm(&app).await.unwrap().msp_name, "Northern Lights IT");
        assert_eq!(app.call(OrganizationsRequest::default()).await.unwrap().counts.total, 1);
        app.lock(LockReason::Hand).await;
    }
}

#[tokio::test]
async fn an_older_database_with_a_damaged_index_is_still_a_rollback() {
    let machine = Machine::new();
    let app = machine.create().await;
    add(&app, "Contoso").await;
    app.lock(LockReason::Hand).await;
    cut(app).await;
    copy(&machine.path("vault"), &machine.path("older"));
    let app = machine.unlocked().await;
    add(&app, "Fabrikam").await;
    app.lock(LockReason::Hand).await;
    cut(app).await;
    copy(&machine.path("vault"), &machine.path("newer"));
    for (folder, expected) in [("older", "vault.rolled-back"), ("newer", "")] {
        copy(&machine.path(folder), &machine.path("vault"));
        damage_index(&machine.path("vault")).await;
        let app = machine.start().await;
        assert_eq!(code(unlock(&app, PASSPHRASE).await), expected, "{folder}");
        cut(app).await;
    }
}

async fn damage_index(folder: &Path) {
    use sqlx::{ConnectOptions as _, Connection as _};
    let database = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.join("vitrine.db"));
    let mut connection = database.connect().await.unwrap();
    sqlx::raw_sql("UPDATE pages SET bytes = zeroblob(length(bytes))").execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

fn copy(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[tokio::test]
async fn a_reason_is_asked_for_by_the_firm_and_not_by_a_file_alone() {
    let machine = Machine::new();
    let app = machine.create().await;
    std::fs::write(machine.path("vault").join("config.toml"), "[settings]\naskReason = false\n").unwrap();
    cut(app).await;
    let app = machine.unlocked().await;
    let settings = app.call(SettingsRequest {}).await.unwrap().settings;
    assert!(settings.ask_reason, "whoever edits a file switches the firm's rule off");
    let entries = vault::firm(&app).await.unwrap().history.entries;
    let off = SetSettingsRequest { settings: Settings { ask_reason: false, ..settings } };
    assert!(!app.call(off).await.unwrap().settings.ask_reason);
    assert_eq!(vault::firm(&app).await.unwrap().history.entries, entries + 1, "the rule's change is not signed");
    cut(app).await;
    assert!(!machine.unlocked().await.call(SettingsRequest {}).await.unwrap().settings.ask_reason);
}

#[tokio::test]
async fn saved_views_outlive_a_restart_and_a_damaged_index_and_lie_readable_nowhere() {
    let machine = Machine::new();
    let app = machine.create().await;
    let saved = SavedView {
        name: "The bank".into(),
        filter: "Woodgrove".into(),
        state: Some(OrganizationState::Due),
        sort: OrganizationSort::NextRotation,
        descending: true,
        hidden: vec![ListColumn::Domain],
    };
    let wanted = ListViews { hidden: vec![ListColumn::LastRotation], saved: vec![saved.clone()] };
    let set = |saved: Vec<SavedView>| SetListViewsRequest { views: ListViews { saved, ..wanted.clone() } };
    assert_eq!(app.call(set(vec![saved.clone()])).await.unwrap(), wanted);
    let twice = SavedView { name: " the BANK ".into(), ..saved.clone() };
    assert_eq!(code(app.call(set(vec![saved.clone(), twice])).await), "lists.name-taken");
    assert_eq!(code(app.call(set(vec![SavedView { name: " ".into(), ..saved.clone() }])).await), "lists.name");
    vault::mark_damaged(&app).await;
    cut(app).await;
    for entry in std::fs::read_dir(machine.path("vault")).unwrap().map(Result::unwrap) {
        let bytes = std::fs::read(entry.path()).unwrap();
        for name in ["Woodgrove", "The bank"] {
            assert!(!bytes.windows(name.len()).any(|part| part == name.as_bytes()), "{name} in {:?}", entry.path());
        }
    }
    let app = machine.unlocked().await;
    assert_eq!(app.call(ListViewsRequest {}).await.unwrap(), wanted);
    app.lock(LockReason::Hand).await;
    assert_eq!(code(app.call(ListViewsRequest {}).await), "vault.locked");
}

#[tokio::test]
async fn a_list_is_written_for_its_owner_alone_and_over_no_other_file() {
    let machine = Machine::new();
    let app = machine.create().await;
    add(&app, "Contoso").await;
    let only = add(&app, "=Fabrikam").await.id;
    let request = |only: &[String], filter: &str, file: &str| ExportRequest {
        list: ExportedList::Organizations { filter: filter.into(), state: None, only: only.to_vec() },
        path: machine.path(file).display().to_string(),
    };
    assert_eq!(app.call(request(&[], "", "all.csv")).await.unwrap().rows, 2);
    assert_eq!(app.call(request(&[], "conto", "some.csv")).await.unwrap().rows, 1);
    assert_eq!(app.call(request(std::slice::from_ref(&only), "", "one.csv")).await.unwrap().rows, 1);
    let one = std::fs::read_to_string(machine.path("one.csv")).unwrap();
    assert_eq!(one.lines().nth(1), Some(&*format!("'=Fabrikam,,not connected,0,,,{only}")));
    assert_eq!(code(app.call(request(&[], "", "one.csv")).await), "file.exists");
    assert_eq!(std::fs::read_to_string(machine.path("one.csv")).unwrap(), one);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(machine.path("one.csv")).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let happened = ExportRequest { list: ExportedList::Audit, path: machine.path("audit.csv").display().to_string() };
    assert_eq!(app.call(happened).await.unwrap().rows, 3);
}

#[tokio::test]
async fn two_imports_at_once_add_each_name_once() {
    let app = Machine::new().create().await;
    let csv: String = (0..30).fold("name\n".into(), |csv, number| format!("{csv}Customer {number}\n"));
    let import = || app.call(ImportRequest { csv: csv.clone() });
    let (one, other) = tokio::join!(import(), import());
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(one.added + other.added, 30);
    assert_eq!(one.left_out.len() + other.left_out.len(), 30);
    assert!(other.left_out.iter().chain(&one.left_out).all(|row| row.problem.is_some()));
    assert_eq!(app.call(OrganizationsRequest::default()).await.unwrap().counts.total, 30);
}

#[tokio::test]
async fn an_object_goes_thirty_days_after_the_last_item_named_it() {
    let machine = Machine::new();
    let app = machine.create().await;
    let organization = add(&app, "Contoso").await.id;
    let edit = async |notes: &str| {
        let (organization, name, notes) = (organization.clone(), "Contoso".into(), notes.into());
        app.call(EditOrganizationRequest { organization, name, notes, tags: vec![] }).await.unwrap();
    };
    let objects = async || app.inner.store.objects_by_arrival(0, 100).await.unwrap().len();
    edit("one").await;
    edit("two").await;
    assert_eq!(objects().await, 3);
    machine.passes(30 * DAY - 1);
    edit("three").await;
    assert_eq!(objects().await, 4, "an object went while it was still needed");
    machine.passes(1);
    edit("four").await;
    assert_eq!(objects().await, 3, "what nobody needs any more is kept");
    // An index made again knows as well what may go, by the times in the signed history.
    vault::mark_damaged(&app).await;
    app.lock(LockReason::Hand).await;
    unlock(&app, PASSPHRASE).await.unwrap();
    machine.passes(30 * DAY);
    edit("five").await;
    assert_eq!(objects().await, 2);
    let row = app.call(OrganizationRequest { organization: organization.clone() }).await.unwrap();
    assert_eq!(row.notes, "five");
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

#[tokio::test]
async fn what_is_due_is_counted_by_organization_and_a_failed_one_as_failed() {
    let machine = Machine::new();
    let app = machine.create().await;
    let (past, future) = (machine.clock.now_ms() - 1, machine.clock.now_ms() + DAY);
    let mut ids = Vec::new();
    for (name, accounts) in [
        ("Both due", [(Stands::Steady, past), (Stands::Steady, past)]),
        ("One due", [(Stands::Steady, future), (Stands::Steady, past)]),
        ("None due", [(Stands::Steady, future), (Stands::Steady, future)]),
        ("Failed", [(Stands::NeedsPerson, past), (Stands::Steady, past)]),
    ] {
        let id = add(&app, name).await.id;
        enroll(&app, &id, "example", &accounts).await;
        ids.push(id);
    }
    let counts = async || app.call(OrganizationsRequest::default()).await.unwrap().counts;
    let expected = OrganizationCounts { total: 4, healthy: 1, due: 2, failed: 1, not_connected: 0 };
    assert_eq!(counts().await, expected);
    assert_eq!(app.tray().due, 5);
    // It recovers without any due time changing.
    enroll(&app, &ids[3], "example", &[(Stands::Steady, past), (Stands::Steady, past)]).await;
    assert_eq!(counts().await, OrganizationCounts { due: 3, failed: 0, ..expected });
    machine.passes(DAY);
    assert_eq!(counts().await, OrganizationCounts { due: 4, failed: 0, healthy: 0, ..expected });
}

#[tokio::test]
async fn an_organization_is_looked_up_by_its_whole_name_domain_or_id() {
    let app = Machine::new().create().await;
    let (contoso, other) = (add(&app, "Contoso Ltd").await.id, add(&app, "Contoso").await.id);
    enroll(&app, &contoso, "Contoso.Example", &[]).await;
    let find = async |named: &str| -> Vec<String> {
        let found = app.call(FindOrganizationRequest { named: named.into() }).await.unwrap();
        found.rows.into_iter().map(|row| row.id).collect()
    };
    for named in ["contoso ltd", " CONTOSO LTD ", "contoso.example", "contoso.example.onmicrosoft.EXAMPLE", &contoso] {
        assert_eq!(find(named).await, std::slice::from_ref(&contoso), "{named}");
    }
    assert_eq!(find("Contoso").await, [other]);
    assert!(find("Conto").await.is_empty() && find("").await.is_empty() && find(&"x".repeat(5_000)).await.is_empty());
    // A name and another's domain: the person has to say which.
    add(&app, "contoso.example").await;
    assert_eq!(find("contoso.example").await.len(), 2);
    // Gone with the organization.
    let archived = ArchiveOrganizationRequest { organization: contoso, typed_name: "Contoso Ltd".into() };
    app.call(archived).await.unwrap();
    assert_eq!(find("contoso.example").await.len(), 1);
}

#[tokio::test]
async fn the_audit_says_how_far_the_signed_history_was_verified() {
    let app = Machine::new().create().await;
    let organization = add(&app, "Contoso").await.id;
    let all = app.call(AuditRequest::default()).await.unwrap();
    // Genesis, team, key, policy, and the organization.
    assert_eq!((all.verified.entries, all.total, all.lines.len()), (5, 2, 2));
    let request = AuditRequest { organization: Some(organization), ..AuditRequest::default() };
    let own = app.call(request).await.unwrap();
    assert_eq!((own.verified.entries, own.total, own.lines.len()), (3, 1, 1));
    assert!(own.verified.head.len() == 64 && own.verified.head != all.verified.head);
    let second = app.call(AuditRequest { offset: 1, limit: 1, ..AuditRequest::default() }).await.unwrap();
    assert_eq!((second.lines[0].action, second.total), (Action::VaultCreated, 2));
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

#[tokio::test]
async fn a_connection_is_shared_until_another_certificate_is_stored() {
    let app = Machine::new().create().await;
    let id = records::parse_organization(&add(&app, "Contoso").await.id).unwrap();
    let session = app.session().await.unwrap();
    let store = async |item: &ConnectionItem| {
        let mut change = Change::begin(&app, &session).await.unwrap();
        let mut opened = change.open(&id).await.unwrap();
        certificates::put(&mut change, &mut opened, item).await.unwrap();
        change.save(opened).await.unwrap();
        change.commit().await.unwrap();
    };
    let mut shared = rotate::Shared::default();
    let mut current = async || {
        let row = organizations::load(&app, &id).await.unwrap();
        shared.current(&app, &session, &id, &row).await.unwrap()
    };
    store(&connection_item(1)).await;
    let first = current().await;
    assert!(Arc::ptr_eq(&first, &current().await), "the second account signs in again");
    store(&connection_item(1)).await;
    let second = current().await;
    assert!(!Arc::ptr_eq(&first, &second), "the certificate that was replaced still signs in");
    assert!(Arc::ptr_eq(&second, &current().await));
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

#[tokio::test]
async fn an_organization_that_waits_for_a_place_has_no_task() {
    let machine = Machine::new();
    std::fs::create_dir(machine.path("vault")).unwrap();
    std::fs::write(machine.path("vault").join("config.toml"), "[rotation]\nplaces = 4\n").unwrap();
    let app = machine.create().await;
    let session = app.session().await.unwrap();
    let (mut events, before) = (app.events(), session.running());
    // None of them exists, so each fails as soon as it begins.
    let enqueue = || {
        for number in 0..1_000_u32 {
            let mut id = [0; 32];
            id[..4].copy_from_slice(&number.to_be_bytes());
            rotate::enqueue(&app, &session, &id, &[1; 16], rotate::Order::Due);
        }
    };
    enqueue();
    let (mut most, mut failed) = (session.running(), 0);
    while failed < 1_000 {
        let _ = events.recv().await;
        most = most.max(session.running());
        failed = app.call(JobsRequest { limit: 1, ..JobsRequest::default() }).await.unwrap().failed;
    }
    // The places, and whoever hands them out.
    assert!(most - before <= 5, "{} tasks at once for 4 places", most - before);
    // A pause makes none of those that wait.
    app.call(PauseRotationRequest { paused: true }).await.unwrap();
    enqueue();
    for _ in 0..2_000 {
        tokio::task::yield_now().await;
    }
    assert!(session.running() - before <= 5, "{} tasks in a pause", session.running() - before);
    assert_eq!(app.call(JobsRequest { limit: 1, ..JobsRequest::default() }).await.unwrap().queued, 1_000);
}

#[test]
fn what_a_person_clicked_is_shed_last_and_what_nobody_ordered_first() {
    use rotate::Order;
    assert_eq!([Order::Person { named: true }, Order::Repair].map(Order::priority), [Priority::High; 2]);
    assert_eq!(Order::Person { named: false }.priority(), Priority::Normal);
    assert_eq!([Order::Due, Order::Resume].map(Order::priority), [Priority::Low; 2]);
}

#[tokio::test]
async fn a_tenant_that_asked_to_be_left_alone_holds_no_place() {
    let machine = Machine::new();
    std::fs::create_dir(machine.path("vault")).unwrap();
    // Nothing listens there: what is asked fails at once.
    let nobody = "[cloud]\nname = \"custom\"\nlogin = \"http://127.0.0.1:1\"\ngraph = \"http://127.0.0.1:1\"\n";
    std::fs::write(machine.path("vault").join("config.toml"), format!("{nobody}[rotation]\nplaces = 1\n")).unwrap();
    let app = machine.create().await;
    // One more than may wait for an answer without a place.
    let silenced = [with_account(&app, "Contoso", 1).await, with_account(&app, "Fabrikam", 2).await];
    let healthy = with_account(&app, "Tailspin", 3).await;
    for tenant in [1, 2] {
        let outcome = Outcome::Throttled { retry_after: Some(Duration::from_mins(1)), everyone: false };
        app.inner.limiter.hear(TenantId::from_bytes([tenant; 16]), Cost::WRITE, &Heard { outcome, share: None });
    }
    let session = app.session().await.unwrap();
    for id in silenced.iter().chain([&healthy]) {
        rotate::enqueue(&app, &session, id, &[1; 16], rotate::Order::Due);
    }
    let step = async |id: &records::Bytes32| {
        let organization = Some(records::organization_text(id));
        app.call(JobsRequest { organization, ..JobsRequest::default() }).await.unwrap().jobs[0].step
    };
    let mut events = app.events();
    let ended = tokio::time::timeout(Duration::from_secs(30), async {
        while step(&healthy).await != JobStep::Failed {
            let _ = events.recv().await;
        }
    });
    assert!(ended.await.is_ok(), "the healthy tenant waits for those that want to be left alone");
    for id in &silenced {
        assert_eq!(step(id).await, JobStep::Queued, "the healthy tenant waited for it");
    }
}

#[tokio::test]
async fn what_was_changed_outside_is_not_due_and_only_its_repair_rotates_it() {
    let machine = Machine::new();
    let app = machine.create().await;
    let id = add(&app, "Contoso").await.id;
    enroll(&app, &id, "example", &[(Stands::Steady, machine.clock.now_ms() - 1)]).await;
    let jobs = async |scope| app.call(RotateRequest { scope }).await.map(|view| view.matching);
    let key = records::parse_organization(&id).unwrap();
    let session = app.session().await.unwrap();
    let mut change = Change::begin(&app, &session).await.unwrap();
    let mut opened = change.open(&key).await.unwrap();
    let mut item = AccountItem::new("emergency-1@example", "Emergency access 1");
    item.object_id = Some([9; 16]);
    item.current = Some(Credential { password: SecretText::new("old".into()), set_at_ms: 1, origin: Origin::Rotated });
    item.attention = Some(Attention::ChangedOutside);
    accounts::show_in(&mut opened.row, &[1; 16], &item);
    change.save(opened).await.unwrap();
    change.commit().await.unwrap();
    assert_eq!(app.tray().due, 0, "it is counted as due");
    assert_eq!(jobs(RotateScope::Due).await.unwrap(), 0);
    assert_eq!(jobs(RotateScope::All).await.unwrap(), 0, "nobody saw its alarm");
    let named = RotateScope::Organizations { organizations: vec![id] };
    assert_eq!(code(jobs(named).await), "rotation.changed-outside");
}

#[tokio::test]
async fn a_look_at_the_jobs_shows_what_moved_since_the_one_before_and_no_more_than_a_page() {
    let machine = Machine::new();
    let app = machine.create().await;
    for name in ["Contoso", "Fabrikam", "Tailspin"] {
        let id = add(&app, name).await.id;
        enroll(&app, &id, "example", &[(Stands::Steady, machine.clock.now_ms() + DAY); 2]).await;
    }
    let first = app.call(RotateRequest { scope: RotateScope::All }).await.unwrap();
    assert_eq!((first.matching, first.moves >= 6), (6, true));
    let page = app.call(JobsRequest { limit: 2, offset: 4, ..JobsRequest::default() }).await.unwrap();
    assert_eq!((page.jobs.len(), page.matching), (2, 6));
    // Nothing moves any more once all have failed: there is no connection to rotate over.
    let mut events = app.events();
    while app.call(JobsRequest::default()).await.unwrap().failed < 6 {
        events.recv().await.unwrap();
    }
    let settled = app.call(JobsRequest::default()).await.unwrap();
    let since = |moves| JobsRequest { since: Some(moves), ..JobsRequest::default() };
    assert_eq!(app.call(since(settled.moves)).await.unwrap().matching, 0);
    let one = RotateScope::Account {
        organization: settled.jobs[0].organization.clone(),
        account: settled.jobs[0].account.clone(),
    };
    app.call(RotateRequest { scope: one }).await.unwrap();
    let moved = app.call(since(settled.moves)).await.unwrap();
    assert_eq!(moved.jobs.iter().map(|job| &job.account).collect::<Vec<_>>(), [&settled.jobs[0].account]);
}

/// A change of one organization's schedule, sent like any other.
async fn set_schedule(app: &App, id: &str, schedule: ScheduleChange) -> Result<ScheduleSetView, ErrorView> {
    app.call(SetScheduleRequest { organizations: vec![id.to_owned()], schedule }).await
}

async fn laps_of(app: &App, id: &str) -> LapsView {
    app.call(OrganizationRequest { organization: id.to_owned() }).await.unwrap().laps.unwrap()
}

#[tokio::test]
async fn a_schedule_outlives_the_index_and_what_is_left_out_of_a_change_stays() {
    let app = Machine::new().create().await;
    let id = add(&app, "Contoso").await.id;
    enroll(&app, &id, "example", &[]).await;
    let window = BlackoutWindow { days: 0b001_1111, from: 480, to: 1080 };
    let first = ScheduleChange {
        interval_hours: Some(48),
        after_view: Some(AfterView::InOneHour),
        blackout: Some(vec![window]),
        zone: Some("europe/zurich".into()),
        ..ScheduleChange::default()
    };
    set_schedule(&app, &id, first).await.unwrap();
    let second = ScheduleChange { password_length: Some(20), look_alikes: Some(true), ..ScheduleChange::default() };
    set_schedule(&app, &id, second).await.unwrap();
    for _ in 0..2 {
        let laps = laps_of(&app, &id).await;
        assert_eq!((laps.interval_hours, laps.after_view, laps.blackout), (48, AfterView::InOneHour, vec![window]));
        assert_eq!(laps.zone.as_deref(), Some("Europe/Zurich"), "not as the database of zones writes it");
        assert_eq!((laps.password_length, laps.look_alikes), (20, true));
        // Made again from what is signed.
        vault::mark_damaged(&app).await;
        app.lock(LockReason::Hand).await;
        unlock(&app, PASSPHRASE).await.unwrap();
    }
    let none = ScheduleChange { blackout: Some(vec![]), zone: Some(String::new()), ..ScheduleChange::default() };
    set_schedule(&app, &id, none).await.unwrap();
    let laps = laps_of(&app, &id).await;
    assert_eq!((laps.interval_hours, laps.blackout, laps.zone), (48, vec![], None));
}

#[tokio::test]
async fn who_loosens_a_schedule_is_found_in_the_history() {
    let app = Machine::new().create().await;
    let id = add(&app, "Contoso").await.id;
    enroll(&app, &id, "example", &[]).await;
    let window = BlackoutWindow { days: 1, from: 480, to: 1080 };
    let unchanged = ScheduleChange::default;
    for (wanted, expected) in [
        (ScheduleChange { interval_hours: Some(8760), ..unchanged() }, "every 8760 h instead of 24 h"),
        (ScheduleChange { after_view: Some(AfterView::Now), ..unchanged() }, "rotated right after a view"),
        (ScheduleChange { blackout: Some(vec![window]), ..unchanged() }, "another blackout"),
        (
            ScheduleChange { blackout: Some(vec![]), password_length: Some(16), ..unchanged() },
            "no blackout; passwords of 16 characters, without look-alikes",
        ),
    ] {
        set_schedule(&app, &id, wanted).await.unwrap();
        let audit = app.call(AuditRequest { organization: Some(id.clone()), ..AuditRequest::default() }).await.unwrap();
        let line = &audit.lines[0];
        assert_eq!((line.action, line.note.as_deref()), (Action::ScheduleChanged, Some(expected)));
    }
    let before = app.call(AuditRequest::default()).await.unwrap().total;
    set_schedule(&app, &id, unchanged()).await.unwrap();
    assert_eq!(app.call(AuditRequest::default()).await.unwrap().total, before, "nothing was changed, and it is told");
}

#[tokio::test]
async fn a_schedule_that_is_none_is_refused_with_what_can_be_used() {
    let app = Machine::new().create().await;
    let id = add(&app, "Contoso").await.id;
    let unchanged = ScheduleChange::default;
    let windows = |windows: &[(u8, u16, u16)]| ScheduleChange {
        blackout: Some(windows.iter().map(|&(days, from, to)| BlackoutWindow { days, from, to }).collect()),
        ..unchanged()
    };
    for (wanted, expected) in [
        (ScheduleChange { interval_hours: Some(0), ..unchanged() }, "rotation.interval-too-short"),
        (ScheduleChange { interval_hours: Some(u32::MAX), ..unchanged() }, "rotation.interval-too-long"),
        (windows(&[(0b111_1111, 0, 1440)]), "rotation.blackout-covers-the-day"),
        (windows(&[(0b111_1111, 480, 1080), (0b111_1111, 1080, 480)]), "rotation.blackout-covers-the-day"),
        (windows(&[(0, 0, 60)]), "rotation.blackout-days"),
        (windows(&[(1, 60, 60)]), "rotation.blackout-minutes"),
        (windows(&[(1, 0, 60); 17]), "rotation.blackout-too-many"),
        (ScheduleChange { zone: Some("Mars/Olympus".into()), ..unchanged() }, "rotation.zone"),
        (ScheduleChange { zone: Some("../../etc/passwd".into()), ..unchanged() }, "rotation.zone"),
        (ScheduleChange { password_length: Some(15), ..unchanged() }, "vault.password-policy"),
        (ScheduleChange { interval_hours: Some(24), ..unchanged() }, "laps.off"),
    ] {
        let refused = set_schedule(&app, &id, wanted).await.err().unwrap();
        assert_eq!(refused.code, expected);
        assert!(!refused.what.is_empty() && !refused.next.is_empty(), "{expected}");
    }
    // Of several each is told of.
    let other = add(&app, "Fabrikam").await.id;
    enroll(&app, &other, "example", &[]).await;
    let schedule = ScheduleChange { interval_hours: Some(12), ..unchanged() };
    let view = app.call(SetScheduleRequest { organizations: vec![id.clone(), other], schedule }).await.unwrap();
    assert_eq!((view.changed, view.failed.len()), (1, 1));
    assert_eq!((view.failed[0].organization.as_str(), view.failed[0].error.code.as_str()), (id.as_str(), "laps.off"));
}

const HOUR: u64 = 3600 * 1000;
/// 2027-03-27, 00:00 UTC; in the night that follows, clocks in Zurich go from 02:00 to 03:00.
const SPRING: u64 = 1_806_105_600_000;

async fn account_of(app: &App, id: &str) -> AccountView {
    app.call(OrganizationRequest { organization: id.to_owned() }).await.unwrap().accounts.remove(0)
}

async fn due(app: &App, id: &str) -> u64 {
    account_of(app, id).await.due_at.unwrap().0
}

/// Nothing is rotated between ten in the evening and six in the morning, in Zurich.
async fn sleeps_in_zurich(app: &App, id: &str) {
    let night = BlackoutWindow { days: 0b111_1111, from: 22 * 60, to: 6 * 60 };
    let schedule =
        ScheduleChange { blackout: Some(vec![night]), zone: Some("Europe/Zurich".into()), ..ScheduleChange::default() };
    set_schedule(app, id, schedule).await.unwrap();
}

/// How many rotations there are, ended ones included.
async fn taken_up(app: &App) -> u32 {
    app.call(JobsRequest::default()).await.unwrap().matching
}

async fn tick(app: &App) {
    rotate::take_up_due(app, &app.session().await.unwrap()).await.unwrap();
}

#[tokio::test]
async fn a_blackout_over_midnight_puts_off_what_falls_into_it_by_the_clocks_of_its_place() {
    let machine = Machine::new();
    machine.comes_to(SPRING + HOUR + HOUR / 2);
    let app = machine.create().await;
    // Due by 01:30 UTC, in the middle of the night there, before clocks are set, and in the night in which they are.
    for (night, free) in [(SPRING, SPRING + 5 * HOUR), (SPRING + DAY, SPRING + DAY + 4 * HOUR)] {
        let id = add(&app, &format!("Customer {night}")).await.id;
        enroll(&app, &id, "example", &[(Stands::Steady, night + HOUR + HOUR / 2)]).await;
        assert!(due(&app, &id).await < free, "it has to fall into the night");
        sleeps_in_zurich(&app, &id).await;
        let due = due(&app, &id).await;
        assert!(
            (free..=free + HOUR / 2).contains(&due),
            "{} minutes after six",
            (due.cast_signed() - free.cast_signed()) / 60_000
        );
    }
}

#[tokio::test]
async fn in_a_blackout_nothing_begins_by_itself_and_a_person_may_order_it() {
    let machine = Machine::new();
    machine.comes_to(SPRING);
    let app = machine.create().await;
    let id = add(&app, "Contoso").await.id;
    let phases = [(Stands::Steady, SPRING + 20 * HOUR), (Stands::NeedsPerson, SPRING + 20 * HOUR)];
    enroll(&app, &id, "example", &phases).await;
    sleeps_in_zurich(&app, &id).await;
    // Locked over the time at which it was due; opened again at 23:30 there.
    app.lock(LockReason::Hand).await;
    machine.comes_to(SPRING + 22 * HOUR + HOUR / 2);
    unlock(&app, PASSPHRASE).await.unwrap();
    tick(&app).await;
    assert_eq!((taken_up(&app).await, account_of(&app, &id).await.state), (0, AccountState::Due));
    // Six o'clock there, an hour earlier than by the night before.
    machine.comes_to(SPRING + DAY + 4 * HOUR - 1);
    tick(&app).await;
    assert_eq!(taken_up(&app).await, 0);
    machine.passes(1);
    tick(&app).await;
    assert_eq!(taken_up(&app).await, 2);
    // Another one, in the next night, by order.
    let other = add(&app, "Fabrikam").await.id;
    enroll(&app, &other, "example", &[(Stands::Steady, SPRING + 2 * DAY + 4 * HOUR)]).await;
    sleeps_in_zurich(&app, &other).await;
    machine.comes_to(SPRING + DAY + 23 * HOUR);
    app.call(RotateRequest { scope: RotateScope::Organizations { organizations: vec![other] } }).await.unwrap();
    assert_eq!(taken_up(&app).await, 3);
    // What rests until the end of a window does not rest for one that is taken away.
    let third = add(&app, "Tailspin").await.id;
    enroll(&app, &third, "example", &[(Stands::Steady, SPRING + DAY + 19 * HOUR)]).await;
    sleeps_in_zurich(&app, &third).await;
    tick(&app).await;
    assert_eq!(taken_up(&app).await, 3);
    set_schedule(&app, &third, ScheduleChange { blackout: Some(vec![]), ..ScheduleChange::default() }).await.unwrap();
    tick(&app).await;
    assert_eq!(taken_up(&app).await, 4);
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

async fn view(app: &App, id: &str, account: &str, which: WhichValue, then: AfterView) {
    let (organization, account) = (id.to_owned(), account.to_owned());
    app.call(RevealRequest { organization, account, which, reason: "ticket 7".into(), then }).await.map(drop).unwrap();
}

#[tokio::test]
async fn a_view_brings_the_rotation_forward_as_the_schedule_says_or_its_viewer_sooner() {
    let machine = Machine::new();
    let app = machine.create().await;
    let id = add(&app, "Contoso").await.id;
    let account = keep(&app, &id).await;
    let after = async |after_view| {
        set_schedule(&app, &id, ScheduleChange { after_view: Some(after_view), ..ScheduleChange::default() })
            .await
            .unwrap();
    };
    let by_interval = due(&app, &id).await;
    view(&app, &id, &account, WhichValue::Current, AfterView::Keep).await;
    assert_eq!(due(&app, &id).await, by_interval, "the schedule asks for nothing");
    after(AfterView::InOneHour).await;
    assert_eq!(due(&app, &id).await, by_interval, "what was seen before the schedule changed is not judged by it");
    let (organization, reason) = (id.clone(), "ticket 7".to_owned());
    let code = OneTimeCodeRequest { organization, account: account.clone(), next: false, reason };
    app.call(code).await.map(drop).unwrap();
    assert_eq!(due(&app, &id).await, by_interval, "a code opens nothing a minute later");
    view(&app, &id, &account, WhichValue::Current, AfterView::Keep).await;
    let hidden = app.now_ms() + 30_000;
    assert_eq!(due(&app, &id).await, hidden + HOUR, "the viewer's choice delays what the schedule says");
    machine.passes(10 * 60_000);
    view(&app, &id, &account, WhichValue::Current, AfterView::InOneHour).await;
    assert_eq!(due(&app, &id).await, hidden + HOUR, "a second view delays what the first one asked for");
    view(&app, &id, &account, WhichValue::Current, AfterView::Now).await;
    assert_eq!(due(&app, &id).await, app.now_ms() + 30_000);
    // Replaced: whoever saw the old one knows nothing.
    rotated(&machine, &app, &id, async || {}).await;
    assert!(due(&app, &id).await > app.now_ms() + 23 * HOUR, "the view of a password that is gone still counts");
    // The candidate was seen, and is what opens the account now.
    let seen = async || view(&app, &id, &account, WhichValue::Pending, AfterView::Keep).await;
    rotated(&machine, &app, &id, seen).await;
    assert_eq!(due(&app, &id).await, app.now_ms() + 30_000 + HOUR, "who saw the candidate has seen what is current");
}

#[tokio::test]
async fn a_choice_after_the_view_hastens_and_never_delays() {
    let machine = Machine::new();
    let app = machine.create().await;
    let id = add(&app, "Contoso").await.id;
    let account = keep(&app, &id).await;
    let choose = async |then| {
        let (organization, account) = (id.clone(), account.clone());
        app.call(AfterViewRequest { organization, account, then }).await.map(|card| card.account.due_at.unwrap().0)
    };
    let by_interval = due(&app, &id).await;
    assert_eq!(choose(AfterView::Keep).await.unwrap(), by_interval);
    let sooner = choose(AfterView::InOneHour).await.unwrap();
    assert_eq!(sooner, app.now_ms() + HOUR);
    machine.passes(60_000);
    assert_eq!(choose(AfterView::InOneHour).await.unwrap(), sooner);
    assert_eq!(choose(AfterView::Keep).await.unwrap(), sooner);
    choose(AfterView::Now).await.unwrap();
    assert_eq!(taken_up(&app).await, 1);
}

#[tokio::test]
async fn a_clock_that_jumps_a_day_either_way_rotates_once_more_and_then_goes_by_its_time() {
    let machine = Machine::new();
    let app = machine.create().await;
    let id = add(&app, "Contoso").await.id;
    keep(&app, &id).await;
    let session = app.session().await.unwrap();
    let mut plans = rotate::Plans::default();
    let mut look = async || plans.look(&app, Some(&session)).await;
    look().await;
    let first = due(&app, &id).await;
    machine.jumps(DAY.cast_signed());
    look().await;
    assert!(first <= app.now_ms() && due(&app, &id).await == first, "a day ahead it is due, and no plan is lost");
    rotated(&machine, &app, &id, async || {}).await;
    let ahead = due(&app, &id).await;
    // Set right: by the date of that rotation nothing would be due for two days.
    machine.jumps(-DAY.cast_signed());
    look().await;
    assert!(
        ahead > app.now_ms() + DAY && due(&app, &id).await <= app.now_ms(),
        "it waits for the clock that was wrong"
    );
    rotated(&machine, &app, &id, async || {}).await;
    let (from, to) = (app.now_ms() + 23 * HOUR, app.now_ms() + DAY);
    assert!((from..=to).contains(&due(&app, &id).await));
    // A suspend of a day is no jump: the steady clock counts it.
    let key = (records::parse_organization(&id).unwrap(), [1; 16]);
    rotate::rest(&app, key, app.now_ms() + DAY);
    machine.passes(DAY / 2);
    look().await;
    assert!(rotate::is_taken(&app, &key, app.now_ms()), "a suspend ends the rests");
    machine.jumps(-DAY.cast_signed());
    look().await;
    assert!(!rotate::is_taken(&app, &key, app.now_ms()), "a rest that was planned by the clock before goes on");
}

#[tokio::test]
async fn a_pause_lets_nothing_begin_and_what_waits_can_be_cancelled() {
    let machine = Machine::new();
    let app = machine.create().await;
    for name in ["Contoso", "Fabrikam"] {
        let id = add(&app, name).await.id;
        enroll(&app, &id, "example", &[(Stands::Steady, machine.clock.now_ms() - 1); 2]).await;
    }
    let jobs = async || app.call(JobsRequest::default()).await.unwrap();
    assert!(app.call(PauseRotationRequest { paused: true }).await.unwrap().paused && app.tray().paused);
    // A lock forgets the jobs and not the person's word.
    app.lock(LockReason::Hand).await;
    unlock(&app, PASSPHRASE).await.unwrap();
    tick(&app).await;
    for _ in 0..50 {
        // Each look gives every task its turn; with nothing to hold them back, all would have failed by now.
        let view = jobs().await;
        assert_eq!((view.paused, view.queued, view.failed), (true, 4, 0));
    }
    let view = app.call(CancelQueuedRequest {}).await.unwrap();
    assert_eq!((view.queued, view.open, view.due), (0, 0, 4), "what is due stays due");
    assert!(view.jobs.iter().all(|job| job.step == JobStep::Cancelled && job.problem.is_none()));
    tick(&app).await;
    assert_eq!(jobs().await.queued, 0, "what was cancelled comes back at once");
    machine.passes(HOUR);
    tick(&app).await;
    assert_eq!(jobs().await.queued, 4);
    let mut events = app.events();
    assert!(!app.call(PauseRotationRequest { paused: false }).await.unwrap().paused);
    // Over no connection they fail, and so they have begun.
    while jobs().await.failed < 4 {
        events.recv().await.unwrap();
    }
}

/// Waits for what is looked at again and again.
async fn until(what: &str, look: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !look() {
        assert!(Instant::now() < end, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_vault_that_nobody_uses_locks_by_itself_and_one_that_is_used_stays_open() {
    let machine = Machine::new();
    let app = machine.create().await;
    let settings = Settings { lock_after_minutes: 1, ..Settings::default() };
    app.call(SetSettingsRequest { settings }).await.unwrap();
    let keys = Arc::downgrade(&app.session().await.unwrap());
    let mut events = app.events();
    // Used every fifty seconds, for longer than the minute altogether.
    for _ in 0..3 {
        machine.passes(50_000);
        app.call(TouchRequest {}).await.unwrap();
    }
    machine.passes(59_999);
    let looks = machine.clock.2.load(Ordering::SeqCst);
    crate::presence::watch(&app);
    until("a look at the clock", || machine.clock.2.load(Ordering::SeqCst) > looks).await;
    assert_eq!(app.call(StatusRequest {}).await.unwrap().phase, Phase::Unlocked);

    machine.passes(1);
    while !matches!(events.recv().await.unwrap(), Event::Locked { reason: LockReason::Idle }) {}
    until("the end of the keys", || keys.strong_count() == 0).await;
    let status = app.call(StatusRequest {}).await.unwrap();
    assert_eq!((status.phase, status.lock_reason), (Phase::Locked, Some(LockReason::Idle)));
    assert!(app.inner.store.index_value(records::key::FIRM).await.is_err(), "the index is open");
    unlock(&app, PASSPHRASE).await.unwrap();
}

#[tokio::test]
async fn whoever_begins_an_incident_ends_the_pause_and_the_tray_says_so() {
    let machine = Machine::new();
    let app = machine.create().await;
    let id = add(&app, "Contoso").await.id;
    enroll(&app, &id, "example", &[(Stands::Steady, machine.clock.now_ms() + DAY); 2]).await;
    app.call(PauseRotationRequest { paused: true }).await.unwrap();
    assert!(app.tray().paused);
    let scope = IncidentScope::Everything;
    app.call(BeginIncidentRequest { reason: "A laptop is gone".into(), scope }).await.unwrap();
    assert!(!app.tray().paused && !app.call(JobsRequest::default()).await.unwrap().paused);
}
