//! The limiter beside services that keep the published limits, other limits, or none, in time that is only counted.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    time::Duration,
};

use proptest::prelude::*;

use crate::{Cost, LONGEST_PAUSE, Limit, Limits, Outcome, Pace, Reply, Service};

const LATENCY: Duration = Duration::from_millis(120);
/// After this a request has no answer.
const TIME_OUT: Duration = Duration::from_secs(8);
const SIGN_IN: Cost = Cost { service: Service::SignIn, units: 0, write: false };
const READ: Cost = Cost { service: Service::Directory, units: 1, write: false };
const WRITE: Cost = Cost { service: Service::Directory, units: 1, write: true };
const POLICY: Cost = Cost { service: Service::Policies, units: 1, write: false };

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn s(s: u64) -> Duration {
    Duration::from_secs(s)
}

fn answered(share: Option<f64>) -> Reply {
    Reply { outcome: Outcome::Answered, share }
}

fn throttled(seconds: u64, everyone: bool) -> Reply {
    Reply { outcome: Outcome::Throttled { retry_after: Some(s(seconds)), everyone }, share: None }
}

const SILENT: Reply = Reply { outcome: Outcome::Silent, share: None };
const SICK: Reply = Reply { outcome: Outcome::Sick { retry_after: None }, share: None };

// ---- whole runs ----

#[derive(Debug, Default)]
struct Run {
    /// When each tenant had its last answer.
    finished: BTreeMap<u32, Duration>,
    refused: usize,
}

impl Run {
    fn time(&self) -> f64 {
        self.finished.values().max().unwrap().as_secs_f64()
    }
}

/// So many tenants with the same calls one after the other, over so many places. Whoever has to wait does so without a
/// place; a call that was throttled or had no answer is made again, twice after no answer at most.
fn run(
    places: usize,
    tenants: u32,
    calls: &[Cost],
    mut service: impl FnMut(Duration, u32, Cost) -> Option<(Duration, Reply)>,
) -> Run {
    let mut pace = Pace::new(Limits::PUBLISHED);
    let mut run = Run::default();
    let mut taken = 0;
    // (when, order, tenant, call, silences), and what is answered then, where something was sent
    let mut events = BinaryHeap::new();
    let mut replies = BTreeMap::new();
    let mut order = 0_u64;
    let mut line: std::collections::VecDeque<(u32, usize, u32)> = (0..tenants).map(|tenant| (tenant, 0, 0)).collect();
    let mut now = Duration::ZERO;
    loop {
        while taken < places
            && let Some((tenant, call, silences)) = line.pop_front()
        {
            order += 1;
            let wait = pace.wait(now, &tenant, calls[call]);
            if !wait.is_zero() {
                events.push(Reverse((now + wait.max(ms(1)), order, tenant, call, silences)));
                continue;
            }
            assert_eq!(pace.take(now, tenant, calls[call]), Duration::ZERO);
            taken += 1;
            let (took, reply) = service(now, tenant, calls[call]).unwrap_or((TIME_OUT, SILENT));
            replies.insert(order, reply);
            events.push(Reverse((now + took, order, tenant, call, silences)));
        }
        let Some(Reverse((at, order, tenant, mut call, mut silences))) = events.pop() else { return run };
        now = at;
        if let Some(reply) = replies.remove(&order) {
            taken -= 1;
            pace.hear(now, tenant, calls[call], &reply, u64::from(tenant));
            match reply.outcome {
                Outcome::Answered => {
                    (call, silences) = (call + 1, 0);
                    if call == calls.len() {
                        run.finished.insert(tenant, now);
                    }
                }
                Outcome::Throttled { .. } => run.refused += 1,
                Outcome::Sick { .. } => {}
                Outcome::Silent => silences += 1,
            }
        }
        if call < calls.len() && silences < 3 {
            line.push_back((tenant, call, silences));
        }
    }
}

const ROTATION: [Cost; 4] = [SIGN_IN, READ, WRITE, READ];

/// A token bucket as the service keeps it: full at first.
struct Quota {
    units: f64,
    per_second: f64,
    left: f64,
    at: Duration,
}

impl Quota {
    fn new(units: f64, per_second: f64) -> Self {
        Self { units, per_second, left: units, at: Duration::ZERO }
    }

    fn take(&mut self, now: Duration) -> bool {
        self.left = (self.left + now.saturating_sub(self.at).as_secs_f64() * self.per_second).min(self.units);
        self.at = now;
        let granted = self.left >= 1.0;
        self.left -= f64::from(u8::from(granted));
        granted
    }

    fn share(&self) -> Option<f64> {
        let share = 1.0 - self.left / self.units;
        (share >= 0.8).then(|| (share * 100.0).floor() / 100.0)
    }
}

#[test]
fn two_thousand_tenants_take_what_latency_and_places_make_of_them() {
    for places in [8, 32, 64] {
        let run = run(places, 2000, &ROTATION, |_, _, _| Some((LATENCY, answered(None))));
        let floor = LATENCY * 2000 * 4 / u32::try_from(places).unwrap();
        let ratio = run.time() / floor.as_secs_f64();
        assert!(ratio <= 1.05 && run.finished.len() == 2000, "{places} places: {ratio}");
    }
}

#[test]
fn a_limit_that_nobody_published_is_felt_before_it_refuses() {
    let mut quota = Quota::new(500.0, 10.0);
    let run = run(64, 1000, &[WRITE], |now, _, _| {
        Some((LATENCY, if quota.take(now) { answered(quota.share()) } else { throttled(1, true) }))
    });
    let ratio = run.time() / 50.0;
    assert!(ratio <= 1.05 && run.refused <= 50, "{ratio} of the quota's floor, {} refusals", run.refused);
}

#[test]
fn a_limit_on_changes_is_felt_among_answers_to_questions() {
    let mut quota = Quota::new(500.0, 10.0);
    let run = run(64, 1000, &[READ, READ, WRITE, READ, WRITE, READ], |now, _, cost| {
        let granted = !cost.write || quota.take(now);
        let share = quota.share().filter(|_| cost.write);
        Some((LATENCY, if granted { answered(share) } else { throttled(1, true) }))
    });
    let ratio = run.time() / 150.0;
    assert!(ratio <= 1.05 && run.refused <= 50, "{ratio} of the quota's floor, {} refusals", run.refused);
}

#[test]
fn a_limit_that_is_never_reported_is_learnt_once_for_all() {
    let mut quota = Quota::new(500.0, 10.0);
    let run = run(64, 1000, &[WRITE], |now, _, _| {
        Some((LATENCY, if quota.take(now) { answered(None) } else { throttled(1, true) }))
    });
    // The plain client of the reference: 1.03 of the floor and 2.36 refusals a tenant.
    let ratio = run.time() / 50.0;
    assert!(ratio <= 1.5 && run.refused <= 150, "{ratio} of the quota's floor, {} refusals", run.refused);
}

#[test]
fn the_healthy_do_not_wait_for_the_dead() {
    let dead = |tenant: u32| tenant % 100 == 3;
    let mut calls = 0_u64;
    let run = run(64, 2000, &ROTATION, |_, tenant, _| {
        calls += 1;
        if dead(tenant) {
            None
        } else if (calls.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) % 20 == 7 {
            Some((LATENCY, SICK))
        } else {
            Some((LATENCY, answered(None)))
        }
    });
    let clean = (LATENCY * 2000 * 4 / 64).as_secs_f64();
    let mut ends: Vec<f64> = run.finished.values().map(Duration::as_secs_f64).collect();
    ends.sort_by(f64::total_cmp);
    assert_eq!(ends.len(), 1980);
    // A tenant that was refused three times in a row has its pauses besides.
    let (most, last) = (ends[1979 * 98 / 100] / clean, ends[1979] / clean);
    assert!(most <= 1.25 && last <= 1.5, "98 of 100 took {most} of the clean run, the last {last}");
}

// ---- single rules ----

#[test]
fn policies_are_read_once_a_second_and_tenants_do_not_wait_for_each_other() {
    let mut pace = Pace::new(Limits::PUBLISHED);
    assert_eq!([1, 1, 1, 2].map(|tenant| pace.take(s(0), tenant, POLICY)), [s(0), s(1), s(2), s(0)]);
    assert_eq!(pace.take(s(9), 1, POLICY), s(0));
}

#[test]
fn the_published_units_may_be_spent_at_once_and_no_more() {
    let mut pace = Pace::new(Limits::PUBLISHED);
    assert_eq!(pace.take(s(0), 1, Cost { units: 3500, ..READ }), s(0));
    assert_eq!(pace.wait(s(0), &1, Cost { units: 350, ..READ }), s(1));
    assert_eq!(pace.wait(s(0), &2, READ), s(0));
}

#[test]
fn retry_after_silences_the_tenant_that_was_told_and_no_other() {
    let mut pace = Pace::new(Limits::PUBLISHED);
    pace.hear(s(0), 1, READ, &throttled(17, false), 0);
    assert_eq!((pace.wait(s(1), &1, READ), pace.wait(s(1), &2, READ)), (s(16), s(0)));
    assert_eq!(pace.wait(s(17), &1, READ), s(0));
}

#[test]
fn a_refusal_to_the_application_silences_everybody() {
    let mut pace = Pace::new(Limits::PUBLISHED);
    pace.hear(s(0), 1, READ, &throttled(5, true), 0);
    assert_eq!((pace.wait(s(1), &2, READ), pace.wait(s(5), &2, READ)), (s(4), s(0)));
}

#[test]
fn one_tenant_near_its_limit_slows_itself_alone_and_for_one_window() {
    let mut pace = Pace::new(Limits::PUBLISHED);
    pace.hear(s(0), 1, READ, &answered(Some(0.79)), 0);
    assert_eq!([1, 1].map(|tenant| pace.take(s(0), tenant, READ)), [s(0), s(0)]);
    pace.hear(s(0), 1, READ, &answered(Some(1.0)), 0);
    let waits = [1, 1, 2, 2].map(|tenant| pace.take(s(0), tenant, READ));
    assert!(waits[0].is_zero() && waits[1] > ms(250) && waits[1] < ms(350), "{waits:?}");
    assert_eq!(waits[2..], [s(0), s(0)]);
    assert_eq!([1, 1].map(|tenant| pace.take(s(11), tenant, READ)), [s(0), s(0)]);
    for nonsense in [f64::NAN, f64::INFINITY, -1.0] {
        pace.hear(s(20), 1, READ, &answered(Some(nonsense)), 0);
        assert_eq!([1, 1].map(|tenant| pace.take(s(20), tenant, READ)), [s(0), s(0)]);
    }
}

#[test]
fn a_sick_tenant_is_kept_away_from_longer_and_longer_up_to_a_minute() {
    let mut pace = Pace::new(Limits::PUBLISHED);
    let (mut now, mut last) = (s(0), s(0));
    for _ in 0..7 {
        pace.hear(now, 1, READ, &SICK, 3);
        let pause = pace.wait(now, &1, READ);
        assert!(pause > last && pause <= s(60), "{pause:?}");
        (now, last) = (now + pause, pause);
    }
    pace.hear(now, 1, READ, &answered(None), 3);
    pace.hear(now, 1, READ, &SICK, 3);
    assert!(pace.wait(now, &1, READ) <= s(1));
}

#[test]
fn a_tenant_that_let_a_request_time_out_is_left_alone_for_half_a_minute_at_once() {
    let mut pace = Pace::new(Limits::PUBLISHED);
    pace.hear(s(0), 1, READ, &SILENT, 3);
    assert!((s(15)..=s(60)).contains(&pace.wait(s(0), &1, READ)));
    assert_eq!(pace.wait(s(0), &2, READ), s(0));
}

#[test]
fn tenants_that_fail_together_do_not_come_back_together() {
    let mut pace = Pace::new(Limits::PUBLISHED);
    let waits: std::collections::BTreeSet<Duration> = (0..100_u32)
        .map(|tenant| {
            pace.hear(s(0), tenant, READ, &SICK, u64::from(tenant));
            pace.wait(s(0), &tenant, READ)
        })
        .collect();
    assert!(waits.len() > 80, "{} of 100 differ", waits.len());
}

#[test]
fn nothing_is_kept_of_tenants_that_are_calm() {
    let mut pace = Pace::new(Limits::PUBLISHED);
    for tenant in 0..10_000_u32 {
        let now = s(u64::from(tenant));
        pace.take(now, tenant, WRITE);
        pace.hear(now, tenant, WRITE, &if tenant % 7 == 0 { SICK } else { answered(Some(0.9)) }, 1);
    }
    assert!(pace.remembered() <= 512, "{} tenants", pace.remembered());
}

// ---- whatever happens ----

/// Small enough to be reached.
const SMALL: Limits = Limits {
    tenant_units: Limit { units: 6, per: Duration::from_secs(10) },
    tenant_writes: Limit { units: 3, per: Duration::from_secs(15) },
    all_units: Limit { units: 20, per: Duration::from_secs(20) },
    all_writes: Limit { units: 8, per: Duration::from_secs(30) },
    ..Limits::PUBLISHED
};

/// Whether what went ever went over a full bucket that refills.
fn over(limit: Limit, mut went: Vec<Duration>) -> bool {
    went.sort_unstable();
    let rate = f64::from(limit.units) / limit.per.as_secs_f64();
    let (mut left, mut last) = (f64::from(limit.units), Duration::ZERO);
    went.iter().any(|at| {
        left = (left + at.saturating_sub(last).as_secs_f64() * rate).min(f64::from(limit.units)) - 1.0;
        last = *at;
        left < -1e-3
    })
}

fn replies() -> impl Strategy<Value = Reply> {
    let waits = || prop::option::of(prop_oneof![(0..30_u64).prop_map(s), Just(Duration::MAX)]);
    let outcomes = prop_oneof![
        8 => Just(Outcome::Answered),
        2 => (waits(), any::<bool>()).prop_map(|(retry_after, everyone)| Outcome::Throttled { retry_after, everyone }),
        1 => waits().prop_map(|retry_after| Outcome::Sick { retry_after }),
        1 => Just(Outcome::Silent),
    ];
    (outcomes, prop::option::of(any::<f64>())).prop_map(|(outcome, share)| Reply { outcome, share })
}

proptest! {
    #[test]
    fn no_order_of_requests_goes_over_a_limit(asks in prop::collection::vec((0..6_u32, any::<bool>(), 0..3000_u64), 0..200)) {
        let mut pace = Pace::new(SMALL);
        let (mut now, mut units, mut writes) = (s(0), BTreeMap::<_, Vec<_>>::new(), BTreeMap::<_, Vec<_>>::new());
        for (tenant, write, pass) in asks {
            now += ms(pass);
            let at = now + pace.take(now, tenant, if write { WRITE } else { READ });
            for who in [None, Some(tenant)] {
                units.entry(who).or_default().push(at);
                if write {
                    writes.entry(who).or_default().push(at);
                }
            }
        }
        for (who, went) in units {
            // What one tenant waits for is booked for all at once, so only each tenant's own order is exact.
            prop_assert!(who.is_none() || !over(SMALL.tenant_units, went));
        }
        for (who, went) in writes {
            prop_assert!(who.is_none() || !over(SMALL.tenant_writes, went));
        }
    }

    #[test]
    fn together_they_stay_within_the_applications_limit(passes in prop::collection::vec(0..3000_u64, 0..200)) {
        let mut pace = Pace::new(SMALL);
        let mut now = s(0);
        let went = (0_u32..).zip(passes).map(|(tenant, pass)| {
            now += ms(pass);
            now + pace.take(now, tenant, WRITE)
        });
        prop_assert!(!over(SMALL.all_writes, went.collect()));
    }

    #[test]
    fn whatever_is_answered_nobody_is_silenced_for_longer_than_the_longest_pause(
        heard in prop::collection::vec((0..4_u32, any::<bool>(), replies(), any::<u64>(), 0..5000_u64), 0..100),
    ) {
        let mut pace = Pace::new(Limits::PUBLISHED);
        let mut now = s(0);
        for (tenant, write, reply, seed, pass) in heard {
            now += ms(pass);
            pace.hear(now, tenant, if write { WRITE } else { READ }, &reply, seed);
            prop_assert!(pace.wait(now, &tenant, WRITE) <= LONGEST_PAUSE);
        }
    }
}
