//! What an operator does: start, look, stop, copy, bring back; and what happens when the database is gone.

use std::path::Path;
use std::process::{Command, Stdio};

use futures_util::StreamExt;
use reqwest::StatusCode;
use vitrine_server::{Server, StartError, backup};

use crate::kit::{Client, Database, Running, Vault, config, http, on_both, tamper, who};

on_both!(
    a_stopped_server_comes_back_with_everything,
    an_event_wakes_with_the_cursor,
    a_database_of_another_backend_is_not_served,
    a_failing_database_is_a_problem_and_loses_nothing,
    an_older_copy_brought_back_is_seen,
);

async fn a_stopped_server_comes_back_with_everything(database: Database) {
    let running = Running::new(&database).await;
    let mut vault = Vault::moved_to(&running).await;
    vault.rotate(1).await;
    let before = vault.client.changes(0).await.unwrap();
    let identity = running.identity.clone();
    let (folder, config) = running.stop().await;
    let running = Running::start(folder, config).await;
    assert_eq!((running.identity.id, running.identity.key), (identity.id, identity.key));
    let client = running.client(&vault.firm, &vault.owner);
    assert_eq!(client.changes(0).await.unwrap(), before);
    for path in ["healthz", "readyz"] {
        assert_eq!(http().get(format!("{}/{path}", running.url)).send().await.unwrap().status(), StatusCode::OK);
    }
}

async fn an_event_wakes_with_the_cursor(database: Database) {
    let running = Running::new(&database).await;
    let mut vault = Vault::moved_to(&running).await;
    let cursor = vault.client.changes(0).await.unwrap().cursor;
    let answer = vault.client.send(reqwest::Method::GET, "/v1/events", Vec::new()).await;
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let mut events = answer.bytes_stream();
    let mut next = async || String::from_utf8(events.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert_eq!(next().await, format!("event: cursor\ndata: {cursor}\n\n"));
    vault.rotate(1).await;
    assert_eq!(next().await, format!("event: cursor\ndata: {}\n\n", cursor + 1));
    // The stream does not hold the server up when it stops.
    running.stop().await;
}

async fn a_database_of_another_backend_is_not_served(database: Database) {
    let (folder, config) = Running::new(&database).await.stop().await;
    std::fs::remove_file(config.data.join("backend.key")).unwrap();
    assert!(matches!(Server::start(&config).await, Err(StartError::OtherBackend)));
    drop(folder);
}

async fn a_failing_database_is_a_problem_and_loses_nothing(database: Database) {
    let running = Running::new(&database).await;
    let mut vault = Vault::moved_to(&running).await;
    vault.rotate(1).await;
    let url = running.config.database().unwrap();
    tamper(&url, "ALTER TABLE entries RENAME TO gone").await;
    tamper(&url, "ALTER TABLE backend RENAME TO gone_too").await;
    let (entry, object) = vault.put(1, 2);
    let refused = vault.client.append(std::slice::from_ref(&entry), std::slice::from_ref(&object)).await.unwrap_err();
    assert_eq!((refused.status, refused.code.as_str()), (StatusCode::SERVICE_UNAVAILABLE, "server.database"));
    let ready = http().get(format!("{}/readyz", running.url)).send().await.unwrap();
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
    tamper(&url, "ALTER TABLE gone RENAME TO entries").await;
    tamper(&url, "ALTER TABLE gone_too RENAME TO backend").await;
    assert_eq!(vault.client.entries(vault.customer.state.ledger(), 0).await.unwrap(), vault.customer.entries);
    vault.client.append(&[entry], &[object]).await.unwrap();
}

// 11, and docs/server.md: the copy made while it runs is whole, and bringing back an old one is seen by every client.
async fn an_older_copy_brought_back_is_seen(database: Database) {
    let running = Running::new(&database).await;
    let mut vault = Vault::moved_to(&running).await;
    vault.rotate(1).await;
    let copied = vault.customer.state.head();
    let copy = running.folder.path().join("copy");
    match &database {
        Database::Sqlite => backup(&running.config.database().unwrap(), &copy).await.unwrap(),
        Database::Postgres(url) => postgres("pg_dump", &["--format=custom", "--dbname", url, "--file"], &copy),
    }
    vault.rotate(1).await;
    let seen = vault.client.changes(0).await.unwrap().cursor;
    let (folder, config) = running.stop().await;
    match &database {
        Database::Sqlite => {
            for name in ["vitrine-server.sqlite", "vitrine-server.sqlite-wal", "vitrine-server.sqlite-shm"] {
                let _ = std::fs::remove_file(config.data.join(name));
            }
            std::fs::rename(&copy, config.data.join("vitrine-server.sqlite")).unwrap();
        }
        Database::Postgres(url) => postgres("pg_restore", &["--clean", "--single-transaction", "--dbname", url], &copy),
    }

    let running = Running::start(folder, config).await;
    let client = running.client(&vault.firm, &vault.owner);
    let behind = client.changes(seen).await.unwrap_err();
    assert_eq!((behind.status, behind.code.as_str()), (StatusCode::CONFLICT, "server.behind"));
    // What it still has is what it had, and the next entry does not fit.
    let ledger = vault.customer.state.ledger();
    let changed = client.changes(0).await.unwrap().ledgers.into_iter().find(|changed| changed.ledger == ledger);
    assert_eq!(changed.unwrap().head, copied);
    let (entry, object) = vault.put(1, 3);
    assert_eq!(client.append(&[entry], &[object]).await.unwrap_err().code, "ledger.gap");
}

/// A program of PostgreSQL, as docs/server.md calls it.
fn postgres(program: &str, arguments: &[&str], file: &Path) {
    let done = Command::new(program).args(arguments).arg(file).output().unwrap();
    assert!(done.status.success(), "{program}: {}", String::from_utf8_lossy(&done.stderr));
}

#[tokio::test]
async fn it_speaks_tls_with_the_certificate_given() {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (folder, mut config) = config(&Database::Sqlite);
    let (certificate, key) = (folder.path().join("certificate.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    config.tls_certificate_file = Some(certificate);
    config.tls_key_file = Some(key);
    let running = Running::start(folder, config).await;
    let url = running.url.replace("127.0.0.1", "localhost");
    let trusting = reqwest::Certificate::from_pem(made.cert.pem().as_bytes()).unwrap();
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([trusting]).build().unwrap();
    assert_eq!(client.get(format!("{url}/healthz")).send().await.unwrap().status(), StatusCode::OK);
    // Nobody else's word is taken for it, and it says nothing in the open.
    assert!(http().get(format!("{url}/healthz")).send().await.is_err());
    assert!(http().get(format!("{}/healthz", url.replace("https", "http"))).send().await.is_err());
}

/// The program itself: what it prints names no vault, no device and no address, and it stops when told to.
#[tokio::test]
async fn the_log_of_the_program_tells_nothing_of_its_users() {
    let (folder, config) = config(&Database::Sqlite);
    let log = folder.path().join("log");
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_vitrine-server"))
        .env("VITRINE_SERVER_LISTEN", free.to_string())
        .env("VITRINE_SERVER_DATA", &config.data)
        .env("VITRINE_SERVER_REGISTRATION_TOKEN_FILE", config.registration_token_file.as_ref().unwrap())
        .stderr(std::fs::File::create(&log).unwrap())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let url = format!("http://{free}");
    while http().get(format!("{url}/readyz")).send().await.is_err() {
        tokio::task::yield_now().await;
    }
    let running = Outside { url, identity: who(&format!("http://{free}")).await };
    let mut vault = running.vault().await;
    vault.rotate(1).await;
    Client { backend: "00".repeat(16), ..vault.client.clone() }.changes(0).await.unwrap_err();
    let metrics = http().get(format!("{}/metrics", running.url)).send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("vitrine_requests_total{route=\"/v1/append\",status=\"200\"} 3"), "{metrics}");

    Command::new("kill").arg(program.id().to_string()).status().unwrap();
    assert!(program.wait().unwrap().success());
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains("\"stopped\"") && log.contains("\"code\":\"server.other-backend\""), "{log}");
    let key_id = vault.client.key_id;
    let token = crate::kit::TOKEN;
    for secret in
        [&key_id.msp.to_string(), &key_id.device.to_string(), &vault.customer.state.ledger().to_string(), token]
    {
        assert!(!log.contains(secret) && !metrics.contains(secret), "{secret} in {log}");
    }
    for line in log.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
}

/// A backend in a process of its own.
struct Outside {
    url: String,
    identity: vitrine_ledger::wire::Backend,
}

impl Outside {
    async fn vault(&self) -> Vault {
        Vault::at(&self.url, &self.identity, 1).await
    }
}

#[test]
fn the_systemd_unit_is_one_that_systemd_takes() {
    let folder = tempfile::tempdir().unwrap();
    let unit = folder.path().join("vitrine-server.service");
    let text = include_str!("../../vitrine-server.service");
    std::fs::write(&unit, text.replace("/usr/bin/vitrine-server", env!("CARGO_BIN_EXE_vitrine-server"))).unwrap();
    let Ok(verified) = Command::new("systemd-analyze").arg("verify").arg(&unit).output() else {
        eprintln!("systemd-analyze is not installed here: the unit was not verified");
        return;
    };
    let said = String::from_utf8_lossy(&verified.stderr);
    assert!(verified.status.success() && said.trim().is_empty(), "{said}");
}
