//! Why a sign-in ended: Microsoft's refusals (token endpoint, authorize redirect) sorted into what a person or the
//! application does next. Branches on `error`, then `suberror`, then `error_codes`; never on the text, which changes.

use crate::http::TransportError;
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
}

impl SignInError {
    /// What kind.
    pub fn kind(&self) -> SignInErrorKind { self.kind }
    /// What Microsoft said.
    pub fn refusal(&self) -> &Refusal { &self.refusal }
    /// The failure below HTTP.
    pub fn transport(&self) -> Option<TransportError> { self.transport }
    /// Stable code.
    pub fn code(&self) -> &'static str { unimplemented!() }
    /// What a person reads.
    pub fn sentence(&self) -> &'static str { unimplemented!() }
    /// What a person does next.
    pub fn next_step(&self) -> &'static str { unimplemented!() }
}
impl fmt::Debug for SignInError { fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str("x") } }
