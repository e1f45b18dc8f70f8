//! Viewing and copying. Every one leaves a view record before the secret is here.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;
use vitrine_app::Error;
use vitrine_app::api::{
    AccountView, AfterView, CardRequest, CopyRequest, CopyView, CopyWhat, OlderPasswordsRequest, OlderPasswordsView,
    OneTimeCodeRequest, OneTimeCodeView, OpenQuickAccessRequest, OrganizationView, RevealRequest, RevealView,
    SetSecondFactorRequest, Time, WhichValue,
};

use super::{Result, find};
use crate::{
    args::{Credential, Then},
    door::Door,
    output::Outcome,
    person::{Lines, Person},
    text::{shown, time},
};

/// One credential, and what to know before trying it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Viewed<'a> {
    organization: &'a str,
    organization_name: &'a str,
    account: &'a AccountView,
    sign_in_page: &'a str,
    as_of: Time,
    rotation_due_since: bool,
    #[serde(flatten)]
    secret: Secret<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Secret<'a> {
    Password(&'a RevealView),
    Code(&'a OneTimeCodeView),
}

struct Found {
    organization: OrganizationView,
    account: AccountView,
}

async fn find(door: &mut Door, which: &Credential) -> Result<Found> {
    let organization = find::organization(door, &which.organization).await?;
    let account = find::account(&organization, which.account.as_deref())?.clone();
    Ok(Found { organization, account })
}

pub(super) async fn view(door: &mut Door, person: &mut Person, which: Credential, then: Then) -> Result {
    let Found { organization, account } = find(door, &which).await?;
    if which.older == Some(0) {
        let older = older(door, &organization, &account).await?;
        return Outcome::of(&older, listed(&older));
    }
    let (organization_id, account_id) = (organization.id.clone(), account.id.clone());
    let card = door.call(CardRequest { organization: organization_id.clone(), account: account_id.clone() }).await?;
    let value = chosen(door, &which, &organization, &account).await?;
    let reason = reason(person, which.reason, card.reason_required)?;
    let viewed = |secret| Viewed {
        organization: &card.organization,
        organization_name: &card.organization_name,
        account: &card.account,
        sign_in_page: &card.sign_in_page,
        as_of: card.as_of,
        rotation_due_since: card.rotation_due_since,
        secret,
    };
    let mut lines = vec![
        format!("{}  {}", shown(&card.organization_name), shown(&card.sign_in_page)),
        format!("User name  {}", shown(&card.account.user_name)),
    ];
    let stale = if card.rotation_due_since { "; a rotation has fallen due since" } else { "" };
    if which.code {
        let request = OneTimeCodeRequest { organization: organization_id, account: account_id, next: false, reason };
        let view = door.call(request).await?;
        // Exposed to the terminal because the person asked for exactly that.
        lines.push(format!("Code       {}  (until {})", view.code.0.expose(), time(Some(view.ends_at))));
        return Outcome::of(&viewed(Secret::Code(&view)), lines.join("\n"));
    }
    let then = AfterView::from(then);
    let request = RevealRequest { organization: organization_id, account: account_id, which: value, reason, then };
    let view = door.call(request).await?;
    // Exposed to the terminal because the person asked for exactly that.
    lines.push(format!("Password   {}", view.secret.0.expose()));
    lines.push(format!("Set {}, as of {}{stale}", time(view.since), time(Some(card.as_of))));
    // What the schedule says holds, whatever was asked for here.
    match (then, card.after_view) {
        (AfterView::Now, Some(_)) | (_, Some(AfterView::Now)) => {
            lines.push("It is due for rotation right after this.".into());
        }
        (AfterView::InOneHour, Some(_)) | (_, Some(AfterView::InOneHour)) => {
            lines.push("It is due for rotation in an hour.".into());
        }
        _ => {}
    }
    if !card.account.has_second_factor {
        lines.push("No second factor is stored: Microsoft's portals refuse the password alone.".into());
    }
    Outcome::of(&viewed(Secret::Password(&view)), lines.join("\n"))
}

/// Opens the window for quick access of whoever runs one.
pub(super) async fn quick_access(door: &mut Door) -> Result {
    let done = door.call(OpenQuickAccessRequest {}).await?;
    Outcome::of(&done, "Quick access is open.".into())
}

pub(super) async fn copy(door: &mut Door, person: &mut Person, which: Credential, user_name: bool) -> Result {
    let Found { organization, account } = find(door, &which).await?;
    let what = match (user_name, which.code) {
        (true, _) => CopyWhat::UserName,
        (_, true) => CopyWhat::OneTimeCode,
        _ => CopyWhat::Password { which: chosen(door, &which, &organization, &account).await? },
    };
    let card = CardRequest { organization: organization.id.clone(), account: account.id.clone() };
    let required = !user_name && door.call(card).await?.reason_required;
    let reason = reason(person, which.reason, required)?;
    let view = door.call(CopyRequest { organization: organization.id, account: account.id, what, reason }).await?;
    if door.ends_with_us() {
        keep(person, &view).await;
    }
    Outcome::of(&view, "Copied.".into())
}

async fn older(door: &mut Door, organization: &OrganizationView, account: &AccountView) -> Result<OlderPasswordsView> {
    let request = OlderPasswordsRequest { organization: organization.id.clone(), account: account.id.clone() };
    door.call(request).await
}

fn listed(older: &OlderPasswordsView) -> String {
    let missing = (older.missing > 0).then(|| {
        format!("{} versions are at the backend, which did not give them now; they may hold more.", older.missing)
    });
    if older.values.is_empty() {
        return missing.unwrap_or_else(|| "No older password is kept.".into());
    }
    let lines = older.values.iter().zip(1..).map(|(value, number)| {
        let what = if matches!(value.which, WhichValue::GivenUp { .. }) { "given up" } else { "set" };
        format!("{number:>3}  {what} {}", time(value.since))
    });
    let next = "Try them in this order, each with --older NUMBER.".to_owned();
    let lines: Vec<String> = lines.chain([next]).chain(missing).collect();
    lines.join("\n")
}

/// The password that the flags name.
async fn chosen(
    door: &mut Door,
    which: &Credential,
    organization: &OrganizationView,
    account: &AccountView,
) -> Result<WhichValue> {
    let Some(number) = which.older else { return Ok(which.value.into()) };
    let older = older(door, organization, account).await?;
    let value = number.checked_sub(1).and_then(|index| older.values.get(index));
    Ok(value.map(|value| value.which).ok_or_else(|| {
        let next = format!("Name one from 1 to {}; `vitrine view --older` lists them.", older.values.len());
        Error::usage("cli.no-such-password", "There is no older password of this number.", next)
    })?)
}

/// A clipboard lives as long as the process that filled it: waits until it is cleared, or Ctrl-C.
async fn keep(person: &Person, view: &CopyView) {
    let Some(Time(clears_at)) = view.clears_at else { return };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    // A second more, so that the application clears it before this process ends.
    let left = u128::from(clears_at).saturating_sub(now).min(300_000) + 1_000;
    person.progress(view, "On the clipboard until it is cleared; Ctrl-C clears it now.");
    let wait = Duration::from_millis(u64::try_from(left).unwrap_or(0));
    tokio::select! {
        () = tokio::time::sleep(wait) => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

fn reason(person: &Person, given: Option<String>, required: bool) -> Result<String> {
    match given {
        Some(reason) => Ok(reason),
        // Where nobody answers, the application says that a reason is missing.
        None if required => Ok(person.line("Reason:")?.unwrap_or_default()),
        None => Ok(String::new()),
    }
}

pub(super) async fn second_factor(
    door: &mut Door,
    person: &mut Person,
    organization: &str,
    account: Option<&str>,
    key_fd: Option<u32>,
) -> Result {
    let organization = find::organization(door, organization).await?;
    let account = find::account(&organization, account)?.id.clone();
    let mut lines = key_fd.map(Lines::open).transpose()?;
    let key = person.secret("Key (Base32 or otpauth address): ", lines.as_mut())?;
    let view = door.call(SetSecondFactorRequest { organization: organization.id, account, key }).await?;
    Outcome::of(&view, format!("Stored for {}. vitrine view --code shows the code.", shown(&view.account.user_name)))
}
