//! What the backend can learn, and what it can reach: every stored column against the sentence of the design, the
//! description against the table of addresses, and the crates it is built from.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;
use vitrine_server::{OPENAPI, ROUTES, SCHEMA};

use crate::sentence::LEARNS;

fn columns() -> BTreeSet<String> {
    let mut columns = BTreeSet::new();
    for (_, text) in SCHEMA {
        let mut table = None;
        for line in text.lines().map(str::trim) {
            if let Some(rest) = line.strip_prefix("CREATE TABLE ") {
                table = Some(rest.trim_end_matches(" ("));
            } else if line.starts_with(");") {
                table = None;
            } else if let Some(table) = table
                && !["UNIQUE", "PRIMARY", "--"].iter().any(|word| line.starts_with(word))
            {
                columns.insert(format!("{table}.{}", line.split(' ').next().unwrap()));
            } else {
                // Whatever else a migration does must be read here, too, or a column could come in unseen.
                let known =
                    line.is_empty() || line.starts_with("--") || line.starts_with("CREATE INDEX") || table.is_some();
                assert!(known, "a statement that this test cannot read: {line}");
            }
        }
    }
    columns
}

#[test]
fn every_stored_column_is_one_that_the_design_names() {
    let allowed: BTreeSet<String> = LEARNS.iter().flat_map(|(_, of)| of.iter().map(ToString::to_string)).collect();
    assert_eq!(columns(), allowed);
}

#[test]
fn the_description_names_every_address_and_no_other() {
    let document: Value = serde_json::from_str(OPENAPI).unwrap();
    let described: BTreeSet<(String, String)> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| {
            methods.as_object().unwrap().keys().map(move |method| (path.clone(), method.to_uppercase()))
        })
        .collect();
    let answered =
        ROUTES.iter().flat_map(|(path, methods)| methods.iter().map(|method| (path.to_string(), method.to_string())));
    assert_eq!(described, answered.collect());
}

// The room's promise: no code that opens a vault is in this program.
#[test]
fn nothing_that_opens_a_vault_is_in_the_tree() {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--package", "vitrine-server", "--edges", "normal", "--prefix", "depth"])
        .args(["--format", " {p}"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8(tree.stdout).unwrap();
    let crates: Vec<(usize, &str)> = tree
        .lines()
        .filter_map(|line| {
            let (depth, rest) = line.split_once(' ')?;
            Some((depth.parse().ok()?, rest.split(' ').next()?))
        })
        .collect();
    assert!(crates.len() > 50);
    let ours: BTreeSet<&str> =
        crates.iter().map(|(_, name)| *name).filter(|name| name.starts_with("vitrine")).collect();
    assert_eq!(ours, BTreeSet::from(["vitrine-server", "vitrine-ledger"]));
    for forbidden in
        ["vitrine-vault", "hpke", "argon2", "chacha20poly1305", "x25519-dalek", "openssl-sys", "native-tls"]
    {
        assert!(!crates.iter().any(|(_, name)| *name == forbidden), "{forbidden}");
    }
}
