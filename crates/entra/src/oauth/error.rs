//! Why a sign-in ended: Microsoft's refusals (token endpoint, authorize redirect) sorted into what a person or the
//! application does next. Branches on `error`, then `suberror`, then `error_codes`; never on the text, which changes.

use crate::cloud::CHECK_HOSTS;
use crate::http::{Answer, TransportError};
use serde::Deserialize;
use std::fmt;

/// What Microsoft said, kept for the audit record. The text is not kept: it carries names of users and tenants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refusal {
    /// OAuth `error`, e.g. `invalid_grant`.
    pub error: String,
    /// `suberror`, e.g. `basic_action`.
    pub suberror: Option<String>,
    /// Numbers of `AADSTS…`.
    pub error_codes: Vec<u32>,
    /// Claims that the next interactive sign-in must carry (Conditional Access).
    pub claims: Option<String>,
    /// For Microsoft's support.
    pub correlation_id: Option<String>,
    /// For Microsoft's support.
    pub trace_id: Option<String>,
    /// Seconds by which this machine's clock is ahead of the server's, where that is more than it tolerates.
    pub clock_ahead_s: Option<i64>,
}

/// What kind of end it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignInErrorKind {
    /// The person declined (65004, `authorization_declined`, `access_denied`).
    Declined,
    /// The device code is not the one that was given (70018).
    WrongDeviceCode,
    /// The device code ran out (70019, 70020). The application may offer a new one.
    CodeExpired,
    /// Multi-factor sign-in is needed or stale (50076, 50074, 50078).
    MfaNeeded,
    /// The admin must register a second factor first (50079, 50072).
    MfaEnrolNeeded,
    /// Blocked by Conditional Access (53003).
    BlockedByPolicy,
    /// Device, app or tenant security policy (53000, 53001, 53002, 530032, 530035).
    SecurityPolicy,
    /// Consent of an admin is missing (65001, 90094, 90095).
    ConsentMissing,
    /// A client id of Microsoft's own that is not allowed to ask for this (65002).
    BorrowedClient,
    /// Sign-in frequency, revocation or inactivity ended the session (70043, 70044, 50173, 50132, 50133, 700082, 70008).
    SessionEnded,
    /// The secret or certificate was refused (7000215, 7000222, 700027, 50012).
    CredentialRefused,
    /// This machine's clock is wrong: what it signed is not valid yet, or no longer (700024).
    ClockWrong,
    /// App or user is not present in that tenant (700016, 7000229, 90099, 50020, 50177).
    AbsentInTenant,
    /// The app is disabled there (7000112).
    AppDisabled,
    /// Unknown tenant (90002).
    UnknownTenant,
    /// The tenant lives in another national cloud (90038).
    OtherCloud,
    /// Unknown user (50034).
    UserUnknown,
    /// Locked out (50053).
    UserLocked,
    /// Password expired (50055).
    PasswordExpired,
    /// User disabled (50057).
    UserDisabled,
    /// Wrong password (50126).
    WrongPassword,
    /// Password change refused (120002, 120003, 120018).
    PasswordRefused,
    /// Busy: loop protection, throttling, passing faults (50196, 90055, 90024, 90033, 90006).
    Busy,
    /// The registration does not allow public client flows (7000218).
    PublicClientOff,
    /// The redirect address is not registered (50011).
    RedirectNotRegistered,
    /// The redirect address is registered as `spa` (9002327).
    RedirectIsSpa,
    /// A single-tenant registration was asked through `/organizations` (50194), or a tenant must be named (90124, 9001023).
    TenantMustBeNamed,
    /// A public client sent a credential (700025).
    ConfidentialMisuse,
    /// The code was used or has run out (54005), or the verifier does not match (501481).
    CodeRefused,
    /// A permission asked for does not exist or is malformed (70011, 650053).
    UnknownScope,
    /// The window was closed or the person cancelled here.
    Cancelled,
    /// Nobody came back from the browser in time.
    NobodyCame,
    /// Someone else's answer arrived at the loopback address: wrong `state`.
    ForgedAnswer,
    /// The loopback address could not be opened.
    NoListener,
    /// Another tenant than the one being connected was signed in to.
    WrongTenant,
    /// The discovery document or token does not come from whom it should.
    NotGenuine,
    /// Below HTTP; see [`SignInError::transport`].
    Transport,
    /// Something Microsoft says that this table does not know.
    Unknown,
}

/// Why a sign-in ended. `Display` is the sentence a person reads.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.sentence())]
pub struct SignInError {
    kind: SignInErrorKind,
    refusal: Box<Refusal>,
    transport: Option<TransportError>,
    lacks: Vec<&'static str>,
}

use SignInErrorKind as Kind;

/// Numbers of `AADSTS…` that decide. Source: Microsoft Learn, "Microsoft Entra authentication and authorization error
/// codes". Numbers may change, so everything has an arm for the unknown.
const BY_CODE: &[(u32, Kind)] = &[
    (65004, Kind::Declined),
    (90120, Kind::Declined),
    (70018, Kind::WrongDeviceCode),
    (90119, Kind::WrongDeviceCode),
    (70019, Kind::CodeExpired),
    (70020, Kind::CodeExpired),
    (50076, Kind::MfaNeeded),
    (50074, Kind::MfaNeeded),
    (50078, Kind::MfaNeeded),
    (50079, Kind::MfaEnrolNeeded),
    (50072, Kind::MfaEnrolNeeded),
    (53003, Kind::BlockedByPolicy),
    (53000, Kind::SecurityPolicy),
    (53001, Kind::SecurityPolicy),
    (53002, Kind::SecurityPolicy),
    (530_032, Kind::SecurityPolicy),
    (530_035, Kind::SecurityPolicy),
    (50105, Kind::SecurityPolicy),
    (65001, Kind::ConsentMissing),
    (90094, Kind::ConsentMissing),
    (90095, Kind::ConsentMissing),
    (90008, Kind::ConsentMissing),
    (65002, Kind::BorrowedClient),
    (70043, Kind::SessionEnded),
    (70044, Kind::SessionEnded),
    (50173, Kind::SessionEnded),
    (50132, Kind::SessionEnded),
    (50133, Kind::SessionEnded),
    (700_082, Kind::SessionEnded),
    (70008, Kind::SessionEnded),
    (7_000_215, Kind::CredentialRefused),
    (7_000_222, Kind::CredentialRefused),
    (700_027, Kind::CredentialRefused),
    (50012, Kind::CredentialRefused),
    (700_024, Kind::ClockWrong),
    (700_016, Kind::AbsentInTenant),
    (7_000_229, Kind::AbsentInTenant),
    (90099, Kind::AbsentInTenant),
    (50020, Kind::AbsentInTenant),
    (50177, Kind::AbsentInTenant),
    (7_000_112, Kind::AppDisabled),
    (90002, Kind::UnknownTenant),
    (90038, Kind::OtherCloud),
    (50034, Kind::UserUnknown),
    (50053, Kind::UserLocked),
    (50055, Kind::PasswordExpired),
    (50057, Kind::UserDisabled),
    (50126, Kind::WrongPassword),
    (120_002, Kind::PasswordRefused),
    (120_003, Kind::PasswordRefused),
    (120_018, Kind::PasswordRefused),
    (50196, Kind::Busy),
    (90055, Kind::Busy),
    (90024, Kind::Busy),
    (90033, Kind::Busy),
    (90006, Kind::Busy),
    (50134, Kind::Busy),
    (7_000_218, Kind::PublicClientOff),
    (50011, Kind::RedirectNotRegistered),
    (9_002_327, Kind::RedirectIsSpa),
    (50194, Kind::TenantMustBeNamed),
    (90124, Kind::TenantMustBeNamed),
    (9_001_023, Kind::TenantMustBeNamed),
    (700_025, Kind::ConfidentialMisuse),
    (54005, Kind::CodeRefused),
    (501_481, Kind::CodeRefused),
    (70011, Kind::UnknownScope),
    (650_053, Kind::UnknownScope),
];

/// The error body of the token endpoint. Every field may be missing or of an unexpected shape.
#[derive(Deserialize)]
struct Body {
    error: String,
    #[serde(default)]
    error_description: Option<String>,
    #[serde(default)]
    error_codes: Option<Vec<serde_json::Value>>,
    #[serde(default)]
    suberror: Option<String>,
    #[serde(default)]
    claims: Option<String>,
    #[serde(default)]
    correlation_id: Option<String>,
    #[serde(default)]
    trace_id: Option<String>,
}

impl SignInError {
    /// What kind.
    pub fn kind(&self) -> SignInErrorKind {
        self.kind
    }

    /// What Microsoft said; empty where the end came from this side.
    pub fn refusal(&self) -> &Refusal {
        &self.refusal
    }

    /// The failure below HTTP, if it was one.
    pub fn transport(&self) -> Option<TransportError> {
        self.transport
    }

    /// Permissions that were asked for and not given, by Microsoft's names; empty where that is not known.
    pub fn lacks(&self) -> &[&'static str] {
        &self.lacks
    }

    /// Whether the same may work a little later, without a person.
    pub fn passing(&self) -> bool {
        matches!(self.kind, Kind::Busy | Kind::Transport)
    }

    /// Whether only a new interactive sign-in helps.
    pub fn needs_person(&self) -> bool {
        matches!(self.kind, Kind::MfaNeeded | Kind::MfaEnrolNeeded | Kind::SessionEnded | Kind::ConsentMissing)
    }

    /// From this side: no answer of Microsoft's is involved.
    pub(crate) fn local(kind: SignInErrorKind) -> Self {
        Self { kind, refusal: Box::default(), transport: None, lacks: Vec::new() }
    }

    /// Signed in, but without these permissions.
    pub(crate) fn given_without(lacks: Vec<&'static str>) -> Self {
        Self { lacks, ..Self::local(Kind::ConsentMissing) }
    }

    pub(crate) fn below_http(error: TransportError) -> Self {
        Self { transport: Some(error), ..Self::local(Kind::Transport) }
    }

    /// From the body of a refusal by a token, device-code or discovery endpoint.
    pub(crate) fn from_body(status: u16, body: &[u8]) -> Self {
        let Ok(body) = serde_json::from_slice::<Body>(body) else {
            return Self::local(if status == 429 || status >= 500 { Kind::Busy } else { Kind::NotGenuine });
        };
        let codes = body.error_codes.unwrap_or_default();
        let codes = codes
            .iter()
            .filter_map(|c| c.as_u64().or_else(|| c.as_str()?.parse().ok()))
            .filter_map(|c| u32::try_from(c).ok());
        let mut refusal = Refusal {
            error: body.error,
            suberror: body.suberror.filter(|s| !s.is_empty()),
            error_codes: codes.collect(),
            claims: body.claims,
            correlation_id: body.correlation_id,
            trace_id: body.trace_id,
            clock_ahead_s: None,
        };
        if refusal.error_codes.is_empty() {
            refusal.error_codes.extend(body.error_description.as_deref().and_then(code_in));
        }
        Self::of(refusal, status)
    }

    /// From a refusal of something that this machine signed with its own time in it. The server's `Date` says whether
    /// that time was the reason, whatever the refusal says.
    pub(crate) fn from_signed(answer: &Answer, now_ms: u64) -> Self {
        let mut error = Self::from_body(answer.status, &answer.body);
        error.refusal.clock_ahead_s = clock_ahead(answer, now_ms).filter(|ahead| ahead.abs() > TOLERATED_S);
        if error.refusal.clock_ahead_s.is_some() && matches!(error.kind, Kind::CredentialRefused | Kind::Unknown) {
            error.kind = Kind::ClockWrong;
        }
        error
    }

    /// From `error` and `error_description` of a redirect; the number is only in the text there.
    pub(crate) fn from_redirect(error: &str, description: Option<&str>) -> Self {
        let error_codes = description.and_then(code_in).into_iter().collect();
        Self::of(Refusal { error: error.to_owned(), error_codes, ..Refusal::default() }, 400)
    }

    fn of(refusal: Refusal, status: u16) -> Self {
        let kind = kind_of(&refusal, status);
        Self { refusal: Box::new(refusal), ..Self::local(kind) }
    }

    /// Stable code.
    pub fn code(&self) -> &'static str {
        if let Some(transport) = self.transport {
            return transport.code();
        }
        self.words().0
    }

    /// What a person reads.
    pub fn sentence(&self) -> &'static str {
        match self.transport {
            Some(TransportError::NoConnection) => "Microsoft's sign-in could not be reached.",
            Some(TransportError::Proxy) => "The proxy did not let the sign-in through.",
            Some(TransportError::ProxySignIn) => "The proxy asks for a sign-in of its own.",
            Some(TransportError::Certificate) => {
                "The certificate shown for Microsoft's sign-in is not trusted by this machine."
            }
            Some(TransportError::CertificateName) => {
                "The certificate shown for Microsoft's sign-in is for another name."
            }
            Some(TransportError::CertificateTime) => {
                "The certificate shown for Microsoft's sign-in has ended, or this machine's clock is wrong."
            }
            Some(_) => "Microsoft's sign-in did not answer.",
            None => self.words().1,
        }
    }

    /// What a person does next.
    pub fn next_step(&self) -> &'static str {
        self.transport.map_or_else(|| self.words().2, |t| t.next_step())
    }

    fn words(&self) -> (&'static str, &'static str, &'static str) {
        match self.kind {
            Kind::Declined => {
                ("sign-in.declined", "The sign-in was declined.", "Start again and accept, if this is what you want.")
            }
            Kind::WrongDeviceCode => {
                ("sign-in.wrong-device-code", "Microsoft does not know this code.", "Ask for a new code.")
            }
            Kind::CodeExpired => {
                ("sign-in.code-expired", "The code ran out before it was used.", "Ask for a new code.")
            }
            Kind::MfaNeeded => (
                "sign-in.mfa-needed",
                "Microsoft asks for a second factor.",
                "Sign in again and confirm with your second factor.",
            ),
            Kind::MfaEnrolNeeded => (
                "sign-in.mfa-enrol-needed",
                "This account must register a second factor first.",
                "Sign in at aka.ms/mfasetup with this account, register a method, then come back.",
            ),
            Kind::BlockedByPolicy => (
                "sign-in.blocked-by-policy",
                "A Conditional Access policy of the tenant blocks this sign-in.",
                "If you used a device code, use the browser sign-in. Otherwise ask the tenant's admin which policy applies.",
            ),
            Kind::SecurityPolicy => (
                "sign-in.security-policy",
                "The tenant's security policy does not allow this device or app.",
                "Sign in from a device that the tenant accepts, or ask its admin.",
            ),
            Kind::ConsentMissing => (
                "sign-in.consent-missing",
                "An admin has not consented to what the sign-in asks for.",
                "Have a Global Administrator of the tenant sign in and consent.",
            ),
            Kind::BorrowedClient => (
                "sign-in.borrowed-client",
                "This client id belongs to Microsoft and may not be used here.",
                "Register a client id of your own and enter it in the settings.",
            ),
            Kind::SessionEnded => ("sign-in.session-ended", "The sign-in has ended.", "Sign in again."),
            Kind::CredentialRefused => (
                "sign-in.credential-refused",
                "The tenant does not accept the certificate of the connection.",
                "Repair the connection with an admin sign-in; right after set-up, wait a minute first.",
            ),
            Kind::AbsentInTenant => (
                "sign-in.absent-in-tenant",
                "This app or account does not exist in that tenant.",
                "Check client id, tenant and cloud (config.toml, table [cloud]); connect the tenant again if it was set up before.",
            ),
            Kind::AppDisabled => (
                "sign-in.app-disabled",
                "The app was disabled in that tenant.",
                "Ask the tenant's admin why; enable it under Enterprise applications.",
            ),
            Kind::UnknownTenant => (
                "sign-in.unknown-tenant",
                "No tenant has this name in this cloud.",
                "Check the domain. A tenant of another national cloud needs that cloud's name in config.toml in the data folder (table [cloud], key name).",
            ),
            Kind::OtherCloud => (
                "sign-in.other-cloud",
                "This tenant lives in another national cloud.",
                "Name its cloud in config.toml in the data folder (table [cloud], name = \"us-gov-l4\", \"us-gov-l5\", \"china\" or \"global\") or in VITRINE_CLOUD, and start Vitrine again. One data folder serves one cloud.",
            ),
            Kind::UserUnknown => {
                ("sign-in.user-unknown", "This account does not exist in the tenant.", "Check the name.")
            }
            Kind::UserLocked => {
                ("sign-in.user-locked", "This account is locked after too many attempts.", "Wait, then try again.")
            }
            Kind::PasswordExpired => (
                "sign-in.password-expired",
                "The password of this account has expired.",
                "Change it at Microsoft's page first.",
            ),
            Kind::UserDisabled => ("sign-in.user-disabled", "This account is disabled.", "Ask the tenant's admin."),
            Kind::WrongPassword => ("sign-in.wrong-password", "Name or password is wrong.", "Try again."),
            Kind::PasswordRefused => {
                ("sign-in.password-refused", "Microsoft refused the new password.", "Choose another one.")
            }
            Kind::Busy => ("sign-in.busy", "Microsoft's sign-in is busy.", "Try again in a minute."),
            Kind::PublicClientOff => (
                "sign-in.public-client-off",
                "The registration does not allow public client flows.",
                "In the registration, under Authentication, switch \"Allow public client flows\" on.",
            ),
            Kind::RedirectNotRegistered => (
                "sign-in.redirect-not-registered",
                "The registration lacks the redirect address.",
                "Add http://localhost under \"Mobile and desktop applications\".",
            ),
            Kind::RedirectIsSpa => (
                "sign-in.redirect-is-spa",
                "The redirect address is registered for web pages.",
                "Remove it under \"Single-page application\" and add http://localhost under \"Mobile and desktop applications\".",
            ),
            Kind::TenantMustBeNamed => (
                "sign-in.tenant-must-be-named",
                "This registration serves one tenant only.",
                "In the registration, under Authentication, choose accounts in any organizational directory.",
            ),
            Kind::ClockWrong => (
                "sign-in.clock-wrong",
                "This machine's clock is wrong: Microsoft refuses what was signed at another time.",
                "Set date, time and time zone of this machine right, then try again.",
            ),
            Kind::ConfidentialMisuse => (
                "sign-in.confidential-misuse",
                "The registration is a public client and takes no certificate.",
                "Repair the connection with an admin sign-in.",
            ),
            Kind::CodeRefused => (
                "sign-in.code-refused",
                "Microsoft did not accept the answer of the browser.",
                "Start the sign-in again.",
            ),
            Kind::UnknownScope => (
                "sign-in.unknown-scope",
                "The registration or the cloud does not know a permission that was asked for.",
                "Compare the registration's permissions with the list shown.",
            ),
            Kind::Cancelled => ("sign-in.cancelled", "The sign-in was cancelled.", "Start again when you are ready."),
            Kind::NobodyCame => {
                ("sign-in.nobody-came", "Nobody came back from the browser.", "Start again, or use a device code.")
            }
            Kind::ForgedAnswer => (
                "sign-in.forged-answer",
                "An answer arrived that does not belong to this sign-in; it was refused.",
                "Start again; close other sign-in windows. If it repeats, look for a program or page that interferes.",
            ),
            Kind::NoListener => (
                "sign-in.no-listener",
                "This machine did not let the sign-in wait for the browser.",
                "Use a device code.",
            ),
            Kind::WrongTenant => (
                "sign-in.wrong-tenant",
                "You signed in to another tenant than the one being connected.",
                "Sign in with an admin account of the right tenant.",
            ),
            Kind::NotGenuine => {
                ("sign-in.not-genuine", "The answer does not come from Microsoft's sign-in as configured.", CHECK_HOSTS)
            }
            Kind::Transport => ("network.no-answer", "Microsoft's sign-in did not answer.", "Try again."),
            Kind::Unknown => (
                "sign-in.unknown",
                "Microsoft refused the sign-in for a reason this version does not know.",
                "Try again; if it repeats, give the correlation id to Microsoft's support.",
            ),
        }
    }
}

impl fmt::Debug for SignInError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The claims challenge stays out: it is long and belongs to the next sign-in, not to a log.
        f.debug_struct("SignInError")
            .field("kind", &self.kind)
            .field("error", &self.refusal.error)
            .field("suberror", &self.refusal.suberror)
            .field("error_codes", &self.refusal.error_codes)
            .field("correlation_id", &self.refusal.correlation_id)
            .field("trace_id", &self.refusal.trace_id)
            .field("transport", &self.transport)
            .field("lacks", &self.lacks)
            .finish()
    }
}

/// By how much Microsoft lets clocks differ.
const TOLERATED_S: i64 = 300;

fn clock_ahead(answer: &Answer, now_ms: u64) -> Option<i64> {
    let date = answer.headers.get(::http::header::DATE)?.to_str().ok()?;
    let theirs = httpdate::parse_http_date(date).ok()?.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs();
    i64::try_from(now_ms / 1000).ok()?.checked_sub(i64::try_from(theirs).ok()?)
}

fn kind_of(refusal: &Refusal, status: u16) -> Kind {
    match refusal.error.as_str() {
        "authorization_declined" => return Kind::Declined,
        "bad_verification_code" => return Kind::WrongDeviceCode,
        "expired_token" | "code_expired" => return Kind::CodeExpired,
        _ => {}
    }
    match refusal.suberror.as_deref() {
        Some("consent_required") => return Kind::ConsentMissing,
        Some("user_password_expired") => return Kind::PasswordExpired,
        _ => {}
    }
    let by_code = |code: &u32| BY_CODE.iter().find(|(known, _)| known == code).map(|(_, kind)| *kind);
    if let Some(kind) = refusal.error_codes.iter().find_map(by_code) {
        return kind;
    }
    match (refusal.suberror.as_deref(), refusal.error.as_str()) {
        (Some("basic_action" | "additional_action"), _) | (_, "interaction_required" | "login_required") => {
            Kind::MfaNeeded
        }
        (Some("bad_token" | "token_expired" | "client_mismatch"), _) => Kind::SessionEnded,
        (Some("protection_policy_required" | "message_only"), _) => Kind::SecurityPolicy,
        (_, "access_denied" | "permission_denied") => Kind::Declined,
        (_, "consent_required") => Kind::ConsentMissing,
        (_, "invalid_client") => Kind::CredentialRefused,
        (_, "invalid_tenant") => Kind::UnknownTenant,
        (_, "invalid_scope" | "invalid_resource") => Kind::UnknownScope,
        (_, "unauthorized_client") => Kind::AbsentInTenant,
        (_, "temporarily_unavailable" | "server_error" | "slow_down") => Kind::Busy,
        _ if status == 429 || status >= 500 => Kind::Busy,
        _ => Kind::Unknown,
    }
}

/// The number after the first `AADSTS`: the only thing ever taken from a text.
fn code_in(description: &str) -> Option<u32> {
    let (_, rest) = description.split_once("AADSTS")?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).map_or(rest, |end| &rest[..end]);
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn refused(error: &str, code: u32) -> SignInError {
        let body = format!(
            r#"{{"error":"{error}","error_description":"AADSTS{code}: for user jane@contoso.com","error_codes":[{code}],"suberror":"x","claims":"{{}}","correlation_id":"c","trace_id":"t"}}"#
        );
        SignInError::from_body(400, body.as_bytes())
    }

    #[test]
    fn every_known_number_is_sorted_and_has_words_and_a_next_step() {
        for (code, kind) in BY_CODE {
            let error = refused("invalid_grant", *code);
            assert_eq!(error.kind(), *kind, "{code}");
            assert!(!error.sentence().is_empty() && !error.next_step().is_empty());
            assert!(error.code().starts_with("sign-in."));
            assert_eq!(SignInError::from_redirect("x", Some(&format!("AADSTS{code}: text"))).kind(), *kind);
        }
    }

    /// Written from Microsoft's table of codes ("Microsoft Entra authentication and authorization error codes") and the
    /// pages of the grants, not from the table above: a row that is lost or sorted wrongly there does not fit.
    const MICROSOFT: &[(Kind, &[u32])] = &[
        (Kind::MfaNeeded, &[50074, 50076, 50078]),
        (Kind::MfaEnrolNeeded, &[50072, 50079]),
        (Kind::BlockedByPolicy, &[53003]),
        (Kind::SecurityPolicy, &[53000, 53001, 53002, 530_032, 530_035, 50105]),
        (Kind::ConsentMissing, &[65001, 90094, 90095, 90008]),
        (Kind::Declined, &[65004, 90120]),
        (Kind::BorrowedClient, &[65002]),
        (Kind::SessionEnded, &[70043, 70044, 50173, 50132, 50133, 700_082, 70008]),
        (Kind::CredentialRefused, &[7_000_215, 7_000_222, 700_027, 50012]),
        (Kind::ClockWrong, &[700_024]),
        (Kind::AbsentInTenant, &[700_016, 7_000_229, 90099, 50020, 50177]),
        (Kind::AppDisabled, &[7_000_112]),
        (Kind::UnknownTenant, &[90002]),
        (Kind::OtherCloud, &[90038]),
        (Kind::UserUnknown, &[50034]),
        (Kind::UserLocked, &[50053]),
        (Kind::PasswordExpired, &[50055]),
        (Kind::UserDisabled, &[50057]),
        (Kind::WrongPassword, &[50126]),
        (Kind::PasswordRefused, &[120_002, 120_003, 120_018]),
        (Kind::Busy, &[50196, 90055, 90024, 90033, 90006, 50134]),
        (Kind::WrongDeviceCode, &[70018, 90119]),
        (Kind::CodeExpired, &[70019, 70020]),
        (Kind::PublicClientOff, &[7_000_218]),
        (Kind::RedirectNotRegistered, &[50011]),
        (Kind::RedirectIsSpa, &[9_002_327]),
        (Kind::TenantMustBeNamed, &[50194, 90124, 9_001_023]),
        (Kind::ConfidentialMisuse, &[700_025]),
        (Kind::CodeRefused, &[54005, 501_481]),
        (Kind::UnknownScope, &[70011, 650_053]),
    ];

    #[test]
    fn each_number_of_microsofts_table_leads_to_what_a_person_or_the_application_does_next() {
        let mut listed = 0;
        for (kind, codes) in MICROSOFT {
            for code in *codes {
                assert_eq!(refused("invalid_grant", *code).kind(), *kind, "AADSTS{code}");
                listed += 1;
            }
        }
        assert_eq!(listed, BY_CODE.len(), "a number is sorted that stands in no list of Microsoft's");
    }

    #[test]
    fn each_row_of_the_device_code_table_is_sorted_by_its_name_even_without_numbers() {
        for (name, kind) in [
            ("authorization_declined", Kind::Declined),
            ("access_denied", Kind::Declined),
            ("bad_verification_code", Kind::WrongDeviceCode),
            ("expired_token", Kind::CodeExpired),
            ("code_expired", Kind::CodeExpired),
            ("invalid_grant", Kind::Unknown),
        ] {
            assert_eq!(
                SignInError::from_body(400, format!(r#"{{"error":"{name}"}}"#).as_bytes()).kind(),
                kind,
                "{name}"
            );
        }
    }

    #[test]
    fn what_support_asks_for_is_kept_and_the_text_with_names_is_not() {
        let error = refused("invalid_grant", 50076);
        assert_eq!(error.refusal().correlation_id.as_deref(), Some("c"));
        assert_eq!(error.refusal().trace_id.as_deref(), Some("t"));
        assert_eq!(error.refusal().claims.as_deref(), Some("{}"));
        assert_eq!(error.refusal().error_codes, [50076]);
        assert!(!format!("{error:?} {error}").contains("jane"));
    }

    #[test]
    fn a_clock_that_is_wrong_is_named_by_the_servers_date_and_a_right_one_is_not_blamed() {
        let answer = |code: u32, date: &str| Answer {
            status: 401,
            headers: [(::http::header::DATE, ::http::HeaderValue::from_str(date).unwrap())].into_iter().collect(),
            body: format!(r#"{{"error":"invalid_client","error_codes":[{code}]}}"#).into_bytes().into(),
        };
        let kind = |code, date: &str, now_s: u64| {
            let error = SignInError::from_signed(&answer(code, date), now_s * 1000);
            (error.kind(), error.refusal().clock_ahead_s)
        };
        // 1,000,000,000 is Sun, 09 Sep 2001 01:46:40 GMT.
        let date = "Sun, 09 Sep 2001 01:46:40 GMT";
        let year = 365 * 86_400;
        assert_eq!(kind(700_024, date, 1_000_000_000 + year), (Kind::ClockWrong, Some(31_536_000)));
        assert_eq!(kind(700_027, date, 1_000_000_000 - year), (Kind::ClockWrong, Some(-31_536_000)));
        assert_eq!(kind(700_027, date, 1_000_000_100), (Kind::CredentialRefused, None));
        assert_eq!(kind(7_000_112, date, 1_000_000_000 + year).0, Kind::AppDisabled);
        assert_eq!(kind(700_024, "nonsense", 5), (Kind::ClockWrong, None));
    }

    #[test]
    fn hostile_bodies_become_errors() {
        for body in
            ["", "<html>", "[]", "{}", r#"{"error":1}"#, r#"{"error":"x","error_codes":["50076",-1,1e30,null]}"#]
        {
            let _ = SignInError::from_body(400, body.as_bytes()).to_string();
        }
        assert_eq!(SignInError::from_body(503, b"<html>").kind(), Kind::Busy);
        assert_eq!(SignInError::from_redirect("x", Some("AADSTS99999999999999999: y")).kind(), Kind::Unknown);
    }
}
