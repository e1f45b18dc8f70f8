//! The webhook from a terminal: a firm's receiver is told what happens in its tenants, knows who told it, and learns no
//! secret; and whatever the receiver does, nothing of the work waits for it.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use vitrine_kit::receiver::{Answer, Received, Receiver};
use vitrine_kit::wait::{PATIENCE, until};

use crate::bad_network::with_certificate;
use crate::bad_rotation::{FIRST, connected, fault};
use crate::cloud::{CONTOSO, shown};
use crate::desk::{Desk, PASSPHRASE, exit, text};
use crate::kill;
use crate::processes::{agent, gone, rotator, signal};
use crate::strangers;

const TOKEN: &str = "t0ken-of-the-receiver";
const REASON: &str = "jabberwock locked everybody out";
const SET_PASSWORD: &str = "PATCH /users/{user-id}";
const TWO_DAYS_MS: i64 = 2 * 24 * 3_600_000;

/// Sets the webhook to this address. Answers with its signing secret.
async fn set(desk: &Desk, address: &str, more: &[&str]) -> Result<String> {
    let arguments = ["webhook", "set", "--address-fd", "0"].into_iter().chain(more.iter().copied());
    let order = desk.vitrine(arguments).passphrase(PASSPHRASE).typed(address);
    let document = order.ends(exit::DONE).await?;
    ensure!(!document.to_string().contains(TOKEN), "the address comes back: {document}");
    text(&document, "secret")
}

async fn unlock(desk: &Desk) -> Result<()> {
    desk.vitrine(["unlock"]).passphrase(PASSPHRASE).ends(exit::DONE).await.map(drop)
}

/// One command over the agent.
async fn asks<const N: usize>(desk: &Desk, arguments: [&str; N]) -> Result<Value> {
    desk.vitrine(arguments).ends(exit::DONE).await
}

fn document(received: &Received) -> Result<Value> {
    Ok(serde_json::from_slice(&received.body)?)
}

/// Waits until a message of this kind is there.
async fn told(receiver: &Receiver, kind: &str) -> Result<Value> {
    let is = |received: &Received| document(received).is_ok_and(|document| document["type"] == kind);
    let received = receiver.until(kind, |received| received.iter().any(is)).await?;
    document(received.iter().find(|received| is(received)).context("it was there")?)
}

/// Waits until the webhook stands like this.
async fn stands(desk: &Desk, standing: &str) -> Result<Value> {
    let look = async || {
        let view = asks(desk, ["webhook", "show"]).await.ok()?;
        (view["webhook"]["standing"] == standing).then_some(view)
    };
    until(standing, PATIENCE, look).await
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_happens_is_told_signed_and_without_a_secret_or_a_name() -> Result<()> {
    let (sim, mut desk) = connected(&["ea-1"]).await?;
    desk.use_program(kill::program().await?);
    desk.set("VITRINE_LOG", desk.path("vitrine.log"));
    desk.set("VITRINE_LOG_LEVEL", "trace");
    desk.set("VITRINE_CLOCK_FILE", desk.path("clock"));
    let receiver = Receiver::start().await?;
    let secret = set(&desk, &receiver.url(TOKEN), &[]).await?;
    desk.does(["settings", "rotateWhenDue", "false"]).await?;
    let tested = desk.does(["webhook", "test"]).await?;
    ensure!(tested["status"] == 204 && tested["problem"].is_null(), "{tested}");

    unlock(&desk).await?;
    asks(&desk, ["rotate", "Contoso"]).await?;
    let rotated = told(&receiver, "account.rotated").await?;
    let organization = text(&asks(&desk, ["org", "list"]).await?, "rows.0.id")?;
    ensure!(rotated["data"]["organization"]["id"] == organization.as_str(), "{rotated}");
    let view = ["view", "Contoso", "--account", FIRST, "--reason", REASON];
    let password = text(&asks(&desk, view).await?, "secret")?;
    let viewed = told(&receiver, "account.viewed").await?;
    ensure!(viewed["data"]["value"] == "current password" && viewed["data"]["copied"] == false, "{viewed}");
    sim.control().add_fault(fault(SET_PASSWORD, 0, None, 403));
    desk.vitrine(["rotate", "Contoso"]).end().await?;
    let failed = told(&receiver, "account.failed").await?;
    ensure!(failed["data"]["needsPerson"] == true && failed["data"]["problem"]["code"].is_string(), "{failed}");
    sim.control().clear_faults();
    sim.control().set_password_outside(CONTOSO, FIRST, "Somebody-else-9!");
    desk.vitrine(["rotate", "Contoso"]).end().await?;
    let changed = told(&receiver, "account.changed_outside").await?;
    ensure!(changed["data"]["changed"] == "password", "{changed}");
    asks(&desk, ["laps", "repair", "Contoso"]).await?;
    strangers::phone(&sim)?;
    asks(&desk, ["laps", "check", "Contoso"]).await?;
    let found = told(&receiver, "organization.strangers_found").await?;
    let stranger = &found["data"]["strangers"][0];
    ensure!(stranger["kind"] == "phone" && stranger["account"] == changed["data"]["account"]["id"], "{found}");
    desk.vitrine(["lock"]).ends(exit::DONE).await?;
    std::fs::write(desk.path("clock"), TWO_DAYS_MS.to_string())?;
    unlock(&desk).await?;
    let overdue = told(&receiver, "account.overdue").await?;
    ensure!(overdue["data"]["dueAt"].is_string(), "{overdue}");
    let view = stands(&desk, "arriving").await?;
    ensure!(view["webhook"]["waiting"] == 0 && view["webhook"]["dropped"] == 0, "{view}");
    desk.vitrine(["lock"]).ends(exit::DONE).await?;

    let log = std::fs::read(desk.path("vitrine.log"))?;
    ensure!(!log.is_empty(), "nothing was logged");
    let holds = |bytes: &[u8], word: &str| bytes.windows(word.len()).any(|part| part == word.as_bytes());
    for word in [TOKEN, &secret, "whsec_", &receiver.address().to_string()] {
        ensure!(!holds(&log, word), "the log holds {word}");
    }
    let mut canaries = sim.control().issued_tokens();
    canaries.extend([PASSPHRASE, &password, "Somebody-else-9!", &secret, TOKEN].map(str::to_owned));
    canaries
        .extend(["Contoso", "contoso", "ea-1", "Ada", "Northern", "jabberwock", strangers::NUMBER].map(str::to_owned));
    let received = receiver.received();
    for message in &received {
        message.verify(&secret)?;
        for canary in &canaries {
            ensure!(!holds(&message.body, canary), "{canary} left this device: {:?}", document(message)?);
            let head = format!("{:?}", message.headers);
            ensure!(!holds(head.as_bytes(), canary), "{canary} left this device: {head}");
        }
    }
    let kinds: Vec<Value> =
        received.iter().map(|message| Ok(document(message)?["type"].take())).collect::<Result<_>>()?;
    let count = |kind: &str| kinds.iter().filter(|found| **found == kind).count();
    // The repair is a rotation of its own.
    let counts =
        ["rotated", "viewed", "failed", "changed_outside", "overdue"].map(|kind| count(&format!("account.{kind}")));
    ensure!(counts == [2, 1, 1, 1, 1] && kinds.len() == 8, "{kinds:?}");
    let ids: BTreeSet<_> = received.iter().map(Received::id).collect();
    ensure!(ids.len() == received.len(), "a message that arrived came again");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_hangs_holds_nothing_up_and_a_process_that_is_killed_sends_again() -> Result<()> {
    let (sim, desk) = connected(&["ea-1"]).await?;
    let receiver = Receiver::start().await?;
    let secret = set(&desk, &receiver.url(TOKEN), &["--names", "--tell", "rotated"]).await?;
    receiver.always(Answer::Hangs);
    unlock(&desk).await?;
    let hangs = async || (receiver.hanging().0 == 1).then_some(());
    for rotation in 1..=2 {
        let rotated = asks(&desk, ["rotate", "Contoso"]).await?;
        ensure!(rotated["done"] == 1, "{rotated}");
        until("a message that hangs", PATIENCE, hangs).await?;
        let view = asks(&desk, ["webhook", "show"]).await?;
        ensure!(view["webhook"]["waiting"] == rotation, "{view}");
    }
    // Locked while the receiver had not answered.
    desk.vitrine(["lock"]).ends(exit::DONE).await?;
    until("the end of the try", PATIENCE, async || (receiver.hanging() == (0, 1)).then_some(())).await?;
    unlock(&desk).await?;
    until("a message that hangs", PATIENCE, hangs).await?;
    let process = agent(&desk)?;
    signal("KILL", &process)?;
    gone(&process).await?;
    receiver.always(Answer::Takes);
    unlock(&desk).await?;
    let received = receiver.until("both messages", |received| received.len() == 4).await?;
    ensure!(received[..3].iter().all(|message| message.id() == received[0].id()), "another id for another try");
    ensure!(received[3].id() != received[0].id());
    for message in &received {
        message.verify(&secret)?;
        ensure!(document(message)?["data"]["organization"]["name"] == "Contoso", "names were switched on");
    }
    let password = shown_over_agent(&desk).await?;
    ensure!(sim.control().password_accepted(CONTOSO, FIRST, &password), "the current value opens nothing");
    desk.vitrine(["lock"]).ends(exit::DONE).await.map(drop)
}

async fn shown_over_agent(desk: &Desk) -> Result<String> {
    text(&asks(desk, ["view", "Contoso", "--account", FIRST, "--reason", "story"]).await?, "secret")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_way_a_receiver_fails_is_named_with_its_next_step() -> Result<()> {
    let (tls, _folder, _) = with_certificate("localhost", None).await?;
    let desk = Desk::alone()?;
    desk.init().await?;
    desk.refuses(["webhook", "test"], exit::USAGE, "webhook.none").await?;
    let receiver = Receiver::start().await?;
    let elsewhere = Receiver::start().await?;
    let test = async |exit: i32, code: &str| -> Result<()> {
        let tested = desk.vitrine(["webhook", "test"]).passphrase(PASSPHRASE).ends(exit).await?;
        let problem = &tested["problem"];
        ensure!(problem["code"] == code, "expected {code}: {tested}");
        for part in ["what", "holds", "next"] {
            ensure!(problem[part].as_str().is_some_and(|words| !words.is_empty()), "no {part}: {tested}");
        }
        ensure!(!tested.to_string().contains(TOKEN), "the address comes back: {tested}");
        Ok(())
    };
    set(&desk, &receiver.url(TOKEN), &[]).await?;
    let location = format!("location: {}\r\n", elsewhere.url(TOKEN));
    for (answer, exit, code) in [
        (Answer::Hangs, exit::UNREACHABLE, "webhook.no-answer"),
        (Answer::Says(307, location, String::new()), exit::PARTLY, "webhook.redirected"),
        (Answer::status(500), exit::PARTLY, "webhook.refused"),
        (Answer::status(401), exit::PARTLY, "webhook.refused"),
        (Answer::status(410), exit::PARTLY, "webhook.gone"),
        (Answer::Says(429, "retry-after: soon\r\n".into(), String::new()), exit::PARTLY, "webhook.throttled"),
    ] {
        receiver.next([answer]);
        test(exit, code).await?;
    }
    ensure!(elsewhere.received().is_empty(), "the redirect was followed");
    receiver.next([Answer::Says(200, String::new(), "thank\u{1b}[31m you".repeat(1_000))]);
    let tested = desk.does(["webhook", "test"]).await?;
    let answer = text(&tested, "answer")?;
    ensure!(answer.starts_with("thank [31m you") && answer.len() < 1_000, "{answer}");
    drop(receiver);
    test(exit::UNREACHABLE, "webhook.no-connection").await?;
    // A certificate of an authority that this machine does not know.
    let address = format!("{}/{TOKEN}", tls.urls().login);
    ensure!(address.starts_with("https://"), "{address}");
    set(&desk, &address, &[]).await?;
    test(exit::UNREACHABLE, "webhook.certificate").await?;
    for (address, code) in [
        ("no address", "webhook.address"),
        ("http://hooks.example/t0ken", "webhook.not-https"),
        ("https://ada:t0ken@hooks.example/", "webhook.password-in-address"),
    ] {
        let order = desk.vitrine(["webhook", "set", "--address-fd", "0"]).passphrase(PASSPHRASE).typed(address);
        let error = order.refused(exit::USAGE, code).await?;
        ensure!(!error.to_string().contains("t0ken"), "{error}");
    }
    let audit = desk.does(["audit"]).await?;
    let lines = audit["lines"].as_array().context("lines")?;
    ensure!(lines.iter().filter(|line| line["action"] == "webhookSet").count() == 2, "{audit}");
    desk.does(["webhook", "remove"]).await?;
    let audit = desk.does(["audit"]).await?;
    ensure!(audit["lines"][0]["action"] == "webhookRemoved" && !audit.to_string().contains(TOKEN), "{audit}");
    ensure!(!audit.to_string().contains("127.0.0.1") && !audit.to_string().contains("localhost"), "{audit}");
    let view = desk.does(["webhook", "show"]).await?;
    ensure!(view["webhook"].is_null(), "{view}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotator_tells_what_it_rotates_and_counts_what_waits() -> Result<()> {
    let (sim, mut desk) = connected(&["ea-1"]).await?;
    desk.use_program(kill::program().await?);
    desk.set("VITRINE_CLOCK_FILE", desk.path("clock"));
    let receiver = Receiver::start().await?;
    let secret = set(&desk, &receiver.url(TOKEN), &["--tell", "rotated"]).await?;
    std::fs::write(desk.path("clock"), TWO_DAYS_MS.to_string())?;
    receiver.always(Answer::status(503));
    let mut running = desk.vitrine(["rotator", "run"]).passphrase(PASSPHRASE).start().await?;
    running.tells("rotating").await?;
    let waits = async || {
        let status = asks(&desk, ["rotator", "status"]).await.ok()?;
        (status["work"]["rotated"] == 1 && status["work"]["messagesWaiting"] == 1).then_some(())
    };
    until("a message that waits", PATIENCE, waits).await?;
    let view = stands(&desk, "failing").await?;
    ensure!(view["webhook"]["problem"]["code"] == "webhook.refused", "{view}");
    // What only a person may do is not done by it.
    desk.vitrine(["webhook", "test"]).refused(exit::USAGE, "rotator.rotates-alone").await?;
    desk.vitrine(["webhook", "remove"]).refused(exit::USAGE, "rotator.rotates-alone").await?;
    receiver.always(Answer::Takes);
    let arrived = |received: &[Received]| received.len() > 1;
    let received = receiver.until("the next try", arrived).await?;
    received[1].verify(&secret)?;
    ensure!(received[1].id() == received[0].id() && document(&received[1])?["type"] == "account.rotated");
    stands(&desk, "arriving").await?;
    signal("TERM", &rotator(&desk)?)?;
    running.end().await?.ended(exit::DONE)?;
    let password = shown(&desk, "Contoso", FIRST, "current").await?;
    ensure!(sim.control().password_accepted(CONTOSO, FIRST, &password), "the current value opens nothing");
    Ok(())
}
