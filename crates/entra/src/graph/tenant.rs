//! The tenant itself: organization, domains, licences.

use super::call::Graph;
use super::error::{GraphError, GraphErrorKind};
use crate::id::TenantId;
use serde::Deserialize;

/// `/organization`: the tenant.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Organization {
    /// The tenant.
    pub id: TenantId,
    /// Its name; may hold any text.
    #[serde(default)]
    pub display_name: Option<String>,
    /// `AAD`, `AAD B2C` or `CIAM`.
    #[serde(default)]
    pub tenant_type: Option<String>,
    /// Whether users come from a directory on premises.
    #[serde(default)]
    pub on_premises_sync_enabled: Option<bool>,
    /// Domains as the organization lists them.
    #[serde(default)]
    pub verified_domains: Vec<VerifiedDomain>,
}

/// A domain as `/organization` lists it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifiedDomain {
    /// Name.
    #[serde(default)]
    pub name: Option<String>,
    /// Whether it is the `onmicrosoft.com` domain given at creation.
    #[serde(default)]
    pub is_initial: Option<bool>,
    /// Whether new users get it by default.
    #[serde(default)]
    pub is_default: Option<bool>,
}

/// `/domains`: one domain.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Domain {
    /// Its name.
    pub id: String,
    /// `Managed` or `Federated`.
    #[serde(default)]
    pub authentication_type: Option<String>,
    /// Whether it is the `onmicrosoft.com` domain given at creation.
    #[serde(default)]
    pub is_initial: Option<bool>,
    /// Whether new users get it by default.
    #[serde(default)]
    pub is_default: Option<bool>,
    /// Whether ownership was proved.
    #[serde(default)]
    pub is_verified: Option<bool>,
}

/// `/subscribedSkus`: one licence with its plans.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubscribedSku {
    /// `Enabled`, `Warning`, `Suspended`, `Deleted`, `LockedOut`.
    #[serde(default)]
    pub capability_status: Option<String>,
    /// The service plans inside.
    #[serde(default)]
    pub service_plans: Vec<ServicePlan>,
}

/// One service plan of a licence.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServicePlan {
    /// E.g. `AAD_PREMIUM` (P1), `AAD_PREMIUM_P2`.
    #[serde(default)]
    pub service_plan_name: Option<String>,
}

impl Graph<'_> {
    /// The tenant. Delegated `User.Read`, app-only `Organization.Read.All`.
    pub async fn organization(&self) -> Result<Organization, GraphError> {
        let select = "id,displayName,tenantType,onPremisesSyncEnabled,verifiedDomains";
        let found: Vec<Organization> = self.list(self.get("/organization", &[("$select", select)])).await?;
        found.into_iter().next().ok_or_else(|| GraphError::local(GraphErrorKind::Unreadable))
    }

    /// Its domains. `Domain.Read.All`.
    pub async fn domains(&self) -> Result<Vec<Domain>, GraphError> {
        self.list(self.get("/domains", &[])).await
    }

    /// Its licences. `LicenseAssignment.Read.All`.
    pub async fn subscribed_skus(&self) -> Result<Vec<SubscribedSku>, GraphError> {
        self.list(self.get("/subscribedSkus", &[]).units(3)).await
    }
}
