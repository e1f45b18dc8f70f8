//! Real-window tests: one module per subject. `cargo xtask test` builds the program and runs them.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod accessible;
mod borders;
mod keyboard;
mod reminders;
mod session;

use vitrine_desktop_tests::window::ensure_drawn;
use vitrine_desktop_tests::{Cloud, Setting, scenario, scenario::LIMIT};

#[tokio::test]
async fn the_window_opens_and_a_second_start_of_the_machine_finds_no_first() {
    let outcome = scenario("opens", LIMIT, Setting::default(), async |desk| {
        let window = desk.start().await?;
        ensure_drawn(&window).await?;
        window.close().await?;
        desk.wait_until_ended().await?;
        let window = desk.start().await?;
        ensure_drawn(&window).await
    });
    outcome.await.unwrap();
}

/// A machine whose program speaks to this cloud.
fn at(cloud: &Cloud) -> Setting {
    Setting { environment: cloud.environment(), ..Setting::default() }
}
