//! The person's browser, as the program under test starts it: through the real opener and the standard `BROWSER`
//! variable. What it is asked to open is handed to the test.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::wait::PATIENCE;

/// A program for `BROWSER` that opens nothing and passes the address on.
#[derive(Debug)]
pub struct Opener {
    program: PathBuf,
    opened: mpsc::UnboundedReceiver<String>,
    _folder: TempDir,
}

impl Opener {
    /// Makes the program in a folder of its own.
    pub fn make() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("opener").tempdir()?;
        let pipe = folder.path().join("opened");
        let status = Command::new("mkfifo").arg("--mode=600").arg(&pipe).status().context("could not run mkfifo")?;
        ensure!(status.success(), "mkfifo ended with {status}");
        let program = folder.path().join("browser");
        // One write below PIPE_BUF is not split, so two addresses at once stay two lines.
        fs::write(&program, format!("#!/bin/sh\nprintf '%s\\n' \"$1\" > '{}'\n", pipe.display()))?;
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700))?;
        let opened = listen(&pipe)?;
        Ok(Self { program, opened, _folder: folder })
    }

    /// What to put into `BROWSER`.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Waits for the next address that was opened.
    pub async fn next(&mut self) -> Result<String> {
        let next = timeout(PATIENCE, self.opened.recv()).await.context("no browser was opened")?;
        next.context("the pipe of the browser ended")
    }

    /// An address opened already, if any: to show that something opened no browser.
    pub fn take(&mut self) -> Option<String> {
        self.opened.try_recv().ok()
    }
}

fn listen(pipe: &Path) -> Result<mpsc::UnboundedReceiver<String>> {
    // Open for writing too: the pipe then never ends between two browsers, and this open waits for nobody.
    let file: File = OpenOptions::new().read(true).write(true).open(pipe)?;
    let (send, opened) = mpsc::unbounded_channel();
    // A thread that waits in a read; it ends with the test program. A later value opens another pipe.
    thread::spawn(move || {
        for line in BufReader::new(file).lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                break;
            }
        }
    });
    Ok(opened)
}
