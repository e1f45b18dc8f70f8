//! What an entry can say: the kinds of the MSP ledger and of an organization's ledger.

use crate::cbor::{bodies, codes, record};
use crate::{
    BackendId, BackendKey, Commitment, DeviceId, DeviceKey, EncryptionKey, EntryHash, IdentityKey, Invite, ItemId,
    LedgerId, MemberId, ObjectHash, Proof, Role, Salt, SealedKeys, SealedName, SealedNote, SealedRecords, Snapshot,
    TeamId, TransportKey, Wrap,
};

record! {
    /// A device as it is named when it is added.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct DeviceCard {
        /// Random id, never used again.
        0 pub device: DeviceId,
        /// The key that signs this device's entries and requests.
        1 pub key: DeviceKey,
        /// The key that signs requests which only read, usable while the device is locked.
        2 pub transport: Option<TransportKey>,
        /// Its name, sealed under the MSP key.
        3 pub name: SealedName,
    }
}

record! {
    /// A key wrapped to one member.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct MemberWrap {
        /// The member whose present encryption key it is wrapped to.
        0 pub member: MemberId,
        /// The wrapped key.
        1 pub wrap: Wrap,
    }
}

record! {
    /// The root of a member, wrapped to one of its devices.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct DeviceWrap {
        /// To whose key it is wrapped.
        0 pub device: DeviceId,
        /// The wrapped root.
        1 pub wrap: Wrap,
    }
}

record! {
    /// One organization key, wrapped to a team.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct KeyWrap {
        /// Which key.
        0 pub key: KeyName,
        /// The wrapped key.
        1 pub wrap: Wrap,
    }
}

record! {
    /// What one team gets in an epoch.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct TeamWrap {
        /// The team.
        0 pub team: TeamId,
        /// The team's epoch whose public key was used; must be its present one.
        1 pub epoch: u32,
        /// The keys that its level calls for, in rising order.
        2 pub keys: Vec<KeyWrap>,
    }
}

record! {
    /// The commitments to the keys of an organization's epoch, so that no two members can be given different keys
    /// under one epoch.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Commitments {
        /// To the read key.
        0 pub read: Commitment,
        /// To the operate key.
        1 pub operate: Commitment,
        /// To the log key, for those who hold it without the read key. Needed where an audit team has access.
        2 pub log: Option<Commitment>,
        /// To the name key, likewise.
        3 pub name: Option<Commitment>,
    }
}

codes! {
    /// The keys of an organization's epoch. Log and name keys follow from the read key and are wrapped by themselves
    /// only to audit teams.
    pub enum KeyName {
        /// Names, credentials, notes.
        1 Read,
        /// The connection's certificate key.
        2 Operate,
        /// View records and actions.
        3 Log,
        /// Names alone.
        4 Name,
    }
}

codes! {
    /// How much of an organization a team gets.
    pub enum Level {
        /// Log and names.
        1 Log,
        /// Reads everything but the connection's key.
        2 Read,
        /// Reads and operates: rotation.
        3 Full,
    }
}

impl Level {
    /// The keys that are wrapped to a team of this level.
    pub fn keys(self) -> &'static [KeyName] {
        match self {
            Self::Log => &[KeyName::Log, KeyName::Name],
            Self::Read => &[KeyName::Read],
            Self::Full => &[KeyName::Read, KeyName::Operate],
        }
    }
}

codes! {
    /// What a team is for; fixed when it is made.
    pub enum TeamKind {
        /// All owners and nobody else; there is one, and every organization is wrapped to it.
        1 Owners,
        /// Members who work with credentials; no auditors.
        2 Work,
        /// Auditors, and those whose role stands alone, who make its keys; it never gets more than log and names.
        3 Audit,
    }
}

codes! {
    /// What an item holds, as far as the ledger has to know to judge who may write it.
    pub enum ItemKind {
        /// The organization itself: name, notes, settings.
        1 Organization,
        /// An emergency account.
        2 Account,
        /// A connection to a tenant.
        3 Connection,
        /// A passkey of an emergency account.
        4 Passkey,
    }
}

codes! {
    /// How the two people made sure of each other's keys.
    pub enum Verification {
        /// By the secret of the invite alone.
        1 Invite,
        /// They also compared words.
        2 Words,
        /// They sat side by side.
        3 InPerson,
    }
}

codes! {
    #[allow(unreachable_pub, reason = "the tag of `Home`, which has data")]
    pub(crate) enum HomeTag { 1 Device, 2 Backend }
}

/// Where the order of all ledgers of a vault is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    /// One device; while it is the home only its entries stand.
    Device(DeviceId),
    /// A backend.
    Backend {
        /// Its id.
        id: BackendId,
        /// Its key.
        key: BackendKey,
    },
}

record! {
    struct HomeFields {
        0 tag: HomeTag,
        1 device: Option<DeviceId>,
        2 backend: Option<BackendId>,
        3 key: Option<BackendKey>,
    }
}

impl crate::cbor::Wire for Home {
    fn write(&self, out: &mut crate::cbor::Writer) {
        match *self {
            Self::Device(device) => {
                HomeFields { tag: HomeTag::Device, device: Some(device), backend: None, key: None }.write(out);
            }
            Self::Backend { id, key } => {
                HomeFields { tag: HomeTag::Backend, device: None, backend: Some(id), key: Some(key) }.write(out);
            }
        }
    }

    fn read(input: &mut crate::cbor::Reader<'_>) -> Result<Self, crate::DecodeError> {
        match HomeFields::read(input)? {
            HomeFields { tag: HomeTag::Device, device: Some(device), backend: None, key: None } => {
                Ok(Self::Device(device))
            }
            HomeFields { tag: HomeTag::Backend, device: None, backend: Some(id), key: Some(key) } => {
                Ok(Self::Backend { id, key })
            }
            _ => Err(crate::DecodeError::Malformed),
        }
    }
}

bodies! {
    /// The kinds of the MSP ledger.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub enum MspBody {
        /// The beginning: names the first owner and the first device, which is also the first home. Signed by that
        /// device.
        1 Genesis {
            /// Random, so that no two vaults share an id.
            0 salt: Salt,
            /// The owner's identity.
            1 identity: IdentityKey,
            /// The owner's encryption key.
            2 encryption: EncryptionKey,
            /// The first device.
            3 device: DeviceCard,
            /// The owner's name, sealed under the first MSP key.
            4 name: SealedName,
            /// The identity's word for all this.
            5 proof: Proof,
        },
        /// Moves the home; accepted by the old one.
        2 Home {
            /// The new home.
            0 home: Home,
        },
        /// The old home is lost: an owner names a new one. Loud.
        3 HomeRecovery {
            /// The new home.
            0 home: Home,
            /// Why, sealed.
            1 reason: SealedNote,
        },
        /// Invites a member. It can do nothing before its own [`MspBody::MemberJoin`].
        4 MemberAdd {
            /// Random id.
            0 subject: MemberId,
            /// Any role but owner: an owner is made by a change of role once the member has joined.
            1 role: Role,
            /// The member's identity.
            2 identity: IdentityKey,
            /// The member's encryption key.
            3 encryption: EncryptionKey,
            /// The device that will join.
            4 card: DeviceCard,
            /// The member's name, sealed.
            5 name: SealedName,
            /// How the keys were made sure of.
            6 verification: Verification,
            /// What the invite committed to.
            7 invite: Invite,
            /// The work team it is to be in once it has joined; none where that is not said.
            8 team: Option<TeamId>,
        },
        /// The invited member's own consent, signed by the device that was named for it.
        5 MemberJoin {
            /// The identity's word for member, device and encryption key.
            0 proof: Proof,
        },
        /// Changes a role. Making or unmaking an owner needs a second owner where there are two or more.
        6 MemberRole {
            /// Whose.
            0 subject: MemberId,
            /// The new role.
            1 role: Role,
        },
        /// Removes a member with all its devices. Removing an owner needs a second owner.
        7 MemberRemove {
            /// Whom.
            0 subject: MemberId,
        },
        /// New identity and encryption key of a member, after a device was lost.
        8 MemberRekey {
            /// Whose.
            0 subject: MemberId,
            /// The new identity.
            1 identity: IdentityKey,
            /// The new encryption key.
            2 encryption: EncryptionKey,
            /// The new identity's word, naming the device that signs this entry.
            3 proof: Proof,
            /// The new root, for devices that the member keeps, in rising order of ids.
            4 devices: Vec<DeviceWrap>,
            /// What stands on the member's next recovery kit, sealed under the new root.
            5 account: SealedKeys,
        },
        /// A further device of the author; by another of its devices, or by the new one with the identity's word
        /// (recovery kit, safe sheet).
        9 DeviceAdd {
            /// The new device.
            0 card: DeviceCard,
            /// Present when the new device signs this entry itself.
            1 proof: Option<Proof>,
        },
        /// Ends a device. Complete only with a rekey and new epochs: see [`crate::MspState::unfinished`].
        10 DeviceRevoke {
            /// Which.
            0 subject: DeviceId,
        },
        /// A team's first or next key, wrapped to all its members.
        11 TeamEpoch {
            /// The team; made by its first epoch.
            0 team: TeamId,
            /// What it is for; the same in all its epochs.
            1 team_kind: TeamKind,
            /// 1, then one more each time.
            2 epoch: u32,
            /// The public key that organizations are wrapped to.
            3 public: EncryptionKey,
            /// All members, in rising order of ids.
            4 members: Vec<MemberWrap>,
            /// The team key before, sealed under this one; from the second epoch on.
            5 previous: Option<SealedKeys>,
            /// The team's name, sealed.
            6 name: SealedName,
        },
        /// The MSP's first or next key, wrapped to every member.
        12 MspEpoch {
            /// 1, then one more each time.
            0 epoch: u32,
            /// To the key.
            1 commitment: Commitment,
            /// Every joined member, and invited ones too if wished, in rising order of ids.
            2 members: Vec<MemberWrap>,
            /// The key before, sealed under this one; from the second epoch on.
            3 previous: Option<SealedKeys>,
        },
        /// An organization of this MSP. Adding it again changes nothing.
        13 OrganizationAdd {
            /// Its ledger.
            0 organization: LedgerId,
            /// Its name, sealed under the MSP key; empty where members without access shall not read it.
            1 name: SealedName,
        },
        /// Puts an organization away.
        14 OrganizationArchive {
            /// Its ledger.
            0 organization: LedgerId,
        },
        /// The firm's settings, sealed under the MSP key.
        15 Policy {
            /// The settings.
            0 settings: SealedNote,
        },
        /// Says how the firm can be recovered. Needs a second owner where there are two or more.
        16 RecoverySet {
            /// Whether a safe sheet exists.
            0 sheet: bool,
            /// For those who hold it, sealed.
            1 note: SealedNote,
        },
        /// The safe sheet was used to come back in. Loud.
        17 RecoveryUse {
            /// Why, sealed.
            0 reason: SealedNote,
        },
        /// A second owner's consent to a pending change.
        18 Approve {
            /// The entry that asked for the change.
            0 entry: EntryHash,
        },
    }
}

bodies! {
    /// The kinds of an organization's ledger.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub enum OrganizationBody {
        /// The beginning.
        65 Genesis {
            /// The ledger of the MSP it belongs to.
            0 msp: LedgerId,
            /// Random, so that no two organizations share an id.
            1 salt: Salt,
        },
        /// Gives a team the present keys, or takes its access away (which takes hold with the next epoch).
        66 Access {
            /// The team.
            0 team: TeamId,
            /// What it gets; `None` takes the access away.
            1 level: Option<Level>,
            /// The keys; present exactly when a level is given.
            2 wrap: Option<TeamWrap>,
        },
        /// New keys.
        67 Epoch {
            /// 1, then one more each time.
            0 epoch: u32,
            /// To the keys.
            1 commitments: Commitments,
            /// The owners' team and every team with access, in rising order of ids.
            2 teams: Vec<TeamWrap>,
            /// The keys before, sealed under these; from the second epoch on.
            3 previous: Option<SealedKeys>,
        },
        /// A new version of an item.
        68 Put {
            /// The item.
            0 item: ItemId,
            /// What it holds; the same in all its versions.
            1 item_kind: ItemKind,
            /// 1, then one more each time.
            2 version: u64,
            /// The sealed object.
            3 object: ObjectHash,
        },
        /// Ends an item; its id is never used again.
        69 Drop {
            /// The item.
            0 item: ItemId,
            /// The version that is dropped.
            1 version: u64,
        },
        /// View records, proofs and actions.
        70 Log {
            /// The batch.
            0 records: SealedRecords,
        },
        /// What follows from all entries before it; at every 256th place, and only there.
        71 Checkpoint {
            /// The fold, as everybody can recompute it.
            0 snapshot: Snapshot,
        },
        /// What the organization is called, for those who get log and names alone.
        72 Name {
            /// Sealed under the name key of the present epoch.
            0 name: SealedName,
        },
    }
}

impl MspBody {
    /// Whether every member is told of this at once: it changes who can get in.
    pub fn is_loud(&self) -> bool {
        match self {
            Self::HomeRecovery { .. }
            | Self::MemberAdd { .. }
            | Self::MemberRole { .. }
            | Self::MemberRemove { .. }
            | Self::MemberRekey { .. }
            | Self::RecoverySet { .. }
            | Self::RecoveryUse { .. }
            | Self::Approve { .. } => true,
            Self::DeviceAdd { proof, .. } => proof.is_some(),
            _ => false,
        }
    }
}
