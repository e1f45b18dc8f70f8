//! Waiting for a condition instead of for a time, so that tests are as fast as the machine and never guess.

use std::time::Duration;

use anyhow::{Result, anyhow};
use tokio::time::{Instant, sleep};

/// Long enough for a loaded machine; reached only when the condition never comes.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Between two looks: short beside what a person notices, long beside what a look costs.
const PAUSE: Duration = Duration::from_millis(20);

/// Looks until `look` sees something. Fails after `limit`, naming `what` was waited for.
pub async fn until<T>(what: &str, limit: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> Result<T> {
    let end = Instant::now() + limit;
    loop {
        if let Some(seen) = look().await {
            return Ok(seen);
        }
        if Instant::now() >= end {
            return Err(anyhow!("waited {} s in vain for: {what}", limit.as_secs()));
        }
        sleep(PAUSE).await;
    }
}
