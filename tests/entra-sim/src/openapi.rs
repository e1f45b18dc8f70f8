//! The simulator's own OpenAPI document.

use serde_json::{Map, Value, json};

use crate::graph::routes::ROUTES;
use crate::world::World;

/// The document, OpenAPI 3.1.
pub(crate) fn document(world: &World) -> Value {
    let mut paths = Map::new();
    for route in ROUTES {
        let item = paths.entry(format!("/v1.0{}", route.path)).or_insert_with(|| json!({}));
        item[route.method.to_ascii_lowercase()] = json!({ "summary": route.summary });
    }
    json!({ "openapi": "3.1.0", "info": { "title": "Entra simulator", "version": env!("CARGO_PKG_VERSION") },
        "servers": [{ "url": world.login }], "paths": paths })
}
