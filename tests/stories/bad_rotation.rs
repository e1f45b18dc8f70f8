//! What may happen to an account between two rotations, and in the middle of one: each is noticed, told with its next
//! step, and put right without losing the way in.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use vitrine_entra_sim::{Effect, Fault, RoleChange, Sim, TenantChange, UserEnabled};

use crate::browser::Will;
use crate::cloud::{self, CONTOSO, shown};
use crate::desk::{Desk, PASSPHRASE, exit};
use crate::kill;

pub(crate) const FIRST: &str = "ea-1@contoso.onmicrosoft.com";
const SECOND: &str = "ea-2@contoso.onmicrosoft.com";
const GLOBAL_ADMINISTRATOR: &str = "62e90394-69f5-4237-9190-012177145e10";
const REVOKE: &str = "POST /users/{user-id}/revokeSignInSessions";

/// A vault with Contoso connected and these accounts.
pub(crate) async fn connected(names: &[&str]) -> Result<(Sim, Desk)> {
    let sim = cloud::start().await?;
    let desk = Desk::at(&sim)?;
    desk.init().await?;
    desk.does(["org", "add", "Contoso"]).await?;
    cloud::connect(&sim, &desk, "Contoso", CONTOSO, names).await?;
    Ok((sim, desk))
}

pub(crate) fn fault(operation: &str, skip: u32, times: Option<u32>, status: u16) -> Fault {
    let effect = Effect::Status { status, code: None, retry_after: None };
    let tenant = Some(CONTOSO.to_owned());
    Fault { tenant, operation: Some(operation.to_owned()), skip, times, probability: None, effect }
}

/// Starts a command that needs an admin's sign-in, and signs in.
pub(crate) async fn with_admin(sim: &Sim, desk: &Desk, arguments: &[&str]) -> Result<crate::desk::Ended> {
    let sign_in = ["--device-code", "--tenant", CONTOSO];
    let order = desk.vitrine(arguments.iter().copied().chain(sign_in)).passphrase(PASSPHRASE);
    let mut running = order.start().await?;
    cloud::answer(sim, &mut running, &cloud::admin(sim, CONTOSO)?, Will::Agree).await?;
    running.end().await
}

fn account<'a>(organization: &'a Value, name: &str) -> Result<&'a Value> {
    let accounts = organization["accounts"].as_array().context("accounts")?;
    accounts.iter().find(|account| account["userName"] == name).with_context(|| format!("no {name}: {organization}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_candidate_that_was_never_sent_does_not_explain_a_change_outside() -> Result<()> {
    let (sim, mut desk) = connected(&["ea-1"]).await?;
    desk.use_program(kill::program().await?);
    let rotate = || desk.vitrine(["rotate", "Contoso"]).passphrase(PASSPHRASE);
    // The candidate is stored; nothing was sent.
    rotate().with("VITRINE_FAILPOINT", "rotate.prepare.after:1").end().await?;
    ensure!(sim.control().set_password_outside(CONTOSO, FIRST, "Somebody-else-9!"), "no such account");
    let rotated: Value = serde_json::from_str(&rotate().end().await?.out)?;
    ensure!(rotated["jobs"][0]["step"] == "changedOutside", "the change was taken for the candidate's: {rotated}");
    ensure!(sim.control().password_accepted(CONTOSO, FIRST, "Somebody-else-9!"), "it was overwritten");
    // Ordered from there, the account gets a value of the vault again.
    desk.does(["laps", "repair", "Contoso"]).await?;
    let password = shown(&desk, "Contoso", FIRST, "current").await?;
    ensure!(sim.control().password_accepted(CONTOSO, FIRST, &password), "the current value opens nothing");
    Ok(())
}

#[tokio::test]
async fn an_account_that_was_never_created_holds_nobody_back_and_can_be_removed() -> Result<()> {
    let (sim, desk) = connected(&["ea-1"]).await?;
    sim.control().add_fault(fault("POST /users", 0, None, 403));
    with_admin(&sim, &desk, &["laps", "enable", "Contoso", "--name", "ea-2"]).await?.ended(exit::REFUSED)?;
    sim.control().clear_faults();
    let organization = desk.does(["org", "show", "Contoso"]).await?;
    let unborn = account(&organization, SECOND)?;
    ensure!(unborn["created"] == false && unborn["problem"]["code"] == "laps.never-created", "{unborn}");
    let rotated = desk.does(["rotate", "Contoso"]).await?;
    ensure!(rotated["done"] == 1 && rotated["failed"] == 0, "{rotated}");
    // It counts as one of two; a third is not begun.
    with_admin(&sim, &desk, &["laps", "enable", "Contoso", "--name", "ea-3"])
        .await?
        .refused(exit::USAGE, "laps.count")?;
    desk.refuses(["laps", "forget", "Contoso", "--account", "ea-1"], exit::USAGE, "laps.forget").await?;
    let organization = desk.does(["laps", "forget", "Contoso", "--account", "ea-2"]).await?;
    ensure!(organization["accounts"].as_array().is_some_and(|accounts| accounts.len() == 1), "{organization}");
    Ok(())
}

#[tokio::test]
async fn an_account_that_is_there_after_all_is_not_forgotten() -> Result<()> {
    let (sim, desk) = connected(&["ea-1"]).await?;
    let lost = Fault { effect: Effect::DropAfter, ..fault("POST /users", 0, None, 500) };
    sim.control().add_fault(lost);
    // The answer is lost, and so is every look after it.
    sim.control().add_fault(fault("GET /users", 2, None, 403));
    with_admin(&sim, &desk, &["laps", "enable", "Contoso", "--name", "ea-2"]).await?;
    sim.control().clear_faults();
    ensure!(sim.control().users(CONTOSO).iter().any(|user| user.user_name == SECOND), "it was not created");
    desk.refuses(["laps", "forget", "Contoso", "--account", "ea-2"], exit::USAGE, "laps.forget").await?;
    let enabled = with_admin(&sim, &desk, &["laps", "enable", "Contoso", "--name", "ea-2"]).await?;
    enabled.ended(exit::DONE)?;
    let password = shown(&desk, "Contoso", SECOND, "current").await?;
    ensure!(sim.control().password_accepted(CONTOSO, SECOND, &password), "the current value opens nothing");
    Ok(())
}

#[tokio::test]
async fn sessions_are_ended_after_a_rotation_and_a_refusal_is_told() -> Result<()> {
    let (sim, desk) = connected(&["ea-1"]).await?;
    let asked = || sim.control().requests(CONTOSO, REVOKE);
    // Nobody has seen the password: nobody can be signed in with it.
    let rotated = desk.does(["rotate", "--all"]).await?;
    ensure!(asked() == 0 && rotated["jobs"][0]["sessions"].is_null(), "{rotated}");
    shown(&desk, "Contoso", FIRST, "current").await?;
    let rotated = desk.does(["rotate", "--all"]).await?;
    ensure!(asked() == 1 && rotated["jobs"][0]["sessions"] == "ended", "{rotated}");
    // Named by a person, they are ended in any case; where the tenant refuses, it is said and the rotation stands.
    sim.control().add_fault(fault(REVOKE, 0, None, 403));
    let rotated = desk.does(["rotate", "Contoso"]).await?;
    ensure!(rotated["jobs"][0]["sessions"] == "notEnded" && rotated["done"] == 1, "{rotated}");
    sim.control().clear_faults();
    let rotated = desk.does(["rotate", "--all"]).await?;
    ensure!(rotated["jobs"][0]["sessions"] == "ended", "it was not tried again: {rotated}");
    Ok(())
}

#[tokio::test]
async fn what_was_changed_outside_is_told_and_repaired() -> Result<()> {
    let (sim, desk) = connected(&["ea-1"]).await?;
    let change = |change: TenantChange| {
        let change = TenantChange { tenant: CONTOSO.to_owned(), ..change };
        sim.control().change_tenant(&change).map_err(anyhow::Error::msg)
    };
    let disabled = Some(UserEnabled { user_name: FIRST.to_owned(), enabled: false });
    change(TenantChange { user_enabled: disabled, ..TenantChange::default() })?;
    let role = RoleChange { principal: FIRST.to_owned(), role: GLOBAL_ADMINISTRATOR.to_owned() };
    change(TenantChange { remove_role: Some(role), ..TenantChange::default() })?;
    let organization = desk.does(["laps", "check", "Contoso"]).await?;
    let seen = account(&organization, FIRST)?;
    ensure!(seen["state"] == "disabled" && seen["problem"]["code"] == "drift.disabled", "{seen}");
    ensure!(organization["state"] == "failed", "{organization}");
    let health = organization["health"].as_array().context("health")?;
    ensure!(health.iter().any(|line| line["check"] == "roleHeld" && line["verdict"] == "bad"), "{health:?}");
    // Without an admin's sign-in nothing is changed; with it the account is as it was.
    with_admin(&sim, &desk, &["laps", "repair", "Contoso"]).await?.ended(exit::DONE)?;
    let user = sim.control().users(CONTOSO).into_iter().find(|user| user.user_name == FIRST).context("gone")?;
    ensure!(user.enabled && user.roles.iter().any(|role| role == "Global Administrator"), "{user:?}");
    let organization = desk.does(["laps", "check", "Contoso"]).await?;
    ensure!(account(&organization, FIRST)?["state"] == "fresh", "{organization}");
    // A rotation reads the account anyway, and tells what it saw.
    change(TenantChange {
        user_enabled: Some(UserEnabled { user_name: FIRST.to_owned(), enabled: false }),
        ..TenantChange::default()
    })?;
    desk.does(["rotate", "Contoso"]).await?;
    let organization = desk.does(["org", "show", "Contoso"]).await?;
    ensure!(account(&organization, FIRST)?["state"] == "disabled", "{organization}");
    Ok(())
}

#[tokio::test]
async fn a_deleted_account_is_told_of_and_comes_back_with_its_role_and_a_password_of_the_vault() -> Result<()> {
    let (sim, desk) = connected(&["ea-1", "ea-2"]).await?;
    let change = |change: TenantChange| {
        let change = TenantChange { tenant: CONTOSO.to_owned(), ..change };
        sim.control().change_tenant(&change).map_err(anyhow::Error::msg)
    };
    let role = RoleChange { principal: FIRST.to_owned(), role: GLOBAL_ADMINISTRATOR.to_owned() };
    let disabled = Some(UserEnabled { user_name: FIRST.to_owned(), enabled: false });
    change(TenantChange { user_enabled: disabled, remove_role: Some(role), ..TenantChange::default() })?;
    change(TenantChange { delete_user: Some(FIRST.to_owned()), ..TenantChange::default() })?;
    let organization = desk.does(["laps", "check", "Contoso"]).await?;
    let seen = account(&organization, FIRST)?;
    ensure!(seen["problem"]["code"] == "drift.account-gone" && organization["state"] == "failed", "{seen}");
    // The other one is looked after all the same.
    desk.does(["rotate", "Contoso", "--account", "ea-2"]).await?;
    with_admin(&sim, &desk, &["laps", "repair", "Contoso"]).await?.ended(exit::DONE)?;
    let users = sim.control().users(CONTOSO);
    let back: Vec<_> = users.iter().filter(|user| user.user_name == FIRST).collect();
    let [back] = back.as_slice() else { anyhow::bail!("not one account: {back:?}") };
    ensure!(!back.deleted && back.enabled, "{back:?}");
    ensure!(back.roles.iter().any(|role| role == "Global Administrator"), "{back:?}");
    let rotated = desk.does(["rotate", "Contoso"]).await?;
    ensure!(rotated["done"] == 2 && rotated["failed"] == 0, "{rotated}");
    let password = shown(&desk, "Contoso", FIRST, "current").await?;
    ensure!(sim.control().password_accepted(CONTOSO, FIRST, &password), "the current value opens nothing");
    let organization = desk.does(["laps", "check", "Contoso"]).await?;
    ensure!(account(&organization, FIRST)?["state"] == "fresh", "{organization}");
    Ok(())
}

#[tokio::test]
async fn a_password_changed_outside_is_noticed_by_a_look_and_repaired_by_the_connection() -> Result<()> {
    let (sim, desk) = connected(&["ea-1"]).await?;
    ensure!(sim.control().set_password_outside(CONTOSO, FIRST, "Somebody-else-9!"), "no such account");
    let organization = desk.does(["laps", "check", "Contoso"]).await?;
    ensure!(account(&organization, FIRST)?["state"] == "changedOutside", "{organization}");
    // Who rotates many has not seen the alarm; who names the account is told of it. Neither sets a password.
    for many in ["--all", "--due"] {
        let rotated = desk.does(["rotate", many]).await?;
        ensure!(rotated["jobs"] == serde_json::json!([]), "{many}: {rotated}");
    }
    let named = desk.vitrine(["rotate", "Contoso"]).passphrase(PASSPHRASE).end().await?;
    named.refused(exit::REFUSED, "rotation.changed-outside")?;
    ensure!(sim.control().password_accepted(CONTOSO, FIRST, "Somebody-else-9!"), "it was overwritten");
    desk.does(["laps", "repair", "Contoso"]).await?;
    let password = shown(&desk, "Contoso", FIRST, "current").await?;
    ensure!(sim.control().password_accepted(CONTOSO, FIRST, &password), "the current value opens nothing");
    ensure!(sim.control().requests(CONTOSO, REVOKE) == 1, "whoever changed it stays signed in");
    Ok(())
}
