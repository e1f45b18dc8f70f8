//! How a member's root reaches a further device of that member: wrapped to a key that only this device has, and for a new one
//! sealed besides under the secret of the code that a person carried to it.

use crate::account::{
    AccountSecret, DeviceKeys, EncryptionKeys, RootKey, open_account_secret, public_encryption, seal_account_secret,
};
use crate::cbor;
use crate::cbor::Writer;
use crate::epoch::{self, EpochError, Which, WrapContext};
use crate::invite::{Answer, Invite, InviteError};
use rand_core::CryptoRng;

const HANDOVER: &str = "vitrine/1/invite/handover";
/// Bytes of a wrapped root: its commitment and the wrap.
pub const WRAPPED_ROOT: usize = 32 + epoch::WRAP_LENGTH;
const MAX_HANDOVER: usize = 1024;

/// Wraps a member's root for one device, to a public key of it.
///
/// # Errors
/// [`EpochError::Recipient`] where the key is none.
pub fn wrap_root(
    root: &RootKey,
    ledger: &[u8; 32],
    device: &[u8; 16],
    public: &[u8; 32],
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, EpochError> {
    let commitment = epoch::derive_commitment(Which::Root, ledger, 0, root.key());
    let wrapped = epoch::wrap(root.key(), &context(ledger, device, commitment), public, rng)?;
    Ok([&commitment[..], &wrapped].concat())
}

/// Opens what [`wrap_root`] made. Whose root it is says nothing in here: compare its public halves with the signed history.
///
/// # Errors
/// An [`EpochError`] where it is not for this device, or was altered.
pub fn unwrap_root(
    bytes: &[u8],
    ledger: &[u8; 32],
    device: &[u8; 16],
    own: &EncryptionKeys,
) -> Result<RootKey, EpochError> {
    let (commitment, wrapped) = bytes.split_first_chunk::<32>().ok_or(EpochError::Refused)?;
    epoch::unwrap(wrapped, &context(ledger, device, *commitment), own).map(RootKey::from_key)
}

fn context(ledger: &[u8; 32], device: &[u8; 16], commitment: [u8; 32]) -> WrapContext {
    WrapContext { ledger: *ledger, epoch: 0, recipient: *device, which: Which::Root, commitment }
}

/// Wraps a member's new root to a device whose key stands in the signed history.
///
/// # Errors
/// [`EpochError::Recipient`] where the key is none.
pub fn wrap_to_device(
    root: &RootKey,
    ledger: &[u8; 32],
    device: &[u8; 16],
    key: &[u8; 32],
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, EpochError> {
    let public = public_encryption(key).ok_or(EpochError::Recipient)?;
    wrap_root(root, ledger, device, &public, rng)
}

/// Opens what [`wrap_to_device`] made.
///
/// # Errors
/// As [`unwrap_root`].
pub fn unwrap_on_device(
    bytes: &[u8],
    ledger: &[u8; 32],
    device: &[u8; 16],
    keys: &DeviceKeys,
) -> Result<RootKey, EpochError> {
    unwrap_root(bytes, ledger, device, &keys.encryption())
}

/// What a new device gets once it was approved.
pub struct Handover {
    /// The member's root.
    pub root: RootKey,
    /// What stands on the member's recovery kit.
    pub account_secret: AccountSecret,
}

impl Handover {
    /// Seals it for the device that answered, under the secret of the code.
    ///
    /// # Errors
    /// [`EpochError::Recipient`] where the answer's encryption key is none.
    pub fn seal(&self, invite: &Invite, answer: &Answer, rng: &mut impl CryptoRng) -> Result<Vec<u8>, EpochError> {
        let wrapped = wrap_root(&self.root, &invite.genesis, &answer.device, &answer.encryption, rng)?;
        let secret = seal_account_secret(&self.root, &self.account_secret, rng);
        let plain = Writer::document(|map| {
            map.bytes(1, &wrapped);
            map.bytes(2, &secret);
        });
        Ok(invite.seal(HANDOVER, &plain, rng))
    }

    /// Opens it with the key that the answer named.
    ///
    /// # Errors
    /// [`InviteError::Broken`] where it was not sealed by whoever made the code, for this device.
    pub fn open(invite: &Invite, device: &[u8; 16], own: &EncryptionKeys, sealed: &[u8]) -> Result<Self, InviteError> {
        let plain = invite.open(HANDOVER, sealed)?;
        // Read to take the two sealed parts out.
        let (wrapped, secret) = cbor::decode(plain.expose(), MAX_HANDOVER, |reader| {
            reader.map(|map| {
                let wrapped = map.required(1, |reader| reader.bytes(MAX_HANDOVER))?.to_vec();
                Ok((wrapped, map.required(2, |reader| reader.bytes(MAX_HANDOVER))?.to_vec()))
            })
        })
        .map_err(|_| InviteError::Broken)?;
        let root = unwrap_root(&wrapped, &invite.genesis, device, own).map_err(|_| InviteError::Broken)?;
        let account_secret = open_account_secret(&root, &secret).map_err(|_| InviteError::Broken)?;
        Ok(Self { root, account_secret })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use rand::{SeedableRng, rngs::StdRng};

    fn invite(rng: &mut StdRng) -> Invite {
        Invite::make([7; 32], (9, [8; 32]), 1_000, "https://vault.example".into(), rng)
    }

    fn answer(own: &EncryptionKeys) -> Answer {
        Answer {
            member: [1; 16],
            identity: [2; 32],
            encryption: own.public(),
            device: [4; 16],
            device_key: [5; 32],
            transport: [6; 32],
            name: String::new(),
            device_name: "desktop".into(),
        }
    }

    #[test]
    fn a_root_reaches_the_device_that_answered_and_nobody_else() {
        let rng = &mut StdRng::seed_from_u64(40);
        let (own, other) = (EncryptionKeys::make(rng), EncryptionKeys::make(rng));
        let (ours, theirs) = (invite(rng), invite(rng));
        let given = Handover { root: RootKey::make(rng), account_secret: AccountSecret::make(rng) };
        let sealed = given.seal(&ours, &answer(&own), rng).unwrap();
        let opened = Handover::open(&ours, &[4; 16], &own, &sealed).unwrap();
        assert_eq!(opened.root.identity().public(), given.root.identity().public());
        assert!(opened.account_secret == given.account_secret);
        let refused = |invite: &Invite, device: &[u8; 16], own: &EncryptionKeys, sealed: &[u8]| {
            Handover::open(invite, device, own, sealed).err() == Some(InviteError::Broken)
        };
        assert!(refused(&ours, &[4; 16], &other, &sealed), "whoever has the code reads it");
        assert!(refused(&theirs, &[4; 16], &own, &sealed), "another code opens it");
        assert!(refused(&ours, &[5; 16], &own, &sealed), "it opens for another device");
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(refused(&ours, &[4; 16], &own, &altered), "byte {at}");
        }
    }

    #[test]
    fn a_new_root_reaches_the_devices_that_stay_by_their_keys_in_the_history() {
        let rng = &mut StdRng::seed_from_u64(41);
        let (stays, goes, root) = (DeviceKeys::make(rng), DeviceKeys::make(rng), RootKey::make(rng));
        let wrapped = wrap_to_device(&root, &[1; 32], &[2; 16], &stays.public(), rng).unwrap();
        assert_eq!(wrapped.len(), WRAPPED_ROOT);
        let opened = unwrap_on_device(&wrapped, &[1; 32], &[2; 16], &stays).unwrap();
        assert_eq!(opened.identity().public(), root.identity().public());
        assert!(unwrap_on_device(&wrapped, &[1; 32], &[2; 16], &goes).is_err(), "another device opens it");
        assert!(unwrap_on_device(&wrapped, &[9; 32], &[2; 16], &stays).is_err(), "it opens in another vault");
        assert!(unwrap_on_device(&wrapped, &[1; 32], &[9; 16], &stays).is_err(), "it opens in another's place");
        assert!(wrap_to_device(&root, &[1; 32], &[2; 16], &[0; 32], rng).is_err(), "a key of small order is taken");
    }
}
