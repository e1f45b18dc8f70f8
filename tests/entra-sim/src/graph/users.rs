//! Users: find, create, change (password above all), delete, restore, end sessions.

use serde_json::{Value, json};

use crate::catalog::role;
use crate::clock::graph_time;
use crate::graph::call::{Call, Reply};
use crate::graph::error::GraphError;
use crate::graph::{access, odata, password};
use crate::tenant::{Tenant, User};

/// What Graph returns without `$select`: neither `accountEnabled` nor anything that proves a rotation.
const DEFAULT: &[&str] = &[
    "businessPhones",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
    "id",
];
const RESTORE_MS: i64 = 30 * 24 * 3600 * 1000;

pub(crate) fn record(user: &User, now: i64) -> Value {
    json!({
        "id": user.id,
        "deletedDateTime": user.deleted_ms.map(graph_time),
        "accountEnabled": user.enabled,
        "businessPhones": user.business_phones,
        "createdDateTime": graph_time(user.created_ms),
        "displayName": user.display_name,
        "givenName": null,
        "identities": [{ "signInType": "userPrincipalName", "issuer": user.upn.split('@').nth(1), "issuerAssignedId": user.upn }],
        "jobTitle": user.job_title,
        "lastPasswordChangeDateTime": graph_time(user.shown_change_ms(now)),
        "mail": null,
        "mailNickname": user.mail_nickname,
        "mobilePhone": user.mobile_phone,
        "officeLocation": null,
        "onPremisesImmutableId": null,
        "onPremisesSyncEnabled": if user.synced { Value::Bool(true) } else { Value::Null },
        "otherMails": user.other_mails,
        "passwordPolicies": user.password_policies,
        // Graph never gives a password back.
        "passwordProfile": { "password": null, "forceChangePasswordNextSignIn": user.force_change, "forceChangePasswordNextSignInWithMfa": false },
        "preferredLanguage": null,
        "proxyAddresses": [],
        "signInSessionsValidFromDateTime": graph_time(user.sessions_valid_from_ms),
        "surname": null,
        "usageLocation": user.usage_location,
        "userPrincipalName": user.upn,
        "userType": "Member",
    })
}

/// The id of a user that readers can see already.
pub(crate) fn visible(call: &Call<'_>, key: &str) -> Result<String, GraphError> {
    let key = if key == "me" && call.caller.delegated { &call.caller.id } else { key };
    call.tenant()
        .user(key)
        .filter(|u| u.visible_from_ms <= call.now)
        .map(|u| u.id.clone())
        .ok_or_else(|| GraphError::not_found(key))
}

pub(crate) fn me(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let user = call.tenant().user(&call.caller.id).ok_or_else(|| GraphError::not_found(&call.caller.id))?;
    odata::entity(call, "users", record(user, call.now), Some(DEFAULT))
}

pub(crate) fn list(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let now = call.now;
    let all = call
        .tenant()
        .users
        .iter()
        .filter(|u| u.deleted_ms.is_none() && u.visible_from_ms <= now)
        .map(|u| record(u, now))
        .collect();
    odata::list(call, "users", all, Some(DEFAULT))
}

pub(crate) fn read(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let id = visible(call, &call.ids[0])?;
    // `User.Read` opens oneself only.
    let others =
        ["User.Read.All", "User.ReadWrite.All", "User.ReadBasic.All", "Directory.Read.All", "Directory.ReadWrite.All"];
    if id != call.caller.id && !call.caller.has(&others) {
        return Err(GraphError::denied());
    }
    let user = call.tenant().user(&id).ok_or_else(|| GraphError::not_found(&id))?;
    odata::entity(call, "users", record(user, call.now), Some(DEFAULT))
}

/// Rules for user names (section 6 of the reference).
fn judge_upn(tenant: &Tenant, upn: &str, except: Option<&str>) -> Result<(), GraphError> {
    let invalid = |why: &str| {
        let mut error = GraphError::bad(&format!(
            "Invalid value specified for property 'userPrincipalName' of resource 'User'. {why}"
        ));
        error.details =
            Some(json!([{ "code": "InvalidValue", "message": error.message, "target": "userPrincipalName" }]));
        error
    };
    let (name, domain) = upn.split_once('@').ok_or_else(|| invalid("It has no '@'."))?;
    if name.is_empty() || name.len() > 64 || domain.len() > 48 || upn.len() > 113 || name.ends_with('.') {
        return Err(invalid("Its length or form is not allowed."));
    }
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || "'.-_!#^~".contains(c)) {
        return Err(invalid("It has characters that are not allowed."));
    }
    let known = tenant.domain(domain).ok_or_else(|| invalid("The domain portion is not a verified domain."))?;
    if known.federated {
        return Err(invalid("The domain is federated."));
    }
    let taken =
        tenant.users.iter().any(|u| u.deleted_ms.is_none() && u.upn.eq_ignore_ascii_case(upn) && except != Some(&u.id));
    if taken { Err(GraphError::conflict("userPrincipalName")) } else { Ok(()) }
}

pub(crate) fn create(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    call.need_role(&[role::USER_ADMIN, role::GLOBAL_ADMIN])?;
    let body = call.object()?.clone();
    let text =
        |name: &str| {
            body.get(name).and_then(Value::as_str).filter(|v| !v.is_empty()).map(str::to_owned).ok_or_else(|| {
                GraphError::bad(&format!("A value is required for property '{name}' of resource 'User'."))
            })
        };
    let (upn, name, nickname) = (text("userPrincipalName")?, text("displayName")?, text("mailNickname")?);
    let enabled = body
        .get("accountEnabled")
        .and_then(Value::as_bool)
        .ok_or_else(|| GraphError::bad("A value is required for property 'accountEnabled' of resource 'User'."))?;
    if nickname.len() > 64 || nickname.chars().any(|c| c.is_whitespace() || c == '@') {
        return Err(GraphError::bad("Invalid value specified for property 'mailNickname' of resource 'User'."));
    }
    judge_upn(call.tenant(), &upn, None)?;
    let profile = body.get("passwordProfile").cloned().unwrap_or(Value::Null);
    let secret = profile["password"]
        .as_str()
        .ok_or_else(|| GraphError::bad("A value is required for property 'passwordProfile' of resource 'User'."))?;
    password::judge(secret, &upn, &call.tenant().banned_words)?;
    let (now, visible_from) = (call.now, call.replicated());
    let world = &mut *call.world;
    let tenant = &mut world.tenants[call.caller.tenant];
    let id = tenant.add_user(&mut world.rng, &upn, &name, now);
    let secret = secret.to_owned();
    if let Some(user) = tenant.user_mut(&id) {
        user.password = secret;
        user.enabled = enabled;
        user.mail_nickname = nickname;
        user.visible_from_ms = visible_from;
        user.force_change = profile["forceChangePasswordNextSignIn"].as_bool().unwrap_or(true);
        user.usage_location = body.get("usageLocation").and_then(Value::as_str).map(str::to_owned);
        user.password_policies = body.get("passwordPolicies").and_then(Value::as_str).map(str::to_owned);
        user.job_title = body.get("jobTitle").and_then(Value::as_str).map(str::to_owned);
    }
    call.audit("Add user", "UserManagement", &json!({ "id": id, "type": "User", "userPrincipalName": upn }));
    let user = call.tenant().user(&id).ok_or_else(|| GraphError::not_found(&id))?;
    let mut reply = odata::entity(call, "users", record(user, now), Some(DEFAULT))?;
    reply.status = 201;
    Ok(reply)
}

/// Properties that only an administrator with power over the target may write.
const SENSITIVE: &[&str] = &[
    "accountEnabled",
    "passwordProfile",
    "userPrincipalName",
    "otherMails",
    "mobilePhone",
    "businessPhones",
    "onPremisesImmutableId",
];
const PLAIN: &[&str] = &[
    "displayName",
    "mailNickname",
    "usageLocation",
    "passwordPolicies",
    "jobTitle",
    "givenName",
    "surname",
    "@odata.type",
];

pub(crate) fn change(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let id = visible(call, &call.ids[0])?;
    let body = call.object()?.clone();
    if body.is_empty() {
        return Err(GraphError::bad("The request has no property to change."));
    }
    if let Some(unknown) = body.keys().find(|k| !SENSITIVE.contains(&k.as_str()) && !PLAIN.contains(&k.as_str())) {
        return Err(GraphError::bad(&format!("One or more property values specified are invalid: '{unknown}'.")));
    }
    let sets_password = body.contains_key("passwordProfile");
    // The scope for passwords opens passwords only, and no other scope opens them.
    if sets_password && !call.caller.has(&["User-PasswordProfile.ReadWrite.All", "Directory.AccessAsUser.All"]) {
        return Err(GraphError::denied());
    }
    let wide = ["User.ReadWrite.All", "Directory.ReadWrite.All", "Directory.AccessAsUser.All"];
    for name in body.keys().filter(|k| *k != "passwordProfile" && *k != "@odata.type") {
        let narrow = name == "accountEnabled" && call.caller.has(&["User.EnableDisableAccount.All"]);
        if !narrow && !call.caller.has(&wide) {
            return Err(GraphError::denied());
        }
    }
    if body.keys().any(|k| SENSITIVE.contains(&k.as_str())) {
        call.need_power_over(&id)?;
    } else {
        call.need_role(&[role::USER_ADMIN, role::GLOBAL_ADMIN])?;
    }
    let user = call.tenant().user(&id).ok_or_else(|| GraphError::not_found(&id))?.clone();
    if let Some(upn) = body.get("userPrincipalName") {
        let upn = upn.as_str().ok_or_else(|| GraphError::bad("userPrincipalName must be a string."))?;
        judge_upn(call.tenant(), upn, Some(&id))?;
    }
    let domain = user.upn.split('@').nth(1).unwrap_or_default();
    let mut new_password = None;
    if let Some(profile) = body.get("passwordProfile") {
        if call.tenant().domain(domain).is_some_and(|d| d.federated) || user.synced {
            return Err(GraphError::bad(
                "Unable to update the specified properties for on-premises mastered or federated objects.",
            ));
        }
        if let Some(secret) = profile["password"].as_str() {
            password::judge(secret, &user.upn, &call.tenant().banned_words)?;
            new_password = Some(secret.to_owned());
        }
    }
    let (now, delay) = (call.now, call.world.settings.proof_delay_ms);
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    if let Some(target) = call.tenant_mut().user_mut(&id) {
        if let Some(secret) = new_password {
            target.change_password(&secret, now, delay);
            // An administrator's reset ends what the old password began.
            target.sessions_valid_from_ms = now;
            target.force_change = body["passwordProfile"]["forceChangePasswordNextSignIn"].as_bool().unwrap_or(true);
        } else if let Some(force) =
            body.get("passwordProfile").and_then(|p| p["forceChangePasswordNextSignIn"].as_bool())
        {
            target.force_change = force;
        }
        if let Some(enabled) = body.get("accountEnabled").and_then(Value::as_bool) {
            target.enabled = enabled;
        }
        if let Some(v) = text("userPrincipalName") {
            target.upn = v;
        }
        if let Some(v) = text("displayName") {
            target.display_name = v;
        }
        if let Some(v) = text("mailNickname") {
            target.mail_nickname = v;
        }
        if body.contains_key("usageLocation") {
            target.usage_location = text("usageLocation");
        }
        if body.contains_key("passwordPolicies") {
            target.password_policies = text("passwordPolicies");
        }
        if body.contains_key("jobTitle") {
            target.job_title = text("jobTitle");
        }
        if body.contains_key("mobilePhone") {
            target.mobile_phone = text("mobilePhone");
        }
        let texts = |name: &str| {
            body.get(name)
                .and_then(Value::as_array)
                .map(|l| l.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect::<Vec<_>>())
        };
        if let Some(v) = texts("otherMails") {
            target.other_mails = v;
        }
        if let Some(v) = texts("businessPhones") {
            target.business_phones = v;
        }
    }
    let activity = if sets_password { "Reset user password" } else { "Update user" };
    call.audit(activity, "UserManagement", &json!({ "id": id, "type": "User", "userPrincipalName": user.upn }));
    Ok(Reply::no_content())
}

pub(crate) fn delete(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let id = visible(call, &call.ids[0])?;
    call.need_power_over(&id)?;
    let now = call.now;
    if let Some(user) = call.tenant_mut().user_mut(&id) {
        user.deleted_ms = Some(now);
    }
    call.audit("Delete user", "UserManagement", &json!({ "id": id, "type": "User" }));
    Ok(Reply::no_content())
}

/// The place of a deleted user, as long as it can be restored.
fn deleted_at(call: &Call<'_>) -> Result<usize, GraphError> {
    let id = &call.ids[0];
    call.tenant()
        .users
        .iter()
        .position(|u| u.id == *id && u.deleted_ms.is_some_and(|d| call.now - d < RESTORE_MS))
        .ok_or_else(|| GraphError::not_found(id))
}

pub(crate) fn deleted(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let at = deleted_at(call)?;
    let mut object = record(&call.tenant().users[at], call.now);
    object["@odata.type"] = "#microsoft.graph.user".into();
    odata::entity(
        call,
        "directoryObjects",
        object,
        Some(&["id", "deletedDateTime", "displayName", "userPrincipalName"]),
    )
}

pub(crate) fn restore(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let at = deleted_at(call)?;
    let (id, upn) = {
        let user = &call.tenant().users[at];
        (user.id.clone(), user.upn.clone())
    };
    if !access::may_act_on(call.tenant(), &call.caller.id, &id) {
        return Err(GraphError::denied());
    }
    if call.tenant().user(&upn).is_some() {
        return Err(GraphError::conflict("userPrincipalName"));
    }
    call.tenant_mut().users[at].deleted_ms = None;
    call.audit("Restore user", "UserManagement", &json!({ "id": id, "type": "User" }));
    let mut object = record(&call.tenant().users[at], call.now);
    object["@odata.type"] = "#microsoft.graph.user".into();
    odata::entity(
        call,
        "directoryObjects",
        object,
        Some(&["id", "deletedDateTime", "displayName", "userPrincipalName"]),
    )
}

pub(crate) fn revoke(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let id = visible(call, &call.ids[0])?;
    if id != call.caller.id {
        call.need_power_over(&id)?;
    }
    let now = call.now;
    if let Some(user) = call.tenant_mut().user_mut(&id) {
        user.sessions_valid_from_ms = now;
    }
    call.audit("Update StsRefreshTokenValidFrom Timestamp", "UserManagement", &json!({ "id": id, "type": "User" }));
    Ok(Reply::ok(json!({
        "@odata.context": format!("{}/v1.0/$metadata#Edm.Boolean", call.world.graph),
        "value": true,
    })))
}
