//! What needs a person, and what of it is put aside.

use vitrine_app::api::{AttentionRequest, ProblemView, SnoozeProblemRequest, SnoozedView, WakeProblemRequest};

use super::Result;
use crate::{
    args::{Attention, PutAside},
    door::Door,
    output::Outcome,
    text::{shown, table, time},
};

pub(super) async fn run(door: &mut Door, attention: Attention) -> Result {
    let Attention { act, snoozed, filter, offset, limit } = attention;
    match act {
        None => list(door, AttentionRequest { filter, snoozed, offset, limit }).await,
        Some(PutAside::Snooze { problem, until }) => {
            put(&door.call(SnoozeProblemRequest { problem, until: until.into() }).await?)
        }
        Some(PutAside::Wake { problem }) => put(&door.call(WakeProblemRequest { problem }).await?),
    }
}

async fn list(door: &mut Door, request: AttentionRequest) -> Result {
    let snoozed = request.snoozed;
    let view = door.call(request).await?;
    let rows: Vec<Vec<String>> = view.problems.iter().map(cells).collect();
    let counts = format!("{} open, {} snoozed", view.open, view.snoozed);
    let words = match rows.as_slice() {
        [] if snoozed => format!("Nothing is snoozed. {counts}"),
        [] if view.open == 0 => format!("Nothing needs you. {counts}"),
        rows => format!("{}\n{} of {} shown; {counts}", table(&HEADING, rows), rows.len(), view.matching),
    };
    Outcome::of(&view, words)
}

const HEADING: [&str; 6] = ["ID", "SINCE", "ORGANIZATION", "ACCOUNT", "SNOOZED", "PROBLEM"];

fn cells(problem: &ProblemView) -> Vec<String> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let error = &problem.error;
    let words = [&error.what, &error.holds, &error.next].map(String::as_str);
    let words: Vec<&str> = words.into_iter().filter(|part| !part.is_empty()).collect();
    vec![
        problem.id.clone(),
        time(Some(problem.since)),
        text(&problem.organization_name),
        text(&problem.user_name),
        snooze(problem),
        words.join(" "),
    ]
}

fn snooze(problem: &ProblemView) -> String {
    match problem.snoozed {
        None => String::new(),
        Some(SnoozedView::Until { at }) => time(Some(at)),
        Some(SnoozedView::Fixed) => "until fixed".into(),
    }
}

fn put(problem: &ProblemView) -> Result {
    let about = problem.organization_name.as_ref().map(|name| format!("{}: ", shown(name))).unwrap_or_default();
    let what = format!("{about}{}", shown(&problem.error.what));
    let words = match problem.snoozed {
        None => format!("Open again. {what}"),
        Some(SnoozedView::Until { at }) => format!("Snoozed until {at}. {what}"),
        Some(SnoozedView::Fixed) => format!("Snoozed until it is fixed. {what}"),
    };
    Outcome::of(problem, words)
}
