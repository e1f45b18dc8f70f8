//! The ledger's behaviour, as one program. Numbers in comments are rows of the security catalogue.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(unreachable_pub, missing_docs, reason = "modules of one test program")]

mod collusion;
#[path = "../../../../fuzz/src/ledger.rs"]
mod fuzzing;
mod kit;
mod members;
mod organization;
mod properties;
mod removal;
mod single;
mod vectors;
mod wire;
