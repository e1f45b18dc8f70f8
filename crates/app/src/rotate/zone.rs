//! Local time, as blackouts are meant: by the system's time-zone database.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use vitrine_rotation::Zone;

/// The time of a place.
pub(crate) struct Place(TimeZone);

impl Place {
    /// That of a name, or of this machine. A name that this machine does not know counts as its own: a blackout an hour
    /// off holds more back than none.
    pub(crate) fn named(name: Option<&str>) -> Self {
        let known = name.and_then(|name| TimeZone::get(name).ok());
        Self(known.unwrap_or_else(TimeZone::system))
    }
}

impl Zone for Place {
    fn offset_s(&self, at_ms: u64) -> i32 {
        self.0.to_offset(moment(at_ms)).seconds()
    }

    fn changes_after(&self, at_ms: u64) -> Option<u64> {
        let change = self.0.following(moment(at_ms)).next()?;
        u64::try_from(change.timestamp().as_millisecond()).ok()
    }
}

/// A moment beyond what calendars reach is their end.
fn moment(at_ms: u64) -> Timestamp {
    let at = i64::try_from(at_ms).ok().and_then(|at_ms| Timestamp::from_millisecond(at_ms).ok());
    at.unwrap_or(Timestamp::MAX)
}
