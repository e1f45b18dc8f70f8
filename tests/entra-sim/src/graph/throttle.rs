//! Throttling by Microsoft's published token buckets (section 5 of the reference: resource units and writes).

use std::collections::HashMap;

use crate::graph::call::Request;
use crate::graph::error::GraphError;
use crate::graph::routes::{Bucket as Service, Route};
use crate::options::Quota;

/// A bucket that refills evenly.
#[derive(Debug, Clone)]
struct Bucket {
    left: f64,
    at_ms: i64,
}

/// All buckets.
#[derive(Debug, Clone, Default)]
pub(crate) struct Throttle {
    buckets: HashMap<String, Bucket>,
    /// Requests that were answered with 429.
    pub(crate) refused: u64,
}

/// What an attempt to take from a bucket came to.
struct Taken {
    granted: bool,
    used_share: f64,
    wait_ms: f64,
}

impl Throttle {
    #[allow(clippy::cast_precision_loss, reason = "milliseconds between two requests fit")]
    fn take(&mut self, name: String, capacity: f64, period_ms: f64, cost: f64, now: i64) -> Taken {
        let bucket = self.buckets.entry(name).or_insert(Bucket { left: capacity, at_ms: now });
        let passed = (now - bucket.at_ms).max(0) as f64;
        bucket.left = (bucket.left + passed * capacity / period_ms).min(capacity);
        bucket.at_ms = now;
        let granted = bucket.left >= cost;
        if granted {
            bucket.left -= cost;
        }
        Taken {
            granted,
            used_share: 1.0 - bucket.left / capacity,
            wait_ms: ((cost - bucket.left) * period_ms / capacity).max(0.0),
        }
    }

    /// Lets a request pass or answers 429.
    #[allow(clippy::too_many_arguments, reason = "the scopes of the published limits")]
    pub(crate) fn admit(
        &mut self,
        tenant: &str,
        app: &str,
        users: usize,
        quota: Option<Quota>,
        route: &Route,
        request: &Request,
        now: i64,
        headers: &mut Vec<(String, String)>,
    ) -> Result<(), GraphError> {
        let admitted = self.judge(tenant, app, users, quota, route, request, now, headers);
        self.refused += u64::from(admitted.is_err());
        admitted
    }

    #[allow(clippy::too_many_arguments, reason = "as above")]
    fn judge(
        &mut self,
        tenant: &str,
        app: &str,
        users: usize,
        quota: Option<Quota>,
        route: &Route,
        request: &Request,
        now: i64,
        headers: &mut Vec<(String, String)>,
    ) -> Result<(), GraphError> {
        let too_many = || GraphError::new(429, "TooManyRequests", "Too many requests");
        match route.bucket {
            Service::ConditionalAccess => {
                // One request per second and tenant, and the answer does not say when to come back.
                let taken = self.take(format!("ca {tenant}"), 1.0, 1000.0, 1.0, now);
                return if taken.granted { Ok(()) } else { Err(too_many()) };
            }
            Service::Reports => {
                let taken = self.take(format!("reports {tenant} {app}"), 5.0, 10_000.0, 1.0, now);
                return if taken.granted { Ok(()) } else { Err(too_many().with_header("Retry-After", &10)) };
            }
            Service::None => return Ok(()),
            Service::Identity => {}
        }
        let write = request.method != "GET";
        let cost = if write { 1.0 } else { f64::from(cost(route, request)) };
        headers.push(("x-ms-resource-unit".to_owned(), format!("{cost:.0}")));
        let per_app = match users {
            0..50 => 3500.0,
            50..=500 => 5000.0,
            _ => 8000.0,
        };
        let limits = if write {
            let mut limits = vec![
                ("Tenant_Application", format!("w {tenant} {app}"), 3000.0, 150_000.0),
                ("Application", format!("w {app}"), 35_000.0, 300_000.0),
                ("Tenant", format!("w {tenant}"), 18_000.0, 300_000.0),
            ];
            if let Some(Quota { units, per_second }) = quota {
                let (units, per_second) = (f64::from(units), f64::from(per_second));
                limits.push(("Application", "w".to_owned(), units, units / per_second * 1000.0));
            }
            limits
        } else {
            vec![
                ("Tenant_Application", format!("r {tenant} {app}"), per_app, 10_000.0),
                ("Application", format!("r {app}"), 150_000.0, 20_000.0),
                ("Tenant", format!("r {tenant}"), f64::MAX / 1e10, 10_000.0),
            ]
        };
        let mut highest = (0.0, "");
        for (scope, name, capacity, period) in limits {
            let taken = self.take(name, capacity, period, cost, now);
            if taken.used_share > highest.0 {
                highest = (taken.used_share, scope);
            }
            if !taken.granted {
                return Err(too_many()
                    .with_header("Retry-After", &format!("{:.0}", (taken.wait_ms / 1000.0).ceil().max(1.0)))
                    .with_header(
                        "x-ms-throttle-scope",
                        &format!("{scope}/{}/{app}/{tenant}", if write { "Write" } else { "Read" }),
                    )
                    .with_header("x-ms-throttle-information", "ResourceUnitLimitExceeded"));
            }
        }
        if highest.0 >= 0.8 {
            headers.push(("x-ms-throttle-limit-percentage".to_owned(), format!("{:.1}", highest.0 + 0.05)));
        }
        Ok(())
    }
}

/// Cost of a read: `$select` makes it cheaper, `$expand` dearer, a small `$top` cheaper, never below 1.
fn cost(route: &Route, request: &Request) -> i32 {
    let given = |name: &str| request.query.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str());
    let mut cost = route.cost;
    if given("$select").is_some() {
        cost -= 1;
    }
    if given("$expand").is_some() {
        cost += 1;
    }
    if given("$top").and_then(|t| t.parse::<u32>().ok()).is_some_and(|t| t < 20) {
        cost -= 1;
    }
    cost.max(1)
}
