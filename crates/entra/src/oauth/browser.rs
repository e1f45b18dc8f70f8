//! Authorization code with PKCE on a loopback address (RFC 6749, 7636, 8252).

use super::{AdminSession, Authority, SignInError};
use crate::cloud::Cloud;
use crate::http::Http;
use crate::id::ClientId;
use std::future::Future;
use url::Url;

/// A browser sign-in that waits for the person to come back.
pub struct BrowserSignIn {
}

/// Opens the loopback address and builds the page address that the caller opens in the person's browser.
///
/// `claims` are those of an earlier [`SignInError`] when policy asked for more.
pub async fn start_browser(http: &Http, cloud: &Cloud, authority: &Authority, client_id: ClientId, claims: Option<&str>) -> Result<BrowserSignIn, SignInError> { unimplemented!() }

impl BrowserSignIn {
    /// The address to open in the person's browser.
    pub fn authorize_url(&self) -> &Url { unimplemented!() }
    /// Waits for the browser to come back (10 minutes at most), redeems the code and gives the session. `cancel`
    /// completes when the person gives up.
    pub async fn finish(self, cancel: impl Future<Output = ()> + Send) -> Result<AdminSession, SignInError> { unimplemented!() }
}
