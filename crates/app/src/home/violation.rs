//! What a home did that it should not do, as an error: each with what shows it, since whoever runs the backend has to explain it.

use crate::error::Error;
use vitrine_ledger::{Entry, EntryHash, Head, LedgerId, MspState, Refusal};

const ANOTHER: &str = "The vault's home shows another history than this device has seen.";
const OLDER: &str = "The vault's home knows less than this device has seen: it was put back to an older state.";

/// Whether a device of this vault, past or present, signed it.
pub(super) fn signed(msp: &MspState, entry: &Entry) -> Result<(), Refusal> {
    let device = entry.device();
    entry.verify(&msp.device(&device).ok_or(Refusal::Device { device })?.key)
}

/// An entry, or what should be one, that does not belong there.
pub(super) fn refused(ledger: &LedgerId, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    violation("home.refused-entry", "The vault's home offers something that the signed history does not allow.")
        .details(format!("ledger {ledger}: {error}"))
}

/// The same of one entry, which shows another history if it is a device's of this vault and only in the wrong place.
pub(super) fn refused_at(msp: &MspState, ledger: &LedgerId, entry: &Entry, refusal: Refusal) -> Error {
    match refusal {
        Refusal::Fork { ours, theirs } if signed(msp, entry).is_ok() => violation("home.forked", ANOTHER)
            .details(format!("ledger {ledger}: here {} {}, there {} {}", ours.seq, ours.hash, theirs.seq, theirs.hash)),
        refusal => refused(ledger, refusal),
    }
}

/// What the home says to have at a place, and does not give.
pub(super) fn entry_withheld(ledger: &LedgerId, seq: u64, there: &str) -> Error {
    violation("home.entry-withheld", "The vault's home names an entry of the history and does not hand it out.")
        .details(format!("ledger {ledger} at {seq}: there {there}"))
}

/// An organization stands in the MSP's ledger, and nothing is given of its own.
pub(super) fn ledger_withheld(ledger: &LedgerId) -> Error {
    violation("home.ledger-withheld", "The vault's home does not hand out an organization that the vault has.")
        .details(format!("ledger {ledger}"))
}

/// Page after page is promised.
pub(super) fn endless() -> Error {
    violation("home.endless", "What the vault's home says to have changed has no end.")
}

/// An item names an object, and it is not given.
pub(super) fn withheld(ledger: &LedgerId) -> Error {
    violation("home.object-withheld", "The vault's home names a stored item and does not hand it out.")
        .details(format!("ledger {ledger}"))
}

/// The home's numbers only rise.
pub(super) fn numbers_gone_back(ours: u64, theirs: u64) -> Error {
    violation("home.rolled-back", OLDER).details(format!("entries of all ledgers: {ours} seen here, {theirs} there"))
}

/// The home's head stands before the one here.
pub(super) fn rolled_back(ledger: &LedgerId, ours: Head, theirs: Head) -> Error {
    violation("home.rolled-back", OLDER)
        .details(format!("ledger {ledger}: here {} {}, there {} {}", ours.seq, ours.hash, theirs.seq, theirs.hash))
}

/// The home has another entry at a place where this device has one.
pub(super) fn forked(ledger: &LedgerId, theirs: Head, ours: Option<EntryHash>) -> Error {
    let ours = ours.map_or_else(|| "nothing".to_owned(), |hash| hash.to_string());
    violation("home.forked", ANOTHER)
        .details(format!("ledger {ledger} at {}: here {ours}, there {}", theirs.seq, theirs.hash))
}

fn violation(code: &str, what: &str) -> Error {
    Error::integrity(code, what, "Do not trust it until its operator has explained this; copy the details.")
        .holds("Nothing of it was taken. What this device has stays, and can be viewed.")
}
