//! The desktop's notification service, played: what is shown is recorded, and the test can press its buttons.
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
}

impl Notifications {
    /// Takes the service's name on this bus.
    pub async fn start(bus: &PrivateBus) -> Result<Self> {
        let (send, shown) = watch::channel(Vec::new());
        let bus = bus.connect().await?;
        bus.object_server().at(PATH, Service { shown: send }).await?;
        bus.request_name(NAME).await?;
        Ok(Self { bus, shown })
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

    /// Presses the button with this key, as the person would.
    pub async fn press(&self, notification: u32, key: &str) -> Result<()> {
        let body = (notification, key);
        Ok(self.bus.emit_signal(None::<&str>, PATH, NAME, "ActionInvoked", &body).await?)
    }
}

struct Service {
    shown: watch::Sender<Vec<Notification>>,
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

    fn close_notification(&self, _id: u32) {}

    fn get_capabilities(&self) -> Vec<&'static str> {
        vec!["actions", "body"]
    }

    fn get_server_information(&self) -> (&'static str, &'static str, &'static str, &'static str) {
        ("stand-in", "vitrine-kit", "1", "1.2")
    }
}
