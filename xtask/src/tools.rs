//! Programs of others, at exact versions, built once into the cache outside the clone.

use std::path::PathBuf;

use anyhow::Result;

use crate::{paths, shell};

/// A program that cargo installs.
pub(crate) struct Tool {
    name: &'static str,
    version: &'static str,
    /// Minutes on two cores, to tell the person.
    minutes: &'static str,
}

/// Drives the window: speaks WebDriver to the system's web view.
pub(crate) const TAURI_DRIVER: Tool = Tool { name: "tauri-driver", version: "2.1.0", minutes: "1" };
/// Checks licences, sources and duplicate versions of what we depend on.
pub(crate) const CARGO_DENY: Tool = Tool { name: "cargo-deny", version: "0.20.2", minutes: "2" };

impl Tool {
    /// Where the program is. The version is part of the path, so a new version never runs under an old name.
    pub(crate) fn path(&self) -> PathBuf {
        self.home().join("bin").join(format!("{}{}", self.name, std::env::consts::EXE_SUFFIX))
    }

    fn home(&self) -> PathBuf {
        paths::cache().join("tools").join(format!("{}-{}", self.name, self.version))
    }

    /// Builds the program if the cache does not have it, without optimisation: it works for seconds and would be built for minutes.
    pub(crate) fn ensure(&self) -> Result<()> {
        if self.path().exists() {
            return Ok(());
        }
        println!("Building {} {} once (about {} min on two cores)", self.name, self.version, self.minutes);
        let home = self.home();
        let root = home.to_string_lossy();
        let mut install = shell::cargo(&["install", "--quiet", "--debug", "--locked", self.name]);
        install.args(["--version", self.version, "--root", &root]);
        // Its own build folder (a temporary one): ours would only keep what is never used again.
        install.env_remove("CARGO_TARGET_DIR");
        shell::run(install)
    }
}
