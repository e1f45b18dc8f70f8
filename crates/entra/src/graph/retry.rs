//! When to try again, and how long to wait: `Retry-After` where it is said, else 1 to 60 s, doubling, with jitter.

use super::error::{GraphError, GraphErrorKind};
use crate::pace::LONGEST_WAIT;
use std::time::Duration;

/// Attempts of one request, the first included.
pub(super) const ATTEMPTS: u32 = 6;

/// What a request does when sent twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// The same as once: reads, PATCH, DELETE.
    Harmless,
    /// Creates a second one: only a refusal that is certain may be followed by another send.
    Creates,
    /// Never sent twice below whoever decides: a password.
    Never,
}

/// How long to wait before the attempt after `attempt`; `None`: give up. `roll` is jitter from 0.0 to 1.0.
pub(super) fn pause(error: &GraphError, repeat: Repeat, attempt: u32, roll: f64) -> Option<Duration> {
    if attempt >= ATTEMPTS || repeat == Repeat::Never {
        return None;
    }
    let again = match error.kind() {
        GraphErrorKind::Throttled => true,
        GraphErrorKind::Concurrency | GraphErrorKind::Unavailable => repeat == Repeat::Harmless,
        GraphErrorKind::Transport => {
            let lost = error.transport().is_some_and(|t| t == crate::http::TransportError::NoAnswer);
            lost && repeat == Repeat::Harmless && attempt < 3
        }
        _ => false,
    };
    if !again {
        return None;
    }
    let wait = error.retry_after().unwrap_or_else(|| {
        let most = f64::from(2_u32.pow(attempt.min(6))).min(60.0);
        Duration::from_secs_f64((most * (0.5 + 0.5 * roll.clamp(0.0, 1.0))).max(1.0))
    });
    (wait <= LONGEST_WAIT).then_some(wait)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::TransportError;

    #[test]
    fn without_a_hint_the_wait_doubles_from_one_to_sixty_seconds() {
        let busy = GraphError::of_status(GraphErrorKind::Unavailable, 503);
        for attempt in 1..ATTEMPTS {
            let most = u64::pow(2, attempt);
            for (roll, wait) in [(0.0, most / 2), (1.0, most)] {
                let wait = Some(Duration::from_secs(wait));
                assert_eq!(pause(&busy, Repeat::Harmless, attempt, roll), wait, "{attempt} {roll}");
            }
        }
        assert_eq!(pause(&busy, Repeat::Harmless, ATTEMPTS, 0.5), None);
    }

    #[test]
    fn what_creates_is_not_repeated_after_a_lost_answer_and_a_password_never_is() {
        let lost = GraphError::below_http(TransportError::NoAnswer);
        let busy = GraphError::of_status(GraphErrorKind::Unavailable, 503);
        let throttled = GraphError::of_status(GraphErrorKind::Throttled, 429);
        for error in [&lost, &busy] {
            assert!(pause(error, Repeat::Harmless, 1, 0.5).is_some());
            assert_eq!(pause(error, Repeat::Creates, 1, 0.5), None);
        }
        assert!(pause(&throttled, Repeat::Creates, 1, 0.5).is_some());
        for error in [&lost, &busy, &throttled] {
            assert_eq!(pause(error, Repeat::Never, 1, 0.5), None);
        }
    }
}
