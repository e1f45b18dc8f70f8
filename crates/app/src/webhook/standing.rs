//! How accounts stand, as far as a webhook is told: looked at whenever an organization's row is saved, so that no way to a
//! failure or an alarm is left out, and told once for each, however often it is met again.

use super::{Changed, What};
use crate::api::{ErrorClass, ErrorView};
use crate::error::Result;
use crate::journal::{Change, Opened};
use crate::records::{Account, Bytes16, Phase, Trouble};
use crate::rotate::CHANGED_OUTSIDE;

/// What is known to be changed outside about each account.
pub(crate) type Stood = Vec<(Bytes16, Vec<Changed>)>;

/// That of the accounts of an organization.
pub(crate) fn stood(accounts: &[Account]) -> Stood {
    accounts.iter().map(|account| (account.item, changed(account))).collect()
}

fn changed(account: &Account) -> Vec<Changed> {
    let password = (account.phase == Phase::ChangedOutside).then_some(Changed::Password);
    password.into_iter().chain(account.drift().map(Changed::from)).collect()
}

/// Tells what this change made of the accounts of an organization.
pub(crate) async fn tell_standing(change: &mut Change<'_>, opened: &mut Opened, before: &Stood) -> Result<()> {
    let mut news = Vec::new();
    for account in &mut opened.row.accounts {
        let known = before.iter().find(|(item, _)| *item == account.item).map_or(&[][..], |(_, known)| known);
        let more = changed(account).into_iter().filter(|changed| !known.contains(changed));
        news.extend(more.map(|changed| (account.item, What::ChangedOutside(changed))));
        if let Some(what) = failed(account) {
            news.push((account.item, what));
        }
    }
    for (item, what) in news {
        change.tell(opened, Some(&item), what).await?;
    }
    Ok(())
}

/// A failure that was not told yet. What only waits for something else is none, and what was changed outside is told as
/// that.
fn failed(account: &mut Account) -> Option<What> {
    let Some(problem) = &account.problem else {
        account.told_failed = None;
        return None;
    };
    let waits = matches!(problem.class, ErrorClass::Locked | ErrorClass::Partly);
    // The alarm stands in the row until its repair has come to its end.
    if waits || problem.code == CHANGED_OUTSIDE {
        return None;
    }
    let trouble = Trouble { code: problem.code.clone(), needs_person: account.phase == Phase::NeedsPerson };
    // The same failure of the next try is no news, even where it was under way in between.
    let told = account.told_failed.as_ref();
    if told.is_some_and(|told| told.code == trouble.code && (told.needs_person || !trouble.needs_person)) {
        return None;
    }
    account.told_failed = Some(trouble.clone());
    Some(What::Failed { trouble, sentence: sentence(problem) })
}

/// The sentence of a problem, where it is made of Microsoft's answer alone. Others may name a folder of this machine, or
/// somebody.
fn sentence(problem: &ErrorView) -> Option<String> {
    matches!(problem.class, ErrorClass::Refused | ErrorClass::Unreachable).then(|| problem.what.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn account(phase: Phase, class: ErrorClass, code: &str) -> Account {
        let problem = Error::new(class, code, "It failed.", "Look.").into_view();
        Account { phase, problem: Some(problem), ..Account::new([1; 16]) }
    }

    #[test]
    fn a_failure_is_told_once_and_again_when_it_is_another_one_or_needs_somebody() {
        let mut row = account(Phase::Steady, ErrorClass::Unreachable, "network.no-connection");
        assert!(failed(&mut row).is_some());
        assert!(failed(&mut row).is_none(), "told with every try");
        row.phase = Phase::NeedsPerson;
        assert!(failed(&mut row).is_some(), "that it needs somebody is news");
        // Tried again, under way, and back where it was.
        for phase in [Phase::Rotating, Phase::NeedsPerson] {
            row.phase = phase;
            assert!(failed(&mut row).is_none(), "{phase:?}");
        }
        row.problem = account(Phase::Steady, ErrorClass::Refused, "rotation.need.forbidden").problem;
        assert!(failed(&mut row).is_some());
        row.problem = None;
        assert!(failed(&mut row).is_none() && row.told_failed.is_none());
    }

    #[test]
    fn what_only_waits_or_was_changed_outside_is_no_failure() {
        for class in [ErrorClass::Locked, ErrorClass::Partly] {
            assert!(failed(&mut account(Phase::Steady, class, "rotation.hold")).is_none());
        }
        // While it is repaired, too.
        for phase in [Phase::ChangedOutside, Phase::Rotating] {
            assert!(failed(&mut account(phase, ErrorClass::Refused, CHANGED_OUTSIDE)).is_none());
        }
    }

    #[test]
    fn a_sentence_that_may_name_a_folder_or_somebody_is_left_out() {
        for (class, expected) in [
            (ErrorClass::Refused, true),
            (ErrorClass::Unreachable, true),
            (ErrorClass::Machine, false),
            (ErrorClass::Usage, false),
            (ErrorClass::Integrity, false),
        ] {
            let told = failed(&mut account(Phase::Steady, class, "code"));
            assert!(matches!(told, Some(What::Failed { sentence, .. }) if sentence.is_some() == expected), "{class:?}");
        }
    }
}
