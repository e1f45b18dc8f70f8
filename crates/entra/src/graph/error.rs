//! Why Graph refused or did not answer, sorted by what is done next. The message of Graph is not kept: it carries
//! names, and nothing may branch on it.

use crate::http::TransportError;
use crate::oauth::SignInError;
use std::time::Duration;

/// What kind of end it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GraphErrorKind {
    /// 401: the token is missing, too old or of another cloud, even after a fresh one.
    TokenRefused,
    /// 401 or 403 with a claims challenge: a new sign-in must carry [`GraphError::claims`].
    ClaimsNeeded,
    /// 403 `Authorization_RequestDenied`: a permission or the directory role is missing.
    PermissionOrRoleMissing,
    /// 403 of the authentication-methods or Conditional Access service.
    ServiceRefused,
    /// 403: the tenant has no P1/P2 licence.
    LicenceMissing,
    /// 404: absent, or not replicated yet.
    Absent,
    /// 400: the tenant refuses the password (rules, banned words).
    PasswordRefused,
    /// 400 or 409: it exists already.
    Exists,
    /// 400: the tenant's app management policy refuses the certificate.
    AppPolicyRefuses,
    /// 400: anything else invalid.
    Invalid,
    /// 409: somebody else was changing the same object.
    Concurrency,
    /// 429: too many requests.
    Throttled,
    /// 5xx.
    Unavailable,
    /// A link or answer points to, or comes from, another host.
    ForeignLink,
    /// The answer is not what Graph documents.
    Unreadable,
    /// Below HTTP; see [`GraphError::transport`].
    Transport,
    /// No token could be had; see [`GraphError::sign_in`].
    SignIn,
    /// The request would have been sent too late to be safe; nothing was sent.
    TooLate,
    /// A refusal that this table does not know.
    Unknown,
}

/// Why a Graph request failed. `Display` is the sentence a person reads.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.sentence())]
pub struct GraphError(pub(super) Box<Detail>);

#[derive(Clone, PartialEq, Eq)]
pub(super) struct Detail {
    pub(super) kind: GraphErrorKind,
    pub(super) status: Option<u16>,
    pub(super) codes: Vec<String>,
    pub(super) request_id: Option<String>,
    pub(super) client_request_id: Option<String>,
    pub(super) retry_after: Option<Duration>,
    pub(super) claims: Option<String>,
    pub(super) transport: Option<TransportError>,
    pub(super) sign_in: Option<SignInError>,
}

impl GraphError {
    /// What kind.
    pub fn kind(&self) -> GraphErrorKind { self.0.kind }
    /// HTTP status.
    pub fn status(&self) -> Option<u16> { self.0.status }
    /// Graph's code, the deepest last.
    pub fn graph_codes(&self) -> &[String] { &self.0.codes }
    /// For Microsoft's support.
    pub fn request_id(&self) -> Option<&str> { self.0.request_id.as_deref() }
    /// Ours, sent with the request.
    pub fn client_request_id(&self) -> Option<&str> { self.0.client_request_id.as_deref() }
    /// When to try again, if said.
    pub fn retry_after(&self) -> Option<Duration> { self.0.retry_after }
    /// Claims for the next sign-in.
    pub fn claims(&self) -> Option<&str> { self.0.claims.as_deref() }
    /// The failure below HTTP.
    pub fn transport(&self) -> Option<TransportError> { self.0.transport }
    /// Why no token could be had.
    pub fn sign_in(&self) -> Option<&SignInError> { self.0.sign_in.as_ref() }
    /// Stable code.
    pub fn code(&self) -> &'static str { unimplemented!() }
    /// What a person reads.
    pub fn sentence(&self) -> &'static str { unimplemented!() }
    /// What a person does next.
    pub fn next_step(&self) -> &'static str { unimplemented!() }
}
impl std::fmt::Debug for GraphError { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str("x") } }
