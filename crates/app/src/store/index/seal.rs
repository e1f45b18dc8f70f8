//! The border to whoever seals pages: the index knows that pages are sealed, not how.

use zeroize::Zeroizing;

/// Seals and opens pages under the local key of an unlocked vault.
///
/// A sealed page must be at most [`SEAL_OVERHEAD`] bytes longer than its plaintext, and must open only under the
/// number and generation it was sealed with.
pub trait PageSeal: Send + Sync {
    /// Seals `plaintext` as page `page` of generation `generation`. Every call draws a fresh nonce.
    fn seal(&self, page: u64, generation: u64, plaintext: &[u8]) -> Vec<u8>;

    /// Opens what [`PageSeal::seal`] made with the same numbers; `None` for anything else.
    fn open(&self, page: u64, generation: u64, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>>;
}

/// The bytes a seal may add to a page: nonce, tag, and room for a commitment and a version.
pub const SEAL_OVERHEAD: usize = 96;
