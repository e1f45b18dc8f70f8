//! Adding many organizations from a CSV file: first shown row by row, then added where nothing is wrong.

use crate::App;
use crate::api::*;
use crate::error::{Error, Result};
use crate::journal::Change;
use crate::organizations;
use crate::records::fold;
use std::collections::HashSet;

const LARGEST: usize = 2 << 20;
const MOST_ROWS: usize = 100_000;
/// Organizations per transaction: enough to be fast, few enough that the store is not held for long.
const BATCH: usize = 200;

pub(crate) async fn preview(app: &App, request: PreviewImportRequest) -> Result<ImportPreviewView> {
    let rows = read(app, &request.csv).await?;
    let bad = count(rows.iter().filter(|row| row.problem.is_some()).count());
    Ok(ImportPreviewView { good: count(rows.len()) - bad, bad, rows })
}

pub(crate) async fn import(app: &App, request: ImportRequest) -> Result<ImportView> {
    let rows = read(app, &request.csv).await?;
    let (mut left_out, mut good): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.problem.is_some());
    let session = app.session().await?;
    crate::restore::refuse_unconfirmed(app, &session).await?;
    let mut added = 0;
    for batch in good.chunks_mut(BATCH) {
        let mut change = Change::begin(app, &session).await?;
        // Looked at again: between the reading and this change somebody may have added one of them.
        refuse_taken(&mut change, batch).await?;
        for row in batch.iter().filter(|row| row.problem.is_none()) {
            organizations::add_one(&mut change, &row.name, &row.notes, None).await?;
            added += 1;
        }
        change.commit().await?;
    }
    left_out.extend(good.into_iter().filter(|row| row.problem.is_some()));
    left_out.sort_by_key(|row| row.line);
    app.tell(Event::OrganizationsChanged);
    Ok(ImportView { added, left_out })
}

async fn read(app: &App, text: &str) -> Result<Vec<ImportRow>> {
    let session = app.session().await?;
    let mut rows = parse(text)?;
    let mut change = Change::begin(app, &session).await?;
    refuse_taken(&mut change, &mut rows).await?;
    // Dropped, not committed: only read.
    Ok(rows)
}

/// Marks the rows whose name an organization has already.
async fn refuse_taken(change: &mut Change<'_>, rows: &mut [ImportRow]) -> Result<()> {
    for row in rows.iter_mut().filter(|row| row.problem.is_none()) {
        if let Err(error) = organizations::refuse_taken(change, &row.name, None).await {
            if error.code() != "organization.name-taken" {
                return Err(error);
            }
            row.problem = Some("There is already an organization of this name.".into());
        }
    }
    Ok(())
}

fn parse(text: &str) -> Result<Vec<ImportRow>> {
    if text.len() > LARGEST {
        return Err(unusable("The file is larger than 2 MB."));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let head = text.lines().next().unwrap_or_default();
    let delimiter = if head.contains(';') && !head.contains(',') { b';' } else { b',' };
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|error| unusable("The header line cannot be read.").because(error))?;
    let column = |names: &[&str]| headers.iter().position(|header| names.contains(&header.to_lowercase().as_str()));
    let name_column = column(&["name", "organization", "customer"])
        .ok_or_else(|| unusable("The header line has no column named `name`."))?;
    let notes_column = column(&["notes", "note"]);
    let (mut rows, mut seen) = (Vec::new(), HashSet::new());
    for record in reader.records() {
        if rows.len() >= MOST_ROWS {
            return Err(unusable("The file has more than 100,000 rows."));
        }
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = count(usize::try_from(error.position().map_or(0, csv::Position::line)).unwrap_or(0));
                let problem = Some("The line cannot be read as CSV text.".to_owned());
                rows.push(ImportRow { line, name: String::new(), notes: String::new(), problem });
                continue;
            }
        };
        let line = count(usize::try_from(record.position().map_or(0, csv::Position::line)).unwrap_or(0));
        let name = record.get(name_column).unwrap_or_default().to_owned();
        let notes = notes_column.and_then(|column| record.get(column)).unwrap_or_default().to_owned();
        let problem = match (organizations::checked_name(&name), organizations::checked_notes(&notes)) {
            (Err(_), _) if name.is_empty() => Some("The name is empty.".to_owned()),
            (Err(error), _) | (_, Err(error)) => Some(format!("{} {}", error.view().what, error.view().next)),
            _ if !seen.insert(fold(&name)) => Some("The name stands in an earlier row.".to_owned()),
            _ => None,
        };
        rows.push(ImportRow { line, name, notes, problem });
    }
    Ok(rows)
}

fn unusable(what: &str) -> Error {
    Error::usage("import.unusable", what, "Use a CSV file with a header line: name, and optionally notes.")
        .holds("Nothing was added.")
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<(u32, String, bool)> {
        parse(text).unwrap_or_default().into_iter().map(|row| (row.line, row.name, row.problem.is_some())).collect()
    }

    #[test]
    fn good_rows_and_bad_rows_are_told_apart_by_line() {
        let rows = problems("name,notes\nContoso,first\n,no name\ncontoso,again\nFabrikam,\n");
        assert_eq!(
            rows,
            [
                (2, "Contoso".into(), false),
                (3, String::new(), true),
                (4, "contoso".into(), true),
                (5, "Fabrikam".into(), false)
            ]
        );
    }

    #[test]
    fn a_semicolon_file_with_a_byte_order_mark_reads_the_same() {
        assert_eq!(problems("\u{feff}Name;Notes\nContoso;x\n"), [(2, "Contoso".into(), false)]);
    }

    #[test]
    fn markup_and_direction_marks_are_names_like_any_other() {
        assert_eq!(problems("name\n<img src=x onerror=alert(1)>\n").len(), 1);
        assert!(problems("name\n\"a\nb\"\n")[0].2, "a line break is no name");
    }

    #[test]
    fn a_file_without_a_name_column_is_refused_whole() {
        assert!(parse("a,b\n1,2\n").is_err());
        assert!(parse("").is_err());
    }

    #[test]
    fn an_absurd_file_is_refused_before_it_is_read() {
        assert!(parse(&"x".repeat(LARGEST + 1)).is_err());
    }
}
