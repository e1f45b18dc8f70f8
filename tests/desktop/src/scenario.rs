//! The frame of a scenario: an outer limit, because a window that never answers must not hang the run, and a picture of
//! the screen where it failed.

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, anyhow};
use tokio::time::timeout;

use crate::{Desk, Setting};

/// The limit of a scenario that does not say otherwise.
pub const LIMIT: Duration = Duration::from_mins(2);

/// Plays `act` on a machine of its own. Where it fails or exceeds `limit`, a picture of the screen is left in the folder
/// for temporary files and named in the error.
pub async fn scenario(
    name: &str,
    limit: Duration,
    setting: Setting,
    act: impl AsyncFnOnce(&mut Desk) -> Result<()>,
) -> Result<()> {
    let mut desk =
        timeout(LIMIT, Desk::set_up(setting)).await.map_err(|_| anyhow!("the machine did not come up"))??;
    let outcome = match timeout(limit, act(&mut desk)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(anyhow!("{name} did not end within {} s", limit.as_secs())),
    };
    let Err(error) = outcome else { return Ok(()) };
    let file = picture_file(name);
    match desk.picture(&file).await {
        Ok(()) => Err(error.context(format!("{name} failed; the screen then: {}", file.display()))),
        Err(_) => Err(error.context(format!("{name} failed"))),
    }
}

fn picture_file(name: &str) -> PathBuf {
    env::temp_dir().join(format!("vitrine-failed-{name}-{}.png", std::process::id()))
}
