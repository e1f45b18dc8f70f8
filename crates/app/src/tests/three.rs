//! Three people at three machines, one home, and a network that loses, repeats, delays and parts: whatever happens, everybody
//! ends in one state, nothing that was acknowledged is lost, and a home that showed two histories is found out.
//!
//! The whole application runs, three times over, each with a store of its own; only the wire is played, so that a seed decides
//! what becomes of each request, and a second takes none. The home judges by the ledger's own rules and keeps the order.
//! `VITRINE_SEED` repeats a run; `VITRINE_DEEP=1` plays a thousand.

use super::{DAY, Machine, PASSPHRASE, cut, secret, with_account};
use crate::App;
use crate::api::*;
use crate::home::{Failure, MOST_STAGED, Rounds, round_locked};
use crate::journal::Change;
use crate::records::{self, Bytes32};
use crate::store::Arrived;
use data_encoding::HEXLOWER;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::OnceCell;
use url::Url;
use vitrine_entra::http::{Asked, Body, TransportError};
use vitrine_ledger::wire::{
    Append, Appended, Backend, Changed, Changes, Entries, EntriesWanted, EntryBytes, Invitation, InvitationAnswer,
    Letter, MAX_BATCH, Message, ObjectBytes, Objects, ObjectsWanted, Register, Start, object_hash,
};
use vitrine_ledger::{
    BackendId, BackendKey, CHECKPOINT_EVERY, Entry, EntryHash, Head, ItemId, ItemKind, LedgerId, MspChain, MspHistory,
    ObjectHash, OrganizationBody, OrganizationState, Refusal, SignatureBytes, Signer, SigningKey,
};
use vitrine_vault::SecretText;
use vitrine_vault::items::{Credential, Origin};

pub(super) const TOKEN: &str = "a-token-that-only-the-operator-of-this-test-has";
pub(super) const ACCOUNT: [u8; 16] = [1; 16];
/// What happens before everything is healed.
const STEPS: usize = 24;

// The home

/// A home that decides the order, as a backend does.
#[derive(Clone)]
pub(super) struct Home {
    key: SigningKey,
    msp: Option<MspChain>,
    organizations: BTreeMap<LedgerId, OrganizationState>,
    pub(super) entries: BTreeMap<LedgerId, Vec<Entry>>,
    numbers: BTreeMap<LedgerId, u64>,
    objects: BTreeMap<ObjectHash, Vec<u8>>,
    letters: BTreeMap<String, (Letter, Option<Letter>)>,
    cursor: u64,
    /// Whether whoever comes second is written over what came first: what this simulation is there to notice.
    careless: bool,
}

/// A refusal, as a problem document says it.
struct Refused(&'static str, Option<Head>);

impl Home {
    pub(super) fn new() -> Self {
        Self {
            key: SigningKey::from_bytes(&[9; 32]),
            msp: None,
            organizations: BTreeMap::new(),
            entries: BTreeMap::new(),
            numbers: BTreeMap::new(),
            objects: BTreeMap::new(),
            letters: BTreeMap::new(),
            cursor: 0,
            careless: false,
        }
    }

    fn answer(&mut self, path: &str, device: Option<&str>, body: &Body) -> Asked {
        let bytes = match body {
            Body::None => &[][..],
            Body::Post(bytes) | Body::Put(bytes) => bytes,
        };
        match self.answered(path, device, body, bytes) {
            Ok(body) => Asked { status: 200, body },
            Err(Refused(code, head)) => {
                let head = head.map(|head| serde_json::json!({ "seq": head.seq, "hash": head.hash.to_string() }));
                let document = serde_json::json!({ "code": code, "head": head });
                Asked { status: 409, body: document.to_string().into_bytes() }
            }
        }
    }

    fn answered(&mut self, path: &str, device: Option<&str>, body: &Body, bytes: &[u8]) -> Result<Vec<u8>, Refused> {
        let garbled = |_| Refused("ledger.decode.malformed", None);
        let (_, rest) = path.split_once("/v1/").unwrap();
        let (what, rest) = rest.split_once('/').unwrap_or((rest, ""));
        match what {
            "backend" => {
                let challenge = <[u8; 32]>::try_from(HEXLOWER.decode(rest.as_bytes()).unwrap()).unwrap();
                let id = BackendId::from_bytes([7; 16]);
                let proof = Signer::sign(&self.key, &Backend::message(&id, &challenge)).to_bytes();
                let key = BackendKey::from_bytes(self.key.verifying_key().to_bytes());
                let proof = SignatureBytes::from_bytes(proof);
                return Ok(Backend { id, key, time_ms: 0, proof }.to_bytes());
            }
            "msps" => {
                let genesis = Register::from_bytes(bytes).map_err(garbled)?.genesis;
                let genesis = Entry::decode(genesis.as_bytes()).map_err(garbled)?;
                if self.msp.is_none() {
                    self.msp = Some(MspChain::genesis(&genesis).map_err(|refusal| Refused(refusal.code(), None))?);
                    self.push(genesis.begins(), genesis);
                }
                return Ok(Vec::new());
            }
            "letters" => {
                let (offer, answer) = self.letters.get_mut(rest).ok_or(Refused("server.not-found", None))?;
                if let Body::Put(_) = body {
                    let left = InvitationAnswer::from_bytes(bytes).map_err(garbled)?.letter;
                    if answer.is_some() && *answer != left {
                        return Err(Refused("server.invitation-used", None));
                    }
                    *answer = left;
                    return Ok(Vec::new());
                }
                return Ok(InvitationAnswer { letter: Some(offer.clone()) }.to_bytes());
            }
            _ => {}
        }
        let msp = self.msp.as_ref().unwrap().state();
        let known = |device: &str| msp.devices().keys().any(|known| known.to_string() == device);
        if !device.is_some_and(known) {
            return Err(Refused("server.device", None));
        }
        match (what, body) {
            ("changes", _) => {
                let after: u64 = rest.parse().unwrap();
                let mut changed: Vec<_> = self.numbers.iter().filter(|(_, at)| **at > after).collect();
                changed.sort_by_key(|(_, at)| **at);
                let head = |ledger: &LedgerId| self.entries[ledger].last().unwrap().head();
                let ledgers = changed.into_iter().map(|(ledger, _)| Changed { ledger: *ledger, head: head(ledger) });
                Ok(Changes { cursor: self.cursor, more: false, ledgers: ledgers.collect() }.to_bytes())
            }
            ("entries", _) => {
                let wanted = EntriesWanted::from_bytes(bytes).map_err(garbled)?;
                let found = wanted.from.iter().flat_map(|start| {
                    let from = usize::try_from(start.seq).unwrap();
                    self.entries.get(&start.ledger).and_then(|entries| entries.get(from..)).unwrap_or_default()
                });
                let alone = wanted
                    .alone
                    .iter()
                    .filter_map(|place| self.entries.get(&place.ledger)?.get(usize::try_from(place.seq).unwrap()));
                let entries =
                    found.chain(alone).map(|entry| EntryBytes::new(entry.bytes().to_vec()).unwrap()).collect();
                Ok(Entries { entries, more: false }.to_bytes())
            }
            ("objects", _) => {
                let wanted = ObjectsWanted::from_bytes(bytes).map_err(garbled)?.objects;
                let found = wanted.iter().filter_map(|name| self.objects.get(&name.hash));
                let objects = found.map(|object| ObjectBytes::new(object.clone()).unwrap()).collect();
                Ok(Objects { objects, looked_at: u32::try_from(wanted.len()).unwrap() }.to_bytes())
            }
            ("append", _) => self.append(&Append::from_bytes(bytes).map_err(garbled)?),
            ("enrolments", Body::Put(_)) => Ok(Vec::new()),
            ("invitations", Body::Put(_)) => {
                let letter = Invitation::from_bytes(bytes).map_err(garbled)?.letter;
                self.letters.insert(rest.to_owned(), (letter, None));
                Ok(Vec::new())
            }
            ("invitations", _) => {
                let left = self.letters.get(rest).ok_or(Refused("server.not-found", None))?.1.clone();
                Ok(InvitationAnswer { letter: left }.to_bytes())
            }
            _ => Err(Refused("server.not-found", None)),
        }
    }

    fn append(&mut self, append: &Append) -> Result<Vec<u8>, Refused> {
        if append.entries.len() > MAX_BATCH || append.objects.len() > MAX_BATCH {
            return Err(Refused("server.too-large", None));
        }
        // All or nothing.
        let mut next = self.clone();
        for bytes in &append.entries {
            let entry = Entry::decode(bytes.as_bytes()).map_err(|_| Refused("ledger.decode.malformed", None))?;
            let head = entry.ledger().and_then(|ledger| Some(next.entries.get(&ledger)?.last()?.head()));
            next.take(entry).map_err(|refusal| Refused(refusal.code(), head))?;
        }
        next.objects
            .extend(append.objects.iter().map(|object| (object_hash(object.as_bytes()), object.as_bytes().to_vec())));
        *self = next;
        Ok(Appended { cursor: self.cursor }.to_bytes())
    }

    fn take(&mut self, entry: Entry) -> Result<(), Refusal> {
        let msp = self.msp.as_mut().unwrap();
        let ledger = entry.ledger().unwrap_or_else(|| entry.begins());
        if self.careless && ledger != msp.state().ledger() {
            let place = usize::try_from(entry.seq()).unwrap();
            // What came first is gone, and so is what stands on it.
            if self.entries.get(&ledger).is_some_and(|entries| entries.len() > place && place > 0) {
                let kept = self.entries[&ledger][..place].to_vec();
                let mut state = OrganizationState::genesis(&kept[0], msp)?;
                for entry in &kept[1..] {
                    state = state.apply(entry, msp)?;
                }
                self.organizations.insert(ledger, state);
                self.entries.insert(ledger, kept);
            }
        }
        if ledger == msp.state().ledger() {
            msp.apply(&entry)?;
        } else {
            let state = match self.organizations.get(&ledger) {
                Some(state) => state.apply(&entry, msp)?,
                None => OrganizationState::genesis(&entry, msp)?,
            };
            self.organizations.insert(ledger, state);
        }
        self.push(ledger, entry);
        Ok(())
    }

    fn push(&mut self, ledger: LedgerId, entry: Entry) {
        self.cursor += 1;
        self.numbers.insert(ledger, self.cursor);
        self.entries.entry(ledger).or_default().push(entry);
    }

    /// Whether this asks for what stands before an organization's first checkpoint.
    fn before_checkpoints(&self, start: &Start) -> bool {
        start.seq < CHECKPOINT_EVERY && self.organizations.contains_key(&start.ledger)
    }

    fn hash_at(&self, ledger: &LedgerId, seq: u64) -> Option<EntryHash> {
        Some(self.entries.get(ledger)?.get(usize::try_from(seq).ok()?)?.hash())
    }
}

// The wire

/// Everything between three devices and their home.
pub(super) struct Wire {
    rng: StdRng,
    pub(super) home: Home,
    /// Another history, and the device that is shown it.
    other: Option<(String, Home)>,
    /// Devices that reach nobody.
    parted: BTreeSet<String>,
    /// Whether requests come to harm.
    rough: bool,
    /// How many requests for what stands before the first checkpoints of organizations are answered.
    pub(super) gives_of_the_past: usize,
    /// The places from which that was given.
    pub(super) given_of_the_past: Vec<u64>,
    /// Whether entries asked for by themselves are given in another order.
    pub(super) mixes_up: bool,
    /// What devices that are not among these are shown of an organization, but for its past.
    pub(super) newcomers_see: Option<(BTreeSet<String>, LedgerId, Vec<Entry>)>,
    /// Requests that arrive when nobody waits for the answer any more.
    late: Vec<(String, String, Vec<u8>)>,
}

impl Wire {
    fn home_of(&mut self, device: Option<&str>) -> &mut Home {
        match &mut self.other {
            Some((apart, other)) if device == Some(apart.as_str()) => other,
            _ => &mut self.home,
        }
    }

    fn carry(&mut self, path: &str, device: Option<&str>, body: &Body) -> Result<Asked, Failure> {
        if device.is_some_and(|device| self.parted.contains(device)) {
            return Err(Failure::Transport(TransportError::NoConnection));
        }
        let past = match body {
            Body::Post(bytes) if path.ends_with("/entries") => {
                let from = EntriesWanted::from_bytes(bytes).unwrap().from;
                from.into_iter().find(|start| self.home.before_checkpoints(start))
            }
            _ => None,
        };
        if let Some(start) = &past {
            let left = self.gives_of_the_past.checked_sub(1);
            self.gives_of_the_past = left.ok_or(Failure::Transport(TransportError::NoConnection))?;
            self.given_of_the_past.push(start.seq);
        }
        if self.mixes_up
            && let (true, Body::Post(bytes)) = (path.ends_with("/entries"), body)
        {
            let mut wanted = EntriesWanted::from_bytes(bytes).unwrap();
            wanted.alone.reverse();
            return Ok(self.home.answer(path, device, &Body::Post(wanted.to_bytes())));
        }
        if let Some((known, ledger, shown)) = self.newcomers_see.take() {
            let differs = past.is_none() && device.is_some_and(|device| !known.contains(device));
            let true_one = differs.then(|| self.home.entries.insert(ledger, shown.clone()).unwrap());
            let answer = self.home.answer(path, device, body);
            if let Some(true_one) = true_one {
                self.home.entries.insert(ledger, true_one);
            }
            self.newcomers_see = Some((known, ledger, shown));
            return Ok(answer);
        }
        match if self.rough { self.rng.random_range(0..100) } else { 100 } {
            0..8 => Err(Failure::Transport(TransportError::NoConnection)),
            8..16 => {
                // It arrives, and the answer does not.
                self.home_of(device).answer(path, device, body);
                Err(Failure::Transport(TransportError::NoAnswer))
            }
            16..24 => {
                self.home_of(device).answer(path, device, body);
                Ok(self.home_of(device).answer(path, device, body))
            }
            24..32 => {
                if let (Body::Post(bytes), Some(device)) = (body, device) {
                    self.late.push((path.to_owned(), device.to_owned(), bytes.clone()));
                }
                Err(Failure::Transport(TransportError::NoAnswer))
            }
            _ => Ok(self.home_of(device).answer(path, device, body)),
        }
    }

    /// One of those arrives, in whichever order.
    fn arrives(&mut self) {
        if !self.late.is_empty() {
            let place = self.rng.random_range(0..self.late.len());
            let (path, device, body) = self.late.swap_remove(place);
            self.home_of(Some(&device)).answer(&path, Some(&device), &Body::Post(body));
        }
    }
}

/// The wires of this process, by port.
static WIRES: LazyLock<Mutex<HashMap<u16, Arc<Mutex<Wire>>>>> = LazyLock::new(Mutex::default);

/// Carries a request whose address is on one of these wires.
pub(crate) fn carried(url: &Url, headers: &[(&'static str, String)], body: &Body) -> Option<Result<Asked, Failure>> {
    let wire = WIRES.lock().unwrap().get(&url.port_or_known_default()?)?.clone();
    let input = headers.iter().find(|(name, _)| *name == "signature-input").map(|(_, input)| input.as_str());
    let signer = input.and_then(|input| input.split("keyid=\"").nth(1)?.split('"').next()?.rsplit('.').next());
    Some(wire.lock().unwrap().carry(url.path(), signer, body))
}

// Three people

struct Device {
    machine: Machine,
    /// None while its program does not run.
    app: Option<App>,
    id: String,
}

impl Device {
    fn app(&self) -> &App {
        self.app.as_ref().unwrap()
    }

    async fn restarts(&mut self) {
        cut(self.app.take().unwrap()).await;
        self.app = Some(self.machine.unlocked().await);
    }
}

/// The folders, keychains and ids of three people who work together, and their home: made once.
struct Begun {
    machines: Vec<Machine>,
    ids: Vec<String>,
    home: Home,
    organization: Bytes32,
}

pub(super) const ADDRESS: &str = "http://localhost:";

async fn begun() -> &'static Begun {
    static BEGUN: OnceCell<Begun> = OnceCell::const_new();
    BEGUN.get_or_init(begin).await
}

async fn begin() -> Begun {
    let (port, wire) = wired(Home::new(), 0);
    let machines: Vec<_> = (0..3).map(|_| Machine::new()).collect();
    let owner = machines[0].create().await;
    let organization = with_account(&owner, "Contoso", 1).await;
    owner.call(MoveHomeRequest { address: format!("{ADDRESS}{port}"), token: secret(TOKEN) }).await.unwrap();
    let mut apps = vec![owner];
    for (machine, name, role) in [(&machines[1], "Grace", Role::Admin), (&machines[2], "Mary", Role::Technician)] {
        let app = joined(&apps[0], machine, name, role).await;
        sees(&apps[0], &app, &organization).await;
        apps.push(app);
    }
    let mut ids = Vec::new();
    for app in apps {
        ids.push(app.session().await.unwrap().author.device.to_string());
        cut(app).await;
    }
    let home = wire.lock().unwrap().home.clone();
    Begun { machines, ids, home, organization }
}

/// Brings somebody in.
pub(super) async fn joined(owner: &App, machine: &Machine, name: &str, role: Role) -> App {
    let invited =
        owner.call(InviteRequest { name: name.into(), role, hours: 1, copy: false, team: None }).await.unwrap();
    let app = machine.start().await;
    let (code, passphrase) = (invited.code.unwrap(), secret(PASSPHRASE));
    let request = JoinRequest { code, person_name: name.into(), passphrase, accept_file_fallback: true };
    app.call(request).await.unwrap();
    let answered =
        async || owner.call(PeopleRequest {}).await.unwrap().invitations.iter().any(|it| it.answer.is_some());
    eventually("an answer", async || {
        drop(owner.call(SyncRequest {}).await);
        answered().await
    })
    .await;
    let request = ApproveMemberRequest { invitation: invited.invitation, compared: true };
    owner.call(request).await.unwrap();
    eventually("somebody who joined", async || app.session().await.is_ok()).await;
    app
}

/// Waits until somebody who joined was given the keys of an organization and shows it.
pub(super) async fn sees(owner: &App, app: &App, organization: &Bytes32) {
    eventually("keys", async || {
        // Two who give keys at once get into each other's way, and go on.
        drop((owner.call(SyncRequest {}).await, app.call(SyncRequest {}).await));
        app.call(OrganizationRequest { organization: records::organization_text(organization) }).await.is_ok()
    })
    .await;
}

pub(super) fn wired(home: Home, seed: u64) -> (u16, Arc<Mutex<Wire>>) {
    // Nobody listens there, and nobody is asked to.
    static NEXT: AtomicU16 = AtomicU16::new(1);
    let wire = Wire {
        rng: StdRng::seed_from_u64(seed),
        home,
        other: None,
        parted: BTreeSet::new(),
        rough: false,
        gives_of_the_past: usize::MAX,
        given_of_the_past: Vec::new(),
        mixes_up: false,
        newcomers_see: None,
        late: Vec::new(),
    };
    let (port, wire) = (NEXT.fetch_add(1, Ordering::SeqCst), Arc::new(Mutex::new(wire)));
    WIRES.lock().unwrap().insert(port, wire.clone());
    (port, wire)
}

pub(super) async fn eventually(what: &str, look: impl AsyncFn() -> bool) {
    let end = Instant::now() + Duration::from_mins(1);
    while !look().await {
        assert!(Instant::now() < end, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

// What happens

/// What somebody was told to be stored: an entry that the history must have for good.
struct Promise {
    ledger: LedgerId,
    head: Head,
}

struct Play {
    wire: Arc<Mutex<Wire>>,
    devices: Vec<Device>,
    organizations: Vec<Bytes32>,
    rng: StdRng,
    promises: Vec<Promise>,
    written: u32,
}

type Told<T> = Result<T, String>;

impl Play {
    /// Three people as they stand, with a wire of their own.
    async fn of(seed: u64) -> Self {
        let begun = begun().await;
        let (port, wire) = wired(begun.home.clone(), seed);
        let mut devices = Vec::new();
        for (machine, id) in begun.machines.iter().zip(&begun.ids) {
            let own = Machine::new();
            std::fs::create_dir_all(own.path("vault")).unwrap();
            for file in std::fs::read_dir(machine.path("vault")).unwrap() {
                let file = file.unwrap();
                if file.file_type().unwrap().is_file() {
                    std::fs::copy(file.path(), own.path("vault").join(file.file_name())).unwrap();
                }
            }
            own.ring.held.lock().unwrap().clone_from(&machine.ring.held.lock().unwrap());
            let app = own.unlocked().await;
            // Where the home answers is this device's own knowledge.
            let session = app.session().await.unwrap();
            let url = format!("{ADDRESS}{port}");
            let at = move |own: &mut crate::own::Own| {
                own.home = Some(crate::home::Address { url: url.clone(), moving: false });
            };
            crate::own::note(&app, &session, at).await.unwrap();
            devices.push(Device { machine: own, app: Some(app), id: id.clone() });
        }
        let organizations = vec![begun.organization];
        Self { wire, devices, organizations, rng: StdRng::seed_from_u64(!seed), promises: Vec::new(), written: 0 }
    }

    fn wire(&self) -> std::sync::MutexGuard<'_, Wire> {
        self.wire.lock().unwrap()
    }

    /// Something is written, read, cut off or comes back.
    async fn step(&mut self) -> Told<()> {
        let one = self.rng.random_range(0..3);
        self.devices[one].machine.passes(90_000);
        self.written += 1;
        let (text, place) = (format!("note {}", self.written), self.rng.random_range(0..self.organizations.len()));
        let organization = self.organizations[place];
        match self.rng.random_range(0..16) {
            0..4 => {
                let told = edit(self.devices[one].app(), &organization, &text).await;
                self.heard(one, &organization, told).await?;
            }
            4..7 => {
                let told = rotate(self.devices[one].app(), &text).await;
                self.heard(one, &begun().await.organization, told).await?;
            }
            7..9 => {
                // Two at once, about the same.
                let other = (one + 1) % 3;
                self.devices[other].machine.passes(90_000);
                let second = format!("{text}, too");
                let (here, there) = tokio::join!(
                    edit(self.devices[one].app(), &organization, &text),
                    edit(self.devices[other].app(), &organization, &second)
                );
                self.heard(one, &organization, here).await?;
                self.heard(other, &organization, there).await?;
            }
            9 if one < 2 => {
                let request = AddOrganizationRequest { name: text, notes: String::new(), team: None };
                let told = self.devices[one].app().call(request).await;
                if let Ok(view) = &told {
                    let id = records::parse_organization(&view.id).unwrap();
                    self.organizations.push(id);
                    self.heard(one, &id, Ok(())).await?;
                }
                harmless(told)?;
            }
            9 | 10 => {
                let (organization, account) = (records::organization_text(&organization), records::item_text(&ACCOUNT));
                let (which, then) = (WhichValue::Current, AfterView::default());
                let request = RevealRequest { organization, account, which, reason: text, then };
                harmless(self.devices[one].app().call(request).await)?;
            }
            11..13 => harmless(self.devices[one].app().call(SyncRequest {}).await)?,
            13 => self.devices[one].restarts().await,
            14 => {
                let id = self.devices[one].id.clone();
                let mut wire = self.wire();
                if !wire.parted.remove(&id) {
                    wire.parted.insert(id);
                }
            }
            _ => self.wire().arrives(),
        }
        Ok(())
    }

    /// What was acknowledged is remembered with the place that it has.
    async fn heard(&mut self, one: usize, organization: &Bytes32, told: Result<(), ErrorView>) -> Told<()> {
        if told.is_ok() {
            let ledger = LedgerId::from_bytes(*organization);
            let head = head(self.devices[one].app(), &ledger).await.ok_or("an acknowledged write is not here")?;
            self.promises.push(Promise { ledger, head });
        }
        harmless(told)
    }

    /// The network is well again, and what was under way arrives.
    fn heals(&self) {
        let mut wire = self.wire();
        wire.rough = false;
        wire.parted.clear();
        while !wire.late.is_empty() {
            wire.arrives();
        }
    }

    /// Everybody is in the state of the home, and what was promised is in it.
    async fn agrees(&self) -> Told<()> {
        for _ in 0..3 {
            for device in &self.devices {
                device.app().call(SyncRequest {}).await.map_err(|error| format!("after all: {error:?}"))?;
            }
        }
        for Promise { ledger, head } in &self.promises {
            if self.wire().home.hash_at(ledger, head.seq) != Some(head.hash) {
                return Err(format!("lost: {} of {ledger}", head.seq));
            }
        }
        let ledgers: Vec<(LedgerId, Head)> = {
            let wire = self.wire();
            wire.home.entries.iter().map(|(ledger, entries)| (*ledger, entries.last().unwrap().head())).collect()
        };
        for (ledger, there) in ledgers {
            for (number, device) in self.devices.iter().enumerate() {
                if head(device.app(), &ledger).await != Some(there) {
                    return Err(format!("device {number} is not where the home is in {ledger}"));
                }
            }
        }
        for organization in &self.organizations {
            let mut shown = BTreeSet::new();
            for device in &self.devices {
                let request = OrganizationRequest { organization: records::organization_text(organization) };
                let view = device.app().call(request).await.map_err(|error| format!("{error:?}"))?;
                shown.insert((view.name, view.notes, stored(device.app(), organization).await));
            }
            if shown.len() != 1 {
                return Err(format!("not the same everywhere: {shown:?}"));
            }
        }
        Ok(())
    }

    async fn ends(mut self) {
        for device in &mut self.devices {
            cut(device.app.take().unwrap()).await;
        }
        WIRES.lock().unwrap().retain(|_, wire| !Arc::ptr_eq(wire, &self.wire));
    }
}

/// What a bad network explains; anything else is what this simulation looks for.
fn harmless<T>(told: Result<T, ErrorView>) -> Told<()> {
    match told {
        Ok(_) => Ok(()),
        Err(error) if matches!(error.class, ErrorClass::Unreachable | ErrorClass::Partly) => Ok(()),
        // What somebody else added may not be here yet, nor have an account.
        Err(error) if error.class == ErrorClass::Usage => Ok(()),
        Err(error) => Err(format!("{error:?}")),
    }
}

pub(super) async fn edit(app: &App, organization: &Bytes32, notes: &str) -> Result<(), ErrorView> {
    let organization = records::organization_text(organization);
    let name = app.call(OrganizationRequest { organization: organization.clone() }).await?.name;
    app.call(EditOrganizationRequest { organization, name, notes: notes.into(), tags: Vec::new() }).await.map(drop)
}

/// A new password of the first organization's account, as a rotation stores it.
async fn rotate(app: &App, password: &str) -> Result<(), ErrorView> {
    let session = app.session().await?;
    let mut change = Change::begin(app, &session).await?;
    let mut opened = change.open(&begun().await.organization).await?;
    let mut item = change.account(&opened, &ACCOUNT).await?;
    item.previous = item.current.take();
    let password = SecretText::new(password.into());
    item.current = Some(Credential { password, set_at_ms: app.now_ms(), origin: Origin::Rotated });
    change.put_account(&mut opened, &ACCOUNT, &item).await?;
    crate::accounts::show_in(&mut opened.row, &ACCOUNT, &item);
    change.save(opened).await?;
    Ok(change.commit().await?)
}

pub(super) async fn stored(app: &App, organization: &Bytes32) -> Option<String> {
    let row = crate::organizations::load(app, organization).await.ok()?;
    let item = crate::journal::read_account(app, &*app.session().await.ok()?, &row, &ACCOUNT).await.ok()?;
    // Exposed to be compared.
    Some(item.current?.password.expose().clone())
}

pub(super) async fn head(app: &App, ledger: &LedgerId) -> Option<Head> {
    let seq = app.inner.store.newest_seq(ledger.as_bytes()).await.unwrap()?;
    let bytes = app.inner.store.entry(ledger.as_bytes(), seq).await.unwrap()?;
    Some(Entry::decode(&bytes).unwrap().head())
}

/// A whole story: rough weather, then everybody agrees.
async fn story(seed: u64, careless: bool) -> Told<()> {
    let mut play = Play::of(seed).await;
    {
        let mut wire = play.wire();
        (wire.rough, wire.home.careless) = (true, careless);
    }
    let told = async {
        for _ in 0..STEPS {
            Box::pin(play.step()).await?;
        }
        play.heals();
        Box::pin(play.agrees()).await
    };
    let told = told.await;
    play.ends().await;
    told
}

/// The same with one device that is shown another history for a while; then it is shown what the others have.
async fn split(seed: u64) -> Told<()> {
    let mut play = Play::of(seed).await;
    let told = async {
        let apart = play.rng.random_range(0..3);
        for step in 0..STEPS {
            if step == STEPS / 3 {
                play.wire().rough = false;
                let mut wire = play.wire();
                wire.parted.clear();
                wire.late.clear();
                wire.other = Some((play.devices[apart].id.clone(), wire.home.clone()));
            }
            Box::pin(play.step()).await?;
        }
        play.heals();
        let (_, other) = play.wire().other.take().unwrap();
        // One exchange, in which all heads are told, as once a day.
        let device = &play.devices[apart];
        device.machine.passes(DAY);
        let told = device.app().call(SyncRequest {}).await;
        let mut forked = false;
        for (ledger, entries) in &other.entries {
            let taken = head(device.app(), ledger).await.map_or(0, |head| head.seq + 1);
            for entry in entries.iter().take(usize::try_from(taken).unwrap()) {
                forked |= play.wire().home.hash_at(ledger, entry.seq()) != Some(entry.hash());
            }
        }
        match told {
            Err(error) if error.class == ErrorClass::Integrity && forked => Ok(forked),
            Err(error) => Err(format!("one history for all, and it says {error:?}")),
            Ok(_) if forked => Err("two histories, and nobody notices".into()),
            Ok(_) => Ok(false),
        }
    };
    let told = told.await;
    play.ends().await;
    told.map(drop)
}

/// The ids of entries that give an organization new keys, at the home.
fn epochs(play: &Play, organization: &Bytes32) -> usize {
    let wire = play.wire();
    let entries = &wire.home.entries[&LedgerId::from_bytes(*organization)];
    let begins =
        |entry: &&Entry| matches!(entry.body(), vitrine_ledger::Body::Organization(OrganizationBody::Epoch { .. }));
    entries.iter().filter(begins).count()
}

/// Removes somebody whose device wrote something at the home that the remover has not seen. Says whether everybody has new keys.
async fn removed_with_something_unseen(play: &mut Play) -> bool {
    let organization = begun().await.organization;
    let unseen = play.devices[0].id.clone();
    play.wire().parted.insert(unseen);
    rotate(play.devices[2].app(), "what nobody saw").await.unwrap();
    play.wire().parted.clear();
    let before = epochs(play, &organization);
    let owner = play.devices[0].app();
    let people = owner.call(PeopleRequest {}).await.unwrap();
    let member = people.members.iter().find(|member| member.name == "Mary").unwrap().id.clone();
    owner.call(RemoveMemberRequest { member, reason: "left".into() }).await.unwrap();
    for _ in 0..3 {
        drop((owner.call(SyncRequest {}).await, play.devices[1].app().call(SyncRequest {}).await));
    }
    epochs(play, &organization) == before + 1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_keys_follow_what_a_removed_device_wrote_unseen() {
    let mut play = Play::of(1).await;
    assert!(Box::pin(removed_with_something_unseen(&mut play)).await, "no new keys");
    let organization = begun().await.organization;
    let there = play.wire().home.entries[&LedgerId::from_bytes(organization)].last().unwrap().head();
    for device in &play.devices[..2] {
        assert_eq!(head(device.app(), &LedgerId::from_bytes(organization)).await, Some(there));
        assert_eq!(stored(device.app(), &organization).await.as_deref(), Some("what nobody saw"));
    }
    play.ends().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_that_is_longer_than_one_request_moves_whole() {
    let (port, wire) = wired(Home::new(), 3);
    let machine = Machine::new();
    let owner = machine.create().await;
    let organization = with_account(&owner, "Contoso", 1).await;
    let session = owner.session().await.unwrap();
    let mut change = Change::begin(&owner, &session).await.unwrap();
    let mut opened = change.open(&organization).await.unwrap();
    let item = change.account(&opened, &ACCOUNT).await.unwrap();
    for _ in 0..MAX_BATCH {
        change.put_account(&mut opened, &ACCOUNT, &item).await.unwrap();
    }
    change.save(opened).await.unwrap();
    change.commit().await.unwrap();
    owner.call(MoveHomeRequest { address: format!("{ADDRESS}{port}"), token: secret(TOKEN) }).await.unwrap();
    let ledger = LedgerId::from_bytes(organization);
    let there = wire.lock().unwrap().home.entries[&ledger].last().unwrap().head();
    assert!(there.seq > MAX_BATCH as u64);
    assert_eq!(head(&owner, &ledger).await, Some(there));
    // It goes on there.
    edit(&owner, &organization, "moved").await.unwrap();
    assert_ne!(wire.lock().unwrap().home.entries[&ledger].last().unwrap().head(), there);
    cut(owner).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vault_that_lacks_what_an_item_names_stays_where_it_is() {
    let (port, wire) = wired(Home::new(), 5);
    let machine = Machine::new();
    let owner = machine.create().await;
    let organization = with_account(&owner, "Contoso", 1).await;
    let row = crate::organizations::load(&owner, &organization).await.unwrap();
    let named = crate::journal::object_named(&row, &ACCOUNT).unwrap();
    let mut tx = owner.inner.store.begin().await.unwrap();
    assert!(tx.delete_object(named.as_bytes()).await.unwrap());
    tx.commit().await.unwrap();
    let moving = MoveHomeRequest { address: format!("{ADDRESS}{port}"), token: secret(TOKEN) };
    assert_eq!(owner.call(moving).await.unwrap_err().code, "vault.object-missing");
    assert!(owner.call(HomeRequest {}).await.unwrap().backend.is_none(), "it moved");
    assert!(wire.lock().unwrap().home.msp.is_none(), "something was brought there");
    cut(owner).await;
}

/// A device of the vault writes what no other can read: the history allows it, so nobody but its readers can notice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_in_one_organization_keeps_nobody_from_the_others() {
    let (port, _wire) = wired(Home::new(), 6);
    let machines = [Machine::new(), Machine::new()];
    let owner = machines[0].create().await;
    let before = with_account(&owner, "Contoso", 1).await;
    let broken = with_account(&owner, "Broken", 2).await;
    let after = with_account(&owner, "Fabrikam", 3).await;
    let spoiled = async |item: u8| {
        let session = owner.session().await.unwrap();
        let mut change = Change::begin_taking(&owner, &session).await.unwrap();
        let mut opened = change.open(&broken).await.unwrap();
        let junk = vec![item; 1024];
        let object = vitrine_vault::object::hash(&junk);
        change.tx.put_object(&object, &junk).await.unwrap();
        let put = OrganizationBody::Put {
            item: ItemId::from_bytes([item; 16]),
            item_kind: ItemKind::Account,
            version: 1,
            object: ObjectHash::from_bytes(object),
        };
        change.append(&mut opened, put).await.unwrap();
        change.save(opened).await.unwrap();
        change.commit().await.unwrap();
    };
    spoiled(9).await;
    owner.call(MoveHomeRequest { address: format!("{ADDRESS}{port}"), token: secret(TOKEN) }).await.unwrap();
    let grace = joined(&owner, &machines[1], "Grace", Role::Admin).await;
    for organization in [&before, &after] {
        sees(&owner, &grace, organization).await;
    }
    let warned = async |app: &App| {
        let warnings = app.call(StatusRequest {}).await.unwrap().warnings;
        warnings.into_iter().any(|warning| warning.code == "vault.changes-unreadable")
    };
    eventually("a warning", async || {
        drop(grace.call(SyncRequest {}).await);
        warned(&grace).await
    })
    .await;
    // It is not the home's doing: what is written goes there, and what is new comes from there.
    edit(&grace, &before, "by Grace").await.unwrap();
    owner.call(SyncRequest {}).await.unwrap();
    edit(&owner, &after, "by Ada").await.unwrap();
    grace.call(SyncRequest {}).await.unwrap();
    let shown = grace.call(OrganizationRequest { organization: records::organization_text(&after) }).await.unwrap();
    assert_eq!(shown.notes, "by Ada");
    assert!(!warned(&owner).await);
    cut(grace).await;
    cut(owner).await;
}

/// Locks the technician's device, and writes something at the home while it is locked.
async fn locked_while_something_is_written(play: &Play) -> App {
    let technician = play.devices[2].app().clone();
    technician.call(SyncRequest {}).await.unwrap();
    technician.call(LockRequest {}).await.unwrap();
    rotate(play.devices[0].app(), "new while locked").await.unwrap();
    technician
}

async fn unlocked_without_a_network(play: &Play, app: &App) {
    play.wire().parted.insert(play.devices[2].id.clone());
    app.call(UnlockRequest { passphrase: secret(PASSPHRASE) }).await.unwrap();
    app.session().await.unwrap().home.all_taken().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_device_fetches_what_it_shows_after_an_unlock_without_a_network() {
    let play = Play::of(2).await;
    let technician = locked_while_something_is_written(&play).await;
    round_locked(&technician, &mut Rounds::default()).await.unwrap();
    let organization = begun().await.organization;
    assert!(technician.inner.store.staged_size().await.unwrap() > 0, "nothing arrived");
    unlocked_without_a_network(&play, &technician).await;
    assert_eq!(stored(&technician, &organization).await.as_deref(), Some("new while locked"));
    assert_eq!(technician.inner.store.staged_size().await.unwrap(), 0);
    assert!(technician.call(HomeRequest {}).await.unwrap().backend.unwrap().synced_at.is_some(), "as of when?");
    drop(technician);
    play.ends().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_arrives_while_locked_fills_no_disk_and_the_rest_is_fetched_after_the_unlock() {
    let play = Play::of(4).await;
    let technician = locked_while_something_is_written(&play).await;
    for number in 0..80 {
        rotate(play.devices[0].app(), &format!("password {number}")).await.unwrap();
    }
    round_locked(&technician, &mut Rounds::default()).await.unwrap();
    let size = technician.inner.store.staged_size().await.unwrap();
    assert!(size <= MOST_STAGED + 8192, "{size} bytes lie beside the store");
    technician.call(UnlockRequest { passphrase: secret(PASSPHRASE) }).await.unwrap();
    technician.call(SyncRequest {}).await.unwrap();
    assert_eq!(stored(&technician, &begun().await.organization).await.as_deref(), Some("password 79"));
    drop(technician);
    play.ends().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_arrived_while_locked_and_is_not_signed_history_is_thrown_away() {
    let play = Play::of(3).await;
    let technician = locked_while_something_is_written(&play).await;
    let (organization, store) = (begun().await.organization, &technician.inner.store);
    let newest = store.newest_seq(&organization).await.unwrap().unwrap();
    // An entry of this very ledger, at a place that it does not have.
    let replayed = store.entry(&organization, newest).await.unwrap().unwrap();
    let entries = vec![(organization, newest + 1, replayed)];
    store.stage(&Arrived { entries, objects: vec![([3; 32], vec![7; 2_000])] }).await.unwrap();
    unlocked_without_a_network(&play, &technician).await;
    assert_eq!(store.staged_size().await.unwrap(), 0);
    assert_eq!(store.newest_seq(&organization).await.unwrap(), Some(newest));
    assert!(stored(&technician, &organization).await.is_some(), "what was there is there no more");
    // The home itself gives what is true.
    play.wire().parted.clear();
    technician.call(SyncRequest {}).await.unwrap();
    assert_eq!(stored(&technician, &organization).await.as_deref(), Some("new while locked"));
    drop(technician);
    play.ends().await;
}

fn deep() -> bool {
    std::env::var("VITRINE_DEEP").is_ok_and(|deep| deep == "1")
}

fn first_seed() -> u64 {
    let given = std::env::var("VITRINE_SEED").ok().and_then(|seed| seed.parse().ok());
    given.unwrap_or_else(|| rand::random_range(0..1 << 32))
}

async fn play_all(what: &str, seeds: u64, play: impl AsyncFn(u64) -> Told<()>) {
    let first = first_seed();
    eprintln!("{what}: VITRINE_SEED={first}, {seeds} seeds");
    for seed in first..first + seeds {
        if let Err(error) = play(seed).await {
            panic!("VITRINE_SEED={seed}: {error}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_devices_agree_and_lose_nothing_whatever_the_network_does() {
    let seeds = if deep() { 700 } else { 7 };
    play_all("three devices", seeds, async |seed| story(seed, false).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_devices_find_two_histories_after_one_exchange() {
    let seeds = if deep() { 300 } else { 3 };
    play_all("three devices and two histories", seeds, split).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_home_that_writes_over_what_came_first_is_noticed() {
    for seed in 0..20 {
        if story(seed, true).await.is_err() {
            return;
        }
    }
    panic!("nobody notices that what was acknowledged is gone");
}
