//! The tenant connection: its own app registration, signed in by certificate, unattended. Caches its token.

use crate::certificate::Certificate;
use crate::cloud::Cloud;
use crate::graph::Graph;
use crate::http::Http;
use crate::id::{ApplicationId, ClientId, ServicePrincipalId, TenantId};
use serde::{Deserialize, Serialize};

/// What set-up leaves behind: everything but the certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionRecord {
    /// Where the tenant lives.
    pub cloud: Cloud,
    /// The tenant.
    pub tenant_id: TenantId,
    /// Its display name at that time; may hold any text.
    pub tenant_name: String,
    /// Its default domain.
    pub default_domain: String,
    /// Its initial `onmicrosoft.com` domain, where emergency accounts live.
    pub initial_domain: String,
    /// Client id of the app registration.
    pub client_id: ClientId,
    /// Object id of the app registration.
    pub application_id: ApplicationId,
    /// Its service principal.
    pub service_principal_id: ServicePrincipalId,
}

/// A live connection. No `Debug`, no `Clone`: share it by `Arc`. Dropping it zeroes key and token.
pub struct Connection {
}

impl Connection {
    /// A connection that has not signed in yet; it does when first used.
    pub fn new(http: &Http, record: ConnectionRecord, certificate: Certificate) -> Self { unimplemented!() }
    /// What it connects.
    pub fn record(&self) -> &ConnectionRecord { unimplemented!() }
    /// Graph as this connection.
    pub fn graph(&self) -> Graph<'_> { unimplemented!() }
}
