"""A second reader of the ledger formats, written from docs/formats.md and not from the Rust code.

Reads tests/vectors/ledger/vectors.json and must come to the verdict that stands beside each vector. It knows the whole
encoding and as much of the rules as the vectors need. Needs PyPI `cryptography` for Ed25519.

    python3 tests/vectors/ledger_reader.py [FILE]      ends with 0 when all verdicts agree
"""

import hashlib
import json
import pathlib
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MAX_ENTRY = 1 << 20
LABEL = b"vitrine/1/ledger/"
SIGN, HASH, LEDGER, PROOF = (LABEL + word + b"\0" for word in (b"sign", b"hash", b"id", b"proof"))
U32, U64 = (1 << 32) - 1, (1 << 64) - 1


class Refused(Exception):
    """The verdict, as its code."""


def refuse(code):
    raise Refused("ledger." + code)


def malformed(code="malformed"):
    refuse("decode." + code)


# --- Deterministic CBOR -----------------------------------------------------------------------------------------------


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if self.at + count > len(self.data):
            malformed()
        self.at += count
        return self.data[self.at - count : self.at]

    def head(self, major):
        """The argument of an item of this major type, and whether it stood in its shortest form."""
        first = self.take(1)[0]
        info = first & 31
        if first >> 5 != major or info > 27:
            malformed()
        if info < 24:
            return info, True
        width = 1 << (info - 24)
        value = int.from_bytes(self.take(width), "big")
        return value, value >= (24 if width == 1 else 1 << (4 * width))

    def plain(self, major):
        value, shortest = self.head(major)
        if not shortest:
            malformed("not-shortest")
        return value

    def uint(self):
        return self.plain(0)

    def bytes(self):
        length, shortest = self.head(2)
        data = self.take(length)
        if not shortest:
            malformed("not-shortest")
        return data

    def array(self):
        return self.plain(4)

    def end(self):
        if self.at != len(self.data):
            malformed("trailing")


def fields(reader, *table):
    """A map; table: (key, reader of the value, needed). Keys rise, and only those of the table occur."""
    left, pending, out = reader.plain(5), None, {}
    for key, read, needed in table:
        if pending is None and left:
            left, pending = left - 1, reader.uint()
        if pending == key:
            out[key], pending = read(reader, out), None
        elif pending is not None and pending < key:
            malformed("unknown-field")
        elif needed:
            malformed("missing-field")
    if pending is not None:
        malformed("unknown-field")
    if left:
        reader.uint()
        malformed("unknown-field")
    return out


def must(key, read):
    return key, lambda reader, out: read(reader), True


def may(key, read):
    return key, lambda reader, out: read(reader), False


def record(*table):
    return lambda reader: fields(reader, *table)


def fixed(size):
    def read(reader):
        data = reader.bytes()
        return data if len(data) == size else malformed("length")

    return read


def sealed(low, high):
    def read(reader):
        data = reader.bytes()
        return data if low <= len(data) <= high else malformed("length")

    return read


def code(last):
    def read(reader):
        value = reader.uint()
        return value if 1 <= value <= last else malformed("unknown-code")

    return read


def many(read):
    return lambda reader: [read(reader) for _ in range(reader.array())]


def pairs(read_key, read_value):
    def read(reader):
        out = {}
        for _ in range(reader.array()):
            if reader.array() != 2:
                malformed("length")
            key = read_key(reader)
            if out and max(out) >= key:
                malformed("order")
            out[key] = read_value(reader)
        return out

    return read


def u32(reader):
    value = reader.uint()
    return value if value <= U32 else malformed("range")


def u64(reader):
    return reader.uint()


def boolean(reader):
    byte = reader.take(1)[0]
    return byte == 0xF5 if byte in (0xF4, 0xF5) else malformed()


def home(reader):
    out = record(must(0, code(2)), may(1, ID), may(2, ID), may(3, KEY))(reader)
    return out if set(out) in ({0, 1}, {0, 2, 3}) and (out[0] == 1) == (1 in out) else malformed()


# --- The formats ------------------------------------------------------------------------------------------------------

ID, KEY, SIG = fixed(16), fixed(32), fixed(64)
NAME, WRAP, KEYS = sealed(0, 1024), sealed(1, 512), sealed(1, 1024)
NOTE, RECORDS = sealed(0, 16384), sealed(1, 262144)
HEAD = record(must(0, u64), must(1, KEY))
CARD = record(must(0, ID), must(1, KEY), may(2, KEY), must(3, NAME))
MEMBER_WRAPS = many(record(must(0, ID), must(1, WRAP)))
KEY_WRAPS = many(record(must(0, code(4)), must(1, WRAP)))
TEAM_WRAP = record(must(0, ID), must(1, u32), must(2, KEY_WRAPS))
COMMITMENTS = record(must(0, KEY), must(1, KEY), may(2, KEY), may(3, KEY))
EPOCH = record(must(0, u32), must(1, HEAD), must(2, u64), must(3, COMMITMENTS))
GRANT = record(may(0, code(3)), must(1, HEAD), must(2, u32))
NAMED = record(must(0, HEAD), must(1, u32))
ITEM = record(must(0, code(4)), must(1, u64), may(2, KEY), must(3, u64))
SNAPSHOT = record(
    must(0, KEY), may(1, EPOCH), must(2, pairs(ID, GRANT)), must(3, boolean), must(4, pairs(ID, ITEM)), may(5, NAMED),
    must(6, pairs(u32, HEAD)),
)

KINDS = {
    1: record(must(0, KEY), must(1, KEY), must(2, KEY), must(3, CARD), must(4, NAME), must(5, SIG)),
    2: record(must(0, home)),
    3: record(must(0, home), must(1, NOTE)),
    4: record(
        must(0, ID), must(1, code(5)), must(2, KEY), must(3, KEY), must(4, CARD), must(5, NAME), must(6, code(3)),
        must(7, KEY), may(8, ID),
    ),
    5: record(must(0, SIG)),
    6: record(must(0, ID), must(1, code(5))),
    7: record(must(0, ID)),
    8: record(must(0, ID), must(1, KEY), must(2, KEY), must(3, SIG), must(4, MEMBER_WRAPS), must(5, KEYS)),
    9: record(must(0, CARD), may(1, SIG)),
    10: record(must(0, ID)),
    11: record(
        must(0, ID), must(1, code(3)), must(2, u32), must(3, KEY), must(4, MEMBER_WRAPS), may(5, KEYS), must(6, NAME)
    ),
    12: record(must(0, u32), must(1, KEY), must(2, MEMBER_WRAPS), may(3, KEYS)),
    13: record(must(0, KEY), must(1, NAME)),
    14: record(must(0, KEY)),
    15: record(must(0, NOTE)),
    16: record(must(0, boolean), must(1, NOTE)),
    17: record(must(0, NOTE)),
    18: record(must(0, KEY)),
    65: record(must(0, KEY), must(1, KEY)),
    66: record(must(0, ID), may(1, code(3)), may(2, TEAM_WRAP)),
    67: record(must(0, u32), must(1, COMMITMENTS), must(2, many(TEAM_WRAP)), may(3, KEYS)),
    68: record(must(0, ID), must(1, code(4)), must(2, u64), must(3, KEY)),
    69: record(must(0, ID), must(1, u64)),
    70: record(must(0, RECORDS)),
    71: record(must(0, SNAPSHOT)),
    72: record(must(0, NAME)),
}


def suite(reader, _):
    return 1 if reader.uint() == 1 else malformed("unknown-suite")


def body(reader, out):
    return KINDS[out[4]](reader) if out[4] in KINDS else malformed("unknown-kind")


class Entry:
    def __init__(self, data):
        if len(data) > MAX_ENTRY:
            malformed("too-large")
        outer = Reader(data)
        if outer.array() != 2:
            malformed("length")
        self.content, self.signature = outer.bytes(), SIG(outer)
        outer.end()
        inner = Reader(self.content)
        got = fields(
            inner, (0, suite, True), may(1, KEY), must(2, u64), may(3, KEY), must(4, u64), (5, body, True),
            must(6, ID), must(7, ID), must(8, u64), may(9, HEAD),
        )
        inner.end()
        self.ledger, self.seq, self.prev = got.get(1), got[2], got.get(3)
        self.kind, self.body, self.member, self.device, self.witness = got[4], got[5], got[6], got[7], got.get(9)
        self.hash = hashlib.sha256(HASH + data).digest()
        self.begins = hashlib.sha256(LEDGER + data).digest()

    def verify(self, key):
        if not signed(key, self.signature, SIGN + self.content):
            refuse("signature")

    def prove(self, proof, device_key, identity, encryption):
        """The identity's word: what it vouches for, at this place."""
        parts = [
            (0, self.ledger), (1, self.seq), (2, self.prev), (3, self.member), (4, self.device), (5, device_key),
            (6, identity), (7, encryption),
        ]
        parts = [(key, value) for key, value in parts if value is not None]
        message = write_head(5, len(parts))
        for key, value in parts:
            message += write_head(0, key)
            message += write_head(0, value) if isinstance(value, int) else write_head(2, len(value)) + value
        if not signed(identity, proof, PROOF + message):
            refuse("proof")


def write_head(major, value):
    if value < 24:
        return bytes([major << 5 | value])
    for width, info in ((1, 24), (2, 25), (4, 26), (8, 27)):
        if value < 1 << (8 * width):
            return bytes([major << 5 | info]) + value.to_bytes(width, "big")
    raise ValueError(value)


def signed(key, signature, message):
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
        return True
    except (InvalidSignature, ValueError):
        return False


# --- The rules --------------------------------------------------------------------------------------------------------

OWNER, ADMIN, TECHNICIAN, AUDITOR, ROTATOR = range(1, 6)
OWN = {OWNER, ADMIN, TECHNICIAN, AUDITOR}
BOTH = {OWNER, ADMIN}
ANY = {OWNER, ADMIN, TECHNICIAN, AUDITOR, ROTATOR}


def permit(role, roles):
    if role not in roles:
        refuse("not-allowed")


def follows(state, entry):
    if entry.ledger != state.ledger:
        refuse("wrong-ledger")
    if entry.seq > state.seq + 1:
        refuse("gap")
    if entry.seq < state.seq + 1:
        refuse("taken")
    if entry.prev != state.hash:
        refuse("fork")


class Msp:
    """The MSP ledger. Keeps one role and one set of keys for each member: the vectors never look further back."""

    def __init__(self, entry):
        if entry.kind != 1 or (entry.ledger, entry.seq, entry.prev) != (None, 0, None):
            refuse("genesis")
        card = entry.body[3]
        if card[0] != entry.device:
            refuse("genesis")
        if entry.witness:
            refuse("witness")
        entry.verify(card[1])
        entry.prove(entry.body[5], card[1], entry.body[1], entry.body[2])
        self.ledger, self.seq, self.hash, self.hashes = entry.begins, 0, entry.hash, [entry.hash]
        self.devices, self.teams, self.msp_epoch = {}, {}, 0
        self.members = {entry.member: self.member(OWNER, entry.body[1], entry.body[2], card[0], 0)}
        self.home = {0: 1, 1: entry.device}
        self.add_device(entry.member, card, 0)

    @staticmethod
    def member(role, identity, encryption, device, joined):
        return dict(role=role, keys=(identity, encryption), first=device, joined=joined, removed=None)

    def add_device(self, member, card, seq):
        if card[0] in self.devices or any(card[1] == old["key"] for old in self.devices.values()):
            refuse("reused")
        self.devices[card[0]] = dict(member=member, key=card[1], since=seq, until=None)

    def author(self, entry, seq):
        member = self.members.get(entry.member)
        if not member or member["joined"] is None or member["joined"] > seq:
            refuse("member")
        if member["removed"] is not None and member["removed"] <= seq:
            refuse("member")
        device = self.devices.get(entry.device)
        if not device or device["member"] != entry.member or device["since"] > seq:
            refuse("device")
        if device["until"] is not None and device["until"] <= seq:
            refuse("device")
        return member["role"], device

    def at_home(self, entry):
        if self.home[0] == 1 and self.home[1] != entry.device:
            refuse("not-home")

    def present(self, subject):
        member = self.members.get(subject)
        return member if member and member["removed"] is None else refuse("subject")

    def owners(self):
        return {
            id for id, it in self.members.items()
            if it["joined"] is not None and it["removed"] is None and it["role"] == OWNER
        }

    def apply(self, entry):
        if entry.kind > 64:
            refuse("wrong-kind")
        if entry.kind == 1:
            refuse("taken" if entry.seq == 0 and self.seq > 0 else "genesis")
        follows(self, entry)
        if entry.witness:
            refuse("witness")
        it = entry.body
        if entry.kind == 5:
            self.join(entry)
        elif entry.kind == 9 and 1 in it:
            member = self.members.get(entry.member)
            if not member or member["joined"] is None or member["removed"] is not None:
                refuse("member")
            if it[0][0] != entry.device:
                refuse("device")
            entry.verify(it[0][1])
            entry.prove(it[1], it[0][1], *member["keys"])
            permit(member["role"], OWN)
            self.add_device(entry.member, it[0], entry.seq)
        else:
            role, device = self.author(entry, self.seq)
            entry.verify(device["key"])
            if entry.kind != 3:
                self.at_home(entry)
            self.act(entry, entry.kind, it, role)
        self.seq, self.hash = entry.seq, entry.hash
        self.hashes.append(entry.hash)

    def join(self, entry):
        member = self.members.get(entry.member)
        if not member or member["joined"] is not None or member["removed"] is not None:
            refuse("member")
        device = self.devices.get(entry.device)
        if not device or member["first"] != entry.device or device["until"] is not None:
            refuse("device")
        entry.verify(device["key"])
        self.at_home(entry)
        entry.prove(entry.body[0], device["key"], *member["keys"])
        member["joined"] = entry.seq

    def act(self, entry, kind, it, role):
        if kind in (2, 3):
            permit(role, {OWNER})
            self.home = it[0]
        elif kind == 4:
            permit(role, BOTH)
            if it[1] == OWNER:
                refuse("role-unfit")
            if 8 in it and (it[1] == AUDITOR or self.teams.get(it[8], {}).get("kind") != 2):
                refuse("team")
            used = {key for member in self.members.values() for key in member["keys"]}
            if it[0] in self.members or it[2] in used or it[3] in used:
                refuse("reused")
            self.add_device(it[0], it[4], entry.seq)
            self.members[it[0]] = self.member(it[1], it[2], it[3], it[4][0], None)
        elif kind in (6, 7):
            subject = self.present(it[0])
            wanted = it.get(1)
            permit(role, {OWNER} if OWNER in (subject["role"], wanted) else BOTH)
            if subject["role"] == OWNER and self.owners() == {it[0]}:
                refuse("last-owner")
            if kind == 6:
                subject["role"] = wanted
            else:
                subject["removed"] = entry.seq
        elif kind == 9:
            permit(role, OWN)
            self.add_device(entry.member, it[0], entry.seq)
        elif kind == 10:
            device = self.devices.get(it[0])
            if not device or device["until"] is not None:
                refuse("subject-device")
            own = device["member"] == entry.member
            owner = self.members[device["member"]]["role"] == OWNER
            permit(role, OWN if own else {OWNER} if owner else BOTH)
            if self.home.get(1) == it[0]:
                refuse("is-home")
            device["until"] = entry.seq
        elif kind == 11:
            permit(role, {OWNER} if it[1] == 1 else BOTH)
            last = self.teams.get(it[0], dict(epoch=0))
            if it[2] != last["epoch"] + 1 or (5 in it) != (last["epoch"] > 0):
                refuse("epoch")
            members = [wrap[0] for wrap in it[4]]
            if members != sorted(set(members)) or (it[1] == 1 and set(members) != self.owners()):
                refuse("recipients")
            self.teams[it[0]] = dict(kind=it[1], epoch=it[2], members=set(members))
        elif kind == 12:
            permit(role, BOTH)
            if it[0] != self.msp_epoch + 1 or (3 in it) != (self.msp_epoch > 0):
                refuse("epoch")
            self.msp_epoch = it[0]
        elif kind in (13, 14, 15):
            permit(role, BOTH)
        elif kind in (16, 17):
            permit(role, {OWNER})
        elif kind == 18:
            permit(role, {OWNER})
            refuse("not-pending")


class Organization:
    def __init__(self, entry, msp):
        if entry.kind != 65 or (entry.ledger, entry.seq, entry.prev) != (None, 0, None):
            refuse("genesis")
        if entry.body[0] != msp.ledger:
            refuse("wrong-ledger")
        self.seen = self.witness(entry, msp)
        role, device = msp.author(entry, self.seen)
        entry.verify(device["key"])
        msp.at_home(entry)
        permit(role, BOTH)
        self.ledger, self.seq, self.hash = entry.begins, 0, entry.hash
        self.epoch, self.grants, self.items = 0, {}, {}

    @staticmethod
    def witness(entry, msp):
        if not entry.witness:
            refuse("witness")
        seq = entry.witness[0]
        if seq > msp.seq:
            refuse("witness-ahead")
        if msp.hashes[seq] != entry.witness[1]:
            refuse("witness-forked")
        return seq

    def apply(self, entry, msp):
        if entry.kind < 64:
            refuse("wrong-kind")
        if entry.kind == 65:
            refuse("genesis")
        follows(self, entry)
        seen = self.witness(entry, msp)
        if seen < self.seen:
            refuse("witness-back")
        role, device = msp.author(entry, seen)
        entry.verify(device["key"])
        msp.at_home(entry)
        self.permit(entry, role, msp)
        if (entry.seq % 256 == 0) != (entry.kind == 71):
            refuse("checkpoint-place")
        if not self.epoch and entry.kind not in (67, 71):
            refuse("no-epoch")
        self.act(entry, entry.body, msp)
        self.seq, self.hash, self.seen = entry.seq, entry.hash, seen

    def permit(self, entry, role, msp):
        level = 2
        if entry.kind in (66, 67, 69):
            permit(role, BOTH)
        elif entry.kind == 68:
            kind = entry.body[1]
            permit(role, {1: BOTH, 3: BOTH | {ROTATOR}}.get(kind, BOTH | {TECHNICIAN, ROTATOR}))
            level = 3 if kind == 3 else 2
        elif entry.kind == 72:
            permit(role, BOTH)
        else:
            level = 1
        held = [grant for team, grant in self.grants.items() if entry.member in msp.teams[team]["members"]]
        if role not in BOTH and max(held, default=0) < level:
            refuse("no-access")

    def act(self, entry, it, msp):
        if entry.kind == 66:
            if 1 not in it:
                if 2 in it:
                    refuse("recipients")
                if it[0] not in self.grants:
                    refuse("team")
                del self.grants[it[0]]
            else:
                if 2 not in it or it[2][0] != it[0]:
                    refuse("recipients")
                self.check_wrap(it[2], it[1], msp)
                kind = msp.teams[it[0]]["kind"]
                if kind == 1 or (kind == 3) != (it[1] == 1):
                    refuse("team")
                self.grants[it[0]] = it[1]
        elif entry.kind == 67:
            if it[0] != self.epoch + 1 or (3 in it) != (self.epoch > 0):
                refuse("epoch")
            wanted = {team: 3 for team, state in msp.teams.items() if state["kind"] == 1} | self.grants
            if [wrap[0] for wrap in it[2]] != sorted(wanted):
                refuse("recipients")
            for wrap in it[2]:
                self.check_wrap(wrap, wanted[wrap[0]], msp)
            self.epoch = it[0]
        elif entry.kind == 68:
            held = self.items.get(it[0])
            if held and (held["kind"] != it[1] or not held["live"]):
                refuse("version")
            if it[2] != (held["version"] if held else 0) + 1:
                refuse("version")
            self.items[it[0]] = dict(kind=it[1], version=it[2], live=True)
        elif entry.kind == 69:
            held = self.items.get(it[0])
            if not held:
                refuse("no-item")
            if not held["live"] or held["version"] != it[1]:
                refuse("version")
            held["live"] = False

    @staticmethod
    def check_wrap(wrap, level, msp):
        team = msp.teams.get(wrap[0])
        if not team or team["epoch"] != wrap[1]:
            refuse("team")
        if [key[0] for key in wrap[2]] != {1: [3, 4], 2: [1], 3: [1, 2]}[level]:
            refuse("recipients")


# --- The vectors ------------------------------------------------------------------------------------------------------


def fold_msp(entries):
    state = Msp(entries[0])
    for entry in entries[1:]:
        state.apply(entry)
    return state


def verdict(case, bases):
    def base(name):
        return [Entry(bytes.fromhex(data)) for data in bases[name]] if name else []

    try:
        entry = Entry(bytes.fromhex(case["bytes"]))
        if "hash" in case and entry.hash.hex() != case["hash"]:
            return "another hash"
        if case["sort"] == "msp":
            fold_msp(base(case["base"]) + [entry])
        elif case["sort"] == "organization":
            msp = fold_msp(base(case["msp"]))
            first, *rest = base(case["base"]) + [entry]
            state = Organization(first, msp)
            for entry in rest:
                state.apply(entry, msp)
        return "ok"
    except Refused as refusal:
        return str(refusal)


def main():
    default = pathlib.Path(__file__).parent / "ledger" / "vectors.json"
    with open(sys.argv[1] if len(sys.argv) > 1 else default, encoding="utf-8") as file:
        vectors = json.load(file)
    wrong = 0
    for case in vectors["cases"]:
        found = verdict(case, vectors["bases"])
        if found != case["verdict"]:
            wrong += 1
            print(f"{case['name']}: {found} instead of {case['verdict']}")
    print(f"{len(vectors['cases'])} vectors, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
