//! Quick access: what a few letters find, in the order in which a person in a hurry would try it. Copying from it is the
//! copying of `credentials`, with its reason and its record.

use crate::api::*;
use crate::error::{Error, Result};
use crate::host::HostError;
use crate::records::{self, key, organization_text, parse_organization};
use crate::store::{Direction, Span};
use crate::{App, organizations, tray, vault};

/// Organizations shown: as many as the eye takes in without reading. A further letter narrows them.
const MOST: u32 = 8;

pub(crate) async fn list(app: &App, request: QuickAccessRequest) -> Result<QuickAccessView> {
    app.session().await?;
    let filter = request.filter.trim();
    let wanted = OrganizationsRequest { filter: filter.into(), limit: MOST, ..OrganizationsRequest::default() };
    let listed = organizations::list(app, wanted).await?;
    let mut ids = if filter.is_empty() { tray::recent_ids(app) } else { beginning_with(app, filter).await? };
    for row in &listed.rows {
        ids.push(parse_organization(&row.id)?);
    }
    let (now, mut shown, mut rows) = (app.now_ms(), Vec::new(), Vec::new());
    for id in ids {
        if shown.contains(&id) || shown.len() == MOST as usize {
            continue;
        }
        // One that was archived meanwhile has no row.
        let Some(bytes) = app.inner.store.index_value(&key::organization(&id)).await? else { continue };
        push(&mut rows, &organization_text(&id), &records::decode(&bytes)?, now);
        shown.push(id);
    }
    Ok(QuickAccessView {
        rows,
        matching: listed.matching,
        total: listed.counts.total,
        reason_required: vault::reason_required(app).await?,
    })
}

/// The organizations whose names begin with what was typed: what a person means who types the beginning of a name,
/// however many others hold it somewhere.
async fn beginning_with(app: &App, filter: &str) -> Result<Vec<[u8; 32]>> {
    let span = Span::prefix(&key::names_beginning(&records::fold(filter)));
    let rows = app.inner.store.index_range(&span, Direction::Forward, MOST as usize).await?;
    Ok(rows.iter().filter_map(|row| row.key.last_chunk().copied()).collect())
}

fn push(rows: &mut Vec<QuickRow>, id: &str, organization: &records::Organization, now: u64) {
    let row = |account| QuickRow {
        organization: id.to_owned(),
        organization_name: organization.name.clone(),
        domain: organization.row().domain,
        state: organization.state_at(now),
        account,
    };
    if organization.accounts.is_empty() {
        rows.push(row(None));
    }
    for account in organization.accounts.iter().map(|account| organizations::account_view(account, now)) {
        let tried = if account.doubtful { account.values.len() } else { 1 };
        for (order, value) in (1..).zip(account.values.iter().take(tried)) {
            rows.push(row(Some(QuickAccount {
                id: account.id.clone(),
                user_name: account.user_name.clone(),
                state: account.state,
                which: value.which,
                order: (tried > 1).then_some(order),
                since: value.since,
                verified_at: account.verified_at.filter(|_| value.which == WhichValue::Current),
                has_second_factor: account.has_second_factor,
            })));
        }
    }
}

pub(crate) async fn open(app: &App, _request: OpenQuickAccessRequest) -> Result<Done> {
    app.inner.host.open_quick_access().map_err(not_opened)?;
    Ok(Done {})
}

pub(crate) async fn open_main(app: &App, request: OpenMainRequest) -> Result<Done> {
    // An id that was parsed, so nothing else can become part of the window's address.
    let organization = request.organization.as_deref().map(parse_organization).transpose()?;
    app.inner.host.open_main(organization.as_ref().map(organization_text).as_deref()).map_err(not_opened)?;
    Ok(Done {})
}

fn not_opened(error: HostError) -> Error {
    Error::machine("window.none", "There is no window to open here.", "Start vitrine-desktop --quick-access.")
        .because(error)
}
