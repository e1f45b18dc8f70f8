//! Coming back by the recovery kit and the backend alone: no backup file, and no other device.

use anyhow::{Result, ensure};
use futures_util::future::try_join_all;
use serde_json::Value;
use vitrine_entra_sim::Sim;

use crate::backend;
use crate::bad_rotation::FIRST;
use crate::cloud::{CONTOSO, shown};
use crate::desk::{Desk, Order, PASSPHRASE, exit};
use crate::paper;
use crate::people::{brought_in, owner, two};

const OTHER: &str = "copper violin thunder meadow lattice ounce";

pub(crate) async fn printed(desk: &Desk) -> Result<()> {
    desk.vitrine(["kit", "kit.pdf"]).passphrase(PASSPHRASE).ends(exit::PARTLY).await?;
    // What the kit opens is left at the home with the next look at it.
    desk.does(["sync"]).await?;
    Ok(())
}

/// `restore --home` on another machine, by the kit of the first; passphrases follow.
pub(crate) fn returning(from: &Desk, to: &Desk, address: &str) -> Result<Order> {
    let lines = paper::read(&from.path("kit.pdf"))?;
    let code = |heading| paper::code(&lines, heading).map(|groups| groups.join("-"));
    let arguments = ["restore", "--home", address, "--accept-file-fallback", "--codes-fd", "0", "--passphrase-fd", "0"];
    Ok(to.vitrine(arguments).typed(&code("Account secret")?).typed(&code("Vault code")?))
}

async fn returned(sim: &Sim, from: &Desk, address: &str) -> Result<Desk> {
    let desk = Desk::at(sim)?;
    returning(from, &desk, address)?.typed(PASSPHRASE).ends(exit::DONE).await?;
    desk.does(["settings", "rotateWhenDue", "false"]).await?;
    desk.does(["sync"]).await?;
    Ok(desk)
}

/// How many devices the member has who asks.
fn own_devices(list: &Value) -> usize {
    let members = list["members"].as_array().map(Vec::as_slice).unwrap_or_default();
    let own = members.iter().find(|member| member["you"] == true);
    own.and_then(|own| own["devices"].as_array()).map_or(0, Vec::len)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_technician_whose_machine_is_gone_comes_back_with_the_kit_and_the_home_stays() -> Result<()> {
    let (sim, owner, grace, backend) = two().await?;
    printed(&grace).await?;
    owner.does(["rotate", "Contoso"]).await?;
    let fresh = shown(&owner, "Contoso", FIRST, "current").await?;
    let again = returned(&sim, &grace, &backend.url()).await?;
    ensure!(shown(&again, "Contoso", FIRST, "current").await? == fresh, "it shows another password");
    ensure!(sim.control().password_accepted(CONTOSO, FIRST, &fresh));
    ensure!(own_devices(&again.does(["device", "list"]).await?) == 2, "not two devices");
    ensure!(again.does(["home", "show"]).await?["backend"]["address"] == backend.url(), "the home moved");
    // The owner works on, and what each does reaches the other.
    owner.does(["rotate", "Contoso"]).await?;
    again.does(["sync"]).await?;
    ensure!(shown(&again, "Contoso", FIRST, "current").await? == shown(&owner, "Contoso", FIRST, "current").await?);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_who_came_back_by_the_kit_adds_nothing_until_a_tenant_has_answered() -> Result<()> {
    let (sim, first, backend) = owner().await?;
    printed(&first).await?;
    let mut again = returned(&sim, &first, &backend.url()).await?;
    let graph = sim.urls().graph.clone();
    again.set("VITRINE_CLOUD_GRAPH", "http://127.0.0.1:9");
    again.refuses(["org", "add", "Fabrikam"], exit::PARTLY, "vault.unconfirmed").await?;
    again.set("VITRINE_CLOUD_GRAPH", graph);
    again.does(["org", "add", "Fabrikam"]).await?;
    // It is the owner, in everything.
    let grace = Desk::at(&sim)?;
    brought_in(&again, &grace, "Grace Hopper", "technician").await
}

/// Between looking at the history and writing to it lies what the passphrase takes, so each finds another one before it.
#[tokio::test(flavor = "multi_thread")]
async fn machines_that_come_back_at_the_same_time_all_come_in() -> Result<()> {
    let (sim, first, backend) = owner().await?;
    printed(&first).await?;
    let desks = [Desk::at(&sim)?, Desk::at(&sim)?, Desk::at(&sim)?];
    let coming = desks.iter().map(async |desk| {
        returning(&first, desk, &backend.url())?.typed(PASSPHRASE).ends(exit::DONE).await?;
        anyhow::Ok(())
    });
    try_join_all(coming).await?;
    first.does(["sync"]).await?;
    let list = first.does(["device", "list"]).await?;
    ensure!(own_devices(&list) == 4, "{list}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kit_alone_a_passphrase_of_before_and_a_strange_backend_open_nothing() -> Result<()> {
    let (sim, first, backend) = owner().await?;
    printed(&first).await?;
    let desk = Desk::at(&sim)?;
    let wrong = returning(&first, &desk, &backend.url())?.typed(OTHER);
    wrong.refused(exit::LOCKED, "restore.refused").await?;
    let strange = backend::start().await?;
    let strange = returning(&first, &desk, &strange.url())?.typed(PASSPHRASE);
    strange.refused(exit::REFUSED, "restore.kit-unknown").await?;

    first.vitrine(["passphrase"]).passphrase(PASSPHRASE).typed(OTHER).ends(exit::DONE).await?;
    first.vitrine(["sync"]).passphrase(OTHER).ends(exit::DONE).await?;
    let before = returning(&first, &desk, &backend.url())?.typed(PASSPHRASE);
    before.refused(exit::LOCKED, "restore.refused").await?;
    let status = desk.does(["status"]).await?;
    ensure!(status["phase"] == "noVault", "something was restored: {status}");
    returning(&first, &desk, &backend.url())?.typed(OTHER).ends(exit::DONE).await?;
    desk.vitrine(["org", "list"]).passphrase(OTHER).ends(exit::DONE).await?;
    // One machine came in, and no other try left a device behind.
    let list = first.vitrine(["device", "list"]).passphrase(OTHER).ends(exit::DONE).await?;
    ensure!(own_devices(&list) == 2, "{list}");
    Ok(())
}
