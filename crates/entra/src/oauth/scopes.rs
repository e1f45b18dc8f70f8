//! What the admin's one sign-in asks for, as data with a reason each: the wizard shows this list to whoever registers
//! a client id, and the sign-in asks for exactly the same.

use crate::cloud::Cloud;

/// How much a sign-in asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Asks {
    /// What connecting a tenant and keeping its accounts needs.
    #[default]
    Usual,
    /// That, and to take sign-in methods away from an account.
    SignInMethods,
}

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
    /// Asked for by the sign-in that needs it and by no other.
    at_need: bool,
}

const fn openid(name: &'static str, why: &'static str, reason: &'static str) -> DelegatedScope {
    DelegatedScope { name, why, reason, admin_consent: false, openid: true, at_need: false }
}

const fn graph(name: &'static str, why: &'static str, reason: &'static str) -> DelegatedScope {
    DelegatedScope { name, why, reason, admin_consent: true, openid: false, at_need: false }
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
        at_need: false,
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
    DelegatedScope {
        at_need: true,
        ..graph(
            "UserAuthenticationMethod.ReadWrite.All",
            "scope.methods-write",
            "Take a strange sign-in method away from an emergency account; asked for then, and not before.",
        )
    },
];

/// Every delegated permission that an admin's sign-in may ask for.
pub fn delegated_scopes() -> &'static [DelegatedScope] {
    SCOPES
}

/// Which of the Graph permissions that were asked for a token answer's `scope` lacks. An answer without one says
/// nothing (RFC 6749, 5.1: then everything was given). Names come with the Graph host or without it.
pub(super) fn withheld<'a>(given: impl Iterator<Item = &'a str>, asks: Asks) -> Vec<&'static str> {
    let given: Vec<&str> = given.map(|scope| scope.rsplit_once('/').map_or(scope, |(_, name)| name)).collect();
    let asked = asked(asks).filter(|scope| !scope.openid && !given.is_empty());
    asked.map(|scope| scope.name).filter(|name| !given.iter().any(|one| one.eq_ignore_ascii_case(name))).collect()
}

/// The scopes as sent, each Graph permission prefixed with the cloud's Graph host.
pub(super) fn wanted(cloud: &Cloud, asks: Asks) -> Vec<String> {
    asked(asks).map(|s| if s.openid { s.name.to_owned() } else { cloud.scope(s.name) }).collect()
}

fn asked(asks: Asks) -> impl Iterator<Item = &'static DelegatedScope> {
    SCOPES.iter().filter(move |scope| !scope.at_need || asks == Asks::SignInMethods)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_token_was_given_without_is_named_whichever_way_scopes_are_written() {
        let all: Vec<&str> = SCOPES.iter().map(|scope| scope.name).collect();
        assert!(withheld(all.iter().copied(), Asks::SignInMethods).is_empty());
        assert!(withheld(std::iter::empty(), Asks::SignInMethods).is_empty());
        let long: Vec<String> =
            all.iter().map(|name| format!("https://graph.microsoft.us/{}", name.to_lowercase())).collect();
        assert!(withheld(long.iter().map(String::as_str), Asks::SignInMethods).is_empty());
        for missing in SCOPES.iter().filter(|scope| !scope.openid) {
            let rest = all.iter().copied().filter(|name| *name != missing.name);
            assert_eq!(withheld(rest, Asks::SignInMethods), [missing.name]);
        }
    }

    #[test]
    fn what_one_act_alone_needs_is_asked_for_by_that_sign_in_and_no_other() {
        let cloud = Cloud::global();
        let usual = wanted(&cloud, Asks::Usual);
        let more = wanted(&cloud, Asks::SignInMethods);
        assert!(usual.iter().all(|scope| !scope.contains("UserAuthenticationMethod")), "{usual:?}");
        assert_eq!(more[..usual.len()], usual);
        assert_eq!(more[usual.len()..], [cloud.scope("UserAuthenticationMethod.ReadWrite.All")]);
    }
}
