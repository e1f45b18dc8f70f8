//! An incident: somebody may know what is stored. All of it is replaced, what stands in the way is named, and what is
//! left is shown until it is none.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use vitrine_entra_sim::{Effect, Fault, Sim};
use vitrine_kit::wait::{PATIENCE, until};

use crate::cloud::{self, shown};
use crate::desk::{Desk, PASSPHRASE, exit};

const SET_PASSWORD: &str = "PATCH /users/{user-id}";
const ADD_KEY: &str = "POST /applications/{application-id}/addKey";

/// A vault with so many customers, two accounts each.
async fn firm(customers: usize) -> Result<(Sim, Desk)> {
    let sim = cloud::with_fleet(customers).await?;
    let desk = Desk::at(&sim)?;
    desk.init().await?;
    for number in 1..=customers {
        let organization = organization(number);
        desk.does(["org", "add", &organization]).await?;
        cloud::connect(&sim, &desk, &organization, &tenant(number), &["ea-1", "ea-2"]).await?;
    }
    Ok((sim, desk))
}

fn organization(number: usize) -> String {
    format!("Customer {number}")
}

fn tenant(number: usize) -> String {
    format!("fleet{number:04}.onmicrosoft.com")
}

fn account(number: usize, name: &str) -> String {
    format!("{name}@{}", tenant(number))
}

fn fault(number: usize, operation: &str) -> Fault {
    let effect = Effect::Status { status: 403, code: Some("Authorization_RequestDenied".into()), retry_after: None };
    let (tenant, operation) = (Some(tenant(number)), Some(operation.to_owned()));
    Fault { tenant, operation, skip: 0, times: None, probability: None, effect }
}

fn row<'a>(board: &'a Value, organization: &str) -> Result<&'a Value> {
    let rows = board["incident"]["rows"].as_array().context("rows")?;
    rows.iter().find(|row| row["name"] == organization).with_context(|| format!("no {organization}: {board}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_replaces_everything_and_names_what_stands_in_the_way() -> Result<()> {
    let (sim, desk) = firm(4).await?;
    let old = shown(&desk, "Customer 2", &account(2, "ea-2"), "current").await?;
    let certificates = |number: usize| {
        sim.control().applications(&tenant(number)).pop().map(|app| app.certificates).unwrap_or_default()
    };
    let before: Vec<_> = (1..=4).map(certificates).collect();
    // One tenant refuses the password, another the certificate.
    sim.control().add_fault(fault(3, SET_PASSWORD));
    sim.control().add_fault(fault(4, ADD_KEY));

    let arguments = ["incident", "begin", "--all", "--reason", "A laptop was stolen"];
    let board = desk.vitrine(arguments).passphrase(PASSPHRASE).ends(exit::PARTLY).await?;
    let incident = &board["incident"];
    ensure!(incident["organizations"]["replaced"] == 2 && incident["organizations"]["blocked"] == 2, "{board}");
    ensure!(incident["accounts"]["replaced"] == 6 && incident["accounts"]["of"] == 8, "{board}");
    ensure!(incident["certificates"]["replaced"] == 3 && incident["certificates"]["of"] == 4, "{board}");
    for organization in ["Customer 3", "Customer 4"] {
        let problem = &row(&board, organization)?["problem"];
        ensure!(problem["next"].as_str().is_some_and(|next| !next.is_empty()), "{organization}: {problem}");
    }
    ensure!(!sim.control().password_accepted(&tenant(2), &account(2, "ea-2"), &old), "the old password still opens");
    for number in 1..=3 {
        let now = certificates(number);
        ensure!(now.len() == 1 && now != before[number - 1], "the old certificate of {number} is still there: {now:?}");
    }
    ensure!(certificates(4) == before[3], "{:?}", certificates(4));

    // A second one beside it would hide what is left.
    desk.refuses(["incident", "begin", "--all", "--reason", "Again"], exit::USAGE, "incident.open").await?;

    // What stood in the way is gone.
    sim.control().clear_faults();
    let board = desk.does(["incident", "retry"]).await?;
    ensure!(board["incident"]["organizations"]["replaced"] == 4, "{board}");
    cloud::one_value_opens(&sim, &desk, "Customer 3", &tenant(3), &account(3, "ea-1")).await?;

    let report = desk.path("report.json");
    desk.does(["incident", "report", report.to_str().context("path")?]).await?;
    let text = std::fs::read_to_string(&report)?;
    let written: Value = serde_json::from_str(&text)?;
    ensure!(
        written["report"]["content"]["accounts"]["replaced"] == 8
            && written["report"]["content"]["organizations"].as_array().is_some_and(|all| all.len() == 4)
    );
    let current = shown(&desk, "Customer 2", &account(2, "ea-2"), "current").await?;
    ensure!(!text.contains(&old) && !text.contains(&current), "a secret stands in the report");
    desk.refuses(["incident", "report", report.to_str().context("path")?], exit::USAGE, "file.exists").await?;

    desk.does(["incident", "end"]).await?;
    ensure!(desk.does(["incident", "status"]).await?["incident"].is_null());
    let audit = desk.does(["audit"]).await?.to_string();
    ensure!(audit.contains("incidentBegan") && audit.contains("8 of 8 accounts"), "{audit}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_candidate_that_lay_in_the_vault_before_the_incident_is_replaced_as_well() -> Result<()> {
    let (sim, mut desk) = firm(1).await?;
    desk.use_program(crate::kill::program().await?);
    // Stored and never sent: whoever copied the vault has it, too.
    let rotate = ["rotate", "Customer 1", "--account", "ea-1"];
    desk.vitrine(rotate).passphrase(PASSPHRASE).with("VITRINE_FAILPOINT", "rotate.prepare.after:1").end().await?;
    let known = shown(&desk, "Customer 1", &account(1, "ea-1"), "pending").await?;

    let arguments = ["incident", "begin", "Customer 1", "--reason", "The vault was copied"];
    // The rotation that was begun is finished with it first, and is no replacement: another one follows.
    let board = desk.does(arguments).await?;
    ensure!(board["incident"]["accounts"]["replaced"] == 2, "{board}");
    ensure!(!sim.control().password_accepted(&tenant(1), &account(1, "ea-1"), &known), "the copied candidate opens");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_without_a_tenant_and_a_reason_without_words_are_refused() -> Result<()> {
    let (_sim, desk) = firm(1).await?;
    desk.does(["org", "add", "Unconnected"]).await?;
    let begin = |rest: &[&str]| -> Vec<String> {
        ["incident", "begin"].iter().chain(rest).map(|word| (*word).to_owned()).collect()
    };
    let (usage, nothing) = (exit::USAGE, "incident.nothing");
    desk.refuses(begin(&["Unconnected", "--reason", "Lost"]), usage, nothing).await?;
    desk.refuses(begin(&["--tag", "nobody", "--reason", "Lost"]), usage, nothing).await?;
    desk.refuses(begin(&["--viewed-days", "3", "--reason", "Lost"]), usage, nothing).await?;
    desk.refuses(begin(&["--all", "--reason", "  "]), usage, "incident.reason").await?;
    ensure!(desk.does(["incident", "status"]).await?["incident"].is_null(), "an incident was begun");
    // What was shown is in the scope that asks for it.
    shown(&desk, "Customer 1", &account(1, "ea-1"), "current").await?;
    let board = desk.does(begin(&["--viewed-days", "3", "--reason", "Lost"])).await?;
    ensure!(board["incident"]["accounts"]["of"] == 2, "{board}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_goes_on_after_a_kill_at_the_next_unlock() -> Result<()> {
    for point in ["certificate.promoted:1", "rotate.send.after:2"] {
        let (sim, mut desk) = firm(2).await?;
        desk.use_program(crate::kill::program().await?);
        let begin = ["incident", "begin", "--all", "--reason", "Copied"];
        let killed = desk.vitrine(begin).passphrase(PASSPHRASE).with("VITRINE_FAILPOINT", point).end().await?;
        ensure!(killed.status.code().is_none(), "{point} was not reached: {}", killed.out);
        let board = desk.does(["incident", "status"]).await?;
        ensure!(board["incident"]["accounts"]["of"] == 4, "{point}: the order was lost: {board}");
        desk.vitrine(["unlock"]).passphrase(PASSPHRASE).ends(exit::DONE).await?;
        until("everything replaced", PATIENCE * 3, async || {
            let board = desk.vitrine(["incident", "status"]).ends(exit::DONE).await.ok()?;
            (board["incident"]["organizations"]["replaced"] == 2).then_some(())
        })
        .await
        .with_context(|| point)?;
        for number in 1..=2 {
            cloud::one_value_opens(&sim, &desk, &organization(number), &tenant(number), &account(number, "ea-2"))
                .await?;
        }
    }
    Ok(())
}
