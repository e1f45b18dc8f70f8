//! What stays in memory after the lock: of what only Rust ever held, nothing. What passed through the web view is counted,
//! in our own process, which holds a part of WebKit, and in WebKit's own; docs/known-issues.md tells how much.

use anyhow::{Context, ensure};
use vitrine_desktop_tests::{Cloud, acts, scenario, scenario::LIMIT};
use vitrine_kit::memory::count;

use crate::at;

/// A key for one-time codes, as an authenticator page shows it.
const KEY: &str = "JBSWY3DPK5XXE3DEJBSWY3DPK5XXE3DE";
/// What every RSA key in PKCS#8 begins with after its length: version 0, and the algorithm by its number.
const PRIVATE_KEY: &[u8] =
    &[0x02, 0x01, 0x00, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00, 0x04];

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[tokio::test]
async fn after_the_lock_our_process_holds_nothing_that_was_rusts_alone() {
    let cloud = Cloud::start().await.unwrap();
    let outcome = scenario("memory", LIMIT, at(&cloud), async |desk| {
        let (window, passphrase) = acts::with_contoso(desk, &cloud).await?;
        acts::view_credentials(&window, 1).await?;
        window.fill("factor-key", KEY).await?;
        window.click("factor-save").await?;
        window.find("show-code").await?;
        let password = acts::reveal_password(&window).await?;
        acts::close_reveal(&window).await?;
        // The connection signs in with its own key.
        window.click("rotate-now").await?;
        window.click("nav-rotation").await?;
        window.wait_for_css("[data-step=\"done\"] ~ [data-step=\"done\"]").await?;
        window.click("lock-now").await?;
        window.find("unlock-passphrase").await?;

        let own = desk.processes("vitrine-desktop")?.pop().context("the program does not run")?;
        let tokens = cloud.sim().control().issued_tokens();
        ensure!(!tokens.is_empty(), "the cloud issued no token");
        let ours: Vec<Vec<u8>> = tokens.iter().map(|token| token.as_bytes().to_vec()).collect();
        let known = desk.vault().display().to_string().into_bytes();
        let found = count(&own, &[ours, vec![PRIVATE_KEY.to_vec(), known]].concat())?;
        let [held @ .., keys, searched] = found.as_slice() else { anyhow::bail!("nothing was searched") };
        ensure!(*searched > 0, "the memory cannot be searched: not even the data folder's name is in it");
        ensure!(held.iter().all(|count| *count == 0), "tokens of the cloud are left: {held:?}");
        ensure!(*keys == 0, "{keys} private keys are left");

        let passed = [("passphrase", passphrase.as_str()), ("password", &password), ("one-time key", KEY)];
        for program in ["vitrine-desktop", "WebKitWebProcess", "WebKitNetworkProcess"] {
            for process in desk.processes(program)? {
                for (name, text) in passed {
                    let found = count(&process, &[text.as_bytes().to_vec(), wide(text)])?;
                    println!("{program}: the {name} {} times, and {} in two bytes a letter", found[0], found[1]);
                }
            }
        }
        Ok(())
    });
    outcome.await.unwrap();
}
