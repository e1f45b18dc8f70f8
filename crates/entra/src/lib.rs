//! Microsoft identity platform and Microsoft Graph, as a client.
//!
//! An admin signs in once ([`oauth`]); that session ([`AdminSession`]) creates the tenant's own app registration
//! ([`setup`]) and the emergency accounts ([`laps`]), and is dropped. From then on the app signs in by certificate
//! ([`Connection`]). The two are different types on purpose: what needs an admin cannot be called without one.
//!
//! This crate knows nothing of the vault. It decides nothing about rotation: a password is sent exactly once per call
//! ([`laps::set_password`]), and whether to send again is the caller's to decide.

pub mod access;
pub mod certificate;
pub mod clock;
pub mod cloud;
pub mod connection;
pub mod discovery;
pub mod graph;
pub mod http;
pub mod id;
pub mod laps;
pub mod oauth;
pub mod pace;
mod secret;
pub mod setup;

pub use certificate::Certificate;
pub use clock::{Clock, SystemClock};
pub use cloud::Cloud;
pub use connection::Connection;
pub use graph::{Graph, GraphError, GraphErrorKind, Priority};
pub use http::{Http, HttpSettings};
pub use id::{ApplicationId, ClientId, KeyId, ServicePrincipalId, TenantId, UserId};
pub use oauth::{AdminSession, SignInError, SignInErrorKind};
pub use secret::Password;
