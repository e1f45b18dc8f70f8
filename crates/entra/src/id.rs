//! Ids as Microsoft gives them: each its own type, so that an app's client id is never sent where its object id
//! belongs (the portals show both side by side and people mix them up).

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// The text is not a GUID (8-4-4-4-12 hexadecimal digits).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id: expected a GUID such as 00000000-0000-0000-0000-000000000000")]
pub struct NotAnId;

impl NotAnId {
    /// Stable code of this refusal.
    pub fn code(&self) -> &'static str {
        "entra.not-an-id"
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// From the 16 bytes of the GUID, in the order of its text form.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// From the number whose hexadecimal digits are the GUID's: for the constants that Microsoft publishes.
            pub const fn from_u128(value: u128) -> Self {
                Self(Uuid::from_u128(value))
            }

            /// The 16 bytes, in the order of the text form.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                Uuid::try_parse(text.trim()).map(Self).map_err(|_| NotAnId)
            }
        }
    )+ };
}

ids! {
    /// A tenant (directory), `tid`.
    TenantId,
    /// The client id (`appId`) of an app registration: what it signs in with.
    ClientId,
    /// The object id of an app registration: what `/applications/{id}` takes.
    ApplicationId,
    /// The object id of a service principal: what holds roles and permissions.
    ServicePrincipalId,
    /// The object id of a user, `oid`.
    UserId,
    /// The id of one key (certificate) or secret of an app registration.
    KeyId,
    /// A directory role: its template id, which for built-in roles is its definition id.
    RoleId,
    /// An application permission (`appRoleId`) of Microsoft Graph.
    PermissionId,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_id_reads_any_case_and_shows_lower_case() {
        let id: TenantId = " 62E90394-69F5-4237-9190-012177145E10 ".parse().unwrap();
        assert_eq!(id.to_string(), "62e90394-69f5-4237-9190-012177145e10");
    }

    #[test]
    fn a_text_that_is_no_guid_is_refused() {
        for text in ["", "contoso", "62e90394-69f5-4237-9190-012177145e1", "../users"] {
            assert_eq!(text.parse::<UserId>(), Err(NotAnId), "{text}");
        }
    }
}
