//! Killed while accounts come and go: made, taken over from a person, turned off.

use std::sync::atomic::AtomicUsize;

use anyhow::{Context, Result, ensure};
use vitrine_entra_sim::{NewUser, Sim, TenantChange};

use super::instants::{Errand, Instant, Scout, lanes, meet};
use super::{Customer, desk, opens};
use crate::cloud;
use crate::desk::{Desk, PASSPHRASE, exit};

const TWO: [&str; 2] = ["emergency-1", "emergency-2"];
/// More tenants than there are instants in a journey.
const FLEET: usize = 400;

/// So many desks with a vault and nothing in it.
async fn desks(sim: &Sim, count: usize) -> Result<Vec<Desk>> {
    let mut desks = Vec::new();
    for _ in 0..lanes(count) {
        let desk = desk(sim).await?;
        desk.init().await?;
        desks.push(desk);
    }
    Ok(desks)
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_two_accounts_are_made() -> Result<()> {
    let (sim, used) = (cloud::with_fleet(FLEET).await?, AtomicUsize::new(0));
    let mut desks = desks(&sim, 6).await?;
    let first = desks.first().context("no desk")?;
    let customer = Customer::next(&used, &TWO);
    first.does(["org", "add", &customer.organization]).await?;
    let scout = Scout::begin(&sim, first, &[&customer.tenant]);
    customer.connecting(&sim, first)?.along(&scout).run(&sim).await?.ended(exit::DONE)?;
    let instants = scout.end()?;
    let killed = async |desk: &mut Desk, instant: &Instant| {
        let customer = Customer::next(&used, &TWO);
        desk.does(["org", "add", &customer.organization]).await?;
        if !customer.connecting(&sim, desk)?.killed_at(&sim, &[&customer.tenant], instant).await? {
            return Ok(false);
        }
        customer.is_open(&sim, desk).await?;
        // The same command goes on where the other stopped.
        customer.connecting(&sim, desk)?.run(&sim).await?.ended(exit::DONE)?;
        customer.is_settled(&sim, desk).await?;
        Ok(true)
    };
    meet("connect and enable", &mut desks, instants, 6, killed).await
}

/// The person's own password, until it is replaced.
const THEIRS: &str = "Known to a person 4711!";

/// A connected tenant where a person has made the account by hand.
async fn with_an_account(sim: &Sim, desk: &Desk, used: &AtomicUsize) -> Result<Customer> {
    let mut customer = Customer::next(used, &[]);
    customer.connect(sim, desk).await?;
    let account = format!("emergency@{}", customer.tenant);
    let change = TenantChange {
        tenant: customer.tenant.clone(),
        add_user: Some(NewUser { user_name: account.clone(), display_name: "Break glass".to_owned() }),
        ..TenantChange::default()
    };
    sim.control().change_tenant(&change).map_err(anyhow::Error::msg)?;
    ensure!(sim.control().set_password_outside(&customer.tenant, &account, THEIRS), "no such account");
    customer.accounts.push(account);
    Ok(customer)
}

fn adopting(sim: &Sim, desk: &Desk, customer: &Customer) -> Result<Errand> {
    let arguments = ["laps", "enable", &customer.organization, "--device-code", "--tenant", &customer.tenant];
    let order = desk.vitrine(arguments).arguments(["--name", "emergency", "--adopt", "emergency"]);
    Ok(Errand::answered(order.passphrase(PASSPHRASE), cloud::admin(sim, &customer.tenant)?))
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_an_account_is_taken_over() -> Result<()> {
    let (sim, used) = (cloud::with_fleet(FLEET).await?, AtomicUsize::new(0));
    let mut desks = desks(&sim, 6).await?;
    let first = desks.first().context("no desk")?;
    let customer = with_an_account(&sim, first, &used).await?;
    let scout = Scout::begin(&sim, first, &[&customer.tenant]);
    adopting(&sim, first, &customer)?.along(&scout).run(&sim).await?.ended(exit::DONE)?;
    let instants = scout.end()?;
    let killed = async |desk: &mut Desk, instant: &Instant| {
        let customer = with_an_account(&sim, desk, &used).await?;
        if !adopting(&sim, desk, &customer)?.killed_at(&sim, &[&customer.tenant], instant).await? {
            return Ok(false);
        }
        let account = customer.accounts.first().context("no account")?;
        if !sim.control().password_accepted(&customer.tenant, account, THEIRS) {
            opens(&sim, desk, &customer, account, &["pending", "current"]).await?;
        }
        adopting(&sim, desk, &customer)?.run(&sim).await?.ended(exit::DONE)?;
        customer.is_settled(&sim, desk).await?;
        Ok(true)
    };
    meet("take an account over", &mut desks, instants, 3, killed).await
}

fn turning_off(sim: &Sim, desk: &Desk, customer: &Customer, fate: &str) -> Result<Errand> {
    let arguments = ["laps", "disable", &customer.organization, "--accounts", fate, "--device-code"];
    let order = desk.vitrine(arguments).arguments(["--tenant", &customer.tenant]).passphrase(PASSPHRASE);
    Ok(Errand::answered(order, cloud::admin(sim, &customer.tenant)?))
}

/// Turned off: the accounts that the tenant still has are opened until the last, and in the end none is left.
async fn killed_while_turned_off(fate: &str, share: usize) -> Result<()> {
    let (sim, used) = (cloud::with_fleet(FLEET).await?, AtomicUsize::new(0));
    let mut desks = desks(&sim, 6).await?;
    let first = desks.first().context("no desk")?;
    let customer = Customer::next(&used, &TWO);
    customer.connect(&sim, first).await?;
    let scout = Scout::begin(&sim, first, &[&customer.tenant]);
    turning_off(&sim, first, &customer, fate)?.along(&scout).run(&sim).await?.ended(exit::DONE)?;
    let instants = scout.end()?;
    let killed = async |desk: &mut Desk, instant: &Instant| {
        let customer = Customer::next(&used, &TWO);
        customer.connect(&sim, desk).await?;
        if !turning_off(&sim, desk, &customer, fate)?.killed_at(&sim, &[&customer.tenant], instant).await? {
            return Ok(false);
        }
        customer.is_open(&sim, desk).await?;
        turning_off(&sim, desk, &customer, fate)?.run(&sim).await?.ended(exit::DONE)?;
        let left = customer.in_tenant(&sim);
        ensure!(left.is_empty(), "still in the tenant: {left:?}");
        let organization = desk.does(["org", "show", &customer.organization]).await?;
        ensure!(organization["laps"].is_null(), "LAPS is on: {organization}");
        Ok(true)
    };
    meet(&format!("turn LAPS off, accounts: {fate}"), &mut desks, instants, share, killed).await
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_accounts_are_deleted() -> Result<()> {
    killed_while_turned_off("delete", 2).await
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_accounts_are_disabled() -> Result<()> {
    killed_while_turned_off("disable", 2).await
}
