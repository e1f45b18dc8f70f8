//! An incident: begin it, watch what is left, write its report.

use std::time::{Duration, Instant, SystemTime};

use vitrine_app::api::{
    BeginIncidentRequest, EndIncidentRequest, IncidentBoardView, IncidentRequest, IncidentRow, IncidentScope,
    IncidentState, IncidentView, RetryIncidentRequest, SaveIncidentReportRequest, Time,
};

use super::{POLL, Result, absolute, find, people};
use crate::{
    args::{BeginIncident, Incident},
    door::Door,
    exit::Exit,
    output::Outcome,
    person::Person,
    text::{shown, table, time, words},
};

const DAY_MS: u64 = 24 * 3600 * 1000;

pub(super) async fn run(door: &mut Door, person: &mut Person, incident: Incident) -> Result {
    match incident {
        Incident::Begin(begin) => {
            let scope = scope(door, &begin).await?;
            let board = door.call(BeginIncidentRequest { scope, reason: begin.reason }).await?;
            let board = settled(door, person, board, begin.wait.seconds).await?;
            outcome(&board)
        }
        Incident::Status => {
            let board = door.call(IncidentRequest {}).await?;
            let words = in_words(&board);
            Outcome::of(&board, words)
        }
        Incident::Retry { wait } => {
            let board = door.call(RetryIncidentRequest {}).await?;
            let board = settled(door, person, board, wait.seconds).await?;
            outcome(&board)
        }
        Incident::Report { path } => {
            let view = door.call(SaveIncidentReportRequest { path: absolute(&path)? }).await?;
            let words = format!("The report lies in {}.", shown(&view.path));
            Outcome::of(&view, words)
        }
        Incident::End => {
            let board = door.call(EndIncidentRequest {}).await?;
            Outcome::of(&board, "No incident is open.".into())
        }
    }
}

async fn scope(door: &mut Door, begin: &BeginIncident) -> Result<IncidentScope> {
    if begin.all {
        return Ok(IncidentScope::Everything);
    }
    if let Some(tag) = &begin.tag {
        return Ok(IncidentScope::Tag { tag: tag.clone() });
    }
    if let Some(name) = &begin.person {
        return Ok(IncidentScope::Person { member: people::member_id(door, name).await? });
    }
    if let Some(days) = begin.viewed_days {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis();
        let now = u64::try_from(now).unwrap_or(u64::MAX);
        return Ok(IncidentScope::Viewed { since: Time(now.saturating_sub(u64::from(days) * DAY_MS)) });
    }
    let mut organizations = Vec::with_capacity(begin.organizations.len());
    for name in &begin.organizations {
        organizations.push(find::id(door, name).await?);
    }
    Ok(IncidentScope::Organizations { organizations })
}

/// Waits until nothing is worked on and nothing waits.
async fn settled(
    door: &mut Door,
    person: &mut Person,
    mut board: IncidentBoardView,
    seconds: u64,
) -> Result<IncidentBoardView> {
    let (begun, longest, mut told) = (Instant::now(), Duration::from_secs(seconds), None);
    while let Some(incident) = &board.incident {
        let counts = incident.organizations;
        if told != Some(counts) {
            told = Some(counts);
            person.progress(&counts, &totals(incident));
        }
        if counts.working + counts.waiting == 0 || begun.elapsed() >= longest {
            break;
        }
        tokio::select! {
            () = tokio::time::sleep(POLL) => {}
            _ = tokio::signal::ctrl_c() => break,
        }
        board = door.call(IncidentRequest {}).await?;
    }
    Ok(board)
}

fn outcome(board: &IncidentBoardView) -> Result {
    let left = board.incident.as_ref().is_some_and(|incident| {
        let counts = incident.organizations;
        counts.blocked + counts.working + counts.waiting > 0
    });
    let words = in_words(board);
    Ok(Outcome::of(board, words)?.ending(if left { Exit::Partly } else { Exit::Done }))
}

fn totals(incident: &IncidentView) -> String {
    let counts = incident.organizations;
    format!(
        "{} replaced, {} at work, {} waiting, {} blocked; {} of {} accounts, {} of {} certificates",
        counts.replaced,
        counts.working,
        counts.waiting,
        counts.blocked,
        incident.accounts.replaced,
        incident.accounts.of,
        incident.certificates.replaced,
        incident.certificates.of
    )
}

fn in_words(board: &IncidentBoardView) -> String {
    let Some(incident) = &board.incident else { return "No incident is open.".into() };
    let left: Vec<Vec<String>> =
        incident.rows.iter().filter(|row| row.state != IncidentState::Replaced).map(row).collect();
    let expected = incident.expected_end.map(|end| format!("\nExpected to be done: {}", time(Some(end))));
    let since = time(Some(incident.began_at));
    let head =
        format!("{}\nSince {since}: {}{}", shown(&incident.reason), totals(incident), expected.unwrap_or_default());
    if left.is_empty() {
        return format!("{head}\nNothing is left of what somebody may know.");
    }
    format!("{head}\n{}", table(&["ORGANIZATION", "STATE", "ACCOUNTS", "STRANGERS", ""], &left))
}

fn row(row: &IncidentRow) -> Vec<String> {
    let why = row.problem.as_ref().map(|error| format!("{} {} {}", error.what, error.holds, error.next));
    let accounts = format!("{} of {}", row.accounts.replaced, row.accounts.of);
    let strangers = if row.strangers > 0 { row.strangers.to_string() } else { String::new() };
    vec![row.name.clone(), words(row.state), accounts, strangers, why.unwrap_or_default()]
}
