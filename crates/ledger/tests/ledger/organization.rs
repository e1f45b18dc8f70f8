//! An organization's ledger: keys, access, items, witnesses, checkpoints.

use vitrine_ledger::{
    Action, CHECKPOINT_EVERY, Draft, ItemKind, KeyName, Level, MspBody, OrganizationBody, OrganizationState, Refusal,
    Role, TeamKind,
};

use crate::kit::{AUDIT, Customer, Desk, Firm, WORK, item, key_wraps, log, name, note, put, team_id};

fn office() -> (Firm, Customer, Desk, Desk) {
    let (owner, tech) = (Desk::new(1), Desk::new(2));
    let mut firm = Firm::shared(&owner);
    firm.welcome(&owner, &tech, Role::Technician);
    firm.team(&owner, WORK, TeamKind::Work, &[&tech]);
    let customer = Customer::connect(&firm, &owner, 1);
    (firm, customer, owner, tech)
}

// 7 evil_org_overwrite: an organization is its genesis, and names its MSP.
#[test]
fn organization_belongs_to_the_msp_it_names() {
    let (firm, _, owner, tech) = office();
    let other = Firm::found_with_keys(&Desk::new(7));
    let body = Customer::genesis_body(&other, 1);
    let entry = Draft::organization_genesis(body, owner.author(), 1, firm.state().head()).sign(&owner.key).unwrap();
    assert_eq!(
        OrganizationState::genesis(&entry, &firm.chain),
        Err(Refusal::WrongLedger { found: Some(other.state().ledger()) })
    );
    let body = Customer::genesis_body(&firm, 1);
    let entry = Draft::organization_genesis(body, tech.author(), 1, firm.state().head()).sign(&tech.key).unwrap();
    assert_eq!(
        OrganizationState::genesis(&entry, &firm.chain),
        Err(Refusal::NotAllowed { role: Role::Technician, action: Action::Organizations })
    );
}

// 19: an entry of one organization is none of another.
#[test]
fn entry_of_one_organization_is_refused_in_another() {
    let (firm, customer, owner, _) = office();
    let other = Customer::connect(&firm, &owner, 2);
    let entry = other.sign(&firm, &owner, log());
    assert_eq!(
        customer.state.apply(&entry, &firm.chain),
        Err(Refusal::WrongLedger { found: Some(other.state.ledger()) })
    );
}

#[test]
fn nothing_but_an_epoch_comes_first() {
    let (firm, _, owner, _) = office();
    let mut customer = Customer::begin(&firm, &owner, 3);
    for body in [log(), put(1, ItemKind::Account, 1), Customer::grant_body(&firm, WORK, Level::Full)] {
        assert_eq!(customer.add(&firm, &owner, body).unwrap_err(), Refusal::NoEpoch);
    }
    customer.epoch(&firm, &owner);
    customer.add(&firm, &owner, log()).unwrap();
}

// 31 reader_cannot_write: the table, over every role and kind.
#[test]
fn each_role_writes_what_the_table_allows() {
    let (mut firm, _, owner, tech) = office();
    let (auditor, rotator) = (Desk::new(3), Desk::new(4));
    firm.welcome(&owner, &auditor, Role::Auditor);
    firm.welcome(&owner, &rotator, Role::Rotator);
    firm.team(&owner, WORK, TeamKind::Work, &[&tech, &rotator]);
    firm.team(&owner, AUDIT, TeamKind::Audit, &[&auditor]);
    let mut customer = Customer::connect(&firm, &owner, 4);
    customer.add(&firm, &owner, Customer::grant_body(&firm, AUDIT, Level::Log)).unwrap();
    let bodies = [
        (log(), "tur"),
        (put(1, ItemKind::Account, 1), "tr"),
        (put(2, ItemKind::Passkey, 1), "tr"),
        (put(3, ItemKind::Connection, 1), "r"),
        (put(4, ItemKind::Organization, 1), ""),
        (OrganizationBody::Access { team: team_id(WORK), level: None, wrap: None }, ""),
        (customer.epoch_body(&firm), ""),
    ];
    for (body, may) in bodies {
        for (desk, mark) in [(&tech, 't'), (&auditor, 'u'), (&rotator, 'r')] {
            let stood = customer.clone().add(&firm, desk, body.clone());
            assert_eq!(stood.is_ok(), may.contains(mark), "{} by {mark}", body.word());
            let asked = customer.state.appendable(&body, &desk.author(), &firm.chain);
            assert_eq!(asked.is_ok(), may.contains(mark));
        }
        customer.clone().add(&firm, &owner, body).unwrap();
    }
}

#[test]
fn technician_without_access_writes_nothing() {
    let (mut firm, mut customer, owner, _) = office();
    let outsider = Desk::new(5);
    firm.welcome(&owner, &outsider, Role::Technician);
    for body in [log(), put(1, ItemKind::Account, 1)] {
        assert_eq!(customer.add(&firm, &outsider, body).unwrap_err(), Refusal::NoAccess { member: outsider.member });
    }
}

#[test]
fn reading_access_does_not_let_a_rotator_touch_the_connection() {
    let (owner, rotator) = (Desk::new(1), Desk::new(2));
    let mut firm = Firm::shared(&owner);
    firm.welcome(&owner, &rotator, Role::Rotator);
    firm.team(&owner, WORK, TeamKind::Work, &[&rotator]);
    let mut customer = Customer::begin(&firm, &owner, 1);
    customer.epoch(&firm, &owner);
    customer.add(&firm, &owner, Customer::grant_body(&firm, WORK, Level::Read)).unwrap();
    customer.add(&firm, &rotator, put(1, ItemKind::Account, 1)).unwrap();
    assert_eq!(
        customer.add(&firm, &rotator, put(2, ItemKind::Connection, 1)).unwrap_err(),
        Refusal::NoAccess { member: rotator.member }
    );
}

// 10 evil_item_replay, 13, 14 evil_dup_item
#[test]
fn item_versions_rise_by_one_and_nothing_comes_back() {
    let (firm, mut customer, owner, tech) = office();
    let expect = |expected, found| Refusal::Version { item: item(1), found, expected };
    assert_eq!(customer.add(&firm, &tech, put(1, ItemKind::Account, 0)).unwrap_err(), expect(1, 0));
    assert_eq!(customer.add(&firm, &tech, put(1, ItemKind::Account, 2)).unwrap_err(), expect(1, 2));
    customer.add(&firm, &tech, put(1, ItemKind::Account, 1)).unwrap();
    assert_eq!(customer.add(&firm, &tech, put(1, ItemKind::Account, 1)).unwrap_err(), expect(2, 1));
    assert_eq!(customer.add(&firm, &tech, put(1, ItemKind::Account, 3)).unwrap_err(), expect(2, 3));
    customer.add(&firm, &tech, put(1, ItemKind::Account, 2)).unwrap();
    // Another kind is another item.
    assert_eq!(customer.add(&firm, &owner, put(1, ItemKind::Connection, 3)).unwrap_err(), expect(0, 3));
    let drop = |version| OrganizationBody::Drop { item: item(1), version };
    assert_eq!(customer.add(&firm, &owner, drop(1)).unwrap_err(), expect(2, 1));
    customer.add(&firm, &owner, drop(2)).unwrap();
    assert_eq!(customer.state.next_version(&item(1)), None);
    for body in [put(1, ItemKind::Account, 3), put(1, ItemKind::Account, 1)] {
        assert!(matches!(customer.add(&firm, &tech, body), Err(Refusal::Version { expected: 0, .. })));
    }
    assert_eq!(customer.add(&firm, &owner, drop(2)).unwrap_err(), expect(0, 2));
    let unknown = OrganizationBody::Drop { item: item(9), version: 1 };
    assert_eq!(customer.add(&firm, &owner, unknown).unwrap_err(), Refusal::NoItem { item: item(9) });
}

// 3, 8, 73 split_epoch_key: an epoch names its commitments once for all, and its recipients are the ledger's.
#[test]
fn epoch_goes_to_owners_and_granted_teams_and_nobody_else() {
    let (mut firm, mut customer, owner, _) = office();
    firm.team(&owner, 8, TeamKind::Work, &[&owner]);
    let stood = customer.epoch_body(&firm);
    for change in [
        (|teams: &mut Vec<_>, _: &Firm| drop(teams.pop())) as fn(&mut Vec<vitrine_ledger::TeamWrap>, &Firm),
        |teams, _| drop(teams.remove(0)),
        |teams, _| teams.reverse(),
        |teams, _| teams.push(teams[1].clone()),
        |teams, firm| teams.push(Customer::team_wrap(firm, team_id(8), Level::Full)),
        |teams, _| teams[1].keys = key_wraps(&[KeyName::Read]),
        |teams, _| teams[1].keys = key_wraps(&[KeyName::Operate, KeyName::Read]),
    ] {
        let mut body = stood.clone();
        let OrganizationBody::Epoch { teams, .. } = &mut body else { unreachable!() };
        change(teams, &firm);
        assert_eq!(customer.add(&firm, &owner, body).unwrap_err(), Refusal::Recipients);
    }
    let mut body = stood.clone();
    let OrganizationBody::Epoch { teams, .. } = &mut body else { unreachable!() };
    teams[1].epoch += 1;
    assert_eq!(customer.add(&firm, &owner, body).unwrap_err(), Refusal::Team { team: team_id(WORK) });
    customer.add(&firm, &owner, stood).unwrap();
    assert_eq!(customer.state.epoch().unwrap().epoch, 2);
}

#[test]
fn audit_team_gets_log_and_names_alone() {
    let (mut firm, mut customer, owner, _) = office();
    let auditor = Desk::new(3);
    firm.welcome(&owner, &auditor, Role::Auditor);
    firm.team(&owner, AUDIT, TeamKind::Audit, &[&auditor]);
    for level in [Level::Read, Level::Full] {
        assert_eq!(
            customer.add(&firm, &owner, Customer::grant_body(&firm, AUDIT, level)).unwrap_err(),
            Refusal::Team { team: team_id(AUDIT) }
        );
    }
    assert_eq!(
        customer.add(&firm, &owner, Customer::grant_body(&firm, WORK, Level::Log)).unwrap_err(),
        Refusal::Team { team: team_id(WORK) }
    );
    let mut greedy = Customer::grant_body(&firm, AUDIT, Level::Log);
    let OrganizationBody::Access { wrap: Some(wrap), .. } = &mut greedy else { unreachable!() };
    wrap.keys = key_wraps(&[KeyName::Read, KeyName::Operate]);
    assert_eq!(customer.add(&firm, &owner, greedy).unwrap_err(), Refusal::Recipients);
    customer.add(&firm, &owner, Customer::grant_body(&firm, AUDIT, Level::Log)).unwrap();
    let mut body = customer.epoch_body(&firm);
    let OrganizationBody::Epoch { commitments, .. } = &mut body else { unreachable!() };
    commitments.log = None;
    assert_eq!(customer.add(&firm, &owner, body).unwrap_err(), Refusal::Recipients);
}

#[test]
fn owners_access_can_neither_be_granted_nor_taken() {
    let (firm, mut customer, owner, _) = office();
    let owners = firm.state().owners_team().unwrap();
    for body in [
        OrganizationBody::Access { team: owners, level: None, wrap: None },
        Customer::grant_body(&firm, crate::kit::OWNERS, Level::Full),
    ] {
        assert_eq!(customer.add(&firm, &owner, body).unwrap_err(), Refusal::Team { team: owners });
    }
}

#[test]
fn witness_is_needed_known_and_never_goes_back() {
    let (mut firm, mut customer, owner, _) = office();
    let mut draft = customer.state.draft(log(), owner.author(), 1, firm.state().head());
    draft.witness = None;
    assert_eq!(customer.state.apply(&draft.sign(&owner.key).unwrap(), &firm.chain), Err(Refusal::Witness));

    let behind = firm.clone();
    firm.add(&owner, MspBody::Policy { settings: note() }).unwrap();
    let ahead = customer.sign(&firm, &owner, log());
    let refused = customer.state.apply(&ahead, &behind.chain).unwrap_err();
    assert_eq!(refused, Refusal::WitnessAhead { witness: firm.state().head() });
    assert!(!refused.is_violation());

    let mut forked = behind.clone();
    forked.time += 9;
    forked.add(&owner, MspBody::Policy { settings: note() }).unwrap();
    let split = customer.state.apply(&ahead, &forked.chain).unwrap_err();
    assert_eq!(split, Refusal::WitnessForked { witness: firm.state().head(), ours: forked.state().head().hash });

    customer.take(&firm, ahead).unwrap();
    let old = customer.sign_at(&firm, &owner, log(), behind.state().head().seq);
    assert_eq!(customer.take(&firm, old).unwrap_err(), Refusal::WitnessBack { witness: behind.state().head() });
}

// 42 evil_auditlog_edit, _drop, _reorder: a batch of view records can be neither changed, left out nor moved.
#[test]
fn log_entries_cannot_be_edited_dropped_or_reordered() {
    let (firm, mut customer, owner, tech) = office();
    for _ in 0..4 {
        customer.add(&firm, &tech, log()).unwrap();
    }
    let fold = |entries: &[&vitrine_ledger::Entry]| {
        let mut state = OrganizationState::genesis(entries[0], &firm.chain)?;
        for entry in &entries[1..] {
            state = state.apply(entry, &firm.chain)?;
        }
        Ok::<_, Refusal>(state)
    };
    let all: Vec<_> = customer.entries.iter().collect();
    assert_eq!(fold(&all).unwrap(), customer.state);
    for at in 1..all.len() - 1 {
        let mut dropped = all.clone();
        dropped.remove(at);
        assert!(fold(&dropped).is_err());
        let mut swapped = all.clone();
        swapped.swap(at, at + 1);
        assert!(fold(&swapped).is_err());
        let mut doubled = all.clone();
        doubled.insert(at, all[at]);
        assert!(fold(&doubled).is_err());
    }
    // 71 view_nonrepudiation, 72: nobody else can have written it.
    let last = all[all.len() - 1];
    assert_eq!(last.member(), tech.member);
    assert!(last.verify(&tech.card().key).is_ok());
    assert_eq!(last.verify(&owner.card().key), Err(Refusal::Signature));
}

#[test]
fn checkpoint_stands_at_every_256th_place_and_only_there() {
    let (firm, mut customer, owner, tech) = office();
    let early = customer.checkpoint_body();
    assert_eq!(customer.add(&firm, &owner, early).unwrap_err(), Refusal::CheckpointPlace);
    customer.add(&firm, &tech, put(1, ItemKind::Account, 1)).unwrap();
    customer.fill(&firm, &tech);
    assert_eq!(customer.add(&firm, &tech, log()).unwrap_err(), Refusal::CheckpointPlace);
    assert_eq!(customer.state.appendable(&log(), &tech.author(), &firm.chain), Err(Refusal::CheckpointPlace));
    let entry = customer.add(&firm, &tech, customer.checkpoint_body()).unwrap();
    assert_eq!(entry.seq(), CHECKPOINT_EVERY);
    assert_eq!(customer.state.checkpoint(), Some(entry.head()));
    customer.add(&firm, &tech, log()).unwrap();
}

// 13 evil_drop_item: a checkpoint that leaves an item out is false.
#[test]
fn false_checkpoint_is_an_invalid_entry() {
    let (firm, mut customer, _, tech) = office();
    let poor = customer.checkpoint_body();
    customer.add(&firm, &tech, put(1, ItemKind::Account, 1)).unwrap();
    customer.fill(&firm, &tech);
    assert_eq!(customer.add(&firm, &tech, poor).unwrap_err(), Refusal::FalseCheckpoint);
}

#[test]
fn reading_may_begin_at_a_checkpoint_and_writing_waits_for_the_history() {
    let (firm, mut customer, owner, tech) = office();
    customer.add(&firm, &tech, put(1, ItemKind::Account, 1)).unwrap();
    customer.fill(&firm, &tech);
    let ledger = customer.state.ledger();
    let checkpoint = customer.add(&firm, &tech, customer.checkpoint_body()).unwrap();
    let verified = customer.state.clone();
    let after = customer.add(&firm, &tech, put(1, ItemKind::Account, 2)).unwrap();

    let begun = OrganizationState::from_checkpoint(&checkpoint, ledger, &firm.chain).unwrap();
    assert_eq!(begun.unchecked_since(), Some(checkpoint.head()));
    let begun = begun.apply(&after, &firm.chain).unwrap();
    assert_eq!(begun.item(&item(1)).unwrap().version, 2);
    let asked = |state: &OrganizationState, body| state.appendable(&body, &owner.author(), &firm.chain);
    assert_eq!(asked(&begun, put(1, ItemKind::Account, 3)), Err(Refusal::HistoryUnchecked));
    assert_eq!(asked(&begun, log()), Ok(()));

    assert_eq!(begun.confirm(&customer.state), Err(Refusal::FalseCheckpoint));
    let whole = begun.confirm(&verified).unwrap();
    assert_eq!(whole, customer.state);
    assert_eq!(asked(&whole, put(1, ItemKind::Account, 3)), Ok(()));
}

#[test]
fn checkpoint_names_what_has_to_be_read_beside_it() {
    let (firm, mut customer, owner, tech) = office();
    // An access that the next epoch carries again is needed no more.
    customer.add(&firm, &owner, Customer::grant_body(&firm, WORK, Level::Read)).unwrap();
    customer.epoch(&firm, &owner);
    let given = customer.add(&firm, &owner, Customer::grant_body(&firm, WORK, Level::Full)).unwrap();
    customer.add(&firm, &owner, OrganizationBody::Name { name: name() }).unwrap();
    let named = customer.add(&firm, &owner, OrganizationBody::Name { name: name() }).unwrap();
    customer.fill(&firm, &tech);
    let OrganizationBody::Checkpoint { snapshot } = customer.checkpoint_body() else { unreachable!() };
    let epochs = customer
        .entries
        .iter()
        .filter(|entry| matches!(entry.body(), vitrine_ledger::Body::Organization(OrganizationBody::Epoch { .. })));
    let epochs: Vec<_> = epochs.map(vitrine_ledger::Entry::head).collect();
    assert_eq!(epochs.len(), 2);
    assert_eq!(snapshot.needed(), [&epochs[..], &[given.head(), named.head()]].concat());
}

#[test]
fn checkpoint_by_a_device_that_is_not_valid_begins_nothing() {
    let (firm, mut customer, owner, tech) = office();
    customer.fill(&firm, &tech);
    let ledger = customer.state.ledger();
    let stranger = customer.sign(&firm, &Desk::new(9), customer.checkpoint_body());
    assert!(matches!(OrganizationState::from_checkpoint(&stranger, ledger, &firm.chain), Err(Refusal::Member { .. })));
    let real = customer.sign(&firm, &owner, customer.checkpoint_body());
    let other = Customer::begin(&firm, &owner, 77).state.ledger();
    assert!(matches!(OrganizationState::from_checkpoint(&real, other, &firm.chain), Err(Refusal::WrongLedger { .. })));
}

#[test]
fn time_is_shown_and_never_decides() {
    let (firm, mut customer, owner, _) = office();
    for time_ms in [0, u64::MAX, 1] {
        let draft = customer.state.draft(log(), owner.author(), time_ms, firm.state().head());
        let entry = customer.take(&firm, draft.sign(&owner.key).unwrap()).unwrap();
        assert_eq!(entry.time_ms(), time_ms);
    }
}
