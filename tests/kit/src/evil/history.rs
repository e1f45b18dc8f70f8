//! Everything that a vault ever wrote at its home, answered from honestly; and how it is falsified.

use std::collections::BTreeMap;

use ciborium::Value;
use ed25519_dalek::{Signer, SigningKey};
use sha2::{Digest, Sha256};

use super::{Answer, Asked, Attack, Forgery, Lie, Name, Sort};
use crate::cbor::{bytes, field, map, number, set, to_bytes, uint, value};

// Labels of `docs/formats.md`.
const SIGN: &[u8] = b"vitrine/1/ledger/sign\0";
const HASH: &[u8] = b"vitrine/1/ledger/hash\0";
const GENESIS: &[u8] = b"vitrine/1/ledger/id\0";
const OBJECT: &[u8] = b"\0\x15vitrine/1/object/hash";

// Kinds of entries.
const MEMBER_ADD: u64 = 4;
const MEMBER_ROLE: u64 = 6;
const MEMBER_REKEY: u64 = 8;
const DEVICE_ADD: u64 = 9;
const POLICY: u64 = 15;
const RECOVERY_SET: u64 = 16;
const ORGANIZATION_GENESIS: u64 = 65;
const EPOCH: u64 = 67;
const PUT: u64 = 68;
const LOG: u64 = 70;

const OWNER: u64 = 1;
const SUITE: u64 = 1;
/// Forged entries of one page.
const PAGE: u64 = 16;
/// The order of the group in which signatures are reckoned (RFC 8032), its lowest byte first.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

fn digest(label: &[u8], bytes: &[u8]) -> Vec<u8> {
    Sha256::new().chain_update(label).chain_update(bytes).finalize().to_vec()
}

/// An entry taken apart: its content, and the signature over it.
struct Parts {
    content: Vec<(Value, Value)>,
    signature: Vec<u8>,
}

impl Parts {
    fn of(entry: &[u8]) -> Option<Self> {
        let pair = value(entry)?;
        let [content, signature] = &pair.as_array()?[..] else { return None };
        let Value::Map(content) = value(content.as_bytes()?)? else { return None };
        Some(Self { content, signature: bytes(signature)? })
    }

    fn field(&self, name: u64) -> Option<&Value> {
        self.content.iter().find(|(key, _)| *key == uint(name)).map(|(_, value)| value)
    }

    fn number(&self, name: u64) -> u64 {
        self.field(name).and_then(number).unwrap_or_default()
    }

    fn together(self) -> Vec<u8> {
        to_bytes(&Value::Array(vec![Value::Bytes(to_bytes(&Value::Map(self.content))), Value::Bytes(self.signature)]))
    }
}

/// An entry with something of it changed, under the signature that it had.
fn altered(entry: &[u8], change: impl FnOnce(&mut Parts)) -> Vec<u8> {
    let Some(mut parts) = Parts::of(entry) else { return Vec::new() };
    change(&mut parts);
    parts.together()
}

/// Another bit in the first bytes that stand somewhere in a value.
fn flip(value: &mut Value) -> bool {
    match value {
        Value::Bytes(bytes) => bytes.last_mut().map(|byte| *byte ^= 1).is_some(),
        Value::Array(values) => values.iter_mut().any(flip),
        Value::Map(fields) => fields.iter_mut().any(|(_, value)| flip(value)),
        _ => false,
    }
}

/// A version of an item, as an entry names it.
struct Put {
    ledger: Vec<u8>,
    item: Vec<u8>,
    version: u64,
    object: Vec<u8>,
}

/// A home as it stands.
#[derive(Clone, Default)]
pub(super) struct History {
    msp: Vec<u8>,
    entries: BTreeMap<Vec<u8>, Vec<Vec<u8>>>,
    /// The number of each ledger's newest entry among all.
    numbers: BTreeMap<Vec<u8>, u64>,
    objects: BTreeMap<Vec<u8>, Vec<u8>>,
    cursor: u64,
}

impl History {
    /// The vault's own ledger begins.
    pub(super) fn register(&mut self, genesis: Vec<u8>) {
        self.msp = digest(GENESIS, &genesis);
        self.push(genesis);
    }

    /// Takes what is appended, whose last number is `cursor` where somebody else gave it. Answers with that number.
    pub(super) fn take(&mut self, append: &Value, cursor: Option<u64>) -> u64 {
        let list = |name| field(append, name).and_then(Value::as_array).into_iter().flatten().filter_map(bytes);
        list(0).for_each(|entry| self.push(entry));
        self.objects.extend(list(1).map(|object| (digest(OBJECT, &object), object)));
        self.cursor = cursor.unwrap_or(self.cursor);
        self.cursor
    }

    fn push(&mut self, entry: Vec<u8>) {
        let named = Parts::of(&entry).and_then(|parts| bytes(parts.field(1)?));
        let ledger = named.unwrap_or_else(|| digest(GENESIS, &entry));
        self.put(&ledger, entry);
    }

    fn put(&mut self, ledger: &[u8], entry: Vec<u8>) {
        self.cursor += 1;
        self.numbers.insert(ledger.to_vec(), self.cursor);
        self.entries.entry(ledger.to_vec()).or_default().push(entry);
    }

    /// This one, but for the vault's own ledger.
    pub(super) fn with_msp_of(&self, other: &Self) -> Self {
        let mut mixed = self.clone();
        mixed.entries.insert(self.msp.clone(), other.entries_of(&self.msp, 0).to_vec());
        mixed
    }

    /// Goes on counting from a number on.
    pub(super) fn rises_to(&mut self, cursor: u64) {
        self.cursor = self.cursor.max(cursor);
    }

    /// The newest number.
    pub(super) fn cursor(&self) -> u64 {
        self.cursor
    }

    /// A ledger from a place on.
    pub(super) fn entries_of(&self, ledger: &[u8], seq: u64) -> &[Vec<u8>] {
        let from = usize::try_from(seq).unwrap_or(usize::MAX);
        self.entries.get(ledger).and_then(|entries| entries.get(from..)).unwrap_or_default()
    }

    fn len(&self, ledger: &[u8]) -> usize {
        self.entries_of(ledger, 0).len()
    }

    /// Whether a ledger is the vault's own.
    pub(super) fn is_msp(&self, ledger: &[u8]) -> bool {
        *ledger == self.msp[..]
    }

    /// Whether all that is appended is for the vault's own ledger.
    pub(super) fn is_for_msp(&self, append: &Value) -> bool {
        let entries = field(append, 0).and_then(Value::as_array).into_iter().flatten().filter_map(bytes);
        entries.filter_map(|entry| bytes(Parts::of(&entry)?.field(1)?)).all(|ledger| self.is_msp(&ledger))
    }

    /// Whether a ledger began after the mark.
    pub(super) fn is_new(&self, marked: &Self, ledger: &[u8]) -> bool {
        self.len(ledger) > 0 && marked.len(ledger) == 0
    }

    /// Answers as an honest backend does that has this history.
    pub(super) fn answer(&self, asked: &Asked) -> Answer {
        match asked {
            Asked::Changes(after) => self.changes(*after, |_| true),
            Asked::Entries(wanted) => {
                let entries = wanted.iter().flat_map(|(ledger, seq)| self.entries_of(ledger, *seq));
                Answer::Body(entries_body(entries.cloned(), false))
            }
            Asked::Objects(wanted) => {
                let found = wanted.iter().filter_map(|(_, hash)| self.objects.get(hash));
                let found = found.map(|object| Value::Bytes(object.clone())).collect();
                Answer::Body(map([(0, Value::Array(found)), (1, uint(wanted.len() as u64))]))
            }
            Asked::Append(_) | Asked::Other => Answer::Honest,
        }
    }

    /// All its ledgers, under this number.
    pub(super) fn numbered(&self, cursor: u64) -> Answer {
        Self { cursor, ..self.clone() }.changes(0, |_| true)
    }

    /// The ledgers that changed after a number, as far as they are told.
    pub(super) fn changes(&self, after: u64, told: impl Fn(&[u8]) -> bool) -> Answer {
        let mut changed: Vec<_> = self.numbers.iter().filter(|(ledger, at)| **at > after && told(ledger)).collect();
        changed.sort_by_key(|(_, at)| **at);
        let told = changed.into_iter().filter_map(|(ledger, _)| {
            let last = self.entries.get(ledger)?.last()?;
            let seq = Parts::of(last).map_or(0, |parts| parts.number(2));
            Some(changed_body(ledger, seq, digest(HASH, last)))
        });
        Answer::Body(changes_body(self.cursor, told.collect()))
    }

    /// An organization that grew after the mark, by its place among them.
    fn grown(&self, marked: &Self, place: usize) -> Vec<u8> {
        let grew =
            |ledger: &&Vec<u8>| **ledger != self.msp && marked.len(ledger) > 0 && self.len(ledger) > marked.len(ledger);
        self.entries.keys().filter(grew).nth(place).cloned().unwrap_or_default()
    }

    fn of_sort(&self, sort: Sort, marked: &Self) -> Vec<u8> {
        match sort {
            Sort::Msp => self.msp.clone(),
            Sort::Organization => self.grown(marked, 0),
        }
    }

    fn founded(&self, marked: &Self) -> Vec<u8> {
        self.entries.keys().find(|ledger| self.is_new(marked, ledger)).cloned().unwrap_or_default()
    }

    /// Names as the head of a ledger what nobody ever reaches.
    pub(super) fn with_head_far_away(&self, sort: Sort) -> Answer {
        let ledger = self.entries.keys().find(|ledger| (**ledger == self.msp) == (sort == Sort::Msp));
        let told = ledger.map(|ledger| changed_body(ledger, u64::MAX >> 1, vec![1; 32]));
        Answer::Body(changes_body(self.cursor + 1, told.into_iter().collect()))
    }

    /// Entries from a place on, none of which anybody of the vault wrote.
    pub(super) fn forged_page(&self, ledger: &[u8], seq: u64) -> Vec<Vec<u8>> {
        let mut prev = seq.checked_sub(1).and_then(|before| self.entries_of(ledger, before).first());
        let mut page: Vec<Vec<u8>> = Vec::new();
        for seq in seq..seq + PAGE {
            let before = page.last().or(prev.take()).map_or_else(|| vec![1; 32], |entry| digest(HASH, entry));
            let place = (Some(ledger), seq, Some(before));
            let (kind, witness) = if ledger == self.msp { (POLICY, None) } else { (LOG, self.witness(ledger)) };
            page.push(self.forged(Name::Owner, place, kind, map([(0, Value::Bytes(vec![5; 64]))]), witness));
        }
        page
    }

    fn witness(&self, ledger: &[u8]) -> Option<Value> {
        Parts::of(self.entries_of(ledger, 0).last()?)?.field(9).cloned()
    }

    /// An entry signed by the home's own key.
    fn forged(
        &self,
        name: Name,
        (ledger, seq, prev): (Option<&[u8]>, u64, Option<Vec<u8>>),
        kind: u64,
        body: Value,
        witness: Option<Value>,
    ) -> Vec<u8> {
        let owner = self.entries_of(&self.msp, 0).first().and_then(|genesis| Parts::of(genesis));
        let of_owner = |name| owner.as_ref().and_then(|parts| parts.field(name)).cloned();
        let (member, device) = match (name, of_owner(6), of_owner(7)) {
            (Name::Owner, Some(member), Some(device)) => (member, device),
            _ => (Value::Bytes(vec![0xdd; 16]), Value::Bytes(vec![0xee; 16])),
        };
        let mut content = Vec::new();
        set(&mut content, 0, uint(SUITE));
        if let Some(ledger) = ledger {
            set(&mut content, 1, Value::Bytes(ledger.to_vec()));
        }
        set(&mut content, 2, uint(seq));
        if let Some(prev) = prev {
            set(&mut content, 3, Value::Bytes(prev));
        }
        set(&mut content, 4, uint(kind));
        set(&mut content, 5, body);
        set(&mut content, 6, member);
        set(&mut content, 7, device);
        set(&mut content, 8, uint(1_700_000_000_000));
        if let Some(witness) = witness {
            set(&mut content, 9, witness);
        }
        let signed = [SIGN, &to_bytes(&Value::Map(content.clone()))].concat();
        Parts { content, signature: key().sign(&signed).to_bytes().to_vec() }.together()
    }

    /// A forged entry at the end of a ledger.
    fn append(&mut self, ledger: &[u8], name: Name, kind: u64, body: Value) {
        let seq = self.len(ledger) as u64;
        let prev = self.entries_of(ledger, 0).last().map(|last| digest(HASH, last));
        let witness = if ledger == self.msp { None } else { self.witness(ledger) };
        let forged = self.forged(name, (Some(ledger), seq, prev), kind, body, witness);
        self.put(ledger, forged);
    }

    fn puts(&self) -> Vec<Put> {
        let put = |(ledger, entry): (&Vec<u8>, &Vec<u8>)| {
            let parts = Parts::of(entry).filter(|parts| parts.number(4) == PUT)?;
            let body = parts.field(5)?;
            let (item, object) = (bytes(field(body, 0)?)?, bytes(field(body, 3)?)?);
            Some(Put { ledger: ledger.clone(), item, version: number(field(body, 2)?)?, object })
        };
        let entries =
            self.entries.iter().flat_map(|(ledger, entries)| entries.iter().map(move |entry| (ledger, entry)));
        entries.filter_map(put).collect()
    }

    pub(super) fn whole_items(&self) -> Option<usize> {
        let entries = self.entries.values().flatten().filter_map(|entry| Parts::of(entry));
        let puts: Vec<_> = entries.filter(|parts| parts.number(4) == PUT).collect();
        // Numbers, ids and hashes: nothing that a part of an item could stand in.
        let small = |fields: &Value, count: usize| {
            let small = |value: &Value| number(value).is_some() || value.as_bytes().is_some_and(|id| id.len() <= 32);
            fields.as_map().is_some_and(|map| map.len() == count && map.iter().all(|(_, value)| small(value)))
        };
        let whole = |put: &Parts| {
            let body = put.field(5)?;
            let object = value(self.objects.get(&bytes(field(body, 3)?)?)?)?;
            let lengths = [2, 3, 4].map(|name| field(&object, name).and_then(Value::as_bytes).map(Vec::len));
            // Header, commitment, nonce, wrapped key, and one ciphertext.
            let one = object.as_map()?.len() == 5 && lengths == [Some(32), Some(24), Some(48)];
            let one = one && small(&value(&bytes(field(&object, 1)?)?)?, 9) && field(&object, 5)?.is_bytes();
            (small(body, 4) && one).then_some(())
        };
        puts.iter().all(|put| whole(put).is_some()).then_some(puts.len())
    }

    /// This history as the attack tells it.
    pub(super) fn falsified(&self, attack: &Attack, marked: &Self) -> Self {
        let mut false_one = self.clone();
        match attack {
            Attack::Entries(lie, sort) => {
                let ledger = self.of_sort(*sort, marked);
                if let Some(entries) = false_one.entries.get_mut(&ledger) {
                    lie.change(entries, marked.len(&ledger));
                }
            }
            Attack::EntriesCutShort(most, sort) => {
                let ledger = self.of_sort(*sort, marked);
                if let Some(entries) = false_one.entries.get_mut(&ledger) {
                    entries.truncate(marked.len(&ledger) + most);
                }
            }
            Attack::MspHeldBack => {
                if let Some(entries) = false_one.entries.get_mut(&self.msp) {
                    entries.truncate(marked.len(&self.msp));
                }
            }
            Attack::EntriesOfAnother => {
                let (one, other) = (self.grown(marked, 0), self.grown(marked, 1));
                let others = self.entries_of(&other, marked.len(&other) as u64).to_vec();
                if let Some(entries) = false_one.entries.get_mut(&one) {
                    entries.splice(marked.len(&one).., others);
                }
            }
            Attack::MspForged(forgery, name) => {
                let (kind, body) = forgery.body(self.entries_of(&self.msp, 0));
                false_one.append(&self.msp, *name, kind, body);
            }
            Attack::KeysForged(name) => {
                let ledger = self.grown(marked, 0);
                let entries = self.entries_of(&ledger, 0).iter().rev();
                let epoch = entries.filter_map(|entry| Parts::of(entry)).find(|parts| parts.number(4) == EPOCH);
                if let Some(Value::Map(mut body)) = epoch.and_then(|parts| parts.field(5).cloned()) {
                    let next = field(&Value::Map(body.clone()), 0).and_then(number).unwrap_or(1) + 1;
                    set(&mut body, 0, uint(next));
                    // Keys that the home made: their commitments, and wraps that it sealed.
                    for (_, value) in &mut body {
                        replace_bytes(value);
                    }
                    set(&mut body, 3, Value::Bytes(vec![3; 128]));
                    false_one.append(&ledger, *name, EPOCH, Value::Map(body));
                }
            }
            Attack::LedgerReplaced(name) => {
                let ledger = self.founded(marked);
                let genesis = self.genesis(*name);
                if let Some(first) = false_one.entries.get_mut(&ledger).and_then(|entries| entries.first_mut()) {
                    *first = genesis;
                }
            }
            Attack::LedgerInjected(name) => {
                let genesis = self.genesis(*name);
                false_one.push(genesis);
            }
            Attack::LedgerMisnamed => {
                let genesis = self.genesis(Name::Stranger);
                false_one.put(&[0xab; 32], genesis);
            }
            Attack::VaultReplaced => {
                let strangers = [0xcd; 32];
                let mut prev = None;
                let chain: Vec<_> = (0..=self.len(&self.msp) as u64)
                    .map(|seq| {
                        let body = map([(0, Value::Bytes(vec![6; 64]))]);
                        let place = (Some(&strangers[..]), seq, prev.take());
                        let entry = self.forged(Name::Stranger, place, POLICY, body, None);
                        prev = Some(digest(HASH, &entry));
                        entry
                    })
                    .collect();
                false_one.cursor += 1;
                false_one.numbers.insert(self.msp.clone(), false_one.cursor);
                false_one.entries.insert(self.msp.clone(), chain);
            }
            Attack::ObjectHidden
            | Attack::ObjectOlder
            | Attack::ObjectOfAnotherItem
            | Attack::ObjectOfAnotherOrganization
            | Attack::ObjectAltered(_) => {
                let puts = self.puts();
                for put in puts.iter().filter(|put| !marked.objects.contains_key(&put.object)) {
                    match self.false_object(attack, put, &puts) {
                        Some(object) => false_one.objects.insert(put.object.clone(), object),
                        None => false_one.objects.remove(&put.object),
                    };
                }
            }
            _ => {}
        }
        false_one
    }

    fn genesis(&self, name: Name) -> Vec<u8> {
        let body = map([(0, Value::Bytes(self.msp.clone())), (1, Value::Bytes(vec![9; 32]))]);
        let head = self.entries_of(&self.msp, 0).last().map(|last| digest(HASH, last)).unwrap_or_default();
        let witness = map([(0, uint(self.len(&self.msp) as u64 - 1)), (1, Value::Bytes(head))]);
        self.forged(name, (None, 0, None), ORGANIZATION_GENESIS, body, Some(witness))
    }

    /// What is given in the place of an object; nothing, where there is nothing of that sort.
    fn false_object(&self, attack: &Attack, put: &Put, puts: &[Put]) -> Option<Vec<u8>> {
        let same_item = |other: &&Put| other.ledger == put.ledger && other.item == put.item;
        let other = match attack {
            Attack::ObjectOlder => puts
                .iter()
                .filter(same_item)
                .filter(|other| other.version < put.version)
                .max_by_key(|other| other.version),
            Attack::ObjectOfAnotherItem => {
                puts.iter().find(|other| other.ledger == put.ledger && other.item != put.item)
            }
            Attack::ObjectOfAnotherOrganization => puts.iter().find(|other| other.ledger != put.ledger),
            Attack::ObjectAltered(hundredths) => {
                let mut object = self.objects.get(&put.object)?.clone();
                let place = (object.len() - 1) * hundredths / 100;
                *object.get_mut(place)? ^= 1;
                return Some(object);
            }
            _ => None,
        };
        self.objects.get(&other?.object).cloned()
    }
}

impl Lie {
    fn change(self, entries: &mut Vec<Vec<u8>>, first: usize) {
        let change = |entries: &mut Vec<Vec<u8>>, change: &dyn Fn(&mut Parts)| {
            entries[first] = altered(&entries[first], change);
        };
        match self {
            Self::Dropped => drop(entries.remove(first)),
            Self::Swapped => entries.swap(first, first + 1),
            Self::Twice => entries.insert(first, entries[first].clone()),
            Self::Signature => change(entries, &|parts| parts.signature[63] ^= 1),
            Self::Body | Self::Author => change(entries, &|parts| {
                let name = uint(if self == Self::Body { 5 } else { 6 });
                if let Some((_, value)) = parts.content.iter_mut().find(|(key, _)| *key == name) {
                    flip(value);
                }
            }),
            Self::Key => change(entries, &|parts| {
                // Where a member's key stands that is encrypted to, by the kind of the entry.
                let place = if parts.number(4) == MEMBER_REKEY { 2 } else { 3 };
                if let Some((_, Value::Map(body))) = parts.content.iter_mut().find(|(key, _)| *key == uint(5)) {
                    set(body, place, Value::Bytes(vec![0x42; 32]));
                }
            }),
            Self::Time => change(entries, &|parts| {
                let later = parts.number(8) + 1;
                set(&mut parts.content, 8, uint(later));
            }),
            Self::Stretched => change(entries, &|parts| {
                let mut carry = 0;
                for (byte, add) in parts.signature[32..].iter_mut().zip(ORDER) {
                    let [low, high] = (u16::from(*byte) + u16::from(add) + carry).to_le_bytes();
                    (*byte, carry) = (low, u16::from(high));
                }
            }),
            Self::Suite(suite) => change(entries, &|parts| set(&mut parts.content, 0, uint(suite))),
        }
    }
}

/// Bytes of the home's own choice for all that stand somewhere in a value, but for ids.
fn replace_bytes(value: &mut Value) {
    match value {
        Value::Bytes(bytes) if bytes.len() > 16 => bytes.iter_mut().for_each(|byte| *byte = 7),
        Value::Array(values) => values.iter_mut().for_each(replace_bytes),
        Value::Map(fields) => fields.iter_mut().for_each(|(_, value)| replace_bytes(value)),
        _ => {}
    }
}

impl Forgery {
    fn body(self, msp: &[Vec<u8>]) -> (u64, Value) {
        let public = Value::Bytes(key().verifying_key().to_bytes().to_vec());
        let (id, sealed) = (Value::Bytes(vec![0xaa; 16]), Value::Bytes(vec![8; 64]));
        let card = || map([(0, Value::Bytes(vec![0xbb; 16])), (1, public.clone()), (3, sealed.clone())]);
        match self {
            Self::Member(role) => {
                let body = map([
                    (0, id),
                    (1, uint(role)),
                    (2, public.clone()),
                    (3, Value::Bytes(vec![0x42; 32])),
                    (4, card()),
                    (5, sealed.clone()),
                    (6, uint(1)),
                    (7, Value::Bytes(vec![0x17; 32])),
                ]);
                (MEMBER_ADD, body)
            }
            Self::Owner => {
                let owner = msp.first().and_then(|genesis| Parts::of(genesis)?.field(6).cloned());
                (MEMBER_ROLE, map([(0, owner.unwrap_or(id)), (1, uint(OWNER))]))
            }
            Self::Recovery => (RECOVERY_SET, map([(0, true.into()), (1, sealed.clone())])),
            Self::Device => (DEVICE_ADD, map([(0, card())])),
            Self::Keys => {
                let added = msp.iter().rev().filter_map(|entry| Parts::of(entry));
                let added = added
                    .filter(|parts| parts.number(4) == MEMBER_ADD)
                    .find_map(|parts| bytes(field(parts.field(5)?, 0)?));
                let body = map([
                    (0, added.map_or(id, Value::Bytes)),
                    (1, public),
                    (2, Value::Bytes(vec![0x42; 32])),
                    (3, Value::Bytes(vec![0x17; 64])),
                    (4, Value::Array(Vec::new())),
                    (5, sealed.clone()),
                ]);
                (MEMBER_REKEY, body)
            }
        }
    }
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[0x66; 32])
}

/// An answer of entries.
pub(super) fn entries_body(entries: impl IntoIterator<Item = Vec<u8>>, more: bool) -> Value {
    map([(0, Value::Array(entries.into_iter().map(Value::Bytes).collect())), (1, more.into())])
}

fn changed_body(ledger: &[u8], seq: u64, hash: Vec<u8>) -> Value {
    map([(0, Value::Bytes(ledger.to_vec())), (1, map([(0, uint(seq)), (1, Value::Bytes(hash))]))])
}

fn changes_body(cursor: u64, ledgers: Vec<Value>) -> Value {
    map([(0, uint(cursor)), (1, false.into()), (2, Value::Array(ledgers))])
}
