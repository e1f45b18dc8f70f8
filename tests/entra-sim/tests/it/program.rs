//! The program `entra-sim`.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::client::http;

#[cfg(unix)]
#[tokio::test]
async fn the_program_prints_one_line_serves_and_ends_cleanly_when_told_to() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_entra-sim"))
        .args(["--seed", "3", "--tenants", "2"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let told: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(told["tenants"].as_array().unwrap().len(), 8);
    assert!(told["tenants"][0]["admin"]["totpSecret"].is_string());
    let page = http().get(told["portal"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    assert!(child.wait().unwrap().success());
}

#[test]
fn absurd_flags_get_an_error_and_no_panic() {
    for (flags, status) in [
        (["--port", "99999"], 2),
        (["--seed", "-1"], 2),
        (["--tls", "only-one"], 2),
        (["--scenario", "absent.toml"], 1),
    ] {
        let out = Command::new(env!("CARGO_BIN_EXE_entra-sim")).args(flags).output().unwrap();
        assert_eq!(out.status.code(), Some(status), "{flags:?}");
        assert!(!out.stderr.is_empty() && !String::from_utf8_lossy(&out.stderr).contains("panicked"));
    }
}
