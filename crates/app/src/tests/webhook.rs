//! The webhook over a real database, with a receiver on loopback that verifies by a library of its own.

use super::*;
use crate::error::Error;
use crate::webhook::{What, tell_overdue};
use serde_json::Value;
use vitrine_kit::receiver::{Answer, Received, Receiver};

const TOKEN: &str = "t0ken-of-the-receiver";

/// Sets the webhook to this receiver; answers with the signing secret.
async fn set(app: &App, receiver: &Receiver, names: bool) -> String {
    let request = SetWebhookRequest {
        address: Some(secret(&receiver.url(TOKEN))),
        kinds: MessageKind::ALL.to_vec(),
        names,
        new_secret: false,
    };
    app.call(request).await.unwrap();
    app.call(WebhookSecretRequest {}).await.unwrap().secret.0.expose().clone()
}

async fn state(app: &App) -> WebhookState {
    app.call(WebhookRequest {}).await.unwrap().webhook.unwrap()
}

async fn becomes(app: &App, what: &str, holds: impl Fn(&WebhookState) -> bool) -> WebhookState {
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        let state = state(app).await;
        if holds(&state) {
            return state;
        }
        assert!(Instant::now() < end, "waited in vain for {what}: {state:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// One message about the organization's first account.
async fn tell(app: &App, id: &str, what: What) {
    let session = app.session().await.unwrap();
    let mut change = Change::begin(app, &session).await.unwrap();
    let opened = change.open(&records::parse_organization(id).unwrap()).await.unwrap();
    let item = (what.kind() != MessageKind::StrangersFound).then_some(&[1; 16]);
    change.tell(&opened, item, what).await.unwrap();
    change.save(opened).await.unwrap();
    change.commit().await.unwrap();
}

/// Changes the row of the organization's first account as a use case does.
async fn put(app: &App, id: &str, act: impl FnOnce(&mut Account)) {
    let session = app.session().await.unwrap();
    let mut change = Change::begin(app, &session).await.unwrap();
    let mut opened = change.open(&records::parse_organization(id).unwrap()).await.unwrap();
    act(opened.row.account_mut(&[1; 16]).unwrap());
    change.save(opened).await.unwrap();
    change.commit().await.unwrap();
}

fn document(received: &Received) -> Value {
    serde_json::from_slice(&received.body).unwrap()
}

fn schema() -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(include_str!("../../../../docs/webhook.schema.json")).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

fn tried_at(received: &Received) -> u64 {
    received.headers["webhook-timestamp"].parse().unwrap()
}

/// Time passes, and the sender looks again.
async fn later(machine: &Machine, app: &App, seconds: u64) {
    machine.passes(seconds * 1000);
    let looks = machine.clock.2.load(Ordering::SeqCst);
    app.session().await.unwrap().sender.wake();
    until("a look at the clock", || machine.clock.2.load(Ordering::SeqCst) > looks).await;
}

/// A vault with one account, whose password is stored and which is not due.
async fn customer(machine: &Machine) -> (App, String) {
    let app = machine.create().await;
    let id = add(&app, "Contoso Orchards").await.id;
    keep(&app, &id).await;
    (app, id)
}

#[tokio::test]
async fn every_kind_arrives_once_signed_and_as_its_schema_says_with_names_only_where_they_are_switched_on() {
    let schema = schema();
    for names in [false, true] {
        let machine = Machine::new();
        let (app, id) = customer(&machine).await;
        let receiver = Receiver::start().await.unwrap();
        let secret = set(&app, &receiver, names).await;
        view(&app, &id, &records::item_text(&[1; 16]), WhichValue::Current, AfterView::Keep).await;
        tell(&app, &id, What::Rotated).await;
        let problem =
            |what: &str| Error::new(ErrorClass::Refused, "rotation.need.forbidden", what, "Look.").into_view();
        put(&app, &id, |account| {
            (account.problem, account.phase) = (Some(problem("Microsoft refused.")), Stands::NeedsPerson);
        })
        .await;
        // The next try ends the same way, and its words differ.
        put(&app, &id, |account| account.problem = Some(problem("Microsoft refused again."))).await;
        machine.passes(26 * HOUR);
        let session = app.session().await.unwrap();
        for _ in 0..3 {
            tell_overdue(&app, &session).await.unwrap();
        }
        drop(session);
        let alarm = rotate::changed_outside(&app.session().await.unwrap().msp());
        put(&app, &id, |account| (account.phase, account.problem) = (Stands::ChangedOutside, Some(alarm))).await;
        put(&app, &id, |account| account.phase = Stands::Rotating).await;
        put(&app, &id, |account| (account.phase, account.problem) = (Stands::Steady, None)).await;
        let gone = Some(crate::drift::gone(app.now_ms()));
        put(&app, &id, |account| account.facts = gone.clone()).await;
        put(&app, &id, |account| account.facts = gone.clone()).await;
        let found = vec![(StrangerKind::Certificate, None), (StrangerKind::Phone, Some([1; 16]))];
        tell(&app, &id, What::StrangersFound(found)).await;
        assert!(app.call(TestWebhookRequest {}).await.unwrap().problem.is_none());

        let received = receiver.until("eight messages", |received| received.len() == 8).await.unwrap();
        becomes(&app, "nothing that waits", |state| state.waiting == 0).await;
        let mut kinds = Vec::new();
        for message in &received {
            message.verify(&secret).unwrap();
            let forged = Received { body: [&message.body[..], b" "].concat(), ..message.clone() };
            assert!(forged.verify(&secret).is_err() && !message.id().contains('.'));
            let document = document(message);
            let wrong: Vec<String> = schema.iter_errors(&document).map(|error| error.to_string()).collect();
            assert!(wrong.is_empty(), "{document}: {wrong:?}");
            kinds.push(document["type"].as_str().unwrap().to_owned());
            let text = String::from_utf8(message.body.clone()).unwrap();
            let told = ["Contoso Orchards", "emergency-1@", "Ada Byron", "ticket 7"].map(|name| text.contains(name));
            let viewed = names && document["type"] == "account.viewed";
            let of_account = names && document["data"]["account"].is_object();
            let expected = [names, of_account, viewed, viewed];
            assert!(document["type"] == "webhook.test" || told == expected, "{text}");
            assert!(!text.contains("old") && !text.contains(TOKEN), "a secret left this device: {text}");
        }
        kinds.sort();
        let all = ["changed_outside", "changed_outside", "failed", "overdue", "rotated", "viewed"];
        let expected: Vec<_> = all
            .iter()
            .map(|kind| format!("account.{kind}"))
            .chain(["organization.strangers_found".into(), "webhook.test".into()])
            .collect();
        assert_eq!(kinds, expected);
        let ids: std::collections::BTreeSet<_> = received.iter().map(Received::id).collect();
        assert_eq!(ids.len(), 8);
        assert!(schema.iter_errors(&serde_json::json!({ "type": "account.rotated", "data": {} })).count() > 0);
    }
}

#[tokio::test]
async fn what_could_not_be_sent_outlives_a_power_cut_and_arrives_under_the_same_id() {
    let machine = Machine::new();
    let (app, id) = customer(&machine).await;
    let receiver = Receiver::start().await.unwrap();
    let secret = set(&app, &receiver, false).await;
    receiver.always(Answer::Hangs);
    tell(&app, &id, What::Rotated).await;
    let first = receiver.until("the first try", |received| received.len() == 1).await.unwrap();
    cut(app).await;
    receiver.always(Answer::Takes);
    let app = machine.unlocked().await;
    let received = receiver.until("a second try", |received| received.len() == 2).await.unwrap();
    received[1].verify(&secret).unwrap();
    assert_eq!((received[1].id(), &received[1].body), (first[0].id(), &first[0].body));
    let state = becomes(&app, "nothing that waits", |state| state.waiting == 0).await;
    assert_eq!((state.standing, state.dropped), (WebhookStanding::Arriving, 0));
    cut(app).await;
    // Once it was answered it is not sent again.
    let app = machine.unlocked().await;
    tell(&app, &id, What::Rotated).await;
    let received = receiver.until("the next message", |received| received.len() == 3).await.unwrap();
    assert_ne!(received[2].id(), first[0].id());
}

#[tokio::test]
async fn a_receiver_that_hangs_holds_up_neither_a_view_nor_a_lock() {
    let machine = Machine::new();
    let (app, id) = customer(&machine).await;
    let receiver = Receiver::start().await.unwrap();
    set(&app, &receiver, false).await;
    receiver.always(Answer::Hangs);
    let account = records::item_text(&[1; 16]);
    for seen in 1..=3 {
        view(&app, &id, &account, WhichValue::Current, AfterView::Keep).await;
        receiver.until("a try", |received| received.len() == 1).await.unwrap();
        assert_eq!((receiver.hanging(), state(&app).await.waiting), ((1, 0), seen));
    }
    app.lock(LockReason::Hand).await;
    // It never answered: the lock ended the try, not the other way round.
    let given_up = async || (receiver.hanging() == (0, 1)).then_some(());
    vitrine_kit::wait::until("the end of the try", Duration::from_secs(10), given_up).await.unwrap();
    assert_eq!(receiver.received().len(), 1);
    assert_eq!(code(app.call(WebhookRequest {}).await), "vault.locked");
    receiver.always(Answer::Takes);
    unlock(&app, PASSPHRASE).await.unwrap();
    receiver.until("all of them", |received| received.len() == 4).await.unwrap();
}

#[tokio::test]
async fn a_redirect_is_shown_and_nobody_goes_there() {
    let machine = Machine::new();
    let (app, id) = customer(&machine).await;
    let (receiver, elsewhere) = (Receiver::start().await.unwrap(), Receiver::start().await.unwrap());
    set(&app, &receiver, false).await;
    for (count, status) in (1..).zip([301, 302, 303, 307, 308]) {
        receiver.always(Answer::Says(status, format!("location: {}\r\n", elsewhere.url(TOKEN)), String::new()));
        if count == 1 {
            tell(&app, &id, What::Rotated).await;
        } else {
            later(&machine, &app, 2 * 24 * 3600).await;
        }
        receiver.until("the next try", |received| received.len() == count).await.unwrap();
        let told = format!("answered {status}");
        let shown = |state: &WebhookState| state.problem.as_ref().is_some_and(|problem| problem.what.contains(&told));
        let state = becomes(&app, "the problem", shown).await;
        let problem = state.problem.unwrap();
        assert_eq!((problem.code.as_str(), state.standing), ("webhook.redirected", WebhookStanding::Failing));
        assert!(problem.what.contains("127.0.0.1") && !problem.what.contains(TOKEN), "{problem:?}");
        assert!(!problem.next.is_empty() && !problem.holds.is_empty() && state.waiting == 1);
    }
    let tested = app.call(TestWebhookRequest {}).await.unwrap();
    assert_eq!((tested.status, tested.problem.unwrap().code.as_str()), (Some(308), "webhook.redirected"));
    assert!(elsewhere.received().is_empty(), "the redirect was followed");
}

#[tokio::test]
async fn a_message_that_was_refused_is_tried_again_when_its_time_has_come_and_not_before() {
    let machine = Machine::new();
    let (app, id) = customer(&machine).await;
    let receiver = Receiver::start().await.unwrap();
    set(&app, &receiver, false).await;
    receiver.next([500, 503].map(Answer::status));
    let begun = app.now_ms() / 1000;
    tell(&app, &id, What::Rotated).await;
    let state = becomes(&app, "the first refusal", |state| state.problem.is_some()).await;
    assert_eq!(state.problem.unwrap().code, "webhook.refused");
    assert!(state.next_try_at.is_some_and(|at| at.0 >= app.now_ms() + 5_000));
    // Another message does not come through where this one did not.
    tell(&app, &id, What::Rotated).await;
    later(&machine, &app, 4).await;
    later(&machine, &app, 2).await;
    receiver.until("the second try", |received| received.len() == 2).await.unwrap();
    becomes(&app, "the second refusal", |state| {
        state.problem.as_ref().is_some_and(|problem| problem.what.contains("503"))
    })
    .await;
    later(&machine, &app, 290).await;
    later(&machine, &app, 70).await;
    let received = receiver.until("both messages", |received| received.len() == 4).await.unwrap();
    let tries: Vec<u64> = received.iter().map(|received| tried_at(received) - begun).collect();
    assert_eq!(tries, [0, 6, 366, 366]);
    assert!(received[..3].iter().all(|received| received.id() == received.id()), "another id for another try");
    let state = becomes(&app, "nothing that waits", |state| state.waiting == 0).await;
    assert_eq!((state.standing, state.problem, state.dropped), (WebhookStanding::Arriving, None, 0));
}

#[tokio::test]
async fn a_wish_to_be_left_alone_is_heard_and_nonsense_is_not() {
    let machine = Machine::new();
    let (app, id) = customer(&machine).await;
    let receiver = Receiver::start().await.unwrap();
    set(&app, &receiver, false).await;
    let asks = |pause: &str| Answer::Says(429, format!("retry-after: {pause}\r\n"), String::new());
    let waits = async |pause: &str| {
        let before = receiver.received().len();
        receiver.next([asks(pause)]);
        tell(&app, &id, What::Rotated).await;
        receiver.until("a try", |received| received.len() == before + 1).await.unwrap();
        let state = becomes(&app, "the problem", |state| state.problem.is_some()).await;
        assert_eq!(state.problem.unwrap().code, "webhook.throttled");
        let left = (state.next_try_at.unwrap().0 - app.now_ms()) / 1000;
        later(&machine, &app, 4_000).await;
        becomes(&app, "nothing that waits", |state| state.waiting == 0).await;
        left
    };
    assert_eq!(waits("700").await, 700);
    // Never longer than an hour.
    assert_eq!(waits("99999999999999999999999").await, 3_600);
    for nonsense in ["soon", "-5", "1e9", ""] {
        assert!((5..=6).contains(&waits(nonsense).await), "{nonsense:?}");
    }
}

#[tokio::test]
async fn gone_switches_the_webhook_off_until_a_test_arrives() {
    let machine = Machine::new();
    let (app, id) = customer(&machine).await;
    let receiver = Receiver::start().await.unwrap();
    set(&app, &receiver, false).await;
    receiver.next([Answer::status(410)]);
    tell(&app, &id, What::Rotated).await;
    let off = becomes(&app, "the end", |state| state.standing == WebhookStanding::SwitchedOff).await;
    assert_eq!(off.problem.as_ref().map(|problem| problem.code.as_str()), Some("webhook.gone"));
    // Nothing more is made for it, and nothing is sent however much time passes or who opens the vault.
    tell(&app, &id, What::Rotated).await;
    machine.passes(2 * DAY);
    app.session().await.unwrap().sender.wake();
    cut(app).await;
    let app = machine.unlocked().await;
    assert_eq!((state(&app).await, receiver.received().len()), (off, 1));
    // One that refuses switches nothing on.
    receiver.next([Answer::status(410)]);
    assert!(app.call(TestWebhookRequest {}).await.unwrap().problem.is_some());
    assert_eq!(state(&app).await.standing, WebhookStanding::SwitchedOff);
    assert_eq!(app.call(TestWebhookRequest {}).await.unwrap().status, Some(204));
    let received = receiver.until("what waited", |received| received.len() == 4).await.unwrap();
    assert_eq!(received[3].id(), received[0].id());
    becomes(&app, "nothing that waits", |state| state.waiting == 0).await;
}

#[tokio::test]
async fn a_message_that_its_receiver_cannot_take_holds_no_other_back_and_is_given_up_in_the_end() {
    let machine = Machine::new();
    let (app, id) = customer(&machine).await;
    let receiver = Receiver::start().await.unwrap();
    set(&app, &receiver, false).await;
    receiver.next([Answer::status(422)]);
    tell(&app, &id, What::Rotated).await;
    tell(&app, &id, What::Overdue { due_at: 1 }).await;
    let received = receiver.until("both", |received| received.len() == 2).await.unwrap();
    assert_eq!(document(&received[1])["type"], "account.overdue");
    becomes(&app, "the other one's arrival", |state| state.waiting == 1).await;
    receiver.always(Answer::status(422));
    for tries in 3..=11 {
        let planned = |state: &WebhookState| state.next_try_at.is_some_and(|at| at.0 > app.now_ms());
        becomes(&app, "a plan for the next try", planned).await;
        later(&machine, &app, 30 * 3600).await;
        receiver.until("the next try", |received| received.len() == tries).await.unwrap();
    }
    let state = becomes(&app, "its end", |state| state.waiting == 0).await;
    assert_eq!((state.dropped, state.standing), (1, WebhookStanding::Failing));
}

#[tokio::test]
async fn what_waits_is_bounded_and_what_is_lost_is_counted() {
    let machine = Machine::new();
    let (app, id) = customer(&machine).await;
    let address = {
        let gone = Receiver::start().await.unwrap();
        set(&app, &gone, false).await;
        gone.address()
    };
    let session = app.session().await.unwrap();
    let mut change = Change::begin(&app, &session).await.unwrap();
    let opened = change.open(&records::parse_organization(&id).unwrap()).await.unwrap();
    for due_at in 0..1_003 {
        change.tell(&opened, Some(&[1; 16]), What::Overdue { due_at }).await.unwrap();
    }
    change.commit().await.unwrap();
    drop(session);
    let state = becomes(&app, "a try in vain", |state| state.problem.is_some()).await;
    assert_eq!((state.waiting, state.dropped), (1_000, 3));
    assert_eq!(state.problem.unwrap().code, "webhook.no-connection");
    let receiver = Receiver::at(address).await.unwrap();
    later(&machine, &app, 10).await;
    let received = receiver.until("all of them", |received| received.len() == 1_000).await.unwrap();
    assert_eq!(document(&received[0])["data"]["dueAt"], "1970-01-01T00:00:00.003Z", "not the oldest were dropped");
    becomes(&app, "nothing that waits", |state| state.waiting == 0).await;
    // An index that is made again has lost what waited in it; the webhook stands.
    receiver.always(Answer::status(500));
    tell(&app, &id, What::Rotated).await;
    becomes(&app, "a message that waits", |state| state.waiting == 1 && state.problem.is_some()).await;
    vault::mark_damaged(&app).await;
    cut(app).await;
    receiver.always(Answer::Takes);
    let app = machine.unlocked().await;
    let state = becomes(&app, "an answer", |_| true).await;
    assert_eq!((state.waiting, state.dropped), (0, 4));
    tell(&app, &id, What::Rotated).await;
    becomes(&app, "the next one's arrival", |state| state.standing == WebhookStanding::Arriving).await;
}

#[tokio::test]
async fn a_view_is_told_once_though_its_line_is_written_anew_with_the_index() {
    let machine = Machine::new();
    let (app, id) = customer(&machine).await;
    let receiver = Receiver::start().await.unwrap();
    set(&app, &receiver, false).await;
    let account = records::item_text(&[1; 16]);
    view(&app, &id, &account, WhichValue::Current, AfterView::Keep).await;
    receiver.until("the view", |received| received.len() == 1).await.unwrap();
    vault::mark_damaged(&app).await;
    cut(app).await;
    let app = machine.unlocked().await;
    view(&app, &id, &account, WhichValue::Current, AfterView::Keep).await;
    becomes(&app, "nothing that waits", |state| state.waiting == 0).await;
    let records: Vec<Value> = receiver.received().iter().map(|view| document(view)["data"]["record"].clone()).collect();
    assert_eq!(records, [1, 2]);
}

#[tokio::test]
async fn lateness_is_told_once_and_again_only_after_the_account_was_not_late() {
    let machine = Machine::new();
    let (app, id) = customer(&machine).await;
    let receiver = Receiver::start().await.unwrap();
    set(&app, &receiver, false).await;
    let late = async |expected: usize| {
        let session = app.session().await.unwrap();
        for _ in 0..2 {
            tell_overdue(&app, &session).await.unwrap();
        }
        drop(session);
        becomes(&app, "nothing that waits", |state| state.waiting == 0).await;
        assert_eq!(receiver.received().len(), expected);
    };
    machine.comes_to(due(&app, &id).await + HOUR - 1);
    late(0).await;
    machine.passes(1);
    late(1).await;
    // A candidate does not end it; a rotation does.
    rotated(&machine, &app, &id, async || late(1).await).await;
    late(1).await;
    machine.comes_to(due(&app, &id).await + HOUR + 1);
    late(2).await;
    // The next process knows as much.
    app.lock(LockReason::Hand).await;
    unlock(&app, PASSPHRASE).await.unwrap();
    late(2).await;
}

#[tokio::test]
async fn names_that_were_switched_off_are_not_sent_with_what_was_made_before() {
    let machine = Machine::new();
    let (app, id) = customer(&machine).await;
    let receiver = Receiver::start().await.unwrap();
    set(&app, &receiver, true).await;
    receiver.next([Answer::status(500)]);
    view(&app, &id, &records::item_text(&[1; 16]), WhichValue::Current, AfterView::Keep).await;
    becomes(&app, "a try in vain", |state| state.problem.is_some()).await;
    set(&app, &receiver, false).await;
    // Set anew, it is tried at once.
    let received = receiver.until("the second try", |received| received.len() == 2).await.unwrap();
    let [named, unnamed] = [0, 1].map(|at| String::from_utf8(received[at].body.clone()).unwrap());
    for name in ["Contoso Orchards", "emergency-1@", "Ada Byron", "ticket 7"] {
        assert!(named.contains(name) && !unnamed.contains(name), "{name}: {unnamed}");
    }
}

#[tokio::test]
async fn an_address_that_cannot_be_used_is_refused_and_not_repeated() {
    let machine = Machine::new();
    let (app, _) = customer(&machine).await;
    let ask = async |address: Option<&str>, kinds: &[MessageKind]| {
        let address = address.map(secret);
        app.call(SetWebhookRequest { address, kinds: kinds.to_vec(), names: false, new_secret: false }).await
    };
    let long = format!("https://hooks.example/{}", "x".repeat(3_000));
    for (address, expected) in [
        ("", "webhook.address"),
        ("t0ken", "webhook.address"),
        ("ftp://hooks.example/t0ken", "webhook.address"),
        ("file:///etc/t0ken", "webhook.address"),
        ("https://hooks.example/t0ken#part", "webhook.address"),
        ("javascript:t0ken", "webhook.address"),
        (long.as_str(), "webhook.address"),
        ("http://hooks.example/t0ken", "webhook.not-https"),
        ("http://127.0.0.1.hooks.example/t0ken", "webhook.not-https"),
        ("https://ada@hooks.example/t0ken", "webhook.password-in-address"),
        ("https://ada:t0ken@hooks.example/", "webhook.password-in-address"),
    ] {
        let error = ask(Some(address), &[MessageKind::Rotated]).await.err().unwrap();
        assert_eq!(error.code, expected, "{address}");
        let words = format!("{error:?}");
        assert!(!words.contains("t0ken") && !words.contains("hooks.example/") && !words.contains("ada"), "{words}");
    }
    assert_eq!(code(ask(Some("https://hooks.example/"), &[]).await), "webhook.no-kinds");
    assert_eq!(code(ask(None, &[MessageKind::Rotated]).await), "webhook.none");
    assert_eq!(code(app.call(TestWebhookRequest {}).await), "webhook.none");
    assert_eq!(code(app.call(WebhookSecretRequest {}).await.map(drop)), "webhook.none");
    assert_eq!(app.call(WebhookRequest {}).await.unwrap(), WebhookView { webhook: None });
    let view = ask(Some("  https://hooks.example:8443/in?token=t0ken "), &[MessageKind::Viewed]).await.unwrap();
    assert_eq!(view.webhook.unwrap().receiver, "https://hooks.example:8443");
}

#[tokio::test]
async fn the_webhook_outlives_the_index_lies_readable_nowhere_and_is_gone_when_removed() {
    let machine = Machine::new();
    let (app, id) = customer(&machine).await;
    let receiver = Receiver::start().await.unwrap();
    let first = set(&app, &receiver, false).await;
    let keeps = SetWebhookRequest { address: None, kinds: vec![MessageKind::Viewed], names: true, new_secret: false };
    let changed = app.call(keeps).await.unwrap().webhook.unwrap();
    assert!(changed.names && changed.kinds == [MessageKind::Viewed]);
    let stays = app.call(WebhookSecretRequest {}).await.unwrap().secret.0.expose().clone();
    assert_eq!(stays, first);
    tell(&app, &id, What::Rotated).await;
    vault::mark_damaged(&app).await;
    cut(app).await;
    let app = machine.unlocked().await;
    assert_eq!(state(&app).await.receiver, format!("http://{}", receiver.address()));
    assert!(receiver.received().is_empty(), "what nobody wants was sent");
    let another = SetWebhookRequest { address: None, kinds: vec![MessageKind::Viewed], names: true, new_secret: true };
    app.call(another).await.unwrap();
    let second = app.call(WebhookSecretRequest {}).await.unwrap().secret.0.expose().clone();
    assert!(second != first && second.starts_with("whsec_"));
    let host = receiver.address().to_string();
    let lies = |words: &[&str]| {
        let files = std::fs::read_dir(machine.path("vault")).unwrap().map(|file| file.unwrap().path());
        let bytes: Vec<u8> =
            files.filter(|file| file.is_file()).flat_map(|file| std::fs::read(file).unwrap()).collect();
        assert!(bytes.len() > 10_000);
        words.iter().filter(|word| bytes.windows(word.len()).any(|part| part == word.as_bytes())).count()
    };
    assert_eq!(lies(&[TOKEN, &host, &first[6..], &second[6..]]), 0);
    receiver.always(Answer::status(500));
    view(&app, &id, &records::item_text(&[1; 16]), WhichValue::Current, AfterView::Keep).await;
    becomes(&app, "a message that waits", |state| state.problem.is_some()).await;
    assert_eq!(app.call(RemoveWebhookRequest {}).await.unwrap().webhook, None);
    assert_eq!(code(app.call(TestWebhookRequest {}).await), "webhook.none");
    assert_eq!(app.inner.store.meta(vault::meta::WEBHOOK).await.unwrap().unwrap(), b"");
    let lines = app.call(AuditRequest::default()).await.unwrap().lines;
    let told: Vec<_> = lines.iter().map(|line| (line.action, line.note.clone().unwrap_or_default())).collect();
    let expected = [
        (Action::WebhookRemoved, String::new()),
        (Action::Viewed, "current password: ticket 7".to_owned()),
        (Action::WebhookSet, "viewed; with names".to_owned()),
        (Action::OrganizationAdded, String::new()),
        (Action::VaultCreated, String::new()),
    ];
    assert_eq!(told, expected, "with the index its lines were made again, as far as entries tell them");
}

#[test]
fn the_page_for_receivers_shows_a_message_that_verifies_and_fits_its_schema() {
    let page = include_str!("../../../../docs/webhook.md");
    let example = page.split("```http\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let (head, body) = example.split_once("\n\n").unwrap();
    let headers =
        head.lines().filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.into(), value.into()));
    let body = body.trim_end().as_bytes().to_vec();
    let received = Received { path: String::new(), headers: headers.collect(), body };
    let secret = page.split('`').find(|word| word.starts_with("whsec_")).unwrap();
    received.verify(secret).unwrap();
    assert!(schema().is_valid(&document(&received)));
    let schema: Value = serde_json::from_str(include_str!("../../../../docs/webhook.schema.json")).unwrap();
    let types = schema["properties"]["type"]["enum"].as_array().unwrap();
    // All kinds, and the test.
    assert_eq!(types.len(), MessageKind::ALL.len() + 1);
    for named in types {
        assert!(page.contains(&format!("`{}`", named.as_str().unwrap())), "the page does not tell of {named}");
    }
}
