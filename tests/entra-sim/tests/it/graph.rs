//! Graph: what it gives, to whom, and what it refuses.

use serde_json::{Value, json};
use vitrine_entra_sim::{PermissionChange, PhoneChange, Planted, PlantedWhat, SimOptions, TenantChange, Trait};

use crate::client::*;

const FIRST: &str = "First-Zq7!mmvv";
const SECOND: &str = "Second-Wx8!kkpp";

fn code(body: &Value) -> &str {
    body["error"]["code"].as_str().unwrap_or("none")
}

fn password(value: &str) -> Value {
    json!({ "passwordProfile": { "password": value, "forceChangePasswordNextSignIn": false } })
}

#[tokio::test]
async fn a_connection_with_the_role_rotates_a_global_administrator() {
    let w = world().await;
    let c = w
        .connection(CONTOSO, &["User-PasswordProfile.ReadWrite.All", "User.Read.All"], Some(PRIVILEGED_AUTH_ADMIN))
        .await;
    let (id, upn) = w.emergency_account(&w.admin_token(CONTOSO).await, CONTOSO, "ea-1", FIRST).await;
    let token = w.app_token(&c).await;
    let proof = format!("/users/{id}?$select=id,lastPasswordChangeDateTime");
    let before = w.graph(&token, "GET", &proof, None).await.1;
    assert_eq!(w.graph(&token, "PATCH", &format!("/users/{id}"), Some(password(SECOND))).await.0, 204);
    let after = w.graph(&token, "GET", &proof, None).await.1;
    assert_ne!(before["lastPasswordChangeDateTime"], after["lastPasswordChangeDateTime"]);
    assert!(w.sim.control().password_accepted(CONTOSO, &upn, SECOND));
    assert!(!w.sim.control().password_accepted(CONTOSO, &upn, FIRST));
    assert_eq!(w.sim.control().requests(CONTOSO, "PATCH /users/{user-id}"), 1);
}

#[tokio::test]
async fn a_scope_without_the_role_does_not_reset_a_global_administrator() {
    let w = world().await;
    let c = w.connection(CONTOSO, &["User-PasswordProfile.ReadWrite.All", "User.Read.All"], None).await;
    let (id, upn) = w.emergency_account(&w.admin_token(CONTOSO).await, CONTOSO, "ea-1", FIRST).await;
    let token = w.app_token(&c).await;
    let (status, body) = w.graph(&token, "PATCH", &format!("/users/{id}"), Some(password(SECOND))).await;
    assert_eq!((status, code(&body)), (403, "Authorization_RequestDenied"));
    assert!(w.sim.control().password_accepted(CONTOSO, &upn, FIRST));
}

#[tokio::test]
async fn the_role_without_the_scope_does_not_reset_either() {
    let w = world().await;
    let c = w.connection(CONTOSO, &["User.ReadWrite.All"], Some(PRIVILEGED_AUTH_ADMIN)).await;
    let (id, _) = w.emergency_account(&w.admin_token(CONTOSO).await, CONTOSO, "ea-1", FIRST).await;
    let token = w.app_token(&c).await;
    assert_eq!(w.graph(&token, "PATCH", &format!("/users/{id}"), Some(password(SECOND))).await.0, 403);
}

#[tokio::test]
async fn proof_properties_come_only_when_selected() {
    let w = world().await;
    let token = w.admin_token(CONTOSO).await;
    let plain = w.graph(&token, "GET", "/me", None).await.1;
    assert!(plain.get("lastPasswordChangeDateTime").is_none() && plain.get("accountEnabled").is_none());
    let selected = w.graph(&token, "GET", "/me?$select=accountEnabled,lastPasswordChangeDateTime", None).await.1;
    assert_eq!(selected["accountEnabled"], true);
    assert!(selected.get("displayName").is_none());
    assert_eq!(w.graph(&token, "GET", "/me?$select=nonsense", None).await.0, 400);
}

#[tokio::test]
async fn passwords_that_break_the_rules_are_refused_and_nothing_changes() {
    let w = world().await;
    let token = w.admin_token(NORTHWIND).await;
    let (id, upn) = w.emergency_account(&token, NORTHWIND, "ea-1", FIRST).await;
    for bad in ["Short1!", "alllowercase1", "Northwind1!", "P@ssw0rd1", "ünïcode-Aa1"] {
        let (status, body) = w.graph(&token, "PATCH", &format!("/users/{id}"), Some(password(bad))).await;
        assert_eq!((status, code(&body)), (400, "Request_BadRequest"), "{bad}");
        assert!(body["error"]["message"].as_str().unwrap().contains("password complexity requirements"));
    }
    assert!(w.sim.control().password_accepted(NORTHWIND, &upn, FIRST));
    assert_eq!(
        w.graph(&token, "PATCH", &format!("/users/{id}"), Some(password(FIRST))).await.0,
        204,
        "an admin may repeat it"
    );
}

#[tokio::test]
async fn user_names_are_judged_and_unique() {
    let w = world().await;
    let token = w.admin_token(NORTHWIND).await;
    let create = |upn: &str| {
        json!({ "accountEnabled": true, "displayName": "X", "mailNickname": "x", "userPrincipalName": upn,
            "passwordProfile": { "password": FIRST } })
    };
    for bad in
        ["no-at-sign", "dot.@northwind.onmicrosoft.com", "sp ace@northwind.onmicrosoft.com", "x@elsewhere.example"]
    {
        assert_eq!(w.graph(&token, "POST", "/users", Some(create(bad))).await.0, 400, "{bad}");
    }
    let good = create("o'neil@northwind.onmicrosoft.com");
    assert_eq!(w.graph(&token, "POST", "/users", Some(good.clone())).await.0, 201);
    let (status, body) = w.graph(&token, "POST", "/users", Some(good)).await;
    assert_eq!((status, body["error"]["details"][0]["code"].as_str()), (400, Some("ObjectConflict")));
    let found =
        w.graph(&token, "GET", "/users?$filter=userPrincipalName eq 'o''neil@northwind.onmicrosoft.com'", None).await.1;
    assert_eq!(found["value"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn nobody_without_the_role_creates_users_or_assigns_roles() {
    let w = world().await;
    let token = w.admin_token(NORTHWIND).await;
    // Consent for all, then an ordinary person with the same scopes
    let page = w.open(&w.authorize_path(NORTHWIND, &[("prompt", "consent")])).await.page();
    let page = w.enter(&page, &w.admin(NORTHWIND)).await.page();
    w.step(&page, &[("answer", "accept"), ("for_all", "yes")]).await.query();
    let upn = "person@northwind.onmicrosoft.com";
    w.sim.control().set_password_outside(NORTHWIND, upn, FIRST);
    let person = vitrine_entra_sim::Admin { user_name: upn.into(), password: FIRST.into(), totp_secret: None };
    let code_ = w.code(NORTHWIND, &person, &[]).await;
    let theirs = w.redeem(NORTHWIND, &code_, VERIFIER).await.1["access_token"].as_str().unwrap().to_owned();
    let body = json!({ "accountEnabled": true, "displayName": "X", "mailNickname": "x", "userPrincipalName": "x@northwind.onmicrosoft.com", "passwordProfile": { "password": SECOND } });
    assert_eq!(w.graph(&theirs, "POST", "/users", Some(body)).await.0, 403);
    let me = w.graph(&token, "GET", "/me", None).await.1;
    let body = json!({ "roleDefinitionId": PRIVILEGED_AUTH_ADMIN, "principalId": me["id"], "directoryScopeId": "/" });
    assert_eq!(w.graph(&theirs, "POST", "/roleManagement/directory/roleAssignments", Some(body)).await.0, 403);
}

#[tokio::test]
async fn role_assignments_are_found_expanded_refused_twice_and_not_removed_by_oneself() {
    let w = world().await;
    let token = w.admin_token(CONTOSO).await;
    let (id, _) = w.emergency_account(&token, CONTOSO, "ea-1", FIRST).await;
    let filter = format!(
        "/roleManagement/directory/roleAssignments?$filter=principalId eq '{id}' and roleDefinitionId eq '{GLOBAL_ADMIN}'&$expand=principal"
    );
    let found = w.graph(&token, "GET", &filter, None).await.1;
    assert_eq!(found["value"][0]["principal"]["userPrincipalName"], "ea-1@contoso.onmicrosoft.com");
    let body = json!({ "roleDefinitionId": GLOBAL_ADMIN, "principalId": id, "directoryScopeId": "/" });
    let (status, body) = w.graph(&token, "POST", "/roleManagement/directory/roleAssignments", Some(body)).await;
    assert_eq!((status, body["error"]["details"][0]["code"].as_str()), (400, Some("ObjectConflict")));
    let me = w.graph(&token, "GET", "/me", None).await.1;
    let mine = w
        .graph(
            &token,
            "GET",
            &format!(
                "/roleManagement/directory/roleAssignments?$filter=principalId eq '{}'",
                me["id"].as_str().unwrap()
            ),
            None,
        )
        .await
        .1;
    let path = format!("/roleManagement/directory/roleAssignments/{}", mine["value"][0]["id"].as_str().unwrap());
    assert_eq!(w.graph(&token, "DELETE", &path, None).await.0, 400);
    let roles = w.graph(&token, "GET", &format!("/users/{id}/transitiveMemberOf/"), None).await.1;
    assert_eq!(roles["value"][0]["roleTemplateId"], GLOBAL_ADMIN);
}

#[tokio::test]
async fn created_objects_are_unknown_until_they_are_replicated() {
    let w = world().await;
    let token = w.admin_token(NORTHWIND).await;
    w.sim.control().change_settings(|s| s.replication_ms = 20_000);
    let body = json!({ "accountEnabled": true, "displayName": "X", "mailNickname": "x", "userPrincipalName": "x@northwind.onmicrosoft.com", "passwordProfile": { "password": FIRST } });
    let id = w.graph(&token, "POST", "/users", Some(body)).await.1["id"].as_str().unwrap().to_owned();
    let path = format!("/users/{id}");
    assert_eq!(code(&w.graph(&token, "GET", &path, None).await.1), "Request_ResourceNotFound");
    let role = json!({ "roleDefinitionId": GLOBAL_ADMIN, "principalId": id, "directoryScopeId": "/" });
    assert_eq!(w.graph(&token, "POST", "/roleManagement/directory/roleAssignments", Some(role)).await.0, 404);
    let app = w.graph(&token, "POST", "/applications", Some(json!({ "displayName": "A" }))).await.1;
    let (status, body) = w.graph(&token, "POST", "/servicePrincipals", Some(json!({ "appId": app["appId"] }))).await;
    assert_eq!((status, code(&body)), (400, "NoBackingApplicationObject"));
    w.sim.control().advance_clock(21_000);
    assert_eq!(w.graph(&token, "GET", &path, None).await.0, 200);
}

#[tokio::test]
async fn the_proof_of_a_change_can_lag_behind_it() {
    let w = world().await;
    let token = w.admin_token(NORTHWIND).await;
    let (id, _) = w.emergency_account(&token, NORTHWIND, "ea-1", FIRST).await;
    w.sim.control().change_settings(|s| s.proof_delay_ms = 10_000);
    let path = format!("/users/{id}?$select=lastPasswordChangeDateTime");
    let before = w.graph(&token, "GET", &path, None).await.1;
    assert_eq!(w.graph(&token, "PATCH", &format!("/users/{id}"), Some(password(SECOND))).await.0, 204);
    assert_eq!(w.graph(&token, "GET", &path, None).await.1, before);
    w.sim.control().advance_clock(11_000);
    assert_ne!(w.graph(&token, "GET", &path, None).await.1, before);
}

#[tokio::test]
async fn a_deleted_user_is_gone_and_can_be_restored() {
    let w = world().await;
    let token = w.admin_token(NORTHWIND).await;
    let (id, upn) = w.emergency_account(&token, NORTHWIND, "ea-1", FIRST).await;
    assert_eq!(w.graph(&token, "DELETE", &format!("/users/{id}"), None).await.0, 204);
    assert_eq!(w.graph(&token, "GET", &format!("/users/{id}"), None).await.0, 404);
    assert!(!w.sim.control().password_accepted(NORTHWIND, &upn, FIRST));
    let (status, body) = w.graph(&token, "POST", &format!("/directory/deletedItems/{id}/restore"), None).await;
    assert_eq!(status, 200, "{body}");
    assert!(w.sim.control().password_accepted(NORTHWIND, &upn, FIRST));
    w.graph(&token, "DELETE", &format!("/users/{id}"), None).await;
    w.sim.control().advance_clock(31 * 24 * 3600 * 1000);
    let token = w.admin_token(NORTHWIND).await;
    assert_eq!(w.graph(&token, "POST", &format!("/directory/deletedItems/{id}/restore"), None).await.0, 404);
}

#[tokio::test]
async fn pages_follow_an_absolute_link() {
    let w = world().await;
    let token = w.admin_token(NORTHWIND).await;
    let mut next = format!("{}/v1.0/users?$top=2&$select=id", w.sim.urls().graph);
    let mut seen = 0;
    loop {
        let body: Value = w.http.get(&next).bearer_auth(&token).send().await.unwrap().json().await.unwrap();
        seen += body["value"].as_array().unwrap().len();
        match body["@odata.nextLink"].as_str() {
            Some(link) => {
                assert!(link.starts_with(&w.sim.urls().graph));
                next = link.to_owned();
            }
            None => break,
        }
    }
    assert_eq!(seen, 3);
}

#[tokio::test]
async fn a_batch_answers_each_member_for_itself() {
    let w = world().await;
    let token = w.admin_token(NORTHWIND).await;
    let body = json!({ "requests": [
        { "id": "1", "method": "GET", "url": "/me" },
        { "id": "2", "method": "GET", "url": "/users/nobody" },
        { "id": "3", "method": "GET", "url": "/me", "dependsOn": ["2"] },
        { "id": "4", "method": "PATCH", "url": "/me", "body": {} },
    ]});
    let (status, body) = w.graph(&token, "POST", "/$batch", Some(body)).await;
    assert_eq!(status, 200, "{body}");
    let status = |id: &str| {
        body["responses"].as_array().unwrap().iter().find(|r| r["id"] == id).unwrap()["status"].as_u64().unwrap()
    };
    assert_eq!((status("1"), status("2"), status("3"), status("4")), (200, 404, 424, 400));
    let many: Vec<Value> = (0..21).map(|n| json!({ "id": n.to_string(), "method": "GET", "url": "/me" })).collect();
    assert_eq!(w.graph(&token, "POST", "/$batch", Some(json!({ "requests": many }))).await.0, 400);
}

#[tokio::test]
async fn a_connection_renews_its_own_certificate_by_proof_and_needs_no_permission() {
    let w = world().await;
    let c = w.connection(CONTOSO, &["User.Read.All", "Application.Read.All"], None).await;
    let token = w.app_token(&c).await;
    let fresh = Certificate::make();
    let path = format!("/applications/{}", c.object_id);
    let with =
        |proof: String| json!({ "keyCredential": fresh.credential(), "passwordCredential": null, "proof": proof });
    let now = w.sim.control().now_ms();
    let (status, body) =
        w.graph(&token, "POST", &format!("{path}/addKey"), Some(with(fresh.proof(&c.object_id, now)))).await;
    assert_eq!(
        (status, code(&body)),
        (400, "Authentication_MissingOrMalformed"),
        "a proof by the new key proves nothing"
    );
    let (status, body) =
        w.graph(&token, "POST", &format!("{path}/addKey"), Some(with(c.certificate.proof(&c.object_id, now)))).await;
    assert_eq!(status, 200, "{body}");
    let renewed = fresh.assertion(&w.audience(&c), &c.app_id, now, Kind::Ps256);
    assert_eq!(w.app_token_answer(&c, &renewed).await.0, 200);
    let keys = w.graph(&token, "GET", &path, None).await.1;
    let old = keys["keyCredentials"][0]["keyId"].clone();
    let body = json!({ "keyId": old, "proof": fresh.proof(&c.object_id, now) });
    assert_eq!(w.graph(&token, "POST", &format!("{path}/removeKey"), Some(body)).await.0, 204);
    let assertion = c.certificate.assertion(&w.audience(&c), &c.app_id, now, Kind::Ps256);
    assert_eq!(w.app_token_answer(&c, &assertion).await.1["error_codes"][0], 700_027);
}

#[tokio::test]
async fn a_proof_of_possession_is_judged_as_microsofts_page_says() {
    let w = world().await;
    let c = w.connection(CONTOSO, &[], None).await;
    let token = w.app_token(&c).await;
    let fresh = Certificate::make();
    let now = w.sim.control().now_ms();
    let add = async |proof: String| {
        let body = json!({ "keyCredential": fresh.credential(), "passwordCredential": null, "proof": proof });
        w.graph(&token, "POST", &format!("/applications/{}/addKey", c.object_id), Some(body)).await.0
    };
    let changed = |name: &str, value: Value| {
        let mut claims = Certificate::proof_claims(&c.object_id, now);
        claims[name] = value;
        c.certificate.sign(&claims, Kind::Rs256)
    };
    let second = now / 1000;
    for (why, proof) in [
        ("issued by the client id", changed("iss", c.app_id.clone().into())),
        ("for Azure AD Graph", changed("aud", "00000002-0000-0000-c000-000000000000".into())),
        ("longer than ten minutes", changed("exp", (second + 601).into())),
        ("over", c.certificate.proof(&c.object_id, now - 700_000)),
        ("without a beginning", changed("nbf", Value::Null)),
        ("signed in another way", c.certificate.sign(&Certificate::proof_claims(&c.object_id, now), Kind::Ps256)),
        ("no token", "proof".to_owned()),
    ] {
        assert_eq!(add(proof).await, 400, "{why}");
    }
    let ended = TenantChange {
        tenant: CONTOSO.to_owned(),
        end_certificates: Some(c.app_id.clone()),
        ..TenantChange::default()
    };
    w.sim.control().change_tenant(&ended).unwrap();
    assert_eq!(add(c.certificate.proof(&c.object_id, now)).await, 400, "signed by a certificate that has ended");

    let w = world().await;
    let c = w.connection(CONTOSO, &[], None).await;
    let older = TenantChange {
        tenant: CONTOSO.to_owned(),
        add_trait: Some(Trait::OlderProofAudience),
        ..TenantChange::default()
    };
    w.sim.control().change_tenant(&older).unwrap();
    let token = w.app_token(&c).await;
    let mut claims = Certificate::proof_claims(&c.object_id, now);
    claims["aud"] = "00000002-0000-0000-c000-000000000000".into();
    let proof = c.certificate.sign(&claims, Kind::Rs256);
    let body = json!({ "keyCredential": fresh.credential(), "passwordCredential": null, "proof": proof });
    let (status, body) = w.graph(&token, "POST", &format!("/applications/{}/addKey", c.object_id), Some(body)).await;
    assert_eq!(status, 200, "{body}");
}

#[tokio::test]
async fn a_permission_taken_away_is_missing_from_the_next_token() {
    let w = world().await;
    let c = w.connection(CONTOSO, &["User.Read.All"], None).await;
    let taken = TenantChange {
        tenant: CONTOSO.to_owned(),
        remove_permission: Some(PermissionChange {
            principal: c.app_id.clone(),
            permission: "User.Read.All".to_owned(),
        }),
        ..TenantChange::default()
    };
    let before = w.app_token(&c).await;
    w.sim.control().change_tenant(&taken).unwrap();
    assert!(w.sim.control().change_tenant(&taken).is_err(), "it is gone already");
    assert_eq!(w.graph(&before, "GET", "/users?$top=1", None).await.0, 200, "an older token keeps what it holds");
    let after = w.app_token(&c).await;
    assert_eq!(w.graph(&after, "GET", "/users?$top=1", None).await.0, 403);
    let seen = w.sim.control().applications(CONTOSO);
    assert!(seen.iter().any(|a| a.app_id == c.app_id && a.permissions.is_empty() && a.certificates.len() == 1));
}

#[tokio::test]
async fn secrets_are_refused_where_policy_forbids_them() {
    let w = world().await;
    for (tenant, wanted) in [("litware.onmicrosoft.com", 400), (NORTHWIND, 200)] {
        let token = w.admin_token(tenant).await;
        let app = w.graph(&token, "POST", "/applications", Some(json!({ "displayName": "A" }))).await.1;
        let path = format!("/applications/{}/addPassword", app["id"].as_str().unwrap());
        let (status, body) =
            w.graph(&token, "POST", &path, Some(json!({ "passwordCredential": { "displayName": "s" } }))).await;
        assert_eq!(status, wanted, "{body}");
        if wanted == 400 {
            assert_eq!(code(&body), "CredentialTypeNotAllowedAsPerAppPolicy");
        } else {
            assert!(body["secretText"].is_string());
            let again = w.graph(&token, "GET", &format!("/applications/{}", app["id"].as_str().unwrap()), None).await.1;
            assert!(again["passwordCredentials"][0]["secretText"].is_null());
        }
    }
}

#[tokio::test]
async fn without_p1_the_sign_in_log_and_conditional_access_are_refused() {
    let w = world().await;
    let token = w.admin_token(NORTHWIND).await;
    let (status, body) = w.graph(&token, "GET", "/auditLogs/signIns", None).await;
    assert_eq!((status, code(&body)), (403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant"));
    assert_eq!(w.graph(&token, "GET", "/auditLogs/directoryAudits", None).await.0, 200);
    assert_eq!(w.graph(&token, "GET", "/identity/conditionalAccess/policies", None).await.0, 403);
    let skus = w.graph(&token, "GET", "/subscribedSkus", None).await.1;
    assert!(!skus.to_string().contains("AAD_PREMIUM"));
}

#[tokio::test]
async fn conditional_access_allows_one_request_a_second_and_does_not_say_when() {
    let w = world().await;
    let token = w.admin_token(FABRIKAM).await;
    let path = "/identity/conditionalAccess/policies";
    let (status, body) = w.graph(&token, "GET", path, None).await;
    assert_eq!(status, 200);
    assert_eq!(body["value"][0]["conditions"]["authenticationFlows"]["transferMethods"], "deviceCodeFlow");
    let mut refused = false;
    for _ in 0..5 {
        let (status, _, headers) = w.graph_full(&token, "GET", path, None).await;
        if status == 429 {
            assert!(headers.get("retry-after").is_none());
            refused = true;
        }
    }
    assert!(refused);
    w.sim.control().advance_clock(1100);
    assert_eq!(w.graph(&token, "GET", path, None).await.0, 200);
}

#[tokio::test]
async fn the_tenant_bucket_runs_dry_and_says_for_how_long() {
    let w = world().await;
    let token = w.admin_token(NORTHWIND).await;
    // 3,000 writes in 150 s; twenty in one batch
    let members: Vec<Value> = (0..20).map(|n| json!({ "id": n.to_string(), "method": "PATCH", "url": "/users/x", "headers": { "Content-Type": "application/json" }, "body": {} })).collect();
    let mut throttled = None;
    for _ in 0..200 {
        let body = w.graph(&token, "POST", "/$batch", Some(json!({ "requests": members }))).await.1;
        throttled = body["responses"].as_array().unwrap().iter().find(|r| r["status"] == 429).cloned();
        if throttled.is_some() {
            break;
        }
    }
    let throttled = throttled.expect("a member is throttled");
    assert!(throttled["headers"]["Retry-After"].is_string());
}

#[tokio::test]
async fn methods_of_an_account_show_a_strangers_phone() {
    let w = world().await;
    let token = w.admin_token(CONTOSO).await;
    let (id, upn) = w.emergency_account(&token, CONTOSO, "ea-1", FIRST).await;
    let phone = TenantChange {
        tenant: CONTOSO.into(),
        add_phone: Some(PhoneChange { user_name: upn, number: "+1 5550100".into() }),
        ..TenantChange::default()
    };
    w.sim.control().change_tenant(&phone).unwrap();
    let all = w.graph(&token, "GET", &format!("/users/{id}/authentication/methods"), None).await.1;
    assert!(all.to_string().contains("phoneAuthenticationMethod"));
    let phones = w.graph(&token, "GET", &format!("/users/{id}/authentication/phoneMethods"), None).await.1;
    let path = format!("/users/{id}/authentication/phoneMethods/{}", phones["value"][0]["id"].as_str().unwrap());
    assert_eq!(w.graph(&token, "DELETE", &path, None).await.0, 204);
}

#[tokio::test]
async fn a_temporary_access_pass_is_shown_once() {
    let w = world().await;
    let token = w.admin_token(CONTOSO).await;
    let (id, _) = w.emergency_account(&token, CONTOSO, "ea-1", FIRST).await;
    let path = format!("/users/{id}/authentication/temporaryAccessPassMethods");
    let (status, made) =
        w.graph(&token, "POST", &path, Some(json!({ "lifetimeInMinutes": 60, "isUsableOnce": true }))).await;
    assert_eq!(status, 201, "{made}");
    assert!(made["temporaryAccessPass"].is_string());
    assert!(w.graph(&token, "GET", &path, None).await.1["value"][0]["temporaryAccessPass"].is_null());
}

#[tokio::test]
async fn the_asynchronous_reset_is_for_people_only_and_forces_a_change() {
    let w = world().await;
    let token = w.admin_token(CONTOSO).await;
    let (id, _) = w.emergency_account(&token, CONTOSO, "ea-1", FIRST).await;
    let path = format!("/users/{id}/authentication/methods/28c10230-6103-485e-b985-444c60001490/resetPassword");
    let (status, _, headers) = w.graph_full(&token, "POST", &path, Some(json!({ "newPassword": "short" }))).await;
    assert_eq!(status, 202);
    let place = headers["location"].to_str().unwrap().split("/v1.0").nth(1).unwrap().to_owned();
    assert_eq!(w.graph(&token, "GET", &place, None).await.1["status"], "failed");
    let c = w.connection(CONTOSO, &["UserAuthenticationMethod.ReadWrite.All"], Some(PRIVILEGED_AUTH_ADMIN)).await;
    let app = w.app_token(&c).await;
    assert_eq!(w.graph(&app, "POST", &path, Some(json!({}))).await.0, 403);
}

#[tokio::test]
async fn tokens_missing_forged_or_over_are_refused_with_401() {
    let w = world().await;
    let token = w.admin_token(NORTHWIND).await;
    for bad in ["", "x.y.z", &format!("{token}x")] {
        let (status, body) = w.graph(bad, "GET", "/me", None).await;
        assert_eq!((status, code(&body)), (401, "InvalidAuthenticationToken"));
    }
    w.sim.control().advance_clock(3_600_000);
    assert_eq!(w.graph(&token, "GET", "/me", None).await.0, 401);
}

#[tokio::test]
async fn a_claims_challenge_is_answered_by_a_token_that_carries_it() {
    let w = world().await;
    let session = w.session(NORTHWIND).await;
    let token = session["access_token"].as_str().unwrap();
    let challenge = TenantChange {
        tenant: NORTHWIND.into(),
        claims_challenge: Some("1700000000".into()),
        ..TenantChange::default()
    };
    w.sim.control().change_tenant(&challenge).unwrap();
    let (status, _, headers) = w.graph_full(token, "GET", "/me", None).await;
    assert_eq!(status, 401);
    let asked = between(headers["www-authenticate"].to_str().unwrap(), "claims=\"", "\"").unwrap();
    let claims = String::from_utf8(data_encoding::BASE64.decode(asked.as_bytes()).unwrap()).unwrap();
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", w.sim.client_id()),
        ("refresh_token", session["refresh_token"].as_str().unwrap()),
        ("claims", claims.as_str()),
    ];
    let fresh = w.token_request(NORTHWIND, &fields).await.1;
    assert_eq!(w.graph(fresh["access_token"].as_str().unwrap(), "GET", "/me", None).await.0, 200);
}

#[tokio::test]
async fn a_tenant_whose_domains_are_all_federated_takes_no_account() {
    let w = world().await;
    let tailspin = "tailspin.onmicrosoft.com";
    let token = w.admin_token(tailspin).await;
    let domains = w.graph(&token, "GET", "/domains", None).await.1;
    assert!(domains["value"].as_array().unwrap().iter().all(|d| d["authenticationType"] == "Federated"));
    let body = json!({ "accountEnabled": true, "displayName": "X", "mailNickname": "x", "userPrincipalName": format!("x@{tailspin}"), "passwordProfile": { "password": FIRST } });
    assert_eq!(w.graph(&token, "POST", "/users", Some(body)).await.0, 400);
}

#[tokio::test]
async fn ending_sessions_ends_refresh_tokens() {
    let w = world().await;
    let session = w.session(NORTHWIND).await;
    let token = session["access_token"].as_str().unwrap();
    w.sim.control().advance_clock(1000);
    let (status, body) =
        w.graph(token, "POST", "/users/admin@northwind.onmicrosoft.com/revokeSignInSessions", None).await;
    assert_eq!((status, body["value"].as_bool()), (200, Some(true)), "{body}");
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", w.sim.client_id()),
        ("refresh_token", session["refresh_token"].as_str().unwrap()),
    ];
    assert_eq!(w.token_request(NORTHWIND, &fields).await.1["error_codes"][0], 50173);
}

#[tokio::test]
async fn an_oversized_or_malformed_body_gets_an_error_and_no_harm() {
    let w = world_with(SimOptions::default()).await;
    let token = w.admin_token(NORTHWIND).await;
    let url = format!("{}/v1.0/users", w.sim.urls().graph);
    for body in ["{", "[1]", "\"x\"", "nul"] {
        let answer = w
            .http
            .post(&url)
            .bearer_auth(&token)
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 400, "{body}");
    }
    assert_eq!(w.graph(&token, "GET", "/nothing/like/this", None).await.0, 400);
    assert_eq!(w.graph(&token, "GET", "/me", None).await.0, 200);
}

#[tokio::test]
async fn an_app_reads_itself_without_a_permission_and_neither_its_owners_nor_others() {
    let w = world().await;
    let c = w.connection(CONTOSO, &["User.Read.All"], None).await;
    let app = w.app_token(&c).await;
    let own = format!("/applications/{}?$select=id,keyCredentials,passwordCredentials", c.object_id);
    let (status, body) = w.graph(&app, "GET", &own, None).await;
    assert!(status == 200 && body["keyCredentials"][0]["key"].is_string(), "{body}");
    let principal = format!("/servicePrincipals/{}?$select=id,keyCredentials,passwordCredentials", c.principal_id);
    assert_eq!(w.graph(&app, "GET", &principal, None).await.0, 200);
    for refused in [
        "/applications".to_owned(),
        format!("/applications/{}/owners", c.object_id),
        format!("/applications/{}/federatedIdentityCredentials", c.object_id),
        format!("/servicePrincipals/{}/owners", c.principal_id),
    ] {
        assert_eq!(w.graph(&app, "GET", &refused, None).await.0, 403, "{refused}");
    }
}

#[tokio::test]
async fn what_somebody_planted_is_listed_and_an_admin_takes_it_away() {
    let w = world().await;
    let c = w.connection(CONTOSO, &["Application.Read.All"], None).await;
    let (app, admin) = (w.app_token(&c).await, w.admin_token(CONTOSO).await);
    let plant = |what, on_principal, name: &str| {
        let planted = Planted { app_id: c.app_id.clone(), on_principal, what, name: name.into() };
        let change = TenantChange { tenant: CONTOSO.into(), plant: Some(planted), ..TenantChange::default() };
        w.sim.control().change_tenant(&change).unwrap();
    };
    plant(PlantedWhat::Owner, false, "person@contoso.onmicrosoft.com");
    plant(PlantedWhat::Owner, true, "person@contoso.onmicrosoft.com");
    plant(PlantedWhat::Federated, false, "Build server");
    plant(PlantedWhat::Secret, true, "Window");
    let (registration, principal) =
        (format!("/applications/{}", c.object_id), format!("/servicePrincipals/{}", c.principal_id));
    for of in [&registration, &principal] {
        let owners = w.graph(&app, "GET", &format!("{of}/owners"), None).await.1;
        let owner = owners["value"][0]["id"].as_str().unwrap().to_owned();
        let path = format!("{of}/owners/{owner}/$ref");
        assert_eq!(w.graph(&app, "DELETE", &path, None).await.0, 403, "reading is not removing");
        assert_eq!(w.graph(&admin, "DELETE", &path, None).await.0, 204);
        assert_eq!(w.graph(&admin, "DELETE", &path, None).await.0, 404);
    }
    let list = format!("{registration}/federatedIdentityCredentials");
    let trusted = w.graph(&app, "GET", &list, None).await.1;
    let path = format!("{list}/{}", trusted["value"][0]["id"].as_str().unwrap());
    assert_eq!(w.graph(&admin, "DELETE", &path, None).await.0, 204);
    let keys = w.graph(&app, "GET", &format!("{principal}?$select=id,passwordCredentials"), None).await.1;
    let secret = json!({ "keyId": keys["passwordCredentials"][0]["keyId"] });
    assert_eq!(w.graph(&admin, "POST", &format!("{principal}/removePassword"), Some(secret)).await.0, 204);
}
