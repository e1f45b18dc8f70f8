//! Ending one device of a member: it is cut off, the member gets a new root that the device never had, teams and organizations get
//! new keys, and everything the device could decrypt is replaced as it is when a member is removed.

use super::{bytes, finish, keys, known, reach, reads};
use crate::api::*;
use crate::error::{Error, Result};
use crate::founding::not_allowed;
use crate::journal::Change;
use crate::{App, credentials, incident};
use vitrine_ledger as ledger;
use vitrine_ledger::{Device, DeviceId, MemberId, MspBody, MspState};

/// The devices of a member that count.
pub(super) fn live<'a>(msp: &'a MspState, member: &'a MemberId) -> impl Iterator<Item = (&'a DeviceId, &'a Device)> {
    msp.devices().iter().filter(move |(_, device)| device.member == *member && device.until.is_none())
}

pub(crate) async fn revoke(app: &App, request: RevokeDeviceRequest) -> Result<PeopleView> {
    let unknown = || Error::usage("devices.unknown", "There is no such device.", "Look at the list of devices again.");
    let reason = credentials::spoken(&request.reason)?;
    if reason.is_empty() {
        return Err(Error::usage("people.reason", "A revocation needs a reason.", "Say in one line why."));
    }
    let session = app.session().await?;
    let msp = session.msp();
    let device = bytes(&request.device).map(DeviceId::from_bytes).ok_or_else(unknown)?;
    let member = msp.device(&device).filter(|device| device.until.is_none()).ok_or_else(unknown)?.member;
    let name = known(app, &session, &member).await?;
    if device == session.author.device {
        return Err(Error::usage(
            "devices.this",
            "No device is revoked from itself.",
            "Use another device of yours, or ask an owner or admin of the vault.",
        ));
    }
    let owner = msp.member(&member).is_some_and(|member| member.role() == ledger::Role::Owner);
    let action = match (member == session.author.member, owner) {
        (true, _) => ledger::Action::OwnDevices,
        (false, true) => ledger::Action::Owners,
        (false, false) => ledger::Action::Members,
    };
    if !session.may(action) {
        return Err(not_allowed().holds("No device was revoked."));
    }
    // Nothing would be left that could be given new keys.
    if live(&msp, &member).nth(1).is_none() {
        return Err(Error::usage(
            "devices.last",
            format!("This is the only device of {name}."),
            "Remove the member, and invite the person again for a new device.",
        ));
    }
    let reach = reach(app, |state| reads(state, &msp, &member)).await?;
    let loss = incident::Loss::Device { member: *member.as_bytes(), device: *device.as_bytes() };
    let said = format!("a device of {name} was revoked: {reason}");
    incident::intend(app, &session, loss, said, reach.organizations).await?;
    let mut change = Change::begin(app, &session).await?;
    change.append_msp(MspBody::DeviceRevoke { subject: device }).await?;
    // In one piece with the revocation, where this member may: nothing is sealed for the old keys in between.
    keys::renew(&mut change).await?;
    change.note(Action::DeviceRevoked, None, None, Some(format!("{name}: {reason}"))).await?;
    change.commit().await?;
    finish(app, &session).await
}
