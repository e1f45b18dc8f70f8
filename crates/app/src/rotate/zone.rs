//! Local time, as blackouts are meant: by the system's time-zone database.

use crate::api::Time;
use jiff::tz::TimeZone;
use vitrine_rotation::Zone;

/// The time on the wall of a place.
pub(crate) struct LocalTime(TimeZone);

impl LocalTime {
    /// That of a name, or of this machine. A name that this machine does not know counts as its own: a blackout an hour
    /// off holds more back than none.
    pub(crate) fn named(name: Option<&str>) -> Self {
        let known = name.and_then(|name| TimeZone::get(name).ok());
        Self(known.unwrap_or_else(TimeZone::system))
    }
}

impl Zone for LocalTime {
    fn offset_s(&self, at_ms: u64) -> i32 {
        self.0.to_offset(Time(at_ms).timestamp()).seconds()
    }

    fn changes_after(&self, at_ms: u64) -> Option<u64> {
        let change = self.0.following(Time(at_ms).timestamp()).next()?;
        u64::try_from(change.timestamp().as_millisecond()).ok()
    }
}
