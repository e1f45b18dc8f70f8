//! What a set-up would do, found out by reads alone.

use super::error::SetupError;
use super::permission::Permission;
use crate::id::{ApplicationId, ClientId, ServicePrincipalId, TenantId};
use crate::oauth::AdminSession;

/// What to plan for.
#[derive(Debug, Clone)]
pub struct PlanRequest {
    /// Binds the registration to this vault and organization: letters, digits, dashes, at most 64. A second vault that
    /// connects the same tenant gets a registration of its own.
    pub tag: String,
    /// SHA-256 thumbprints of certificates that the vault knows to be its own.
    pub known_certificates: Vec<[u8; 32]>,
}

/// One thing that set-up finds or creates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepKind {
    /// The app registration.
    Application,
    /// Its certificate.
    Certificate,
    /// Its service principal.
    ServicePrincipal,
    /// One permission.
    Permission(&'static Permission),
    /// The directory role Privileged Authentication Administrator.
    Role,
}

/// What a step gives to the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// An application permission of Graph, by name.
    Permission(&'static str),
    /// A directory role, by name.
    Role(&'static str),
}

/// A step as shown before anything is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedStep {
    /// Which.
    pub kind: StepKind,
    /// What it gives, if anything.
    pub grant: Option<Grant>,
    /// Key of the sentence that says why.
    pub why: &'static str,
    /// The sentence itself, in English.
    pub reason: &'static str,
    /// Whether it is there already.
    pub exists: bool,
}

/// Licence of the tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Premium {
    /// Neither.
    None,
    /// Entra ID P1.
    P1,
    /// Entra ID P2.
    P2,
}

/// What the person is asked about: "Is this Contoso?"
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantFacts {
    /// The tenant.
    pub id: TenantId,
    /// Its name; may hold any text.
    pub name: String,
    /// Its initial `onmicrosoft.com` domain.
    pub initial_domain: String,
    /// Its default domain.
    pub default_domain: String,
    /// All verified domains; the flag says federated.
    pub domains: Vec<(String, bool)>,
    /// Licence.
    pub premium: Premium,
    /// Security defaults: `None` where this could not be read.
    pub security_defaults: Option<bool>,
}

/// Something that set-up does not stop for, but that a person should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// A policy blocks device code sign-in; its name may hold any text.
    DeviceCodeBlocked {
        /// Display name of the policy.
        policy: String,
    },
    /// Users come from a directory on premises; the emergency accounts will not.
    Synced,
    /// Some domains are federated; emergency accounts go to the initial domain.
    SomeFederated,
    /// Several registrations carry our name and tag; the oldest listed is used.
    Duplicates {
        /// How many.
        count: usize,
    },
    /// A fact could not be read (permission or licence missing).
    Unread {
        /// Stable name of the fact: `licences`, `security-defaults`, `conditional-access`.
        fact: &'static str,
    },
}

/// Something found on the registration that is not ours. Set-up refuses, by name, before it changes anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Surprise {
    /// A certificate that the vault does not know. Removed only when [`super::RunOptions::remove_strangers`] says so.
    StrangeCertificate {
        /// Its name in the tenant; may hold any text.
        name: String,
        /// Hexadecimal thumbprint or id, as far as the tenant tells.
        thumbprint: String,
    },
    /// A secret; ours has none. Removed only when told.
    Secret {
        /// Its name in the tenant; may hold any text.
        name: String,
    },
    /// A permission that was granted and that we do not ask for. Never removed by us.
    ExtraPermission {
        /// Name or id.
        permission: String,
    },
    /// A directory role beyond the one we ask for. Never removed by us.
    ExtraRole {
        /// Role id.
        role: String,
    },
    /// The registration serves other tenants too. Never changed by us.
    Audience {
        /// What it says.
        audience: String,
    },
    /// The registration has an owner, who can add certificates to it. Never removed by us.
    Owner {
        /// Object id or name.
        owner: String,
    },
}

/// What [`super::run`] would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The tenant.
    pub tenant: TenantFacts,
    /// Every step in order.
    pub steps: Vec<PlannedStep>,
    /// What stops it.
    pub surprises: Vec<Surprise>,
    /// What does not.
    pub warnings: Vec<Warning>,
    pub(super) request_tag: String,
    pub(super) found: Option<(ApplicationId, ClientId)>,
    pub(super) principal: Option<ServicePrincipalId>,
}

/// Finds out what a set-up would do. Reads only.
pub async fn plan(session: &AdminSession, request: &PlanRequest) -> Result<Plan, SetupError> { unimplemented!() }
