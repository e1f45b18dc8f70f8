//! The terminal host: parses a command, asks the application, prints one document.
//!
//! Whoever holds the unlocked keys (the desktop program or `vitrine unlock`) is asked over its socket; where none
//! answers, the vault is opened in this process for this one command.

mod agent;
mod args;
mod commands;
mod door;
mod exit;
mod output;
mod person;
mod rotator;
mod text;
mod window;

use std::{alloc::System, process::ExitCode};

use clap::Parser;
use zeroizing_alloc::ZeroAlloc;

use crate::{args::Arguments, exit::Exit, output::Outcome, person::Person};

/// Memory is wiped when it is freed, so that copies which libraries made of a secret do not outlive their use.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    vitrine_app::harden();
    // Asked of the raw arguments, because a usage error must be a document too.
    let json = std::env::args_os().any(|argument| argument == "--json");
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return output::misused(&error, json).into(),
    };
    if let Err(error) = vitrine_app::log() {
        return output::failed(error.view(), json).into();
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return output::failed(&output::machine("cli.no-runtime", &error), json).into(),
    };
    let mut person = Person::new(arguments.json, arguments.passphrase_fd);
    let outcome = runtime.block_on(commands::run(arguments.command, &mut person));
    // What still runs on a blocking thread must not keep a finished command from ending.
    runtime.shutdown_background();
    let exit: Exit = match outcome {
        Ok(outcome) => Outcome::print(outcome, json),
        Err(error) => output::failed(&error, json),
    };
    exit.into()
}
