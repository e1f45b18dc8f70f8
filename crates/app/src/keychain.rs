//! Where the device secret and the generation number lie: the OS keychain, or, once a person accepted it, a file.
//!
//! The device secret alone opens nothing and the passphrase alone opens nothing. A keychain counts as present only
//! when a write to it was read back: some report themselves ready and refuse every write.

use crate::error::{Error, Result};
use crate::files;
use crate::history::Remembered;
use crate::session::make;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use vitrine_vault::{Key, SecretBytes};
use zeroize::Zeroizing;

/// A place for small secrets of this user. Calls block; they are made off the async threads.
pub trait Keychain: Send + Sync {
    /// Reads what is stored under a name.
    ///
    /// # Errors
    /// Where the keychain is locked or absent.
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, KeychainError>;
    /// Stores bytes under a name.
    ///
    /// # Errors
    /// As for reading.
    fn write(&self, name: &str, value: &[u8]) -> Result<(), KeychainError>;
    /// Forgets a name. Forgetting what is not there is done already.
    ///
    /// # Errors
    /// As for reading.
    fn forget(&self, name: &str) -> Result<(), KeychainError>;
}

/// The keychain did not do it.
#[derive(Debug, thiserror::Error)]
#[error("the keychain answered: {0}")]
pub struct KeychainError(pub String);

/// The keychain of the operating system (Secret Service, Keychain, Credential Manager).
pub struct OsKeychain;

const SERVICE: &str = "Vitrine";

impl OsKeychain {
    fn entry(name: &str) -> Result<keyring::Entry, KeychainError> {
        keyring::Entry::new(SERVICE, name).map_err(|error| KeychainError(error.to_string()))
    }
}

impl Keychain for OsKeychain {
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, KeychainError> {
        match Self::entry(name)?.get_secret() {
            Ok(value) => Ok(Some(value)),
            Err(keyring::Error::NoEntry) => Ok(None),
            Err(error) => Err(KeychainError(error.to_string())),
        }
    }

    fn write(&self, name: &str, value: &[u8]) -> Result<(), KeychainError> {
        Self::entry(name)?.set_secret(value).map_err(|error| KeychainError(error.to_string()))
    }

    fn forget(&self, name: &str) -> Result<(), KeychainError> {
        match Self::entry(name)?.delete_credential() {
            Ok(()) | Err(keyring::Error::NoEntry) => Ok(()),
            Err(error) => Err(KeychainError(error.to_string())),
        }
    }
}

/// Where this device keeps its secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Keychain,
    File,
}

/// The device secret of one data folder.
#[derive(Clone)]
pub(crate) struct DeviceSecret {
    keychain: Arc<dyn Keychain>,
    file: PathBuf,
    pass_file: PathBuf,
}

impl DeviceSecret {
    pub(crate) fn new(keychain: Arc<dyn Keychain>, folder: &Path) -> Self {
        Self { keychain, file: folder.join("device.secret"), pass_file: folder.join("transport.secret") }
    }

    /// Whether the keychain takes a write and gives it back.
    pub(crate) async fn keychain_works(&self) -> bool {
        let keychain = self.keychain.clone();
        blocking(move || {
            // A name of its own: another probe at the same time must not take it away before it is read back.
            let probe = format!("probe/{:016x}", u64::from_be_bytes(make()));
            let works = keychain.write(&probe, b"vitrine").is_ok()
                && matches!(keychain.read(&probe), Ok(Some(value)) if value == b"vitrine");
            // Forgetting the probe is a courtesy; a keychain that refuses it still works.
            let _ = keychain.forget(&probe);
            works
        })
        .await
        .unwrap_or(false)
    }

    /// Stores the secret; in the file only where the person accepted that and no keychain works.
    pub(crate) async fn store(&self, device: &str, secret: &Key, accept_file: bool) -> Result<Place> {
        if self.keychain_works().await {
            let (keychain, name) = (self.keychain.clone(), name(device));
            // Exposed to hand it to the keychain, which is where it belongs.
            let value = secret.duplicate();
            blocking(move || keychain.write(&name, value.expose())).await?.map_err(|error| keychain_failed(&error))?;
            return Ok(Place::Keychain);
        }
        if !accept_file {
            return Err(Error::machine(
                "keychain.none",
                "This machine has no keychain that can be written.",
                "Start a keychain (such as GNOME Keyring or KWallet), or accept a file that only you can read and choose a stronger passphrase.",
            ));
        }
        files::replace(&self.file, secret.expose())?;
        Ok(Place::File)
    }

    /// Reads the secret and where it lies.
    pub(crate) async fn load(&self, device: &str) -> Result<(Key, Place)> {
        let (keychain, name) = (self.keychain.clone(), name(device));
        let found = blocking(move || keychain.read(&name)).await?.map(|value| value.map(Zeroizing::new));
        // From one place that is wiped into another: an array between them would stay on the stack.
        let kept = |value: &[u8]| Key::from_slice(value).ok_or_else(missing);
        if let Ok(Some(value)) = &found {
            return Ok((kept(value)?, Place::Keychain));
        }
        match (fs::read(&self.file).map(Zeroizing::new), found) {
            (Ok(value), _) => Ok((kept(&value)?, Place::File)),
            (Err(_), Err(error)) => Err(Error::machine(
                "keychain.locked",
                "The keychain that holds this device's secret cannot be read now.",
                "Unlock the keychain of your desktop session and try again, or restore with the recovery kit.",
            )
            .because(error)),
            (Err(_), _) => Err(missing()),
        }
    }

    /// Where the secret lies; none where it cannot be read now.
    pub(crate) async fn place(&self, device: &str) -> Option<Place> {
        self.load(device).await.ok().map(|(_, place)| place)
    }

    /// Keeps what this device asks its home with while it is locked, where its secret lies, too; or forgets it. Best effort: without
    /// it the locked device fetches nothing.
    pub(crate) async fn keep_pass(&self, device: &str, pass: Option<&SecretBytes>) {
        let (keychain, name, place) = (self.keychain.clone(), pass_name(device), self.place(device).await);
        let Some(pass) = pass else {
            let _ = fs::remove_file(&self.pass_file);
            let _ = blocking(move || keychain.forget(&name)).await;
            return;
        };
        let kept = match place {
            Some(Place::Keychain) => {
                // Exposed to hand it to the keychain, which is where it belongs.
                let value = Zeroizing::new(pass.expose().clone());
                blocking(move || keychain.write(&name, &value)).await.is_ok_and(|kept| kept.is_ok())
            }
            // Exposed into the file that lies beside that of the device secret.
            Some(Place::File) => files::replace(&self.pass_file, pass.expose()).is_ok(),
            None => false,
        };
        if !kept {
            tracing::debug!(code = "keychain.pass", "a locked device will not be able to ask its home");
        }
    }

    /// What [`DeviceSecret::keep_pass`] kept.
    pub(crate) async fn pass(&self, device: &str) -> Option<Zeroizing<Vec<u8>>> {
        let (keychain, name) = (self.keychain.clone(), pass_name(device));
        let kept = blocking(move || keychain.read(&name)).await.ok()?.ok().flatten();
        kept.or_else(|| fs::read(&self.pass_file).ok()).map(Zeroizing::new)
    }

    /// What the keychain remembers of the database that was written last.
    pub(crate) async fn remembered(&self, device: &str) -> Option<Remembered> {
        let (keychain, name) = (self.keychain.clone(), generation_name(device));
        let value = blocking(move || keychain.read(&name)).await.ok()?.ok()??;
        Remembered::from_bytes(&value)
    }

    /// Remembers the database. Best effort: without a keychain there is nowhere safer than the database itself.
    pub(crate) async fn remember(&self, device: &str, newest: &Remembered) {
        let (keychain, name, newest) = (self.keychain.clone(), generation_name(device), newest.to_bytes());
        let stored = blocking(move || keychain.write(&name, &newest)).await;
        if !matches!(stored, Ok(Ok(()))) {
            tracing::debug!(code = "keychain.generation", "the generation was not remembered outside the database");
        }
    }
}

fn name(device: &str) -> String {
    format!("device-secret/{device}")
}

fn pass_name(device: &str) -> String {
    format!("transport/{device}")
}

fn generation_name(device: &str) -> String {
    format!("generation/{device}")
}

fn missing() -> Error {
    Error::new(
        crate::api::ErrorClass::Locked,
        "keychain.secret-missing",
        "This device's secret is gone, and the passphrase alone opens nothing.",
        "Restore from the backup with your recovery kit and passphrase, or with the safe sheet.",
    )
}

fn keychain_failed(error: &KeychainError) -> Error {
    Error::machine(
        "keychain.refused",
        "The keychain refused to store this device's secret.",
        "Unlock the keychain and try again.",
    )
    .details(error.to_string())
}

/// Runs a call that blocks away from the async threads.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::machine("app.interrupted", "The work was interrupted.", "Try again.").because(error))
}
