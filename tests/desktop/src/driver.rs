//! The WebDriver server in front of the system's web view.

use std::env;
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use vitrine_kit::wait::{PATIENCE, until};

/// A running `tauri-driver` with everything it starts, the program under test included.
///
/// They share a process group of their own, and the whole group is asked to end: killing the driver alone would leave
/// the web view's own driver behind, holding its port.
#[derive(Debug)]
pub(crate) struct Driver {
    group: u32,
    address: String,
}

impl Driver {
    /// Starts the driver; what it starts inherits exactly this environment.
    pub(crate) async fn start(environment: &[(&str, PathBuf)]) -> Result<Self> {
        let (port, native) = (free_port().await?, free_port().await?);
        let program = env::var_os("VITRINE_TAURI_DRIVER").map_or_else(|| "tauri-driver".into(), PathBuf::from);
        let child = Command::new(&program)
            .args(["--port", &port.to_string(), "--native-port", &native.to_string()])
            .env_clear()
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .process_group(0)
            .spawn()
            .with_context(|| format!("could not start {}", program.display()))?;
        let driver = Self {
            group: child.id().context("the driver ended at once")?,
            address: format!("http://127.0.0.1:{port}"),
        };
        for port in [port, native] {
            let what = format!("the WebDriver server on port {port}");
            until(&what, PATIENCE, async || TcpStream::connect(("127.0.0.1", port)).await.ok()).await?;
        }
        Ok(driver)
    }

    /// Where it takes commands.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Ends the whole group as a power cut would: no program of it gets to write anything more.
    pub(crate) fn kill(&self) {
        self.signal("-KILL");
    }

    /// Asks the whole group to end.
    pub(crate) fn end(&self) {
        self.signal("-TERM");
    }

    fn signal(&self, signal: &str) {
        // The group may be gone already, which is what is wanted.
        let group = format!("-{}", self.group);
        let _ = std::process::Command::new("kill").args([signal, "--", &group]).stderr(Stdio::null()).status();
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.end();
    }
}

/// A port that was free a moment ago. The driver cannot choose one itself and say which.
async fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0)).await?.local_addr()?.port())
}
