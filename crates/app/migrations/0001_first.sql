-- The first layout. Frozen: a released migration is never edited, a change is a new file.
--
-- Everything here is ciphertext, a hash, a signature or a random id. Entries and objects are ordinary rowid tables, so
-- that they are appended in the order of arrival and fill their pages; clustered on a random hash they would leave a
-- third of the file empty.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY NOT NULL,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- One small number for each 32-byte ledger id: entries and their index repeat the number, not the id.
CREATE TABLE ledgers (
    id     INTEGER PRIMARY KEY,
    ledger BLOB NOT NULL UNIQUE
) STRICT;

-- The uniqueness of (ledger, seq) is the compare-and-swap of an append.
CREATE TABLE entries (
    id     INTEGER PRIMARY KEY,
    ledger INTEGER NOT NULL REFERENCES ledgers (id),
    seq    INTEGER NOT NULL,
    bytes  BLOB NOT NULL,
    UNIQUE (ledger, seq)
) STRICT;

CREATE TABLE objects (
    id    INTEGER PRIMARY KEY,
    hash  BLOB NOT NULL UNIQUE,
    bytes BLOB NOT NULL
) STRICT;

-- Sealed pages of the local index; row 0 is the sealed root record.
CREATE TABLE pages (
    id    INTEGER PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT;
