//! The vault: keys, sealing, items and recovery.
//!
//! This crate is the only room that holds keys which decrypt. It is pure: no files, no network, no clock and no
//! randomness of its own (both come in as arguments), so that every line can be tested, replayed and fuzzed.
//! Every format is deterministic CBOR read by the strict reader in [`cbor`]; every label begins with `vitrine/1/`;
//! the byte layouts are written down in `docs/formats.md`.
#![forbid(unsafe_code)]
#![allow(clippy::missing_panics_doc, reason = "each `expect` states an invariant that no input can break")]

mod aead;
mod derive;
mod padding;

pub mod account;
pub mod backup;
pub mod body;
pub mod cbor;
pub mod code;
pub mod epoch;
pub mod handover;
pub mod invite;
pub mod items;
pub mod kdf;
pub mod kit;
pub mod object;
pub mod page;
pub mod passphrase;
pub mod password;
pub mod secret;
pub mod share;
pub mod sheet;
pub mod totp;

pub use kdf::KdfParams;
pub use secret::{Key, Secret, SecretBytes, SecretText};

/// The one suite this build reads and writes: XChaCha20-Poly1305, HKDF-SHA-256, Argon2id, Ed25519,
/// HPKE(X25519, HKDF-SHA-256, ChaCha20-Poly1305). Any other number is refused, so no old suite can be forced on us.
pub const SUITE: u8 = 1;
