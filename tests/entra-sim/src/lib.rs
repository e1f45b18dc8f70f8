//! A simulator of Entra sign-in and Microsoft Graph that speaks real HTTP and refuses what Microsoft refuses.
//!
//! It knows nothing of the product's client: what it answers follows Microsoft's published pages, so that a client which
//! passes here has met the refusals, delays and lost answers of the real service before it meets the real service.
//! In a test: [`Sim::start`], then [`Sim::urls`], [`Sim::tenants`] and [`Sim::control`]. As a program: `entra-sim --help`.

mod catalog;
mod clock;
mod control;
mod fault;
mod fleet;
mod graph;
mod http;
mod oauth;
mod openapi;
mod options;
mod rng;
mod server;
mod sim;
mod tenant;
mod totp;
mod validate;
mod world;

pub use catalog::BOOTSTRAP_CLIENT_ID;
pub use control::{
    ApplicationView, Control, NewUser, PermissionChange, PhoneChange, Planted, PlantedWhat, PrincipalChange,
    RequestCount, RoleChange, TenantChange, UserEnabled, UserView,
};
pub use fault::{Effect, Fault};
pub use fleet::{ConnectedAccount, ConnectedTenant};
pub use options::{Quota, Scenario, Settings, SimOptions, TlsFiles};
pub use sim::{Admin, Announcement, Sim, SimError, TenantInfo, Urls};
pub use tenant::Trait;
pub use totp::totp_code;
pub use world::RegisteredClient;
