//! Argon2id (RFC 9106) and its bounds. Parameters stand in headers that others can write, so they are checked before
//! the first block is filled: too weak would make a guess cheap, too strong would exhaust the machine.

use crate::secret::{Key, SecretText};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// Length of the salt in bytes.
pub const SALT: usize = 16;

/// Cost of one guess. Values outside [`KdfParams::FLOOR`] and [`KdfParams::CEILING`] cannot exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KdfParams {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// Why a passphrase was not stretched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KdfError {
    /// Cheaper than we ever write: an attempt to make guessing cheap.
    #[error("the stored cost of a guess ({memory_kib} KiB, {passes} passes) is below what is safe")]
    BelowFloor {
        /// Memory in KiB.
        memory_kib: u32,
        /// Passes over it.
        passes: u32,
    },
    /// Dearer than we ever write: an attempt to exhaust this machine.
    #[error("the stored cost of a guess ({memory_kib} KiB, {passes} passes, {lanes} lanes) is beyond what is used")]
    AboveCeiling {
        /// Memory in KiB.
        memory_kib: u32,
        /// Passes over it.
        passes: u32,
        /// Lanes.
        lanes: u32,
    },
    /// This machine cannot give the memory.
    #[error("{memory_kib} KiB of free memory are needed to unlock")]
    Memory {
        /// Memory in KiB.
        memory_kib: u32,
    },
}

impl KdfError {
    /// Stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BelowFloor { .. } => "vault.kdf-below-floor",
            Self::AboveCeiling { .. } => "vault.kdf-above-ceiling",
            Self::Memory { .. } => "vault.kdf-memory",
        }
    }
}

impl KdfParams {
    /// The least ever accepted: 64 MiB, 3 passes.
    pub const FLOOR: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 1 };
    /// What new vaults use: 256 MiB, 3 passes, 4 lanes.
    pub const DEFAULT: Self = Self { memory_kib: 256 * 1024, passes: 3, lanes: 4 };
    /// The most ever accepted: 1 GiB, 16 passes, 8 lanes.
    pub const CEILING: Self = Self { memory_kib: 1024 * 1024, passes: 16, lanes: 8 };

    /// Memory in KiB, passes over it, lanes (threads).
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, KdfError> {
        if memory_kib < Self::FLOOR.memory_kib || passes < Self::FLOOR.passes || lanes < Self::FLOOR.lanes {
            Err(KdfError::BelowFloor { memory_kib, passes })
        } else if memory_kib > Self::CEILING.memory_kib || passes > Self::CEILING.passes || lanes > Self::CEILING.lanes
        {
            Err(KdfError::AboveCeiling { memory_kib, passes, lanes })
        } else {
            Ok(Self { memory_kib, passes, lanes })
        }
    }

    /// Memory in KiB.
    pub fn memory_kib(&self) -> u32 {
        self.memory_kib
    }

    /// Passes over the memory.
    pub fn passes(&self) -> u32 {
        self.passes
    }

    /// Lanes, each on its own thread where there is one.
    pub fn lanes(&self) -> u32 {
        self.lanes
    }

    /// Whether a guess costs less than [`KdfParams::DEFAULT`]: then a successful unlock seals again with the default.
    pub fn is_below_default(&self) -> bool {
        self.memory_kib < Self::DEFAULT.memory_kib || self.passes < Self::DEFAULT.passes
    }

    /// Argon2id of the passphrase in NFKC, so that one passphrase gives one key whichever keyboard typed it. The memory
    /// is wiped afterwards: it is as good as the passphrase for whoever finds it.
    pub(crate) fn stretch(&self, passphrase: &SecretText, salt: &[u8; SALT]) -> Result<Key, KdfError> {
        let out_of_memory = KdfError::Memory { memory_kib: self.memory_kib };
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(32))
            .expect("the bounds of this type lie within those of Argon2");
        let mut blocks: Zeroizing<Vec<Block>> = Zeroizing::new(Vec::new());
        let count = params.block_count();
        blocks.try_reserve_exact(count).map_err(|_| out_of_memory)?;
        blocks.resize(count, Block::new());
        let normal = normalize(passphrase);
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        Ok(Key::fill(|out| {
            argon2
                // Read to be stretched: the only use of a passphrase.
                .hash_password_into_with_memory(normal.expose().as_bytes(), salt, out, blocks.as_mut_slice())
                .expect("salt, output and memory have the lengths Argon2 asks for");
        }))
    }
}

/// NFKC of a passphrase. The buffer is large enough from the start, so that no part of it stays in freed memory.
fn normalize(passphrase: &SecretText) -> SecretText {
    // Read to bring it to its normal form. One character may become up to 18 (U+FDFA); each at most 4 bytes.
    let text = passphrase.expose();
    let mut normal = String::with_capacity(text.len() * 18);
    normal.extend(text.nfkc());
    SecretText::new(normal)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn local_kdf_edit_below_the_floor_is_refused_before_deriving() {
        for (memory, passes, lanes) in [(64 * 1024 - 1, 3, 1), (64 * 1024, 2, 1), (64 * 1024, 3, 0), (0, 0, 0)] {
            assert!(matches!(KdfParams::new(memory, passes, lanes), Err(KdfError::BelowFloor { .. })));
        }
    }

    #[test]
    fn kdf_ceiling_keeps_a_hostile_header_from_exhausting_the_machine() {
        for (memory, passes, lanes) in
            [(1024 * 1024 + 1, 3, 1), (64 * 1024, 17, 1), (64 * 1024, 3, 9), (u32::MAX, u32::MAX, u32::MAX)]
        {
            assert!(matches!(KdfParams::new(memory, passes, lanes), Err(KdfError::AboveCeiling { .. })));
        }
    }

    #[test]
    fn the_bounds_themselves_are_accepted() {
        for params in [KdfParams::FLOOR, KdfParams::DEFAULT, KdfParams::CEILING] {
            assert_eq!(KdfParams::new(params.memory_kib(), params.passes(), params.lanes()), Ok(params));
        }
        assert!(KdfParams::FLOOR.is_below_default());
        assert!(!KdfParams::DEFAULT.is_below_default());
        assert!(!KdfParams::CEILING.is_below_default());
    }

    #[test]
    fn one_passphrase_in_two_unicode_forms_is_one_passphrase() {
        let composed = normalize(&SecretText::from_text("caf\u{e9} \u{fb01}"));
        let decomposed = normalize(&SecretText::from_text("cafe\u{301} fi"));
        assert!(composed == decomposed);
    }

    #[test]
    fn the_longest_normal_form_fits_the_first_buffer() {
        let hostile = SecretText::from_text(&"\u{fdfa}".repeat(50));
        let normal = normalize(&hostile);
        assert_eq!(normal.expose().capacity(), hostile.expose().len() * 18);
    }

    #[test]
    fn stretching_repeats_and_depends_on_salt() {
        let passphrase = SecretText::from_text("correct horse");
        let first = KdfParams::FLOOR.stretch(&passphrase, &[1; SALT]).unwrap();
        assert!(first == KdfParams::FLOOR.stretch(&passphrase, &[1; SALT]).unwrap());
        assert!(first != KdfParams::FLOOR.stretch(&passphrase, &[2; SALT]).unwrap());
    }
}
