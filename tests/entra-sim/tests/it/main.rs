//! The simulator as its users see it: over HTTP, by pages and by Graph. One binary, a module per subject.
#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected is to fail there")]

mod client;
mod description;
mod faults;
mod graph;
mod oauth;
mod portal;
mod program;
