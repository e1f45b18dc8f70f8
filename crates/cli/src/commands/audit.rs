//! What happened, and lists as CSV.

use std::path::Path;

use vitrine_app::api::{
    ActivityLine, AuditFilter, AuditGap, AuditPerson, AuditRequest, ExportAuditRequest, ExportRequest, ExportedList,
    ExportedView, VerifiedEvidence,
};

use super::{Result, absolute, find};
use crate::{
    args::{self, Audit, AuditFile, List},
    door::Door,
    output::{Outcome, machine, usage},
    text::{shown, table, time, words},
};

pub(super) async fn list(door: &mut Door, audit: Audit) -> Result {
    let Audit { with, filter, offset, limit } = audit;
    match with {
        None => {}
        Some(AuditFile::Export { path, filter, format }) => {
            let filter = read(door, filter).await?;
            let view = door.call(ExportAuditRequest { filter, format: format.into(), path: absolute(&path)? }).await?;
            return written(&view);
        }
        Some(AuditFile::Verify { path, genesis }) => return verify(&path, &genesis),
    }
    let filter = read(door, filter).await?;
    let view = door.call(AuditRequest { filter, offset, limit }).await?;
    let rows: Vec<Vec<String>> = view.lines.iter().map(cells).collect();
    let gaps: String = view.gaps.iter().map(gap).collect();
    let words = format!(
        "{}\n{} of {} shown\n{gaps}Chain verified up to {} ({} entries, newest {})\nVault {}",
        table(&HEADING, &rows),
        rows.len(),
        view.total,
        time(Some(view.verified.at)),
        view.verified.entries,
        view.verified.head,
        view.vault,
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
        List::Organizations => ExportedList::Organizations { filter: String::new(), state: None, only: Vec::new() },
    };
    written(&door.call(ExportRequest { list, path: absolute(path)? }).await?)
}

fn written(view: &ExportedView) -> Result {
    let words = format!("{} rows were written to {}.", view.rows, shown(&view.path));
    Outcome::of(view, words)
}

/// Checks a file of evidence, without a vault.
pub(super) fn verify(path: &Path, genesis: &str) -> Result {
    let bytes = std::fs::read(path).map_err(|error| machine("cli.evidence", &error))?;
    let verified = vitrine_app::verify_evidence(&bytes, genesis)?;
    let words = in_words(&verified);
    Outcome::of(&verified, words)
}

fn in_words(verified: &VerifiedEvidence) -> String {
    let VerifiedEvidence { vault, entries, head, organizations, records, lines, unlisted, closed, gaps, .. } = verified;
    let mut said = vec![
        format!("Whole and signed: {entries} entries of the vault {vault}, the newest {head}."),
        format!("{organizations} organizations, each one whole chain, with {records} records signed by their devices."),
        format!("All {lines} lines follow from them; {unlisted} more do and are not listed."),
    ];
    if *closed > 0 {
        said.push(format!("{closed} batches of records are not opened in this file."));
    }
    said.extend(gaps.iter().map(|gap| self::gap(gap).trim_end().to_owned()));
    if let Some(report) = &verified.report {
        let (by, reason) = (shown(&report.by), shown(&report.reason));
        let late = if report.late { ", which was ended by then," } else { "" };
        let (accounts, certificates) = (report.accounts, report.certificates);
        said.push(format!(
            "Report signed by a device of {by}{late} {}: {reason}. {} of {} accounts and {} of {} certificates of {} \
             organizations were replaced.",
            time(Some(report.written_at)),
            accounts.replaced,
            accounts.of,
            certificates.replaced,
            certificates.of,
            report.organizations,
        ));
        if !report.removed.is_empty() {
            let names: Vec<_> = report.removed.iter().map(|name| shown(name)).collect();
            said.push(format!("Each of them after this was shut out: {}.", names.join(", ")));
        }
    }
    if let Some(fork) = &verified.fork {
        said.push(format!(
            "Two histories of ledger {}: at {} {} was accepted, at {} {} was offered. Both are signed by devices of the vault.",
            fork.ledger, fork.ours_seq, fork.ours, fork.theirs_seq, fork.theirs
        ));
    }
    said.join("\n")
}
