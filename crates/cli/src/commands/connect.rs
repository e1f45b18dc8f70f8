//! Connecting a tenant: sign-in, "Is this Contoso?", the plan, the set-up. Also the sign-in that work on accounts needs.

use serde_json::to_value;
use vitrine_app::{
    Error,
    api::{
        ApplyPlanRequest, CancelConnectRequest, ConfirmTenantRequest, ConnectPhase, ConnectRequest,
        ConnectStatusRequest, ConnectStep, ConnectView, FoundTenant, OpenSignInRequest, SignInPurpose, SignInRoute,
        StepState,
    },
};

use super::{POLL, Result, find, laps};
use crate::{
    args::{Connect, SignIn},
    door::Door,
    output::{Outcome, usage},
    person::Person,
    text::shown,
};

pub(super) async fn run(door: &mut Door, person: &mut Person, connect: Connect) -> Result {
    let organization = find::id(door, &connect.organization).await?;
    let view = sign_in(door, person, &organization, &connect.sign_in, SignInPurpose::Connect, connect.yes).await?;
    if !connect.laps.is_empty() {
        // In the same process and sitting, because the admin's session ends with either.
        return laps::enable(door, person, organization, connect.laps, connect.interval, Vec::new(), &connect.sign_in)
            .await;
    }
    let name = match &view.phase {
        ConnectPhase::Connected { tenant, .. } => tenant.name.clone(),
        _ => view.organization_name.clone(),
    };
    Outcome::of(&view, format!("{} is connected. Next: vitrine laps enable.", shown(&name)))
}

/// Takes a sign-in to its end: connected, or signed in for work on accounts. Ctrl-C ends it and drops the session.
pub(super) async fn sign_in(
    door: &mut Door,
    person: &mut Person,
    organization: &str,
    how: &SignIn,
    purpose: SignInPurpose,
    yes: bool,
) -> Result<ConnectView> {
    if how.tenant.is_none() && !person.answers() {
        return Err(usage(
            "cli.tenant-unconfirmed",
            "Nobody is there to say whether the tenant is the right one.",
            "Name it: --tenant contoso.com",
        ));
    }
    if purpose == SignInPurpose::Connect && !yes && !person.answers() {
        return Err(usage("cli.plan-unconfirmed", "Nobody is there to agree to the plan.", "Agree in advance: --yes"));
    }
    let request = ConnectRequest { organization: organization.to_owned(), route: how.route(), purpose };
    let first = door.call(request).await?;
    let outcome = tokio::select! {
        outcome = follow(door, person, first, how, yes) => outcome,
        _ = tokio::signal::ctrl_c() => Err(usage("cli.cancelled", "The sign-in was cancelled.", "Run it again when ready.")),
    };
    if outcome.is_err() {
        // The session must not outlive the command. What is in the tenant already is said, and found again.
        let cancel = CancelConnectRequest { organization: organization.to_owned() };
        if let Ok(ConnectView { phase: phase @ ConnectPhase::Stopped { .. }, .. }) = door.call(cancel).await {
            person.progress(&phase, &in_words(&phase));
        }
    }
    outcome
}

async fn follow(
    door: &mut Door,
    person: &mut Person,
    mut view: ConnectView,
    how: &SignIn,
    yes: bool,
) -> Result<ConnectView> {
    let organization = view.organization.clone();
    let mut told = None;
    loop {
        let document = to_value(&view.phase).unwrap_or_default();
        let news = told.as_ref() != Some(&document);
        if news {
            let again =
                if view.stronger_sign_in { "A policy of the tenant asks for a stronger sign-in.\n" } else { "" };
            person.progress(&document, &format!("{again}{}", in_words(&view.phase)));
            told = Some(document);
        }
        view = match &view.phase {
            ConnectPhase::Connected { .. } | ConnectPhase::SignedIn { .. } => return Ok(view),
            ConnectPhase::Failed { error, .. } => return Err(error.clone().into()),
            ConnectPhase::Idle | ConnectPhase::Stopped { .. } => {
                return Err(usage("connect.ended", "The sign-in was ended elsewhere.", "Run it again when ready."));
            }
            ConnectPhase::ConfirmTenant { tenant, .. } => {
                confirm(person, how.tenant.as_deref(), tenant)?;
                let request = ConfirmTenantRequest { organization: organization.clone(), tenant_id: tenant.id.clone() };
                door.call(request).await?
            }
            ConnectPhase::Plan { .. } => {
                if !yes && !person.agrees("Create what is listed?")? {
                    return Err(usage("cli.cancelled", "Nothing was created.", "Run it again when ready."));
                }
                door.call(ApplyPlanRequest { organization: organization.clone() }).await?
            }
            ConnectPhase::WaitingForBrowser { .. } if news && how.route() == SignInRoute::Browser => {
                if let Err(error) = door.call(OpenSignInRequest { organization: organization.clone() }).await {
                    // The address is on the screen already; it can be opened by hand.
                    person.progress(&*error, &error.what);
                }
                door.call(ConnectStatusRequest { organization: organization.clone() }).await?
            }
            ConnectPhase::Starting
            | ConnectPhase::WaitingForBrowser { .. }
            | ConnectPhase::WaitingForCode { .. }
            | ConnectPhase::Working { .. } => {
                tokio::time::sleep(POLL).await;
                door.call(ConnectStatusRequest { organization: organization.clone() }).await?
            }
        };
    }
}

/// "Is this Contoso?", answered by a person or in advance.
fn confirm(person: &Person, expected: Option<&str>, tenant: &FoundTenant) -> Result<()> {
    let right = match expected {
        Some(expected) => [&tenant.id, &tenant.domain, &tenant.initial_domain]
            .into_iter()
            .any(|name| name.eq_ignore_ascii_case(expected)),
        None => person.agrees(&format!("Is this {} ({})?", tenant.name, tenant.domain))?,
    };
    if right {
        return Ok(());
    }
    Err(Error::usage(
        "connect.wrong-tenant",
        format!("The sign-in was to {} ({}).", shown(&tenant.name), shown(&tenant.domain)),
        "Sign in as an admin of the right tenant.",
    )
    .holds("Nothing was created or changed.")
    .into())
}

fn in_words(phase: &ConnectPhase) -> String {
    match phase {
        ConnectPhase::Idle | ConnectPhase::Starting => "Asking Microsoft...".into(),
        ConnectPhase::WaitingForBrowser { url } => format!("Sign in with the browser. If none opens:\n{url}"),
        ConnectPhase::WaitingForCode { user_code, verification_uri, .. } => {
            format!("Open {verification_uri} and type the code\n    {user_code}")
        }
        ConnectPhase::ConfirmTenant { tenant, signed_in_as } => {
            let [who, name, domain] = [signed_in_as, &tenant.name, &tenant.domain].map(|text| shown(text));
            format!("Signed in as {who} to {name} ({domain}, {}).", shown(&tenant.id))
        }
        ConnectPhase::Plan { steps, notices, .. } => {
            let notices = notices.iter().map(|notice| format!("Note: {}", shown(notice)));
            let heading = ["What will be done in the tenant:".to_owned(), listed(steps)];
            notices.chain(heading).collect::<Vec<_>>().join("\n")
        }
        ConnectPhase::Working { steps, .. } => steps
            .iter()
            .rfind(|step| step.state == StepState::Running)
            .map(|step| format!("{}...", step.title))
            .unwrap_or_default(),
        ConnectPhase::Connected { steps, .. } => listed(steps),
        ConnectPhase::Failed { steps, .. } if steps.is_empty() => String::new(),
        ConnectPhase::Failed { steps, .. } => {
            format!("What was created stays in the tenant and is found again next time:\n{}", listed(steps))
        }
        ConnectPhase::Stopped { tenant, steps } => format!(
            "Stopped. What exists or was created stays in {} and is found again next time:\n{}\n\
             To undo it, delete the app registration in the Entra admin center; the rest goes with it.",
            shown(&tenant.name),
            listed(steps)
        ),
        ConnectPhase::SignedIn { signed_in_as, .. } => format!("Signed in as {}.", shown(signed_in_as)),
    }
}

fn listed(steps: &[ConnectStep]) -> String {
    let line = |step: &ConnectStep| {
        let state = match step.state {
            StepState::Exists => "exists",
            StepState::WillCreate => "new",
            StepState::Running => "...",
            StepState::Created => "created",
            StepState::Failed => "FAILED",
            StepState::Unclear => "unclear",
        };
        let permission = step.permission.as_ref().map(|name| format!(" [{name}]")).unwrap_or_default();
        format!("  {state:8} {}{permission}: {}", shown(&step.title), shown(&step.why))
    };
    steps.iter().map(line).collect::<Vec<_>>().join("\n")
}
