//! Directory roles and their assignments (`/roleManagement/directory`).

use super::call::Graph;
use super::error::GraphError;
use crate::id::RoleId;
use serde::{Deserialize, Serialize};

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
struct NewRoleAssignment<'a> {
    #[serde(rename = "@odata.type")]
    kind: &'static str,
    role_definition_id: String,
    principal_id: &'a str,
    directory_scope_id: &'static str,
}

impl Graph<'_> {
    /// Assignments of one principal (object id). `RoleManagement.Read.Directory`.
    pub async fn role_assignments_of(&self, principal: &str) -> Result<Vec<RoleAssignment>, GraphError> { unimplemented!() }
    /// Assigns `role` to `principal` for the whole tenant, without end. Needs an admin's session.
    pub(crate) async fn assign_role(&self, principal: &str, role: RoleId) -> Result<RoleAssignment, GraphError> { unimplemented!() }
    /// Roles that the signed-in person holds, by groups too. Delegated only.
    pub async fn my_roles(&self) -> Result<Vec<RoleId>, GraphError> { unimplemented!() }
}
