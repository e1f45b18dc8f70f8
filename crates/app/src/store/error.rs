//! What can go wrong between the application and its data folder, in terms a person can act on.

use std::{io, path::PathBuf};

/// Why the store could not do what was asked. Nothing half-done is left behind by any of these.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process holds the data folder.
    #[error("another Vitrine process is using {}; close it, or let it do the work", .folder.display())]
    InUse {
        /// The data folder.
        folder: PathBuf,
    },
    /// The folder, or a file in it, may not be written by this user.
    #[error("{} cannot be written; check its owner, its permissions and that the disk is not read-only", .path.display())]
    Unwritable {
        /// The folder or file.
        path: PathBuf,
    },
    /// A file operation failed for another reason.
    #[error("{} cannot be used", .path.display())]
    File {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The disk, or the space allowed to this user, is full. The change was rolled back.
    #[error("the disk is full; nothing was changed; free some space and try again")]
    DiskFull,
    /// A newer Vitrine wrote this database; this one would not understand all of it.
    #[error(
        "this database was written by a newer version (layout {found}, this program knows {known}); update Vitrine"
    )]
    Newer {
        /// Layout of the file.
        found: i64,
        /// Newest layout this program knows.
        known: i64,
    },
    /// The file is a database, but not one of ours.
    #[error("the database in the data folder is not a Vitrine database; choose another folder")]
    Foreign,
    /// The database is damaged; a backup, or another device, restores it.
    #[error("the database is damaged; restore it from a backup or from another device")]
    Corrupted,
    /// An entry already stands at this place of the ledger: somebody appended first.
    #[error("the ledger already has an entry {seq}")]
    EntryExists {
        /// The place that was taken.
        seq: u64,
    },
    /// A page of the local index is missing, altered, or of another time than its parent says. The index can be
    /// rebuilt from the signed entries.
    #[error("page {page} of the local index is damaged; the index has to be rebuilt")]
    PageDamaged {
        /// Number of the page; 0 is the root record.
        page: u64,
    },
    /// The index needs the local key, and the vault is locked.
    #[error("the vault is locked")]
    IndexLocked,
    /// A key or value of the index is longer than a page may hold.
    #[error("an index row may have a key of 1 to {key_limit} bytes and a value of at most {value_limit} bytes")]
    RowTooLarge {
        /// Longest key, in bytes.
        key_limit: usize,
        /// Longest value, in bytes.
        value_limit: usize,
    },
    /// A view record is longer than its reserved slot.
    #[error("a view record may have at most {limit} bytes")]
    ViewTooLarge {
        /// Longest record, in bytes.
        limit: usize,
    },
    /// A view record must carry a counter above every earlier one.
    #[error("the last view record is number {last}; number {counter} cannot follow it")]
    ViewOutOfOrder {
        /// The counter offered.
        counter: u64,
        /// The newest counter on disk.
        last: u64,
    },
    /// An earlier step of this transaction failed, so it can only be dropped.
    #[error("an earlier step of this change failed; nothing of it was stored")]
    Abandoned,
    /// A number is beyond what the database can hold (2^63 - 1).
    #[error("a number is out of range")]
    OutOfRange,
    /// SQLite failed in a way that has no better name here.
    #[error("the database could not be used")]
    Database(#[source] sqlx::Error),
}

impl StoreError {
    /// Stable name of the error, from which the UI picks its words.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InUse { .. } => "store.in-use",
            Self::Unwritable { .. } => "store.unwritable",
            Self::File { .. } => "store.file",
            Self::DiskFull => "store.disk-full",
            Self::Newer { .. } => "store.newer",
            Self::Foreign => "store.foreign",
            Self::Corrupted => "store.corrupted",
            Self::EntryExists { .. } => "store.entry-exists",
            Self::PageDamaged { .. } => "store.page-damaged",
            Self::IndexLocked => "store.index-locked",
            Self::RowTooLarge { .. } => "store.row-too-large",
            Self::ViewTooLarge { .. } => "store.view-too-large",
            Self::ViewOutOfOrder { .. } => "store.view-out-of-order",
            Self::Abandoned => "store.abandoned",
            Self::OutOfRange => "store.out-of-range",
            Self::Database(_) => "store.database",
        }
    }

    /// Names a failed file operation on `path`.
    pub(super) fn from_io(path: impl Into<PathBuf>, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull,
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::Unwritable { path: path.into() }
            }
            _ => Self::File { path: path.into(), source },
        }
    }
}

impl From<sqlx::Error> for StoreError {
    /// Result codes: <https://www.sqlite.org/rescode.html>; the low byte is the primary code.
    fn from(error: sqlx::Error) -> Self {
        let primary =
            error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok()).map(|code| code & 0xff);
        match primary {
            Some(11 | 26) => Self::Corrupted,
            Some(13) => Self::DiskFull,
            _ => Self::Database(error),
        }
    }
}
