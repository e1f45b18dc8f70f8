//! Counters for the operator, in the text format that Prometheus reads. Routes and statuses alone: no device, vault or
//! address.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What was counted since the start.
#[derive(Default)]
pub(crate) struct Metrics {
    requests: Mutex<BTreeMap<(&'static str, u16), Requests>>,
}

#[derive(Default, Clone, Copy)]
struct Requests {
    count: u64,
    seconds: f64,
}

impl Metrics {
    /// Counts an answer. `route` is one of the table's, so that the counters cannot grow with what is asked.
    pub(crate) fn count(&self, route: &'static str, status: u16, took: Duration) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let of_route = requests.entry((route, status)).or_default();
        of_route.count += 1;
        of_route.seconds += took.as_secs_f64();
    }

    /// The page.
    pub(crate) fn text(&self) -> String {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut out = String::new();
        let mut metric = |name: &str, help: &str, value: fn(&Requests) -> f64| {
            let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} counter");
            for ((route, status), it) in &requests {
                let _ = writeln!(out, "{name}{{route=\"{route}\",status=\"{status}\"}} {}", value(it));
            }
        };
        #[allow(clippy::cast_precision_loss, reason = "the format has floating-point values alone")]
        metric("vitrine_requests_total", "Requests answered.", |it| it.count as f64);
        metric("vitrine_request_seconds_total", "Time until the answers began.", |it| it.seconds);
        out
    }
}
