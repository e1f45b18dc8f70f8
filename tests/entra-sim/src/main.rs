//! The simulator as a program: prints one line of JSON and runs until it is told to stop.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use vitrine_entra_sim::{Scenario, Sim, SimError, SimOptions, TlsFiles};

/// Simulates Entra sign-in and Microsoft Graph on loopback.
#[derive(Debug, Parser)]
#[command(name = "entra-sim", version)]
struct Flags {
    /// Port of the login host; Graph takes the next one. 0 lets the system choose.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Everything made up follows from this number.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Serve TLS with this certificate chain and key (PEM), good for "localhost".
    #[arg(long, num_args = 2, value_names = ["CERT", "KEY"])]
    tls: Option<Vec<PathBuf>>,
    /// Settings and faults, JSON or TOML.
    #[arg(long)]
    scenario: Option<PathBuf>,
    /// Further generated tenants, for fleets.
    #[arg(long, default_value_t = 0)]
    tenants: usize,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Flags::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("entra-sim: {e} [{}]", e.code());
            ExitCode::FAILURE
        }
    }
}

async fn run(flags: Flags) -> Result<(), SimError> {
    let mut scenario = Scenario::default();
    if let Some(path) = &flags.scenario {
        scenario = Scenario::read(path)?;
    } else {
        // People watch this one: objects take a moment to appear, as in the real directory.
        scenario.settings.replication_ms = 1000;
    }
    let tls = match flags.tls.as_deref() {
        Some([certificate, key]) => Some(TlsFiles { certificate: certificate.clone(), key: key.clone() }),
        _ => None,
    };
    let options =
        SimOptions { port: flags.port, seed: flags.seed, tls, scenario, fleet: flags.tenants, must_fit: false };
    let sim = Sim::start(options).await?;
    let line = serde_json::to_string(&sim.announcement()).expect("the announcement is plain data");
    let mut out = std::io::stdout().lock();
    // Whoever started us may have closed the pipe already; serving goes on.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
    drop(out);
    stop_signal().await;
    sim.stop().await;
    Ok(())
}

/// Resolves at ctrl-c, or SIGTERM where there is such a thing.
async fn stop_signal() {
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
