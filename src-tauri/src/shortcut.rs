//! The keys that open quick access from anywhere on the desktop, taken from it and given back as the setting says.
//!
//! Nothing is loaded before they are wanted: the thread that waits for keys looks for them twenty times a second.

use crate::windows;
use std::sync::{Mutex, PoisonError};
use tauri::{AppHandle, Manager, Wry};
use tauri_plugin_global_shortcut::{Builder, Code, GlobalShortcut, Modifiers, Shortcut, ShortcutState as Moved};
use vitrine_app::api::ShortcutState;

/// How the keys stand. Held while they are taken or given back, so that the plugin is loaded once.
static STATE: Mutex<ShortcutState> = Mutex::new(ShortcutState::None);

fn keys() -> Shortcut {
    let first = if cfg!(target_os = "macos") { Modifiers::SUPER } else { Modifiers::CONTROL };
    Shortcut::new(Some(first | Modifiers::SHIFT), Code::Space)
}

/// How the keys stand.
pub(crate) fn state() -> ShortcutState {
    *STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes the keys or gives them back. Waits for the main thread, so never called on it.
pub(crate) fn keep(handle: &AppHandle, wanted: bool) {
    let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    *state = kept(handle, wanted);
}

fn kept(handle: &AppHandle, wanted: bool) -> ShortcutState {
    let taken = |plugin: &GlobalShortcut<Wry>| plugin.is_registered(keys());
    let failed = |error: &dyn std::error::Error| {
        tracing::info!(code = "shortcut.refused", %error, "the keys for quick access are not ours");
        ShortcutState::Taken
    };
    let loaded = handle.try_state::<GlobalShortcut<Wry>>();
    if !wanted {
        // Twice: under X11 the first leaves its request in a buffer that nothing sends before the next one.
        if let Some(plugin) = loaded.filter(|plugin| taken(plugin))
            && let Err(error) = plugin.unregister(keys()).and_then(|()| plugin.unregister(keys()))
        {
            failed(&error);
        }
        return ShortcutState::Off;
    }
    if is_wayland() {
        return ShortcutState::Wayland;
    }
    if loaded.is_none()
        && let Err(error) = handle.plugin(Builder::new().build())
    {
        return failed(&error);
    }
    let plugin = handle.state::<GlobalShortcut<Wry>>();
    if taken(&plugin) {
        return ShortcutState::On;
    }
    let pressed = plugin.on_shortcut(keys(), |handle, _, event| {
        if event.state == Moved::Pressed {
            windows::ask_for_quick(handle);
        }
    });
    pressed.map_or_else(|error| failed(&error), |()| ShortcutState::On)
}

/// Under Wayland keys can be taken from the X server that older programs see, and are then heard in those alone.
fn is_wayland() -> bool {
    let says = |name: &str, wanted: fn(&str) -> bool| std::env::var(name).is_ok_and(|value| wanted(&value));
    cfg!(target_os = "linux")
        && (says("XDG_SESSION_TYPE", |kind| kind == "wayland") || says("WAYLAND_DISPLAY", |name| !name.is_empty()))
}
