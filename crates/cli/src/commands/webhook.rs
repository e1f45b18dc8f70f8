//! The webhook of this device. Its address is a secret here like any other: asked for without echo, or read from a
//! descriptor, and never shown again but for its host.

use serde::Serialize;
use vitrine_app::api::{
    EdgeSecret, ErrorView, MessageKind, RemoveWebhookRequest, SetWebhookRequest, TestWebhookRequest, WebhookRequest,
    WebhookSecretRequest, WebhookStanding, WebhookState, WebhookTestView, WebhookView,
};

use super::Result;
use crate::{
    args::{SetWebhook, Webhook},
    door::Door,
    output::Outcome,
    person::{Lines, Person},
    text::{shown, time, words},
};

/// The webhook, and the secret that its receiver needs.
#[derive(Serialize)]
struct Set<'a> {
    webhook: &'a Option<WebhookState>,
    secret: &'a EdgeSecret,
}

pub(super) async fn run(door: &mut Door, person: &mut Person, webhook: Webhook) -> Result {
    match webhook {
        Webhook::Set(order) => set(door, person, order).await,
        Webhook::Show => show(&door.call(WebhookRequest {}).await?),
        Webhook::Test => test(&door.call(TestWebhookRequest {}).await?),
        Webhook::Remove => {
            let view = door.call(RemoveWebhookRequest {}).await?;
            Outcome::of(&view, "No webhook is set. Nothing is told to anybody.".into())
        }
    }
}

async fn set(door: &mut Door, person: &mut Person, order: SetWebhook) -> Result {
    let SetWebhook { address_fd, same_address, kinds, names, new_secret } = order;
    let address = if same_address {
        None
    } else {
        let mut lines = address_fd.map(Lines::open).transpose()?;
        Some(person.secret("Address of the receiver: ", lines.as_mut())?)
    };
    let kinds = if kinds.is_empty() { MessageKind::ALL.to_vec() } else { kinds.into_iter().map(Into::into).collect() };
    let view = door.call(SetWebhookRequest { address, kinds, names, new_secret }).await?;
    let secret = door.call(WebhookSecretRequest {}).await?.secret;
    // Exposed to the terminal because whoever sets a webhook has to hand its secret to the receiver.
    let secret_line = format!("Signing secret, for the receiver: {}", secret.0.expose());
    let lines = [in_words(&view), secret_line, "Send a test: vitrine webhook test".into()];
    Outcome::of(&Set { webhook: &view.webhook, secret: &secret }, lines.join("\n"))
}

fn show(view: &WebhookView) -> Result {
    Outcome::of(view, in_words(view))
}

fn in_words(view: &WebhookView) -> String {
    let Some(webhook) = &view.webhook else {
        return "No webhook is set on this device. vitrine webhook set".into();
    };
    let kinds: Vec<String> = webhook.kinds.iter().map(words).collect();
    let with = if webhook.names { "names and reasons are sent, too" } else { "ids alone, no names" };
    let mut lines = vec![
        format!("{}  told of: {} ({with})", shown(&webhook.receiver), kinds.join(", ")),
        standing(webhook),
        format!("Messages that wait: {}. Never sent: {}.", webhook.waiting, webhook.dropped),
    ];
    lines.extend(webhook.next_try_at.map(|at| format!("Tried again {}", time(Some(at)))));
    lines.extend(webhook.problem.as_ref().map(because));
    lines.join("\n")
}

fn standing(webhook: &WebhookState) -> String {
    let last = format!("last one arrived {}", time(webhook.delivered_at));
    match webhook.standing {
        WebhookStanding::New => "Nothing was sent yet.".into(),
        WebhookStanding::Arriving => format!("Messages arrive; the {last}."),
        WebhookStanding::Failing => format!("Messages do not arrive; the {last}."),
        WebhookStanding::SwitchedOff => "Switched off: the receiver wants no more messages.".into(),
    }
}

fn because(problem: &ErrorView) -> String {
    format!("{} {} ({})", shown(&problem.what), shown(&problem.next), problem.code)
}

fn test(view: &WebhookTestView) -> Result {
    let mut lines = vec![match view.status {
        Some(status) => format!("{} answered {status}.", shown(&view.receiver)),
        None => format!("{} gave no answer.", shown(&view.receiver)),
    }];
    if !view.answer.is_empty() {
        lines.push(shown(&view.answer));
    }
    lines.extend(view.problem.as_ref().map(because));
    let outcome = Outcome::of(view, lines.join("\n"))?;
    Ok(match &view.problem {
        Some(problem) => outcome.ending(problem.class.into()),
        None => outcome,
    })
}
