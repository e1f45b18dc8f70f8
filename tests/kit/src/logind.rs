//! systemd-logind, played on a private bus: the session locks, the machine goes to sleep, and inhibitors are counted.
//!
//! Source: org.freedesktop.login1(5).
#![allow(
    clippy::unused_self,
    clippy::used_underscore_binding,
    clippy::needless_pass_by_value,
    reason = "the shape that the interface macro and the specifications want"
)]

use std::io::Read;
use std::thread;

use anyhow::{Context, Result};
use tokio::sync::watch;
use tokio::time::timeout;
use zbus::{Connection, OwnedFd, OwnedObjectPath, fdo, interface};

use crate::PrivateBus;
use crate::wait::PATIENCE;

const NAME: &str = "org.freedesktop.login1";
const MANAGER: &str = "/org/freedesktop/login1";
const MANAGER_INTERFACE: &str = "org.freedesktop.login1.Manager";
const SESSION: &str = "/org/freedesktop/login1/session/_31";
/// The caller's own session, under the name that logind keeps for it.
const SESSION_AUTO: &str = "/org/freedesktop/login1/session/auto";
const SESSION_INTERFACE: &str = "org.freedesktop.login1.Session";

/// A request of a program to be waited for, or not to be disturbed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inhibitor {
    number: usize,
    /// What it concerns: `sleep`, `shutdown`, `idle`, joined by colons.
    pub what: String,
    /// The program's name for itself.
    pub who: String,
    /// `delay` or `block`.
    pub mode: String,
}

/// The stand-in. Start the program under test with this bus as `DBUS_SYSTEM_BUS_ADDRESS`.
#[derive(Debug)]
pub struct Logind {
    bus: Connection,
    held: watch::Receiver<Vec<Inhibitor>>,
}

impl Logind {
    /// Takes logind's name on this bus.
    pub async fn start(bus: &PrivateBus) -> Result<Self> {
        let (send, held) = watch::channel(Vec::new());
        let bus = bus.connect().await?;
        bus.object_server().at(MANAGER, Manager { held: send, given: 0 }).await?;
        bus.object_server().at(SESSION, Session).await?;
        bus.object_server().at(SESSION_AUTO, Session).await?;
        bus.request_name(NAME).await?;
        Ok(Self { bus, held })
    }

    /// The inhibitors held now.
    #[must_use]
    pub fn inhibitors(&self) -> Vec<Inhibitor> {
        self.held.borrow().clone()
    }

    /// Waits until the held inhibitors are as `wanted`: one taken at start, or released after the keys were dropped.
    pub async fn wait_for_inhibitors(&self, wanted: impl Fn(&[Inhibitor]) -> bool) -> Result<()> {
        let mut held = self.held.clone();
        timeout(PATIENCE, held.wait_for(|all| wanted(all))).await.context("inhibitors did not become so")??;
        Ok(())
    }

    /// The machine is about to sleep (`true`) or has woken (`false`).
    pub async fn prepare_for_sleep(&self, going: bool) -> Result<()> {
        self.emit(MANAGER, MANAGER_INTERFACE, "PrepareForSleep", &going).await
    }

    /// The session's screen is locked.
    pub async fn lock(&self) -> Result<()> {
        self.on_session("Lock").await
    }

    /// The session's screen is unlocked.
    pub async fn unlock(&self) -> Result<()> {
        self.on_session("Unlock").await
    }

    /// logind speaks of a session under its own path only, never under `auto`.
    async fn on_session(&self, signal: &str) -> Result<()> {
        self.emit(SESSION, SESSION_INTERFACE, signal, &()).await
    }

    async fn emit<B>(&self, path: &str, interface: &str, signal: &str, body: &B) -> Result<()>
    where
        B: zbus::wire::DynamicType + zbus::export::serde::Serialize,
    {
        Ok(self.bus.emit_signal(None::<&str>, path, interface, signal, body).await?)
    }
}

struct Manager {
    held: watch::Sender<Vec<Inhibitor>>,
    given: usize,
}

#[interface(name = "org.freedesktop.login1.Manager")]
impl Manager {
    /// An inhibitor is a file: it is held until every copy is closed, by will or by the program's end.
    fn inhibit(&mut self, what: String, who: String, _why: String, mode: String) -> fdo::Result<OwnedFd> {
        let (mut watched, given) = std::io::pipe().map_err(|error| fdo::Error::Failed(error.to_string()))?;
        self.given += 1;
        let inhibitor = Inhibitor { number: self.given, what, who, mode };
        let (held, number) = (self.held.clone(), self.given);
        held.send_modify(|all| all.push(inhibitor));
        thread::spawn(move || {
            // Nothing is ever written; the read ends when the last copy is closed.
            let _ = watched.read(&mut [0]);
            held.send_modify(|all| all.retain(|one| one.number != number));
        });
        Ok(std::os::fd::OwnedFd::from(given).into())
    }

    fn get_session(&self, _id: String) -> OwnedObjectPath {
        session_path()
    }

    #[zbus(name = "GetSessionByPID")]
    fn get_session_by_pid(&self, _pid: u32) -> OwnedObjectPath {
        session_path()
    }

    fn list_sessions(&self) -> Vec<(String, u32, String, String, OwnedObjectPath)> {
        vec![("1".into(), 1000, "person".into(), "seat0".into(), session_path())]
    }

    #[zbus(property)]
    fn preparing_for_sleep(&self) -> bool {
        false
    }

    #[zbus(property)]
    fn lid_closed(&self) -> bool {
        false
    }
}

struct Session;

#[interface(name = "org.freedesktop.login1.Session")]
impl Session {
    fn set_locked_hint(&self, _locked: bool) {}

    #[zbus(property)]
    fn id(&self) -> &'static str {
        "1"
    }

    #[zbus(property)]
    fn active(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn locked_hint(&self) -> bool {
        false
    }
}

fn session_path() -> OwnedObjectPath {
    OwnedObjectPath::try_from(SESSION).expect("the path is a valid constant")
}
