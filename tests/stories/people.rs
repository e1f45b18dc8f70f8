//! A team: one person invites, another joins with a data folder of its own, both work on the same accounts, and one leaves.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use vitrine_entra_sim::Sim;
use vitrine_kit::backend::Backend;
use vitrine_kit::wait::{PATIENCE, until};

use crate::backend::{self, moved};
use crate::bad_rotation::{FIRST, connected};
use crate::cloud::{CONTOSO, shown};
use crate::desk::{Desk, PASSPHRASE, Running, exit, text};

/// The owner's desk, with Contoso connected and its home at a backend.
async fn owner() -> Result<(Sim, Desk, Backend)> {
    let (sim, desk) = connected(&["ea-1"]).await?;
    desk.does(["settings", "rotateWhenDue", "false"]).await?;
    let backend = backend::start().await?;
    moved(&desk, &backend).await?;
    Ok((sim, desk, backend))
}

/// The code of an invitation, as the owner sends it.
async fn invited(owner: &Desk, name: &str, role: &str) -> Result<String> {
    text(&owner.does(["invite", name, "--role", role]).await?, "code")
}

async fn joining(desk: &Desk, name: &str, code: &str) -> Result<Running> {
    let arguments = ["join", "--person", name, "--code-fd", "0", "--accept-file-fallback"];
    desk.vitrine(arguments).typed(code).passphrase(PASSPHRASE).start().await
}

/// The words that each side is shown for an invitation, once it was answered.
async fn words(owner: &Desk, running: &mut Running) -> Result<(Value, Value)> {
    let theirs = running.tells("joining").await?["joining"]["words"].clone();
    let ours = until("an answer to the invitation", PATIENCE, async || {
        let list = owner.does(["member", "list"]).await.ok()?;
        Some(list["invitations"][0]["answer"]["words"].clone()).filter(|words| !words.is_null())
    });
    let ours = ours.await?;
    Ok((ours, theirs))
}

/// Brings somebody in, from the invitation to the keys.
async fn brought_in(owner: &Desk, desk: &Desk, name: &str, role: &str) -> Result<()> {
    let code = invited(owner, name, role).await?;
    let mut running = joining(desk, name, &code).await?;
    let (ours, theirs) = words(owner, &mut running).await?;
    ensure!(ours == theirs && ours.as_array().is_some_and(|words| words.len() == 8), "{ours} {theirs}");
    owner.does(["member", "add", name, "--compared"]).await?;
    running.end().await?.ended(exit::DONE)?;
    // The owner's device wraps the keys as soon as it knows that the other one joined.
    owner.does(["sync"]).await?;
    desk.does(["sync"]).await?;
    desk.does(["settings", "rotateWhenDue", "false"]).await?;
    Ok(())
}

/// An owner with a technician at a second desk.
async fn two() -> Result<(Sim, Desk, Desk, Backend)> {
    let (sim, owner, backend) = owner().await?;
    let desk = Desk::at(&sim)?;
    brought_in(&owner, &desk, "Grace Hopper", "technician").await?;
    Ok((sim, owner, desk, backend))
}

async fn standing(desk: &Desk, name: &str) -> Result<String> {
    let list = desk.does(["member", "list"]).await?;
    let members = list["members"].as_array().context("no members")?;
    let member = members.iter().find(|member| member["name"] == name).with_context(|| format!("no {name}: {list}"))?;
    text(member, "standing")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_technician_joins_views_and_sees_what_the_owner_rotates_and_the_other_way_round() -> Result<()> {
    let (sim, owner, grace, _backend) = two().await?;
    ensure!(standing(&owner, "Grace Hopper").await? == "active");
    ensure!(standing(&grace, "Ada Byron").await? == "active", "the name of the owner is not known to the technician");
    let seen = shown(&grace, "Contoso", FIRST, "current").await?;
    ensure!(sim.control().password_accepted(CONTOSO, FIRST, &seen), "what the technician sees opens nothing");

    owner.does(["rotate", "Contoso"]).await?;
    grace.does(["sync"]).await?;
    let fresh = shown(&grace, "Contoso", FIRST, "current").await?;
    ensure!(fresh != seen && sim.control().password_accepted(CONTOSO, FIRST, &fresh), "it is not fresh there");

    grace.does(["rotate", "Contoso"]).await?;
    owner.does(["sync"]).await?;
    let back = shown(&owner, "Contoso", FIRST, "current").await?;
    ensure!(back != fresh && sim.control().password_accepted(CONTOSO, FIRST, &back), "it is not fresh at the owner's");

    // An organization that comes later is read by the team, too.
    owner.does(["org", "add", "Fabrikam"]).await?;
    grace.does(["sync"]).await?;
    let list = grace.does(["org", "list"]).await?;
    ensure!(list["rows"].as_array().is_some_and(|rows| rows.len() == 2), "{list}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_technician_is_refused_what_is_not_a_technicians_and_nothing_is_changed() -> Result<()> {
    let (_sim, owner, grace, _backend) = two().await?;
    let commands: [&[&str]; 5] = [
        &["org", "add", "Fabrikam"],
        &["invite", "Eve", "--role", "technician"],
        &["member", "remove", "Ada Byron", "--reason", "mine now"],
        &["member", "role", "Grace Hopper", "admin"],
        &["home", "bring-back"],
    ];
    for command in commands {
        grace.refuses(command.iter().copied(), exit::USAGE, "ledger.not-allowed").await?;
    }
    ensure!(standing(&owner, "Ada Byron").await? == "active");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_is_removed_reads_nothing_new_and_everything_it_could_read_is_replaced() -> Result<()> {
    let (sim, owner, grace, _backend) = two().await?;
    let known = shown(&grace, "Contoso", FIRST, "current").await?;
    let removal = owner.does(["member", "removal", "Grace Hopper"]).await?;
    ensure!(removal["organizations"] == 1 && removal["accounts"] == 1 && removal["certificates"] == 1, "{removal}");
    owner.does(["member", "remove", "Grace Hopper", "--reason", "left the firm"]).await?;
    ensure!(standing(&owner, "Grace Hopper").await? == "removed");
    let board = owner.does(["incident", "retry"]).await?;
    let incident = &board["incident"];
    ensure!(
        incident["accounts"]["replaced"] == 1 && incident["accounts"]["of"] == 1,
        "not everything was replaced: {board}"
    );
    ensure!(incident["certificates"]["replaced"] == 1, "the connection's certificate was not replaced: {board}");
    ensure!(!sim.control().password_accepted(CONTOSO, FIRST, &known), "what the removed member knows still opens");
    let current = shown(&owner, "Contoso", FIRST, "current").await?;
    ensure!(sim.control().password_accepted(CONTOSO, FIRST, &current), "what is stored opens nothing");

    grace.refuses(["sync"], exit::INTEGRITY, "home.unknown-device").await?;
    let list = owner.does(["member", "list"]).await?;
    ensure!(list["keysLeft"] == 0, "{list}");
    Ok(())
}
