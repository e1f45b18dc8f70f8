//! Starting: what is told where the program cannot, who else may hold the vault, and a second start beside a first.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use tokio::io::AsyncWriteExt;
use vitrine_desktop_tests::accessibility::ensure_accessible;
use vitrine_desktop_tests::desk::{built, program};
use vitrine_desktop_tests::{Desk, Eyes, Setting, Window, acts, scenario, scenario::LIMIT};
use vitrine_kit::disk::SmallDisk;
use vitrine_kit::wait::{PATIENCE, until};

/// A third line that is no setting.
const MALFORMED: &str = "[settings]\nlockAfterMinutes = 5\nnonsense here\n";

/// By which the person agrees.
const TAKE_OVER: &str = "Lock it there and open it here";

/// The program as it stands where it could not start: one window, which says this under this code.
async fn told(window: &Window, code: &str, words: &str) -> Result<()> {
    window.wait_for_text("error-code", |shown| shown == code).await?;
    let page = window.text("trouble").await?;
    for part in [words, "Nothing was changed."] {
        ensure!(page.contains(part), "it does not say {part:?}: {page}");
    }
    window.wait_for_count(1).await
}

/// Tries again, and looks at the main window from then on. The press takes the window with it, at times before the driver
/// has its answer: what counts is that it is gone.
async fn start_again(window: &Window, there: &str) -> Result<()> {
    window.find("start-again").await?;
    let press = async || {
        window.try_click("[data-testid=\"start-again\"]").await;
        (!window.has("start-again").await).then_some(())
    };
    window.until("another try to start", press).await?;
    window.switch_to_window_with(there).await?;
    window.wait_for_count(1).await
}

#[tokio::test]
async fn a_malformed_configuration_is_named_by_its_line_and_corrected_it_starts() {
    let outcome = scenario("malformed", LIMIT, Setting::default(), async |desk| {
        fs::create_dir(desk.vault())?;
        fs::write(desk.vault().join("config.toml"), MALFORMED)?;
        let window = desk.start().await?;
        told(&window, "config.malformed", "Line 3").await?;
        ensure_accessible(&window, "a start that failed").await?;
        // Pressed too early, it says the same again.
        window.click("start-again").await?;
        told(&window, "config.malformed", "Line 3").await?;
        fs::write(desk.vault().join("config.toml"), MALFORMED.replace("nonsense here\n", ""))?;
        start_again(&window, "first-create").await
    });
    outcome.await.unwrap();
}

#[tokio::test]
async fn a_data_folder_that_may_not_be_written_is_named_and_once_it_may_the_vault_opens() {
    let outcome = scenario("unwritable", LIMIT, Setting::default(), async |desk| {
        fs::create_dir(desk.vault())?;
        let Some(disk) = SmallDisk::mount(&desk.vault(), 16 << 10)? else { return Ok(()) };
        let window = acts::start(desk).await?;
        let passphrase = acts::create_vault(&window).await?;
        window.close().await?;
        desk.wait_until_ended().await?;

        disk.set_read_only(true)?;
        let window = desk.start().await?;
        told(&window, "store.unwritable", "vitrine").await?;
        window.click("start-again").await?;
        told(&window, "store.unwritable", "vitrine").await?;
        disk.set_read_only(false)?;
        start_again(&window, "unlock-passphrase").await?;
        acts::unlock(&window, &passphrase).await?;
        // Before the disk goes from under it.
        window.close().await?;
        desk.wait_until_ended().await
    });
    outcome.await.unwrap();
}

#[tokio::test]
async fn a_start_that_failed_ends_with_code_1_and_without_a_panic() {
    let outcome = scenario("exit-code", LIMIT, Setting::default(), async |desk| {
        fs::create_dir(desk.vault())?;
        fs::write(desk.vault().join("config.toml"), MALFORMED)?;
        let eyes = Eyes::open(desk.display())?;
        let running = desk.command(&program()?).stderr(Stdio::piped()).spawn()?;
        let title = "Vitrine could not start";
        let window = until(title, PATIENCE, async || eyes.window(title).ok()?).await?;
        eyes.close(window)?;
        let ended = running.wait_with_output().await?;
        let told = String::from_utf8_lossy(&ended.stderr);
        ensure!(ended.status.code() == Some(1), "it ended with {}: {told}", ended.status);
        ensure!(told.contains("Line 3") && !told.contains("panicked"), "{told}");

        let ended = desk.command(&program()?).env_remove("DISPLAY").output().await?;
        let told = String::from_utf8_lossy(&ended.stderr);
        ensure!(ended.status.code() == Some(1), "without a display it ended with {}: {told}", ended.status);
        ensure!(told.contains("no display") && !told.contains("panicked"), "{told}");
        Ok(())
    });
    outcome.await.unwrap();
}

#[tokio::test]
async fn a_database_of_a_newer_version_or_a_damaged_one_is_named_and_left_as_it_is() {
    let outcome = scenario("newer", LIMIT, Setting::default(), async |desk| {
        let database = desk.vault().join("vitrine.db");
        desk.start().await?.close().await?;
        desk.wait_until_ended().await?;
        // Past the journal that it left, which SQLite alone reads.
        let script = "import sqlite3,sys;c=sqlite3.connect(sys.argv[1]);c.execute('PRAGMA user_version=99');c.close()";
        let edited = Command::new("python3").args(["-c", script]).arg(&database).status();
        ensure!(edited.context("could not start python3")?.success(), "the database could not be edited");
        for (code, words) in [("store.newer", "Update Vitrine"), ("store.corrupted", "Restore from the backup")] {
            let before = fs::read(&database)?;
            let window = desk.start().await?;
            told(&window, code, words).await?;
            window.close().await?;
            desk.wait_until_ended().await?;
            ensure!(fs::read(&database)? == before, "{code}: the database was changed");
            fs::write(&database, b"no database at all".repeat(1000))?;
        }
        Ok(())
    });
    outcome.await.unwrap();
}

/// `vitrine unlock`, as a person in a terminal.
async fn unlock_on_the_command_line(desk: &Desk, passphrase: &str) -> Result<()> {
    let mut command = desk.command(&built("vitrine")?);
    let command = command.args(["unlock", "--passphrase-fd", "0"]).stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut running = command.stdout(Stdio::null()).spawn()?;
    let mut input = running.stdin.take().context("standard input was asked for")?;
    input.write_all(format!("{passphrase}\n").as_bytes()).await?;
    drop(input);
    let ended = running.wait_with_output().await?;
    ensure!(ended.status.success(), "unlock: {}", String::from_utf8_lossy(&ended.stderr));
    Ok(())
}

/// The processes that hold the keys of this desk on the command line.
fn agents(desk: &Desk) -> Result<usize> {
    let home = format!("VITRINE_HOME={}\0", desk.vault().display());
    let is_agent = |process: &Path| {
        let read = |part| fs::read(process.join(part)).unwrap_or_default();
        read("cmdline").ends_with(b"\0agent\0") && String::from_utf8_lossy(&read("environ")).contains(&home)
    };
    Ok(fs::read_dir("/proc")?.filter(|entry| entry.as_ref().is_ok_and(|entry| is_agent(&entry.path()))).count())
}

#[tokio::test]
async fn a_vault_that_is_open_on_the_command_line_is_taken_over_when_the_person_agrees() {
    let outcome = scenario("taken-over", LIMIT, Setting::default(), async |desk| {
        let window = acts::start(desk).await?;
        let passphrase = acts::create_vault(&window).await?;
        window.close().await?;
        desk.wait_until_ended().await?;
        unlock_on_the_command_line(desk, &passphrase).await?;

        let window = desk.start().await?;
        told(&window, "store.in-use", "unlocked on the command line").await?;
        ensure_accessible(&window, "a vault that is held").await?;
        ensure!(window.text("trouble").await?.contains(TAKE_OVER), "nothing is offered");
        // Asked is not yet agreed.
        let list = desk.run("vitrine", &["org", "list"]).await?;
        ensure!(list.status.success() && agents(desk)? == 1, "the agent was locked before anybody agreed");
        start_again(&window, "unlock-passphrase").await?;
        until("the end of the agent", PATIENCE, async || (agents(desk).ok()? == 0).then_some(())).await?;
        acts::unlock(&window, &passphrase).await?;
        let list = desk.run("vitrine", &["org", "list"]).await?;
        ensure!(list.status.success(), "the window does not answer: {}", String::from_utf8_lossy(&list.stderr));
        Ok(())
    });
    outcome.await.unwrap();
}

#[tokio::test]
async fn a_folder_that_somebody_silent_holds_is_not_offered_for_taking_and_opens_once_it_is_free() {
    let outcome = scenario("held", LIMIT, Setting::default(), async |desk| {
        desk.start().await?.close().await?;
        desk.wait_until_ended().await?;
        let holder = File::open(desk.vault().join("lock"))?;
        holder.lock()?;
        let window = desk.start().await?;
        told(&window, "store.in-use", "Close the other Vitrine").await?;
        let page = window.text("trouble").await?;
        ensure!(!page.contains(TAKE_OVER), "it offers to lock what is silent: {page}");
        drop(holder);
        start_again(&window, "first-create").await
    });
    outcome.await.unwrap();
}

#[tokio::test]
async fn a_second_start_raises_the_first_window_and_ends_and_the_vault_stays_open() {
    let outcome = scenario("second-start", LIMIT, Setting::default(), async |desk| {
        let window = acts::start(desk).await?;
        acts::create_vault(&window).await?;
        acts::add_organization(&window, "Contoso").await?;
        let eyes = Eyes::open(desk.display())?;
        let main = eyes.window("Vitrine")?.context("no window is called Vitrine")?;
        eyes.minimise(main)?;
        until("a minimised window", PATIENCE, async || eyes.is_minimised(main).ok()?.then_some(())).await?;

        let second = desk.command(&program()?).output().await?;
        let told = String::from_utf8_lossy(&second.stderr);
        ensure!(second.status.success(), "the second start ended with {}: {told}", second.status);
        until("the first window in front", PATIENCE, async || {
            (!eyes.is_minimised(main).ok()? && eyes.active().ok()? == Some(main)).then_some(())
        })
        .await?;
        ensure!(eyes.windows()? == [main], "there is a second window");
        ensure!(window.text("organization-title").await? == "Contoso", "the window went elsewhere");
        let list = desk.run("vitrine", &["org", "list", "--json"]).await?;
        ensure!(String::from_utf8_lossy(&list.stdout).contains("Contoso"), "the vault was locked or is another");
        Ok(())
    });
    outcome.await.unwrap();
}
