//! Directory roles: definitions and assignments.

use serde_json::{Value, json};

use crate::catalog::{self, ROLES, role};
use crate::graph::call::{Call, Reply};
use crate::graph::error::GraphError;
use crate::graph::{odata, principals, users};
use crate::tenant::RoleAssignment;

fn definition_record(id: &str, name: &str) -> Value {
    json!({
        "id": id,
        "templateId": id,
        "displayName": name,
        "description": format!("Built-in role {name}."),
        "isBuiltIn": true,
        "isEnabled": true,
        "resourceScopes": ["/"],
        "rolePermissions": [],
        "version": "1",
    })
}

pub(crate) fn definitions(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let all = ROLES.iter().map(|(id, name)| definition_record(id, name)).collect();
    odata::list(call, "roleManagement/directory/roleDefinitions", all, None)
}

pub(crate) fn definition(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let id = call.ids[0].clone();
    let name = catalog::role_name(&id).ok_or_else(|| GraphError::not_found(&id))?;
    odata::entity(call, "roleManagement/directory/roleDefinitions", definition_record(&id, name), None)
}

/// What a reader sees of an assignment; `expand` adds the principal.
fn record(call: &Call<'_>, assignment: &RoleAssignment, expand: bool) -> Value {
    let tenant = call.tenant();
    let mut object = json!({
        "id": assignment.id,
        "principalId": assignment.principal,
        "roleDefinitionId": assignment.role,
        "directoryScopeId": "/",
        "appScopeId": null,
        "condition": null,
        "principalOrganizationId": tenant.id,
    });
    if expand {
        object["principal"] = principal_record(call, &assignment.principal);
    }
    object
}

/// A user or service principal as a typed directory object; null if it is gone.
fn principal_record(call: &Call<'_>, id: &str) -> Value {
    let tenant = call.tenant();
    let mut object = if let Some(user) = tenant.user(id) {
        let all = users::record(user, call.now);
        let mut object = json!({ "@odata.type": "#microsoft.graph.user" });
        for name in ["id", "displayName", "userPrincipalName", "userType", "accountEnabled", "onPremisesSyncEnabled"] {
            object[name] = all[name].clone();
        }
        return object;
    } else if let Some(sp) = tenant.principal(id) {
        principals::record(tenant, sp)
    } else {
        return Value::Null;
    };
    object["@odata.type"] = "#microsoft.graph.servicePrincipal".into();
    object
}

/// Assignments a reader sees now: new ones after a while, removed ones for a while.
fn seen(call: &Call<'_>) -> Vec<RoleAssignment> {
    let now = call.now;
    call.tenant()
        .roles
        .iter()
        .filter(|r| r.visible_from_ms <= now && r.gone_from_ms.is_none_or(|g| g > now))
        .cloned()
        .collect()
}

fn expands(call: &Call<'_>) -> Result<bool, GraphError> {
    match odata::option(call.request, "$expand") {
        None => Ok(false),
        Some("principal") => Ok(true),
        Some(_) => Err(GraphError::bad("Only the expansion of 'principal' is known here.")),
    }
}

pub(crate) fn assignments(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    if odata::option(call.request, "$filter").is_none() {
        return Err(GraphError::bad("The request needs a filter on roleDefinitionId or principalId."));
    }
    let expand = expands(call)?;
    let all = seen(call).iter().map(|r| record(call, r, expand)).collect();
    odata::list(call, "roleManagement/directory/roleAssignments", all, None)
}

pub(crate) fn assignment(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let id = call.ids[0].clone();
    let expand = expands(call)?;
    let found = seen(call).into_iter().find(|r| r.id == id).ok_or_else(|| GraphError::not_found(&id))?;
    let object = record(call, &found, expand);
    odata::entity(call, "roleManagement/directory/roleAssignments", object, None)
}

pub(crate) fn assign(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    call.need_role(&[role::PRIVILEGED_ROLE_ADMIN, role::GLOBAL_ADMIN])?;
    let body = call.object()?.clone();
    let text = |name: &str| {
        body.get(name)
            .and_then(Value::as_str)
            .map(str::to_owned)
            .ok_or_else(|| GraphError::bad(&format!("A value is required for property '{name}'.")))
    };
    let (role, principal, scope) = (text("roleDefinitionId")?, text("principalId")?, text("directoryScopeId")?);
    if scope != "/" {
        return Err(GraphError::bad("Only the scope '/' is known here."));
    }
    if catalog::role_name(&role).is_none() {
        return Err(GraphError::not_found(&role));
    }
    let now = call.now;
    let tenant = call.tenant();
    let there = tenant.user(&principal).is_some_and(|u| u.visible_from_ms <= now)
        || tenant.principal(&principal).is_some_and(|p| p.visible_from_ms <= now);
    if !there {
        return Err(GraphError::not_found(&principal));
    }
    if tenant.roles.iter().any(|r| r.role == role && r.principal == principal && r.gone_from_ms.is_none_or(|g| g > now))
    {
        return Err(GraphError::conflict("roleAssignment"));
    }
    let visible_from_ms = call.replicated();
    let id = call.world.rng.token(24);
    let made =
        RoleAssignment { id, role: role.clone(), principal: principal.clone(), visible_from_ms, gone_from_ms: None };
    let mut object = record(call, &made, false);
    call.tenant_mut().roles.push(made);
    call.audit("Add member to role", "RoleManagement", &json!({ "id": principal, "type": "User" }));
    object["@odata.context"] =
        format!("{}/v1.0/$metadata#roleManagement/directory/roleAssignments/$entity", call.world.graph).into();
    Ok(Reply::created(object))
}

pub(crate) fn unassign(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    call.need_role(&[role::PRIVILEGED_ROLE_ADMIN, role::GLOBAL_ADMIN])?;
    let id = call.ids[0].clone();
    let found = seen(call)
        .into_iter()
        .find(|r| r.id == id && r.gone_from_ms.is_none())
        .ok_or_else(|| GraphError::not_found(&id))?;
    if found.principal == call.caller.id {
        return Err(GraphError::bad("Removing self from a built-in role is not allowed."));
    }
    let gone = call.replicated();
    if let Some(r) = call.tenant_mut().roles.iter_mut().find(|r| r.id == id) {
        r.gone_from_ms = Some(gone);
    }
    call.audit("Remove member from role", "RoleManagement", &json!({ "id": found.principal, "type": "User" }));
    Ok(Reply::no_content())
}

pub(crate) fn schedule_instances(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let all = seen(call)
        .iter()
        .map(|r| {
            json!({
                "id": r.id,
                "principalId": r.principal,
                "roleDefinitionId": r.role,
                "directoryScopeId": "/",
                "appScopeId": null,
                "assignmentType": "Assigned",
                "memberType": "Direct",
                "startDateTime": null,
                "endDateTime": null,
                "roleAssignmentOriginId": r.id,
                "roleAssignmentScheduleId": r.id,
            })
        })
        .collect();
    odata::list(call, "roleManagement/directory/roleAssignmentScheduleInstances", all, None)
}

pub(crate) fn eligibility_instances(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    odata::list(call, "roleManagement/directory/roleEligibilityScheduleInstances", Vec::new(), None)
}

/// Id of the activated role in this tenant: made from both, stable.
fn directory_role(tenant_id: &str, role: &str, name: &str) -> Value {
    json!({
        "id": catalog::id_of_name(&format!("{tenant_id}/{role}")),
        "deletedDateTime": null,
        "displayName": name,
        "description": format!("Built-in role {name}."),
        "roleTemplateId": role,
    })
}

pub(crate) fn directory_roles(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let tid = call.tenant().id.clone();
    let all = ROLES.iter().map(|(id, name)| directory_role(&tid, id, name)).collect();
    odata::list(call, "directoryRoles", all, None)
}

pub(crate) fn members(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let key = call.ids[0].clone();
    let tid = call.tenant().id.clone();
    let by_template = key.strip_prefix("roleTemplateId='").and_then(|k| k.strip_suffix('\''));
    let (role, _) = ROLES
        .iter()
        .find(|(id, _)| by_template == Some(id) || catalog::id_of_name(&format!("{tid}/{id}")) == key)
        .ok_or_else(|| GraphError::not_found(&key))?;
    let all = seen(call).iter().filter(|r| r.role == *role).map(|r| principal_record(call, &r.principal)).collect();
    odata::list(call, "directoryObjects", all, None)
}

pub(crate) fn member_of(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let id = users::visible(call, &call.ids[0])?;
    let tid = call.tenant().id.clone();
    let all = seen(call)
        .iter()
        .filter(|r| r.principal == id)
        .filter_map(|r| catalog::role_name(&r.role).map(|name| (r.role.clone(), name)))
        .map(|(role, name)| {
            let mut object = directory_role(&tid, &role, name);
            object["@odata.type"] = "#microsoft.graph.directoryRole".into();
            object
        })
        .collect();
    odata::list(call, "directoryObjects", all, None)
}
