//! Writing files so that a crash leaves the old one or the new one, readable by this user alone.

use crate::error::{Error, Result};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Replaces a file: temporary file beside it, flushed, renamed, folder flushed. Mode 0600.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let written = make_folder(folder).and_then(|()| {
        let mut beside = path.as_os_str().to_owned();
        beside.push(".new");
        let mut file = private(OpenOptions::new().write(true).create(true).truncate(true)).open(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        File::open(folder)?.sync_all()
    });
    written.map_err(|error| failed(path, error))
}

/// Writes a file that must not exist yet. Mode 0600.
pub(crate) fn create(path: &Path, bytes: &[u8]) -> Result<()> {
    if !path.is_absolute() {
        return Err(Error::usage(
            "file.relative",
            format!("{} is not a full path.", path.display()),
            "Give the full path of the file.",
        ));
    }
    let written = (|| {
        let mut file = private(OpenOptions::new().write(true).create_new(true)).open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    })();
    written.map_err(|error| failed(path, error))
}

/// Opens a file to be written on at its end. Mode 0600 where it is new.
pub(crate) fn append(path: &Path) -> Result<File> {
    private(OpenOptions::new().append(true).create(true)).open(path).map_err(|error| failed(path, error))
}

/// Makes a folder that only this user enters.
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Names what went wrong with a file and what to do.
pub(crate) fn failed(path: &Path, error: io::Error) -> Error {
    let shown = path.display();
    match error.kind() {
        io::ErrorKind::AlreadyExists => Error::usage(
            "file.exists",
            format!("{shown} exists already."),
            "Choose another name, or remove the old file yourself.",
        ),
        io::ErrorKind::NotFound => {
            Error::usage("file.not-found", format!("There is no file or folder {shown}."), "Check the path.")
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Error::machine(
            "file.not-writable",
            format!("This user may not use {shown}."),
            "Choose another folder, or change its permissions.",
        ),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Error::machine(
            "file.disk-full",
            format!("The disk is full; {shown} was not written."),
            "Free some space and try again.",
        ),
        _ => Error::machine("file.failed", format!("{shown} could not be read or written."), "Look at the details."),
    }
    .because(error)
}
