//! Doing what the plan shows, each step found or created.

use super::error::SetupError;
use super::permission::{PERMISSIONS, Permission};
use super::plan::{Found, Plan, PlanRequest, StepKind, Surprise, find, label, plan as plan_now};
use super::{APP_NAME, settle};
use crate::certificate::Certificate;
use crate::clock::Clock;
use crate::connection::ConnectionRecord;
use crate::graph::{
    Application, Graph, GraphError, GraphErrorKind, KeyCredential, NewApplication, NewKey, Owner,
    PRIVILEGED_AUTHENTICATION_ADMINISTRATOR, ServicePrincipal,
};
use crate::id::{PermissionId, ServicePrincipalId, UserId};
use crate::oauth::AdminSession;

/// What [`run`] may do beyond adding.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RunOptions {
    /// Remove certificates and secrets that the vault does not know from our registration, after they were shown.
    pub remove_strangers: bool,
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepState {
    /// Begun.
    Started,
    /// Was there already.
    Exists,
    /// Created now.
    Created,
    /// Created, and waited for until the tenant shows it.
    Waiting,
}

/// One line of progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Which step.
    pub step: StepKind,
    /// How far.
    pub state: StepState,
}

/// Finds or creates each step. The certificate must be durable in the vault before this is called: from then on the
/// tenant knows it. Ends when every grant is visible in the tenant; [`super::check`] then proves them.
///
/// Looks again before it writes: what changed since the plan was shown counts, and a new surprise stops it.
pub async fn run(
    session: &AdminSession,
    plan: &Plan,
    certificate: &Certificate,
    options: RunOptions,
    progress: impl FnMut(Progress) + Send,
) -> Result<ConnectionRecord, SetupError> {
    if plan.tenant.id != session.tenant_id() {
        return Err(SetupError::OtherTenant);
    }
    let mut known = plan.request.known_certificates.clone();
    known.push(certificate.thumbprint());
    let request = PlanRequest { known_certificates: known, ..plan.request.clone() };
    let now = plan_now(session, &request).await?;
    // Only what was shown may be removed: a stranger that came since then is shown first.
    let stops = |s: &&Surprise| !(options.remove_strangers && s.removable() && plan.surprises.contains(s));
    let stopping: Vec<_> = now.surprises.iter().filter(stops).cloned().collect();
    if !stopping.is_empty() {
        return Err(SetupError::Surprises(stopping));
    }
    let graph = session.graph();
    let found = find(graph, &request.tag).await?;
    for permission in PERMISSIONS {
        offered(&found, permission)?;
    }
    let mut run = Run { graph, clock: session.http().clock(), request: &request, certificate, progress };
    let application = run.application(&found).await?;
    let principal = run.principal(&application, found.principal).await?;
    run.permissions(&found, principal).await?;
    let role = run.role(&found, principal).await?;
    run.visible(principal).await?;
    run.tell(StepKind::Role, role);
    run.disown(&found, &application, principal, session.user_id()).await;
    Ok(ConnectionRecord {
        cloud: session.cloud().clone(),
        tenant_id: now.tenant.id,
        tenant_name: now.tenant.name,
        default_domain: now.tenant.default_domain,
        initial_domain: now.tenant.initial_domain,
        client_id: application.app_id,
        application_id: application.id,
        service_principal_id: principal,
    })
}

struct Run<'a, P> {
    graph: Graph<'a>,
    clock: &'a dyn Clock,
    request: &'a PlanRequest,
    certificate: &'a Certificate,
    progress: P,
}

impl<P: FnMut(Progress) + Send> Run<'_, P> {
    fn tell(&mut self, step: StepKind, state: StepState) {
        (self.progress)(Progress { step, state });
    }

    async fn application(&mut self, found: &Found) -> Result<Application, SetupError> {
        self.tell(StepKind::Application, StepState::Started);
        if let Some(application) = &found.application {
            self.tell(StepKind::Application, StepState::Exists);
            self.certificate_on(application).await?;
            return Ok(application.clone());
        }
        let permissions: Vec<PermissionId> = PERMISSIONS.iter().map(|p| p.id).collect();
        let tag = label(&self.request.tag);
        let new = NewApplication {
            display_name: APP_NAME,
            tag: &tag,
            certificate: self.certificate,
            permissions: &permissions,
        };
        let created = match self.graph.create_application(&new).await {
            // The answer was lost: it may be there. Looked for before it is made a second time.
            Err(error) if error.outcome_unknown() => {
                self.tell(StepKind::Application, StepState::Waiting);
                let (graph, tag) = (self.graph, &self.request.tag);
                let seen =
                    settle(self.clock, || async move { Ok::<_, SetupError>(find(graph, tag).await?.application) })
                        .await?;
                match seen {
                    Some(application) => application,
                    None => return Err(SetupError::StillReplicating),
                }
            }
            other => other?,
        };
        self.tell(StepKind::Application, StepState::Created);
        self.tell(StepKind::Certificate, StepState::Created);
        Ok(created)
    }

    /// Puts our certificate in beside the known ones; what is unknown was refused before, or may be removed by now.
    async fn certificate_on(&mut self, application: &Application) -> Result<(), SetupError> {
        self.tell(StepKind::Certificate, StepState::Started);
        for secret in application.password_credentials.iter().filter_map(|s| s.key_id) {
            self.graph.remove_secret(application.id, secret).await?;
        }
        let known =
            |key: &&KeyCredential| key.thumbprint().is_some_and(|t| self.request.known_certificates.contains(&t));
        let mut keys: Vec<_> = application.key_credentials.iter().filter(known).map(kept).collect();
        let ours = |k: &KeyCredential| k.thumbprint() == Some(self.certificate.thumbprint());
        let there = application.key_credentials.iter().any(ours);
        if there && keys.len() == application.key_credentials.len() {
            self.tell(StepKind::Certificate, StepState::Exists);
            return Ok(());
        }
        if !there {
            keys.push(NewKey::of(self.certificate));
        }
        self.graph.replace_keys(application.id, &keys).await?;
        self.tell(StepKind::Certificate, StepState::Created);
        Ok(())
    }

    async fn principal(
        &mut self,
        application: &Application,
        found: Option<ServicePrincipalId>,
    ) -> Result<ServicePrincipalId, SetupError> {
        self.tell(StepKind::ServicePrincipal, StepState::Started);
        if let Some(principal) = found {
            self.tell(StepKind::ServicePrincipal, StepState::Exists);
            return Ok(principal);
        }
        let (graph, client) = (self.graph, application.app_id);
        let created: Option<ServicePrincipal> = settle(self.clock, || async move {
            match graph.create_service_principal(client).await {
                Ok(principal) => Ok(Some(principal)),
                // Not replicated yet, made by a lost answer, or there since just now: looked for, then tried again.
                Err(error) if error.outcome_unknown() || not_yet(&error) || error.kind() == GraphErrorKind::Exists => {
                    graph.service_principal_of(client).await
                }
                Err(error) => Err(error),
            }
        })
        .await?;
        let principal = created.ok_or(SetupError::StillReplicating)?.id;
        self.tell(StepKind::ServicePrincipal, StepState::Created);
        Ok(principal)
    }

    async fn permissions(&mut self, found: &Found, principal: ServicePrincipalId) -> Result<(), SetupError> {
        for permission in PERMISSIONS {
            let step = StepKind::Permission(permission);
            self.tell(step, StepState::Started);
            if found.granted(permission) {
                self.tell(step, StepState::Exists);
                continue;
            }
            let (graph, resource) = (self.graph, found.graph.id);
            let granted = settle(self.clock, || async move {
                match graph.grant_permission(principal, resource, permission.id).await {
                    Ok(()) => Ok(Some(())),
                    Err(error)
                        if error.outcome_unknown() || not_yet(&error) || error.kind() == GraphErrorKind::Exists =>
                    {
                        let grants = listed(graph.granted_permissions(principal).await)?;
                        Ok(grants.iter().any(|g| g.app_role_id == permission.id).then_some(()))
                    }
                    Err(error) => Err(error),
                }
            })
            .await?;
            granted.ok_or(SetupError::StillReplicating)?;
            self.tell(step, StepState::Created);
        }
        Ok(())
    }

    /// The last step: told as done only when the tenant shows it, see [`Run::visible`].
    async fn role(&mut self, found: &Found, principal: ServicePrincipalId) -> Result<StepState, SetupError> {
        self.tell(StepKind::Role, StepState::Started);
        if found.has_role() {
            return Ok(StepState::Exists);
        }
        assign(self.graph, self.clock, principal).await?;
        Ok(StepState::Created)
    }

    /// An owner may put keys in, and stays one when the admin role is gone. Where the tenant made whoever signed in an
    /// owner of what was created now, that is taken back; where it refuses, the daily look shows the owner.
    async fn disown(&self, found: &Found, application: &Application, principal: ServicePrincipalId, me: UserId) {
        let (graph, me) = (self.graph, me.to_string());
        let refused = |error: GraphError| tracing::warn!(code = error.code(), "who connects may still be an owner");
        let owns = |owners: Result<Vec<Owner>, GraphError>| match owners {
            Ok(owners) => owners.iter().any(|owner| owner.id == me),
            Err(error) => {
                refused(error);
                false
            }
        };
        if found.application.is_none() && owns(graph.owners_of_application(application.id).await) {
            graph.remove_application_owner(application.id, &me).await.unwrap_or_else(refused);
        }
        if found.principal.is_none() && owns(graph.owners_of_principal(principal).await) {
            graph.remove_principal_owner(principal, &me).await.unwrap_or_else(refused);
        }
    }

    /// A consent proves nothing until the tenant lists it.
    async fn visible(&mut self, principal: ServicePrincipalId) -> Result<(), SetupError> {
        self.tell(StepKind::Role, StepState::Waiting);
        let graph = self.graph;
        let seen = settle(self.clock, || async move {
            let grants = listed(graph.granted_permissions(principal).await)?;
            let roles = listed(graph.role_assignments_of(principal).await)?;
            let all = PERMISSIONS.iter().all(|p| grants.iter().any(|g| g.app_role_id == p.id))
                && roles.iter().any(|r| r.gives(PRIVILEGED_AUTHENTICATION_ADMINISTRATOR));
            Ok::<_, GraphError>(all.then_some(()))
        })
        .await?;
        seen.ok_or(SetupError::StillReplicating)
    }
}

/// What stays in a list that is replaced: named by its id, without the certificate, so that one which has ended meanwhile
/// is not judged as a new one.
pub(crate) fn kept(key: &KeyCredential) -> KeyCredential {
    KeyCredential { key: key.key_id.is_none().then(|| key.key.clone()).flatten(), ..key.clone() }
}

async fn assign(graph: Graph<'_>, clock: &dyn Clock, principal: ServicePrincipalId) -> Result<(), SetupError> {
    let assigned = settle(clock, || async move {
        match graph.assign_role(principal, PRIVILEGED_AUTHENTICATION_ADMINISTRATOR).await {
            Ok(_) => Ok(Some(())),
            // "Already assigned" comes as a 400 without a code of its own: the list decides.
            Err(error) if error.outcome_unknown() || not_yet(&error) || error.kind() == GraphErrorKind::Exists => {
                let roles = graph.role_assignments_of(principal).await?;
                Ok(roles.iter().any(|r| r.gives(PRIVILEGED_AUTHENTICATION_ADMINISTRATOR)).then_some(()))
            }
            Err(error) => Err(error),
        }
    })
    .await?;
    assigned.ok_or(SetupError::StillReplicating)
}

/// Refusals that only mean that something created before has not arrived everywhere.
pub(crate) fn not_yet(error: &GraphError) -> bool {
    matches!(error.kind(), GraphErrorKind::Absent | GraphErrorKind::Invalid | GraphErrorKind::Concurrency)
}

/// A list of something that has not arrived yet is empty.
fn listed<T>(list: Result<Vec<T>, GraphError>) -> Result<Vec<T>, GraphError> {
    match list {
        Err(error) if error.kind() == GraphErrorKind::Absent => Ok(Vec::new()),
        other => other,
    }
}

fn offered(found: &Found, permission: &Permission) -> Result<(), SetupError> {
    // A tenant whose Graph lists nothing at all hides the list; then the grant itself will tell.
    let roles = &found.graph.app_roles;
    let offers = |r: &crate::graph::AppRole| r.id == permission.id && r.is_enabled != Some(false);
    if roles.is_empty() || roles.iter().any(offers) {
        Ok(())
    } else {
        Err(SetupError::PermissionNotOffered { permission: permission.name })
    }
}
