//! Small sealed bodies that travel inside entries: names and batches of log records. Padded to 256 bytes.

use crate::aead;
use crate::derive::info;
use crate::padding::{body_bucket, pad, unpad};
use crate::secret::{Key, SecretBytes};
use rand_core::CryptoRng;

/// Most bytes of content in one body.
pub const MAX_BODY: usize = 64 * 1024;

/// What a body is; it is part of the key derivation, so one kind never opens as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyKind {
    /// A name or title: of an organization, member, device or team.
    Name,
    /// A batch of log records.
    Log,
}

impl BodyKind {
    fn label(self) -> &'static str {
        match self {
            Self::Name => "vitrine/1/body/name",
            Self::Log => "vitrine/1/body/log",
        }
    }
}

/// Why a body was not sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// More content than a body holds.
    #[error("a sealed body holds at most {MAX_BODY} bytes")]
    TooLarge,
    /// Not sealed under this key, kind and context, or altered since.
    #[error("the sealed text was altered, or belongs elsewhere")]
    Refused,
}

impl BodyError {
    /// Stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "vault.body-too-large",
            Self::Refused => "vault.body-refused",
        }
    }
}

/// Seals a small body. `context` says where it belongs (ledger id, subject, sequence); the same is needed to open it.
pub fn seal_body(
    kind: BodyKind,
    key: &Key,
    context: &[u8],
    content: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, BodyError> {
    if content.len() > MAX_BODY {
        return Err(BodyError::TooLarge);
    }
    let padded = pad(content, body_bucket);
    // Read to be sealed.
    Ok(aead::seal(key.expose(), kind.label(), context, padded.expose(), rng))
}

/// Opens what [`seal_body`] made with the same kind, key and context.
pub fn open_body(kind: BodyKind, key: &Key, context: &[u8], sealed: &[u8]) -> Result<SecretBytes, BodyError> {
    if sealed.len() > aead::OVERHEAD + body_bucket(crate::padding::PREFIX + MAX_BODY) {
        return Err(BodyError::TooLarge);
    }
    // Read to open.
    let padded = aead::open(key.expose(), kind.label(), context, sealed).map_err(|_| BodyError::Refused)?;
    unpad(padded, body_bucket).ok_or(BodyError::Refused)
}

/// What opens the body of this key, kind and context, and no other one: to show a single one to somebody who has no key.
///
/// It is derived one way, so neither the key nor what opens another body follows from it.
pub fn body_opening(kind: BodyKind, key: &Key, context: &[u8]) -> Key {
    // Read to derive.
    aead::SealKeys::derive(key.expose(), &info(kind.label(), &[context])).opening()
}

/// Opens a body by its [`body_opening`]. Nobody but the one who sealed it can have made two contents for one opening, and that
/// is not excluded here as it is in [`open_body`]: what stands in the body has to be signed itself.
pub fn open_body_by(opening: &Key, kind: BodyKind, context: &[u8], sealed: &[u8]) -> Result<SecretBytes, BodyError> {
    if sealed.len() > aead::OVERHEAD + body_bucket(crate::padding::PREFIX + MAX_BODY) {
        return Err(BodyError::TooLarge);
    }
    let padded = aead::open_by(opening, kind.label(), context, sealed).map_err(|_| BodyError::Refused)?;
    unpad(padded, body_bucket).ok_or(BodyError::Refused)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use rand::{SeedableRng, rngs::StdRng};

    #[test]
    fn a_name_opens_where_it_was_sealed_and_nowhere_else() {
        let rng = &mut StdRng::seed_from_u64(3);
        let key = Key::make(rng);
        let sealed = seal_body(BodyKind::Name, &key, b"ledger", b"Contoso", rng).unwrap();
        assert!(open_body(BodyKind::Name, &key, b"ledger", &sealed).unwrap() == SecretBytes::new(b"Contoso".to_vec()));
        assert_eq!(open_body(BodyKind::Log, &key, b"ledger", &sealed).err(), Some(BodyError::Refused));
        assert_eq!(open_body(BodyKind::Name, &key, b"other", &sealed).err(), Some(BodyError::Refused));
        assert_eq!(open_body(BodyKind::Name, &Key::make(rng), b"ledger", &sealed).err(), Some(BodyError::Refused));
    }

    #[test]
    fn an_opening_opens_its_body_and_no_other() {
        let rng = &mut StdRng::seed_from_u64(6);
        let key = Key::make(rng);
        let sealed = seal_body(BodyKind::Log, &key, b"ledger 7", b"records", rng).unwrap();
        let opening = body_opening(BodyKind::Log, &key, b"ledger 7");
        let open = |kind, context: &[u8], sealed: &[u8]| open_body_by(&opening, kind, context, sealed);
        assert!(open(BodyKind::Log, b"ledger 7", &sealed).unwrap() == SecretBytes::new(b"records".to_vec()));
        assert_eq!(open(BodyKind::Log, b"ledger 8", &sealed).err(), Some(BodyError::Refused));
        assert_eq!(open(BodyKind::Name, b"ledger 7", &sealed).err(), Some(BodyError::Refused));
        let next = seal_body(BodyKind::Log, &key, b"ledger 8", b"records", rng).unwrap();
        assert_eq!(open(BodyKind::Log, b"ledger 8", &next).err(), Some(BodyError::Refused));
        assert_eq!(open_body(BodyKind::Log, &opening, b"ledger 7", &sealed).err(), Some(BodyError::Refused));
        for place in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[place] ^= 1;
            // The commitment says nothing without the key.
            assert_eq!(open(BodyKind::Log, b"ledger 7", &altered).is_ok(), place < aead::COMMITMENT, "{place}");
        }
    }

    #[test]
    fn bodies_of_different_length_have_one_size() {
        let rng = &mut StdRng::seed_from_u64(4);
        let key = Key::make(rng);
        let size = |length: usize, rng: &mut StdRng| {
            seal_body(BodyKind::Name, &key, b"", &vec![1; length], rng).unwrap().len()
        };
        assert_eq!(size(0, rng), 256 + aead::OVERHEAD);
        assert_eq!(size(252, rng), 256 + aead::OVERHEAD);
        assert_eq!(size(253, rng), 512 + aead::OVERHEAD);
    }

    #[test]
    fn too_much_content_is_refused_both_ways() {
        let rng = &mut StdRng::seed_from_u64(5);
        let key = Key::make(rng);
        assert_eq!(seal_body(BodyKind::Log, &key, b"", &vec![0; MAX_BODY + 1], rng).err(), Some(BodyError::TooLarge));
        assert_eq!(open_body(BodyKind::Log, &key, b"", &vec![0; 70_000]).err(), Some(BodyError::TooLarge));
        let full = seal_body(BodyKind::Log, &key, b"", &vec![0; MAX_BODY], rng).unwrap();
        assert!(open_body(BodyKind::Log, &key, b"", &full).is_ok());
    }
}
