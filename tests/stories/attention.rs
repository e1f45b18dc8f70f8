//! The attention inbox by the terminal: what needs a person, since when, put aside, and gone once it is solved.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use vitrine_entra_sim::{TenantChange, UserEnabled};

use crate::bad_rotation::{FIRST, connected, with_admin};
use crate::cloud::CONTOSO;
use crate::desk::{Desk, PASSPHRASE, exit, text};

fn kinds(view: &Value) -> Vec<&str> {
    view["problems"].as_array().into_iter().flatten().filter_map(|problem| problem["kind"].as_str()).collect()
}

/// The problem of a kind, as its id and since when.
fn problem(view: &Value, kind: &str) -> Result<(String, u64)> {
    let problems = view["problems"].as_array().context("problems")?;
    let found =
        problems.iter().find(|problem| problem["kind"] == kind).with_context(|| format!("no {kind}: {view}"))?;
    Ok((text(found, "id")?, found["since"].as_u64().context("since")?))
}

async fn put_aside(desk: &Desk, id: &str, time: &str) -> Result<Value> {
    desk.does(["attention", "snooze", id, "--for", time]).await
}

#[tokio::test]
async fn what_needs_a_person_is_listed_put_aside_and_gone_once_it_is_solved() -> Result<()> {
    let (sim, desk) = connected(&["ea-1"]).await?;
    let view = desk.does(["attention"]).await?;
    ensure!(kinds(&view).is_empty() && view["open"] == 0, "a fresh fleet needs somebody: {view}");
    // Somebody changes the password outside; the next rotation sees it.
    ensure!(sim.control().set_password_outside(CONTOSO, FIRST, "Somebody-else-9!"), "no such account");
    desk.vitrine(["rotate", "Contoso"]).passphrase(PASSPHRASE).ends(exit::REFUSED).await?;
    let view = desk.does(["attention"]).await?;
    let (changed, since) = problem(&view, "changedOutside")?;
    let first = &view["problems"][0];
    ensure!(first["organizationName"] == "Contoso" && first["userName"] == FIRST, "{view}");
    ensure!(first["step"] == "repair" && first["error"]["code"] == "rotation.changed-outside", "{view}");
    let words = desk.in_words(["attention"]).passphrase(PASSPHRASE).end().await?;
    ensure!(words.out.contains(&changed) && words.out.contains("1 open, 0 snoozed"), "{}", words.out);
    // Put aside, it is in the other list; the state of the organization is what it was.
    for (time, kind) in [("1h", "until"), ("tomorrow", "until"), ("fixed", "fixed")] {
        let aside = put_aside(&desk, &changed, time).await?;
        ensure!(aside["snoozed"]["kind"] == kind, "{time}: {aside}");
        ensure!(desk.does(["attention"]).await?["open"] == 0, "{time}: it is still open");
    }
    let view = desk.does(["attention", "--snoozed"]).await?;
    ensure!(problem(&view, "changedOutside")? == (changed.clone(), since), "{view}");
    ensure!(desk.does(["org", "show", "Contoso"]).await?["state"] == "failed", "a snooze heals it");
    // Another problem of the same account is not hidden, and one that stays keeps its time.
    let disabled = Some(UserEnabled { user_name: FIRST.to_owned(), enabled: false });
    let change = TenantChange { tenant: CONTOSO.to_owned(), user_enabled: disabled, ..TenantChange::default() };
    sim.control().change_tenant(&change).map_err(anyhow::Error::msg)?;
    desk.does(["laps", "check", "Contoso"]).await?;
    let before = problem(&desk.does(["attention"]).await?, "disabled")?;
    desk.does(["laps", "check", "Contoso"]).await?;
    let view = desk.does(["attention"]).await?;
    ensure!(kinds(&view) == ["disabled"] && problem(&view, "disabled")? == before, "{view}");
    // Brought back, through an agent as without one.
    desk.vitrine(["unlock"]).passphrase(PASSPHRASE).ends(exit::DONE).await?;
    let woken = desk.vitrine(["attention", "wake", &changed]).ends(exit::DONE).await?;
    ensure!(woken["snoozed"].is_null(), "{woken}");
    let view = desk.vitrine(["attention", "--filter", "conto"]).ends(exit::DONE).await?;
    ensure!(kinds(&view) == ["disabled", "changedOutside"], "{view}");
    desk.vitrine(["lock"]).ends(exit::DONE).await?;
    put_aside(&desk, &changed, "fixed").await?;
    for (arguments, code) in [
        (["snooze", "ff00ff00ff00ff00", "--for", "1h"], "attention.unknown"),
        (["snooze", &changed, "--for", "2h"], "cli.usage"),
    ] {
        desk.refuses(["attention"].into_iter().chain(arguments), exit::USAGE, code).await?;
    }
    // Solved, both are gone with their snoozes.
    with_admin(&sim, &desk, &["laps", "repair", "Contoso"]).await?.ended(exit::DONE)?;
    let view = desk.does(["attention"]).await?;
    ensure!(view["open"] == 0 && view["snoozed"] == 0, "{view}");
    // Returned, it is loud, and began anew.
    ensure!(sim.control().set_password_outside(CONTOSO, FIRST, "Somebody-else-8!"), "no such account");
    desk.vitrine(["rotate", "Contoso"]).passphrase(PASSPHRASE).ends(exit::REFUSED).await?;
    let (again, later) = problem(&desk.does(["attention"]).await?, "changedOutside")?;
    ensure!(again == changed && later > since, "{again} since {later}");
    Ok(())
}
