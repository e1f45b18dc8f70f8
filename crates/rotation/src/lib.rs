//! Decides the next step of a credential rotation, so that no crash, lost answer or second device can lock anyone out.
//!
//! Pure: no network, database, clock or randomness. The application holds a [`Stored`] per emergency account, performs
//! one [`Step`] at a time, and hands what came of it back as an [`Event`]; [`decide`] answers with the next step and
//! the state to remember. After a crash the state is loaded from the account item ([`Stored::load`]) and
//! [`Event::Restarted`] goes on from there.
//!
//! ```text
//!                 Due, PersonAsked
//!                        |  Refresh, Look
//!                        v
//!   +-----------------> Idle ---- value is not the stored one ----> ChangedOutside
//!   |                    |                                           |  RepairAsked
//!   |                    |  Prepare: candidate + claim appended <----+
//!   |                    v
//!   |   +----------> Prepared  (no send of the candidate can land)
//!   |   |                |
//!   |   | throttled,     |  Send: own lease, first half, other account quiet
//!   |   | never left     v
//!   |   +-------------- Sent ------ definite refusal ------> Refused
//!   |                   |  ^                                  |   |  unchanged on two reads,
//!   |     value moved   |  |  same candidate          GiveUp  |   |  nothing unanswered before
//!   |                   |  |                                  |   |
//!   |                   |  +---- Unclear <--- lost, restart,  |   +--> once anew: Idle --> Prepare
//!   |                   v          |          taken over      |
//!   +---- Commit --- Verified <----+ value moved              +------> NeedsPerson
//! ```
//!
//! The state "Committed" is `Idle` with the new value: nothing else tells them apart. `ChangedOutside` and
//! `NeedsPerson` keep whatever candidate they were reached with and take it up again.
//!
//! What the application owes in return, because the decider cannot see it:
//! - one step at a time per account; only answers arrive while a step is under way;
//! - an append goes only onto the head that was folded, for both accounts of the tenant, when the step was decided;
//!   any other head, one of this device's own appends included, is [`AppendRefusal::Conflict`];
//! - a send is made once, with [`SEND_LIMIT`], never retried below this crate;
//! - every candidate that was ever sent stays readable for 30 days, given up or replaced.

mod backoff;
mod blackout;
mod decide;
mod event;
mod pace;
mod protection;
mod queue;
mod schedule;
mod state;
mod step;

pub use backoff::{LONGEST_PAUSE, pause};
pub use blackout::{Blackout, BlackoutError, Window, Zone};
pub use decide::{Decision, decide};
pub use event::{Answer, Append, AppendRefusal, Context, Event, ReadFailure, Refusal};
pub use pace::{Cost, Limit, Limits, Outcome, Pace, Reply, Service};
pub use queue::{ClockWatch, Queue};
pub use schedule::{AfterView, Interval, IntervalError, due_at, due_outside, is_misdated};
pub use state::{
    CandidateId, ChangedAt, Claim, DeviceId, Lease, LeaseError, Left, Pending, Phase, SendAnswer, SendMark, Stored,
};
pub use step::{Need, READ_BACK, SEND_LIMIT, Step, Why};
#[cfg(any(test, feature = "weaken"))]
pub use {decide::decide_without, protection::Protection};

#[cfg(test)]
mod tests;
