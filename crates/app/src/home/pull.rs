//! Taking what is new at the home. What does not descend from what this device accepted is refused and shown; nothing of it
//! is written.

use super::backend::Backend;
use super::msp::take_msp;
use super::numbers::{Numbers, note};
use super::organizations::{Unreadable, contradicts, hash_of, state_of, take_organization, take_organizations};
use super::source::{Source, Wanted, fetch};
use super::violation::{endless, forked, ledger_withheld, numbers_gone_back, rolled_back};
use crate::App;
use crate::error::Result;
use crate::failpoint::protected;
use crate::journal::Change;
use crate::records::{decode, key};
use crate::session::Session;
use vitrine_ledger::wire::{Changed, Start};
use vitrine_ledger::{Head, LedgerId};

/// Pages of changes in one go. A backend puts a thousand ledgers into one.
const PAGES: usize = 100;
/// How often every head is compared and not only those that are said to have changed: a home that wrote another history under
/// numbers that were seen here would otherwise be found out only by the next entry of the very ledger.
const WHOLE_MS: u64 = 24 * 3_600_000;

/// Takes everything that is new, and says how many entries it was. Whoever asks for it has the turn: two at once would both take
/// the same entries.
pub(super) async fn pull(app: &App, session: &Session) -> Result<u32> {
    let backend = Backend::of(app, session).await?;
    let source = Source::Home(&backend);
    let (mut received, mut unreadable) = (0, Unreadable::default());
    let numbers = Numbers::of(app.inner.store.index_value(key::CURSOR).await?)?;
    let now = app.now_ms();
    // A clock that was set back postpones nothing.
    let fresh = (numbers.whole_at..numbers.whole_at.saturating_add(WHOLE_MS)).contains(&now);
    let whole = protected!("every head is compared once a day", !fresh, false);
    let (mut cursor, mut teams) = (if whole { 0 } else { numbers.taken }, session.ring().team_ids());
    for _ in 0..PAGES {
        let changes = backend.changes(cursor).await?;
        // Where nothing is said to have changed, an older state shows by its numbers alone.
        let older = protected!("the home's numbers are compared", changes.cursor < numbers.highest, false);
        // More that begins where this began never ends.
        let stands = protected!("the home's pages go on", changes.more && changes.cursor <= cursor, false);
        if (!changes.more && older) || stands {
            return Err(numbers_gone_back(numbers.highest, changes.cursor));
        }
        let mut wanted = Vec::new();
        for changed in &changes.ledgers {
            wanted.extend(behind(app, session, &backend, changed).await?);
        }
        // The MSP ledger first: the others are judged by it.
        let msp = session.vault();
        if let Some(place) = wanted.iter().position(|wanted| wanted.start.ledger == msp) {
            received += take_msp(app, session, source, &wanted.swap_remove(place)).await?;
        }
        // What was closed to this member may be open now, and stands before the place up to which all was taken.
        let known = std::mem::replace(&mut teams, session.ring().team_ids());
        if !teams.is_subset(&known) {
            begin_again(app, session).await?;
            cursor = 0;
            continue;
        }
        received += take_organizations(app, session, &backend, &wanted, &mut unreadable).await?;
        if changes.cursor != cursor {
            let mut change = Change::begin_taking(app, session).await?;
            note(&mut change.tx, |numbers| {
                numbers.highest = numbers.highest.max(changes.cursor);
                // What could not be read is looked at again: a newer version may read it, or somebody write it anew.
                if unreadable.is_empty() {
                    numbers.taken = changes.cursor;
                }
            })
            .await?;
            change.commit().await?;
        }
        if !changes.more || changes.cursor <= cursor {
            if whole {
                let mut change = Change::begin_taking(app, session).await?;
                note(&mut change.tx, |numbers| numbers.whole_at = now).await?;
                change.commit().await?;
            }
            received += Box::pin(take_owed(app, session, source, &mut unreadable)).await?;
            unreadable.tell(app);
            return Ok(received);
        }
        cursor = changes.cursor;
    }
    Err(endless())
}

/// Takes what arrived while the vault was locked. It says nothing of how far the home is: that is asked of the home.
pub(super) async fn take_staged(app: &App, session: &Session) -> Result<u32> {
    let _turn = session.home.turn.lock().await;
    let (source, vault) = (Source::Staged(&app.inner.store), session.vault());
    let start = Start { ledger: vault, seq: session.msp().head().seq.saturating_add(1) };
    let mut received = take_msp(app, session, source, &Wanted { start, head: None }).await?;
    // The next pull finds the same, and tells.
    let mut unreadable = Unreadable::default();
    for id in app.inner.store.staged_ledgers().await? {
        if id == *vault.as_bytes() {
            continue;
        }
        let seq = app.inner.store.newest_seq(&id).await?.map_or(0, |newest| newest.saturating_add(1));
        let wanted = Wanted { start: Start { ledger: LedgerId::from_bytes(id), seq }, head: None };
        received += Box::pin(take_organization(app, session, source, &wanted, &mut unreadable)).await?;
    }
    Ok(received)
}

/// Asks for the organizations that the MSP's ledger names and the home said nothing of.
async fn take_owed(app: &App, session: &Session, source: Source<'_>, unreadable: &mut Unreadable) -> Result<u32> {
    let mut received = 0;
    let numbers = Numbers::of(app.inner.store.index_value(key::CURSOR).await?)?;
    for id in protected!("an organization that is named is asked for", numbers.owed, std::collections::BTreeSet::new())
    {
        let ledger = LedgerId::from_bytes(id);
        let wanted = Wanted { start: Start { ledger, seq: 0 }, head: None };
        let taken = Box::pin(take_organization(app, session, source, &wanted, unreadable)).await;
        received += match taken {
            // It says that there is no such ledger.
            Err(error) if error.code() == "home.refused" => 0,
            taken => taken?,
        };
        // What is closed to this member is owed no more.
        let owed = Numbers::of(app.inner.store.index_value(key::CURSOR).await?)?.owed;
        if owed.contains(&id) && !unreadable.has(&ledger) && app.inner.store.newest_seq(&id).await?.is_none() {
            return Err(ledger_withheld(&ledger));
        }
    }
    Ok(received)
}

/// Looks at every ledger of the home again; the highest of its numbers stays known.
async fn begin_again(app: &App, session: &Session) -> Result<()> {
    let mut change = Change::begin_taking(app, session).await?;
    note(&mut change.tx, |numbers| numbers.taken = 0).await?;
    change.commit().await
}

/// From where a ledger is to be fetched, where the home has more of it. Less of it, or something else, is a violation.
async fn behind(app: &App, session: &Session, backend: &Backend<'_>, changed: &Changed) -> Result<Option<Wanted>> {
    let Changed { ledger, head } = *changed;
    let ours = if ledger == session.vault() {
        Some(session.msp().head())
    } else {
        match app.inner.store.index_value(&key::organization(ledger.as_bytes())).await? {
            Some(row) => Some(state_of(&decode(&row)?)?.head()),
            // Archived, or never seen.
            None => match app.inner.store.newest_seq(ledger.as_bytes()).await? {
                Some(seq) => hash_of(app, &ledger, seq).await?.map(|hash| Head { seq, hash }),
                None => None,
            },
        }
    };
    let from = |seq| Ok(Some(Wanted { start: Start { ledger, seq }, head: Some(head).filter(|head| head.seq >= seq) }));
    let Some(ours) = ours else { return Ok(Some(Wanted::new(ledger, Some(head)))) };
    // A team that this member came to may open what was closed, with nothing new in its ledger.
    let closed = head == ours && app.inner.store.index_value(&key::closed(ledger.as_bytes())).await?.is_some();
    if head.seq > ours.seq || closed {
        return from(ours.seq + 1);
    }
    if protected!("heads are compared", head == ours, true) {
        return Ok(None);
    }
    let same_place = hash_of(app, &ledger, head.seq).await?;
    // This device may have appended since the home was asked: it is older only if it lacks what stands here now.
    if same_place == Some(head.hash) {
        let there = fetch(session, Source::Home(backend), Start { ledger, seq: ours.seq }).await?;
        if there.first().is_some_and(|entry| entry.hash() == ours.hash) {
            return Ok(None);
        }
    }
    if same_place == Some(head.hash) {
        Err(rolled_back(&ledger, ours, head))
    } else {
        // Its word alone proves nothing; its entry may.
        if let Ok(there) = fetch(session, Source::Home(backend), Start { ledger, seq: head.seq }).await
            && let Some(theirs) = there.first()
        {
            contradicts(app, session, theirs).await?;
        }
        Err(forked(&ledger, head, same_place))
    }
}
