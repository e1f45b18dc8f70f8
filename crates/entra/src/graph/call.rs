//! One request to Graph: token, pace, send, judge, and perhaps again.

use super::error::{GraphError, GraphErrorKind};
use super::retry::{self, Repeat};
use crate::cloud::Cloud;
use crate::discovery::under;
use crate::http::{Answer, Http, REQUEST_LIMIT, TransportError};
use crate::id::TenantId;
use crate::pace::{Cost, LONGEST_WAIT, Service};
use crate::secret::{Bearer, Renew};
use bytes::Bytes;
use reqwest::Method;
use serde::Deserialize;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;
use url::Url;
use zeroize::Zeroizing;

/// Pages of a list that are followed at most: 200 pages of 100 are more than any list asked for here holds.
const MOST_PAGES: usize = 200;
/// A password is not sent when this much time went by before it could be: the caller counts its lease from before.
const LATEST_SEND: Duration = Duration::from_secs(10);
/// Longest wait for the answer to a password.
const PASSWORD_LIMIT: Duration = Duration::from_secs(30);

/// How urgent a request is (`x-ms-throttle-priority`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Priority {
    /// A person waits for it.
    High,
    /// A person ordered it among much else.
    #[default]
    Normal,
    /// Nobody ordered it: what is due, and checks that may wait.
    Low,
}

impl Priority {
    fn word(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Normal => "normal",
            Self::Low => "low",
        }
    }
}

/// Graph, as whoever lent it a token.
#[derive(Clone, Copy)]
pub struct Graph<'a> {
    http: &'a Http,
    cloud: &'a Cloud,
    tenant: TenantId,
    bearer: &'a dyn Bearer,
    priority: Priority,
}

/// A request, before it has a token.
pub(super) struct Call {
    method: Method,
    url: Url,
    body: Option<Bytes>,
    cost: Cost,
    repeat: Repeat,
    eventual: bool,
}

#[derive(Deserialize)]
struct Page<T> {
    value: Vec<T>,
    #[serde(rename = "@odata.nextLink", default)]
    next: Option<String>,
}

impl<'a> Graph<'a> {
    pub(crate) fn new(http: &'a Http, cloud: &'a Cloud, tenant: TenantId, bearer: &'a dyn Bearer) -> Self {
        Self { http, cloud, tenant, bearer, priority: Priority::default() }
    }

    /// The same with another priority.
    #[must_use]
    pub fn with_priority(self, priority: Priority) -> Self {
        Self { priority, ..self }
    }

    /// `GET path?query` (path below the version, percent-encoded by the caller where needed).
    pub(super) fn get(&self, path: &str, query: &[(&str, &str)]) -> Call {
        self.call(Method::GET, path, query, Repeat::Harmless)
    }

    pub(super) fn write(&self, method: Method, path: &str, body: Option<Bytes>) -> Call {
        // A POST makes something each time; PATCH and DELETE say how it shall be.
        let repeat = if method == Method::POST { Repeat::Creates } else { Repeat::Harmless };
        Call { body, ..self.call(method, path, &[], repeat) }
    }

    fn call(&self, method: Method, path: &str, query: &[(&str, &str)], repeat: Repeat) -> Call {
        let mut url = under(self.cloud.graph(), &format!("v1.0{path}"));
        if !query.is_empty() {
            // `%20` and not `+`: the OData reader of Graph takes a plus for a plus.
            let pairs: Vec<String> = query.iter().map(|(k, v)| format!("{k}={}", escape(v))).collect();
            url.set_query(Some(&pairs.join("&")));
        }
        let cost = Cost { service: Service::Directory, units: 1, write: method != Method::GET };
        Call { method, url, body: None, cost, repeat, eventual: false }
    }

    /// One object.
    pub(super) async fn read<T: DeserializeOwned>(&self, call: Call) -> Result<T, GraphError> {
        let answer = self.send(&call).await?;
        serde_json::from_slice(&answer.body).map_err(|_| GraphError::local(GraphErrorKind::Unreadable))
    }

    /// A whole list, page by page.
    pub(super) async fn list<T: DeserializeOwned>(&self, mut call: Call) -> Result<Vec<T>, GraphError> {
        let mut found = Vec::new();
        for _ in 0..MOST_PAGES {
            let answer = self.send(&call).await?;
            let page: Page<T> =
                serde_json::from_slice(&answer.body).map_err(|_| GraphError::local(GraphErrorKind::Unreadable))?;
            found.extend(page.value);
            let Some(next) = page.next else {
                return Ok(found);
            };
            let next = Url::parse(&next).map_err(|_| GraphError::local(GraphErrorKind::Unreadable))?;
            // The token goes along with the request: it must not be lured to another host.
            if next.origin() != self.cloud.graph().origin() || !next.username().is_empty() || next.password().is_some()
            {
                return Err(GraphError::local(GraphErrorKind::ForeignLink));
            }
            call.url = next;
        }
        Err(GraphError::local(GraphErrorKind::Unreadable))
    }

    /// A write whose answer holds nothing of interest.
    pub(super) async fn done(&self, call: Call) -> Result<(), GraphError> {
        self.send(&call).await.map(|_| ())
    }

    /// Sends, renews the token once, tries again by the rules of [`retry`].
    pub(super) async fn send(&self, call: &Call) -> Result<Answer, GraphError> {
        let mut renewed = false;
        let mut renew = Renew::IfDue;
        let mut attempt = 1;
        loop {
            let outcome = self.once(call, std::mem::replace(&mut renew, Renew::IfDue), REQUEST_LIMIT).await;
            let failed = match outcome {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            // 401 is a definite refusal, so even what creates may follow with a new token.
            let stale = matches!(failed.kind(), GraphErrorKind::TokenRefused | GraphErrorKind::ClaimsNeeded);
            if stale && !renewed {
                renewed = true;
                if let Some(claims) = failed.claims() {
                    // Asked for here, so that a session that cannot answer says what a person must do.
                    if let Err(sign_in) = self.bearer.bearer(Renew::Claims(claims)).await {
                        return Err(failed.challenged(sign_in));
                    }
                } else {
                    renew = Renew::Now;
                }
                continue;
            }
            match retry::pause(&failed, call.repeat, attempt, roll()) {
                Some(pause) => {
                    tracing::debug!(code = failed.code(), attempt, "graph request is tried again");
                    self.http.clock().sleep(pause).await;
                    attempt += 1;
                }
                None => return Err(failed),
            }
        }
    }

    /// Sends a password, once. No renewal, no second attempt, and not at all if it has become late.
    pub(super) async fn send_password(&self, call: Call) -> Result<Answer, GraphError> {
        let call = Call { repeat: Repeat::Never, ..call };
        self.once(&call, Renew::IfDue, PASSWORD_LIMIT).await
    }

    async fn once(&self, call: &Call, renew: Renew<'_>, limit: Duration) -> Result<Answer, GraphError> {
        let clock = self.http.clock();
        let asked_at = clock.monotonic();
        let never_late = call.repeat == Repeat::Never;
        let most = if never_late { LATEST_SEND } else { LONGEST_WAIT };
        if let Err(wait) = self.http.turn(self.tenant, call.cost, most).await {
            return Err(if never_late {
                GraphError::local(GraphErrorKind::TooLate)
            } else {
                GraphError::not_yet(wait)
            });
        }
        let token = self.bearer.bearer(renew).await.map_err(GraphError::no_token)?;
        if never_late && clock.monotonic().saturating_sub(asked_at) > LATEST_SEND {
            return Err(GraphError::local(GraphErrorKind::TooLate));
        }
        let id = uuid::Uuid::new_v4().to_string();
        let mut authorization = bearer_header(token.expose())?;
        authorization.set_sensitive(true);
        let mut request = self
            .http
            .request(call.method.clone(), call.url.clone())
            .header(reqwest::header::AUTHORIZATION, authorization)
            .header("client-request-id", &id)
            .header("x-ms-throttle-priority", self.priority.word());
        if call.eventual {
            request = request.header("ConsistencyLevel", "eventual");
        }
        if let Some(body) = &call.body {
            request = request.header(reqwest::header::CONTENT_TYPE, "application/json").body(body.clone());
        }
        let answer = self.http.send_in_turn(self.tenant, call.cost, request, limit).await;
        let answer = answer.map_err(GraphError::below_http)?;
        if (200..300).contains(&answer.status) { Ok(answer) } else { Err(GraphError::of(&answer, &id)) }
    }
}

impl Call {
    /// What Microsoft counts for it.
    pub(super) fn units(self, units: u32) -> Self {
        Self { cost: Cost { units, ..self.cost }, ..self }
    }

    /// Another service counts it.
    pub(super) fn of(self, service: Service) -> Self {
        Self { cost: Cost { service, ..self.cost }, ..self }
    }

    /// Sending it twice does no more than once.
    pub(super) fn harmless(self) -> Self {
        Self { repeat: Repeat::Harmless, ..self }
    }
}

/// A body of JSON that is zeroed when the last reader drops it: it may hold a password.
pub(super) fn json(value: &impl Serialize) -> Result<Option<Bytes>, GraphError> {
    // Room enough for every body sent here, so that growing leaves no copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(16 * 1024));
    serde_json::to_writer(&mut *bytes, value).map_err(|_| GraphError::below_http(TransportError::Unsendable))?;
    Ok(Some(Bytes::from_owner(bytes)))
}

/// A text between quotes in an OData filter.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// An id as one segment of a path: whatever a tenant gives as one cannot lead to another path.
pub(super) fn segment(id: &str) -> String {
    // Nothing but dots would name the path above, and nothing at all the whole list.
    if id.bytes().all(|byte| byte == b'.') { "_".to_owned() } else { escape(id).replace('/', "%2F") }
}

/// Percent-encodes everything but what is plain in a query value.
fn escape(text: &str) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~$,()'/:@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

fn bearer_header(token: &str) -> Result<reqwest::header::HeaderValue, GraphError> {
    let text = Zeroizing::new(format!("Bearer {token}"));
    reqwest::header::HeaderValue::from_str(&text).map_err(|_| GraphError::local(GraphErrorKind::TokenRefused))
}

/// Jitter from 0.0 to 1.0. Without randomness the waits are still right, only not spread.
fn roll() -> f64 {
    getrandom::u32().map_or(0.5, |r| f64::from(r) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_quotes() {
        assert_eq!(quoted("o'neil' or true"), "'o''neil'' or true'");
        assert_eq!(escape("a b&c=d#e+f%"), "a%20b%26c%3Dd%23e%2Bf%25");
    }

    #[test]
    fn an_id_cannot_leave_its_place_in_a_path() {
        assert_eq!(segment("../users?x=1"), "..%2Fusers%3Fx%3D1");
        assert_eq!([segment(".."), segment("")], ["_", "_"]);
        assert_eq!(segment("62e90394-69f5-4237-9190-012177145e10"), "62e90394-69f5-4237-9190-012177145e10");
    }
}
