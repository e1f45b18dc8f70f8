//! The application: use cases over store and client, requests and views as plain data. Knows nothing of Tauri or
//! terminals.
//!
//! [`App`] only holds things. A use case is a function in the module of its subject, reached through the one table in
//! `routes`; it takes the request, opens what it needs with the [`session`]'s keys, and answers with a view.

// One row of the table in `routes` for each use case: some have nothing to wait for.
#![allow(clippy::unused_async)]
// The requests and views of `api` are the vocabulary of every use case.
#![allow(clippy::wildcard_imports)]
// Settings and steps that tick are independent facts.
#![allow(clippy::struct_excessive_bools)]
// Ids and keys are named for what they are, `connection_item` among other fields included.
#![allow(clippy::struct_field_names)]

mod accounts;
#[cfg(unix)]
pub mod agent;
pub mod api;
mod attention;
mod audit;
mod backup;
mod beside;
mod certificates;
mod client_id;
mod clipboard;
mod clock;
mod comeback;
mod config;
mod connect;
mod credentials;
mod drift;
mod error;
mod evidence;
mod export;
mod failpoint;
mod files;
mod founding;
mod gate;
mod harden;
mod health;
mod history;
mod home;
mod host;
mod import;
mod incident;
mod join;
mod journal;
mod keychain;
mod keyring;
mod laps;
mod limiter;
mod lists;
mod log;
mod older;
mod organizations;
mod own;
mod papers;
mod people;
mod presence;
mod quick;
mod records;
mod refusals;
pub mod reminders;
mod restore;
mod roots;
mod rotate;
pub mod rotator;
mod routes;
mod rules;
mod session;
mod settings;
pub mod store;
mod strangers;
#[cfg(feature = "synthetic")]
pub mod synthetic;
mod tasks;
#[cfg(test)]
mod tests;
mod tray;
mod trouble;
mod vault;
mod webhook;
mod words;

pub use clock::{Clock, SystemClock};
pub use config::{Config, data_folder};
pub use error::{Error, Result};
pub use evidence::verify as verify_evidence;
pub use harden::harden;
pub use host::{Headless, Host, HostError};
pub use keychain::{Keychain, KeychainError, OsKeychain};
pub use log::log;
pub use routes::Answered;
pub use tray::{RecentOrganization, TrayState, TrayView};
pub use trouble::{take_over, trouble};
pub use words::of_variant;

use api::{ErrorView, Event, LockReason, Settings};
use clipboard::Clipboard;
use keychain::DeviceSecret;
use limiter::Limiter;
use session::Session;
use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use store::Store;
use tasks::Tasks;
use tokio::sync::broadcast;
use vitrine_entra::ClientId;

/// What an application needs from outside.
pub struct Options {
    /// Its configuration.
    pub config: Config,
    /// Where the device secret lies.
    pub keychain: Arc<dyn Keychain>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl Options {
    /// The configuration, keychain and clocks of this machine.
    ///
    /// # Errors
    /// Where the configuration cannot be read.
    pub fn from_environment() -> Result<Self> {
        Ok(Self { config: Config::load()?, keychain: Arc::new(OsKeychain), clock: Arc::new(SystemClock) })
    }
}

/// The application. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

struct Inner {
    config: RwLock<Arc<Config>>,
    host: Box<dyn Host>,
    clock: Arc<dyn Clock>,
    device_secret: DeviceSecret,
    clipboard: Clipboard,
    store: Store,
    /// Held by a change from its first read to its end, the home's answer included.
    changing: Arc<tokio::sync::Mutex<()>>,
    events: broadcast::Sender<Event>,
    /// Keys, while unlocked. A use case takes a share of it; locking ends the session's tasks and waits for them.
    session: tokio::sync::RwLock<Option<Arc<Session>>>,
    gate: Mutex<vault::Gate>,
    /// Keys, while this device waits to be added to a vault.
    waiting: join::Waiting,
    connects: Mutex<HashMap<String, connect::Flow>>,
    /// What was found out last about a client id, and about which.
    client_check: Mutex<Option<(ClientId, api::ClientIdCheck)>>,
    jobs: Mutex<rotate::Jobs>,
    limiter: Arc<Limiter>,
    backup: Mutex<backup::State>,
    tray: Mutex<TrayView>,
    recent: Mutex<tray::Recent>,
    reminders: reminders::Reminders,
    #[cfg(unix)]
    farewells: agent::Farewells,
    last_use_ms: AtomicU64,
    pulse: rotator::Pulse,
    /// Held while something is laid beside the store that arrives while the vault is locked, or taken from there.
    staging: tokio::sync::Mutex<()>,
    background: Tasks,
}

impl App {
    /// Opens the data folder and starts what runs beside the windows. Only one process holds a data folder at a time.
    ///
    /// # Errors
    /// Where the folder is in use, cannot be written, or holds a database that is damaged or of a newer version.
    pub async fn start(options: Options, host: impl Host) -> Result<Self> {
        let app = Self::open(options, host).await?;
        #[cfg(unix)]
        agent::listen(&app)?;
        if !app.inner.host.is_unattended() {
            presence::watch(&app);
        }
        rotate::watch(&app);
        home::watch_locked(&app);
        reminders::watch(&app);
        Ok(app)
    }

    /// Opens the data folder for one command: nothing runs beside it.
    ///
    /// # Errors
    /// As [`App::start`].
    pub async fn open(options: Options, host: impl Host) -> Result<Self> {
        // One TLS provider for the process; a second call finds it set, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let Options { config, keychain, clock } = options;
        files::make_folder(&config.folder).map_err(|error| files::failed(&config.folder, error))?;
        let store = Store::open(&config.folder).await?;
        let (events, _) = broadcast::channel(256);
        let (wall, steady) = (clock.now_ms(), clock.steady_ms());
        let limiter = Arc::new(Limiter::new(clock.clone()));
        let device_secret = DeviceSecret::new(keychain, &config.folder);
        Ok(Self {
            inner: Arc::new(Inner {
                config: RwLock::new(Arc::new(config)),
                host: Box::new(host),
                clock,
                device_secret,
                clipboard: Clipboard::default(),
                store,
                changing: Arc::default(),
                events,
                session: tokio::sync::RwLock::new(None),
                gate: Mutex::default(),
                waiting: join::Waiting::default(),
                connects: Mutex::default(),
                client_check: Mutex::default(),
                jobs: Mutex::default(),
                limiter,
                backup: Mutex::default(),
                tray: Mutex::default(),
                recent: Mutex::default(),
                reminders: reminders::Reminders::default(),
                #[cfg(unix)]
                farewells: agent::Farewells::default(),
                last_use_ms: AtomicU64::new(steady),
                pulse: rotator::Pulse::begin(wall, steady),
                staging: tokio::sync::Mutex::default(),
                background: Tasks::default(),
            }),
        })
    }

    /// Answers a request.
    ///
    /// # Errors
    /// What went wrong, in words and with a stable code.
    pub async fn call<R: Answered>(&self, request: R) -> Result<R::View, ErrorView> {
        Ok(routes::answer(self, request).await?)
    }

    /// What changes from now on.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.inner.events.subscribe()
    }

    /// The settings in force.
    pub fn settings(&self) -> Settings {
        self.config().settings.clone()
    }

    /// Locks the vault: running work is stopped where it stands, keys are dropped and zeroed, then windows are told.
    pub async fn lock(&self, reason: LockReason) {
        vault::lock_now(self, reason).await;
    }

    /// The main window went into the tray.
    pub fn closed_to_tray(&self) {
        if self.settings().lock_on_close {
            let app = self.clone();
            self.background(async move { app.lock(LockReason::Tray).await });
        }
    }

    /// The person was told that closing keeps Vitrine in the tray; they are not told again.
    pub fn told_of_tray(&self) {
        settings::told_of_tray(self);
    }

    /// What the tray shows.
    pub fn tray(&self) -> TrayView {
        lock(&self.inner.tray).clone()
    }

    /// Finishes what one command began: carries its view records into the ledgers, writes the backup, and locks. What
    /// of it could not be done is done by whoever opens the vault next; the person is told.
    pub async fn close(self) -> Vec<ErrorView> {
        let mut left = Vec::new();
        if let Ok(session) = self.session().await {
            left.extend(credentials::carry(&self, &session).await.err());
            left.extend(backup::settle(&self).await.err());
            drop(session);
            self.lock(LockReason::Hand).await;
        }
        self.shut_down();
        left.into_iter().map(Error::into_view).collect()
    }

    /// Stops what runs and drops the keys, at once. The last call before the process ends.
    pub fn shut_down(&self) {
        self.inner.background.abort();
        self.inner.clipboard.forget();
        if let Ok(mut session) = self.inner.session.try_write()
            && let Some(session) = session.take()
        {
            session.abort();
        }
        #[cfg(unix)]
        agent::stop_listening(self);
    }

    /// Ends the process's part after a lock: lets go of everything, and then answers who asked for the lock.
    #[cfg(unix)]
    pub async fn end(self) {
        agent::end(self).await;
    }

    pub(crate) fn config(&self) -> Arc<Config> {
        self.inner.config.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn replace_config(&self, config: Config) {
        *self.inner.config.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
    }

    pub(crate) fn now_ms(&self) -> u64 {
        self.inner.clock.now_ms()
    }

    pub(crate) fn tell(&self, event: Event) {
        // Nobody listening is fine: windows ask when they open.
        let _ = self.inner.events.send(event);
    }

    /// The unlocked session.
    ///
    /// # Errors
    /// Where the vault is locked.
    pub(crate) async fn session(&self) -> Result<Arc<Session>> {
        self.inner.session.read().await.clone().ok_or_else(Error::locked)
    }

    /// Runs beside the windows until it ends or the application shuts down.
    pub(crate) fn background(&self, work: impl Future<Output = ()> + Send + 'static) -> tokio::task::AbortHandle {
        self.inner.background.spawn(work)
    }

    /// Whether what falls due is rotated without a person's order.
    pub(crate) fn rotates_by_itself(&self) -> bool {
        self.settings().rotate_when_due || self.inner.host.is_unattended()
    }

    pub(crate) fn used(&self) {
        self.inner.last_use_ms.store(self.inner.clock.steady_ms(), Ordering::Relaxed);
    }

    pub(crate) fn idle_too_long(&self) -> bool {
        let idle = self.inner.clock.steady_ms().saturating_sub(self.inner.last_use_ms.load(Ordering::Relaxed));
        idle >= u64::from(self.settings().lock_after_minutes) * 60_000
    }
}

/// Locks a mutex whose content stays meaningful whatever a panicking holder did.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
