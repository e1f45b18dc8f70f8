//! Killed while the home is a backend: between its answer and what this device stores of it, too.

use std::sync::atomic::AtomicUsize;

use anyhow::{Context, Result, ensure};
use futures_util::future::try_join_all;

use super::instants::{Comes, Instant, Scout, lanes, meet_those_that};
use super::rotation::{rotating, settles};
use super::{Lane, instants};
use crate::backend::{self, moved};
use crate::cloud;
use crate::desk::exit;

const TWO: [&str; 2] = ["emergency-1", "emergency-2"];

/// A rotation whose every step the home has to take first. Whatever it took before the kill is fetched, and gone on with.
#[tokio::test(flavor = "multi_thread")]
async fn killed_while_a_rotation_goes_through_a_backend() -> Result<()> {
    let sim = cloud::with_fleet(6).await?;
    let (backend, used) = (backend::start().await?, AtomicUsize::new(0));
    let make = async |_| {
        let lane = Lane::make(&sim, &used, &TWO).await?;
        moved(&lane.desk, &backend).await?;
        anyhow::Ok(lane)
    };
    let mut lanes = try_join_all((0..lanes(6)).map(make)).await?;
    let first = lanes.first().context("no lane")?;
    let scout = Scout::begin(&sim, &first.desk, &first.tenants());
    rotating(first).along(&scout).run(&sim).await?.ended(exit::DONE)?;
    let instants = scout.end()?;
    let at_home = |instant: &Instant| matches!(instant, Instant::Point { name, .. } if name == "home.send.after");
    ensure!(instants.iter().any(at_home), "the home was never asked");
    let killed = async |lane: &mut Lane, instant: &Instant| {
        if !rotating(lane).killed_at(&sim, &lane.tenants(), instant).await? {
            return Ok(false);
        }
        // One value after the other is looked at: what is fetched meanwhile would move from one place to the other.
        lane.desk.does(["sync"]).await?;
        lane.customer.is_open(&sim, &lane.desk).await?;
        settles(&sim, lane).await?;
        Ok(true)
    };
    meet_those_that(Comes::Mostly, instants::BY_BACKEND, &mut lanes, instants, 8, killed).await
}
