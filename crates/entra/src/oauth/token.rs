//! The token endpoint by way of the `oauth2` crate, over our own transport: redirects off, answers bounded, and the
//! error body kept whole (the crate keeps three of its fields).

use super::error::{SignInError, SignInErrorKind};
use crate::discovery::Endpoints;
use crate::http::{Http, TransportError};
use crate::id::{ClientId, TenantId, UserId};
use crate::secret::Hidden;
use data_encoding::BASE64URL_NOPAD;
use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AsyncHttpClient, AuthUrl, DeviceAuthorizationUrl, EndpointNotSet, EndpointSet, ExtraTokenFields, HttpRequest,
    HttpResponse, StandardRevocableToken, StandardTokenResponse, TokenResponse, TokenUrl,
};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::time::Duration;
use subtle::ConstantTimeEq;

pub(super) type Tokens = StandardTokenResponse<IdToken, BasicTokenType>;
pub(super) type Client = oauth2::Client<
    BasicErrorResponse,
    Tokens,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// The field that OpenID adds to a token answer. `Debug` is demanded by the crate and shows nothing.
#[derive(Default, Deserialize, Serialize)]
pub(super) struct IdToken {
    #[serde(default)]
    id_token: Option<String>,
}

impl fmt::Debug for IdToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdToken")
    }
}

impl ExtraTokenFields for IdToken {}

pub(super) fn client(client_id: ClientId, endpoints: &Endpoints) -> Client {
    oauth2::Client::new(oauth2::ClientId::new(client_id.to_string()))
        .set_auth_uri(AuthUrl::from_url(endpoints.authorize.clone()))
        .set_device_authorization_url(DeviceAuthorizationUrl::from_url(endpoints.device.clone()))
        .set_token_uri(TokenUrl::from_url(endpoints.token.clone()))
}

/// What the last request ended in, where it was no success.
enum Last {
    Refused(u16, zeroize::Zeroizing<Vec<u8>>),
    Failed(TransportError),
}

/// Carries the crate's requests over our HTTP client and remembers how the last one ended.
pub(super) struct Transport {
    http: Http,
    last: Mutex<Option<Last>>,
}

impl Transport {
    pub(super) fn new(http: &Http) -> Self {
        Self { http: http.clone(), last: Mutex::new(None) }
    }

    /// Whether the last request ended below HTTP.
    pub(super) fn unreachable(&self) -> bool {
        matches!(*self.slot(), Some(Last::Failed(_)))
    }

    /// Why the last request failed. A success whose body the crate could not read is an answer of somebody else.
    pub(super) fn reason(&self) -> SignInError {
        match self.slot().take() {
            Some(Last::Refused(status, body)) => SignInError::from_body(status, &body),
            Some(Last::Failed(error)) => SignInError::below_http(error),
            None => SignInError::local(SignInErrorKind::NotGenuine),
        }
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<Last>> {
        self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    async fn carry(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let (parts, body) = request.into_parts();
        let url = parts.uri.to_string().parse().map_err(|_| TransportError::Unsendable)?;
        let id = uuid::Uuid::new_v4().to_string();
        let request =
            self.http.request(parts.method, url).headers(parts.headers).header("client-request-id", id).body(body);
        let answer = self.http.send(request).await;
        *self.slot() = match &answer {
            Ok(answer) if answer.status == 200 => None,
            Ok(answer) => Some(Last::Refused(answer.status, answer.body.clone())),
            Err(error) => Some(Last::Failed(*error)),
        };
        let answer = answer?;
        let mut response = http::Response::builder().status(answer.status);
        if let Some(kind) = answer.headers.get(http::header::CONTENT_TYPE) {
            response = response.header(http::header::CONTENT_TYPE, kind);
        }
        response.body(answer.body.to_vec()).map_err(|_| TransportError::Unsendable)
    }
}

impl<'c> AsyncHttpClient<'c> for Transport {
    type Error = TransportError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, TransportError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.carry(request))
    }
}

/// A token answer taken apart.
pub(super) struct Held {
    pub(super) access: Hidden,
    pub(super) lifetime: Duration,
    pub(super) refresh: Option<Hidden>,
}

/// Who signed in, by the id token.
pub(super) struct Identity {
    pub(super) tenant: TenantId,
    pub(super) user: UserId,
    pub(super) user_name: String,
    pub(super) display_name: String,
}

#[derive(Deserialize)]
struct IdClaims {
    iss: String,
    aud: String,
    tid: TenantId,
    oid: UserId,
    #[serde(default)]
    nonce: Option<String>,
    #[serde(default)]
    preferred_username: Option<String>,
    #[serde(default)]
    name: Option<String>,
}

pub(super) fn held(tokens: &Tokens) -> Held {
    Held {
        access: Hidden::new(tokens.access_token().secret().clone()),
        lifetime: tokens.expires_in().unwrap_or(Duration::from_mins(5)),
        refresh: tokens.refresh_token().map(|t| Hidden::new(t.secret().clone())),
    }
}

/// Refuses a sign-in that was given less than it asked for: whatever is missing is better said now than half-way through
/// a set-up.
pub(super) fn all_given(tokens: &Tokens, asks: super::scopes::Asks) -> Result<(), SignInError> {
    let given = tokens.scopes().into_iter().flatten().map(|scope| scope.as_str());
    let withheld = super::scopes::withheld(given, asks);
    if withheld.is_empty() { Ok(()) } else { Err(SignInError::given_without(withheld)) }
}

/// Reads the id token and judges that it was made for us, by whom it should.
///
/// Its signature is not checked: it came straight from the token endpoint over TLS (OpenID Connect Core, 3.1.3.7,
/// item 6). Nor is its `exp`: it was made seconds ago, and a machine whose clock is wrong must still be able to sign in.
pub(super) fn identity(
    tokens: &Tokens,
    client_id: ClientId,
    endpoints: &Endpoints,
    nonce: Option<&str>,
) -> Result<Identity, SignInError> {
    let strange = || SignInError::local(SignInErrorKind::NotGenuine);
    let token = tokens.extra_fields().id_token.as_deref().ok_or_else(strange)?;
    let payload = token.split('.').nth(1).ok_or_else(strange)?;
    let payload = BASE64URL_NOPAD.decode(payload.trim_end_matches('=').as_bytes()).map_err(|_| strange())?;
    let claims: IdClaims = serde_json::from_slice(&payload).map_err(|_| strange())?;
    let issuer = endpoints.issuer.replace("{tenantid}", &claims.tid.to_string());
    let made_for_us = claims.aud.parse() == Ok(client_id);
    let same_nonce =
        nonce.is_none_or(|n| claims.nonce.as_deref().is_some_and(|c| n.as_bytes().ct_eq(c.as_bytes()).into()));
    if claims.iss != issuer && endpoints.tenant.is_some_and(|t| t != claims.tid) {
        return Err(SignInError::local(SignInErrorKind::WrongTenant));
    }
    if claims.iss != issuer || !made_for_us || !same_nonce {
        return Err(strange());
    }
    if endpoints.tenant.is_some_and(|wanted| wanted != claims.tid) {
        return Err(SignInError::local(SignInErrorKind::WrongTenant));
    }
    Ok(Identity {
        tenant: claims.tid,
        user: claims.oid,
        user_name: claims.preferred_username.unwrap_or_default(),
        display_name: claims.name.unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const CLIENT: ClientId = ClientId::from_u128(7);
    const LOGIN: &str = "https://login.example/";

    fn endpoints(tenant: Option<TenantId>) -> Endpoints {
        let url: url::Url = LOGIN.parse().unwrap();
        let whom = tenant.map_or_else(|| "{tenantid}".to_owned(), |t| t.to_string());
        let issuer = format!("{LOGIN}{whom}/v2.0");
        Endpoints { issuer, authorize: url.clone(), token: url.clone(), device: url, tenant }
    }

    fn judged(
        tenant: Option<TenantId>,
        tid: TenantId,
        issuer: TenantId,
        aud: ClientId,
        nonce: &str,
    ) -> Option<SignInErrorKind> {
        let claims = serde_json::json!({
            "iss": format!("{LOGIN}{issuer}/v2.0"), "aud": aud, "tid": tid, "oid": UserId::from_u128(9), "nonce": nonce,
        });
        let token = format!("h.{}.s", BASE64URL_NOPAD.encode(claims.to_string().as_bytes()));
        let answer = serde_json::json!({"token_type": "Bearer", "access_token": "SECRET", "id_token": token});
        let tokens: Tokens = serde_json::from_value(answer).unwrap();
        assert!(!format!("{tokens:?}").contains("SECRET") && !format!("{tokens:?}").contains("h."));
        identity(&tokens, CLIENT, &endpoints(tenant), Some("n1")).err().map(|e| e.kind())
    }

    #[test]
    fn only_a_token_made_for_this_sign_in_by_the_right_tenant_counts() {
        let (one, two) = (TenantId::from_u128(1), TenantId::from_u128(2));
        assert_eq!(judged(Some(one), one, one, CLIENT, "n1"), None);
        assert_eq!(judged(None, two, two, CLIENT, "n1"), None);
        assert_eq!(judged(Some(one), two, two, CLIENT, "n1"), Some(SignInErrorKind::WrongTenant));
        assert_eq!(judged(Some(one), two, one, CLIENT, "n1"), Some(SignInErrorKind::WrongTenant));
        assert_eq!(judged(None, one, two, CLIENT, "n1"), Some(SignInErrorKind::NotGenuine));
        assert_eq!(judged(Some(one), one, one, ClientId::from_u128(8), "n1"), Some(SignInErrorKind::NotGenuine));
        assert_eq!(judged(Some(one), one, one, CLIENT, "n2"), Some(SignInErrorKind::NotGenuine));
    }
}
