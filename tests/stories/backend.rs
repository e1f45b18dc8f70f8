//! Moving a desk's vault to a backend of the story's own.

use anyhow::Result;
use serde_json::Value;
use vitrine_kit::backend::{Backend, TOKEN};

use crate::desk::{Desk, Order, PASSPHRASE, built, exit};

/// A backend, as built beside the program under test.
pub(crate) async fn start() -> Result<Backend> {
    Backend::start(&built()?.join("vitrine-server")).await
}

/// `home move` to it.
pub(crate) fn moving(desk: &Desk, backend: &Backend) -> Order {
    let arguments = ["home", "move", &backend.url(), "--token-fd", "0"];
    desk.vitrine(arguments).passphrase(PASSPHRASE).typed(TOKEN)
}

/// The same, done.
pub(crate) async fn moved(desk: &Desk, backend: &Backend) -> Result<Value> {
    moving(desk, backend).ends(exit::DONE).await
}
