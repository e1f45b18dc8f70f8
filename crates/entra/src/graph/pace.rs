//! Pacing: one token bucket per tenant and service, by the limits that Microsoft publishes ("Service-specific
//! throttling limits", 2026-02). Better late by ourselves than refused: refused requests count too.

use crate::id::TenantId;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Which of Microsoft's services counts a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Service {
    /// Users, roles, applications: 3,500 units per 10 s in the smallest tenants.
    Directory,
    /// Writes to the same: 3,000 per 150 s.
    DirectoryWrites,
    /// Conditional Access and policies: 1 request per second, and no `Retry-After`.
    ConditionalAccess,
}

impl Service {
    /// Units that may be spent at once, and units that come back per second.
    fn limits(self) -> (f64, f64) {
        match self {
            Self::Directory => (3500.0, 350.0),
            Self::DirectoryWrites => (3000.0, 20.0),
            Self::ConditionalAccess => (1.0, 1.0),
        }
    }
}

/// Share of a limit (`x-ms-throttle-limit-percentage`) from which we slow down; Microsoft reports it from 0.8.
const NEAR: f64 = 0.8;
/// How long a report of being near the limit counts: one window of the service.
const WINDOW: Duration = Duration::from_secs(10);
/// Buckets kept at most; beyond, those that are full again are dropped.
const MOST: usize = 4096;

struct Bucket {
    units: f64,
    seen: Duration,
    slow_until: Duration,
    slowness: f64,
}

impl Bucket {
    /// Credits what has come back until `now`; answers the present rate in units per second.
    fn refill(&mut self, service: Service, now: Duration) -> f64 {
        let (most, per_second) = service.limits();
        let rate = if now < self.slow_until { per_second / self.slowness } else { per_second };
        self.units = (self.units + now.saturating_sub(self.seen).as_secs_f64() * rate).min(most);
        self.seen = now;
        rate
    }
}

/// All buckets of a process.
pub(crate) struct Pace(Mutex<HashMap<(TenantId, Service), Bucket>>);

impl Pace {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(HashMap::new()))
    }

    /// Takes `units` and says how long to wait before they may be used.
    pub(crate) fn take(&self, tenant: TenantId, service: Service, units: u32, now: Duration) -> Duration {
        let (most, _) = service.limits();
        let mut buckets = self.buckets();
        if buckets.len() >= MOST {
            buckets
                .retain(|(_, s), b| b.units + (now.saturating_sub(b.seen)).as_secs_f64() * s.limits().1 < s.limits().0);
        }
        let bucket = buckets.entry((tenant, service)).or_insert(Bucket {
            units: most,
            seen: now,
            slow_until: Duration::ZERO,
            slowness: 1.0,
        });
        let rate = bucket.refill(service, now);
        bucket.units -= f64::from(units);
        if bucket.units >= 0.0 { Duration::ZERO } else { Duration::from_secs_f64((-bucket.units / rate).min(600.0)) }
    }

    /// Hears how near the limit the service says we are (1.0 is the limit). From 0.8 the burst is given up and the
    /// rate goes down, the more the nearer.
    pub(crate) fn hear(&self, tenant: TenantId, service: Service, share: f64, now: Duration) {
        if !share.is_finite() || share < NEAR {
            return;
        }
        if let Some(bucket) = self.buckets().get_mut(&(tenant, service)) {
            bucket.refill(service, now);
            bucket.units = bucket.units.min(0.0);
            bucket.slow_until = now + WINDOW;
            bucket.slowness = if share >= 1.0 { 20.0 } else { 4.0 };
        }
    }

    fn buckets(&self) -> MutexGuard<'_, HashMap<(TenantId, Service), Bucket>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;
    const ONE: TenantId = TenantId::from_u128(1);
    const TWO: TenantId = TenantId::from_u128(2);

    #[test]
    fn conditional_access_gets_one_request_a_second_and_tenants_do_not_wait_for_each_other() {
        let pace = Pace::new();
        assert_eq!(pace.take(ONE, Service::ConditionalAccess, 1, S(0)), S(0));
        assert_eq!(pace.take(ONE, Service::ConditionalAccess, 1, S(0)), S(1));
        assert_eq!(pace.take(ONE, Service::ConditionalAccess, 1, S(0)), S(2));
        assert_eq!(pace.take(TWO, Service::ConditionalAccess, 1, S(0)), S(0));
        assert_eq!(pace.take(ONE, Service::ConditionalAccess, 1, S(9)), S(0));
    }

    #[test]
    fn the_published_units_may_be_spent_at_once_and_no_more() {
        let pace = Pace::new();
        assert_eq!(pace.take(ONE, Service::Directory, 3500, S(0)), S(0));
        assert_eq!(pace.take(ONE, Service::Directory, 350, S(0)), S(1));
    }

    #[test]
    fn near_the_limit_it_slows_down_for_one_window() {
        let pace = Pace::new();
        assert_eq!(pace.take(ONE, Service::Directory, 1, S(0)), S(0));
        pace.hear(ONE, Service::Directory, 0.79, S(0));
        assert_eq!(pace.take(ONE, Service::Directory, 350, S(0)), S(0));
        pace.hear(ONE, Service::Directory, 0.8, S(0));
        assert_eq!(pace.take(ONE, Service::Directory, 350, S(0)), S(4));
        pace.hear(ONE, Service::Directory, 1.2, S(100));
        assert_eq!(pace.take(ONE, Service::Directory, 350, S(100)), S(20));
        pace.hear(ONE, Service::Directory, f64::NAN, S(200));
    }
}
