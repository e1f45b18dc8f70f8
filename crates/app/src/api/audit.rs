//! What happened, over all organizations: the list, its export, and what an export proves.

use super::{ActivityLine, ExportedView, Replaced, Time, command};
use serde::{Deserialize, Serialize};
use specta::Type;

/// Which lines of what happened are wanted; all, by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(default)]
pub struct AuditFilter {
    /// Only this organization.
    pub organization: Option<String>,
    /// Only what this member did, or what was done to it.
    pub person: Option<String>,
    /// Only this kind.
    pub kind: Option<AuditKind>,
    /// From this moment on.
    pub from: Option<Time>,
    /// Before this moment.
    pub until: Option<Time>,
}

/// Kinds of what happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum AuditKind {
    /// Something was shown or copied.
    Views,
    /// Passwords and certificates, and incidents.
    Rotations,
    /// Customers, their tenants and accounts.
    Organizations,
    /// Who shares the vault.
    People,
    /// The vault itself.
    Vault,
}

/// Asks what happened over all organizations.
#[derive(Clone, Debug, Default, Serialize, Deserialize, Type)]
pub struct AuditRequest {
    /// Which lines.
    #[serde(default)]
    pub filter: AuditFilter,
    /// Lines to pass over.
    #[serde(default)]
    pub offset: u32,
    /// Lines wanted, 1 to 1,000; 0 means 100.
    #[serde(default)]
    pub limit: u32,
}
command!(AuditRequest, "audit", AuditView);

/// What happened.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AuditView {
    /// Newest first.
    pub lines: Vec<ActivityLine>,
    /// How many there are.
    pub total: u32,
    /// Everybody who is or was a member, by name.
    pub people: Vec<AuditPerson>,
    /// Devices of which views are missing.
    pub gaps: Vec<AuditGap>,
    /// The id of the vault, the hash of its beginning: all that whoever verifies an export has to be told.
    pub vault: String,
    /// How far the signed history beneath them was verified: that of the organization asked for, else the firm's.
    pub verified: VerifiedView,
}

/// Somebody whose lines can be asked for.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AuditPerson {
    /// Id.
    pub member: String,
    /// Name.
    pub name: String,
}

/// A device that counted views which did not arrive here: its next one may bring them, or they lie in organizations that
/// this member may not see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AuditGap {
    /// Whose device.
    pub who: String,
    /// Its id.
    pub device: String,
    /// How many are missing.
    pub missing: u32,
}

/// Writes what happened to a file, without secrets.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct ExportAuditRequest {
    /// Which lines.
    #[serde(default)]
    pub filter: AuditFilter,
    /// In which form.
    pub format: AuditFormat,
    /// Absolute path of the file; an existing file is not overwritten.
    pub path: String,
}
command!(ExportAuditRequest, "export_audit", ExportedView);

/// Forms of what happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum AuditFormat {
    /// A sheet of the list.
    Csv,
    /// Evidence: what signed entries say, with these entries, so that it can be verified without keys.
    Json,
}

/// Saves the proof that the home showed two histories of one ledger.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct SaveProofRequest {
    /// Absolute path of the file; an existing file is not overwritten.
    pub path: String,
}
command!(SaveProofRequest, "save_proof", SavedProofView);

/// The proof was saved.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct SavedProofView {
    /// Where.
    pub path: String,
}

/// What a file of evidence proves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct VerifiedEvidence {
    /// The vault it is of: the hash of its beginning.
    pub vault: String,
    /// Entries of its own ledger, one whole chain.
    pub entries: u32,
    /// The newest of them.
    pub head: String,
    /// Organizations whose ledgers are in the file, each one whole chain.
    pub organizations: u32,
    /// Records in them that their devices signed.
    pub records: u32,
    /// Lines that follow from all this.
    pub lines: u32,
    /// What these ledgers tell besides, and the file does not list.
    pub unlisted: u32,
    /// Batches of records that the file does not open.
    pub closed: u32,
    /// Devices whose views do not follow each other without a gap in these ledgers.
    pub gaps: Vec<AuditGap>,
    /// The report of an incident, where it is one.
    pub report: Option<VerifiedReport>,
    /// The proof of a fork, where it is one.
    pub fork: Option<VerifiedFork>,
}

/// A report of an incident that was verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct VerifiedReport {
    /// Why it was begun.
    pub reason: String,
    /// Whose device signed the report.
    pub by: String,
    /// That device had been ended, or its member removed, by the end of the history in the file.
    pub late: bool,
    /// When the incident was begun.
    pub began_at: Time,
    /// When the report was written.
    pub written_at: Time,
    /// Who was removed or lost a device; what was replaced, was replaced after that.
    pub removed: Vec<String>,
    /// Organizations it covers.
    pub organizations: u32,
    /// Their accounts.
    pub accounts: Replaced,
    /// Their connections' certificates.
    pub certificates: Replaced,
}

/// Two signed entries that cannot both belong to one history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct VerifiedFork {
    /// The ledger.
    pub ledger: String,
    /// Place of the entry that was accepted.
    pub ours_seq: u32,
    /// Its hash.
    pub ours: String,
    /// Place of the one that was offered.
    pub theirs_seq: u32,
    /// Its hash.
    pub theirs: String,
}

/// The newest entry of a signed history whose chain this device verified from its beginning.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct VerifiedView {
    /// Entries verified.
    pub entries: u32,
    /// When the newest of them was made, by its author's clock.
    pub at: Time,
    /// Its hash, in hexadecimal digits: two people who compare it compare everything before it.
    pub head: String,
}
