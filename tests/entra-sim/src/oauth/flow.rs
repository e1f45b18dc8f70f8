//! A person's way through the sign-in pages: password, second factor, consent, and back to where it began.

use axum::http::StatusCode;
use serde_json::json;

use crate::catalog::{self, role};
use crate::graph::password;
use crate::oauth::discovery::{Authority, authority};
use crate::oauth::error::Refusal;
use crate::oauth::pages::{self, Page};
use crate::oauth::scope;
use crate::oauth::token::{Form, client_at, same_redirect};
use crate::tenant::{Grant, ServicePrincipal, TotpMethod, Trait};
use crate::totp::totp_accepts;
use crate::world::{AuthCode, Client, DeviceState, Subject, World};

/// Life of an authorization code.
const CODE_LIFE_MS: i64 = 10 * 60 * 1000;
/// Wrong passwords until the account is locked.
const WRONG_PASSWORDS: u32 = 10;

/// A sign-in under way.
#[derive(Debug, Clone)]
pub(crate) struct Flow {
    purpose: Purpose,
    step: Step,
    hint: String,
}

#[derive(Debug, Clone)]
enum Purpose {
    Authorize(Box<AuthorizeRequest>),
    Device { device_code: String },
    AdminConsent(Box<AuthorizeRequest>),
    Portal,
}

#[derive(Debug, Clone)]
enum Step {
    Password,
    ChangePassword(Subject),
    SetUp(Subject, String),
    Code(Subject),
    Consent(Subject),
    NeedAdmin,
    ConfirmDevice(Subject),
}

/// A checked authorization request.
#[derive(Debug, Clone)]
struct AuthorizeRequest {
    authority: Authority,
    client: Client,
    redirect_uri: String,
    response_mode: String,
    state: Option<String>,
    scopes: Vec<String>,
    challenge: Option<String>,
    nonce: Option<String>,
    client_info: bool,
    claims: Option<String>,
    force_consent: bool,
}

impl AuthorizeRequest {
    /// Sends the result to the application.
    fn reply(&self, mut fields: Vec<(String, String)>) -> Page {
        if let Some(state) = &self.state {
            fields.push(("state".to_owned(), state.clone()));
        }
        let encoded = || url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
        match self.response_mode.as_str() {
            "form_post" => pages::form_post(&self.redirect_uri, &fields),
            "fragment" => Page::Redirect(format!("{}#{}", self.redirect_uri, encoded())),
            _ => {
                let joint = if self.redirect_uri.contains('?') { '&' } else { '?' };
                Page::Redirect(format!("{}{joint}{}", self.redirect_uri, encoded()))
            }
        }
    }

    fn refuse(&self, error: &str, refusal: &Refusal) -> Page {
        let text = format!("AADSTS{}: {}", refusal.code, refusal.text);
        self.reply(vec![("error".to_owned(), error.to_owned()), ("error_description".to_owned(), text)])
    }
}

fn begin(world: &mut World, purpose: Purpose, hint: &str) -> Page {
    let id = world.rng.token(24);
    world.flows.insert(id.clone(), Flow { purpose, step: Step::Password, hint: hint.to_owned() });
    show(world, &id, None)
}

/// Draws the page of the step a flow is in.
fn show(world: &World, id: &str, error: Option<&Refusal>) -> Page {
    let Some(flow) = world.flows.get(id) else { return lost() };
    let name = |s: &Subject| world.tenants[s.tenant].user(&s.user_id).map_or(String::new(), |u| u.upn.clone());
    match &flow.step {
        Step::Password => pages::sign_in(id, &target(world, flow), &flow.hint, error),
        Step::ChangePassword(_) => pages::change_password(id, error),
        Step::SetUp(who, secret) => pages::set_up(id, &name(who), secret, error),
        Step::Code(_) => pages::code(id, error),
        Step::NeedAdmin => pages::need_admin(id, &target(world, flow), &Refusal::new(90094)),
        Step::ConfirmDevice(who) => pages::confirm_device(id, &target(world, flow), &name(who)),
        Step::Consent(who) => {
            let scopes = asked_scopes(world, flow);
            let tenant = &world.tenants[who.tenant];
            let may = may_consent_for_all(world, who);
            pages::consent(id, &target(world, flow), &tenant.name, &scope::of_graph(&scopes), may)
        }
    }
}

/// The name of what the person signs in to.
fn target(world: &World, flow: &Flow) -> String {
    match &flow.purpose {
        Purpose::Authorize(r) | Purpose::AdminConsent(r) => r.client.name.clone(),
        Purpose::Portal => "the simulated admin portal".to_owned(),
        Purpose::Device { device_code } => world
            .device_codes
            .get(device_code)
            .and_then(|d| world.client(&d.client_id))
            .map_or_else(|| "an application".to_owned(), |c| c.name),
    }
}

fn asked_scopes(world: &World, flow: &Flow) -> Vec<String> {
    match &flow.purpose {
        Purpose::Authorize(r) | Purpose::AdminConsent(r) => r.scopes.clone(),
        Purpose::Device { device_code } => {
            world.device_codes.get(device_code).map(|d| d.scopes.clone()).unwrap_or_default()
        }
        Purpose::Portal => Vec::new(),
    }
}

fn lost() -> Page {
    pages::refused(StatusCode::BAD_REQUEST, &Refusal::new(90023).about("this sign-in is over; start again"))
}

/// `GET /{tenant}/oauth2/v2.0/authorize`.
pub(crate) fn authorize(world: &mut World, segment: &str, query: &Form) -> Page {
    let request = match read_request(world, segment, query) {
        Ok(request) => request,
        Err(refusal) => return pages::refused(StatusCode::BAD_REQUEST, &refusal),
    };
    let bad = |code: u32, about: &str| request.refuse("invalid_request", &Refusal::new(code).about(about));
    if query.get("response_type").map(String::as_str) != Some("code") {
        return request.refuse("unsupported_response_type", &Refusal::new(90023).about("response_type"));
    }
    if !matches!(request.response_mode.as_str(), "query" | "fragment" | "form_post") {
        return bad(90023, "response_mode");
    }
    if request.challenge.is_some() && query.get("code_challenge_method").map(String::as_str) != Some("S256") {
        return bad(90023, "code_challenge_method must be S256");
    }
    if request.challenge.as_ref().is_some_and(|c| c.len() < 43 || c.len() > 128) {
        return bad(90023, "code_challenge must have 43 to 128 characters");
    }
    match query.get("prompt").map(String::as_str) {
        None | Some("login" | "select_account" | "consent") => {}
        Some("none") => return request.refuse("login_required", &Refusal::new(16000)),
        Some(_) => return bad(90023, "prompt"),
    }
    let graph = world.graph.clone();
    let scopes = match scope::delegated(query.get("scope").map_or("", String::as_str), &graph) {
        Ok(scopes) => scopes,
        Err(refusal) => return request.refuse("invalid_scope", &refusal),
    };
    let hint = query.get("login_hint").cloned().unwrap_or_default();
    begin(world, Purpose::Authorize(Box::new(AuthorizeRequest { scopes, ..request })), &hint)
}

/// The part of a request that must hold before anything may be sent to its redirect address.
fn read_request(world: &World, segment: &str, query: &Form) -> Result<AuthorizeRequest, Refusal> {
    let at = authority(world, segment)?;
    let text = |name: &str| query.get(name).filter(|v| !v.is_empty()).cloned();
    let app_id = text("client_id").ok_or_else(|| Refusal::new(90014).about("client_id"))?;
    let client = client_at(world, at, &app_id)?;
    let redirect_uri = text("redirect_uri").ok_or_else(|| Refusal::new(90014).about("redirect_uri"))?;
    let registered = [&client.native_redirects, &client.spa_redirects, &client.web_redirects];
    if !registered.iter().any(|list| list.iter().any(|r| same_redirect(r, &redirect_uri))) {
        return Err(Refusal::new(50011).about(&redirect_uri));
    }
    Ok(AuthorizeRequest {
        authority: at,
        client,
        redirect_uri,
        response_mode: text("response_mode").unwrap_or_else(|| "query".to_owned()),
        state: text("state"),
        scopes: Vec::new(),
        challenge: text("code_challenge"),
        nonce: text("nonce"),
        client_info: text("client_info").is_some_and(|v| v == "1"),
        claims: text("claims"),
        force_consent: text("prompt").is_some_and(|p| p == "consent"),
    })
}

/// `GET /{tenant}/adminconsent` (static permissions) and `GET /{tenant}/v2.0/adminconsent` (scopes).
pub(crate) fn admin_consent(world: &mut World, segment: &str, query: &Form) -> Page {
    let mut request = match read_request(world, segment, query) {
        Ok(request) => request,
        Err(refusal) => return pages::refused(StatusCode::BAD_REQUEST, &refusal),
    };
    let graph = world.graph.clone();
    let wanted = query.get("scope").map_or("User.Read", String::as_str);
    match scope::delegated(wanted, &graph) {
        Ok(scopes) => request.scopes = scopes,
        Err(refusal) => return request.refuse("invalid_scope", &refusal),
    }
    begin(world, Purpose::AdminConsent(Box::new(request)), "")
}

/// `GET /portal`: where an emergency account is used.
pub(crate) fn portal(world: &mut World, hint: &str) -> Page {
    begin(world, Purpose::Portal, hint)
}

/// `POST /devicelogin`: the code a person typed.
pub(crate) fn device(world: &mut World, typed: &str) -> Page {
    let clean: String = typed.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_uppercase();
    if clean.is_empty() {
        return pages::device("", Some(&Refusal::new(90119)));
    }
    let now = world.now_ms();
    let Some((code, found)) = world.device_codes.iter().find(|(_, d)| d.user_code == clean) else {
        return pages::device(typed, Some(&Refusal::new(70018)));
    };
    if found.expires_ms < now {
        return pages::device(typed, Some(&Refusal::new(70019)));
    }
    if !matches!(found.state, DeviceState::Pending) {
        return pages::device(typed, Some(&Refusal::new(90120)));
    }
    let device_code = code.clone();
    begin(world, Purpose::Device { device_code }, "")
}

/// `POST /signin`: whatever form the flow's step showed.
pub(crate) fn advance(world: &mut World, form: &Form) -> Page {
    let id = form.get("flow").cloned().unwrap_or_default();
    let Some(flow) = world.flows.get(&id).cloned() else { return lost() };
    let text = |name: &str| form.get(name).map_or("", String::as_str);
    let accepted = text("answer") == "accept";
    match flow.step {
        Step::Password => {
            let upn = text("login").trim().to_owned();
            if let Some(f) = world.flows.get_mut(&id) {
                f.hint.clone_from(&upn);
            }
            match check_password(world, &upn, text("passwd")) {
                Ok(who) => after_password(world, &id, who),
                Err(refusal) => show(world, &id, Some(&refusal)),
            }
        }
        Step::ChangePassword(who) => match change_own_password(world, &who, text("new_passwd"), text("confirm_passwd"))
        {
            Ok(()) => after_password(world, &id, who),
            Err(refusal) => show(world, &id, Some(&refusal)),
        },
        Step::SetUp(who, secret) => {
            if !totp_accepts(&secret, text("otc"), world.now_ms()) {
                return show(world, &id, Some(&Refusal::new(50074).about("that code does not match")));
            }
            let (method, now) = (world.rng.guid(), world.now_ms());
            if let Some(user) = world.tenants[who.tenant].user_mut(&who.user_id) {
                user.methods.totp = Some(TotpMethod { id: method, secret, created_ms: now });
            }
            signed_in(world, &id, Subject { mfa: true, ..who })
        }
        Step::Code(who) => {
            let secret = world.tenants[who.tenant]
                .user(&who.user_id)
                .and_then(|u| u.methods.totp.as_ref())
                .map(|t| t.secret.clone())
                .unwrap_or_default();
            if !totp_accepts(&secret, text("otc"), world.now_ms()) {
                return show(world, &id, Some(&Refusal::new(50074).about("that code does not match")));
            }
            signed_in(world, &id, Subject { mfa: true, ..who })
        }
        Step::Consent(who) if accepted => {
            grant(world, &flow_client(world, &id), &who, &asked_scopes_of(world, &id), form.contains_key("for_all"));
            finish(world, &id, who)
        }
        Step::NeedAdmin => cancel(world, &id, &Refusal::new(90094)),
        Step::ConfirmDevice(who) if accepted => {
            set_device(world, &id, DeviceState::Approved(who));
            world.flows.remove(&id);
            pages::done(
                "You are signed in",
                "device-result",
                "You have signed in to the application. You may close this window.",
            )
        }
        Step::Consent(_) | Step::ConfirmDevice(_) => cancel(world, &id, &Refusal::new(65004)),
    }
}

fn flow_client(world: &World, id: &str) -> String {
    world.flows.get(id).map_or(String::new(), |f| match &f.purpose {
        Purpose::Authorize(r) | Purpose::AdminConsent(r) => r.client.app_id.clone(),
        Purpose::Device { device_code } => {
            world.device_codes.get(device_code).map_or(String::new(), |d| d.client_id.clone())
        }
        Purpose::Portal => String::new(),
    })
}

fn asked_scopes_of(world: &World, id: &str) -> Vec<String> {
    world.flows.get(id).map(|f| asked_scopes(world, f)).unwrap_or_default()
}

/// Judges user name and password, with lock-out.
pub(crate) fn check_password(world: &mut World, upn: &str, password: &str) -> Result<Subject, Refusal> {
    let now = world.now_ms();
    let tenant = world.tenant_of_user_name(upn).ok_or_else(|| Refusal::new(50034).about(upn))?;
    let user = world.tenants[tenant]
        .user_mut(upn)
        .filter(|u| u.visible_from_ms <= now)
        .ok_or_else(|| Refusal::new(50034).about(upn))?;
    if user.locked_until_ms > now {
        return Err(Refusal::new(50053));
    }
    let user_id = user.id.clone();
    if user.password != password {
        user.wrong_passwords += 1;
        if user.wrong_passwords >= WRONG_PASSWORDS {
            // One minute at first, longer each time.
            user.locked_until_ms = now + (60_000_i64 << user.lockouts.min(10));
            user.lockouts += 1;
            user.wrong_passwords = 0;
        }
        world.log_sign_in(tenant, &user_id, "", "Sign-in page", 50126);
        return Err(Refusal::new(50126));
    }
    if !user.enabled {
        return Err(Refusal::new(50057));
    }
    user.wrong_passwords = 0;
    user.lockouts = 0;
    Ok(Subject { tenant, user_id, mfa: false })
}

/// A person's own change: unlike an administrator's reset it may not repeat the last password.
fn change_own_password(world: &mut World, who: &Subject, new: &str, again: &str) -> Result<(), Refusal> {
    if new != again {
        return Err(Refusal::new(90023).about("the two passwords differ"));
    }
    let (now, delay) = (world.now_ms(), world.settings.proof_delay_ms);
    let tenant = &mut world.tenants[who.tenant];
    let banned = tenant.banned_words.clone();
    let user = tenant.user_mut(&who.user_id).ok_or_else(|| Refusal::new(50034))?;
    password::judge(new, &user.upn, &banned).map_err(|_| Refusal::new(120_002))?;
    if user.password == new || user.former_passwords.last().is_some_and(|p| p == new) {
        return Err(Refusal::new(120_002).about("a password used before"));
    }
    user.change_password(new, now, delay);
    user.sessions_valid_from_ms = now;
    user.force_change = false;
    Ok(())
}

fn step(world: &mut World, id: &str, step: Step) -> Page {
    if let Some(flow) = world.flows.get_mut(id) {
        flow.step = step;
    }
    show(world, id, None)
}

fn after_password(world: &mut World, id: &str, who: Subject) -> Page {
    let tenant = &world.tenants[who.tenant];
    let Some(user) = tenant.user(&who.user_id) else { return lost() };
    if user.force_change {
        return step(world, id, Step::ChangePassword(who));
    }
    let portal = matches!(world.flows.get(id).map(|f| &f.purpose), Some(Purpose::Portal));
    let mandatory = tenant.has(Trait::MandatoryMfa);
    match (mandatory, user.methods.totp.is_some()) {
        (true, true) => step(world, id, Step::Code(who)),
        // The mandate is on the portals; other applications let a person without a second factor in.
        (true, false) if portal => {
            let secret = data_encoding::BASE32_NOPAD.encode(&world.rng.bytes(20));
            step(world, id, Step::SetUp(who, secret))
        }
        _ => signed_in(world, id, who),
    }
}

fn signed_in(world: &mut World, id: &str, who: Subject) -> Page {
    let Some(flow) = world.flows.get(id).cloned() else { return lost() };
    let at = match &flow.purpose {
        Purpose::Portal => return enter_portal(world, id, &who),
        Purpose::Authorize(r) | Purpose::AdminConsent(r) => r.authority,
        Purpose::Device { device_code } => {
            let segment = world.device_codes.get(device_code).map_or(String::new(), |d| d.authority.clone());
            authority(world, &segment).unwrap_or(Authority::Any)
        }
    };
    let app_id = flow_client(world, id);
    let app_name = target(world, &flow);
    let elsewhere = match at {
        Authority::Any => false,
        Authority::Consumers => true,
        Authority::Tenant(t) => t != who.tenant,
    };
    let client = world.client(&app_id);
    let foreign = client.as_ref().and_then(|c| c.home.as_ref()).is_some_and(|h| *h != world.tenants[who.tenant].id);
    if elsewhere || foreign {
        let refusal = Refusal::new(50020);
        world.flows.remove(id);
        return pages::refused(StatusCode::OK, &refusal);
    }
    if matches!(flow.purpose, Purpose::Device { .. }) && world.tenants[who.tenant].has(Trait::DeviceCodeBlocked) {
        set_device(world, id, DeviceState::Refused(53003));
        world.log_sign_in(who.tenant, &who.user_id, &app_id, &app_name, 53003);
        world.flows.remove(id);
        return pages::refused(StatusCode::OK, &Refusal::new(53003));
    }
    world.log_sign_in(who.tenant, &who.user_id, &app_id, &app_name, 0);
    let admin_consent = matches!(flow.purpose, Purpose::AdminConsent(_));
    let force = admin_consent || matches!(&flow.purpose, Purpose::Authorize(r) if r.force_consent);
    match consent_needed(world, &app_id, &who, &flow_scopes(world, id), force) {
        Consent::Given => finish(world, id, who),
        Consent::Ask if admin_consent && !may_consent_for_all(world, &who) => need_admin(world, id),
        Consent::Ask => step(world, id, Step::Consent(who)),
        Consent::NeedAdmin => need_admin(world, id),
    }
}

fn flow_scopes(world: &World, id: &str) -> Vec<String> {
    asked_scopes_of(world, id)
}

fn need_admin(world: &mut World, id: &str) -> Page {
    set_device(world, id, DeviceState::Refused(90094));
    step(world, id, Step::NeedAdmin)
}

enum Consent {
    Given,
    Ask,
    NeedAdmin,
}

fn may_consent_for_all(world: &World, who: &Subject) -> bool {
    world.tenants[who.tenant]
        .holds(&who.user_id, &[role::GLOBAL_ADMIN, role::PRIVILEGED_ROLE_ADMIN, role::APPLICATION_ADMIN])
}

fn consent_needed(world: &World, app_id: &str, who: &Subject, scopes: &[String], force: bool) -> Consent {
    let tenant = &world.tenants[who.tenant];
    let missing: Vec<&str> = match tenant.principal(app_id) {
        Some(sp) => scope::of_graph(scopes).into_iter().filter(|s| !tenant.granted(&sp.id, &who.user_id, s)).collect(),
        None => scope::of_graph(scopes),
    };
    if tenant.principal(app_id).is_some() && missing.is_empty() && !force {
        return Consent::Given;
    }
    if tenant.has(Trait::ConsentRefused) {
        return Consent::NeedAdmin;
    }
    let needs_admin = missing.iter().any(|s| catalog::delegated_scope(s).is_none_or(|(_, admin)| admin));
    if needs_admin && !may_consent_for_all(world, who) { Consent::NeedAdmin } else { Consent::Ask }
}

/// Records a consent: the client's service principal, if it is new here, and its delegated permissions.
fn grant(world: &mut World, app_id: &str, who: &Subject, scopes: &[String], for_all: bool) {
    let Some(client) = world.client(app_id) else { return };
    let for_all = for_all && may_consent_for_all(world, who);
    let (sp_id, grant_id) = (world.rng.guid(), world.rng.token(24));
    let tenant = &mut world.tenants[who.tenant];
    let sp = if let Some(sp) = tenant.principal(app_id) {
        sp.id.clone()
    } else {
        tenant.principals.push(ServicePrincipal {
            id: sp_id.clone(),
            app_id: app_id.to_owned(),
            display_name: client.name,
            enabled: true,
            tags: vec!["WindowsAzureActiveDirectoryIntegratedApp".to_owned()],
            owner_tenant: client.home.unwrap_or_else(|| catalog::MICROSOFT_TENANT.to_owned()),
            keys: Vec::new(),
            secrets: Vec::new(),
            owners: Vec::new(),
            visible_from_ms: 0,
            deleted_ms: None,
        });
        sp_id
    };
    let wanted = scope::of_graph(scopes);
    if wanted.is_empty() {
        return;
    }
    let principal = (!for_all).then(|| who.user_id.clone());
    if let Some(held) = tenant.grants.iter_mut().find(|g| g.client == sp && g.principal == principal) {
        let mut all: Vec<&str> = held.scope.split_whitespace().collect();
        all.extend(wanted);
        all.sort_unstable();
        all.dedup();
        held.scope = all.join(" ");
    } else {
        let resource = tenant.graph_principal_id().to_owned();
        tenant.grants.push(Grant { id: grant_id, client: sp, principal, resource, scope: wanted.join(" ") });
    }
    let by = json!({ "user": { "id": who.user_id } });
    world.audit(
        who.tenant,
        "Consent to application",
        "ApplicationManagement",
        &by,
        &json!({ "id": app_id, "type": "ServicePrincipal" }),
    );
}

/// Everything is answered: back to where the flow began.
fn finish(world: &mut World, id: &str, who: Subject) -> Page {
    let Some(flow) = world.flows.get(id).cloned() else { return lost() };
    match flow.purpose {
        Purpose::Device { .. } => step(world, id, Step::ConfirmDevice(who)),
        Purpose::Portal => enter_portal(world, id, &who),
        Purpose::AdminConsent(request) => {
            world.flows.remove(id);
            let tid = world.tenants[who.tenant].id.clone();
            request.reply(vec![("admin_consent".to_owned(), "True".to_owned()), ("tenant".to_owned(), tid)])
        }
        Purpose::Authorize(request) => {
            world.flows.remove(id);
            let code = world.rng.token(48);
            let session = world.rng.guid();
            let expires_ms = world.now_ms() + CODE_LIFE_MS;
            world.auth_codes.insert(
                code.clone(),
                AuthCode {
                    client_id: request.client.app_id.clone(),
                    redirect_uri: request.redirect_uri.clone(),
                    challenge: request.challenge.clone(),
                    nonce: request.nonce.clone(),
                    client_info: request.client_info,
                    claims: request.claims.clone(),
                    scopes: request.scopes.clone(),
                    subject: who,
                    expires_ms,
                    used: false,
                },
            );
            request.reply(vec![("code".to_owned(), code), ("session_state".to_owned(), session)])
        }
    }
}

fn cancel(world: &mut World, id: &str, refusal: &Refusal) -> Page {
    let state = if refusal.code == 65004 { DeviceState::Declined } else { DeviceState::Refused(refusal.code) };
    set_device(world, id, state);
    match world.flows.remove(id).map(|f| f.purpose) {
        Some(Purpose::Authorize(request)) => request.refuse("access_denied", refusal),
        Some(Purpose::AdminConsent(request)) => request.refuse("permission_denied", refusal),
        Some(Purpose::Device { .. }) => {
            pages::done("You cancelled", "device-result", "The sign-in was cancelled. You may close this window.")
        }
        Some(Purpose::Portal) | None => lost(),
    }
}

fn set_device(world: &mut World, id: &str, state: DeviceState) {
    if let Some(Purpose::Device { device_code }) = world.flows.get(id).map(|f| f.purpose.clone())
        && let Some(code) = world.device_codes.get_mut(&device_code)
    {
        code.state = state;
    }
}

fn enter_portal(world: &mut World, id: &str, who: &Subject) -> Page {
    world.flows.remove(id);
    world.log_sign_in(who.tenant, &who.user_id, "c44b4083-3bb0-49c1-b47d-974e53cbdf3c", "Azure Portal", 0);
    let tenant = &world.tenants[who.tenant];
    let Some(user) = tenant.user(&who.user_id) else { return lost() };
    let roles: Vec<&str> = tenant.roles_of(&user.id).into_iter().filter_map(catalog::role_name).collect();
    let sentence = if roles.is_empty() {
        format!("Signed in as {} to the simulated admin portal, without a role", user.upn)
    } else {
        format!("Signed in as {} to the simulated admin portal, role {}", user.upn, roles.join(", "))
    };
    pages::done("Simulated admin portal", "portal-result", &sentence)
}
