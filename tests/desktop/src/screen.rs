//! A screen of its own, with a window manager for title bars and focus.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// Width, height and depth; room for a page of 1280x800, as the pictures in the docs have, with its title bar.
const SIZE: &str = "1440x960x24";

/// A running X server without hardware. It ends with this value.
#[derive(Debug)]
pub(crate) struct Screen {
    name: String,
    _server: Child,
    _manager: Child,
}

impl Screen {
    /// Starts a screen under the first free number, with `home` for the window manager's settings.
    pub(crate) async fn start(home: &Path) -> Result<Self> {
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", SIZE, "-nolisten", "tcp"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("could not start Xvfb")?;
        let output = server.stdout.take().context("standard output was asked for")?;
        // The server writes its number once it accepts programs.
        let Some(number) = BufReader::new(output).lines().next_line().await? else {
            bail!("Xvfb ended before its screen was ready");
        };
        let name = format!(":{}", number.trim());
        let manager = Command::new("openbox")
            .env("DISPLAY", &name)
            .env("HOME", home)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("could not start openbox")?;
        Ok(Self { name, _server: server, _manager: manager })
    }

    /// What programs take as `DISPLAY`.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// A picture of everything on the screen, also when the window no longer answers.
    pub(crate) async fn picture(&self, file: &Path) -> Result<()> {
        let import = Command::new("import").args(["-display", &self.name, "-window", "root"]).arg(file).status();
        let status = import.await.context("could not start import (imagemagick)")?;
        ensure!(status.success(), "import ended with {status}");
        Ok(())
    }
}
