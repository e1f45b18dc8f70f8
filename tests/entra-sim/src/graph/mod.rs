//! Microsoft Graph v1.0, as far as the product calls it.
//!
//! `routes` is the table of operations with their permissions, `access` the rules about directory roles, the rest answers.

pub(crate) mod access;
pub(crate) mod applications;
pub(crate) mod batch;
pub(crate) mod call;
pub(crate) mod error;
pub(crate) mod logs;
pub(crate) mod methods;
pub(crate) mod odata;
pub(crate) mod password;
pub(crate) mod policies;
pub(crate) mod principals;
pub(crate) mod roles;
pub(crate) mod routes;
pub(crate) mod tenant;
pub(crate) mod throttle;
pub(crate) mod users;
