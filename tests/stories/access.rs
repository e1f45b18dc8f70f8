//! Teams with a part of the organizations: who is outside of them opens nothing, access is given and taken, what was readable is
//! replaced, and an auditor reads names and what happened and no credential.

use anyhow::{Result, ensure};
use serde_json::Value;
use vitrine_entra_sim::Sim;
use vitrine_kit::backend::{Backend, TOKEN};
use vitrine_kit::evil::{Attack, EvilServer};

use crate::backend;
use crate::bad_rotation::{FIRST, connected};
use crate::cloud::{CONTOSO, shown};
use crate::desk::{Desk, PASSPHRASE, exit};
use crate::people::{brought_in, brought_into, owner, standing};

const REVEAL: [&str; 6] = ["view", "Contoso", "--account", FIRST, "--reason", "story"];

/// The owner's desk with Contoso, and that of a technician whose team works with Fabrikam.
async fn night() -> Result<(Sim, Desk, Desk, Backend)> {
    let (sim, owner, backend) = owner().await?;
    let grace = Desk::at(&sim)?;
    beginning(&owner, &grace).await?;
    Ok((sim, owner, grace, backend))
}

async fn beginning(owner: &Desk, grace: &Desk) -> Result<()> {
    owner.does(["team", "add", "Night"]).await?;
    owner.does(["org", "add", "Fabrikam", "--team", "Night"]).await?;
    brought_into(owner, grace, "Grace Hopper", "Night").await
}

/// The organizations that a desk lists, and how many are closed to it.
async fn listed(desk: &Desk) -> Result<(Vec<String>, u64)> {
    desk.does(["sync"]).await?;
    let list = desk.does(["org", "list"]).await?;
    let rows = list["rows"].as_array().into_iter().flatten();
    let names = rows.filter_map(|row| row["name"].as_str().map(str::to_owned)).collect();
    Ok((names, list["closed"].as_u64().unwrap_or_default()))
}

async fn sees(desk: &Desk, names: &[&str], closed: u64) -> Result<()> {
    let found = listed(desk).await?;
    ensure!(found.0 == names && found.1 == closed, "{found:?} instead of {names:?} and {closed} closed");
    Ok(())
}

/// The counts of the open incident.
async fn incident(owner: &Desk) -> Result<Value> {
    Ok(owner.does(["incident", "retry"]).await?["incident"].clone())
}

fn team<'a>(view: &'a Value, name: &str) -> &'a Value {
    let teams = view["teams"].as_array().map(Vec::as_slice).unwrap_or_default();
    teams.iter().find(|team| team["name"] == name).unwrap_or(&Value::Null)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_technician_opens_what_her_team_is_given_and_what_is_taken_away_is_replaced() -> Result<()> {
    let (sim, owner, grace, _backend) = night().await?;
    ensure!(standing(&grace, "Grace Hopper").await? == "active");
    sees(&grace, &["Fabrikam"], 1).await?;
    grace.refuses(REVEAL, exit::USAGE, "cli.no-such-organization").await?;
    grace.refuses(["org", "access", "Fabrikam", "--take", "Night"], exit::USAGE, "ledger.not-allowed").await?;

    let given = owner.does(["org", "access", "Contoso", "--give", "Night"]).await?;
    ensure!(given["access"].as_array().is_some_and(|teams| teams.iter().any(|it| it["name"] == "Night")), "{given}");
    sees(&grace, &["Contoso", "Fabrikam"], 0).await?;
    let known = shown(&grace, "Contoso", FIRST, "current").await?;
    ensure!(sim.control().password_accepted(CONTOSO, FIRST, &known), "what she sees opens nothing");

    owner.does(["org", "access", "Contoso", "--take", "Night"]).await?;
    let incident = incident(&owner).await?;
    ensure!(
        incident["accounts"]["replaced"] == 1 && incident["certificates"]["replaced"] == 1,
        "not everything was replaced: {incident}"
    );
    ensure!(!sim.control().password_accepted(CONTOSO, FIRST, &known), "what she knows still opens");
    sees(&grace, &["Fabrikam"], 1).await?;
    grace.refuses(REVEAL, exit::USAGE, "cli.no-such-organization").await?;
    ensure!(owner.does(["member", "list"]).await?["keysLeft"] == 0, "keys are still owed");

    // Given again it goes on from what she had, and what was sealed meanwhile opens, too.
    owner.does(["org", "access", "Contoso", "--give", "Night"]).await?;
    sees(&grace, &["Contoso", "Fabrikam"], 0).await?;
    let fresh = shown(&grace, "Contoso", FIRST, "current").await?;
    ensure!(sim.control().password_accepted(CONTOSO, FIRST, &fresh), "what she sees now opens nothing");
    grace.does(["rotate", "Contoso"]).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_about_a_person_covers_what_that_person_can_read() -> Result<()> {
    let (sim, owner, _grace, _backend) = night().await?;
    let about = ["incident", "begin", "--person", "Grace Hopper", "--reason", "Her laptop was left open in a train"];
    owner.refuses(about, exit::USAGE, "incident.nothing").await?;
    owner.does(["org", "access", "Contoso", "--give", "Night"]).await?;
    let known = shown(&owner, "Contoso", FIRST, "current").await?;
    let board = owner.does(about).await?;
    let incident = &board["incident"];
    ensure!(incident["scope"]["kind"] == "person" && incident["organizations"]["replaced"] == 1, "{board}");
    ensure!(!sim.control().password_accepted(CONTOSO, FIRST, &known), "what she could read still opens");
    // Who loses access afterwards has known it all the same.
    owner.does(["org", "access", "Contoso", "--take", "Night"]).await?;
    ensure!(owner.does(["incident", "status"]).await?["incident"]["accounts"]["of"] == 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_taken_out_of_a_team_loses_its_organizations_and_who_comes_gets_them() -> Result<()> {
    let (sim, owner, grace, _backend) = night().await?;
    owner.does(["org", "access", "Contoso", "--give", "Night"]).await?;
    sees(&grace, &["Contoso", "Fabrikam"], 0).await?;
    let known = shown(&grace, "Contoso", FIRST, "current").await?;

    owner.refuses(["team", "change", "Night", "--take-out", "Ada Byron"], exit::USAGE, "people.by-role").await?;
    let view = owner.does(["team", "change", "Night", "--take-out", "Grace Hopper"]).await?;
    ensure!(team(&view, "Night")["members"].as_array().map(Vec::len) == Some(1), "{view}");
    let incident = incident(&owner).await?;
    ensure!(incident["accounts"]["replaced"] == 1 && incident["accounts"]["of"] == 1, "{incident}");
    ensure!(!sim.control().password_accepted(CONTOSO, FIRST, &known), "what she knows still opens");
    // She is in no team now, and nobody puts her into another one.
    owner.does(["sync"]).await?;
    sees(&grace, &[], 2).await?;
    ensure!(standing(&owner, "Grace Hopper").await? == "joining", "she has keys");

    owner.does(["team", "change", "Night", "--add", "Grace Hopper", "--name", "Evening"]).await?;
    sees(&grace, &["Contoso", "Fabrikam"], 0).await?;
    shown(&grace, "Contoso", FIRST, "current").await?;

    // A team goes when others have what it had.
    owner.refuses(["team", "remove", "Staff"], exit::USAGE, "people.staff").await?;
    owner.refuses(["team", "remove", "Evening"], exit::USAGE, "people.team-needed").await?;
    owner.does(["org", "access", "Fabrikam", "--give", "Staff"]).await?;
    let view = owner.does(["team", "remove", "Evening"]).await?;
    ensure!(team(&view, "Evening").is_null(), "{view}");
    sees(&grace, &[], 2).await?;
    ensure!(owner.does(["member", "list"]).await?["keysLeft"] == 0, "keys are still owed");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_that_only_reads_views_and_rotates_nothing() -> Result<()> {
    let (sim, owner, grace, _backend) = night().await?;
    owner.does(["org", "access", "Contoso", "--give", "Night", "--level", "read"]).await?;
    sees(&grace, &["Contoso", "Fabrikam"], 0).await?;
    let seen = shown(&grace, "Contoso", FIRST, "current").await?;
    ensure!(sim.control().password_accepted(CONTOSO, FIRST, &seen), "what she sees opens nothing");
    grace.refuses(["rotate", "Contoso"], exit::USAGE, "access.read-only").await?;
    ensure!(sim.control().password_accepted(CONTOSO, FIRST, &seen), "it was rotated");
    // More needs no new keys, less does.
    owner.does(["org", "access", "Contoso", "--give", "Night"]).await?;
    grace.does(["sync"]).await?;
    grace.does(["rotate", "Contoso"]).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_reads_names_and_no_credential() -> Result<()> {
    let (sim, owner, backend) = owner().await?;
    let vera = Desk::at(&sim)?;
    brought_in(&owner, &vera, "Vera Rubin", "auditor").await?;
    ensure!(standing(&owner, "Vera Rubin").await? == "active");
    sees(&vera, &["Contoso"], 0).await?;
    owner.does(["org", "edit", "Contoso", "--name", "Contoso Ltd"]).await?;
    owner.does(["org", "add", "Fabrikam"]).await?;
    owner.does(["rotate", "Contoso Ltd"]).await?;
    sees(&vera, &["Contoso Ltd", "Fabrikam"], 0).await?;
    let mut view = vera.does(["org", "show", "Contoso Ltd"]).await?;
    // The records are hers to read: they name the account that was rotated, and by whom. Nothing else here does.
    let told = view["activity"].take().to_string();
    ensure!(told.contains("rotated") && told.contains("ea-1"), "no record reached her: {told}");
    ensure!(view["level"] == "log" && view["accounts"] == Value::Array(Vec::new()), "{view}");
    ensure!(!view.to_string().contains("ea-1") && view["tenant"].is_null(), "more than a name: {view}");
    let reveal = ["view", "Contoso Ltd", "--account", FIRST, "--reason", "curious"];
    vera.refuses(reveal, exit::USAGE, "cli.no-account").await?;
    vera.refuses(["rotate", "Contoso Ltd"], exit::USAGE, "access.read-only").await?;
    vera.refuses(["org", "add", "Mine"], exit::USAGE, "ledger.not-allowed").await?;

    // New keys are hers, too, and her removal exposes nothing.
    let grace = Desk::at(&sim)?;
    brought_in(&owner, &grace, "Grace Hopper", "technician").await?;
    owner.does(["member", "remove", "Grace Hopper", "--reason", "left the firm"]).await?;
    sees(&vera, &["Contoso Ltd", "Fabrikam"], 0).await?;
    let removal = owner.does(["member", "removal", "Vera Rubin"]).await?;
    ensure!(removal["organizations"] == 0 && removal["accounts"] == 0, "{removal}");
    drop(backend);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_gives_another_organizations_keys_for_those_of_a_team_is_refused() -> Result<()> {
    let (sim, owner) = connected(&["ea-1"]).await?;
    owner.does(["settings", "rotateWhenDue", "false"]).await?;
    let backend = backend::start().await?;
    let evil = EvilServer::before(&backend.url()).await?;
    let arguments = ["home", "move", &evil.url(), "--token-fd", "0"];
    owner.vitrine(arguments).passphrase(PASSPHRASE).typed(TOKEN).ends(exit::DONE).await?;
    let grace = Desk::at(&sim)?;
    beginning(&owner, &grace).await?;
    sees(&grace, &["Fabrikam"], 1).await?;
    evil.mark();
    owner.does(["org", "access", "Contoso", "--give", "Night"]).await?;
    owner.does(["org", "edit", "Fabrikam", "--notes", "after the mark"]).await?;
    evil.attack(Attack::EntriesOfAnother);
    grace.refuses(["sync"], exit::INTEGRITY, "home.refused-entry").await?;
    // Nothing of it stays in the way of what is true.
    evil.attack(Attack::Nothing);
    sees(&grace, &["Contoso", "Fabrikam"], 0).await?;
    let seen = shown(&grace, "Contoso", FIRST, "current").await?;
    ensure!(sim.control().password_accepted(CONTOSO, FIRST, &seen), "what she sees opens nothing");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_team_is_given_every_organization_at_once_and_loses_none_that_it_had_more_of() -> Result<()> {
    let (sim, owner, grace, _backend) = night().await?;
    for name in ["Adatum", "Litware"] {
        owner.does(["org", "add", name]).await?;
    }
    owner.refuses(["team", "give", "Owners", "--all"], exit::USAGE, "people.no-team").await?;
    grace.does(["sync"]).await?;
    grace.refuses(["team", "give", "Night", "--all"], exit::USAGE, "ledger.not-allowed").await?;
    owner.does(["team", "give", "Night", "Contoso", "Adatum", "--level", "read"]).await?;
    sees(&grace, &["Adatum", "Contoso", "Fabrikam"], 1).await?;
    grace.refuses(["rotate", "Contoso"], exit::USAGE, "access.read-only").await?;

    let all = owner.does(["team", "give", "Night", "--all", "--level", "read"]).await?;
    ensure!(team(&all, "Night")["organizations"] == 4, "{all}");
    let access = owner.does(["org", "show", "Fabrikam"]).await?["access"].take();
    let night = access.as_array().and_then(|teams| teams.iter().find(|team| team["name"] == "Night"));
    ensure!(night.is_some_and(|night| night["level"] == "full"), "it has less than it had: {access}");
    owner.does(["team", "give", "Night", "--all"]).await?;
    sees(&grace, &["Adatum", "Contoso", "Fabrikam", "Litware"], 0).await?;
    let seen = shown(&grace, "Contoso", FIRST, "current").await?;
    ensure!(sim.control().password_accepted(CONTOSO, FIRST, &seen), "what she sees opens nothing");
    grace.does(["rotate", "Contoso"]).await?;
    // Nobody lost anything, so nothing is to be replaced.
    ensure!(owner.does(["incident", "status"]).await?["incident"].is_null());
    Ok(())
}
