//! What only the page knows: marks, rows and frames, read through WebDriver.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use vitrine_desktop_tests::{Desk, acts};

/// How often each is measured; frames are counted once.
const TIMES: usize = 5;

/// Times in milliseconds.
#[derive(Debug, Default, serde::Serialize)]
pub(crate) struct Seen {
    /// From the first words on the page to the passphrase field having the focus; below zero if it had it before.
    ready_after_paint: f64,
    /// From the passphrase's Enter to the first rows drawn.
    unlock: Vec<f64>,
    /// From the click to a page without rows, drawn.
    lock: Vec<f64>,
    /// Most row elements at once while scrolling.
    rows: f64,
    /// Time between frames while scrolling that 95 of 100 do not exceed.
    frame_p95: f64,
}

const READY: &str = "const paint = performance.getEntriesByName('first-contentful-paint')[0]; \
                     const ready = performance.getEntriesByName('passphrase-focused')[0]; \
                     return paint && ready ? ready.startTime - paint.startTime : null;";

/// Notes when the keyboard or the mouse asked, and when the page was drawn as it should be after that.
const WATCH: &str = "const [event, sign] = arguments; const done = arguments[arguments.length - 1]; \
                     const there = () => sign === 'rows' ? !!document.querySelector('[data-testid=organization-row][data-name]') \
                         : !document.querySelector('[data-testid=organization-row]') && !!document.querySelector('[data-testid=unlock-passphrase]'); \
                     window.measured = null; let begun = null; \
                     const look = () => { if (begun !== null && there()) { requestAnimationFrame(() => { window.measured = performance.now() - begun; }); return; } requestAnimationFrame(look); }; \
                     addEventListener(event, (heard) => { if (event === 'click' || heard.key === 'Enter') begun ??= performance.now(); }, { capture: true, once: event === 'click' }); \
                     requestAnimationFrame(look); done(true);";

const SCROLL: &str = "const done = arguments[arguments.length - 1]; \
                      const table = document.querySelector('[data-testid=organizations-table]'); \
                      const frames = []; let rows = 0, last = null, left = 300; \
                      const step = (now) => { if (last !== null) frames.push(now - last); last = now; \
                          rows = Math.max(rows, document.querySelectorAll('[data-testid=organization-row]').length); \
                          table.scrollTop += 96; if (left-- > 0) requestAnimationFrame(step); \
                          else { frames.sort((a, b) => a - b); done({ rows, p95: frames[Math.floor(frames.length * 0.95)] }); } }; \
                      requestAnimationFrame(step);";

pub(crate) async fn look(desk: &Desk, passphrase: &str) -> Result<Seen> {
    let window = acts::start(desk).await?;
    window.wait_for_focus("unlock-passphrase").await?;
    let number = |value: &Value| value.as_f64().context("the page has no such mark");
    let mut seen = Seen { ready_after_paint: number(&window.script(READY).await?)?, ..Seen::default() };
    let measured = async || {
        let what = "the page to be as it should";
        let value = window.until(what, async || window.script("return window.measured;").await.ok()?.as_f64()).await?;
        anyhow::Ok(value)
    };
    for _ in 0..TIMES {
        window.script_async(WATCH, vec![json!("keydown"), json!("rows")]).await?;
        window.fill("unlock-passphrase", passphrase).await?;
        window.press(fantoccini::key::Key::Enter).await?;
        seen.unlock.push(measured().await?);
        if seen.rows == 0.0 {
            let scrolled = window.script_async(SCROLL, Vec::new()).await?;
            (seen.rows, seen.frame_p95) = (number(&scrolled["rows"])?, number(&scrolled["p95"])?);
        }
        window.script_async(WATCH, vec![json!("click"), json!("lock")]).await?;
        window.click("lock-now").await?;
        seen.lock.push(measured().await?);
    }
    window.close().await?;
    desk.wait_until_ended().await?;
    Ok(seen)
}
