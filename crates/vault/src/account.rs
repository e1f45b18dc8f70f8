//! A member's keys: the account root, what derives from it, the keys of a device, and the two boxes that hold the root
//! at rest: the lockbox of this device (passphrase and device secret) and the enrolment blob (passphrase and the
//! account secret printed on the recovery kit).
//!
//! Each box also needs a second secret that is never guessed, so a passphrase alone opens nothing. The header of a box
//! (identities, cost of a guess, salt) is part of the key derivation and of the associated data: edited, it opens nothing.

use crate::SUITE;
use crate::aead::{self, Refused};
use crate::cbor::{self, CborError, MapWriter, Reader, Writer};
use crate::derive::derive;
use crate::kdf::{KdfError, KdfParams, SALT};
use crate::secret::{Key, Secret, SecretText};
use ed25519_dalek::{Signer, SigningKey};
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, Serializable};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

const LOCKBOX: &str = "vitrine/1/lockbox";
const ENROLMENT: &str = "vitrine/1/enrolment";
/// Most bytes of a lockbox or enrolment blob.
pub const MAX_BOX: usize = 1024;

/// The 256-bit secret of a device, kept in the keychain of the operating system.
pub type DeviceSecret = Key;

/// The random key of an account, from which identity and encryption keys derive. It is at rest only in boxes.
pub struct RootKey(Key);

impl RootKey {
    /// A new account root.
    pub fn make(rng: &mut impl CryptoRng) -> Self {
        Self(Key::make(rng))
    }

    /// A root that was given to this device.
    pub fn from_key(key: Key) -> Self {
        Self(key)
    }

    /// The key itself, to seal it.
    pub fn key(&self) -> &Key {
        &self.0
    }

    /// The member's identity: signs what no device may sign, such as a device added by the kit.
    pub fn identity(&self) -> IdentityKeys {
        // Read to derive; the seed goes into a signing key that is wiped on drop.
        let seed = derive::<32>(self.0.expose(), "vitrine/1/identity", &[]);
        IdentityKeys(SigningKey::from_bytes(seed.expose()))
    }

    /// The member's encryption keys, to which team keys are wrapped.
    pub fn encryption(&self) -> EncryptionKeys {
        // Read to derive.
        EncryptionKeys::from_private(derive(self.0.expose(), "vitrine/1/encryption", &[]))
    }

    /// A second copy, made on purpose.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self(self.0.duplicate())
    }
}

/// Ed25519 keys of a member (RFC 8032).
pub struct IdentityKeys(SigningKey);

impl IdentityKeys {
    /// The public half.
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// Signs a message. The caller puts a label before it.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

/// X25519 keys of a member or a team (RFC 7748, used by HPKE alone).
pub struct EncryptionKeys {
    private: Key,
    public: [u8; 32],
}

/// The keys of one epoch of a team; the private half is wrapped to each of its members.
pub type TeamKeys = EncryptionKeys;

impl EncryptionKeys {
    /// New random keys.
    pub fn make(rng: &mut impl CryptoRng) -> Self {
        Self::from_private(Key::make(rng))
    }

    /// The pair of a private half that was wrapped to us.
    pub fn from_private(private: Key) -> Self {
        let public = X25519HkdfSha256::sk_to_pk(&hpke_private(&private)).to_bytes().into();
        Self { private, public }
    }

    /// The public half.
    pub fn public(&self) -> [u8; 32] {
        self.public
    }

    /// The private half, to wrap it to the members of a team.
    pub fn private(&self) -> &Key {
        &self.private
    }

    pub(crate) fn hpke_private(&self) -> <X25519HkdfSha256 as Kem>::PrivateKey {
        hpke_private(&self.private)
    }
}

fn hpke_private(key: &Key) -> <X25519HkdfSha256 as Kem>::PrivateKey {
    // Read to hand it to HPKE, whose key type is wiped on drop.
    <X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(key.expose()).expect("any 32 bytes are an X25519 private key")
}

/// The keys of one device, made on it and derived from nothing shared: the signing key of its entries, and the local
/// key of its store.
pub struct DeviceKeys {
    seed: Key,
    signing: SigningKey,
    local: Key,
}

impl DeviceKeys {
    /// New random keys.
    pub fn make(rng: &mut impl CryptoRng) -> Self {
        Self::from_parts(Key::make(rng), Key::make(rng))
    }

    fn from_parts(seed: Key, local: Key) -> Self {
        // Read to build the signing key, which is wiped on drop.
        let signing = SigningKey::from_bytes(seed.expose());
        Self { seed, signing, local }
    }

    /// A second copy, made on purpose.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self::from_parts(self.seed.duplicate(), self.local.duplicate())
    }

    /// The public half of the signing key.
    pub fn public(&self) -> [u8; 32] {
        self.signing.verifying_key().to_bytes()
    }

    /// Signs a message (Ed25519, RFC 8032). The caller puts a label before it.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.signing.sign(message).to_bytes()
    }

    /// What signs in the name of this device while it is locked.
    pub fn transport(&self) -> TransportKeys {
        // Read to derive.
        TransportKeys::from_seed(derive(self.seed.expose(), "vitrine/1/transport", &[]))
    }

    /// The same key pair for X25519: the root of its member is wrapped to it when that root is renewed, since it is the one
    /// key of a device that the signed history vouches for.
    pub fn encryption(&self) -> EncryptionKeys {
        EncryptionKeys::from_private(Secret::new(self.signing.to_scalar_bytes()))
    }

    /// The signing key itself, for callers that take one.
    pub fn signing_key(&self) -> &SigningKey {
        &self.signing
    }

    /// The local key, from which the key of pages derives.
    pub fn local(&self) -> &Key {
        &self.local
    }
}

/// The key by which a locked device asks the home what is new. It signs requests that read, and never an entry. It follows from the
/// device's own key and leads back to nothing, so it may lie where a locked device finds it.
pub struct TransportKeys {
    seed: Key,
    signing: SigningKey,
}

impl TransportKeys {
    /// The keys of a seed that was kept.
    pub fn from_seed(seed: Key) -> Self {
        // Read to build the signing key, which is wiped on drop.
        let signing = SigningKey::from_bytes(seed.expose());
        Self { seed, signing }
    }

    /// The seed, to keep it.
    pub fn seed(&self) -> &Key {
        &self.seed
    }

    /// The public half, as the device's card in the ledger names it.
    pub fn public(&self) -> [u8; 32] {
        self.signing.verifying_key().to_bytes()
    }

    /// Signs a request (Ed25519, RFC 8032). The caller puts a label before it.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.signing.sign(message).to_bytes()
    }
}

/// What [`DeviceKeys::encryption`] has as its public half, by the public half that signs. None where that is no key.
pub(crate) fn public_encryption(key: &[u8; 32]) -> Option<[u8; 32]> {
    let key = ed25519_dalek::VerifyingKey::from_bytes(key).ok().filter(|key| !key.is_weak())?;
    Some(key.to_montgomery().to_bytes())
}

/// Why a box was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnlockError {
    /// The bytes are no such box.
    #[error("the file that holds the keys is damaged: {0}")]
    Format(#[from] CborError),
    /// Of a suite this build does not know.
    #[error("the keys were sealed by another version (suite {suite})")]
    Suite {
        /// What the header says.
        suite: u8,
    },
    /// The cost of a guess is out of bounds, or there is no memory for it.
    #[error(transparent)]
    Kdf(#[from] KdfError),
    /// A wrong passphrase, a wrong second secret, or an edited header: one answer, so that none is confirmed.
    #[error("the passphrase does not open this vault")]
    Refused,
}

impl UnlockError {
    /// Stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Format(_) => "vault.box-damaged",
            Self::Suite { .. } => "vault.suite-unknown",
            Self::Kdf(error) => error.code(),
            Self::Refused => "vault.unlock-refused",
        }
    }
}

impl From<Refused> for UnlockError {
    fn from(_: Refused) -> Self {
        Self::Refused
    }
}

/// Cost and salt of a passphrase, as both boxes carry them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stretch {
    params: KdfParams,
    salt: [u8; SALT],
}

impl Stretch {
    fn make(params: KdfParams, rng: &mut impl CryptoRng) -> Self {
        let mut salt = [0; SALT];
        rng.fill_bytes(&mut salt);
        Self { params, salt }
    }

    fn write(&self, map: &mut MapWriter<'_>) {
        map.uint(5, self.params.memory_kib());
        map.uint(6, self.params.passes());
        map.uint(7, self.params.lanes());
        map.bytes(8, &self.salt);
    }

    /// Argon2id of the passphrase, then the second secret beside it: neither half alone gives the key.
    fn key(&self, passphrase: &SecretText, second: &[u8]) -> Result<Zeroizing<Vec<u8>>, KdfError> {
        let stretched = self.params.stretch(passphrase, &self.salt)?;
        let mut material = Zeroizing::new(Vec::with_capacity(32 + second.len()));
        // Read to derive the key of the box.
        material.extend_from_slice(stretched.expose());
        material.extend_from_slice(second);
        Ok(material)
    }
}

/// Who a box belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoxIds {
    /// The member.
    pub member: [u8; 16],
    /// The device; an enrolment blob belongs to none.
    pub device: [u8; 16],
    /// Ledger id of the MSP, the hash of its genesis.
    pub genesis: [u8; 32],
}

/// A box as it is stored: the header's bytes as received, since they are authenticated as they are, and the sealed part.
struct SealedBox {
    header: Vec<u8>,
    ids: BoxIds,
    stretch: Stretch,
    sealed: Vec<u8>,
}

impl SealedBox {
    fn header(ids: &BoxIds, stretch: &Stretch, has_device: bool) -> Vec<u8> {
        Writer::document(|map| {
            map.uint(1, SUITE);
            map.bytes(2, &ids.member);
            map.maybe(3, has_device.then_some(&ids.device), |writer, device| writer.bytes(device));
            map.bytes(4, &ids.genesis);
            stretch.write(map);
        })
    }

    fn to_bytes(&self) -> Vec<u8> {
        Writer::document(|map| {
            map.bytes(1, &self.header);
            map.bytes(2, &self.sealed);
        })
    }

    fn from_bytes(bytes: &[u8], has_device: bool) -> Result<Self, UnlockError> {
        let (header, sealed) = cbor::decode(bytes, MAX_BOX, |reader| {
            reader.map(|map| {
                let header = map.required(1, |reader| reader.bytes(MAX_BOX))?.to_vec();
                Ok((header, map.required(2, |reader| reader.bytes(MAX_BOX))?.to_vec()))
            })
        })?;
        // The suite stands first and alone decides how the rest is read.
        let (suite, ids, cost, salt) = cbor::decode(&header, MAX_BOX, |reader| {
            reader.map(|map| {
                let suite = map.required(1, Reader::uint::<u8>)?;
                let member = map.required(2, Reader::array)?;
                let device = if has_device { map.required(3, Reader::array)? } else { [0; 16] };
                let genesis = map.required(4, Reader::array)?;
                let cost = [
                    map.required(5, Reader::uint::<u32>)?,
                    map.required(6, Reader::uint::<u32>)?,
                    map.required(7, Reader::uint::<u32>)?,
                ];
                Ok((suite, BoxIds { member, device, genesis }, cost, map.required(8, Reader::array)?))
            })
        })?;
        if suite != SUITE {
            return Err(UnlockError::Suite { suite });
        }
        let params = KdfParams::new(cost[0], cost[1], cost[2])?;
        Ok(Self { header, ids, stretch: Stretch { params, salt }, sealed })
    }
}

/// What lies in the data folder: root key and device keys, under passphrase and device secret.
pub struct Lockbox(SealedBox);

/// An opened lockbox.
pub struct Unlocked {
    /// The account root.
    pub root: RootKey,
    /// The keys of this device.
    pub device_keys: DeviceKeys,
}

impl Lockbox {
    /// Seals the keys with a fresh salt. Also used to change the passphrase, the device secret or the cost of a guess.
    pub fn seal(
        passphrase: &SecretText,
        device_secret: &DeviceSecret,
        params: KdfParams,
        ids: BoxIds,
        root: &RootKey,
        device_keys: &DeviceKeys,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, KdfError> {
        let stretch = Stretch::make(params, rng);
        let header = SealedBox::header(&ids, &stretch, true);
        // Read to be sealed.
        let keys = Writer::secret_document(|map| {
            map.bytes(1, root.0.expose());
            map.bytes(2, device_keys.seed.expose());
            map.bytes(3, device_keys.local.expose());
        });
        let unlock_key = stretch.key(passphrase, device_secret.expose())?;
        let sealed = aead::seal(&unlock_key, LOCKBOX, &header, keys.expose(), rng);
        Ok(Self(SealedBox { header, ids, stretch, sealed }))
    }

    /// Opens the box. Everything wrong but a missing memory is [`UnlockError::Refused`].
    pub fn open(&self, passphrase: &SecretText, device_secret: &DeviceSecret) -> Result<Unlocked, UnlockError> {
        // Read to derive the unlock key.
        let unlock_key = self.0.stretch.key(passphrase, device_secret.expose())?;
        let keys = aead::open(&unlock_key, LOCKBOX, &self.0.header, &self.0.sealed)?;
        // Read to take the keys out. What opened was sealed by us, so a strange content is damage, not a guess.
        let (root, seed, local) = cbor::decode(keys.expose(), MAX_BOX, |reader| {
            reader.map(|map| {
                Ok((
                    map.required(1, Reader::secret_array)?,
                    map.required(2, Reader::secret_array)?,
                    map.required(3, Reader::secret_array)?,
                ))
            })
        })?;
        Ok(Unlocked { root: RootKey(root), device_keys: DeviceKeys::from_parts(seed, local) })
    }

    /// Reads a stored box. The cost of a guess is checked here, before anything is derived.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, UnlockError> {
        SealedBox::from_bytes(bytes, true).map(Self)
    }

    /// The bytes to store.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.to_bytes()
    }

    /// Whose box it claims to be. Certain only once it has opened.
    pub fn ids(&self) -> BoxIds {
        self.0.ids
    }

    /// The cost of a guess.
    pub fn params(&self) -> KdfParams {
        self.0.stretch.params
    }
}

/// The 160-bit secret printed on the recovery kit.
pub struct AccountSecret(Secret<[u8; 20]>);

impl AccountSecret {
    /// A new secret.
    pub fn make(rng: &mut impl CryptoRng) -> Self {
        Self(Secret::make(rng))
    }

    pub(crate) fn from_secret(secret: Secret<[u8; 20]>) -> Self {
        Self(secret)
    }

    /// Where a home keeps what this secret helps to open: an address that nobody guesses, and that leads back to nothing.
    pub fn locator(&self, genesis: &[u8; 32], member: &[u8; 16]) -> [u8; 32] {
        // Read to derive; what comes of it is sent to the home.
        *derive(self.0.expose(), "vitrine/1/enrolment/locator", &[genesis, member]).expose()
    }

    pub(crate) fn secret(&self) -> &Secret<[u8; 20]> {
        &self.0
    }

    /// A second copy, made on purpose.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self(self.0.duplicate())
    }
}

impl PartialEq for AccountSecret {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for AccountSecret {}

const ACCOUNT_SECRET: &str = "vitrine/1/account-secret";

/// Seals the account secret under the root, so that changing the passphrase needs no new paper.
pub fn seal_account_secret(root: &RootKey, secret: &AccountSecret, rng: &mut impl CryptoRng) -> Vec<u8> {
    // Read to be sealed.
    aead::seal(root.0.expose(), ACCOUNT_SECRET, &[], secret.0.expose(), rng)
}

/// Opens what [`seal_account_secret`] made.
pub fn open_account_secret(root: &RootKey, sealed: &[u8]) -> Result<AccountSecret, UnlockError> {
    // Read to open.
    let plain = aead::open(root.0.expose(), ACCOUNT_SECRET, &[], sealed)?;
    Secret::from_slice(plain.expose()).map(AccountSecret).ok_or(UnlockError::Refused)
}

/// The enrolment blob: the root under passphrase and account secret. It may lie in backups and at a backend.
pub struct Enrolment(SealedBox);

impl Enrolment {
    /// Seals the root with a fresh salt.
    pub fn seal(
        passphrase: &SecretText,
        secret: &AccountSecret,
        params: KdfParams,
        member: [u8; 16],
        genesis: [u8; 32],
        root: &RootKey,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, KdfError> {
        let stretch = Stretch::make(params, rng);
        let ids = BoxIds { member, device: [0; 16], genesis };
        let header = SealedBox::header(&ids, &stretch, false);
        // Read to derive the enrolment key and to be sealed under it.
        let enrolment_key = stretch.key(passphrase, secret.0.expose())?;
        let sealed = aead::seal(&enrolment_key, ENROLMENT, &header, root.0.expose(), rng);
        Ok(Self(SealedBox { header, ids, stretch, sealed }))
    }

    /// Opens the blob. Everything wrong but a missing memory is [`UnlockError::Refused`].
    pub fn open(&self, passphrase: &SecretText, secret: &AccountSecret) -> Result<RootKey, UnlockError> {
        // Read to derive the enrolment key.
        let enrolment_key = self.0.stretch.key(passphrase, secret.0.expose())?;
        Ok(RootKey(aead::open_key(&enrolment_key, ENROLMENT, &self.0.header, &self.0.sealed)?))
    }

    /// Reads a stored blob. The cost of a guess is checked here, before anything is derived.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, UnlockError> {
        SealedBox::from_bytes(bytes, false).map(Self)
    }

    /// The bytes to store.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.to_bytes()
    }

    /// The member it claims to belong to.
    pub fn member(&self) -> [u8; 16] {
        self.0.ids.member
    }

    /// The MSP it claims to belong to.
    pub fn genesis(&self) -> [u8; 32] {
        self.0.ids.genesis
    }

    /// The cost of a guess.
    pub fn params(&self) -> KdfParams {
        self.0.stretch.params
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use rand::{SeedableRng, rngs::StdRng};

    const IDS: BoxIds = BoxIds { member: [1; 16], device: [2; 16], genesis: [3; 32] };

    fn passphrase() -> SecretText {
        SecretText::from_text("correct horse battery staple")
    }

    #[test]
    fn a_lockbox_opens_with_both_secrets_and_with_nothing_less() {
        let rng = &mut StdRng::seed_from_u64(10);
        let (root, device, secret) = (RootKey::make(rng), DeviceKeys::make(rng), Key::make(rng));
        let sealed = Lockbox::seal(&passphrase(), &secret, KdfParams::FLOOR, IDS, &root, &device, rng).unwrap();
        let stored = Lockbox::from_bytes(&sealed.to_bytes()).unwrap();
        assert_eq!(stored.ids(), IDS);
        assert_eq!(stored.params(), KdfParams::FLOOR);

        let opened = stored.open(&passphrase(), &secret).unwrap();
        assert!(opened.root.0 == root.0);
        assert_eq!(opened.device_keys.public(), device.public());
        assert!(opened.device_keys.local() == device.local());

        let wrong = stored.open(&SecretText::from_text("incorrect horse"), &secret).err();
        assert_eq!(wrong, Some(UnlockError::Refused));
        assert_eq!(stored.open(&passphrase(), &Key::make(rng)).err(), Some(UnlockError::Refused));
    }

    #[test]
    fn local_kdf_edit_and_every_other_edit_of_the_header_opens_nothing() {
        let rng = &mut StdRng::seed_from_u64(11);
        let (root, device, secret) = (RootKey::make(rng), DeviceKeys::make(rng), Key::make(rng));
        let sealed = Lockbox::seal(&passphrase(), &secret, KdfParams::FLOOR, IDS, &root, &device, rng).unwrap();
        // A header that still reads well: another member, and a cost just above the true one.
        let mut moved = Lockbox::from_bytes(&sealed.to_bytes()).unwrap();
        moved.0.header = SealedBox::header(&BoxIds { member: [9; 16], ..IDS }, &moved.0.stretch, true);
        let moved = Lockbox::from_bytes(&moved.to_bytes()).unwrap();
        assert_eq!(moved.open(&passphrase(), &secret).err(), Some(UnlockError::Refused));

        let mut costlier = Lockbox::from_bytes(&sealed.to_bytes()).unwrap();
        costlier.0.stretch.params = KdfParams::new(64 * 1024, 3, 2).unwrap();
        costlier.0.header = SealedBox::header(&IDS, &costlier.0.stretch, true);
        let costlier = Lockbox::from_bytes(&costlier.to_bytes()).unwrap();
        assert_eq!(costlier.open(&passphrase(), &secret).err(), Some(UnlockError::Refused));
    }

    #[test]
    fn a_header_below_the_floor_is_refused_when_it_is_read() {
        let stretch = Stretch { params: KdfParams::FLOOR, salt: [0; SALT] };
        let header = Writer::document(|map| {
            map.uint(1, SUITE);
            map.bytes(2, &IDS.member);
            map.bytes(3, &IDS.device);
            map.bytes(4, &IDS.genesis);
            map.uint(5, 1024_u32);
            map.uint(6, 1_u32);
            map.uint(7, 1_u32);
            map.bytes(8, &stretch.salt);
        });
        let weak = SealedBox { header, ids: IDS, stretch, sealed: vec![0; 200] }.to_bytes();
        let error = Lockbox::from_bytes(&weak).err();
        assert_eq!(error, Some(UnlockError::Kdf(KdfError::BelowFloor { memory_kib: 1024, passes: 1 })));
    }

    #[test]
    fn an_enrolment_blob_needs_passphrase_and_account_secret_and_is_no_lockbox() {
        let rng = &mut StdRng::seed_from_u64(12);
        let (root, secret) = (RootKey::make(rng), AccountSecret::make(rng));
        let blob = Enrolment::seal(&passphrase(), &secret, KdfParams::FLOOR, [1; 16], [3; 32], &root, rng).unwrap();
        assert!(Lockbox::from_bytes(&blob.to_bytes()).is_err());
        let stored = Enrolment::from_bytes(&blob.to_bytes()).unwrap();
        assert!(stored.open(&passphrase(), &secret).unwrap().0 == root.0);
        let other = AccountSecret::make(rng);
        assert_eq!(stored.open(&passphrase(), &other).err(), Some(UnlockError::Refused));
        let wrong = SecretText::from_text("incorrect horse");
        assert_eq!(stored.open(&wrong, &secret).err(), Some(UnlockError::Refused));
        assert_eq!((stored.member(), stored.genesis()), ([1; 16], [3; 32]));
    }

    #[test]
    fn identity_and_encryption_repeat_and_differ() {
        let root = RootKey(Key::new([5; 32]));
        assert_eq!(root.identity().public(), root.identity().public());
        assert_eq!(root.encryption().public(), root.encryption().public());
        assert_ne!(root.identity().public(), root.encryption().public());
        assert!(root.encryption().private() != root.key());
    }

    #[test]
    fn the_account_secret_is_sealed_under_its_root_alone() {
        let rng = &mut StdRng::seed_from_u64(13);
        let (root, secret) = (RootKey::make(rng), AccountSecret::make(rng));
        let sealed = seal_account_secret(&root, &secret, rng);
        assert!(open_account_secret(&root, &sealed).unwrap() == secret);
        assert_eq!(open_account_secret(&RootKey::make(rng), &sealed).err(), Some(UnlockError::Refused));
    }

    #[test]
    fn a_device_signature_verifies_strictly() {
        let device = DeviceKeys::make(&mut StdRng::seed_from_u64(14));
        let signature = ed25519_dalek::Signature::from_bytes(&device.sign(b"entry"));
        assert!(device.signing_key().verifying_key().verify_strict(b"entry", &signature).is_ok());
        assert!(device.signing_key().verifying_key().verify_strict(b"other", &signature).is_err());
    }
}
