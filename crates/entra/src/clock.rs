//! Time, sleep and randomness of the client come in from outside, so that back-off, expiry and replication waits are
//! tested without waiting.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// What the client knows of time.
pub trait Clock: Send + Sync + 'static {
    /// Unix milliseconds by the machine's clock: only for what a server checks (assertions, certificates).
    fn now_ms(&self) -> u64;

    /// Time since an arbitrary start; never goes back. Expiry and pacing count by this one, so that a clock set wrong
    /// by a year neither keeps a dead token nor drops a living one.
    fn monotonic(&self) -> Duration;

    /// Completes after `pause`.
    fn sleep(&self, pause: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>>;
}

/// The machine's own clock.
#[derive(Debug)]
pub struct SystemClock(Instant);

impl SystemClock {
    /// Starts counting now.
    pub fn new() -> Self {
        Self(Instant::now())
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now_ms(&self) -> u64 {
        // A clock before 1970 is wrong in any case; zero makes the server refuse the assertion and say so.
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |t| u64::try_from(t.as_millis()).unwrap_or(u64::MAX))
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, pause: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        Box::pin(tokio::time::sleep(pause))
    }
}
