//! App registrations, service principals and their grants.

use crate::id::{ApplicationId, ClientId, KeyId, PermissionId, ServicePrincipalId};
use serde::{Deserialize, Serialize};

/// An app registration.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Application {
    /// Object id.
    pub id: ApplicationId,
    /// Client id.
    pub app_id: ClientId,
    /// Name; may hold any text.
    #[serde(default)]
    pub display_name: Option<String>,
    /// `AzureADMyOrg` serves its own tenant only.
    #[serde(default)]
    pub sign_in_audience: Option<String>,
    /// Free labels; ours carries the vault's.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Certificates.
    #[serde(default)]
    pub key_credentials: Vec<KeyCredential>,
    /// Secrets; ours has none.
    #[serde(default)]
    pub password_credentials: Vec<PasswordCredential>,
}

/// One certificate of a registration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyCredential {
    /// Its id; absent in a request to add one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<KeyId>,
}

/// One secret of a registration, without its value.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PasswordCredential {
    /// Its id.
    #[serde(default)]
    pub key_id: Option<KeyId>,
}

/// A registration to create.
pub struct NewApplication {}

/// A service principal.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServicePrincipal {
    /// Object id.
    pub id: ServicePrincipalId,
}

/// An application permission that a service principal offers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppRole {
    /// Its id.
    pub id: PermissionId,
}

/// One granted application permission.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppRoleAssignment {
    /// Its id; not a GUID.
    pub id: String,
}

/// One delegated grant.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PermissionGrant {
    /// Its id; not a GUID.
    pub id: String,
}
