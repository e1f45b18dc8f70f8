//! Real-window tests: one module per subject. `cargo xtask test` builds the program and runs them.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod accessible;
mod attention;
mod borders;
mod clipboard;
mod drawing;
mod home;
mod keyboard;
mod memory;
mod quick;
mod reminders;
mod session;
mod start;
mod team;
mod tray;

use std::fs;
use std::future::pending;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};
use vitrine_desktop_tests::window::ensure_drawn;
use vitrine_desktop_tests::{Cloud, Desk, Setting, Window, scenario, scenario::LIMIT};

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

async fn drawn(desk: &Desk) -> Result<Window> {
    let window = desk.start().await?;
    ensure_drawn(&window).await?;
    Ok(window)
}

#[tokio::test]
async fn a_scenario_that_fails_or_lasts_too_long_leaves_a_picture_of_its_window() {
    let fails = scenario("on-purpose", LIMIT, Setting::default(), async |desk| {
        let _window = drawn(desk).await?;
        bail!("on purpose")
    });
    let lasts = scenario("without-end", Duration::from_secs(10), Setting::default(), async |desk| {
        let _window = drawn(desk).await?;
        pending().await
    });
    for outcome in [fails.await, lasts.await] {
        let words = format!("{:#}", outcome.unwrap_err());
        let picture = words.split("the screen then: ").nth(1).and_then(|rest| rest.split(": ").next()).unwrap();
        // A screen without a window has one colour, and a frame without a page a handful.
        let colours = Command::new("identify").args(["-format", "%k", picture]).output().unwrap();
        fs::remove_file(picture).unwrap();
        let colours: u32 = String::from_utf8(colours.stdout).unwrap().trim().parse().unwrap();
        assert!(colours > 100, "{words}: {colours} colours");
    }
}

/// A machine whose program speaks to this cloud.
fn at(cloud: &Cloud) -> Setting {
    Setting { environment: cloud.environment(), ..Setting::default() }
}
