//! Bad input on this machine: passphrases, papers, files, folders, flags. Each gets a sentence, a next step and a
//! stable code; nothing is lost, and the right input still works afterwards.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::desk::{Desk, PASSPHRASE, exit, text};
use crate::hostile;
use crate::paper;

/// A desk with a vault that has one organization.
async fn with_vault() -> Result<Desk> {
    let desk = Desk::alone()?;
    desk.init().await?;
    desk.does(["org", "add", "Contoso"]).await?;
    Ok(desk)
}

/// The vault is whole: it opens and has its organization.
async fn still_whole(desk: &Desk) -> Result<()> {
    let list = desk.does(["org", "list"]).await?;
    ensure!(list["rows"][0]["name"] == "Contoso", "{list}");
    Ok(())
}

#[tokio::test]
async fn a_wrong_passphrase_is_refused_without_a_hint() -> Result<()> {
    let desk = with_vault().await?;
    let capitals = PASSPHRASE.to_uppercase();
    let mut sentences = Vec::new();
    for wrong in
        ["x", "tundra walnut orbit glacier pepper lanterm", capitals.as_str(), "\u{202e}\u{0}", &"long ".repeat(800)]
    {
        open_again(&desk).await?;
        let error =
            desk.vitrine(["org", "list"]).passphrase(wrong).refused(exit::LOCKED, "vault.wrong-passphrase").await?;
        sentences.push(text(&error, "message")?);
    }
    ensure!(sentences.windows(2).all(|pair| pair[0] == pair[1]), "the sentence tells how wrong it was: {sentences:?}");
    open_again(&desk).await?;
    desk.vitrine(["unlock"]).passphrase("x").refused(exit::LOCKED, "vault.wrong-passphrase").await?;
    // Each command is a process of its own, and the pause holds for all of them.
    let error = desk.refuses(["org", "list"], exit::LOCKED, "vault.wait").await?;
    ensure!(error["retryInMs"].as_u64().is_some_and(|wait| wait > 0), "{error}");
    open_again(&desk).await?;
    still_whole(&desk).await
}

/// Waits until the pause after wrong passphrases is over.
async fn open_again(desk: &Desk) -> Result<()> {
    let over = async || {
        let status = desk.vitrine(["status"]).ends(exit::DONE).await.ok()?;
        (status["retryInMs"] == 0).then_some(())
    };
    vitrine_kit::wait::until("the end of the pause", vitrine_kit::wait::PATIENCE, over).await
}

#[tokio::test]
async fn no_passphrase_is_asked_of_nobody() -> Result<()> {
    let desk = with_vault().await?;
    desk.vitrine(["org", "list"]).refused(exit::LOCKED, "vault.locked").await?;
    desk.vitrine(["org", "list", "--passphrase-fd", "0"]).refused(exit::USAGE, "cli.secret-missing").await?;
    desk.vitrine(["org", "list", "--passphrase-fd", "77"]).refused(exit::USAGE, "cli.no-descriptor").await?;
    let endless = "x".repeat(5000);
    desk.vitrine(["org", "list"]).passphrase(&endless).refused(exit::USAGE, "cli.secret-too-long").await?;
    still_whole(&desk).await
}

#[tokio::test]
async fn a_vault_needs_a_strong_passphrase_and_a_place_for_its_secret() -> Result<()> {
    let desk = Desk::alone()?;
    let init = ["init", "--firm", "Northern Lights IT", "--person", "Ada Byron"];
    desk.vitrine(init).passphrase(PASSPHRASE).refused(exit::MACHINE, "keychain.none").await?;
    for weak in ["password", "Northern Lights IT", "aaaaaaaaaaaaaaaaaaaaaaaa"] {
        let order = desk.vitrine(init).arguments(["--accept-file-fallback"]).passphrase(weak);
        order.refused(exit::USAGE, "vault.weak-passphrase").await?;
    }
    desk.refuses(["org", "list"], exit::USAGE, "vault.none").await?;
    desk.init().await?;
    desk.refuses(["init", "--firm", "Other", "--person", "Eve", "--accept-file-fallback"], exit::USAGE, "vault.exists")
        .await?;
    let status = desk.does(["status"]).await?;
    ensure!(status["phase"] == "locked", "{status}");
    Ok(())
}

#[tokio::test]
async fn a_mistyped_kit_is_named_by_its_group_and_a_strange_one_refused() -> Result<()> {
    let desk = with_vault().await?;
    let kit = desk.vitrine(["kit", "kit.pdf"]).passphrase(PASSPHRASE).ends(exit::PARTLY).await?;
    ensure!(kit["groups"].as_array().is_some_and(|groups| groups.len() == 2), "{kit}");
    desk.does(["backup", "--folder", "backup"]).await?;
    let lines = paper::read(&desk.path("kit.pdf"))?;
    let (secret, vault) = (paper::code(&lines, "Account secret")?, paper::code(&lines, "Vault code")?);

    let other = Desk::alone()?;
    let file = desk.path("backup").join("Vitrine.backup").display().to_string();
    let restore = |file: &str, secret: &[String], vault: &[String], passphrase: &str| {
        let fixed = ["--accept-file-fallback", "--codes-fd", "0", "--passphrase-fd", "0"];
        let order = other.vitrine(["restore", file]).arguments(fixed);
        order.typed(&secret.join("-")).typed(&vault.join("-")).typed(passphrase)
    };
    let mut mistyped = secret.clone();
    mistyped[4] = mistyped[4].chars().rev().collect();
    let error = restore(&file, &mistyped, &vault, PASSPHRASE).end().await?.ended(exit::LOCKED)?;
    ensure!(error["error"]["details"].as_str().is_some_and(|words| words.contains("group 5")), "{error}");
    let mut swapped = secret.clone();
    swapped.swap(1, 2);
    restore(&file, &swapped, &vault, PASSPHRASE).end().await?.ended(exit::LOCKED)?;
    restore(&file, &secret[..5], &vault, PASSPHRASE).end().await?.ended(exit::LOCKED)?;
    restore(&file, &vault, &secret, PASSPHRASE).end().await?.ended(exit::LOCKED)?;
    restore(&file, &secret, &vault, "some other passphrase entirely").refused(exit::LOCKED, "restore.refused").await?;

    // The kit of another vault, right in itself.
    let stranger = with_vault().await?;
    stranger.vitrine(["kit", "kit.pdf"]).passphrase(PASSPHRASE).ends(exit::PARTLY).await?;
    let strange = paper::read(&stranger.path("kit.pdf"))?;
    let (its_secret, its_vault) = (paper::code(&strange, "Account secret")?, paper::code(&strange, "Vault code")?);
    restore(&file, &its_secret, &its_vault, PASSPHRASE).refused(exit::LOCKED, "restore.other-vault").await?;

    // The backup cut short, altered, or something else altogether.
    let whole = std::fs::read(&file)?;
    let broken = other.path("broken.backup");
    let mut altered = whole.clone();
    let middle = altered.len() / 2;
    altered[middle] ^= 1;
    for bytes in [&whole[..whole.len() - 1], &whole[..10], &[], b"%PDF-1.7", altered.as_slice()] {
        std::fs::write(&broken, bytes)?;
        restore(&broken.display().to_string(), &secret, &vault, PASSPHRASE)
            .refused(exit::INTEGRITY, "restore.damaged")
            .await?;
    }
    let absent = other.path("absent.backup").display().to_string();
    restore(&absent, &secret, &vault, PASSPHRASE).refused(exit::USAGE, "file.not-found").await?;

    // After all that, the right ones work in the same folder.
    restore(&file, &secret, &vault, PASSPHRASE).ends(exit::DONE).await?;
    still_whole(&other).await
}

/// Runs statements on the database of a desk whose program is not running.
pub(crate) fn edit(desk: &Desk, statements: &str) -> Result<()> {
    let script =
        "import sqlite3,sys\nc=sqlite3.connect(sys.argv[1])\nc.executescript(sys.argv[2])\nc.commit()\nc.close()";
    let edited = Command::new("python3").args(["-c", script]).arg(database(desk)).arg(statements).output()?;
    ensure!(edited.status.success(), "{}", String::from_utf8_lossy(&edited.stderr));
    Ok(())
}

fn database(desk: &Desk) -> std::path::PathBuf {
    desk.vault().join("vitrine.db")
}

#[tokio::test]
async fn a_corrupted_database_is_named_and_left_alone() -> Result<()> {
    let desk = with_vault().await?;
    // The journal is folded back first, so that the file alone is the database.
    edit(&desk, "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode=DELETE;")?;
    let good = std::fs::read(database(&desk))?;
    let mut bad = good.clone();
    for byte in bad.iter_mut().skip(100).take(8000) {
        *byte = 0xa5;
    }
    std::fs::write(database(&desk), &bad)?;
    desk.refuses(["org", "list"], exit::INTEGRITY, "store.corrupted").await?;
    ensure!(std::fs::read(database(&desk))? == bad, "the damaged file was changed");
    std::fs::write(database(&desk), b"this is no database at all, but a text that somebody saved here by mistake")?;
    desk.refuses(["org", "list"], exit::INTEGRITY, "store.corrupted").await?;
    std::fs::write(database(&desk), &good)?;
    still_whole(&desk).await
}

#[tokio::test]
async fn a_damaged_page_of_the_index_is_made_again_from_what_is_signed() -> Result<()> {
    let desk = with_vault().await?;
    edit(&desk, "UPDATE pages SET bytes = zeroblob(length(bytes)) WHERE id > 0;")?;
    still_whole(&desk).await?;
    still_whole(&desk).await
}

/// Edits the signed history, and takes the index away so that everything is judged anew.
fn alter_history(desk: &Desk, statement: &str) -> Result<()> {
    edit(desk, &format!("{statement} UPDATE pages SET bytes = zeroblob(length(bytes));"))
}

/// Another last byte than the one that is there, which one signature in sixteen ends with a zero.
const ALTER_NEWEST: &str = "UPDATE entries SET bytes = CAST(substr(bytes, 1, length(bytes) - 1) || \
     CASE substr(bytes, -1) WHEN x'00' THEN x'01' ELSE x'00' END AS BLOB) WHERE id =";

#[tokio::test]
async fn an_altered_history_of_the_firm_opens_nothing() -> Result<()> {
    let newest = format!("{ALTER_NEWEST} (SELECT max(id) FROM entries WHERE ledger = 1);");
    for statement in [newest.as_str(), "DELETE FROM entries WHERE id = 1;", "DELETE FROM entries WHERE ledger = 1;"] {
        let desk = with_vault().await?;
        alter_history(&desk, statement)?;
        desk.vitrine(["org", "list"]).passphrase(PASSPHRASE).end().await?.ended(exit::INTEGRITY)?;
    }
    Ok(())
}

#[tokio::test]
async fn an_altered_history_of_an_organization_is_said_at_every_unlock() -> Result<()> {
    let desk = with_vault().await?;
    alter_history(&desk, &format!("{ALTER_NEWEST} (SELECT max(id) FROM entries WHERE ledger = 2);"))?;
    for _ in 0..2 {
        let listed = desk.vitrine(["org", "list"]).passphrase(PASSPHRASE).end().await?;
        let said = |news: &serde_json::Value| news["error"]["code"] == "vault.organizations-unreadable";
        ensure!(listed.told.iter().any(said), "a list that lacks a row looks whole: {:?}", listed.told);
    }
    Ok(())
}

#[tokio::test]
async fn a_newer_database_is_left_to_the_newer_version() -> Result<()> {
    let desk = with_vault().await?;
    edit(&desk, "PRAGMA user_version = 99;")?;
    let error = desk.refuses(["org", "list"], exit::USAGE, "store.newer").await?;
    ensure!(text(&error, "message")?.contains("99"), "{error}");
    edit(&desk, "PRAGMA user_version = 2;")?;
    still_whole(&desk).await
}

#[tokio::test]
async fn an_edited_cost_of_unlocking_opens_nothing() -> Result<()> {
    // 64 MiB in CBOR, raised to 128 MiB, and lowered below the floor.
    const FLOOR: &str = "1a00010000";
    for (memory, exit) in [("1a00020000", exit::LOCKED), ("1a00001000", exit::INTEGRITY)] {
        let desk = with_vault().await?;
        replace_in_lockbox(&desk, FLOOR, memory)?;
        desk.vitrine(["org", "list"]).passphrase(PASSPHRASE).end().await?.ended(exit)?;
        replace_in_lockbox(&desk, memory, FLOOR)?;
        still_whole(&desk).await?;
    }
    Ok(())
}

/// Replaces five bytes, in hexadecimal digits, in the box that holds the device's keys.
fn replace_in_lockbox(desk: &Desk, from: &str, to: &str) -> Result<()> {
    edit(
        desk,
        &format!(
            "UPDATE meta SET value = CAST(substr(value, 1, instr(value, x'{from}') - 1) || x'{to}' || \
             substr(value, instr(value, x'{from}') + 5) AS BLOB) WHERE key = 'lockbox';"
        ),
    )
}

#[tokio::test]
async fn a_lost_device_secret_is_named_and_the_kit_recommended() -> Result<()> {
    let desk = with_vault().await?;
    let secret = desk.vault().join("device.secret");
    let held = std::fs::read(&secret)?;
    std::fs::remove_file(&secret)?;
    let error = desk.refuses(["org", "list"], exit::MACHINE, "keychain.locked").await?;
    ensure!(text(&error, "next")?.contains("kit"), "{error}");
    std::fs::write(&secret, held)?;
    still_whole(&desk).await
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_named() -> Result<()> {
    let mut desk = Desk::alone()?;
    let file = desk.path("a-file");
    std::fs::write(&file, "no folder")?;
    desk.set("VITRINE_HOME", file.join("vault"));
    let ended = desk.vitrine(["status"]).end().await?.ended(exit::MACHINE)?;
    let told = text(&ended, "error.message")?;
    ensure!(told.contains("a-file"), "{told}");

    let desk = with_vault().await?;
    std::fs::write(desk.path("in-the-way"), "a file")?;
    for command in [["kit", "in-the-way"], ["sheet", "in-the-way"]] {
        desk.refuses(command, exit::USAGE, "file.exists").await?;
    }
    desk.refuses(["sheet", "no/such/folder/sheet.pdf"], exit::USAGE, "file.not-found").await?;
    let ended = desk.vitrine(["backup", "--folder", "in-the-way/backup"]).passphrase(PASSPHRASE).end().await?;
    ended.ended(exit::MACHINE)?;
    desk.refuses(["backup"], exit::USAGE, "backup.no-folder").await?;
    let inside = desk.vault().join("backup").display().to_string();
    desk.refuses(["backup", "--folder", &inside], exit::USAGE, "backup.same-folder").await?;
    ensure!(std::fs::read_to_string(desk.path("in-the-way"))? == "a file", "the file was touched");
    still_whole(&desk).await
}

#[tokio::test]
async fn a_malformed_configuration_is_named_by_its_line() -> Result<()> {
    let desk = with_vault().await?;
    let file = desk.vault().join("config.toml");
    for (content, code) in [
        ("[settings]\nlockAfterMinutes = \n", "config.malformed"),
        ("[settings]\nlockAfterMinutes = \"soon\"\n", "config.malformed"),
        ("[unknown]\nx = 1\n", "config.malformed"),
        ("\u{0}\u{1}", "config.malformed"),
        ("[settings]\nlockAfterMinutes = 0\n", "config.out-of-range"),
        ("[cloud]\nname = \"mars\"\n", "config.cloud-name"),
        ("[cloud]\nlogin = \"http://login.example\"\ngraph = \"http://graph.example\"\n", "config.cloud-hosts"),
        ("[unlock]\nmemory-mib = 64\npasses = 1\n", "config.unlock-cost"),
    ] {
        std::fs::write(&file, content)?;
        let error = desk.refuses(["org", "list"], exit::USAGE, code).await?;
        if code == "config.malformed" && content.lines().count() > 1 {
            let told = text(&error, "message")?;
            ensure!(told.contains("Line 2") || told.contains("Line 1"), "{told}");
        }
    }
    std::fs::remove_file(&file)?;
    let order = desk.vitrine(["org", "list"]).passphrase(PASSPHRASE).with("VITRINE_UNLOCK_MEMORY_MIB", "lots");
    order.refused(exit::USAGE, "config.number").await?;
    still_whole(&desk).await
}

#[tokio::test]
async fn hostile_names_stay_text_everywhere() -> Result<()> {
    let desk = Desk::alone()?;
    desk.init().await?;
    let csv: String =
        hostile::NAMES.iter().fold("name\n".into(), |csv, name| csv + &format!("\"{}\"\n", name.replace('"', "\"\"")));
    std::fs::write(desk.path("names.csv"), csv)?;
    let imported = desk.does(["org", "import", "names.csv"]).await?;
    ensure!(imported["added"] == hostile::NAMES.len(), "{imported}");
    let ended = desk.vitrine(["org", "list"]).passphrase(PASSPHRASE).end().await?;
    ensure!(!ended.out.chars().any(hostile::acts), "something acts on the terminal");
    let listed = ended.ended(exit::DONE)?;
    let names: Vec<&str> =
        listed["rows"].as_array().context("no rows")?.iter().filter_map(|row| row["name"].as_str()).collect();
    for name in hostile::NAMES {
        ensure!(names.contains(&name.trim()), "{name:?} did not come back: {names:?}");
        let shown = desk.does(["org", "show", "--", name]).await?;
        ensure!(shown["name"] == name.trim(), "{shown}");
    }
    for refused in ["", "   ", "a\tb\u{7}", "line\nbreak", &"x".repeat(101)] {
        desk.refuses(["org", "add", "--", refused], exit::USAGE, "organization.name").await?;
    }
    desk.does(["export", "organizations", "list.csv"]).await?;
    let exported = std::fs::read_to_string(desk.path("list.csv"))?;
    ensure!(!exported.lines().any(|line| line.starts_with('=')), "a spreadsheet would run a name: {exported}");
    Ok(())
}

#[tokio::test]
async fn an_absurd_csv_adds_nothing_or_only_its_good_rows() -> Result<()> {
    let desk = with_vault().await?;
    let file = desk.path("list.csv");
    let wide = format!("name{}\nx\n", ",".repeat(20_000));
    for (bytes, code) in [
        (b"".as_slice(), "import.unusable"),
        (b"id,town\n1,Oslo\n", "import.unusable"),
        (b"\xff\xfe\x00n\x00a", "cli.file-not-text"),
        (b"\"name\nnever closed", "import.unusable"),
        (&vec![b'x'; (2 << 20) + 1], "cli.file-too-large"),
    ] {
        std::fs::write(&file, bytes)?;
        desk.refuses(["org", "import", "list.csv"], exit::USAGE, code).await?;
    }
    desk.refuses(["org", "import", "absent.csv"], exit::MACHINE, "cli.file-unreadable").await?;
    still_whole(&desk).await?;

    std::fs::write(
        &file,
        "\u{feff}name;notes\nFabrikam;\"two\nlines\"\nContoso;there already\n;no name\nFabrikam;again\nNorthwind;\n",
    )?;
    let preview = desk.does(["org", "import", "list.csv", "--preview"]).await?;
    ensure!(preview["good"] == 2 && preview["bad"] == 3, "{preview}");
    let imported = desk.vitrine(["org", "import", "list.csv"]).passphrase(PASSPHRASE).ends(exit::PARTLY).await?;
    ensure!(imported["added"] == 2, "{imported}");
    std::fs::write(&file, wide)?;
    let imported = desk.does(["org", "import", "list.csv"]).await?;
    ensure!(imported["added"] == 1, "{imported}");
    Ok(())
}

#[tokio::test]
async fn absurd_flags_are_a_usage_error_in_one_document() -> Result<()> {
    let desk = with_vault().await?;
    let long = "x".repeat(100_000);
    for line in [
        vec!["no-such-command"],
        vec!["rotate"],
        vec!["rotate", "--all", "--due"],
        vec!["view"],
        vec!["org", "list", "--limit", "-1"],
        vec!["org", "list", "--limit", "99999999999999999999"],
        vec!["view", "Contoso", "--value", "first"],
        vec!["connect", "Contoso", "--browser", "--device-code"],
        vec!["laps", "enable", "Contoso"],
        vec!["--passphrase", "secret", "status"],
        vec![long.as_str()],
    ] {
        let ended = desk.vitrine(&line).end().await?.ended(exit::USAGE)?;
        ensure!(ended["error"]["code"].is_string(), "{line:?}: {ended}");
    }
    for (line, code) in [
        (vec!["org", "show", "Nobody"], "cli.no-such-organization"),
        (vec!["org", "show", long.as_str()], "cli.no-such-organization"),
        (vec!["view", "Contoso"], "cli.no-account"),
        (vec!["settings", "no-such-setting", "1"], "cli.no-such-setting"),
        (vec!["settings", "lock-after-minutes", "0"], "config.out-of-range"),
        (vec!["client-id", "not-a-guid"], "connect.client-id"),
    ] {
        desk.refuses(&line, exit::USAGE, code).await?;
    }
    still_whole(&desk).await
}

#[tokio::test]
async fn a_database_older_than_the_keychain_remembers_is_a_rollback() -> Result<()> {
    let (home, run) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let bus = vitrine_kit::PrivateBus::start(home.path(), run.path()).await?;
    let _keyring = vitrine_kit::keyring::Keyring::start(&bus, home.path(), run.path()).await?;
    let mut desk = Desk::alone()?;
    desk.set("DBUS_SESSION_BUS_ADDRESS", bus.address());
    desk.does(["init", "--firm", "Northern Lights IT", "--person", "Ada Byron"]).await?;
    let status = desk.does(["status"]).await?;
    ensure!(status["deviceSecret"] == "keychain", "{status}");
    desk.does(["org", "add", "Contoso"]).await?;
    let older = desk.path("older");
    copy(&desk.vault(), &older)?;
    desk.does(["org", "add", "Fabrikam"]).await?;
    let newer = desk.path("newer");
    copy(&desk.vault(), &newer)?;
    copy(&older, &desk.vault())?;
    desk.refuses(["org", "list"], exit::INTEGRITY, "vault.rolled-back").await?;
    // Nor does it pass for new where its index is damaged and would be made again.
    edit(&desk, "UPDATE pages SET bytes = zeroblob(length(bytes));")?;
    desk.refuses(["org", "list"], exit::INTEGRITY, "vault.rolled-back").await?;
    copy(&newer, &desk.vault())?;
    let list = desk.does(["org", "list"]).await?;
    ensure!(list["matching"] == 2, "{list}");
    Ok(())
}

#[tokio::test]
async fn a_keychain_that_is_locked_is_named_and_nothing_is_lost() -> Result<()> {
    let (home, run) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let bus = vitrine_kit::PrivateBus::start(home.path(), run.path()).await?;
    let keyring = vitrine_kit::keyring::Keyring::start(&bus, home.path(), run.path()).await?;
    let mut desk = Desk::alone()?;
    desk.set("DBUS_SESSION_BUS_ADDRESS", bus.address());
    desk.does(["init", "--firm", "Northern Lights IT", "--person", "Ada Byron"]).await?;
    desk.does(["org", "add", "Contoso"]).await?;
    drop(keyring);
    let locked = vitrine_kit::keyring::LockedKeyring::start(&bus).await?;
    let error = desk.refuses(["org", "list"], exit::MACHINE, "keychain.locked").await?;
    ensure!(text(&error, "next")?.contains("Unlock the keychain"), "{error}");
    drop(locked);
    let _keyring = vitrine_kit::keyring::Keyring::start(&bus, home.path(), run.path()).await?;
    still_whole(&desk).await
}

/// Makes `to` a copy of the files of `from`.
fn copy(from: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        std::fs::remove_dir_all(to)?;
    }
    std::fs::create_dir(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        std::fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}
