//! The report of an incident: every credential, what replaced it and when, signed by the device that wrote it, with the
//! entries that prove it.

use super::write::document;
use super::{Document, Ledger, Read, broken, broken_text, refuse};
use crate::App;
use crate::api::{Replaced, Time, VerifiedReport};
use crate::error::{Error, Result};
use crate::failpoint::protected;
use crate::records::{Bytes16, Bytes32};
use crate::session::Session;
use crate::vault::hex;
use data_encoding::HEXLOWER;
use ed25519_dalek::{Signature, VerifyingKey};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeSet;
use vitrine_ledger::{
    Author, Body, DeviceId, Entry, Head, ItemKind, MemberId, MspHistory, OrganizationBody, OrganizationState,
};

const SIGN: &[u8] = b"vitrine/1/report\0";

/// A report with its signature, which is over the bytes of the content as they stand in the file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SignedReport {
    content: Box<RawValue>,
    device: String,
    signature: String,
}

/// What a customer or an insurer reads.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Report {
    pub(crate) firm: String,
    pub(crate) reason: String,
    pub(crate) begun_by: String,
    pub(crate) began_at: Time,
    pub(crate) written_at: Time,
    /// Who was removed, or had a device ended, and the entry that did it.
    pub(crate) removed: Vec<Removed>,
    pub(crate) accounts: Replaced,
    pub(crate) certificates: Replaced,
    pub(crate) organizations: Vec<ReportRow>,
}

/// Somebody who is shut out.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Removed {
    pub(crate) member: String,
    pub(crate) name: String,
    pub(crate) entry: Placed,
}

/// One organization.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ReportRow {
    pub(crate) organization: String,
    pub(crate) name: String,
    pub(crate) tenant: Option<String>,
    pub(crate) credentials: Vec<Reported>,
    /// Ways into the tenant that Vitrine did not make: what stands, what somebody answers for, and what was removed.
    pub(crate) strangers: Vec<ReportedStranger>,
    /// When the tenant was compared with the vault after all of this was replaced; absent where it was not.
    pub(crate) compared_at: Option<Time>,
    /// The newest entry of its signed history.
    pub(crate) head: Placed,
    pub(crate) problem: Option<String>,
}

/// One way in that Vitrine did not make.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ReportedStranger {
    pub(crate) what: String,
    pub(crate) found_at: Time,
    pub(crate) removed_at: Option<Time>,
    /// Absent where the tenant listed it no more by itself.
    pub(crate) removed_by: Option<String>,
    /// Who answers for it, and why.
    pub(crate) kept_by: Option<String>,
    pub(crate) reason: Option<String>,
}

/// One credential.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Reported {
    pub(crate) item: String,
    pub(crate) kind: CredentialKind,
    /// The user name, or the tenant whose certificate it is.
    pub(crate) name: String,
    /// Whether the tenant has it: an account that was never made there opens nothing.
    pub(crate) in_tenant: bool,
    /// Whether it and every session that it opened were replaced since the incident began.
    pub(crate) replaced: bool,
    pub(crate) sessions_ended_at: Option<Time>,
    /// The entry that wrote it last, and when.
    pub(crate) entry: Placed,
    pub(crate) at: Time,
}

/// Kinds of credentials.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum CredentialKind {
    /// An emergency account's.
    Account,
    /// A connection's.
    Certificate,
}

/// An entry, by its place and hash.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Placed {
    pub(crate) seq: u64,
    pub(crate) hash: String,
}

impl From<Head> for Placed {
    fn from(head: Head) -> Self {
        Self { seq: head.seq, hash: hex(head.hash.as_bytes()) }
    }
}

/// Signs a report, and puts it together with the chains of its organizations.
pub(crate) async fn report(app: &App, session: &Session, report: &Report, ids: &[Bytes32]) -> Result<Vec<u8>> {
    let unwritten = |error: serde_json::Error| {
        Error::machine("incident.report", "The report could not be written.", "Try again.").because(error)
    };
    let text = serde_json::to_string_pretty(report).map_err(unwritten)?;
    let signature = session.device.sign(&[SIGN, text.as_bytes()].concat());
    let mut document: Document = document(app, session, ids).await?;
    document.report = Some(SignedReport {
        content: RawValue::from_string(text).map_err(unwritten)?,
        device: hex(session.author.device.as_bytes()),
        signature: HEXLOWER.encode(&signature),
    });
    document.to_bytes()
}

impl SignedReport {
    pub(super) fn verify(&self, read: &Read) -> Result<VerifiedReport> {
        let state = read.msp.state();
        let text = self.content.get();
        let id = bytes(&self.device).map(DeviceId::from_bytes).ok_or_else(|| broken_text("a device has no id"))?;
        let device = state.device(&id).ok_or_else(|| broken_text("the report is by no device of this vault"))?;
        let signature = bytes(&self.signature).ok_or_else(|| broken_text("the report has no signature"))?;
        let verified = VerifyingKey::from_bytes(device.key.as_bytes())
            .and_then(|key| key.verify_strict(&[SIGN, text.as_bytes()].concat(), &Signature::from_bytes(&signature)));
        protected!("reports are signed", verified.map_err(broken)?, ());
        let report: Report = serde_json::from_str(text).map_err(broken)?;
        let mut shut_out = 0;
        for removed in &report.removed {
            shut_out = removed.check(read)?.max(shut_out);
        }
        let (mut accounts, mut certificates) = (Replaced::default(), Replaced::default());
        let mut covered = BTreeSet::new();
        for row in &report.organizations {
            let id: Bytes32 = bytes(&row.organization).ok_or_else(|| broken_text("an organization has no id"))?;
            let ledger = read.organizations.get(&id).ok_or_else(|| broken_text("a reported ledger is not there"))?;
            row.check(ledger, report.began_at, shut_out)?;
            covered.insert(id);
            for credential in row.credentials.iter().filter(|credential| credential.in_tenant) {
                let count = match credential.kind {
                    CredentialKind::Account => &mut accounts,
                    CredentialKind::Certificate => &mut certificates,
                };
                count.of += 1;
                count.replaced += u32::from(credential.replaced);
            }
        }
        if (accounts, certificates) != (report.accounts, report.certificates)
            || covered.len() != report.organizations.len()
        {
            return Err(refuse("evidence.report", "The report does not add up."));
        }
        let member = device.member;
        Ok(VerifiedReport {
            reason: report.reason,
            by: read.names.get(member.as_bytes()).cloned().unwrap_or_else(|| hex(member.as_bytes())),
            late: state.ended(&Author { member, device: id }).is_some(),
            began_at: report.began_at,
            written_at: report.written_at,
            removed: report.removed.into_iter().map(|removed| removed.name).collect(),
            organizations: u32::try_from(covered.len()).unwrap_or(u32::MAX),
            accounts,
            certificates,
        })
    }
}

impl Removed {
    /// That the MSP's ledger says so, and where.
    fn check(&self, read: &Read) -> Result<u64> {
        let wrong = || broken_text("the history does not say that this member was shut out there");
        let member = MemberId::from_bytes(bytes(&self.member).ok_or_else(wrong)?);
        let state = read.msp.state();
        let known = state.member(&member).ok_or_else(wrong)?;
        let ended = state.devices().values().filter(|device| device.member == member).filter_map(|device| device.until);
        let there = read.msp.hash_at(self.entry.seq).is_some_and(|hash| hex(hash.as_bytes()) == self.entry.hash);
        let says = known.removed == Some(self.entry.seq) || ended.into_iter().any(|seq| seq == self.entry.seq);
        let named = read.names.get(member.as_bytes()).is_none_or(|name| *name == self.name);
        if there && says && named { Ok(self.entry.seq) } else { Err(wrong()) }
    }
}

impl ReportRow {
    /// Each credential against the entry that wrote it last. `shut_out` is where the MSP's ledger shut somebody out: what is
    /// said to be replaced was written by somebody who knew of it, under keys that were made after it.
    fn check(&self, ledger: &Ledger, began_at: Time, shut_out: u64) -> Result<()> {
        let entry = |placed: &Placed| -> Result<&Entry> {
            let place = usize::try_from(placed.seq).unwrap_or(usize::MAX);
            let entry = ledger.entries.get(place).filter(|entry| hex(entry.hash().as_bytes()) == placed.hash);
            entry.ok_or_else(|| broken_text("an entry that the report names is not there"))
        };
        entry(&self.head)?;
        let mut listed = BTreeSet::new();
        for credential in &self.credentials {
            let wrote = entry(&credential.entry)?;
            let item: Bytes16 = bytes(&credential.item).ok_or_else(|| broken_text("an item has no id"))?;
            let (wrote_it, kind) = match wrote.body() {
                Body::Organization(OrganizationBody::Put { item: wrote, item_kind, .. }) => {
                    (*wrote.as_bytes() == item, kind_of(*item_kind))
                }
                _ => (false, None),
            };
            let fresh = wrote.time_ms() >= began_at.0 && wrote.witness().is_some_and(|seen| seen.seq >= shut_out);
            if !wrote_it || kind != Some(credential.kind) || wrote.time_ms() != credential.at.0 {
                return Err(broken_text("an entry that the report names wrote something else"));
            }
            if protected!("what is replaced was written since", credential.replaced && !fresh, false) {
                return Err(refuse(
                    "evidence.not-replaced",
                    "A credential that the report calls replaced was not written since.",
                ));
            }
            listed.insert(item);
        }
        let kept = kept(&ledger.state);
        if protected!("a report leaves nothing out", kept != listed, false) {
            return Err(refuse("evidence.left-out", "The report leaves out a credential that the history has."));
        }
        Ok(())
    }
}

/// The items of an organization that are credentials.
fn kept(state: &OrganizationState) -> BTreeSet<Bytes16> {
    let items = state.items().iter().filter(|(_, item)| item.object.is_some() && kind_of(item.kind).is_some());
    items.map(|(id, _)| *id.as_bytes()).collect()
}

pub(crate) fn kind_of(kind: ItemKind) -> Option<CredentialKind> {
    match kind {
        ItemKind::Account => Some(CredentialKind::Account),
        ItemKind::Connection => Some(CredentialKind::Certificate),
        ItemKind::Organization | ItemKind::Passkey => None,
    }
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()
}
