//! Teams of work, each with a part of the organizations: who is in which, and what each may open.
//!
//! Whoever loses something by a change could read it until then, so the change first notes what is to be replaced and is
//! carried out after the history has it, as the removal of a member is.

use super::keys::{ensure_staff, members_with, name_of_team, next_key, read_name, staff};
use super::{bytes, carry_out, finish, name_of, parse, reach};
use crate::api::*;
use crate::error::{Error, Result};
use crate::founding::not_allowed;
use crate::journal::{Change, damaged_fold};
use crate::records::{Bytes32, Organization, decode, key, parse_organization};
use crate::session::Session;
use crate::store::{Direction, Span};
use crate::{App, incident, organizations, vault};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use vitrine_ledger as ledger;
use vitrine_ledger::{Entry, Level, MemberId, MspState, OrganizationBody, OrganizationState as Fold, TeamId};

/// Teams that one vault may have; each is one more wrap in every epoch of its organizations.
const MOST: usize = 100;
/// Organizations of one request.
const MOST_GIVEN: usize = 100_000;
/// Organizations of one change.
const AT_ONCE: usize = 50;

/// Teams: owners, Staff, the others by name, auditors. Those that were removed are in no list.
pub(super) async fn views(app: &App, session: &Session) -> Result<Vec<TeamView>> {
    let (msp, mut open, mut all, mut failed) = (session.msp(), BTreeMap::<TeamId, u32>::new(), 0, None);
    app.inner
        .store
        .index_scan(&Span::prefix(key::ORGANIZATIONS), Direction::Forward, |_, value| {
            let state = decode::<Organization>(value).and_then(|row| Fold::decode(&row.state).map_err(damaged_fold));
            match state {
                Ok(state) => state.levels().for_each(|(team, _)| *open.entry(team).or_default() += 1),
                Err(error) => failed = Some(error),
            }
            all += 1;
            ControlFlow::Continue(())
        })
        .await?;
    if let Some(error) = failed {
        return Err(error);
    }
    let mut views = Vec::new();
    for (id, team) in msp.teams().iter().filter(|(_, team)| team.members().next().is_some()) {
        let kind = kind(&msp, id);
        let organizations = if kind == TeamKind::Owners { all } else { open.get(id).copied().unwrap_or_default() };
        views.push(TeamView {
            id: vault::hex(id.as_bytes()),
            name: name(app, session, id).await?,
            kind,
            members: team.members().map(|member| vault::hex(member.as_bytes())).collect(),
            organizations,
        });
    }
    views.sort_by_key(|team| (order(team.kind), team.name.to_lowercase()));
    Ok(views)
}

fn order(kind: TeamKind) -> u8 {
    match kind {
        TeamKind::Owners => 0,
        TeamKind::Staff => 1,
        TeamKind::Work => 2,
        TeamKind::Audit => 3,
    }
}

fn kind(msp: &MspState, id: &TeamId) -> TeamKind {
    match msp.team(id).map(|team| team.kind) {
        Some(ledger::TeamKind::Owners) => TeamKind::Owners,
        Some(ledger::TeamKind::Audit) => TeamKind::Audit,
        _ if staff(msp) == Some(*id) => TeamKind::Staff,
        _ => TeamKind::Work,
    }
}

async fn name(app: &App, session: &Session, id: &TeamId) -> Result<String> {
    let msp = session.msp();
    let Some(head) = msp.team(id).map(|team| team.epoch().entry) else { return Ok(String::new()) };
    let bytes = app.inner.store.entry(msp.ledger().as_bytes(), head.seq).await?;
    let entry = bytes.and_then(|bytes| Entry::decode(&bytes).ok()).filter(|entry| entry.head() == head);
    Ok(entry.and_then(|entry| read_name(&session.ring(), id, &entry)).unwrap_or_default())
}

/// Who has access to an organization, and how much the member who asks has.
pub(crate) async fn access(app: &App, row: &Organization) -> Result<(AccessLevel, Vec<AccessView>)> {
    let session = app.session().await?;
    let (msp, state) = (session.msp(), Fold::decode(&row.state).map_err(damaged_fold)?);
    let mut given: Vec<(TeamId, Level)> = msp.owners_team().map(|team| (team, Level::Full)).into_iter().collect();
    given.extend(state.levels().filter(|(id, _)| msp.team(id).is_some_and(|team| team.members().next().is_some())));
    let mut views = Vec::new();
    for (id, level) in given {
        let (name, kind) = (name(app, &session, &id).await?, kind(&msp, &id));
        views.push(AccessView { team: vault::hex(id.as_bytes()), name, kind, level: level.into() });
    }
    views.sort_by_key(|view| (order(view.kind), view.name.to_lowercase()));
    let own = own_level(&session, row)?;
    Ok((own.map_or(AccessLevel::Log, Into::into), views))
}

/// How much of an organization the member of this session has.
pub(crate) fn own_level(session: &Session, row: &Organization) -> Result<Option<Level>> {
    let (msp, state) = (session.msp(), Fold::decode(&row.state).map_err(damaged_fold)?);
    Ok(state.level_of(&session.author.member, msp.at(msp.head().seq)))
}

/// A team of work that a person names by its id.
pub(crate) fn work_team(msp: &MspState, id: &str) -> Result<TeamId> {
    let known = bytes(id).map(TeamId::from_bytes).filter(|id| is_work(msp, id));
    known.ok_or_else(|| {
        Error::usage("people.no-team", "There is no such team of work.", "Look at the list of teams again.")
    })
}

/// Whether there is such a team, and it was not removed.
pub(super) fn is_work(msp: &MspState, id: &TeamId) -> bool {
    let team = msp.team(id).filter(|team| team.kind == ledger::TeamKind::Work);
    team.is_some_and(|team| team.members().next().is_some())
}

pub(crate) async fn make_team(app: &App, request: MakeTeamRequest) -> Result<PeopleView> {
    let (session, members) = manager(app, &request.members).await?;
    let mut change = Change::begin(app, &session).await?;
    ensure_staff(&mut change).await?;
    let name = free_name(&mut change, &request.name, None).await?;
    if change.msp().teams().len() >= MOST {
        return Err(Error::usage(
            "people.too-many-teams",
            format!("A vault has up to {MOST} teams, removed ones included."),
            "Give one that there is another name and other members.",
        ));
    }
    let members = members_with(change.msp(), None, &members, &[]);
    next_key(&mut change, None, ledger::TeamKind::Work, members, &name).await?;
    change.note(Action::TeamMade, None, None, Some(name)).await?;
    change.commit().await?;
    finish(app, &session).await
}

pub(crate) async fn change_team(app: &App, request: ChangeTeamRequest) -> Result<PeopleView> {
    let (session, add) = manager(app, &request.add).await?;
    let (_, remove) = manager(app, &request.remove).await?;
    let msp = session.msp();
    let team = work_team(&msp, &request.team)?;
    let now = msp.at(msp.head().seq);
    let leaving: Vec<MemberId> = remove.into_iter().filter(|member| now.holds(&team, member)).collect();
    intend(app, &session, team, &leaving, "was taken out of").await?;
    let mut change = Change::begin(app, &session).await?;
    let name = match &request.name {
        Some(name) => free_name(&mut change, name, Some(team)).await?,
        None => name_of_team(&mut change, &team).await?,
    };
    let members = members_with(change.msp(), Some(team), &add, &leaving);
    next_key(&mut change, Some(team), ledger::TeamKind::Work, members, &name).await?;
    change.note(Action::TeamChanged, None, None, Some(name)).await?;
    change.commit().await?;
    finish(app, &session).await
}

pub(crate) async fn remove_team(app: &App, request: RemoveTeamRequest) -> Result<PeopleView> {
    let (session, _) = manager(app, &[]).await?;
    let msp = session.msp();
    let team = work_team(&msp, &request.team)?;
    if staff(&msp) == Some(team) {
        return Err(Error::usage(
            "people.staff",
            "Staff cannot be removed: new members and new organizations go there.",
            "Take its members out, or its access away.",
        ));
    }
    let alone = reach(app, |state| state.levels().any(|(id, _)| id == team) && !other_work(state, &msp, &team)).await?;
    if !alone.organizations.is_empty() {
        return Err(Error::usage(
            "people.team-needed",
            format!("{} organizations are opened to this team of work alone.", alone.organizations.len()),
            "Give another team access to them first.",
        ));
    }
    let members: Vec<MemberId> = msp.team(&team).map(|team| team.members().collect()).unwrap_or_default();
    let leaving: Vec<MemberId> = members.into_iter().filter(|member| !leads(&msp, member)).collect();
    intend(app, &session, team, &leaving, "was in the removed team").await?;
    let mut change = Change::begin(app, &session).await?;
    let name = name_of_team(&mut change, &team).await?;
    // Wrapped to nobody: a team without members is none, and every organization it had access to owes new keys.
    next_key(&mut change, Some(team), ledger::TeamKind::Work, Vec::new(), &name).await?;
    change.note(Action::TeamRemoved, None, None, Some(name)).await?;
    change.commit().await?;
    finish(app, &session).await
}

fn other_work(state: &Fold, msp: &MspState, team: &TeamId) -> bool {
    state.levels().any(|(id, _)| id != *team && is_work(msp, &id))
}

pub(crate) async fn set_access(app: &App, request: SetAccessRequest) -> Result<OrganizationView> {
    let id = parse_organization(&request.organization)?;
    let (session, _) = manager(app, &[]).await?;
    let msp = session.msp();
    let team = work_team(&msp, &request.team)?;
    let level = request.level.map(level_of_work).transpose()?;
    let row = organizations::load(app, &id).await?;
    let state = Fold::decode(&row.state).map_err(damaged_fold)?;
    let before = state.levels().find(|(id, _)| *id == team).map(|(_, level)| level);
    if before == level {
        return organizations::view(app, &id, &row).await;
    }
    let (losing, own) = losers(&state, &msp, &team, level, session.author.member);
    if own {
        return Err(Error::usage(
            "access.own",
            "You would lose this organization yourself.",
            "Ask an owner, or give another team of yours access first.",
        ));
    }
    if losing && level < before && row.tenant.is_some() {
        let reason = format!("{} lost {}", name(app, &session, &team).await?, row.name);
        let loss = incident::Loss::Access { team: *team.as_bytes(), organization: id, before: incident::rank(before) };
        incident::intend(app, &session, loss, reason, vec![id]).await?;
    }
    let mut change = Change::begin(app, &session).await?;
    let mut opened = change.open(&id).await?;
    match level {
        Some(level) => change.give(&mut opened, team, level).await?,
        None => change.append(&mut opened, OrganizationBody::Access { team, level: None, wrap: None }).await?,
    }
    // Taken away or lowered, what the team knows stays known until there are new keys.
    change.renew_keys(&mut opened).await?;
    let (organization, name) = (opened.row.name.clone(), name_of_team(&mut change, &team).await?);
    change.note(Action::AccessChanged, Some((&id, &organization)), None, Some(name)).await?;
    change.save(opened).await?;
    change.commit().await?;
    carry_out(app).await;
    organizations::view(app, &id, &organizations::load(app, &id).await?).await
}

fn level_of_work(level: AccessLevel) -> Result<Level> {
    match level {
        AccessLevel::Read => Ok(Level::Read),
        AccessLevel::Full => Ok(Level::Full),
        AccessLevel::Log => Err(Error::usage(
            "access.level",
            "A team of work reads, or reads and rotates.",
            "Give it read or full; auditors get the log by themselves.",
        )),
    }
}

/// Gives a team access to many organizations, some of them in each change: cut off anywhere, the same again gives the rest.
pub(crate) async fn give_access(app: &App, request: GiveAccessRequest) -> Result<PeopleView> {
    let (session, _) = manager(app, &[]).await?;
    let (team, level) = (work_team(&session.msp(), &request.team)?, level_of_work(request.level)?);
    let ids = request.organizations.iter().map(|id| parse_organization(id)).collect::<Result<BTreeSet<_>>>()?;
    if ids.is_empty() || ids.len() > MOST_GIVEN {
        return Err(Error::usage(
            "access.organizations",
            format!("Access is given to 1 to {MOST_GIVEN} organizations at once."),
            "Choose some in the list.",
        ));
    }
    let (ids, mut given) = (Vec::from_iter(ids), 0);
    for some in ids.chunks(AT_ONCE) {
        match Box::pin(give_some(app, &session, some, team, level)).await {
            Ok(changed) => given += changed,
            Err(error) if given == 0 => return Err(error),
            Err(error) => {
                return Err(error.holds(format!("The team has been given {given} of them; do it again for the rest.")));
            }
        }
    }
    finish(app, &session).await
}

/// How many of these organizations the team had less of.
async fn give_some(app: &App, session: &Session, some: &[Bytes32], team: TeamId, level: Level) -> Result<usize> {
    let mut change = Change::begin(app, session).await?;
    let team_name = name_of_team(&mut change, &team).await?;
    let mut given = 0;
    for id in some {
        let mut opened = change.open(id).await?;
        if opened.state.levels().any(|(its, had)| its == team && had >= level) {
            continue;
        }
        change.renew_keys(&mut opened).await?;
        change.give(&mut opened, team, level).await?;
        let name = opened.row.name.clone();
        change.note(Action::AccessChanged, Some((id, &name)), None, Some(team_name.clone())).await?;
        change.save(opened).await?;
        given += 1;
    }
    if given > 0 {
        change.commit().await?;
    }
    Ok(given)
}

/// Whether somebody in the team would have less of the organization, and whether this member would have none of it.
fn losers(state: &Fold, msp: &MspState, team: &TeamId, level: Option<Level>, own: MemberId) -> (bool, bool) {
    let now = msp.at(msp.head().seq);
    let after = |member: &MemberId| {
        let owner = msp.owners_team().filter(|owners| now.holds(owners, member)).map(|_| Level::Full);
        let others = state.levels().filter(|(id, _)| id != team && now.holds(id, member)).map(|(_, level)| level);
        others.chain(level).chain(owner).max()
    };
    let loses = |member: &MemberId| after(member) < state.level_of(member, now);
    let losing = msp.team(team).is_some_and(|team| team.members().any(|member| loses(&member)));
    (losing, now.holds(team, &own) && after(&own) < Some(Level::Full) && loses(&own))
}

/// Notes what has to be replaced once these members are out of a team.
async fn intend(app: &App, session: &Session, team: TeamId, leaving: &[MemberId], how: &str) -> Result<()> {
    if leaving.is_empty() {
        return Ok(());
    }
    let msp = session.msp();
    let now = msp.at(msp.head().seq);
    if leaving.iter().any(|member| leads(&msp, member)) {
        return Err(by_role());
    }
    let without = |state: &Fold, member: &MemberId| {
        let others = state.levels().filter(|(id, _)| *id != team && now.holds(id, member));
        others.map(|(_, level)| level).max()
    };
    let loses = |state: &Fold| leaving.iter().any(|member| without(state, member) < state.level_of(member, now));
    let reach = reach(app, loses).await?;
    let mut names = Vec::new();
    for member in leaving {
        names.push(name_of(app, &session.ring(), &msp, member).await.unwrap_or_default());
    }
    let reason = format!("{} {how} {}", names.join(", "), name(app, session, &team).await?);
    let members = leaving.iter().map(|member| *member.as_bytes()).collect();
    let loss = incident::Loss::Team { team: *team.as_bytes(), members };
    incident::intend(app, session, loss, reason, reach.organizations).await
}

/// The session of somebody who may change teams, and members that were named; active ones that work.
async fn manager(app: &App, named: &[String]) -> Result<(std::sync::Arc<Session>, Vec<MemberId>)> {
    let session = app.session().await?;
    if !session.may(ledger::Action::Teams) {
        return Err(not_allowed().holds("Nothing was changed."));
    }
    let msp = session.msp();
    let mut members = Vec::new();
    for member in named {
        let member = parse(member)?;
        let known = msp.member(&member).filter(|known| known.is_active()).ok_or_else(super::unknown_member)?;
        if known.role() == ledger::Role::Auditor {
            return Err(by_role());
        }
        members.push(member);
    }
    Ok((session, members))
}

fn leads(msp: &MspState, member: &MemberId) -> bool {
    msp.member(member).is_some_and(|member| member.role().stands_alone())
}

/// A name that can be used and that no other team has.
async fn free_name(change: &mut Change<'_>, name: &str, own: Option<TeamId>) -> Result<String> {
    let name = organizations::checked_name(name).map_err(|_| {
        Error::usage("people.team-name", "This name cannot be used.", "Use 1 to 100 characters without line breaks.")
    })?;
    let teams: Vec<TeamId> = change.msp().teams().keys().copied().filter(|id| Some(*id) != own).collect();
    for team in teams {
        let there = change.msp().team(&team).is_some_and(|team| team.members().next().is_some());
        if there && name_of_team(change, &team).await?.to_lowercase() == name.to_lowercase() {
            return Err(Error::usage(
                "people.team-taken",
                format!("There is a team {name} already."),
                "Choose another name.",
            ));
        }
    }
    Ok(name)
}

/// Owners and admins are in every team, auditors in their own.
pub(super) fn by_role() -> Error {
    Error::usage(
        "people.by-role",
        "Owners and admins are in every team, and auditors in none of work: their role says so.",
        "Choose technicians or rotators.",
    )
}

impl From<Level> for AccessLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Log => Self::Log,
            Level::Read => Self::Read,
            Level::Full => Self::Full,
        }
    }
}
