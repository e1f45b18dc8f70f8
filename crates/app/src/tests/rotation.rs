//! Who is rotated when: the queue, its places, a pause, an incident.

use super::*;

#[tokio::test]
async fn a_connection_is_shared_until_another_certificate_is_stored() {
    let app = Machine::new().create().await;
    let id = records::parse_organization(&add(&app, "Contoso").await.id).unwrap();
    let session = app.session().await.unwrap();
    let store = async |item: &ConnectionItem| {
        let mut change = Change::begin(&app, &session).await.unwrap();
        let mut opened = change.open(&id).await.unwrap();
        certificates::put(&mut change, &mut opened, item).await.unwrap();
        change.save(opened).await.unwrap();
        change.commit().await.unwrap();
    };
    let mut shared = rotate::Shared::default();
    let mut current = async || {
        let row = organizations::load(&app, &id).await.unwrap();
        shared.current(&app, &session, &row).await.unwrap()
    };
    store(&connection_item(1)).await;
    let first = current().await;
    assert!(Arc::ptr_eq(&first, &current().await), "the second account signs in again");
    store(&connection_item(1)).await;
    let second = current().await;
    assert!(!Arc::ptr_eq(&first, &second), "the certificate that was replaced still signs in");
    assert!(Arc::ptr_eq(&second, &current().await));
}

#[tokio::test]
async fn an_organization_that_waits_for_a_place_has_no_task() {
    let machine = Machine::new();
    std::fs::create_dir(machine.path("vault")).unwrap();
    std::fs::write(machine.path("vault").join("config.toml"), "[rotation]\nplaces = 4\n").unwrap();
    let app = machine.create().await;
    let session = app.session().await.unwrap();
    let (mut events, before) = (app.events(), session.running());
    // None of them exists, so each fails as soon as it begins.
    let enqueue = || {
        for number in 0..1_000_u32 {
            let mut id = [0; 32];
            id[..4].copy_from_slice(&number.to_be_bytes());
            rotate::enqueue(&app, &session, &id, &[1; 16], rotate::Order::Due);
        }
    };
    enqueue();
    let (mut most, mut failed) = (session.running(), 0);
    while failed < 1_000 {
        let _ = events.recv().await;
        most = most.max(session.running());
        failed = app.call(JobsRequest { limit: 1, ..JobsRequest::default() }).await.unwrap().failed;
    }
    // The places, and whoever hands them out.
    assert!(most - before <= 5, "{} tasks at once for 4 places", most - before);
    // A pause makes none of those that wait.
    app.call(PauseRotationRequest { paused: true }).await.unwrap();
    enqueue();
    for _ in 0..2_000 {
        tokio::task::yield_now().await;
    }
    assert!(session.running() - before <= 5, "{} tasks in a pause", session.running() - before);
    assert_eq!(app.call(JobsRequest { limit: 1, ..JobsRequest::default() }).await.unwrap().queued, 1_000);
}

#[test]
fn what_a_person_clicked_is_shed_last_and_what_nobody_ordered_first() {
    use rotate::Order;
    assert_eq!([Order::Person { named: true }, Order::Repair].map(Order::priority), [Priority::High; 2]);
    assert_eq!(Order::Person { named: false }.priority(), Priority::Normal);
    assert_eq!([Order::Due, Order::Resume].map(Order::priority), [Priority::Low; 2]);
}

#[tokio::test]
async fn a_tenant_that_asked_to_be_left_alone_holds_no_place() {
    let machine = Machine::new();
    std::fs::create_dir(machine.path("vault")).unwrap();
    // Nothing listens there: what is asked fails at once.
    let nobody = "[cloud]\nname = \"custom\"\nlogin = \"http://127.0.0.1:1\"\ngraph = \"http://127.0.0.1:1\"\n";
    std::fs::write(machine.path("vault").join("config.toml"), format!("{nobody}[rotation]\nplaces = 1\n")).unwrap();
    let app = machine.create().await;
    // One more than may wait for an answer without a place.
    let silenced = [with_account(&app, "Contoso", 1).await, with_account(&app, "Fabrikam", 2).await];
    let healthy = with_account(&app, "Tailspin", 3).await;
    for tenant in [1, 2] {
        let outcome = Outcome::Throttled { retry_after: Some(Duration::from_mins(1)), everyone: false };
        app.inner.limiter.hear(TenantId::from_bytes([tenant; 16]), Cost::WRITE, &Heard { outcome, share: None });
    }
    let session = app.session().await.unwrap();
    for id in silenced.iter().chain([&healthy]) {
        rotate::enqueue(&app, &session, id, &[1; 16], rotate::Order::Due);
    }
    let step = async |id: &records::Bytes32| {
        let organization = Some(records::organization_text(id));
        app.call(JobsRequest { organization, ..JobsRequest::default() }).await.unwrap().jobs[0].step
    };
    let mut events = app.events();
    let ended = tokio::time::timeout(Duration::from_secs(30), async {
        while step(&healthy).await != JobStep::Failed {
            let _ = events.recv().await;
        }
    });
    assert!(ended.await.is_ok(), "the healthy tenant waits for those that want to be left alone");
    for id in &silenced {
        assert_eq!(step(id).await, JobStep::Queued, "the healthy tenant waited for it");
    }
}

#[tokio::test]
async fn what_was_changed_outside_is_not_due_and_only_its_repair_rotates_it() {
    let machine = Machine::new();
    let app = machine.create().await;
    let id = add(&app, "Contoso").await.id;
    enroll(&app, &id, "example", &[(Stands::Steady, machine.clock.now_ms() - 1)]).await;
    let jobs = async |scope| app.call(RotateRequest { scope }).await.map(|view| view.matching);
    let key = records::parse_organization(&id).unwrap();
    let session = app.session().await.unwrap();
    let mut change = Change::begin(&app, &session).await.unwrap();
    let mut opened = change.open(&key).await.unwrap();
    let mut item = AccountItem::new("emergency-1@example", "Emergency access 1");
    item.object_id = Some([9; 16]);
    item.current = Some(Credential { password: SecretText::new("old".into()), set_at_ms: 1, origin: Origin::Rotated });
    item.attention = Some(Attention::ChangedOutside);
    accounts::show_in(&mut opened.row, &[1; 16], &item);
    change.save(opened).await.unwrap();
    change.commit().await.unwrap();
    assert_eq!(app.tray().due, 0, "it is counted as due");
    assert_eq!(jobs(RotateScope::Due).await.unwrap(), 0);
    assert_eq!(jobs(RotateScope::All).await.unwrap(), 0, "nobody saw its alarm");
    let named = RotateScope::Organizations { organizations: vec![id] };
    assert_eq!(code(jobs(named).await), "rotation.changed-outside");
}

#[tokio::test]
async fn a_look_at_the_jobs_shows_what_moved_since_the_one_before_and_no_more_than_a_page() {
    let machine = Machine::new();
    let app = machine.create().await;
    for name in ["Contoso", "Fabrikam", "Tailspin"] {
        let id = add(&app, name).await.id;
        enroll(&app, &id, "example", &[(Stands::Steady, machine.clock.now_ms() + DAY); 2]).await;
    }
    let first = app.call(RotateRequest { scope: RotateScope::All }).await.unwrap();
    assert_eq!((first.matching, first.moves >= 6), (6, true));
    let page = app.call(JobsRequest { limit: 2, offset: 4, ..JobsRequest::default() }).await.unwrap();
    assert_eq!((page.jobs.len(), page.matching), (2, 6));
    // Nothing moves any more once all have failed: there is no connection to rotate over.
    let mut events = app.events();
    while app.call(JobsRequest::default()).await.unwrap().failed < 6 {
        events.recv().await.unwrap();
    }
    let settled = app.call(JobsRequest::default()).await.unwrap();
    let since = |moves| JobsRequest { since: Some(moves), ..JobsRequest::default() };
    assert_eq!(app.call(since(settled.moves)).await.unwrap().matching, 0);
    let one = RotateScope::Account {
        organization: settled.jobs[0].organization.clone(),
        account: settled.jobs[0].account.clone(),
    };
    app.call(RotateRequest { scope: one }).await.unwrap();
    let moved = app.call(since(settled.moves)).await.unwrap();
    assert_eq!(moved.jobs.iter().map(|job| &job.account).collect::<Vec<_>>(), [&settled.jobs[0].account]);
}

#[tokio::test]
async fn a_pause_lets_nothing_begin_and_what_waits_can_be_cancelled() {
    let machine = Machine::new();
    let app = machine.create().await;
    for name in ["Contoso", "Fabrikam"] {
        let id = add(&app, name).await.id;
        enroll(&app, &id, "example", &[(Stands::Steady, machine.clock.now_ms() - 1); 2]).await;
    }
    let jobs = async || app.call(JobsRequest::default()).await.unwrap();
    assert!(app.call(PauseRotationRequest { paused: true }).await.unwrap().paused && app.tray().paused);
    // A lock forgets the jobs and not the person's word.
    app.lock(LockReason::Hand).await;
    unlock(&app, PASSPHRASE).await.unwrap();
    tick(&app).await;
    for _ in 0..50 {
        // Each look gives every task its turn; with nothing to hold them back, all would have failed by now.
        let view = jobs().await;
        assert_eq!((view.paused, view.queued, view.failed), (true, 4, 0));
    }
    let view = app.call(CancelQueuedRequest {}).await.unwrap();
    assert_eq!((view.queued, view.open, view.due), (0, 0, 4), "what is due stays due");
    assert!(view.jobs.iter().all(|job| job.step == JobStep::Cancelled && job.problem.is_none()));
    tick(&app).await;
    assert_eq!(jobs().await.queued, 0, "what was cancelled comes back at once");
    machine.passes(HOUR);
    tick(&app).await;
    assert_eq!(jobs().await.queued, 4);
    let mut events = app.events();
    assert!(!app.call(PauseRotationRequest { paused: false }).await.unwrap().paused);
    // Over no connection they fail, and so they have begun.
    while jobs().await.failed < 4 {
        events.recv().await.unwrap();
    }
}

#[tokio::test]
async fn whoever_begins_an_incident_ends_the_pause_and_the_tray_says_so() {
    let machine = Machine::new();
    let app = machine.create().await;
    let id = add(&app, "Contoso").await.id;
    enroll(&app, &id, "example", &[(Stands::Steady, machine.clock.now_ms() + DAY); 2]).await;
    app.call(PauseRotationRequest { paused: true }).await.unwrap();
    assert!(app.tray().paused);
    let scope = IncidentScope::Everything;
    app.call(BeginIncidentRequest { reason: "A laptop is gone".into(), scope }).await.unwrap();
    assert!(!app.tray().paused && !app.call(JobsRequest::default()).await.unwrap().paused);
}
