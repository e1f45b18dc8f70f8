//! Telling every member at once what changes who can get in. The signed history shows it to whoever looks; an accomplice who is
//! added is counted on nobody looking.

use super::name_of;
use crate::api::{ErrorClass, Role};
use crate::error::Error;
use crate::session::Session;
use crate::{App, of_variant, vault};
use vitrine_ledger::{Body, Entry, MemberId, MspBody};

/// Warns of what somebody else wrote.
pub(crate) async fn tell(app: &App, session: &Session, entry: &Entry) {
    let Body::Msp(body) = entry.body() else { return };
    if !body.is_loud() || entry.member() == session.author.member {
        return;
    }
    let by = named(app, session, &entry.member()).await;
    let what = match body {
        MspBody::MemberAdd { subject, role, .. } => {
            let (subject, role) = (named(app, session, subject).await, of_variant(Role::from(*role)));
            format!("{by} let {subject} into this vault: {role}.")
        }
        MspBody::MemberRole { subject, role } => {
            let (subject, role) = (named(app, session, subject).await, of_variant(Role::from(*role)));
            format!("{by} gave {subject} another role in this vault: {role}.")
        }
        MspBody::DeviceAdd { .. } => format!("{by} came back by a recovery kit, with a new device."),
        MspBody::RecoverySet { .. } => format!("{by} changed by what this vault can be recovered."),
        MspBody::RecoveryUse { .. } | MspBody::HomeRecovery { .. } => format!("{by} recovered this vault."),
        // Who leaves or gets new keys lets nobody in; what was approved is told where it was asked for.
        _ => return,
    };
    vault::warn(
        app,
        Error::new(
            ErrorClass::Partly,
            "people.let-in",
            what,
            "If you did not expect that, ask them, and look at who is in the team.",
        )
        .holds("It stands in the signed history, where everybody sees it."),
    );
}

async fn named(app: &App, session: &Session, member: &MemberId) -> String {
    name_of(app, &session.ring(), &session.msp(), member).await.unwrap_or_else(|| "Somebody".to_owned())
}
