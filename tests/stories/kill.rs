//! Killed at any instant: the program is killed (SIGKILL) in the middle of creating, rotating, viewing, backing up and
//! restoring. Afterwards the vault opens, one stored value is what the sign-in page takes, the tenant has the accounts it
//! should have, and the same command again brings everything to its end.
//!
//! Each journey is first gone through once, to learn its instants ([`instants`]): the named points that the program
//! passes, and the requests that the cloud gets from it. Then it is killed at a share of them, chosen by a printed seed
//! (`VITRINE_SEED` repeats a run), or at every single one with `VITRINE_DEEP=1`. An instant that was never reached is a
//! failure: a trap that does not close shows nothing. And with a protection switched off the same checks have to fail
//! ([`unprotected`]).

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, ensure};
use futures_util::future::try_join_all;
use tokio::process::Command;
use tokio::sync::OnceCell;
use vitrine_entra_sim::Sim;

use self::instants::Errand;
use crate::browser;
use crate::cloud;
use crate::desk::{Desk, PASSPHRASE, built, exit};

mod accounts;
mod backup;
mod certificates;
mod comeback;
mod fleet;
mod founding;
mod home;
mod instants;
mod passphrase;
mod people;
mod rotation;
mod strangers;
mod unprotected;
mod viewing;

/// The program with points, built here. Packages, features and one test are chosen as in every other build, so that
/// the libraries have the same features and only the application and the program are built again.
pub(crate) async fn program() -> Result<PathBuf> {
    static PROGRAM: OnceCell<PathBuf> = OnceCell::const_new();
    let make = async || {
        let debug = built()?;
        let target = debug.parent().context("no target folder")?;
        let own = target.join("failpoints");
        let mut build = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        build.args(["build", "--workspace", "--exclude", "xtask", "--bin", "vitrine", "--test", "usage"]);
        build.args(["--features", "vitrine/custom-protocol,vitrine-cli/failpoints", "--target-dir"]).arg(&own);
        build.arg("--config").arg(format!("build.build-dir='{}'", target.display()));
        build.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
        let built = build.output().await.context("could not run cargo")?;
        ensure!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        Ok(own.join("debug").join("vitrine"))
    };
    PROGRAM.get_or_try_init(make).await.cloned()
}

/// A desk with the program that has points.
async fn desk(sim: &Sim) -> Result<Desk> {
    let mut desk = Desk::at(sim)?;
    desk.use_program(program().await?);
    Ok(desk)
}

/// A tenant and the organization it belongs to, with the emergency accounts that were asked for.
struct Customer {
    organization: String,
    tenant: String,
    accounts: Vec<String>,
}

impl Customer {
    /// The next tenant of the fleet that nobody has used yet.
    fn next(used: &AtomicUsize, names: &[&str]) -> Self {
        let number = used.fetch_add(1, Ordering::Relaxed) + 1;
        let tenant = format!("fleet{number:04}.onmicrosoft.com");
        let accounts = names.iter().map(|name| format!("{name}@{tenant}")).collect();
        Self { organization: format!("Customer {number}"), tenant, accounts }
    }

    /// Adds its organization and connects its tenant, with its accounts if it has any.
    async fn connect(&self, sim: &Sim, desk: &Desk) -> Result<()> {
        desk.does(["org", "add", &self.organization]).await?;
        self.connecting(sim, desk)?.run(sim).await?.ended(exit::DONE)?;
        Ok(())
    }

    /// `connect` by device code, and LAPS with its accounts in the same sitting.
    fn connecting(&self, sim: &Sim, desk: &Desk) -> Result<Errand> {
        let arguments = ["connect", &self.organization, "--device-code", "--tenant", &self.tenant, "--yes"];
        let names = self.accounts.iter().filter_map(|account| account.split_once('@'));
        let laps = names.flat_map(|(name, _)| ["--laps", name]);
        let order = desk.vitrine(arguments.into_iter().chain(laps)).passphrase(PASSPHRASE);
        Ok(Errand::answered(order, cloud::admin(sim, &self.tenant)?))
    }

    /// What must hold whenever the program was killed: every account that the tenant has is opened by a stored value.
    async fn is_open(&self, sim: &Sim, desk: &Desk) -> Result<()> {
        for account in self.in_tenant(sim) {
            opens(sim, desk, self, &account, &["current", "pending", "previous"]).await?;
        }
        Ok(())
    }

    /// What must hold once it was gone on with: the tenant has these accounts, and the current value opens each.
    async fn is_settled(&self, sim: &Sim, desk: &Desk) -> Result<()> {
        let there = self.in_tenant(sim);
        ensure!(there == self.accounts, "the tenant has {there:?} instead of {:?}", self.accounts);
        for account in &self.accounts {
            opens(sim, desk, self, account, &["current"]).await?;
        }
        Ok(())
    }

    /// The emergency accounts that the tenant has, whoever made them: none may be there twice or under another name.
    fn in_tenant(&self, sim: &Sim) -> Vec<String> {
        let users = sim.control().users(&self.tenant).into_iter();
        let mut there: Vec<_> = users
            .filter(|user| user.user_name.starts_with("emergency") && user.enabled && !user.deleted)
            .map(|user| user.user_name)
            .collect();
        there.sort();
        there
    }
}

/// One of these stored values signs the account in at the cloud's page. Viewing it shows that the vault opens, too.
async fn opens(sim: &Sim, desk: &Desk, customer: &Customer, account: &str, values: &[&str]) -> Result<()> {
    let mut seen = Vec::new();
    for which in values {
        match cloud::shown(desk, &customer.organization, account, which).await {
            // Asked first behind the page, because a page locks an account that wrong passwords are typed for.
            Ok(password) if sim.control().password_accepted(&customer.tenant, account, &password) => {
                let signed_in = browser::portal(sim, account, &password, None).await?;
                ensure!(signed_in.is_in_portal(), "{account}: {}", signed_in.page.text());
                return Ok(());
            }
            Ok(_) => seen.push(format!("{which}: another")),
            Err(error) => seen.push(format!("{which}: {error:#}")),
        }
    }
    anyhow::bail!("no stored value opens {account}: {seen:?}")
}

/// A desk with one connected customer. Several work side by side, because a rotation waits more than it works.
struct Lane {
    desk: Desk,
    customer: Customer,
}

impl Lane {
    async fn make(sim: &Sim, used: &AtomicUsize, names: &[&str]) -> Result<Self> {
        let lane = Self { desk: desk(sim).await?, customer: Customer::next(used, names) };
        lane.desk.init().await?;
        lane.customer.connect(sim, &lane.desk).await?;
        Ok(lane)
    }

    /// So many lanes in a run of every instant, two in a run of a share.
    async fn several(sim: &Sim, deep: usize, names: &[&str]) -> Result<Vec<Self>> {
        let used = AtomicUsize::new(0);
        try_join_all((0..instants::lanes(deep)).map(|_| Self::make(sim, &used, names))).await
    }

    fn tenants(&self) -> [&str; 1] {
        [&self.customer.tenant]
    }
}
