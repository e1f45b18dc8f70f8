//! The main job by command line, from an empty machine to a vault restored on another one. What the vault shows is
//! held against the sign-in page of the simulated cloud at every turn.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use vitrine_entra_sim::Sim;
use vitrine_kit::opener::Opener;

use crate::browser;
use crate::cloud::{self, CONTOSO, FABRIKAM};
use crate::desk::{Desk, PASSPHRASE, exit, text};
use crate::paper;

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_job_by_command_line() -> Result<()> {
    let sim = cloud::start().await?;
    let mut desk = Desk::at(&sim)?;

    let status = desk.init().await?;
    ensure!(status["phase"] == "unlocked" && status["cloud"]["simulated"] == true, "{status}");
    kit(&desk).await?;
    desk.does(["sheet", "sheet.pdf"]).await?;
    desk.does(["backup", "--folder", "backup"]).await?;

    desk.does(["org", "add", "Contoso"]).await?;
    desk.does(["org", "add", "Fabrikam", "--notes", "the second customer"]).await?;
    cloud::connect(&sim, &desk, "Contoso", CONTOSO, &["emergency-1", "emergency-2"]).await?;
    connect_by_browser(&sim, &mut desk, "Fabrikam", FABRIKAM).await?;
    let row = desk.does(["org", "show", "Contoso"]).await?;
    ensure!(row["accounts"].as_array().is_some_and(|accounts| accounts.len() == 2), "{row}");

    // What is viewed opens the portal, where the first sign-in sets up a second factor.
    let first = view(&desk, &[]).await?;
    let signed_in = browser::portal(&sim, &first.user_name, &first.password, None).await?;
    ensure!(signed_in.is_in_portal(), "{}", signed_in.page.text());
    let key = signed_in.new_key.context("no second factor was set up")?;
    let account = first.user_name.as_str();
    desk.vitrine(["second-factor", "Contoso", "--account", account, "--key-fd", "0"])
        .passphrase(PASSPHRASE)
        .typed(&key)
        .ends(exit::DONE)
        .await?;
    let code = desk.does(["view", "Contoso", "--account", account, "--code", "--reason", "story"]).await?;
    let signed_in = browser::portal(&sim, account, &first.password, Some(&text(&code, "code")?)).await?;
    ensure!(signed_in.is_in_portal(), "{}", signed_in.page.text());

    // Rotated: the old password is refused, the new one accepted.
    let rotated = desk.does(["rotate", "Contoso"]).await?;
    ensure!(rotated["done"] == 2 && rotated["failed"] == 0, "{rotated}");
    let second = view(&desk, &["--account", account]).await?;
    ensure!(first.password != second.password, "rotated to the same password");
    let refused = browser::portal(&sim, account, &first.password, None).await?;
    ensure!(refused.complaint().is_some_and(|words| words.contains("AADSTS50126")), "{}", refused.page.text());
    let code = text(&desk.does(["view", "Contoso", "--account", account, "--code", "--reason", "x"]).await?, "code")?;
    let signed_in = browser::portal(&sim, account, &second.password, Some(&code)).await?;
    ensure!(signed_in.is_in_portal(), "{}", signed_in.page.text());

    through_the_agent(&desk, account, &second).await?;

    let backup = desk.path("backup").join("Vitrine.backup");
    restore(&sim, &desk, &backup, account, &second, Paper::Kit).await?;
    restore(&sim, &desk, &backup, account, &second, Paper::Sheet).await?;
    Ok(())
}

/// A credential as it was shown.
struct Viewed {
    user_name: String,
    password: String,
}

impl Viewed {
    fn of(document: &Value) -> Result<Self> {
        Ok(Self { user_name: text(document, "account.userName")?, password: text(document, "secret")? })
    }
}

async fn view(desk: &Desk, more: &[&str]) -> Result<Viewed> {
    let arguments = ["view", "Contoso", "--reason", "the only admin is locked out"];
    Viewed::of(&desk.does(arguments.iter().chain(more)).await?)
}

/// The kit is printed; one mistyped group is refused, the right two confirm it.
async fn kit(desk: &Desk) -> Result<()> {
    for (file, mistyped) in [("kit-1.pdf", true), ("kit.pdf", false)] {
        let mut running = desk.vitrine(["kit", file, "--groups-fd", "0"]).passphrase(PASSPHRASE).start().await?;
        let asked = running.tells("kitSaved").await?;
        let groups = paper::code(&paper::read(&desk.path(file))?, "Account secret")?;
        for number in asked["groups"].as_array().context("no groups asked")? {
            let number = usize::try_from(number.as_u64().context("not a number")?)?;
            let group = groups[number - 1].clone();
            running.type_line(&if mistyped { group.chars().rev().collect() } else { group }).await?;
        }
        let ended = running.end().await?;
        if mistyped {
            ended.refused(exit::USAGE, "kit.group-wrong")?;
        } else {
            let status = ended.ended(exit::DONE)?;
            ensure!(status["onboarding"]["kitConfirmed"] == true, "{status}");
        }
    }
    Ok(())
}

/// Connects, and enables LAPS by a sign-in of its own.
async fn connect_by_browser(sim: &Sim, desk: &mut Desk, organization: &str, tenant: &str) -> Result<()> {
    let mut opener = Opener::make()?;
    desk.set("BROWSER", opener.program());
    let arguments = ["connect", organization, "--browser", "--tenant", tenant, "--yes"];
    let running = desk.vitrine(arguments).passphrase(PASSPHRASE).start().await?;
    browser::sign_in(sim, &opener.next().await?, &cloud::admin(sim, tenant)?).await?;
    let connected = running.end().await?.ended(exit::DONE)?;
    ensure!(connected["phase"]["kind"] == "connected", "{connected}");

    let arguments = ["laps", "enable", organization, "--name", "emergency", "--tenant", tenant, "--interval", "12"];
    let running = desk.vitrine(arguments).passphrase(PASSPHRASE).start().await?;
    browser::sign_in(sim, &opener.next().await?, &cloud::admin(sim, tenant)?).await?;
    let enabled = running.end().await?.ended(exit::DONE)?;
    ensure!(enabled["accounts"][0]["outcome"] == "created", "{enabled}");
    Ok(())
}

/// Locked, nothing is shown; unlocked, the agent shows it without a passphrase.
async fn through_the_agent(desk: &Desk, account: &str, now: &Viewed) -> Result<()> {
    let arguments = ["view", "Contoso", "--account", account, "--reason", "the agent is there"];
    desk.vitrine(["lock"]).ends(exit::DONE).await?;
    desk.vitrine(arguments).refused(exit::LOCKED, "vault.locked").await?;
    desk.vitrine(["unlock"]).passphrase(PASSPHRASE).ends(exit::DONE).await?;
    let viewed = Viewed::of(&desk.vitrine(arguments).ends(exit::DONE).await?)?;
    ensure!(viewed.password == now.password, "the agent shows another password");
    desk.vitrine(["lock"]).ends(exit::DONE).await?;
    desk.vitrine(arguments).refused(exit::LOCKED, "vault.locked").await?;
    Ok(())
}

#[derive(Clone, Copy)]
enum Paper {
    Kit,
    Sheet,
}

/// On another machine, from the backup and a paper: the same password, and it can be rotated there.
async fn restore(
    sim: &Sim,
    from: &Desk,
    backup: &std::path::Path,
    account: &str,
    now: &Viewed,
    by: Paper,
) -> Result<()> {
    let desk = Desk::at(sim)?;
    let file = backup.display().to_string();
    let arguments = ["restore", file.as_str(), "--accept-file-fallback", "--codes-fd", "0", "--passphrase-fd", "0"];
    let order = desk.vitrine(arguments);
    let order = match by {
        Paper::Kit => {
            let lines = paper::read(&from.path("kit.pdf"))?;
            let codes = ["Account secret", "Vault code"].map(|heading| paper::code(&lines, heading));
            let [secret, vault] = codes;
            order.typed(&secret?.join("-")).typed(&vault?.join(" "))
        }
        Paper::Sheet => {
            let lines = paper::read(&from.path("sheet.pdf"))?;
            order.arguments(["--sheet"]).typed(&paper::code(&lines, "Code")?.join(""))
        }
    };
    order.typed(PASSPHRASE).ends(exit::DONE).await?;
    let viewed = view(&desk, &["--account", account]).await?;
    ensure!(viewed.password == now.password, "another password came back");
    ensure!(sim.control().password_accepted(CONTOSO, account, &viewed.password), "it opens nothing");
    Ok(())
}
