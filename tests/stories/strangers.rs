//! Strangers: somebody put ways of their own into a tenant, a key of the connection, an owner, a phone. They are noticed
//! and shown, removed only when a person names them, kept only with a reason; and nothing that was replaced counts as done
//! while one of them stands.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use vitrine_entra_sim::{
    ApplicationView, Effect, Fault, PermissionChange, PhoneChange, Planted, PlantedWhat, Sim, TenantChange, Trait,
};

use crate::bad_rotation::{FIRST, connected, with_admin};
use crate::cloud::{self, CONTOSO};
use crate::desk::{Desk, PASSPHRASE, exit, text};
use crate::kill;

const PERSON: &str = "person@contoso.onmicrosoft.com";
const REVOKE: &str = "POST /users/{user-id}/revokeSignInSessions";
const SWITCH: &str = "VITRINE_UNPROTECTED";

fn change(sim: &Sim, change: TenantChange) -> Result<()> {
    let change = TenantChange { tenant: CONTOSO.to_owned(), ..change };
    sim.control().change_tenant(&change).map_err(anyhow::Error::msg)
}

fn ours(sim: &Sim) -> Result<ApplicationView> {
    sim.control().applications(CONTOSO).pop().context("no registration")
}

fn plant(sim: &Sim, what: PlantedWhat, on_principal: bool, name: &str) -> Result<()> {
    let planted = Planted { app_id: ours(sim)?.app_id, on_principal, what, name: name.to_owned() };
    change(sim, TenantChange { plant: Some(planted), ..TenantChange::default() })
}

/// A number that somebody puts in.
pub(crate) const NUMBER: &str = "+1 5550100";

pub(crate) fn phone(sim: &Sim) -> Result<()> {
    let phone = PhoneChange { user_name: FIRST.to_owned(), number: NUMBER.to_owned() };
    change(sim, TenantChange { add_phone: Some(phone), ..TenantChange::default() })
}

fn has_phone(sim: &Sim) -> bool {
    sim.control().users(CONTOSO).iter().any(|user| user.user_name == FIRST && user.phone.is_some())
}

fn strangers(view: &Value) -> &[Value] {
    view["strangers"].as_array().map_or(&[], Vec::as_slice)
}

fn id(view: &Value, kind: &str) -> Result<String> {
    let found = strangers(view).iter().find(|stranger| stranger["kind"] == kind);
    text(found.with_context(|| format!("no {kind}: {view}"))?, "id")
}

fn line<'a>(view: &'a Value, check: &str) -> Result<&'a Value> {
    let health = view["health"].as_array().context("no health list")?;
    health.iter().find(|line| line["check"] == check).with_context(|| format!("nothing about {check}: {view}"))
}

async fn look(desk: &Desk) -> Result<Value> {
    desk.does(["laps", "check", "Contoso"]).await
}

fn row(board: &Value) -> &Value {
    &board["incident"]["rows"][0]
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_somebody_put_in_is_noticed_and_shown_and_goes_when_it_is_named() -> Result<()> {
    let (sim, desk) = connected(&["ea-1"]).await?;
    let view = look(&desk).await?;
    ensure!(strangers(&view).is_empty(), "what Vitrine made is a stranger: {view}");
    for check in ["keyList", "owners", "signInMethods"] {
        ensure!(line(&view, check)?["verdict"] == "good", "{view}");
    }
    ensure!(ours(&sim)?.owners.is_empty(), "whoever connects stays an owner");
    plant(&sim, PlantedWhat::Key, false, "Back door")?;
    plant(&sim, PlantedWhat::Secret, false, "Side door")?;
    plant(&sim, PlantedWhat::Federated, false, "Build server")?;
    plant(&sim, PlantedWhat::Owner, false, PERSON)?;
    plant(&sim, PlantedWhat::Key, true, "Cellar")?;
    plant(&sim, PlantedWhat::Secret, true, "Window")?;
    plant(&sim, PlantedWhat::Owner, true, PERSON)?;
    phone(&sim)?;

    let view = look(&desk).await?;
    ensure!(strangers(&view).len() == 8, "{view}");
    for name in ["Back door", "Side door", "Build server", PERSON, "Cellar", "Window", NUMBER] {
        ensure!(strangers(&view).iter().any(|s| s["name"].as_str().is_some_and(|said| said.contains(name))), "{name}");
    }
    let attention = desk.does(["attention"]).await?;
    let problem = &attention["problems"][0];
    ensure!(attention["open"] == 1 && problem["kind"] == "strangers" && problem["step"] == "strangers", "{attention}");
    // A snooze of these does not hide one more.
    desk.does(["attention", "snooze", &text(problem, "id")?, "--for", "fixed"]).await?;
    ensure!(desk.does(["attention"]).await?["open"] == 0);
    plant(&sim, PlantedWhat::Secret, false, "Chimney")?;
    let view = look(&desk).await?;
    ensure!(desk.does(["attention"]).await?["open"] == 1, "one more is hidden by the snooze");
    let words = desk.in_words(["strangers", "list", "Contoso"]).passphrase(PASSPHRASE).end().await?;
    ensure!(words.out.contains("Back door") && words.out.contains(&id(&view, "phone")?), "{}", words.out);

    // A key of the registration goes by the connection's own proof, nothing else with it.
    let certificates = ours(&sim)?.certificates.len();
    let mut keys = strangers(&view).iter().filter(|s| s["kind"] == "certificate" && s["place"] == "registration");
    let key = text(keys.next_back().context("no key")?, "id")?;
    let after = desk.does(["strangers", "remove", "Contoso", &key]).await?;
    let now = ours(&sim)?;
    ensure!(now.certificates.len() == certificates - 1 && now.secrets == 3, "{now:?}");
    ensure!(strangers(&after).len() == 8 && desk.does(["rotate", "Contoso"]).await?["done"] == 1, "{after}");
    // Named and gone is no error; never shown is one.
    desk.does(["strangers", "remove", "Contoso", &key]).await?;
    let other = "0".repeat(32);
    desk.refuses(["strangers", "remove", "Contoso", &other], exit::USAGE, "strangers.unknown").await?;
    // The rest takes an admin's session, asked for by name; what the usual sign-in does not ask for is asked for now.
    let asked = sim.control().requests(CONTOSO, REVOKE);
    let rest: Vec<String> = strangers(&after).iter().map(|s| text(s, "id")).collect::<Result<_>>()?;
    let arguments: Vec<&str> =
        ["strangers", "remove", "Contoso"].into_iter().chain(rest.iter().map(String::as_str)).collect();
    let gone = with_admin(&sim, &desk, &arguments).await?.ended(exit::DONE)?;
    ensure!(strangers(&gone).is_empty(), "{gone}");
    let now = ours(&sim)?;
    ensure!(
        now.secrets == 0 && now.principal_certificates == 0 && now.federated == 0 && now.owners.is_empty(),
        "{now:?}"
    );
    ensure!(now.certificates.len() == 1 && !has_phone(&sim), "{now:?}");
    ensure!(sim.control().requests(CONTOSO, REVOKE) == asked + 1, "who came in by the phone is still signed in");
    ensure!(desk.does(["attention"]).await?["open"] == 0);
    let audit = desk.does(["audit"]).await?.to_string();
    for said in ["strangersFound", "strangersRemoved", "Back door"] {
        ensure!(audit.contains(said), "{said}: {audit}");
    }
    ensure!(desk.does(["rotate", "Contoso"]).await?["done"] == 1, "the connection no longer works");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_answers_for_is_no_alarm_any_more_and_a_key_nobody_can_answer_for() -> Result<()> {
    let (sim, desk) = connected(&["ea-1"]).await?;
    change(&sim, TenantChange { add_codes: Some(FIRST.to_owned()), ..TenantChange::default() })?;
    plant(&sim, PlantedWhat::Key, false, "Back door")?;
    let view = look(&desk).await?;
    let (codes, key) = (id(&view, "codes")?, id(&view, "certificate")?);
    let keep = |id: &str, reason: &str| ["strangers", "keep", "Contoso", id, "--reason", reason].map(str::to_owned);
    desk.refuses(keep(&codes, " "), exit::USAGE, "strangers.reason").await?;
    desk.refuses(keep(&key, "Ours"), exit::USAGE, "strangers.not-kept").await?;
    let view = desk.does(keep(&codes, "Our own codes")).await?;
    ensure!(strangers(&view).iter().any(|s| s["id"] == codes.as_str() && s["kept"]["reason"] == "Our own codes"));
    desk.does(["strangers", "remove", "Contoso", &key]).await?;
    ensure!(desk.does(["attention"]).await?["open"] == 0);
    // It stays so, and holds for nothing else.
    let view = look(&desk).await?;
    ensure!(line(&view, "signInMethods")?["verdict"] == "good" && desk.does(["attention"]).await?["open"] == 0);
    phone(&sim)?;
    let view = look(&desk).await?;
    ensure!(
        line(&view, "signInMethods")?["verdict"] == "bad" && desk.does(["attention"]).await?["open"] == 1,
        "{view}"
    );
    // It is told by the signed history, to whoever makes the index anew.
    ensure!(desk.does(["audit"]).await?.to_string().contains("strangerKept"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_connection_may_not_read_is_not_looked_at_and_never_fine() -> Result<()> {
    let (sim, desk) = connected(&["ea-1"]).await?;
    let app_id = ours(&sim)?.app_id;
    for permission in ["Application.Read.All", "UserAuthenticationMethod.Read.All"] {
        let taken = PermissionChange { principal: app_id.clone(), permission: permission.to_owned() };
        change(&sim, TenantChange { remove_permission: Some(taken), ..TenantChange::default() })?;
    }
    plant(&sim, PlantedWhat::Owner, false, PERSON)?;
    phone(&sim)?;
    let view = look(&desk).await?;
    ensure!(line(&view, "keyList")?["verdict"] == "good", "the app reads its own keys without a permission: {view}");
    for (check, permission) in
        [("owners", "Application.Read.All"), ("signInMethods", "UserAuthenticationMethod.Read.All")]
    {
        let line = line(&view, check)?;
        ensure!(line["verdict"] == "unknown" && text(line, "words")?.contains(permission), "{line}");
    }
    let begin = desk.vitrine(["incident", "begin", "--all", "--reason", "Lost"]).passphrase(PASSPHRASE);
    let board = begin.ends(exit::PARTLY).await?;
    ensure!(row(&board)["state"] == "blocked", "{board}");
    ensure!(row(&board)["problem"]["code"] == "strangers.not-looked-at", "{board}");
    // Asked for by name when the tenant is connected again; then they are seen.
    cloud::connect(&sim, &desk, "Contoso", CONTOSO, &[]).await?;
    let board = desk.vitrine(["incident", "retry"]).passphrase(PASSPHRASE).ends(exit::PARTLY).await?;
    ensure!(row(&board)["problem"]["code"] == "strangers.found" && row(&board)["strangers"] == 2, "{board}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_is_not_over_while_a_stranger_stands_and_its_report_names_them() -> Result<()> {
    let (sim, desk) = connected(&["ea-1", "ea-2"]).await?;
    plant(&sim, PlantedWhat::Key, false, "Back door")?;
    plant(&sim, PlantedWhat::Owner, false, PERSON)?;
    let begin = desk.vitrine(["incident", "begin", "--all", "--reason", "A colleague left in anger"]);
    let board = begin.passphrase(PASSPHRASE).ends(exit::PARTLY).await?;
    // Everything was replaced, and nothing was taken away that nobody saw.
    ensure!(board["incident"]["accounts"]["replaced"] == 2 && row(&board)["certificate"] == true, "{board}");
    ensure!(row(&board)["state"] == "blocked" && row(&board)["strangers"] == 2, "{board}");
    ensure!(row(&board)["problem"]["code"] == "strangers.found", "{board}");
    ensure!(ours(&sim)?.certificates.len() == 2, "it was removed unseen");
    let view = desk.does(["org", "show", "Contoso"]).await?;
    desk.does(["strangers", "remove", "Contoso", &id(&view, "certificate")?]).await?;
    let reason = "The customer's own admin, by contract";
    desk.does(["strangers", "keep", "Contoso", &id(&view, "owner")?, "--reason", reason]).await?;
    let board = desk.does(["incident", "retry"]).await?;
    ensure!(board["incident"]["organizations"]["replaced"] == 1, "{board}");
    let path = desk.path("report.json");
    desk.does(["incident", "report", path.to_str().context("path")?]).await?;
    let report: Value = serde_json::from_str(&std::fs::read_to_string(&path)?)?;
    let told = &report["report"]["content"]["organizations"][0];
    let of = |words: &str| {
        let all = told["strangers"].as_array().into_iter().flatten();
        all.clone().find(|s| s["what"].as_str().is_some_and(|what| what.contains(words))).cloned().unwrap_or_default()
    };
    ensure!(of("Back door")["removedBy"].is_string() && of(PERSON)["reason"] == reason, "{told}");
    ensure!(told["comparedAt"].is_u64() && told["problem"].is_null(), "{told}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_put_in_while_something_is_still_being_replaced_is_seen_before_it_is_over() -> Result<()> {
    put_in_late(&mut Scene::make().await?).await
}

/// The certificate cannot be replaced at first; everything else is, and is looked at. Then whoever holds the old key puts
/// one in.
async fn put_in_late(scene: &mut Scene) -> Result<()> {
    let (sim, desk) = (&scene.sim, &scene.desk);
    let effect = Effect::Status { status: 403, code: Some("Authorization_RequestDenied".into()), retry_after: None };
    let operation = Some("POST /applications/{application-id}/addKey".to_owned());
    let tenant = Some(CONTOSO.to_owned());
    sim.control().add_fault(Fault { tenant, operation, skip: 0, times: None, probability: None, effect });
    let begin = desk.vitrine(["incident", "begin", "--all", "--reason", "Lost"]).passphrase(PASSPHRASE);
    begin.ends(exit::PARTLY).await?;
    look(desk).await?;
    plant(sim, PlantedWhat::Key, false, "Back door")?;
    sim.control().clear_faults();
    let ended = desk.vitrine(["incident", "retry"]).passphrase(PASSPHRASE).end().await?;
    let board: Value = serde_json::from_str(&ended.out)?;
    ensure!(row(&board)["certificate"] == true, "{board}");
    ensure!(row(&board)["strangers"] == 1 && row(&board)["state"] == "blocked", "it went unseen: {board}");
    Ok(())
}

/// A connected tenant, with a protection switched off or none.
struct Scene {
    sim: Sim,
    desk: Desk,
}

impl Scene {
    async fn make() -> Result<Self> {
        let (sim, desk) = connected(&["ea-1"]).await?;
        Ok(Self { sim, desk })
    }

    async fn without(protection: &str) -> Result<Self> {
        let mut scene = Self::make().await?;
        scene.desk.use_program(kill::program().await?);
        scene.desk.set(SWITCH, protection);
        Ok(scene)
    }
}

/// What was put in is seen by a look.
async fn seen(scene: &Scene, kind: &str) -> Result<()> {
    let view = look(&scene.desk).await?;
    id(&view, kind).map(|_| ())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_protection_each_stranger_stays() -> Result<()> {
    let compared = "the key list is compared";
    let scene = Scene::without(compared).await?;
    plant(&scene.sim, PlantedWhat::Key, false, "Back door")?;
    ensure!(seen(&scene, "certificate").await.is_err(), "without this nobody notices anything: {compared}");
    let compared = "the owners are compared";
    let scene = Scene::without(compared).await?;
    plant(&scene.sim, PlantedWhat::Owner, false, PERSON)?;
    ensure!(seen(&scene, "owner").await.is_err(), "without this nobody notices anything: {compared}");
    let compared = "the sign-in methods are compared";
    let scene = Scene::without(compared).await?;
    phone(&scene.sim)?;
    ensure!(seen(&scene, "phone").await.is_err(), "without this nobody notices anything: {compared}");

    let scene = Scene::without("only what was shown is removed").await?;
    plant(&scene.sim, PlantedWhat::Key, false, "Shown")?;
    let shown = id(&look(&scene.desk).await?, "certificate")?;
    plant(&scene.sim, PlantedWhat::Key, false, "Not shown")?;
    scene.desk.does(["strangers", "remove", "Contoso", &shown]).await?;
    ensure!(ours(&scene.sim)?.certificates.len() == 1, "what was not shown stays all the same");

    let scene = Scene::without("an incident ends without strangers").await?;
    plant(&scene.sim, PlantedWhat::Key, false, "Back door")?;
    let board = scene.desk.does(["incident", "begin", "--all", "--reason", "Lost"]).await?;
    ensure!(board["incident"]["organizations"]["replaced"] == 1, "something else keeps it open: {board}");

    let mut scene = Scene::without("a comparison ends with the certificate").await?;
    ensure!(put_in_late(&mut scene).await.is_err(), "something else makes it look again");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_connects_does_not_stay_an_owner_of_what_was_created() -> Result<()> {
    let sim = cloud::start().await?;
    change(&sim, TenantChange { add_trait: Some(Trait::CreatorOwns), ..TenantChange::default() })?;
    let desk = Desk::at(&sim)?;
    desk.init().await?;
    desk.does(["org", "add", "Contoso"]).await?;
    cloud::connect(&sim, &desk, "Contoso", CONTOSO, &["ea-1"]).await?;
    ensure!(ours(&sim)?.owners.is_empty(), "{:?}", ours(&sim)?);
    ensure!(strangers(&look(&desk).await?).is_empty());
    Ok(())
}
