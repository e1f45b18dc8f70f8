//! A plain client and a plain person: requests, forms, certificates.

use std::collections::HashMap;
use std::sync::Once;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::{digest, rsa, signature};
use data_encoding::{BASE64, BASE64URL, BASE64URL_NOPAD};
use reqwest::Method;
use serde_json::{Value, json};
use vitrine_entra_sim::{Admin, Sim, SimOptions, totp_code};

pub(crate) const CONTOSO: &str = "contoso.onmicrosoft.com";
pub(crate) const FABRIKAM: &str = "fabrikam.onmicrosoft.com";
pub(crate) const NORTHWIND: &str = "northwind.onmicrosoft.com";
pub(crate) const GLOBAL_ADMIN: &str = "62e90394-69f5-4237-9190-012177145e10";
pub(crate) const PRIVILEGED_AUTH_ADMIN: &str = "7be44c8a-adaf-4e2a-84d6-ab2649e08a13";
/// Everything the set-up of a connection needs.
pub(crate) const SETUP_SCOPES: &str = "openid profile offline_access User.Read User.ReadWrite.All \
    User-PasswordProfile.ReadWrite.All Application.ReadWrite.All AppRoleAssignment.ReadWrite.All \
    RoleManagement.ReadWrite.Directory Domain.Read.All Organization.Read.All Policy.Read.All AuditLog.Read.All \
    UserAuthenticationMethod.ReadWrite.All LicenseAssignment.Read.All DelegatedPermissionGrant.ReadWrite.All";

pub(crate) struct World {
    pub(crate) sim: Sim,
    pub(crate) http: reqwest::Client,
}

/// A form of a page: what it holds and where it goes.
pub(crate) struct Page {
    pub(crate) text: String,
}

impl Page {
    /// The value of the hidden field `flow`.
    pub(crate) fn flow(&self) -> String {
        between(&self.text, "name=\"flow\" value=\"", "\"").expect("a page of a sign-in")
    }

    pub(crate) fn secret(&self) -> String {
        between(&self.text, "id=\"totp-secret\">", "<").expect("the set-up page")
    }

    pub(crate) fn has(&self, text: &str) -> bool {
        self.text.contains(text)
    }
}

pub(crate) fn between(text: &str, before: &str, after: &str) -> Option<String> {
    let from = text.find(before)? + before.len();
    let until = text[from..].find(after)? + from;
    Some(text[from..until].to_owned())
}

/// Where a form or link led.
pub(crate) enum Landed {
    Page(Page),
    Redirect(String),
}

impl Landed {
    pub(crate) fn page(self) -> Page {
        match self {
            Self::Page(page) => page,
            Self::Redirect(to) => panic!("a page was expected, not {to}"),
        }
    }

    /// The query of the redirect address.
    pub(crate) fn query(self) -> HashMap<String, String> {
        match self {
            Self::Redirect(to) => url::Url::parse(&to).unwrap().query_pairs().into_owned().collect(),
            Self::Page(page) => panic!("a redirect was expected, not {}", page.text),
        }
    }
}

pub(crate) async fn world() -> World {
    world_with(SimOptions { seed: 7, ..SimOptions::default() }).await
}

pub(crate) fn http() -> reqwest::Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

pub(crate) async fn world_with(options: SimOptions) -> World {
    World { sim: Sim::start(options).await.unwrap(), http: http() }
}

impl World {
    pub(crate) fn login(&self, path: &str) -> String {
        format!("{}{path}", self.sim.urls().login)
    }

    pub(crate) fn admin(&self, tenant: &str) -> Admin {
        self.sim.admin(tenant).unwrap()
    }

    pub(crate) fn tenant_id(&self, tenant: &str) -> String {
        self.sim.tenants().into_iter().find(|t| t.initial_domain == tenant).unwrap().id
    }

    async fn land(&self, request: reqwest::RequestBuilder) -> Landed {
        let answer = request.send().await.unwrap();
        if let Some(to) = answer.headers().get("location") {
            return Landed::Redirect(to.to_str().unwrap().to_owned());
        }
        Landed::Page(Page { text: answer.text().await.unwrap() })
    }

    pub(crate) async fn open(&self, path: &str) -> Landed {
        self.land(self.http.get(self.login(path))).await
    }

    pub(crate) async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Landed {
        self.land(self.http.post(self.login(path)).form(fields)).await
    }

    pub(crate) async fn step(&self, page: &Page, fields: &[(&str, &str)]) -> Landed {
        let flow = page.flow();
        let mut all = vec![("flow", flow.as_str())];
        all.extend_from_slice(fields);
        self.submit("/signin", &all).await
    }

    /// User name, password, and the code if it is asked for.
    pub(crate) async fn enter(&self, page: &Page, who: &Admin) -> Landed {
        let next = self.step(page, &[("login", &who.user_name), ("passwd", &who.password)]).await;
        match (next, &who.totp_secret) {
            (Landed::Page(page), Some(secret)) if page.has("name=\"otc\"") => {
                let code = totp_code(secret, self.sim.control().now_ms()).unwrap();
                self.step(&page, &[("otc", &code)]).await
            }
            (next, _) => next,
        }
    }

    pub(crate) async fn token_request(&self, tenant: &str, fields: &[(&str, &str)]) -> (u16, Value) {
        let answer =
            self.http.post(self.login(&format!("/{tenant}/oauth2/v2.0/token"))).form(fields).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// An authorization address with PKCE; `more` overrides and adds.
    pub(crate) fn authorize_path(&self, tenant: &str, more: &[(&str, &str)]) -> String {
        let mut query: Vec<(&str, &str)> = vec![
            ("client_id", self.sim.client_id()),
            ("response_type", "code"),
            ("redirect_uri", "http://localhost:49152/"),
            ("response_mode", "query"),
            ("scope", SETUP_SCOPES),
            ("state", "s t/1"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        for (name, value) in more {
            query.retain(|(n, _)| n != name);
            query.push((name, value));
        }
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        format!("/{tenant}/oauth2/v2.0/authorize?{query}")
    }

    /// Signs a person in by browser and returns the code.
    pub(crate) async fn code(&self, tenant: &str, who: &Admin, more: &[(&str, &str)]) -> String {
        let page = self.open(&self.authorize_path(tenant, more)).await.page();
        let landed = match self.enter(&page, who).await {
            Landed::Page(page) if page.has("id=\"permissions\"") => self.step(&page, &[("answer", "accept")]).await,
            landed => landed,
        };
        let query = landed.query();
        assert_eq!(query["state"], more.iter().find(|(n, _)| *n == "state").map_or("s t/1", |(_, v)| v));
        query["code"].clone()
    }

    pub(crate) async fn redeem(&self, tenant: &str, code: &str, verifier: &str) -> (u16, Value) {
        let fields = [
            ("grant_type", "authorization_code"),
            ("client_id", self.sim.client_id()),
            ("code", code),
            ("redirect_uri", "http://localhost:49152/"),
            ("code_verifier", verifier),
        ];
        self.token_request(tenant, &fields).await
    }

    /// An administrator's session: the whole token answer.
    pub(crate) async fn session(&self, tenant: &str) -> Value {
        let code = self.code(tenant, &self.admin(tenant), &[]).await;
        let (status, body) = self.redeem(tenant, &code, VERIFIER).await;
        assert_eq!(status, 200, "{body}");
        body
    }

    pub(crate) async fn admin_token(&self, tenant: &str) -> String {
        self.session(tenant).await["access_token"].as_str().unwrap().to_owned()
    }

    /// A call of Graph.
    pub(crate) async fn graph(&self, token: &str, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let (status, body, _) = self.graph_full(token, method, path, body).await;
        (status, body)
    }

    pub(crate) async fn graph_full(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> (u16, Value, reqwest::header::HeaderMap) {
        let answer = self.graph_request(token, method, path, body).send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let bytes = answer.bytes().await.unwrap();
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() };
        (status, body, headers)
    }

    pub(crate) fn graph_request(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> reqwest::RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = self.http.request(method, format!("{}/v1.0{path}", self.sim.urls().graph)).bearer_auth(token);
        match body {
            Some(body) => request.json(&body),
            None => request,
        }
    }

    /// A connection as the product makes it: application, certificate, permissions, role if `role` is set.
    pub(crate) async fn connection(&self, tenant: &str, permissions: &[&str], role: Option<&str>) -> Connection {
        let token = self.admin_token(tenant).await;
        let certificate = Certificate::make();
        let body = json!({ "displayName": "Vitrine", "signInAudience": "AzureADMyOrg", "keyCredentials": [certificate.credential()] });
        let (status, app) = self.graph(&token, "POST", "/applications", Some(body)).await;
        assert_eq!(status, 201, "{app}");
        let (status, sp) =
            self.graph(&token, "POST", "/servicePrincipals", Some(json!({ "appId": app["appId"] }))).await;
        assert_eq!(status, 201, "{sp}");
        let filter = "/servicePrincipals?$filter=appId eq '00000003-0000-0000-c000-000000000000'&$select=id,appRoles";
        let (_, resource) = self.graph(&token, "GET", filter, None).await;
        let resource = &resource["value"][0];
        for permission in permissions {
            let id = resource["appRoles"].as_array().unwrap().iter().find(|r| r["value"] == *permission).unwrap()["id"]
                .clone();
            let path = format!("/servicePrincipals/{}/appRoleAssignments", sp["id"].as_str().unwrap());
            let body = json!({ "principalId": sp["id"], "resourceId": resource["id"], "appRoleId": id });
            let (status, answer) = self.graph(&token, "POST", &path, Some(body)).await;
            assert_eq!(status, 201, "{answer}");
        }
        if let Some(role) = role {
            self.assign(&token, role, sp["id"].as_str().unwrap()).await;
        }
        Connection {
            tenant: self.tenant_id(tenant),
            app_id: app["appId"].as_str().unwrap().to_owned(),
            object_id: app["id"].as_str().unwrap().to_owned(),
            principal_id: sp["id"].as_str().unwrap().to_owned(),
            certificate,
        }
    }

    pub(crate) async fn assign(&self, token: &str, role: &str, principal: &str) {
        let body = json!({ "roleDefinitionId": role, "principalId": principal, "directoryScopeId": "/" });
        let (status, answer) = self.graph(token, "POST", "/roleManagement/directory/roleAssignments", Some(body)).await;
        assert_eq!(status, 201, "{answer}");
    }

    pub(crate) async fn app_token_answer(&self, c: &Connection, assertion: &str) -> (u16, Value) {
        let scope = format!("{}/.default", self.sim.urls().graph);
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", c.app_id.as_str()),
            ("scope", scope.as_str()),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", assertion),
        ];
        self.token_request(&c.tenant, &fields).await
    }

    pub(crate) async fn app_token(&self, c: &Connection) -> String {
        let assertion = c.certificate.assertion(&self.audience(c), &c.app_id, self.sim.control().now_ms(), Kind::Ps256);
        let (status, body) = self.app_token_answer(c, &assertion).await;
        assert_eq!(status, 200, "{body}");
        body["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) fn audience(&self, c: &Connection) -> String {
        self.login(&format!("/{}/oauth2/v2.0/token", c.tenant))
    }

    /// An emergency account with the Global Administrator role: id and user name.
    pub(crate) async fn emergency_account(
        &self,
        token: &str,
        tenant: &str,
        name: &str,
        password: &str,
    ) -> (String, String) {
        let upn = format!("{name}@{tenant}");
        let body = json!({
            "accountEnabled": true, "displayName": "Emergency access", "mailNickname": name, "userPrincipalName": upn,
            "passwordProfile": { "password": password, "forceChangePasswordNextSignIn": false },
        });
        let (status, user) = self.graph(token, "POST", "/users", Some(body)).await;
        assert_eq!(status, 201, "{user}");
        let id = user["id"].as_str().unwrap().to_owned();
        self.assign(token, GLOBAL_ADMIN, &id).await;
        (id, upn)
    }
}

pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(crate) struct Connection {
    pub(crate) tenant: String,
    pub(crate) app_id: String,
    pub(crate) object_id: String,
    pub(crate) principal_id: String,
    pub(crate) certificate: Certificate,
}

#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Ps256,
    Ps256Padded,
    Rs256,
}

pub(crate) struct Certificate {
    pub(crate) der: Vec<u8>,
    key: rsa::KeyPair,
}

impl Certificate {
    pub(crate) fn make() -> Self {
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
        let mut parameters = rcgen::CertificateParams::new(Vec::new()).unwrap();
        parameters.not_before = rcgen::date_time_ymd(2025, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(2099, 1, 1);
        let certificate = parameters.self_signed(&key).unwrap();
        Self { der: certificate.der().to_vec(), key: rsa::KeyPair::from_pkcs8(&key.serialize_der()).unwrap() }
    }

    pub(crate) fn credential(&self) -> Value {
        json!({ "type": "AsymmetricX509Cert", "usage": "Verify", "key": BASE64.encode(&self.der), "displayName": "Vitrine" })
    }

    pub(crate) fn assertion(&self, audience: &str, app_id: &str, now_ms: i64, kind: Kind) -> String {
        let now = now_ms / 1000;
        let claims = json!({ "aud": audience, "iss": app_id, "sub": app_id, "jti": "1", "nbf": now, "iat": now, "exp": now + 600 });
        self.sign(&claims, kind)
    }

    pub(crate) fn proof(&self, object_id: &str, now_ms: i64) -> String {
        self.sign(&Self::proof_claims(object_id, now_ms), Kind::Rs256)
    }

    pub(crate) fn proof_claims(object_id: &str, now_ms: i64) -> Value {
        let now = now_ms / 1000;
        json!({ "aud": "00000003-0000-0000-c000-000000000000", "iss": object_id, "nbf": now, "exp": now + 600 })
    }

    pub(crate) fn sign(&self, claims: &Value, kind: Kind) -> String {
        let print = |algorithm| digest::digest(algorithm, &self.der);
        let header = match kind {
            Kind::Ps256 => {
                json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": BASE64URL_NOPAD.encode(print(&digest::SHA256).as_ref()) })
            }
            Kind::Ps256Padded => {
                json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": BASE64URL.encode(print(&digest::SHA256).as_ref()) })
            }
            Kind::Rs256 => {
                json!({ "alg": "RS256", "typ": "JWT", "x5t": BASE64URL_NOPAD.encode(print(&digest::SHA1_FOR_LEGACY_USE_ONLY).as_ref()) })
            }
        };
        let text = format!(
            "{}.{}",
            BASE64URL_NOPAD.encode(header.to_string().as_bytes()),
            BASE64URL_NOPAD.encode(claims.to_string().as_bytes())
        );
        let algorithm: &'static dyn signature::RsaEncoding = match kind {
            Kind::Rs256 => &signature::RSA_PKCS1_SHA256,
            Kind::Ps256 | Kind::Ps256Padded => &signature::RSA_PSS_SHA256,
        };
        let mut mark = vec![0; self.key.public_modulus_len()];
        self.key.sign(algorithm, &SystemRandom::new(), text.as_bytes(), &mut mark).unwrap();
        format!("{text}.{}", BASE64URL_NOPAD.encode(&mark))
    }
}
