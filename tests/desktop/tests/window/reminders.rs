//! What is due reaches the person: beside the tray icon, in one quiet notification, and from there into the tenant.

use anyhow::{Result, ensure};
use vitrine_desktop_tests::{Cloud, Desk, Window, acts, scenario, scenario::LIMIT};
use vitrine_kit::notifications::Notification;

use crate::at;

const BOTH_DONE: &str = "[data-testid=\"job\"][data-step=\"done\"] ~ [data-testid=\"job\"][data-step=\"done\"]";

/// A person who rotates by hand has left both accounts of Contoso for a day and more; the window is locked.
async fn overdue(desk: &mut Desk, cloud: &Cloud) -> Result<(Window, String)> {
    let (window, passphrase) = acts::with_contoso(desk, cloud).await?;
    acts::rotate_by_hand(&window).await?;
    window.close().await?;
    desk.let_a_day_pass(&passphrase).await?;
    let window = acts::start(desk).await?;
    window.find("unlock-passphrase").await?;
    Ok((window, passphrase))
}

fn is_reminder(shown: &Notification) -> bool {
    shown.summary.contains("due for rotation")
}

#[tokio::test]
async fn the_tray_counts_what_is_overdue_and_rotates_it() {
    let cloud = Cloud::start().await.unwrap();
    let outcome = scenario("tray-rotates", LIMIT, at(&cloud), async |desk| {
        let (window, passphrase) = overdue(desk, &cloud).await?;
        acts::unlock(&window, &passphrase).await?;
        let icon = desk.tray.icon().await?;
        icon.wait_for_label("2 · 2 overdue").await?;
        icon.click("Rotate 2 due").await?;
        window.click("nav-rotation").await?;
        window.wait_for_css(BOTH_DONE).await?;
        icon.wait_for_label("").await?;
        icon.wait_until_gone("Rotate 2 due").await
    });
    outcome.await.unwrap();
}

#[tokio::test]
async fn one_quiet_reminder_names_nobody_and_its_button_rotates_after_the_passphrase() {
    let cloud = Cloud::start().await.unwrap();
    let outcome = scenario("reminder", LIMIT, at(&cloud), async |desk| {
        let (window, passphrase) = overdue(desk, &cloud).await?;
        acts::unlock(&window, &passphrase).await?;
        let reminder = desk.notifications.wait_for(is_reminder).await?;
        ensure!(reminder.summary == "2 emergency accounts are due for rotation", "{}", reminder.summary);
        let words = format!("{} {}", reminder.summary, reminder.body);
        for name in ["Contoso", "ea-contoso", "Northgate"] {
            ensure!(!words.contains(name), "the reminder names {name}: {words}");
        }
        let buttons: Vec<&str> = reminder.actions.iter().map(|(key, _)| key.as_str()).collect();
        ensure!(buttons == ["default", "rotate", "snooze"], "{buttons:?}");

        window.click("lock-now").await?;
        window.find("unlock-passphrase").await?;
        // Locked, it stands there without its number, in the place of the first.
        let locked = desk.notifications.wait_for(|shown| shown.summary.starts_with("Emergency accounts are due"));
        let locked = locked.await?;
        ensure!(locked.id == reminder.id, "a second reminder was stacked on the first");
        desk.notifications.press(locked.id, "rotate").await?;
        window.find("after-unlock").await?;
        acts::unlock(&window, &passphrase).await?;
        window.click("nav-rotation").await?;
        window.wait_for_css(BOTH_DONE).await?;
        desk.notifications.wait_until_closed(locked.id).await
    });
    outcome.await.unwrap();
}

#[tokio::test]
async fn a_snoozed_reminder_goes_and_the_tray_still_tells() {
    let cloud = Cloud::start().await.unwrap();
    let outcome = scenario("snooze", LIMIT, at(&cloud), async |desk| {
        let (window, passphrase) = overdue(desk, &cloud).await?;
        acts::unlock(&window, &passphrase).await?;
        let reminder = desk.notifications.wait_for(is_reminder).await?;
        let icon = desk.tray.icon().await?;
        icon.click("Remind me in an hour").await?;
        desk.notifications.wait_until_closed(reminder.id).await?;
        icon.wait_until_gone("Remind me in an hour").await?;
        icon.wait_for_entry("Rotate 2 due").await?;
        Ok(())
    });
    outcome.await.unwrap();
}

#[tokio::test]
async fn nobody_is_disturbed_who_asked_not_to_be() {
    let cloud = Cloud::start().await.unwrap();
    let outcome = scenario("do-not-disturb", LIMIT, at(&cloud), async |desk| {
        desk.notifications.set_inhibited(true).await?;
        let (window, passphrase) = overdue(desk, &cloud).await?;
        let before = desk.notifications.asked();
        acts::unlock(&window, &passphrase).await?;
        // Once when the reminder is there, and again while it is held back.
        desk.notifications.wait_until_asked(before + 1).await?;
        ensure!(
            !desk.notifications.shown().iter().any(is_reminder),
            "a reminder was shown to one who is not disturbed"
        );
        desk.notifications.set_inhibited(false).await?;
        desk.notifications.wait_for(is_reminder).await?;
        Ok(())
    });
    outcome.await.unwrap();
}
