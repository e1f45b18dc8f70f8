//! How long the sealed things are that a backend stores, read by the description of the formats (`docs/formats.md`) and not
//! by our code.

use ciborium::Value;

use crate::cbor::{bytes, field, number, value};

/// Commitment, nonce and tag around what is sealed.
const AROUND: usize = 32 + 24 + 16;
const TAG: usize = 16;

/// An entry of records that a device viewed something.
pub const LOG: u64 = 70;

/// The kind of an entry, and the padded lengths of the names, notes and records sealed in it.
pub fn padded_in_entry(entry: &[u8]) -> Option<(u64, Vec<usize>)> {
    let pair = value(entry)?;
    let content = value(pair.as_array()?.first()?.as_bytes()?)?;
    let (kind, body) = (number(field(&content, 4)?)?, field(&content, 5)?);
    let places: &[&[u64]] = match kind {
        1 => &[&[3, 3], &[4]],
        3 | 13 | 17 => &[&[1]],
        4 => &[&[4, 3], &[5]],
        9 => &[&[0, 3]],
        11 => &[&[6]],
        16 => &[&[2]],
        15 | LOG => &[&[0]],
        _ => &[],
    };
    let mut lengths = Vec::new();
    for place in places {
        let sealed = bytes(place.iter().try_fold(body, |map, name| field(map, *name))?)?;
        // An organization's name stands in an item of its own, and nothing here.
        if !sealed.is_empty() {
            lengths.push(padded_in_letter(&sealed)?);
        }
    }
    Some((kind, lengths))
}

/// The same of what is sealed by itself: a letter of an invitation.
pub fn padded_in_letter(sealed: &[u8]) -> Option<usize> {
    sealed.len().checked_sub(AROUND)
}

/// The same of an object.
pub fn padded_in_object(object: &[u8]) -> Option<usize> {
    let object = value(object)?;
    field(&object, 5).and_then(Value::as_bytes)?.len().checked_sub(TAG)
}
