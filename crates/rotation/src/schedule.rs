//! When a credential is due. Times are unix milliseconds.

use std::time::Duration;

use crate::backoff::spread;
use crate::blackout::{Blackout, Zone};

const HOUR_MS: u64 = 60 * 60 * 1000;
/// Due times are spread over at most this much.
const SPREAD_MS: u64 = HOUR_MS / 2;

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
    let most = (interval.ms() / 20).min(SPREAD_MS);
    last_rotated_ms.saturating_add(interval.ms() - spread(seed ^ last_rotated_ms, most))
}

/// The same outside of an organization's blackout: where it would fall into a window it comes after that, spread over
/// half an hour where so much is free. So two rotations are at most an interval and a window apart.
pub fn due_outside(last_rotated_ms: u64, interval: Interval, seed: u64, blackout: &Blackout, zone: &impl Zone) -> u64 {
    let due = due_at(last_rotated_ms, interval, seed);
    let free = blackout.free_at(due, zone);
    if free == due {
        return due;
    }
    let spread = free.saturating_add(spread(seed ^ last_rotated_ms, SPREAD_MS));
    if blackout.free_at(spread, zone) == spread { spread } else { free }
}

/// Whether a rotation is dated so that nothing can be counted from it: by more than clocks are off, it lies in the
/// future. The clock was wrong then, or is now; either way the account is due, once, and has a good date afterwards.
pub fn is_misdated(last_rotated_ms: u64, now_ms: u64) -> bool {
    last_rotated_ms > now_ms.saturating_add(HOUR_MS)
}

/// What a view of a password asks of the schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AfterView {
    /// Rotated when it is due anyway.
    #[default]
    Keep,
    /// Rotated an hour after the view: time to work with the password.
    InOneHour,
    /// Rotated as soon as it is hidden again.
    Now,
}

impl AfterView {
    /// When the account is due by a view that is hidden again at `hidden_ms`; none where nothing follows from it.
    pub fn due_at(self, hidden_ms: u64) -> Option<u64> {
        match self {
            Self::Keep => None,
            Self::InOneHour => Some(hidden_ms.saturating_add(HOUR_MS)),
            Self::Now => Some(hidden_ms),
        }
    }
}
