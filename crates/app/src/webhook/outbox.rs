//! What waits to be sent: rows of the sealed index, written in the change they tell of, so that nothing is told that did
//! not happen and nothing that happened is forgotten by a process that dies.

use super::Webhook;
use super::message::Message;
use crate::App;
use crate::error::{Error, Result};
use crate::own;
use crate::records::{Bytes16, decode, encode, key};
use crate::session::{Session, make};
use crate::store::{Direction, Span, Tx};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// Messages that may wait. A receiver that was gone for a month must not fill the disk, nor be flooded.
pub(crate) const MOST: u32 = 1_000;
/// No message waits longer for its next try. What is planned for later was planned by a clock that was wrong.
const LONGEST_MS: u64 = 48 * 3600 * 1000;

/// A message with its tries so far.
#[derive(Serialize, Deserialize)]
pub(super) struct Waiting {
    /// The same for every try, so that a receiver knows what it has seen.
    pub(super) id: Bytes16,
    pub(super) tries: u8,
    /// Not before this moment.
    pub(super) next_try: u64,
    pub(super) message: Message,
}

impl Waiting {
    fn is_due(&self, now: u64) -> bool {
        !(now + 1..=now.saturating_add(LONGEST_MS)).contains(&self.next_try)
    }
}

impl Webhook {
    /// Puts a message behind all that wait. Where there are too many the oldest goes, since the newest says how things
    /// stand.
    pub(crate) async fn put(&mut self, tx: &mut Tx<'_>, message: Message) -> Result<()> {
        if self.waiting >= MOST
            && let Some(oldest) = tx.index_range(&Span::prefix(key::MESSAGES), Direction::Forward, 1).await?.pop()
        {
            tx.index_delete(&oldest.key).await?;
            self.waiting -= 1;
            self.dropped = self.dropped.saturating_add(1);
        }
        self.made += 1;
        self.waiting += 1;
        let waiting = Waiting { id: make(), tries: 0, next_try: 0, message };
        Ok(tx.index_put(&key::message(self.made), &encode(&waiting)?).await?)
    }
}

/// The first message behind this one that is due, or any where everything is to be tried; else the moment at which the
/// next is.
pub(super) async fn next(
    app: &App,
    after: u64,
    now: u64,
    whatever: bool,
) -> Result<Result<(u64, Waiting), Option<u64>>> {
    let (mut found, mut soonest, mut failed) = (None, None::<u64>, None::<Error>);
    let look = |key: &[u8], value: &[u8]| {
        let Some(number) = key.last_chunk().map(|number| u64::from_be_bytes(*number)) else {
            return ControlFlow::Continue(());
        };
        match decode::<Waiting>(value) {
            Ok(waiting) if number > after && (whatever || waiting.is_due(now)) => found = Some((number, waiting)),
            Ok(waiting) if waiting.is_due(now) => soonest = Some(now),
            Ok(waiting) => soonest = Some(soonest.map_or(waiting.next_try, |soonest| soonest.min(waiting.next_try))),
            Err(error) => failed = Some(error),
        }
        if found.is_some() || failed.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    app.inner.store.index_scan(&Span::prefix(key::MESSAGES), Direction::Forward, look).await?;
    match (failed, found) {
        (Some(error), _) => Err(error),
        (None, Some(found)) => Ok(Ok(found)),
        (None, None) => Ok(Err(soonest)),
    }
}

/// When the next of those that were tried in vain is tried again.
pub(super) async fn next_try(app: &App) -> Result<Option<u64>> {
    let mut soonest = None::<u64>;
    let look = |_: &[u8], value: &[u8]| {
        if let Ok(Waiting { tries: 1.., next_try, .. }) = decode(value) {
            soonest = Some(soonest.map_or(next_try, |soonest| soonest.min(next_try)));
        }
        ControlFlow::Continue(())
    };
    app.inner.store.index_scan(&Span::prefix(key::MESSAGES), Direction::Forward, look).await?;
    Ok(soonest)
}

/// What becomes of a message.
pub(super) enum Fate {
    /// It is done with.
    Done,
    /// Nobody will send it.
    Dropped,
    /// It is tried again at that moment.
    Again(u64),
}

/// Writes what became of a message, and what that says of the webhook. Nothing where either is gone meanwhile.
pub(super) async fn settle(
    app: &App,
    session: &Session,
    number: u64,
    fate: Fate,
    change: impl FnOnce(&mut Webhook),
) -> Result<()> {
    // As in `own::note`.
    let _turn = app.inner.changing.lock().await;
    let mut tx = app.inner.store.begin().await?;
    let key = key::message(number);
    let Some(row) = tx.index_value(&key).await? else { return Ok(()) };
    if let Fate::Again(next_try) = fate {
        let waiting: Waiting = decode(&row)?;
        let again = Waiting { tries: waiting.tries.saturating_add(1), next_try, ..waiting };
        tx.index_put(&key, &encode(&again)?).await?;
    } else {
        tx.index_delete(&key).await?;
    }
    own::note_in(&mut tx, session, |own| {
        if let Some(webhook) = &mut own.webhook {
            webhook.waiting = webhook.waiting.saturating_sub(u32::from(!matches!(fate, Fate::Again(_))));
            webhook.dropped = webhook.dropped.saturating_add(u32::from(matches!(fate, Fate::Dropped)));
            change(webhook);
        }
    })
    .await?;
    Ok(tx.commit().await?)
}

/// Forgets all that waits.
pub(super) async fn forget(tx: &mut Tx<'_>) -> Result<()> {
    for row in tx.index_range(&Span::prefix(key::MESSAGES), Direction::Forward, MOST as usize).await? {
        tx.index_delete(&row.key).await?;
    }
    Ok(())
}
