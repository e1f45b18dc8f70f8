//! The vault: what state it is in, creating it, opening and locking it, its passphrase.

use crate::api::*;
use crate::error::{Error, Result};
use crate::failpoint::point;
use crate::founding::{self, Founded};
use crate::history::Remembered;
use crate::journal::Change;
use crate::keychain::{Place, blocking};
use crate::keyring::Keyring;
use crate::records::{self, Firm, decode, key};
use crate::restore::Cause;
use crate::roots::{Roots, Unboxed};
use crate::session::{Keys, Pages, Session, make, rng};
use crate::store::StoreError;
use crate::{App, backup, connect, gate, history, lock as hold, restore, roots, rotate, tray};
use std::sync::Arc;
use vitrine_ledger::{DeviceId, LedgerId, MemberId, MspState};
use vitrine_vault::account::{
    AccountSecret, BoxIds, DeviceKeys, Enrolment, Lockbox, RootKey, UnlockError, seal_account_secret,
};
use vitrine_vault::items::MspItem;
use vitrine_vault::page::PageKey;
use vitrine_vault::{Secret, SecretText, passphrase};

/// Names of what lies in the database outside the sealed index: all of it sealed by itself, or public.
pub(crate) mod meta {
    pub(crate) const LOCKBOX: &str = "lockbox";
    pub(crate) const ENROLMENT: &str = "enrolment";
    pub(crate) const ACCOUNT_SECRET: &str = "account-secret";
    pub(crate) const SHEET: &str = "sheet";
    /// There once a damaged page of the index was met: the next unlock makes the index again.
    pub(crate) const INDEX_DAMAGED: &str = "index-damaged";
    /// What only this device knows, sealed.
    pub(crate) const OWN: &str = "own";
    /// The order of an open incident, sealed.
    pub(crate) const INCIDENT: &str = "incident";
    /// What a removal that was asked for has to order, sealed.
    pub(crate) const REMOVAL: &str = "removal";
    /// Where the webhook's messages go and how they are signed, sealed; empty where there is none.
    pub(crate) const WEBHOOK: &str = "webhook";
    /// Whom this device invited, sealed: codes carry secrets.
    pub(crate) const INVITATIONS: &str = "invitations";
    /// The invitation by which this device is joining, sealed.
    pub(crate) const JOINING: &str = "joining";
    /// Roots that this device was given since its lockbox was sealed, sealed; see [`crate::roots`].
    pub(crate) const ROOTS: &str = "roots";
    /// When the home was asked last while the vault was locked.
    pub(crate) const STAGED_AT: &str = "staged-at";
    /// Wrong passphrases in a row.
    pub(crate) const WRONG: &str = "wrong";
}

/// What the unlock screen is told, and what holds it up.
#[derive(Default)]
pub(crate) struct Gate {
    /// As this process knows it; before it was asked for, the data folder does.
    pub(crate) wrong: Option<gate::Wrong>,
    reason: Option<LockReason>,
    warnings: Vec<ErrorView>,
    opening: Arc<tokio::sync::Mutex<()>>,
}

/// Held while a vault is created, opened or restored. Two at once would leave the tasks of one session behind at the
/// next lock, keys and all, and guesses at once would pass the gate together.
pub(crate) async fn one_at_a_time(app: &App) -> tokio::sync::OwnedMutexGuard<()> {
    let opening = hold(&app.inner.gate).opening.clone();
    opening.lock_owned().await
}

/// Whether there is a vault, and whether it is open: without the keychain, which may take its time.
pub(crate) async fn phase(app: &App) -> Result<Phase> {
    let open = app.inner.session.read().await.is_some();
    Ok(phase_of(app, app.inner.store.meta(meta::LOCKBOX).await?.is_some(), open))
}

fn phase_of(app: &App, exists: bool, open: bool) -> Phase {
    match (exists, open) {
        (false, _) => Phase::NoVault,
        (true, true) => Phase::Unlocked,
        (true, false) if crate::join::view(app).is_some() => Phase::Joining,
        (true, false) => Phase::Locked,
    }
}

pub(crate) async fn status(app: &App, _request: StatusRequest) -> Result<StatusView> {
    let config = app.config();
    let session = app.inner.session.read().await.clone();
    let lockbox = app.inner.store.meta(meta::LOCKBOX).await?;
    let phase = phase_of(app, lockbox.is_some(), session.is_some());
    let device_secret = match lockbox.as_deref().map(Lockbox::from_bytes) {
        None if app.inner.device_secret.keychain_works().await => DeviceSecretPlace::KeychainReady,
        None => DeviceSecretPlace::NoKeychain,
        Some(Ok(lockbox)) => match app.inner.device_secret.place(&device_name(&lockbox)).await {
            Some(Place::Keychain) => DeviceSecretPlace::Keychain,
            Some(Place::File) => DeviceSecretPlace::File,
            None => DeviceSecretPlace::Missing,
        },
        Some(Err(_)) => DeviceSecretPlace::Missing,
    };
    let firm = match &session {
        Some(_) => Some(firm(app).await?),
        None => None,
    };
    let retry_in_ms = gate::left_ms(app).await?;
    let (lock_reason, warnings) = {
        let gate = hold(&app.inner.gate);
        let reason = (phase == Phase::Locked).then(|| gate.reason.unwrap_or(LockReason::Start));
        (reason, gate.warnings.clone())
    };
    let backup = match &firm {
        Some(firm) => Some(backup::view(app, firm).await?),
        None => None,
    };
    let organizations = match &session {
        Some(_) => crate::organizations::counts(app).await?.total,
        None => 0,
    };
    let certificates = match &session {
        Some(_) => Some(crate::certificates::overview(app).await?),
        None => None,
    };
    Ok(StatusView {
        phase,
        lock_reason,
        after_unlock: (phase == Phase::Locked && app.wishes_rotation()).then_some(AfterUnlock::RotateDue),
        retry_in_ms,
        cloud: CloudView {
            name: config.cloud.name().to_string(),
            login_host: host(config.cloud.login()),
            graph_host: host(config.cloud.graph()),
            custom: config.cloud.name() == vitrine_entra::cloud::CloudName::Custom,
            simulated: config.simulated,
            client_id: config.client_id.clone(),
        },
        device_secret,
        msp_name: firm.as_ref().map(|firm| firm.msp_name.clone()),
        person_name: firm.as_ref().map(|firm| firm.person_name.clone()),
        role: session.as_ref().and_then(|session| session.role()).map(Into::into),
        removed: session.as_ref().is_some_and(|session| session.role().is_none() || session.home.knows_us_not()),
        joining: crate::join::view(app),
        onboarding: firm.as_ref().map(|firm| OnboardingView {
            kit_confirmed: firm.own.kit_confirmed,
            sheet_saved: session.as_ref().is_some_and(|session| crate::papers::sheet::is_saved(&session.msp())),
            backup_exists: firm.own.backup.is_some(),
            organization_exists: organizations > 0,
            tenant_connected: firm.tenant_connected,
            rotation_verified: firm.rotation_verified,
        }),
        backup,
        unconfirmed: firm.as_ref().is_some_and(|firm| firm.own.unconfirmed),
        certificates,
        network: session.as_ref().map(|session| session.network()),
        warnings,
        data_folder: config.folder.display().to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

/// Host and port of an address, for people.
pub(crate) fn host(url: &url::Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}{port}", url.host_str().unwrap_or_default())
}

/// The firm's own row.
pub(crate) async fn firm(app: &App) -> Result<Firm> {
    let row = app.inner.store.index_value(key::FIRM).await?;
    row.map_or(Ok(Firm::default()), |bytes| decode(&bytes))
}

/// Whether a reason is asked for before anything is shown. The firm's rule stands in the signed history; a device may
/// ask for more, and not for less.
pub(crate) async fn reason_required(app: &App) -> Result<bool> {
    app.session().await?;
    Ok(app.settings().ask_reason || firm(app).await?.reason_required)
}

pub(crate) async fn passphrase_strength(
    _app: &App,
    request: PassphraseStrengthRequest,
) -> Result<PassphraseStrengthView> {
    let strength = passphrase::strength(&request.passphrase.0, &["vitrine"]);
    let advice =
        strength.warning.or_else(|| strength.suggestions.first().copied()).map(crate::words::passphrase_advice);
    Ok(PassphraseStrengthView { score: strength.score, enough: strength.is_enough(), advice })
}

pub(crate) async fn suggest_passphrase(
    _app: &App,
    _request: SuggestPassphraseRequest,
) -> Result<SuggestPassphraseView> {
    let passphrase = passphrase::make_passphrase(passphrase::DEFAULT_WORDS, &mut rng());
    Ok(SuggestPassphraseView { passphrase: EdgeSecret(passphrase) })
}

/// Refuses a passphrase that can be guessed; where a file holds the device secret it alone stands in the way.
pub(crate) fn check_passphrase(text: &SecretText, names: &[&str], in_file: bool) -> Result<()> {
    let strength = passphrase::strength(text, names);
    let least = if in_file { 4 } else { passphrase::LEAST_SCORE };
    if strength.score >= least {
        return Ok(());
    }
    Err(Error::usage(
        "vault.weak-passphrase",
        "This passphrase can be guessed.",
        "Use a longer one; six words drawn at random are strong and easy to type.",
    )
    .holds("Nothing was changed."))
}

pub(crate) async fn create(app: &App, request: CreateVaultRequest) -> Result<StatusView> {
    let msp_name = named(&request.msp_name, "firm")?;
    let person_name = named(&request.person_name, "person")?;
    let _turn = one_at_a_time(app).await;
    refuse_existing(app).await?;
    let in_file = !app.inner.device_secret.keychain_works().await;
    check_passphrase(&request.passphrase.0, &[&msp_name, &person_name], in_file)?;
    let device_name = machine_name();
    let item = MspItem { name: msp_name.clone(), reason_required: true };
    let Founded { entries, state, keys } = founding::found(&item, &person_name, &device_name, app.now_ms())?;
    let ids = BoxIds {
        member: *keys.member.as_bytes(),
        device: *keys.device_id.as_bytes(),
        genesis: *state.ledger().as_bytes(),
    };
    let boxes =
        seal_boxes(app, request.passphrase.0, ids, keys.roots.now(), &keys.device, request.accept_file_fallback)
            .await?;
    point!("vault.create.sealed");
    let session = Arc::new(Session::new(keys, state, &app.config(), app.inner.limiter.clone()));
    open_empty_index(app, &session).await?;
    // One change: a vault that is killed while it is made is whole or was never there.
    let mut change = Change::begin(app, &session).await?;
    change.tx.index_put(key::LAYOUT, &[records::LAYOUT]).await?;
    let reason_required = item.reason_required;
    *change.firm = Firm { msp_name, person_name, reason_required, ..Firm::default() };
    for (entry, state) in entries {
        change.keep_msp(&entry, state).await?;
    }
    for (name, bytes) in &boxes {
        change.tx.put_meta(name, bytes).await?;
    }
    change.note(Action::VaultCreated, None, None, None).await?;
    point!("vault.create.before");
    change.commit().await?;
    point!("vault.create.after");
    *app.inner.session.write().await = Some(session.clone());
    opened(app, &session).await;
    status(app, StatusRequest {}).await
}

/// Seals everything that lies at rest: lockbox, enrolment blob, account secret. Two derivations, off the async threads.
pub(crate) async fn seal_boxes(
    app: &App,
    passphrase: SecretText,
    ids: BoxIds,
    root: &RootKey,
    device: &DeviceKeys,
    accept_file: bool,
) -> Result<Vec<(&'static str, Vec<u8>)>> {
    let device_secret = Secret::new(make::<32>());
    let secret = device_secret.duplicate();
    let params = app.config().kdf;
    let (root, device) = (root.duplicate(), device.duplicate());
    let sealed = blocking(move || {
        let account_secret = AccountSecret::make(&mut rng());
        let lockbox = Lockbox::seal(&passphrase, &device_secret, params, ids, &root, &device, &mut rng())?;
        let enrolment =
            Enrolment::seal(&passphrase, &account_secret, params, ids.member, ids.genesis, &root, &mut rng())?;
        let own = seal_account_secret(&root, &account_secret, &mut rng());
        Ok(vec![
            (meta::LOCKBOX, lockbox.to_bytes()),
            (meta::ENROLMENT, enrolment.to_bytes()),
            (meta::ACCOUNT_SECRET, own),
        ])
    })
    .await?
    .map_err(no_memory)?;
    app.inner.device_secret.store(&hex(&ids.device), &secret, accept_file).await?;
    Ok(sealed)
}

/// Refuses to write over a vault.
pub(crate) async fn refuse_existing(app: &App) -> Result<()> {
    if app.inner.store.meta(meta::LOCKBOX).await?.is_some() {
        return Err(Error::usage(
            "vault.exists",
            "There is already a vault in this data folder.",
            "Unlock it, or set VITRINE_HOME to another folder.",
        )
        .holds("It was not touched."));
    }
    Ok(())
}

pub(crate) async fn open_empty_index(app: &App, session: &Session) -> Result<()> {
    match app.inner.store.unlock_index(Pages(PageKey::derive(session.device.local()))).await {
        // Left by a creation that never committed, under keys that are gone.
        Err(StoreError::PageDamaged { .. }) => {
            let mut tx = app.inner.store.begin().await?;
            tx.reset_index(0).await?;
            Ok(tx.commit().await?)
        }
        opened => Ok(opened?),
    }
}

pub(crate) async fn unlock(app: &App, request: UnlockRequest) -> Result<StatusView> {
    let _turn = one_at_a_time(app).await;
    if app.session().await.is_ok() || crate::join::view(app).is_some() {
        return status(app, StatusRequest {}).await;
    }
    let lockbox = app.inner.store.meta(meta::LOCKBOX).await?.ok_or_else(no_vault)?;
    let lockbox = Lockbox::from_bytes(&lockbox).map_err(damaged_lockbox)?;
    gate::wait(app).await?;
    let device = device_name(&lockbox);
    let (secret, _) = app.inner.device_secret.load(&device).await?;
    let passphrase = request.passphrase.0;
    let (unlocked, lockbox, passphrase, secret) = blocking(move || {
        let unlocked = lockbox.open(&passphrase, &secret);
        (unlocked, lockbox, passphrase, secret)
    })
    .await?;
    let unlocked = match unlocked {
        Ok(unlocked) => unlocked,
        Err(UnlockError::Refused) => return Err(gate::wrong(app).await),
        Err(UnlockError::Kdf(error)) => return Err(no_memory(error)),
        Err(error) => return Err(damaged_lockbox(error)),
    };
    gate::right(app).await;
    hold(&app.inner.gate).warnings.clear();
    if crate::join::is_under_way(app).await? {
        return crate::join::resume(app, unlocked, lockbox.ids()).await;
    }
    let unboxed = roots::take_in(app, passphrase, secret, &lockbox, unlocked).await?;
    let entered = enter(app, unboxed, lockbox.ids(), &device).await;
    if entered.is_err() {
        // An index that stays open without a session would hold the local key of a vault that says it is locked.
        app.inner.store.lock_index().await;
    }
    entered
}

/// Opens the index with the keys of an opened lockbox, and begins the session.
async fn enter(app: &App, unlocked: Unboxed, ids: BoxIds, device: &str) -> Result<StatusView> {
    let pages = Pages(PageKey::derive(unlocked.device_keys.local()));
    let index = app.inner.store.unlock_index(pages).await;
    let remembered = app.inner.device_secret.remembered(device).await;
    if let Err(error) = index {
        if !matches!(error, StoreError::PageDamaged { .. }) {
            return Err(error.into());
        }
        return Box::pin(restore::rebuild(app, unlocked, ids, Cause::Damaged(remembered))).await;
    }
    let generation = app.inner.store.index_generation().await?;
    if let Some(Remembered { generation: newest, .. }) = remembered.as_ref().filter(|last| last.generation > generation)
    {
        return Err(history::rolled_back(format!("generation {generation}, last seen {newest}")));
    }
    if app.inner.store.meta(meta::INDEX_DAMAGED).await?.is_some_and(|mark| mark == [1]) {
        return Box::pin(restore::rebuild(app, unlocked, ids, Cause::Damaged(remembered))).await;
    }
    let (state, ring) = match read_state(app, &unlocked.roots, ids).await {
        Ok(read) => read,
        // A row that is gone although every page is whole: make the index again from what is signed.
        Err(error) if error.code().starts_with("index.") => {
            return Box::pin(restore::rebuild(app, unlocked, ids, Cause::Damaged(remembered))).await;
        }
        Err(error) => return Err(error),
    };
    let keys = Keys {
        roots: unlocked.roots,
        device: unlocked.device_keys,
        member: MemberId::from_bytes(ids.member),
        device_id: DeviceId::from_bytes(ids.device),
        ring,
    };
    let session = Arc::new(Session::new(keys, state, &app.config(), app.inner.limiter.clone()));
    *app.inner.session.write().await = Some(session.clone());
    opened(app, &session).await;
    status(app, StatusRequest {}).await
}

/// The state this device accepted, and the keys that the ledger wraps to its member.
pub(crate) async fn read_state(app: &App, roots: &Roots, ids: BoxIds) -> Result<(MspState, Keyring)> {
    if app.inner.store.index_value(key::REBUILDING).await?.is_some() {
        return Err(Error::integrity(
            "index.unfinished",
            "The local index was being made again and is not whole.",
            "Lock and unlock the vault.",
        ));
    }
    if app.inner.store.index_value(key::LAYOUT).await?.is_none_or(|layout| *layout != [records::LAYOUT]) {
        return Err(Error::integrity(
            "index.older",
            "The local index was made by another version.",
            "Lock and unlock the vault.",
        ));
    }
    let row = app.inner.store.index_long_value(key::MSP).await?.ok_or_else(|| {
        Error::integrity(
            "index.no-state",
            "The local index lacks the state of the vault.",
            "Lock and unlock the vault.",
        )
    })?;
    let state = MspState::decode(&row).map_err(|error| {
        Error::integrity("index.unreadable", "A row of the local index cannot be read.", "Lock and unlock the vault.")
            .because(error)
    })?;
    if state.ledger() != LedgerId::from_bytes(ids.genesis) {
        return Err(Error::integrity(
            "vault.other-vault",
            "The lockbox belongs to another vault than the database.",
            "Put the files that belong together back.",
        ));
    }
    let ring = Keyring::of(&app.inner.store, roots, MemberId::from_bytes(ids.member), &state).await?;
    Ok((state, ring))
}

/// What follows an unlock, whichever way it came about.
pub(crate) async fn opened(app: &App, session: &Arc<Session>) {
    app.used();
    let firm = firm(app).await.unwrap_or_default();
    if session.roots().are_renewed() && !firm.own.kit_confirmed {
        warn(app, crate::papers::renewed());
    }
    let unreadable = firm.unreadable;
    if unreadable > 0 {
        warn(
            app,
            Error::integrity(
                "vault.organizations-unreadable",
                format!("The signed history of {unreadable} organizations could not be read, so no list shows them."),
                "Restore from the newest backup, and keep this data folder for examination.",
            ),
        );
    }
    crate::credentials::watch(app, session);
    crate::webhook::watch(app, session);
    crate::home::watch(app, session);
    backup::catch_up(app).await;
    // What cannot be saved now is looked for again at the next tick.
    let _ = crate::attention::catch_up(app, session).await;
    tray::refresh(app, Some(session)).await;
    app.tell(Event::Unlocked);
    app.tell(Event::StatusChanged);
}

pub(crate) async fn lock(app: &App, _request: LockRequest) -> Result<StatusView> {
    lock_now(app, LockReason::Hand).await;
    status(app, StatusRequest {}).await
}

/// Ends running work, drops the keys, then tells the windows. Nothing on a screen can hold it up.
pub(crate) async fn lock_now(app: &App, reason: LockReason) {
    // Held until the index is locked: an unlock that came between would find it locked behind its back.
    let mut held = app.inner.session.write().await;
    let Some(session) = held.take() else {
        if crate::join::forget(app) {
            hold(&app.inner.gate).reason = Some(reason);
            app.tell(Event::Locked { reason });
        }
        return;
    };
    session.end().await;
    point!("lock.ended");
    connect::forget_all(app);
    rotate::forget_all(app);
    app.inner.clipboard.forget();
    let device = hex(session.author.device.as_bytes());
    let newest = newest(app).await;
    app.inner.store.lock_index().await;
    // The session's tasks are gone. A request that still runs drops the keys when it finds the index locked.
    drop(session);
    drop(held);
    hold(&app.inner.gate).reason = Some(reason);
    tray::refresh(app, None).await;
    app.tell(Event::Locked { reason });
    if let Ok(newest) = newest {
        app.inner.device_secret.remember(&device, &newest).await;
    }
}

/// Remembers that the index cannot be read whole, so that the next unlock makes it again.
pub(crate) async fn mark_damaged(app: &App) {
    let marked = async {
        let mut tx = app.inner.store.begin().await?;
        tx.put_meta(meta::INDEX_DAMAGED, &[1]).await?;
        tx.commit().await
    };
    if marked.await.is_err() {
        tracing::warn!(code = "index.unmarked", "the damage to the index was not remembered");
    }
}

/// Tells the keychain which database was the newest, so that an older one is noticed.
pub(crate) async fn remember_generation(app: &App, session: &Session) {
    if let Ok(newest) = newest(app).await {
        app.inner.device_secret.remember(&hex(session.author.device.as_bytes()), &newest).await;
    }
}

async fn newest(app: &App) -> Result<Remembered> {
    // The row first: a change between the two makes the generation newer than the history, which is as true.
    let history = firm(app).await?.history;
    Ok(Remembered { generation: app.inner.store.index_generation().await?, history })
}

pub(crate) async fn touch(app: &App, _request: TouchRequest) -> Result<Done> {
    app.used();
    Ok(Done {})
}

pub(crate) async fn change_passphrase(app: &App, request: ChangePassphraseRequest) -> Result<Done> {
    let session = app.session().await?;
    let lockbox = app.inner.store.meta(meta::LOCKBOX).await?.ok_or_else(no_vault)?;
    let lockbox = Lockbox::from_bytes(&lockbox).map_err(damaged_lockbox)?;
    gate::wait(app).await?;
    let (secret, place) = app.inner.device_secret.load(&device_name(&lockbox)).await?;
    let firm = firm(app).await?;
    check_passphrase(&request.new.0, &[&firm.msp_name, &firm.person_name], place == Place::File)?;
    let params = app.config().kdf;
    let own = app.inner.store.meta(meta::ACCOUNT_SECRET).await?.ok_or_else(no_vault)?;
    let account_secret =
        vitrine_vault::account::open_account_secret(session.roots().now(), &own).map_err(damaged_lockbox)?;
    let root = session.roots().now().duplicate();
    let ids = lockbox.ids();
    // The present passphrase opens the box, which also gives the device keys back for the new one.
    let resealed = blocking(move || {
        let unlocked = lockbox.open(&request.current.0, &secret)?;
        let fresh = Lockbox::seal(&request.new.0, &secret, params, ids, &root, &unlocked.device_keys, &mut rng())?;
        let enrolment =
            Enrolment::seal(&request.new.0, &account_secret, params, ids.member, ids.genesis, &root, &mut rng())?;
        Ok::<_, UnlockError>((fresh, enrolment))
    })
    .await?;
    let (fresh, enrolment) = match resealed {
        Ok(resealed) => resealed,
        Err(UnlockError::Refused) => return Err(gate::wrong(app).await.holds("The passphrase was not changed.")),
        Err(UnlockError::Kdf(error)) => return Err(no_memory(error)),
        Err(error) => return Err(damaged_lockbox(error)),
    };
    let mut tx = app.inner.store.begin().await?;
    tx.put_meta(meta::LOCKBOX, &fresh.to_bytes()).await?;
    tx.put_meta(meta::ENROLMENT, &enrolment.to_bytes()).await?;
    point!("passphrase.before");
    tx.commit().await?;
    point!("passphrase.after");
    // A backup with the old enrolment blob would still open with the old passphrase.
    backup::changed(app);
    Ok(Done {})
}

/// Remembers something about the store or the home that a person should read, once.
pub(crate) fn warn(app: &App, warning: impl Into<ErrorView>) {
    let warning = warning.into();
    let mut gate = hold(&app.inner.gate);
    gate.warnings.retain(|known| known.code != warning.code);
    gate.warnings.push(warning);
    drop(gate);
    app.tell(Event::StatusChanged);
}

/// Something that was warned of is over.
pub(crate) fn settled(app: &App, code: &str) {
    hold(&app.inner.gate).warnings.retain(|warning| warning.code != code);
}

/// What was wrong with the home is so no more.
pub(crate) fn home_is_well(app: &App) {
    hold(&app.inner.gate).warnings.retain(|warning| !warning.code.starts_with("home."));
}

fn named(name: &str, what: &str) -> Result<String> {
    crate::organizations::checked_name(name).map_err(|_| {
        Error::usage(
            "vault.name",
            format!("The name of the {what} cannot be used."),
            "Use 1 to 100 characters without line breaks.",
        )
    })
}

/// This machine's name, as other members will see it.
pub(crate) fn machine_name() -> String {
    #[cfg(unix)]
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    #[cfg(not(unix))]
    let name = std::env::var("COMPUTERNAME").unwrap_or_default();
    if name.trim().is_empty() { "This computer".into() } else { name.chars().take(100).collect() }
}

pub(crate) fn device_name(lockbox: &Lockbox) -> String {
    hex(&lockbox.ids().device)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

pub(crate) fn no_vault() -> Error {
    Error::usage("vault.none", "There is no vault in this data folder.", "Create one, or restore one from a backup.")
}

pub(crate) fn no_memory(error: vitrine_vault::kdf::KdfError) -> Error {
    let code = error.code().to_owned();
    Error::machine(&code, "The passphrase could not be worked on.", "Free some memory and try again.").because(error)
}

pub(crate) fn damaged_lockbox(error: UnlockError) -> Error {
    let code = error.code().to_owned();
    Error::integrity(
        &code,
        "The box that holds this device's keys is damaged or was edited.",
        "Restore from the backup with your recovery kit and passphrase, or with the safe sheet.",
    )
    .holds("The sealed items were not touched.")
    .because(error)
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let what = error.to_string();
        let (class, code, next) = match &error {
            StoreError::InUse { .. } => (ErrorClass::Machine, "store.in-use", "Close the other Vitrine, or use it."),
            StoreError::Unwritable { .. } | StoreError::File { .. } => {
                (ErrorClass::Machine, "store.unwritable", "Check the folder's owner and permissions.")
            }
            StoreError::DiskFull => {
                (ErrorClass::Machine, "store.disk-full", "Free some space and try again. Viewing still works.")
            }
            StoreError::Newer { .. } => (ErrorClass::Usage, "store.newer", "Update Vitrine on this machine."),
            StoreError::Foreign => (ErrorClass::Usage, "store.foreign", "Set VITRINE_HOME to another folder."),
            StoreError::Corrupted => (
                ErrorClass::Integrity,
                "store.corrupted",
                "Restore from the backup, and keep this data folder for examination.",
            ),
            StoreError::EntryExists { .. } => (ErrorClass::Partly, "store.conflict", "Try again."),
            StoreError::PageDamaged { .. } => (
                ErrorClass::Integrity,
                "index.damaged",
                "Lock and unlock the vault: the index is then made again from the signed history.",
            ),
            StoreError::IndexLocked => return Self::locked(),
            _ => (ErrorClass::Machine, "store.failed", "Try again."),
        };
        let mut letters = what.chars();
        let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
        Self::new(class, code, format!("{first}{}.", letters.as_str()), next).because(error)
    }
}
