//! Why a set-up stopped.

use super::plan::Surprise;
use crate::graph::GraphError;

/// Why planning or running a set-up stopped. Nothing is half lost: running again completes it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// The tenant has no managed initial domain: passwords cannot be set on federated domains.
    #[error("this tenant has no managed onmicrosoft.com domain; passwords cannot be set for federated users")]
    FederatedOnly,
    /// The admin lacks a role: needs Global Administrator, or Privileged Role Administrator with Application Administrator.
    #[error("the signed-in account is no Global Administrator, and holds no pair of roles that may do this")]
    RoleMissing,
    /// What was found in the tenant does not look like ours; each is named. Nothing was changed.
    #[error("the tenant already holds something that set-up will not touch without being told")]
    Surprises(Vec<Surprise>),
    /// The plan was made for another tenant than the session's.
    #[error("the plan belongs to another tenant than the one signed in to")]
    OtherTenant,
    /// A permission of the list is not offered by this cloud's Graph.
    #[error("this cloud does not offer the permission {permission}")]
    PermissionNotOffered {
        /// Its name.
        permission: &'static str,
    },
    /// Something that was created did not appear in time; run again in a few minutes.
    #[error("the tenant has not finished taking over what was created; run the set-up again in a few minutes")]
    StillReplicating,
    /// The tag is not usable: 1 to 64 characters of letters, digits, dash.
    #[error("the tag may hold letters, digits and dashes only")]
    Tag,
    /// Graph refused.
    #[error(transparent)]
    Graph(#[from] GraphError),
}

impl SetupError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::FederatedOnly => "setup.federated-only",
            Self::RoleMissing => "setup.role-missing",
            Self::Surprises(_) => "setup.surprises",
            Self::OtherTenant => "setup.other-tenant",
            Self::PermissionNotOffered { .. } => "setup.permission-not-offered",
            Self::StillReplicating => "setup.still-replicating",
            Self::Tag => "setup.tag",
            Self::Graph(error) => error.code(),
        }
    }
}
