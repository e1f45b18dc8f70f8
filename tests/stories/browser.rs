//! The person at the pages of the cloud: signs in, sets up a second factor, agrees, as each page asks.

use anyhow::{Context, Result, bail};
use vitrine_entra_sim::{Admin, Sim, totp_code};
use vitrine_kit::player::{Page, Person};

/// Where a sign-in ended.
pub(crate) struct SignedIn {
    /// The last page.
    pub(crate) page: Page,
    /// The key that a page showed for the authenticator, where one was set up.
    pub(crate) new_key: Option<String>,
}

impl SignedIn {
    /// Whether the portal let the account in.
    pub(crate) fn is_in_portal(&self) -> bool {
        self.page.text_of("#portal-result").is_some()
    }

    /// What the page complains about.
    pub(crate) fn complaint(&self) -> Option<String> {
        self.page.text_of("#error")
    }
}

/// What the person answers when asked to agree.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Will {
    Agree,
    Decline,
}

/// Signs in to the page of emergency accounts. `code` is typed where a code is asked; without one, the phone set up
/// on the page makes it.
pub(crate) async fn portal(sim: &Sim, user_name: &str, password: &str, code: Option<&str>) -> Result<SignedIn> {
    let who = Admin { user_name: user_name.to_owned(), password: password.to_owned(), totp_secret: None };
    let page = Person::new()?.open(&sim.urls().portal).await?;
    go_on(sim, page, &who, code, Will::Agree).await
}

/// Signs in as the admin wherever the program led.
pub(crate) async fn sign_in(sim: &Sim, address: &str, who: &Admin) -> Result<SignedIn> {
    go_on(sim, Person::new()?.open(address).await?, who, None, Will::Agree).await
}

/// The same, and declines when asked to agree.
pub(crate) async fn decline(sim: &Sim, address: &str, who: &Admin) -> Result<SignedIn> {
    go_on(sim, Person::new()?.open(address).await?, who, None, Will::Decline).await
}

/// Types the code of a device and signs in.
pub(crate) async fn device(sim: &Sim, address: &str, code: &str, who: &Admin, will: Will) -> Result<SignedIn> {
    let page = Person::new()?.open(address).await?.fill(&[("user_code", code)])?.submit().await?;
    go_on(sim, page, who, None, will).await
}

/// Answers page by page until one asks nothing more, or complains about an answer.
async fn go_on(sim: &Sim, mut page: Page, who: &Admin, code: Option<&str>, will: Will) -> Result<SignedIn> {
    let mut new_key = None;
    for _ in 0..10 {
        if page.text_of("#error").is_some() {
            return Ok(SignedIn { page, new_key });
        }
        page = if page.asks_for("passwd") {
            page.fill(&[("login", &who.user_name), ("passwd", &who.password)])?.submit().await?
        } else if page.asks_for("otc") {
            let shown = page.text_of("#totp-secret");
            let key = shown.clone().or_else(|| who.totp_secret.clone());
            new_key = new_key.or(shown);
            let typed = match (code, key) {
                (Some(code), _) => code.to_owned(),
                (None, Some(key)) => totp_code(&key, sim.control().now_ms()).context("the key is no Base32")?,
                (None, None) => bail!("a code is asked, and there is no phone"),
            };
            page.fill(&[("otc", &typed)])?.submit().await?
        } else if let Some(agree) = page.text_of("#accept") {
            page.fill(&[])?.press(if will == Will::Agree { &agree } else { "Cancel" }).await?
        } else {
            return Ok(SignedIn { page, new_key });
        };
    }
    bail!("the pages go on for ever: {}", page.text())
}
