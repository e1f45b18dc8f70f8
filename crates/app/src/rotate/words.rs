//! What is said of a rotation that waits, fails or needs somebody: what happened, what still holds, the next step.

use crate::api::*;
use crate::error::Error;
use crate::records::Wrong;
use vitrine_ledger::{Home, MspState};
use vitrine_rotation::{Need, Why};

pub(super) fn unharmed(error: Error) -> ErrorView {
    error.holds("The stored password still works.").into_view()
}

pub(super) fn unclear(error: Error) -> ErrorView {
    error.holds("The old and the new password are both kept; one of them opens the account.").into_view()
}

pub(super) fn held(why: Why) -> ErrorView {
    let (class, what, next) = match why {
        Why::Locked => (ErrorClass::Locked, "The vault was locked.", "Unlock it; the rotation goes on by itself."),
        Why::OtherAccount => (
            ErrorClass::Partly,
            "The tenant's other emergency account is being rotated.",
            "Settle that one first; both are never changed at once.",
        ),
        Why::OtherDevice => (
            ErrorClass::Partly,
            "Another device has begun this rotation.",
            "It is taken over by itself if that device does not finish.",
        ),
        Why::HomeUnreachable => (
            ErrorClass::Unreachable,
            "The vault's home cannot be reached, so nothing may be changed.",
            "It is tried again by itself.",
        ),
        Why::Disk => (
            ErrorClass::Machine,
            "Nothing can be stored on this machine now.",
            "Free some space; it is tried again by itself.",
        ),
        Why::Tenant => (ErrorClass::Unreachable, "The tenant does not answer.", "It is tried again by itself."),
        Why::Unclear => {
            (ErrorClass::Unreachable, "We cannot tell whether the change arrived.", "It is checked again by itself.")
        }
    };
    let holds = if why == Why::Unclear {
        "The old and the new password are both kept; one of them opens the account."
    } else {
        "The stored password still works."
    };
    Error::new(class, why.code(), what, next).holds(holds).into_view()
}

/// Code of an account's alarm.
pub(crate) const CHANGED_OUTSIDE: &str = "rotation.changed-outside";

/// The alarm of an account whose tenant says another time than the vault. Where a backend is the home there is a second
/// explanation, which no entry can tell from the first: it withholds what another device did.
pub(crate) fn changed_outside(msp: &MspState) -> ErrorView {
    to_be_repaired(msp).into_view()
}

/// An order for an account whose alarm asks for a decision first.
pub(super) fn to_be_repaired(msp: &MspState) -> Error {
    let (what, next) = match msp.home() {
        Home::Device(_) => (
            "The password was changed outside Vitrine, or this vault is behind.",
            "Ask who changed it. Repair the account to set a new password from here.",
        ),
        Home::Backend { .. } => (
            "The password was changed outside Vitrine, or the vault's home withholds what another device did.",
            "Ask who changed it, and whether a colleague's Vitrine shows a newer rotation: then do not trust the home. Repair \
             the account to set a new password from here.",
        ),
    };
    Error::new(ErrorClass::Refused, CHANGED_OUTSIDE, what, next)
        .holds("The stored password no longer opens the account. Nothing was sent to the tenant.")
}

fn needed(need: Need) -> ErrorView {
    let (what, next) = match need {
        Need::PasswordRefused => {
            ("Microsoft refused two generated passwords.", "Look at the tenant's password rules, then rotate again.")
        }
        Need::Forbidden => (
            "Microsoft refused: the app lacks a permission or its role.",
            "Connect the tenant again; it repairs what is missing.",
        ),
        Need::AccountGone => (
            "The emergency account no longer exists in the tenant.",
            "Restore it in the Entra admin center within 30 days, or turn LAPS off and enable it again.",
        ),
        Need::ConnectionRefused => ("The connection no longer opens the tenant.", "Connect the tenant again."),
        Need::NeverVerified => {
            ("The account's first password was never verified.", "Enable LAPS again; it goes on where it stopped.")
        }
    };
    Error::new(ErrorClass::Refused, need.code(), what, next).holds("The stored password was not changed.").into_view()
}

/// What a person is asked for, after the tenant's last refusal. That says what comes next, but for a password: by now no
/// other one is made. One is `kept` where an earlier try with it had no answer and may still arrive.
pub(super) fn asked(need: Need, kept: bool, refused: Option<ErrorView>) -> ErrorView {
    match (need, refused) {
        (Need::PasswordRefused, refused) if kept => ErrorView {
            what: "Microsoft refused the new password, and an earlier try with it was never answered.".into(),
            holds: "The old and the new password are both kept; one of them opens the account.".into(),
            next: "Rotate again: the same one is sent once more. If it stays refused, look at the tenant's password rules."
                .into(),
            details: refused.and_then(|refused| refused.details),
            ..needed(need)
        },
        (Need::PasswordRefused, refused) => {
            ErrorView { details: refused.and_then(|refused| refused.details), ..needed(need) }
        }
        (_, Some(refused)) => refused,
        (_, None) => needed(need),
    }
}

/// How the item of an account names what a person is needed for.
pub(super) fn number(need: Need) -> u16 {
    match need {
        Need::PasswordRefused => 1,
        Need::Forbidden => 2,
        Need::AccountGone => 3,
        Need::ConnectionRefused => 4,
        Need::NeverVerified => 5,
    }
}

/// The need of a number; none where the number is of another version.
fn need(number: u16) -> Option<Need> {
    const NEEDS: [Need; 5] =
        [Need::PasswordRefused, Need::Forbidden, Need::AccountGone, Need::ConnectionRefused, Need::NeverVerified];
    NEEDS.into_iter().find(|need| self::number(*need) == number)
}

/// The act that answers what a person is needed for.
pub(crate) fn step_for(number: u16) -> ProblemStep {
    match need(number) {
        Some(Need::Forbidden | Need::ConnectionRefused) => ProblemStep::Connect,
        Some(Need::NeverVerified) => ProblemStep::EnableLaps,
        Some(Need::PasswordRefused | Need::AccountGone) | None => ProblemStep::Rotate,
    }
}

/// What is said of an account whose state is known and whose last words are not: they are in no signed entry.
pub(crate) fn unexplained(wrong: Wrong, msp: &MspState) -> ErrorView {
    match wrong {
        Wrong::Unclear => held(Why::Unclear),
        Wrong::ChangedOutside => changed_outside(msp),
        Wrong::NeedsPerson(number) if let Some(need) = need(number) => needed(need),
        _ => unharmed(Error::new(
            ErrorClass::Partly,
            "rotation.unexplained",
            "The rotation has not come to its end.",
            "Rotate again to see why.",
        )),
    }
}

/// An account whose creation was cut off before it got its role.
pub(super) fn role_needed() -> ErrorView {
    Error::new(
        ErrorClass::Refused,
        "rotation.need.role",
        "The account exists, but its set-up was cut off before it got Global Administrator.",
        "Enable LAPS again with this name; an admin of the tenant signs in for that, and it goes on where it stopped.",
    )
    .holds("Its stored password is kept.")
    .into_view()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_password_says_whether_it_is_kept_and_promises_no_other_one() {
        let refused = || {
            let what = "The tenant refuses this password.";
            let error = Error::new(ErrorClass::Refused, "graph.password-refused", what, "Another one is made.");
            Some(error.details("request id 1").into_view())
        };
        for (kept, words) in [(true, "both kept"), (false, "not changed")] {
            let asked = asked(Need::PasswordRefused, kept, refused());
            assert!(asked.holds.contains(words) && !asked.next.contains("Another"), "{asked:?}");
            assert_eq!(
                (asked.code.as_str(), asked.details.as_deref()),
                (Need::PasswordRefused.code(), Some("request id 1"))
            );
        }
        // Any other refusal says itself what comes next.
        let forbidden = asked(Need::Forbidden, false, refused());
        assert_eq!(forbidden.code, "graph.password-refused");
    }
}
