//! Hours in which an organization wants nothing to be changed by itself.
//!
//! A window is what clocks on the wall show there: days of the week and minutes of the day. So it outlives every change
//! to and from daylight saving: an hour that is skipped is not waited for, an hour that comes twice is kept free twice.
//! Local time comes in as a [`Zone`]; this crate knows no time-zone database and no clock.

const MINUTE_MS: u64 = 60 * 1000;
const DAY: u16 = 24 * 60;
const WEEK: u16 = 7 * DAY;
/// 1970-01-01 was a Thursday.
const MONDAY_TO_EPOCH_MS: i128 = 3 * 24 * 60 * 60 * 1000;

/// Local time as a caller knows it.
pub trait Zone {
    /// Seconds east of UTC at this moment (unix milliseconds).
    fn offset_s(&self, at_ms: u64) -> i32;
    /// The first moment after this one at which the offset changes; none if it is not known to.
    fn changes_after(&self, at_ms: u64) -> Option<u64>;
}

/// One window: on each of these days from one minute to another, over midnight where that comes earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window {
    days: u8,
    from: u16,
    to: u16,
}

/// A blackout that is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BlackoutError {
    /// No day, or one that no week has.
    #[error("a window needs at least one day of the week, and no other days")]
    Days,
    /// A minute that no day has, or a window that ends when it begins.
    #[error("a window goes from one minute of the day (0 to 1439) to another (0 to 1440)")]
    Minutes,
    /// More windows than anybody oversees.
    #[error("at most 16 windows, not {given}")]
    TooMany {
        /// How many were given.
        given: usize,
    },
    /// Together they leave a day without time to rotate in.
    #[error("the windows last {minutes} minutes without a break, and at most 1320 leave time to rotate every day")]
    CoversTheDay {
        /// The longest stretch without a break.
        minutes: u32,
    },
}

impl BlackoutError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Days => "rotation.blackout-days",
            Self::Minutes => "rotation.blackout-minutes",
            Self::TooMany { .. } => "rotation.blackout-too-many",
            Self::CoversTheDay { .. } => "rotation.blackout-covers-the-day",
        }
    }
}

impl Window {
    /// `days`: bit 0 is Monday, bit 6 Sunday; the window begins on these. `from`, `to`: minutes of the local day; `to`
    /// may be 1440, the end of the day.
    pub fn new(days: u8, from: u16, to: u16) -> Result<Self, BlackoutError> {
        if days == 0 || days > 0b111_1111 {
            Err(BlackoutError::Days)
        } else if from >= DAY || to > DAY || from == to {
            Err(BlackoutError::Minutes)
        } else {
            Ok(Self { days, from, to })
        }
    }

    /// The days it begins on, as for [`Window::new`].
    pub fn days(self) -> u8 {
        self.days
    }

    /// Minute of the day at which it begins.
    pub fn from(self) -> u16 {
        self.from
    }

    /// Minute of the day at which it ends; of the next day if not after [`Window::from`].
    pub fn to(self) -> u16 {
        self.to
    }

    /// Its stretches in minutes of two weeks in a row, so that what goes over a week's end is in one piece.
    fn stretches(self) -> impl Iterator<Item = (u16, u16)> {
        let length = if self.to > self.from { self.to - self.from } else { self.to + DAY - self.from };
        (0..14).filter(move |day| self.days & (1 << (day % 7)) != 0).map(move |day| {
            let start = day * DAY + self.from;
            (start, start + length)
        })
    }
}

/// The windows of an organization.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Blackout {
    windows: Vec<Window>,
    /// Merged, in order, in minutes of two weeks in a row.
    runs: Vec<(u16, u16)>,
}

impl Blackout {
    /// Windows at most.
    pub const MOST_WINDOWS: usize = 16;
    /// Minutes without a break at most: two hours of each day stay free, one of them even in the night in which clocks
    /// are set back.
    pub const LONGEST: u16 = 22 * 60;

    /// Refuses windows that leave no time to rotate in, alone or together.
    pub fn new(windows: Vec<Window>) -> Result<Self, BlackoutError> {
        if windows.len() > Self::MOST_WINDOWS {
            return Err(BlackoutError::TooMany { given: windows.len() });
        }
        let mut stretches: Vec<(u16, u16)> = windows.iter().flat_map(|window| window.stretches()).collect();
        stretches.sort_unstable();
        let mut runs: Vec<(u16, u16)> = Vec::new();
        for (start, end) in stretches {
            match runs.last_mut() {
                Some((_, last)) if start <= *last => *last = end.max(*last),
                _ => runs.push((start, end)),
            }
        }
        match runs.iter().map(|(start, end)| end - start).max() {
            Some(minutes) if minutes > Self::LONGEST => Err(BlackoutError::CoversTheDay { minutes: minutes.into() }),
            _ => Ok(Self { windows, runs }),
        }
    }

    /// The windows, as they were given.
    pub fn windows(&self) -> &[Window] {
        &self.windows
    }

    /// The first moment from this one on (unix milliseconds) that no window covers: the moment itself where none does.
    pub fn free_at(&self, mut at_ms: u64, zone: &impl Zone) -> u64 {
        while let Some(left_ms) = self.left(local_ms(at_ms, zone)) {
            let Some(end_ms) = at_ms.checked_add(left_ms) else { return u64::MAX };
            // Where clocks are set on the way, the rest is looked up by what they show then.
            at_ms = zone.changes_after(at_ms).filter(|change| (at_ms + 1..end_ms).contains(change)).unwrap_or(end_ms);
        }
        at_ms
    }

    /// How much is left of the run that covers this moment of the week.
    fn left(&self, week_ms: u64) -> Option<u64> {
        // In the second week, where what began in the week before is seen too.
        let at_ms = week_ms + u64::from(WEEK) * MINUTE_MS;
        let run = |(start, end): &(u16, u16)| (u64::from(*start) * MINUTE_MS, u64::from(*end) * MINUTE_MS);
        let covers = |(start, end): &(u64, u64)| (*start..*end).contains(&at_ms);
        self.runs.iter().map(run).find(covers).map(|(_, end)| end - at_ms)
    }
}

/// What local clocks show, in milliseconds since Monday, 0:00.
fn local_ms(at_ms: u64, zone: &impl Zone) -> u64 {
    let local = i128::from(at_ms) + i128::from(zone.offset_s(at_ms)) * 1000 + MONDAY_TO_EPOCH_MS;
    // A remainder of a week is small and not negative.
    u64::try_from(local.rem_euclid(i128::from(u64::from(WEEK) * MINUTE_MS))).unwrap_or(0)
}
