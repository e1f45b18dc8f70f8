//! The machine row by row, and against a model tenant with everything going wrong.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod model;
mod rows;
mod schedule;
