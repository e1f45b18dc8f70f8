//! Every state with every event that means something to it, one sentence each.

use std::time::Duration;

use crate::{
    Answer, Append, AppendRefusal, CandidateId, ChangedAt, Claim, Context, Decision, DeviceId, Event, Lease, Left,
    Need, Pending, Phase, READ_BACK, ReadFailure, Refusal, SendAnswer, SendMark, Step, Stored, Why, decide,
};

const ME: DeviceId = DeviceId::from_bytes([1; 16]);
const OTHER: DeviceId = DeviceId::from_bytes([2; 16]);
const CANDIDATE: CandidateId = CandidateId::new(7);

fn context() -> Context {
    Context { device: ME, since_append: Some(Duration::from_secs(1)), other_in_flight: false, locked: false, seed: 0 }
}

fn old() -> ChangedAt {
    ChangedAt::new("2026-11-22T06:00:00Z")
}

fn new() -> ChangedAt {
    ChangedAt::new("2026-11-23T06:00:00Z")
}

fn claim(device: DeviceId) -> Claim {
    Claim { device, lease: Lease::DEFAULT }
}

fn mine() -> Pending {
    Pending { candidate: CANDIDATE, claim: claim(ME) }
}

fn theirs() -> Pending {
    Pending { candidate: CANDIDATE, claim: claim(OTHER) }
}

fn at(phase: Phase) -> Stored {
    Stored { phase, last_change: Some(old()), failures: 0, made_anew: false }
}

fn sent(answer: SendAnswer, reads: usize) -> Phase {
    Phase::Sent { pending: mine(), earlier_open: false, answer, reads }
}

fn refused(need: Need, earlier_open: bool, unchanged: u8) -> Phase {
    Phase::Refused { pending: mine(), earlier_open, need, unchanged }
}

fn verified() -> Phase {
    Phase::Verified { pending: mine(), value: new() }
}

fn outside(pending: Option<Pending>) -> Phase {
    Phase::ChangedOutside { seen: new(), pending }
}

fn needs(need: Need, left: Left) -> Phase {
    Phase::NeedsPerson { need, left }
}

fn go(phase: Phase, event: &Event) -> Decision {
    decide(&at(phase), event, &context())
}

fn read(value: ChangedAt) -> Event {
    Event::Read(Ok(value))
}

fn unavailable() -> Event {
    Event::Read(Err(ReadFailure::Unavailable(None)))
}

fn claimed() -> Append {
    Append::Claim { candidate: CANDIDATE, claim: claim(ME), baseline: old() }
}

fn renewed() -> Append {
    Append::Renewal { claim: claim(ME), baseline: old() }
}

fn back(reads: usize) -> Step {
    Step::ReadBack { after: READ_BACK[reads] }
}

fn waits(decision: &Decision, reason: Why) -> bool {
    matches!(decision.step, Step::Wait { why, .. } if why == reason)
}

fn sends(decision: &Decision) -> bool {
    matches!(decision.step, Step::Send { candidate: CANDIDATE, .. })
}

fn takes_over(decision: &Decision) -> bool {
    decision.step == Step::TakeOver { candidate: CANDIDATE, baseline: old() }
}

fn every_phase() -> Vec<Phase> {
    let mut phases = vec![Phase::Idle, Phase::Wanted, verified(), outside(None), outside(Some(mine()))];
    for pending in [mine(), theirs()] {
        phases.extend([Phase::Prepared(pending), Phase::Unclear(pending)]);
        phases.extend([Left::Prepared(pending), Left::Unclear(pending)].map(|left| needs(Need::Forbidden, left)));
    }
    phases.push(needs(Need::NeverVerified, Left::Nothing));
    for answer in [SendAnswer::Waiting, SendAnswer::Accepted, SendAnswer::Lost] {
        phases.extend((0..6).map(|reads| sent(answer, reads)));
    }
    for need in [Need::PasswordRefused, Need::Forbidden, Need::AccountGone, Need::ConnectionRefused] {
        phases.extend([refused(need, false, 0), refused(need, true, 1)]);
    }
    phases
}

fn every_event() -> Vec<Event> {
    let mut events = vec![
        Event::Due,
        Event::PersonAsked,
        Event::RepairAsked { seen: new() },
        Event::RepairAsked { seen: old() },
        Event::Woken,
        Event::Restarted,
        Event::Locked,
        Event::LeaseHalfPassed,
        Event::OtherClaimUnchangedFor(Duration::ZERO),
        Event::OtherClaimUnchangedFor(Lease::DEFAULT.whole()),
        Event::Refreshed,
        Event::HomeUnreachable,
        read(old()),
        read(new()),
        unavailable(),
        Event::Answered(Answer::Accepted),
        Event::Answered(Answer::Lost),
    ];
    events.extend(
        [ReadFailure::NotFound, ReadFailure::Unauthorized, ReadFailure::Forbidden].map(|why| Event::Read(Err(why))),
    );
    for append in [claimed(), renewed(), Append::Commit, Append::GiveUp] {
        for refusal in [AppendRefusal::Conflict, AppendRefusal::HomeUnreachable, AppendRefusal::Disk] {
            events.push(Event::AppendRefused(append.clone(), refusal));
        }
        events.push(Event::Appended(append));
    }
    events.extend(
        [
            Refusal::Password,
            Refusal::Forbidden,
            Refusal::NotFound,
            Refusal::Unauthorized,
            Refusal::Throttled(None),
            Refusal::NeverLeft,
        ]
        .map(|refusal| Event::Answered(Answer::Refused(refusal))),
    );
    events
}

/// Every state, every event, every context: the rules that no row may break.
fn every_row(mut check: impl FnMut(&Stored, &Event, &Context, &Decision)) {
    let leases = [None, Some(Duration::ZERO), Some(Lease::DEFAULT.half()), Some(Duration::MAX)];
    for phase in every_phase() {
        for event in every_event() {
            for (since_append, other_in_flight, locked) in
                leases.into_iter().flat_map(|since| [(since, false, false), (since, true, false), (since, false, true)])
            {
                for last_change in [Some(old()), None] {
                    let stored = Stored { last_change, ..at(phase.clone()) };
                    let context = Context { since_append, other_in_flight, locked, ..context() };
                    let decision = decide(&stored, &event, &context);
                    check(&stored, &event, &context, &decision);
                }
            }
        }
    }
}

// ---- rules over all rows ----

#[test]
fn nothing_is_sent_but_the_candidate_that_the_home_holds() {
    every_row(|stored, event, _, decision| {
        if let Step::Send { candidate, .. } = decision.step {
            let held = stored.pending().map(|pending| pending.candidate);
            let just_appended = matches!(event, Event::Appended(Append::Claim { .. })).then_some(CANDIDATE);
            assert_eq!(Some(candidate), held.or(just_appended), "{stored:?} {event:?}");
        }
    });
}

#[test]
fn nothing_is_sent_outside_the_first_half_of_the_own_lease() {
    every_row(|_, _, context, decision| {
        if let Step::Send { leave_within, .. } = decision.step {
            let since = context.since_append.unwrap();
            assert!(since + leave_within <= Lease::DEFAULT.half());
            assert_eq!(decision.stored.pending().unwrap().claim.device, ME);
        }
    });
}

#[test]
fn nothing_is_prepared_or_sent_while_the_other_account_is_in_flight() {
    every_row(|stored, event, context, decision| {
        if context.other_in_flight {
            let starts = matches!(decision.step, Step::Send { .. } | Step::Prepare { .. });
            assert!(!starts, "{stored:?} {event:?}");
        }
    });
}

#[test]
fn a_locked_vault_starts_nothing() {
    every_row(|stored, event, context, decision| {
        if context.locked {
            let rests = matches!(decision.step, Step::Hold(_) | Step::Done | Step::Alarm { .. } | Step::AskPerson(_));
            assert!(rests, "{stored:?} {event:?} {:?}", decision.step);
        }
    });
}

#[test]
fn a_send_is_remembered_as_possibly_landed_before_it_leaves() {
    every_row(|_, _, _, decision| {
        if matches!(decision.step, Step::Send { .. }) {
            assert!(decision.stored.one_of_two());
        }
    });
}

#[test]
fn a_candidate_is_given_up_only_after_a_definite_refusal_and_two_reads() {
    every_row(|stored, event, _, decision| {
        if matches!(decision.step, Step::GiveUp { .. }) {
            let Phase::Refused { earlier_open, unchanged, .. } = stored.phase else { panic!("{stored:?} {event:?}") };
            assert!(!earlier_open);
            assert_eq!((unchanged, event), (1, &read(old())));
        }
    });
}

#[test]
fn a_candidate_is_committed_only_after_the_value_moved() {
    every_row(|stored, event, _, decision| {
        if let Step::Commit { value, .. } = &decision.step {
            assert_eq!(value, &new());
            assert!(event == &read(new()) || matches!(stored.phase, Phase::Verified { .. }));
        }
    });
}

#[test]
fn only_an_accepted_append_makes_a_candidate_leave_the_state() {
    every_row(|stored, event, _, decision| {
        let kept = stored.pending().is_none() || decision.stored.pending().is_some();
        let appended = matches!(event, Event::Appended(Append::Commit | Append::GiveUp));
        assert!(kept || appended, "{stored:?} {event:?}");
    });
}

// ---- idle and wanted ----

#[test]
fn a_due_account_reads_the_head_first() {
    for event in [Event::Due, Event::PersonAsked] {
        let decision = go(Phase::Idle, &event);
        assert_eq!((decision.stored.phase, decision.step), (Phase::Wanted, Step::Refresh));
    }
}

#[test]
fn an_idle_account_has_nothing_to_resume() {
    for event in [Event::Restarted, Event::Woken, Event::Refreshed, Event::LeaseHalfPassed, read(old())] {
        assert_eq!(go(Phase::Idle, &event).step, Step::Done);
    }
}

#[test]
fn drift_seen_between_rotations_is_told() {
    assert_eq!(go(Phase::Idle, &read(new())).step, Step::Alarm { seen: new() });
}

#[test]
fn after_the_head_comes_the_look_and_then_the_candidate() {
    assert_eq!(go(Phase::Wanted, &Event::Refreshed).step, Step::Look);
    assert_eq!(go(Phase::Wanted, &read(old())).step, Step::Prepare { baseline: old() });
}

#[test]
fn a_value_that_is_not_the_stored_one_stops_everything() {
    let decision = go(Phase::Wanted, &read(new()));
    assert_eq!((decision.stored.phase, decision.step), (outside(None), Step::Alarm { seen: new() }));
}

#[test]
fn a_rotation_waits_while_the_other_account_is_in_flight() {
    for (phase, event) in [(Phase::Idle, Event::Due), (Phase::Wanted, Event::Refreshed), (Phase::Wanted, read(old()))] {
        let busy = Context { other_in_flight: true, ..context() };
        assert_eq!(decide(&at(phase), &event, &busy).step, Step::Hold(Why::OtherAccount));
    }
}

#[test]
fn a_home_that_does_not_answer_stops_the_rotation_with_that_reason() {
    assert!(waits(&go(Phase::Wanted, &Event::HomeUnreachable), Why::HomeUnreachable));
    let lost = Event::AppendRefused(claimed(), AppendRefusal::HomeUnreachable);
    assert!(waits(&go(Phase::Wanted, &lost), Why::HomeUnreachable));
}

#[test]
fn a_full_disk_stops_the_rotation_with_that_reason() {
    assert!(waits(&go(Phase::Wanted, &Event::AppendRefused(claimed(), AppendRefusal::Disk)), Why::Disk));
}

#[test]
fn the_device_that_loses_the_race_reads_the_head_and_does_not_rotate_again() {
    let lost = go(Phase::Wanted, &Event::AppendRefused(claimed(), AppendRefusal::Conflict));
    assert_eq!(lost.step, Step::Refresh);
    let stored = lost.stored.refreshed(Some(new()), None);
    assert_eq!(decide(&stored, &Event::Refreshed, &context()).step, Step::Done);
}

#[test]
fn an_accepted_claim_is_sent_within_the_rest_of_the_half_lease() {
    let decision = go(Phase::Wanted, &Event::Appended(claimed()));
    let leave_within = Duration::from_secs(299);
    assert_eq!(decision.step, Step::Send { candidate: CANDIDATE, leave_within });
    assert_eq!(decision.stored.phase, sent(SendAnswer::Waiting, 0));
}

#[test]
fn an_account_that_was_never_verified_asks_a_person() {
    let stored = Stored::load(None, None);
    let wanted = decide(&stored, &Event::Due, &context()).stored;
    let decision = decide(&wanted, &read(new()), &context());
    assert_eq!(decision.step, Step::AskPerson(Need::NeverVerified));
    let repair = decide(&decision.stored, &Event::RepairAsked { seen: new() }, &context());
    assert_eq!(repair.step, Step::Prepare { baseline: new() });
}

#[test]
fn what_cannot_be_read_for_good_asks_a_person() {
    for (failure, need) in [
        (ReadFailure::NotFound, Need::AccountGone),
        (ReadFailure::Unauthorized, Need::ConnectionRefused),
        (ReadFailure::Forbidden, Need::Forbidden),
    ] {
        for phase in [Phase::Wanted, Phase::Unclear(mine()), sent(SendAnswer::Lost, 0), outside(None)] {
            assert_eq!(go(phase, &Event::Read(Err(failure))).step, Step::AskPerson(need));
        }
    }
}

#[test]
fn a_tenant_that_does_not_answer_is_tried_again_later_and_later() {
    let mut stored = at(Phase::Wanted);
    let mut last = Duration::ZERO;
    for failures in 1..=6 {
        let decision = decide(&stored, &unavailable(), &context());
        let Step::Wait { pause, why: Why::Tenant } = decision.step else { panic!("{:?}", decision.step) };
        assert!(pause > last);
        assert_eq!(decision.stored.failures, failures);
        (stored, last) = (decision.stored, pause);
    }
}

// ---- sent ----

#[test]
fn an_accepted_send_is_read_back() {
    let decision = go(sent(SendAnswer::Waiting, 0), &Event::Answered(Answer::Accepted));
    assert_eq!((decision.stored.phase, decision.step), (sent(SendAnswer::Accepted, 0), back(0)));
}

#[test]
fn a_lost_answer_is_read_back_too() {
    let decision = go(sent(SendAnswer::Waiting, 0), &Event::Answered(Answer::Lost));
    assert_eq!((decision.stored.phase, decision.step), (sent(SendAnswer::Lost, 0), back(0)));
}

#[test]
fn read_backs_follow_after_2_4_8_16_and_30_seconds() {
    assert_eq!(READ_BACK.map(|pause| pause.as_secs()), [2, 4, 8, 16, 30]);
    for reads in 0..4 {
        for event in [read(old()), unavailable()] {
            assert_eq!(go(sent(SendAnswer::Accepted, reads), &event).step, back(reads + 1));
        }
    }
}

#[test]
fn a_change_that_never_shows_leaves_both_values_and_is_settled_later() {
    for answer in [SendAnswer::Accepted, SendAnswer::Lost] {
        let decision = go(sent(answer, 4), &read(old()));
        assert!(waits(&decision, Why::Unclear));
        assert_eq!(decision.stored.phase, Phase::Unclear(mine()));
        assert!(decision.stored.one_of_two());
    }
}

#[test]
fn a_moved_value_is_committed() {
    for phase in [sent(SendAnswer::Accepted, 2), sent(SendAnswer::Lost, 0), Phase::Unclear(mine())] {
        let decision = go(phase, &read(new()));
        assert_eq!(decision.stored.phase, verified());
        assert_eq!(decision.step, Step::Commit { candidate: CANDIDATE, value: new() });
    }
}

#[test]
fn a_restart_in_the_middle_of_a_send_doubts_and_reads_the_head() {
    for answer in [SendAnswer::Waiting, SendAnswer::Accepted, SendAnswer::Lost] {
        let decision = go(sent(answer, 0), &Event::Restarted);
        assert_eq!((decision.stored.phase, decision.step), (Phase::Unclear(mine()), Step::Refresh));
    }
}

#[test]
fn the_half_lease_does_not_stop_the_reading_back() {
    assert_eq!(go(sent(SendAnswer::Accepted, 1), &Event::LeaseHalfPassed).step, back(1));
}

#[test]
fn throttling_keeps_the_candidate_and_honours_the_wait() {
    let wait = Duration::from_mins(7);
    let throttled = Event::Answered(Answer::Refused(Refusal::Throttled(Some(wait))));
    let decision = go(sent(SendAnswer::Waiting, 0), &throttled);
    assert_eq!(decision.step, Step::Wait { pause: wait, why: Why::Tenant });
    assert_eq!(decision.stored.phase, Phase::Prepared(mine()));
}

#[test]
fn a_request_that_never_left_leaves_no_doubt() {
    let decision = go(sent(SendAnswer::Waiting, 0), &Event::Answered(Answer::Refused(Refusal::NeverLeft)));
    assert_eq!(decision.stored.phase, Phase::Prepared(mine()));
    assert!(!decision.stored.one_of_two());
}

#[test]
fn throttling_after_a_lost_answer_does_not_remove_the_doubt() {
    let phase = Phase::Sent { pending: mine(), earlier_open: true, answer: SendAnswer::Waiting, reads: 0 };
    let decision = go(phase, &Event::Answered(Answer::Refused(Refusal::Throttled(None))));
    assert_eq!(decision.stored.phase, Phase::Unclear(mine()));
}

// ---- refused ----

#[test]
fn each_definite_refusal_is_read_back_before_anything_else() {
    for (refusal, need) in [
        (Refusal::Password, Need::PasswordRefused),
        (Refusal::Forbidden, Need::Forbidden),
        (Refusal::NotFound, Need::AccountGone),
        (Refusal::Unauthorized, Need::ConnectionRefused),
    ] {
        let decision = go(sent(SendAnswer::Waiting, 0), &Event::Answered(Answer::Refused(refusal)));
        assert_eq!((decision.stored.phase, decision.step), (refused(need, false, 0), back(0)));
    }
}

#[test]
fn two_unchanged_reads_give_a_refused_candidate_up() {
    let first = go(refused(Need::Forbidden, false, 0), &read(old()));
    assert_eq!(first.step, back(1));
    let second = decide(&first.stored, &read(old()), &context());
    assert_eq!(second.step, Step::GiveUp { candidate: CANDIDATE });
    let done = decide(&second.stored, &Event::Appended(Append::GiveUp), &context());
    assert_eq!(done.step, Step::AskPerson(Need::Forbidden));
    assert!(!done.stored.in_flight());
}

#[test]
fn a_refused_candidate_with_an_unanswered_send_before_is_kept() {
    let decision = go(refused(Need::PasswordRefused, true, 1), &read(old()));
    assert_eq!(decision.step, Step::AskPerson(Need::PasswordRefused));
    assert_eq!(decision.stored.phase, needs(Need::PasswordRefused, Left::Unclear(mine())));
    assert!(decision.stored.one_of_two());
}

#[test]
fn a_refusal_that_changed_the_value_after_all_keeps_the_candidate() {
    let decision = go(refused(Need::PasswordRefused, false, 1), &read(new()));
    assert_eq!((decision.stored.phase, decision.step), (outside(Some(mine())), Step::Alarm { seen: new() }));
    let explained = go(refused(Need::PasswordRefused, true, 0), &read(new()));
    assert_eq!(explained.step, Step::Commit { candidate: CANDIDATE, value: new() });
}

#[test]
fn a_refused_password_is_made_anew_once_and_then_asks_a_person() {
    let once = go(refused(Need::PasswordRefused, false, 2), &Event::Appended(Append::GiveUp));
    assert_eq!((&once.stored.phase, &once.step), (&Phase::Wanted, &Step::Look));
    assert_eq!(decide(&once.stored, &read(old()), &context()).step, Step::Prepare { baseline: old() });
    let again = Stored { phase: refused(Need::PasswordRefused, false, 2), ..once.stored };
    let failed = decide(&again, &Event::Appended(Append::GiveUp), &context());
    assert_eq!(failed.step, Step::AskPerson(Need::PasswordRefused));
}

#[test]
fn an_interrupted_give_up_reads_twice_again() {
    let decision = go(refused(Need::Forbidden, false, 2), &Event::Refreshed);
    assert_eq!((decision.stored.phase, decision.step), (refused(Need::Forbidden, false, 0), back(0)));
    let later = go(refused(Need::Forbidden, false, 1), &unavailable());
    assert!(waits(&later, Why::Tenant));
}

// ---- verified ----

#[test]
fn an_accepted_commit_ends_the_rotation() {
    let stored = Stored { failures: 3, made_anew: true, ..at(verified()) };
    let decision = decide(&stored, &Event::Appended(Append::Commit), &context());
    assert_eq!(decision.step, Step::Done);
    assert_eq!(decision.stored, Stored::load(Some(new()), None));
}

#[test]
fn a_commit_that_is_not_accepted_is_made_again_after_reading_the_head() {
    let conflict = go(verified(), &Event::AppendRefused(Append::Commit, AppendRefusal::Conflict));
    assert_eq!((conflict.stored.phase, conflict.step), (verified(), Step::Refresh));
    assert!(waits(&go(verified(), &Event::AppendRefused(Append::Commit, AppendRefusal::Disk)), Why::Disk));
    assert!(waits(&go(verified(), &Event::HomeUnreachable), Why::HomeUnreachable));
    assert_eq!(go(verified(), &Event::Woken).step, Step::Refresh);
    assert_eq!(go(verified(), &Event::Refreshed).step, Step::Commit { candidate: CANDIDATE, value: new() });
}

#[test]
fn a_commit_whose_answer_was_lost_is_not_made_twice() {
    let lost = go(verified(), &Event::AppendRefused(Append::Commit, AppendRefusal::HomeUnreachable));
    let stored = lost.stored.refreshed(Some(new()), None);
    assert_eq!(decide(&stored, &Event::Refreshed, &context()).step, Step::Done);
}

// ---- resuming the own candidate ----

#[test]
fn after_a_restart_the_head_is_read_then_the_tenant_and_the_claim_renewed_before_the_same_candidate_goes() {
    let stored = Stored::load(Some(old()), Some((mine(), SendMark::MaybeSent)));
    let restarted = Context { since_append: None, ..context() };
    let head = decide(&stored, &Event::Restarted, &restarted);
    assert_eq!(head.step, Step::Refresh);
    let look = decide(&head.stored, &Event::Refreshed, &restarted);
    assert_eq!(look.step, Step::Look);
    let renew = decide(&look.stored, &read(old()), &restarted);
    assert!(takes_over(&renew));
    let again = decide(&renew.stored, &Event::Appended(renewed()), &context());
    assert_eq!(again.step, Step::Look);
    assert!(sends(&decide(&again.stored, &read(old()), &context())));
}

#[test]
fn an_unsent_candidate_does_not_explain_a_moved_value() {
    let stored = Stored::load(Some(old()), Some((mine(), SendMark::Unsent)));
    let decision = decide(&stored, &read(new()), &context());
    assert_eq!((decision.stored.phase, decision.step), (outside(Some(mine())), Step::Alarm { seen: new() }));
}

#[test]
fn a_claim_past_its_half_is_renewed_before_a_send() {
    let late = Context { since_append: Some(Lease::DEFAULT.half()), ..context() };
    for phase in [Phase::Prepared(mine()), Phase::Unclear(mine())] {
        assert!(takes_over(&decide(&at(phase), &read(old()), &late)));
    }
    assert_eq!(go(Phase::Prepared(mine()), &Event::LeaseHalfPassed).step, Step::Refresh);
}

#[test]
fn a_renewal_that_fails_is_tried_after_the_head_is_known() {
    let conflict = Event::AppendRefused(renewed(), AppendRefusal::Conflict);
    assert_eq!(go(Phase::Unclear(mine()), &conflict).step, Step::Refresh);
    let away = Event::AppendRefused(renewed(), AppendRefusal::HomeUnreachable);
    assert!(waits(&go(Phase::Unclear(mine()), &away), Why::HomeUnreachable));
}

#[test]
fn what_this_process_knows_survives_a_refresh_that_shows_the_same_claim() {
    let same = Some((mine(), SendMark::MaybeSent));
    assert_eq!(at(verified()).refreshed(Some(old()), same).phase, verified());
    let overtaken = Some((theirs(), SendMark::MaybeSent));
    assert_eq!(at(verified()).refreshed(Some(old()), overtaken).phase, Phase::Unclear(theirs()));
}

// ---- another device's candidate ----

#[test]
fn another_devices_claim_is_watched_for_its_whole_length() {
    for phase in [Phase::Prepared(theirs()), Phase::Unclear(theirs())] {
        assert_eq!(go(phase.clone(), &Event::Due).step, Step::Refresh);
        let whole = Lease::DEFAULT.whole();
        let seen = go(phase.clone(), &Event::Refreshed);
        assert_eq!(seen.step, Step::Wait { pause: whole, why: Why::OtherDevice });
        let nearly = Event::OtherClaimUnchangedFor(Duration::from_millis(599_999));
        assert!(waits(&go(phase.clone(), &nearly), Why::OtherDevice));
        assert!(takes_over(&go(phase, &Event::OtherClaimUnchangedFor(whole))));
    }
}

#[test]
fn a_candidate_taken_over_counts_as_possibly_sent() {
    let decision = go(Phase::Prepared(theirs()), &Event::Appended(renewed()));
    assert_eq!((decision.stored.phase, decision.step), (Phase::Unclear(mine()), Step::Look));
}

#[test]
fn losing_the_take_over_means_watching_again() {
    let lost = Event::AppendRefused(renewed(), AppendRefusal::Conflict);
    assert_eq!(go(Phase::Unclear(theirs()), &lost).step, Step::Refresh);
}

// ---- changed outside, and what a person is needed for ----

#[test]
fn an_outside_change_needs_an_order_that_names_what_was_seen() {
    assert_eq!(go(outside(None), &Event::PersonAsked).step, Step::Refresh);
    assert_eq!(go(outside(None), &Event::Refreshed).step, Step::Look);
    assert_eq!(go(outside(None), &read(new())).step, Step::Alarm { seen: new() });
    assert_eq!(go(outside(None), &Event::RepairAsked { seen: old() }).step, Step::Refresh);
    let repair = go(outside(None), &Event::RepairAsked { seen: new() });
    assert_eq!(repair.step, Step::Prepare { baseline: new() });
}

#[test]
fn a_repair_looks_again_before_it_sends() {
    let baseline = new();
    let appended = Event::Appended(Append::Claim { candidate: CANDIDATE, claim: claim(ME), baseline });
    let decision = go(outside(None), &appended);
    assert_eq!((decision.step, &decision.stored.last_change), (Step::Look, &Some(new())));
    assert!(sends(&decide(&decision.stored, &read(new()), &context())));
}

#[test]
fn a_repair_takes_up_the_candidate_that_was_waiting() {
    let repair = go(outside(Some(mine())), &Event::RepairAsked { seen: new() });
    assert_eq!(repair.step, Step::TakeOver { candidate: CANDIDATE, baseline: new() });
    let appended = Event::Appended(Append::Renewal { claim: claim(ME), baseline: new() });
    assert_eq!(decide(&repair.stored, &appended, &context()).step, Step::Look);
}

#[test]
fn a_vault_that_was_only_behind_goes_on_once_it_has_caught_up() {
    let stored = at(outside(None)).refreshed(Some(new()), None);
    assert_eq!(stored.phase, Phase::Idle);
    assert_eq!(go(outside(None), &read(old())).step, Step::Prepare { baseline: old() });
}

#[test]
fn what_a_person_was_asked_for_is_tried_again_when_due_or_ordered() {
    for event in [Event::Due, Event::PersonAsked] {
        let nothing = go(needs(Need::Forbidden, Left::Nothing), &event);
        assert_eq!((nothing.stored.phase, nothing.step), (Phase::Wanted, Step::Refresh));
        let unclear = go(needs(Need::Forbidden, Left::Unclear(mine())), &event);
        assert_eq!((unclear.stored.phase, unclear.step), (Phase::Unclear(mine()), Step::Refresh));
    }
}

#[test]
fn a_restart_asks_the_person_again_when_nothing_waits() {
    let decision = go(needs(Need::AccountGone, Left::Nothing), &Event::Restarted);
    assert_eq!(decision.step, Step::AskPerson(Need::AccountGone));
}

// ---- lock ----

#[test]
fn an_answer_that_arrives_after_the_lock_is_kept_and_resumed_at_unlock() {
    let locked = Context { locked: true, ..context() };
    let decision = decide(&at(sent(SendAnswer::Accepted, 0)), &read(new()), &locked);
    assert_eq!((&decision.stored.phase, &decision.step), (&verified(), &Step::Hold(Why::Locked)));
    let unlocked = decide(&decision.stored, &Event::Restarted, &context());
    assert_eq!(unlocked.step, Step::Refresh);
}

#[test]
fn a_claim_accepted_as_the_vault_locks_is_not_sent() {
    let locked = Context { locked: true, ..context() };
    let decision = decide(&at(Phase::Wanted), &Event::Appended(claimed()), &locked);
    assert_eq!((decision.stored.phase, decision.step), (Phase::Prepared(mine()), Step::Hold(Why::Locked)));
}

#[test]
fn every_reason_has_its_own_stable_code() {
    let codes = [
        Why::Locked.code(),
        Why::OtherAccount.code(),
        Why::OtherDevice.code(),
        Why::HomeUnreachable.code(),
        Why::Disk.code(),
        Why::Tenant.code(),
        Why::Unclear.code(),
        Need::PasswordRefused.code(),
        Need::Forbidden.code(),
        Need::AccountGone.code(),
        Need::ConnectionRefused.code(),
        Need::NeverVerified.code(),
    ];
    let distinct: std::collections::BTreeSet<&str> = codes.into_iter().collect();
    assert_eq!(distinct.len(), codes.len());
}
