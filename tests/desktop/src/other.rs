//! Another program at the same screen, which pastes what ours copies and copies something itself.

use anyhow::{Context, Result};
use vitrine_kit::wait::{PATIENCE, until};
use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    AtomEnum, ConnectionExt as _, CreateWindowAux, EventMask, PropMode, SELECTION_NOTIFY_EVENT, SelectionNotifyEvent,
    WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;
use x11rb::{COPY_FROM_PARENT, CURRENT_TIME, NONE};

/// What the other program has copied.
const OTHERS: &[u8] = b"something else";

/// The other program.
#[derive(Debug)]
pub struct Other {
    server: RustConnection,
    window: u32,
    clipboard: u32,
}

impl Other {
    /// Comes to this screen.
    pub fn open(display: &str) -> Result<Self> {
        let (server, screen) = x11rb::connect(Some(display))?;
        let root = server.setup().roots.get(screen).context("the server has a screen")?.root;
        let window = server.generate_id()?;
        let class = WindowClass::INPUT_ONLY;
        server
            .create_window(0, window, root, 0, 0, 1, 1, 0, class, COPY_FROM_PARENT, &CreateWindowAux::new())?
            .check()?;
        let clipboard = server.intern_atom(false, b"CLIPBOARD")?.reply()?.atom;
        Ok(Self { server, window, clipboard })
    }

    /// What is pasted in this form. None where there is nothing.
    pub async fn paste(&self, form: &str) -> Result<Option<Vec<u8>>> {
        let form = self.server.intern_atom(false, form.as_bytes())?.reply()?.atom;
        let place = self.server.intern_atom(false, b"VITRINE_TEST")?.reply()?.atom;
        self.server.convert_selection(self.window, self.clipboard, form, place, CURRENT_TIME)?.check()?;
        let answer =
            until("the clipboard's answer", PATIENCE, async || match self.server.poll_for_event().ok()?? {
                Event::SelectionNotify(answer) => Some(answer),
                _ => None,
            });
        if answer.await?.property == NONE {
            return Ok(None);
        }
        let all = self.server.get_property(true, self.window, place, AtomEnum::ANY, 0, 1 << 16)?.reply()?;
        Ok((!all.value.is_empty()).then_some(all.value))
    }

    /// Waits until nothing is there to be pasted.
    pub async fn wait_until_empty(&self) -> Result<()> {
        until("an empty clipboard", PATIENCE, async || self.paste("UTF8_STRING").await.ok()?.is_none().then_some(()))
            .await
    }

    /// Copies something, as a person does there.
    pub fn copy(&self) -> Result<()> {
        self.server.set_selection_owner(self.window, self.clipboard, CURRENT_TIME)?.check()?;
        Ok(())
    }

    /// Whether the clipboard holds what this program copied.
    pub fn is_owner(&self) -> Result<bool> {
        Ok(self.server.get_selection_owner(self.clipboard)?.reply()?.owner == self.window)
    }

    /// Waits until somebody pastes what this program copied.
    pub async fn answer(&self) -> Result<()> {
        let asked =
            until("a look at the clipboard", PATIENCE, async || match self.server.poll_for_event().ok()?? {
                Event::SelectionRequest(asked) => Some(asked),
                _ => None,
            });
        let asked = asked.await?;
        let text = self.server.intern_atom(false, b"UTF8_STRING")?.reply()?.atom;
        self.server.change_property8(PropMode::REPLACE, asked.requestor, asked.property, text, OTHERS)?.check()?;
        let told = SelectionNotifyEvent {
            response_type: SELECTION_NOTIFY_EVENT,
            sequence: 0,
            time: asked.time,
            requestor: asked.requestor,
            selection: asked.selection,
            target: asked.target,
            property: asked.property,
        };
        self.server.send_event(false, asked.requestor, EventMask::NO_EVENT, told)?.check()?;
        Ok(())
    }
}
