//! What happened, from signed records: two people see the same, whoever did it, and one view that is missing is missed.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::bad_rotation::FIRST;
use crate::cloud::shown;
use crate::desk::{Desk, exit};
use crate::people::{standing, two};

/// The lines that a desk lists, the newest first.
async fn lines(desk: &Desk, arguments: &[&str]) -> Result<Vec<Value>> {
    let audit = desk.does([&["audit"], arguments].concat()).await?;
    Ok(audit["lines"].as_array().context("lines")?.clone())
}

fn told<'a>(lines: &'a [Value], action: &str, who: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["action"] == action && line["who"] == who).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_person_did_the_other_one_reads_and_can_ask_for() -> Result<()> {
    let (_sim, owner, grace, _backend) = two().await?;
    shown(&grace, "Contoso", FIRST, "current").await?;
    grace.does(["rotate", "Contoso"]).await?;
    owner.does(["sync"]).await?;

    let all = lines(&owner, &[]).await?;
    let views = told(&all, "viewed", "Grace Hopper");
    ensure!(views.len() == 1 && views[0]["userName"] == FIRST && views[0]["organizationName"] == "Contoso", "{all:?}");
    ensure!(views[0]["late"] == false, "{views:?}");
    ensure!(told(&all, "rotated", "Grace Hopper").len() == 1, "{all:?}");
    let card = owner.does(["org", "show", "Contoso"]).await?.to_string();
    ensure!(card.contains("Grace Hopper"), "who viewed last is not shown with the account: {card}");

    // The other way round: what stands in the ledgers from before she joined, too.
    let hers = lines(&grace, &[]).await?;
    ensure!(told(&hers, "tenantConnected", "Ada Byron").len() == 1, "{hers:?}");
    ensure!(told(&hers, "lapsEnabled", "Ada Byron").len() == 1, "{hers:?}");
    let added = told(&hers, "memberAdded", "Ada Byron");
    ensure!(added.len() == 1 && added[0]["subject"] == "Grace Hopper", "{hers:?}");
    ensure!(told(&hers, "vaultCreated", "Ada Byron").len() == 1 && told(&hers, "joined", "Grace Hopper").len() == 1);

    // Filters.
    let views = lines(&owner, &["--kind", "views"]).await?;
    ensure!(views.iter().all(|line| line["action"] == "viewed") && !views.is_empty(), "{views:?}");
    let hers = lines(&owner, &["--person", "grace hopper"]).await?;
    let about = |line: &Value| line["who"] == "Grace Hopper" || line["subject"] == "Grace Hopper";
    ensure!(hers.iter().all(about) && told(&hers, "memberAdded", "Ada Byron").len() == 1, "{hers:?}");
    ensure!(lines(&owner, &["Contoso", "--person", "Ada Byron", "--kind", "people"]).await?.is_empty());
    ensure!(lines(&owner, &["--until", "2001-01-01"]).await?.is_empty());
    ensure!(lines(&owner, &["--from", "2001-01-01"]).await?.len() == all.len());
    owner.refuses(["audit", "--person", "Eve"], exit::USAGE, "people.unknown").await?;
    let audit = owner.does(["audit"]).await?;
    ensure!(audit["gaps"].as_array().is_some_and(Vec::is_empty), "{audit}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_member_is_named_with_the_reason_and_its_views_stay() -> Result<()> {
    let (_sim, owner, grace, _backend) = two().await?;
    shown(&grace, "Contoso", FIRST, "current").await?;
    owner.does(["sync"]).await?;
    owner.does(["member", "remove", "Grace Hopper", "--reason", "left the firm"]).await?;
    ensure!(standing(&owner, "Grace Hopper").await? == "removed");
    let all = lines(&owner, &["--person", "Grace Hopper"]).await?;
    let removed = told(&all, "memberRemoved", "Ada Byron");
    ensure!(removed.len() == 1 && removed[0]["subject"] == "Grace Hopper", "{all:?}");
    ensure!(removed[0]["note"].as_str().is_some_and(|note| note.contains("left the firm")), "{removed:?}");
    ensure!(told(&all, "viewed", "Grace Hopper").len() == 1, "{all:?}");
    Ok(())
}
