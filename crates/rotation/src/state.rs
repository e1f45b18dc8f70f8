//! What is remembered of one emergency account between two steps. No secret: a candidate is named, never held.

use std::time::Duration;

/// Names one candidate value in the account item; opaque here, chosen by the application when it makes the candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CandidateId(u64);

impl CandidateId {
    /// Wraps the application's name for a candidate; it must differ from every other candidate of the account.
    pub const fn new(name: u64) -> Self {
        Self(name)
    }

    /// The application's name for the candidate.
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

/// A member's machine; the 16 random bytes that the ledger knows it by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeviceId([u8; 16]);

impl DeviceId {
    /// Wraps the ledger's id of the device.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The ledger's id of the device.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// The tenant's `lastPasswordChangeDateTime`, exactly as it answered.
///
/// Compared for equality alone: no clock takes part, so a wrong clock, ours or the tenant's, decides nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ChangedAt(String);

impl ChangedAt {
    /// Keeps the tenant's text as it is.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The tenant's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How long a claim protects the device that made it: 1 minute to 1 hour, 10 minutes by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lease(Duration);

/// A lease outside its bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a lease lasts from 60000 to 3600000 ms, not {ms}")]
pub struct LeaseError {
    /// The refused length in milliseconds.
    pub ms: u64,
}

impl LeaseError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        "rotation.lease-out-of-bounds"
    }
}

impl Lease {
    /// Half of it plus [`crate::SEND_LIMIT`] must end within it, or a send could outlive the claim.
    pub const SHORTEST: Self = Self(Duration::from_mins(1));
    /// A longer one would let a lost device hold an account back for too long.
    pub const LONGEST: Self = Self(Duration::from_hours(1));
    /// What the design gives a claim.
    pub const DEFAULT: Self = Self(Duration::from_mins(10));

    /// Checks the bounds; `ms` is what the account item carries.
    pub fn from_ms(ms: u64) -> Result<Self, LeaseError> {
        let lease = Self(Duration::from_millis(ms));
        if lease < Self::SHORTEST || lease > Self::LONGEST { Err(LeaseError { ms }) } else { Ok(lease) }
    }

    /// The whole length: what another device must have watched.
    pub fn whole(self) -> Duration {
        self.0
    }

    /// The first half: in which the holder may send.
    pub fn half(self) -> Duration {
        self.0 / 2
    }
}

/// Who may send a candidate, and for how long the others stand back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Claim {
    /// The device that appended it.
    pub device: DeviceId,
    /// A duration, not a moment: devices share no clock.
    pub lease: Lease,
}

/// A candidate that the home accepted, with its claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pending {
    /// The only value that may be sent while this is pending.
    pub candidate: CandidateId,
    /// The newest claim on it.
    pub claim: Claim,
}

/// What a stored item tells about earlier sends of its candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SendMark {
    /// Surely never sent: the claim is this device's, and so says a durable mark that this device wrote with the
    /// candidate and takes away, durably, before each send and when it takes the candidate over from another device.
    /// (Without the second, a candidate that another device took over, sent and lost again would look unsent to the one
    /// that made it.)
    Unsent,
    /// Anything else, and whenever in doubt.
    MaybeSent,
}

/// What became of a send that was not refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SendAnswer {
    /// The request is on its way.
    Waiting,
    /// The tenant said yes.
    Accepted,
    /// No answer, or one that does not say whether it was done.
    Lost,
}

/// What is left in the vault while a person is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Left {
    /// The current value alone.
    Nothing,
    /// A candidate of which no send can land.
    Prepared(Pending),
    /// A candidate that may have landed or may still land.
    Unclear(Pending),
}

/// Where the account stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Phase {
    /// No candidate; the current value is the one.
    Idle,
    /// As `Idle`, with a rotation due or ordered in this process. Falls back to `Idle` when another device is seen to
    /// have rotated meanwhile, so that nothing is rotated twice.
    Wanted,
    /// Candidate and claim are at the home; it was never sent, or each send of it was definitely refused.
    Prepared(Pending),
    /// A send was made and its effect is being read back.
    Sent {
        /// What was sent.
        pending: Pending,
        /// An earlier send of the same candidate may still land.
        earlier_open: bool,
        /// The answer to the newest send.
        answer: SendAnswer,
        /// Reads since the answer that showed nothing new.
        reads: usize,
    },
    /// A definite refusal; the value is read again before the candidate is given up.
    Refused {
        /// What was refused.
        pending: Pending,
        /// An earlier send of the same candidate may still land, so it cannot be given up.
        earlier_open: bool,
        /// The person to be told what, if the refusal stands.
        need: crate::Need,
        /// Reads since the refusal that showed the value unchanged.
        unchanged: u8,
    },
    /// The candidate may have landed or may still land: both values stay offered, and the same one is sent again.
    Unclear(Pending),
    /// The tenant's value moved: the candidate is what opens the account; the commit is not yet accepted.
    Verified {
        /// What landed.
        pending: Pending,
        /// The tenant's value to store with the commit.
        value: ChangedAt,
    },
    /// The tenant's value is not the stored one and no send of ours explains it: send nothing.
    ChangedOutside {
        /// What the tenant answered.
        seen: ChangedAt,
        /// A candidate that was waiting; no send of it can land.
        pending: Option<Pending>,
    },
    /// Nothing more can be done without a person; tried again at the next due time or order.
    NeedsPerson {
        /// What the person has to do.
        need: crate::Need,
        /// What is still waiting in the vault.
        left: Left,
    },
}

/// One account as the decider sees it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Stored {
    /// Where it stands.
    pub phase: Phase,
    /// The tenant's value at the last commit; none while the account's first password was never verified.
    pub last_change: Option<ChangedAt>,
    /// Failed attempts since the last commit; feeds the back-off.
    pub failures: u32,
    /// A refused password was replaced once in this attempt already.
    pub made_anew: bool,
}

impl Stored {
    /// The state as an account item alone tells it: after a start, after another device wrote, after a restore.
    ///
    /// A pending candidate counts as possibly sent unless the mark proves otherwise: a crash between the send and
    /// its answer leaves no other trace.
    pub fn load(last_change: Option<ChangedAt>, pending: Option<(Pending, SendMark)>) -> Self {
        let phase = match pending {
            None => Phase::Idle,
            Some((pending, SendMark::Unsent)) => Phase::Prepared(pending),
            Some((pending, SendMark::MaybeSent)) => Phase::Unclear(pending),
        };
        Self { phase, last_change, failures: 0, made_anew: false }
    }

    /// The state after the home's head was read and folded; call before handing over [`crate::Event::Refreshed`].
    ///
    /// What this process knows of its own candidate (was it sent, what was answered) survives if candidate and claim
    /// are still the same; otherwise the item decides.
    #[must_use]
    pub fn refreshed(self, last_change: Option<ChangedAt>, pending: Option<(Pending, SendMark)>) -> Self {
        let same = match (self.pending(), &pending) {
            (Some(known), Some((read, _))) => known == read,
            (None, None) => true,
            _ => false,
        };
        if same && self.last_change == last_change {
            self
        } else {
            Self { failures: self.failures, ..Self::load(last_change, pending) }
        }
    }

    /// The candidate that waits in the vault, whatever the phase.
    pub fn pending(&self) -> Option<&Pending> {
        match &self.phase {
            Phase::Idle | Phase::Wanted | Phase::NeedsPerson { left: Left::Nothing, .. } => None,
            Phase::Prepared(pending)
            | Phase::Sent { pending, .. }
            | Phase::Refused { pending, .. }
            | Phase::Unclear(pending)
            | Phase::Verified { pending, .. }
            | Phase::NeedsPerson { left: Left::Prepared(pending) | Left::Unclear(pending), .. } => Some(pending),
            Phase::ChangedOutside { pending, .. } => pending.as_ref(),
        }
    }

    /// Whether the tenant's other account must keep still.
    pub fn in_flight(&self) -> bool {
        self.pending().is_some()
    }

    /// Whether a candidate may have landed, so that two values must be offered.
    pub fn one_of_two(&self) -> bool {
        match &self.phase {
            Phase::Unclear(_) | Phase::Sent { .. } | Phase::NeedsPerson { left: Left::Unclear(_), .. } => true,
            Phase::Refused { earlier_open, .. } => *earlier_open,
            Phase::Idle
            | Phase::Wanted
            | Phase::Prepared(_)
            | Phase::Verified { .. }
            | Phase::ChangedOutside { .. }
            | Phase::NeedsPerson { .. } => false,
        }
    }
}
