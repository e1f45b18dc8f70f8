//! The simulated cloud of a story, and the tenants it has.

use anyhow::{Context, Result};
use vitrine_entra_sim::{Admin, Sim, SimOptions};

pub(crate) const CONTOSO: &str = "contoso.onmicrosoft.com";
pub(crate) const FABRIKAM: &str = "fabrikam.onmicrosoft.com";
pub(crate) const NORTHWIND: &str = "northwind.onmicrosoft.com";

/// A cloud of its own, at ports of its own.
pub(crate) async fn start() -> Result<Sim> {
    let sim = Sim::start(SimOptions { seed: 7, ..SimOptions::default() }).await?;
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
