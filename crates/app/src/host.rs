//! What a host may add to the application: a desktop has a reveal window, a terminal has none.

/// The host around the application.
pub trait Host: Send + Sync + 'static {
    /// Opens the window that shows one account's credentials.
    ///
    /// # Errors
    /// Where this host has no window, or it did not open.
    fn open_reveal(&self, organization: &str, account: &str) -> Result<(), HostError>;

    /// Whether its process ends once the vault is locked. Who asked for that is then answered last of all, by
    /// [`App::end`](crate::App::end).
    fn ends_with_lock(&self) -> bool {
        false
    }

    /// Whether nobody sits in front of it. What locks a vault because its person is gone does not apply then, and what
    /// is due is rotated whatever the settings of persons say.
    fn is_unattended(&self) -> bool {
        false
    }
}

/// The host could not do it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct HostError(pub String);

/// A host without windows.
pub struct Headless;

impl Host for Headless {
    fn open_reveal(&self, _organization: &str, _account: &str) -> Result<(), HostError> {
        Err(HostError("no window here; use `vitrine view`".into()))
    }
}
