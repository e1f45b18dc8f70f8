//! The home of the vault at a backend: given to it and brought back, gone, behind, put back to an older state, forked; and
//! what it learns.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tokio::time::timeout;
use vitrine_entra_sim::Sim;
use vitrine_kit::backend::{Backend, copy};
use vitrine_kit::evil::EvilServer;
use vitrine_kit::wait::{PATIENCE, until};

use crate::backend::{self, moved, moving, moving_to};
use crate::bad_rotation::{FIRST, connected};
use crate::cloud::{self, CONTOSO, one_value_opens, shown};
use crate::desk::{Desk, Ended, PASSPHRASE, exit, text};
use crate::kill;
use crate::people::brought_in;

/// A desk with Contoso and one emergency account, its home at a backend.
async fn at_home() -> Result<(Sim, Desk, Backend)> {
    let (sim, desk) = connected(&["ea-1"]).await?;
    // Each command alone decides what is rotated.
    desk.does(["settings", "rotateWhenDue", "false"]).await?;
    let backend = backend::start().await?;
    moved(&desk, &backend).await?;
    Ok((sim, desk, backend))
}

async fn names(desk: &Desk) -> Result<Vec<String>> {
    names_in(&desk.does(["org", "list"]).await?)
}

/// The names in a list of organizations.
pub(crate) fn names_in(list: &Value) -> Result<Vec<String>> {
    let rows = list["rows"].as_array().context("no rows")?;
    rows.iter().map(|row| text(row, "name")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_moves_to_a_backend_works_there_and_comes_back() -> Result<()> {
    let (sim, desk, backend) = at_home().await?;
    let view = desk.does(["home", "show"]).await?;
    ensure!(text(&view, "backend.address")? == backend.url() && view["backend"]["moving"] == false, "{view}");
    let before = shown(&desk, "Contoso", FIRST, "current").await?;
    ensure!(sim.control().password_accepted(CONTOSO, FIRST, &before), "what was moved opens nothing");
    desk.does(["rotate", "Contoso"]).await?;
    let rotated = shown(&desk, "Contoso", FIRST, "current").await?;
    ensure!(rotated != before && sim.control().password_accepted(CONTOSO, FIRST, &rotated), "it was not rotated");
    desk.does(["org", "add", "Fabrikam"]).await?;
    let synced = desk.does(["sync"]).await?;
    ensure!(synced["backend"]["received"] == 0 && synced["backend"]["problem"].is_null(), "{synced}");

    let back = desk.does(["home", "bring-back"]).await?;
    ensure!(back["backend"].is_null(), "{back}");
    drop(backend);
    desk.does(["rotate", "Contoso"]).await?;
    let local = shown(&desk, "Contoso", FIRST, "current").await?;
    ensure!(local != rotated && sim.control().password_accepted(CONTOSO, FIRST, &local), "it does not rotate here");
    ensure!(names(&desk).await? == ["Contoso", "Fabrikam"], "an organization was lost on the way");

    // Another backend numbers from the beginning, and is no older state of the one before.
    let second = backend::start().await?;
    moved(&desk, &second).await?;
    desk.does(["rotate", "Contoso"]).await?;
    let synced = desk.does(["sync"]).await?;
    ensure!(synced["backend"]["problem"].is_null(), "{synced}");
    let audit = desk.does(["audit"]).await?.to_string();
    ensure!(audit.contains("homeMoved") && audit.contains("homeBroughtBack"), "{audit}");
    Ok(())
}

/// The second half of what makes a backend one that learns nothing: what the server's own tests say of its columns holds
/// for a vault with real names in it.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_planted_is_found_at_the_backend() -> Result<()> {
    let (_sim, desk, mut backend) = at_home().await?;
    desk.does(["org", "add", "Borogove Orchards 4711", "--notes", "vorpal blade is under the doormat"]).await?;
    desk.does(["rotate", "Contoso"]).await?;
    let password = shown(&desk, "Contoso", FIRST, "current").await?;
    backend.kill().await?;
    let organization = text(&desk.does(["org", "list"]).await?, "rows.0.id")?;
    let tenant = desk.does(["org", "show", "Contoso"]).await?;
    let tenant = text(&tenant, "tenant.id")?;
    let mut stored = Vec::new();
    for entry in std::fs::read_dir(backend.data())? {
        stored.extend(std::fs::read(entry?.path())?);
    }
    let has = |bytes: &[u8]| stored.windows(bytes.len()).any(|window| window == bytes);
    let hex = |text: &str| -> Option<Vec<u8>> {
        let text = text.replace('-', "");
        (0..text.len() / 2).map(|at| u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()).collect()
    };
    // The search finds what is there: the id by which the backend knows the organization.
    ensure!(has(&hex(&organization).context("the id is no hexadecimal")?), "not even the organization's id is there");
    let planted =
        ["Borogove", "vorpal", "Contoso", "contoso", "ea-1", "Ada Byron", "Northern Lights", PASSPHRASE, &password];
    for text in planted.into_iter().chain([tenant.as_str()]) {
        ensure!(!has(text.as_bytes()), "the backend stores {text:?}");
    }
    ensure!(!has(&hex(&tenant).context("the tenant's id is no GUID")?), "the backend stores the tenant's id");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_home_nothing_is_changed_and_everything_can_be_viewed() -> Result<()> {
    let (sim, desk, mut backend) = at_home().await?;
    let before = shown(&desk, "Contoso", FIRST, "current").await?;
    backend.kill().await?;
    desk.refuses(["org", "add", "Fabrikam"], exit::UNREACHABLE, "home.unreachable").await?;
    let ended = desk.vitrine(["rotate", "Contoso", "--wait", "20"]).passphrase(PASSPHRASE).end().await?;
    ensure!(ended.out.contains("home.unreachable"), "it does not say why: {}", ended.out);
    ensure!(sim.control().password_accepted(CONTOSO, FIRST, &before), "a password was changed that no home knows of");
    ensure!(shown(&desk, "Contoso", FIRST, "current").await? == before, "another value is shown");
    ensure!(names(&desk).await? == ["Contoso"], "what the home never took is listed");

    backend.run().await?;
    desk.does(["org", "add", "Fabrikam"]).await?;
    desk.does(["rotate", "Contoso"]).await?;
    ensure!(names(&desk).await? == ["Contoso", "Fabrikam"], "the change is not there");
    one_value_opens(&sim, &desk, "Contoso", CONTOSO, FIRST).await
}

/// A home that takes every connection and never says a word holds up no view: not even the program that shows one and ends.
#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_hangs_holds_up_no_view() -> Result<()> {
    let (sim, desk, mut backend) = at_home().await?;
    let address = backend.url().replace("http://", "");
    backend.kill().await?;
    let silent = tokio::net::TcpListener::bind(&address).await?;
    let held = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((connection, _)) = silent.accept().await {
            held.push(connection);
        }
    });
    // Half as long as one request to it would be waited for.
    let password = timeout(Duration::from_secs(15), shown(&desk, "Contoso", FIRST, "current")).await??;
    ensure!(sim.control().password_accepted(CONTOSO, FIRST, &password), "what is shown opens nothing");
    held.abort();
    let _ = held.await;
    backend.run().await?;
    // What was seen meanwhile travels now.
    desk.does(["sync"]).await?;
    let audit = desk.does(["audit"]).await?.to_string();
    ensure!(audit.contains("viewed"), "{audit}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_home_took_before_a_kill_is_fetched() -> Result<()> {
    let (sim, mut desk, _backend) = at_home().await?;
    desk.use_program(kill::program().await?);
    // The home has taken it, and this device has not yet.
    let add = desk.vitrine(["org", "add", "Fabrikam"]).passphrase(PASSPHRASE);
    add.with("VITRINE_FAILPOINT", "home.send.after:1").end().await?;
    let rotate = desk.vitrine(["rotate", "Contoso"]).passphrase(PASSPHRASE);
    rotate.with("VITRINE_FAILPOINT", "home.send.after:1").end().await?;
    desk.does(["sync"]).await?;
    ensure!(names(&desk).await? == ["Contoso", "Fabrikam"], "the organization was not fetched");
    let pending = shown(&desk, "Contoso", FIRST, "pending").await?;
    desk.does(["rotate", "Contoso"]).await?;
    let current = shown(&desk, "Contoso", FIRST, "current").await?;
    ensure!(current == pending, "the candidate that was fetched was not gone on with");
    ensure!(sim.control().password_accepted(CONTOSO, FIRST, &current), "it opens nothing");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_was_cut_off_anywhere_is_finished_by_the_same_command() -> Result<()> {
    for instant in ["home.copy.sent:1", "home.move.copied:1", "home.move.named:1", "home.move.finished:1"] {
        let mut desk = Desk::alone()?;
        desk.use_program(kill::program().await?);
        desk.init().await?;
        desk.does(["org", "add", "Contoso"]).await?;
        let backend = backend::start().await?;
        let killed = moving(&desk, &backend).with("VITRINE_FAILPOINT", instant).end().await?;
        ensure!(killed.status.code().is_none(), "{instant} was never reached: {}", killed.out);
        ensure!(names(&desk).await? == ["Contoso"], "{instant}: an organization was lost");
        let moved = moved(&desk, &backend).await?;
        ensure!(moved["backend"]["moving"] == false, "{instant}: {moved}");
        desk.does(["org", "add", "Fabrikam"]).await.with_context(|| instant.to_owned())?;
    }
    Ok(())
}

/// A desk whose home was put back to before its last rotation.
/// `deaf`: the device hears nothing of its own change from the home, and so asks again from where the older home still is. One that
/// heard asks beyond it, and the home itself says that it is behind.
async fn put_back(deaf: bool) -> Result<(Sim, Desk, Backend)> {
    let (sim, mut desk, mut backend) = at_home().await?;
    let older = desk.path("older");
    backend.kill().await?;
    backend.copy_to(&older)?;
    backend.run().await?;
    if deaf {
        without("the home is listened to", &mut desk, ["rotate", "Contoso"]).await?.ended(exit::DONE)?;
    } else {
        desk.does(["rotate", "Contoso"]).await?;
    }
    backend.kill().await?;
    backend.put_back(&older)?;
    backend.run().await?;
    Ok((sim, desk, backend))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_was_put_back_to_an_older_state_is_caught() -> Result<()> {
    let (sim, desk, _backend) = put_back(false).await?;
    desk.refuses(["sync"], exit::INTEGRITY, "home.rolled-back").await?;
    // It cannot make this device write on what is gone, and takes nothing from it.
    desk.vitrine(["rotate", "Contoso", "--wait", "20"]).passphrase(PASSPHRASE).end().await?;
    let current = shown(&desk, "Contoso", FIRST, "current").await?;
    ensure!(sim.control().password_accepted(CONTOSO, FIRST, &current), "what is stored opens nothing any more");
    Ok(())
}

/// The same device twice, as after a copied disk: what one of them wrote, the home does not show to the other.
#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_shows_another_history_is_caught_with_both_heads() -> Result<()> {
    let mut desk = Desk::alone()?;
    desk.init().await?;
    let mut backend = backend::start().await?;
    moved(&desk, &backend).await?;
    let (older, twin) = (desk.path("older"), desk.path("twin"));
    copy(&desk.vault(), &twin)?;
    backend.kill().await?;
    backend.copy_to(&older)?;
    backend.run().await?;
    desk.does(["org", "add", "Contoso"]).await?;
    backend.kill().await?;
    backend.put_back(&older)?;
    backend.run().await?;
    let first = desk.vault();
    desk.set("VITRINE_HOME", &twin);
    desk.does(["org", "add", "Fabrikam"]).await?;
    desk.set("VITRINE_HOME", &first);
    let caught: Value = desk.refuses(["sync"], exit::INTEGRITY, "home.forked").await?;
    let details = text(&caught, "details")?;
    ensure!(details.contains("here") && details.contains("there"), "{details}");
    ensure!(names(&desk).await? == ["Contoso"], "something of the other history was taken");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_or_a_token_that_is_wrong_moves_nothing() -> Result<()> {
    let desk = Desk::alone()?;
    desk.init().await?;
    let backend = backend::start().await?;
    let to = |address: &str, token: &str| {
        desk.vitrine(["home", "move", address, "--token-fd", "0"]).passphrase(PASSPHRASE).typed(token)
    };
    for address in
        ["http://backend.example", "https://a@b.example", "https://b.example/path", "nonsense", "ftp://b.example"]
    {
        to(address, "x").refused(exit::USAGE, "home.address").await?;
    }
    to(&backend.url(), "not the token of this operator at all").refused(exit::USAGE, "home.token").await?;
    to("http://127.0.0.1:1", "x").refused(exit::UNREACHABLE, "home.unreachable").await?;
    // Something else answers there, and must not get the token.
    let stranger = cloud::start().await?;
    to(&stranger.urls().login, "x").refused(exit::INTEGRITY, "home.not-a-backend").await?;
    desk.refuses(["home", "bring-back"], exit::USAGE, "home.is-device").await?;
    ensure!(desk.does(["home", "show"]).await?["backend"].is_null(), "the home moved");
    moved(&desk, &backend).await?;
    to(&backend.url(), "x").refused(exit::USAGE, "home.is-backend").await?;
    Ok(())
}

/// What this device appends while the home is being asked is not missing there.
#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_is_asked_while_it_is_written_to_is_no_older_one() -> Result<()> {
    let desk = Desk::alone()?;
    desk.init().await?;
    let backend = backend::start().await?;
    moved(&desk, &backend).await?;
    desk.vitrine(["unlock"]).passphrase(PASSPHRASE).ends(exit::DONE).await?;
    let write = async {
        for number in 0..30 {
            desk.vitrine(["org", "add", &format!("Customer {number}")]).ends(exit::DONE).await?;
        }
        anyhow::Ok(())
    };
    let ask = async {
        for _ in 0..60 {
            desk.vitrine(["sync"]).ends(exit::DONE).await?;
        }
        anyhow::Ok(())
    };
    tokio::try_join!(write, ask)?;
    desk.vitrine(["lock"]).ends(exit::DONE).await.map(drop)
}

/// Two thousand tenants of a vault whose home is away are one problem with one reason, and none of their passwords is tried.
#[tokio::test(flavor = "multi_thread")]
async fn what_falls_due_while_the_home_is_away_is_one_problem_that_says_so() -> Result<()> {
    let (sim, mut desk) = connected(&["ea-1"]).await?;
    let mut backend = backend::start().await?;
    moved(&desk, &backend).await?;
    desk.use_program(kill::program().await?);
    desk.set("VITRINE_CLOCK_FILE", desk.path("clock"));
    std::fs::write(desk.path("clock"), (2 * 24 * 3_600_000).to_string())?;
    backend.kill().await?;
    desk.vitrine(["unlock"]).passphrase(PASSPHRASE).ends(exit::DONE).await?;
    let problems = async || {
        let list = desk.vitrine(["attention"]).ends(exit::DONE).await.ok()?;
        let problems = list["problems"].as_array()?.clone();
        (!problems.is_empty()).then_some(problems)
    };
    let problems = until("a problem", PATIENCE, problems).await?;
    let [one] = &problems[..] else { anyhow::bail!("one reason makes several problems: {problems:?}") };
    ensure!(text(one, "error.code")? == "attention.home-away" && text(one, "step")? == "sync", "{one}");
    let before = sim.control().requests(CONTOSO, "PATCH /users/{user-id}");

    backend.run().await?;
    std::fs::write(desk.path("clock"), "0")?;
    desk.vitrine(["sync"]).ends(exit::DONE).await?;
    let list = desk.vitrine(["attention"]).ends(exit::DONE).await?;
    ensure!(list["problems"] == serde_json::json!([]), "{list}");
    ensure!(sim.control().requests(CONTOSO, "PATCH /users/{user-id}") == before, "a password was tried meanwhile");
    desk.vitrine(["lock"]).ends(exit::DONE).await.map(drop)
}

/// One command with a protection switched off in the real process.
async fn without<const N: usize>(protection: &str, desk: &mut Desk, arguments: [&str; N]) -> Result<Ended> {
    desk.use_program(kill::program().await?);
    desk.vitrine(arguments).passphrase(PASSPHRASE).with("VITRINE_UNPROTECTED", protection).end().await
}

/// That the stories above see what they are for.
#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_is_not_asked_or_not_compared_is_noticed() -> Result<()> {
    let (sim, mut desk, mut backend) = at_home().await?;
    let before = shown(&desk, "Contoso", FIRST, "current").await?;
    backend.kill().await?;
    without("the home takes a change first", &mut desk, ["rotate", "Contoso"]).await?;
    ensure!(!sim.control().password_accepted(CONTOSO, FIRST, &before), "nobody sees that the home was not asked");

    let (_sim, mut desk, _backend) = put_back(true).await?;
    let synced = without("the home's numbers are compared", &mut desk, ["sync"]).await?;
    ensure!(synced.status.code() == Some(exit::DONE), "an older home is caught by something else: {}", synced.out);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_new_in_forty_organizations_is_fetched_in_the_requests_of_one() -> Result<()> {
    let (sim, owner) = connected(&["ea-1"]).await?;
    owner.does(["settings", "rotateWhenDue", "false"]).await?;
    let backend = backend::start().await?;
    let between = EvilServer::before(&backend.url()).await?;
    moving_to(&owner, &between.url()).ends(exit::DONE).await?;
    let grace = Desk::at(&sim)?;
    brought_in(&owner, &grace, "Grace Hopper", "technician").await?;
    let requests = async || -> Result<usize> {
        let before = between.requests();
        grace.does(["sync"]).await?;
        Ok(between.requests() - before)
    };
    owner.does(["org", "add", "Fabrikam"]).await?;
    let one = requests().await?;
    let names: Vec<_> = (1..=40).map(|number| format!("Customer {number}")).collect();
    std::fs::write(owner.path("customers.csv"), format!("name\n{}", names.join("\n")))?;
    owner.does(["org", "import", &owner.path("customers.csv").display().to_string()]).await?;
    let forty = requests().await?;
    ensure!(self::names(&grace).await?.len() == 42, "not all of them came");
    // The stream of events, and what is asked after a while, may fall into either.
    ensure!(forty <= one + 6, "{one} requests for one, {forty} for forty");
    Ok(())
}
