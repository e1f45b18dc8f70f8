//! Killed while a password is shown, and while a second factor is stored.

use anyhow::{Context, Result, ensure};

use super::Lane;
use super::instants::{Errand, Instant, Scout, meet};
use crate::cloud;
use crate::desk::{PASSPHRASE, exit};

/// After the kill the vault opens as before; the next showing is recorded behind the one that was cut off.
#[tokio::test(flavor = "multi_thread")]
async fn killed_while_a_password_is_shown() -> Result<()> {
    let sim = cloud::with_fleet(2).await?;
    let mut lanes = Lane::several(&sim, 2, &["emergency"]).await?;
    let view = |lane: &Lane| {
        let arguments = ["view", &lane.customer.organization, "--reason", "killed here"];
        Errand::alone(lane.desk.vitrine(arguments).passphrase(PASSPHRASE))
    };
    let first = lanes.first().context("no lane")?;
    let scout = Scout::begin(&sim, &first.desk, &[]);
    view(first).along(&scout).run(&sim).await?.ended(exit::DONE)?;
    let instants = scout.end()?;
    let killed = async |lane: &mut Lane, instant: &Instant| {
        if !view(lane).killed_at(&sim, &[], instant).await? {
            return Ok(false);
        }
        lane.customer.is_settled(&sim, &lane.desk).await?;
        Ok(true)
    };
    meet("view", &mut lanes, instants, 3, killed).await
}

/// As Microsoft's page shows one.
const KEY: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_a_second_factor_is_stored() -> Result<()> {
    let sim = cloud::with_fleet(2).await?;
    let mut lanes = Lane::several(&sim, 2, &["emergency"]).await?;
    let store = |lane: &Lane| {
        let order = lane.desk.vitrine(["second-factor", &lane.customer.organization, "--key-fd", "0"]);
        Errand::alone(order.passphrase(PASSPHRASE).typed(KEY))
    };
    let first = lanes.first().context("no lane")?;
    let scout = Scout::begin(&sim, &first.desk, &[]);
    store(first).along(&scout).run(&sim).await?.ended(exit::DONE)?;
    let instants = scout.end()?;
    let killed = async |lane: &mut Lane, instant: &Instant| {
        if !store(lane).killed_at(&sim, &[], instant).await? {
            return Ok(false);
        }
        lane.customer.is_settled(&sim, &lane.desk).await?;
        store(lane).run(&sim).await?.ended(exit::DONE)?;
        let code = ["view", &lane.customer.organization, "--code", "--reason", "after the kill"];
        let code = lane.desk.does(code).await?;
        ensure!(code["code"].as_str().is_some_and(|code| code.len() == 6), "no code");
        Ok(true)
    };
    meet("store a second factor", &mut lanes, instants, 2, killed).await
}
