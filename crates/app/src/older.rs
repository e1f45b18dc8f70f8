//! Older passwords: those that were replaced before the previous one, and candidates that were given up. They lie in the
//! account's item and in its older versions, which stay for 30 days. Somebody who has to open an account of which nobody
//! knows the present password tries them, newest first.
//!
//! A device that came later, or looked at the home seldom, has not seen all of them: what is missing is asked of the home when
//! somebody looks, and an answer that does not come hides nothing of what is here.
//!
//! Nothing here is taken on the database's word: each older version is the one that a signed entry of the verified
//! history names.

use crate::api::*;
use crate::error::Result;
use crate::journal::{self, Change};
use crate::records::{self, Bytes16, Bytes32, parse_item, parse_organization};
use crate::session::Session;
use crate::{App, accounts, home, organizations};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::timeout;
use vitrine_vault::SecretText;
use vitrine_vault::items::AccountItem;
use vitrine_vault::object;

/// How long the home is waited for. Whoever looks here is in a hurry.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) async fn list(app: &App, request: OlderPasswordsRequest) -> Result<OlderPasswordsView> {
    let (id, item) = (parse_organization(&request.organization)?, parse_item(&request.account)?);
    let session = app.session().await?;
    // What the home does not give now is counted below.
    let _ = timeout(PATIENCE, Box::pin(fetch(app, &session, &id, &item))).await;
    let mut found = Vec::new();
    visit(app, &session, &id, &item, |which, _| {
        found.push(which);
        true
    })
    .await?;
    found.sort_by_key(|which| std::cmp::Reverse(at(*which)));
    let values = found.into_iter().map(|which| StoredValue { which, since: Some(at(which)) }).collect();
    let row = organizations::load(app, &id).await?;
    let missing = journal::missing_versions(app, &row, &item).await?.len();
    Ok(OlderPasswordsView { values, missing: u32::try_from(missing).unwrap_or(u32::MAX) })
}

/// Asks the home for the versions that are needed still and are not here.
async fn fetch(app: &App, session: &Session, id: &Bytes32, item: &Bytes16) -> Result<()> {
    let row = organizations::load(app, id).await?;
    row.account(item).ok_or_else(|| records::unknown_account(&records::item_text(item)))?;
    let missing = journal::missing_versions(app, &row, item).await?;
    if missing.is_empty() {
        return Ok(());
    }
    let hashes: Vec<_> = missing.iter().map(|(hash, _)| *hash).collect();
    let mut given = Vec::new();
    for sealed in home::older(app, session, id, &hashes).await? {
        let hash = object::hash(&sealed);
        let until = missing.iter().find(|(named, _)| *named.as_bytes() == hash).map(|(_, until)| *until);
        given.extend(until.map(|until| (sealed, until)));
    }
    let mut change = Change::begin_taking(app, session).await?;
    change.put_older(&given).await?;
    change.commit().await
}

/// The one password that is asked for, if it is still there.
pub(crate) async fn find(
    app: &App,
    session: &Session,
    id: &Bytes32,
    item: &Bytes16,
    wanted: WhichValue,
) -> Result<Option<SecretText>> {
    let mut found = None;
    visit(app, session, id, item, |which, password| {
        found = (which == wanted).then(|| password.duplicate());
        found.is_none()
    })
    .await?;
    Ok(found)
}

/// Shows every older password to `see`, each once, until it answers `false`.
async fn visit(
    app: &App,
    session: &Session,
    id: &Bytes32,
    item: &Bytes16,
    mut see: impl FnMut(WhichValue, &SecretText) -> bool,
) -> Result<()> {
    let row = organizations::load(app, id).await?;
    row.account(item).ok_or_else(|| records::unknown_account(&records::item_text(item)))?;
    let mut seen: Option<BTreeSet<WhichValue>> = None;
    journal::visit_account(app, session, &row, item, |version| {
        let of_card = seen.is_none();
        let seen = seen.get_or_insert_default();
        if of_card {
            // What the card shows already.
            seen.extend(replaced(version).map(|(which, _)| which));
        }
        let given_up = version.past.iter().map(|past| {
            let at = Time(past.until_ms.saturating_sub(accounts::KEPT_MS));
            (WhichValue::GivenUp { at }, &past.password)
        });
        replaced(version).chain(given_up).all(|(which, password)| !seen.insert(which) || see(which, password))
    })
    .await
}

/// The passwords of one version that were set, by when.
fn replaced(version: &AccountItem) -> impl Iterator<Item = (WhichValue, &SecretText)> {
    let set = version.current.iter().chain(&version.previous);
    set.map(|set| (WhichValue::Older { at: Time(set.set_at_ms) }, &set.password))
}

fn at(which: WhichValue) -> Time {
    match which {
        WhichValue::Older { at } | WhichValue::GivenUp { at } => at,
        WhichValue::Current | WhichValue::Pending | WhichValue::Previous => Time(0),
    }
}
