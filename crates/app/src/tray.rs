//! What the tray shows: one state, one number, the organizations used last, and no name while locked.

use crate::api::Event;
use crate::records::{Bytes32, organization_text};
use crate::session::Session;
use crate::{App, lock, organizations};

/// Organizations that the menu offers.
const MOST_RECENT: usize = 3;

/// The organizations used last, newest first, since the program began. Ids alone: names are read while unlocked.
pub(crate) type Recent = Vec<Bytes32>;

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

/// An organization of the menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecentOrganization {
    /// Its id, as addresses of the interface have it.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// What the tray shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrayView {
    /// State.
    pub state: TrayState,
    /// Accounts due.
    pub due: u32,
    /// Of them, due for more than an hour.
    pub overdue: u32,
    /// Organizations with something wrong.
    pub failed: u32,
    /// Locked, and something has fallen due since.
    pub waits: bool,
    /// A reminder is shown that can be put off.
    pub reminds: bool,
    /// A person paused rotation.
    pub paused: bool,
    /// The organizations used last, newest first; none while locked.
    pub recent: Vec<RecentOrganization>,
}

impl TrayView {
    /// One line of words.
    pub fn words(&self) -> String {
        let due = match (self.due, self.overdue) {
            (due, 0) => format!("{due} due"),
            (due, overdue) => format!("{due} due, {overdue} overdue"),
        };
        if self.paused {
            return match (self.state, self.failed) {
                (TrayState::Locked, _) => "Locked, rotation paused".into(),
                (TrayState::Failed, failed) => format!("Rotation paused, {failed} need you, {due}"),
                _ => format!("Rotation paused, {due}"),
            };
        }
        match self.state {
            TrayState::Locked if self.waits => "Locked, rotations are due".into(),
            TrayState::Locked => "Locked".into(),
            TrayState::Fine => "Everything is rotated".into(),
            TrayState::Due => due,
            TrayState::Failed if self.due > 0 => format!("{} need you, {due}", self.failed),
            TrayState::Failed => format!("{} need you", self.failed),
        }
    }

    /// The few signs beside the icon; empty where there is nothing to do, or the vault is locked.
    pub fn label(&self) -> String {
        match (self.due, self.overdue) {
            (0, _) => String::new(),
            (due, 0) => due.to_string(),
            (due, overdue) => format!("{due} · {overdue} overdue"),
        }
    }
}

/// Reads the numbers again and tells the tray if they changed.
pub(crate) async fn refresh(app: &App, session: Option<&Session>) {
    let (reminds, paused) = (app.reminders().borrow().is_some(), crate::rotate::is_paused(app));
    let fresh = if session.is_none() {
        TrayView { waits: app.due_while_locked(), reminds, paused, ..TrayView::default() }
    } else {
        let Ok((counts, due)) = crate::organizations::numbers(app).await else { return };
        let Ok(overdue) = crate::reminders::overdue(app).await else { return };
        let state = match (counts.failed, due) {
            (1.., _) => TrayState::Failed,
            (0, 1..) => TrayState::Due,
            (0, 0) => TrayState::Fine,
        };
        let recent = recent(app).await;
        TrayView { state, due, overdue, failed: counts.failed, waits: false, reminds, paused, recent }
    };
    let changed = std::mem::replace(&mut *lock(&app.inner.tray), fresh.clone()) != fresh;
    if changed {
        app.tell(Event::StatusChanged);
    }
}

/// A person opened this organization.
pub(crate) async fn used(app: &App, session: &Session, id: &Bytes32) {
    {
        let mut recent = lock(&app.inner.recent);
        if recent.first() == Some(id) {
            return;
        }
        recent.retain(|other| other != id);
        recent.insert(0, *id);
        recent.truncate(MOST_RECENT);
    }
    refresh(app, Some(session)).await;
}

/// The organizations used last, newest first.
pub(crate) fn recent_ids(app: &App) -> Recent {
    lock(&app.inner.recent).clone()
}

/// Those that still are in the list.
async fn recent(app: &App) -> Vec<RecentOrganization> {
    let ids = recent_ids(app);
    let mut recent = Vec::with_capacity(ids.len());
    for id in ids {
        // One that was archived has no row.
        if let Ok(row) = organizations::load(app, &id).await {
            recent.push(RecentOrganization { id: organization_text(&id), name: row.name });
        }
    }
    recent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locked_tray_tells_that_something_waits_and_not_how_much() {
        let locked = TrayView { waits: true, ..TrayView::default() };
        assert_eq!((locked.words().as_str(), locked.label().as_str()), ("Locked, rotations are due", ""));
    }

    #[test]
    fn a_pause_is_said_before_all_else() {
        let some = TrayView { state: TrayState::Due, due: 5, paused: true, ..TrayView::default() };
        assert_eq!(some.words(), "Rotation paused, 5 due");
        assert_eq!(TrayView { paused: true, ..TrayView::default() }.words(), "Locked, rotation paused");
    }

    #[test]
    fn due_and_overdue_stand_beside_the_icon() {
        let some = TrayView { state: TrayState::Due, due: 5, overdue: 2, ..TrayView::default() };
        assert_eq!((some.words().as_str(), some.label().as_str()), ("5 due, 2 overdue", "5 · 2 overdue"));
        let failed = TrayView { state: TrayState::Failed, failed: 1, ..some };
        assert_eq!(failed.words(), "1 need you, 5 due, 2 overdue");
    }
}
