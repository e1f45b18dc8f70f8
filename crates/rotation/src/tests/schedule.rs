//! Intervals, due times, order and pauses.

use std::time::Duration;

use proptest::prelude::*;

use crate::{Due, Interval, IntervalError, LONGEST_PAUSE, Lateness, Lease, due_at, lateness, next_of, overdue, pause};

const HOUR: u64 = 3_600_000;

#[test]
fn an_interval_of_zero_is_refused_by_name() {
    let error = Interval::from_seconds(0).unwrap_err();
    assert_eq!(error, IntervalError::TooShort { seconds: 0 });
    assert_eq!(error.code(), "rotation.interval-too-short");
}

#[test]
fn an_absurd_interval_is_refused_by_name() {
    assert_eq!(Interval::from_seconds(3_599), Err(IntervalError::TooShort { seconds: 3_599 }));
    assert_eq!(Interval::from_seconds(u64::MAX), Err(IntervalError::TooLong { seconds: u64::MAX }));
    assert_eq!(Interval::from_seconds(365 * 86_400 + 1).unwrap_err().code(), "rotation.interval-too-long");
}

#[test]
fn the_bounds_themselves_are_intervals() {
    assert_eq!(Interval::from_seconds(3_600), Ok(Interval::SHORTEST));
    assert_eq!(Interval::from_seconds(365 * 86_400), Ok(Interval::LONGEST));
    assert_eq!(Interval::from_seconds(86_400), Ok(Interval::DEFAULT));
    assert_eq!(Interval::DEFAULT.as_seconds(), 86_400);
}

#[test]
fn a_lease_that_a_send_could_outlive_is_refused() {
    assert_eq!(Lease::from_ms(0).unwrap_err().code(), "rotation.lease-out-of-bounds");
    assert!(Lease::from_ms(59_999).is_err());
    assert!(Lease::from_ms(3_600_001).is_err());
    assert_eq!(Lease::from_ms(600_000), Ok(Lease::DEFAULT));
    assert!(Lease::SHORTEST.half() + crate::SEND_LIMIT <= Lease::SHORTEST.whole());
}

#[test]
fn accounts_created_together_do_not_stay_together() {
    let times: std::collections::BTreeSet<u64> = (0..100).map(|seed| due_at(0, Interval::DEFAULT, seed)).collect();
    assert!(times.len() > 90, "{} of 100 differ", times.len());
}

#[test]
fn a_last_rotation_in_the_future_puts_nothing_off_beyond_the_interval() {
    let now = 1_000_000 * HOUR;
    let year_ahead = now + 365 * 24 * HOUR;
    let Lateness::DueIn(left) = lateness(year_ahead, Interval::DEFAULT, 1, now) else { panic!("due") };
    assert!(left <= Duration::from_hours(24));
}

#[test]
fn lateness_counts_from_the_due_time() {
    let due = due_at(0, Interval::DEFAULT, 3);
    assert_eq!(lateness(0, Interval::DEFAULT, 3, due), Lateness::Overdue(Duration::ZERO));
    assert_eq!(lateness(0, Interval::DEFAULT, 3, due + 5), Lateness::Overdue(Duration::from_millis(5)));
    assert_eq!(lateness(0, Interval::DEFAULT, 3, due - 5), Lateness::DueIn(Duration::from_millis(5)));
}

#[test]
fn the_latest_comes_first_and_those_not_due_do_not_come() {
    let queue = [("b", 30), ("a", 10), ("d", 99), ("c", 10)].map(|(account, at_ms)| Due { account, at_ms });
    assert_eq!(overdue(&queue, 50), ["a", "c", "b"]);
    assert_eq!(next_of(&queue), Some(Due { account: "a", at_ms: 10 }));
    assert_eq!(next_of::<u8>(&[]), None);
}

#[test]
fn pauses_double_up_to_an_hour() {
    assert!(pause(1, None, 9) <= Duration::from_secs(30));
    assert!(pause(1, None, 9) >= Duration::from_secs(15));
    assert!(pause(4, None, 9) >= Duration::from_mins(2));
    assert!(pause(u32::MAX, None, 9) >= LONGEST_PAUSE / 2);
}

#[test]
fn retry_after_is_honoured_unless_it_is_nonsense() {
    assert_eq!(pause(1, Some(Duration::from_mins(5)), 0), Duration::from_mins(5));
    assert_eq!(pause(1, Some(Duration::from_secs(u64::MAX)), 0), LONGEST_PAUSE);
}

proptest! {
    #[test]
    fn due_is_never_later_than_the_interval_and_at_most_a_twentieth_earlier(
        last in 0..u64::MAX / 2, seconds in 3_600..=31_536_000_u64, seed: u64,
    ) {
        let interval = Interval::from_seconds(seconds).unwrap();
        let due = due_at(last, interval, seed);
        prop_assert!(due <= last + seconds * 1000);
        prop_assert!(due >= last + seconds * 950);
        prop_assert!(due >= last + seconds * 1000 - HOUR / 2);
        prop_assert_eq!(due, due_at(last, interval, seed));
    }

    #[test]
    fn no_number_makes_the_schedule_panic(last: u64, seed: u64, now: u64) {
        let _ = due_at(last, Interval::LONGEST, seed);
        let _ = lateness(last, Interval::SHORTEST, seed, now);
    }

    #[test]
    fn no_pause_is_longer_than_an_hour(failures: u32, after: Option<u64>, seed: u64) {
        prop_assert!(pause(failures, after.map(Duration::from_secs), seed) <= LONGEST_PAUSE);
    }
}
