//! What lies at unguessable addresses: invitations, enrolment blobs, and the way back in by a recovery kit.

use reqwest::{Method, Response, StatusCode};
use vitrine_ledger::wire::{
    Append, Appended, Enrolment, EnrolmentBlob, EnrolmentPut, Entries, Invitation, InvitationAnswer, Letter, Locator,
    Message,
};
use vitrine_ledger::{Entry, MspBody, Role};

use crate::firm::{Desk, log};
use crate::kit::{Client, Database, Running, Vault, batch, http, message, on_both, refusal, tamper};

on_both!(
    an_invitation_is_answered_once,
    an_expired_invitation_is_refused,
    only_who_may_add_devices_opens_a_mailbox,
    a_kit_finds_its_blob_and_brings_a_device_back,
    an_older_blob_does_not_come_back,
    what_nobody_needs_any_more_goes_and_gives_its_room_back,
);

fn locator(n: u8) -> Locator {
    Locator::from_bytes([n; 32])
}

fn letter(n: u8) -> Letter {
    Letter::new(vec![n; 300]).unwrap()
}

async fn invite(client: &Client, n: u8, lifetime_s: u32) -> Response {
    let body = Invitation { lifetime_s, letter: letter(n) }.to_bytes();
    client.send(Method::PUT, &format!("/v1/invitations/{}", locator(n)), body).await
}

async fn answer(url: &str, n: u8, with: u8) -> Response {
    let body = InvitationAnswer { letter: Some(letter(with)) }.to_bytes();
    http().put(format!("{url}/v1/letters/{}", locator(n))).body(body).send().await.unwrap()
}

async fn open<M: Message>(url: &str, path: &str) -> Result<M, crate::kit::Refused> {
    message(http().get(format!("{url}{path}")).send().await.unwrap()).await
}

async fn an_invitation_is_answered_once(database: Database) {
    let running = Running::new(&database).await;
    let vault = Vault::moved_to(&running).await;
    assert_eq!(invite(&vault.client, 1, 3600).await.status(), StatusCode::NO_CONTENT);
    let inviters = format!("/v1/invitations/{}", locator(1));
    assert_eq!(vault.client.get::<InvitationAnswer>(&inviters).await.unwrap().letter, None);

    let found: InvitationAnswer = open(&running.url, &format!("/v1/letters/{}", locator(1))).await.unwrap();
    assert_eq!(found.letter, Some(letter(1)));
    assert_eq!(answer(&running.url, 1, 50).await.status(), StatusCode::NO_CONTENT);
    // Sent again after a lost answer.
    assert_eq!(answer(&running.url, 1, 50).await.status(), StatusCode::NO_CONTENT);
    // 35: somebody else, later.
    let used = refusal(answer(&running.url, 1, 51).await).await;
    assert_eq!((used.status, used.code.as_str()), (StatusCode::CONFLICT, "server.invitation-used"));
    assert_eq!(vault.client.get::<InvitationAnswer>(&inviters).await.unwrap().letter, Some(letter(50)));

    // The same words again change nothing, others find the address taken; another firm finds nothing.
    assert_eq!(invite(&vault.client, 1, 3600).await.status(), StatusCode::NO_CONTENT);
    let other = Vault::of(&running, 3).await;
    assert_eq!(refusal(invite(&other.client, 1, 3600).await).await.code, "server.taken");
    assert_eq!(other.client.get::<InvitationAnswer>(&inviters).await.unwrap_err().status, StatusCode::NOT_FOUND);
    assert_eq!(refusal(answer(&running.url, 9, 1).await).await.status, StatusCode::NOT_FOUND);
}

async fn an_expired_invitation_is_refused(database: Database) {
    let running = Running::new(&database).await;
    let vault = Vault::moved_to(&running).await;
    assert_eq!(invite(&vault.client, 1, 0).await.status(), StatusCode::NO_CONTENT);
    let expired = refusal(answer(&running.url, 1, 50).await).await;
    assert_eq!((expired.status, expired.code.as_str()), (StatusCode::GONE, "server.invitation-expired"));
    let found = open::<InvitationAnswer>(&running.url, &format!("/v1/letters/{}", locator(1))).await;
    assert_eq!(found.unwrap_err().status, StatusCode::GONE);
}

async fn only_who_may_add_devices_opens_a_mailbox(database: Database) {
    let running = Running::new(&database).await;
    let mut vault = Vault::moved_to(&running).await;
    let (_, rotator) = vault.welcome(&running, 2, Role::Rotator).await;
    assert_eq!(refusal(invite(&rotator, 1, 3600).await).await.code, "server.not-allowed");
    // For a further device of its own.
    let (_, technician) = vault.welcome(&running, 3, Role::Technician).await;
    assert_eq!(invite(&technician, 1, 3600).await.status(), StatusCode::NO_CONTENT);
}

async fn enrol(client: &Client, n: u8, blob: u8) -> Response {
    let body = EnrolmentPut { blob: EnrolmentBlob::new(vec![blob; 200]).unwrap() }.to_bytes();
    client.send(Method::PUT, &format!("/v1/enrolments/{}", locator(n)), body).await
}

async fn a_kit_finds_its_blob_and_brings_a_device_back(database: Database) {
    let running = Running::new(&database).await;
    let mut vault = Vault::moved_to(&running).await;
    assert_eq!(enrol(&vault.client, 1, 7).await.status(), StatusCode::NO_CONTENT);
    let at = format!("/v1/enrolments/{}", locator(1));
    let found: Enrolment = open(&running.url, &at).await.unwrap();
    assert_eq!((found.msp, found.member), (vault.firm.state().ledger(), vault.owner.member));
    assert_eq!(found.blob.as_bytes(), [7; 200]);

    let ledger: Entries = open(&running.url, &format!("{at}/entries/0")).await.unwrap();
    let ledger: Vec<_> = ledger.entries.iter().map(|bytes| Entry::decode(bytes.as_bytes()).unwrap()).collect();
    assert_eq!(ledger, vault.firm.entries);

    let back = vault.owner.at(9);
    let send = async |append: &Append| {
        let sent = http().post(format!("{}{at}/append", running.url)).body(append.to_bytes()).send().await.unwrap();
        message::<Appended>(sent).await
    };
    // Nothing but that one entry comes in this way, and nobody else's.
    let other = vault.customer.sign(&vault.firm, &vault.owner, log());
    assert_eq!(send(&batch(&[other], &[])).await.unwrap_err().code, "server.not-allowed");
    let thief = Desk::new(1).at(8).rekeyed(8);
    let proof = Some(thief.proof(vault.firm.state().place()));
    let stolen = vault.firm.sign(&thief, MspBody::DeviceAdd { card: thief.card(), proof });
    assert_eq!(send(&batch(&[stolen], &[])).await.unwrap_err().code, "ledger.proof");

    let proof = Some(back.proof(vault.firm.state().place()));
    let entry = vault.firm.add(&back, MspBody::DeviceAdd { card: back.card(), proof }).unwrap();
    send(&batch(&[entry], &[])).await.unwrap();
    running.client(&vault.firm, &back).changes(0).await.unwrap();
    assert_eq!(
        open::<Enrolment>(&running.url, &format!("/v1/enrolments/{}", locator(2))).await.unwrap_err().status,
        404
    );
}

async fn an_older_blob_does_not_come_back(database: Database) {
    let running = Running::new(&database).await;
    let vault = Vault::moved_to(&running).await;
    let earlier = Client { clock_s: -20, ..vault.client.clone() };
    assert_eq!(enrol(&vault.client, 1, 2).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(enrol(&earlier, 1, 1).await.status(), StatusCode::CONFLICT);
    let found: Enrolment = open(&running.url, &format!("/v1/enrolments/{}", locator(1))).await.unwrap();
    assert_eq!(found.blob.as_bytes(), [2; 200]);
    // A new kit has a new address, and the old one opens nothing any more.
    assert_eq!(enrol(&vault.client, 4, 3).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(
        open::<Enrolment>(&running.url, &format!("/v1/enrolments/{}", locator(1))).await.unwrap_err().status,
        404
    );
}

async fn what_nobody_needs_any_more_goes_and_gives_its_room_back(database: Database) {
    let running = Running::new(&database).await;
    let mut vault = Vault::moved_to(&running).await;
    let old = vault.rotate(1).await;
    let new = vault.rotate(1).await;
    let ledger = vault.customer.state.ledger();
    let (_, config) = (&running.folder, &running.config);
    tamper(&config.database().unwrap(), "UPDATE objects SET released_ms = 1 WHERE released_ms > 0").await;
    let (folder, config) = running.stop().await;
    // What is swept at a start is swept every minute after.
    let running = Running::start(folder, config).await;
    let client = running.client(&vault.firm, &vault.owner);
    for _ in 0..5_000 {
        if client.objects(ledger, std::slice::from_ref(&old)).await.unwrap().is_empty() {
            break;
        }
    }
    assert_eq!(client.objects(ledger, &[old, new.clone()]).await.unwrap(), [new]);
}
