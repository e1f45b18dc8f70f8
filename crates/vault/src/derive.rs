//! Labelled derivation: every key has one purpose, and that purpose is in its label.

use crate::secret::Secret;
use hkdf::HkdfExtract;
use sha2::Sha256;
use std::sync::LazyLock;

/// Extraction with an empty salt, which begins alike for all material: kept, since objects are opened by the thousand.
static EXTRACT: LazyLock<HkdfExtract<Sha256>> = LazyLock::new(|| HkdfExtract::new(None));

/// HKDF-SHA-256 (RFC 5869) with an empty salt. `info` is the label and each part of the context, all preceded by
/// their length, so that no two different contexts give the same `info`.
///
/// `N` is at most 8160, the limit of the RFC; the callers ask for 32 to 96.
pub(crate) fn derive<const N: usize>(material: &[u8], label: &str, context: &[&[u8]]) -> Secret<[u8; N]> {
    derive_with(material, &info(label, context))
}

/// The same where the caller has the [`info`] at hand.
pub(crate) fn derive_with<const N: usize>(material: &[u8], info: &[u8]) -> Secret<[u8; N]> {
    let mut extract = EXTRACT.clone();
    extract.input_ikm(material);
    let (_, expand) = extract.finalize();
    Secret::fill(|out| expand.expand(info, out).expect("fewer than 255 blocks are asked for"))
}

/// The label and context as one string without ambiguity: `len16 label (len32 part)*`.
pub(crate) fn info(label: &str, context: &[&[u8]]) -> Vec<u8> {
    let size = 2 + label.len() + context.iter().map(|part| 4 + part.len()).sum::<usize>();
    let mut info = Vec::with_capacity(size);
    let length = u16::try_from(label.len()).expect("labels are constants of a few bytes");
    info.extend_from_slice(&length.to_be_bytes());
    info.extend_from_slice(label.as_bytes());
    for part in context {
        let length = u32::try_from(part.len()).expect("every context is bounded by the size caps of the formats");
        info.extend_from_slice(&length.to_be_bytes());
        info.extend_from_slice(part);
    }
    info
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moving_a_byte_between_parts_gives_another_key() {
        let first = derive::<32>(&[1; 32], "vitrine/1/test", &[b"ab", b"c"]);
        let second = derive::<32>(&[1; 32], "vitrine/1/test", &[b"a", b"bc"]);
        let third = derive::<32>(&[1; 32], "vitrine/1/testab", &[b"c"]);
        assert!(first != second);
        assert!(first != third);
    }

    #[test]
    fn the_same_input_gives_the_same_key() {
        assert!(derive::<32>(&[1; 32], "a", &[]) == derive::<32>(&[1; 32], "a", &[]));
    }
}
