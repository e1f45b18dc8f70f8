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

/// Which of the Graph permissions that were asked for a token answer's `scope` lacks. An answer without one says
/// nothing (RFC 6749, 5.1: then everything was given). Names come with the Graph host or without it.
pub(super) fn withheld<'a>(given: impl Iterator<Item = &'a str>) -> Vec<&'static str> {
    let given: Vec<&str> = given.map(|scope| scope.rsplit_once('/').map_or(scope, |(_, name)| name)).collect();
    let asked = SCOPES.iter().filter(|scope| !scope.openid && !given.is_empty());
    asked.map(|scope| scope.name).filter(|name| !given.iter().any(|one| one.eq_ignore_ascii_case(name))).collect()
}

/// The scopes as sent, each Graph permission prefixed with the cloud's Graph host.
pub(super) fn wanted(cloud: &Cloud) -> Vec<String> {
    SCOPES.iter().map(|s| if s.openid { s.name.to_owned() } else { cloud.scope(s.name) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_token_was_given_without_is_named_whichever_way_scopes_are_written() {
        let all: Vec<&str> = SCOPES.iter().map(|scope| scope.name).collect();
        assert!(withheld(all.iter().copied()).is_empty());
        assert!(withheld(std::iter::empty()).is_empty());
        let long: Vec<String> =
            all.iter().map(|name| format!("https://graph.microsoft.us/{}", name.to_lowercase())).collect();
        assert!(withheld(long.iter().map(String::as_str)).is_empty());
        for missing in SCOPES.iter().filter(|scope| !scope.openid) {
            let rest = all.iter().copied().filter(|name| *name != missing.name);
            assert_eq!(withheld(rest), [missing.name]);
        }
    }
}
