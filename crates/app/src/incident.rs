//! An incident: somebody may know what is stored, so all of it is replaced, and what is left is shown until it is none.
//!
//! What is left is never a list that could be lost or be wrong: it follows from the rows, by when each credential was
//! made. Only the order itself is kept, sealed beside the index, so that the next unlock goes on with it. A candidate
//! that lay in the vault before the incident began is as old as the rest, even if it is set afterwards.
//!
//! For each organization the connection's certificate goes first, because who holds it could undo the rest; then its
//! accounts, those first that were shown last. Every rotation that is ordered so ends the account's sessions.

use crate::api::*;
use crate::beside::Beside;
use crate::error::{Error, Result};
use crate::evidence::{self, CredentialKind, Removed, Report, ReportRow, Reported};
use crate::journal::Change;
use crate::records::{self, Bytes16, Bytes32, Organization, decode, encode, key};
use crate::records::{organization_text, parse_organization};
use crate::session::{self, Session};
use crate::store::{Direction, Span};
use crate::vault::{self, meta};
use crate::{App, audit, certificates, connect, credentials, files, lock, rotate};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::broadcast::error::RecvError;
use vitrine_ledger::{DeviceId, Entry, Head, Level, MemberId, OrganizationState as Fold, TeamId, Unfinished};

/// Organizations that can be named one by one.
const MOST_NAMED: usize = 1_000;
/// Rows of the board.
const MOST_ROWS: usize = 500;
/// Of reasons that were joined.
const LONGEST_REASON: usize = 400;
/// Certificates replaced at once.
const AT_ONCE: usize = 8;
/// What the pace is measured over.
const LATELY_MS: u64 = 10 * 60 * 1000;
/// Accounts replaced in that time below which nothing is expected.
const FEWEST: u32 = 5;
/// After a certificate that could not be replaced, or sessions that could not be ended.
const AGAIN_AFTER_MS: u64 = 15 * 60 * 1000;

/// The order.
#[derive(Clone, Serialize, Deserialize)]
struct Incident {
    began_at: u64,
    reason: String,
    who: String,
    scope: Scope,
    /// Members for whose removal, or the loss of whose device, it was begun.
    removed: Vec<Bytes16>,
}

/// What it covers, as it is stored.
#[derive(Clone, Serialize, Deserialize)]
enum Scope {
    Everything,
    Tag(String),
    Organizations(Vec<Bytes32>),
    Viewed(u64),
}

/// What an incident keeps in memory while the vault is open.
#[derive(Default)]
pub(crate) struct Progress {
    /// Organizations whose certificate is being replaced.
    certificates: Mutex<HashSet<Bytes32>>,
    /// Somebody goes on with it, round after round.
    driven: AtomicBool,
}

impl Scope {
    fn read(scope: &IncidentScope) -> Result<Self> {
        Ok(match scope {
            IncidentScope::Everything => Self::Everything,
            IncidentScope::Tag { tag } => Self::Tag(tag.trim().to_lowercase()),
            IncidentScope::Organizations { organizations } => {
                if organizations.is_empty() || organizations.len() > MOST_NAMED {
                    return Err(Error::usage(
                        "incident.scope",
                        format!("An incident names 1 to {MOST_NAMED} organizations."),
                        "Choose everything, or give them a tag and choose that.",
                    ));
                }
                Self::Organizations(organizations.iter().map(|id| parse_organization(id)).collect::<Result<_>>()?)
            }
            IncidentScope::Viewed { since } => Self::Viewed(since.0),
        })
    }

    fn view(&self) -> IncidentScope {
        match self {
            Self::Everything => IncidentScope::Everything,
            Self::Tag(tag) => IncidentScope::Tag { tag: tag.clone() },
            Self::Organizations(ids) => {
                IncidentScope::Organizations { organizations: ids.iter().map(organization_text).collect() }
            }
            Self::Viewed(since) => IncidentScope::Viewed { since: Time(*since) },
        }
    }

    /// Both. What cannot be said in one becomes everything.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Organizations(mut ours), Self::Organizations(theirs)) => {
                ours.extend(theirs);
                ours.sort_unstable();
                ours.dedup();
                Self::Organizations(ours)
            }
            _ => Self::Everything,
        }
    }

    /// Without a tenant there is nothing that somebody could know.
    fn covers(&self, id: &Bytes32, row: &Organization) -> bool {
        row.tenant.is_some()
            && match self {
                Self::Everything => true,
                Self::Tag(tag) => row.tags.iter().any(|own| own.to_lowercase() == *tag),
                Self::Organizations(ids) => ids.contains(id),
                Self::Viewed(since) => row.last_viewed() >= Some(*since),
            }
    }
}

impl Incident {
    /// Certificates tell the second in which they were made.
    fn certificate_replaced(&self, row: &Organization) -> bool {
        row.tenant.as_ref().is_some_and(|tenant| {
            tenant.certificate_made_at.saturating_add(999) >= self.began_at && !tenant.certificate_before
        })
    }

    fn accounts(&self, row: &Organization) -> Replaced {
        row.in_tenant().fold(Replaced::default(), |count, account| Replaced {
            replaced: count.replaced + u32::from(account.replaced_since(self.began_at)),
            of: count.of + 1,
        })
    }

    fn is_over_for(&self, row: &Organization) -> bool {
        let accounts = self.accounts(row);
        accounts.replaced == accounts.of && self.certificate_replaced(row)
    }
}

pub(crate) async fn scope(app: &App, request: IncidentScopeRequest) -> Result<IncidentScopeView> {
    app.session().await?;
    let mut view = IncidentScopeView::default();
    each(app, &Scope::read(&request.scope)?, |_, row| {
        view.organizations += 1;
        view.accounts += u32::try_from(row.in_tenant().count()).unwrap_or(u32::MAX);
    })
    .await?;
    Ok(view)
}

pub(crate) async fn begin(app: &App, request: BeginIncidentRequest) -> Result<IncidentBoardView> {
    let session = app.session().await?;
    let reason = credentials::spoken(&request.reason)?;
    if reason.is_empty() {
        return Err(Error::usage("incident.reason", "An incident needs a reason.", "Say in one line what happened."));
    }
    let scope = Scope::read(&request.scope)?;
    if self::scope(app, IncidentScopeRequest { scope: request.scope }).await?.organizations == 0 {
        return Err(Error::usage(
            "incident.nothing",
            "No connected tenant is in this scope.",
            "Choose another scope; nothing was begun.",
        ));
    }
    if read(app, &session).await?.is_some() {
        return Err(Error::usage(
            "incident.open",
            "An incident is open already.",
            "Look at its board. End it before you begin another.",
        ));
    }
    let who = vault::firm(app).await?.person_name;
    let incident = Incident { began_at: app.now_ms(), reason: reason.clone(), who, scope, removed: Vec::new() };
    let mut change = Change::begin(app, &session).await?;
    change.tx.put_meta(meta::INCIDENT, &seal(&session, Some(&incident))?).await?;
    change.note(Action::IncidentBegan, None, None, Some(reason)).await?;
    change.commit().await?;
    app.tell(Event::StatusChanged);
    // Whoever begins one wants it done now, whatever was paused before.
    rotate::pause_all(app, &session, false).await;
    take_up(app, &session).await?;
    board(app, IncidentRequest {}).await
}

/// By what somebody lost what it could read.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Loss {
    /// A member was removed.
    Member(Bytes16),
    /// One device of a member was revoked.
    Device { member: Bytes16, device: Bytes16 },
    /// Members were taken out of a team.
    Team { team: Bytes16, members: Vec<Bytes16> },
    /// A team's access to an organization was taken away, or lowered from what it was.
    Access { team: Bytes16, organization: Bytes32, before: Option<u8> },
}

/// What is ordered once a loss has happened: everything in these organizations is replaced, because somebody knew it.
#[derive(Serialize, Deserialize)]
struct Intended {
    loss: Loss,
    began_at: u64,
    reason: String,
    organizations: Vec<Bytes32>,
}

impl Loss {
    /// Whether the history says so. A device is gone once its member has keys that it never had: what is sealed before that it reads,
    /// with the help of a home.
    async fn happened(&self, app: &App, session: &Session) -> Result<bool> {
        let msp = session.msp();
        Ok(match self {
            Self::Member(member) => {
                msp.member(&MemberId::from_bytes(*member)).is_some_and(|member| member.removed.is_some())
            }
            Self::Device { member, device } => {
                let (member, device) = (MemberId::from_bytes(*member), DeviceId::from_bytes(*device));
                let shares =
                    |left: &Unfinished| matches!(left, Unfinished::Rekey { member: its, .. } if *its == member);
                msp.device(&device).is_some_and(|device| device.until.is_some()) && !msp.unfinished().iter().any(shares)
            }
            Self::Team { team, members } => {
                let (team, now) = (TeamId::from_bytes(*team), msp.at(msp.head().seq));
                !members.iter().any(|member| now.holds(&team, &MemberId::from_bytes(*member)))
            }
            Self::Access { team, organization, before } => {
                let Some(row) = app.inner.store.index_value(&key::organization(organization)).await? else {
                    return Ok(false);
                };
                let row: Organization = decode(&row)?;
                let state = Fold::decode(&row.state).map_err(crate::journal::damaged_fold)?;
                let team = TeamId::from_bytes(*team);
                rank(state.levels().find(|(id, _)| *id == team).map(|(_, level)| level)) < *before
            }
        })
    }

    /// Whom the report of the incident names.
    fn members(&self) -> Vec<Bytes16> {
        match self {
            Self::Member(member) | Self::Device { member, .. } => vec![*member],
            Self::Team { members, .. } => members.clone(),
            Self::Access { .. } => Vec::new(),
        }
    }
}

/// A level as it is kept in an order.
pub(crate) fn rank(level: Option<Level>) -> Option<u8> {
    level.map(|level| match level {
        Level::Log => 1,
        Level::Read => 2,
        Level::Full => 3,
    })
}

/// Remembers what a removal has to order, before the home is asked for it: killed after the home's answer, this device knows of
/// the removal alone from the history, which says nothing of what is to be replaced.
pub(crate) async fn intend(
    app: &App,
    session: &Session,
    loss: Loss,
    reason: String,
    organizations: Vec<Bytes32>,
) -> Result<()> {
    take_intended(app, session).await?;
    let intended = Intended { loss, began_at: app.now_ms(), reason, organizations };
    let _turn = app.inner.changing.lock().await;
    // One that still waits is not written over.
    let mut all = intentions(app, session).await?;
    all.retain(|waiting| waiting.loss != intended.loss);
    all.push(intended);
    let sealed = Beside::Removal.seal(&session.device, &encode(&all)?)?;
    let mut tx = app.inner.store.begin().await?;
    tx.put_meta(meta::REMOVAL, &sealed).await?;
    Ok(tx.commit().await?)
}

/// Begins the incident that a removal ordered, once the history says that it happened. One that is open already takes its
/// organizations in and begins anew: what was replaced before the removal may be known, too.
async fn take_intended(app: &App, session: &Session) -> Result<()> {
    let (mut come, mut waiting) = (Vec::new(), Vec::new());
    for intended in intentions(app, session).await? {
        let happened = intended.loss.happened(app, session).await?;
        if happened { &mut come } else { &mut waiting }.push(intended);
    }
    if come.is_empty() {
        return Ok(());
    }
    let mut change = Change::begin_taking(app, session).await?;
    if waiting.is_empty() {
        change.tx.delete_meta(meta::REMOVAL).await?;
    } else {
        let sealed = Beside::Removal.seal(&session.device, &encode(&waiting)?)?;
        change.tx.put_meta(meta::REMOVAL, &sealed).await?;
    }
    for Intended { loss, began_at, reason, organizations } in come {
        if organizations.is_empty() {
            continue;
        }
        // New keys of the member may have been given later than the order, and by another device.
        let began_at = if matches!(loss, Loss::Device { .. }) { app.now_ms() } else { began_at };
        let who = change.firm.person_name.clone();
        let scope = Scope::Organizations(organizations);
        let open = match change.tx.meta(meta::INCIDENT).await? {
            Some(sealed) => unseal::<Option<Incident>>(session, Beside::Incident, &sealed)?,
            None => None,
        };
        let incident = match open {
            None => Incident { began_at, reason, who, scope, removed: loss.members() },
            Some(open) => Incident {
                began_at,
                reason: format!("{}; {reason}", open.reason).chars().take(LONGEST_REASON).collect(),
                who,
                scope: open.scope.and(scope),
                removed: [open.removed, loss.members()].concat(),
            },
        };
        change.tx.put_meta(meta::INCIDENT, &seal(session, Some(&incident))?).await?;
        change.note(Action::IncidentBegan, None, None, Some(incident.reason)).await?;
    }
    change.commit().await?;
    app.tell(Event::StatusChanged);
    Ok(())
}

pub(crate) async fn board(app: &App, _request: IncidentRequest) -> Result<IncidentBoardView> {
    let session = app.session().await?;
    let Some(incident) = read(app, &session).await? else { return Ok(IncidentBoardView { incident: None }) };
    let working = at_work(app, &session);
    let (mut rows, mut organizations) = (Vec::new(), IncidentCounts::default());
    let (mut accounts, mut certificates) = (Replaced::default(), Replaced::default());
    let mut pace = Pace::since(incident.began_at, app.now_ms());
    each(app, &incident.scope, |id, row| {
        let shown = shown(&incident, id, row, working.contains(id));
        pace.count(&incident, row, shown.state);
        accounts.replaced += shown.accounts.replaced;
        accounts.of += shown.accounts.of;
        certificates.replaced += u32::from(shown.certificate);
        certificates.of += 1;
        match shown.state {
            IncidentState::Blocked => organizations.blocked += 1,
            IncidentState::Working => organizations.working += 1,
            IncidentState::Waiting => organizations.waiting += 1,
            IncidentState::Replaced => organizations.replaced += 1,
        }
        rows.push(shown);
    })
    .await?;
    rows.sort_by(|a, b| (a.state, &a.name).cmp(&(b.state, &b.name)));
    rows.truncate(MOST_ROWS);
    Ok(IncidentBoardView {
        incident: Some(IncidentView {
            reason: incident.reason,
            who: incident.who,
            began_at: Time(incident.began_at),
            scope: incident.scope.view(),
            organizations,
            accounts,
            certificates,
            expected_end: if rotate::is_paused(app) { None } else { pace.expected_end().map(Time) },
            rows,
        }),
    })
}

/// How fast accounts were replaced lately, and how many are left that can be.
struct Pace {
    from: u64,
    now: u64,
    replaced: u32,
    left: u32,
}

impl Pace {
    fn since(began_at: u64, now: u64) -> Self {
        Self { from: began_at.max(now.saturating_sub(LATELY_MS)), now, replaced: 0, left: 0 }
    }

    fn count(&mut self, incident: &Incident, row: &Organization, state: IncidentState) {
        for account in row.in_tenant() {
            if account.replaced_since(incident.began_at) {
                self.replaced += u32::from(account.made_at.max(account.sessions_ended_at) >= Some(self.from));
            } else {
                self.left += u32::from(state != IncidentState::Blocked);
            }
        }
    }

    fn expected_end(&self) -> Option<u64> {
        let known = self.left > 0 && self.replaced >= FEWEST;
        let each = self.now.saturating_sub(self.from) / u64::from(self.replaced.max(1));
        known.then(|| self.now.saturating_add(each.saturating_mul(self.left.into())))
    }
}

fn shown(incident: &Incident, id: &Bytes32, row: &Organization, working: bool) -> IncidentRow {
    let problem = if incident.is_over_for(row) { None } else { problem(incident, row) };
    let state = match &problem {
        _ if working => IncidentState::Working,
        _ if incident.is_over_for(row) => IncidentState::Replaced,
        Some(_) => IncidentState::Blocked,
        None => IncidentState::Waiting,
    };
    IncidentRow {
        organization: organization_text(id),
        name: row.name.clone(),
        state,
        accounts: incident.accounts(row),
        certificate: incident.certificate_replaced(row),
        problem: problem.filter(|_| state == IncidentState::Blocked),
    }
}

/// What stands in the way of an organization.
fn problem(incident: &Incident, row: &Organization) -> Option<ErrorView> {
    let left = |account: &&records::Account| !account.replaced_since(incident.began_at);
    let account = row.in_tenant().filter(left).find_map(|account| account.problem.clone());
    let certificate = || {
        let check = row.checks.iter().find(|check| check.check == HealthCheck::Certificate)?;
        Some(refused("connect.certificate", check.words.clone()))
    };
    let before = || {
        let listed = row.tenant.as_ref().is_some_and(|tenant| tenant.certificate_before);
        listed.then(|| refused("incident.old-certificate", "The tenant still lists the certificate before.".into()))
    };
    account.or_else(|| if incident.certificate_replaced(row) { None } else { certificate().or_else(before) })
}

fn refused(code: &str, what: String) -> ErrorView {
    Error::new(ErrorClass::Refused, code, what, "Connect the tenant again: that replaces every certificate.").into()
}

pub(crate) async fn retry(app: &App, _request: RetryIncidentRequest) -> Result<IncidentBoardView> {
    let session = app.session().await?;
    take_intended(app, &session).await?;
    if let Some(incident) = read(app, &session).await? {
        // Somebody says that what stood in the way is gone.
        if let Ok(mut tried) = session.renewals.clone().try_lock_owned() {
            tried.clear();
        }
        for (id, row) in left(app, &incident).await? {
            if incident.certificate_replaced(&row) {
                order(app, &session, &incident, &id, &row, true);
            }
        }
        take_up(app, &session).await?;
    }
    board(app, IncidentRequest {}).await
}

pub(crate) async fn end(app: &App, _request: EndIncidentRequest) -> Result<IncidentBoardView> {
    let session = app.session().await?;
    if let Some(incident) = board(app, IncidentRequest {}).await?.incident {
        let (accounts, certificates) = (incident.accounts, incident.certificates);
        let note = format!(
            "{}: {} of {} accounts and {} of {} certificates were replaced",
            incident.reason, accounts.replaced, accounts.of, certificates.replaced, certificates.of
        );
        let mut change = Change::begin(app, &session).await?;
        change.tx.put_meta(meta::INCIDENT, &seal(&session, None)?).await?;
        change.note(Action::IncidentEnded, None, None, Some(note)).await?;
        change.commit().await?;
        app.tell(Event::StatusChanged);
    }
    Ok(IncidentBoardView { incident: None })
}

/// Goes on with what is left, if an incident is open and that is not being done already.
pub(crate) async fn take_up(app: &App, session: &Arc<Session>) -> Result<()> {
    take_intended(app, session).await?;
    let Some(incident) = read(app, session).await? else { return Ok(()) };
    round(app, session, &incident).await?;
    if !at_work(app, session).is_empty() && !session.incident.driven.swap(true, Ordering::AcqRel) {
        let (this, own) = (app.clone(), session.clone());
        session.spawn(async move {
            // What cannot be read now is looked for again at the next tick.
            let _ = drive(&this, &own).await;
            own.incident.driven.store(false, Ordering::Release);
        });
    }
    Ok(())
}

/// Round after round until one finds nothing that can go on: an account whose candidate is older than the incident is
/// settled in one and replaced in the next.
async fn drive(app: &App, session: &Arc<Session>) -> Result<()> {
    let mut events = app.events();
    loop {
        while !at_work(app, session).is_empty() {
            if matches!(events.recv().await, Err(RecvError::Closed)) {
                return Ok(());
            }
        }
        // Ended meanwhile, nothing more is begun.
        let Some(incident) = read(app, session).await? else { return Ok(()) };
        round(app, session, &incident).await?;
        if at_work(app, session).is_empty() {
            return Ok(());
        }
    }
}

/// Orders everything that is left and may go on now.
async fn round(app: &App, session: &Arc<Session>, incident: &Incident) -> Result<()> {
    let (certified, mut old): (Vec<_>, Vec<_>) =
        left(app, incident).await?.into_iter().partition(|(_, row)| incident.certificate_replaced(row));
    for (id, row) in &certified {
        order(app, session, incident, id, row, false);
    }
    // Whoever holds it renews certificates right now, and goes on with the accounts after each.
    let Ok(tried) = session.renewals.clone().try_lock_owned() else { return Ok(()) };
    let now = app.inner.clock.steady_ms();
    old.retain(|(id, row)| {
        // An admin who connects the tenant right now replaces its certificate, too.
        let rests = tried.get(id).is_some_and(|again_at| *again_at > now) || connect::is_setting_up(app, id);
        if rests {
            // Its certificate stands in the way of nothing else.
            order(app, session, incident, id, row, false);
        }
        !rests
    });
    if !old.is_empty() {
        lock(&session.incident.certificates).extend(old.iter().map(|(id, _)| *id));
        app.tell(Event::JobsChanged);
        let (this, own, incident) = (app.clone(), session.clone(), incident.clone());
        session.spawn(async move {
            let tried = Mutex::new(tried);
            futures_util::stream::iter(&old)
                .for_each_concurrent(AT_ONCE, |(id, _)| replace(&this, &own, &incident, id, &tried))
                .await;
        });
    }
    Ok(())
}

/// Replaces the certificate of one organization, and then orders its accounts, whatever came of the first.
async fn replace(
    app: &App,
    session: &Arc<Session>,
    incident: &Incident,
    id: &Bytes32,
    tried: &Mutex<tokio::sync::OwnedMutexGuard<std::collections::HashMap<Bytes32, u64>>>,
) {
    match certificates::renew_older(app, session, id, incident.began_at).await {
        Ok(()) => lock(tried).remove(id),
        Err(_) => lock(tried).insert(*id, app.inner.clock.steady_ms().saturating_add(AGAIN_AFTER_MS)),
    };
    if let Ok(row) = crate::organizations::load(app, id).await {
        order(app, session, incident, id, &row, false);
    }
    lock(&session.incident.certificates).remove(id);
    app.tell(Event::JobsChanged);
}

/// Orders the accounts of one organization that are left: what is unfinished first, since until it is settled the
/// other one may not begin, then those that were shown last.
fn order(app: &App, session: &Arc<Session>, incident: &Incident, id: &Bytes32, row: &Organization, at_once: bool) {
    let mut accounts: Vec<_> = row.in_tenant().filter(|account| !account.replaced_since(incident.began_at)).collect();
    accounts.sort_by_key(|account| {
        let viewed = account.last_viewed.as_ref().map(|(_, at)| *at);
        (account.pending_since.is_none(), std::cmp::Reverse(viewed))
    });
    let recent = app.now_ms().saturating_sub(AGAIN_AFTER_MS);
    for account in accounts {
        // Rotated, and only its sessions could not be ended: not again and again.
        let half_done = account.made_at.is_some_and(|at| at >= incident.began_at && at > recent);
        if half_done && account.pending_since.is_none() && !at_once {
            continue;
        }
        rotate::press(app, session, id, account, at_once);
    }
}

/// Organizations with something left, those first of which something was shown last.
async fn left(app: &App, incident: &Incident) -> Result<Vec<(Bytes32, Organization)>> {
    let mut left = Vec::new();
    each(app, &incident.scope, |id, row| {
        if !incident.is_over_for(row) {
            left.push((*id, row.clone()));
        }
    })
    .await?;
    left.sort_by_key(|(_, row)| std::cmp::Reverse(row.last_viewed()));
    Ok(left)
}

/// Whether an organization is in the scope of an open incident: a rotation of it that was begun before and is gone on
/// with ends sessions like those that the incident orders.
pub(crate) async fn covers(app: &App, session: &Session, id: &Bytes32, row: &Organization) -> Result<bool> {
    Ok(read(app, session).await?.is_some_and(|incident| incident.scope.covers(id, row)))
}

fn at_work(app: &App, session: &Session) -> HashSet<Bytes32> {
    let mut working = rotate::working(app);
    working.extend(lock(&session.incident.certificates).iter());
    working
}

async fn each(app: &App, scope: &Scope, mut visit: impl FnMut(&Bytes32, &Organization)) -> Result<()> {
    let mut failed = None;
    app.inner
        .store
        .index_scan(&Span::prefix(key::ORGANIZATIONS), Direction::Forward, |key, value| {
            match (key.last_chunk(), decode::<Organization>(value)) {
                (Some(id), Ok(row)) if scope.covers(id, &row) => visit(id, &row),
                (_, Err(error)) => failed = Some(error),
                _ => {}
            }
            ControlFlow::Continue(())
        })
        .await?;
    failed.map_or(Ok(()), Err)
}

async fn intentions(app: &App, session: &Session) -> Result<Vec<Intended>> {
    let sealed = app.inner.store.meta(meta::REMOVAL).await?;
    sealed.map_or(Ok(Vec::new()), |sealed| unseal(session, Beside::Removal, &sealed))
}

async fn read(app: &App, session: &Session) -> Result<Option<Incident>> {
    let Some(sealed) = app.inner.store.meta(meta::INCIDENT).await? else { return Ok(None) };
    unseal(session, Beside::Incident, &sealed)
}

fn unseal<T: DeserializeOwned>(session: &Session, kind: Beside, sealed: &[u8]) -> Result<T> {
    let plain = kind.open(&session.device, sealed).map_err(session::unreadable_keys)?;
    // Exposed to be decoded; no secret is among it.
    decode(plain.expose())
}

fn seal(session: &Session, incident: Option<&Incident>) -> Result<Vec<u8>> {
    Beside::Incident.seal(&session.device, &encode(&incident)?)
}

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
        organizations.push(report_row(app, &incident, id, row, since).await?);
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
    bytes.and_then(|bytes| Entry::decode(&bytes).ok()).ok_or_else(crate::restore::history_missing)
}

/// `since` is where the history shut somebody out: what was written by somebody who did not know of that counts as old.
async fn report_row(app: &App, incident: &Incident, id: &Bytes32, row: &Organization, since: u64) -> Result<ReportRow> {
    let fold = Fold::decode(&row.state).map_err(crate::journal::damaged_fold)?;
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
        head: fold.head().into(),
        problem: problem.map(|problem| problem.what),
    })
}

fn none_open() -> Error {
    Error::usage("incident.none", "No incident is open.", "Write the report before you end an incident.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_expected_by_the_pace_of_the_last_minutes_once_that_says_something() {
        const MINUTE: u64 = 60 * 1000;
        let pace = |began_at, replaced, left| Pace { replaced, left, ..Pace::since(began_at, 100 * MINUTE) };
        // Ten in five minutes; twenty are left.
        assert_eq!(pace(95 * MINUTE, 10, 20).expected_end(), Some(110 * MINUTE));
        // Of hours, the last ten minutes count.
        assert_eq!(pace(0, 10, 20).expected_end(), Some(120 * MINUTE));
        assert_eq!(pace(95 * MINUTE, FEWEST - 1, 20).expected_end(), None, "a few say nothing");
        assert_eq!(pace(95 * MINUTE, 10, 0).expected_end(), None);
        // Begun by a clock that was set back since.
        assert_eq!(pace(200 * MINUTE, 10, 20).expected_end(), Some(100 * MINUTE));
    }
}
