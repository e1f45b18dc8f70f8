//! Sealed pages of the local store: what a device has accepted, and its index of names, at rest.
//!
//! Pages are read by the thousand at unlock, so their key is derived once and each page costs one AEAD. They carry no
//! commitment: the key never leaves the device and no one can offer a page made under a key of their choosing.

use crate::aead::{self, NONCE, TAG};
use crate::derive::{derive, info};
use crate::secret::{Key, Secret, SecretBytes};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use rand_core::CryptoRng;

/// Most bytes of a sealed page.
pub const MAX_SEALED_PAGE: usize = 64 * 1024;
/// Most bytes of content in a page.
pub const MAX_PAGE: usize = MAX_SEALED_PAGE - NONCE - TAG;

/// Why a page was not sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// More content than a page holds.
    #[error("a page holds at most {MAX_PAGE} bytes")]
    TooLarge,
    /// Altered, of another generation, or put in another page's place. It can be rebuilt from signed entries.
    #[error("a page of the local store was altered or put back; it must be rebuilt")]
    Refused,
}

impl PageError {
    /// Stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "vault.page-too-large",
            Self::Refused => "vault.page-refused",
        }
    }
}

/// The key of all pages of one device.
pub struct PageKey {
    cipher: XChaCha20Poly1305,
    nonce_key: Key,
}

impl PageKey {
    /// Derives the key of pages from the device's local key.
    pub fn derive(local: &Key) -> Self {
        // Read to derive; the halves go into a cipher and a wrapper that are wiped on drop.
        let keys: Secret<[u8; 64]> = derive(local.expose(), "vitrine/1/page", &[]);
        let (cipher, nonce) = keys.expose().split_at(32);
        Self {
            cipher: XChaCha20Poly1305::new_from_slice(cipher).expect("half of 64 bytes is a key"),
            nonce_key: Key::from_slice(nonce).expect("half of 64 bytes is a key"),
        }
    }

    /// Seals a page: `nonce (24) || ciphertext || tag (16)`. `page` is its place, `generation` the number of the change
    /// that wrote it; both are needed to open it, so a page cannot be moved or an older one put back unseen.
    pub fn seal(
        &self,
        page: u64,
        generation: u64,
        content: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, PageError> {
        if content.len() > MAX_PAGE {
            return Err(PageError::TooLarge);
        }
        // Read to make the nonce.
        let nonce = aead::hedged_nonce(self.nonce_key.expose(), content, rng);
        let mut sealed = Vec::with_capacity(NONCE + content.len() + TAG);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&aead::encrypt(&self.cipher, &nonce, &place(page, generation), content));
        Ok(sealed)
    }

    /// Opens the page that [`PageKey::seal`] made for this place and generation.
    pub fn open(&self, page: u64, generation: u64, sealed: &[u8]) -> Result<SecretBytes, PageError> {
        if sealed.len() > MAX_SEALED_PAGE {
            return Err(PageError::TooLarge);
        }
        let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE>().ok_or(PageError::Refused)?;
        aead::decrypt(&self.cipher, nonce, &place(page, generation), ciphertext).map_err(|_| PageError::Refused)
    }
}

fn place(page: u64, generation: u64) -> Vec<u8> {
    info("vitrine/1/page", &[&page.to_be_bytes(), &generation.to_be_bytes()])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use rand::{SeedableRng, rngs::StdRng};

    #[test]
    fn a_page_opens_in_its_place_and_generation_only() {
        let rng = &mut StdRng::seed_from_u64(6);
        let local = Key::make(rng);
        let key = PageKey::derive(&local);
        let sealed = key.seal(7, 3, b"index", rng).unwrap();
        assert!(PageKey::derive(&local).open(7, 3, &sealed).unwrap() == SecretBytes::new(b"index".to_vec()));
        assert_eq!(key.open(8, 3, &sealed).err(), Some(PageError::Refused));
        assert_eq!(key.open(7, 2, &sealed).err(), Some(PageError::Refused));
        assert_eq!(PageKey::derive(&Key::make(rng)).open(7, 3, &sealed).err(), Some(PageError::Refused));
    }

    #[test]
    fn a_full_page_is_exactly_64_kib_and_one_more_byte_is_refused() {
        let rng = &mut StdRng::seed_from_u64(7);
        let key = PageKey::derive(&Key::make(rng));
        let sealed = key.seal(0, 0, &vec![0; MAX_PAGE], rng).unwrap();
        assert_eq!(sealed.len(), MAX_SEALED_PAGE);
        assert!(key.open(0, 0, &sealed).is_ok());
        assert_eq!(key.seal(0, 0, &vec![0; MAX_PAGE + 1], rng).err(), Some(PageError::TooLarge));
        assert_eq!(key.open(0, 0, &vec![0; MAX_SEALED_PAGE + 1]).err(), Some(PageError::TooLarge));
    }
}
