//! A backend of its own for a story: the built `vitrine-server`, beside the program under test, over SQLite in a folder.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;
use vitrine_kit::wait::PATIENCE;

use crate::desk::{Desk, PASSPHRASE, built, exit};

const TOKEN: &str = "a-token-that-only-the-operator-of-this-story-has";

/// A running backend.
pub(crate) struct Backend {
    root: TempDir,
    port: u16,
    child: Option<Child>,
}

impl Backend {
    pub(crate) async fn start() -> Result<Self> {
        let root = tempfile::Builder::new().prefix("backend").tempdir()?;
        std::fs::write(root.path().join("token"), TOKEN)?;
        let mut backend = Self { root, port: 0, child: None };
        backend.run().await?;
        Ok(backend)
    }

    /// Starts it again, at the same address.
    pub(crate) async fn run(&mut self) -> Result<()> {
        let program = built()?.join("vitrine-server");
        ensure!(program.exists(), "{} is not built: cargo build --package vitrine-server", program.display());
        let mut command = Command::new(program);
        command.env_clear().arg("serve");
        command.env("VITRINE_SERVER_LISTEN", format!("127.0.0.1:{}", self.port));
        command.env("VITRINE_SERVER_DATA", self.data());
        command.env("VITRINE_SERVER_REGISTRATION_TOKEN_FILE", self.root.path().join("token"));
        command.kill_on_drop(true).stdin(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().context("could not start vitrine-server")?;
        let mut log = BufReader::new(child.stderr.take().context("standard error was asked for")?).lines();
        self.port = timeout(PATIENCE, async {
            while let Some(line) = log.next_line().await? {
                let line: Value = serde_json::from_str(&line)?;
                if let Some(address) = line.get("address").and_then(Value::as_str) {
                    let port = address.rsplit(':').next().context("no port")?;
                    return Ok(port.parse()?);
                }
            }
            anyhow::bail!("vitrine-server ended before it listened")
        })
        .await
        .context("vitrine-server did not listen")??;
        // What it writes later must not fill up and stop it.
        tokio::spawn(async move { while let Ok(Some(_)) = log.next_line().await {} });
        self.child = Some(child);
        Ok(())
    }

    /// Kills it, as when its machine loses power.
    pub(crate) async fn kill(&mut self) -> Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill().await?;
        }
        Ok(())
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Everything it stores.
    pub(crate) fn data(&self) -> PathBuf {
        self.root.path().join("data")
    }

    /// Copies what it stores, while it does not run.
    pub(crate) fn copy_to(&self, folder: &Path) -> Result<()> {
        copy(&self.data(), folder)
    }

    /// Puts back what was copied, while it does not run.
    pub(crate) fn put_back(&self, folder: &Path) -> Result<()> {
        std::fs::remove_dir_all(self.data())?;
        copy(folder, &self.data())
    }

    /// Gives it the home of a desk's vault.
    pub(crate) async fn moves_in(&self, desk: &Desk) -> Result<Value> {
        let arguments = ["home", "move", &self.url(), "--token-fd", "0"];
        desk.vitrine(arguments).passphrase(PASSPHRASE).typed(TOKEN).ends(exit::DONE).await
    }

    /// The same, whatever becomes of it.
    pub(crate) fn moving_in(&self, desk: &Desk) -> crate::desk::Order {
        let arguments = ["home", "move", &self.url(), "--token-fd", "0"];
        desk.vitrine(arguments).passphrase(PASSPHRASE).typed(TOKEN)
    }
}

/// Copies a folder of files.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}
