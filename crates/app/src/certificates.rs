//! The connection's certificate: made here, renewed before it ends by proof of the present one, or replaced in an
//! admin's session where that no longer works.
//!
//! A renewal is one transaction whose state is the connection's item. The new certificate is stored before the tenant
//! hears of it; it takes the place of the present one after a sign-in proved it; the one before stays until the tenant
//! has forgotten it. Killed anywhere, the item names the next step, and one stored certificate signs in.

use crate::api::{Action, CertificatesView, HealthCheck, HealthLine, Time, Verdict};
use crate::error::{Error, Result};
use crate::failpoint::{point, protected};
use crate::journal::Change;
use crate::records::{self, Bytes32, Check, Organization, Tenant, key};
use crate::session::Session;
use crate::store::{Direction, Span};
use crate::{App, connect, organizations};
use std::ops::ControlFlow;
use std::sync::Arc;
use vitrine_entra::certificate::{make_certificate, sha256, valid_from_ms};
use vitrine_entra::{Certificate, Connection, KeyId, SignInErrorKind};
use vitrine_vault::SecretBytes;
use vitrine_vault::items::{ConnectionItem, StoredCertificate};

const DAY_MS: u64 = 24 * 3600 * 1000;
/// A certificate is renewed so long before its end, or in the last third of a shorter life.
const RENEWED_BEFORE_MS: u64 = 60 * DAY_MS;
/// A clock that is behind must not make a certificate that is not valid yet.
const CLOCK_SLACK_MS: u64 = DAY_MS;
/// After a renewal that did not succeed. There are weeks left; asking more often would help nobody.
const AGAIN_AFTER_MS: u64 = 3600 * 1000;

/// Whether a certificate that ends then is to be replaced.
pub(crate) fn is_ending(app: &App, ends_at: u64) -> bool {
    ends_at <= app.now_ms().saturating_add(window_ms(app))
}

fn window_ms(app: &App) -> u64 {
    RENEWED_BEFORE_MS.min(lifetime_ms(app) / 3)
}

fn lifetime_ms(app: &App) -> u64 {
    u64::from(app.config().certificate_days) * DAY_MS
}

/// When it was made; 0 where it cannot be read, so that it counts as old.
pub(crate) fn made_at(stored: &StoredCertificate) -> u64 {
    valid_from_ms(&stored.der).map_or(0, |from| from.saturating_add(CLOCK_SLACK_MS))
}

/// The SHA-256 by which a certificate is known.
pub(crate) fn thumbprint(stored: &StoredCertificate) -> Bytes32 {
    sha256(&stored.der)
}

/// The certificate as the client signs with it.
pub(crate) fn usable(stored: &StoredCertificate) -> Result<Certificate> {
    // Exposed to the client, which signs its assertions with it and zeroes it.
    Certificate::new(stored.der.clone(), stored.private_key_pkcs8.expose()).map_err(|error| {
        Error::integrity(
            "connect.certificate",
            "The connection's stored key cannot be read.",
            "Connect the tenant again.",
        )
        .because(error)
    })
}

/// The certificate that a set-up puts into the tenant, durable here before the tenant hears of it: the present one, or
/// a new one beside it where that has ended or is about to.
pub(crate) async fn for_set_up(
    app: &App,
    session: &Session,
    id: &Bytes32,
    item: Option<&ConnectionItem>,
) -> Result<Certificate> {
    let lasts = |stored: &&StoredCertificate| !is_ending(app, stored.not_after_ms);
    // A pending one may be known to the tenant already: it is the one to finish.
    let kept = item.and_then(|item| item.pending.as_ref().or(Some(&item.certificate))).filter(lasts);
    if let Some(kept) = kept {
        return usable(kept);
    }
    let made = make(app, id).await?;
    let certificate = usable(&made)?;
    store_new(app, session, id, made).await?;
    Ok(certificate)
}

async fn make(app: &App, id: &Bytes32) -> Result<StoredCertificate> {
    let (now, lifetime) = (app.now_ms(), lifetime_ms(app));
    let name = format!("Vitrine {}", &connect::tag(id)[..12]);
    let made = crate::keychain::blocking(move || {
        make_certificate(&name, now.saturating_sub(CLOCK_SLACK_MS), now.saturating_add(lifetime))
    })
    .await?
    .map_err(|error| {
        Error::machine("connect.certificate", "A certificate could not be made.", "Try again.").because(error)
    })?;
    Ok(StoredCertificate {
        der: made.der,
        // Exposed to move it into the item that is sealed next; the original is zeroed when it drops.
        private_key_pkcs8: SecretBytes::new(made.pkcs8.to_vec()),
        not_after_ms: made.not_after_ms,
        key_id: None,
    })
}

/// Stores a new certificate: as the pending one, or as the first.
async fn store_new(app: &App, session: &Session, id: &Bytes32, made: StoredCertificate) -> Result<()> {
    let mut change = Change::begin(app, session).await?;
    let mut opened = change.open(id).await?;
    let item = match opened.row.connection_item {
        Some(_) => {
            let known = change.connection(&opened).await?;
            protected!(
                "the certificate before is kept",
                ConnectionItem { pending: Some(made), ..known },
                ConnectionItem { certificate: made, ..known }
            )
        }
        None => ConnectionItem {
            tenant_id: [0; 16],
            tenant_name: String::new(),
            default_domain: String::new(),
            initial_domain: String::new(),
            app_id: [0; 16],
            app_object_id: [0; 16],
            service_principal_id: [0; 16],
            certificate: made,
            pending: None,
            previous: None,
            cloud: app.config().cloud.name().to_string(),
        },
    };
    put(&mut change, &mut opened, &item).await?;
    change.save(opened).await?;
    change.commit().await?;
    point!("connect.certificate.after");
    Ok(())
}

/// Writes the item, and what its row says of it.
pub(crate) async fn put(
    change: &mut Change<'_>,
    opened: &mut crate::journal::Opened,
    item: &ConnectionItem,
) -> Result<()> {
    change.put_connection(opened, item).await?;
    let connected_at = opened.row.tenant.as_ref().map(|tenant| tenant.connected_at);
    let signs = |tenant: &Tenant| (tenant.certificate_made_at, tenant.certificate_before);
    let before = opened.row.tenant.as_ref().map(signs);
    opened.row.tenant = Tenant::from_item(item, connected_at.unwrap_or(change.now_ms()));
    if opened.row.tenant.as_ref().map(signs) != before {
        // Until the old one was gone its holder could put in more: what was compared before says nothing.
        opened.row.compared = protected!("a comparison ends with the certificate", None, opened.row.compared);
    }
    Ok(())
}

/// From now on the certificate of this thumbprint signs in; the one before stays until the tenant has forgotten it.
pub(crate) fn promote(item: &mut ConnectionItem, proved: &Bytes32, key_id: Option<KeyId>) {
    if let Some(pending) = item.pending.take_if(|pending| thumbprint(pending) == *proved) {
        item.previous = Some(std::mem::replace(&mut item.certificate, pending));
    }
    if let Some(key_id) = key_id.filter(|_| thumbprint(&item.certificate) == *proved) {
        item.certificate.key_id = Some(*key_id.as_bytes());
    }
}

/// The tenant has forgotten the certificate before.
pub(crate) async fn forget_previous(app: &App, session: &Session, id: &Bytes32) -> Result<()> {
    let mut change = Change::begin(app, session).await?;
    let mut opened = change.open(id).await?;
    let mut item = change.connection(&opened).await?;
    if item.previous.take().is_none() {
        return Ok(());
    }
    put(&mut change, &mut opened, &item).await?;
    change.save(opened).await?;
    change.commit().await
}

/// Takes up every certificate that is about to end, and every renewal that was interrupted. One after the other and
/// beside everything else; a second call while it works does nothing.
pub(crate) async fn renew_due(app: &App, session: &Arc<Session>) {
    let Ok(mut tried) = session.renewals.clone().try_lock_owned() else { return };
    // Somebody else's device does it, where this member may not.
    if !app.rotates_by_itself() || !session.may(vitrine_ledger::Action::PutConnection) {
        return;
    }
    // What cannot be read now is looked for again at the next tick.
    let Ok(due) = due(app).await else { return };
    if due.is_empty() {
        return;
    }
    let (this, own) = (app.clone(), session.clone());
    session.spawn(async move {
        for id in due {
            let now = this.inner.clock.steady_ms();
            // An admin who connects the tenant right now replaces its certificate, too.
            if tried.get(&id).is_some_and(|again_at| *again_at > now) || connect::is_setting_up(&this, &id) {
                continue;
            }
            match renew(&this, &own, &id, 0).await {
                Ok(()) => {
                    tried.remove(&id);
                }
                Err(error) => {
                    tried.insert(id, now.saturating_add(AGAIN_AFTER_MS));
                    tell(&this, &own, &id, &error).await;
                }
            }
        }
    });
}

/// Replaces a certificate that was made before a moment, and says in the health list why not where it cannot be done.
/// The caller holds the session's renewals.
pub(crate) async fn renew_older(app: &App, session: &Session, id: &Bytes32, moment: u64) -> Result<()> {
    let renewed = renew(app, session, id, moment).await;
    if let Err(error) = &renewed {
        tell(app, session, id, error).await;
    }
    renewed
}

async fn tell(app: &App, session: &Session, id: &Bytes32, error: &Error) {
    tracing::warn!(code = error.code(), "a connection's certificate was not renewed");
    // Where even that cannot be written, the days left still show.
    let _ = note_problem(app, session, id, error).await;
}

/// Organizations whose certificate is about to end or whose renewal was interrupted, the first to end first.
async fn due(app: &App) -> Result<Vec<Bytes32>> {
    let (until, mut due) = (app.now_ms().saturating_add(window_ms(app)), Vec::new());
    let span = Span::between(key::CERTIFICATES, &key::certificate(until.saturating_add(1), &[0; 32]));
    app.inner
        .store
        .index_scan(&span, Direction::Forward, |key, _| {
            due.extend(key.last_chunk::<32>());
            ControlFlow::Continue(())
        })
        .await?;
    Ok(due)
}

/// One renewal, from wherever the stored state says it stands. What is younger than `moment` and far from its end is
/// left as it is.
async fn renew(app: &App, session: &Session, id: &Bytes32, moment: u64) -> Result<()> {
    let Some(item) = read(app, session, id).await? else { return Ok(()) };
    let now = app.now_ms();
    let began = item.pending.as_ref().is_some_and(|pending| pending.not_after_ms > now);
    // A certificate tells the second in which it was made.
    let old = made_at(&item.certificate).saturating_add(999) < moment;
    if began || old || is_ending(app, item.certificate.not_after_ms) {
        // One that was begun before may be known to the tenant although nobody heard its answer.
        let known = match &item.pending {
            Some(pending) if began => signs_in(app, session, &item, pending).await?,
            _ => false,
        };
        if !known {
            if item.certificate.not_after_ms <= now {
                return Err(ended());
            }
            if !began {
                store_new(app, session, id, make(app, id).await?).await?;
                point!("certificate.stored");
            }
            add(app, session, id).await?;
        }
        prove(app, session, id).await?;
    }
    remove(app, session, id).await
}

async fn read(app: &App, session: &Session, id: &Bytes32) -> Result<Option<ConnectionItem>> {
    let row = organizations::load(app, id).await?;
    Ok(connect::connection_item(app, session, &row).await?.filter(records::is_set_up))
}

fn signed_by(
    app: &App,
    session: &Session,
    item: &ConnectionItem,
    certificate: &StoredCertificate,
) -> Result<Connection> {
    let record = records::connection_record(item, &app.config().cloud).ok_or_else(connect::not_connected)?;
    Ok(Connection::new(&session.http()?, record, usable(certificate)?))
}

/// Whether the tenant takes this certificate. Waits a moment for one that was just added.
async fn signs_in(
    app: &App,
    session: &Session,
    item: &ConnectionItem,
    certificate: &StoredCertificate,
) -> Result<bool> {
    match signed_by(app, session, item, certificate)?.sign_in().await {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == SignInErrorKind::CredentialRefused => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Adds the pending certificate, by proof of the present one.
async fn add(app: &App, session: &Session, id: &Bytes32) -> Result<()> {
    let item = read(app, session, id).await?.ok_or_else(connect::not_connected)?;
    let Some(pending) = &item.pending else { return Ok(()) };
    let new = usable(pending)?;
    point!("certificate.add.before");
    let listed = match signed_by(app, session, &item, &item.certificate)?.add_certificate(&new).await {
        Ok(listed) => listed.key_id,
        // It may be there: the sign-in that follows tells.
        Err(error) if error.outcome_unknown() || error.kind() == vitrine_entra::GraphErrorKind::Exists => None,
        Err(error) => return Err(error.into()),
    };
    point!("certificate.add.after");
    let Some(listed) = listed else { return Ok(()) };
    let mut change = Change::begin(app, session).await?;
    let mut opened = change.open(id).await?;
    let mut item = change.connection(&opened).await?;
    if let Some(pending) = item.pending.as_mut().filter(|pending| thumbprint(pending) == new.thumbprint()) {
        pending.key_id = Some(*listed.as_bytes());
        put(&mut change, &mut opened, &item).await?;
        change.save(opened).await?;
        change.commit().await?;
    }
    point!("certificate.listed");
    Ok(())
}

/// Signs in by the pending certificate; from then on it is the one.
async fn prove(app: &App, session: &Session, id: &Bytes32) -> Result<()> {
    let item = read(app, session, id).await?.ok_or_else(connect::not_connected)?;
    let Some(pending) = &item.pending else { return Ok(()) };
    let proved = thumbprint(pending);
    let connection = signed_by(app, session, &item, pending)?;
    connection.sign_in().await?;
    point!("certificate.proved");
    let mut change = Change::begin(app, session).await?;
    let mut opened = change.open(id).await?;
    let mut item = change.connection(&opened).await?;
    promote(&mut item, &proved, None);
    put(&mut change, &mut opened, &item).await?;
    opened.row.checks.retain(|check| check.check != HealthCheck::Certificate);
    let name = opened.row.name.clone();
    change.note(Action::CertificateRenewed, Some((id, &name)), None, None).await?;
    change.save(opened).await?;
    change.commit().await?;
    point!("certificate.promoted");
    Ok(())
}

/// Removes the certificate before from the tenant's list.
async fn remove(app: &App, session: &Session, id: &Bytes32) -> Result<()> {
    let Some(item) = read(app, session, id).await? else { return Ok(()) };
    // Without the id that the tenant lists it under it ends by itself, or goes with the next connecting.
    let Some((previous, key_id)) = item.previous.as_ref().and_then(|previous| Some((previous, previous.key_id?)))
    else {
        return Ok(());
    };
    point!("certificate.remove.before");
    let connection = signed_by(app, session, &item, &item.certificate)?;
    if let Err(error) = connection.remove_certificate(KeyId::from_bytes(key_id)).await {
        // Refused, it may be gone already by an answer that was lost. What still signs in is not gone.
        if error.outcome_unknown() || error.nothing_sent() || signs_in(app, session, &item, previous).await? {
            return Err(error.into());
        }
    }
    point!("certificate.remove.after");
    forget_previous(app, session, id).await?;
    point!("certificate.forgotten");
    Ok(())
}

async fn note_problem(app: &App, session: &Session, id: &Bytes32, error: &Error) -> Result<()> {
    let words = format!("It could not be renewed: {} {}", error.view().what, error.view().next);
    let row = organizations::load(app, id).await?;
    if row.checks.iter().any(|check| check.check == HealthCheck::Certificate && check.words == words) {
        return Ok(());
    }
    let mut change = Change::begin(app, session).await?;
    let mut opened = change.open(id).await?;
    let check =
        Check { check: HealthCheck::Certificate, account: None, verdict: Verdict::Warning, at: app.now_ms(), words };
    opened.row.checked(check);
    change.save(opened).await?;
    change.commit().await
}

pub(crate) fn ended() -> Error {
    Error::new(
        crate::api::ErrorClass::Refused,
        "connect.certificate-ended",
        "The connection's certificate has ended.",
        "Connect the tenant again; that makes a new one.",
    )
    .holds("The stored passwords still open the accounts.")
}

/// Whether it signs nobody in any more.
pub(crate) fn has_ended(tenant: &Tenant, now: u64) -> bool {
    tenant.certificate_ends_at <= now
}

/// What the health list says of it, with the days that are left.
pub(crate) fn line(app: &App, row: &Organization) -> Option<HealthLine> {
    let (tenant, now) = (row.tenant.as_ref()?, app.now_ms());
    let problem = row.checks.iter().find(|check| check.check == HealthCheck::Certificate);
    let days = tenant.certificate_ends_at.saturating_sub(now) / DAY_MS;
    let left = if days == 1 { "1 day left.".to_owned() } else { format!("{days} days left.") };
    let (verdict, words) = match problem {
        _ if has_ended(tenant, now) => {
            (Verdict::Bad, "The connection's certificate has ended. Connect the tenant again.".to_owned())
        }
        Some(problem) => (problem.verdict, format!("{left} {}", problem.words)),
        None if is_ending(app, tenant.certificate_ends_at) => {
            (Verdict::Warning, format!("{left} It is renewed by itself while Vitrine is unlocked."))
        }
        None => (Verdict::Good, format!("{left} It is renewed by itself before it ends.")),
    };
    Some(HealthLine {
        check: HealthCheck::Certificate,
        account: None,
        user_name: None,
        verdict,
        checked_at: problem.map(|problem| Time(problem.at)),
        words,
    })
}

/// Organizations whose connection's certificate has ended.
pub(crate) async fn ended_now(app: &App) -> Result<Vec<Bytes32>> {
    let (now, mut ended) = (app.now_ms(), Vec::new());
    // What was begun stands before all others, whenever it ends.
    let span = Span::between(key::CERTIFICATES, &key::certificate(now.saturating_add(1), &[0; 32]));
    app.inner
        .store
        .index_scan(&span, Direction::Forward, |key, value| {
            let ends_at = value.first_chunk().map(|bytes| u64::from_be_bytes(*bytes));
            if ends_at.is_some_and(|ends_at| ends_at <= now) {
                ended.extend(key.last_chunk::<32>());
            }
            ControlFlow::Continue(())
        })
        .await?;
    Ok(ended)
}

/// How the certificates of all connections stand.
pub(crate) async fn overview(app: &App) -> Result<CertificatesView> {
    let (now, until) = (app.now_ms(), app.now_ms().saturating_add(window_ms(app)));
    let mut view = CertificatesView::default();
    app.inner
        .store
        .index_scan(&Span::prefix(key::CERTIFICATES), Direction::Forward, |_, value| {
            let Some(ends_at) = value.first_chunk().map(|bytes| u64::from_be_bytes(*bytes)) else {
                return ControlFlow::Continue(());
            };
            view.next_end = Some(view.next_end.map_or(Time(ends_at), |first| first.min(Time(ends_at))));
            if ends_at > until {
                return ControlFlow::Break(());
            }
            if ends_at <= now {
                view.ended += 1;
            } else {
                view.ending += 1;
            }
            ControlFlow::Continue(())
        })
        .await?;
    Ok(view)
}
