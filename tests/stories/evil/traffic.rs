//! What a home, or whoever listens on the way to it, learns from questions and their lengths: nothing of what a vault holds,
//! and not when somebody looked at it.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use tokio::net::TcpListener;
use vitrine_kit::backend::Backend;
use vitrine_kit::evil::{EvilServer, Seen};
use vitrine_kit::wait::{PATIENCE, until};

use super::members::Team;
use crate::backend::{self, moving_to};
use crate::bad_rotation::{FIRST, connected};
use crate::cloud::CONTOSO;
use crate::desk::{Desk, PASSPHRASE, exit};

/// What is kept in a vault: notes of an organization, and what becomes of them.
pub(super) struct Kept {
    first: String,
    second: String,
    third: String,
}

/// A place on this machine that an address in a vault leads to, and how often somebody went there.
pub(super) struct Trap {
    listener: TcpListener,
}

impl Trap {
    pub(super) async fn set() -> Result<Self> {
        Ok(Self { listener: TcpListener::bind(("127.0.0.1", 0)).await? })
    }

    fn url(&self) -> Result<String> {
        Ok(format!("http://{}/favicon.ico", self.listener.local_addr()?))
    }

    /// Whether somebody came by. Whoever did waits in line: a connection is there before anybody takes it.
    pub(super) async fn was_sprung(&self) -> bool {
        let at_once = std::time::Duration::ZERO;
        tokio::time::timeout(at_once, self.listener.accept()).await.is_ok()
    }
}

/// Two vaults that differ in what they keep and in nothing else: in one it repeats itself, stays as it is, and is that of another
/// organization as well; in the other it is different each time, shorter, and leads somewhere.
pub(super) fn two(trap: &Trap) -> Result<[Kept; 2]> {
    let same = "x".repeat(600);
    let url = trap.url()?;
    Ok([
        Kept { first: same.clone(), second: same.clone(), third: same },
        Kept { first: format!("look at {url}"), second: format!("or there: {url} 8fK2"), third: url },
    ])
}

/// Whether it is the time that decides how often this is asked, and nothing that a vault keeps: whether something is new, who the
/// home is, and what a kit opens, which is left there when there is time.
fn is_now_and_then(seen: &Seen) -> bool {
    ["/v1/changes/", "/v1/backend/", "/v1/enrolments/"].iter().any(|path| seen.path.starts_with(path))
}

/// The requests of a vault that keeps this, but for those that come now and then: they all have one length.
pub(super) async fn traffic(kept: &Kept, change: impl FnOnce(&mut Desk)) -> Result<Vec<Seen>> {
    let mut desk = Desk::alone()?;
    desk.init().await?;
    desk.does(["settings", "rotateWhenDue", "false"]).await?;
    let backend: Backend = backend::start().await?;
    let evil = EvilServer::before(&backend.url()).await?;
    moving_to(&desk, &evil.url()).ends(exit::DONE).await?;
    change(&mut desk);
    desk.does(["org", "add", "Contoso", "--notes", &kept.first]).await?;
    desk.does(["org", "add", "Fabrikam", "--notes", &kept.third]).await?;
    desk.does(["org", "edit", "Contoso", "--notes", &kept.second]).await?;
    desk.does(["org", "edit", "Fabrikam", "--notes", &kept.second]).await?;
    desk.does(["sync"]).await?;
    let (often, seen): (Vec<_>, Vec<_>) = evil.seen().into_iter().partition(is_now_and_then);
    let lengths: BTreeSet<_> = often.iter().map(|seen| seen.length).filter(|length| *length > 0).collect();
    ensure!(lengths.len() < 2, "{often:?}");
    Ok(seen.into_iter().map(|seen| Seen { device: String::new(), ..seen }).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn row_22_row_41_bw06_lp03_vaults_that_differ_in_what_they_keep_ask_the_same_of_the_same_length() -> Result<()> {
    let trap = Trap::set().await?;
    let [one, other] = two(&trap)?;
    let (one, other) = (traffic(&one, |_| ()).await?, traffic(&other, |_| ()).await?);
    ensure!(one.iter().filter(|seen| seen.path == "/v1/append").count() > 4, "nothing was written: {one:?}");
    ensure!(one == other, "the two are told apart: {one:?} {other:?}");
    ensure!(!trap.was_sprung().await, "an address in the vault was asked");
    Ok(())
}

/// How much a vault that is open writes at its home while somebody looks, and once it is locked.
pub(super) async fn looked_at(team: &Team) -> Result<[usize; 2]> {
    let Team { evil, ada, .. } = team;
    ada.does(["sync"]).await?;
    let asked = || evil.seen().iter().filter(|seen| seen.path.starts_with("/v1/changes/")).count();
    let before = asked();
    ada.vitrine(["unlock"]).passphrase(PASSPHRASE).ends(exit::DONE).await?;
    until("the first question", PATIENCE, async || (asked() > before).then_some(())).await?;
    let others = || evil.seen().iter().filter(|seen| !is_now_and_then(seen)).count();
    let before = others();
    for which in ["current", "previous", "current"] {
        let view = ["view", "Contoso", "--account", FIRST, "--value", which, "--reason", "story"];
        ada.vitrine(view).ends(exit::DONE).await?;
    }
    let meanwhile = others() - before;
    ada.vitrine(["lock"]).ends(exit::DONE).await?;
    ada.does(["sync"]).await?;
    Ok([meanwhile, others() - before])
}

#[tokio::test(flavor = "multi_thread")]
async fn row_40_what_is_looked_at_asks_nothing_and_travels_later_with_what_else_there_is() -> Result<()> {
    let team = Team::make().await?;
    team.ada.does(["rotate", "Contoso"]).await?;
    let [meanwhile, later] = looked_at(&team).await?;
    ensure!(meanwhile == 0, "a view made {meanwhile} requests");
    ensure!(later == 1, "three views travelled in {later} requests");
    Ok(())
}

/// Row 21: nothing in a vault is sealed field by field, so nothing can be cut out of one item and put into another.
#[tokio::test(flavor = "multi_thread")]
async fn row_21_bw05_lp02_each_version_of_an_item_is_one_object_with_one_ciphertext() -> Result<()> {
    let (_sim, desk) = connected(&["ea-1"]).await?;
    let backend = backend::start().await?;
    let evil = EvilServer::before(&backend.url()).await?;
    moving_to(&desk, &evil.url()).ends(exit::DONE).await?;
    desk.does(["rotate", "Contoso"]).await?;
    desk.does(["org", "edit", "Contoso", "--notes", CONTOSO]).await?;
    // Organization, connection and account, in more than one version.
    ensure!(evil.whole_items() > Some(5), "{:?}", evil.whole_items());
    Ok(())
}
