//! The backend through real HTTP, over both databases. Numbers in comments are rows of the security catalogue.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(unreachable_pub, missing_docs, dead_code, reason = "modules of one test program")]

/// The people, machines and entries of the ledger's own tests.
#[path = "../../../ledger/tests/ledger/kit.rs"]
mod firm;
/// What the fuzz target does with its bytes.
#[path = "../../../../fuzz/src/server.rs"]
mod fuzzing;

mod bounds;
mod cluster;
mod fields;
mod hostile;
mod kit;
mod learns;
mod mail;
mod operate;
mod replicas;
mod sentence;
mod store;
