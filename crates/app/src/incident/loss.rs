//! What somebody lost, and so what is ordered: a member who was removed, a device that was revoked, a team or its access
//! taken away. Each begins an incident over what was readable, or widens the one that is open.

use super::{Incident, Scope, seal, unseal};
use crate::App;
use crate::api::{Action, Event};
use crate::beside::Beside;
use crate::error::Result;
use crate::journal::{self, Change};
use crate::records::{Bytes16, Bytes32, Organization, decode, encode, key};
use crate::session::Session;
use crate::vault::meta;
use serde::{Deserialize, Serialize};
use vitrine_ledger::{DeviceId, Level, MemberId, OrganizationState as Fold, TeamId, Unfinished};

/// Of reasons that were joined.
const LONGEST_REASON: usize = 400;

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
                let state = Fold::decode(&row.state).map_err(journal::damaged_fold)?;
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
pub(super) async fn take_intended(app: &App, session: &Session) -> Result<()> {
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

async fn intentions(app: &App, session: &Session) -> Result<Vec<Intended>> {
    let sealed = app.inner.store.meta(meta::REMOVAL).await?;
    sealed.map_or(Ok(Vec::new()), |sealed| unseal(session, Beside::Removal, &sealed))
}
