//! When a credential is due, and whose turn it is. Times are unix milliseconds.

use std::time::Duration;

use crate::backoff::spread;

/// How often a credential is rotated: 1 hour to 365 days, 24 hours by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interval(Duration);

/// An interval that is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IntervalError {
    /// Shorter than an hour, zero included: the tenant's quotas and its replication would not keep up.
    #[error("an interval of {seconds} s is too short: at least 3600 s")]
    TooShort {
        /// What was asked for.
        seconds: u64,
    },
    /// Longer than 365 days.
    #[error("an interval of {seconds} s is too long: at most 31536000 s")]
    TooLong {
        /// What was asked for.
        seconds: u64,
    },
}

impl IntervalError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooShort { .. } => "rotation.interval-too-short",
            Self::TooLong { .. } => "rotation.interval-too-long",
        }
    }
}

impl Interval {
    /// The shortest.
    pub const SHORTEST: Self = Self(Duration::from_hours(1));
    /// The longest.
    pub const LONGEST: Self = Self(Duration::from_hours(365 * 24));
    /// What an organization gets unless it says otherwise.
    pub const DEFAULT: Self = Self(Duration::from_hours(24));

    /// Checks the bounds.
    pub fn from_seconds(seconds: u64) -> Result<Self, IntervalError> {
        let interval = Self(Duration::from_secs(seconds));
        if interval < Self::SHORTEST {
            Err(IntervalError::TooShort { seconds })
        } else if interval > Self::LONGEST {
            Err(IntervalError::TooLong { seconds })
        } else {
            Ok(interval)
        }
    }

    /// Its length in seconds.
    pub fn as_seconds(self) -> u64 {
        self.0.as_secs()
    }

    fn ms(self) -> u64 {
        self.0.as_secs().saturating_mul(1000)
    }
}

/// When an account is due: an interval after its last rotation, less up to a twentieth of it (at most half an hour).
///
/// Earlier, never later, so that a rotation on time is within the promised interval; spread by the seed, so that
/// accounts created together do not stay together.
pub fn due_at(last_rotated_ms: u64, interval: Interval, seed: u64) -> u64 {
    let most = (interval.ms() / 20).min(30 * 60 * 1000);
    last_rotated_ms.saturating_add(interval.ms() - spread(seed ^ last_rotated_ms, most))
}

/// How an account stands to its due time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lateness {
    /// It is due in so long.
    DueIn(Duration),
    /// It has been due for so long.
    Overdue(Duration),
}

/// How an account stands now.
///
/// A last rotation that lies in the future is a clock that was wrong then or is wrong now; it counts as just done, so
/// that no clock can put an account off for longer than its interval.
pub fn lateness(last_rotated_ms: u64, interval: Interval, seed: u64, now_ms: u64) -> Lateness {
    let due = due_at(last_rotated_ms.min(now_ms), interval, seed);
    match now_ms.checked_sub(due) {
        Some(late) => Lateness::Overdue(Duration::from_millis(late)),
        None => Lateness::DueIn(Duration::from_millis(due - now_ms)),
    }
}

/// One account in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due<K> {
    /// Whose turn.
    pub account: K,
    /// From [`due_at`].
    pub at_ms: u64,
}

/// The accounts that are due, the latest first; equal ones by their key, so that the order is the same everywhere.
pub fn overdue<K: Ord + Clone>(queue: &[Due<K>], now_ms: u64) -> Vec<K> {
    let mut late: Vec<&Due<K>> = queue.iter().filter(|due| due.at_ms <= now_ms).collect();
    late.sort_unstable_by(|a, b| (a.at_ms, &a.account).cmp(&(b.at_ms, &b.account)));
    late.into_iter().map(|due| due.account.clone()).collect()
}

/// The account whose turn comes next: the most overdue, else the soonest.
pub fn next_of<K: Ord + Clone>(queue: &[Due<K>]) -> Option<Due<K>> {
    queue.iter().min_by(|a, b| (a.at_ms, &a.account).cmp(&(b.at_ms, &b.account))).cloned()
}
