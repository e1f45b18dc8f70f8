//! What a person reads when something could not be done.

use serde::{Deserialize, Serialize};
use specta::Type;

/// An error at an edge: a stable code and the words that go with it. Carries no secret and no text of a peer that was
/// not checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ErrorView {
    /// Stable, dotted: `vault.wrong-passphrase`. Programs branch on it, never on the words.
    pub code: String,
    /// What happened.
    pub what: String,
    /// What still holds, above all whether the old password still works. Empty where there is nothing to say.
    pub holds: String,
    /// The next step.
    pub next: String,
    /// What support needs: status, request ids, paths. No secret.
    pub details: Option<String>,
    /// How long to wait before the same request is worth repeating, in milliseconds.
    pub retry_in_ms: Option<u32>,
    /// What kind of failure it is; decides the exit code of the command line.
    pub class: ErrorClass,
}

/// Failures by what the caller can do about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ErrorClass {
    /// The request itself was wrong.
    Usage,
    /// The vault is locked, or the passphrase, kit or sheet does not open it.
    Locked,
    /// Microsoft refused.
    Refused,
    /// Network, Microsoft or the vault's home cannot be reached.
    Unreachable,
    /// Data is not what was signed or sealed.
    Integrity,
    /// Some of it was done.
    Partly,
    /// This machine: disk, permissions, keychain.
    Machine,
}
