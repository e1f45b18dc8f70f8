//! What each fuzz target of the vault does with its bytes. The same bodies run on the stable compiler over a corpus and
//! mutations of it, in the vault's tests. Beyond "no panic": what is accepted has one form only.

use vitrine_vault::account::{DeviceKeys, EncryptionKeys, Enrolment, Lockbox, RootKey, open_account_secret};
use vitrine_vault::backup::{BackupReader, Record};
use vitrine_vault::body::{BodyKind, open_body};
use vitrine_vault::epoch::{Which, WrapContext, open_previous, unwrap};
use vitrine_vault::invite::{Answer, Invite, Offer};
use vitrine_vault::items::{AccountItem, ConnectionItem, MspItem, OrganizationItem};
use vitrine_vault::kit::Kit;
use vitrine_vault::object::{Header, ObjectKind};
use vitrine_vault::page::PageKey;
use vitrine_vault::passphrase::strength;
use vitrine_vault::share::Share;
use vitrine_vault::sheet::{SafeSheet, SheetBlob};
use vitrine_vault::totp::TotpSecret;
use vitrine_vault::{Key, SUITE, SecretBytes, SecretText, cbor, object};

/// What a target does with its bytes.
pub type Body = fn(&[u8]);

/// Every body by the name of its target.
pub const BODIES: [(&str, Body); 13] = [
    ("cbor", cbor),
    ("object", object),
    ("page", page),
    ("body", body),
    ("lockbox", lockbox),
    ("enrolment", enrolment),
    ("sheet", sheet),
    ("wrap", wrap),
    ("backup", backup),
    ("code", code),
    ("invite", invite),
    ("item", item),
    ("text", text),
];

/// The place that [`object`] expects its bytes to stand for.
pub fn header() -> Header {
    Header {
        suite: SUITE,
        kind: ObjectKind::Account,
        ledger: [1; 32],
        item: [2; 16],
        version: 3,
        epoch: 4,
        author: [5; 16],
        counter: 6,
        schema: 1,
    }
}

/// The key under which every body opens.
pub fn key() -> Key {
    Key::new([7; 32])
}

/// The strict reader.
pub fn cbor(bytes: &[u8]) {
    if cbor::check(bytes, 1 << 16).is_ok() {
        let longer = [bytes, &[0]].concat();
        assert!(cbor::check(&longer, 1 << 17).is_err(), "a document has one end");
    }
}

/// Sealed items.
pub fn object(bytes: &[u8]) {
    let _ = object::hash(bytes);
    let peeked = object::peek_header(bytes);
    if object::open(bytes, &header(), &key()).is_ok() {
        assert_eq!(peeked, Ok(header()));
    }
}

/// Pages of the local store.
pub fn page(bytes: &[u8]) {
    let _ = PageKey::derive(&key()).open(1, 2, bytes);
}

/// Small sealed bodies.
pub fn body(bytes: &[u8]) {
    let name = open_body(BodyKind::Name, &key(), b"context", bytes);
    let log = open_body(BodyKind::Log, &key(), b"context", bytes);
    assert!(name.is_err() || log.is_err(), "one body is of one kind");
}

/// The lockbox; not opened, as each try costs a derivation.
pub fn lockbox(bytes: &[u8]) {
    if let Ok(stored) = Lockbox::from_bytes(bytes) {
        assert_eq!(stored.to_bytes(), bytes);
        assert!(stored.params().memory_kib() >= 64 * 1024);
        assert!(Enrolment::from_bytes(bytes).is_err());
    }
}

/// The enrolment blob; not opened, as each try costs a derivation.
pub fn enrolment(bytes: &[u8]) {
    if let Ok(stored) = Enrolment::from_bytes(bytes) {
        assert_eq!(stored.to_bytes(), bytes);
        assert!(stored.params().passes() <= 16);
    }
}

/// The sheet blob and the account secret under a root.
pub fn sheet(bytes: &[u8]) {
    let rng = &mut Counter(0);
    if let Ok(stored) = SheetBlob::from_bytes(bytes) {
        assert_eq!(stored.to_bytes(), bytes);
        let _ = stored.open(&SafeSheet::make(rng));
    }
    let _ = open_account_secret(&RootKey::make(rng), bytes);
}

/// Wrapped keys and the chain of epochs.
pub fn wrap(bytes: &[u8]) {
    let own = EncryptionKeys::from_private(key());
    let context =
        WrapContext { ledger: [1; 32], epoch: 2, recipient: [3; 16], which: Which::Read, commitment: [4; 32] };
    assert!(unwrap(bytes, &context, &own).is_err(), "nobody finds a key for this commitment");
    assert!(open_previous(&key(), bytes, Which::Read, &[1; 32], 2, &[4; 32]).is_err());
}

/// Backups: fed at once or byte by byte, the answer is the same.
pub fn backup(bytes: &[u8]) {
    let read = |size: usize| {
        let mut reader = BackupReader::new();
        let mut records: Vec<Record> = Vec::new();
        for chunk in bytes.chunks(size) {
            reader.feed(chunk);
            loop {
                match reader.next_record() {
                    Ok(Some(record)) => records.push(record),
                    Ok(None) => break,
                    Err(error) => return (records, Err(error)),
                }
            }
        }
        (records, reader.finish().map(|_| ()))
    };
    let (whole, pieces) = (read(bytes.len().max(1)), read(7));
    assert_eq!(whole.0, pieces.0);
    assert_eq!(whole.1.is_ok(), pieces.1.is_ok());
}

/// Invitations: the code, and the letters of a mailbox.
pub fn invite(bytes: &[u8]) {
    let typed = SecretText::new(String::from_utf8_lossy(bytes).into_owned());
    if let Ok(invite) = Invite::parse(&typed) {
        assert!(Invite::parse(&invite.code()).is_ok());
    }
    if let Ok(stored) = Invite::from_bytes(bytes) {
        assert_eq!(stored.to_bytes().expose(), bytes);
    }
    if let Ok(answer) = Answer::from_bytes(bytes) {
        assert_eq!(answer.to_bytes(), bytes);
    }
    let invite = Invite::make([1; 32], (2, [3; 32]), 4, "https://vault.example".into(), &mut Counter(0));
    assert!(Offer::open(&invite, bytes).is_err() && Answer::open(&invite, bytes).is_err(), "nobody knows its secret");
    let _ = invite.words(&Answer::from_bytes(bytes).unwrap_or_else(|_| answer()));
}

fn answer() -> Answer {
    Answer {
        member: [1; 16],
        identity: [2; 32],
        encryption: [3; 32],
        device: [4; 16],
        device_key: [5; 32],
        transport: [6; 32],
        name: "Grace".into(),
        device_name: "laptop".into(),
    }
}

/// Codes of kit, sheet and shares, as typed.
pub fn code(bytes: &[u8]) {
    let typed = SecretText::new(String::from_utf8_lossy(bytes).into_owned());
    if let Ok(sheet) = SafeSheet::parse(&typed) {
        assert!(SafeSheet::parse(sheet.code().text()).is_ok());
    }
    if let Ok(share) = Share::parse(&typed) {
        assert!(Share::parse(share.code().text()).is_ok());
    }
    let kit = Kit::parse(&typed, &typed, "home");
    assert!(kit.is_err(), "no code is both");
}

/// Opened items.
pub fn item(bytes: &[u8]) {
    let bytes = SecretBytes::new(bytes.to_vec());
    if let Ok(item) = AccountItem::decode(&bytes) {
        let again = item.encode().expect("what was decoded can be encoded");
        assert!(AccountItem::decode(&again).is_ok());
    }
    if let Ok(item) = ConnectionItem::decode(&bytes) {
        assert!(item.encode().is_ok_and(|again| again == bytes), "one item has one form");
    }
    if let Ok(item) = OrganizationItem::decode(&bytes) {
        assert!(item.encode().is_ok_and(|again| again == bytes), "one item has one form");
    }
    if let Ok(item) = MspItem::decode(&bytes) {
        assert!(item.encode().is_ok_and(|again| again == bytes), "one item has one form");
    }
}

/// What people type and paste: one-time-code keys and passphrases.
pub fn text(bytes: &[u8]) {
    let typed = SecretText::new(String::from_utf8_lossy(bytes).into_owned());
    if let Ok(secret) = TotpSecret::parse(&typed) {
        for at_ms in [0, u64::MAX] {
            let code = secret.code(at_ms);
            assert_eq!(code.code.expose().len(), usize::from(secret.digits()));
            assert!((1..=secret.period()).contains(&code.seconds_left));
        }
    }
    assert!(strength(&typed, &["contoso"]).score <= 4);
    let _ = DeviceKeys::make(&mut Counter(1)).sign(bytes);
}

/// A counted source of bytes: a fuzz body must repeat.
struct Counter(u64);

impl rand_core::TryRng for Counter {
    type Error = core::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        self.try_next_u64().map(|draw| u32::try_from(draw & 0xffff_ffff).expect("32 bits"))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        Ok(self.0)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        for byte in bytes {
            *byte = u8::try_from(self.try_next_u64()? >> 56).expect("8 bits");
        }
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Counter {}
