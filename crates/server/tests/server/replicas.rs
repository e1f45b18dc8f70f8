//! Several replicas over one PostgreSQL: interchangeable, and none of them needed.

use std::process::{Child, Command, Stdio};

use futures_util::StreamExt;
use vitrine_ledger::wire::Backend;
use vitrine_ledger::{Entry, OrganizationBody};

use crate::firm::{Customer, log};
use crate::kit::{Client, Database, Running, Vault, batch, config, http, who};

/// A replica that can be killed.
struct Replica {
    process: Child,
    url: String,
    identity: Backend,
}

impl Replica {
    async fn start(config: &vitrine_server::Config) -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let process = Command::new(env!("CARGO_BIN_EXE_vitrine-server"))
            .env("VITRINE_SERVER_LISTEN", free.to_string())
            .env("VITRINE_SERVER_DATA", &config.data)
            .env("VITRINE_SERVER_DATABASE_URL", config.database_url.as_ref().unwrap())
            .env("VITRINE_SERVER_REGISTRATION_TOKEN_FILE", config.registration_token_file.as_ref().unwrap())
            .env("VITRINE_SERVER_OPEN_RATE", "10000")
            .env("VITRINE_SERVER_RATE", "10000")
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let url = format!("http://{free}");
        while http().get(format!("{url}/readyz")).send().await.is_err() {
            tokio::task::yield_now().await;
        }
        let identity = who(&url).await;
        Self { process, url, identity }
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Appends logs to one organization until told how many, going over to the other replica when one does not answer; gives
/// every entry that was acknowledged.
async fn write(mut customer: Customer, vault: &Vault, clients: [Client; 2], count: usize) -> (Customer, Vec<Entry>) {
    let mut acknowledged = Vec::new();
    let mut at = 0;
    while acknowledged.len() < count {
        let body = if customer.state.checkpoint_due() { customer.checkpoint_body() } else { log() };
        let entry = customer.sign(&vault.firm, &vault.owner, body);
        let answer = clients[at].try_append(&batch(std::slice::from_ref(&entry), &[])).await;
        if let Some(Ok(_)) = answer {
            customer.take(&vault.firm, entry.clone()).unwrap();
            acknowledged.push(entry);
            continue;
        }
        // No answer, or one that the place is taken: whether it was taken by us, the ledger says.
        at = 1 - at;
        let next = customer.state.head().seq + 1;
        if let Ok(new) = clients[at].entries(customer.state.ledger(), next).await {
            for entry in new {
                customer.take(&vault.firm, entry).unwrap();
            }
        }
    }
    (customer, acknowledged)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_lose_nothing_when_one_is_killed_under_load() {
    let Some(database) = Database::postgres() else { return };
    let (folder, config) = config(&database);
    for round in 0..3 {
        let mut doomed = Replica::start(&config).await;
        let other = Replica::start(&config).await;
        assert_eq!((doomed.identity.id, doomed.identity.key), (other.identity.id, other.identity.key));
        let vault = Vault::at(&doomed.url, &doomed.identity, 10 + round).await;
        let mut customers = Vec::new();
        for n in 0..6 {
            let customer = Customer::connect(&vault.firm, &vault.owner, 100 + n);
            vault.client.append(&customer.entries, &[]).await.unwrap();
            customers.push(customer);
        }
        let second = Client { url: other.url.clone(), ..vault.client.clone() };
        let writers =
            customers.into_iter().map(|customer| write(customer, &vault, [vault.client.clone(), second.clone()], 40));
        let load = futures_util::future::join_all(writers);
        let kill = async {
            // Once some of it is in, in the middle of the rest.
            while second.changes(0).await.unwrap().cursor < 60 + u64::from(round) * 7 {
                tokio::task::yield_now().await;
            }
            doomed.process.kill().unwrap();
        };
        let (written, ()) = futures_util::future::join(load, kill).await;
        for (customer, acknowledged) in written {
            let stored = second.entries(customer.state.ledger(), 0).await.unwrap();
            assert_eq!(stored, customer.entries);
            assert!(acknowledged.iter().all(|entry| stored.contains(entry)));
        }
        // Every change is under a number of its own, and all of them are listed.
        let changes = second.changes(0).await.unwrap();
        assert_eq!(changes.ledgers.len(), 2 + 6);
    }
    drop(folder);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_at_one_replica_wakes_those_who_listen_at_the_other() {
    let Some(database) = Database::postgres() else { return };
    let first = Running::new(&database).await;
    let second = Running::with(&database, |config| config.data = first.config.data.clone()).await;
    let vault = Vault::moved_to(&first).await;
    let there = second.client(&vault.firm, &vault.owner);
    let cursor = there.changes(0).await.unwrap().cursor;
    let answer = there.send(reqwest::Method::GET, "/v1/events", Vec::new()).await;
    let mut events = answer.bytes_stream();
    let mut next = async || String::from_utf8(events.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(next().await.contains(&format!("data: {cursor}\n")));
    let body = OrganizationBody::clone(&log());
    let entry = vault.customer.sign(&vault.firm, &vault.owner, body);
    vault.client.append(&[entry], &[]).await.unwrap();
    let woken = loop {
        let line = next().await;
        if line.starts_with("event") {
            break line;
        }
    };
    assert!(woken.contains(&format!("data: {}\n", cursor + 1)), "{woken}");
}
