//! View records, durable before anything is shown, on a full disk too.
//!
//! They live in a file of fixed slots beside the database. A database in WAL mode has to grow its journal even to
//! overwrite a row, so on a full disk it can record nothing; a slot that was written before is overwritten in place and
//! needs no new space. There are always 256 such slots free, or as many as the disk still gave. (A file system that
//! copies on write may need a block even then; the record then fails and nothing is shown.)
//!
//! A slot becomes free when its record has been carried into a ledger. Which ones have is stored in the database, in
//! the transaction that stores the carrying entry, so the file itself is never marked.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use super::{StoreError, folder::private_file};
use crate::failpoint::point;

/// Longest view record, in bytes.
pub const VIEW_LIMIT: usize = SLOT - HEADER;

/// Slots that are kept free.
pub(super) const RESERVED: usize = 256;

const SLOT: usize = 2048;

/// Counter, length, check.
const HEADER: usize = 8 + 2 + 16;

/// A stored view record. Its bytes are sealed and signed by the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewRecord {
    /// Rises with every record of this device, from 1.
    pub counter: u64,
    /// The record.
    pub bytes: Vec<u8>,
}

/// The file of slots.
pub(super) struct Views {
    path: PathBuf,
    file: File,
    /// Counter in each slot; 0 if it holds no whole record.
    slots: Vec<u64>,
    /// Records up to this counter are in a ledger.
    carried: u64,
}

impl Views {
    /// Opens the file and sees to it that the reserve is there.
    pub(super) fn open(path: &Path, carried: u64) -> Result<Self, StoreError> {
        let mut views = Self { path: path.to_owned(), file: private_file(path)?, slots: Vec::new(), carried };
        views.read_slots().map_err(|error| views.failed(error))?;
        let missing = RESERVED.saturating_sub(views.free().count());
        if views.slots.is_empty() {
            views.extend(missing).map_err(|error| views.failed(error))?;
        } else {
            // A disk that has become full since must not keep the vault shut; the slots that are there still serve.
            let _ = views.extend(missing);
        }
        Ok(views)
    }

    /// Writes a record to a free slot and waits until it is durable.
    pub(super) fn write(&mut self, counter: u64, bytes: &[u8]) -> Result<(), StoreError> {
        if bytes.len() > VIEW_LIMIT {
            return Err(StoreError::ViewTooLarge { limit: VIEW_LIMIT });
        }
        let last = self.last_counter();
        if counter <= last {
            return Err(StoreError::ViewOutOfOrder { counter, last });
        }
        if self.free().next().is_none() {
            self.extend(1).map_err(|error| self.failed(error))?;
        }
        let slot = self.free().next().ok_or(StoreError::DiskFull)?;
        self.write_slot(slot, &encode(counter, bytes)).map_err(|error| self.failed(error))?;
        self.slots[slot] = counter;
        // The reserve grows back while the disk allows it.
        let missing = RESERVED.saturating_sub(self.free().count());
        let _ = self.extend(missing);
        Ok(())
    }

    /// At most `limit` records with a counter above `counter` that are still in the file, in order.
    pub(super) fn after(&mut self, counter: u64, limit: usize) -> Result<Vec<ViewRecord>, StoreError> {
        let mut found: Vec<_> = self
            .slots
            .iter()
            .enumerate()
            .filter(|(_, held)| **held > counter)
            .map(|(slot, held)| (*held, slot))
            .collect();
        found.sort_unstable();
        found.truncate(limit);
        found.into_iter().map(|(_, slot)| self.read(slot)).collect()
    }

    /// Counter of the newest record, 0 if there was none.
    pub(super) fn last_counter(&self) -> u64 {
        self.slots.iter().copied().max().unwrap_or(0).max(self.carried)
    }

    /// Frees the slots of records up to `counter`.
    pub(super) fn carried(&mut self, counter: u64) {
        self.carried = self.carried.max(counter);
    }

    /// The newest record is kept even when carried: the next one names its hash.
    fn free(&self) -> impl Iterator<Item = usize> {
        let newest = self.slots.iter().copied().max().unwrap_or(0);
        self.slots
            .iter()
            .enumerate()
            .filter(move |(_, held)| **held == 0 || (**held <= self.carried && **held != newest))
            .map(|(slot, _)| slot)
    }

    fn read(&mut self, slot: usize) -> Result<ViewRecord, StoreError> {
        let mut bytes = [0; SLOT];
        self.seek(slot)
            .and_then(|()| self.file.read_exact(&mut bytes))
            .map_err(|error| StoreError::from_io(&self.path, error))?;
        decode(&bytes).filter(|record| record.counter == self.slots[slot]).ok_or(StoreError::Corrupted)
    }

    fn read_slots(&mut self) -> io::Result<()> {
        let whole = self.file.metadata()?.len() / SLOT as u64;
        self.file.rewind()?;
        let mut bytes = [0; SLOT];
        for _ in 0..whole {
            self.file.read_exact(&mut bytes)?;
            // A torn slot was never acknowledged: its write did not return.
            self.slots.push(decode(&bytes).map_or(0, |record| record.counter));
        }
        Ok(())
    }

    fn extend(&mut self, slots: usize) -> io::Result<()> {
        for _ in 0..slots {
            // Written, not merely sized: a hole in a file holds no space.
            self.seek(self.slots.len())?;
            self.file.write_all(&[0; SLOT])?;
            self.slots.push(0);
        }
        if slots > 0 { self.file.sync_all() } else { Ok(()) }
    }

    fn write_slot(&mut self, slot: usize, bytes: &[u8; SLOT]) -> io::Result<()> {
        self.seek(slot)?;
        self.file.write_all(bytes)?;
        point!("store.view.written");
        self.file.sync_data()
    }

    fn seek(&mut self, slot: usize) -> io::Result<()> {
        self.file.seek(SeekFrom::Start((slot * SLOT) as u64)).map(drop)
    }

    fn failed(&self, error: io::Error) -> StoreError {
        StoreError::from_io(&self.path, error)
    }
}

fn encode(counter: u64, bytes: &[u8]) -> [u8; SLOT] {
    let mut slot = [0; SLOT];
    let len = u16::try_from(bytes.len()).expect("a record is checked against its limit before");
    slot[..8].copy_from_slice(&counter.to_le_bytes());
    slot[8..10].copy_from_slice(&len.to_le_bytes());
    slot[10..HEADER].copy_from_slice(&check(counter, bytes));
    slot[HEADER..HEADER + bytes.len()].copy_from_slice(bytes);
    slot
}

fn decode(slot: &[u8; SLOT]) -> Option<ViewRecord> {
    let (counter, rest) = slot.split_first_chunk()?;
    let (len, rest) = rest.split_first_chunk()?;
    let (sum, rest) = rest.split_first_chunk::<16>()?;
    let counter = u64::from_le_bytes(*counter);
    let bytes = rest.get(..usize::from(u16::from_le_bytes(*len)))?;
    (counter > 0 && *sum == check(counter, bytes)).then(|| ViewRecord { counter, bytes: bytes.to_vec() })
}

/// Tells a whole record from a torn one. It proves nothing about its author; the record's own signature does.
fn check(counter: u64, bytes: &[u8]) -> [u8; 16] {
    let digest =
        Sha256::new().chain_update("vitrine/1/view-slot").chain_update(counter.to_le_bytes()).chain_update(bytes);
    *digest.finalize().first_chunk().expect("SHA-256 has 32 bytes")
}
