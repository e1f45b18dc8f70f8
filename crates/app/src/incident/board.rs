//! The board of an incident: how each organization stands, what stands in the way, and when it may be over.

use super::work::at_work;
use super::{Incident, each, read};
use crate::api::*;
use crate::error::{Error, Result};
use crate::records::{self, Bytes32, Organization, organization_text};
use crate::{App, rotate, strangers};

/// Rows of the board.
const MOST_ROWS: usize = 500;
/// What the pace is measured over.
const LATELY_MS: u64 = 10 * 60 * 1000;
/// Accounts replaced in that time below which nothing is expected.
const FEWEST: u32 = 5;

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
        strangers: u32::try_from(row.standing_strangers().count()).unwrap_or(u32::MAX),
        problem: problem.filter(|_| state == IncidentState::Blocked),
    }
}

/// What stands in the way of an organization.
pub(super) fn problem(incident: &Incident, row: &Organization) -> Option<ErrorView> {
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
    if !incident.certificate_replaced(row) {
        return account.or_else(certificate).or_else(before);
    }
    strangers::problem(row).or(account).or_else(|| {
        let unread = incident.compared(row).is_some_and(|compared| !compared.whole());
        let refuses = |check: &&records::Check| check.check == HealthCheck::Connection && check.verdict == Verdict::Bad;
        let connection = row.checks.iter().find(refuses).map(|check| refused("connect.refused", check.words.clone()));
        if unread { Some(strangers::not_looked_at(row)) } else { connection }
    })
}

fn refused(code: &str, what: String) -> ErrorView {
    Error::new(ErrorClass::Refused, code, what, "Connect the tenant again: that replaces every certificate.").into()
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
