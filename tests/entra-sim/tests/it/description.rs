//! The simulator against Microsoft's own description of Graph, where that file is at hand.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use vitrine_entra_sim::{Sim, SimOptions};

use crate::client::*;

/// The description, or a word on why the test has nothing to do.
fn description() -> Option<Value> {
    let Some(path) = std::env::var_os("VITRINE_GRAPH_OPENAPI") else {
        eprintln!("skipped: VITRINE_GRAPH_OPENAPI names no description of Graph");
        return None;
    };
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: the file named by VITRINE_GRAPH_OPENAPI is absent");
        return None;
    };
    let mut all: Value = serde_norway::from_str(&text).unwrap();
    let further: Value = serde_norway::from_str(include_str!("../../description/further.yaml")).unwrap();
    for (path, operations) in further["paths"].as_object().unwrap() {
        assert!(all["paths"][path].is_null(), "{path} is described twice");
        all["paths"][path] = operations.clone();
    }
    Some(all)
}

/// Calls every operation, well and badly, and finds nothing that the description does not know.
#[tokio::test]
async fn every_answer_fits_the_description() {
    if description().is_none() {
        return;
    }
    let w = world().await;
    assert!(w.sim.control().validates());
    let c = w
        .connection(CONTOSO, &["User-PasswordProfile.ReadWrite.All", "User.Read.All"], Some(PRIVILEGED_AUTH_ADMIN))
        .await;
    let token = w.admin_token(CONTOSO).await;
    let (id, _) = w.emergency_account(&token, CONTOSO, "ea-1", "First-Zq7!mmvv").await;
    let app = w.app_token(&c).await;
    let body = json!({ "passwordProfile": { "password": "Second-Wx8!kkpp", "forceChangePasswordNextSignIn": false } });
    assert_eq!(w.graph(&app, "PATCH", &format!("/users/{id}"), Some(body)).await.0, 204);
    let users = format!("/users/{id}");
    let methods = format!("{users}/authentication");
    let tenant = w.tenant_id(CONTOSO);
    let reads = [
        "/organization".to_owned(),
        format!("/organization/{tenant}"),
        "/domains".to_owned(),
        format!("/domains/{CONTOSO}"),
        "/subscribedSkus".to_owned(),
        "/me".to_owned(),
        "/users?$top=1".to_owned(),
        format!(
            "{users}?$select=id,userPrincipalName,accountEnabled,lastPasswordChangeDateTime,passwordPolicies,signInSessionsValidFromDateTime,onPremisesSyncEnabled,userType,identities,passwordProfile"
        ),
        format!("{users}/memberOf"),
        format!("{users}/transitiveMemberOf"),
        "/roleManagement/directory/roleDefinitions".to_owned(),
        format!("/roleManagement/directory/roleDefinitions/{GLOBAL_ADMIN}"),
        format!(
            "/roleManagement/directory/roleAssignments?$filter=roleDefinitionId eq '{GLOBAL_ADMIN}'&$expand=principal"
        ),
        format!(
            "/roleManagement/directory/roleAssignments?$filter=principalId eq '{}'&$expand=principal",
            c.principal_id
        ),
        format!("/roleManagement/directory/roleAssignmentScheduleInstances?$filter=principalId eq '{id}'"),
        "/roleManagement/directory/roleEligibilityScheduleInstances".to_owned(),
        "/directoryRoles".to_owned(),
        format!("/directoryRoles/roleTemplateId='{GLOBAL_ADMIN}'/members"),
        format!("{methods}/methods"),
        format!("{methods}/passwordMethods"),
        format!("{methods}/temporaryAccessPassMethods"),
        format!("{methods}/fido2Methods"),
        format!("{methods}/softwareOathMethods"),
        format!("{methods}/phoneMethods"),
        format!("{methods}/microsoftAuthenticatorMethods"),
        "/policies/authenticationMethodsPolicy".to_owned(),
        "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations".to_owned(),
        "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/Fido2".to_owned(),
        "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/TemporaryAccessPass".to_owned(),
        "/policies/authorizationPolicy".to_owned(),
        "/policies/identitySecurityDefaultsEnforcementPolicy".to_owned(),
        "/policies/defaultAppManagementPolicy".to_owned(),
        "/identity/conditionalAccess/policies".to_owned(),
        "/applications".to_owned(),
        format!("/applications/{}", c.object_id),
        "/servicePrincipals".to_owned(),
        format!("/servicePrincipals/{}", c.principal_id),
        format!("/servicePrincipals/{}/owners", c.principal_id),
        format!("/applications/{}/owners", c.object_id),
        format!("/applications/{}/federatedIdentityCredentials", c.object_id),
        format!("/servicePrincipals/{}/appRoleAssignments", c.principal_id),
        format!("/servicePrincipals/{}/appRoleAssignedTo", c.principal_id),
        "/oauth2PermissionGrants".to_owned(),
        "/auditLogs/signIns?$top=5".to_owned(),
        "/auditLogs/directoryAudits".to_owned(),
    ];
    for path in &reads {
        let (status, body) = w.graph(&token, "GET", path, None).await;
        assert_eq!(status, 200, "{path}: {body}");
    }
    w.graph(&token, "DELETE", &format!("/applications/{}/owners/{id}/$ref", c.object_id), None).await;
    let pass = Some(json!({ "lifetimeInMinutes": 60, "isUsableOnce": true }));
    w.graph(&token, "POST", &format!("{methods}/temporaryAccessPassMethods"), pass).await;
    let reset = format!("{methods}/methods/28c10230-6103-485e-b985-444c60001490/resetPassword");
    let (_, _, headers) = w.graph_full(&token, "POST", &reset, Some(json!({ "newPassword": null }))).await;
    let place = headers["location"].to_str().unwrap().split("/v1.0").nth(1).unwrap().to_owned();
    w.graph(&token, "GET", &place, None).await;
    w.graph(&token, "POST", &format!("{users}/revokeSignInSessions"), None).await;
    w.graph(&token, "POST", "/$batch", Some(json!({ "requests": [{ "id": "1", "method": "GET", "url": "/me" }] })))
        .await;
    w.graph(&token, "PATCH", &users, Some(json!({ "passwordProfile": { "password": "x" } }))).await;
    w.graph(&app, "GET", "/applications", None).await;
    w.graph("bad", "GET", "/me", None).await;
    assert_eq!(w.graph(&token, "DELETE", &users, None).await.0, 204);
    w.graph(&token, "POST", &format!("/directory/deletedItems/{id}/restore"), None).await;
    assert_eq!(w.sim.control().violations(), Vec::<Value>::new());
}

/// A checker that finds nothing in a wrong request would make the test above worthless.
#[tokio::test]
async fn what_graph_does_not_know_is_a_violation() {
    if description().is_none() {
        return;
    }
    let w = world().await;
    let token = w.admin_token(NORTHWIND).await;
    w.graph(&token, "GET", "/me?$inventedOption=1", None).await;
    w.graph(&token, "GET", "/no/such/operation", None).await;
    w.graph("bad", "POST", "/users", Some(json!({ "displayNmae": "secret-value" }))).await;
    let found = w.sim.control().violations();
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(!json!(found).to_string().contains("secret-value"), "values stay out of the report");
}

/// What a journey did wrong is said by the end of its cloud, whoever forgot to ask.
#[tokio::test]
async fn a_cloud_that_must_fit_does_not_end_quietly_after_a_violation() {
    if description().is_none() {
        return;
    }
    let ends = |sim| std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop::<Sim>(sim)));
    let must_fit = || SimOptions { seed: 7, must_fit: true, ..SimOptions::default() };
    let w = world_with(must_fit()).await;
    let token = w.admin_token(NORTHWIND).await;
    w.graph(&token, "GET", "/me?$inventedOption=1", None).await;
    assert!(ends(w.sim).is_err(), "it said nothing");
    let w = world_with(must_fit()).await;
    let token = w.admin_token(NORTHWIND).await;
    w.graph(&token, "GET", "/me", None).await;
    assert!(ends(w.sim).is_ok(), "nothing was wrong");
}

/// Our own document promises no operation and no permission that Microsoft's does not have.
#[tokio::test]
async fn the_own_document_agrees_with_the_description() {
    let Some(theirs) = description() else { return };
    let w = world().await;
    let ours: Value = w.http.get(&w.sim.urls().docs).send().await.unwrap().json().await.unwrap();
    let (mut compared, mut strange) = (0, Vec::new());
    for (path, item) in ours["paths"].as_object().unwrap() {
        let Some(path) = path.strip_prefix("/v1.0") else { continue };
        for (method, operation) in item.as_object().unwrap().iter().filter(|(m, _)| *m != "servers") {
            let described = &theirs["paths"][path][method];
            assert!(described.is_object(), "{method} {path} is not Microsoft's");
            let success = operation["responses"].as_object().unwrap().keys().find(|s| s.starts_with('2')).unwrap();
            assert!(described["responses"][success].is_object(), "{method} {path} does not answer {success}");
            for kind in ["delegated", "application"] {
                // The data for a list and for one of its members leave different gaps; together they are whole.
                let family = theirs["paths"].as_object().unwrap().iter().filter(|(other, _)| {
                    let longer = |a: &str, b: &str| {
                        a.strip_prefix(b).is_some_and(|r| r.is_empty() || r.starts_with("/{") && !r[1..].contains('/'))
                    };
                    longer(other, path) || longer(path, other)
                });
                let known: BTreeSet<String> = family
                    .flat_map(|(_, item)| {
                        let published = &item[method]["x-ms-graph-permissions"][kind];
                        ["least", "other"].map(|k| published[k].as_array().cloned().unwrap_or_default()).concat()
                    })
                    .filter_map(|v| v.as_str().map(str::to_owned))
                    .collect();
                if known.is_empty() {
                    continue;
                }
                // The permission data leaves out the old scope that lets a person do what the person may do anyway.
                let ours = operation["x-permissions"][kind].as_array().unwrap().iter().filter_map(Value::as_str);
                for permission in ours.filter(|p| *p != "Directory.AccessAsUser.All" && !known.contains(*p)) {
                    strange.push(format!("{method} {path}: {permission} ({kind})"));
                }
            }
            compared += 1;
        }
    }
    assert_eq!(strange, Vec::<String>::new());
    assert!(compared > 60, "{compared}");
}

#[tokio::test]
async fn the_own_document_names_every_page_and_control() {
    let w = world().await;
    let document: Value = w.http.get(&w.sim.urls().docs).send().await.unwrap().json().await.unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    for path in
        ["/portal", "/signin", "/devicelogin", "/{tenant}/oauth2/v2.0/token", "/control/faults", "/control/reset"]
    {
        assert!(document["paths"][path].is_object(), "{path}");
    }
}
