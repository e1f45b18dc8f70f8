//! The clipboard, from Rust: a copied secret never passes through a page, stays out of clipboard histories and cloud
//! clipboards, and is cleared after a while if it is still ours.

use crate::error::{Error, Result};
use arboard::{Clipboard as System, Set};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use subtle::ConstantTimeEq;
use tokio::task::JoinHandle;
use vitrine_vault::SecretText;
use zeroize::Zeroizing;

/// What was copied last, and the task that clears it.
type Copied = (JoinHandle<()>, SecretText);

/// The clipboard of this desktop. Opened at the first copy, so that a machine without a display can run everything else.
#[derive(Clone, Default)]
pub(crate) struct Clipboard {
    system: Arc<Mutex<Option<System>>>,
    /// Clears later what was copied last.
    clearing: Arc<Mutex<Option<Copied>>>,
}

impl Clipboard {
    /// Copies text that is no secret.
    pub(crate) fn copy_plain(&self, text: &str) -> Result<()> {
        self.with(|system| system.set_text(text))
    }

    /// Copies a secret and clears it after `after`, unless something else was copied meanwhile.
    pub(crate) fn copy_secret(&self, secret: &SecretText, after: Duration) -> Result<()> {
        // Exposed to the clipboard because the person asked for exactly that.
        self.with(|system| unremembered(system.set()).text(secret.expose().as_str()))?;
        let (this, ours) = (self.clone(), secret.duplicate());
        let clearing = tokio::spawn(async move {
            tokio::time::sleep(after).await;
            this.clear_if(&ours);
        });
        if let Some((previous, _)) = self.lock_clearing().replace((clearing, secret.duplicate())) {
            previous.abort();
        }
        Ok(())
    }

    /// Clears at once the secret of ours that is still there; part of locking.
    pub(crate) fn forget(&self) {
        if let Some((clearing, secret)) = self.lock_clearing().take() {
            clearing.abort();
            self.clear_if(&secret);
        }
    }

    fn clear_if(&self, ours: &SecretText) {
        let Ok(mut system) = self.system.lock() else { return };
        let Some(system) = system.as_mut() else { return };
        // Zeroed: it may be the secret.
        let there = system.get_text().map(Zeroizing::new);
        let still_ours = there.is_ok_and(|text| bool::from(text.as_bytes().ct_eq(ours.expose().as_bytes())));
        if still_ours {
            let _ = system.clear();
        }
    }

    fn lock_clearing(&self) -> std::sync::MutexGuard<'_, Option<Copied>> {
        // A panic while it was held leaves a handle or none, both of which are fine.
        self.clearing.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn with(&self, act: impl FnOnce(&mut System) -> Result<(), arboard::Error>) -> Result<()> {
        let failed = |error: arboard::Error| {
            Error::machine(
                "clipboard.unavailable",
                "The clipboard of this desktop cannot be used.",
                "Reveal the value and type it.",
            )
            .because(error)
        };
        let mut system = self.system.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let system = match system.as_mut() {
            Some(system) => system,
            None => system.insert(System::new().map_err(failed)?),
        };
        act(system).map_err(failed)
    }
}

/// Keeps the text out of clipboard histories and, where the platform has one, out of the cloud clipboard.
fn unremembered(set: Set<'_>) -> Set<'_> {
    #[cfg(target_os = "linux")]
    return arboard::SetExtLinux::exclude_from_history(set);
    #[cfg(target_os = "macos")]
    return arboard::SetExtApple::exclude_from_history(set);
    #[cfg(windows)]
    {
        use arboard::SetExtWindows as _;
        return set.exclude_from_cloud().exclude_from_history().exclude_from_monitoring();
    }
}
