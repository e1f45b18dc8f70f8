//! The one wrapper for whatever must not leak: it is wiped when dropped and cannot be printed, cloned, serialized or
//! read by accident. Each read is a visible [`Secret::expose`] whose caller says why.

use rand_core::CryptoRng;
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroize;

/// A value that is wiped when dropped. It has no `Debug`, `Display`, `Clone`, `Deref` or `Serialize`.
///
/// The value lives on the heap, so that moving the wrapper leaves no copy behind on the stack.
pub struct Secret<T: Wipe>(Box<T>);

/// What can be wiped in one piece, what it has room for included. `Zeroize` of vectors and arrays goes byte by byte,
/// which for an opened item takes as long as decrypting it.
pub trait Wipe {
    /// Overwrites everything, in a way that the compiler does not leave out.
    fn wipe(&mut self);
}

impl<const N: usize> Wipe for [u8; N] {
    fn wipe(&mut self) {
        self.as_mut_slice().zeroize();
    }
}

impl Wipe for Vec<u8> {
    fn wipe(&mut self) {
        self.spare_capacity_mut().zeroize();
        self.as_mut_slice().zeroize();
        self.clear();
    }
}

impl Wipe for String {
    fn wipe(&mut self) {
        // The same buffer under another type; nothing is copied.
        std::mem::take(self).into_bytes().wipe();
    }
}

/// A 256-bit key.
pub type Key = Secret<[u8; 32]>;
/// Secret text: a passphrase, a password, a code of the kit.
pub type SecretText = Secret<String>;
/// Secret bytes: an opened item, a private key in DER.
pub type SecretBytes = Secret<Vec<u8>>;

impl<T: Wipe> Secret<T> {
    /// Takes a value into custody.
    pub fn new(value: T) -> Self {
        Self(Box::new(value))
    }

    /// Reads the value. The caller's comment says why it must be read here.
    pub fn expose(&self) -> &T {
        &self.0
    }

    /// Changes the value in its place, so that no second copy of it is needed.
    pub(crate) fn expose_mut(&mut self) -> &mut T {
        &mut self.0
    }

    /// A second copy, made on purpose; each copy is wiped on its own.
    #[must_use]
    pub fn duplicate(&self) -> Self
    where
        T: Clone,
    {
        Self(self.0.clone())
    }
}

impl<const N: usize> Secret<[u8; N]> {
    /// Random bytes, drawn straight into their place on the heap.
    pub fn make(rng: &mut impl CryptoRng) -> Self {
        Self::fill(|bytes| rng.fill_bytes(bytes))
    }

    /// Bytes written in place by `write`, so that no copy of them exists elsewhere.
    pub(crate) fn fill(write: impl FnOnce(&mut [u8; N])) -> Self {
        let mut bytes = Box::new([0; N]);
        write(&mut bytes);
        Self(bytes)
    }

    /// Copies a slice of exactly `N` bytes; `None` for any other length.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        (bytes.len() == N).then(|| Self::fill(|place| place.copy_from_slice(bytes)))
    }
}

impl SecretText {
    /// A secret copy of text that is already in the open, such as what a person just typed.
    pub fn from_text(text: &str) -> Self {
        Self::new(text.to_owned())
    }
}

impl<T: Wipe> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.wipe();
    }
}

impl<T: Wipe + AsRef<[u8]>> ConstantTimeEq for Secret<T> {
    fn ct_eq(&self, other: &Self) -> Choice {
        let (left, right): (&[u8], &[u8]) = ((*self.0).as_ref(), (*other.0).as_ref());
        left.ct_eq(right)
    }
}

/// Equality takes the same time wherever the first difference lies; only a difference in length shows.
impl<T: Wipe + AsRef<[u8]>> PartialEq for Secret<T> {
    fn eq(&self, other: &Self) -> bool {
        self.ct_eq(other).into()
    }
}

impl<T: Wipe + AsRef<[u8]>> Eq for Secret<T> {}

#[cfg(test)]
mod tests {
    use super::*;
    use static_assertions::{assert_impl_all, assert_not_impl_any};
    use std::cell::Cell;
    use std::fmt::{Debug, Display};
    use std::ops::Deref;
    use std::rc::Rc;

    // These do not run: the test program does not compile when a secret can be printed, copied or serialized.
    assert_not_impl_any!(Key: Debug, Display, Clone, Copy, Deref, AsRef<[u8]>, serde::Serialize, std::hash::Hash);
    assert_not_impl_any!(SecretText: Debug, Display, Clone, Copy, Deref, AsRef<str>, serde::Serialize, ToString);
    assert_not_impl_any!(SecretBytes: Debug, Display, Clone, Copy, Deref, AsRef<[u8]>, serde::Serialize);
    assert_impl_all!(Key: Send, Sync);

    struct Witness(Rc<Cell<bool>>);
    impl Wipe for Witness {
        fn wipe(&mut self) {
            self.0.set(true);
        }
    }

    #[test]
    fn a_secret_is_wiped_when_dropped() {
        let wiped = Rc::new(Cell::new(false));
        let secret = Secret::new(Witness(wiped.clone()));
        assert!(!wiped.get());
        drop(secret);
        assert!(wiped.get());
    }

    #[test]
    fn wiping_overwrites_every_byte() {
        let mut array = [7; 33];
        array.wipe();
        assert_eq!(array, [0; 33]);
        let (mut bytes, mut text) = (vec![7; 33], "a passphrase".to_owned());
        bytes.wipe();
        text.wipe();
        assert!(bytes.is_empty() && text.is_empty());
    }

    #[test]
    fn equality_compares_the_whole_value() {
        assert!(SecretText::from_text("abc") == SecretText::from_text("abc"));
        assert!(SecretText::from_text("abc") != SecretText::from_text("abd"));
        assert!(SecretText::from_text("abc") != SecretText::from_text("abcd"));
    }

    #[test]
    fn a_slice_of_the_wrong_length_is_no_key() {
        assert!(Key::from_slice(&[0; 31]).is_none());
        assert!(Key::from_slice(&[0; 33]).is_none());
        assert!(Key::from_slice(&[7; 32]).is_some_and(|key| key == Key::new([7; 32])));
    }

    #[test]
    fn a_duplicate_is_equal_and_its_own() {
        let first = Key::new([9; 32]);
        let second = first.duplicate();
        drop(first);
        assert!(second == Key::new([9; 32]));
    }
}
