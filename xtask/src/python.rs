//! The second readers of our formats: Python programs with packages of their own, kept in the cache outside the clone.

use std::path::PathBuf;
use std::{fs, process::Command};

use anyhow::{Context, Result};

use crate::{paths, shell};

/// Readers beside the frozen vectors; each judges every case again.
const READERS: [&str; 3] = ["reader.py", "ledger_reader.py", "wire_reader.py"];

/// Makes the Python environment, unless it was made for these very requirements.
pub(crate) fn ensure() -> Result<()> {
    let wanted = fs::read(requirements()).context("could not read the requirements of the second readers")?;
    let stamp = home().join("installed.txt");
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    let at = home();
    let (at, list) = (at.to_string_lossy(), requirements());
    shell::run(shell::command(paths::root(), "python3", ["-m", "venv", "--clear", &at]))?;
    let list = list.to_string_lossy();
    shell::run(python(&["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", &list]))?;
    fs::write(&stamp, wanted).context("could not note which Python packages are installed")
}

/// Has every reader judge the frozen vectors.
pub(crate) fn read_vectors() -> Result<()> {
    READERS.iter().try_for_each(|reader| {
        let reader = vectors().join(reader);
        shell::run(python(&[&reader.to_string_lossy()]))
    })
}

fn python(arguments: &[&str]) -> Command {
    shell::command(paths::root(), home().join("bin").join("python"), arguments)
}

fn home() -> PathBuf {
    paths::cache().join("python")
}

fn vectors() -> PathBuf {
    paths::root().join("tests").join("vectors")
}

fn requirements() -> PathBuf {
    vectors().join("requirements.txt")
}
