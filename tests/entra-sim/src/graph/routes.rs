//! The operations, with the permissions that open each (section 2 of the reference and Microsoft's permission data).
//!
//! A path is written as in Microsoft's description, so that both can be compared.

use crate::graph::call::{Call, Reply};
use crate::graph::error::GraphError;
use crate::graph::{applications, logs, methods, policies, principals, roles, tenant, users};

type Handler = fn(&mut Call<'_>) -> Result<Reply, GraphError>;

/// Which throttling service an operation belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bucket {
    Identity,
    ConditionalAccess,
    Reports,
    /// `$batch` itself: its members are counted.
    None,
}

/// One operation.
pub(crate) struct Route {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) summary: &'static str,
    /// Any one of these scopes opens it to a signed-in person.
    pub(crate) delegated: &'static [&'static str],
    /// Any one of these roles opens it to an application.
    pub(crate) application: &'static [&'static str],
    /// Needs no permission in the table: the handler decides.
    pub(crate) open: bool,
    /// An application reads itself without any permission.
    pub(crate) itself: bool,
    /// Resource units of a read.
    pub(crate) cost: i32,
    pub(crate) bucket: Bucket,
    pub(crate) success: u16,
    pub(crate) handler: Handler,
}

const READ_ORGANIZATION: &[&str] =
    &["User.Read", "Organization.Read.All", "User.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"];
const READ_ORGANIZATION_APP: &[&str] =
    &["Organization.Read.All", "User.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"];
const READ_DOMAINS: &[&str] = &["Domain.Read.All", "Directory.Read.All"];
const READ_SKUS: &[&str] =
    &["LicenseAssignment.Read.All", "Organization.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"];
const READ_ME: &[&str] = &[
    "User.Read",
    "User.ReadBasic.All",
    "User.Read.All",
    "User.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
const READ_USERS: &[&str] =
    &["User.Read.All", "User.ReadWrite.All", "User.ReadBasic.All", "Directory.Read.All", "Directory.ReadWrite.All"];
const READ_USER: &[&str] = READ_ME;
const CREATE_USERS: &[&str] = &["User.ReadWrite.All", "Directory.ReadWrite.All"];
const CHANGE_USERS: &[&str] = &[
    "User.ReadWrite.All",
    "Directory.ReadWrite.All",
    "User-PasswordProfile.ReadWrite.All",
    "User.EnableDisableAccount.All",
    "Directory.AccessAsUser.All",
];
const DELETE_USERS: &[&str] = &["User.ReadWrite.All", "User.DeleteRestore.All"];
const REVOKE: &[&str] = &["User.RevokeSessions.All", "User.ReadWrite.All", "Directory.ReadWrite.All"];
const DIRECT_MEMBER_OF: &[&str] = &["User.Read", "Directory.Read.All", "Directory.ReadWrite.All"];
const DIRECT_MEMBER_OF_APP: &[&str] = &["Directory.Read.All", "Directory.ReadWrite.All"];
const MEMBER_OF: &[&str] = &["User.Read", "User.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"];
const MEMBER_OF_APP: &[&str] = &["User.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"];
const READ_ROLES: &[&str] = &[
    "RoleManagement.Read.Directory",
    "RoleManagement.ReadWrite.Directory",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
const WRITE_ROLES: &[&str] = &["RoleManagement.ReadWrite.Directory"];
const READ_SCHEDULES: &[&str] = &["RoleManagement.Read.Directory", "RoleManagement.ReadWrite.Directory"];
const READ_METHODS: &[&str] = &["UserAuthenticationMethod.Read.All", "UserAuthenticationMethod.ReadWrite.All"];
const WRITE_METHODS: &[&str] = &["UserAuthenticationMethod.ReadWrite.All"];
const READ_PASSKEYS: &[&str] = &[
    "UserAuthMethod-Passkey.ReadWrite.All",
    "UserAuthenticationMethod.Read.All",
    "UserAuthenticationMethod.ReadWrite.All",
];
const WRITE_PASSKEYS: &[&str] = &["UserAuthMethod-Passkey.ReadWrite.All", "UserAuthenticationMethod.ReadWrite.All"];
const READ_PASS: &[&str] = &[
    "UserAuthMethod-TAP.ReadWrite.All",
    "UserAuthenticationMethod.Read.All",
    "UserAuthenticationMethod.ReadWrite.All",
];
const WRITE_PASS: &[&str] = &["UserAuthMethod-TAP.ReadWrite.All", "UserAuthenticationMethod.ReadWrite.All"];
const READ_POLICY: &[&str] = &["Policy.Read.All"];
const READ_METHOD_POLICY: &[&str] = &["Policy.Read.All", "Policy.ReadWrite.AuthenticationMethod"];
const WRITE_METHOD_POLICY: &[&str] = &["Policy.ReadWrite.AuthenticationMethod"];
const READ_APPS: &[&str] =
    &["Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"];
const READ_APPS_APP: &[&str] = &[
    "Application.Read.All",
    "Application.ReadWrite.All",
    "Application.ReadWrite.OwnedBy",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
const CREATE_APPS: &[&str] = &["Application.ReadWrite.All", "AppRegistration.Create"];
const CREATE_APPS_APP: &[&str] = &["Application.ReadWrite.All", "Application.ReadWrite.OwnedBy"];
const WRITE_APPS: &[&str] = &["Application.ReadWrite.All"];
const WRITE_APPS_APP: &[&str] = CREATE_APPS_APP;
const GRANT_ROLES: &[&str] = &["AppRoleAssignment.ReadWrite.All"];
const READ_GRANTS: &[&str] =
    &["Directory.Read.All", "Directory.ReadWrite.All", "DelegatedPermissionGrant.ReadWrite.All"];
const WRITE_GRANTS: &[&str] = &["DelegatedPermissionGrant.ReadWrite.All", "Directory.ReadWrite.All"];
const READ_AUDIT: &[&str] = &["AuditLog.Read.All"];
const READ_DIRECTORY_AUDIT: &[&str] = &["AuditLog.Read.All", "Directory.Read.All"];
const NONE: &[&str] = &[];

/// A row of the table: identity service, cost 1.
const fn op(
    method: &'static str,
    path: &'static str,
    summary: &'static str,
    delegated: &'static [&'static str],
    application: &'static [&'static str],
    success: u16,
    handler: Handler,
) -> Route {
    Route {
        method,
        path,
        summary,
        delegated,
        application,
        open: false,
        itself: false,
        cost: 1,
        bucket: Bucket::Identity,
        success,
        handler,
    }
}

impl Route {
    const fn costs(mut self, units: i32) -> Self {
        self.cost = units;
        self
    }

    const fn counted_by(mut self, bucket: Bucket) -> Self {
        self.bucket = bucket;
        self
    }

    const fn or_itself(mut self) -> Self {
        self.itself = true;
        self
    }

    const fn decided_by_handler(mut self) -> Self {
        self.open = true;
        self
    }
}

/// All operations.
#[rustfmt::skip] // a table is read by its columns
pub(crate) static ROUTES: &[Route] = &[
    op("GET", "/organization", "Tenant record and verified domains", READ_ORGANIZATION, READ_ORGANIZATION_APP, 200, tenant::organizations),
    op("GET", "/organization/{organization-id}", "One tenant record", READ_ORGANIZATION, READ_ORGANIZATION_APP, 200, tenant::organization),
    op("GET", "/domains", "Domains and how they sign in", READ_DOMAINS, READ_DOMAINS, 200, tenant::domains),
    op("GET", "/domains/{domain-id}", "One domain", READ_DOMAINS, READ_DOMAINS, 200, tenant::domain),
    op("GET", "/subscribedSkus", "Subscriptions and service plans", READ_SKUS, READ_SKUS, 200, tenant::skus).costs(3),
    op("GET", "/me", "The signed-in user", READ_ME, NONE, 200, users::me),
    op("GET", "/users", "Find users", READ_USERS, READ_USERS, 200, users::list).costs(2),
    op("POST", "/users", "Create a user", CREATE_USERS, CREATE_USERS, 201, users::create),
    op("GET", "/users/{user-id}", "Read a user", READ_USER, READ_USERS, 200, users::read),
    op("PATCH", "/users/{user-id}", "Change a user, password included", CHANGE_USERS, CHANGE_USERS, 204, users::change),
    op("DELETE", "/users/{user-id}", "Delete a user, for 30 days reversibly", DELETE_USERS, DELETE_USERS, 204, users::delete),
    op("GET", "/users/{user-id}/memberOf", "Directory roles of a user", DIRECT_MEMBER_OF, DIRECT_MEMBER_OF_APP, 200, roles::member_of),
    op("GET", "/users/{user-id}/transitiveMemberOf", "Directory roles of a user", MEMBER_OF, MEMBER_OF_APP, 200, roles::member_of),
    op("POST", "/users/{user-id}/revokeSignInSessions", "End all sessions of a user", REVOKE, REVOKE, 200, users::revoke),
    op("GET", "/directory/deletedItems/{directoryObject-id}", "A deleted object", READ_USERS, READ_USERS, 200, users::deleted),
    op("POST", "/directory/deletedItems/{directoryObject-id}/restore", "Restore a deleted object", DELETE_USERS, DELETE_USERS, 200, users::restore),
    op("GET", "/roleManagement/directory/roleDefinitions", "Directory roles", READ_ROLES, READ_ROLES, 200, roles::definitions),
    op("GET", "/roleManagement/directory/roleDefinitions/{unifiedRoleDefinition-id}", "One directory role", READ_ROLES, READ_ROLES, 200, roles::definition),
    op("GET", "/roleManagement/directory/roleAssignments", "Role assignments", READ_ROLES, READ_ROLES, 200, roles::assignments),
    op("POST", "/roleManagement/directory/roleAssignments", "Assign a role", WRITE_ROLES, WRITE_ROLES, 201, roles::assign),
    op("GET", "/roleManagement/directory/roleAssignments/{unifiedRoleAssignment-id}", "One role assignment", READ_ROLES, READ_ROLES, 200, roles::assignment),
    op("DELETE", "/roleManagement/directory/roleAssignments/{unifiedRoleAssignment-id}", "Remove a role assignment", WRITE_ROLES, WRITE_ROLES, 204, roles::unassign),
    op("GET", "/roleManagement/directory/roleAssignmentScheduleInstances", "Role assignments in force", READ_SCHEDULES, READ_SCHEDULES, 200, roles::schedule_instances),
    op("GET", "/roleManagement/directory/roleEligibilityScheduleInstances", "Eligible roles (none here)", READ_SCHEDULES, READ_SCHEDULES, 200, roles::eligibility_instances),
    op("GET", "/directoryRoles", "Activated directory roles", READ_ROLES, READ_ROLES, 200, roles::directory_roles),
    op("GET", "/directoryRoles/{directoryRole-id}/members", "Holders of a directory role", READ_ROLES, READ_ROLES, 200, roles::members),
    op("GET", "/users/{user-id}/authentication/methods", "All sign-in methods of a user", READ_METHODS, READ_METHODS, 200, methods::all),
    op("GET", "/users/{user-id}/authentication/passwordMethods", "The password method", READ_METHODS, READ_METHODS, 200, methods::passwords),
    op("POST", "/users/{user-id}/authentication/methods/{authenticationMethod-id}/resetPassword", "Reset a password, delegated only", WRITE_METHODS, NONE, 202, methods::reset_password),
    op("GET", "/users/{user-id}/authentication/operations/{longRunningOperation-id}", "How a reset went", READ_METHODS, NONE, 200, methods::operation),
    op("GET", "/users/{user-id}/authentication/temporaryAccessPassMethods", "Temporary access pass", READ_PASS, READ_PASS, 200, methods::passes),
    op("POST", "/users/{user-id}/authentication/temporaryAccessPassMethods", "Create a temporary access pass", WRITE_PASS, WRITE_PASS, 201, methods::create_pass),
    op("DELETE", "/users/{user-id}/authentication/temporaryAccessPassMethods/{temporaryAccessPassAuthenticationMethod-id}", "Delete a temporary access pass", WRITE_PASS, WRITE_PASS, 204, methods::delete_pass),
    op("GET", "/users/{user-id}/authentication/fido2Methods", "Passkeys", READ_PASSKEYS, READ_PASSKEYS, 200, methods::passkeys),
    op("DELETE", "/users/{user-id}/authentication/fido2Methods/{fido2AuthenticationMethod-id}", "Delete a passkey", WRITE_PASSKEYS, WRITE_PASSKEYS, 204, methods::delete_passkey),
    op("GET", "/users/{user-id}/authentication/softwareOathMethods", "Authenticator codes", READ_METHODS, READ_METHODS, 200, methods::software_oath),
    op("DELETE", "/users/{user-id}/authentication/softwareOathMethods/{softwareOathAuthenticationMethod-id}", "Delete authenticator codes", WRITE_METHODS, WRITE_METHODS, 204, methods::delete_software_oath),
    op("GET", "/users/{user-id}/authentication/phoneMethods", "Phones", READ_METHODS, READ_METHODS, 200, methods::phones),
    op("DELETE", "/users/{user-id}/authentication/phoneMethods/{phoneAuthenticationMethod-id}", "Delete a phone", WRITE_METHODS, WRITE_METHODS, 204, methods::delete_phone),
    op("GET", "/users/{user-id}/authentication/microsoftAuthenticatorMethods", "Authenticator apps (none here)", READ_METHODS, READ_METHODS, 200, methods::authenticators),
    op("GET", "/policies/authenticationMethodsPolicy", "Which sign-in methods are allowed", READ_METHOD_POLICY, READ_METHOD_POLICY, 200, policies::methods),
    op("GET", "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations", "All method configurations", READ_METHOD_POLICY, READ_METHOD_POLICY, 200, policies::method_configurations),
    op("GET", "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/{authenticationMethodConfiguration-id}", "One method configuration", READ_METHOD_POLICY, READ_METHOD_POLICY, 200, policies::method_configuration),
    op("PATCH", "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/{authenticationMethodConfiguration-id}", "Switch a method on or off", WRITE_METHOD_POLICY, WRITE_METHOD_POLICY, 204, policies::change_method_configuration),
    op("GET", "/policies/authorizationPolicy", "What users may do", READ_POLICY, READ_POLICY, 200, policies::authorization),
    op("GET", "/policies/identitySecurityDefaultsEnforcementPolicy", "Security defaults", READ_POLICY, READ_POLICY, 200, policies::security_defaults),
    op("GET", "/policies/defaultAppManagementPolicy", "Which credentials applications may have", READ_POLICY, READ_POLICY, 200, policies::app_management),
    op("GET", "/identity/conditionalAccess/policies", "Conditional Access policies", READ_POLICY, READ_POLICY, 200, policies::conditional_access).counted_by(Bucket::ConditionalAccess),
    op("GET", "/identity/conditionalAccess/policies/{conditionalAccessPolicy-id}", "One Conditional Access policy", READ_POLICY, READ_POLICY, 200, policies::conditional_access_policy).counted_by(Bucket::ConditionalAccess),
    op("GET", "/applications", "Find app registrations", READ_APPS, READ_APPS_APP, 200, applications::list).costs(2),
    op("POST", "/applications", "Register an application", CREATE_APPS, CREATE_APPS_APP, 201, applications::create),
    op("GET", "/applications/{application-id}", "Read an app registration", READ_APPS, READ_APPS_APP, 200, applications::read).or_itself(),
    op("GET", "/applications/{application-id}/owners", "Owners of an app registration", READ_APPS, READ_APPS_APP, 200, applications::owners),
    op("DELETE", "/applications/{application-id}/owners/{directoryObject-id}/$ref", "Remove an owner of an app registration", WRITE_APPS, WRITE_APPS_APP, 204, applications::remove_owner),
    op("GET", "/applications/{application-id}/federatedIdentityCredentials", "Identities of elsewhere that a registration trusts", READ_APPS, READ_APPS_APP, 200, applications::federated),
    op("DELETE", "/applications/{application-id}/federatedIdentityCredentials/{federatedIdentityCredential-id}", "Trust an identity of elsewhere no more", WRITE_APPS, WRITE_APPS_APP, 204, applications::delete_federated),
    op("PATCH", "/applications/{application-id}", "Change an app registration", WRITE_APPS, WRITE_APPS_APP, 204, applications::change),
    op("DELETE", "/applications/{application-id}", "Delete an app registration", WRITE_APPS, WRITE_APPS_APP, 204, applications::delete),
    op("POST", "/applications/{application-id}/addPassword", "Add a client secret", WRITE_APPS, WRITE_APPS_APP, 200, applications::add_password),
    op("POST", "/applications/{application-id}/removePassword", "Remove a client secret", WRITE_APPS, WRITE_APPS_APP, 204, applications::remove_password),
    op("POST", "/applications/{application-id}/addKey", "Add a certificate by proof of an old one", NONE, NONE, 200, applications::add_key).decided_by_handler(),
    op("POST", "/applications/{application-id}/removeKey", "Remove a certificate by proof of another", NONE, NONE, 204, applications::remove_key).decided_by_handler(),
    op("GET", "/servicePrincipals", "Find service principals", READ_APPS, READ_APPS_APP, 200, principals::list),
    op("POST", "/servicePrincipals", "Create a service principal", WRITE_APPS, WRITE_APPS_APP, 201, principals::create),
    op("GET", "/servicePrincipals/{servicePrincipal-id}", "Read a service principal", READ_APPS, READ_APPS_APP, 200, principals::read).or_itself(),
    op("GET", "/servicePrincipals/{servicePrincipal-id}/owners", "Owners of a service principal", READ_APPS, READ_APPS_APP, 200, principals::owners),
    op("DELETE", "/servicePrincipals/{servicePrincipal-id}/owners/{directoryObject-id}/$ref", "Remove an owner of a service principal", WRITE_APPS, WRITE_APPS_APP, 204, principals::remove_owner),
    op("POST", "/servicePrincipals/{servicePrincipal-id}/removePassword", "Remove a secret of a service principal", WRITE_APPS, WRITE_APPS_APP, 204, principals::remove_password),
    op("PATCH", "/servicePrincipals/{servicePrincipal-id}", "Change a service principal", WRITE_APPS, WRITE_APPS_APP, 204, principals::change),
    op("DELETE", "/servicePrincipals/{servicePrincipal-id}", "Delete a service principal", WRITE_APPS, WRITE_APPS_APP, 204, principals::delete),
    op("GET", "/servicePrincipals/{servicePrincipal-id}/appRoleAssignments", "Application permissions of a principal", READ_APPS, READ_APPS_APP, 200, principals::app_roles).costs(2),
    op("POST", "/servicePrincipals/{servicePrincipal-id}/appRoleAssignments", "Grant an application permission", GRANT_ROLES, GRANT_ROLES, 201, principals::grant_app_role),
    op("DELETE", "/servicePrincipals/{servicePrincipal-id}/appRoleAssignments/{appRoleAssignment-id}", "Take an application permission away", GRANT_ROLES, GRANT_ROLES, 204, principals::revoke_app_role),
    op("GET", "/servicePrincipals/{servicePrincipal-id}/appRoleAssignedTo", "Who holds permissions of a resource", READ_APPS, READ_APPS_APP, 200, principals::app_role_assigned_to).costs(2),
    op("GET", "/oauth2PermissionGrants", "Delegated permission grants", READ_GRANTS, READ_GRANTS, 200, principals::grants).costs(2),
    op("POST", "/oauth2PermissionGrants", "Grant delegated permissions", WRITE_GRANTS, WRITE_GRANTS, 201, principals::create_grant),
    op("DELETE", "/oauth2PermissionGrants/{oAuth2PermissionGrant-id}", "Take delegated permissions away", WRITE_GRANTS, WRITE_GRANTS, 204, principals::delete_grant),
    op("GET", "/auditLogs/signIns", "Sign-in log", READ_AUDIT, READ_AUDIT, 200, logs::sign_ins).counted_by(Bucket::Reports),
    op("GET", "/auditLogs/directoryAudits", "Directory audit log", READ_DIRECTORY_AUDIT, READ_DIRECTORY_AUDIT, 200, logs::directory_audits).counted_by(Bucket::Reports),
    op("POST", "/$batch", "Up to 20 requests in one", NONE, NONE, 200, crate::graph::batch::run).counted_by(Bucket::None).decided_by_handler(),
];

/// The operation of a method and path, with the variable segments.
pub(crate) fn find(method: &str, path: &[String], beta: bool) -> Option<(&'static Route, Vec<String>)> {
    if beta {
        return None;
    }
    ROUTES.iter().filter(|r| r.method == method).find_map(|route| {
        let template: Vec<&str> = route.path.trim_start_matches('/').split('/').collect();
        if template.len() != path.len() {
            return None;
        }
        let mut ids = Vec::new();
        for (pattern, segment) in template.iter().zip(path) {
            if pattern.starts_with('{') {
                ids.push(segment.clone());
            } else if pattern != segment {
                return None;
            }
        }
        Some((route, ids))
    })
}
