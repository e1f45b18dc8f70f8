//! The program's windows as a person sees and uses them: by what is on them, never by time.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::wd::WindowHandle;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::time::timeout;
use vitrine_kit::wait::{PATIENCE, until};

use crate::driver::Driver;

/// More stops than any screen of ours has, so that a lost focus ends the search.
const MOST_TAB_STOPS: usize = 200;

/// Pictures of one moment, at most.
const MOST_PICTURES: usize = 5;

/// A running program and its windows. It ends when it is closed, when the next one is started, or with its machine: one
/// that is let go because a scenario failed is still there to be pictured.
#[derive(Debug)]
pub struct Window {
    client: Client,
    driver: Arc<Driver>,
}

impl Window {
    /// Starts the program under this driver and waits until its page is there.
    pub(crate) async fn open(driver: Driver, program: &Path) -> Result<Self> {
        let options = json!({ "tauri:options": { "application": program } });
        let capabilities = options.as_object().cloned().context("an object was written")?;
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let session = builder.capabilities(capabilities);
        // A program that dies before its window is there leaves the driver waiting for ever.
        let session = timeout(PATIENCE, session.connect(driver.address())).await;
        let client = session.context("the window did not open; did the program end?")??;
        Ok(Self { client, driver: Arc::new(driver) })
    }

    /// The same program once more. It goes on running while either is held.
    pub(crate) fn held(&self) -> Self {
        Self { client: self.client.clone(), driver: Arc::clone(&self.driver) }
    }

    /// Ends the session as a person who quits.
    pub async fn close(self) -> Result<()> {
        self.client.close().await?;
        self.driver.end();
        Ok(())
    }

    /// Ends the program and all its helpers as a power cut would.
    pub fn kill(self) {
        self.driver.kill();
    }

    /// Waits for the control with this test id and brings it into view.
    pub async fn find(&self, id: &str) -> Result<Element> {
        self.find_css(&by_id(id)).await
    }

    /// Waits for the first element that this CSS selector finds and that can be seen.
    pub async fn find_css(&self, selector: &str) -> Result<Element> {
        self.until(selector, async || {
            let element = self.client.find(Locator::Css(selector)).await.ok()?;
            element.is_displayed().await.ok().filter(|shown| *shown).map(|_| element)
        })
        .await
    }

    /// Whether the control is on the page now.
    pub async fn has(&self, id: &str) -> bool {
        self.client.find(Locator::Css(&by_id(id))).await.is_ok()
    }

    /// Whether this CSS selector finds anything now.
    pub async fn has_css(&self, selector: &str) -> bool {
        self.client.find(Locator::Css(selector)).await.is_ok()
    }

    /// Waits until the control is gone.
    pub async fn wait_until_gone(&self, id: &str) -> Result<()> {
        self.until(&format!("{id} to go"), async || (!self.has(id).await).then_some(())).await
    }

    /// Clicks the control once it is there and can be used.
    pub async fn click(&self, id: &str) -> Result<()> {
        self.click_css(&by_id(id)).await
    }

    /// Clicks the first visible element that this CSS selector finds, once it can be used. An element that is drawn
    /// anew meanwhile is looked for again.
    pub async fn click_css(&self, selector: &str) -> Result<()> {
        self.until(&format!("{selector} to be clickable"), async || self.try_click(selector).await).await
    }

    /// Clicks the first element that this CSS selector finds if it can be used now; nothing if it cannot.
    pub async fn try_click(&self, selector: &str) -> Option<()> {
        let element = self.client.find(Locator::Css(selector)).await.ok()?;
        let usable = element.is_displayed().await.ok()? && element.is_enabled().await.ok()?;
        if usable { element.click().await.ok() } else { None }
    }

    /// Flips a switch by its label and waits until what was saved is shown.
    pub async fn flip(&self, id: &str) -> Result<()> {
        let look = format!("return document.querySelector('{}')?.checked ?? null;", by_id(id));
        let checked = async || self.script(&look).await.ok()?.as_bool();
        let before = self.until(&format!("the switch {id}"), checked).await?;
        self.script(&format!("document.querySelector('{}').labels[0].click();", by_id(id))).await?;
        self.until(&format!("{id} to be flipped"), async || checked().await.filter(|now| *now != before)).await?;
        Ok(())
    }

    /// Replaces what is in a field.
    pub async fn fill(&self, id: &str, text: &str) -> Result<()> {
        let field = self.find(id).await?;
        field.clear().await?;
        field.send_keys(text).await?;
        Ok(())
    }

    /// Waits until this CSS selector finds something that can be seen.
    pub async fn wait_for_css(&self, selector: &str) -> Result<()> {
        self.find_css(selector).await.map(drop)
    }

    /// Waits until a field holds something, and hands it back.
    pub async fn wait_for_value(&self, id: &str) -> Result<String> {
        self.until(&format!("a value in {id}"), async || {
            let field = self.client.find(Locator::Css(&by_id(id))).await.ok()?;
            field.prop("value").await.ok()?.filter(|value| !value.is_empty())
        })
        .await
    }

    /// The words of a field's label.
    pub async fn label(&self, id: &str) -> Result<String> {
        self.find(id).await?;
        let script = "return document.querySelector(arguments[0]).labels[0].innerText;";
        let answer = self.client.execute(script, vec![json!(by_id(id))]).await?;
        Ok(answer.as_str().with_context(|| format!("{id} has no label"))?.trim().to_owned())
    }

    /// The visible text of a control.
    pub async fn text(&self, id: &str) -> Result<String> {
        Ok(self.find(id).await?.text().await?)
    }

    /// Waits until the control's text is as `wanted`, and hands it back.
    pub async fn wait_for_text(&self, id: &str, wanted: impl Fn(&str) -> bool) -> Result<String> {
        self.until(&format!("the wanted text of {id}"), async || {
            let element = self.client.find(Locator::Css(&by_id(id))).await.ok()?;
            element.text().await.ok().filter(|text| wanted(text))
        })
        .await
    }

    /// All visible text of the page.
    pub async fn page_text(&self) -> Result<String> {
        Ok(self.client.find(Locator::Css("body")).await?.text().await?)
    }

    /// Waits until a second window shows the control with this test id, and looks at that window from now on.
    pub async fn switch_to_window_with(&self, id: &str) -> Result<WindowHandle> {
        self.until(&format!("a window with {id}"), async || {
            for window in self.client.windows().await.ok()? {
                if self.client.switch_to_window(window.clone()).await.is_ok() && self.has(id).await {
                    return Some(window);
                }
            }
            None
        })
        .await
    }

    /// How many windows are open.
    pub async fn count(&self) -> Result<usize> {
        Ok(self.client.windows().await?.len())
    }

    /// Waits until so many windows are open.
    pub async fn wait_for_count(&self, wanted: usize) -> Result<()> {
        self.until(&format!("{wanted} open windows"), async || (self.count().await.ok()? == wanted).then_some(())).await
    }

    /// Gives the window that is looked at this size in pixels.
    pub async fn resize(&self, width: u32, height: u32) -> Result<()> {
        Ok(self.client.set_window_size(width, height).await?)
    }

    /// Gives the page this size; frame and title bar of the window come on top.
    pub async fn resize_page(&self, (width, height): (u32, u32)) -> Result<()> {
        let page = |value: &Value, side: &str| value[side].as_u64().and_then(|pixels| u32::try_from(pixels).ok());
        let (mut wide, mut high) = (width, height);
        self.until(&format!("a page of {width}x{height}"), async || {
            self.resize(wide, high).await.ok()?;
            self.wait_for_frames().await.ok()?;
            let size = self.script("return { w: innerWidth, h: innerHeight };").await.ok()?;
            let (w, h) = (page(&size, "w")?, page(&size, "h")?);
            (wide, high) = ((wide + width).saturating_sub(w), (high + height).saturating_sub(h));
            ((w, h) == (width, height)).then_some(())
        })
        .await
    }

    /// Presses one key.
    pub async fn press(&self, key: Key) -> Result<()> {
        self.chord(&[], key.into()).await
    }

    /// Presses a key while others are held, as in Ctrl+K.
    pub async fn chord(&self, held: &[Key], key: char) -> Result<()> {
        let held: Vec<char> = held.iter().map(|key| (*key).into()).collect();
        let down = held.iter().map(|value| KeyAction::Down { value: *value });
        let pressed = [KeyAction::Down { value: key }, KeyAction::Up { value: key }];
        let up = held.iter().rev().map(|value| KeyAction::Up { value: *value });
        self.keys(down.chain(pressed).chain(up)).await
    }

    /// Types into whatever has the focus.
    pub async fn type_text(&self, text: &str) -> Result<()> {
        self.keys(text.chars().flat_map(|value| [KeyAction::Down { value }, KeyAction::Up { value }])).await
    }

    async fn keys(&self, keys: impl Iterator<Item = KeyAction>) -> Result<()> {
        let actions = keys.fold(KeyActions::new("keyboard".into()), KeyActions::then);
        self.client.perform_actions(actions).await?;
        Ok(())
    }

    /// Moves the focus by Tab alone until the control has it, as a person without a mouse.
    pub async fn tab_to(&self, id: &str) -> Result<()> {
        self.find(id).await?;
        let mut seen = Vec::new();
        for _ in 0..MOST_TAB_STOPS {
            let focus = self.focus().await?;
            if focus == id {
                return Ok(());
            }
            seen.push(focus);
            self.press(Key::Tab).await?;
        }
        seen.dedup();
        bail!("Tab never reached {id}; it stopped at {seen:?}");
    }

    /// Waits until the control has the focus.
    pub async fn wait_for_focus(&self, id: &str) -> Result<()> {
        self.until(&format!("the focus on {id}"), async || (self.focus().await.ok()? == id).then_some(())).await
    }

    /// The test id of the control that has the focus, or else its tag.
    pub async fn focus(&self) -> Result<String> {
        let script = "const at = document.activeElement; \
                      return at?.closest('[data-testid]')?.dataset.testid ?? at?.tagName ?? '';";
        let answer = self.client.execute(script, Vec::new()).await?;
        Ok(answer.as_str().unwrap_or_default().to_owned())
    }

    /// Whether the focus can be seen: the control that has it shows an outline or a ring, and nothing covers its middle.
    pub async fn focus_is_visible(&self) -> Result<bool> {
        let script = "const at = document.activeElement; if (!at || at === document.body) return false; \
                      const style = getComputedStyle(at), box = at.getBoundingClientRect(); \
                      const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2); \
                      const ring = style.outlineStyle !== 'none' || style.boxShadow !== 'none'; \
                      return ring && !!top && (at.contains(top) || top.contains(at));";
        Ok(self.client.execute(script, Vec::new()).await?.as_bool().unwrap_or(false))
    }

    /// A picture of the page as it is drawn, as a PNG. The driver's picture can be frames behind the document, on a busy
    /// machine many: it counts once it is like the one before, or after a few on a page that always moves.
    pub async fn picture(&self) -> Result<Vec<u8>> {
        let mut last = Vec::new();
        for _ in 0..MOST_PICTURES {
            self.wait_for_frames().await?;
            self.script(MOVE).await?;
            let picture = self.client.screenshot().await?;
            self.script(REST).await?;
            if picture == last {
                break;
            }
            last = picture;
        }
        Ok(last)
    }

    /// Waits until fonts are there and two frames were drawn.
    pub async fn wait_for_frames(&self) -> Result<()> {
        let script = "const done = arguments[arguments.length - 1]; \
                      document.fonts.ready.then(() => requestAnimationFrame(() => requestAnimationFrame(() => done(true))));";
        self.client.execute_async(script, Vec::new()).await?;
        Ok(())
    }

    /// Runs a script as the body of a function in the page, for what only the page knows.
    pub async fn script(&self, body: &str) -> Result<Value> {
        Ok(self.client.execute(body, Vec::new()).await?)
    }

    /// Runs a script that calls its last argument with the answer.
    pub async fn script_async(&self, body: &str, arguments: Vec<Value>) -> Result<Value> {
        Ok(self.client.execute_async(body, arguments).await?)
    }

    /// Waits for what `look` sees. What a person would say is on the screen goes into the error: the end of a failed
    /// wait is useless without it.
    pub async fn until<T>(&self, what: &str, look: impl AsyncFnMut() -> Option<T>) -> Result<T> {
        match until(what, PATIENCE, look).await {
            Ok(seen) => Ok(seen),
            Err(error) => Err(error.context(self.situation().await)),
        }
    }

    async fn situation(&self) -> String {
        match self.page_text().await {
            Ok(text) => format!("the page said: {}", text.split_whitespace().collect::<Vec<_>>().join(" ")),
            Err(error) => format!("the window did not answer: {error}"),
        }
    }
}

/// The driver takes its picture with the next frame, and without a graphics card a page at rest has none: a dot that
/// nobody sees makes frames until the picture is taken.
const MOVE: &str = "const dot = document.createElement('i'); dot.id = 'moving-dot'; let turn = false; \
                    dot.style.cssText = 'position: fixed; inset: 0 auto auto 0; width: 1px; height: 1px;'; \
                    const move = () => { if (!dot.isConnected) return; turn = !turn; \
                        dot.style.background = turn ? 'rgba(0, 0, 0, 0.002)' : 'transparent'; requestAnimationFrame(move); }; \
                    document.body.append(dot); move();";
const REST: &str = "document.getElementById('moving-dot')?.remove();";

fn by_id(id: &str) -> String {
    format!("[data-testid=\"{id}\"]")
}

/// Waits until there is something on the page to read: a blank window passes every other look.
pub async fn ensure_drawn(window: &Window) -> Result<()> {
    window.until("words on the page", async || window.page_text().await.ok().filter(|text| !text.is_empty())).await?;
    window.wait_for_frames().await
}
