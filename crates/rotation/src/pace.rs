//! How fast requests may go to Microsoft: one limiter for a process, so that what one task learns of a limit holds for
//! all. Better late by ourselves than refused: refused requests count too.
//!
//! [`Pace::take`] books a request and says how long to wait before it is sent; what came back is told to
//! [`Pace::hear`]. The published limits hold for each tenant and service and for the application as a whole; what the
//! service says of its own limits comes on top, for the tenant it says it of. [`Pace::own_wait`] tells how long a tenant
//! would wait while others need not, so that whoever works for it first gives its place to another.
//!
//! Times are of a clock that only goes forward. Each call costs O(log n) in tenants of which something is remembered;
//! those that are calm are forgotten.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::backoff::{LONGEST_PAUSE, spread};

/// From this share of a limit on the service reports it, and we slow down.
const NEAR: f64 = 0.8;
/// Between two requests at that share: about the published rate of the smallest tenants.
const SHORTEST_GAP: Duration = Duration::from_millis(3);
/// No gap is longer: one request in so long still finds out whether the limit moved.
const LONGEST_GAP: Duration = Duration::from_secs(10);
/// What a first 429 asks for at least.
const REFUSED_GAP: Duration = Duration::from_millis(100);
/// How long a report counts without a newer one.
const WINDOW: Duration = Duration::from_secs(10);
/// Pauses without a `Retry-After` double from the first to the last.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LAST_PAUSE: Duration = Duration::from_mins(1);
/// As many failures a first silence counts for: half a minute.
const AFTER_SILENCE: u32 = 5;
/// How many answers the share of tenants near a limit is taken over.
const ANSWERS: f64 = 16.0;
/// Tenants remembered before calm ones are looked for.
const MANY: usize = 256;

/// Which of Microsoft's services counts a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Service {
    /// Tokens: nothing is published.
    SignIn,
    /// Users, roles, applications.
    Directory,
    /// Conditional Access and policies.
    Policies,
    /// Sign-in and audit logs.
    Reports,
}

/// What a request costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cost {
    /// Who counts it.
    pub service: Service,
    /// Resource units, by Microsoft's table.
    pub units: u32,
    /// Whether it changes something: counted apart.
    pub write: bool,
}

/// So many units may be spent at once, and come back evenly over this time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Units in a full bucket; zero counts as one.
    pub units: u32,
    /// How long an empty bucket takes to be full.
    pub per: Duration,
}

/// The limits that are kept without being told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Directory units of one tenant.
    pub tenant_units: Limit,
    /// Directory writes of one tenant.
    pub tenant_writes: Limit,
    /// Policies of one tenant; no `Retry-After` comes from there.
    pub tenant_policies: Limit,
    /// Logs of one tenant.
    pub tenant_reports: Limit,
    /// Directory units of all tenants.
    pub all_units: Limit,
    /// Directory writes of all tenants.
    pub all_writes: Limit,
    /// Requests to any service of all tenants.
    pub all_requests: Limit,
}

impl Limits {
    /// As published ("Service-specific throttling limits", 2026-02), for the smallest tenants. The 18,000 writes in
    /// 300 s of all applications in a tenant are not ours alone: our own limit is a third of them.
    pub const PUBLISHED: Self = Self {
        tenant_units: Limit { units: 3_500, per: Duration::from_secs(10) },
        tenant_writes: Limit { units: 3_000, per: Duration::from_secs(150) },
        tenant_policies: Limit { units: 1, per: Duration::from_secs(1) },
        tenant_reports: Limit { units: 5, per: Duration::from_secs(10) },
        all_units: Limit { units: 150_000, per: Duration::from_secs(20) },
        all_writes: Limit { units: 35_000, per: Duration::from_mins(5) },
        all_requests: Limit { units: 130_000, per: Duration::from_secs(10) },
    };
}

/// What came back for one request, as far as pace goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reply {
    /// How it ended.
    pub outcome: Outcome,
    /// How near its limit the service says we are (`x-ms-throttle-limit-percentage`): 1.0 is the limit, from 0.8 on it
    /// is said.
    pub share: Option<f64>,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Answered, a refusal of what was asked included: the service is well.
    Answered,
    /// 429.
    Throttled {
        /// How long to keep away.
        retry_after: Option<Duration>,
        /// The limit is the application's in all tenants, not this tenant's (`x-ms-throttle-scope`).
        everyone: bool,
    },
    /// 5xx: the service is not well.
    Sick {
        /// How long to keep away.
        retry_after: Option<Duration>,
    },
    /// No answer in time, or no connection. Asking again takes a place for as long as a time-out, so it is asked seldom.
    Silent,
}

/// The limiter. `T` names a tenant.
#[derive(Debug)]
pub struct Pace<T> {
    limits: Limits,
    tenants: BTreeMap<T, Scope>,
    all: Scope,
    requests: Bucket,
    /// Share of the last answers that came from near a limit: where it is most of them, the limit is the application's. Reads and
    /// writes have limits of their own, so each is told apart, or the one would drown what the other says.
    near: [f64; 2],
    sweep_at: usize,
}

impl<T: Ord> Pace<T> {
    /// With nothing spent.
    pub fn new(limits: Limits) -> Self {
        let all = Scope::default();
        Self { limits, tenants: BTreeMap::new(), all, requests: Bucket::default(), near: [0.0; 2], sweep_at: MANY }
    }

    /// Books a request, and says how long to wait before it is sent.
    pub fn take(&mut self, now: Duration, tenant: T, cost: Cost) -> Duration {
        self.forget_calm(now);
        let (own, all) = self.limits.of(cost);
        let requests = self.requests.take(self.limits.all_requests, 1, now);
        // Booked for all as of now: what one tenant has to wait is no wait for the others.
        let everyone = self.all.take(&all, cost, now);
        let tenant = self.tenants.entry(tenant).or_default().take(&own, cost, now);
        requests.max(everyone).max(tenant)
    }

    /// How long a request would wait that is not booked.
    pub fn wait(&self, now: Duration, tenant: &T, cost: Cost) -> Duration {
        let (_, all) = self.limits.of(cost);
        let tenant = self.own_wait(now, tenant, cost);
        tenant.max(self.all.wait(&all, cost, now)).max(self.requests.wait(self.limits.all_requests, 1, now))
    }

    /// How much of that wait is the tenant's alone: where everybody waits, nobody could use its place.
    pub fn own_wait(&self, now: Duration, tenant: &T, cost: Cost) -> Duration {
        let (own, _) = self.limits.of(cost);
        self.tenants.get(tenant).map_or(Duration::ZERO, |scope| scope.wait(&own, cost, now))
    }

    /// Whether the tenant, or everybody, has been told to keep away.
    pub fn is_silenced(&self, now: Duration, tenant: &T) -> bool {
        let until = self.tenants.get(tenant).map_or(Duration::ZERO, |scope| scope.paused_until);
        until.max(self.all.paused_until) > now
    }

    /// Learns from what came back. `seed` spreads the pauses of tenants that fail together.
    pub fn hear(&mut self, now: Duration, tenant: T, cost: Cost, reply: &Reply, seed: u64) {
        let scope = self.tenants.entry(tenant).or_default();
        // No other service reports, and a refusal has no share: neither says that we are well below.
        if reply.outcome == Outcome::Answered && cost.service == Service::Directory {
            let share = reply.share.filter(|share| share.is_finite() && *share >= NEAR);
            scope.report(cost, share, now);
            let near = &mut self.near[usize::from(cost.write)];
            *near += (if share.is_some() { 1.0 } else { 0.0 } - *near) / ANSWERS;
            // One tenant near its limit is near that tenant's; where most answers come from near one, it is ours.
            if *near <= 0.5 {
                self.all.report(cost, None, now);
            } else if share.is_some() {
                self.all.report(cost, share, now);
            }
        }
        match reply.outcome {
            Outcome::Answered => {
                scope.recover(cost);
                self.all.recover(cost);
            }
            Outcome::Throttled { retry_after, everyone } => {
                let scope = if everyone { &mut self.all } else { scope };
                scope.refuse(cost, now);
                scope.pause(retry_after, seed, now);
            }
            Outcome::Sick { retry_after } => scope.pause(retry_after, seed, now),
            Outcome::Silent => {
                scope.failures = scope.failures.max(AFTER_SILENCE);
                scope.pause(None, seed, now);
            }
        }
    }

    /// Tenants of which something is remembered.
    pub fn remembered(&self) -> usize {
        self.tenants.len()
    }

    fn forget_calm(&mut self, now: Duration) {
        if self.tenants.len() >= self.sweep_at {
            self.tenants.retain(|_, scope| !scope.is_calm(now));
            // Twice what is left, so that looking costs each request no more than a constant.
            self.sweep_at = MANY.max(self.tenants.len() * 2);
        }
    }
}

/// The buckets that a request spends from: units and writes, each with its limit.
struct Spent {
    units: Option<Limit>,
    writes: Option<Limit>,
}

impl Limits {
    /// What a request spends in its tenant, and in all.
    fn of(&self, cost: Cost) -> (Spent, Spent) {
        let nothing = Spent { units: None, writes: None };
        match cost.service {
            Service::SignIn => (nothing, Spent { units: None, writes: None }),
            Service::Policies => (Spent { units: Some(self.tenant_policies), writes: None }, nothing),
            Service::Reports => (Spent { units: Some(self.tenant_reports), writes: None }, nothing),
            Service::Directory => {
                let write = |limit| cost.write.then_some(limit);
                (
                    Spent { units: Some(self.tenant_units), writes: write(self.tenant_writes) },
                    Spent { units: Some(self.all_units), writes: write(self.all_writes) },
                )
            }
        }
    }
}

/// What is known of one limit holder: a tenant, or the application in all tenants.
#[derive(Debug, Default)]
struct Scope {
    directory: Bucket,
    writes: Bucket,
    policies: Bucket,
    reports: Bucket,
    paused_until: Duration,
    /// Pauses in a row.
    failures: u32,
    /// Reads and writes have limits of their own.
    spacing: [Spacing; 2],
}

/// The least time between two requests.
#[derive(Debug, Clone, Copy, Default)]
struct Spacing {
    next: Duration,
    /// By the share that the service reports, and until when.
    reported: Duration,
    reported_until: Duration,
    /// By its refusals: doubled by each, and shrinking with each answer. For services that report no share.
    refused: Duration,
}

impl Scope {
    fn wait(&self, spent: &Spent, cost: Cost, now: Duration) -> Duration {
        let units = spent.units.map(|limit| self.bucket(cost.service).wait(limit, cost.units, now));
        let writes = spent.writes.map(|limit| self.writes.wait(limit, 1, now));
        let spaced = self.spacing[usize::from(cost.write)].next.max(self.paused_until).saturating_sub(now);
        units.into_iter().chain(writes).fold(spaced, Duration::max)
    }

    fn take(&mut self, spent: &Spent, cost: Cost, now: Duration) -> Duration {
        let wait = self.wait(spent, cost, now);
        if let Some(limit) = spent.units {
            self.bucket_mut(cost.service).take(limit, cost.units, now);
        }
        if let Some(limit) = spent.writes {
            self.writes.take(limit, 1, now);
        }
        let spacing = &mut self.spacing[usize::from(cost.write)];
        let gap = spacing.gap(now);
        spacing.next = if gap.is_zero() { spacing.next } else { now.saturating_add(wait).saturating_add(gap) };
        wait
    }

    /// A report replaces the one before; an answer without one says that we are well below.
    fn report(&mut self, cost: Cost, share: Option<f64>, now: Duration) {
        let spacing = &mut self.spacing[usize::from(cost.write)];
        spacing.reported = share.map(gap).unwrap_or_default();
        spacing.reported_until = now.saturating_add(WINDOW);
    }

    fn recover(&mut self, cost: Cost) {
        self.failures = 0;
        let refused = &mut self.spacing[usize::from(cost.write)].refused;
        *refused = refused.mul_f64(0.97);
        if *refused < SHORTEST_GAP {
            *refused = Duration::ZERO;
        }
    }

    fn refuse(&mut self, cost: Cost, now: Duration) {
        // Sent before the pause began, like many others perhaps: one of them has said it.
        if self.paused_until > now {
            return;
        }
        let refused = &mut self.spacing[usize::from(cost.write)].refused;
        *refused = (*refused * 2).clamp(REFUSED_GAP, LONGEST_GAP);
    }

    /// Keeps away for as long as was asked, else by the failures in a row; half of that is spread.
    fn pause(&mut self, asked: Option<Duration>, seed: u64, now: Duration) {
        // What was sent before a pause began is no further failure.
        self.failures = self.failures.saturating_add(u32::from(self.paused_until <= now)).max(1);
        let pause = asked.filter(|asked| !asked.is_zero()).unwrap_or_else(|| {
            let whole = FIRST_PAUSE.saturating_mul(1 << (self.failures - 1).min(6)).min(LAST_PAUSE);
            let half = whole / 2;
            half + Duration::from_millis(spread(seed, u64::try_from(half.as_millis()).unwrap_or(u64::MAX)))
        });
        self.paused_until = self.paused_until.max(now.saturating_add(pause.min(LONGEST_PAUSE)));
    }

    /// Whether nothing is remembered that still matters.
    fn is_calm(&self, now: Duration) -> bool {
        let buckets = [self.directory, self.writes, self.policies, self.reports];
        let spaced = |spacing: &Spacing| spacing.next > now || !spacing.gap(now).is_zero();
        // Failures are forgotten with the longest pause they lead to.
        let failing = self.failures > 0 && self.paused_until.saturating_add(LAST_PAUSE) > now;
        buckets.iter().all(|bucket| bucket.full_at <= now)
            && self.paused_until <= now
            && !failing
            && !self.spacing.iter().any(spaced)
    }

    fn bucket(&self, service: Service) -> Bucket {
        match service {
            Service::SignIn | Service::Directory => self.directory,
            Service::Policies => self.policies,
            Service::Reports => self.reports,
        }
    }

    fn bucket_mut(&mut self, service: Service) -> &mut Bucket {
        match service {
            Service::SignIn | Service::Directory => &mut self.directory,
            Service::Policies => &mut self.policies,
            Service::Reports => &mut self.reports,
        }
    }
}

impl Spacing {
    fn gap(&self, now: Duration) -> Duration {
        let reported = if self.reported_until > now { self.reported } else { Duration::ZERO };
        reported.max(self.refused)
    }
}

/// Tenfold for each tenth of the limit: whatever its true rate is, we settle at the share whose gap fits that rate, a
/// little below the limit, instead of running into it.
fn gap(share: f64) -> Duration {
    let tenths = ((share - NEAR) * 10.0).clamp(0.0, 4.0);
    SHORTEST_GAP.mul_f64(10_f64.powf(tenths)).min(LONGEST_GAP)
}

/// A token bucket, kept as one number: when it will be full again.
#[derive(Debug, Clone, Copy, Default)]
struct Bucket {
    full_at: Duration,
}

impl Bucket {
    fn after(self, limit: Limit, units: u32, now: Duration) -> Duration {
        // More than a full bucket could never be spent: it counts as full.
        let most = limit.units.max(1);
        self.full_at.max(now).saturating_add(limit.per.saturating_mul(units.min(most)) / most)
    }

    fn wait(self, limit: Limit, units: u32, now: Duration) -> Duration {
        self.after(limit, units, now).saturating_sub(now).saturating_sub(limit.per)
    }

    fn take(&mut self, limit: Limit, units: u32, now: Duration) -> Duration {
        let wait = self.wait(limit, units, now);
        self.full_at = self.after(limit, units, now);
        wait
    }
}
