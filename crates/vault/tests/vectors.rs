//! The frozen vectors of `tests/vectors/vault`, judged by the vault. The second reader is `tests/vectors/reader.py`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use data_encoding::HEXLOWER;
use serde_json::Value;
use vitrine_vault::account::{EncryptionKeys, Enrolment, Lockbox, RootKey};
use vitrine_vault::backup::{Record, read_all};
use vitrine_vault::body::{BodyKind, open_body};
use vitrine_vault::epoch::{Which, WrapContext, unwrap};
use vitrine_vault::handover::{Handover, unwrap_root};
use vitrine_vault::invite::{Answer, Invite, Offer};
use vitrine_vault::kit::Kit;
use vitrine_vault::object::{self, Header, ObjectKind};
use vitrine_vault::page::PageKey;
use vitrine_vault::share::Share;
use vitrine_vault::sheet::{SafeSheet, SheetBlob};
use vitrine_vault::{Key, SecretText, cbor};

struct Case(Value);

impl Case {
    fn text(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap_or_else(|| panic!("{} has no {name}", self.0["name"]))
    }

    fn hex(&self, name: &str) -> Vec<u8> {
        HEXLOWER.decode(self.text(name).as_bytes()).unwrap()
    }

    fn array<const N: usize>(&self, name: &str) -> [u8; N] {
        self.hex(name).try_into().unwrap()
    }

    fn number(&self, name: &str) -> u64 {
        self.0[name].as_u64().unwrap()
    }

    fn secret(&self, name: &str) -> SecretText {
        SecretText::from_text(self.text(name))
    }

    /// Whether what was opened is what the case says.
    fn holds(&self, name: &str, found: &[u8]) {
        assert_eq!(self.text(name), HEXLOWER.encode(found), "{} of {}", name, self.0["name"]);
    }

    fn holds_root(&self, root: &RootKey) {
        self.holds("identity", &root.identity().public());
        self.holds("encryption", &root.encryption().public());
    }
}

/// Judges every case of a file: `open` gives the code of the refusal, and checks what it opened.
fn judge(file: &str, least: usize, open: impl Fn(&Case) -> Result<(), &'static str>) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/vault").join(file);
    let mut file: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let cases = std::mem::take(file["cases"].as_array_mut().unwrap());
    assert!(cases.len() >= least, "{} cases", cases.len());
    for case in cases.into_iter().map(Case) {
        let verdict = if open(&case).is_ok() { "accept" } else { "refuse" };
        assert_eq!(verdict, case.text("verdict"), "{}", case.text("name"));
    }
}

#[test]
fn cbor_vectors_hold() {
    judge("cbor.json", 50, |case| cbor::check(&case.hex("bytes"), 1 << 16).map_err(|error| error.code()));
}

#[test]
fn object_vectors_hold() {
    judge("object.json", 35, |case| {
        let place = Case(case.0["expected"].clone());
        let expected = Header {
            suite: place.number("suite").try_into().unwrap(),
            kind: ObjectKind::from_number(place.number("kind").try_into().unwrap()).unwrap(),
            ledger: place.array("ledger"),
            item: place.array("item"),
            version: place.number("version"),
            epoch: place.number("epoch").try_into().unwrap(),
            author: place.array("author"),
            counter: place.number("counter"),
            schema: place.number("schema").try_into().unwrap(),
        };
        let content =
            object::open(&case.hex("bytes"), &expected, &Key::new(case.array("key"))).map_err(|error| error.code())?;
        case.holds("content", content.expose());
        Ok(())
    });
}

#[test]
fn page_vectors_hold() {
    judge("page.json", 14, |case| {
        let key = PageKey::derive(&Key::new(case.array("local")));
        let content = key
            .open(case.number("page"), case.number("generation"), &case.hex("bytes"))
            .map_err(|error| error.code())?;
        case.holds("content", content.expose());
        Ok(())
    });
}

#[test]
fn body_vectors_hold() {
    judge("body.json", 14, |case| {
        let kind = if case.text("kind") == "name" { BodyKind::Name } else { BodyKind::Log };
        let content = open_body(kind, &Key::new(case.array("key")), &case.hex("context"), &case.hex("bytes"))
            .map_err(|error| error.code())?;
        case.holds("content", content.expose());
        Ok(())
    });
}

#[test]
fn lockbox_vectors_hold() {
    judge("lockbox.json", 28, |case| {
        let stored = Lockbox::from_bytes(&case.hex("bytes")).map_err(|error| error.code())?;
        let opened = stored
            .open(&case.secret("passphrase"), &Key::new(case.array("device_secret")))
            .map_err(|error| error.code())?;
        case.holds_root(&opened.root);
        case.holds("device", &opened.device_keys.public());
        case.holds("local", opened.device_keys.local().expose());
        Ok(())
    });
}

#[test]
fn enrolment_vectors_hold() {
    judge("enrolment.json", 26, |case| {
        // Member and firm are not asked for here; any vault code completes the page.
        let any = Kit {
            account_secret: vitrine_vault::account::AccountSecret::make(&mut seeded()),
            member: [0; 16],
            genesis: [0; 32],
            home: String::new(),
        };
        let kit = Kit::parse(&case.secret("secret_code"), any.vault_code().text(), "").unwrap();
        let stored = Enrolment::from_bytes(&case.hex("bytes")).map_err(|error| error.code())?;
        let root = stored.open(&case.secret("passphrase"), &kit.account_secret).map_err(|error| error.code())?;
        case.holds_root(&root);
        Ok(())
    });
}

fn seeded() -> rand::rngs::StdRng {
    rand::SeedableRng::seed_from_u64(0)
}

#[test]
fn invite_vectors_hold() {
    judge("invite.json", 19, |case| {
        let invite = Invite::parse(&case.secret("code")).map_err(|error| error.code())?;
        let offer = Offer::open(&invite, &case.hex("offer")).map_err(|error| error.code())?;
        let answer = Answer::open(&invite, &case.hex("answer")).map_err(|error| error.code())?;
        case.holds("locator", &invite.locator());
        case.holds("commitment", &invite.commitment());
        case.holds("backend", &offer.backend);
        case.holds("member", &answer.member);
        case.holds("identity", &answer.identity);
        case.holds("encryption", &answer.encryption);
        case.holds("device", &answer.device);
        case.holds("device_key", &answer.device_key);
        case.holds("transport", &answer.transport);
        assert_eq!(case.text("text"), invite.words(&answer).join(" "));
        Ok(())
    });
}

#[test]
fn handover_vectors_hold() {
    judge("handover.json", 17, |case| {
        let device = case.array("device");
        if case.text("kind") == "renewal" {
            let seed = ed25519_dalek::SigningKey::from_bytes(&case.array("private"));
            let own = EncryptionKeys::from_private(Key::new(seed.to_scalar_bytes()));
            let root = unwrap_root(&case.hex("bytes"), &case.array("ledger"), &device, &own);
            case.holds("root", root.map_err(|error| error.code())?.key().expose());
            return Ok(());
        }
        let invite = Invite::parse(&case.secret("code")).map_err(|error| error.code())?;
        let own = EncryptionKeys::from_private(Key::new(case.array("private")));
        let given = Handover::open(&invite, &device, &own, &case.hex("bytes")).map_err(|error| error.code())?;
        case.holds("locator", &invite.handover_locator());
        case.holds("root", given.root.key().expose());
        Ok(())
    });
}

#[test]
fn sheet_vectors_hold() {
    judge("sheet.json", 17, |case| {
        let sheet = SafeSheet::parse(&case.secret("code")).unwrap();
        let stored = SheetBlob::from_bytes(&case.hex("bytes")).map_err(|error| error.code())?;
        case.holds_root(&stored.open(&sheet).map_err(|error| error.code())?);
        Ok(())
    });
}

#[test]
fn shares_vectors_hold() {
    judge("shares.json", 19, |case| {
        let stored = SheetBlob::from_bytes(&case.hex("bytes")).map_err(|error| error.code())?;
        let typed = case.text("codes").split("  ").filter(|code| !code.is_empty());
        let parsed = typed.map(|code| Share::parse(&SecretText::from_text(code)));
        let shares = parsed.collect::<Result<Vec<_>, _>>().map_err(|error| error.code())?;
        let sheet = SafeSheet::join(stored.split().unwrap(), &shares).map_err(|error| error.code())?;
        case.holds_root(&stored.open(&sheet).map_err(|error| error.code())?);
        Ok(())
    });
}

#[test]
fn code_vectors_hold() {
    judge("code.json", 20, |case| {
        let typed = case.secret("text");
        if case.text("kind") == "sheet" {
            return SafeSheet::parse(&typed).map(|_| ()).map_err(|error| error.code());
        }
        let whole = Kit {
            account_secret: vitrine_vault::account::AccountSecret::make(&mut seeded()),
            member: [0; 16],
            genesis: [0; 32],
            home: String::new(),
        };
        let (secret, vault) = (whole.secret_code(), whole.vault_code());
        let kit = match case.text("kind") {
            "secret" => Kit::parse(&typed, vault.text(), ""),
            _ => Kit::parse(secret.text(), &typed, ""),
        }
        .map_err(|error| error.code())?;
        if case.text("kind") == "vault" {
            case.holds("content", &[&kit.member[..], &kit.genesis].concat());
        }
        Ok(())
    });
}

#[test]
fn backup_vectors_hold() {
    judge("backup.json", 18, |case| {
        let records = read_all(&case.hex("bytes")).map_err(|error| error.code())?;
        let Some(Record::End(summary)) = records.last() else { panic!("a whole backup ends with its summary") };
        assert_eq!((summary.entries, summary.objects), (case.number("entries"), case.number("objects")));
        Ok(())
    });
}

#[test]
fn wrap_vectors_hold() {
    judge("wrap.json", 16, |case| {
        let which = match case.0["which"][0].as_u64().unwrap() {
            1 => Which::Read,
            2 => Which::Operate,
            6 => {
                let id = HEXLOWER.decode(case.0["which"][1].as_str().unwrap().as_bytes()).unwrap();
                Which::Team(id.try_into().unwrap())
            }
            other => panic!("no key {other} in the vectors"),
        };
        let context = WrapContext {
            ledger: case.array("ledger"),
            epoch: case.number("epoch").try_into().unwrap(),
            recipient: case.array("recipient"),
            which,
            commitment: case.array("commitment"),
        };
        let own = EncryptionKeys::from_private(Key::new(case.array("private")));
        let key = unwrap(&case.hex("bytes"), &context, &own).map_err(|error| error.code())?;
        case.holds("key", key.expose());
        Ok(())
    });
}
