//! The safe sheet: the page for the firm's safe. It opens an account root alone, without a passphrase, so using it is a
//! loud entry in the ledger. What it opens is the sheet blob, which travels with backups.

use crate::SUITE;
use crate::account::{RootKey, UnlockError};
use crate::aead;
use crate::cbor::{self, Reader, Writer};
use crate::code::{self, Code, CodeError, CodeKind};
use crate::secret::{Key, SecretText};
use rand_core::CryptoRng;

const LABEL: &str = "vitrine/1/sheet";
/// Most bytes of a sheet blob.
pub const MAX_SHEET: usize = 512;

/// The key printed on the sheet. 256 random bits, so nothing about it can be guessed.
pub struct SafeSheet(Key);

impl SafeSheet {
    /// A new sheet.
    pub fn make(rng: &mut impl CryptoRng) -> Self {
        Self(Key::make(rng))
    }

    /// The key as a code of 19 groups.
    pub fn code(&self) -> Code {
        // Read to be printed on the page.
        Code::of(CodeKind::Sheet, self.0.expose())
    }

    /// Reads the code of a page as a person typed it.
    pub fn parse(code: &SecretText) -> Result<Self, CodeError> {
        code::parse_array(CodeKind::Sheet, code).map(Self)
    }
}

/// An account root sealed for a safe sheet.
pub struct SheetBlob {
    header: Vec<u8>,
    member: [u8; 16],
    genesis: [u8; 32],
    sealed: Vec<u8>,
}

impl SheetBlob {
    /// Seals a root for a sheet. Needs the sheet once, when it is made.
    pub fn seal(
        root: &RootKey,
        sheet: &SafeSheet,
        member: [u8; 16],
        genesis: [u8; 32],
        rng: &mut impl CryptoRng,
    ) -> Self {
        let header = Writer::document(|map| {
            map.uint(1, SUITE);
            map.bytes(2, &member);
            map.bytes(3, &genesis);
        });
        // Read to seal one under the other.
        let sealed = aead::seal(sheet.0.expose(), LABEL, &header, root.key().expose(), rng);
        Self { header, member, genesis, sealed }
    }

    /// Opens the root with the sheet.
    pub fn open(&self, sheet: &SafeSheet) -> Result<RootKey, UnlockError> {
        // Read to open.
        Ok(RootKey::from_key(aead::open_key(sheet.0.expose(), LABEL, &self.header, &self.sealed)?))
    }

    /// The bytes to store.
    pub fn to_bytes(&self) -> Vec<u8> {
        Writer::document(|map| {
            map.bytes(1, &self.header);
            map.bytes(2, &self.sealed);
        })
    }

    /// Reads a stored blob.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, UnlockError> {
        let (header, sealed) = cbor::decode(bytes, MAX_SHEET, |reader| {
            reader.map(|map| {
                let header = map.required(1, |reader| reader.bytes(MAX_SHEET))?;
                Ok((header, map.required(2, |reader| reader.bytes(MAX_SHEET))?))
            })
        })?;
        let (suite, member, genesis) = cbor::decode(header, MAX_SHEET, |reader| {
            reader.map(|map| {
                let suite = map.required(1, Reader::uint::<u8>)?;
                Ok((suite, map.required(2, Reader::array)?, map.required(3, Reader::array)?))
            })
        })?;
        if suite != SUITE {
            return Err(UnlockError::Suite { suite });
        }
        Ok(Self { header: header.to_vec(), member, genesis, sealed: sealed.to_vec() })
    }

    /// The member it claims to belong to.
    pub fn member(&self) -> [u8; 16] {
        self.member
    }

    /// The MSP it claims to belong to.
    pub fn genesis(&self) -> [u8; 32] {
        self.genesis
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use rand::{SeedableRng, rngs::StdRng};

    #[test]
    fn a_sheet_opens_its_root_alone_and_no_other_sheet_does() {
        let rng = &mut StdRng::seed_from_u64(80);
        let (root, sheet) = (RootKey::make(rng), SafeSheet::make(rng));
        let blob = SheetBlob::seal(&root, &sheet, [1; 16], [2; 32], rng);
        let stored = SheetBlob::from_bytes(&blob.to_bytes()).unwrap();
        let typed = SafeSheet::parse(sheet.code().text()).unwrap();
        assert!(stored.open(&typed).unwrap().key() == root.key());
        assert_eq!((stored.member(), stored.genesis()), ([1; 16], [2; 32]));
        assert_eq!(stored.open(&SafeSheet::make(rng)).err(), Some(UnlockError::Refused));
    }

    #[test]
    fn an_edited_header_opens_nothing() {
        let rng = &mut StdRng::seed_from_u64(81);
        let (root, sheet) = (RootKey::make(rng), SafeSheet::make(rng));
        let mut blob = SheetBlob::seal(&root, &sheet, [1; 16], [2; 32], rng);
        blob.header = SheetBlob::seal(&root, &sheet, [9; 16], [2; 32], rng).header;
        assert_eq!(SheetBlob::from_bytes(&blob.to_bytes()).unwrap().open(&sheet).err(), Some(UnlockError::Refused));
    }
}
