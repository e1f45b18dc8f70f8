//! Authorization code with PKCE on a loopback address (RFC 6749, 7636, 8252).

use super::claims::with_capability;
use super::error::{SignInError, SignInErrorKind};
use super::loopback::{Arrival, Listener};
use super::scopes::{Asks, wanted};
use super::token::{self, Client, Transport};
use super::{AdminSession, Authority};
use crate::cloud::Cloud;
use crate::discovery::{Endpoints, discover};
use crate::http::Http;
use crate::id::ClientId;
use crate::secret::Hidden;
use oauth2::{AuthorizationCode, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope};
use std::future::Future;
use std::time::Duration;
use url::Url;

/// How long the loopback address waits for the person.
const PATIENCE: Duration = Duration::from_mins(10);

/// A browser sign-in that waits for the person to come back.
pub struct BrowserSignIn {
    http: Http,
    cloud: Cloud,
    client_id: ClientId,
    client: Client,
    endpoints: Endpoints,
    listener: Listener,
    verifier: PkceCodeVerifier,
    nonce: Hidden,
    claims: String,
    asks: Asks,
    url: Url,
}

/// Opens the loopback address and builds the page address that the caller opens in the person's browser.
///
/// `claims` are those of an earlier [`SignInError`] or Graph error when policy asked for more.
pub async fn start_browser(
    http: &Http,
    cloud: &Cloud,
    authority: &Authority,
    client_id: ClientId,
    claims: Option<&str>,
    asks: Asks,
) -> Result<BrowserSignIn, SignInError> {
    let endpoints = discover(http, cloud, authority).await?;
    let state = CsrfToken::new_random();
    let nonce = CsrfToken::new_random();
    let no_listener = || SignInError::local(SignInErrorKind::NoListener);
    let listener = Listener::open(state.secret().clone()).await.map_err(|_| no_listener())?;
    // The port is ignored when Entra compares the address; the path is not.
    let redirect = RedirectUrl::new(format!("http://localhost:{}/", listener.port())).map_err(|_| no_listener())?;
    let client = token::client(client_id, &endpoints).set_redirect_uri(redirect);
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let claims = with_capability(claims);
    let (url, _) = client
        .authorize_url(|| state)
        .add_scopes(wanted(cloud, asks).into_iter().map(Scope::new))
        .set_pkce_challenge(challenge)
        .add_extra_param("response_mode", "query")
        .add_extra_param("nonce", nonce.secret())
        .add_extra_param("prompt", "select_account")
        .add_extra_param("claims", &claims)
        .url();
    let nonce = Hidden::new(nonce.secret().clone());
    Ok(BrowserSignIn {
        http: http.clone(),
        cloud: cloud.clone(),
        client_id,
        client,
        endpoints,
        listener,
        verifier,
        nonce,
        claims,
        asks,
        url,
    })
}

impl BrowserSignIn {
    /// The address to open in the person's browser.
    pub fn authorize_url(&self) -> &Url {
        &self.url
    }

    /// Waits for the browser to come back (10 minutes at most), redeems the code and gives the session. `cancel`
    /// completes when the person gives up.
    pub async fn finish(self, cancel: impl Future<Output = ()> + Send) -> Result<AdminSession, SignInError> {
        let clock = self.http.shared_clock();
        let arrival = tokio::select! {
            arrival = self.listener.arrival() => arrival,
            () = cancel => return Err(SignInError::local(SignInErrorKind::Cancelled)),
            () = clock.sleep(PATIENCE) => return Err(SignInError::local(SignInErrorKind::NobodyCame)),
        };
        let code = match arrival {
            Arrival::Code(code) => AuthorizationCode::new(code.expose().to_owned()),
            Arrival::Refused { error, description } => {
                return Err(SignInError::from_redirect(&error, description.as_deref()));
            }
            Arrival::Forged => return Err(SignInError::local(SignInErrorKind::ForgedAnswer)),
        };
        let transport = Transport::new(&self.http);
        let tokens = self
            .client
            .exchange_code(code)
            .set_pkce_verifier(self.verifier)
            // Once more: the token answers the challenge only if its own request names it.
            .add_extra_param("claims", self.claims)
            .request_async(&transport)
            .await
            .map_err(|_| transport.reason())?;
        let identity = token::identity(&tokens, self.client_id, &self.endpoints, Some(self.nonce.expose()))?;
        token::all_given(&tokens, self.asks)?;
        let held = token::held(&tokens);
        Ok(AdminSession::new(&self.http, &self.cloud, self.client_id, self.client, identity, self.asks, held))
    }
}
