#!/usr/bin/env python3
"""A second reader of the frozen vectors, written from docs/formats.md and not from the Rust code.

It judges every case and fails when a verdict or an opened content differs from what the file says. So a format is what
is written down, not what one program happens to do.

Needs Python 3.11 and the packages in requirements.txt beside it. Usage: reader.py [FOLDER ...]; without an argument it
reads every folder beside it that it has a reader for.
"""

import base64
import hashlib
import hmac
import json
import struct
import sys
import unicodedata
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

SUITE = 1


class Refused(Exception):
    """The bytes are not taken."""


def require(condition):
    if not condition:
        raise Refused


# --- Strict CBOR -----------------------------------------------------------------------------------------------------


class Cbor:
    """One value in the strict form; maps become dicts, lists become lists."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        require(self.at + count <= len(self.data))
        self.at += count
        return self.data[self.at - count : self.at]

    def head(self):
        first = self.take(1)[0]
        major, low = first >> 5, first & 31
        if low < 24:
            return major, low
        require(low <= 27 and major != 7)
        width = 1 << (low - 24)
        argument = int.from_bytes(self.take(width), "big")
        require(argument >= (24, 1 << 8, 1 << 16, 1 << 32)[low - 24])
        return major, argument

    def value(self, depth=0):
        major, argument = self.head()
        if major == 0:
            return argument
        if major == 2:
            return self.take(argument)
        if major == 3:
            try:
                return self.take(argument).decode("utf-8")
            except UnicodeDecodeError:
                raise Refused from None
        if major in (4, 5):
            require(depth < 8)
        if major == 4:
            items = []
            while len(items) < argument:
                items.append(self.value(depth + 1))
            return items
        if major == 5:
            fields, last = {}, -1
            while len(fields) < argument:
                key_major, key = self.head()
                require(key_major == 0 and key > last)
                fields[key], last = self.value(depth + 1), key
            return fields
        require(major == 7 and argument in (20, 21))
        return argument == 21


def cbor(data, cap):
    require(len(data) <= cap)
    reader = Cbor(data)
    value = reader.value()
    require(reader.at == len(data))
    return value


def fields(data, cap, types):
    """The values of a map that must have exactly these keys; a type is a length of bytes, `bytes`, `str`, or a bound of a number."""
    value = cbor(data, cap)
    require(isinstance(value, dict) and list(value) == list(types))
    for key, kind in types.items():
        one = value[key]
        if kind is bytes or kind is str:
            require(isinstance(one, kind))
        elif isinstance(kind, tuple):
            require(type(one) is int and one < kind[0])
        else:
            require(isinstance(one, bytes) and len(one) == kind)
    return list(value.values())


U8, U16, U32, U64 = (1 << 8,), (1 << 16,), (1 << 32,), (1 << 64,)

# --- Derivation and sealing ------------------------------------------------------------------------------------------


def info(label, *parts):
    text = label.encode()
    return struct.pack(">H", len(text)) + text + b"".join(struct.pack(">I", len(part)) + part for part in parts)


def derive(material, label, *parts, length=32):
    return HKDF(hashes.SHA256(), length, None, info(label, *parts)).derive(material)


def hchacha20(key, nonce):
    """The subkey of XChaCha20 (draft-irtf-cfrg-xchacha, section 2.2)."""
    state = list(struct.unpack("<16I", b"expand 32-byte k" + key + nonce))

    def quarter(a, b, c, d):
        for left, right, into, by in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            state[left] = (state[left] + state[right]) & 0xFFFFFFFF
            mixed = state[into] ^ state[left]
            state[into] = ((mixed << by) | (mixed >> (32 - by))) & 0xFFFFFFFF

    for _ in range(10):
        for column in ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15)):
            quarter(*column)
        for diagonal in ((0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)):
            quarter(*diagonal)
    return struct.pack("<8I", *state[:4], *state[12:])


def decrypt(key, nonce, aad, sealed):
    require(len(sealed) >= 16)
    try:
        return ChaCha20Poly1305(hchacha20(key, nonce[:16])).decrypt(b"\0\0\0\0" + nonce[16:], sealed, aad)
    except InvalidTag:
        raise Refused from None


def open_sealed(key, label, context, sealed):
    require(len(sealed) >= 72)
    commitment, nonce, rest = sealed[:32], sealed[32:56], sealed[56:]
    okm = derive(key, label, context, length=96)
    require(hmac.compare_digest(okm[64:], commitment))
    return decrypt(okm[:32], nonce, info(label, context), rest)


def object_bucket(length):
    step = 1024 if length <= 4096 else 4096
    return max(step, -(-length // step) * step)


def body_bucket(length):
    return max(256, -(-length // 256) * 256)


def unpad(padded, bucket):
    require(len(padded) >= 4)
    length = int.from_bytes(padded[:4], "big")
    require(4 + length <= len(padded) and bucket(4 + length) == len(padded))
    require(not any(padded[4 + length :]))
    return padded[4 : 4 + length]


# --- Formats ---------------------------------------------------------------------------------------------------------


def read_cbor(case):
    cbor(case["bytes"], 65536)
    return {}


HEADER = {1: U8, 2: U8, 3: 32, 4: 16, 5: U64, 6: U32, 7: 16, 8: U64, 9: U16}
HEADER_NAMES = ("suite", "kind", "ledger", "item", "version", "epoch", "author", "counter", "schema")


def read_object(case):
    cap = 257 * 1024
    header, commitment, nonce, wrapped, ciphertext = fields(
        case["bytes"], cap, {1: bytes, 2: bytes, 3: 24, 4: bytes, 5: bytes}
    )
    found = dict(zip(HEADER_NAMES, fields(header, cap, HEADER)))
    require(found["suite"] == SUITE and 1 <= found["kind"] <= 5)
    require(found == {name: unhex(value) for name, value in case["expected"].items()})
    wrap_key = derive(case["key"], "vitrine/1/object/wrap", header)
    content_key = decrypt(wrap_key, nonce, info("vitrine/1/object/wrap", header), wrapped)
    require(len(content_key) == 32)
    okm = derive(content_key, "vitrine/1/object/content", header, length=96)
    require(hmac.compare_digest(okm[64:], commitment))
    padded = decrypt(okm[:32], nonce, info("vitrine/1/object/content", header), ciphertext)
    return {"content": unpad(padded, object_bucket)}


def read_page(case):
    data = case["bytes"]
    require(40 <= len(data) <= 65536)
    key = derive(case["local"], "vitrine/1/page", length=64)[:32]
    place = info("vitrine/1/page", struct.pack(">Q", case["page"]), struct.pack(">Q", case["generation"]))
    return {"content": decrypt(key, data[:24], place, data[24:])}


def read_body(case):
    require(len(case["bytes"]) <= 72 + body_bucket(4 + 65536))
    padded = open_sealed(case["key"], "vitrine/1/body/" + case["kind"], case["context"], case["bytes"])
    return {"content": unpad(padded, body_bucket)}


def read_box(data, has_device):
    header, sealed = fields(data, 1024, {1: bytes, 2: bytes})
    types = {1: U8, 2: 16, 3: 16, 4: 32, 5: U32, 6: U32, 7: U32, 8: 16}
    if not has_device:
        del types[3]
    values = fields(header, 1024, types)
    memory, passes, lanes, salt = values[-4:]
    require(values[0] == SUITE)
    require(65536 <= memory <= 1048576 and 3 <= passes <= 16 and 1 <= lanes <= 8)
    return header, sealed, (memory, passes, lanes, salt)


def stretch(passphrase, cost):
    memory, passes, lanes, salt = cost
    normal = unicodedata.normalize("NFKC", passphrase).encode()
    return Argon2id(salt=salt, length=32, iterations=passes, lanes=lanes, memory_cost=memory).derive(normal)


def of_root(root):
    require(len(root) == 32)
    identity = Ed25519PrivateKey.from_private_bytes(derive(root, "vitrine/1/identity"))
    encryption = X25519PrivateKey.from_private_bytes(derive(root, "vitrine/1/encryption"))
    return {
        "identity": identity.public_key().public_bytes_raw(),
        "encryption": encryption.public_key().public_bytes_raw(),
    }


def read_lockbox(case):
    header, sealed, cost = read_box(case["bytes"], True)
    key = stretch(case["passphrase"], cost) + case["device_secret"]
    root, seed, local = fields(open_sealed(key, "vitrine/1/lockbox", header, sealed), 1024, {1: 32, 2: 32, 3: 32})
    device = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    return {**of_root(root), "device": device, "local": local}


def read_enrolment(case):
    header, sealed, cost = read_box(case["bytes"], False)
    key = stretch(case["passphrase"], cost) + read_code_text("secret", case["secret_code"])
    return of_root(open_sealed(key, "vitrine/1/enrolment", header, sealed))


def read_sheet(case):
    header, sealed = fields(case["bytes"], 1024, {1: bytes, 2: bytes})
    suite, _, _ = fields(header, 1024, {1: U8, 2: 16, 3: 32})
    require(suite == SUITE)
    return of_root(open_sealed(read_code_text("sheet", case["code"]), "vitrine/1/sheet", header, sealed))


def times(left, right):
    """GF(256) modulo x^8 + x^4 + x^3 + x^2 + 1."""
    product = 0
    while right:
        product ^= left * (right & 1)
        left = left << 1 ^ (left >> 7) * 0x11D
        right >>= 1
    return product


def inverse(value):
    return next(other for other in range(1, 256) if times(value, other) == 1)


def read_shares(case):
    header, sealed = fields(case["bytes"], 1024, {1: bytes, 2: bytes})
    suite, _, _, needed, commitments = fields(header, 1024, {1: U8, 2: 16, 3: 32, 4: U8, 5: bytes})
    holders, rest = divmod(len(commitments), 32)
    require(suite == SUITE and rest == 0 and 2 <= needed <= holders <= 16)
    tag = hashlib.sha256(info("vitrine/1/sheet/split", bytes([SUITE, needed]), commitments)).digest()[:4]
    shares = {}
    for code in filter(None, case["codes"].split("  ")):
        content = read_code_text("share", code)
        number, value = content[5], content[6:]
        require(content[:5] == tag + bytes([needed]) and 1 <= number <= holders and number not in shares)
        committed = hashlib.sha256(info("vitrine/1/sheet/share", bytes([SUITE, number])) + value).digest()
        require(committed == commitments[32 * number - 32 : 32 * number])
        shares[number] = value
    require(len(shares) >= needed)
    key = [0] * 32
    for number, value in shares.items():
        weight = 1
        for other in shares.keys() - {number}:
            weight = times(weight, times(other, inverse(other ^ number)))
        key = [byte ^ times(weight, part) for byte, part in zip(key, value, strict=True)]
    return of_root(open_sealed(bytes(key), "vitrine/1/sheet", header, sealed))


ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_BYTES = {"secret": 20, "vault": 48, "sheet": 32, "share": 38}
DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u00ad"


def multiply(left, right):
    product = 0
    for bit in range(5):
        if right >> bit & 1:
            product ^= left << bit
    for bit in range(8, 4, -1):
        if product >> bit & 1:
            product ^= 0x25 << (bit - 5)
    return product


def read_code_text(kind, text):
    clean = [character for character in text if not character.isspace() and character not in DASHES]
    symbols = []
    for character in clean:
        upper = character.upper() if character.isascii() else character
        place = ALPHABET.find({"O": "0", "I": "1", "L": "1"}.get(upper, upper))
        require(place >= 0)
        symbols.append(place)
    size = CODE_BYTES[kind]
    content_groups = -(-size * 8 // 15)
    require(len(symbols) == 4 * (content_groups + 1))
    content = []
    for index in range(content_groups + 1):
        group = symbols[4 * index : 4 * index + 4]
        check = index % 32
        for weight, symbol in zip((2, 4, 8), group):
            check ^= multiply(weight, symbol)
        require(check == group[3])
        content += group[:3]
    number = 0
    for symbol in content[:-3]:
        number = number << 5 | symbol
    spare = content_groups * 15 - size * 8
    require(number & ((1 << spare) - 1) == 0)
    data = (number >> spare).to_bytes(size, "big")
    digest = hashlib.sha256(info("vitrine/1/code/" + kind) + data).digest()
    first = int.from_bytes(digest[:2], "big") >> 1
    require(content[-3:] == [first >> 10, first >> 5 & 31, first & 31])
    return data


def read_code(case):
    return {"content": read_code_text(case["kind"], case["text"])}


INVITATION = "vitrine-invitation-1."
WORD_LIST = Path(__file__).parents[2] / "crates" / "vault" / "src" / "words.txt"


def invitation(code):
    """The genesis that a code pins, and what follows from its secret."""
    text = "".join(code.split())
    require(text.startswith(INVITATION))
    encoded = text[len(INVITATION) :]
    try:
        data = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise Refused from None
    require(base64.urlsafe_b64encode(data).rstrip(b"=").decode() == encoded and len(data) > 6)
    content, total = data[:-6], data[-6:]
    require(hashlib.sha256(INVITATION.encode() + content).digest()[:6] == total)
    types = {1: U8, 2: 32, 3: U64, 4: 32, 5: U64, 6: str, 7: 32}
    suite, genesis, seq, head, ends, address, secret = fields(content, 2048, types)
    require(suite == SUITE)
    context = genesis + struct.pack(">Q", seq) + head + struct.pack(">Q", ends) + address.encode()

    def follows(name, *more, length=32):
        return derive(secret, "vitrine/1/invite/" + name, context, *more, length=length)

    return genesis, follows


def read_invite(case):
    _, follows = invitation(case["code"])
    letters = follows("letters")
    offer = unpad(open_sealed(letters, "vitrine/1/invite/offer", b"", case["offer"]), body_bucket)
    _, _, _, backend = fields(offer, 8192, {1: str, 2: str, 3: U8, 4: 16})
    answer = unpad(open_sealed(letters, "vitrine/1/invite/answer", b"", case["answer"]), body_bucket)
    types = {1: 16, 2: 32, 3: 32, 4: 16, 5: 32, 6: 32, 7: str, 8: str}
    member, identity, encryption, device, device_key, transport, _, _ = fields(answer, 8192, types)
    numbers = follows("words", member + identity + encryption + device + device_key + transport, length=32)
    words = WORD_LIST.read_text(encoding="utf-8").splitlines()
    drawn = [words[number % len(words)] for number in struct.unpack(">8I", numbers)]
    return {
        "locator": follows("locator"),
        "commitment": follows("commitment"),
        "backend": backend,
        "member": member,
        "identity": identity,
        "encryption": encryption,
        "device": device,
        "device_key": device_key,
        "transport": transport,
        "text": " ".join(drawn),
    }


RECORDS = {1: 2048, 2: 1024, 3: 1024, 4: 1 << 20, 5: 257 * 1024, 6: 128}


def read_backup(case):
    data, at = case["bytes"], 16
    require(data[:16] == b"vitrine backup 1")
    counts = {4: 0, 5: 0}
    while True:
        require(at + 5 <= len(data))
        kind, length = data[at], int.from_bytes(data[at + 1 : at + 5], "big")
        require((kind == 1) == (at == 16) and kind in RECORDS and length <= RECORDS[kind])
        content = data[at + 5 : at + 5 + length]
        require(len(content) == length)
        if kind == 1:
            suite, _, _, _, home = fields(content, 2048, {1: U8, 2: 16, 3: 32, 4: U64, 5: str})
            require(suite == SUITE and len(home.encode()) <= 1024)
        if kind == 6:
            break
        if kind in counts:
            counts[kind] += 1
        at += 5 + length
    entries, objects, digest = fields(content, 128, {1: U64, 2: U64, 3: 32})
    require((entries, objects) == (counts[4], counts[5]))
    require(hashlib.sha256(info("vitrine/1/backup") + data[:at]).digest() == digest)
    require(at + 5 + length == len(data))
    return {"entries": entries, "objects": objects}


def hpke_open(private, wrapped, hpke_info):
    """RFC 9180 base mode: X25519, HKDF-SHA-256, ChaCha20-Poly1305; first message, no associated data."""
    kem, suite = b"KEM" + b"\x00\x20", b"HPKE" + b"\x00\x20\x00\x01\x00\x03"

    def extract(salt, suite_id, label, material):
        return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite_id + label + material, "sha256")

    def expand(key, suite_id, label, context, length):
        labelled = struct.pack(">H", length) + b"HPKE-v1" + suite_id + label + context
        return HKDFExpand(hashes.SHA256(), length, labelled).derive(key)

    encapsulated, ciphertext = wrapped[:32], wrapped[32:]
    secret = X25519PrivateKey.from_private_bytes(private)
    try:
        shared = secret.exchange(X25519PublicKey.from_public_bytes(encapsulated))
    except ValueError:
        raise Refused from None
    context = encapsulated + secret.public_key().public_bytes_raw()
    shared = expand(extract(b"", kem, b"eae_prk", shared), kem, b"shared_secret", context, 32)
    schedule = b"\0" + extract(b"", suite, b"psk_id_hash", b"") + extract(b"", suite, b"info_hash", hpke_info)
    secret = extract(shared, suite, b"secret", b"")
    key, nonce = expand(secret, suite, b"key", schedule, 32), expand(secret, suite, b"base_nonce", schedule, 12)
    try:
        return ChaCha20Poly1305(key).decrypt(nonce, ciphertext, b"")
    except InvalidTag:
        raise Refused from None


def read_wrap(case):
    require(len(case["bytes"]) == 80)
    which = bytes([case["which"][0]]) + b"".join(bytes.fromhex(part) for part in case["which"][1:])
    epoch = struct.pack(">I", case["epoch"])
    hpke_info = info("vitrine/1/epoch/wrap", case["ledger"], epoch, case["recipient"], which, case["commitment"])
    key = hpke_open(case["private"], case["bytes"], hpke_info)
    own = derive(key, "vitrine/1/epoch/commitment", which, case["ledger"], epoch)
    require(hmac.compare_digest(own, case["commitment"]))
    return {"key": key}


def read_root(case, ledger, private, wrapped):
    require(len(wrapped) == 112)
    which, epoch = b"\x08", bytes(4)
    commitment = wrapped[:32]
    hpke_info = info("vitrine/1/epoch/wrap", ledger, epoch, case["device"], which, commitment)
    root = hpke_open(private, wrapped[32:], hpke_info)
    own = derive(root, "vitrine/1/epoch/commitment", which, ledger, epoch)
    require(hmac.compare_digest(own, commitment))
    return root


def read_handover(case):
    if case["kind"] == "renewal":
        # The signing key of a device as one of X25519; the exchange clamps it.
        private = hashlib.sha512(case["private"]).digest()[:32]
        return {"root": read_root(case, case["ledger"], private, case["bytes"])}
    genesis, follows = invitation(case["code"])
    letter = unpad(open_sealed(follows("letters"), "vitrine/1/invite/handover", b"", case["bytes"]), body_bucket)
    wrapped, sealed = fields(letter, 1024, {1: bytes, 2: bytes})
    root = read_root(case, genesis, case["private"], wrapped)
    account_secret = open_sealed(root, "vitrine/1/account-secret", b"", sealed)
    require(len(account_secret) == 20)
    return {"locator": follows("handover/locator"), "root": root, "account_secret": account_secret}


# --- Judging ---------------------------------------------------------------------------------------------------------

READERS = {
    "vault": {
        "cbor": read_cbor,
        "object": read_object,
        "page": read_page,
        "body": read_body,
        "lockbox": read_lockbox,
        "enrolment": read_enrolment,
        "sheet": read_sheet,
        "shares": read_shares,
        "code": read_code,
        "backup": read_backup,
        "wrap": read_wrap,
        "invite": read_invite,
        "handover": read_handover,
    }
}

# What a case says in words; everything else that is text is hexadecimal.
WORDS = {"name", "verdict", "passphrase", "secret_code", "code", "codes", "text", "kind"}


def unhex(value):
    return bytes.fromhex(value) if isinstance(value, str) else value


def judge(read, raw):
    """What is wrong with a case, or None."""
    case = {name: value if name in WORDS else unhex(value) for name, value in raw.items()}
    try:
        found = read(case)
    except Refused:
        return None if case["verdict"] == "refuse" else "refused, and must be accepted"
    if case["verdict"] != "accept":
        return "accepted, and must be refused"
    wrong = [name for name, value in found.items() if name in case and case[name] != value]
    return f"another {', '.join(wrong)} was opened" if wrong else None


def main(folders):
    here = Path(__file__).parent
    failed = total = refused = 0
    for folder in folders or [here / name for name in READERS]:
        readers = READERS[Path(folder).name]
        files = {path.stem: path for path in sorted(Path(folder).glob("*.json"))}
        if files.keys() != readers.keys():
            print(f"{folder}: files and readers differ: {sorted(files.keys() ^ readers.keys())}")
            return 1
        for name, path in files.items():
            for raw in json.loads(path.read_text(encoding="utf-8"))["cases"]:
                total += 1
                refused += raw["verdict"] == "refuse"
                if wrong := judge(readers[name], raw):
                    failed += 1
                    print(f"{name}: {raw['name']}: {wrong}")
    print(f"{total} cases, {refused} of them to be refused, {failed} judged differently")
    return 1 if failed or not total else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
