//! The one table of addresses, and the handlers: each takes who asks and what for, calls the store, and answers.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequest, MatchedPath, Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio::sync::watch;
use vitrine_ledger::Entry;
use vitrine_ledger::wire::{
    Append, Appended, EnrolmentPut, EntriesWanted, Invitation, InvitationAnswer, KeyUse, Letter, Locator, MEDIA_TYPE,
    Message, ObjectsWanted, Register,
};

use crate::events::{self, Bell};
use crate::identity::Identity;
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::problem::{Code, Problem};
use crate::serve::now_ms;
use crate::signed::{Caller, Signed, SignedEmpty, read_body};
use crate::store::Store;

/// The description at `/openapi.json`, kept by hand; a test compares it with the table.
pub const OPENAPI: &str = include_str!("openapi.json");

/// Every address and its methods.
pub const ROUTES: &[(&str, &[&str])] = &[
    ("/healthz", &["GET"]),
    ("/readyz", &["GET"]),
    ("/metrics", &["GET"]),
    ("/openapi.json", &["GET"]),
    ("/v1/backend/{challenge}", &["GET"]),
    ("/v1/msps", &["POST"]),
    ("/v1/append", &["POST"]),
    ("/v1/changes/{after}", &["GET"]),
    ("/v1/entries", &["POST"]),
    ("/v1/objects", &["POST"]),
    ("/v1/events", &["GET"]),
    ("/v1/invitations/{locator}", &["GET", "PUT"]),
    ("/v1/letters/{locator}", &["GET", "PUT"]),
    ("/v1/enrolments/{locator}", &["GET", "PUT"]),
    ("/v1/enrolments/{locator}/entries/{from}", &["GET"]),
    ("/v1/enrolments/{locator}/append", &["POST"]),
];

/// What every handler can reach.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) store: Store,
    pub(crate) identity: Arc<Identity>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) bell: Bell,
    pub(crate) stop: watch::Receiver<bool>,
    /// Hash of the operator's token.
    pub(crate) token: Option<[u8; 32]>,
    pub(crate) behind_proxy: bool,
    pub(crate) timeout: Duration,
}

pub(crate) fn router(app: App) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route("/openapi.json", get(|| async { ([(header::CONTENT_TYPE, "application/json")], OPENAPI) }))
        .route("/v1/backend/{challenge}", get(backend))
        .route("/v1/msps", post(register))
        .route("/v1/append", post(append))
        .route("/v1/changes/{after}", get(changes))
        .route("/v1/entries", post(entries))
        .route("/v1/objects", post(objects))
        .route("/v1/events", get(listen))
        .route("/v1/invitations/{locator}", put(invite).get(answer_of))
        .route("/v1/letters/{locator}", get(letter).put(answer))
        .route("/v1/enrolments/{locator}", put(enrol).get(enrolment))
        .route("/v1/enrolments/{locator}/entries/{from}", get(kit_entries))
        .route("/v1/enrolments/{locator}/append", post(kit_append))
        .fallback(|| async { Problem::NotFound })
        .method_not_allowed_fallback(|| async { Problem::Method })
        .layer(middleware::from_fn_with_state(app.clone(), observe))
        .with_state(app)
}

type Answer = Result<Response, Problem>;

fn cbor(message: &impl Message) -> Response {
    let fields = [(header::CONTENT_TYPE, MEDIA_TYPE), (header::CACHE_CONTROL, "no-store")];
    (fields, message.to_bytes()).into_response()
}

/// Limits the time, counts, and writes one line a request: route, status, code and time. Never a path, a field or an
/// address.
async fn observe(State(app): State<App>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let route =
        path.and_then(|path| ROUTES.iter().find(|(route, _)| *route == path)).map_or("other", |(route, _)| *route);
    let method = request.method().clone();
    let response = tokio::time::timeout(app.timeout, next.run(request)).await;
    let response = response.unwrap_or_else(|_| Problem::Slow.into_response());
    let took = begun.elapsed();
    let code = response.extensions().get::<Code>().map_or("ok", |code| code.0);
    app.metrics.count(route, response.status().as_u16(), took);
    tracing::info!(%method, route, status = response.status().as_u16(), code, ms = took.as_secs_f64() * 1000.0, "answered");
    response
}

async fn ready(State(app): State<App>) -> Result<&'static str, Problem> {
    app.store.ready().await?;
    Ok("ok\n")
}

async fn metrics(State(app): State<App>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], app.metrics.text()).into_response()
}

async fn backend(State(app): State<App>, Path(challenge): Path<String>, open: Open) -> Answer {
    open.count(&app)?;
    let challenge: Option<[u8; 32]> =
        data_encoding::HEXLOWER.decode(challenge.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
    Ok(cbor(&app.identity.prove(&challenge.ok_or(Problem::NotFound)?, now_ms())))
}

async fn register(State(app): State<App>, open: Open) -> Answer {
    open.count(&app)?;
    let given = open.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.strip_prefix("Bearer ")).ok_or(Problem::Token)?;
    let token = app.token.ok_or(Problem::Token)?;
    // Hashes are compared, so that time tells nothing of the token or its length.
    if !bool::from(hash(given).ct_eq(&token)) {
        return Err(Problem::Token);
    }
    let body = Register::from_bytes(&read_body(open.body).await?)?;
    app.store.register(&Entry::decode(body.genesis.as_bytes())?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// What is kept of the operator's token.
pub(crate) fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

async fn append(State(app): State<App>, Signed { caller, body }: Signed<Append>) -> Answer {
    writes(&caller)?;
    let msp = caller.msp;
    let cursor = app.store.append(caller, app.identity.id, &body, now_ms()).await?;
    app.bell.ring(msp);
    Ok(cbor(&Appended { cursor }))
}

async fn changes(State(app): State<App>, Path(after): Path<u64>, SignedEmpty(caller): SignedEmpty) -> Answer {
    Ok(cbor(&app.store.changes(&caller, after).await?))
}

async fn entries(State(app): State<App>, Signed { caller, body }: Signed<EntriesWanted>) -> Answer {
    Ok(cbor(&app.store.entries(&caller, &body).await?))
}

async fn objects(State(app): State<App>, Signed { caller, body }: Signed<ObjectsWanted>) -> Answer {
    Ok(cbor(&app.store.objects(&caller, &body).await?))
}

async fn listen(State(app): State<App>, SignedEmpty(caller): SignedEmpty) -> Response {
    events::stream(app.store, caller.msp, &app.bell, app.stop)
}

async fn invite(
    State(app): State<App>,
    Path(locator): Path<String>,
    Signed { caller, body }: Signed<Invitation>,
) -> Answer {
    writes(&caller)?;
    app.store.invite(&caller, &parse(&locator)?, &body, now_ms()).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn answer_of(State(app): State<App>, Path(locator): Path<String>, SignedEmpty(caller): SignedEmpty) -> Answer {
    let letter = app.store.answer_of(&caller, &parse(&locator)?).await?;
    Ok(cbor(&InvitationAnswer { letter }))
}

async fn letter(State(app): State<App>, Path(locator): Path<String>, open: Open) -> Answer {
    open.count(&app)?;
    let letter = app.store.letter(&parse(&locator)?, now_ms()).await?;
    Ok(cbor(&InvitationAnswer { letter: Some(letter) }))
}

async fn answer(State(app): State<App>, Path(locator): Path<String>, open: Open) -> Answer {
    open.count(&app)?;
    let body = InvitationAnswer::from_bytes(&read_body(open.body).await?)?;
    let answer: Letter = body.letter.ok_or(Problem::NotAllowed)?;
    app.store.answer(&parse(&locator)?, &answer, now_ms()).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn enrol(
    State(app): State<App>,
    Path(locator): Path<String>,
    Signed { caller, body }: Signed<EnrolmentPut>,
) -> Answer {
    writes(&caller)?;
    app.store.enrol(&caller, &parse(&locator)?, &body.blob).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn enrolment(State(app): State<App>, Path(locator): Path<String>, open: Open) -> Answer {
    open.count(&app)?;
    Ok(cbor(&app.store.enrolment(&parse(&locator)?).await?))
}

async fn kit_entries(State(app): State<App>, Path((locator, from)): Path<(String, u64)>, open: Open) -> Answer {
    open.count(&app)?;
    let enrolment = app.store.enrolment(&parse(&locator)?).await?;
    Ok(cbor(&app.store.msp_entries(&enrolment.msp, from).await?))
}

async fn kit_append(State(app): State<App>, Path(locator): Path<String>, open: Open) -> Answer {
    open.count(&app)?;
    let enrolment = app.store.enrolment(&parse(&locator)?).await?;
    let body = Append::from_bytes(&read_body(open.body).await?)?;
    let cursor = app.store.come_back(&enrolment, app.identity.id, &body, now_ms()).await?;
    app.bell.ring(enrolment.msp);
    Ok(cbor(&Appended { cursor }))
}

/// One answer for an address that is malformed and one where nothing lies.
fn parse(locator: &str) -> Result<Locator, Problem> {
    locator.parse().map_err(|_| Problem::NotFound)
}

fn writes(caller: &Caller) -> Result<(), Problem> {
    match caller.key_use {
        KeyUse::Device => Ok(()),
        KeyUse::Transport => Err(Problem::ReadOnly),
    }
}

/// The other end of the connection.
#[derive(Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// A request of nobody known: it must be counted before anything is done for it.
pub(crate) struct Open {
    peer: Option<IpAddr>,
    headers: HeaderMap,
    body: Body,
}

impl FromRequest<App> for Open {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let mut peer = parts.extensions.get::<Peer>().map(|peer| peer.0);
        if app.behind_proxy {
            // The last address is the one that our proxy saw; those before it are the client's own words.
            let forwarded = parts.headers.get_all("x-forwarded-for").iter().next_back();
            let forwarded = forwarded.and_then(|value| value.to_str().ok()?.rsplit(',').next());
            peer = forwarded.and_then(|text| text.trim().parse().ok()).or(peer);
        }
        Ok(Self { peer, headers: parts.headers, body })
    }
}

impl Open {
    fn count(&self, app: &App) -> Result<(), Problem> {
        self.peer.map_or(Ok(()), |peer| app.limits.address(peer))
    }
}
