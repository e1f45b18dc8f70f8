//! Ids, hashes and public keys, each its own type, so that a team is never passed where a member is meant.
//!
//! All of them are public values: random ids, hashes of ciphertext, public halves of keys.

use std::fmt;

use crate::DecodeError;
use crate::cbor::{Reader, Wire, Writer};

macro_rules! bytes {
    ($($(#[$meta:meta])* $name:ident: $len:literal;)*) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $len]);

        impl $name {
            /// Takes the bytes as they are.
            pub const fn from_bytes(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }

            /// The bytes as they are.
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }
        }

        /// Lower-case hexadecimal.
        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(out, "{}({self})", stringify!($name))
            }
        }

        impl Wire for $name {
            fn write(&self, out: &mut Writer) {
                self.0.write(out);
            }

            fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
                Wire::read(input).map(Self)
            }
        }
    )*};
}

bytes! {
    /// A ledger: SHA-256 over a label and its genesis, so nobody can put another genesis under the same id.
    LedgerId: 32;
    /// An entry: SHA-256 over a label and all its bytes, signature included.
    EntryHash: 32;
    /// An object: the hash of its ciphertext, computed where objects are sealed.
    ObjectHash: 32;
    /// A commitment to a symmetric key, made where keys are made; the ledger fixes it once per epoch.
    Commitment: 32;
    /// Random bytes that make a genesis unlike any other.
    Salt: 32;
    /// A member of the MSP. Random, never used again.
    MemberId: 16;
    /// A device of a member. Random, never used again.
    DeviceId: 16;
    /// A team. Random.
    TeamId: 16;
    /// An item of an organization. Random, never used again.
    ItemId: 16;
    /// A backend that can be the home of a vault.
    BackendId: 16;
    /// What an invite commits to; opaque here, checked by the two people who invite and join.
    Invite: 32;
    /// A member's identity: Ed25519 public key (RFC 8032).
    IdentityKey: 32;
    /// A device's signing key: Ed25519 public key (RFC 8032).
    DeviceKey: 32;
    /// A device's read-only transport key: Ed25519 public key. It signs requests that read, never an entry.
    TransportKey: 32;
    /// A backend's key: Ed25519 public key.
    BackendKey: 32;
    /// An encryption key of a member, a device or a team: X25519 public key (RFC 7748).
    EncryptionKey: 32;
    /// A signature: Ed25519, 64 bytes.
    SignatureBytes: 64;
}

impl EncryptionKey {
    /// Whether this is a point of small order, to which anybody could compute the shared secret. The values are the
    /// u-coordinates of order 1, 2, 4 and 8 and their unreduced twins (RFC 7748, section 6.1, leaves the check to us);
    /// the top bit is ignored, as in the function itself.
    pub fn is_weak(&self) -> bool {
        const ORDER_8: [[u8; 32]; 2] = [
            [
                0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda,
                0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00,
            ],
            [
                0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04,
                0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57,
            ],
        ];
        let mut u = self.0;
        u[31] &= 0x7f;
        let small = u[0] <= 1 && u[1..].iter().all(|byte| *byte == 0);
        // p - 1, p and p + 1 differ in the first byte alone.
        let around_p = (0xec..=0xee).contains(&u[0]) && u[1..31].iter().all(|byte| *byte == 0xff) && u[31] == 0x7f;
        small || around_p || ORDER_8.contains(&u)
    }
}

/// Bytes sealed elsewhere, between `MIN` and `MAX` of them. The ledger never looks inside.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Sealed<const MIN: usize, const MAX: usize>(Vec<u8>);

impl<const MIN: usize, const MAX: usize> Sealed<MIN, MAX> {
    /// Takes sealed bytes.
    ///
    /// # Errors
    /// [`DecodeError::Length`] when there are fewer than `MIN` or more than `MAX`.
    pub fn new(bytes: Vec<u8>) -> Result<Self, DecodeError> {
        if (MIN..=MAX).contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(DecodeError::Length) }
    }

    /// The sealed bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl<const MIN: usize, const MAX: usize> fmt::Debug for Sealed<MIN, MAX> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Sealed({} bytes)", self.0.len())
    }
}

impl<const MIN: usize, const MAX: usize> Wire for Sealed<MIN, MAX> {
    fn write(&self, out: &mut Writer) {
        out.bytes(&self.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Self::new(input.bytes()?.to_vec())
    }
}

/// A name of a member, device, team or organization, padded and sealed. Empty where none was given.
pub type SealedName = Sealed<0, 1024>;
/// One key wrapped to one recipient.
pub type Wrap = Sealed<1, 512>;
/// The keys of the epoch before, sealed under those of the new one.
pub type SealedKeys = Sealed<1, 1024>;
/// Settings or a reason, padded and sealed. Empty where there is nothing to say.
pub type SealedNote = Sealed<0, 16_384>;
/// A padded batch of sealed records.
pub type SealedRecords = Sealed<1, 262_144>;
