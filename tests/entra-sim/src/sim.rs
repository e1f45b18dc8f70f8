//! Starting and stopping a simulator inside a test or a program.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;
use thiserror::Error;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::catalog::BOOTSTRAP_CLIENT_ID;
use crate::control::Control;
use crate::http::{App, Shared, graph_router, login_router};
use crate::oauth::jwt::signing_key;
use crate::options::SimOptions;
use crate::server::{bind, serve, tls_config};
use crate::tenant::{Tenant, Trait};
use crate::validate;
use crate::world::World;

/// Why a simulator did not start.
#[derive(Debug, Error)]
pub enum SimError {
    /// The port is taken or not allowed.
    #[error("cannot listen on 127.0.0.1:{port}: {source}; choose another --port, two in a row are needed")]
    Bind {
        /// The port asked for.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
    /// The TLS files do not hold a certificate chain and its key.
    #[error("cannot use the TLS files: {detail}")]
    Tls {
        /// What is wrong with them.
        detail: String,
    },
    /// A file cannot be read.
    #[error("cannot read {path}: {source}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The scenario is not one.
    #[error("{path} is not a scenario: {detail}", path = path.display())]
    Scenario {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// Microsoft's description, named by `VITRINE_GRAPH_OPENAPI`, cannot be used.
    #[error("cannot use the description of Graph: {detail}")]
    Description {
        /// What is wrong with it.
        detail: String,
    },
}

impl SimError {
    /// A code that stays the same over versions.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Bind { .. } => "entra-sim.bind",
            Self::Tls { .. } => "entra-sim.tls",
            Self::File { .. } => "entra-sim.file",
            Self::Scenario { .. } => "entra-sim.scenario",
            Self::Description { .. } => "entra-sim.description",
        }
    }
}

/// Addresses, without a trailing slash.
#[derive(Debug, Clone, Serialize)]
pub struct Urls {
    /// Login host.
    pub login: String,
    /// Graph host; requests go to `/v1.0` below it.
    pub graph: String,
    /// Control endpoint.
    pub control: String,
    /// OpenAPI document of everything.
    pub docs: String,
    /// Sign-in page for emergency accounts.
    pub portal: String,
}

/// A tenant, as printed at start.
#[derive(Debug, Clone, Serialize)]
pub struct TenantInfo {
    /// Tenant id, a GUID.
    pub id: String,
    /// Display name.
    pub name: String,
    /// The `onmicrosoft.com` domain.
    #[serde(rename = "initialDomain")]
    pub initial_domain: String,
    /// What sets it apart.
    pub traits: Vec<Trait>,
    /// Its Global Administrator.
    pub admin: Admin,
}

/// A demonstration administrator.
#[derive(Debug, Clone, Serialize)]
pub struct Admin {
    /// User principal name.
    #[serde(rename = "userName")]
    pub user_name: String,
    /// Password, as it is now.
    pub password: String,
    /// Base32 secret of the registered authenticator, where a second factor is demanded.
    #[serde(rename = "totpSecret", skip_serializing_if = "Option::is_none")]
    pub totp_secret: Option<String>,
}

/// Everything the program prints at start.
#[derive(Debug, Clone, Serialize)]
pub struct Announcement {
    /// Addresses.
    #[serde(flatten)]
    pub urls: Urls,
    /// The multi-tenant public client to sign in with at first.
    #[serde(rename = "clientId")]
    pub client_id: String,
    /// All tenants.
    pub tenants: Vec<TenantInfo>,
}

/// A running simulator. Dropping it stops it without waiting.
#[derive(Debug)]
pub struct Sim {
    urls: Urls,
    control: Control,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    must_fit: bool,
}

impl Sim {
    /// Binds, builds all tenants from the seed and begins to serve.
    pub async fn start(options: SimOptions) -> Result<Self, SimError> {
        let tls = options.tls.as_ref().map(tls_config).transpose()?;
        let (login_listener, login_port) = bind(options.port).await?;
        // The next port, so that a simulator started again is found at the same addresses.
        let (graph_listener, graph_port) =
            bind(if options.port == 0 { 0 } else { options.port.saturating_add(1) }).await?;
        // Certificates are made for names rather than addresses.
        let (scheme, host) = if tls.is_some() { ("https", "localhost") } else { ("http", "127.0.0.1") };
        let login = format!("{scheme}://{host}:{login_port}");
        let graph = format!("{scheme}://{host}:{graph_port}");
        let urls = Urls {
            control: format!("{login}/control"),
            docs: format!("{login}/openapi.json"),
            portal: format!("{login}/portal"),
            login: login.clone(),
            graph: graph.clone(),
        };
        // Makes the key now, not in somebody's first request.
        let _ = tokio::task::spawn_blocking(signing_key).await;
        let mut world = World::new(options.seed, options.fleet, &login, &graph, &options.scenario);
        world.validator = validate::from_environment()?;
        let (stop, stopping) = watch::channel(false);
        let shared: App = Arc::new(Shared::new(world, stopping.clone()));
        let tasks = vec![
            serve(login_listener, tls.clone(), login_router(&shared), stopping.clone()),
            serve(graph_listener, tls, graph_router(&shared), stopping),
        ];
        let control = Control::new(shared);
        if options.must_fit && !control.validates() {
            static ONCE: std::sync::Once = std::sync::Once::new();
            ONCE.call_once(|| eprintln!("skipped: requests are compared with no description, {}", validate::absent()));
        }
        Ok(Self { urls, control, stop, tasks, must_fit: options.must_fit })
    }

    /// Addresses of the two hosts.
    pub fn urls(&self) -> &Urls {
        &self.urls
    }

    /// All tenants with their administrators.
    pub fn tenants(&self) -> Vec<TenantInfo> {
        self.control.world().tenants.iter().map(info).collect()
    }

    /// The administrator of a tenant, named by id or domain.
    pub fn admin(&self, tenant: &str) -> Option<Admin> {
        let world = self.control.world();
        world.tenant_at(tenant).map(|t| info(&world.tenants[t]).admin)
    }

    /// The client id to sign in with at first.
    pub fn client_id(&self) -> &'static str {
        BOOTSTRAP_CLIENT_ID
    }

    /// Direct access for tests: faults, clock, counters, passwords.
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// What the program prints at start.
    pub fn announcement(&self) -> Announcement {
        Announcement { urls: self.urls.clone(), client_id: self.client_id().to_owned(), tenants: self.tenants() }
    }

    /// Stops serving and waits for open requests, two seconds at most.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        for task in self.tasks.drain(..) {
            let _ = task.await;
        }
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
        // One place for all journeys, so that none can forget to ask. A test that fails already says why.
        if self.must_fit && !std::thread::panicking() {
            let violations = self.control.violations();
            assert!(violations.is_empty(), "requests or answers do not fit Microsoft's description: {violations:#?}");
        }
    }
}

fn info(tenant: &Tenant) -> TenantInfo {
    let admin = tenant.user(&tenant.admin_id);
    TenantInfo {
        id: tenant.id.clone(),
        name: tenant.name.clone(),
        initial_domain: tenant.initial_domain().to_owned(),
        traits: tenant.traits.iter().copied().collect(),
        admin: Admin {
            user_name: admin.map_or_else(String::new, |a| a.upn.clone()),
            password: admin.map_or_else(String::new, |a| a.password.clone()),
            totp_secret: admin.and_then(|a| a.methods.totp.as_ref()).map(|t| t.secret.clone()),
        },
    }
}
