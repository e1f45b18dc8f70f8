//! Moving a desk's vault to a backend of the story's own.

use anyhow::Result;
use serde_json::Value;
use vitrine_kit::backend::{Backend, TOKEN};
use vitrine_kit::balancer::Balancer;

use crate::cluster::Cluster;
use crate::desk::{Desk, Order, PASSPHRASE, built, exit};

/// A backend, as built beside the program under test.
pub(crate) async fn start() -> Result<Backend> {
    Backend::start(&built()?.join("vitrine-server")).await
}

/// Two of them over one PostgreSQL, and the address before both; nothing where it is not installed.
pub(crate) async fn replicas(cluster: &mut Option<Cluster>) -> Result<Option<([Backend; 2], Balancer)>> {
    *cluster = Cluster::start()?;
    let Some(cluster) = cluster else { return Ok(None) };
    let first = Backend::start_over(&built()?.join("vitrine-server"), Some(cluster.database("vitrine")?)).await?;
    let second = first.replica().await?;
    let balancer = Balancer::before(&[first.port(), second.port()]).await?;
    Ok(Some(([first, second], balancer)))
}

/// `home move` to it.
pub(crate) fn moving(desk: &Desk, backend: &Backend) -> Order {
    moving_to(desk, &backend.url())
}

/// The same, to an address.
pub(crate) fn moving_to(desk: &Desk, url: &str) -> Order {
    desk.vitrine(["home", "move", url, "--token-fd", "0"]).passphrase(PASSPHRASE).typed(TOKEN)
}

/// The same, done.
pub(crate) async fn moved(desk: &Desk, backend: &Backend) -> Result<Value> {
    moving(desk, backend).ends(exit::DONE).await
}
