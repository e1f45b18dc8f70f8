//! What happened, and lists as CSV.

use std::path::Path;

use vitrine_app::api::{ActivityLine, AuditFilter, AuditGap, AuditPerson, AuditRequest, ExportRequest, ExportedList};

use super::{Result, absolute, find};
use crate::{
    args::{self, Audit, List},
    door::Door,
    output::{Outcome, usage},
    text::{shown, table, time, words},
};

pub(super) async fn list(door: &mut Door, audit: Audit) -> Result {
    let Audit { filter, offset, limit } = audit;
    let filter = read(door, filter).await?;
    let view = door.call(AuditRequest { filter, offset, limit }).await?;
    let rows: Vec<Vec<String>> = view.lines.iter().map(cells).collect();
    let gaps: String = view.gaps.iter().map(gap).collect();
    let words = format!(
        "{}\n{} of {} shown\n{gaps}Chain verified up to {} ({} entries, newest {})",
        table(&HEADING, &rows),
        rows.len(),
        view.total,
        time(Some(view.verified.at)),
        view.verified.entries,
        view.verified.head,
    );
    Outcome::of(&view, words)
}

fn gap(gap: &AuditGap) -> String {
    let AuditGap { who, device, missing } = gap;
    format!("{missing} views of {}'s device {device} did not arrive here\n", shown(who))
}

async fn read(door: &mut Door, filter: args::AuditFilter) -> Result<AuditFilter> {
    let args::AuditFilter { organization, person, kind, from, until } = filter;
    let organization = match organization {
        Some(named) => Some(find::id(door, &named).await?),
        None => None,
    };
    let person = match person {
        Some(named) => Some(member(door, &named).await?),
        None => None,
    };
    Ok(AuditFilter { organization, person, kind: kind.map(Into::into), from, until })
}

/// A member by name or id, past ones too.
async fn member(door: &mut Door, named: &str) -> Result<String> {
    let people = door.call(AuditRequest { limit: 1, ..AuditRequest::default() }).await?.people;
    let fits = |person: &&AuditPerson| person.member == named || person.name.to_lowercase() == named.to_lowercase();
    let found: Vec<_> = people.iter().filter(fits).collect();
    match found.as_slice() {
        [person] => Ok(person.member.clone()),
        [] => Err(usage("people.unknown", format!("There is no member {}.", shown(named)), "See vitrine member list.")),
        _ => Err(usage("people.ambiguous", format!("Several members are named {}.", shown(named)), "Give the id.")),
    }
}

const HEADING: [&str; 7] = ["TIME", "WHO", "ACTION", "WHOM", "ORGANIZATION", "ACCOUNT", "NOTE"];

fn cells(line: &ActivityLine) -> Vec<String> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let late = if line.late { "(late) " } else { "" };
    vec![
        time(Some(line.at)),
        line.who.clone(),
        words(line.action),
        text(&line.subject),
        text(&line.organization_name),
        text(&line.user_name),
        format!("{late}{}", text(&line.note)),
    ]
}

pub(super) async fn export(door: &mut Door, list: List, path: &Path) -> Result {
    let list = match list {
        List::Audit => ExportedList::Audit { filter: AuditFilter::default() },
        List::Organizations => ExportedList::Organizations { filter: String::new(), state: None, only: Vec::new() },
    };
    let view = door.call(ExportRequest { list, path: absolute(path)? }).await?;
    let words = format!("{} rows were written to {}.", view.rows, shown(&view.path));
    Outcome::of(&view, words)
}
