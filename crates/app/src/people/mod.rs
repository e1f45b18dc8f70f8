//! The people who share a vault: who they are, what they may do, and how somebody stops being one of them.
//!
//! [`invitations`] brings somebody in, [`keys`] sees to it that everybody has the keys that the signed history says, and nobody
//! else; it follows from that history alone, so any owner's or admin's device finishes what another one began. [`teams`] says
//! who works with which organizations.

mod devices;
mod invitations;
mod keys;
mod loud;
mod teams;

pub(crate) use devices::revoke;
pub(crate) use invitations::{add_device, approve, collect, invite, withdraw};
pub(crate) use keys::{owed, pay, settle};
pub(crate) use loud::tell;
pub(crate) use teams::{access, change_team, give_access, make_team, own_level, remove_team, set_access, work_team};

use crate::api::*;
use crate::error::{Error, Result};
use crate::journal::{Change, damaged_fold};
use crate::keyring::Keyring;
use crate::papers::sheet;
use crate::records::{Bytes32, Organization, decode, key};
use crate::session::{Session, hold};
use crate::store::{Direction, Span};
use crate::{App, credentials, incident, vault};
use std::ops::ControlFlow;
use std::sync::Arc;
use vitrine_ledger as ledger;
use vitrine_ledger::{Body, Entry, EntryHash, Home, MemberId, MspBody, MspState, OrganizationState as Fold};

pub(crate) async fn show(app: &App, _request: PeopleRequest) -> Result<PeopleView> {
    let session = app.session().await?;
    view(app, &session).await
}

async fn view(app: &App, session: &Session) -> Result<PeopleView> {
    let (msp, ring) = (session.msp(), session.ring());
    let mut members = Vec::new();
    for (id, member) in msp.members() {
        members.push(member_view(app, session, &ring, &msp, id, member).await?);
    }
    members.sort_by_key(|member| (member.standing == MemberStanding::Removed, !member.you, member.added_at));
    let mut pending = Vec::new();
    for waiting in msp.pending() {
        let subject = match waiting.change.subject() {
            Some(subject) => name_of(app, &ring, &msp, &subject).await,
            None => None,
        };
        let by = name_of(app, &ring, &msp, &waiting.by).await.unwrap_or_default();
        pending.push(PendingView {
            id: vault::hex(waiting.entry.hash.as_bytes()),
            change: pending_change(&waiting.change),
            subject,
            by,
            yours: waiting.by != session.author.member && session.may(ledger::Action::Approve),
        });
    }
    let may_manage = session.may(ledger::Action::Members);
    Ok(PeopleView {
        shared: matches!(msp.home(), Home::Backend { .. }),
        may_manage,
        owner: session.role() == Some(ledger::Role::Owner),
        members,
        teams: teams::views(app, session).await?,
        invitations: invitations::view(app, session).await?,
        pending,
        keys_left: if may_manage { keys::left(app, session).await? } else { 0 },
    })
}

async fn member_view(
    app: &App,
    session: &Session,
    ring: &Keyring,
    msp: &MspState,
    id: &MemberId,
    member: &ledger::Member,
) -> Result<MemberView> {
    let mut devices = Vec::new();
    for (device_id, device) in msp.devices().iter().filter(|(_, device)| device.member == *id) {
        let entry = entry(app, msp, device.from).await?;
        let this = *device_id == session.author.device;
        let named = entry.as_ref().and_then(card).and_then(|card| ring.name(device_id.as_bytes(), &card.name));
        devices.push(DeviceView {
            id: vault::hex(device_id.as_bytes()),
            // A device that came by paper had no key to seal its name under.
            name: named.or_else(|| this.then(vault::machine_name)).unwrap_or_default(),
            this,
            added_at: Time(entry.map_or(0, |entry| entry.time_ms())),
            revoked: device.until.is_some() || member.removed.is_some(),
        });
    }
    devices.sort_by_key(|device| (device.revoked, device.added_at));
    let added = entry(app, msp, member.added).await?;
    let removed_at = match member.removed {
        Some(seq) => entry(app, msp, seq).await?.map(|entry| Time(entry.time_ms())),
        None => None,
    };
    let name = name_of(app, ring, msp, id).await.unwrap_or_default();
    let teams = msp.teams().keys().any(|team| msp.at(msp.head().seq).holds(team, id));
    let standing = match (member.removed, member.joined) {
        (Some(_), _) => MemberStanding::Removed,
        (None, None) => MemberStanding::Added,
        (None, Some(_)) if !teams => MemberStanding::Joining,
        (None, Some(_)) => MemberStanding::Active,
    };
    Ok(MemberView {
        id: vault::hex(id.as_bytes()),
        name,
        role: member.role().into(),
        standing,
        you: *id == session.author.member,
        verification: member.verification.map(Into::into),
        added_at: Time(added.map_or(0, |entry| entry.time_ms())),
        removed_at,
        devices,
    })
}

/// A member's name, as it was sealed when the member was added.
pub(crate) async fn name_of(app: &App, ring: &Keyring, msp: &MspState, member: &MemberId) -> Option<String> {
    let entry = entry(app, msp, msp.member(member)?.added).await.ok()??;
    let Body::Msp(MspBody::Genesis { name, .. } | MspBody::MemberAdd { name, .. }) = entry.body() else { return None };
    ring.name(member.as_bytes(), name)
}

async fn entry(app: &App, msp: &MspState, seq: u64) -> Result<Option<Entry>> {
    let bytes = app.inner.store.entry(msp.ledger().as_bytes(), seq).await?;
    Ok(bytes.and_then(|bytes| Entry::decode(&bytes).ok()))
}

fn card(entry: &Entry) -> Option<&ledger::DeviceCard> {
    match entry.body() {
        Body::Msp(
            MspBody::Genesis { device: card, .. } | MspBody::MemberAdd { card, .. } | MspBody::DeviceAdd { card, .. },
        ) => Some(card),
        _ => None,
    }
}

pub(crate) async fn set_role(app: &App, request: SetRoleRequest) -> Result<PeopleView> {
    let (member, session) = (parse(&request.member)?, app.session().await?);
    let role = ledger::Role::from(request.role);
    known(app, &session, &member).await?;
    let apart = |role| matches!(role, ledger::Role::Auditor | ledger::Role::Rotator);
    if apart(role) || session.msp().member(&member).is_some_and(|member| apart(member.role())) {
        return Err(Error::usage(
            "people.role",
            "Nobody becomes or ceases to be an auditor or a rotator by a change.",
            "Invite a new member for that; a rotator is a machine of its own.",
        ));
    }
    let mut change = Change::begin(app, &session).await?;
    change.append_msp(MspBody::MemberRole { subject: member, role }).await?;
    let note = crate::of_variant(request.role);
    change.note_of_member(Action::RoleChanged, &member, Some(note)).await?;
    change.commit().await?;
    finish(app, &session).await
}

pub(crate) async fn approve_change(app: &App, request: ApproveChangeRequest) -> Result<PeopleView> {
    let session = app.session().await?;
    let unknown = || Error::usage("people.no-change", "No such change waits any more.", "Look at the list again.");
    let hash: Bytes32 = bytes(&request.change).ok_or_else(unknown)?;
    let (msp, asked) = (session.msp(), EntryHash::from_bytes(hash));
    let waiting = msp.pending().iter().find(|pending| pending.entry.hash == asked).ok_or_else(unknown)?;
    if let ledger::Change::Remove { subject } = &waiting.change {
        let name = known(app, &session, subject).await?;
        let reach = reach(app, |state| reads(state, &msp, subject)).await?;
        let loss = incident::Loss::Member(*subject.as_bytes());
        incident::intend(app, &session, loss, format!("{name} was removed"), reach.organizations).await?;
    }
    let mut change = Change::begin(app, &session).await?;
    change.append_msp(MspBody::Approve { entry: asked }).await?;
    change.note(Action::ChangeApproved, None, None, None).await?;
    change.commit().await?;
    sheet::keep(app, &session).await?;
    finish(app, &session).await
}

/// What a member can decrypt.
#[derive(Default)]
struct Reach {
    organizations: Vec<Bytes32>,
    accounts: u32,
    certificates: u32,
}

/// Whether a member reads credentials of an organization.
fn reads(state: &Fold, msp: &MspState, member: &MemberId) -> bool {
    state.level_of(member, msp.at(msp.head().seq)) > Some(ledger::Level::Log)
}

/// What is in those organizations that `lost` picks.
async fn reach(app: &App, lost: impl Fn(&Fold) -> bool + Send + Sync) -> Result<Reach> {
    let (mut reach, mut failed) = (Reach::default(), None);
    let organizations = Span::prefix(key::ORGANIZATIONS);
    app.inner
        .store
        .index_scan(&organizations, Direction::Forward, |key, value| {
            let read = || -> Result<Option<(Bytes32, Organization)>> {
                let row: Organization = decode(value)?;
                let state = Fold::decode(&row.state).map_err(damaged_fold)?;
                Ok(key.last_chunk().filter(|_| lost(&state)).map(|id| (*id, row)))
            };
            match read() {
                Ok(Some((id, row))) => {
                    reach.organizations.push(id);
                    reach.accounts += u32::try_from(row.in_tenant().count()).unwrap_or(u32::MAX);
                    reach.certificates += u32::from(row.tenant.is_some());
                }
                Ok(None) => {}
                Err(error) => failed = Some(error),
            }
            ControlFlow::Continue(())
        })
        .await?;
    failed.map_or(Ok(reach), Err)
}

/// Organizations of which a member can read credentials.
pub(crate) async fn readable(app: &App, session: &Session, member: &MemberId) -> Result<Vec<Bytes32>> {
    known(app, session, member).await?;
    let msp = session.msp();
    Ok(reach(app, |state| reads(state, &msp, member)).await?.organizations)
}

pub(crate) async fn removal(app: &App, request: RemovalRequest) -> Result<RemovalView> {
    let (member, session) = (parse(&request.member)?, app.session().await?);
    let name = known(app, &session, &member).await?;
    let msp = session.msp();
    let reach = reach(app, |state| reads(state, &msp, &member)).await?;
    Ok(RemovalView {
        name,
        organizations: u32::try_from(reach.organizations.len()).unwrap_or(u32::MAX),
        accounts: reach.accounts,
        certificates: reach.certificates,
        needs_second_owner: waits(&session.msp(), &member),
    })
}

/// Whether the removal of a member waits for a second owner.
fn waits(msp: &MspState, member: &MemberId) -> bool {
    let owner = msp.member(member).is_some_and(|member| member.role() == ledger::Role::Owner);
    owner && msp.owners().nth(1).is_some()
}

pub(crate) async fn remove(app: &App, request: RemoveMemberRequest) -> Result<PeopleView> {
    let member = parse(&request.member)?;
    let reason = credentials::spoken(&request.reason)?;
    if reason.is_empty() {
        return Err(Error::usage("people.reason", "A removal needs a reason.", "Say in one line why."));
    }
    let session = app.session().await?;
    let name = known(app, &session, &member).await?;
    if member == session.author.member {
        return Err(Error::usage(
            "people.yourself",
            "Nobody removes themselves.",
            "Ask another owner or admin of the vault.",
        ));
    }
    let msp = session.msp();
    let reach = reach(app, |state| reads(state, &msp, &member)).await?;
    let pending = waits(&msp, &member);
    if !pending {
        let reason = format!("{name} was removed: {reason}");
        let loss = incident::Loss::Member(*member.as_bytes());
        incident::intend(app, &session, loss, reason, reach.organizations).await?;
    }
    let mut change = Change::begin(app, &session).await?;
    change.append_msp(MspBody::MemberRemove { subject: member }).await?;
    change.note_of_member(Action::MemberRemoved, &member, Some(reason)).await?;
    change.commit().await?;
    finish(app, &session).await
}

/// Gives and takes the keys that a change calls for, and goes on with the incident it may have begun.
async fn finish(app: &App, session: &Arc<Session>) -> Result<PeopleView> {
    carry_out(app).await;
    view(app, session).await
}

async fn carry_out(app: &App) {
    app.tell(Event::StatusChanged);
    let this = app.clone();
    let settled = hold(app, |session| async move {
        settle(&this, &session).await?;
        incident::take_up(&this, &session).await
    });
    // What is left is done at the next occasion, and counted until then.
    if let Err(error) = settled.await {
        tracing::warn!(code = error.code(), "not all keys are renewed yet");
    }
}

async fn known(app: &App, session: &Session, member: &MemberId) -> Result<String> {
    let msp = session.msp();
    if msp.member(member).is_none_or(|member| member.removed.is_some()) {
        return Err(unknown_member());
    }
    Ok(name_of(app, &session.ring(), &msp, member).await.unwrap_or_default())
}

fn unknown_member() -> Error {
    Error::usage("people.unknown", "There is no such member.", "Look at the list of members again.")
}

pub(crate) fn parse(member: &str) -> Result<MemberId> {
    bytes(member).map(MemberId::from_bytes).ok_or_else(unknown_member)
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()
}

fn pending_change(change: &ledger::Change) -> PendingChange {
    match change {
        ledger::Change::Role { role: ledger::Role::Owner, .. } => PendingChange::MakeOwner,
        ledger::Change::Role { .. } => PendingChange::UnmakeOwner,
        ledger::Change::Remove { .. } => PendingChange::RemoveOwner,
        ledger::Change::Rekey { .. } => PendingChange::RekeyOwner,
        ledger::Change::Recovery { .. } => PendingChange::Recovery,
    }
}

impl From<ledger::Role> for Role {
    fn from(role: ledger::Role) -> Self {
        match role {
            ledger::Role::Owner => Self::Owner,
            ledger::Role::Admin => Self::Admin,
            ledger::Role::Technician => Self::Technician,
            ledger::Role::Auditor => Self::Auditor,
            ledger::Role::Rotator => Self::Rotator,
        }
    }
}

impl From<Role> for ledger::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Owner => Self::Owner,
            Role::Admin => Self::Admin,
            Role::Technician => Self::Technician,
            Role::Auditor => Self::Auditor,
            Role::Rotator => Self::Rotator,
        }
    }
}

impl From<ledger::Verification> for Verification {
    fn from(verification: ledger::Verification) -> Self {
        match verification {
            ledger::Verification::Invite => Self::Invite,
            ledger::Verification::Words => Self::Words,
            ledger::Verification::InPerson => Self::InPerson,
        }
    }
}
