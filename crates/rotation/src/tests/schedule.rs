//! Intervals, due times, order and pauses.

use std::time::Duration;

use proptest::prelude::*;

use crate::{
    AfterView, Blackout, BlackoutError, ClockWatch, Interval, IntervalError, LONGEST_PAUSE, Lease, Queue, Window, Zone,
    due_at, due_outside, is_misdated, pause,
};

const HOUR: u64 = 3_600_000;
/// Monday, 2026-11-23, 00:00 UTC.
const MONDAY_MS: u64 = 1_795_392_000_000;
const MONDAY: u8 = 1;
const SUNDAY: u8 = 1 << 6;

fn window(days: u8, from_hour: u16, to_hour: u16) -> Window {
    Window::new(days, from_hour * 60, to_hour * 60).unwrap()
}

fn daily(from_hour: u16, to_hour: u16) -> Window {
    window(0b111_1111, from_hour, to_hour)
}

/// The same offset all year, in seconds.
struct Offset(i32);

impl Zone for Offset {
    fn offset_s(&self, _at_ms: u64) -> i32 {
        self.0
    }

    fn changes_after(&self, _at_ms: u64) -> Option<u64> {
        None
    }
}

/// Central European time in 2026: 29 March forward, 25 October back, at 01:00 UTC.
struct Berlin;

impl Berlin {
    const CHANGES: [u64; 2] = [1_774_746_000_000, 1_792_890_000_000];
}

impl Zone for Berlin {
    fn offset_s(&self, at_ms: u64) -> i32 {
        if (Self::CHANGES[0]..Self::CHANGES[1]).contains(&at_ms) { 7200 } else { 3600 }
    }

    fn changes_after(&self, at_ms: u64) -> Option<u64> {
        Self::CHANGES.into_iter().find(|change| *change > at_ms)
    }
}

fn windows() -> impl Strategy<Value = Vec<Window>> {
    let window = (1..128_u8, 0..1440_u16, 0..=1440_u16)
        .prop_filter_map("empty", |(days, from, to)| Window::new(days, from, to).ok());
    prop::collection::vec(window, 0..5)
}

/// As a person with a calendar would tell.
fn covered(windows: &[Window], at_ms: u64, zone: &impl Zone) -> bool {
    let local_min = (at_ms.cast_signed() / 1000 + i64::from(zone.offset_s(at_ms))).div_euclid(60);
    // 1970-01-01 was a Thursday.
    let (today, minute) = ((local_min.div_euclid(1440) + 3).rem_euclid(7), local_min.rem_euclid(1440));
    windows.iter().any(|window| {
        let (from, to) = (i64::from(window.from()), i64::from(window.to()));
        let begins = |day: i64| window.days() & (1 << day.rem_euclid(7)) != 0;
        let later = to > from;
        (begins(today) && minute >= from && (minute < to || !later)) || (begins(today - 1) && !later && minute < to)
    })
}

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

// ---- blackouts ----

#[test]
fn windows_that_cover_the_day_alone_or_together_are_refused_and_told_why() {
    let refused = |windows: &[Window]| Blackout::new(windows.to_vec()).unwrap_err();
    let whole = refused(&[daily(0, 24)]);
    assert_eq!(whole.code(), "rotation.blackout-covers-the-day");
    assert_eq!(refused(&[daily(0, 12), daily(12, 23)]), BlackoutError::CoversTheDay { minutes: 23 * 60 });
    assert_eq!(refused(&[daily(18, 17)]), BlackoutError::CoversTheDay { minutes: 23 * 60 });
    let one_day_after_the_other = [window(SUNDAY, 12, 24), window(MONDAY, 0, 11)];
    assert_eq!(refused(&one_day_after_the_other), BlackoutError::CoversTheDay { minutes: 23 * 60 });
    assert!(Blackout::new(vec![daily(0, 22)]).is_ok());
    assert_eq!(refused(&[daily(1, 2); 17]), BlackoutError::TooMany { given: 17 });
}

#[test]
fn windows_that_say_nothing_are_refused_by_name() {
    for days in [0, 0b1000_0000] {
        assert_eq!(Window::new(days, 0, 60), Err(BlackoutError::Days));
    }
    for (from, to) in [(60, 60), (1440, 60), (0, 1441), (u16::MAX, 0)] {
        assert_eq!(Window::new(MONDAY, from, to), Err(BlackoutError::Minutes));
    }
}

#[test]
fn windows_go_over_midnight_and_over_the_end_of_the_week() {
    let nights = Blackout::new(vec![window(SUNDAY, 22, 6), window(MONDAY, 5, 7)]).unwrap();
    let at = |hours: i64| MONDAY_MS.saturating_add_signed(hours * HOUR.cast_signed());
    assert_eq!(nights.free_at(at(-2), &Offset(0)), at(7));
    assert_eq!(nights.free_at(at(0), &Offset(0)), at(7));
    assert_eq!(nights.free_at(at(-2) - 1, &Offset(0)), at(-2) - 1);
    assert_eq!(nights.free_at(at(7), &Offset(0)), at(7));
    assert_eq!(nights.free_at(at(20), &Offset(0)), at(20));
}

#[test]
fn a_window_is_what_clocks_on_the_wall_show_whatever_is_done_to_them() {
    let night = Blackout::new(vec![daily(1, 4)]).unwrap();
    // 2026-03-29, one to four: from winter into summer time, two hours of it exist.
    let march = 1_774_742_400_000;
    assert_eq!(night.free_at(march, &Berlin), march + 2 * HOUR);
    assert_eq!(night.free_at(march - 1, &Berlin), march - 1);
    // 2026-10-25: four hours, one of them twice.
    let october = 1_792_882_800_000;
    assert_eq!(night.free_at(october, &Berlin), october + 4 * HOUR);
    assert_eq!(night.free_at(october - 1, &Berlin), october - 1);
}

#[test]
fn what_falls_due_in_a_window_comes_after_it_and_not_all_at_once() {
    let office = Blackout::new(vec![daily(8, 18)]).unwrap();
    let due = |last, seed| due_outside(last, Interval::DEFAULT, seed, &office, &Offset(0));
    let evening = MONDAY_MS + 42 * HOUR;
    let dues: std::collections::BTreeSet<u64> = (0..100).map(|seed| due(MONDAY_MS + 12 * HOUR, seed)).collect();
    assert!(dues.iter().all(|due| (evening..=evening + HOUR / 2).contains(due)) && dues.len() > 90);
    let night = MONDAY_MS + 2 * HOUR;
    assert_eq!(due(night, 7), due_at(night, Interval::DEFAULT, 7));
}

// ---- after a view ----

#[test]
fn a_view_hastens_the_next_rotation_or_leaves_it() {
    assert_eq!(AfterView::default().due_at(5), None);
    assert_eq!(AfterView::Now.due_at(5), Some(5));
    assert_eq!(AfterView::InOneHour.due_at(5), Some(5 + HOUR));
    assert_eq!(AfterView::InOneHour.due_at(u64::MAX), Some(u64::MAX));
}

// ---- turns and clocks ----

#[test]
fn the_latest_comes_first_and_those_not_due_do_not_come() {
    let mut queue = Queue::default();
    for (account, at_ms) in [("b", 30), ("a", 10), ("d", 99), ("c", 10), ("e", 1)] {
        queue.put(account, at_ms);
    }
    queue.put_new("d", 0);
    queue.put("b", 5);
    queue.remove(&"e");
    let popped: Vec<&str> = std::iter::from_fn(|| queue.pop(50)).collect();
    assert_eq!((popped, queue.len()), (vec!["b", "a", "c"], 1));
    assert_eq!(queue.pop(99), Some("d"));
    assert!(queue.is_empty());
}

#[test]
fn a_set_clock_is_noticed_and_a_suspend_is_not() {
    let mut watch = ClockWatch::default();
    let day = 24 * HOUR;
    let mut look = |wall_ms, steady_ms| watch.jumped(wall_ms, Duration::from_millis(steady_ms));
    assert!(!look(MONDAY_MS, 0));
    assert!(!look(MONDAY_MS + 8 * HOUR, 8 * HOUR), "a suspend");
    assert!(!look(MONDAY_MS + 8 * HOUR + 60_000, 8 * HOUR), "a clock that was a minute off");
    assert!(look(MONDAY_MS + 8 * HOUR + day, 8 * HOUR), "a day ahead");
    assert!(!look(MONDAY_MS + 9 * HOUR + day, 9 * HOUR));
    assert!(look(MONDAY_MS + 9 * HOUR, 9 * HOUR), "and back");
    assert!(look(0, 9 * HOUR));
    assert!(look(u64::MAX, 0));
}

#[test]
fn a_rotation_dated_in_the_future_is_one_to_be_made_again() {
    assert!(!is_misdated(MONDAY_MS, MONDAY_MS));
    assert!(!is_misdated(MONDAY_MS + HOUR, MONDAY_MS));
    assert!(is_misdated(MONDAY_MS + HOUR + 1, MONDAY_MS));
    assert!(!is_misdated(u64::MAX, u64::MAX));
}

// ---- pauses ----

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
    fn no_number_makes_the_schedule_panic(last: u64, seed: u64, windows in windows(), offset in -64_800..64_800_i32) {
        let blackout = Blackout::new(windows).unwrap_or_default();
        let _ = due_outside(last, Interval::LONGEST, seed, &blackout, &Offset(offset));
        let _ = is_misdated(last, seed);
    }

    #[test]
    fn the_free_moment_is_the_first_that_a_calendar_shows_as_free(windows in windows(), minute in 0..2 * 10_080_u64, at in 0..2_u64) {
        let blackout = Blackout::new(windows).unwrap_or_default();
        // Around the two nights in which clocks are set.
        let at = [1_774_314_000_000, 1_792_458_000_000][usize::try_from(at).unwrap()] + minute * 60_000;
        let free = blackout.free_at(at, &Berlin);
        prop_assert!(!covered(blackout.windows(), free, &Berlin));
        prop_assert!((at..free).step_by(60_000).all(|moment| covered(blackout.windows(), moment, &Berlin)));
    }

    #[test]
    fn no_two_rotations_are_further_apart_than_an_interval_and_a_window(windows in windows(), seed: u64, minute in 0..10_080_u64) {
        let blackout = Blackout::new(windows).unwrap_or_default();
        let last = MONDAY_MS + minute * 60_000;
        let due = due_outside(last, Interval::DEFAULT, seed, &blackout, &Berlin);
        prop_assert!(due <= last + (24 + 22 + 1) * HOUR + HOUR / 2);
        prop_assert_eq!(blackout.free_at(due, &Berlin), due);
    }

    #[test]
    fn no_pause_is_longer_than_an_hour(failures: u32, after: Option<u64>, seed: u64) {
        prop_assert!(pause(failures, after.map(Duration::from_secs), seed) <= LONGEST_PAUSE);
    }
}
