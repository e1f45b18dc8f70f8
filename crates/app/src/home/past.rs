//! What stands before the checkpoints at which this device began to read: fetched while the vault is used, checked from genesis on,
//! and stored. Until an organization's history leads to its checkpoint, nothing but view records is appended to it: whoever made
//! the checkpoint up would otherwise decide what this device writes, and to whom it gives keys.

use super::backend::Backend;
use super::organizations::{contradicts, history, state_of};
use super::violation::{entry_withheld, refused, refused_at};
use crate::App;
use crate::api::{ErrorClass, Event};
use crate::error::Result;
use crate::failpoint::{point, protected};
use crate::founding;
use crate::journal::{Change, Checked};
use crate::records::{Bytes32, decode, key};
use crate::session::Session;
use crate::store::{Direction, Span};
use crate::vault;
use std::sync::Arc;
use vitrine_ledger::wire::{EntriesWanted, Start};
use vitrine_ledger::{Entry, Head, Home, LedgerId, OrganizationState, Refusal};

/// Entries of one change: others wait while it is written. Tests make do with less.
pub(crate) const STEP: usize = if cfg!(test) { 100 } else { 1_000 };

/// Organizations whose history is not checked yet.
pub(crate) async fn unchecked(app: &App) -> Result<u32> {
    let rows = app.inner.store.index_range(&Span::prefix(key::UNCHECKED), Direction::Forward, usize::MAX).await?;
    Ok(u32::try_from(rows.len()).unwrap_or(u32::MAX))
}

/// Refuses what needs the whole history of every organization.
pub(crate) async fn refuse_unchecked(app: &App) -> Result<()> {
    if unchecked(app).await? > 0 { Err(founding::refused(Refusal::HistoryUnchecked)) } else { Ok(()) }
}

/// Goes on with it whenever the home was reached, while the session lives.
pub(super) fn watch(app: &App, session: &Arc<Session>) {
    let (this, own) = (app.clone(), session.clone());
    session.spawn(async move {
        loop {
            own.home.past.notified().await;
            if let Home::Backend { .. } = own.msp().home()
                && let Err(error) = all(&this, &own).await
            {
                tracing::warn!(code = error.code(), "the history before a checkpoint was not checked to its end");
            }
        }
    });
}

/// Checks all there is. What is wrong in one keeps none of the others.
async fn all(app: &App, session: &Session) -> Result<()> {
    let rows = app.inner.store.index_range(&Span::prefix(key::UNCHECKED), Direction::Forward, usize::MAX).await?;
    let mut outcome = Ok(());
    for id in rows.iter().filter_map(|row| row.key.last_chunk()) {
        match Box::pin(one(app, session, id)).await {
            Err(error) if error.view().class == ErrorClass::Integrity => {
                vault::warn(app, error.view().clone());
                outcome = Err(error);
            }
            checked => checked?,
        }
    }
    if !rows.is_empty() {
        app.tell(Event::StatusChanged);
    }
    outcome
}

/// Checks one organization, page by page.
async fn one(app: &App, session: &Session, id: &Bytes32) -> Result<()> {
    let backend = Backend::of(app, session).await?;
    while let Some((checked, begun)) = stands(app, id).await? {
        let entries = page(&backend, LedgerId::from_bytes(*id), checked.as_ref(), begun).await?;
        let state = fold(app, session, checked, &entries, begun).await?;
        let mut change = Change::begin_taking(app, session).await?;
        change.put_past(&state.ledger(), &entries, &state).await?;
        change.commit().await?;
        point!("past.page");
    }
    Ok(())
}

/// Where the check of an organization stands, and the checkpoint that it goes up to; none where nothing is left to check.
async fn stands(app: &App, id: &Bytes32) -> Result<Option<(Option<OrganizationState>, Head)>> {
    let Some(checked) = app.inner.store.index_value(&key::unchecked(id)).await? else { return Ok(None) };
    let Some(row) = app.inner.store.index_value(&key::organization(id)).await? else { return Ok(None) };
    let begun = state_of(&decode(&row)?)?.unchecked_since();
    let checked = decode::<Checked>(&checked)?.state()?;
    Ok(begun.map(|begun| (checked, begun)))
}

/// The next entries up to the checkpoint, that one included.
async fn page(
    backend: &Backend<'_>,
    ledger: LedgerId,
    checked: Option<&OrganizationState>,
    begun: Head,
) -> Result<Vec<Entry>> {
    let from = checked.map_or(0, |state| state.head().seq.saturating_add(1));
    let answer = backend.entries(&EntriesWanted::from(vec![Start { ledger, seq: from }])).await?;
    let mut entries = Vec::new();
    for (bytes, seq) in answer.entries.iter().zip(from..=begun.seq).take(STEP) {
        let entry = Entry::decode(bytes.as_bytes()).map_err(|error| refused(&ledger, error))?;
        if entry.seq() != seq {
            return Err(refused(&ledger, Refusal::Gap { expected: seq, found: entry.seq() }));
        }
        entries.push(entry);
    }
    if entries.is_empty() { Err(entry_withheld(&ledger, begun.seq, &begun.hash.to_string())) } else { Ok(entries) }
}

/// The state that a page leads to. The checkpoint says what follows from all before it, or is refused here.
async fn fold(
    app: &App,
    session: &Session,
    checked: Option<OrganizationState>,
    entries: &[Entry],
    begun: Head,
) -> Result<OrganizationState> {
    let history = history(app, session, entries).await?;
    let mut state = checked;
    for entry in entries {
        let ledger = state.as_ref().map_or_else(|| entry.begins(), OrganizationState::ledger);
        let next = match &state {
            Some(state) => state.apply(entry, &history),
            None => OrganizationState::genesis(entry, &history),
        };
        let next = next.map_err(|refusal| refused_at(&session.msp(), &ledger, entry, refusal))?;
        let other = entry.seq() == begun.seq && entry.head() != begun;
        if protected!("a checkpoint is in the history", other, false) {
            contradicts(app, session, entry).await?;
            return Err(refused(&ledger, Refusal::FalseCheckpoint));
        }
        state = Some(next);
    }
    state.ok_or_else(|| entry_withheld(&session.vault(), begun.seq, &begun.hash.to_string()))
}
