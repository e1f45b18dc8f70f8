//! Evidence: one file that shows to somebody without vault, keys or network what happened. It holds the signed entries
//! themselves, and for each body in them what opens that one alone; so the verifier reads the records out of the chain and
//! takes nobody's word. All it needs to be told is the hash of the vault's beginning.
//!
//! [`write`] makes such files, [`Document::verify`] is the verifier. Both find the lines by the same [`facts`].

mod report;
mod write;

pub(crate) use report::{CredentialKind, Removed, Report, ReportRow, Reported, ReportedStranger, kind_of, report};
pub(crate) use write::{export, save_proof};

use crate::api::{AuditGap, Time, VerifiedEvidence, VerifiedFork};
use crate::audit::facts;
use crate::audit::record::{self, Signed};
use crate::error::{Error, Result};
use crate::failpoint::protected;
use crate::journal::Arrived;
use crate::records::{Activity, Bytes16, Bytes32};
use crate::vault::hex;
use data_encoding::{BASE64, HEXLOWER};
use report::SignedReport;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use vitrine_ledger::{
    Body, Entry, ForkProof, LedgerId, MspBody, MspChain, MspHistory, OrganizationBody, OrganizationState,
};
use vitrine_vault::Key;
use vitrine_vault::body::{BodyKind, open_body_by};

/// What a file says that it is.
const FORMAT: &str = "vitrine evidence 1";

/// A file of evidence.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Document {
    format: String,
    written_at: Time,
    /// The MSP's ledger from its beginning.
    msp: Chain,
    #[serde(default)]
    organizations: Vec<Organization>,
    /// What a person reads; the verifier finds each of them again in the entries.
    #[serde(default)]
    lines: Vec<Line>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    report: Option<SignedReport>,
    /// Two signed entries that cannot both belong to one history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fork: Option<String>,
}

/// A ledger from its beginning.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Chain {
    /// As they were signed, in Base64.
    entries: Vec<String>,
    /// What opens one body of an entry: of the MSP's ledger a member's name, of others a batch of records.
    openings: Vec<Opening>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Opening {
    seq: u64,
    /// In hexadecimal digits. No secret of the vault follows from it.
    key: String,
}

/// The ledger of one organization.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Organization {
    /// What whoever wrote the file calls it; no entry that can be read without keys says so.
    name: String,
    chain: Chain,
}

/// A line, and where it stands.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Line {
    ledger: String,
    seq: u64,
    /// The record in that entry, from 1; 0 where the entry itself tells.
    record: u8,
    at: Time,
    /// Names are shown beside ids.
    who: String,
    member: String,
    action: crate::api::Action,
    subject: Option<String>,
    subject_member: Option<String>,
    organization: Option<String>,
    organization_name: Option<String>,
    user_name: Option<String>,
    note: Option<String>,
    late: bool,
}

/// Where a line stands: ledger, place, record.
type Spot = (Bytes32, u64, u8);

/// What the entries of a document say.
struct Read {
    msp: MspChain,
    /// Names that could be opened.
    names: BTreeMap<Bytes16, String>,
    organizations: BTreeMap<Bytes32, Ledger>,
    facts: BTreeMap<Spot, Activity>,
    /// Records of other devices that did not arrive, by device.
    arrived: BTreeMap<Bytes16, Arrived>,
    records: u32,
    /// Batches without an opening.
    closed: u32,
}

/// An organization's ledger, read.
struct Ledger {
    state: OrganizationState,
    entries: Vec<Entry>,
}

impl Document {
    fn new(written_at: Time, msp: Chain) -> Self {
        let (organizations, lines) = (Vec::new(), Vec::new());
        Self { format: FORMAT.to_owned(), written_at, msp, organizations, lines, report: None, fork: None }
    }

    fn parse(bytes: &[u8]) -> Result<Self> {
        let document: Self = serde_json::from_slice(bytes).map_err(|error| {
            refuse("evidence.unreadable", "This is no file of evidence, or it was altered.").because(error)
        })?;
        if document.format == FORMAT {
            Ok(document)
        } else {
            Err(refuse("evidence.format", "This file was written in a format that this version does not know."))
        }
    }

    /// As it is stored.
    fn to_bytes(&self) -> Result<Vec<u8>> {
        serde_json::to_vec_pretty(self).map_err(|error| {
            Error::machine("evidence.unwritten", "The file could not be written.", "Report this.").because(error)
        })
    }

    /// Reads all chains, each entry judged like a stranger's.
    fn read(&self) -> Result<Read> {
        let entries = self.msp.entries()?;
        let (genesis, rest) = entries.split_first().ok_or_else(no_beginning)?;
        let mut msp = MspChain::genesis(genesis).map_err(broken)?;
        for entry in rest {
            msp.apply(entry).map_err(broken)?;
        }
        let mut read = Read {
            names: BTreeMap::new(),
            organizations: BTreeMap::new(),
            facts: BTreeMap::new(),
            arrived: BTreeMap::new(),
            records: 0,
            closed: 0,
            msp,
        };
        read.msp_facts(&entries, &self.msp)?;
        let added: BTreeSet<LedgerId> = entries.iter().filter_map(adds).collect();
        for organization in &self.organizations {
            read.organization(&organization.chain, &added)?;
        }
        Ok(read)
    }

    /// Checks everything. `genesis` is the id of the vault, in hexadecimal digits, as the kit and every invitation carry it.
    fn verify(&self, genesis: &str) -> Result<VerifiedEvidence> {
        let read = self.read()?;
        let vault = read.msp.state().ledger();
        if protected!("evidence begins with its vault", vault.to_string() != genesis.trim().to_lowercase(), false) {
            return Err(refuse(
                "evidence.other-vault",
                "The signed history in this file is whole, and it is not that of the vault you named.",
            )
            .details(format!("the file: {vault}")));
        }
        let mut listed = BTreeSet::new();
        for line in &self.lines {
            let spot = line.spot()?;
            let fact = read.facts.get(&spot).ok_or_else(|| unknown_line(line))?;
            let shown = read.line(&spot, fact, |_| line.organization_name.clone(), line);
            if protected!("lines are those of the entries", shown != *line, false) || !listed.insert(spot) {
                return Err(unknown_line(line));
            }
        }
        let state = read.msp.state();
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Ok(VerifiedEvidence {
            vault: vault.to_string(),
            entries: count(usize::try_from(state.head().seq).unwrap_or(usize::MAX)).saturating_add(1),
            head: hex(state.head().hash.as_bytes()),
            organizations: count(read.organizations.len()),
            records: read.records,
            lines: count(self.lines.len()),
            unlisted: count(read.facts.len() - listed.len()),
            closed: read.closed,
            gaps: read.gaps(),
            report: self.report.as_ref().map(|report| report.verify(&read)).transpose()?,
            fork: self.fork.as_deref().map(|fork| fork_of(fork, &read)).transpose()?,
        })
    }
}

/// Verifies a file of evidence: needs no vault, no keys and no network.
///
/// # Errors
/// An integrity violation where anything in it is not as it was signed, or where it is another vault's.
pub fn verify(bytes: &[u8], genesis: &str) -> Result<VerifiedEvidence> {
    Document::parse(bytes)?.verify(genesis)
}

impl Chain {
    fn entries(&self) -> Result<Vec<Entry>> {
        let read = |text: &String| {
            let bytes = BASE64.decode(text.as_bytes()).map_err(broken)?;
            Entry::decode(&bytes).map_err(broken)
        };
        self.entries.iter().map(read).collect()
    }

    fn openings(&self) -> Result<BTreeMap<u64, Key>> {
        let read = |opening: &Opening| {
            let key = HEXLOWER.decode(opening.key.as_bytes()).ok().and_then(|bytes| Key::from_slice(&bytes));
            Ok((opening.seq, key.ok_or_else(|| broken_text("an opening is no key"))?))
        };
        self.openings.iter().map(read).collect()
    }
}

impl Read {
    fn msp_facts(&mut self, entries: &[Entry], chain: &Chain) -> Result<()> {
        let ledger = *self.msp.state().ledger().as_bytes();
        let openings = chain.openings()?;
        for entry in entries {
            if let Some(fact) = facts::of_msp(entry) {
                self.facts.insert((ledger, entry.seq(), 0), fact);
            }
            let Some(opening) = openings.get(&entry.seq()) else { continue };
            let (member, name) = named(entry).ok_or_else(|| broken_text("an opening stands where no name is"))?;
            let plain = open_body_by(opening, BodyKind::Name, &member, name).map_err(broken)?;
            // Exposed to be compared with the lines: the file shows it anyway.
            let name = String::from_utf8(plain.expose().clone()).map_err(broken)?;
            self.names.insert(member, name);
        }
        Ok(())
    }

    fn organization(&mut self, chain: &Chain, added: &BTreeSet<LedgerId>) -> Result<()> {
        let (entries, openings) = (chain.entries()?, chain.openings()?);
        let (genesis, rest) = entries.split_first().ok_or_else(no_beginning)?;
        let id = genesis.begins();
        if !added.contains(&id) {
            return Err(broken_text("a ledger is of no organization of this vault"));
        }
        let mut state = OrganizationState::genesis(genesis, &self.msp).map_err(broken)?;
        for entry in rest {
            state = state.apply(entry, &self.msp).map_err(broken)?;
        }
        for entry in &entries {
            let Body::Organization(OrganizationBody::Log { records }) = entry.body() else { continue };
            let Some(opening) = openings.get(&entry.seq()) else {
                self.closed += 1;
                continue;
            };
            let context = record::context(id.as_bytes(), entry.seq());
            let plain = open_body_by(opening, BodyKind::Log, &context, records.as_bytes()).map_err(broken)?;
            // Exposed to be read; a record holds no secret.
            let Ok(batch) = record::unbatch(plain.expose()) else {
                self.facts.insert((*id.as_bytes(), entry.seq(), 1), facts::refused(entry, facts::UNREADABLE));
                continue;
            };
            for (number, bytes) in (1..).zip(batch) {
                let fact = self.record(&id, entry, &bytes);
                self.facts.insert((*id.as_bytes(), entry.seq(), number), fact);
            }
        }
        if self.organizations.insert(*id.as_bytes(), Ledger { state, entries }).is_some() {
            return Err(broken_text("an organization stands there twice"));
        }
        Ok(())
    }

    fn record(&mut self, id: &LedgerId, entry: &Entry, bytes: &[u8]) -> Activity {
        let Ok(signed) = Signed::read(bytes) else { return facts::refused(entry, facts::UNREADABLE) };
        let said = &signed.record;
        let there = self.msp.hash_at(said.seen.seq);
        if let Err(doubt) = signed.check(id.as_bytes(), self.msp.state(), there) {
            return facts::refused(entry, &facts::not_genuine(doubt));
        }
        self.records += 1;
        if let Some(view) = &said.view {
            let arrived = self.arrived.entry(*said.author.device.as_bytes()).or_default();
            if !arrived.take(view.counter, record::hash(bytes), view.previous) {
                return facts::refused(entry, &facts::contradicts(view.counter));
            }
        }
        let witness = entry.witness().map_or(0, |witness| witness.seq);
        facts::of_record(said, self.msp.state().ended(&said.author).is_some_and(|ended| witness >= ended))
    }

    fn gaps(&self) -> Vec<AuditGap> {
        let gap = |(device, arrived): (&Bytes16, &Arrived)| {
            let member = self.msp.state().device(&vitrine_ledger::DeviceId::from_bytes(*device))?.member;
            Some(AuditGap {
                who: self.names.get(member.as_bytes()).cloned().unwrap_or_else(|| hex(member.as_bytes())),
                device: hex(device),
                missing: u32::try_from(arrived.missing()).ok().filter(|missing| *missing > 0)?,
            })
        };
        self.arrived.iter().filter_map(gap).collect()
    }

    /// A fact as a line. Names that no opening proves are taken from `said`, where there is one.
    fn line(
        &self,
        spot: &Spot,
        fact: &Activity,
        organization_name: impl Fn(&Bytes32) -> Option<String>,
        said: impl Into<Said>,
    ) -> Line {
        let said = said.into();
        let name =
            |member: &Bytes16, said: Option<String>| self.names.get(member).cloned().or(said).unwrap_or_default();
        Line {
            ledger: hex(&spot.0),
            seq: spot.1,
            record: spot.2,
            at: Time(fact.at),
            who: name(&fact.member, said.who),
            member: hex(&fact.member),
            action: fact.action,
            subject: fact.subject.as_ref().map(|subject| name(subject, said.subject)),
            subject_member: fact.subject.as_ref().map(|subject| hex(subject)),
            organization: fact.organization.as_ref().map(|id| hex(id)),
            organization_name: fact.organization.as_ref().and_then(organization_name),
            user_name: fact.user_name.clone(),
            note: fact.note.clone(),
            late: fact.late,
        }
    }
}

/// Names as the file has them.
#[derive(Default)]
struct Said {
    who: Option<String>,
    subject: Option<String>,
}

impl From<&Line> for Said {
    fn from(line: &Line) -> Self {
        Self { who: Some(line.who.clone()), subject: line.subject.clone() }
    }
}

impl Line {
    fn spot(&self) -> Result<Spot> {
        let ledger = HEXLOWER.decode(self.ledger.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
        Ok((ledger.ok_or_else(|| unknown_line(self))?, self.seq, self.record))
    }
}

/// The organization that an entry adds.
fn adds(entry: &Entry) -> Option<LedgerId> {
    match entry.body() {
        Body::Msp(MspBody::OrganizationAdd { organization, .. }) => Some(*organization),
        _ => None,
    }
}

/// Whose name stands sealed in an entry.
fn named(entry: &Entry) -> Option<(Bytes16, &[u8])> {
    match entry.body() {
        Body::Msp(MspBody::Genesis { name, .. }) => Some((*entry.member().as_bytes(), name.as_bytes())),
        Body::Msp(MspBody::MemberAdd { subject, name, .. }) => Some((*subject.as_bytes(), name.as_bytes())),
        _ => None,
    }
}

fn fork_of(text: &str, read: &Read) -> Result<VerifiedFork> {
    let proof = ForkProof::from_bytes(&BASE64.decode(text.as_bytes()).map_err(broken)?).map_err(broken)?;
    proof.verify(read.msp.state()).map_err(broken)?;
    Ok(VerifiedFork {
        ledger: proof.ledger().to_string(),
        ours_seq: u32::try_from(proof.ours().seq()).unwrap_or(u32::MAX),
        ours: hex(proof.ours().hash().as_bytes()),
        theirs_seq: u32::try_from(proof.theirs().seq()).unwrap_or(u32::MAX),
        theirs: hex(proof.theirs().hash().as_bytes()),
    })
}

fn no_beginning() -> Error {
    broken_text("a ledger has no beginning")
}

fn broken_text(why: &str) -> Error {
    refuse("evidence.broken", "Something in this file is not as it was signed.").details(why.to_owned())
}

fn broken(error: impl std::error::Error) -> Error {
    broken_text(&error.to_string())
}

fn unknown_line(line: &Line) -> Error {
    refuse("evidence.line", "A line of this file does not follow from the signed entries in it.")
        .details(format!("ledger {} at {}, record {}", line.ledger, line.seq, line.record))
}

fn refuse(code: &str, what: &str) -> Error {
    Error::integrity(
        code,
        what,
        "Take nothing in it for true. Ask for another copy, and compare the vault's id with the kit's.",
    )
}
