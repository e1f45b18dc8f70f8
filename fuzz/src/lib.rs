//! Bodies of the fuzz targets, one module a room.
pub mod ledger;
pub mod server;
pub mod vault;
