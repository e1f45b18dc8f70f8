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

impl LocalTime {
    /// When the clocks there show this hour on the day after.
    pub(crate) fn tomorrow_at(&self, hour: i8, now_ms: u64) -> u64 {
        let today = Time(now_ms).timestamp().to_zoned(self.0.clone()).date();
        let at = today.tomorrow().and_then(|day| day.at(hour, 0, 0, 0).to_zoned(self.0.clone()));
        // Only calendars end.
        let at = at.ok().and_then(|at| u64::try_from(at.timestamp().as_millisecond()).ok());
        at.unwrap_or_else(|| now_ms.saturating_add(24 * 3600 * 1000))
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
