//! The MSP ledger as a fold: members, devices, teams, home, safe sheet, and how each was at any place of it.
//!
//! The state keeps ranges and histories instead of the present alone, because entries of organizations are judged by
//! the MSP state at their witness. It keeps no list of organizations: it grows with members and devices alone.

mod apply;
mod at;

use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) use apply::{follows, next_epoch, permit};
pub use at::MspAt;

use crate::cbor::{self, Reader, Wire, Writer, bodies, record};
use crate::{
    Author, Commitment, DecodeError, DeviceId, DeviceKey, Draft, EncryptionKey, Entry, EntryHash, Head, Home,
    IdentityKey, LedgerId, MemberId, MspBody, Place, Refusal, Role, TeamId, TeamKind, TransportKey, Verification,
};

/// A map that clones by a counter and is copied when changed.
pub(crate) type Shared<K, V> = Arc<BTreeMap<K, V>>;

/// A value and the place from which it held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Since<T> {
    /// The entry that set it.
    pub seq: u64,
    /// What it set.
    pub value: T,
}

impl<T: Wire> Wire for Since<T> {
    fn write(&self, out: &mut Writer) {
        let mut map = cbor::MapWriter::new();
        map.field(0, &self.seq);
        map.field(1, &self.value);
        map.finish(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut map = input.map()?;
        let since = Self { seq: map.field(0)?, value: map.field(1)? };
        map.end()?;
        Ok(since)
    }
}

/// What held from place to place. There is always something that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History<T> {
    first: Since<T>,
    later: Vec<Since<T>>,
}

impl<T> History<T> {
    pub(crate) fn new(seq: u64, value: T) -> Self {
        Self { first: Since { seq, value }, later: Vec::new() }
    }

    pub(crate) fn push(&mut self, seq: u64, value: T) {
        self.later.push(Since { seq, value });
    }

    /// What holds now.
    pub fn now(&self) -> &Since<T> {
        self.later.last().unwrap_or(&self.first)
    }

    /// What held at a place; `None` before the beginning.
    pub fn at(&self, seq: u64) -> Option<&Since<T>> {
        self.iter().rev().find(|since| since.seq <= seq)
    }

    /// All, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Since<T>> {
        std::iter::once(&self.first).chain(&self.later)
    }
}

impl<T: Wire> Wire for History<T> {
    fn write(&self, out: &mut Writer) {
        out.array(self.later.len() + 1);
        self.iter().for_each(|since| since.write(out));
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let more = input.array()?.checked_sub(1).ok_or(DecodeError::Length)?;
        let mut history = Self { first: Since::read(input)?, later: Vec::new() };
        for _ in 0..more {
            let since = Since::read(input)?;
            history.later.push(since);
        }
        Ok(history)
    }
}

record! {
    /// The keys of a member from one place on.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Keys {
        /// Identity, Ed25519.
        0 pub identity: IdentityKey,
        /// Encryption, X25519.
        1 pub encryption: EncryptionKey,
    }
}

record! {
    /// A member, with its history.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Member {
        0 keys: History<Keys>,
        1 roles: History<Role>,
        /// The entry that added it, where its sealed name stands.
        2 pub added: u64,
        /// The entry by which it joined; `None` while it is only invited.
        3 pub joined: Option<u64>,
        /// The entry that removed it.
        4 pub removed: Option<u64>,
        /// The device it joined or will join with.
        5 pub first_device: DeviceId,
        /// How its keys were made sure of; `None` for the founder.
        6 pub verification: Option<Verification>,
        /// The work team that was named for it when it was added.
        7 pub team: Option<TeamId>,
    }
}

impl Member {
    /// The present keys.
    pub fn keys(&self) -> &Keys {
        &self.keys.now().value
    }

    /// The entry that brought the present keys.
    pub fn keys_since(&self) -> u64 {
        self.keys.now().seq
    }

    /// The present role; of a removed member, the last it had.
    pub fn role(&self) -> Role {
        self.roles.now().value
    }

    /// All roles it had, oldest first.
    pub fn roles(&self) -> &History<Role> {
        &self.roles
    }

    /// Joined and not removed.
    pub fn is_active(&self) -> bool {
        self.joined.is_some() && self.removed.is_none()
    }
}

record! {
    /// A device. Its member must be active, too, for it to count.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Device {
        /// Whose it is.
        0 pub member: MemberId,
        /// What it signs with.
        1 pub key: DeviceKey,
        /// What signs its requests that only read.
        2 pub transport: Option<TransportKey>,
        /// The entry that added it, where its sealed name stands.
        3 pub from: u64,
        /// The entry that ended it.
        4 pub until: Option<u64>,
    }
}

record! {
    /// One epoch of a team's key.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct TeamEpoch {
        /// Its number, from 1.
        0 pub epoch: u32,
        /// The entry, where the wraps stand.
        1 pub entry: Head,
        /// What organizations are wrapped to.
        2 pub public: EncryptionKey,
    }
}

record! {
    /// A member's time in a team.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Stay {
        0 member: MemberId,
        1 from: u64,
        2 until: Option<u64>,
    }
}

record! {
    /// A team, with its history.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Team {
        /// What it is for.
        0 pub kind: TeamKind,
        1 epochs: History<TeamEpoch>,
        2 stays: Vec<Stay>,
    }
}

impl Team {
    /// The present epoch.
    pub fn epoch(&self) -> &TeamEpoch {
        &self.epochs.now().value
    }

    /// All epochs, oldest first.
    pub fn epochs(&self) -> &History<TeamEpoch> {
        &self.epochs
    }

    /// Those the present epoch was wrapped to, in no set order.
    pub fn members(&self) -> impl Iterator<Item = MemberId> + '_ {
        self.stays.iter().filter(|stay| stay.until.is_none()).map(|stay| stay.member)
    }

    /// Whether a member holds its key or ever did.
    pub fn has_known(&self, member: &MemberId) -> bool {
        self.stays.iter().any(|stay| stay.member == *member)
    }
}

record! {
    /// The present epoch of the MSP's own key.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct MspEpoch {
        /// Its number, from 1.
        0 pub epoch: u32,
        /// The entry, where the wraps stand.
        1 pub entry: Head,
        /// To the key.
        2 pub commitment: Commitment,
        /// Those it was wrapped to.
        3 pub members: Vec<MemberId>,
    }
}

bodies! {
    /// A change that waits for a second owner.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub enum Change {
        /// Makes or unmakes an owner.
        1 Role {
            /// Whom.
            0 subject: MemberId,
            /// The new role.
            1 role: Role,
        },
        /// Removes an owner.
        2 Remove {
            /// Whom.
            0 subject: MemberId,
        },
        /// Rekeys another owner.
        3 Rekey {
            /// Whom.
            0 subject: MemberId,
            /// The new keys.
            1 keys: Keys,
        },
        /// Changes recovery.
        4 Recovery {
            /// The entry that says that a safe sheet exists, or none.
            0 sheet: Option<Head>,
        },
    }
}

impl Change {
    /// Whom it is about; nobody for a change of recovery.
    pub fn subject(&self) -> Option<MemberId> {
        match self {
            Self::Role { subject, .. } | Self::Remove { subject } | Self::Rekey { subject, .. } => Some(*subject),
            Self::Recovery { .. } => None,
        }
    }
}

impl Wire for Change {
    fn write(&self, out: &mut Writer) {
        out.array(2);
        out.uint(self.kind());
        Self::write(self, out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        if input.array()? != 2 {
            return Err(DecodeError::Length);
        }
        let kind = input.uint()?;
        Self::read(kind, input)?.ok_or(DecodeError::UnknownCode)
    }
}

record! {
    /// A change that waits, and who asked for it.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Pending {
        /// The entry that asked; what an approval names.
        0 pub entry: Head,
        /// Who asked, and so cannot approve.
        1 pub by: MemberId,
        /// What for.
        2 pub change: Change,
    }
}

record! {
    /// The MSP ledger, folded up to its head. Cheap to clone.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct MspState {
        0 ledger: LedgerId,
        1 head: Head,
        2 members: Shared<MemberId, Member>,
        3 devices: Shared<DeviceId, Device>,
        4 teams: Shared<TeamId, Team>,
        5 epoch: Option<MspEpoch>,
        6 homes: History<Home>,
        7 safe_sheet: Option<Head>,
        8 policy: Option<Head>,
        9 pending: Vec<Pending>,
        // The newest entry that may have taken something from somebody: lets an organization whose epoch is newer
        // skip the search.
        10 last_loss: u64,
    }
}

/// Somebody who held keys and should no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Who.
    pub member: MemberId,
    /// The MSP entry that ended it: removal, revoked device, rekey, change of role, or a team epoch without them.
    pub seq: u64,
}

/// What is left to do after a removal or revocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfinished {
    /// A device was revoked; its member still has the keys it knew.
    Rekey {
        /// The member.
        member: MemberId,
        /// The device.
        device: DeviceId,
    },
    /// A team's key is held by somebody who left, or lacks an owner who came.
    Team {
        /// The team.
        team: TeamId,
    },
    /// The MSP's key is held by somebody who left, or lacks somebody who joined.
    Msp,
}

/// What organizations need to know of the MSP ledger: its newest state and the hash at each place.
pub trait MspHistory {
    /// The newest verified state.
    fn state(&self) -> &MspState;

    /// The hash of the entry at a place, `None` beyond the head.
    fn hash_at(&self, seq: u64) -> Option<EntryHash>;
}

/// The MSP ledger in memory: the state and all hashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MspChain {
    state: MspState,
    hashes: Vec<EntryHash>,
}

impl MspChain {
    /// Begins with a genesis.
    ///
    /// # Errors
    /// As [`MspState::genesis`].
    pub fn genesis(entry: &Entry) -> Result<Self, Refusal> {
        Ok(Self { state: MspState::genesis(entry)?, hashes: vec![entry.hash()] })
    }

    /// Takes the next entry; a refused one changes nothing.
    ///
    /// # Errors
    /// As [`MspState::apply`].
    pub fn apply(&mut self, entry: &Entry) -> Result<(), Refusal> {
        self.state = self.state.apply(entry)?;
        self.hashes.push(entry.hash());
        Ok(())
    }
}

impl MspHistory for MspChain {
    fn state(&self) -> &MspState {
        &self.state
    }

    fn hash_at(&self, seq: u64) -> Option<EntryHash> {
        self.hashes.get(usize::try_from(seq).ok()?).copied()
    }
}

impl MspState {
    /// The id of the ledger: what kit and invites pin.
    pub fn ledger(&self) -> LedgerId {
        self.ledger
    }

    /// The newest entry.
    pub fn head(&self) -> Head {
        self.head
    }

    /// The place of the next entry.
    pub fn place(&self) -> Place {
        Place { ledger: Some(self.ledger), seq: self.head.seq.saturating_add(1), prev: Some(self.head.hash) }
    }

    /// Drafts the next entry.
    pub fn draft(&self, body: MspBody, author: Author, time_ms: u64) -> Draft {
        Draft { place: self.place(), body: body.into(), author, time_ms, witness: None }
    }

    /// All members ever, by id.
    pub fn members(&self) -> &BTreeMap<MemberId, Member> {
        &self.members
    }

    /// One member.
    pub fn member(&self, member: &MemberId) -> Option<&Member> {
        self.members.get(member)
    }

    /// All devices ever, by id.
    pub fn devices(&self) -> &BTreeMap<DeviceId, Device> {
        &self.devices
    }

    /// One device.
    pub fn device(&self, device: &DeviceId) -> Option<&Device> {
        self.devices.get(device)
    }

    /// All teams, by id.
    pub fn teams(&self) -> &BTreeMap<TeamId, Team> {
        &self.teams
    }

    /// One team.
    pub fn team(&self, team: &TeamId) -> Option<&Team> {
        self.teams.get(team)
    }

    /// The owners' team.
    pub fn owners_team(&self) -> Option<TeamId> {
        self.teams.iter().find(|(_, team)| team.kind == TeamKind::Owners).map(|(id, _)| *id)
    }

    /// The active owners.
    pub fn owners(&self) -> impl Iterator<Item = MemberId> + '_ {
        self.members.iter().filter(|(_, it)| it.is_active() && it.role() == Role::Owner).map(|(id, _)| *id)
    }

    /// The MSP's own key.
    pub fn epoch(&self) -> Option<&MspEpoch> {
        self.epoch.as_ref()
    }

    /// The present home.
    pub fn home(&self) -> Home {
        self.homes.now().value
    }

    /// Whether a safe sheet exists.
    pub fn has_safe_sheet(&self) -> bool {
        self.safe_sheet().is_some()
    }

    /// The entry that says so: its author is whose root the sheet opens.
    pub fn safe_sheet(&self) -> Option<Head> {
        self.safe_sheet
    }

    /// The entry with the present policy.
    pub fn policy(&self) -> Option<Head> {
        self.policy
    }

    /// Changes that wait for a second owner.
    pub fn pending(&self) -> &[Pending] {
        &self.pending
    }

    /// The state as it was at a place: what an entry with that witness is judged by. Only places up to the head have an
    /// answer; later ones give the present.
    pub fn at(&self, seq: u64) -> MspAt<'_> {
        MspAt::new(self, seq)
    }

    /// The entry that ended an author: its device revoked or its member removed. `None` while neither happened, and
    /// for an author never known.
    pub fn ended(&self, author: &Author) -> Option<u64> {
        let device = self.devices.get(&author.device).and_then(|device| device.until);
        let member = self.members.get(&author.member).and_then(|member| member.removed);
        [device, member].into_iter().flatten().min()
    }

    /// For storing locally, sealed.
    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(self)
    }

    /// Reads what [`MspState::encode`] wrote. The form is proven, not the history: bytes must come out of a sealed page.
    ///
    /// # Errors
    /// Any [`DecodeError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        cbor::decode(bytes)
    }
}
