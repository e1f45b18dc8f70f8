//! Why Graph refused or did not answer, sorted by what is done next. The message of Graph is not kept: it carries
//! names, and nothing may branch on it.

use crate::cloud::CHECK_HOSTS;
use crate::http::{Answer, TransportError};
use crate::oauth::SignInError;
use crate::pace::retry_after;
use data_encoding::{BASE64, BASE64URL_NOPAD};
use serde_json::Value;
use std::fmt;
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

use GraphErrorKind as Kind;

/// Why a Graph request failed. `Display` is the sentence a person reads.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.sentence())]
pub struct GraphError(Box<Detail>);

#[derive(Clone, PartialEq, Eq)]
struct Detail {
    kind: GraphErrorKind,
    status: Option<u16>,
    codes: Vec<String>,
    request_id: Option<String>,
    client_request_id: Option<String>,
    retry_after: Option<Duration>,
    claims: Option<String>,
    transport: Option<TransportError>,
    sign_in: Option<SignInError>,
    lacks: Vec<&'static str>,
}

impl GraphError {
    /// What kind.
    pub fn kind(&self) -> GraphErrorKind {
        self.0.kind
    }

    /// HTTP status, where there was an answer.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// Graph's codes, outermost first.
    pub fn graph_codes(&self) -> &[String] {
        &self.0.codes
    }

    /// For Microsoft's support.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// Ours, sent with the request.
    pub fn client_request_id(&self) -> Option<&str> {
        self.0.client_request_id.as_deref()
    }

    /// When to try again, if Microsoft said.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Claims for the next sign-in.
    pub fn claims(&self) -> Option<&str> {
        self.0.claims.as_deref()
    }

    /// The failure below HTTP.
    pub fn transport(&self) -> Option<TransportError> {
        self.0.transport
    }

    /// Why no token could be had.
    pub fn sign_in(&self) -> Option<&SignInError> {
        self.0.sign_in.as_ref()
    }

    /// What is missing, where that was found out: a permission or the directory role, by Microsoft's name. Of several
    /// it is one.
    pub fn lacks(&self) -> &[&'static str] {
        &self.0.lacks
    }

    /// Names what is missing, if that is what the refusal is about.
    pub(crate) fn lacking(mut self, names: &[&'static str]) -> Self {
        if self.0.kind == Kind::PermissionOrRoleMissing {
            self.0.lacks = names.to_vec();
        }
        self
    }

    /// Whether a write may have taken effect although it failed.
    pub fn outcome_unknown(&self) -> bool {
        match self.0.kind {
            Kind::Unavailable => true,
            Kind::Transport => self.0.transport.is_some_and(|t| !t.nothing_sent()),
            _ => false,
        }
    }

    /// Whether it is certain that nothing reached Graph.
    pub fn nothing_sent(&self) -> bool {
        match self.0.kind {
            Kind::SignIn | Kind::TooLate => true,
            Kind::Transport => self.0.transport.is_some_and(|t| t.nothing_sent()),
            _ => false,
        }
    }

    pub(crate) fn local(kind: GraphErrorKind) -> Self {
        Self(Box::new(Detail {
            kind,
            status: None,
            codes: Vec::new(),
            request_id: None,
            client_request_id: None,
            retry_after: None,
            claims: None,
            transport: None,
            sign_in: None,
            lacks: Vec::new(),
        }))
    }

    /// The limits leave no turn for so long; nothing was sent.
    pub(super) fn not_yet(wait: Duration) -> Self {
        let mut error = Self::local(Kind::Throttled);
        error.0.retry_after = Some(wait);
        error
    }

    #[cfg(test)]
    pub(super) fn of_status(kind: GraphErrorKind, status: u16) -> Self {
        let mut error = Self::local(kind);
        error.0.status = Some(status);
        error
    }

    pub(crate) fn below_http(transport: TransportError) -> Self {
        let mut error = Self::local(Kind::Transport);
        error.0.transport = Some(transport);
        error
    }

    pub(crate) fn no_token(sign_in: SignInError) -> Self {
        let mut error = Self::local(Kind::SignIn);
        error.0.claims.clone_from(&sign_in.refusal().claims);
        error.0.sign_in = Some(sign_in);
        error
    }

    /// The session could not answer the challenge by itself: a person must sign in with these claims.
    pub(super) fn challenged(mut self, sign_in: SignInError) -> Self {
        self.0.kind = Kind::ClaimsNeeded;
        self.0.sign_in = Some(sign_in);
        self
    }

    /// A 400 on a body that held nothing but a password means the password.
    pub(super) fn about_password(mut self) -> Self {
        if self.0.kind == Kind::Invalid {
            self.0.kind = Kind::PasswordRefused;
        }
        self
    }

    /// From an answer that is no success.
    pub(super) fn of(answer: &Answer, client_request_id: &str) -> Self {
        let header = |name: &str| answer.headers.get(name).and_then(|v| v.to_str().ok());
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        let codes = codes(&body["error"]);
        let claims = header("www-authenticate").and_then(challenge);
        let kind = kind_of(answer.status, &codes, claims.is_some());
        Self(Box::new(Detail {
            kind,
            status: Some(answer.status),
            request_id: header("request-id").map(plain),
            client_request_id: Some(client_request_id.to_owned()),
            retry_after: header("retry-after").and_then(|v| retry_after(v, header("date"))),
            claims,
            codes,
            transport: None,
            sign_in: None,
            lacks: Vec::new(),
        }))
    }

    /// Stable code.
    pub fn code(&self) -> &'static str {
        match (self.0.transport, &self.0.sign_in) {
            (Some(transport), _) => transport.code(),
            (_, Some(sign_in)) if self.0.kind == Kind::SignIn => sign_in.code(),
            _ => self.words().0,
        }
    }

    /// What a person reads.
    pub fn sentence(&self) -> &'static str {
        match (&self.0.sign_in, self.0.transport) {
            (Some(sign_in), _) if self.0.kind == Kind::SignIn => sign_in.sentence(),
            (_, Some(TransportError::NoConnection)) => "Microsoft Graph could not be reached.",
            (_, Some(TransportError::Proxy)) => "The proxy did not let the request through.",
            (_, Some(TransportError::ProxySignIn)) => "The proxy asks for a sign-in of its own.",
            (_, Some(TransportError::Certificate)) => {
                "The certificate shown for Microsoft Graph is not trusted by this machine."
            }
            (_, Some(TransportError::CertificateName)) => {
                "The certificate shown for Microsoft Graph is for another name."
            }
            (_, Some(TransportError::CertificateTime)) => {
                "The certificate shown for Microsoft Graph has ended, or this machine's clock is wrong."
            }
            _ => self.words().1,
        }
    }

    /// What a person does next.
    pub fn next_step(&self) -> &'static str {
        match (self.0.transport, &self.0.sign_in) {
            (Some(transport), _) => transport.next_step(),
            (_, Some(sign_in)) if self.0.kind == Kind::SignIn => sign_in.next_step(),
            _ => self.words().2,
        }
    }

    fn words(&self) -> (&'static str, &'static str, &'static str) {
        match self.0.kind {
            Kind::TokenRefused => (
                "graph.token-refused",
                "Microsoft Graph no longer accepts the sign-in.",
                "Sign in again, or repair the connection.",
            ),
            Kind::ClaimsNeeded => (
                "graph.claims-needed",
                "A policy of the tenant asks for a stronger sign-in.",
                "Sign in again; Microsoft will ask for what is missing.",
            ),
            Kind::PermissionOrRoleMissing => (
                "graph.permission-or-role-missing",
                "A permission or directory role is missing.",
                "Repair the connection with an admin sign-in: it shows what is missing and puts it back.",
            ),
            Kind::ServiceRefused => (
                "graph.service-refused",
                "The tenant refuses this to the connection.",
                "Check that the app still has its permissions and the role Privileged Authentication Administrator.",
            ),
            Kind::LicenceMissing => (
                "graph.licence-missing",
                "The tenant has no licence for this (Entra ID P1 or P2).",
                "It is left out; nothing else depends on it.",
            ),
            Kind::Absent => (
                "graph.absent",
                "This does not exist in the tenant, or not yet.",
                "If it was created a moment ago, wait a minute; otherwise somebody removed it.",
            ),
            Kind::PasswordRefused => (
                "graph.password-refused",
                "The tenant refuses this password.",
                "Another one is made; if that is refused too, look at the tenant's password rules.",
            ),
            Kind::Exists => {
                ("graph.exists", "This exists in the tenant already.", "Choose another name, or adopt what is there.")
            }
            Kind::AppPolicyRefuses => (
                "graph.app-policy-refuses",
                "The tenant's policy for apps refuses this certificate.",
                "Ask the tenant's admin which lifetime or key its app management policy allows.",
            ),
            Kind::Invalid => (
                "graph.invalid",
                "Microsoft Graph does not accept the request.",
                "Look at the details; if nothing explains it, report it with the request id.",
            ),
            Kind::Concurrency => ("graph.concurrency", "Somebody else was changing the same thing.", "Try again."),
            Kind::Throttled => {
                ("graph.throttled", "The tenant has had too many requests.", "It is tried again later by itself.")
            }
            Kind::Unavailable => (
                "graph.unavailable",
                "Microsoft Graph is not available.",
                "Try again later; Microsoft's service health page may say more.",
            ),
            Kind::ForeignLink => {
                ("graph.foreign-link", "An answer pointed to another host; it was not followed.", CHECK_HOSTS)
            }
            Kind::Unreadable => ("graph.unreadable", "The answer is not one of Microsoft Graph.", CHECK_HOSTS),
            Kind::Transport | Kind::SignIn => ("graph.no-answer", "Microsoft Graph did not answer.", "Try again."),
            Kind::TooLate => (
                "graph.too-late",
                "Too much time went by before the password could be sent; nothing was sent.",
                "It is tried again by itself.",
            ),
            Kind::Unknown => (
                "graph.unknown",
                "Microsoft Graph refused for a reason this version does not know.",
                "Report it with the request id.",
            ),
        }
    }
}

impl fmt::Debug for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GraphError")
            .field("kind", &self.0.kind)
            .field("status", &self.0.status)
            .field("codes", &self.0.codes)
            .field("request_id", &self.0.request_id)
            .field("client_request_id", &self.0.client_request_id)
            .field("transport", &self.0.transport)
            .field("sign_in", &self.0.sign_in)
            .field("lacks", &self.0.lacks)
            .finish()
    }
}

/// `error.code`, the codes of `details`, and those of the inner errors (spelled both ways in Microsoft's pages).
fn codes(error: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut level = error;
    for _ in 0..8 {
        found.extend(level["code"].as_str().map(plain));
        let details = level["details"].as_array().map_or(&[][..], Vec::as_slice);
        found.extend(details.iter().take(8).filter_map(|d| d["code"].as_str()).map(plain));
        level = if level["innerError"].is_object() { &level["innerError"] } else { &level["innererror"] };
    }
    found
}

/// Codes and ids are words; whatever else a hostile answer puts there is cut off before it reaches a log or a screen.
fn plain(text: &str) -> String {
    text.chars().take(128).filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':')).collect()
}

fn kind_of(status: u16, codes: &[String], challenged: bool) -> Kind {
    let has = |code: &str| codes.iter().any(|c| c.eq_ignore_ascii_case(code));
    match status {
        401 | 403 if challenged || has("insufficient_claims") => Kind::ClaimsNeeded,
        401 => Kind::TokenRefused,
        403 if has("Authorization_RequestDenied") => Kind::PermissionOrRoleMissing,
        403 if has("Authentication_RequestFromNonPremiumTenantOrB2CTenant") => Kind::LicenceMissing,
        403 => Kind::ServiceRefused,
        404 | 410 => Kind::Absent,
        400 | 409 if has("ObjectConflict") || has("Request_MultipleObjectsWithSameKeyValue") => Kind::Exists,
        400 if has("CredentialTypeNotAllowedAsPerAppPolicy") || has("CredentialInvalidLifetimeAsPerAppPolicy") => {
            Kind::AppPolicyRefuses
        }
        400 if has("PasswordProfileDoesNotMeetComplexity") || has("PasswordBannedPassword") => Kind::PasswordRefused,
        400 | 422 => Kind::Invalid,
        409 if has("Directory_ConcurrencyViolation") => Kind::Concurrency,
        409 => Kind::Exists,
        412 => Kind::Concurrency,
        429 => Kind::Throttled,
        500.. => Kind::Unavailable,
        _ => Kind::Unknown,
    }
}

/// The claims of a `WWW-Authenticate` challenge, decoded (Microsoft Learn, "Claims challenges, claims requests and
/// client capabilities").
fn challenge(header: &str) -> Option<String> {
    let (_, rest) = header.split_once("claims=\"")?;
    let encoded = rest.split('"').next()?.trim_end_matches('=');
    let padded = format!("{encoded}{}", &"==="[..(4 - encoded.len() % 4) % 4]);
    let bytes = BASE64URL_NOPAD.decode(encoded.as_bytes()).or_else(|_| BASE64.decode(padded.as_bytes())).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    serde_json::from_str::<Value>(&text).ok().filter(Value::is_object)?;
    Some(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn error(status: u16, body: &str) -> GraphError {
        let headers = [("request-id", "r-1"), ("retry-after", "7")];
        let headers = headers.iter().map(|(k, v)| (k.parse().unwrap(), v.parse().unwrap())).collect();
        GraphError::of(&Answer { status, headers, body: body.as_bytes().to_vec().into() }, "c-1")
    }

    #[test]
    fn each_row_of_the_table_is_sorted() {
        let code = |c: &str| {
            format!(r#"{{"error":{{"code":"{c}","message":"jane@contoso.com","innerError":{{"request-id":"x"}}}}}}"#)
        };
        for (status, name, kind) in [
            (401, "InvalidAuthenticationToken", Kind::TokenRefused),
            (403, "Authorization_RequestDenied", Kind::PermissionOrRoleMissing),
            (403, "accessDenied", Kind::ServiceRefused),
            (403, "insufficient_claims", Kind::ClaimsNeeded),
            (403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant", Kind::LicenceMissing),
            (404, "Request_ResourceNotFound", Kind::Absent),
            (404, "ResourceNotFound", Kind::Absent),
            (400, "Request_BadRequest", Kind::Invalid),
            (400, "CredentialTypeNotAllowedAsPerAppPolicy", Kind::AppPolicyRefuses),
            (409, "Directory_ConcurrencyViolation", Kind::Concurrency),
            (429, "TooManyRequests", Kind::Throttled),
            (503, "serviceNotAvailable", Kind::Unavailable),
            (504, "UnknownError", Kind::Unavailable),
            (418, "teapot", Kind::Unknown),
        ] {
            let error = error(status, &code(name));
            assert_eq!(error.kind(), kind, "{status} {name}");
            assert_eq!((error.request_id(), error.client_request_id()), (Some("r-1"), Some("c-1")));
            assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
            assert!(!format!("{error} {error:?} {}", error.next_step()).contains("jane"));
        }
        let twice = r#"{"error":{"code":"Request_BadRequest","details":[{"code":"ObjectConflict"}]}}"#;
        assert_eq!(error(400, twice).kind(), Kind::Exists);
        let inner =
            r#"{"error":{"code":"BadRequest","innererror":{"code":"CredentialInvalidLifetimeAsPerAppPolicy"}}}"#;
        assert_eq!(error(400, inner).kind(), Kind::AppPolicyRefuses);
    }

    #[test]
    fn a_claims_challenge_is_decoded_in_both_alphabets() {
        let claims = r#"{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}"#;
        for encoded in [BASE64.encode(claims.as_bytes()), BASE64URL_NOPAD.encode(claims.as_bytes())] {
            let header = format!(r#"Bearer realm="", error="insufficient_claims", claims="{encoded}""#);
            assert_eq!(challenge(&header).as_deref(), Some(claims));
        }
        for bad in ["", "Bearer", "Bearer claims=", r#"Bearer claims="%%%""#, r#"Bearer claims="MQ==""#] {
            assert_eq!(challenge(bad), None, "{bad}");
        }
    }

    #[test]
    fn hostile_answers_become_errors_without_control_characters() {
        for body in [
            "",
            "null",
            "[]",
            r#"{"error":[]}"#,
            r#"{"error":{"code":5}}"#,
            r#"{"error":{"code":"a\u001b[31m\u202eb"}}"#,
        ] {
            let error = error(400, body);
            assert!(error.graph_codes().iter().all(|c| c.is_ascii() && !c.contains('\u{1b}')));
        }
    }
}
