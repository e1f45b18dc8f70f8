//! When an account is due: intervals, blackouts, views, clocks that jump.

use super::*;

/// A change of one organization's schedule, sent like any other.
async fn set_schedule(app: &App, id: &str, schedule: ScheduleChange) -> Result<ScheduleSetView, ErrorView> {
    app.call(SetScheduleRequest { organizations: vec![id.to_owned()], schedule }).await
}

async fn laps_of(app: &App, id: &str) -> LapsView {
    app.call(OrganizationRequest { organization: id.to_owned() }).await.unwrap().laps.unwrap()
}

#[tokio::test]
async fn a_schedule_outlives_the_index_and_what_is_left_out_of_a_change_stays() {
    let app = Machine::new().create().await;
    let id = add(&app, "Contoso").await.id;
    enroll(&app, &id, "example", &[]).await;
    let window = BlackoutWindow { days: 0b001_1111, from: 480, to: 1080 };
    let first = ScheduleChange {
        interval_hours: Some(48),
        after_view: Some(AfterView::InOneHour),
        blackout: Some(vec![window]),
        zone: Some("europe/zurich".into()),
        ..ScheduleChange::default()
    };
    set_schedule(&app, &id, first).await.unwrap();
    let second = ScheduleChange { password_length: Some(20), look_alikes: Some(true), ..ScheduleChange::default() };
    set_schedule(&app, &id, second).await.unwrap();
    for _ in 0..2 {
        let laps = laps_of(&app, &id).await;
        assert_eq!((laps.interval_hours, laps.after_view, laps.blackout), (48, AfterView::InOneHour, vec![window]));
        assert_eq!(laps.zone.as_deref(), Some("Europe/Zurich"), "not as the database of zones writes it");
        assert_eq!((laps.password_length, laps.look_alikes), (20, true));
        // Made again from what is signed.
        vault::mark_damaged(&app).await;
        app.lock(LockReason::Hand).await;
        unlock(&app, PASSPHRASE).await.unwrap();
    }
    let none = ScheduleChange { blackout: Some(vec![]), zone: Some(String::new()), ..ScheduleChange::default() };
    set_schedule(&app, &id, none).await.unwrap();
    let laps = laps_of(&app, &id).await;
    assert_eq!((laps.interval_hours, laps.blackout, laps.zone), (48, vec![], None));
}

#[tokio::test]
async fn who_loosens_a_schedule_is_found_in_the_history() {
    let app = Machine::new().create().await;
    let id = add(&app, "Contoso").await.id;
    enroll(&app, &id, "example", &[]).await;
    let window = BlackoutWindow { days: 1, from: 480, to: 1080 };
    let unchanged = ScheduleChange::default;
    for (wanted, expected) in [
        (ScheduleChange { interval_hours: Some(8760), ..unchanged() }, "every 8760 h instead of 24 h"),
        (ScheduleChange { after_view: Some(AfterView::Now), ..unchanged() }, "rotated right after a view"),
        (ScheduleChange { blackout: Some(vec![window]), ..unchanged() }, "another blackout"),
        (
            ScheduleChange { blackout: Some(vec![]), password_length: Some(16), ..unchanged() },
            "no blackout; passwords of 16 characters, without look-alikes",
        ),
    ] {
        set_schedule(&app, &id, wanted).await.unwrap();
        let audit = app
            .call(AuditRequest {
                filter: AuditFilter { organization: Some(id.clone()), ..AuditFilter::default() },
                ..AuditRequest::default()
            })
            .await
            .unwrap();
        let line = &audit.lines[0];
        assert_eq!((line.action, line.note.as_deref()), (Action::ScheduleChanged, Some(expected)));
    }
    let before = app.call(AuditRequest::default()).await.unwrap().total;
    set_schedule(&app, &id, unchanged()).await.unwrap();
    assert_eq!(app.call(AuditRequest::default()).await.unwrap().total, before, "nothing was changed, and it is told");
}

#[tokio::test]
async fn a_schedule_that_is_none_is_refused_with_what_can_be_used() {
    let app = Machine::new().create().await;
    let id = add(&app, "Contoso").await.id;
    let unchanged = ScheduleChange::default;
    let windows = |windows: &[(u8, u16, u16)]| ScheduleChange {
        blackout: Some(windows.iter().map(|&(days, from, to)| BlackoutWindow { days, from, to }).collect()),
        ..unchanged()
    };
    for (wanted, expected) in [
        (ScheduleChange { interval_hours: Some(0), ..unchanged() }, "rotation.interval-too-short"),
        (ScheduleChange { interval_hours: Some(u32::MAX), ..unchanged() }, "rotation.interval-too-long"),
        (windows(&[(0b111_1111, 0, 1440)]), "rotation.blackout-covers-the-day"),
        (windows(&[(0b111_1111, 480, 1080), (0b111_1111, 1080, 480)]), "rotation.blackout-covers-the-day"),
        (windows(&[(0, 0, 60)]), "rotation.blackout-days"),
        (windows(&[(1, 60, 60)]), "rotation.blackout-minutes"),
        (windows(&[(1, 0, 60); 17]), "rotation.blackout-too-many"),
        (ScheduleChange { zone: Some("Mars/Olympus".into()), ..unchanged() }, "rotation.zone"),
        (ScheduleChange { zone: Some("../../etc/passwd".into()), ..unchanged() }, "rotation.zone"),
        (ScheduleChange { password_length: Some(15), ..unchanged() }, "vault.password-policy"),
        (ScheduleChange { interval_hours: Some(24), ..unchanged() }, "laps.off"),
    ] {
        let refused = set_schedule(&app, &id, wanted).await.err().unwrap();
        assert_eq!(refused.code, expected);
        assert!(!refused.what.is_empty() && !refused.next.is_empty(), "{expected}");
    }
    // Of several each is told of.
    let other = add(&app, "Fabrikam").await.id;
    enroll(&app, &other, "example", &[]).await;
    let schedule = ScheduleChange { interval_hours: Some(12), ..unchanged() };
    let view = app.call(SetScheduleRequest { organizations: vec![id.clone(), other], schedule }).await.unwrap();
    assert_eq!((view.changed, view.failed.len()), (1, 1));
    assert_eq!((view.failed[0].organization.as_str(), view.failed[0].error.code.as_str()), (id.as_str(), "laps.off"));
}

/// Nothing is rotated between ten in the evening and six in the morning, in Zurich.
async fn sleeps_in_zurich(app: &App, id: &str) {
    let night = BlackoutWindow { days: 0b111_1111, from: 22 * 60, to: 6 * 60 };
    let schedule =
        ScheduleChange { blackout: Some(vec![night]), zone: Some("Europe/Zurich".into()), ..ScheduleChange::default() };
    set_schedule(app, id, schedule).await.unwrap();
}

/// How many rotations there are, ended ones included.
async fn taken_up(app: &App) -> u32 {
    app.call(JobsRequest::default()).await.unwrap().matching
}

#[tokio::test]
async fn a_blackout_over_midnight_puts_off_what_falls_into_it_by_the_clocks_of_its_place() {
    let machine = Machine::new();
    machine.comes_to(SPRING + HOUR + HOUR / 2);
    let app = machine.create().await;
    // Due by 01:30 UTC, in the middle of the night there, before clocks are set, and in the night in which they are.
    for (night, free) in [(SPRING, SPRING + 5 * HOUR), (SPRING + DAY, SPRING + DAY + 4 * HOUR)] {
        let id = add(&app, &format!("Customer {night}")).await.id;
        enroll(&app, &id, "example", &[(Stands::Steady, night + HOUR + HOUR / 2)]).await;
        assert!(due(&app, &id).await < free, "it has to fall into the night");
        sleeps_in_zurich(&app, &id).await;
        let due = due(&app, &id).await;
        assert!(
            (free..=free + HOUR / 2).contains(&due),
            "{} minutes after six",
            (due.cast_signed() - free.cast_signed()) / 60_000
        );
    }
}

#[tokio::test]
async fn in_a_blackout_nothing_begins_by_itself_and_a_person_may_order_it() {
    let machine = Machine::new();
    machine.comes_to(SPRING);
    let app = machine.create().await;
    let id = add(&app, "Contoso").await.id;
    let phases = [(Stands::Steady, SPRING + 20 * HOUR), (Stands::NeedsPerson, SPRING + 20 * HOUR)];
    enroll(&app, &id, "example", &phases).await;
    sleeps_in_zurich(&app, &id).await;
    // Locked over the time at which it was due; opened again at 23:30 there.
    app.lock(LockReason::Hand).await;
    machine.comes_to(SPRING + 22 * HOUR + HOUR / 2);
    unlock(&app, PASSPHRASE).await.unwrap();
    tick(&app).await;
    assert_eq!((taken_up(&app).await, account_of(&app, &id).await.state), (0, AccountState::Due));
    // Six o'clock there, an hour earlier than by the night before.
    machine.comes_to(SPRING + DAY + 4 * HOUR - 1);
    tick(&app).await;
    assert_eq!(taken_up(&app).await, 0);
    machine.passes(1);
    tick(&app).await;
    assert_eq!(taken_up(&app).await, 2);
    // Another one, in the next night, by order.
    let other = add(&app, "Fabrikam").await.id;
    enroll(&app, &other, "example", &[(Stands::Steady, SPRING + 2 * DAY + 4 * HOUR)]).await;
    sleeps_in_zurich(&app, &other).await;
    machine.comes_to(SPRING + DAY + 23 * HOUR);
    app.call(RotateRequest { scope: RotateScope::Organizations { organizations: vec![other] } }).await.unwrap();
    assert_eq!(taken_up(&app).await, 3);
    // What rests until the end of a window does not rest for one that is taken away.
    let third = add(&app, "Tailspin").await.id;
    enroll(&app, &third, "example", &[(Stands::Steady, SPRING + DAY + 19 * HOUR)]).await;
    sleeps_in_zurich(&app, &third).await;
    tick(&app).await;
    assert_eq!(taken_up(&app).await, 3);
    set_schedule(&app, &third, ScheduleChange { blackout: Some(vec![]), ..ScheduleChange::default() }).await.unwrap();
    tick(&app).await;
    assert_eq!(taken_up(&app).await, 4);
}

#[tokio::test]
async fn a_view_brings_the_rotation_forward_as_the_schedule_says_or_its_viewer_sooner() {
    let machine = Machine::new();
    let app = machine.create().await;
    let id = add(&app, "Contoso").await.id;
    let account = keep(&app, &id).await;
    let after = async |after_view| {
        set_schedule(&app, &id, ScheduleChange { after_view: Some(after_view), ..ScheduleChange::default() })
            .await
            .unwrap();
    };
    let by_interval = due(&app, &id).await;
    view(&app, &id, &account, WhichValue::Current, AfterView::Keep).await;
    assert_eq!(due(&app, &id).await, by_interval, "the schedule asks for nothing");
    after(AfterView::InOneHour).await;
    assert_eq!(due(&app, &id).await, by_interval, "what was seen before the schedule changed is not judged by it");
    let (organization, reason) = (id.clone(), "ticket 7".to_owned());
    let code = OneTimeCodeRequest { organization, account: account.clone(), next: false, reason };
    app.call(code).await.map(drop).unwrap();
    assert_eq!(due(&app, &id).await, by_interval, "a code opens nothing a minute later");
    view(&app, &id, &account, WhichValue::Current, AfterView::Keep).await;
    let hidden = app.now_ms() + 30_000;
    assert_eq!(due(&app, &id).await, hidden + HOUR, "the viewer's choice delays what the schedule says");
    machine.passes(10 * 60_000);
    view(&app, &id, &account, WhichValue::Current, AfterView::InOneHour).await;
    assert_eq!(due(&app, &id).await, hidden + HOUR, "a second view delays what the first one asked for");
    view(&app, &id, &account, WhichValue::Current, AfterView::Now).await;
    assert_eq!(due(&app, &id).await, app.now_ms() + 30_000);
    // Replaced: whoever saw the old one knows nothing.
    rotated(&machine, &app, &id, async || {}).await;
    assert!(due(&app, &id).await > app.now_ms() + 23 * HOUR, "the view of a password that is gone still counts");
    // The candidate was seen, and is what opens the account now.
    let seen = async || view(&app, &id, &account, WhichValue::Pending, AfterView::Keep).await;
    rotated(&machine, &app, &id, seen).await;
    assert_eq!(due(&app, &id).await, app.now_ms() + 30_000 + HOUR, "who saw the candidate has seen what is current");
}

#[tokio::test]
async fn a_choice_after_the_view_hastens_and_never_delays() {
    let machine = Machine::new();
    let app = machine.create().await;
    let id = add(&app, "Contoso").await.id;
    let account = keep(&app, &id).await;
    let choose = async |then| {
        let (organization, account) = (id.clone(), account.clone());
        app.call(AfterViewRequest { organization, account, then }).await.map(|card| card.account.due_at.unwrap().0)
    };
    let by_interval = due(&app, &id).await;
    assert_eq!(choose(AfterView::Keep).await.unwrap(), by_interval);
    let sooner = choose(AfterView::InOneHour).await.unwrap();
    assert_eq!(sooner, app.now_ms() + HOUR);
    machine.passes(60_000);
    assert_eq!(choose(AfterView::InOneHour).await.unwrap(), sooner);
    assert_eq!(choose(AfterView::Keep).await.unwrap(), sooner);
    choose(AfterView::Now).await.unwrap();
    assert_eq!(taken_up(&app).await, 1);
}

#[tokio::test]
async fn a_clock_that_jumps_a_day_either_way_rotates_once_more_and_then_goes_by_its_time() {
    let machine = Machine::new();
    let app = machine.create().await;
    let id = add(&app, "Contoso").await.id;
    keep(&app, &id).await;
    let session = app.session().await.unwrap();
    let mut plans = rotate::Plans::default();
    let mut look = async || plans.look(&app, Some(&session)).await;
    look().await;
    let first = due(&app, &id).await;
    machine.jumps(DAY.cast_signed());
    look().await;
    assert!(first <= app.now_ms() && due(&app, &id).await == first, "a day ahead it is due, and no plan is lost");
    rotated(&machine, &app, &id, async || {}).await;
    let ahead = due(&app, &id).await;
    // Set right: by the date of that rotation nothing would be due for two days.
    machine.jumps(-DAY.cast_signed());
    look().await;
    assert!(
        ahead > app.now_ms() + DAY && due(&app, &id).await <= app.now_ms(),
        "it waits for the clock that was wrong"
    );
    rotated(&machine, &app, &id, async || {}).await;
    let (from, to) = (app.now_ms() + 23 * HOUR, app.now_ms() + DAY);
    assert!((from..=to).contains(&due(&app, &id).await));
    // A suspend of a day is no jump: the steady clock counts it.
    let key = (records::parse_organization(&id).unwrap(), [1; 16]);
    rotate::rest(&app, key, app.now_ms() + DAY);
    machine.passes(DAY / 2);
    look().await;
    assert!(rotate::is_taken(&app, &key, app.now_ms()), "a suspend ends the rests");
    machine.jumps(-DAY.cast_signed());
    look().await;
    assert!(!rotate::is_taken(&app, &key, app.now_ms()), "a rest that was planned by the clock before goes on");
}
