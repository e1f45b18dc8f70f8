//! Giving everybody the keys that the signed history says, and nobody else: new keys after somebody left, further wraps after
//! somebody came. What is owed follows from the history, so it can be cut off anywhere and done again.

use super::devices::live;
use crate::error::{Error, Result};
use crate::founding::{seal_name, seal_team_before, undrafted, wrap, wrap_team};
use crate::journal::{Change, damaged_fold};
use crate::records::{Bytes32, Organization, decode, key};
use crate::session::{self, Identity, Session, make, rng};
use crate::store::{Direction, Span};
use crate::{App, lock};
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use vitrine_ledger::{
    Action, Claim, Commitment, DeviceKey, DeviceWrap, EncryptionKey, IdentityKey, Level, MemberId, MemberWrap, MspBody,
    MspState, OrganizationState, Role, SealedKeys, TeamId, TeamKind, Unfinished, Wrap,
};
use vitrine_vault::account::{AccountSecret, RootKey, seal_account_secret};
use vitrine_vault::epoch::{self, MspKey, TeamKeys, Which};
use vitrine_vault::handover::wrap_to_device;

/// Name of the team of all who work with credentials.
const STAFF: &str = "Staff";
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
    for some in owing.chunks(AT_ONCE) {
        let mut change = Change::begin(app, session).await?;
        for id in some {
            // Archived meanwhile.
            if change.tx.index_value(&key::organization(id)).await?.is_none() {
                continue;
            }
            let mut opened = change.open(id).await?;
            let renewed = change.renew_keys(&mut opened).await?;
            if change.grant_to_teams(&mut opened).await? || renewed {
                change.save(opened).await?;
            }
        }
        change.commit().await?;
    }
    Ok(())
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
    if !session.may(Action::Teams) {
        return false;
    }
    let may = |left: &Unfinished| match left {
        Unfinished::Team { team } => msp.owners_team() != Some(*team) || session.may(Action::Owners),
        Unfinished::Msp => true,
        Unfinished::Rekey { .. } => false,
    };
    msp.unfinished().iter().any(may) || lacks_staff(&msp)
}

/// Whether somebody who works with credentials is not in the team of those who do. Owners alone need none.
fn lacks_staff(msp: &MspState) -> bool {
    let (now, team, workers) = (msp.at(msp.head().seq), staff_team(msp), workers(msp));
    let needed = team.is_some() || workers.len() > msp.owners().count();
    needed && workers.iter().any(|member| team.is_none_or(|team| !now.holds(&team, member)))
}

/// All but auditors. Owners are among them, so that any of them can make the team's next key.
fn workers(msp: &MspState) -> Vec<MemberId> {
    msp.members().iter().filter(|(_, it)| it.is_active() && it.role() != Role::Auditor).map(|(id, _)| *id).collect()
}

fn staff_team(msp: &MspState) -> Option<TeamId> {
    msp.teams().iter().find(|(_, team)| team.kind == TeamKind::Work).map(|(id, _)| *id)
}

/// Organizations that are owed new keys, or that a team cannot read yet.
async fn owing(app: &App, session: &Session) -> Result<Vec<Bytes32>> {
    let msp = session.msp();
    let work: Vec<TeamId> =
        msp.teams().iter().filter(|(_, team)| team.kind == TeamKind::Work).map(|(id, _)| *id).collect();
    // Alone, with every device that there ever was, nobody is owed anything.
    let lost = msp.devices().values().any(|device| device.until.is_some());
    if work.is_empty() && msp.members().len() < 2 && !lost {
        return Ok(Vec::new());
    }
    let (mut owing, mut failed) = (Vec::new(), None);
    app.inner
        .store
        .index_scan(&Span::prefix(key::ORGANIZATIONS), Direction::Forward, |key, value| {
            let read = || -> Result<bool> {
                let row: Organization = decode(value)?;
                let state = OrganizationState::decode(&row.state).map_err(damaged_fold)?;
                let ungranted =
                    || work.iter().any(|team| state.grants().get(team).is_none_or(|grant| grant.level < Level::Full));
                Ok(state.owes_epoch(&msp).is_some() || ungranted())
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
        recovery: None,
        previous: Some(SealedKeys::new(previous).map_err(session::unreadable_keys)?),
    })
}

/// New keys for every team that somebody left or came to.
async fn renew_teams(change: &mut Change<'_>) -> Result<()> {
    let owners = change.msp().owners_team();
    let unfinished = change.msp().unfinished();
    let mut owing: Vec<TeamId> = unfinished
        .into_iter()
        .filter_map(|left| match left {
            Unfinished::Team { team } => Some(team),
            _ => None,
        })
        .filter(|team| owners != Some(*team) || change.session.may(Action::Owners))
        .collect();
    if lacks_staff(change.msp()) {
        let team = staff_team(change.msp()).unwrap_or_else(|| TeamId::from_bytes(make()));
        if !owing.contains(&team) {
            owing.push(team);
        }
    }
    for team in owing {
        let body = team_epoch(change, team)?;
        change.append_msp(body).await?;
    }
    Ok(())
}

fn team_epoch(change: &Change<'_>, team: TeamId) -> Result<MspBody> {
    let (msp, ring) = (change.msp(), change.session.ring());
    let known = msp.team(&team);
    let kind = known.map_or(TeamKind::Work, |team| team.kind);
    let members: Vec<MemberId> = if kind == TeamKind::Owners { msp.owners().collect() } else { workers(msp) };
    let (ledger, keys) = (*msp.ledger().as_bytes(), TeamKeys::make(&mut rng()));
    let number = known.map_or(1, |team| team.epoch().epoch.saturating_add(1));
    let mut wraps = Vec::new();
    for member in members {
        let public = msp.member(&member).ok_or_else(super::unknown_member)?.keys().encryption;
        wraps.push(MemberWrap { member, wrap: wrap_team(&keys, &ledger, number, team, member, public.as_bytes())? });
    }
    let before = match known {
        Some(_) => Some(ring.team(&team).ok_or_else(no_team_key)?),
        None => None,
    };
    let previous = before.map(|before| seal_team_before(&keys, before, &ledger, number, team)).transpose()?;
    let name = if kind == TeamKind::Owners { "Owners" } else { STAFF };
    Ok(MspBody::TeamEpoch {
        team,
        team_kind: kind,
        epoch: number,
        public: EncryptionKey::from_bytes(keys.public()),
        members: wraps,
        previous,
        name: seal_name(ring.msp_key()?, team.as_bytes(), name)?,
    })
}

fn no_team_key() -> Error {
    Error::integrity(
        "vault.no-team",
        "This member lacks the key of a team whose keys it is to renew.",
        "Let the device of another owner or admin do it.",
    )
}
