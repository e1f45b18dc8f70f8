//! The one sealing construction: XChaCha20-Poly1305 under a derived key, with an explicit commitment to key and
//! context, and a nonce that stays unique even with a weak source of randomness.
//!
//! A plain AEAD ciphertext may open under two keys; with a commitment that is compared first, it cannot (the attack is
//! known as a partitioning oracle).

use crate::derive::{derive_with, info};
use crate::secret::{Key, Secret, SecretBytes};
use chacha20poly1305::XChaCha20Poly1305;
use chacha20poly1305::aead::inout::InOutBuf;
use chacha20poly1305::aead::{AeadInOut, KeyInit};
use hmac::{Hmac, Mac};
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

pub(crate) const COMMITMENT: usize = 32;
pub(crate) const NONCE: usize = 24;
pub(crate) const TAG: usize = 16;
/// What sealing adds: commitment, nonce, tag.
pub(crate) const OVERHEAD: usize = COMMITMENT + NONCE + TAG;

/// Opening failed. Deliberately without detail: whoever made the bytes learns nothing from the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused;

/// The three keys of one sealing: encryption, nonce, commitment.
pub(crate) struct SealKeys(Secret<[u8; 96]>);

impl SealKeys {
    /// `info` is the label and context of [`info`]; the same bytes are the associated data of the sealing.
    pub(crate) fn derive(key: &[u8], info: &[u8]) -> Self {
        Self(derive_with(key, info))
    }

    fn part(&self, index: usize) -> &[u8; 32] {
        // Read to encrypt, to make a nonce or to compare the commitment, all within this file.
        self.0.expose()[index * 32..][..32].try_into().expect("96 bytes hold three parts of 32")
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.part(0).into())
    }

    /// The key that encrypts, alone: it opens what was sealed under these keys, and makes none of the others.
    pub(crate) fn opening(&self) -> Key {
        Key::new(*self.part(0))
    }

    pub(crate) fn commitment(&self) -> &[u8; COMMITMENT] {
        self.part(2)
    }

    /// A nonce from fresh randomness *and* the content, so that a repeating random source cannot repeat a nonce with
    /// two different contents (hedging).
    pub(crate) fn make_nonce(&self, plaintext: &[u8], rng: &mut impl CryptoRng) -> [u8; NONCE] {
        hedged_nonce(self.part(1), plaintext, rng)
    }

    pub(crate) fn encrypt(&self, nonce: &[u8; NONCE], aad: &[u8], plaintext: &[u8]) -> Vec<u8> {
        encrypt(&self.cipher(), nonce, aad, plaintext)
    }

    /// Compares the commitment in constant time, and only then decrypts.
    pub(crate) fn decrypt(
        &self,
        commitment: &[u8],
        nonce: &[u8; NONCE],
        aad: &[u8],
        ciphertext: &[u8],
    ) -> Result<SecretBytes, Refused> {
        if !bool::from(self.commitment()[..].ct_eq(commitment)) {
            return Err(Refused);
        }
        decrypt(&self.cipher(), nonce, aad, ciphertext)
    }
}

/// First 24 bytes of HMAC(nonce key, 32 random bytes || SHA-256(plaintext)).
pub(crate) fn hedged_nonce(nonce_key: &[u8; 32], plaintext: &[u8], rng: &mut impl CryptoRng) -> [u8; NONCE] {
    let mut fresh = [0; 32];
    rng.fill_bytes(&mut fresh);
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(nonce_key).expect("HMAC takes keys of any length");
    mac.update(&fresh);
    mac.update(&Sha256::digest(plaintext));
    let full = mac.finalize().into_bytes();
    full[..NONCE].try_into().expect("HMAC-SHA-256 gives 32 bytes")
}

/// Ciphertext and tag. The buffer has its final size from the start, so no plaintext is left in a freed one.
pub(crate) fn encrypt(cipher: &XChaCha20Poly1305, nonce: &[u8; NONCE], aad: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(plaintext.len() + TAG);
    out.extend_from_slice(plaintext);
    let tag = cipher
        .encrypt_inout_detached(nonce.into(), aad, InOutBuf::from(out.as_mut_slice()))
        .expect("the formats keep every plaintext far below 256 GiB");
    out.extend_from_slice(&tag);
    out
}

pub(crate) fn decrypt(
    cipher: &XChaCha20Poly1305,
    nonce: &[u8; NONCE],
    aad: &[u8],
    sealed: &[u8],
) -> Result<SecretBytes, Refused> {
    let (ciphertext, tag) = sealed.split_last_chunk::<TAG>().ok_or(Refused)?;
    let mut plaintext = ciphertext.to_vec();
    // The tag is checked before the first byte is decrypted, so a refused buffer holds ciphertext only.
    cipher
        .decrypt_inout_detached(nonce.into(), aad, InOutBuf::from(plaintext.as_mut_slice()), tag.into())
        .map_err(|_| Refused)?;
    Ok(SecretBytes::new(plaintext))
}

/// Opens a sealed 256-bit key in its place; any other length is refused.
pub(crate) fn decrypt_key(
    cipher: &XChaCha20Poly1305,
    nonce: &[u8; NONCE],
    aad: &[u8],
    sealed: &[u8],
) -> Result<Key, Refused> {
    let (ciphertext, tag) = sealed.split_last_chunk::<TAG>().ok_or(Refused)?;
    let mut key = Key::from_slice(ciphertext).ok_or(Refused)?;
    cipher
        .decrypt_inout_detached(nonce.into(), aad, InOutBuf::from(key.expose_mut().as_mut_slice()), tag.into())
        .map_err(|_| Refused)?;
    Ok(key)
}

/// Seals in one piece: `commitment (32) || nonce (24) || ciphertext || tag (16)`. The context is part of the key
/// derivation, of the commitment and of the associated data.
pub(crate) fn seal(key: &[u8], label: &str, context: &[u8], plaintext: &[u8], rng: &mut impl CryptoRng) -> Vec<u8> {
    let info = info(label, &[context]);
    let keys = SealKeys::derive(key, &info);
    let nonce = keys.make_nonce(plaintext, rng);
    let mut out = Vec::with_capacity(plaintext.len() + OVERHEAD);
    out.extend_from_slice(keys.commitment());
    out.extend_from_slice(&nonce);
    out.extend_from_slice(&keys.encrypt(&nonce, &info, plaintext));
    out
}

/// Opens what [`seal`] made under the same key, label and context.
pub(crate) fn open(key: &[u8], label: &str, context: &[u8], sealed: &[u8]) -> Result<SecretBytes, Refused> {
    let (commitment, rest) = sealed.split_first_chunk::<COMMITMENT>().ok_or(Refused)?;
    let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>().ok_or(Refused)?;
    let info = info(label, &[context]);
    SealKeys::derive(key, &info).decrypt(commitment, nonce, &info, ciphertext)
}

/// Opens what [`seal`] made by its [`SealKeys::opening`]. The commitment cannot be checked without the key itself.
pub(crate) fn open_by(opening: &Key, label: &str, context: &[u8], sealed: &[u8]) -> Result<SecretBytes, Refused> {
    let (_, rest) = sealed.split_first_chunk::<COMMITMENT>().ok_or(Refused)?;
    let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>().ok_or(Refused)?;
    // Read to decrypt.
    let cipher = XChaCha20Poly1305::new(opening.expose().into());
    decrypt(&cipher, nonce, &info(label, &[context]), ciphertext)
}

/// Opens a sealed 256-bit key; any other length inside is refused.
pub(crate) fn open_key(key: &[u8], label: &str, context: &[u8], sealed: &[u8]) -> Result<Key, Refused> {
    let plain = open(key, label, context, sealed)?;
    // Read to move the key into a wrapper of its own type.
    Key::from_slice(plain.expose()).ok_or(Refused)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use rand::{SeedableRng, rngs::StdRng};

    /// A source that always answers the same, as after a snapshot of a virtual machine.
    struct Stuck;
    impl rand_core::TryRng for Stuck {
        type Error = core::convert::Infallible;
        fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
            Ok(7)
        }
        fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
            Ok(7)
        }
        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
            bytes.fill(7);
            Ok(())
        }
    }
    impl rand_core::TryCryptoRng for Stuck {}

    #[test]
    fn what_is_sealed_opens_under_the_same_key_label_and_context_only() {
        let rng = &mut StdRng::seed_from_u64(1);
        let sealed = seal(&[1; 32], "a", b"ctx", b"hello", rng);
        assert!(open(&[1; 32], "a", b"ctx", &sealed).unwrap() == SecretBytes::new(b"hello".to_vec()));
        assert!(open(&[2; 32], "a", b"ctx", &sealed).is_err());
        assert!(open(&[1; 32], "b", b"ctx", &sealed).is_err());
        assert!(open(&[1; 32], "a", b"ctY", &sealed).is_err());
    }

    #[test]
    fn a_ciphertext_with_a_foreign_commitment_is_refused_although_its_tag_is_right() {
        let rng = &mut StdRng::seed_from_u64(2);
        let mut sealed = seal(&[1; 32], "a", b"ctx", b"hello", rng);
        let other = SealKeys::derive(&[2; 32], &info("a", &[b"ctx"]));
        sealed[..COMMITMENT].copy_from_slice(other.commitment());
        assert!(open(&[1; 32], "a", b"ctx", &sealed).is_err());
    }

    #[test]
    fn commitment_two_keys_one_ciphertext_cannot_be_committed_to_both() {
        let (first, second) =
            (SealKeys::derive(&[1; 32], &info("a", &[b"c"])), SealKeys::derive(&[2; 32], &info("a", &[b"c"])));
        assert_ne!(first.commitment(), second.commitment());
        let other_context = SealKeys::derive(&[1; 32], &info("a", &[b"d"]));
        assert_ne!(first.commitment(), other_context.commitment());
    }

    #[test]
    fn a_stuck_random_source_still_gives_different_contents_different_nonces() {
        let keys = SealKeys::derive(&[1; 32], &info("a", &[b"c"]));
        assert_ne!(keys.make_nonce(b"one", &mut Stuck), keys.make_nonce(b"two", &mut Stuck));
    }

    #[test]
    fn every_length_below_the_overhead_is_refused() {
        for length in 0..=OVERHEAD {
            assert!(open(&[1; 32], "a", b"", &vec![0; length]).is_err());
        }
    }
}
