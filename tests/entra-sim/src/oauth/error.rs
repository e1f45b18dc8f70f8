//! AADSTS errors: number, OAuth `error`, text, and the body of the token endpoint.
//!
//! Numbers and meanings follow Microsoft's page "Microsoft Entra authentication and authorization error codes"; the
//! sentences are ours.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::clock;
use crate::world::World;

/// A refusal of the sign-in service.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) code: u32,
    /// What follows the number, with names filled in.
    pub(crate) text: String,
    /// The `claims` challenge to hand on, a JSON text.
    pub(crate) claims: Option<String>,
}

/// `(number, error, suberror, sentence)`
#[rustfmt::skip] // a table is read by its columns
#[allow(clippy::unreadable_literal, reason = "these numbers are names, searched for as they are")]
const TABLE: &[(u32, &str, Option<&str>, &str)] = &[
    (16000, "interaction_required", None, "More than one account could be meant, or nobody is signed in."),
    (50011, "invalid_request", None, "The redirect URI in the request does not match the ones registered for the application."),
    (50012, "invalid_client", None, "The client assertion could not be validated."),
    (50020, "invalid_grant", None, "The user account does not exist in this tenant and cannot reach the application there."),
    (50034, "invalid_grant", None, "The user account does not exist in this directory."),
    (50053, "invalid_grant", None, "The account is locked: too many sign-ins with a wrong user name or password."),
    (50055, "invalid_grant", Some("user_password_expired"), "The password is expired."),
    (50057, "invalid_grant", None, "The user account is disabled."),
    (50072, "interaction_required", Some("basic_action"), "The user must enroll in multifactor authentication."),
    (50074, "invalid_grant", Some("basic_action"), "Strong authentication is required."),
    (50076, "invalid_grant", Some("basic_action"),
    "Due to a configuration change by the administrator, multifactor authentication is needed."),
    (50078, "invalid_grant", Some("basic_action"), "The multifactor authentication presented has expired."),
    (50079, "invalid_grant", Some("basic_action"), "The user must enroll in multifactor authentication."),
    (50105, "invalid_grant", None, "The signed-in user is not assigned to a role for the application."),
    (50126, "invalid_grant", None, "Invalid user name or password."),
    (50132, "invalid_grant", Some("bad_token"), "The session is not valid: the password expired or was changed."),
    (50133, "invalid_grant", Some("bad_token"), "The session is not valid: the password expired or was changed."),
    (50173, "invalid_grant", Some("bad_token"),
    "The grant has expired because it was revoked; a fresh token is needed."),
    (50177, "invalid_grant", None, "The user account cannot reach the application in that tenant."),
    (50194, "unauthorized_client", None, "The application is not configured as a multi-tenant application."),
    (50196, "invalid_grant", None, "The server ended the operation because it met a client request loop."),
    (53000, "invalid_grant", None, "The device is not in the required state: not compliant."),
    (53001, "invalid_grant", None, "The device is not in the required state: not joined to the domain."),
    (53002, "invalid_grant", None, "The application is not an approved application for Conditional Access."),
    (53003, "invalid_grant", Some("message_only"), "Access has been blocked by Conditional Access policies."),
    (54005, "invalid_grant", None, "The authorization code was already redeemed."),
    (65001, "invalid_grant", Some("consent_required"),
    "The user or administrator has not consented to use the application."),
    (65004, "authorization_declined", None, "The user declined to consent to the application."),
    (70000, "invalid_grant", None, "The grant is not valid: it was issued to another client or is malformed."),
    (70003, "unsupported_grant_type", None, "The grant type is not supported."),
    (70008, "invalid_grant", Some("token_expired"), "The authorization code or refresh token has expired."),
    (70011, "invalid_scope", None, "The value given for the input parameter 'scope' is not valid."),
    (70016, "authorization_pending", None, "The device code is valid and the user has not signed in yet."),
    (70018, "bad_verification_code", None, "The verification code is not valid."),
    (70019, "expired_token", None, "The verification code has expired."),
    (70020, "expired_token", None, "The device code has expired before the user signed in."),
    (70043, "invalid_grant", Some("bad_token"),
    "The refresh token has expired due to sign-in frequency checks by Conditional Access."),
    (70044, "invalid_grant", Some("bad_token"),
    "The session has expired due to sign-in frequency checks by Conditional Access."),
    (90002, "invalid_tenant", None, "The tenant was not found. Check the tenant id or the domain, and the cloud."),
    (90006, "temporarily_unavailable", None, "A transient error occurred. Try again."),
    (90014, "invalid_request", None, "A required field is missing from the request."),
    (90023, "invalid_request", None, "The request is not valid."),
    (90024, "temporarily_unavailable", None, "The request budget is exceeded. Try again."),
    (90033, "temporarily_unavailable", None, "A transient error occurred. Try again."),
    (90038, "invalid_request", None, "The tenant belongs to another national cloud."),
    (90055, "temporarily_unavailable", None, "The tenant is throttled because of too many requests."),
    (90094, "invalid_grant", Some("consent_required"), "The grant requires permission of an administrator."),
    (90095, "invalid_grant", Some("consent_required"),
    "The grant requires permission of an administrator; a request can be sent."),
    (90099, "invalid_grant", None, "The application has not been authorized in the tenant."),
    (90119, "invalid_request", None, "The user code is empty."),
    (90120, "invalid_request", None, "The request was authorized or declined already."),
    (90124, "invalid_request", None, "The resource is not supported over the /common or /consumers endpoints."),
    (120002, "invalid_grant", None, "The password is too weak."),
    (120003, "invalid_grant", None, "The password contains the member name."),
    (120018, "invalid_grant", None, "The password is on the list of banned passwords."),
    (501481, "invalid_grant", None, "The code verifier does not match the code challenge of the authorization request."),
    (700016, "unauthorized_client", None, "The application was not found in the directory."),
    (700024, "invalid_client", None, "The client assertion is not within its valid time range."),
    (700025, "invalid_client", None, "The client is public, so neither 'client_assertion' nor 'client_secret' should be presented."),
    (700027, "invalid_client", None, "The certificate with that identifier is not registered on the application, or the signature is wrong."),
    (700082, "invalid_grant", Some("token_expired"), "The refresh token has expired due to inactivity."),
    (700211, "invalid_client", None, "No matching federated identity record was found for the assertion issuer."),
    (7000112, "unauthorized_client", None, "The application is disabled."),
    (7000215, "invalid_client", None, "The client secret is not valid."),
    (7000216, "invalid_request", None, "'client_assertion', 'client_secret' or 'request' is required for this grant type."),
    (7000218, "invalid_client", None, "The request body must contain 'client_assertion' or 'client_secret': the client is not public."),
    (7000222, "invalid_client", None, "The client secret keys are expired."),
    (7000229, "unauthorized_client", None, "The client application is missing a service principal in the tenant."),
    (9001023, "invalid_request", None, "The grant type is not supported over the /common or /consumers endpoints. Use a tenant."),
    (9002313, "invalid_request", None, "The request is malformed or not valid."),
    (9002327, "invalid_request", None, "Tokens issued for the 'Single-Page Application' client type may only be redeemed by cross-origin requests."),
];

impl Refusal {
    /// The refusal of that number with the table's sentence.
    pub(crate) fn new(code: u32) -> Self {
        let text = TABLE.iter().find(|row| row.0 == code).map_or("The request was refused.", |row| row.3);
        Self { code, text: text.to_owned(), claims: None }
    }

    /// The refusal of that number as Conditional Access gives it: with the `claims` that the next sign-in must carry.
    pub(crate) fn with_challenge(code: u32) -> Self {
        let wants_more = matches!(code, 50074 | 50076 | 50078 | 50079 | 53003);
        let claims =
            r#"{"access_token":{"capolids":{"essential":true,"values":["5f4dcc3b-0000-4000-8000-000000000000"]}}}"#;
        Self { claims: wants_more.then(|| claims.to_owned()), ..Self::new(code) }
    }

    /// Adds what the request was about.
    pub(crate) fn about(mut self, detail: &str) -> Self {
        self.text = format!("{} ({detail})", self.text);
        self
    }

    /// The OAuth `error` value of this number.
    pub(crate) fn error(&self) -> &'static str {
        TABLE.iter().find(|row| row.0 == self.code).map_or("invalid_request", |row| row.1)
    }

    pub(crate) fn status(&self) -> StatusCode {
        match self.error() {
            "invalid_client" => StatusCode::UNAUTHORIZED,
            "temporarily_unavailable" => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// The whole body, as described in "Error codes: handling in your application".
    pub(crate) fn body(&self, world: &mut World, correlation: Option<&str>) -> Value {
        let now = clock::login_time(world.now_ms());
        let trace = world.rng.guid();
        let correlation = correlation.map_or_else(|| world.rng.guid(), str::to_owned);
        let mut body = json!({
            "error": self.error(),
            "error_description": format!(
                "AADSTS{}: {} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {now}", self.code, self.text
            ),
            "error_codes": [self.code],
            "timestamp": now,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": format!("{}/error?code={}", world.login, self.code),
        });
        if let Some(sub) = TABLE.iter().find(|row| row.0 == self.code).and_then(|row| row.2) {
            body["suberror"] = sub.into();
        }
        if let Some(claims) = &self.claims {
            body["claims"] = claims.clone().into();
        }
        body
    }
}

/// A poll that comes too early: RFC 8628 names the error, Microsoft's table has no number for it.
pub(crate) fn slow_down(world: &mut World) -> Value {
    let mut body = Refusal::new(70016).body(world, None);
    body["error"] = "slow_down".into();
    body
}
