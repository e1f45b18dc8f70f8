//! Accessibility of the page as it is drawn, contrast included, judged by axe (WCAG 2.2 A and AA rules).

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Value, json};

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

/// Both themes are one page with other colours: they hang on one attribute of it.
const THEMES: [&str; 2] = ["light", "dark"];

/// Fails with every violation on the present page in either theme; `what` names the page in the message.
pub async fn ensure_accessible(window: &Window, what: &str) -> Result<()> {
    engine(window, what).await?;
    let theme = window.script("return document.documentElement.dataset.mantineColorScheme;").await?;
    let mut found = Vec::new();
    for theme in THEMES {
        wear(window, &json!(theme)).await?;
        found.extend(violations(window, &format!("{what}, {theme}")).await?);
    }
    wear(window, &theme).await?;
    if found.is_empty() { Ok(()) } else { bail!("not accessible:\n{}", found.join("\n")) }
}

/// The same as it is drawn, where the colours hang on more than that attribute: with more contrast they go by the desktop.
pub async fn ensure_accessible_as_drawn(window: &Window, what: &str) -> Result<()> {
    engine(window, what).await?;
    let found = violations(window, what).await?;
    if found.is_empty() { Ok(()) } else { bail!("not accessible:\n{}", found.join("\n")) }
}

async fn engine(window: &Window, what: &str) -> Result<()> {
    let engine = std::fs::read_to_string(Path::new(AXE)).context("axe-core is not installed in ui/node_modules")?;
    window.script(&engine).await.with_context(|| format!("axe was not heard on {what}"))?;
    Ok(())
}

/// Puts a theme on and waits until no colour is on its way to another.
async fn wear(window: &Window, theme: &Value) -> Result<()> {
    let script = "document.documentElement.dataset.mantineColorScheme = arguments[0]; arguments[1](true);";
    window.script_async(script, vec![theme.clone()]).await?;
    let settled = "const done = arguments[arguments.length - 1]; \
                   requestAnimationFrame(() => { \
                     const moving = document.getAnimations().filter(it => it instanceof CSSTransition); \
                     Promise.allSettled(moving.map(it => it.finished)).then(() => done(true)); \
                   });";
    // Twice: colours that a script puts on after the theme changed set out a frame later.
    for _ in 0..2 {
        window.script_async(settled, Vec::new()).await?;
        window.wait_for_frames().await?;
    }
    Ok(())
}

async fn violations(window: &Window, what: &str) -> Result<Vec<String>> {
    let run = "const done = arguments[arguments.length - 1]; \
               axe.run(document, arguments[0]).then(found => done({ found: found.violations }), \
               error => done({ error: String(error) }));";
    let options = json!({
        "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
        "resultTypes": ["violations"],
    });
    let asked = || format!("axe was not heard on {what}");
    let mut answer = window.script_async(run, vec![options]).await.with_context(asked)?;
    if let Some(error) = answer["error"].as_str() {
        bail!("axe could not judge {what}: {error}");
    }
    let violations: Vec<Violation> = serde_json::from_value(answer["found"].take())?;
    let lines = violations.iter().flat_map(|Violation { id, help, nodes }| {
        let rule = std::iter::once(format!("  {what}: {id}: {help}"));
        rule.chain(nodes.iter().map(|node| format!("    {}", node.html)))
    });
    Ok(lines.collect())
}
