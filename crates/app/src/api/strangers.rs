//! Strangers: ways into a tenant's connection and accounts that Vitrine did not make, shown before anything becomes of
//! them.

use super::{OrganizationView, Time, command};
use serde::{Deserialize, Serialize};
use specta::Type;

/// Takes ways in away from the tenant: those that are named here, as they were shown, and no other. What the connection's
/// rights do not reach takes an admin's session.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct RemoveStrangersRequest {
    /// Ledger id.
    pub organization: String,
    /// Their ids.
    pub strangers: Vec<String>,
}
command!(RemoveStrangersRequest, "remove_strangers", OrganizationView);

/// A person answers for a way in: it stays, and is no problem any more.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct KeepStrangerRequest {
    /// Ledger id.
    pub organization: String,
    /// Its id.
    pub stranger: String,
    /// Whose it is and why it stays: one line of 1 to 200 characters.
    pub reason: String,
}
command!(KeepStrangerRequest, "keep_stranger", OrganizationView);

/// A way in that Vitrine did not make.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct StrangerView {
    /// Its id, 32 hexadecimal digits.
    pub id: String,
    /// What it is.
    pub kind: StrangerKind,
    /// Of what.
    pub place: StrangerPlace,
    /// User name of the account, where it is of one.
    pub user_name: Option<String>,
    /// What it is called in the tenant; may hold any text.
    pub name: String,
    /// When it was found.
    pub found_at: Time,
    /// Who answers for it, if somebody does.
    pub kept: Option<KeptView>,
    /// Whether a person may answer for it: what signs in as the connection nobody can.
    pub keepable: bool,
    /// Whether taking it away needs an admin's session.
    pub needs_admin: bool,
}

/// Somebody answers for a way in.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct KeptView {
    /// Who.
    pub who: String,
    /// Since when.
    pub at: Time,
    /// Why.
    pub reason: String,
}

/// Kinds of ways in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum StrangerKind {
    /// A certificate of the app.
    Certificate,
    /// A secret of the app.
    Secret,
    /// An identity of elsewhere that may sign in as the app.
    Federated,
    /// An owner of the app: may put keys in.
    Owner,
    /// A phone.
    Phone,
    /// An address for resetting the password.
    Email,
    /// The Authenticator app.
    Authenticator,
    /// One-time codes of an app.
    Codes,
    /// A passkey.
    Passkey,
    /// A temporary access pass.
    Pass,
    /// Windows Hello.
    Hello,
    /// A credential of another platform.
    Platform,
    /// A sign-in method of a kind that this version does not know.
    Other,
}

/// What a way in belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum StrangerPlace {
    /// The connection's app registration.
    Registration,
    /// The connection's service principal.
    Principal,
    /// An emergency account.
    Account,
}
