//! Three journeys without a mouse: every control is reached by keys, and the focus can be seen where it stops.

use anyhow::{Result, ensure};
use fantoccini::key::Key;
use vitrine_desktop_tests::{Cloud, Window, acts, scenario, scenario::LIMIT};

use crate::at;

/// Tab to a control, see that the focus shows, and press Enter.
pub(crate) async fn enter(window: &Window, id: &str) -> Result<()> {
    window.tab_to(id).await?;
    ensure!(window.focus_is_visible().await?, "the focus on {id} cannot be seen");
    window.press(Key::Enter).await
}

#[tokio::test]
async fn unlock_find_and_copy_by_keyboard_alone() {
    let cloud = Cloud::start().await.unwrap();
    let outcome = scenario("keyboard-copy", LIMIT, at(&cloud), async |desk| {
        let (window, passphrase) = acts::with_contoso(desk, &cloud).await?;
        acts::add_organization(&window, "Northwind Traders").await?;
        window.chord(&[Key::Control], 'l').await?;
        window.wait_for_focus("unlock-passphrase").await?;
        window.type_text(&passphrase).await?;
        window.press(Key::Enter).await?;
        window.find("nav-organizations").await?;
        enter(&window, "nav-organizations").await?;
        window.find("organizations-table").await?;
        window.type_text("/").await?;
        window.wait_for_focus("organizations-filter").await?;
        window.type_text("conto").await?;
        window
            .until("only Contoso in the list", async || {
                (!window.has_css("[data-name=\"Northwind Traders\"]").await).then_some(())
            })
            .await?;
        window.press(Key::Down).await?;
        window.wait_for_focus("organization-row").await?;
        window.type_text("l").await?;
        window.wait_for_focus("view-account-1").await?;
        window.press(Key::Enter).await?;
        window.wait_for_count(2).await?;
        window.switch_to_window_with("reveal-window").await?;
        window.wait_for_focus("reveal-reason").await?;
        window.type_text("Ticket 4711").await?;
        enter(&window, "copy-password").await?;
        // The button counts the seconds for which the clipboard holds the password.
        let counts =
            "return document.querySelector('[data-testid=\"copy-password\"]').textContent.trim().endsWith(' s');";
        window
            .until("the seconds on the button", async || (window.script(counts).await.ok()? == true).then_some(()))
            .await?;
        Ok(())
    });
    outcome.await.unwrap();
}

#[tokio::test]
async fn connect_a_tenant_by_keyboard_alone() {
    let cloud = Cloud::start().await.unwrap();
    let outcome = scenario("keyboard-connect", LIMIT, at(&cloud), async |desk| {
        let window = acts::start(desk).await?;
        acts::create_vault(&window).await?;
        enter(&window, "nav-organizations").await?;
        enter(&window, "add-organization").await?;
        window.wait_for_focus("add-name").await?;
        window.type_text("Northwind Traders").await?;
        window.press(Key::Enter).await?;
        window.wait_for_text("organization-title", |title| title == "Northwind Traders").await?;
        enter(&window, "connect-tenant").await?;
        enter(&window, "route-code").await?;
        let (address, code) = acts::shown_code(&window).await?;
        cloud.enter_device_code(&address, &code, &cloud.admin("northwind.onmicrosoft.com")?).await?;
        enter(&window, "confirm-tenant").await?;
        enter(&window, "apply-plan").await?;
        window.find("connected").await?;
        enter(&window, "enable-laps-now").await?;
        enter(&window, "laps-submit").await?;
        window.wait_for_css("[data-testid=\"laps-outcome\"][data-outcome=\"created\"]").await
    });
    outcome.await.unwrap();
}

#[tokio::test]
async fn rotate_several_by_keyboard_alone() {
    let cloud = Cloud::start().await.unwrap();
    let outcome = scenario("keyboard-rotate", LIMIT, at(&cloud), async |desk| {
        let (window, _) = acts::with_contoso(desk, &cloud).await?;
        acts::add_organization(&window, "Litware").await?;
        acts::sign_in_by_browser(&window, desk, &cloud, "litware.onmicrosoft.com").await?;
        window.click("confirm-tenant").await?;
        acts::agree_to_plan(&window).await?;
        acts::enable_laps(&window, ["ea-litware-1", "ea-litware-2"]).await?;
        enter(&window, "nav-organizations").await?;
        window.tab_to("organizations-filter").await?;
        window.find_css("[data-name=\"Litware\"]").await?;
        window.press(Key::Down).await?;
        window.wait_for_focus("organization-row").await?;
        window.type_text(" ").await?;
        window.press(Key::Down).await?;
        window
            .until("the second row in focus", async || {
                let index = window.script("return document.activeElement?.dataset.index ?? '';").await.ok()?;
                (index == "1").then_some(())
            })
            .await?;
        window.type_text(" ").await?;
        window.wait_for_css("[data-testid=\"organization-row\"][data-index=\"1\"][aria-selected=\"true\"]").await?;
        enter(&window, "rotate-selected").await?;
        enter(&window, "nav-rotation").await?;
        let done = "[data-testid=\"job\"][data-step=\"done\"]";
        window.wait_for_css(&[done; 4].join(" ~ ")).await
    });
    outcome.await.unwrap();
}
