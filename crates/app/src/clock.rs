//! Time as an argument: the wall clock that is shown, and a clock that never goes back and counts sleep.

use std::time::{SystemTime, UNIX_EPOCH};

/// Where the application reads the time.
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970. A person may set it to anything; it is shown and compared for due times only.
    fn now_ms(&self) -> u64;
    /// Milliseconds that never go back and go on while the machine sleeps. Leases are counted by it.
    fn steady_ms(&self) -> u64;
}

/// The clocks of this machine.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> u64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(0));
        #[cfg(feature = "failpoints")]
        let now = now.saturating_add_signed(crate::failpoint::set_by_ms());
        now
    }

    #[cfg(unix)]
    fn steady_ms(&self) -> u64 {
        use rustix::time::{ClockId, clock_gettime};
        #[cfg(target_os = "linux")]
        let id = ClockId::Boottime;
        #[cfg(not(target_os = "linux"))]
        let id = ClockId::Monotonic;
        let time = clock_gettime(id);
        u64::try_from(time.tv_sec).unwrap_or(0) * 1000 + u64::try_from(time.tv_nsec).unwrap_or(0) / 1_000_000
    }

    /// Windows' own monotonic clock counts sleep.
    #[cfg(not(unix))]
    fn steady_ms(&self) -> u64 {
        static BEGUN: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
        u64::try_from(BEGUN.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
