//! A start that did not come to be: what a desktop tells, which has no terminal to say it in, and what it offers where
//! somebody else of the same user holds the data folder.

use crate::api::TroubleView;
use crate::error::Error;

/// What a person is told of a failed start.
pub async fn trouble(error: Error) -> TroubleView {
    if error.code() == "store.in-use" && answers().await {
        return TroubleView { error: held().into_view(), held: true };
    }
    let error = if error.view().holds.is_empty() { error.holds("Nothing was changed.") } else { error };
    TroubleView { error: error.into_view(), held: false }
}

/// Has whoever holds the data folder lock and end, because the person asked for it.
pub async fn take_over() {
    #[cfg(unix)]
    if let Ok(folder) = crate::data_folder() {
        crate::agent::dismiss(&folder).await;
    }
}

/// Whether somebody answers for the data folder. A command that has it for a moment does not.
async fn answers() -> bool {
    #[cfg(unix)]
    if let Ok(folder) = crate::data_folder() {
        return crate::agent::Agent::connect(&folder).await.is_some();
    }
    false
}

fn held() -> Error {
    Error::machine(
        "store.in-use",
        "Vitrine is unlocked on the command line, or in another session of yours.",
        "Lock it there and open it here, or go on working there.",
    )
    .holds(
        "Nothing was changed. What runs there stops where it stands when it is locked, and goes on at the next unlock.",
    )
}
