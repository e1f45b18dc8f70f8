//! Settings of this device. No secret is ever among them.

use super::{ShortcutState, command};
use serde::{Deserialize, Serialize};
use specta::Type;

/// Asks for the settings.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, Type)]
pub struct SettingsRequest {}
command!(SettingsRequest, "settings", SettingsView);

/// Replaces the settings; what was saved is read back.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct SetSettingsRequest {
    /// The settings as they should be.
    pub settings: Settings,
}
command!(SetSettingsRequest, "set_settings", SettingsView);

/// The settings and which of them something outside fixed.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SettingsView {
    /// The settings in force.
    pub settings: Settings,
    /// Names of settings fixed by environment or flags, shown as fixed.
    pub fixed: Vec<String>,
    /// File they are saved in.
    pub file: String,
    /// Whether the keys that open quick access do.
    pub shortcut: ShortcutState,
}

/// Settings of this device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    /// Minutes without use after which the vault locks, 1 to 720.
    pub lock_after_minutes: u32,
    /// Lock when the desktop session locks.
    pub lock_with_session: bool,
    /// Lock before the machine sleeps.
    pub lock_on_suspend: bool,
    /// Lock when the window is closed to the tray.
    pub lock_on_close: bool,
    /// Closing the window keeps Vitrine in the tray.
    pub close_to_tray: bool,
    /// The person was told once that closing keeps Vitrine in the tray.
    pub told_of_tray: bool,
    /// Seconds after which a copied secret leaves the clipboard, 5 to 300.
    pub clipboard_seconds: u32,
    /// Seconds a revealed password stays visible, 10 to 300.
    pub reveal_seconds: u32,
    /// Ask for a reason before anything is shown.
    pub ask_reason: bool,
    /// Rotate by itself what falls due while the vault is open.
    pub rotate_when_due: bool,
    /// Remind the person of rotations that wait for them.
    pub remind_when_due: bool,
    /// Take keys from the whole desktop that open quick access.
    pub quick_shortcut: bool,
    /// Light or dark.
    pub theme: Theme,
    /// Height of rows.
    pub density: Density,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            lock_after_minutes: 10,
            lock_with_session: true,
            lock_on_suspend: true,
            lock_on_close: false,
            close_to_tray: true,
            told_of_tray: false,
            clipboard_seconds: 30,
            reveal_seconds: 30,
            ask_reason: true,
            rotate_when_due: true,
            remind_when_due: true,
            quick_shortcut: true,
            theme: Theme::System,
            density: Density::Compact,
        }
    }
}

/// Light or dark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Theme {
    /// As the desktop.
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
    /// Black and white, for whoever needs more contrast.
    Contrast,
}

/// Height of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Density {
    /// 32 px.
    Compact,
    /// 40 px.
    Comfortable,
}
