//! Stand-ins and players for tests: the desktop's services on private buses, and a person with a browser.
//!
//! It depends on none of our crates, so that any of them can use it in tests, and so that what it plays is the outside
//! world and not our own idea of it. Everything here runs beside the real services of the machine without touching them.

pub mod backend;
pub mod balancer;
pub mod disk;
pub mod evil;
pub mod keyring;
pub mod logind;
pub mod memory;
pub mod notifications;
pub mod opener;
pub mod player;
pub mod receiver;
pub mod stored;
pub mod tray;
pub mod wait;

mod bus;
mod cbor;

pub use bus::PrivateBus;
