//! The machine row by row, against a model tenant with everything going wrong, and through every order of events.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod explore;
mod model;
mod pace;
mod rows;
mod schedule;
