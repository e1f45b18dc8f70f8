//! The safe sheet: the page for the firm's safe. It opens an account root alone, without a passphrase, so using it is a
//! loud entry in the ledger. What it opens is the sheet blob, which travels with backups. Its key is printed whole, or
//! split among several people (see [`crate::share`]).

use crate::SUITE;
use crate::account::{RootKey, UnlockError};
use crate::aead;
use crate::cbor::{self, CborError, Reader, Writer};
use crate::code::{self, Code, CodeError, CodeKind};
use crate::secret::{Key, SecretBytes, SecretText};
use crate::share::{MAX_HOLDERS, Split};
use rand_core::CryptoRng;

const LABEL: &str = "vitrine/1/sheet";
/// Most bytes of a sheet blob.
pub const MAX_SHEET: usize = 1024;
/// Most bytes of a holder's name.
pub const MAX_HOLDER: usize = 256;
const MAX_NOTE: usize = 8 * 1024;

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

    pub(crate) fn from_key(key: Key) -> Self {
        Self(key)
    }

    pub(crate) fn key(&self) -> &Key {
        &self.0
    }
}

/// An account root sealed for a safe sheet.
pub struct SheetBlob {
    header: Vec<u8>,
    member: [u8; 16],
    genesis: [u8; 32],
    split: Option<Split>,
    sealed: Vec<u8>,
}

impl SheetBlob {
    /// Seals a root for a sheet, and says how its key was split, if it was. Needs the sheet once, when it is made.
    pub fn seal(
        root: &RootKey,
        sheet: &SafeSheet,
        split: Option<&Split>,
        member: [u8; 16],
        genesis: [u8; 32],
        rng: &mut impl CryptoRng,
    ) -> Self {
        let header = Writer::document(|map| {
            map.uint(1, SUITE);
            map.bytes(2, &member);
            map.bytes(3, &genesis);
            if let Some(split) = split {
                map.uint(4, split.needed());
                map.bytes(5, &split.commitments());
            }
        });
        // Read to seal one under the other.
        let sealed = aead::seal(sheet.0.expose(), LABEL, &header, root.key().expose(), rng);
        Self { header, member, genesis, split: split.cloned(), sealed }
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
        let (suite, member, genesis, needed, commitments) = cbor::decode(header, MAX_SHEET, |reader| {
            reader.map(|map| {
                let suite = map.required(1, Reader::uint::<u8>)?;
                let (member, genesis) = (map.required(2, Reader::array)?, map.required(3, Reader::array)?);
                let needed = map.optional(4, Reader::uint::<u8>)?;
                Ok((suite, member, genesis, needed, map.optional(5, |reader| reader.bytes(MAX_SHEET))?))
            })
        })?;
        if suite != SUITE {
            return Err(UnlockError::Suite { suite });
        }
        let split = match (needed, commitments) {
            (None, None) => None,
            (needed, commitments) => Some(
                needed
                    .zip(commitments)
                    .and_then(|(needed, commitments)| Split::read(needed, commitments))
                    .ok_or(CborError::Value { at: header.len() })?,
            ),
        };
        Ok(Self { header: header.to_vec(), member, genesis, split, sealed: sealed.to_vec() })
    }

    /// How its key was split, as it claims.
    pub fn split(&self) -> Option<&Split> {
        self.split.as_ref()
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

/// What every member is told of the sheet that stands: the blob, so that anybody's backup can be opened with it, and who
/// holds its shares. Sealed under the MSP's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SheetNote {
    /// The sheet blob.
    pub blob: Vec<u8>,
    /// Names of the holders in the order of their shares; none where the key is printed whole.
    pub holders: Vec<String>,
}

impl SheetNote {
    /// Encodes the note for sealing.
    pub fn encode(&self) -> SecretBytes {
        Writer::secret_document(|map| {
            map.bytes(1, &self.blob);
            map.field(2, |out| out.list(&self.holders, |out, holder| out.text(holder)));
        })
    }

    /// Decodes an opened note.
    ///
    /// # Errors
    /// [`CborError`] for what is no note.
    pub fn decode(bytes: &SecretBytes) -> Result<Self, CborError> {
        // Read to take the fields out.
        cbor::decode(bytes.expose(), MAX_NOTE, |reader| {
            reader.map(|map| {
                let blob = map.required(1, |reader| reader.bytes(MAX_SHEET))?.to_vec();
                let name = |reader: &mut Reader<'_>| reader.text(MAX_HOLDER).map(str::to_owned);
                Ok(Self { blob, holders: map.required(2, |reader| reader.list(MAX_HOLDERS.into(), name))? })
            })
        })
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
        let blob = SheetBlob::seal(&root, &sheet, None, [1; 16], [2; 32], rng);
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
        let mut blob = SheetBlob::seal(&root, &sheet, None, [1; 16], [2; 32], rng);
        blob.header = SheetBlob::seal(&root, &sheet, None, [9; 16], [2; 32], rng).header;
        assert_eq!(SheetBlob::from_bytes(&blob.to_bytes()).unwrap().open(&sheet).err(), Some(UnlockError::Refused));
    }

    #[test]
    fn a_note_reads_back_as_written() {
        let holders = ["Ada Example", "", "Řehoř \u{202e}gnirts"].map(str::to_owned).to_vec();
        let note = SheetNote { blob: vec![7; MAX_SHEET], holders };
        assert_eq!(SheetNote::decode(&note.encode()).unwrap(), note);
        let most = SheetNote { blob: vec![], holders: vec!["x".repeat(MAX_HOLDER); MAX_HOLDERS.into()] };
        assert_eq!(SheetNote::decode(&most.encode()).unwrap(), most);
        let more = SheetNote { blob: vec![], holders: vec![String::new(); 17] };
        assert!(SheetNote::decode(&more.encode()).is_err());
    }
}
