//! A team: one person invites, another joins with a data folder of its own, both work on the same accounts, and one leaves.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use vitrine_entra_sim::Sim;
use vitrine_kit::backend::Backend;
use vitrine_kit::wait::{PATIENCE, until};

use crate::backend::{self, moved};
use crate::bad_rotation::{FIRST, connected};
use crate::cloud::{self, CONTOSO, shown};
use crate::desk::{Desk, Order, PASSPHRASE, Running, exit, text};
use crate::kill;

const DAY_MS: i64 = 24 * 3_600_000;

/// The owner's desk, with Contoso connected and its home at a backend.
pub(crate) async fn owner() -> Result<(Sim, Desk, Backend)> {
    let (sim, desk) = connected(&["ea-1"]).await?;
    desk.does(["settings", "rotateWhenDue", "false"]).await?;
    let backend = backend::start().await?;
    moved(&desk, &backend).await?;
    Ok((sim, desk, backend))
}

/// The code of an invitation, as the owner sends it.
pub(crate) async fn invited(owner: &Desk, name: &str, role: &str) -> Result<String> {
    text(&owner.does(["invite", name, "--role", role]).await?, "code")
}

/// `join` by an invitation.
pub(crate) fn join(desk: &Desk, name: &str, code: &str) -> Order {
    let arguments = ["join", "--person", name, "--code-fd", "0", "--accept-file-fallback"];
    desk.vitrine(arguments).typed(code).passphrase(PASSPHRASE)
}

async fn joining(desk: &Desk, name: &str, code: &str) -> Result<Running> {
    join(desk, name, code).start().await
}

/// The words that each side is shown for an invitation, once it was answered.
pub(crate) async fn words(owner: &Desk, running: &mut Running) -> Result<(Value, Value)> {
    let theirs = running.tells("joining").await?["joining"]["words"].clone();
    let ours = until("an answer to the invitation", PATIENCE, async || {
        let list = owner.does(["member", "list"]).await.ok()?;
        Some(list["invitations"][0]["answer"]["words"].clone()).filter(|words| !words.is_null())
    });
    let ours = ours.await?;
    Ok((ours, theirs))
}

/// Brings somebody in, from the invitation to the keys.
pub(crate) async fn brought_in(owner: &Desk, desk: &Desk, name: &str, role: &str) -> Result<()> {
    let code = invited(owner, name, role).await?;
    brought_in_by(owner, desk, name, &code).await
}

/// The same, into a team.
pub(crate) async fn brought_into(owner: &Desk, desk: &Desk, name: &str, team: &str) -> Result<()> {
    let invited = owner.does(["invite", name, "--role", "technician", "--team", team]).await?;
    brought_in_by(owner, desk, name, &text(&invited, "code")?).await
}

async fn brought_in_by(owner: &Desk, desk: &Desk, name: &str, code: &str) -> Result<()> {
    let mut running = joining(desk, name, code).await?;
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
pub(crate) async fn two() -> Result<(Sim, Desk, Desk, Backend)> {
    let (sim, owner, backend) = owner().await?;
    let desk = Desk::at(&sim)?;
    brought_in(&owner, &desk, "Grace Hopper", "technician").await?;
    Ok((sim, owner, desk, backend))
}

pub(crate) async fn standing(desk: &Desk, name: &str) -> Result<String> {
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

    // New keys of the firm, and something sealed under them, arrive together.
    brought_in(&owner, &Desk::at(&sim)?, "Mary Jackson", "technician").await?;
    owner.does(["unlock"]).await?;
    owner.does(["settings", "askReason", "false"]).await?;
    owner.does(["lock"]).await?;
    grace.does(["sync"]).await?;
    ensure!(standing(&grace, "Mary Jackson").await? == "active", "a name under the new key is not read");

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
    let before = shown(&owner, "Contoso", FIRST, "current").await?;
    owner.does(["rotate", "Contoso"]).await?;
    grace.does(["sync"]).await?;
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

    // What was sealed under the keys of before opens through the present ones, also for whoever comes later.
    let older = ["view", "Contoso", "--account", FIRST, "--older", "1", "--reason", "story"];
    ensure!(text(&owner.does(older).await?, "secret")? == before, "an older password is lost");
    owner.does(["org", "add", "Fabrikam"]).await?;
    let katherine = Desk::at(&sim)?;
    brought_in(&owner, &katherine, "Katherine Johnson", "technician").await?;
    ensure!(shown(&katherine, "Contoso", FIRST, "current").await? == current, "who came later sees another value");
    ensure!(text(&katherine.does(older).await?, "secret")? == before, "who came later finds no older password");
    let list = katherine.does(["org", "list"]).await?.to_string();
    ensure!(list.contains("Contoso") && list.contains("Fabrikam"), "what was named before she came is closed: {list}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotator_that_joined_rotates_what_is_due_and_shows_nothing() -> Result<()> {
    let sim = cloud::start().await?;
    let mut owner = Desk::at(&sim)?;
    owner.use_program(kill::program().await?);
    // The accounts were made two days ago, so they are due.
    owner.set("VITRINE_CLOCK_FILE", owner.path("clock"));
    std::fs::write(owner.path("clock"), (-2 * DAY_MS).to_string())?;
    owner.init().await?;
    owner.does(["settings", "rotateWhenDue", "false"]).await?;
    owner.does(["org", "add", "Contoso"]).await?;
    cloud::connect(&sim, &owner, "Contoso", CONTOSO, &["ea-1"]).await?;
    std::fs::write(owner.path("clock"), "0")?;
    let before = shown(&owner, "Contoso", FIRST, "current").await?;
    let backend = backend::start().await?;
    moved(&owner, &backend).await?;

    let machine = Desk::at(&sim)?;
    let code = invited(&owner, "Night Shift", "rotator").await?;
    let mut running = joining(&machine, "Night Shift", &code).await?;
    words(&owner, &mut running).await?;
    owner.does(["member", "add", "Night Shift"]).await?;
    running.end().await?.ended(exit::DONE)?;
    owner.does(["sync"]).await?;

    let mut rotator = machine.vitrine(["rotator", "run"]).passphrase(PASSPHRASE).start().await?;
    rotator.tells("rotating").await?;
    let rotated = until("what the rotator stored to be the owner's", PATIENCE * 6, async || {
        owner.does(["sync"]).await.ok()?;
        let current = shown(&owner, "Contoso", FIRST, "current").await.ok()?;
        (current != before && sim.control().password_accepted(CONTOSO, FIRST, &current)).then_some(())
    });
    rotated.await?;
    rotator.interrupt()?;
    rotator.end().await?.ended(exit::DONE)?;

    let view = ["view", "Contoso", "--account", FIRST, "--reason", "curious"];
    machine.refuses(view, exit::USAGE, "credentials.not-allowed").await?;
    machine.refuses(["invite", "Eve", "--role", "technician"], exit::USAGE, "ledger.not-allowed").await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_that_was_used_withdrawn_edited_or_is_over_brings_nobody_in() -> Result<()> {
    let (sim, owner, _backend) = owner().await?;
    let grace = Desk::at(&sim)?;
    let code = invited(&owner, "Grace Hopper", "technician").await?;

    let mut edited = code.clone();
    let last = edited.pop().context("an empty code")?;
    edited.push(if last == 'A' { 'B' } else { 'A' });
    joining(&grace, "Eve", &edited).await?.end().await?.refused(exit::USAGE, "join.code")?;

    let mut running = joining(&grace, "Grace Hopper", &code).await?;
    words(&owner, &mut running).await?;
    let eve = Desk::at(&sim)?;
    let mut second = joining(&eve, "Eve", &code).await?;
    until("the second to be told that the invitation is used", PATIENCE, async || {
        let told = second.tells("joining").await.ok()?;
        (told["joining"]["problem"]["code"] == "join.used").then_some(())
    })
    .await?;
    second.kill().await?;
    eve.does(["join", "--cancel"]).await?;
    ensure!(eve.does(["status"]).await?["phase"] == "noVault", "something of it is left");

    // Whoever answered waits for a person's consent, and after a kill goes on waiting with the same keys.
    running.kill().await?;
    let waits = grace.vitrine(["join", "--wait", "0"]).passphrase(PASSPHRASE).ends(exit::PARTLY).await?;
    ensure!(waits["phase"] == "joining", "{waits}");
    owner.does(["member", "withdraw", "Grace Hopper"]).await?;
    owner.refuses(["member", "add", "Grace Hopper"], exit::USAGE, "people.no-invitation").await?;

    let code = invited(&owner, "Grace Hopper", "technician").await?;
    owner.does(["member", "withdraw", "Grace Hopper"]).await?;
    let mut late = joining(&eve, "Eve", &code).await?;
    until("the late one to be told", PATIENCE, async || {
        let told = late.tells("joining").await.ok()?;
        (told["joining"]["problem"]["code"] == "join.used").then_some(())
    })
    .await?;
    late.kill().await?;
    let list = owner.does(["member", "list"]).await?;
    ensure!(list["members"].as_array().is_some_and(|members| members.len() == 1), "{list}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_needs_the_words_and_an_owner_is_removed_by_two() -> Result<()> {
    let (sim, ada, _backend) = owner().await?;
    let grace = Desk::at(&sim)?;
    let code = invited(&ada, "Grace Hopper", "admin").await?;
    let mut running = joining(&grace, "Grace Hopper", &code).await?;
    words(&ada, &mut running).await?;
    ada.refuses(["member", "add", "Grace Hopper"], exit::USAGE, "people.compare").await?;
    ada.does(["member", "add", "Grace Hopper", "--compared"]).await?;
    running.end().await?.ended(exit::DONE)?;
    ada.does(["sync"]).await?;
    grace.does(["settings", "rotateWhenDue", "false"]).await?;

    // An admin brings somebody in, and gives the keys, with no owner there.
    let katherine = Desk::at(&sim)?;
    brought_in(&grace, &katherine, "Katherine Johnson", "technician").await?;
    let seen = shown(&katherine, "Contoso", FIRST, "current").await?;
    ensure!(sim.control().password_accepted(CONTOSO, FIRST, &seen), "she sees what opens nothing");

    // A second owner; from then on an owner goes by two.
    ada.does(["member", "role", "Grace Hopper", "owner"]).await?;
    grace.does(["sync"]).await?;
    grace.does(["member", "remove", "Ada Byron", "--reason", "she retires"]).await?;
    ensure!(standing(&grace, "Ada Byron").await? == "active", "one owner alone removed another");
    let list = ada.does(["member", "list"]).await?;
    let change = text(&list, "pending.0.id")?;
    grace.refuses(["member", "consent", &change], exit::INTEGRITY, "ledger.refused").await?;
    ada.does(["member", "consent", &change]).await?;
    ensure!(standing(&grace, "Ada Byron").await? == "removed");
    Ok(())
}
