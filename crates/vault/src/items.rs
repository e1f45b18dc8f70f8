//! What objects hold, in plain: accounts, connections, organizations, the firm. Every secret field is a [`crate::Secret`];
//! the encoding passes through buffers that are wiped.
//!
//! [`account`] keeps one promise beyond its format: an account's item has one size class in every state of rotation, so
//! the size of what is stored does not tell that a rotation is under way.

mod account;
mod connection;
mod organization;

pub use account::{
    AccountItem, Attention, Candidate, CandidateState, Claim, Credential, MAX_CHANGE, MAX_DISPLAY_NAME, MAX_PASSWORD,
    MAX_PAST, MAX_USER_NAME, Origin, PastPassword,
};
pub use connection::{ConnectionItem, StoredCertificate};
pub use organization::{AfterView, BlackoutWindow, KeptWay, LapsSettings, MspItem, OrganizationItem};

use crate::cbor::CborError;

/// Version of the layout of every item in this build, for [`crate::object::Header::schema`].
pub const SCHEMA: u16 = 1;

/// Why an item was not encoded or decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ItemError {
    /// The bytes are no such item.
    #[error("the opened item is damaged: {0}")]
    Format(#[from] CborError),
    /// A field is longer than the layout allows.
    #[error("{field} is longer than {most} bytes")]
    TooLong {
        /// Which field.
        field: &'static str,
        /// Most bytes.
        most: usize,
    },
    /// More values than the layout allows.
    #[error("more than {most} values in {field}")]
    TooMany {
        /// Which field.
        field: &'static str,
        /// Most values.
        most: usize,
    },
}

impl ItemError {
    /// Stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Format(_) => "vault.item-damaged",
            Self::TooLong { .. } => "vault.item-too-long",
            Self::TooMany { .. } => "vault.item-too-many",
        }
    }
}

fn fits(field: &'static str, length: usize, most: usize) -> Result<(), ItemError> {
    if length <= most { Ok(()) } else { Err(ItemError::TooLong { field, most }) }
}

fn counts(field: &'static str, count: usize, most: usize) -> Result<(), ItemError> {
    if count <= most { Ok(()) } else { Err(ItemError::TooMany { field, most }) }
}
