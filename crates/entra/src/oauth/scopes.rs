//! What the admin's one sign-in asks for, as data with a reason each: the wizard shows this list to whoever registers
//! a client id, and the sign-in asks for exactly the same.

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
