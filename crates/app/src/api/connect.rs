//! Connecting an organization's tenant: sign-in, plan, set-up. One state per organization, shown as it moves.

use super::{Done, ErrorView, Time, command};
use serde::{Deserialize, Serialize};
use specta::Type;

/// Starts a sign-in of an admin of the customer's tenant.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct ConnectRequest {
    /// Ledger id.
    pub organization: String,
    /// How to sign in.
    pub route: SignInRoute,
    /// What the sign-in is for.
    pub purpose: SignInPurpose,
}
command!(ConnectRequest, "connect", ConnectView);

/// How the admin signs in. Both lead to the same result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum SignInRoute {
    /// With the browser of this machine (authorization code with PKCE on loopback).
    Browser,
    /// With a code typed on another device.
    DeviceCode,
}

/// What an admin's sign-in is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum SignInPurpose {
    /// Set up or repair the connection.
    Connect,
    /// Only a session: to create, adopt, disable or delete emergency accounts.
    Accounts,
    /// Only a session, which may take sign-in methods away as well: to remove strangers.
    Strangers,
}

/// Asks where the sign-in or set-up of an organization stands.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct ConnectStatusRequest {
    /// Ledger id.
    pub organization: String,
}
command!(ConnectStatusRequest, "connect_status", ConnectView);

/// Opens the sign-in page in the system's browser.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct OpenSignInRequest {
    /// Ledger id.
    pub organization: String,
}
command!(OpenSignInRequest, "open_sign_in", Done);

/// Copies the device code, or opens nothing.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct CopyDeviceCodeRequest {
    /// Ledger id.
    pub organization: String,
}
command!(CopyDeviceCodeRequest, "copy_device_code", Done);

/// "Yes, this is the tenant": goes on to the plan.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ConfirmTenantRequest {
    /// Ledger id.
    pub organization: String,
    /// The tenant the person saw; must be the one signed in.
    pub tenant_id: String,
}
command!(ConfirmTenantRequest, "confirm_tenant", ConnectView);

/// Does what the plan shows.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct ApplyPlanRequest {
    /// Ledger id.
    pub organization: String,
}
command!(ApplyPlanRequest, "apply_plan", ConnectView);

/// Ends the sign-in or set-up and drops the session. What was already created in the tenant stays and is listed: the
/// answer is [`ConnectPhase::Stopped`] then, which a second cancel dismisses.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct CancelConnectRequest {
    /// Ledger id.
    pub organization: String,
}
command!(CancelConnectRequest, "cancel_connect", ConnectView);

/// Where the sign-in or set-up of an organization stands.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ConnectView {
    /// Ledger id.
    pub organization: String,
    /// Its name.
    pub organization_name: String,
    /// The state.
    pub phase: ConnectPhase,
    /// A policy of the tenant asked for more than the first sign-in had: this is the second.
    pub stronger_sign_in: bool,
}

/// States of a sign-in and set-up, in order.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ConnectPhase {
    /// Nothing under way.
    Idle,
    /// Asking Microsoft for a code or an address.
    Starting,
    /// Waiting for the person to sign in with the browser of this machine.
    WaitingForBrowser {
        /// Address of the sign-in page, to copy by hand.
        url: String,
    },
    /// Waiting for the person to type the code on Microsoft's page.
    WaitingForCode {
        /// The code, for people.
        user_code: String,
        /// Microsoft's page, plain.
        verification_uri: String,
        /// The same page as a QR code: rows of dark (true) and light modules.
        qr: Vec<Vec<bool>>,
        /// When the code ends.
        expires_at: Time,
    },
    /// Signed in; nothing was written. "Is this Contoso?"
    ConfirmTenant {
        /// The tenant found.
        tenant: FoundTenant,
        /// Who signed in.
        signed_in_as: String,
    },
    /// What will be created, with permission and reason.
    Plan {
        /// The tenant.
        tenant: FoundTenant,
        /// The steps.
        steps: Vec<ConnectStep>,
        /// What a person should know before going on (device code blocked for others, no P1, security defaults).
        notices: Vec<String>,
    },
    /// At work.
    Working {
        /// The tenant.
        tenant: FoundTenant,
        /// The steps.
        steps: Vec<ConnectStep>,
    },
    /// The connection stands and every permission was proved by a read.
    Connected {
        /// The tenant.
        tenant: FoundTenant,
        /// The steps.
        steps: Vec<ConnectStep>,
        /// The admin's session still lives, so that LAPS can be enabled in the same sitting.
        session_alive: bool,
    },
    /// A session without a set-up: ready for work on accounts.
    SignedIn {
        /// The tenant.
        tenant: FoundTenant,
        /// Who signed in.
        signed_in_as: String,
    },
    /// A person stopped it where something of the set-up was in the tenant already.
    Stopped {
        /// The tenant.
        tenant: FoundTenant,
        /// Every step: those that exist or were created stay, and are found again by the next set-up.
        steps: Vec<ConnectStep>,
    },
    /// It ended without success.
    Failed {
        /// Why, and the next step.
        error: ErrorView,
        /// The steps, where set-up had begun: what was created stays and is found again.
        steps: Vec<ConnectStep>,
    },
}

/// A tenant found by a sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FoundTenant {
    /// Directory id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its default domain.
    pub domain: String,
    /// Its initial domain.
    pub initial_domain: String,
}

/// One step of the set-up.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ConnectStep {
    /// What is created or granted, in words.
    pub title: String,
    /// Permission or role by its Microsoft name, where it is one.
    pub permission: Option<String>,
    /// Why it is needed.
    pub why: String,
    /// How it stands.
    pub state: StepState,
}

/// How a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum StepState {
    /// Found as it should be; nothing will change.
    Exists,
    /// Will be created.
    WillCreate,
    /// At work.
    Running,
    /// Created now.
    Created,
    /// Did not work.
    Failed,
    /// Stopped while it was asked for: it may be there. The next set-up finds out.
    Unclear,
}

/// Asks how to register a client id of one's own.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, Type)]
pub struct ClientIdRequest {
    /// Whether Microsoft is asked about the one in use now. Otherwise the answer holds what was found out last.
    pub check: bool,
}
command!(ClientIdRequest, "client_id", ClientIdView);

/// The client id in use, and how to register one.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ClientIdView {
    /// The client id in use.
    pub client_id: Option<String>,
    /// What Microsoft said about it.
    pub check: ClientIdCheck,
    /// Address to register under "mobile and desktop applications".
    pub redirect_uri: String,
    /// Delegated permissions to add, each with its reason.
    pub permissions: Vec<PermissionReason>,
}

/// What is known about the client id in use, since this program began.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ClientIdCheck {
    /// Microsoft was not asked yet.
    #[default]
    NotAsked,
    /// Microsoft knows it and gives codes for it. The first sign-in shows the rest.
    Known,
    /// An admin signed in with it.
    SignedIn,
    /// Microsoft could not be asked, or gave no verdict.
    Unanswered {
        /// Why.
        error: ErrorView,
    },
    /// Microsoft refuses it as it is registered.
    Refused {
        /// Why, and what to change.
        error: ErrorView,
    },
}

/// A permission and why it is asked for.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct PermissionReason {
    /// Microsoft's name.
    pub name: String,
    /// Why.
    pub why: String,
}

/// Sets the client id of the first sign-in, after Microsoft was asked about it: one that is refused is not taken, one
/// that could not be checked is, with that said. The first sign-in confirms it.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SetClientIdRequest {
    /// A GUID.
    pub client_id: String,
}
command!(SetClientIdRequest, "set_client_id", ClientIdView);
