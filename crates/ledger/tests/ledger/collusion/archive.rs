//! All entries that were ever signed in a story, and what the ledger's code said to each.
//!
//! Signing and reading are pure, so each is done once and remembered: what runs in the model is the real code, what is
//! visited a million times is its answer.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::{OnceLock, RwLock};

use vitrine_ledger::{
    Body, Draft, Entry, Head, ItemKind, Member, MemberWrap, MspBody, MspChain, MspHistory, MspState, OrganizationBody,
    OrganizationState, Place, Role, TeamKind, Unfinished,
};

use super::cast::{Cast, Leaver, OURS, THEIRS};
use super::rules::{self, Broken};
use super::without::{self, Protection};
use super::{Act, Careless, Client, Hostile, Key, OWNER, SECOND, TECHNICIAN};
use crate::kit::{Customer, Firm, log, put, wrap};

/// What was answered, by the question.
struct Answers<Q, A>(RwLock<HashMap<Q, A>>);

impl<Q: Eq + Hash, A: Clone> Answers<Q, A> {
    fn new() -> Self {
        Self(RwLock::new(HashMap::new()))
    }

    fn known(&self, question: &Q) -> Option<A> {
        self.0.read().unwrap().get(question).cloned()
    }

    fn keep(&self, question: Q, answer: A) -> A {
        self.0.write().unwrap().entry(question).or_insert(answer).clone()
    }

    fn ask(&self, question: Q, answer: impl FnOnce(&Q) -> A) -> A {
        self.known(&question).unwrap_or_else(|| {
            let answer = answer(&question);
            self.keep(question, answer)
        })
    }
}

/// The MSP ledger as a client has it. With a check taken out it holds what no chain would: then there is a state alone.
#[derive(Clone)]
pub struct Msp {
    pub state: MspState,
    pub chain: Option<MspChain>,
}

type Path = Vec<Key>;

pub struct Archive {
    cast: Cast,
    off: Option<Protection>,
    entries: Answers<Key, Entry>,
    msps: Answers<Path, Msp>,
    organizations: Answers<Path, OrganizationState>,
    msp_shown: Answers<(Path, Key), bool>,
    /// What was taken and what held back.
    organization_shown: Answers<(Path, Path, Key), (Path, Path)>,
    drafts: Answers<(usize, Act, Client), Option<Key>>,
    careless: Answers<(Careless, Client), Option<Key>>,
    hostile: Answers<(Hostile, Key, Key), Option<Key>>,
    forged: Answers<Key, ()>,
    shown: Answers<(Client, Key), Option<(Client, Broken)>>,
    met: Answers<(Path, Path, Path, Path), Broken>,
    /// Two readers of the same entries came to two states.
    contradiction: OnceLock<&'static str>,
}

impl Archive {
    pub fn new(leaver: Leaver, off: Option<Protection>) -> Self {
        let cast = Cast::new(leaver);
        let archive = Self {
            off,
            entries: Answers::new(),
            msps: Answers::new(),
            organizations: Answers::new(),
            msp_shown: Answers::new(),
            organization_shown: Answers::new(),
            drafts: Answers::new(),
            careless: Answers::new(),
            hostile: Answers::new(),
            forged: Answers::new(),
            shown: Answers::new(),
            met: Answers::new(),
            contradiction: OnceLock::new(),
            cast,
        };
        let chain = archive.cast.firm.chain.clone();
        archive.msps.keep(Vec::new(), Msp { state: chain.state().clone(), chain: Some(chain) });
        archive.organizations.keep(Vec::new(), archive.cast.customer.state.clone());
        archive
    }

    pub fn cast(&self) -> &Cast {
        &self.cast
    }

    pub fn off(&self) -> Option<Protection> {
        self.off
    }

    pub fn entry(&self, key: Key) -> Entry {
        self.entries.known(&key).expect("whatever is named was signed")
    }

    fn keep(&self, entry: Entry) -> Key {
        let key = Key::from(entry.hash());
        self.entries.keep(key, entry);
        key
    }

    pub fn is_forged(&self, key: Key) -> bool {
        self.forged.known(&key).is_some()
    }

    pub fn msp(&self, path: &Path) -> Msp {
        self.msps.known(path).expect("a client stands there")
    }

    pub fn organization(&self, path: &Path) -> OrganizationState {
        self.organizations.known(path).expect("a client stands there")
    }

    /// An entry in a few words.
    pub fn line(&self, key: Key) -> String {
        let Some(entry) = self.entries.known(&key) else { return "the setting".into() };
        let body = format!("{:?}", entry.body());
        let kind: String = body.chars().take_while(|sign| *sign != '{').collect();
        let witness = entry.witness().map(|witness| format!(" by witness {}", witness.seq)).unwrap_or_default();
        format!("{} {kind})of device {:x}{witness}", entry.seq(), entry.device().as_bytes()[0])
    }

    /// The last entry before the setting began.
    fn root_of(&self, msp: bool) -> Head {
        if msp { self.cast.firm.state().head() } else { self.cast.customer.state.head() }
    }

    fn roots(&self) -> [Key; 2] {
        [true, false].map(|msp| Key::from(self.root_of(msp).hash))
    }

    /// All entries since the setting began that lead to one, by what each names before it.
    fn path(&self, key: Key) -> Option<Path> {
        let mut path = Vec::new();
        let mut at = key;
        loop {
            if self.roots().contains(&at) {
                path.reverse();
                return Some(path);
            }
            let entry = self.entries.known(&at)?;
            path.push(at);
            at = entry.prev()?.into();
        }
    }

    /// Where a client stands once it was shown an entry, and what that broke; `None` if it takes nothing.
    pub fn shown(&self, client: &Client, key: Key) -> Option<(Client, Broken)> {
        self.shown.ask((client.clone(), key), |_| {
            let mut new = client.clone();
            match self.entry(key).body() {
                Body::Msp(_) => self.show_msp(&mut new, key),
                Body::Organization(_) => self.show_organization(&mut new, key),
            }
            if new == *client {
                return None;
            }
            let broken = self.contradiction.get().copied();
            let broken = broken.or_else(|| rules::step(self, client, &new)).or_else(|| rules::standing(self, &new));
            Some((new, broken))
        })
    }

    fn show_msp(&self, client: &mut Client, key: Key) {
        let path = self.path(key).filter(|path| path.starts_with(&client.msp));
        let batch = path.map_or(vec![key], |path| path[client.msp.len()..].to_vec());
        for key in batch {
            if !self.msp_shown.ask((client.msp.clone(), key), |(msp, key)| self.take_msp(msp, *key)) {
                break;
            }
            client.msp.push(key);
        }
    }

    fn take_msp(&self, msp: &Path, key: Key) -> bool {
        let (before, entry) = (self.msp(msp), self.entry(key));
        let mut chain = before.chain.clone();
        let after = match &mut chain {
            Some(real) => real.apply(&entry).map(|()| real.state().clone()),
            None => before.state.apply(&entry),
        };
        let after = match after {
            Ok(state) => Msp { state, chain },
            Err(refusal) => match without::msp(self.off, &self.cast, &before.state, &entry, refusal) {
                Some(state) => Msp { state, chain: None },
                None => return false,
            },
        };
        self.msps.keep([&msp[..], &[key]].concat(), after);
        true
    }

    fn show_organization(&self, client: &mut Client, key: Key) {
        let question = (client.organization.clone(), client.msp.clone(), key);
        let (taken, held) = self.organization_shown.ask(question, |_| self.take_organization(client, key));
        if taken != client.organization || !held.is_empty() {
            client.organization = taken;
            client.held = held;
        }
    }

    fn take_organization(&self, client: &Client, key: Key) -> (Path, Path) {
        let stands = (client.organization.clone(), Vec::new());
        let Some(msp) = self.msp(&client.msp).chain else { return stands };
        let path = self.path(key);
        let follows = path.as_ref().is_some_and(|path| path.starts_with(&client.organization));
        let (from, batch) = match path {
            Some(path) if follows => (client.organization.clone(), path[client.organization.len()..].to_vec()),
            Some(path) if self.off == Some(Protection::Remembered) && path.len() >= client.organization.len() => {
                (Vec::new(), path)
            }
            _ => (client.organization.clone(), vec![key]),
        };
        let entries: Vec<_> = batch.iter().map(|key| self.entry(*key)).collect();
        let took = without::accept(self.off, &self.cast, &self.organization(&from), &entries, &msp);
        let (taken, held) = batch[..took.taken + took.held].split_at(took.taken);
        let taken = [&from[..], taken].concat();
        self.note(&taken, &took.state);
        self.note(&[&taken[..], held].concat(), &took.tip);
        if taken.len() < client.organization.len() { stands } else { (taken, held.to_vec()) }
    }

    /// Whoever comes to the same entries, by whatever batches and knowing whatever, must come to the same state.
    fn note(&self, path: &[Key], state: &OrganizationState) {
        if self.organizations.keep(path.to_vec(), state.clone()) != *state {
            self.contradiction.get_or_init(|| "two readers of the same entries came to two states");
        }
    }

    pub fn same_states(&self, a: &Client, b: &Client) -> bool {
        self.msp(&a.msp).state == self.msp(&b.msp).state
            && self.organization(&a.organization) == self.organization(&b.organization)
    }

    /// The longest order of entries that goes on from what was taken and stands, by a reader who knows the whole MSP ledger.
    pub fn furthest(&self, msp: &Path, taken: &Path, signed: &BTreeSet<Key>) -> Path {
        let ahead = |key: &Key| self.path(*key).filter(|path| path.starts_with(taken));
        let organization = |key: &&Key| matches!(self.entry(**key).body(), Body::Organization(_));
        let mut paths: Vec<_> = signed.iter().filter(organization).filter_map(ahead).collect();
        paths.sort_by_key(|path| std::cmp::Reverse(path.len()));
        let stands = |path: &Path| {
            let mut client = Client { msp: msp.clone(), organization: taken.clone(), held: Vec::new() };
            path.last().iter().for_each(|last| self.show_organization(&mut client, **last));
            client.organization.len() + client.held.len() == path.len()
        };
        paths.into_iter().find(stands).unwrap_or_else(|| taken.clone())
    }

    pub fn meeting(&self, a: &Client, b: &Client, answer: impl FnOnce() -> Broken) -> Broken {
        let question = (a.msp.clone(), a.organization.clone(), b.msp.clone(), b.organization.clone());
        self.met.ask(question, |_| answer())
    }
}

/// What honest people sign.
impl Archive {
    fn firm(&self, msp: &MspChain) -> Firm {
        Firm { chain: msp.clone(), entries: Vec::new(), time: self.cast.firm.time }
    }

    /// What a client appends for an act, if it can: it asks before it drafts, and reads its own entry before it sends.
    pub fn drafted(&self, c: usize, client: &Client, act: Act) -> Option<Key> {
        let question = (c, act, client.clone());
        self.drafts.ask(question, |_| self.draft(c, client, act))
    }

    fn draft(&self, c: usize, client: &Client, act: Act) -> Option<Key> {
        let desk = &self.cast.desks[c];
        let firm = self.firm(&self.msp(&client.msp).chain?);
        let state = self.organization(&[&client.organization[..], &client.held].concat());
        let customer = Customer { state, entries: Vec::new() };
        let organization = |body: OrganizationBody| {
            let asked = customer.state.appendable(&body, &desk.author(), &firm.chain);
            if self.off != Some(Protection::AskedFirst) {
                asked.ok()?;
            }
            Some(customer.sign(&firm, desk, body))
        };
        let entry = match act {
            Act::Write if c == TECHNICIAN => {
                organization(put(OURS, ItemKind::Account, customer.state.next_version(&crate::kit::item(OURS))?))?
            }
            Act::Write if c == SECOND => organization(log())?,
            Act::Epoch if c != TECHNICIAN => organization(customer.epoch_body(&firm))?,
            Act::Write | Act::Epoch => return None,
            _ => firm.sign(desk, self.msp_body(c, &firm, act)?),
        };
        let stands = match entry.body() {
            Body::Msp(_) => firm.state().apply(&entry).is_ok(),
            Body::Organization(_) => customer.state.apply(&entry, &firm.chain).is_ok(),
        };
        stands.then(|| self.keep(entry))
    }

    fn msp_body(&self, c: usize, firm: &Firm, act: Act) -> Option<MspBody> {
        let (desk, hostile) = (&self.cast.desks[c], &self.cast.hostile);
        let state = firm.state();
        let asked = state.pending().iter().find(|asked| asked.change.subject() == Some(hostile.member));
        match act {
            Act::Remove if c == OWNER && asked.is_none() && state.ended(&hostile.author()).is_none() => {
                Some(match self.cast.leaver {
                    Leaver::Device => MspBody::DeviceRevoke { subject: hostile.device },
                    _ => MspBody::MemberRemove { subject: hostile.member },
                })
            }
            Act::Approve if c == SECOND => asked.map(|asked| MspBody::Approve { entry: asked.entry.hash }),
            Act::Rekey if c == TECHNICIAN => {
                state.unfinished().iter().any(|left| matches!(left, Unfinished::Rekey { .. })).then(|| {
                    let new = &self.cast.rekeyed;
                    MspBody::MemberRekey {
                        subject: new.member,
                        identity: new.identity_key(),
                        encryption: new.encryption,
                        proof: new.proof(state.place()),
                        devices: Vec::new(),
                        account: crate::kit::account(),
                    }
                })
            }
            Act::Team if c != TECHNICIAN => {
                let stale = state.unfinished().into_iter().find_map(|left| match left {
                    Unfinished::Team { team } => Some(team),
                    _ => None,
                })?;
                let team = state.team(&stale)?;
                let members: Vec<_> = match team.kind {
                    TeamKind::Owners => state.owners().collect(),
                    _ => team.members().filter(|member| state.member(member).is_some_and(Member::is_active)).collect(),
                };
                let number = stale.as_bytes()[0];
                (team.kind != TeamKind::Owners || state.member(&desk.member)?.role() == Role::Owner)
                    .then(|| firm.team_body(number, team.kind, &members))
            }
            _ => None,
        }
    }

    /// What the second client signs without heeding a removal that it knows of.
    pub fn careless(&self, client: &Client, careless: Careless) -> Option<Key> {
        self.careless.ask((careless, client.clone()), |_| {
            let desk = &self.cast.desks[SECOND];
            let firm = self.firm(&self.msp(&client.msp).chain?);
            // Before that, care and no care are the same.
            firm.state().ended(&self.cast.hostile.author())?;
            let state = self.organization(&[&client.organization[..], &client.held].concat());
            let customer = Customer { state, entries: Vec::new() };
            let entry = match careless {
                Careless::Team => {
                    let (team, kind, members) = &self.cast.team;
                    firm.sign(desk, firm.team_body(*team, *kind, members))
                }
                Careless::Msp => {
                    let MspBody::MspEpoch { epoch, commitment, previous, .. } = firm.msp_epoch_body() else {
                        return None;
                    };
                    let members = self.cast.firm.state().members().keys();
                    let members = members.map(|member| MemberWrap { member: *member, wrap: wrap() }).collect();
                    firm.sign(desk, MspBody::MspEpoch { epoch, commitment, members, previous })
                }
                Careless::Epoch => customer.sign(&firm, desk, customer.epoch_body(&firm)),
            };
            Some(self.keep(entry))
        })
    }
}

/// What the member who is removed signs.
impl Archive {
    pub fn hostile_acts(&self, signed: &BTreeSet<Key>, mut act: impl FnMut(Hostile, Key, Key)) {
        let [msp, organization] = self.roots();
        let is_msp = |key: &&Key| matches!(self.entry(**key).body(), Body::Msp(_));
        let witnesses: Vec<_> = [msp].into_iter().chain(signed.iter().filter(is_msp).copied()).collect();
        let owner = self.cast.leaver == Leaver::Owner;
        for on in &witnesses {
            act(Hostile::Device, *on, *on);
            act(Hostile::Kit, *on, *on);
            if owner {
                act(Hostile::Ask, *on, *on);
                act(Hostile::Agree, *on, *on);
            }
        }
        let places = signed.iter().filter(|key| !is_msp(key)).copied();
        for on in [organization].into_iter().chain(places) {
            for witness in &witnesses {
                act(Hostile::Put, on, *witness);
                act(Hostile::Forgery, on, *witness);
                if owner || self.cast.leaver == Leaver::Admin {
                    act(Hostile::Epoch, on, *witness);
                }
            }
        }
    }

    pub fn hostile(&self, what: Hostile, on: Key, witness: Key) -> Option<Key> {
        self.hostile.ask((what, on, witness), |_| self.sign(what, on, witness))
    }

    fn head(&self, key: Key, msp: bool) -> Head {
        let root = self.root_of(msp);
        if key == root.hash.into() { root } else { self.entry(key).head() }
    }

    fn sign(&self, what: Hostile, on: Key, witness: Key) -> Option<Key> {
        let me = &self.cast.hostile;
        let in_msp = matches!(what, Hostile::Device | Hostile::Kit | Hostile::Ask | Hostile::Agree);
        let head = self.head(on, in_msp);
        let ledger = if in_msp { self.cast.firm.state().ledger() } else { self.cast.customer.state.ledger() };
        let place = Place { ledger: Some(ledger), seq: head.seq + 1, prev: Some(head.hash) };
        let (mut author, mut signer) = (me.author(), &me.key);
        let (another, kit) = (me.at(5), me.at(6));
        let body: Body = match what {
            Hostile::Device => MspBody::DeviceAdd { card: another.card(), proof: None }.into(),
            Hostile::Kit => {
                (author, signer) = (kit.author(), &kit.key);
                MspBody::DeviceAdd { card: kit.card(), proof: Some(kit.proof(place)) }.into()
            }
            Hostile::Ask => MspBody::MemberRemove { subject: self.cast.desks[OWNER].member }.into(),
            Hostile::Agree => {
                let asked = self.entries.known(&on)?;
                if !matches!(asked.body(), Body::Msp(MspBody::MemberRemove { .. })) || asked.author() != author {
                    return None;
                }
                MspBody::Approve { entry: asked.hash() }.into()
            }
            Hostile::Put => {
                let own = |key: &Key| {
                    let body = self.entry(*key).body().clone();
                    matches!(body, Body::Organization(OrganizationBody::Put { item, .. }) if item == crate::kit::item(THEIRS))
                };
                let versions = self.path(on)?.iter().filter(|key| own(key)).count();
                put(THEIRS, ItemKind::Account, u64::try_from(versions).ok()? + 2).into()
            }
            Hostile::Forgery => {
                author = self.cast.desks[OWNER].author();
                log().into()
            }
            Hostile::Epoch => {
                // As the ledger would have it: what only an honest author drafts well can also be drafted well by it.
                let mut client = Client { msp: Vec::new(), organization: Vec::new(), held: Vec::new() };
                self.show_msp(&mut client, witness);
                self.show_organization(&mut client, on);
                let state = self.organization(&[&client.organization[..], &client.held].concat());
                let firm = self.firm(&self.msp(&client.msp).chain?);
                Customer { state, entries: Vec::new() }.epoch_body(&firm).into()
            }
        };
        let witness = (!in_msp).then(|| self.head(witness, true));
        let entry = Draft { place, body, author, time_ms: self.cast.firm.time + 1, witness }.sign(signer).ok()?;
        let key = self.keep(entry);
        if what == Hostile::Forgery {
            self.forged.keep(key, ());
        }
        Some(key)
    }
}
