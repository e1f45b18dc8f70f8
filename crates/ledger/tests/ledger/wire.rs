//! The bodies of the backend's requests and answers: one encoding each, and the ids that go into header fields.

use serde::Deserialize;
use vitrine_ledger::wire::{
    Append, Appended, Backend, Changes, Enrolment, EnrolmentPut, Entries, EntriesWanted, Invitation, InvitationAnswer,
    KeyId, KeyUse, Locator, Message, Objects, ObjectsWanted, Register, object_hash,
};

#[derive(Deserialize)]
struct File {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    message: String,
    bytes: String,
    verdict: String,
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn verdict<M: Message>(bytes: &[u8]) -> &'static str {
    match M::from_bytes(bytes) {
        Ok(message) => {
            assert_eq!(message.to_bytes(), bytes);
            "ok"
        }
        Err(error) => error.code(),
    }
}

#[test]
fn frozen_bodies_keep_their_verdicts() {
    let file: File = serde_json::from_str(include_str!("../../../../tests/vectors/ledger/wire.json")).unwrap();
    assert!(file.cases.len() >= 90);
    for case in &file.cases {
        let judge = match case.message.as_str() {
            "Append" => verdict::<Append>,
            "Appended" => verdict::<Appended>,
            "Backend" => verdict::<Backend>,
            "Changes" => verdict::<Changes>,
            "Enrolment" => verdict::<Enrolment>,
            "EnrolmentPut" => verdict::<EnrolmentPut>,
            "Entries" => verdict::<Entries>,
            "EntriesWanted" => verdict::<EntriesWanted>,
            "Invitation" => verdict::<Invitation>,
            "InvitationAnswer" => verdict::<InvitationAnswer>,
            "Objects" => verdict::<Objects>,
            "ObjectsWanted" => verdict::<ObjectsWanted>,
            "Register" => verdict::<Register>,
            other => panic!("{other}"),
        };
        let bytes = bytes(&case.bytes);
        assert_eq!(judge(&bytes), case.verdict, "{}", case.name);
        // Every byte changed: whatever still reads, reads in its one form.
        for at in 0..bytes.len().min(200) {
            let mut mutated = bytes.clone();
            mutated[at] ^= 0x11;
            crate::fuzzing::wire(&mutated);
        }
    }
}

#[test]
fn an_id_in_a_header_field_has_one_spelling() {
    let text = format!("{}.{}", "0a".repeat(32), "0b".repeat(16));
    let id: KeyId = text.parse().unwrap();
    assert_eq!(id.to_string(), text);
    for bent in [text.to_uppercase(), text.replace('.', ""), format!("{text}0"), text.replace('.', ":"), String::new()]
    {
        assert!(bent.parse::<KeyId>().is_err(), "{bent}");
    }
    assert!("é".repeat(32).parse::<Locator>().is_err());
    for key_use in [KeyUse::Device, KeyUse::Transport] {
        assert_eq!(KeyUse::from_tag(key_use.tag()), Some(key_use));
    }
}

// The vault computes it, too, and neither room knows the other.
#[test]
fn the_hash_of_an_object_is_over_its_label_and_bytes() {
    use sha2::{Digest, Sha256};
    let label = "vitrine/1/object/hash";
    let length = u16::try_from(label.len()).unwrap().to_be_bytes();
    let expected = Sha256::new().chain_update(length).chain_update(label).chain_update(b"sealed").finalize();
    assert_eq!(object_hash(b"sealed").as_bytes()[..], expected[..]);
}
