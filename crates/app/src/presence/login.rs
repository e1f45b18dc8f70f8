//! Session lock and suspend, as systemd-logind tells them.

use crate::App;
use crate::api::LockReason;
use futures_util::StreamExt;
use zbus::Connection;
use zbus::proxy;
use zbus::{OwnedFd, OwnedObjectPath};

pub(super) fn watch(app: &App) {
    let login = app.clone();
    app.background(async move {
        if let Err(error) = watch_login(&login).await {
            // A machine without logind has no such signals; idle locking goes on.
            tracing::info!(code = "presence.no-logind", %error, "session lock and suspend are not watched");
        }
    });
}

#[proxy(
    interface = "org.freedesktop.login1.Manager",
    default_service = "org.freedesktop.login1",
    default_path = "/org/freedesktop/login1"
)]
trait Manager {
    #[zbus(name = "GetSessionByPID")]
    fn get_session_by_pid(&self, pid: u32) -> zbus::Result<OwnedObjectPath>;
    fn get_session(&self, id: &str) -> zbus::Result<OwnedObjectPath>;
    fn inhibit(&self, what: &str, who: &str, why: &str, mode: &str) -> zbus::Result<OwnedFd>;
    #[zbus(signal)]
    fn prepare_for_sleep(&self, start: bool) -> zbus::Result<()>;
}

#[proxy(interface = "org.freedesktop.login1.Session", default_service = "org.freedesktop.login1")]
trait Session {
    #[zbus(signal)]
    fn lock(&self) -> zbus::Result<()>;
}

/// Holds a delay inhibitor, so that the keys are gone before the machine sleeps, and lets go of it once they are.
/// (`systemd-logind` waits for delay inhibitors: <https://systemd.io/INHIBITOR_LOCKS/>.)
async fn watch_login(app: &App) -> zbus::Result<()> {
    let bus = Connection::system().await?;
    let manager = ManagerProxy::new(&bus).await?;
    // Signals come from the session's own path; the alias `auto` only takes calls.
    // A program that the desktop started as a service of the user belongs to no session: then its user's own counts.
    let path = match manager.get_session_by_pid(std::process::id()).await {
        Ok(path) => path,
        Err(_) => manager.get_session("auto").await?,
    };
    let session = SessionProxy::builder(&bus).path(path).build().await?;
    let mut sleeping = manager.receive_prepare_for_sleep().await?;
    let mut locking = session.receive_lock().await?;
    let hold = || async { manager.inhibit("sleep", "Vitrine", "Locks the vault before sleep", "delay").await.ok() };
    let mut inhibitor = hold().await;
    loop {
        tokio::select! {
            Some(signal) = sleeping.next() => {
                if signal.args()?.start {
                    if app.settings().lock_on_suspend {
                        app.lock(LockReason::Suspend).await;
                    }
                    drop(inhibitor.take());
                } else {
                    inhibitor = hold().await;
                }
            }
            Some(_) = locking.next() => {
                if app.settings().lock_with_session {
                    app.lock(LockReason::Session).await;
                }
            }
            else => return Ok(()),
        }
    }
}
