//! What a set-up would do, found out by reads alone.

use super::APP_NAME;
use super::error::SetupError;
use super::permission::{PERMISSIONS, Permission, ROLE_NAME};
use crate::graph::{
    APPLICATION_ADMINISTRATOR, AppRoleAssignment, Application, ConditionalAccessPolicy, GLOBAL_ADMINISTRATOR,
    GRAPH_APP, Graph, GraphError, GraphErrorKind, KeyCredential, PRIVILEGED_AUTHENTICATION_ADMINISTRATOR,
    PRIVILEGED_ROLE_ADMINISTRATOR, RoleAssignment, ServicePrincipal,
};
use crate::id::{ServicePrincipalId, TenantId};
use crate::oauth::AdminSession;
use data_encoding::HEXLOWER;

/// What to plan for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanRequest {
    /// Binds the registration to this vault and organization: letters, digits, dashes, at most 64. A second vault that
    /// connects the same tenant gets a registration of its own.
    pub tag: String,
    /// SHA-256 thumbprints of certificates that the vault knows to be its own.
    pub known_certificates: Vec<[u8; 32]>,
    /// The present certificate has ended or is about to: a new one will be added beside those that are listed.
    pub renews_certificate: bool,
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
    pub(super) request: PlanRequest,
}

impl Surprise {
    /// Whether [`super::RunOptions::remove_strangers`] covers it.
    pub fn removable(&self) -> bool {
        matches!(self, Self::StrangeCertificate { .. } | Self::Secret { .. })
    }

    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::StrangeCertificate { .. } => "surprise.strange-certificate",
            Self::Secret { .. } => "surprise.secret",
            Self::ExtraPermission { .. } => "surprise.extra-permission",
            Self::ExtraRole { .. } => "surprise.extra-role",
            Self::Audience { .. } => "surprise.audience",
        }
    }
}

/// What there is of the connection in the tenant.
pub(super) struct Found {
    pub(super) application: Option<Application>,
    pub(super) principal: Option<ServicePrincipalId>,
    pub(super) grants: Vec<AppRoleAssignment>,
    pub(super) roles: Vec<RoleAssignment>,
    /// Microsoft Graph's own service principal, with what it offers.
    pub(super) graph: ServicePrincipal,
    pub(super) count: usize,
}

/// Finds out what a set-up would do. Reads only.
pub async fn plan(session: &AdminSession, request: &PlanRequest) -> Result<Plan, SetupError> {
    let request = PlanRequest { tag: checked_tag(&request.tag)?.to_owned(), ..request.clone() };
    let graph = session.graph();
    let mut warnings = Vec::new();
    let tenant = tenant(session, &mut warnings).await?;
    let roles = graph.roles_of(session.user_id()).await?;
    let holds = |role| roles.contains(&role);
    // Consent to application permissions and assigning roles take the one, creating the registration the other.
    let may = holds(GLOBAL_ADMINISTRATOR) || (holds(PRIVILEGED_ROLE_ADMINISTRATOR) && holds(APPLICATION_ADMINISTRATOR));
    if !may {
        return Err(SetupError::RoleMissing);
    }
    let found = find(graph, &request.tag).await?;
    if found.count > 1 {
        warnings.push(Warning::Duplicates { count: found.count });
    }
    Ok(Plan { tenant, steps: steps(&found, &request), surprises: surprises(&found, &request), warnings, request })
}

async fn tenant(session: &AdminSession, warnings: &mut Vec<Warning>) -> Result<TenantFacts, SetupError> {
    let graph = session.graph();
    let organization = graph.organization().await?;
    if organization.id != session.tenant_id() {
        return Err(SetupError::OtherTenant);
    }
    let domains = graph.domains().await?;
    let managed = |kind: Option<&str>| kind.is_some_and(|k| k.eq_ignore_ascii_case("Managed"));
    let initial = domains
        .iter()
        .find(|d| d.is_initial == Some(true) && managed(d.authentication_type.as_deref()))
        .map(|d| d.id.clone())
        .ok_or(SetupError::FederatedOnly)?;
    let verified: Vec<_> = domains.iter().filter(|d| d.is_verified != Some(false)).collect();
    let default =
        verified.iter().find(|d| d.is_default == Some(true)).map_or_else(|| initial.clone(), |d| d.id.clone());
    let domains: Vec<_> = verified.iter().map(|d| (d.id.clone(), !managed(d.authentication_type.as_deref()))).collect();
    if domains.iter().any(|(_, federated)| *federated) {
        warnings.push(Warning::SomeFederated);
    }
    if organization.on_premises_sync_enabled == Some(true) {
        warnings.push(Warning::Synced);
    }
    let skus = readable(graph.subscribed_skus().await, "licences", warnings)?;
    let has = |plan: &str| {
        skus.iter()
            .flatten()
            .filter(|s| s.capability_status.as_deref() != Some("Suspended"))
            .any(|s| s.service_plans.iter().any(|p| p.service_plan_name.as_deref() == Some(plan)))
    };
    let premium = match (has("AAD_PREMIUM_P2"), has("AAD_PREMIUM")) {
        (true, _) => Premium::P2,
        (false, true) => Premium::P1,
        (false, false) => Premium::None,
    };
    let security_defaults = readable(graph.security_defaults().await, "security-defaults", warnings)?;
    // Conditional Access needs a licence; without one there is nothing to warn of.
    if premium != Premium::None {
        let policies = readable(graph.conditional_access_policies().await, "conditional-access", warnings)?;
        let blocking = policies.unwrap_or_default().into_iter().filter(ConditionalAccessPolicy::blocks_device_code);
        warnings.extend(blocking.map(|p| Warning::DeviceCodeBlocked { policy: p.display_name.unwrap_or(p.id) }));
    }
    Ok(TenantFacts {
        id: organization.id,
        name: organization.display_name.unwrap_or_default(),
        initial_domain: initial,
        default_domain: default,
        domains,
        premium,
        security_defaults,
    })
}

/// A fact that set-up can do without: missing permission or licence becomes a warning.
fn readable<T>(
    read: Result<T, GraphError>,
    fact: &'static str,
    warnings: &mut Vec<Warning>,
) -> Result<Option<T>, GraphError> {
    use GraphErrorKind::{LicenceMissing, PermissionOrRoleMissing, ServiceRefused};
    match read {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.kind(), PermissionOrRoleMissing | ServiceRefused | LicenceMissing) => {
            warnings.push(Warning::Unread { fact });
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

pub(super) fn label(tag: &str) -> String {
    format!("vitrine:{tag}")
}

pub(super) async fn find(graph: Graph<'_>, tag: &str) -> Result<Found, SetupError> {
    let resource = graph.service_principal_of(GRAPH_APP).await?.ok_or(SetupError::StillReplicating)?;
    let wanted = label(tag);
    let mut ours: Vec<_> = graph.applications_named(APP_NAME).await?;
    ours.retain(|a| a.tags.contains(&wanted));
    ours.sort_by(|a, b| (&a.created_date_time, a.id).cmp(&(&b.created_date_time, b.id)));
    let mut found = Found {
        application: None,
        principal: None,
        grants: Vec::new(),
        roles: Vec::new(),
        graph: resource,
        count: ours.len(),
    };
    let Some(first) = ours.into_iter().next() else {
        return Ok(found);
    };
    // Asked for by itself: only then does the tenant give the certificates whole.
    let application = match graph.application(first.id).await {
        Err(error) if error.kind() == GraphErrorKind::Absent => first,
        other => other?,
    };
    if let Some(principal) = graph.service_principal_of(application.app_id).await? {
        found.grants = match graph.granted_permissions(principal.id).await {
            Err(error) if error.kind() == GraphErrorKind::Absent => Vec::new(),
            other => other?,
        };
        found.roles = graph.role_assignments_of(principal.id).await?;
        found.principal = Some(principal.id);
    }
    found.application = Some(application);
    Ok(found)
}

impl Found {
    pub(super) fn granted(&self, permission: &Permission) -> bool {
        self.grants.iter().any(|g| g.app_role_id == permission.id && g.resource_id == self.graph.id)
    }

    pub(super) fn has_role(&self) -> bool {
        self.roles.iter().any(|r| r.gives(PRIVILEGED_AUTHENTICATION_ADMINISTRATOR))
    }
}

fn steps(found: &Found, request: &PlanRequest) -> Vec<PlannedStep> {
    let keys = found.application.as_ref().map_or(&[][..], |a| &a.key_credentials);
    let known = |k: &KeyCredential| k.thumbprint().is_some_and(|t| request.known_certificates.contains(&t));
    let certificate = !request.renews_certificate && keys.iter().any(known);
    let step = |kind, why, reason, exists| PlannedStep { kind, grant: None, why, reason, exists };
    let mut steps = vec![
        step(
            StepKind::Application,
            "setup.application",
            "An app registration of this tenant alone, so that nothing is shared with other customers.",
            found.application.is_some(),
        ),
        step(
            StepKind::Certificate,
            "setup.certificate",
            "A certificate made on this machine; its key never leaves the vault.",
            certificate,
        ),
        step(
            StepKind::ServicePrincipal,
            "setup.service-principal",
            "The app's presence in the tenant, which holds what it is granted.",
            found.principal.is_some(),
        ),
    ];
    steps.extend(PERMISSIONS.iter().map(|p| PlannedStep {
        kind: StepKind::Permission(p),
        grant: Some(Grant::Permission(p.name)),
        why: p.why,
        reason: p.reason,
        exists: found.granted(p),
    }));
    steps.push(PlannedStep {
        kind: StepKind::Role,
        grant: Some(Grant::Role(ROLE_NAME)),
        why: "setup.role",
        reason: "Without this role Microsoft refuses to reset the password of a Global Administrator.",
        exists: found.has_role(),
    });
    steps
}

fn surprises(found: &Found, request: &PlanRequest) -> Vec<Surprise> {
    let mut surprises = Vec::new();
    let Some(application) = &found.application else {
        return surprises;
    };
    if application.sign_in_audience.as_deref().is_some_and(|a| a != "AzureADMyOrg") {
        surprises.push(Surprise::Audience { audience: application.sign_in_audience.clone().unwrap_or_default() });
    }
    for key in &application.key_credentials {
        let thumbprint = key.thumbprint();
        if !thumbprint.is_some_and(|t| request.known_certificates.contains(&t)) {
            let id = || key.key_id.map(|k| k.to_string()).unwrap_or_default();
            surprises.push(Surprise::StrangeCertificate {
                name: key.display_name.clone().unwrap_or_default(),
                thumbprint: thumbprint.map_or_else(id, |t| HEXLOWER.encode(&t)),
            });
        }
    }
    for secret in &application.password_credentials {
        surprises.push(Surprise::Secret { name: secret.display_name.clone().unwrap_or_default() });
    }
    for grant in &found.grants {
        let ours = grant.resource_id == found.graph.id && PERMISSIONS.iter().any(|p| p.id == grant.app_role_id);
        if !ours {
            let offered =
                found.graph.app_roles.iter().find(|r| r.id == grant.app_role_id).and_then(|r| r.value.clone());
            let permission = offered.unwrap_or_else(|| grant.app_role_id.to_string());
            surprises.push(Surprise::ExtraPermission { permission });
        }
    }
    let strange = found.roles.iter().filter(|r| !r.gives(PRIVILEGED_AUTHENTICATION_ADMINISTRATOR));
    surprises.extend(strange.map(|r| Surprise::ExtraRole { role: r.role_definition_id.clone() }));
    surprises
}

fn checked_tag(tag: &str) -> Result<&str, SetupError> {
    let fits = (1..=64).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if fits { Ok(tag) } else { Err(SetupError::Tag) }
}
