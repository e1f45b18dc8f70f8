//! The attention inbox: what a person has to do something about, over all organizations, since when, and what to do.
//!
//! Nothing here is found out or kept twice. A problem is read off the facts of an organization's row whenever that row
//! is saved; of its own it has the moment it began and the person's snooze, and it is gone with the facts. What concerns
//! the vault and no organization stays above every screen instead (decision 0018).

use crate::api::*;
use crate::error::{Error, Result};
use crate::failpoint::protected;
use crate::journal::Change;
use crate::own::{self, Own, TogetherSnooze};
use crate::records::{
    self, Account, Bytes32, Check, LONGEST_SNOOZE_MS, Organization, Phase, Problem, ProblemRow, Snoozed, Wrong,
    item_text, key, organization_text,
};
use crate::session::Session;
use crate::store::{Direction, Span};
use crate::{App, certificates, connect, health, organizations, reminders, rotate, strangers, vault};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::ops::ControlFlow;
use vitrine_ledger::{Home, Member, MemberId, MspState, Role as LedgerRole};

const MOST_ROWS: u32 = 500;
const HOUR_MS: u64 = 3600 * 1000;
/// When a day begins, for what is put off until tomorrow.
const MORNING: i8 = 8;
/// The problems that no organization has alone.
const OVERDUE: &str = "overdue";
const UNANSWERED: &str = "unanswered";
/// From how many organizations on it is Microsoft, or the way there, that does not answer.
const TOGETHER: usize = 3;

/// The short name of a problem within the whole vault, short because people type it at a terminal: the same for as long as
/// the problem lasts, and after it came back.
type Name = [u8; 8];

fn name(organization: &Bytes32, problem: &Problem) -> Result<Name> {
    let mut hash = Sha256::new();
    hash.update(organization);
    hash.update(records::encode(&(problem.wrong, problem.account))?.as_slice());
    Ok(hash.finalize().first_chunk().copied().unwrap_or_default())
}

// What an organization's row says

/// Brings the problems of a row up to its facts: what lasts keeps its beginning and its snooze, what is new begins now,
/// what is over is forgotten with its snooze.
pub(crate) fn settle(row: &mut Organization, now: u64) {
    let known = std::mem::take(&mut row.problems);
    row.problems = found(row, &known, now)
        .into_iter()
        .map(|fresh| {
            let same = |old: &&Problem| (old.wrong, old.account) == (fresh.wrong, fresh.account);
            let old = known.iter().find(same);
            old.map_or(fresh.clone(), |old| Problem { since: old.since, snoozed: old.snoozed, ..fresh })
        })
        .collect();
}

fn found(row: &Organization, known: &[Problem], now: u64) -> Vec<Problem> {
    let mut found = Vec::new();
    let new = |wrong, account, since| Problem { wrong, account, since, snoozed: None, said: None };
    let check = |kind, bad: Verdict| row.checks.iter().find(|check| check.check == kind && check.verdict == bad);
    if let Some(tenant) = &row.tenant {
        if check(HealthCheck::Connection, Verdict::Bad).is_some() {
            found.push(new(Wrong::ConnectionRefused, None, now));
        }
        if certificates::has_ended(tenant, now) {
            found.push(new(Wrong::CertificateEnded, None, tenant.certificate_ends_at));
        } else if check(HealthCheck::Certificate, Verdict::Warning).is_some() {
            found.push(new(Wrong::CertificateNotRenewed, None, now));
        }
        if let Some(these) = strangers::digest(row) {
            let since = row.standing_strangers().map(|stranger| stranger.found_at).max();
            found.push(new(Wrong::Strangers(these), None, since.unwrap_or(now)));
        }
    }
    for account in &row.accounts {
        let item = Some(account.item);
        if !account.created {
            found.push(new(Wrong::NeverCreated, item, now));
            continue;
        }
        let drift = account.drift();
        if let Some(drift) = drift {
            found.push(new(Wrong::Drifted(drift), item, now));
        }
        if sessions(row, account).is_some() {
            found.push(new(Wrong::SessionsLive, item, now));
        }
        // What a rotation cannot do to an account that is gone is the same problem once more.
        if drift != Some(records::Drift::Gone) {
            found.extend(of_rotation(account, known, now));
        }
    }
    found
}

/// What is wrong with an account's rotation. While it is tried again nothing is known better: what was wrong before lasts
/// until something else is said of it, so that a problem which stays is one problem however often it is tried.
fn of_rotation(account: &Account, known: &[Problem], now: u64) -> Option<Problem> {
    let said = account.problem.as_ref().map(|problem| problem.code.clone());
    if matches!(account.phase, Phase::Rotating | Phase::Creating) {
        let before =
            known.iter().find(|problem| is_of_rotation(problem.wrong) && problem.account == Some(account.item));
        if let Some(before) = before.filter(|before| before.said == said) {
            return Some(before.clone());
        }
    }
    let problem = |wrong| Problem { wrong, account: Some(account.item), since: now, snoozed: None, said };
    account.rotation_wrong().map(problem)
}

fn is_of_rotation(wrong: Wrong) -> bool {
    matches!(wrong, Wrong::Failing(_) | Wrong::Unclear | Wrong::ChangedOutside | Wrong::NeedsPerson(_))
}

fn sessions<'a>(row: &'a Organization, account: &Account) -> Option<&'a Check> {
    let of = |check: &&Check| check.check == HealthCheck::SessionsEnded && check.account == Some(account.item);
    row.checks.iter().find(of).filter(|check| check.verdict == Verdict::Warning)
}

/// The rows that the list has of an organization's problems, by their keys.
pub(crate) fn rows(id: &Bytes32, row: &Organization) -> Result<Vec<(Vec<u8>, ProblemRow)>> {
    let listed = |problem: &Problem| {
        let account = problem.account.as_ref().and_then(|item| row.account(item));
        let listed = ProblemRow {
            organization: row.name.clone(),
            domain: row.tenant.as_ref().map(|tenant| tenant.domain.clone()),
            user_name: account.map(|account| account.user_name.clone()),
            problem: problem.clone(),
        };
        Ok((key::problem(problem.since, id, name(id, problem)?), listed))
    };
    row.problems.iter().map(listed).collect()
}

/// Saves what time alone made a problem: connections whose certificate has ended and nobody was there to renew it.
pub(crate) async fn catch_up(app: &App, session: &Session) -> Result<()> {
    let ended = |problem: &Problem| problem.wrong == Wrong::CertificateEnded;
    for id in certificates::ended_now(app).await? {
        if !organizations::load(app, &id).await?.problems.iter().any(ended) {
            let mut change = Change::begin(app, session).await?;
            let opened = change.open(&id).await?;
            change.save(opened).await?;
            change.commit().await?;
        }
    }
    Ok(())
}

// The list

/// A problem found in the index.
struct Found {
    organization: Bytes32,
    name: Name,
    row: ProblemRow,
}

/// Every problem there is, the newest first. Costs as much as there are problems, however many organizations are well.
async fn every(app: &App) -> Result<Vec<Found>> {
    let (mut found, mut failed) = (Vec::new(), None);
    app.inner
        .store
        .index_scan(&Span::prefix(key::PROBLEMS), Direction::Backward, |key, value| {
            let parts = key.split_last_chunk::<8>().and_then(|(rest, name)| Some((*rest.last_chunk::<32>()?, *name)));
            let Some((organization, name)) = parts else { return ControlFlow::Continue(()) };
            match records::decode(value) {
                Ok(row) => found.push(Found { organization, name, row }),
                Err(error) => failed = Some(error),
            }
            if failed.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .await?;
    // One that an admin is creating right now is nobody's to finish.
    found.retain(|found: &Found| {
        found.row.problem.wrong != Wrong::NeverCreated || connect::admin(app, &found.organization).is_none()
    });
    failed.map_or(Ok(found), Err)
}

pub(crate) async fn list(app: &App, request: AttentionRequest) -> Result<AttentionView> {
    app.session().await?;
    let now = app.now_ms();
    let wanted = request.filter.trim().to_lowercase();
    let (mut together, mut found) = (Vec::from_iter(overdue(app).await?), every(app).await?);
    let (silent, mut members) = unanswered(app, &mut found).await?;
    together.extend(silent);
    let mut view = AttentionView::default();
    let mut count = |snoozed: bool| {
        let counted = if snoozed { &mut view.snoozed } else { &mut view.open };
        *counted = counted.saturating_add(1);
        snoozed == request.snoozed
    };
    together.retain(|together| count(together.snoozed(now).is_some()));
    found.retain(|found| count(holds(found.row.problem.snoozed, now).is_some()) && found.row.speaks_of(&wanted));
    if !wanted.is_empty() {
        // Looked for by its name, an organization stands there by itself.
        members.retain(|found| found.row.speaks_of(&wanted) && together.iter().any(|one| one.of.id() == UNANSWERED));
        found.append(&mut members);
        found.sort_by_key(|found| std::cmp::Reverse(found.row.problem.since));
        together.clear();
    }
    view.matching = small(found.len() + together.len());
    let limit = if request.limit == 0 { 100 } else { request.limit.min(MOST_ROWS) } as usize;
    // They concern the most, so they stand before the others.
    let before = together.len();
    if request.offset == 0 {
        view.problems.extend(together.iter().map(|together| together.view(now)));
    }
    let skip = (request.offset as usize).saturating_sub(before);
    for found in found.iter().skip(skip).take(limit - view.problems.len()) {
        view.problems.extend(shown(app, found, now).await?);
    }
    Ok(view)
}

impl ProblemRow {
    fn speaks_of(&self, wanted: &str) -> bool {
        let names = [Some(&self.organization), self.domain.as_ref(), self.user_name.as_ref()];
        wanted.is_empty() || names.into_iter().flatten().any(|name| name.to_lowercase().contains(wanted))
    }
}

/// A problem in words. None where it was solved since it was found.
async fn shown(app: &App, found: &Found, now: u64) -> Result<Option<ProblemView>> {
    let Found { organization, name, row: ProblemRow { problem, .. } } = found;
    let Some(bytes) = app.inner.store.index_value(&key::organization(organization)).await? else { return Ok(None) };
    let row: Organization = records::decode(&bytes)?;
    let account = problem.account.as_ref().and_then(|item| row.account(item));
    let msp = app.session().await?.msp();
    let Some(error) = told(&row, problem, account, &msp) else { return Ok(None) };
    Ok(Some(ProblemView {
        id: vault::hex(name),
        kind: kind(problem.wrong),
        organization: Some(organization_text(organization)),
        organization_name: Some(row.name.clone()),
        account: problem.account.as_ref().map(item_text),
        user_name: account.map(|account| account.user_name.clone()),
        since: Time(problem.since),
        error,
        step: step(problem.wrong),
        working: problem.account.is_some_and(|item| rotate::is_at_work(app, &(*organization, item))),
        snoozed: holds(problem.snoozed, now),
    }))
}

/// The same words that the organization's own screen has for it.
fn told(row: &Organization, problem: &Problem, account: Option<&Account>, msp: &MspState) -> Option<ErrorView> {
    let words = |kind| row.checks.iter().find(|check| check.check == kind).map(|check| check.words.clone());
    let refused = |code, what: &str, next: String| Error::new(ErrorClass::Refused, code, what, next);
    let works = "The stored passwords still open the accounts.";
    Some(match problem.wrong {
        Wrong::Drifted(_) => return health::drifted(account?),
        Wrong::NeverCreated => return health::unfinished(account?),
        Wrong::Failing(_) | Wrong::Unclear | Wrong::ChangedOutside | Wrong::NeedsPerson(_) => {
            // An index made again knows the state from what is signed, and not the last words on it.
            account?.problem.clone().unwrap_or_else(|| rotate::unexplained(problem.wrong, msp))
        }
        Wrong::SessionsLive => {
            let next = "Rotate again: its sessions are ended after that.";
            let what = sessions(row, account?)?.words.clone();
            Error::new(ErrorClass::Partly, "rotation.sessions", what, next).into_view()
        }
        Wrong::ConnectionRefused => {
            let what = "The connection no longer does its work in the tenant.";
            refused("connect.refused", what, words(HealthCheck::Connection)?).holds(works).into_view()
        }
        Wrong::CertificateNotRenewed => {
            let what = format!("The connection's certificate ends {}.", Time(row.tenant.as_ref()?.certificate_ends_at));
            refused("connect.certificate-ending", &what, words(HealthCheck::Certificate)?).holds(works).into_view()
        }
        Wrong::CertificateEnded => certificates::ended().into_view(),
        Wrong::Strangers(_) => return strangers::problem(row),
    })
}

fn kind(wrong: Wrong) -> ProblemKind {
    use crate::records::Drift;
    match wrong {
        Wrong::Failing(_) => ProblemKind::Failing,
        Wrong::Unclear => ProblemKind::Unclear,
        Wrong::ChangedOutside => ProblemKind::ChangedOutside,
        Wrong::NeedsPerson(_) => ProblemKind::NeedsPerson,
        Wrong::Drifted(Drift::Gone) => ProblemKind::Gone,
        Wrong::Drifted(Drift::Disabled) => ProblemKind::Disabled,
        Wrong::Drifted(Drift::RoleGone) => ProblemKind::RoleGone,
        Wrong::Drifted(Drift::Renamed) => ProblemKind::Renamed,
        Wrong::NeverCreated => ProblemKind::NeverCreated,
        Wrong::SessionsLive => ProblemKind::SessionsLive,
        Wrong::ConnectionRefused => ProblemKind::Connection,
        Wrong::CertificateNotRenewed => ProblemKind::CertificateEnding,
        Wrong::CertificateEnded => ProblemKind::CertificateEnded,
        Wrong::Strangers(_) => ProblemKind::Strangers,
    }
}

fn step(wrong: Wrong) -> ProblemStep {
    match wrong {
        Wrong::Failing(_) | Wrong::SessionsLive => ProblemStep::Rotate,
        Wrong::Unclear => ProblemStep::Check,
        Wrong::ChangedOutside | Wrong::Drifted(_) => ProblemStep::Repair,
        Wrong::NeedsPerson(number) => rotate::step_for(number),
        Wrong::NeverCreated => ProblemStep::EnableLaps,
        Wrong::Strangers(_) => ProblemStep::Strangers,
        Wrong::ConnectionRefused | Wrong::CertificateNotRenewed | Wrong::CertificateEnded => ProblemStep::Connect,
    }
}

// What many have at once

/// One problem however many organizations have it: its reason is one, and so is what ends it.
struct Together {
    of: Of,
    accounts: u32,
    /// When the first and the last of them came to have it.
    since: u64,
    newest: u64,
    snooze: Option<TogetherSnooze>,
}

#[derive(Clone, Copy)]
enum Of {
    /// Accounts that are overdue although nothing is wrong with them: nobody rotates them.
    Overdue(Reason),
    /// Rotations that got no answer, of so many organizations.
    Unanswered(usize),
}

impl Of {
    fn id(self) -> &'static str {
        match self {
            Self::Overdue(_) => OVERDUE,
            Self::Unanswered(_) => UNANSWERED,
        }
    }

    fn kept(self, own: &mut Own) -> &mut Option<TogetherSnooze> {
        match self {
            Self::Overdue(_) => &mut own.overdue,
            Self::Unanswered(_) => &mut own.unanswered,
        }
    }
}

/// Takes out of what was found the rotations that Microsoft did not answer, where that is more than one tenant's matter.
async fn unanswered(app: &App, found: &mut Vec<Found>) -> Result<(Option<Together>, Vec<Found>)> {
    let now = app.now_ms();
    let silent = |found: &Found| {
        let problem = &found.row.problem;
        problem.wrong == Wrong::Failing(ErrorClass::Unreachable) && holds(problem.snoozed, now).is_none()
    };
    let organizations: HashSet<&Bytes32> =
        found.iter().filter(|found| silent(found)).map(|found| &found.organization).collect();
    let count = organizations.len();
    if count < TOGETHER {
        return Ok((None, Vec::new()));
    }
    let (members, rest) = std::mem::take(found).into_iter().partition::<Vec<_>, _>(silent);
    *found = rest;
    let times = || members.iter().map(|found| found.row.problem.since);
    let (since, newest) = (times().min().unwrap_or(now), times().max().unwrap_or(now));
    let snooze = vault::firm(app).await?.own.unanswered;
    let accounts = small(members.len());
    Ok((Some(Together { of: Of::Unanswered(count), accounts, since, newest, snooze }), members))
}

/// Why nobody does.
#[derive(Clone, Copy)]
enum Reason {
    Paused,
    ByHand,
    /// This process answers one command; nothing else runs.
    NothingRuns,
    /// The home of the vault takes nothing.
    HomeAway,
    /// A rotator should have, and the home that answers has nothing of it: the head of these ledgers is older than their
    /// interval allows. It is the rotator that stands still, or the home that withholds; which, cannot be told from here.
    HomeSilent,
}

/// Whether a device of somebody else's has nothing to do but rotate what is due, and writes it to a backend.
fn leans_on_a_rotator(session: &Session) -> bool {
    let msp = session.msp();
    let rotates = |(id, member): (&MemberId, &Member)| {
        *id != session.author.member && member.is_active() && member.role() == LedgerRole::Rotator
    };
    matches!(msp.home(), Home::Backend { .. }) && msp.members().iter().any(rotates)
}

/// What is overdue because nobody rotates it, and why.
async fn overdue(app: &App) -> Result<Option<Together>> {
    let session = app.session().await?;
    let leans = protected!("a home is asked for what a rotator writes", leans_on_a_rotator(&session), false);
    let reason = if leans && !session.home_is_away() {
        Reason::HomeSilent
    } else if rotate::is_paused(app) {
        Reason::Paused
    } else if !app.rotates_by_itself() {
        Reason::ByHand
    } else if !app.inner.pulse.is_watched() {
        Reason::NothingRuns
    } else if session.home_is_away() {
        Reason::HomeAway
    } else {
        // Whatever is not at work by now is so before a person could act.
        return Ok(None);
    };
    // In a pause what waits for its end is no more at work than the rest.
    let working = if matches!(reason, Reason::Paused) { HashSet::new() } else { rotate::working(app) };
    let (mut accounts, mut times, mut failed) = (0_u32, None, None);
    let until = app.now_ms().saturating_sub(reminders::OVERDUE_MS);
    organizations::each_due(app, until, |at, organization, _, standing| {
        match records::decode(standing) {
            // Where something is wrong, that is the problem.
            Ok(OrganizationState::Healthy) if !working.contains(organization) => {
                accounts = accounts.saturating_add(1);
                let (since, _) = times.unwrap_or((at, at));
                times = Some((since, at));
            }
            Ok(_) => {}
            Err(error) => failed = Some(error),
        }
        ControlFlow::Continue(())
    })
    .await?;
    if let Some(error) = failed {
        return Err(error);
    }
    let Some((since, newest)) = times else { return Ok(None) };
    let snooze = vault::firm(app).await?.own.overdue;
    Ok(Some(Together { of: Of::Overdue(reason), accounts, since, newest, snooze }))
}

impl Together {
    /// A snooze for good ends with the next account that comes to have it: that one nobody has seen.
    fn snoozed(&self, now: u64) -> Option<SnoozedView> {
        let TogetherSnooze { snoozed, seen_to } = self.snooze?;
        holds(Some(snoozed), now).filter(|view| matches!(view, SnoozedView::Until { .. }) || self.newest <= seen_to)
    }

    fn view(&self, now: u64) -> ProblemView {
        let (kind, error, step) = match self.of {
            Of::Overdue(reason) => self.overdue(reason),
            Of::Unanswered(organizations) => {
                let what = format!(
                    "Microsoft answers for none of {organizations} organizations: {} emergency accounts wait for their rotation.",
                    self.accounts
                );
                let next =
                    "Vitrine tries again by itself. Look at this machine's network and at Microsoft's service health.";
                let error = Error::new(ErrorClass::Unreachable, "attention.unanswered", what, next);
                (ProblemKind::Unanswered, error, ProblemStep::RotateDue)
            }
        };
        ProblemView {
            id: self.of.id().to_owned(),
            kind,
            organization: None,
            organization_name: None,
            account: None,
            user_name: None,
            since: Time(self.since),
            error: error.holds("Their passwords still work.").into_view(),
            step,
            working: false,
            snoozed: self.snoozed(now),
        }
    }

    fn overdue(&self, reason: Reason) -> (ProblemKind, Error, ProblemStep) {
        let accounts = match self.accounts {
            1 => "1 emergency account is overdue".to_owned(),
            accounts => format!("{accounts} emergency accounts are overdue"),
        };
        let (code, why, next, step) = match reason {
            Reason::Paused => ("attention.paused", "rotation is paused", "Let rotation go on.", ProblemStep::Resume),
            Reason::ByHand => (
                "attention.by-hand",
                "this device rotates nothing by itself",
                "Rotate what is due, or let Vitrine do it: in the settings.",
                ProblemStep::RotateDue,
            ),
            Reason::NothingRuns => (
                "attention.nothing-runs",
                "no Vitrine is running that would rotate them",
                "Open Vitrine, run vitrine unlock, or rotate now with vitrine rotate --due.",
                ProblemStep::RotateDue,
            ),
            Reason::HomeAway => (
                "attention.home-away",
                "the home of the vault takes no changes",
                "See in the settings what is wrong with it, and ask it again: vitrine sync.",
                ProblemStep::Sync,
            ),
            Reason::HomeSilent => (
                "attention.home-silent",
                "the vault's home answers, and has nothing of what the rotator should have written",
                "Look whether the rotator runs. If it does and rotates, the home withholds: do not trust it.",
                ProblemStep::RotateDue,
            ),
        };
        (ProblemKind::Overdue, Error::new(ErrorClass::Partly, code, format!("{accounts}: {why}."), next), step)
    }
}

// Snoozing

pub(crate) async fn snooze(app: &App, request: SnoozeProblemRequest) -> Result<ProblemView> {
    let now = app.now_ms();
    let snoozed = match request.until {
        Snooze::Hour => Snoozed::Until(now.saturating_add(HOUR_MS)),
        Snooze::Tomorrow => Snoozed::Until(rotate::LocalTime::named(None).tomorrow_at(MORNING, now)),
        Snooze::Fixed => Snoozed::Fixed,
    };
    set(app, &request.problem, Some(snoozed)).await
}

pub(crate) async fn wake(app: &App, request: WakeProblemRequest) -> Result<ProblemView> {
    set(app, &request.problem, None).await
}

/// A matter of this device: it changes what is heard of here and nothing else, so no entry is signed for it.
async fn set(app: &App, problem: &str, snoozed: Option<Snoozed>) -> Result<ProblemView> {
    let session = app.session().await?;
    let now = app.now_ms();
    let mut found = every(app).await?;
    if [OVERDUE, UNANSWERED].contains(&problem) {
        let known = if problem == OVERDUE { overdue(app).await? } else { unanswered(app, &mut found).await?.0 };
        let mut together = known.ok_or_else(|| unknown(problem))?;
        together.snooze = snoozed.map(|snoozed| TogetherSnooze { snoozed, seen_to: together.newest });
        own::note(app, &session, |own| *together.of.kept(own) = together.snooze).await?;
        app.tell(Event::StatusChanged);
        return Ok(together.view(now));
    }
    found.retain(|found| vault::hex(&found.name) == problem);
    let mut found = found.pop().ok_or_else(|| unknown(problem))?;
    let mut change = Change::begin(app, &session).await?;
    let mut opened = change.open(&found.organization).await?;
    let listed = &mut found.row.problem;
    let same = |known: &&mut Problem| (known.wrong, known.account) == (listed.wrong, listed.account);
    // It may have been solved since it was found.
    let known = opened.row.problems.iter_mut().find(same).ok_or_else(|| unknown(problem))?;
    known.snoozed = snoozed;
    listed.snoozed = snoozed;
    change.save(opened).await?;
    change.commit().await?;
    shown(app, &found, now).await?.ok_or_else(|| unknown(problem))
}

/// A snooze that still holds.
fn holds(snoozed: Option<Snoozed>, now: u64) -> Option<SnoozedView> {
    match snoozed? {
        Snoozed::Fixed => Some(SnoozedView::Fixed),
        // Longer than a snooze can be, a clock was wrong when it began: nothing stays silent for a year by that.
        Snoozed::Until(at) => {
            (now < at && at <= now.saturating_add(LONGEST_SNOOZE_MS)).then_some(SnoozedView::Until { at: Time(at) })
        }
    }
}

fn unknown(problem: &str) -> Error {
    Error::usage("attention.unknown", "There is no such problem; it may be solved.", "Look at the list again.")
        .details(format!("problem {problem}"))
}

fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
