//! Several members: who may do what, and what takes two.

use vitrine_ledger::{
    Action, BackendId, BackendKey, DeviceId, DeviceWrap, EncryptionKey, Home, MspBody, Refusal, Role, TeamKind,
    Unfinished, Wrap, allowed,
};

use crate::kit::{AUDIT, Desk, Firm, OWNERS, WORK, backend, note, wrap};

const ROLES: [Role; 5] = [Role::Owner, Role::Admin, Role::Technician, Role::Auditor, Role::Rotator];

#[test]
fn table_is_the_designs() {
    use Action::{
        Access, Approve, Checkpoint, Drop, Home, Log, Members, Organizations, OwnDevices, Owners, Policy, PutAccount,
        PutConnection, PutOrganization, Recovery, Reveal, Teams,
    };
    // Owner, admin, technician, auditor, rotator.
    let table = [
        (Home, "o----"),
        (Owners, "o----"),
        (Recovery, "o----"),
        (Approve, "o----"),
        (Members, "oa---"),
        (OwnDevices, "oatu-"),
        (Teams, "oa---"),
        (Organizations, "oa---"),
        (Policy, "oa---"),
        (Access, "oa---"),
        (PutOrganization, "oa---"),
        (PutAccount, "oat-r"),
        (PutConnection, "oa--r"),
        (Drop, "oa---"),
        (Log, "oatur"),
        (Checkpoint, "oatur"),
        (Reveal, "oat--"),
    ];
    for (action, row) in table {
        for (role, mark) in ROLES.into_iter().zip(row.chars()) {
            assert_eq!(allowed(role, action), mark != '-', "{role:?} {action:?}");
        }
    }
}

// 6 evil_org_injection, BW08: membership takes the administrator's word and the member's own.
#[test]
fn invited_member_is_nobody_until_it_joins() {
    let (owner, tech) = (Desk::new(1), Desk::new(2));
    let mut firm = Firm::shared(&owner);
    firm.add(&owner, tech.invited(Role::Technician)).unwrap();
    assert_eq!(
        firm.add(&tech, MspBody::DeviceAdd { card: tech.at(3).card(), proof: None }).unwrap_err(),
        Refusal::Member { member: tech.member }
    );
    assert_eq!(
        firm.add(&owner, firm.team_body(WORK, TeamKind::Work, &[tech.member])).unwrap_err(),
        Refusal::Recipients
    );
    let proof = tech.proof(firm.state().place());
    firm.add(&tech, MspBody::MemberJoin { proof }).unwrap();
    firm.add(&owner, firm.team_body(WORK, TeamKind::Work, &[tech.member])).unwrap();
}

#[test]
fn join_takes_the_named_device_and_the_named_identity() {
    let (owner, tech) = (Desk::new(1), Desk::new(2));
    let mut firm = Firm::shared(&owner);
    firm.add(&owner, tech.invited(Role::Technician)).unwrap();
    let place = firm.state().place();
    let elsewhere = tech.at(3);
    assert_eq!(
        firm.add(&elsewhere, MspBody::MemberJoin { proof: elsewhere.proof(place) }).unwrap_err(),
        Refusal::Device { device: elsewhere.device }
    );
    let stranger = Desk { identity: Desk::new(4).identity, ..tech.clone() };
    assert_eq!(firm.add(&tech, MspBody::MemberJoin { proof: stranger.proof(place) }).unwrap_err(), Refusal::Proof);
    // 35 invite_replay: a second join is none.
    firm.add(&tech, MspBody::MemberJoin { proof: tech.proof(place) }).unwrap();
    let again = tech.proof(firm.state().place());
    assert_eq!(
        firm.add(&tech, MspBody::MemberJoin { proof: again }).unwrap_err(),
        Refusal::Member { member: tech.member }
    );
}

#[test]
fn withdrawn_invite_cannot_be_joined() {
    let (owner, tech) = (Desk::new(1), Desk::new(2));
    let mut firm = Firm::shared(&owner);
    firm.add(&owner, tech.invited(Role::Technician)).unwrap();
    firm.add(&owner, MspBody::MemberRemove { subject: tech.member }).unwrap();
    let proof = tech.proof(firm.state().place());
    assert_eq!(firm.add(&tech, MspBody::MemberJoin { proof }).unwrap_err(), Refusal::Member { member: tech.member });
    assert_eq!(firm.add(&owner, tech.invited(Role::Technician)).unwrap_err(), Refusal::Reused);
}

// 4 evil_self_add, 1P01, LP01: a stranger cannot add itself in any role, nor can any role but the two make members.
#[test]
fn nobody_adds_itself_in_any_role() {
    let owner = Desk::new(1);
    let mut firm = Firm::shared(&owner);
    let stranger = Desk::new(9);
    for role in ROLES {
        let refused = firm.add(&stranger, stranger.invited(role)).unwrap_err();
        assert_eq!(refused, Refusal::Member { member: stranger.member });
        // In the owner's name, with the stranger's key.
        let forged = Desk { key: stranger.key.clone(), ..owner.clone() };
        assert_eq!(firm.add(&forged, stranger.invited(role)).unwrap_err(), Refusal::Signature);
    }
    for (n, role) in [(3, Role::Technician), (4, Role::Auditor), (5, Role::Rotator)] {
        let member = Desk::new(n);
        firm.welcome(&owner, &member, role);
        assert_eq!(
            firm.add(&member, stranger.invited(Role::Technician)).unwrap_err(),
            Refusal::NotAllowed { role, action: Action::Members }
        );
    }
}

// 1 evil_swap_member_pk: a member keeps its keys, but by its own rekey or an owner's.
#[test]
fn keys_of_a_member_are_nobody_elses_to_change() {
    let (owner, admin, tech) = (Desk::new(1), Desk::new(2), Desk::new(3));
    let mut firm = Firm::shared(&owner);
    firm.welcome(&owner, &admin, Role::Admin);
    firm.welcome(&owner, &tech, Role::Technician);
    let evil = Desk { device: admin.device, key: admin.key.clone(), ..tech.rekeyed(40) };
    let body = MspBody::MemberRekey {
        subject: tech.member,
        identity: evil.identity_key(),
        encryption: evil.encryption,
        proof: evil.proof(firm.state().place()),
        devices: Vec::new(),
        account: crate::kit::account(),
    };
    assert_eq!(firm.add(&admin, body).unwrap_err(), Refusal::NotAllowed { role: Role::Admin, action: Action::Owners });
    assert_eq!(
        firm.add(&owner, Desk { encryption: tech.encryption, ..Desk::new(5) }.invited(Role::Technician)).unwrap_err(),
        Refusal::Reused
    );
}

#[test]
fn member_rekeys_itself_and_its_old_identity_is_done() {
    let (owner, tech) = (Desk::new(1), Desk::new(2));
    let mut firm = Firm::shared(&owner);
    firm.welcome(&owner, &tech, Role::Technician);
    let lost = tech.at(3);
    firm.add(&tech, MspBody::DeviceAdd { card: lost.card(), proof: None }).unwrap();
    firm.add(&tech, MspBody::DeviceRevoke { subject: lost.device }).unwrap();
    firm.team(&owner, WORK, TeamKind::Work, &[&tech]);
    firm.msp_epoch(&owner);
    assert_eq!(firm.state().unfinished(), vec![Unfinished::Rekey { member: tech.member, device: lost.device }]);
    let new = tech.rekeyed(41);
    let rekey = MspBody::MemberRekey {
        subject: tech.member,
        identity: new.identity_key(),
        encryption: new.encryption,
        proof: new.proof(firm.state().place()),
        devices: Vec::new(),
        account: crate::kit::account(),
    };
    firm.add(&tech, rekey).unwrap();
    // The keys that the lost device knew still open the epochs before: those are to be renewed.
    assert_eq!(firm.state().unfinished(), vec![Unfinished::Team { team: crate::kit::team_id(WORK) }, Unfinished::Msp]);
    let old_kit = tech.at(4);
    let proof = old_kit.proof(firm.state().place());
    assert_eq!(
        firm.add(&old_kit, MspBody::DeviceAdd { card: old_kit.card(), proof: Some(proof) }).unwrap_err(),
        Refusal::Proof
    );
    firm.team(&owner, WORK, TeamKind::Work, &[&new]);
    firm.msp_epoch(&owner);
    assert_eq!(firm.state().unfinished(), vec![]);
}

#[test]
fn new_root_is_wrapped_to_devices_that_stay_and_to_no_other() {
    let (owner, tech) = (Desk::new(1), Desk::new(2));
    let mut firm = Firm::shared(&owner);
    firm.welcome(&owner, &tech, Role::Technician);
    let (lost, kept) = (tech.at(3), tech.at(4));
    for desk in [&lost, &kept] {
        firm.add(&tech, MspBody::DeviceAdd { card: desk.card(), proof: None }).unwrap();
    }
    firm.add(&tech, MspBody::DeviceRevoke { subject: lost.device }).unwrap();
    let new = tech.rekeyed(41);
    let rekey = |firm: &Firm, devices: &[DeviceId]| {
        let wrap = |device: &DeviceId| DeviceWrap { device: *device, wrap: Wrap::new(vec![0xaf; 112]).unwrap() };
        MspBody::MemberRekey {
            subject: new.member,
            identity: new.identity_key(),
            encryption: new.encryption,
            proof: new.proof(firm.state().place()),
            devices: devices.iter().map(wrap).collect(),
            account: crate::kit::account(),
        }
    };
    let mut both = [tech.device, kept.device];
    both.sort();
    for wrong in [vec![lost.device], vec![owner.device], vec![both[1], both[0]], vec![both[0], both[0]]] {
        let body = rekey(&firm, &wrong);
        assert_eq!(firm.add(&tech, body).unwrap_err(), Refusal::Recipients, "{wrong:?}");
    }
    let body = rekey(&firm, &both);
    firm.add(&tech, body).unwrap();
}

#[test]
fn rekey_needs_the_new_identitys_word() {
    let (owner, tech) = (Desk::new(1), Desk::new(2));
    let mut firm = Firm::shared(&owner);
    firm.welcome(&owner, &tech, Role::Technician);
    let new = tech.rekeyed(41);
    let rekey = MspBody::MemberRekey {
        subject: tech.member,
        identity: new.identity_key(),
        encryption: new.encryption,
        proof: tech.proof(firm.state().place()),
        devices: Vec::new(),
        account: crate::kit::account(),
    };
    assert_eq!(firm.add(&tech, rekey).unwrap_err(), Refusal::Proof);
}

#[test]
fn admin_touches_neither_owners_nor_recovery_nor_home() {
    let (owner, admin) = (Desk::new(1), Desk::new(2));
    let mut firm = Firm::shared(&owner);
    firm.welcome(&owner, &admin, Role::Admin);
    let refused = |action| Refusal::NotAllowed { role: Role::Admin, action };
    let owners = firm.team_body(OWNERS, TeamKind::Owners, &[owner.member]);
    for (body, action) in [
        (MspBody::Home { home: backend() }, Action::Home),
        (MspBody::HomeRecovery { home: backend(), reason: note() }, Action::Home),
        (MspBody::MemberRemove { subject: owner.member }, Action::Owners),
        (MspBody::MemberRole { subject: owner.member, role: Role::Auditor }, Action::Owners),
        (MspBody::MemberRole { subject: admin.member, role: Role::Owner }, Action::Owners),
        (MspBody::DeviceRevoke { subject: owner.device }, Action::Owners),
        (MspBody::RecoverySet { sheet: true, note: note() }, Action::Recovery),
        (owners, Action::Owners),
    ] {
        assert_eq!(firm.add(&admin, body).unwrap_err(), refused(action));
    }
    firm.add(&admin, MspBody::Policy { settings: note() }).unwrap();
    firm.welcome(&admin, &Desk::new(3), Role::Technician);
}

fn two_owners() -> (Firm, Desk, Desk) {
    let (a, b) = (Desk::new(1), Desk::new(2));
    let mut firm = Firm::shared(&a);
    firm.welcome(&a, &b, Role::Admin);
    firm.crown(&a, &b, None);
    firm.owners_epoch(&b);
    (firm, a, b)
}

// 75: removing an owner takes a second owner.
#[test]
fn owner_leaves_only_with_a_second_owners_consent() {
    let (mut firm, a, b) = two_owners();
    let asked = firm.add(&a, MspBody::MemberRemove { subject: b.member }).unwrap();
    assert!(firm.state().member(&b.member).unwrap().is_active());
    assert_eq!(firm.state().pending().len(), 1);
    assert_eq!(
        firm.add(&a, MspBody::Approve { entry: asked.hash() }).unwrap_err(),
        Refusal::NotPending { entry: asked.hash() }
    );
    firm.add(&b, MspBody::Approve { entry: asked.hash() }).unwrap();
    assert!(!firm.state().member(&b.member).unwrap().is_active());
    assert!(firm.state().pending().is_empty());
}

#[test]
fn stepping_down_takes_a_second_owner_too() {
    let (mut firm, a, b) = two_owners();
    let asked = firm.add(&b, MspBody::MemberRole { subject: b.member, role: Role::Admin }).unwrap();
    assert_eq!(firm.state().member(&b.member).unwrap().role(), Role::Owner);
    firm.add(&a, MspBody::Approve { entry: asked.hash() }).unwrap();
    assert_eq!(firm.state().member(&b.member).unwrap().role(), Role::Admin);
}

// 4: recovery changes need two owners when there are two.
#[test]
fn recovery_changes_only_with_a_second_owners_consent() {
    let (mut firm, a, b) = two_owners();
    let set = || MspBody::RecoverySet { sheet: true, note: note() };
    let first = firm.add(&a, set()).unwrap();
    assert!(!firm.state().has_safe_sheet());
    // A newer wish replaces the older one, so that what is approved is what was last asked for.
    let second = firm.add(&a, set()).unwrap();
    assert_eq!(
        firm.add(&b, MspBody::Approve { entry: first.hash() }).unwrap_err(),
        Refusal::NotPending { entry: first.hash() }
    );
    firm.add(&b, MspBody::Approve { entry: second.hash() }).unwrap();
    assert_eq!(firm.state().safe_sheet(), Some(second.head()));
}

// 74, 75: one owner could otherwise make an accomplice an owner and have it approve anything.
#[test]
fn third_owner_is_made_only_with_a_second_owners_consent() {
    let (mut firm, a, b) = two_owners();
    let c = Desk::new(3);
    assert_eq!(firm.add(&a, c.invited(Role::Owner)).unwrap_err(), Refusal::RoleUnfit { role: Role::Owner });
    firm.welcome(&a, &c, Role::Admin);
    let asked = firm.add(&a, MspBody::MemberRole { subject: c.member, role: Role::Owner }).unwrap();
    assert_eq!(firm.state().member(&c.member).unwrap().role(), Role::Admin);
    assert_eq!(
        firm.add(&c, MspBody::Approve { entry: asked.hash() }).unwrap_err(),
        Refusal::NotAllowed { role: Role::Admin, action: Action::Approve }
    );
    firm.add(&b, MspBody::Approve { entry: asked.hash() }).unwrap();
    assert_eq!(firm.state().member(&c.member).unwrap().role(), Role::Owner);
}

#[test]
fn owner_is_rekeyed_by_another_owner_only_with_consent() {
    let (mut firm, a, b) = two_owners();
    let new = Desk { device: a.device, key: a.key.clone(), ..b.rekeyed(50) };
    let body = MspBody::MemberRekey {
        subject: b.member,
        identity: new.identity_key(),
        encryption: new.encryption,
        proof: new.proof(firm.state().place()),
        devices: Vec::new(),
        account: crate::kit::account(),
    };
    firm.add(&a, body).unwrap();
    assert_eq!(firm.state().member(&b.member).unwrap().keys().identity, b.identity_key());
    assert_eq!(firm.state().pending().len(), 1);
}

#[test]
fn wishes_of_an_owner_who_left_are_void() {
    let (mut firm, a, b) = two_owners();
    firm.add(&b, MspBody::RecoverySet { sheet: true, note: note() }).unwrap();
    let asked = firm.add(&a, MspBody::MemberRemove { subject: b.member }).unwrap();
    firm.add(&b, MspBody::Approve { entry: asked.hash() }).unwrap();
    assert!(firm.state().pending().is_empty());
}

// 74 add_member_notifies
#[test]
fn whatever_lets_somebody_in_is_loud() {
    let desk = Desk::new(2);
    assert!(desk.invited(Role::Auditor).is_loud());
    assert!(MspBody::MemberRole { subject: desk.member, role: Role::Owner }.is_loud());
    assert!(MspBody::RecoverySet { sheet: true, note: note() }.is_loud());
    assert!(!MspBody::Policy { settings: note() }.is_loud());
    assert!(!MspBody::DeviceAdd { card: desk.card(), proof: None }.is_loud());
}

#[test]
fn owners_team_is_one_and_holds_all_owners_and_nobody_else() {
    let (mut firm, a, b) = two_owners();
    let tech = Desk::new(3);
    firm.welcome(&a, &tech, Role::Technician);
    for members in [vec![a.member], vec![a.member, b.member, tech.member], vec![]] {
        assert_eq!(firm.add(&a, firm.team_body(OWNERS, TeamKind::Owners, &members)).unwrap_err(), Refusal::Recipients);
    }
    let second = firm.team_body(WORK, TeamKind::Owners, &[a.member, b.member]);
    assert_eq!(firm.add(&a, second).unwrap_err(), Refusal::Team { team: crate::kit::team_id(WORK) });
}

#[test]
fn auditors_and_workers_do_not_share_a_team() {
    let (owner, auditor, tech) = (Desk::new(1), Desk::new(2), Desk::new(3));
    let mut firm = Firm::shared(&owner);
    firm.welcome(&owner, &auditor, Role::Auditor);
    firm.welcome(&owner, &tech, Role::Technician);
    for (kind, member) in [(TeamKind::Work, &auditor), (TeamKind::Audit, &tech)] {
        assert_eq!(firm.add(&owner, firm.team_body(AUDIT, kind, &[member.member])).unwrap_err(), Refusal::Recipients);
    }
    // Who makes its keys is in it, too, or nobody could make the next one.
    firm.team(&owner, AUDIT, TeamKind::Audit, &[&owner, &auditor]);
}

// 14 evil_dup_item, for recipients.
#[test]
fn recipients_rise_and_do_not_repeat() {
    let (owner, tech) = (Desk::new(1), Desk::new(2));
    let mut firm = Firm::shared(&owner);
    firm.welcome(&owner, &tech, Role::Technician);
    for change in [(|members: &mut Vec<vitrine_ledger::MemberWrap>| members.reverse()) as fn(&mut Vec<_>), |members| {
        members.push(members[1].clone());
    }] {
        let mut body = firm.team_body(WORK, TeamKind::Work, &[owner.member, tech.member]);
        let MspBody::TeamEpoch { members, .. } = &mut body else { unreachable!() };
        change(members);
        assert_eq!(firm.add(&owner, body).unwrap_err(), Refusal::Recipients);
    }
}

#[test]
fn team_key_is_new_in_each_epoch() {
    let owner = Desk::new(1);
    let mut firm = Firm::shared(&owner);
    firm.team(&owner, WORK, TeamKind::Work, &[&owner]);
    let old = firm.state().team(&crate::kit::team_id(WORK)).unwrap().epoch().public;
    let mut body = firm.team_body(WORK, TeamKind::Work, &[owner.member]);
    let MspBody::TeamEpoch { public, .. } = &mut body else { unreachable!() };
    *public = old;
    assert_eq!(firm.add(&owner, body).unwrap_err(), Refusal::Reused);
}

// 2, 3 evil_rotation_recipients: the MSP's key goes to all members and to nobody else.
#[test]
fn msp_key_goes_to_every_member_and_nobody_else() {
    let (owner, tech, gone) = (Desk::new(1), Desk::new(2), Desk::new(3));
    let mut firm = Firm::shared(&owner);
    firm.welcome(&owner, &tech, Role::Technician);
    firm.welcome(&owner, &gone, Role::Technician);
    firm.msp_epoch(&owner);
    firm.add(&owner, MspBody::MemberRemove { subject: gone.member }).unwrap();
    assert_eq!(firm.state().unfinished(), vec![Unfinished::Msp]);
    let stood = firm.msp_epoch_body();
    for change in [
        (|members: &mut Vec<vitrine_ledger::MemberWrap>| drop(members.pop())) as fn(&mut Vec<_>),
        |members| members.push(vitrine_ledger::MemberWrap { member: Desk::new(3).member, wrap: wrap() }),
        |members| members.push(vitrine_ledger::MemberWrap { member: Desk::new(9).member, wrap: wrap() }),
    ] {
        let mut body = stood.clone();
        let MspBody::MspEpoch { members, .. } = &mut body else { unreachable!() };
        change(members);
        assert_eq!(firm.add(&owner, body).unwrap_err(), Refusal::Recipients);
    }
    firm.add(&owner, stood).unwrap();
    assert_eq!(firm.state().unfinished(), vec![]);
}

#[test]
fn rotator_has_one_device_and_stays_a_rotator() {
    let (owner, rotator) = (Desk::new(1), Desk::new(2));
    let mut firm = Firm::shared(&owner);
    firm.welcome(&owner, &rotator, Role::Rotator);
    let refused = Refusal::NotAllowed { role: Role::Rotator, action: Action::OwnDevices };
    let second = rotator.at(3);
    assert_eq!(firm.add(&rotator, MspBody::DeviceAdd { card: second.card(), proof: None }).unwrap_err(), refused);
    let proof = second.proof(firm.state().place());
    assert_eq!(firm.add(&second, MspBody::DeviceAdd { card: second.card(), proof: Some(proof) }).unwrap_err(), refused);
    for (subject, role) in [(rotator.member, Role::Technician), (rotator.member, Role::Owner)] {
        assert_eq!(firm.add(&owner, MspBody::MemberRole { subject, role }).unwrap_err(), Refusal::RoleUnfit { role });
    }
}

#[test]
fn devices_are_revoked_by_their_member_or_an_admin_and_by_nobody_else() {
    let (owner, admin, tech, other) = (Desk::new(1), Desk::new(2), Desk::new(3), Desk::new(4));
    let mut firm = Firm::shared(&owner);
    firm.welcome(&owner, &admin, Role::Admin);
    firm.welcome(&owner, &tech, Role::Technician);
    firm.welcome(&owner, &other, Role::Technician);
    assert_eq!(
        firm.add(&other, MspBody::DeviceRevoke { subject: tech.device }).unwrap_err(),
        Refusal::NotAllowed { role: Role::Technician, action: Action::Members }
    );
    firm.add(&tech, MspBody::DeviceAdd { card: tech.at(5).card(), proof: None }).unwrap();
    firm.add(&tech, MspBody::DeviceRevoke { subject: tech.device }).unwrap();
    firm.add(&admin, MspBody::DeviceRevoke { subject: tech.at(5).device }).unwrap();
    assert_eq!(
        firm.add(&admin, MspBody::DeviceRevoke { subject: tech.device }).unwrap_err(),
        Refusal::SubjectDevice { device: tech.device }
    );
}

#[test]
fn removed_member_and_its_devices_are_done() {
    let (owner, tech) = (Desk::new(1), Desk::new(2));
    let mut firm = Firm::shared(&owner);
    firm.welcome(&owner, &tech, Role::Technician);
    firm.add(&owner, MspBody::MemberRemove { subject: tech.member }).unwrap();
    assert_eq!(firm.state().device(&tech.device).unwrap().until, Some(firm.state().head().seq));
    assert_eq!(
        firm.add(&tech, MspBody::DeviceAdd { card: tech.at(5).card(), proof: None }).unwrap_err(),
        Refusal::Member { member: tech.member }
    );
    let back = tech.at(6);
    let proof = back.proof(firm.state().place());
    assert_eq!(
        firm.add(&back, MspBody::DeviceAdd { card: back.card(), proof: Some(proof) }).unwrap_err(),
        Refusal::Member { member: tech.member }
    );
}

#[test]
fn device_of_one_member_does_not_speak_for_another() {
    let (owner, tech) = (Desk::new(1), Desk::new(2));
    let mut firm = Firm::shared(&owner);
    firm.welcome(&owner, &tech, Role::Technician);
    let mixed = Desk { member: owner.member, ..tech.clone() };
    assert_eq!(
        firm.add(&mixed, MspBody::Policy { settings: note() }).unwrap_err(),
        Refusal::Device { device: tech.device }
    );
}

// 44, for keys that are not a member's own.
#[test]
fn weak_keys_of_teams_and_backends_are_refused() {
    let owner = Desk::new(1);
    let mut firm = Firm::shared(&owner);
    let mut team = firm.team_body(WORK, TeamKind::Work, &[owner.member]);
    let MspBody::TeamEpoch { public, .. } = &mut team else { unreachable!() };
    *public = EncryptionKey::from_bytes([0; 32]);
    let mut one = [0; 32];
    one[0] = 1;
    let home = Home::Backend { id: BackendId::from_bytes([9; 16]), key: BackendKey::from_bytes(one) };
    for body in [team, MspBody::Home { home }] {
        assert_eq!(firm.add(&owner, body).unwrap_err(), Refusal::WeakKey);
    }
}
