//! Device authorization grant (RFC 8628) as Microsoft speaks it.

use super::claims::with_capability;
use super::error::{SignInError, SignInErrorKind};
use super::scopes::{Asks, wanted};
use super::token::{self, Client, Transport};
use super::{AdminSession, Authority};
use crate::cloud::{Cloud, https_or_loopback};
use crate::discovery::{Endpoints, discover};
use crate::http::Http;
use crate::id::ClientId;
use oauth2::{Scope, StandardDeviceAuthorizationResponse};
use std::future::Future;
use std::sync::Mutex;
use std::time::Duration;
use url::Url;

/// Longer lifetimes are cut: Microsoft gives 15 minutes.
const LONGEST_LIFETIME: Duration = Duration::from_hours(1);

/// A device code that waits to be typed in.
pub struct DeviceSignIn {
    http: Http,
    cloud: Cloud,
    client_id: ClientId,
    client: Client,
    endpoints: Endpoints,
    details: StandardDeviceAuthorizationResponse,
    claims: String,
    asks: Asks,
    given_at: Duration,
}

/// What a person is told while the code waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceProgress {
    /// Not approved yet; the next question follows after `next_ms`.
    Waiting {
        /// Milliseconds until the next poll.
        next_ms: u64,
    },
    /// Microsoft could not be reached this time; polling goes on.
    Unreachable,
}

/// Asks for a device code. `claims` are those of an earlier [`SignInError`] or Graph error when policy asked for more.
///
/// Asking for a new one when it ran out is the caller's to offer: a code that renews itself could be approved by
/// somebody who is tricked later.
pub async fn start_device_code(
    http: &Http,
    cloud: &Cloud,
    authority: &Authority,
    client_id: ClientId,
    claims: Option<&str>,
    asks: Asks,
) -> Result<DeviceSignIn, SignInError> {
    let Asked { endpoints, client, details, claims } =
        ask_code(http, cloud, authority, client_id, claims, asks).await?;
    let page = Url::parse(details.verification_uri()).ok().filter(https_or_loopback);
    let code_is_plain = details.user_code().secret().chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    // The page is shown to a person who will type a code there: an address from a forged answer must not get that far.
    if page.is_none() || !code_is_plain || details.user_code().secret().len() > 32 {
        return Err(SignInError::local(SignInErrorKind::NotGenuine));
    }
    let given_at = http.clock().monotonic();
    Ok(DeviceSignIn {
        http: http.clone(),
        cloud: cloud.clone(),
        client_id,
        client,
        endpoints,
        details,
        claims,
        asks,
        given_at,
    })
}

/// A device code as Microsoft gave it.
pub(super) struct Asked {
    pub(super) endpoints: Endpoints,
    client: Client,
    pub(super) details: StandardDeviceAuthorizationResponse,
    claims: String,
}

/// Asks for a device code, with every permission that the sign-in asks for.
pub(super) async fn ask_code(
    http: &Http,
    cloud: &Cloud,
    authority: &Authority,
    client_id: ClientId,
    claims: Option<&str>,
    asks: Asks,
) -> Result<Asked, SignInError> {
    let endpoints = discover(http, cloud, authority).await?;
    let client = token::client(client_id, &endpoints);
    let transport = Transport::new(http);
    let claims = with_capability(claims);
    let details: StandardDeviceAuthorizationResponse = client
        .exchange_device_code()
        .add_scopes(wanted(cloud, asks).into_iter().map(Scope::new))
        .add_extra_param("claims", &claims)
        .request_async(&transport)
        .await
        .map_err(|_| transport.reason())?;
    Ok(Asked { endpoints, client, details, claims })
}

impl DeviceSignIn {
    /// The code that the person types.
    pub fn user_code(&self) -> &str {
        self.details.user_code().secret()
    }

    /// Where the person types it: https, or this machine.
    pub fn verification_uri(&self) -> &str {
        self.details.verification_uri()
    }

    /// How long the code lives, from when it was given.
    pub fn lifetime(&self) -> Duration {
        self.details.expires_in().min(LONGEST_LIFETIME)
    }

    /// Polls until approved, refused or run out. `progress` hears of every poll; `cancel` completes when the person
    /// gives up.
    pub async fn finish(
        self,
        progress: impl FnMut(DeviceProgress) + Send,
        cancel: impl Future<Output = ()> + Send,
    ) -> Result<AdminSession, SignInError> {
        let clock = self.http.shared_clock();
        let transport = Transport::new(&self.http);
        let progress = Mutex::new(progress);
        let expired = tokio::sync::Notify::new();
        let until = self.given_at + self.lifetime();
        let wait = |pause: Duration| {
            // A server that asks for no pause at all would have us hammer it.
            let pause = pause.clamp(Duration::from_secs(1), Duration::from_mins(1));
            let (clock, expired, over) = (&clock, &expired, clock.monotonic() >= until);
            let seen = if transport.unreachable() {
                DeviceProgress::Unreachable
            } else {
                DeviceProgress::Waiting { next_ms: u64::try_from(pause.as_millis()).unwrap_or(u64::MAX) }
            };
            if !over {
                (progress.lock().unwrap_or_else(std::sync::PoisonError::into_inner))(seen);
            }
            async move {
                if over {
                    expired.notify_one();
                    std::future::pending::<()>().await;
                }
                clock.sleep(pause).await;
            }
        };
        // Expiry is counted by the monotonic clock in `wait`; the crate's own count goes by the wall clock.
        let asked = self
            .client
            .exchange_device_access_token(&self.details)
            .add_extra_param("claims", &self.claims)
            .request_async(&transport, wait, Some(2 * LONGEST_LIFETIME));
        let tokens = tokio::select! {
            outcome = asked => outcome.map_err(|_| transport.reason())?,
            () = expired.notified() => return Err(SignInError::local(SignInErrorKind::CodeExpired)),
            () = cancel => return Err(SignInError::local(SignInErrorKind::Cancelled)),
        };
        let identity = token::identity(&tokens, self.client_id, &self.endpoints, None)?;
        token::all_given(&tokens, self.asks)?;
        let held = token::held(&tokens);
        Ok(AdminSession::new(&self.http, &self.cloud, self.client_id, self.client, identity, self.asks, held))
    }
}
