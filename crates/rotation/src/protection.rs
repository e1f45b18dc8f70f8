//! The protections one by one, so that a test can switch a single one off and see itself go red.

/// One thing that keeps a rotation safe.
#[allow(unreachable_pub, reason = "exported under the feature `weaken` alone")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protection {
    /// Nothing is sent before its append was accepted (rule 2).
    AppendFirst,
    /// After a lost answer the same candidate is sent again, never another (rule 3).
    SameCandidate,
    /// A refused candidate is given up only after two reads that show the value unchanged (rule 3).
    TwoReads,
    /// A refused candidate with an unanswered send before is kept (rule 3).
    KeepUnanswered,
    /// The candidate becomes current only after the tenant's value moved (rule 3).
    VerifyFirst,
    /// Nothing is sent over a change that is not ours.
    LookFirst,
    /// A send leaves only in the first half of the own lease.
    FirstHalf,
    /// Another device's claim is watched for its whole length before it is taken over.
    WholeLease,
    /// The tenant's two accounts are never in flight together (rule 4).
    OneAccount,
}

/// Which protections hold: all of them, outside of tests.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guards {
    off: Option<Protection>,
}

impl Guards {
    /// Every protection.
    pub(crate) const ALL: Self = Self { off: None };

    /// Every protection but one.
    #[cfg(any(test, feature = "weaken"))]
    pub(crate) const fn without(protection: Protection) -> Self {
        Self { off: Some(protection) }
    }

    pub(crate) fn on(self, protection: Protection) -> bool {
        self.off != Some(protection)
    }
}
