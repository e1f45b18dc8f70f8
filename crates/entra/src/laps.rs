//! Emergency accounts: names, creation in an admin's session, rotation by the connection.
//!
//! Small calls on purpose: the application makes a credential durable between them.

use crate::connection::Connection;
use crate::graph::{
    GLOBAL_ADMINISTRATOR, GraphError, GraphErrorKind, NewUser, Priority, Proof, RoleAssignment, SendOutcome, User,
};
use crate::id::UserId;
use crate::oauth::AdminSession;
use crate::secret::Password;
use crate::setup::{explain, settle};
use std::fmt;

/// What each request of the connection needs, to be named where it is refused.
const USER_READ: &str = "User.Read.All";
const ROLE_READ: &str = "RoleManagement.Read.Directory";
const PASSWORD_WRITE: &str = "User-PasswordProfile.ReadWrite.All";
const SESSIONS_END: &str = "User.RevokeSessions.All";

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

impl AccountFacts {
    fn of(proof: Proof, roles: &[RoleAssignment]) -> Self {
        Self { proof, global_administrator: roles.iter().any(|r| r.gives(GLOBAL_ADMINISTRATOR)) }
    }
}

impl NameError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "account-name.empty",
            Self::Character { .. } => "account-name.character",
            Self::Dot => "account-name.dot",
            Self::TooLong { .. } => "account-name.too-long",
            Self::DomainTooLong => "account-name.domain-too-long",
            Self::Domain { .. } => "account-name.domain",
        }
    }
}

impl AccountError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Taken(_) => "account.taken",
            Self::NotCloudOnly(_) => "account.not-cloud-only",
            Self::StillReplicating => "account.still-replicating",
            Self::Graph(error) => error.code(),
        }
    }
}

impl AccountName {
    /// `local` as the person typed it, on `domain` (the tenant's initial one). Rules: Microsoft Learn, "Username
    /// policies": letters, digits and `' . - _ ! # ^ ~`; 64 before and 48 after the `@`, 113 in all.
    pub fn new(local: &str, domain: &str) -> Result<Self, NameError> {
        let (local, domain) = (local.trim(), domain.trim().to_ascii_lowercase());
        if local.is_empty() {
            return Err(NameError::Empty);
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || "'.-_!#^~".contains(c);
        if let Some((at, character)) = local.chars().enumerate().find(|(_, c)| !allowed(*c)) {
            return Err(NameError::Character { character, position: at + 1 });
        }
        if local.starts_with('.') || local.ends_with('.') || local.contains("..") {
            return Err(NameError::Dot);
        }
        if local.len() > 64 {
            return Err(NameError::TooLong { length: local.len() });
        }
        let label = |l: &str| {
            let plain = l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            !l.is_empty() && plain && !l.starts_with('-') && !l.ends_with('-')
        };
        if !domain.contains('.') || !domain.split('.').all(label) {
            return Err(NameError::Domain { domain });
        }
        if domain.len() > 48 || local.len() + 1 + domain.len() > 113 {
            return Err(NameError::DomainTooLong);
        }
        Ok(Self { local: local.to_owned(), domain })
    }

    /// Part before the `@`.
    pub fn local(&self) -> &str {
        &self.local
    }

    /// Part after the `@`.
    pub fn domain(&self) -> &str {
        &self.domain
    }
}

impl fmt::Display for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local, self.domain)
    }
}

/// Looks for an account of that name.
pub async fn find_account(session: &AdminSession, name: &AccountName) -> Result<Option<User>, GraphError> {
    session.graph().find_user(&name.to_string()).await
}

/// Creates the account with `password`, which must be durable in the vault already. A lost answer is settled by
/// looking again before anything is repeated.
pub async fn create_account(
    session: &AdminSession,
    name: &AccountName,
    display_name: &str,
    password: &Password,
    adopt: Adopt,
) -> Result<MadeAccount, AccountError> {
    let user_name = name.to_string();
    let graph = session.graph();
    if let Some(user) = graph.find_user(&user_name).await? {
        return adopted(user, display_name, adopt);
    }
    let new = NewUser { user_principal_name: &user_name, mail_nickname: name.local(), display_name };
    match graph.create_user(&new, password).await {
        Ok(user) => Ok(MadeAccount { user, created: true }),
        // Absent a moment ago, and our answer was lost: what is there now is what we sent.
        Err(error) if error.outcome_unknown() => {
            let user_name = &user_name;
            let seen = settle(session.http().clock(), || async move { graph.find_user(user_name).await }).await?;
            match seen {
                Some(user) if user.display_name.as_deref() == Some(display_name) => {
                    Ok(MadeAccount { user, created: true })
                }
                Some(user) => Err(AccountError::Taken(Box::new(user))),
                None => Err(error.into()),
            }
        }
        // Somebody was faster, or a filter that lags hid it.
        Err(error) if error.kind() == GraphErrorKind::Exists => match graph.find_user(&user_name).await? {
            Some(user) => adopted(user, display_name, adopt),
            None => Err(error.into()),
        },
        // The body holds more than a password here, so only the tenant's own words for it count; the rest is shown.
        Err(error) => Err(error.into()),
    }
}

fn adopted(user: User, display_name: &str, adopt: Adopt) -> Result<MadeAccount, AccountError> {
    if !user.is_cloud_member() {
        return Err(AccountError::NotCloudOnly(Box::new(user)));
    }
    let ours = match adopt {
        Adopt::No => false,
        Adopt::Unfinished => user.display_name.as_deref() == Some(display_name),
        Adopt::Yes => true,
    };
    if ours { Ok(MadeAccount { user, created: false }) } else { Err(AccountError::Taken(Box::new(user))) }
}

/// Gives it Global Administrator for the whole tenant, without end; finds it if it is there. Answers whether this
/// call created the assignment.
pub async fn assign_global_administrator(session: &AdminSession, account: UserId) -> Result<bool, AccountError> {
    let graph = session.graph();
    let held = |roles: &[crate::graph::RoleAssignment]| roles.iter().any(|r| r.gives(GLOBAL_ADMINISTRATOR));
    if held(&graph.role_assignments_of(account).await?) {
        return Ok(false);
    }
    let assigned = settle(session.http().clock(), || async move {
        match graph.assign_role(account, GLOBAL_ADMINISTRATOR).await {
            Ok(_) => Ok(Some(())),
            // Not replicated, assigned by a lost answer, or "already assigned" without a code: the list decides.
            Err(error)
                if error.outcome_unknown()
                    || crate::setup::not_yet(&error)
                    || error.kind() == GraphErrorKind::Exists =>
            {
                Ok(held(&graph.role_assignments_of(account).await?).then_some(()))
            }
            Err(error) => Err(error),
        }
    })
    .await?;
    assigned.map(|()| true).ok_or(AccountError::StillReplicating)
}

/// Reads back until account and role are visible (up to two minutes), and says what is there.
pub async fn verify_account(session: &AdminSession, account: UserId) -> Result<AccountFacts, AccountError> {
    let graph = session.graph();
    let last = std::sync::Mutex::new(None);
    let seen = settle(session.http().clock(), || {
        let last = &last;
        async move {
            let facts = match facts(graph, account).await {
                Err(error) if matches!(error.kind(), GraphErrorKind::Absent | GraphErrorKind::Unreadable) => {
                    return Ok(None);
                }
                other => other?,
            };
            if facts.global_administrator {
                return Ok::<_, GraphError>(Some(facts));
            }
            *last.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(facts);
            Ok(None)
        }
    })
    .await?;
    // Time is over: what was seen last is said as it is, role missing and all.
    seen.or(last.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)).ok_or(AccountError::StillReplicating)
}

async fn facts(graph: crate::graph::Graph<'_>, account: UserId) -> Result<AccountFacts, GraphError> {
    let proof = graph.proof(account).await?;
    let roles = graph.role_assignments_of(account).await?;
    Ok(AccountFacts::of(proof, &roles))
}

/// Blocks or allows sign-in of the account.
pub async fn set_account_enabled(session: &AdminSession, account: UserId, enabled: bool) -> Result<(), GraphError> {
    session.graph().set_enabled(account, enabled).await
}

/// Deletes the account (it can be restored for 30 days). An account that is gone already is no error.
pub async fn delete_account(session: &AdminSession, account: UserId) -> Result<(), GraphError> {
    match session.graph().delete_user(account).await {
        Err(error) if error.kind() == GraphErrorKind::Absent => Ok(()),
        other => other,
    }
}

/// Brings a deleted account back (Microsoft keeps it for 30 days), under the same object id and with its password.
pub async fn restore_account(session: &AdminSession, account: UserId) -> Result<User, GraphError> {
    session.graph().restore_user(account).await
}

/// Looks for an account of that name, unattended.
pub async fn find_by_name(
    connection: &Connection,
    user_name: &str,
    priority: Priority,
) -> Result<Option<User>, GraphError> {
    let found = connection.graph().with_priority(priority).find_user(user_name).await;
    found.map_err(|error| error.lacking(&[USER_READ]))
}

/// Reads the proof properties, unattended.
pub async fn read_proof(connection: &Connection, account: UserId, priority: Priority) -> Result<Proof, GraphError> {
    let proof = connection.graph().with_priority(priority).proof(account).await;
    proof.map_err(|error| error.lacking(&[USER_READ]))
}

/// Reads proof and role, unattended: what a daily check shows.
pub async fn read_facts(
    connection: &Connection,
    account: UserId,
    priority: Priority,
) -> Result<AccountFacts, GraphError> {
    let proof = read_proof(connection, account, priority).await?;
    let roles = connection.graph().with_priority(priority).role_assignments_of(account).await;
    Ok(AccountFacts::of(proof, &roles.map_err(|error| error.lacking(&[ROLE_READ]))?))
}

/// Sends the password once: at most 30 seconds, no retry, and nothing at all if more than 10 seconds went by before
/// it could be sent (the caller's lease was counted from before). Call [`read_proof`] right before: then the token is
/// at hand.
pub async fn set_password(
    connection: &Connection,
    account: UserId,
    password: &Password,
    priority: Priority,
) -> SendOutcome {
    match connection.graph().with_priority(priority).patch_password(account, password).await {
        SendOutcome::Refused(refused) => SendOutcome::Refused(explain(connection, PASSWORD_WRITE, refused).await),
        other => other,
    }
}

/// Ends every session of the account.
pub async fn revoke_sessions(connection: &Connection, account: UserId, priority: Priority) -> Result<(), GraphError> {
    match connection.graph().with_priority(priority).revoke_sessions(account).await {
        Err(refused) => Err(explain(connection, SESSIONS_END, refused).await),
        ended => ended,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const DOMAIN: &str = "contoso.onmicrosoft.com";

    #[test]
    fn a_good_name_is_taken_as_it_is() {
        for name in ["ea-1", "o'neil", "Break.Glass_2", "a!#^~b"] {
            assert_eq!(AccountName::new(name, DOMAIN).unwrap().to_string(), format!("{name}@{DOMAIN}"));
        }
        assert_eq!(
            AccountName::new("  ea-1 ", " Contoso.OnMicrosoft.com ").unwrap().to_string(),
            format!("ea-1@{DOMAIN}")
        );
    }

    #[test]
    fn each_broken_rule_is_named() {
        let error = |name: &str| AccountName::new(name, DOMAIN).unwrap_err();
        assert_eq!(error("  "), NameError::Empty);
        assert_eq!(error("ea 1"), NameError::Character { character: ' ', position: 3 });
        assert_eq!(error("eä"), NameError::Character { character: 'ä', position: 2 });
        assert_eq!(error("a@b"), NameError::Character { character: '@', position: 2 });
        assert_eq!(error("\u{202e}a"), NameError::Character { character: '\u{202e}', position: 1 });
        for dotted in [".a", "a.", "a..b"] {
            assert_eq!(error(dotted), NameError::Dot, "{dotted}");
        }
        assert_eq!(error(&"a".repeat(65)), NameError::TooLong { length: 65 });
        assert!(AccountName::new(&"a".repeat(64), &format!("{}.onmicrosoft.com", "b".repeat(32))).is_ok());
        assert_eq!(
            AccountName::new("a", &format!("{}.onmicrosoft.com", "b".repeat(33))).unwrap_err(),
            NameError::DomainTooLong
        );
        for domain in ["", "contoso", "-a.com", "a..com", "a b.com", "a.com/"] {
            assert!(matches!(AccountName::new("a", domain).unwrap_err(), NameError::Domain { .. }), "{domain}");
        }
    }
}
