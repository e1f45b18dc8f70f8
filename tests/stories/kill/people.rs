//! Killed while somebody joins, and while somebody is removed, loses a device, or loses access.

use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use vitrine_entra_sim::Sim;
use vitrine_kit::backend::Backend;
use vitrine_kit::wait::{PATIENCE, until};

use super::instants::{Comes, Errand, Instant, Scout, lanes, meet_those_that};
use super::{Customer, Lane, desk, opens};
use crate::backend::{self, moved};
use crate::cloud::{self, shown};
use crate::desk::{Desk, PASSPHRASE, exit};
use crate::devices::{approved, is_revoked, own_id};
use crate::people::{brought_in, brought_into, invited, join, standing};

/// An owner with one customer and a backend, and how many were invited.
struct Team {
    owner: Lane,
    _backend: Backend,
    invited: usize,
}

impl Team {
    async fn several(sim: &Sim, deep: usize) -> Result<Vec<Self>> {
        let (used, mut teams) = (AtomicUsize::new(0), Vec::new());
        for _ in 0..lanes(deep) {
            let owner = Lane::make(sim, &used, &["emergency"]).await?;
            owner.desk.does(["settings", "rotateWhenDue", "false"]).await?;
            let backend = backend::start().await?;
            moved(&owner.desk, &backend).await?;
            teams.push(Self { owner, _backend: backend, invited: 0 });
        }
        Ok(teams)
    }

    fn next(&mut self) -> String {
        self.invited += 1;
        format!("Grace {}", self.invited)
    }

    fn customer(&self) -> &Customer {
        &self.owner.customer
    }

    fn account(&self) -> Result<&str> {
        self.customer().accounts.first().map(String::as_str).context("no account")
    }
}

impl Team {
    /// What was ordered goes on by itself, or once somebody asks for it: what was known opens nothing, and nothing is owed.
    async fn everything_is_replaced(&self, sim: &Sim, known: &str) -> Result<()> {
        let owner = &self.owner.desk;
        let board: Value = owner.does(["incident", "retry"]).await?;
        ensure!(board["incident"]["accounts"]["replaced"] == 1, "not everything was replaced: {board}");
        ensure!(board["incident"]["certificates"]["replaced"] == 1, "the certificate was not replaced: {board}");
        ensure!(owner.does(["member", "list"]).await?["keysLeft"] == 0, "an organization has the keys of before");
        let opens = sim.control().password_accepted(&self.customer().tenant, self.account()?, known);
        ensure!(!opens, "what was known still opens");
        self.customer().is_settled(sim, owner).await
    }
}

/// Adds whoever answers, and goes on for ever: it is dropped with what it goes beside.
async fn adds(owner: &Desk, name: &str) -> Result<()> {
    let added = until("an answer to the invitation", PATIENCE * 4, async || {
        let list = owner.does(["member", "list"]).await.ok()?;
        let answered =
            list["invitations"].as_array()?.iter().any(|one| one["name"] == name && !one["answer"].is_null());
        if !answered {
            return None;
        }
        owner.does(["member", "add", name, "--compared"]).await.ok().map(drop)
    });
    added.await?;
    pending().await
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_somebody_joins() -> Result<()> {
    let sim = cloud::with_fleet(6).await?;
    let mut teams = Team::several(&sim, 4).await?;
    let first = teams.first_mut().context("no team")?;
    let (scouted, name) = (desk(&sim).await?, first.next());
    let code = invited(&first.owner.desk, &name, "technician").await?;
    let scout = Scout::begin(&sim, &scouted, &[]);
    let ended = tokio::select! {
        ended = Errand::alone(join(&scouted, &name, &code)).along(&scout).run(&sim) => ended?,
        never = adds(&first.owner.desk, &name) => return never,
    };
    ended.ended(exit::DONE)?;
    let instants = scout.end()?;
    let killed = async |team: &mut Team, instant: &Instant| {
        let (joiner, name) = (desk(&sim).await?, team.next());
        let owner = &team.owner.desk;
        let code = invited(owner, &name, "technician").await?;
        let met = tokio::select! {
            met = Errand::alone(join(&joiner, &name, &code)).killed_at(&sim, &[], instant) => met?,
            never = adds(owner, &name) => never.map(|()| false)?,
        };
        if !met {
            return Ok(false);
        }
        // Nothing is there and the same code is entered again, or it goes on with the keys it made.
        let status = joiner.does(["status"]).await?;
        let again = if status["phase"] == "noVault" {
            join(&joiner, &name, &code)
        } else {
            joiner.vitrine(["join"]).passphrase(PASSPHRASE)
        };
        let added = standing(owner, &name).await.is_ok();
        let ended = tokio::select! {
            ended = again.end() => ended?,
            never = async { if added { pending().await } else { adds(owner, &name).await } } => return never.map(|()| true),
        };
        ended.ended(exit::DONE)?;
        owner.does(["sync"]).await?;
        joiner.does(["sync"]).await?;
        opens(&sim, &joiner, team.customer(), team.account()?, &["current"]).await?;
        Ok(true)
    };
    // How much is fetched before the command ends is a matter of the clock.
    meet_those_that(Comes::Mostly, "join", &mut teams, instants, 3, killed).await
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_somebody_is_removed() -> Result<()> {
    let sim = cloud::with_fleet(6).await?;
    let mut teams = Team::several(&sim, 4).await?;
    let removing =
        |desk: &Desk, name: &str| desk.vitrine(["member", "remove", name, "--reason", "left"]).passphrase(PASSPHRASE);
    let first = teams.first_mut().context("no team")?;
    let name = first.next();
    brought_in(&first.owner.desk, &desk(&sim).await?, &name, "technician").await?;
    let scout = Scout::begin(&sim, &first.owner.desk, &first.owner.tenants());
    Errand::alone(removing(&first.owner.desk, &name)).along(&scout).run(&sim).await?.ended(exit::DONE)?;
    let instants = scout.end()?;
    let seen = AtomicUsize::new(0);
    let killed = async |team: &mut Team, instant: &Instant| {
        let name = team.next();
        let owner = &team.owner.desk;
        owner.does(["incident", "end"]).await?;
        let grace = desk(&sim).await?;
        brought_in(owner, &grace, &name, "technician").await?;
        let known = shown(&grace, &team.customer().organization, team.account()?, "current").await?;
        if !Errand::alone(removing(owner, &name)).killed_at(&sim, &team.owner.tenants(), instant).await? {
            return Ok(false);
        }
        seen.fetch_add(1, Ordering::Relaxed);
        owner.does(["sync"]).await?;
        team.customer().is_open(&sim, owner).await?;
        if standing(owner, &name).await? == "active" {
            removing(owner, &name).ends(exit::DONE).await?;
        }
        team.everything_is_replaced(&sim, &known).await?;
        Ok(true)
    };
    meet_those_that(Comes::Mostly, "remove a member", &mut teams, instants, 3, killed).await
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_a_device_is_revoked() -> Result<()> {
    let sim = cloud::with_fleet(6).await?;
    let mut teams = Team::several(&sim, 4).await?;
    let revoking =
        |owner: &Desk, id: &str| owner.vitrine(["device", "revoke", id, "--reason", "lost"]).passphrase(PASSPHRASE);
    let first = teams.first_mut().context("no team")?;
    let lost = desk(&sim).await?;
    approved(&first.owner.desk, &lost).await?;
    let id = own_id(&lost).await?;
    let scout = Scout::begin(&sim, &first.owner.desk, &first.owner.tenants());
    Errand::alone(revoking(&first.owner.desk, &id)).along(&scout).run(&sim).await?.ended(exit::DONE)?;
    let instants = scout.end()?;
    let killed = async |team: &mut Team, instant: &Instant| {
        let owner = &team.owner.desk;
        owner.does(["incident", "end"]).await?;
        let lost = desk(&sim).await?;
        approved(owner, &lost).await?;
        let (id, organization) = (own_id(&lost).await?, &team.customer().organization);
        let known = shown(&lost, organization, team.account()?, "current").await?;
        if !Errand::alone(revoking(owner, &id)).killed_at(&sim, &team.owner.tenants(), instant).await? {
            return Ok(false);
        }
        owner.does(["sync"]).await?;
        team.customer().is_open(&sim, owner).await?;
        if !is_revoked(owner, &id).await? {
            revoking(owner, &id).ends(exit::DONE).await?;
        }
        team.everything_is_replaced(&sim, &known).await?;
        lost.refuses(["sync"], exit::INTEGRITY, "home.unknown-device").await?;
        Ok(true)
    };
    meet_those_that(Comes::Mostly, "revoke a device", &mut teams, instants, 2, killed).await
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_access_is_taken_away() -> Result<()> {
    let sim = cloud::with_fleet(6).await?;
    let mut teams = Team::several(&sim, 4).await?;
    let mut desks = Vec::new();
    for team in &teams {
        let (owner, grace) = (&team.owner.desk, desk(&sim).await?);
        owner.does(["team", "add", "Night"]).await?;
        brought_into(owner, &grace, "Grace Hopper", "Night").await?;
        desks.push(grace);
    }
    let mut lanes: Vec<(&mut Team, Desk)> = teams.iter_mut().zip(desks).collect();
    let access = |team: &Team, way: &str| {
        let arguments = ["org", "access", &team.customer().organization, way, "Night"];
        team.owner.desk.vitrine(arguments).passphrase(PASSPHRASE)
    };
    let (first, _) = lanes.first().context("no team")?;
    access(first, "--give").ends(exit::DONE).await?;
    let scout = Scout::begin(&sim, &first.owner.desk, &first.owner.tenants());
    Errand::alone(access(first, "--take")).along(&scout).run(&sim).await?.ended(exit::DONE)?;
    let instants = scout.end()?;
    let killed = async |(team, grace): &mut (&mut Team, Desk), instant: &Instant| {
        let owner = &team.owner.desk;
        owner.does(["incident", "end"]).await?;
        access(team, "--give").ends(exit::DONE).await?;
        grace.does(["sync"]).await?;
        let organization = team.customer().organization.clone();
        let known = shown(grace, &organization, team.account()?, "current").await?;
        if !Errand::alone(access(team, "--take")).killed_at(&sim, &team.owner.tenants(), instant).await? {
            return Ok(false);
        }
        owner.does(["sync"]).await?;
        team.customer().is_open(&sim, owner).await?;
        let now = owner.does(["org", "show", &organization]).await?;
        if now["access"].as_array().is_some_and(|teams| teams.iter().any(|one| one["name"] == "Night")) {
            access(team, "--take").ends(exit::DONE).await?;
        }
        team.everything_is_replaced(&sim, &known).await?;
        grace.does(["sync"]).await?;
        grace.refuses(["org", "show", &organization], exit::USAGE, "cli.no-such-organization").await?;
        Ok(true)
    };
    meet_those_that(Comes::Mostly, "take access away", &mut lanes, instants, 2, killed).await
}
