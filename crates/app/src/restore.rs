//! Coming back: a vault from a backup file with its paper, or from its home with the kit ([`crate::comeback`]), and the local
//! index from the signed history.
//!
//! Nothing of a backup file is believed: every entry is verified from the genesis that the paper names, every object
//! by the hash in its entry. The new device adds itself by the member's identity and takes the home over, both loudly.

use crate::api::*;
use crate::error::{Error, Result};
use crate::failpoint::point;
use crate::founding::{refused, undrafted};
use crate::history::{History, Remembered};
use crate::journal::{self, Change};
use crate::keyring::{Keyring, Source};
use crate::own::Own;
use crate::records::{self, Bytes16, Bytes32, Counts, Firm, Place, encode, heads, key};
use crate::roots::{Roots, Unboxed};
use crate::session::{self, Identity, Keys, Session, make, rng};
use crate::store::{Direction, Span};
use crate::vault::{self, meta};
use crate::webhook::Webhook;
use crate::{App, comeback, connect, credentials, files, home, organizations, papers};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use vitrine_entra::{Priority, UserId, laps};
use vitrine_ledger::{
    Author, Body, Claim, DeviceCard, DeviceId, DeviceKey, EncryptionKey, Entry, Home, IdentityKey, LedgerId, MemberId,
    MspBody, MspChain, MspHistory, SealedNote, TransportKey,
};
use vitrine_vault::account::{
    AccountSecret, BoxIds, DeviceKeys, Enrolment, RootKey, UnlockError, Unlocked, seal_account_secret,
};
use vitrine_vault::backup::{BackupError, BackupReader, Record};
use vitrine_vault::kit::Kit;
use vitrine_vault::object;
use vitrine_vault::sheet::{SafeSheet, SheetBlob};
use vitrine_vault::{Secret, SecretText};

/// Organizations whose rows are made again in one transaction.
const BATCH: usize = 100;
/// Accounts whose tenants are asked whether a restored vault is the newest.
const ASKED_TENANTS: usize = 5;

pub(crate) async fn restore(app: &App, request: RestoreRequest) -> Result<StatusView> {
    let _turn = vault::one_at_a_time(app).await;
    vault::refuse_existing(app).await?;
    let (place, boxes) = match &request.from {
        RestoreFrom::File { path } => (None, read_boxes(Path::new(path.trim()))?),
        RestoreFrom::Home { address } => {
            let RestorePaper::Kit { secret_code, vault_code } = &request.paper else { return Err(kit_alone()) };
            let (place, boxes) = comeback::find(app, address, &kit(secret_code, vault_code)?).await?;
            (Some(place), boxes)
        }
    };
    let mut opened = open_with_paper(request.paper, request.passphrase.0, boxes).await?;
    let in_file = !app.inner.device_secret.keychain_works().await;
    match request.new_passphrase {
        Some(new) => {
            vault::check_passphrase(&new.0, &[], in_file)?;
            opened.passphrase = new.0;
        }
        None if opened.by_sheet => vault::check_passphrase(&opened.passphrase, &[], in_file)?,
        // What was strong enough beside a keychain may not be so beside a file.
        None => vault::check_passphrase(&opened.passphrase, &[], in_file).map_err(|_| too_weak_here())?,
    }
    let (device, device_id) = (DeviceKeys::make(&mut rng()), DeviceId::from_bytes(make()));
    let author = Author { member: MemberId::from_bytes(opened.member), device: device_id };
    let ids = BoxIds { member: opened.member, device: *device_id.as_bytes(), genesis: opened.genesis };
    let accept_file = request.accept_file_fallback;
    let (sealed, entries, mut tx);
    match (&place, &request.from) {
        (Some(place), _) => {
            // The home is waited for before anything is held here.
            let history = comeback::history(place, LedgerId::from_bytes(opened.genesis)).await?;
            sealed = seal_boxes(app, &opened, ids, device, accept_file).await?;
            let entry = |chain: &_| device_add(app, chain, &opened, &sealed.unlocked.device_keys, author);
            entries = comeback::come_in(place, history, entry).await?;
            tx = app.inner.store.begin().await?;
        }
        (None, RestoreFrom::File { path } | RestoreFrom::Home { address: path }) => {
            tx = app.inner.store.begin().await?;
            let chain = read_content(Path::new(path.trim()), &mut tx, &opened).await?;
            sealed = seal_boxes(app, &opened, ids, device, accept_file).await?;
            entries = join(app, chain, &opened, &sealed.unlocked.device_keys, author)?;
        }
    }
    point!("restore.sealed");
    for entry in &entries {
        tx.append_entry(&opened.genesis, entry.seq(), entry.bytes()).await?;
    }
    for (name, bytes) in &sealed.metas {
        tx.put_meta(name, bytes).await?;
    }
    if let Some(sheet) = &opened.sheet_blob {
        tx.put_meta(meta::SHEET, sheet).await?;
    }
    // The kit that was used still opens this vault; after a safe sheet a new kit has to be printed.
    let home = place.as_ref().map(|place| home::Address { url: place.address(), moving: false });
    let cause = if home.is_some() { Cause::Joined } else { Cause::Restored };
    let own = Own { kit_confirmed: !opened.by_sheet, unconfirmed: true, home, ..Own::default() };
    tx.put_meta(meta::OWN, &own.seal(&sealed.unlocked.device_keys)?).await?;
    point!("restore.before");
    tx.commit().await?;
    point!("restore.after");
    let Unlocked { root, device_keys } = sealed.unlocked;
    Box::pin(rebuild(app, Unboxed { roots: Roots::of(root), device_keys }, ids, cause)).await?;
    vault::status(app, StatusRequest {}).await
}

/// Refuses what must wait until something outside has said that the backup this device came from was the newest: a
/// tenant whose accounts were changed last when this vault says so, or a person with a reason. A rotation needs no such
/// gate, because its own first look is that question.
pub(crate) async fn refuse_unconfirmed(app: &App, session: &Session) -> Result<()> {
    if !vault::firm(app).await?.own.unconfirmed {
        return Ok(());
    }
    // Those rotated last are due last, and know most.
    let newest = app.inner.store.index_range(&Span::prefix(key::DUE), Direction::Backward, ASKED_TENANTS).await?;
    for row in newest {
        let place = row.key.split_last_chunk::<16>().and_then(|(rest, item)| Some((*rest.last_chunk()?, *item)));
        let Some((id, item)) = place else { continue };
        // A tenant that does not answer says nothing.
        if is_as_expected(app, session, &id, &item).await.unwrap_or(false) {
            let mut change = Change::begin(app, session).await?;
            change.firm.own.unconfirmed = false;
            return change.commit().await;
        }
    }
    Err(Error::new(
        ErrorClass::Partly,
        "vault.unconfirmed",
        "This vault came from a backup, and no tenant has confirmed yet that the backup was the newest.",
        "Try again once Microsoft can be reached, or confirm it yourself with a reason.",
    )
    .holds("Everything can be viewed. Rotation asks each tenant by itself."))
}

/// Whether the tenant last changed the password when this vault says it did.
async fn is_as_expected(app: &App, session: &Session, id: &Bytes32, item: &Bytes16) -> Result<bool> {
    let row = organizations::load(app, id).await?;
    let account = journal::read_account(app, session, &row, item).await?;
    let (Some(user), Some(known)) = (account.object_id, &account.last_password_change) else { return Ok(false) };
    let connection = connect::connection(app, session, &row).await?;
    let proof = laps::read_proof(&connection, UserId::from_bytes(user), Priority::High).await.map_err(Error::from)?;
    Ok(proof.last_password_change == *known)
}

/// A person answers for the backup, with a reason that stays in the list of what happened.
pub(crate) async fn confirm(app: &App, request: ConfirmRestoreRequest) -> Result<StatusView> {
    let reason = credentials::spoken(&request.reason)?;
    if reason.is_empty() {
        return Err(Error::usage(
            "restore.reason-required",
            "A reason is asked for before a restored vault is taken for the newest.",
            "Say how you know, for instance that the other device is lost.",
        ));
    }
    let session = app.session().await?;
    let mut change = Change::begin(app, &session).await?;
    if change.firm.own.unconfirmed {
        change.firm.own.unconfirmed = false;
        change.note(Action::RestoreConfirmed, None, None, Some(reason)).await?;
        change.commit().await?;
        app.tell(Event::StatusChanged);
    }
    vault::status(app, StatusRequest {}).await
}

fn too_weak_here() -> Error {
    Error::usage(
        "restore.weak-passphrase",
        "Without a keychain the passphrase alone guards this device, and this one can be guessed.",
        "Give a new passphrase as well, or start a keychain and restore again.",
    )
    .holds("Nothing was restored. Paper and passphrase do fit the backup.")
}

/// What there is to be opened by a paper: the head of a backup file, or what the home keeps.
pub(crate) struct BoxesRead {
    pub(crate) genesis: [u8; 32],
    pub(crate) member: [u8; 16],
    pub(crate) enrolment: Option<Vec<u8>>,
    pub(crate) sheet: Option<Vec<u8>>,
}

/// What the paper opened.
struct Opened {
    root: RootKey,
    member: [u8; 16],
    genesis: [u8; 32],
    account_secret: AccountSecret,
    passphrase: SecretText,
    sheet_blob: Option<Vec<u8>>,
    by_sheet: bool,
}

fn read_boxes(path: &Path) -> Result<BoxesRead> {
    let mut boxes = None;
    let (mut enrolment, mut sheet) = (None, None);
    each(path, |record| {
        match record {
            Record::Header(header) => boxes = Some((header.genesis, header.member)),
            Record::Enrolment(blob) => enrolment = Some(blob),
            Record::Sheet(blob) => sheet = Some(blob),
            Record::Entry(_) | Record::Object(_) | Record::End(_) => {}
        }
        Ok(())
    })?;
    let (genesis, member) = boxes.ok_or_else(|| damaged(path, None))?;
    Ok(BoxesRead { genesis, member, enrolment, sheet })
}

/// Reads a backup file to its end, record by record; a file that was cut short or altered is refused whole.
fn each(path: &Path, mut take: impl FnMut(Record) -> Result<()>) -> Result<()> {
    let mut file = File::open(path).map_err(|error| files::failed(path, error))?;
    let mut reader = BackupReader::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut buffer).map_err(|error| files::failed(path, error))?;
        reader.feed(&buffer[..read]);
        while let Some(record) = reader.next_record().map_err(|error| damaged(path, Some(error)))? {
            take(record)?;
        }
        if read == 0 {
            reader.finish().map_err(|error| damaged(path, Some(error)))?;
            return Ok(());
        }
    }
}

async fn open_with_paper(paper: RestorePaper, passphrase: SecretText, boxes: BoxesRead) -> Result<Opened> {
    match paper {
        RestorePaper::Kit { secret_code, vault_code } => {
            let kit = kit(&secret_code, &vault_code)?;
            if kit.genesis != boxes.genesis || kit.member != boxes.member {
                return Err(Error::new(
                    ErrorClass::Locked,
                    "restore.other-vault",
                    "This kit belongs to another vault than the backup.",
                    "Use the backup and the kit of the same firm and person.",
                ));
            }
            let blob = boxes.enrolment.ok_or_else(|| damaged(Path::new("the backup"), None))?;
            let enrolment = Enrolment::from_bytes(&blob).map_err(refused_box)?;
            let account_secret = kit.account_secret.duplicate();
            let opened = crate::keychain::blocking(move || {
                let root = enrolment.open(&passphrase, &kit.account_secret);
                (root, passphrase)
            })
            .await?;
            let (root, passphrase) = (opened.0.map_err(refused_box)?, opened.1);
            Ok(Opened {
                root,
                member: boxes.member,
                genesis: boxes.genesis,
                account_secret,
                passphrase,
                sheet_blob: boxes.sheet,
                by_sheet: false,
            })
        }
        RestorePaper::Sheet { code } => {
            let parsed = SafeSheet::parse(&code.0);
            let sheet =
                parsed.map_err(|error| papers::sheet::mistyped(error.code(), &error, "The code of the safe sheet"))?;
            let (bytes, blob) = sheet_of(boxes)?;
            if blob.split().is_some() {
                return Err(split_meanwhile());
            }
            opened_by_sheet(&sheet, &blob, bytes, passphrase)
        }
        RestorePaper::Shares { codes } => {
            let (bytes, blob) = sheet_of(boxes)?;
            let split = blob.split().ok_or_else(|| {
                Error::new(
                    ErrorClass::Locked,
                    "restore.not-split",
                    "The safe sheet of this backup is one page, not shares.",
                    "Use the safe sheet, or a newer backup.",
                )
            })?;
            let sheet = papers::sheet::joined(split, &codes)?;
            opened_by_sheet(&sheet, &blob, bytes, passphrase)
        }
    }
}

/// The kit that somebody typed.
fn kit(secret_code: &EdgeSecret, vault_code: &str) -> Result<Kit> {
    Kit::parse(&secret_code.0, &papers::plain_code(vault_code), "").map_err(|error| {
        let code = error.code().to_owned();
        Error::new(
            ErrorClass::Locked,
            &code,
            "A code of the kit was not typed as printed.",
            "Compare it group by group with the paper.",
        )
        .details(error.to_string())
    })
}

fn kit_alone() -> Error {
    Error::usage(
        "restore.kit-alone",
        "A backend keeps what a recovery kit opens, and nothing for a safe sheet.",
        "Use the recovery kit, or restore from a backup file.",
    )
}

fn sheet_of(boxes: BoxesRead) -> Result<(Vec<u8>, SheetBlob)> {
    let bytes = boxes.sheet.ok_or_else(|| {
        Error::new(
            ErrorClass::Locked,
            "restore.no-sheet",
            "This backup was written before a safe sheet existed.",
            "Use the recovery kit, or a newer backup.",
        )
    })?;
    let blob = SheetBlob::from_bytes(&bytes).map_err(refused_box)?;
    Ok((bytes, blob))
}

fn split_meanwhile() -> Error {
    Error::new(
        ErrorClass::Locked,
        "restore.split",
        "The safe sheet of this backup was split into shares; one page does not open it.",
        "Use the shares, or a backup from before they were made.",
    )
}

fn opened_by_sheet(sheet: &SafeSheet, blob: &SheetBlob, bytes: Vec<u8>, passphrase: SecretText) -> Result<Opened> {
    Ok(Opened {
        root: blob.open(sheet).map_err(refused_box)?,
        member: blob.member(),
        genesis: blob.genesis(),
        account_secret: AccountSecret::make(&mut rng()),
        passphrase,
        sheet_blob: Some(bytes),
        by_sheet: true,
    })
}

/// Stores every entry and object, and verifies the MSP ledger from the genesis that the paper names.
async fn read_content(path: &Path, tx: &mut crate::store::Tx<'_>, opened: &Opened) -> Result<MspChain> {
    let mut msp: Option<MspChain> = None;
    let (mut entries, mut objects) = (Vec::new(), Vec::new());
    each(path, |record| {
        match record {
            Record::Entry(bytes) => {
                let entry = Entry::decode(&bytes).map_err(session::unreadable_keys)?;
                if let Body::Msp(_) = entry.body() {
                    match &mut msp {
                        Some(chain) => chain.apply(&entry).map_err(refused)?,
                        None if entry.begins() == LedgerId::from_bytes(opened.genesis) => {
                            msp = Some(MspChain::genesis(&entry).map_err(refused)?);
                        }
                        None => {
                            return Err(Error::integrity(
                                "restore.other-genesis",
                                "The backup does not begin with the vault that the paper names.",
                                "Use the backup and the paper of the same firm.",
                            ));
                        }
                    }
                }
                entries.push(entry);
            }
            Record::Object(bytes) => objects.push(bytes),
            Record::Header(_) | Record::Enrolment(_) | Record::Sheet(_) | Record::End(_) => {}
        }
        Ok(())
    })?;
    for entry in entries {
        let ledger = match (entry.ledger(), entry.seq()) {
            (Some(ledger), _) => ledger,
            (None, _) => entry.begins(),
        };
        tx.append_entry(ledger.as_bytes(), entry.seq(), entry.bytes()).await?;
    }
    for bytes in objects {
        tx.put_object(&object::hash(&bytes), &bytes).await?;
    }
    msp.ok_or_else(|| damaged(path, None))
}

/// The entry by which the new device comes in: the member's identity signs for it.
fn device_add(app: &App, chain: &MspChain, opened: &Opened, device: &DeviceKeys, author: Author) -> Result<Entry> {
    let identity = opened.root.identity();
    let card = DeviceCard {
        device: author.device,
        key: DeviceKey::from_bytes(device.public()),
        transport: Some(TransportKey::from_bytes(device.transport().public())),
        // The MSP key is opened later; the name follows from this machine until it is renamed.
        name: vitrine_ledger::SealedName::new(Vec::new()).map_err(session::unreadable_keys)?,
    };
    let claim = Claim {
        place: chain.state().place(),
        member: author.member,
        device: author.device,
        device_key: card.key,
        identity: IdentityKey::from_bytes(identity.public()),
        encryption: EncryptionKey::from_bytes(opened.root.encryption().public()),
    };
    let proof = Some(claim.sign(&Identity(identity)).map_err(undrafted)?);
    let draft = chain.state().draft(MspBody::DeviceAdd { card, proof }, author, app.now_ms());
    draft.sign(device.signing_key()).map_err(undrafted)
}

/// The entries by which the new device comes in and takes the home.
fn join(app: &App, mut chain: MspChain, opened: &Opened, device: &DeviceKeys, author: Author) -> Result<Vec<Entry>> {
    let (now, added) = (app.now_ms(), device_add(app, &chain, opened, device, author)?);
    chain.apply(&added).map_err(refused)?;
    let reason = || SealedNote::new(Vec::new()).map_err(session::unreadable_keys);
    let mut bodies = vec![MspBody::HomeRecovery { home: Home::Device(author.device), reason: reason()? }];
    if opened.by_sheet {
        bodies.push(MspBody::RecoveryUse { reason: reason()? });
    }
    let mut added = vec![added];
    for body in bodies {
        let entry = chain.state().draft(body, author, now).sign(device.signing_key()).map_err(undrafted)?;
        chain.apply(&entry).map_err(refused)?;
        added.push(entry);
    }
    Ok(added)
}

/// The boxes of a restored device, and its keys, open.
struct Sealed {
    metas: Vec<(&'static str, Vec<u8>)>,
    unlocked: Unlocked,
}

async fn seal_boxes(app: &App, opened: &Opened, ids: BoxIds, device: DeviceKeys, accept_file: bool) -> Result<Sealed> {
    let device_secret = Secret::new(make::<32>());
    app.inner.device_secret.store(&vault::hex(&ids.device), &device_secret, accept_file).await?;
    let (root, account_secret) = (opened.root.duplicate(), opened.account_secret.duplicate());
    let passphrase = opened.passphrase.duplicate();
    let params = app.config().kdf;
    crate::keychain::blocking(move || {
        let lockbox = vitrine_vault::account::Lockbox::seal(
            &passphrase,
            &device_secret,
            params,
            ids,
            &root,
            &device,
            &mut rng(),
        )?;
        let enrolment =
            Enrolment::seal(&passphrase, &account_secret, params, ids.member, ids.genesis, &root, &mut rng())?;
        let own = seal_account_secret(&root, &account_secret, &mut rng());
        let metas = vec![
            (meta::LOCKBOX, lockbox.to_bytes()),
            (meta::ENROLMENT, enrolment.to_bytes()),
            (meta::ACCOUNT_SECRET, own),
        ];
        Ok(Sealed { metas, unlocked: Unlocked { root, device_keys: device } })
    })
    .await?
    .map_err(vault::no_memory)
}

/// Why the index is made again.
pub(crate) enum Cause {
    /// There is none yet.
    Restored,
    /// There is none yet: this device joined just now, and fetches the rest.
    Joined,
    /// It cannot be read; with what the keychain remembers of the database.
    Damaged(Option<Remembered>),
}

/// Makes the local index again from the signed history, and opens the vault with it.
pub(crate) async fn rebuild(app: &App, unlocked: Unboxed, ids: BoxIds, cause: Cause) -> Result<StatusView> {
    let remembered = match &cause {
        Cause::Damaged(remembered) => remembered.as_ref(),
        Cause::Restored | Cause::Joined => None,
    };
    // An older database with a damaged index is still an older database.
    let history = History::read(app, remembered.map(|remembered| &remembered.history)).await?;
    let floor = remembered.map_or(0, |remembered| remembered.generation);
    let Folded { chain, organizations, policy, epochs } = fold_msp(app, &ids).await?;
    let state = chain.state().clone();
    let member = MemberId::from_bytes(ids.member);
    let ring = Keyring::open(Source::Store(&app.inner.store), &unlocked.roots, member, &state, &heads(&epochs)).await?;
    let own = app.inner.store.meta(meta::OWN).await?;
    let mut own = own.and_then(|own| Own::open(&own, &unlocked.device_keys)).unwrap_or_default();
    // What waited stood in the index alone. That it is lost is counted.
    own.webhook.as_mut().map(Webhook::lose_waiting);
    // Those are read from the ledgers again.
    let told_to = own.carried_to;
    let mut firm = Firm { own, history, told_to, ..Firm::default() };
    if let Some(settings) = policy {
        let item = ring.policy(&state, &settings)?;
        (firm.msp_name, firm.reason_required) = (item.name, item.reason_required);
    }
    firm.person_name = crate::people::name_of(app, &ring, &state, &member).await.unwrap_or_else(|| "Owner".into());
    let keys = Keys {
        roots: unlocked.roots,
        device: unlocked.device_keys,
        member,
        device_id: DeviceId::from_bytes(ids.device),
        ring,
    };
    let session = Arc::new(Session::new(keys, state.clone(), &app.config(), app.inner.limiter.clone()));
    vault::open_empty_index(app, &session).await?;
    let mut tx = app.inner.store.begin().await?;
    tx.reset_index(floor).await?;
    // Until the last row is written the index says of itself that it is not whole.
    tx.index_put(key::REBUILDING, &[1]).await?;
    tx.index_put(key::LAYOUT, &[records::LAYOUT]).await?;
    tx.index_put_long(key::MSP, &state.encode()).await?;
    tx.index_put(key::MSP_EPOCHS, &encode(&epochs)?).await?;
    tx.index_put(key::FIRM, &encode(&firm)?).await?;
    tx.index_put(key::COUNTS, &encode(&Counts::default())?).await?;
    for seq in 0..=state.head().seq {
        if let Some(hash) = chain.hash_at(seq) {
            tx.index_put(&key::msp_hash(seq), hash.as_bytes()).await?;
        }
    }
    tx.commit().await?;
    point!("rebuild.begun");
    let mut change = Change::begin_taking(app, &session).await?;
    let mut founded = false;
    for seq in 0..=state.head().seq {
        let entry = change.tx.entry(&ids.genesis, seq).await?.and_then(|bytes| Entry::decode(&bytes).ok());
        let Some(entry) = entry else { continue };
        // The first policy is a part of the founding.
        let policy = matches!(entry.body(), Body::Msp(MspBody::Policy { .. }));
        if founded || !policy {
            change.line_of_msp(&entry).await?;
        }
        founded |= policy;
    }
    change.commit().await?;
    let ids: Vec<LedgerId> = organizations.into_iter().collect();
    let mut unreadable = 0_u32;
    // While a device is the home it has all of them; what a backend has and this device lacks is fetched.
    let all = matches!(state.home(), Home::Device(_));
    for batch in ids.chunks(BATCH) {
        let mut change = Change::begin_taking(app, &session).await?;
        for id in batch {
            if !all && change.tx.entries_from(id.as_bytes(), 0, 1).await?.is_empty() {
                change.tx.index_put(&key::closed(id.as_bytes()), &[]).await?;
                continue;
            }
            match change.rebuild_organization(*id, &chain).await {
                Ok(()) => {}
                Err(error) if error.code() == crate::keyring::NO_ACCESS => {
                    change.tx.index_put(&key::closed(id.as_bytes()), &[]).await?;
                }
                Err(_) => unreadable += 1,
            }
        }
        change.commit().await?;
        point!("rebuild.batch");
    }
    let mut change = Change::begin_taking(app, &session).await?;
    // Remembered, so that what is missing is said at every unlock and not at this one alone.
    change.firm.unreadable = unreadable;
    change.tx.index_delete(key::REBUILDING).await?;
    change.tx.put_meta(meta::INDEX_DAMAGED, &[0]).await?;
    change.commit().await?;
    point!("rebuild.done");
    if let Cause::Damaged(_) = cause {
        vault::warn(
            app,
            Error::integrity(
                "index.rebuilt",
                "The local index was damaged, or made by another version, and was made again from the signed history.",
                "If this comes back, check the disk.",
            )
            .holds("No credential is missing."),
        );
    }
    *app.inner.session.write().await = Some(session.clone());
    vault::opened(app, &session).await;
    vault::status(app, StatusRequest {}).await
}

/// What follows from the MSP ledger, from its genesis on.
struct Folded {
    chain: MspChain,
    /// Those that are not archived.
    organizations: BTreeSet<LedgerId>,
    /// The firm's settings, sealed.
    policy: Option<SealedNote>,
    /// The entries of the MSP's own epochs.
    epochs: Vec<Place>,
}

async fn fold_msp(app: &App, ids: &BoxIds) -> Result<Folded> {
    let (mut chain, mut organizations, mut policy): (Option<MspChain>, _, _) = (None, BTreeSet::new(), None);
    let (mut from, mut epochs) = (0, Vec::new());
    loop {
        let page = app.inner.store.entries_from(&ids.genesis, from, 500).await?;
        let Some((last, _)) = page.last() else { break };
        from = last + 1;
        for (_, bytes) in &page {
            let entry = Entry::decode(bytes).map_err(session::unreadable_keys)?;
            match &mut chain {
                Some(chain) => chain.apply(&entry).map_err(refused)?,
                None => chain = Some(MspChain::genesis(&entry).map_err(refused)?),
            }
            match entry.body() {
                Body::Msp(MspBody::OrganizationAdd { organization, .. }) => drop(organizations.insert(*organization)),
                Body::Msp(MspBody::OrganizationArchive { organization }) => drop(organizations.remove(organization)),
                Body::Msp(MspBody::Policy { settings }) => policy = Some(settings.clone()),
                Body::Msp(MspBody::MspEpoch { .. }) => epochs.push(records::place(entry.head())),
                _ => {}
            }
        }
    }
    let chain = chain.filter(|chain| *chain.state().ledger().as_bytes() == ids.genesis);
    Ok(Folded { chain: chain.ok_or_else(history_missing)?, organizations, policy, epochs })
}

pub(crate) fn history_missing() -> Error {
    Error::integrity(
        "vault.no-history",
        "The signed history of the vault is missing.",
        "Restore from the backup, and keep this data folder for examination.",
    )
}

fn damaged(path: &Path, error: Option<BackupError>) -> Error {
    let what = format!("{} is damaged, cut short, or no backup of Vitrine.", path.display());
    let made =
        Error::integrity("restore.damaged", what, "Use another copy of the backup.").holds("Nothing was restored.");
    match error {
        Some(error) => made.because(error),
        None => made,
    }
}

fn refused_box(error: UnlockError) -> Error {
    let code = error.code().to_owned();
    match error {
        UnlockError::Refused => Error::new(
            ErrorClass::Locked,
            "restore.refused",
            "Paper and passphrase do not open this vault together.",
            "Check both. With the kit it is the passphrase the vault had when the backup was written, or the one it has at its home.",
        ),
        UnlockError::Kdf(error) => vault::no_memory(error),
        other => Error::integrity(&code, "The boxes in the backup are damaged.", "Use another copy of the backup.")
            .because(other),
    }
}
