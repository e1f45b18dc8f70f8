//! Quick access: opened from outside, unlocked in place, used by keys alone, gone with the lock.

use anyhow::{Context, Result, ensure};
use fantoccini::key::Key;
use serde_json::json;
use vitrine_desktop_tests::accessibility::ensure_accessible;
use vitrine_desktop_tests::desk::program;
use vitrine_desktop_tests::eyes::{ESCAPE, LOCKS};
use vitrine_desktop_tests::{Cloud, Desk, Eyes, Other, Setting, Window, acts, scenario, scenario::LIMIT};
use vitrine_kit::wait::{PATIENCE, until};

use crate::at;
use crate::borders::call;

const TITLE: &str = "Quick access - Vitrine";
/// What this window needs; its capability names the same.
const ALLOWED: [&str; 9] =
    ["status", "unlock", "lock", "touch", "settings", "quick_access", "copy", "open_main", "open_portal"];

/// Asks the running program as a key of the desktop would that is bound to it.
async fn ask(desk: &Desk, window: &Window, there: &str) -> Result<()> {
    let second = desk.command(&program()?).arg("--quick-access").output().await?;
    ensure!(second.status.success(), "the second start failed");
    window.switch_to_window_with(there).await?;
    Ok(())
}

/// Finds Contoso's first account by a few letters.
async fn find_contoso(window: &Window) -> Result<()> {
    window.wait_for_focus("quick-search").await?;
    window.type_text("conto").await?;
    let first =
        "[data-testid=\"quick-row\"][data-name=\"Contoso\"][data-user^=\"ea-contoso-1@\"][aria-selected=\"true\"]";
    window.wait_for_css(first).await
}

/// Looks at the main window from then on.
async fn back(window: &Window, there: &str) -> Result<()> {
    window.wait_for_count(1).await?;
    window.switch_to_window_with(there).await?;
    Ok(())
}

#[tokio::test]
async fn a_second_start_asks_for_quick_access_which_unlocks_in_place_copies_and_goes() {
    let cloud = Cloud::start().await.unwrap();
    let outcome = scenario("quick", LIMIT, at(&cloud), async |desk| {
        let other = Other::open(desk.display())?;
        let (window, passphrase) = acts::with_contoso(desk, &cloud).await?;
        acts::view_credentials(&window, 1).await?;
        let password = acts::reveal_password(&window).await?;
        acts::close_reveal(&window).await?;
        window.click("lock-now").await?;
        window.find("unlock-passphrase").await?;

        ask(desk, &window, "quick-locked").await?;
        ensure!(!window.page_text().await?.contains("Contoso"), "it names a customer while locked");
        ensure_accessible(&window, "quick access, locked").await?;
        window.wait_for_focus("unlock-passphrase").await?;
        window.type_text(&passphrase).await?;
        window.press(Key::Enter).await?;
        find_contoso(&window).await?;
        window.press(Key::Enter).await?;
        window.wait_for_focus("quick-reason").await?;
        window.type_text("Ticket 4711").await?;
        window.press(Key::Enter).await?;
        window.wait_for_text("quick-said", |said| said.starts_with("Password of ea-contoso-1@")).await?;
        ensure!(
            other.paste("UTF8_STRING").await?.as_deref() == Some(password.as_bytes()),
            "it is not in the clipboard"
        );
        let html = window.script("return document.documentElement.outerHTML;").await?;
        ensure!(!html.as_str().context("a page")?.contains(&password), "the password is in the page");
        ensure_accessible(&window, "quick access").await?;
        let audit = desk.run("vitrine", &["audit", "--json"]).await?;
        let audit = String::from_utf8(audit.stdout)?;
        ensure!(audit.contains("copied") && audit.contains("Ticket 4711"), "the copy was not recorded: {audit}");

        // The press may take the window before the driver has its answer.
        let _ = window.press(Key::Escape).await;
        back(&window, "nav-organizations").await?;
        ask(desk, &window, "quick-access").await?;
        find_contoso(&window).await?;
        let _ = window.chord(&[Key::Alt], Key::Enter.into()).await;
        back(&window, "organization-title").await?;
        window.wait_for_text("organization-title", |title| title == "Contoso").await?;

        ensure!(desk.run("vitrine", &["--quick-access"]).await?.status.success(), "the command line opened nothing");
        window.switch_to_window_with("quick-access").await?;
        find_contoso(&window).await?;
        ensure!(desk.run("vitrine", &["lock"]).await?.status.success(), "it was not locked");
        back(&window, "unlock-passphrase").await
    });
    outcome.await.unwrap();
}

#[tokio::test]
async fn a_first_start_that_asks_for_quick_access_opens_nothing_else() {
    let outcome = scenario("quick-first", LIMIT, Setting::default(), async |desk| {
        let refused = desk.run("vitrine", &["--quick-access"]).await?;
        let words = String::from_utf8_lossy(&refused.stderr).into_owned();
        ensure!(!refused.status.success() && words.contains("vitrine-desktop --quick-access"), "no window: {words}");
        let eyes = Eyes::open(desk.display())?;
        let _running = desk.command(&program()?).arg("--quick-access").spawn()?;
        let quick = until("quick access", PATIENCE, async || eyes.window(TITLE).ok()?).await?;
        until("words in it", PATIENCE, async || eyes.is_written(quick).ok()?.then_some(())).await?;
        ensure!(eyes.windows()? == [quick], "another window opened with it");
        Ok(())
    });
    outcome.await.unwrap();
}

#[tokio::test]
async fn a_script_in_quick_access_is_refused_all_that_the_window_does_not_need() {
    let outcome = scenario("quick-borders", LIMIT, Setting::default(), async |desk| {
        let window = acts::start(desk).await?;
        acts::create_vault(&window).await?;
        ask(desk, &window, "quick-access").await?;
        ensure!(call(&window, "status", json!({})).await? == "answered", "the script cannot call anything");
        let others =
            include_str!("../../../../src-tauri/src/commands.txt").lines().filter(|name| !ALLOWED.contains(name));
        for command in others.chain(["plugin:window|set_always_on_top"]) {
            let answer = call(&window, command, json!({})).await?;
            ensure!(answer.contains("not allowed"), "{command} in quick access: {answer}");
        }
        Ok(())
    });
    outcome.await.unwrap();
}

#[tokio::test]
async fn keys_pressed_anywhere_open_it_with_the_keyboard_in_it_and_are_given_back_with_the_setting() {
    let outcome = scenario("quick-keys", LIMIT, Setting::default(), async |desk| {
        let eyes = Eyes::open(desk.display())?;
        let window = acts::start(desk).await?;
        let passphrase = acts::create_vault(&window).await?;
        // The program takes the keys beside its start: they are pressed until they are heard.
        until("quick access", PATIENCE, async || {
            eyes.press_quick_keys().ok()?;
            (window.count().await.ok()? == 2).then_some(())
        })
        .await?;
        window.switch_to_window_with("quick-access").await?;
        let has_keyboard = async || {
            let quick = eyes.window(TITLE).ok()??;
            (eyes.active().ok()? == Some(quick)).then_some(())
        };
        until("the keyboard in quick access", PATIENCE, has_keyboard).await?;
        window.wait_for_focus("quick-search").await?;
        eyes.type_line("lock v")?;
        back(&window, "unlock-passphrase").await?;

        // Whatever else is locked on the keyboard: nothing, capitals, numbers as well.
        for lock in [None, Some(LOCKS[0]), Some(LOCKS[1])] {
            lock.map_or(Ok(()), |lock| eyes.tap(lock))?;
            eyes.press_quick_keys()?;
            window.switch_to_window_with("quick-locked").await?;
            // By the keyboard, which may be there a moment after the window.
            until("quick access closed", PATIENCE, async || {
                eyes.tap(ESCAPE).ok()?;
                (window.count().await.ok()? == 1).then_some(())
            })
            .await?;
            back(&window, "unlock-passphrase").await?;
        }
        LOCKS.into_iter().try_for_each(|lock| eyes.tap(lock))?;
        acts::unlock(&window, &passphrase).await?;
        window.click("nav-settings").await?;
        window.flip("setting-quickShortcut").await?;
        until("keys that are free", PATIENCE, async || eyes.take_quick_keys().ok()?.then_some(())).await?;
        // Taken by another program now.
        window.flip("setting-quickShortcut").await?;
        window.wait_for_text("quick-elsewhere", |text| text.contains("vitrine-desktop --quick-access")).await?;
        Ok(())
    });
    outcome.await.unwrap();
}

#[tokio::test]
async fn under_wayland_no_keys_are_taken_and_the_settings_say_what_opens_it() {
    let environment = vec![("XDG_SESSION_TYPE", "wayland".into())];
    let outcome = scenario("quick-wayland", LIMIT, Setting { environment, ..Setting::default() }, async |desk| {
        let eyes = Eyes::open(desk.display())?;
        let window = acts::start(desk).await?;
        acts::create_vault(&window).await?;
        window.click("nav-settings").await?;
        window.wait_for_text("quick-elsewhere", |text| text.contains("Wayland")).await?;
        ensure!(eyes.take_quick_keys()?, "keys were taken");
        ask(desk, &window, "quick-access").await
    });
    outcome.await.unwrap();
}
