//! A D-Bus of its own: what a program under test sees as its session or system bus.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use zbus::Connection;

use crate::wait::{PATIENCE, until};

/// A running `dbus-daemon` that nobody else knows. It ends with this value.
///
/// Give its [`address`](Self::address) to the program under test as `DBUS_SESSION_BUS_ADDRESS` or, for the stand-in of
/// logind, as `DBUS_SYSTEM_BUS_ADDRESS`.
#[derive(Debug)]
pub struct PrivateBus {
    address: String,
    _daemon: Child,
    _folder: TempDir,
}

impl PrivateBus {
    /// Starts a bus. Services that it activates see `home` and `runtime` as their own folders, so that a keyring or a
    /// settings service writes nothing into the real ones.
    pub async fn start(home: &Path, runtime: &Path) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("bus").tempdir()?;
        let mut daemon = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--nopidfile", "--nosyslog", "--print-address=1"])
            .arg(format!("--address=unix:dir={}", folder.path().display()))
            .env("HOME", home)
            .env("XDG_RUNTIME_DIR", runtime)
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null()) // "Failed to set fd limit", each time
            .kill_on_drop(true)
            .spawn()
            .context("could not start dbus-daemon")?;
        let output = daemon.stdout.take().context("standard output was asked for")?;
        let Some(address) = BufReader::new(output).lines().next_line().await? else {
            bail!("dbus-daemon ended before it said where it listens");
        };
        Ok(Self { address, _daemon: daemon, _folder: folder })
    }

    /// Where it listens, as D-Bus writes addresses.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// A connection of the test itself.
    pub async fn connect(&self) -> Result<Connection> {
        Ok(zbus::connection::Builder::address(self.address.as_str()).build().await?)
    }

    /// Whether somebody owns `name`.
    pub async fn has_owner(&self, name: &str) -> Result<bool> {
        let bus = self.connect().await?;
        has_owner(&bus, name).await
    }

    /// Waits until somebody owns `name` (`owned`) or nobody does: a program is up, or its last instance is gone.
    pub async fn wait_for_owner(&self, name: &str, owned: bool) -> Result<()> {
        let bus = self.connect().await?;
        let what = format!("{name} {}", if owned { "on the bus" } else { "gone from the bus" });
        until(&what, PATIENCE, async || has_owner(&bus, name).await.ok().filter(|has| *has == owned)).await?;
        Ok(())
    }
}

async fn has_owner(bus: &Connection, name: &str) -> Result<bool> {
    let dbus = Some("org.freedesktop.DBus");
    let reply = bus.call_method(dbus, "/org/freedesktop/DBus", dbus, "NameHasOwner", &name).await?;
    Ok(reply.body().deserialize()?)
}
