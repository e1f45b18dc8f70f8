//! What is on the screen, seen through the X server alone: no program under measurement takes part.

use anyhow::{Context, Result};
use std::collections::HashSet;
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{
    AtomEnum, ClientMessageEvent, ConnectionExt as _, EventMask, ImageFormat, KEY_PRESS_EVENT, KEY_RELEASE_EVENT,
    Window,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;
use x11rb::{COPY_DEPTH_FROM_PARENT, CURRENT_TIME, NONE};

const ENTER: u32 = 0xff0d;
/// Side of the square in the middle of a window that is looked at, in pixels.
const SQUARE: u16 = 320;
/// So many colours only written words have, with their smooth edges: an empty page and a frame have few.
const WRITTEN: usize = 12;

/// A look at the screen, and a keyboard.
pub(crate) struct Eyes {
    server: RustConnection,
    root: Window,
}

impl Eyes {
    pub(crate) fn open(display: &str) -> Result<Self> {
        let (server, screen) = x11rb::connect(Some(display))?;
        let root = server.setup().roots.get(screen).context("the server has a screen")?.root;
        Ok(Self { server, root })
    }

    /// The windows of programs, as the window manager lists them.
    pub(crate) fn windows(&self) -> Result<Vec<Window>> {
        let list = self.atom("_NET_CLIENT_LIST")?;
        let answer = self.server.get_property(false, self.root, list, AtomEnum::WINDOW, 0, 64)?.reply()?;
        Ok(answer.value32().map(Iterator::collect).unwrap_or_default())
    }

    /// Whether words are written in the middle of the window, as the screen shows it.
    pub(crate) fn is_written(&self, window: Window) -> Result<bool> {
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
    pub(crate) fn close(&self, window: Window) -> Result<()> {
        let (protocols, delete) = (self.atom("WM_PROTOCOLS")?, self.atom("WM_DELETE_WINDOW")?);
        let message = ClientMessageEvent::new(32, window, protocols, [delete, CURRENT_TIME, 0, 0, 0]);
        self.server.send_event(false, window, EventMask::NO_EVENT, message)?.check()?;
        Ok(())
    }

    /// Types words without capitals and presses Enter.
    pub(crate) fn type_line(&self, words: &str) -> Result<()> {
        for sign in words.chars().map(u32::from).chain([ENTER]) {
            let code = self.key(sign)?;
            for kind in [KEY_PRESS_EVENT, KEY_RELEASE_EVENT] {
                self.server.xtest_fake_input(kind, code, CURRENT_TIME, NONE, 0, 0, COPY_DEPTH_FROM_PARENT)?.check()?;
            }
        }
        Ok(())
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
