//! Tenants that are connected already: what hundreds of sign-ins would leave behind, made at once, so that a fleet can be
//! measured without first setting it up.

use serde::{Deserialize, Serialize};

use crate::catalog::{self, role};
use crate::clock::graph_time;
use crate::control::Control;
use crate::tenant::{AppRoleAssignment, Application, Key, ServicePrincipal};

/// What a connection holds.
const PERMISSIONS: [&str; 6] = [
    "User-PasswordProfile.ReadWrite.All",
    "User.Read.All",
    "User.RevokeSessions.All",
    "RoleManagement.Read.Directory",
    "Application.Read.All",
    "UserAuthenticationMethod.Read.All",
];
/// When all of it was made: an hour ago.
const AGE_MS: i64 = 3_600_000;

/// A tenant with an app registration and emergency accounts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ConnectedTenant {
    /// Tenant id.
    pub id: String,
    /// Display name.
    pub name: String,
    /// The `onmicrosoft.com` domain.
    pub initial_domain: String,
    /// Application (client) id of the registration.
    pub app_id: String,
    /// Object id of the registration.
    pub application_id: String,
    /// Object id of its service principal.
    pub service_principal_id: String,
    /// Its emergency accounts.
    pub accounts: Vec<ConnectedAccount>,
}

/// An emergency account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ConnectedAccount {
    /// Object id.
    pub id: String,
    /// User principal name.
    pub user_name: String,
    /// `lastPasswordChangeDateTime`.
    pub changed: String,
}

impl Control {
    /// Connects every generated tenant by this certificate (DER), with `accounts` Global Administrators in each.
    pub fn connect_fleet(&self, certificate: &[u8], accounts: usize) -> Vec<ConnectedTenant> {
        let mut guard = self.world();
        let world = &mut *guard;
        let made_ms = world.now_ms() - AGE_MS;
        let first = world.tenants.len() - world.fleet;
        (first..world.tenants.len())
            .map(|at| {
                let (rng, tenant) = (&mut world.rng, &mut world.tenants[at]);
                let (application_id, app_id, principal) = (rng.guid(), rng.guid(), rng.guid());
                tenant.applications.push(Application {
                    id: application_id.clone(),
                    app_id: app_id.clone(),
                    display_name: "Vitrine".to_owned(),
                    audience: "AzureADMyOrg".to_owned(),
                    public_flows: false,
                    native_redirects: Vec::new(),
                    spa_redirects: Vec::new(),
                    web_redirects: Vec::new(),
                    required_access: serde_json::json!([]),
                    tags: Vec::new(),
                    notes: None,
                    description: None,
                    keys: vec![Key {
                        key_id: rng.guid(),
                        der: certificate.to_vec(),
                        display_name: None,
                        start_ms: made_ms,
                        end_ms: made_ms + 365 * 24 * AGE_MS,
                        known_from_ms: made_ms,
                    }],
                    secrets: Vec::new(),
                    owners: Vec::new(),
                    federated: Vec::new(),
                    created_ms: made_ms,
                    visible_from_ms: made_ms,
                    deleted_ms: None,
                });
                tenant.principals.push(ServicePrincipal {
                    id: principal.clone(),
                    app_id: app_id.clone(),
                    display_name: "Vitrine".to_owned(),
                    enabled: true,
                    tags: Vec::new(),
                    owner_tenant: tenant.id.clone(),
                    keys: Vec::new(),
                    secrets: Vec::new(),
                    owners: Vec::new(),
                    visible_from_ms: made_ms,
                    deleted_ms: None,
                });
                let resource = tenant.graph_principal_id().to_owned();
                for (id, _) in catalog::APP_ROLES.iter().filter(|(_, value)| PERMISSIONS.contains(value)) {
                    tenant.app_roles.push(AppRoleAssignment {
                        id: rng.token(24),
                        app_role_id: (*id).to_owned(),
                        principal: principal.clone(),
                        resource: resource.clone(),
                        created_ms: made_ms,
                        visible_from_ms: made_ms,
                    });
                }
                tenant.assign(rng, role::PRIVILEGED_AUTH_ADMIN, &principal);
                let domain = tenant.initial_domain().to_owned();
                let accounts = (1..=accounts).map(|number| {
                    let user_name = format!("emergency-{number}@{domain}");
                    let id = tenant.add_user(rng, &user_name, &format!("Emergency access {number}"), made_ms);
                    tenant.assign(rng, role::GLOBAL_ADMIN, &id);
                    ConnectedAccount { id, user_name, changed: graph_time(made_ms) }
                });
                let accounts = accounts.collect();
                let (id, name) = (tenant.id.clone(), tenant.name.clone());
                world.note_application(&app_id, at);
                ConnectedTenant {
                    id,
                    name,
                    initial_domain: domain,
                    app_id,
                    application_id,
                    service_principal_id: principal,
                    accounts,
                }
            })
            .collect()
    }

    /// How many requests were answered with 429 by the published limits so far.
    pub fn throttled(&self) -> u64 {
        self.world().throttle.refused
    }
}
