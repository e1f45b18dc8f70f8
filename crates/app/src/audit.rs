//! What happened, newest first. Lines come from the sealed local index; the records behind views lie in the ledgers.

use crate::App;
use crate::api::*;
use crate::error::{Error, Result};
use crate::records::{Activity, Bytes32, decode, key, organization_text, parse_organization};
use crate::session::Session;
use crate::store::{Direction, Span};
use crate::{organizations, vault};
use std::ops::ControlFlow;
use vitrine_ledger::{Entry, Head, OrganizationState as Fold};

const MOST_LINES: u32 = 1_000;

pub(crate) async fn list(app: &App, request: AuditRequest) -> Result<AuditView> {
    let session = app.session().await?;
    let limit = if request.limit == 0 { 100 } else { request.limit.min(MOST_LINES) } as usize;
    let (lines, total, verified) = if let Some(organization) = &request.organization {
        let id = parse_organization(organization)?;
        let span = Span::prefix(&key::activities_of(&id));
        let lines = read(app, &span, request.offset, limit).await?;
        (lines, count(app, &span).await?, verified(app, &session, Some(&id)).await?)
    } else {
        let lines = read(app, &Span::prefix(key::ACTIVITY), request.offset, limit).await?;
        // Every line has a number, and none is ever taken out.
        let total = u32::try_from(vault::firm(app).await?.activity).unwrap_or(u32::MAX);
        (lines, total, verified(app, &session, None).await?)
    };
    Ok(AuditView { lines, total, verified })
}

/// The newest lines of one organization.
pub(crate) async fn of_organization(app: &App, id: &Bytes32, limit: usize) -> Result<Vec<ActivityLine>> {
    read(app, &Span::prefix(&key::activities_of(id)), 0, limit).await
}

async fn read(app: &App, span: &Span, offset: u32, limit: usize) -> Result<Vec<ActivityLine>> {
    let (mut passed, mut lines, mut failed) = (0_u32, Vec::new(), None);
    app.inner
        .store
        .index_scan(span, Direction::Forward, |_, value| {
            if passed < offset {
                passed += 1;
                return ControlFlow::Continue(());
            }
            match decode::<Activity>(value) {
                Ok(line) => lines.push(shown(line)),
                Err(error) => failed = Some(error),
            }
            if failed.is_some() || lines.len() >= limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .await?;
    failed.map_or(Ok(lines), Err)
}

async fn count(app: &App, span: &Span) -> Result<u32> {
    let mut count = 0_u32;
    let each = |_: &[u8], _: &[u8]| {
        count = count.saturating_add(1);
        ControlFlow::Continue(())
    };
    app.inner.store.index_scan(span, Direction::Forward, each).await?;
    Ok(count)
}

/// The head that this device verified, which must be what lies in the database.
async fn verified(app: &App, session: &Session, id: Option<&Bytes32>) -> Result<VerifiedView> {
    let (ledger, Head { seq, hash }) = match id {
        Some(id) => {
            let row = organizations::load(app, id).await?;
            (*id, Fold::decode(&row.state).map_err(crate::journal::damaged_fold)?.head())
        }
        None => (*session.vault().as_bytes(), session.msp().head()),
    };
    let stored = app.inner.store.entry(&ledger, seq).await?;
    let entry = stored.and_then(|bytes| Entry::decode(&bytes).ok()).filter(|entry| entry.hash() == hash);
    let entry = entry.ok_or_else(|| {
        Error::integrity(
            "vault.entry-replaced",
            "An entry of the signed history is missing or was replaced.",
            "Restore from the backup, and keep this data folder for examination.",
        )
    })?;
    Ok(VerifiedView {
        entries: u32::try_from(seq.saturating_add(1)).unwrap_or(u32::MAX),
        at: Time(entry.time_ms()),
        head: vault::hex(hash.as_bytes()),
    })
}

fn shown(line: Activity) -> ActivityLine {
    ActivityLine {
        at: Time(line.at),
        who: line.who,
        action: line.action,
        organization: line.organization.as_ref().map(organization_text),
        organization_name: line.organization_name,
        user_name: line.user_name,
        note: line.note,
    }
}
