//! A disk of a given size, to be filled, emptied and closed to writing: a `tmpfs` mounted where a folder is.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

const FILLER: &str = "filler";

/// A mounted disk, gone when dropped.
pub struct SmallDisk {
    at: PathBuf,
}

impl SmallDisk {
    /// Mounts a disk of so many KiB over an empty folder. `None`, after a line that says why, where this user may not
    /// mount anything.
    ///
    /// # Errors
    /// Where the folder cannot be made.
    pub fn mount(at: &Path, kib: u32) -> Result<Option<Self>> {
        fs::create_dir_all(at)?;
        let options = format!("size={kib}k,mode=0700");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "vitrine-test"]).arg(at).output();
        match mounted {
            Ok(output) if output.status.success() => Ok(Some(Self { at: at.to_owned() })),
            Ok(output) => Ok(skipped(&String::from_utf8_lossy(&output.stderr))),
            Err(error) => Ok(skipped(&error.to_string())),
        }
    }

    /// Writes until the last byte is taken.
    ///
    /// # Errors
    /// Where it cannot be written for another reason than being full.
    pub fn fill(&self) -> Result<()> {
        let mut file = File::options().create(true).append(true).open(self.at.join(FILLER))?;
        for size in [1 << 16, 1 << 9, 1] {
            let block = vec![0xa5; size];
            loop {
                match file.write_all(&block) {
                    Ok(()) => {}
                    Err(error) if error.kind() == ErrorKind::StorageFull => break,
                    Err(error) => return Err(error).context("filling the disk"),
                }
            }
        }
        Ok(())
    }

    /// Gives the space back that [`Self::fill`] took.
    ///
    /// # Errors
    /// Where the disk was never filled.
    pub fn empty(&self) -> Result<()> {
        fs::remove_file(self.at.join(FILLER)).context("the disk was not full")
    }

    /// Closes the disk to writing, or opens it again.
    ///
    /// # Errors
    /// Where the system refuses, as it does while a file on it is open for writing.
    pub fn set_read_only(&self, read_only: bool) -> Result<()> {
        let options = if read_only { "remount,ro" } else { "remount,rw" };
        let output = Command::new("mount").args(["-o", options]).arg(&self.at).output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(())
    }
}

fn skipped(why: &str) -> Option<SmallDisk> {
    eprintln!("skipped: no disk of a chosen size can be mounted here: {}", why.trim());
    None
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: what still has a file open there may go on, and nothing of it stays behind.
        let _ = Command::new("umount").arg("--lazy").arg(&self.at).output();
    }
}
