//! Things going wrong on request.

use std::time::Duration;

use serde_json::{Value, json};
use vitrine_entra_sim::{Effect, Fault, Scenario, Sim, SimOptions, TlsFiles};

use crate::client::*;

const FIRST: &str = "First-Zq7!mmvv";
const SECOND: &str = "Second-Wx8!kkpp";
const PATCH_USER: &str = "PATCH /users/{user-id}";

fn fault(operation: &str, effect: Effect) -> Fault {
    Fault { tenant: None, operation: Some(operation.into()), skip: 0, times: Some(1), probability: None, effect }
}

fn password(value: &str) -> Value {
    json!({ "passwordProfile": { "password": value, "forceChangePasswordNextSignIn": false } })
}

#[tokio::test]
async fn an_answer_can_be_lost_after_the_password_was_changed() {
    let w = world().await;
    let token = w.admin_token(NORTHWIND).await;
    let (id, upn) = w.emergency_account(&token, NORTHWIND, "ea-1", FIRST).await;
    w.sim.control().add_fault(fault(PATCH_USER, Effect::DropAfter));
    let lost = w.graph_request(&token, "PATCH", &format!("/users/{id}"), Some(password(SECOND))).send().await;
    assert!(lost.is_err());
    assert!(w.sim.control().password_accepted(NORTHWIND, &upn, SECOND));
}

#[tokio::test]
async fn a_connection_can_end_before_anything_is_applied() {
    let w = world().await;
    let token = w.admin_token(NORTHWIND).await;
    let (id, upn) = w.emergency_account(&token, NORTHWIND, "ea-1", FIRST).await;
    w.sim.control().add_fault(fault(PATCH_USER, Effect::DropBefore));
    assert!(w.graph_request(&token, "PATCH", &format!("/users/{id}"), Some(password(SECOND))).send().await.is_err());
    assert!(w.sim.control().password_accepted(NORTHWIND, &upn, FIRST));
    assert_eq!(w.graph(&token, "PATCH", &format!("/users/{id}"), Some(password(SECOND))).await.0, 204);
}

#[tokio::test]
async fn a_hanging_request_ends_with_the_simulator() {
    let w = world().await;
    let token = w.admin_token(NORTHWIND).await;
    w.sim.control().add_fault(fault("GET /me", Effect::Hang));
    let hanging = w.graph_request(&token, "GET", "/me", None).timeout(Duration::from_secs(30)).send();
    let hanging = tokio::spawn(hanging);
    while w.sim.control().requests(NORTHWIND, "GET /me") == 0 {
        tokio::task::yield_now().await;
    }
    w.sim.stop().await;
    assert!(hanging.await.unwrap().is_err());
}

#[tokio::test]
async fn throttling_and_server_errors_come_as_the_rule_says() {
    let w = world().await;
    let token = w.admin_token(NORTHWIND).await;
    w.sim.control().add_fault(fault("GET /me", Effect::Throttle { retry_after: Some(7) }));
    let (status, body, headers) = w.graph_full(&token, "GET", "/me", None).await;
    assert_eq!((status, headers["retry-after"].to_str().unwrap()), (429, "7"));
    assert_eq!(body["error"]["code"], "TooManyRequests");
    w.sim.control().add_fault(fault("GET /me", Effect::Status { status: 503, code: None, retry_after: None }));
    assert_eq!(w.graph(&token, "GET", "/me", None).await.0, 503);
    assert_eq!(w.graph(&token, "GET", "/me", None).await.0, 200);
    w.sim.control().add_fault(fault("POST /oauth2/v2.0/token", Effect::SignInError { code: 50196 }));
    assert_eq!(w.token_request(NORTHWIND, &[("grant_type", "x")]).await.1["error_codes"][0], 50196);
}

#[tokio::test]
async fn the_control_endpoint_does_over_http_what_tests_do_directly() {
    let w = world().await;
    let control = |path: &str| w.login(&format!("/control{path}"));
    let post = async |path: &str, body: Value| w.http.post(control(path)).json(&body).send().await.unwrap();
    let read = async |path: &str| -> Value { w.http.get(control(path)).send().await.unwrap().json().await.unwrap() };
    let upn = "admin@contoso.onmicrosoft.com";
    assert_eq!(
        post("/password", json!({ "tenant": CONTOSO, "userName": upn, "password": "Outside-1!" })).await.status(),
        200
    );
    let asked = json!({ "tenant": CONTOSO, "userName": upn, "password": "Outside-1!" });
    let accepted: Value = post("/password-accepted", asked).await.json().await.unwrap();
    assert_eq!(accepted["accepted"], true);
    let before = w.sim.control().now_ms();
    assert_eq!(post("/clock", json!({ "advanceMs": 3_600_000 })).await.status(), 200);
    assert!(w.sim.control().now_ms() >= before + 3_600_000);
    assert_eq!(post("/settings", json!({ "replicationMs": 5 })).await.status(), 200);
    assert_eq!(read("/settings").await["replicationMs"], 5);
    assert_eq!(post("/settings", json!({ "nonsense": 5 })).await.status(), 400);
    assert_eq!(post("/faults", json!({ "effect": { "kind": "hang" } })).await.status(), 200);
    assert_eq!(read("/faults").await.as_array().unwrap().len(), 1);
    assert_eq!(post("/faults", json!({ "effect": { "kind": "explode" } })).await.status(), 400);
    assert_eq!(post("/tenant", json!({ "tenant": "nobody" })).await.status(), 400);
    assert!(read("/users?tenant=contoso.onmicrosoft.com").await.as_array().unwrap().len() >= 3);
    assert_eq!(post("/reset", json!({})).await.status(), 200);
    assert!(read("/faults").await.as_array().unwrap().is_empty());
    assert!(!w.sim.control().password_accepted(CONTOSO, upn, "Outside-1!"));
}

#[tokio::test]
async fn a_scenario_file_is_read_and_a_broken_one_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let toml = dir.path().join("s.toml");
    std::fs::write(&toml, "[settings]\nreplicationMs = 9\n[[faults]]\noperation = \"GET /me\"\neffect = { kind = \"throttle\", retryAfter = 3 }\n").unwrap();
    let scenario = Scenario::read(&toml).unwrap();
    assert_eq!(scenario.settings.replication_ms, 9);
    let w = world_with(SimOptions { scenario, ..SimOptions::default() }).await;
    assert_eq!(w.graph("none", "GET", "/me", None).await.0, 429);
    let json_file = dir.path().join("s.json");
    std::fs::write(&json_file, r#"{"settings":{"devciceIntervalS":1}}"#).unwrap();
    assert_eq!(Scenario::read(&json_file).unwrap_err().code(), "entra-sim.scenario");
    assert_eq!(Scenario::read(&dir.path().join("absent")).unwrap_err().code(), "entra-sim.file");
}

#[tokio::test]
async fn a_taken_port_is_an_error_with_its_number() {
    let w = world().await;
    let taken: u16 = w.sim.urls().login.rsplit(':').next().unwrap().parse().unwrap();
    let error = Sim::start(SimOptions { port: taken, ..SimOptions::default() }).await.unwrap_err();
    assert_eq!(error.code(), "entra-sim.bind");
    assert!(error.to_string().contains(&taken.to_string()));
}

#[tokio::test]
async fn tls_is_served_with_the_given_certificate() {
    let dir = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let files = TlsFiles { certificate: dir.path().join("cert.pem"), key: dir.path().join("key.pem") };
    std::fs::write(&files.certificate, made.cert.pem()).unwrap();
    std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    let _ = http();
    let sim = Sim::start(SimOptions { tls: Some(files.clone()), ..SimOptions::default() }).await.unwrap();
    let root = reqwest::Certificate::from_pem(made.cert.pem().as_bytes()).unwrap();
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([root]).build().unwrap();
    assert!(sim.urls().login.starts_with("https://localhost:"));
    let answer = client
        .get(format!("{}/organizations/v2.0/.well-known/openid-configuration", sim.urls().login))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    std::fs::write(&files.key, "not a key").unwrap();
    assert_eq!(
        Sim::start(SimOptions { tls: Some(files), ..SimOptions::default() }).await.unwrap_err().code(),
        "entra-sim.tls"
    );
}
