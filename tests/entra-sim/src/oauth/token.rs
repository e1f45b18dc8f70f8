//! The token endpoint and the device authorization endpoint.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::catalog;
use crate::oauth::assertion::{self, Presented, Proof};
use crate::oauth::discovery::{Authority, authority};
use crate::oauth::error::{Refusal, slow_down};
use crate::oauth::jwt::{challenge_of, signing_key};
use crate::oauth::scope;
use crate::tenant::Trait;
use crate::world::{Client, DeviceCode, DeviceState, RefreshToken, Subject, World};

/// Inactivity after which a refresh token ends.
const REFRESH_LIFE_MS: i64 = 90 * 24 * 3600 * 1000;

/// A form as it came; a repeated field keeps its last value.
pub(crate) type Form = HashMap<String, String>;

/// Status and body of an answer.
pub(crate) type Answer = (axum::http::StatusCode, Value);

fn need<'a>(form: &'a Form, name: &str) -> Result<&'a str, Refusal> {
    form.get(name).map(String::as_str).filter(|v| !v.is_empty()).ok_or_else(|| Refusal::new(90014).about(name))
}

/// A client that may be used with this authority.
pub(crate) fn client_at(world: &World, at: Authority, app_id: &str) -> Result<Client, Refusal> {
    let client = world.client(app_id).ok_or_else(|| Refusal::new(700_016).about(app_id))?;
    match (&client.home, at) {
        (Some(_), Authority::Any | Authority::Consumers) => Err(Refusal::new(50194).about(app_id)),
        (Some(home), Authority::Tenant(t)) if *home != world.tenants[t].id => Err(Refusal::new(700_016).about(app_id)),
        _ => Ok(client),
    }
}

/// Hands out a device code (RFC 8628, section 3.2).
pub(crate) fn device_code(world: &mut World, segment: &str, form: &Form) -> Result<Value, Refusal> {
    let at = authority(world, segment)?;
    let client = client_at(world, at, need(form, "client_id")?)?;
    let graph = world.graph.clone();
    let scopes = scope::delegated(need(form, "scope")?, &graph)?;
    let device_code = world.rng.token(48);
    // No look-alikes: a person types this.
    let user_code = world.rng.text(9, b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789");
    let expires_ms = world.now_ms() + world.settings.device_expiry_s * 1000;
    world.device_codes.insert(
        device_code.clone(),
        DeviceCode {
            user_code: user_code.clone(),
            client_id: client.app_id,
            authority: segment.to_owned(),
            scopes,
            expires_ms,
            last_poll_ms: None,
            state: DeviceState::Pending,
        },
    );
    let page = format!("{}/devicelogin", world.login);
    Ok(json!({
        "device_code": device_code,
        "user_code": user_code,
        "verification_uri": page,
        "expires_in": world.settings.device_expiry_s,
        "interval": world.settings.device_interval_s,
        "message": format!("To sign in, use a web browser to open the page {page} and enter the code {user_code} to authenticate."),
    }))
}

/// Answers the token endpoint.
pub(crate) fn token(world: &mut World, segment: &str, form: &Form, origin: bool) -> Answer {
    let correlation = form.get("client-request-id").cloned();
    let result = match form.get("grant_type").map(String::as_str) {
        Some("authorization_code") => by_code(world, segment, form, origin),
        Some("refresh_token") => by_refresh(world, segment, form),
        Some("urn:ietf:params:oauth:grant-type:device_code" | "device_code") => {
            match by_device_code(world, segment, form) {
                Ok(Some(body)) => Ok(body),
                Ok(None) => return (axum::http::StatusCode::BAD_REQUEST, slow_down(world)),
                Err(refusal) => Err(refusal),
            }
        }
        Some("client_credentials") => by_client_credentials(world, segment, form),
        Some(other) => Err(Refusal::new(70003).about(other)),
        None => Err(Refusal::new(90014).about("grant_type")),
    };
    match result {
        Ok(body) => {
            let kinds = ["access_token", "refresh_token", "id_token"];
            let issued = kinds.iter().filter_map(|kind| body[*kind].as_str().map(str::to_owned));
            world.issued.extend(issued);
            (axum::http::StatusCode::OK, body)
        }
        Err(refusal) => (refusal.status(), refusal.body(world, correlation.as_deref())),
    }
}

/// The public client behind a user's grant; a credential from it is refused, and so is a confidential client without one.
fn user_client(world: &World, at: Authority, form: &Form) -> Result<Client, Refusal> {
    let client = client_at(world, at, need(form, "client_id")?)?;
    let credential = form.contains_key("client_secret") || form.contains_key("client_assertion");
    match (client.public_flows, credential) {
        (true, true) => Err(Refusal::new(700_025)),
        (false, false) if client.native_redirects.is_empty() => Err(Refusal::new(7_000_218)),
        _ => Ok(client),
    }
}

fn by_code(world: &mut World, segment: &str, form: &Form, origin: bool) -> Result<Value, Refusal> {
    let at = authority(world, segment)?;
    let client = user_client(world, at, form)?;
    let now = world.now_ms();
    let redirect = need(form, "redirect_uri")?;
    let known = world.auth_codes.get_mut(need(form, "code")?).ok_or_else(|| Refusal::new(70000))?;
    if known.used {
        return Err(Refusal::new(54005));
    }
    if known.client_id != client.app_id {
        return Err(Refusal::new(70000));
    }
    if known.expires_ms < now {
        return Err(Refusal::new(70008));
    }
    if known.redirect_uri != redirect {
        return Err(Refusal::new(50011).about(redirect));
    }
    if client.spa_redirects.iter().any(|r| same_redirect(r, redirect)) && !origin {
        return Err(Refusal::new(9_002_327));
    }
    match (&known.challenge, form.get("code_verifier")) {
        (Some(challenge), Some(verifier)) if challenge_of(verifier) == *challenge => {}
        (None, None) => {}
        _ => return Err(Refusal::new(501_481)),
    }
    known.used = true;
    let code = known.clone();
    if let Authority::Tenant(t) = at
        && t != code.subject.tenant
    {
        return Err(Refusal::new(50020));
    }
    let client_info = code.client_info || form.get("client_info").is_some_and(|v| v == "1");
    let claims = form.get("claims").or(code.claims.as_ref()).cloned();
    Ok(issue(world, &client, &code.subject, &code.scopes, now, code.nonce.as_deref(), client_info, claims.as_deref()))
}

/// `Ok(None)` means the poll came too early.
fn by_device_code(world: &mut World, segment: &str, form: &Form) -> Result<Option<Value>, Refusal> {
    let at = authority(world, segment)?;
    let client = client_at(world, at, need(form, "client_id")?)?;
    if !client.public_flows {
        return Err(Refusal::new(7_000_218));
    }
    let now = world.now_ms();
    let interval_ms = world.settings.device_interval_s * 1000;
    let slow_down = world.settings.device_slow_down;
    let known = world
        .device_codes
        .get_mut(need(form, "device_code")?)
        .filter(|d| d.client_id == client.app_id)
        .ok_or_else(|| Refusal::new(70018))?;
    if matches!(known.state, DeviceState::Pending) && known.expires_ms < now {
        return Err(Refusal::new(70020));
    }
    match known.state.clone() {
        DeviceState::Pending => {
            // Half a second of grace: timers of clients are not exact.
            let early = known.last_poll_ms.is_some_and(|last| now - last + 500 < interval_ms);
            known.last_poll_ms = Some(now);
            if early && slow_down { Ok(None) } else { Err(Refusal::new(70016)) }
        }
        DeviceState::Declined => Err(Refusal::new(65004)),
        DeviceState::Refused(code) => Err(Refusal::new(code)),
        DeviceState::Redeemed => Err(Refusal::new(70018)),
        DeviceState::Approved(subject) => {
            known.state = DeviceState::Redeemed;
            let scopes = known.scopes.clone();
            let client_info = form.get("client_info").is_some_and(|v| v == "1");
            let claims = form.get("claims").map(String::as_str);
            Ok(Some(issue(world, &client, &subject, &scopes, now, None, client_info, claims)))
        }
    }
}

fn by_refresh(world: &mut World, segment: &str, form: &Form) -> Result<Value, Refusal> {
    let at = authority(world, segment)?;
    let client = user_client(world, at, form)?;
    let now = world.now_ms();
    let held = world
        .refresh_tokens
        .get(need(form, "refresh_token")?)
        .filter(|r| r.client_id == client.app_id)
        .cloned()
        .ok_or_else(|| Refusal::new(70000))?;
    if let Authority::Tenant(t) = at
        && t != held.subject.tenant
    {
        return Err(Refusal::new(50020));
    }
    if now - held.issued_ms > REFRESH_LIFE_MS {
        return Err(Refusal::new(700_082));
    }
    let tenant = &world.tenants[held.subject.tenant];
    if tenant.sign_in_frequency_ms.is_some_and(|f| now - held.signed_in_ms > f) {
        return Err(Refusal::new(70043));
    }
    let user = tenant.user(&held.subject.user_id).ok_or_else(|| Refusal::new(50034))?;
    if !user.enabled {
        return Err(Refusal::new(50057));
    }
    if user.sessions_valid_from_ms > held.signed_in_ms {
        return Err(Refusal::new(50173));
    }
    let answers = |claims: &String| with_claims_answer(json!({}), Some(claims))["sim_challenge"].is_string();
    if tenant.has(Trait::ChallengeNeedsPerson) && form.get("claims").is_some_and(answers) {
        return Err(Refusal::with_challenge(50076));
    }
    let graph = world.graph.clone();
    let scopes = match form.get("scope") {
        Some(text) => scope::delegated(text, &graph)?,
        None => held.scopes.clone(),
    };
    consented(world, &client, &held.subject, &scopes)?;
    let client_info = form.get("client_info").is_some_and(|v| v == "1");
    let claims = form.get("claims").cloned();
    Ok(issue(world, &client, &held.subject, &scopes, held.signed_in_ms, None, client_info, claims.as_deref()))
}

/// AADSTS65001 if a Graph permission among `scopes` was not consented.
pub(crate) fn consented(world: &World, client: &Client, who: &Subject, scopes: &[String]) -> Result<(), Refusal> {
    let tenant = &world.tenants[who.tenant];
    let principal = tenant.principal(&client.app_id).ok_or_else(|| Refusal::new(65001))?;
    match scope::of_graph(scopes).iter().find(|s| !tenant.granted(&principal.id, &who.user_id, s)) {
        Some(missing) => Err(Refusal::new(65001).about(missing)),
        None => Ok(()),
    }
}

/// Makes the tokens of a signed-in user.
#[allow(clippy::too_many_arguments, reason = "these are the inputs of RFC 6749 section 5.1 and OpenID Connect")]
fn issue(
    world: &mut World,
    client: &Client,
    who: &Subject,
    scopes: &[String],
    signed_in_ms: i64,
    nonce: Option<&str>,
    client_info: bool,
    claims: Option<&str>,
) -> Value {
    let now = world.now_ms();
    let tenant = &world.tenants[who.tenant];
    let (tid, tenant_graph_sp) = (tenant.id.clone(), tenant.principal(&client.app_id).map(|p| p.id.clone()));
    let Some(user) = tenant.user(&who.user_id) else { return Value::Null };
    let (upn, name) = (user.upn.clone(), user.display_name.clone());
    // `.default` stands for everything that was consented.
    let mut granted: Vec<String> = scope::of_graph(scopes).iter().map(|s| (*s).to_owned()).collect();
    if scopes.iter().any(|s| s == ".default")
        && let Some(sp) = tenant_graph_sp
    {
        for grant in
            tenant.grants.iter().filter(|g| g.client == sp && g.principal.as_deref().is_none_or(|p| p == who.user_id))
        {
            granted.extend(grant.scope.split_whitespace().map(str::to_owned));
        }
        granted.sort();
        granted.dedup();
    }
    granted.retain(|scope| tenant.withheld.as_ref() != Some(scope));
    let base = json!({
        "aud": world.graph,
        "iss": format!("{}/{tid}/", world.login),
        "iat": now / 1000,
        "nbf": now / 1000,
        "exp": now / 1000 + world.settings.access_token_s,
        "tid": tid,
        "oid": who.user_id,
        "sub": who.user_id,
        "upn": upn,
        "name": name,
        "appid": client.app_id,
        "appidacr": "0",
        "idtyp": "user",
        "scp": granted.join(" "),
        "amr": if who.mfa { json!(["pwd", "mfa"]) } else { json!(["pwd"]) },
        "uti": world.rng.token(16),
        "ver": "1.0",
    });
    let access = with_claims_answer(base, claims);
    let key = signing_key();
    let mut shown = granted;
    shown.extend(scopes.iter().filter(|s| catalog::OPENID_SCOPES.contains(&s.as_str())).cloned());
    let mut answer = json!({
        "token_type": "Bearer",
        "scope": shown.join(" "),
        "expires_in": world.settings.access_token_s,
        "ext_expires_in": world.settings.access_token_s,
        "access_token": key.sign(&access),
    });
    if scopes.iter().any(|s| s == "offline_access") {
        let token = world.rng.token(64);
        world.refresh_tokens.insert(
            token.clone(),
            RefreshToken {
                client_id: client.app_id.clone(),
                scopes: scopes.to_vec(),
                subject: who.clone(),
                issued_ms: now,
                signed_in_ms,
            },
        );
        answer["refresh_token"] = token.into();
    }
    if scopes.iter().any(|s| s == "openid") {
        let mut id = json!({
            "aud": client.app_id,
            "iss": format!("{}/{tid}/v2.0", world.login),
            "iat": now / 1000,
            "nbf": now / 1000,
            "exp": now / 1000 + 3600,
            "tid": tid,
            "oid": who.user_id,
            "sub": who.user_id,
            "ver": "2.0",
        });
        if scopes.iter().any(|s| s == "profile") {
            id["preferred_username"] = upn.into();
            id["name"] = name.into();
        }
        if let Some(nonce) = nonce {
            id["nonce"] = nonce.into();
        }
        answer["id_token"] = key.sign(&id).into();
    }
    if client_info {
        let info = json!({ "uid": who.user_id, "utid": tid }).to_string();
        answer["client_info"] = data_encoding::BASE64URL_NOPAD.encode(info.as_bytes()).into();
    }
    answer
}

/// Carries over what a `claims` parameter asked for: client capabilities, and the answer to a challenge.
fn with_claims_answer(mut token: Value, claims: Option<&str>) -> Value {
    let Some(asked) = claims.and_then(|c| serde_json::from_str::<Value>(c).ok()) else { return token };
    let access = &asked["access_token"];
    if let Some(capabilities) = access["xms_cc"]["values"].as_array() {
        token["xms_cc"] = capabilities.clone().into();
    }
    if let Some(value) = access["nbf"]["value"].as_str() {
        token["sim_challenge"] = value.into();
    }
    token
}

fn by_client_credentials(world: &mut World, segment: &str, form: &Form) -> Result<Value, Refusal> {
    let Authority::Tenant(t) = authority(world, segment)? else { return Err(Refusal::new(9_001_023)) };
    let app_id = need(form, "client_id")?;
    let now = world.now_ms();
    if world.clients.get(app_id).is_some_and(|c| c.public_flows) {
        return Err(Refusal::new(700_025));
    }
    let home = world.app_home(app_id).ok_or_else(|| Refusal::new(700_016).about(app_id))?;
    let app = world.tenants[home]
        .application(app_id)
        .filter(|a| a.visible_from_ms <= now && (home == t || a.audience != "AzureADMyOrg"))
        .ok_or_else(|| Refusal::new(700_016).about(app_id))?;
    let tenant = &world.tenants[t];
    let principal = tenant
        .principal(app_id)
        .filter(|p| p.visible_from_ms <= now)
        .ok_or_else(|| Refusal::new(7_000_229).about(app_id))?;
    if !principal.enabled {
        return Err(Refusal::new(7_000_112).about(app_id));
    }
    let endpoint = |name: &str| format!("{}/{name}/oauth2/v2.0/token", world.login);
    let mut audiences = vec![endpoint(&tenant.id), format!("{}/{}/v2.0", world.login, tenant.id)];
    audiences.extend(tenant.domains.iter().map(|d| endpoint(&d.name)));
    let proof = assertion::check(
        world,
        app,
        &audiences,
        &Presented {
            assertion_type: form.get("client_assertion_type").map(String::as_str),
            assertion: form.get("client_assertion").map(String::as_str),
            secret: form.get("client_secret").map(String::as_str),
        },
    )?;
    if !scope::is_default(need(form, "scope")?, &world.graph) {
        return Err(Refusal::new(70011).about("client credentials ask for .default of one resource"));
    }
    let mut roles: Vec<&str> = tenant
        .app_roles
        .iter()
        .filter(|a| a.principal == principal.id && a.visible_from_ms <= now)
        .filter_map(|a| catalog::app_role_value(&a.app_role_id))
        .collect();
    roles.sort_unstable();
    let mut token = json!({
        "aud": world.graph,
        "iss": format!("{}/{}/", world.login, tenant.id),
        "iat": now / 1000,
        "nbf": now / 1000,
        "exp": now / 1000 + world.settings.access_token_s,
        "tid": tenant.id,
        "oid": principal.id,
        "sub": principal.id,
        "appid": app_id,
        "app_displayname": principal.display_name,
        "appidacr": match proof { Proof::Secret => "1", Proof::Certificate => "2" },
        "idtyp": "app",
        "roles": roles,
        "ver": "1.0",
    });
    token["uti"] = world.rng.token(16).into();
    let token = with_claims_answer(token, form.get("claims").map(String::as_str));
    Ok(json!({
        "token_type": "Bearer",
        "expires_in": world.settings.access_token_s,
        "ext_expires_in": world.settings.access_token_s,
        "access_token": signing_key().sign(&token),
    }))
}

/// Whether a requested redirect address meets a registered one: for `localhost` the port is ignored, the path is not.
pub(crate) fn same_redirect(registered: &str, requested: &str) -> bool {
    let (Ok(a), Ok(b)) = (url::Url::parse(registered), url::Url::parse(requested)) else { return false };
    let loopback = a.scheme() == "http" && matches!(a.host_str(), Some("localhost" | "127.0.0.1"));
    a.scheme() == b.scheme()
        && a.host_str() == b.host_str()
        && a.path() == b.path()
        && a.query() == b.query()
        && b.fragment().is_none()
        && (loopback || a.port_or_known_default() == b.port_or_known_default())
}

#[cfg(test)]
mod tests {
    use super::same_redirect;

    #[test]
    fn a_loopback_redirect_may_choose_its_port_but_not_its_path() {
        assert!(same_redirect("http://localhost", "http://localhost:50123/"));
        assert!(!same_redirect("http://localhost", "http://localhost:50123/callback"));
        assert!(!same_redirect("http://localhost", "http://127.0.0.1:50123/"));
        assert!(!same_redirect("https://app.example/cb", "https://app.example:444/cb"));
    }
}
