//! One call of Graph: who asks, what is asked, and the way from request to answer.

use serde_json::Value;

use crate::clock;
use crate::graph::error::GraphError;
use crate::graph::routes::{self, Route};
use crate::oauth::jwt::signing_key;
use crate::world::World;

/// A request as far as Graph looks at it.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path below the version, decoded, without empty segments.
    pub(crate) path: Vec<String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) authorization: Option<String>,
    pub(crate) consistency: bool,
    pub(crate) client_request_id: Option<String>,
    pub(crate) body: Body,
    pub(crate) beta: bool,
}

/// A request's body.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    None,
    Json(Value),
    /// Not JSON.
    Broken,
}

/// An answer before it is put on the wire.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Value>,
}

impl Reply {
    pub(crate) fn ok(body: Value) -> Self {
        Self { status: 200, headers: Vec::new(), body: Some(body) }
    }

    pub(crate) fn created(body: Value) -> Self {
        Self { status: 201, headers: Vec::new(), body: Some(body) }
    }

    pub(crate) fn no_content() -> Self {
        Self { status: 204, headers: Vec::new(), body: None }
    }
}

/// Who calls.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) tenant: usize,
    pub(crate) app_id: String,
    /// Object id of the user, or of the service principal when the application calls for itself.
    pub(crate) id: String,
    pub(crate) delegated: bool,
    /// Scopes of a user's token, roles of an application's.
    pub(crate) permissions: Vec<String>,
}

impl Caller {
    pub(crate) fn has(&self, any_of: &[&str]) -> bool {
        self.permissions.iter().any(|p| any_of.contains(&p.as_str()))
    }
}

/// A call that passed the permission check.
pub(crate) struct Call<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) caller: &'a Caller,
    pub(crate) request: &'a Request,
    /// The variable segments of the path.
    pub(crate) ids: Vec<String>,
    pub(crate) now: i64,
}

impl Call<'_> {
    pub(crate) fn tenant(&self) -> &crate::tenant::Tenant {
        &self.world.tenants[self.caller.tenant]
    }

    pub(crate) fn tenant_mut(&mut self) -> &mut crate::tenant::Tenant {
        &mut self.world.tenants[self.caller.tenant]
    }

    /// The JSON object in the body; 400 for anything else.
    pub(crate) fn object(&self) -> Result<&serde_json::Map<String, Value>, GraphError> {
        match &self.request.body {
            Body::Json(Value::Object(map)) => Ok(map),
            Body::None => Err(GraphError::bad("Empty Payload. JSON content expected.")),
            Body::Json(_) | Body::Broken => Err(GraphError::bad("Unable to read JSON request payload.")),
        }
    }

    /// When a thing created now becomes visible.
    pub(crate) fn replicated(&self) -> i64 {
        self.now + self.world.settings.replication_ms
    }

    /// Writes the audit log as this caller.
    pub(crate) fn audit(&mut self, activity: &str, category: &str, target: &Value) {
        let by = if self.caller.delegated {
            let upn = self.tenant().user(&self.caller.id).map(|u| u.upn.clone());
            serde_json::json!({ "user": { "id": self.caller.id, "userPrincipalName": upn } })
        } else {
            serde_json::json!({ "app": { "appId": self.caller.app_id, "servicePrincipalId": self.caller.id } })
        };
        let tenant = self.caller.tenant;
        self.world.audit(tenant, activity, category, &by, target);
    }
}

/// The caller of a token; 401 if it is missing, foreign, or over.
pub(crate) fn identify(world: &World, request: &Request) -> Result<Caller, GraphError> {
    let invalid = |message: &str| GraphError::new(401, "InvalidAuthenticationToken", message);
    let token = request
        .authorization
        .as_deref()
        .and_then(|a| a.strip_prefix("Bearer ").or_else(|| a.strip_prefix("bearer ")))
        .ok_or_else(|| invalid("Access token is empty."))?;
    let claims = signing_key().open(token).ok_or_else(|| invalid("IDX14100: the token is not one of this cloud."))?;
    if claims["aud"].as_str() != Some(&world.graph) {
        return Err(invalid("Access token validation failure. Invalid audience."));
    }
    if claims["exp"].as_i64().unwrap_or(0) * 1000 <= world.now_ms() {
        return Err(invalid("Lifetime validation failed, the token is expired."));
    }
    let tenant = claims["tid"].as_str().and_then(|t| world.tenant_at(t)).ok_or_else(|| invalid("Unknown tenant."))?;
    if let Some(challenge) = &world.tenants[tenant].claims_challenge
        && claims["sim_challenge"].as_str() != Some(challenge)
    {
        let asked = serde_json::json!({ "access_token": { "nbf": { "essential": true, "value": challenge } } });
        let asked = data_encoding::BASE64.encode(asked.to_string().as_bytes());
        return Err(invalid("Continuous access evaluation resulted in challenge.").with_header(
            "WWW-Authenticate",
            &format!(
                "Bearer realm=\"\", authorization_uri=\"{}/common/oauth2/authorize\", error=\"insufficient_claims\", claims=\"{asked}\"",
                world.login
            ),
        ));
    }
    let text = |name: &str| claims[name].as_str().unwrap_or_default().to_owned();
    let delegated = claims["idtyp"] == "user";
    let permissions = if delegated {
        text("scp").split_whitespace().map(str::to_owned).collect()
    } else {
        claims["roles"].as_array().into_iter().flatten().filter_map(|r| r.as_str().map(str::to_owned)).collect()
    };
    let id = text("oid");
    let there = &world.tenants[tenant];
    let alive = if delegated { there.user(&id).is_some() } else { there.principal(&id).is_some() };
    if !alive {
        return Err(invalid("The identity of the calling application or user could not be established."));
    }
    Ok(Caller { tenant, app_id: text("appid"), id, delegated, permissions })
}

/// The route of a request, and the variable segments of its path.
pub(crate) fn route(request: &Request) -> Option<(&'static Route, Vec<String>)> {
    routes::find(&request.method, &request.path, request.beta)
}

/// The name of the operation for faults and counters, such as `GET /users/{user-id}`.
pub(crate) fn operation(request: &Request) -> String {
    route(request).map_or_else(
        || format!("{} /{}", request.method, request.path.join("/")),
        |(r, _)| format!("{} {}", r.method, r.path),
    )
}

/// Answers a request whose caller is known.
pub(crate) fn answer(world: &mut World, caller: &Caller, request: &Request) -> Reply {
    let mut headers = Vec::new();
    let result = judged(world, caller, request, &mut headers);
    let mut reply = match result {
        Ok(reply) => reply,
        Err(error) => refuse(world, request, &error),
    };
    reply.headers.extend(headers);
    reply
}

/// Puts a refusal into its body.
pub(crate) fn refuse(world: &mut World, request: &Request, error: &GraphError) -> Reply {
    let id = world.rng.guid();
    let date = clock::graph_time(world.now_ms());
    let client = request.client_request_id.clone().unwrap_or_else(|| id.clone());
    let mut headers = error.headers.clone();
    headers.push(("request-id".to_owned(), id.clone()));
    Reply { status: error.status, headers, body: Some(error.body(date.trim_end_matches('Z'), &id, &client)) }
}

fn judged(
    world: &mut World,
    caller: &Caller,
    request: &Request,
    headers: &mut Vec<(String, String)>,
) -> Result<Reply, GraphError> {
    let Some((route, ids)) = route(request) else {
        return Err(GraphError::bad(&format!("Resource not found for the segment '{}'.", request.path.join("/"))));
    };
    let now = world.now_ms();
    if world.settings.throttling {
        let tenant = &world.tenants[caller.tenant];
        let size = tenant.users.len();
        let id = tenant.id.clone();
        let quota = world.settings.write_quota;
        world.throttle.admit(&id, &caller.app_id, size, quota, route, request, now, headers)?;
    }
    let wanted = if caller.delegated { route.delegated } else { route.application };
    let itself = route.itself && is_itself(&world.tenants[caller.tenant], caller, &ids);
    if !itself && (!wanted.is_empty() && !caller.has(wanted) || (wanted.is_empty() && !route.open)) {
        return Err(if route.path.contains("/authentication/") || route.path.starts_with("/identity/") {
            GraphError::access_denied()
        } else {
            GraphError::denied()
        });
    }
    (route.handler)(&mut Call { world, caller, request, ids, now })
}

/// "A service principal can retrieve its own application and service principal details without being granted any
/// application permissions", says Microsoft's page; that is not said of owners.
fn is_itself(tenant: &crate::tenant::Tenant, caller: &Caller, ids: &[String]) -> bool {
    let own = |id: &String| *id == caller.id || tenant.application(&caller.app_id).is_some_and(|app| app.id == *id);
    !caller.delegated && ids.first().is_some_and(own)
}
