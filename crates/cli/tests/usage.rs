//! The program itself, misused: what a script sees before any vault is touched.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::process::{Command, Output, Stdio};

fn vitrine(arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    Command::new(env!("CARGO_BIN_EXE_vitrine"))
        .args(arguments)
        .env("VITRINE_HOME", folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn error(output: &Output) -> serde_json::Value {
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    document["error"].clone()
}

#[test]
fn a_usage_error_is_one_document_and_exit_code_2() {
    for arguments in [
        &["--json", "nonsense"][..],
        &["rotate", "--json"],
        &["rotate", "--due", "--all", "--json"],
        &["org", "list", "--limit", "0", "--json"],
        &["view", "--json"],
    ] {
        let output = vitrine(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let error = error(&output);
        assert_eq!(error["code"], "cli.usage");
        assert!(!error["message"].as_str().unwrap().is_empty() && !error["next"].as_str().unwrap().is_empty());
    }
}

#[test]
fn without_json_a_usage_error_goes_to_standard_error() {
    let output = vitrine(&["nonsense"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty() && !output.stderr.is_empty());
}

#[test]
fn a_passphrase_is_not_taken_as_an_argument() {
    let output = vitrine(&["unlock", "--passphrase", "correct horse", "--json"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn help_shows_the_exit_codes_and_is_no_error() {
    let output = vitrine(&["--help"]);
    assert_eq!(output.status.code(), Some(0));
    let help = String::from_utf8(output.stdout).unwrap();
    assert!(help.contains("7  partly done"));
    assert!(!help.contains("agent  "), "the hidden command is hidden");
}
