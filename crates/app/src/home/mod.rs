//! The home of the vault: this device, or a backend that decides the order of all entries and can read none of them.
//!
//! [`backend`] speaks with it, [`append`] brings it what this device wrote, [`copy`] a whole vault. [`pull`] takes what is new there:
//! [`source`] asks for it, [`ahead`] for many ledgers at once, [`msp`] and [`organizations`] judge and write, [`numbers`] remembers
//! how far the home is known. [`listen`] hears that there is something, [`locked`] fetches while the vault is locked, [`past`] what
//! stands before the checkpoints that this device began at. Nothing of a backend is believed: every entry is judged by the ledger
//! and every object by the hash in its entry; [`violation`] says what it did.

mod ahead;
mod append;
mod backend;
mod copy;
mod listen;
mod locked;
mod msp;
mod numbers;
mod organizations;
mod past;
mod pull;
mod source;
mod violation;

pub(crate) use append::{Outgoing, commit};
#[cfg(test)]
pub(crate) use backend::Failure;
pub(crate) use backend::{Backend, Signs, answer, enrolment, kit_append, kit_entries, letter, stranger, who};
pub(crate) use locked::watch as watch_locked;
#[cfg(test)]
pub(crate) use locked::{MOST as MOST_STAGED, Rounds, round as round_locked};
pub(crate) use organizations::{Held, held};
#[cfg(test)]
pub(crate) use past::STEP;
pub(crate) use past::{refuse_unchecked, unchecked};
pub(crate) use source::older;

use crate::api::*;
use crate::error::{Error, Result};
use crate::failpoint::{point, protected};
use crate::journal::Change;
use crate::own;
use crate::records::{self, key};
use crate::session::Session;
use crate::{App, comeback, lock, people, vault};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, watch};
use url::Url;
use vitrine_entra::http::on_this_machine;
use vitrine_ledger::wire::{Invitation, Letter, Locator};
use vitrine_ledger::{Entry, ForkProof, Home, MspBody};

/// How often a backend is asked for what is new, whatever its stream of events says.
const POLL: Duration = Duration::from_secs(30);

/// The same, while a person waits for another one.
const SOON: Duration = Duration::from_secs(3);

/// And for how long.
const EXPECTED: Duration = Duration::from_mins(15);

/// How long a change waits for the first answer after the unlock.
const FIRST: Duration = Duration::from_secs(5);

/// How long view records wait for it.
const SHORT: Duration = Duration::from_secs(1);

/// Where the backend answers that the signed history names.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Address {
    pub(crate) url: String,
    /// What this device has is not all there yet.
    pub(crate) moving: bool,
}

/// How the backend was reached since the unlock.
#[derive(Default)]
pub(crate) struct Link {
    reached: Mutex<Reached>,
    /// Held while something is taken or copied: two at once would take or send the same entries.
    turn: tokio::sync::Mutex<()>,
    wake: Notify,
    /// The home was reached: what stands before checkpoints can be fetched.
    past: Notify,
    /// Whether the backend was asked once since the unlock.
    asked: watch::Sender<bool>,
    /// Until when something that a person waits for is expected there.
    expected_until: Mutex<Option<Instant>>,
    /// The index as it was when nobody was owed keys.
    pub(crate) settled: Mutex<Option<u64>>,
    /// What the locked device will ask with, as it was kept since the unlock.
    kept: Mutex<Option<locked::Kept>>,
    /// Whether what arrived while the vault was locked was taken.
    taken: watch::Sender<bool>,
    /// Another history that it showed, proven by two signed entries.
    fork: Mutex<Option<ForkProof>>,
}

impl Link {
    /// Waits until the backend that is the home was asked for what is new once since the unlock, for a while: a change made
    /// before that would be refused if this device is behind.
    pub(crate) async fn first_sync(&self, session: &Session) {
        self.asked_within(session, FIRST).await;
    }

    /// Whether the home takes what can wait: a device does, and a backend that has answered by now. A view is over when it was
    /// shown, whatever the network does.
    pub(crate) async fn takes_what_can_wait(&self, session: &Session) -> bool {
        self.asked_within(session, SHORT).await && !self.is_away()
    }

    /// Waits until what arrived while the vault was locked was taken, which no network is needed for: whoever is shown a
    /// credential is shown the newest that this machine has.
    pub(crate) async fn all_taken(&self) {
        // An error says that nobody takes anything any more.
        drop(self.taken.subscribe().wait_for(|taken| *taken).await);
    }

    /// The home was asked then, while the vault was locked.
    fn was_asked_at(&self, at: u64, received: u32) {
        let mut reached = lock(&self.reached);
        reached.synced_at = reached.synced_at.max(Some(at));
        reached.received = reached.received.saturating_add(received);
    }

    async fn asked_within(&self, session: &Session, limit: Duration) -> bool {
        if let Home::Device(_) = session.msp().home() {
            return true;
        }
        let mut asked = self.asked.subscribe();
        tokio::time::timeout(limit, asked.wait_for(|asked| *asked)).await.is_ok()
    }

    /// Whether something was wrong when it was asked last.
    pub(crate) fn is_away(&self) -> bool {
        lock(&self.reached).problem.is_some()
    }

    /// Whether the home says that it does not know this device: it was revoked, or its member removed. A home that lies about that
    /// takes nothing from it either, so nothing but what needs the home may follow from it.
    pub(crate) fn knows_us_not(&self) -> bool {
        lock(&self.reached).problem.as_ref().is_some_and(|problem| problem.code == "home.unknown-device")
    }

    /// Something was written before what this device sent: the next change waits until it was fetched.
    fn fell_behind(&self) {
        self.asked.send_replace(false);
        self.hurry();
    }

    /// A person waits for another one: the backend is asked often for a while.
    pub(crate) fn expect(&self) {
        *lock(&self.expected_until) = Some(Instant::now() + EXPECTED);
        self.hurry();
    }

    /// There is something to fetch, or to finish.
    fn hurry(&self) {
        self.wake.notify_one();
    }
}

#[derive(Default, Clone)]
struct Reached {
    synced_at: Option<u64>,
    received: u32,
    problem: Option<ErrorView>,
}

pub(crate) async fn show(app: &App, _request: HomeRequest) -> Result<HomeView> {
    let session = app.session().await?;
    view(app, &session).await
}

async fn view(app: &App, session: &Session) -> Result<HomeView> {
    let Home::Backend { id, .. } = session.msp().home() else { return Ok(HomeView { backend: None }) };
    let address = vault::firm(app).await?.own.home;
    let Reached { synced_at, received, problem } = lock(&session.home.reached).clone();
    Ok(HomeView {
        backend: Some(BackendView {
            moving: address.as_ref().is_some_and(|address| address.moving),
            address: address.map(|address| address.url).unwrap_or_default(),
            id: id.to_string(),
            synced_at: synced_at.map(Time),
            received,
            unchecked: unchecked(app).await?,
            problem,
            fork: fork_view(app, session).await?,
        }),
    })
}

async fn fork_view(app: &App, session: &Session) -> Result<Option<ForkView>> {
    let Some(proof) = lock(&session.home.fork).clone() else { return Ok(None) };
    let row = app.inner.store.index_value(&key::organization(proof.ledger().as_bytes())).await?;
    let row = row.map(|row| records::decode::<records::Organization>(&row)).transpose()?;
    let place = |entry: &Entry| (u32::try_from(entry.seq()).unwrap_or(u32::MAX), vault::hex(entry.hash().as_bytes()));
    let ((ours_seq, ours), (theirs_seq, theirs)) = (place(proof.ours()), place(proof.theirs()));
    let organization_name = row.map(|row| row.name);
    Ok(Some(ForkView { ledger: proof.ledger().to_string(), organization_name, ours_seq, ours, theirs_seq, theirs }))
}

/// The other history that the home showed. Asks it, where that is not known since the unlock.
pub(crate) async fn fork(app: &App, session: &Session) -> Option<ForkProof> {
    let known = || lock(&session.home.fork).clone();
    if known().is_none() && matches!(session.msp().home(), Home::Backend { .. }) {
        // Whatever comes of it, what was seen is noted.
        let _ = sync_now(app, session).await;
    }
    known()
}

/// Keeps two entries that contradict each other, so that anybody can be shown them.
fn note_fork(session: &Session, ours: Option<Vec<u8>>, theirs: &Entry) {
    let ours = ours.and_then(|bytes| Entry::decode(&bytes).ok());
    let proof = ours.and_then(|ours| ForkProof::new(ours, theirs.clone()).ok());
    if let Some(proof) = proof.filter(|proof| proof.verify(&session.msp()).is_ok()) {
        lock(&session.home.fork).get_or_insert(proof);
    }
}

/// Moves the home to a backend: what is here is copied while this device is still the home, then one entry, accepted here,
/// names the backend, and then what was written meanwhile is copied, that entry included.
pub(crate) async fn move_to(app: &App, request: MoveHomeRequest) -> Result<HomeView> {
    let session = app.session().await?;
    let url = checked(&request.address)?;
    let present = vault::firm(app).await?.own.home;
    if let Home::Backend { .. } = session.msp().home() {
        if present.as_ref().is_some_and(|address| address.moving && address.url == written(&url)) {
            let _turn = session.home.turn.lock().await;
            finish(app, &session).await?;
            return view(app, &session).await;
        }
        return Err(Error::usage(
            "home.is-backend",
            "The home of this vault is a backend already.",
            "Bring it back to this device first: vitrine home bring-back.",
        ));
    }
    let who = who(&session.http()?, &url).await?;
    Box::pin(copy::refuse_incomplete(app)).await?;
    let backend = Backend::at(app, &session, url.clone(), who.id)?;
    backend.register(&request.token.0).await?;
    Box::pin(copy::copy(app, &session, &backend)).await?;
    point!("home.move.copied");
    let mut change = Change::begin(app, &session).await?;
    change.firm.own.home = Some(Address { url: written(&url), moving: true });
    // The numbers of a home before say nothing of this one's.
    change.tx.index_delete(key::CURSOR).await?;
    change.append_msp(MspBody::Home { home: Home::Backend { id: who.id, key: who.key } }).await?;
    let place = Some(backend.host());
    change.note(Action::HomeMoved, None, None, place).await?;
    change.commit().await?;
    point!("home.move.named");
    let turn = session.home.turn.lock().await;
    finish(app, &session).await?;
    note(app, &session, &Ok(0));
    drop(turn);
    app.tell(Event::StatusChanged);
    view(app, &session).await
}

/// Opens the mailbox of an invitation at the backend.
pub(crate) async fn open_mailbox(
    app: &App,
    session: &Session,
    locator: Locator,
    letter: Vec<u8>,
    lifetime_s: u32,
) -> Result<()> {
    let letter = Letter::new(letter).map_err(crate::session::unreadable_keys)?;
    Backend::of(app, session).await?.open_mailbox(&locator, &Invitation { lifetime_s, letter }).await
}

/// What was left in it, if anything was.
pub(crate) async fn answer_of(app: &App, session: &Session, locator: Locator) -> Result<Option<Vec<u8>>> {
    let letter = Backend::of(app, session).await?.answer_of(&locator).await?;
    Ok(letter.map(|letter| letter.as_bytes().to_vec()))
}

/// Leaves an answer of nobody in it, so that whoever comes with its code finds it used.
pub(crate) async fn close_mailbox(app: &App, session: &Session, locator: Locator) -> Result<()> {
    Backend::of(app, session).await?.close_mailbox(&locator).await
}

/// Copies what the backend lacks after the home was given to it. Whoever asks for it has the turn: the command and the watch may
/// both be at it, and the second finds that nothing is missing any more.
async fn finish(app: &App, session: &Session) -> Result<()> {
    let backend = Backend::of(app, session).await?;
    Box::pin(copy::copy(app, session, &backend)).await?;
    point!("home.move.finished");
    own::note(app, session, |own| {
        if let Some(address) = &mut own.home {
            address.moving = false;
        }
    })
    .await
}

/// Brings the home back: one entry, accepted by the backend, which takes nothing after it.
pub(crate) async fn bring_back(app: &App, _request: BringHomeRequest) -> Result<HomeView> {
    let session = app.session().await?;
    if let Home::Device(device) = session.msp().home() {
        let here = device == session.author.device;
        let what =
            if here { "The home of this vault is this device." } else { "The home of this vault is another device." };
        return Err(Error::usage("home.is-device", what, "There is nothing to bring back."));
    }
    // What the backend has and this device lacks would be lost.
    sync_now(app, &session).await?;
    refuse_unchecked(app).await?;
    let host = Backend::of(app, &session).await?.host();
    let mut change = Change::begin(app, &session).await?;
    change.firm.own.home = None;
    change.append_msp(MspBody::Home { home: Home::Device(session.author.device) }).await?;
    change.note(Action::HomeBroughtBack, None, None, Some(host)).await?;
    change.commit().await?;
    *lock(&session.home.reached) = Reached::default();
    app.tell(Event::StatusChanged);
    view(app, &session).await
}

pub(crate) async fn sync(app: &App, _request: SyncRequest) -> Result<HomeView> {
    let session = app.session().await?;
    if let Home::Backend { .. } = session.msp().home() {
        sync_now(app, &session).await?;
        attend(app, &session).await?;
    }
    view(app, &session).await
}

/// Takes what is new, and remembers how that went.
async fn sync_now(app: &App, session: &Session) -> Result<()> {
    let turn = session.home.turn.lock().await;
    let moving = vault::firm(app).await?.own.home.is_some_and(|address| address.moving);
    let outcome =
        if moving { finish(app, session).await.map(|()| 0) } else { Box::pin(pull::pull(app, session)).await };
    // Before another one begins: what failed a moment ago must not stand over what went well since.
    note(app, session, &outcome);
    drop(turn);
    outcome?;
    session.home.past.notify_one();
    locked::keep(app, session).await
}

/// What sharing asks of this device once it is up to date: answers to its invitations, the keys that others are owed, and what its
/// member's kit opens.
async fn attend(app: &App, session: &Session) -> Result<()> {
    Box::pin(people::collect(app, session)).await?;
    Box::pin(people::settle(app, session)).await?;
    Box::pin(comeback::leave_enrolment(app, session)).await
}

/// How long until the backend is asked again: soon, while a person waits for another one.
fn pause(session: &Session) -> Duration {
    let expected = *lock(&session.home.expected_until);
    let pause = if expected.is_some_and(|until| Instant::now() < until) { SOON } else { POLL };
    protected!("the home is asked now and then", pause, Duration::from_hours(24))
}

fn note(app: &App, session: &Session, outcome: &Result<u32>) {
    let mut reached = lock(&session.home.reached);
    let stood =
        |reached: &Reached| (reached.synced_at.is_some(), reached.problem.as_ref().map(|problem| problem.code.clone()));
    let before = stood(&reached);
    match outcome {
        Ok(received) => {
            (reached.synced_at, reached.problem) = (Some(app.now_ms()), None);
            reached.received = reached.received.saturating_add(*received);
        }
        Err(error) => reached.problem = Some(error.view().clone()),
    }
    let (after, problem) = (stood(&reached), reached.problem.clone());
    drop(reached);
    if before != after {
        // What a backend did that it should not do is said on every screen.
        match problem {
            Some(problem) if problem.class == ErrorClass::Integrity => vault::warn(app, problem),
            Some(_) => {}
            None => vault::home_is_well(app),
        }
        app.tell(Event::StatusChanged);
    }
}

/// Asks a backend for what is new, while the session lives: when it says that there is something, and now and then.
pub(crate) fn watch(app: &App, session: &Arc<Session>) {
    listen::listen(app, session);
    past::watch(app, session);
    let (this, own) = (app.clone(), session.clone());
    session.spawn(async move {
        locked::take(&this, &own).await;
        own.home.taken.send_replace(true);
        loop {
            if let Home::Backend { .. } = own.msp().home() {
                let synced = sync_now(&this, &own).await;
                own.home.asked.send_replace(true);
                let attended = match synced {
                    Ok(()) => attend(&this, &own).await,
                    Err(error) => Err(error),
                };
                if let Err(error) = attended {
                    tracing::warn!(code = error.code(), "the home was not reached, or something is left to do there");
                }
            } else {
                own.home.asked.send_replace(true);
                locked::forget(&this, &own).await;
            }
            // Over or cut short: either way it is asked now.
            drop(tokio::time::timeout(pause(&own), own.home.wake.notified()).await);
        }
    });
}

/// An address that a backend may have.
pub(crate) fn checked(address: &str) -> Result<Url> {
    let wrong = || {
        Error::usage(
            "home.address",
            "This is not the address of a backend.",
            "Give https://, host and, if need be, port; http:// on this machine alone.",
        )
    };
    let url = Url::parse(address.trim()).map_err(|_| wrong())?;
    let plain = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && url.host().is_some();
    let safe = url.scheme() == "https" || (url.scheme() == "http" && on_this_machine(&url));
    if plain && safe { Ok(url) } else { Err(wrong()) }
}

/// As it is kept and compared.
pub(crate) fn written(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}
