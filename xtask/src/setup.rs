//! From a fresh machine to one that can build: what every other command does first.

use std::fs;

use anyhow::{Context, Result};

use crate::{packages, paths, python, requirements, shell, tools};

/// What the machine will be used for, as far as it changes what is needed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Purpose {
    /// Open the window on the screen that is there.
    Window,
    /// Play a person in front of the window, on a screen of our own.
    Tour,
    /// All tests and checks.
    Test,
}

/// Makes the machine ready, or says what is missing and stops.
pub(crate) fn setup(purpose: Purpose) -> Result<()> {
    requirements::check(purpose)?;
    if cfg!(target_os = "linux") {
        packages::ensure(purpose)?;
    }
    if !paths::program("vitrine-desktop").exists() {
        println!(
            "The first build takes about {} minutes on two cores; later ones take seconds.",
            if purpose == Purpose::Test { "20" } else { "6" }
        );
    }
    if purpose != Purpose::Window {
        tools::TAURI_DRIVER.ensure()?;
    }
    if purpose == Purpose::Test {
        python::ensure()?;
    }
    node_packages()
}

/// Installs the UI's packages exactly as locked, unless that was done for this very lock file.
fn node_packages() -> Result<()> {
    let lock = paths::ui().join("package-lock.json");
    let locked = fs::read(&lock).with_context(|| format!("could not read {}", lock.display()))?;
    let stamp = paths::ui().join("node_modules").join(".installed-lock.json");
    if fs::read(&stamp).is_ok_and(|installed| installed == locked) {
        return Ok(());
    }
    shell::run(shell::npm(&["ci", "--no-audit", "--no-fund"]))?;
    fs::write(&stamp, locked).context("could not note which packages are installed")
}
