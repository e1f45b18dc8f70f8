//! One entry: its fields, its one encoding, its signature and its hash.
//!
//! ```text
//! entry   = [ content: bytes, signature: 64 bytes ]
//! content = { 0: suite, ?1: ledger, 2: seq, ?3: prev, 4: kind, 5: body, 6: member, 7: device, 8: time, ?9: witness }
//! ```
//! The signature is over a label and `content`, the hash over a label and the whole entry, both as received: nothing is
//! encoded anew to verify.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use ed25519_dalek::{Signature, Signer, VerifyingKey};
use sha2::{Digest, Sha256};

use crate::cbor::{MapWriter, Reader, Wire, Writer, record};
use crate::{
    DecodeError, DeviceId, DeviceKey, DraftError, EncryptionKey, EntryHash, IdentityKey, LedgerId, MemberId, MspBody,
    OrganizationBody, Refusal, SignatureBytes,
};

/// No entry is larger, in bytes.
pub const MAX_ENTRY: usize = 1 << 20;

/// The suite of this version: Ed25519, SHA-256.
pub const SUITE: u64 = 1;

// The zero byte ends a label, so that none is the beginning of another.
const SIGN: &[u8] = b"vitrine/1/ledger/sign\0";
const HASH: &[u8] = b"vitrine/1/ledger/hash\0";
const GENESIS: &[u8] = b"vitrine/1/ledger/id\0";
const PROOF: &[u8] = b"vitrine/1/ledger/proof\0";

fn digest(label: &[u8], bytes: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(label).chain_update(bytes).finalize().into()
}

record! {
    /// A place in a ledger and what stands there.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct Head {
        /// 0 for the genesis.
        0 pub seq: u64,
        /// The hash of the entry there.
        1 pub hash: EntryHash,
    }
}

/// Who writes an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Author {
    /// The member.
    pub member: MemberId,
    /// The device of the member that signs.
    pub device: DeviceId,
}

/// Where an entry will stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// `None` for a genesis.
    pub ledger: Option<LedgerId>,
    /// 0 for a genesis.
    pub seq: u64,
    /// `None` for a genesis.
    pub prev: Option<EntryHash>,
}

impl Place {
    /// The place of every genesis.
    pub const GENESIS: Self = Self { ledger: None, seq: 0, prev: None };
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// In the MSP ledger.
    Msp(MspBody),
    /// In an organization's ledger.
    Organization(OrganizationBody),
}

impl Body {
    /// The number that stands for the kind.
    pub fn kind(&self) -> u64 {
        match self {
            Self::Msp(body) => body.kind(),
            Self::Organization(body) => body.kind(),
        }
    }
}

impl From<MspBody> for Body {
    fn from(body: MspBody) -> Self {
        Self::Msp(body)
    }
}

impl From<OrganizationBody> for Body {
    fn from(body: OrganizationBody) -> Self {
        Self::Organization(body)
    }
}

/// An entry before it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Where it will stand.
    pub place: Place,
    /// What it says.
    pub body: Body,
    /// Who says it.
    pub author: Author,
    /// Unix time in milliseconds; shown, and never decides.
    pub time_ms: u64,
    /// The newest MSP head that the author knows; in organization entries only.
    pub witness: Option<Head>,
}

impl Draft {
    /// The genesis of an MSP ledger.
    pub fn msp_genesis(body: MspBody, author: Author, time_ms: u64) -> Self {
        Self { place: Place::GENESIS, body: body.into(), author, time_ms, witness: None }
    }

    /// The genesis of an organization's ledger.
    pub fn organization_genesis(body: OrganizationBody, author: Author, time_ms: u64, witness: Head) -> Self {
        Self { place: Place::GENESIS, body: body.into(), author, time_ms, witness: Some(witness) }
    }

    fn content(&self) -> Vec<u8> {
        let mut map = MapWriter::new();
        map.field(0, &SUITE);
        map.field(1, &self.place.ledger);
        map.field(2, &self.place.seq);
        map.field(3, &self.place.prev);
        map.field(4, &self.body.kind());
        map.with(5, |out| match &self.body {
            Body::Msp(body) => body.write(out),
            Body::Organization(body) => body.write(out),
        });
        map.field(6, &self.author.member);
        map.field(7, &self.author.device);
        map.field(8, &self.time_ms);
        map.field(9, &self.witness);
        let mut out = Writer::new();
        map.finish(&mut out);
        out.finish()
    }

    /// Signs with the device's key.
    ///
    /// # Errors
    /// [`DraftError::TooLarge`] beyond [`MAX_ENTRY`]; [`DraftError::Signer`] if the signer fails.
    pub fn sign(&self, device: &impl Signer<Signature>) -> Result<Entry, DraftError> {
        let content = self.content();
        let signature = device.try_sign(&[SIGN, &content].concat()).map_err(|_| DraftError::Signer)?;
        let mut out = Writer::new();
        out.array(2);
        out.bytes(&content);
        out.bytes(&signature.to_bytes());
        // Through the strict reader, so that nothing is ever signed and sent which a reader would refuse.
        Entry::decode(&out.finish()).map_err(|_| DraftError::TooLarge)
    }
}

/// An entry in its one encoding, cheap to clone. Decoding proves the form alone; `apply` proves the rest.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    bytes: Arc<[u8]>,
    content: Range<usize>,
    signature: SignatureBytes,
    hash: EntryHash,
    draft: Arc<Draft>,
}

impl fmt::Debug for Entry {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Entry").field("hash", &self.hash).field("draft", &self.draft).finish_non_exhaustive()
    }
}

impl Entry {
    /// Reads an entry, strictly.
    ///
    /// # Errors
    /// Any [`DecodeError`]; never a panic, and never more memory than a few times the input.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.len() > MAX_ENTRY {
            return Err(DecodeError::TooLarge);
        }
        let mut input = Reader::new(bytes);
        if input.array()? != 2 {
            return Err(DecodeError::Length);
        }
        let content = input.bytes()?;
        let content_range = input.position() - content.len()..input.position();
        let signature = SignatureBytes::read(&mut input)?;
        input.end()?;
        Ok(Self {
            bytes: bytes.into(),
            content: content_range,
            signature,
            hash: EntryHash::from_bytes(digest(HASH, bytes)),
            draft: Arc::new(decode_content(content)?),
        })
    }

    /// The bytes as received.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The hash that the next entry names.
    pub fn hash(&self) -> EntryHash {
        self.hash
    }

    /// Place and hash.
    pub fn head(&self) -> Head {
        Head { seq: self.seq(), hash: self.hash }
    }

    /// The suite: always [`SUITE`], since nothing else is read.
    pub fn suite(&self) -> u64 {
        SUITE
    }

    /// The ledger it names; `None` in a genesis.
    pub fn ledger(&self) -> Option<LedgerId> {
        self.draft.place.ledger
    }

    /// The id of the ledger that this entry would begin.
    pub fn begins(&self) -> LedgerId {
        LedgerId::from_bytes(digest(GENESIS, &self.bytes))
    }

    /// Its place in the ledger.
    pub fn seq(&self) -> u64 {
        self.draft.place.seq
    }

    /// The hash of the entry before; `None` in a genesis.
    pub fn prev(&self) -> Option<EntryHash> {
        self.draft.place.prev
    }

    /// What it says.
    pub fn body(&self) -> &Body {
        &self.draft.body
    }

    /// Who says so.
    pub fn author(&self) -> Author {
        self.draft.author
    }

    /// The member who says so.
    pub fn member(&self) -> MemberId {
        self.draft.author.member
    }

    /// The device that signed.
    pub fn device(&self) -> DeviceId {
        self.draft.author.device
    }

    /// Unix time in milliseconds, as the author's clock had it.
    pub fn time_ms(&self) -> u64 {
        self.draft.time_ms
    }

    /// The newest MSP head that the author knew.
    pub fn witness(&self) -> Option<Head> {
        self.draft.witness
    }

    pub(crate) fn place(&self) -> Place {
        self.draft.place
    }

    /// Verifies the signature over the bytes received: strictly, so that neither a small-order key nor a malleable
    /// signature stands (RUSTSEC-2022-0093).
    ///
    /// # Errors
    /// [`Refusal::Signature`].
    pub fn verify(&self, key: &DeviceKey) -> Result<(), Refusal> {
        let content = self.bytes.get(self.content.clone()).unwrap_or_default();
        if verify(key.as_bytes(), &self.signature, &[SIGN, content].concat()) {
            Ok(())
        } else {
            Err(Refusal::Signature)
        }
    }
}

fn decode_content(content: &[u8]) -> Result<Draft, DecodeError> {
    let mut input = Reader::new(content);
    let mut map = input.map()?;
    let suite: u64 = map.field(0)?;
    if suite != SUITE {
        return Err(DecodeError::UnknownSuite { suite });
    }
    let ledger = map.field(1)?;
    let seq = map.field(2)?;
    let prev = map.field(3)?;
    let kind = map.field(4)?;
    let body = map.with(5, |input| {
        // The ranges of kinds are disjoint, so only one of the two reads.
        if let Some(body) = MspBody::read(kind, input)? {
            return Ok(Body::Msp(body));
        }
        OrganizationBody::read(kind, input)?.map(Body::Organization).ok_or(DecodeError::UnknownKind { kind })
    })?;
    let author = Author { member: map.field(6)?, device: map.field(7)? };
    let time_ms = map.field(8)?;
    let witness = map.field(9)?;
    map.end()?;
    input.end()?;
    Ok(Draft { place: Place { ledger, seq, prev }, body, author, time_ms, witness })
}

pub(crate) fn verify(key: &[u8; 32], signature: &SignatureBytes, message: &[u8]) -> bool {
    VerifyingKey::from_bytes(key)
        .and_then(|key| key.verify_strict(message, &Signature::from_bytes(signature.as_bytes())))
        .is_ok()
}

/// Whether a key could never verify anything strictly.
pub(crate) fn is_weak(key: &[u8; 32]) -> bool {
    VerifyingKey::from_bytes(key).is_ok_and(|key| key.is_weak()) || VerifyingKey::from_bytes(key).is_err()
}

/// What an identity vouches for: that these keys are its member's, at this one place of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Where the entry will stand, so that the word cannot be used anywhere else.
    pub place: Place,
    /// The member.
    pub member: MemberId,
    /// The device that signs the entry.
    pub device: DeviceId,
    /// Its key.
    pub device_key: DeviceKey,
    /// The identity that vouches.
    pub identity: IdentityKey,
    /// The member's encryption key.
    pub encryption: EncryptionKey,
}

impl Claim {
    fn message(&self) -> Vec<u8> {
        let mut map = MapWriter::new();
        map.field(0, &self.place.ledger);
        map.field(1, &self.place.seq);
        map.field(2, &self.place.prev);
        map.field(3, &self.member);
        map.field(4, &self.device);
        map.field(5, &self.device_key);
        map.field(6, &self.identity);
        map.field(7, &self.encryption);
        let mut out = Writer::new();
        map.finish(&mut out);
        [PROOF, &out.finish()].concat()
    }

    /// Signs with the identity's key.
    ///
    /// # Errors
    /// [`DraftError::Signer`] if the signer fails.
    pub fn sign(&self, identity: &impl Signer<Signature>) -> Result<Proof, DraftError> {
        let signature = identity.try_sign(&self.message()).map_err(|_| DraftError::Signer)?;
        Ok(Proof(SignatureBytes::from_bytes(signature.to_bytes())))
    }

    pub(crate) fn verify(&self, proof: &Proof) -> Result<(), Refusal> {
        if verify(self.identity.as_bytes(), &proof.0, &self.message()) { Ok(()) } else { Err(Refusal::Proof) }
    }
}

/// An identity's signature over a [`Claim`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof(SignatureBytes);

impl Wire for Proof {
    fn write(&self, out: &mut Writer) {
        self.0.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        SignatureBytes::read(input).map(Self)
    }
}
