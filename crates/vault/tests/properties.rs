//! Properties of every format: what is sealed opens, what is changed by one bit does not, and no bytes panic.
//! `PROPTEST_CASES` sets how many cases each runs.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::collection::vec;
use proptest::prelude::*;
use rand::{SeedableRng, rngs::StdRng};
use vitrine_vault::account::{AccountSecret, EncryptionKeys, RootKey, open_account_secret, seal_account_secret};
use vitrine_vault::backup::{BackupHeader, BackupReader, BackupWriter, Record, read_all};
use vitrine_vault::body::{BodyKind, open_body, seal_body};
use vitrine_vault::cbor::{self, Reader, Writer};
use vitrine_vault::epoch::{Which, WrapContext, derive_commitment, open_previous, seal_previous, unwrap, wrap};
use vitrine_vault::items::{AccountItem, Credential, MAX_PASSWORD, OrganizationItem, Origin};
use vitrine_vault::kit::Kit;
use vitrine_vault::object::{self, Header, ObjectKind};
use vitrine_vault::page::PageKey;
use vitrine_vault::password::PasswordPolicy;
use vitrine_vault::sheet::{SafeSheet, SheetBlob};
use vitrine_vault::{Key, SUITE, SecretBytes, SecretText};

prop_compose! {
    fn header()(
        kind in 1_u8..=5, ledger: [u8; 32], item: [u8; 16], version: u64, epoch: u32, author: [u8; 16], counter: u64,
        schema: u16,
    ) -> Header {
        let kind = ObjectKind::from_number(kind).unwrap();
        Header { suite: SUITE, kind, ledger, item, version, epoch, author, counter, schema }
    }
}

/// The bytes with one bit changed; `place` is anywhere in them.
fn flip(bytes: &[u8], place: prop::sample::Index, bit: u8) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let at = place.index(bytes.len());
    bytes[at] ^= 1 << bit;
    bytes
}

proptest! {
    #[test]
    fn an_object_opens_as_sealed_and_one_bit_closes_it(
        header in header(), content in vec(any::<u8>(), 0..6000), seed: u64, place: prop::sample::Index, bit in 0_u8..8,
    ) {
        let rng = &mut StdRng::seed_from_u64(seed);
        let key = Key::make(rng);
        let item = SecretBytes::new(content);
        let bytes = object::seal(&header, &item, &key, rng).unwrap();
        prop_assert!(object::open(&bytes, &header, &key).unwrap() == item);
        prop_assert_eq!(object::peek_header(&bytes).unwrap(), header);
        let flipped = flip(&bytes, place, bit);
        prop_assert!(object::open(&flipped, &header, &key).is_err());
        // Even for a reader that believes the header it finds.
        if let Ok(claimed) = object::peek_header(&flipped) {
            prop_assert!(object::open(&flipped, &claimed, &key).is_err());
        }
    }

    #[test]
    fn an_object_shows_a_size_class_and_nothing_finer(
        header in header(), first in 0_usize..=1020, second in 0_usize..=1020, seed: u64,
    ) {
        let rng = &mut StdRng::seed_from_u64(seed);
        let key = Key::make(rng);
        let size = |length: usize, rng: &mut StdRng| {
            object::seal(&header, &SecretBytes::new(vec![1; length]), &key, rng).unwrap().len()
        };
        prop_assert_eq!(size(first, rng), size(second, rng));
    }

    #[test]
    fn a_page_opens_as_sealed_and_one_bit_closes_it(
        content in vec(any::<u8>(), 0..3000), page: u64, generation: u64, seed: u64, place: prop::sample::Index,
        bit in 0_u8..8,
    ) {
        let rng = &mut StdRng::seed_from_u64(seed);
        let key = PageKey::derive(&Key::make(rng));
        let bytes = key.seal(page, generation, &content, rng).unwrap();
        prop_assert!(key.open(page, generation, &bytes).unwrap() == SecretBytes::new(content));
        prop_assert!(key.open(page, generation, &flip(&bytes, place, bit)).is_err());
        prop_assert!(key.open(page, generation.wrapping_sub(1), &bytes).is_err());
    }

    #[test]
    fn a_body_opens_as_sealed_and_one_bit_closes_it(
        content in vec(any::<u8>(), 0..1500), context in vec(any::<u8>(), 0..100), seed: u64,
        place: prop::sample::Index, bit in 0_u8..8,
    ) {
        let rng = &mut StdRng::seed_from_u64(seed);
        let key = Key::make(rng);
        let bytes = seal_body(BodyKind::Log, &key, &context, &content, rng).unwrap();
        prop_assert!(open_body(BodyKind::Log, &key, &context, &bytes).unwrap() == SecretBytes::new(content));
        prop_assert!(open_body(BodyKind::Log, &key, &context, &flip(&bytes, place, bit)).is_err());
        let longer = [&context[..], &[0]].concat();
        prop_assert!(open_body(BodyKind::Log, &key, &longer, &bytes).is_err());
    }

    #[test]
    fn a_wrap_opens_for_its_recipient_and_one_bit_closes_it(
        ledger: [u8; 32], epoch: u32, recipient: [u8; 16], team: [u8; 16], seed: u64, place: prop::sample::Index,
        bit in 0_u8..8,
    ) {
        let rng = &mut StdRng::seed_from_u64(seed);
        let (own, key, which) = (EncryptionKeys::make(rng), Key::make(rng), Which::Team(team));
        let commitment = derive_commitment(which, &ledger, epoch, &key);
        let context = WrapContext { ledger, epoch, recipient, which, commitment };
        let bytes = wrap(&key, &context, &own.public(), rng).unwrap();
        prop_assert!(unwrap(&bytes, &context, &own).unwrap() == key);
        let flipped = flip(&bytes, place, bit);
        // The top bit of an X25519 public key is not part of it (RFC 7748), but it is part of what HPKE derives from.
        prop_assert!(unwrap(&flipped, &context, &own).is_err());
    }

    #[test]
    fn the_chain_of_epochs_opens_backwards(ledger: [u8; 32], epochs in 2_u32..12, seed: u64) {
        let rng = &mut StdRng::seed_from_u64(seed);
        let keys: Vec<Key> = (0..epochs).map(|_| Key::make(rng)).collect();
        let links: Vec<Vec<u8>> = (1..epochs)
            .map(|epoch| {
                let (new, old) = (&keys[epoch as usize], &keys[epoch as usize - 1]);
                seal_previous(new, old, Which::Read, &ledger, epoch, rng)
            })
            .collect();
        let mut held = keys.last().unwrap().duplicate();
        for epoch in (1..epochs).rev() {
            let commitment = derive_commitment(Which::Read, &ledger, epoch - 1, &keys[epoch as usize - 1]);
            held = open_previous(&held, &links[epoch as usize - 1], Which::Read, &ledger, epoch, &commitment).unwrap();
        }
        prop_assert!(held == keys[0]);
    }

    #[test]
    fn a_sheet_opens_its_root_and_one_bit_closes_it(
        member: [u8; 16], genesis: [u8; 32], seed: u64, place: prop::sample::Index, bit in 0_u8..8,
    ) {
        let rng = &mut StdRng::seed_from_u64(seed);
        let (root, sheet) = (RootKey::make(rng), SafeSheet::make(rng));
        let bytes = SheetBlob::seal(&root, &sheet, None, member, genesis, rng).to_bytes();
        let opened = SheetBlob::from_bytes(&bytes).unwrap().open(&sheet).unwrap();
        prop_assert_eq!(opened.identity().public(), root.identity().public());
        let refused = SheetBlob::from_bytes(&flip(&bytes, place, bit)).and_then(|blob| blob.open(&sheet));
        prop_assert!(refused.is_err());
    }

    #[test]
    fn an_account_secret_opens_as_sealed_and_one_bit_closes_it(
        seed: u64, place: prop::sample::Index, bit in 0_u8..8,
    ) {
        let rng = &mut StdRng::seed_from_u64(seed);
        let (root, secret) = (RootKey::make(rng), AccountSecret::make(rng));
        let bytes = seal_account_secret(&root, &secret, rng);
        prop_assert!(open_account_secret(&root, &bytes).unwrap() == secret);
        prop_assert!(open_account_secret(&root, &flip(&bytes, place, bit)).is_err());
    }

    #[test]
    fn a_kit_reads_back_and_any_other_character_is_refused(
        member: [u8; 16], genesis: [u8; 32], seed: u64, place in 0_usize..48, wrong in "[0-9A-HJKMNP-TV-Z]",
    ) {
        let rng = &mut StdRng::seed_from_u64(seed);
        let kit = Kit { account_secret: AccountSecret::make(rng), member, genesis, home: "home".into() };
        let (secret, vault) = (kit.secret_code(), kit.vault_code());
        let back = Kit::parse(secret.text(), vault.text(), "home").unwrap();
        prop_assert!(back.account_secret == kit.account_secret);
        prop_assert_eq!((back.member, back.genesis), (member, genesis));

        let mut typed = secret.text().expose().replace('-', "");
        prop_assume!(typed[place..=place] != wrong);
        typed.replace_range(place..=place, &wrong);
        prop_assert!(Kit::parse(&SecretText::new(typed), vault.text(), "home").is_err());
    }

    #[test]
    fn a_backup_reads_back_however_it_is_cut_into_pieces(
        records in vec((any::<bool>(), vec(any::<u8>(), 0..300)), 0..20), piece in 1_usize..200,
        place: prop::sample::Index, bit in 0_u8..8,
    ) {
        let header = BackupHeader { member: [1; 16], genesis: [2; 32], made_at_ms: 3, home: String::new() };
        let (mut writer, mut bytes) = BackupWriter::start(&header).unwrap();
        for (is_entry, record) in &records {
            bytes.extend(if *is_entry { writer.entry(record) } else { writer.object(record) }.unwrap());
        }
        bytes.extend(writer.finish());

        let mut reader = BackupReader::new();
        let mut found = Vec::new();
        for chunk in bytes.chunks(piece) {
            reader.feed(chunk);
            while let Some(record) = reader.next_record().unwrap() {
                found.push(record);
            }
        }
        prop_assert!(reader.finish().is_ok());
        let expected = records.into_iter().map(|(is_entry, record)| {
            if is_entry { Record::Entry(record) } else { Record::Object(record) }
        });
        prop_assert_eq!(&found[1..found.len() - 1], &expected.collect::<Vec<_>>()[..]);
        prop_assert!(read_all(&flip(&bytes, place, bit)).is_err());
    }

    #[test]
    fn what_the_writer_writes_the_strict_reader_takes(
        number: u64, flag: bool, bytes in vec(any::<u8>(), 0..400), text in ".{0,60}", list in vec(any::<u32>(), 0..40),
        present: bool,
    ) {
        let document = Writer::document(|map| {
            map.uint(1, number);
            map.bool(2, flag);
            map.bytes(30, &bytes);
            map.maybe(300, present.then_some(text.as_str()), Writer::text);
            map.field(70_000, |writer| writer.list(&list, |writer, one| writer.uint(*one)));
        });
        let read = cbor::decode(&document, 1 << 16, |reader| {
            reader.map(|map| {
                Ok((
                    map.required(1, Reader::uint::<u64>)?,
                    map.required(2, Reader::bool)?,
                    map.required(30, |reader| reader.bytes(400))?.to_vec(),
                    map.optional(300, |reader| reader.text(400))?.map(str::to_owned),
                    map.required(70_000, |reader| reader.list(40, Reader::uint::<u32>))?,
                ))
            })
        });
        prop_assert_eq!(read, Ok((number, flag, bytes, present.then_some(text), list)));
    }

    #[test]
    fn no_bytes_panic_the_strict_reader_and_no_accepted_bytes_take_a_suffix(bytes in vec(any::<u8>(), 0..64)) {
        if cbor::check(&bytes, 64).is_ok() {
            for end in 0..bytes.len() {
                prop_assert!(cbor::check(&bytes[..end], 64).is_err(), "a value has one end");
            }
        }
    }

    #[test]
    fn an_account_of_any_text_has_one_size_and_reads_back(
        user_name in ".{0,28}", display in ".{0,60}", password in ".{0,32}", past in vec(".{0,32}", 0..10), at_ms: u64,
    ) {
        prop_assume!(password.len() <= MAX_PASSWORD);
        let mut item = AccountItem::new(&user_name, &display);
        item.current = Some(Credential { password: SecretText::new(password), set_at_ms: at_ms, origin: Origin::Created });
        for password in past {
            item.remember(SecretText::new(password), at_ms);
        }
        let encoded = item.encode().unwrap();
        prop_assert!(encoded.expose().len() <= 1020);
        let back = AccountItem::decode(&encoded).unwrap();
        prop_assert!(back.current.as_ref().unwrap().password == item.current.unwrap().password);
        prop_assert!(back.encode().unwrap() == encoded);
    }

    #[test]
    fn an_organization_of_any_text_reads_back(name in ".{0,60}", notes in ".{0,500}", tags in vec(".{0,16}", 0..8)) {
        let item = OrganizationItem { name, notes, tags, laps: None, kept: vec![] };
        prop_assert_eq!(OrganizationItem::decode(&item.encode().unwrap()).unwrap(), item);
    }

    #[test]
    fn every_generated_password_keeps_its_policy(length in 16_u16..=128, look_alikes: bool, seed: u64) {
        let policy = PasswordPolicy::new(length, look_alikes).unwrap();
        let password = policy.make_password(&["contoso", "vitrine"], &mut StdRng::seed_from_u64(seed));
        let text = password.expose();
        prop_assert_eq!(text.len(), usize::from(length));
        prop_assert!(text.bytes().all(|byte| byte.is_ascii_graphic()));
        prop_assert!(!text.to_lowercase().contains("contoso"));
    }
}

/// Every bit of one object and of one wrap, not a sample of them.
#[test]
fn no_single_bit_of_an_object_or_wrap_can_change() {
    let rng = &mut StdRng::seed_from_u64(9);
    let key = Key::make(rng);
    let header = Header {
        suite: SUITE,
        kind: ObjectKind::Account,
        ledger: [1; 32],
        item: [2; 16],
        version: 3,
        epoch: 4,
        author: [5; 16],
        counter: 6,
        schema: 1,
    };
    let bytes = object::seal(&header, &SecretBytes::new(b"item".to_vec()), &key, rng).unwrap();
    for place in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[place / 8] ^= 1 << (place % 8);
        assert!(object::open(&flipped, &header, &key).is_err(), "bit {place}");
    }
    let own = EncryptionKeys::make(rng);
    let commitment = derive_commitment(Which::Read, &[1; 32], 2, &key);
    let context = WrapContext { ledger: [1; 32], epoch: 2, recipient: [3; 16], which: Which::Read, commitment };
    let wrapped = wrap(&key, &context, &own.public(), rng).unwrap();
    for place in 0..wrapped.len() * 8 {
        let mut flipped = wrapped.clone();
        flipped[place / 8] ^= 1 << (place % 8);
        assert!(unwrap(&flipped, &context, &own).is_err(), "bit {place}");
    }
}

/// The share of a million mutations of a stored object that a normal run tries; all of them with `VITRINE_DEEP=1`.
#[test]
fn mutated_objects_are_refused_without_exception() {
    use rand::RngExt;
    let rounds = if std::env::var("VITRINE_DEEP").is_ok_and(|deep| deep == "1") { 1_000_000 } else { 20_000 };
    let rng = &mut StdRng::seed_from_u64(10);
    let key = Key::make(rng);
    let header = Header {
        suite: SUITE,
        kind: ObjectKind::Connection,
        ledger: [1; 32],
        item: [2; 16],
        version: 3,
        epoch: 4,
        author: [5; 16],
        counter: 6,
        schema: 1,
    };
    let bytes = object::seal(&header, &SecretBytes::new(vec![8; 40]), &key, rng).unwrap();
    for _ in 0..rounds {
        let mut mutated = bytes.clone();
        for _ in 0..rng.random_range(1..5) {
            let at = rng.random_range(0..mutated.len());
            match rng.random_range(0..4) {
                0 => mutated[at] = rng.random(),
                1 => mutated.truncate(at.max(1)),
                2 => mutated.insert(at, rng.random()),
                _ => mutated[at] ^= 1 << rng.random_range(0..8),
            }
        }
        if mutated != bytes {
            assert!(object::open(&mutated, &header, &key).is_err());
        }
    }
}
