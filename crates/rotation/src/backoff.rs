//! Pauses after failures: exponential, spread, bounded, so that a thousand accounts do not knock together.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(30);

/// No pause is longer, whatever the failures or the tenant's `Retry-After`.
pub const LONGEST_PAUSE: Duration = Duration::from_hours(1);

/// The pause after this many failures in a row (from 1): 30 s doubling to an hour, of which the second half is spread
/// by the seed. A `Retry-After` lengthens it, up to the hour: a nonsensical one must not silence an account for good.
pub fn pause(failures: u32, retry_after: Option<Duration>, seed: u64) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    let whole = FIRST.saturating_mul(1 << doublings).min(LONGEST_PAUSE);
    let half = whole / 2;
    let spread = spread(seed ^ u64::from(failures), u64::try_from(half.as_millis()).unwrap_or(u64::MAX));
    let own = half + Duration::from_millis(spread);
    own.max(retry_after.unwrap_or_default()).min(LONGEST_PAUSE)
}

/// A number from 0 to `most`, the same for the same seed (the finalizer of SplitMix64; spreads, hides nothing).
pub(crate) fn spread(seed: u64, most: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    most.checked_add(1).map_or(z, |range| z % range)
}
