//! Two or three devices, one home, one tenant with two accounts; crashes, lost answers, late landings, stale reads, refusals that
//! lie, conflicts, suspends and outsiders at any step. After every step the rules of the design are checked.
//!
//! Each protection is switched off in turn, and the same checks must then find a violation.

use std::{collections::BTreeSet, time::Duration};

use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use crate::{
    Answer, Append, AppendRefusal, CandidateId, ChangedAt, Claim, Context, DeviceId, Event, Lease, Pending, Phase,
    Protection, ReadFailure, Refusal, SendMark, Step, Stored, Why, decide, decide_without,
};

type Check = Result<(), String>;

/// How far behind a read may be: less than the time between the two reads that a give-up needs.
const STALE: u64 = 5;

#[derive(Debug, Clone)]
struct Item {
    version: u64,
    current: u64,
    /// Previous values and everything ever pending; the 30 days never end here.
    readable: BTreeSet<u64>,
    pending: Option<Pending>,
    last_change: u64,
    claimed_at: u64,
}

#[derive(Debug, Clone)]
struct Account {
    password: u64,
    /// (when, value), the newest last.
    changes: Vec<(u64, u64)>,
    /// The password is an outsider's.
    outsiders: bool,
    /// A value that an outsider caused and no person has ordered a repair for.
    unrepaired: Option<u64>,
    touched_outside: bool,
    /// A request of a candidate arrived that was no longer the one on its way. The tenant tells that the password
    /// changed, not to what: its value, which is stored, may be taken for the newer candidate's.
    overtaken: bool,
    /// A candidate that was set by a request that was refused: the refusal lied.
    lied_about: Option<u64>,
    /// The same once a person saw the change and ordered a repair over it. Refused for a second time, with nothing changed
    /// since the order, it is given up although it opens the account: it stays readable, and another one is made.
    repaired_over: Option<u64>,
}

#[derive(Debug)]
struct Runner {
    stored: Stored,
    step: Step,
    decided_on: u64,
    decided_at: u64,
    append_at: Option<u64>,
    watched: Option<(u64, u64)>,
    last_read: Option<u64>,
    repair: Option<ChangedAt>,
}

#[derive(Debug)]
struct Device {
    id: DeviceId,
    head: u64,
    items: [Item; 2],
    locked: bool,
    /// Written durably before each send and each renewal.
    marks: BTreeSet<u64>,
    runners: [Runner; 2],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    Lost,
    LostButDone,
    LostAndLate,
    Refused(Refusal),
    RefusedButDone,
    Unreachable,
    Disk,
    Stale,
}

#[derive(Debug, Clone, Copy)]
enum Action {
    Work,
    Due,
    PersonAsked,
    Repair,
    Crash,
    Suspend,
    Lock,
    Unlock,
    LandLate,
    Outsider,
}

#[derive(Debug, Clone, Copy)]
struct Choice {
    device: usize,
    account: usize,
    action: Action,
    fault: Fault,
    delay: u64,
}

struct World {
    now: u64,
    head: u64,
    items: [Item; 2],
    tenant: [Account; 2],
    devices: Vec<Device>,
    late: Vec<(usize, u64)>,
    landed: BTreeSet<u64>,
    given_up: BTreeSet<u64>,
    next: u64,
    off: Option<Protection>,
}

fn text(value: u64) -> ChangedAt {
    ChangedAt::new(value.to_string())
}

fn number(value: &ChangedAt) -> u64 {
    value.as_str().parse().unwrap()
}

impl World {
    fn new(devices: u8, off: Option<Protection>) -> Self {
        let item = |current, last_change| Item {
            version: 0,
            current,
            readable: BTreeSet::new(),
            pending: None,
            last_change,
            claimed_at: 0,
        };
        let account = |password, value| Account {
            password,
            changes: vec![(0, value)],
            outsiders: false,
            unrepaired: None,
            touched_outside: false,
            overtaken: false,
            lied_about: None,
            repaired_over: None,
        };
        let items = [item(1, 10), item(2, 20)];
        let runner = |last_change| Runner {
            stored: Stored::load(Some(text(last_change)), None),
            step: Step::Done,
            decided_on: 0,
            decided_at: 0,
            append_at: None,
            watched: None,
            last_read: None,
            repair: None,
        };
        let device = |id| Device {
            id: DeviceId::from_bytes([id; 16]),
            head: 0,
            items: items.clone(),
            locked: false,
            marks: BTreeSet::new(),
            runners: [runner(10), runner(20)],
        };
        Self {
            now: 100,
            head: 0,
            devices: (1..=devices).map(device).collect(),
            items,
            tenant: [account(1, 10), account(2, 20)],
            late: Vec::new(),
            landed: BTreeSet::new(),
            given_up: BTreeSet::new(),
            next: 100,
            off,
        }
    }

    fn fresh(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn feed(&mut self, d: usize, a: usize, event: &Event) {
        let device = &mut self.devices[d];
        let context = Context {
            device: device.id,
            since_append: device.runners[a].append_at.map(|at| Duration::from_secs(self.now - at)),
            other_in_flight: device.items[1 - a].pending.is_some(),
            locked: device.locked,
            seed: 7,
        };
        let runner = &mut device.runners[a];
        let decision = match self.off {
            None => decide(&runner.stored, event, &context),
            Some(off) => decide_without(off, &runner.stored, event, &context),
        };
        if let Step::Alarm { seen } = &decision.step {
            runner.repair = Some(seen.clone());
        }
        runner.stored = decision.stored;
        runner.step = decision.step;
        runner.decided_on = device.head;
        runner.decided_at = self.now;
    }

    fn mark(device: &Device, pending: Pending) -> SendMark {
        if pending.claim.device == device.id && !device.marks.contains(&pending.candidate.as_u64()) {
            SendMark::Unsent
        } else {
            SendMark::MaybeSent
        }
    }

    /// Folds the device up to the home's head and brings one account's state up to date.
    fn refresh(&mut self, d: usize, a: usize) {
        let (head, items) = (self.head, self.items.clone());
        let device = &mut self.devices[d];
        device.head = head;
        device.items = items;
        let item = &device.items[a];
        let pending = item.pending.map(|pending| (pending, Self::mark(device, pending)));
        let last_change = Some(text(item.last_change));
        let runner = &mut device.runners[a];
        if runner.stored.pending() != pending.as_ref().map(|(pending, _)| pending) {
            runner.append_at = None;
        }
        runner.stored = runner.stored.clone().refreshed(last_change, pending);
    }

    fn land(&mut self, a: usize, candidate: u64) -> Check {
        if self.given_up.contains(&candidate) {
            return Err(format!("candidate {candidate} was given up and landed"));
        }
        let value = self.fresh();
        let account = &mut self.tenant[a];
        account.password = candidate;
        account.changes.push((self.now, value));
        account.outsiders = false;
        self.landed.insert(candidate);
        Ok(())
    }

    fn send(&mut self, d: usize, a: usize, candidate: u64, fault: Fault) -> Result<Answer, String> {
        let (device, item) = (&self.devices[d], &self.items[a]);
        match item.pending {
            Some(pending) if pending.candidate.as_u64() == candidate => {
                if pending.claim.device != device.id {
                    return Err("sent under another device's claim".into());
                }
                if self.now - item.claimed_at > pending.claim.lease.half().as_secs() {
                    return Err("sent in the second half of the lease".into());
                }
            }
            _ => return Err("rule 2: sent what the home does not hold as pending".into()),
        }
        if self.items[1 - a].pending.is_some() {
            return Err("rule 4: sent while the other account is in flight".into());
        }
        let seen = device.runners[a].last_read;
        if seen.is_some() && seen == self.tenant[a].unrepaired {
            return Err("sent over a change that was seen and is not ours".into());
        }
        self.devices[d].marks.insert(candidate);
        Ok(match fault {
            Fault::None | Fault::Stale => {
                self.land(a, candidate)?;
                Answer::Accepted
            }
            Fault::LostButDone => {
                self.land(a, candidate)?;
                Answer::Lost
            }
            Fault::Lost | Fault::Unreachable | Fault::Disk => Answer::Lost,
            Fault::LostAndLate => {
                self.late.push((a, candidate));
                Answer::Lost
            }
            Fault::Refused(refusal) => Answer::Refused(refusal),
            Fault::RefusedButDone => {
                self.land(a, candidate)?;
                self.tenant[a].lied_about = Some(candidate);
                Answer::Refused(Refusal::Password)
            }
        })
    }

    fn append(&mut self, d: usize, a: usize, append: &Append, fault: Fault, before: u64) -> Check {
        let device = &self.devices[d];
        let stored = &device.runners[a].stored;
        let (known, item) = (stored.pending().copied(), &device.items[a]);
        let behind = known != item.pending || stored.last_change != Some(text(item.last_change));
        let refusal = match fault {
            _ if behind || self.head != device.runners[a].decided_on => Some(AppendRefusal::Conflict),
            Fault::Disk => Some(AppendRefusal::Disk),
            Fault::Unreachable | Fault::Lost => Some(AppendRefusal::HomeUnreachable),
            _ => None,
        };
        if let Some(refusal) = refusal {
            self.feed(d, a, &Event::AppendRefused(append.clone(), refusal));
            return Ok(());
        }
        let id = device.id;
        let item = &mut self.items[a];
        match append {
            Append::Claim { candidate, claim, baseline } => {
                if item.pending.is_some() {
                    return Err("a second candidate while one is pending".into());
                }
                item.pending = Some(Pending { candidate: *candidate, claim: *claim });
                item.claimed_at = self.now;
                item.last_change = number(baseline);
                item.readable.insert(candidate.as_u64());
            }
            Append::Renewal { claim, baseline } => {
                let pending = item.pending.as_mut().ok_or("renewed nothing")?;
                let send_may_run_until = item.claimed_at + pending.claim.lease.half().as_secs() + 30;
                if pending.claim.device != id && self.now < send_may_run_until {
                    return Err("taken over while the other device may still send".into());
                }
                pending.claim = *claim;
                item.claimed_at = self.now;
                item.last_change = number(baseline);
            }
            Append::Commit => {
                let candidate = item.pending.take().ok_or("committed nothing")?.candidate.as_u64();
                let account = &self.tenant[a];
                if !self.landed.contains(&candidate) && !account.touched_outside && !account.overtaken {
                    return Err(format!("candidate {candidate} was committed and never landed"));
                }
                item.readable.insert(item.current);
                item.current = candidate;
                let Step::Commit { value, .. } = &self.devices[d].runners[a].step else {
                    return Err("no commit was decided".into());
                };
                item.last_change = number(value);
                if self.tenant[a].unrepaired == Some(item.last_change) {
                    self.tenant[a].unrepaired = None;
                }
            }
            Append::GiveUp => {
                let candidate = item.pending.take().ok_or("gave up nothing")?.candidate.as_u64();
                let account = &self.tenant[a];
                if account.password == candidate && account.repaired_over != Some(candidate) {
                    return Err(format!("candidate {candidate} opens the account and was given up"));
                }
                self.given_up.insert(candidate);
            }
        }
        item_changed(&mut self.items[a]);
        self.head += 1;
        if fault == Fault::LostButDone {
            self.feed(d, a, &Event::AppendRefused(append.clone(), AppendRefusal::HomeUnreachable));
            return Ok(());
        }
        let (head, items) = (self.head, self.items.clone());
        let device = &mut self.devices[d];
        (device.head, device.items) = (head, items);
        if matches!(append, Append::Claim { .. } | Append::Renewal { .. }) {
            device.runners[a].append_at = Some(before);
        }
        self.feed(d, a, &Event::Appended(append.clone()));
        Ok(())
    }

    fn read(&mut self, d: usize, a: usize, fault: Fault) {
        let answer = match fault {
            Fault::Unreachable | Fault::Lost | Fault::LostButDone => Err(ReadFailure::Unavailable(None)),
            Fault::Refused(Refusal::NotFound) => Err(ReadFailure::NotFound),
            Fault::Refused(Refusal::Unauthorized) => Err(ReadFailure::Unauthorized),
            Fault::Refused(Refusal::Forbidden) => Err(ReadFailure::Forbidden),
            Fault::Stale => Ok(self.value_at(a, self.now.saturating_sub(STALE))),
            _ => Ok(self.value_at(a, self.now)),
        };
        let event = Event::Read(answer.map(|value| {
            self.devices[d].runners[a].last_read = Some(value);
            text(value)
        }));
        self.feed(d, a, &event);
    }

    fn value_at(&self, a: usize, when: u64) -> u64 {
        let changes = &self.tenant[a].changes;
        changes.iter().rev().find(|(at, _)| *at <= when).unwrap_or(&changes[0]).1
    }

    fn work(&mut self, d: usize, a: usize, fault: Fault, delay: u64) -> Check {
        let before = self.now;
        let device = self.devices[d].id;
        let claim = Claim { device, lease: Lease::DEFAULT };
        match self.devices[d].runners[a].step.clone() {
            Step::Refresh => {
                self.now += delay;
                if matches!(fault, Fault::Unreachable | Fault::Lost) {
                    self.feed(d, a, &Event::HomeUnreachable);
                } else {
                    self.refresh(d, a);
                    self.feed(d, a, &Event::Refreshed);
                }
            }
            Step::Look => {
                self.now += delay;
                self.read(d, a, fault);
            }
            Step::ReadBack { after } => {
                self.now += after.as_secs() + delay;
                self.read(d, a, fault);
            }
            Step::Prepare { baseline } => {
                let candidate = CandidateId::new(self.fresh());
                self.now += delay;
                self.append(d, a, &Append::Claim { candidate, claim, baseline }, fault, before)?;
            }
            Step::TakeOver { candidate, baseline } => {
                self.devices[d].marks.insert(candidate.as_u64());
                self.now += delay;
                self.append(d, a, &Append::Renewal { claim, baseline }, fault, before)?;
            }
            Step::Send { candidate, leave_within } => {
                self.now += delay;
                let stalled = Duration::from_secs(self.now - self.devices[d].runners[a].decided_at);
                let answer = if stalled >= leave_within {
                    Answer::Refused(Refusal::NeverLeft)
                } else {
                    self.send(d, a, candidate.as_u64(), fault)?
                };
                self.feed(d, a, &Event::Answered(answer));
            }
            Step::Commit { .. } => self.append(d, a, &Append::Commit, fault, before)?,
            Step::GiveUp { .. } => self.append(d, a, &Append::GiveUp, fault, before)?,
            Step::Wait { why: Why::OtherDevice, pause } => {
                self.now += delay.min(pause.as_secs());
                self.refresh(d, a);
                let (version, now) = (self.items[a].version, self.now);
                let runner = &mut self.devices[d].runners[a];
                let since = match runner.watched {
                    Some((seen, since)) if seen == version => since,
                    _ => now,
                };
                runner.watched = Some((version, since));
                self.feed(d, a, &Event::OtherClaimUnchangedFor(Duration::from_secs(now - since)));
            }
            Step::Wait { pause, .. } => {
                self.now += pause.as_secs();
                self.feed(d, a, &Event::Woken);
            }
            Step::Hold(_) | Step::Alarm { .. } | Step::AskPerson(_) | Step::Done => {}
        }
        Ok(())
    }

    fn crash(&mut self, d: usize) {
        let device = &mut self.devices[d];
        device.locked = false;
        for a in 0..2 {
            let item = &device.items[a];
            let pending = item.pending.map(|pending| (pending, Self::mark(device, pending)));
            let stored = Stored::load(Some(text(item.last_change)), pending);
            let runner = &mut device.runners[a];
            *runner = Runner {
                stored,
                step: Step::Done,
                decided_on: 0,
                decided_at: 0,
                append_at: None,
                watched: None,
                last_read: None,
                repair: None,
            };
        }
        for a in 0..2 {
            self.feed(d, a, &Event::Restarted);
        }
    }

    fn idle(&self, d: usize, a: usize) -> bool {
        // Orders and due times are handed over only while no step is under way.
        matches!(
            self.devices[d].runners[a].step,
            Step::Done | Step::Hold(_) | Step::Alarm { .. } | Step::AskPerson(_) | Step::Wait { .. }
        )
    }

    fn take(&mut self, choice: Choice) -> Check {
        let Choice { device: d, account: a, action, fault, delay } = choice;
        self.now += 1;
        match action {
            Action::Work => self.work(d, a, fault, delay)?,
            Action::Due if self.idle(d, a) => self.feed(d, a, &Event::Due),
            Action::PersonAsked if self.idle(d, a) => self.feed(d, a, &Event::PersonAsked),
            Action::Repair if self.idle(d, a) => {
                if let Some(seen) = self.devices[d].runners[a].repair.take() {
                    self.tenant[a].repaired_over = self.tenant[a].lied_about;
                    if self.tenant[a].unrepaired == Some(number(&seen)) {
                        self.tenant[a].unrepaired = None;
                    }
                    self.feed(d, a, &Event::RepairAsked { seen });
                }
            }
            Action::Due | Action::PersonAsked | Action::Repair => {}
            Action::Crash => self.crash(d),
            Action::Suspend => {
                self.now += 3 * delay;
                for a in 0..2 {
                    self.feed(d, a, &Event::Restarted);
                }
            }
            Action::Lock => {
                self.devices[d].locked = true;
                for a in 0..2 {
                    self.feed(d, a, &Event::Locked);
                }
            }
            Action::Unlock => {
                self.devices[d].locked = false;
                for a in 0..2 {
                    self.feed(d, a, &Event::Restarted);
                }
            }
            Action::LandLate => {
                if let Some((a, candidate)) = self.late.pop() {
                    let pending = self.items[a].pending.map(|pending| pending.candidate.as_u64());
                    self.tenant[a].overtaken |= pending != Some(candidate);
                    self.land(a, candidate)?;
                }
            }
            Action::Outsider => {
                let (password, value) = (self.fresh(), self.fresh());
                let account = &mut self.tenant[a];
                account.password = password;
                account.changes.push((self.now, value));
                (account.outsiders, account.touched_outside) = (true, true);
                account.unrepaired = Some(value);
            }
        }
        self.rules()
    }

    fn rules(&self) -> Check {
        for (item, account) in self.items.iter().zip(&self.tenant) {
            let stored = account.password == item.current || item.readable.contains(&account.password);
            if !stored && !account.outsiders {
                return Err("rule 3: no stored value opens the account".into());
            }
        }
        if self.items.iter().all(|item| item.pending.is_some()) {
            return Err("rule 4: both accounts are in flight".into());
        }
        Ok(())
    }
}

fn item_changed(item: &mut Item) {
    item.version += 1;
}

fn delays() -> impl Strategy<Value = u64> {
    prop_oneof![6 => Just(0_u64), 2 => 1_u64..20, 1 => 20_u64..700]
}

fn faults() -> impl Strategy<Value = Fault> {
    prop_oneof![
        12 => Just(Fault::None),
        2 => Just(Fault::Lost),
        2 => Just(Fault::LostButDone),
        2 => Just(Fault::LostAndLate),
        4 => Just(Fault::Refused(Refusal::Password)),
        1 => Just(Fault::Refused(Refusal::Forbidden)),
        1 => Just(Fault::Refused(Refusal::NotFound)),
        1 => Just(Fault::Refused(Refusal::Unauthorized)),
        1 => Just(Fault::Refused(Refusal::Throttled(None))),
        1 => Just(Fault::Refused(Refusal::NeverLeft)),
        1 => Just(Fault::RefusedButDone),
        1 => Just(Fault::Unreachable),
        1 => Just(Fault::Disk),
        2 => Just(Fault::Stale),
    ]
}

fn choices(devices: usize, length: usize) -> impl Strategy<Value = Vec<Choice>> {
    let action = prop_oneof![
        60 => Just(Action::Work),
        10 => Just(Action::Due),
        1 => Just(Action::PersonAsked),
        2 => Just(Action::Repair),
        2 => Just(Action::Crash),
        1 => Just(Action::Suspend),
        1 => Just(Action::Lock),
        2 => Just(Action::Unlock),
        2 => Just(Action::LandLate),
        1 => Just(Action::Outsider),
    ];
    let choice = (0..devices, 0..2_usize, action, faults(), delays())
        .prop_map(|(device, account, action, fault, delay)| Choice { device, account, action, fault, delay });
    prop::collection::vec(choice, 1..length)
}

fn run(devices: u8, off: Option<Protection>, choices: &[Choice]) -> Check {
    let mut world = World::new(devices, off);
    choices.iter().try_for_each(|choice| world.take(*choice))
}

/// A share; `PROPTEST_CASES` sets the full count. Drawing by a cipher would take longer than what is drawn for.
fn config() -> Config {
    let all = Config { failure_persistence: None, rng_algorithm: RngAlgorithm::XorShift, ..Config::default() };
    if std::env::var_os("PROPTEST_CASES").is_some() { all } else { Config { cases: 2_000, ..all } }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn whatever_happens_a_stored_value_opens_the_account(choices in choices(2, 200)) {
        prop_assert_eq!(run(2, None, &choices), Ok(()));
    }

    #[test]
    fn three_devices_at_once_are_no_worse_than_two(choices in choices(3, 200)) {
        prop_assert_eq!(run(3, None, &choices), Ok(()));
    }

    /// Crashes, lost answers and a device that never comes back; no refusals, nothing late, no outsiders.
    #[test]
    fn once_the_tenant_answers_one_device_alone_settles_everything(choices in choices(3, 120)) {
        let mut world = World::new(3, None);
        for choice in choices {
            let harmless = match choice.fault {
                Fault::Refused(_) | Fault::RefusedButDone | Fault::LostAndLate | Fault::Stale => Fault::None,
                fault => fault,
            };
            if !matches!(choice.action, Action::Outsider | Action::LandLate) {
                let taken = world.take(Choice { fault: harmless, ..choice });
                prop_assert_eq!(taken, Ok(()));
            }
        }
        world.crash(0);
        for _ in 0..60 {
            for a in 0..2 {
                let work = Choice { device: 0, account: a, action: Action::Work, fault: Fault::None, delay: 700 };
                let delay = match world.devices[0].runners[a].step {
                    Step::Wait { .. } => 700,
                    _ => 0,
                };
                let taken = world.take(Choice { delay, ..work });
                prop_assert_eq!(taken, Ok(()));
                if world.items[a].pending.is_some() && matches!(world.devices[0].runners[a].step, Step::Hold(_) | Step::Done) {
                    world.feed(0, a, &Event::Due);
                }
            }
        }
        for (item, account) in world.items.iter().zip(&world.tenant) {
            prop_assert_eq!(item.pending, None);
            prop_assert_eq!(item.current, account.password);
        }
    }
}

/// Runs the same check with one protection off, from a fixed seed, and says what was violated.
fn violation(off: Protection) -> Option<String> {
    let config = Config { cases: 20_000, max_shrink_iters: 0, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::XorShift));
    let outcome = runner.run(&choices(2, 200), |choices| run(2, Some(off), &choices).map_err(TestCaseError::fail));
    outcome.err().map(|error| error.to_string())
}

#[test]
fn the_model_rotates_at_all() {
    let mut world = World::new(2, None);
    world.feed(0, 0, &Event::Due);
    for _ in 0..6 {
        world.work(0, 0, Fault::None, 0).unwrap();
    }
    assert_eq!(world.devices[0].runners[0].step, Step::Done);
    assert_eq!(world.devices[0].runners[0].stored.phase, Phase::Idle);
    assert_ne!(world.items[0].current, 1);
    assert_eq!(world.items[0].current, world.tenant[0].password);
}

macro_rules! goes_red {
    ($($name:ident: $protection:ident, $words:literal;)*) => {$(
        #[test]
        fn $name() {
            let found = violation(Protection::$protection).expect("the check did not notice");
            assert!(found.contains($words), "{found}");
        }
    )*};
}

goes_red! {
    sending_before_the_append_is_noticed: AppendFirst, "rule 2";
    another_candidate_after_a_lost_answer_is_noticed: SameCandidate, "given up";
    giving_up_without_two_reads_is_noticed: TwoReads, "given up";
    giving_up_with_an_unanswered_send_is_noticed: KeepUnanswered, "given up";
    committing_without_a_moved_value_is_noticed: VerifyFirst, "never landed";
    sending_over_an_outsiders_change_is_noticed: LookFirst, "not ours";
    sending_in_the_second_half_of_the_lease_is_noticed: FirstHalf, "second half";
    taking_over_a_living_claim_is_noticed: WholeLease, "taken over";
    both_accounts_together_is_noticed: OneAccount, "rule 4";
}
