//! Everything the simulator knows, behind one lock: each request sees and leaves a whole state.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::catalog;
use crate::clock;
use crate::fault::{Armed, Effect, Fault};
use crate::graph::throttle::Throttle;
use crate::oauth::flow::Flow;
use crate::options::{Scenario, Settings};
use crate::rng::SeededRng;
use crate::tenant::{Tenant, Trait};
use crate::validate::Validator;

/// An application that lives outside the simulated tenants, such as a vendor's multi-tenant client.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RegisteredClient {
    /// Application (client) id.
    pub client_id: String,
    /// Name on the consent page.
    pub name: String,
    /// Redirect addresses of platform "mobile and desktop"; the port of `http://localhost` does not matter.
    #[serde(default)]
    pub native_redirects: Vec<String>,
    /// Redirect addresses of platform "single-page application": codes for them cannot be redeemed natively.
    #[serde(default)]
    pub spa_redirects: Vec<String>,
    /// Whether public client flows are allowed; without it device code ends with AADSTS7000218.
    #[serde(default)]
    pub public_flows: bool,
    /// The only tenant it may be used in; absent means any ("multi-tenant").
    #[serde(default)]
    pub home_tenant: Option<String>,
}

/// What a sign-in needs to know of a client, wherever it is registered.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) app_id: String,
    pub(crate) name: String,
    pub(crate) native_redirects: Vec<String>,
    pub(crate) spa_redirects: Vec<String>,
    pub(crate) web_redirects: Vec<String>,
    pub(crate) public_flows: bool,
    /// `None`: multi-tenant.
    pub(crate) home: Option<String>,
}

/// A device code that was handed out.
#[derive(Debug, Clone)]
pub(crate) struct DeviceCode {
    pub(crate) user_code: String,
    pub(crate) client_id: String,
    pub(crate) authority: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) expires_ms: i64,
    pub(crate) last_poll_ms: Option<i64>,
    pub(crate) state: DeviceState,
}

#[derive(Debug, Clone)]
pub(crate) enum DeviceState {
    Pending,
    Approved(Subject),
    Declined,
    Refused(u32),
    Redeemed,
}

/// Who signed in, where, and how.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) tenant: usize,
    pub(crate) user_id: String,
    pub(crate) mfa: bool,
}

/// An authorization code that was handed out.
#[derive(Debug, Clone)]
pub(crate) struct AuthCode {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) challenge: Option<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) client_info: bool,
    pub(crate) claims: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) subject: Subject,
    pub(crate) expires_ms: i64,
    pub(crate) used: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct RefreshToken {
    pub(crate) client_id: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) subject: Subject,
    pub(crate) issued_ms: i64,
    pub(crate) signed_in_ms: i64,
}

/// The whole state.
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) fleet: usize,
    pub(crate) rng: SeededRng,
    pub(crate) offset_ms: i64,
    pub(crate) login: String,
    pub(crate) graph: String,
    pub(crate) settings: Settings,
    pub(crate) tenants: Vec<Tenant>,
    by_name: HashMap<String, usize>,
    app_homes: HashMap<String, usize>,
    pub(crate) clients: HashMap<String, RegisteredClient>,
    pub(crate) flows: HashMap<String, Flow>,
    pub(crate) device_codes: HashMap<String, DeviceCode>,
    pub(crate) auth_codes: HashMap<String, AuthCode>,
    pub(crate) refresh_tokens: HashMap<String, RefreshToken>,
    /// Every token that was handed out, for whoever looks where they went.
    pub(crate) issued: Vec<String>,
    pub(crate) faults: Vec<Armed>,
    pub(crate) counts: BTreeMap<(String, String), u64>,
    pub(crate) throttle: Throttle,
    pub(crate) validator: Option<Arc<Validator>>,
    pub(crate) violations: Vec<Value>,
}

const NAMED: &[(&str, &str, &[Trait])] = &[
    ("Contoso Ltd", "contoso", &[Trait::MandatoryMfa]),
    ("Fabrikam Inc", "fabrikam", &[Trait::DeviceCodeBlocked]),
    ("Northwind Traders", "northwind", &[Trait::NoP1]),
    ("Tailspin Toys", "tailspin", &[Trait::FederatedOnly]),
    ("Wingtip Consulting", "wingtip", &[Trait::ConsentRefused]),
    ("Litware Health", "litware", &[Trait::SecretsRefused, Trait::MandatoryMfa]),
];

impl World {
    /// Builds all tenants from the seed. `login` and `graph` are base URLs without a trailing slash.
    pub(crate) fn new(seed: u64, fleet: usize, login: &str, graph: &str, scenario: &Scenario) -> Self {
        let mut rng = SeededRng::new(seed);
        let now = clock::real_now_ms();
        let mut tenants: Vec<Tenant> =
            NAMED.iter().map(|(name, slug, traits)| Tenant::new(&mut rng, name, slug, traits, now, false)).collect();
        for n in 1..=fleet {
            tenants.push(Tenant::new(&mut rng, &format!("Fleet {n:04}"), &format!("fleet{n:04}"), &[], now, true));
        }
        let mut by_name = HashMap::new();
        for (at, tenant) in tenants.iter().enumerate() {
            by_name.insert(tenant.id.clone(), at);
            for domain in &tenant.domains {
                by_name.insert(domain.name.clone(), at);
            }
        }
        let bootstrap = RegisteredClient {
            client_id: catalog::BOOTSTRAP_CLIENT_ID.to_owned(),
            name: "Vitrine (simulated registration)".to_owned(),
            native_redirects: vec!["http://localhost".to_owned()],
            spa_redirects: Vec::new(),
            public_flows: true,
            home_tenant: None,
        };
        let mut world = Self {
            seed,
            fleet,
            rng,
            offset_ms: 0,
            login: login.to_owned(),
            graph: graph.to_owned(),
            settings: scenario.settings.clone(),
            tenants,
            by_name,
            app_homes: HashMap::new(),
            clients: HashMap::from([(bootstrap.client_id.clone(), bootstrap)]),
            flows: HashMap::new(),
            device_codes: HashMap::new(),
            auth_codes: HashMap::new(),
            refresh_tokens: HashMap::new(),
            issued: Vec::new(),
            faults: Vec::new(),
            counts: BTreeMap::new(),
            throttle: Throttle::default(),
            validator: None,
            violations: Vec::new(),
        };
        for fault in &scenario.faults {
            world.faults.push(Armed::new(fault.clone()));
        }
        world
    }

    /// Simulated time in Unix milliseconds.
    pub(crate) fn now_ms(&self) -> i64 {
        clock::real_now_ms() + self.offset_ms
    }

    /// Moves the clock. A clock that is set back undoes no replication: the copies that had arrived are there.
    pub(crate) fn advance(&mut self, ms: i64) {
        self.offset_ms = self.offset_ms.saturating_add(ms);
        let back = ms.min(0);
        for tenant in &mut self.tenants {
            let seen = (tenant.users.iter_mut().map(|user| &mut user.visible_from_ms))
                .chain(tenant.applications.iter_mut().flat_map(|app| {
                    app.keys.iter_mut().map(|key| &mut key.known_from_ms).chain([&mut app.visible_from_ms])
                }))
                .chain(tenant.principals.iter_mut().map(|principal| &mut principal.visible_from_ms))
                .chain(tenant.app_roles.iter_mut().map(|role| &mut role.visible_from_ms))
                .chain(tenant.roles.iter_mut().flat_map(|role| {
                    [Some(&mut role.visible_from_ms), role.gone_from_ms.as_mut()].into_iter().flatten()
                }));
            for from in seen {
                *from = from.saturating_add(back);
            }
        }
    }

    /// The tenant of an id or a verified domain.
    pub(crate) fn tenant_at(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).or_else(|| self.by_name.get(&name.to_ascii_lowercase())).copied()
    }

    /// The tenant that a user name belongs to by its domain.
    pub(crate) fn tenant_of_user_name(&self, upn: &str) -> Option<usize> {
        upn.rsplit_once('@').and_then(|(_, domain)| self.tenant_at(domain))
    }

    pub(crate) fn note_application(&mut self, app_id: &str, tenant: usize) {
        self.app_homes.insert(app_id.to_owned(), tenant);
    }

    /// The tenant in which an application is registered (deleted ones count: the id is never used again).
    pub(crate) fn app_home(&self, app_id: &str) -> Option<usize> {
        self.app_homes.get(app_id).copied()
    }

    /// A client that may sign people in, replicated registrations only.
    pub(crate) fn client(&self, app_id: &str) -> Option<Client> {
        if let Some(c) = self.clients.get(app_id) {
            return Some(Client {
                app_id: c.client_id.clone(),
                name: c.name.clone(),
                native_redirects: c.native_redirects.clone(),
                spa_redirects: c.spa_redirects.clone(),
                web_redirects: Vec::new(),
                public_flows: c.public_flows,
                home: c.home_tenant.as_ref().and_then(|t| self.tenant_at(t)).map(|t| self.tenants[t].id.clone()),
            });
        }
        let tenant = &self.tenants[self.app_home(app_id)?];
        let app = tenant.application(app_id).filter(|a| a.visible_from_ms <= self.now_ms())?;
        Some(Client {
            app_id: app.app_id.clone(),
            name: app.display_name.clone(),
            native_redirects: app.native_redirects.clone(),
            spa_redirects: app.spa_redirects.clone(),
            web_redirects: app.web_redirects.clone(),
            public_flows: app.public_flows,
            home: (app.audience == "AzureADMyOrg").then(|| tenant.id.clone()),
        })
    }

    /// Counts a request for assertions and returns the effects that faults give it.
    pub(crate) fn meet(&mut self, tenant: Option<usize>, operation: &str) -> Vec<Effect> {
        let (id, names) = match tenant.map(|t| &self.tenants[t]) {
            Some(t) => {
                let mut names = vec![t.id.clone()];
                names.extend(t.domains.iter().map(|d| d.name.clone()));
                (t.id.clone(), names)
            }
            None => (String::new(), Vec::new()),
        };
        *self.counts.entry((id, operation.to_owned())).or_insert(0) += 1;
        let rng = &mut self.rng;
        self.faults.iter_mut().filter_map(|f| f.bites(&names, operation, rng).then(|| f.fault.effect.clone())).collect()
    }

    /// Adds a rule after those that are there.
    pub(crate) fn add_fault(&mut self, fault: Fault) {
        self.faults.push(Armed::new(fault));
    }

    /// Writes a line of the directory audit log.
    pub(crate) fn audit(&mut self, tenant: usize, activity: &str, category: &str, by: &Value, target: &Value) {
        let entry = json!({
            "id": format!("Directory_{}", self.rng.guid()),
            "category": category,
            "correlationId": self.rng.guid(),
            "result": "success",
            "resultReason": "",
            "activityDisplayName": activity,
            "activityDateTime": clock::graph_time(self.now_ms()),
            "loggedByService": "Core Directory",
            "operationType": "Update",
            "initiatedBy": by,
            "targetResources": [target],
            "additionalDetails": [],
        });
        keep(&mut self.tenants[tenant].audits, entry);
    }

    /// Writes a line of the sign-in log.
    pub(crate) fn log_sign_in(&mut self, tenant: usize, user_id: &str, app_id: &str, app_name: &str, error: u32) {
        let now = clock::graph_time(self.now_ms());
        let (id, correlation) = (self.rng.guid(), self.rng.guid());
        let t = &mut self.tenants[tenant];
        let Some(user) = t.user(user_id) else { return };
        let entry = json!({
            "id": id,
            "createdDateTime": now,
            "userDisplayName": user.display_name,
            "userPrincipalName": user.upn,
            "userId": user.id,
            "appId": app_id,
            "appDisplayName": app_name,
            "ipAddress": "127.0.0.1",
            "clientAppUsed": "Browser",
            "correlationId": correlation,
            "conditionalAccessStatus": "notApplied",
            "isInteractive": true,
            "status": {
                "errorCode": error,
                "failureReason": if error == 0 { "Other." } else { "Sign-in failed." },
                "additionalDetails": null,
            },
        });
        keep(&mut t.sign_ins, entry);
    }
}

/// Log lines a tenant keeps; a long run must not fill the memory.
const LOG_LINES: usize = 2000;

fn keep(log: &mut Vec<Value>, entry: Value) {
    if log.len() >= LOG_LINES {
        log.drain(..LOG_LINES / 2);
    }
    log.push(entry);
}
