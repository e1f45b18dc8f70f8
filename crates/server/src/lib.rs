//! The shared backend of a vault: keeps entries and objects in their order, and can open none of them.
//!
//! It checks what it is given (signature, authority, place, object hash, quota) as a defence in depth; clients check
//! everything again and trust none of it. What it learns is what `store/schema.rs` has a column for. This crate knows
//! no room of ours but `vitrine-ledger`, so no key that decrypts can be in its reach.
//!
//! A request takes this way: `serve` (connection, TLS, time limits) → `routes` (which handler) → `signed` (who asks, by
//! its `signature`) → `store` (one transaction) → an answer, or a `problem`.

mod config;
mod events;
mod identity;
mod limits;
mod metrics;
mod problem;
mod routes;
mod serve;
mod signature;
mod signed;
mod store;

pub use config::{Config, ConfigError};
pub use problem::Problem;
pub use routes::{OPENAPI, ROUTES};
pub use serve::{Server, StartError};
pub use signature::{ContentDigest, RequestSignature};
pub use store::{SCHEMA, backup};
