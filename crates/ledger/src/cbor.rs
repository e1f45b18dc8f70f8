//! Deterministic CBOR (RFC 8949, section 4.2.1) with integer keys, and a reader that takes nothing else.
//!
//! Every value has exactly one encoding: two byte strings that decode to the same entry would be two hashes of one
//! fact, and a home could serve either. So the reader refuses longer forms, unsorted or repeated keys, indefinite
//! lengths, unknown fields and trailing bytes. There is no recursion over input: depth is fixed by the types.

use std::collections::BTreeMap;
use std::sync::Arc;

use minicbor::{Decoder, Encoder};

use crate::DecodeError;

/// Has one encoding, and is read from that encoding only.
pub(crate) trait Wire: Sized {
    fn write(&self, out: &mut Writer);
    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError>;

    /// What a missing field means, for the types where a field may be missing.
    fn absent() -> Option<Self> {
        None
    }

    /// Whether the field is left out when written.
    fn is_absent(&self) -> bool {
        false
    }
}

/// Writes shortest forms into memory.
pub(crate) struct Writer(Encoder<Vec<u8>>);

const NEVER_FULL: &str = "a vector takes every byte";

impl Writer {
    pub(crate) fn new() -> Self {
        Self(Encoder::new(Vec::new()))
    }

    pub(crate) fn uint(&mut self, value: u64) {
        self.0.u64(value).expect(NEVER_FULL);
    }

    pub(crate) fn bytes(&mut self, value: &[u8]) {
        self.0.bytes(value).expect(NEVER_FULL);
    }

    pub(crate) fn bool(&mut self, value: bool) {
        self.0.bool(value).expect(NEVER_FULL);
    }

    pub(crate) fn array(&mut self, len: usize) {
        self.0.array(len as u64).expect(NEVER_FULL);
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0.into_writer()
    }
}

/// Gathers the fields of a map, since absent ones change the count that stands before them.
pub(crate) struct MapWriter {
    count: u64,
    fields: Writer,
}

impl MapWriter {
    pub(crate) fn new() -> Self {
        Self { count: 0, fields: Writer::new() }
    }

    /// Fields must be given in rising order of their keys.
    pub(crate) fn field<T: Wire>(&mut self, key: u64, value: &T) {
        if !value.is_absent() {
            self.with(key, |out| value.write(out));
        }
    }

    pub(crate) fn with(&mut self, key: u64, write: impl FnOnce(&mut Writer)) {
        self.count += 1;
        self.fields.uint(key);
        write(&mut self.fields);
    }

    pub(crate) fn finish(self, out: &mut Writer) {
        out.0.map(self.count).expect(NEVER_FULL);
        out.0.writer_mut().extend_from_slice(&self.fields.finish());
    }
}

/// Bytes that an argument (length or number) takes in its shortest form, initial byte included.
fn shortest(value: u64) -> usize {
    match value {
        0..=23 => 1,
        24..=0xff => 2,
        0x100..=0xffff => 3,
        0x1_0000..=0xffff_ffff => 5,
        _ => 9,
    }
}

/// Reads what [`Writer`] writes, and nothing else.
pub(crate) struct Reader<'b>(Decoder<'b>);

impl<'b> Reader<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self(Decoder::new(bytes))
    }

    /// Runs `read`, then checks that the argument it returned stood in its shortest form. `payload` is what follows
    /// the argument.
    fn strict<T>(
        &mut self,
        read: impl FnOnce(&mut Decoder<'b>) -> Result<T, minicbor::decode::Error>,
        argument: impl FnOnce(&T) -> (u64, usize),
    ) -> Result<T, DecodeError> {
        let start = self.0.position();
        let value = read(&mut self.0).map_err(|_| DecodeError::Malformed)?;
        let (argument, payload) = argument(&value);
        if self.0.position() - start == shortest(argument) + payload {
            Ok(value)
        } else {
            Err(DecodeError::NotShortest)
        }
    }

    pub(crate) fn uint(&mut self) -> Result<u64, DecodeError> {
        self.strict(Decoder::u64, |value| (*value, 0))
    }

    pub(crate) fn bytes(&mut self) -> Result<&'b [u8], DecodeError> {
        self.strict(Decoder::bytes, |value| (value.len() as u64, value.len()))
    }

    pub(crate) fn bool(&mut self) -> Result<bool, DecodeError> {
        self.0.bool().map_err(|_| DecodeError::Malformed)
    }

    pub(crate) fn array(&mut self) -> Result<u64, DecodeError> {
        let len = self.strict(Decoder::array, |len| (len.unwrap_or(0), 0))?;
        len.ok_or(DecodeError::Malformed)
    }

    pub(crate) fn map(&mut self) -> Result<MapReader<'_, 'b>, DecodeError> {
        let len = self.strict(Decoder::map, |len| (len.unwrap_or(0), 0))?;
        Ok(MapReader { left: len.ok_or(DecodeError::Malformed)?, next: None, input: self })
    }

    pub(crate) fn position(&self) -> usize {
        self.0.position()
    }

    pub(crate) fn end(&self) -> Result<(), DecodeError> {
        if self.0.position() == self.0.input().len() { Ok(()) } else { Err(DecodeError::Trailing) }
    }
}

/// Reads the fields of one map in rising order. An unknown, repeated or unsorted key is always met where a larger one
/// was expected, or is left over at the end.
pub(crate) struct MapReader<'r, 'b> {
    input: &'r mut Reader<'b>,
    left: u64,
    next: Option<u64>,
}

impl<'b> MapReader<'_, 'b> {
    pub(crate) fn field<T: Wire>(&mut self, key: u64) -> Result<T, DecodeError> {
        if self.at(key)? { T::read(self.input) } else { T::absent().ok_or(DecodeError::MissingField { key }) }
    }

    pub(crate) fn with<T>(
        &mut self,
        key: u64,
        read: impl FnOnce(&mut Reader<'b>) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        if self.at(key)? { read(self.input) } else { Err(DecodeError::MissingField { key }) }
    }

    fn at(&mut self, key: u64) -> Result<bool, DecodeError> {
        if self.next.is_none() && self.left > 0 {
            self.left -= 1;
            self.next = Some(self.input.uint()?);
        }
        match self.next {
            Some(found) if found == key => {
                self.next = None;
                Ok(true)
            }
            Some(found) if found < key => Err(DecodeError::UnknownField { key: found }),
            _ => Ok(false),
        }
    }

    pub(crate) fn end(self) -> Result<(), DecodeError> {
        match self.next {
            Some(key) => Err(DecodeError::UnknownField { key }),
            None if self.left > 0 => Err(DecodeError::UnknownField { key: self.input.uint()? }),
            None => Ok(()),
        }
    }
}

pub(crate) fn encode<T: Wire>(value: &T) -> Vec<u8> {
    let mut out = Writer::new();
    value.write(&mut out);
    out.finish()
}

pub(crate) fn decode<T: Wire>(bytes: &[u8]) -> Result<T, DecodeError> {
    let mut input = Reader::new(bytes);
    let value = T::read(&mut input)?;
    input.end()?;
    Ok(value)
}

impl Wire for u64 {
    fn write(&self, out: &mut Writer) {
        out.uint(*self);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.uint()
    }
}

impl Wire for u32 {
    fn write(&self, out: &mut Writer) {
        out.uint(u64::from(*self));
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Self::try_from(input.uint()?).map_err(|_| DecodeError::Range)
    }
}

impl Wire for bool {
    fn write(&self, out: &mut Writer) {
        out.bool(*self);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.bool()
    }
}

impl<const N: usize> Wire for [u8; N] {
    fn write(&self, out: &mut Writer) {
        out.bytes(self);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.bytes()?.try_into().map_err(|_| DecodeError::Length)
    }
}

impl<T: Wire> Wire for Option<T> {
    fn write(&self, out: &mut Writer) {
        if let Some(value) = self {
            value.write(out);
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        T::read(input).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn write(&self, out: &mut Writer) {
        out.array(self.len());
        for value in self {
            value.write(out);
        }
    }

    // No capacity from the claimed length: a nine-byte header must not allocate gigabytes.
    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut values = Self::new();
        for _ in 0..input.array()? {
            values.push(T::read(input)?);
        }
        Ok(values)
    }
}

/// A map of ids, as an array of pairs in strictly rising order of ids.
impl<K: Wire + Ord, V: Wire> Wire for Arc<BTreeMap<K, V>> {
    fn write(&self, out: &mut Writer) {
        out.array(self.len());
        for (key, value) in self.iter() {
            out.array(2);
            key.write(out);
            value.write(out);
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut map = BTreeMap::new();
        for _ in 0..input.array()? {
            if input.array()? != 2 {
                return Err(DecodeError::Length);
            }
            let key = K::read(input)?;
            if map.last_key_value().is_some_and(|(last, _)| *last >= key) {
                return Err(DecodeError::Order);
            }
            map.insert(key, V::read(input)?);
        }
        Ok(Self::new(map))
    }
}

/// Declares a struct whose fields carry their integer keys, written as a map.
macro_rules! record {
    ($(#[$meta:meta])* $vis:vis struct $name:ident {
        $($(#[$field_meta:meta])* $key:literal $field_vis:vis $field:ident: $ty:ty),* $(,)?
    }) => {
        $(#[$meta])*
        $vis struct $name { $($(#[$field_meta])* $field_vis $field: $ty),* }

        impl $crate::cbor::Wire for $name {
            fn write(&self, out: &mut $crate::cbor::Writer) {
                let mut map = $crate::cbor::MapWriter::new();
                $(map.field($key, &self.$field);)*
                map.finish(out);
            }

            fn read(input: &mut $crate::cbor::Reader<'_>) -> Result<Self, $crate::DecodeError> {
                let mut map = input.map()?;
                $(let $field = map.field($key)?;)*
                map.end()?;
                Ok(Self { $($field),* })
            }
        }
    };
}

/// Declares an enum whose variants are written as numbers.
macro_rules! codes {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$variant_meta:meta])* $code:literal $variant:ident),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis enum $name { $($(#[$variant_meta])* $variant),* }

        impl $name {
            /// The number that stands for it wherever it is written.
            $vis fn number(self) -> u64 {
                match self { $(Self::$variant => $code),* }
            }

            /// What a number stands for.
            $vis fn from_number(number: u64) -> Option<Self> {
                match number {
                    $($code => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }

        impl $crate::cbor::Wire for $name {
            fn write(&self, out: &mut $crate::cbor::Writer) {
                out.uint(self.number());
            }

            fn read(input: &mut $crate::cbor::Reader<'_>) -> Result<Self, $crate::DecodeError> {
                Self::from_number(input.uint()?).ok_or($crate::DecodeError::UnknownCode)
            }
        }
    };
}

/// Declares an enum of entry bodies: each variant has a kind number and fields with integer keys.
macro_rules! bodies {
    ($(#[$meta:meta])* $vis:vis enum $name:ident {
        $($(#[$variant_meta:meta])* $code:literal $variant:ident {
            $($(#[$field_meta:meta])* $key:literal $field:ident: $ty:ty),* $(,)?
        }),* $(,)?
    }) => {
        $(#[$meta])*
        $vis enum $name { $($(#[$variant_meta])* $variant { $($(#[$field_meta])* $field: $ty),* }),* }

        impl $name {
            /// The number that stands for this kind in an entry.
            pub fn kind(&self) -> u64 {
                match self { $(Self::$variant { .. } => $code),* }
            }

            /// The kind as a stable word, for logs and for the words of the interface.
            pub fn word(&self) -> &'static str {
                match self { $(Self::$variant { .. } => stringify!($variant)),* }
            }

            pub(crate) fn write(&self, out: &mut $crate::cbor::Writer) {
                let mut map = $crate::cbor::MapWriter::new();
                match self {
                    $(Self::$variant { $($field),* } => { $(map.field($key, $field);)* })*
                }
                map.finish(out);
            }

            /// `None` for a kind that is not one of these.
            pub(crate) fn read(
                kind: u64,
                input: &mut $crate::cbor::Reader<'_>,
            ) -> Result<Option<Self>, $crate::DecodeError> {
                match kind {
                    $($code => {
                        #[allow(unused_mut, reason = "a kind without fields reads an empty map")]
                        let mut map = input.map()?;
                        $(let $field = map.field($key)?;)*
                        map.end()?;
                        Ok(Some(Self::$variant { $($field),* }))
                    })*
                    _ => Ok(None),
                }
            }
        }
    };
}

pub(crate) use {bodies, codes, record};
