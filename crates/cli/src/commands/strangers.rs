//! Ways into a tenant that Vitrine did not make: shown, then removed or kept, each by its id.

use vitrine_app::api::{
    CheckAccountsRequest, KeepStrangerRequest, OrganizationRequest, OrganizationView, RemoveStrangersRequest,
    SignInPurpose, StrangerView,
};

use super::{Result, connect, find};
use crate::{
    args::Strangers,
    door::Door,
    exit::Exit,
    output::Outcome,
    person::Person,
    text::{shown, table, time, words},
};

/// What the application answers where an admin has to sign in first.
const SIGN_IN_NEEDED: &str = "strangers.sign-in-needed";

pub(super) async fn run(door: &mut Door, person: &mut Person, strangers: Strangers) -> Result {
    match strangers {
        Strangers::List { organization, now } => {
            let organization = find::id(door, &organization).await?;
            let view = if now {
                door.call(CheckAccountsRequest { organization }).await?
            } else {
                door.call(OrganizationRequest { organization }).await?
            };
            listed(&view)
        }
        Strangers::Remove { organization, strangers, sign_in } => {
            let organization = find::id(door, &organization).await?;
            let request =
                || RemoveStrangersRequest { organization: organization.clone(), strangers: strangers.clone() };
            let view = match door.call(request()).await {
                Err(refused) if refused.code() == SIGN_IN_NEEDED => {
                    connect::sign_in(door, person, &organization, &sign_in, SignInPurpose::Strangers, false).await?;
                    door.call(request()).await?
                }
                answered => answered?,
            };
            let left = view.strangers.iter().any(|stranger| strangers.contains(&stranger.id));
            Ok(listed(&view)?.ending(if left { Exit::Partly } else { Exit::Done }))
        }
        Strangers::Keep { organization, stranger, reason } => {
            let organization = find::id(door, &organization).await?;
            listed(&door.call(KeepStrangerRequest { organization, stranger, reason }).await?)
        }
    }
}

fn listed(view: &OrganizationView) -> Result {
    let rows: Vec<Vec<String>> = view.strangers.iter().map(row).collect();
    let words = if rows.is_empty() {
        format!("Nothing is known in the tenant of {} that Vitrine did not make.", shown(&view.name))
    } else {
        table(&["ID", "FOUND", "WHAT", "NAME", "OF", "KEPT"], &rows)
    };
    Outcome::of(view, words)
}

fn row(stranger: &StrangerView) -> Vec<String> {
    let of = stranger.user_name.clone().unwrap_or_else(|| words(stranger.place));
    let kept = stranger.kept.as_ref().map(|kept| format!("{}: {}", kept.who, kept.reason)).unwrap_or_default();
    vec![stranger.id.clone(), time(Some(stranger.found_at)), words(stranger.kind), stranger.name.clone(), of, kept]
}
