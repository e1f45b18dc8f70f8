//! Vitrine as it ran yesterday: opens the vault of a data folder, rotates everything by a clock that is a day and two
//! hours behind, and ends. What it leaves is overdue today, without a switch in the product or a day of waiting. The
//! passphrase comes on standard input.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Result, anyhow, ensure};
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use vitrine_app::api::{ErrorView, JobStep, JobsRequest, RotateRequest, RotateScope, UnlockRequest};
use vitrine_app::{App, Clock, Headless, Options, SystemClock};

const BEHIND_MS: u64 = 26 * 3_600_000;

struct Yesterday;

impl Clock for Yesterday {
    fn now_ms(&self) -> u64 {
        SystemClock.now_ms() - BEHIND_MS
    }

    fn steady_ms(&self) -> u64 {
        SystemClock.steady_ms()
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match rotate().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("yesterday failed: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn rotate() -> Result<()> {
    let passphrase = std::io::read_to_string(std::io::stdin())?;
    let options = Options { clock: Arc::new(Yesterday), ..Options::from_environment()? };
    let app = App::open(options, Headless).await?;
    let unlock: UnlockRequest = serde_json::from_value(json!({ "passphrase": passphrase.trim() }))?;
    app.call(unlock).await.map_err(|error| said(&error))?;
    let mut events = app.events();
    app.call(RotateRequest { scope: RotateScope::All }).await.map_err(|error| said(&error))?;
    loop {
        let view = app.call(JobsRequest::default()).await.map_err(|error| said(&error))?;
        if view.open == 0 {
            let done = view.jobs.iter().filter(|job| job.step == JobStep::Done).count();
            ensure!(done > 0 && done == view.jobs.len(), "not everything was rotated: {:?}", view.jobs);
            break;
        }
        if matches!(events.recv().await, Err(RecvError::Closed)) {
            break;
        }
    }
    app.close().await;
    Ok(())
}

fn said(error: &ErrorView) -> anyhow::Error {
    anyhow!("{}: {}", error.code, error.what)
}
