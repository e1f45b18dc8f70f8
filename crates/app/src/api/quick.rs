//! Quick access: a small window that finds an emergency account by a few letters and copies, and never shows.

use super::{AccountState, Done, OrganizationState, Time, WhichValue, command};
use serde::{Deserialize, Serialize};
use specta::Type;

/// Asks for the emergency accounts of the organizations that a few letters find.
#[derive(Clone, Debug, Default, Serialize, Deserialize, Type)]
pub struct QuickAccessRequest {
    /// What the person typed; nothing yet for the organizations used last.
    #[serde(default)]
    pub filter: String,
}
command!(QuickAccessRequest, "quick_access", QuickAccessView);

/// What was found.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct QuickAccessView {
    /// One row for each password that a person would try, in the order to try them.
    pub rows: Vec<QuickRow>,
    /// Organizations that match, shown or not.
    pub matching: u32,
    /// Organizations there are.
    pub total: u32,
    /// A reason must be given before anything secret is copied.
    pub reason_required: bool,
}

/// One password of an emergency account, or an organization that has none.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct QuickRow {
    /// Ledger id.
    pub organization: String,
    /// Name of the organization.
    pub organization_name: String,
    /// Primary domain of its tenant.
    pub domain: Option<String>,
    /// State of the organization.
    pub state: OrganizationState,
    /// The account; none where the organization has none yet.
    pub account: Option<QuickAccount>,
}

/// What is copied from a row, and how far to trust it.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct QuickAccount {
    /// Item id.
    pub id: String,
    /// User principal name.
    pub user_name: String,
    /// State.
    pub state: AccountState,
    /// The password of this row.
    pub which: WhichValue,
    /// Its place in the order to try them; none where there is one alone.
    pub order: Option<u8>,
    /// When it was set, or made where it is a candidate.
    pub since: Option<Time>,
    /// When the tenant confirmed it; only for the present password.
    pub verified_at: Option<Time>,
    /// A one-time-code key is stored.
    pub has_second_factor: bool,
}

/// Opens the window for quick access, or brings it to the front.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, Type)]
pub struct OpenQuickAccessRequest {}
command!(OpenQuickAccessRequest, "open_quick_access", Done);

/// Opens the main window, or brings it to the front.
#[derive(Clone, Debug, Default, Serialize, Deserialize, Type)]
pub struct OpenMainRequest {
    /// Ledger id of the organization to show there; none for where it stands.
    #[serde(default)]
    pub organization: Option<String>,
}
command!(OpenMainRequest, "open_main", Done);

/// How the keys stand that open quick access from anywhere on the desktop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ShortcutState {
    /// This program has no windows.
    #[default]
    None,
    /// A person switched them off.
    Off,
    /// They open it.
    On,
    /// The desktop is a Wayland one, which lets no program take keys.
    Wayland,
    /// Another program has them, or the desktop refused.
    Taken,
}
