//! Compares what goes over the wire with Microsoft's own description of Graph (an OpenAPI 3.0 file).
//!
//! The description is stricter here than OpenAPI makes it: a property it does not know is a violation, so that neither
//! the client nor the simulator can rely on something Graph does not have.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde_json::{Map, Value, json};

use crate::graph::call::{Body, Reply, Request};
use crate::sim::SimError;

/// What the description leaves out.
const FURTHER: &str = include_str!("../description/further.yaml");
/// Names the file with the description.
const VARIABLE: &str = "VITRINE_GRAPH_OPENAPI";

/// Something that does not fit.
#[derive(Debug, Clone)]
pub(crate) struct Violation {
    /// `request` or `answer`.
    pub(crate) what: &'static str,
    /// Where and how, without values: a request may hold a password.
    pub(crate) detail: String,
}

/// The description, with schemas compiled as they are needed.
pub(crate) struct Validator {
    paths: Value,
    responses: Value,
    definitions: Value,
    compiled: Mutex<HashMap<String, Option<Arc<jsonschema::Validator>>>>,
}

/// The description named by the environment; `None` if none is named or the file is absent.
pub(crate) fn from_environment() -> Result<Option<Arc<Validator>>, SimError> {
    // One file per process, read once: tests start many simulators.
    static READ: OnceLock<Result<Option<Arc<Validator>>, String>> = OnceLock::new();
    READ.get_or_init(|| match std::env::var_os(VARIABLE) {
        Some(path) if Path::new(&path).is_file() => Validator::read(Path::new(&path)).map(|v| Some(Arc::new(v))),
        _ => Ok(None),
    })
    .clone()
    .map_err(|detail| SimError::Description { detail })
}

/// Why [`from_environment`] found none.
pub(crate) fn absent() -> &'static str {
    match std::env::var_os(VARIABLE) {
        Some(_) => "the file that VITRINE_GRAPH_OPENAPI names is absent",
        None => "VITRINE_GRAPH_OPENAPI names none",
    }
}

impl Validator {
    fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|e| e.to_string())?;
        let document: Value = serde_norway::from_str(&text).map_err(|e| e.to_string())?;
        let further: Value = serde_norway::from_str(FURTHER).map_err(|e| e.to_string())?;
        let mut paths = document["paths"].clone();
        for (path, operations) in further["paths"].as_object().into_iter().flatten() {
            // Where both know a path, the larger description is right.
            if paths[path].is_null() {
                paths[path] = operations.clone();
            }
        }
        let schemas = document["components"]["schemas"].as_object().ok_or("it has no components.schemas")?;
        Ok(Self {
            paths,
            responses: document["components"]["responses"].clone(),
            definitions: definitions(schemas),
            compiled: Mutex::new(HashMap::new()),
        })
    }

    /// Every way in which a request or its answer differs from the description. `route` is the path template.
    pub(crate) fn check(&self, route: Option<&str>, request: &Request, reply: &Reply) -> Vec<Violation> {
        let mut found = Vec::new();
        let operation = &self.paths[route.unwrap_or_default()][request.method.to_ascii_lowercase()];
        if route.is_none() || operation.is_null() {
            let detail = format!("{} /{} is not described", request.method, request.path.join("/"));
            return vec![Violation { what: "request", detail }];
        }
        let name = format!("{} {}", request.method, route.unwrap_or_default());
        self.check_request(&name, operation, request, &mut found);
        self.check_answer(&name, operation, reply, &mut found);
        found
    }

    fn check_request(&self, name: &str, operation: &Value, request: &Request, found: &mut Vec<Violation>) {
        let mut add = |detail: String| found.push(Violation { what: "request", detail });
        for (option, _) in &request.query {
            let known = operation["parameters"].as_array().into_iter().flatten().any(|p| p["name"] == option.as_str());
            if !known {
                add(format!("query option {option} is not described"));
            }
        }
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        match (&request.body, schema.is_null()) {
            (Body::Json(body), false) => {
                for detail in self.differences(&format!("{name} request"), schema, body) {
                    add(detail);
                }
            }
            (Body::Json(_), true) => add("a body is not described".to_owned()),
            (Body::None, false) if operation["requestBody"]["required"] == true => {
                add("the body is missing".to_owned());
            }
            (Body::Broken, _) => add("the body is not JSON".to_owned()),
            (Body::None, _) => {}
        }
    }

    fn check_answer(&self, name: &str, operation: &Value, reply: &Reply, found: &mut Vec<Violation>) {
        let mut add = |detail: String| found.push(Violation { what: "answer", detail });
        let all = &operation["responses"];
        let exact = reply.status.to_string();
        let class = format!("{}XX", reply.status / 100);
        let mut response = if all[&exact].is_null() { &all[&class] } else { &all[&exact] };
        if let Some(name) = response["$ref"].as_str().and_then(|r| r.rsplit('/').next()) {
            response = &self.responses[name];
        }
        if response.is_null() {
            return add(format!("status {exact} is not described"));
        }
        let schema = &response["content"]["application/json"]["schema"];
        match (&reply.body, schema.is_null()) {
            (Some(body), false) => {
                for detail in self.differences(&format!("{name} {exact}"), schema, body) {
                    add(detail);
                }
            }
            (Some(_), true) => add(format!("status {exact} has a body that is not described")),
            (None, false) => add(format!("status {exact} lacks its body")),
            (None, true) => {}
        }
    }

    /// Differences between `value` and a schema of the description; `key` names it for the cache.
    fn differences(&self, key: &str, schema: &Value, value: &Value) -> Vec<String> {
        let compiled = {
            let mut all = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
            all.entry(key.to_owned()).or_insert_with(|| self.compile(schema).map(Arc::new)).clone()
        };
        let Some(compiled) = compiled else { return vec![format!("the schema of {key} cannot be used")] };
        compiled.iter_errors(value).map(|e| format!("{key}: at '{}': {}", e.instance_path(), e.masked())).collect()
    }

    fn compile(&self, schema: &Value) -> Option<jsonschema::Validator> {
        let mut root = translated(schema);
        root["$defs"] = self.definitions.clone();
        jsonschema::draft202012::options().should_validate_formats(true).build(&root).ok()
    }
}

/// All named schemas as JSON Schema. A schema that others are derived from gives way to the one `@odata.type` names.
fn definitions(schemas: &Map<String, Value>) -> Value {
    let mut all = Map::new();
    for (name, schema) in schemas {
        let derived: Vec<&String> = schemas.keys().filter(|other| is_derived(schemas, other, name)).collect();
        let own = translated(schema);
        if derived.is_empty() {
            all.insert(name.clone(), own);
            continue;
        }
        let names: Vec<String> = derived.iter().map(|d| format!("#{d}")).collect();
        let branches: Vec<Value> = derived
            .iter()
            .map(|d| {
                json!({
                    "if": { "required": ["@odata.type"], "properties": { "@odata.type": { "const": format!("#{d}") } } },
                    "then": { "$ref": format!("#/$defs/{d}") },
                })
            })
            .collect();
        all.insert(
            name.clone(),
            json!({
                "if": { "required": ["@odata.type"], "properties": { "@odata.type": { "enum": names } } },
                "then": { "allOf": branches },
                "else": own,
            }),
        );
    }
    Value::Object(all)
}

fn is_derived(schemas: &Map<String, Value>, name: &str, base: &str) -> bool {
    let mut here = name;
    // No chain in the description is nearly that long; a circle in it must not hang us.
    for _ in 0..10 {
        match schemas.get(here).and_then(|s| s["x-base-type"].as_str()) {
            Some(next) if next == base => return true,
            Some(next) => here = next,
            None => return false,
        }
    }
    false
}

/// OpenAPI 3.0's dialect as JSON Schema 2020-12: `nullable`, references, and no unknown properties.
fn translated(schema: &Value) -> Value {
    let Some(given) = schema.as_object() else { return schema.clone() };
    if let Some(reference) = given.get("$ref").and_then(Value::as_str) {
        return json!({ "$ref": format!("#/$defs/{}", reference.rsplit('/').next().unwrap_or_default()) });
    }
    let mut out = Map::new();
    for (name, value) in given {
        match name.as_str() {
            "properties" => {
                let all = value.as_object().into_iter().flatten().map(|(k, v)| (k.clone(), translated(v))).collect();
                out.insert(name.clone(), Value::Object(all));
            }
            "items" | "additionalProperties" => {
                out.insert(name.clone(), translated(value));
            }
            "allOf" | "anyOf" | "oneOf" => {
                out.insert(name.clone(), value.as_array().into_iter().flatten().map(translated).collect());
            }
            "type" | "enum" | "required" | "format" | "maxItems" | "minItems" | "pattern" | "const" => {
                out.insert(name.clone(), value.clone());
            }
            _ => {}
        }
    }
    // OData annotations may stand anywhere.
    if out.contains_key("properties") && !out.contains_key("additionalProperties") {
        out.insert("additionalProperties".to_owned(), Value::Bool(false));
        out.insert("patternProperties".to_owned(), json!({ "@odata\\.": {} }));
    }
    if given.get("nullable") == Some(&Value::Bool(true)) {
        return json!({ "anyOf": [{ "type": "null" }, Value::Object(out)] });
    }
    Value::Object(out)
}
