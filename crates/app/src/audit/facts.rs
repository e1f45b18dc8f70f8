//! What an entry or a record tells, as a line. The same here and for whoever verifies an export: nothing of it needs a key.

use super::record::{Doubt, Record};
use crate::api::{Action, Role};
use crate::records::Activity;
use vitrine_ledger::{Body, Entry, Home, MspBody};

/// A record of no form.
pub(crate) const UNREADABLE: &str = "a record cannot be read";

/// What is said of a record that is not what it says.
pub(crate) fn not_genuine(doubt: Doubt) -> String {
    format!("a record is not genuine: {doubt}")
}

/// What is said of a view that does not fit those around it.
pub(crate) fn contradicts(counter: u64) -> String {
    format!("view {counter} of a device contradicts its neighbours")
}

/// What an entry of the MSP's ledger tells, where it is not of keys alone.
pub(crate) fn of_msp(entry: &Entry) -> Option<Activity> {
    let Body::Msp(body) = entry.body() else { return None };
    let (action, subject) = match body {
        MspBody::Genesis { .. } => (Action::VaultCreated, None),
        MspBody::Home { home: Home::Backend { .. } } => (Action::HomeMoved, None),
        MspBody::Home { home: Home::Device(_) } | MspBody::HomeRecovery { .. } => (Action::HomeBroughtBack, None),
        MspBody::MemberAdd { subject, .. } => (Action::MemberAdded, Some(*subject)),
        MspBody::MemberJoin { .. } => (Action::Joined, None),
        MspBody::MemberRole { subject, .. } => (Action::RoleChanged, Some(*subject)),
        MspBody::MemberRemove { subject } => (Action::MemberRemoved, Some(*subject)),
        MspBody::MemberRekey { subject, .. } => (Action::MemberRekeyed, Some(*subject)),
        MspBody::DeviceAdd { proof: Some(_), .. } => (Action::Restored, None),
        MspBody::DeviceAdd { proof: None, .. } => (Action::DeviceAdded, Some(entry.member())),
        MspBody::DeviceRevoke { .. } => (Action::DeviceRevoked, None),
        MspBody::OrganizationAdd { .. } => (Action::OrganizationAdded, None),
        MspBody::OrganizationArchive { .. } => (Action::OrganizationArchived, None),
        MspBody::Policy { .. } => (Action::PolicyChanged, None),
        MspBody::RecoverySet { sheet: true, .. } => (Action::SheetSaved, None),
        MspBody::Approve { .. } => (Action::ChangeApproved, None),
        _ => return None,
    };
    let organization = match body {
        MspBody::OrganizationAdd { organization, .. } | MspBody::OrganizationArchive { organization } => {
            Some(*organization.as_bytes())
        }
        _ => None,
    };
    let note = match body {
        MspBody::MemberRole { role, .. } | MspBody::MemberAdd { role, .. } => {
            Some(crate::of_variant(Role::from(*role)))
        }
        _ => None,
    };
    let subject = subject.map(|subject| *subject.as_bytes());
    Some(Activity { subject, organization, note, ..by_author(entry, action) })
}

/// What a record tells.
pub(crate) fn of_record(record: &Record, late: bool) -> Activity {
    Activity {
        at: record.at,
        member: *record.author.member.as_bytes(),
        subject: None,
        action: record.action,
        organization: Some(record.organization),
        organization_name: None,
        user_name: record.user_name.clone(),
        note: record.remark(),
        late,
    }
}

/// That an entry of an organization's ledger carries something else than records.
pub(crate) fn refused(entry: &Entry, why: &str) -> Activity {
    let organization = entry.ledger().map(|ledger| *ledger.as_bytes());
    Activity { organization, note: Some(why.to_owned()), ..by_author(entry, Action::RecordRefused) }
}

fn by_author(entry: &Entry, action: Action) -> Activity {
    Activity {
        at: entry.time_ms(),
        member: *entry.member().as_bytes(),
        subject: None,
        action,
        organization: None,
        organization_name: None,
        user_name: None,
        note: None,
        late: false,
    }
}
