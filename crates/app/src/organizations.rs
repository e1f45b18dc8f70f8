//! Organizations: the list, one of them, adding, editing, archiving.

use crate::api::*;
use crate::error::{Error, Result};
use crate::failpoint::protected;
use crate::journal::{Change, Opened};
use crate::records::{self, Counts, Row, due_or, encode, fold, key, organization_text, parse_organization};
use crate::session::{PageEnd, Session};
use crate::store::{Direction, Span};
use crate::{App, health, lock, people, strangers, tray};
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use vitrine_ledger::{LedgerId, MspBody, TeamId};
use zeroize::Zeroizing;

const MOST_ROWS: u32 = 500;
const LONGEST_NAME: usize = 100;
const LONGEST_NOTES: usize = 2_000;
/// Lines of activity shown with an organization.
const SHOWN_ACTIVITY: usize = 50;
/// Organizations of one name or domain that are looked at: two are one too many.
const MOST_FOUND: usize = 8;

pub(crate) async fn list(app: &App, request: OrganizationsRequest) -> Result<OrganizationsView> {
    let session = app.session().await?;
    let counts = counted(counts(app).await?, due(app).await?.organizations);
    let limit = if request.limit == 0 { 100 } else { request.limit.min(MOST_ROWS) };
    let found = if request.filter.trim().is_empty() && request.state.is_none() && request.sort == OrganizationSort::Name
    {
        plain_page(app, &session, &request, limit, counts.total).await?
    } else {
        searched_page(app, &request, limit).await?
    };
    let mut closed = 0_u32;
    let each = |_: &[u8], _: &[u8]| {
        closed = closed.saturating_add(1);
        ControlFlow::Continue(())
    };
    app.inner.store.index_scan(&Span::prefix(key::CLOSED), Direction::Forward, each).await?;
    Ok(OrganizationsView { rows: found.0, matching: found.1, counts, closed })
}

/// The list in order of names needs no more rows than it shows. A page that follows the one read last begins where that
/// ended, so that reading the whole list costs as much as its rows.
async fn plain_page(
    app: &App,
    session: &Session,
    request: &OrganizationsRequest,
    limit: u32,
    total: u32,
) -> Result<(Vec<OrganizationRow>, u32)> {
    let direction = if request.descending { Direction::Backward } else { Direction::Forward };
    let generation = app.inner.store.index_generation().await?;
    let known = lock(&session.page_end).take().filter(|end| {
        (end.generation, end.direction, end.rows) == (generation, direction, request.offset) && end.rows > 0
    });
    let (span, skip) = match &known {
        Some(end) => match direction {
            // The first key after it.
            Direction::Forward => (Span::prefix(key::NAMES).from(&[end.key.as_slice(), &[0]].concat()), 0),
            Direction::Backward => (Span::prefix(key::NAMES).before(&end.key), 0),
        },
        None => (Span::prefix(key::NAMES), request.offset),
    };
    let (now, mut passed, mut rows, mut failed) = (app.now_ms(), 0, Vec::new(), None);
    let mut last = Zeroizing::new(Vec::new());
    app.inner
        .store
        .index_scan(&span, direction, |key, value| {
            if passed < skip {
                passed += 1;
                return ControlFlow::Continue(());
            }
            match shown(key, value, now) {
                Ok(row) => rows.push(row),
                Err(error) => failed = Some(error),
            }
            if failed.is_some() || rows.len() >= limit as usize {
                last = Zeroizing::new(key.to_vec());
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })
        .await?;
    if let Some(error) = failed {
        return Err(error);
    }
    if !last.is_empty() {
        let rows = request.offset.saturating_add(limit);
        *lock(&session.page_end) = Some(PageEnd { generation, direction, rows, key: last });
    }
    Ok((rows, total))
}

async fn searched_page(app: &App, request: &OrganizationsRequest, limit: u32) -> Result<(Vec<OrganizationRow>, u32)> {
    let wanted = request.filter.trim().to_lowercase();
    let (now, mut rows, mut failed) = (app.now_ms(), Vec::new(), None);
    app.inner
        .store
        .index_scan(&Span::prefix(key::NAMES), Direction::Forward, |key, value| match shown(key, value, now) {
            Ok(row) => {
                let text = wanted.is_empty()
                    || row.name.to_lowercase().contains(&wanted)
                    || row.domain.as_ref().is_some_and(|domain| domain.contains(&wanted));
                if text && request.state.is_none_or(|state| state == row.state) {
                    rows.push(row);
                }
                ControlFlow::Continue(())
            }
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        })
        .await?;
    if let Some(error) = failed {
        return Err(error);
    }
    match request.sort {
        OrganizationSort::Name => {}
        OrganizationSort::State => rows.sort_by_key(|row| row.state),
        OrganizationSort::LastRotation => rows.sort_by_key(|row| row.last_rotation),
        OrganizationSort::NextRotation => rows.sort_by_key(|row| (row.next_rotation.is_none(), row.next_rotation)),
    }
    if request.descending {
        rows.reverse();
    }
    let matching = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    Ok((rows.into_iter().skip(request.offset as usize).take(limit as usize).collect(), matching))
}

fn shown(key: &[u8], value: &[u8], now: u64) -> Result<OrganizationRow> {
    Ok(row_view(key.last_chunk().map(organization_text).unwrap_or_default(), records::decode(value)?, now))
}

fn row_view(id: String, row: Row, now: u64) -> OrganizationRow {
    OrganizationRow {
        id,
        state: due_or(row.state, row.next_rotation, now),
        name: row.name,
        domain: row.domain,
        accounts: row.accounts,
        last_rotation: row.last_rotation.map(Time),
        next_rotation: row.next_rotation.map(Time),
    }
}

/// Finds the organizations that a person means by a whole name, a whole domain or an id; more than one is ambiguous.
/// Looked up, not searched: it costs the same in a vault of ten and of a hundred thousand.
pub(crate) async fn find(app: &App, request: FindOrganizationRequest) -> Result<FoundOrganizationsView> {
    app.session().await?;
    let named = request.named.trim();
    let (folded, domain) = (fold(named), records::fold_domain(named));
    let mut ids = BTreeSet::new();
    for span in [Span::prefix(&key::names_like(&folded)), Span::prefix(&key::domains_like(&domain))] {
        let rows = app.inner.store.index_range(&span, Direction::Forward, MOST_FOUND).await?;
        ids.extend(rows.iter().filter_map(|row| row.key.last_chunk::<32>().copied()));
    }
    if let Ok(id) = parse_organization(named) {
        ids.insert(id);
    }
    let (now, mut rows) = (app.now_ms(), Vec::new());
    for id in ids {
        let Some(bytes) = app.inner.store.index_value(&key::organization(&id)).await? else { continue };
        let row: records::Organization = records::decode(&bytes)?;
        // The folded name is cut; only the whole one counts.
        let same = |text: &str| text.to_lowercase() == named.to_lowercase();
        if same(&row.name) || same(&organization_text(&id)) || row.domains().contains(&domain) {
            rows.push(row_view(organization_text(&id), row.row(), now));
        }
    }
    Ok(FoundOrganizationsView { rows })
}

/// Counts, and how many accounts are due.
pub(crate) async fn numbers(app: &App) -> Result<(Counts, u32)> {
    Ok((counts(app).await?, due(app).await?.accounts))
}

/// Accounts whose rotation is due, the latest first: organization and item.
pub(crate) async fn due_accounts(app: &App, limit: usize) -> Result<Vec<([u8; 32], [u8; 16])>> {
    let mut due = Vec::new();
    each_due(app, app.now_ms(), |_, organization, item, _| {
        due.push((*organization, *item));
        if due.len() >= limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .await?;
    Ok(due)
}

/// How much is due now.
struct Due {
    accounts: u32,
    /// A failed organization is counted as failed even where one of its accounts is due.
    organizations: u32,
}

async fn due(app: &App) -> Result<Due> {
    let (mut accounts, mut healthy, mut failed) = (0_u32, BTreeSet::new(), None);
    each_due(app, app.now_ms(), |_, organization, _, standing| {
        accounts = accounts.saturating_add(1);
        match records::decode(standing) {
            Ok(OrganizationState::Healthy) => drop(healthy.insert(*organization)),
            Ok(_) => {}
            Err(error) => failed = Some(error),
        }
        ControlFlow::Continue(())
    })
    .await?;
    let organizations = u32::try_from(healthy.len()).unwrap_or(u32::MAX);
    failed.map_or(Ok(Due { accounts, organizations }), Err)
}

/// Shows what was due by a moment, the longest due first: since when, organization, item and the organization's standing.
pub(crate) async fn each_due(
    app: &App,
    by: u64,
    mut visit: impl FnMut(u64, &[u8; 32], &[u8; 16], &[u8]) -> ControlFlow<()>,
) -> Result<()> {
    let span = Span::between(key::DUE, &key::due(by.saturating_add(1), &[0; 32], &[0; 16]));
    let parts = |key: &[u8]| {
        let (at, rest) = key.strip_prefix(key::DUE)?.split_first_chunk()?;
        let (organization, item) = rest.split_first_chunk()?;
        Some((u64::from_be_bytes(*at), *organization, *item.first_chunk()?))
    };
    let shown = |key: &[u8], standing: &[u8]| {
        let parts: Option<(u64, [u8; 32], [u8; 16])> = parts(key);
        parts.map_or(ControlFlow::Continue(()), |(at, organization, item)| visit(at, &organization, &item, standing))
    };
    Ok(app.inner.store.index_scan(&span, Direction::Forward, shown).await?)
}

/// How many organizations there are, and how they stand without time.
pub(crate) async fn counts(app: &App) -> Result<Counts> {
    let counts = app.inner.store.index_value(key::COUNTS).await?;
    counts.map_or(Ok(Counts::default()), |bytes| records::decode(&bytes))
}

fn counted(counts: Counts, due: u32) -> OrganizationCounts {
    let Counts { total, failed, not_connected } = counts;
    let healthy = total.saturating_sub(failed).saturating_sub(not_connected).saturating_sub(due);
    OrganizationCounts { total, healthy, due, failed, not_connected }
}

pub(crate) async fn show(app: &App, request: OrganizationRequest) -> Result<OrganizationView> {
    let id = parse_organization(&request.organization)?;
    let row = load(app, &id).await?;
    let session = app.session().await?;
    tray::used(app, &session, &id).await;
    view(app, &id, &row).await
}

/// Reads the row of an organization.
pub(crate) async fn load(app: &App, id: &[u8; 32]) -> Result<records::Organization> {
    app.session().await?;
    let row = app.inner.store.index_value(&key::organization(id)).await?;
    records::decode(&row.ok_or_else(|| records::unknown_organization(&organization_text(id)))?)
}

/// The view of an organization.
pub(crate) async fn view(app: &App, id: &[u8; 32], row: &records::Organization) -> Result<OrganizationView> {
    let now = app.now_ms();
    let connecting = crate::connect::phase_of(app, id);
    let (level, access) = people::access(app, row).await?;
    let state = row.state_at(now);
    let unprotected = row.accounts.iter().any(|account| !account.has_second_factor);
    let ended = row.tenant.as_ref().is_some_and(|tenant| crate::certificates::has_ended(tenant, now));
    let next_step = match state {
        _ if level != AccessLevel::Full => NextStep::Nothing,
        _ if ended => NextStep::Reconnect,
        OrganizationState::Failed => NextStep::Repair,
        OrganizationState::Due => NextStep::Rotate,
        OrganizationState::NotConnected if row.tenant.is_none() && row.connection_item.is_some() => {
            NextStep::FinishConnect
        }
        OrganizationState::NotConnected if row.tenant.is_none() => NextStep::Connect,
        OrganizationState::NotConnected => NextStep::EnableLaps,
        OrganizationState::Healthy if row.accounts.iter().any(|account| !account.created) => NextStep::EnableLaps,
        OrganizationState::Healthy if unprotected => NextStep::SecondFactor,
        OrganizationState::Healthy => NextStep::Nothing,
    };
    Ok(OrganizationView {
        id: organization_text(id),
        name: row.name.clone(),
        notes: row.notes.clone(),
        tags: row.tags.clone(),
        state,
        next_step,
        tenant: row.tenant.as_ref().map(|tenant| TenantView {
            id: tenant.id.clone(),
            name: tenant.name.clone(),
            domain: tenant.domain.clone(),
            initial_domain: tenant.initial_domain.clone(),
            app_id: tenant.app_id.clone(),
            connected_at: Time(tenant.connected_at),
            certificate_ends_at: Time(tenant.certificate_ends_at),
        }),
        laps: row.laps.as_ref().map(records::Laps::view),
        accounts: row.accounts.iter().map(|account| account_view(account, now)).collect(),
        strangers: strangers::views(app, row).await?,
        health: health::lines(app, row),
        activity: crate::audit::of_organization(app, id, SHOWN_ACTIVITY).await?,
        connecting,
        unchecked: app.inner.store.index_value(&key::unchecked(id)).await?.is_some(),
        level,
        access,
    })
}

/// The view of an account.
pub(crate) fn account_view(account: &records::Account, now: u64) -> AccountView {
    use crate::records::{Drift, Phase};
    let current = StoredValue { which: WhichValue::Current, since: account.rotated_at.map(Time) };
    let pending = account.pending_since.map(|at| StoredValue { which: WhichValue::Pending, since: Some(Time(at)) });
    let previous = account.previous_since.map(|at| StoredValue { which: WhichValue::Previous, since: Some(Time(at)) });
    // An account that is being created has no current value yet: the candidate is what will open it.
    let current = (account.rotated_at.is_some() || account.pending_since.is_none()).then_some(current);
    let doubtful = account.pending_since.is_some()
        || matches!(account.phase, Phase::Unclear | Phase::ChangedOutside | Phase::NeedsPerson);
    AccountView {
        id: records::item_text(&account.item),
        user_name: account.user_name.clone(),
        state: match (account.phase, account.drift()) {
            (_, Some(Drift::Gone)) => AccountState::Gone,
            (Phase::Creating, _) => AccountState::Creating,
            (Phase::Rotating, _) => AccountState::Rotating,
            (Phase::Unclear, _) => AccountState::Unclear,
            (Phase::ChangedOutside, _) => AccountState::ChangedOutside,
            (Phase::NeedsPerson, _) => AccountState::NeedsPerson,
            (Phase::Steady, Some(Drift::Disabled)) => AccountState::Disabled,
            (Phase::Steady, Some(Drift::RoleGone)) => AccountState::RoleGone,
            (Phase::Steady, Some(Drift::Renamed)) => AccountState::Renamed,
            (Phase::Steady, None) if account.due_at.is_some_and(|due| due <= now) => AccountState::Due,
            (Phase::Steady, None) => AccountState::Fresh,
        },
        created: account.created,
        repairable: account.drift().is_some() || account.phase == Phase::ChangedOutside,
        rotated_at: account.rotated_at.map(Time),
        verified_at: account.verified_at.map(Time),
        due_at: account.due_at.map(Time),
        has_second_factor: account.has_second_factor,
        last_viewed: account.last_viewed.clone().map(|(who, at)| LastViewed { who, at: Time(at) }),
        values: current.into_iter().chain(pending).chain(previous).collect(),
        doubtful,
        problem: health::drifted(account).or_else(|| account.problem.clone()).or_else(|| health::unfinished(account)),
    }
}

pub(crate) async fn add(app: &App, request: AddOrganizationRequest) -> Result<OrganizationView> {
    let name = checked_name(&request.name)?;
    let notes = checked_notes(&request.notes)?;
    let session = app.session().await?;
    crate::restore::refuse_unconfirmed(app, &session).await?;
    let mut change = Change::begin(app, &session).await?;
    refuse_taken(&mut change, &name, None).await?;
    let team = request.team.as_deref().map(|team| people::work_team(change.msp(), team)).transpose()?;
    let id = add_one(&mut change, &name, &notes, team).await?;
    change.commit().await?;
    app.tell(Event::OrganizationsChanged);
    show(app, OrganizationRequest { organization: organization_text(&id) }).await
}

/// Adds an organization whose name was checked; part of a change that may add many.
pub(crate) async fn add_one(
    change: &mut Change<'_>,
    name: &str,
    notes: &str,
    team: Option<TeamId>,
) -> Result<[u8; 32]> {
    let opened = change.found_organization(name, notes, team).await?;
    let id = *opened.id.as_bytes();
    change.note(Action::OrganizationAdded, Some((&id, name)), None, None).await?;
    change.save(opened).await?;
    Ok(id)
}

/// Refuses a name that another organization has.
pub(crate) async fn refuse_taken(change: &mut Change<'_>, name: &str, own: Option<&[u8; 32]>) -> Result<()> {
    let same = change.tx.index_range(&Span::prefix(&key::names_like(&fold(name))), Direction::Forward, 2).await?;
    if same.iter().any(|row| own.is_none_or(|own| !row.key.ends_with(own))) {
        return Err(Error::usage(
            "organization.name-taken",
            format!("There is already an organization named {name}."),
            "Choose a name that tells the two apart.",
        ));
    }
    Ok(())
}

pub(crate) async fn edit(app: &App, request: EditOrganizationRequest) -> Result<OrganizationView> {
    let id = parse_organization(&request.organization)?;
    let (name, notes) = (checked_name(&request.name)?, checked_notes(&request.notes)?);
    let tags = checked_tags(&request.tags)?;
    let session = app.session().await?;
    let mut change = Change::begin(app, &session).await?;
    refuse_taken(&mut change, &name, Some(&id)).await?;
    let mut opened: Opened = change.open(&id).await?;
    let renamed = opened.row.name != name;
    (opened.row.name, opened.row.notes, opened.row.tags) = (name.clone(), notes, tags);
    change.put_profile(&mut opened).await?;
    if renamed && opened.state.named().is_some() {
        change.put_name(&mut opened).await?;
    }
    change.note(Action::OrganizationEdited, Some((&id, &name)), None, None).await?;
    change.save(opened).await?;
    change.commit().await?;
    // Neither an icon nor where an address leads to: what is asked for would tell what is kept.
    protected!("nothing in the vault is looked up", (), look_up(&session, &request.notes).await);
    app.tell(Event::OrganizationsChanged);
    show(app, OrganizationRequest { organization: request.organization }).await
}

/// Asks for whatever has the form of an address.
#[cfg(feature = "failpoints")]
async fn look_up(session: &Session, text: &str) {
    use vitrine_entra::http::{Ask, Body};
    for url in text.split_whitespace().filter_map(|word| url::Url::parse(word).ok()) {
        let Ok(http) = session.http() else { return };
        let limit = std::time::Duration::from_secs(5);
        drop(http.ask(Ask { url: &url, headers: &[], body: Body::None, limit }).await);
    }
}

pub(crate) async fn archive(app: &App, request: ArchiveOrganizationRequest) -> Result<Done> {
    let id = parse_organization(&request.organization)?;
    let session = app.session().await?;
    if crate::rotate::is_working(app, &id) {
        return Err(Error::usage(
            "organization.rotating",
            "A rotation of this organization is under way.",
            "Wait until it has ended, then archive it.",
        )
        .holds("Nothing was changed."));
    }
    // Once archived its ledger takes no more records, so those that wait go first.
    crate::credentials::carry(app, &session).await?;
    let mut change = Change::begin(app, &session).await?;
    let opened = change.open(&id).await?;
    if request.typed_name.trim() != opened.row.name {
        return Err(Error::usage(
            "organization.name-mismatch",
            "The name typed is not the organization's.",
            format!("Type {} to archive it.", opened.row.name),
        ));
    }
    change.append_msp(MspBody::OrganizationArchive { organization: LedgerId::from_bytes(id) }).await?;
    let name = opened.row.name.clone();
    change.note(Action::OrganizationArchived, Some((&id, &name)), None, None).await?;
    let Opened { row, .. } = opened;
    change.remove(&id, &row).await?;
    change.commit().await?;
    crate::rotate::forget(app, &id);
    crate::connect::finish(app, &id);
    app.tell(Event::OrganizationsChanged);
    Ok(Done {})
}

/// A name as a person means it: without spaces around, not empty, not too long, no control characters.
pub(crate) fn checked_name(name: &str) -> Result<String> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(Error::usage(
            "organization.name",
            "The name cannot be used.",
            format!("Use 1 to {LONGEST_NAME} characters without line breaks."),
        ));
    }
    Ok(name.to_owned())
}

pub(crate) fn checked_notes(notes: &str) -> Result<String> {
    let fits =
        notes.chars().count() <= LONGEST_NOTES && !notes.chars().any(|c| c.is_control() && c != '\n' && c != '\t');
    fits.then(|| notes.trim().to_owned()).ok_or_else(|| {
        Error::usage(
            "organization.notes",
            "The notes cannot be used.",
            format!("Use up to {LONGEST_NOTES} characters of plain text."),
        )
    })
}

fn checked_tags(tags: &[String]) -> Result<Vec<String>> {
    let tags: Vec<String> = tags.iter().map(|tag| tag.trim().to_owned()).filter(|tag| !tag.is_empty()).collect();
    let fits =
        tags.len() <= 20 && tags.iter().all(|tag| tag.chars().count() <= 40 && !tag.chars().any(char::is_control));
    fits.then_some(tags).ok_or_else(|| {
        Error::usage("organization.tags", "The tags cannot be used.", "Use up to 20 tags of up to 40 characters.")
    })
}

/// Counts change with a row: the old standing leaves, the new one enters.
pub(crate) async fn recount(
    change: &mut Change<'_>,
    old: Option<OrganizationState>,
    new: Option<OrganizationState>,
) -> Result<()> {
    if old == new {
        return Ok(());
    }
    let counts = change.tx.index_value(key::COUNTS).await?;
    let mut counts: Counts = counts.map_or(Ok(Counts::default()), |bytes| records::decode(&bytes))?;
    for (state, add) in [(old, false), (new, true)] {
        let Some(state) = state else { continue };
        let step = |n: &mut u32| *n = if add { n.saturating_add(1) } else { n.saturating_sub(1) };
        step(&mut counts.total);
        match state {
            OrganizationState::Failed => step(&mut counts.failed),
            OrganizationState::NotConnected => step(&mut counts.not_connected),
            OrganizationState::Due | OrganizationState::Healthy => {}
        }
    }
    change.tx.index_put(key::COUNTS, &encode(&counts)?).await?;
    Ok(())
}
