//! Older passwords: what a person tries when nobody knows which password an account has now.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use vitrine_entra_sim::Sim;

use crate::bad_rotation::{FIRST, connected, fault};
use crate::bad_vault::edit;
use crate::cloud::{CONTOSO, shown};
use crate::desk::{Desk, exit, text};

async fn listed(desk: &Desk) -> Result<Vec<Value>> {
    let list = desk.does(["view", "Contoso", "--account", FIRST, "--older"]).await?;
    list["values"].as_array().cloned().with_context(|| list.to_string())
}

async fn older(desk: &Desk, number: usize) -> Result<String> {
    let number = number.to_string();
    let arguments = ["view", "Contoso", "--account", FIRST, "--older", &number, "--reason", "ticket 12"];
    text(&desk.does(arguments).await?, "secret")
}

/// A vault in which the account was rotated three times; hands over all its passwords, newest first.
async fn rotated() -> Result<(Sim, Desk, Vec<String>)> {
    let (sim, desk) = connected(&["ea-1"]).await?;
    let mut passwords = vec![shown(&desk, "Contoso", FIRST, "current").await?];
    for _ in 0..3 {
        desk.does(["rotate", "Contoso"]).await?;
        passwords.insert(0, shown(&desk, "Contoso", FIRST, "current").await?);
    }
    Ok((sim, desk, passwords))
}

#[tokio::test]
async fn older_passwords_are_listed_without_secrets_and_shown_one_by_one_newest_first() -> Result<()> {
    let (_sim, desk, passwords) = rotated().await?;
    let list = listed(&desk).await?;
    ensure!(list.len() == 2, "current and previous stand on the card, two are older: {list:?}");
    ensure!(list[0]["since"].as_u64() > list[1]["since"].as_u64(), "the newest is tried first: {list:?}");
    for password in &passwords {
        ensure!(!Value::from(list.clone()).to_string().contains(password.as_str()), "the list holds a password");
    }
    for (number, password) in [(1, &passwords[2]), (2, &passwords[3])] {
        ensure!(older(&desk, number).await? == *password, "number {number} is another password");
    }
    let none = ["view", "Contoso", "--account", FIRST, "--older", "3", "--reason", "x"];
    desk.refuses(none, exit::USAGE, "cli.no-such-password").await?;
    // Each view left a line of its own, as those of the card do; the list left none.
    let audit = desk.does(["audit"]).await?;
    let lines = audit["lines"].as_array().context("lines")?;
    let viewed = lines.iter().filter(|line| line["note"] == "older password: ticket 12").count();
    ensure!(viewed == 2, "{viewed} views of older passwords are told: {audit}");
    Ok(())
}

#[tokio::test]
async fn a_candidate_that_the_tenant_refused_stays_readable() -> Result<()> {
    let (sim, desk) = connected(&["ea-1"]).await?;
    sim.control().add_fault(fault("PATCH /users/{user-id}", 0, Some(1), 400));
    let rotated = desk.does(["rotate", "Contoso"]).await?;
    ensure!(rotated["done"] == 1, "another candidate is tried: {rotated}");
    let list = listed(&desk).await?;
    ensure!(list.len() == 1 && list[0]["which"]["givenUp"].is_object(), "{list:?}");
    let (given_up, current) = (older(&desk, 1).await?, shown(&desk, "Contoso", FIRST, "current").await?);
    ensure!(given_up != current && !sim.control().password_accepted(CONTOSO, FIRST, &given_up), "it was taken");
    Ok(())
}

#[tokio::test]
async fn an_older_version_that_no_signed_entry_names_is_not_shown() -> Result<()> {
    let (_sim, desk, passwords) = rotated().await?;
    // Somebody who can write the database puts one entry in another's place, in the newest of the ledgers.
    let entry = "(SELECT bytes FROM entries WHERE ledger = (SELECT max(id) FROM ledgers) AND seq = 5)";
    edit(
        &desk,
        &format!("UPDATE entries SET bytes = {entry} WHERE ledger = (SELECT max(id) FROM ledgers) AND seq = 6"),
    )?;
    let list = ["view", "Contoso", "--account", FIRST, "--older"];
    desk.refuses(list, exit::INTEGRITY, "vault.entry-replaced").await?;
    ensure!(shown(&desk, "Contoso", FIRST, "current").await? == passwords[0], "the current one is still shown");
    Ok(())
}
