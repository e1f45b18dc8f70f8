//! The store on a real disk: what is durable, what is noticed, and what a person is told.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod behaviour;
mod crash;
mod full_disk;
mod tamper;

use std::path::Path;

use zeroize::Zeroizing;

use super::{PageSeal, Store};

/// Makes plaintext unrecognizable and authenticates nothing: what is noticed is noticed by the index itself.
struct Veil;

impl PageSeal for Veil {
    fn seal(&self, _: u64, _: u64, plaintext: &[u8]) -> Vec<u8> {
        plaintext.iter().map(|byte| byte ^ 0xa5).collect()
    }

    fn open(&self, page: u64, generation: u64, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        Some(Zeroizing::new(self.seal(page, generation, sealed)))
    }
}

const LEDGER: [u8; 32] = [1; 32];

async fn unlocked(folder: &Path) -> Store {
    let store = Store::open(folder).await.unwrap();
    store.unlock_index(Veil).await.unwrap();
    store
}

/// Appends one entry with its object and its row in the index, as every use case does.
async fn append(store: &Store, seq: u64) {
    let mut tx = store.begin().await.unwrap();
    tx.append_entry(&LEDGER, seq, &seq.to_le_bytes()).await.unwrap();
    tx.put_object(&hash(seq), &[9; 1200]).await.unwrap();
    tx.index_put(b"head", &seq.to_le_bytes()).await.unwrap();
    tx.index_put(&hash(seq), &[3; 150]).await.unwrap();
    tx.commit().await.unwrap();
}

/// A hash-like key for a number.
fn hash(number: u64) -> [u8; 32] {
    use sha2::{Digest, Sha256};
    Sha256::digest(number.to_le_bytes()).into()
}
