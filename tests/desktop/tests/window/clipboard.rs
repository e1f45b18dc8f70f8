//! The clipboard of the screen: what a copied password says to histories, and when it is gone.

use std::fs;

use anyhow::{Result, ensure};
use vitrine_desktop_tests::{Cloud, Desk, Other, Window, acts, scenario, scenario::LIMIT};
use vitrine_kit::wait::{PATIENCE, until};

use crate::at;

/// The reveal window of an account, and its password.
async fn password(desk: &mut Desk, cloud: &Cloud) -> Result<(Window, String)> {
    let (window, _) = acts::with_contoso(desk, cloud).await?;
    acts::view_credentials(&window, 1).await?;
    let password = acts::reveal_password(&window).await?;
    Ok((window, password))
}

async fn copy(window: &Window, other: &Other, password: &str) -> Result<()> {
    window.click("copy-password").await?;
    until("the password in the clipboard", PATIENCE, async || {
        (other.paste("UTF8_STRING").await.ok()??.as_slice() == password.as_bytes()).then_some(())
    })
    .await
}

#[tokio::test]
async fn a_copied_password_asks_histories_to_leave_it_out_and_goes_after_its_time_if_it_is_still_ours() {
    let cloud = Cloud::start().await.unwrap();
    let outcome = scenario("clipboard", LIMIT, at(&cloud), async |desk| {
        fs::create_dir(desk.vault())?;
        fs::write(desk.vault().join("config.toml"), "[settings]\nclipboardSeconds = 5\n")?;
        let other = Other::open(desk.display())?;
        let (window, password) = password(desk, &cloud).await?;
        copy(&window, &other, &password).await?;
        let hint = other.paste("x-kde-passwordManagerHint").await?;
        ensure!(hint.as_deref() == Some(b"secret"), "histories are not asked to leave it out: {hint:?}");
        other.wait_until_empty().await?;

        copy(&window, &other, &password).await?;
        other.copy()?;
        other.answer().await?;
        let list = desk.run("vitrine", &["org", "list"]).await?;
        ensure!(list.status.success(), "the window does not answer");
        ensure!(other.is_owner()?, "what another program copied was cleared");
        Ok(())
    });
    outcome.await.unwrap();
}

#[tokio::test]
async fn at_the_lock_a_copied_password_is_gone_from_the_clipboard_at_once() {
    let cloud = Cloud::start().await.unwrap();
    let outcome = scenario("clipboard-lock", LIMIT, at(&cloud), async |desk| {
        fs::create_dir(desk.vault())?;
        fs::write(desk.vault().join("config.toml"), "[settings]\nclipboardSeconds = 300\n")?;
        let other = Other::open(desk.display())?;
        let (window, password) = password(desk, &cloud).await?;
        copy(&window, &other, &password).await?;
        let locked = desk.run("vitrine", &["lock"]).await?;
        ensure!(locked.status.success(), "it was not locked");
        ensure!(other.paste("UTF8_STRING").await?.is_none(), "the lock left the password in the clipboard");
        Ok(())
    });
    outcome.await.unwrap();
}
