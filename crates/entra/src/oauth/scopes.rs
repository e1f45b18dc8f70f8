//! What the admin's one sign-in asks for, as data with a reason each: the wizard shows this list to whoever registers
//! a client id, and the sign-in asks for exactly the same. And what a first sign-in says about a client id.

use super::error::{SignInError, SignInErrorKind};
use crate::cloud::Cloud;

/// One delegated permission of Microsoft Graph (or an OpenID scope) with the reason for asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DelegatedScope {
    /// Name as the portal lists it, e.g. `Application.ReadWrite.All`.
    pub name: &'static str,
    /// Key of the sentence that says why.
    pub why: &'static str,
    /// The sentence itself, in English.
    pub reason: &'static str,
    /// Whether only an admin can consent to it.
    pub admin_consent: bool,
    /// OpenID scopes are not prefixed with the Graph host.
    openid: bool,
}

const fn openid(name: &'static str, why: &'static str, reason: &'static str) -> DelegatedScope {
    DelegatedScope { name, why, reason, admin_consent: false, openid: true }
}

const fn graph(name: &'static str, why: &'static str, reason: &'static str) -> DelegatedScope {
    DelegatedScope { name, why, reason, admin_consent: true, openid: false }
}

const SCOPES: &[DelegatedScope] = &[
    openid("openid", "scope.openid", "Learn which tenant and which account signed in."),
    openid("profile", "scope.profile", "Show the name of the account that signed in."),
    openid(
        "offline_access",
        "scope.offline-access",
        "Stay signed in while the connection is set up, without a second prompt.",
    ),
    DelegatedScope {
        name: "User.Read",
        why: "scope.user-read",
        reason: "Read the signed-in account and the name of its organization.",
        admin_consent: false,
        openid: false,
    },
    graph("Domain.Read.All", "scope.domain-read", "Find the initial onmicrosoft.com domain and refuse federated ones."),
    graph("LicenseAssignment.Read.All", "scope.license-read", "See whether the tenant has Entra ID P1 or P2."),
    graph(
        "Policy.Read.All",
        "scope.policy-read",
        "See security defaults, app policies and a block of device code before anything is created.",
    ),
    graph(
        "Application.ReadWrite.All",
        "scope.application-write",
        "Create the tenant's own app registration and put its certificate in.",
    ),
    graph(
        "AppRoleAssignment.ReadWrite.All",
        "scope.app-role-write",
        "Grant that app the permissions shown, and no other.",
    ),
    graph(
        "RoleManagement.ReadWrite.Directory",
        "scope.role-write",
        "Give that app Privileged Authentication Administrator, and the emergency accounts Global Administrator.",
    ),
    graph("User.ReadWrite.All", "scope.user-write", "Create, adopt, disable or delete the emergency accounts."),
];

/// Every delegated permission that the admin's sign-in asks for.
pub fn delegated_scopes() -> &'static [DelegatedScope] {
    SCOPES
}

/// The scopes as sent, each Graph permission prefixed with the cloud's Graph host.
pub(super) fn wanted(cloud: &Cloud) -> Vec<String> {
    SCOPES.iter().map(|s| if s.openid { s.name.to_owned() } else { cloud.scope(s.name) }).collect()
}

/// What a sign-in tells about the registration behind a client id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientIdVerdict {
    /// The sign-in worked, or failed for a reason that lies with the account or a policy, not with the registration.
    Usable,
    /// No such registration in that tenant or cloud (700016): wrong id, or a single-tenant app of another tenant.
    NotFound,
    /// "Allow public client flows" is off (7000218).
    PublicClientOff,
    /// `http://localhost` is missing under "Mobile and desktop applications" (50011).
    RedirectMissing,
    /// The redirect address is registered as single-page application (9002327).
    RedirectIsSpa,
    /// The registration serves its own tenant only (50194): name the tenant or make it multi-tenant.
    SingleTenant,
    /// A permission is missing from the registration or not consented to (65001, 90094, 650053).
    PermissionsMissing,
    /// It is an id of Microsoft's own (65002): register one.
    Borrowed,
    /// The registration is disabled (7000112).
    Disabled,
    /// The sign-in never reached a verdict (network, cancelled).
    NotChecked,
}

/// Judges a client id by how a sign-in with it ended.
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
        match self {
            Self::Usable => "client-id.usable",
            Self::NotFound => "client-id.not-found",
            Self::PublicClientOff => "client-id.public-client-off",
            Self::RedirectMissing => "client-id.redirect-missing",
            Self::RedirectIsSpa => "client-id.redirect-is-spa",
            Self::SingleTenant => "client-id.single-tenant",
            Self::PermissionsMissing => "client-id.permissions-missing",
            Self::Borrowed => "client-id.borrowed",
            Self::Disabled => "client-id.disabled",
            Self::NotChecked => "client-id.not-checked",
        }
    }
}
