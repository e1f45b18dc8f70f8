//! From HTTP to the simulator and back: routers of the two hosts, faults before and after an answer, headers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Form, Path, Query, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, DATE, HeaderName, LOCATION, ORIGIN};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::Value;
use tokio::sync::watch;

use crate::clock;
use crate::control;
use crate::fault::Effect;
use crate::graph::batch::fault_error;
use crate::graph::call::{self, Reply};
use crate::graph::error::GraphError;
use crate::oauth::discovery::{self, Authority};
use crate::oauth::error::Refusal;
use crate::oauth::jwt::signing_key;
use crate::oauth::pages::{self, Page};
use crate::oauth::{flow, token};
use crate::openapi;
use crate::server::vanish;
use crate::world::World;

/// No request of the product is near this; a larger one is refused.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// What all handlers share.
pub(crate) struct Shared {
    world: Mutex<World>,
    stopping: watch::Receiver<bool>,
}

impl Shared {
    pub(crate) fn new(world: World, stopping: watch::Receiver<bool>) -> Self {
        Self { world: Mutex::new(world), stopping }
    }

    /// The state. A handler that panicked leaves it as it was: the next request may still use it.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Never answers; ends only with the simulator.
    async fn hang(&self) -> Response {
        let mut stopping = self.stopping.clone();
        let _ = stopping.wait_for(|s| *s).await;
        vanish()
    }
}

pub(crate) type App = Arc<Shared>;

/// The login host with the pages, the control endpoint and the documents.
pub(crate) fn login_router(shared: &App) -> Router {
    let tenant = Router::new()
        .route("/{tenant}/v2.0/.well-known/openid-configuration", get(openid_configuration))
        .route("/{tenant}/discovery/v2.0/keys", get(keys))
        .route("/{tenant}/oauth2/v2.0/authorize", get(authorize))
        .route("/{tenant}/oauth2/v2.0/devicecode", post(device_code))
        .route("/{tenant}/oauth2/v2.0/token", post(token_endpoint))
        .route("/{tenant}/oauth2/v2.0/logout", get(logout))
        .route("/{tenant}/adminconsent", get(admin_consent))
        .route("/{tenant}/v2.0/adminconsent", get(admin_consent))
        .layer(middleware::from_fn_with_state(Arc::clone(shared), login_faults))
        .layer(middleware::from_fn_with_state(Arc::clone(shared), dated));
    Router::new()
        .route("/", get(index))
        .route("/devicelogin", get(device_page).post(device_typed))
        .route("/signin", post(sign_in))
        .route("/portal", get(portal))
        .route("/openapi.json", get(document))
        .nest("/control", control::router())
        .merge(tenant)
        .with_state(Arc::clone(shared))
}

/// The Graph host.
pub(crate) fn graph_router(shared: &App) -> Router {
    Router::new().fallback(graph).with_state(Arc::clone(shared))
}

/// Path segments, decoded, without empty ones.
pub(crate) fn parse_path(path: &str) -> Vec<String> {
    path.split('/').filter(|s| !s.is_empty()).map(decode).collect()
}

fn decode(segment: &str) -> String {
    // `form_urlencoded` would turn a plus into a space, which a path does not mean.
    let pair = format!("x={}", segment.replace('+', "%2B"));
    url::form_urlencoded::parse(pair.as_bytes()).next().map_or_else(String::new, |(_, v)| v.into_owned())
}

/// Query pairs, decoded, in order.
pub(crate) fn parse_query(query: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// Lets the effects that come before the answer happen; `Some` is an answer instead of the real one.
async fn before(shared: &Shared, effects: &[Effect]) -> Option<Response> {
    let latency = shared.world().settings.latency_ms;
    if latency > 0 {
        tokio::time::sleep(Duration::from_millis(latency)).await;
    }
    for effect in effects {
        match effect {
            Effect::Delay { ms } => tokio::time::sleep(Duration::from_millis(*ms)).await,
            Effect::DropBefore => return Some(vanish()),
            Effect::Hang => return Some(shared.hang().await),
            _ => {}
        }
    }
    None
}

/// Lets the effects that come after the answer was made happen.
async fn after(shared: &Shared, effects: &[Effect], response: Response) -> Response {
    for effect in effects {
        match effect {
            Effect::DropAfter => return vanish(),
            Effect::HangAfter => return shared.hang().await,
            _ => {}
        }
    }
    response
}

/// The login host tells the simulated time, as the Graph host does.
async fn dated(State(shared): State<App>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let date = clock::http_date(shared.world().now_ms());
    if let Ok(date) = HeaderValue::try_from(date) {
        response.headers_mut().insert(DATE, date);
    }
    response
}

/// Faults and counting of the login host.
async fn login_faults(State(shared): State<App>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let (segment, rest) = path.trim_start_matches('/').split_once('/').unwrap_or((path.as_str(), ""));
    let effects = {
        let mut world = shared.world();
        let tenant = world.tenant_at(&decode(segment));
        world.meet(tenant, &format!("{} /{rest}", request.method()))
    };
    if let Some(instead) = before(&shared, &effects).await {
        return instead;
    }
    for effect in &effects {
        if let Effect::SignInError { code } = effect {
            let refusal = Refusal::with_challenge(*code);
            let body = refusal.body(&mut shared.world(), None);
            return json(refusal.status(), &body);
        }
        if let Some(error) = fault_error(effect) {
            let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
            let body = Refusal::new(90055).body(&mut shared.world(), None);
            let mut response = json(status, &body);
            put_headers(&mut response, &error.headers);
            return response;
        }
    }
    let response = next.run(request).await;
    after(&shared, &effects, response).await
}

/// An answer of JSON.
pub(crate) fn json(status: StatusCode, body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store, no-cache"));
    response
}

fn put_headers(response: &mut Response, headers: &[(String, String)]) {
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name.as_str()), HeaderValue::try_from(value.as_str())) {
            response.headers_mut().insert(name, value);
        }
    }
}

fn browser(page: Page) -> Response {
    match page {
        Page::Redirect(to) => {
            let mut response = StatusCode::FOUND.into_response();
            if let Ok(to) = HeaderValue::try_from(to) {
                response.headers_mut().insert(LOCATION, to);
            }
            response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
        Page::Html(status, html) => {
            let mut response = Response::new(Body::from(html));
            *response.status_mut() = status;
            let headers = response.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            headers.insert(
                CONTENT_SECURITY_POLICY,
                HeaderValue::from_static(
                    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
                ),
            );
            response
        }
    }
}

fn refused(shared: &Shared, refusal: &Refusal) -> Response {
    let body = refusal.body(&mut shared.world(), None);
    json(refusal.status(), &body)
}

type Fields = HashMap<String, String>;

async fn openid_configuration(State(shared): State<App>, Path(tenant): Path<String>) -> Response {
    let result = discovery::document(&shared.world(), &tenant);
    match result {
        Ok(document) => json(StatusCode::OK, &document),
        Err(refusal) => refused(&shared, &refusal),
    }
}

async fn keys(State(shared): State<App>, Path(tenant): Path<String>) -> Response {
    let (authority, login) = {
        let world = shared.world();
        (discovery::authority(&world, &tenant), world.login.clone())
    };
    match authority {
        Ok(at) => {
            let name = if matches!(at, Authority::Tenant(_)) { tenant } else { "{tenantid}".to_owned() };
            json(StatusCode::OK, &signing_key().jwks(&format!("{login}/{name}/v2.0")))
        }
        Err(refusal) => refused(&shared, &refusal),
    }
}

async fn authorize(State(shared): State<App>, Path(tenant): Path<String>, Query(query): Query<Fields>) -> Response {
    let page = flow::authorize(&mut shared.world(), &tenant, &query);
    browser(page)
}

async fn admin_consent(State(shared): State<App>, Path(tenant): Path<String>, Query(query): Query<Fields>) -> Response {
    let page = flow::admin_consent(&mut shared.world(), &tenant, &query);
    browser(page)
}

async fn logout(Path(_): Path<String>) -> Response {
    browser(pages::done("Signed out", "logout-result", "You signed out of your account."))
}

/// A form, or AADSTS9002313 for anything else.
fn read_form(headers: &HeaderMap, body: &Bytes) -> Result<Fields, Refusal> {
    let is_form = headers
        .get(CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|t| t.starts_with("application/x-www-form-urlencoded"));
    if !is_form {
        return Err(Refusal::new(9_002_313).about("the body must be a form"));
    }
    Ok(url::form_urlencoded::parse(body).into_owned().collect())
}

async fn device_code(
    State(shared): State<App>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let result = read_form(&headers, &body).and_then(|form| token::device_code(&mut shared.world(), &tenant, &form));
    match result {
        Ok(body) => json(StatusCode::OK, &body),
        Err(refusal) => refused(&shared, &refusal),
    }
}

async fn token_endpoint(
    State(shared): State<App>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = match read_form(&headers, &body) {
        Ok(mut form) => {
            if let Some(id) = headers.get("client-request-id").and_then(|v| v.to_str().ok()) {
                form.entry("client-request-id".to_owned()).or_insert_with(|| id.to_owned());
            }
            form
        }
        Err(refusal) => return refused(&shared, &refusal),
    };
    let (status, body) = token::token(&mut shared.world(), &tenant, &form, headers.contains_key(ORIGIN));
    json(status, &body)
}

async fn device_page(Query(query): Query<Fields>) -> Response {
    browser(pages::device(query.get("user_code").map_or("", String::as_str), None))
}

async fn device_typed(State(shared): State<App>, Form(form): Form<Fields>) -> Response {
    let page = flow::device(&mut shared.world(), form.get("user_code").map_or("", String::as_str));
    browser(page)
}

async fn sign_in(State(shared): State<App>, Form(form): Form<Fields>) -> Response {
    let page = flow::advance(&mut shared.world(), &form);
    browser(page)
}

async fn portal(State(shared): State<App>, Query(query): Query<Fields>) -> Response {
    let page = flow::portal(&mut shared.world(), query.get("login_hint").map_or("", String::as_str));
    browser(page)
}

async fn document(State(shared): State<App>) -> Response {
    let document = openapi::document(&shared.world());
    json(StatusCode::OK, &document)
}

async fn index() -> Response {
    browser(pages::done(
        "Simulated Entra",
        "index",
        "Sign-in pages are at /portal and /devicelogin, the description of everything at /openapi.json.",
    ))
}

/// One request of Graph.
async fn graph(State(shared): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, BODY_LIMIT).await else {
        return json(StatusCode::PAYLOAD_TOO_LARGE, &Value::Null);
    };
    let header = |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let mut path = parse_path(parts.uri.path());
    let version = if path.is_empty() { String::new() } else { path.remove(0) };
    let body = if bytes.is_empty() {
        call::Body::None
    } else if !header("content-type").is_some_and(|t| t.to_ascii_lowercase().starts_with("application/json")) {
        call::Body::Broken
    } else {
        serde_json::from_slice(&bytes).map_or(call::Body::Broken, call::Body::Json)
    };
    let asked = call::Request {
        method: match parts.method {
            Method::HEAD => "GET".to_owned(),
            ref method => method.to_string(),
        },
        path,
        query: parse_query(parts.uri.query().unwrap_or_default()),
        authorization: header("authorization"),
        consistency: header("consistencylevel").is_some_and(|v| v.eq_ignore_ascii_case("eventual")),
        client_request_id: header("client-request-id"),
        body,
        beta: version == "beta",
    };
    let operation = call::operation(&asked);
    let (caller, effects) = {
        let mut world = shared.world();
        let caller = call::identify(&world, &asked);
        let effects = world.meet(caller.as_ref().ok().map(|c| c.tenant), &operation);
        (caller, effects)
    };
    if let Some(instead) = before(&shared, &effects).await {
        return instead;
    }
    let (reply, date) = {
        let mut world = shared.world();
        let reply = if let Some(error) = effects.iter().find_map(fault_error) {
            call::refuse(&mut world, &asked, &error)
        } else if version != "v1.0" && version != "beta" {
            call::refuse(&mut world, &asked, &GraphError::bad("Invalid version."))
        } else {
            match &caller {
                Ok(caller) => call::answer(&mut world, caller, &asked),
                Err(error) => call::refuse(&mut world, &asked, error),
            }
        };
        check(&mut world, &operation, &asked, &reply);
        (reply, clock::http_date(world.now_ms()))
    };
    let response = wire(&shared, &asked, &reply, &date);
    after(&shared, &effects, response).await
}

/// Compares request and answer with Microsoft's description, if it is at hand.
pub(crate) fn check(world: &mut World, operation: &str, asked: &call::Request, reply: &Reply) {
    let Some(validator) = world.validator.clone().filter(|_| world.settings.validate) else { return };
    let route = call::route(asked).map(|(r, _)| r.path);
    for found in validator.check(route, asked, reply) {
        world
            .violations
            .push(serde_json::json!({ "operation": operation, "what": found.what, "detail": found.detail }));
    }
}

fn wire(shared: &Shared, asked: &call::Request, reply: &Reply, date: &str) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match &reply.body {
        Some(body) => json(status, body),
        None => status.into_response(),
    };
    if reply.body.is_some() {
        response.headers_mut().insert(
            CONTENT_TYPE,
            HeaderValue::from_static(
                "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8",
            ),
        );
    }
    if let Ok(date) = HeaderValue::try_from(date) {
        response.headers_mut().insert(DATE, date);
    }
    put_headers(&mut response, &reply.headers);
    if !response.headers().contains_key("request-id") {
        let id = shared.world().rng.guid();
        put_headers(&mut response, &[("request-id".to_owned(), id)]);
    }
    if let Some(id) = &asked.client_request_id {
        put_headers(&mut response, &[("client-request-id".to_owned(), id.clone())]);
    }
    response
}
