//! Every order of events that a hostile server and a removed member in league with it can bring about, as far as a few acts
//! go: three honest clients draft, sign and read by the ledger's own code; the server answers or does not, and shows whom it
//! likes whatever was ever signed, as often and in whichever order it likes; the member who is removed signs whatever it
//! likes, on any entry, by any witness, before and after.
//!
//! What must hold is told from the entries alone (`rules`), so that the fold is not its own judge. Each check that a rule
//! leans on is also taken out (`without`), and the rule must then be found broken. A share of long stories is visited, which
//! `VITRINE_SEED` chooses; where `VITRINE_DEEP=1`, every order of short ones besides, more than two million states.

mod archive;
mod cast;
mod rules;
mod without;

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use stateright::{Checker, HasDiscoveries, Model, Property};
use vitrine_ledger::EntryHash;

use archive::Archive;
use cast::Leaver;
use without::Protection;

/// The honest clients: an owner, a second owner or an admin, a technician.
const CLIENTS: [usize; 3] = [OWNER, SECOND, TECHNICIAN];
const OWNER: usize = 0;
const SECOND: usize = 1;
const TECHNICIAN: usize = 2;

/// An entry, by the beginning of its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Key(u64);

impl From<EntryHash> for Key {
    fn from(hash: EntryHash) -> Self {
        let (begin, _) = hash.as_bytes().split_first_chunk().unwrap();
        Self(u64::from_be_bytes(*begin))
    }
}

/// What an honest client has taken since the setting began, both ledgers; and what of the organization's it holds back.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Client {
    msp: Vec<Key>,
    organization: Vec<Key>,
    held: Vec<Key>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    clients: [Client; 3],
    /// All that was signed since the setting began: what the server can show.
    signed: BTreeSet<Key>,
    left: Budget,
    /// The first rule that was broken.
    broken: Option<&'static str>,
}

/// How much may still happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Budget {
    /// Entries of honest clients.
    honest: u8,
    /// Of these, such as the server keeps without an answer.
    unanswered: u8,
    /// Entries of an old or broken program, which heeds no removal.
    careless: u8,
    /// Entries of the member who is removed.
    hostile: u8,
}

/// What an honest client sets out to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Act {
    /// Removes the member, revokes the device, or asks for the removal of the owner.
    Remove,
    /// Agrees to the removal of the owner.
    Approve,
    /// The member whose device was revoked takes new keys.
    Rekey,
    /// The first team that somebody who left still holds the key of gets a new one.
    Team,
    Epoch,
    /// An item or a record.
    Write,
}

const ACTS: [Act; 6] = [Act::Remove, Act::Approve, Act::Rekey, Act::Team, Act::Epoch, Act::Write];

/// What the second client does without heeding the removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Careless {
    /// The team's next key, to all who were in it when the setting began.
    Team,
    /// The MSP's next key, likewise.
    Msp,
    /// The organization's next keys, to the teams as they are.
    Epoch,
}

const CARELESS: [Careless; 3] = [Careless::Team, Careless::Msp, Careless::Epoch];

/// What the member who is removed signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Hostile {
    Put,
    Epoch,
    /// A record in the name of the owner.
    Forgery,
    /// One more device of its own.
    Device,
    /// One more device of its own, as with a recovery kit: signed by itself.
    Kit,
    /// Asks for the removal of the first owner.
    Ask,
    /// Agrees to that itself.
    Agree,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Happens {
    /// An honest client appends; the server answers, or keeps the entry and does not.
    Append(usize, Act, bool),
    Careless(Careless),
    /// On an entry, by a witness.
    Sign(Hostile, Key, Key),
    /// The server shows an entry, with all before it that lead there from where the client stands.
    Show(usize, Key),
}

struct Story {
    archive: Arc<Archive>,
    budget: Budget,
    /// Chooses a share of what can happen next, everywhere anew.
    share: Option<(u64, usize)>,
}

impl Story {
    fn new(leaver: Leaver, off: Option<Protection>, budget: Budget) -> Self {
        Self { archive: Arc::new(Archive::new(leaver, off)), budget, share: None }
    }

    /// The same for the same state and act, in every run.
    fn drawn(world: &World, seed: u64, place: usize) -> u64 {
        let mut hasher = DefaultHasher::new();
        (world, seed, place).hash(&mut hasher);
        hasher.finish()
    }
}

impl World {
    fn new(budget: Budget) -> Self {
        let client = Client { msp: Vec::new(), organization: Vec::new(), held: Vec::new() };
        Self { clients: [client.clone(), client.clone(), client], signed: BTreeSet::new(), left: budget, broken: None }
    }

    /// A client is shown an entry and takes of it what stands; `false` if that is nothing.
    fn show(&mut self, archive: &Archive, c: usize, key: Key) -> bool {
        let Some((new, broken)) = archive.shown(&self.clients[c], key) else { return false };
        self.clients[c] = new;
        let new = &self.clients[c];
        let met = || self.clients.iter().find_map(|other| rules::meeting(archive, new, other));
        self.broken = self.broken.or(broken).or_else(met);
        true
    }

    /// A client appends what it could draft, and takes it once that was answered.
    fn append(&mut self, archive: &Archive, c: usize, act: Act, answered: bool) -> bool {
        let Some(key) = archive.drafted(c, &self.clients[c], act) else { return false };
        self.left.honest -= 1;
        self.left.unanswered -= u8::from(!answered);
        self.signed.insert(key);
        if act == Act::Write {
            self.broken = self.broken.or_else(|| rules::append(archive, &self.clients[c]));
        }
        if answered {
            self.show(archive, c, key);
        }
        true
    }

    /// Whether anything comes of it.
    fn can(&self, archive: &Archive, what: Happens) -> bool {
        let new = |key: Option<Key>| key.is_some_and(|key| !self.signed.contains(&key));
        match what {
            Happens::Append(c, act, _) => archive.drafted(c, &self.clients[c], act).is_some(),
            Happens::Careless(careless) => new(archive.careless(&self.clients[SECOND], careless)),
            Happens::Sign(hostile, on, witness) => new(archive.hostile(hostile, on, witness)),
            Happens::Show(c, key) => archive.shown(&self.clients[c], key).is_some(),
        }
    }

    fn happen(&mut self, archive: &Archive, what: Happens) {
        match what {
            Happens::Append(c, act, answered) => {
                self.append(archive, c, act, answered);
            }
            Happens::Careless(careless) => {
                self.left.careless -= 1;
                self.signed.extend(archive.careless(&self.clients[SECOND], careless));
            }
            Happens::Sign(hostile, on, witness) => {
                self.left.hostile -= 1;
                self.signed.extend(archive.hostile(hostile, on, witness));
            }
            Happens::Show(c, key) => {
                self.show(archive, c, key);
            }
        }
    }

    /// Whether the clients come to one state once the server shows everybody everything: all MSP entries, all of the
    /// organization's, and what is owed then. `None` where there is no one history any more.
    fn converges(&self, archive: &Archive) -> Option<bool> {
        if self.broken.is_some() || self.parted(|client| &client.msp) || self.parted(|client| &client.organization) {
            return None;
        }
        let mut world = self.clone();
        world.left = Budget { honest: u8::MAX, unanswered: 0, careless: 0, hostile: 0 };
        let msp = CLIENTS.map(|c| &self.clients[c].msp).into_iter().max_by_key(|msp| msp.len())?.clone();
        world.show_all(archive, &msp);
        for act in [Act::Rekey, Act::Team, Act::Team, Act::Team] {
            for c in CLIENTS {
                world.append(archive, c, act, true);
                let msp = world.clients[c].msp.clone();
                world.show_all(archive, &msp);
            }
        }
        // The order at the home: what the furthest client took, and whatever else stands on that.
        let taken = CLIENTS.map(|c| &self.clients[c].organization).into_iter().max_by_key(|taken| taken.len())?;
        let home = archive.furthest(&world.clients[OWNER].msp, taken, &self.signed);
        world.show_all(archive, &home[home.len().saturating_sub(1)..]);
        world.append(archive, OWNER, Act::Epoch, true);
        let home = world.clients[OWNER].organization.clone();
        world.show_all(archive, &home[home.len().saturating_sub(1)..]);
        let [owner, others @ ..] = &world.clients;
        Some(
            world.broken.is_none()
                && owner.held.is_empty()
                && owner.organization == home
                && others.iter().all(|other| other == owner && archive.same_states(other, owner)),
        )
    }

    /// Whether two clients stand in two histories of one ledger.
    fn parted(&self, of: fn(&Client) -> &Vec<Key>) -> bool {
        let parted = |a: &Client, b: &Client| !of(a).starts_with(of(b)) && !of(b).starts_with(of(a));
        self.clients.iter().any(|a| self.clients.iter().any(|b| parted(a, b)))
    }

    fn show_all(&mut self, archive: &Archive, keys: &[Key]) {
        for key in keys {
            for c in CLIENTS {
                self.show(archive, c, *key);
            }
        }
    }
}

const NO_RULE_BROKEN: &str = "no rule is broken";
const CONVERGES: &str = "clients that got everything are in one state";
const NO_ONE_STATE: &str = "clients that got everything are in no one state";
const FORKED_MSP: &str = "two clients were shown two histories of the MSP";
const FORKED: &str = "two clients were shown two histories of the organization";
const HELD: &str = "something of the removed device was held back";
const LATE: &str = "something of the removed device was taken with the epoch that follows it";
const TOOK_HOLD: &str = "a removal took hold";

impl Model for Story {
    type State = World;
    type Action = Happens;

    /// From before the removal, and from just after it, where only the owner knows.
    fn init_states(&self) -> Vec<World> {
        let before = World::new(self.budget);
        let mut after = before.clone();
        after.left.honest = u8::MAX;
        for (c, act) in self.archive.cast().leaver.removal() {
            for key in after.signed.clone() {
                after.show(&self.archive, *c, key);
            }
            after.append(&self.archive, *c, *act, true);
        }
        for key in after.signed.clone() {
            after.show(&self.archive, OWNER, key);
        }
        after.left = self.budget;
        vec![before, after]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Happens>) {
        if world.broken.is_some() {
            return;
        }
        for c in CLIENTS {
            actions.extend(world.signed.iter().map(|key| Happens::Show(c, *key)));
            for act in ACTS {
                if world.left.honest > 0 {
                    actions.push(Happens::Append(c, act, true));
                }
                if world.left.honest > 0 && world.left.unanswered > 0 {
                    actions.push(Happens::Append(c, act, false));
                }
            }
        }
        if world.left.careless > 0 {
            actions.extend(CARELESS.map(Happens::Careless));
        }
        if world.left.hostile > 0 {
            self.archive.hostile_acts(&world.signed, |hostile, on, witness| {
                actions.push(Happens::Sign(hostile, on, witness));
            });
        }
        actions.retain(|what| world.can(&self.archive, *what));
        if let Some((seed, most)) = self.share {
            let mut order: Vec<_> = actions.iter().copied().enumerate().collect();
            order.sort_by_key(|(place, _)| Self::drawn(world, seed, *place));
            *actions = order.into_iter().map(|(_, what)| what).take(most).collect();
        }
    }

    fn next_state(&self, world: &World, what: Happens) -> Option<World> {
        let mut next = world.clone();
        next.happen(&self.archive, what);
        (next != *world).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(NO_RULE_BROKEN, |_, world: &World| world.broken.is_none()),
            Property::always(CONVERGES, |story: &Self, world: &World| {
                let whole = story.archive.off().is_none_or(|off| off == Protection::JudgedAtWitness);
                // Of a million states every eighth is followed to its end.
                let followed = !deep() || Self::drawn(world, 0, 0).is_multiple_of(8);
                !whole || !followed || world.converges(&story.archive) != Some(false)
            }),
            Property::sometimes(FORKED_MSP, |_, world: &World| world.parted(|client| &client.msp)),
            Property::sometimes(FORKED, |_, world: &World| world.parted(|client| &client.organization)),
            Property::sometimes(HELD, |_, world: &World| world.clients.iter().any(|client| !client.held.is_empty())),
            Property::sometimes(LATE, |story: &Self, world: &World| {
                world.clients.iter().any(|client| rules::took_late(&story.archive, client))
            }),
            Property::sometimes(TOOK_HOLD, |story: &Self, world: &World| {
                world.clients.iter().any(|client| rules::took_hold(&story.archive, client))
            }),
        ]
    }
}

fn deep() -> bool {
    std::env::var("VITRINE_DEEP").is_ok_and(|deep| deep == "1")
}

fn seed() -> u64 {
    let given = std::env::var("VITRINE_SEED").ok().and_then(|seed| seed.parse().ok());
    given.unwrap_or_else(|| {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::from(since.subsec_nanos()))
    })
}

/// What happened, a line each, with the entries by what they say.
fn story_of(archive: &Archive, happened: Vec<Happens>) -> String {
    let lines = happened.into_iter().map(|what| match what {
        Happens::Append(c, act, answered) => format!("client {c} appends {act:?}, answered: {answered}"),
        Happens::Careless(careless) => format!("client {SECOND} signs {careless:?}"),
        Happens::Sign(what, on, witness) => {
            format!("the leaver signs {what:?} on {}, witness {}", archive.line(on), archive.line(witness))
        }
        Happens::Show(c, key) => format!("client {c} is shown {}", archive.line(key)),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Every order of short stories where that was asked for, and of long ones a share.
fn visit(leaver: Leaver) {
    let mut seen = BTreeSet::new();
    for budget in leaver.budgets().iter().filter(|_| deep()) {
        let story = Story::new(leaver, None, *budget);
        let archive = Arc::clone(&story.archive);
        // Depth first, because that holds one story at a time in memory and not a million.
        let visited = story.checker().threads(2).spawn_dfs().join();
        judge(leaver, &archive, &visited);
        seen.extend(visited.discoveries().into_keys());
    }
    assert!(!deep() || seen == BTreeSet::from([FORKED_MSP, FORKED, HELD, LATE, TOOK_HOLD]), "seen: {seen:?}");
    let seed = seed();
    eprintln!("VITRINE_SEED={seed}");
    let long = Budget { honest: 5, unanswered: 1, careless: 1, hostile: 2 };
    let story = Story { share: Some((seed, 3)), ..Story::new(leaver, None, long) };
    let archive = Arc::clone(&story.archive);
    let most = if deep() { 200_000 } else { 20_000 };
    judge(leaver, &archive, &story.checker().threads(2).target_state_count(most).spawn_bfs().join());
}

fn judge(leaver: Leaver, archive: &Archive, visited: &impl Checker<Story>) {
    eprintln!("{leaver:?}: {} states", visited.unique_state_count());
    if let Some(path) = visited.discovery(NO_RULE_BROKEN).or_else(|| visited.discovery(CONVERGES)) {
        let broken = path.last_state().broken.unwrap_or(NO_ONE_STATE);
        panic!("{broken}, after:\n{}", story_of(archive, path.into_actions()));
    }
}

macro_rules! no_order_breaks_a_rule {
    ($($name:ident: $leaver:ident;)*) => {$(
        #[test]
        fn $name() {
            visit(Leaver::$leaver);
        }
    )*};
}

no_order_breaks_a_rule! {
    no_order_breaks_a_rule_when_a_technician_leaves: Technician;
    no_order_breaks_a_rule_when_a_device_is_stolen: Device;
    no_order_breaks_a_rule_when_an_admin_leaves: Admin;
    no_order_breaks_a_rule_when_an_owner_leaves: Owner;
}

/// What is broken with one check out: the shortest story that shows it.
fn broken(leaver: Leaver, off: Protection, [honest, careless, hostile]: [u8; 3]) -> Option<&'static str> {
    let story = Story::new(leaver, Some(off), Budget { honest, unanswered: 1, careless, hostile });
    let checker = story.checker().threads(2).finish_when(HasDiscoveries::AnyFailures).target_state_count(3_000_000);
    let visited = checker.spawn_bfs().join();
    eprintln!("without {off:?}: {} states", visited.unique_state_count());
    let rule = visited.discovery(NO_RULE_BROKEN).and_then(|path| path.last_state().broken);
    rule.or_else(|| visited.discovery(CONVERGES).map(|_| NO_ONE_STATE))
}

macro_rules! found_without {
    ($($name:ident: $leaver:ident, $protection:ident, $acts:expr, $words:literal;)*) => {$(
        #[test]
        fn $name() {
            let found = broken(Leaver::$leaver, Protection::$protection, $acts).expect("no order of events showed it");
            assert!(found.contains($words), "{found}");
        }
    )*};
}

// Acts of honest clients, careless ones, hostile ones: as few as show it.
found_without! {
    every_order_finds_an_entry_taken_once_the_removal_is_known: Technician, HeldBack, [1, 0, 1], "once its removal was known";
    every_order_finds_an_entry_settled_by_an_epoch_that_knows_nothing: Technician, EpochKnows, [2, 0, 1], "once its removal was known";
    every_order_finds_an_append_while_an_epoch_is_owed: Technician, AskedFirst, [2, 0, 0], "while an epoch was owed";
    every_order_finds_an_author_who_is_gone: Technician, ValidAuthor, [2, 0, 1], "after its removal had taken hold";
    every_order_finds_a_witness_that_goes_back: Device, WitnessForward, [2, 0, 1], "after its removal had taken hold";
    every_order_finds_an_entry_in_anothers_name: Admin, Signed, [1, 0, 1], "did not sign";
    every_order_finds_a_key_wrapped_to_somebody_who_left: Technician, Recipients, [2, 1, 0], "key of the firm or a team";
    every_order_finds_keys_wrapped_to_a_team_that_is_stale: Admin, FreshTeam, [2, 1, 0], "keys of an epoch";
    every_order_finds_a_team_that_the_thief_still_opens: Device, FreshTeam, [2, 1, 0], "keys of an epoch";
    every_order_finds_an_owner_removed_by_one: Owner, SecondOwner, [1, 0, 2], "without a second owner";
    every_order_finds_two_histories_merged: Technician, Descends, [2, 0, 1], "does not descend from the head";
    every_order_finds_a_head_that_was_forgotten: Technician, Remembered, [2, 0, 1], "back or sideways";
    every_order_finds_a_fork_that_nobody_noticed: Technician, HashCompared, [2, 0, 0], "not proven when two met";
    every_order_finds_readers_who_never_agree: Technician, JudgedAtWitness, [2, 0, 1], "no one state";
}
