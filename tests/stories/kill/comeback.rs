//! Killed while somebody comes back by the kit and the backend alone.

use anyhow::{Context, Result};
use vitrine_entra_sim::Sim;
use vitrine_kit::backend::Backend;

use super::instants::{Comes, Errand, Instant, Scout, meet_those_that};
use super::{Lane, desk, opens};
use crate::backend::{self, moved};
use crate::cloud;
use crate::comeback::{printed, returning};
use crate::desk::{Desk, Order, PASSPHRASE, exit};

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_somebody_comes_back_by_the_kit() -> Result<()> {
    // Each lane has a vault and a backend of its own: another owner who edits at the same instant is another story.
    let sim: Sim = cloud::with_fleet(4).await?;
    let mut lanes = Vec::new();
    for lane in Lane::several(&sim, 4, &["emergency"]).await? {
        lane.desk.does(["settings", "rotateWhenDue", "false"]).await?;
        let backend = backend::start().await?;
        moved(&lane.desk, &backend).await?;
        printed(&lane.desk).await?;
        lanes.push((lane, backend));
    }
    let coming = |lane: &Lane, backend: &Backend, desk: &Desk| -> Result<Order> {
        Ok(returning(&lane.desk, desk, &backend.url())?.typed(PASSPHRASE))
    };
    let first = desk(&sim).await?;
    let scout = Scout::begin(&sim, &first, &[]);
    let (lane, backend) = lanes.first().context("no lane")?;
    Errand::alone(coming(lane, backend, &first)?).along(&scout).run(&sim).await?.ended(exit::DONE)?;
    let instants = scout.end()?;
    let killed = async |(lane, backend): &mut (Lane, Backend), instant: &Instant| {
        let desk = desk(&sim).await?;
        if !Errand::alone(coming(lane, backend, &desk)?).killed_at(&sim, &[], instant).await? {
            return Ok(false);
        }
        // Either nothing is there and the same is done again, or the vault is.
        if desk.does(["status"]).await?["phase"] == "noVault" {
            coming(lane, backend, &desk)?.ends(exit::DONE).await?;
        }
        desk.does(["sync"]).await?;
        for account in &lane.customer.accounts {
            opens(&sim, &desk, &lane.customer, account, &["current"]).await?;
        }
        // It is the owner in everything, and the machine of before works on.
        desk.does(["org", "edit", &lane.customer.organization, "--notes", &instant.to_string()]).await?;
        lane.desk.does(["sync"]).await?;
        Ok(true)
    };
    meet_those_that(Comes::Mostly, "come back by the kit", &mut lanes, instants, 2, killed).await
}
