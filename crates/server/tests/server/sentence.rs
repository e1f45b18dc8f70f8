//! The sentence of the design on what a backend learns, and which column each piece of it allows. Kept by itself, because
//! it is held against the schema here and against stolen databases elsewhere.

/// The design's sentence, piece by piece, and the columns that each piece allows: "It learns random ids of members,
/// devices, teams, organizations and items; roles, kinds, times, size buckets, who fetches which organization,
/// addresses; so it can infer rotation times. Nothing else." Who fetches what, and from where, passes by and is not
/// stored at all.
pub(crate) const LEARNS: &[(&str, &[&str])] = &[
    // The backend's own.
    ("its own id", &["backend.id"]),
    (
        "ids of organizations (and of the MSP): hashes of signed entries, which are random",
        &[
            "msps.msp",
            "ledgers.ledger",
            "ledgers.msp",
            "entries.ledger",
            "objects.ledger",
            "invitations.msp",
            "enrolments.msp",
        ],
    ),
    ("ids of members", &["enrolments.member"]),
    // Signed in the open, for the ledger's rules: ids, roles, kinds, times; names, keys and records inside are sealed.
    ("ids of members, devices, teams and items, roles, kinds, times", &["entries.entry", "ledgers.state"]),
    ("order, which is the order of requests", &["msps.cursor", "ledgers.cursor", "ledgers.seq", "entries.seq"]),
    ("hashes of what is stored in any case", &["ledgers.hash", "entries.hash", "objects.hash"]),
    ("size buckets", &["objects.object", "msps.bytes"]),
    ("times", &["objects.released_ms", "invitations.expires_ms", "enrolments.written_s"]),
    ("hashes of unguessable addresses", &["invitations.locator", "enrolments.locator"]),
    ("sealed by secrets that never come here", &["invitations.letter", "invitations.answer", "enrolments.blob"]),
];
