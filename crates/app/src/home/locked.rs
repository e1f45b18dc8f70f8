//! Fetching while the vault is locked, so that whoever unlocks it without a network finds what was new minutes ago and not what
//! was new yesterday. What arrives is ciphertext that nobody here can judge. It is laid beside the store, and the next unlock takes
//! it by the same rules as if the home gave it then; what does not pass is thrown away, and the home asked as ever.
//!
//! A key that only reads asks for it, and it lies in the keychain with the address to ask: a locked device has no other.

use super::ahead::{Named, OBJECTS};
use super::backend::{Backend, Signs};
use super::pull;
use crate::api::Event;
use crate::error::Result;
use crate::failpoint::protected;
use crate::lock as held;
use crate::session::{self, Session};
use crate::store::Arrived;
use crate::vault::{self, meta};
use crate::{App, home};
use std::time::Duration;
use url::Url;
use vitrine_entra::http::Http;
use vitrine_ledger::wire::{Changed, EntriesWanted, KeyId, ObjectsWanted, Start};
use vitrine_ledger::{BackendId, DeviceId, Entry, Home, LedgerId};
use vitrine_vault::account::{Lockbox, TransportKeys};
use vitrine_vault::{Key, SecretBytes, object};

/// How often the home is asked. Credentials change once a day, and a laptop that sleeps lightly should go on sleeping.
const PAUSE: Duration = Duration::from_mins(5);
/// Bytes that may lie beside the store: a home without end fills no disk. Tests make do with less.
pub(crate) const MOST: u64 = if cfg!(test) { 16 << 10 } else { 64 << 20 };
/// Pages of changes in one go.
const PAGES: usize = 100;

/// What a locked device asks with.
struct Pass {
    keys: TransportKeys,
    backend: BackendId,
    url: Url,
}

impl Pass {
    /// Seed, id of the backend, address.
    fn to_bytes(&self) -> SecretBytes {
        // Exposed into the one value that the keychain keeps.
        SecretBytes::new(
            [&self.keys.seed().expose()[..], self.backend.as_bytes(), self.url.as_str().as_bytes()].concat(),
        )
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (seed, rest) = bytes.split_first_chunk::<32>()?;
        let (backend, url) = rest.split_first_chunk::<16>()?;
        let url = home::checked(std::str::from_utf8(url).ok()?).ok()?;
        Some(Self {
            keys: TransportKeys::from_seed(Key::from_slice(seed)?),
            backend: BackendId::from_bytes(*backend),
            url,
        })
    }
}

/// Where a pass asks, by which it is known whether the one that is kept still fits.
pub(super) type Kept = Option<(BackendId, String)>;

/// Keeps what the locked device will ask with.
pub(super) async fn keep(app: &App, session: &Session) -> Result<()> {
    let Home::Backend { id, .. } = session.msp().home() else { return Ok(()) };
    let Some(address) = vault::firm(app).await?.own.home.filter(|address| !address.moving) else { return Ok(()) };
    let kept: Kept = Some((id, address.url.clone()));
    if held(&session.home.kept).as_ref() == Some(&kept) {
        return Ok(());
    }
    let Ok(url) = home::checked(&address.url) else { return Ok(()) };
    let pass = Pass { keys: session.device.transport(), backend: id, url };
    let device = vault::hex(session.author.device.as_bytes());
    app.inner.device_secret.keep_pass(&device, Some(&pass.to_bytes())).await;
    *held(&session.home.kept) = Some(kept);
    Ok(())
}

/// Forgets it, where this device is the home.
pub(super) async fn forget(app: &App, session: &Session) {
    if held(&session.home.kept).as_ref() != Some(&None) {
        app.inner.device_secret.keep_pass(&vault::hex(session.author.device.as_bytes()), None).await;
        *held(&session.home.kept) = Some(None);
    }
}

/// Asks now and then while the vault is locked, for as long as the application runs.
pub(crate) fn watch(app: &App) {
    let this = app.clone();
    app.background(async move {
        let mut rounds = Rounds::default();
        loop {
            // Heard from here on, and before the look: an unlock of before would end every round as it begins.
            let mut events = this.events();
            if this.session().await.is_err() {
                tokio::select! {
                    // What cannot be fetched now is asked for the next time.
                    _ = round(&this, &mut rounds) => {}
                    // Whoever unlocks waits for no answer.
                    () = unlocked(&mut events) => {}
                }
            } else {
                rounds = Rounds::default();
            }
            tokio::time::sleep(PAUSE).await;
        }
    });
}

async fn unlocked(events: &mut tokio::sync::broadcast::Receiver<Event>) {
    use tokio::sync::broadcast::error::RecvError;
    loop {
        match events.recv().await {
            Ok(Event::Unlocked) | Err(RecvError::Closed) => return,
            Ok(_) | Err(RecvError::Lagged(_)) => {}
        }
    }
}

/// How far the home was asked since the vault was locked.
#[derive(Default)]
pub(crate) struct Rounds {
    cursor: u64,
    http: Option<Http>,
}

/// Asks once, and lays beside the store what is new.
pub(crate) async fn round(app: &App, rounds: &mut Rounds) -> Result<()> {
    let Some(lockbox) = app.inner.store.meta(meta::LOCKBOX).await? else { return Ok(()) };
    let ids = Lockbox::from_bytes(&lockbox).map_err(vault::damaged_lockbox)?.ids();
    let Some(pass) = app.inner.device_secret.pass(&vault::hex(&ids.device)).await else { return Ok(()) };
    let Some(Pass { keys, backend, url }) = Pass::from_bytes(&pass) else { return Ok(()) };
    let http = match rounds.http.take() {
        Some(http) => http,
        None => session::reach(app.config().extra_ca.as_deref(), app.inner.limiter.clone())?,
    };
    rounds.http = Some(http.clone());
    let signer = KeyId { msp: LedgerId::from_bytes(ids.genesis), device: DeviceId::from_bytes(ids.device) };
    let backend = Backend::new(app, http, url, backend, signer, Signs::Transport(&keys));
    let _turn = app.inner.staging.lock().await;
    for _ in 0..PAGES {
        let changes = backend.changes(rounds.cursor).await?;
        for changed in &changes.ledgers {
            stage(app, &backend, changed).await?;
        }
        let further = changes.cursor > rounds.cursor;
        rounds.cursor = changes.cursor;
        if !changes.more || !further {
            break;
        }
    }
    let mut tx = app.inner.store.begin().await?;
    tx.put_meta(meta::STAGED_AT, &app.now_ms().to_be_bytes()).await?;
    Ok(tx.commit().await?)
}

/// Fetches what is new of one ledger. Judged is only what keeps the home from going on for ever.
async fn stage(app: &App, backend: &Backend<'_>, changed: &Changed) -> Result<()> {
    let (store, ledger) = (&app.inner.store, changed.ledger.as_bytes());
    let newest = store.newest_seq(ledger).await?.max(store.newest_staged(ledger).await?);
    if newest >= Some(changed.head.seq) {
        return Ok(());
    }
    let mut start = Start { ledger: changed.ledger, seq: newest.map_or(0, |newest| newest.saturating_add(1)) };
    let mut named = Named::default();
    loop {
        let answer = backend.entries(&EntriesWanted::from(vec![start])).await?;
        let (mut arrived, mut size) = (Arrived::default(), store.staged_size().await?);
        for bytes in &answer.entries {
            let Ok(entry) = Entry::decode(bytes.as_bytes()) else { return Ok(()) };
            let of = entry.ledger().unwrap_or_else(|| entry.begins());
            size = size.saturating_add(entry.bytes().len() as u64);
            if of != start.ledger
                || entry.seq() != start.seq
                || protected!("a locked device's disk is spared", size > MOST, false)
            {
                return Ok(());
            }
            named.see(&entry);
            start.seq = start.seq.saturating_add(1);
            arrived.entries.push((*ledger, entry.seq(), entry.bytes().to_vec()));
        }
        let over = !answer.more || arrived.entries.is_empty();
        store.stage(&arrived).await?;
        if over {
            break;
        }
    }
    let wanted: Vec<_> = named.of(changed.ledger).collect();
    for names in wanted.chunks(OBJECTS) {
        if protected!("a locked device's disk is spared", store.staged_size().await? > MOST, false) {
            return Ok(());
        }
        // An auditor is given none; then there is nothing to lay down.
        let Ok(answer) = backend.objects(&ObjectsWanted { objects: names.to_vec() }).await else { return Ok(()) };
        let mut arrived = Arrived::default();
        for sealed in &answer.objects {
            let hash = object::hash(sealed.as_bytes());
            if names.iter().any(|name| *name.hash.as_bytes() == hash) {
                arrived.objects.push((hash, sealed.as_bytes().to_vec()));
            }
        }
        store.stage(&arrived).await?;
    }
    Ok(())
}

/// Takes what arrived while the vault was locked, by the rules by which the home's own answers are taken.
pub(super) async fn take(app: &App, session: &Session) {
    let _staging = app.inner.staging.lock().await;
    let taken = async {
        if app.inner.store.staged_size().await? == 0 {
            return Ok(None);
        }
        pull::take_staged(app, session).await.map(Some)
    };
    match taken.await {
        Ok(None) => {}
        Ok(Some(received)) => {
            let at = app.inner.store.meta(meta::STAGED_AT).await.ok().flatten();
            if let Some(at) = at.and_then(|at| at.try_into().ok()).map(u64::from_be_bytes) {
                session.home.was_asked_at(at, received);
            }
        }
        // The home is asked next, and shows whether it was the home.
        Err(error) => tracing::warn!(code = error.code(), "what arrived while locked was not taken"),
    }
    if let Err(error) = app.inner.store.unstage().await {
        tracing::warn!(%error, "what arrived while locked stays beside the store");
    }
}
