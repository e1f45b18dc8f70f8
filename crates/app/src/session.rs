//! What is in memory while the vault is unlocked: keys, the fold of the MSP ledger, the client's connections, and the
//! tasks that use them. Locking ends the tasks first and then drops the rest, zeroed.

use crate::api::{NetworkView, Time};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::incident::Progress;
use crate::keyring::Keyring;
use crate::limiter::Limiter;
use crate::records::Bytes32;
use crate::roots::Roots;
use crate::rotate::Places;
use crate::store::{Direction, PageSeal};
use crate::tasks::Tasks;
use crate::{App, home, lock, webhook};
use rand::rngs::SysRng;
use rand_core::UnwrapErr;
use std::collections::HashMap;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;
use vitrine_entra::http::{Http, HttpSettings, Reach};
use vitrine_ledger::{
    Action, Author, DeviceId, EntryHash, LedgerId, Member, MemberId, MspHistory, MspState, Role, Signature, Signer,
    allowed,
};
use vitrine_vault::account::{DeviceKeys, IdentityKeys};
use vitrine_vault::page::PageKey;
use zeroize::Zeroizing;

/// An unlocked vault.
pub(crate) struct Session {
    pub(crate) device: DeviceKeys,
    pub(crate) author: Author,
    /// Ends every task of this session.
    pub(crate) stop: CancellationToken,
    /// Groups of the kit that a person was asked to type back.
    pub(crate) asked_groups: Mutex<Option<[u8; 2]>>,
    /// Showings of the last minute.
    pub(crate) pace: Mutex<Vec<u64>>,
    /// Counter and hash of the newest view record, once one was read or written.
    pub(crate) last_view: tokio::sync::Mutex<Option<(u64, [u8; 32])>>,
    /// Where the page of the list that was read last ended.
    pub(crate) page_end: Mutex<Option<PageEnd>>,
    /// Held while certificates are renewed: when a renewal that failed is tried again, by the steady clock.
    pub(crate) renewals: Arc<tokio::sync::Mutex<HashMap<Bytes32, u64>>>,
    /// What an open incident is at.
    pub(crate) incident: Progress,
    /// What sends messages to the webhook.
    pub(crate) sender: webhook::Sender,
    /// Which late accounts it was told of.
    pub(crate) late: webhook::Late,
    /// How the backend was reached that is the home.
    pub(crate) home: home::Link,
    /// How many organizations are worked on at once.
    pub(crate) places: Places,
    /// Made when the network is needed first: to read the system's certificate authorities takes longer than all else
    /// of an unlock after the passphrase, and whoever only looks needs none of them.
    http: Mutex<Option<Http>>,
    limiter: Arc<Limiter>,
    extra_ca: Option<PathBuf>,
    roots: RwLock<Arc<Roots>>,
    msp: RwLock<Arc<MspState>>,
    ring: RwLock<Arc<Keyring>>,
    tasks: Tasks,
}

/// Makes a way to the network.
///
/// # Errors
/// Where the further certificate authorities that are configured cannot be read.
pub(crate) fn reach(extra_ca: Option<&Path>, limiter: Arc<Limiter>) -> Result<Http> {
    let read = |path: &Path| std::fs::read(path).map_err(|error| crate::files::failed(path, error));
    let extra_roots_pem = extra_ca.map(read).transpose()?;
    Ok(Http::new(&HttpSettings { extra_roots_pem, ..HttpSettings::default() }, limiter)?)
}

/// Where a page of the list ended, so that the next one need not pass over all rows before it again.
pub(crate) struct PageEnd {
    /// Of the index, when the page was read: after any change the place is not known.
    pub(crate) generation: u64,
    pub(crate) direction: Direction,
    /// Rows before the next page.
    pub(crate) rows: u32,
    /// Key of the last row: a name.
    pub(crate) key: Zeroizing<Vec<u8>>,
}

/// The keys of a session.
pub(crate) struct Keys {
    pub(crate) roots: Roots,
    pub(crate) device: DeviceKeys,
    pub(crate) member: MemberId,
    pub(crate) device_id: DeviceId,
    pub(crate) ring: Keyring,
}

impl Session {
    pub(crate) fn new(keys: Keys, msp: MspState, config: &Config, limiter: Arc<Limiter>) -> Self {
        let Keys { roots, device, member, device_id, ring } = keys;
        Self {
            device,
            author: Author { member, device: device_id },
            stop: CancellationToken::new(),
            asked_groups: Mutex::default(),
            pace: Mutex::default(),
            last_view: tokio::sync::Mutex::default(),
            page_end: Mutex::default(),
            renewals: Arc::default(),
            incident: Progress::default(),
            sender: webhook::Sender::default(),
            late: webhook::Late::default(),
            home: home::Link::default(),
            places: Places::new(config.places),
            http: Mutex::default(),
            limiter,
            extra_ca: config.extra_ca.clone(),
            roots: RwLock::new(Arc::new(roots)),
            msp: RwLock::new(Arc::new(msp)),
            ring: RwLock::new(Arc::new(ring)),
            tasks: Tasks::default(),
        }
    }

    /// How the network is reached; all clones share connections, and the limiter with every other session.
    ///
    /// # Errors
    /// Where the further certificate authorities that are configured cannot be read.
    pub(crate) fn http(&self) -> Result<Http> {
        let mut made = lock(&self.http);
        if let Some(http) = &*made {
            return Ok(http.clone());
        }
        Ok(made.insert(reach(self.extra_ca.as_deref(), self.limiter.clone())?).clone())
    }

    /// How the network was reached, as far as it was needed.
    pub(crate) fn network(&self) -> NetworkView {
        let reach = lock(&self.http).as_ref().map(Http::reach).unwrap_or_default();
        let Reach { answered_at, unreachable_since, tried_at } = reach;
        NetworkView {
            answered_at: answered_at.map(Time),
            unreachable_since: unreachable_since.map(Time),
            tried_at: tried_at.map(Time),
        }
    }

    /// The newest state of the MSP ledger.
    pub(crate) fn msp(&self) -> Arc<MspState> {
        self.msp.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes a state that is durable.
    pub(crate) fn set_msp(&self, state: MspState) {
        *self.msp.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(state);
    }

    /// The roots of this member.
    pub(crate) fn roots(&self) -> Arc<Roots> {
        self.roots.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes the roots that a durable state of the MSP ledger gave this device.
    pub(crate) fn set_roots(&self, roots: Roots) {
        *self.roots.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(roots);
    }

    /// The keys that the MSP ledger wraps to this member.
    pub(crate) fn ring(&self) -> Arc<Keyring> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes the keys that a durable state of the MSP ledger wraps to this member.
    pub(crate) fn set_ring(&self, ring: Keyring) {
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
    }

    /// What this member may do now on this device; none once either was removed.
    pub(crate) fn role(&self) -> Option<Role> {
        let msp = self.msp();
        if msp.ended(&self.author).is_some() {
            return None;
        }
        msp.member(&self.author.member).filter(|member| member.is_active()).map(Member::role)
    }

    /// Whether this member may act so, before anything is drafted or asked of a tenant.
    pub(crate) fn may(&self, action: Action) -> bool {
        self.role().is_some_and(|role| allowed(role, action))
    }

    /// Whether the home is a backend that takes nothing now, as far as is known.
    pub(crate) fn home_is_away(&self) -> bool {
        matches!(self.msp().home(), vitrine_ledger::Home::Backend { .. }) && self.home.is_away()
    }

    /// The id of the MSP ledger.
    pub(crate) fn vault(&self) -> LedgerId {
        self.msp().ledger()
    }

    /// Runs while the session lives; not at all where it has ended.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) -> Option<AbortHandle> {
        (!self.stop.is_cancelled()).then(|| self.tasks.spawn(work))
    }

    /// Tasks that run.
    #[cfg(test)]
    pub(crate) fn running(&self) -> usize {
        self.tasks.running()
    }

    /// Ends every task at its next wait. Each holds a share of the keys until then.
    pub(crate) fn abort(&self) {
        self.stop.cancel();
        self.tasks.abort();
    }

    /// Ends every task, each where it awaits, and waits until all of them are gone with what they held.
    pub(crate) async fn end(&self) {
        self.stop.cancel();
        self.tasks.end().await;
    }
}

/// Work of a request that holds keys while it waits for the network: a task of the session, so that locking ends it
/// where it stands and waits until what it held is gone. It goes on when whoever asked for it goes away.
pub(crate) async fn hold<T: Send + 'static, F: Future<Output = Result<T>> + Send + 'static>(
    app: &App,
    work: impl FnOnce(Arc<Session>) -> F + Send,
) -> Result<T> {
    let (tell, told) = tokio::sync::oneshot::channel();
    // Not held here while waiting: the keys are the task's alone.
    {
        let session = app.session().await?;
        let work = work(session.clone());
        session.spawn(async move {
            // Nobody may be waiting any more.
            let _ = tell.send(work.await);
        });
    }
    told.await.unwrap_or_else(|_| Err(Error::locked()))
}

/// The newest MSP state as the history that organizations are judged by. Older hashes are not needed to append on
/// what this device accepted before: a witness never goes back.
pub(crate) struct Newest<'a>(pub(crate) &'a MspState);

impl MspHistory for Newest<'_> {
    fn state(&self) -> &MspState {
        self.0
    }

    fn hash_at(&self, seq: u64) -> Option<EntryHash> {
        (seq == self.0.head().seq).then_some(self.0.head().hash)
    }
}

/// Signs for the ledger with the member's identity.
pub(crate) struct Identity(pub(crate) IdentityKeys);

impl Signer<Signature> for Identity {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Signature, ed25519_dalek::SignatureError> {
        Ok(Signature::from_bytes(&self.0.sign(message)))
    }
}

/// Seals index pages under the device's local key.
pub(crate) struct Pages(pub(crate) PageKey);

impl PageSeal for Pages {
    fn seal(&self, page: u64, generation: u64, plaintext: &[u8]) -> Vec<u8> {
        // The store keeps pages far below the limit; an empty page would be refused when read, never taken for true.
        self.0.seal(page, generation, plaintext, &mut rng()).unwrap_or_default()
    }

    fn open(&self, page: u64, generation: u64, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let plain = self.0.open(page, generation, sealed).ok()?;
        // Exposed into a buffer that the store zeroes.
        Some(Zeroizing::new(plain.expose().clone()))
    }
}

/// Randomness of the operating system, for everything that is made.
pub(crate) fn rng() -> impl rand_core::CryptoRng {
    // A system without randomness cannot make keys; nothing below here may go on then.
    UnwrapErr(SysRng)
}

/// Random bytes of the operating system.
pub(crate) fn make<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand_core::Rng::fill_bytes(&mut rng(), &mut bytes);
    bytes
}

/// A key of the session does not fit what the ledger says.
pub(crate) fn unreadable_keys(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::integrity(
        "vault.keys-unreadable",
        "A key of this vault does not fit its signed history.",
        "Restore from the backup, and keep this data folder for examination.",
    )
    .because(error)
}
