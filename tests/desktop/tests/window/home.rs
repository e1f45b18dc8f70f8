//! The home of the vault, moved to a real backend and back in the real window.

use vitrine_desktop_tests::accessibility::ensure_accessible;
use vitrine_desktop_tests::desk::backend;
use vitrine_desktop_tests::{Cloud, acts, scenario, scenario::LIMIT};

use crate::at;

#[tokio::test]
async fn the_home_moves_to_a_backend_whose_end_is_said_and_comes_back() {
    let cloud = Cloud::start().await.unwrap();
    let outcome = scenario("home", LIMIT, at(&cloud), async |desk| {
        let mut backend = backend().await?;
        let (window, _) = acts::with_contoso(desk, &cloud).await?;
        acts::fill_home(&window, &backend).await?;
        ensure_accessible(&window, "the home is about to be moved").await?;
        window.click("home-move").await?;
        window.find("home-sync").await?;
        ensure_accessible(&window, "the home is a backend").await?;

        backend.kill().await?;
        window.click("home-sync").await?;
        window.wait_for_text("error-notice", |text| text.contains("cannot be reached")).await?;
        backend.run().await?;
        window.click("home-sync").await?;
        window.wait_until_gone("error-notice").await?;

        window.click("home-bring-back").await?;
        window.click("home-bring-back-submit").await?;
        window.find("home-begin").await?;
        Ok(())
    });
    outcome.await.unwrap();
}
