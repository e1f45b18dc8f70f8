//! LAPS for an organization: creating its emergency accounts in an admin's session, turning it off.
//!
//! A credential is stored before it is set. An interrupted run is finished by the next: the stored candidate is sent
//! again, never another.

use crate::accounts;
use crate::api::*;
use crate::error::{Error, Result};
use crate::failpoint::point;
use crate::journal::{self, Change};
use crate::records::{self, Bytes16, Bytes32, Phase, organization_text, parse_organization};
use crate::session::{self, Session, make, rng};
use crate::{App, connect, drift, organizations, rotate, rules};
use std::sync::Arc;
use vitrine_entra::laps::{self as entra, AccountError, AccountName, Adopt};
use vitrine_entra::{AdminSession, Password, Priority, UserId};
use vitrine_rotation::Lease;
use vitrine_vault::items::{AccountItem, Candidate, CandidateState, Claim, Origin};
use vitrine_vault::password::PasswordPolicy;

/// One that is used, and one for when that one fails: more would only be more to guard.
const MOST_ACCOUNTS: usize = 2;

pub(crate) async fn plan(app: &App, request: LapsPlanRequest) -> Result<LapsPlanView> {
    let id = parse_organization(&request.organization)?;
    let row = organizations::load(app, &id).await?;
    let tenant = row.tenant.as_ref().ok_or_else(connect::not_connected)?;
    let kept =
        row.accounts.iter().filter_map(|account| account.user_name.split_once('@')).map(|(local, _)| local.to_owned());
    let mut suggested_names: Vec<String> = kept.collect();
    for proposal in ["ea-1", "ea-2"] {
        if suggested_names.len() < 2 && !suggested_names.iter().any(|name| name == proposal) {
            suggested_names.push(proposal.to_owned());
        }
    }
    Ok(LapsPlanView {
        domain: tenant.initial_domain.clone(),
        suggested_names,
        interval_hours: row.laps.as_ref().map_or(24, |laps| laps.interval_hours),
        session_alive: connect::admin(app, &id).is_some(),
    })
}

pub(crate) async fn enable(app: &App, request: EnableLapsRequest) -> Result<LapsEnabledView> {
    let id = parse_organization(&request.organization)?;
    rules::check_interval(request.interval_hours)?;
    let row = organizations::load(app, &id).await?;
    let tenant = row.tenant.as_ref().ok_or_else(connect::not_connected)?;
    if request.names.is_empty() || request.names.len() > MOST_ACCOUNTS {
        return Err(Error::usage(
            "laps.count",
            "LAPS keeps one or two emergency accounts.",
            "Give one or two account names.",
        ));
    }
    let names = request
        .names
        .iter()
        .map(|name| AccountName::new(name.trim(), &tenant.initial_domain))
        .collect::<Result<Vec<_>, _>>()?;
    if let [first, second] = names.as_slice()
        && first.local().eq_ignore_ascii_case(second.local())
    {
        return Err(Error::usage(
            "laps.same-name",
            "The two accounts have the same name.",
            "Give each account a name of its own.",
        ));
    }
    let kept = row.accounts.iter().filter(|kept| !names.iter().any(|name| is_named(kept, name)));
    if kept.count() + names.len() > MOST_ACCOUNTS {
        return Err(too_many(&row));
    }
    // An account that is taken over is rotated before the next one is touched, and that would wait for the pause to end.
    if rotate::is_paused(app) {
        return Err(Error::usage(
            "rotation.paused",
            "Rotation is paused, and without it no account can be taken over.",
            "Resume rotation first.",
        )
        .holds("Nothing was changed."));
    }
    let (this, hours) = (app.clone(), request.interval_hours);
    let outcomes = session::hold(app, move |session| async move {
        make_all(&this, &session, &id, &names, hours, &request.adopt).await
    });
    let outcomes = outcomes.await?;
    app.tell(Event::OrganizationsChanged);
    let organization = organizations::show(app, OrganizationRequest { organization: organization_text(&id) }).await?;
    Ok(LapsEnabledView { accounts: outcomes, organization })
}

/// Turns LAPS on and makes the accounts one after the other.
async fn make_all(
    app: &App,
    session: &Arc<Session>,
    id: &Bytes32,
    names: &[AccountName],
    hours: u32,
    adopt: &[String],
) -> Result<Vec<LapsAccountOutcome>> {
    let admin = connect::admin(app, id).ok_or_else(sign_in_needed)?;
    set_laps(app, session, id, hours).await?;
    let mut outcomes = Vec::new();
    for name in names {
        let adopt = adopt.iter().any(|agreed| agreed.trim().eq_ignore_ascii_case(name.local()));
        // An account that was just taken over is still being rotated; two of one tenant are never in flight together.
        rotate::settle(app, id).await;
        let name_of = || name.local().to_owned();
        outcomes.push(match Box::pin(one(app, session, id, &admin, name, adopt)).await {
            Ok(outcome) => LapsAccountOutcome { name: name_of(), outcome, error: None },
            Err(error) => {
                connect::ask_more(app, id, &error);
                LapsAccountOutcome {
                    name: name_of(),
                    outcome: if error.code() == "laps.name-taken" {
                        LapsOutcome::AskAdopt
                    } else {
                        LapsOutcome::Failed
                    },
                    error: Some(error.into_view()),
                }
            }
        });
    }
    // While an account still needs the admin's word or another try, the session stays.
    if outcomes.iter().all(|outcome| !matches!(outcome.outcome, LapsOutcome::AskAdopt | LapsOutcome::Failed)) {
        connect::finish(app, id);
    }
    Ok(outcomes)
}

fn is_named(account: &records::Account, name: &AccountName) -> bool {
    account.user_name.eq_ignore_ascii_case(&name.to_string())
}

async fn set_laps(app: &App, session: &Session, id: &Bytes32, interval_hours: u32) -> Result<()> {
    let mut change = Change::begin(app, session).await?;
    let mut opened = change.open(id).await?;
    let before = opened.row.laps.clone();
    let laps = before.clone().unwrap_or_else(|| records::Laps::new(interval_hours, app.now_ms()));
    let laps = records::Laps { interval_hours, ..laps };
    if before.as_ref() == Some(&laps) {
        return Ok(());
    }
    opened.row.laps = Some(laps);
    change.put_profile(&mut opened).await?;
    if before.is_none() {
        let name = opened.row.name.clone();
        change.note(Action::LapsEnabled, Some((id, &name)), None, None).await?;
    }
    change.save(opened).await?;
    change.commit().await
}

/// Creates or finishes one account.
async fn one(
    app: &App,
    session: &Arc<Session>,
    id: &Bytes32,
    admin: &AdminSession,
    name: &AccountName,
    adopt: bool,
) -> Result<LapsOutcome> {
    let user_name = name.to_string();
    let row = organizations::load(app, id).await?;
    // Never verified, it is unfinished, even where a rotation was tried and asked for a person.
    let known = row.accounts.iter().find(|account| is_named(account, name));
    if known.is_some_and(|account| account.rotated_at.is_some()) {
        return Ok(LapsOutcome::AlreadyKept);
    }
    let began = known.map(|account| account.item);
    if began.is_none()
        && !adopt
        && let Some(user) = entra::find_account(admin, name).await?
    {
        return Err(AccountError::Taken(Box::new(user)).into());
    }
    let item = store_candidate(app, session, id, began, &user_name).await?;
    let row = organizations::load(app, id).await?;
    let account = journal::read_account(app, session, &row, &item).await?;
    let pending = account.pending.as_ref().ok_or_else(rotate::other_candidate)?;
    // Exposed into the client's own zeroing type: this request creates the account with it.
    let password = Password::new(pending.password.expose().clone());
    let how = match (adopt, began) {
        (true, _) => Adopt::Yes,
        (false, Some(_)) => Adopt::Unfinished,
        (false, None) => Adopt::No,
    };
    point!("laps.create.before");
    let made = entra::create_account(admin, name, &account.display_name, &password, how).await?;
    point!("laps.create.after");
    drop((password, account));
    let user: UserId = made.user.id;
    update(app, session, id, &item, |account, _| account.object_id = Some(*user.as_bytes())).await?;
    point!("laps.role.before");
    entra::assign_global_administrator(admin, user).await?;
    point!("laps.role.after");
    let facts = entra::verify_account(admin, user).await?;
    let (value, now, role) = (facts.proof.last_password_change.clone(), app.now_ms(), facts.global_administrator);
    if made.created {
        point!("laps.commit.before");
        update(app, session, id, &item, |account, row| {
            account.role_assigned = role;
            accounts::commit(account, &value, now);
            row.facts = Some(drift::facts(&account.user_name, &facts, now));
            // Nobody has seen this password yet.
            row.sessions_ended_at = Some(now);
        })
        .await?;
        note(app, session, id, Action::AccountCreated, &user_name).await?;
        return Ok(LapsOutcome::Created);
    }
    // Its password is not known to be ours: the stored candidate is sent by the connection, and proved.
    update(app, session, id, &item, |account, row| {
        account.role_assigned = role;
        row.facts = Some(drift::facts(&account.user_name, &facts, now));
        // A rotation that took it up meanwhile has its own beginning.
        if account.last_password_change.is_none() {
            account.last_password_change = Some(value);
            // An account that exists cannot be created again: no request that was sent can still set the candidate.
            row.unsent = account.pending.as_ref().map(|pending| pending.made_at_ms);
        }
    })
    .await?;
    note(app, session, id, Action::AccountAdopted, &user_name).await?;
    rotate::enqueue(app, session, id, &item, rotate::Order::Resume);
    Ok(LapsOutcome::Adopted)
}

/// Sees to it that the account has a stored candidate before anything is sent: the one of an earlier try, else a new one.
async fn store_candidate(
    app: &App,
    session: &Session,
    id: &Bytes32,
    began: Option<Bytes16>,
    user_name: &str,
) -> Result<Bytes16> {
    let mut change = Change::begin(app, session).await?;
    let mut opened = change.open(id).await?;
    let (item, mut account) = if let Some(item) = began {
        (item, change.account(&opened, &item).await?)
    } else {
        // Decided where it is stored: two requests at once must not make a third account.
        let number = opened.row.accounts.len() + 1;
        if number > MOST_ACCOUNTS {
            return Err(too_many(&opened.row));
        }
        (make(), AccountItem::new(user_name, &format!("Emergency access {number}")))
    };
    if account.pending.is_some() {
        return Ok(item);
    }
    let policy = opened.row.laps.as_ref().map_or_else(PasswordPolicy::default, records::Laps::policy);
    account.pending = Some(Candidate {
        password: policy.make_password(&[user_name, &opened.row.name], &mut rng()),
        made_at_ms: app.now_ms(),
        state: CandidateState::Prepared,
        unanswered: false,
        claim: Claim {
            device: *session.author.device.as_bytes(),
            lease_ms: u64::try_from(Lease::DEFAULT.whole().as_millis()).unwrap_or(u64::MAX),
        },
        origin: Origin::Created,
        observed_change: None,
    });
    account.attention = None;
    change.put_account(&mut opened, &item, &account).await?;
    accounts::show_in(&mut opened.row, &item, &account);
    change.save(opened).await?;
    change.commit().await?;
    Ok(item)
}

async fn update(
    app: &App,
    session: &Session,
    id: &Bytes32,
    item: &Bytes16,
    act: impl FnOnce(&mut AccountItem, &mut records::Account),
) -> Result<()> {
    let mut change = Change::begin(app, session).await?;
    let mut opened = change.open(id).await?;
    let mut account = change.account(&opened, item).await?;
    if let Some(row) = opened.row.account_mut(item) {
        act(&mut account, row);
    }
    change.put_account(&mut opened, item, &account).await?;
    accounts::show_in(&mut opened.row, item, &account);
    change.save(opened).await?;
    change.commit().await
}

async fn note(app: &App, session: &Session, id: &Bytes32, action: Action, user_name: &str) -> Result<()> {
    let row = organizations::load(app, id).await?;
    let mut change = Change::begin(app, session).await?;
    change.note(action, Some((id, &row.name)), Some(user_name), None).await?;
    change.commit().await
}

pub(crate) async fn disable(app: &App, request: DisableLapsRequest) -> Result<OrganizationView> {
    let id = parse_organization(&request.organization)?;
    let this = app.clone();
    session::hold(app, move |session| async move { turn_off(&this, &session, &id, request.accounts).await }).await?;
    rotate::forget(app, &id);
    app.tell(Event::OrganizationsChanged);
    organizations::show(app, OrganizationRequest { organization: request.organization }).await
}

async fn turn_off(app: &App, session: &Session, id: &Bytes32, fate: AccountsFate) -> Result<()> {
    let row = organizations::load(app, id).await?;
    if row.accounts.iter().any(|account| account.pending_since.is_some() && account.phase != Phase::Creating) {
        return Err(Error::usage(
            "laps.rotating",
            "A rotation is not finished.",
            "Wait until it has ended, then turn LAPS off.",
        )
        .holds("Nothing was changed."));
    }
    if fate != AccountsFate::Keep {
        let admin = connect::admin(app, id).ok_or_else(sign_in_needed)?;
        for account in &row.accounts {
            let item = journal::read_account(app, session, &row, &account.item).await?;
            let Some(user) = item.object_id.map(UserId::from_bytes) else { continue };
            // Not kept while the tenant is asked.
            drop(item);
            match fate {
                AccountsFate::Disable => entra::set_account_enabled(&admin, user, false).await?,
                AccountsFate::Delete => entra::delete_account(&admin, user).await?,
                AccountsFate::Keep => {}
            }
            point!("laps.off.tenant");
        }
        connect::finish(app, id);
    }
    let mut change = Change::begin(app, session).await?;
    let mut opened = change.open(id).await?;
    opened.row.laps = None;
    if fate == AccountsFate::Delete {
        let items: Vec<Bytes16> = opened.row.accounts.iter().map(|account| account.item).collect();
        for item in items {
            change.drop_item(&mut opened, &item).await?;
        }
        opened.row.accounts.clear();
        opened.row.checks.retain(|check| check.account.is_none());
    } else {
        for account in &mut opened.row.accounts {
            // Kept without being looked after: what becomes of it in the tenant is no alarm any more.
            account.facts = None;
        }
    }
    change.put_profile(&mut opened).await?;
    let name = opened.row.name.clone();
    change.note(Action::LapsDisabled, Some((id, &name)), None, None).await?;
    change.save(opened).await?;
    point!("laps.off.before");
    change.commit().await?;
    point!("laps.off.after");
    Ok(())
}

/// Removes an account that was begun and never created. The tenant is asked first: an answer that was lost may have left
/// an account of that name, and then the stored candidate is what opens it.
pub(crate) async fn forget(app: &App, request: ForgetAccountRequest) -> Result<OrganizationView> {
    let (id, item) = (parse_organization(&request.organization)?, records::parse_item(&request.account)?);
    let this = app.clone();
    session::hold(app, move |session| async move { forget_one(&this, &session, &id, &item).await }).await?;
    app.tell(Event::OrganizationsChanged);
    organizations::show(app, OrganizationRequest { organization: request.organization }).await
}

async fn forget_one(app: &App, session: &Session, id: &Bytes32, item: &Bytes16) -> Result<()> {
    let row = organizations::load(app, id).await?;
    let account = row.account(item).ok_or_else(|| records::unknown_account(&records::item_text(item)))?;
    let (created, user_name) = (account.created, account.user_name.clone());
    let refused = |what: String, next: &str| Error::usage("laps.forget", what, next).holds("Nothing was changed.");
    if created {
        return Err(refused(
            format!("{user_name} exists in the tenant."),
            "Turn LAPS off; it asks what becomes of the accounts.",
        ));
    }
    let connection = connect::connection(app, session, &row).await?;
    if entra::find_by_name(&connection, &user_name, Priority::High).await?.is_some() {
        return Err(refused(
            format!("There is an account {user_name} in the tenant, which may be the one that was begun here."),
            "Enable LAPS again with this name to finish it.",
        ));
    }
    let mut change = Change::begin(app, session).await?;
    let mut opened = change.open(id).await?;
    // Another request may have created it while the tenant was asked.
    if opened.row.account(item).is_none_or(|account| account.created) {
        return Err(refused(format!("{user_name} changed meanwhile."), "Look at the organization again."));
    }
    change.drop_item(&mut opened, item).await?;
    opened.row.accounts.retain(|account| account.item != *item);
    change.put_profile(&mut opened).await?;
    let name = opened.row.name.clone();
    change.note(Action::AccountForgotten, Some((id, &name)), Some(&user_name), None).await?;
    change.save(opened).await?;
    change.commit().await
}

pub(crate) fn sign_in_needed() -> Error {
    Error::usage(
        "laps.sign-in-needed",
        "An admin of this tenant has to sign in for this.",
        "Sign in; it takes one visit to the sign-in page.",
    )
    .holds("Nothing was changed in the tenant.")
}

fn too_many(row: &records::Organization) -> Error {
    let kept: Vec<&str> = row.accounts.iter().map(|account| account.user_name.as_str()).collect();
    Error::usage(
        "laps.count",
        format!("LAPS keeps one or two emergency accounts; this organization has {}.", kept.join(" and ")),
        "Use the names of those, or remove one that was never created.",
    )
    .holds("Nothing was changed.")
}
