//! Organizations: list, add, import, show, edit, archive.

use std::{io::Read, path::Path};

use vitrine_app::{
    Error,
    api::{
        AccessLevel, AddOrganizationRequest, AfterView, ArchiveOrganizationRequest, EditOrganizationRequest,
        HealthLine, ImportRequest, ImportRow, LapsView, OrganizationRequest, OrganizationView, OrganizationsRequest,
        OrganizationsView, PreviewImportRequest, SetAccessRequest, Verdict,
    },
};

use super::{Result, find, people};
use crate::{
    args::Org,
    door::Door,
    exit::Exit,
    output::{Failure, Outcome, usage},
    text::{shown, table, time, words},
    window,
};

/// No CSV of organizations is larger; what is, is the wrong file.
const LARGEST: u64 = 2 << 20;

pub(super) async fn run(door: &mut Door, org: Org) -> Result {
    match org {
        Org::List { filter, state, sort, descending, offset, limit } => {
            let (state, sort) = (state.map(Into::into), sort.into());
            let view = door.call(OrganizationsRequest { filter, state, sort, descending, offset, limit }).await?;
            let words = listed(&view);
            Outcome::of(&view, words)
        }
        Org::Add { name, notes, team } => {
            let team = people::maybe_team_id(door, team).await?;
            let view = door.call(AddOrganizationRequest { name, notes, team }).await?;
            let words = format!("{} was added. Next: vitrine connect.", shown(&view.name));
            Outcome::of(&view, words)
        }
        Org::Import { file, preview } => import(door, &file, preview).await,
        Org::Show { organization } => {
            let view = find::organization(door, &organization).await?;
            let words = in_words(&view);
            Outcome::of(&view, words)
        }
        Org::Edit { organization, name, notes, tags } => {
            let now = find::organization(door, &organization).await?;
            let request = EditOrganizationRequest {
                organization: now.id,
                name: name.unwrap_or(now.name),
                notes: notes.unwrap_or(now.notes),
                tags: tags.unwrap_or(now.tags),
            };
            let view = door.call(request).await?;
            let words = in_words(&view);
            Outcome::of(&view, words)
        }
        Org::Access { organization, give, level, take } => {
            let organization = find::id(door, &organization).await?;
            let view = match give.as_ref().or(take.as_ref()) {
                None => door.call(OrganizationRequest { organization }).await?,
                Some(team) => {
                    let team = people::team_id(door, team).await?;
                    let level = give.is_some().then(|| level.into());
                    door.call(SetAccessRequest { organization, team, level }).await?
                }
            };
            let rows: Vec<_> = view.access.iter().map(|it| vec![shown(&it.name), words(it.level)]).collect();
            let mut text = table(&["Team", "Access"], &rows);
            if take.is_some() {
                text.push_str("\n\nWhat is left to replace: vitrine incident status");
            }
            Outcome::of(&view, text)
        }
        Org::Archive { organization, confirm } => {
            let organization = find::id(door, &organization).await?;
            let done = door.call(ArchiveOrganizationRequest { organization, typed_name: confirm }).await?;
            Outcome::of(&done, "It is archived. Its tenant was not touched.".into())
        }
    }
}

async fn import(door: &mut Door, file: &Path, preview: bool) -> Result {
    let csv = read(file)?;
    if preview {
        let view = door.call(PreviewImportRequest { csv }).await?;
        let bad: Vec<&ImportRow> = view.rows.iter().filter(|row| row.problem.is_some()).collect();
        let words = format!("{} would be added, {} have a problem.{}", view.good, view.bad, problems(&bad));
        return Outcome::of(&view, words);
    }
    let view = door.call(ImportRequest { csv }).await?;
    let left_out: Vec<&ImportRow> = view.left_out.iter().collect();
    let words = format!("{} were added, {} left out.{}", view.added, left_out.len(), problems(&left_out));
    let exit = if left_out.is_empty() { Exit::Done } else { Exit::Partly };
    Ok(Outcome::of(&view, words)?.ending(exit))
}

fn read(file: &Path) -> Result<String> {
    let failed = |error: std::io::Error| {
        let what = format!("{} cannot be read.", shown(&file.display().to_string()));
        Failure::from(
            Error::machine("cli.file-unreadable", what, "Check its name and that it is yours.").because(error),
        )
    };
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        std::io::stdin().take(LARGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
    } else {
        std::fs::File::open(file).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes)).map_err(failed)?;
    }
    if bytes.len() as u64 > LARGEST {
        return Err(usage(
            "cli.file-too-large",
            "The file has more than 2 MB.",
            "Split it, or check that it is the right one.",
        ));
    }
    String::from_utf8(bytes)
        .map_err(|_| usage("cli.file-not-text", "The file is not UTF-8 text.", "Save it as CSV UTF-8 and try again."))
}

fn problems(rows: &[&ImportRow]) -> String {
    let line = |row: &&ImportRow| {
        format!("\nLine {}: {} ({})", row.line, shown(row.problem.as_deref().unwrap_or_default()), shown(&row.name))
    };
    rows.iter().map(line).collect()
}

fn listed(view: &OrganizationsView) -> String {
    let rows: Vec<Vec<String>> = view
        .rows
        .iter()
        .map(|row| {
            vec![
                row.name.clone(),
                row.domain.clone().unwrap_or_else(|| "-".into()),
                words(row.state),
                row.accounts.to_string(),
                time(row.last_rotation),
                time(row.next_rotation),
            ]
        })
        .collect();
    let heading = ["NAME", "DOMAIN", "STATE", "ACCOUNTS", "LAST ROTATION", "NEXT ROTATION"];
    let counts = &view.counts;
    let closed = if view.closed == 0 { String::new() } else { format!("; {} more are closed to you", view.closed) };
    format!(
        "{}\n{} of {} shown; {} healthy, {} due, {} failed, {} not connected{closed}",
        table(&heading, &rows),
        view.rows.len(),
        view.matching,
        counts.healthy,
        counts.due,
        counts.failed,
        counts.not_connected
    )
}

pub(super) fn in_words(view: &OrganizationView) -> String {
    let mut lines = vec![format!("{}  {}", shown(&view.name), view.id)];
    lines.push(match &view.tenant {
        None if view.level != AccessLevel::Full => "You may not see its tenant.".to_owned(),
        Some(tenant) => format!("Tenant: {} ({}, {})", shown(&tenant.name), shown(&tenant.domain), shown(&tenant.id)),
        None => "No tenant connected: vitrine connect".to_owned(),
    });
    if view.unchecked {
        lines.push("Its history is still being checked: it can be viewed and not yet changed.".to_owned());
    }
    if let Some(laps) = &view.laps {
        lines.push(schedule(laps));
    }
    for account in &view.accounts {
        let factor = if account.has_second_factor {
            ""
        } else {
            "; no second factor: Microsoft's portals refuse the password alone"
        };
        lines.push(format!(
            "  {}  {}, rotated {}, due {}{factor}",
            shown(&account.user_name),
            words(account.state),
            time(account.rotated_at),
            time(account.due_at)
        ));
        if let Some(problem) = &account.problem {
            lines.push(format!("    {} {} {}", shown(&problem.what), shown(&problem.holds), shown(&problem.next)));
        }
    }
    lines.extend(view.health.iter().map(health));
    if !view.notes.is_empty() {
        lines.extend(view.notes.lines().map(|line| format!("| {}", shown(line))));
    }
    lines.join("\n")
}

/// A blackout and what a view asks for are said where there is one.
fn schedule(laps: &LapsView) -> String {
    let mut parts = vec![format!("every {} h", laps.interval_hours)];
    if !laps.blackout.is_empty() {
        let windows: Vec<String> = laps.blackout.iter().map(|window| window::in_words(*window)).collect();
        let zone = laps.zone.as_ref().map_or_else(|| "this machine's time".to_owned(), |zone| shown(zone));
        parts.push(format!("not by itself {} ({zone})", windows.join(" and ")));
    }
    match laps.after_view {
        AfterView::Keep => {}
        AfterView::InOneHour => parts.push("an hour after a view".into()),
        AfterView::Now => parts.push("right after a view".into()),
    }
    let alike = if laps.look_alikes { ", look-alikes among them" } else { "" };
    parts.push(format!("passwords of {} characters{alike}", laps.password_length));
    format!("LAPS: {}", parts.join("; "))
}

fn health(line: &HealthLine) -> String {
    let sign = match line.verdict {
        Verdict::Good => "ok",
        Verdict::Bad => "BAD",
        Verdict::Warning => "warning",
        Verdict::Unknown => "unknown",
    };
    format!("  [{sign}] {}", shown(&line.words))
}
