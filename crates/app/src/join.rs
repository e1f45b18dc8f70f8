//! Joining a vault by an invitation: keys are made here, the answer goes to the mailbox, and the device waits until an admin has
//! added it. Then it reads the MSP's history from the genesis that the code pins, finds exactly its own keys named there, says
//! that it joins, and opens the vault.
//!
//! A further device of a member joins by such a code, too. Instead of saying that it joins it finds the member's root in a second
//! mailbox, wrapped to a key that was made here for nothing else, and compares it with the keys that the history has for that
//! member. The root made here meanwhile is that key, and is dropped.
//!
//! Nothing of the backend is believed on the way: not who it is (the letter names its id, sealed under the code's secret), not
//! which firm it shows (genesis and a head stand in the code), not who was added (the keys are compared).

use crate::api::*;
use crate::beside::Beside;
use crate::error::{Error, Result};
use crate::failpoint::{point, protected};
use crate::founding::{refused, undrafted};
use crate::home::{self, Backend, Signs};
use crate::own::Own;
use crate::restore::{self, Cause};
use crate::roots::{Roots, Unboxed};
use crate::session::{self, Identity, make, rng};
use crate::vault::{self, meta};
use crate::{App, lock, organizations, tasks};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use vitrine_entra::http::Http;
use vitrine_ledger::wire::{Append, EntriesWanted, EntryBytes, KeyId, Locator, Start};
use vitrine_ledger::{
    Author, BackendId, Claim, DeviceId, DeviceKey, EncryptionKey, Entry, Home, IdentityKey, LedgerId, MemberId,
    MspBody, MspChain, MspHistory, TransportKey,
};
use vitrine_vault::account::{BoxIds, DeviceKeys, RootKey, Unlocked, seal_account_secret};
use vitrine_vault::cbor::{self, Writer};
use vitrine_vault::handover::Handover;
use vitrine_vault::invite::{Answer, Invite, InviteError, Offer};

const MAX_PART: usize = 16 << 10;
/// How often the backend is asked whether this device was added, at first and once a person is hardly looking any more.
const AT_FIRST: Duration = Duration::from_secs(3);
const LATER: Duration = Duration::from_secs(30);
/// So many times at first: a quarter of an hour.
const TIMES: u32 = 300;

/// What an unlocked device that is joining has in memory.
pub(crate) struct Joining {
    keys: Unlocked,
    ids: BoxIds,
    letters: Letters,
    problem: Mutex<Option<ErrorView>>,
}

/// What both sides wrote.
struct Letters {
    invite: Invite,
    offer: Offer,
    answer: Answer,
    /// The sealed answer, as it is left in the mailbox: the same one each time.
    sealed: Vec<u8>,
}

/// The place of an App where a device that is joining waits.
#[derive(Default)]
pub(crate) struct Waiting {
    joining: Mutex<Option<Arc<Joining>>>,
    task: Mutex<Option<tasks::Tasks>>,
}

impl Joining {
    fn view(&self) -> JoiningView {
        let Letters { invite, offer, answer, .. } = &self.letters;
        JoiningView {
            msp_name: offer.firm.clone(),
            invited_by: offer.by.clone(),
            role: vitrine_ledger::Role::from_number(offer.role).map_or(Role::Technician, Into::into),
            own_device: offer.device_of.is_some(),
            words: invite.words(answer).into_iter().map(str::to_owned).collect(),
            problem: lock(&self.problem).clone(),
        }
    }

    fn author(&self) -> Author {
        Author { member: MemberId::from_bytes(self.ids.member), device: DeviceId::from_bytes(self.ids.device) }
    }
}

/// Whom this device waits for, where it does.
pub(crate) fn view(app: &App) -> Option<JoiningView> {
    lock(&app.inner.waiting.joining).as_ref().map(|joining| joining.view())
}

pub(crate) async fn join(app: &App, request: JoinRequest) -> Result<StatusView> {
    let _turn = vault::one_at_a_time(app).await;
    vault::refuse_existing(app).await?;
    let invite = Invite::parse(&request.code.0).map_err(unread)?;
    if invite.ends_at_ms <= app.now_ms() {
        return Err(Error::usage("join.expired", "This invitation has ended.", "Ask for a new one."));
    }
    let (http, url) = (reach(app)?, home::checked(&invite.address)?);
    let letter = home::letter(&http, &url, &Locator::from_bytes(invite.locator())).await?;
    let offer = Offer::open(&invite, &letter);
    let offer = protected!("a letter opens with its code", offer.map_err(unread)?, believed(&http, &url, offer).await?);
    if home::who(&http, &url).await?.id != BackendId::from_bytes(offer.backend) {
        return Err(home::stranger(&url));
    }
    let name = match offer.device_of {
        Some(_) => String::new(),
        None => organizations::checked_name(&request.person_name).map_err(|_| {
            Error::usage(
                "vault.name",
                "The name of the person cannot be used.",
                "Use 1 to 100 characters without line breaks.",
            )
        })?,
    };
    let in_file = !app.inner.device_secret.keychain_works().await;
    vault::check_passphrase(&request.passphrase.0, &[&offer.firm, &name, &offer.by], in_file)?;
    let keys = Unlocked { root: RootKey::make(&mut rng()), device_keys: DeviceKeys::make(&mut rng()) };
    let ids = BoxIds { member: offer.device_of.unwrap_or_else(make), device: make(), genesis: invite.genesis };
    let answer = Answer {
        member: ids.member,
        identity: keys.root.identity().public(),
        encryption: keys.root.encryption().public(),
        device: ids.device,
        device_key: keys.device_keys.public(),
        transport: keys.device_keys.transport().public(),
        name,
        device_name: vault::machine_name(),
    };
    let boxes =
        vault::seal_boxes(app, request.passphrase.0, ids, &keys.root, &keys.device_keys, request.accept_file_fallback)
            .await?;
    let sealed = answer.seal(&invite, &mut rng());
    let letters = Letters { invite, offer, answer, sealed };
    let stored = seal(&keys.device_keys, &letters, &letter)?;
    // Before anything is left in the mailbox: after a kill the same answer is left again, and no other.
    let mut tx = app.inner.store.begin().await?;
    for (name, bytes) in &boxes {
        tx.put_meta(name, bytes).await?;
    }
    tx.put_meta(meta::JOINING, &stored).await?;
    point!("join.before");
    tx.commit().await?;
    point!("join.stored");
    begin(app, Joining { keys, ids, letters, problem: Mutex::default() });
    vault::status(app, StatusRequest {}).await
}

/// What is taken for the letter of a code by a device that does not see whether it opens.
#[cfg(feature = "failpoints")]
async fn believed(http: &Http, url: &url::Url, offer: std::result::Result<Offer, InviteError>) -> Result<Offer> {
    let backend = *home::who(http, url).await?.id.as_bytes();
    let role = vitrine_ledger::Role::Technician.number();
    Ok(offer.unwrap_or(Offer { firm: String::new(), by: String::new(), role, backend, device_of: None }))
}

/// Whether the data folder holds a device that is joining.
pub(crate) async fn is_under_way(app: &App) -> Result<bool> {
    Ok(app.inner.store.meta(meta::JOINING).await?.is_some())
}

/// Goes on joining with the keys of an opened lockbox.
pub(crate) async fn resume(app: &App, keys: Unlocked, ids: BoxIds) -> Result<StatusView> {
    let stored = app.inner.store.meta(meta::JOINING).await?.unwrap_or_default();
    let letters = open(&keys.device_keys, &stored)?;
    begin(app, Joining { keys, ids, letters, problem: Mutex::default() });
    vault::status(app, StatusRequest {}).await
}

pub(crate) async fn cancel(app: &App, _request: CancelJoinRequest) -> Result<StatusView> {
    let _turn = vault::one_at_a_time(app).await;
    if is_under_way(app).await? {
        forget(app);
        let mut tx = app.inner.store.begin().await?;
        for name in [meta::LOCKBOX, meta::ENROLMENT, meta::ACCOUNT_SECRET, meta::JOINING] {
            tx.delete_meta(name).await?;
        }
        tx.commit().await?;
        app.tell(Event::StatusChanged);
    }
    vault::status(app, StatusRequest {}).await
}

/// Ends the waiting and drops its keys; part of locking.
pub(crate) fn forget(app: &App) -> bool {
    if let Some(task) = lock(&app.inner.waiting.task).take() {
        task.abort();
    }
    lock(&app.inner.waiting.joining).take().is_some()
}

fn begin(app: &App, joining: Joining) {
    let joining = Arc::new(joining);
    *lock(&app.inner.waiting.joining) = Some(joining.clone());
    let (this, task) = (app.clone(), tasks::Tasks::default());
    task.spawn(async move {
        for tried in 0_u32.. {
            match attempt(&this, &joining).await {
                Ok(true) => return,
                Ok(false) => note(&this, &joining, None),
                Err(error) => note(&this, &joining, Some(error.view().clone())),
            }
            tokio::time::sleep(if tried < TIMES { AT_FIRST } else { LATER }).await;
        }
    });
    *lock(&app.inner.waiting.task) = Some(task);
    app.tell(Event::StatusChanged);
}

fn note(app: &App, joining: &Joining, problem: Option<ErrorView>) {
    let mut noted = lock(&joining.problem);
    let code = |problem: &Option<ErrorView>| problem.as_ref().map(|problem| problem.code.clone());
    let changed = code(&noted) != code(&problem);
    *noted = problem;
    drop(noted);
    if changed {
        app.tell(Event::StatusChanged);
    }
}

/// Leaves the answer, looks whether this device was added, and joins if it was.
async fn attempt(app: &App, joining: &Arc<Joining>) -> Result<bool> {
    let (http, Letters { invite, offer, sealed, .. }) = (reach(app)?, &joining.letters);
    let url = home::checked(&invite.address)?;
    let msp = LedgerId::from_bytes(invite.genesis);
    let signer = KeyId { msp, device: joining.author().device };
    let id = BackendId::from_bytes(offer.backend);
    let backend = Backend::new(app, http.clone(), url.clone(), id, signer, Signs::Device(&joining.keys.device_keys));
    let entries = match history(&backend, msp).await {
        Ok(entries) => entries,
        // Not added yet. The mailbox says whether there is still something to wait for.
        Err(error) if error.code() == "home.unknown-device" => {
            home::answer(&http, &url, &Locator::from_bytes(invite.locator()), sealed.clone()).await?;
            return Ok(false);
        }
        Err(error) => return Err(error),
    };
    let mut chain = check(&joining.letters, joining.author(), &entries)?;
    let mut entries = entries;
    if offer.device_of.is_some() {
        return enrol(app, joining, &chain, &entries, (&http, &url)).await;
    }
    if chain.state().member(&joining.author().member).is_some_and(|member| member.joined.is_none()) {
        let entry = consent(app, joining, &chain)?;
        chain.apply(&entry).map_err(refused)?;
        let bytes = EntryBytes::new(entry.bytes().to_vec()).map_err(session::unreadable_keys)?;
        point!("join.send");
        match backend.append(&Append { entries: vec![bytes], objects: Vec::new() }).await {
            Ok(_) => {}
            // Something else was written first: read again.
            Err(failure) if failure.is_behind() => return Ok(false),
            Err(failure) => return Err(backend.error(failure)),
        }
        point!("join.sent");
        entries.push(entry);
    }
    let keys = joining.keys.root.duplicate();
    finish(app, joining, &entries, home::written(&url), Roots::of(keys), Vec::new()).await?;
    Ok(true)
}

/// Takes the member's root, once it was left for this device, and opens the vault with it.
async fn enrol(
    app: &App,
    joining: &Arc<Joining>,
    chain: &MspChain,
    entries: &[Entry],
    (http, url): (&Http, &url::Url),
) -> Result<bool> {
    let Letters { invite, .. } = &joining.letters;
    let letter = match home::letter(http, url, &Locator::from_bytes(invite.handover_locator())).await {
        Ok(letter) => letter,
        // Named in the history, and not given anything yet.
        Err(error) if error.code() == "join.unknown" => return Ok(false),
        Err(error) => return Err(error),
    };
    let (own, device) = (joining.keys.root.encryption(), joining.ids.device);
    let Handover { root, account_secret } =
        Handover::open(invite, &device, &own, &letter).map_err(|error| other_root().because(error))?;
    if !is_root_of(&root, chain, &joining.author().member) {
        return Err(other_root());
    }
    let (roots, keys) = (Roots::of(root), &joining.keys.device_keys);
    // The lockbox is sealed anew at the next unlock, when somebody types the passphrase; so is what the recovery kit opens.
    let secret = seal_account_secret(roots.now(), &account_secret, &mut rng());
    let sealed = vec![(meta::ROOTS, roots.seal(keys)?), (meta::ACCOUNT_SECRET, secret)];
    finish(app, joining, entries, home::written(url), roots, sealed).await?;
    Ok(true)
}

/// Whether a root gives the keys that the history has for a member.
fn is_root_of(root: &RootKey, chain: &MspChain, member: &MemberId) -> bool {
    chain.state().member(member).is_some_and(|member| {
        let keys = member.keys();
        *keys.identity.as_bytes() == root.identity().public()
            && *keys.encryption.as_bytes() == root.encryption().public()
    })
}

/// The MSP's history, as the backend tells it.
async fn history(backend: &Backend<'_>, msp: LedgerId) -> Result<Vec<Entry>> {
    let (mut entries, mut seq) = (Vec::<Entry>::new(), 0);
    loop {
        let answer = backend.entries(&EntriesWanted::from(vec![Start { ledger: msp, seq }])).await?;
        let before = entries.len();
        for bytes in &answer.entries {
            let entry = Entry::decode(bytes.as_bytes()).map_err(|error| false_history().because(error))?;
            seq = entry.seq().saturating_add(1);
            entries.push(entry);
        }
        if !answer.more || entries.len() == before {
            return Ok(entries);
        }
    }
}

/// Verifies that history: it begins with the firm that the code names, contains the head that the inviting device knew, and
/// names exactly the keys that were made here.
fn check(letters: &Letters, author: Author, entries: &[Entry]) -> Result<MspChain> {
    let (first, rest) = entries.split_first().ok_or_else(false_history)?;
    if *first.begins().as_bytes() != letters.invite.genesis {
        return Err(false_history());
    }
    let mut chain = MspChain::genesis(first).map_err(|refusal| false_history().because(refusal))?;
    for entry in rest {
        chain.apply(entry).map_err(|refusal| false_history().because(refusal))?;
    }
    let pinned = is_pinned(letters, author, &chain);
    if protected!("a join is what its code pins", pinned, true) { Ok(chain) } else { Err(false_history()) }
}

/// Whether a history holds what the code and the keys that were made here ask of it.
fn is_pinned(letters: &Letters, author: Author, chain: &MspChain) -> bool {
    let Letters { invite, offer, answer, .. } = letters;
    if chain.hash_at(invite.head_seq).is_none_or(|hash| *hash.as_bytes() != invite.head_hash) {
        return false;
    }
    let Home::Backend { id, .. } = chain.state().home() else { return false };
    let ours = |member: &vitrine_ledger::Member| {
        let keys = member.keys();
        *keys.identity.as_bytes() == answer.identity
            && *keys.encryption.as_bytes() == answer.encryption
            && member.first_device == author.device
    };
    let own_device = offer.device_of.is_some();
    let device = chain.state().device(&author.device).is_some_and(|device| {
        *device.key.as_bytes() == answer.device_key
            && device.transport == Some(TransportKey::from_bytes(answer.transport))
            && device.member == author.member
    });
    // A further device is of a member whose keys it does not have yet: they are compared once it was given them.
    let member = chain
        .state()
        .member(&author.member)
        .is_some_and(|member| if own_device { member.is_active() } else { ours(member) });
    *id.as_bytes() == offer.backend && member && device
}

/// This member's own word that it joins.
fn consent(app: &App, joining: &Joining, chain: &MspChain) -> Result<Entry> {
    let (author, identity) = (joining.author(), joining.keys.root.identity());
    let claim = Claim {
        place: chain.state().place(),
        member: author.member,
        device: author.device,
        device_key: DeviceKey::from_bytes(joining.keys.device_keys.public()),
        identity: IdentityKey::from_bytes(identity.public()),
        encryption: EncryptionKey::from_bytes(joining.keys.root.encryption().public()),
    };
    let proof = claim.sign(&Identity(identity)).map_err(undrafted)?;
    let draft = chain.state().draft(MspBody::MemberJoin { proof }, author, app.now_ms());
    draft.sign(joining.keys.device_keys.signing_key()).map_err(undrafted)
}

/// Stores what was verified, and opens the vault.
async fn finish(
    app: &App,
    joining: &Arc<Joining>,
    entries: &[Entry],
    url: String,
    roots: Roots,
    sealed: Vec<(&'static str, Vec<u8>)>,
) -> Result<()> {
    let _turn = vault::one_at_a_time(app).await;
    // Locked, cancelled, or done meanwhile.
    if lock(&app.inner.waiting.joining).take().is_none() {
        return Ok(());
    }
    let keys = Unboxed { roots, device_keys: joining.keys.device_keys.duplicate() };
    // The kit of a member opens its vault whichever device it was printed on.
    let kit_confirmed = joining.letters.offer.device_of.is_some();
    let own = Own { home: Some(home::Address { url, moving: false }), kit_confirmed, ..Own::default() };
    let mut tx = app.inner.store.begin().await?;
    for entry in entries {
        tx.append_entry(&joining.ids.genesis, entry.seq(), entry.bytes()).await?;
    }
    tx.put_meta(meta::OWN, &own.seal(&keys.device_keys)?).await?;
    if !sealed.is_empty() {
        // Of a root that is no member's.
        tx.delete_meta(meta::ENROLMENT).await?;
    }
    for (name, bytes) in &sealed {
        tx.put_meta(name, bytes).await?;
    }
    tx.delete_meta(meta::JOINING).await?;
    point!("join.finish");
    tx.commit().await?;
    point!("join.finished");
    Box::pin(restore::rebuild(app, keys, joining.ids, Cause::Joined)).await?;
    let session = app.session().await?;
    // Somebody gives it the keys in a moment.
    session.home.expect();
    app.tell(Event::StatusChanged);
    Ok(())
}

fn reach(app: &App) -> Result<Http> {
    session::reach(app.config().extra_ca.as_deref(), app.inner.limiter.clone())
}

/// Seals both letters and the code for the next unlock.
fn seal(keys: &DeviceKeys, letters: &Letters, offer: &[u8]) -> Result<Vec<u8>> {
    let plain = Writer::secret_document(|map| {
        // Exposed to be sealed with the rest.
        map.bytes(1, letters.invite.to_bytes().expose());
        map.bytes(2, offer);
        map.bytes(3, &letters.sealed);
    });
    // Exposed to be sealed.
    Beside::Joining.seal(keys, plain.expose())
}

fn open(keys: &DeviceKeys, stored: &[u8]) -> Result<Letters> {
    let plain = Beside::Joining.open(keys, stored).map_err(session::unreadable_keys)?;
    // Exposed to be taken apart.
    let (invite, offer, sealed) = cbor::decode(plain.expose(), 4 * MAX_PART, |reader| {
        reader.map(|map| {
            let mut part = |key| map.required(key, |reader| reader.bytes(MAX_PART));
            Ok((part(1)?, part(2)?, part(3)?))
        })
    })
    .map_err(session::unreadable_keys)?;
    let invite = Invite::from_bytes(invite).map_err(session::unreadable_keys)?;
    let offer = Offer::open(&invite, offer).map_err(session::unreadable_keys)?;
    let answer = Answer::open(&invite, sealed).map_err(session::unreadable_keys)?;
    Ok(Letters { invite, offer, answer, sealed: sealed.to_vec() })
}

fn unread(error: InviteError) -> Error {
    Error::usage(
        "join.code",
        "This is not an invitation as it was made.",
        "Copy it whole, from \"vitrine-invitation\" to its last character, or ask for a new one.",
    )
    .holds("Nothing was changed.")
    .because(error)
}

fn other_root() -> Error {
    Error::integrity(
        "join.other-root",
        "What the backend holds for this device was not sealed for it by the device that made the code.",
        "Look at the member's other device, and revoke this one there. Do not go on with this code.",
    )
    .holds("Nothing was taken. This device joined nothing.")
}

fn false_history() -> Error {
    Error::integrity(
        "join.other-history",
        "The backend shows another history than the invitation names, or did not add the keys that were made here.",
        "Call the person who invited you, by another way. Do not go on with this invitation.",
    )
    .holds("Nothing was taken. This device joined nothing.")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::founding::{Founded, found, seal_name};
    use vitrine_ledger::{BackendKey, DeviceCard, MspState, Role as LedgerRole, Verification as Made};
    use vitrine_vault::items::MspItem;

    type Swap = fn(&mut Answer, &Answer);

    /// A vault at a backend that added whoever answered.
    struct Story {
        letters: Letters,
        entries: Vec<Entry>,
        state: MspState,
        author: Author,
    }

    fn joins(answer: &Answer) -> Author {
        Author { member: MemberId::from_bytes(answer.member), device: DeviceId::from_bytes(answer.device) }
    }

    fn story(brought: &Answer, added: &Answer) -> Story {
        let firm = MspItem { name: "Northern Lights".into(), reason_required: false };
        let Founded { entries, mut state, keys } = found(&firm, "Ada", "ada-laptop", 1).unwrap();
        let mut entries: Vec<Entry> = entries.into_iter().map(|(entry, _)| entry).collect();
        let owner = Author { member: keys.member, device: keys.device_id };
        let mut append = |body| {
            let entry = state.draft(body, owner, 2).sign(keys.device.signing_key()).unwrap();
            state = state.apply(&entry).unwrap();
            entries.push(entry);
        };
        let backend = ([9; 16], DeviceKeys::make(&mut rng()).public());
        let home = Home::Backend { id: BackendId::from_bytes(backend.0), key: BackendKey::from_bytes(backend.1) };
        append(MspBody::Home { home });
        let name = |subject: &[u8]| seal_name(keys.ring.msp_key().unwrap(), subject, "Grace").unwrap();
        append(MspBody::MemberAdd {
            subject: MemberId::from_bytes(added.member),
            role: LedgerRole::Technician,
            identity: IdentityKey::from_bytes(added.identity),
            encryption: EncryptionKey::from_bytes(added.encryption),
            card: DeviceCard {
                device: DeviceId::from_bytes(added.device),
                key: DeviceKey::from_bytes(added.device_key),
                transport: Some(TransportKey::from_bytes(added.transport)),
                name: name(&added.device),
            },
            name: name(&added.member),
            verification: Made::Words,
            invite: vitrine_ledger::Invite::from_bytes([1; 32]),
            team: None,
        });
        let head = (3, *entries[3].hash().as_bytes());
        let genesis = *state.ledger().as_bytes();
        let invite = Invite::make(genesis, head, u64::MAX, "https://vault.example".into(), &mut rng());
        let offer = Offer { firm: firm.name, by: "Ada".into(), role: 3, backend: backend.0, device_of: None };
        let letters = Letters { invite, offer, answer: brought.clone(), sealed: Vec::new() };
        Story { letters, entries, state, author: joins(brought) }
    }

    fn answer() -> Answer {
        let (root, device) = (RootKey::make(&mut rng()), DeviceKeys::make(&mut rng()));
        Answer {
            member: make(),
            identity: root.identity().public(),
            encryption: root.encryption().public(),
            device: make(),
            device_key: device.public(),
            transport: device.transport().public(),
            name: "Grace".into(),
            device_name: "grace-laptop".into(),
        }
    }

    fn refuses(story: &Story, what: &str) {
        let refused = check(&story.letters, story.author, &story.entries).err().map(|error| error.code().to_owned());
        assert_eq!(refused.as_deref(), Some("join.other-history"), "{what}");
    }

    /// A vault at a backend that approved a further device of its owner, and the owner's root.
    fn device_story(brought: &Answer, added: &Answer) -> (Story, RootKey) {
        let firm = MspItem { name: "Northern Lights".into(), reason_required: false };
        let Founded { entries, mut state, keys } = found(&firm, "Ada", "ada-laptop", 1).unwrap();
        let mut entries: Vec<Entry> = entries.into_iter().map(|(entry, _)| entry).collect();
        let owner = Author { member: keys.member, device: keys.device_id };
        let backend = ([9; 16], DeviceKeys::make(&mut rng()).public());
        let home = Home::Backend { id: BackendId::from_bytes(backend.0), key: BackendKey::from_bytes(backend.1) };
        let card = DeviceCard {
            device: DeviceId::from_bytes(added.device),
            key: DeviceKey::from_bytes(added.device_key),
            transport: Some(TransportKey::from_bytes(added.transport)),
            name: seal_name(keys.ring.msp_key().unwrap(), &added.device, "desktop").unwrap(),
        };
        for body in [MspBody::Home { home }, MspBody::DeviceAdd { card, proof: None }] {
            let entry = state.draft(body, owner, 2).sign(keys.device.signing_key()).unwrap();
            state = state.apply(&entry).unwrap();
            entries.push(entry);
        }
        let head = (3, *entries[3].hash().as_bytes());
        let invite =
            Invite::make(*state.ledger().as_bytes(), head, u64::MAX, "https://vault.example".into(), &mut rng());
        let member = *keys.member.as_bytes();
        let offer = Offer { firm: firm.name, by: "Ada".into(), role: 1, backend: backend.0, device_of: Some(member) };
        let answer = Answer { member, ..brought.clone() };
        let author = joins(&answer);
        let letters = Letters { invite, offer, answer, sealed: Vec::new() };
        (Story { letters, entries, state, author }, keys.roots.now().duplicate())
    }

    #[test]
    fn a_further_device_takes_the_history_that_names_its_key_and_the_root_of_its_member_alone() {
        let (brought, evil) = (answer(), answer());
        let (story, root) = device_story(&brought, &brought);
        let chain = check(&story.letters, story.author, &story.entries).unwrap();
        assert!(is_root_of(&root, &chain, &story.author.member));
        assert!(!is_root_of(&RootKey::make(&mut rng()), &chain, &story.author.member), "a root of nobody is taken");
        refuses(&device_story(&brought, &evil).0, "another device");
        let swapped = Answer { device_key: evil.device_key, ..brought.clone() };
        refuses(&device_story(&brought, &swapped).0, "another key of the device");
        let (mut other, _) = device_story(&brought, &brought);
        other.letters.offer.device_of = None;
        refuses(&other, "a code for a new member");
        let (mut strange, _) = device_story(&brought, &brought);
        strange.author.member = MemberId::from_bytes(make());
        refuses(&strange, "a device of another member");
    }

    #[test]
    fn the_history_that_the_code_pins_with_the_keys_made_here_is_taken() {
        let brought = answer();
        let story = story(&brought, &brought);
        let chain = check(&story.letters, story.author, &story.entries).unwrap();
        assert_eq!(chain.state().head(), story.state.head());
    }

    #[test]
    fn row_02_bw08_keys_that_were_put_in_the_place_of_those_made_here_are_refused() {
        let (brought, evil) = (answer(), answer());
        let swaps: [(&str, Swap); 5] = [
            ("identity", |added, evil| added.identity = evil.identity),
            ("encryption key", |added, evil| added.encryption = evil.encryption),
            ("device", |added, evil| added.device = evil.device),
            ("device key", |added, evil| added.device_key = evil.device_key),
            ("transport key", |added, evil| added.transport = evil.transport),
        ];
        for (what, swap) in swaps {
            let mut added = brought.clone();
            swap(&mut added, &evil);
            refuses(&story(&brought, &added), what);
        }
        refuses(&story(&brought, &evil), "another member");
    }

    #[test]
    fn row_12_another_firm_an_older_or_another_history_and_another_home_are_refused() {
        let brought = answer();
        let mut other = story(&brought, &brought);
        other.entries = story(&brought, &brought).entries;
        refuses(&other, "another firm");
        let mut older = story(&brought, &brought);
        older.entries.truncate(3);
        refuses(&older, "less than the inviting device knew");
        let mut forked = story(&brought, &brought);
        forked.letters.invite.head_hash[0] ^= 1;
        refuses(&forked, "another entry where the head stood");
        let mut moved = story(&brought, &brought);
        moved.letters.offer.backend[0] ^= 1;
        refuses(&moved, "another backend");
        let mut nothing = story(&brought, &brought);
        nothing.entries.clear();
        refuses(&nothing, "nothing at all");
    }
}
