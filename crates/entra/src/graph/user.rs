//! Users: find, read proof, create, password, sessions.

use super::call::Graph;
use super::error::GraphError;
use crate::id::UserId;
use crate::secret::Password;
use serde::Deserialize;

/// A user with the properties that this application asks for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Object id.
    pub id: UserId,
    /// Sign-in name.
    pub user_principal_name: String,
    /// Name; may hold any text.
    #[serde(default)]
    pub display_name: Option<String>,
    /// Whether it may sign in.
    #[serde(default)]
    pub account_enabled: Option<bool>,
    /// `Member` or `Guest`.
    #[serde(default)]
    pub user_type: Option<String>,
    /// Whether it comes from a directory on premises; then no password can be set here.
    #[serde(default)]
    pub on_premises_sync_enabled: Option<bool>,
    /// RFC 3339, exactly as the tenant gave it.
    #[serde(default)]
    pub created_date_time: Option<String>,
    /// RFC 3339, exactly as the tenant gave it.
    #[serde(default)]
    pub last_password_change_date_time: Option<String>,
    /// E.g. `DisablePasswordExpiration`.
    #[serde(default)]
    pub password_policies: Option<String>,
}

/// What proves a rotation: read by [`Graph::proof`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The account.
    pub user_id: UserId,
    /// Its sign-in name now.
    pub user_principal_name: String,
    /// Whether it may sign in.
    pub account_enabled: bool,
    /// `lastPasswordChangeDateTime` exactly as the tenant gave it: compared for equality, no clock needed.
    pub last_password_change: String,
    /// The same in Unix milliseconds, for display and for order.
    pub last_password_change_ms: u64,
    /// The server's own clock when it answered (`Date`), Unix milliseconds.
    pub server_time_ms: Option<u64>,
    /// Whether a directory on premises owns it (then no password can be set here).
    pub synced: bool,
}

/// A user to create: enabled, cloud-only, password without expiry, no change forced at next sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUser {
    /// Sign-in name.
    pub user_principal_name: String,
    /// At most 64 characters, no spaces.
    pub mail_nickname: String,
    /// Name as shown in the portals.
    pub display_name: String,
}

/// How one send of a password ended. There are exactly these four, and the caller decides what follows.
#[derive(Debug)]
pub enum SendOutcome {
    /// 204: the tenant has taken it.
    Accepted,
    /// A definite refusal: the tenant has not taken it.
    Refused(GraphError),
    /// Nothing left this machine (no token, no connection, too late): the tenant has not taken it.
    NotSent(GraphError),
    /// No definite answer: the tenant may have taken it. Send the same value again, never another.
    Unclear(GraphError),
}

/// One sign-in method of a user (`/users/{id}/authentication/methods`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AuthenticationMethod {
    /// Its id.
    pub id: String,
    /// Its type, e.g. `#microsoft.graph.phoneAuthenticationMethod`.
    #[serde(rename = "@odata.type", default)]
    pub kind: Option<String>,
}

impl Graph<'_> {
    /// By sign-in name. `User.Read.All` (app) or `User.ReadWrite.All` (admin).
    pub async fn find_user(&self, user_principal_name: &str) -> Result<Option<User>, GraphError> { unimplemented!() }
    /// By id. As [`Graph::find_user`].
    pub async fn user(&self, id: UserId) -> Result<User, GraphError> { unimplemented!() }
    /// The proof properties, which Graph gives only when asked by name. `User.Read.All`.
    pub async fn proof(&self, id: UserId) -> Result<Proof, GraphError> { unimplemented!() }
    /// Sign-in methods. `UserAuthenticationMethod.Read.All`.
    pub async fn authentication_methods(&self, id: UserId) -> Result<Vec<AuthenticationMethod>, GraphError> { unimplemented!() }
    /// Ends every session. `User.RevokeSessions.All` and the role.
    pub async fn revoke_sessions(&self, id: UserId) -> Result<(), GraphError> { unimplemented!() }
}
