//! The log: off unless `VITRINE_LOG` names a file, to which every process of this user's Vitrine then appends. Codes and
//! states for whoever examines a fault; never a name, an address or a secret.

use crate::error::{Error, Result};
use crate::files;
use std::env;
use std::path::PathBuf;
use std::sync::Mutex;
use tracing_subscriber::EnvFilter;

/// Starts the log where one is asked for. `VITRINE_LOG_LEVEL` says how much: error, warn, info (the default), debug, trace.
///
/// # Errors
/// Where the file cannot be written or the level is none.
pub fn log() -> Result<()> {
    let Some(path) = env::var_os("VITRINE_LOG").filter(|path| !path.is_empty()).map(PathBuf::from) else {
        return Ok(());
    };
    let level = env::var("VITRINE_LOG_LEVEL").unwrap_or_else(|_| "info".into());
    if !["error", "warn", "info", "debug", "trace"].contains(&level.as_str()) {
        return Err(Error::usage(
            "config.log-level",
            "VITRINE_LOG_LEVEL is no level.",
            "Use error, warn, info, debug or trace.",
        ));
    }
    let file = files::append(&path)?;
    // What libraries tell at a fine level may hold what passes through them; of them only warnings are kept.
    let filter = EnvFilter::new(format!("warn,vitrine={level}"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(Mutex::new(file));
    // A second call in a process finds the first one's log, which is as good.
    let _ = log.try_init();
    Ok(())
}
