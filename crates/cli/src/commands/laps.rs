//! LAPS: enabling it, its schedule, turning it off.

use vitrine_app::api::{
    AccountsFate, CheckAccountsRequest, DisableLapsRequest, EnableLapsRequest, ErrorView, ForgetAccountRequest,
    JobStep, JobView, LapsEnabledView, LapsOutcome, LapsPlanRequest, LapsPlanView, OrganizationRequest,
    RepairAccountRequest, ScheduleChange, ScheduleFailure, SetScheduleRequest, SignInPurpose,
};

use super::{Result, connect, find, organizations, rotate};
use crate::{
    args::{Laps, Schedule, SignIn},
    door::Door,
    exit::Exit,
    output::Outcome,
    person::Person,
    text::shown,
};

/// What the application answers where an admin has to sign in first.
const SIGN_IN_NEEDED: &str = "laps.sign-in-needed";

pub(super) async fn run(door: &mut Door, person: &mut Person, laps: Laps) -> Result {
    match laps {
        Laps::Enable(args) => {
            let organization = find::id(door, &args.organization).await?;
            enable(door, person, organization, args.names, args.interval, args.adopt, &args.sign_in).await
        }
        Laps::Disable { organization, accounts, sign_in } => {
            let organization = find::id(door, &organization).await?;
            let accounts = accounts.into();
            if accounts != AccountsFate::Keep {
                session(door, person, &organization, &sign_in).await?;
            }
            let view = door.call(DisableLapsRequest { organization, accounts }).await?;
            let words = format!("LAPS is off.\n{}", organizations::in_words(&view));
            Outcome::of(&view, words)
        }
        Laps::Forget { organization, account } => {
            let organization = find::organization(door, &organization).await?;
            let account = find::account(&organization, Some(&account))?.id.clone();
            let view = door.call(ForgetAccountRequest { organization: organization.id, account }).await?;
            let words = organizations::in_words(&view);
            Outcome::of(&view, words)
        }
        Laps::Check { organization } => {
            let organization = find::id(door, &organization).await?;
            let view = door.call(CheckAccountsRequest { organization }).await?;
            let words = organizations::in_words(&view);
            Outcome::of(&view, words)
        }
        Laps::Repair { organization, account, sign_in } => {
            let organization = find::organization(door, &organization).await?;
            let broken = organization.accounts.iter().find(|account| account.repairable);
            let account = match (&account, broken) {
                (None, Some(broken)) => broken.id.clone(),
                (named, _) => find::account(&organization, named.as_deref())?.id.clone(),
            };
            repair(door, person, organization.id, account, &sign_in).await
        }
        Laps::Schedule(args) => schedule(door, args).await,
    }
}

/// Changes a schedule, and shows it where it is of one organization.
async fn schedule(door: &mut Door, args: Schedule) -> Result {
    let mut organizations = Vec::with_capacity(args.organizations.len());
    for named in &args.organizations {
        organizations.push(find::id(door, named).await?);
    }
    let flag = |yes: bool, no: bool| (yes || no).then_some(yes);
    let windows = || args.blackout.iter().map(|typed| typed.0).collect();
    let schedule = ScheduleChange {
        interval_hours: args.interval,
        after_view: args.after_view.map(Into::into),
        blackout: flag(!args.blackout.is_empty(), args.no_blackout).map(|_| windows()),
        zone: args.zone,
        password_length: args.length,
        look_alikes: flag(args.look_alikes, args.no_look_alikes),
    };
    let view = door.call(SetScheduleRequest { organizations: organizations.clone(), schedule }).await?;
    if let [organization] = organizations.as_slice() {
        let view = door.call(OrganizationRequest { organization: organization.clone() }).await?;
        let words = organizations::in_words(&view);
        return Outcome::of(&view, words);
    }
    let why = |failure: &ScheduleFailure| {
        let named = organizations.iter().position(|id| *id == failure.organization);
        let named = named.and_then(|place| args.organizations.get(place)).map_or("", String::as_str);
        format!("{}  {} {}", shown(named), shown(&failure.error.what), shown(&failure.error.next))
    };
    let mut lines: Vec<String> = view.failed.iter().map(why).collect();
    lines.push(format!("{} changed, {} unchanged", view.changed, view.failed.len()));
    let exit = if view.failed.is_empty() { Exit::Done } else { Exit::Partly };
    Ok(Outcome::of(&view, lines.join("\n"))?.ending(exit))
}

/// Repairs an account. An admin is asked to sign in only where the connection's rights do not reach.
async fn repair(door: &mut Door, person: &mut Person, organization: String, account: String, how: &SignIn) -> Result {
    let request = || RepairAccountRequest { organization: organization.clone(), account: account.clone() };
    let view = match door.call(request()).await {
        Err(refused) if refused.code() == SIGN_IN_NEEDED => {
            session(door, person, &organization, how).await?;
            door.call(request()).await?
        }
        answered => answered?,
    };
    // A repaired password is set by the connection: that must not end with this process.
    let jobs = rotate::settled(door, &organization).await?;
    let exit = if jobs.iter().all(|job| job.step == JobStep::Done) { Exit::Done } else { Exit::Partly };
    let view = if jobs.is_empty() { view } else { door.call(OrganizationRequest { organization }).await? };
    let words = organizations::in_words(&view);
    Ok(Outcome::of(&view, words)?.ending(exit))
}

/// An admin's session for work on accounts: the one that lives, else a new sign-in.
async fn session(door: &mut Door, person: &mut Person, organization: &str, how: &SignIn) -> Result<LapsPlanView> {
    let plan = door.call(LapsPlanRequest { organization: organization.to_owned() }).await?;
    if !plan.session_alive {
        // Nothing is created by this sign-in itself, so there is no plan to agree to.
        connect::sign_in(door, person, organization, how, SignInPurpose::Accounts, false).await?;
    }
    Ok(plan)
}

pub(super) async fn enable(
    door: &mut Door,
    person: &mut Person,
    organization: String,
    names: Vec<String>,
    interval: Option<u32>,
    mut adopt: Vec<String>,
    how: &SignIn,
) -> Result {
    let plan = session(door, person, &organization, how).await?;
    let interval_hours = interval.unwrap_or(plan.interval_hours);
    let mut signed_in_again = false;
    loop {
        let request = EnableLapsRequest {
            organization: organization.clone(),
            names: names.clone(),
            interval_hours,
            adopt: adopt.clone(),
        };
        let view = door.call(request).await?;
        let asked_for_more = |error: &ErrorView| error.code == "graph.claims-needed";
        if !signed_in_again && view.accounts.iter().filter_map(|account| account.error.as_ref()).any(asked_for_more) {
            signed_in_again = true;
            // In this process, because what the policy asked for is remembered no longer than that.
            session(door, person, &organization, how).await?;
            continue;
        }
        let before = adopt.len();
        for account in view.accounts.iter().filter(|account| account.outcome == LapsOutcome::AskAdopt) {
            let question =
                format!("{}@{} exists already. Take it over and change its password?", account.name, plan.domain);
            if !adopt.contains(&account.name) && person.agrees(&question)? {
                adopt.push(account.name.clone());
            }
        }
        if adopt.len() == before {
            // An account taken over gets its password from the connection: that must not end with this process.
            let adopted = view.accounts.iter().any(|account| account.outcome == LapsOutcome::Adopted);
            let jobs = if adopted { rotate::settled(door, &organization).await? } else { Vec::new() };
            return ended(&view, &jobs);
        }
    }
}

fn ended(view: &LapsEnabledView, jobs: &[JobView]) -> Result {
    let good = |outcome| matches!(outcome, LapsOutcome::Created | LapsOutcome::Adopted | LapsOutcome::AlreadyKept);
    let done = view.accounts.iter().filter(|account| good(account.outcome)).count();
    let first_error = view.accounts.iter().find_map(|account| account.error.clone());
    let exit = match (done, first_error) {
        (done, _) if done == view.accounts.len() => {
            if jobs.iter().all(|job| job.step == JobStep::Done) {
                Exit::Done
            } else {
                Exit::Partly
            }
        }
        (0, Some(error)) => return Err(error.into()),
        _ => Exit::Partly,
    };
    let lines = view.accounts.iter().map(|account| {
        let how = match account.outcome {
            LapsOutcome::Created => "created and verified",
            LapsOutcome::Adopted => "taken over and verified",
            LapsOutcome::AlreadyKept => "kept already",
            LapsOutcome::AskAdopt => "exists already: run it again with --adopt and its name",
            LapsOutcome::Failed => "failed",
        };
        let why = account.error.as_ref().map(|error| format!(": {} {}", shown(&error.what), shown(&error.next)));
        format!("{}  {how}{}", shown(&account.name), why.unwrap_or_default())
    });
    let words = lines.chain([organizations::in_words(&view.organization)]).collect::<Vec<_>>().join("\n");
    Ok(Outcome::of(view, words)?.ending(exit))
}
