//! Making a vault, and opening and closing it.

use super::*;

#[tokio::test]
async fn a_vault_is_made_in_one_change() {
    let app = Machine::new().create().await;
    // Two changes could be parted by a kill, and the firm's settings would never be written.
    assert_eq!(app.inner.store.index_generation().await.unwrap(), 1);
    let firm = vault::firm(&app).await.unwrap();
    assert!(firm.reason_required && firm.msp_name == "Northern Lights IT");
}

#[tokio::test]
async fn the_pause_after_wrong_passphrases_holds_for_a_program_started_anew() {
    let machine = Machine::new();
    cut(machine.create().await).await;
    for _ in 0..3 {
        let app = machine.start().await;
        assert_eq!(code(unlock(&app, "wrong").await), "vault.wrong-passphrase");
        cut(app).await;
    }
    let app = machine.start().await;
    assert!(app.call(StatusRequest {}).await.unwrap().retry_in_ms > 0);
    let refused = unlock(&app, PASSPHRASE).await.err().unwrap();
    assert!(refused.code == "vault.wait" && refused.retry_in_ms.is_some_and(|wait| wait <= 1_000), "{refused:?}");
    machine.passes(1_000);
    unlock(&app, PASSPHRASE).await.unwrap();
    app.lock(LockReason::Hand).await;
    // Opened, and so begun anew: a typing mistake costs nothing again.
    assert_eq!(code(unlock(&app, "wrong").await), "vault.wrong-passphrase");
    unlock(&app, PASSPHRASE).await.unwrap();
}

#[tokio::test]
async fn the_pause_grows_to_a_minute_and_no_further() {
    let machine = Machine::new();
    let app = machine.create().await;
    app.lock(LockReason::Hand).await;
    let mut pauses = Vec::new();
    for _ in 0..10 {
        let refused = unlock(&app, "wrong").await.err().unwrap();
        assert_eq!(refused.code, "vault.wrong-passphrase");
        pauses.push(refused.retry_in_ms.unwrap_or_default());
        machine.passes(u64::from(refused.retry_in_ms.unwrap_or_default()));
    }
    assert_eq!(pauses, [0, 0, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
}

#[tokio::test]
async fn a_clock_that_was_wrong_by_a_year_shuts_nobody_out() {
    let machine = Machine::new();
    machine.passes(YEAR);
    cut(machine.create().await).await;
    let app = machine.start().await;
    for _ in 0..3 {
        unlock(&app, "wrong").await.err().unwrap();
    }
    cut(app).await;
    // The clock is set right, a year back: the pause begins again and ends.
    machine.clock.0.fetch_sub(YEAR, Ordering::SeqCst);
    let app = machine.start().await;
    assert_eq!(code(unlock(&app, PASSPHRASE).await), "vault.wait");
    machine.passes(1_000);
    unlock(&app, PASSPHRASE).await.unwrap();
}

#[tokio::test]
async fn a_vault_that_nobody_uses_locks_by_itself_and_one_that_is_used_stays_open() {
    let machine = Machine::new();
    let app = machine.create().await;
    let settings = Settings { lock_after_minutes: 1, ..Settings::default() };
    app.call(SetSettingsRequest { settings }).await.unwrap();
    let keys = Arc::downgrade(&app.session().await.unwrap());
    let mut events = app.events();
    // Used every fifty seconds, for longer than the minute altogether.
    for _ in 0..3 {
        machine.passes(50_000);
        app.call(TouchRequest {}).await.unwrap();
    }
    machine.passes(59_999);
    let looks = machine.clock.2.load(Ordering::SeqCst);
    crate::presence::watch(&app);
    until("a look at the clock", || machine.clock.2.load(Ordering::SeqCst) > looks).await;
    assert_eq!(app.call(StatusRequest {}).await.unwrap().phase, Phase::Unlocked);

    machine.passes(1);
    while !matches!(events.recv().await.unwrap(), Event::Locked { reason: LockReason::Idle }) {}
    until("the end of the keys", || keys.strong_count() == 0).await;
    let status = app.call(StatusRequest {}).await.unwrap();
    assert_eq!((status.phase, status.lock_reason), (Phase::Locked, Some(LockReason::Idle)));
    assert!(app.inner.store.index_value(records::key::FIRM).await.is_err(), "the index is open");
    unlock(&app, PASSPHRASE).await.unwrap();
}
