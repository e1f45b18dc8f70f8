//! Schedules: what a person wants of an organization's rotation, by the terminal.

use anyhow::{Context, Result, ensure};

use crate::bad_rotation::{FIRST, connected};
use crate::cloud::{CONTOSO, shown};
use crate::desk::{PASSPHRASE, exit};

#[tokio::test]
async fn a_schedule_by_the_terminal_is_kept_and_makes_the_next_password() -> Result<()> {
    let (sim, desk) = connected(&["ea-1"]).await?;
    let wanted = ["--interval", "48", "--after-view", "hour", "--zone", "europe/zurich", "--length", "20"];
    let hours = ["--blackout", "mon-fri 08:00-18:00", "--blackout", "daily 22:00-06:00"];
    let view = desk.does(["laps", "schedule", "Contoso"].into_iter().chain(wanted).chain(hours)).await?;
    let laps = &view["laps"];
    ensure!(laps["intervalHours"] == 48 && laps["afterView"] == "inOneHour", "{view}");
    ensure!(laps["zone"] == "Europe/Zurich" && laps["passwordLength"] == 20 && laps["lookAlikes"] == false, "{view}");
    let windows =
        serde_json::json!([{ "days": 31, "from": 480, "to": 1080 }, { "days": 127, "from": 1320, "to": 360 }]);
    ensure!(laps["blackout"] == windows, "{view}");
    // Whatever the hour is there: a person's order.
    desk.does(["rotate", "Contoso"]).await?;
    let password = shown(&desk, "Contoso", FIRST, "current").await?;
    ensure!(password.len() == 20, "a password of {} characters", password.len());
    ensure!(sim.control().password_accepted(CONTOSO, FIRST, &password), "the tenant has another");
    for (flags, code) in [
        (["--blackout", "daily 00:00-24:00"], "rotation.blackout-covers-the-day"),
        (["--interval", "0"], "rotation.interval-too-short"),
        (["--zone", "Mars/Olympus"], "rotation.zone"),
        (["--length", "15"], "vault.password-policy"),
    ] {
        desk.refuses(["laps", "schedule", "Contoso"].into_iter().chain(flags), exit::USAGE, code).await?;
    }
    let view = desk.does(["org", "show", "Contoso"]).await?;
    ensure!(view["laps"]["blackout"] == windows && view["laps"]["intervalHours"] == 48, "a refusal changed it: {view}");
    Ok(())
}

#[tokio::test]
async fn who_views_by_the_terminal_may_hasten_the_rotation_and_not_delay_it() -> Result<()> {
    let (_sim, desk) = connected(&["ea-1"]).await?;
    let view = ["view", "Contoso", "--reason", "story", "--then"];
    let due = async || -> Result<u64> {
        let shown = desk.does(["org", "show", "Contoso"]).await?;
        shown["accounts"][0]["dueAt"].as_u64().with_context(|| shown.to_string())
    };
    let by_interval = due().await?;
    desk.does(view.into_iter().chain(["keep"])).await?;
    ensure!(due().await? == by_interval, "to keep it changed something");
    desk.does(view.into_iter().chain(["hour"])).await?;
    let in_an_hour = due().await?;
    ensure!(in_an_hour < by_interval, "due at {in_an_hour}, by the interval at {by_interval}");
    desk.does(view.into_iter().chain(["keep"])).await?;
    ensure!(due().await? == in_an_hour, "the second view delays what the first asked for");
    desk.does(view.into_iter().chain(["now"])).await?;
    ensure!(due().await? + 3_000_000 < in_an_hour, "it is not due as soon as it is hidden");
    desk.does(["rotate", "Contoso"]).await?;
    ensure!(due().await? > in_an_hour, "a rotation leaves it due by the view before");
    Ok(())
}

#[tokio::test]
async fn a_pause_by_the_terminal_holds_the_agent_and_needs_one() -> Result<()> {
    let (_sim, desk) = connected(&["ea-1"]).await?;
    desk.refuses(["rotate", "--pause"], exit::USAGE, "cli.no-agent").await?;
    desk.vitrine(["unlock"]).passphrase(PASSPHRASE).ends(exit::DONE).await?;
    let paused = desk.vitrine(["rotate", "--pause"]).ends(exit::DONE).await?;
    ensure!(paused["paused"] == true, "{paused}");
    let waits = desk.vitrine(["rotate", "Contoso", "--wait", "0"]).ends(exit::PARTLY).await?;
    ensure!(waits["open"] == 1 && waits["jobs"][0]["step"] == "queued", "{waits}");
    let cancelled = desk.vitrine(["rotate", "--cancel"]).ends(exit::DONE).await?;
    ensure!(cancelled["queued"] == 0 && cancelled["jobs"][0]["step"] == "cancelled", "{cancelled}");
    let resumed = desk.vitrine(["rotate", "--resume"]).ends(exit::DONE).await?;
    ensure!(resumed["paused"] == false, "{resumed}");
    let rotated = desk.vitrine(["rotate", "Contoso"]).ends(exit::DONE).await?;
    ensure!(rotated["done"] == 1, "{rotated}");
    desk.vitrine(["lock"]).ends(exit::DONE).await?;
    Ok(())
}
