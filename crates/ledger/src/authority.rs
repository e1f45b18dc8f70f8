//! Who may do what: the one table that decides for client and server.

use crate::cbor::codes;

codes! {
    /// What a member is allowed to be. A rotator is a member without a person: one device.
    pub enum Role {
        /// Everything.
        1 Owner,
        /// Everything but owners, recovery and home.
        2 Admin,
        /// Works with the accounts of organizations it has access to.
        3 Technician,
        /// Reads logs.
        4 Auditor,
        /// Rotates, and never reveals.
        5 Rotator,
    }
}

impl Role {
    /// Whether the role alone gives standing in an organization; the others need access through a team, besides.
    pub fn stands_alone(self) -> bool {
        matches!(self, Self::Owner | Self::Admin)
    }
}

/// An act that the table judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Move or recover the home.
    Home,
    /// Anything that makes, unmakes, rekeys or revokes an owner, or wraps to the owners' team.
    Owners,
    /// Set or use the firm's recovery.
    Recovery,
    /// Consent to what another owner asked for.
    Approve,
    /// Add, change or remove a member who is not an owner; revoke such a member's device.
    Members,
    /// Add or revoke one's own device, rekey oneself.
    OwnDevices,
    /// Epochs of teams and of the MSP.
    Teams,
    /// Add or archive an organization, begin its ledger.
    Organizations,
    /// Set the firm's policy.
    Policy,
    /// Grants and epochs of an organization.
    Access,
    /// Write an organization's own item.
    PutOrganization,
    /// Write an account or a passkey of it.
    PutAccount,
    /// Write a connection.
    PutConnection,
    /// End an item.
    Drop,
    /// Append view records, proofs and actions.
    Log,
    /// Append a checkpoint, which says nothing that is not known.
    Checkpoint,
    /// Show a stored secret. No entry does that; clients ask before they reveal.
    Reveal,
}

/// The table. Technician, auditor and rotator need, besides, access to the organization through one of its teams.
pub fn allowed(role: Role, action: Action) -> bool {
    use Action::{
        Access, Approve, Checkpoint, Drop, Home, Log, Members, Organizations, OwnDevices, Owners, Policy, PutAccount,
        PutConnection, PutOrganization, Recovery, Reveal, Teams,
    };
    match role {
        Role::Owner => true,
        Role::Admin => !matches!(action, Home | Owners | Recovery | Approve),
        Role::Technician => matches!(action, OwnDevices | PutAccount | Log | Checkpoint | Reveal),
        Role::Auditor => matches!(action, OwnDevices | Log | Checkpoint),
        Role::Rotator => match action {
            PutAccount | PutConnection | Log | Checkpoint => true,
            Home | Owners | Recovery | Approve | Members | OwnDevices | Teams | Organizations | Policy | Access
            | PutOrganization | Drop | Reveal => false,
        },
    }
}
