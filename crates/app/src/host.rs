//! What a host may add to the application: a desktop has windows, a terminal has none.

use crate::api::ShortcutState;

/// The host around the application.
pub trait Host: Send + Sync + 'static {
    /// Opens the window that shows one account's credentials.
    ///
    /// # Errors
    /// Where this host has no window, or it did not open.
    fn open_reveal(&self, organization: &str, account: &str) -> Result<(), HostError>;

    /// Opens the window for quick access.
    ///
    /// # Errors
    /// Where this host has no window, or it did not open.
    fn open_quick_access(&self) -> Result<(), HostError> {
        Err(HostError("no window here".into()))
    }

    /// Opens the main window, at this organization where one is named.
    ///
    /// # Errors
    /// Where this host has no window, or it did not open.
    fn open_main(&self, _organization: Option<&str>) -> Result<(), HostError> {
        Err(HostError("no window here".into()))
    }

    /// Takes the keys that open quick access from the desktop, or gives them back.
    fn keep_shortcut(&self, _wanted: bool) {}

    /// How those keys stand.
    fn shortcut(&self) -> ShortcutState {
        ShortcutState::None
    }

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
