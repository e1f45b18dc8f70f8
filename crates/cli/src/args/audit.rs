//! Flags of what happened: which of it, and in which form.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use vitrine_app::api;

use super::words;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Audit {
    #[command(subcommand)]
    pub(crate) with: Option<AuditFile>,
    #[command(flatten)]
    pub(crate) filter: AuditFilter,
    /// Lines to pass over.
    #[arg(long, default_value_t = 0)]
    pub(crate) offset: u32,
    /// Lines wanted.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) limit: u32,
}

/// What happened, as a file.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditFile {
    /// Write it to a file, without secrets.
    Export {
        /// File to write; an existing one is not overwritten.
        path: PathBuf,
        #[command(flatten)]
        filter: AuditFilter,
        /// A sheet, or evidence that `audit verify` can check.
        #[arg(long, default_value = "csv")]
        format: AuditFormat,
    },
    /// Check a file of evidence: an export, the report of an incident, or the proof of a fork. Needs no vault, no keys and
    /// no network.
    Verify {
        /// The file.
        path: PathBuf,
        /// The id of the vault: the hash of its beginning, as `vitrine audit` shows it.
        #[arg(long, value_name = "HASH")]
        genesis: String,
    },
}

/// Which lines.
#[derive(Debug, Args)]
pub(crate) struct AuditFilter {
    /// Name, domain or id of one organization.
    pub(crate) organization: Option<String>,
    /// Name or id of one member: what that person did, or what was done to them.
    #[arg(long)]
    pub(crate) person: Option<String>,
    /// One kind of thing.
    #[arg(long)]
    pub(crate) kind: Option<AuditKind>,
    /// From this day (2026-11-29, UTC) or moment (2026-11-29T08:00:00Z) on.
    #[arg(long, value_parser = moment)]
    pub(crate) from: Option<api::Time>,
    /// Before this day or moment.
    #[arg(long, value_parser = moment)]
    pub(crate) until: Option<api::Time>,
}

fn moment(text: &str) -> Result<api::Time, String> {
    api::Time::parse(text).ok_or_else(|| "a day like 2026-11-29, or a moment like 2026-11-29T08:00:00Z".to_owned())
}

words! {
    /// Kinds of what happened.
    AuditKind => api::AuditKind { Views, Rotations, Organizations, People, Vault }
}

words! {
    /// Forms of what happened.
    AuditFormat => api::AuditFormat { Csv, Json }
}
