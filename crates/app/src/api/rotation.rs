//! Rotating, and watching it.

use super::{ErrorView, Time, command};
use serde::{Deserialize, Serialize};
use specta::Type;

/// Rotates passwords. Returns at once; the jobs go on even when the window closes.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct RotateRequest {
    /// Which.
    pub scope: RotateScope,
}
command!(RotateRequest, "rotate", JobsView);

/// Which passwords to rotate.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum RotateScope {
    /// One account.
    Account {
        /// Ledger id.
        organization: String,
        /// Item id.
        account: String,
    },
    /// Every account of some organizations.
    Organizations {
        /// Ledger ids.
        organizations: Vec<String>,
    },
    /// Everything that is due. What was changed outside is not: it waits for its repair.
    Due,
    /// Everything that failed and was not tried again yet.
    Failed,
    /// Everything.
    All,
}

/// Asks for a page of the jobs. `{}` is the first page.
#[derive(Clone, Debug, Default, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase", default)]
pub struct JobsRequest {
    /// Jobs before the page.
    pub offset: u32,
    /// Jobs of a page at most; 0 means 100, and 500 is the most.
    pub limit: u32,
    /// Ledger id: of this organization alone.
    pub organization: Option<String>,
    /// Only what moved since the look that said so ([`JobsView::moves`]).
    pub since: Option<u32>,
}
command!(JobsRequest, "jobs", JobsView);

/// Pauses all rotation, or goes on. What is at work comes to its end; nothing else begins, and nothing is tried again, until
/// it goes on. Outlasts a lock; a new start of the application and the beginning of an incident end it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, Type)]
pub struct PauseRotationRequest {
    /// Whether nothing is to begin.
    pub paused: bool,
}
command!(PauseRotationRequest, "pause_rotation", JobsView);

/// Takes what waits for its turn out of the queue, but for what was begun before and what an incident or a repair ordered.
/// What is due stays due; by itself it is taken up again after an hour.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, Type)]
pub struct CancelQueuedRequest {}
command!(CancelQueuedRequest, "cancel_queued", JobsView);

/// The rotations that run, wait, failed or ended since the vault was unlocked: what went wrong first, then what is at
/// work, then what is done, the newest first of each.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct JobsView {
    /// The page.
    pub jobs: Vec<JobView>,
    /// How many jobs match the request.
    pub matching: u32,
    /// How many run or wait, of all.
    pub open: u32,
    /// How many failed and wait for their next try, of all.
    pub failed: u32,
    /// How many wait for their turn and can be cancelled, of all.
    pub queued: u32,
    /// A person paused rotation.
    pub paused: bool,
    /// How many accounts are due and not yet queued.
    pub due: u32,
    /// Rises with every move of a job since the unlock: what a later look asks from.
    pub moves: u32,
}

/// One rotation of one account.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct JobView {
    /// Ledger id.
    pub organization: String,
    /// Its name.
    pub organization_name: String,
    /// Item id.
    pub account: String,
    /// User principal name.
    pub user_name: String,
    /// Where it stands.
    pub step: JobStep,
    /// Attempts so far.
    pub attempts: u32,
    /// When it is tried again.
    pub next_try_at: Option<Time>,
    /// The last word on it.
    pub problem: Option<ErrorView>,
    /// Whether the account's sessions were ended afterwards, where somebody may hold one.
    pub sessions: Option<SessionsEnded>,
    /// When it last moved.
    pub at: Time,
}

/// What became of the sessions of a rotated account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum SessionsEnded {
    /// Every session was ended.
    Ended,
    /// The tenant did not take it; tried again with the next rotation.
    NotEnded,
}

/// Steps of a rotation, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum JobStep {
    /// Waits for its turn.
    Queued,
    /// Looks at the tenant.
    Looking,
    /// Makes and stores the candidate.
    Preparing,
    /// Asks the tenant to change it.
    Sending,
    /// Reads it back.
    Verifying,
    /// Done: the new password is current.
    Done,
    /// The answer was lost; both passwords are kept and it is tried again.
    Unclear,
    /// Did not work; the old password still works.
    Failed,
    /// Changed outside Vitrine, or this vault is behind.
    ChangedOutside,
    /// A person must act.
    NeedsPerson,
    /// A person took it out of the queue; nothing was begun.
    Cancelled,
}
