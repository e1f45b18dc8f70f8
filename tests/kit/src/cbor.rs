//! The little of CBOR (RFC 8949) that a home reads and writes: whole values, maps with numbers for names.

use ciborium::Value;

/// The value that these bytes are.
pub(crate) fn value(bytes: &[u8]) -> Option<Value> {
    ciborium::from_reader(bytes).ok()
}

/// The bytes of a value. It is written into memory, which takes everything.
pub(crate) fn to_bytes(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    let written = ciborium::into_writer(value, &mut bytes);
    debug_assert!(written.is_ok(), "memory takes everything");
    bytes
}

/// A number.
pub(crate) fn uint(number: u64) -> Value {
    Value::Integer(number.into())
}

/// The number that a value is.
pub(crate) fn number(value: &Value) -> Option<u64> {
    value.as_integer()?.try_into().ok()
}

/// The bytes that a value holds.
pub(crate) fn bytes(value: &Value) -> Option<Vec<u8>> {
    value.as_bytes().cloned()
}

/// A map of these fields.
pub(crate) fn map<const N: usize>(fields: [(u64, Value); N]) -> Value {
    Value::Map(fields.into_iter().map(|(name, value)| (uint(name), value)).collect())
}

/// What a map has under a name.
pub(crate) fn field(map: &Value, name: u64) -> Option<&Value> {
    map.as_map()?.iter().find(|(key, _)| *key == uint(name)).map(|(_, value)| value)
}

/// Gives a map a field, in its place by name.
pub(crate) fn set(map: &mut Vec<(Value, Value)>, name: u64, value: Value) {
    map.retain(|(key, _)| *key != uint(name));
    let place = map.iter().position(|(key, _)| number(key) > Some(name)).unwrap_or(map.len());
    map.insert(place, (uint(name), value));
}
