//! Keys of organizations, teams and the MSP, epoch by epoch: their commitments, their wraps to public keys, and the
//! chain that leads from a new key to the previous one.
//!
//! A wrap comes through hands that are not trusted. What it holds is taken only if it matches the commitment in the
//! signed epoch entry, so nobody can hand a member a key of their own choosing, nor two members two different keys.

use crate::aead;
use crate::derive::{derive, info};
use crate::secret::{Key, SecretBytes};
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use rand_core::CryptoRng;
use subtle::ConstantTimeEq;

pub use crate::account::{EncryptionKeys, TeamKeys};

const COMMITMENT: &str = "vitrine/1/epoch/commitment";
const WRAP: &str = "vitrine/1/epoch/wrap";
const PREVIOUS: &str = "vitrine/1/epoch/previous";

/// Bytes of a wrap: the encapsulated key, the key, the tag (RFC 9180).
pub const WRAP_LENGTH: usize = 32 + 32 + 16;

/// Bytes of a key sealed under the next one.
pub const PREVIOUS_LENGTH: usize = aead::OVERHEAD + 32;

/// Which key of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The read key of an organization.
    Read,
    /// The operate key of an organization.
    Operate,
    /// The log key of an organization, as an auditor gets it.
    Log,
    /// The name key of an organization, as an auditor gets it.
    Name,
    /// The key of the MSP.
    Msp,
    /// The private key of the team with this id.
    Team([u8; 16]),
    /// The root of a member, for a device of it.
    Root,
}

impl Which {
    /// Its number and, for a team, its id.
    fn encode(self) -> Vec<u8> {
        match self {
            Self::Read => vec![1],
            Self::Operate => vec![2],
            Self::Log => vec![3],
            Self::Name => vec![4],
            Self::Msp => vec![5],
            Self::Team(id) => [&[6], &id[..]].concat(),
            Self::Root => vec![8],
        }
    }
}

/// The key that reads an organization: names, credentials, notes.
pub struct ReadKey(Key);

/// The key that operates an organization's connection.
pub struct OperateKey(Key);

/// The key of the MSP: names of members, devices and teams.
pub struct MspKey(Key);

macro_rules! epoch_key {
    ($name:ident) => {
        impl $name {
            /// A new random key, for a new epoch.
            pub fn make(rng: &mut impl CryptoRng) -> Self {
                Self(Key::make(rng))
            }

            /// A key that was wrapped to us.
            pub fn from_key(key: Key) -> Self {
                Self(key)
            }

            /// The key itself, to wrap it, commit to it or seal the previous one under it.
            pub fn key(&self) -> &Key {
                &self.0
            }
        }
    };
}
epoch_key!(ReadKey);
epoch_key!(OperateKey);
epoch_key!(MspKey);

impl ReadKey {
    /// Wraps the content keys of accounts and of the organization's item.
    pub fn object_key(&self) -> Key {
        subkey(&self.0, "vitrine/1/read/object")
    }

    /// Seals batches of log records.
    pub fn log_key(&self) -> Key {
        subkey(&self.0, "vitrine/1/read/log")
    }

    /// Seals names.
    pub fn name_key(&self) -> Key {
        subkey(&self.0, "vitrine/1/read/name")
    }
}

impl OperateKey {
    /// Wraps the content keys of connections.
    pub fn object_key(&self) -> Key {
        subkey(&self.0, "vitrine/1/operate/object")
    }
}

impl MspKey {
    /// Wraps the content keys of the MSP's own items.
    pub fn object_key(&self) -> Key {
        subkey(&self.0, "vitrine/1/msp/object")
    }

    /// Seals names of members, devices and teams.
    pub fn name_key(&self) -> Key {
        subkey(&self.0, "vitrine/1/msp/name")
    }
}

fn subkey(key: &Key, label: &str) -> Key {
    // Read to derive.
    derive(key.expose(), label, &[])
}

/// The keys of one epoch of an organization, as far as a member has them.
pub struct OrganizationKeys {
    /// Reads.
    pub read: ReadKey,
    /// Operates; only for those who may rotate.
    pub operate: Option<OperateKey>,
}

impl OrganizationKeys {
    /// New random keys, both.
    pub fn make(rng: &mut impl CryptoRng) -> Self {
        Self { read: ReadKey::make(rng), operate: Some(OperateKey::make(rng)) }
    }
}

/// What binds one wrap: everything in it is part of the key derivation of HPKE (`info`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrapContext {
    /// Ledger of the organization, or of the MSP for its own and for team keys.
    pub ledger: [u8; 32],
    /// Epoch of the key.
    pub epoch: u32,
    /// Member or team it is wrapped to.
    pub recipient: [u8; 16],
    /// Which key.
    pub which: Which,
    /// The commitment in the signed epoch entry.
    pub commitment: [u8; 32],
}

impl WrapContext {
    fn info(&self) -> Vec<u8> {
        info(WRAP, &[&self.ledger, &self.epoch.to_be_bytes(), &self.recipient, &self.which.encode(), &self.commitment])
    }
}

/// Why a key was not wrapped or unwrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EpochError {
    /// The public key is none (of small order).
    #[error("the recipient's public key is not valid")]
    Recipient,
    /// The key at hand is not the one committed to.
    #[error("the key does not match the commitment in the signed epoch")]
    Commitment,
    /// Not wrapped to us, not for this place, or altered.
    #[error("the wrapped key was altered, or is meant for someone else")]
    Refused,
}

impl EpochError {
    /// Stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Recipient => "vault.wrap-recipient",
            Self::Commitment => "vault.wrap-commitment",
            Self::Refused => "vault.wrap-refused",
        }
    }
}

/// The commitment to a key that stands in the signed epoch entry. It says nothing about the key.
pub fn derive_commitment(which: Which, ledger: &[u8; 32], epoch: u32, key: &Key) -> [u8; 32] {
    // Read to derive the commitment, which is public.
    *derive(key.expose(), COMMITMENT, &[&which.encode(), ledger, &epoch.to_be_bytes()]).expose()
}

fn check(key: Key, which: Which, ledger: &[u8; 32], epoch: u32, commitment: &[u8; 32]) -> Result<Key, EpochError> {
    let own = derive_commitment(which, ledger, epoch, &key);
    if bool::from(own.ct_eq(commitment)) { Ok(key) } else { Err(EpochError::Commitment) }
}

/// Wraps a key to a public key that stands in the verified ledger (HPKE base mode, RFC 9180).
pub fn wrap(
    key: &Key,
    context: &WrapContext,
    recipient_public: &[u8; 32],
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, EpochError> {
    // Checked here too: a wrap that its recipient must refuse would lock them out.
    let key = check(key.duplicate(), context.which, &context.ledger, context.epoch, &context.commitment)?;
    let public =
        <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(recipient_public).map_err(|_| EpochError::Recipient)?;
    let (encapsulated, ciphertext) = hpke::single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeS::Base,
        &public,
        &context.info(),
        // Read to be wrapped.
        key.expose(),
        &[],
        rng,
    )
    .map_err(|_| EpochError::Recipient)?;
    Ok([&encapsulated.to_bytes()[..], &ciphertext].concat())
}

/// Unwraps a key and checks it against the commitment in constant time.
pub fn unwrap(bytes: &[u8], context: &WrapContext, own: &EncryptionKeys) -> Result<Key, EpochError> {
    if bytes.len() != WRAP_LENGTH {
        return Err(EpochError::Refused);
    }
    let (encapsulated, ciphertext) = bytes.split_at(32);
    let refused = |_| EpochError::Refused;
    let encapsulated = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(encapsulated).map_err(refused)?;
    let plain = hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeR::Base,
        &own.hpke_private(),
        &encapsulated,
        &context.info(),
        ciphertext,
        &[],
    )
    .map(SecretBytes::new)
    .map_err(refused)?;
    // Read to move it into a wrapper of its own type.
    let key = Key::from_slice(plain.expose()).ok_or(EpochError::Refused)?;
    check(key, context.which, &context.ledger, context.epoch, &context.commitment)
}

/// Seals the previous epoch's key under the new one of the same kind, so that who holds the newest reads the history.
/// `epoch` is the new one.
pub fn seal_previous(
    new: &Key,
    previous: &Key,
    which: Which,
    ledger: &[u8; 32],
    epoch: u32,
    rng: &mut impl CryptoRng,
) -> Vec<u8> {
    // Read to seal one under the other.
    aead::seal(new.expose(), PREVIOUS, &previous_context(which, ledger, epoch), previous.expose(), rng)
}

/// Opens what [`seal_previous`] made and checks it against the commitment of the epoch before.
pub fn open_previous(
    new: &Key,
    sealed: &[u8],
    which: Which,
    ledger: &[u8; 32],
    epoch: u32,
    previous_commitment: &[u8; 32],
) -> Result<Key, EpochError> {
    let before = epoch.checked_sub(1).ok_or(EpochError::Refused)?;
    // Read to open.
    let key = aead::open_key(new.expose(), PREVIOUS, &previous_context(which, ledger, epoch), sealed)
        .map_err(|_| EpochError::Refused)?;
    check(key, which, ledger, before, previous_commitment)
}

fn previous_context(which: Which, ledger: &[u8; 32], epoch: u32) -> Vec<u8> {
    info(PREVIOUS, &[&which.encode(), ledger, &epoch.to_be_bytes()])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use rand::{SeedableRng, rngs::StdRng};

    fn context(key: &Key) -> WrapContext {
        let commitment = derive_commitment(Which::Read, &[1; 32], 2, key);
        WrapContext { ledger: [1; 32], epoch: 2, recipient: [3; 16], which: Which::Read, commitment }
    }

    #[test]
    fn a_wrap_opens_for_its_recipient_in_its_place_only() {
        let rng = &mut StdRng::seed_from_u64(30);
        let (member, other, key) = (EncryptionKeys::make(rng), EncryptionKeys::make(rng), Key::make(rng));
        let context = context(&key);
        let wrapped = wrap(&key, &context, &member.public(), rng).unwrap();
        assert_eq!(wrapped.len(), WRAP_LENGTH);
        assert!(unwrap(&wrapped, &context, &member).unwrap() == key);
        assert_eq!(unwrap(&wrapped, &context, &other).err(), Some(EpochError::Refused));
        for moved in [
            WrapContext { ledger: [9; 32], ..context },
            WrapContext { epoch: 9, ..context },
            WrapContext { recipient: [9; 16], ..context },
            WrapContext { which: Which::Operate, ..context },
            WrapContext { commitment: [9; 32], ..context },
        ] {
            assert_eq!(unwrap(&wrapped, &moved, &member).err(), Some(EpochError::Refused));
        }
    }

    #[test]
    fn evil_vaultkey_substitution_a_key_that_was_not_committed_to_is_refused() {
        let rng = &mut StdRng::seed_from_u64(31);
        let (member, key, foreign) = (EncryptionKeys::make(rng), Key::make(rng), Key::make(rng));
        let context = context(&key);
        assert_eq!(wrap(&foreign, &context, &member.public(), rng).err(), Some(EpochError::Commitment));
        // An attacker wraps without asking our code.
        let public = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(&member.public()).unwrap();
        let (encapsulated, ciphertext) = hpke::single_shot_seal_with_rng::<
            ChaCha20Poly1305,
            HkdfSha256,
            X25519HkdfSha256,
        >(&OpModeS::Base, &public, &context.info(), foreign.expose(), &[], rng)
        .unwrap();
        let forged = [&encapsulated.to_bytes()[..], &ciphertext].concat();
        assert_eq!(unwrap(&forged, &context, &member).err(), Some(EpochError::Commitment));
    }

    #[test]
    fn a_public_key_of_small_order_is_refused() {
        let rng = &mut StdRng::seed_from_u64(32);
        let key = Key::make(rng);
        let mut one = [0; 32];
        one[0] = 1;
        for small in [[0; 32], one] {
            assert_eq!(wrap(&key, &context(&key), &small, rng).err(), Some(EpochError::Recipient));
        }
    }

    #[test]
    fn the_newest_key_opens_the_whole_chain_and_a_false_link_is_named() {
        let rng = &mut StdRng::seed_from_u64(33);
        let (old, new, ledger) = (Key::make(rng), Key::make(rng), [1; 32]);
        let sealed = seal_previous(&new, &old, Which::Operate, &ledger, 5, rng);
        let commitment = derive_commitment(Which::Operate, &ledger, 4, &old);
        let open = |which, epoch, commitment| open_previous(&new, &sealed, which, &ledger, epoch, commitment);
        assert!(open(Which::Operate, 5, &commitment).unwrap() == old);
        assert_eq!(open(Which::Operate, 5, &[0; 32]).err(), Some(EpochError::Commitment));
        assert_eq!(open(Which::Read, 5, &commitment).err(), Some(EpochError::Refused));
        assert_eq!(open(Which::Operate, 6, &commitment).err(), Some(EpochError::Refused));
        assert_eq!(open(Which::Operate, 0, &commitment).err(), Some(EpochError::Refused));
    }

    #[test]
    fn subkeys_differ_by_purpose() {
        let read = ReadKey::from_key(Key::new([1; 32]));
        let operate = OperateKey::from_key(Key::new([1; 32]));
        let msp = MspKey::from_key(Key::new([1; 32]));
        let keys = [
            read.object_key(),
            read.log_key(),
            read.name_key(),
            operate.object_key(),
            msp.object_key(),
            msp.name_key(),
        ];
        for (index, key) in keys.iter().enumerate() {
            assert!(keys[index + 1..].iter().all(|other| other != key));
        }
    }

    #[test]
    fn split_epoch_key_commitments_differ_by_key_kind_ledger_and_epoch() {
        let key = Key::new([1; 32]);
        let commitments = [
            derive_commitment(Which::Read, &[1; 32], 1, &key),
            derive_commitment(Which::Operate, &[1; 32], 1, &key),
            derive_commitment(Which::Team([1; 16]), &[1; 32], 1, &key),
            derive_commitment(Which::Team([2; 16]), &[1; 32], 1, &key),
            derive_commitment(Which::Read, &[2; 32], 1, &key),
            derive_commitment(Which::Read, &[1; 32], 2, &key),
            derive_commitment(Which::Read, &[1; 32], 1, &Key::new([2; 32])),
        ];
        for (index, commitment) in commitments.iter().enumerate() {
            assert!(!commitments[index + 1..].contains(commitment));
        }
    }
}
