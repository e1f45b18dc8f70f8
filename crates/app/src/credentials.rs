//! Viewing: the sealed card, revealing, copying, one-time codes. Needs neither network nor backend.
//!
//! A view record is durable before anything is shown. It is complete in itself: signed by the device, numbered, and
//! bound to the record before it, so that a missing one is seen. It travels later, in a batch, and never changes.

use crate::api::*;
use crate::audit::record::{self, MOST_IN_A_BATCH, Record, Signed, View};
use crate::error::{Error, Result};
use crate::failpoint::{point, protected};
use crate::journal::{self, Change};
use crate::records::{
    self, Act, Activity, Bytes16, Bytes32, item_text, key, organization_text, parse_item, parse_organization,
};
use crate::session::{self, Session, rng};
use crate::store::{Direction, Span, VIEW_LIMIT, ViewRecord};
use crate::webhook::What;
use crate::{App, accounts, lock, older, organizations, rotate, vault};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use vitrine_ledger as ledger;
use vitrine_vault::SecretText;
use vitrine_vault::cbor::{Reader, Writer};
use vitrine_vault::items::AccountItem;
use vitrine_vault::page::PageKey;
use vitrine_vault::totp::TotpSecret;

const LONGEST_REASON: usize = 200;
/// Showings in a minute. A person needs few; a page that was taken over would want all.
const MOST_A_MINUTE: usize = 30;
/// How often records are carried into the ledgers: on a timer, so that traffic does not tell when somebody looked.
const CARRY_EVERY: Duration = Duration::from_mins(1);
/// Records read at once: as many as have space reserved.
const RESERVED: usize = 256;
/// Acts carried at once.
const ACTS: usize = 256;
/// The store of records is numbered apart from the pages of the index.
const RECORD_PAGES: u64 = 1 << 63;

pub(crate) async fn open_reveal(app: &App, request: OpenRevealRequest) -> Result<Done> {
    let (id, item) = (parse_organization(&request.organization)?, parse_item(&request.account)?);
    let row = organizations::load(app, &id).await?;
    row.account(&item).ok_or_else(|| records::unknown_account(&request.account))?;
    // Ids that were parsed, so nothing else can become part of the window's address.
    app.inner.host.open_reveal(&organization_text(&id), &item_text(&item)).map_err(|error| {
        Error::machine(
            "window.reveal",
            "The window for the credentials could not be opened.",
            "Use `vitrine view` in a terminal.",
        )
        .because(error)
    })?;
    Ok(Done {})
}

pub(crate) async fn card(app: &App, request: CardRequest) -> Result<CardView> {
    let (id, item) = (parse_organization(&request.organization)?, parse_item(&request.account)?);
    let row = organizations::load(app, &id).await?;
    let now = app.now_ms();
    let account = row.account(&item).ok_or_else(|| records::unknown_account(&request.account))?;
    let settings = app.settings();
    Ok(CardView {
        organization: organization_text(&id),
        organization_name: row.name.clone(),
        account: organizations::account_view(account, now),
        sign_in_page: sign_in_page(app),
        reason_required: vault::reason_required(app).await?,
        as_of: Time(account.verified_at.or(account.rotated_at).or(account.pending_since).unwrap_or(now)),
        rotation_due_since: account.due_at.is_some_and(|due| due <= now),
        hides_after_seconds: settings.reveal_seconds,
        after_view: row.laps.as_ref().map(|laps| laps.after_view),
    })
}

/// Opens the page at which an emergency account signs in. Its address is this program's, never a caller's.
pub(crate) async fn open_portal(app: &App, _request: OpenPortalRequest) -> Result<Done> {
    app.session().await?;
    crate::connect::open(&sign_in_page(app))?;
    Ok(Done {})
}

fn sign_in_page(app: &App) -> String {
    let config = app.config();
    match config.cloud.name() {
        vitrine_entra::cloud::CloudName::Global => "https://entra.microsoft.com/".into(),
        vitrine_entra::cloud::CloudName::China => "https://portal.azure.cn/".into(),
        vitrine_entra::cloud::CloudName::Custom => {
            config.cloud.login().join("portal").map(String::from).unwrap_or_default()
        }
        _ => "https://entra.microsoft.us/".into(),
    }
}

pub(crate) async fn reveal(app: &App, request: RevealRequest) -> Result<RevealView> {
    let (id, item) = (parse_organization(&request.organization)?, parse_item(&request.account)?);
    let reason = checked_reason(app, &request.reason).await?;
    let (session, account) = open(app, &id, &item).await?;
    let user_name = account.user_name.clone();
    let shown = Shown { what: what(request.which), action: Action::Viewed, user_name, reason, then: request.then };
    let (secret, since) = value(app, &session, &id, &item, account, request.which).await?;
    record(app, &session, &id, &item, &shown).await?;
    let hide_at = app.now_ms().saturating_add(u64::from(app.settings().reveal_seconds) * 1000);
    Ok(RevealView { secret: EdgeSecret(secret), since: Some(Time(since)), hide_at: Time(hide_at) })
}

pub(crate) async fn copy(app: &App, request: CopyRequest) -> Result<CopyView> {
    let (id, item) = (parse_organization(&request.organization)?, parse_item(&request.account)?);
    if request.what == CopyWhat::UserName {
        let row = organizations::load(app, &id).await?;
        let account = row.account(&item).ok_or_else(|| records::unknown_account(&request.account))?;
        app.inner.clipboard.copy_plain(&account.user_name)?;
        return Ok(CopyView { clears_at: None });
    }
    let reason = checked_reason(app, &request.reason).await?;
    let (session, account) = open(app, &id, &item).await?;
    let user_name = account.user_name.clone();
    let (secret, name) = match request.what {
        CopyWhat::Password { which } => (value(app, &session, &id, &item, account, which).await?.0, what(which)),
        CopyWhat::OneTimeCode => (account.totp.ok_or_else(no_second_factor)?.code(app.now_ms()).code, "one-time code"),
        CopyWhat::UserName => return Ok(CopyView { clears_at: None }),
    };
    let shown = Shown { what: name, action: Action::Copied, user_name, reason, then: AfterView::Keep };
    record(app, &session, &id, &item, &shown).await?;
    let seconds = u64::from(app.settings().clipboard_seconds);
    app.inner.clipboard.copy_secret(&secret, Duration::from_secs(seconds))?;
    Ok(CopyView { clears_at: Some(Time(app.now_ms().saturating_add(seconds * 1000))) })
}

pub(crate) async fn one_time_code(app: &App, request: OneTimeCodeRequest) -> Result<OneTimeCodeView> {
    let (id, item) = (parse_organization(&request.organization)?, parse_item(&request.account)?);
    let reason = checked_reason(app, &request.reason).await?;
    let (session, account) = open(app, &id, &item).await?;
    let (totp, user_name) = (account.totp.ok_or_else(no_second_factor)?, account.user_name);
    let shown = Shown { what: "one-time code", action: Action::Viewed, user_name, reason, then: AfterView::Keep };
    record(app, &session, &id, &item, &shown).await?;
    let (now, period) = (app.now_ms(), u64::from(totp.period()) * 1000);
    let codes = totp.code(now);
    let end = now - now % period + period;
    let (code, ends_at) = if request.next { (codes.next, end + period) } else { (codes.code, end) };
    Ok(OneTimeCodeView { code: EdgeSecret(code), ends_at: Time(ends_at), period_seconds: totp.period() })
}

pub(crate) async fn set_second_factor(app: &App, request: SetSecondFactorRequest) -> Result<CardView> {
    let (id, item) = (parse_organization(&request.organization)?, parse_item(&request.account)?);
    let totp = TotpSecret::parse(&request.key.0).map_err(|error| {
        let code = error.code().to_owned();
        Error::usage(
            &code,
            "This is not a one-time-code key.",
            "Copy the key that Microsoft's page shows under \"Can't scan image?\", or its otpauth address.",
        )
        .holds("What was stored before is unchanged.")
        .because(error)
    })?;
    let session = app.session().await?;
    let mut change = Change::begin(app, &session).await?;
    let mut opened = change.open(&id).await?;
    let mut account = change.account(&opened, &item).await?;
    account.totp = Some(totp);
    change.put_account(&mut opened, &item, &account).await?;
    accounts::show_in(&mut opened.row, &item, &account);
    let name = opened.row.name.clone();
    change.note(Action::SecondFactorStored, Some((&id, &name)), Some(&account.user_name), None).await?;
    change.save(opened).await?;
    change.commit().await?;
    card(app, CardRequest { organization: request.organization, account: request.account }).await
}

/// What becomes of a password that was seen: a person's choice, beside what the organization's schedule says.
pub(crate) async fn after_view(app: &App, request: AfterViewRequest) -> Result<CardView> {
    let AfterViewRequest { organization, account, then } = request;
    match then {
        AfterView::Keep => {}
        // An order like any other: no blackout holds it back.
        AfterView::Now => {
            let scope = RotateScope::Account { organization: organization.clone(), account: account.clone() };
            rotate::rotate(app, RotateRequest { scope }).await?;
        }
        AfterView::InOneHour => {
            let (id, item, now) = (parse_organization(&organization)?, parse_item(&account)?, app.now_ms());
            let session = app.session().await?;
            let mut change = Change::begin(app, &session).await?;
            let mut opened = change.open(&id).await?;
            if opened.row.laps.is_none() {
                return Err(Error::usage(
                    "laps.off",
                    "LAPS is not enabled for this organization, so nothing is rotated by itself.",
                    "Rotate it now, or enable LAPS first.",
                ));
            }
            let row = opened.row.account_mut(&item).ok_or_else(|| records::unknown_account(&account))?;
            if let Some(due) = vitrine_rotation::AfterView::from(then).due_at(now) {
                row.rotate_by(now, due);
            }
            change.save(opened).await?;
            change.commit().await?;
        }
    }
    card(app, CardRequest { organization, account }).await
}

async fn open(app: &App, id: &Bytes32, item: &Bytes16) -> Result<(Arc<Session>, AccountItem)> {
    app.used();
    app.session().await?.home.all_taken().await;
    let session = app.session().await?;
    if !session.may(ledger::Action::Reveal) {
        return Err(Error::usage(
            "credentials.not-allowed",
            "Your role in this vault shows no credentials.",
            "Ask a technician, admin or owner of the vault.",
        ));
    }
    let row = organizations::load(app, id).await?;
    row.account(item).ok_or_else(|| records::unknown_account(&item_text(item)))?;
    let account = journal::read_account(app, &session, &row, item).await?;
    Ok((session, account))
}

async fn value(
    app: &App,
    session: &Session,
    id: &Bytes32,
    item: &Bytes16,
    account: AccountItem,
    which: WhichValue,
) -> Result<(SecretText, u64)> {
    let found = match which {
        WhichValue::Current => account.current.map(|current| (current.password, current.set_at_ms)),
        WhichValue::Pending => account.pending.map(|pending| (pending.password, pending.made_at_ms)),
        WhichValue::Previous => account.previous.map(|previous| (previous.password, previous.set_at_ms)),
        WhichValue::Older { at } | WhichValue::GivenUp { at } => {
            older::find(app, session, id, item, which).await?.map(|password| (password, at.0))
        }
    };
    found.ok_or_else(|| {
        Error::usage("credentials.no-such-value", "No such password is stored.", "Look at the card for those that are.")
    })
}

fn what(which: WhichValue) -> &'static str {
    match which {
        WhichValue::Current => "current password",
        WhichValue::Pending => "candidate password",
        WhichValue::Previous => "previous password",
        WhichValue::Older { .. } => "older password",
        WhichValue::GivenUp { .. } => "candidate that was given up",
    }
}

/// A reason as a person means it: one line, not too long.
pub(crate) fn spoken(reason: &str) -> Result<String> {
    let reason = reason.trim();
    if reason.chars().count() > LONGEST_REASON || reason.chars().any(char::is_control) {
        return Err(Error::usage(
            "credentials.reason",
            "The reason cannot be used.",
            format!("Use up to {LONGEST_REASON} characters on one line."),
        ));
    }
    Ok(reason.to_owned())
}

async fn checked_reason(app: &App, reason: &str) -> Result<String> {
    let reason = spoken(reason)?;
    if reason.is_empty() && vault::reason_required(app).await? {
        return Err(Error::usage(
            "credentials.reason-required",
            "A reason is asked for before anything is shown.",
            "Say why, for instance a ticket number.",
        ));
    }
    Ok(reason)
}

fn no_second_factor() -> Error {
    Error::usage(
        "credentials.no-second-factor",
        "No one-time-code key is stored for this account.",
        "Sign in once; Microsoft's page shows the key. Paste it here.",
    )
}

/// What was shown, as the record says it.
struct Shown {
    what: &'static str,
    action: Action,
    user_name: String,
    reason: String,
    /// What its viewer wants done with it afterwards.
    then: AfterView,
}

/// Writes the record and returns when it is durable. Only then may anything be shown.
async fn record(app: &App, session: &Arc<Session>, id: &Bytes32, item: &Bytes16, shown: &Shown) -> Result<()> {
    let now = app.now_ms();
    keep_pace(app, session)?;
    // One at a time: each record names the one before.
    let mut last = session.last_view.lock().await;
    let (counter, previous) = match *last {
        Some((counter, hash)) => (counter, hash),
        None => newest(app, session).await?,
    };
    let counter = counter + 1;
    let said = Record {
        organization: *id,
        author: session.author,
        seen: session.msp().head(),
        at: now,
        action: shown.action,
        user_name: Some(shown.user_name.clone()),
        note: shown.reason.clone(),
        view: Some(View { counter, previous, item: *item, what: shown.what.to_owned() }),
    };
    let slot = Slot { organization: *id, record: said.sign(&session.device) };
    let stored = pages(session)
        .seal(RECORD_PAGES | counter, counter, &slot.encode(), &mut rng())
        .map_err(session::unreadable_keys)?;
    app.inner.store.write_view_record(counter, stored).await.map_err(|error| {
        Error::from(error).holds("Nothing was shown: a record of the view could not be stored first.")
    })?;
    *last = Some((counter, slot.hash()));
    drop(last);
    // The record is durable, and what was asked for is shown whatever becomes of the line in the lists: a full disk
    // must not stand between a technician and the password.
    if tell(app, session, Some((counter, shown))).await.is_err() {
        tracing::warn!(code = "credentials.untold", "a view is recorded, and its line in the lists has to wait");
    }
    // What travelled at once would tell when somebody looked.
    protected!("views travel by their timer", (), carry(app, session).await?);
    // Locked meanwhile: what was opened before must not appear, or be copied, after the keys are gone.
    if session.stop.is_cancelled() { Err(Error::locked()) } else { Ok(()) }
}

fn pages(session: &Session) -> PageKey {
    PageKey::derive(session.device.local())
}

/// Counter and hash of the newest record of this device.
async fn newest(app: &App, session: &Session) -> Result<(u64, [u8; 32])> {
    let counter = app.inner.store.last_view_counter().await?;
    let held = app.inner.store.view_records_after(counter.saturating_sub(1), 1).await?;
    match held.last() {
        Some(held) => Ok((counter, Slot::open(&pages(session), held)?.hash())),
        // Carried and overwritten: its hash was kept with the batch that carried it.
        None => Ok((counter, vault::firm(app).await?.own.carried_hash.unwrap_or_default())),
    }
}

fn keep_pace(app: &App, session: &Session) -> Result<()> {
    let now = app.inner.clock.steady_ms();
    let mut shown = lock(&session.pace);
    shown.retain(|at| now.saturating_sub(*at) < 60_000);
    if shown.len() >= MOST_A_MINUTE {
        return Err(Error::usage(
            "credentials.too-fast",
            "Too many secrets were asked for within a minute.",
            "Wait a minute.",
        )
        .retry_in_ms(60_000));
    }
    shown.push(now);
    Ok(())
}

/// Writes the lines of records that have none yet: of the one that was just stored, and of those before it that a full
/// disk kept out of the lists.
async fn tell(app: &App, session: &Session, newest: Option<(u64, &Shown)>) -> Result<()> {
    let told = vault::firm(app).await?.told_to;
    let held = app.inner.store.view_records_after(told, RESERVED).await?;
    if held.is_empty() {
        return Ok(());
    }
    let key = pages(session);
    let settings = app.settings();
    // In a window or on the clipboard: by then both are empty again.
    let visible = u64::from(settings.reveal_seconds.max(settings.clipboard_seconds)) * 1000;
    // Viewing waits for nobody's home: what is not told now is told with the next.
    let Some(mut change) = Change::begin_if_free(app, session).await? else { return Ok(()) };
    for held in held {
        // Told meanwhile by another showing.
        if held.counter <= change.firm.told_to {
            continue;
        }
        change.firm.told_to = held.counter;
        let slot = Slot::open(&key, &held)?;
        let (id, seen) = (slot.organization, Signed::read(&slot.record)?.record);
        let Some(view) = seen.view.clone() else { continue };
        // One organization that cannot be opened must not keep the lines of all others back.
        let Ok(mut opened) = change.open(&id).await else { continue };
        let who = change.firm.person_name.clone();
        let policy = opened.row.laps.as_ref().map_or(AfterView::Keep, |laps| laps.after_view);
        // A record does not say what its viewer wants; for the newest it is known here.
        let newest = newest.filter(|(counter, _)| *counter == held.counter).map(|(_, shown)| shown);
        if let Some(account) = opened.row.account_mut(&view.item) {
            account.last_viewed = Some((who.clone(), seen.at));
            if [WhichValue::Current, WhichValue::Pending].map(what).contains(&view.what.as_str()) {
                let hidden = seen.at.saturating_add(visible);
                for wish in [Some(policy), newest.map(|shown| shown.then)].into_iter().flatten() {
                    if let Some(due) = vitrine_rotation::AfterView::from(wish).due_at(hidden) {
                        account.rotate_by(seen.at, due);
                    }
                }
            }
        }
        let line = Activity {
            at: seen.at,
            note: seen.remark(),
            ..change.done(seen.action, Some((&id, &opened.row.name)), seen.user_name.as_deref(), None)
        };
        change.line(&line).await?;
        // Its line may be written anew with an index that is made again; it is told once.
        if held.counter > change.firm.own.views_told_to {
            change.firm.own.views_told_to = held.counter;
            let what = What::Viewed {
                at: seen.at,
                member: *session.author.member.as_bytes(),
                value: view.what,
                copied: seen.action == Action::Copied,
                record: held.counter,
                reason: seen.note,
            };
            change.tell(&opened, Some(&view.item), what).await?;
        }
        change.save(opened).await?;
    }
    change.commit().await
}

/// Carries records into the ledgers while the session lives.
pub(crate) fn watch(app: &App, session: &Arc<Session>) {
    let (this, own) = (app.clone(), session.clone());
    session.spawn(async move {
        loop {
            tokio::time::sleep(CARRY_EVERY).await;
            // What cannot be carried now is carried with the next batch.
            let _ = carry(&this, &own).await;
            vault::remember_generation(&this, &own).await;
        }
    });
}

/// Appends every held record to the ledger of its organization, a batch for each: what was shown here, and what was done.
pub(crate) async fn carry(app: &App, session: &Session) -> Result<()> {
    // A record that was carried may be written over.
    tell(app, session, None).await?;
    // Whoever was removed appends nothing any more.
    while session.may(ledger::Action::Log) && carry_some(app, session).await? {}
    Ok(())
}

/// Says whether there may be more.
async fn carry_some(app: &App, session: &Session) -> Result<bool> {
    let firm = vault::firm(app).await?;
    let mut held = app.inner.store.view_records_after(firm.own.carried_to, RESERVED).await?;
    let acts = app.inner.store.index_range(&Span::prefix(key::UNCARRIED), Direction::Forward, ACTS).await?;
    if held.is_empty() && acts.is_empty() {
        return Ok(false);
    }
    if !session.home.takes_what_can_wait(session).await {
        // Kept where they are, and carried by whoever reaches the home next.
        return Ok(false);
    }
    let pages = pages(session);
    let mut slots = Vec::with_capacity(held.len());
    for held in &held {
        slots.push(Slot::open(&pages, held)?);
    }
    let mut change = Change::begin(app, session).await?;
    let mut acted = Vec::with_capacity(acts.len());
    for row in &acts {
        // Carried meanwhile.
        if change.tx.index_value(&row.key).await?.is_some() {
            acted.push((&row.key, records::decode::<Act>(&row.value)?));
        }
    }
    let named: BTreeSet<Bytes32> =
        slots.iter().map(|slot| slot.organization).chain(acted.iter().map(|(_, act)| act.organization)).collect();
    let (mut all, mut closed) = (BTreeMap::new(), BTreeSet::new());
    for id in named {
        match change.open(&id).await {
            Ok(opened) if opened.state.owes_epoch(change.msp()).is_some() => drop(closed.insert(id)),
            Ok(opened) => drop(all.insert(id, (opened, Vec::new()))),
            // One organization that cannot be opened must not keep the records of all others back.
            Err(_) => tracing::warn!(code = "credentials.uncarried", "records of an organization could not be carried"),
        }
    }
    // Views have one order over all organizations, and wait together.
    if slots.iter().any(|slot| closed.contains(&slot.organization)) {
        (held, slots) = (Vec::new(), Vec::new());
    }
    let hash = slots.last().map(Slot::hash);
    for slot in slots {
        if let Some((_, records)) = all.get_mut(&slot.organization) {
            records.push(slot.record);
        }
    }
    let mut carried = 0;
    for (key, act) in acted {
        if closed.contains(&act.organization) {
            continue;
        }
        if let Some((_, records)) = all.get_mut(&act.organization) {
            records.push(signed(session, &act));
        }
        change.tx.index_delete(key).await?;
        carried += 1;
    }
    if held.is_empty() && carried == 0 {
        return Ok(false);
    }
    for (mut opened, records) in all.into_values() {
        for records in records.chunks(MOST_IN_A_BATCH) {
            change.log(&mut opened, &record::batch(records)).await?;
        }
        change.save(opened).await?;
    }
    if let Some(newest) = held.last().map(|record| record.counter) {
        (change.firm.own.carried_to, change.firm.own.carried_hash) = (newest, hash);
        change.tx.mark_views_carried(newest);
    }
    point!("carry.before");
    change.commit().await?;
    point!("carry.after");
    Ok(carried == ACTS)
}

/// The record of what was done here.
fn signed(session: &Session, act: &Act) -> Vec<u8> {
    let short = |text: &String| text.chars().take(LONGEST_REASON).collect::<String>();
    let said = Record {
        organization: act.organization,
        author: session.author,
        seen: session.msp().head(),
        at: act.at,
        action: act.action,
        user_name: act.user_name.as_ref().map(short),
        note: act.note.as_ref().map(short).unwrap_or_default(),
        view: None,
    };
    said.sign(&session.device)
}

/// A record as it waits in its slot, with the organization whose ledger it goes to.
struct Slot {
    organization: Bytes32,
    record: Vec<u8>,
}

impl Slot {
    fn encode(&self) -> Vec<u8> {
        Writer::document(|map| {
            map.bytes(1, &self.organization);
            map.bytes(2, &self.record);
        })
    }

    fn open(key: &PageKey, held: &ViewRecord) -> Result<Self> {
        let plain =
            key.open(RECORD_PAGES | held.counter, held.counter, &held.bytes).map_err(session::unreadable_keys)?;
        // Exposed to be read; a record holds no secret.
        vitrine_vault::cbor::decode(plain.expose(), VIEW_LIMIT, |reader| {
            reader.map(|map| {
                let organization = map.required(1, Reader::array)?;
                let record = map.required(2, |reader| reader.bytes(VIEW_LIMIT))?.to_vec();
                Ok(Self { organization, record })
            })
        })
        .map_err(session::unreadable_keys)
    }

    fn hash(&self) -> Bytes32 {
        record::hash(&self.record)
    }
}
