//! The commands of this repository: what a person or a build machine runs, from a fresh machine to the result.
//!
//! Every command first looks for what it needs and says so in one go, because the first build takes minutes and nobody
//! wants to learn of a missing package at its end.
#![allow(clippy::print_stdout, reason = "a terminal host speaks on stdout")]

mod bench;
mod check;
#[path = "../../crates/server/tests/server/cluster.rs"]
mod cluster;
mod demo;
mod fuzz;
mod package;
mod packages;
mod paths;
mod python;
mod report;
mod requirements;
mod server;
mod setup;
mod shell;
mod test;
mod tools;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What ends a command early, with the status a caller can act on.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Something is missing on this machine and only the person can install it; what to do was printed. Status 2.
    Missing,
    /// A step did not pass; which one was printed. Status 1.
    Failed,
}

impl std::fmt::Display for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Missing => "something this command needs is missing (see above)",
            Self::Failed => "not everything passed (see above)",
        })
    }
}

impl std::error::Error for Stop {}

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The commands of this repository")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the application against a simulated Entra cloud, with a vault in a temporary folder
    Demo {
        /// Takes the tour instead: the main job through the real window, a PNG per step and tour.json in this folder
        #[arg(long, value_name = "DIR")]
        tour: Option<PathBuf>,
    },
    /// Checks the sources and runs every test, real-window tests included
    Test {
        /// Full counts (kill points, model states, seeds, mutations, fuzz minutes) instead of a share chosen by a
        /// printed seed
        #[arg(long)]
        deep: bool,
    },
    /// Measures the programs beside their peers and this machine's limits, with release builds
    Bench(bench::Bench),
    /// Checks formatting, lints, licences and types, without running tests
    Check,
    /// Runs the application against the real Microsoft cloud
    Run,
    /// Makes the Debian package of release builds: window and command line
    Package,
    /// Runs a shared backend on loopback
    Server(server::Server),
    /// Installs what demo and test need, and stops there
    Setup,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Demo { tour } => demo::demo(tour),
        Command::Test { deep } => test::test(deep),
        Command::Bench(bench) => bench::bench(&bench),
        Command::Check => check::check(),
        Command::Run => demo::run(),
        Command::Package => package::package(),
        Command::Server(server) => server::server(&server),
        Command::Setup => setup::setup(setup::Purpose::Test),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            match error.downcast_ref::<Stop>() {
                Some(Stop::Missing) => ExitCode::from(2),
                _ => ExitCode::FAILURE,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn arguments_are_consistent() {
        super::Arguments::command().debug_assert();
    }
}
