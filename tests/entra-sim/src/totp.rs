//! Time-based one-time codes (RFC 6238, SHA-1, six digits, 30 s), as authenticator apps make them.

use aws_lc_rs::hmac;

/// The code at `now_ms` for a Base32 secret; `None` if the secret is not Base32.
///
/// Public so that a test can play the person's phone.
pub fn totp_code(secret_base32: &str, now_ms: i64) -> Option<String> {
    let clean: String = secret_base32.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_uppercase();
    let key = data_encoding::BASE32_NOPAD.decode(clean.trim_end_matches('=').as_bytes()).ok()?;
    let step = u64::try_from(now_ms.div_euclid(30_000)).ok()?;
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key), &step.to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag[tag.len() - 1] & 0x0F);
    let word = u32::from_be_bytes([tag[at] & 0x7F, tag[at + 1], tag[at + 2], tag[at + 3]]);
    Some(format!("{:06}", word % 1_000_000))
}

/// Whether `code` is right now, or was one step ago, or will be one step on (clocks of phones drift).
pub(crate) fn totp_accepts(secret_base32: &str, code: &str, now_ms: i64) -> bool {
    let code: String = code.chars().filter(char::is_ascii_digit).collect();
    [-30_000, 0, 30_000].iter().any(|d| totp_code(secret_base32, now_ms + d).is_some_and(|c| c == code))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RFC: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    #[test]
    fn codes_match_the_vectors_of_rfc_6238() {
        // Appendix B, the last six of its eight digits
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (2_000_000_000, "279037")] {
            assert_eq!(totp_code(RFC, seconds * 1000).as_deref(), Some(code));
        }
    }

    #[test]
    fn a_code_two_steps_old_is_refused() {
        assert!(totp_accepts(RFC, "287082", 89_000));
        assert!(!totp_accepts(RFC, "287082", 119_000));
    }
}
