//! A removal takes hold in an organization with its next epoch.

use vitrine_ledger::{
    ItemKind, Level, Loss, MspBody, OrganizationBody, OrganizationState, Owed, Refusal, Role, TeamKind,
};

use crate::kit::{Customer, Desk, Firm, WORK, item, log, note, put, team_id};

struct Office {
    firm: Firm,
    customer: Customer,
    owner: Desk,
    stays: Desk,
    leaves: Desk,
}

fn office() -> Office {
    let (owner, stays, leaves) = (Desk::new(1), Desk::new(2), Desk::new(3));
    let mut firm = Firm::shared(&owner);
    firm.welcome(&owner, &stays, Role::Technician);
    firm.welcome(&owner, &leaves, Role::Technician);
    firm.team(&owner, WORK, TeamKind::Work, &[&stays, &leaves]);
    let mut customer = Customer::connect(&firm, &owner, 1);
    customer.add(&firm, &leaves, put(1, ItemKind::Account, 1)).unwrap();
    Office { firm, customer, owner, stays, leaves }
}

impl Office {
    /// Removes, and renews the team: what is left is the organization's epoch.
    fn remove(&mut self) -> u64 {
        self.firm.add(&self.owner, MspBody::MemberRemove { subject: self.leaves.member }).unwrap();
        let seq = self.firm.state().head().seq;
        self.firm.team(&self.owner, WORK, TeamKind::Work, &[&self.stays]);
        seq
    }
}

// 33 evil_hide_removal
#[test]
fn after_a_removal_nothing_but_the_epoch_is_appended() {
    let mut office = office();
    let seq = office.remove();
    let Office { firm, mut customer, owner, stays, leaves } = office;
    let loss = Loss { member: leaves.member, seq };
    assert_eq!(customer.state.owes_epoch(firm.state()), Some(Owed::Lost(loss)));
    assert_eq!(customer.state.appendable(&log(), &stays.author(), &firm.chain), Err(Refusal::EpochOwed));
    let epoch = customer.epoch_body(&firm);
    assert_eq!(customer.state.appendable(&epoch, &owner.author(), &firm.chain), Ok(()));
    customer.add(&firm, &owner, epoch).unwrap();
    assert_eq!(customer.state.owes_epoch(firm.state()), None);
    assert_eq!(customer.state.appendable(&log(), &stays.author(), &firm.chain), Ok(()));
}

#[test]
fn removed_device_writes_by_an_old_witness_and_is_not_taken_until_the_epoch_follows() {
    let mut office = office();
    let before = office.firm.state().head().seq;
    let known = office.customer.state.clone();
    office.remove();
    let Office { firm, mut customer, owner, stays, leaves } = office;
    // In league with the home: valid by its witness, as far as the fold can tell.
    let rogue = customer.sign_at(&firm, &leaves, put(1, ItemKind::Account, 2), before);
    customer.take(&firm, rogue.clone()).unwrap();
    let honest = customer.sign_at(&firm, &stays, log(), before);
    customer.take(&firm, honest.clone()).unwrap();

    let held = known.accept(&[rogue.clone(), honest.clone()], &firm.chain);
    assert_eq!((held.taken, held.held, held.refused), (0, 2, None));
    assert_eq!(held.state, known);
    assert_eq!(held.tip, customer.state);

    customer.epoch(&firm, &owner);
    let epoch = customer.entries.last().unwrap().clone();
    let taken = known.accept(&[rogue, honest, epoch], &firm.chain);
    assert_eq!((taken.taken, taken.held, &taken.late[..]), (3, 0, &[0][..]));
    assert_eq!(taken.state, customer.state);
    assert_eq!(taken.state.item(&item(1)).unwrap().version, 2);
}

#[test]
fn epoch_that_does_not_know_of_the_removal_settles_nothing() {
    let mut office = office();
    let before = office.firm.state().head().seq;
    let known = office.customer.state.clone();
    let old_firm = office.firm.clone();
    office.remove();
    let Office { firm, mut customer, owner, leaves, .. } = office;
    let rogue = customer.sign_at(&firm, &leaves, put(1, ItemKind::Account, 2), before);
    customer.take(&firm, rogue.clone()).unwrap();
    let stale = customer.sign_at(&firm, &owner, customer.epoch_body(&old_firm), before);
    customer.take(&firm, stale.clone()).unwrap();
    let held = known.accept(&[rogue, stale], &firm.chain);
    assert_eq!((held.taken, held.held), (0, 2));
    assert!(held.tip.owes_epoch(firm.state()).is_some());
}

#[test]
fn removed_device_is_refused_once_the_epoch_stands() {
    let mut office = office();
    let before = office.firm.state().head().seq;
    office.remove();
    let Office { firm, mut customer, owner, leaves, .. } = office;
    customer.epoch(&firm, &owner);
    let old = customer.sign_at(&firm, &leaves, log(), before);
    assert!(matches!(customer.take(&firm, old).unwrap_err(), Refusal::WitnessBack { .. }));
    let new = customer.sign(&firm, &leaves, log());
    assert_eq!(customer.take(&firm, new).unwrap_err(), Refusal::Member { member: leaves.member });
}

// 68: a removed member gets no new keys.
#[test]
fn epoch_to_a_team_that_still_holds_the_removed_member_is_refused() {
    let Office { mut firm, mut customer, owner, leaves, .. } = office();
    firm.add(&owner, MspBody::MemberRemove { subject: leaves.member }).unwrap();
    assert_eq!(
        customer.add(&firm, &owner, customer.epoch_body(&firm)).unwrap_err(),
        Refusal::Team { team: team_id(WORK) }
    );
    assert_eq!(
        customer.add(&firm, &owner, Customer::grant_body(&firm, WORK, Level::Full)).unwrap_err(),
        Refusal::Team { team: team_id(WORK) }
    );
}

#[test]
fn removal_of_somebody_without_access_owes_nothing() {
    let Office { mut firm, customer, owner, .. } = office();
    let outsider = Desk::new(5);
    firm.welcome(&owner, &outsider, Role::Technician);
    firm.team(&owner, 8, TeamKind::Work, &[&outsider]);
    firm.add(&owner, MspBody::MemberRemove { subject: outsider.member }).unwrap();
    assert_eq!(customer.state.owes_epoch(firm.state()), None);
}

#[test]
fn every_way_of_losing_keys_owes_an_epoch() {
    let losing: [fn(&mut Office); 6] = [
        |it| {
            it.firm.add(&it.owner, MspBody::MemberRemove { subject: it.leaves.member }).unwrap();
        },
        |it| it.firm.team(&it.owner, WORK, TeamKind::Work, &[&it.stays]),
        |it| {
            it.firm.add(&it.owner, MspBody::DeviceRevoke { subject: it.leaves.device }).unwrap();
        },
        |it| {
            let role = MspBody::MemberRole { subject: it.leaves.member, role: Role::Auditor };
            it.firm.add(&it.owner, role).unwrap();
        },
        |it| {
            let new = it.leaves.rekeyed(60);
            let rekey = MspBody::MemberRekey {
                subject: new.member,
                identity: new.identity_key(),
                encryption: new.encryption,
                proof: new.proof(it.firm.state().place()),
                devices: Vec::new(),
                account: crate::kit::account(),
            };
            it.firm.add(&it.leaves, rekey).unwrap();
        },
        |it| {
            let body = OrganizationBody::Access { team: team_id(WORK), level: None, wrap: None };
            it.customer.add(&it.firm, &it.owner, body).unwrap();
        },
    ];
    for (at, lose) in losing.into_iter().enumerate() {
        let mut office = office();
        assert_eq!(office.customer.state.owes_epoch(office.firm.state()), None);
        lose(&mut office);
        assert!(office.customer.state.owes_epoch(office.firm.state()).is_some(), "way {at}");
    }
}

#[test]
fn changes_that_take_nothing_owe_nothing() {
    let Office { mut firm, customer, owner, stays, leaves } = office();
    firm.add(&owner, MspBody::MemberRole { subject: stays.member, role: Role::Admin }).unwrap();
    firm.add(&owner, MspBody::Policy { settings: note() }).unwrap();
    firm.add(&stays, MspBody::DeviceAdd { card: stays.at(8).card(), proof: None }).unwrap();
    let new = Desk::new(6);
    firm.welcome(&owner, &new, Role::Technician);
    firm.team(&owner, WORK, TeamKind::Work, &[&stays, &leaves, &new]);
    firm.add(&owner, MspBody::RecoverySet { sheet: true, note: note() }).unwrap();
    assert_eq!(customer.state.owes_epoch(firm.state()), None);
}

#[test]
fn lowered_access_owes_an_epoch_and_raised_access_does_not() {
    let Office { firm, mut customer, owner, .. } = office();
    customer.add(&firm, &owner, Customer::grant_body(&firm, WORK, Level::Read)).unwrap();
    assert_eq!(customer.state.owes_epoch(firm.state()), Some(Owed::Withdrawn));
    customer.epoch(&firm, &owner);
    customer.add(&firm, &owner, Customer::grant_body(&firm, WORK, Level::Full)).unwrap();
    assert_eq!(customer.state.owes_epoch(firm.state()), None);
}

#[test]
fn device_revoked_with_rekey_and_new_team_is_settled_by_one_epoch() {
    let Office { mut firm, mut customer, owner, stays, leaves } = office();
    let second = leaves.at(9);
    firm.add(&leaves, MspBody::DeviceAdd { card: second.card(), proof: None }).unwrap();
    firm.add(&second, MspBody::DeviceRevoke { subject: leaves.device }).unwrap();
    let new = second.rekeyed(61);
    let rekey = MspBody::MemberRekey {
        subject: new.member,
        identity: new.identity_key(),
        encryption: new.encryption,
        proof: new.proof(firm.state().place()),
        devices: Vec::new(),
        account: crate::kit::account(),
    };
    firm.add(&second, rekey).unwrap();
    assert!(matches!(customer.add(&firm, &owner, customer.epoch_body(&firm)).unwrap_err(), Refusal::Team { .. }));
    firm.team(&owner, WORK, TeamKind::Work, &[&stays, &new]);
    customer.epoch(&firm, &owner);
    assert_eq!(customer.state.owes_epoch(firm.state()), None);
    customer.add(&firm, &second, log()).unwrap();
}

#[test]
fn somebody_who_had_left_the_team_before_holds_nothing_up_when_removed() {
    let Office { mut firm, mut customer, owner, stays, leaves } = office();
    let genesis = customer.entries[0].clone();
    firm.team(&owner, WORK, TeamKind::Work, &[&stays]);
    customer.epoch(&firm, &owner);
    customer.add(&firm, &stays, log()).unwrap();
    firm.add(&owner, MspBody::MemberRemove { subject: leaves.member }).unwrap();
    assert_eq!(customer.state.owes_epoch(firm.state()), None);
    // A new device, which reads all of it after the removal.
    let begun = OrganizationState::genesis(&genesis, &firm.chain).unwrap();
    let taken = begun.accept(&customer.entries[1..], &firm.chain);
    assert_eq!((taken.held, taken.refused, taken.late.len()), (0, None, 1));
    assert_eq!(taken.state, customer.state);
}

#[test]
fn removed_admin_without_keys_is_settled_by_an_epoch_too() {
    let Office { mut firm, mut customer, owner, .. } = office();
    let admin = Desk::new(6);
    firm.welcome(&owner, &admin, Role::Admin);
    let known = customer.state.clone();
    let from = customer.entries.len();
    customer.add(&firm, &admin, put(7, ItemKind::Organization, 1)).unwrap();
    firm.add(&owner, MspBody::MemberRemove { subject: admin.member }).unwrap();
    let held = known.accept(&customer.entries[from..], &firm.chain);
    assert_eq!((held.taken, held.held), (0, 1));
    assert!(held.tip.owes_epoch(firm.state()).is_some());
    assert!(known.owes_epoch(firm.state()).is_some());
    customer.epoch(&firm, &owner);
    let taken = known.accept(&customer.entries[from..], &firm.chain);
    assert_eq!((taken.taken, taken.held), (2, 0));
    assert_eq!(taken.state.owes_epoch(firm.state()), None);
}

#[test]
fn epoch_by_the_removed_member_itself_settles_nothing() {
    let (a, b) = (Desk::new(1), Desk::new(2));
    let mut firm = Firm::shared(&a);
    firm.welcome(&a, &b, Role::Admin);
    let mut customer = Customer::connect(&firm, &a, 1);
    let known = customer.state.clone();
    let from = customer.entries.len();
    customer.add(&firm, &b, log()).unwrap();
    customer.epoch(&firm, &b);
    firm.add(&a, MspBody::MemberRemove { subject: b.member }).unwrap();
    let held = known.accept(&customer.entries[from..], &firm.chain);
    assert_eq!((held.taken, held.held), (0, 2));
    customer.epoch(&firm, &a);
    let taken = known.accept(&customer.entries[from..], &firm.chain);
    assert_eq!((taken.taken, taken.late.len()), (3, 2));
}
