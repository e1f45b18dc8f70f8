//! Makes the frozen vectors: `cargo run -p vitrine-vault --example make_vectors -- FOLDER`.
//!
//! They were made once and are kept; a change of this program or of the vault must never change what they say. Each case
//! is a good input or one broken in a named way. Two readers judge them: the vault, and `tests/vectors/reader.py`.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a tool for developers, stopped by the first surprise")]

use data_encoding::HEXLOWER;
use rand::{SeedableRng, rngs::StdRng};
use serde_json::{Map, Value, json};
use std::path::Path;
use vitrine_vault::account::{AccountSecret, BoxIds, DeviceKeys, EncryptionKeys, Enrolment, Lockbox, RootKey};
use vitrine_vault::backup::{BackupHeader, BackupWriter};
use vitrine_vault::body::{BodyKind, seal_body};
use vitrine_vault::cbor::{self, Writer};
use vitrine_vault::epoch::{Which, WrapContext, derive_commitment, wrap};
use vitrine_vault::kdf::KdfParams;
use vitrine_vault::kit::Kit;
use vitrine_vault::object::{self, Header, ObjectKind};
use vitrine_vault::page::PageKey;
use vitrine_vault::sheet::{SafeSheet, SheetBlob};
use vitrine_vault::{Key, SUITE, SecretBytes, SecretText};

fn main() {
    let folder = std::env::args().nth(1).expect("the folder to write to");
    let rng = &mut StdRng::seed_from_u64(20_261_123);
    for (name, about, cases) in [
        ("cbor", "The strict form: one value, at most 65536 bytes.", cbor_cases()),
        ("object", "Sealed items: opened under `key`, as `expected`.", object_cases(rng)),
        ("page", "Local pages: opened under `local`, in place `page` of `generation`.", page_cases(rng)),
        ("body", "Small sealed bodies.", body_cases(rng)),
        ("lockbox", "Root and device keys under passphrase and device secret.", lockbox_cases(rng)),
        ("enrolment", "The root under passphrase and account secret.", enrolment_cases(rng)),
        ("sheet", "The root under the key of a safe sheet.", sheet_cases(rng)),
        ("code", "Codes on paper, as typed.", code_cases(rng)),
        ("backup", "Backup files.", backup_cases(rng)),
        ("wrap", "Keys wrapped by HPKE and checked against a commitment.", wrap_cases(rng)),
        ("shares", "The root under a safe sheet whose key is split: codes of shares, as typed.", shares_cases()),
    ] {
        let path = Path::new(&folder).join(format!("{name}.json"));
        println!("{name}: {} cases", cases.len());
        let text = serde_json::to_string_pretty(&json!({ "about": about, "cases": cases })).unwrap();
        std::fs::write(path, text + "\n").unwrap();
    }
}

fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

/// A case: its name says what is broken, `fields` how to judge it.
fn case(name: &str, verdict: &str, fields: Value) -> Value {
    let mut case = Map::new();
    case.insert("name".into(), name.into());
    case.insert("verdict".into(), verdict.into());
    let Value::Object(fields) = fields else { unreachable!("fields are written as objects") };
    case.extend(fields);
    Value::Object(case)
}

/// The accepted case of `bytes`, then the same inputs with the bytes broken in every named way.
fn good_and_broken(
    name: &str,
    fields: &Value,
    content: Value,
    bytes: &[u8],
    broken: Vec<(&str, Vec<u8>)>,
) -> Vec<Value> {
    let with = |bytes: &[u8]| {
        let mut fields = fields.clone();
        fields["bytes"] = hex(bytes).into();
        fields
    };
    let mut good = with(bytes);
    let Value::Object(content) = content else { unreachable!("contents are written as objects") };
    good.as_object_mut().unwrap().extend(content);
    let mut cases = vec![case(name, "accept", good)];
    cases.extend(broken.into_iter().map(|(what, bytes)| case(&format!("{name}: {what}"), "refuse", with(&bytes))));
    cases
}

fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 1;
    bytes
}

/// What breaks any CBOR document that is a map.
fn broken_documents(bytes: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let count = bytes[0] & 0x1f;
    let mut fewer = bytes.to_vec();
    fewer[0] -= 1;
    let mut more = bytes.to_vec();
    more[0] += 1;
    more.extend([0x17, 0x00]);
    vec![
        ("empty", vec![]),
        ("the last byte is missing", bytes[..bytes.len() - 1].to_vec()),
        ("half is missing", bytes[..bytes.len() / 2].to_vec()),
        ("a byte follows", [bytes, &[0]].concat()),
        ("the map's count in a longer form", [&[0xb8, count], &bytes[1..]].concat()),
        ("the map of indefinite length", [&[0xbf], &bytes[1..], &[0xff]].concat()),
        ("a field is missing from the count", fewer),
        ("an unknown field follows", more),
        ("a tag before it", [&[0xc0], bytes].concat()),
    ]
}

fn cbor_cases() -> Vec<Value> {
    let deep = |depth: usize| [vec![0x81; depth], vec![0x00]].concat();
    let good: Vec<(&str, Vec<u8>)> = vec![
        ("zero", vec![0x00]),
        ("23 in one byte", vec![0x17]),
        ("24 in two bytes", vec![0x18, 24]),
        ("256 in three bytes", vec![0x19, 1, 0]),
        ("2^16 in five bytes", vec![0x1a, 0, 1, 0, 0]),
        ("2^32 in nine bytes", vec![0x1b, 0, 0, 0, 1, 0, 0, 0, 0]),
        ("the largest number", [vec![0x1b], vec![0xff; 8]].concat()),
        ("no bytes", vec![0x40]),
        ("text beyond ASCII", [&[0x64][..], "\u{1f510}".as_bytes()].concat()),
        ("true", vec![0xf5]),
        ("a list", vec![0x82, 0x01, 0xf4]),
        ("a map with rising keys", vec![0xa3, 0x00, 0x01, 0x17, 0x02, 0x18, 24, 0x03]),
        ("eight deep", deep(8)),
    ];
    let bad: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", vec![]),
        ("23 in two bytes", vec![0x18, 23]),
        ("255 in three bytes", vec![0x19, 0, 255]),
        ("65535 in five bytes", vec![0x1a, 0, 0, 0xff, 0xff]),
        ("2^32-1 in nine bytes", vec![0x1b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]),
        ("a byte string's length in a longer form", vec![0x58, 1, 0]),
        ("a list's count in a longer form", vec![0x98, 1, 0]),
        ("a map's count in a longer form", vec![0xb8, 1, 0, 0]),
        ("a negative number", vec![0x20]),
        ("a half float", vec![0xf9, 0, 0]),
        ("a float", vec![0xfa, 0, 0, 0, 0]),
        ("a double", vec![0xfb, 0, 0, 0, 0, 0, 0, 0, 0]),
        ("null", vec![0xf6]),
        ("undefined", vec![0xf7]),
        ("a simple value", vec![0xe0]),
        ("false in two bytes", vec![0xf8, 20]),
        ("a tag", vec![0xc0, 0x00]),
        ("bytes of indefinite length", vec![0x5f, 0x41, 0x00, 0xff]),
        ("text of indefinite length", vec![0x7f, 0x61, 0x61, 0xff]),
        ("a list of indefinite length", vec![0x9f, 0xff]),
        ("a map of indefinite length", vec![0xbf, 0xff]),
        ("a break alone", vec![0xff]),
        ("a reserved length", vec![0x1c]),
        ("a key twice", vec![0xa2, 1, 0, 1, 0]),
        ("keys that fall", vec![0xa2, 2, 0, 1, 0]),
        ("a key of text", vec![0xa1, 0x61, 0x61, 0]),
        ("a key in a longer form", vec![0xa1, 0x18, 1, 0]),
        ("a second value", vec![0x00, 0x00]),
        ("text that is not UTF-8", vec![0x61, 0xff]),
        ("text with half of a surrogate pair", vec![0x63, 0xed, 0xa0, 0x80]),
        ("text in an overlong form", vec![0x62, 0xc0, 0x80]),
        ("a length beyond the end", vec![0x42, 0]),
        ("a length of 2^64-1", [vec![0x5b], vec![0xff; 8]].concat()),
        ("a list of a billion", vec![0x9a, 0x3b, 0x9a, 0xca, 0x00]),
        ("nine deep", deep(9)),
        ("nine deep in maps", [[0xa1, 0x00].repeat(9), vec![0x00]].concat()),
        ("longer than allowed", [vec![0x5a, 0, 1, 0, 0], vec![0; 65_536]].concat()),
    ];
    let cases = |list: Vec<(&str, Vec<u8>)>, verdict: &'static str| {
        list.into_iter()
            .map(move |(name, bytes)| case(name, verdict, json!({ "bytes": hex(&bytes) })))
            .collect::<Vec<_>>()
    };
    [cases(good, "accept"), cases(bad, "refuse")].concat()
}

fn header() -> Header {
    Header {
        suite: SUITE,
        kind: ObjectKind::Account,
        ledger: [0x11; 32],
        item: [0x22; 16],
        version: 300,
        epoch: 70_000,
        author: [0x33; 16],
        counter: 5_000_000_000,
        schema: 1,
    }
}

fn expected(header: &Header) -> Value {
    json!({
        "suite": header.suite,
        "kind": header.kind.number(),
        "ledger": hex(&header.ledger),
        "item": hex(&header.item),
        "version": header.version,
        "epoch": header.epoch,
        "author": hex(&header.author),
        "counter": header.counter,
        "schema": header.schema,
    })
}

/// The five byte strings of an object.
fn object_parts(bytes: &[u8]) -> Vec<Vec<u8>> {
    cbor::decode(bytes, 1 << 20, |reader| {
        reader.map(|map| {
            (1..=5).map(|key| map.required(key, |reader| reader.bytes(1 << 20).map(<[u8]>::to_vec))).collect()
        })
    })
    .unwrap()
}

fn document(parts: &[Vec<u8>]) -> Vec<u8> {
    Writer::document(|map| {
        for (key, part) in (1..).zip(parts) {
            map.bytes(key, part);
        }
    })
}

fn object_cases(rng: &mut StdRng) -> Vec<Value> {
    let key = Key::make(rng);
    let content = b"what an account holds".to_vec();
    let item = SecretBytes::new(content.clone());
    let bytes = object::seal(&header(), &item, &key, rng).unwrap();
    let parts = object_parts(&bytes);
    let with = |index: usize, part: Vec<u8>| {
        let mut parts = parts.clone();
        parts[index] = part;
        document(&parts)
    };
    let foreign = object_parts(&object::seal(&header(), &item, &Key::make(rng), rng).unwrap());
    let other_version = object::seal(&Header { version: 301, ..header() }, &item, &key, rng).unwrap();
    let header_of = |change: Header| {
        object_parts(&object::seal(&change, &item, &Key::new([0; 32]), &mut StdRng::seed_from_u64(1)).unwrap())
            .swap_remove(0)
    };
    let mut suite_2 = parts[0].clone();
    suite_2[2] = 2;
    let mut kind_9 = parts[0].clone();
    kind_9[4] = 9;
    let mut broken = broken_documents(&bytes);
    broken.extend([
        ("relabelled as another version", with(0, header_of(Header { version: 301, ..header() }))),
        ("another version of the item", other_version),
        ("relabelled as another item", with(0, header_of(Header { item: [0x44; 16], ..header() }))),
        ("relabelled as another kind", with(0, header_of(Header { kind: ObjectKind::Connection, ..header() }))),
        ("another suite", with(0, suite_2)),
        ("an unknown kind", with(0, kind_9)),
        ("a flipped bit in the commitment", with(1, flipped(&parts[1], 0))),
        ("a foreign commitment", with(1, foreign[1].clone())),
        ("a short commitment", with(1, parts[1][..31].to_vec())),
        ("no commitment", with(1, vec![])),
        ("a flipped bit in the nonce", with(2, flipped(&parts[2], 23))),
        ("a short nonce", with(2, parts[2][..12].to_vec())),
        ("a flipped bit in the wrapped key", with(3, flipped(&parts[3], 0))),
        ("a foreign wrapped key", with(3, foreign[3].clone())),
        ("no wrapped key", with(3, vec![])),
        ("a flipped bit in the ciphertext", with(4, flipped(&parts[4], 0))),
        ("a flipped bit in the tag", with(4, flipped(&parts[4], parts[4].len() - 1))),
        ("a foreign ciphertext", with(4, foreign[4].clone())),
        ("no ciphertext", with(4, vec![])),
        ("a header that is no map", with(0, vec![0x00])),
        ("a header with a byte after it", with(0, [&parts[0][..], &[0]].concat())),
    ]);
    let fields = json!({ "key": hex(key.expose()), "expected": expected(&header()) });
    let mut cases = good_and_broken("object", &fields, json!({ "content": hex(&content) }), &bytes, broken);
    for (name, length) in [("empty item", 0_usize), ("full first bucket", 1020), ("first of the second bucket", 1021)] {
        let content = vec![0x5a; length];
        let bytes = object::seal(&header(), &SecretBytes::new(content.clone()), &key, rng).unwrap();
        cases.extend(good_and_broken(name, &fields, json!({ "content": hex(&content) }), &bytes, vec![]));
    }
    let elsewhere = [
        ("expected elsewhere: ledger", Header { ledger: [0x99; 32], ..header() }),
        ("expected elsewhere: epoch", Header { epoch: 70_001, ..header() }),
        ("expected elsewhere: author", Header { author: [0x99; 16], ..header() }),
        ("expected elsewhere: counter", Header { counter: 1, ..header() }),
        ("expected elsewhere: schema", Header { schema: 2, ..header() }),
    ];
    cases.extend(elsewhere.map(|(name, header)| {
        case(name, "refuse", json!({ "bytes": hex(&bytes), "key": hex(key.expose()), "expected": expected(&header) }))
    }));
    cases.push(case(
        "another key",
        "refuse",
        json!({ "bytes": hex(&bytes), "key": hex(&[0; 32]), "expected": expected(&header()) }),
    ));
    cases
}

fn page_cases(rng: &mut StdRng) -> Vec<Value> {
    let local = Key::make(rng);
    let key = PageKey::derive(&local);
    let bytes = key.seal(7, 9, b"index", rng).unwrap();
    let broken = vec![
        ("empty", vec![]),
        ("the nonce alone", bytes[..24].to_vec()),
        ("shorter than a tag", bytes[..39].to_vec()),
        ("the last byte is missing", bytes[..bytes.len() - 1].to_vec()),
        ("a byte follows", [&bytes[..], &[0]].concat()),
        ("a flipped bit in the nonce", flipped(&bytes, 0)),
        ("a flipped bit in the ciphertext", flipped(&bytes, 24)),
        ("a flipped bit in the tag", flipped(&bytes, bytes.len() - 1)),
        ("a page of another place", key.seal(8, 9, b"index", rng).unwrap()),
        ("a page of an older generation", key.seal(7, 8, b"index", rng).unwrap()),
        ("a page of another device", PageKey::derive(&Key::make(rng)).seal(7, 9, b"index", rng).unwrap()),
        ("longer than a page", vec![0; 65_537]),
    ];
    let fields = json!({ "local": hex(local.expose()), "page": 7, "generation": 9 });
    let mut cases = good_and_broken("page", &fields, json!({ "content": hex(b"index") }), &bytes, broken);
    let empty = key.seal(7, 9, b"", rng).unwrap();
    cases.extend(good_and_broken("empty page", &fields, json!({ "content": "" }), &empty, vec![]));
    cases
}

fn body_cases(rng: &mut StdRng) -> Vec<Value> {
    let key = Key::make(rng);
    let mut seal = |kind, context: &[u8], content: &[u8]| seal_body(kind, &key, context, content, rng).unwrap();
    let bytes = seal(BodyKind::Name, b"ledger", b"Contoso");
    let broken = vec![
        ("empty", vec![]),
        ("the commitment alone", bytes[..32].to_vec()),
        ("the last byte is missing", bytes[..bytes.len() - 1].to_vec()),
        ("a byte follows", [&bytes[..], &[0]].concat()),
        ("a flipped bit in the commitment", flipped(&bytes, 0)),
        ("a flipped bit in the nonce", flipped(&bytes, 32)),
        ("a flipped bit in the ciphertext", flipped(&bytes, 56)),
        ("a flipped bit in the tag", flipped(&bytes, bytes.len() - 1)),
        ("of another kind", seal(BodyKind::Log, b"ledger", b"Contoso")),
        ("of another context", seal(BodyKind::Name, b"ledges", b"Contoso")),
        ("longer than a body", vec![0; 70_000]),
    ];
    let fields = json!({ "kind": "name", "key": hex(key.expose()), "context": hex(b"ledger") });
    let mut cases = good_and_broken("name", &fields, json!({ "content": hex(b"Contoso") }), &bytes, broken);
    for (name, content) in [("empty log", vec![]), ("log of 253 bytes", vec![3; 253])] {
        let bytes = seal(BodyKind::Log, b"ledger", &content);
        let fields = json!({ "kind": "log", "key": hex(key.expose()), "context": hex(b"ledger") });
        cases.extend(good_and_broken(name, &fields, json!({ "content": hex(&content) }), &bytes, vec![]));
    }
    cases
}

/// Header and sealed part of a box.
fn box_parts(bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
    cbor::decode(bytes, 4096, |reader| {
        reader.map(|map| {
            let header = map.required(1, |reader| reader.bytes(4096))?.to_vec();
            Ok((header, map.required(2, |reader| reader.bytes(4096))?.to_vec()))
        })
    })
    .unwrap()
}

fn box_header(suite: u8, member: &[u8], device: Option<&[u8]>, cost: [u32; 3], salt: &[u8]) -> Vec<u8> {
    Writer::document(|map| {
        map.uint(1, suite);
        map.bytes(2, member);
        map.maybe(3, device, Writer::bytes);
        map.bytes(4, &[0x66; 32]);
        map.uint(5, cost[0]);
        map.uint(6, cost[1]);
        map.uint(7, cost[2]);
        map.bytes(8, salt);
    })
}

/// Boxes that must be refused as they are read: nothing is derived for them.
fn broken_boxes(bytes: &[u8], device: Option<&[u8]>) -> Vec<(&'static str, Vec<u8>)> {
    let (header, sealed) = box_parts(bytes);
    let salt = header[header.len() - 16..].to_vec();
    let boxed = |header: Vec<u8>| document(&[header, sealed.clone()]);
    let of = |suite, cost| boxed(box_header(suite, &[0x55; 16], device, cost, &salt));
    let floor = [65_536, 3, 1];
    let mut broken = broken_documents(bytes);
    broken.extend([
        ("another suite", of(2, floor)),
        ("suite zero", of(0, floor)),
        ("memory below the floor", of(1, [65_535, 3, 1])),
        ("passes below the floor", of(1, [65_536, 2, 1])),
        ("no lanes", of(1, [65_536, 3, 0])),
        ("memory above the ceiling", of(1, [1_048_577, 3, 1])),
        ("passes above the ceiling", of(1, [65_536, 17, 1])),
        ("lanes above the ceiling", of(1, [65_536, 3, 9])),
        ("all that fits a number", of(1, [u32::MAX; 3])),
        ("a short salt", boxed(box_header(1, &[0x55; 16], device, floor, &salt[..15]))),
        ("a long salt", boxed(box_header(1, &[0x55; 16], device, floor, &[&salt[..], &[0]].concat()))),
        ("a short member", boxed(box_header(1, &[0x55; 15], device, floor, &salt))),
        ("a device where none belongs, or none where one does", {
            let other = if device.is_some() { None } else { Some(&[0x77; 16][..]) };
            boxed(box_header(1, &[0x55; 16], other, floor, &salt))
        }),
    ]);
    broken
}

const PASSPHRASE: &str = "caf\u{e9} correct horse";
/// The same passphrase from another keyboard: e and a combining accent.
const DECOMPOSED: &str = "cafe\u{301} correct horse";

fn lockbox_cases(rng: &mut StdRng) -> Vec<Value> {
    let (root, device, secret) = (RootKey::make(rng), DeviceKeys::make(rng), Key::make(rng));
    let ids = BoxIds { member: [0x55; 16], device: [0x77; 16], genesis: [0x66; 32] };
    let passphrase = SecretText::from_text(PASSPHRASE);
    let bytes = Lockbox::seal(&passphrase, &secret, KdfParams::FLOOR, ids, &root, &device, rng).unwrap().to_bytes();
    let (header, sealed) = box_parts(&bytes);
    let salt = header[header.len() - 16..].to_vec();
    let mut broken = broken_boxes(&bytes, Some(&ids.device));
    broken.extend([
        ("a flipped bit in the sealed part", document(&[header.clone(), flipped(&sealed, sealed.len() - 1)])),
        (
            "another member",
            document(&[box_header(1, &[0x54; 16], Some(&ids.device), [65_536, 3, 1], &salt), sealed.clone()]),
        ),
        (
            "another cost",
            document(&[box_header(1, &[0x55; 16], Some(&ids.device), [65_536, 3, 2], &salt), sealed.clone()]),
        ),
        ("nothing sealed", document(&[header, vec![]])),
    ]);
    let fields = json!({ "passphrase": PASSPHRASE, "device_secret": hex(secret.expose()) });
    let content = json!({
        "identity": hex(&root.identity().public()),
        "encryption": hex(&root.encryption().public()),
        "device": hex(&device.public()),
        "local": hex(device.local().expose()),
    });
    let mut cases = good_and_broken("lockbox", &fields, content.clone(), &bytes, broken);
    let other = json!({ "passphrase": DECOMPOSED, "device_secret": hex(secret.expose()) });
    cases.extend(good_and_broken("passphrase in another Unicode form", &other, content, &bytes, vec![]));
    for (name, passphrase, secret) in
        [("a wrong passphrase", "cafe correct horse", secret.expose()), ("a wrong device secret", PASSPHRASE, &[0; 32])]
    {
        let fields = json!({ "passphrase": passphrase, "device_secret": hex(secret), "bytes": hex(&bytes) });
        cases.push(case(name, "refuse", fields));
    }
    cases
}

fn enrolment_cases(rng: &mut StdRng) -> Vec<Value> {
    let root = RootKey::make(rng);
    let page = |rng: &mut StdRng| Kit {
        account_secret: AccountSecret::make(rng),
        member: [0x55; 16],
        genesis: [0x66; 32],
        home: String::new(),
    };
    let (kit, other) = (page(rng), page(rng));
    let passphrase = SecretText::from_text(PASSPHRASE);
    let bytes =
        Enrolment::seal(&passphrase, &kit.account_secret, KdfParams::FLOOR, kit.member, kit.genesis, &root, rng)
            .unwrap()
            .to_bytes();
    let (header, sealed) = box_parts(&bytes);
    let mut broken = broken_boxes(&bytes, None);
    broken.extend([
        ("a flipped bit in the sealed part", document(&[header.clone(), flipped(&sealed, 40)])),
        (
            "another member",
            document(&[box_header(1, &[0x54; 16], None, [65_536, 3, 1], &header[header.len() - 16..]), sealed]),
        ),
        ("nothing sealed", document(&[header, vec![]])),
    ]);
    let fields = json!({ "passphrase": PASSPHRASE, "secret_code": kit.secret_code().text().expose() });
    let content = json!({ "identity": hex(&root.identity().public()), "encryption": hex(&root.encryption().public()) });
    let mut cases = good_and_broken("enrolment", &fields, content, &bytes, broken);
    let wrong = json!({
        "passphrase": PASSPHRASE,
        "secret_code": other.secret_code().text().expose(),
        "bytes": hex(&bytes),
    });
    cases.push(case("another account secret", "refuse", wrong));
    cases
}

fn sheet_cases(rng: &mut StdRng) -> Vec<Value> {
    let (root, sheet) = (RootKey::make(rng), SafeSheet::make(rng));
    let bytes = SheetBlob::seal(&root, &sheet, None, [0x55; 16], [0x66; 32], rng).to_bytes();
    let (header, sealed) = box_parts(&bytes);
    let other = |suite: u8, member: &[u8]| {
        let header = Writer::document(|map| {
            map.uint(1, suite);
            map.bytes(2, member);
            map.bytes(3, &[0x66; 32]);
        });
        document(&[header, sealed.clone()])
    };
    let mut broken = broken_documents(&bytes);
    broken.extend([
        ("another suite", other(2, &[0x55; 16])),
        ("another member", other(1, &[0x54; 16])),
        ("a short member", other(1, &[0x55; 15])),
        ("a flipped bit in the commitment", document(&[header.clone(), flipped(&sealed, 0)])),
        ("a flipped bit in the tag", document(&[header.clone(), flipped(&sealed, sealed.len() - 1)])),
        ("nothing sealed", document(&[header, vec![]])),
    ]);
    let fields = json!({ "code": sheet.code().text().expose() });
    let content = json!({ "identity": hex(&root.identity().public()), "encryption": hex(&root.encryption().public()) });
    let mut cases = good_and_broken("sheet", &fields, content, &bytes, broken);
    let wrong = json!({ "code": SafeSheet::make(rng).code().text().expose(), "bytes": hex(&bytes) });
    cases.push(case("another sheet", "refuse", wrong));
    cases
}

/// A generator of its own, so that the cases before it stay what they are.
fn shares_cases() -> Vec<Value> {
    let rng = &mut StdRng::seed_from_u64(20_261_129);
    let (root, sheet) = (RootKey::make(rng), SafeSheet::make(rng));
    let mut deal = |needed, holders| {
        let (split, shares) = sheet.split(needed, holders, rng).unwrap();
        let codes: Vec<String> = shares.iter().map(|share| share.code().text().expose().clone()).collect();
        (SheetBlob::seal(&root, &sheet, Some(&split), [0x55; 16], [0x66; 32], rng).to_bytes(), codes)
    };
    let ((bytes, three), (second, five), (most, sixteen)) = (deal(2, 3), deal(3, 5), deal(16, 16));
    let content = json!({ "identity": hex(&root.identity().public()), "encryption": hex(&root.encryption().public()) });
    let with = |codes: &[&String], bytes: &[u8]| {
        let codes: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
        json!({ "codes": codes.join("  "), "bytes": hex(bytes) })
    };
    let mut mistyped = three[1].clone();
    let other = if mistyped.ends_with('Z') { "Y" } else { "Z" };
    mistyped.replace_range(mistyped.len() - 1.., other);
    let accept = [
        ("two of three", with(&[&three[0], &three[1]], &bytes)),
        ("another two, the other way round", with(&[&three[2], &three[0]], &bytes)),
        ("all three", with(&[&three[0], &three[1], &three[2]], &bytes)),
        ("three of five", with(&[&five[4], &five[1], &five[3]], &second)),
        ("sixteen of sixteen", with(&sixteen.iter().collect::<Vec<_>>(), &most)),
    ];
    let refuse = [
        ("one of two that are needed", with(&[&three[0]], &bytes)),
        ("the same twice", with(&[&three[0], &three[0]], &bytes)),
        ("none", with(&[], &bytes)),
        ("one of another split", with(&[&three[0], &five[1]], &bytes)),
        ("shares of another split", with(&[&five[0], &five[1], &five[2]], &bytes)),
        ("a mistyped share", with(&[&three[0], &mistyped], &bytes)),
        ("fifteen of sixteen", with(&sixteen[1..].iter().collect::<Vec<_>>(), &most)),
    ];
    let (header, sealed) = box_parts(&bytes);
    let other = |needed: u8, commitments: &[u8]| {
        let header = Writer::document(|map| {
            map.uint(1, SUITE);
            map.bytes(2, &[0x55; 16]);
            map.bytes(3, &[0x66; 32]);
            map.uint(4, needed);
            map.bytes(5, commitments);
        });
        with(&[&three[0], &three[1]], &document(&[header, sealed.clone()]))
    };
    let commitments = &header[header.len() - 96..];
    let broken = [
        ("one needed", other(1, commitments)),
        ("more needed than were made", other(4, commitments)),
        ("half a commitment", other(2, &commitments[..80])),
        ("no commitment", other(2, &[])),
        ("a commitment less", other(2, &commitments[..64])),
        ("a flipped bit in a commitment", other(2, &flipped(commitments, 0))),
        ("seventeen commitments", other(2, &[0; 17 * 32])),
    ];
    let accepted = accept.into_iter().map(|(name, mut fields)| {
        fields.as_object_mut().unwrap().extend(content.as_object().unwrap().clone());
        case(name, "accept", fields)
    });
    let refused = refuse.into_iter().chain(broken).map(|(name, fields)| case(name, "refuse", fields));
    accepted.chain(refused).collect()
}

fn code_cases(rng: &mut StdRng) -> Vec<Value> {
    let kit =
        Kit { account_secret: AccountSecret::make(rng), member: [0x55; 16], genesis: [0x66; 32], home: String::new() };
    let sheet = SafeSheet::make(rng);
    let (secret, vault, sheet) = (kit.secret_code(), kit.vault_code(), sheet.code());
    let text = secret.text().expose().clone();
    let replaced = |at: usize| {
        let mut wrong = text.clone();
        let other = if &text[at..=at] == "Z" { "Y" } else { "Z" };
        wrong.replace_range(at..=at, other);
        wrong
    };
    let mut groups: Vec<&str> = text.split('-').collect();
    groups.swap(3, 4);
    let swapped = groups.join("-");
    let accept = [
        ("secret code", "secret", text.clone()),
        ("secret code in small letters with spaces", "secret", text.to_lowercase().replace('-', " ")),
        ("secret code without dashes", "secret", text.replace('-', "")),
        ("secret code with other dashes", "secret", text.replace('-', "\u{2013}")),
        ("secret code with look-alikes", "secret", text.replace('0', "O").replace('1', "l")),
        ("vault code", "vault", vault.text().expose().clone()),
        ("sheet code", "sheet", sheet.text().expose().clone()),
    ];
    let refuse = [
        ("empty", "secret", String::new()),
        ("a wrong character in group 1", "secret", replaced(0)),
        ("a wrong character in group 7", "secret", replaced(32)),
        ("a wrong check character in group 12", "secret", replaced(58)),
        ("two groups swapped", "secret", swapped),
        ("a character no code has", "secret", format!("U{}", &text[1..])),
        ("a character beyond ASCII", "secret", format!("\u{1f510}{}", &text[1..])),
        ("the last group is missing", "secret", text[..54].to_owned()),
        ("the last character is missing", "secret", text[..58].to_owned()),
        ("a group too many", "secret", format!("{text}-0000")),
        ("the vault code as a secret", "secret", vault.text().expose().clone()),
        ("the sheet code as a secret", "secret", sheet.text().expose().clone()),
        ("the secret code as a sheet", "sheet", text.clone()),
    ];
    let cases = |list: &[(&str, &str, String)], verdict: &str| {
        list.iter()
            .map(|(name, kind, text)| case(name, verdict, json!({ "kind": kind, "text": text })))
            .collect::<Vec<_>>()
    };
    let mut all = cases(&accept, "accept");
    all[5]["content"] = hex(&[&kit.member[..], &kit.genesis].concat()).into();
    all.extend(cases(&refuse, "refuse"));
    all
}

fn backup_cases(rng: &mut StdRng) -> Vec<Value> {
    let header =
        BackupHeader { member: [0x55; 16], genesis: [0x66; 32], made_at_ms: 1_795_413_600_000, home: "laptop".into() };
    let write = |entries: &[&[u8]], objects: &[&[u8]]| {
        let (mut writer, mut bytes) = BackupWriter::start(&header).unwrap();
        bytes.extend(writer.enrolment(b"enrolment").unwrap());
        bytes.extend(writer.sheet(b"sheet").unwrap());
        for entry in entries {
            bytes.extend(writer.entry(entry).unwrap());
        }
        for object in objects {
            bytes.extend(writer.object(object).unwrap());
        }
        bytes.extend(writer.finish());
        bytes
    };
    let noise = Key::make(rng);
    let bytes = write(&[b"genesis", b"put"], &[noise.expose()]);
    let body = &bytes[..];
    let end = bytes.len() - 44;
    let without_end = &bytes[..end - 1];
    let head = 16 + 5 + usize::from(bytes[20]);
    assert_eq!(without_end[head], 2, "the enrolment blob follows the header");
    let broken = vec![
        ("empty", vec![]),
        ("the magic alone", bytes[..16].to_vec()),
        ("the header alone", bytes[..head].to_vec()),
        ("the last byte is missing", bytes[..bytes.len() - 1].to_vec()),
        ("half is missing", bytes[..bytes.len() / 2].to_vec()),
        ("a byte follows", [body, &[0]].concat()),
        ("a backup follows", [body, body].concat()),
        ("another magic", flipped(&bytes, 3)),
        ("a flipped bit in the header", flipped(&bytes, head - 1)),
        ("a flipped bit in an entry", flipped(&bytes, head + 5 + 9 + 5 + 5 + 5)),
        ("a flipped bit in the digest", flipped(&bytes, bytes.len() - 1)),
        ("no header", [&bytes[..16], &bytes[head..]].concat()),
        ("the header twice", [&bytes[..head], &bytes[16..]].concat()),
        ("an unknown record", [&bytes[..head], &[9, 0, 0, 0, 0], &bytes[head..]].concat()),
        ("a record of 4 GiB", [&bytes[..head], &[4, 0xff, 0xff, 0xff, 0xff], &bytes[head..]].concat()),
        ("a record left out", [&bytes[..head], &bytes[head + 5 + 9..]].concat()),
    ];
    let mut cases = good_and_broken("backup", &json!({}), json!({ "entries": 2, "objects": 1 }), &bytes, broken);
    let empty = write(&[], &[]);
    cases.extend(good_and_broken("empty backup", &json!({}), json!({ "entries": 0, "objects": 0 }), &empty, vec![]));
    cases
}

fn wrap_cases(rng: &mut StdRng) -> Vec<Value> {
    let (own, key, ledger) = (EncryptionKeys::make(rng), Key::make(rng), [0x66; 32]);
    let context = |which| WrapContext {
        ledger,
        epoch: 3,
        recipient: [0x55; 16],
        which,
        commitment: derive_commitment(which, &ledger, 3, &key),
    };
    let fields = |context: &WrapContext, which: Value| {
        json!({
            "private": hex(own.private().expose()),
            "ledger": hex(&context.ledger),
            "epoch": context.epoch,
            "recipient": hex(&context.recipient),
            "which": which,
            "commitment": hex(&context.commitment),
        })
    };
    let read = context(Which::Read);
    let bytes = wrap(&key, &read, &own.public(), rng).unwrap();
    let foreign = {
        let foreign = Key::make(rng);
        let commitment = derive_commitment(Which::Read, &ledger, 3, &foreign);
        wrap(&foreign, &WrapContext { commitment, ..read }, &own.public(), rng).unwrap()
    };
    let broken = vec![
        ("empty", vec![]),
        ("the last byte is missing", bytes[..79].to_vec()),
        ("a byte follows", [&bytes[..], &[0]].concat()),
        ("a flipped bit in the encapsulated key", flipped(&bytes, 0)),
        ("a flipped bit in the key", flipped(&bytes, 40)),
        ("a flipped bit in the tag", flipped(&bytes, 79)),
        ("an encapsulated key of small order", [&[0; 32], &bytes[32..]].concat()),
        ("a wrap of another key", foreign),
        ("a wrap to someone else", wrap(&key, &read, &EncryptionKeys::make(rng).public(), rng).unwrap()),
    ];
    let mut cases =
        good_and_broken("read key", &fields(&read, json!([1])), json!({ "key": hex(key.expose()) }), &bytes, broken);
    for (name, moved) in [
        ("of another ledger", WrapContext { ledger: [0x67; 32], ..read }),
        ("of another epoch", WrapContext { epoch: 4, ..read }),
        ("for another recipient", WrapContext { recipient: [0x54; 16], ..read }),
        ("with another commitment", WrapContext { commitment: [0; 32], ..read }),
    ] {
        let mut fields = fields(&moved, json!([1]));
        fields["bytes"] = hex(&bytes).into();
        cases.push(case(name, "refuse", fields));
    }
    let mut as_operate = fields(&read, json!([2]));
    as_operate["bytes"] = hex(&bytes).into();
    cases.push(case("as the operate key", "refuse", as_operate));
    let team = context(Which::Team([0x88; 16]));
    let wrapped = wrap(&key, &team, &own.public(), rng).unwrap();
    let team_fields = fields(&team, json!([6, hex(&[0x88; 16])]));
    cases.extend(good_and_broken("team key", &team_fields, json!({ "key": hex(key.expose()) }), &wrapped, vec![]));
    cases
}
