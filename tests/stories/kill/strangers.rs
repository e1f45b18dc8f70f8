//! Killed while the keys that somebody put in are taken away.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use vitrine_entra_sim::{ApplicationView, Planted, PlantedWhat, Sim, TenantChange};

use super::Lane;
use super::instants::{Errand, Instant, Scout, meet};
use crate::cloud;
use crate::desk::{Order, PASSPHRASE, exit, text};

const NAME: &str = "Back door";

fn ours(sim: &Sim, lane: &Lane) -> Result<ApplicationView> {
    sim.control().applications(&lane.customer.tenant).pop().context("no registration")
}

/// Puts a key into the registration, and gives its id as it is shown.
async fn planted(sim: &Sim, lane: &Lane) -> Result<String> {
    let app_id = ours(sim, lane)?.app_id;
    let plant = Planted { app_id, on_principal: false, what: PlantedWhat::Key, name: NAME.to_owned() };
    let tenant = lane.customer.tenant.clone();
    let change = TenantChange { tenant, plant: Some(plant), ..TenantChange::default() };
    sim.control().change_tenant(&change).map_err(anyhow::Error::msg)?;
    let view: Value = lane.desk.does(["laps", "check", &lane.customer.organization]).await?;
    let strangers = view["strangers"].as_array().context("no strangers")?;
    ensure!(strangers.len() == 1, "{view}");
    text(&strangers[0], "id")
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_a_strangers_key_is_removed() -> Result<()> {
    let sim = cloud::with_fleet(6).await?;
    let mut lanes = Lane::several(&sim, 4, &["emergency"]).await?;
    let removing = |lane: &Lane, id: &str| -> Order {
        lane.desk.vitrine(["strangers", "remove", &lane.customer.organization, id]).passphrase(PASSPHRASE)
    };
    let first = lanes.first().context("no lane")?;
    let id = planted(&sim, first).await?;
    let scout = Scout::begin(&sim, &first.desk, &first.tenants());
    Errand::alone(removing(first, &id)).along(&scout).run(&sim).await?.ended(exit::DONE)?;
    let instants = scout.end()?;
    let killed = async |lane: &mut Lane, instant: &Instant| {
        let before = ours(&sim, lane)?.certificates.len();
        let id = planted(&sim, lane).await?;
        if !Errand::alone(removing(lane, &id)).killed_at(&sim, &lane.tenants(), instant).await? {
            // It was removed, so that the next try finds what this one did.
            return Ok(false);
        }
        // The connection's own key is never the one that goes; what was named goes, now or when it is named again.
        lane.customer.is_open(&sim, &lane.desk).await?;
        let after: Value = removing(lane, &id).ends(exit::DONE).await?;
        ensure!(after["strangers"].as_array().is_none_or(Vec::is_empty), "{after}");
        ensure!(ours(&sim, lane)?.certificates.len() == before, "another number of keys");
        let inbox = lane.desk.does(["attention"]).await?;
        ensure!(inbox["open"] == 0, "{inbox}");
        let rotated = lane.desk.does(["rotate", &lane.customer.organization]).await?;
        ensure!(rotated["done"] == 1, "the connection no longer works: {rotated}");
        lane.customer.is_settled(&sim, &lane.desk).await?;
        Ok(true)
    };
    meet("remove a stranger", &mut lanes, instants, 2, killed).await
}
