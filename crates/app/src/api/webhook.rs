//! The webhook: an address of the firm's own, to which this device tells what it did and saw.

use super::{CopyView, EdgeSecret, ErrorView, Time, command};
use serde::{Deserialize, Serialize};
use specta::Type;

/// Asks how the webhook of this device stands.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, Type)]
pub struct WebhookRequest {}
command!(WebhookRequest, "webhook", WebhookView);

/// Sets the webhook, or changes it.
#[derive(Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SetWebhookRequest {
    /// Where messages go; none to keep the address that is stored. It may hold a token, so it comes back from nowhere.
    pub address: Option<EdgeSecret>,
    /// Which messages.
    pub kinds: Vec<MessageKind>,
    /// Names of organizations, accounts and persons, and reasons, leave this device with them.
    pub names: bool,
    /// Make a new signing secret; the one before is then no longer used.
    pub new_secret: bool,
}
command!(SetWebhookRequest, "set_webhook", WebhookView);

/// Sends a message that says it is a test, now, and answers with what the receiver said.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, Type)]
pub struct TestWebhookRequest {}
command!(TestWebhookRequest, "test_webhook", WebhookTestView);

/// Forgets address, secret, and what waits to be sent.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, Type)]
pub struct RemoveWebhookRequest {}
command!(RemoveWebhookRequest, "remove_webhook", WebhookView);

/// Copies the signing secret to the clipboard, from Rust.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, Type)]
pub struct CopyWebhookSecretRequest {}
command!(CopyWebhookSecretRequest, "copy_webhook_secret", CopyView);

/// Asks for the signing secret itself: for terminals, no window may.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, Type)]
pub struct WebhookSecretRequest {}
command!(WebhookSecretRequest, "webhook_secret", WebhookSecretView);

/// What a message can tell of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum MessageKind {
    /// A password was rotated and verified.
    Rotated,
    /// An account is due for more than an hour.
    Overdue,
    /// A rotation did not end well.
    Failed,
    /// Somebody changed an account outside Vitrine.
    ChangedOutside,
    /// A credential was shown or copied.
    Viewed,
    /// Ways into a tenant were found that Vitrine did not make.
    StrangersFound,
}

impl MessageKind {
    /// All there are.
    pub const ALL: [Self; 6] =
        [Self::Rotated, Self::Overdue, Self::Failed, Self::ChangedOutside, Self::Viewed, Self::StrangersFound];
}

/// The webhook of this device, if there is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct WebhookView {
    /// None where none is set.
    pub webhook: Option<WebhookState>,
}

/// How the webhook stands. No secret, and of the address nothing but scheme and host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct WebhookState {
    /// Scheme and host of the receiver, such as `https://hooks.example.com`.
    pub receiver: String,
    /// Which messages are sent.
    pub kinds: Vec<MessageKind>,
    /// Names leave this device with them.
    pub names: bool,
    /// In a word.
    pub standing: WebhookStanding,
    /// When the last message arrived.
    pub delivered_at: Option<Time>,
    /// Messages that wait to be sent.
    pub waiting: u32,
    /// When the next of them is tried again, where one was tried in vain.
    pub next_try_at: Option<Time>,
    /// Messages that were given up or crowded out, since the webhook was set.
    pub dropped: u32,
    /// Why the last try failed, with the next step.
    pub problem: Option<ErrorView>,
    /// When that was.
    pub problem_at: Option<Time>,
}

/// How the webhook stands, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum WebhookStanding {
    /// Nothing was sent yet.
    New,
    /// What was sent last arrived.
    Arriving,
    /// The last try failed; what waits is tried again.
    Failing,
    /// The receiver said that it wants nothing more. Nothing is sent until a test arrives.
    SwitchedOff,
}

/// What became of a test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct WebhookTestView {
    /// Scheme and host that were asked.
    pub receiver: String,
    /// The status of the answer; none where there was no answer.
    pub status: Option<u16>,
    /// How the answer begins, as text.
    pub answer: String,
    /// Why it did not arrive, with the next step; none where it did.
    pub problem: Option<ErrorView>,
}

/// The secret by which a receiver knows that a message is from here.
#[derive(Serialize, Deserialize, Type)]
pub struct WebhookSecretView {
    /// As Standard Webhooks writes it: `whsec_` and Base64.
    pub secret: EdgeSecret,
}
