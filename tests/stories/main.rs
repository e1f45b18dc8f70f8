//! Stories: whole journeys through the built `vitrine` program, as a person at a terminal or a script goes through
//! them, against a simulated cloud that refuses what Microsoft refuses.
//!
//! Nothing of the product is linked here. What a story says about a secret it asks the simulated cloud, and what it
//! says about the disk it reads from the disk. The program under test lies beside this one in the target folder, or
//! where `VITRINE_PROGRAM` says.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a story that cannot go on should stop")]

mod backend;
mod browser;
mod cloud;
#[path = "../../crates/server/tests/server/cluster.rs"]
mod cluster;
mod desk;
mod paper;
mod processes;

mod access;
mod agent;
mod attention;
mod audit;
mod bad_cloud;
mod bad_disk;
mod bad_network;
mod bad_rotation;
mod bad_vault;
mod canary;
mod certificates;
mod client_id;
mod comeback;
mod devices;
mod evil;
mod home;
mod hostile;
mod incident;
mod kill;
mod locked;
mod older;
mod people;
mod recovery;
mod replicas;
mod restored;
mod rotator;
mod schedule;
mod strangers;
mod theft;
mod wake;
mod webhook;
mod whole_job;
