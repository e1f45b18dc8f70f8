//! App registrations, service principals and their grants.

use super::call::{Graph, json, quoted, segment};
use super::error::GraphError;
use crate::certificate::Certificate;
use crate::id::{ApplicationId, ClientId, KeyId, PermissionId, ServicePrincipalId};
use data_encoding::BASE64;
use reqwest::Method;
use serde::{Deserialize, Serialize};

/// Microsoft Graph itself, as a client id: the same in every cloud.
pub(crate) const GRAPH_APP: ClientId = ClientId::from_u128(0x0000_0003_0000_0000_c000_0000_0000_0000);

const FIELDS: &str = "id,appId,displayName,createdDateTime,signInAudience,tags,keyCredentials,passwordCredentials";

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
    /// RFC 3339.
    #[serde(default)]
    pub created_date_time: Option<String>,
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

/// One certificate of a registration. Kept whole, because a change of the list must send the kept ones too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyCredential {
    /// Its id; absent in a request to add one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<KeyId>,
    /// `AsymmetricX509Cert`.
    #[serde(rename = "type", default)]
    pub kind: Option<String>,
    /// `Verify`.
    #[serde(default)]
    pub usage: Option<String>,
    /// Name; may hold any text.
    #[serde(default)]
    pub display_name: Option<String>,
    /// Base64 of what the maker called it; ours is the SHA-256 of the certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_key_identifier: Option<String>,
    /// Base64 DER; Graph gives it only for one application asked for by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_date_time: Option<String>,
    /// RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_date_time: Option<String>,
}

impl KeyCredential {
    /// SHA-256 of the certificate: of the DER where the tenant gives it, else what the list calls it.
    pub fn thumbprint(&self) -> Option<[u8; 32]> {
        match &self.key {
            Some(key) => BASE64.decode(key.as_bytes()).ok().map(|der| crate::certificate::sha256(&der)),
            None => BASE64.decode(self.custom_key_identifier.as_ref()?.as_bytes()).ok()?.try_into().ok(),
        }
    }
}

/// A certificate in the form that adds it.
pub(crate) struct NewKey;

impl NewKey {
    pub(crate) fn of(certificate: &Certificate) -> KeyCredential {
        KeyCredential {
            key_id: None,
            kind: Some("AsymmetricX509Cert".to_owned()),
            usage: Some("Verify".to_owned()),
            display_name: Some(crate::setup::APP_NAME.to_owned()),
            custom_key_identifier: Some(BASE64.encode(&certificate.thumbprint())),
            key: Some(BASE64.encode(certificate.der())),
            start_date_time: None,
            end_date_time: None,
        }
    }
}

/// One secret of a registration, without its value.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PasswordCredential {
    /// Its id.
    #[serde(default)]
    pub key_id: Option<KeyId>,
    /// Name; may hold any text.
    #[serde(default)]
    pub display_name: Option<String>,
}

/// A registration to create: single tenant, one certificate, the permissions it will be granted.
pub(crate) struct NewApplication<'a> {
    pub(crate) display_name: &'a str,
    pub(crate) tag: &'a str,
    pub(crate) certificate: &'a Certificate,
    pub(crate) permissions: &'a [PermissionId],
}

/// A service principal.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServicePrincipal {
    /// Object id.
    pub id: ServicePrincipalId,
    /// What it offers, where asked for.
    #[serde(default)]
    pub app_roles: Vec<AppRole>,
    /// Certificates of its own, beside those of its registration; ours has none.
    #[serde(default)]
    pub key_credentials: Vec<KeyCredential>,
    /// Secrets of its own; ours has none.
    #[serde(default)]
    pub password_credentials: Vec<PasswordCredential>,
}

/// Who may change a registration or a service principal: a user or another app. Only the id is sure to be given.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Owner {
    /// Object id.
    pub id: String,
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    user_principal_name: Option<String>,
}

impl Owner {
    /// What it is called; may hold any text.
    pub fn name(&self) -> String {
        [&self.user_principal_name, &self.display_name].into_iter().flatten().next().cloned().unwrap_or_default()
    }
}

/// An identity of elsewhere that may sign in as the app, without key or secret.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FederatedCredential {
    /// Its id.
    pub id: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    issuer: Option<String>,
    #[serde(default)]
    subject: Option<String>,
}

impl FederatedCredential {
    /// Who it trusts; may hold any text.
    pub fn name(&self) -> String {
        let parts = [&self.name, &self.issuer, &self.subject].into_iter().flatten().cloned();
        parts.collect::<Vec<_>>().join(", ")
    }
}

/// An application permission that a service principal offers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppRole {
    /// Its id.
    pub id: PermissionId,
    /// Its name, e.g. `User.Read.All`.
    #[serde(default)]
    pub value: Option<String>,
    /// Whether it can be granted.
    #[serde(default)]
    pub is_enabled: Option<bool>,
}

/// One granted application permission.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppRoleAssignment {
    /// Its id; not a GUID.
    #[serde(default)]
    pub id: Option<String>,
    /// Which permission.
    pub app_role_id: PermissionId,
    /// Of which resource.
    pub resource_id: ServicePrincipalId,
}

/// One delegated grant.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PermissionGrant {
    /// Its id; not a GUID.
    pub id: String,
    /// Who was granted: a service principal.
    pub client_id: ServicePrincipalId,
    /// Words separated by spaces.
    #[serde(default)]
    pub scope: Option<String>,
}

impl Graph<'_> {
    /// Registrations of that name. `Application.Read.All`.
    pub async fn applications_named(&self, name: &str) -> Result<Vec<Application>, GraphError> {
        let filter = format!("displayName eq {}", quoted(name));
        self.list(self.get("/applications", &[("$filter", &filter), ("$select", FIELDS)]).units(2)).await
    }

    /// One registration with its certificates whole. `Application.Read.All`; an app reads its own without.
    pub async fn application(&self, id: ApplicationId) -> Result<Application, GraphError> {
        self.read(self.get(&format!("/applications/{id}"), &[("$select", FIELDS)])).await
    }

    /// A service principal with keys and secrets of its own. The app reads itself without a permission.
    pub async fn principal_keys(&self, id: ServicePrincipalId) -> Result<ServicePrincipal, GraphError> {
        let query = [("$select", "id,keyCredentials,passwordCredentials")];
        self.read(self.get(&format!("/servicePrincipals/{id}"), &query)).await
    }

    /// Owners of a registration. `Application.Read.All`.
    pub async fn owners_of_application(&self, id: ApplicationId) -> Result<Vec<Owner>, GraphError> {
        self.list(self.get(&format!("/applications/{id}/owners"), &[])).await
    }

    /// Owners of a service principal. `Application.Read.All`.
    pub async fn owners_of_principal(&self, id: ServicePrincipalId) -> Result<Vec<Owner>, GraphError> {
        self.list(self.get(&format!("/servicePrincipals/{id}/owners"), &[])).await
    }

    /// Identities of elsewhere that a registration trusts. `Application.Read.All`.
    pub async fn federated_credentials(&self, id: ApplicationId) -> Result<Vec<FederatedCredential>, GraphError> {
        self.list(self.get(&format!("/applications/{id}/federatedIdentityCredentials"), &[])).await
    }

    /// The service principal of a client id. `Application.Read.All`.
    pub async fn service_principal_of(&self, client: ClientId) -> Result<Option<ServicePrincipal>, GraphError> {
        let filter = format!("appId eq {}", quoted(&client.to_string()));
        let query = [("$filter", filter.as_str()), ("$select", "id,appId,appRoles")];
        let found: Vec<ServicePrincipal> = self.list(self.get("/servicePrincipals", &query)).await?;
        Ok(found.into_iter().next())
    }

    /// Application permissions granted to a service principal. `Application.Read.All`.
    pub async fn granted_permissions(&self, id: ServicePrincipalId) -> Result<Vec<AppRoleAssignment>, GraphError> {
        self.list(self.get(&format!("/servicePrincipals/{id}/appRoleAssignments"), &[]).units(2)).await
    }

    /// Delegated grants of a client. `Directory.Read.All`, which the usual sign-in does not ask for.
    pub async fn permission_grants(&self, client: ServicePrincipalId) -> Result<Vec<PermissionGrant>, GraphError> {
        let filter = format!("clientId eq {}", quoted(&client.to_string()));
        self.list(self.get("/oauth2PermissionGrants", &[("$filter", &filter)]).units(2)).await
    }

    pub(crate) async fn create_application(&self, new: &NewApplication<'_>) -> Result<Application, GraphError> {
        let access: Vec<_> = new.permissions.iter().map(|id| serde_json::json!({"id": id, "type": "Role"})).collect();
        let body = serde_json::json!({
            "displayName": new.display_name,
            "signInAudience": "AzureADMyOrg",
            "tags": [new.tag],
            "requiredResourceAccess": [{"resourceAppId": GRAPH_APP, "resourceAccess": access}],
            "keyCredentials": [NewKey::of(new.certificate)],
        });
        self.read(self.write(Method::POST, "/applications", json(&body)?)).await
    }

    /// Replaces the whole list: what is not sent is removed.
    pub(crate) async fn replace_keys(&self, id: ApplicationId, keys: &[KeyCredential]) -> Result<(), GraphError> {
        let body = serde_json::json!({ "keyCredentials": keys });
        self.done(self.write(Method::PATCH, &format!("/applications/{id}"), json(&body)?)).await
    }

    pub(crate) async fn remove_secret(&self, id: ApplicationId, key: KeyId) -> Result<(), GraphError> {
        let body = serde_json::json!({ "keyId": key });
        self.done(self.write(Method::POST, &format!("/applications/{id}/removePassword"), json(&body)?)).await
    }

    /// Replaces the whole list of a service principal's own keys.
    pub(crate) async fn replace_principal_keys(
        &self,
        id: ServicePrincipalId,
        keys: &[KeyCredential],
    ) -> Result<(), GraphError> {
        let body = serde_json::json!({ "keyCredentials": keys });
        self.done(self.write(Method::PATCH, &format!("/servicePrincipals/{id}"), json(&body)?)).await
    }

    pub(crate) async fn remove_principal_secret(&self, id: ServicePrincipalId, key: KeyId) -> Result<(), GraphError> {
        let body = serde_json::json!({ "keyId": key });
        self.done(self.write(Method::POST, &format!("/servicePrincipals/{id}/removePassword"), json(&body)?)).await
    }

    pub(crate) async fn remove_application_owner(&self, id: ApplicationId, owner: &str) -> Result<(), GraphError> {
        let path = format!("/applications/{id}/owners/{}/$ref", segment(owner));
        self.done(self.write(Method::DELETE, &path, None)).await
    }

    pub(crate) async fn remove_principal_owner(&self, id: ServicePrincipalId, owner: &str) -> Result<(), GraphError> {
        let path = format!("/servicePrincipals/{id}/owners/{}/$ref", segment(owner));
        self.done(self.write(Method::DELETE, &path, None)).await
    }

    pub(crate) async fn remove_federated(&self, id: ApplicationId, credential: &str) -> Result<(), GraphError> {
        let path = format!("/applications/{id}/federatedIdentityCredentials/{}", segment(credential));
        self.done(self.write(Method::DELETE, &path, None)).await
    }

    /// Adds a certificate by proof of possession of the present one: no permission needed.
    pub(crate) async fn add_key(
        &self,
        id: ApplicationId,
        new: &Certificate,
        proof: &str,
    ) -> Result<KeyCredential, GraphError> {
        let body = serde_json::json!({ "keyCredential": NewKey::of(new), "passwordCredential": null, "proof": proof });
        self.read(self.write(Method::POST, &format!("/applications/{id}/addKey"), json(&body)?)).await
    }

    /// Removes a certificate by proof of possession of another one.
    pub(crate) async fn remove_key(&self, id: ApplicationId, key: KeyId, proof: &str) -> Result<(), GraphError> {
        let body = serde_json::json!({ "keyId": key, "proof": proof });
        self.done(self.write(Method::POST, &format!("/applications/{id}/removeKey"), json(&body)?)).await
    }

    pub(crate) async fn create_service_principal(&self, client: ClientId) -> Result<ServicePrincipal, GraphError> {
        let body = serde_json::json!({ "appId": client });
        self.read(self.write(Method::POST, "/servicePrincipals", json(&body)?)).await
    }

    pub(crate) async fn grant_permission(
        &self,
        to: ServicePrincipalId,
        resource: ServicePrincipalId,
        permission: PermissionId,
    ) -> Result<(), GraphError> {
        let body = serde_json::json!({ "principalId": to, "resourceId": resource, "appRoleId": permission });
        self.done(self.write(Method::POST, &format!("/servicePrincipals/{to}/appRoleAssignments"), json(&body)?)).await
    }
}
