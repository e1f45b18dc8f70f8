//! Every screen is judged by axe as it is drawn, in both themes.

use std::time::Duration;

use anyhow::{Result, ensure};
use fantoccini::key::Key;
use vitrine_desktop_tests::accessibility::{ensure_accessible, ensure_accessible_as_drawn};
use vitrine_desktop_tests::{Cloud, Window, acts, scenario};

use crate::at;

/// Every screen twice, on one machine.
const LIMIT: Duration = Duration::from_mins(5);
const CONTOSO: &str = "contoso.onmicrosoft.com";

#[tokio::test]
async fn axe_finds_nothing_from_the_first_start_to_two_emergency_accounts() {
    let cloud = Cloud::start().await.unwrap();
    let outcome = scenario("accessible-start", LIMIT, at(&cloud), async |desk| {
        let window = acts::start(desk).await?;
        window.find("first-create").await?;
        ensure_accessible(&window, "first start").await?;
        window.click("first-restore").await?;
        window.find("restore-file").await?;
        ensure_accessible(&window, "restoring with the kit").await?;
        window.click("restore-sheet").await?;
        window.find("restore-sheet-code").await?;
        ensure_accessible(&window, "restoring with the safe sheet").await?;
        window.click("restore-back").await?;
        window.find("first-create").await?;
        acts::propose_vault(&window, "Northgate IT", "Alex Moreno").await?;
        ensure_accessible(&window, "new vault").await?;
        window.click("create-submit").await?;
        window.find("kit-save").await?;
        ensure_accessible(&window, "checklist").await?;
        window.click("nav-organizations").await?;
        window.find("add-organization").await?;
        ensure_accessible(&window, "no organization yet").await?;
        acts::add_organization(&window, "Contoso").await?;
        ensure_accessible(&window, "an organization that is not connected").await?;
        window.click("connect-tenant").await?;
        window.find("route-browser").await?;
        ensure_accessible(&window, "choice of the sign-in").await?;
        window.click("route-code").await?;
        acts::shown_code(&window).await?;
        ensure_accessible(&window, "device code").await?;
        window.click("cancel-connect").await?;
        window.find("route-browser").await?;
        acts::open_organization(&window, "Contoso").await?;
        acts::sign_in_by_browser(&window, desk, &cloud, CONTOSO).await?;
        ensure_accessible(&window, "which tenant").await?;
        window.click("confirm-tenant").await?;
        window.find("apply-plan").await?;
        ensure_accessible(&window, "plan").await?;
        acts::agree_to_plan(&window).await?;
        ensure_accessible(&window, "connected").await?;
        window.click("enable-laps-now").await?;
        window.find("laps-submit").await?;
        ensure_accessible(&window, "LAPS").await?;
        acts::submit_laps(&window, ["ea-contoso-1", "ea-contoso-2"]).await?;
        ensure_accessible(&window, "LAPS enabled").await
    });
    outcome.await.unwrap();
}

#[tokio::test]
async fn axe_finds_nothing_on_the_screens_of_every_day() {
    let cloud = Cloud::start().await.unwrap();
    let outcome = scenario("accessible", LIMIT, at(&cloud), async |desk| {
        let (window, passphrase) = acts::with_contoso(desk, &cloud).await?;
        list(&window).await?;
        organization(&window).await?;
        for (entry, there) in [("nav-rotation", "rotate-due"), ("nav-settings", "passphrase-change")] {
            window.click(entry).await?;
            window.find(there).await?;
            ensure_accessible(&window, there).await?;
        }
        window.click("nav-audit").await?;
        window.wait_for_css("ol li").await?;
        ensure_accessible(&window, "audit").await?;
        credentials(&window).await?;
        window.click("lock-now").await?;
        window.find("unlock-passphrase").await?;
        ensure_accessible(&window, "unlock").await?;
        window.fill("unlock-passphrase", "not the passphrase").await?;
        window.click("unlock-submit").await?;
        window.find("error-notice").await?;
        ensure_accessible(&window, "wrong passphrase").await?;
        acts::unlock(&window, &passphrase).await
    });
    outcome.await.unwrap();
}

#[tokio::test]
async fn axe_finds_nothing_where_something_went_wrong() {
    let cloud = Cloud::start().await.unwrap();
    let outcome = scenario("accessible-wrong", LIMIT, at(&cloud), async |desk| {
        let (window, _) = acts::with_contoso(desk, &cloud).await?;
        failures(&window, &cloud).await
    });
    outcome.await.unwrap();
}

#[tokio::test]
async fn the_theme_that_was_chosen_is_put_on() {
    let cloud = Cloud::start().await.unwrap();
    let outcome = scenario("theme", LIMIT, at(&cloud), async |desk| {
        let window = acts::start(desk).await?;
        acts::create_vault(&window).await?;
        window.click("nav-settings").await?;
        for theme in ["light", "dark"] {
            window.click_css(&format!("input[value=\"{theme}\"] + label")).await?;
            window.wait_for_css(&format!("[data-mantine-color-scheme=\"{theme}\"]")).await?;
        }
        window.click_css("input[value=\"contrast\"] + label").await?;
        // More contrast goes by the desktop's scheme, which is light here: its colours come once that is back.
        window.wait_for_css("html[data-mantine-color-scheme=\"light\"][style*=\"--v-line\"]").await?;
        window.wait_for_frames().await?;
        ensure_accessible_as_drawn(&window, "settings with more contrast").await
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
            ("nav-attention", "to-rotation"),
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

/// Closes what lies over the page.
async fn close(window: &Window, gone: &str) -> Result<()> {
    window.press(Key::Escape).await?;
    window.wait_until_gone(gone).await
}

async fn list(window: &Window) -> Result<()> {
    window.click("nav-organizations").await?;
    window.wait_for_css("[data-name=\"Contoso\"]").await?;
    ensure_accessible(window, "organizations").await?;
    window.click("add-organization").await?;
    window.find("add-name").await?;
    ensure_accessible(window, "adding").await?;
    close(window, "add-name").await?;
    window.click("import-csv").await?;
    window.fill("import-text", "name,notes\nFabrikam,gold\nContoso,").await?;
    ensure_accessible(window, "importing").await?;
    window.click("import-preview").await?;
    window.find("import-submit").await?;
    ensure_accessible(window, "preview of an import").await?;
    close(window, "import-submit").await?;
    window.click("views").await?;
    window.fill("view-name", "Gold").await?;
    window.click("view-save").await?;
    window.wait_until_gone("view-name").await?;
    window.click("views").await?;
    window.find("saved-view").await?;
    ensure_accessible(window, "saved views").await?;
    close(window, "saved-view").await?;
    window.click_css("[data-name=\"Contoso\"] input[type=checkbox]").await?;
    window.find("schedule-selected").await?;
    ensure_accessible(window, "a selection").await?;
    window.click("schedule-selected").await?;
    window.find("schedule-submit").await?;
    ensure_accessible(window, "a schedule").await?;
    close(window, "schedule-submit").await?;
    window.click("open-palette").await?;
    window.wait_for_css("[aria-label=\"Commands and organizations\"]").await?;
    window.type_text("contoso").await?;
    window.wait_for_css(".mantine-Spotlight-action").await?;
    ensure_accessible(window, "palette").await?;
    window.press(Key::Escape).await?;
    window
        .until("the palette to close", async || (!window.has_css(".mantine-Spotlight-action").await).then_some(()))
        .await?;
    window.type_text("?").await?;
    window.wait_for_css("[role=dialog] kbd").await?;
    ensure_accessible(window, "shortcuts").await?;
    window.press(Key::Escape).await?;
    window.until("the shortcuts to close", async || (!window.has_css("[role=dialog] kbd").await).then_some(())).await
}

async fn organization(window: &Window) -> Result<()> {
    acts::open_organization(window, "Contoso").await?;
    ensure_accessible(window, "organization").await?;
    window.click("view-credentials").await?;
    window.find("view-account-1").await?;
    ensure_accessible(window, "choice of the account").await?;
    close(window, "view-account-1").await?;
    for (tab, there) in [(2, "ol li"), (3, "[data-testid=\"access\"]"), (4, "[data-testid=\"turn-off-laps\"]")] {
        window.click_css(&format!("[role=tab]:nth-of-type({tab})")).await?;
        window.wait_for_css(there).await?;
        ensure_accessible(window, &format!("tab {tab} of the organization")).await?;
    }
    window.click("turn-off-laps").await?;
    window.click("laps-off-delete").await?;
    ensure_accessible(window, "turning LAPS off").await?;
    close(window, "laps-off-delete").await
}

async fn credentials(window: &Window) -> Result<()> {
    acts::open_organization(window, "Contoso").await?;
    acts::view_credentials(window, 1).await?;
    ensure_accessible(window, "credentials").await?;
    let password = acts::reveal_password(window).await?;
    ensure!(!password.is_empty(), "no password was shown");
    ensure_accessible(window, "shown password").await?;
    window.click("large-type").await?;
    window.find("large-text").await?;
    // What draws the page has a voice of its own.
    window.until("a voice", async || window.has("read-aloud").await.then_some(())).await?;
    ensure_accessible(window, "large type").await?;
    // Closes the dialog alone, not the window behind it.
    window.press(Key::Escape).await?;
    window.wait_until_gone("large-text").await?;
    acts::close_reveal(window).await
}

async fn failures(window: &Window, cloud: &Cloud) -> Result<()> {
    acts::open_organization(window, "Contoso").await?;
    acts::view_credentials(window, 1).await?;
    let user_name = acts::shown_user_name(window).await?;
    acts::close_reveal(window).await?;
    ensure!(cloud.change_password_outside(CONTOSO, &user_name), "the tenant has no such account");
    window.click("rotate-now").await?;
    window.click("nav-rotation").await?;
    window.wait_for_css("[data-testid=\"job\"][data-step=\"changedOutside\"]").await?;
    ensure_accessible(window, "a rotation that failed").await?;
    window.click("to-attention").await?;
    window.find("problem").await?;
    // On its way out a message has no colour to be judged.
    let gone = async || (!window.has_css(".mantine-Notification-root").await).then_some(());
    window.until("the message of the rotation to go", gone).await?;
    ensure_accessible(window, "what needs attention").await?;
    window.click("problem-snooze").await?;
    window.find("snooze-fixed").await?;
    ensure_accessible(window, "how long to snooze").await?;
    close(window, "snooze-fixed").await?;
    acts::open_organization(window, "Contoso").await?;
    window.find("error-notice").await?;
    ensure_accessible(window, "an organization with a failure").await?;
    window.click("nav-organizations").await?;
    window.wait_for_css("[data-name=\"Contoso\"]").await?;
    ensure_accessible(window, "organizations with a failure").await?;
    acts::open_organization(window, "Contoso").await?;
    acts::view_credentials(window, 1).await?;
    ensure_accessible(window, "credentials that were changed outside").await?;
    acts::close_reveal(window).await?;
    window.click("nav-rotation").await?;
    window.click("to-incident").await?;
    window.fill("incident-reason", "A laptop was stolen").await?;
    ensure_accessible(window, "before an incident").await?;
    window.click("incident-begin").await?;
    window.find("incident-row").await?;
    ensure_accessible(window, "incident").await?;
    window.click("incident-end").await?;
    window.find("incident-end-yes").await?;
    ensure_accessible(window, "ending an incident").await?;
    close(window, "incident-end-yes").await
}
