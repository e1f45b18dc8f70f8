//! The fixed facts of the directory: Microsoft Graph's permissions, directory roles, plan names.
//!
//! Ids of application permissions and role templates are Microsoft's. Delegated permissions whose published id is not at
//! hand get an id made from their name: a client finds them by value.

/// Application id of Microsoft Graph, the same in every tenant.
pub(crate) const GRAPH_APP_ID: &str = "00000003-0000-0000-c000-000000000000";
/// Owner of Microsoft's own service principals.
pub(crate) const MICROSOFT_TENANT: &str = "f8cdef31-a31e-4b4a-93e4-5f571e91255a";
/// The multi-tenant public client that the demonstration signs in with; no secret belongs to it.
pub const BOOTSTRAP_CLIENT_ID: &str = "5a1d4c0e-7c3b-4f1e-9b52-0d6b1f4e8a77";

pub(crate) mod role {
    pub(crate) const GLOBAL_ADMIN: &str = "62e90394-69f5-4237-9190-012177145e10";
    pub(crate) const PRIVILEGED_AUTH_ADMIN: &str = "7be44c8a-adaf-4e2a-84d6-ab2649e08a13";
    pub(crate) const PRIVILEGED_ROLE_ADMIN: &str = "e8611ab8-c189-46e8-94e1-60213ab1f814";
    pub(crate) const AUTH_POLICY_ADMIN: &str = "0526716b-113d-4c15-b2c8-68e3c22b9f80";
    pub(crate) const USER_ADMIN: &str = "fe930be7-5e62-47db-91af-98c3a49a38b1";
    pub(crate) const AUTH_ADMIN: &str = "c4e39bd9-1100-46d3-8c65-fb160da0071f";
    pub(crate) const APPLICATION_ADMIN: &str = "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3";
    pub(crate) const CONDITIONAL_ACCESS_ADMIN: &str = "b1be1c3e-b65d-4f19-8427-f6fa0d97feb9";
    pub(crate) const REPORTS_READER: &str = "4a5d8f65-41da-4de4-8968-e035b65339cf";
    pub(crate) const HELPDESK_ADMIN: &str = "729827e3-9c14-49f7-bb1b-9608f156bbb8";
    pub(crate) const GLOBAL_READER: &str = "f2ef992c-3afb-46b9-b7cf-a126ee74c451";
    pub(crate) const SECURITY_READER: &str = "5d6b6bb7-de71-4623-b4af-96380a352509";
}

/// Built-in roles: template id (which is the definition id) and name.
pub(crate) const ROLES: &[(&str, &str)] = &[
    (role::GLOBAL_ADMIN, "Global Administrator"),
    (role::PRIVILEGED_AUTH_ADMIN, "Privileged Authentication Administrator"),
    (role::PRIVILEGED_ROLE_ADMIN, "Privileged Role Administrator"),
    (role::AUTH_POLICY_ADMIN, "Authentication Policy Administrator"),
    (role::USER_ADMIN, "User Administrator"),
    (role::AUTH_ADMIN, "Authentication Administrator"),
    (role::APPLICATION_ADMIN, "Application Administrator"),
    (role::CONDITIONAL_ACCESS_ADMIN, "Conditional Access Administrator"),
    (role::REPORTS_READER, "Reports Reader"),
    (role::HELPDESK_ADMIN, "Helpdesk Administrator"),
    (role::GLOBAL_READER, "Global Reader"),
    (role::SECURITY_READER, "Security Reader"),
];

pub(crate) fn role_name(id: &str) -> Option<&'static str> {
    ROLES.iter().find(|(i, _)| *i == id).map(|(_, n)| *n)
}

/// Graph's application permissions (app roles): id and value.
pub(crate) const APP_ROLES: &[(&str, &str)] = &[
    ("cc117bb9-00cf-4eb8-b580-ea2a878fe8f7", "User-PasswordProfile.ReadWrite.All"),
    ("df021288-bdef-4463-88db-98f22de89214", "User.Read.All"),
    ("741f803b-c850-494e-b5df-cde7c675a1ca", "User.ReadWrite.All"),
    ("77f3a031-c388-4f99-b373-dc68676a979e", "User.RevokeSessions.All"),
    ("0400e371-7db1-4338-a269-96069eb65227", "UserAuthMethod-Passkey.ReadWrite.All"),
    ("627169a8-8c15-451c-861a-5b80e383de5c", "UserAuthMethod-TAP.ReadWrite.All"),
    ("7e9ebcc1-90aa-4471-8051-e68d6b4e9c89", "UserAuthMethod-HardwareOATH.ReadWrite.All"),
    ("38d9df27-64da-44fd-b7c5-a6fbac20248f", "UserAuthenticationMethod.Read.All"),
    ("50483e42-d915-4231-9639-7fdb7fd190e5", "UserAuthenticationMethod.ReadWrite.All"),
    ("483bed4a-2ad3-4361-a73b-c83ccdbdc53c", "RoleManagement.Read.Directory"),
    ("9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8", "RoleManagement.ReadWrite.Directory"),
    ("246dd0d5-5bd0-4def-940b-0421030a5b68", "Policy.Read.All"),
    ("b0afded3-3588-46d8-8b3d-9842eff778da", "AuditLog.Read.All"),
    ("498476ce-e0fe-48b0-b801-37ba7e2685c6", "Organization.Read.All"),
    ("06b708a9-e830-4db3-a914-8e69da51d44f", "AppRoleAssignment.ReadWrite.All"),
    ("9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30", "Application.Read.All"),
    ("1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9", "Application.ReadWrite.All"),
    ("18a4783c-866b-4cc7-a460-3d5e5662c884", "Application.ReadWrite.OwnedBy"),
    ("7ab1d382-f21e-4acd-a863-ba3e13f7da61", "Directory.Read.All"),
    ("19dbc75e-c2e2-444c-a770-ec69d8559fc7", "Directory.ReadWrite.All"),
    ("dbb9058a-0e50-45d7-ae91-66909b5d4664", "Domain.Read.All"),
    ("e2f98668-2877-4f38-a2f4-8202e0717aa1", "LicenseAssignment.Read.All"),
];

pub(crate) fn app_role_value(id: &str) -> Option<&'static str> {
    APP_ROLES.iter().find(|(i, _)| *i == id).map(|(_, v)| *v)
}

/// Graph's delegated permissions. The flag says whether an administrator must consent.
pub(crate) const SCOPES: &[(&str, bool)] = &[
    ("User.Read", false),
    ("User.ReadBasic.All", false),
    ("User.Read.All", true),
    ("User.ReadWrite.All", true),
    ("User-PasswordProfile.ReadWrite.All", true),
    ("User.RevokeSessions.All", true),
    ("User.DeleteRestore.All", true),
    ("User.EnableDisableAccount.All", true),
    ("UserAuthenticationMethod.Read.All", true),
    ("UserAuthenticationMethod.ReadWrite.All", true),
    ("UserAuthMethod-Passkey.ReadWrite.All", true),
    ("UserAuthMethod-TAP.ReadWrite.All", true),
    ("Organization.Read.All", true),
    ("Domain.Read.All", true),
    ("LicenseAssignment.Read.All", true),
    ("Directory.Read.All", true),
    ("Directory.ReadWrite.All", true),
    ("Directory.AccessAsUser.All", true),
    ("Application.Read.All", true),
    ("Application.ReadWrite.All", true),
    ("AppRegistration.Create", true),
    ("AppRoleAssignment.ReadWrite.All", true),
    ("DelegatedPermissionGrant.ReadWrite.All", true),
    ("RoleManagement.Read.Directory", true),
    ("RoleManagement.ReadWrite.Directory", true),
    ("Policy.Read.All", true),
    ("Policy.ReadWrite.AuthenticationMethod", true),
    ("Policy.ReadWrite.ConditionalAccess", true),
    ("AuditLog.Read.All", true),
];

/// Scopes of OpenID Connect itself, which need no Graph permission.
pub(crate) const OPENID_SCOPES: &[&str] = &["openid", "profile", "email", "offline_access"];

/// The canonical spelling of a delegated permission and whether it needs an administrator.
pub(crate) fn delegated_scope(value: &str) -> Option<(&'static str, bool)> {
    SCOPES.iter().find(|(v, _)| v.eq_ignore_ascii_case(value)).copied()
}

/// An id made from a name, stable over runs and seeds.
pub(crate) fn id_of_name(name: &str) -> String {
    let seed = name.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01B3));
    crate::rng::SeededRng::new(seed).guid()
}
