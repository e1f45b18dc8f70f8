//! The firm's recovery by several people: shares of the safe sheet, of which some open the vault from anybody's backup.

use std::path::Path;

use anyhow::{Result, ensure};
use vitrine_entra_sim::Sim;
use vitrine_kit::backend::Backend;
use vitrine_kit::wait::{PATIENCE, until};

use crate::backend::{self, moved};
use crate::bad_rotation::{FIRST, connected};
use crate::cloud::{CONTOSO, shown};
use crate::desk::{Desk, Order, PASSPHRASE, exit};
use crate::paper;
use crate::people::brought_in;

const HOLDERS: [&str; 3] = ["Ada Example", "Ben Řehoř", "Cy"];

/// A vault whose sheet is split, 2 of 3, with a backup from after that.
async fn split() -> Result<(Sim, Desk)> {
    let (sim, desk) = connected(&["ea-1"]).await?;
    deal(&desk, "shares").await?;
    desk.does(["backup", "--folder", "kept"]).await?;
    Ok((sim, desk))
}

async fn deal(desk: &Desk, folder: &str) -> Result<()> {
    let mut arguments = vec!["sheet", folder, "--needed", "2"];
    arguments.extend(HOLDERS.iter().flat_map(|holder| ["--holder", holder]));
    desk.does(arguments).await?;
    Ok(())
}

/// The code of share `number`, as its holder types it.
fn share(desk: &Desk, folder: &str, number: u8) -> Result<String> {
    let lines = paper::read(&desk.path(folder).join(format!("Vitrine share {number} of 3.pdf")))?;
    Ok(paper::code(&lines, "Code")?.join("-").to_lowercase())
}

fn backup(desk: &Desk) -> Result<std::path::PathBuf> {
    let file = std::fs::read_dir(desk.path("kept"))?.next().ok_or_else(|| anyhow::anyhow!("no backup"))??;
    Ok(file.path())
}

/// `restore` with two shares.
fn restores(desk: &Desk, file: &Path, codes: &[&str]) -> Order {
    let (file, count) = (file.display().to_string(), codes.len().to_string());
    let arguments =
        ["restore", &file, "--shares", &count, "--accept-file-fallback", "--codes-fd", "0", "--passphrase-fd", "0"];
    let order = codes.iter().fold(desk.vitrine(arguments), |order, code| order.typed(code));
    order.typed(PASSPHRASE)
}

#[tokio::test]
async fn any_two_of_three_holders_bring_the_vault_back_and_one_does_not() -> Result<()> {
    let (sim, desk) = split().await?;
    let now = shown(&desk, "Contoso", "ea-1", "current").await?;
    let file = backup(&desk)?;
    let codes = [share(&desk, "shares", 1)?, share(&desk, "shares", 2)?, share(&desk, "shares", 3)?];
    for [first, second] in [[0, 1], [2, 0], [1, 2]] {
        let fresh = Desk::at(&sim)?;
        restores(&fresh, &file, &[&codes[first], &codes[second]]).ends(exit::DONE).await?;
        let opened = shown(&fresh, "Contoso", "ea-1", "current").await?;
        ensure!(opened == now, "another password came back");
        ensure!(sim.control().password_accepted(CONTOSO, FIRST, &opened), "it opens nothing");
        let happened = fresh.does(["audit"]).await?.to_string();
        ensure!(happened.contains("restored"), "the recovery left no mark: {happened}");
    }
    let fresh = Desk::at(&sim)?;
    restores(&fresh, &file, &[&codes[0]]).refused(exit::LOCKED, "vault.shares-too-few").await?;
    restores(&fresh, &file, &[&codes[0], &codes[0]]).refused(exit::LOCKED, "vault.share-twice").await?;
    // Nothing of a try that failed stays in the way of the next one.
    restores(&fresh, &file, &[&codes[0], &codes[2]]).ends(exit::DONE).await?;
    Ok(())
}

#[tokio::test]
async fn a_share_of_another_vault_or_of_a_replaced_sheet_is_named() -> Result<()> {
    let (sim, desk) = split().await?;
    let (first, second) = (share(&desk, "shares", 1)?, share(&desk, "shares", 2)?);
    deal(&desk, "again").await?;
    desk.does(["backup"]).await?;
    let file = backup(&desk)?;
    let fresh = Desk::at(&sim)?;
    restores(&fresh, &file, &[&first, &second]).refused(exit::LOCKED, "vault.share-of-another").await?;
    let mixed = share(&desk, "again", 3)?;
    restores(&fresh, &file, &[&mixed, &second]).refused(exit::LOCKED, "vault.share-of-another").await?;
    let other = if mixed.ends_with('z') { "y" } else { "z" };
    let mistyped = format!("{}{other}", &mixed[..mixed.len() - 1]);
    restores(&fresh, &file, &[&mixed, &mistyped]).refused(exit::LOCKED, "vault.code-group").await?;
    // A backup follows each change by itself: what is asked of this one is asked of a copy.
    let before = desk.path("before");
    std::fs::copy(&file, &before)?;
    desk.does(["sheet", "whole.pdf"]).await?;
    let code = paper::code(&paper::read(&desk.path("whole.pdf"))?, "Code")?.join("");
    let whole = |file: &Path| {
        let file = file.display().to_string();
        let arguments =
            ["restore", &file, "--sheet", "--accept-file-fallback", "--codes-fd", "0", "--passphrase-fd", "0"];
        fresh.vitrine(arguments).typed(&code).typed(PASSPHRASE)
    };
    whole(&before).refused(exit::LOCKED, "restore.split").await?;
    desk.does(["backup"]).await?;
    let shares = [mixed, share(&desk, "again", 1)?];
    restores(&fresh, &file, &[&shares[0], &shares[1]]).refused(exit::LOCKED, "restore.not-split").await?;
    whole(&file).ends(exit::DONE).await?;
    Ok(())
}

#[tokio::test]
async fn numbers_and_names_that_make_no_sense_split_nothing() -> Result<()> {
    let (_sim, desk) = connected(&["ea-1"]).await?;
    let orders = [
        (vec!["sheet", "s", "--needed", "1", "--holder", "A", "--holder", "B"], "sheet.split"),
        (vec!["sheet", "s", "--needed", "3", "--holder", "A", "--holder", "B"], "sheet.split"),
        (vec!["sheet", "s", "--needed", "2", "--holder", "A"], "sheet.split"),
        (vec!["sheet", "s", "--needed", "2", "--holder", "A", "--holder", " A "], "sheet.holders"),
        (vec!["sheet", "s", "--needed", "2", "--holder", "A", "--holder", " "], "sheet.holders"),
    ];
    for (order, code) in orders {
        desk.refuses(order, exit::USAGE, code).await?;
    }
    let standing = desk.does(["sheet"]).await?;
    ensure!(standing["sheet"].is_null() && standing["mayChange"] == true, "{standing}");
    Ok(())
}

#[tokio::test]
async fn every_member_knows_who_holds_the_shares_and_anybodys_backup_opens_with_them() -> Result<()> {
    let (sim, desk) = connected(&["ea-1"]).await?;
    let backend: Backend = backend::start().await?;
    moved(&desk, &backend).await?;
    let ben = Desk::at(&sim)?;
    brought_in(&desk, &ben, "Ben", "technician").await?;
    deal(&desk, "shares").await?;
    until("the other device to know of the shares", PATIENCE, async || {
        ben.does(["sync"]).await.ok()?;
        let sheet = ben.does(["sheet"]).await.ok()?["sheet"].clone();
        (sheet["split"]["holders"] == serde_json::json!(HOLDERS) && sheet["split"]["needed"] == 2).then_some(())
    })
    .await?;
    ben.refuses(["sheet", "mine.pdf"], exit::USAGE, "ledger.not-allowed").await?;
    ben.does(["backup", "--folder", "kept"]).await?;
    let now = shown(&desk, "Contoso", "ea-1", "current").await?;
    let codes = [share(&desk, "shares", 3)?, share(&desk, "shares", 2)?];
    // A drill on the owner's machine, by the papers alone.
    let drill = |codes: &[String]| {
        let order = desk.vitrine(["sheet", "--check", "--codes-fd", "0"]).passphrase(PASSPHRASE);
        codes.iter().fold(order, |order, code| order.typed(code))
    };
    drill(&codes).ends(exit::DONE).await?;
    drill(&[codes[0].clone(), codes[0].clone()]).refused(exit::LOCKED, "vault.share-twice").await?;
    let fresh = Desk::at(&sim)?;
    restores(&fresh, &backup(&ben)?, &[&codes[0], &codes[1]]).ends(exit::DONE).await?;
    ensure!(shown(&fresh, "Contoso", "ea-1", "current").await? == now, "another password came back");
    let people = fresh.does(["member", "list"]).await?;
    let owner = people["members"]
        .as_array()
        .into_iter()
        .flatten()
        .any(|member| member["you"] == true && member["role"] == "owner");
    ensure!(owner, "the recovered device is not the owner's: {people}");
    Ok(())
}
