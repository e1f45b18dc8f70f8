//! The clipboard of the screen: what a copied password says to histories, and when it is gone.

use std::fs;

use anyhow::{Context, Result, ensure};
use vitrine_desktop_tests::{Cloud, Desk, Window, acts, scenario, scenario::LIMIT};
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

use crate::at;

/// What the other program has copied.
const OTHERS: &[u8] = b"something else";

/// Another program at the same screen, which pastes and copies.
pub(crate) struct Other {
    server: RustConnection,
    window: u32,
    clipboard: u32,
}

impl Other {
    pub(crate) fn open(desk: &Desk) -> Result<Self> {
        let (server, screen) = x11rb::connect(Some(desk.display()))?;
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
    pub(crate) async fn paste(&self, form: &str) -> Result<Option<Vec<u8>>> {
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
    async fn wait_until_empty(&self) -> Result<()> {
        until("an empty clipboard", PATIENCE, async || self.paste("UTF8_STRING").await.ok()?.is_none().then_some(()))
            .await
    }

    fn copy(&self) -> Result<()> {
        self.server.set_selection_owner(self.window, self.clipboard, CURRENT_TIME)?.check()?;
        Ok(())
    }

    fn is_owner(&self) -> Result<bool> {
        Ok(self.server.get_selection_owner(self.clipboard)?.reply()?.owner == self.window)
    }

    /// Waits until somebody pastes what this program copied.
    async fn answer(&self) -> Result<()> {
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

/// The reveal window of an account, and its password.
async fn password(desk: &mut Desk, cloud: &Cloud) -> Result<(Window, String)> {
    let (window, _) = acts::with_contoso(desk, cloud).await?;
    acts::view_credentials(&window, 1).await?;
    let password = acts::reveal_password(&window).await?;
    Ok((window, password))
}

async fn copy(window: &Window, other: &Other, password: &str) -> Result<()> {
    window.click("copy-password").await?;
    until("the password in the clipboard", PATIENCE, async || {
        (other.paste("UTF8_STRING").await.ok()??.as_slice() == password.as_bytes()).then_some(())
    })
    .await
}

#[tokio::test]
async fn a_copied_password_asks_histories_to_leave_it_out_and_goes_after_its_time_if_it_is_still_ours() {
    let cloud = Cloud::start().await.unwrap();
    let outcome = scenario("clipboard", LIMIT, at(&cloud), async |desk| {
        fs::create_dir(desk.vault())?;
        fs::write(desk.vault().join("config.toml"), "[settings]\nclipboardSeconds = 5\n")?;
        let other = Other::open(desk)?;
        let (window, password) = password(desk, &cloud).await?;
        copy(&window, &other, &password).await?;
        let hint = other.paste("x-kde-passwordManagerHint").await?;
        ensure!(hint.as_deref() == Some(b"secret"), "histories are not asked to leave it out: {hint:?}");
        other.wait_until_empty().await?;

        copy(&window, &other, &password).await?;
        other.copy()?;
        other.answer().await?;
        let list = desk.run("vitrine", &["org", "list"]).await?;
        ensure!(list.status.success(), "the window does not answer");
        ensure!(other.is_owner()?, "what another program copied was cleared");
        Ok(())
    });
    outcome.await.unwrap();
}

#[tokio::test]
async fn at_the_lock_a_copied_password_is_gone_from_the_clipboard_at_once() {
    let cloud = Cloud::start().await.unwrap();
    let outcome = scenario("clipboard-lock", LIMIT, at(&cloud), async |desk| {
        fs::create_dir(desk.vault())?;
        fs::write(desk.vault().join("config.toml"), "[settings]\nclipboardSeconds = 300\n")?;
        let other = Other::open(desk)?;
        let (window, password) = password(desk, &cloud).await?;
        copy(&window, &other, &password).await?;
        let locked = desk.run("vitrine", &["lock"]).await?;
        ensure!(locked.status.success(), "it was not locked");
        ensure!(other.paste("UTF8_STRING").await?.is_none(), "the lock left the password in the clipboard");
        Ok(())
    });
    outcome.await.unwrap();
}
