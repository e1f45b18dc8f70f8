//! Locks the vault when its person is gone: idle, session lock, suspend. Decided here, whatever windows do.

#[cfg(target_os = "linux")]
mod login;

use crate::App;
use crate::api::LockReason;
use std::time::Duration;

/// How often the idle time is compared; also the most by which a lock may come late.
const IDLE_STEP: Duration = Duration::from_secs(5);

/// Starts the watchers. They live as long as the application.
pub(crate) fn watch(app: &App) {
    let idle = app.clone();
    app.background(async move {
        loop {
            tokio::time::sleep(IDLE_STEP).await;
            if idle.idle_too_long() {
                idle.lock(LockReason::Idle).await;
            }
        }
    });
    #[cfg(target_os = "linux")]
    login::watch(app);
}
