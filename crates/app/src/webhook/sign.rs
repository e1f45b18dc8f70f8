//! Signatures as Standard Webhooks describes them (version 1.0.0, standardwebhooks.com): HMAC-SHA256 over id, time of the
//! try, and body.

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use vitrine_vault::{Key, SecretText};

/// What a secret begins with, so that it is told apart from other strings.
const PREFIX: &str = "whsec_";

/// The value of `webhook-signature`. `id` holds no full stop, so that nothing can be moved from one part to the next.
pub(super) fn signature(key: &Key, id: &str, at_s: u64, body: &[u8]) -> String {
    // Exposed to the MAC; a key of any length is taken.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.expose()) else { return String::new() };
    mac.update(format!("{id}.{at_s}.").as_bytes());
    mac.update(body);
    format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes()))
}

/// The secret as a receiver's library takes it.
pub(super) fn written(key: &Key) -> SecretText {
    // Exposed because a person asked to hand it to the receiver.
    let mut text = String::with_capacity(PREFIX.len() + BASE64.encode_len(key.expose().len()));
    text.push_str(PREFIX);
    BASE64.encode_append(key.expose(), &mut text);
    SecretText::new(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use vitrine_vault::Secret;

    /// The vector that the libraries of Standard Webhooks are tested with; its key has 24 bytes.
    #[test]
    fn a_signature_is_the_published_one() {
        let key = BASE64.decode(b"C2FVsBQIhrscChlQIMV+b5sSYspob7oD").unwrap();
        // A shorter key is filled with zeros by HMAC itself (RFC 2104), so this is the same key.
        let mut filled = [0; 32];
        filled[..key.len()].copy_from_slice(&key);
        let body = br#"{"email":"test@example.com","username":"test_user"}"#;
        let signed = signature(&Secret::new(filled), "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1_649_367_553, body);
        assert_eq!(signed, "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");
    }

    #[test]
    fn every_part_is_signed() {
        let key = Secret::new([7; 32]);
        let first = signature(&key, "msg_1", 10, b"{}");
        for other in [
            signature(&Secret::new([8; 32]), "msg_1", 10, b"{}"),
            signature(&key, "msg_2", 10, b"{}"),
            signature(&key, "msg_1", 11, b"{}"),
            signature(&key, "msg_1", 10, b"{} "),
        ] {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn a_secret_is_written_as_receivers_read_it() {
        assert_eq!(written(&Secret::new([0xff; 32])).expose(), "whsec_//////////////////////////////////////////8=");
    }
}
