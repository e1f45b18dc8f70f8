//! An organization's ledger as a fold: its epoch, grants and items, and what of it still has to happen.

mod accept;
mod apply;

use std::collections::BTreeMap;

pub use accept::Accepted;

use crate::cbor::{self, record};
use crate::msp::Shared;
use crate::{
    Author, Commitments, DecodeError, Draft, Head, ItemId, ItemKind, LedgerId, Level, Loss, MspState, ObjectHash,
    OrganizationBody, Place, TeamId,
};

/// A checkpoint stands at every place that this divides, and nowhere else.
pub const CHECKPOINT_EVERY: u64 = 256;

/// Items of one organization, dropped ones included: a checkpoint must fit into one entry.
pub const MAX_ITEMS: usize = 8192;

/// Epochs of one organization, for the same reason.
pub const MAX_EPOCHS: usize = 4096;

record! {
    /// The present keys of an organization.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct OrganizationEpoch {
        /// Its number, from 1.
        0 pub epoch: u32,
        /// The entry, where the wraps stand.
        1 pub entry: Head,
        /// The place of the MSP ledger it was judged by: losses up to there have taken hold.
        2 pub witness: u64,
        /// To the keys.
        3 pub commitments: Commitments,
    }
}

record! {
    /// A team's access, or that it had one. The owners' team has none: it gets every epoch as it is.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Grant {
        /// How much; `None` once it was taken away, which stays known.
        0 pub level: Option<Level>,
        /// The entry that gave or took it; where it was given, the wraps of that epoch stand there.
        1 pub entry: Head,
        /// The organization's epoch at that time; later ones carry their own wraps.
        2 pub epoch: u32,
    }
}

record! {
    /// The newest entry that says what the organization is called.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Named {
        /// Where the sealed name stands.
        0 pub entry: Head,
        /// The epoch whose name key it is sealed under.
        1 pub epoch: u32,
    }
}

record! {
    /// An item, at its newest version.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Item {
        /// What it holds.
        0 pub kind: ItemKind,
        /// From 1.
        1 pub version: u64,
        /// The sealed object; `None` once dropped. A dropped item stays, so that an older version cannot come back.
        2 pub object: Option<ObjectHash>,
        /// The entry that wrote this version or dropped the item.
        3 pub entry: u64,
    }
}

record! {
    /// All that follows from the entries of an organization, head and witness apart. A checkpoint carries it.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Snapshot {
        /// The MSP ledger it belongs to.
        0 pub msp: LedgerId,
        1 epoch: Option<OrganizationEpoch>,
        2 grants: Shared<TeamId, Grant>,
        // Access was taken away since the last epoch.
        3 withdrawn: bool,
        4 items: Shared<ItemId, Item>,
        5 named: Option<Named>,
        // The entries of all epochs: whoever begins at a checkpoint needs them to open what was sealed
        // before it.
        6 epochs: Shared<u32, Head>,
    }
}

record! {
    /// An organization's ledger, folded up to its head. Cheap to clone.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct OrganizationState {
        0 ledger: LedgerId,
        1 head: Head,
        2 witness: Head,
        3 fold: Snapshot,
        // The newest checkpoint passed.
        4 checkpoint: Option<Head>,
        // The checkpoint that reading began at, while the history before it is not verified.
        5 start: Option<Head>,
    }
}

impl Snapshot {
    /// All items, dropped ones included.
    pub fn items(&self) -> &BTreeMap<ItemId, Item> {
        &self.items
    }

    /// The entries that a reader needs beside the items: those of all epochs, those that gave access in the present one,
    /// and the one that says the name. In rising order of places.
    pub fn needed(&self) -> Vec<Head> {
        let present = self.epoch.map_or(0, |epoch| epoch.epoch);
        let given = |grant: &&Grant| grant.level.is_some() && grant.epoch == present;
        let grants = self.grants.values().filter(given).map(|grant| grant.entry);
        let name = self.named.map(|named| named.entry);
        let mut needed: Vec<Head> = self.epochs.values().copied().chain(grants).chain(name).collect();
        needed.sort_unstable_by_key(|head| head.seq);
        needed.dedup();
        needed
    }
}

/// Why the next entry of an organization must be an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owed {
    /// A team's access was taken away or lowered.
    Withdrawn,
    /// Somebody who held the keys was removed, dropped, rekeyed, changed or lost a device.
    Lost(Loss),
}

impl OrganizationState {
    /// The id of the ledger.
    pub fn ledger(&self) -> LedgerId {
        self.ledger
    }

    /// The MSP ledger it belongs to.
    pub fn msp(&self) -> LedgerId {
        self.fold.msp
    }

    /// The newest entry.
    pub fn head(&self) -> Head {
        self.head
    }

    /// The newest witness: the MSP head that the last author knew.
    pub fn witness(&self) -> Head {
        self.witness
    }

    /// The present keys; `None` before the first epoch.
    pub fn epoch(&self) -> Option<&OrganizationEpoch> {
        self.fold.epoch.as_ref()
    }

    /// The access of teams other than the owners', those included that had one once.
    pub fn grants(&self) -> &BTreeMap<TeamId, Grant> {
        &self.fold.grants
    }

    /// The access that teams other than the owners' have now.
    pub fn levels(&self) -> impl Iterator<Item = (TeamId, Level)> + '_ {
        self.fold.grants.iter().filter_map(|(team, grant)| Some((*team, grant.level?)))
    }

    /// The entries of all its epochs, by number.
    pub fn epochs(&self) -> &BTreeMap<u32, Head> {
        &self.fold.epochs
    }

    /// Where its name stands for those who get log and names alone.
    pub fn named(&self) -> Option<&Named> {
        self.fold.named.as_ref()
    }

    /// All items, dropped ones included.
    pub fn items(&self) -> &BTreeMap<ItemId, Item> {
        &self.fold.items
    }

    /// One item.
    pub fn item(&self, item: &ItemId) -> Option<&Item> {
        self.fold.items.get(item)
    }

    /// The only version that a `Put` of this item can carry now; `None` for a dropped item.
    pub fn next_version(&self, item: &ItemId) -> Option<u64> {
        match self.fold.items.get(item) {
            None => Some(1),
            Some(Item { object: None, .. }) => None,
            Some(item) => item.version.checked_add(1),
        }
    }

    /// The newest checkpoint passed.
    pub fn checkpoint(&self) -> Option<Head> {
        self.checkpoint
    }

    /// What a checkpoint says at this state.
    pub fn snapshot(&self) -> Snapshot {
        self.fold.clone()
    }

    /// Whether the next entry must be a checkpoint: append `OrganizationBody::Checkpoint { snapshot: state.snapshot() }`
    /// first, then what you meant to.
    pub fn checkpoint_due(&self) -> bool {
        self.head.seq.checked_add(1).is_some_and(|next| next % CHECKPOINT_EVERY == 0)
    }

    /// The checkpoint that reading began at while the history before it is still being checked.
    pub fn unchecked_since(&self) -> Option<Head> {
        self.start
    }

    /// The place of the next entry.
    pub fn place(&self) -> Place {
        Place { ledger: Some(self.ledger), seq: self.head.seq.saturating_add(1), prev: Some(self.head.hash) }
    }

    /// Drafts the next entry. `witness` is the newest MSP head that the author knows.
    pub fn draft(&self, body: OrganizationBody, author: Author, time_ms: u64, witness: Head) -> Draft {
        Draft { place: self.place(), body: body.into(), author, time_ms, witness: Some(witness) }
    }

    /// Why the next entry must be an epoch, by the newest MSP state; `None` when nothing is owed. Until the epoch
    /// follows, nothing new by a removed device is taken and nothing else is appended.
    pub fn owes_epoch(&self, msp: &MspState) -> Option<Owed> {
        let epoch = self.fold.epoch.as_ref()?;
        if self.fold.withdrawn {
            return Some(Owed::Withdrawn);
        }
        self.levels()
            .map(|(team, _)| team)
            .chain(msp.owners_team())
            .filter_map(|team| msp.loss_since(&team, epoch.witness))
            .chain(msp.standing_lost_since(epoch.witness))
            .min_by_key(|loss| loss.seq)
            .map(Owed::Lost)
    }

    /// For storing locally, sealed.
    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(self)
    }

    /// Reads what [`OrganizationState::encode`] wrote. The form is proven, not the history: bytes must come out of a
    /// sealed page.
    ///
    /// # Errors
    /// Any [`DecodeError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        cbor::decode(bytes)
    }
}
