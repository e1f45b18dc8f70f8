//! Waiting for what was just created to appear: Entra answers from many copies, and a new object is absent from some
//! of them for seconds.

use crate::clock::Clock;
use std::future::Future;
use std::time::Duration;

/// How long is waited for one thing to appear.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

/// Asks again until `ask` gives `Ok(Some(_))` or fails, at most [`PATIENCE`] long; `Ok(None)` means not yet.
pub(crate) async fn settle<T, E, F>(clock: &dyn Clock, mut ask: impl FnMut() -> F) -> Result<Option<T>, E>
where
    F: Future<Output = Result<Option<T>, E>>,
{
    let begun = clock.monotonic();
    let mut pause = Duration::from_secs(1);
    loop {
        if let Some(found) = ask().await? {
            return Ok(Some(found));
        }
        if clock.monotonic().saturating_sub(begun) >= PATIENCE {
            return Ok(None);
        }
        clock.sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(15));
    }
}
