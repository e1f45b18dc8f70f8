//! What happened, and lists as CSV.

use std::{fs::OpenOptions, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use serde::Serialize;
use vitrine_app::{
    Error,
    api::{ActivityLine, AuditRequest, OrganizationRow, OrganizationsRequest, Time},
};

use super::{Result, absolute, find};
use crate::{
    args::List,
    door::Door,
    output::{Outcome, machine},
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

/// What was written.
#[derive(Serialize)]
struct Exported {
    path: String,
    rows: usize,
}

pub(super) async fn export(door: &mut Door, list: List, path: &Path) -> Result {
    let path = absolute(path)?;
    let (csv, rows) = match list {
        List::Audit => sheet(&HEADING, audit(door).await?.iter().map(cells))?,
        List::Organizations => {
            let heading = ["NAME", "DOMAIN", "STATE", "ACCOUNTS", "LAST ROTATION", "NEXT ROTATION", "ID"];
            sheet(&heading, organizations(door).await?.into_iter().map(organization))?
        }
    };
    write(&path, &csv)?;
    let words = format!("{rows} rows were written to {}.", shown(&path));
    Outcome::of(&Exported { path, rows }, words)
}

async fn audit(door: &mut Door) -> Result<Vec<ActivityLine>> {
    let mut lines = Vec::new();
    loop {
        let offset = u32::try_from(lines.len()).unwrap_or(u32::MAX);
        let request = AuditRequest { organization: None, offset, limit: 1000 };
        let page = door.call(request).await?.lines;
        if page.is_empty() {
            return Ok(lines);
        }
        lines.extend(page);
    }
}

async fn organizations(door: &mut Door) -> Result<Vec<OrganizationRow>> {
    let mut rows = Vec::new();
    loop {
        let offset = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        let request = OrganizationsRequest { offset, limit: 500, ..OrganizationsRequest::default() };
        let page = door.call(request).await?.rows;
        if page.is_empty() {
            return Ok(rows);
        }
        rows.extend(page);
    }
}

fn organization(row: OrganizationRow) -> Vec<String> {
    let moment = |at: Option<Time>| at.map_or_else(String::new, |at| time(Some(at)));
    vec![
        row.name,
        row.domain.unwrap_or_default(),
        words(row.state),
        row.accounts.to_string(),
        moment(row.last_rotation),
        moment(row.next_rotation),
        row.id,
    ]
}

fn sheet(heading: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Result<(Vec<u8>, usize)> {
    let failed = |error: csv::Error| machine("cli.csv", &error);
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(heading).map_err(failed)?;
    let mut count = 0;
    for row in rows {
        writer.write_record(row.iter().map(|cell| inert(cell))).map_err(failed)?;
        count += 1;
    }
    let bytes = writer.into_inner().map_err(|error| machine("cli.csv", error.error()))?;
    Ok((bytes, count))
}

/// A cell that a spreadsheet does not take for a formula: names are chosen by others.
fn inert(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    format!("{}{cell}", if formula { "'" } else { "" })
}

fn write(path: &str, bytes: &[u8]) -> Result<()> {
    let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(|error| {
        let what = format!("{} cannot be written.", shown(path));
        Error::machine("cli.file-unwritable", what, "Name a file that does not exist, in a folder of yours.")
            .because(error)
            .into()
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
    use super::*;

    #[test]
    fn a_name_does_not_become_a_formula() {
        let (csv, rows) =
            sheet(&["NAME"], [vec!["=HYPERLINK(\"x\")".to_owned()], vec!["Contoso".to_owned()]].into_iter()).unwrap();
        assert_eq!(rows, 2);
        assert_eq!(String::from_utf8(csv).unwrap(), "NAME\n\"'=HYPERLINK(\"\"x\"\")\"\nContoso\n");
    }

    #[test]
    fn an_existing_file_is_not_overwritten_and_a_new_one_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.csv");
        let text = path.to_str().unwrap();
        write(text, b"one").unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(write(text, b"two").unwrap_err().code, "cli.file-unwritable");
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
    }
}
