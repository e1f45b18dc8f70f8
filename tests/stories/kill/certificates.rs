//! Killed while the certificate of a connection is renewed, which the agent does by itself.

use std::path::PathBuf;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use vitrine_entra_sim::Sim;
use vitrine_kit::wait::{PATIENCE, until};

use super::instants::{Errand, Instant, Scout, lanes, meet};
use super::{Customer, desk};
use crate::cloud;
use crate::desk::{Desk, PASSPHRASE, exit};

/// More tenants than there are instants in the journey.
const FLEET: usize = 200;
/// The last point of a renewal.
const LAST: &str = "certificate.forgotten";
/// Longer than any renewal.
const LONG: Duration = Duration::from_hours(1);

/// A customer whose certificate is about to end.
pub(super) async fn with_an_old_certificate(sim: &Sim, desk: &Desk, used: &AtomicUsize) -> Result<Customer> {
    let customer = Customer::next(used, &["emergency"]);
    desk.does(["org", "add", &customer.organization]).await?;
    customer.connecting(sim, desk)?.with("VITRINE_CERTIFICATE_DAYS", "30").run(sim).await?.ended(exit::DONE)?;
    Ok(customer)
}

/// The agent itself, as `vitrine unlock` starts it: it renews what is due, and goes on until it is locked.
pub(super) fn agent(desk: &Desk) -> Errand {
    Errand::alone(desk.vitrine(["agent"]).typed(PASSPHRASE))
}

/// Where a run of the agent notes its points.
fn log(desk: &Desk) -> PathBuf {
    desk.path("points")
}

/// Locks the agent once it has renewed everything, and then waits to be dropped.
async fn lock_when_renewed(desk: &Desk) -> Result<()> {
    let renewed = async || std::fs::read_to_string(log(desk)).is_ok_and(|log| log.contains(LAST)).then_some(());
    until("a renewal", LONG, renewed).await?;
    // Killed while it locks, it does not answer.
    desk.vitrine(["lock"]).end().await?;
    std::future::pending().await
}

/// Runs the agent beside whoever locks it.
pub(super) async fn beside<T>(desk: &Desk, agent: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::select! {
        ended = agent => ended,
        locked = lock_when_renewed(desk) => Err(locked.err().context("it waits to be dropped")?),
    }
}

/// The next agent finishes what was begun: in the end the tenant knows one certificate, and it lasts.
async fn finishes(sim: &Sim, desk: &Desk, customer: &Customer) -> Result<()> {
    desk.vitrine(["unlock"]).passphrase(PASSPHRASE).ends(exit::DONE).await?;
    // A certificate of which the tenant knows nothing yet is tried for a while, in case it has only not arrived everywhere.
    until("one certificate that lasts", 4 * PATIENCE, async || {
        let shown = desk.vitrine(["org", "show", &customer.organization]).ends(exit::DONE).await.ok()?;
        let lasts = |line: &Value| line["check"] == "certificate" && line["verdict"] == "good";
        let known = sim.control().applications(&customer.tenant).pop()?.certificates.len();
        (known == 1 && shown["health"].as_array()?.iter().any(lasts)).then_some(())
    })
    .await?;
    desk.vitrine(["lock"]).ends(exit::DONE).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_a_certificate_is_renewed() -> Result<()> {
    let (sim, used) = (cloud::with_fleet(FLEET).await?, AtomicUsize::new(0));
    let mut desks = Vec::new();
    for _ in 0..lanes(6) {
        let desk = desk(&sim).await?;
        desk.init().await?;
        desks.push(desk);
    }
    let first = desks.first().context("no desk")?;
    let customer = with_an_old_certificate(&sim, first, &used).await?;
    let scout = Scout::begin(&sim, first, &[&customer.tenant]);
    beside(first, agent(first).along(&scout).run(&sim)).await?;
    let instants = scout.end()?;
    ensure!(instants.iter().any(|instant| instant.to_string().starts_with(LAST)), "nothing was renewed: {instants:?}");
    let killed = async |lane: &mut Desk, instant: &Instant| {
        // A vault of its own: what is left to be forgotten in another renewal would be taken for the end of this one.
        *lane = desk(&sim).await?;
        let desk = &*lane;
        desk.init().await?;
        let customer = with_an_old_certificate(&sim, desk, &used).await?;
        let _ = std::fs::remove_file(log(desk));
        let errand = agent(desk).with("VITRINE_FAILPOINT_LOG", log(desk));
        let tenants = [customer.tenant.as_str()];
        let was_killed = beside(desk, errand.killed_at(&sim, &tenants, instant)).await?;
        // Whatever the tenant knows by now, the stored certificate signs in.
        let rotated = desk.does(["rotate", &customer.organization]).await?;
        ensure!(rotated["done"] == 1 && rotated["failed"] == 0, "{rotated}");
        customer.is_settled(&sim, desk).await?;
        finishes(&sim, desk, &customer).await?;
        let rotated = desk.does(["rotate", &customer.organization]).await?;
        ensure!(rotated["done"] == 1 && rotated["failed"] == 0, "{rotated}");
        Ok(was_killed)
    };
    meet("renew a certificate", &mut desks, instants, 4, killed).await
}
