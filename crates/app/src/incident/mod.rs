//! An incident: somebody may know what is stored, so all of it is replaced, and what is left is shown until it is none.
//!
//! What is left is never a list that could be lost or be wrong: it follows from the rows, by when each credential was
//! made. Only the order itself is kept, sealed beside the index, so that the next unlock goes on with it. A candidate
//! that lay in the vault before the incident began is as old as the rest, even if it is set afterwards.
//!
//! For each organization the connection's certificate goes first, because who holds it could undo the rest; then what the
//! tenant lists beside it is compared with the vault, and shown; then come its accounts, those first that were shown last.
//! Every rotation that is ordered so ends the account's sessions. It is over once nothing stands in the tenant that nobody
//! answers for, seen after the last of them was replaced.

mod board;
mod loss;
mod report;
mod work;

pub(crate) use board::board;
pub(crate) use loss::{Loss, intend, rank};
pub(crate) use report::report;
pub(crate) use work::{Progress, take_up};

use crate::api::*;
use crate::beside::Beside;
use crate::error::{Error, Result};
use crate::failpoint::protected;
use crate::journal::Change;
use crate::records::{Bytes16, Bytes32, Compared, Organization, decode, encode, key};
use crate::records::{organization_text, parse_organization};
use crate::session::{self, Session};
use crate::store::{Direction, Span};
use crate::vault::{self, meta};
use crate::{App, credentials, people, rotate};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// Organizations that can be named one by one.
const MOST_NAMED: usize = 1_000;

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
    /// A member, and what was open to it then: who loses access later has known it all the same.
    Person(Bytes16, Vec<Bytes32>),
    Viewed(u64),
}

impl Scope {
    async fn read(app: &App, scope: &IncidentScope) -> Result<Self> {
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
            IncidentScope::Person { member } => {
                let member = people::parse(member)?;
                Self::Person(*member.as_bytes(), people::readable(app, &*app.session().await?, &member).await?)
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
            Self::Person(member, _) => IncidentScope::Person { member: data_encoding::HEXLOWER.encode(member) },
            Self::Viewed(since) => IncidentScope::Viewed { since: Time(*since) },
        }
    }

    /// Both. What cannot be said in one becomes everything.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (
                Self::Organizations(mut ours) | Self::Person(_, mut ours),
                Self::Organizations(theirs) | Self::Person(_, theirs),
            ) => {
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
                Self::Organizations(ids) | Self::Person(_, ids) => ids.contains(id),
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
        let alone = row.standing_strangers().next().is_none() && self.compared(row).is_some_and(Compared::whole);
        accounts.replaced == accounts.of
            && self.certificate_replaced(row)
            && protected!("an incident ends without strangers", alone, true)
    }

    /// The comparison that counts: begun after everything that was replaced, since until then whoever knew it could have
    /// put in a way of their own.
    fn compared(&self, row: &Organization) -> Option<Compared> {
        let ended = row.in_tenant().filter_map(|account| account.sessions_ended_at).max();
        row.compared.filter(|compared| compared.at >= self.began_at.max(ended.unwrap_or_default()))
    }

    /// Whether the tenant is to be compared now: as soon as the certificate was replaced, and once more at the end.
    fn wants_comparison(&self, row: &Organization) -> bool {
        let accounts = self.accounts(row);
        self.certificate_replaced(row)
            && match row.compared {
                Some(compared) if compared.at >= self.began_at => {
                    accounts.replaced == accounts.of && self.compared(row).is_none()
                }
                _ => true,
            }
    }
}

pub(crate) async fn scope(app: &App, request: IncidentScopeRequest) -> Result<IncidentScopeView> {
    app.session().await?;
    let mut view = IncidentScopeView::default();
    each(app, &Scope::read(app, &request.scope).await?, |_, row| {
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
    let scope = Scope::read(app, &request.scope).await?;
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

pub(crate) async fn retry(app: &App, _request: RetryIncidentRequest) -> Result<IncidentBoardView> {
    let session = app.session().await?;
    loss::take_intended(app, &session).await?;
    if let Some(incident) = read(app, &session).await? {
        // Somebody says that what stood in the way is gone.
        session.incident.rest_no_more();
        if let Ok(mut tried) = session.renewals.clone().try_lock_owned() {
            tried.clear();
        }
        for (id, row) in work::left(app, &incident).await? {
            if incident.compared(&row).is_some_and(|compared| !compared.whole()) {
                work::forget_comparison(app, &session, &id).await?;
            }
            if incident.certificate_replaced(&row) {
                work::order(app, &session, &incident, &id, &row, true);
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

/// Whether an organization is in the scope of an open incident: a rotation of it that was begun before and is gone on
/// with ends sessions like those that the incident orders.
pub(crate) async fn covers(app: &App, session: &Session, id: &Bytes32, row: &Organization) -> Result<bool> {
    Ok(read(app, session).await?.is_some_and(|incident| incident.scope.covers(id, row)))
}
