//! Service principals, application permissions, delegated permission grants.

use serde_json::{Value, json};

use crate::catalog::{self, APP_ROLES, GRAPH_APP_ID, SCOPES, role};
use crate::clock::graph_time;
use crate::graph::call::{Call, Reply};
use crate::graph::error::GraphError;
use crate::graph::{applications, odata};
use crate::tenant::{AppRoleAssignment, Grant, ServicePrincipal, Tenant};

pub(crate) fn record(tenant: &Tenant, sp: &ServicePrincipal) -> Value {
    let graph = sp.app_id == GRAPH_APP_ID;
    let roles: Vec<Value> = if graph {
        APP_ROLES
            .iter()
            .map(|(id, value)| {
                json!({
                    "id": id, "value": value, "allowedMemberTypes": ["Application"], "isEnabled": true,
                    "displayName": value, "description": value, "origin": "Application",
                })
            })
            .collect()
    } else {
        Vec::new()
    };
    let scopes: Vec<Value> = if graph {
        SCOPES
            .iter()
            .map(|(value, admin)| {
                json!({
                    "id": catalog::id_of_name(value), "value": value, "isEnabled": true,
                    "type": if *admin { "Admin" } else { "User" },
                    "adminConsentDisplayName": value, "adminConsentDescription": value,
                    "userConsentDisplayName": value, "userConsentDescription": value,
                })
            })
            .collect()
    } else {
        Vec::new()
    };
    let app = tenant.application(&sp.app_id);
    json!({
        "id": sp.id,
        "deletedDateTime": sp.deleted_ms.map(graph_time),
        "accountEnabled": sp.enabled,
        "appDisplayName": sp.display_name,
        "appId": sp.app_id,
        "appOwnerOrganizationId": sp.owner_tenant,
        "appRoleAssignmentRequired": false,
        "appRoles": roles,
        "displayName": sp.display_name,
        "oauth2PermissionScopes": scopes,
        "servicePrincipalNames": [sp.app_id],
        "servicePrincipalType": "Application",
        "signInAudience": app.map_or("AzureADMultipleOrgs", |a| a.audience.as_str()),
        "tags": sp.tags,
        "keyCredentials": sp.keys.iter().map(|k| applications::key_record(k, false)).collect::<Vec<_>>(),
        "passwordCredentials": sp.secrets.iter().map(applications::secret_record).collect::<Vec<_>>(),
    })
}

fn visible(call: &Call<'_>) -> Result<String, GraphError> {
    let key = &call.ids[0];
    call.tenant()
        .principals
        .iter()
        .find(|p| p.deleted_ms.is_none() && p.id == *key && p.visible_from_ms <= call.now)
        .map(|p| p.id.clone())
        .ok_or_else(|| GraphError::not_found(key))
}

pub(crate) fn list(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let now = call.now;
    let tenant = call.tenant();
    let all = tenant
        .principals
        .iter()
        .filter(|p| p.deleted_ms.is_none() && p.visible_from_ms <= now)
        .map(|p| record(tenant, p))
        .collect();
    odata::list(call, "servicePrincipals", all, None)
}

pub(crate) fn read(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let id = visible(call)?;
    let tenant = call.tenant();
    let sp = tenant.principal(&id).ok_or_else(|| GraphError::not_found(&id))?;
    let mut object = record(tenant, sp);
    // As with applications: the key itself comes when it is asked for by name.
    if odata::option(call.request, "$select").is_some_and(|s| s.split(',').any(|n| n.trim() == "keyCredentials")) {
        object["keyCredentials"] = sp.keys.iter().map(|k| applications::key_record(k, true)).collect();
    }
    odata::entity(call, "servicePrincipals", object, None)
}

pub(crate) fn owners(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let id = visible(call)?;
    let owners = call.tenant().principal(&id).map(|p| p.owners.clone()).unwrap_or_default();
    let all = applications::owner_records(call.tenant(), &owners, call.now);
    odata::list(call, "directoryObjects", all, Some(&["id", "displayName", "userPrincipalName", "appId"]))
}

fn own<'a>(call: &'a mut Call<'_>, id: &str) -> Result<&'a mut ServicePrincipal, GraphError> {
    call.tenant_mut().principals.iter_mut().find(|p| p.id == id).ok_or_else(|| GraphError::not_found(id))
}

pub(crate) fn remove_owner(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let id = visible(call)?;
    call.need_role(&[role::APPLICATION_ADMIN, role::GLOBAL_ADMIN])?;
    let owner = call.ids[1].clone();
    let owners = &mut own(call, &id)?.owners;
    let before = owners.len();
    owners.retain(|known| *known != owner);
    if owners.len() == before { Err(GraphError::not_found(&owner)) } else { Ok(Reply::no_content()) }
}

pub(crate) fn remove_password(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let id = visible(call)?;
    call.need_role(&[role::APPLICATION_ADMIN, role::GLOBAL_ADMIN])?;
    let key_id = call.object()?.get("keyId").and_then(Value::as_str).unwrap_or_default().to_owned();
    let secrets = &mut own(call, &id)?.secrets;
    let before = secrets.len();
    secrets.retain(|s| s.key_id != key_id);
    if secrets.len() == before {
        Err(GraphError::bad("No password credential found with keyId."))
    } else {
        Ok(Reply::no_content())
    }
}

pub(crate) fn create(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    call.need_role(&[role::APPLICATION_ADMIN, role::GLOBAL_ADMIN])?;
    let body = call.object()?.clone();
    let app_id = body
        .get("appId")
        .and_then(Value::as_str)
        .ok_or_else(|| GraphError::bad("A value is required for property 'appId' of resource 'ServicePrincipal'."))?
        .to_owned();
    if call.tenant().principal(&app_id).is_some() {
        return Err(GraphError::new(
            409,
            "Request_MultipleObjectsWithSameKeyValue",
            "The service principal cannot be created because the service principal name is already in use.",
        ));
    }
    let home = call.tenant().id.clone();
    let client =
        call.world.client(&app_id).filter(|c| c.home.as_ref().is_none_or(|h| *h == home)).ok_or_else(|| {
            GraphError::new(
                400,
                "NoBackingApplicationObject",
                &format!(
                    "The appId '{app_id}' of the service principal does not reference a valid application object."
                ),
            )
        })?;
    let sp = ServicePrincipal {
        id: call.world.rng.guid(),
        app_id,
        display_name: client.name,
        enabled: body.get("accountEnabled").and_then(Value::as_bool).unwrap_or(true),
        tags: body
            .get("tags")
            .and_then(Value::as_array)
            .map(|l| l.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect())
            .unwrap_or_default(),
        owner_tenant: client.home.unwrap_or_else(|| catalog::MICROSOFT_TENANT.to_owned()),
        keys: Vec::new(),
        secrets: Vec::new(),
        owners: applications::first_owner(call),
        visible_from_ms: call.replicated(),
        deleted_ms: None,
    };
    let mut object = record(call.tenant(), &sp);
    let id = sp.id.clone();
    call.tenant_mut().principals.push(sp);
    call.audit("Add service principal", "ApplicationManagement", &json!({ "id": id, "type": "ServicePrincipal" }));
    object["@odata.context"] = format!("{}/v1.0/$metadata#servicePrincipals/$entity", call.world.graph).into();
    Ok(Reply::created(object))
}

pub(crate) fn change(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let id = visible(call)?;
    call.need_role(&[role::APPLICATION_ADMIN, role::GLOBAL_ADMIN])?;
    let body = call.object()?.clone();
    let known = ["accountEnabled", "tags", "keyCredentials", "@odata.type"];
    if let Some(unknown) = body.keys().find(|k| !known.contains(&k.as_str())) {
        return Err(GraphError::bad(&format!("One or more property values specified are invalid: '{unknown}'.")));
    }
    if let Some(list) = body.get("keyCredentials") {
        let kept = own(call, &id)?.keys.clone();
        let keys = applications::keys(call, list, &kept)?;
        own(call, &id)?.keys = keys;
    }
    if let Some(sp) = call.tenant_mut().principals.iter_mut().find(|p| p.id == id) {
        if let Some(on) = body.get("accountEnabled").and_then(Value::as_bool) {
            sp.enabled = on;
        }
        if let Some(tags) = body.get("tags").and_then(Value::as_array) {
            sp.tags = tags.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect();
        }
    }
    Ok(Reply::no_content())
}

pub(crate) fn delete(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let id = visible(call)?;
    call.need_role(&[role::APPLICATION_ADMIN, role::GLOBAL_ADMIN])?;
    let now = call.now;
    let tenant = call.tenant_mut();
    if let Some(sp) = tenant.principals.iter_mut().find(|p| p.id == id) {
        sp.deleted_ms = Some(now);
    }
    tenant.app_roles.retain(|a| a.principal != id);
    tenant.grants.retain(|g| g.client != id);
    tenant.roles.retain(|r| r.principal != id);
    call.audit("Remove service principal", "ApplicationManagement", &json!({ "id": id, "type": "ServicePrincipal" }));
    Ok(Reply::no_content())
}

fn app_role_record(tenant: &Tenant, a: &AppRoleAssignment) -> Value {
    let name = |id: &str| tenant.principal(id).map(|p| p.display_name.clone());
    json!({
        "id": a.id,
        "deletedDateTime": null,
        "appRoleId": a.app_role_id,
        "createdDateTime": graph_time(a.created_ms),
        "principalDisplayName": name(&a.principal),
        "principalId": a.principal,
        "principalType": "ServicePrincipal",
        "resourceDisplayName": name(&a.resource),
        "resourceId": a.resource,
    })
}

pub(crate) fn app_roles(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let id = visible(call)?;
    list_app_roles(call, |a| a.principal == id)
}

pub(crate) fn app_role_assigned_to(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let id = visible(call)?;
    list_app_roles(call, |a| a.resource == id)
}

fn list_app_roles(call: &mut Call<'_>, keep: impl Fn(&AppRoleAssignment) -> bool) -> Result<Reply, GraphError> {
    let tenant = call.tenant();
    let all = tenant
        .app_roles
        .iter()
        .filter(|a| keep(a) && a.visible_from_ms <= call.now)
        .map(|a| app_role_record(tenant, a))
        .collect();
    odata::list(call, "appRoleAssignments", all, None)
}

/// Granting a permission of Graph to an application is the administrator's consent to it.
fn need_consent_power(call: &Call<'_>) -> Result<(), GraphError> {
    call.need_role(&[role::PRIVILEGED_ROLE_ADMIN, role::GLOBAL_ADMIN])
}

pub(crate) fn grant_app_role(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    if !call.caller.has(&["Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All"]) {
        return Err(GraphError::denied());
    }
    need_consent_power(call)?;
    let principal = visible(call)?;
    let body = call.object()?.clone();
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (resource, role_id) = (text("resourceId"), text("appRoleId"));
    if text("principalId") != principal {
        return Err(GraphError::bad("principalId does not match the service principal in the address."));
    }
    if resource != call.tenant().graph_principal_id() {
        return Err(GraphError::not_found(&resource));
    }
    if catalog::app_role_value(&role_id).is_none() {
        return Err(GraphError::bad("Permission being assigned was not found on application."));
    }
    if call.tenant().app_roles.iter().any(|a| a.principal == principal && a.app_role_id == role_id) {
        return Err(GraphError::bad("Permission being assigned already exists on the object."));
    }
    let made = AppRoleAssignment {
        id: call.world.rng.token(32),
        app_role_id: role_id,
        principal: principal.clone(),
        resource,
        created_ms: call.now,
        visible_from_ms: call.replicated(),
    };
    let mut object = app_role_record(call.tenant(), &made);
    call.tenant_mut().app_roles.push(made);
    call.audit(
        "Add app role assignment to service principal",
        "ApplicationManagement",
        &json!({ "id": principal, "type": "ServicePrincipal" }),
    );
    object["@odata.context"] = format!("{}/v1.0/$metadata#appRoleAssignments/$entity", call.world.graph).into();
    Ok(Reply::created(object))
}

pub(crate) fn revoke_app_role(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    need_consent_power(call)?;
    let principal = visible(call)?;
    let id = call.ids[1].clone();
    let list = &mut call.tenant_mut().app_roles;
    let before = list.len();
    list.retain(|a| !(a.id == id && a.principal == principal));
    if list.len() == before { Err(GraphError::not_found(&id)) } else { Ok(Reply::no_content()) }
}

fn grant_record(g: &Grant) -> Value {
    json!({
        "id": g.id,
        "clientId": g.client,
        "consentType": if g.principal.is_some() { "Principal" } else { "AllPrincipals" },
        "principalId": g.principal,
        "resourceId": g.resource,
        "scope": g.scope,
    })
}

pub(crate) fn grants(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let all = call.tenant().grants.iter().map(grant_record).collect();
    odata::list(call, "oauth2PermissionGrants", all, None)
}

pub(crate) fn create_grant(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    need_consent_power(call)?;
    let body = call.object()?.clone();
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let client = text("clientId").unwrap_or_default();
    let resource = text("resourceId").unwrap_or_default();
    let principal = match text("consentType").as_deref() {
        Some("AllPrincipals") => None,
        Some("Principal") => Some(text("principalId").ok_or_else(|| GraphError::bad("principalId is required."))?),
        _ => return Err(GraphError::bad("consentType must be AllPrincipals or Principal.")),
    };
    if call.tenant().principal(&client).is_none() || resource != call.tenant().graph_principal_id() {
        return Err(GraphError::not_found(&client));
    }
    if call.tenant().grants.iter().any(|g| g.client == client && g.principal == principal) {
        return Err(GraphError::new(
            409,
            "Request_MultipleObjectsWithSameKeyValue",
            "Permission entry already exists.",
        ));
    }
    let id = call.world.rng.token(24);
    let made = Grant { id, client, principal, resource, scope: text("scope").unwrap_or_default() };
    let mut object = grant_record(&made);
    call.tenant_mut().grants.push(made);
    object["@odata.context"] = format!("{}/v1.0/$metadata#oauth2PermissionGrants/$entity", call.world.graph).into();
    Ok(Reply::created(object))
}

pub(crate) fn delete_grant(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    call.need_role(&[role::PRIVILEGED_ROLE_ADMIN, role::APPLICATION_ADMIN, role::GLOBAL_ADMIN])?;
    let id = call.ids[0].clone();
    let list = &mut call.tenant_mut().grants;
    let before = list.len();
    list.retain(|g| g.id != id);
    if list.len() == before { Err(GraphError::not_found(&id)) } else { Ok(Reply::no_content()) }
}
