//! What the tray shows: one state, one number, and no name while locked.

use crate::api::Event;
use crate::session::Session;
use crate::{App, lock};

/// State of the tray icon; each has a shape of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TrayState {
    /// Locked, or no vault yet.
    #[default]
    Locked,
    /// Nothing to do.
    Fine,
    /// Rotations are due.
    Due,
    /// Something failed or is unclear.
    Failed,
}

/// What the tray shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrayView {
    /// State.
    pub state: TrayState,
    /// Accounts due.
    pub due: u32,
    /// Organizations with something wrong.
    pub failed: u32,
}

impl TrayView {
    /// One line of words.
    pub fn tooltip(&self) -> String {
        match self.state {
            TrayState::Locked => "Vitrine: locked".into(),
            TrayState::Fine => "Vitrine: all rotated".into(),
            TrayState::Due => format!("Vitrine: {} due", self.due),
            TrayState::Failed => format!("Vitrine: {} need you", self.failed),
        }
    }
}

/// Reads the numbers again and tells the tray if they changed.
pub(crate) async fn refresh(app: &App, session: Option<&Session>) {
    let fresh = if session.is_none() {
        TrayView::default()
    } else {
        let Ok((counts, due)) = crate::organizations::numbers(app).await else { return };
        let state = match (counts.failed, due) {
            (1.., _) => TrayState::Failed,
            (0, 1..) => TrayState::Due,
            (0, 0) => TrayState::Fine,
        };
        TrayView { state, due, failed: counts.failed }
    };
    let changed = std::mem::replace(&mut *lock(&app.inner.tray), fresh.clone()) != fresh;
    if changed {
        app.tell(Event::StatusChanged);
    }
}
