//! Killed while a vault comes to be: made, its papers printed, its backup set up, its first organization added.

use anyhow::{Context, Result, ensure};
use vitrine_entra_sim::Sim;

use super::desk;
use super::instants::{Errand, Instant, Scout, lanes, meet};
use crate::cloud;
use crate::desk::{Desk, Order, PASSPHRASE, exit};
use crate::paper;

/// The commands of a first morning. A paper is never written over, so each try of one gets a file of its own.
const STEPS: [&str; 5] = ["init", "kit", "sheet", "backup", "organization"];

fn step(desk: &Desk, step: usize, attempt: usize) -> Order {
    let file = format!("{}-{attempt}.pdf", STEPS[step]);
    let arguments: &[&str] = match STEPS[step] {
        "init" => &["init", "--firm", "Northern Lights IT", "--person", "Ada Byron", "--accept-file-fallback"],
        "kit" => &["kit", &file],
        "sheet" => &["sheet", &file],
        "backup" => &["backup", "--folder", "backup"],
        _ => &["org", "add", "Contoso"],
    };
    desk.vitrine(arguments).passphrase(PASSPHRASE)
}

/// Nobody types the groups of the kit back, which is no mistake.
fn expected(step: usize) -> i32 {
    if STEPS[step] == "kit" { exit::PARTLY } else { exit::DONE }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_a_vault_comes_to_be() -> Result<()> {
    let sim = cloud::start().await?;
    let first = desk(&sim).await?;
    let mut instants = Vec::new();
    for number in 0..STEPS.len() {
        let scout = Scout::begin(&sim, &first, &[]);
        Errand::alone(step(&first, number, 1)).along(&scout).run(&sim).await?.ended(expected(number))?;
        instants.push(scout.end()?);
    }
    for (number, instants) in instants.into_iter().enumerate() {
        let journey = format!("a vault comes to be: {}", STEPS[number]);
        let killed = async |(): &mut (), instant: &Instant| killed_in(&sim, number, instant).await;
        meet(&journey, &mut vec![(); lanes(4)], instants, 2, killed).await?;
    }
    Ok(())
}

async fn killed_in(sim: &Sim, number: usize, instant: &Instant) -> Result<bool> {
    let desk = desk(sim).await?;
    for earlier in 0..number {
        step(&desk, earlier, 1).ends(expected(earlier)).await?;
    }
    if !Errand::alone(step(&desk, number, 1)).killed_at(sim, &[], instant).await? {
        return Ok(false);
    }
    let status = desk.does(["status"]).await?;
    ensure!(number == 0 || status["phase"] == "locked", "the vault is gone: {status}");
    // What was killed is done again, unless it had been done: a vault is made once, a name is given once.
    let again = step(&desk, number, 2).end().await?;
    let done = |code: &str| again.refused(exit::USAGE, code).is_ok();
    match STEPS[number] {
        "init" if status["phase"] == "locked" => ensure!(done("vault.exists"), "{}", again.out),
        // The change was made and its backup was not: the command that finds the name taken makes up for it.
        "organization" if done("organization.name-taken") => {}
        _ => drop(again.ended(expected(number))?),
    }
    for later in number + 1..STEPS.len() {
        step(&desk, later, 2).ends(expected(later)).await?;
    }
    // All that came of the morning: the vault opens, and backup and sheet bring it back on another machine.
    let sheet = if number > 2 { "sheet-1.pdf" } else { "sheet-2.pdf" };
    let code = paper::code(&paper::read(&desk.path(sheet))?, "Code")?.join("");
    for whose in [&desk, &restored(sim, &desk, &code).await.context("restoring")?] {
        let list = whose.does(["org", "list"]).await?;
        ensure!(list["matching"] == 1 && list["rows"][0]["name"] == "Contoso", "{list}");
    }
    Ok(true)
}

/// Another machine, with the vault restored from the backup by the safe sheet.
async fn restored(sim: &Sim, from: &Desk, code: &str) -> Result<Desk> {
    let other = desk(sim).await?;
    let file = from.path("backup").join("Vitrine.backup").display().to_string();
    let arguments = ["restore", &file, "--sheet", "--accept-file-fallback", "--codes-fd", "0", "--passphrase-fd", "0"];
    other.vitrine(arguments).typed(code).typed(PASSPHRASE).ends(exit::DONE).await?;
    Ok(other)
}
