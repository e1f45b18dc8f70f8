//! The roots of this device's member: the present one, and those before it to which the newest keys of a team may still be wrapped.
//!
//! A lockbox is sealed under the passphrase, which nobody types when this device is given a root, at first or anew. Until the next
//! unlock, when somebody does, the root lies beside the index, sealed under a key that is in the lockbox.

use crate::App;
use crate::beside::Beside;
use crate::error::Result;
use crate::keychain::blocking;
use crate::session::{self, rng};
use crate::vault::{self, meta};
use vitrine_ledger::EncryptionKey;
use vitrine_vault::account::{
    BoxIds, DeviceKeys, DeviceSecret, EncryptionKeys, Enrolment, Lockbox, RootKey, open_account_secret,
};
use vitrine_vault::cbor::{self, Reader, Writer};
use vitrine_vault::{Key, SecretText};

/// Roots before the present one that are kept.
const MOST_BEFORE: usize = 8;
const MAX_STORED: usize = 1024;

pub(crate) struct Roots {
    now: RootKey,
    before: Vec<RootKey>,
}

/// What an opened lockbox gives, with the newest root that this device was given.
pub(crate) struct Unboxed {
    pub(crate) roots: Roots,
    pub(crate) device_keys: DeviceKeys,
}

impl Roots {
    /// Of a member that never had another.
    pub(crate) fn of(root: RootKey) -> Self {
        Self { now: root, before: Vec::new() }
    }

    /// The present one.
    pub(crate) fn now(&self) -> &RootKey {
        &self.now
    }

    /// Whether the member had others before.
    pub(crate) fn are_renewed(&self) -> bool {
        !self.before.is_empty()
    }

    /// The private half of an encryption key that the member has or had.
    pub(crate) fn encryption(&self, public: &EncryptionKey) -> Option<EncryptionKeys> {
        let all = std::iter::once(&self.now).chain(self.before.iter().rev());
        all.map(RootKey::encryption).find(|keys| keys.public() == *public.as_bytes())
    }

    /// With a root that comes after these.
    pub(crate) fn renewed(&self, root: RootKey) -> Self {
        let mut before: Vec<_> = self.before.iter().map(RootKey::duplicate).collect();
        before.push(self.now.duplicate());
        before.drain(..before.len().saturating_sub(MOST_BEFORE));
        Self { now: root, before }
    }

    /// Seals them for the next unlock.
    pub(crate) fn seal(&self, device: &DeviceKeys) -> Result<Vec<u8>> {
        let plain = Writer::secret_document(|map| {
            // Exposed to be sealed.
            map.bytes(1, self.now.key().expose());
            map.field(2, |writer| writer.list(&self.before, |writer, root| writer.bytes(root.key().expose())));
        });
        // Exposed to be sealed.
        Beside::Roots.seal(device, plain.expose())
    }

    fn open(device: &DeviceKeys, sealed: &[u8]) -> Result<Self> {
        let plain = Beside::Roots.open(device, sealed).map_err(session::unreadable_keys)?;
        let root = |key: Key| RootKey::from_key(key);
        // Exposed to be taken apart.
        let (now, before) = cbor::decode(plain.expose(), MAX_STORED, |reader| {
            reader.map(|map| {
                let now = map.required(1, Reader::secret_array)?;
                Ok((now, map.required(2, |reader| reader.list(MOST_BEFORE as u64, Reader::secret_array))?))
            })
        })
        .map_err(session::unreadable_keys)?;
        Ok(Self { now: root(now), before: before.into_iter().map(root).collect() })
    }
}

/// What an opened lockbox and what lies beside the index give together. A root that is newer than the one in the lockbox is sealed
/// into it, and for the recovery kit, now that the passphrase is there.
pub(crate) async fn take_in(
    app: &App,
    passphrase: SecretText,
    secret: DeviceSecret,
    lockbox: &Lockbox,
    opened: vitrine_vault::account::Unlocked,
) -> Result<Unboxed> {
    let vitrine_vault::account::Unlocked { root, device_keys } = opened;
    let Some(sealed) = app.inner.store.meta(meta::ROOTS).await? else {
        return Ok(Unboxed { roots: Roots::of(root), device_keys });
    };
    let roots = Roots::open(&device_keys, &sealed)?;
    if roots.now.identity().public() == root.identity().public() {
        return Ok(Unboxed { roots, device_keys });
    }
    let own = app.inner.store.meta(meta::ACCOUNT_SECRET).await?.ok_or_else(vault::no_vault)?;
    let account_secret = open_account_secret(&roots.now, &own).map_err(vault::damaged_lockbox)?;
    let (params, BoxIds { member, device, genesis }, now) = (app.config().kdf, lockbox.ids(), roots.now.duplicate());
    let keys = device_keys.duplicate();
    let (lockbox, enrolment) = blocking(move || {
        let ids = BoxIds { member, device, genesis };
        let lockbox = Lockbox::seal(&passphrase, &secret, params, ids, &now, &keys, &mut rng())?;
        let enrolment = Enrolment::seal(&passphrase, &account_secret, params, member, genesis, &now, &mut rng())?;
        Ok((lockbox, enrolment))
    })
    .await?
    .map_err(vault::no_memory)?;
    let mut tx = app.inner.store.begin().await?;
    tx.put_meta(meta::LOCKBOX, &lockbox.to_bytes()).await?;
    tx.put_meta(meta::ENROLMENT, &enrolment.to_bytes()).await?;
    if roots.before.is_empty() {
        tx.delete_meta(meta::ROOTS).await?;
    }
    tx.commit().await?;
    Ok(Unboxed { roots, device_keys })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn roots_come_back_as_they_were_sealed_and_open_what_was_wrapped_to_any_of_them() {
        let device = DeviceKeys::make(&mut rng());
        let first = RootKey::make(&mut rng());
        let publics = |roots: &Roots| {
            let all = std::iter::once(&roots.now).chain(&roots.before);
            all.map(|root| root.encryption().public()).collect::<Vec<_>>()
        };
        let mut roots = Roots::of(first.duplicate());
        for _ in 0..2 {
            roots = roots.renewed(RootKey::make(&mut rng()));
        }
        let opened = Roots::open(&device, &roots.seal(&device).unwrap()).unwrap();
        assert_eq!(publics(&opened), publics(&roots));
        assert!(opened.encryption(&EncryptionKey::from_bytes(first.encryption().public())).is_some());
        let strange = RootKey::make(&mut rng()).encryption().public();
        assert!(opened.encryption(&EncryptionKey::from_bytes(strange)).is_none());
        assert!(Roots::open(&DeviceKeys::make(&mut rng()), &roots.seal(&device).unwrap()).is_err(), "another device");
        for _ in 0..20 {
            roots = roots.renewed(RootKey::make(&mut rng()));
        }
        assert!(Roots::open(&device, &roots.seal(&device).unwrap()).is_ok(), "what grew is not read any more");
    }
}
