//! A backend to move a vault to: the built `vitrine-server`, run as its operator runs it, over SQLite in a folder of its own
//! or over a database that it is given, there with more replicas if need be.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::wait::PATIENCE;

/// What its operator hands out to those who may register.
pub const TOKEN: &str = "a-token-that-only-the-operator-of-this-test-has";

/// A backend, running or killed.
pub struct Backend {
    program: PathBuf,
    root: Arc<TempDir>,
    database: Option<String>,
    port: u16,
    child: Option<Child>,
}

impl Backend {
    /// Starts this program on a free port of this machine.
    pub async fn start(program: &Path) -> Result<Self> {
        Self::start_over(program, None).await
    }

    /// The same over the database of this URL.
    pub async fn start_over(program: &Path, database: Option<String>) -> Result<Self> {
        ensure!(program.is_file(), "{} is not there: cargo build -p vitrine-server", program.display());
        let root = Arc::new(tempfile::Builder::new().prefix("backend").tempdir()?);
        fs::write(root.path().join("token"), TOKEN)?;
        let mut backend = Self { program: program.to_owned(), root, database, port: 0, child: None };
        backend.run().await?;
        Ok(backend)
    }

    /// Starts one more over the same database, with the same key.
    pub async fn replica(&self) -> Result<Self> {
        let (program, root, database) = (self.program.clone(), self.root.clone(), self.database.clone());
        let mut replica = Self { program, root, database, port: 0, child: None };
        replica.run().await?;
        Ok(replica)
    }

    /// Starts it again, at the same address.
    pub async fn run(&mut self) -> Result<()> {
        let mut command = Command::new(&self.program);
        command.env_clear().arg("serve").kill_on_drop(true).stdin(Stdio::null()).stderr(Stdio::piped());
        command.env("VITRINE_SERVER_LISTEN", format!("127.0.0.1:{}", self.port));
        command.env("VITRINE_SERVER_DATA", self.data());
        command.env("VITRINE_SERVER_REGISTRATION_TOKEN_FILE", self.root.path().join("token"));
        if let Some(database) = &self.database {
            command.env("VITRINE_SERVER_DATABASE_URL", database);
        }
        let mut child = command.spawn().context("could not start vitrine-server")?;
        let mut log = BufReader::new(child.stderr.take().context("standard error was asked for")?).lines();
        let listens = async {
            while let Some(line) = log.next_line().await? {
                // The log is one JSON object a line; the address stands in the first.
                if let Some(address) = line.split("\"address\":\"").nth(1).and_then(|rest| rest.split('"').next()) {
                    return Ok(address.rsplit(':').next().context("no port")?.parse()?);
                }
            }
            bail!("vitrine-server ended before it listened")
        };
        self.port = timeout(PATIENCE, listens).await.context("vitrine-server did not listen")??;
        // What it writes later must not fill up and stop it.
        tokio::spawn(async move { while let Ok(Some(_)) = log.next_line().await {} });
        self.child = Some(child);
        Ok(())
    }

    /// Kills it, as when its machine loses power.
    pub async fn kill(&mut self) -> Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill().await?;
        }
        Ok(())
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The URL of its database.
    pub fn database(&self) -> String {
        let own = || format!("sqlite:{}", self.data().join("vitrine-server.sqlite").display());
        self.database.clone().unwrap_or_else(own)
    }

    /// Everything it stores in files of its own.
    pub fn data(&self) -> PathBuf {
        self.root.path().join("data")
    }

    /// Copies what it stores, while it does not run.
    pub fn copy_to(&self, folder: &Path) -> Result<()> {
        copy(&self.data(), folder)
    }

    /// Puts back what was copied, while it does not run.
    pub fn put_back(&self, folder: &Path) -> Result<()> {
        fs::remove_dir_all(self.data())?;
        copy(folder, &self.data())
    }
}

/// Copies the files of a folder into another.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}
