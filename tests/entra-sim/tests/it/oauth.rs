//! Signing in: discovery, browser, device code, certificate, refresh, and every refusal of them.

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use vitrine_entra_sim::{PrincipalChange, RegisteredClient, SimOptions, TenantChange};

use crate::client::*;

fn codes(body: &Value) -> u64 {
    body["error_codes"][0].as_u64().unwrap_or(0)
}

#[tokio::test]
async fn a_domain_leads_to_its_tenant_id_and_an_unknown_one_to_90002() {
    let w = world().await;
    let document: Value = w
        .http
        .get(w.login("/contoso.example/v2.0/.well-known/openid-configuration"))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(document["issuer"], w.login(&format!("/{}/v2.0", w.tenant_id(CONTOSO))));
    let general: Value = w
        .http
        .get(w.login("/organizations/v2.0/.well-known/openid-configuration"))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert!(general["issuer"].as_str().unwrap().contains("{tenantid}"));
    let unknown = w.http.get(w.login("/nobody.example/v2.0/.well-known/openid-configuration")).send().await.unwrap();
    assert_eq!(unknown.status(), 400);
    let body: Value = unknown.json().await.unwrap();
    assert_eq!((body["error"].as_str().unwrap(), codes(&body)), ("invalid_tenant", 90002));
}

#[tokio::test]
async fn an_administrator_signs_in_by_browser_and_gets_tokens_with_the_promised_claims() {
    let w = world().await;
    let code = w.code("organizations", &w.admin(CONTOSO), &[("nonce", "n-1"), ("client_info", "1")]).await;
    let (status, body) = w.redeem("organizations", &code, VERIFIER).await;
    assert_eq!(status, 200, "{body}");
    let claims = |token: &Value| -> Value {
        let part = token.as_str().unwrap().split('.').nth(1).unwrap().to_owned();
        serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).unwrap()).unwrap()
    };
    let (access, id) = (claims(&body["access_token"]), claims(&body["id_token"]));
    assert_eq!(access["tid"], w.tenant_id(CONTOSO).as_str());
    assert_eq!(access["appidacr"], "0");
    assert!(access["scp"].as_str().unwrap().contains("RoleManagement.ReadWrite.Directory"));
    assert_eq!((id["nonce"].as_str(), id["aud"].as_str()), (Some("n-1"), Some(w.sim.client_id())));
    assert_eq!(id["preferred_username"], "admin@contoso.onmicrosoft.com");
    assert!(body["refresh_token"].is_string() && body["client_info"].is_string());
}

#[tokio::test]
async fn the_key_set_verifies_the_tokens() {
    let w = world().await;
    let token = w.admin_token(CONTOSO).await;
    let set: Value = w
        .http
        .get(w.login(&format!("/{}/discovery/v2.0/keys", w.tenant_id(CONTOSO))))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let part = |name: &str| BASE64URL_NOPAD.decode(set["keys"][0][name].as_str().unwrap().as_bytes()).unwrap();
    let key = aws_lc_rs::rsa::PublicKeyComponents { n: part("n"), e: part("e") };
    let (text, mark) = token.rsplit_once('.').unwrap();
    let mark = BASE64URL_NOPAD.decode(mark.as_bytes()).unwrap();
    key.verify(&aws_lc_rs::signature::RSA_PKCS1_2048_8192_SHA256, text.as_bytes(), &mark).unwrap();
}

#[tokio::test]
async fn a_code_is_good_once_with_the_right_verifier_and_redirect() {
    let w = world().await;
    let admin = w.admin(NORTHWIND);
    let code = w.code(NORTHWIND, &admin, &[]).await;
    assert_eq!(codes(&w.redeem(NORTHWIND, &code, "wrong").await.1), 501_481);
    assert_eq!(w.redeem(NORTHWIND, &code, VERIFIER).await.0, 200);
    assert_eq!(codes(&w.redeem(NORTHWIND, &code, VERIFIER).await.1), 54005);
    let code = w.code(NORTHWIND, &admin, &[]).await;
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", w.sim.client_id()),
        ("code", code.as_str()),
        ("redirect_uri", "http://localhost:1/other"),
        ("code_verifier", VERIFIER),
    ];
    assert_eq!(codes(&w.token_request(NORTHWIND, &fields).await.1), 50011);
    w.sim.control().advance_clock(11 * 60 * 1000);
    assert_eq!(codes(&w.redeem(NORTHWIND, &code, VERIFIER).await.1), 70008);
}

#[tokio::test]
async fn unknown_clients_and_redirects_are_refused_on_the_page_and_never_redirected() {
    let w = world().await;
    let page =
        w.open(&w.authorize_path(CONTOSO, &[("client_id", "4f0b3c1e-0000-4000-8000-000000000000")])).await.page();
    assert!(page.has("AADSTS700016"));
    for bad in ["http://127.0.0.1:49152/", "http://localhost:49152/callback", "https://evil.example/"] {
        assert!(w.open(&w.authorize_path(CONTOSO, &[("redirect_uri", bad)])).await.page().has("AADSTS50011"), "{bad}");
    }
}

#[tokio::test]
async fn a_code_of_a_single_page_application_cannot_be_redeemed_natively() {
    let w = world().await;
    w.sim.control().register_client(RegisteredClient {
        client_id: "aaaaaaaa-0000-4000-8000-000000000001".into(),
        name: "Spa".into(),
        native_redirects: vec![],
        spa_redirects: vec!["http://localhost".into()],
        public_flows: true,
        home_tenant: None,
    });
    let client = ("client_id", "aaaaaaaa-0000-4000-8000-000000000001");
    let code = w.code(NORTHWIND, &w.admin(NORTHWIND), &[client]).await;
    let fields = [
        ("grant_type", "authorization_code"),
        client,
        ("code", code.as_str()),
        ("redirect_uri", "http://localhost:49152/"),
        ("code_verifier", VERIFIER),
    ];
    assert_eq!(codes(&w.token_request(NORTHWIND, &fields).await.1), 9_002_327);
}

#[tokio::test]
async fn a_single_tenant_client_is_refused_at_organizations() {
    let w = world().await;
    w.sim.control().register_client(RegisteredClient {
        client_id: "aaaaaaaa-0000-4000-8000-000000000002".into(),
        name: "Own".into(),
        native_redirects: vec!["http://localhost".into()],
        spa_redirects: vec![],
        public_flows: true,
        home_tenant: Some(CONTOSO.into()),
    });
    let client = [("client_id", "aaaaaaaa-0000-4000-8000-000000000002")];
    assert!(w.open(&w.authorize_path("organizations", &client)).await.page().has("AADSTS50194"));
    assert!(w.open(&w.authorize_path(FABRIKAM, &client)).await.page().has("AADSTS700016"));
    assert!(w.open(&w.authorize_path(CONTOSO, &client)).await.page().has("name=\"passwd\""));
}

#[tokio::test]
async fn form_post_returns_the_code_in_a_form() {
    let w = world().await;
    let page = w.open(&w.authorize_path(NORTHWIND, &[("response_mode", "form_post")])).await.page();
    let page = w.enter(&page, &w.admin(NORTHWIND)).await.page();
    let page = w.step(&page, &[("answer", "accept"), ("for_all", "yes")]).await.page();
    assert!(page.has("action=\"http://localhost:49152/\"") && page.has("name=\"code\""));
}

#[tokio::test]
async fn declining_consent_returns_access_denied() {
    let w = world().await;
    let page = w.open(&w.authorize_path(NORTHWIND, &[])).await.page();
    let page = w.enter(&page, &w.admin(NORTHWIND)).await.page();
    let query = w.step(&page, &[("answer", "cancel")]).await.query();
    assert_eq!(query["error"], "access_denied");
    assert!(query["error_description"].starts_with("AADSTS65004"));
    assert_eq!(query["state"], "s t/1");
}

#[tokio::test]
async fn where_consent_is_refused_even_an_administrator_needs_another_one() {
    let w = world().await;
    let wingtip = "wingtip.onmicrosoft.com";
    let page = w.open(&w.authorize_path(wingtip, &[])).await.page();
    let page = w.enter(&page, &w.admin(wingtip)).await.page();
    assert!(page.has("AADSTS90094"));
    let query = w.step(&page, &[("answer", "cancel")]).await.query();
    assert!(query["error_description"].starts_with("AADSTS90094"));
}

#[tokio::test]
async fn a_person_of_another_tenant_is_refused() {
    let w = world().await;
    let page = w.open(&w.authorize_path(NORTHWIND, &[])).await.page();
    assert!(w.enter(&page, &w.admin(FABRIKAM)).await.page().has("AADSTS50020"));
}

async fn device(w: &World, tenant: &str) -> Value {
    let fields = [("client_id", w.sim.client_id()), ("scope", SETUP_SCOPES)];
    let answer = w.http.post(w.login(&format!("/{tenant}/oauth2/v2.0/devicecode"))).form(&fields).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

async fn poll(w: &World, tenant: &str, device: &Value) -> (u16, Value) {
    let fields = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", w.sim.client_id()),
        ("device_code", device["device_code"].as_str().unwrap()),
    ];
    w.token_request(tenant, &fields).await
}

#[tokio::test]
async fn a_device_code_waits_slows_down_and_is_granted_after_the_person_approves() {
    let w = world().await;
    let d = device(&w, "organizations").await;
    assert!(d.get("verification_uri_complete").is_none());
    let (status, body) = poll(&w, "organizations", &d).await;
    assert_eq!((status, body["error"].as_str(), codes(&body)), (400, Some("authorization_pending"), 70016));
    assert_eq!(poll(&w, "organizations", &d).await.1["error"], "slow_down");
    let page =
        w.submit("/devicelogin", &[("user_code", &d["user_code"].as_str().unwrap().to_lowercase())]).await.page();
    let page = w.enter(&page, &w.admin(CONTOSO)).await.page();
    let page = w.step(&page, &[("answer", "accept")]).await.page();
    assert!(page.has("Are you trying to sign in"));
    assert!(w.step(&page, &[("answer", "accept")]).await.page().has("id=\"device-result\""));
    let (status, body) = poll(&w, "organizations", &d).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(codes(&poll(&w, "organizations", &d).await.1), 70018, "a second redemption");
}

#[tokio::test]
async fn a_device_code_is_declined_expired_or_unknown() {
    let w = world().await;
    let d = device(&w, NORTHWIND).await;
    let page = w.submit("/devicelogin", &[("user_code", d["user_code"].as_str().unwrap())]).await.page();
    let page = w.enter(&page, &w.admin(NORTHWIND)).await.page();
    let page = w.step(&page, &[("answer", "accept")]).await.page();
    w.step(&page, &[("answer", "cancel")]).await.page();
    assert_eq!(poll(&w, NORTHWIND, &d).await.1["error"], "authorization_declined");
    let d = device(&w, NORTHWIND).await;
    w.sim.control().advance_clock(901_000);
    assert_eq!(poll(&w, NORTHWIND, &d).await.1["error"], "expired_token");
    assert!(
        w.submit("/devicelogin", &[("user_code", d["user_code"].as_str().unwrap())]).await.page().has("AADSTS70019")
    );
    assert_eq!(poll(&w, NORTHWIND, &json!({ "device_code": "x" })).await.1["error"], "bad_verification_code");
}

#[tokio::test]
async fn conditional_access_blocks_the_device_code_in_the_browser_and_at_the_poll() {
    let w = world().await;
    let d = device(&w, FABRIKAM).await;
    let page = w.submit("/devicelogin", &[("user_code", d["user_code"].as_str().unwrap())]).await.page();
    assert!(w.enter(&page, &w.admin(FABRIKAM)).await.page().has("AADSTS53003"));
    let (_, body) = poll(&w, FABRIKAM, &d).await;
    assert_eq!((body["error"].as_str(), codes(&body)), (Some("invalid_grant"), 53003));
}

#[tokio::test]
async fn a_client_without_public_flows_gets_7000218_at_the_poll() {
    let w = world().await;
    let id = "aaaaaaaa-0000-4000-8000-000000000003";
    w.sim.control().register_client(RegisteredClient {
        client_id: id.into(),
        name: "Not public".into(),
        native_redirects: vec!["http://localhost".into()],
        spa_redirects: vec![],
        public_flows: false,
        home_tenant: None,
    });
    let d: Value = w
        .http
        .post(w.login("/organizations/oauth2/v2.0/devicecode"))
        .form(&[("client_id", id), ("scope", "openid")])
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let fields = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", id),
        ("device_code", d["device_code"].as_str().unwrap()),
    ];
    assert_eq!(codes(&w.token_request("organizations", &fields).await.1), 7_000_218);
}

#[tokio::test]
async fn certificates_sign_in_by_both_algorithms_padded_or_not() {
    let w = world().await;
    let c = w.connection(CONTOSO, &["User.Read.All"], None).await;
    for kind in [Kind::Ps256, Kind::Ps256Padded, Kind::Rs256] {
        let assertion = c.certificate.assertion(&w.audience(&c), &c.app_id, w.sim.control().now_ms(), kind);
        let (status, body) = w.app_token_answer(&c, &assertion).await;
        assert_eq!(status, 200, "{body}");
        assert!(body.get("refresh_token").is_none());
    }
}

#[tokio::test]
async fn wrong_assertions_are_refused() {
    let w = world().await;
    let c = w.connection(CONTOSO, &["User.Read.All"], None).await;
    let now = w.sim.control().now_ms();
    let stranger = Certificate::make();
    let assertion = stranger.assertion(&w.audience(&c), &c.app_id, now, Kind::Ps256);
    let (status, body) = w.app_token_answer(&c, &assertion).await;
    assert_eq!((status, body["error"].as_str(), codes(&body)), (401, Some("invalid_client"), 700_027));
    let assertion = c.certificate.assertion("https://elsewhere.example/token", &c.app_id, now, Kind::Ps256);
    assert_eq!(codes(&w.app_token_answer(&c, &assertion).await.1), 50012);
    let assertion = c.certificate.assertion(&w.audience(&c), &c.app_id, now - 3_600_000, Kind::Ps256);
    assert_eq!(codes(&w.app_token_answer(&c, &assertion).await.1), 700_024);
    let good = c.certificate.assertion(&w.audience(&c), &c.app_id, now, Kind::Ps256);
    let (text, mark) = good.rsplit_once('.').unwrap();
    let flipped = if mark.starts_with('A') { 'B' } else { 'A' };
    let edited = format!("{text}.{flipped}{}", &mark[1..]);
    assert_eq!(codes(&w.app_token_answer(&c, &edited).await.1), 700_027);
}

#[tokio::test]
async fn a_new_certificate_is_unknown_to_the_token_endpoint_for_a_while() {
    let w = world().await;
    w.sim.control().change_settings(|s| s.certificate_delay_ms = 30_000);
    let c = w.connection(CONTOSO, &["User.Read.All"], None).await;
    let sign = |w: &World| c.certificate.assertion(&w.audience(&c), &c.app_id, w.sim.control().now_ms(), Kind::Ps256);
    assert_eq!(codes(&w.app_token_answer(&c, &sign(&w)).await.1), 700_027);
    w.sim.control().advance_clock(31_000);
    assert_eq!(w.app_token_answer(&c, &sign(&w)).await.0, 200);
}

#[tokio::test]
async fn applications_disabled_missing_or_elsewhere_are_told_apart() {
    let w = world().await;
    let c = w.connection(CONTOSO, &["User.Read.All"], None).await;
    let enabled = |enabled| TenantChange {
        tenant: CONTOSO.into(),
        principal: Some(PrincipalChange { app_id: c.app_id.clone(), enabled }),
        ..TenantChange::default()
    };
    w.sim.control().change_tenant(&enabled(false)).unwrap();
    let assertion = c.certificate.assertion(&w.audience(&c), &c.app_id, w.sim.control().now_ms(), Kind::Ps256);
    assert_eq!(codes(&w.app_token_answer(&c, &assertion).await.1), 7_000_112);
    w.sim.control().change_tenant(&enabled(true)).unwrap();
    let token = w.admin_token(CONTOSO).await;
    assert_eq!(w.graph(&token, "DELETE", &format!("/servicePrincipals/{}", c.principal_id), None).await.0, 204);
    assert_eq!(codes(&w.app_token_answer(&c, &assertion).await.1), 7_000_229);
    assert_eq!(w.graph(&token, "DELETE", &format!("/applications/{}", c.object_id), None).await.0, 204);
    assert_eq!(codes(&w.app_token_answer(&c, &assertion).await.1), 700_016);
    let fields = [("grant_type", "client_credentials"), ("client_id", c.app_id.as_str()), ("scope", "x")];
    assert_eq!(codes(&w.token_request("organizations", &fields).await.1), 9_001_023);
}

async fn refresh(w: &World, tenant: &str, session: &Value) -> (u16, Value) {
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", w.sim.client_id()),
        ("refresh_token", session["refresh_token"].as_str().unwrap()),
        ("scope", "User.Read offline_access"),
    ];
    w.token_request(tenant, &fields).await
}

#[tokio::test]
async fn a_refresh_token_is_replaced_and_the_old_one_still_works() {
    let w = world().await;
    let session = w.session(CONTOSO).await;
    let (status, next) = refresh(&w, CONTOSO, &session).await;
    assert_eq!(status, 200, "{next}");
    assert_ne!(next["refresh_token"], session["refresh_token"]);
    assert_eq!(refresh(&w, CONTOSO, &session).await.0, 200);
    assert_eq!(codes(&refresh(&w, FABRIKAM, &session).await.1), 50020);
}

#[tokio::test]
async fn a_refresh_token_ends_by_inactivity_sign_in_frequency_or_revocation() {
    let w = world().await;
    let session = w.session(NORTHWIND).await;
    let frequency =
        TenantChange { tenant: NORTHWIND.into(), sign_in_frequency_s: Some(3600), ..TenantChange::default() };
    w.sim.control().change_tenant(&frequency).unwrap();
    w.sim.control().advance_clock(3_601_000);
    assert_eq!(codes(&refresh(&w, NORTHWIND, &session).await.1), 70043);
    let session = w.session(CONTOSO).await;
    let admin = w.admin(CONTOSO);
    w.sim.control().advance_clock(1000);
    assert!(w.sim.control().set_password_outside(CONTOSO, &admin.user_name, &admin.password));
    assert_eq!(codes(&refresh(&w, CONTOSO, &session).await.1), 50173);
    let session = w.session(CONTOSO).await;
    w.sim.control().advance_clock(91 * 24 * 3600 * 1000);
    assert_eq!(codes(&refresh(&w, CONTOSO, &session).await.1), 700_082);
}

#[tokio::test]
async fn the_consent_address_for_administrators_answers_with_the_tenant() {
    let w = world().await;
    let path = format!(
        "/{CONTOSO}/v2.0/adminconsent?client_id={}&redirect_uri=http%3A%2F%2Flocalhost%3A9%2F&state=x&scope=User.Read.All",
        w.sim.client_id()
    );
    let page = w.open(&path).await.page();
    let page = w.enter(&page, &w.admin(CONTOSO)).await.page();
    let query = w.step(&page, &[("answer", "accept"), ("for_all", "yes")]).await.query();
    assert_eq!((query["admin_consent"].as_str(), query["tenant"].as_str()), ("True", w.tenant_id(CONTOSO).as_str()));
}

#[tokio::test]
async fn one_seed_makes_the_same_tenants_and_people() {
    let (a, b) = (world().await, world().await);
    assert_eq!(a.admin(CONTOSO).password, b.admin(CONTOSO).password);
    assert_eq!(a.tenant_id(CONTOSO), b.tenant_id(CONTOSO));
    let other = world_with(SimOptions { seed: 8, ..SimOptions::default() }).await;
    assert_ne!(a.admin(CONTOSO).password, other.admin(CONTOSO).password);
}

#[tokio::test]
async fn a_fleet_of_two_thousand_tenants_starts() {
    let w = world_with(SimOptions { fleet: 2000, ..SimOptions::default() }).await;
    let code = w.code("fleet2000.onmicrosoft.com", &w.admin("fleet2000.onmicrosoft.com"), &[]).await;
    assert_eq!(w.redeem("fleet2000.onmicrosoft.com", &code, VERIFIER).await.0, 200);
}
