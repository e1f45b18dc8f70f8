//! Microsoft Graph v1.0: typed requests, one file per subject. [`Graph`] sends as whoever lent it a token.

mod application;
mod call;
mod error;
pub(crate) mod pace;
mod policy;
mod role;
mod tenant;
mod user;

pub use application::{AppRole, Application, AppRoleAssignment, KeyCredential, NewApplication, PermissionGrant, ServicePrincipal};
pub use call::{Graph, Priority};
pub use error::{GraphError, GraphErrorKind};
pub use policy::{ConditionalAccessPolicy, PolicyState};
pub use role::{
    APPLICATION_ADMINISTRATOR, GLOBAL_ADMINISTRATOR, PRIVILEGED_AUTHENTICATION_ADMINISTRATOR,
    PRIVILEGED_ROLE_ADMINISTRATOR, RoleAssignment,
};
pub use tenant::{Domain, Organization, SubscribedSku, VerifiedDomain};
pub use user::{AuthenticationMethod, NewUser, Proof, SendOutcome, User};
