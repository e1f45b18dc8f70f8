//! Every main screen is judged by axe as it is drawn, in both themes.

use std::time::Duration;

use anyhow::{Result, ensure};
use fantoccini::key::Key;
use vitrine_desktop_tests::accessibility::ensure_accessible;
use vitrine_desktop_tests::{Cloud, Window, acts, scenario};

use crate::at;

/// Both themes after another, on one machine.
const LIMIT: Duration = Duration::from_mins(4);

#[tokio::test]
async fn axe_finds_nothing_in_the_light_and_the_dark_theme() {
    let cloud = Cloud::start().await.unwrap();
    let outcome = scenario("accessible", LIMIT, at(&cloud), async |desk| {
        let window = acts::start(desk).await?;
        window.find("first-create").await?;
        ensure_accessible(&window, "first start").await?;
        let passphrase = acts::propose_vault(&window, "Northgate IT", "Alex Moreno").await?;
        ensure_accessible(&window, "new vault").await?;
        window.click("create-submit").await?;
        window.find("kit-save").await?;
        ensure_accessible(&window, "checklist").await?;
        acts::add_organization(&window, "Contoso").await?;
        window.click("connect-tenant").await?;
        window.find("route-browser").await?;
        ensure_accessible(&window, "choice of the sign-in").await?;
        acts::open_organization(&window, "Contoso").await?;
        acts::sign_in_by_browser(&window, desk, &cloud, "contoso.onmicrosoft.com").await?;
        ensure_accessible(&window, "which tenant").await?;
        window.click("confirm-tenant").await?;
        window.find("apply-plan").await?;
        ensure_accessible(&window, "plan").await?;
        acts::agree_to_plan(&window).await?;
        ensure_accessible(&window, "connected").await?;
        acts::enable_laps(&window, ["ea-contoso-1", "ea-contoso-2"]).await?;
        ensure_accessible(&window, "LAPS enabled").await?;
        for theme in ["light", "dark"] {
            choose_theme(&window, theme).await?;
            screens(&window, theme, &passphrase).await?;
        }
        Ok(())
    });
    outcome.await.unwrap();
}

/// A window of 1280 pixels at twice the size has room for 640.
#[tokio::test]
async fn at_twice_the_size_no_page_has_to_be_scrolled_sideways() {
    let cloud = Cloud::start().await.unwrap();
    let outcome = scenario("twice-the-size", LIMIT, at(&cloud), async |desk| {
        let (window, _) = acts::with_contoso(desk, &cloud).await?;
        window.resize_page((640, 480)).await?;
        ensure_no_sideways_scrolling(&window, "organization").await?;
        for (entry, there) in [
            ("nav-organizations", "organizations-table"),
            ("nav-rotation", "rotate-due"),
            ("nav-settings", "passphrase-change"),
        ] {
            window.click(entry).await?;
            window.find(there).await?;
            ensure_no_sideways_scrolling(&window, there).await?;
        }
        window.click("lock-now").await?;
        window.find("unlock-passphrase").await?;
        ensure_no_sideways_scrolling(&window, "unlock").await
    });
    outcome.await.unwrap();
}

/// Only a table may be wider than its place, because its columns have an order to keep.
async fn ensure_no_sideways_scrolling(window: &Window, what: &str) -> Result<()> {
    window.wait_for_frames().await?;
    let script = "return [...document.querySelectorAll('body *')] \
                  .filter(it => it.scrollWidth > it.clientWidth + 1 && it.clientWidth > 0 && !it.closest('[role=grid]') \
                    && /auto|scroll/.test(getComputedStyle(it).overflowX)) \
                  .map(it => it.className || it.tagName) \
                  .concat(document.documentElement.scrollWidth > innerWidth + 1 ? ['page'] : []).join(', ');";
    let wide = window.script(script).await?;
    ensure!(wide == "", "{what} is wider than the window: {wide}");
    Ok(())
}

async fn choose_theme(window: &Window, theme: &str) -> Result<()> {
    window.click("nav-settings").await?;
    window.click_css(&format!("input[value=\"{theme}\"] + label")).await?;
    window.wait_for_css(&format!("[data-mantine-color-scheme=\"{theme}\"]")).await
}

async fn screens(window: &Window, theme: &str, passphrase: &str) -> Result<()> {
    ensure_accessible(window, &format!("settings, {theme}")).await?;
    for (entry, there) in [("nav-rotation", "rotate-due"), ("nav-organizations", "organizations-table")] {
        window.click(entry).await?;
        window.find(there).await?;
        ensure_accessible(window, &format!("{there}, {theme}")).await?;
    }
    window.click("nav-audit").await?;
    window.wait_for_css("h1").await?;
    ensure_accessible(window, &format!("audit, {theme}")).await?;
    acts::open_organization(window, "Contoso").await?;
    ensure_accessible(window, &format!("organization, {theme}")).await?;
    acts::view_credentials(window, 1).await?;
    ensure_accessible(window, &format!("credentials, {theme}")).await?;
    let password = acts::reveal_password(window).await?;
    ensure!(!password.is_empty(), "no password was shown");
    ensure_accessible(window, &format!("shown password, {theme}")).await?;
    window.click("large-type").await?;
    window.find("large-text").await?;
    ensure_accessible(window, &format!("large type, {theme}")).await?;
    // Closes the dialog alone, not the window behind it.
    window.press(Key::Escape).await?;
    window.wait_until_gone("large-text").await?;
    acts::close_reveal(window).await?;
    window.click("lock-now").await?;
    window.find("unlock-passphrase").await?;
    ensure_accessible(window, &format!("unlock, {theme}")).await?;
    acts::unlock(window, passphrase).await
}
