//! Padding: what is stored shows a size class and nothing finer, so the length of a secret is not readable from outside.

use crate::secret::SecretBytes;

const KIB: usize = 1024;
/// The length of the content stands before it, as four bytes, big end first.
pub(crate) const PREFIX: usize = 4;

/// Size class of an object: steps of 1 KiB up to 4 KiB, then of 4 KiB.
pub(crate) fn object_bucket(length: usize) -> usize {
    if length <= 4 * KIB { length.next_multiple_of(KIB).max(KIB) } else { length.next_multiple_of(4 * KIB) }
}

/// Size class of a small body: steps of 256 bytes.
pub(crate) fn body_bucket(length: usize) -> usize {
    length.next_multiple_of(256).max(256)
}

/// `length || content || zeros`, as long as `bucket` says.
pub(crate) fn pad(content: &[u8], bucket: fn(usize) -> usize) -> SecretBytes {
    let length = u32::try_from(content.len()).expect("the callers refuse content beyond their size cap");
    let mut padded = Vec::with_capacity(bucket(PREFIX + content.len()));
    padded.extend_from_slice(&length.to_be_bytes());
    padded.extend_from_slice(content);
    padded.resize(bucket(PREFIX + content.len()), 0);
    SecretBytes::new(padded)
}

/// Takes the padding off; `None` unless it is exactly what [`pad`] would have written, so that one content has one
/// padded form and nothing hides in the rest.
pub(crate) fn unpad(mut padded: SecretBytes, bucket: fn(usize) -> usize) -> Option<SecretBytes> {
    // Changed in its place: a second buffer would be one more to wipe.
    let bytes = padded.expose_mut();
    let (prefix, rest) = bytes.split_first_chunk::<PREFIX>()?;
    let length = usize::try_from(u32::from_be_bytes(*prefix)).ok()?;
    let (_, zeros) = rest.split_at_checked(length)?;
    let canonical = bucket(PREFIX + length) == bytes.len() && zeros.iter().fold(0, |seen, byte| seen | byte) == 0;
    if !canonical {
        return None;
    }
    bytes.copy_within(PREFIX..PREFIX + length, 0);
    // Wiped with the rest of the buffer when the content is dropped.
    bytes.truncate(length);
    Some(padded)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn size_buckets_hide_the_length_of_a_secret() {
        let sizes: std::collections::BTreeSet<usize> =
            (16..=128).map(|length| pad(&vec![b'x'; length], object_bucket).expose().len()).collect();
        assert_eq!(sizes.into_iter().collect::<Vec<_>>(), [1024]);
    }

    #[test]
    fn steps_are_of_1_kib_up_to_4_and_then_of_4() {
        let steps: Vec<usize> = [0, 1020, 1021, 2044, 2045, 4092, 4093, 8188, 8189]
            .into_iter()
            .map(|length| object_bucket(PREFIX + length) / KIB)
            .collect();
        assert_eq!(steps, [1, 1, 2, 2, 3, 4, 8, 8, 12]);
    }

    #[test]
    fn padding_comes_off_only_in_its_one_form() {
        let padded = pad(b"abc", body_bucket);
        assert!(unpad(padded.duplicate(), body_bucket).unwrap() == SecretBytes::new(b"abc".to_vec()));
        let mut longer = padded.expose().clone();
        longer.extend_from_slice(&[0; 256]);
        assert!(unpad(SecretBytes::new(longer), body_bucket).is_none());
        let mut hidden = padded.expose().clone();
        *hidden.last_mut().unwrap() = 1;
        assert!(unpad(SecretBytes::new(hidden), body_bucket).is_none());
        let mut beyond = padded.expose().clone();
        beyond[..4].copy_from_slice(&u32::MAX.to_be_bytes());
        assert!(unpad(SecretBytes::new(beyond), body_bucket).is_none());
    }
}
