//! Microsoft Graph v1.0: typed requests, one file per subject. [`Graph`] sends as whoever lent it a token.
//!
//! What writes needs an admin's session or the connection by name and is not public here: see [`crate::setup`],
//! [`crate::laps`] and [`crate::access`].

mod application;
mod call;
mod error;
mod method;
mod policy;
mod retry;
mod role;
mod tenant;
mod user;

pub use application::{
    AppRole, AppRoleAssignment, Application, FederatedCredential, KeyCredential, Owner, PasswordCredential,
    PermissionGrant, ServicePrincipal,
};
pub(crate) use application::{GRAPH_APP, NewApplication, NewKey};
pub use call::{Graph, Priority};
pub use error::{GraphError, GraphErrorKind};
pub use method::Method;
pub use policy::ConditionalAccessPolicy;
pub use role::{
    APPLICATION_ADMINISTRATOR, GLOBAL_ADMINISTRATOR, PRIVILEGED_AUTHENTICATION_ADMINISTRATOR,
    PRIVILEGED_ROLE_ADMINISTRATOR, RoleAssignment,
};
pub use tenant::{Domain, Organization, ServicePlan, SubscribedSku, VerifiedDomain};
pub(crate) use user::NewUser;
pub use user::{Proof, SendOutcome, User};
