//! Requests that should not be: each is refused with a problem document, and nothing is changed by it.

use reqwest::{Method, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use vitrine_ledger::wire::{KeyUse, MAX_BODY, Message};
use vitrine_ledger::{DeviceCard, DeviceId, MspBody, Role, TransportKey};

use crate::firm::{Desk, log, name, signing};
use crate::kit::{Client, Database, Fields, Running, Vault, batch, now_s, on_both, refusal};

on_both!(
    a_request_that_is_not_signed_as_asked_is_refused,
    a_signature_stands_for_one_request_alone,
    another_device_and_another_firm_are_refused,
    a_wrong_clock_is_told_the_time,
    a_request_for_another_backend_is_refused,
    a_transport_key_reads_and_never_writes,
);

/// Sends a request whose fields were bent, and gives the code of the refusal.
async fn bent(client: &Client, bend: impl FnOnce(Fields) -> Fields) -> String {
    let fields = bend(client.sign(&Method::GET, "/v1/changes/0", &[]));
    refusal(client.raw(Method::GET, "/v1/changes/0", Vec::new(), fields).await).await.code
}

async fn a_request_that_is_not_signed_as_asked_is_refused(database: Database) {
    let running = Running::new(&database).await;
    let vault = Vault::moved_to(&running).await;
    let client = &vault.client;
    client.changes(0).await.unwrap();
    for field in ["signature", "signature-input", "content-digest", "vitrine-backend"] {
        assert_eq!(bent(client, |fields| fields.without(field)).await, "server.unsigned", "{field}");
    }
    // A parameter or component more or less, or in another order, is another shape.
    for (from, to) in [
        ("\"@method\" ", ""),
        ("\"@method\" \"@path\"", "\"@path\" \"@method\""),
        ("\"@path\"", "\"@path\";req"),
        (";tag=", ";alg=\"ed25519\";tag="),
        (";tag=\"vitrine/1/request/device\"", ""),
        ("request/device", "request/owner"),
        ("sig=(", "other=("),
        (";created=", ";expires="),
        ("keyid=\"", "keyid=\"00"),
    ] {
        let input = client.sign(&Method::GET, "/v1/changes/0", &[]).0.remove(3).1;
        assert!(input.contains(from));
        let code = bent(client, |fields| fields.set("signature-input", &input.replace(from, to))).await;
        assert_eq!(code, "server.unsigned", "{from} as {to}");
    }
    let twice = bent(client, |mut fields| {
        let again = fields.0[2].clone();
        fields.0.push(again);
        fields
    });
    assert_eq!(twice.await, "server.unsigned");
    let garbage = bent(client, |fields| fields.set("signature", "sig=:AAAA:"));
    assert_eq!(garbage.await, "server.signature");
}

async fn a_signature_stands_for_one_request_alone(database: Database) {
    let running = Running::new(&database).await;
    let vault = Vault::moved_to(&running).await;
    let client = &vault.client;
    let entry = vault.customer.sign(&vault.firm, &vault.owner, log());
    let body = batch(&[entry], &[]).to_bytes();
    let signed = || client.sign(&Method::POST, "/v1/append", &body);
    let code = async |method: Method, path: &str, body: &[u8]| {
        refusal(client.raw(method, path, body.to_vec(), signed()).await).await.code
    };
    let mut other = body.clone();
    *other.last_mut().unwrap() ^= 1;
    assert_eq!(code(Method::POST, "/v1/append", &other).await, "server.digest");
    assert_eq!(code(Method::POST, "/v1/entries", &body).await, "server.signature");
    assert_eq!(code(Method::POST, "/v1/append?again=1", &body).await, "server.unsigned");
    let empty = client.sign(&Method::POST, "/v1/append", &[]).0.remove(1).1;
    let digest_of_nothing =
        client.raw(Method::POST, "/v1/append", body.clone(), signed().set("content-digest", &empty));
    assert_eq!(refusal(digest_of_nothing.await).await.code, "server.signature");
    assert_eq!(client.raw(Method::POST, "/v1/append", body.clone(), signed()).await.status(), StatusCode::OK);
}

// 37: there is nothing to steal; only a device's key asks.
async fn another_device_and_another_firm_are_refused(database: Database) {
    let running = Running::new(&database).await;
    let vault = Vault::moved_to(&running).await;
    let other = Vault::of(&running, 3).await;
    let stranger = Client { key: signing(1, 7), ..vault.client.clone() };
    assert_eq!(stranger.changes(0).await.unwrap_err().code, "server.signature");
    let unknown = running.client(&vault.firm, &Desk::new(7));
    assert_eq!(unknown.changes(0).await.unwrap_err().code, "server.device");
    // A device of the other firm, in this firm's name and in its own.
    let crossed = running.client(&vault.firm, &other.owner);
    assert_eq!(crossed.changes(0).await.unwrap_err().code, "server.device");
    let ledger = vault.customer.state.ledger();
    assert_eq!(other.client.entries(ledger, 0).await.unwrap_err().status, StatusCode::NOT_FOUND);
    let (entry, object) = vault.put(1, 1);
    other.client.append(&[entry], &[object]).await.unwrap_err();
    assert_eq!(vault.client.entries(ledger, 0).await.unwrap(), vault.customer.entries);
}

async fn a_wrong_clock_is_told_the_time(database: Database) {
    let running = Running::new(&database).await;
    let vault = Vault::moved_to(&running).await;
    for clock_s in [-90, 90] {
        let refused = Client { clock_s, ..vault.client.clone() }.changes(0).await.unwrap_err();
        assert_eq!((refused.status, refused.code.as_str()), (StatusCode::UNAUTHORIZED, "server.clock"));
        assert!(refused.document["time"].as_i64().unwrap().abs_diff(now_s()) <= 30);
    }
    Client { clock_s: -30, ..vault.client.clone() }.changes(0).await.unwrap();
}

async fn a_request_for_another_backend_is_refused(database: Database) {
    let running = Running::new(&database).await;
    let vault = Vault::moved_to(&running).await;
    let elsewhere = Client { backend: "00".repeat(16), ..vault.client.clone() };
    let refused = elsewhere.changes(0).await.unwrap_err();
    assert_eq!((refused.status, refused.code.as_str()), (StatusCode::MISDIRECTED_REQUEST, "server.other-backend"));
}

async fn a_transport_key_reads_and_never_writes(database: Database) {
    let running = Running::new(&database).await;
    let mut vault = Vault::moved_to(&running).await;
    let transport = signing(6, 6);
    let second = vault.owner.at(6);
    let card = DeviceCard {
        transport: Some(TransportKey::from_bytes(transport.verifying_key().to_bytes())),
        device: DeviceId::from_bytes(*second.device.as_bytes()),
        name: name(),
        ..second.card()
    };
    let owner = vault.owner.clone();
    vault.append_msp(&owner, MspBody::DeviceAdd { card, proof: None }).await;
    let locked = Client { key: transport, key_use: KeyUse::Transport, ..running.client(&vault.firm, &second) };
    locked.changes(0).await.unwrap();
    let entry = vault.customer.sign(&vault.firm, &second, log());
    let refused = locked.append(&[entry], &[]).await.unwrap_err();
    assert_eq!((refused.status, refused.code.as_str()), (StatusCode::FORBIDDEN, "server.read-only"));
    // Nor does it pass for the device's own.
    let posing = Client { key_use: KeyUse::Device, ..locked };
    assert_eq!(posing.changes(0).await.unwrap_err().code, "server.signature");
}

#[tokio::test]
async fn an_oversized_request_is_refused_before_it_is_held() {
    let running = Running::new(&Database::Sqlite).await;
    let vault = Vault::moved_to(&running).await;
    let answer = vault.client.send(Method::POST, "/v1/append", vec![0; MAX_BODY + 1]).await;
    assert_eq!(refusal(answer).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    // A stranger's body is not even read: the answer comes while it is still being sent.
    let mut stream = tokio::net::TcpStream::connect(running.url.trim_start_matches("http://")).await.unwrap();
    stream.write_all(b"POST /v1/append HTTP/1.1\r\nhost: x\r\ncontent-length: 4000000\r\n\r\nbegun").await.unwrap();
    let mut answer = vec![0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, b"HTTP/1.1 401");
}

#[tokio::test]
async fn a_slow_request_is_ended() {
    let running = Running::with(&Database::Sqlite, |config| config.timeout_seconds = 1).await;
    let vault = Vault::moved_to(&running).await;
    let fields = vault.client.sign(&Method::POST, "/v1/append", b"never whole");
    let mut head = "POST /v1/append HTTP/1.1\r\nhost: x\r\ncontent-length: 11\r\n".to_owned();
    for (name, value) in fields.0 {
        head += &[name, ": ", &value, "\r\n"].concat();
    }
    let mut stream = tokio::net::TcpStream::connect(running.url.trim_start_matches("http://")).await.unwrap();
    stream.write_all(format!("{head}\r\nnever").as_bytes()).await.unwrap();
    let mut answer = vec![0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, b"HTTP/1.1 408");
}

#[tokio::test]
async fn bodies_that_are_not_in_their_one_encoding_are_refused() {
    let running = Running::new(&Database::Sqlite).await;
    let mut vault = Vault::moved_to(&running).await;
    let entry = vault.customer.sign(&vault.firm, &vault.owner, log());
    let good = batch(&[entry], &[]).to_bytes();
    let cut = good[..good.len() - 1].to_vec();
    let trailing = [&good[..], &[0]].concat();
    for body in [Vec::new(), vec![0xff; 40], cut, trailing] {
        let answer = vault.client.send(Method::POST, "/v1/append", body).await;
        let refused = refusal(answer).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        assert!(refused.code.starts_with("ledger.decode."), "{}", refused.code);
    }
    // Nothing stands in the way of the good one, and of others.
    vault.welcome(&running, 2, Role::Technician).await;
}
