//! What a person does in the windows, one act each: the words of which the tour and the window tests are made.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use vitrine_kit::backend::{Backend, TOKEN};
use vitrine_kit::wait::{PATIENCE, until};

use crate::{Cloud, Desk, Other, Paper, Window};

/// The size in pixels of the screen at which pages are looked at.
pub const SIZE: (u32, u32) = (1280, 800);

/// Who is invited, and what that person opens the vault with.
pub const GRACE: &str = "Grace Hopper";
/// The passphrase of whoever joins.
pub const OWN_PASSPHRASE: &str = "lantern orbit gravel thistle mango quiver";
/// Both accounts' rotations ended well, in the list of rotations.
const BOTH_DONE: &str = "[data-testid=\"job\"][data-step=\"done\"] ~ [data-testid=\"job\"][data-step=\"done\"]";

/// Starts the program and gives its window the size that the pictures have.
pub async fn start(desk: &Desk) -> Result<Window> {
    let window = desk.start().await?;
    window.resize_page((SIZE.0 / desk.scale(), SIZE.1 / desk.scale())).await?;
    Ok(window)
}

/// Fills the form of a new vault with six words that the program proposes, and hands them back; nothing is made yet.
pub async fn propose_vault(window: &Window, firm: &str, person: &str) -> Result<String> {
    window.click("first-create").await?;
    window.fill("create-msp", firm).await?;
    window.fill("create-person", person).await?;
    window.click("create-suggest").await?;
    let passphrase = window.wait_for_text("create-suggestion", |text| text.split_whitespace().count() >= 6).await?;
    window.click("create-use-suggestion").await?;
    window.fill("create-repeat", &passphrase).await?;
    window.wait_for_css("[data-enough]").await?;
    Ok(passphrase)
}

/// Makes a vault and goes past the papers, to the list of organizations.
pub async fn create_vault(window: &Window) -> Result<String> {
    let passphrase = propose_vault(window, "Northgate IT", "Alex Moreno").await?;
    window.click("create-submit").await?;
    window.find("kit-save").await?;
    Ok(passphrase)
}

/// Starts the program and makes a vault in which Contoso is connected and has two emergency accounts; hands over the
/// passphrase with the window.
pub async fn with_contoso(desk: &mut Desk, cloud: &Cloud) -> Result<(Window, String)> {
    let window = start(desk).await?;
    let passphrase = create_vault(&window).await?;
    add_organization(&window, "Contoso").await?;
    sign_in_by_browser(&window, desk, cloud, "contoso.onmicrosoft.com").await?;
    window.click("confirm-tenant").await?;
    agree_to_plan(&window).await?;
    enable_laps(&window, ["ea-contoso-1", "ea-contoso-2"]).await?;
    window.click("laps-done").await?;
    window.find("view-credentials").await?;
    Ok((window, passphrase))
}

/// Chooses that rotations wait for the person.
pub async fn rotate_by_hand(window: &Window) -> Result<()> {
    window.click("nav-settings").await?;
    window.flip("setting-rotateWhenDue").await
}

/// Unlocks with the passphrase.
pub async fn unlock(window: &Window, passphrase: &str) -> Result<()> {
    window.fill("unlock-passphrase", passphrase).await?;
    window.click("unlock-submit").await?;
    window.find("nav-organizations").await?;
    Ok(())
}

/// Saves the kit where the program proposes, and types the groups it asks for back from the paper.
pub async fn save_kit(window: &Window) -> Result<PathBuf> {
    let file = PathBuf::from(window.wait_for_value("kit-path").await?);
    window.click("kit-save").await?;
    window.find("kit-saved").await?;
    let groups = Paper::read(&file).await?.groups("Account secret")?;
    for field in ["kit-group-1", "kit-group-2"] {
        let label = window.label(field).await?;
        let number: usize = label.trim_start_matches("Group").trim().parse().with_context(|| label.clone())?;
        let group = groups.get(number - 1).with_context(|| format!("the paper has no group {number}"))?;
        window.fill(field, group).await?;
    }
    Ok(file)
}

/// Adds an organization from the list and ends on its page.
pub async fn add_organization(window: &Window, name: &str) -> Result<()> {
    window.click("nav-organizations").await?;
    window.click("add-organization").await?;
    window.fill("add-name", name).await?;
    window.click("add-submit").await?;
    window.wait_for_text("organization-title", |title| title == name).await?;
    Ok(())
}

/// Opens an organization from the list.
pub async fn open_organization(window: &Window, name: &str) -> Result<()> {
    window.click("nav-organizations").await?;
    window
        .click_css(&format!("[data-testid=\"organization-row\"][data-name=\"{name}\"] [data-column=\"name\"]"))
        .await?;
    window.wait_for_text("organization-title", |title| title == name).await?;
    Ok(())
}

/// Signs in through the browser that the program opens, up to the question which tenant it is.
pub async fn sign_in_by_browser(window: &Window, desk: &mut Desk, cloud: &Cloud, tenant: &str) -> Result<()> {
    window.click("connect-tenant").await?;
    window.click("route-browser").await?;
    let address = desk.opener.next().await?;
    cloud.sign_in(&address, &cloud.admin(tenant)?).await?;
    window.find("confirm-tenant").await?;
    Ok(())
}

/// Asks for a device code and hands over the address and the code.
pub async fn ask_for_code(window: &Window) -> Result<(String, String)> {
    window.click("connect-tenant").await?;
    window.click("route-code").await?;
    shown_code(window).await
}

/// The address and the device code that the page shows.
pub async fn shown_code(window: &Window) -> Result<(String, String)> {
    let code = window.find("device-code").await?.attr("data-code").await?.context("the page shows a code")?;
    Ok((window.text("verification-uri").await?, code))
}

/// Says that it is the right tenant, agrees to the plan, and waits until the connection stands.
pub async fn agree_to_plan(window: &Window) -> Result<()> {
    window.click("apply-plan").await?;
    window.find("connected").await?;
    Ok(())
}

/// Enables LAPS with two accounts of these names, from the page that says that the tenant is connected.
pub async fn enable_laps(window: &Window, names: [&str; 2]) -> Result<()> {
    window.click("enable-laps-now").await?;
    submit_laps(window, names).await
}

/// Names the two accounts and waits until both stand.
pub async fn submit_laps(window: &Window, names: [&str; 2]) -> Result<()> {
    window.fill("laps-name-1", names[0]).await?;
    window.fill("laps-name-2", names[1]).await?;
    window.click("laps-submit").await?;
    window.wait_for_css("[data-testid=\"laps-outcome\"][data-outcome=\"created\"] ~ [data-outcome=\"created\"]").await
}

/// Opens an account's credentials from the page of its organization, gives a reason, and looks at the reveal window from
/// then on.
pub async fn view_credentials(window: &Window, number: usize) -> Result<()> {
    window.click("view-credentials").await?;
    window.click(&format!("view-account-{number}")).await?;
    window.wait_for_count(2).await?;
    window.switch_to_window_with("reveal-window").await?;
    window.fill("reveal-reason", "Ticket 4711: nobody can sign in").await
}

/// Shows the password and reads it.
pub async fn reveal_password(window: &Window) -> Result<String> {
    window.click("reveal-password").await?;
    let shown = window.wait_for_text("secret-text", |text| !text.trim().is_empty()).await?;
    Ok(shown.split_whitespace().collect())
}

/// Shows the one-time code and reads it.
pub async fn show_code(window: &Window) -> Result<String> {
    if !window.has("one-time-code").await {
        window.click("show-code").await?;
    }
    let shown = window.wait_for_text("one-time-code", |text| text.chars().any(|sign| sign.is_ascii_digit())).await?;
    Ok(shown.split_whitespace().collect())
}

/// The user name that the reveal window is about.
pub async fn shown_user_name(window: &Window) -> Result<String> {
    let line = window.find_css("[data-testid=\"reveal-window\"] [data-testid=\"copy-user-name\"]").await?;
    drop(line);
    let script = "return document.querySelector('[data-testid=\"copy-user-name\"]').closest('section').innerText;";
    let text = window.script(script).await?;
    let text = text.as_str().context("the line has text")?;
    let name = text.split_whitespace().find(|word| word.contains('@'));
    Ok(name.context("the reveal window names no account")?.to_owned())
}

/// Closes the reveal window and looks at the main one again.
pub async fn close_reveal(window: &Window) -> Result<()> {
    // The press takes the window with it, at times before the driver has its answer: what counts is that it is gone.
    let press = async || {
        if window.count().await.ok()? > 1 {
            window.try_click("button[aria-label=\"Close window\"]").await;
        }
        (window.count().await.ok()? == 1).then_some(())
    };
    window.until("the reveal window to close", press).await?;
    window.switch_to_window_with("nav-organizations").await?;
    Ok(())
}

/// Restores a vault from its backup with kit and passphrase.
pub async fn fill_restore(window: &Window, backup: &Path, kit: &Path, passphrase: &str) -> Result<()> {
    let paper = Paper::read(kit).await?;
    window.click("first-restore").await?;
    window.fill("restore-file", &backup.display().to_string()).await?;
    window.fill("restore-secret-code", &paper.code("Account secret")?).await?;
    window.fill("restore-vault-code", &paper.code("Vault code")?).await?;
    window.fill("restore-passphrase", passphrase).await
}

/// Names the backend that is to be the home, with its operator's token; nothing is moved yet.
pub async fn fill_home(window: &Window, backend: &Backend) -> Result<()> {
    window.click("nav-team").await?;
    window.click("team-home").await?;
    window.click("home-begin").await?;
    window.fill("home-address", &backend.url()).await?;
    window.fill("home-token", TOKEN).await
}

/// Fills the form that invites Grace as a technician; no code is made yet.
pub async fn fill_invitation(window: &Window) -> Result<()> {
    window.click("nav-team").await?;
    window.click("invite").await?;
    window.fill("invite-name", GRACE).await?;
    window.click("invite-technician").await
}

/// Makes the code and pastes it elsewhere: no window shows it.
pub async fn make_invitation(window: &Window, desk: &Desk) -> Result<String> {
    let other = Other::open(desk.display())?;
    window.click("invite-submit").await?;
    window.find("invited-done").await?;
    let code = until("the code on the clipboard", PATIENCE, async || other.paste("UTF8_STRING").await.ok()?).await?;
    Ok(String::from_utf8(code)?)
}

/// Fills the form of somebody who was sent a code; it is not answered yet.
pub async fn fill_join(window: &Window, code: &str) -> Result<()> {
    window.click("first-join").await?;
    window.fill("join-code", code).await?;
    window.fill("join-person", GRACE).await?;
    window.fill("join-passphrase", OWN_PASSPHRASE).await?;
    window.fill("join-repeat", OWN_PASSPHRASE).await?;
    window.wait_for_css("[data-enough]").await
}

/// The eight words that the page shows, as they are read aloud.
pub async fn compared_words(window: &Window) -> Result<Vec<String>> {
    window.find("compared-words").await?;
    let script = "return [...document.querySelectorAll('[data-testid=\"compared-words\"] li > span:last-child')] \
                  .map(it => it.innerText);";
    Ok(serde_json::from_value(window.script(script).await?)?)
}

/// When the password that the reveal window has as the current one came to be; waits until that is another moment than
/// `before`. Nothing is pressed for it.
pub async fn wait_for_newer(window: &Window, before: &str) -> Result<String> {
    let script = "return document.querySelector('[data-testid=\"reveal-password\"], [data-testid=\"hide-password\"]') \
                  ?.closest('section').querySelector('time')?.dateTime ?? '';";
    let newer = async || {
        let at = window.script(script).await.ok()?;
        at.as_str().filter(|at| !at.is_empty() && *at != before).map(str::to_owned)
    };
    // The backend is asked every half minute, and a rotation has two passwords.
    until("a newer password in the reveal window", 3 * PATIENCE, newer).await
}

/// Rotates both accounts of an organization and waits until both have ended well. It is to be the first rotation of the
/// session: the list does not tell a second one that has not begun from the one before.
pub async fn rotate(window: &Window, name: &str) -> Result<()> {
    open_organization(window, name).await?;
    window.click("rotate-now").await?;
    window.click("nav-rotation").await?;
    window.wait_for_css(BOTH_DONE).await
}

/// Opens a member from the team's list.
pub async fn open_member(window: &Window, name: &str) -> Result<()> {
    window.click("nav-team").await?;
    window.click_css(&format!("[data-testid=\"member\"][data-name=\"{name}\"] button")).await?;
    window.wait_for_text("member-title", |title| title == name).await.map(drop)
}

/// Asks for the removal of a member, with a reason; nothing is ordered yet.
pub async fn fill_removal(window: &Window, name: &str) -> Result<()> {
    open_member(window, name).await?;
    window.click("remove-member").await?;
    window.find("remove-meaning").await?;
    window.fill("remove-reason", "Left the firm today").await
}

/// Waits until the board of the incident says that nothing is left.
pub async fn wait_until_nothing_is_left(window: &Window) -> Result<()> {
    window.wait_for_css("[data-testid=\"incident-row\"][data-state=\"replaced\"]").await?;
    window.wait_for_text("incident-left", |text| text.starts_with("Nothing is left")).await.map(drop)
}

/// Waits until the window says this on every screen.
pub async fn wait_for_notice(window: &Window, words: &str) -> Result<()> {
    let said = async || window.page_text().await.ok()?.contains(words).then_some(());
    until(&format!("the notice {words:?}"), 2 * PATIENCE, said).await
}
