//! The data folder: private to its user, and used by one process at a time.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
};

use super::StoreError;

/// A data folder that this process alone uses, until dropped.
pub(super) struct Folder {
    path: PathBuf,
    /// Holds the advisory lock; the system lets go of it when the process ends, however it ends.
    lock: File,
}

impl Folder {
    /// Makes the folder if need be, closes it to other users, and takes its lock.
    pub(super) fn claim(path: &Path) -> Result<Self, StoreError> {
        make_private_folder(path)?;
        let lock_path = path.join("lock");
        let lock = private_file(&lock_path)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), lock }),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse { folder: path.to_owned() }),
            Err(TryLockError::Error(error)) => Err(StoreError::from_io(lock_path, error)),
        }
    }

    /// Path of a file in the folder.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Said, not left to the closing of the file: a child that this process is just starting has a copy of it
        // until its own program begins, and would hold the folder for that long.
        let _ = self.lock.unlock();
    }
}

fn make_private_folder(path: &Path) -> Result<(), StoreError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|error| StoreError::from_io(path, error))?;
    tighten(path, 0o700)
}

/// Opens a file for reading and writing, made if need be, that only its user may read: SQLite gives its journal the
/// permissions of the database, so the database has to be private before SQLite sees it.
pub(super) fn private_file(path: &Path) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).map_err(|error| StoreError::from_io(path, error))?;
    tighten(path, 0o600)?;
    Ok(file)
}

/// Takes permissions away that others may have been given, and gives none.
#[cfg(unix)]
fn tighten(path: &Path, most: u32) -> Result<(), StoreError> {
    use std::os::unix::fs::PermissionsExt;

    let mode = fs::metadata(path).map_err(|error| StoreError::from_io(path, error))?.permissions().mode() & 0o777;
    if mode & !most == 0 {
        return Ok(());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(mode & most)).map_err(|error| StoreError::from_io(path, error))
}

/// Elsewhere a profile folder is private by what it inherits.
#[cfg(not(unix))]
fn tighten(_path: &Path, _most: u32) -> Result<(), StoreError> {
    Ok(())
}
