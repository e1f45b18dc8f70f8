//! Seeded numbers, so that one seed gives one run: the same tenants, ids, codes and faults in the same order.
//!
//! SplitMix64 (Steele, Lea, Flood 2014) is written out because library generators do not promise the same stream in
//! their next release. Nothing here is secret: it is a simulator.

/// A stream of numbers fixed by its seed.
#[derive(Debug, Clone)]
pub(crate) struct SeededRng(u64);

impl SeededRng {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`; the small bias is of no matter here.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.number() % bound.max(1)
    }

    /// True in `share` of all calls, `share` from 0 to 1.
    pub(crate) fn chance(&mut self, share: f64) -> bool {
        #[allow(clippy::cast_precision_loss, reason = "53 bits fit")]
        let x = (self.number() >> 11) as f64 / (1_u64 << 53) as f64;
        x < share
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(count + 8);
        while bytes.len() < count {
            bytes.extend_from_slice(&self.number().to_le_bytes());
        }
        bytes.truncate(count);
        bytes
    }

    /// A version 4 GUID in its usual text form (RFC 9562).
    pub(crate) fn guid(&mut self) -> String {
        let mut b = self.bytes(16);
        b[6] = (b[6] & 0x0F) | 0x40;
        b[8] = (b[8] & 0x3F) | 0x80;
        let hex = data_encoding::HEXLOWER.encode(&b);
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }

    /// `count` random bytes as base64url, for codes and opaque tokens.
    pub(crate) fn token(&mut self, count: usize) -> String {
        data_encoding::BASE64URL_NOPAD.encode(&self.bytes(count))
    }

    /// `count` characters of `alphabet` (ASCII).
    #[allow(clippy::cast_possible_truncation, reason = "an index below the alphabet's length")]
    pub(crate) fn text(&mut self, count: usize, alphabet: &[u8]) -> String {
        (0..count).map(|_| char::from(alphabet[self.below(alphabet.len() as u64) as usize])).collect()
    }

    /// A password that meets the rules: four classes, 16 characters, no look-alikes.
    pub(crate) fn password(&mut self) -> String {
        const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ";
        format!(
            "{}{}{}{}",
            self.text(1, b"ABCDEFGHJKMNPQRSTUVWXYZ"),
            self.text(12, LETTERS),
            self.text(2, b"23456789"),
            "!"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_one_stream() {
        let (mut a, mut b) = (SeededRng::new(7), SeededRng::new(7));
        assert_eq!(a.guid(), b.guid());
        assert_ne!(a.guid(), SeededRng::new(8).guid());
    }

    #[test]
    fn a_guid_says_version_four() {
        assert_eq!(SeededRng::new(1).guid().as_bytes()[14], b'4');
    }
}
