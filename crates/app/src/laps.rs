//! LAPS for an organization: creating its emergency accounts in an admin's session, turning it off, its interval.
//!
//! A credential is stored before it is set. An interrupted run is finished by the next: the stored candidate is sent
//! again, never another.

use crate::accounts;
use crate::api::*;
use crate::error::{Error, Result};
use crate::failpoint::point;
use crate::journal::{self, Change};
use crate::records::{self, Bytes16, Bytes32, Phase, organization_text, parse_organization};
use crate::session::{Session, make, rng};
use crate::{App, connect, organizations, rotate};
use std::sync::Arc;
use vitrine_entra::laps::{self as entra, AccountError, AccountName, Adopt};
use vitrine_entra::{AdminSession, Password, UserId};
use vitrine_rotation::Lease;
use vitrine_vault::items::{AccountItem, Candidate, CandidateState, Claim, Origin};
use vitrine_vault::password::PasswordPolicy;

const MOST_HOURS: u32 = 720;

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
        interval_hours: row.laps.map_or(24, |laps| laps.interval_hours),
        session_alive: connect::admin(app, &id).is_some(),
    })
}

pub(crate) async fn enable(app: &App, request: EnableLapsRequest) -> Result<LapsEnabledView> {
    let id = parse_organization(&request.organization)?;
    check_hours(request.interval_hours)?;
    let row = organizations::load(app, &id).await?;
    let tenant = row.tenant.as_ref().ok_or_else(connect::not_connected)?;
    if request.names.is_empty() || request.names.len() > 2 {
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
    let session = app.session().await?;
    let admin = connect::admin(app, &id).ok_or_else(sign_in_needed)?;
    set_laps(app, &session, &id, request.interval_hours).await?;
    let mut outcomes = Vec::new();
    for (number, name) in names.iter().enumerate() {
        let adopt = request.adopt.iter().any(|agreed| agreed.trim().eq_ignore_ascii_case(name.local()));
        // An account that was just taken over is still being rotated; two of one tenant are never in flight together.
        rotate::settle(app, &id).await;
        let work = one(app, &session, &id, &admin, name, number + 1, adopt);
        // Locking ends this work where it stands, like every other that holds keys.
        let outcome = session.stop.run_until_cancelled(Box::pin(work)).await.unwrap_or_else(|| Err(Error::locked()));
        outcomes.push(match outcome {
            Ok(outcome) => LapsAccountOutcome { name: name.local().to_owned(), outcome, error: None },
            Err(error) => {
                connect::ask_more(app, &id, &error);
                LapsAccountOutcome {
                    name: name.local().to_owned(),
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
        connect::finish(app, &id);
    }
    app.tell(Event::OrganizationsChanged);
    let organization = organizations::show(app, OrganizationRequest { organization: organization_text(&id) }).await?;
    Ok(LapsEnabledView { accounts: outcomes, organization })
}

async fn set_laps(app: &App, session: &Session, id: &Bytes32, interval_hours: u32) -> Result<()> {
    let mut change = Change::begin(app, session).await?;
    let mut opened = change.open(id).await?;
    let before = opened.row.laps;
    if before.is_some_and(|laps| laps.interval_hours == interval_hours) {
        return Ok(());
    }
    let enabled_at = before.map_or(app.now_ms(), |laps| laps.enabled_at);
    opened.row.laps = Some(records::Laps { interval_hours, enabled_at });
    change.put_profile(&mut opened).await?;
    let items: Vec<Bytes16> = opened.row.accounts.iter().map(|account| account.item).collect();
    for item in items {
        let account = change.account(&opened, &item).await?;
        accounts::show_in(&mut opened.row, id, &item, &account);
    }
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
    number: usize,
    adopt: bool,
) -> Result<LapsOutcome> {
    let user_name = name.to_string();
    let row = organizations::load(app, id).await?;
    let known = row.accounts.iter().find(|account| account.user_name.eq_ignore_ascii_case(&user_name));
    // Never verified, it is unfinished, even where a rotation was tried and asked for a person.
    let unfinished = |account: &records::Account| {
        account.rotated_at.is_none() && (account.phase == Phase::Creating || account.pending_since.is_some())
    };
    if known.is_some_and(|account| !unfinished(account)) {
        return Ok(LapsOutcome::AlreadyKept);
    }
    let began = known.map(|account| account.item);
    if began.is_none()
        && !adopt
        && let Some(user) = entra::find_account(admin, name).await?
    {
        return Err(AccountError::Taken(Box::new(user)).into());
    }
    let item = match began {
        Some(item) => item,
        None => store_candidate(app, session, id, &user_name, number).await?,
    };
    let row = organizations::load(app, id).await?;
    let account = journal::read_account(app, session, id, &row, &item).await?;
    let pending = account.pending.as_ref().ok_or_else(no_candidate)?;
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
    update(app, session, id, &item, |account| account.object_id = Some(*user.as_bytes())).await?;
    entra::assign_global_administrator(admin, user).await?;
    let facts = entra::verify_account(admin, user).await?;
    let (value, now, role) = (facts.proof.last_password_change, app.now_ms(), facts.global_administrator);
    check_facts(app, session, id, &item, role, facts.proof.account_enabled).await?;
    if made.created {
        point!("laps.commit.before");
        update(app, session, id, &item, |account| {
            account.role_assigned = role;
            accounts::commit(account, &value, now);
        })
        .await?;
        note(app, session, id, Action::AccountCreated, &user_name).await?;
        return Ok(LapsOutcome::Created);
    }
    // Its password is not known to be ours: the stored candidate is sent by the connection, and proved.
    update(app, session, id, &item, |account| {
        account.role_assigned = role;
        account.last_password_change = Some(value);
    })
    .await?;
    note(app, session, id, Action::AccountAdopted, &user_name).await?;
    let row = organizations::load(app, id).await?;
    rotate::enqueue(app, session, id, &row, &item, rotate::Order::Resume);
    Ok(LapsOutcome::Adopted)
}

async fn store_candidate(
    app: &App,
    session: &Session,
    id: &Bytes32,
    user_name: &str,
    number: usize,
) -> Result<Bytes16> {
    let mut change = Change::begin(app, session).await?;
    let mut opened = change.open(id).await?;
    let item: Bytes16 = make();
    let mut account = AccountItem::new(user_name, &format!("Emergency access {number}"));
    account.pending = Some(Candidate {
        password: PasswordPolicy::default().make_password(&[user_name, &opened.row.name], &mut rng()),
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
    change.put_account(&mut opened, &item, &account).await?;
    accounts::show_in(&mut opened.row, id, &item, &account);
    change.save(opened).await?;
    change.commit().await?;
    Ok(item)
}

async fn update(
    app: &App,
    session: &Session,
    id: &Bytes32,
    item: &Bytes16,
    act: impl FnOnce(&mut AccountItem),
) -> Result<()> {
    let mut change = Change::begin(app, session).await?;
    let mut opened = change.open(id).await?;
    let mut account = change.account(&opened, item).await?;
    act(&mut account);
    change.put_account(&mut opened, item, &account).await?;
    accounts::show_in(&mut opened.row, id, item, &account);
    change.save(opened).await?;
    change.commit().await
}

async fn note(app: &App, session: &Session, id: &Bytes32, action: Action, user_name: &str) -> Result<()> {
    let row = organizations::load(app, id).await?;
    let mut change = Change::begin(app, session).await?;
    change.note(action, Some((id, &row.name)), Some(user_name), None).await?;
    change.commit().await
}

async fn check_facts(
    app: &App,
    session: &Session,
    id: &Bytes32,
    item: &Bytes16,
    role: bool,
    enabled: bool,
) -> Result<()> {
    let mut change = Change::begin(app, session).await?;
    let mut opened = change.open(id).await?;
    for check in crate::words::account_checks(item, role, enabled, app.now_ms()) {
        opened.row.checked(check);
    }
    change.save(opened).await?;
    change.commit().await
}

pub(crate) async fn disable(app: &App, request: DisableLapsRequest) -> Result<OrganizationView> {
    let id = parse_organization(&request.organization)?;
    let row = organizations::load(app, &id).await?;
    let session = app.session().await?;
    if row.accounts.iter().any(|account| account.pending_since.is_some() && account.phase != Phase::Creating) {
        return Err(Error::usage(
            "laps.rotating",
            "A rotation is not finished.",
            "Wait until it has ended, then turn LAPS off.",
        )
        .holds("Nothing was changed."));
    }
    if request.accounts != AccountsFate::Keep {
        let admin = connect::admin(app, &id).ok_or_else(sign_in_needed)?;
        for account in &row.accounts {
            let item = journal::read_account(app, &session, &id, &row, &account.item).await?;
            let Some(user) = item.object_id.map(UserId::from_bytes) else { continue };
            match request.accounts {
                AccountsFate::Disable => entra::set_account_enabled(&admin, user, false).await?,
                AccountsFate::Delete => entra::delete_account(&admin, user).await?,
                AccountsFate::Keep => {}
            }
        }
        connect::finish(app, &id);
    }
    let mut change = Change::begin(app, &session).await?;
    let mut opened = change.open(&id).await?;
    opened.row.laps = None;
    if request.accounts == AccountsFate::Delete {
        let items: Vec<Bytes16> = opened.row.accounts.iter().map(|account| account.item).collect();
        for item in items {
            change.drop_item(&mut opened, &item).await?;
        }
        opened.row.accounts.clear();
        opened.row.checks.retain(|check| check.account.is_none());
    } else {
        for account in &mut opened.row.accounts {
            account.due_at = None;
        }
    }
    change.put_profile(&mut opened).await?;
    let name = opened.row.name.clone();
    change.note(Action::LapsDisabled, Some((&id, &name)), None, None).await?;
    change.save(opened).await?;
    change.commit().await?;
    rotate::forget(app, &id);
    app.tell(Event::OrganizationsChanged);
    organizations::show(app, OrganizationRequest { organization: request.organization }).await
}

pub(crate) async fn set_interval(app: &App, request: SetIntervalRequest) -> Result<OrganizationView> {
    let id = parse_organization(&request.organization)?;
    check_hours(request.interval_hours)?;
    if organizations::load(app, &id).await?.laps.is_none() {
        return Err(Error::usage("laps.off", "LAPS is not enabled for this organization.", "Enable it first."));
    }
    let session = app.session().await?;
    set_laps(app, &session, &id, request.interval_hours).await?;
    organizations::show(app, OrganizationRequest { organization: request.organization }).await
}

fn check_hours(hours: u32) -> Result<()> {
    if (1..=MOST_HOURS).contains(&hours) {
        return Ok(());
    }
    Err(Error::usage(
        "laps.interval",
        format!("An interval of {hours} hours cannot be used."),
        format!("Use 1 to {MOST_HOURS} hours; 24 is usual."),
    ))
}

fn sign_in_needed() -> Error {
    Error::usage(
        "laps.sign-in-needed",
        "An admin of this tenant has to sign in for this.",
        "Sign in; it takes one visit to the sign-in page.",
    )
    .holds("Nothing was changed in the tenant.")
}

fn no_candidate() -> Error {
    Error::integrity(
        "laps.no-candidate",
        "The account was begun without a stored password.",
        "Turn LAPS off and enable it again.",
    )
}
