//! What is said of a rotation that waits, fails or needs somebody: what happened, what still holds, the next step.

use crate::api::*;
use crate::error::Error;
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

pub(crate) fn changed_outside() -> ErrorView {
    to_be_repaired().into_view()
}

/// An order for an account whose alarm asks for a decision first.
pub(super) fn to_be_repaired() -> Error {
    Error::new(
        ErrorClass::Refused,
        CHANGED_OUTSIDE,
        "The password was changed outside Vitrine, or this vault is behind.",
        "Ask who changed it. Repair the account to set a new password from here.",
    )
    .holds("The stored password no longer opens the account. Nothing was sent to the tenant.")
}

pub(super) fn needed(need: Need) -> ErrorView {
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
