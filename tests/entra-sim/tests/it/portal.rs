//! The sign-in page of the emergency accounts.

use vitrine_entra_sim::{Admin, totp_code};

use crate::client::*;

const FIRST: &str = "First-Zq7!mmvv";

async fn account(w: &World, tenant: &str) -> Admin {
    let token = w.admin_token(tenant).await;
    let (_, user_name) = w.emergency_account(&token, tenant, "ea-1", FIRST).await;
    Admin { user_name, password: FIRST.into(), totp_secret: None }
}

#[tokio::test]
async fn the_first_sign_in_sets_up_a_second_factor_and_later_ones_demand_it() {
    let w = world().await;
    let mut who = account(&w, CONTOSO).await;
    let page = w.open("/portal").await.page();
    let page = w.enter(&page, &who).await.page();
    let secret = page.secret();
    let again = w.step(&page, &[("otc", "000000")]).await.page();
    assert_eq!(again.secret(), secret, "a wrong first code keeps the secret");
    let code = totp_code(&secret, w.sim.control().now_ms()).unwrap();
    let done = w.step(&page, &[("otc", &code)]).await.page();
    assert!(
        done.has("Signed in as ea-1@contoso.onmicrosoft.com to the simulated admin portal, role Global Administrator")
    );
    let page = w.open("/portal").await.page();
    let page = w.enter(&page, &who).await.page();
    assert!(page.has("name=\"otc\"") && !page.has("totp-secret"));
    assert!(w.step(&page, &[("otc", "123")]).await.page().has("AADSTS50074"));
    who.totp_secret = w.sim.control().totp_secret(CONTOSO, &who.user_name);
    let page = w.open("/portal").await.page();
    assert!(w.enter(&page, &who).await.page().has("id=\"portal-result\""));
}

#[tokio::test]
async fn without_the_mandate_the_password_alone_opens_the_portal() {
    let w = world().await;
    let who = account(&w, NORTHWIND).await;
    let page = w.open("/portal").await.page();
    assert!(w.enter(&page, &who).await.page().has("id=\"portal-result\""));
}

#[tokio::test]
async fn ten_wrong_passwords_lock_the_account_for_a_minute() {
    let w = world().await;
    let who = account(&w, NORTHWIND).await;
    for n in 0..10 {
        let page = w.open("/portal").await.page();
        let page = w.step(&page, &[("login", &who.user_name), ("passwd", "wrong")]).await.page();
        assert!(page.has("AADSTS50126"), "attempt {n}");
    }
    let page = w.open("/portal").await.page();
    assert!(w.enter(&page, &who).await.page().has("AADSTS50053"), "the right one too");
    w.sim.control().advance_clock(61_000);
    let page = w.open("/portal").await.page();
    assert!(w.enter(&page, &who).await.page().has("id=\"portal-result\""));
}

#[tokio::test]
async fn a_forced_change_comes_first_and_may_not_repeat_the_password() {
    let w = world().await;
    let who = account(&w, NORTHWIND).await;
    let token = w.admin_token(NORTHWIND).await;
    let body = serde_json::json!({ "passwordProfile": { "password": FIRST, "forceChangePasswordNextSignIn": true } });
    assert_eq!(w.graph(&token, "PATCH", &format!("/users/{}", who.user_name), Some(body)).await.0, 204);
    let page = w.open("/portal").await.page();
    let page = w.enter(&page, &who).await.page();
    assert!(page.has("Update your password"));
    let page = w.step(&page, &[("new_passwd", FIRST), ("confirm_passwd", FIRST)]).await.page();
    assert!(page.has("AADSTS120002"));
    let fresh = "Third-Rt6!nnbb";
    assert!(
        w.step(&page, &[("new_passwd", fresh), ("confirm_passwd", fresh)]).await.page().has("id=\"portal-result\"")
    );
}

#[tokio::test]
async fn an_unknown_user_and_a_finished_sign_in_get_a_page_with_the_reason() {
    let w = world().await;
    let page = w.open("/portal").await.page();
    let next = w.step(&page, &[("login", "nobody@contoso.onmicrosoft.com"), ("passwd", "x")]).await.page();
    assert!(next.has("AADSTS50034"));
    assert!(w.submit("/signin", &[("flow", "gone")]).await.page().has("AADSTS90023"));
}
