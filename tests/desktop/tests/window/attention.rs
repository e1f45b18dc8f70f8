//! The attention inbox, without a mouse: what a rotation found stands there, can be put aside, and goes by itself.

use anyhow::{Result, ensure};
use fantoccini::key::Key;
use vitrine_desktop_tests::{Cloud, Window, acts, scenario, scenario::LIMIT};

use crate::at;
use crate::keyboard::enter;

const CONTOSO: &str = "contoso.onmicrosoft.com";
const FIRST: &str = "ea-contoso-1@contoso.onmicrosoft.com";

/// The number in the sidebar: none where nothing is open.
async fn wait_for_count(window: &Window, wanted: Option<&str>) -> Result<()> {
    let count = |text: &str| text.lines().last().filter(|last| last.parse::<u32>().is_ok()).map(str::to_owned);
    window.wait_for_text("nav-attention", |text| count(text).as_deref() == wanted).await.map(drop)
}

#[tokio::test]
async fn what_was_changed_outside_is_put_aside_brought_back_and_repaired_from_the_inbox() {
    let cloud = Cloud::start().await.unwrap();
    let outcome = scenario("attention", LIMIT, at(&cloud), async |desk| {
        let (window, _) = acts::with_contoso(desk, &cloud).await?;
        enter(&window, "nav-attention").await?;
        window
            .until("an empty inbox", async || {
                window.page_text().await.ok()?.contains("Nothing needs you.").then_some(())
            })
            .await?;
        ensure!(cloud.change_password_outside(CONTOSO, FIRST), "the tenant has no such account");
        acts::open_organization(&window, "Contoso").await?;
        window.click("rotate-now").await?;
        wait_for_count(&window, Some("1")).await?;
        enter(&window, "nav-attention").await?;
        window.wait_for_css("[data-testid=\"problem\"][data-kind=\"changedOutside\"]").await?;
        enter(&window, "problem-snooze").await?;
        window.wait_for_focus("snooze-hour").await?;
        window.press(Key::Enter).await?;
        window.wait_until_gone("problem").await?;
        wait_for_count(&window, None).await?;
        enter(&window, "attention-snoozed").await?;
        enter(&window, "problem-wake").await?;
        window.wait_until_gone("problem").await?;
        enter(&window, "attention-open").await?;
        enter(&window, "problem-step").await?;
        // It goes when the rotation has settled: nothing is pressed any more.
        window.wait_until_gone("problem").await?;
        ensure!(window.page_text().await?.contains("Nothing needs you."), "the inbox is not empty");
        Ok(())
    });
    outcome.await.unwrap();
}
