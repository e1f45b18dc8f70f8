//! Shares of a safe sheet: its key split among several people, so that any few of them open the vault together and fewer
//! learn nothing (A. Shamir, "How to share a secret", 1979; over GF(256), one polynomial for each byte).
//!
//! The sharing itself knows no wrong share: it would just give another key. So the sheet blob names a commitment to each
//! share, and who typed the wrong paper is told so by its number.

use crate::SUITE;
use crate::code::{self, Code, CodeError, CodeKind};
use crate::derive::info;
use crate::secret::{Key, Secret};
use crate::sheet::SafeSheet;
use crate::{SecretBytes, SecretText};
use blahaj::Sharks;
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

const COMMITMENT: &str = "vitrine/1/sheet/share";
const SPLIT: &str = "vitrine/1/sheet/split";
/// Most holders of shares.
pub const MAX_HOLDERS: u8 = 16;

/// How the key of a safe sheet was split: public, and part of the sheet blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    needed: u8,
    commitments: Vec<[u8; 32]>,
}

/// Why a key cannot be split so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key is split among 2 to {MAX_HOLDERS} holders, of whom 2 or more are needed")]
pub struct SplitError;

/// Why shares do not give the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShareError {
    /// A share of another vault, or of a sheet that was replaced.
    #[error("share {number} belongs to another split")]
    Other {
        /// Number printed on it.
        number: u8,
    },
    /// A share that was not handed out.
    #[error("share {number} is not the one that was handed out")]
    Wrong {
        /// Number printed on it.
        number: u8,
    },
    /// The same share twice.
    #[error("share {number} was given twice")]
    Twice {
        /// Number printed on it.
        number: u8,
    },
    /// Fewer than are needed.
    #[error("{given} of {needed} shares were given")]
    TooFew {
        /// Different shares given.
        given: u8,
        /// Shares needed.
        needed: u8,
    },
}

impl ShareError {
    /// Stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Other { .. } => "vault.share-of-another",
            Self::Wrong { .. } => "vault.share-wrong",
            Self::Twice { .. } => "vault.share-twice",
            Self::TooFew { .. } => "vault.shares-too-few",
        }
    }
}

impl Split {
    /// What a blob says; `commitments` are 32 bytes for each holder.
    pub(crate) fn read(needed: u8, commitments: &[u8]) -> Option<Self> {
        let (commitments, rest) = commitments.as_chunks::<32>();
        let holders = u8::try_from(commitments.len()).ok()?;
        (rest.is_empty() && stands(needed, holders)).then(|| Self { needed, commitments: commitments.to_vec() })
    }

    /// How many shares open the vault.
    pub fn needed(&self) -> u8 {
        self.needed
    }

    /// How many were made.
    pub fn holders(&self) -> usize {
        self.commitments.len()
    }

    pub(crate) fn commitments(&self) -> Vec<u8> {
        self.commitments.concat()
    }

    /// What each of its shares carries, so that one of another split is told from one that was altered.
    fn tag(&self) -> [u8; 4] {
        let all = self.commitments();
        let digest = Sha256::digest(info(SPLIT, &[&[SUITE, self.needed], &all]));
        [digest[0], digest[1], digest[2], digest[3]]
    }
}

/// One holder's part of the key, to be printed.
pub struct Share {
    tag: [u8; 4],
    needed: u8,
    number: u8,
    value: Key,
}

impl Share {
    /// Which of the shares it is, counted from 1.
    pub fn number(&self) -> u8 {
        self.number
    }

    /// How many of its kind open the vault.
    pub fn needed(&self) -> u8 {
        self.needed
    }

    /// The share as a code of 22 groups.
    pub fn code(&self) -> Code {
        // Read to be printed on the page.
        let content = [self.tag.as_slice(), &[self.needed, self.number], self.value.expose()].concat();
        let content = SecretBytes::new(content);
        Code::of(CodeKind::Share, content.expose())
    }

    /// Reads the code of a page as a person typed it.
    pub fn parse(code: &SecretText) -> Result<Self, CodeError> {
        let content: Secret<[u8; 38]> = code::parse_array(CodeKind::Share, code)?;
        // Read to be taken apart.
        let [a, b, c, d, needed, number, value @ ..] = content.expose();
        let value = Key::from_slice(value).ok_or(CodeError::Whole)?;
        Ok(Self { tag: [*a, *b, *c, *d], needed: *needed, number: *number, value })
    }

    /// A share's value is 256 bits that nobody can guess, so that this says nothing about it.
    fn commitment(&self) -> [u8; 32] {
        let head = info(COMMITMENT, &[&[SUITE, self.number]]);
        Sha256::new().chain_update(head).chain_update(self.value.expose()).finalize().into() // read to commit to it
    }
}

impl SafeSheet {
    /// Splits the key among `holders` (2 to [`MAX_HOLDERS`]), of whom any `needed` (2 or more) give it back.
    ///
    /// # Errors
    /// [`SplitError`] for other numbers.
    pub fn split(&self, needed: u8, holders: u8, rng: &mut impl CryptoRng) -> Result<(Split, Vec<Share>), SplitError> {
        if !stands(needed, holders) {
            return Err(SplitError);
        }
        // Read to be split.
        let dealt = Sharks(needed).dealer_rng(self.key().expose(), rng).take(holders.into());
        let mut shares = Vec::with_capacity(holders.into());
        for (number, dealt) in (1..=holders).zip(dealt) {
            let bytes = SecretBytes::new(Vec::from(&dealt));
            let value = bytes.expose().get(1..).and_then(Key::from_slice).ok_or(SplitError)?;
            shares.push(Share { tag: [0; 4], needed, number, value });
        }
        let split = Split { needed, commitments: shares.iter().map(Share::commitment).collect() };
        let tag = split.tag();
        for share in &mut shares {
            share.tag = tag;
        }
        Ok((split, shares))
    }

    /// Puts the key together from shares of a split, in any order.
    ///
    /// # Errors
    /// [`ShareError`], which names the share by its number.
    pub fn join(split: &Split, shares: &[Share]) -> Result<Self, ShareError> {
        let tag = split.tag();
        let mut dealt: Vec<blahaj::Share> = Vec::with_capacity(shares.len());
        let mut seen = Vec::with_capacity(shares.len());
        for share in shares {
            let number = share.number;
            if share.tag != tag || share.needed != split.needed {
                return Err(ShareError::Other { number });
            }
            let known = number.checked_sub(1).and_then(|place| split.commitments.get(usize::from(place)));
            if !known.is_some_and(|known| bool::from(known.ct_eq(&share.commitment()))) {
                return Err(ShareError::Wrong { number });
            }
            if seen.contains(&number) {
                return Err(ShareError::Twice { number });
            }
            seen.push(number);
            // Read to be put together.
            let bytes = SecretBytes::new([&[number], share.value.expose().as_slice()].concat());
            let whole = blahaj::Share::try_from(bytes.expose().as_slice());
            dealt.push(whole.map_err(|_| ShareError::Wrong { number })?);
        }
        let given = u8::try_from(seen.len()).unwrap_or(u8::MAX);
        let too_few = ShareError::TooFew { given, needed: split.needed };
        if given < split.needed {
            return Err(too_few);
        }
        let key = Sharks(split.needed).recover(&dealt).map(SecretBytes::new).map_err(|_| too_few)?;
        Key::from_slice(key.expose()).map(Self::from_key).ok_or(too_few)
    }
}

/// One share alone would be the key itself, and more than were made would never come together.
fn stands(needed: u8, holders: u8) -> bool {
    (2..=MAX_HOLDERS).contains(&holders) && (2..=holders).contains(&needed)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use rand::{SeedableRng, rngs::StdRng};

    fn split(seed: u64, needed: u8, holders: u8) -> (SafeSheet, Split, Vec<Share>) {
        let rng = &mut StdRng::seed_from_u64(seed);
        let sheet = SafeSheet::make(rng);
        let (split, shares) = sheet.split(needed, holders, rng).unwrap();
        (sheet, split, shares)
    }

    fn copy(share: &Share) -> Share {
        Share::parse(share.code().text()).unwrap()
    }

    fn is_same(left: &SafeSheet, right: &SafeSheet) -> bool {
        left.code().text() == right.code().text()
    }

    #[test]
    fn any_that_are_enough_give_the_key_and_fewer_do_not() {
        for (needed, holders) in [(2, 2), (2, 3), (3, 5), (5, 5)] {
            let (sheet, split, shares) = split(1, needed, holders);
            for chosen in 0_u32..1 << holders {
                let some: Vec<Share> =
                    shares.iter().filter(|share| chosen >> (share.number() - 1) & 1 == 1).map(copy).collect();
                let given = u8::try_from(some.len()).unwrap();
                match SafeSheet::join(&split, &some) {
                    Ok(joined) => assert!(given >= needed && is_same(&joined, &sheet)),
                    Err(error) => assert_eq!((error, given < needed), (ShareError::TooFew { given, needed }, true)),
                }
            }
        }
    }

    #[test]
    fn order_does_not_matter_and_a_share_counts_once() {
        let (sheet, split, shares) = split(2, 3, 5);
        let backwards: Vec<Share> = shares.iter().rev().map(copy).collect();
        assert!(is_same(&SafeSheet::join(&split, &backwards).unwrap(), &sheet));
        let twice = [copy(&shares[0]), copy(&shares[1]), copy(&shares[0])];
        assert_eq!(SafeSheet::join(&split, &twice).err(), Some(ShareError::Twice { number: 1 }));
    }

    #[test]
    fn a_wrong_share_is_named_by_its_number() {
        let (_, mine, shares) = split(3, 2, 3);
        let mut altered = copy(&shares[1]);
        altered.value = Key::make(&mut StdRng::seed_from_u64(4));
        let given = [copy(&shares[0]), altered];
        assert_eq!(SafeSheet::join(&mine, &given).err(), Some(ShareError::Wrong { number: 2 }));
        for number in [0, 1, 4, 255] {
            let mut renumbered = copy(&shares[1]);
            renumbered.number = number;
            assert_eq!(SafeSheet::join(&mine, &[renumbered]).err(), Some(ShareError::Wrong { number }));
        }
        let (_, _, others) = split(5, 2, 3);
        let given = [copy(&shares[0]), copy(&others[2])];
        assert_eq!(SafeSheet::join(&mine, &given).err(), Some(ShareError::Other { number: 3 }));
        let mut eased = copy(&shares[0]);
        eased.needed = 1;
        assert_eq!(SafeSheet::join(&mine, &[eased]).err(), Some(ShareError::Other { number: 1 }));
    }

    #[test]
    fn numbers_that_make_no_sense_split_nothing() {
        let rng = &mut StdRng::seed_from_u64(6);
        let sheet = SafeSheet::make(rng);
        for (needed, holders) in [(0, 3), (1, 3), (4, 3), (2, 1), (2, 0), (2, 17), (200, 255)] {
            assert_eq!(sheet.split(needed, holders, rng).err(), Some(SplitError), "{needed} of {holders}");
            assert_eq!(Split::read(needed, &vec![0; usize::from(holders) * 32]), None);
        }
        assert_eq!(Split::read(2, &[0; 95]), None);
    }

    #[test]
    fn what_a_blob_says_of_a_split_reads_back() {
        let (_, split, _) = split(7, 3, 5);
        assert_eq!(Split::read(split.needed(), &split.commitments()), Some(split));
    }

    /// A library that leaves out a value of its coefficients would tell a holder something: 255 degrees of freedom, and
    /// a bound that a fair die passes but once in some ten thousand seeds; the seed is fixed.
    #[test]
    fn a_single_share_is_as_good_as_noise() {
        let rng = &mut StdRng::seed_from_u64(8);
        let sheet = SafeSheet::from_key(Key::from_slice(&[0x42; 32]).unwrap());
        let mut counts = [0_u32; 256];
        for _ in 0..2_000 {
            let (_, shares) = sheet.split(2, 2, rng).unwrap();
            shares[0].value.expose().iter().for_each(|byte| counts[usize::from(*byte)] += 1);
        }
        let expected = 2_000.0 * 32.0 / 256.0;
        let chi: f64 = counts.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum();
        assert!((160.0..350.0).contains(&chi), "chi-square {chi}");
    }
}
