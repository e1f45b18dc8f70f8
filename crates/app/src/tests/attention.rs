//! The attention inbox: what stands in it, since when, and what a snooze hides.

use super::*;
use crate::records::{Check, Facts, Organization, Wrong};

/// Changes an organization's row as a use case does.
async fn change(app: &App, id: &str, act: impl FnOnce(&mut Organization)) {
    let session = app.session().await.unwrap();
    let mut change = Change::begin(app, &session).await.unwrap();
    let mut opened = change.open(&records::parse_organization(id).unwrap()).await.unwrap();
    act(&mut opened.row);
    change.save(opened).await.unwrap();
    change.commit().await.unwrap();
}

/// A customer with two accounts that are well for a day.
async fn customer(app: &App, name: &str) -> String {
    let id = add(app, name).await.id;
    enroll(app, &id, &name.to_lowercase(), &[(Stands::Steady, app.now_ms() + DAY); 2]).await;
    id
}

/// The rotation of the first account waits for a person.
fn needs_person(row: &mut Organization) {
    let account = &mut row.accounts[0];
    (account.phase, account.need) = (Stands::NeedsPerson, 2);
    account.problem = Some(problem("graph.permission-or-role-missing", ErrorClass::Refused));
}

fn well(row: &mut Organization) {
    for account in &mut row.accounts {
        (account.phase, account.need, account.problem, account.facts) = (Stands::Steady, 0, None, None);
    }
}

fn disabled(row: &mut Organization) {
    row.accounts[0].facts = Some(Facts { at: 1, exists: true, enabled: false, role: Some(true), other_name: None });
}

fn problem(code: &str, class: ErrorClass) -> ErrorView {
    ErrorView {
        code: code.into(),
        what: "It was refused.".into(),
        holds: String::new(),
        next: "Look at it.".into(),
        details: None,
        retry_in_ms: None,
        class,
    }
}

async fn list(app: &App, request: AttentionRequest) -> AttentionView {
    app.call(request).await.unwrap()
}

async fn open(app: &App) -> Vec<ProblemView> {
    let view = list(app, AttentionRequest::default()).await;
    assert_eq!(view.open as usize, view.problems.len());
    view.problems
}

async fn snoozed(app: &App) -> Vec<ProblemView> {
    let view = list(app, AttentionRequest { snoozed: true, ..AttentionRequest::default() }).await;
    assert_eq!(view.snoozed as usize, view.problems.len());
    view.problems
}

/// In the order of their names: several begin in one moment here.
fn kinds(problems: &[ProblemView]) -> Vec<ProblemKind> {
    let mut kinds: Vec<ProblemKind> = problems.iter().map(|problem| problem.kind).collect();
    kinds.sort_by_key(|kind| format!("{kind:?}"));
    kinds
}

async fn snooze(app: &App, problem: &ProblemView, until: Snooze) -> ProblemView {
    app.call(SnoozeProblemRequest { problem: problem.id.clone(), until }).await.unwrap()
}

#[tokio::test]
async fn a_healthy_fresh_fleet_needs_nobody() {
    let app = Machine::new().create().await;
    // No second factor is stored for the first one; the second has no LAPS yet, the third no tenant.
    customer(&app, "Contoso").await;
    let second = customer(&app, "Fabrikam").await;
    change(&app, &second, |row| (row.laps, row.accounts) = (None, Vec::new())).await;
    add(&app, "Tailspin").await;
    let view = list(&app, AttentionRequest::default()).await;
    assert!(view.problems.is_empty() && (view.open, view.snoozed, view.matching) == (0, 0, 0), "{view:?}");
    app.lock(LockReason::Hand).await;
    assert_eq!(code(app.call(AttentionRequest::default()).await), "vault.locked");
}

#[tokio::test]
async fn a_problem_keeps_its_time_over_retries_and_restarts_and_one_that_returns_gets_a_new_one() {
    let machine = Machine::new();
    let app = machine.create().await;
    let id = customer(&app, "Contoso").await;
    machine.passes(HOUR);
    change(&app, &id, needs_person).await;
    let began = app.now_ms();
    let problems = open(&app).await;
    let [first] = problems.as_slice() else { panic!("{problems:?}") };
    assert_eq!((first.kind, first.since, first.step), (ProblemKind::NeedsPerson, Time(began), ProblemStep::Connect));
    assert_eq!(
        (first.organization.as_deref(), first.organization_name.as_deref()),
        (Some(id.as_str()), Some("Contoso"))
    );
    assert_eq!(first.user_name.as_deref(), Some("emergency-1@contoso"));
    assert_eq!(first.error.code, "graph.permission-or-role-missing");
    machine.passes(HOUR);
    // It is tried again, and the try ends as the one before.
    for phase in [Stands::Rotating, Stands::NeedsPerson] {
        change(&app, &id, |row| row.accounts[0].phase = phase).await;
        let again = open(&app).await;
        assert_eq!((kinds(&again), again[0].since), (vec![ProblemKind::NeedsPerson], Time(began)), "{phase:?}");
    }
    cut(app).await;
    let app = machine.unlocked().await;
    let after = open(&app).await;
    assert_eq!((after[0].since, &after[0].id), (Time(began), &first.id), "a restart forgets when it began");
    change(&app, &id, well).await;
    assert!(open(&app).await.is_empty());
    machine.passes(HOUR);
    change(&app, &id, needs_person).await;
    assert_eq!(open(&app).await[0].since, Time(began + 2 * HOUR));
}

#[tokio::test]
async fn a_snoozed_problem_is_silent_for_an_hour_and_then_open_again() {
    let machine = Machine::new();
    let app = machine.create().await;
    let id = customer(&app, "Contoso").await;
    change(&app, &id, needs_person).await;
    let began = open(&app).await.remove(0);
    let until = Time(app.now_ms() + HOUR);
    assert_eq!(snooze(&app, &began, Snooze::Hour).await.snoozed, Some(SnoozedView::Until { at: until }));
    machine.passes(HOUR - 1);
    assert!(open(&app).await.is_empty());
    assert_eq!(kinds(&snoozed(&app).await), [ProblemKind::NeedsPerson]);
    cut(app).await;
    let app = machine.unlocked().await;
    assert!(open(&app).await.is_empty(), "a restart ends it");
    machine.passes(1);
    let after = open(&app).await;
    assert_eq!((after[0].since, after[0].snoozed), (began.since, None));
    assert!(snoozed(&app).await.is_empty());
    // Brought back before its time.
    snooze(&app, &began, Snooze::Fixed).await;
    machine.passes(300 * DAY);
    assert!(open(&app).await.is_empty());
    let woken = app.call(WakeProblemRequest { problem: began.id.clone() }).await.unwrap();
    assert_eq!((woken.snoozed, open(&app).await.len()), (None, 1));
    for problem in ["", "ff", "0123456789abcdef", "overdue", "../.."] {
        let unknown = app.call(WakeProblemRequest { problem: problem.into() }).await;
        assert_eq!(code(unknown), "attention.unknown", "{problem}");
    }
}

#[tokio::test]
async fn until_fixed_means_that_it_is_loud_when_it_returns() {
    let app = Machine::new().create().await;
    let id = customer(&app, "Contoso").await;
    change(&app, &id, needs_person).await;
    snooze(&app, &open(&app).await[0], Snooze::Fixed).await;
    // Tried again in vain: still the same problem.
    change(&app, &id, |row| row.accounts[0].phase = Stands::Rotating).await;
    change(&app, &id, needs_person).await;
    assert!(open(&app).await.is_empty());
    change(&app, &id, well).await;
    assert!(snoozed(&app).await.is_empty());
    change(&app, &id, needs_person).await;
    assert_eq!(open(&app).await.len(), 1, "its snooze outlived the problem");
}

#[tokio::test]
async fn a_snooze_hides_no_other_problem_of_the_same_account() {
    let app = Machine::new().create().await;
    let id = customer(&app, "Contoso").await;
    change(&app, &id, needs_person).await;
    snooze(&app, &open(&app).await[0], Snooze::Fixed).await;
    change(&app, &id, disabled).await;
    assert_eq!(kinds(&open(&app).await), [ProblemKind::Disabled]);
    assert_eq!(kinds(&snoozed(&app).await), [ProblemKind::NeedsPerson]);
    // The same state for another reason.
    change(&app, &id, |row| row.accounts[0].need = 1).await;
    assert_eq!(kinds(&open(&app).await), [ProblemKind::Disabled, ProblemKind::NeedsPerson]);
    // A try that waits for another reason than the one before.
    let needs = open(&app).await.into_iter().find(|problem| problem.kind == ProblemKind::NeedsPerson).unwrap();
    snooze(&app, &needs, Snooze::Fixed).await;
    let waits = |row: &mut Organization| {
        row.accounts[0].phase = Stands::Rotating;
        row.accounts[0].problem = Some(problem("network.no-connection", ErrorClass::Unreachable));
    };
    change(&app, &id, waits).await;
    assert_eq!(kinds(&open(&app).await), [ProblemKind::Disabled, ProblemKind::Failing]);
    // And a failure that tries itself again is one until its kind changes.
    change(&app, &id, well).await;
    let failing = |class| move |row: &mut Organization| row.accounts[1].problem = Some(problem("some", class));
    change(&app, &id, failing(ErrorClass::Unreachable)).await;
    snooze(&app, &open(&app).await[0], Snooze::Fixed).await;
    change(&app, &id, failing(ErrorClass::Unreachable)).await;
    assert!(open(&app).await.is_empty());
    change(&app, &id, failing(ErrorClass::Integrity)).await;
    assert_eq!(kinds(&open(&app).await), [ProblemKind::Failing]);
}

#[tokio::test]
async fn a_snooze_changes_nothing_but_what_is_heard_of() {
    let app = Machine::new().create().await;
    let id = customer(&app, "Contoso").await;
    change(&app, &id, needs_person).await;
    let facts = async || {
        let view = app.call(OrganizationRequest { organization: id.clone() }).await.unwrap();
        let counts = app.call(OrganizationsRequest::default()).await.unwrap().counts;
        let history = vault::firm(&app).await.unwrap().history;
        (format!("{view:?}"), counts, app.tray(), history)
    };
    let before = facts().await;
    snooze(&app, &open(&app).await[0], Snooze::Tomorrow).await;
    assert_eq!(facts().await, before);
}

#[tokio::test]
async fn a_clock_that_was_wrong_silences_nothing_for_a_year() {
    let machine = Machine::new();
    let app = machine.create().await;
    let id = customer(&app, "Contoso").await;
    change(&app, &id, needs_person).await;
    machine.jumps(YEAR.cast_signed());
    snooze(&app, &open(&app).await[0], Snooze::Hour).await;
    assert!(open(&app).await.is_empty());
    machine.jumps(-YEAR.cast_signed());
    assert_eq!(open(&app).await.len(), 1, "silent until next year");
}

#[test]
fn tomorrow_is_eight_in_the_morning_by_the_clocks_of_the_place() {
    let zurich = rotate::LocalTime::named(Some("Europe/Zurich"));
    // In the night that follows clocks go from 02:00 to 03:00.
    assert_eq!(zurich.tomorrow_at(8, SPRING + 10 * HOUR), SPRING + DAY + 6 * HOUR);
    // Half past midnight there belongs to the next day.
    assert_eq!(zurich.tomorrow_at(8, SPRING + 23 * HOUR + HOUR / 2), SPRING + 2 * DAY + 6 * HOUR);
    // 2027-10-30, midnight there; the night that follows is an hour longer. No snooze is longer than this one.
    let autumn = 1_824_847_200_000;
    assert_eq!(zurich.tomorrow_at(8, autumn), autumn + records::LONGEST_SNOOZE_MS);
    assert!(zurich.tomorrow_at(8, u64::MAX) == u64::MAX);
}

#[tokio::test]
async fn problems_are_read_in_pages_the_newest_first_and_found_by_name() {
    let machine = Machine::new();
    let app = machine.create().await;
    for number in 0..7 {
        let id = customer(&app, &format!("Customer-{number}")).await;
        machine.passes(1);
        change(&app, &id, needs_person).await;
    }
    let request = |offset, limit| AttentionRequest { offset, limit, ..AttentionRequest::default() };
    let mut names = Vec::new();
    for offset in [0, 3, 6, 9] {
        let view = list(&app, request(offset, 3)).await;
        assert_eq!((view.matching, view.open), (7, 7));
        names.extend(view.problems.into_iter().filter_map(|problem| problem.organization_name));
    }
    assert_eq!(names, (0..7).rev().map(|number| format!("Customer-{number}")).collect::<Vec<_>>());
    let named = AttentionRequest { filter: " customer-5 ".into(), ..AttentionRequest::default() };
    let found = list(&app, named).await;
    assert_eq!((found.matching, found.open, found.problems.len()), (1, 7, 1));
    let account = AttentionRequest { filter: "EMERGENCY-1@customer-2".into(), ..AttentionRequest::default() };
    assert_eq!(list(&app, account).await.problems[0].organization_name.as_deref(), Some("Customer-2"));
    // Renamed, archived: the list follows.
    let id = found.problems[0].organization.clone().unwrap();
    let edit = EditOrganizationRequest {
        organization: id.clone(),
        name: "Woodgrove".into(),
        notes: String::new(),
        tags: vec![],
    };
    app.call(edit).await.unwrap();
    let named = || AttentionRequest { filter: "wood".into(), ..AttentionRequest::default() };
    assert_eq!(list(&app, named()).await.matching, 1);
    app.call(ArchiveOrganizationRequest { organization: id, typed_name: "Woodgrove".into() }).await.unwrap();
    let after = list(&app, named()).await;
    assert_eq!((after.matching, after.open), (0, 6));
}

#[tokio::test]
async fn whatever_makes_an_organization_failed_stands_in_the_inbox() {
    let app = Machine::new().create().await;
    let id = customer(&app, "Contoso").await;
    let gone = Facts { at: 1, exists: false, enabled: false, role: None, other_name: None };
    let renamed = Facts { at: 1, exists: true, enabled: true, role: None, other_name: Some("other@contoso".into()) };
    let phases = [
        Stands::Creating,
        Stands::Steady,
        Stands::Rotating,
        Stands::Unclear,
        Stands::ChangedOutside,
        Stands::NeedsPerson,
    ];
    for phase in phases {
        for facts in [None, Some(&gone), Some(&renamed)] {
            for told in [None, Some(problem("some", ErrorClass::Unreachable))] {
                change(&app, &id, well).await;
                let what = format!("{phase:?} {facts:?} {told:?}");
                change(&app, &id, |row| {
                    let account = &mut row.accounts[0];
                    (account.phase, account.facts, account.problem) = (phase, facts.cloned(), told);
                })
                .await;
                let row = app.call(OrganizationsRequest::default()).await.unwrap().rows.remove(0);
                let problems = open(&app).await;
                assert!(row.state != OrganizationState::Failed || !problems.is_empty(), "{what} is in no inbox");
                assert!(problems.iter().all(|problem| !problem.error.what.is_empty()), "{what}");
                assert!(problems.len() <= 2, "{what}: {problems:?}");
            }
        }
    }
}

#[tokio::test]
async fn checks_that_ask_for_a_person_are_problems_until_they_are_good() {
    let machine = Machine::new();
    let app = machine.create().await;
    let id = customer(&app, "Contoso").await;
    let check = |check, account, verdict| {
        move |row: &mut Organization| {
            row.checked(Check { check, account, verdict, at: 1, words: "It was refused.".into() });
        }
    };
    for (what, account, bad, kind, step) in [
        (HealthCheck::Connection, None, Verdict::Bad, ProblemKind::Connection, ProblemStep::Connect),
        (HealthCheck::Certificate, None, Verdict::Warning, ProblemKind::CertificateEnding, ProblemStep::Connect),
        (HealthCheck::SessionsEnded, Some([1; 16]), Verdict::Warning, ProblemKind::SessionsLive, ProblemStep::Rotate),
    ] {
        change(&app, &id, check(what, account, bad)).await;
        let problems = open(&app).await;
        assert_eq!((kinds(&problems), problems[0].step), (vec![kind], step));
        change(&app, &id, check(what, account, Verdict::Good)).await;
        assert!(open(&app).await.is_empty(), "{what:?}");
    }
    // Begun, and never created; but not while an admin is at it.
    change(&app, &id, |row| row.accounts[0].created = false).await;
    assert_eq!(kinds(&open(&app).await), [ProblemKind::NeverCreated]);
}

#[tokio::test]
async fn a_certificate_that_ended_while_nobody_was_there_is_a_problem_at_the_next_unlock() {
    let machine = Machine::new();
    let app = machine.create().await;
    let id = customer(&app, "Contoso").await;
    let ends_at = app.now_ms() + 10 * DAY;
    change(&app, &id, |row| row.tenant.as_mut().unwrap().certificate_ends_at = ends_at).await;
    app.lock(LockReason::Hand).await;
    machine.passes(20 * DAY);
    unlock(&app, PASSPHRASE).await.unwrap();
    let ended: Vec<_> =
        open(&app).await.into_iter().filter(|problem| problem.kind == ProblemKind::CertificateEnded).collect();
    assert_eq!((ended.len(), ended[0].since, ended[0].step), (1, Time(ends_at), ProblemStep::Connect));
    change(&app, &id, |row| row.tenant.as_mut().unwrap().certificate_ends_at = u64::MAX).await;
    assert!(!kinds(&open(&app).await).contains(&ProblemKind::CertificateEnded));
}

#[tokio::test]
async fn what_is_overdue_is_one_problem_with_its_reason() {
    let machine = Machine::new();
    let app = machine.create().await;
    customer(&app, "Contoso").await;
    // They fall due within the half hour before.
    machine.passes(DAY + HOUR / 2 - 1);
    assert!(open(&app).await.is_empty(), "due is not overdue");
    machine.passes(HOUR / 2 + 1);
    let overdue = open(&app).await.remove(0);
    assert_eq!((overdue.kind, overdue.organization.is_none()), (ProblemKind::Overdue, true));
    assert!(overdue.since.0 <= app.now_ms() - HOUR && overdue.error.what.starts_with("2 emergency accounts"));
    assert_eq!((overdue.error.code.as_str(), overdue.step), ("attention.nothing-runs", ProblemStep::RotateDue));
    app.call(SetSettingsRequest { settings: Settings { rotate_when_due: false, ..Settings::default() } })
        .await
        .unwrap();
    assert_eq!(open(&app).await[0].error.code, "attention.by-hand");
    app.call(PauseRotationRequest { paused: true }).await.unwrap();
    let paused = open(&app).await.remove(0);
    assert_eq!((paused.error.code.as_str(), paused.step), ("attention.paused", ProblemStep::Resume));
    // Put aside for good: until another account is overdue, whom nobody has seen.
    snooze(&app, &paused, Snooze::Fixed).await;
    assert!(open(&app).await.is_empty() && snoozed(&app).await.len() == 1);
    let other = add(&app, "Fabrikam").await.id;
    enroll(&app, &other, "fabrikam", &[(Stands::Steady, app.now_ms() + HOUR)]).await;
    machine.passes(HOUR);
    assert!(open(&app).await.is_empty());
    machine.passes(HOUR);
    assert!(open(&app).await[0].error.what.starts_with("3 emergency accounts"));
    // For an hour: whatever else falls due in it.
    let until = snooze(&app, &paused, Snooze::Hour).await;
    assert!(until.snoozed.is_some() && open(&app).await.is_empty());
    app.lock(LockReason::Hand).await;
    unlock(&app, PASSPHRASE).await.unwrap();
    assert!(open(&app).await.is_empty(), "a lock ends it");
    app.call(WakeProblemRequest { problem: paused.id }).await.unwrap();
    assert_eq!(open(&app).await.len(), 1);
    // Where one of the accounts has a problem of its own, that is the one.
    change(&app, &other, needs_person).await;
    let both = open(&app).await;
    assert_eq!(kinds(&both), [ProblemKind::NeedsPerson, ProblemKind::Overdue]);
    assert!(both[0].error.what.starts_with("2 emergency accounts"));
    // Pages count on over both.
    let second = list(&app, AttentionRequest { offset: 1, limit: 1, ..AttentionRequest::default() }).await;
    assert_eq!((kinds(&second.problems), second.matching), (vec![ProblemKind::NeedsPerson], 2));
}

#[tokio::test]
async fn what_is_being_rotated_is_not_overdue_and_says_so_where_it_is_a_problem() {
    let machine = Machine::new();
    let app = machine.create().await;
    let id = customer(&app, "Contoso").await;
    machine.passes(2 * DAY);
    assert_eq!(kinds(&open(&app).await), [ProblemKind::Overdue]);
    // Ordered, and held at its first step: nothing reads the jobs' task in between.
    let session = app.session().await.unwrap();
    let key = (records::parse_organization(&id).unwrap(), [1; 16]);
    rotate::enqueue(&app, &session, &key.0, &key.1, rotate::Order::Due);
    assert!(rotate::is_at_work(&app, &key));
    let mut events = app.events();
    while rotate::is_at_work(&app, &key) {
        events.recv().await.unwrap();
    }
    // Over no connection it fails, and that is the problem now.
    let failed = open(&app).await;
    assert!(
        kinds(&failed).contains(&ProblemKind::Failing) && !failed.iter().any(|problem| problem.working),
        "{failed:?}"
    );
}

#[tokio::test]
async fn an_index_made_again_knows_from_what_is_signed_what_needs_a_person_and_since_when() {
    let machine = Machine::new();
    let app = machine.create().await;
    let id = records::organization_text(&with_account(&app, "Contoso", 1).await);
    let session = app.session().await.unwrap();
    machine.passes(HOUR);
    let began = app.now_ms();
    let mut change = Change::begin(&app, &session).await.unwrap();
    let mut opened = change.open(&records::parse_organization(&id).unwrap()).await.unwrap();
    let mut item = change.account(&opened, &[1; 16]).await.unwrap();
    item.attention = Some(Attention::NeedsPerson(4));
    change.put_account(&mut opened, &[1; 16], &item).await.unwrap();
    accounts::show_in(&mut opened.row, &[1; 16], &item);
    change.save(opened).await.unwrap();
    change.commit().await.unwrap();
    drop(session);
    machine.passes(HOUR);
    vault::mark_damaged(&app).await;
    app.lock(LockReason::Hand).await;
    unlock(&app, PASSPHRASE).await.unwrap();
    let problems = open(&app).await;
    assert_eq!((problems[0].kind, problems[0].since), (ProblemKind::NeedsPerson, Time(began)));
    assert_eq!(problems[0].error.code, "rotation.need.connection-refused");
    let row = organizations::load(&app, &records::parse_organization(&id).unwrap()).await.unwrap();
    assert_eq!(row.problems[0].wrong, Wrong::NeedsPerson(4));
}

/// The rotation of the first account got no answer.
fn unanswered(row: &mut Organization) {
    let account = &mut row.accounts[0];
    account.phase = Stands::Steady;
    account.problem = Some(problem("http.no-answer", ErrorClass::Unreachable));
}

#[tokio::test]
async fn a_microsoft_that_answers_nobody_is_one_problem_and_each_organization_is_found_by_its_name() {
    let machine = Machine::new();
    let app = machine.create().await;
    let mut ids = Vec::new();
    for name in ["Contoso", "Fabrikam", "Tailspin", "Woodgrove"] {
        ids.push(customer(&app, name).await);
    }
    for id in &ids[..2] {
        change(&app, id, unanswered).await;
    }
    assert_eq!(kinds(&open(&app).await), [ProblemKind::Failing; 2], "two tenants may be two matters");
    change(&app, &ids[2], unanswered).await;
    change(&app, &ids[3], needs_person).await;
    let problems = open(&app).await;
    assert_eq!(
        problems.iter().map(|it| it.kind).collect::<Vec<_>>(),
        [ProblemKind::Unanswered, ProblemKind::NeedsPerson]
    );
    assert_eq!((problems[0].error.code.as_str(), problems[0].step), ("attention.unanswered", ProblemStep::RotateDue));
    let named = list(&app, AttentionRequest { filter: "fabri".into(), ..AttentionRequest::default() }).await;
    assert_eq!((kinds(&named.problems), named.open), (vec![ProblemKind::Failing], 2));
    // Put aside for good, it comes back with the next organization that gets no answer.
    snooze(&app, &problems[0], Snooze::Fixed).await;
    assert_eq!(kinds(&open(&app).await), [ProblemKind::NeedsPerson]);
    assert_eq!(kinds(&snoozed(&app).await), [ProblemKind::Unanswered]);
    machine.passes(HOUR);
    change(&app, &ids[3], unanswered).await;
    assert_eq!(kinds(&open(&app).await), [ProblemKind::Unanswered]);
    for id in &ids {
        change(&app, id, well).await;
    }
    assert!(open(&app).await.is_empty());
}
