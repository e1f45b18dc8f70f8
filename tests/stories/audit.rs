//! What happened, from signed records: two people see the same, whoever did it; and what one of them exports, anybody can
//! verify who has no key, or find altered.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use data_encoding::BASE64;
use serde_json::Value;

use crate::bad_rotation::FIRST;
use crate::cloud::shown;
use crate::desk::{Desk, exit, text};
use crate::people::{standing, two};

/// The lines that a desk lists, the newest first.
async fn lines(desk: &Desk, arguments: &[&str]) -> Result<Vec<Value>> {
    let audit = desk.does([&["audit"], arguments].concat()).await?;
    Ok(audit["lines"].as_array().context("lines")?.clone())
}

fn told<'a>(lines: &'a [Value], action: &str, who: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["action"] == action && line["who"] == who).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_person_did_the_other_one_reads_and_can_ask_for() -> Result<()> {
    let (_sim, owner, grace, _backend) = two().await?;
    shown(&grace, "Contoso", FIRST, "current").await?;
    grace.does(["rotate", "Contoso"]).await?;
    owner.does(["sync"]).await?;

    let all = lines(&owner, &[]).await?;
    let views = told(&all, "viewed", "Grace Hopper");
    ensure!(views.len() == 1 && views[0]["userName"] == FIRST && views[0]["organizationName"] == "Contoso", "{all:?}");
    ensure!(views[0]["late"] == false, "{views:?}");
    ensure!(told(&all, "rotated", "Grace Hopper").len() == 1, "{all:?}");
    let card = owner.does(["org", "show", "Contoso"]).await?.to_string();
    ensure!(card.contains("Grace Hopper"), "who viewed last is not shown with the account: {card}");

    // The other way round: what stands in the ledgers from before she joined, too.
    let hers = lines(&grace, &[]).await?;
    ensure!(told(&hers, "tenantConnected", "Ada Byron").len() == 1, "{hers:?}");
    ensure!(told(&hers, "lapsEnabled", "Ada Byron").len() == 1, "{hers:?}");
    let added = told(&hers, "memberAdded", "Ada Byron");
    ensure!(added.len() == 1 && added[0]["subject"] == "Grace Hopper", "{hers:?}");
    ensure!(told(&hers, "vaultCreated", "Ada Byron").len() == 1 && told(&hers, "joined", "Grace Hopper").len() == 1);

    // Filters.
    let views = lines(&owner, &["--kind", "views"]).await?;
    ensure!(views.iter().all(|line| line["action"] == "viewed") && !views.is_empty(), "{views:?}");
    let hers = lines(&owner, &["--person", "grace hopper"]).await?;
    let about = |line: &Value| line["who"] == "Grace Hopper" || line["subject"] == "Grace Hopper";
    ensure!(hers.iter().all(about) && told(&hers, "memberAdded", "Ada Byron").len() == 1, "{hers:?}");
    ensure!(lines(&owner, &["Contoso", "--person", "Ada Byron", "--kind", "people"]).await?.is_empty());
    ensure!(lines(&owner, &["--until", "2001-01-01"]).await?.is_empty());
    ensure!(lines(&owner, &["--from", "2001-01-01"]).await?.len() == all.len());
    owner.refuses(["audit", "--person", "Eve"], exit::USAGE, "people.unknown").await?;
    let audit = owner.does(["audit"]).await?;
    ensure!(audit["gaps"].as_array().is_some_and(Vec::is_empty), "{audit}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_member_is_named_with_the_reason_and_its_views_stay() -> Result<()> {
    let (_sim, owner, grace, _backend) = two().await?;
    shown(&grace, "Contoso", FIRST, "current").await?;
    owner.does(["sync"]).await?;
    owner.does(["member", "remove", "Grace Hopper", "--reason", "left the firm"]).await?;
    ensure!(standing(&owner, "Grace Hopper").await? == "removed");
    let all = lines(&owner, &["--person", "Grace Hopper"]).await?;
    let removed = told(&all, "memberRemoved", "Ada Byron");
    ensure!(removed.len() == 1 && removed[0]["subject"] == "Grace Hopper", "{all:?}");
    ensure!(removed[0]["note"].as_str().is_some_and(|note| note.contains("left the firm")), "{removed:?}");
    ensure!(told(&all, "viewed", "Grace Hopper").len() == 1, "{all:?}");
    Ok(())
}

/// Exports evidence, and says which vault it is of.
async fn exported(desk: &Desk, path: &Path, arguments: &[&str]) -> Result<String> {
    let file = path.to_str().context("path")?;
    desk.does([&["audit", "export", file, "--format", "json"], arguments].concat()).await?;
    text(&desk.does(["audit"]).await?, "vault")
}

/// Verifies a file at a desk without a vault, and says how that ended and what it printed.
async fn verified(path: &Path, genesis: &str) -> Result<(i32, Value)> {
    let file = path.to_str().context("path")?;
    let ended = Desk::alone()?.vitrine(["audit", "verify", file, "--genesis", genesis]).end().await?;
    Ok((ended.status.code().context("killed")?, serde_json::from_str(&ended.out)?))
}

const ENTRIES: &str = "/organizations/0/chain/entries";

/// What is altered in a file, and how.
type Change = (&'static str, Box<dyn FnOnce(&mut Value)>);

/// A list in a document, to be altered.
fn list<'a>(document: &'a mut Value, path: &str) -> &'a mut Vec<Value> {
    let list = document.pointer_mut(path).and_then(Value::as_array_mut);
    list.unwrap_or_else(|| panic!("a document of evidence has {path}"))
}

/// The file with one change to it.
fn altered(path: &Path, change: impl FnOnce(&mut Value)) -> Result<PathBuf> {
    let mut document: Value = serde_json::from_slice(&std::fs::read(path)?)?;
    change(&mut document);
    let other = path.with_extension("altered");
    std::fs::write(&other, serde_json::to_vec(&document)?)?;
    Ok(other)
}

/// The Base64 of an entry with one bit turned.
fn turned(entry: &Value, place: usize) -> Value {
    let mut bytes = BASE64.decode(entry.as_str().unwrap_or_default().as_bytes()).unwrap_or_default();
    let place = place % bytes.len().max(1);
    bytes[place] ^= 1;
    Value::String(BASE64.encode(&bytes))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_verified_without_vault_and_keys_and_every_change_to_it_is_found() -> Result<()> {
    let (_sim, owner, grace, _backend) = two().await?;
    shown(&grace, "Contoso", FIRST, "current").await?;
    owner.does(["sync"]).await?;
    shown(&owner, "Contoso", FIRST, "current").await?;
    let path = owner.path("evidence.json");
    let vault = exported(&owner, &path, &[]).await?;
    let (code, said) = verified(&path, &vault).await?;
    ensure!(code == exit::DONE, "{said}");
    ensure!(said["vault"] == vault.as_str() && said["organizations"] == 1 && said["closed"] == 0, "{said}");
    ensure!(said["unlisted"] == 0 && said["gaps"].as_array().is_some_and(Vec::is_empty), "{said}");
    let document: Value = serde_json::from_slice(&std::fs::read(&path)?)?;
    let listed = document["lines"].as_array().context("lines")?;
    for who in ["Ada Byron", "Grace Hopper"] {
        let views = told(listed, "viewed", who);
        ensure!(views.len() == 1 && views[0]["userName"] == FIRST && views[0]["organizationName"] == "Contoso");
    }
    let password = shown(&owner, "Contoso", FIRST, "current").await?;
    ensure!(!document.to_string().contains(&password), "a secret stands in the export");

    // Another vault's, by its beginning.
    let other = format!("{}{}", if vault.starts_with('0') { '1' } else { '0' }, &vault[1..]);
    let (code, said) = verified(&path, &other).await?;
    ensure!(code == exit::INTEGRITY && said["error"]["code"] == "evidence.other-vault", "{said}");

    let chain = |document: &Value| document["organizations"][0]["chain"]["entries"].as_array().map_or(0, Vec::len);
    let last = chain(&document) - 1;
    let log = document["organizations"][0]["chain"]["openings"][0]["seq"].as_u64().context("seq")?;
    let log = usize::try_from(log)?;
    let entry = |at: usize, place: usize| -> Box<dyn FnOnce(&mut Value)> {
        Box::new(move |document| {
            let entry = &mut document["organizations"][0]["chain"]["entries"][at];
            *entry = turned(entry, place);
        })
    };
    let changes: Vec<Change> = vec![
        ("a byte of the sealed records", entry(log, 200)),
        ("a byte of the last entry", entry(last, 100_000_007)),
        ("a byte of the first entry", entry(0, 60)),
        (
            "an entry is left out",
            Box::new(move |document| {
                list(document, ENTRIES).remove(log);
            }),
        ),
        (
            "two entries change places",
            Box::new(move |document| {
                list(document, ENTRIES).swap(last, last - 1);
            }),
        ),
        (
            "an entry of the vault's ledger is left out",
            Box::new(|document| {
                list(document, "/msp/entries").remove(3);
            }),
        ),
        (
            "a line says another time",
            Box::new(|document| {
                document["lines"][0]["at"] = 1_700_000_000_000_u64.into();
            }),
        ),
        ("a line says another action", Box::new(|document| document["lines"][0]["action"] = "copied".into())),
        ("a line names another member", Box::new(|document| document["lines"][0]["who"] = "Eve".into())),
        ("a line names another account", Box::new(|document| document["lines"][0]["userName"] = "eve@x".into())),
        ("a line names another reason", Box::new(|document| document["lines"][0]["note"] = "nothing".into())),
        ("a line is made up", Box::new(|document| document["lines"][0]["record"] = 20.into())),
        (
            "a line stands there twice",
            Box::new(|document| {
                let line = document["lines"][0].clone();
                list(document, "/lines").push(line);
            }),
        ),
        (
            "an opening is another's",
            Box::new(|document| {
                document["organizations"][0]["chain"]["openings"][0]["key"] = "ab".repeat(32).into();
            }),
        ),
        ("a field that nobody knows", Box::new(|document| document["verified"] = true.into())),
    ];
    for (name, change) in changes {
        let (code, said) = verified(&altered(&path, change)?, &vault).await?;
        ensure!(code == exit::INTEGRITY, "{name}: {code} {said}");
    }
    // Without the opening of a batch its lines do not follow; without those lines it is counted.
    let closed = altered(&path, |document| {
        let seq = document["organizations"][0]["chain"]["openings"][0]["seq"].clone();
        list(document, "/organizations/0/chain/openings").remove(0);
        let ledger = document["lines"][0]["organization"].clone();
        let stands = |line: &Value| line["seq"] == seq && line["ledger"] == ledger;
        list(document, "/lines").retain(|line| !stands(line));
    })?;
    let (code, said) = verified(&closed, &vault).await?;
    ensure!(code == exit::DONE && said["closed"] == 1, "{said}");
    let fewer = altered(&path, |document| drop(list(document, "/lines").remove(0)))?;
    let (code, said) = verified(&fewer, &vault).await?;
    ensure!(code == exit::DONE && said["unlisted"] == 1, "{said}");
    std::fs::write(path.with_extension("none"), "{}")?;
    ensure!(verified(&path.with_extension("none"), &vault).await?.0 == exit::INTEGRITY);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_of_a_removal_is_verified_credential_by_credential() -> Result<()> {
    let (_sim, owner, grace, _backend) = two().await?;
    shown(&grace, "Contoso", FIRST, "current").await?;
    owner.does(["sync"]).await?;
    owner.does(["member", "remove", "Grace Hopper", "--reason", "left the firm"]).await?;
    owner.does(["incident", "retry"]).await?;
    let (report, file) = (owner.path("report.json"), owner.path("report.json").display().to_string());
    owner.does(["incident", "report", &file]).await?;
    let vault = text(&owner.does(["audit"]).await?, "vault")?;
    let (code, said) = verified(&report, &vault).await?;
    ensure!(code == exit::DONE, "{said}");
    let said = &said["report"];
    ensure!(said["accounts"]["replaced"] == 1 && said["accounts"]["of"] == 1, "{said}");
    ensure!(said["certificates"]["replaced"] == 1 && said["certificates"]["of"] == 1, "{said}");
    ensure!(said["removed"][0] == "Grace Hopper" && said["by"] == "Ada Byron" && said["late"] == false, "{said}");

    let content = std::fs::read_to_string(&report)?;
    for (from, to) in
        [("left the firm", "went on leave"), ("\"replaced\": 1", "\"replaced\": 2"), ("Contoso", "Fabrikam")]
    {
        ensure!(content.contains(from), "{from} is not in the report");
        let other = report.with_extension("altered");
        std::fs::write(&other, content.replacen(from, to, 1))?;
        let (code, said) = verified(&other, &vault).await?;
        let unproven = from == "Contoso";
        ensure!(unproven || code == exit::INTEGRITY, "{from}: {code} {said}");
    }
    Ok(())
}
