//! Reading what a change wrote, outside of one: an item is opened only if it is exactly what the verified history names.

use super::{NEEDED_MS, SCHEMA};
use crate::App;
use crate::error::{Error, Result};
use crate::keyring::{EpochKeys, Source, no_operate_key};
use crate::records::{self, Bytes16, Organization};
use crate::session::{self, Session};
use crate::store::Store;
use vitrine_ledger::{Body, Entry, ItemId, ItemKind, ObjectHash, OrganizationBody, OrganizationState};
use vitrine_vault::SecretBytes;
use vitrine_vault::epoch::OrganizationKeys;
use vitrine_vault::items::{AccountItem, ConnectionItem};
use vitrine_vault::object::{self, Header, ObjectKind};

/// Reads an account's item outside a change.
pub(crate) async fn read_account(
    app: &App,
    session: &Session,
    row: &Organization,
    item: &Bytes16,
) -> Result<AccountItem> {
    AccountItem::decode(&read(&app.inner.store, session, row, item).await?).map_err(damaged_item)
}

/// Reads the connection's item outside a change.
pub(crate) async fn read_connection(
    app: &App,
    session: &Session,
    row: &Organization,
    item: &Bytes16,
) -> Result<ConnectionItem> {
    ConnectionItem::decode(&read(&app.inner.store, session, row, item).await?).map_err(damaged_item)
}

/// A version of an item that the signed history names.
struct Written {
    version: Version,
    /// When the one after it was written; none of the newest.
    until: Option<u64>,
}

impl Written {
    /// Whether it is to be kept still.
    fn is_needed(&self, now: u64) -> bool {
        self.until.is_none_or(|until| until.saturating_add(NEEDED_MS) > now)
    }
}

/// The versions of an item, newest first, up to where none is needed and none is here.
async fn versions(app: &App, state: &OrganizationState, item: &Bytes16) -> Result<Vec<Written>> {
    let (store, wanted, ledger) = (&app.inner.store, ItemId::from_bytes(*item), state.ledger());
    let (mut written, mut until) = (Vec::new(), None);
    // Backwards from the head that was verified: each entry names the hash of the one before.
    let (mut seq, mut expected) = (state.head().seq, Some(state.head().hash));
    while let Some(hash) = expected {
        let Some(bytes) = store.entry(ledger.as_bytes(), seq).await? else { break };
        let entry = Entry::decode(&bytes).map_err(session::unreadable_keys)?;
        if entry.hash() != hash {
            return Err(Error::integrity(
                "vault.entry-replaced",
                "A stored entry is not the one that was verified.",
                "Restore from the backup, and keep this data folder for examination.",
            ));
        }
        if let Body::Organization(OrganizationBody::Put { item, item_kind, version, object }) = entry.body()
            && *item == wanted
        {
            let version = Version { kind: *item_kind, version: *version, object: *object };
            let one = Written { version, until };
            if !one.is_needed(app.now_ms()) && store.object(object.as_bytes()).await?.is_none() {
                break;
            }
            until = Some(entry.time_ms());
            written.push(one);
        }
        (seq, expected) = (seq.saturating_sub(1), entry.prev());
    }
    Ok(written)
}

/// Shows an account's item to `see` as it is and as it was, newest version first, until it answers `false`. A version that is not
/// here is left out.
pub(crate) async fn visit_account(
    app: &App,
    session: &Session,
    row: &Organization,
    item: &Bytes16,
    mut see: impl FnMut(&AccountItem) -> bool,
) -> Result<()> {
    let store = &app.inner.store;
    let state = OrganizationState::decode(&row.state).map_err(damaged_fold)?;
    let keys = keys_of(store, session, &state).await?;
    for Written { version, .. } in versions(app, &state, item).await? {
        let Some(bytes) = store.object(version.object.as_bytes()).await? else { continue };
        let plain = open_version(&state, &keys, item, &version, &bytes)?;
        if !see(&AccountItem::decode(&plain).map_err(damaged_item)?) {
            break;
        }
    }
    Ok(())
}

/// Versions of an item that are needed still and not here, each with when it was replaced.
pub(crate) async fn missing_versions(app: &App, row: &Organization, item: &Bytes16) -> Result<Vec<(ObjectHash, u64)>> {
    let state = OrganizationState::decode(&row.state).map_err(damaged_fold)?;
    let mut missing = Vec::new();
    for one in versions(app, &state, item).await? {
        let object = one.version.object;
        if let Some(until) = one.until.filter(|_| one.is_needed(app.now_ms()))
            && app.inner.store.object(object.as_bytes()).await?.is_none()
        {
            missing.push((object, until));
        }
    }
    Ok(missing)
}

async fn read(store: &Store, session: &Session, row: &Organization, item: &Bytes16) -> Result<SecretBytes> {
    let state = OrganizationState::decode(&row.state).map_err(damaged_fold)?;
    let keys = keys_of(store, session, &state).await?;
    let bytes = store.object(object_of(&state, item)?.as_bytes()).await?;
    open_object(&state, &keys, item, bytes)
}

/// The keys of an organization, as far as this member has them.
pub(crate) async fn keys_of(store: &Store, session: &Session, state: &OrganizationState) -> Result<EpochKeys> {
    session.ring().organization(Source::Store(store), state).await
}

/// The object that an item of an organization is stored as now.
pub(crate) fn object_named(row: &Organization, item: &Bytes16) -> Result<ObjectHash> {
    object_of(&OrganizationState::decode(&row.state).map_err(damaged_fold)?, item)
}

pub(super) fn object_of(state: &OrganizationState, item: &Bytes16) -> Result<ObjectHash> {
    let id = ItemId::from_bytes(*item);
    state.item(&id).and_then(|item| item.object).ok_or_else(|| records::unknown_account(&id))
}

/// Opens an object that must be exactly what the signed entry names.
pub(crate) fn open_object(
    state: &OrganizationState,
    keys: &EpochKeys,
    item: &Bytes16,
    bytes: Option<Vec<u8>>,
) -> Result<SecretBytes> {
    let id = ItemId::from_bytes(*item);
    let known = state.item(&id).ok_or_else(|| records::unknown_account(&id))?;
    let bytes = bytes.ok_or_else(object_missing)?;
    let object = known.object.ok_or_else(|| records::unknown_account(&id))?;
    open_version(state, keys, item, &Version { kind: known.kind, version: known.version, object }, &bytes)
}

/// One version of an item, as a signed entry names it.
struct Version {
    kind: ItemKind,
    version: u64,
    object: ObjectHash,
}

fn open_version(
    state: &OrganizationState,
    keys: &EpochKeys,
    item: &Bytes16,
    known: &Version,
    bytes: &[u8],
) -> Result<SecretBytes> {
    if object::hash(bytes) != *known.object.as_bytes() {
        return Err(Error::integrity(
            "vault.object-replaced",
            "A stored item is not the one that was signed.",
            "Restore from the backup, and keep this data folder for examination.",
        ));
    }
    let claimed = object::peek_header(bytes).map_err(session::unreadable_keys)?;
    // Author, counter and epoch are the object's own word, held by its hash in the signed entry; the place is ours.
    let expected = Header {
        suite: vitrine_vault::SUITE,
        kind: object_kind(known.kind),
        ledger: *state.ledger().as_bytes(),
        item: *item,
        version: known.version,
        schema: SCHEMA,
        ..claimed
    };
    object::open(bytes, &expected, &wrap_key(keys.of(claimed.epoch)?, known.kind)?).map_err(session::unreadable_keys)
}

pub(super) fn wrap_key(keys: &OrganizationKeys, kind: ItemKind) -> Result<vitrine_vault::Key> {
    match kind {
        ItemKind::Connection => Ok(keys.operate.as_ref().ok_or_else(no_operate_key)?.object_key()),
        ItemKind::Organization | ItemKind::Account | ItemKind::Passkey => Ok(keys.read.object_key()),
    }
}

pub(super) fn object_kind(kind: ItemKind) -> ObjectKind {
    match kind {
        ItemKind::Organization => ObjectKind::Organization,
        ItemKind::Account => ObjectKind::Account,
        ItemKind::Connection => ObjectKind::Connection,
        ItemKind::Passkey => ObjectKind::Passkey,
    }
}

pub(crate) fn damaged_fold(error: vitrine_ledger::DecodeError) -> Error {
    Error::integrity(
        "index.unreadable",
        "A row of the local index cannot be read.",
        "Lock and unlock the vault: the index is then made again from the signed history.",
    )
    .because(error)
}

/// An object that an item names now is not here.
pub(crate) fn object_missing() -> Error {
    Error::integrity(
        "vault.object-missing",
        "A stored item is missing from the database.",
        "Restore from the backup, and keep this data folder for examination.",
    )
}

pub(super) fn damaged_item(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::integrity(
        "vault.item-unreadable",
        "A stored item cannot be read by this version.",
        "Update Vitrine, or restore from the backup.",
    )
    .because(error)
}
