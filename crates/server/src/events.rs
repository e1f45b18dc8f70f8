//! Telling clients that there is something new, and nothing of what. A lost wake costs time, never truth: clients ask for
//! changes by their cursor in any case, and here the cursor is looked at again with every sign of life.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use sqlx::postgres::PgListener;
use tokio::sync::{broadcast, watch};
use tokio::time::Instant;
use vitrine_ledger::LedgerId;

use crate::store::Store;

/// The channel of PostgreSQL that `store/append.rs` notifies.
const CHANNEL: &str = "vitrine";
/// A sign of life, so that proxies keep the stream and a dead one is noticed.
const ALIVE: Duration = Duration::from_secs(15);
/// After this the client asks anew, signed anew: a removed device does not listen for ever.
const LIFETIME: Duration = Duration::from_mins(10);

/// Rings for an MSP whose ledgers changed.
#[derive(Clone)]
pub(crate) struct Bell(broadcast::Sender<LedgerId>);

impl Bell {
    pub(crate) fn new() -> Self {
        Self(broadcast::Sender::new(1024))
    }

    pub(crate) fn ring(&self, msp: LedgerId) {
        // Nobody listening is no error.
        let _ = self.0.send(msp);
    }

    /// Hears what other replicas appended, for as long as the server runs.
    pub(crate) async fn hear(self, url: String) {
        loop {
            if let Ok(mut listener) = PgListener::connect(&url).await
                && listener.listen(CHANNEL).await.is_ok()
            {
                while let Ok(note) = listener.recv().await {
                    if let Some(msp) = parse(note.payload()) {
                        self.ring(msp);
                    }
                }
            }
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
    }
}

fn parse(text: &str) -> Option<LedgerId> {
    let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?;
    bytes.try_into().ok().map(LedgerId::from_bytes)
}

struct Listening {
    store: Store,
    msp: LedgerId,
    rings: broadcast::Receiver<LedgerId>,
    stop: watch::Receiver<bool>,
    until: Instant,
    told: Option<u64>,
}

/// The event stream of one device: the newest cursor, first at once and then whenever it moved.
pub(crate) fn stream(store: Store, msp: LedgerId, bell: &Bell, stop: watch::Receiver<bool>) -> Response {
    let until = Instant::now() + LIFETIME;
    let listening = Listening { store, msp, rings: bell.0.subscribe(), stop, until, told: None };
    let body = stream::unfold(listening, |mut listening| async move {
        let line = listening.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(line)), listening))
    });
    let fields = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    (fields, Body::from_stream(body)).into_response()
}

impl Listening {
    async fn next(&mut self) -> Option<String> {
        if self.told.is_some() {
            self.wait().await?;
        }
        // A database that does not answer is no news; the next sign of life looks again.
        match self.store.cursor(&self.msp).await {
            Ok(cursor) if self.told != Some(cursor) => {
                self.told = Some(cursor);
                Some(format!("event: cursor\ndata: {cursor}\n\n"))
            }
            _ => {
                self.told.get_or_insert(0);
                Some(":\n\n".to_owned())
            }
        }
    }

    /// Until a ring for this MSP, or until it is time for a sign of life. `None` when the stream ends.
    async fn wait(&mut self) -> Option<()> {
        let alive = Instant::now() + ALIVE;
        if alive > self.until {
            return None;
        }
        loop {
            tokio::select! {
                _ = self.stop.wait_for(|stop| *stop) => return None,
                () = tokio::time::sleep_until(alive) => return Some(()),
                rung = self.rings.recv() => match rung {
                    Ok(msp) if msp != self.msp => {}
                    Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => return Some(()),
                    Err(broadcast::error::RecvError::Closed) => return None,
                },
            }
        }
    }
}
