//! Viewing: the sealed card, revealing, copying, one-time codes.

use super::{AccountView, AfterView, Done, EdgeSecret, StoredValue, Time, WhichValue, command};
use serde::{Deserialize, Serialize};
use specta::Type;

/// Opens the reveal window for an account. The main window never sees the secret.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct OpenRevealRequest {
    /// Ledger id.
    pub organization: String,
    /// Item id.
    pub account: String,
}
command!(OpenRevealRequest, "open_reveal", Done);

/// Opens the page at which an emergency account signs in, in the person's own browser.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, Type)]
pub struct OpenPortalRequest {}
command!(OpenPortalRequest, "open_portal", Done);

/// Asks for an account's card.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct CardRequest {
    /// Ledger id.
    pub organization: String,
    /// Item id.
    pub account: String,
}
command!(CardRequest, "card", CardView);

/// A card: everything about the account but its secrets.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CardView {
    /// Ledger id.
    pub organization: String,
    /// Name of the organization.
    pub organization_name: String,
    /// The account.
    pub account: AccountView,
    /// The tenant's sign-in page.
    pub sign_in_page: String,
    /// A reason must be given before anything is shown.
    pub reason_required: bool,
    /// Newest state known here.
    pub as_of: Time,
    /// A rotation has fallen due since, so the password may have been changed from elsewhere.
    pub rotation_due_since: bool,
    /// Seconds a revealed password stays visible.
    pub hides_after_seconds: u32,
    /// What a view asks of the schedule; none where LAPS is off and there is no schedule.
    pub after_view: Option<AfterView>,
}

/// Says what becomes of a password that was seen and is hidden again. Hastens what the schedule says, never delays it.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct AfterViewRequest {
    /// Ledger id.
    pub organization: String,
    /// Item id.
    pub account: String,
    /// What.
    pub then: AfterView,
}
command!(AfterViewRequest, "after_view", CardView);

/// Asks which older passwords of an account are kept: replaced ones, and candidates that were given up.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct OlderPasswordsRequest {
    /// Ledger id.
    pub organization: String,
    /// Item id.
    pub account: String,
}
command!(OlderPasswordsRequest, "older_passwords", OlderPasswordsView);

/// What may still open the account when the passwords of its card do not.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct OlderPasswordsView {
    /// In the order to try them, newest first; none of those that the card shows.
    pub values: Vec<StoredValue>,
    /// Versions of the account that may hold more of them and that the vault's home did not give.
    pub missing: u32,
}

/// Shows one stored password. A view record is durable before the answer.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct RevealRequest {
    /// Ledger id.
    pub organization: String,
    /// Item id.
    pub account: String,
    /// Which stored password.
    pub which: WhichValue,
    /// Why, up to 200 characters.
    #[serde(default)]
    pub reason: String,
    /// What becomes of it once it is hidden again. Hastens what the schedule says, never delays it.
    #[serde(default)]
    pub then: AfterView,
}
command!(RevealRequest, "reveal", RevealView);

/// One password.
#[derive(Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RevealView {
    /// The password.
    pub secret: EdgeSecret,
    /// When it was set, or made where it is a candidate.
    pub since: Option<Time>,
    /// When to hide it.
    pub hide_at: Time,
}

/// Copies a user name, password or one-time code to the clipboard, from Rust.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct CopyRequest {
    /// Ledger id.
    pub organization: String,
    /// Item id.
    pub account: String,
    /// What.
    pub what: CopyWhat,
    /// Why, up to 200 characters.
    #[serde(default)]
    pub reason: String,
}
command!(CopyRequest, "copy", CopyView);

/// What is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum CopyWhat {
    /// The user name.
    UserName,
    /// A stored password.
    Password {
        /// Which.
        which: WhichValue,
    },
    /// The one-time code of this moment.
    OneTimeCode,
}

/// It is on the clipboard.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CopyView {
    /// When it is cleared, if it is still ours; none for a user name.
    pub clears_at: Option<Time>,
}

/// Stores the one-time-code key that Microsoft's page showed at the first sign-in.
#[derive(Serialize, Deserialize, Type)]
pub struct SetSecondFactorRequest {
    /// Ledger id.
    pub organization: String,
    /// Item id.
    pub account: String,
    /// Base32 text or an `otpauth` address.
    pub key: EdgeSecret,
}
command!(SetSecondFactorRequest, "set_second_factor", CardView);

/// Asks for a one-time code.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct OneTimeCodeRequest {
    /// Ledger id.
    pub organization: String,
    /// Item id.
    pub account: String,
    /// The code after the present one.
    #[serde(default)]
    pub next: bool,
    /// Why, up to 200 characters.
    #[serde(default)]
    pub reason: String,
}
command!(OneTimeCodeRequest, "one_time_code", OneTimeCodeView);

/// A one-time code.
#[derive(Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct OneTimeCodeView {
    /// The code.
    pub code: EdgeSecret,
    /// When it ends.
    pub ends_at: Time,
    /// Length of its period in seconds.
    pub period_seconds: u32,
}
