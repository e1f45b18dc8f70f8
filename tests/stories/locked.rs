//! Locked in the middle: the vault is locked while accounts come to be or go. The command ends, nothing goes on without
//! keys, and the same command again brings everything to its end.

use anyhow::{Context, Result, ensure};
use vitrine_entra_sim::{Effect, Fault, Sim};
use vitrine_kit::wait::{PATIENCE, until};

use crate::browser::Will;
use crate::cloud::{self, CONTOSO, shown};
use crate::desk::{Desk, Order, PASSPHRASE, Running, exit};

const NAMES: [&str; 2] = ["ea-1", "ea-2"];
const CREATE: &str = "POST /users";
const DELETE: &str = "DELETE /users/{user-id}";
const ASSIGN: &str = "POST /roleManagement/directory/roleAssignments";

/// A vault held open by an agent, with Contoso connected and these accounts.
async fn unlocked(names: &[&str]) -> Result<(Sim, Desk)> {
    let sim = cloud::start().await?;
    let desk = Desk::at(&sim)?;
    desk.init().await?;
    desk.does(["org", "add", "Contoso"]).await?;
    cloud::connect(&sim, &desk, "Contoso", CONTOSO, names).await?;
    unlock(&desk).await?;
    Ok((sim, desk))
}

async fn unlock(desk: &Desk) -> Result<()> {
    desk.vitrine(["unlock"]).passphrase(PASSPHRASE).ends(exit::DONE).await?;
    Ok(())
}

fn enable(desk: &Desk) -> Order {
    desk.vitrine(["laps", "enable", "Contoso", "--name", NAMES[0], "--name", NAMES[1]]).arguments([
        "--device-code",
        "--tenant",
        CONTOSO,
    ])
}

fn disable(desk: &Desk) -> Order {
    desk.vitrine(["laps", "disable", "Contoso", "--accounts", "delete", "--device-code", "--tenant", CONTOSO])
}

/// Starts a command that needs an admin's sign-in, and signs in.
async fn signed_in(sim: &Sim, order: Order) -> Result<Running> {
    let mut running = order.start().await?;
    cloud::answer(sim, &mut running, &cloud::admin(sim, CONTOSO)?, Will::Agree).await?;
    Ok(running)
}

/// The emergency accounts that the tenant has.
fn in_tenant(sim: &Sim) -> Vec<String> {
    let users = sim.control().users(CONTOSO).into_iter().filter(|user| user.user_name.starts_with("ea-"));
    let mut names: Vec<_> = users.filter(|user| !user.deleted).map(|user| user.user_name).collect();
    names.sort();
    names
}

/// Every account of the tenant is opened by a value that the vault shows.
async fn all_open(sim: &Sim, desk: &Desk) -> Result<()> {
    for account in in_tenant(sim) {
        cloud::one_value_opens(sim, desk, "Contoso", CONTOSO, &account).await?;
    }
    Ok(())
}

/// Runs it up to the request, which the cloud holds back, and locks; afterwards no further request may come.
async fn locked_at(sim: &Sim, desk: &Desk, order: Order, operation: &str, applied: bool) -> Result<()> {
    let bitten = sim.control().bitten(CONTOSO, operation);
    sim.control().add_fault(Fault {
        tenant: Some(CONTOSO.to_owned()),
        operation: Some(operation.to_owned()),
        skip: 0,
        times: Some(1),
        probability: None,
        effect: if applied { Effect::HangAfter } else { Effect::Hang },
    });
    let running = signed_in(sim, order).await?;
    until("the request", PATIENCE, async || (sim.control().bitten(CONTOSO, operation) > bitten).then_some(())).await?;
    let asked = sim.control().all_requests();
    desk.vitrine(["lock"]).ends(exit::DONE).await?;
    let ended = running.end().await?;
    ensure!(ended.status.code() != Some(exit::DONE), "it says it is done: {}", ended.out);
    ensure!(sim.control().all_requests() == asked, "it went on without keys");
    all_open(sim, desk).await
}

#[tokio::test(flavor = "multi_thread")]
async fn locked_while_accounts_come_to_be_they_are_finished_by_the_same_command() -> Result<()> {
    for (operation, applied) in [(CREATE, false), (CREATE, true), (ASSIGN, true)] {
        let (sim, desk) = unlocked(&[]).await?;
        locked_at(&sim, &desk, enable(&desk), operation, applied).await.with_context(|| operation.to_owned())?;
        unlock(&desk).await?;
        signed_in(&sim, enable(&desk)).await?.end().await?.ended(exit::DONE)?;
        desk.vitrine(["lock"]).ends(exit::DONE).await?;
        let names = in_tenant(&sim);
        ensure!(names == NAMES.map(|name| format!("{name}@{CONTOSO}")), "{operation} {applied}: {names:?}");
        for account in &names {
            let password = shown(&desk, "Contoso", account, "current").await?;
            ensure!(sim.control().password_accepted(CONTOSO, account, &password), "{account} is not opened");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn locked_while_accounts_go_they_are_gone_after_the_same_command() -> Result<()> {
    for applied in [false, true] {
        let (sim, desk) = unlocked(&NAMES).await?;
        locked_at(&sim, &desk, disable(&desk), DELETE, applied).await?;
        ensure!(in_tenant(&sim).len() == if applied { 1 } else { 2 }, "{:?}", in_tenant(&sim));
        unlock(&desk).await?;
        signed_in(&sim, disable(&desk)).await?.end().await?.ended(exit::DONE)?;
        let organization = desk.vitrine(["org", "show", "Contoso"]).ends(exit::DONE).await?;
        ensure!(in_tenant(&sim).is_empty() && organization["laps"].is_null(), "{organization}");
        desk.vitrine(["lock"]).ends(exit::DONE).await?;
    }
    Ok(())
}
