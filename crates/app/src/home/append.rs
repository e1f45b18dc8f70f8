//! Bringing the home what this device wrote: whole or not at all, and known which, whatever becomes of the answer.

use super::backend::{Backend, Failure};
use super::numbers;
use super::violation::entry_withheld;
use crate::api::ErrorClass;
use crate::error::{Error, Result};
use crate::failpoint::{point, protected};
use crate::session::Session;
use crate::store::Tx;
use crate::vault;
use crate::{App, lock};
use std::collections::BTreeMap;
use vitrine_ledger::Entry;
use vitrine_ledger::wire::{Append, EntriesWanted, EntryBytes, ObjectBytes, Start};

/// How often a change is sent whose answer does not come. Sending it again is harmless: the first of its entries names the
/// one before, so the home takes it once.
const TRIES: u32 = 2;

/// What a change has for the home.
#[derive(Default)]
pub(crate) struct Outgoing {
    pub(super) entries: Vec<Entry>,
    pub(super) objects: Vec<Vec<u8>>,
}

impl Outgoing {
    pub(crate) fn entry(&mut self, entry: &Entry) {
        self.entries.push(entry.clone());
    }

    pub(crate) fn object(&mut self, sealed: &[u8]) {
        self.objects.push(sealed.to_vec());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// As it is sent.
    pub(super) fn to_append(&self) -> Result<Append> {
        let entries = self.entries.iter().map(|entry| EntryBytes::new(entry.bytes().to_vec()));
        let objects = self.objects.iter().map(|object| ObjectBytes::new(object.clone()));
        Ok(Append {
            entries: entries.collect::<Result<_, _>>().map_err(unsendable)?,
            objects: objects.collect::<Result<_, _>>().map_err(unsendable)?,
        })
    }
}

fn unsendable(error: vitrine_ledger::DecodeError) -> Error {
    Error::machine("home.unsendable", "The change is larger than a backend takes.", "Make it smaller.").because(error)
}

/// Commits a change after the backend that is the home has taken its part of it. Everybody else reads and views meanwhile.
/// From the home's answer to the end of this the home knows more than this device; killed there, the device fetches it.
pub(crate) async fn commit(app: &App, session: &Session, tx: Tx<'_>, outgoing: &Outgoing) -> Result<()> {
    let parked = tx.park();
    let number = protected!("the home takes a change first", send(app, session, outgoing).await?, None);
    let mut tx = app.inner.store.begin().await?;
    tx.replay(&parked).await?;
    numbers::remember(&mut tx, number).await?;
    Ok(tx.commit().await?)
}

/// Sends a change to the backend that is the home. After an error nothing of it counts; where that is not known, the
/// next change finds out, because it is refused until what came before it was fetched. Answers with the home's number of
/// the last entry, where it gave one.
async fn send(app: &App, session: &Session, outgoing: &Outgoing) -> Result<Option<u64>> {
    if vault::firm(app).await?.own.home.is_some_and(|address| address.moving) {
        session.home.hurry();
        return Err(moving());
    }
    protected!("a home that was caught is brought nothing", trusted(session)?, ());
    let backend = Backend::of(app, session).await?;
    let append = outgoing.to_append()?;
    let mut tries = 1;
    point!("home.send.before");
    let sent = loop {
        match backend.append(&append).await {
            Ok(appended) => break Ok(Some(appended.cursor)),
            // An earlier try had arrived.
            Err(Failure::Problem(problem)) if tries > 1 && is_ours(outgoing, &problem) => break Ok(None),
            Err(failure) if tries < TRIES && failure.may_have_arrived() => tries += 1,
            Err(failure) => break Err(failure),
        }
    };
    point!("home.send.after");
    let failure = match sent {
        Ok(number) => return Ok(number),
        Err(failure) => failure,
    };
    if failure.is_behind() {
        session.home.fell_behind();
        if let Some(withheld) =
            protected!("what stands before is asked for", withheld(&backend, outgoing, &failure).await, None)
        {
            let told = Err(withheld);
            super::note(app, session, &told);
            return told.map(|_| None);
        }
    }
    Err(backend.error(failure))
}

/// A home that refuses entries because others stand at their places has to give those. One that shows everybody else's writing to
/// nobody would otherwise be taken for a busy one for ever.
async fn withheld(backend: &Backend<'_>, outgoing: &Outgoing, failure: &Failure) -> Option<Error> {
    let Failure::Problem(problem) = failure else { return None };
    if problem.code != "ledger.taken" {
        return None;
    }
    // Where the change begins in each ledger that was there before.
    let mut starts = BTreeMap::new();
    for entry in &outgoing.entries {
        starts.entry(entry.ledger().unwrap_or_else(|| entry.begins())).or_insert(entry.seq());
    }
    starts.retain(|_, seq| *seq > 0);
    let from = starts.iter().map(|(ledger, seq)| Start { ledger: *ledger, seq: *seq }).collect();
    let answer = backend.entries(&EntriesWanted::from(from)).await.ok()?;
    let (ledger, seq) = starts.into_iter().next().filter(|_| answer.entries.is_empty())?;
    let there = problem.head.as_ref().map_or("something", |head| &head.hash);
    Some(entry_withheld(&ledger, seq, there))
}

/// Whether the home did nothing that it should not do when it was asked last. One that did is given neither a candidate nor
/// anything else to build a history on.
fn trusted(session: &Session) -> Result<()> {
    let problem = lock(&session.home.reached).problem.clone();
    let Some(caught) = problem.filter(|problem| problem.class == ErrorClass::Integrity) else { return Ok(()) };
    let error = Error::integrity(&caught.code, caught.what, caught.next);
    Err(error.holds("Nothing was changed.").details(caught.details.unwrap_or_default()))
}

fn moving() -> Error {
    Error::new(
        ErrorClass::Partly,
        "home.moving",
        "The vault is being copied to its new home, which lacks a part of it still.",
        "Try again in a moment, or finish the move by hand: vitrine home move.",
    )
    .holds("Nothing was changed.")
}

/// Whether the head that the home names is one of these entries: then all of them are there.
fn is_ours(outgoing: &Outgoing, problem: &super::backend::Problem) -> bool {
    let head = problem.head.as_ref().map(|head| head.hash.as_str());
    outgoing.entries.iter().any(|entry| Some(entry.hash().to_string().as_str()) == head)
}
