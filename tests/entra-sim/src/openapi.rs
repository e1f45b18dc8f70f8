//! The simulator's own OpenAPI document: sign-in, Graph (from the table of operations), control.

use serde_json::{Map, Value, json};

use crate::graph::routes::{ROUTES, Route};
use crate::world::World;

/// The document, OpenAPI 3.1.
pub(crate) fn document(world: &World) -> Value {
    let mut paths = Map::new();
    for route in ROUTES {
        let item = paths
            .entry(format!("/v1.0{}", route.path))
            .or_insert_with(|| json!({ "servers": [{ "url": world.graph, "description": "Graph host" }] }));
        item[route.method.to_ascii_lowercase()] = graph_operation(route);
    }
    for (path, method, operation) in sign_in_operations().into_iter().chain(control_operations()) {
        paths.entry(path).or_insert_with(|| json!({}))[method] = operation;
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Simulator of Entra sign-in and Microsoft Graph",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "For tests and demonstrations. Not Microsoft's service, and not described by Microsoft.",
        },
        "servers": [{ "url": world.login, "description": "Login host" }],
        "paths": paths,
        "components": {
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" } },
            "schemas": { "GraphError": graph_error(), "SignInError": sign_in_error(), "Fault": fault() },
        },
    })
}

fn json_content(schema: &Value) -> Value {
    json!({ "application/json": { "schema": schema } })
}

fn path_parameters(path: &str) -> Vec<Value> {
    path.split('/')
        .filter_map(|s| s.strip_prefix('{').and_then(|s| s.strip_suffix('}')))
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect()
}

fn graph_operation(route: &Route) -> Value {
    let success = match route.success {
        204 => json!({ "description": "Done" }),
        _ => json!({ "description": "Done", "content": json_content(&json!({ "type": "object" })) }),
    };
    let error = json!({ "description": "Refused", "content": json_content(&json!({ "$ref": "#/components/schemas/GraphError" })) });
    let mut operation = json!({
        "tags": ["Graph"],
        "summary": route.summary,
        "security": [{ "bearer": [] }],
        "parameters": path_parameters(route.path),
        "responses": { route.success.to_string(): success, "4XX": error, "5XX": error },
        "x-permissions": { "delegated": route.delegated, "application": route.application },
    });
    if matches!(route.method, "POST" | "PATCH") {
        operation["requestBody"] = json!({ "content": json_content(&json!({ "type": "object" })) });
    }
    operation
}

fn sign_in_operations() -> Vec<(String, &'static str, Value)> {
    let page = |path: &str, method: &'static str, summary: &str, fields: &[&str]| {
        let operation = json!({
            "tags": ["Pages"],
            "summary": summary,
            "parameters": path_parameters(path),
            "responses": { "200": { "description": "A page", "content": { "text/html": {} } }, "302": { "description": "Back to the application" } },
        });
        (path.to_owned(), method, with_form(operation, fields))
    };
    let token = |path: &str, summary: &str, fields: &[&str]| {
        let operation = json!({
            "tags": ["OAuth"],
            "summary": summary,
            "parameters": path_parameters(path),
            "responses": {
                "200": { "description": "Granted", "content": json_content(&json!({ "type": "object" })) },
                "4XX": { "description": "Refused", "content": json_content(&json!({ "$ref": "#/components/schemas/SignInError" })) },
            },
        });
        (path.to_owned(), "post", with_form(operation, fields))
    };
    let document = |path: &str, summary: &str| {
        let operation = json!({
            "tags": ["OAuth"],
            "summary": summary,
            "parameters": path_parameters(path),
            "responses": {
                "200": { "description": "The document", "content": json_content(&json!({ "type": "object" })) },
                "400": { "description": "No such tenant", "content": json_content(&json!({ "$ref": "#/components/schemas/SignInError" })) },
            },
        });
        (path.to_owned(), "get", operation)
    };
    vec![
        document(
            "/{tenant}/v2.0/.well-known/openid-configuration",
            "Discovery; tenant is an id, a domain, organizations or common",
        ),
        document("/{tenant}/discovery/v2.0/keys", "Keys that sign tokens"),
        page("/{tenant}/oauth2/v2.0/authorize", "get", "Begin a sign-in in a browser", &[]),
        page("/{tenant}/oauth2/v2.0/logout", "get", "Sign out", &[]),
        page("/{tenant}/adminconsent", "get", "Ask an administrator to consent", &[]),
        page("/{tenant}/v2.0/adminconsent", "get", "Ask an administrator to consent to scopes", &[]),
        token("/{tenant}/oauth2/v2.0/devicecode", "Begin a device code sign-in", &["client_id", "scope"]),
        token(
            "/{tenant}/oauth2/v2.0/token",
            "Tokens for authorization_code, refresh_token, device_code, client_credentials",
            &["grant_type", "client_id"],
        ),
        page("/devicelogin", "get", "Where a person types the code of a device", &[]),
        page("/devicelogin", "post", "The typed code", &["user_code"]),
        page(
            "/signin",
            "post",
            "The form of the present step of a sign-in",
            &["flow", "login", "passwd", "otc", "answer", "for_all", "new_passwd", "confirm_passwd"],
        ),
        page("/portal", "get", "Sign-in to the simulated admin portal", &[]),
    ]
}

fn with_form(mut operation: Value, fields: &[&str]) -> Value {
    if !fields.is_empty() {
        let properties: Map<String, Value> =
            fields.iter().map(|f| ((*f).to_owned(), json!({ "type": "string" }))).collect();
        let schema = json!({ "type": "object", "properties": properties });
        operation["requestBody"] = json!({ "content": { "application/x-www-form-urlencoded": { "schema": schema } } });
    }
    operation
}

fn control_operations() -> Vec<(String, &'static str, Value)> {
    let text = || json!({ "type": "string" });
    let whole = || json!({ "type": "integer" });
    let read = |path: &str, summary: &str| {
        let operation = json!({
            "tags": ["Control"], "summary": summary,
            "responses": { "200": { "description": "The answer", "content": json_content(&json!({})) } },
        });
        (format!("/control{path}"), "get", operation)
    };
    let write = |path: &str, summary: &str, properties: Value| {
        let schema = json!({ "type": "object", "properties": properties });
        let mut operation = json!({
            "tags": ["Control"], "summary": summary,
            "requestBody": { "content": json_content(&schema) },
            "responses": {
                "200": { "description": "Done", "content": json_content(&json!({ "type": "object" })) },
                "400": { "description": "What is wrong with the request", "content": json_content(&json!({ "type": "object" })) },
            },
        });
        if schema["properties"] == json!({}) {
            operation.as_object_mut().map(|o| o.remove("requestBody"));
        }
        (format!("/control{path}"), "post", operation)
    };
    let mut users = read("/users", "Users of a tenant, for assertions");
    let mut applications = read("/applications", "App registrations of a tenant, for assertions");
    for list in [&mut users, &mut applications] {
        list.2["parameters"] = json!([{ "name": "tenant", "in": "query", "required": true, "schema": text() }]);
    }
    let remove_faults = (
        "/control/faults".to_owned(),
        "delete",
        json!({ "tags": ["Control"], "summary": "Remove all faults", "responses": { "200": { "description": "Done" } } }),
    );
    let mut add_fault = write("/faults", "Add a fault", json!({ "effect": {} }));
    add_fault.2["requestBody"] = json!({ "content": json_content(&json!({ "$ref": "#/components/schemas/Fault" })) });
    let password = || json!({ "tenant": text(), "userName": text(), "password": text() });
    vec![
        read("/faults", "All faults"),
        add_fault,
        remove_faults,
        read("/settings", "All settings"),
        write(
            "/settings",
            "Change settings; absent ones stay",
            json!({
                "replicationMs": whole(), "proofDelayMs": whole(), "certificateDelayMs": whole(),
                "deviceIntervalS": whole(), "deviceExpiryS": whole(), "deviceSlowDown": { "type": "boolean" },
                "accessTokenS": whole(), "pageSize": whole(), "throttling": { "type": "boolean" },
                "writeQuota": { "type": ["object", "null"], "properties": { "units": whole(), "perSecond": whole() } },
                "latencyMs": whole(), "validate": { "type": "boolean" },
            }),
        ),
        read("/clock", "Simulated time"),
        write("/clock", "Move the simulated clock", json!({ "advanceMs": whole() })),
        users,
        applications,
        read("/requests", "How often each operation was asked for, by tenant"),
        read("/violations", "What did not fit Microsoft's description"),
        write(
            "/clients",
            "Register a client that lives outside the tenants",
            json!({
                "clientId": text(), "name": text(), "nativeRedirects": { "type": "array", "items": text() },
                "spaRedirects": { "type": "array", "items": text() }, "publicFlows": { "type": "boolean" }, "homeTenant": text(),
            }),
        ),
        write(
            "/tenant",
            "Change one tenant from outside; absent members stay",
            json!({
                "tenant": text(), "claimsChallenge": text(), "signInFrequencyS": whole(),
                "bannedWords": { "type": "array", "items": text() }, "addTrait": text(), "removeTrait": text(),
                "principal": { "type": "object" }, "addUser": { "type": "object" }, "addRole": { "type": "object" },
                "removeRole": { "type": "object" }, "removePermission": { "type": "object" }, "endCertificates": text(), "plant": { "type": "object" }, "addCodes": text(), "addPhone": { "type": "object" }, "userEnabled": { "type": "object" }, "deleteUser": text(),
            }),
        ),
        write("/password", "Change a password behind the product's back", password()),
        write("/password-accepted", "Whether a sign-in page would take a password; counts nothing", password()),
        write("/sign-in", "Type a password on the sign-in page, with lock-out", password()),
        write("/reset", "Everything as at start with the same seed", json!({})),
    ]
}

fn graph_error() -> Value {
    json!({
        "type": "object", "required": ["error"],
        "properties": { "error": {
            "type": "object", "required": ["code", "message"],
            "properties": { "code": { "type": "string" }, "message": { "type": "string" }, "innerError": { "type": "object" }, "details": { "type": "array" } },
        }},
    })
}

fn sign_in_error() -> Value {
    json!({
        "type": "object", "required": ["error", "error_description", "error_codes", "timestamp", "trace_id", "correlation_id"],
        "properties": {
            "error": { "type": "string" }, "error_description": { "type": "string" },
            "error_codes": { "type": "array", "items": { "type": "integer" } },
            "timestamp": { "type": "string" }, "trace_id": { "type": "string" }, "correlation_id": { "type": "string" },
            "error_uri": { "type": "string" }, "suberror": { "type": "string" }, "claims": { "type": "string" },
        },
    })
}

fn fault() -> Value {
    json!({
        "type": "object", "required": ["effect"],
        "properties": {
            "tenant": { "type": "string", "description": "Id or domain; absent: all" },
            "operation": { "type": "string", "description": "Such as 'PATCH /users/{user-id}'; a trailing * matches any ending" },
            "skip": { "type": "integer", "description": "Matching requests that pass first" },
            "times": { "type": "integer", "description": "How often it bites; absent: always" },
            "probability": { "type": "number", "minimum": 0, "maximum": 1 },
            "effect": {
                "type": "object", "required": ["kind"],
                "properties": {
                    "kind": { "enum": ["delay", "throttle", "status", "sign-in-error", "drop-before", "drop-after", "hang", "hang-after"] },
                    "ms": { "type": "integer" }, "retryAfter": { "type": "integer" },
                    "status": { "type": "integer" }, "code": { "type": ["string", "integer"] },
                },
            },
        },
    })
}
