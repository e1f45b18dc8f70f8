//! Older passwords: those that were replaced before the previous one, and candidates that were given up. They lie in the
//! account's item and in its older versions, which stay for 30 days. Somebody who has to open an account of which nobody
//! knows the present password tries them, newest first.
//!
//! Nothing here is taken on the database's word: each older version is the one that a signed entry of the verified
//! history names.

use crate::api::*;
use crate::error::Result;
use crate::journal;
use crate::records::{self, Bytes16, Bytes32, parse_item, parse_organization};
use crate::session::Session;
use crate::{App, accounts, organizations};
use std::collections::BTreeSet;
use vitrine_vault::SecretText;
use vitrine_vault::items::AccountItem;

pub(crate) async fn list(app: &App, request: OlderPasswordsRequest) -> Result<OlderPasswordsView> {
    let (id, item) = (parse_organization(&request.organization)?, parse_item(&request.account)?);
    let session = app.session().await?;
    let mut found = Vec::new();
    visit(app, &session, &id, &item, |which, _| {
        found.push(which);
        true
    })
    .await?;
    found.sort_by_key(|which| std::cmp::Reverse(at(*which)));
    let values = found.into_iter().map(|which| StoredValue { which, since: Some(at(which)) }).collect();
    Ok(OlderPasswordsView { values })
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
    journal::visit_account(app, session, id, &row, item, |version| {
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
