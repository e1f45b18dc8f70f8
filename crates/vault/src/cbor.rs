//! The strict layer over CBOR: one meaning, one form.
//!
//! Bytes are hashed and signed as received, so two encodings of one meaning would be two hashes of one thing, and a
//! lenient reader would see in one text what a strict one does not. What is read here is RFC 8949 in its core
//! deterministic form, and less: unsigned integers, byte strings, text, booleans, arrays, and maps whose keys are
//! unsigned integers in rising order. Negative numbers, floats, null, tags and indefinite lengths do not occur.

use crate::secret::{Secret, SecretBytes, SecretText};
use minicbor::{Decoder, Encoder};
use std::convert::Infallible;
use zeroize::Zeroize;

/// Deepest nesting of arrays and maps.
pub const MAX_DEPTH: usize = 8;

/// Why bytes are not what a format says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CborError {
    /// Longer than the format allows; nothing was read.
    #[error("longer than the {cap} bytes this format allows")]
    TooLong {
        /// Most bytes allowed.
        cap: usize,
    },
    /// The bytes end in the middle.
    #[error("ends in the middle, at byte {at}")]
    Truncated {
        /// Where more was expected.
        at: usize,
    },
    /// Bytes follow the end.
    #[error("bytes follow the end, from byte {at} on")]
    Trailing {
        /// Where the value ended.
        at: usize,
    },
    /// A number or length in a longer form than needed.
    #[error("a number at byte {at} is not in its shortest form")]
    NotShortest {
        /// Where.
        at: usize,
    },
    /// A float, null, tag, negative number, indefinite length or reserved value.
    #[error("a kind of value this format does not use, at byte {at}")]
    Forbidden {
        /// Where.
        at: usize,
    },
    /// Text that is not UTF-8.
    #[error("text at byte {at} is not UTF-8")]
    Utf8 {
        /// Where.
        at: usize,
    },
    /// A key that is no unsigned integer, is repeated or is out of order.
    #[error("a key at byte {at} is repeated, out of order or no number")]
    Key {
        /// Where.
        at: usize,
    },
    /// Nested too deeply.
    #[error("nested more than {MAX_DEPTH} deep, at byte {at}")]
    Depth {
        /// Where.
        at: usize,
    },
    /// A field of another type, length or range than the format says.
    #[error("a value at byte {at} is not of the type or range the format says")]
    Value {
        /// Where.
        at: usize,
    },
    /// A field that must be there is not.
    #[error("field {key} is missing")]
    Missing {
        /// Its key.
        key: u64,
    },
    /// A field that this format does not know.
    #[error("field {key} is unknown")]
    Unknown {
        /// Its key.
        key: u64,
    },
}

impl CborError {
    /// Stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "vault.cbor-too-long",
            Self::Truncated { .. } => "vault.cbor-truncated",
            Self::Trailing { .. } => "vault.cbor-trailing",
            Self::NotShortest { .. } => "vault.cbor-not-shortest",
            Self::Forbidden { .. } => "vault.cbor-forbidden",
            Self::Utf8 { .. } => "vault.cbor-utf8",
            Self::Key { .. } => "vault.cbor-key",
            Self::Depth { .. } => "vault.cbor-depth",
            Self::Value { .. } => "vault.cbor-value",
            Self::Missing { .. } => "vault.cbor-missing",
            Self::Unknown { .. } => "vault.cbor-unknown",
        }
    }
}

/// Reads a whole document: first its form is checked to the last byte, then `read` takes the fields out.
///
/// `cap` is the most bytes the format allows; it bounds memory, as nothing is allocated before the check.
pub fn decode<'b, T>(
    bytes: &'b [u8],
    cap: usize,
    read: impl FnOnce(&mut Reader<'b>) -> Result<T, CborError>,
) -> Result<T, CborError> {
    check(bytes, cap)?;
    let mut reader = Reader(Decoder::new(bytes));
    let value = read(&mut reader)?;
    let at = reader.0.position();
    if at == bytes.len() { Ok(value) } else { Err(CborError::Trailing { at }) }
}

/// Checks that `bytes` are exactly one value in the strict form, at most `cap` bytes long.
pub fn check(bytes: &[u8], cap: usize) -> Result<(), CborError> {
    if bytes.len() > cap {
        return Err(CborError::TooLong { cap });
    }
    let mut walk = Walk { bytes, at: 0 };
    walk.value(0)?;
    if walk.at == bytes.len() { Ok(()) } else { Err(CborError::Trailing { at: walk.at }) }
}

/// The check of form. Recursion is bounded by [`MAX_DEPTH`], time by the length of the bytes.
struct Walk<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Walk<'b> {
    fn take(&mut self, count: u64) -> Result<&'b [u8], CborError> {
        let truncated = CborError::Truncated { at: self.bytes.len() };
        let count = usize::try_from(count).map_err(|_| truncated)?;
        let end = self.at.checked_add(count).ok_or(truncated)?;
        let taken = self.bytes.get(self.at..end).ok_or(truncated)?;
        self.at = end;
        Ok(taken)
    }

    /// Major type and argument of the next value (RFC 8949 section 3).
    fn head(&mut self) -> Result<(u8, u64), CborError> {
        let at = self.at;
        let first = self.take(1)?[0];
        let (width, least) = match first & 0x1f {
            small @ 0..=23 => return Ok((first >> 5, u64::from(small))),
            24 => (1, 24),
            25 => (2, 1 << 8),
            26 => (4, 1 << 16),
            27 => (8, 1 << 32),
            _ => return Err(CborError::Forbidden { at }),
        };
        if first >> 5 == 7 {
            return Err(CborError::Forbidden { at });
        }
        let argument = self.take(width)?.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte));
        if argument < least { Err(CborError::NotShortest { at }) } else { Ok((first >> 5, argument)) }
    }

    fn value(&mut self, depth: usize) -> Result<(), CborError> {
        let at = self.at;
        let (major, argument) = self.head()?;
        match major {
            0 => Ok(()),
            2 => self.take(argument).map(|_| ()),
            3 => {
                let text = self.take(argument)?;
                std::str::from_utf8(text).map(|_| ()).map_err(|_| CborError::Utf8 { at })
            }
            4 | 5 if depth == MAX_DEPTH => Err(CborError::Depth { at }),
            4 => (0..argument).try_for_each(|_| self.value(depth + 1)),
            5 => {
                let mut last = None;
                for _ in 0..argument {
                    let at = self.at;
                    match self.head()? {
                        (0, key) if last.is_none_or(|last| key > last) => last = Some(key),
                        _ => return Err(CborError::Key { at }),
                    }
                    self.value(depth + 1)?;
                }
                Ok(())
            }
            7 if matches!(argument, 20 | 21) => Ok(()),
            _ => Err(CborError::Forbidden { at }),
        }
    }
}

/// Takes values out of a document whose form has been checked.
pub struct Reader<'b>(Decoder<'b>);

impl<'b> Reader<'b> {
    fn wrong<E>(at: usize) -> impl FnOnce(E) -> CborError {
        move |_| CborError::Value { at }
    }

    /// An unsigned integer that fits `T`.
    pub fn uint<T: TryFrom<u64>>(&mut self) -> Result<T, CborError> {
        let at = self.0.position();
        let value = self.0.u64().map_err(Self::wrong(at))?;
        T::try_from(value).map_err(Self::wrong(at))
    }

    /// A boolean.
    pub fn bool(&mut self) -> Result<bool, CborError> {
        let at = self.0.position();
        self.0.bool().map_err(Self::wrong(at))
    }

    /// A byte string of at most `most` bytes.
    pub fn bytes(&mut self, most: usize) -> Result<&'b [u8], CborError> {
        let at = self.0.position();
        let bytes = self.0.bytes().map_err(Self::wrong(at))?;
        if bytes.len() <= most { Ok(bytes) } else { Err(CborError::Value { at }) }
    }

    /// A byte string of exactly `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], CborError> {
        let at = self.0.position();
        self.bytes(N)?.try_into().map_err(Self::wrong(at))
    }

    /// Text of at most `most` bytes.
    pub fn text(&mut self, most: usize) -> Result<&'b str, CborError> {
        let at = self.0.position();
        let text = self.0.str().map_err(Self::wrong(at))?;
        if text.len() <= most { Ok(text) } else { Err(CborError::Value { at }) }
    }

    /// Text of at most `most` bytes, as a secret.
    pub fn secret_text(&mut self, most: usize) -> Result<SecretText, CborError> {
        self.text(most).map(SecretText::from_text)
    }

    /// A secret of exactly `N` bytes.
    pub fn secret_array<const N: usize>(&mut self) -> Result<Secret<[u8; N]>, CborError> {
        let at = self.0.position();
        Secret::from_slice(self.bytes(N)?).ok_or(CborError::Value { at })
    }

    /// A list of at most `most` values.
    pub fn list<T>(
        &mut self,
        most: u64,
        mut read: impl FnMut(&mut Self) -> Result<T, CborError>,
    ) -> Result<Vec<T>, CborError> {
        let at = self.0.position();
        match self.0.array().map_err(Self::wrong(at))? {
            Some(count) if count <= most => (0..count).map(|_| read(self)).collect(),
            _ => Err(CborError::Value { at }),
        }
    }

    /// A map: `read` takes its fields by rising key; any field it leaves is an error.
    pub fn map<T>(&mut self, read: impl FnOnce(&mut Fields<'_, 'b>) -> Result<T, CborError>) -> Result<T, CborError> {
        let at = self.0.position();
        let left = self.0.map().map_err(Self::wrong(at))?.ok_or(CborError::Value { at })?;
        let mut fields = Fields { reader: self, left, next: None };
        fields.advance()?;
        let value = read(&mut fields)?;
        match fields.next {
            None => Ok(value),
            Some(key) => Err(CborError::Unknown { key }),
        }
    }

    /// Where the reader stands, to name the place of a value that is refused by its meaning.
    pub fn position(&self) -> usize {
        self.0.position()
    }
}

/// The fields of a map that is being read, in rising order of their keys.
pub struct Fields<'r, 'b> {
    reader: &'r mut Reader<'b>,
    left: u64,
    next: Option<u64>,
}

impl<'b> Fields<'_, 'b> {
    fn advance(&mut self) -> Result<(), CborError> {
        self.next = match self.left.checked_sub(1) {
            None => None,
            Some(left) => {
                self.left = left;
                Some(self.reader.uint()?)
            }
        };
        Ok(())
    }

    /// The field `key`, or `None` where the map does not have it.
    pub fn optional<T>(
        &mut self,
        key: u64,
        read: impl FnOnce(&mut Reader<'b>) -> Result<T, CborError>,
    ) -> Result<Option<T>, CborError> {
        match self.next {
            Some(next) if next == key => {
                let value = read(self.reader)?;
                self.advance()?;
                Ok(Some(value))
            }
            Some(next) if next < key => Err(CborError::Unknown { key: next }),
            _ => Ok(None),
        }
    }

    /// The field `key`, which must be there.
    pub fn required<T>(
        &mut self,
        key: u64,
        read: impl FnOnce(&mut Reader<'b>) -> Result<T, CborError>,
    ) -> Result<T, CborError> {
        self.optional(key, read)?.ok_or(CborError::Missing { key })
    }
}

/// Writes a document in the strict form. Its buffer is wiped whenever it grows and when it is dropped, as items with
/// secrets pass through it.
#[derive(Default)]
pub struct Writer(WipedBuffer);

impl Writer {
    /// A document that is one map.
    pub fn document(write: impl FnOnce(&mut MapWriter<'_>)) -> Vec<u8> {
        let mut writer = Self::default();
        writer.map(write);
        std::mem::take(&mut writer.0.0)
    }

    /// A document that is one map and holds secrets.
    pub fn secret_document(write: impl FnOnce(&mut MapWriter<'_>)) -> SecretBytes {
        SecretBytes::new(Self::document(write))
    }

    fn put(
        &mut self,
        write: impl FnOnce(&mut Encoder<&mut WipedBuffer>) -> Result<(), minicbor::encode::Error<Infallible>>,
    ) {
        write(&mut Encoder::new(&mut self.0)).expect("writing to memory cannot fail");
    }

    /// An unsigned integer.
    pub fn uint(&mut self, value: impl Into<u64>) {
        self.put(|encoder| encoder.u64(value.into())?.ok());
    }

    /// A boolean.
    pub fn bool(&mut self, value: bool) {
        self.put(|encoder| encoder.bool(value)?.ok());
    }

    /// A byte string.
    pub fn bytes(&mut self, value: &[u8]) {
        self.put(|encoder| encoder.bytes(value)?.ok());
    }

    /// Text.
    pub fn text(&mut self, value: &str) {
        self.put(|encoder| encoder.str(value)?.ok());
    }

    /// A list, each value written by `write`.
    pub fn list<T>(&mut self, values: &[T], mut write: impl FnMut(&mut Self, &T)) {
        self.put(|encoder| encoder.array(values.len() as u64)?.ok());
        for value in values {
            write(self, value);
        }
    }

    /// A map, its fields written by `write` in rising order of their keys. At most 23 fields.
    pub fn map(&mut self, write: impl FnOnce(&mut MapWriter<'_>)) {
        let start = self.0.0.len();
        self.put(|encoder| encoder.map(0)?.ok());
        let mut map = MapWriter { writer: self, count: 0, last: None };
        write(&mut map);
        let count = map.count;
        assert!(count < 24, "no map of our formats has more than 23 fields");
        self.0.0[start] |= count;
    }
}

/// The fields of a map that is being written.
pub struct MapWriter<'w> {
    writer: &'w mut Writer,
    count: u8,
    last: Option<u64>,
}

impl MapWriter<'_> {
    /// A field, its value written by `write`.
    pub fn field(&mut self, key: u64, write: impl FnOnce(&mut Writer)) {
        debug_assert!(self.last.is_none_or(|last| key > last), "fields are written in rising order");
        self.last = Some(key);
        self.count += 1;
        self.writer.uint(key);
        write(self.writer);
    }

    /// A field with an unsigned integer.
    pub fn uint(&mut self, key: u64, value: impl Into<u64>) {
        self.field(key, |writer| writer.uint(value));
    }

    /// A field with a boolean.
    pub fn bool(&mut self, key: u64, value: bool) {
        self.field(key, |writer| writer.bool(value));
    }

    /// A field with a byte string.
    pub fn bytes(&mut self, key: u64, value: &[u8]) {
        self.field(key, |writer| writer.bytes(value));
    }

    /// A field with text.
    pub fn text(&mut self, key: u64, value: &str) {
        self.field(key, |writer| writer.text(value));
    }

    /// A field that is left out where there is no value: absence has one form.
    pub fn maybe<T>(&mut self, key: u64, value: Option<T>, write: impl FnOnce(&mut Writer, T)) {
        if let Some(value) = value {
            self.field(key, |writer| write(writer, value));
        }
    }
}

/// A buffer that leaves no copy of its content in freed memory.
struct WipedBuffer(Vec<u8>);

impl Default for WipedBuffer {
    fn default() -> Self {
        Self(Vec::with_capacity(1024))
    }
}

impl minicbor::encode::Write for &mut WipedBuffer {
    type Error = Infallible;

    fn write_all(&mut self, bytes: &[u8]) -> Result<(), Self::Error> {
        let needed = self.0.len() + bytes.len();
        if needed > self.0.capacity() {
            let mut larger = Vec::with_capacity(needed.next_power_of_two());
            larger.extend_from_slice(&self.0);
            self.0.zeroize();
            self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

impl Drop for WipedBuffer {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(bytes: &[u8]) -> Result<(), CborError> {
        check(bytes, 1 << 16)
    }

    #[test]
    fn accepts_each_kind_of_value_in_its_shortest_form() {
        for bytes in [
            &[0x00][..],
            &[0x17],
            &[0x18, 0x18],
            &[0x19, 0x01, 0x00],
            &[0x1a, 0, 1, 0, 0],
            &[0x1b, 0, 0, 0, 1, 0, 0, 0, 0],
            &[0x40],
            &[0x42, 1, 2],
            &[0x61, b'a'],
            &[0x80],
            &[0x82, 0, 1],
            &[0xa0],
            &[0xa2, 0, 0, 1, 0],
            &[0xf4],
            &[0xf5],
        ] {
            assert_eq!(verdict(bytes), Ok(()), "{bytes:02x?}");
        }
    }

    #[test]
    fn refuses_every_longer_form_of_a_number() {
        for bytes in [
            &[0x18, 0x17][..],
            &[0x19, 0x00, 0xff],
            &[0x1a, 0, 0, 0xff, 0xff],
            &[0x1b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff],
            &[0x58, 0x01, 0x00],
            &[0x78, 0x01, b'a'],
            &[0x98, 0x01, 0x00],
            &[0xb8, 0x01, 0x00, 0x00],
        ] {
            assert_eq!(verdict(bytes), Err(CborError::NotShortest { at: 0 }), "{bytes:02x?}");
        }
    }

    #[test]
    fn refuses_floats_null_tags_negatives_and_indefinite_lengths() {
        for bytes in [
            &[0xf9, 0, 0][..],
            &[0xfa, 0, 0, 0, 0],
            &[0xfb, 0, 0, 0, 0, 0, 0, 0, 0],
            &[0xf6],
            &[0xf7],
            &[0xf8, 0x20],
            &[0xe0],
            &[0xc0, 0x00],
            &[0x20],
            &[0x5f, 0xff],
            &[0x7f, 0xff],
            &[0x9f, 0xff],
            &[0xbf, 0xff],
            &[0xff],
            &[0x1c],
        ] {
            assert_eq!(verdict(bytes), Err(CborError::Forbidden { at: 0 }), "{bytes:02x?}");
        }
    }

    #[test]
    fn refuses_keys_that_repeat_fall_or_are_no_numbers() {
        assert_eq!(verdict(&[0xa2, 1, 0, 1, 0]), Err(CborError::Key { at: 3 }));
        assert_eq!(verdict(&[0xa2, 2, 0, 1, 0]), Err(CborError::Key { at: 3 }));
        assert_eq!(verdict(&[0xa1, 0x61, b'a', 0]), Err(CborError::Key { at: 1 }));
    }

    #[test]
    fn refuses_trailing_bytes_truncation_depth_and_size() {
        assert_eq!(verdict(&[0, 0]), Err(CborError::Trailing { at: 1 }));
        assert_eq!(verdict(&[]), Err(CborError::Truncated { at: 0 }));
        assert_eq!(verdict(&[0x42, 1]), Err(CborError::Truncated { at: 2 }));
        assert_eq!(
            verdict(&[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
            Err(CborError::Truncated { at: 9 })
        );
        let nested = |depth: usize| [vec![0x81; depth], vec![0]].concat();
        assert_eq!(verdict(&nested(8)), Ok(()));
        assert_eq!(verdict(&nested(9)), Err(CborError::Depth { at: 8 }));
        assert_eq!(check(&[0; 11], 10), Err(CborError::TooLong { cap: 10 }));
        assert_eq!(verdict(&[0x61, 0xff]), Err(CborError::Utf8 { at: 0 }));
    }

    #[test]
    fn a_count_of_a_billion_costs_nothing_before_it_is_refused() {
        assert!(matches!(verdict(&[0x9a, 0x3b, 0x9a, 0xca, 0x00]), Err(CborError::Truncated { .. })));
    }

    #[test]
    fn fields_are_required_optional_or_unknown() {
        let read = |bytes: &[u8]| {
            decode(bytes, 64, |reader| {
                reader.map(|map| Ok((map.required(1, Reader::uint::<u8>)?, map.optional(2, Reader::bool)?)))
            })
        };
        assert_eq!(read(&[0xa1, 1, 5]), Ok((5, None)));
        assert_eq!(read(&[0xa2, 1, 5, 2, 0xf5]), Ok((5, Some(true))));
        assert_eq!(read(&[0xa1, 2, 0xf5]), Err(CborError::Missing { key: 1 }));
        assert_eq!(read(&[0xa2, 0, 0, 1, 5]), Err(CborError::Unknown { key: 0 }));
        assert_eq!(read(&[0xa2, 1, 5, 3, 0]), Err(CborError::Unknown { key: 3 }));
        assert_eq!(read(&[0xa1, 1, 0x19, 1, 0]), Err(CborError::Value { at: 2 }));
    }

    #[test]
    fn what_is_written_is_in_the_strict_form() {
        let bytes = Writer::document(|map| {
            map.uint(1, 300_u64);
            map.field(2, |writer| writer.list(&["a", "b"], |writer, text| writer.text(text)));
            map.maybe(3, None::<u64>, Writer::uint);
            map.field(4, |writer| writer.map(|map| map.bytes(1, &[9; 3000])));
        });
        assert_eq!(check(&bytes, 1 << 16), Ok(()));
        assert_eq!(&bytes[..5], [0xa3, 1, 0x19, 1, 44]);
    }
}
