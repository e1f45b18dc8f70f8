//! What can happen to an account: orders, answers to a step, and the machine's own interruptions.

use std::time::Duration;

use crate::{CandidateId, ChangedAt, Claim, DeviceId};

/// Something that happened; see [`crate::decide`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Event {
    /// The schedule says that the credential is due.
    Due,
    /// A person ordered a rotation.
    PersonAsked,
    /// A person was shown that the password was changed outside (or never verified), saw this value, and ordered a
    /// new rotation from there.
    RepairAsked {
        /// The value that was shown.
        seen: ChangedAt,
    },
    /// The pause of a [`crate::Step::Wait`] is over.
    Woken,
    /// The process started, the vault was unlocked, or the machine resumed.
    Restarted,
    /// The vault was locked.
    Locked,
    /// Half of the own lease has passed.
    LeaseHalfPassed,
    /// The other device's claim was watched by this process, unchanged, for this long.
    OtherClaimUnchangedFor(Duration),
    /// Answer to [`crate::Step::Refresh`]: the head was read and `Stored` is up to date with it.
    Refreshed,
    /// Answer to [`crate::Step::Refresh`]: the home does not answer.
    HomeUnreachable,
    /// Answer to [`crate::Step::Look`] and [`crate::Step::ReadBack`].
    Read(Result<ChangedAt, ReadFailure>),
    /// The home accepted an append.
    Appended(Append),
    /// An append did not succeed, or its answer was lost.
    AppendRefused(Append, AppendRefusal),
    /// Answer to [`crate::Step::Send`].
    Answered(Answer),
}

/// What an append was about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Append {
    /// A new candidate with its claim and the value it starts from.
    Claim {
        /// The candidate just made.
        candidate: CandidateId,
        /// The own claim on it.
        claim: Claim,
        /// The tenant's value it starts from, stored with it.
        baseline: ChangedAt,
    },
    /// A new claim on the same candidate: own lease renewed, or another device's taken over.
    Renewal {
        /// The own claim.
        claim: Claim,
        /// The tenant's value it starts from, stored with it.
        baseline: ChangedAt,
    },
    /// The candidate became the current value.
    Commit,
    /// The candidate was given up.
    GiveUp,
}

/// Why an append did not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AppendRefusal {
    /// Another entry came first.
    Conflict,
    /// The home does not answer, or its answer was lost: the append may have been accepted.
    HomeUnreachable,
    /// It could not be made durable here.
    Disk,
}

/// What came of a send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
    /// 204: the tenant says that it is done.
    Accepted,
    /// The tenant definitely did not do it.
    Refused(Refusal),
    /// Time-out, broken connection, 5xx, anything unknown: it may have been done, or be done later.
    Lost,
}

/// A definite refusal of a send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// 400: the password does not please the tenant.
    Password,
    /// 403: a permission or the role is missing.
    Forbidden,
    /// 404: the account is gone.
    NotFound,
    /// 401, or no token to be had: the connection no longer opens the tenant.
    Unauthorized,
    /// 429, with its `Retry-After` if any.
    Throttled(Option<Duration>),
    /// The request never left: no connection was made, or the time to leave had passed.
    NeverLeft,
}

/// Why the tenant's value could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReadFailure {
    /// 404: the account is gone.
    NotFound,
    /// 401, or no token to be had.
    Unauthorized,
    /// 403.
    Forbidden,
    /// No answer, 5xx or 429, with its `Retry-After` if any.
    Unavailable(Option<Duration>),
}

/// What the decider must know of the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context {
    /// This device.
    pub device: DeviceId,
    /// Since just *before* this process's append of the claim, by a monotonic clock that counts suspend; none if
    /// this process did not append it.
    pub since_append: Option<Duration>,
    /// The tenant's other account has a candidate pending ([`crate::Stored::in_flight`]).
    pub other_in_flight: bool,
    /// The vault is locked: answers are still learnt from, nothing new starts.
    pub locked: bool,
    /// Spreads the pauses of many accounts; any number that differs between accounts.
    pub seed: u64,
}
