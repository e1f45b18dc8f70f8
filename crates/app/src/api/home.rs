//! The home of the vault: where the order of everything that is written is decided.

use super::{EdgeSecret, ErrorView, Time, command};
use serde::{Deserialize, Serialize};
use specta::Type;

/// Asks where the home is, and how it was reached. Asks nobody else.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, Type)]
pub struct HomeRequest {}
command!(HomeRequest, "home", HomeView);

/// Moves the home from this device to a backend, whole. Begun and cut off, it is finished by asking again.
#[derive(Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct MoveHomeRequest {
    /// Where the backend answers: `https://host[:port]`, or `http` on this machine.
    pub address: String,
    /// The operator's token, for registration.
    pub token: EdgeSecret,
}
command!(MoveHomeRequest, "move_home", HomeView);

/// Brings the home back from the backend to this device.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, Type)]
pub struct BringHomeRequest {}
command!(BringHomeRequest, "bring_home", HomeView);

/// Fetches from the backend what is new, now.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, Type)]
pub struct SyncRequest {}
command!(SyncRequest, "sync", HomeView);

/// Where the home is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct HomeView {
    /// The backend; none while a device is the home.
    pub backend: Option<BackendView>,
}

/// A backend that is the home.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct BackendView {
    /// Where it answers.
    pub address: String,
    /// Its id, in hexadecimal, as the signed history names it.
    pub id: String,
    /// The copy of what this device has is not complete there: nothing can be changed until it is.
    pub moving: bool,
    /// When everything that it had was here last; since the unlock.
    pub synced_at: Option<Time>,
    /// Entries that came from it since the unlock.
    pub received: u32,
    /// Organizations that can be read and whose history is still being checked.
    pub unchecked: u32,
    /// What was wrong when it was asked last.
    pub problem: Option<ErrorView>,
    /// Another history that it showed.
    pub fork: Option<ForkView>,
}

/// Two heads of one ledger: the one accepted here, and the one that the home offered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ForkView {
    /// The ledger.
    pub ledger: String,
    /// What it is of: an organization; none for the vault's own.
    pub organization_name: Option<String>,
    /// Place of the entry that was accepted.
    pub ours_seq: u32,
    /// Its hash.
    pub ours: String,
    /// Place of the one that was offered.
    pub theirs_seq: u32,
    /// Its hash.
    pub theirs: String,
}
