//! Teams, and what their members can open, by keys alone.

use super::*;
use crate::journal::{damaged_fold, open_object};
use crate::keyring::{Keyring, Source};
use crate::people;
use crate::records::{Bytes32, Organization, decode, key};
use crate::roots::Roots;
use crate::session::{Identity, make, rng};
use vitrine_ledger::{
    Author, BackendId, BackendKey, Claim, DeviceCard, DeviceId, DeviceKey, EncryptionKey, Home, IdentityKey, Invite,
    Level, MemberId, MspBody, OrganizationBody, OrganizationState, Role as LedgerRole, SealedName, TeamId,
    TeamKind as Kind, TeamWrap, TransportKey, Verification as Made,
};
use vitrine_vault::account::{DeviceKeys, RootKey};
use vitrine_vault::body::{BodyKind, open_body};

/// Somebody who joined on a machine of their own.
struct Person {
    root: RootKey,
    member: MemberId,
}

/// Brings somebody in as a backend would have it, and gives the home back.
async fn joined(app: &App, role: LedgerRole, team: Option<TeamId>) -> Person {
    let session = app.session().await.unwrap();
    let (root, device) = (RootKey::make(&mut rng()), DeviceKeys::make(&mut rng()));
    let author = Author { member: MemberId::from_bytes(make()), device: DeviceId::from_bytes(make()) };
    let (identity, encryption) = (root.identity(), EncryptionKey::from_bytes(root.encryption().public()));
    let name = || SealedName::new(Vec::new()).unwrap();
    let mut change = Change::begin_taking(app, &session).await.unwrap();
    let home = Home::Backend { id: BackendId::from_bytes([1; 16]), key: BackendKey::from_bytes(identity.public()) };
    change.append_msp(MspBody::Home { home }).await.unwrap();
    let card = DeviceCard {
        device: author.device,
        key: DeviceKey::from_bytes(device.public()),
        transport: Some(TransportKey::from_bytes(device.transport().public())),
        name: name(),
    };
    let added = MspBody::MemberAdd {
        subject: author.member,
        role,
        identity: IdentityKey::from_bytes(identity.public()),
        encryption,
        card,
        name: name(),
        verification: Made::Words,
        invite: Invite::from_bytes([2; 32]),
        team,
    };
    change.append_msp(added).await.unwrap();
    let claim = Claim {
        place: change.msp().place(),
        member: author.member,
        device: author.device,
        device_key: DeviceKey::from_bytes(device.public()),
        identity: IdentityKey::from_bytes(identity.public()),
        encryption,
    };
    let proof = claim.sign(&Identity(identity)).unwrap();
    let draft = change.msp().draft(MspBody::MemberJoin { proof }, author, app.now_ms());
    let entry = draft.sign(device.signing_key()).unwrap();
    let next = change.msp().apply(&entry).unwrap();
    change.take_msp(&entry, next).await.unwrap();
    change.append_msp(MspBody::Home { home: Home::Device(session.author.device) }).await.unwrap();
    change.commit().await.unwrap();
    people::settle(app, &session).await.unwrap();
    Person { root, member: author.member }
}

impl Person {
    async fn ring(&self, app: &App) -> Keyring {
        let session = app.session().await.unwrap();
        Keyring::of(&app.inner.store, &Roots::of(self.root.duplicate()), self.member, &session.msp()).await.unwrap()
    }

    async fn level(&self, app: &App, id: &str) -> Option<Level> {
        let (_, state) = stored(app, id).await;
        self.ring(app).await.level(&state, &app.session().await.unwrap().msp())
    }
}

async fn stored(app: &App, id: &str) -> (Bytes32, OrganizationState) {
    let id = records::parse_organization(id).unwrap();
    let row = app.inner.store.index_value(&key::organization(&id)).await.unwrap().unwrap();
    let row: Organization = decode(&row).unwrap();
    (id, OrganizationState::decode(&row.state).map_err(damaged_fold).unwrap())
}

/// Entries of an organization, and objects that this device ever sealed.
async fn written(app: &App, id: &str) -> (u64, u64) {
    let (id, ..) = stored(app, id).await;
    let entries = app.inner.store.newest_seq(&id).await.unwrap().unwrap();
    (entries, vault::firm(app).await.unwrap().objects)
}

fn team(view: &PeopleView, name: &str) -> TeamView {
    view.teams.iter().find(|team| team.name == name).unwrap().clone()
}

async fn people(app: &App) -> PeopleView {
    app.call(PeopleRequest {}).await.unwrap()
}

fn hex(id: &[u8]) -> String {
    vault::hex(id)
}

#[tokio::test]
async fn an_auditors_keys_open_the_name_and_the_log_and_no_account() {
    let app = Machine::new().create().await;
    let id = add(&app, "Contoso").await.id;
    let vera = joined(&app, LedgerRole::Auditor, None).await;
    let session = app.session().await.unwrap();
    let (ledger, ..) = stored(&app, &id).await;
    let mut change = Change::begin(&app, &session).await.unwrap();
    let mut opened = change.open(&ledger).await.unwrap();
    let item = make();
    change
        .put_account(&mut opened, &item, &AccountItem::new("ea-1@contoso.example", "Emergency access"))
        .await
        .unwrap();
    change.save(opened).await.unwrap();
    change.commit().await.unwrap();

    let (_, state) = stored(&app, &id).await;
    let ring = vera.ring(&app).await;
    assert_eq!(ring.level(&state, &session.msp()), Some(Level::Log));
    let source = || Source::Store(&app.inner.store);
    let keys = ring.organization(source(), &state).await.unwrap();
    let all = session.ring().organization(source(), &state).await.unwrap();
    assert!(keys.level().unwrap() == Level::Log && all.level().unwrap() == Level::Full);
    assert!(keys.present_log_key().unwrap() == all.present_log_key().unwrap(), "she cannot read what happened");
    assert_eq!(state.items().len(), 2);
    for (opened, item) in state.items() {
        let bytes = app.inner.store.object(item.object.unwrap().as_bytes()).await.unwrap();
        let refused = open_object(&state, &keys, opened.as_bytes(), bytes).err().unwrap();
        assert_eq!(refused.code(), "vault.log-only");
    }
    let named = state.named().unwrap();
    let entry = app.inner.store.entry(&ledger, named.entry.seq).await.unwrap().unwrap();
    let entry = vitrine_ledger::Entry::decode(&entry).unwrap();
    let vitrine_ledger::Body::Organization(OrganizationBody::Name { name }) = entry.body() else { unreachable!() };
    let key = keys.name_key(named.epoch).unwrap();
    let plain = open_body(BodyKind::Name, &key, &ledger, name.as_bytes()).unwrap();
    assert_eq!(plain.expose().as_slice(), b"Contoso");

    // What happened before the next keys stays readable to her, through them.
    let before = keys.present_log_key().unwrap();
    joined(&app, LedgerRole::Technician, None).await;
    let grace = people(&app).await.members.into_iter().find(|member| member.role == Role::Technician).unwrap().id;
    app.call(RemoveMemberRequest { member: grace, reason: "left".into() }).await.unwrap();
    let (_, state) = stored(&app, &id).await;
    assert_eq!(state.epoch().unwrap().epoch, 2);
    let keys = vera.ring(&app).await.organization(source(), &state).await.unwrap();
    assert!(keys.log_key(1).unwrap() == before && keys.log_key(2).unwrap() != before);
}

#[tokio::test]
async fn who_was_named_to_a_team_is_in_that_alone_and_a_person_decides_from_then_on() {
    let app = Machine::new().create().await;
    let contoso = add(&app, "Contoso").await.id;
    let view = app.call(MakeTeamRequest { name: "Night".into(), members: Vec::new() }).await.unwrap();
    let night = team(&view, "Night");
    let id = people::work_team(&app.session().await.unwrap().msp(), &night.id).unwrap();
    let fabrikam = app
        .call(AddOrganizationRequest { name: "Fabrikam".into(), notes: String::new(), team: Some(night.id.clone()) })
        .await
        .unwrap()
        .id;
    let grace = joined(&app, LedgerRole::Technician, Some(id)).await;
    let mary = joined(&app, LedgerRole::Rotator, None).await;
    assert_eq!((grace.level(&app, &contoso).await, grace.level(&app, &fabrikam).await), (None, Some(Level::Full)));
    assert_eq!((mary.level(&app, &contoso).await, mary.level(&app, &fabrikam).await), (Some(Level::Full), None));

    // An admin leads, and is in all of them.
    let admin = joined(&app, LedgerRole::Admin, None).await;
    let levels = (admin.level(&app, &contoso).await, admin.level(&app, &fabrikam).await);
    assert_eq!(levels, (Some(Level::Full), Some(Level::Full)));

    // Taken out, she is put nowhere else by itself, and Fabrikam has new keys.
    let out = |remove| ChangeTeamRequest { team: night.id.clone(), name: None, add: Vec::new(), remove };
    app.call(out(vec![hex(grace.member.as_bytes())])).await.unwrap();
    let session = app.session().await.unwrap();
    people::settle(&app, &session).await.unwrap();
    assert_eq!((grace.level(&app, &contoso).await, grace.level(&app, &fabrikam).await), (None, None));
    let (_, state) = stored(&app, &fabrikam).await;
    assert_eq!(state.epoch().unwrap().epoch, 2);
    let ring = grace.ring(&app).await;
    let refused = ring.organization(Source::Store(&app.inner.store), &state).await.err().unwrap();
    assert_eq!(refused.code(), "vault.no-access");
    assert_eq!(stored(&app, &contoso).await.1.epoch().unwrap().epoch, 1, "what she never read has new keys");

    // What is taken from Staff is not given back by itself.
    let staff = team(&people(&app).await, "Staff").id;
    let set = |level| SetAccessRequest { organization: contoso.clone(), team: staff.clone(), level };
    app.call(set(None)).await.unwrap();
    people::settle(&app, &session).await.unwrap();
    assert_eq!(mary.level(&app, &contoso).await, None);
    assert_eq!(stored(&app, &contoso).await.1.epoch().unwrap().epoch, 2);
    app.call(set(Some(AccessLevel::Read))).await.unwrap();
    assert_eq!(mary.level(&app, &contoso).await, Some(Level::Read));
}

// Row G5: what a team is given costs wraps, and nothing is sealed again.
#[tokio::test]
async fn a_grant_is_one_entry_for_each_organization_and_seals_no_item_again() {
    let app = Machine::new().create().await;
    let mut all = Vec::new();
    for number in 0..60 {
        all.push(add(&app, &format!("Organization {number}")).await.id);
    }
    let mut before = Vec::new();
    for id in &all {
        before.push(written(&app, id).await);
    }
    // The first technician: Staff is made, and everything is opened to it.
    let grace = joined(&app, LedgerRole::Technician, None).await;
    for (id, (entries, objects)) in all.iter().zip(&before) {
        assert_eq!(written(&app, id).await, (entries + 1, *objects));
        assert_eq!(grace.level(&app, id).await, Some(Level::Full));
    }
    // A second one costs no organization anything, and a grant by hand one entry.
    let mary = joined(&app, LedgerRole::Technician, None).await;
    let view = app.call(MakeTeamRequest { name: "Night".into(), members: Vec::new() }).await.unwrap();
    let night = team(&view, "Night").id;
    let request = SetAccessRequest { organization: all[0].clone(), team: night, level: Some(AccessLevel::Full) };
    app.call(request).await.unwrap();
    assert_eq!(mary.level(&app, &all[59]).await, Some(Level::Full));
    assert_eq!(written(&app, &all[0]).await, (before[0].0 + 2, before[0].1));
    assert_eq!(written(&app, &all[59]).await, (before[59].0 + 1, before[59].1));
    assert_eq!(stored(&app, &all[0]).await.1.epoch().unwrap().epoch, 1);
}

#[tokio::test]
async fn a_wrap_that_is_another_teams_is_refused() {
    let app = Machine::new().create().await;
    let id = add(&app, "Contoso").await.id;
    let view = app.call(MakeTeamRequest { name: "Night".into(), members: Vec::new() }).await.unwrap();
    let view = app
        .call(SetAccessRequest {
            organization: id.clone(),
            team: team(&view, "Night").id,
            level: Some(AccessLevel::Full),
        })
        .await
        .map(|_| view)
        .unwrap();
    let (ledger, state) = stored(&app, &id).await;
    let night = people::work_team(&app.session().await.unwrap().msp(), &team(&view, "Night").id).unwrap();
    let given = app.inner.store.entry(&ledger, state.grants()[&night].entry.seq).await.unwrap().unwrap();
    let given = vitrine_ledger::Entry::decode(&given).unwrap();
    let vitrine_ledger::Body::Organization(OrganizationBody::Access { wrap: Some(wrap), .. }) = given.body() else {
        unreachable!()
    };
    // Somebody who may give access gives another team what was wrapped to this one.
    let other = app.call(MakeTeamRequest { name: "Day".into(), members: Vec::new() }).await.unwrap();
    let session = app.session().await.unwrap();
    let day = people::work_team(&session.msp(), &team(&other, "Day").id).unwrap();
    let wrap = TeamWrap { team: day, ..wrap.clone() };
    let mut change = Change::begin(&app, &session).await.unwrap();
    let mut opened = change.open(&ledger).await.unwrap();
    let body = OrganizationBody::Access { team: day, level: Some(Level::Full), wrap: Some(wrap) };
    change.append(&mut opened, body).await.unwrap();
    change.save(opened).await.unwrap();
    change.commit().await.unwrap();
    let (_, state) = stored(&app, &id).await;
    let source = Source::Store(&app.inner.store);
    let refused = session.ring().organization(source, &state).await.err().unwrap();
    assert_eq!(refused.code(), "vault.keys-unreadable");
    assert!(session.msp().team(&day).is_some_and(|team| team.kind == Kind::Work));
}
