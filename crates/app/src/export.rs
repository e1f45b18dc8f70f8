//! Lists as CSV files, for whoever plans or proves with a spreadsheet. No secret is in any list.

use crate::api::*;
use crate::error::{Error, Result};
use crate::words::of_variant;
use crate::{App, audit, files, organizations};
use std::collections::HashSet;
use std::path::Path;

const LINES: u32 = 1_000;
const ROWS: u32 = 500;
const HAPPENED: [&str; 8] = ["TIME", "WHO", "ACTION", "WHOM", "ORGANIZATION", "ACCOUNT", "NOTE", "LATE"];
const ORGANIZATIONS: [&str; 7] = ["NAME", "DOMAIN", "STATE", "ACCOUNTS", "LAST ROTATION", "NEXT ROTATION", "ID"];

pub(crate) async fn export(app: &App, request: ExportRequest) -> Result<ExportedView> {
    app.session().await?;
    let ExportedList::Organizations { filter, state, only } = request.list;
    let wanted = OrganizationsRequest { filter, state, limit: ROWS, ..OrganizationsRequest::default() };
    let only: HashSet<String> = only.into_iter().collect();
    let rows = listed(app, wanted).await?;
    let chosen = rows.into_iter().filter(|row| only.is_empty() || only.contains(&row.id));
    let (csv, rows) = sheet(&ORGANIZATIONS, chosen.map(organization))?;
    files::create(Path::new(&request.path), &csv)?;
    Ok(ExportedView { path: request.path, rows })
}

/// What happened, as a sheet, and how many lines.
pub(crate) async fn happened(app: &App, filter: &AuditFilter) -> Result<(Vec<u8>, u32)> {
    let mut lines = Vec::new();
    loop {
        let request = AuditRequest { filter: filter.clone(), offset: count(lines.len()), limit: LINES };
        let page = audit::list(app, request).await?.lines;
        if page.is_empty() {
            return sheet(&HAPPENED, lines.into_iter().map(line));
        }
        lines.extend(page);
    }
}

async fn listed(app: &App, wanted: OrganizationsRequest) -> Result<Vec<OrganizationRow>> {
    let mut rows = Vec::new();
    loop {
        let request = OrganizationsRequest { offset: count(rows.len()), ..wanted.clone() };
        let page = organizations::list(app, request).await?.rows;
        if page.is_empty() {
            return Ok(rows);
        }
        rows.extend(page);
    }
}

fn line(line: ActivityLine) -> Vec<String> {
    vec![
        line.at.to_string(),
        line.who,
        of_variant(line.action),
        line.subject.unwrap_or_default(),
        line.organization_name.unwrap_or_default(),
        line.user_name.unwrap_or_default(),
        line.note.unwrap_or_default(),
        if line.late { "late" } else { "" }.to_owned(),
    ]
}

fn organization(row: OrganizationRow) -> Vec<String> {
    let moment = |at: Option<Time>| at.map(|at| at.to_string()).unwrap_or_default();
    vec![
        row.name,
        row.domain.unwrap_or_default(),
        of_variant(row.state),
        row.accounts.to_string(),
        moment(row.last_rotation),
        moment(row.next_rotation),
        row.id,
    ]
}

fn sheet(heading: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Result<(Vec<u8>, u32)> {
    let failed = |error: csv::Error| {
        Error::machine("export.csv", "The list could not be written as CSV.", "Report this.").because(error)
    };
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(heading).map_err(failed)?;
    let mut written = 0;
    for row in rows {
        writer.write_record(row.iter().map(|cell| inert(cell))).map_err(failed)?;
        written += 1;
    }
    let bytes = writer.into_inner().map_err(|error| failed(error.into_error().into()))?;
    Ok((bytes, written))
}

/// A cell that a spreadsheet does not take for a formula: names are chosen by others.
fn inert(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    format!("{}{cell}", if formula { "'" } else { "" })
}

fn count(rows: usize) -> u32 {
    u32::try_from(rows).unwrap_or(u32::MAX)
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
}
