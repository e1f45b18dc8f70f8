//! Killed while the passphrase is changed.

use anyhow::{Context, Result, ensure};
use vitrine_entra_sim::Sim;

use super::desk;
use super::instants::{Errand, Instant, Scout, lanes, meet};
use crate::cloud;
use crate::desk::{Desk, PASSPHRASE, exit};
use crate::paper;

const OTHER: &str = "copper violin thunder meadow lattice ounce";

/// A desk with a backup, the kit that opens it, and the passphrase of the moment.
struct Kept {
    desk: Desk,
    codes: [String; 2],
    now: &'static str,
}

impl Kept {
    async fn make(sim: &Sim) -> Result<Self> {
        let desk = desk(sim).await?;
        desk.init().await?;
        desk.vitrine(["kit", "kit.pdf"]).passphrase(PASSPHRASE).ends(exit::PARTLY).await?;
        desk.does(["backup", "--folder", "backup"]).await?;
        desk.does(["org", "add", "Contoso"]).await?;
        let lines = paper::read(&desk.path("kit.pdf"))?;
        let code = |heading| paper::code(&lines, heading).map(|groups| groups.join("-"));
        Ok(Self { codes: [code("Account secret")?, code("Vault code")?], desk, now: PASSPHRASE })
    }

    fn next(&self) -> &'static str {
        if self.now == PASSPHRASE { OTHER } else { PASSPHRASE }
    }

    /// `passphrase`: from the present one to the other.
    fn changing(&self) -> Errand {
        Errand::alone(self.desk.vitrine(["passphrase"]).passphrase(self.now).typed(self.next()))
    }

    async fn opens(&self, passphrase: &str) -> Result<bool> {
        let ended = self.desk.vitrine(["org", "list"]).passphrase(passphrase).end().await?;
        if ended.status.code() == Some(exit::DONE) {
            return Ok(true);
        }
        ended.refused(exit::LOCKED, "vault.wrong-passphrase")?;
        Ok(false)
    }

    /// Whether the backup, as it lies there, opens with the kit and this passphrase.
    async fn restores(&self, sim: &Sim, passphrase: &str) -> Result<bool> {
        let other = desk(sim).await?;
        let file = self.desk.path("backup").join("Vitrine.backup").display().to_string();
        let arguments = ["restore", &file, "--accept-file-fallback", "--codes-fd", "0", "--passphrase-fd", "0"];
        let order = other.vitrine(arguments).typed(&self.codes[0]).typed(&self.codes[1]).typed(passphrase);
        let ended = order.end().await?;
        if ended.status.code() == Some(exit::DONE) {
            return Ok(true);
        }
        ended.refused(exit::LOCKED, "restore.refused")?;
        Ok(false)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_the_passphrase_is_changed() -> Result<()> {
    let sim = cloud::start().await?;
    let mut desks = Vec::new();
    for _ in 0..lanes(4) {
        desks.push(Kept::make(&sim).await?);
    }
    let first = desks.first_mut().context("no desk")?;
    let scout = Scout::begin(&sim, &first.desk, &[]);
    first.changing().along(&scout).run(&sim).await?.ended(exit::DONE)?;
    first.now = first.next();
    let instants = scout.end()?;
    let killed = async |kept: &mut Kept, instant: &Instant| {
        let (old, new) = (kept.now, kept.next());
        if !kept.changing().killed_at(&sim, &[], instant).await? {
            kept.now = new;
            return Ok(false);
        }
        // The file on disk is the old one or the new one, and opens with one of the two.
        let by = [kept.restores(&sim, old).await?, kept.restores(&sim, new).await?];
        ensure!(by[0] != by[1], "the backup opens with the old passphrase: {}, with the new one: {}", by[0], by[1]);
        let here = [kept.opens(old).await?, kept.opens(new).await?];
        ensure!(here[0] != here[1], "the vault opens with the old passphrase: {}, with the new: {}", here[0], here[1]);
        if here[0] {
            kept.changing().run(&sim).await?.ended(exit::DONE)?;
        }
        kept.now = new;
        // Whatever opened the vault since has made up for a backup that still knew the old one.
        ensure!(kept.opens(new).await?, "the new passphrase opens nothing");
        ensure!(kept.restores(&sim, new).await?, "the backup does not know the new passphrase");
        ensure!(!kept.restores(&sim, old).await?, "the backup still opens with the old passphrase");
        Ok(true)
    };
    meet("change the passphrase", &mut desks, instants, 3, killed).await
}
