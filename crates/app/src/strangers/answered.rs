//! What becomes of strangers: removed as they were shown, or kept with a reason.

use super::shown::{in_words, keepable, words};
use super::{MOST_KEPT, look};
use crate::api::*;
use crate::error::{Error, Result};
use crate::failpoint::protected;
use crate::journal::{self, Change};
use crate::records::{Bytes16, Bytes32, KeptWay, Stranger, organization_text, parse_item, parse_organization};
use crate::session::{self, Session};
use crate::{App, connect, credentials, incident, laps, organizations};
use std::sync::Arc;
use vitrine_entra::access;
use vitrine_entra::oauth::Asks;
use vitrine_entra::{Connection, Priority, UserId};

pub(crate) async fn remove(app: &App, request: RemoveStrangersRequest) -> Result<OrganizationView> {
    let id = parse_organization(&request.organization)?;
    let ids: Vec<Bytes16> = request.strangers.iter().map(|id| parse_item(id)).collect::<Result<_>>()?;
    let this = app.clone();
    session::hold(app, move |session| async move { Box::pin(take_away(&this, &session, &id, &ids)).await }).await?;
    organizations::show(app, OrganizationRequest { organization: organization_text(&id) }).await
}

async fn take_away(app: &App, session: &Arc<Session>, id: &Bytes32, ids: &[Bytes16]) -> Result<()> {
    if !session.may(vitrine_ledger::Action::PutConnection) {
        return Err(not_yours("take them away"));
    }
    let shown = organizations::load(app, id).await?;
    if ids.is_empty() || !ids.iter().all(|id| shown.strangers.iter().any(|known| known.id == *id)) {
        return Err(unknown());
    }
    let mut found = look(app, session, id, Priority::High).await?;
    found.retain(|found| protected!("only what was shown is removed", ids.contains(&found.stranger.id), true));
    let row = organizations::load(app, id).await?;
    if let Some(found) = found.iter().find(|found| !access::is_removable(found.way.kind)) {
        return Err(by_hand(&words(&row, &found.stranger)));
    }
    let connection = connect::connection(app, session, &row).await?;
    let of_account = found.iter().any(|found| found.stranger.place == StrangerPlace::Account);
    let admin = connect::admin(app, id).filter(|admin| !of_account || admin.asks() == Asks::SignInMethods);
    if admin.is_none() && found.iter().any(|found| !found.way.is_own_key()) {
        return Err(sign_in_needed());
    }
    let (mut gone, mut failed) = (Vec::new(), None);
    for found in &found {
        let removed = match &admin {
            Some(admin) => access::remove(admin, connection.record(), &found.way).await,
            None => access::remove_as_connection(&connection, &found.way).await,
        };
        match removed {
            Ok(()) => gone.push(found.stranger.clone()),
            // The rest is taken away all the same.
            Err(error) => failed = Some(error),
        }
    }
    note_removed(app, session, id, &gone).await?;
    end_sessions(app, session, id, &gone, &connection).await?;
    // What was put in meanwhile is shown, and not taken for what was removed.
    look(app, session, id, Priority::High).await?;
    if organizations::load(app, id).await?.standing_strangers().next().is_none() {
        connect::finish(app, id);
    }
    app.tell(Event::JobsChanged);
    incident::take_up(app, session).await?;
    failed.map_or(Ok(()), |error| Err(error.into()))
}

async fn note_removed(app: &App, session: &Session, id: &Bytes32, gone: &[Stranger]) -> Result<()> {
    if gone.is_empty() {
        return Ok(());
    }
    let mut change = Change::begin(app, session).await?;
    let mut opened = change.open(id).await?;
    let (now, who) = (app.now_ms(), change.firm.person_name.clone());
    let row = &mut opened.row;
    let is_gone = |id: &Bytes16| gone.iter().any(|gone| gone.id == *id);
    for stranger in row.strangers.iter_mut().filter(|known| known.removed.is_none() && is_gone(&known.id)) {
        stranger.removed = Some((now, who.clone()));
    }
    let answered = row.kept.len();
    row.kept.retain(|kept| !is_gone(&kept.id));
    let (said, name) = (in_words(row, gone.iter()), row.name.clone());
    if row.kept.len() != answered && session.may(vitrine_ledger::Action::PutOrganization) {
        change.put_profile(&mut opened).await?;
    }
    change.note(Action::StrangersRemoved, Some((id, &name)), None, Some(said)).await?;
    change.save(opened).await?;
    change.commit().await
}

/// Whoever came in by a sign-in method that is gone now may still be signed in. Where the sessions cannot be ended the
/// account counts as one that somebody is signed in to, and its next rotation ends them.
async fn end_sessions(
    app: &App,
    session: &Session,
    id: &Bytes32,
    gone: &[Stranger],
    connection: &Connection,
) -> Result<()> {
    let mut accounts: Vec<Bytes16> = gone.iter().filter_map(|gone| gone.account).collect();
    accounts.sort_unstable();
    accounts.dedup();
    for item in accounts {
        let row = organizations::load(app, id).await?;
        let Some(user) = journal::read_account(app, session, &row, &item).await?.object_id else { continue };
        let ended = vitrine_entra::laps::revoke_sessions(connection, UserId::from_bytes(user), Priority::High).await;
        let mut change = Change::begin(app, session).await?;
        let mut opened = change.open(id).await?;
        if let Some(account) = opened.row.account_mut(&item) {
            account.sessions_ended_at = ended.is_ok().then_some(app.now_ms());
        }
        change.save(opened).await?;
        change.commit().await?;
    }
    Ok(())
}

pub(crate) async fn keep(app: &App, request: KeepStrangerRequest) -> Result<OrganizationView> {
    let id = parse_organization(&request.organization)?;
    let stranger = parse_item(&request.stranger)?;
    let reason = credentials::spoken(&request.reason)?;
    if reason.is_empty() {
        return Err(Error::usage(
            "strangers.reason",
            "Keeping a way in needs a reason.",
            "Say in one line whose it is and why it stays.",
        ));
    }
    let session = app.session().await?;
    if !session.may(vitrine_ledger::Action::PutOrganization) {
        return Err(not_yours("answer for them"));
    }
    let mut change = Change::begin(app, &session).await?;
    let mut opened = change.open(&id).await?;
    let row = &mut opened.row;
    let found = row.strangers.iter().find(|known| known.removed.is_none() && known.id == stranger);
    let found = found.cloned().ok_or_else(unknown)?;
    if !keepable(found.kind) {
        return Err(not_keepable(&words(row, &found)));
    }
    // Of what is not there any more nobody has to answer for.
    let stands = |id: &Bytes16| row.strangers.iter().any(|known| known.removed.is_none() && known.id == *id);
    let mut kept: Vec<KeptWay> =
        row.kept.iter().filter(|kept| stands(&kept.id) && kept.id != stranger).cloned().collect();
    if kept.len() >= MOST_KEPT {
        return Err(Error::usage(
            "strangers.too-many",
            format!("At most {MOST_KEPT} ways in of one tenant are kept."),
            "Remove some of them first.",
        ));
    }
    let member = *session.author.member.as_bytes();
    kept.push(KeptWay { id: stranger, at: app.now_ms(), member, reason: reason.clone() });
    let (said, name) = (format!("{}: {reason}", words(row, &found)), row.name.clone());
    row.kept = kept;
    change.put_profile(&mut opened).await?;
    change.note(Action::StrangerKept, Some((&id, &name)), None, Some(said)).await?;
    change.save(opened).await?;
    change.commit().await?;
    app.tell(Event::OrganizationsChanged);
    app.tell(Event::JobsChanged);
    organizations::show(app, OrganizationRequest { organization: request.organization }).await
}

fn sign_in_needed() -> Error {
    let words = laps::sign_in_needed();
    let view = words.view();
    Error::usage("strangers.sign-in-needed", view.what.clone(), view.next.clone()).holds(view.holds.clone())
}

fn unknown() -> Error {
    Error::usage(
        "strangers.unknown",
        "This way in was not shown, or is gone.",
        "Look at the list again, and name what stands there.",
    )
    .holds("Nothing was changed in the tenant.")
}

fn by_hand(what: &str) -> Error {
    Error::new(
        ErrorClass::Refused,
        "strangers.by-hand",
        format!("This version does not know how to remove it: {what}."),
        "Remove it in the Entra admin center, or leave it out.",
    )
    .holds("Nothing was changed in the tenant.")
}

fn not_keepable(what: &str) -> Error {
    Error::usage(
        "strangers.not-kept",
        format!("Nothing but Vitrine signs in as the connection, so this cannot be kept: {what}."),
        "Remove it. An app of the customer's needs a registration of its own.",
    )
}

fn not_yours(what: &str) -> Error {
    Error::new(
        ErrorClass::Refused,
        "strangers.role",
        format!("Your role does not let you {what}."),
        "Ask an owner or admin of the firm.",
    )
}
