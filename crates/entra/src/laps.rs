//! Emergency accounts: names, creation in an admin's session, rotation by the connection.
//!
//! Small calls on purpose: the application makes a credential durable between them.

use crate::connection::Connection;
use crate::graph::{GraphError, Proof, SendOutcome, User};
use crate::id::UserId;
use crate::oauth::AdminSession;
use crate::secret::Password;

/// A sign-in name that Entra accepts, checked before anything is sent. Display gives `local@domain`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountName {
    local: String,
    domain: String,
}

/// Why a name cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing before the `@`.
    #[error("the name is empty")]
    Empty,
    /// A character that sign-in names may not hold.
    #[error("the name may not hold {character:?}; letters, digits and ' . - _ ! # ^ ~ are allowed")]
    Character {
        /// Which.
        character: char,
        /// At which position, counted in characters from 1.
        position: usize,
    },
    /// A full stop at the beginning or right before the `@`, or two in a row.
    #[error("a full stop may stand neither first nor last nor twice in a row")]
    Dot,
    /// More than 64 characters before the `@`.
    #[error("the name has {length} characters; at most 64 are allowed")]
    TooLong {
        /// How many it has.
        length: usize,
    },
    /// More than 48 characters after the `@`, or 113 in all.
    #[error("name and domain together are too long for a sign-in name")]
    DomainTooLong,
    /// The domain is none.
    #[error("{domain} is not a domain")]
    Domain {
        /// As given.
        domain: String,
    },
}

/// Whether an account that is there already may be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adopt {
    /// No: answer [`AccountError::Taken`].
    No,
    /// Only one that an interrupted run of ours made: same display name, cloud-only, a member. The vault holds a
    /// prepared credential for it.
    Unfinished,
    /// Yes: a person was shown the account and said so.
    Yes,
}

/// An account made or taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeAccount {
    /// The account.
    pub user: User,
    /// Whether this call created it. If not, its password is not the one given: rotate it by the connection.
    pub created: bool,
}

/// Why an account could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// The name belongs to an account already; show it and ask.
    #[error("an account with this name is there already")]
    Taken(Box<User>),
    /// The account comes from a directory on premises or is a guest: no password can be set on it here.
    #[error("this account comes from elsewhere; its password cannot be set in this tenant")]
    NotCloudOnly(Box<User>),
    /// The account was created, but the tenant does not show it yet.
    #[error("the tenant has not finished taking over the account; try again in a few minutes")]
    StillReplicating,
    /// Graph refused.
    #[error(transparent)]
    Graph(#[from] GraphError),
}

/// What a read-back of an account shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountFacts {
    /// Proof properties.
    pub proof: Proof,
    /// Whether it holds Global Administrator for the whole tenant, assigned and without end.
    pub global_administrator: bool,
}

impl AccountName {
    /// `local` as the person typed it, on `domain` (the tenant's initial one).
    pub fn new(local: &str, domain: &str) -> Result<Self, NameError> { unimplemented!() }
    /// Part before the `@`.
    pub fn local(&self) -> &str { &self.local }
    /// Part after the `@`.
    pub fn domain(&self) -> &str { &self.domain }
}

/// Looks for an account of that name.
pub async fn find_account(session: &AdminSession, name: &AccountName) -> Result<Option<User>, GraphError> { unimplemented!() }

/// Creates the account with `password`, which must be durable in the vault already. A lost answer is settled by
/// looking again before anything is repeated.
pub async fn create_account(session: &AdminSession, name: &AccountName, display_name: &str, password: &Password, adopt: Adopt) -> Result<MadeAccount, AccountError> { unimplemented!() }

/// Gives it Global Administrator for the whole tenant, without end; finds it if it is there. Answers whether this
/// call created the assignment.
pub async fn assign_global_administrator(session: &AdminSession, account: UserId) -> Result<bool, AccountError> { unimplemented!() }

/// Reads back until account and role are visible (up to two minutes), and says what is there.
pub async fn verify_account(session: &AdminSession, account: UserId) -> Result<AccountFacts, AccountError> { unimplemented!() }

/// Blocks or allows sign-in of the account.
pub async fn set_account_enabled(session: &AdminSession, account: UserId, enabled: bool) -> Result<(), GraphError> { unimplemented!() }

/// Deletes the account (it can be restored for 30 days). An account that is gone already is no error.
pub async fn delete_account(session: &AdminSession, account: UserId) -> Result<(), GraphError> { unimplemented!() }

/// Reads the proof properties, unattended.
pub async fn read_proof(connection: &Connection, account: UserId) -> Result<Proof, GraphError> { unimplemented!() }

/// Reads proof and role, unattended: what a daily check shows.
pub async fn read_facts(connection: &Connection, account: UserId) -> Result<AccountFacts, GraphError> { unimplemented!() }

/// Sends the password once: at most 30 seconds, no retry, and nothing at all if more than 10 seconds went by before
/// it could be sent (the caller's lease was counted from before). Call [`read_proof`] right before: then the token is
/// at hand.
pub async fn set_password(connection: &Connection, account: UserId, password: &Password) -> SendOutcome { unimplemented!() }

/// Ends every session of the account.
pub async fn revoke_sessions(connection: &Connection, account: UserId) -> Result<(), GraphError> { unimplemented!() }
