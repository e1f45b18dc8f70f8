//! A process that rotates with nobody in front of it: whether it is alive, and how it stands.

use crate::api::{
    AttentionRequest, AuditRequest, Command, FindOrganizationRequest, JobsRequest, LockRequest, OrganizationRequest,
    OrganizationsRequest, Phase, RotateRequest, RotatorStatusRequest, RotatorStatusView, RotatorWork, StatusRequest,
    Time, TouchRequest, WebhookRequest,
};
use crate::error::{Error, Result};
use crate::{App, certificates, organizations, reminders, rotate, vault};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Four looks are missed before a rotator counts as stuck: one may wait for a slow disk.
const STUCK_AFTER_MS: u64 = 4 * 30_000;

/// What a rotator answers at its socket: how it stands, what it may do by itself anyway, and that it is to lock. Its
/// keys are there to rotate; whoever gets at its socket must not see a password or a paper for it, nor change who may.
const ANSWERED: [&str; 12] = [
    StatusRequest::NAME,
    RotatorStatusRequest::NAME,
    TouchRequest::NAME,
    LockRequest::NAME,
    OrganizationsRequest::NAME,
    FindOrganizationRequest::NAME,
    OrganizationRequest::NAME,
    AuditRequest::NAME,
    AttentionRequest::NAME,
    JobsRequest::NAME,
    RotateRequest::NAME,
    WebhookRequest::NAME,
];

/// Refuses what a rotator does for nobody.
pub(crate) fn admit(app: &App, command: &str) -> Result<()> {
    if !app.inner.host.is_unattended() || ANSWERED.contains(&command) {
        return Ok(());
    }
    Err(Error::usage(
        "rotator.rotates-alone",
        "A rotator holds this vault. It rotates, and does nothing else for anybody.",
        "Stop it first (systemctl stop vitrine-rotator, or vitrine lock), then open the vault as a person.",
    ))
}

/// When the process began, and when it last looked for what is due.
pub(crate) struct Pulse {
    began: u64,
    /// By the steady clock, which nobody sets.
    looked_ms: AtomicU64,
    /// Whether anything looks at all: a process that answers one command does not.
    watched: AtomicBool,
}

impl Pulse {
    pub(crate) fn begin(wall_ms: u64, steady_ms: u64) -> Self {
        Self { began: wall_ms, looked_ms: AtomicU64::new(steady_ms), watched: AtomicBool::new(false) }
    }

    pub(crate) fn watch(&self) {
        self.watched.store(true, Ordering::Relaxed);
    }

    /// Whether what falls due is looked for in this process.
    pub(crate) fn is_watched(&self) -> bool {
        self.watched.load(Ordering::Relaxed)
    }

    pub(crate) fn beat(&self, app: &App) {
        self.looked_ms.store(app.inner.clock.steady_ms(), Ordering::Relaxed);
    }

    fn quiet_ms(&self, app: &App) -> u64 {
        app.inner.clock.steady_ms().saturating_sub(self.looked_ms.load(Ordering::Relaxed))
    }
}

impl App {
    /// Whether what is due is still being looked for: what a watchdog asks.
    pub fn is_alive(&self) -> bool {
        self.inner.pulse.quiet_ms(self) < STUCK_AFTER_MS
    }
}

pub(crate) async fn status(app: &App, _request: RotatorStatusRequest) -> Result<RotatorStatusView> {
    let phase = vault::phase(app).await?;
    let work = if phase == Phase::Unlocked { Some(work(app).await?) } else { None };
    Ok(RotatorStatusView {
        unattended: app.inner.host.is_unattended(),
        phase,
        since: Time(app.inner.pulse.began),
        looked_before_s: app.inner.pulse.quiet_ms(app) / 1000,
        work,
    })
}

async fn work(app: &App) -> Result<RotatorWork> {
    let (counts, due) = organizations::numbers(app).await?;
    let (open, rotated, not_rotated) = rotate::tally(app);
    let webhook = vault::firm(app).await?.own.webhook;
    let (messages_waiting, messages_dropped) = webhook.map_or((0, 0), |webhook| (webhook.waiting, webhook.dropped));
    Ok(RotatorWork {
        due,
        overdue: reminders::overdue(app).await?,
        open,
        failed: counts.failed,
        rotated,
        not_rotated,
        certificates_ended: certificates::overview(app).await?.ended,
        messages_waiting,
        messages_dropped,
    })
}
