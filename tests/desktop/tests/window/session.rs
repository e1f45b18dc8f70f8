//! What the desktop asks of the program from outside its window: the tray's menu, the session's lock, the machine's sleep.

use anyhow::ensure;
use vitrine_desktop_tests::{Setting, acts, scenario, scenario::LIMIT};

#[tokio::test]
async fn the_tray_locks_and_then_names_nothing_but_unlock() {
    let outcome = scenario("tray", LIMIT, Setting::default(), async |desk| {
        let window = acts::start(desk).await?;
        acts::create_vault(&window).await?;
        acts::add_organization(&window, "Contoso").await?;
        let icon = desk.tray.icon().await?;
        icon.wait_for_entry("Open Vitrine").await?;
        icon.click("Lock").await?;
        window.find("unlock-passphrase").await?;
        icon.wait_for_entry("Unlock…").await?;
        let labels: Vec<String> = icon.menu().await?.into_iter().map(|entry| entry.label).collect();
        ensure!(!labels.iter().any(|label| label == "Lock"), "a locked vault can be locked: {labels:?}");
        ensure!(!labels.concat().contains("Contoso"), "the locked tray names a customer: {labels:?}");
        Ok(())
    });
    outcome.await.unwrap();
}

#[tokio::test]
async fn a_locked_session_and_a_sleeping_machine_lock_the_vault() {
    let outcome = scenario("session", LIMIT, Setting::default(), async |desk| {
        let window = acts::start(desk).await?;
        let passphrase = acts::create_vault(&window).await?;
        let delays_sleep = |held: &[vitrine_kit::logind::Inhibitor]| {
            held.iter().any(|one| one.mode == "delay" && one.what.split(':').any(|what| what == "sleep"))
        };
        desk.logind.wait_for_inhibitors(delays_sleep).await?;
        desk.logind.lock().await?;
        window.find("unlock-passphrase").await?;
        acts::unlock(&window, &passphrase).await?;

        desk.logind.prepare_for_sleep(true).await?;
        window.find("unlock-passphrase").await?;
        desk.logind.wait_for_inhibitors(|held| !delays_sleep(held)).await?;
        desk.logind.prepare_for_sleep(false).await?;
        desk.logind.wait_for_inhibitors(delays_sleep).await?;
        ensure!(window.has("unlock-passphrase").await, "waking unlocked the vault");
        Ok(())
    });
    outcome.await.unwrap();
}
