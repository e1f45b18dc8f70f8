//! Giving everybody the keys that the signed history says, and nobody else: new keys after somebody left, further wraps after
//! somebody came. What is owed follows from the history, so it can be cut off anywhere and done again.

use super::devices::live;
use crate::api::ErrorClass;
use crate::error::{Error, Result};
use crate::failpoint::protected;
use crate::founding::{seal_name, seal_team_before, undrafted, wrap, wrap_team};
use crate::journal::{Change, Opened, damaged_fold};
use crate::keyring::Keyring;
use crate::records::{Bytes32, Organization, decode, key};
use crate::session::{self, Identity, Session, make, rng};
use crate::store::{Direction, Span};
use crate::{App, home, lock};
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use vitrine_ledger::{
    Action, Body, Claim, Commitment, DeviceKey, DeviceWrap, EncryptionKey, Entry, IdentityKey, Level, MemberId,
    MemberWrap, MspBody, MspState, OrganizationState, Role, SealedKeys, Team, TeamId, TeamKind, Unfinished, Wrap,
};
use vitrine_vault::account::{AccountSecret, RootKey, seal_account_secret};
use vitrine_vault::epoch::{self, MspKey, TeamKeys, Which};
use vitrine_vault::handover::wrap_to_device;

/// Name of the team of all who are named to no other.
const STAFF: &str = "Staff";
/// Name of the team of all auditors.
const AUDITORS: &str = "Auditors";
/// Organizations of one change.
const AT_ONCE: usize = 50;

/// Does what is owed, as far as this member may. Anybody else's device does nothing.
pub(crate) async fn settle(app: &App, session: &Session) -> Result<()> {
    if owes_in_msp(session) {
        let mut change = Change::begin(app, session).await?;
        renew(&mut change).await?;
        change.commit().await?;
    }
    if !session.may(Action::Teams) {
        return Ok(());
    }
    // As it was when nothing was owed, nothing is.
    let generation = app.inner.store.index_generation().await?;
    if *lock(&session.home.settled) == Some(generation) {
        return Ok(());
    }
    let owing = owing(app, session).await?;
    if owing.is_empty() {
        *lock(&session.home.settled) = Some(generation);
    }
    let mut failed = Ok(());
    for some in owing.chunks(AT_ONCE) {
        match give(app, session, some).await {
            // It may be one of them, which keeps the others from nothing.
            Err(error) if matches!(error.view().class, ErrorClass::Partly | ErrorClass::Integrity) => {
                for id in some {
                    failed = failed.and(give(app, session, std::slice::from_ref(id)).await);
                }
            }
            given => given?,
        }
    }
    failed
}

/// Gives these organizations what they are owed, in one change.
async fn give(app: &App, session: &Session, some: &[Bytes32]) -> Result<()> {
    let held = Box::pin(home::held(app, session, some)).await?;
    let mut held = protected!("new keys follow what was held back", held, std::collections::BTreeMap::new());
    let mut change = Change::begin(app, session).await?;
    for id in some {
        // Archived meanwhile.
        if change.tx.index_value(&key::organization(id)).await?.is_none() {
            continue;
        }
        let mut opened = change.open(id).await?;
        if let Some(held) = held.remove(id)
            && !change.take_held(&mut opened, held).await?
        {
            continue;
        }
        let mut changed = change.renew_keys(&mut opened).await?;
        for owed in owed(&opened.state, change.msp(), None) {
            pay(&mut change, &mut opened, owed).await?;
            changed = true;
        }
        if changed {
            change.save(opened).await?;
        }
    }
    change.commit().await
}

/// How many organizations are owed new keys.
pub(super) async fn left(app: &App, session: &Session) -> Result<u32> {
    Ok(u32::try_from(owing(app, session).await?.len()).unwrap_or(u32::MAX))
}

/// New keys of members, of the MSP and of teams: all that the MSP ledger owes and this member may give.
pub(super) async fn renew(change: &mut Change<'_>) -> Result<()> {
    for member in owed_roots(change.msp(), change.session) {
        rekey(change, member).await?;
    }
    if change.session.may(Action::Teams) {
        renew_msp(change).await?;
        renew_teams(change).await?;
    }
    Ok(())
}

/// Members that a revoked device shared its keys with, and that this one may give new ones: itself, and for an owner everybody but
/// owners, who cannot be rekeyed by one other alone.
fn owed_roots(msp: &MspState, session: &Session) -> BTreeSet<MemberId> {
    let may = |member: &MemberId| {
        if *member == session.author.member {
            return session.may(Action::OwnDevices);
        }
        let owner = msp.member(member).is_some_and(|member| member.role() == Role::Owner);
        session.may(Action::Owners) && !owner && live(msp, member).next().is_some()
    };
    let owed = msp.unfinished().into_iter().filter_map(|left| match left {
        Unfinished::Rekey { member, .. } => Some(member),
        Unfinished::Team { .. } | Unfinished::Msp => None,
    });
    owed.filter(may).collect()
}

/// Gives a member a new root, wrapped to each device that it keeps, and with it a new secret for its recovery kit.
async fn rekey(change: &mut Change<'_>, member: MemberId) -> Result<()> {
    let (root, msp, session) = (RootKey::make(&mut rng()), change.msp(), change.session);
    let ledger = *msp.ledger().as_bytes();
    let mut devices = Vec::new();
    for (device, known) in live(msp, &member) {
        let wrapped = wrap_to_device(&root, &ledger, device.as_bytes(), known.key.as_bytes(), &mut rng());
        let wrap = Wrap::new(wrapped.map_err(session::unreadable_keys)?).map_err(session::unreadable_keys)?;
        devices.push(DeviceWrap { device: *device, wrap });
    }
    let account = seal_account_secret(&root, &AccountSecret::make(&mut rng()), &mut rng());
    let claim = Claim {
        place: msp.place(),
        member,
        device: session.author.device,
        device_key: DeviceKey::from_bytes(session.device.public()),
        identity: IdentityKey::from_bytes(root.identity().public()),
        encryption: EncryptionKey::from_bytes(root.encryption().public()),
    };
    let body = MspBody::MemberRekey {
        subject: member,
        identity: claim.identity,
        encryption: claim.encryption,
        proof: claim.sign(&Identity(root.identity())).map_err(undrafted)?,
        devices,
        account: SealedKeys::new(account).map_err(session::unreadable_keys)?,
    };
    change.append_msp(body).await?;
    Ok(())
}

fn owes_in_msp(session: &Session) -> bool {
    let msp = session.msp();
    if !owed_roots(&msp, session).is_empty() {
        return true;
    }
    let keys = || msp.unfinished().contains(&Unfinished::Msp) || !teams_owed(&msp, session).is_empty();
    session.may(Action::Teams) && keys()
}

/// A team that lacks somebody, or is held by somebody who left.
struct Due {
    team: Option<TeamId>,
    kind: TeamKind,
    members: Vec<MemberId>,
}

/// Teams that are owed their next key, or their first, as far as this device can make it. Who leads is in each of them, so that any device that may give keys
/// holds those before; so is whoever is in it already, and whoever was added for it and was in none yet.
fn teams_owed(msp: &MspState, session: &Session) -> Vec<Due> {
    let (now, unfinished, staff) = (msp.at(msp.head().seq), msp.unfinished(), staff(msp));
    let audit = msp.teams().iter().find(|(_, team)| team.kind == TeamKind::Audit).map(|(id, _)| *id);
    let mut owed = Vec::new();
    for (id, team) in msp.teams() {
        let members = due_members(msp, team.kind, Some(*id));
        let gone = team.members().next().is_none();
        let lacks = members.iter().any(|member| !now.holds(id, member));
        if !gone && (lacks || unfinished.contains(&Unfinished::Team { team: *id })) {
            owed.push(Due { team: Some(*id), kind: team.kind, members });
        }
    }
    let works = |role: Role| role != Role::Owner && role != Role::Auditor;
    if staff.is_none() && msp.members().values().any(|member| member.is_active() && works(member.role())) {
        owed.push(Due { team: None, kind: TeamKind::Work, members: due_members(msp, TeamKind::Work, None) });
    }
    let audits = |role: Role| role == Role::Auditor;
    if audit.is_none() && msp.members().values().any(|member| member.is_active() && audits(member.role())) {
        owed.push(Due { team: None, kind: TeamKind::Audit, members: due_members(msp, TeamKind::Audit, None) });
    }
    let ring = session.ring();
    owed.retain(|due| {
        let knows = due.team.is_none_or(|team| ring.team(&team).is_some());
        knows && (due.kind != TeamKind::Owners || session.may(Action::Owners))
    });
    owed
}

/// Who is to be in a team. One that is not made yet is the first of its kind.
fn due_members(msp: &MspState, kind: TeamKind, id: Option<TeamId>) -> Vec<MemberId> {
    let (now, staff) = (msp.at(msp.head().seq), staff(msp));
    let due = |member: &MemberId, role: Role| match kind {
        TeamKind::Owners => role == Role::Owner,
        TeamKind::Audit => role == Role::Auditor || role.stands_alone(),
        TeamKind::Work if role == Role::Auditor => false,
        TeamKind::Work => {
            let kept = || id.is_some_and(|id| now.holds(&id, member));
            role.stands_alone() || kept() || (awaited(msp, member) && named_team(msp, member).or(staff) == id)
        }
    };
    let active = msp.members().iter().filter(|(_, member)| member.is_active());
    active.filter(|(id, member)| due(id, member.role())).map(|(id, _)| *id).collect()
}

/// Whether a member was in no team of work yet. From then on persons say which it is in.
fn awaited(msp: &MspState, member: &MemberId) -> bool {
    !msp.teams().values().any(|team| team.kind == TeamKind::Work && team.has_known(member))
}

/// The team that was named when the member was added, while there is such a team.
fn named_team(msp: &MspState, member: &MemberId) -> Option<TeamId> {
    let team = msp.member(member)?.team?;
    msp.team(&team).filter(|team| team.members().next().is_some()).map(|_| team)
}

/// The team of all who are named to no other: the oldest of work.
pub(super) fn staff(msp: &MspState) -> Option<TeamId> {
    let work = msp.teams().iter().filter(|(_, team)| team.kind == TeamKind::Work);
    let first = |team: &Team| team.epochs().iter().next().map(|since| since.seq);
    work.min_by_key(|(_, team)| first(team)).map(|(id, _)| *id)
}

/// What an organization owes the teams.
pub(crate) enum Owed {
    Access(TeamId, Level),
    Name,
}

/// What an organization that no team of work was ever opened is owed, and what auditors are. Access that a person took away
/// is known in its ledger and stays away. `team` is opened instead of the one of all.
pub(crate) fn owed(state: &OrganizationState, msp: &MspState, team: Option<TeamId>) -> Vec<Owed> {
    let kind = |id: &TeamId| msp.team(id).map(|team| team.kind);
    let mut owed = Vec::new();
    if !state.grants().keys().any(|id| kind(id) == Some(TeamKind::Work)) {
        owed.extend(team.or_else(|| staff(msp)).map(|team| Owed::Access(team, Level::Full)));
    }
    let audit = msp.teams().keys().find(|id| kind(id) == Some(TeamKind::Audit));
    owed.extend(audit.filter(|id| !state.grants().contains_key(*id)).map(|id| Owed::Access(*id, Level::Log)));
    if state.named().is_none() && audit.is_some() {
        owed.push(Owed::Name);
    }
    owed
}

/// Does one of these.
pub(crate) async fn pay(change: &mut Change<'_>, opened: &mut Opened, owed: Owed) -> Result<()> {
    match owed {
        Owed::Access(team, level) => change.give(opened, team, level).await,
        Owed::Name => change.put_name(opened).await,
    }
}

/// Organizations that are owed new keys, or that a team cannot read yet, as far as this member has their keys.
async fn owing(app: &App, session: &Session) -> Result<Vec<Bytes32>> {
    let msp = session.msp();
    // Alone, with every device that there ever was, nobody is owed anything.
    let lost = msp.devices().values().any(|device| device.until.is_some());
    if msp.teams().len() < 2 && msp.members().len() < 2 && !lost {
        return Ok(Vec::new());
    }
    let ring = session.ring();
    let (mut owing, mut failed) = (Vec::new(), None);
    app.inner
        .store
        .index_scan(&Span::prefix(key::ORGANIZATIONS), Direction::Forward, |key, value| {
            let read = || -> Result<bool> {
                let row: Organization = decode(value)?;
                let state = OrganizationState::decode(&row.state).map_err(damaged_fold)?;
                let able = ring.level(&state, &msp) == Some(Level::Full);
                Ok(able && (state.owes_epoch(&msp).is_some() || !owed(&state, &msp, None).is_empty()))
            };
            match (read(), key.last_chunk()) {
                (Ok(true), Some(id)) => owing.push(*id),
                (Err(error), _) => failed = Some(error),
                _ => {}
            }
            ControlFlow::Continue(())
        })
        .await?;
    failed.map_or(Ok(owing), Err)
}

/// A new key of the MSP, wrapped to every member there is, where the present one is held by others.
async fn renew_msp(change: &mut Change<'_>) -> Result<()> {
    if change.msp().unfinished().contains(&Unfinished::Msp) {
        let body = msp_epoch(change)?;
        change.append_msp(body).await?;
    }
    Ok(())
}

/// The next epoch of the MSP's key, wrapped to every member, invited ones too: they read the firm's name when they join.
pub(super) fn msp_epoch(change: &Change<'_>) -> Result<MspBody> {
    let (msp, ring) = (change.msp(), change.session.ring());
    let (ledger, present) = (*msp.ledger().as_bytes(), msp.epoch().map_or(0, |epoch| epoch.epoch));
    let (number, new, old) = (present.saturating_add(1), MspKey::make(&mut rng()), ring.msp_key()?);
    let commitment = epoch::derive_commitment(Which::Msp, &ledger, number, new.key());
    let mut members = Vec::new();
    for (id, member) in msp.members().iter().filter(|(_, member)| member.removed.is_none()) {
        let public = member.keys().encryption;
        let wrap = wrap(new.key(), Which::Msp, &ledger, number, id.as_bytes(), commitment, public.as_bytes())?;
        members.push(MemberWrap { member: *id, wrap });
    }
    let previous = epoch::seal_previous(new.key(), old.key(), Which::Msp, &ledger, number, &mut rng());
    Ok(MspBody::MspEpoch {
        epoch: number,
        commitment: Commitment::from_bytes(commitment),
        members,
        previous: Some(SealedKeys::new(previous).map_err(session::unreadable_keys)?),
    })
}

/// New keys for every team that somebody left or came to.
async fn renew_teams(change: &mut Change<'_>) -> Result<()> {
    for due in teams_owed(change.msp(), change.session) {
        let name = match due.team {
            Some(team) => name_of_team(change, &team).await?,
            None if due.kind == TeamKind::Audit => AUDITORS.to_owned(),
            None => STAFF.to_owned(),
        };
        next_key(change, due.team, due.kind, due.members, &name).await?;
    }
    Ok(())
}

/// Makes Staff and the auditors' team where they are owed: what a person makes comes after them, so that the oldest is Staff.
pub(super) async fn ensure_staff(change: &mut Change<'_>) -> Result<()> {
    renew_teams(change).await?;
    if staff(change.msp()).is_none() {
        let members = due_members(change.msp(), TeamKind::Work, None);
        next_key(change, None, TeamKind::Work, members, STAFF).await?;
    }
    Ok(())
}

/// Who is in a team by right, and those who hold it now but for some, and some more.
pub(super) fn members_with(
    msp: &MspState,
    team: Option<TeamId>,
    add: &[MemberId],
    remove: &[MemberId],
) -> Vec<MemberId> {
    let mut members = match team {
        Some(team) => due_members(msp, TeamKind::Work, Some(team)),
        None => msp
            .members()
            .iter()
            .filter(|(_, member)| member.is_active() && member.role().stands_alone())
            .map(|(id, _)| *id)
            .collect(),
    };
    members.retain(|member| !remove.contains(member));
    members.extend(add);
    members.sort_unstable();
    members.dedup();
    members
}

/// A team's name, as it was sealed last.
pub(super) async fn name_of_team(change: &mut Change<'_>, team: &TeamId) -> Result<String> {
    let msp = change.msp();
    let (ledger, entry) = (msp.ledger(), msp.team(team).ok_or_else(no_team_key)?.epoch().entry);
    let bytes = change.tx.entry(ledger.as_bytes(), entry.seq).await?;
    let entry = bytes.and_then(|bytes| Entry::decode(&bytes).ok()).filter(|stored| stored.head() == entry);
    let name = entry.as_ref().and_then(|entry| read_name(&change.session.ring(), team, entry));
    Ok(name.unwrap_or_default())
}

/// The name that an epoch of a team carries.
pub(super) fn read_name(ring: &Keyring, team: &TeamId, entry: &Entry) -> Option<String> {
    let Body::Msp(MspBody::TeamEpoch { name, .. }) = entry.body() else { return None };
    ring.name(team.as_bytes(), name)
}

/// A team's next key, or its first, wrapped to these members. Answers with the team.
pub(super) async fn next_key(
    change: &mut Change<'_>,
    team: Option<TeamId>,
    kind: TeamKind,
    members: Vec<MemberId>,
    name: &str,
) -> Result<TeamId> {
    let (msp, ring, id) = (change.msp(), change.session.ring(), team.unwrap_or_else(|| TeamId::from_bytes(make())));
    let known = msp.team(&id);
    let (ledger, keys) = (*msp.ledger().as_bytes(), TeamKeys::make(&mut rng()));
    let number = known.map_or(1, |team| team.epoch().epoch.saturating_add(1));
    let mut wraps = Vec::new();
    for member in members {
        let public = msp.member(&member).ok_or_else(super::unknown_member)?.keys().encryption;
        wraps.push(MemberWrap { member, wrap: wrap_team(&keys, &ledger, number, id, member, public.as_bytes())? });
    }
    let before = match known {
        Some(_) => Some(ring.team(&id).ok_or_else(no_team_key)?),
        None => None,
    };
    let previous = before.map(|before| seal_team_before(&keys, before, &ledger, number, id)).transpose()?;
    let body = MspBody::TeamEpoch {
        team: id,
        team_kind: kind,
        epoch: number,
        public: EncryptionKey::from_bytes(keys.public()),
        members: wraps,
        previous,
        name: seal_name(ring.msp_key()?, id.as_bytes(), name)?,
    };
    change.append_msp(body).await?;
    Ok(id)
}

fn no_team_key() -> Error {
    Error::integrity(
        "vault.no-team",
        "This member lacks the key of a team whose keys it is to renew.",
        "Let the device of another owner or admin do it.",
    )
}
