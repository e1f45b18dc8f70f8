//! Vaults for measuring: many organizations whose entries, epochs, objects and index rows are as real as those of a
//! firm that worked for years, made in batches because nobody can wait for a hundred thousand sign-ins.
//!
//! Only with the feature `synthetic`, which is off in everything that ships.

use crate::api::{Action, OrganizationsRequest, OrganizationsView};
use crate::error::Result;
use crate::journal::{Change, Opened};
use crate::records::{self, Bytes16, Laps, item_text, key, organization_text};
use crate::session::{Pages, Session, make, rng};
use crate::store::{Direction, IndexCounts, Span};
use crate::vault::{self, meta};
use crate::{App, accounts, organizations, rotate as rotations};
use vitrine_vault::SecretBytes;
use vitrine_vault::account::Lockbox;
use vitrine_vault::items::{AccountItem, ConnectionItem, Credential, Origin, StoredCertificate};
use vitrine_vault::page::PageKey;
use vitrine_vault::password::PasswordPolicy;

/// Organizations made durable together: enough to spread the cost of a commit, few enough to fit into memory.
const BATCH: usize = 500;
/// Hours between rotations: long, so that a vault that is kept between runs does not fall due.
const INTERVAL_HOURS: u32 = 24 * 30;
/// Sizes of a self-signed certificate with a 3,072-bit RSA key, and of that key, in DER.
const CERTIFICATE: usize = 1_010;
const KEY: usize = 1_794;
const YEAR_MS: u64 = 365 * 24 * 3_600_000;

/// A tenant that an organization is connected to.
pub struct Tenant {
    /// What the organization is called.
    pub name: String,
    /// The connection, its key included.
    pub connection: ConnectionItem,
    /// Emergency accounts: sign-in name, object id, time of the last password change as the tenant shows it.
    pub accounts: Vec<(String, Bytes16, String)>,
}

/// Ids of one emergency account, as requests take them.
#[derive(Clone, Debug)]
pub struct Place {
    /// The organization.
    pub organization: String,
    /// The account.
    pub account: String,
}

/// Adds `count` connected organizations with `accounts` emergency accounts each, numbered from `first` on, to the
/// unlocked vault. Answers with one of the accounts, in the middle.
///
/// # Errors
/// Where the vault is locked or the disk refuses.
pub async fn fill(app: &App, first: u32, count: u32, accounts: u8) -> Result<Option<Place>> {
    let now = app.now_ms();
    connect(app, (first..first + count).map(|number| imagined(number, accounts, now))).await
}

/// The same for tenants that exist somewhere.
///
/// # Errors
/// As [`fill`].
pub async fn connect(app: &App, tenants: impl ExactSizeIterator<Item = Tenant>) -> Result<Option<Place>> {
    let session = app.session().await?;
    let (middle, mut place, mut tenants) = (tenants.len() / 2, None, tenants.enumerate().peekable());
    while tenants.peek().is_some() {
        let mut change = Change::begin(app, &session).await?;
        for (number, tenant) in tenants.by_ref().take(BATCH) {
            let first = found(app, &mut change, tenant).await?;
            if number == middle {
                place = first;
            }
        }
        change.commit().await?;
    }
    Ok(place)
}

/// A tenant that is nowhere.
fn imagined(number: u32, accounts: u8, now: u64) -> Tenant {
    let (name, domain) = (format!("Organization {number:06}"), format!("org{number:06}.example"));
    let connection = ConnectionItem {
        tenant_id: make(),
        tenant_name: name.clone(),
        default_domain: domain.clone(),
        initial_domain: format!("org{number:06}.onmicrosoft.com"),
        app_id: make(),
        app_object_id: make(),
        service_principal_id: make(),
        certificate: StoredCertificate {
            // Nothing signs in with them, so their length is all that counts.
            der: make::<CERTIFICATE>().to_vec(),
            private_key_pkcs8: SecretBytes::new(make::<KEY>().to_vec()),
            not_after_ms: now.saturating_add(YEAR_MS),
            key_id: Some(make()),
        },
        pending: None,
        previous: None,
        cloud: "global".to_owned(),
    };
    let account = |number| (format!("emergency-{number}@{domain}"), make(), "2026-01-01T00:00:00Z".to_owned());
    Tenant { name, connection, accounts: (1..=accounts).map(account).collect() }
}

async fn found(app: &App, change: &mut Change<'_>, tenant: Tenant) -> Result<Option<Place>> {
    let Tenant { name, connection, accounts } = tenant;
    let now = app.now_ms();
    let mut opened = change.found_organization(&name, "", None).await?;
    let id = *opened.id.as_bytes();
    change.note(Action::OrganizationAdded, Some((&id, &name)), None, None).await?;
    change.put_connection(&mut opened, &connection).await?;
    opened.row.tenant = records::Tenant::from_item(&connection, now);
    if let Some(tenant) = &opened.row.tenant {
        change.tx.index_put(&key::tenant(&tenant.id), &id).await?;
    }
    opened.row.laps = Some(Laps::new(INTERVAL_HOURS, now));
    change.put_profile(&mut opened).await?;
    let mut first = None;
    for (number, (user_name, object_id, changed)) in accounts.into_iter().enumerate() {
        let item: Bytes16 = make();
        let mut account = AccountItem::new(&user_name, &format!("Emergency access {}", number + 1));
        account.object_id = Some(object_id);
        account.role_assigned = true;
        account.last_password_change = Some(changed);
        set(&mut account, now);
        put(change, &mut opened, &item, &account).await?;
        first.get_or_insert(Place { organization: organization_text(&id), account: item_text(&item) });
    }
    change.save(opened).await?;
    Ok(first)
}

/// Another password, as a rotation that was verified leaves it.
fn set(account: &mut AccountItem, now: u64) {
    let password = PasswordPolicy::default().make_password(&[&account.user_name], &mut rng());
    let current = Credential { password, set_at_ms: now, origin: Origin::Rotated };
    account.previous = account.current.replace(current);
    account.verified_at_ms = Some(now);
}

async fn put(change: &mut Change<'_>, opened: &mut Opened, item: &Bytes16, account: &AccountItem) -> Result<()> {
    change.put_account(opened, item, account).await?;
    accounts::show_in(&mut opened.row, item, account);
    Ok(())
}

/// Stores another password `times` times over, in one change that is durable when this returns.
///
/// # Errors
/// Where the vault is locked, the account is unknown, or the disk refuses.
pub async fn rotate(app: &App, place: &Place, times: u32) -> Result<()> {
    let (id, item) = (records::parse_organization(&place.organization)?, records::parse_item(&place.account)?);
    let session = app.session().await?;
    let mut change = Change::begin(app, &session).await?;
    let mut opened = change.open(&id).await?;
    let mut account = change.account(&opened, &item).await?;
    for _ in 0..times {
        set(&mut account, app.now_ms());
        put(&mut change, &mut opened, &item, &account).await?;
        let name = opened.row.name.clone();
        let line = change.done(Action::Rotated, Some((&id, &name)), Some(&account.user_name), None);
        change.line(&line).await?;
    }
    change.save(opened).await?;
    change.commit().await
}

/// Leaves the first account of `count` organizations with a rotation that failed.
///
/// # Errors
/// Where the vault is locked or the disk refuses.
pub async fn trouble(app: &App, count: usize) -> Result<()> {
    let session = app.session().await?;
    let all = Span::prefix(key::ORGANIZATIONS);
    let rows = app.inner.store.index_range(&all, Direction::Forward, count).await?;
    for id in rows.iter().filter_map(|row| row.key.last_chunk()) {
        let mut change = Change::begin(app, &session).await?;
        let mut opened = change.open(id).await?;
        if let Some(account) = opened.row.accounts.first_mut() {
            account.problem = Some(rotations::unexplained(records::Wrong::ChangedOutside, &session.msp()));
        }
        change.save(opened).await?;
        change.commit().await?;
    }
    Ok(())
}

/// Does all of an unlock that follows the stretching of the passphrase, up to the first `limit` rows of the list.
///
/// # Errors
/// Where the vault is locked or damaged.
pub async fn reopen(app: &App, limit: u32) -> Result<OrganizationsView> {
    let session = app.session().await?;
    app.inner.store.lock_index().await;
    let lockbox = app.inner.store.meta(meta::LOCKBOX).await?.ok_or_else(vault::no_vault)?;
    let lockbox = Lockbox::from_bytes(&lockbox).map_err(vault::damaged_lockbox)?;
    app.inner.store.unlock_index(seal(&session)).await?;
    app.inner.store.index_generation().await?;
    vault::read_state(app, &session.roots(), lockbox.ids()).await?;
    vault::opened(app, &session).await;
    organizations::list(app, OrganizationsRequest { limit, ..OrganizationsRequest::default() }).await
}

/// Pages of the index that were read and written since the vault was unlocked: what growth is judged by.
pub async fn pages(app: &App) -> IndexCounts {
    app.inner.store.index_counts().await
}

fn seal(session: &Session) -> Pages {
    Pages(PageKey::derive(session.device.local()))
}
