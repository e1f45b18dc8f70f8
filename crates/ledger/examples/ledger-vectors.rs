//! Writes the frozen vectors of the ledger formats: `cargo run -p vitrine-ledger --example ledger-vectors > FILE`.
//!
//! Run only to add cases: what is frozen must never change, or stored ledgers would no longer be read.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, dead_code, reason = "a tool of the tests")]
#![allow(clippy::print_stdout, reason = "its output is the file")]

#[path = "../tests/ledger/kit.rs"]
mod kit;

use kit::{AUDIT, Customer, Desk, Firm, WORK, backend, item, log, name, note, put, signing, team_id};
use minicbor::data::Type;
use minicbor::{Decoder, Encoder};
use serde_json::{Map, Value, json};
use vitrine_ledger::{
    Entry, Home, ItemKind, Level, MspBody, MspState, OrganizationBody, OrganizationState, Place, Refusal, Role, Signer,
    SigningKey, TeamKind,
};

/// CBOR as a tree, to be broken on purpose.
#[derive(Clone)]
enum Tree {
    Uint(u64),
    Bytes(Vec<u8>),
    Bool(bool),
    Array(Vec<Tree>),
    Map(Vec<(Tree, Tree)>),
    Raw(Vec<u8>),
}

impl Tree {
    fn read(input: &mut Decoder<'_>) -> Self {
        match input.datatype().unwrap() {
            Type::Bytes => Self::Bytes(input.bytes().unwrap().to_vec()),
            Type::Bool => Self::Bool(input.bool().unwrap()),
            Type::Array => {
                let len = input.array().unwrap().unwrap();
                Self::Array((0..len).map(|_| Self::read(input)).collect())
            }
            Type::Map => {
                let len = input.map().unwrap().unwrap();
                Self::Map((0..len).map(|_| (Self::read(input), Self::read(input))).collect())
            }
            _ => Self::Uint(input.u64().unwrap()),
        }
    }

    fn write(&self, out: &mut Encoder<Vec<u8>>) {
        match self {
            Self::Uint(value) => drop(out.u64(*value).unwrap()),
            Self::Bytes(value) => drop(out.bytes(value).unwrap()),
            Self::Bool(value) => drop(out.bool(*value).unwrap()),
            Self::Array(values) => {
                out.array(values.len() as u64).unwrap();
                for value in values {
                    value.write(out);
                }
            }
            Self::Map(fields) => {
                out.map(fields.len() as u64).unwrap();
                for (key, value) in fields {
                    key.write(out);
                    value.write(out);
                }
            }
            Self::Raw(bytes) => out.writer_mut().extend_from_slice(bytes),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut out = Encoder::new(Vec::new());
        self.write(&mut out);
        out.into_writer()
    }

    fn fields(&mut self) -> &mut Vec<(Self, Self)> {
        let Self::Map(fields) = self else { panic!("a map") };
        fields
    }

    fn at(&mut self, key: u64) -> &mut Self {
        let found = self.fields().iter_mut().find(|(it, _)| matches!(it, Self::Uint(it) if *it == key));
        &mut found.unwrap().1
    }

    fn remove(&mut self, key: u64) {
        self.fields().retain(|(it, _)| !matches!(it, Self::Uint(it) if *it == key));
    }
}

fn content(entry: &Entry) -> Tree {
    let mut outer = Decoder::new(entry.bytes());
    outer.array().unwrap();
    Tree::read(&mut Decoder::new(outer.bytes().unwrap()))
}

/// Signs any content, however broken.
fn sealed(content: &[u8], key: &SigningKey) -> Vec<u8> {
    let signature = key.sign(&[b"vitrine/1/ledger/sign\0", content].concat());
    Tree::Array(vec![Tree::Bytes(content.to_vec()), Tree::Bytes(signature.to_bytes().to_vec())]).bytes()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").unwrap();
        out
    })
}

fn hexes(entries: &[Entry]) -> Vec<String> {
    entries.iter().map(|entry| hex(entry.bytes())).collect()
}

#[derive(Default)]
struct File {
    bases: Map<String, Value>,
    cases: Vec<Value>,
}

impl File {
    fn base(&mut self, name: &str, entries: &[Entry]) {
        self.bases.insert(name.into(), json!(hexes(entries)));
    }

    fn entry(&mut self, name: &str, bytes: &[u8]) {
        let verdict = Entry::decode(bytes).map_or_else(|error| error.code(), |_| "ok");
        self.cases.push(json!({ "name": name, "sort": "entry", "bytes": hex(bytes), "verdict": verdict }));
    }

    /// The last entry, after a base, gets the verdict.
    fn msp(&mut self, name: &str, base: &str, firm: &Firm, entry: &Entry) {
        let result = firm.state().apply(entry).map(drop);
        self.push(name, "msp", None, base, entry, result);
    }

    fn genesis(&mut self, name: &str, entry: &Entry) {
        let result = MspState::genesis(entry).map(drop);
        self.push(name, "msp", None, "", entry, result);
    }

    fn organization(&mut self, name: &str, bases: (&str, &str), firm: &Firm, customer: &Customer, entry: &Entry) {
        let result = customer.state.apply(entry, &firm.chain).map(drop);
        self.push(name, "organization", Some(bases.0), bases.1, entry, result);
    }

    fn organization_genesis(&mut self, name: &str, base: &str, firm: &Firm, entry: &Entry) {
        let result = OrganizationState::genesis(entry, &firm.chain).map(drop);
        self.push(name, "organization", Some(base), "", entry, result);
    }

    fn push(
        &mut self,
        name: &str,
        sort: &str,
        msp: Option<&str>,
        base: &str,
        entry: &Entry,
        result: Result<(), Refusal>,
    ) {
        let verdict = result.map_or_else(|refusal| refusal.code(), |()| "ok");
        self.cases.push(json!({
            "name": name, "sort": sort, "msp": msp, "base": base, "bytes": hex(entry.bytes()), "verdict": verdict,
            "hash": entry.hash().to_string(),
        }));
    }
}

fn forms(file: &mut File) {
    let owner = Desk::new(1);
    let mut firm = Firm::found(&owner);
    let key = &owner.key;
    let good = firm.sign(&owner, MspBody::Policy { settings: note() });
    let tree = content(&good);
    let whole = good.bytes().to_vec();
    file.entry("good entry", &whole);
    file.entry("good genesis", firm.entries[0].bytes());
    file.entry("nothing", &[]);
    file.entry("half of an entry", &whole[..whole.len() / 2]);
    file.entry("last byte missing", &whole[..whole.len() - 1]);
    file.entry("a byte after the end", &[&whole[..], &[0]].concat());
    file.entry("sixteen times 0xff", &[0xff; 16]);
    file.entry("a huge length and no bytes", &[0x82, 0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    file.entry("an array that claims many elements", &[0x9b, 0, 0, 0, 1, 0, 0, 0, 0]);

    let (body, signature) = (tree.bytes(), vec![0u8; 64]);
    let outer = |parts: Vec<Tree>| Tree::Array(parts).bytes();
    let bytes = |it: &[u8]| Tree::Bytes(it.to_vec());
    file.entry("no signature", &outer(vec![bytes(&body)]));
    file.entry("two signatures", &outer(vec![bytes(&body), bytes(&signature), bytes(&signature)]));
    file.entry("signature of 63 bytes", &outer(vec![bytes(&body), bytes(&signature[..63])]));
    file.entry("signature of 65 bytes", &outer(vec![bytes(&body), bytes(&[0; 65])]));
    file.entry("indefinite outer array", &[&[0x9f][..], &whole[1..], &[0xff]].concat());
    file.entry("outer map", &[&[0xa1][..], &whole[1..]].concat());
    let mut text = whole.clone();
    text[1] = (text[1] & 0x1f) | 0x60;
    file.entry("content as text", &text);
    let long = [&[0x82, 0x5a, 0, 0][..], &whole[2..]].concat();
    file.entry("content length in a longer form", &long);
    file.entry("tagged entry", &[&[0xc1][..], &whole].concat());

    let mut broken = |name: &str, change: &dyn Fn(&mut Tree)| {
        let mut tree = tree.clone();
        change(&mut tree);
        file.entry(name, &sealed(&tree.bytes(), key));
    };
    let raw = |bytes: &[u8]| Tree::Raw(bytes.to_vec());
    broken("suite 0", &|it| *it.at(0) = Tree::Uint(0));
    broken("suite 2", &|it| *it.at(0) = Tree::Uint(2));
    broken("suite 1 in two bytes", &|it| *it.at(0) = raw(&[0x18, 1]));
    broken("suite as a half float", &|it| *it.at(0) = raw(&[0xf9, 0x3c, 0]));
    broken("place in nine bytes", &|it| *it.at(2) = raw(&[0x1b, 0, 0, 0, 0, 0, 0, 0, 1]));
    broken("negative place", &|it| *it.at(2) = raw(&[0x20]));
    broken("place of null", &|it| *it.at(2) = raw(&[0xf6]));
    broken("ledger of 31 bytes", &|it| *it.at(1) = Tree::Bytes(vec![1; 31]));
    broken("ledger of null", &|it| *it.at(1) = raw(&[0xf6]));
    broken("previous hash of 33 bytes", &|it| *it.at(3) = Tree::Bytes(vec![1; 33]));
    broken("kind 0", &|it| *it.at(4) = Tree::Uint(0));
    broken("kind 19", &|it| *it.at(4) = Tree::Uint(19));
    broken("kind 64", &|it| *it.at(4) = Tree::Uint(64));
    broken("kind 73", &|it| *it.at(4) = Tree::Uint(73));
    broken("largest kind", &|it| *it.at(4) = Tree::Uint(u64::MAX));
    broken("no member", &|it| it.remove(6));
    broken("no body", &|it| it.remove(5));
    broken("no time", &|it| it.remove(8));
    broken("member and device the wrong way round", &|it| it.fields().swap(6, 7));
    broken("a field twice", &|it| {
        let again = it.fields()[7].clone();
        it.fields().insert(8, again);
    });
    broken("an unknown field at the end", &|it| it.fields().push((Tree::Uint(10), Tree::Uint(0))));
    broken("a field key in two bytes", &|it| it.fields()[2].0 = raw(&[0x18, 2]));
    broken("a field key as text", &|it| it.fields()[2].0 = raw(&[0x61, 0x32]));
    broken("witness with a field too many", &|it| {
        let head = vec![
            (Tree::Uint(0), Tree::Uint(0)),
            (Tree::Uint(1), Tree::Bytes(vec![0; 32])),
            (Tree::Uint(2), Tree::Uint(0)),
        ];
        it.fields().push((Tree::Uint(9), Tree::Map(head)));
    });
    broken("body as array", &|it| *it.at(5) = Tree::Array(vec![]));
    broken("empty body", &|it| *it.at(5) = Tree::Map(vec![]));
    broken("body with an unknown field", &|it| it.at(5).fields().push((Tree::Uint(1), Tree::Uint(0))));
    broken("settings beyond their limit", &|it| *it.at(5).at(0) = Tree::Bytes(vec![0; 16_385]));
    let indefinite = [&[0xbf][..], &body[1..], &[0xff]].concat();
    file.entry("indefinite content", &sealed(&indefinite, key));
    file.entry("content with a byte after its end", &sealed(&[&body[..], &[0]].concat(), key));
    file.entry("empty content", &sealed(&[], key));

    firm.owners_epoch(&owner);
    let mut kind = |name: &str, body: MspBody, change: &dyn Fn(&mut Tree)| {
        let mut tree = content(&firm.sign(&owner, body));
        change(tree.at(5));
        file.entry(name, &sealed(&tree.bytes(), key));
    };
    let invite = || Desk::new(2).invited(Role::Technician);
    kind("role 0", invite(), &|it| *it.at(1) = Tree::Uint(0));
    kind("role 6", invite(), &|it| *it.at(1) = Tree::Uint(6));
    kind("name beyond its limit", invite(), &|it| *it.at(5) = Tree::Bytes(vec![0; 1_025]));
    kind("card with null transport key", invite(), &|it| {
        it.at(4).fields().insert(2, (Tree::Uint(2), Tree::Raw(vec![0xf6])));
    });
    kind("empty wrap", firm.msp_epoch_body(), &|it| {
        let Tree::Array(wraps) = it.at(2) else { panic!() };
        *wraps[0].at(1) = Tree::Bytes(vec![]);
    });
    kind("epoch beyond 32 bits", firm.msp_epoch_body(), &|it| *it.at(0) = Tree::Uint(1 << 32));
    kind("home both device and backend", MspBody::Home { home: Home::Device(owner.device) }, &|it| {
        it.at(0).fields().push((Tree::Uint(2), Tree::Bytes(vec![0; 16])));
    });
    kind("home that is neither", MspBody::Home { home: Home::Device(owner.device) }, &|it| it.at(0).remove(1));
    kind("sheet as a number", MspBody::RecoverySet { sheet: true, note: note() }, &|it| *it.at(0) = Tree::Uint(1));
    kind("good recovery without a sheet", MspBody::RecoverySet { sheet: false, note: note() }, &|_| {});
}

fn firms(file: &mut File) {
    let owner = Desk::new(1);
    let genesis = Firm::found(&owner).entries[0].clone();
    file.genesis("genesis", &genesis);
    let found = Firm::found(&owner);
    file.base("found", &found.entries);
    let sign = |firm: &Firm, desk: &Desk, body: MspBody| firm.sign(desk, body);
    let policy = || MspBody::Policy { settings: note() };

    let mut wrong = owner.clone();
    wrong.key = signing(1, 2);
    let mut stolen = owner.genesis_body();
    if let MspBody::Genesis { proof, .. } = &mut stolen {
        *proof = Desk::new(2).proof(Place::GENESIS);
    }
    let draft = |body, key: &SigningKey| vitrine_ledger::Draft::msp_genesis(body, owner.author(), 1).sign(key).unwrap();
    file.genesis("genesis signed by another device", &draft(owner.genesis_body(), &wrong.key));
    file.genesis("genesis with another identity's word", &draft(stolen, &owner.key));
    file.genesis("a policy as genesis", &sign(&found, &owner, policy()));

    file.msp("policy by the owner", "found", &found, &sign(&found, &owner, policy()));
    file.msp("a second genesis", "found", &found, &genesis);
    file.msp("signed by another key", "found", &found, &sign(&found, &wrong, policy()));
    file.msp("by a member nobody knows", "found", &found, &sign(&found, &Desk::new(3), policy()));
    file.msp("by a device nobody knows", "found", &found, &sign(&found, &owner.at(3), policy()));
    let mut later = found.clone();
    later.add(&owner, policy()).unwrap();
    let gap = sign(&later, &owner, policy());
    file.msp("a place too far", "found", &found, &gap);
    file.base("policy", &later.entries);
    let mut other = found.clone();
    other.time += 1;
    file.msp("a place already taken", "policy", &later, &sign(&other, &owner, policy()));
    other.add(&owner, policy()).unwrap();
    file.msp("a fork", "policy", &later, &sign(&other, &owner, policy()));
    let elsewhere = {
        let mut draft = later.state().draft(policy(), owner.author(), 1);
        draft.place.ledger = Some(vitrine_ledger::LedgerId::from_bytes([5; 32]));
        draft.sign(&owner.key).unwrap()
    };
    file.msp("of another ledger", "policy", &later, &elsewhere);
    let witnessed = {
        let mut draft = later.state().draft(policy(), owner.author(), 1);
        draft.witness = Some(later.state().head());
        draft.sign(&owner.key).unwrap()
    };
    file.msp("with a witness", "policy", &later, &witnessed);
    file.msp(
        "last owner leaves",
        "found",
        &found,
        &sign(&found, &owner, MspBody::MemberRole { subject: owner.member, role: Role::Admin }),
    );
    file.msp(
        "home device revoked",
        "found",
        &found,
        &sign(&found, &owner, MspBody::DeviceRevoke { subject: owner.device }),
    );
    let second = owner.at(2);
    file.msp(
        "second device",
        "found",
        &found,
        &sign(&found, &owner, MspBody::DeviceAdd { card: second.card(), proof: None }),
    );
    let kit = |desk: &Desk, place| MspBody::DeviceAdd { card: desk.card(), proof: Some(desk.proof(place)) };
    let place = found.state().place();
    file.msp("device by kit", "found", &found, &sign(&found, &second, kit(&second, place)));
    file.msp("device by kit, word from another place", "policy", &later, &sign(&later, &second, kit(&second, place)));
    let mut two = found.clone();
    two.add(&owner, MspBody::DeviceAdd { card: second.card(), proof: None }).unwrap();
    file.base("two devices", &two.entries);
    file.msp("not from the home", "two devices", &two, &sign(&two, &second, policy()));
    file.msp(
        "device id used again",
        "two devices",
        &two,
        &sign(&two, &owner, MspBody::DeviceAdd { card: second.card(), proof: None }),
    );

    let mut shared = Firm::shared(&owner);
    let (tech, admin) = (Desk::new(2), Desk::new(3));
    shared.welcome(&owner, &tech, Role::Technician);
    shared.welcome(&owner, &admin, Role::Admin);
    shared.team(&owner, WORK, TeamKind::Work, &[&tech]);
    file.base("shared", &shared.entries);
    file.msp("invite by an admin", "shared", &shared, &sign(&shared, &admin, Desk::new(4).invited(Role::Auditor)));
    for (name, role, team) in [
        ("invite into a team", Role::Technician, WORK),
        ("invite of an auditor into a team of work", Role::Auditor, WORK),
        ("invite into a team nobody knows", Role::Technician, AUDIT),
    ] {
        let mut body = Desk::new(4).invited(role);
        if let MspBody::MemberAdd { team: named, .. } = &mut body {
            *named = Some(team_id(team));
        }
        file.msp(name, "shared", &shared, &sign(&shared, &admin, body));
    }
    file.msp("invite by a technician", "shared", &shared, &sign(&shared, &tech, Desk::new(4).invited(Role::Auditor)));
    file.msp("invite of an owner", "shared", &shared, &sign(&shared, &owner, Desk::new(4).invited(Role::Owner)));
    file.msp("home by an admin", "shared", &shared, &sign(&shared, &admin, MspBody::Home { home: backend() }));
    file.msp(
        "join twice",
        "shared",
        &shared,
        &sign(&shared, &tech, MspBody::MemberJoin { proof: tech.proof(shared.state().place()) }),
    );
    file.msp(
        "owner removed by an admin",
        "shared",
        &shared,
        &sign(&shared, &admin, MspBody::MemberRemove { subject: owner.member }),
    );
    file.msp("member id used again", "shared", &shared, &sign(&shared, &owner, tech.invited(Role::Auditor)));
    let mut invited = shared.clone();
    invited.add(&owner, Desk::new(4).invited(Role::Auditor)).unwrap();
    file.base("invited", &invited.entries);
    let fourth = Desk::new(4);
    let proof = fourth.proof(invited.state().place());
    file.msp("join", "invited", &invited, &sign(&invited, &fourth, MspBody::MemberJoin { proof }));
    let proof = tech.proof(invited.state().place());
    file.msp(
        "join with another identity's word",
        "invited",
        &invited,
        &sign(&invited, &fourth, MspBody::MemberJoin { proof }),
    );
    file.msp("policy before joining", "invited", &invited, &sign(&invited, &fourth, policy()));
    file.msp(
        "nothing to approve",
        "shared",
        &shared,
        &sign(&shared, &owner, MspBody::Approve { entry: shared.state().head().hash }),
    );
    let mut gone = shared.clone();
    gone.add(&owner, MspBody::MemberRemove { subject: admin.member }).unwrap();
    file.base("gone", &gone.entries);
    file.msp("by a removed member", "gone", &gone, &sign(&gone, &admin, policy()));
    file.msp("removed twice", "gone", &gone, &sign(&gone, &owner, MspBody::MemberRemove { subject: admin.member }));
    customers(file, &shared, &owner, &tech);
}

fn customers(file: &mut File, firm: &Firm, owner: &Desk, tech: &Desk) {
    let begun = Customer::begin(firm, owner, 1);
    file.organization_genesis("organization", "shared", firm, &begun.entries[0]);
    let by_tech = vitrine_ledger::Draft::organization_genesis(
        Customer::genesis_body(firm, 1),
        tech.author(),
        1,
        firm.state().head(),
    );
    file.organization_genesis("organization by a technician", "shared", firm, &by_tech.sign(&tech.key).unwrap());
    file.base("organization begun", &begun.entries);
    let bases = ("shared", "organization begun");
    file.organization("first epoch", bases, firm, &begun, &begun.sign(firm, owner, begun.epoch_body(firm)));
    file.organization("a log before the first epoch", bases, firm, &begun, &begun.sign(firm, owner, log()));

    let mut customer = Customer::connect(firm, owner, 1);
    customer.add(firm, owner, put(1, ItemKind::Account, 1)).unwrap();
    file.base("organization", &customer.entries);
    let bases = ("shared", "organization");
    let mut case = |name: &str, desk: &Desk, body: OrganizationBody| {
        file.organization(name, bases, firm, &customer, &customer.sign(firm, desk, body));
    };
    case("account by a technician", tech, put(1, ItemKind::Account, 2));
    case("version again", tech, put(1, ItemKind::Account, 1));
    case("version skipped", tech, put(1, ItemKind::Account, 3));
    case("version of another kind", owner, put(1, ItemKind::Connection, 2));
    case("connection by a technician", tech, put(2, ItemKind::Connection, 1));
    case("drop by the owner", owner, OrganizationBody::Drop { item: item(1), version: 1 });
    case("drop by a technician", tech, OrganizationBody::Drop { item: item(1), version: 1 });
    case("drop of nothing", owner, OrganizationBody::Drop { item: item(9), version: 1 });
    case("log by a technician", tech, log());
    case("log by a stranger", &Desk::new(9), log());
    case("account by an admin", &Desk::new(3), put(1, ItemKind::Account, 2));
    case("checkpoint out of place", owner, customer.checkpoint_body());
    case("next epoch", owner, customer.epoch_body(firm));
    let mut poor = customer.epoch_body(firm);
    if let OrganizationBody::Epoch { teams, .. } = &mut poor {
        teams.pop();
    }
    case("epoch without a team", owner, poor);
    let mut skipped = customer.epoch_body(firm);
    if let OrganizationBody::Epoch { epoch, .. } = &mut skipped {
        *epoch += 1;
    }
    case("epoch skipped", owner, skipped);
    case("grant to a team nobody knows", owner, Customer::grant_body(firm, AUDIT, Level::Log));
    case("access taken", owner, OrganizationBody::Access { team: team_id(WORK), level: None, wrap: None });
    case("name by an admin", &Desk::new(3), OrganizationBody::Name { name: name() });
    case("name by a technician", tech, OrganizationBody::Name { name: name() });
    let old = customer.sign_at(firm, owner, log(), 1);
    file.organization("witness goes back", bases, firm, &customer, &old);
    let mut draft = customer.state.draft(log(), owner.author(), 1, firm.state().head());
    draft.witness = None;
    let unwitnessed = draft.sign(&owner.key).unwrap();
    file.organization("no witness", bases, firm, &customer, &unwitnessed);
    let mut head = firm.state().head();
    head.seq += 1;
    let ahead = customer.state.draft(log(), owner.author(), 1, head).sign(&owner.key).unwrap();
    file.organization("witness too far", bases, firm, &customer, &ahead);
    let mut head = firm.state().head();
    head.hash = vitrine_ledger::EntryHash::from_bytes([1; 32]);
    let forked = customer.state.draft(log(), owner.author(), 1, head).sign(&owner.key).unwrap();
    file.organization("witness of a fork", bases, firm, &customer, &forked);
    let other = Customer::connect(firm, owner, 2);
    let moved = other.sign(firm, owner, log());
    file.organization("of another organization", bases, firm, &customer, &moved);
}

fn main() {
    let mut file = File::default();
    forms(&mut file);
    firms(&mut file);
    let all = json!({
        "format": "vitrine ledger vectors, suite 1",
        "bases": file.bases,
        "cases": file.cases,
    });
    println!("{}", serde_json::to_string_pretty(&all).unwrap());
}
