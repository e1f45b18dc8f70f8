//! Policies that a health check reads.

use serde_json::{Value, json};

use crate::catalog::{id_of_name, role};
use crate::graph::call::{Call, Reply};
use crate::graph::error::GraphError;
use crate::graph::odata;
use crate::tenant::{Tenant, Trait};

fn configuration(tenant: &Tenant, id: &str, on: bool) -> Value {
    let kind = match id {
        "Fido2" => "fido2",
        "MicrosoftAuthenticator" => "microsoftAuthenticator",
        "Sms" => "sms",
        "TemporaryAccessPass" => "temporaryAccessPass",
        "SoftwareOath" => "softwareOath",
        "Voice" => "voice",
        "Email" => "email",
        _ => "x509Certificate",
    };
    let mut object = json!({
        "@odata.type": format!("#microsoft.graph.{kind}AuthenticationMethodConfiguration"),
        "id": id,
        "state": if on { "enabled" } else { "disabled" },
        "excludeTargets": [],
    });
    match id {
        "Fido2" => {
            object["isSelfServiceRegistrationAllowed"] = true.into();
            object["isAttestationEnforced"] = tenant.passkey_attestation.into();
            object["keyRestrictions"] = json!({ "isEnforced": false, "enforcementType": "block", "aaGuids": [] });
            object["includeTargets"] =
                json!([{ "id": "all_users", "targetType": "group", "isRegistrationRequired": false }]);
        }
        "TemporaryAccessPass" => {
            object["defaultLength"] = 8.into();
            object["defaultLifetimeInMinutes"] = 60.into();
            object["minimumLifetimeInMinutes"] = 60.into();
            object["maximumLifetimeInMinutes"] = 480.into();
            object["isUsableOnce"] = false.into();
            object["includeTargets"] =
                json!([{ "id": "all_users", "targetType": "group", "isRegistrationRequired": false }]);
        }
        _ => {}
    }
    object
}

fn configurations(tenant: &Tenant) -> Vec<Value> {
    tenant.method_states.iter().map(|(id, on)| configuration(tenant, id, *on)).collect()
}

const READERS: &[&str] = &[
    role::GLOBAL_ADMIN,
    role::GLOBAL_READER,
    role::AUTH_POLICY_ADMIN,
    role::SECURITY_READER,
    role::CONDITIONAL_ACCESS_ADMIN,
];

pub(crate) fn methods(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    call.need_role(READERS)?;
    let object = json!({
        "id": "authenticationMethodsPolicy",
        "displayName": "Authentication Methods Policy",
        "description": "The tenant-wide policy that controls which authentication methods are allowed.",
        "lastModifiedDateTime": "2026-01-01T00:00:00Z",
        "policyVersion": "1.5",
        "policyMigrationState": "migrationComplete",
        "reconfirmationInDays": null,
        "authenticationMethodConfigurations": configurations(call.tenant()),
    });
    odata::entity(call, "authenticationMethodsPolicy", object, None)
}

pub(crate) fn method_configurations(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    call.need_role(READERS)?;
    let all = configurations(call.tenant());
    odata::list(call, "policies/authenticationMethodsPolicy/authenticationMethodConfigurations", all, None)
}

fn place(call: &Call<'_>) -> Result<usize, GraphError> {
    let id = &call.ids[0];
    call.tenant()
        .method_states
        .iter()
        .position(|(name, _)| name.eq_ignore_ascii_case(id))
        .ok_or_else(|| GraphError::not_found(id))
}

pub(crate) fn method_configuration(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    call.need_role(READERS)?;
    let at = place(call)?;
    let (id, on) = &call.tenant().method_states[at];
    let object = configuration(call.tenant(), id, *on);
    odata::entity(call, "policies/authenticationMethodsPolicy/authenticationMethodConfigurations", object, None)
}

pub(crate) fn change_method_configuration(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    call.need_role(&[role::AUTH_POLICY_ADMIN, role::GLOBAL_ADMIN])?;
    let at = place(call)?;
    let body = call.object()?.clone();
    let on = match body.get("state").and_then(Value::as_str) {
        Some("enabled") => Some(true),
        Some("disabled") => Some(false),
        Some(_) => return Err(GraphError::new(400, "badRequest", "state must be enabled or disabled.")),
        None => None,
    };
    if let Some(on) = on {
        call.tenant_mut().method_states[at].1 = on;
    }
    if let Some(enforced) = body.get("isAttestationEnforced").and_then(Value::as_bool) {
        call.tenant_mut().passkey_attestation = enforced;
    }
    call.audit("Authentication Methods Policy Update", "Policy", &json!({ "id": call.ids[0], "type": "Policy" }));
    Ok(Reply::no_content())
}

pub(crate) fn authorization(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let object = json!({
        "id": "authorizationPolicy",
        "deletedDateTime": null,
        "displayName": "Authorization Policy",
        "description": "Used to manage authorization related settings across the company.",
        "allowInvitesFrom": "adminsAndGuestInviters",
        "allowedToSignUpEmailBasedSubscriptions": true,
        "allowedToUseSSPR": true,
        "allowEmailVerifiedUsersToJoinOrganization": false,
        "allowUserConsentForRiskyApps": false,
        "blockMsolPowerShell": false,
        "guestUserRoleId": "10dae51f-b6af-4016-8d66-8c2a99b929b3",
        "defaultUserRolePermissions": {
            "allowedToCreateApps": true,
            "allowedToCreateSecurityGroups": true,
            "allowedToCreateTenants": true,
            "allowedToReadBitlockerKeysForOwnedDevice": true,
            "allowedToReadOtherUsers": true,
            "permissionGrantPoliciesAssigned": ["ManagePermissionGrantsForSelf.microsoft-user-default-low"],
        },
    });
    odata::entity(call, "policies/authorizationPolicy", object, None)
}

pub(crate) fn security_defaults(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    // Security defaults and Conditional Access exclude each other; a tenant without P1 has the former.
    let object = json!({
        "id": "00000000-0000-0000-0000-000000000005",
        "deletedDateTime": null,
        "displayName": "Security Defaults",
        "description": "Security defaults is a set of basic identity security mechanisms recommended by Microsoft.",
        "isEnabled": call.tenant().has(Trait::NoP1),
    });
    odata::entity(call, "policies/identitySecurityDefaultsEnforcementPolicy", object, None)
}

pub(crate) fn app_management(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let refused = call.tenant().has(Trait::SecretsRefused);
    let restriction = json!({
        "restrictionType": "passwordAddition",
        "state": if refused { "enabled" } else { "disabled" },
        "maxLifetime": null,
        "restrictForAppsCreatedAfterDateTime": "2024-01-01T00:00:00Z",
    });
    let restrictions = json!({ "passwordCredentials": [restriction], "keyCredentials": [] });
    let object = json!({
        "id": "00000000-0000-0000-0000-000000000000",
        "deletedDateTime": null,
        "displayName": "Default app management tenant policy",
        "description": "Default tenant policy that enforces app management restrictions on applications and service principals.",
        "isEnabled": refused,
        "applicationRestrictions": restrictions,
        "servicePrincipalRestrictions": restrictions,
    });
    odata::entity(call, "policies/defaultAppManagementPolicy", object, None)
}

fn policy(tenant: &Tenant, name: &str, state: &str, flows: Option<&str>, control: &str) -> Value {
    let flows = flows.map_or(Value::Null, |f| json!({ "transferMethods": f }));
    json!({
        "id": id_of_name(&format!("{}/{name}", tenant.id)),
        "templateId": null,
        "displayName": tenant.policy_name.as_deref().unwrap_or(name),
        "createdDateTime": "2025-11-01T00:00:00Z",
        "modifiedDateTime": null,
        "state": state,
        "conditions": {
            "clientAppTypes": ["all"],
            "applications": {
                "includeApplications": ["All"], "excludeApplications": [],
                "includeUserActions": [], "includeAuthenticationContextClassReferences": [],
            },
            "users": {
                "includeUsers": ["All"], "excludeUsers": [], "includeGroups": [], "excludeGroups": [],
                "includeRoles": [], "excludeRoles": [],
            },
            "authenticationFlows": flows,
            "userRiskLevels": [], "signInRiskLevels": [], "servicePrincipalRiskLevels": [],
        },
        "grantControls": {
            "operator": "OR", "builtInControls": [control],
            "customAuthenticationFactors": [], "termsOfUse": [],
        },
        "sessionControls": null,
    })
}

fn policies(call: &Call<'_>) -> Result<Vec<Value>, GraphError> {
    let tenant = call.tenant();
    let readers = [role::GLOBAL_ADMIN, role::GLOBAL_READER, role::SECURITY_READER, role::CONDITIONAL_ACCESS_ADMIN];
    if call.caller.delegated && !tenant.holds(&call.caller.id, &readers) {
        return Err(GraphError::access_denied());
    }
    if tenant.has(Trait::NoP1) {
        return Err(GraphError::new(
            403,
            "AccessDenied",
            "Your account does not have access to this feature: a premium license is needed.",
        ));
    }
    let mut all = Vec::new();
    if tenant.has(Trait::DeviceCodeBlocked) {
        all.push(policy(tenant, "Block device code flow", "enabled", Some("deviceCodeFlow"), "block"));
    }
    if tenant.has(Trait::MandatoryMfa) {
        all.push(policy(tenant, "Multifactor authentication for all users", "enabled", None, "mfa"));
    }
    Ok(all)
}

pub(crate) fn conditional_access(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let all = policies(call)?;
    odata::list(call, "identity/conditionalAccess/policies", all, None)
}

pub(crate) fn conditional_access_policy(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let id = call.ids[0].clone();
    let found =
        policies(call)?.into_iter().find(|p| p["id"] == id.as_str()).ok_or_else(|| GraphError::not_found(&id))?;
    odata::entity(call, "identity/conditionalAccess/policies", found, None)
}
