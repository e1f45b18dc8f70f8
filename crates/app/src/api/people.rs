//! The people who share a vault: who they are, inviting, joining, removing.

use super::{EdgeSecret, ErrorView, OrganizationView, StatusView, Time, command};
use serde::{Deserialize, Serialize};
use specta::Type;

/// Asks who shares this vault.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, Type)]
pub struct PeopleRequest {}
command!(PeopleRequest, "people", PeopleView);

/// Invites a person. The code is to reach that person by another way than the backend: a message, a phone call.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct InviteRequest {
    /// The person's name, 1 to 100 characters.
    pub name: String,
    /// What the person will be: admin, technician, auditor or rotator. An owner is made of a member who has joined.
    pub role: Role,
    /// The team of work it is to be in, from [`TeamView::id`]; without one, Staff. Only for technicians and rotators.
    #[serde(default)]
    pub team: Option<String>,
    /// Hours until the code is of no use any more, 1 to 336.
    pub hours: u32,
    /// Puts the code on the clipboard and answers without it: a window never holds it.
    pub copy: bool,
}
command!(InviteRequest, "invite", InvitedView);

/// Makes a code that gives this member a further device. It is typed there, and is to get there by another way than the backend.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, Type)]
pub struct AddDeviceRequest {
    /// Hours until the code is of no use any more, 1 to 336.
    pub hours: u32,
    /// Puts the code on the clipboard and answers without it: a window never holds it.
    pub copy: bool,
}
command!(AddDeviceRequest, "add_device", InvitedView);

/// Ends a device: its member gets new keys, every organization that it could read does, and an incident replaces every
/// credential that it could decrypt.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct RevokeDeviceRequest {
    /// Which, from [`DeviceView::id`].
    pub device: String,
    /// Why, in one line; it stands in the report.
    pub reason: String,
}
command!(RevokeDeviceRequest, "revoke_device", PeopleView);

/// Takes an invitation back. Its code is of no use any more.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct WithdrawInvitationRequest {
    /// Which, from [`InvitationView::id`].
    pub invitation: String,
}
command!(WithdrawInvitationRequest, "withdraw_invitation", PeopleView);

/// Adds the person, or the device of this member, that answered an invitation.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct ApproveMemberRequest {
    /// Which, from [`InvitationView::id`].
    pub invitation: String,
    /// Both sides compared the eight words. Neither an admin nor a device can be added without.
    pub compared: bool,
}
command!(ApproveMemberRequest, "approve_member", PeopleView);

/// Changes what a member is.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct SetRoleRequest {
    /// Whose, from [`MemberView::id`].
    pub member: String,
    /// The new role; nobody becomes or ceases to be a rotator or an auditor.
    pub role: Role,
}
command!(SetRoleRequest, "set_role", PeopleView);

/// Consents, as a second owner, to what another owner asked for.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct ApproveChangeRequest {
    /// What, from [`PendingView::id`].
    pub change: String,
}
command!(ApproveChangeRequest, "approve_change", PeopleView);

/// Asks what the removal of a member means, before it is ordered.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct RemovalRequest {
    /// Whom, from [`MemberView::id`].
    pub member: String,
}
command!(RemovalRequest, "removal", RemovalView);

/// Removes a member with all its devices: new keys for every organization it could read, and an incident that replaces
/// every credential it could decrypt.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct RemoveMemberRequest {
    /// Whom, from [`MemberView::id`].
    pub member: String,
    /// Why, in one line; it stands in the report.
    pub reason: String,
}
command!(RemoveMemberRequest, "remove_member", PeopleView);

/// Makes a team that works with a part of the organizations.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct MakeTeamRequest {
    /// Its name, 1 to 100 characters, not one that another team has.
    pub name: String,
    /// Its members besides owners and admins, from [`MemberView::id`].
    pub members: Vec<String>,
}
command!(MakeTeamRequest, "make_team", PeopleView);

/// Changes who is in a team, or what it is called. What somebody who is taken out could read is replaced.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct ChangeTeamRequest {
    /// Which, from [`TeamView::id`].
    pub team: String,
    /// Its new name; none to leave it.
    pub name: Option<String>,
    /// Who comes, from [`MemberView::id`].
    pub add: Vec<String>,
    /// Who leaves.
    pub remove: Vec<String>,
}
command!(ChangeTeamRequest, "change_team", PeopleView);

/// Removes a team. What its members could read by it is replaced.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct RemoveTeamRequest {
    /// Which, from [`TeamView::id`].
    pub team: String,
}
command!(RemoveTeamRequest, "remove_team", PeopleView);

/// Gives a team access to an organization, or takes it away. What was readable is replaced where somebody loses it.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct SetAccessRequest {
    /// Ledger id of the organization.
    pub organization: String,
    /// Which team, from [`TeamView::id`].
    pub team: String,
    /// How much; none takes it away.
    pub level: Option<AccessLevel>,
}
command!(SetAccessRequest, "set_access", OrganizationView);

/// Gives a team access to many organizations. Nobody has less by it: where the team has as much already, nothing is changed.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub struct GiveAccessRequest {
    /// Ledger ids of the organizations, 1 to 100,000.
    pub organizations: Vec<String>,
    /// Which team, from [`TeamView::id`].
    pub team: String,
    /// How much: read or full.
    pub level: AccessLevel,
}
command!(GiveAccessRequest, "give_access", PeopleView);

/// How much of an organization somebody gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum AccessLevel {
    /// Its name, and what happened.
    Log,
    /// Everything but the connection: views, and rotates nothing.
    Read,
    /// Views and rotates.
    Full,
}

/// What a team is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum TeamKind {
    /// All owners; every organization is open to it.
    Owners,
    /// All who are named to no other team; new organizations are opened to it.
    Staff,
    /// Some members, with a part of the organizations.
    Work,
    /// All auditors; names and what happened, of every organization.
    Audit,
}

/// A team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TeamView {
    /// Its id, in hexadecimal.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub kind: TeamKind,
    /// Ids of its members, owners and admins included.
    pub members: Vec<String>,
    /// Organizations that it has access to, of those that the member who asks may see.
    pub organizations: u32,
}

/// A team's access to an organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AccessView {
    /// The team, from [`TeamView::id`].
    pub team: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub kind: TeamKind,
    /// How much it has.
    pub level: AccessLevel,
}

/// Joins a vault on this device by the code of an invitation. Where an admin has to add this person first, the vault waits.
#[derive(Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct JoinRequest {
    /// The code, as it was received.
    pub code: EdgeSecret,
    /// This person's name, as the others will see it. Not read where the code is for a further device of a member.
    pub person_name: String,
    /// The passphrase that will open the vault on this device.
    pub passphrase: EdgeSecret,
    /// Whether the device secret may lie in a file where no keychain works.
    pub accept_file_fallback: bool,
}
command!(JoinRequest, "join", StatusView);

/// Gives up waiting to be added, and empties the data folder of it.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, Type)]
pub struct CancelJoinRequest {}
command!(CancelJoinRequest, "cancel_join", StatusView);

/// What a member may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// Everything.
    Owner,
    /// Everything but owners, recovery and home.
    Admin,
    /// Views and rotates.
    Technician,
    /// Reads what happened, and no credential.
    Auditor,
    /// A machine that rotates and shows nothing.
    Rotator,
}

/// Who shares a vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PeopleView {
    /// Whether the home is a backend, without which nobody can be invited.
    pub shared: bool,
    /// Whether this member may invite, add and remove.
    pub may_manage: bool,
    /// Whether this member is an owner.
    pub owner: bool,
    /// Everybody, removed members last.
    pub members: Vec<MemberView>,
    /// Teams: owners, Staff, the others by name, auditors.
    pub teams: Vec<TeamView>,
    /// Invitations that were made on this device and are not over.
    pub invitations: Vec<InvitationView>,
    /// Changes that wait for a second owner.
    pub pending: Vec<PendingView>,
    /// Organizations that still have keys which somebody holds who should not.
    pub keys_left: u32,
}

/// A member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct MemberView {
    /// Its id, in hexadecimal.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it may do, or could do last.
    pub role: Role,
    /// How far it has come.
    pub standing: MemberStanding,
    /// The member who asks.
    pub you: bool,
    /// How the keys were made sure of; none for the founder.
    pub verification: Option<Verification>,
    /// When it was added.
    pub added_at: Time,
    /// When it was removed.
    pub removed_at: Option<Time>,
    /// Its devices, revoked ones last.
    pub devices: Vec<DeviceView>,
}

/// How far a member has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum MemberStanding {
    /// Added; its device has not joined yet.
    Added,
    /// Joined; the keys are not wrapped to it yet.
    Joining,
    /// A member like any other.
    Active,
    /// No member any more.
    Removed,
}

/// How the two people made sure of each other's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Verification {
    /// By the secret of the invitation alone.
    Invite,
    /// They also compared words.
    Words,
    /// They sat side by side.
    InPerson,
}

/// A device of a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DeviceView {
    /// Its id, in hexadecimal.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The device that asks.
    pub this: bool,
    /// When it was added.
    pub added_at: Time,
    /// It counts no more.
    pub revoked: bool,
}

/// An invitation that was made on this device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct InvitationView {
    /// Its id, in hexadecimal.
    pub id: String,
    /// Whom it is for, as the inviting person wrote it.
    pub name: String,
    /// What that person will be.
    pub role: Role,
    /// It is for a further device of the member who asks.
    pub own_device: bool,
    /// When it was made.
    pub made_at: Time,
    /// When its code is of no use any more.
    pub ends_at: Time,
    /// The answer, once there is one.
    pub answer: Option<AnswerView>,
}

/// Who answered an invitation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AnswerView {
    /// The person's own name for itself.
    pub name: String,
    /// The name of its device.
    pub device: String,
    /// Eight words that both sides see alike, unless somebody stands between.
    pub words: Vec<String>,
}

/// A change that waits for a second owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PendingView {
    /// Its id, in hexadecimal.
    pub id: String,
    /// What would change.
    pub change: PendingChange,
    /// Name of the member it is about; none for a change of recovery.
    pub subject: Option<String>,
    /// Name of the owner who asked for it.
    pub by: String,
    /// Whether the member who asks may consent: an owner, and not the one who asked.
    pub yours: bool,
}

/// What waits for a second owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum PendingChange {
    /// A member becomes an owner.
    MakeOwner,
    /// An owner becomes something else.
    UnmakeOwner,
    /// An owner is removed.
    RemoveOwner,
    /// An owner gets new keys.
    RekeyOwner,
    /// How the firm can be recovered.
    Recovery,
}

/// What the removal of a member means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RemovalView {
    /// The member's name.
    pub name: String,
    /// Organizations it can read.
    pub organizations: u32,
    /// Accounts whose passwords will be replaced, and sessions ended.
    pub accounts: u32,
    /// Connections whose certificates will be replaced.
    pub certificates: u32,
    /// A second owner has to consent before it takes hold.
    pub needs_second_owner: bool,
}

/// An invitation that was made.
#[derive(Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct InvitedView {
    /// Its id, from [`InvitationView::id`].
    pub invitation: String,
    /// When the code is of no use any more.
    pub ends_at: Time,
    /// The code, unless it was asked to be put on the clipboard.
    pub code: Option<EdgeSecret>,
}

/// This device waits to be added to a vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct JoiningView {
    /// Name of the firm.
    pub msp_name: String,
    /// Who invites.
    pub invited_by: String,
    /// What this person will be.
    pub role: Role,
    /// It becomes a further device of the member who made the code.
    pub own_device: bool,
    /// Eight words that both sides see alike, unless somebody stands between.
    pub words: Vec<String>,
    /// What was wrong when the backend was asked last.
    pub problem: Option<ErrorView>,
}
