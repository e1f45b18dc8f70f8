//! Evidence that a ledger was forked: two signed entries that cannot both belong to one history.
//!
//! A refusal names the two heads; this keeps the entries themselves, so that anybody with the MSP ledger can check them.

use thiserror::Error;

use crate::cbor::{Reader, Writer};
use crate::{DecodeError, Entry, LedgerId, MspState};

/// Why two entries prove nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ForkProofError {
    /// They are of different ledgers, at places too far apart, or the same, or one follows the other.
    #[error("the two entries do not contradict each other")]
    NoContradiction,
    /// One of them was not signed by a device that the MSP ledger names, nor by one that adds itself.
    #[error("an entry is not signed by a known device")]
    Signature,
    /// The bytes are not a proof.
    #[error("not a fork proof: {0}")]
    Decode(#[from] DecodeError),
}

impl ForkProofError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoContradiction => "ledger.fork-proof.no-contradiction",
            Self::Signature => "ledger.fork-proof.signature",
            Self::Decode(_) => "ledger.fork-proof.decode",
        }
    }
}

/// Two entries of one ledger at the same place, or one after the other without descending from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForkProof {
    ours: Entry,
    theirs: Entry,
}

impl ForkProof {
    /// Sets the entry we accepted against the one we were offered.
    ///
    /// # Errors
    /// [`ForkProofError::NoContradiction`].
    pub fn new(ours: Entry, theirs: Entry) -> Result<Self, ForkProofError> {
        // By the id each entry belongs to; two geneses begin two ledgers and contradict nothing.
        let ledger = |entry: &Entry| entry.ledger().unwrap_or_else(|| entry.begins());
        let same_place = theirs.seq() == ours.seq() && theirs.hash() != ours.hash();
        let strangers = ours.seq().checked_add(1) == Some(theirs.seq()) && theirs.prev() != Some(ours.hash());
        if ledger(&ours) == ledger(&theirs) && (same_place || strangers) {
            Ok(Self { ours, theirs })
        } else {
            Err(ForkProofError::NoContradiction)
        }
    }

    /// The ledger that was forked.
    pub fn ledger(&self) -> LedgerId {
        self.ours.ledger().unwrap_or_else(|| self.ours.begins())
    }

    /// The entry accepted here.
    pub fn ours(&self) -> &Entry {
        &self.ours
    }

    /// The entry offered.
    pub fn theirs(&self) -> &Entry {
        &self.theirs
    }

    /// Checks both signatures against devices that the MSP ledger names, revoked ones included. A device that adds itself
    /// by its member's identity counts as well: the history that it was added in may be the one this reader never saw, and
    /// a fork that begins there must be provable, too.
    ///
    /// # Errors
    /// [`ForkProofError::Signature`].
    pub fn verify(&self, msp: &MspState) -> Result<(), ForkProofError> {
        let signed = |entry: &Entry| {
            let known = msp.device(&entry.device()).filter(|device| device.member == entry.member());
            known.is_some_and(|device| entry.verify(&device.key).is_ok()) || msp.is_own_addition(entry)
        };
        if signed(&self.ours) && signed(&self.theirs) { Ok(()) } else { Err(ForkProofError::Signature) }
    }

    /// To hand to somebody else: `[ours, theirs]`, both as byte strings.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.array(2);
        out.bytes(self.ours.bytes());
        out.bytes(self.theirs.bytes());
        out.finish()
    }

    /// Reads what [`ForkProof::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`ForkProofError::Decode`] or [`ForkProofError::NoContradiction`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ForkProofError> {
        let mut input = Reader::new(bytes);
        if input.array()? != 2 {
            return Err(DecodeError::Length.into());
        }
        let ours = Entry::decode(input.bytes()?)?;
        let theirs = Entry::decode(input.bytes()?)?;
        input.end()?;
        Self::new(ours, theirs)
    }
}
