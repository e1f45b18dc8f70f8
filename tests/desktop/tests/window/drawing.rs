//! How the window is drawn: on a machine without a graphics card by the processor, and not by a card that it plays; and by our
//! own styles, wherever the bundle put the library's.

use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};
use vitrine_desktop_tests::desk::Setting;
use vitrine_desktop_tests::{Cloud, acts, scenario, scenario::LIMIT};

use crate::at;

/// Processor time of the threads by which Mesa plays a card, in ticks; none where there is a card, or no use for one.
fn played(process: &Path) -> Result<u64> {
    let mut ticks = 0;
    for thread in fs::read_dir(process.join("task"))?.flatten() {
        let text = fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        if let Some((name, rest)) = text.rsplit_once(')')
            && name.contains("(llvmpipe")
        {
            let fields: Vec<&str> = rest.split_whitespace().collect();
            for place in [11, 12] {
                ticks += fields.get(place).and_then(|field| field.parse().ok()).unwrap_or(0);
            }
        }
    }
    Ok(ticks)
}

#[tokio::test]
async fn no_card_is_played_where_there_is_none() {
    let cloud = Cloud::start().await.unwrap();
    let outcome = scenario("drawing", LIMIT, at(&cloud), async |desk| {
        let (window, _) = acts::with_contoso(desk, &cloud).await?;
        acts::view_credentials(&window, 1).await?;
        let views = desk.processes("WebKitWebProcess")?;
        ensure!(views.len() == 2, "{views:?}");
        for view in views {
            let ticks = played(&view)?;
            ensure!(ticks == 0, "{ticks} ticks went into a graphics card that is not there");
        }
        Ok(())
    });
    outcome.await.unwrap();
}

#[tokio::test]
async fn our_own_styles_win_over_the_librarys() {
    let outcome = scenario("styles", LIMIT, Setting::default(), async |desk| {
        let window = acts::start(desk).await?;
        window.click("first-create").await?;
        window.find("create-suggest").await?;
        let weight = "return getComputedStyle(document.querySelector('[data-testid=\"create-suggest\"]')).fontWeight;";
        let weight = window.script(weight).await?;
        // The library's is 600.
        ensure!(weight == "500", "a button is drawn by the library's style sheet: {weight}");
        Ok(())
    });
    outcome.await.unwrap();
}
