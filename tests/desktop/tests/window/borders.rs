//! What a window may not do, and who else may use the vault while it is open.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use vitrine_desktop_tests::{Setting, Window, acts, scenario, scenario::LIMIT};

/// Calls a command as a script in the page would, past every type and every button.
pub(crate) async fn call(window: &Window, command: &str, request: Value) -> Result<String> {
    let body = "const done = arguments[arguments.length - 1]; \
                window.__TAURI_INTERNALS__.invoke(arguments[0], { request: arguments[1] }) \
                  .then(() => done('answered'), error => done(JSON.stringify(error)));";
    let answer = window.script_async(body, vec![json!(command), request]).await?;
    Ok(answer.as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_script_in_the_main_window_is_refused_every_secret() {
    let outcome = scenario("main-window", LIMIT, Setting::default(), async |desk| {
        let window = acts::start(desk).await?;
        acts::create_vault(&window).await?;
        ensure!(call(&window, "status", json!({})).await? == "answered", "the script cannot call anything");
        let account = json!({ "organization": "00", "account": "00", "which": "current", "reason": "x" });
        let code = json!({ "organization": "00", "account": "00", "next": false, "reason": "x" });
        for (command, request) in [("reveal", account), ("one_time_code", code)] {
            let answer = call(&window, command, request).await?;
            ensure!(answer.contains("not allowed"), "{command} in the main window: {answer}");
        }
        Ok(())
    });
    outcome.await.unwrap();
}

#[tokio::test]
async fn no_script_of_others_runs_in_the_page() {
    let outcome = scenario("content-policy", LIMIT, Setting::default(), async |desk| {
        let window = acts::start(desk).await?;
        window.find("first-create").await?;
        let body = "const done = arguments[arguments.length - 1]; window.planted = 0; \
                    for (const make of [() => { const s = document.createElement('script'); s.textContent = 'window.planted = 1'; return s; }, \
                                        () => { const i = document.createElement('img'); i.setAttribute('onerror', 'window.planted = 2'); i.src = 'data:,'; return i; }]) \
                      document.body.append(make()); \
                    requestAnimationFrame(() => requestAnimationFrame(() => done(window.planted)));";
        let planted = window.script_async(body, Vec::new()).await?;
        ensure!(planted == 0, "a planted script ran: {planted}");
        Ok(())
    });
    outcome.await.unwrap();
}

#[tokio::test]
async fn the_command_line_uses_the_vault_while_the_window_is_open() {
    let outcome = scenario("cli", LIMIT, Setting::default(), async |desk| {
        let window = acts::start(desk).await?;
        acts::create_vault(&window).await?;
        acts::add_organization(&window, "Contoso").await?;
        let list = desk.run("vitrine", &["org", "list", "--json"]).await?;
        ensure!(list.status.success(), "org list: {}", String::from_utf8_lossy(&list.stderr));
        ensure!(String::from_utf8_lossy(&list.stdout).contains("Contoso"), "the list lacks Contoso");
        let added = desk.run("vitrine", &["org", "add", "Fabrikam", "--json"]).await?;
        ensure!(added.status.success(), "org add: {}", String::from_utf8_lossy(&added.stderr));
        window.click("nav-organizations").await?;
        window.find_css("[data-name=\"Fabrikam\"]").await?;
        let locked = desk.run("vitrine", &["lock"]).await?;
        ensure!(locked.status.success(), "lock: {}", String::from_utf8_lossy(&locked.stderr));
        window.find("unlock-passphrase").await?;
        Ok(())
    });
    outcome.await.unwrap();
}
