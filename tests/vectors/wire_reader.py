"""A second reader of what client and backend say to each other, written from docs/formats.md ("Backend").

Reads tests/vectors/ledger/wire.json and must come to the verdict that stands beside each vector.

    python3 tests/vectors/wire_reader.py [FILE]      ends with 0 when all verdicts agree
"""

import json
import pathlib
import sys

from ledger_reader import HEAD, ID, KEY, MAX_ENTRY, SIG, Reader, Refused, boolean, malformed, many, may, must, record
from ledger_reader import sealed, u32, u64

MAX_BODY = 4 << 20
ENTRIES, OBJECTS = many(sealed(1, MAX_ENTRY)), many(sealed(1, 257 << 10))
LETTER, BLOB = sealed(1, 16384), sealed(1, 4096)
START = record(must(0, KEY), must(1, u64))

MESSAGES = {
    "Backend": record(must(0, ID), must(1, KEY), must(2, u64), must(3, SIG)),
    "Register": record(must(0, sealed(1, MAX_ENTRY))),
    "Append": record(must(0, ENTRIES), must(1, OBJECTS)),
    "Appended": record(must(0, u64)),
    "Changes": record(must(0, u64), must(1, boolean), must(2, many(record(must(0, KEY), must(1, HEAD))))),
    "EntriesWanted": record(must(0, many(START)), must(1, many(START))),
    "Entries": record(must(0, ENTRIES), must(1, boolean)),
    "ObjectsWanted": record(must(0, many(record(must(0, KEY), must(1, KEY))))),
    "Objects": record(must(0, OBJECTS), must(1, u32)),
    "Invitation": record(must(0, u32), must(1, LETTER)),
    "InvitationAnswer": record(may(0, LETTER)),
    "EnrolmentPut": record(must(0, BLOB)),
    "Enrolment": record(must(0, KEY), must(1, ID), must(2, BLOB)),
}


def verdict(case):
    data = bytes.fromhex(case["bytes"])
    try:
        if len(data) > MAX_BODY:
            malformed("too-large")
        reader = Reader(data)
        MESSAGES[case["message"]](reader)
        reader.end()
        return "ok"
    except Refused as refusal:
        return str(refusal)


def main():
    default = pathlib.Path(__file__).parent / "ledger" / "wire.json"
    with open(sys.argv[1] if len(sys.argv) > 1 else default, encoding="utf-8") as file:
        cases = json.load(file)["cases"]
    wrong = 0
    for case in cases:
        found = verdict(case)
        if found != case["verdict"]:
            wrong += 1
            print(f"{case['name']}: {found} instead of {case['verdict']}")
    print(f"{len(cases)} vectors, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
