//! Why bytes or an entry were not taken. Every reason has a stable code; the interface picks its words by it.

use thiserror::Error;

use crate::{Action, DeviceId, EntryHash, Head, ItemId, LedgerId, MemberId, Role, TeamId};

/// Bytes that are not an entry in its one encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// More bytes than any entry has.
    #[error("larger than an entry can be")]
    TooLarge,
    /// Not CBOR, cut short, of another type than expected, or of indefinite length.
    #[error("malformed or cut short")]
    Malformed,
    /// A number or length in a longer form than needed.
    #[error("a number is not in its shortest form")]
    NotShortest,
    /// Bytes after the end.
    #[error("bytes after the end")]
    Trailing,
    /// A key that is unknown, repeated or out of order.
    #[error("field {key} is unknown, repeated or out of order")]
    UnknownField {
        /// The key.
        key: u64,
    },
    /// A field that must be there is not.
    #[error("field {key} is missing")]
    MissingField {
        /// The key.
        key: u64,
    },
    /// A byte string or array of a length that its type does not allow.
    #[error("wrong length")]
    Length,
    /// A number beyond its type.
    #[error("number out of range")]
    Range,
    /// Ids that do not rise.
    #[error("ids are not in rising order")]
    Order,
    /// A number that stands for nothing known.
    #[error("unknown code")]
    UnknownCode,
    /// A kind of entry that is not known.
    #[error("unknown kind {kind}")]
    UnknownKind {
        /// The kind.
        kind: u64,
    },
    /// A suite that this version does not speak; it fails closed.
    #[error("unknown suite {suite}")]
    UnknownSuite {
        /// The suite.
        suite: u64,
    },
}

impl DecodeError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "ledger.decode.too-large",
            Self::Malformed => "ledger.decode.malformed",
            Self::NotShortest => "ledger.decode.not-shortest",
            Self::Trailing => "ledger.decode.trailing",
            Self::UnknownField { .. } => "ledger.decode.unknown-field",
            Self::MissingField { .. } => "ledger.decode.missing-field",
            Self::Length => "ledger.decode.length",
            Self::Range => "ledger.decode.range",
            Self::Order => "ledger.decode.order",
            Self::UnknownCode => "ledger.decode.unknown-code",
            Self::UnknownKind { .. } => "ledger.decode.unknown-kind",
            Self::UnknownSuite { .. } => "ledger.decode.unknown-suite",
        }
    }
}

/// A draft that could not become an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DraftError {
    /// The body is too large for one entry.
    #[error("too large for one entry")]
    TooLarge,
    /// The signer failed; no entry was made.
    #[error("the signer failed")]
    Signer,
}

impl DraftError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "ledger.draft.too-large",
            Self::Signer => "ledger.draft.signer",
        }
    }
}

/// An entry that `apply` did not take. The state before it stays as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The entry belongs to another ledger.
    #[error("entry of another ledger")]
    WrongLedger {
        /// The ledger it names; `None` in a genesis.
        found: Option<LedgerId>,
    },
    /// A ledger begins with a genesis, and only begins with one.
    #[error("a genesis stands at the beginning and only there")]
    Genesis,
    /// The kind belongs to the other sort of ledger.
    #[error("a kind of the other sort of ledger")]
    WrongKind,
    /// Not the next entry; something between is missing.
    #[error("entry {found} where {expected} was expected")]
    Gap {
        /// The next place.
        expected: u64,
        /// The place it claims.
        found: u64,
    },
    /// A place that is already taken. If the entry is not the one accepted there, the ledger was forked: compare with
    /// the stored entry and keep [`crate::ForkProof`].
    #[error("place {} is already taken", theirs.seq)]
    Taken {
        /// The head accepted.
        ours: Head,
        /// The entry offered.
        theirs: Head,
    },
    /// The entry does not descend from the accepted head.
    #[error("does not descend from the accepted head")]
    Fork {
        /// The head accepted.
        ours: Head,
        /// The entry offered.
        theirs: Head,
    },
    /// The author's device is unknown, revoked, or not of that member.
    #[error("device not valid here")]
    Device {
        /// The device it names.
        device: DeviceId,
    },
    /// The author is unknown, has not joined, or was removed.
    #[error("member not valid here")]
    Member {
        /// The member it names.
        member: MemberId,
    },
    /// The signature does not stand.
    #[error("signature does not stand")]
    Signature,
    /// The identity's signature inside does not stand.
    #[error("proof of identity does not stand")]
    Proof,
    /// The author's role does not allow it.
    #[error("not allowed for this role")]
    NotAllowed {
        /// The role there.
        role: Role,
        /// The act.
        action: Action,
    },
    /// The author has no access to this organization at the level needed.
    #[error("no access to this organization")]
    NoAccess {
        /// The author.
        member: MemberId,
    },
    /// Not from the device that is the home.
    #[error("not accepted at the home")]
    NotHome {
        /// The device it came from.
        device: DeviceId,
    },
    /// The device is the home; move the home first.
    #[error("the device is the home")]
    IsHome {
        /// The device.
        device: DeviceId,
    },
    /// The last owner, or its last device, would be gone.
    #[error("the last owner would be gone")]
    LastOwner,
    /// The member that the entry is about is unknown, removed or not joined.
    #[error("the member it is about is not valid")]
    Subject {
        /// That member.
        member: MemberId,
    },
    /// The device that the entry is about is unknown or revoked.
    #[error("the device it is about is not valid")]
    SubjectDevice {
        /// That device.
        device: DeviceId,
    },
    /// An id or key that was used before.
    #[error("an id or key was used before")]
    Reused,
    /// A public key that anybody could compute with.
    #[error("a weak public key")]
    WeakKey,
    /// The role does not fit: an owner by invitation, a person as rotator, a rotator with two devices.
    #[error("the role does not fit")]
    RoleUnfit {
        /// The role.
        role: Role,
    },
    /// Nothing is pending under this hash, or its own author approves it.
    #[error("nothing here to approve")]
    NotPending {
        /// What was to be approved.
        entry: EntryHash,
    },
    /// An epoch that is not one more than the last, or a previous key where there is none, or none where there is one.
    #[error("epoch {found} where {expected} was expected")]
    Epoch {
        /// The next epoch.
        expected: u32,
        /// The epoch it claims.
        found: u32,
    },
    /// The recipients are not those the ledger calls for, or not in rising order.
    #[error("not the recipients that the ledger calls for")]
    Recipients,
    /// The team is unknown, of another kind, or still holds a member who left since its epoch.
    #[error("team not valid here")]
    Team {
        /// The team.
        team: TeamId,
    },
    /// An organization entry without witness, or an MSP entry with one.
    #[error("witness missing or out of place")]
    Witness,
    /// The witness is newer than the MSP ledger known here: fetch that first.
    #[error("witness newer than the known MSP ledger")]
    WitnessAhead {
        /// The witness.
        witness: Head,
    },
    /// The witness is not an entry of the MSP ledger known here: one of the two was forked.
    #[error("witness is not in the MSP ledger")]
    WitnessForked {
        /// The witness.
        witness: Head,
        /// What stands at its place.
        ours: EntryHash,
    },
    /// The witness is older than the one before it.
    #[error("witness goes back")]
    WitnessBack {
        /// The witness.
        witness: Head,
    },
    /// There are no keys yet: the first epoch comes first.
    #[error("no epoch yet")]
    NoEpoch,
    /// Not one more than the item's last version, or another kind, or an item that was dropped.
    #[error("item version {found} where {expected} was expected")]
    Version {
        /// The item.
        item: ItemId,
        /// The version it claims.
        found: u64,
        /// The only one that would stand; 0 where none would.
        expected: u64,
    },
    /// No such item.
    #[error("no such item")]
    NoItem {
        /// The item.
        item: ItemId,
    },
    /// More items than a ledger holds.
    #[error("too many items")]
    TooManyItems,
    /// A checkpoint is due at this place, or is not due.
    #[error("a checkpoint stands at every 256th place and only there")]
    CheckpointPlace,
    /// The checkpoint says something else than what follows from the entries.
    #[error("false checkpoint")]
    FalseCheckpoint,
    /// Somebody lost access since the last epoch: the next entry must be an epoch.
    #[error("an epoch is owed first")]
    EpochOwed,
    /// The history before the checkpoint is still being checked; nothing but logs may be appended.
    #[error("history still being checked")]
    HistoryUnchecked,
    /// The ledger is full.
    #[error("no further place")]
    Full,
}

impl Refusal {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::WrongLedger { .. } => "ledger.wrong-ledger",
            Self::Genesis => "ledger.genesis",
            Self::WrongKind => "ledger.wrong-kind",
            Self::Gap { .. } => "ledger.gap",
            Self::Taken { .. } => "ledger.taken",
            Self::Fork { .. } => "ledger.fork",
            Self::Device { .. } => "ledger.device",
            Self::Member { .. } => "ledger.member",
            Self::Signature => "ledger.signature",
            Self::Proof => "ledger.proof",
            Self::NotAllowed { .. } => "ledger.not-allowed",
            Self::NoAccess { .. } => "ledger.no-access",
            Self::NotHome { .. } => "ledger.not-home",
            Self::IsHome { .. } => "ledger.is-home",
            Self::LastOwner => "ledger.last-owner",
            Self::Subject { .. } => "ledger.subject",
            Self::SubjectDevice { .. } => "ledger.subject-device",
            Self::Reused => "ledger.reused",
            Self::WeakKey => "ledger.weak-key",
            Self::RoleUnfit { .. } => "ledger.role-unfit",
            Self::NotPending { .. } => "ledger.not-pending",
            Self::Epoch { .. } => "ledger.epoch",
            Self::Recipients => "ledger.recipients",
            Self::Team { .. } => "ledger.team",
            Self::Witness => "ledger.witness",
            Self::WitnessAhead { .. } => "ledger.witness-ahead",
            Self::WitnessForked { .. } => "ledger.witness-forked",
            Self::WitnessBack { .. } => "ledger.witness-back",
            Self::NoEpoch => "ledger.no-epoch",
            Self::Version { .. } => "ledger.version",
            Self::NoItem { .. } => "ledger.no-item",
            Self::TooManyItems => "ledger.too-many-items",
            Self::CheckpointPlace => "ledger.checkpoint-place",
            Self::FalseCheckpoint => "ledger.false-checkpoint",
            Self::EpochOwed => "ledger.epoch-owed",
            Self::HistoryUnchecked => "ledger.history-unchecked",
            Self::Full => "ledger.full",
        }
    }

    /// Whether this shows that somebody altered, forked or rolled back a ledger, rather than that an entry came too
    /// early or a member asked too much.
    pub fn is_violation(&self) -> bool {
        !matches!(
            self,
            Self::Gap { .. } | Self::WitnessAhead { .. } | Self::EpochOwed | Self::HistoryUnchecked | Self::Full
        )
    }
}
