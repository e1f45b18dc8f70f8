//! Closing the window, what is in the tray then, and what goes on behind it.

use anyhow::{Context, Result, ensure};
use vitrine_desktop_tests::desk::program;
use vitrine_desktop_tests::{Cloud, Desk, Eyes, Setting, Window, acts, scenario, scenario::LIMIT};
use vitrine_kit::notifications::Notification;
use vitrine_kit::wait::{PATIENCE, until};

use crate::at;

const CONTOSO: &str = "contoso.onmicrosoft.com";

fn tells_of_the_tray(shown: &Notification) -> bool {
    shown.summary == "Vitrine stays in the tray"
}

/// The person presses the button that closes the main window.
async fn press_close(eyes: &Eyes) -> Result<u32> {
    let main = until("the main window", PATIENCE, async || eyes.window("Vitrine").ok()?).await?;
    eyes.close(main)?;
    Ok(main)
}

/// The same, and the window goes.
async fn close_to_tray(eyes: &Eyes) -> Result<()> {
    press_close(eyes).await?;
    until("no window", PATIENCE, async || eyes.windows().ok()?.is_empty().then_some(())).await
}

/// Opens the window again by the tray's menu.
async fn reopen(desk: &Desk, window: &Window, there: &str) -> Result<()> {
    desk.tray.icon().await?.click("Open Vitrine").await?;
    window.switch_to_window_with(there).await?;
    Ok(())
}

#[tokio::test]
async fn closing_keeps_the_program_in_the_tray_and_tells_of_it_once() {
    let outcome = scenario("close-to-tray", LIMIT, Setting::default(), async |desk| {
        let eyes = Eyes::open(desk.display())?;
        let window = acts::start(desk).await?;
        acts::create_vault(&window).await?;
        close_to_tray(&eyes).await?;
        ensure!(desk.notifications.shown().iter().any(tells_of_the_tray), "the window went without a word");
        reopen(desk, &window, "nav-organizations").await?;
        close_to_tray(&eyes).await?;
        reopen(desk, &window, "nav-organizations").await?;
        window.close().await?;
        // Remembered on this device.
        desk.wait_until_ended().await?;
        let _window = desk.start().await?;
        close_to_tray(&eyes).await?;
        let told = desk.notifications.shown().into_iter().filter(tells_of_the_tray).count();
        ensure!(told == 1, "it was told {told} times");
        Ok(())
    });
    outcome.await.unwrap();
}

#[tokio::test]
async fn where_no_tray_is_shown_closing_minimises() {
    let outcome = scenario("no-tray", LIMIT, Setting::default(), async |desk| {
        let eyes = Eyes::open(desk.display())?;
        let window = acts::start(desk).await?;
        window.find("first-create").await?;
        let minimised = async || {
            let main = press_close(&eyes).await?;
            until("a minimised window", PATIENCE, async || eyes.is_minimised(main).ok()?.then_some(())).await?;
            ensure!(window.has("first-create").await, "the page is gone");
            // Raised by a second start, for the next press.
            ensure!(desk.command(&program()?).output().await?.status.success(), "the second start failed");
            until("the window again", PATIENCE, async || (!eyes.is_minimised(main).ok()?).then_some(())).await
        };
        desk.tray.set_shown(false).await?;
        minimised().await?;
        desk.tray.set_shown(true).await?;
        desk.tray.leave().await?;
        minimised().await?;
        ensure!(!desk.notifications.shown().iter().any(tells_of_the_tray), "it told of a tray that is not there");
        Ok(())
    });
    outcome.await.unwrap();
}

#[tokio::test]
async fn the_menu_offers_the_three_organizations_used_last_and_none_while_locked() {
    let outcome = scenario("tray-organizations", LIMIT, Setting::default(), async |desk| {
        const NAMES: [&str; 4] = ["Adatum", "Bell & Howe", "Contoso_West", "Datum"];
        let window = acts::start(desk).await?;
        let passphrase = acts::create_vault(&window).await?;
        for name in NAMES {
            acts::add_organization(&window, name).await?;
        }
        acts::open_organization(&window, NAMES[1]).await?;
        let icon = desk.tray.icon().await?;
        let offered = async || {
            let labels = icon.menu().await.ok()?.into_iter().map(|entry| entry.label);
            Some(labels.filter(|label| NAMES.iter().any(|name| plain(name) == plain(label))).collect::<Vec<_>>())
        };
        let wanted: Vec<String> = [NAMES[1], NAMES[3], NAMES[2]].iter().map(|name| plain(name)).collect();
        until("the three used last", PATIENCE, async || {
            let labels: Vec<String> = offered().await?.iter().map(|label| plain(label)).collect();
            (labels == wanted).then_some(())
        })
        .await?;
        let label = offered().await.context("a menu")?.swap_remove(1);
        icon.click(&label).await?;
        window.wait_for_text("organization-title", |title| title == NAMES[3]).await?;

        window.click("lock-now").await?;
        window.find("unlock-passphrase").await?;
        until("a menu without names", PATIENCE, async || offered().await?.is_empty().then_some(())).await?;
        acts::unlock(&window, &passphrase).await?;
        until("the names again", PATIENCE, async || (offered().await?.len() == 3).then_some(())).await
    });
    outcome.await.unwrap();
}

/// A name without the sign that marks a key in a menu.
fn plain(name: &str) -> String {
    name.replace('_', "")
}

#[tokio::test]
async fn a_window_closed_while_it_waits_for_the_sign_in_leaves_nothing_half_made() {
    let cloud = Cloud::start().await.unwrap();
    let outcome = scenario("closed-in-connection", LIMIT, at(&cloud), async |desk| {
        let eyes = Eyes::open(desk.display())?;
        let window = acts::start(desk).await?;
        let passphrase = acts::create_vault(&window).await?;
        acts::add_organization(&window, "Contoso").await?;
        let made = || cloud.sim().control().applications(CONTOSO).len();
        let before = made();
        // Into the tray: the sign-in waits on, and the window that opens again is where it led.
        window.click("connect-tenant").await?;
        window.click("route-browser").await?;
        let address = desk.opener.next().await?;
        close_to_tray(&eyes).await?;
        cloud.sign_in(&address, &cloud.admin(CONTOSO)?).await?;
        reopen(desk, &window, "nav-organizations").await?;
        acts::open_organization(&window, "Contoso").await?;
        window.click("connect-tenant").await?;
        window.find("confirm-tenant").await?;
        // And the program ends.
        window.close().await?;
        desk.wait_until_ended().await?;
        ensure!(made() == before, "something was made that nobody agreed to");

        let window = acts::start(desk).await?;
        acts::unlock(&window, &passphrase).await?;
        acts::open_organization(&window, "Contoso").await?;
        acts::sign_in_by_browser(&window, desk, &cloud, CONTOSO).await?;
        window.click("confirm-tenant").await?;
        acts::agree_to_plan(&window).await?;
        ensure!(made() == before + 1, "{} app registrations were made", made() - before);
        Ok(())
    });
    outcome.await.unwrap();
}
