//! The webhook: an address of the firm's own, to which this device tells what it did and saw. One for each device, so that
//! two of them never tell of one thing twice.
//!
//! What is wanted stands with what only this device knows. The address often holds a token, so it lies sealed with the
//! signing secret, apart from the index, and no log, error or list ever holds more of it than its host.

mod answer;
mod message;
mod outbox;
mod overdue;
mod send;
mod sign;
mod standing;

pub(crate) use message::{Changed, What};
pub(crate) use overdue::{Late, tell_overdue};
pub(crate) use send::{Sender, watch};
pub(crate) use standing::{Stood, stood, tell_standing};

use crate::App;
use crate::api::*;
use crate::beside::Beside;
use crate::error::{Error, Result};
use crate::journal::{Change, Opened};
use crate::records::Bytes16;
use crate::session::{self, Session, rng};
use crate::vault::{self, meta};
use message::Message;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use url::Url;
use vitrine_entra::http::on_this_machine;
use vitrine_vault::cbor::{Reader, Writer, decode};
use vitrine_vault::{Key, Secret, SecretText};

const LONGEST_ADDRESS: usize = 2_048;
/// Most bytes of address and secret, sealed together.
const LONGEST_TARGET: usize = 4_096;

/// What is told to whom, but for the address; and how that goes.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Webhook {
    kinds: BTreeSet<MessageKind>,
    names: bool,
    /// The receiver wants nothing more.
    off: bool,
    /// Messages ever made; numbers them.
    made: u64,
    pub(crate) waiting: u32,
    pub(crate) dropped: u32,
    delivered_at: Option<u64>,
    /// Why the last try failed, and when.
    problem: Option<(u64, ErrorView)>,
}

impl Webhook {
    /// Whether a kind of message is to be sent.
    pub(crate) fn wants(&self, kind: MessageKind) -> bool {
        !self.off && self.kinds.contains(&kind)
    }

    /// Messages ever made.
    pub(crate) fn made(&self) -> u64 {
        self.made
    }

    /// The index is made again, and what waited in it is gone.
    pub(crate) fn lose_waiting(&mut self) {
        self.dropped = self.dropped.saturating_add(std::mem::take(&mut self.waiting));
    }

    fn standing(&self) -> WebhookStanding {
        match (self.off, &self.problem, self.delivered_at) {
            (true, ..) => WebhookStanding::SwitchedOff,
            (_, Some(_), _) => WebhookStanding::Failing,
            (_, None, Some(_)) => WebhookStanding::Arriving,
            (_, None, None) => WebhookStanding::New,
        }
    }
}

impl Change<'_> {
    /// Has the webhook tell of something that this change does, where there is one that wants it: the message becomes
    /// durable with the change, or neither does.
    pub(crate) async fn tell(&mut self, opened: &Opened, item: Option<&Bytes16>, what: What) -> Result<()> {
        let now = self.now_ms();
        let Some(webhook) = self.firm.own.webhook.as_mut().filter(|webhook| webhook.wants(what.kind())) else {
            return Ok(());
        };
        let person = webhook.names.then_some(self.firm.person_name.as_str());
        let message = Message::new(self.session, now, opened, item, what, person);
        // Boxed: messages are rare, and their room is not for every change to carry.
        Box::pin(webhook.put(&mut self.tx, message)).await
    }
}

/// Where messages go and how they are signed.
struct Target {
    address: SecretText,
    key: Key,
}

impl Target {
    fn seal(&self, session: &Session) -> Result<Vec<u8>> {
        // Exposed to be sealed.
        let plain = Writer::secret_document(|map| {
            map.text(1, self.address.expose());
            map.bytes(2, self.key.expose());
        });
        // Exposed to be sealed.
        Beside::Webhook.seal(&session.device, plain.expose())
    }

    fn open(sealed: &[u8], session: &Session) -> Result<Self> {
        let plain = Beside::Webhook.open(&session.device, sealed).map_err(unreadable)?;
        // Exposed to be read into wrappers again.
        decode(plain.expose(), LONGEST_TARGET, |reader| {
            reader.map(|map| {
                let address = map.required(1, |reader| reader.secret_text(LONGEST_ADDRESS))?;
                let key = map.required(2, Reader::secret_array)?;
                Ok(Self { address, key })
            })
        })
        .map_err(unreadable)
    }

    fn url(&self) -> Result<Url> {
        // Exposed to the one who goes there.
        Url::parse(self.address.expose()).map_err(unreadable)
    }

    /// Scheme and host: all that is ever shown of it.
    fn receiver(&self) -> String {
        self.url().map(|url| url.origin().ascii_serialization()).unwrap_or_default()
    }
}

async fn stored(app: &App, session: &Session) -> Result<Option<Target>> {
    match app.inner.store.meta(meta::WEBHOOK).await? {
        Some(sealed) if !sealed.is_empty() => Target::open(&sealed, session).map(Some),
        _ => Ok(None),
    }
}

async fn target(app: &App, session: &Session) -> Result<Target> {
    stored(app, session).await?.ok_or_else(none_set)
}

pub(crate) async fn show(app: &App, _request: WebhookRequest) -> Result<WebhookView> {
    let session = app.session().await?;
    let Some(webhook) = vault::firm(app).await?.own.webhook else { return Ok(WebhookView { webhook: None }) };
    let receiver = target(app, &session).await.map(|target| target.receiver());
    let next_try_at = if webhook.off { None } else { outbox::next_try(app).await?.map(Time) };
    let standing = webhook.standing();
    let (problem_at, problem) = match (receiver.as_ref().err(), webhook.problem) {
        (Some(error), _) => (None, Some(error.view().clone())),
        (None, Some((at, problem))) => (Some(Time(at)), Some(problem)),
        (None, None) => (None, None),
    };
    Ok(WebhookView {
        webhook: Some(WebhookState {
            receiver: receiver.unwrap_or_default(),
            kinds: webhook.kinds.into_iter().collect(),
            names: webhook.names,
            standing,
            delivered_at: webhook.delivered_at.map(Time),
            waiting: webhook.waiting,
            next_try_at,
            dropped: webhook.dropped,
            problem,
            problem_at,
        }),
    })
}

pub(crate) async fn set(app: &App, request: SetWebhookRequest) -> Result<WebhookView> {
    let SetWebhookRequest { address, kinds, names, new_secret } = request;
    let kinds: BTreeSet<MessageKind> = kinds.into_iter().collect();
    if kinds.is_empty() {
        return Err(Error::usage(
            "webhook.no-kinds",
            "No kind of message is chosen, so nothing would ever be sent.",
            "Choose at least one, or remove the webhook.",
        )
        .holds("The webhook was not changed."));
    }
    let session = app.session().await?;
    let (address, key) = match (address, stored(app, &session).await) {
        // A secret that cannot be read here any more is of no use to the receiver either.
        (Some(address), before) => (checked(&address.0)?, before.ok().flatten().map(|target| target.key)),
        (None, before) => {
            let Target { address, key } = before?.ok_or_else(none_set)?;
            (address, Some(key))
        }
    };
    let key = key.filter(|_| !new_secret).unwrap_or_else(|| Secret::make(&mut rng()));
    let sealed = Target { address, key }.seal(&session)?;
    let mut change = Change::begin(app, &session).await?;
    let told = told(&kinds, names);
    // What waits goes to where it is wanted now; an address that was mistyped costs nothing.
    let before = change.firm.own.webhook.take().unwrap_or_default();
    change.firm.own.webhook = Some(Webhook { kinds, names, off: false, problem: None, ..before });
    change.tx.put_meta(meta::WEBHOOK, &sealed).await?;
    change.note(Action::WebhookSet, None, None, Some(told)).await?;
    change.commit().await?;
    session.sender.try_everything();
    app.tell(Event::StatusChanged);
    show(app, WebhookRequest {}).await
}

/// What the list of what happened says of it.
fn told(kinds: &BTreeSet<MessageKind>, names: bool) -> String {
    let kinds: Vec<String> = kinds.iter().map(crate::words::of_variant).collect();
    format!("{}; {}", kinds.join(", "), if names { "with names" } else { "without names" })
}

pub(crate) async fn test(app: &App, _request: TestWebhookRequest) -> Result<WebhookTestView> {
    let this = app.clone();
    session::hold(app, move |session| async move {
        let tested = send::test(&this, &session).await?;
        if tested.problem.is_none() {
            arrived(&this, &session).await?;
        }
        Ok(tested)
    })
    .await
}

/// A test arrived: the receiver is there, and what waits is worth a try.
async fn arrived(app: &App, session: &Arc<Session>) -> Result<()> {
    let now = app.now_ms();
    crate::own::note(app, session, |own| {
        if let Some(webhook) = &mut own.webhook {
            webhook.arrived(now);
        }
    })
    .await?;
    session.sender.try_everything();
    app.tell(Event::StatusChanged);
    Ok(())
}

pub(crate) async fn remove(app: &App, _request: RemoveWebhookRequest) -> Result<WebhookView> {
    let session = app.session().await?;
    let mut change = Change::begin(app, &session).await?;
    if change.firm.own.webhook.take().is_some() {
        outbox::forget(&mut change.tx).await?;
        change.tx.put_meta(meta::WEBHOOK, &[]).await?;
        change.note(Action::WebhookRemoved, None, None, None).await?;
        change.commit().await?;
        app.tell(Event::StatusChanged);
    }
    show(app, WebhookRequest {}).await
}

pub(crate) async fn copy_secret(app: &App, _request: CopyWebhookSecretRequest) -> Result<CopyView> {
    app.used();
    let session = app.session().await?;
    let written = sign::written(&target(app, &session).await?.key);
    let seconds = u64::from(app.settings().clipboard_seconds);
    app.inner.clipboard.copy_secret(&written, Duration::from_secs(seconds))?;
    Ok(CopyView { clears_at: Some(Time(app.now_ms().saturating_add(seconds * 1000))) })
}

pub(crate) async fn secret(app: &App, _request: WebhookSecretRequest) -> Result<WebhookSecretView> {
    app.used();
    let session = app.session().await?;
    Ok(WebhookSecretView { secret: EdgeSecret(sign::written(&target(app, &session).await?.key)) })
}

/// An address that messages may go to. No refusal repeats it.
fn checked(address: &SecretText) -> Result<SecretText> {
    let unchanged = |error: Error| error.holds("The webhook was not changed.");
    let none = || {
        unchanged(Error::usage(
            "webhook.address",
            "This is not the address of a webhook.",
            "Copy it from the receiver; it looks like https://hooks.example.com/vitrine.",
        ))
    };
    // Exposed to be looked at.
    let text = address.expose().trim();
    if text.len() > LONGEST_ADDRESS {
        return Err(none());
    }
    let url = Url::parse(text).map_err(|_| none())?;
    if !["http", "https"].contains(&url.scheme()) || url.host().is_none() || url.fragment().is_some() {
        return Err(none());
    }
    if url.scheme() == "http" && !on_this_machine(&url) {
        return Err(unchanged(Error::usage(
            "webhook.not-https",
            "Messages to another machine must be encrypted, and this address begins with http.",
            "Use an address that begins with https.",
        )));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(unchanged(Error::usage(
            "webhook.password-in-address",
            "The address holds a user name or password.",
            "Leave it out: the receiver knows messages by their signature.",
        )));
    }
    Ok(SecretText::from_text(text))
}

fn none_set() -> Error {
    Error::usage(
        "webhook.none",
        "No webhook is set on this device.",
        "Set one: its address, and what it is to be told.",
    )
}

fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::integrity(
        "webhook.unreadable",
        "The webhook's address and secret cannot be read.",
        "Set the webhook again; a new secret is made for it.",
    )
    .holds("What waits to be sent is kept.")
    .because(error)
}
