//! The admin's session: created by a sign-in, used while a tenant is connected, dropped afterwards. Never stored.

use super::claims::with_capability;
use super::error::{SignInError, SignInErrorKind};
use super::scopes::{Asks, wanted};
use super::token::{Client, Held, Identity, Transport, held};
use crate::cloud::Cloud;
use crate::graph::{Graph, Priority};
use crate::http::Http;
use crate::id::{ClientId, TenantId, UserId};
use crate::secret::{Bearer, Hidden, Renew};
use oauth2::{RefreshToken, Scope};
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// Renewed this long before it ends, so that it does not end on the way.
const MARGIN: Duration = Duration::from_mins(2);

/// A signed-in admin. No `Debug`, no `Clone`, nothing to store: dropping it zeroes its tokens.
pub struct AdminSession {
    http: Http,
    cloud: Cloud,
    client_id: ClientId,
    client: Client,
    identity: Identity,
    asks: Asks,
    tokens: tokio::sync::Mutex<Kept>,
}

struct Kept {
    access: Hidden,
    until: Duration,
    refresh: Option<Hidden>,
}

impl AdminSession {
    pub(super) fn new(
        http: &Http,
        cloud: &Cloud,
        client_id: ClientId,
        client: Client,
        identity: Identity,
        asks: Asks,
        held: Held,
    ) -> Self {
        let tokens = tokio::sync::Mutex::new(keep(http, held, None));
        Self { http: http.clone(), cloud: cloud.clone(), client_id, client, identity, asks, tokens }
    }

    /// The tenant signed in to (`tid`).
    pub fn tenant_id(&self) -> TenantId {
        self.identity.tenant
    }

    /// The account (`oid`).
    pub fn user_id(&self) -> UserId {
        self.identity.user
    }

    /// The account's user principal name, for display.
    pub fn user_name(&self) -> &str {
        &self.identity.user_name
    }

    /// The account's name, for display; may hold any text a tenant's user chose.
    pub fn display_name(&self) -> &str {
        &self.identity.display_name
    }

    /// The cloud signed in to.
    pub fn cloud(&self) -> &Cloud {
        &self.cloud
    }

    /// The client id signed in with.
    pub fn client_id(&self) -> ClientId {
        self.client_id
    }

    /// How much its sign-in asked for.
    pub fn asks(&self) -> Asks {
        self.asks
    }

    pub(crate) fn http(&self) -> &Http {
        &self.http
    }

    /// Graph as this admin; requests are marked as those of a waiting person.
    pub fn graph(&self) -> Graph<'_> {
        Graph::new(&self.http, &self.cloud, self.identity.tenant, self).with_priority(Priority::High)
    }

    async fn token(&self, renew: Renew<'_>) -> Result<Hidden, SignInError> {
        let mut kept = self.tokens.lock().await;
        let fresh = kept.until > self.http.clock().monotonic() + MARGIN;
        if fresh && matches!(renew, Renew::IfDue) {
            return Ok(kept.access.duplicate());
        }
        let Some(refresh) = &kept.refresh else {
            return Err(SignInError::local(SignInErrorKind::SessionEnded));
        };
        let refresh = RefreshToken::new(refresh.expose().to_owned());
        let challenge = if let Renew::Claims(claims) = renew { Some(claims) } else { None };
        let transport = Transport::new(&self.http);
        let tokens = self
            .client
            .exchange_refresh_token(&refresh)
            .add_scopes(wanted(&self.cloud, self.asks).into_iter().map(Scope::new))
            .add_extra_param("claims", with_capability(challenge))
            .request_async(&transport)
            .await
            .map_err(|_| transport.reason())?;
        // The old refresh token is dropped with its replacement: Microsoft does not revoke it by use.
        let old = kept.refresh.take();
        *kept = keep(&self.http, held(&tokens), old);
        Ok(kept.access.duplicate())
    }
}

fn keep(http: &Http, held: Held, old: Option<Hidden>) -> Kept {
    Kept { access: held.access, until: http.clock().monotonic() + held.lifetime, refresh: held.refresh.or(old) }
}

impl Bearer for AdminSession {
    fn bearer<'a>(
        &'a self,
        renew: Renew<'a>,
    ) -> Pin<Box<dyn Future<Output = Result<Hidden, SignInError>> + Send + 'a>> {
        Box::pin(self.token(renew))
    }
}
