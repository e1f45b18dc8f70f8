//! The report of an incident: what was replaced and what was not, signed, with the entries that prove it.

use super::board::problem;
use super::{Incident, each, read};
use crate::api::{Replaced, SaveIncidentReportRequest, SavedIncidentReportView, Time};
use crate::error::{Error, Result};
use crate::evidence::{self, CredentialKind, Removed, Report, ReportRow, Reported};
use crate::records::{self, Bytes16, Bytes32, Organization, organization_text};
use crate::session::Session;
use crate::{App, audit, files, journal, restore, strangers, vault};
use std::path::PathBuf;
use vitrine_ledger::{Entry, Head, MemberId, OrganizationState as Fold};

/// Writes the report, as a customer or an insurer gets it: signed, with the entries that prove it.
pub(crate) async fn report(app: &App, request: SaveIncidentReportRequest) -> Result<SavedIncidentReportView> {
    let session = app.session().await?;
    let incident = read(app, &session).await?.ok_or_else(none_open)?;
    let names = audit::Names::of(app, &session).await?;
    let (mut covered, mut removed) = (Vec::new(), Vec::new());
    each(app, &incident.scope, |id, row| covered.push((*id, row.clone()))).await?;
    covered.sort_by(|(_, a), (_, b)| a.name.cmp(&b.name));
    for member in &incident.removed {
        if let Some(head) = shut_out(app, &session, member).await? {
            removed.push(Removed { member: vault::hex(member), name: names.name(member), entry: head.into() });
        }
    }
    let since = removed.iter().map(|removed: &Removed| removed.entry.seq).max().unwrap_or_default();
    let mut organizations = Vec::new();
    for (id, row) in &covered {
        let mut row_of = report_row(app, &incident, id, row, since).await?;
        row_of.strangers = strangers::reported(row, incident.began_at, &names);
        organizations.push(row_of);
    }
    let count = |kind| {
        let all = organizations.iter().flat_map(|row: &ReportRow| &row.credentials);
        let counted = all.filter(|credential| credential.in_tenant && credential.kind == kind);
        counted.fold(Replaced::default(), |count, credential| Replaced {
            replaced: count.replaced + u32::from(credential.replaced),
            of: count.of + 1,
        })
    };
    let report = Report {
        firm: vault::firm(app).await?.msp_name,
        reason: incident.reason.clone(),
        begun_by: incident.who.clone(),
        began_at: Time(incident.began_at),
        written_at: Time(app.now_ms()),
        removed,
        accounts: count(CredentialKind::Account),
        certificates: count(CredentialKind::Certificate),
        organizations,
    };
    let ids: Vec<Bytes32> = covered.iter().map(|(id, _)| *id).collect();
    let text = evidence::report(app, &session, &report, &ids).await?;
    let path = PathBuf::from(request.path.trim());
    files::create(&path, &text)?;
    Ok(SavedIncidentReportView { path: path.display().to_string() })
}

/// The entry that shut a member out, or its newest device that was ended.
async fn shut_out(app: &App, session: &Session, member: &Bytes16) -> Result<Option<Head>> {
    let (msp, member) = (session.msp(), MemberId::from_bytes(*member));
    let ended = msp.devices().values().filter(|device| device.member == member).filter_map(|device| device.until);
    let removed = msp.member(&member).and_then(|member| member.removed);
    match removed.or(ended.max()) {
        Some(seq) => head(app, msp.ledger().as_bytes(), seq).await.map(Some),
        None => Ok(None),
    }
}

async fn head(app: &App, ledger: &Bytes32, seq: u64) -> Result<Head> {
    Ok(entry(app, ledger, seq).await?.head())
}

async fn entry(app: &App, ledger: &Bytes32, seq: u64) -> Result<Entry> {
    let bytes = app.inner.store.entry(ledger, seq).await?;
    bytes.and_then(|bytes| Entry::decode(&bytes).ok()).ok_or_else(restore::history_missing)
}

/// `since` is where the history shut somebody out: what was written by somebody who did not know of that counts as old.
async fn report_row(app: &App, incident: &Incident, id: &Bytes32, row: &Organization, since: u64) -> Result<ReportRow> {
    let fold = Fold::decode(&row.state).map_err(journal::damaged_fold)?;
    let mut credentials = Vec::new();
    for (item, known) in fold.items() {
        let Some(kind) = evidence::kind_of(known.kind).filter(|_| known.object.is_some()) else { continue };
        let wrote = entry(app, id, known.entry).await?;
        let account = row.account(item.as_bytes());
        let (name, in_tenant, replaced, sessions_ended_at) = match (kind, account) {
            (CredentialKind::Account, Some(account)) => {
                let in_tenant = row.in_tenant().any(|known| known.item == account.item);
                let replaced = account.replaced_since(incident.began_at);
                (account.user_name.clone(), in_tenant, replaced, account.sessions_ended_at)
            }
            (CredentialKind::Account, None) => (String::new(), false, false, None),
            (CredentialKind::Certificate, _) => {
                let tenant = row.tenant.as_ref().map(|tenant| tenant.domain.clone());
                let replaced = incident.certificate_replaced(row);
                (tenant.clone().unwrap_or_default(), tenant.is_some(), replaced, None)
            }
        };
        let knew = wrote.witness().is_some_and(|witness| witness.seq >= since);
        credentials.push(Reported {
            item: records::item_text(item.as_bytes()),
            kind,
            name,
            in_tenant,
            replaced: replaced && knew && wrote.time_ms() >= incident.began_at,
            sessions_ended_at: sessions_ended_at.map(Time),
            entry: wrote.head().into(),
            at: Time(wrote.time_ms()),
        });
    }
    let problem = if incident.is_over_for(row) { None } else { problem(incident, row) };
    Ok(ReportRow {
        organization: organization_text(id),
        name: row.name.clone(),
        tenant: row.tenant.as_ref().map(|tenant| tenant.id.clone()),
        credentials,
        strangers: Vec::new(),
        compared_at: incident.compared(row).map(|compared| Time(compared.at)),
        head: fold.head().into(),
        problem: problem.map(|problem| problem.what),
    })
}

fn none_open() -> Error {
    Error::usage("incident.none", "No incident is open.", "Write the report before you end an incident.")
}
