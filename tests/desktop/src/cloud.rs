//! The simulated cloud, and the people who sign in there with a browser of their own, outside the program.

use std::ffi::OsString;

use anyhow::{Context, Result, anyhow, bail};
use vitrine_entra_sim::{Admin, Effect, Fault, Scenario, Settings, Sim, SimOptions, TenantChange, totp_code};
use vitrine_kit::player::{Page, Person};

/// More pages than any sign-in has, so that a loop of pages ends.
const MOST_PAGES: usize = 10;

/// A running simulator. It ends with this value.
#[derive(Debug)]
pub struct Cloud {
    sim: Sim,
}

impl Cloud {
    /// Starts it. Device codes are asked for every second, so that nobody waits five for an answer that is there.
    pub async fn start() -> Result<Self> {
        Self::with_fleet(0).await
    }

    /// The same, with so many further tenants, `Fleet 0001` and so on.
    pub async fn with_fleet(fleet: usize) -> Result<Self> {
        let settings = Settings { device_interval_s: 1, ..Settings::default() };
        let scenario = Scenario { settings, faults: Vec::new() };
        Ok(Self {
            sim: Sim::start(SimOptions { seed: 1, scenario, fleet, must_fit: true, ..SimOptions::default() }).await?,
        })
    }

    /// Changes a tenant behind the program's back.
    pub fn change(&self, change: &TenantChange) -> Result<()> {
        self.sim.control().change_tenant(change).map_err(|why| anyhow!("{why}"))
    }

    /// What tells the program that its cloud is here.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, OsString)> {
        let urls = self.sim.urls();
        vec![
            ("VITRINE_SIMULATED", "1".into()),
            ("VITRINE_CLOUD_LOGIN", urls.login.clone().into()),
            ("VITRINE_CLOUD_GRAPH", urls.graph.clone().into()),
            ("VITRINE_CLIENT_ID", self.sim.client_id().into()),
        ]
    }

    /// The simulator itself: faults, clock, what is behind its answers.
    #[must_use]
    pub fn sim(&self) -> &Sim {
        &self.sim
    }

    /// The Global Administrator of a tenant that is named by its domain.
    pub fn admin(&self, tenant: &str) -> Result<Admin> {
        self.sim.admin(tenant).with_context(|| format!("no tenant {tenant}"))
    }

    /// The admin signs in at the address that the program opened, and is led back to it.
    pub async fn sign_in(&self, address: &str, admin: &Admin) -> Result<Page> {
        let page = self.go_through(Person::new()?.open(address).await?, admin).await?;
        if page.status != 200 {
            bail!("the sign-in ended with {} at {}: {}", page.status, page.url, page.text());
        }
        Ok(page)
    }

    /// The admin types the code on another device and signs in there.
    pub async fn enter_device_code(&self, address: &str, code: &str, admin: &Admin) -> Result<()> {
        let page = Person::new()?.open(address).await?;
        let page = page.fill(&[("user_code", code)])?.submit().await?;
        let page = self.go_through(page, admin).await?;
        page.text_of("#device-result").with_context(|| format!("the code was not accepted: {}", page.text()))?;
        Ok(())
    }

    /// Signs in at the simulated admin portal with a password, as far as that alone leads.
    pub async fn portal(&self, user_name: &str, password: &str) -> Result<Page> {
        let page = Person::new()?.open(&self.sim.urls().portal).await?;
        page.fill(&[("login", user_name), ("passwd", password)])?.submit().await
    }

    /// Loses the answer to the next request of this kind in the tenant, after it was done.
    pub fn lose_the_answer_to(&self, operation: &str, tenant: &str) {
        self.sim.control().add_fault(Fault {
            tenant: Some(tenant.to_owned()),
            operation: Some(operation.to_owned()),
            skip: 0,
            times: Some(1),
            probability: None,
            effect: Effect::DropAfter,
        });
    }

    /// Sets an account's password as somebody else in the tenant would. False where there is no such account.
    #[must_use]
    pub fn change_password_outside(&self, tenant: &str, user_name: &str) -> bool {
        self.sim.control().set_password_outside(tenant, user_name, "Somebody-else-chose-this-1")
    }

    /// The code of now for a key, as an authenticator app has it.
    pub fn code(&self, secret: &str) -> Result<String> {
        totp_code(secret, self.sim.control().now_ms()).context("the key is not Base32")
    }

    async fn go_through(&self, mut page: Page, admin: &Admin) -> Result<Page> {
        for _ in 0..MOST_PAGES {
            if let Some(error) = page.text_of("#error") {
                bail!("the cloud refused: {error}");
            }
            page = if page.asks_for("passwd") {
                let filled = page.fill(&[("login", &admin.user_name), ("passwd", &admin.password)])?;
                filled.submit().await?
            } else if page.asks_for("otc") {
                let secret = admin.totp_secret.as_deref().context("this admin has no second factor")?;
                page.fill(&[("otc", &self.code(secret)?)])?.submit().await?
            } else if page.text_of("button#accept").is_some() {
                page.fill(&[])?.submit().await?
            } else {
                return Ok(page);
            };
        }
        bail!("the sign-in never ended; the last page said: {}", page.text())
    }
}

/// Types the code into the page that asks for it, and hands over what the portal says of the one who is in.
pub async fn finish_with_code(page: &Page, code: &str) -> Result<String> {
    let page = page.fill(&[("otc", code)])?.submit().await?;
    page.text_of("#portal-result").with_context(|| format!("the portal did not accept the code: {}", page.text()))
}
