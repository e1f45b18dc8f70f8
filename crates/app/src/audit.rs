//! What happened, newest first. Lines come from the sealed local index; the records behind views lie in the ledgers.

use crate::App;
use crate::api::*;
use crate::error::Result;
use crate::records::{Activity, Bytes32, decode, key, organization_text, parse_organization};
use crate::store::{Direction, Span};
use std::ops::ControlFlow;

const MOST_LINES: u32 = 1_000;

pub(crate) async fn list(app: &App, request: AuditRequest) -> Result<AuditView> {
    app.session().await?;
    let span = match &request.organization {
        Some(organization) => Span::prefix(&key::activities_of(&parse_organization(organization)?)),
        None => Span::prefix(key::ACTIVITY),
    };
    let limit = if request.limit == 0 { 100 } else { request.limit.min(MOST_LINES) };
    let (lines, total) = read(app, &span, request.offset, limit as usize).await?;
    Ok(AuditView { lines, total })
}

/// The newest lines of one organization.
pub(crate) async fn of_organization(app: &App, id: &Bytes32, limit: usize) -> Result<Vec<ActivityLine>> {
    Ok(read(app, &Span::prefix(&key::activities_of(id)), 0, limit).await?.0)
}

async fn read(app: &App, span: &Span, offset: u32, limit: usize) -> Result<(Vec<ActivityLine>, u32)> {
    let (mut total, mut lines, mut failed) = (0_u32, Vec::new(), None);
    app.inner
        .store
        .index_scan(span, Direction::Forward, |_, value| {
            if total >= offset && lines.len() < limit {
                match decode::<Activity>(value) {
                    Ok(line) => lines.push(shown(line)),
                    Err(error) => failed = Some(error),
                }
            }
            total += 1;
            if failed.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .await?;
    failed.map_or(Ok((lines, total)), Err)
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
