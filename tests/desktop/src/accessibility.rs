//! Accessibility of the page as it is drawn, contrast included, judged by axe (WCAG 2.2 A and AA rules).

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::json;

use crate::Window;

/// The engine, from the UI's own packages.
const AXE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../ui/node_modules/axe-core/axe.min.js");

#[derive(Debug, Deserialize)]
struct Violation {
    id: String,
    help: String,
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    html: String,
}

/// Fails with every violation on the present page; `what` names the page in the message.
pub async fn ensure_accessible(window: &Window, what: &str) -> Result<()> {
    let engine = std::fs::read_to_string(Path::new(AXE)).context("axe-core is not installed in ui/node_modules")?;
    let asked = || format!("axe was not heard on {what}");
    window.wait_for_frames().await.with_context(asked)?;
    window.script(&engine).await.with_context(asked)?;
    let run = "const done = arguments[arguments.length - 1]; \
               axe.run(document, arguments[0]).then(found => done({ found: found.violations }), \
               error => done({ error: String(error) }));";
    let options = json!({
        "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
        "resultTypes": ["violations"],
    });
    let mut answer = window.script_async(run, vec![options]).await.with_context(asked)?;
    if let Some(error) = answer["error"].as_str() {
        bail!("axe could not judge {what}: {error}");
    }
    let violations: Vec<Violation> = serde_json::from_value(answer["found"].take())?;
    if violations.is_empty() {
        return Ok(());
    }
    let lines = violations.iter().flat_map(|Violation { id, help, nodes }| {
        let rule = std::iter::once(format!("  {id}: {help}"));
        rule.chain(nodes.iter().map(|node| format!("    {}", node.html)))
    });
    bail!("{what} is not accessible:\n{}", lines.collect::<Vec<_>>().join("\n"))
}
