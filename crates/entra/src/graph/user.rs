//! Users: find, read proof, create, password, sessions.

use super::call::{Graph, json, quoted};
use super::error::{GraphError, GraphErrorKind};
use crate::id::UserId;
use crate::secret::Password;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use std::time::UNIX_EPOCH;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A user with the properties that this application asks for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Object id.
    pub id: UserId,
    /// Sign-in name.
    pub user_principal_name: String,
    /// Name; may hold any text.
    #[serde(default)]
    pub display_name: Option<String>,
    /// Whether it may sign in.
    #[serde(default)]
    pub account_enabled: Option<bool>,
    /// `Member` or `Guest`.
    #[serde(default)]
    pub user_type: Option<String>,
    /// Whether it comes from a directory on premises; then no password can be set here.
    #[serde(default)]
    pub on_premises_sync_enabled: Option<bool>,
    /// RFC 3339, exactly as the tenant gave it.
    #[serde(default)]
    pub created_date_time: Option<String>,
    /// RFC 3339, exactly as the tenant gave it.
    #[serde(default)]
    pub last_password_change_date_time: Option<String>,
    /// E.g. `DisablePasswordExpiration`.
    #[serde(default)]
    pub password_policies: Option<String>,
}

/// What proves a rotation: read by [`Graph::proof`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The account.
    pub user_id: UserId,
    /// Its sign-in name now.
    pub user_principal_name: String,
    /// Whether it may sign in.
    pub account_enabled: bool,
    /// `lastPasswordChangeDateTime` exactly as the tenant gave it: compared for equality, no clock needed.
    pub last_password_change: String,
    /// The same in Unix milliseconds, for display and for order.
    pub last_password_change_ms: u64,
    /// The server's own clock when it answered (`Date`), Unix milliseconds.
    pub server_time_ms: Option<u64>,
    /// Whether a directory on premises owns it (then no password can be set here).
    pub synced: bool,
}

/// A user to create: enabled, cloud-only, password without expiry, no change forced at next sign-in.
pub(crate) struct NewUser<'a> {
    /// Sign-in name.
    pub(crate) user_principal_name: &'a str,
    /// At most 64 characters, no spaces.
    pub(crate) mail_nickname: &'a str,
    /// Name as shown in the portals.
    pub(crate) display_name: &'a str,
}

/// How one send of a password ended. There are exactly these four, and the caller decides what follows.
#[derive(Debug)]
pub enum SendOutcome {
    /// 204: the tenant has taken it.
    Accepted,
    /// A definite refusal: the tenant has not taken it.
    Refused(GraphError),
    /// Nothing left this machine (no token, no connection, too late): the tenant has not taken it.
    NotSent(GraphError),
    /// No definite answer: the tenant may have taken it. Send the same value again, never another.
    Unclear(GraphError),
}

/// Everything of a user that is asked for: Graph leaves most of it out unless named.
const FIELDS: &str = "id,userPrincipalName,displayName,accountEnabled,userType,onPremisesSyncEnabled,createdDateTime,lastPasswordChangeDateTime,passwordPolicies";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UserBody<'a> {
    account_enabled: bool,
    display_name: &'a str,
    mail_nickname: &'a str,
    user_principal_name: &'a str,
    password_policies: &'static str,
    password_profile: PasswordProfile<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PasswordProfile<'a> {
    password: &'a str,
    // Microsoft advises a change at next sign-in; it would void the value in the vault.
    force_change_password_next_sign_in: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PasswordBody<'a> {
    password_profile: PasswordProfile<'a>,
}

impl<'a> PasswordProfile<'a> {
    fn of(password: &'a Password) -> Self {
        // Read for the one body that may hold it; the body is zeroed after use.
        Self { password: password.expose(), force_change_password_next_sign_in: false }
    }
}

impl User {
    /// Whether its password can be set in this tenant: a member, not owned by a directory on premises.
    pub fn is_cloud_member(&self) -> bool {
        self.on_premises_sync_enabled != Some(true) && self.user_type.as_deref() != Some("Guest")
    }
}

impl Graph<'_> {
    /// By sign-in name. `User.Read.All` (app) or `User.ReadWrite.All` (admin).
    pub async fn find_user(&self, user_principal_name: &str) -> Result<Option<User>, GraphError> {
        let filter = format!("userPrincipalName eq {}", quoted(user_principal_name));
        let found: Vec<User> = self.list(self.get("/users", &[("$filter", &filter), ("$select", FIELDS)])).await?;
        // The filter is the server's; the comparison is ours.
        Ok(found.into_iter().find(|u| u.user_principal_name.eq_ignore_ascii_case(user_principal_name)))
    }

    /// By id. As [`Graph::find_user`].
    pub async fn user(&self, id: UserId) -> Result<User, GraphError> {
        self.read(self.get(&format!("/users/{id}"), &[("$select", FIELDS)])).await
    }

    /// A few users, whoever they are: a read that proves a permission.
    pub(crate) async fn any_user(&self) -> Result<Option<UserId>, GraphError> {
        #[derive(Deserialize)]
        struct Page {
            value: Vec<Only>,
        }
        #[derive(Deserialize)]
        struct Only {
            id: UserId,
        }
        let page: Page =
            self.read(self.get("/users", &[("$select", "id,lastPasswordChangeDateTime"), ("$top", "1")])).await?;
        Ok(page.value.first().map(|u| u.id))
    }

    /// The proof properties, which Graph gives only when asked by name. `User.Read.All`.
    pub async fn proof(&self, id: UserId) -> Result<Proof, GraphError> {
        let answer = self.send(&self.get(&format!("/users/{id}"), &[("$select", FIELDS)])).await?;
        let unreadable = || GraphError::local(GraphErrorKind::Unreadable);
        let user: User = serde_json::from_slice(&answer.body).map_err(|_| unreadable())?;
        let changed = user.last_password_change_date_time.ok_or_else(unreadable)?;
        let date = answer.headers.get("date").and_then(|v| v.to_str().ok());
        Ok(Proof {
            user_id: user.id,
            user_principal_name: user.user_principal_name,
            account_enabled: user.account_enabled.unwrap_or(false),
            last_password_change_ms: instant(&changed).ok_or_else(unreadable)?,
            last_password_change: changed,
            server_time_ms: date.and_then(http_date_ms),
            synced: user.on_premises_sync_enabled == Some(true),
        })
    }

    /// Ends every session. `User.RevokeSessions.All` and the role.
    pub(crate) async fn revoke_sessions(&self, id: UserId) -> Result<(), GraphError> {
        // 200 by the model, 204 by an older page; ending sessions twice ends them once.
        self.done(self.write(Method::POST, &format!("/users/{id}/revokeSignInSessions"), None).harmless()).await
    }

    pub(crate) async fn create_user(&self, user: &NewUser<'_>, password: &Password) -> Result<User, GraphError> {
        let body = UserBody {
            account_enabled: true,
            display_name: user.display_name,
            mail_nickname: user.mail_nickname,
            user_principal_name: user.user_principal_name,
            password_policies: "DisablePasswordExpiration",
            password_profile: PasswordProfile::of(password),
        };
        self.read(self.write(Method::POST, "/users", json(&body)?)).await
    }

    pub(crate) async fn set_enabled(&self, id: UserId, enabled: bool) -> Result<(), GraphError> {
        let body = serde_json::json!({ "accountEnabled": enabled });
        self.done(self.write(Method::PATCH, &format!("/users/{id}"), json(&body)?)).await
    }

    pub(crate) async fn delete_user(&self, id: UserId) -> Result<(), GraphError> {
        self.done(self.write(Method::DELETE, &format!("/users/{id}"), None)).await
    }

    /// Within 30 days of its deletion. `User.ReadWrite.All` and a role with power over the account.
    pub(crate) async fn restore_user(&self, id: UserId) -> Result<User, GraphError> {
        self.read(self.write(Method::POST, &format!("/directory/deletedItems/{id}/restore"), None)).await
    }

    /// `User-PasswordProfile.ReadWrite.All` and the role Privileged Authentication Administrator.
    pub(crate) async fn patch_password(&self, id: UserId, password: &Password) -> SendOutcome {
        let body = PasswordBody { password_profile: PasswordProfile::of(password) };
        let call = match json(&body) {
            Ok(body) => self.write(Method::PATCH, &format!("/users/{id}"), body),
            Err(error) => return SendOutcome::NotSent(error),
        };
        match self.send_password(call).await {
            Ok(_) => SendOutcome::Accepted,
            Err(error) if error.nothing_sent() => SendOutcome::NotSent(error),
            Err(error) if error.outcome_unknown() => SendOutcome::Unclear(error),
            Err(error) if error.status().is_some_and(|s| (400..500).contains(&s) && s != 408) => {
                SendOutcome::Refused(error.about_password())
            }
            // Whatever is not a definite refusal may have taken effect.
            Err(error) => SendOutcome::Unclear(error),
        }
    }
}

fn instant(text: &str) -> Option<u64> {
    let then = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    u64::try_from(then.unix_timestamp_nanos() / 1_000_000).ok()
}

fn http_date_ms(text: &str) -> Option<u64> {
    let since = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    u64::try_from(since.as_millis()).ok()
}
