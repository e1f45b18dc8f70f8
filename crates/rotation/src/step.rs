//! What the application does next.

use std::time::Duration;

use crate::{CandidateId, ChangedAt};

/// How long after an answer each read-back waits, counted from the one before.
pub const READ_BACK: [Duration; 5] = [
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(16),
    Duration::from_secs(30),
];

/// A send that has no answer after this long is abandoned and counts as lost.
pub const SEND_LIMIT: Duration = Duration::from_secs(30);

/// One thing to do; its outcome comes back as an [`crate::Event`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Step {
    /// Read the home's head, fold up to it, bring the state up to date by [`crate::Stored::refreshed`].
    Refresh,
    /// Read the tenant's `lastPasswordChangeDateTime`.
    Look,
    /// Make a candidate, seal it, append it with an own claim and this value as the last known one.
    Prepare {
        /// Stored as the account's `lastPasswordChangeDateTime` in the same append.
        baseline: ChangedAt,
    },
    /// Append an own claim on the same candidate, with this value as the last known one.
    ///
    /// Who loads with [`crate::SendMark::Unsent`] takes the mark away with the append, if the claim was another device's.
    TakeOver {
        /// Stays what it is.
        candidate: CandidateId,
        /// Stored as the account's `lastPasswordChangeDateTime` in the same append.
        baseline: ChangedAt,
    },
    /// Set this candidate in the tenant: one request, [`SEND_LIMIT`], no retry.
    ///
    /// Who loads with [`crate::SendMark::Unsent`] takes the mark away, durably, before the request leaves.
    Send {
        /// The value to set.
        candidate: CandidateId,
        /// If this has passed when the request is about to leave (a suspend, a stall), it must not leave:
        /// [`crate::Refusal::NeverLeft`].
        leave_within: Duration,
    },
    /// Wait this long, then read the tenant's value.
    ReadBack {
        /// The pause before the read.
        after: Duration,
    },
    /// Append: the candidate becomes the current value, the current the previous, this the last known value.
    Commit {
        /// What landed.
        candidate: CandidateId,
        /// Stored as the account's `lastPasswordChangeDateTime`.
        value: ChangedAt,
    },
    /// Append: the candidate is no longer pending. If it was ever sent it stays readable for 30 days.
    GiveUp {
        /// What was refused.
        candidate: CandidateId,
    },
    /// Come back with [`crate::Event::Woken`] (or, for [`Why::OtherDevice`], with
    /// [`crate::Event::OtherClaimUnchangedFor`]) after this pause.
    Wait {
        /// How long.
        pause: Duration,
        /// What to show meanwhile.
        why: Why,
    },
    /// Nothing until something outside changes: unlock, the other account's end.
    Hold(Why),
    /// Tell a person that the password was changed outside, or that this vault is behind.
    Alarm {
        /// What the tenant answered; a repair names it.
        seen: ChangedAt,
    },
    /// Tell a person what is needed.
    AskPerson(Need),
    /// Nothing to do until the next due time.
    Done,
}

/// Why an account waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Why {
    /// The vault is locked.
    Locked,
    /// The tenant's other account is in flight.
    OtherAccount,
    /// Another device holds the claim.
    OtherDevice,
    /// The vault's home does not answer, so nothing may be sent.
    HomeUnreachable,
    /// Nothing can be made durable here.
    Disk,
    /// The tenant does not answer or asks for patience.
    Tenant,
    /// The answer was lost and the tenant does not show the change yet.
    Unclear,
}

impl Why {
    /// Stable code; words are chosen by it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Locked => "rotation.wait.locked",
            Self::OtherAccount => "rotation.wait.other-account",
            Self::OtherDevice => "rotation.wait.other-device",
            Self::HomeUnreachable => "rotation.wait.home-unreachable",
            Self::Disk => "rotation.wait.disk",
            Self::Tenant => "rotation.wait.tenant",
            Self::Unclear => "rotation.wait.unclear",
        }
    }
}

/// What only a person can put right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Need {
    /// The tenant refused two generated passwords.
    PasswordRefused,
    /// The connection lacks a permission or the role.
    Forbidden,
    /// The account no longer exists.
    AccountGone,
    /// The connection no longer opens the tenant.
    ConnectionRefused,
    /// The account's first password was never verified: set-up has to be finished.
    NeverVerified,
}

impl Need {
    /// Stable code; words are chosen by it.
    pub fn code(self) -> &'static str {
        match self {
            Self::PasswordRefused => "rotation.need.password-refused",
            Self::Forbidden => "rotation.need.forbidden",
            Self::AccountGone => "rotation.need.account-gone",
            Self::ConnectionRefused => "rotation.need.connection-refused",
            Self::NeverVerified => "rotation.need.never-verified",
        }
    }
}
