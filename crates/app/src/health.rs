//! What is checked about an organization, in plain words. Only what is really looked at stands here.

use crate::api::{ErrorClass, ErrorView, HealthCheck, HealthLine, Time, Verdict};
use crate::error::Error;
use crate::records::{Account, Drift, Facts, Organization, Phase, item_text};
use crate::{App, certificates, strangers};

/// The lines of an organization, from its stored checks and what follows from its accounts.
pub(crate) fn lines(app: &App, row: &Organization) -> Vec<HealthLine> {
    let mut lines: Vec<HealthLine> = row
        .checks
        .iter()
        .filter(|check| check.check != HealthCheck::Certificate)
        .map(|check| HealthLine {
            check: check.check,
            account: check.account.as_ref().map(item_text),
            user_name: check
                .account
                .as_ref()
                .and_then(|item| row.account(item))
                .map(|account| account.user_name.clone()),
            verdict: check.verdict,
            checked_at: Some(Time(check.at)),
            words: check.words.clone(),
        })
        .collect();
    lines.extend(certificates::line(app, row));
    lines.extend(strangers::lines(row));
    for account in &row.accounts {
        let line = |check, verdict, checked_at: Option<u64>, words: &str| HealthLine {
            check,
            account: Some(item_text(&account.item)),
            user_name: Some(account.user_name.clone()),
            verdict,
            checked_at: checked_at.map(Time),
            words: words.to_owned(),
        };
        let at = account.facts.as_ref().map(|facts| facts.at);
        let (verdict, words) = existence(account.created, account.facts.as_ref());
        lines.push(line(HealthCheck::AccountExists, verdict, at, &words));
        let (verdict, words) = role(account.facts.as_ref());
        lines.push(line(HealthCheck::RoleHeld, verdict, at, words));
        let (verdict, words) = password(account);
        lines.push(line(HealthCheck::PasswordVerified, verdict, account.verified_at, words));
        lines.push(if account.has_second_factor {
            line(HealthCheck::SecondFactor, Verdict::Good, None, "A one-time-code key is stored here.")
        } else {
            line(
                HealthCheck::SecondFactor,
                Verdict::Warning,
                None,
                "No second factor is stored. Microsoft's portals refuse the password alone.",
            )
        });
    }
    lines
}

fn existence(created: bool, facts: Option<&Facts>) -> (Verdict, String) {
    match facts {
        None if created => (Verdict::Unknown, "The tenant was not looked at yet.".into()),
        None => (Verdict::Unknown, "The account was never created in the tenant.".into()),
        Some(facts) if !facts.exists => (Verdict::Bad, "The account no longer exists in the tenant.".into()),
        Some(facts) if !facts.enabled => (Verdict::Bad, "The account exists, but its sign-in is disabled.".into()),
        Some(Facts { other_name: Some(name), .. }) => (Verdict::Bad, format!("The account is named {name} now.")),
        Some(_) => (Verdict::Good, "The account exists and may sign in.".into()),
    }
}

fn role(facts: Option<&Facts>) -> (Verdict, &'static str) {
    match facts.and_then(|facts| facts.role) {
        None => (Verdict::Unknown, "Its roles were not looked at yet."),
        Some(true) => (Verdict::Good, "It holds Global Administrator, assigned and without end."),
        Some(false) => (Verdict::Bad, "It does not hold Global Administrator permanently."),
    }
}

/// What differs in the tenant, as the problem of the account: what happened, what still holds, what a repair does.
pub(crate) fn drifted(account: &Account) -> Option<ErrorView> {
    let (code, what, holds, next) = match account.drift()? {
        Drift::Gone => (
            "drift.account-gone",
            "The emergency account was deleted in the tenant.".to_owned(),
            "Its passwords are kept here.",
            "Ask who deleted it. Repair restores it within 30 days; an admin of the tenant signs in for that.",
        ),
        Drift::Disabled => (
            "drift.disabled",
            "Sign-in of the emergency account was disabled in the tenant.".to_owned(),
            "The stored password is unchanged; nobody can sign in with it.",
            "Ask who disabled it. Repair enables it again; an admin of the tenant signs in for that.",
        ),
        Drift::RoleGone => (
            "drift.role-gone",
            "The emergency account no longer holds Global Administrator permanently.".to_owned(),
            "It still signs in with the stored password.",
            "Ask who took the role. Repair assigns Global Administrator again; an admin of the tenant signs in for that.",
        ),
        Drift::Renamed => (
            "drift.renamed",
            format!(
                "The emergency account is named {} in the tenant now.",
                account.facts.as_ref().and_then(|facts| facts.other_name.as_deref()).unwrap_or_default()
            ),
            "The stored password opens it under the new name.",
            "Ask who renamed it. Repair takes the new name into the vault; nothing changes in the tenant.",
        ),
    };
    Some(Error::new(ErrorClass::Refused, code, what, next).holds(holds).into_view())
}

/// What a person does about an account that was begun and never created.
pub(crate) fn unfinished(account: &Account) -> Option<ErrorView> {
    (!account.created).then(|| {
        Error::usage(
            "laps.never-created",
            format!("{} was begun and never created in the tenant.", account.user_name),
            "Enable LAPS again with this name to finish it, or remove it.",
        )
        .holds("Other accounts are not held back by it.")
        .into_view()
    })
}

fn password(account: &Account) -> (Verdict, &'static str) {
    match account.phase {
        Phase::Steady if account.verified_at.is_some() => {
            (Verdict::Good, "The tenant confirmed the stored password's change.")
        }
        Phase::Steady | Phase::Creating => (Verdict::Unknown, "The tenant has not confirmed it yet."),
        Phase::Rotating => (Verdict::Unknown, "A rotation is under way."),
        Phase::Unclear => (Verdict::Bad, "The answer was lost. One of the stored passwords opens the account."),
        Phase::ChangedOutside => (Verdict::Bad, "The password was changed outside Vitrine, or this vault is behind."),
        Phase::NeedsPerson => (Verdict::Bad, "The rotation needs a person."),
    }
}
