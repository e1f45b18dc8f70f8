//! Lists: how this device shows that of the organizations, and lists as files.

use super::{OrganizationSort, OrganizationState, command};
use serde::{Deserialize, Serialize};
use specta::Type;

/// Asks how this device shows the list of organizations.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, Type)]
pub struct ListViewsRequest {}
command!(ListViewsRequest, "list_views", ListViews);

/// Changes how this device shows the list of organizations; what was saved is read back.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct SetListViewsRequest {
    /// All of it, as it should be.
    pub views: ListViews,
}
command!(SetListViewsRequest, "set_list_views", ListViews);

/// How this device shows the list of organizations. Sealed as names are, since what is looked for may be one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct ListViews {
    /// Columns that are left out.
    pub hidden: Vec<ListColumn>,
    /// Views saved under a name, in the order they are offered.
    pub saved: Vec<SavedView>,
}

/// Columns that can be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ListColumn {
    /// Primary domain.
    Domain,
    /// Last rotation.
    LastRotation,
    /// Next rotation.
    NextRotation,
}

/// A filter with its order and columns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct SavedView {
    /// What a person calls it: 1 to 40 characters, not one that exists.
    pub name: String,
    /// Text looked for in name and domain.
    pub filter: String,
    /// Only those in this state.
    pub state: Option<OrganizationState>,
    /// Order of the rows.
    pub sort: OrganizationSort,
    /// Reversed order.
    pub descending: bool,
    /// Columns that are left out.
    pub hidden: Vec<ListColumn>,
}

/// Writes a list as CSV, without secrets.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct ExportRequest {
    /// Which list.
    pub list: ExportedList,
    /// Absolute path of the file; an existing file is not overwritten.
    pub path: String,
}
command!(ExportRequest, "export", ExportedView);

/// What can be written as a list.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum ExportedList {
    /// The organizations and their state.
    Organizations {
        /// Text looked for in name and domain; empty for all.
        #[serde(default)]
        filter: String,
        /// Only those in this state.
        #[serde(default)]
        state: Option<OrganizationState>,
        /// Only these ledger ids; empty for all.
        #[serde(default)]
        only: Vec<String>,
    },
}

/// A list was written.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct ExportedView {
    /// Where.
    pub path: String,
    /// Rows, without the heading.
    pub rows: u32,
}
