//! What Microsoft, the network and other people may do to a sign-in, an account or a rotation: each gets a clear error
//! with the next step, and at every turn a stored password opens the account.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use vitrine_entra_sim::{Admin, Effect, Fault, NewUser, PermissionChange, RoleChange, Sim, TenantChange, Trait};
use vitrine_kit::opener::Opener;
use vitrine_kit::wait::{PATIENCE, until};

use crate::browser::{self, Will};
use crate::cloud::{self, CONTOSO, FABRIKAM, TAILSPIN, WINGTIP, shown};
use crate::desk::{Desk, PASSPHRASE, exit, text};

const NORTHWIND: &str = "northwind.onmicrosoft.com";
const LITWARE: &str = "litware.onmicrosoft.com";
const EMERGENCY: &str = "emergency@contoso.onmicrosoft.com";
const SET_PASSWORD: &str = "PATCH /users/{user-id}";

/// A vault with the organization Contoso, not connected.
async fn with_contoso(sim: &Sim) -> Result<Desk> {
    let desk = Desk::at(sim)?;
    desk.init().await?;
    desk.does(["org", "add", "Contoso"]).await?;
    Ok(desk)
}

/// The same, connected, with one emergency account.
async fn connected() -> Result<(Sim, Desk)> {
    let sim = cloud::start().await?;
    let desk = with_contoso(&sim).await?;
    cloud::connect(&sim, &desk, "Contoso", CONTOSO, &["emergency"]).await?;
    Ok((sim, desk))
}

fn fault(operation: &str, times: Option<u32>, effect: Effect) -> Fault {
    let tenant = Some(CONTOSO.to_owned());
    Fault { tenant, operation: Some(operation.to_owned()), skip: 0, times, probability: None, effect }
}

/// Connects by device code as `who` and expects a refusal.
async fn refused(sim: &Sim, desk: &Desk, tenant: &str, will: Will, exit: i32, code: &str) -> Result<Value> {
    let mut running = cloud::begin(desk, "Contoso", tenant, &[]).await?;
    cloud::answer(sim, &mut running, &cloud::admin(sim, tenant)?, will).await?;
    running.end().await?.refused(exit, code)
}

/// One stored value is what the sign-in page takes.
async fn one_value_opens(sim: &Sim, desk: &Desk) -> Result<()> {
    cloud::one_value_opens(sim, desk, "Contoso", CONTOSO, EMERGENCY).await
}

#[tokio::test]
async fn the_wrong_tenant_is_noticed_before_anything_is_written() -> Result<()> {
    let sim = cloud::start().await?;
    let desk = with_contoso(&sim).await?;
    for named in [CONTOSO, "nowhere.example", "\u{202e}"] {
        let mut running = cloud::begin(&desk, "Contoso", named, &[]).await?;
        let other = if named == CONTOSO { "northwind.onmicrosoft.com" } else { CONTOSO };
        cloud::answer(&sim, &mut running, &cloud::admin(&sim, other)?, Will::Agree).await?;
        let error = running.end().await?.refused(exit::USAGE, "connect.wrong-tenant")?;
        ensure!(text(&error, "holds")?.contains("Nothing"), "{error}");
        ensure!(sim.control().requests(other, "POST /applications") == 0, "an application was created");
    }
    Ok(())
}

#[tokio::test]
async fn one_tenant_is_not_connected_to_two_organizations() -> Result<()> {
    let (sim, desk) = connected().await?;
    desk.does(["org", "add", "Twin"]).await?;
    let mut running = cloud::begin(&desk, "Twin", CONTOSO, &[]).await?;
    cloud::answer(&sim, &mut running, &cloud::admin(&sim, CONTOSO)?, Will::Agree).await?;
    let error = running.end().await?.refused(exit::REFUSED, "connect.tenant-in-use")?;
    ensure!(text(&error, "message")?.contains("Contoso"), "{error}");
    Ok(())
}

#[tokio::test]
async fn another_tenants_admin_reconnects_nothing() -> Result<()> {
    let (sim, desk) = connected().await?;
    desk.does(["org", "add", "Northwind"]).await?;
    cloud::connect(&sim, &desk, "Northwind", NORTHWIND, &[]).await?;
    let before = (sim.control().applications(CONTOSO), sim.control().applications(NORTHWIND));
    // A connected organization asks its own tenant, whose page knows only its own people: it says so to whoever signs
    // in, and nothing comes back here, whatever tenant was named and whether that one is connected elsewhere or nowhere.
    let laps = ["laps", "enable", "Contoso", "--name", "second", "--device-code", "--tenant", NORTHWIND];
    for (arguments, signed_in) in [
        (["connect", "Contoso", "--yes", "--device-code", "--tenant", NORTHWIND].as_slice(), NORTHWIND),
        (&["connect", "Contoso", "--yes", "--device-code", "--tenant", CONTOSO], NORTHWIND),
        (&["connect", "Northwind", "--yes", "--device-code", "--tenant", CONTOSO], CONTOSO),
        (&["connect", "Contoso", "--yes", "--device-code", "--tenant", LITWARE], LITWARE),
        (&laps, NORTHWIND),
    ] {
        let mut running = desk.vitrine(arguments).passphrase(PASSPHRASE).start().await?;
        let waiting = running.tells("waitingForCode").await?;
        let (page, code) = (text(&waiting, "verificationUri")?, text(&waiting, "userCode")?);
        let admin = cloud::admin(&sim, signed_in)?;
        let told = browser::device(&sim, &page, &code, &admin, Will::Agree).await?;
        let told = told.complaint().with_context(|| format!("{arguments:?}: {}", told.page.text()))?;
        ensure!(told.contains("AADSTS50020"), "{arguments:?}: {told}");
        running.kill().await?;
    }
    ensure!(sim.control().requests(NORTHWIND, "POST /users") == 0, "an account was created elsewhere");
    let after = (sim.control().applications(CONTOSO), sim.control().applications(NORTHWIND));
    ensure!(before == after && sim.control().applications(LITWARE).is_empty(), "a tenant was changed: {after:?}");
    let rotated = desk.does(["rotate", "Contoso"]).await?;
    ensure!(rotated["done"] == 1, "{rotated}");
    one_value_opens(&sim, &desk).await
}

#[tokio::test]
async fn connecting_again_changes_nothing() -> Result<()> {
    let (sim, desk) = connected().await?;
    let created = |sim: &Sim| sim.control().requests(CONTOSO, "POST /applications");
    let (before, password) = (created(&sim), shown(&desk, "Contoso", EMERGENCY, "current").await?);
    cloud::connect(&sim, &desk, "Contoso", CONTOSO, &[]).await?;
    ensure!(created(&sim) == before, "a second application was created");
    ensure!(sim.control().password_accepted(CONTOSO, EMERGENCY, &password), "the password was changed");
    Ok(())
}

#[tokio::test]
async fn a_sign_in_that_the_tenant_or_the_person_refuses_says_why() -> Result<()> {
    let sim = cloud::start().await?;
    let desk = with_contoso(&sim).await?;
    refused(&sim, &desk, FABRIKAM, Will::Agree, exit::REFUSED, "sign-in.blocked-by-policy").await?;
    refused(&sim, &desk, CONTOSO, Will::Decline, exit::REFUSED, "sign-in.declined").await?;
    refused(&sim, &desk, TAILSPIN, Will::Agree, exit::REFUSED, "setup.federated-only").await?;
    Ok(())
}

#[tokio::test]
async fn refused_consent_says_who_can_grant_it() -> Result<()> {
    let sim = cloud::start().await?;
    let mut desk = with_contoso(&sim).await?;
    let mut opener = Opener::make()?;
    desk.set("BROWSER", opener.program());
    for (tenant, code) in [(WINGTIP, "sign-in.consent-missing"), (CONTOSO, "sign-in.declined")] {
        let order = desk.vitrine(["connect", "Contoso", "--browser", "--tenant", tenant, "--yes"]);
        let running = order.passphrase(PASSPHRASE).start().await?;
        let ended = browser::decline(&sim, &opener.next().await?, &cloud::admin(&sim, tenant)?).await?;
        if tenant == WINGTIP {
            ensure!(ended.complaint().is_some_and(|words| words.contains("AADSTS90094")), "{}", ended.page.text());
            ended.page.fill(&[])?.press("Return to the application without granting consent").await?;
        }
        running.end().await?.refused(exit::REFUSED, code)?;
    }
    Ok(())
}

#[tokio::test]
async fn an_expired_code_is_followed_by_a_new_one() -> Result<()> {
    let sim = cloud::start().await?;
    let desk = with_contoso(&sim).await?;
    let mut running = cloud::begin(&desk, "Contoso", CONTOSO, &[]).await?;
    let first = running.tells("waitingForCode").await?;
    sim.control().advance_clock(16 * 60 * 1000);
    let second = running.tells("waitingForCode").await?;
    sim.control().advance_clock(-16 * 60 * 1000);
    ensure!(first["userCode"] != second["userCode"], "the same code again");
    let (page, code) = (text(&second, "verificationUri")?, text(&second, "userCode")?);
    browser::device(&sim, &page, &code, &cloud::admin(&sim, CONTOSO)?, Will::Agree).await?;
    running.end().await?.ended(exit::DONE)?;
    Ok(())
}

#[tokio::test]
async fn a_second_program_waits_its_turn_and_a_killed_sign_in_leaves_nothing() -> Result<()> {
    let sim = cloud::start().await?;
    let desk = with_contoso(&sim).await?;
    let mut running = cloud::begin(&desk, "Contoso", CONTOSO, &[]).await?;
    running.tells("waitingForCode").await?;
    desk.vitrine(["status"]).refused(exit::MACHINE, "store.in-use").await?;
    desk.vitrine(["unlock"]).passphrase(PASSPHRASE).refused(exit::MACHINE, "store.in-use").await?;
    running.kill().await?;
    let organization = desk.does(["org", "show", "Contoso"]).await?;
    ensure!(organization["tenant"].is_null(), "{organization}");
    cloud::connect(&sim, &desk, "Contoso", CONTOSO, &["emergency"]).await?;
    Ok(())
}

/// Interrupted in the middle of a set-up, it says what the tenant holds by then; the next one finds it and goes on.
#[tokio::test]
async fn a_set_up_that_is_stopped_lists_what_is_in_the_tenant_and_is_gone_on_with() -> Result<()> {
    const PRINCIPAL: &str = "POST /servicePrincipals";
    let sim = cloud::start().await?;
    let desk = with_contoso(&sim).await?;
    sim.control().add_fault(fault(PRINCIPAL, None, Effect::HangAfter));
    let mut running = cloud::begin(&desk, "Contoso", CONTOSO, &[]).await?;
    cloud::answer(&sim, &mut running, &cloud::admin(&sim, CONTOSO)?, Will::Agree).await?;
    let asked = async || (sim.control().bitten(CONTOSO, PRINCIPAL) > 0).then_some(());
    until("the service principal is asked for", PATIENCE, asked).await?;
    running.interrupt()?;
    let ended = running.end().await?;
    ended.refused(exit::USAGE, "cli.cancelled")?;
    let stopped = ended.told.iter().find(|news| news["kind"] == "stopped").context("nothing was listed")?;
    let state = |title: &str| {
        let steps = stopped["steps"].as_array().map_or(&[][..], Vec::as_slice);
        let step = steps.iter().find(|step| step["title"].as_str().is_some_and(|words| words.contains(title)));
        step.map_or("missing", |step| step["state"].as_str().unwrap_or_default())
    };
    ensure!(state("App registration") == "created", "{stopped}");
    // Asked for and not answered: nobody can say.
    ensure!(state("Service principal") == "unclear", "{stopped}");
    ensure!(state("Directory role") == "willCreate", "{stopped}");
    let organization = desk.does(["org", "show", "Contoso"]).await?;
    ensure!(organization["nextStep"] == "finishConnect", "{organization}");

    sim.control().clear_faults();
    cloud::connect(&sim, &desk, "Contoso", CONTOSO, &["emergency"]).await?;
    ensure!(sim.control().applications(CONTOSO).len() == 1, "a second registration was created");
    one_value_opens(&sim, &desk).await
}

#[tokio::test]
async fn without_a_network_connecting_and_rotating_wait_and_viewing_works() -> Result<()> {
    let (sim, mut desk) = connected().await?;
    let password = shown(&desk, "Contoso", EMERGENCY, "current").await?;
    // Nobody listens there.
    desk.set("VITRINE_CLOUD_LOGIN", "http://127.0.0.1:9");
    desk.set("VITRINE_CLOUD_GRAPH", "http://127.0.0.1:9");
    desk.does(["org", "add", "Fabrikam"]).await?;
    let order = desk.vitrine(["connect", "Fabrikam", "--device-code", "--tenant", FABRIKAM, "--yes"]);
    order.passphrase(PASSPHRASE).refused(exit::UNREACHABLE, "network.no-connection").await?;
    let order = desk.vitrine(["rotate", "Contoso", "--wait", "20"]).passphrase(PASSPHRASE);
    let rotated: Value = serde_json::from_str(&order.end().await?.out)?;
    ensure!(rotated["done"] == 0, "{rotated}");
    ensure!(shown(&desk, "Contoso", EMERGENCY, "current").await? == password, "another password is shown");
    ensure!(sim.control().password_accepted(CONTOSO, EMERGENCY, &password), "it opens nothing");
    Ok(())
}

#[tokio::test]
async fn an_account_name_is_refused_or_asked_about_before_anything_is_created() -> Result<()> {
    let sim = cloud::start().await?;
    let desk = with_contoso(&sim).await?;
    let person = "taken@contoso.onmicrosoft.com";
    let add_user = Some(NewUser { user_name: person.to_owned(), display_name: "<b>\u{202e}Taken</b>".to_owned() });
    sim.control()
        .change_tenant(&TenantChange { tenant: CONTOSO.to_owned(), add_user, ..TenantChange::default() })
        .map_err(anyhow::Error::msg)?;
    let sat = sim.control().users(CONTOSO).len();
    for name in ["two words", "a@b", "dot.", "\u{202e}", "é", &"x".repeat(65)] {
        let mut running = cloud::begin(&desk, "Contoso", CONTOSO, &[name]).await?;
        cloud::answer(&sim, &mut running, &cloud::admin(&sim, CONTOSO)?, Will::Agree).await?;
        running.end().await?.refused(exit::USAGE, "laps.name")?;
    }
    let mut running = cloud::begin(&desk, "Contoso", CONTOSO, &["taken"]).await?;
    cloud::answer(&sim, &mut running, &cloud::admin(&sim, CONTOSO)?, Will::Agree).await?;
    running.end().await?.refused(exit::REFUSED, "laps.name-taken")?;
    ensure!(sim.control().users(CONTOSO).len() == sat, "an account was created");
    let untouched = sim.control().users(CONTOSO).into_iter().find(|user| user.user_name == person).context("gone")?;
    ensure!(untouched.password_changes == 0 && untouched.roles.is_empty(), "{untouched:?}");

    // The person agrees: it is taken over, and its password becomes one that the vault holds.
    let arguments =
        ["laps", "enable", "Contoso", "--name", "taken", "--adopt", "taken", "--device-code", "--tenant", CONTOSO];
    let mut running = desk.vitrine(arguments).passphrase(PASSPHRASE).start().await?;
    cloud::answer(&sim, &mut running, &cloud::admin(&sim, CONTOSO)?, Will::Agree).await?;
    let enabled = running.end().await?.ended(exit::DONE)?;
    ensure!(enabled["accounts"][0]["outcome"] == "adopted", "{enabled}");
    let rotated = desk.does(["rotate", "Contoso"]).await?;
    ensure!(rotated["failed"] == 0 && rotated["open"] == 0, "{rotated}");
    let password = shown(&desk, "Contoso", person, "current").await?;
    ensure!(sim.control().password_accepted(CONTOSO, person, &password), "the vault's password opens nothing");
    Ok(())
}

#[tokio::test]
async fn a_missing_permission_or_role_is_named_and_the_old_password_kept() -> Result<()> {
    let (sim, desk) = connected().await?;
    let password = shown(&desk, "Contoso", EMERGENCY, "current").await?;
    let denied = Effect::Status { status: 403, code: Some("Authorization_RequestDenied".into()), retry_after: None };
    sim.control().add_fault(fault(SET_PASSWORD, None, denied));
    let order = desk.vitrine(["rotate", "Contoso", "--wait", "20"]).passphrase(PASSPHRASE);
    let rotated = order.end().await?.ended(exit::REFUSED)?;
    ensure!(rotated["jobs"][0]["problem"]["code"] == "graph.permission-or-role-missing", "{rotated}");
    ensure!(sim.control().password_accepted(CONTOSO, EMERGENCY, &password), "the old password is gone");
    one_value_opens(&sim, &desk).await?;
    sim.control().clear_faults();
    let rotated = desk.does(["rotate", "Contoso"]).await?;
    ensure!(rotated["done"] == 1, "{rotated}");
    ensure!(!sim.control().password_accepted(CONTOSO, EMERGENCY, &password), "nothing was rotated");
    one_value_opens(&sim, &desk).await
}

/// The permissions of a connection, by Microsoft's names.
const PERMISSIONS: [&str; 6] = [
    "User-PasswordProfile.ReadWrite.All",
    "User.Read.All",
    "User.RevokeSessions.All",
    "RoleManagement.Read.Directory",
    "Application.Read.All",
    "UserAuthenticationMethod.Read.All",
];
const PRIVILEGED_AUTHENTICATION_ADMINISTRATOR: &str = "7be44c8a-adaf-4e2a-84d6-ab2649e08a13";

#[tokio::test]
async fn each_permission_and_the_role_taken_away_is_named_and_put_back_by_connecting_again() -> Result<()> {
    let (sim, desk) = connected().await?;
    let ours = sim.control().applications(CONTOSO).pop().context("no registration")?;
    let mut held = ours.permissions.clone();
    held.sort();
    let mut known = PERMISSIONS.map(str::to_owned);
    known.sort();
    ensure!(held == known, "the connection holds {held:?}");
    let change = |change: TenantChange| sim.control().change_tenant(&change).map_err(anyhow::Error::msg);
    for permission in PERMISSIONS {
        let taken = PermissionChange { principal: ours.app_id.clone(), permission: permission.to_owned() };
        change(TenantChange { tenant: CONTOSO.to_owned(), remove_permission: Some(taken), ..TenantChange::default() })?;
        without_a_right(&sim, &desk, permission).await.context(permission)?;
    }
    let role = RoleChange { principal: ours.app_id.clone(), role: PRIVILEGED_AUTHENTICATION_ADMINISTRATOR.to_owned() };
    change(TenantChange { tenant: CONTOSO.to_owned(), remove_role: Some(role), ..TenantChange::default() })?;
    without_a_right(&sim, &desk, "Privileged Authentication Administrator").await.context("the role")?;
    let now = sim.control().applications(CONTOSO).pop().context("no registration")?;
    ensure!(now.roles == ours.roles && now.permissions.len() == PERMISSIONS.len(), "{now:?}");
    Ok(())
}

/// What is missing is named by whatever uses it, and connecting again puts it back.
async fn without_a_right(sim: &Sim, desk: &Desk, missing: &str) -> Result<()> {
    let password = shown(desk, "Contoso", EMERGENCY, "current").await?;
    match missing {
        // Read once a day, and when a person asks.
        "RoleManagement.Read.Directory" => {
            let error =
                desk.refuses(["laps", "check", "Contoso"], exit::REFUSED, "graph.permission-or-role-missing").await?;
            names(&error["message"], &error["next"], missing)?;
        }
        // What is not looked at is said, and refuses nothing.
        "Application.Read.All" | "UserAuthenticationMethod.Read.All" => {
            let organization = desk.does(["laps", "check", "Contoso"]).await?;
            let health = organization["health"].as_array().context("no health list")?;
            let unread = health.iter().find(|line| line["words"].as_str().is_some_and(|words| words.contains(missing)));
            ensure!(unread.context("not named")?["verdict"] == "unknown", "{organization}");
        }
        // The password was seen, so sessions are ended after the rotation; that it did not work undoes nothing.
        "User.RevokeSessions.All" => {
            let rotated = desk.does(["rotate", "Contoso"]).await?;
            ensure!(rotated["done"] == 1, "{rotated}");
            let organization = desk.does(["org", "show", "Contoso"]).await?;
            let health = organization["health"].as_array().context("no health list")?;
            let line = health.iter().find(|line| line["check"] == "sessionsEnded").context("nothing about sessions")?;
            ensure!(line["verdict"] == "warning", "{line}");
            ensure!(text(line, "words")?.contains(missing), "{line}");
        }
        _ => {
            let order = desk.vitrine(["rotate", "Contoso", "--wait", "20"]).passphrase(PASSPHRASE);
            let rotated = order.end().await?.ended(exit::REFUSED)?;
            let problem = &rotated["jobs"][0]["problem"];
            ensure!(problem["code"] == "graph.permission-or-role-missing", "{rotated}");
            names(&problem["what"], &problem["next"], missing)?;
            ensure!(sim.control().password_accepted(CONTOSO, EMERGENCY, &password), "the old password is gone");
        }
    }
    cloud::connect(sim, desk, "Contoso", CONTOSO, &[]).await?;
    let rotated = desk.does(["rotate", "Contoso"]).await?;
    ensure!(rotated["done"] == 1, "{rotated}");
    let organization = desk.does(["laps", "check", "Contoso"]).await?;
    ensure!(!organization["health"].to_string().contains(missing), "still said to be missing: {organization}");
    one_value_opens(sim, desk).await
}

fn names(what: &Value, next: &Value, missing: &str) -> Result<()> {
    ensure!(what.as_str().is_some_and(|what| what.contains(missing)), "{missing} is not named: {what}");
    ensure!(next.as_str().is_some_and(|next| next.contains("admin sign-in")), "{next}");
    Ok(())
}

#[tokio::test]
async fn a_delegated_permission_that_is_missing_is_named_before_anything_is_written() -> Result<()> {
    let sim = cloud::start().await?;
    let desk = with_contoso(&sim).await?;
    let withhold = |scope: &str| {
        let withhold = Some(scope.to_owned());
        let change = TenantChange { tenant: CONTOSO.to_owned(), withhold, ..TenantChange::default() };
        sim.control().change_tenant(&change).map_err(anyhow::Error::msg)
    };
    for scope in ["Application.ReadWrite.All", "Policy.Read.All"] {
        withhold(scope)?;
        let error = refused(&sim, &desk, CONTOSO, Will::Agree, exit::REFUSED, "sign-in.consent-missing").await?;
        ensure!(text(&error, "message")?.contains(scope), "{error}");
        // The page of Microsoft where consent is given, for this client id.
        let page = format!("{}/organizations/adminconsent?client_id={}", sim.urls().login, sim.client_id());
        ensure!(text(&error, "next")?.contains(&page), "{error}");
    }
    ensure!(sim.control().applications(CONTOSO).is_empty(), "an application was created");
    withhold("")?;
    cloud::connect(&sim, &desk, "Contoso", CONTOSO, &[]).await?;
    withhold("User.ReadWrite.All")?;
    let enable = ["laps", "enable", "Contoso", "--name", "emergency", "--device-code", "--tenant", CONTOSO];
    let mut running = desk.vitrine(enable).passphrase(PASSPHRASE).start().await?;
    cloud::answer(&sim, &mut running, &cloud::admin(&sim, CONTOSO)?, Will::Agree).await?;
    let error = running.end().await?.refused(exit::REFUSED, "sign-in.consent-missing")?;
    ensure!(text(&error, "message")?.contains("User.ReadWrite.All"), "{error}");
    ensure!(sim.control().requests(CONTOSO, "POST /users") == 0, "an account was asked for");
    Ok(())
}

#[tokio::test]
async fn a_policy_that_asks_the_admin_for_more_is_answered_by_a_second_sign_in() -> Result<()> {
    let sim = cloud::start().await?;
    let desk = with_contoso(&sim).await?;
    let demand = TenantChange {
        tenant: CONTOSO.to_owned(),
        claims_challenge: Some("1604106651".to_owned()),
        add_trait: Some(Trait::ChallengeNeedsPerson),
        ..TenantChange::default()
    };
    sim.control().change_tenant(&demand).map_err(anyhow::Error::msg)?;
    let mut running = cloud::begin(&desk, "Contoso", CONTOSO, &["emergency"]).await?;
    let admin = cloud::admin(&sim, CONTOSO)?;
    cloud::answer(&sim, &mut running, &admin, Will::Agree).await?;
    // The first session is refused at its first request; a second code carries what the policy asks for.
    cloud::answer(&sim, &mut running, &admin, Will::Agree).await?;
    running.end().await?.ended(exit::DONE)?;
    one_value_opens(&sim, &desk).await
}

#[tokio::test]
async fn an_admin_without_the_roles_is_refused_before_anything_is_written() -> Result<()> {
    let sim = cloud::start().await?;
    let desk = with_contoso(&sim).await?;
    for person in ["person@contoso.onmicrosoft.com", "apps@contoso.onmicrosoft.com"] {
        ensure!(sim.control().set_password_outside(CONTOSO, person, "Known-to-the-test-7!"), "no {person}");
        let who =
            Admin { user_name: person.to_owned(), password: "Known-to-the-test-7!".to_owned(), totp_secret: None };
        let mut running = cloud::begin(&desk, "Contoso", CONTOSO, &[]).await?;
        cloud::answer(&sim, &mut running, &who, Will::Agree).await?;
        let ended = running.end().await?;
        let document: Value = serde_json::from_str(&ended.out)?;
        let code = document["error"]["code"].as_str().unwrap_or_default();
        // Microsoft's own consent page stops those who may not consent; who gets past it is stopped here.
        ensure!(ended.status.code() == Some(exit::REFUSED), "{person}: {document}");
        ensure!(["setup.role-missing", "sign-in.consent-missing"].contains(&code), "{person}: {document}");
        ensure!(sim.control().requests(CONTOSO, "POST /applications") == 0, "an application was created");
    }
    Ok(())
}

#[tokio::test]
async fn a_password_changed_outside_is_said_and_nothing_is_sent() -> Result<()> {
    let (sim, desk) = connected().await?;
    let stored = shown(&desk, "Contoso", EMERGENCY, "current").await?;
    ensure!(sim.control().set_password_outside(CONTOSO, EMERGENCY, "Somebody-else-9!"), "no such account");
    let rotated = desk.vitrine(["rotate", "Contoso"]).passphrase(PASSPHRASE).end().await?;
    ensure!(rotated.status.code() != Some(exit::DONE), "{}", rotated.out);
    let rotated: Value = serde_json::from_str(&rotated.out)?;
    ensure!(rotated["jobs"][0]["step"] == "changedOutside", "{rotated}");
    ensure!(rotated["jobs"][0]["problem"]["next"].as_str().is_some_and(|next| !next.is_empty()), "{rotated}");
    ensure!(sim.control().password_accepted(CONTOSO, EMERGENCY, "Somebody-else-9!"), "it was overwritten");
    ensure!(shown(&desk, "Contoso", EMERGENCY, "current").await? == stored, "the stored one is gone");
    Ok(())
}

#[tokio::test]
async fn a_refused_password_leaves_the_old_one() -> Result<()> {
    let (sim, desk) = connected().await?;
    let password = shown(&desk, "Contoso", EMERGENCY, "current").await?;
    let refusal = Effect::Status { status: 400, code: Some("Request_BadRequest".into()), retry_after: None };
    sim.control().add_fault(fault(SET_PASSWORD, None, refusal));
    let order = desk.vitrine(["rotate", "Contoso", "--wait", "5"]).passphrase(PASSPHRASE);
    let rotated: Value = serde_json::from_str(&order.end().await?.out)?;
    ensure!(rotated["done"] == 0, "{rotated}");
    ensure!(sim.control().password_accepted(CONTOSO, EMERGENCY, &password), "the old password is gone");
    one_value_opens(&sim, &desk).await?;
    sim.control().clear_faults();
    desk.does(["rotate", "Contoso"]).await?;
    one_value_opens(&sim, &desk).await
}

#[tokio::test]
async fn a_lost_answer_settles_with_the_same_candidate() -> Result<()> {
    let (sim, desk) = connected().await?;
    let password = shown(&desk, "Contoso", EMERGENCY, "current").await?;
    sim.control().add_fault(fault(SET_PASSWORD, Some(1), Effect::DropAfter));
    let rotated = desk.does(["rotate", "Contoso"]).await?;
    ensure!(rotated["done"] == 1, "{rotated}");
    let now = shown(&desk, "Contoso", EMERGENCY, "current").await?;
    ensure!(now != password && sim.control().password_accepted(CONTOSO, EMERGENCY, &now), "it did not settle");
    Ok(())
}

#[tokio::test]
async fn a_cloud_that_is_down_harms_nothing_and_is_tried_again() -> Result<()> {
    let (sim, desk) = connected().await?;
    let down = Effect::Status { status: 503, code: None, retry_after: None };
    sim.control().add_fault(fault(SET_PASSWORD, None, down));
    let order = desk.vitrine(["rotate", "Contoso", "--wait", "20"]).passphrase(PASSPHRASE);
    let rotated: Value = serde_json::from_str(&order.end().await?.out)?;
    ensure!(rotated["done"] == 0, "{rotated}");
    one_value_opens(&sim, &desk).await?;
    sim.control().clear_faults();
    let rotated = desk.does(["rotate", "Contoso"]).await?;
    ensure!(rotated["done"] == 1, "{rotated}");
    let now = shown(&desk, "Contoso", EMERGENCY, "current").await?;
    ensure!(sim.control().password_accepted(CONTOSO, EMERGENCY, &now), "it did not settle");
    Ok(())
}

/// A machine whose clock is off by a year, to either side, as somebody sets it in the middle of things.
#[tokio::test]
async fn a_clock_wrong_by_a_year_shows_passwords_and_loses_none() -> Result<()> {
    const YEAR_MS: i64 = 365 * 24 * 3600 * 1000;
    for (cloud_moves, word) in [(YEAR_MS, "365 days behind"), (-YEAR_MS, "365 days ahead")] {
        let (sim, desk) = connected().await?;
        desk.does(["org", "add", "Northwind"]).await?;
        let password = shown(&desk, "Contoso", EMERGENCY, "current").await?;
        sim.control().advance_clock(cloud_moves);
        let sent = sim.control().requests(CONTOSO, SET_PASSWORD);
        let ended = desk.vitrine(["rotate", "Contoso", "--wait", "20"]).passphrase(PASSPHRASE).end().await?;
        let rotated: Value = serde_json::from_str(&ended.out)?;
        let job = &rotated["jobs"][0];
        let problem = &job["problem"];
        ensure!(problem["code"] == "sign-in.clock-wrong", "{rotated}");
        // The clock passes: it is tried again, and nobody is asked to repair a connection that is sound.
        ensure!(job["step"] == "failed" && job["nextTryAt"].is_u64(), "{rotated}");
        // A year's worth of days, and on which side.
        ensure!(problem["what"].as_str().is_some_and(|what| what.contains(word)), "{problem}");
        ensure!(problem["next"].as_str().is_some_and(|next| next.contains("date, time")), "{problem}");
        ensure!(sim.control().requests(CONTOSO, SET_PASSWORD) == sent, "a password was sent");
        ensure!(shown(&desk, "Contoso", EMERGENCY, "current").await? == password, "another password is shown");
        one_value_opens(&sim, &desk).await?;
        // Looking says it of this machine, and writes nothing of it into what all devices share.
        desk.refuses(["laps", "check", "Contoso"], exit::REFUSED, "sign-in.clock-wrong").await?;
        let inbox = desk.does(["attention"]).await?["problems"].take();
        ensure!(inbox.as_array().is_some_and(|all| all.iter().all(|one| one["kind"] != "connection")), "{inbox}");
        // Connecting says the same, and can be done again once the clock is right.
        let mut running = cloud::begin(&desk, "Northwind", NORTHWIND, &[]).await?;
        cloud::answer(&sim, &mut running, &cloud::admin(&sim, NORTHWIND)?, Will::Agree).await?;
        running.end().await?.refused(exit::REFUSED, "sign-in.clock-wrong")?;
        sim.control().advance_clock(-cloud_moves);
        let rotated = desk.does(["rotate", "Contoso"]).await?;
        ensure!(rotated["done"] == 1, "{rotated}");
        one_value_opens(&sim, &desk).await?;
        cloud::connect(&sim, &desk, "Northwind", NORTHWIND, &["emergency"]).await?;
    }
    Ok(())
}
