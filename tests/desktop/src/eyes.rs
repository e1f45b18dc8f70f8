//! What is on the screen, seen through the X server alone: no program that is looked at takes part.

use anyhow::{Context, Result};
use std::collections::HashSet;
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{
    AtomEnum, ClientMessageEvent, ConnectionExt as _, EventMask, GrabMode, ImageFormat, KEY_PRESS_EVENT,
    KEY_RELEASE_EVENT, ModMask, Window,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;
use x11rb::{COPY_DEPTH_FROM_PARENT, CURRENT_TIME, NONE};

const ENTER: u32 = 0xff0d;
/// Closes what is open.
pub const ESCAPE: u32 = 0xff1b;
/// Caps Lock and Num Lock.
pub const LOCKS: [u32; 2] = [0xffe5, 0xff7f];
/// Control, Shift, Space: the keys of quick access.
const QUICK: [u32; 3] = [0xffe3, 0xffe1, 0x20];
/// Side of the square in the middle of a window that is looked at, in pixels.
const SQUARE: u16 = 320;
/// So many colours only written words have, with their smooth edges: an empty page and a frame have few.
const WRITTEN: usize = 12;

/// A look at the screen, and a keyboard.
#[derive(Debug)]
pub struct Eyes {
    server: RustConnection,
    root: Window,
}

impl Eyes {
    /// Looks at this screen.
    pub fn open(display: &str) -> Result<Self> {
        let (server, screen) = x11rb::connect(Some(display))?;
        let root = server.setup().roots.get(screen).context("the server has a screen")?.root;
        Ok(Self { server, root })
    }

    /// The windows of programs, as the window manager lists them.
    pub fn windows(&self) -> Result<Vec<Window>> {
        let list = self.atom("_NET_CLIENT_LIST")?;
        let answer = self.server.get_property(false, self.root, list, AtomEnum::WINDOW, 0, 64)?.reply()?;
        Ok(answer.value32().map(Iterator::collect).unwrap_or_default())
    }

    /// The window with this title.
    pub fn window(&self, title: &str) -> Result<Option<Window>> {
        let (name, text) = (self.atom("_NET_WM_NAME")?, self.atom("UTF8_STRING")?);
        for window in self.windows()? {
            // One that closes meanwhile has no title.
            let answer = self.server.get_property(false, window, name, text, 0, 64)?.reply();
            if answer.is_ok_and(|answer| answer.value == title.as_bytes()) {
                return Ok(Some(window));
            }
        }
        Ok(None)
    }

    /// The window that has the keyboard.
    pub fn active(&self) -> Result<Option<Window>> {
        let name = self.atom("_NET_ACTIVE_WINDOW")?;
        let answer = self.server.get_property(false, self.root, name, AtomEnum::WINDOW, 0, 1)?.reply()?;
        Ok(answer.value32().and_then(|mut values| values.next()))
    }

    /// Whether the window is minimised.
    pub fn is_minimised(&self, window: Window) -> Result<bool> {
        let (name, hidden) = (self.atom("_NET_WM_STATE")?, self.atom("_NET_WM_STATE_HIDDEN")?);
        let answer = self.server.get_property(false, window, name, AtomEnum::ATOM, 0, 64)?.reply()?;
        Ok(answer.value32().is_some_and(|mut states| states.any(|state| state == hidden)))
    }

    /// Minimises the window, as its button does.
    pub fn minimise(&self, window: Window) -> Result<()> {
        const ICONIC: u32 = 3; // ICCCM 4.1.4
        let message = ClientMessageEvent::new(32, window, self.atom("WM_CHANGE_STATE")?, [ICONIC, 0, 0, 0, 0]);
        let heard = EventMask::SUBSTRUCTURE_NOTIFY | EventMask::SUBSTRUCTURE_REDIRECT;
        self.server.send_event(false, self.root, heard, message)?.check()?;
        Ok(())
    }

    /// Whether words are written in the middle of the window, as the screen shows it.
    pub fn is_written(&self, window: Window) -> Result<bool> {
        let size = self.server.get_geometry(window)?.reply()?;
        let (side_x, side_y) = (SQUARE.min(size.width), SQUARE.min(size.height));
        let (x, y) = ((size.width - side_x) / 2, (size.height - side_y) / 2);
        let at = self.server.translate_coordinates(window, self.root, i16::try_from(x)?, i16::try_from(y)?)?.reply()?;
        let picture = self
            .server
            .get_image(ImageFormat::Z_PIXMAP, self.root, at.dst_x, at.dst_y, side_x, side_y, u32::MAX)?
            .reply()?;
        let colours: HashSet<&[u8]> = picture.data.chunks_exact(4).map(|pixel| &pixel[..3]).collect();
        Ok(colours.len() >= WRITTEN)
    }

    /// Asks the window to close, as its button does.
    pub fn close(&self, window: Window) -> Result<()> {
        let (protocols, delete) = (self.atom("WM_PROTOCOLS")?, self.atom("WM_DELETE_WINDOW")?);
        let message = ClientMessageEvent::new(32, window, protocols, [delete, CURRENT_TIME, 0, 0, 0]);
        self.server.send_event(false, window, EventMask::NO_EVENT, message)?.check()?;
        Ok(())
    }

    /// Types words without capitals and presses Enter.
    pub fn type_line(&self, words: &str) -> Result<()> {
        words.chars().map(u32::from).chain([ENTER]).try_for_each(|sign| self.tap(sign))
    }

    /// Presses a key and lets go of it, by the sign that it writes or its keysym.
    pub fn tap(&self, sign: u32) -> Result<()> {
        let code = self.key(sign)?;
        for kind in [KEY_PRESS_EVENT, KEY_RELEASE_EVENT] {
            self.server.xtest_fake_input(kind, code, CURRENT_TIME, NONE, 0, 0, COPY_DEPTH_FROM_PARENT)?.check()?;
        }
        Ok(())
    }

    /// Presses the keys of quick access, wherever the keyboard is.
    pub fn press_quick_keys(&self) -> Result<()> {
        let down = QUICK.into_iter().map(|key| (KEY_PRESS_EVENT, key));
        let up = QUICK.into_iter().rev().map(|key| (KEY_RELEASE_EVENT, key));
        for (kind, key) in down.chain(up) {
            let code = self.key(key)?;
            self.server.xtest_fake_input(kind, code, CURRENT_TIME, NONE, 0, 0, COPY_DEPTH_FROM_PARENT)?.check()?;
        }
        Ok(())
    }

    /// Takes the keys of quick access for itself, as another program may. Whether they were free.
    pub fn take_quick_keys(&self) -> Result<bool> {
        let (held, code) = (ModMask::CONTROL | ModMask::SHIFT, self.key(QUICK[2])?);
        let taken = self.server.grab_key(false, self.root, held, code, GrabMode::ASYNC, GrabMode::ASYNC)?.check();
        Ok(taken.is_ok())
    }

    /// The key that writes this sign.
    fn key(&self, sign: u32) -> Result<u8> {
        let setup = self.server.setup();
        let count = setup.max_keycode - setup.min_keycode + 1;
        let map = self.server.get_keyboard_mapping(setup.min_keycode, count)?.reply()?;
        let wide = usize::from(map.keysyms_per_keycode);
        let row = map.keysyms.chunks(wide).position(|signs| signs.first() == Some(&sign));
        let row = row.with_context(|| format!("no key writes {sign:#x}"))?;
        Ok(setup.min_keycode + u8::try_from(row)?)
    }

    fn atom(&self, name: &str) -> Result<u32> {
        Ok(self.server.intern_atom(false, name.as_bytes())?.reply()?.atom)
    }
}
