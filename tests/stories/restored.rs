//! A device that came from a backup: until something outside says that the backup was the newest, it adds no
//! organizations; everything that it has can be used.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use vitrine_entra_sim::Sim;

use crate::cloud::{self, CONTOSO, shown};
use crate::desk::{Desk, Order, PASSPHRASE, exit};
use crate::paper;

const EMERGENCY: &str = "emergency@contoso.onmicrosoft.com";
const OTHER: &str = "copper violin thunder meadow lattice ounce";

/// A desk with Contoso connected, its kit printed, and its backup.
async fn with_backup() -> Result<(Sim, Desk)> {
    let sim = cloud::start().await?;
    let desk = Desk::at(&sim)?;
    desk.init().await?;
    desk.vitrine(["kit", "kit.pdf"]).passphrase(PASSPHRASE).ends(exit::PARTLY).await?;
    desk.does(["backup", "--folder", "backup"]).await?;
    desk.does(["org", "add", "Contoso"]).await?;
    cloud::connect(&sim, &desk, "Contoso", CONTOSO, &["emergency"]).await?;
    Ok((sim, desk))
}

/// `restore` on another machine, by the kit of the first; passphrases follow.
pub(crate) fn restoring(from: &Desk, to: &Desk, file: &Path) -> Result<Order> {
    let lines = paper::read(&from.path("kit.pdf"))?;
    let code = |heading| paper::code(&lines, heading).map(|groups| groups.join("-"));
    let file = file.display().to_string();
    let arguments = ["restore", &file, "--accept-file-fallback", "--codes-fd", "0", "--passphrase-fd", "0"];
    Ok(to.vitrine(arguments).typed(&code("Account secret")?).typed(&code("Vault code")?).typed(PASSPHRASE))
}

async fn restored(sim: &Sim, from: &Desk, file: &Path) -> Result<Desk> {
    let desk = Desk::at(sim)?;
    restoring(from, &desk, file)?.ends(exit::DONE).await?;
    Ok(desk)
}

/// Whether nothing outside has spoken for its backup yet.
async fn unconfirmed(desk: &Desk) -> Result<bool> {
    desk.vitrine(["unlock"]).passphrase(PASSPHRASE).ends(exit::DONE).await?;
    let status = desk.vitrine(["status"]).ends(exit::DONE).await?;
    desk.vitrine(["lock"]).ends(exit::DONE).await?;
    status["unconfirmed"].as_bool().with_context(|| format!("{status}"))
}

#[tokio::test]
async fn a_tenant_that_answers_as_expected_speaks_for_the_backup() -> Result<()> {
    let (sim, desk) = with_backup().await?;
    let other = restored(&sim, &desk, &desk.path("backup").join("Vitrine.backup")).await?;
    ensure!(unconfirmed(&other).await?, "nobody was asked yet");
    other.does(["org", "add", "Fabrikam"]).await?;
    ensure!(!unconfirmed(&other).await?, "it was not remembered");
    Ok(())
}

#[tokio::test]
async fn an_older_backup_adds_nothing_until_a_person_answers_for_it_with_a_reason() -> Result<()> {
    let (sim, desk) = with_backup().await?;
    let older = desk.path("older.backup");
    std::fs::copy(desk.path("backup").join("Vitrine.backup"), &older)?;
    let known = shown(&desk, "Contoso", EMERGENCY, "current").await?;
    desk.does(["rotate", "Contoso"]).await?;

    let mut other = restored(&sim, &desk, &older).await?;
    std::fs::write(other.path("list.csv"), "name\nNorthwind\n")?;
    for command in [["org", "add", "Fabrikam"], ["org", "import", "list.csv"]] {
        let error = other.refuses(command, exit::PARTLY, "vault.unconfirmed").await?;
        ensure!(error["holds"].as_str().is_some_and(|holds| holds.contains("viewed")), "{error}");
    }
    // A tenant that cannot be reached says nothing either way.
    let graph = sim.urls().graph.clone();
    other.set("VITRINE_CLOUD_GRAPH", "http://127.0.0.1:9");
    other.refuses(["org", "add", "Fabrikam"], exit::PARTLY, "vault.unconfirmed").await?;
    other.set("VITRINE_CLOUD_GRAPH", graph);
    // What it has can be used: viewed with its age, and a rotation notices by itself that it is behind.
    ensure!(shown(&other, "Contoso", EMERGENCY, "current").await? == known, "another password came back");
    let rotated = other.vitrine(["rotate", "Contoso"]).passphrase(PASSPHRASE).end().await?;
    ensure!(rotated.out.contains("changedOutside"), "{}", rotated.out);
    let list = other.does(["org", "list"]).await?;
    ensure!(list["matching"] == 1, "something was added: {list}");

    other.refuses(["confirm-restore", "--reason", "  "], exit::USAGE, "restore.reason-required").await?;
    ensure!(unconfirmed(&other).await?, "no reason was enough");
    let reason = "the other laptop burned";
    other.does(["confirm-restore", "--reason", reason]).await?;
    ensure!(!unconfirmed(&other).await?, "it was not remembered");
    other.does(["org", "import", "list.csv"]).await?;
    let audit = other.does(["audit"]).await?;
    let lines = audit["lines"].as_array().context("no lines")?;
    ensure!(lines.iter().any(|line| line["note"] == reason), "the reason is not in the list: {audit}");
    Ok(())
}

#[tokio::test]
async fn a_restored_device_may_get_a_passphrase_of_its_own_and_not_a_weak_one() -> Result<()> {
    let (sim, desk) = with_backup().await?;
    let file = desk.path("backup").join("Vitrine.backup");
    let other = Desk::at(&sim)?;
    let order = restoring(&desk, &other, &file)?.arguments(["--new-passphrase"]);
    order.typed("password").refused(exit::USAGE, "vault.weak-passphrase").await?;
    let status = other.does(["status"]).await?;
    ensure!(status["phase"] == "noVault", "something was restored: {status}");
    restoring(&desk, &other, &file)?.arguments(["--new-passphrase"]).typed(OTHER).ends(exit::DONE).await?;
    other.vitrine(["org", "list"]).passphrase(OTHER).ends(exit::DONE).await?;
    other.refuses(["org", "list"], exit::LOCKED, "vault.wrong-passphrase").await?;
    // The first device keeps its own.
    desk.does(["org", "list"]).await?;
    Ok(())
}
