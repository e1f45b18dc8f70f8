//! Accounts that are late: told once for each lateness, however often somebody looks.

use super::What;
use crate::api::MessageKind;
use crate::error::Result;
use crate::journal::Change;
use crate::records::{Bytes16, Bytes32};
use crate::session::Session;
use crate::{App, lock, organizations, reminders, rotate, vault};
use std::collections::BTreeSet;
use std::sync::{Mutex, OnceLock};

/// Accounts told of in one change.
const TOGETHER: usize = 50;

/// What was looked at while the vault is open.
#[derive(Default)]
pub(crate) struct Late {
    /// When it was opened, by the steady clock.
    since: OnceLock<u64>,
    /// Told of already; each row says so too, and is not read again for it.
    known: Mutex<BTreeSet<(u64, Bytes32, Bytes16)>>,
}

/// Tells of every account that is overdue and was not told of since it was due last.
pub(crate) async fn tell_overdue(app: &App, session: &Session) -> Result<()> {
    let webhook = vault::firm(app).await?.own.webhook;
    if !webhook.is_some_and(|webhook| webhook.wants(MessageKind::Overdue)) {
        return Ok(());
    }
    let steady = app.inner.clock.steady_ms();
    // What fell due over night and is at work now is not late for anybody who reads of it in the morning.
    let just_opened = steady.saturating_sub(*session.late.since.get_or_init(|| steady)) < reminders::OVERDUE_MS;
    let mut news = Vec::new();
    for late in reminders::overdue_accounts(app).await? {
        let (_, id, item) = late;
        if lock(&session.late.known).contains(&late) || (just_opened && rotate::is_working(app, &id)) {
            continue;
        }
        // It may be gone since.
        let Ok(row) = organizations::load(app, &id).await else { continue };
        if row.account(&item).is_some_and(|account| account.told_overdue) {
            lock(&session.late.known).insert(late);
        } else {
            news.push(late);
        }
    }
    for together in news.chunks(TOGETHER) {
        let mut change = Change::begin(app, session).await?;
        for (due_at, id, item) in together {
            // One organization that cannot be opened must not keep the rest back.
            let Ok(mut opened) = change.open(id).await else { continue };
            let Some(account) = opened.row.account_mut(item) else { continue };
            // Rotated since, it is late no more.
            if account.due_at != Some(*due_at) || std::mem::replace(&mut account.told_overdue, true) {
                continue;
            }
            change.tell(&opened, Some(item), What::Overdue { due_at: *due_at }).await?;
            change.save(opened).await?;
        }
        change.commit().await?;
        lock(&session.late.known).extend(together.iter().copied());
    }
    Ok(())
}
