//! Sign-in methods of a user.

use super::call::Graph;
use super::error::GraphError;
use crate::id::UserId;
use reqwest::Method as Verb;
use serde::Deserialize;

/// One sign-in method.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Method {
    /// What it is, such as `#microsoft.graph.phoneAuthenticationMethod`.
    #[serde(rename = "@odata.type", default)]
    pub kind: String,
    /// Its id; a GUID for most kinds.
    pub id: String,
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    phone_number: Option<String>,
    #[serde(default)]
    email_address: Option<String>,
    #[serde(rename = "methodUsabilityReason", default)]
    usability: Option<String>,
}

impl Method {
    /// What tells it from others of its kind; may hold any text.
    pub fn name(&self) -> String {
        let names = [&self.phone_number, &self.email_address, &self.display_name];
        names.into_iter().flatten().next().cloned().unwrap_or_default()
    }

    /// A temporary access pass that signs nobody in any more.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.usability.as_deref(), Some("Expired" | "OneTimeUsed"))
    }
}

impl Graph<'_> {
    /// All of them, the password included. `UserAuthenticationMethod.Read.All`.
    pub async fn methods(&self, user: UserId) -> Result<Vec<Method>, GraphError> {
        self.list(self.get(&format!("/users/{user}/authentication/methods"), &[])).await
    }

    /// `UserAuthenticationMethod.ReadWrite.All`.
    pub(crate) async fn remove_method(&self, user: UserId, path: &str, id: &str) -> Result<(), GraphError> {
        let path = format!("/users/{user}/authentication/{path}/{}", super::call::segment(id));
        self.done(self.write(Verb::DELETE, &path, None)).await
    }
}
