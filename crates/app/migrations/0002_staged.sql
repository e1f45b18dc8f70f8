-- What arrives while the vault is locked: signed entries and sealed objects as they came, judged by nobody and in no ledger yet,
-- and gone once they were taken or thrown away.

CREATE TABLE staged_entries (
    ledger BLOB NOT NULL,
    seq    INTEGER NOT NULL,
    bytes  BLOB NOT NULL,
    UNIQUE (ledger, seq)
) STRICT;

CREATE TABLE staged_objects (
    hash  BLOB NOT NULL UNIQUE,
    bytes BLOB NOT NULL
) STRICT;
