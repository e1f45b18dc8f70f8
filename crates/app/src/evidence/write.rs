//! Writing evidence: the chains as they are stored, and what opens the bodies in them that this member can read.

use super::{Chain, Document, Opening, Organization, Read, Said, named};
use crate::App;
use crate::api::*;
use crate::audit::{Names, Wanted, record};
use crate::error::{Error, Result};
use crate::journal::{damaged_fold, keys_of};
use crate::records::{Bytes32, key};
use crate::session::{self, Session};
use crate::store::{Direction, Span};
use crate::{credentials, export as sheets, files, home};
use data_encoding::{BASE64, HEXLOWER};
use std::collections::HashMap;
use std::path::Path;
use vitrine_ledger::{Body, Entry, ForkProof, OrganizationBody, OrganizationState, Refusal};
use vitrine_vault::Key;
use vitrine_vault::body::{BodyKind, body_opening, open_body};

/// Entries read at once.
const PAGE: usize = 1_000;

pub(crate) async fn export(app: &App, request: ExportAuditRequest) -> Result<ExportedView> {
    let session = app.session().await?;
    // What waits here to be carried is no evidence yet. Where the home is away it has to wait.
    if credentials::carry(app, &session).await.is_err() {
        tracing::warn!(code = "credentials.uncarried", "records wait for the home, and are in no evidence yet");
    }
    let (bytes, rows) = match request.format {
        AuditFormat::Csv => sheets::happened(app, &request.filter).await?,
        AuditFormat::Json => {
            let document = lines(app, &session, &request.filter).await?;
            (document.to_bytes()?, u32::try_from(document.lines.len()).unwrap_or(u32::MAX))
        }
    };
    files::create(Path::new(&request.path), &bytes)?;
    Ok(ExportedView { path: request.path, rows })
}

/// The lines that a filter lets through, with everything that they follow from.
async fn lines(app: &App, session: &Session, filter: &AuditFilter) -> Result<Document> {
    let wanted = Wanted::read(filter)?;
    let ids = match wanted.organization {
        Some(id) => vec![id],
        None => all(app).await?,
    };
    let mut document = document(app, session, &ids).await?;
    let read = document.read()?;
    let names = Names::of(app, session).await?;
    let called = called(&document, &read);
    for (spot, fact) in read.facts.iter().filter(|(_, fact)| wanted.takes_all(fact)) {
        let subject = fact.subject.as_ref().map(|subject| names.name(subject));
        let said = Said { who: Some(names.name(&fact.member)), subject };
        document.lines.push(read.line(spot, fact, |id| called.get(id).cloned(), said));
    }
    document.lines.sort_by_key(|line| std::cmp::Reverse(line.at));
    Ok(document)
}

fn called(document: &Document, read: &Read) -> HashMap<Bytes32, String> {
    let begins = |chain: &Chain| Some(*chain.entries().ok()?.first()?.begins().as_bytes());
    let organizations = document.organizations.iter();
    let named =
        organizations.filter_map(|organization| Some((begins(&organization.chain)?, organization.name.clone())));
    named.filter(|(id, _)| read.organizations.contains_key(id)).collect()
}

/// Every organization that this member sees.
pub(super) async fn all(app: &App) -> Result<Vec<Bytes32>> {
    let rows = app.inner.store.index_range(&Span::prefix(key::ORGANIZATIONS), Direction::Forward, usize::MAX).await?;
    Ok(rows.iter().filter_map(|row| row.key.last_chunk().copied()).collect())
}

/// The chains of the MSP and of these organizations.
pub(super) async fn document(app: &App, session: &Session, ids: &[Bytes32]) -> Result<Document> {
    let mut organizations = Vec::with_capacity(ids.len());
    for id in ids {
        organizations.push(organization(app, session, id).await?);
    }
    // Read last: no organization is ahead of it.
    let mut document = Document::new(Time(app.now_ms()), msp(app, session).await?);
    document.organizations = organizations;
    Ok(document)
}

async fn msp(app: &App, session: &Session) -> Result<Chain> {
    let (msp, ring) = (session.msp(), session.ring());
    let entries = entries(app, msp.ledger().as_bytes(), msp.head().seq).await?;
    let mut openings = Vec::new();
    for entry in &entries {
        let opening = named(entry).and_then(|(member, name)| ring.name_opening(&member, name));
        openings.extend(opening.map(|key| self::opening(entry.seq(), &key)));
    }
    Ok(chain(&entries, openings))
}

async fn organization(app: &App, session: &Session, id: &Bytes32) -> Result<Organization> {
    let row = crate::organizations::load(app, id).await?;
    let state = OrganizationState::decode(&row.state).map_err(damaged_fold)?;
    if state.unchecked_since().is_some() {
        return Err(crate::founding::refused(Refusal::HistoryUnchecked));
    }
    let keys = keys_of(&app.inner.store, session, &state).await?;
    let entries = entries(app, id, state.head().seq).await?;
    let (mut epoch, mut openings) = (0, Vec::new());
    for entry in &entries {
        match entry.body() {
            Body::Organization(OrganizationBody::Epoch { epoch: next, .. }) => epoch = *next,
            Body::Organization(OrganizationBody::Log { records }) => {
                let (key, context) = (keys.log_key(epoch)?, record::context(id, entry.seq()));
                // A batch that does not open here is left closed there.
                if open_body(BodyKind::Log, &key, &context, records.as_bytes()).is_ok() {
                    openings.push(opening(entry.seq(), &body_opening(BodyKind::Log, &key, &context)));
                }
            }
            _ => {}
        }
    }
    Ok(Organization { name: row.name, chain: chain(&entries, openings) })
}

async fn entries(app: &App, ledger: &Bytes32, last: u64) -> Result<Vec<Entry>> {
    let (mut entries, mut next) = (Vec::new(), 0);
    while next <= last {
        let page = app.inner.store.entries_from(ledger, next, PAGE).await?;
        if page.is_empty() {
            return Err(crate::restore::history_missing());
        }
        for (seq, bytes) in page.into_iter().filter(|(seq, _)| *seq <= last) {
            entries.push(Entry::decode(&bytes).map_err(session::unreadable_keys)?);
            next = seq + 1;
        }
    }
    Ok(entries)
}

fn chain(entries: &[Entry], openings: Vec<Opening>) -> Chain {
    Chain { entries: entries.iter().map(|entry| BASE64.encode(entry.bytes())).collect(), openings }
}

fn opening(seq: u64, key: &Key) -> Opening {
    // Exposed into the file: it opens this one body, which is shown in it anyway.
    Opening { seq, key: HEXLOWER.encode(key.expose()) }
}

/// Saves the proof that the home showed two histories.
pub(crate) async fn save_proof(app: &App, request: SaveProofRequest) -> Result<SavedProofView> {
    let session = app.session().await?;
    let proof: ForkProof = home::fork(app, &session).await.ok_or_else(|| {
        Error::usage(
            "home.no-proof",
            "The home of this vault was not seen with two histories.",
            "There is nothing to save. Other violations leave no proof: a home signs nothing that it says.",
        )
    })?;
    let mut document = document(app, &session, &[]).await?;
    document.fork = Some(BASE64.encode(&proof.to_bytes()));
    files::create(Path::new(&request.path), &document.to_bytes()?)?;
    Ok(SavedProofView { path: request.path })
}
