//! What is checked about an organization, in plain words. Only what is really looked at stands here.

use crate::api::{HealthCheck, HealthLine, Time, Verdict};
use crate::records::{Account, Organization, Phase, item_text};
use crate::{App, certificates};

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
    for account in &row.accounts {
        let line = |check, verdict, checked_at: Option<u64>, words: &str| HealthLine {
            check,
            account: Some(item_text(&account.item)),
            user_name: Some(account.user_name.clone()),
            verdict,
            checked_at: checked_at.map(Time),
            words: words.to_owned(),
        };
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
