//! Two people at two machines: one invites, both compare words, they work on the same passwords, one leaves.

use std::time::Duration;

use anyhow::{Result, ensure};
use vitrine_desktop_tests::accessibility::ensure_accessible;
use vitrine_desktop_tests::desk::backend;
use vitrine_desktop_tests::{Cloud, Desk, Window, acts, scenario};
use vitrine_kit::wait::{PATIENCE, until};

use crate::at;

/// Two machines, and what one learns of the other by asking every half minute.
const LIMIT: Duration = Duration::from_mins(6);

/// What is noted when a round of fetching while locked has ended.
const NOTE: &[u8] = b"staged-at";

#[tokio::test]
async fn a_technician_joins_by_a_code_sees_what_the_owner_rotates_and_is_removed_for_good() {
    let cloud = Cloud::start().await.unwrap();
    let outcome = scenario("team-owner", LIMIT, at(&cloud), async |here| {
        // Within the other one, so that a failure leaves a picture of both screens.
        scenario("team-technician", LIMIT, at(&cloud), async |there| two_people(&cloud, here, there).await).await
    });
    outcome.await.unwrap();
}

async fn two_people(cloud: &Cloud, here: &mut Desk, there: &mut Desk) -> Result<()> {
    let backend = backend().await?;
    let (owner, _) = acts::with_contoso(here, cloud).await?;
    owner.click("nav-team").await?;
    owner.find("team-home").await?;
    ensure_accessible(&owner, "a team without a backend").await?;
    acts::fill_home(&owner, &backend).await?;
    owner.click("home-move").await?;
    owner.find("home-sync").await?;
    let grace = acts::start(there).await?;

    joins(&owner, &grace, here).await?;
    works_on_the_same(&owner, &grace, cloud).await?;
    leaves(&owner, &grace, cloud).await
}

#[tokio::test]
async fn a_window_that_is_locked_has_fetched_what_it_shows_once_there_is_no_network() {
    let cloud = Cloud::start().await.unwrap();
    let outcome = scenario("locked-owner", LIMIT, at(&cloud), async |here| {
        scenario("locked-technician", LIMIT, at(&cloud), async |there| rotated_while_locked(&cloud, here, there).await)
            .await
    });
    outcome.await.unwrap();
}

async fn rotated_while_locked(cloud: &Cloud, here: &mut Desk, there: &mut Desk) -> Result<()> {
    let mut backend = backend().await?;
    let (owner, _) = acts::with_contoso(here, cloud).await?;
    acts::fill_home(&owner, &backend).await?;
    owner.click("home-move").await?;
    owner.find("home-sync").await?;
    let grace = acts::start(there).await?;
    joins(&owner, &grace, here).await?;
    acts::open_organization(&grace, "Contoso").await?;
    acts::view_credentials(&grace, 1).await?;
    let user_name = acts::shown_user_name(&grace).await?;
    let known = acts::reveal_password(&grace).await?;
    grace.close().await?;

    // Her machine is off while the owner rotates, then on and locked, and the network goes before she unlocks.
    acts::rotate(&owner, "Contoso").await?;
    let grace = acts::start(there).await?;
    grace.find("unlock-passphrase").await?;
    until("what is new to lie beside the store", PATIENCE * 2, async || fetched_while_locked(there).then_some(()))
        .await?;
    ensure!(!grace.page_text().await?.contains("Contoso"), "a locked window names a customer");
    backend.kill().await?;
    acts::unlock(&grace, acts::OWN_PASSPHRASE).await?;
    acts::open_organization(&grace, "Contoso").await?;
    acts::view_credentials(&grace, 1).await?;
    let fresh = acts::reveal_password(&grace).await?;
    ensure!(fresh != known, "it shows the password of before");
    ensure!(opens(cloud, &user_name, &fresh).await?, "what it shows opens nothing");
    acts::close_reveal(&grace).await?;
    grace.close().await?;
    owner.close().await
}

/// Whether the locked program has asked the home and laid down what was new, by the note that it makes at the end.
fn fetched_while_locked(desk: &Desk) -> bool {
    let files = ["vitrine.db", "vitrine.db-wal"].map(|file| std::fs::read(desk.vault().join(file)).unwrap_or_default());
    files.iter().any(|bytes| bytes.windows(NOTE.len()).any(|place| place == NOTE))
}

/// From the invitation to the organization in the second window.
async fn joins(owner: &Window, grace: &Window, here: &Desk) -> Result<()> {
    acts::fill_invitation(owner).await?;
    ensure_accessible(owner, "an invitation").await?;
    let code = acts::make_invitation(owner, here).await?;
    ensure!(!owner.page_text().await?.contains(code.trim()), "the window shows the code");
    ensure_accessible(owner, "an invitation that was made").await?;
    owner.click("invited-done").await?;
    owner.wait_for_css("[data-testid=\"invitation\"][data-name=\"Grace Hopper\"]").await?;
    ensure_accessible(owner, "an invitation without an answer").await?;

    acts::fill_join(grace, &code).await?;
    ensure_accessible(grace, "joining").await?;
    grace.click("join-submit").await?;
    let theirs = acts::compared_words(grace).await?;
    ensure_accessible(grace, "waiting to be added").await?;
    ensure!(!grace.page_text().await?.contains("Contoso"), "who was not added reads the name of a customer");
    owner.wait_for_css("[data-testid=\"invitation\"][data-answered]").await?;
    let ours = acts::compared_words(owner).await?;
    ensure!(ours == theirs && ours.len() == 8, "{ours:?} here, {theirs:?} there");
    ensure_accessible(owner, "an answer to an invitation").await?;

    owner.click("approve-compared").await?;
    grace.find("nav-organizations").await?;
    grace.click("nav-organizations").await?;
    grace.wait_for_css("[data-name=\"Contoso\"]").await?;
    owner.wait_for_css("[data-testid=\"member\"][data-name=\"Grace Hopper\"][data-standing=\"active\"]").await?;
    messages_are_gone(owner).await?;
    ensure_accessible(owner, "a team of two").await?;
    grace.click("nav-team").await?;
    grace.find("team-not-yours").await?;
    ensure_accessible(grace, "the team of a technician").await
}

/// What the technician sees opens the account, before and after the owner rotates it.
async fn works_on_the_same(owner: &Window, grace: &Window, cloud: &Cloud) -> Result<()> {
    acts::open_organization(grace, "Contoso").await?;
    acts::view_credentials(grace, 1).await?;
    let user_name = acts::shown_user_name(grace).await?;
    let since = acts::wait_for_newer(grace, "").await?;
    let seen = acts::reveal_password(grace).await?;
    ensure!(opens(cloud, &user_name, &seen).await?, "what the technician sees opens nothing");

    acts::rotate(owner, "Contoso").await?;
    acts::wait_for_newer(grace, &since).await?;
    ensure!(grace.has("reveal-password").await, "the password of before stands there as the current one");
    let fresh = acts::reveal_password(grace).await?;
    ensure!(fresh != seen && opens(cloud, &user_name, &fresh).await?, "it is not fresh in the second window");
    acts::close_reveal(grace).await
}

/// The removal replaces what the technician knew, and the second window says what it is.
async fn leaves(owner: &Window, grace: &Window, cloud: &Cloud) -> Result<()> {
    acts::open_organization(grace, "Contoso").await?;
    acts::view_credentials(grace, 1).await?;
    let user_name = acts::shown_user_name(grace).await?;
    let known = acts::reveal_password(grace).await?;
    acts::close_reveal(grace).await?;

    acts::open_member(owner, "Grace Hopper").await?;
    messages_are_gone(owner).await?;
    ensure_accessible(owner, "a member").await?;
    acts::fill_removal(owner, "Grace Hopper").await?;
    ensure_accessible(owner, "before a removal").await?;
    owner.click("remove-submit").await?;
    owner.find("removed-incident").await?;
    ensure_accessible(owner, "a member that was removed").await?;
    owner.click("removed-incident").await?;
    acts::wait_until_nothing_is_left(owner).await?;
    messages_are_gone(owner).await?;
    ensure_accessible(owner, "an incident with nothing left").await?;
    ensure!(!opens(cloud, &user_name, &known).await?, "what the removed member knows still opens");

    acts::wait_for_notice(grace, "does not know this device").await?;
    ensure_accessible(grace, "no longer a member").await?;
    acts::view_credentials(grace, 1).await?;
    grace.find("reveal-home-wrong").await?;
    ensure_accessible(grace, "credentials of before").await
}

/// Whether the portal of the simulated cloud takes the password.
async fn opens(cloud: &Cloud, user_name: &str, password: &str) -> Result<bool> {
    Ok(cloud.portal(user_name, password).await?.text_of("#error").is_none())
}

/// On its way out a message has no colour to be judged.
async fn messages_are_gone(window: &Window) -> Result<()> {
    let gone = async || (!window.has_css(".mantine-Notification-root").await).then_some(());
    window.until("the messages to go", gone).await
}
