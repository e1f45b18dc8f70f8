//! Sign-in methods of a user: lists, deletions, temporary access pass, the delegated password reset.

use serde_json::{Value, json};

use crate::catalog::role;
use crate::clock::{graph_time, parse_time};
use crate::graph::call::{Call, Reply};
use crate::graph::error::GraphError;
use crate::graph::{access, odata, password, users};
use crate::tenant::{AccessPass, User};

/// Id of every user's password method.
const PASSWORD_METHOD: &str = "28c10230-6103-485e-b985-444c60001490";

/// The user in the address, for a caller who may read methods.
fn readable(call: &Call<'_>) -> Result<User, GraphError> {
    let id = users::visible(call, &call.ids[0])?;
    let readers =
        [role::GLOBAL_ADMIN, role::GLOBAL_READER, role::PRIVILEGED_AUTH_ADMIN, role::AUTH_ADMIN, role::SECURITY_READER];
    if call.caller.delegated && id != call.caller.id && !call.tenant().holds(&call.caller.id, &readers) {
        return Err(GraphError::access_denied());
    }
    call.tenant().user(&id).cloned().ok_or_else(|| GraphError::not_found(&id))
}

/// The user in the address, for a caller who may change methods. For applications Microsoft publishes no role; they are
/// held to the same table, so that a client must cope with the stricter answer.
fn changeable(call: &Call<'_>) -> Result<String, GraphError> {
    let id = users::visible(call, &call.ids[0])?;
    let admins = [role::GLOBAL_ADMIN, role::PRIVILEGED_AUTH_ADMIN, role::AUTH_ADMIN];
    let allowed =
        call.tenant().holds(&call.caller.id, &admins) && access::may_act_on(call.tenant(), &call.caller.id, &id);
    if allowed { Ok(id) } else { Err(GraphError::access_denied()) }
}

fn password_record(user: &User) -> Value {
    json!({
        "@odata.type": "#microsoft.graph.passwordAuthenticationMethod",
        "id": PASSWORD_METHOD,
        "createdDateTime": graph_time(user.password_changed_ms),
        "password": null,
    })
}

fn oath_records(user: &User) -> Vec<Value> {
    user.methods
        .totp
        .iter()
        .map(|t| {
            json!({
                "@odata.type": "#microsoft.graph.softwareOathAuthenticationMethod",
                "id": t.id,
                "createdDateTime": graph_time(t.created_ms),
                "secretKey": null,
            })
        })
        .collect()
}

fn phone_records(user: &User) -> Vec<Value> {
    user.methods
        .phone
        .iter()
        .map(|(id, number)| {
            json!({
                "@odata.type": "#microsoft.graph.phoneAuthenticationMethod",
                "id": id,
                "createdDateTime": null,
                "phoneNumber": number,
                "phoneType": "mobile",
                "smsSignInState": "notSupported",
            })
        })
        .collect()
}

fn passkey_records(user: &User) -> Vec<Value> {
    user.methods
        .fido2
        .iter()
        .map(|k| {
            json!({
                "@odata.type": "#microsoft.graph.fido2AuthenticationMethod",
                "id": k.id,
                "createdDateTime": graph_time(k.created_ms),
                "displayName": k.display_name,
                "aaGuid": k.aa_guid,
                "model": "Simulated key",
                "attestationLevel": "notAttested",
                "attestationCertificates": [],
                "passkeyType": "deviceBound",
            })
        })
        .collect()
}

fn pass_record(pass: &AccessPass, now: i64) -> Value {
    let end = pass.start_ms + pass.lifetime_minutes * 60_000;
    let reason = if now < pass.start_ms {
        "NotYetValid"
    } else if now >= end {
        "Expired"
    } else {
        "EnabledByPolicy"
    };
    json!({
        "@odata.type": "#microsoft.graph.temporaryAccessPassAuthenticationMethod",
        "id": pass.id,
        "createdDateTime": graph_time(pass.created_ms),
        "temporaryAccessPass": null,
        "startDateTime": graph_time(pass.start_ms),
        "lifetimeInMinutes": pass.lifetime_minutes,
        "isUsableOnce": pass.once,
        "isUsable": reason == "EnabledByPolicy",
        "methodUsabilityReason": reason,
    })
}

fn pass_records(user: &User, now: i64) -> Vec<Value> {
    user.methods.pass.iter().map(|p| pass_record(p, now)).collect()
}

pub(crate) fn all(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let user = readable(call)?;
    let mut records = vec![password_record(&user)];
    records.extend(oath_records(&user));
    records.extend(phone_records(&user));
    records.extend(passkey_records(&user));
    records.extend(pass_records(&user, call.now));
    odata::list(call, "users/authentication/methods", records, None)
}

pub(crate) fn passwords(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let user = readable(call)?;
    odata::list(call, "users/authentication/passwordMethods", vec![password_record(&user)], None)
}

pub(crate) fn software_oath(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let user = readable(call)?;
    odata::list(call, "users/authentication/softwareOathMethods", oath_records(&user), None)
}

pub(crate) fn phones(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let user = readable(call)?;
    odata::list(call, "users/authentication/phoneMethods", phone_records(&user), None)
}

pub(crate) fn authenticators(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    readable(call)?;
    odata::list(call, "users/authentication/microsoftAuthenticatorMethods", Vec::new(), None)
}

pub(crate) fn passkeys(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let user = readable(call)?;
    odata::list(call, "users/authentication/fido2Methods", passkey_records(&user), None)
}

pub(crate) fn passes(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let user = readable(call)?;
    odata::list(call, "users/authentication/temporaryAccessPassMethods", pass_records(&user, call.now), None)
}

/// Removes by a closure that says whether something was there.
fn remove(call: &mut Call<'_>, take: impl Fn(&mut User, &str) -> bool) -> Result<Reply, GraphError> {
    let id = changeable(call)?;
    let method = call.ids[1].clone();
    let removed = call.tenant_mut().user_mut(&id).is_some_and(|u| take(u, &method));
    if !removed {
        return Err(GraphError::new(404, "resourceNotFound", "The requested method does not exist."));
    }
    call.audit("User deleted security info", "UserManagement", &json!({ "id": id, "type": "User" }));
    Ok(Reply::no_content())
}

pub(crate) fn delete_software_oath(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    remove(call, |u, id| u.methods.totp.take_if(|t| t.id == id).is_some())
}

pub(crate) fn delete_phone(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    remove(call, |u, id| u.methods.phone.take_if(|p| p.0 == id).is_some())
}

pub(crate) fn delete_pass(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    remove(call, |u, id| u.methods.pass.take_if(|p| p.id == id).is_some())
}

pub(crate) fn delete_passkey(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    remove(call, |u, id| {
        let before = u.methods.fido2.len();
        u.methods.fido2.retain(|k| k.id != id);
        u.methods.fido2.len() < before
    })
}

pub(crate) fn create_pass(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let id = changeable(call)?;
    if !call.tenant().method_states.iter().any(|(name, on)| name == "TemporaryAccessPass" && *on) {
        return Err(GraphError::new(
            400,
            "badRequest",
            "Temporary Access Pass is not enabled by policy for this user.",
        ));
    }
    let body = call.object()?.clone();
    let minutes = body.get("lifetimeInMinutes").and_then(Value::as_i64).unwrap_or(60);
    if !(10..=43_200).contains(&minutes) {
        return Err(GraphError::new(400, "badRequest", "lifetimeInMinutes must be between 10 and 43200."));
    }
    let start_ms = match body.get("startDateTime").and_then(Value::as_str) {
        Some(text) => {
            parse_time(text).ok_or_else(|| GraphError::new(400, "badRequest", "startDateTime is malformed."))?
        }
        None => call.now,
    };
    let pass = AccessPass {
        id: call.world.rng.guid(),
        once: body.get("isUsableOnce").and_then(Value::as_bool).unwrap_or(false),
        start_ms,
        lifetime_minutes: minutes,
        created_ms: call.now,
    };
    let mut object = pass_record(&pass, call.now);
    // The value is in this answer and in no other.
    object["temporaryAccessPass"] =
        call.world.rng.text(8, b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789").into();
    if let Some(user) = call.tenant_mut().user_mut(&id) {
        user.methods.pass = Some(pass);
    }
    call.audit("Admin registered security info", "UserManagement", &json!({ "id": id, "type": "User" }));
    object["@odata.context"] =
        format!("{}/v1.0/$metadata#users/authentication/temporaryAccessPassMethods/$entity", call.world.graph).into();
    Ok(Reply::created(object))
}

/// The asynchronous reset: the answer says only where to look, and the person must change the password at next sign-in.
pub(crate) fn reset_password(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let id = changeable(call)?;
    if id == call.caller.id {
        return Err(GraphError::access_denied());
    }
    if call.ids[1] != PASSWORD_METHOD {
        return Err(GraphError::new(404, "resourceNotFound", "The requested method does not exist."));
    }
    let given = match &call.request.body {
        crate::graph::call::Body::None => None,
        _ => call.object()?.get("newPassword").and_then(Value::as_str).map(str::to_owned),
    };
    let generated = given.is_none().then(|| call.world.rng.password());
    let secret = given.or_else(|| generated.clone()).unwrap_or_default();
    let (now, delay) = (call.now, call.world.settings.proof_delay_ms);
    let operation = call.world.rng.guid();
    let banned = call.tenant().banned_words.clone();
    let user = call.tenant_mut().user_mut(&id).ok_or_else(|| GraphError::not_found(&id))?;
    let (status, detail) = match password::judge(&secret, &user.upn, &banned) {
        Ok(()) => {
            user.change_password(&secret, now, delay);
            user.sessions_valid_from_ms = now;
            user.force_change = true;
            ("succeeded", "ResetSuccess")
        }
        // The refusal comes in the operation, not in this answer.
        Err(_) => ("failed", "PasswordPolicyError"),
    };
    let record = json!({
        "id": operation,
        "status": status,
        "statusDetail": detail,
        "createdDateTime": graph_time(now),
        "lastActionDateTime": graph_time(now),
        "resourceLocation": format!("{}/v1.0/users/{id}/authentication/methods/{PASSWORD_METHOD}", call.world.graph),
    });
    call.tenant_mut().operations.push((id.clone(), operation.clone(), record));
    call.audit("Reset user password", "UserManagement", &json!({ "id": id, "type": "User" }));
    let location = format!("{}/v1.0/users/{id}/authentication/operations/{operation}", call.world.graph);
    let mut body = json!({ "@odata.context": format!("{}/v1.0/$metadata#microsoft.graph.passwordResetResponse", call.world.graph) });
    body["newPassword"] = generated.map_or(Value::Null, Value::String);
    Ok(Reply { status: 202, headers: vec![("Location".to_owned(), location)], body: Some(body) })
}

pub(crate) fn operation(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let user = readable(call)?;
    let id = &call.ids[1];
    let record = call
        .tenant()
        .operations
        .iter()
        .find(|(owner, operation, _)| *owner == user.id && operation == id)
        .map(|(_, _, record)| record.clone())
        .ok_or_else(|| GraphError::not_found(id))?;
    odata::entity(call, "users/authentication/operations", record, None)
}
