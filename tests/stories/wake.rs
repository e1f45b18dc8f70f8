//! That a change by one member reaches another one's device because the home says so, and all the same where it never does.

use anyhow::Result;
use vitrine_kit::wait::{PATIENCE, until};

use crate::backend::replicas;
use crate::desk::{Desk, PASSPHRASE, exit};
use crate::home::names_in;
use crate::{backend, kill, people};

/// The desk's vault, held open with this protection switched off.
async fn open_without(desk: &mut Desk, protection: &str) -> Result<()> {
    desk.use_program(kill::program().await?);
    desk.set("VITRINE_UNPROTECTED", protection);
    desk.vitrine(["unlock"]).passphrase(PASSPHRASE).ends(exit::DONE).await?;
    Ok(())
}

/// Waits until a vault that is open lists an organization.
async fn lists(desk: &Desk, name: &str) -> Result<()> {
    let what = format!("{name} in the list of an open vault");
    until(&what, PATIENCE.saturating_mul(2), async || {
        let list = desk.vitrine(["org", "list"]).ends(exit::DONE).await.ok()?;
        names_in(&list).ok()?.iter().any(|known| known == name).then_some(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_by_one_member_wakes_the_other_one_who_would_not_have_asked_for_a_day() -> Result<()> {
    let (_sim, owner, mut grace, _backend) = people::two().await?;
    open_without(&mut grace, "the home is asked now and then").await?;
    owner.does(["org", "add", "Fabrikam"]).await?;
    lists(&grace, "Fabrikam").await?;
    // Now the stream stands.
    owner.does(["org", "add", "Litware"]).await?;
    lists(&grace, "Litware").await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_stream_a_change_is_fetched_all_the_same() -> Result<()> {
    let (_sim, owner, mut grace, _backend) = people::two().await?;
    open_without(&mut grace, "the home is listened to").await?;
    owner.does(["org", "add", "Fabrikam"]).await?;
    lists(&grace, "Fabrikam").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_was_away_is_listened_to_again() -> Result<()> {
    let (_sim, owner, mut grace, mut backend) = people::two().await?;
    open_without(&mut grace, "the home is asked now and then").await?;
    owner.does(["org", "add", "Fabrikam"]).await?;
    lists(&grace, "Fabrikam").await?;
    backend.kill().await?;
    backend.run().await?;
    owner.does(["org", "add", "Litware"]).await?;
    lists(&grace, "Litware").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_at_one_replica_wakes_who_listens_at_the_other() -> Result<()> {
    let mut cluster = None;
    let Some(([first, second], balancer)) = replicas(&mut cluster).await? else { return Ok(()) };
    let owner = Desk::alone()?;
    owner.init().await?;
    backend::moving_to(&owner, &balancer.url()).ends(exit::DONE).await?;
    let mut grace = Desk::alone()?;
    people::brought_in(&owner, &grace, "Grace Hopper", "technician").await?;
    balancer.leads_to(&[second.port()]);
    open_without(&mut grace, "the home is asked now and then").await?;
    owner.does(["org", "add", "Fabrikam"]).await?;
    // Her stream stands at the second one.
    lists(&grace, "Fabrikam").await?;
    balancer.leads_to(&[first.port()]);
    owner.does(["org", "add", "Litware"]).await?;
    lists(&grace, "Litware").await
}
