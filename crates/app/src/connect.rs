//! Connecting an organization's tenant: an admin signs in once, sees which tenant was found and what will be created,
//! and says yes; then the connection stands on its own certificate and the admin's session is dropped.
//!
//! One flow per organization, in memory only. What a flow leaves in the tenant is found again by the next one.

use crate::api::*;
use crate::error::{Error, Result};
use crate::failpoint::point;
use crate::journal::Change;
use crate::records::{self, key, organization_text, parse_organization};
use crate::session::Session;
use crate::{App, certificates, client_id, lock, organizations, refusals};
use qrcode::{Color, QrCode};
use std::str::FromStr;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use vitrine_entra::http::Http;
use vitrine_entra::oauth::{self, AdminSession, Asks, Authority, SignInError, SignInErrorKind};
use vitrine_entra::setup::{self, Plan, StepKind};
use vitrine_entra::{ClientId, Connection, TenantId};
use vitrine_vault::items::ConnectionItem;

/// A sign-in and set-up under way.
pub(crate) struct Flow {
    phase: ConnectPhase,
    purpose: SignInPurpose,
    how: How,
    /// What a policy of the tenant asked of the next sign-in (claims challenge).
    asked: Option<String>,
    admin: Option<Arc<AdminSession>>,
    plan: Option<Arc<Plan>>,
    cancel: CancellationToken,
}

/// How the admin signs in, kept for a second time.
#[derive(Clone)]
struct How {
    route: SignInRoute,
    authority: Authority,
    client: ClientId,
    asks: Asks,
}

pub(crate) async fn start(app: &App, request: ConnectRequest) -> Result<ConnectView> {
    let id = parse_organization(&request.organization)?;
    let row = organizations::load(app, &id).await?;
    let session = app.session().await?;
    let client = client_id::configured(app)?;
    let authority = match &row.tenant {
        Some(tenant) => Authority::Tenant(TenantId::from_str(&tenant.id).map_err(|_| damaged_tenant())?),
        None => Authority::Organizations,
    };
    if request.purpose != SignInPurpose::Connect && row.tenant.is_none() {
        return Err(not_connected());
    }
    let cancel = session.stop.child_token();
    let asks = match request.purpose {
        SignInPurpose::Strangers => Asks::SignInMethods,
        SignInPurpose::Connect | SignInPurpose::Accounts => Asks::Usual,
    };
    let how = How { route: request.route, authority, client, asks };
    let flow = Flow {
        phase: ConnectPhase::Starting,
        purpose: request.purpose,
        how: how.clone(),
        asked: None,
        admin: None,
        plan: None,
        cancel: cancel.clone(),
    };
    // What the tenant asked for when the sign-in before was not enough is asked of this one.
    let mut asked = None;
    if let Some(mut old) = lock(&app.inner.connects).insert(organization_text(&id), flow) {
        old.cancel.cancel();
        asked = old.asked.take();
    }
    let (this, own) = (app.clone(), session.clone());
    own.spawn(async move {
        cancel.run_until_cancelled(begin(&this, &session, &id, &how, asked)).await;
    });
    Ok(view(app, &id, row.name))
}

/// From the sign-in to what a person is asked next. Where a policy of the tenant asks for more only after the sign-in,
/// that is repeated with what it asks for; once, so that policies no sign-in can satisfy end in a message.
async fn begin(app: &App, session: &Session, id: &[u8; 32], how: &How, mut asked: Option<String>) {
    loop {
        let claims = asked.take();
        let found = async {
            let admin = sign_in(app, session, id, how, claims.as_deref()).await?;
            look(app, session, id, admin).await
        };
        let Err(error) = found.await else { return };
        match refusals::claims(&error).filter(|_| claims.is_none()) {
            Some(more) => ask_again(app, id, &mut asked, more),
            None => return fail(app, id, error),
        }
    }
}

fn ask_again(app: &App, id: &[u8; 32], asked: &mut Option<String>, claims: String) {
    // A flow that was cancelled meanwhile asks nothing.
    let _ = with_flow(app, id, |flow| {
        (flow.admin, flow.plan, flow.asked) = (None, None, Some(claims.clone()));
        flow.phase = ConnectPhase::Starting;
    });
    *asked = Some(claims);
    tell(app, id);
}

/// Keeps what a policy asked for when the admin's session was not enough: the next sign-in carries it.
pub(crate) fn ask_more(app: &App, id: &[u8; 32], error: &Error) {
    if let Some(claims) = refusals::claims(error) {
        let _ = with_flow(app, id, |flow| (flow.admin, flow.asked) = (None, Some(claims)));
    }
}

/// How the sign-in ends is the last word on the client id, too.
async fn sign_in(app: &App, session: &Session, id: &[u8; 32], how: &How, claims: Option<&str>) -> Result<AdminSession> {
    let (http, cancel) = (session.http()?, flow_token(app, id)?);
    let ended = wait_for_admin(app, &http, id, how, claims, cancel).await;
    client_id::signed_in(app, how.client, &ended);
    ended.map_err(|error| {
        refusals::of_sign_in(error, &oauth::admin_consent_page(&app.config().cloud, &how.authority, how.client))
    })
}

async fn wait_for_admin(
    app: &App,
    http: &Http,
    id: &[u8; 32],
    how: &How,
    claims: Option<&str>,
    cancel: CancellationToken,
) -> Result<AdminSession, SignInError> {
    let config = app.config();
    let How { route, authority, client, asks } = how;
    match route {
        SignInRoute::Browser => {
            let waiting = oauth::start_browser(http, &config.cloud, authority, *client, claims, *asks).await?;
            set_phase(app, id, ConnectPhase::WaitingForBrowser { url: waiting.authorize_url().to_string() });
            waiting.finish(cancel.cancelled_owned()).await
        }
        SignInRoute::DeviceCode => loop {
            let waiting = oauth::start_device_code(http, &config.cloud, authority, *client, claims, *asks).await?;
            let lifetime = u64::try_from(waiting.lifetime().as_millis()).unwrap_or(0);
            set_phase(
                app,
                id,
                ConnectPhase::WaitingForCode {
                    user_code: waiting.user_code().to_owned(),
                    verification_uri: waiting.verification_uri().to_owned(),
                    qr: qr(waiting.verification_uri()),
                    expires_at: Time(app.now_ms().saturating_add(lifetime)),
                },
            );
            match waiting.finish(|_| {}, cancel.clone().cancelled_owned()).await {
                // Nobody typed it in time: a person who is still here gets a new one.
                Err(error) if error.kind() == SignInErrorKind::CodeExpired => {}
                ended => return ended,
            }
        },
    }
}

/// Signed in: finds out by reads alone which tenant this is and what would be created.
async fn look(app: &App, session: &Session, id: &[u8; 32], admin: AdminSession) -> Result<()> {
    let row = organizations::load(app, id).await?;
    let admin = Arc::new(admin);
    let tenant_id = admin.tenant_id().to_string();
    if let Some(known) = row.tenant.as_ref().filter(|known| known.id != tenant_id) {
        return Err(Error::new(
            ErrorClass::Refused,
            "connect.other-tenant",
            format!("This sign-in belongs to another tenant than {}.", known.name),
            format!("Sign in as an admin of {}.", known.domain),
        )
        .holds("Nothing was changed in either tenant."));
    }
    refuse_connected_elsewhere(app, id, &tenant_id).await?;
    let item = connection_item(app, session, &row).await?;
    let request = setup::PlanRequest {
        tag: tag(id),
        known_certificates: item.iter().flat_map(ConnectionItem::certificates).map(certificates::thumbprint).collect(),
        renews_certificate: item
            .is_some_and(|item| item.pending.is_some() || certificates::is_ending(app, item.certificate.not_after_ms)),
    };
    let plan = setup::plan(&admin, &request).await?;
    let tenant = found(&plan);
    let signed_in_as = admin.user_name().to_owned();
    let phase = match (with_flow(app, id, |flow| flow.purpose)?, row.tenant.is_some()) {
        (SignInPurpose::Accounts | SignInPurpose::Strangers, _) => ConnectPhase::SignedIn { tenant, signed_in_as },
        (SignInPurpose::Connect, _) => ConnectPhase::ConfirmTenant { tenant, signed_in_as },
    };
    with_flow(app, id, |flow| {
        flow.admin = Some(admin);
        flow.plan = Some(Arc::new(plan));
        flow.phase = phase;
    })?;
    tell(app, id);
    Ok(())
}

async fn refuse_connected_elsewhere(app: &App, id: &[u8; 32], tenant_id: &str) -> Result<()> {
    let other = app.inner.store.index_value(&key::tenant(tenant_id)).await?;
    let Some(other) = other.filter(|other| other.as_slice() != id) else { return Ok(()) };
    let other = other.as_slice().try_into().map_err(|_| damaged_tenant())?;
    let name = organizations::load(app, &other).await?.name;
    Err(Error::new(
        ErrorClass::Refused,
        "connect.tenant-in-use",
        format!("This tenant is already connected to {name}."),
        format!("Open {name}, or sign in to another tenant."),
    )
    .holds("Nothing was changed in the tenant."))
}

pub(crate) async fn status(app: &App, request: ConnectStatusRequest) -> Result<ConnectView> {
    let id = parse_organization(&request.organization)?;
    let row = organizations::load(app, &id).await?;
    Ok(view(app, &id, row.name))
}

pub(crate) async fn open_sign_in(app: &App, request: OpenSignInRequest) -> Result<Done> {
    let id = parse_organization(&request.organization)?;
    let address = match with_flow(app, &id, |flow| flow.phase.clone())? {
        ConnectPhase::WaitingForBrowser { url } => url,
        ConnectPhase::WaitingForCode { verification_uri, .. } => verification_uri,
        _ => return Err(out_of_order()),
    };
    open(&address)?;
    Ok(Done {})
}

/// Opens a page in the person's browser. Only web addresses, so that nothing else is ever started by one.
pub(crate) fn open(address: &str) -> Result<()> {
    let web = url::Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
    let opened = if web { open::that_detached(address) } else { Err(std::io::ErrorKind::InvalidInput.into()) };
    opened.map_err(|error| {
        Error::machine(
            "browser.not-opened",
            "The browser could not be opened.",
            "Copy the address and open it yourself.",
        )
        .because(error)
    })
}

pub(crate) async fn copy_device_code(app: &App, request: CopyDeviceCodeRequest) -> Result<Done> {
    let id = parse_organization(&request.organization)?;
    let ConnectPhase::WaitingForCode { user_code, .. } = with_flow(app, &id, |flow| flow.phase.clone())? else {
        return Err(out_of_order());
    };
    app.inner.clipboard.copy_plain(&user_code)?;
    Ok(Done {})
}

pub(crate) async fn confirm_tenant(app: &App, request: ConfirmTenantRequest) -> Result<ConnectView> {
    let id = parse_organization(&request.organization)?;
    let row = organizations::load(app, &id).await?;
    with_flow(app, &id, |flow| {
        let (ConnectPhase::ConfirmTenant { .. }, Some(plan)) = (&flow.phase, &flow.plan) else {
            return Err(out_of_order());
        };
        let tenant = found(plan);
        if tenant.id != request.tenant_id {
            return Err(Error::usage(
                "connect.not-the-tenant-shown",
                "This is not the tenant that was shown.",
                "Look at the tenant again.",
            ));
        }
        let notices = plan.warnings.iter().map(crate::words::warning).collect();
        flow.phase = ConnectPhase::Plan { tenant, steps: planned(plan), notices };
        Ok(())
    })??;
    tell(app, &id);
    Ok(view(app, &id, row.name))
}

pub(crate) async fn apply(app: &App, request: ApplyPlanRequest) -> Result<ConnectView> {
    let id = parse_organization(&request.organization)?;
    let row = organizations::load(app, &id).await?;
    let session = app.session().await?;
    let (admin, plan, cancel, how) = with_flow(app, &id, |flow| {
        let (ConnectPhase::Plan { tenant, steps, .. }, Some(plan), Some(admin)) =
            (&flow.phase, &flow.plan, &flow.admin)
        else {
            return Err(out_of_order());
        };
        let working = ConnectPhase::Working { tenant: tenant.clone(), steps: steps.clone() };
        let taken = (admin.clone(), plan.clone(), flow.cancel.clone(), flow.how.clone());
        flow.phase = working;
        Ok(taken)
    })??;
    tell(app, &id);
    let this = app.clone();
    let own = session.clone();
    own.spawn(async move {
        let work = async {
            let Err(error) = Box::pin(set_up(&this, &session, &id, &admin, &plan)).await else { return };
            // What was created is found again; the person agrees once more to what is left.
            match refusals::claims(&error) {
                Some(claims) => {
                    let mut asked = None;
                    ask_again(&this, &id, &mut asked, claims);
                    begin(&this, &session, &id, &how, asked).await;
                }
                None => fail(&this, &id, error),
            }
        };
        cancel.run_until_cancelled(work).await;
    });
    Ok(view(app, &id, row.name))
}

/// Certificate first into the vault, then into the tenant: from the moment the tenant knows it, it must not be lost. One
/// that has ended or is about to is replaced in the order of a rotation: the new one added, listed and proved by a
/// sign-in, then the old one removed.
async fn set_up(app: &App, session: &Arc<Session>, id: &[u8; 32], admin: &AdminSession, plan: &Plan) -> Result<()> {
    let row = organizations::load(app, id).await?;
    let item = connection_item(app, session, &row).await?;
    let made = certificates::for_set_up(app, session, id, item.as_ref()).await?;
    let proved = made.thumbprint();
    let known = item.iter().flat_map(ConnectionItem::certificates).map(certificates::thumbprint);
    let replaced: Vec<[u8; 32]> = known.filter(|thumbprint| *thumbprint != proved).collect();
    drop(item);
    let record = setup::run(admin, plan, &made, setup::RunOptions::default(), |progress| {
        let state = match progress.state {
            setup::StepState::Started | setup::StepState::Waiting => StepState::Running,
            setup::StepState::Exists => StepState::Exists,
            setup::StepState::Created => StepState::Created,
        };
        // A flow that is gone needs no progress.
        let _ = with_flow(app, id, |flow| {
            if let ConnectPhase::Working { steps, .. } = &mut flow.phase
                && let Some(step) =
                    plan.steps.iter().position(|step| step.kind == progress.step).and_then(|n| steps.get_mut(n))
            {
                step.state = state;
            }
        });
        tell(app, id);
    })
    .await?;
    let key_id = setup::listed_certificate(admin, &record, proved).await?;
    point!("connect.made");
    let connection = Connection::new(&session.http()?, record.clone(), made);
    let checks = setup::check(&connection).await?;
    let check = crate::words::connection_check(&checks, app.now_ms());
    let good = check.verdict == Verdict::Good;
    point!("connect.checked");

    let mut change = Change::begin(app, session).await?;
    let place = key::tenant(&record.tenant_id.to_string());
    // It was free when the admin signed in, but another organization may have been faster since.
    if change.tx.index_value(&place).await?.is_some_and(|other| other.as_slice() != id) {
        drop(change);
        let refused = refuse_connected_elsewhere(app, id, &record.tenant_id.to_string()).await;
        let error = refused.err().unwrap_or_else(out_of_order);
        return Err(error.holds("The tenant has a second app registration now, which nothing uses."));
    }
    let mut opened = change.open(id).await?;
    let mut item = change.connection(&opened).await?;
    records::set_record(&mut item, &record);
    certificates::promote(&mut item, &proved, key_id);
    certificates::put(&mut change, &mut opened, &item).await?;
    let name = opened.row.name.clone();
    opened.row.checked(check);
    opened.row.checks.retain(|check| check.check != HealthCheck::Certificate);
    change.tx.index_put(&place, id).await?;
    change.firm.tenant_connected = true;
    change.note(Action::TenantConnected, Some((id, &name)), None, Some(record.tenant_name.clone())).await?;
    change.save(opened).await?;
    change.commit().await?;
    point!("connect.after");
    if !replaced.is_empty() {
        // The connection stands. What could not be removed now is removed by the connection itself, or ends.
        match setup::remove_certificates(admin, &record, &replaced).await {
            Ok(()) => certificates::forget_previous(app, session, id).await?,
            Err(error) => tracing::warn!(code = error.code(), "a replaced certificate is still listed"),
        }
    }

    with_flow(app, id, |flow| {
        flow.asked = None;
        let steps = match &flow.phase {
            ConnectPhase::Working { steps, .. } => steps.clone(),
            _ => Vec::new(),
        };
        flow.phase = ConnectPhase::Connected { tenant: found(plan), steps, session_alive: true };
    })?;
    if !good {
        tracing::warn!(code = "connect.check", "the connection stands, but not every permission was proved");
    }
    tell(app, id);
    app.tell(Event::OrganizationsChanged);
    Ok(())
}

pub(crate) async fn cancel(app: &App, request: CancelConnectRequest) -> Result<ConnectView> {
    let id = parse_organization(&request.organization)?;
    let row = organizations::load(app, &id).await?;
    stop(app, &id, row.tenant.is_some());
    tell(app, &id);
    Ok(view(app, &id, row.name))
}

/// Ends a flow and drops its session. One that leaves something in the tenant stays, to say what.
fn stop(app: &App, id: &[u8; 32], connected: bool) {
    let mut connects = lock(&app.inner.connects);
    let Some(mut flow) = connects.remove(&organization_text(id)) else { return };
    flow.cancel.cancel();
    if let Some(phase) = stopped(&flow.phase, connected) {
        (flow.admin, flow.plan, flow.asked) = (None, None, None);
        flow.phase = phase;
        connects.insert(organization_text(id), flow);
    }
}

/// What a set-up that is stopped now leaves in the tenant. Where one was only looked at, that is what an earlier one
/// left; a connection that stands is no leftover.
fn stopped(phase: &ConnectPhase, connected: bool) -> Option<ConnectPhase> {
    let (tenant, steps) = match phase {
        ConnectPhase::Working { tenant, steps } => (tenant, steps),
        ConnectPhase::Plan { tenant, steps, .. } if !connected => (tenant, steps),
        _ => return None,
    };
    let steps = steps.iter().map(|step| ConnectStep {
        // Asked for, and the answer is no longer waited for.
        state: if step.state == StepState::Running { StepState::Unclear } else { step.state },
        ..step.clone()
    });
    let steps: Vec<ConnectStep> = steps.collect();
    let something = steps.iter().any(|step| step.state != StepState::WillCreate);
    something.then(|| ConnectPhase::Stopped { tenant: tenant.clone(), steps })
}

/// The session of an admin who signed in for this organization, while it lives.
pub(crate) fn admin(app: &App, id: &[u8; 32]) -> Option<Arc<AdminSession>> {
    lock(&app.inner.connects).get(&organization_text(id)).and_then(|flow| flow.admin.clone())
}

/// Drops the admin's session and the flow: its work is done.
pub(crate) fn finish(app: &App, id: &[u8; 32]) {
    lock(&app.inner.connects).remove(&organization_text(id));
    tell(app, id);
}

/// Drops every flow and session; part of locking.
pub(crate) fn forget_all(app: &App) {
    for (_, flow) in lock(&app.inner.connects).drain() {
        flow.cancel.cancel();
    }
}

/// Where the flow of an organization stands, if there is one.
pub(crate) fn phase_of(app: &App, id: &[u8; 32]) -> Option<ConnectPhase> {
    lock(&app.inner.connects).get(&organization_text(id)).map(|flow| flow.phase.clone())
}

/// Whether the tenant of an organization is being set up at this moment.
pub(crate) fn is_setting_up(app: &App, id: &[u8; 32]) -> bool {
    matches!(phase_of(app, id), Some(ConnectPhase::Working { .. }))
}

/// Opens the connection's item, if set-up was begun.
pub(crate) async fn connection_item(
    app: &App,
    session: &Session,
    row: &records::Organization,
) -> Result<Option<ConnectionItem>> {
    let Some(item) = row.connection_item else { return Ok(None) };
    crate::journal::read_connection(app, session, row, &item).await.map(Some)
}

/// The live connection of an organization.
pub(crate) async fn connection(app: &App, session: &Session, row: &records::Organization) -> Result<Connection> {
    let item = connection_item(app, session, row).await?.ok_or_else(not_connected)?;
    let record = records::connection_record(&item, &app.config().cloud).ok_or_else(not_connected)?;
    Ok(Connection::new(&session.http()?, record, certificates::usable(&item.certificate)?))
}

fn found(plan: &Plan) -> FoundTenant {
    let tenant = &plan.tenant;
    FoundTenant {
        id: tenant.id.to_string(),
        name: tenant.name.clone(),
        domain: tenant.default_domain.clone(),
        initial_domain: tenant.initial_domain.clone(),
    }
}

fn planned(plan: &Plan) -> Vec<ConnectStep> {
    plan.steps
        .iter()
        .map(|step| ConnectStep {
            title: match step.kind {
                StepKind::Application => format!("App registration “{}”, for this tenant alone", setup::APP_NAME),
                StepKind::Certificate => "Certificate made on this machine".to_owned(),
                StepKind::ServicePrincipal => "Service principal of the app".to_owned(),
                StepKind::Permission(_) => "Permission".to_owned(),
                StepKind::Role => "Directory role for the app".to_owned(),
            },
            permission: step.grant.map(|grant| match grant {
                setup::Grant::Permission(name) | setup::Grant::Role(name) => name.to_owned(),
            }),
            why: step.reason.to_owned(),
            state: if step.exists { StepState::Exists } else { StepState::WillCreate },
        })
        .collect()
}

/// Names the registration after this organization's ledger, so that set-up finds its own again.
pub(crate) fn tag(id: &[u8; 32]) -> String {
    organization_text(id)[..32].to_owned()
}

fn qr(address: &str) -> Vec<Vec<bool>> {
    let Ok(code) = QrCode::new(address) else { return Vec::new() };
    let width = code.width().max(1);
    code.to_colors().chunks(width).map(|row| row.iter().map(|color| *color == Color::Dark).collect()).collect()
}

fn view(app: &App, id: &[u8; 32], organization_name: String) -> ConnectView {
    let phase = phase_of(app, id).unwrap_or(ConnectPhase::Idle);
    let stronger = with_flow(app, id, |flow| flow.asked.is_some()).unwrap_or(false);
    ConnectView { organization: organization_text(id), organization_name, phase, stronger_sign_in: stronger }
}

/// A flow that was stopped takes nothing any more: its task may have been past its last pause.
fn with_flow<T>(app: &App, id: &[u8; 32], act: impl FnOnce(&mut Flow) -> T) -> Result<T> {
    let mut connects = lock(&app.inner.connects);
    let flow = connects.get_mut(&organization_text(id)).filter(|flow| !flow.cancel.is_cancelled());
    flow.map(act).ok_or_else(out_of_order)
}

fn flow_token(app: &App, id: &[u8; 32]) -> Result<CancellationToken> {
    with_flow(app, id, |flow| flow.cancel.clone())
}

fn set_phase(app: &App, id: &[u8; 32], phase: ConnectPhase) {
    // A flow that was cancelled meanwhile has no phase.
    let _ = with_flow(app, id, |flow| flow.phase = phase);
    tell(app, id);
}

fn fail(app: &App, id: &[u8; 32], error: Error) {
    let asked = refusals::claims(&error);
    let _ = with_flow(app, id, |flow| {
        let steps = match &flow.phase {
            ConnectPhase::Working { steps, .. } => steps
                .iter()
                .map(|step| ConnectStep {
                    state: if step.state == StepState::Running { StepState::Failed } else { step.state },
                    ..step.clone()
                })
                .collect(),
            _ => Vec::new(),
        };
        (flow.admin, flow.asked) = (None, asked);
        flow.phase = ConnectPhase::Failed { error: error.into_view(), steps };
    });
    tell(app, id);
}

fn tell(app: &App, id: &[u8; 32]) {
    app.tell(Event::ConnectChanged { organization: organization_text(id) });
}

pub(crate) fn not_connected() -> Error {
    Error::usage("connect.not-connected", "No tenant is connected.", "Connect the organization's tenant first.")
}

fn out_of_order() -> Error {
    Error::usage(
        "connect.out-of-order",
        "The sign-in is not at this point.",
        "Look at where it stands, or start it again.",
    )
}

fn damaged_tenant() -> Error {
    Error::integrity("connect.tenant-id", "The stored id of the tenant cannot be read.", "Lock and unlock the vault.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(state: StepState) -> (FoundTenant, Vec<ConnectStep>) {
        let text = String::new;
        let tenant = FoundTenant { id: text(), name: text(), domain: text(), initial_domain: text() };
        let step = |state| ConnectStep { title: text(), permission: None, why: text(), state };
        (tenant, vec![step(state), step(StepState::WillCreate)])
    }

    fn states(phase: Option<ConnectPhase>) -> Option<Vec<StepState>> {
        let ConnectPhase::Stopped { steps, .. } = phase? else { return None };
        Some(steps.iter().map(|step| step.state).collect())
    }

    #[test]
    fn a_set_up_that_is_stopped_says_what_it_leaves_and_nothing_where_it_leaves_nothing() {
        use StepState::{Created, Exists, Running, Unclear, WillCreate};
        let working = |state| {
            let (tenant, steps) = shown(state);
            states(stopped(&ConnectPhase::Working { tenant, steps }, false))
        };
        assert_eq!(working(Created), Some(vec![Created, WillCreate]));
        assert_eq!(working(Running), Some(vec![Unclear, WillCreate]));
        assert_eq!(working(WillCreate), None);
        let planned = |state, connected| {
            let (tenant, steps) = shown(state);
            states(stopped(&ConnectPhase::Plan { tenant, steps, notices: Vec::new() }, connected))
        };
        assert_eq!(planned(Exists, false), Some(vec![Exists, WillCreate]));
        assert_eq!(planned(Exists, true), None);
        assert_eq!(planned(WillCreate, false), None);
        assert_eq!(states(stopped(&ConnectPhase::Starting, false)), None);
    }
}
