//! Killed while the backup is written, and while a vault is restored from it.

use std::sync::atomic::AtomicUsize;

use anyhow::{Context, Result, ensure};
use vitrine_entra_sim::Sim;

use super::desk;
use super::instants::{Errand, Instant, Scout, lanes, meet};
use super::{Customer, Lane, opens};
use crate::cloud;
use crate::desk::{Desk, Order, PASSPHRASE, exit};
use crate::paper;

/// What opens a backup on another machine: both codes of the kit, and the file.
struct Kit {
    secret: String,
    vault: String,
    file: String,
}

/// Prints a desk's kit and gives it a folder for its backup.
async fn kit(desk: &Desk) -> Result<Kit> {
    desk.vitrine(["kit", "kit.pdf"]).passphrase(PASSPHRASE).ends(exit::PARTLY).await?;
    desk.does(["backup", "--folder", "backup"]).await?;
    let lines = paper::read(&desk.path("kit.pdf"))?;
    let code = |heading| paper::code(&lines, heading).map(|groups| groups.join("-"));
    let file = desk.path("backup").join("Vitrine.backup").display().to_string();
    Ok(Kit { secret: code("Account secret")?, vault: code("Vault code")?, file })
}

impl Kit {
    fn restoring(&self, desk: &Desk) -> Order {
        let arguments = ["restore", &self.file, "--accept-file-fallback", "--codes-fd", "0", "--passphrase-fd", "0"];
        desk.vitrine(arguments).typed(&self.secret).typed(&self.vault).typed(PASSPHRASE)
    }
}

/// A desk with a backup, and how often it was changed.
pub(super) struct Kept {
    desk: Desk,
    kit: Kit,
    changes: usize,
}

impl Kept {
    pub(super) async fn make(sim: &Sim) -> Result<Self> {
        let desk = desk(sim).await?;
        desk.init().await?;
        let kit = kit(&desk).await?;
        desk.does(["org", "add", "Contoso"]).await?;
        Ok(Self { desk, kit, changes: 0 })
    }

    /// A change of the vault, after which the backup is written anew.
    pub(super) fn changing(&mut self) -> Errand {
        self.changes += 1;
        let name = format!("Customer {}", self.changes);
        Errand::alone(self.desk.vitrine(["org", "add", &name]).passphrase(PASSPHRASE))
    }

    /// Another desk, with what the file on disk brings back.
    pub(super) async fn restored(&self, sim: &Sim) -> Result<Desk> {
        let other = desk(sim).await?;
        self.kit.restoring(&other).ends(exit::DONE).await?;
        Ok(other)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_the_backup_is_written() -> Result<()> {
    let sim = cloud::start().await?;
    let mut desks = Vec::new();
    for _ in 0..lanes(4) {
        desks.push(Kept::make(&sim).await?);
    }
    let first = desks.first_mut().context("no desk")?;
    let scout = Scout::begin(&sim, &first.desk, &[]);
    first.changing().along(&scout).run(&sim).await?.ended(exit::DONE)?;
    let instants = scout.end()?;
    let killed = async |kept: &mut Kept, instant: &Instant| {
        if !kept.changing().killed_at(&sim, &[], instant).await? {
            return Ok(false);
        }
        let names = |list: &serde_json::Value| -> Vec<String> {
            let rows = list["rows"].as_array().map_or(&[][..], Vec::as_slice);
            rows.iter().filter_map(|row| row["name"].as_str().map(str::to_owned)).collect()
        };
        // The file on disk is the old one or the new one, and whole; it is read before anything writes it again.
        let other = kept.restored(&sim).await?;
        let restored = names(&other.does(["org", "list"]).await?);
        let here = names(&kept.desk.does(["org", "list"]).await?);
        ensure!(restored.iter().any(|name| name == "Contoso"), "{restored:?}");
        ensure!(restored.iter().all(|name| here.contains(name)), "{restored:?} but here {here:?}");
        ensure!(restored.len() + 1 >= here.len(), "more than the last change is missing: {restored:?} of {here:?}");
        // What the kill left beside the file is in nobody's way.
        kept.changing().run(&sim).await?.ended(exit::DONE)?;
        let other = kept.restored(&sim).await?;
        let (restored, here) = (other.does(["org", "list"]).await?, kept.desk.does(["org", "list"]).await?);
        ensure!(restored["matching"] == here["matching"], "{restored} but here {here}");
        Ok(true)
    };
    meet("back up", &mut desks, instants, 4, killed).await
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_a_vault_is_restored() -> Result<()> {
    let sim = cloud::with_fleet(1).await?;
    let lane = Lane::make(&sim, &AtomicUsize::new(0), &["emergency"]).await?;
    let kit = kit(&lane.desk).await?;
    let first = desk(&sim).await?;
    let scout = Scout::begin(&sim, &first, &[]);
    Errand::alone(kit.restoring(&first)).along(&scout).run(&sim).await?.ended(exit::DONE)?;
    let instants = scout.end()?;
    let customer: &Customer = &lane.customer;
    let killed = async |(): &mut (), instant: &Instant| {
        let desk = desk(&sim).await?;
        if !Errand::alone(kit.restoring(&desk)).killed_at(&sim, &[], instant).await? {
            return Ok(false);
        }
        // Either nothing is there and it is restored again, or the vault is.
        let status = desk.does(["status"]).await?;
        if status["phase"] == "noVault" {
            kit.restoring(&desk).ends(exit::DONE).await?;
        }
        for account in &customer.accounts {
            opens(&sim, &desk, customer, account, &["current"]).await?;
        }
        desk.does(["org", "add", "Fabrikam"]).await?;
        Ok(true)
    };
    meet("restore", &mut vec![(); lanes(4)], instants, 3, killed).await
}
