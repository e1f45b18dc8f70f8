//! The devices of the member whose vault this is: further ones come by a code, and one that is lost is revoked.

use vitrine_app::api::{
    AddDeviceRequest, ApproveMemberRequest, DeviceView, InvitationView, PeopleRequest, PeopleView, RevokeDeviceRequest,
    SyncRequest, WithdrawInvitationRequest,
};

use super::Result;
use crate::{
    args::Device,
    door::Door,
    output::{Outcome, usage},
    text::{shown, table, time},
};

pub(super) async fn run(door: &mut Door, device: Device) -> Result {
    if let Device::Add { hours } = device {
        let view = door.call(AddDeviceRequest { hours, copy: false }).await?;
        // Exposed to be printed: that is what was asked for, and it is worth nothing without a person's approval here.
        let code = view.code.as_ref().map_or("", |code| code.0.expose());
        let text = format!(
            "Take this to the other device by another way than the backend, and type it there: vitrine join. It is good until {}.\n\n{code}\n\nThen, here: vitrine device list",
            time(Some(view.ends_at))
        );
        return Outcome::of(&view, text);
    }
    // What other devices did is wanted here. Without the home the list is as it was last seen, which `sync` says.
    let synced = door.call(SyncRequest {}).await;
    let view = match device {
        Device::Approve { code, compared } => {
            let invitation = answered(door, code).await?;
            door.call(ApproveMemberRequest { invitation, compared }).await?
        }
        Device::Withdraw { code } => door.call(WithdrawInvitationRequest { invitation: code }).await?,
        Device::Revoke { device, reason } => {
            let device = device_id(door, &device).await?;
            let view = door.call(RevokeDeviceRequest { device, reason }).await?;
            let text = format!(
                "{}\n\nIt is cut off. What is left to replace: vitrine incident status. If it was yours, print a new recovery kit: the old one opens nothing any more.",
                in_words(&view)
            );
            return Outcome::of(&view, text);
        }
        Device::List | Device::Add { .. } => door.call(PeopleRequest {}).await?,
    };
    let text = match synced {
        Ok(_) => in_words(&view),
        Err(failure) => {
            format!("{}\n\nAs it was last seen: the home was not reached ({}).", in_words(&view), failure.code())
        }
    };
    Outcome::of(&view, text)
}

/// The one code that was answered, or the one that is named.
async fn answered(door: &mut Door, code: Option<String>) -> Result<String> {
    let people = door.call(PeopleRequest {}).await?;
    let fits = |it: &&InvitationView| it.own_device && code.as_ref().map_or(it.answer.is_some(), |code| it.id == *code);
    let found: Vec<_> = people.invitations.iter().filter(fits).collect();
    match found.as_slice() {
        [invitation] => Ok(invitation.id.clone()),
        [] => Err(usage("devices.no-answer", "No device has answered such a code.", "See vitrine device list.")),
        _ => Err(usage("devices.ambiguous", "Several devices have answered.", "Give the id of the code.")),
    }
}

/// A device by its id, or by a name that one device alone has; the member's own come first.
async fn device_id(door: &mut Door, name: &str) -> Result<String> {
    let people = door.call(PeopleRequest {}).await?;
    let named = |device: &&DeviceView| {
        !device.revoked && (device.id == name || device.name.to_lowercase() == name.to_lowercase())
    };
    let of = |own: bool| {
        let members = people.members.iter().filter(move |member| member.you == own);
        members.flat_map(|member| &member.devices).filter(named).collect::<Vec<_>>()
    };
    let (own, others) = (of(true), of(false));
    match if own.is_empty() { others } else { own }.as_slice() {
        [device] => Ok(device.id.clone()),
        [] => Err(usage("devices.unknown", format!("There is no device {}.", shown(name)), "See vitrine device list.")),
        _ => Err(usage("devices.ambiguous", format!("Several devices are named {}.", shown(name)), "Give the id.")),
    }
}

fn in_words(view: &PeopleView) -> String {
    let own = view.members.iter().filter(|member| member.you).flat_map(|member| &member.devices);
    let row = |device: &DeviceView| {
        let standing = match device {
            DeviceView { revoked: true, .. } => "revoked",
            DeviceView { this: true, .. } => "this device",
            _ => "",
        };
        vec![shown(&device.name), standing.into(), time(Some(device.added_at)), device.id.clone()]
    };
    let rows: Vec<_> = own.map(row).collect();
    let mut parts = vec![table(&["Name", "", "Added", "Id"], &rows)];
    for code in view.invitations.iter().filter(|invitation| invitation.own_device) {
        parts.push(match &code.answer {
            None => format!("A code that nobody has answered yet ({}), until {}", code.id, time(Some(code.ends_at))),
            Some(answer) => format!(
                "{} answered the code {}. Compare on both screens:\n  {}\nIf they match: vitrine device approve {} --compared",
                shown(&answer.device),
                code.id,
                answer.words.join(" "),
                code.id
            ),
        });
    }
    parts.join("\n\n")
}
