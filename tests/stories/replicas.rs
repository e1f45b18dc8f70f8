//! Two replicas over one PostgreSQL, as two members' devices meet them: one is killed under load, and nothing is lost.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, ensure};
use vitrine_kit::wait::{PATIENCE, until};

use crate::backend::{self, replicas};
use crate::desk::{Desk, PASSPHRASE, exit};
use crate::home::names_in;
use crate::people;

/// How often one is killed, each of the two in turn.
const ROUNDS: usize = 3;
/// Organizations that each member adds meanwhile.
const EACH: usize = 6;

/// Adds organizations, one after the other. One that is refused or gets no answer is added again, but where it is there
/// already. Answers with the names of all that were said to be done.
async fn adds(desk: &Desk, names: Vec<String>, done: &AtomicUsize) -> Result<Vec<String>> {
    for name in &names {
        until("an organization that is added", PATIENCE.saturating_mul(3), async || {
            let ended = desk.vitrine(["org", "add", name]).passphrase(PASSPHRASE).end().await.ok()?;
            if ended.status.code() == Some(exit::DONE) {
                return Some(());
            }
            // What was sent before the kill may have been taken: then it is fetched, and there.
            let _ = desk.vitrine(["sync"]).passphrase(PASSPHRASE).end().await;
            let list = desk.does(["org", "list"]).await.ok()?;
            names_in(&list).ok()?.contains(name).then_some(())
        })
        .await
        .with_context(|| name.clone())?;
        done.fetch_add(1, Ordering::Relaxed);
    }
    Ok(names)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_members_lose_nothing_when_one_of_two_replicas_is_killed_under_load() -> Result<()> {
    let mut cluster = None;
    let Some((mut backends, balancer)) = replicas(&mut cluster).await? else { return Ok(()) };
    let (owner, second) = (Desk::alone()?, Desk::alone()?);
    owner.init().await?;
    backend::moving_to(&owner, &balancer.url()).ends(exit::DONE).await?;
    people::brought_in(&owner, &second, "Grace Hopper", "admin").await?;
    let mut expected = BTreeSet::new();
    for round in 0..ROUNDS {
        balancer.leads_to(&[backends[0].port(), backends[1].port()]);
        let name = |who: &str, n| format!("{who} {round} {n}");
        let done = AtomicUsize::new(0);
        let kill = async {
            // In the middle: something of this round is in, and much is still to come.
            let middle = async || (done.load(Ordering::Relaxed) > EACH / 2).then_some(());
            until("the middle of the load", PATIENCE.saturating_mul(3), middle).await?;
            backends[round % 2].kill().await
        };
        let (adas, graces, killed) = tokio::join!(
            adds(&owner, (0..EACH).map(|n| name("Ada", n)).collect(), &done),
            adds(&second, (0..EACH).map(|n| name("Grace", n)).collect(), &done),
            kill
        );
        killed?;
        expected.extend(adas?);
        expected.extend(graces?);
        backends[round % 2].run().await?;
        for desk in [&owner, &second] {
            desk.does(["sync"]).await?;
            let list = desk.does(["org", "list"]).await?;
            let listed = names_in(&list)?;
            ensure!(listed.len() == expected.len(), "one is there twice: {listed:?}");
            ensure!(listed.into_iter().collect::<BTreeSet<_>>() == expected, "round {round}: something was lost");
        }
    }
    Ok(())
}
