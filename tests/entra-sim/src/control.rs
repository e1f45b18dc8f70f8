//! The control endpoint: how a test or a person makes things go wrong, moves the clock and looks behind the answers.
//!
//! `Control` is the same for tests in the same process.

use std::fmt;
use std::sync::{Arc, MutexGuard};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::catalog;
use crate::fault::Fault;
use crate::http::{App, json as answer};
use crate::oauth::flow;
use crate::oauth::jwt::thumbprint;
use crate::options::{Scenario, Settings};
use crate::rng::SeededRng;
use crate::tenant::{AppRoleAssignment, Application, Federated, Key, Secret, Tenant, TotpMethod};
use crate::world::{RegisteredClient, World};

/// Direct access to a running simulator.
#[derive(Clone)]
pub struct Control {
    shared: App,
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Control")
    }
}

/// A user as the directory has it, for assertions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserView {
    /// Object id.
    pub id: String,
    /// User principal name.
    pub user_name: String,
    /// Display name.
    pub display_name: String,
    /// Whether sign-in is allowed.
    pub enabled: bool,
    /// Names of directory roles.
    pub roles: Vec<String>,
    /// Whether an authenticator is registered.
    pub has_totp: bool,
    /// The phone that is registered.
    pub phone: Option<String>,
    /// How often the password was changed since creation.
    pub password_changes: usize,
    /// Whether the user is deleted and can be restored.
    pub deleted: bool,
}

/// An app registration as the directory has it, for assertions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationView {
    /// Object id.
    pub id: String,
    /// Application (client) id.
    pub app_id: String,
    /// Display name.
    pub display_name: String,
    /// Thumbprints (SHA-1, base64) of its certificates, those that have ended included.
    pub certificates: Vec<String>,
    /// Application permissions of its service principal, by name.
    pub permissions: Vec<String>,
    /// Names of directory roles of its service principal.
    pub roles: Vec<String>,
    /// Its secrets and those of its service principal.
    pub secrets: usize,
    /// Certificates of its service principal alone.
    pub principal_certificates: usize,
    /// Identities of elsewhere that it trusts.
    pub federated: usize,
    /// Object ids of its owners and of those of its service principal.
    pub owners: Vec<String>,
}

/// How often an operation was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestCount {
    /// Tenant id; empty where no tenant was named.
    pub tenant: String,
    /// Method and path template.
    pub operation: String,
    /// Requests so far, refused ones included.
    pub count: u64,
}

/// Changes to one tenant from outside; what is absent stays.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TenantChange {
    /// Tenant id or domain.
    pub tenant: String,
    /// Tokens must from now on answer this claims challenge; an empty text ends the demand.
    pub claims_challenge: Option<String>,
    /// Refresh tokens end after so many seconds since the sign-in (AADSTS70043).
    pub sign_in_frequency_s: Option<i64>,
    /// Words that passwords must not hold.
    pub banned_words: Option<Vec<String>>,
    /// Every name that people of the tenant gave becomes this one, not judged: its own, those of its users, applications
    /// and policies.
    pub names: Option<String>,
    /// Tokens of people are issued without this delegated permission, and say so in `scope`; an empty text ends it.
    pub withhold: Option<String>,
    /// Adds a trait.
    pub add_trait: Option<crate::tenant::Trait>,
    /// Removes a trait.
    pub remove_trait: Option<crate::tenant::Trait>,
    /// Enables or disables the service principal of this application (AADSTS7000112).
    pub principal: Option<PrincipalChange>,
    /// Adds a user without a role; the password is drawn from the seed.
    pub add_user: Option<NewUser>,
    /// Assigns a directory role.
    pub add_role: Option<RoleChange>,
    /// Takes a directory role away.
    pub remove_role: Option<RoleChange>,
    /// Takes an application permission away, as an admin does in the portal; tokens made before still hold it.
    pub remove_permission: Option<PermissionChange>,
    /// Ends every certificate of this application, by object or application id, as if its time had come.
    pub end_certificates: Option<String>,
    /// Puts in a way to sign in as an application or to change it, as somebody with access would.
    pub plant: Option<Planted>,
    /// Registers one-time codes on a user, as Microsoft's page would.
    pub add_codes: Option<String>,
    /// Registers a phone on a user, as a stranger with access would.
    pub add_phone: Option<PhoneChange>,
    /// Enables or disables a user.
    pub user_enabled: Option<UserEnabled>,
    /// Deletes this user (name or object id), as an admin does in the portal; it can be restored for 30 days.
    pub delete_user: Option<String>,
}

/// See [`TenantChange::principal`].
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PrincipalChange {
    /// Application id.
    pub app_id: String,
    /// Whether it may sign in.
    pub enabled: bool,
}

/// See [`TenantChange::add_user`].
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewUser {
    /// User principal name, not judged.
    pub user_name: String,
    /// Display name, not judged: hostile ones are welcome.
    pub display_name: String,
}

/// See [`TenantChange::add_role`].
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoleChange {
    /// User principal name, object id or application id.
    pub principal: String,
    /// Role template id.
    pub role: String,
}

/// See [`TenantChange::remove_permission`].
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PermissionChange {
    /// Object id or application id of the service principal.
    pub principal: String,
    /// Name, such as `User.Read.All`.
    pub permission: String,
}

/// See [`TenantChange::plant`].
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Planted {
    /// Application id.
    pub app_id: String,
    /// On the service principal instead of the registration.
    #[serde(default)]
    pub on_principal: bool,
    /// What.
    pub what: PlantedWhat,
    /// What it is called; the user name or object id of an owner.
    pub name: String,
}

/// Kinds of [`Planted`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PlantedWhat {
    /// A certificate; signs nobody in here.
    Key,
    /// A secret.
    Secret,
    /// An identity of elsewhere.
    Federated,
    /// An owner.
    Owner,
}

/// See [`TenantChange::add_phone`].
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PhoneChange {
    /// User principal name or object id.
    pub user_name: String,
    /// The number.
    pub number: String,
}

/// See [`TenantChange::user_enabled`].
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UserEnabled {
    /// User principal name or object id.
    pub user_name: String,
    /// Whether sign-in is allowed.
    pub enabled: bool,
}

impl Control {
    pub(crate) fn new(shared: App) -> Self {
        Self { shared }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world()
    }

    /// Adds a fault after those already there.
    pub fn add_fault(&self, fault: Fault) {
        self.world().add_fault(fault);
    }

    /// How often the rules for one operation of one tenant bit so far; tenant and operation named as in the rules.
    pub fn bitten(&self, tenant: &str, operation: &str) -> u32 {
        self.world().faults.iter().map(|armed| armed.bitten_for(tenant, operation)).sum()
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.world().faults.clear();
    }

    /// Moves the simulated clock; negative goes back, and what the directory showed by then it goes on showing.
    pub fn advance_clock(&self, ms: i64) {
        self.world().advance(ms);
    }

    /// Simulated time, Unix milliseconds.
    pub fn now_ms(&self) -> i64 {
        self.world().now_ms()
    }

    /// Changes settings.
    pub fn change_settings(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.world().settings);
    }

    /// Whether a sign-in page would take this password now. Not a sign-in: nothing is counted or logged.
    pub fn password_accepted(&self, tenant: &str, user_name: &str, password: &str) -> bool {
        let world = self.world();
        let now = world.now_ms();
        world
            .tenant_at(tenant)
            .and_then(|t| world.tenants[t].user(user_name))
            .is_some_and(|u| u.enabled && u.locked_until_ms <= now && u.password == password)
    }

    /// Changes a password behind the product's back, as a person in the portal would. False if there is no such user.
    pub fn set_password_outside(&self, tenant: &str, user_name: &str, password: &str) -> bool {
        let mut world = self.world();
        let (now, delay) = (world.now_ms(), world.settings.proof_delay_ms);
        let Some(t) = world.tenant_at(tenant) else { return false };
        let Some(user) = world.tenants[t].user_mut(user_name) else { return false };
        user.change_password(password, now, delay);
        user.sessions_valid_from_ms = now;
        true
    }

    /// Base32 secret of a user's authenticator, for the test that plays the phone.
    pub fn totp_secret(&self, tenant: &str, user_name: &str) -> Option<String> {
        let world = self.world();
        let t = world.tenant_at(tenant)?;
        world.tenants[t].user(user_name)?.methods.totp.as_ref().map(|m| m.secret.clone())
    }

    /// All users of a tenant, deleted ones included.
    pub fn users(&self, tenant: &str) -> Vec<UserView> {
        let world = self.world();
        let Some(t) = world.tenant_at(tenant).map(|t| &world.tenants[t]) else { return Vec::new() };
        t.users
            .iter()
            .map(|u| UserView {
                id: u.id.clone(),
                user_name: u.upn.clone(),
                display_name: u.display_name.clone(),
                enabled: u.enabled,
                roles: t.roles_of(&u.id).into_iter().filter_map(catalog::role_name).map(str::to_owned).collect(),
                has_totp: u.methods.totp.is_some(),
                phone: u.methods.phone.as_ref().map(|(_, number)| number.clone()),
                password_changes: u.former_passwords.len(),
                deleted: u.deleted_ms.is_some(),
            })
            .collect()
    }

    /// All app registrations of a tenant that are not deleted.
    pub fn applications(&self, tenant: &str) -> Vec<ApplicationView> {
        let world = self.world();
        let Some(t) = world.tenant_at(tenant).map(|t| &world.tenants[t]) else { return Vec::new() };
        let permissions = |principal: &str| {
            let held = t.app_roles.iter().filter(|a| a.principal == principal);
            held.filter_map(|a| catalog::app_role_value(&a.app_role_id)).map(str::to_owned).collect()
        };
        let roles = |principal: &str| {
            t.roles_of(principal).into_iter().filter_map(catalog::role_name).map(str::to_owned).collect()
        };
        t.applications
            .iter()
            .filter(|a| a.deleted_ms.is_none())
            .map(|a| {
                let sp = t.principal(&a.app_id);
                let principal = sp.map_or("", |p| p.id.as_str());
                ApplicationView {
                    secrets: a.secrets.len() + sp.map_or(0, |p| p.secrets.len()),
                    principal_certificates: sp.map_or(0, |p| p.keys.len()),
                    federated: a.federated.len(),
                    owners: a.owners.iter().chain(sp.into_iter().flat_map(|p| &p.owners)).cloned().collect(),
                    id: a.id.clone(),
                    app_id: a.app_id.clone(),
                    display_name: a.display_name.clone(),
                    certificates: a.keys.iter().map(|k| data_encoding::BASE64.encode(&thumbprint(&k.der))).collect(),
                    permissions: permissions(principal),
                    roles: roles(principal),
                }
            })
            .collect()
    }

    /// Every token that was handed out so far: for access, for refreshing, and about who signed in.
    pub fn issued_tokens(&self) -> Vec<String> {
        self.world().issued.clone()
    }

    /// How often an operation was asked for in a tenant (id or domain), refused requests included.
    pub fn requests(&self, tenant: &str, operation: &str) -> u64 {
        let world = self.world();
        let id = world.tenant_at(tenant).map_or(String::new(), |t| world.tenants[t].id.clone());
        world.counts.get(&(id, operation.to_owned())).copied().unwrap_or(0)
    }

    /// All counters.
    pub fn all_requests(&self) -> Vec<RequestCount> {
        self.world()
            .counts
            .iter()
            .map(|((tenant, operation), count)| RequestCount {
                tenant: tenant.clone(),
                operation: operation.clone(),
                count: *count,
            })
            .collect()
    }

    /// Registers a client that lives outside the tenants.
    pub fn register_client(&self, client: RegisteredClient) {
        self.world().clients.insert(client.client_id.clone(), client);
    }

    /// Whether requests and answers are compared with Microsoft's description.
    pub fn validates(&self) -> bool {
        self.world().validator.is_some()
    }

    /// What did not fit Microsoft's description so far, without any value from a request.
    pub fn violations(&self) -> Vec<Value> {
        self.world().violations.clone()
    }

    /// Changes a tenant from outside; the error names what was not found.
    pub fn change_tenant(&self, change: &TenantChange) -> Result<(), String> {
        let mut guard = self.world();
        let world = &mut *guard;
        let t = world.tenant_at(&change.tenant).ok_or_else(|| format!("no tenant {}", change.tenant))?;
        let now = world.now_ms();
        let (rng, tenant) = (&mut world.rng, &mut world.tenants[t]);
        if let Some(challenge) = &change.claims_challenge {
            tenant.claims_challenge = (!challenge.is_empty()).then(|| challenge.clone());
        }
        if let Some(s) = change.sign_in_frequency_s {
            tenant.sign_in_frequency_ms = Some(s.saturating_mul(1000));
        }
        if let Some(words) = &change.banned_words {
            tenant.banned_words.clone_from(words);
        }
        if let Some(name) = &change.names {
            tenant.name.clone_from(name);
            tenant.policy_name = Some(name.clone());
            tenant.users.iter_mut().for_each(|user| user.display_name.clone_from(name));
            tenant.applications.iter_mut().for_each(|app| app.display_name.clone_from(name));
        }
        if let Some(scope) = &change.withhold {
            tenant.withheld = (!scope.is_empty()).then(|| scope.clone());
        }
        if let Some(t) = change.add_trait {
            tenant.traits.insert(t);
        }
        if let Some(t) = change.remove_trait {
            tenant.traits.remove(&t);
        }
        if let Some(new) = &change.add_user {
            tenant.add_user(rng, &new.user_name, &new.display_name, now);
        }
        if let Some(p) = &change.principal {
            tenant
                .principals
                .iter_mut()
                .find(|sp| sp.app_id == p.app_id)
                .ok_or_else(|| format!("no service principal of {}", p.app_id))?
                .enabled = p.enabled;
        }
        if let Some(role) = &change.add_role {
            let id = principal_id(tenant, &role.principal)?;
            tenant.assign(rng, &role.role, &id);
        }
        if let Some(role) = &change.remove_role {
            let id = principal_id(tenant, &role.principal)?;
            tenant.roles.retain(|r| !(r.principal == id && r.role == role.role));
        }
        if let Some(taken) = &change.remove_permission {
            let id = principal_id(tenant, &taken.principal)?;
            let before = tenant.app_roles.len();
            let named = |a: &AppRoleAssignment| catalog::app_role_value(&a.app_role_id) == Some(&*taken.permission);
            tenant.app_roles.retain(|a| !(a.principal == id && named(a)));
            if tenant.app_roles.len() == before {
                return Err(format!("{} does not hold {}", taken.principal, taken.permission));
            }
        }
        if let Some(app) = &change.end_certificates {
            let found = |a: &&mut Application| a.id == *app || a.app_id == *app;
            let app = tenant.applications.iter_mut().find(found).ok_or_else(|| format!("no application {app}"))?;
            for key in &mut app.keys {
                key.end_ms = key.end_ms.min(now);
            }
        }
        if let Some(planted) = &change.plant {
            plant(rng, tenant, planted, now)?;
        }
        if let Some(name) = &change.add_codes {
            let (id, secret) = (rng.guid(), data_encoding::BASE32_NOPAD.encode(&rng.bytes(20)));
            let user = tenant.user_mut(name).ok_or_else(|| format!("no user {name}"))?;
            user.methods.totp = Some(TotpMethod { id, secret, created_ms: now });
        }
        if let Some(phone) = &change.add_phone {
            let id = rng.guid();
            let user = tenant.user_mut(&phone.user_name).ok_or_else(|| format!("no user {}", phone.user_name))?;
            user.methods.phone = Some((id, phone.number.clone()));
        }
        if let Some(e) = &change.user_enabled {
            tenant.user_mut(&e.user_name).ok_or_else(|| format!("no user {}", e.user_name))?.enabled = e.enabled;
        }
        if let Some(user) = &change.delete_user {
            tenant.user_mut(user).ok_or_else(|| format!("no user {user}"))?.deleted_ms = Some(now);
        }
        Ok(())
    }

    /// Everything as at start with the same seed, faults gone; clients registered later are gone too.
    pub fn reset(&self) {
        let mut world = self.world();
        let scenario = Scenario { settings: world.settings.clone(), faults: Vec::new() };
        let mut fresh = World::new(world.seed, world.fleet, &world.login, &world.graph, &scenario);
        fresh.validator.clone_from(&world.validator);
        *world = fresh;
    }
}

fn plant(rng: &mut SeededRng, tenant: &mut Tenant, planted: &Planted, now: i64) -> Result<(), String> {
    let owner = if planted.what == PlantedWhat::Owner { principal_id(tenant, &planted.name)? } else { String::new() };
    let key = Key {
        key_id: rng.guid(),
        der: rng.bytes(64),
        display_name: Some(planted.name.clone()),
        start_ms: now,
        end_ms: now + 365 * 24 * 3_600_000,
        known_from_ms: now,
    };
    let secret = Secret {
        key_id: rng.guid(),
        text: rng.token(30),
        display_name: Some(planted.name.clone()),
        start_ms: now,
        end_ms: now + 365 * 24 * 3_600_000,
    };
    let (keys, secrets, owners, federated) = if planted.on_principal {
        let found = tenant.principals.iter_mut().find(|p| p.app_id == planted.app_id);
        let found = found.ok_or_else(|| format!("no service principal of {}", planted.app_id))?;
        (&mut found.keys, &mut found.secrets, &mut found.owners, None)
    } else {
        let found = tenant.applications.iter_mut().find(|a| a.app_id == planted.app_id);
        let found = found.ok_or_else(|| format!("no application {}", planted.app_id))?;
        (&mut found.keys, &mut found.secrets, &mut found.owners, Some(&mut found.federated))
    };
    match planted.what {
        PlantedWhat::Key => keys.push(key),
        PlantedWhat::Secret => secrets.push(secret),
        PlantedWhat::Owner => owners.push(owner),
        PlantedWhat::Federated => {
            let one = Federated {
                id: rng.guid(),
                name: planted.name.clone(),
                issuer: "https://elsewhere.example".to_owned(),
                subject: "somebody".to_owned(),
            };
            federated.ok_or("a service principal trusts nobody")?.push(one);
        }
    }
    Ok(())
}

fn principal_id(tenant: &Tenant, key: &str) -> Result<String, String> {
    tenant
        .user(key)
        .map(|u| u.id.clone())
        .or_else(|| tenant.principal(key).map(|p| p.id.clone()))
        .ok_or_else(|| format!("no principal {key}"))
}

/// The same by HTTP.
pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/faults", get(list_faults).post(post_fault).delete(delete_faults))
        .route("/settings", get(show_settings).post(post_settings))
        .route("/clock", get(show_clock).post(post_clock))
        .route("/users", get(list_users))
        .route("/applications", get(list_applications))
        .route("/requests", get(list_requests))
        .route("/violations", get(list_violations))
        .route("/clients", post(post_client))
        .route("/tenant", post(post_tenant))
        .route("/password", post(post_password))
        .route("/password-accepted", post(post_password_accepted))
        .route("/sign-in", post(post_sign_in))
        .route("/reset", post(post_reset))
}

fn control(shared: &App) -> Control {
    Control::new(Arc::clone(shared))
}

fn done() -> Response {
    answer(StatusCode::OK, &json!({ "done": true }))
}

fn wrong(detail: &str) -> Response {
    answer(StatusCode::BAD_REQUEST, &json!({ "error": detail }))
}

/// Reads a JSON body and acts on it; what is wrong with the body is the answer.
fn with<T: DeserializeOwned>(body: &Bytes, act: impl FnOnce(T) -> Response) -> Response {
    match serde_json::from_slice(body) {
        Ok(value) => act(value),
        Err(e) => wrong(&e.to_string()),
    }
}

async fn list_faults(State(s): State<App>) -> Response {
    let faults: Vec<Fault> = s.world().faults.iter().map(|f| f.fault.clone()).collect();
    answer(StatusCode::OK, &json!(faults))
}

async fn post_fault(State(s): State<App>, body: Bytes) -> Response {
    with(&body, |fault: Fault| {
        control(&s).add_fault(fault);
        done()
    })
}

async fn delete_faults(State(s): State<App>) -> Response {
    control(&s).clear_faults();
    done()
}

async fn show_settings(State(s): State<App>) -> Response {
    let settings = json!(s.world().settings);
    answer(StatusCode::OK, &settings)
}

/// Absent settings keep their present value, so the body is laid over what is there.
async fn post_settings(State(s): State<App>, body: Bytes) -> Response {
    with(&body, |change: serde_json::Map<String, Value>| {
        let mut world = s.world();
        let mut all = json!(world.settings);
        for (name, value) in change {
            all[name] = value;
        }
        match serde_json::from_value(all) {
            Ok(settings) => {
                world.settings = settings;
                done()
            }
            Err(e) => wrong(&e.to_string()),
        }
    })
}

async fn show_clock(State(s): State<App>) -> Response {
    let now = control(&s).now_ms();
    answer(StatusCode::OK, &json!({ "nowMs": now, "now": crate::clock::graph_time(now) }))
}

async fn post_clock(State(s): State<App>, body: Bytes) -> Response {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Advance {
        advance_ms: i64,
    }
    with(&body, |a: Advance| {
        control(&s).advance_clock(a.advance_ms);
        done()
    })
}

#[derive(Deserialize)]
struct InTenant {
    tenant: String,
}

async fn list_users(State(s): State<App>, Query(q): Query<InTenant>) -> Response {
    answer(StatusCode::OK, &json!(control(&s).users(&q.tenant)))
}

async fn list_applications(State(s): State<App>, Query(q): Query<InTenant>) -> Response {
    answer(StatusCode::OK, &json!(control(&s).applications(&q.tenant)))
}

async fn list_requests(State(s): State<App>) -> Response {
    answer(StatusCode::OK, &json!(control(&s).all_requests()))
}

async fn list_violations(State(s): State<App>) -> Response {
    let c = control(&s);
    answer(StatusCode::OK, &json!({ "validates": c.validates(), "violations": c.violations() }))
}

async fn post_client(State(s): State<App>, body: Bytes) -> Response {
    with(&body, |client: RegisteredClient| {
        control(&s).register_client(client);
        done()
    })
}

async fn post_tenant(State(s): State<App>, body: Bytes) -> Response {
    with(&body, |change: TenantChange| match control(&s).change_tenant(&change) {
        Ok(()) => done(),
        Err(detail) => wrong(&detail),
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Typed {
    tenant: String,
    user_name: String,
    password: String,
}

async fn post_password(State(s): State<App>, body: Bytes) -> Response {
    with(&body, |p: Typed| {
        if control(&s).set_password_outside(&p.tenant, &p.user_name, &p.password) {
            done()
        } else {
            wrong("no such user")
        }
    })
}

async fn post_password_accepted(State(s): State<App>, body: Bytes) -> Response {
    with(&body, |p: Typed| {
        let accepted = control(&s).password_accepted(&p.tenant, &p.user_name, &p.password);
        answer(StatusCode::OK, &json!({ "accepted": accepted }))
    })
}

/// A wrong or right password typed on a sign-in page, with lock-out, without the pages.
async fn post_sign_in(State(s): State<App>, body: Bytes) -> Response {
    with(&body, |p: Typed| {
        let result = flow::check_password(&mut s.world(), &p.user_name, &p.password);
        answer(StatusCode::OK, &json!({ "accepted": result.is_ok(), "code": result.err().map(|r| r.code) }))
    })
}

async fn post_reset(State(s): State<App>) -> Response {
    control(&s).reset();
    done()
}
