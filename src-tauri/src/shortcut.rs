//! The keys that open quick access from anywhere on the desktop, taken from it and given back as the setting says.
//!
//! Asked of the X server directly, because the library for this (global-hotkey) looks for keys twenty times a second and
//! has the main thread wait for it: a start took half a second longer, and the program in the tray ten times the processor.

use tauri::AppHandle;
use vitrine_app::api::ShortcutState;

#[cfg(target_os = "linux")]
pub(crate) use linux::{keep, state};

/// Takes the keys or gives them back: not on this system yet.
#[cfg(not(target_os = "linux"))]
pub(crate) fn keep(_handle: &AppHandle, _wanted: bool) {}

/// How the keys stand.
#[cfg(not(target_os = "linux"))]
pub(crate) fn state() -> ShortcutState {
    ShortcutState::None
}

#[cfg(target_os = "linux")]
mod linux {
    use super::{AppHandle, ShortcutState};
    use crate::windows;
    use std::error::Error;
    use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
    use std::thread;
    use x11rb::connection::Connection as _;
    use x11rb::protocol::Event;
    use x11rb::protocol::xproto::{ConnectionExt as _, GrabMode, Keycode, ModMask, Window};
    use x11rb::rust_connection::RustConnection;

    /// The sign of the space bar, whatever else the key is on a keyboard.
    const SPACE: u32 = 0x20;
    /// What may be locked meanwhile: nothing, capitals, numbers, both.
    const LOCKS: [u16; 4] = [0, 1 << 1, 1 << 4, 1 << 1 | 1 << 4];

    /// How the keys stand, and the way by which they are asked for.
    struct Keys {
        state: ShortcutState,
        server: Option<Server>,
    }

    static KEYS: Mutex<Keys> = Mutex::new(Keys { state: ShortcutState::None, server: None });

    fn keys() -> MutexGuard<'static, Keys> {
        KEYS.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How the keys stand.
    pub(crate) fn state() -> ShortcutState {
        keys().state
    }

    /// Takes the keys or gives them back.
    pub(crate) fn keep(handle: &AppHandle, wanted: bool) {
        let mut keys = keys();
        keys.state = kept(handle, &mut keys.server, wanted).unwrap_or_else(|error| {
            tracing::info!(code = "shortcut.refused", %error, "the keys for quick access are not ours");
            ShortcutState::Taken
        });
    }

    fn kept(handle: &AppHandle, server: &mut Option<Server>, wanted: bool) -> Result<ShortcutState, Box<dyn Error>> {
        if !wanted {
            if let Some(server) = server {
                server.give_back()?;
            }
            return Ok(ShortcutState::Off);
        }
        if is_wayland() {
            return Ok(ShortcutState::Wayland);
        }
        let server = match server {
            Some(server) => server,
            None => server.insert(Server::connect(handle)?),
        };
        // Some of them may be held since an earlier try.
        server.give_back()?;
        if let Err(error) = server.take() {
            server.give_back()?;
            return Err(error);
        }
        Ok(ShortcutState::On)
    }

    /// A connection of its own, on which a thread waits for the keys and for nothing else.
    struct Server {
        connection: Arc<RustConnection>,
        root: Window,
        space: Keycode,
    }

    impl Server {
        fn connect(handle: &AppHandle) -> Result<Self, Box<dyn Error>> {
            let (connection, screen) = x11rb::connect(None)?;
            let setup = connection.setup();
            let (first, last) = (setup.min_keycode, setup.max_keycode);
            let root = setup.roots.get(screen).ok_or("the X server has no such screen")?.root;
            let map = connection.get_keyboard_mapping(first, last - first + 1)?.reply()?;
            let row =
                map.keysyms.chunks(usize::from(map.keysyms_per_keycode).max(1)).position(|key| key.contains(&SPACE));
            let space = first + u8::try_from(row.ok_or("the keyboard has no space bar")?)?;
            let connection = Arc::new(connection);
            let (heard, handle) = (connection.clone(), handle.clone());
            thread::Builder::new().name("shortcut".into()).spawn(move || {
                // Until the X server is gone, and with it the desktop.
                while let Ok(event) = heard.wait_for_event() {
                    if matches!(event, Event::KeyPress(_)) {
                        windows::ask_for_quick(&handle);
                    }
                }
            })?;
            Ok(Self { connection, root, space })
        }

        fn each(locks: u16) -> ModMask {
            ModMask::from(u16::from(ModMask::CONTROL | ModMask::SHIFT) | locks)
        }

        fn take(&self) -> Result<(), Box<dyn Error>> {
            for held in LOCKS.map(Self::each) {
                let asked =
                    self.connection.grab_key(false, self.root, held, self.space, GrabMode::ASYNC, GrabMode::ASYNC)?;
                // Refused where another program has them.
                asked.check()?;
            }
            Ok(())
        }

        fn give_back(&self) -> Result<(), Box<dyn Error>> {
            for held in LOCKS.map(Self::each) {
                self.connection.ungrab_key(self.space, self.root, held)?.check()?;
            }
            Ok(())
        }
    }

    /// Under Wayland keys can be taken from the X server that older programs see, and are then heard in those alone.
    fn is_wayland() -> bool {
        let says = |name: &str, wanted: fn(&str) -> bool| std::env::var(name).is_ok_and(|value| wanted(&value));
        says("XDG_SESSION_TYPE", |kind| kind == "wayland") || says("WAYLAND_DISPLAY", |name| !name.is_empty())
    }
}
