//! Rotating, and waiting for what comes of it.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use serde::Serialize;
use vitrine_app::api::{
    CancelQueuedRequest, ErrorClass, JobStep, JobView, JobsRequest, PauseRotationRequest, RotateRequest, RotateScope,
    SessionsEnded,
};

use super::{POLL, Result, find};
use crate::{
    args::Rotate,
    door::Door,
    exit::Exit,
    output::{Outcome, usage},
    person::Person,
    text::{shown, table, words},
};

/// How long a command waits for a rotation that it did not order itself.
const LONGEST_WAIT: Duration = Duration::from_mins(10);

/// Jobs that are asked for at once.
const PAGE: u32 = 500;

/// What came of the rotations that were asked for.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rotated {
    jobs: Vec<JobView>,
    done: usize,
    failed: usize,
    /// Still at work, queued, or unclear and tried again.
    open: usize,
}

/// Organization and account.
type Key = (String, String);

pub(super) async fn run(door: &mut Door, person: &mut Person, args: Rotate) -> Result {
    if args.pause || args.resume || args.cancel {
        return steer(door, &args).await;
    }
    let scope = scope(door, &args).await?;
    let wait = Duration::from_secs(args.wait);
    // What ended before this order is another's news.
    let mut since = door.call(JobsRequest { limit: 1, ..JobsRequest::default() }).await?.moves;
    let begun = Instant::now();
    if door.call(RotateRequest { scope: scope.clone() }).await?.paused {
        let paused = serde_json::json!({ "kind": "paused" });
        person.progress(&paused, "Rotation is paused: it begins with `vitrine rotate --resume`.");
    }
    let mut jobs = BTreeMap::new();
    loop {
        for job in moved(door, &mut since).await?.into_iter().filter(|job| within(&scope, job)) {
            let step = words(job.step);
            let line = format!("{}  {}  {step}", job.organization_name, job.user_name);
            if jobs.get(&key(&job)).is_none_or(|before: &JobView| before.step != job.step) {
                person.progress(&job, &line);
            }
            jobs.insert(key(&job), job);
        }
        let open = jobs.values().any(|job| at_work(job.step));
        if !open || begun.elapsed() >= wait {
            break;
        }
        tokio::select! {
            () = tokio::time::sleep(POLL) => {}
            _ = tokio::signal::ctrl_c() => break,
        }
    }
    ended(jobs.into_values().collect())
}

/// Pauses, goes on, or empties the queue.
async fn steer(door: &mut Door, args: &Rotate) -> Result {
    if door.ends_with_us() {
        return Err(usage(
            "cli.no-agent",
            "Nothing rotates that could be paused or cancelled: neither the desktop program nor an agent is running.",
            "Begin with vitrine unlock.",
        ));
    }
    let view = if args.cancel {
        door.call(CancelQueuedRequest {}).await?
    } else {
        door.call(PauseRotationRequest { paused: args.pause }).await?
    };
    let state = if view.paused { "Rotation is paused" } else { "Rotation goes on" };
    let words = format!("{state}: {} at work or waiting, {} due.", view.open, view.due);
    Outcome::of(&view, words)
}

/// Every job that moved since the look before, page by page.
async fn moved(door: &mut Door, since: &mut u32) -> Result<Vec<JobView>> {
    let (mut found, mut next) = (Vec::new(), None);
    loop {
        let offset = u32::try_from(found.len()).unwrap_or(u32::MAX);
        let request = JobsRequest { offset, limit: PAGE, since: Some(*since), organization: None };
        let view = door.call(request).await?;
        // What moves between two pages is seen by the next look, too.
        let next = *next.get_or_insert(view.moves);
        let last = view.jobs.len() < PAGE as usize;
        found.extend(view.jobs);
        if last {
            *since = next;
            return Ok(found);
        }
    }
}

/// Waits until nothing is at work for an organization any more, ten minutes at most, and says how its jobs stand.
pub(super) async fn settled(door: &mut Door, organization: &str) -> Result<Vec<JobView>> {
    let begun = Instant::now();
    loop {
        let request = JobsRequest { organization: Some(organization.to_owned()), ..JobsRequest::default() };
        let jobs = door.call(request).await?.jobs;
        if !jobs.iter().any(|job| at_work(job.step)) || begun.elapsed() >= LONGEST_WAIT {
            return Ok(jobs);
        }
        tokio::time::sleep(POLL).await;
    }
}

async fn scope(door: &mut Door, args: &Rotate) -> Result<RotateScope> {
    if args.due {
        return Ok(RotateScope::Due);
    }
    if args.all {
        return Ok(RotateScope::All);
    }
    match (&args.account, args.organizations.as_slice()) {
        (Some(account), [organization]) => {
            let organization = find::organization(door, organization).await?;
            let account = find::account(&organization, Some(account))?.id.clone();
            Ok(RotateScope::Account { organization: organization.id, account })
        }
        (Some(_), _) => {
            Err(usage("cli.usage", "--account goes with one organization.", "Name the organization alone."))
        }
        (None, named) => {
            let mut organizations = Vec::with_capacity(named.len());
            for name in named {
                organizations.push(find::id(door, name).await?);
            }
            Ok(RotateScope::Organizations { organizations })
        }
    }
}

fn key(job: &JobView) -> Key {
    (job.organization.clone(), job.account.clone())
}

fn within(scope: &RotateScope, job: &JobView) -> bool {
    match scope {
        RotateScope::Account { organization, account } => job.organization == *organization && job.account == *account,
        RotateScope::Organizations { organizations } => organizations.contains(&job.organization),
        RotateScope::Due | RotateScope::Failed | RotateScope::All => true,
    }
}

fn at_work(step: JobStep) -> bool {
    match step {
        JobStep::Queued
        | JobStep::Looking
        | JobStep::Preparing
        | JobStep::Sending
        | JobStep::Verifying
        | JobStep::Unclear => true,
        JobStep::Done | JobStep::Failed | JobStep::ChangedOutside | JobStep::NeedsPerson | JobStep::Cancelled => false,
    }
}

fn ended(jobs: Vec<JobView>) -> Result {
    let done = jobs.iter().filter(|job| job.step == JobStep::Done).count();
    let open = jobs.iter().filter(|job| at_work(job.step)).count();
    let failed = jobs.len() - done - open;
    let exit = exit(&jobs, done);
    let rows: Vec<Vec<String>> = jobs
        .iter()
        .map(|job| {
            let why = job.problem.as_ref().map(|error| format!("{} {} {}", error.what, error.holds, error.next));
            let why = match job.sessions {
                Some(SessionsEnded::Ended) => Some("Its sessions were ended.".to_owned()),
                Some(SessionsEnded::NotEnded) => Some("Its sessions could not be ended; tried again next time.".into()),
                None => why,
            };
            let step = words(job.step);
            vec![job.organization_name.clone(), job.user_name.clone(), step, shown(&why.unwrap_or_default())]
        })
        .collect();
    let words = match rows.as_slice() {
        [] => "Nothing to rotate.".to_owned(),
        rows => format!(
            "{}\n{done} rotated, {failed} failed, {open} open",
            table(&["ORGANIZATION", "ACCOUNT", "STATE", ""], rows)
        ),
    };
    Ok(Outcome::of(&Rotated { jobs, done, failed, open }, words)?.ending(exit))
}

/// All done is 0, some done is 7; none done is the one reason all share, else 7.
fn exit(jobs: &[JobView], done: usize) -> Exit {
    if done == jobs.len() {
        return Exit::Done;
    }
    let mut classes = jobs.iter().map(|job| job.problem.as_ref().map(|error| error.class));
    let first: Option<ErrorClass> = classes.next().flatten();
    match first {
        Some(class) if done == 0 && classes.all(|other| other == Some(class)) => class.into(),
        _ => Exit::Partly,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vitrine_app::api::{ErrorView, Time};

    fn job(step: JobStep, class: Option<ErrorClass>) -> JobView {
        let problem = class.map(|class| ErrorView {
            code: "test".into(),
            what: String::new(),
            holds: String::new(),
            next: String::new(),
            details: None,
            retry_in_ms: None,
            class,
        });
        JobView {
            organization: "o".into(),
            organization_name: "O".into(),
            account: "a".into(),
            user_name: "a@o".into(),
            step,
            attempts: 1,
            next_try_at: None,
            problem,
            sessions: None,
            at: Time(0),
        }
    }

    #[test]
    fn the_exit_code_says_how_much_was_rotated_and_why_nothing_was() {
        let done = job(JobStep::Done, None);
        let refused = job(JobStep::NeedsPerson, Some(ErrorClass::Refused));
        let away = job(JobStep::Failed, Some(ErrorClass::Unreachable));
        let exit = |jobs: &[JobView]| super::exit(jobs, jobs.iter().filter(|job| job.step == JobStep::Done).count());
        assert_eq!(exit(&[]), Exit::Done);
        assert_eq!(exit(std::slice::from_ref(&done)), Exit::Done);
        assert_eq!(exit(&[done.clone(), refused.clone()]), Exit::Partly);
        assert_eq!(exit(&[refused.clone(), refused.clone()]), Exit::Refused);
        assert_eq!(exit(&[refused, away]), Exit::Partly);
        assert_eq!(exit(&[job(JobStep::Queued, None)]), Exit::Partly);
    }
}
