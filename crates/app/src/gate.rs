//! The pause that grows with wrong passphrases. It is kept in the data folder, so that a program started anew for each
//! guess waits as well. What is kept is a number and a time; nothing of what was typed.
//!
//! Hardening, not a guarantee: whoever copies the folder guesses elsewhere, held up by the cost of each guess alone.

use crate::api::ErrorClass;
use crate::error::{Error, Result};
use crate::vault::meta;
use crate::{App, lock};
use std::time::Duration;

/// Attempts before a pause; a typing mistake costs nothing.
const FREE_ATTEMPTS: u32 = 3;
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// Wrong passphrases in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wrong {
    count: u32,
    /// When the last one was typed, by a clock that a person may set.
    at: u64,
}

impl Wrong {
    /// How long the last one is paid for.
    fn pause(self) -> Duration {
        match self.count.checked_sub(FREE_ATTEMPTS) {
            None => Duration::ZERO,
            Some(more) => Duration::from_secs(1 << more.min(6)).min(LONGEST_PAUSE),
        }
    }

    /// Milliseconds that are left of the pause: never more than all of it, whatever the clock says.
    fn left(self, now: u64) -> u32 {
        let pause = u64::try_from(self.pause().as_millis()).unwrap_or(u64::MAX);
        u32::try_from(pause.saturating_sub(now.saturating_sub(self.at))).unwrap_or(u32::MAX)
    }

    fn to_bytes(self) -> [u8; 12] {
        let mut bytes = [0; 12];
        bytes[..4].copy_from_slice(&self.count.to_be_bytes());
        bytes[4..].copy_from_slice(&self.at.to_be_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (count, at) = bytes.split_first_chunk()?;
        Some(Self { count: u32::from_be_bytes(*count), at: u64::from_be_bytes(at.try_into().ok()?) })
    }
}

/// Milliseconds until another passphrase is accepted.
pub(crate) async fn left_ms(app: &App) -> Result<u32> {
    Ok(read(app).await?.left(app.now_ms()))
}

/// Refuses while the pause runs.
pub(crate) async fn wait(app: &App) -> Result<()> {
    let (wrong, now) = (read(app).await?, app.now_ms());
    if wrong.at > now {
        // The clock was set back. Counted from now on, the pause ends; until the old time comes again it might not.
        write(app, Wrong { at: now, ..wrong }).await;
    }
    match wrong.left(now) {
        0 => Ok(()),
        left => {
            Err(Error::new(ErrorClass::Locked, "vault.wait", "Too many wrong passphrases.", "Wait, then try again.")
                .retry_in_ms(left))
        }
    }
}

/// A wrong passphrase was typed.
pub(crate) async fn wrong(app: &App) -> Error {
    let count = read(app).await.unwrap_or_default().count.saturating_add(1);
    let wrong = Wrong { count, at: app.now_ms() };
    write(app, wrong).await;
    // One sentence for every way of being wrong: it must not tell which half was right.
    Error::new(
        ErrorClass::Locked,
        "vault.wrong-passphrase",
        "This passphrase does not open the vault on this device.",
        "Check caps lock and keyboard layout, then try again.",
    )
    .retry_in_ms(wrong.left(wrong.at))
}

/// The right passphrase was typed.
pub(crate) async fn right(app: &App) {
    if read(app).await.is_ok_and(|wrong| wrong != Wrong::default()) {
        write(app, Wrong::default()).await;
    }
}

async fn read(app: &App) -> Result<Wrong> {
    if let Some(known) = lock(&app.inner.gate).wrong {
        return Ok(known);
    }
    let stored = app.inner.store.meta(meta::WRONG).await?;
    Ok(stored.and_then(|bytes| Wrong::from_bytes(&bytes)).unwrap_or_default())
}

/// In memory too: a full disk must neither lift the pause nor keep the vault shut.
async fn write(app: &App, wrong: Wrong) {
    lock(&app.inner.gate).wrong = Some(wrong);
    let stored = async {
        let mut tx = app.inner.store.begin().await?;
        tx.put_meta(meta::WRONG, &wrong.to_bytes()).await?;
        tx.commit().await
    };
    if stored.await.is_err() {
        tracing::warn!(code = "vault.pause-unstored", "the pause after wrong passphrases holds in this process alone");
    }
}
