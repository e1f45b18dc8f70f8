//! The desktop's notification service, played: what is shown is recorded, the test can press its buttons and ask not to
//! be disturbed.
//!
//! Source: Desktop Notifications Specification, freedesktop.org.
#![allow(
    clippy::unused_self,
    clippy::used_underscore_binding,
    clippy::needless_pass_by_value,
    reason = "the shape that the interface macro and the specifications want"
)]

use std::collections::HashMap;

use anyhow::{Context, Result};
use tokio::sync::watch;
use tokio::time::timeout;
use zbus::{Connection, OwnedVariant, interface};

use crate::PrivateBus;
use crate::wait::PATIENCE;

const PATH: &str = "/org/freedesktop/Notifications";
const NAME: &str = "org.freedesktop.Notifications";

/// What a program asked to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// The number the service gave it.
    pub id: u32,
    /// The program's own name for itself.
    pub application: String,
    /// The bold line.
    pub summary: String,
    /// The text below.
    pub body: String,
    /// Buttons: key and label, in order.
    pub actions: Vec<(String, String)>,
}

/// The stand-in. It must be there before the program under test starts.
#[derive(Debug)]
pub struct Notifications {
    bus: Connection,
    shown: watch::Receiver<Vec<Notification>>,
    closed: watch::Receiver<Vec<u32>>,
    asked: watch::Receiver<u32>,
}

impl Notifications {
    /// Takes the service's name on this bus.
    pub async fn start(bus: &PrivateBus) -> Result<Self> {
        let (send_shown, shown) = watch::channel(Vec::new());
        let (send_closed, closed) = watch::channel(Vec::new());
        let (send_asked, asked) = watch::channel(0);
        let bus = bus.connect().await?;
        let service = Service { shown: send_shown, closed: send_closed, asked: send_asked, inhibited: false };
        bus.object_server().at(PATH, service).await?;
        bus.request_name(NAME).await?;
        Ok(Self { bus, shown, closed, asked })
    }

    /// Everything shown so far, oldest first.
    #[must_use]
    pub fn shown(&self) -> Vec<Notification> {
        self.shown.borrow().clone()
    }

    /// Waits for a notification for which `wanted` holds, shown already or to come.
    pub async fn wait_for(&self, wanted: impl Fn(&Notification) -> bool) -> Result<Notification> {
        let mut shown = self.shown.clone();
        let found = timeout(PATIENCE, shown.wait_for(|all| all.iter().any(&wanted))).await;
        let all = found.context("no such notification was shown")??;
        all.iter().find(|one| wanted(one)).cloned().context("it was there a moment ago")
    }

    /// Waits until the notification with this number was taken back by its program.
    pub async fn wait_until_closed(&self, notification: u32) -> Result<()> {
        let mut closed = self.closed.clone();
        let gone = timeout(PATIENCE, closed.wait_for(|all| all.contains(&notification))).await;
        gone.context("the notification was not taken back")??;
        Ok(())
    }

    /// Switches "do not disturb" on or off, as the person would.
    pub async fn set_inhibited(&self, inhibited: bool) -> Result<()> {
        let service = self.bus.object_server().interface::<_, Service>(PATH).await?;
        service.get_mut().await.inhibited = inhibited;
        service.get().await.inhibited_changed(service.signal_emitter()).await?;
        Ok(())
    }

    /// How often "do not disturb" was read so far.
    #[must_use]
    pub fn asked(&self) -> u32 {
        *self.asked.borrow()
    }

    /// Waits until a program has read "do not disturb" once more than `before`.
    pub async fn wait_until_asked(&self, before: u32) -> Result<()> {
        let mut asked = self.asked.clone();
        let seen = timeout(PATIENCE, asked.wait_for(|count| *count > before)).await;
        seen.context("nobody asked whether it may disturb")??;
        Ok(())
    }

    /// Presses the button with this key, as the person would.
    pub async fn press(&self, notification: u32, key: &str) -> Result<()> {
        let body = (notification, key);
        Ok(self.bus.emit_signal(None::<&str>, PATH, NAME, "ActionInvoked", &body).await?)
    }
}

struct Service {
    shown: watch::Sender<Vec<Notification>>,
    closed: watch::Sender<Vec<u32>>,
    asked: watch::Sender<u32>,
    inhibited: bool,
}

#[interface(name = "org.freedesktop.Notifications")]
impl Service {
    #[allow(clippy::too_many_arguments, reason = "the specification's method")]
    fn notify(
        &self,
        application: String,
        replaces: u32,
        _icon: String,
        summary: String,
        body: String,
        actions: Vec<String>,
        _hints: HashMap<String, OwnedVariant>,
        _expires: i32,
    ) -> u32 {
        let mut id = replaces;
        let actions = actions.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
        self.shown.send_modify(|shown| {
            if id == 0 {
                id = u32::try_from(shown.len()).unwrap_or(u32::MAX).saturating_add(1);
            }
            shown.push(Notification { id, application, summary, body, actions });
        });
        id
    }

    fn close_notification(&self, id: u32) {
        self.closed.send_modify(|closed| closed.push(id));
    }

    /// Plasma's word for "do not disturb"; the specification has none.
    #[zbus(property)]
    fn inhibited(&self) -> bool {
        self.asked.send_modify(|asked| *asked += 1);
        self.inhibited
    }

    fn get_capabilities(&self) -> Vec<&'static str> {
        vec!["actions", "body"]
    }

    fn get_server_information(&self) -> (&'static str, &'static str, &'static str, &'static str) {
        ("stand-in", "vitrine-kit", "1", "1.2")
    }
}
