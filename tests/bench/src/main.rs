//! Measures whole programs beside their peers, and single operations beside this machine's limits.
//!
//! Ratios are what counts: both sides run on one machine, in turn, at least five times, and medians are compared. Whatever
//! needs much memory runs in a child, because a child's peak memory begins with that of whoever started it.
#![allow(clippy::print_stdout, reason = "a terminal host speaks on stdout")]

mod child;
#[path = "../../../crates/server/tests/server/cluster.rs"]
mod cluster;
mod customers;
mod desktop;
#[allow(
    unreachable_pub,
    missing_docs,
    dead_code,
    clippy::unwrap_used,
    reason = "the people, machines and entries of the ledger's own tests"
)]
#[path = "../../../crates/ledger/tests/ledger/kit.rs"]
mod firm;
mod fleet;
#[cfg(test)]
mod growth;
mod inside;
mod load;
mod members;
mod peers;
mod programs;
mod row;
mod server;
mod vaults;

use std::alloc::System;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use vitrine_vault::account::{BoxIds, DeviceKeys, Lockbox, RootKey};
use vitrine_vault::{KdfParams, Secret, SecretText};
use zeroizing_alloc::ZeroAlloc;

/// As in the programs that are measured: what is freed is wiped, and that takes its time.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

#[derive(Parser)]
#[command(name = "vitrine-bench", about = "Measures Vitrine beside other programs")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measures everything, or some rows.
    Measure(Measure),
    /// Makes a synthetic vault.
    Prepare { folder: PathBuf, organizations: u32, accounts: u8, rotations: u32 },
    /// Measures single operations on a vault.
    Inside { folder: PathBuf },
    /// Opens many objects.
    OpenAll,
    /// Prints the size of a vault's database.
    Size { folder: PathBuf },
    /// Stretches one passphrase.
    Kdf { memory_kib: u32, passes: u32, lanes: u32 },
    /// Rotates a fleet, cloud and engine as processes of their own.
    Fleet {
        #[command(flatten)]
        fleet: fleet::Fleet,
        #[command(flatten)]
        outlet: Outlet,
    },
    /// Measures the shared backend under load.
    Server(server::Asked),
    /// The cloud of a fleet.
    Cloud(fleet::Fleet),
    /// The engine of a fleet, with what the cloud said in a file.
    Rotate { up: PathBuf },
    /// Connects many tenants of a simulated cloud to the vault of this data folder, as JSON on standard input names them.
    Connect,
    /// Starts and ends.
    Nothing,
}

/// Where the rows go besides standard output.
#[derive(clap::Args, Default)]
struct Outlet {
    /// File for the rows as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Rows in that file that this run says nothing about stay.
    #[arg(long, requires = "json")]
    keep: bool,
    /// A Markdown page with marks, between which the table goes.
    #[arg(long)]
    page: Option<PathBuf>,
}

/// What to measure, and with which programs.
#[derive(clap::Args)]
struct Measure {
    /// Only these rows, by their ids.
    rows: Vec<String>,
    /// The command line program to measure.
    #[arg(long)]
    vitrine: PathBuf,
    /// Where synthetic vaults are kept between runs.
    #[arg(long)]
    cache: PathBuf,
    #[command(flatten)]
    outlet: Outlet,
    /// The largest vault, in organizations.
    #[arg(long, default_value_t = programs::LARGEST)]
    largest: u32,
    /// The desktop program to measure, what starts it, and the bare window beside it.
    #[arg(long, num_args = 3, value_names = ["PROGRAM", "STARTER", "BARE"])]
    desktop: Option<Vec<PathBuf>>,
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Measure(asked) => programs::measure(asked),
        Command::Prepare { folder, organizations, accounts, rotations } => {
            runtime()?.block_on(vaults::prepare(&folder, organizations, accounts, rotations))
        }
        Command::Inside { folder } => {
            let vault = vaults::known(&folder).context("no synthetic vault there")?;
            say(&runtime()?.block_on(inside::measure(&vault))?)
        }
        Command::OpenAll => say(&inside::open_all()?),
        Command::Size { folder } => say(&runtime()?.block_on(vaults::size(&folder))?),
        Command::Kdf { memory_kib, passes, lanes } => kdf(KdfParams::new(memory_kib, passes, lanes)?),
        Command::Fleet { fleet, outlet } => programs::finish(fleet::measure(&fleet)?, &outlet),
        Command::Server(asked) => runtime()?.block_on(server::measure(&asked)),
        Command::Cloud(fleet) => runtime()?.block_on(fleet::cloud(&fleet)),
        Command::Rotate { up } => runtime()?.block_on(fleet::engine(&up)),
        Command::Connect => runtime()?.block_on(customers::connect()),
        Command::Nothing => Ok(()),
    }
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}

fn say(document: &impl serde::Serialize) -> Result<()> {
    println!("{}", serde_json::to_string(document)?);
    Ok(())
}

/// One stretching, as an unlock does it; the sealing that follows takes microseconds.
fn kdf(params: KdfParams) -> Result<()> {
    let (rng, ids) = (&mut inside::rng(), BoxIds { member: [1; 16], device: [2; 16], genesis: [3; 32] });
    let (root, device) = (RootKey::make(rng), DeviceKeys::make(rng));
    let passphrase = SecretText::new(vaults::PASSPHRASE.to_owned());
    Lockbox::seal(&passphrase, &Secret::new([4; 32]), params, ids, &root, &device, rng)?;
    Ok(())
}
