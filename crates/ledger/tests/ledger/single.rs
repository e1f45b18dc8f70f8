//! One member, one device, which is the home: the path that every vault begins with.

use vitrine_ledger::{
    Draft, Entry, ForkProof, ForkProofError, Home, ItemKind, MspBody, MspState, OrganizationBody, OrganizationState,
    Place, Refusal, Role, Salt, Unfinished,
};

use crate::kit::{Customer, Desk, Firm, item, log, name, note, put};

#[test]
fn founder_is_owner_and_its_device_is_the_home() {
    let owner = Desk::new(1);
    let firm = Firm::found(&owner);
    let member = firm.state().member(&owner.member).unwrap();
    assert_eq!(member.role(), Role::Owner);
    assert!(member.is_active());
    assert_eq!(firm.state().home(), Home::Device(owner.device));
    assert_eq!(firm.state().ledger(), firm.entries[0].begins());
}

// 7: the id of a ledger is its genesis; another genesis is another ledger.
#[test]
fn another_genesis_is_another_ledger() {
    let owner = Desk::new(1);
    let firm = Firm::found(&owner);
    let mut body = owner.genesis_body();
    let MspBody::Genesis { salt, .. } = &mut body else { unreachable!() };
    *salt = Salt::from_bytes([8; 32]);
    let other = Draft::msp_genesis(body, owner.author(), 1_000).sign(&owner.key).unwrap();
    assert_ne!(MspState::genesis(&other).unwrap().ledger(), firm.state().ledger());
    assert_eq!(firm.state().apply(&other), Err(Refusal::Genesis));
}

#[test]
fn genesis_without_the_identitys_word_is_refused() {
    let owner = Desk::new(1);
    let mut body = owner.genesis_body();
    let MspBody::Genesis { proof, .. } = &mut body else { unreachable!() };
    *proof = Desk::new(2).proof(Place::GENESIS);
    let entry = Draft::msp_genesis(body, owner.author(), 1).sign(&owner.key).unwrap();
    assert_eq!(MspState::genesis(&entry), Err(Refusal::Proof));
}

#[test]
fn genesis_signed_by_another_device_is_refused() {
    let owner = Desk::new(1);
    let entry = Draft::msp_genesis(owner.genesis_body(), owner.author(), 1).sign(&Desk::new(2).key).unwrap();
    assert_eq!(MspState::genesis(&entry), Err(Refusal::Signature));
}

#[test]
fn genesis_must_stand_at_the_beginning() {
    let owner = Desk::new(1);
    let mut draft = Draft::msp_genesis(owner.genesis_body(), owner.author(), 1);
    draft.place.seq = 1;
    assert_eq!(MspState::genesis(&draft.sign(&owner.key).unwrap()), Err(Refusal::Genesis));
}

#[test]
fn whole_path_of_a_single_owner_stands() {
    let owner = Desk::new(1);
    let mut firm = Firm::found_with_keys(&owner);
    firm.add(&owner, MspBody::Home { home: Home::Device(owner.device) }).unwrap();
    firm.add(&owner, MspBody::Policy { settings: note() }).unwrap();
    firm.add(&owner, MspBody::RecoverySet { sheet: true, note: note() }).unwrap();
    firm.msp_epoch(&owner);
    let mut customer = Customer::begin(&firm, &owner, 5);
    firm.add(&owner, MspBody::OrganizationAdd { organization: customer.state.ledger(), name: name() }).unwrap();
    customer.epoch(&firm, &owner);
    customer.add(&firm, &owner, put(1, ItemKind::Organization, 1)).unwrap();
    customer.add(&firm, &owner, put(2, ItemKind::Connection, 1)).unwrap();
    customer.add(&firm, &owner, put(3, ItemKind::Account, 1)).unwrap();
    customer.add(&firm, &owner, put(3, ItemKind::Account, 2)).unwrap();
    customer.add(&firm, &owner, log()).unwrap();
    customer.add(&firm, &owner, OrganizationBody::Drop { item: item(2), version: 1 }).unwrap();
    firm.add(&owner, MspBody::OrganizationArchive { organization: customer.state.ledger() }).unwrap();
    assert_eq!(customer.state.item(&item(3)).unwrap().version, 2);
    assert!(customer.state.item(&item(2)).unwrap().object.is_none());
    assert!(firm.state().has_safe_sheet());
    assert_eq!(firm.state().unfinished(), vec![]);
    assert_eq!(customer.state.owes_epoch(firm.state()), None);
}

#[test]
fn msp_state_does_not_grow_with_organizations() {
    let owner = Desk::new(1);
    let mut firm = Firm::found_with_keys(&owner);
    let before = firm.state().encode().len();
    for n in 0..50 {
        let organization = Customer::begin(&firm, &owner, n).state.ledger();
        firm.add(&owner, MspBody::OrganizationAdd { organization, name: name() }).unwrap();
    }
    // The place of the head takes a byte more.
    assert!(firm.state().encode().len() <= before + 1);
}

#[test]
fn state_survives_storage() {
    let owner = Desk::new(1);
    let mut firm = Firm::shared(&owner);
    firm.welcome(&owner, &Desk::new(2), Role::Auditor);
    assert_eq!(MspState::decode(&firm.state().encode()).unwrap(), *firm.state());
    let mut customer = Customer::connect(&firm, &owner, 1);
    customer.add(&firm, &owner, put(3, ItemKind::Account, 1)).unwrap();
    assert_eq!(OrganizationState::decode(&customer.state.encode()).unwrap(), customer.state);
    assert!(OrganizationState::decode(&firm.state().encode()).is_err());
}

#[test]
fn refused_entry_leaves_the_state_as_it_was() {
    let owner = Desk::new(1);
    let firm = Firm::found_with_keys(&owner);
    let before = firm.state().encode();
    let stranger = Desk::new(2);
    let entry = firm.sign(&stranger, MspBody::Policy { settings: note() });
    assert_eq!(firm.state().apply(&entry), Err(Refusal::Member { member: stranger.member }));
    assert_eq!(firm.state().encode(), before);
}

#[test]
fn while_a_device_is_the_home_no_other_device_writes() {
    let owner = Desk::new(1);
    let second = owner.at(2);
    let mut firm = Firm::found_with_keys(&owner);
    firm.add(&owner, MspBody::DeviceAdd { card: second.card(), proof: None }).unwrap();
    let refused = firm.add(&second, MspBody::Policy { settings: note() });
    assert_eq!(refused.unwrap_err(), Refusal::NotHome { device: second.device });
    let customer = Customer::connect(&firm, &owner, 1);
    let entry = customer.sign(&firm, &second, log());
    assert_eq!(customer.state.apply(&entry, &firm.chain), Err(Refusal::NotHome { device: second.device }));
}

#[test]
fn home_moves_and_then_the_new_one_writes() {
    let owner = Desk::new(1);
    let second = owner.at(2);
    let mut firm = Firm::found_with_keys(&owner);
    firm.add(&owner, MspBody::DeviceAdd { card: second.card(), proof: None }).unwrap();
    firm.add(&owner, MspBody::Home { home: Home::Device(second.device) }).unwrap();
    firm.add(&second, MspBody::Policy { settings: note() }).unwrap();
    assert_eq!(
        firm.add(&owner, MspBody::Policy { settings: note() }).unwrap_err(),
        Refusal::NotHome { device: owner.device }
    );
}

#[test]
fn home_cannot_move_to_an_unknown_device() {
    let owner = Desk::new(1);
    let mut firm = Firm::found(&owner);
    let stranger = Desk::new(2).device;
    assert_eq!(
        firm.add(&owner, MspBody::Home { home: Home::Device(stranger) }).unwrap_err(),
        Refusal::SubjectDevice { device: stranger }
    );
}

// Restoring a backup elsewhere: kit, then the loss of the home, then the old device ends.
#[test]
fn kit_brings_a_new_device_and_recovers_the_home() {
    let owner = Desk::new(1);
    let mut firm = Firm::found_with_keys(&owner);
    let fresh = owner.at(2);
    let proof = fresh.proof(firm.state().place());
    let add = firm.add(&fresh, MspBody::DeviceAdd { card: fresh.card(), proof: Some(proof) }).unwrap();
    let recover = MspBody::HomeRecovery { home: Home::Device(fresh.device), reason: note() };
    assert!(recover.is_loud());
    let vitrine_ledger::Body::Msp(body) = add.body() else { unreachable!() };
    assert!(body.is_loud());
    firm.add(&fresh, recover).unwrap();
    firm.add(&fresh, MspBody::RecoveryUse { reason: note() }).unwrap();
    firm.add(&fresh, MspBody::DeviceRevoke { subject: owner.device }).unwrap();
    assert_eq!(firm.state().unfinished(), vec![Unfinished::Rekey { member: owner.member, device: owner.device }]);
    assert_eq!(
        firm.add(&owner, MspBody::Policy { settings: note() }).unwrap_err(),
        Refusal::Device { device: owner.device }
    );
}

#[test]
fn kit_word_for_one_place_does_not_stand_at_another() {
    let owner = Desk::new(1);
    let mut firm = Firm::found_with_keys(&owner);
    let fresh = owner.at(2);
    let proof = fresh.proof(firm.state().place());
    firm.add(&owner, MspBody::Policy { settings: note() }).unwrap();
    let replayed = firm.add(&fresh, MspBody::DeviceAdd { card: fresh.card(), proof: Some(proof) });
    assert_eq!(replayed.unwrap_err(), Refusal::Proof);
}

#[test]
fn kit_of_another_member_brings_no_device() {
    let owner = Desk::new(1);
    let mut firm = Firm::found_with_keys(&owner);
    let thief = Desk { identity: Desk::new(2).identity, ..owner.at(3) };
    let place = firm.state().place();
    // The thief vouches with its own identity in the owner's name, and with the owner's identity unsigned.
    let own = thief.proof(place);
    assert_eq!(
        firm.add(&thief, MspBody::DeviceAdd { card: thief.card(), proof: Some(own) }).unwrap_err(),
        Refusal::Proof
    );
}

#[test]
fn device_that_is_the_home_cannot_be_revoked() {
    let owner = Desk::new(1);
    let mut firm = Firm::found_with_keys(&owner);
    assert_eq!(
        firm.add(&owner, MspBody::DeviceRevoke { subject: owner.device }).unwrap_err(),
        Refusal::IsHome { device: owner.device }
    );
}

// 75 last_owner_guard
#[test]
fn last_device_of_the_last_owner_cannot_be_revoked() {
    let owner = Desk::new(1);
    let mut firm = Firm::shared(&owner);
    assert_eq!(firm.add(&owner, MspBody::DeviceRevoke { subject: owner.device }).unwrap_err(), Refusal::LastOwner);
}

// 75 last_owner_guard
#[test]
fn last_owner_can_neither_leave_nor_step_down() {
    let owner = Desk::new(1);
    let mut firm = Firm::shared(&owner);
    for body in [
        MspBody::MemberRemove { subject: owner.member },
        MspBody::MemberRole { subject: owner.member, role: Role::Admin },
    ] {
        assert_eq!(firm.add(&owner, body).unwrap_err(), Refusal::LastOwner);
    }
}

#[test]
fn device_ids_and_keys_are_never_used_again() {
    let owner = Desk::new(1);
    let mut firm = Firm::shared(&owner);
    let second = owner.at(2);
    firm.add(&owner, MspBody::DeviceAdd { card: second.card(), proof: None }).unwrap();
    firm.add(&owner, MspBody::DeviceRevoke { subject: second.device }).unwrap();
    let same_key = Desk { device: owner.at(3).device, ..second.clone() };
    let same_id = Desk { key: owner.at(3).key, ..second.clone() };
    for desk in [second, same_key, same_id] {
        let refused = firm.add(&owner, MspBody::DeviceAdd { card: desk.card(), proof: None });
        assert_eq!(refused.unwrap_err(), Refusal::Reused);
    }
}

#[test]
fn transport_key_never_signs_entries() {
    let owner = Desk::new(1);
    let mut firm = Firm::shared(&owner);
    let second = owner.at(2);
    let mut card = second.card();
    card.transport = Some(vitrine_ledger::TransportKey::from_bytes(*card.key.as_bytes()));
    assert_eq!(firm.add(&owner, MspBody::DeviceAdd { card, proof: None }).unwrap_err(), Refusal::Reused);
}

// 44: small-order encryption keys.
#[test]
fn weak_keys_are_refused() {
    let owner = Desk::new(1);
    let mut firm = Firm::shared(&owner);
    let mut weak: Vec<[u8; 32]> = vec![[0; 32], [0; 32], [0xff; 32], [0xff; 32], [0xff; 32]];
    weak[1][0] = 1;
    for (n, key) in weak.iter_mut().skip(2).enumerate() {
        key[0] = 0xec + u8::try_from(n).unwrap();
        key[31] = 0x7f;
    }
    let top: Vec<_> = weak
        .iter()
        .map(|key| {
            let mut key = *key;
            key[31] |= 0x80;
            key
        })
        .collect();
    for key in weak.into_iter().chain(top) {
        let member = Desk { encryption: vitrine_ledger::EncryptionKey::from_bytes(key), ..Desk::new(2) };
        assert_eq!(firm.add(&owner, member.invited(Role::Technician)).unwrap_err(), Refusal::WeakKey);
    }
    let mut invited = Desk::new(2).invited(Role::Technician);
    let MspBody::MemberAdd { identity, .. } = &mut invited else { unreachable!() };
    let mut one = [0; 32];
    one[0] = 1;
    *identity = vitrine_ledger::IdentityKey::from_bytes(one);
    assert_eq!(firm.add(&owner, invited).unwrap_err(), Refusal::WeakKey);
}

#[test]
fn msp_entry_with_a_witness_is_refused() {
    let owner = Desk::new(1);
    let firm = Firm::found(&owner);
    let mut draft = firm.state().draft(MspBody::Policy { settings: note() }, owner.author(), 1);
    draft.witness = Some(firm.state().head());
    assert_eq!(firm.state().apply(&draft.sign(&owner.key).unwrap()), Err(Refusal::Witness));
}

#[test]
fn kinds_of_one_ledger_are_refused_in_the_other() {
    let owner = Desk::new(1);
    let firm = Firm::found_with_keys(&owner);
    let customer = Customer::connect(&firm, &owner, 1);
    let mut draft = firm.state().draft(MspBody::Policy { settings: note() }, owner.author(), 1);
    draft.body = log().into();
    assert_eq!(firm.state().apply(&draft.sign(&owner.key).unwrap()), Err(Refusal::WrongKind));
    let mut draft = customer.state.draft(log(), owner.author(), 1, firm.state().head());
    draft.body = MspBody::Policy { settings: note() }.into();
    assert_eq!(customer.state.apply(&draft.sign(&owner.key).unwrap(), &firm.chain), Err(Refusal::WrongKind));
}

// 32 evil_log_truncate, 33: omission at every place.
#[test]
fn omitting_any_entry_is_refused() {
    let owner = Desk::new(1);
    let mut firm = Firm::found_with_keys(&owner);
    for _ in 0..5 {
        firm.add(&owner, MspBody::Policy { settings: note() }).unwrap();
    }
    for missing in 0..firm.entries.len() - 1 {
        let rest: Vec<_> =
            firm.entries.iter().enumerate().filter(|(at, _)| *at != missing).map(|(_, entry)| entry).collect();
        assert!(fold(&rest).is_err(), "without {missing}");
    }
}

fn fold(entries: &[&Entry]) -> Result<MspState, Refusal> {
    let mut state = MspState::genesis(entries[0])?;
    for entry in &entries[1..] {
        state = state.apply(entry)?;
    }
    Ok(state)
}

// 14 evil_reorder
#[test]
fn swapping_any_two_entries_is_refused() {
    let owner = Desk::new(1);
    let mut firm = Firm::found_with_keys(&owner);
    for _ in 0..3 {
        firm.add(&owner, MspBody::Policy { settings: note() }).unwrap();
    }
    for a in 0..firm.entries.len() {
        for b in a + 1..firm.entries.len() {
            let mut order: Vec<_> = firm.entries.iter().collect();
            order.swap(a, b);
            assert!(fold(&order).is_err(), "{a} and {b}");
        }
    }
}

// 11 evil_full_rollback_known_client
#[test]
fn entry_offered_again_or_instead_is_told_apart_from_the_head() {
    let owner = Desk::new(1);
    let mut firm = Firm::found_with_keys(&owner);
    let before = firm.clone();
    let ours = firm.add(&owner, MspBody::Policy { settings: note() }).unwrap();
    let mut other = before.clone();
    other.time += 5;
    let theirs = other.add(&owner, MspBody::Policy { settings: note() }).unwrap();
    assert_eq!(firm.state().apply(&theirs), Err(Refusal::Taken { ours: firm.state().head(), theirs: theirs.head() }));
    let next = other.add(&owner, MspBody::Policy { settings: note() }).unwrap();
    let fork = firm.state().apply(&next).unwrap_err();
    assert_eq!(fork, Refusal::Fork { ours: ours.head(), theirs: next.head() });
    assert!(fork.is_violation());
    for theirs in [theirs, next] {
        let proof = ForkProof::new(ours.clone(), theirs).unwrap();
        proof.verify(firm.state()).unwrap();
        let read = ForkProof::from_bytes(&proof.to_bytes()).unwrap();
        assert_eq!(read, proof);
        assert_eq!(read.ledger(), firm.state().ledger());
    }
}

#[test]
fn fork_proof_needs_a_contradiction_and_known_signers() {
    let owner = Desk::new(1);
    let mut firm = Firm::found_with_keys(&owner);
    let one = firm.add(&owner, MspBody::Policy { settings: note() }).unwrap();
    let two = firm.add(&owner, MspBody::Policy { settings: note() }).unwrap();
    assert_eq!(ForkProof::new(one.clone(), two).unwrap_err(), ForkProofError::NoContradiction);
    assert_eq!(ForkProof::new(one.clone(), one.clone()).unwrap_err(), ForkProofError::NoContradiction);
    let forged = Draft {
        place: Place { ledger: one.ledger(), seq: one.seq(), prev: one.prev() },
        body: one.body().clone(),
        author: owner.author(),
        time_ms: 77,
        witness: None,
    }
    .sign(&Desk::new(2).key)
    .unwrap();
    let proof = ForkProof::new(one, forged).unwrap();
    assert_eq!(proof.verify(firm.state()), Err(ForkProofError::Signature));
}

// 33: the place of a removal can be given to a device that nobody else ever heard of.
#[test]
fn fork_by_a_device_that_adds_itself_is_proven_to_those_who_were_not_shown_it() {
    let owner = Desk::new(1);
    let firm = Firm::found_with_keys(&owner);
    let (mut ours, mut theirs) = (firm.clone(), firm.clone());
    let kit = owner.at(5);
    let added = |by: &Desk| MspBody::DeviceAdd { card: kit.card(), proof: Some(by.proof(firm.state().place())) };
    let policy = ours.add(&owner, MspBody::Policy { settings: note() }).unwrap();
    let came_back = theirs.add(&kit, added(&kit)).unwrap();
    for (one, other, reader) in [(&policy, &came_back, &ours), (&came_back, &policy, &theirs)] {
        ForkProof::new(one.clone(), other.clone()).unwrap().verify(reader.state()).unwrap();
    }
    // Without its identity's word anybody could make up such a device.
    let stranger = Desk { identity: Desk::new(2).identity, ..kit.clone() };
    let made_up = ForkProof::new(policy, firm.sign(&kit, added(&stranger))).unwrap();
    assert_eq!(made_up.verify(ours.state()), Err(ForkProofError::Signature));
}

#[test]
fn gap_is_no_violation_and_asks_for_what_is_missing() {
    let owner = Desk::new(1);
    let mut firm = Firm::found(&owner);
    let before = firm.state().clone();
    firm.add(&owner, MspBody::Policy { settings: note() }).unwrap();
    let later = firm.add(&owner, MspBody::Policy { settings: note() }).unwrap();
    let gap = before.apply(&later).unwrap_err();
    assert_eq!(gap, Refusal::Gap { expected: 1, found: 2 });
    assert!(!gap.is_violation());
}

#[test]
fn epochs_count_by_one_and_carry_the_keys_before() {
    let owner = Desk::new(1);
    let mut firm = Firm::found_with_keys(&owner);
    let stood = firm.msp_epoch_body();
    for wrong in [0, 1, 3] {
        let mut body = stood.clone();
        let MspBody::MspEpoch { epoch, .. } = &mut body else { unreachable!() };
        *epoch = wrong;
        assert_eq!(firm.add(&owner, body).unwrap_err(), Refusal::Epoch { expected: 2, found: wrong });
    }
    let mut body = stood.clone();
    let MspBody::MspEpoch { previous, .. } = &mut body else { unreachable!() };
    *previous = None;
    assert!(matches!(firm.add(&owner, body).unwrap_err(), Refusal::Epoch { .. }));
    firm.add(&owner, stood).unwrap();
}
