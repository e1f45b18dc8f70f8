//! What holds for every history and for every bytes, by random ones.

use proptest::collection::vec;
use proptest::prelude::*;
use vitrine_ledger::{
    Draft, Entry, ForkProof, ItemKind, Level, MspBody, MspHistory, MspState, OrganizationBody, OrganizationState,
    Place, Refusal, Role, TeamKind,
};

use crate::fuzzing;
use crate::kit::{AUDIT, Customer, Desk, Firm, WORK, backend, item, log, note, put, team_id};

/// Something that somebody tries; whether it stands is the ledger's to say.
#[derive(Clone, Copy, Debug)]
struct Try {
    what: u8,
    who: u8,
    whom: u8,
    how: u8,
}

fn tries() -> impl Strategy<Value = Vec<Try>> {
    let one = (0u8..24, 0u8..5, 0u8..5, 0u8..4).prop_map(|(what, who, whom, how)| Try { what, who, whom, how });
    vec(one, 1..60)
}

const ROLES: [Role; 5] = [Role::Owner, Role::Admin, Role::Technician, Role::Auditor, Role::Rotator];
const ITEMS: [ItemKind; 4] = [ItemKind::Organization, ItemKind::Account, ItemKind::Connection, ItemKind::Passkey];
const LEVELS: [Option<Level>; 4] = [None, Some(Level::Log), Some(Level::Read), Some(Level::Full)];

struct World {
    people: Vec<Desk>,
    firm: Firm,
    customer: Customer,
    made: u8,
}

impl World {
    fn new() -> Self {
        let people: Vec<_> = (1..=5).map(Desk::new).collect();
        let firm = Firm::shared(&people[0]);
        let mut customer = Customer::begin(&firm, &people[0], 1);
        customer.epoch(&firm, &people[0]);
        Self { people, firm, customer, made: 100 }
    }

    fn attempt(&mut self, it: Try) {
        let who = self.people[usize::from(it.who)].clone();
        let whom = self.people[usize::from(it.whom)].clone();
        let place = self.firm.state().place();
        let active: Vec<_> =
            self.firm.state().members().iter().filter(|(_, member)| member.is_active()).map(|(id, _)| *id).collect();
        let team = if it.how.is_multiple_of(2) { WORK } else { AUDIT };
        let kind = if it.how.is_multiple_of(2) { TeamKind::Work } else { TeamKind::Audit };
        let fit: Vec<_> = active
            .iter()
            .copied()
            .filter(|id| {
                let role = self.firm.state().member(id).unwrap().role();
                match kind {
                    TeamKind::Audit => role == Role::Auditor || role.stands_alone(),
                    _ => role != Role::Auditor,
                }
            })
            .collect();
        self.made += 1;
        let body = match it.what {
            0 => whom.invited(ROLES[usize::from(it.how) + 1]),
            1 => MspBody::MemberJoin { proof: who.proof(place) },
            2 => MspBody::MemberRole { subject: whom.member, role: ROLES[usize::from(it.how)] },
            3 if it.how == 0 => MspBody::MemberRemove { subject: whom.member },
            4 => MspBody::DeviceAdd { card: who.at(self.made & 0x7f).card(), proof: None },
            5 if it.how == 0 => MspBody::DeviceRevoke { subject: whom.device },
            6 | 7 => self.firm.team_body(team, kind, &fit),
            8 => {
                let owners: Vec<_> = self.firm.state().owners().collect();
                self.firm.team_body(crate::kit::OWNERS, TeamKind::Owners, &owners)
            }
            9 => self.firm.msp_epoch_body(),
            10 => MspBody::Policy { settings: note() },
            11 => MspBody::RecoverySet { sheet: it.how.is_multiple_of(2), note: note() },
            12 => {
                let Some(asked) = self.firm.state().pending().first() else { return };
                MspBody::Approve { entry: asked.entry.hash }
            }
            13 => MspBody::Home { home: backend() },
            14 => {
                let new = who.rekeyed(self.made);
                let body = MspBody::MemberRekey {
                    subject: who.member,
                    identity: new.identity_key(),
                    encryption: new.encryption,
                    proof: new.proof(place),
                    devices: Vec::new(),
                    account: crate::kit::account(),
                };
                if self.firm.add(&who, body).is_ok() {
                    self.people[usize::from(it.who)] = new;
                }
                return;
            }
            _ => return self.attempt_customer(it, &who, team),
        };
        let _ = self.firm.add(&who, body);
    }

    fn attempt_customer(&mut self, it: Try, who: &Desk, team: u8) {
        let body = match it.what {
            15..=17 => {
                let version = self.customer.state.next_version(&item(it.whom)).unwrap_or(1);
                put(it.whom, ITEMS[usize::from(it.how)], version)
            }
            18 => OrganizationBody::Drop { item: item(it.whom), version: u64::from(it.how) + 1 },
            19 | 20 => match LEVELS[usize::from(it.how)] {
                Some(level) => Customer::grant_body(&self.firm, team, level),
                None => OrganizationBody::Access { team: team_id(team), level: None, wrap: None },
            },
            21 => self.customer.epoch_body(&self.firm),
            _ => log(),
        };
        let _ = self.customer.add(&self.firm, who, body);
    }
}

fn history(tries: &[Try]) -> World {
    let mut world = World::new();
    for it in tries {
        world.attempt(*it);
    }
    world
}

fn fold_msp(entries: &[Entry]) -> Result<MspState, Refusal> {
    let begun = MspState::genesis(&entries[0])?;
    entries[1..].iter().try_fold(begun, |state, entry| state.apply(entry))
}

fn fold(entries: &[Entry], msp: &dyn MspHistory) -> Result<OrganizationState, Refusal> {
    let begun = OrganizationState::genesis(&entries[0], msp)?;
    entries[1..].iter().try_fold(begun, |state, entry| state.apply(entry, msp))
}

/// A firm of three with a customer, for what needs no random history.
fn sample() -> World {
    let owner = Desk::new(1);
    let people: Vec<_> = (1..=5).map(Desk::new).collect();
    let mut firm = Firm::shared(&owner);
    firm.welcome(&owner, &people[1], Role::Technician);
    firm.welcome(&owner, &people[2], Role::Auditor);
    firm.team(&owner, WORK, TeamKind::Work, &[&people[1]]);
    let mut customer = Customer::connect(&firm, &owner, 1);
    customer.add(&firm, &people[1], put(1, ItemKind::Account, 1)).unwrap();
    customer.add(&firm, &people[1], log()).unwrap();
    World { people, firm, customer, made: 100 }
}

/// A share; `PROPTEST_CASES` sets the full count.
fn config() -> ProptestConfig {
    let all = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_some() { all } else { ProptestConfig { cases: 32, ..all } }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn folding_again_from_the_bytes_gives_the_same_states(tries in tries()) {
        let world = history(&tries);
        let again = |entries: &[Entry]| -> Vec<Entry> {
            entries.iter().map(|entry| Entry::decode(entry.bytes()).unwrap()).collect()
        };
        prop_assert_eq!(&fold_msp(&again(&world.firm.entries)).unwrap(), world.firm.state());
        // Later MSP entries do not change how an organization's past is judged.
        let customer = fold(&again(&world.customer.entries), &world.firm.chain).unwrap();
        prop_assert_eq!(customer, world.customer.state);
    }

    #[test]
    fn states_survive_storage(tries in tries()) {
        let world = history(&tries);
        prop_assert_eq!(&MspState::decode(&world.firm.state().encode()).unwrap(), world.firm.state());
        let customer = &world.customer.state;
        prop_assert_eq!(&OrganizationState::decode(&customer.encode()).unwrap(), customer);
    }

    // 75 last_owner_guard, for every history.
    #[test]
    fn there_is_always_an_owner_with_a_device(tries in tries()) {
        let world = history(&tries);
        let state = world.firm.state();
        let live = state.devices().values().any(|device| {
            device.until.is_none() && state.owners().any(|owner| owner == device.member)
        });
        prop_assert!(live);
    }

    #[test]
    fn nobody_who_left_holds_a_fresh_teams_key(tries in tries()) {
        let world = history(&tries);
        let state = world.firm.state();
        let now = state.at(state.head().seq);
        for (id, team) in state.teams() {
            if now.is_fresh(id) {
                prop_assert!(team.members().all(|member| now.role(&member).is_some()));
            }
        }
    }

    #[test]
    fn past_states_are_seen_from_the_newest(tries in tries()) {
        let world = history(&tries);
        let newest = world.firm.state();
        let mut then = MspState::genesis(&world.firm.entries[0]).unwrap();
        for entry in &world.firm.entries[1..] {
            then = then.apply(entry).unwrap();
            let (past, present) = (newest.at(entry.seq()), then.at(entry.seq()));
            for desk in &world.people {
                prop_assert_eq!(past.role(&desk.member), present.role(&desk.member));
                prop_assert_eq!(past.author(&desk.author()).is_ok(), present.author(&desk.author()).is_ok());
            }
            for team in then.teams().keys() {
                prop_assert_eq!(past.is_fresh(team), present.is_fresh(team));
                prop_assert_eq!(past.team(team), present.team(team));
            }
            prop_assert_eq!(past.home(), present.home());
        }
    }

    // 13, 32: whatever is left out or moved is missed.
    #[test]
    fn omission_and_permutation_are_refused(tries in tries(), a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>()) {
        let world = history(&tries);
        let entries = &world.firm.entries;
        let (a, b) = (a.index(entries.len()), b.index(entries.len()));
        if a + 1 < entries.len() {
            let mut shorter = entries.clone();
            shorter.remove(a);
            prop_assert!(fold_msp(&shorter).is_err());
        }
        if a != b {
            let mut swapped = entries.clone();
            swapped.swap(a, b);
            prop_assert!(fold_msp(&swapped).is_err());
        }
    }

    // What a new device holds back, somebody can settle: nothing is held that no epoch is owed for.
    #[test]
    fn whatever_is_held_back_owes_an_epoch(tries in tries()) {
        let world = history(&tries);
        let begun = OrganizationState::genesis(&world.customer.entries[0], &world.firm.chain).unwrap();
        let accepted = begun.accept(&world.customer.entries[1..], &world.firm.chain);
        prop_assert_eq!(accepted.refused, None);
        prop_assert_eq!(accepted.taken + accepted.held, world.customer.entries.len() - 1);
        prop_assert_eq!(&accepted.tip, &world.customer.state);
        if accepted.held > 0 {
            prop_assert!(accepted.tip.owes_epoch(world.firm.state()).is_some());
        }
    }

    #[test]
    fn accepting_a_batch_is_applying_one_by_one_while_nobody_left(count in 1usize..20) {
        let mut world = sample();
        let known = world.customer.state.clone();
        let from = world.customer.entries.len();
        for _ in 0..count {
            let tech = world.people[1].clone();
            world.customer.add(&world.firm, &tech, log()).unwrap();
        }
        let accepted = known.accept(&world.customer.entries[from..], &world.firm.chain);
        prop_assert_eq!((accepted.taken, accepted.held, accepted.refused), (count, 0, None));
        prop_assert_eq!(&accepted.state, &world.customer.state);
        prop_assert_eq!(accepted.state, accepted.tip);
    }

    #[test]
    fn random_bytes_never_panic(bytes in vec(any::<u8>(), 0..600)) {
        fuzzing::entry(&bytes);
        fuzzing::fork_proof(&bytes);
        fuzzing::state(&bytes);
        fuzzing::apply(&bytes);
        fuzzing::wire(&bytes);
    }

    #[test]
    fn signing_is_repeatable_and_decoding_gives_the_draft_back(time_ms: u64, seq: u64, size in 0usize..2_000) {
        let desk = Desk::new(1);
        let draft = Draft {
            place: Place { seq, ..Firm::found(&desk).state().place() },
            body: MspBody::Policy { settings: vitrine_ledger::SealedNote::new(vec![1; size]).unwrap() }.into(),
            author: desk.author(),
            time_ms,
            witness: None,
        };
        let entry = draft.sign(&desk.key).unwrap();
        prop_assert_eq!(&entry, &draft.sign(&desk.key).unwrap());
        let read = Entry::decode(entry.bytes()).unwrap();
        prop_assert_eq!((read.body(), read.author(), read.seq(), read.time_ms()), (&draft.body, draft.author, seq, time_ms));
    }
}

// 30, 23: any bit of any entry, exhaustively over bytes.
#[test]
fn any_changed_byte_of_any_entry_is_refused() {
    let world = sample();
    for entry in world.firm.entries.iter().chain(&world.customer.entries) {
        let (at, in_msp) = (usize::try_from(entry.seq()).unwrap(), entry.witness().is_none());
        let entries = if in_msp { &world.firm.entries } else { &world.customer.entries };
        // Only the fold before the entry is needed; the changed one comes next.
        for place in 0..entry.bytes().len() {
            let mut bytes = entry.bytes().to_vec();
            bytes[place] ^= 1 << (place % 8);
            fuzzing::entry(&bytes);
            let Ok(changed) = Entry::decode(&bytes) else { continue };
            assert_ne!(changed.hash(), entry.hash());
            let stood = if at == 0 {
                if in_msp {
                    MspState::genesis(&changed).is_ok()
                } else {
                    OrganizationState::genesis(&changed, &world.firm.chain).is_ok()
                }
            } else if in_msp {
                fold_msp(&entries[..at]).unwrap().apply(&changed).is_ok()
            } else {
                fold(&entries[..at], &world.firm.chain).unwrap().apply(&changed, &world.firm.chain).is_ok()
            };
            assert!(!stood, "byte {place} of entry {at}");
        }
    }
}

#[test]
fn mutated_states_and_proofs_never_panic() {
    let world = sample();
    let ours = world.firm.entries[3].clone();
    let theirs = {
        let mut other = Firm::found_with_keys(&Desk::new(1));
        other.time += 1;
        other.add(&Desk::new(1), MspBody::Policy { settings: note() }).unwrap()
    };
    let proof = ForkProof::new(ours, theirs).unwrap().to_bytes();
    for bytes in [world.firm.state().encode(), world.customer.state.encode(), proof] {
        fuzzing::state(&bytes);
        fuzzing::fork_proof(&bytes);
        for place in 0..bytes.len() {
            for change in [0x01, 0x80, 0xff, 0x1f] {
                let mut mutated = bytes.clone();
                mutated[place] ^= change;
                fuzzing::state(&mutated);
                fuzzing::fork_proof(&mutated);
            }
            fuzzing::state(&bytes[..place]);
            fuzzing::fork_proof(&bytes[..place]);
        }
    }
}

#[test]
fn mutated_histories_never_panic() {
    let world = sample();
    let mut bytes = Vec::new();
    for entry in world.firm.entries.iter().chain(&world.customer.entries) {
        bytes.extend(u16::try_from(entry.bytes().len()).unwrap().to_be_bytes());
        bytes.extend(entry.bytes());
    }
    fuzzing::apply(&bytes);
    for place in (0..bytes.len()).step_by(61) {
        let mut mutated = bytes.clone();
        mutated[place] = mutated[place].wrapping_add(1);
        fuzzing::apply(&mutated);
        fuzzing::apply(&bytes[place..]);
    }
}
