//! The people who share the vault: inviting, joining, adding, removing.

use std::time::Instant;

use serde_json::json;
use vitrine_app::api::{
    ApproveChangeRequest, ApproveMemberRequest, CancelJoinRequest, ChangeTeamRequest, GiveAccessRequest,
    InvitationView, InviteRequest, JoinRequest, MakeTeamRequest, MemberStanding, MemberView, PendingChange,
    PeopleRequest, PeopleView, Phase, RemovalRequest, RemoveMemberRequest, RemoveTeamRequest, SetRoleRequest,
    StatusView, SyncRequest, TeamView, UnlockRequest, WithdrawInvitationRequest,
};

use super::{POLL, Result, find};
use crate::{
    args::{Invite, Join, Member, Team},
    door::Door,
    exit::Exit,
    output::{Outcome, usage, warning},
    person::{Lines, Person},
    text::{shown, table, time, words},
};

pub(super) async fn invite(door: &mut Door, invite: Invite) -> Result {
    let team = maybe_team_id(door, invite.team).await?;
    let (role, hours) = (invite.role.into(), invite.hours);
    let request = InviteRequest { name: invite.name, role, team, hours, copy: false };
    let view = door.call(request).await?;
    // Exposed to be printed: that is what was asked for, and it is worth nothing without an owner's or admin's consent.
    let code = view.code.as_ref().map_or("", |code| code.0.expose());
    let text = format!(
        "Send this to the person by another way than the backend. It is good until {}.\n\n{code}\n\nThen: vitrine member list",
        time(Some(view.ends_at))
    );
    Outcome::of(&view, text)
}

pub(super) async fn join(door: &mut Door, person: &mut Person, join: Join) -> Result {
    if join.cancel {
        let status = door.call(CancelJoinRequest {}).await?;
        return Outcome::of(&status, "This device joins nothing.".into());
    }
    let status = match door.status().await?.phase {
        Phase::NoVault => {
            let mut lines = join.code_fd.map(Lines::open).transpose()?;
            let code = person.secret("Invitation: ", lines.as_mut())?;
            let passphrase = person.new_passphrase()?;
            let person_name = join.person.unwrap_or_default();
            let accept_file_fallback = join.accept_file_fallback;
            door.call(JoinRequest { code, person_name, passphrase, accept_file_fallback }).await?
        }
        Phase::Locked => {
            let passphrase = person.passphrase("Passphrase: ")?;
            door.call(UnlockRequest { passphrase }).await?
        }
        Phase::Joining | Phase::Unlocked => door.status().await?,
    };
    let begun = Instant::now();
    let (mut status, mut told) = (status, String::new());
    while status.phase == Phase::Joining {
        let news = waiting(&status);
        if news != told {
            person.progress(&json!({ "kind": "joining", "joining": status.joining }), &news);
            told = news;
        }
        if begun.elapsed().as_secs() >= join.wait.seconds {
            return Ok(Outcome::of(&status, "Nobody has added this device yet. Go on waiting: vitrine join".into())?
                .ending(Exit::Partly));
        }
        tokio::time::sleep(POLL).await;
        status = door.status().await?;
    }
    Outcome::of(&status, joined(&status))
}

fn waiting(status: &StatusView) -> String {
    let Some(joining) = &status.joining else { return String::new() };
    let mut lines = vec![
        if joining.own_device {
            format!(
                "Waiting to be approved as a device of {} in {}: vitrine device approve --compared, on another device.",
                shown(&joining.invited_by),
                shown(&joining.msp_name)
            )
        } else {
            format!("Waiting for {} to add you to {}.", shown(&joining.invited_by), shown(&joining.msp_name))
        },
        "Compare these words with the other side; if they differ, somebody stands between:".into(),
        format!("  {}", joining.words.join(" ")),
    ];
    lines.extend(joining.problem.as_ref().map(warning));
    lines.join("\n")
}

fn joined(status: &StatusView) -> String {
    match &status.msp_name {
        Some(firm) => format!(
            "This device is a member of {}. Next: vitrine kit recovery-kit.pdf, and vitrine backup --folder DIR.",
            shown(firm)
        ),
        None => "This device joins nothing.".into(),
    }
}

pub(super) async fn member(door: &mut Door, member: Member) -> Result {
    // What others did is wanted here. Without the home the list is as it was last seen, and says so elsewhere.
    let synced = door.call(SyncRequest {}).await;
    let view = match member {
        Member::List => {
            let view = door.call(PeopleRequest {}).await?;
            let text = match &synced {
                Ok(_) => in_words(&view),
                Err(failure) => {
                    let code = failure.code();
                    format!("{}\n\nAs it was last seen: the home was not reached ({code}).", in_words(&view))
                }
            };
            return Outcome::of(&view, text);
        }
        Member::Add { invitation, compared } => {
            let invitation = invitation_id(door, &invitation).await?;
            door.call(ApproveMemberRequest { invitation, compared }).await?
        }
        Member::Withdraw { invitation } => {
            let invitation = invitation_id(door, &invitation).await?;
            door.call(WithdrawInvitationRequest { invitation }).await?
        }
        Member::Role { member, role } => {
            let member = member_id(door, &member).await?;
            door.call(SetRoleRequest { member, role: role.into() }).await?
        }
        Member::Consent { change } => door.call(ApproveChangeRequest { change }).await?,
        Member::Removal { member } => {
            let member = member_id(door, &member).await?;
            let view = door.call(RemovalRequest { member }).await?;
            let mut text = format!(
                "To remove {}: {} organizations get new keys, {} accounts new passwords, {} connections new certificates.",
                shown(&view.name),
                view.organizations,
                view.accounts,
                view.certificates
            );
            if view.needs_second_owner {
                text.push_str("\nA second owner has to consent first.");
            }
            return Outcome::of(&view, text);
        }
        Member::Remove { member, reason } => {
            let member = member_id(door, &member).await?;
            let view = door.call(RemoveMemberRequest { member, reason }).await?;
            let text = format!("{}\n\nWhat is left to replace: vitrine incident status", in_words(&view));
            return Outcome::of(&view, text);
        }
    };
    let text = in_words(&view);
    Outcome::of(&view, text)
}

pub(super) async fn team(door: &mut Door, team: Team) -> Result {
    // What others did is wanted here; without the home the teams are as they were last seen.
    let _ = door.call(SyncRequest {}).await;
    let view = match team {
        Team::List => door.call(PeopleRequest {}).await?,
        Team::Add { name, members } => {
            let members = member_ids(door, members).await?;
            door.call(MakeTeamRequest { name, members }).await?
        }
        Team::Change { team, name, add, take_out } => {
            let team = team_id(door, &team).await?;
            let (add, remove) = (member_ids(door, add).await?, member_ids(door, take_out).await?);
            door.call(ChangeTeamRequest { team, name, add, remove }).await?
        }
        Team::Give { team, organizations, all, level } => {
            let team = team_id(door, &team).await?;
            let organizations = if all { find::all(door).await? } else { find::ids(door, &organizations).await? };
            door.call(GiveAccessRequest { organizations, team, level: level.into() }).await?
        }
        Team::Remove { team } => {
            let team = team_id(door, &team).await?;
            door.call(RemoveTeamRequest { team }).await?
        }
    };
    let name = |id: &String| view.members.iter().find(|member| member.id == *id).map(|member| shown(&member.name));
    let row = |team: &TeamView| {
        let members: Vec<String> = team.members.iter().filter_map(name).collect();
        vec![shown(&team.name), words(team.kind), members.join(", "), team.organizations.to_string()]
    };
    let rows: Vec<Vec<String>> = view.teams.iter().map(row).collect();
    let text = table(&["Name", "Kind", "Members", "Organizations"], &rows);
    Outcome::of(&view, text)
}

/// A team by name or id.
pub(super) async fn team_id(door: &mut Door, name: &str) -> Result<String> {
    let people = door.call(PeopleRequest {}).await?;
    let fits = |team: &&TeamView| team.id == name || team.name.to_lowercase() == name.to_lowercase();
    let found = people.teams.iter().find(fits).map(|team| team.id.clone());
    found.ok_or_else(|| usage("people.no-team", format!("There is no team {}.", shown(name)), "See vitrine team list."))
}

/// The same, where one was named.
pub(super) async fn maybe_team_id(door: &mut Door, name: Option<String>) -> Result<Option<String>> {
    match name {
        Some(name) => team_id(door, &name).await.map(Some),
        None => Ok(None),
    }
}

async fn member_ids(door: &mut Door, names: Vec<String>) -> Result<Vec<String>> {
    let mut ids = Vec::new();
    for name in names {
        ids.push(member_id(door, &name).await?);
    }
    Ok(ids)
}

/// A member by name or id.
pub(super) async fn member_id(door: &mut Door, name: &str) -> Result<String> {
    let people = door.call(PeopleRequest {}).await?;
    let fits = |member: &&MemberView| {
        member.standing != MemberStanding::Removed
            && (member.id == name || member.name.to_lowercase() == name.to_lowercase())
    };
    let found: Vec<_> = people.members.iter().filter(fits).collect();
    match found.as_slice() {
        [member] => Ok(member.id.clone()),
        [] => Err(usage("people.unknown", format!("There is no member {}.", shown(name)), "See vitrine member list.")),
        _ => Err(usage("people.ambiguous", format!("Several members are named {}.", shown(name)), "Give the id.")),
    }
}

/// An invitation by the name it was made for, or its id.
async fn invitation_id(door: &mut Door, name: &str) -> Result<String> {
    let people = door.call(PeopleRequest {}).await?;
    let fits = |invitation: &&InvitationView| {
        !invitation.own_device && (invitation.id == name || invitation.name.to_lowercase() == name.to_lowercase())
    };
    let found: Vec<_> = people.invitations.iter().filter(fits).collect();
    match found.as_slice() {
        [invitation] => Ok(invitation.id.clone()),
        [] => Err(usage(
            "people.no-invitation",
            format!("This device invited nobody named {}.", shown(name)),
            "See vitrine member list.",
        )),
        _ => Err(usage("people.ambiguous", format!("Several are named {}.", shown(name)), "Give the id.")),
    }
}

fn in_words(view: &PeopleView) -> String {
    let rows: Vec<Vec<String>> = view
        .members
        .iter()
        .map(|member| {
            let you = if member.you { " (you)" } else { "" };
            let devices: Vec<_> = member.devices.iter().filter(|it| !it.revoked).map(|it| shown(&it.name)).collect();
            vec![
                format!("{}{you}", shown(&member.name)),
                words(member.role),
                words(member.standing),
                devices.join(", "),
                time(Some(member.added_at)),
            ]
        })
        .collect();
    let mut parts = vec![table(&["Name", "Role", "Standing", "Devices", "Added"], &rows)];
    for invitation in view.invitations.iter().filter(|invitation| !invitation.own_device) {
        let name = shown(&invitation.name);
        parts.push(match &invitation.answer {
            None => format!("Invited, no answer yet: {name} ({}), until {}", invitation.id, time(Some(invitation.ends_at))),
            Some(answer) => format!(
                "{name} ({}) was answered by {} on {}. Compare by phone or side by side:\n  {}\nIf they match: vitrine member add {} --compared",
                invitation.id,
                shown(&answer.name),
                shown(&answer.device),
                answer.words.join(" "),
                invitation.id
            ),
        });
    }
    for pending in &view.pending {
        let about = pending.subject.as_deref().map(|subject| format!(" ({})", shown(subject))).unwrap_or_default();
        parts.push(format!(
            "Waits for a second owner: {}{about}, asked by {}: vitrine member consent {}",
            change(pending.change),
            shown(&pending.by),
            pending.id
        ));
    }
    if view.keys_left > 0 {
        parts.push(format!("Organizations that are still owed new keys: {}", view.keys_left));
    }
    parts.join("\n\n")
}

fn change(change: PendingChange) -> &'static str {
    match change {
        PendingChange::MakeOwner => "make an owner",
        PendingChange::UnmakeOwner => "unmake an owner",
        PendingChange::RemoveOwner => "remove an owner",
        PendingChange::RekeyOwner => "give an owner new keys",
        PendingChange::Recovery => "change recovery",
    }
}
