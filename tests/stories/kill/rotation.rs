//! Killed while passwords are rotated: on the plain path, after a lost answer, after a refusal, after a change from
//! outside.

use anyhow::{Context, Result, ensure};
use vitrine_entra_sim::{Effect, Fault, Sim};

use super::Lane;
use super::instants::{Errand, Instant, Scout, deep, meet};
use crate::cloud;
use crate::desk::{PASSPHRASE, exit};

const TWO: [&str; 2] = ["emergency-1", "emergency-2"];
const SET_PASSWORD: &str = "PATCH /users/{user-id}";

/// `rotate` for everything the customer has.
pub(super) fn rotating(lane: &Lane) -> Errand {
    Errand::alone(lane.desk.vitrine(["rotate", &lane.customer.organization]).passphrase(PASSPHRASE))
}

/// `laps repair`, the order of a person who saw the alarm.
fn repairing(lane: &Lane) -> Errand {
    Errand::alone(lane.desk.vitrine(["laps", "repair", &lane.customer.organization]).passphrase(PASSPHRASE))
}

/// A password that the tenant refuses, and that may have been sent before: it may still arrive, so nobody gives it up.
const REFUSED_AND_KEPT: &str = "rotation.need.password-refused";

/// Goes on where a killed rotation stopped: afterwards nothing is open, and each account has one value that opens it. Where
/// what was stored when it was killed is refused now, it takes a second order.
pub(super) async fn settles(sim: &Sim, lane: &Lane) -> Result<()> {
    let mut ended = rotating(lane).run(sim).await?;
    if ended.out.contains(REFUSED_AND_KEPT) {
        lane.customer.is_open(sim, &lane.desk).await?;
        ended = rotating(lane).run(sim).await?;
    }
    let rotated = ended.ended(exit::DONE)?;
    ensure!(rotated["failed"] == 0 && rotated["open"] == 0, "it did not settle: {rotated}");
    lane.customer.is_settled(sim, &lane.desk).await
}

/// A rotation of all accounts while this happens to the next change of a password, and killed at any instant of it.
async fn killed_while(journey: &str, effect: Option<Effect>, lanes: usize, share: usize) -> Result<()> {
    let sim = cloud::with_fleet(lanes).await?;
    let mut lanes = Lane::several(&sim, lanes, &TWO).await?;
    let arm = |lane: &Lane| {
        if let Some(effect) = &effect {
            sim.control().add_fault(Fault {
                tenant: Some(lane.customer.tenant.clone()),
                operation: Some(SET_PASSWORD.to_owned()),
                skip: 0,
                times: Some(1),
                probability: None,
                effect: effect.clone(),
            });
        }
    };
    let first = lanes.first().context("no lane")?;
    let scout = Scout::begin(&sim, &first.desk, &first.tenants());
    arm(first);
    rotating(first).along(&scout).run(&sim).await?.ended(exit::DONE)?;
    let instants = scout.end()?;
    let killed = async |lane: &mut Lane, instant: &Instant| {
        arm(lane);
        if !rotating(lane).killed_at(&sim, &lane.tenants(), instant).await? {
            return Ok(false);
        }
        lane.customer.is_open(&sim, &lane.desk).await?;
        settles(&sim, lane).await?;
        Ok(true)
    };
    meet(journey, &mut lanes, instants, share, killed).await
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_both_passwords_are_rotated() -> Result<()> {
    killed_while("rotate", None, 6, 8).await
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_an_answer_is_lost() -> Result<()> {
    killed_while("rotate, the answer lost", Some(Effect::DropAfter), 6, 3).await
}

/// What it costs that no password is lost (row R7 of the goals): two commits before the one that ends a rotation anyway.
#[tokio::test(flavor = "multi_thread")]
async fn r7_what_keeps_a_password_from_being_lost_costs_two_commits() -> Result<()> {
    let sim = cloud::with_fleet(2).await?;
    let lanes = Lane::several(&sim, 2, &["emergency"]).await?;
    let lane = lanes.first().context("no lane")?;
    let scout = Scout::begin(&sim, &lane.desk, &lane.tenants());
    rotating(lane).along(&scout).run(&sim).await?.ended(exit::DONE)?;
    let points = scout.end()?.into_iter().filter_map(|instant| match instant {
        Instant::Point { name, .. } => Some(name),
        Instant::Request { .. } => None,
    });
    let rotation: Vec<String> = points
        .skip_while(|name| name != "rotate.prepare.before")
        .take_while(|name| name != "rotate.commit.after")
        .collect();
    let commits = rotation.iter().filter(|name| *name == "store.commit.after").count();
    ensure!((1..=3).contains(&commits), "{commits} commits: {rotation:?}");
    Ok(())
}

/// The change never reached the tenant: after a minute of reading the same candidate is sent again.
#[tokio::test(flavor = "multi_thread")]
async fn killed_while_a_request_is_lost() -> Result<()> {
    if !deep() {
        eprintln!("rotate, the request lost: each run takes more than a minute, so only with VITRINE_DEEP=1");
        return Ok(());
    }
    killed_while("rotate, the request lost", Some(Effect::DropBefore), 16, 0).await
}

/// A definite refusal: the candidate is given up and another one made.
#[tokio::test(flavor = "multi_thread")]
async fn killed_while_a_candidate_is_refused() -> Result<()> {
    let refused = Effect::Status { status: 400, code: None, retry_after: None };
    killed_while("rotate, the candidate refused", Some(refused), 8, 2).await
}

const OUTSIDE: &str = "Set by somebody else 4711!";

/// The one account of a lane, its password changed by somebody else.
fn changed_outside<'a>(sim: &Sim, lane: &'a Lane) -> Result<&'a str> {
    let account = lane.customer.accounts.first().context("no account")?;
    ensure!(sim.control().set_password_outside(&lane.customer.tenant, account, OUTSIDE), "no such account");
    Ok(account)
}

/// Somebody else changes the password; a rotation tells of it, a repair sets a new one. Killed in either.
#[tokio::test(flavor = "multi_thread")]
async fn killed_while_a_change_from_outside_is_noticed_and_repaired() -> Result<()> {
    let sim = cloud::with_fleet(6).await?;
    let mut lanes = Lane::several(&sim, 6, &["emergency"]).await?;
    let first = lanes.first().context("no lane")?;
    changed_outside(&sim, first)?;
    let scout = Scout::begin(&sim, &first.desk, &first.tenants());
    let noticed = rotating(first).along(&scout).run(&sim).await?;
    ensure!(noticed.status.code() != Some(exit::DONE), "it went unnoticed");
    let noticing = scout.end()?;
    let scout = Scout::begin(&sim, &first.desk, &first.tenants());
    repairing(first).along(&scout).run(&sim).await?.ended(exit::DONE)?;
    let in_repair = scout.end()?;

    let killed = async |lane: &Lane, instant: &Instant, noticed: bool| {
        let account = changed_outside(&sim, lane)?;
        if noticed {
            rotating(lane).run(&sim).await?;
        }
        let errand = if noticed { repairing(lane) } else { rotating(lane) };
        let killed = errand.killed_at(&sim, &lane.tenants(), instant).await?;
        // Until the repair has arrived theirs opens the account, and nobody here has ever known it.
        if !sim.control().password_accepted(&lane.customer.tenant, account, OUTSIDE) {
            lane.customer.is_open(&sim, &lane.desk).await?;
        }
        // A repair that was begun goes on as a rotation; one that was not is still to be ordered.
        if rotating(lane).run(&sim).await?.status.code() != Some(exit::DONE) {
            repairing(lane).run(&sim).await?.ended(exit::DONE)?;
        }
        lane.customer.is_settled(&sim, &lane.desk).await?;
        Ok(killed)
    };
    let by = async |lane: &mut Lane, instant: &Instant| killed(lane, instant, false).await;
    meet("notice a change from outside", &mut lanes, noticing, 2, by).await?;
    let by = async |lane: &mut Lane, instant: &Instant| killed(lane, instant, true).await;
    meet("repair a change from outside", &mut lanes, in_repair, 2, by).await
}
