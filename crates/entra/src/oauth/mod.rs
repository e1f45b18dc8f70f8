//! Sign-in of an admin: authorization code with PKCE on a loopback address, or device code. Both are always offered
//! and end in the same [`AdminSession`].

mod browser;
mod claims;
mod client_id;
mod device;
mod error;
mod loopback;
mod scopes;
mod session;
mod token;

pub(crate) use claims::with_capability;

pub use browser::{BrowserSignIn, start_browser};
pub use client_id::{ClientIdVerdict, admin_consent_page, check_client_id, probe_client_id};
pub use device::{DeviceProgress, DeviceSignIn, start_device_code};
pub use error::{Refusal, SignInError, SignInErrorKind};
pub use scopes::{Asks, DelegatedScope, delegated_scopes};
pub use session::AdminSession;

use crate::id::{NotAnId, TenantId};
use std::fmt;
use std::str::FromStr;

/// Whom the sign-in page serves: one directory, or any work account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authority {
    /// `/organizations`: only for a first sign-in, when the tenant is not known yet.
    Organizations,
    /// `/{tenant id}`: from then on always. A session of another tenant is refused.
    Tenant(TenantId),
    /// `/{verified domain}`: the directory that owns this domain.
    Domain(String),
}

impl Authority {
    /// From what a person types: a tenant id, or a domain name. Empty means any work account.
    pub fn parse(text: &str) -> Result<Self, NotAnId> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Self::Organizations);
        }
        if let Ok(id) = TenantId::from_str(text) {
            return Ok(Self::Tenant(id));
        }
        let label = |l: &str| {
            !l.is_empty()
                && l.len() <= 63
                && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !l.starts_with('-')
        };
        if text.len() <= 253 && text.contains('.') && text.split('.').all(label) {
            Ok(Self::Domain(text.to_ascii_lowercase()))
        } else {
            Err(NotAnId)
        }
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Organizations => f.write_str("organizations"),
            Self::Tenant(id) => id.fmt(f),
            Self::Domain(name) => f.write_str(name),
        }
    }
}
