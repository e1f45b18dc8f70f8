//! How often somebody may ask: a device whose signature stood, and an address as long as it is not known who asks.

use std::net::IpAddr;
use std::num::NonZeroU32;

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use vitrine_ledger::wire::KeyId;

use crate::problem::Problem;

/// The rates of this replica; each replica counts for itself.
pub(crate) struct Limits {
    devices: DefaultKeyedRateLimiter<KeyId>,
    addresses: DefaultKeyedRateLimiter<IpAddr>,
}

impl Limits {
    pub(crate) fn new(devices_per_second: NonZeroU32, addresses_per_minute: NonZeroU32) -> Self {
        let burst = devices_per_second.saturating_mul(NonZeroU32::MIN.saturating_add(9));
        Self {
            devices: RateLimiter::keyed(Quota::per_second(devices_per_second).allow_burst(burst)),
            addresses: RateLimiter::keyed(Quota::per_minute(addresses_per_minute)),
        }
    }

    /// Counts a request of a known device.
    pub(crate) fn device(&self, key: &KeyId) -> Result<(), Problem> {
        self.devices.check_key(key).map_err(|_| Problem::Rate)
    }

    /// Counts a request of nobody known.
    pub(crate) fn address(&self, address: IpAddr) -> Result<(), Problem> {
        self.addresses.check_key(&address).map_err(|_| Problem::Rate)
    }

    /// Forgets those who have not asked for a while, so that memory follows from who asks now.
    pub(crate) fn forget_idle(&self) {
        self.devices.retain_recent();
        self.addresses.retain_recent();
    }
}
