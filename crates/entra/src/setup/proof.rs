//! Proving the permissions with the app's own certificate, by reads that need exactly one of them.

use super::PATIENCE;
use super::permission::{PERMISSIONS, Permission, ROLE_NAME};
use crate::connection::Connection;
use crate::graph::{GraphError, GraphErrorKind, PRIVILEGED_AUTHENTICATION_ADMINISTRATOR, Priority};
use std::time::Duration;

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

/// Names what a refused write of the connection's lacks: `permission`, or the role that the same write needs. Which of
/// them it is the connection's own roles tell, as far as they can be read.
pub(crate) async fn explain(connection: &Connection, permission: &'static str, refused: GraphError) -> GraphError {
    if refused.kind() != GraphErrorKind::PermissionOrRoleMissing {
        return refused;
    }
    let roles = connection.graph().role_assignments_of(connection.record().service_principal_id).await;
    refused.lacking(&match roles {
        Ok(roles) if roles.iter().any(|r| r.gives(PRIVILEGED_AUTHENTICATION_ADMINISTRATOR)) => vec![permission],
        Ok(_) => vec![ROLE_NAME],
        Err(_) => vec![permission, ROLE_NAME],
    })
}

/// Signs in as the connection and proves each permission by a read. Waits out replication (up to two minutes) where a
/// refusal may only mean that a grant has not arrived. An `Err` is a connection that cannot sign in at all, or a
/// tenant that does not answer.
pub async fn check(connection: &Connection) -> Result<Vec<PermissionCheck>, GraphError> {
    let clock = connection.http().clock();
    let begun = clock.monotonic();
    let mut pause = Duration::from_secs(2);
    loop {
        let checks = once(connection).await?;
        let refused = checks.iter().any(|c| matches!(c.evidence, Evidence::Refused(_)));
        if !refused || clock.monotonic().saturating_sub(begun) >= PATIENCE {
            return Ok(checks);
        }
        clock.sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(20));
        // What a token may do is fixed when it is made: only a new one knows of new grants.
        connection.forget_token().await;
    }
}

async fn once(connection: &Connection) -> Result<Vec<PermissionCheck>, GraphError> {
    let graph = connection.graph().with_priority(Priority::High);
    let record = connection.record();
    let mut checks = Vec::with_capacity(PERMISSIONS.len() + 1);
    let user = judge(graph.any_user().await)?;
    for permission in PERMISSIONS {
        let evidence = match permission.name {
            "User.Read.All" => user.as_ref().err().cloned().map_or(Evidence::Read, Evidence::Refused),
            "RoleManagement.Read.Directory" => evidence(graph.role_assignments_of(record.service_principal_id).await)?,
            "Application.Read.All" => evidence(graph.owners_of_application(record.application_id).await)?,
            // The phone of whoever comes first in the directory is nobody's to read: the emergency accounts show.
            _ => Evidence::AtFirstUse,
        };
        checks.push(PermissionCheck { permission: Some(permission), evidence });
    }
    let roles = judge(graph.role_assignments_of(record.service_principal_id).await)?;
    let role = match roles {
        Ok(roles) if roles.iter().any(|r| r.gives(PRIVILEGED_AUTHENTICATION_ADMINISTRATOR)) => Evidence::Read,
        Ok(_) => Evidence::Refused(GraphError::local(GraphErrorKind::PermissionOrRoleMissing)),
        Err(error) => Evidence::Refused(error),
    };
    checks.push(PermissionCheck { permission: None, evidence: role });
    Ok(checks)
}

fn evidence<T>(read: Result<T, GraphError>) -> Result<Evidence, GraphError> {
    Ok(match judge(read)? {
        Ok(_) => Evidence::Read,
        Err(refused) => Evidence::Refused(refused),
    })
}

/// A refusal is evidence; a tenant that cannot be reached is none.
fn judge<T>(read: Result<T, GraphError>) -> Result<Result<T, GraphError>, GraphError> {
    use GraphErrorKind::{Absent, LicenceMissing, PermissionOrRoleMissing, ServiceRefused};
    match read {
        Ok(value) => Ok(Ok(value)),
        Err(error) => match error.kind() {
            Absent | LicenceMissing | PermissionOrRoleMissing | ServiceRefused => Ok(Err(error)),
            _ => Err(error),
        },
    }
}
