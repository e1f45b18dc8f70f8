//! How a process that rotates by itself stands: numbers alone, for whoever watches it.

use super::{Phase, Time, command};
use serde::{Deserialize, Serialize};
use specta::Type;

/// Asks the process that holds the data folder. Always answered, locked or not.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, Type)]
pub struct RotatorStatusRequest {}
command!(RotatorStatusRequest, "rotator_status", RotatorStatusView);

/// How it stands. No name of an organization is among it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RotatorStatusView {
    /// A rotator, and not a process of a person's.
    pub unattended: bool,
    /// Whether it has the keys.
    pub phase: Phase,
    /// When the process began.
    pub since: Time,
    /// Seconds since it last looked for what is due; it does so every half minute.
    pub looked_before_s: u64,
    /// What is to be done; only while unlocked.
    pub work: Option<RotatorWork>,
}

/// What is to be done, and what was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RotatorWork {
    /// Accounts that are due, those at work among them.
    pub due: u32,
    /// Of them, due for more than an hour.
    pub overdue: u32,
    /// Rotations that run, or wait to be tried again.
    pub open: u32,
    /// Organizations in which something waits for a person.
    pub failed: u32,
    /// Rotations that ended well since the unlock.
    pub rotated: u32,
    /// Rotations that ended otherwise since the unlock, each try counted.
    pub not_rotated: u32,
    /// Certificates of connections that have ended: these tenants have to be connected again.
    pub certificates_ended: u32,
    /// Messages that wait to be sent to the webhook.
    pub messages_waiting: u32,
    /// Messages that were given up or crowded out since it was set.
    pub messages_dropped: u32,
}
