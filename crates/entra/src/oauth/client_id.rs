//! What Microsoft says about a client id: without anybody's sign-in as far as that goes, and by how a sign-in ended.

use super::Authority;
use super::device::ask_code;
use super::error::{SignInError, SignInErrorKind};
use super::scopes::Asks;
use crate::cloud::Cloud;
use crate::discovery::under;
use crate::http::Http;
use crate::id::ClientId;
use url::{Url, form_urlencoded};

/// Grant type of RFC 8628, section 3.4.
const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// What Microsoft's answers tell about the registration behind a client id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientIdVerdict {
    /// Nothing was refused, or for a reason that lies with the account or a policy, not with the registration.
    Usable,
    /// No such registration in that tenant or cloud (700016): wrong id, or a single-tenant app of another tenant.
    NotFound,
    /// "Allow public client flows" is off (7000218).
    PublicClientOff,
    /// `http://localhost` is missing under "Mobile and desktop applications" (50011).
    RedirectMissing,
    /// The redirect address is registered as single-page application (9002327).
    RedirectIsSpa,
    /// The registration serves its own tenant only (50194).
    SingleTenant,
    /// A permission is missing from the registration or not consented to (65001, 90094, 650053).
    PermissionsMissing,
    /// It is an id of Microsoft's own (65002): register one.
    Borrowed,
    /// The registration is disabled (7000112).
    Disabled,
    /// No verdict was reached (network, cancelled).
    NotChecked,
}

/// Asks Microsoft about a client id as far as that goes without a person: for a device code with everything that the
/// sign-in will ask for, and whether that code could be redeemed. The code is shown to nobody and runs out.
///
/// What only a sign-in can show stays open: redirect address, consent, policies of a tenant; and some servers look at
/// the public client switch only once the code was approved.
pub async fn probe_client_id(http: &Http, cloud: &Cloud, client_id: ClientId) -> Result<(), SignInError> {
    let asked = ask_code(http, cloud, &Authority::Organizations, client_id, None, Asks::Usual).await?;
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", DEVICE_GRANT)
        .append_pair("client_id", &client_id.to_string())
        .append_pair("device_code", asked.details.device_code().secret())
        .finish();
    let request = http
        .request(reqwest::Method::POST, asked.endpoints.token.clone())
        .header("client-request-id", uuid::Uuid::new_v4().to_string())
        .header(reqwest::header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(form);
    let answer = http.send(request).await.map_err(SignInError::below_http)?;
    let refused = SignInError::from_body(answer.status, &answer.body);
    match refused.refusal().error.as_str() {
        "authorization_pending" | "slow_down" => Ok(()),
        _ => Err(refused),
    }
}

/// Where an admin of a tenant consents to everything that the registration behind a client id asks for (Microsoft Learn,
/// "Admin consent on the Microsoft identity platform"). It ends at the redirect address, where nobody listens by then.
pub fn admin_consent_page(cloud: &Cloud, authority: &Authority, client_id: ClientId) -> Url {
    let mut page = under(cloud.login(), &format!("{authority}/adminconsent"));
    page.query_pairs_mut()
        .append_pair("client_id", &client_id.to_string())
        .append_pair("redirect_uri", "http://localhost");
    page
}

/// Judges a client id by how a sign-in with it, or [`probe_client_id`], ended.
pub fn check_client_id<T>(outcome: &Result<T, SignInError>) -> ClientIdVerdict {
    let Err(error) = outcome else { return ClientIdVerdict::Usable };
    match error.kind() {
        SignInErrorKind::AbsentInTenant => ClientIdVerdict::NotFound,
        SignInErrorKind::PublicClientOff => ClientIdVerdict::PublicClientOff,
        SignInErrorKind::RedirectNotRegistered => ClientIdVerdict::RedirectMissing,
        SignInErrorKind::RedirectIsSpa => ClientIdVerdict::RedirectIsSpa,
        SignInErrorKind::TenantMustBeNamed => ClientIdVerdict::SingleTenant,
        SignInErrorKind::ConsentMissing | SignInErrorKind::UnknownScope => ClientIdVerdict::PermissionsMissing,
        SignInErrorKind::BorrowedClient => ClientIdVerdict::Borrowed,
        SignInErrorKind::AppDisabled => ClientIdVerdict::Disabled,
        SignInErrorKind::Cancelled
        | SignInErrorKind::NobodyCame
        | SignInErrorKind::Transport
        | SignInErrorKind::NoListener
        | SignInErrorKind::ForgedAnswer
        | SignInErrorKind::NotGenuine
        | SignInErrorKind::UnknownTenant
        | SignInErrorKind::OtherCloud
        | SignInErrorKind::Busy
        | SignInErrorKind::CodeExpired
        | SignInErrorKind::Unknown => ClientIdVerdict::NotChecked,
        _ => ClientIdVerdict::Usable,
    }
}

impl ClientIdVerdict {
    /// Stable code.
    pub fn code(self) -> &'static str {
        self.words().0
    }

    /// What a person reads.
    pub fn sentence(self) -> &'static str {
        self.words().1
    }

    /// What a person does next.
    pub fn next_step(self) -> &'static str {
        self.words().2
    }

    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Usable => ("client-id.usable", "Microsoft knows this client id.", "Sign in with it."),
            Self::NotFound => (
                "client-id.not-found",
                "Microsoft does not know this client id.",
                "Copy the \"Application (client) ID\" from the overview of the app registration again; a new registration may take a minute to be known.",
            ),
            Self::PublicClientOff => (
                "client-id.public-client-off",
                "The registration behind this client id does not allow public client flows.",
                "In the registration, under Authentication, switch \"Allow public client flows\" on, then enter the client id again.",
            ),
            Self::RedirectMissing => (
                "client-id.redirect-missing",
                "The registration behind this client id lacks the redirect address.",
                "Add http://localhost under \"Mobile and desktop applications\".",
            ),
            Self::RedirectIsSpa => (
                "client-id.redirect-is-spa",
                "The redirect address is registered for web pages.",
                "Remove it under \"Single-page application\" and add http://localhost under \"Mobile and desktop applications\".",
            ),
            Self::SingleTenant => (
                "client-id.single-tenant",
                "The registration behind this client id serves its own tenant only.",
                "In the registration, under Authentication, choose accounts in any organizational directory, then enter the client id again.",
            ),
            Self::PermissionsMissing => (
                "client-id.permissions-missing",
                "A permission is missing from the registration, or nobody consented to it.",
                "Compare the registration's delegated permissions with the list shown.",
            ),
            Self::Borrowed => (
                "client-id.borrowed",
                "This client id belongs to Microsoft and may not be used here.",
                "Register a client id of your own, as shown.",
            ),
            Self::Disabled => (
                "client-id.disabled",
                "The app behind this client id is disabled.",
                "Enable it in its own tenant under Enterprise applications, or register another one.",
            ),
            Self::NotChecked => (
                "client-id.not-checked",
                "Whether Microsoft knows this client id could not be checked yet.",
                "Sign in with it.",
            ),
        }
    }
}
