//! How much signed history this device has stored, as a number and a hash. The keychain remembers it beside the
//! generation of the index, so that an older database is noticed even where its index is damaged and must be made again.

use crate::App;
use crate::error::{Error, Result};
use crate::records::Bytes32;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Entries read at once.
const PAGE: usize = 500;

/// Every entry in the order of arrival. Entries are never deleted, so an older history is the beginning of a newer one.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct History {
    pub(crate) entries: u64,
    digest: Bytes32,
}

impl History {
    /// Takes in the next entry.
    pub(crate) fn add(&mut self, entry: &[u8]) {
        self.entries += 1;
        self.digest = Sha256::new()
            .chain_update(b"vitrine/1/history\0")
            .chain_update(self.digest)
            .chain_update(Sha256::digest(entry))
            .finalize()
            .into();
    }

    /// The history in the database, which must go on from one that was remembered.
    pub(crate) async fn read(app: &App, remembered: Option<&Self>) -> Result<Self> {
        let (mut history, mut after) = (Self::default(), 0);
        let mut seen = remembered.is_none_or(|remembered| *remembered == history);
        loop {
            let page = app.inner.store.entries_by_arrival(after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.arrival;
            for entry in &page {
                history.add(&entry.bytes);
                seen = seen || remembered == Some(&history);
            }
        }
        if seen { Ok(history) } else { Err(rolled_back(format!("{} entries", history.entries))) }
    }
}

/// What the keychain remembers of the database.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Remembered {
    /// Generation of the index.
    pub(crate) generation: u64,
    pub(crate) history: History,
}

impl Remembered {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        [&self.generation.to_be_bytes()[..], &self.history.entries.to_be_bytes(), &self.history.digest].concat()
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (generation, rest) = bytes.split_first_chunk()?;
        let (entries, digest) = rest.split_first_chunk()?;
        let history = History { entries: u64::from_be_bytes(*entries), digest: digest.try_into().ok()? };
        Some(Self { generation: u64::from_be_bytes(*generation), history })
    }
}

/// The database is older than the one this device used last.
pub(crate) fn rolled_back(details: String) -> Error {
    Error::integrity(
        "vault.rolled-back",
        "This database is older than the one this device used last.",
        "Put the newer database back, or restore from the newest backup with the recovery kit.",
    )
    .holds("Nothing was opened or changed.")
    .details(details)
}
