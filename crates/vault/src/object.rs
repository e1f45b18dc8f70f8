//! Objects: one sealed version of one item, addressed by the hash of its bytes.
//!
//! An object stands for its place: ledger, item, version, epoch, author and counter are in a header that is associated
//! data and part of the commitment, so ciphertext moved anywhere else does not open. One ciphertext holds the whole
//! item; there are no fields to cut and paste.

use crate::SUITE;
use crate::aead::{self, COMMITMENT, NONCE, SealKeys, TAG};
use crate::cbor::{self, CborError, Reader, Writer};
use crate::derive::{derive_with, info};
use crate::padding::{PREFIX, object_bucket, pad, unpad};
use crate::secret::{Key, SecretBytes};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};

/// Most bytes of an item inside an object.
pub const MAX_ITEM: usize = 256 * 1024 - PREFIX;
/// Most bytes of an object.
pub const MAX_OBJECT: usize = 257 * 1024;

const CONTENT: &str = "vitrine/1/object/content";
const WRAP: &str = "vitrine/1/object/wrap";
const HASH: &str = "vitrine/1/object/hash";

/// What an object holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectKind {
    /// An emergency account and its credential.
    Account,
    /// The connection to a tenant, under the operate key.
    Connection,
    /// Name, notes and settings of an organization.
    Organization,
    /// Name and settings of the MSP.
    Msp,
    /// A passkey of an emergency account.
    Passkey,
}

impl ObjectKind {
    /// Its number in the header.
    pub fn number(self) -> u8 {
        match self {
            Self::Account => 1,
            Self::Connection => 2,
            Self::Organization => 3,
            Self::Msp => 4,
            Self::Passkey => 5,
        }
    }

    /// The kind of a number.
    pub fn from_number(number: u8) -> Option<Self> {
        [Self::Account, Self::Connection, Self::Organization, Self::Msp, Self::Passkey]
            .into_iter()
            .find(|kind| kind.number() == number)
    }
}

/// The place an object stands for. Nothing of it is secret; all of it is authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Cryptographic suite; [`SUITE`].
    pub suite: u8,
    /// What is inside.
    pub kind: ObjectKind,
    /// Ledger it belongs to.
    pub ledger: [u8; 32],
    /// Item it is a version of.
    pub item: [u8; 16],
    /// Version of the item, from 1.
    pub version: u64,
    /// Epoch whose key wraps it.
    pub epoch: u32,
    /// Device that sealed it.
    pub author: [u8; 16],
    /// The author's own count of objects, rising.
    pub counter: u64,
    /// Version of the item's layout.
    pub schema: u16,
}

/// Why an object was not sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ObjectError {
    /// More content than an object holds.
    #[error("an item holds at most {MAX_ITEM} bytes")]
    TooLarge,
    /// The bytes are no object.
    #[error("the stored item is damaged: {0}")]
    Format(#[from] CborError),
    /// Of a suite this build does not know.
    #[error("the item was sealed by another version (suite {suite})")]
    Suite {
        /// What the header says.
        suite: u8,
    },
    /// A good object of another place: another item, version, epoch, ledger or author than the ledger names.
    #[error("the stored item is not the one the ledger names ({field} differs)")]
    Elsewhere {
        /// First field of the header that differs.
        field: &'static str,
    },
    /// Not sealed under this key, or altered since.
    #[error("the stored item was altered, or is sealed under another key")]
    Refused,
}

impl ObjectError {
    /// Stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "vault.object-too-large",
            Self::Format(_) => "vault.object-damaged",
            Self::Suite { .. } => "vault.suite-unknown",
            Self::Elsewhere { .. } => "vault.object-elsewhere",
            Self::Refused => "vault.object-refused",
        }
    }
}

impl Header {
    fn encode(&self) -> Vec<u8> {
        Writer::document(|map| {
            map.uint(1, self.suite);
            map.uint(2, self.kind.number());
            map.bytes(3, &self.ledger);
            map.bytes(4, &self.item);
            map.uint(5, self.version);
            map.uint(6, self.epoch);
            map.bytes(7, &self.author);
            map.uint(8, self.counter);
            map.uint(9, self.schema);
        })
    }

    fn decode(bytes: &[u8]) -> Result<Self, ObjectError> {
        let header = cbor::decode(bytes, MAX_OBJECT, |reader| {
            reader.map(|map| {
                Ok(Self {
                    suite: map.required(1, Reader::uint)?,
                    kind: map.required(2, |reader| {
                        let at = reader.position();
                        ObjectKind::from_number(reader.uint()?).ok_or(CborError::Value { at })
                    })?,
                    ledger: map.required(3, Reader::array)?,
                    item: map.required(4, Reader::array)?,
                    version: map.required(5, Reader::uint)?,
                    epoch: map.required(6, Reader::uint)?,
                    author: map.required(7, Reader::array)?,
                    counter: map.required(8, Reader::uint)?,
                    schema: map.required(9, Reader::uint)?,
                })
            })
        })?;
        if header.suite == SUITE { Ok(header) } else { Err(ObjectError::Suite { suite: header.suite }) }
    }

    /// The first field in which two headers differ.
    fn difference(&self, other: &Self) -> Option<&'static str> {
        [
            (self.suite == other.suite, "suite"),
            (self.kind == other.kind, "kind"),
            (self.ledger == other.ledger, "ledger"),
            (self.item == other.item, "item"),
            (self.version == other.version, "version"),
            (self.epoch == other.epoch, "epoch"),
            (self.author == other.author, "author"),
            (self.counter == other.counter, "counter"),
            (self.schema == other.schema, "schema"),
        ]
        .into_iter()
        .find_map(|(equal, field)| (!equal).then_some(field))
    }
}

/// The parts of an object as received.
struct Parts<'b> {
    header: &'b [u8],
    commitment: &'b [u8],
    nonce: [u8; NONCE],
    wrapped: &'b [u8],
    ciphertext: &'b [u8],
}

fn parts(bytes: &[u8]) -> Result<Parts<'_>, CborError> {
    cbor::decode(bytes, MAX_OBJECT, |reader| {
        reader.map(|map| {
            Ok(Parts {
                header: map.required(1, |reader| reader.bytes(MAX_OBJECT))?,
                commitment: map.required(2, |reader| reader.bytes(COMMITMENT))?,
                nonce: map.required(3, Reader::array)?,
                wrapped: map.required(4, |reader| reader.bytes(32 + TAG))?,
                ciphertext: map.required(5, |reader| reader.bytes(MAX_OBJECT))?,
            })
        })
    })
}

/// The cipher under which the content key of one place is wrapped; `info` is the label and the header.
fn wrap_cipher(wrap_key: &Key, info: &[u8]) -> XChaCha20Poly1305 {
    // Read to derive; the cipher is wiped on drop.
    let key = derive_with::<32>(wrap_key.expose(), info);
    XChaCha20Poly1305::new(key.expose().into())
}

/// Seals one version of an item. `wrap_key` is the object key of the header's epoch
/// ([`crate::epoch::ReadKey::object_key`] or [`crate::epoch::OperateKey::object_key`]).
pub fn seal(
    header: &Header,
    item: &SecretBytes,
    wrap_key: &Key,
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, ObjectError> {
    // Read to be sealed.
    let plaintext = item.expose();
    if plaintext.len() > MAX_ITEM {
        return Err(ObjectError::TooLarge);
    }
    if header.suite != SUITE {
        return Err(ObjectError::Suite { suite: header.suite });
    }
    let encoded = header.encode();
    let content_key = Key::make(rng);
    let (wrap, content) = (info(WRAP, &[&encoded]), info(CONTENT, &[&encoded]));
    let keys = SealKeys::derive(content_key.expose(), &content);
    let padded = pad(plaintext, object_bucket);
    let nonce = keys.make_nonce(padded.expose(), rng);
    // One nonce serves both sealings: their keys are independent.
    let wrapped = aead::encrypt(&wrap_cipher(wrap_key, &wrap), &nonce, &wrap, content_key.expose());
    let ciphertext = keys.encrypt(&nonce, &content, padded.expose());
    Ok(Writer::document(|map| {
        map.bytes(1, &encoded);
        map.bytes(2, keys.commitment());
        map.bytes(3, &nonce);
        map.bytes(4, &wrapped);
        map.bytes(5, &ciphertext);
    }))
}

/// Opens an object that must stand for `expected`, as the ledger names it.
pub fn open(bytes: &[u8], expected: &Header, wrap_key: &Key) -> Result<SecretBytes, ObjectError> {
    let parts = parts(bytes)?;
    if let Some(field) = Header::decode(parts.header)?.difference(expected) {
        return Err(ObjectError::Elsewhere { field });
    }
    let refused = |_| ObjectError::Refused;
    let (wrap, content) = (info(WRAP, &[parts.header]), info(CONTENT, &[parts.header]));
    let content_key =
        aead::decrypt_key(&wrap_cipher(wrap_key, &wrap), &parts.nonce, &wrap, parts.wrapped).map_err(refused)?;
    // Read to derive the keys of this version.
    let padded = SealKeys::derive(content_key.expose(), &content)
        .decrypt(parts.commitment, &parts.nonce, &content, parts.ciphertext)
        .map_err(refused)?;
    unpad(padded, object_bucket).ok_or(ObjectError::Refused)
}

/// The header an object claims. Certain only once it has opened.
pub fn peek_header(bytes: &[u8]) -> Result<Header, ObjectError> {
    Header::decode(parts(bytes)?.header)
}

/// The address of an object: SHA-256 over label and bytes as received.
pub fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(info(HASH, &[])).chain_update(bytes).finalize().into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use rand::{SeedableRng, rngs::StdRng};

    fn header() -> Header {
        Header {
            suite: SUITE,
            kind: ObjectKind::Account,
            ledger: [1; 32],
            item: [2; 16],
            version: 3,
            epoch: 4,
            author: [5; 16],
            counter: 6,
            schema: 1,
        }
    }

    fn variants() -> Vec<Header> {
        vec![
            Header { kind: ObjectKind::Connection, ..header() },
            Header { ledger: [9; 32], ..header() },
            Header { item: [9; 16], ..header() },
            Header { version: 9, ..header() },
            Header { epoch: 9, ..header() },
            Header { author: [9; 16], ..header() },
            Header { counter: 9, ..header() },
            Header { schema: 9, ..header() },
        ]
    }

    #[test]
    fn an_object_opens_under_its_key() {
        let rng = &mut StdRng::seed_from_u64(20);
        let key = Key::make(rng);
        let item = SecretBytes::new(b"item".to_vec());
        let object = seal(&header(), &item, &key, rng).unwrap();
        assert_eq!(peek_header(&object).unwrap(), header());
        assert!(open(&object, &header(), &key).unwrap() == item);
        assert_eq!(open(&object, &header(), &Key::make(rng)).err(), Some(ObjectError::Refused));
    }

    #[test]
    fn aad_matrix_an_object_of_another_place_is_refused_by_name() {
        let rng = &mut StdRng::seed_from_u64(21);
        let key = Key::make(rng);
        let item = SecretBytes::new(b"item".to_vec());
        let object = seal(&header(), &item, &key, rng).unwrap();
        for elsewhere in variants() {
            let error = open(&object, &elsewhere, &key).err();
            assert!(matches!(error, Some(ObjectError::Elsewhere { .. })), "{error:?}");
        }
    }

    #[test]
    fn aad_matrix_an_object_relabelled_for_another_place_is_refused() {
        let rng = &mut StdRng::seed_from_u64(22);
        let key = Key::make(rng);
        let item = SecretBytes::new(b"item".to_vec());
        let object = seal(&header(), &item, &key, rng).unwrap();
        for elsewhere in variants() {
            let parts = parts(&object).unwrap();
            let relabelled = Writer::document(|map| {
                map.bytes(1, &elsewhere.encode());
                map.bytes(2, parts.commitment);
                map.bytes(3, &parts.nonce);
                map.bytes(4, parts.wrapped);
                map.bytes(5, parts.ciphertext);
            });
            assert_eq!(open(&relabelled, &elsewhere, &key).err(), Some(ObjectError::Refused));
        }
    }

    #[test]
    fn a_commitment_to_another_key_is_refused_before_decrypting() {
        let rng = &mut StdRng::seed_from_u64(23);
        let key = Key::make(rng);
        let object = seal(&header(), &SecretBytes::new(vec![1]), &key, rng).unwrap();
        let parts = parts(&object).unwrap();
        let forged = Writer::document(|map| {
            map.bytes(1, parts.header);
            map.bytes(2, &[0; 32]);
            map.bytes(3, &parts.nonce);
            map.bytes(4, parts.wrapped);
            map.bytes(5, parts.ciphertext);
        });
        assert_eq!(open(&forged, &header(), &key).err(), Some(ObjectError::Refused));
    }

    #[test]
    fn evil_suite_downgrade_is_refused_by_its_number() {
        let rng = &mut StdRng::seed_from_u64(24);
        let key = Key::make(rng);
        let old = Header { suite: 0, ..header() };
        assert_eq!(seal(&old, &SecretBytes::new(vec![]), &key, rng).err(), Some(ObjectError::Suite { suite: 0 }));
        assert_eq!(Header::decode(&old.encode()).err(), Some(ObjectError::Suite { suite: 0 }));
    }

    #[test]
    fn two_versions_of_one_content_share_no_bytes_of_ciphertext() {
        let rng = &mut StdRng::seed_from_u64(25);
        let key = Key::make(rng);
        let item = SecretBytes::new(vec![7; 100]);
        let (first, second) = (seal(&header(), &item, &key, rng).unwrap(), seal(&header(), &item, &key, rng).unwrap());
        assert_ne!(parts(&first).unwrap().ciphertext, parts(&second).unwrap().ciphertext);
        assert_ne!(hash(&first), hash(&second));
    }

    #[test]
    fn the_largest_item_fits_and_one_byte_more_does_not() {
        let rng = &mut StdRng::seed_from_u64(26);
        let key = Key::make(rng);
        let object = seal(&header(), &SecretBytes::new(vec![1; MAX_ITEM]), &key, rng).unwrap();
        assert!(object.len() <= MAX_OBJECT);
        assert!(open(&object, &header(), &key).is_ok());
        let more = SecretBytes::new(vec![1; MAX_ITEM + 1]);
        assert_eq!(seal(&header(), &more, &key, rng).err(), Some(ObjectError::TooLarge));
    }

    #[test]
    fn a_bomb_of_64_mib_is_refused_at_once() {
        let bomb = vec![0x9f; 64 << 20];
        assert!(matches!(open(&bomb, &header(), &Key::new([0; 32])), Err(ObjectError::Format(_))));
    }
}
