//! The tenant connection: its own app registration, signed in by certificate, unattended. Caches its token.

use crate::certificate::Certificate;
use crate::cloud::Cloud;
use crate::discovery::under;
use crate::graph::{GRAPH_APP, Graph, GraphError, GraphErrorKind, KeyCredential};
use crate::http::{Http, REQUEST_LIMIT};
use crate::id::{ApplicationId, ClientId, KeyId, ServicePrincipalId, TenantId};
use crate::oauth::{SignInError, SignInErrorKind, with_capability};
use crate::pace::{Cost, LONGEST_WAIT};
use crate::secret::{Bearer, Hidden, Renew};
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;
use url::form_urlencoded;
use zeroize::Zeroizing;

/// Renewed this long before it ends, so that it does not end on the way.
const MARGIN: Duration = Duration::from_mins(2);
/// A certificate that was just added is unknown to some servers for a moment (700027): how often it is tried again.
const ATTEMPTS: u32 = 4;

/// Whom a proof of possession is for: Microsoft Graph, says Microsoft's page now.
const PROOF_AUDIENCE: ClientId = GRAPH_APP;
/// The same page named Azure AD Graph before; asked with after a refusal of the other.
const OLDER_PROOF_AUDIENCE: ClientId = ClientId::from_u128(0x0000_0002_0000_0000_c000_0000_0000_0000);

/// What set-up leaves behind: everything but the certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionRecord {
    /// Where the tenant lives.
    pub cloud: Cloud,
    /// The tenant.
    pub tenant_id: TenantId,
    /// Its display name at that time; may hold any text.
    pub tenant_name: String,
    /// Its default domain.
    pub default_domain: String,
    /// Its initial `onmicrosoft.com` domain, where emergency accounts live.
    pub initial_domain: String,
    /// Client id of the app registration.
    pub client_id: ClientId,
    /// Object id of the app registration.
    pub application_id: ApplicationId,
    /// Its service principal.
    pub service_principal_id: ServicePrincipalId,
}

/// A live connection. No `Debug`, no `Clone`: share it by `Arc`. Dropping it frees key and token zeroed.
pub struct Connection {
    http: Http,
    record: ConnectionRecord,
    certificate: Certificate,
    token: tokio::sync::Mutex<Option<(Hidden, Duration)>>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: Zeroizing<String>,
    #[serde(default)]
    expires_in: Option<u64>,
}

impl Connection {
    /// A connection that has not signed in yet; it does when first used.
    pub fn new(http: &Http, record: ConnectionRecord, certificate: Certificate) -> Self {
        Self { http: http.clone(), record, certificate, token: tokio::sync::Mutex::new(None) }
    }

    /// What it connects.
    pub fn record(&self) -> &ConnectionRecord {
        &self.record
    }

    /// Graph as this connection.
    pub fn graph(&self) -> Graph<'_> {
        Graph::new(&self.http, &self.record.cloud, self.record.tenant_id, self)
    }

    /// Signs in now, if no living token is at hand: so that what follows loses no time on it.
    pub async fn sign_in(&self) -> Result<(), SignInError> {
        self.token(Renew::IfDue).await.map(|_| ())
    }

    /// Forgets the token: grants that came after it are not in it.
    pub async fn forget_token(&self) {
        *self.token.lock().await = None;
    }

    /// Adds a further certificate to the registration, by proof that this connection holds a present one; needs no
    /// permission. `new` must be durable in the vault already. Answers as the tenant lists it. Prove it by a connection
    /// of its own before [`Connection::remove_certificate`] removes the old one.
    pub async fn add_certificate(&self, new: &Certificate) -> Result<KeyCredential, GraphError> {
        let (graph, id) = (self.graph(), self.record.application_id);
        match graph.add_key(id, new, &self.possession_proof(PROOF_AUDIENCE)?).await {
            Err(refused) if about_proof(&refused) => {
                graph.add_key(id, new, &self.possession_proof(OLDER_PROOF_AUDIENCE)?).await.map_err(|_| refused)
            }
            other => other,
        }
    }

    /// Removes a certificate of the registration, by proof that this connection holds another one.
    pub async fn remove_certificate(&self, key: KeyId) -> Result<(), GraphError> {
        let (graph, id) = (self.graph(), self.record.application_id);
        match graph.remove_key(id, key, &self.possession_proof(PROOF_AUDIENCE)?).await {
            Err(refused) if about_proof(&refused) => {
                graph.remove_key(id, key, &self.possession_proof(OLDER_PROOF_AUDIENCE)?).await.map_err(|_| refused)
            }
            other => other,
        }
    }

    pub(crate) fn http(&self) -> &Http {
        &self.http
    }

    fn possession_proof(&self, audience: ClientId) -> Result<Zeroizing<String>, GraphError> {
        let now = self.http.clock().now_ms();
        let refused = |_| GraphError::no_token(SignInError::local(SignInErrorKind::CredentialRefused));
        self.certificate.possession_proof(self.record.application_id, audience, now).map_err(refused)
    }

    async fn token(&self, renew: Renew<'_>) -> Result<Hidden, SignInError> {
        let mut kept = self.token.lock().await;
        let challenge = match renew {
            Renew::IfDue => {
                if let Some((token, until)) = &*kept
                    && *until > self.http.clock().monotonic() + MARGIN
                {
                    return Ok(token.duplicate());
                }
                None
            }
            Renew::Now => None,
            Renew::Claims(claims) => Some(claims),
        };
        *kept = None;
        let mut attempt = 1;
        loop {
            match self.ask(challenge).await {
                Ok((token, lifetime)) => {
                    let until = self.http.clock().monotonic() + lifetime;
                    let copy = token.duplicate();
                    *kept = Some((token, until));
                    return Ok(copy);
                }
                Err(error) if attempt < ATTEMPTS && not_arrived_yet(&error) => {
                    self.http.clock().sleep(Duration::from_secs(1 << attempt)).await;
                    attempt += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn ask(&self, challenge: Option<&str>) -> Result<(Hidden, Duration), SignInError> {
        let record = &self.record;
        let turn = self.http.turn(record.tenant_id, Cost::SIGN_IN, LONGEST_WAIT).await;
        turn.map_err(|_| SignInError::local(SignInErrorKind::Busy))?;
        let url = under(record.cloud.login(), &format!("{}/oauth2/v2.0/token", record.tenant_id));
        let assertion = self
            .certificate
            .assertion(record.client_id, url.as_str(), self.http.clock().now_ms())
            .map_err(|_| SignInError::local(SignInErrorKind::CredentialRefused))?;
        let form = form_urlencoded::Serializer::new(String::with_capacity(4096))
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", &record.client_id.to_string())
            .append_pair("scope", &record.cloud.scope(".default"))
            .append_pair("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
            .append_pair("client_assertion", &assertion)
            .append_pair("claims", &with_capability(challenge))
            .finish();
        let request = self
            .http
            .request(reqwest::Method::POST, url)
            .header("client-request-id", uuid::Uuid::new_v4().to_string())
            .header(reqwest::header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(bytes::Bytes::from_owner(Zeroizing::new(form.into_bytes())));
        let answer = self.http.send_in_turn(record.tenant_id, Cost::SIGN_IN, request, REQUEST_LIMIT).await;
        let answer = answer.map_err(SignInError::below_http)?;
        if answer.status != 200 {
            return Err(SignInError::from_signed(&answer, self.http.clock().now_ms()));
        }
        let answer: TokenAnswer =
            serde_json::from_slice(&answer.body).map_err(|_| SignInError::local(SignInErrorKind::NotGenuine))?;
        let lifetime = Duration::from_secs(answer.expires_in.unwrap_or(300).min(86_400));
        Ok((Hidden::from(answer.access_token), lifetime))
    }
}

/// Refusals that a grant made a moment ago explains: key unknown to this server, service principal not there yet.
fn not_arrived_yet(error: &SignInError) -> bool {
    const PASSING: [u32; 3] = [700_027, 700_016, 7_000_229];
    error.kind() == SignInErrorKind::Busy || error.refusal().error_codes.iter().any(|c| PASSING.contains(c))
}

/// Definite refusals behind which an unwelcome audience may stand; which code Graph gives for it is not published.
fn about_proof(error: &GraphError) -> bool {
    use GraphErrorKind::{Invalid, PermissionOrRoleMissing, ServiceRefused, TokenRefused};
    matches!(error.kind(), Invalid | PermissionOrRoleMissing | ServiceRefused | TokenRefused)
}

impl Bearer for Connection {
    fn bearer<'a>(
        &'a self,
        renew: Renew<'a>,
    ) -> Pin<Box<dyn Future<Output = Result<Hidden, SignInError>> + Send + 'a>> {
        Box::pin(self.token(renew))
    }
}
