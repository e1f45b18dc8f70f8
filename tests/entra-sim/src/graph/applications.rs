//! App registrations and their credentials.

use serde_json::{Map, Value, json};

use crate::catalog::{self, role};
use crate::clock::{graph_time, parse_time};
use crate::graph::call::{Call, Reply};
use crate::graph::error::GraphError;
use crate::graph::odata;
use crate::oauth::jwt::{Parts, certificate_validity, thumbprint};
use crate::tenant::{Application, Federated, Key, Secret, Tenant, Trait};

/// Audience of a proof of possession: Microsoft Graph, by the page as it is now.
const PROOF_AUDIENCE: &str = catalog::GRAPH_APP_ID;
/// The same by an older version of the page: Azure AD Graph.
const OLDER_PROOF_AUDIENCE: &str = "00000002-0000-0000-c000-000000000000";
/// Longest life of a proof.
const PROOF_LIFE_S: i64 = 600;
const DAY_MS: i64 = 24 * 3600 * 1000;

pub(crate) fn record(tenant: &Tenant, app: &Application) -> Value {
    json!({
        "id": app.id,
        "deletedDateTime": app.deleted_ms.map(graph_time),
        "appId": app.app_id,
        "createdDateTime": graph_time(app.created_ms),
        "displayName": app.display_name,
        "description": app.description,
        "notes": app.notes,
        "identifierUris": [],
        "publisherDomain": tenant.initial_domain(),
        "signInAudience": app.audience,
        "tags": app.tags,
        "isFallbackPublicClient": app.public_flows,
        "groupMembershipClaims": null,
        "appRoles": [],
        "keyCredentials": app.keys.iter().map(|k| key_record(k, false)).collect::<Vec<_>>(),
        "passwordCredentials": app.secrets.iter().map(secret_record).collect::<Vec<_>>(),
        "publicClient": { "redirectUris": app.native_redirects },
        "spa": { "redirectUris": app.spa_redirects },
        "web": { "redirectUris": app.web_redirects, "homePageUrl": null, "logoutUrl": null },
        "requiredResourceAccess": app.required_access,
    })
}

/// `key` itself is shown only on request.
pub(crate) fn key_record(key: &Key, with_key: bool) -> Value {
    json!({
        "keyId": key.key_id,
        "customKeyIdentifier": data_encoding::BASE64.encode(&thumbprint(&key.der)),
        "displayName": key.display_name,
        "startDateTime": graph_time(key.start_ms),
        "endDateTime": graph_time(key.end_ms),
        "type": "AsymmetricX509Cert",
        "usage": "Verify",
        "key": if with_key { Value::String(data_encoding::BASE64.encode(&key.der)) } else { Value::Null },
    })
}

pub(crate) fn secret_record(secret: &Secret) -> Value {
    json!({
        "keyId": secret.key_id,
        "customKeyIdentifier": null,
        "displayName": secret.display_name,
        "startDateTime": graph_time(secret.start_ms),
        "endDateTime": graph_time(secret.end_ms),
        "hint": secret.text.chars().take(3).collect::<String>(),
        "secretText": null,
    })
}

/// The object id of an application readers can see.
fn visible(call: &Call<'_>) -> Result<String, GraphError> {
    let key = &call.ids[0];
    call.tenant()
        .applications
        .iter()
        .find(|a| a.deleted_ms.is_none() && a.id == *key && a.visible_from_ms <= call.now)
        .map(|a| a.id.clone())
        .ok_or_else(|| GraphError::not_found(key))
}

fn application<'a>(call: &'a mut Call<'_>, id: &str) -> Result<&'a mut Application, GraphError> {
    call.tenant_mut().applications.iter_mut().find(|a| a.id == id).ok_or_else(|| GraphError::not_found(id))
}

/// An administrator of applications, or the owner; an application with `OwnedBy` reaches what it created, or itself.
fn need_ownership(call: &Call<'_>, id: &str) -> Result<(), GraphError> {
    let app = call.tenant().application(id).ok_or_else(|| GraphError::not_found(id))?;
    let owner = app.owners.contains(&call.caller.id);
    if call.caller.delegated {
        if owner { Ok(()) } else { call.need_role(&[role::APPLICATION_ADMIN, role::GLOBAL_ADMIN]) }
    } else if call.caller.has(&["Application.ReadWrite.All"]) || owner || app.app_id == call.caller.app_id {
        Ok(())
    } else {
        Err(GraphError::denied())
    }
}

pub(crate) fn list(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let now = call.now;
    let tenant = call.tenant();
    let all = tenant
        .applications
        .iter()
        .filter(|a| a.deleted_ms.is_none() && a.visible_from_ms <= now)
        .map(|a| record(tenant, a))
        .collect();
    odata::list(call, "applications", all, None)
}

pub(crate) fn read(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let id = visible(call)?;
    let tenant = call.tenant();
    let app = tenant.application(&id).ok_or_else(|| GraphError::not_found(&id))?;
    let mut object = record(tenant, app);
    // The key itself comes only when it is asked for by name, on one application.
    if odata::option(call.request, "$select").is_some_and(|s| s.split(',').any(|n| n.trim() == "keyCredentials")) {
        object["keyCredentials"] = app.keys.iter().map(|k| key_record(k, true)).collect();
    }
    odata::entity(call, "applications", object, None)
}

fn texts(value: Option<&Value>) -> Option<Vec<String>> {
    value?.as_array().map(|l| l.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect())
}

/// Reads new key credentials; one that repeats a kept `keyId` keeps the kept certificate, ended or not.
pub(crate) fn keys(call: &mut Call<'_>, list: &Value, kept: &[Key]) -> Result<Vec<Key>, GraphError> {
    let list = list.as_array().ok_or_else(|| GraphError::bad("keyCredentials must be a collection."))?;
    let mut keys = Vec::new();
    for one in list {
        let id = one["keyId"].as_str();
        let given = one["key"].as_str().and_then(|key| data_encoding::BASE64.decode(key.as_bytes()).ok());
        if let Some(old) = kept.iter().find(|k| id == Some(&k.key_id))
            && given.is_none_or(|der| der == old.der)
        {
            keys.push(old.clone());
            continue;
        }
        keys.push(key(call, one)?);
    }
    Ok(keys)
}

fn key(call: &mut Call<'_>, one: &Value) -> Result<Key, GraphError> {
    let invalid = |why: &str| GraphError::new(400, "KeyCredentialsInvalid", why);
    if one["type"] != "AsymmetricX509Cert" || one["usage"] != "Verify" {
        return Err(invalid("Only AsymmetricX509Cert for Verify is known here."));
    }
    let der = one["key"]
        .as_str()
        .and_then(|k| data_encoding::BASE64.decode(k.as_bytes()).ok())
        .ok_or_else(|| invalid("The key is not base64."))?;
    let (start, end) = certificate_validity(&der).ok_or_else(|| invalid("The key is not an RSA certificate."))?;
    if end <= call.now {
        return Err(GraphError::new(400, "KeyCredentialsInvalidEndDate", "The certificate has expired."));
    }
    let time = |name: &str, default: i64| match one[name].as_str() {
        Some(text) => parse_time(text).ok_or_else(|| invalid("A date is malformed.")),
        None => Ok(default),
    };
    let (start_ms, end_ms) = (time("startDateTime", start)?, time("endDateTime", end)?);
    if end_ms > end {
        return Err(GraphError::new(400, "KeyCredentialsInvalidEndDate", "Key credential end date is invalid."));
    }
    Ok(Key {
        key_id: one["keyId"].as_str().map_or_else(|| call.world.rng.guid(), str::to_owned),
        der,
        display_name: one["displayName"].as_str().map(str::to_owned),
        start_ms,
        end_ms,
        known_from_ms: call.now + call.world.settings.certificate_delay_ms,
    })
}

/// Writes the given properties; what is absent stays.
fn fill(call: &mut Call<'_>, app: &mut Application, body: &Map<String, Value>) -> Result<(), GraphError> {
    const KNOWN: &[&str] = &[
        "displayName",
        "signInAudience",
        "requiredResourceAccess",
        "keyCredentials",
        "publicClient",
        "spa",
        "web",
        "isFallbackPublicClient",
        "tags",
        "notes",
        "description",
        "passwordCredentials",
        "@odata.type",
    ];
    if let Some(unknown) = body.keys().find(|k| !KNOWN.contains(&k.as_str())) {
        return Err(GraphError::bad(&format!("One or more property values specified are invalid: '{unknown}'.")));
    }
    if let Some(name) = body.get("displayName").and_then(Value::as_str) {
        if name.is_empty() || name.len() > 256 {
            return Err(GraphError::bad(
                "Invalid value specified for property 'displayName' of resource 'Application'.",
            ));
        }
        name.clone_into(&mut app.display_name);
    }
    if let Some(audience) = body.get("signInAudience").and_then(Value::as_str) {
        if !["AzureADMyOrg", "AzureADMultipleOrgs", "AzureADandPersonalMicrosoftAccount"].contains(&audience) {
            return Err(GraphError::bad(
                "Invalid value specified for property 'signInAudience' of resource 'Application'.",
            ));
        }
        audience.clone_into(&mut app.audience);
    }
    if body.get("passwordCredentials").and_then(Value::as_array).is_some_and(|l| !l.is_empty()) {
        return Err(GraphError::bad("Use addPassword to add a secret."));
    }
    if let Some(list) = body.get("keyCredentials") {
        app.keys = keys(call, list, &app.keys)?;
    }
    if let Some(access) = body.get("requiredResourceAccess").filter(|v| v.is_array()) {
        app.required_access = access.clone();
    }
    if let Some(on) = body.get("isFallbackPublicClient").and_then(Value::as_bool) {
        app.public_flows = on;
    }
    for (platform, list) in
        [("publicClient", &mut app.native_redirects), ("spa", &mut app.spa_redirects), ("web", &mut app.web_redirects)]
    {
        if let Some(uris) = body.get(platform).and_then(|p| texts(p.get("redirectUris"))) {
            *list = uris;
        }
    }
    if let Some(tags) = texts(body.get("tags")) {
        app.tags = tags;
    }
    for (name, slot) in [("notes", &mut app.notes), ("description", &mut app.description)] {
        if let Some(value) = body.get(name) {
            *slot = value.as_str().map(str::to_owned);
        }
    }
    Ok(())
}

/// An application owns what it creates, and so does a person who may create only as an owner. Who may create any
/// application (`microsoft.directory/applications/create`, which the administrators' roles hold) is not made one.
pub(crate) fn first_owner(call: &Call<'_>) -> Vec<String> {
    let admins = [role::APPLICATION_ADMIN, role::GLOBAL_ADMIN];
    let admin = call.caller.delegated && call.tenant().holds(&call.caller.id, &admins);
    if admin && !call.tenant().has(Trait::CreatorOwns) { Vec::new() } else { vec![call.caller.id.clone()] }
}

/// Owners as directory objects.
pub(crate) fn owner_records(tenant: &Tenant, owners: &[String], now: i64) -> Vec<Value> {
    let record = |id: &String| match (tenant.user(id), tenant.principal(id)) {
        (Some(user), _) => {
            let mut object = crate::graph::users::record(user, now);
            object["@odata.type"] = "#microsoft.graph.user".into();
            object
        }
        (None, Some(principal)) => {
            let mut object = crate::graph::principals::record(tenant, principal);
            object["@odata.type"] = "#microsoft.graph.servicePrincipal".into();
            object
        }
        (None, None) => json!({ "@odata.type": "#microsoft.graph.directoryObject", "id": id }),
    };
    owners.iter().map(record).collect()
}

pub(crate) fn owners(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let id = visible(call)?;
    let owners = application(call, &id)?.owners.clone();
    let all = owner_records(call.tenant(), &owners, call.now);
    odata::list(call, "directoryObjects", all, Some(&["id", "displayName", "userPrincipalName", "appId"]))
}

pub(crate) fn remove_owner(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let id = visible(call)?;
    need_ownership(call, &id)?;
    let owner = call.ids[1].clone();
    let owners = &mut application(call, &id)?.owners;
    let before = owners.len();
    owners.retain(|known| *known != owner);
    if owners.len() == before {
        return Err(GraphError::not_found(&owner));
    }
    call.audit("Remove owner from application", "ApplicationManagement", &json!({ "id": id, "type": "Application" }));
    Ok(Reply::no_content())
}

pub(crate) fn federated(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let id = visible(call)?;
    let record = |one: &Federated| {
        json!({
            "id": one.id, "name": one.name, "issuer": one.issuer, "subject": one.subject,
            "description": null, "audiences": ["api://AzureADTokenExchange"],
        })
    };
    let all = application(call, &id)?.federated.iter().map(record).collect();
    odata::list(call, "applications/federatedIdentityCredentials", all, None)
}

pub(crate) fn delete_federated(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let id = visible(call)?;
    need_ownership(call, &id)?;
    let wanted = call.ids[1].clone();
    let all = &mut application(call, &id)?.federated;
    let before = all.len();
    all.retain(|one| one.id != wanted);
    if all.len() == before { Err(GraphError::not_found(&wanted)) } else { Ok(Reply::no_content()) }
}

pub(crate) fn create(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let body = call.object()?.clone();
    if !body.get("displayName").is_some_and(Value::is_string) {
        return Err(GraphError::bad("A value is required for property 'displayName' of resource 'Application'."));
    }
    let (id, app_id) = (call.world.rng.guid(), call.world.rng.guid());
    let mut app = Application {
        id: id.clone(),
        app_id: app_id.clone(),
        display_name: String::new(),
        audience: "AzureADMyOrg".to_owned(),
        public_flows: false,
        native_redirects: Vec::new(),
        spa_redirects: Vec::new(),
        web_redirects: Vec::new(),
        required_access: json!([]),
        tags: Vec::new(),
        notes: None,
        description: None,
        keys: Vec::new(),
        secrets: Vec::new(),
        owners: first_owner(call),
        federated: Vec::new(),
        created_ms: call.now,
        visible_from_ms: call.replicated(),
        deleted_ms: None,
    };
    fill(call, &mut app, &body)?;
    let tenant = call.caller.tenant;
    let mut object = record(call.tenant(), &app);
    call.tenant_mut().applications.push(app);
    call.world.note_application(&app_id, tenant);
    call.audit("Add application", "ApplicationManagement", &json!({ "id": id, "type": "Application" }));
    object["@odata.context"] = format!("{}/v1.0/$metadata#applications/$entity", call.world.graph).into();
    Ok(Reply::created(object))
}

pub(crate) fn change(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let id = visible(call)?;
    need_ownership(call, &id)?;
    let body = call.object()?.clone();
    let mut app = application(call, &id)?.clone();
    fill(call, &mut app, &body)?;
    *application(call, &id)? = app;
    call.audit("Update application", "ApplicationManagement", &json!({ "id": id, "type": "Application" }));
    Ok(Reply::no_content())
}

pub(crate) fn delete(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let id = visible(call)?;
    need_ownership(call, &id)?;
    let now = call.now;
    let app = application(call, &id)?;
    app.deleted_ms = Some(now);
    let app_id = app.app_id.clone();
    // The service principal in the home tenant goes with its application.
    for sp in call.tenant_mut().principals.iter_mut().filter(|p| p.app_id == app_id) {
        sp.deleted_ms = Some(now);
    }
    call.audit("Delete application", "ApplicationManagement", &json!({ "id": id, "type": "Application" }));
    Ok(Reply::no_content())
}

pub(crate) fn add_password(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let id = visible(call)?;
    need_ownership(call, &id)?;
    if call.tenant().has(Trait::SecretsRefused) {
        return Err(GraphError::new(
            400,
            "CredentialTypeNotAllowedAsPerAppPolicy",
            "Credential type not allowed as per assigned policy.",
        ));
    }
    let wanted = call.object()?.get("passwordCredential").cloned().unwrap_or(Value::Null);
    let end_ms = match wanted["endDateTime"].as_str() {
        Some(text) => parse_time(text).ok_or_else(|| GraphError::bad("A date is malformed."))?,
        None => call.now + 730 * DAY_MS,
    };
    let secret = Secret {
        key_id: call.world.rng.guid(),
        text: call.world.rng.token(30),
        display_name: wanted["displayName"].as_str().map(str::to_owned),
        start_ms: call.now,
        end_ms,
    };
    let mut object = secret_record(&secret);
    object["secretText"] = secret.text.clone().into();
    application(call, &id)?.secrets.push(secret);
    Ok(Reply::ok(with_type(call, object, "passwordCredential")))
}

fn with_type(call: &Call<'_>, mut object: Value, kind: &str) -> Value {
    object["@odata.context"] = format!("{}/v1.0/$metadata#microsoft.graph.{kind}", call.world.graph).into();
    object
}

pub(crate) fn remove_password(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let id = visible(call)?;
    need_ownership(call, &id)?;
    let key_id = call.object()?.get("keyId").and_then(Value::as_str).unwrap_or_default().to_owned();
    let app = application(call, &id)?;
    let before = app.secrets.len();
    app.secrets.retain(|s| s.key_id != key_id);
    if app.secrets.len() == before {
        Err(GraphError::bad("No password credential found with keyId."))
    } else {
        Ok(Reply::no_content())
    }
}

/// Checks the proof of possession: a JWT signed by a certificate that the application holds already.
///
/// An application that rolls its own key needs no permission; anybody else needs one and the proof.
fn prove(call: &Call<'_>, id: &str) -> Result<(), GraphError> {
    let app = call.tenant().application(id).ok_or_else(|| GraphError::not_found(id))?;
    let own = !call.caller.delegated && call.caller.app_id == app.app_id;
    if !own {
        let wanted = ["Application.ReadWrite.All", "Application.ReadWrite.OwnedBy", "Directory.ReadWrite.All"];
        if !call.caller.has(&wanted) {
            return Err(GraphError::denied());
        }
        need_ownership(call, id)?;
    }
    let refused = || GraphError::new(400, "Authentication_MissingOrMalformed", "The proof of possession is not valid.");
    let proof = call.object()?.get("proof").and_then(Value::as_str).ok_or_else(refused)?;
    let parts = Parts::read(proof).ok_or_else(refused)?;
    let now_s = call.now / 1000;
    let (Some(from), Some(until)) = (parts.claims["nbf"].as_i64(), parts.claims["exp"].as_i64()) else {
        return Err(refused());
    };
    // Microsoft's page: issuer is the object id "(not the appId)", the token lives ten minutes at most, and its sample
    // signs with RS256.
    let issuer = parts.claims["iss"] == *id;
    let timely = from - 300 <= now_s && now_s <= until && until - from <= PROOF_LIFE_S;
    let alive = |k: &&Key| k.start_ms <= call.now && k.end_ms > call.now;
    let signed = parts.header["alg"] == "RS256"
        && app.keys.iter().filter(alive).any(|k| parts.names(&k.der) && parts.signed_by(&k.der));
    let older = call.tenant().has(Trait::OlderProofAudience);
    let audience = parts.claims["aud"] == if older { OLDER_PROOF_AUDIENCE } else { PROOF_AUDIENCE };
    if issuer && timely && signed && audience { Ok(()) } else { Err(refused()) }
}

pub(crate) fn add_key(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let id = visible(call)?;
    prove(call, &id)?;
    let wanted = call.object()?.get("keyCredential").cloned().unwrap_or(Value::Null);
    let made = key(call, &wanted)?;
    let object = key_record(&made, false);
    let app = application(call, &id)?;
    if app.keys.iter().any(|k| k.der == made.der) {
        return Err(GraphError::conflict("keyCredential"));
    }
    app.keys.push(made);
    call.audit(
        "Update application – Certificates and secrets management",
        "ApplicationManagement",
        &json!({ "id": id, "type": "Application" }),
    );
    Ok(Reply::ok(with_type(call, object, "keyCredential")))
}

pub(crate) fn remove_key(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let id = visible(call)?;
    prove(call, &id)?;
    let key_id = call.object()?.get("keyId").and_then(Value::as_str).unwrap_or_default().to_owned();
    let app = application(call, &id)?;
    let before = app.keys.len();
    app.keys.retain(|k| k.key_id != key_id);
    if app.keys.len() == before {
        return Err(GraphError::bad("No key credential found with keyId."));
    }
    call.audit(
        "Update application – Certificates and secrets management",
        "ApplicationManagement",
        &json!({ "id": id, "type": "Application" }),
    );
    Ok(Reply::no_content())
}
