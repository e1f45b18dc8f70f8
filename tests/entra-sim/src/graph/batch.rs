//! `$batch`: up to 20 requests in one, each with its own result.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use crate::fault::Effect;
use crate::graph::call::{self, Body, Call, Reply, Request};
use crate::graph::error::GraphError;
use crate::http::{check, parse_path, parse_query};

const MOST: usize = 20;

pub(crate) fn run(call: &mut Call<'_>) -> Result<Reply, GraphError> {
    let wanted = call.object()?.get("requests").and_then(Value::as_array).cloned();
    let wanted = wanted
        .filter(|r| !r.is_empty())
        .ok_or_else(|| GraphError::new(400, "BadRequest", "Invalid batch payload format."))?;
    if wanted.len() > MOST {
        return Err(GraphError::new(
            400,
            "BadRequest",
            "Number of batch request steps exceeds the maximum value of 20.",
        ));
    }
    let mut done: HashMap<String, u16> = HashMap::new();
    let mut answers = Vec::new();
    for one in &wanted {
        let id = one["id"].as_str().unwrap_or_default().to_owned();
        if id.is_empty() || done.contains_key(&id) {
            return Err(GraphError::new(400, "BadRequest", "Each batch request step needs an id of its own."));
        }
        let failed = one["dependsOn"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|d| d.as_str().and_then(|d| done.get(d)).is_none_or(|s| *s >= 400));
        let reply = if failed {
            let error = GraphError::new(424, "FailedDependency", "A request this one depends on failed.");
            Reply { status: 424, headers: Vec::new(), body: Some(error.body("", "", "")) }
        } else {
            member(call, one)
        };
        done.insert(id.clone(), reply.status);
        let headers: Map<String, Value> = reply
            .headers
            .into_iter()
            .chain([("Content-Type".to_owned(), "application/json".to_owned())])
            .map(|(k, v)| (k, Value::String(v)))
            .collect();
        answers.push(json!({ "id": id, "status": reply.status, "headers": headers, "body": reply.body }));
    }
    // The order of answers is not promised: a client that relies on it must fail here.
    answers.reverse();
    Ok(Reply::ok(json!({ "responses": answers })))
}

fn member(call: &mut Call<'_>, one: &Value) -> Reply {
    let url = one["url"].as_str().unwrap_or_default();
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let path = parse_path(path);
    let body = match &one["body"] {
        Value::Null => Body::None,
        body => Body::Json(body.clone()),
    };
    let typed = one["headers"].as_object().is_some_and(|h| h.keys().any(|k| k.eq_ignore_ascii_case("content-type")));
    let consistency = one["headers"]
        .as_object()
        .is_some_and(|h| h.iter().any(|(k, v)| k.eq_ignore_ascii_case("consistencylevel") && v == "eventual"));
    let request = Request {
        method: one["method"].as_str().unwrap_or_default().to_ascii_uppercase(),
        path,
        query: parse_query(query),
        authorization: None,
        consistency,
        client_request_id: call.request.client_request_id.clone(),
        body,
        beta: false,
    };
    if matches!(request.body, Body::Json(_)) && !typed {
        let error = GraphError::new(400, "BadRequest", "A batch request step with a body needs a Content-Type header.");
        return call::refuse(call.world, &request, &error);
    }
    if request.path.first().is_some_and(|s| s == "$batch") {
        let error = GraphError::new(400, "BadRequest", "A batch cannot hold a batch.");
        return call::refuse(call.world, &request, &error);
    }
    let operation = call::operation(&request);
    for effect in call.world.meet(Some(call.caller.tenant), &operation) {
        // Only faults of one answer make sense inside a batch; those of the connection do not.
        if let Some(error) = fault_error(&effect) {
            return call::refuse(call.world, &request, &error);
        }
    }
    let reply = call::answer(call.world, call.caller, &request);
    check(call.world, &operation, &request, &reply);
    reply
}

/// The refusal an effect stands for, if it is one.
pub(crate) fn fault_error(effect: &Effect) -> Option<GraphError> {
    let after = |error: GraphError, seconds: Option<u32>| match seconds {
        Some(s) => error.with_header("Retry-After", &s),
        None => error,
    };
    match effect {
        Effect::Throttle { retry_after } => {
            Some(after(GraphError::new(429, "TooManyRequests", "Too many requests"), *retry_after))
        }
        Effect::Status { status, code, retry_after } => {
            let usual = match status {
                400 => "Request_BadRequest",
                401 => "InvalidAuthenticationToken",
                403 => "Authorization_RequestDenied",
                404 => "Request_ResourceNotFound",
                409 => "Directory_ConcurrencyViolation",
                429 => "TooManyRequests",
                503 => "serviceNotAvailable",
                _ => "UnknownError",
            };
            let code = code.as_deref().unwrap_or(usual);
            let message = if *status == 403 {
                "Insufficient privileges to complete the operation."
            } else {
                "A simulated fault."
            };
            Some(after(GraphError::new(*status, code, message), *retry_after))
        }
        _ => None,
    }
}
