//! The signed, hash-chained ledgers of a Vitrine vault: one for the MSP, one for each organization.
//!
//! Everything here is a pure function over bytes and values. [`Entry::decode`] proves the form of an entry,
//! [`MspState::apply`] and [`OrganizationState::apply`] prove everything else and give the next state; client and
//! backend run the same code, and neither trusts the other. This crate knows no plaintext and no key that decrypts:
//! names, wraps and records are sealed bytes to it.
//!
//! An author drafts on a state and signs with the device's key:
//!
//! ```text
//! let entry = msp.draft(MspBody::Policy { settings }, author, time_ms).sign(&device_key)?;
//! let msp = msp.apply(&entry)?;
//! ```

mod authority;
mod body;
mod cbor;
mod entry;
mod fork;
mod id;
mod msp;
mod organization;
mod refusal;
pub mod wire;

pub use authority::{Action, Role, allowed};
pub use body::{
    Commitments, DeviceCard, DeviceWrap, Home, ItemKind, KeyName, KeyWrap, Level, MemberWrap, MspBody,
    OrganizationBody, TeamKind, TeamWrap, Verification,
};
pub use ed25519_dalek::{Signature, Signer, SigningKey};
pub use entry::{Author, Body, Claim, Draft, Entry, Head, MAX_ENTRY, Place, Proof, SUITE};
pub use fork::{ForkProof, ForkProofError};
pub use id::{
    BackendId, BackendKey, Commitment, DeviceId, DeviceKey, EncryptionKey, EntryHash, IdentityKey, Invite, ItemId,
    LedgerId, MemberId, ObjectHash, Salt, Sealed, SealedKeys, SealedName, SealedNote, SealedRecords, SignatureBytes,
    TeamId, TransportKey, Wrap,
};
pub use msp::{
    Change, Device, History, Keys, Loss, Member, MspAt, MspChain, MspEpoch, MspHistory, MspState, Pending, Since, Stay,
    Team, TeamEpoch, Unfinished,
};
pub use organization::{
    Accepted, CHECKPOINT_EVERY, Grant, Item, MAX_EPOCHS, MAX_ITEMS, Named, OrganizationEpoch, OrganizationState, Owed,
    Snapshot,
};
pub use refusal::{DecodeError, DraftError, Refusal};
