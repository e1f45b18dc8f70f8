//! Killed while three tenants are rotated in one go: plainly, with lost answers, throttled, and once more while what an
//! earlier kill left is gone on with.

use std::fmt;
use std::sync::atomic::AtomicUsize;

use anyhow::{Context, Result, ensure};
use futures_util::future::try_join_all;
use vitrine_entra_sim::{Effect, Fault, Sim};

use super::instants::{Comes, Errand, Instant, Scout, drawn, lanes, meet_those_that};
use super::{Customer, desk};
use crate::cloud;
use crate::desk::{Desk, PASSPHRASE, exit};

/// Each is passed by the same points, and every account is signed in after every kill: more of them would cost the square
/// of their number, and show what three do.
const TENANTS: usize = 3;
const SET_PASSWORD: &str = "PATCH /users/{user-id}";

/// A desk with three customers; the first has two accounts, which take turns.
struct Fleet {
    desk: Desk,
    customers: Vec<Customer>,
}

impl Fleet {
    async fn make(sim: &Sim, used: &AtomicUsize) -> Result<Self> {
        let desk = desk(sim).await?;
        desk.init().await?;
        let mut customers = Vec::new();
        for number in 0..TENANTS {
            let names: &[&str] = if number == 0 { &["emergency-1", "emergency-2"] } else { &["emergency"] };
            let customer = Customer::next(used, names);
            customer.connect(sim, &desk).await?;
            customers.push(customer);
        }
        Ok(Self { desk, customers })
    }

    fn tenants(&self) -> Vec<&str> {
        self.customers.iter().map(|customer| customer.tenant.as_str()).collect()
    }

    fn rotating(&self) -> Errand {
        Errand::alone(self.desk.vitrine(["rotate", "--all"]).passphrase(PASSPHRASE))
    }

    /// The next change of a password in each tenant goes like this.
    fn arm(&self, sim: &Sim, effect: &Effect) {
        for tenant in self.tenants() {
            sim.control().add_fault(Fault {
                tenant: Some(tenant.to_owned()),
                operation: Some(SET_PASSWORD.to_owned()),
                skip: 0,
                times: Some(1),
                probability: None,
                effect: effect.clone(),
            });
        }
    }

    async fn is_open(&self, sim: &Sim) -> Result<()> {
        for customer in &self.customers {
            customer.is_open(sim, &self.desk).await?;
        }
        Ok(())
    }

    /// Goes on where a killed run stopped, as often as a throttled tenant makes it necessary.
    async fn settles(&self, sim: &Sim) -> Result<()> {
        let mut rotated = self.rotating().run(sim).await?;
        if rotated.status.code() != Some(exit::DONE) {
            rotated = self.rotating().run(sim).await?;
        }
        let rotated = rotated.ended(exit::DONE)?;
        ensure!(rotated["failed"] == 0 && rotated["open"] == 0, "it did not settle: {rotated}");
        for customer in &self.customers {
            customer.is_settled(sim, &self.desk).await?;
        }
        Ok(())
    }
}

/// How a bulk run goes that is then killed.
struct Run {
    journey: &'static str,
    /// What happens to each tenant's next change of a password.
    effect: Option<Effect>,
    /// Where an earlier run was killed, so that this one finds work half done.
    after: Option<&'static str>,
}

const RUNS: [Run; 4] = [
    Run { journey: "rotate all", effect: None, after: None },
    Run { journey: "rotate all, answers lost", effect: Some(Effect::DropAfter), after: None },
    Run { journey: "rotate all, throttled", effect: Some(Effect::Throttle { retry_after: Some(1) }), after: None },
    Run { journey: "rotate all, killed before", effect: None, after: Some("rotate.send.after") },
];

/// Three tenants take a while to be connected, so a run of a share goes through one of the four.
#[tokio::test(flavor = "multi_thread")]
async fn killed_while_three_tenants_are_rotated() -> Result<()> {
    let (count, used) = (lanes(6), AtomicUsize::new(0));
    let sim = cloud::with_fleet(count * TENANTS).await?;
    let mut fleets = try_join_all((0..count).map(|_| Fleet::make(&sim, &used))).await?;
    for run in drawn(&RUNS, 1) {
        run.killed(&sim, &mut fleets).await?;
    }
    Ok(())
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.journey)
    }
}

impl Run {
    /// Brings a fleet to where the run begins.
    async fn prepare(&self, sim: &Sim, fleet: &Fleet) -> Result<()> {
        if let Some(point) = self.after {
            let instant = Instant::Point { name: point.to_owned(), pass: 3 };
            ensure!(fleet.rotating().killed_at(sim, &fleet.tenants(), &instant).await?, "{point} never came");
        }
        if let Some(effect) = &self.effect {
            fleet.arm(sim, effect);
        }
        Ok(())
    }

    async fn killed(&self, sim: &Sim, fleets: &mut [Fleet]) -> Result<()> {
        let first = fleets.first().context("no fleet")?;
        self.prepare(sim, first).await?;
        let scout = Scout::begin(sim, &first.desk, &first.tenants());
        first.rotating().along(&scout).run(sim).await?;
        let instants = scout.end()?;
        first.settles(sim).await?;
        let killed = async |fleet: &mut Fleet, instant: &Instant| {
            self.prepare(sim, fleet).await?;
            let killed = fleet.rotating().killed_at(sim, &fleet.tenants(), instant).await?;
            fleet.is_open(sim).await?;
            fleet.settles(sim).await?;
            Ok(killed)
        };
        // A throttled account pauses for longer than the others take, or not, if the machine is slow.
        let throttled = matches!(self.effect, Some(Effect::Throttle { .. }));
        let comes = if throttled { Comes::Mostly } else { Comes::Always };
        meet_those_that(comes, self.journey, fleets, instants, 3, killed).await
    }
}
