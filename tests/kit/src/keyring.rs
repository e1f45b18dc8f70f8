//! The desktop's own keyring service on a private bus: the real daemon, with an empty store of its own; and one that is
//! there and gives nothing out.
#![allow(clippy::unused_self, reason = "the shape that the interface macro wants")]

use std::fs;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result};
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use zbus::{Connection, OwnedObjectPath, fdo, interface};

use crate::PrivateBus;
use crate::wait::{PATIENCE, until};

const SECRETS: &str = "org.freedesktop.secrets";

/// A running `gnome-keyring-daemon` with an unlocked, writable login keyring. It ends with this value; what it stored
/// stays in `home` and is there again for the next one.
#[derive(Debug)]
pub struct Keyring {
    _daemon: Child,
}

impl Keyring {
    /// Starts the daemon on this bus with `home` and `runtime` as its folders, and waits until it can be written to.
    pub async fn start(bus: &PrivateBus, home: &Path, runtime: &Path) -> Result<Self> {
        // The daemon makes the keyring but not the folders above it.
        fs::create_dir_all(home.join(".local/share/keyrings"))?;
        let mut daemon = Command::new("gnome-keyring-daemon")
            .args(["--foreground", "--unlock", "--components=secrets"])
            .env("HOME", home)
            .env("XDG_RUNTIME_DIR", runtime)
            .env("DBUS_SESSION_BUS_ADDRESS", bus.address())
            .env_remove("XDG_DATA_HOME")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("could not start gnome-keyring-daemon")?;
        let mut password = daemon.stdin.take().context("standard input was asked for")?;
        password.write_all(b"a password of the login").await?;
        drop(password); // the daemon reads to the end

        // Asking for the service before it is there would make the bus start another daemon, with a locked store.
        bus.wait_for_owner(SECRETS, true).await?;
        let connection = bus.connect().await?;
        until("an unlocked keyring", PATIENCE, async || {
            let interface = Some("org.freedesktop.Secret.Service");
            let path = "/org/freedesktop/secrets";
            let reply = connection.call_method(Some(SECRETS), path, interface, "ReadAlias", &"default").await.ok()?;
            let collection: OwnedObjectPath = reply.body().deserialize().ok()?;
            (collection.as_str() != "/").then_some(())
        })
        .await?;
        Ok(Self { _daemon: daemon })
    }
}

/// A keyring that is locked, of a person who does not unlock it: the service answers, and refuses.
#[derive(Debug)]
pub struct LockedKeyring {
    _bus: Connection,
}

impl LockedKeyring {
    /// Takes the service's name on this bus. The real daemon must not have it.
    pub async fn start(bus: &PrivateBus) -> Result<Self> {
        bus.wait_for_owner(SECRETS, false).await?;
        let connection = bus.connect().await?;
        connection.object_server().at("/org/freedesktop/secrets", Refusal).await?;
        connection.request_name(SECRETS).await?;
        Ok(Self { _bus: connection })
    }
}

struct Refusal;

#[interface(name = "org.freedesktop.Secret.Service")]
impl Refusal {
    fn open_session(&self) -> fdo::Result<()> {
        Err(fdo::Error::AccessDenied("the keyring is locked, and the prompt was dismissed".into()))
    }
}
