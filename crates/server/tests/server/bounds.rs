//! What one firm, one device or one address may take of this machine.

use reqwest::{Method, StatusCode};

use crate::firm::log;
use crate::kit::{Database, Running, TOKEN, Vault, http, on_both, refusal, register};

/// More than any of these bounds lets through.
const TRIES: u32 = 200;

on_both!(a_full_room_refuses_and_still_reads);

async fn a_full_room_refuses_and_still_reads(database: Database) {
    let running = Running::with(&database, |config| config.quota_bytes = 8 << 10).await;
    let mut vault = Vault::moved_to(&running).await;
    let mut refused = None;
    for _ in 0..TRIES {
        let entry = vault.customer.sign(&vault.firm, &vault.owner, log());
        match vault.client.append(std::slice::from_ref(&entry), &[]).await {
            Ok(_) => drop(vault.customer.take(&vault.firm, entry).unwrap()),
            Err(refusal) => {
                refused = Some(refusal);
                break;
            }
        }
    }
    let refused = refused.unwrap();
    assert_eq!((refused.status, refused.code.as_str()), (StatusCode::INSUFFICIENT_STORAGE, "server.quota"));
    assert_eq!(vault.client.entries(vault.customer.state.ledger(), 0).await.unwrap(), vault.customer.entries);
    // Another firm's room is its own.
    Vault::of(&running, 3).await;
}

#[tokio::test]
async fn a_device_that_asks_too_often_waits_and_others_do_not() {
    let running = Running::with(&Database::Sqlite, |config| config.rate = 1.try_into().unwrap()).await;
    let vault = Vault::moved_to(&running).await;
    let other = Vault::of(&running, 3).await;
    let mut refused = None;
    for _ in 0..TRIES {
        refused = vault.client.changes(0).await.err();
        if refused.is_some() {
            break;
        }
    }
    let refused = refused.unwrap();
    assert_eq!((refused.status, refused.code.as_str()), (StatusCode::TOO_MANY_REQUESTS, "server.rate"));
    other.client.changes(0).await.unwrap();
}

// Guessing an address or a token is counted before anything is looked up.
#[tokio::test]
async fn an_address_that_guesses_waits() {
    let running = Running::with(&Database::Sqlite, |config| config.open_rate = 20.try_into().unwrap()).await;
    let vault = Vault::moved_to(&running).await;
    let path = format!("{}/v1/enrolments/{}", running.url, "00".repeat(32));
    let client = http();
    let mut code = String::new();
    for _ in 0..TRIES {
        code = refusal(client.get(&path).send().await.unwrap()).await.code;
        if code != "server.not-found" {
            break;
        }
    }
    assert_eq!(code, "server.rate");
    assert_eq!(register(&running.url, TOKEN, &vault.firm.entries[0]).await.status(), StatusCode::TOO_MANY_REQUESTS);
    // Whose signature stands is not held up by a guesser behind the same address.
    vault.client.changes(0).await.unwrap();
}

#[tokio::test]
async fn behind_a_proxy_the_last_address_counts_and_not_the_clients_own_words() {
    let change = |config: &mut vitrine_server::Config| {
        config.open_rate = 5.try_into().unwrap();
        config.behind_proxy = true;
    };
    let running = Running::with(&Database::Sqlite, change).await;
    let path = format!("{}/v1/enrolments/{}", running.url, "00".repeat(32));
    let ask =
        async |forwarded: String| http().get(&path).header("x-forwarded-for", forwarded).send().await.unwrap().status();
    let mut lied = 0;
    while lied < TRIES && ask(format!("10.0.0.{lied}, 192.0.2.1")).await == StatusCode::NOT_FOUND {
        lied += 1;
    }
    assert!(lied <= 6, "{lied}");
    assert_eq!(ask("192.0.2.1, 192.0.2.2".to_owned()).await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_unknown_address_or_method_gets_a_problem_document() {
    let running = Running::new(&Database::Sqlite).await;
    let nothing = refusal(http().get(format!("{}/v1/nothing", running.url)).send().await.unwrap()).await;
    assert_eq!((nothing.status, nothing.code.as_str()), (StatusCode::NOT_FOUND, "server.not-found"));
    let other = http().request(Method::DELETE, format!("{}/v1/append", running.url)).send().await.unwrap();
    assert_eq!(refusal(other).await.code, "server.method");
}
