//! Drift: what somebody changed about an emergency account outside Vitrine. Every tenant is looked at once a day (and
//! for strangers with it, see [`crate::strangers`]), and
//! whatever a rotation reads anyway counts too; what was changed is a state of the account, with its repair.
//!
//! The connection may read all of it and write none of it but the password, so most repairs take an admin's session.

use crate::api::*;
use crate::error::{Error, Result};
use crate::journal::{self, Change};
use crate::records::{self, Bytes16, Bytes32, Check, Drift, Facts, LOOK_EVERY_MS, Phase, key, parse_item};
use crate::records::{organization_text, parse_organization};
use crate::refusals::passes_by_itself;
use crate::rotate::{self, Order};
use crate::session::{self, Session};
use crate::store::{Direction, Span};
use crate::{App, accounts, connect, laps, lock, organizations, strangers};
use futures_util::StreamExt;
use std::ops::ControlFlow;
use std::sync::Arc;
use vitrine_entra::graph::{GraphErrorKind, Proof};
use vitrine_entra::laps::{self as entra, AccountFacts};
use vitrine_entra::{GraphError, Priority, UserId};
use vitrine_vault::items::Attention;

/// Tenants looked at together: rotations go first.
const AT_ONCE: usize = 4;
/// Tenants taken up by one look around.
const MOST: usize = 256;
/// How long a tenant that could not be looked at is left alone.
const RETRY_MS: u64 = 3600 * 1000;

/// Facts of an account from a whole read-back.
pub(crate) fn facts(user_name: &str, read: &AccountFacts, now: u64) -> Facts {
    Facts { role: Some(read.global_administrator), ..seen(user_name, &read.proof, None, now) }
}

/// Facts of an account from its properties alone: its role stays what was read last.
pub(crate) fn seen(user_name: &str, proof: &Proof, before: Option<&Facts>, now: u64) -> Facts {
    let name = &proof.user_principal_name;
    Facts {
        at: now,
        exists: true,
        enabled: proof.account_enabled,
        role: before.and_then(|before| before.role),
        other_name: (!name.eq_ignore_ascii_case(user_name)).then(|| name.clone()),
    }
}

/// Facts of an account that is not there.
pub(crate) fn gone(now: u64) -> Facts {
    Facts { at: now, exists: false, enabled: false, role: None, other_name: None }
}

/// Looks at the tenants whose turn it is, unless that is being done already.
pub(crate) fn look_around(app: &App, session: &Arc<Session>) {
    if std::mem::replace(&mut lock(&app.inner.jobs).looking, true) {
        return;
    }
    let (this, own) = (app.clone(), session.clone());
    session.spawn(async move {
        let due = due(&this).await.unwrap_or_default();
        futures_util::stream::iter(due)
            .for_each_concurrent(AT_ONCE, |id| {
                let (this, own) = (&this, &own);
                async move {
                    if Box::pin(look(this, own, &id, Priority::Low)).await.is_err() {
                        // What cannot even be put off is tried again at the next tick.
                        let _ = put_off(this, own, &id).await;
                    }
                }
            })
            .await;
        lock(&this.inner.jobs).looking = false;
    });
}

async fn due(app: &App) -> Result<Vec<Bytes32>> {
    let until = key::look(app.now_ms().saturating_add(1), &[0; 32]);
    let mut due = Vec::new();
    app.inner
        .store
        .index_scan(&Span::between(key::LOOKS, &until), Direction::Forward, |key, _| {
            due.extend(key.last_chunk::<32>());
            if due.len() >= MOST { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .await?;
    Ok(due)
}

async fn put_off(app: &App, session: &Session, id: &Bytes32) -> Result<()> {
    let mut change = Change::begin(app, session).await?;
    let mut opened = change.open(id).await?;
    opened.row.look_at = Some(app.now_ms().saturating_add(RETRY_MS));
    change.save(opened).await?;
    change.commit().await
}

/// What one account looked like.
struct Look {
    item: Bytes16,
    facts: Facts,
    /// The tenant's time of the last password change, and the one that was stored when it was read.
    changed: Option<(String, Option<String>)>,
}

/// Reads what the tenant says of each account of an organization, and remembers it.
async fn look(app: &App, session: &Session, id: &Bytes32, priority: Priority) -> Result<()> {
    let row = organizations::load(app, id).await?;
    let connection = connect::connection(app, session, &row).await?;
    let mut looks = Vec::new();
    for account in row.accounts.iter().filter(|account| account.created && row.laps.is_some()) {
        let item = journal::read_account(app, session, &row, &account.item).await?;
        let Some(user) = item.object_id.map(UserId::from_bytes) else { continue };
        let stored = item.last_password_change.clone();
        // No password is kept while the tenant is asked.
        drop(item);
        let (facts, changed) = match entra::read_facts(&connection, user, priority).await {
            Ok(read) => {
                let facts = facts(&account.user_name, &read, app.now_ms());
                (facts, Some((read.proof.last_password_change, stored)))
            }
            Err(error) if error.kind() == GraphErrorKind::Absent => (gone(app.now_ms()), None),
            Err(error) => return Err(refused(app, session, id, error).await),
        };
        looks.push(Look { item: account.item, facts, changed });
    }
    // Without an account nothing was read yet that would show that the connection works.
    if looks.is_empty() {
        strangers::compare(app, session, id, priority).await?;
        return remember(app, session, id, looks).await;
    }
    remember(app, session, id, looks).await?;
    strangers::compare(app, session, id, priority).await
}

/// A connection that the tenant refuses is a finding of its own.
pub(crate) async fn refused(app: &App, session: &Session, id: &Bytes32, error: GraphError) -> Error {
    let passes = passes_by_itself(&error);
    let error = Error::from(error);
    let view = error.view();
    if view.class == ErrorClass::Refused && !passes {
        let words = format!("{} {}", view.what, view.next);
        let told = connection_is(app, session, id, Verdict::Bad, words).await;
        if told.is_err() {
            tracing::warn!(code = "drift.untold", "a refused connection could not be remembered");
        }
    }
    error
}

async fn connection_is(app: &App, session: &Session, id: &Bytes32, verdict: Verdict, words: String) -> Result<()> {
    let mut change = Change::begin(app, session).await?;
    let mut opened = change.open(id).await?;
    let at = app.now_ms();
    opened.row.checked(Check { check: HealthCheck::Connection, account: None, verdict, at, words });
    change.save(opened).await?;
    change.commit().await
}

async fn remember(app: &App, session: &Session, id: &Bytes32, looks: Vec<Look>) -> Result<()> {
    let now = app.now_ms();
    let mut change = Change::begin(app, session).await?;
    let mut opened = change.open(id).await?;
    for look in looks {
        let Some(row) = opened.row.account_mut(&look.item) else { continue };
        let news = look.facts.drift().is_some() && row.drift() != look.facts.drift();
        row.facts = Some(look.facts);
        let (user_name, words) = (row.user_name.clone(), crate::health::drifted(row).map(|problem| problem.what));
        if news {
            change.note(Action::ChangedOutside, Some((id, &opened.row.name)), Some(&user_name), words).await?;
        }
        let Some((changed, stored)) = look.changed else { continue };
        let mut account = change.account(&opened, &look.item).await?;
        // A rotation that was under way, or ended since, explains the difference; else nobody here made it.
        let outside = account.pending.is_none()
            && account.attention.is_none()
            && account.current.is_some()
            && account.last_password_change == stored
            && stored.is_some_and(|stored| stored != changed);
        if outside {
            account.attention = Some(Attention::ChangedOutside);
            change.put_account(&mut opened, &look.item, &account).await?;
            accounts::show_in(&mut opened.row, &look.item, &account);
            if let Some(row) = opened.row.account_mut(&look.item) {
                row.problem = Some(rotate::changed_outside(&session.msp()));
            }
            change.note(Action::ChangedOutside, Some((id, &opened.row.name)), Some(&user_name), None).await?;
        }
    }
    opened.row.look_at = Some(now.saturating_add(LOOK_EVERY_MS));
    // It signed in and read: a refusal that was seen before is over.
    let failed = |check: &&mut Check| check.check == HealthCheck::Connection && check.verdict == Verdict::Bad;
    if let Some(check) = opened.row.checks.iter_mut().find(failed) {
        check.verdict = Verdict::Good;
        check.at = now;
        "The connection signs in with its own certificate and reads the accounts.".clone_into(&mut check.words);
    }
    change.save(opened).await?;
    change.commit().await
}

pub(crate) async fn check(app: &App, request: CheckAccountsRequest) -> Result<OrganizationView> {
    let id = parse_organization(&request.organization)?;
    let this = app.clone();
    session::hold(app, move |session| async move { Box::pin(look(&this, &session, &id, Priority::High)).await })
        .await?;
    organizations::show(app, OrganizationRequest { organization: request.organization }).await
}

pub(crate) async fn repair(app: &App, request: RepairAccountRequest) -> Result<OrganizationView> {
    let (id, item) = (parse_organization(&request.organization)?, parse_item(&request.account)?);
    let this = app.clone();
    session::hold(app, move |session| async move { mend(&this, &session, &id, &item).await }).await?;
    app.tell(Event::OrganizationsChanged);
    organizations::show(app, OrganizationRequest { organization: organization_text(&id) }).await
}

/// Puts right what differs now: nothing that was not found, and so shown, a moment ago.
async fn mend(app: &App, session: &Arc<Session>, id: &Bytes32, item: &Bytes16) -> Result<()> {
    Box::pin(look(app, session, id, Priority::High)).await?;
    let row = organizations::load(app, id).await?;
    let account = row.account(item).ok_or_else(|| records::unknown_account(&records::item_text(item)))?;
    let found = account.facts.clone().ok_or_else(nothing_to_repair)?;
    let password_changed = account.phase == Phase::ChangedOutside;
    if found.drift().is_none() && !password_changed {
        return Err(nothing_to_repair());
    }
    let stored = journal::read_account(app, session, &row, item).await?;
    let user = stored.object_id.map(UserId::from_bytes).ok_or_else(nothing_to_repair)?;
    drop(stored);
    let mut facts = Facts { other_name: None, ..found.clone() };
    if matches!(found.drift(), Some(Drift::Gone | Drift::Disabled | Drift::RoleGone)) {
        let admin = connect::admin(app, id).ok_or_else(laps::sign_in_needed)?;
        if !found.exists {
            entra::restore_account(&admin, user).await?;
        }
        if found.role != Some(true) {
            entra::assign_global_administrator(&admin, user).await?;
        }
        let read = entra::verify_account(&admin, user).await?;
        if !read.proof.account_enabled {
            entra::set_account_enabled(&admin, user, true).await?;
        }
        let name = read.proof.user_principal_name.clone();
        facts = Facts { enabled: true, ..self::facts(&name, &read, app.now_ms()) };
        facts.other_name = (!name.eq_ignore_ascii_case(&account.user_name)).then_some(name);
    }
    let new_name = facts.other_name.take().or(found.other_name);
    let gave_up = account.phase == Phase::NeedsPerson;
    settle(app, session, id, item, facts, new_name).await?;
    let row = organizations::load(app, id).await?;
    // The admin may have another account to repair.
    if row.accounts.iter().all(|account| account.drift().is_none()) {
        connect::finish(app, id);
    }
    if password_changed || gave_up {
        rotate::enqueue(app, session, id, item, Order::Repair);
    }
    Ok(())
}

/// Remembers the repair, and the name under which the account is found from now on.
async fn settle(
    app: &App,
    session: &Session,
    id: &Bytes32,
    item: &Bytes16,
    facts: Facts,
    new_name: Option<String>,
) -> Result<()> {
    let mut change = Change::begin(app, session).await?;
    let mut opened = change.open(id).await?;
    let mut account = change.account(&opened, item).await?;
    if let Some(row) = opened.row.account_mut(item) {
        row.facts = Some(facts);
    }
    if let Some(name) = new_name {
        account.user_name = name;
        change.put_account(&mut opened, item, &account).await?;
        accounts::show_in(&mut opened.row, item, &account);
        change.put_profile(&mut opened).await?;
    }
    let name = opened.row.name.clone();
    change.note(Action::AccountRepaired, Some((id, &name)), Some(&account.user_name), None).await?;
    change.save(opened).await?;
    change.commit().await
}

fn nothing_to_repair() -> Error {
    Error::usage(
        "drift.nothing",
        "Nothing about this account differs from what is stored.",
        "Look at its rotation if something is wrong.",
    )
}
