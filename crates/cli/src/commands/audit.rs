//! What happened, and lists as CSV.

use std::path::Path;

use vitrine_app::api::{ActivityLine, AuditRequest, ExportRequest, ExportedList};

use super::{Result, absolute, find};
use crate::{
    args::List,
    door::Door,
    output::Outcome,
    text::{shown, table, time, words},
};

pub(super) async fn list(door: &mut Door, organization: Option<&str>, offset: u32, limit: u32) -> Result {
    let organization = match organization {
        Some(named) => Some(find::id(door, named).await?),
        None => None,
    };
    let view = door.call(AuditRequest { organization, offset, limit }).await?;
    let rows: Vec<Vec<String>> = view.lines.iter().map(cells).collect();
    let words = format!(
        "{}\n{} of {} shown\nChain verified up to {} ({} entries, newest {})",
        table(&HEADING, &rows),
        rows.len(),
        view.total,
        time(Some(view.verified.at)),
        view.verified.entries,
        view.verified.head,
    );
    Outcome::of(&view, words)
}

const HEADING: [&str; 6] = ["TIME", "WHO", "ACTION", "ORGANIZATION", "ACCOUNT", "NOTE"];

fn cells(line: &ActivityLine) -> Vec<String> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    vec![
        time(Some(line.at)),
        line.who.clone(),
        words(line.action),
        text(&line.organization_name),
        text(&line.user_name),
        text(&line.note),
    ]
}

pub(super) async fn export(door: &mut Door, list: List, path: &Path) -> Result {
    let list = match list {
        List::Audit => ExportedList::Audit,
        List::Organizations => ExportedList::Organizations { filter: String::new(), state: None, only: Vec::new() },
    };
    let view = door.call(ExportRequest { list, path: absolute(path)? }).await?;
    let words = format!("{} rows were written to {}.", view.rows, shown(&view.path));
    Outcome::of(&view, words)
}
