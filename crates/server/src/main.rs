//! The program `vitrine-server`: serves, or copies its SQLite database.
#![allow(clippy::print_stderr, reason = "a terminal host says why it did not start")]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;
use vitrine_server::{Config, Server, StartError, backup};

#[derive(Parser)]
#[command(name = "vitrine-server", version, about = "The shared backend of a Vitrine vault")]
struct Arguments {
    #[command(flatten)]
    config: Config,
    /// What is logged, as `tracing` filters it
    #[arg(long, env = "VITRINE_SERVER_LOG", default_value = "info")]
    log: String,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serves until it is told to stop (the default)
    Serve,
    /// Copies the SQLite database while it is in use into a new file
    Backup {
        /// The new file
        file: PathBuf,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = EnvFilter::try_new(&arguments.log).unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().json().flatten_event(true).with_env_filter(filter).with_writer(std::io::stderr).init();
    let outcome = match arguments.command {
        Some(Command::Backup { file }) => match arguments.config.database() {
            Ok(url) => backup(&url, &file).await,
            Err(error) => Err(error.into()),
        },
        Some(Command::Serve) | None => serve(&arguments.config).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("vitrine-server: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(config: &Config) -> Result<(), StartError> {
    let server = Server::start(config).await?;
    if let Ok(address) = server.address() {
        tracing::info!(%address, tls = config.tls_certificate_file.is_some(), "listening");
    }
    server.run(told_to_stop()).await;
    tracing::info!("stopped");
    Ok(())
}

async fn told_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
