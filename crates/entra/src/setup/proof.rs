//! Proving the permissions with the app's own certificate, by reads that need exactly one of them.

use super::permission::Permission;
use crate::connection::Connection;
use crate::graph::GraphError;

/// How a permission was proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// A read that needs it succeeded.
    Read,
    /// No read needs it; the first use will show.
    AtFirstUse,
    /// A read that needs it was refused.
    Refused(GraphError),
}

/// One permission (or the role: `permission` is `None`) with its evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermissionCheck {
    /// Which permission; `None` is the directory role.
    pub permission: Option<&'static Permission>,
    /// How it was proved.
    pub evidence: Evidence,
}

/// Signs in as the connection and proves each permission by a read. Waits out replication (up to two minutes) where a
/// refusal may only mean that a grant has not arrived. An `Err` is a connection that cannot sign in at all.
pub async fn check(connection: &Connection) -> Result<Vec<PermissionCheck>, GraphError> { unimplemented!() }
