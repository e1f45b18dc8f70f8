//! Pacing: what the client asks before a request and tells after it. How fast requests may go is decided outside, by one
//! limiter for the whole process, so that what one connection learns of a limit holds for all.

use crate::http::{Answer, TransportError};
use crate::id::TenantId;
use std::time::{Duration, SystemTime};

/// No `Retry-After` counts for more: a nonsensical one must not silence a tenant for good.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);

/// A longer wait is the caller's to plan: it hears [`crate::GraphError::retry_after`].
pub const LONGEST_WAIT: Duration = Duration::from_mins(2);

/// Which of Microsoft's services counts a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Service {
    /// Tokens.
    SignIn,
    /// Users, roles, applications.
    Directory,
    /// Conditional Access and policies: 1 request per second, and no `Retry-After`.
    Policies,
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

impl Cost {
    /// A token.
    pub const SIGN_IN: Self = Self { service: Service::SignIn, units: 1, write: false };
    /// A change to the directory, such as a password.
    pub const WRITE: Self = Self { service: Service::Directory, units: 1, write: true };
}

/// What came back for one request, as far as pace goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Heard {
    /// How it ended.
    pub outcome: Outcome,
    /// How near its limit the service says we are (`x-ms-throttle-limit-percentage`): 1.0 is the limit.
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
    /// 5xx, or an answer that broke off: the service is not well.
    Sick {
        /// How long to keep away.
        retry_after: Option<Duration>,
    },
    /// No answer until the client gave up.
    Silent,
}

/// The limiter. It keeps time by itself and outlives every [`crate::Http`]: a limit does not end where the vault is
/// locked.
pub trait Pacing: Send + Sync {
    /// Says how long to wait before a request is sent, and books it where that is no longer than `most`.
    fn take(&self, tenant: TenantId, cost: Cost, most: Duration) -> Duration;

    /// Whether the tenant, or everybody, has been told to keep away: what was booked before that may not be sent yet.
    fn is_silenced(&self, tenant: TenantId) -> bool;

    /// Learns from what came back.
    fn hear(&self, tenant: TenantId, cost: Cost, heard: &Heard);
}

/// No limit at all: for whoever asks a few things of a cloud of their own.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unlimited;

impl Pacing for Unlimited {
    fn take(&self, _: TenantId, _: Cost, _: Duration) -> Duration {
        Duration::ZERO
    }

    fn is_silenced(&self, _: TenantId) -> bool {
        false
    }

    fn hear(&self, _: TenantId, _: Cost, _: &Heard) {}
}

impl Heard {
    /// What the end of a request says, `gave_up` where it was not awaited any longer. Nothing where nothing left this
    /// machine: that the network here is down is no reason to keep away from a tenant once it is up again.
    pub(crate) fn of(ended: &Result<Answer, TransportError>, gave_up: bool) -> Option<Self> {
        let plain = |outcome| Some(Self { outcome, share: None });
        let answer = match ended {
            Ok(answer) => answer,
            Err(TransportError::NoAnswer) if gave_up => return plain(Outcome::Silent),
            Err(TransportError::NoAnswer) => return plain(Outcome::Sick { retry_after: None }),
            Err(_) => return None,
        };
        let header = |name: &str| answer.headers.get(name).and_then(|value| value.to_str().ok());
        let retry_after = header("retry-after").and_then(|value| retry_after(value, header("date")));
        let outcome = match answer.status {
            429 => {
                // "<scope>/<limit>/<application>/<tenant>"
                let scope = header("x-ms-throttle-scope").and_then(|scope| scope.split('/').next());
                Outcome::Throttled { retry_after, everyone: scope == Some("Application") }
            }
            500.. => Outcome::Sick { retry_after },
            _ => Outcome::Answered,
        };
        let share = header("x-ms-throttle-limit-percentage").and_then(|share| share.trim().parse().ok());
        Some(Self { outcome, share })
    }
}

/// Reads `Retry-After`: whole seconds, or an HTTP date, which is taken relative to the server's own `Date` so that a
/// clock set wrong here does not matter. Never more than an hour; what is neither is as good as none.
pub(crate) fn retry_after(value: &str, date: Option<&str>) -> Option<Duration> {
    let value = value.trim();
    let pause = if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a number holds are still digits: a long wait.
        Duration::from_secs(value.parse().unwrap_or(u64::MAX))
    } else {
        let then = httpdate::parse_http_date(value).ok()?;
        let now = date.and_then(|date| httpdate::parse_http_date(date.trim()).ok()).unwrap_or_else(SystemTime::now);
        then.duration_since(now).unwrap_or_default()
    };
    Some(pause.min(LONGEST_PAUSE))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    fn heard(status: u16, headers: &[(&'static str, &'static str)]) -> Heard {
        let mut map = ::http::HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        Heard::of(&Ok(Answer { status, headers: map, body: zeroize::Zeroizing::default() }), false).unwrap()
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_of_the_servers_clock_and_never_nonsense() {
        assert_eq!(retry_after(" 17 ", None), Some(S(17)));
        let (then, now) = ("Mon, 23 Nov 2026 06:00:30 GMT", "Mon, 23 Nov 2026 06:00:00 GMT");
        assert_eq!(retry_after(then, Some(now)), Some(S(30)));
        assert_eq!(retry_after(now, Some(then)), Some(S(0)));
        for long in ["99999999999999999999999999", "86400", "Mon, 23 Nov 2093 06:00:00 GMT"] {
            assert_eq!(retry_after(long, Some(now)), Some(LONGEST_PAUSE), "{long}");
        }
        for nonsense in ["", "-1", "soon", "1.5", "1e9", "+5", "０"] {
            assert_eq!(retry_after(nonsense, None), None, "{nonsense}");
        }
    }

    #[test]
    fn an_answer_says_how_long_to_keep_away_and_who() {
        let throttled = |retry_after, everyone| Outcome::Throttled { retry_after, everyone };
        assert_eq!(heard(429, &[]).outcome, throttled(None, false));
        assert_eq!(heard(429, &[("retry-after", "7")]).outcome, throttled(Some(S(7)), false));
        let dated = [("retry-after", "Mon, 23 Nov 2026 06:00:30 GMT"), ("date", "Mon, 23 Nov 2026 06:00:00 GMT")];
        assert_eq!(heard(429, &dated).outcome, throttled(Some(S(30)), false));
        assert_eq!(heard(429, &[("retry-after", "soon")]).outcome, throttled(None, false));
        for (scope, everyone) in [
            ("Application/ReadWrite/9a3d526c-b3c1-4479-ba74-197b5c5751ae/x", true),
            ("Tenant_Application/ReadWrite/9a3d526c-b3c1-4479-ba74-197b5c5751ae/x", false),
            ("Tenant", false),
            ("", false),
        ] {
            assert_eq!(heard(429, &[("x-ms-throttle-scope", scope)]).outcome, throttled(None, everyone), "{scope}");
        }
        assert_eq!(heard(503, &[("retry-after", "3")]).outcome, Outcome::Sick { retry_after: Some(S(3)) });
        assert_eq!(heard(403, &[("retry-after", "3")]).outcome, Outcome::Answered);
        assert_eq!(heard(200, &[("x-ms-throttle-limit-percentage", "0.8")]).share, Some(0.8));
        assert_eq!(heard(200, &[("x-ms-throttle-limit-percentage", "high")]).share, None);
    }

    #[test]
    fn only_what_left_this_machine_says_something_of_the_tenant() {
        let lost = |error, gave_up| Heard::of(&Err(error), gave_up).map(|heard| heard.outcome);
        assert_eq!(lost(TransportError::NoAnswer, true), Some(Outcome::Silent));
        assert_eq!(lost(TransportError::NoAnswer, false), Some(Outcome::Sick { retry_after: None }));
        for here in [TransportError::NoConnection, TransportError::Proxy, TransportError::Certificate] {
            assert_eq!(lost(here, true), None, "{here}");
        }
    }
}
