//! The simulated cloud of a story, and the tenants it has.

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use vitrine_entra_sim::{Admin, Sim, SimOptions};

use crate::browser::{self, Will};
use crate::desk::{Desk, PASSPHRASE, Running, exit, text};

pub(crate) const CONTOSO: &str = "contoso.onmicrosoft.com";
pub(crate) const FABRIKAM: &str = "fabrikam.onmicrosoft.com";
pub(crate) const TAILSPIN: &str = "tailspin.onmicrosoft.com";
pub(crate) const WINGTIP: &str = "wingtip.onmicrosoft.com";

/// A cloud of its own, at ports of its own.
pub(crate) async fn start() -> Result<Sim> {
    with_fleet(0).await
}

/// The same, with so many further tenants.
pub(crate) async fn with_fleet(fleet: usize) -> Result<Sim> {
    let sim = Sim::start(SimOptions { seed: 7, fleet, must_fit: true, ..SimOptions::default() }).await?;
    // A person would wait five seconds between two looks; nothing here depends on it.
    sim.control().change_settings(|settings| {
        settings.device_interval_s = 1;
        settings.device_slow_down = false;
        settings.throttling = false;
    });
    Ok(sim)
}

/// The demonstration administrator of a tenant.
pub(crate) fn admin(sim: &Sim, tenant: &str) -> Result<Admin> {
    sim.admin(tenant).with_context(|| format!("no tenant {tenant}"))
}

/// Starts `connect` by device code.
pub(crate) async fn begin(desk: &Desk, organization: &str, tenant: &str, names: &[&str]) -> Result<Running> {
    let arguments = ["connect", organization, "--device-code", "--tenant", tenant, "--yes"];
    let names = names.iter().flat_map(|name| ["--laps", *name]);
    desk.vitrine(arguments.into_iter().chain(names)).passphrase(PASSPHRASE).start().await
}

/// The person answers the device code that a command shows.
pub(crate) async fn answer(sim: &Sim, running: &mut Running, who: &Admin, will: Will) -> Result<()> {
    let waiting = running.tells("waitingForCode").await?;
    let (page, code) = (text(&waiting, "verificationUri")?, text(&waiting, "userCode")?);
    browser::device(sim, &page, &code, who, will).await?;
    Ok(())
}

/// Connects by device code and, in the same sitting, enables LAPS with these account names.
pub(crate) async fn connect(sim: &Sim, desk: &Desk, organization: &str, tenant: &str, names: &[&str]) -> Result<Value> {
    let mut running = begin(desk, organization, tenant, names).await?;
    answer(sim, &mut running, &admin(sim, tenant)?, Will::Agree).await?;
    let enabled = running.end().await?.ended(exit::DONE)?;
    for account in enabled["accounts"].as_array().map_or(&[][..], Vec::as_slice) {
        ensure!(account["outcome"] == "created", "{enabled}");
    }
    Ok(enabled)
}

/// A password as the vault shows it.
pub(crate) async fn shown(desk: &Desk, organization: &str, account: &str, which: &str) -> Result<String> {
    let arguments = ["view", organization, "--account", account, "--value", which, "--reason", "story"];
    text(&desk.does(arguments).await?, "secret")
}

/// One stored value of an account is what the sign-in page takes. Viewing it shows that the vault opens, too.
pub(crate) async fn one_value_opens(
    sim: &Sim,
    desk: &Desk,
    organization: &str,
    tenant: &str,
    account: &str,
) -> Result<()> {
    let mut seen = Vec::new();
    for which in ["current", "pending", "previous"] {
        match shown(desk, organization, account, which).await {
            Ok(password) if sim.control().password_accepted(tenant, account, &password) => return Ok(()),
            Ok(_) => seen.push(format!("{which}: another")),
            Err(error) => seen.push(format!("{which}: {error}")),
        }
    }
    bail!("no stored value opens {account}: {seen:?}")
}
