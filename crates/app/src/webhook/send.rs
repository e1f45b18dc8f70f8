//! Sending: one message after the other while the vault is open, each again and again until it arrives or is given up.
//!
//! It is a task of the session that nothing waits for: a receiver that hangs holds up no rotation, no view and no lock. A
//! lock ends it where it stands; whatever had not been answered is sent again, under the same id.

use super::outbox::{self, Fate};
use super::{Target, Webhook, answer, message, sign, target};
use crate::api::{ErrorView, Event, WebhookTestView};
use crate::error::Result;
use crate::session::{Session, make};
use crate::{App, lock, vault};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;
use vitrine_entra::http::{Post, Posted, TransportError};

/// How long a receiver may take, as Standard Webhooks recommends.
pub(super) const LIMIT: Duration = Duration::from_secs(15);
/// Most of an answer that a test shows.
const SHOWN: usize = 512;
/// Pauses between tries, in seconds, as Standard Webhooks gives them: three days in all.
const PAUSES: [u64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// How long a failure of this machine's own is left alone.
const REST: Duration = Duration::from_mins(1);

/// What the sender keeps in mind while the vault is open.
#[derive(Default)]
pub(crate) struct Sender {
    wake: Notify,
    /// Until when the receiver is left alone, by the steady clock: it did not take the last message, and would not take
    /// the next.
    quiet_until: Mutex<Option<u64>>,
    /// Everything is tried once, whatever was planned: somebody saw that the receiver is there.
    whatever: AtomicBool,
}

impl Sender {
    /// There is something to send.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    /// The receiver is there, or is another one.
    pub(super) fn try_everything(&self) {
        self.whatever.store(true, Ordering::SeqCst);
        self.wake();
    }

    fn left_alone_for(&self, steady: u64) -> Option<Duration> {
        let until = lock(&self.quiet_until).filter(|until| *until > steady)?;
        Some(Duration::from_millis(until - steady))
    }
}

/// Sends while the session lives.
pub(crate) fn watch(app: &App, session: &Arc<Session>) {
    let (this, own) = (app.clone(), session.clone());
    session.spawn(async move {
        loop {
            let pause = pass(&this, &own).await.unwrap_or_else(|error| {
                tracing::warn!(code = error.code(), "messages could not be sent");
                Some(REST)
            });
            match pause {
                Some(pause) => drop(tokio::time::timeout(pause, own.sender.wake.notified()).await),
                None => own.sender.wake.notified().await,
            }
        }
    });
}

/// Sends what is due, and says when there will be more. None where only something new makes a difference.
async fn pass(app: &App, session: &Session) -> Result<Option<Duration>> {
    let (sender, mut after) = (&session.sender, 0);
    let whatever = sender.whatever.swap(false, Ordering::SeqCst);
    loop {
        let Some(webhook) = vault::firm(app).await?.own.webhook.filter(|webhook| !webhook.off) else {
            return Ok(None);
        };
        let steady = app.inner.clock.steady_ms();
        if let Some(left) = sender.left_alone_for(steady).filter(|_| !whatever) {
            return Ok(Some(left));
        }
        let now = app.now_ms();
        let (number, waiting) = match outbox::next(app, after, now, whatever).await? {
            Ok(next) => next,
            Err(soonest) => return Ok(soonest.map(|at| Duration::from_millis(at.saturating_sub(now)))),
        };
        after = number;
        if !webhook.kinds.contains(&waiting.message.kind()) {
            outbox::settle(app, session, number, Fate::Done, |_| ()).await?;
            continue;
        }
        let target = target(app, session).await?;
        let id = format!("msg_{}", vault::hex(&waiting.id));
        let answered = post(app, session, &target, &id, waiting.message.body(webhook.names), 0).await?;
        let now = app.now_ms();
        let Some(problem) = answer::problem(&answered) else {
            outbox::settle(app, session, number, Fate::Done, |webhook| webhook.arrived(now)).await?;
            *lock(&sender.quiet_until) = None;
            if webhook.problem.is_some() || webhook.delivered_at.is_none() {
                app.tell(Event::StatusChanged);
            }
            continue;
        };
        let pause = pause(waiting.tries, answered.as_ref().ok().and_then(|answer| answer.retry_after), make());
        let again = now.saturating_add(u64::try_from(pause.as_millis()).unwrap_or(u64::MAX));
        let gone = answer::is_gone(&answered);
        let fate = if usize::from(waiting.tries) < PAUSES.len() || gone { Fate::Again(again) } else { Fate::Dropped };
        tracing::info!(code = problem.code, "a message did not arrive");
        let news = webhook.problem.as_ref().is_none_or(|(_, known)| known.code != problem.code);
        outbox::settle(app, session, number, fate, |webhook| webhook.failed(now, problem, gone)).await?;
        if news {
            app.tell(Event::StatusChanged);
        }
        if answer::is_about_the_message(&answered) {
            continue;
        }
        let quiet = steady.saturating_add(u64::try_from(pause.as_millis()).unwrap_or(u64::MAX));
        *lock(&sender.quiet_until) = Some(quiet);
        return Ok(Some(pause).filter(|_| !gone));
    }
}

/// How long to wait after so many tries before: longer each time, a little differently for everybody, and as long as the
/// receiver asked for.
fn pause(tries: u8, asked: Option<Duration>, luck: [u8; 1]) -> Duration {
    let planned = PAUSES.get(usize::from(tries)).or(PAUSES.last()).copied().unwrap_or_default();
    let planned = Duration::from_secs(planned);
    // A fifth more at most: whoever was cut off together does not come back together.
    let planned = planned + planned * u32::from(luck[0]) / (5 * 255);
    planned.max(asked.unwrap_or_default())
}

/// Sends a test, whatever waits.
pub(super) async fn test(app: &App, session: &Session) -> Result<WebhookTestView> {
    let target = target(app, session).await?;
    let id = format!("msg_{}", vault::hex(&make::<16>()));
    let body = message::test(session, app.now_ms());
    let answered = post(app, session, &target, &id, body, SHOWN).await?;
    let (status, said) = match &answered {
        Ok(answer) => (Some(answer.status), answer::text(&answer.body)),
        Err(_) => (None, String::new()),
    };
    Ok(WebhookTestView { receiver: target.receiver(), status, answer: said, problem: answer::problem(&answered) })
}

/// One try.
async fn post(
    app: &App,
    session: &Session,
    target: &Target,
    id: &str,
    body: Vec<u8>,
    most: usize,
) -> Result<Result<Posted, TransportError>> {
    let at = app.now_ms() / 1000;
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", at.to_string()),
        ("webhook-signature", sign::signature(&target.key, id, at, &body)),
    ];
    let post = Post { url: &target.url()?, headers: &headers, body, limit: LIMIT, most };
    Ok(session.http()?.post(post).await)
}

impl Webhook {
    /// A message arrived.
    pub(super) fn arrived(&mut self, now: u64) {
        (self.delivered_at, self.problem, self.off) = (Some(now), None, false);
    }

    fn failed(&mut self, now: u64, problem: ErrorView, gone: bool) {
        self.problem = Some((now, problem));
        self.off |= gone;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_over_three_days_and_spread() {
        let mut whole = Duration::ZERO;
        for (tries, seconds) in (0..).zip(PAUSES) {
            let (least, most) = (pause(tries, None, [0]), pause(tries, None, [255]));
            assert_eq!((least, most), (Duration::from_secs(seconds), Duration::from_millis(seconds * 1_200)));
            whole += least;
        }
        assert_eq!(whole.as_secs() / 3600, 75);
        assert_eq!(pause(200, None, [0]), Duration::from_hours(24), "a count that ran away waits as the last");
    }

    #[test]
    fn a_receiver_is_left_alone_as_long_as_it_asks_and_never_shorter_than_planned() {
        let asked = |seconds| pause(1, Some(Duration::from_secs(seconds)), [0]).as_secs();
        assert_eq!([asked(0), asked(299), asked(3_600)], [300, 300, 3_600]);
    }
}
