//! Directory roles and their assignments (`/roleManagement/directory`).

use super::call::{Graph, json, quoted};
use super::error::GraphError;
use crate::id::{RoleId, UserId};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Global Administrator.
pub const GLOBAL_ADMINISTRATOR: RoleId = RoleId::from_u128(0x62e90394_69f5_4237_9190_012177145e10);
/// Privileged Authentication Administrator: may reset a Global Administrator's password.
pub const PRIVILEGED_AUTHENTICATION_ADMINISTRATOR: RoleId = RoleId::from_u128(0x7be44c8a_adaf_4e2a_84d6_ab2649e08a13);
/// Privileged Role Administrator: may assign roles and consent to application permissions.
pub const PRIVILEGED_ROLE_ADMINISTRATOR: RoleId = RoleId::from_u128(0xe8611ab8_c189_46e8_94e1_60213ab1f814);
/// Application Administrator: may create registrations, not consent to Graph application permissions.
pub const APPLICATION_ADMINISTRATOR: RoleId = RoleId::from_u128(0x9b895d92_2cd3_44c7_9d02_a6ac2d5ea5c3);

/// One role assignment.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleAssignment {
    /// Its id; not a GUID.
    pub id: String,
    /// The role: template id for built-in roles.
    pub role_definition_id: String,
    /// Who holds it: object id of a user, group or service principal.
    pub principal_id: String,
    /// `/` is the whole tenant.
    #[serde(default)]
    pub directory_scope_id: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewRoleAssignment {
    #[serde(rename = "@odata.type")]
    kind: &'static str,
    role_definition_id: RoleId,
    principal_id: String,
    directory_scope_id: &'static str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Membership {
    #[serde(rename = "@odata.type", default)]
    kind: Option<String>,
    #[serde(default)]
    role_template_id: Option<String>,
}

impl RoleAssignment {
    /// Whether it gives `role` for the whole tenant.
    pub fn gives(&self, role: RoleId) -> bool {
        self.role_definition_id.parse() == Ok(role) && self.directory_scope_id.as_deref() == Some("/")
    }
}

impl Graph<'_> {
    /// Assignments of one principal (object id of a user or service principal). `RoleManagement.Read.Directory`.
    pub async fn role_assignments_of(&self, principal: impl fmt::Display) -> Result<Vec<RoleAssignment>, GraphError> {
        let filter = format!("principalId eq {}", quoted(&principal.to_string()));
        self.list(self.get("/roleManagement/directory/roleAssignments", &[("$filter", &filter)])).await
    }

    /// Roles that `user` holds, by groups too. `User.Read` for oneself.
    pub async fn roles_of(&self, user: UserId) -> Result<Vec<RoleId>, GraphError> {
        let found: Vec<Membership> = self.list(self.get(&format!("/users/{user}/transitiveMemberOf"), &[])).await?;
        let roles = found.iter().filter(|m| m.kind.as_deref() == Some("#microsoft.graph.directoryRole"));
        Ok(roles.filter_map(|m| m.role_template_id.as_deref()?.parse().ok()).collect())
    }

    /// Assigns `role` to `principal` for the whole tenant, without end.
    pub(crate) async fn assign_role(
        &self,
        principal: impl fmt::Display,
        role: RoleId,
    ) -> Result<RoleAssignment, GraphError> {
        let body = NewRoleAssignment {
            kind: "#microsoft.graph.unifiedRoleAssignment",
            role_definition_id: role,
            principal_id: principal.to_string(),
            directory_scope_id: "/",
        };
        self.read(self.write(Method::POST, "/roleManagement/directory/roleAssignments", json(&body)?)).await
    }
}
