//! A disk that is full, and folders that may not be written: what was asked for is refused with the next step, nothing is
//! lost, passwords are shown where that can still be recorded, and all goes on once there is space again.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use vitrine_entra_sim::Sim;
use vitrine_kit::disk::SmallDisk;

use crate::browser::Will;
use crate::cloud::{self, CONTOSO, shown};
use crate::desk::{Desk, Ended, PASSPHRASE, exit, text};
use crate::paper;

const EMERGENCY: &str = "emergency@contoso.onmicrosoft.com";
const NORTHWIND: &str = "northwind.onmicrosoft.com";

/// A desk whose data folder is a disk of its own, with Contoso connected. None where no disk can be mounted.
async fn on_a_disk_of_its_own() -> Result<Option<(Sim, Desk, SmallDisk)>> {
    let sim = cloud::start().await?;
    let desk = Desk::at(&sim)?;
    let Some(disk) = SmallDisk::mount(&desk.vault(), 16 << 10)? else { return Ok(None) };
    desk.init().await?;
    for name in ["Contoso", "Northwind"] {
        desk.does(["org", "add", name]).await?;
    }
    cloud::connect(&sim, &desk, "Contoso", CONTOSO, &["emergency"]).await?;
    Ok(Some((sim, desk, disk)))
}

/// What it told beside its answer names this.
fn warned(ended: &Ended, code: &str) -> Result<()> {
    let found = ended.told.iter().any(|news| news["error"]["code"] == code);
    ensure!(found, "nobody was told of {code}: {:?} {}", ended.told, ended.out);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_full_disk_passwords_are_shown_and_everything_that_changes_waits_for_space() -> Result<()> {
    let Some((sim, desk, disk)) = on_a_disk_of_its_own().await? else { return Ok(()) };
    let password = shown(&desk, "Contoso", EMERGENCY, "current").await?;
    disk.fill()?;
    // What the journal still has room for is done; then it is said, and nothing of it is stored.
    let (mut added, mut refused) = (0, None);
    for number in 1..=50 {
        let ended = desk.vitrine(["org", "add", &format!("Late {number}")]).passphrase(PASSPHRASE).end().await?;
        if ended.status.code() != Some(exit::DONE) {
            refused = Some(ended.refused(exit::MACHINE, "store.disk-full")?);
            break;
        }
        added += 1;
        disk.fill().context("filling what was given back")?;
    }
    let refused = refused.context("a full disk took 50 organizations")?;
    ensure!(text(&refused, "next")?.contains("Free some space"), "{refused}");

    // Nothing reaches a tenant that could not be stored first.
    disk.fill()?;
    let mut running = cloud::begin(&desk, "Northwind", NORTHWIND, &["emergency"]).await?;
    cloud::answer(&sim, &mut running, &cloud::admin(&sim, NORTHWIND)?, Will::Agree).await?;
    running.end().await?.refused(exit::MACHINE, "store.disk-full")?;
    ensure!(sim.control().requests(NORTHWIND, "POST /applications") == 0, "a registration without its key");
    disk.fill()?;
    let rotated = desk.vitrine(["rotate", "Contoso", "--wait", "20"]).passphrase(PASSPHRASE).end().await?;
    let told: Value = serde_json::from_str(&rotated.out)?;
    ensure!(rotated.status.code() != Some(exit::DONE), "{told}");
    let problem = if told["error"].is_null() { &told["jobs"][0]["problem"] } else { &told["error"] };
    ensure!(problem["code"] == "store.disk-full", "{told}");
    cloud::one_value_opens(&sim, &desk, "Contoso", CONTOSO, EMERGENCY).await?;

    // Viewing, which has its space reserved: each time by itself, and with an agent.
    for _ in 0..3 {
        ensure!(shown(&desk, "Contoso", EMERGENCY, "current").await? == password, "another password is shown");
    }
    desk.vitrine(["org", "list"]).passphrase("wrong").refused(exit::LOCKED, "vault.wrong-passphrase").await?;
    desk.vitrine(["unlock"]).passphrase(PASSPHRASE).ends(exit::DONE).await?;
    for number in 0..3 {
        let view = ["view", "Contoso", "--reason", &format!("full disk {number}")];
        let viewed = desk.vitrine(view).ends(exit::DONE).await?;
        ensure!(viewed["secret"] == password.as_str(), "another password is shown");
    }
    desk.vitrine(["lock"]).ends(exit::DONE).await?;
    cloud::one_value_opens(&sim, &desk, "Contoso", CONTOSO, EMERGENCY).await?;

    disk.empty()?;
    let list = desk.does(["org", "list"]).await?;
    ensure!(list["matching"] == 2 + added, "{added} were added: {list}");
    // Who looked while the disk was full is written down like everybody else.
    let audit = desk.does(["audit", "Contoso"]).await?;
    let lines = audit["lines"].as_array().context("no lines")?;
    let seen = |number: i32| lines.iter().any(|line| line["note"] == format!("current password: full disk {number}"));
    ensure!((0..3).all(seen), "a view is missing: {audit}");
    let rotated = desk.does(["rotate", "Contoso"]).await?;
    ensure!(rotated["done"] == 1 && rotated["failed"] == 0, "{rotated}");
    cloud::one_value_opens(&sim, &desk, "Contoso", CONTOSO, EMERGENCY).await?;
    cloud::connect(&sim, &desk, "Northwind", NORTHWIND, &["emergency"]).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_is_not_half_made_on_a_disk_without_room_for_it() -> Result<()> {
    let desk = Desk::alone()?;
    // Not even the reserve for views fits.
    let Some(disk) = SmallDisk::mount(&desk.vault(), 256)? else { return Ok(()) };
    let init = ["init", "--firm", "Northern Lights IT", "--person", "Ada Byron", "--accept-file-fallback"];
    desk.refuses(init, exit::MACHINE, "store.disk-full").await?;
    drop(disk);
    let Some(_disk) = SmallDisk::mount(&desk.vault(), 16 << 10)? else { return Ok(()) };
    desk.init().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_folder_that_may_not_be_written_shows_nothing_and_loses_nothing() -> Result<()> {
    let Some((_sim, desk, disk)) = on_a_disk_of_its_own().await? else { return Ok(()) };
    let password = shown(&desk, "Contoso", EMERGENCY, "current").await?;
    disk.set_read_only(true)?;
    // Without a durable record nothing is shown.
    for command in [
        vec!["status"],
        vec!["unlock"],
        vec!["view", "Contoso", "--reason", "x"],
        vec!["rotate", "Contoso"],
        vec!["org", "add", "Fabrikam"],
    ] {
        let error = desk.refuses(&command, exit::MACHINE, "store.unwritable").await?;
        ensure!(text(&error, "message")?.contains("vault"), "which folder? {error}");
    }
    disk.set_read_only(false)?;
    ensure!(shown(&desk, "Contoso", EMERGENCY, "current").await? == password, "another password is shown");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_folder_that_takes_nothing_is_told_of_and_the_old_file_stays_whole() -> Result<()> {
    let desk = Desk::alone()?;
    let Some(disk) = SmallDisk::mount(&desk.path("backup"), 1 << 10)? else { return Ok(()) };
    desk.init().await?;
    desk.vitrine(["kit", "kit.pdf"]).passphrase(PASSPHRASE).ends(exit::PARTLY).await?;
    desk.does(["backup", "--folder", "backup"]).await?;
    let file = desk.path("backup").join("Vitrine.backup");
    let old = std::fs::read(&file)?;
    let add = |name: &'static str| desk.vitrine(["org", "add", name]).passphrase(PASSPHRASE).end();

    disk.fill()?;
    // The change itself is done; its backup is not, and that is said.
    let added = add("Contoso").await?;
    added.ended(exit::DONE)?;
    warned(&added, "file.disk-full")?;
    desk.refuses(["backup"], exit::MACHINE, "file.disk-full").await?;
    disk.empty()?;
    ensure!(std::fs::read(&file)? == old, "the old backup was touched");
    ensure!(std::fs::read_dir(desk.path("backup"))?.count() == 1, "half a file was left");

    disk.set_read_only(true)?;
    let added = add("Fabrikam").await?;
    added.ended(exit::DONE)?;
    warned(&added, "file.not-writable")?;
    desk.refuses(["backup"], exit::MACHINE, "file.not-writable").await?;
    disk.set_read_only(false)?;
    ensure!(std::fs::read(&file)? == old, "the old backup was touched");

    // Any command that opens the vault makes up for it.
    desk.does(["org", "list"]).await?;
    let other = Desk::alone()?;
    let lines = paper::read(&desk.path("kit.pdf"))?;
    let code = |heading| paper::code(&lines, heading).map(|groups| groups.join("-"));
    let arguments = ["restore", "--accept-file-fallback", "--codes-fd", "0", "--passphrase-fd", "0"];
    let order = other.vitrine(arguments).arguments([&file]).typed(&code("Account secret")?).typed(&code("Vault code")?);
    order.typed(PASSPHRASE).ends(exit::DONE).await?;
    let list = other.does(["org", "list"]).await?;
    ensure!(list["matching"] == 2, "the backup lacks what was changed meanwhile: {list}");
    Ok(())
}
