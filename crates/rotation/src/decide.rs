//! The decider: one function per phase, one arm per event.

use std::time::Duration;

use crate::{
    Answer, Append, AppendRefusal, ChangedAt, Claim, Context, Event, Left, Need, Pending, Phase, READ_BACK,
    ReadFailure, Refusal, SendAnswer, Step, Stored, Why, pause,
    protection::{Guards, Protection},
};

/// What to remember and what to do.
///
/// Remember first: a [`Step::Send`] comes with a state in which the send may already have landed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Replaces the state that was given.
    pub stored: Stored,
    /// The one thing to do next.
    pub step: Step,
}

/// The next step for an account.
///
/// Total: an event that does not fit the phase changes nothing that is known and leads back to reading the head.
pub fn decide(stored: &Stored, event: &Event, context: &Context) -> Decision {
    Turn { stored: stored.clone(), context, guards: Guards::ALL }.take(event)
}

/// [`decide`] with one protection switched off, to show that a test notices.
#[cfg(any(test, feature = "weaken"))]
pub fn decide_without(protection: Protection, stored: &Stored, event: &Event, context: &Context) -> Decision {
    Turn { stored: stored.clone(), context, guards: Guards::without(protection) }.take(event)
}

struct Turn<'a> {
    stored: Stored,
    context: &'a Context,
    guards: Guards,
}

impl Turn<'_> {
    fn take(mut self, event: &Event) -> Decision {
        if matches!(event, Event::Locked) {
            return self.remain(Step::Hold(Why::Locked));
        }
        let locked = self.context.locked;
        // What is known only to a phase that another device's claim has overtaken is worth nothing.
        let phase = std::mem::replace(&mut self.stored.phase, Phase::Idle);
        let decision = match phase {
            Phase::Idle => self.idle(event),
            Phase::Wanted => self.wanted(event),
            Phase::Prepared(pending) | Phase::Unclear(pending) if pending.claim.device != self.context.device => {
                self.foreign(pending, event)
            }
            Phase::Prepared(pending) => self.waiting(pending, false, event),
            Phase::Unclear(pending) => self.waiting(pending, true, event),
            Phase::Sent { pending, earlier_open, answer, reads } => {
                self.sent(pending, earlier_open, answer, reads, event)
            }
            Phase::Refused { pending, earlier_open, need, unchanged } => {
                self.refused(pending, earlier_open, need, unchanged, event)
            }
            Phase::Verified { pending, value } => self.verified(pending, value, event),
            Phase::ChangedOutside { seen, pending } => self.changed_outside(seen, pending, event),
            Phase::NeedsPerson { need, left } => self.needs_person(need, left, event),
        };
        match decision.step {
            Step::Hold(_) | Step::Alarm { .. } | Step::AskPerson(_) | Step::Done => decision,
            _ if locked => Decision { step: Step::Hold(Why::Locked), ..decision },
            _ => decision,
        }
    }

    // ---- phases ----

    fn idle(mut self, event: &Event) -> Decision {
        match event {
            Event::Due | Event::PersonAsked | Event::RepairAsked { .. } => {
                self.stored.phase = Phase::Wanted;
                self.unless_other_in_flight(Step::Refresh)
            }
            // A look between rotations: drift is told as soon as it is seen.
            Event::Read(Ok(value)) if self.moved(value) == Some(true) => self.alarm(value.clone(), None),
            _ => self.remain(Step::Done),
        }
    }

    fn wanted(mut self, event: &Event) -> Decision {
        self.stored.phase = Phase::Wanted;
        match event {
            Event::Refreshed => self.unless_other_in_flight(Step::Look),
            Event::HomeUnreachable => self.later(Why::HomeUnreachable, None),
            Event::Read(Ok(value)) => match self.moved(value) {
                None => self.need(Need::NeverVerified, Left::Nothing),
                Some(true) if self.guards.on(Protection::LookFirst) => self.alarm(value.clone(), None),
                Some(_) => self.unless_other_in_flight(Step::Prepare { baseline: value.clone() }),
            },
            Event::Read(Err(failure)) => self.unreadable(*failure, Left::Nothing),
            Event::Appended(Append::Claim { candidate, claim, baseline }) => {
                self.stored.last_change = Some(baseline.clone());
                self.send(Pending { candidate: *candidate, claim: *claim }, false)
            }
            Event::AppendRefused(Append::Claim { candidate, claim, .. }, _)
                if !self.guards.on(Protection::AppendFirst) =>
            {
                self.send(Pending { candidate: *candidate, claim: *claim }, false)
            }
            Event::AppendRefused(_, refusal) => self.append_refused(*refusal),
            _ => self.unless_other_in_flight(Step::Refresh),
        }
    }

    /// Another device's candidate: its claim is respected until it was watched for its whole length.
    fn foreign(mut self, pending: Pending, event: &Event) -> Decision {
        // Whatever that device did with it, this one cannot know.
        self.stored.phase = Phase::Unclear(pending);
        let watched = match event {
            Event::Refreshed => Duration::ZERO,
            Event::OtherClaimUnchangedFor(watched) => *watched,
            Event::Appended(Append::Renewal { claim, baseline }) => {
                return self.claimed(pending, *claim, baseline, true);
            }
            Event::AppendRefused(_, refusal) => return self.append_refused(*refusal),
            Event::HomeUnreachable => return self.later(Why::HomeUnreachable, None),
            _ => return self.remain(Step::Refresh),
        };
        let left = pending.claim.lease.whole().saturating_sub(watched);
        if left.is_zero() || !self.guards.on(Protection::WholeLease) {
            self.take_over(pending)
        } else {
            self.remain(Step::Wait { pause: left, why: Why::OtherDevice })
        }
    }

    /// An own candidate waits at the home; `open` if a send of it may land.
    fn waiting(mut self, pending: Pending, open: bool, event: &Event) -> Decision {
        self.stored.phase = waiting(pending, open);
        match event {
            Event::Refreshed => self.remain(Step::Look),
            Event::HomeUnreachable => self.later(Why::HomeUnreachable, None),
            Event::Read(Ok(value)) => match self.moved(value) {
                None => self.need(Need::NeverVerified, left(pending, open)),
                Some(false) => self.send(pending, open),
                Some(true) if open => self.verify(pending, value.clone()),
                Some(true) if !self.guards.on(Protection::LookFirst) => self.send(pending, open),
                Some(true) => self.alarm(value.clone(), Some(pending)),
            },
            Event::Read(Err(failure)) => self.unreadable(*failure, left(pending, open)),
            Event::Appended(Append::Renewal { claim, baseline }) => self.claimed(pending, *claim, baseline, open),
            Event::AppendRefused(_, refusal) => self.append_refused(*refusal),
            _ => self.remain(Step::Refresh),
        }
    }

    fn sent(
        mut self,
        pending: Pending,
        earlier_open: bool,
        answer: SendAnswer,
        reads: usize,
        event: &Event,
    ) -> Decision {
        match event {
            Event::Answered(answered) if answer == SendAnswer::Waiting => {
                self.answered(pending, earlier_open, *answered)
            }
            Event::Read(Ok(value)) if self.moved(value) == Some(true) => self.verify(pending, value.clone()),
            Event::Read(Ok(_) | Err(ReadFailure::Unavailable(_))) => {
                let reads = reads + 1;
                self.stored.phase = Phase::Sent { pending, earlier_open, answer, reads };
                if let Some(after) = READ_BACK.get(reads) {
                    return self.remain(Step::ReadBack { after: *after });
                }
                if !self.guards.on(Protection::VerifyFirst)
                    && let Some(value) = self.stored.last_change.clone()
                {
                    return self.verify(pending, value);
                }
                if !self.guards.on(Protection::SameCandidate) {
                    let unchanged = 0;
                    self.stored.phase =
                        Phase::Refused { pending, earlier_open: false, need: Need::Forbidden, unchanged };
                    return self.remain(Step::GiveUp { candidate: pending.candidate });
                }
                self.stored.phase = Phase::Unclear(pending);
                self.later(Why::Unclear, None)
            }
            Event::Read(Err(failure)) => self.unreadable(*failure, Left::Unclear(pending)),
            Event::LeaseHalfPassed if answer != SendAnswer::Waiting => {
                // Reading needs no lease; a further send would ask for it.
                self.stored.phase = Phase::Sent { pending, earlier_open, answer, reads };
                self.remain(Step::ReadBack { after: READ_BACK.get(reads).copied().unwrap_or_default() })
            }
            _ => {
                self.stored.phase = Phase::Unclear(pending);
                self.remain(Step::Refresh)
            }
        }
    }

    fn answered(mut self, pending: Pending, earlier_open: bool, answer: Answer) -> Decision {
        let need = match answer {
            Answer::Accepted | Answer::Lost => {
                let answer = if answer == Answer::Accepted { SendAnswer::Accepted } else { SendAnswer::Lost };
                self.stored.phase = Phase::Sent { pending, earlier_open, answer, reads: 0 };
                return self.remain(Step::ReadBack { after: READ_BACK[0] });
            }
            Answer::Refused(Refusal::Throttled(retry_after)) => {
                self.stored.phase = waiting(pending, earlier_open);
                return self.later(Why::Tenant, retry_after);
            }
            Answer::Refused(Refusal::NeverLeft) => {
                self.stored.phase = waiting(pending, earlier_open);
                return self.later(Why::Tenant, None);
            }
            Answer::Refused(Refusal::Password) => Need::PasswordRefused,
            Answer::Refused(Refusal::Forbidden) => Need::Forbidden,
            Answer::Refused(Refusal::NotFound) => Need::AccountGone,
            Answer::Refused(Refusal::Unauthorized) => Need::ConnectionRefused,
        };
        self.stored.phase = Phase::Refused { pending, earlier_open, need, unchanged: 0 };
        if self.guards.on(Protection::TwoReads) {
            self.remain(Step::ReadBack { after: READ_BACK[0] })
        } else {
            self.remain(Step::GiveUp { candidate: pending.candidate })
        }
    }

    fn refused(mut self, pending: Pending, earlier_open: bool, need: Need, unchanged: u8, event: &Event) -> Decision {
        match event {
            Event::Read(Ok(value)) => match self.moved(value) {
                None => self.need(Need::NeverVerified, left(pending, earlier_open)),
                Some(true) if earlier_open => self.verify(pending, value.clone()),
                Some(true) => self.alarm(value.clone(), Some(pending)),
                Some(false) => {
                    let unchanged = unchanged.saturating_add(1);
                    self.stored.phase = Phase::Refused { pending, earlier_open, need, unchanged };
                    if unchanged < 2 {
                        self.remain(Step::ReadBack { after: READ_BACK[1] })
                    } else if earlier_open && self.guards.on(Protection::KeepUnanswered) {
                        self.need(need, Left::Unclear(pending))
                    } else {
                        self.remain(Step::GiveUp { candidate: pending.candidate })
                    }
                }
            },
            Event::Read(Err(ReadFailure::Unavailable(retry_after))) => {
                self.stored.phase = Phase::Refused { pending, earlier_open, need, unchanged };
                self.later(Why::Tenant, *retry_after)
            }
            Event::Read(Err(failure)) => self.unreadable(*failure, left(pending, earlier_open)),
            Event::Appended(Append::GiveUp) if need == Need::PasswordRefused && !self.stored.made_anew => {
                self.stored.made_anew = true;
                self.stored.phase = Phase::Wanted;
                self.remain(Step::Look)
            }
            Event::Appended(Append::GiveUp) => self.need(need, Left::Nothing),
            Event::Refreshed => {
                // The pause since the last read may have been long: both reads are made again.
                self.stored.phase = Phase::Refused { pending, earlier_open, need, unchanged: 0 };
                self.remain(Step::ReadBack { after: READ_BACK[0] })
            }
            Event::AppendRefused(_, refusal) => {
                self.stored.phase = Phase::Refused { pending, earlier_open, need, unchanged };
                self.append_refused(*refusal)
            }
            Event::HomeUnreachable => {
                self.stored.phase = Phase::Refused { pending, earlier_open, need, unchanged };
                self.later(Why::HomeUnreachable, None)
            }
            _ => {
                self.stored.phase = Phase::Refused { pending, earlier_open, need, unchanged };
                self.remain(Step::Refresh)
            }
        }
    }

    fn verified(mut self, pending: Pending, value: ChangedAt, event: &Event) -> Decision {
        match event {
            Event::Appended(Append::Commit) => {
                self.stored = Stored { last_change: Some(value), ..Stored::load(None, None) };
                self.remain(Step::Done)
            }
            Event::Refreshed => self.verify(pending, value),
            Event::AppendRefused(_, refusal) => {
                self.stored.phase = Phase::Verified { pending, value };
                self.append_refused(*refusal)
            }
            Event::HomeUnreachable => {
                self.stored.phase = Phase::Verified { pending, value };
                self.later(Why::HomeUnreachable, None)
            }
            _ => {
                self.stored.phase = Phase::Verified { pending, value };
                self.remain(Step::Refresh)
            }
        }
    }

    fn changed_outside(mut self, seen: ChangedAt, pending: Option<Pending>, event: &Event) -> Decision {
        match event {
            // The order names the value it was given for: a later change needs a later look.
            Event::RepairAsked { seen: named } if *named == seen => {
                self.stored.phase = Phase::ChangedOutside { seen: seen.clone(), pending };
                match pending {
                    None => self.unless_other_in_flight(Step::Prepare { baseline: seen }),
                    Some(Pending { candidate, .. }) => self.remain(Step::TakeOver { candidate, baseline: seen }),
                }
            }
            Event::Appended(Append::Claim { candidate, claim, baseline }) => {
                self.claimed(Pending { candidate: *candidate, claim: *claim }, *claim, baseline, false)
            }
            Event::Appended(Append::Renewal { claim, baseline }) if pending.is_some() => match pending {
                Some(pending) => self.claimed(pending, *claim, baseline, false),
                None => self.remain(Step::Done),
            },
            Event::Read(Ok(value)) if self.moved(value) == Some(false) => match pending {
                None => self.wanted(event),
                Some(pending) => self.waiting(pending, false, event),
            },
            Event::Read(Ok(value)) => self.alarm(value.clone(), pending),
            Event::Read(Err(ReadFailure::Unavailable(retry_after))) => {
                self.stored.phase = Phase::ChangedOutside { seen, pending };
                self.later(Why::Tenant, *retry_after)
            }
            Event::Read(Err(failure)) => self.unreadable(*failure, pending.map_or(Left::Nothing, Left::Prepared)),
            Event::Refreshed => self.stay_outside(seen, pending, Step::Look),
            Event::HomeUnreachable => {
                self.stored.phase = Phase::ChangedOutside { seen, pending };
                self.later(Why::HomeUnreachable, None)
            }
            Event::AppendRefused(_, refusal) => {
                self.stored.phase = Phase::ChangedOutside { seen, pending };
                self.append_refused(*refusal)
            }
            _ => self.stay_outside(seen, pending, Step::Refresh),
        }
    }

    fn needs_person(mut self, need: Need, waits: Left, event: &Event) -> Decision {
        match (event, need) {
            (Event::RepairAsked { seen }, Need::NeverVerified) => {
                self.stored.phase = Phase::NeedsPerson { need, left: waits };
                let baseline = seen.clone();
                match waits {
                    Left::Nothing => self.unless_other_in_flight(Step::Prepare { baseline }),
                    Left::Prepared(Pending { candidate, .. }) | Left::Unclear(Pending { candidate, .. }) => {
                        self.remain(Step::TakeOver { candidate, baseline })
                    }
                }
            }
            (Event::Appended(Append::Claim { candidate, claim, baseline }), _) => {
                self.claimed(Pending { candidate: *candidate, claim: *claim }, *claim, baseline, false)
            }
            (Event::Restarted, _) if waits == Left::Nothing => self.need(need, waits),
            (
                Event::Due
                | Event::PersonAsked
                | Event::RepairAsked { .. }
                | Event::Woken
                | Event::Restarted
                | Event::Refreshed
                | Event::HomeUnreachable
                | Event::Appended(_)
                | Event::AppendRefused(..)
                | Event::OtherClaimUnchangedFor(_),
                _,
            ) => {
                // A new attempt: what the person was asked for may have been done.
                self.stored.made_anew = false;
                self.stored.phase = match waits {
                    Left::Nothing => Phase::Wanted,
                    Left::Prepared(pending) => Phase::Prepared(pending),
                    Left::Unclear(pending) => Phase::Unclear(pending),
                };
                self.take(event)
            }
            (Event::Locked | Event::LeaseHalfPassed | Event::Read(_) | Event::Answered(_), _) => self.need(need, waits),
        }
    }

    // ---- moves ----

    /// The only place a send comes from.
    fn send(mut self, pending: Pending, open: bool) -> Decision {
        self.stored.phase = waiting(pending, open);
        if self.context.locked {
            return self.remain(Step::Hold(Why::Locked));
        }
        if self.context.other_in_flight && self.guards.on(Protection::OneAccount) {
            return self.remain(Step::Hold(Why::OtherAccount));
        }
        let left = self.context.since_append.and_then(|since| pending.claim.lease.half().checked_sub(since));
        let leave_within = match left {
            Some(left) if !left.is_zero() => left,
            _ if !self.guards.on(Protection::FirstHalf) => pending.claim.lease.whole(),
            _ => return self.take_over(pending),
        };
        self.stored.phase = Phase::Sent { pending, earlier_open: open, answer: SendAnswer::Waiting, reads: 0 };
        self.remain(Step::Send { candidate: pending.candidate, leave_within })
    }

    fn take_over(self, pending: Pending) -> Decision {
        if let Some(baseline) = self.stored.last_change.clone() {
            return self.remain(Step::TakeOver { candidate: pending.candidate, baseline });
        }
        let open = matches!(self.stored.phase, Phase::Unclear(_));
        self.need(Need::NeverVerified, left(pending, open))
    }

    /// The home accepted an own claim: look once more, because time has passed since the last look.
    fn claimed(mut self, pending: Pending, claim: Claim, baseline: &ChangedAt, open: bool) -> Decision {
        self.stored.last_change = Some(baseline.clone());
        self.stored.phase = waiting(Pending { claim, ..pending }, open);
        self.remain(Step::Look)
    }

    fn verify(mut self, pending: Pending, value: ChangedAt) -> Decision {
        self.stored.phase = Phase::Verified { pending, value: value.clone() };
        self.remain(Step::Commit { candidate: pending.candidate, value })
    }

    fn alarm(mut self, seen: ChangedAt, pending: Option<Pending>) -> Decision {
        self.stored.phase = Phase::ChangedOutside { seen: seen.clone(), pending };
        self.remain(Step::Alarm { seen })
    }

    fn stay_outside(mut self, seen: ChangedAt, pending: Option<Pending>, step: Step) -> Decision {
        self.stored.phase = Phase::ChangedOutside { seen, pending };
        self.remain(step)
    }

    fn need(mut self, need: Need, left: Left) -> Decision {
        self.stored.phase = Phase::NeedsPerson { need, left };
        self.remain(Step::AskPerson(need))
    }

    fn unreadable(mut self, failure: ReadFailure, waits: Left) -> Decision {
        let need = match failure {
            ReadFailure::NotFound => Need::AccountGone,
            ReadFailure::Unauthorized => Need::ConnectionRefused,
            ReadFailure::Forbidden => Need::Forbidden,
            ReadFailure::Unavailable(retry_after) => {
                self.stored.phase = match waits {
                    Left::Nothing => Phase::Wanted,
                    Left::Prepared(pending) => Phase::Prepared(pending),
                    Left::Unclear(pending) => Phase::Unclear(pending),
                };
                return self.later(Why::Tenant, retry_after);
            }
        };
        self.need(need, waits)
    }

    fn append_refused(self, refusal: AppendRefusal) -> Decision {
        match refusal {
            AppendRefusal::Conflict => self.remain(Step::Refresh),
            AppendRefusal::HomeUnreachable => self.later(Why::HomeUnreachable, None),
            AppendRefusal::Disk => self.later(Why::Disk, None),
        }
    }

    fn later(mut self, why: Why, retry_after: Option<Duration>) -> Decision {
        self.stored.failures = self.stored.failures.saturating_add(1);
        let pause = pause(self.stored.failures, retry_after, self.context.seed);
        self.remain(Step::Wait { pause, why })
    }

    fn unless_other_in_flight(self, step: Step) -> Decision {
        if self.context.other_in_flight && self.guards.on(Protection::OneAccount) {
            self.remain(Step::Hold(Why::OtherAccount))
        } else {
            self.remain(step)
        }
    }

    fn remain(self, step: Step) -> Decision {
        Decision { stored: self.stored, step }
    }

    /// Whether the tenant's value left the stored one; none if there is nothing to compare with.
    fn moved(&self, value: &ChangedAt) -> Option<bool> {
        self.stored.last_change.as_ref().map(|last| last != value)
    }
}

fn waiting(pending: Pending, open: bool) -> Phase {
    if open { Phase::Unclear(pending) } else { Phase::Prepared(pending) }
}

fn left(pending: Pending, open: bool) -> Left {
    if open { Left::Unclear(pending) } else { Left::Prepared(pending) }
}
