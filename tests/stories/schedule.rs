//! Schedules: what a person wants of an organization's rotation, by the terminal.

use anyhow::{Result, ensure};

use crate::bad_rotation::{FIRST, connected};
use crate::cloud::{CONTOSO, shown};
use crate::desk::exit;

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
