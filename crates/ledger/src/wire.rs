//! What a client and a backend say to each other: bodies of requests and answers, and who signs a request.
//!
//! Every body is one value in the same strict encoding as an entry (`docs/formats.md`, "Backend"). Entries and objects
//! travel as the bytes they are; the receiver decodes and judges them, whoever sent them. Bounds stand here once, so
//! that a client never sends what a backend cannot take.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::cbor::{self, record};
use crate::{
    BackendId, BackendKey, DecodeError, DeviceId, DeviceKey, Head, LedgerId, MAX_ENTRY, MemberId, ObjectHash, Sealed,
    SignatureBytes, TransportKey, entry,
};

/// No object is larger, in bytes: a sealed item of 256 KiB.
pub const MAX_OBJECT: usize = 257 << 10;
/// No request or answer body is larger, in bytes.
pub const MAX_BODY: usize = 4 << 20;
/// Most entries, and most objects, of one request.
pub const MAX_BATCH: usize = 4096;
/// The most that a request's clock may differ from the backend's, in seconds.
pub const CLOCK_TOLERANCE: u64 = 60;

/// The media type of every body that is not a problem document.
pub const MEDIA_TYPE: &str = "application/cbor";
/// The header field by which a request names the backend it is meant for, in hexadecimal.
pub const BACKEND_FIELD: &str = "vitrine-backend";
/// What a request's signature covers (RFC 9421), in this order and nothing else. There is no query to cover, since no
/// signed request has one; the backend's id stands for the host, so that a proxy may rename it.
pub const COVERED: [&str; 4] = ["@method", "@path", "content-digest", BACKEND_FIELD];

// The label of the hash of an object as `crates/vault` makes it, its length in front.
const OBJECT: &[u8] = b"\0\x15vitrine/1/object/hash";
const BACKEND: &[u8] = b"vitrine/1/backend/proof\0";
const LOCATOR: &[u8] = b"vitrine/1/backend/locator\0";

/// An entry as its bytes.
pub type EntryBytes = Sealed<1, MAX_ENTRY>;
/// A sealed object as its bytes.
pub type ObjectBytes = Sealed<1, MAX_OBJECT>;
/// One side's sealed words of an invitation.
pub type Letter = Sealed<1, 16_384>;
/// A member's account root under passphrase and account secret, as `crates/vault` seals it.
pub type EnrolmentBlob = Sealed<1, 4_096>;

/// The hash that a `Put` names, computed over the sealed bytes.
pub fn object_hash(object: &[u8]) -> ObjectHash {
    ObjectHash::from_bytes(Sha256::new().chain_update(OBJECT).chain_update(object).finalize().into())
}

/// A body of a request or answer.
pub trait Message: Sized {
    /// Its one encoding.
    fn to_bytes(&self) -> Vec<u8>;

    /// Reads it, strictly.
    ///
    /// # Errors
    /// Any [`DecodeError`]; never a panic.
    fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError>;
}

macro_rules! messages {
    ($($name:ident),* $(,)?) => {$(
        impl Message for $name {
            fn to_bytes(&self) -> Vec<u8> {
                cbor::encode(self)
            }

            fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
                if bytes.len() > MAX_BODY { Err(DecodeError::TooLarge) } else { cbor::decode(bytes) }
            }
        }
    )*};
}

messages! {
    Appended, Append, Backend, Changes, Enrolment, EnrolmentPut, Entries, EntriesWanted, Invitation, InvitationAnswer, Objects,
    ObjectsWanted, Register,
}

record! {
    /// Who a backend is, for a client about to name it as the home or to speak with it again.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Backend {
        /// Its id.
        0 pub id: BackendId,
        /// Its key.
        1 pub key: BackendKey,
        /// Its clock, Unix time in milliseconds.
        2 pub time_ms: u64,
        /// The key's word for its id and the caller's challenge: not somebody else behind the same name.
        3 pub proof: SignatureBytes,
    }
}

impl Backend {
    /// What the key signs for a challenge of 32 random bytes.
    pub fn message(id: &BackendId, challenge: &[u8; 32]) -> Vec<u8> {
        [BACKEND, id.as_bytes(), challenge].concat()
    }

    /// Whether the key stands for this answer to this challenge.
    pub fn is_proven(&self, challenge: &[u8; 32]) -> bool {
        entry::verify(self.key.as_bytes(), &self.proof, &Self::message(&self.id, challenge))
    }
}

record! {
    /// Makes room for an MSP, by the operator's token.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Register {
        /// The genesis of the MSP ledger.
        0 pub genesis: EntryBytes,
    }
}

record! {
    /// Entries in their order, of one or several ledgers of the MSP: all are taken, or none.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Append {
        /// Each the next of its ledger, or the genesis of an organization's.
        0 pub entries: Vec<EntryBytes>,
        /// The objects that the `Put`s among them name and that are not stored yet.
        1 pub objects: Vec<ObjectBytes>,
    }
}

record! {
    /// Everything was taken.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Appended {
        /// The number of the last entry among all of the MSP.
        0 pub cursor: u64,
    }
}

record! {
    /// A ledger that has something new.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Changed {
        /// Which.
        0 pub ledger: LedgerId,
        /// Its newest entry.
        1 pub head: Head,
    }
}

record! {
    /// The ledgers that changed after a cursor, longest ago first, as far as the caller may see them.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Changes {
        /// Where to go on.
        0 pub cursor: u64,
        /// Whether there is more already.
        1 pub more: bool,
        /// What changed.
        2 pub ledgers: Vec<Changed>,
    }
}

record! {
    /// A place of a ledger to read from.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Start {
        /// Which ledger.
        0 pub ledger: LedgerId,
        /// The first entry wanted.
        1 pub seq: u64,
    }
}

record! {
    /// Asks for entries.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct EntriesWanted {
        /// Ledgers in the order in which they are answered.
        0 pub from: Vec<Start>,
        /// Entries wanted by themselves, answered after those.
        1 pub alone: Vec<Start>,
    }
}

impl EntriesWanted {
    /// Whole ledgers from these places on.
    pub fn from(from: Vec<Start>) -> Self {
        Self { from, alone: Vec::new() }
    }

    /// The entries at these places.
    pub fn alone(alone: Vec<Start>) -> Self {
        Self { from: Vec::new(), alone }
    }
}

record! {
    /// Entries, ledger by ledger as asked.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Entries {
        /// As they were appended.
        0 pub entries: Vec<EntryBytes>,
        /// Whether the answer was full before all was in it: ask again from where it ends.
        1 pub more: bool,
    }
}

record! {
    /// An object of a ledger.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct ObjectName {
        /// The organization's ledger that names it.
        0 pub ledger: LedgerId,
        /// Its hash.
        1 pub hash: ObjectHash,
    }
}

record! {
    /// Asks for objects.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ObjectsWanted {
        /// In the order in which they are answered.
        0 pub objects: Vec<ObjectName>,
    }
}

record! {
    /// Objects as asked; one that is no longer kept is left out.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Objects {
        /// Each is what its hash says.
        0 pub objects: Vec<ObjectBytes>,
        /// How many of those asked for were looked at: ask again for the rest.
        1 pub looked_at: u32,
    }
}

record! {
    /// Opens the mailbox of an invitation.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Invitation {
        /// How long it waits for an answer, in seconds.
        0 pub lifetime_s: u32,
        /// What the invited person finds there, sealed under the secret of the invite.
        1 pub letter: Letter,
    }
}

record! {
    /// What the invited person left.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct InvitationAnswer {
        /// Sealed under the secret of the invite; `None` until there is an answer.
        0 pub letter: Option<Letter>,
    }
}

record! {
    /// Leaves the caller's own root for its recovery kit.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct EnrolmentPut {
        /// The root, under passphrase and account secret.
        0 pub blob: EnrolmentBlob,
    }
}

record! {
    /// What a recovery kit finds.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Enrolment {
        /// The MSP's ledger, which the kit names too.
        0 pub msp: LedgerId,
        /// Whose root it is.
        1 pub member: MemberId,
        /// The root, under passphrase and account secret.
        2 pub blob: EnrolmentBlob,
    }
}

/// The address of a mailbox or of an enrolment blob: derived from the secret of an invite or a kit, so that nobody
/// else can ask for it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Locator([u8; 32]);

impl Locator {
    /// Takes the derived bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// What a backend stores of it, so that reading its database is not enough to open the mailbox.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::new().chain_update(LOCATOR).chain_update(self.0).finalize().into()
    }
}

/// For the path of a request; nowhere else, and never in a log.
impl fmt::Display for Locator {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl FromStr for Locator {
    type Err = DecodeError;

    fn from_str(text: &str) -> Result<Self, DecodeError> {
        hex(text).map(Self)
    }
}

/// Which key of a device signs a request. The word is the `tag` of the signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyUse {
    /// The key that also signs entries: any request.
    Device,
    /// The transport key of a locked device: requests that only read.
    Transport,
}

impl KeyUse {
    /// The `tag`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Device => "vitrine/1/request/device",
            Self::Transport => "vitrine/1/request/transport",
        }
    }

    /// The use that a `tag` stands for.
    pub fn from_tag(tag: &str) -> Option<Self> {
        [Self::Device, Self::Transport].into_iter().find(|it| it.tag() == tag)
    }
}

/// Who signs a request: `keyid`, as the ids of MSP ledger and device in hexadecimal with a dot between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyId {
    /// The MSP ledger that names the device.
    pub msp: LedgerId,
    /// The device.
    pub device: DeviceId,
}

impl fmt::Display for KeyId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{}", self.msp, self.device)
    }
}

impl FromStr for KeyId {
    type Err = DecodeError;

    fn from_str(text: &str) -> Result<Self, DecodeError> {
        let (msp, device) = text.split_once('.').ok_or(DecodeError::Malformed)?;
        Ok(Self { msp: LedgerId::from_bytes(hex(msp)?), device: DeviceId::from_bytes(hex(device)?) })
    }
}

/// The key of a device that signs requests, and entries besides unless it is a transport key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestKey {
    /// See [`KeyUse::Device`].
    Device(DeviceKey),
    /// See [`KeyUse::Transport`].
    Transport(TransportKey),
}

impl RequestKey {
    /// Verifies a signature over a request, as strictly as that of an entry. What is signed begins with the method's
    /// name in quotes and no entry does, so neither passes for the other.
    pub fn verify(&self, signature: &SignatureBytes, message: &[u8]) -> bool {
        let key = match self {
            Self::Device(key) => key.as_bytes(),
            Self::Transport(key) => key.as_bytes(),
        };
        entry::verify(key, signature, message)
    }
}

/// Reads lower-case hexadecimal, so that an id has one spelling.
fn hex<const N: usize>(text: &str) -> Result<[u8; N], DecodeError> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'a'..=b'f' => Ok(byte - b'a' + 10),
        _ => Err(DecodeError::Malformed),
    };
    if text.len() != 2 * N {
        return Err(DecodeError::Length);
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Ok(bytes)
}
