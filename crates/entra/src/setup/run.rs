//! Doing what the plan shows, each step found or created.

use super::error::SetupError;
use super::plan::{Plan, StepKind};
use crate::certificate::Certificate;
use crate::connection::ConnectionRecord;
use crate::oauth::AdminSession;

/// What [`run`] may do beyond adding.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RunOptions {
    /// Remove certificates and secrets that the vault does not know from our registration, after they were shown.
    pub remove_strangers: bool,
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepState {
    /// Begun.
    Started,
    /// Was there already.
    Exists,
    /// Created now.
    Created,
    /// Created, and waited for until the tenant shows it.
    Waiting,
}

/// One line of progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Which step.
    pub step: StepKind,
    /// How far.
    pub state: StepState,
}

/// Finds or creates each step. The certificate must be durable in the vault before this is called: from then on the
/// tenant knows it. Ends when every grant is visible in the tenant; [`super::check`] then proves them.
pub async fn run(session: &AdminSession, plan: &Plan, certificate: &Certificate, options: RunOptions, progress: impl FnMut(Progress) + Send) -> Result<ConnectionRecord, SetupError> { unimplemented!() }
