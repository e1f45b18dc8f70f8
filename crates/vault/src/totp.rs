//! One-time codes (RFC 6238): the key an account got from Microsoft's page, and the codes it gives, offline too.

use crate::cbor::{CborError, Reader, Writer};
use crate::secret::{SecretBytes, SecretText};
use data_encoding::{BASE32_NOPAD, Specification};
use totp_rs::{Algorithm, Builder};

/// Most bytes of a key: one block of HMAC, beyond which a key adds nothing.
const MAX_KEY: usize = 64;
/// Most characters read from a paste.
const MAX_TEXT: usize = 2048;

/// The hash of the codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TotpAlgorithm {
    /// SHA-1, what Microsoft and nearly everyone uses; sound within HMAC.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

impl TotpAlgorithm {
    const ALL: [Self; 3] = [Self::Sha1, Self::Sha256, Self::Sha512];
}

/// The key of one-time codes.
pub struct TotpSecret {
    key: SecretBytes,
    digits: u8,
    period: u32,
    algorithm: TotpAlgorithm,
}

/// A code and the one after it.
pub struct TotpCode {
    /// The code now.
    pub code: SecretText,
    /// The next code, to be typed when little time is left.
    pub next: SecretText,
    /// Seconds until the next code, 1 to the period.
    pub seconds_left: u32,
}

/// Why a pasted key was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TotpError {
    /// Nothing was pasted.
    #[error("no key was given")]
    Empty,
    /// Neither Base32 nor an otpauth address.
    #[error("this is neither a Base32 key nor an otpauth:// address")]
    NotAKey,
    /// An otpauth address of another kind, such as counter-based codes.
    #[error("only time-based codes (otpauth://totp/) are used")]
    NotTimeBased,
    /// A key of an unlikely length, 10 to 64 bytes being usual.
    #[error("the key has {length} bytes; 10 to 64 are usual. Was it pasted whole?")]
    Length {
        /// Its bytes.
        length: usize,
    },
    /// Digits, period or algorithm out of range.
    #[error("{parameter} is not one that is used")]
    Parameter {
        /// Which parameter of the address.
        parameter: &'static str,
    },
}

impl TotpError {
    /// Stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "vault.totp-empty",
            Self::NotAKey => "vault.totp-not-a-key",
            Self::NotTimeBased => "vault.totp-not-time-based",
            Self::Length { .. } => "vault.totp-length",
            Self::Parameter { .. } => "vault.totp-parameter",
        }
    }
}

impl TotpSecret {
    /// Most bytes of its encoding: the key and its head, the map, three numbers.
    pub(crate) const MAX_ENCODED: usize = 1 + 1 + 2 + MAX_KEY + 2 + 4 + 2;

    /// Six to eight digits, 15 to 300 seconds, a key of 10 to 64 bytes.
    pub fn new(key: SecretBytes, digits: u8, period: u32, algorithm: TotpAlgorithm) -> Result<Self, TotpError> {
        let length = key.expose().len(); // read for its length
        if !(10..=MAX_KEY).contains(&length) {
            return Err(TotpError::Length { length });
        }
        if !(6..=8).contains(&digits) {
            return Err(TotpError::Parameter { parameter: "digits" });
        }
        if !(15..=300).contains(&period) {
            return Err(TotpError::Parameter { parameter: "period" });
        }
        Ok(Self { key, digits, period, algorithm })
    }

    /// Reads what a person pasted: a Base32 key (spaces, dashes, case and padding do not matter), or an
    /// `otpauth://totp/` address.
    pub fn parse(text: &SecretText) -> Result<Self, TotpError> {
        // Read to be parsed.
        let text = text.expose().trim();
        if text.is_empty() {
            return Err(TotpError::Empty);
        }
        if text.len() > MAX_TEXT {
            return Err(TotpError::NotAKey);
        }
        if text.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("otpauth:")) {
            Self::parse_address(text)
        } else {
            Self::new(base32(text)?, 6, 30, TotpAlgorithm::Sha1)
        }
    }

    /// The Key Uri Format of authenticator apps (<https://github.com/google/google-authenticator/wiki/Key-Uri-Format>),
    /// `otpauth://totp/LABEL?secret=…`. Read by hand: a library for addresses would keep copies of the key unwiped.
    fn parse_address(text: &str) -> Result<Self, TotpError> {
        let rest = text.get(8..).and_then(|rest| rest.strip_prefix("//")).ok_or(TotpError::NotAKey)?;
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let kind = place.split('/').next().unwrap_or_default();
        if !kind.eq_ignore_ascii_case("totp") {
            return Err(TotpError::NotTimeBased);
        }
        let (mut key, mut digits, mut period, mut algorithm) = (None, 6, 30, TotpAlgorithm::Sha1);
        let query = query.split('#').next().unwrap_or_default();
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            let wrong = |parameter| move |_| TotpError::Parameter { parameter };
            match name.to_ascii_lowercase().as_str() {
                "secret" => key = Some(base32(unescape(value)?.expose())?), // read to be decoded further
                "digits" => digits = value.parse().map_err(wrong("digits"))?,
                "period" => period = value.parse().map_err(wrong("period"))?,
                "algorithm" => {
                    algorithm = match value.to_ascii_uppercase().as_str() {
                        "SHA1" => TotpAlgorithm::Sha1,
                        "SHA256" => TotpAlgorithm::Sha256,
                        "SHA512" => TotpAlgorithm::Sha512,
                        _ => return Err(TotpError::Parameter { parameter: "algorithm" }),
                    };
                }
                // Issuer, image and the like change no code.
                _ => {}
            }
        }
        Self::new(key.ok_or(TotpError::NotAKey)?, digits, period, algorithm)
    }

    /// The code at a time in Unix milliseconds, the next one, and the seconds in between.
    pub fn code(&self, at_ms: u64) -> TotpCode {
        let seconds = at_ms / 1000;
        let period = u64::from(self.period);
        TotpCode {
            code: self.code_of(seconds),
            next: self.code_of(seconds.saturating_add(period)),
            seconds_left: self.period - u32::try_from(seconds % period).unwrap_or(0),
        }
    }

    fn code_of(&self, seconds: u64) -> SecretText {
        let algorithm = match self.algorithm {
            TotpAlgorithm::Sha1 => Algorithm::SHA1,
            TotpAlgorithm::Sha256 => Algorithm::SHA256,
            TotpAlgorithm::Sha512 => Algorithm::SHA512,
        };
        // Read to compute the code; the library wipes its copy. "Noncompliant" allows the 80-bit keys Microsoft gives.
        let totp = Builder::new()
            .with_algorithm(algorithm)
            .with_digits(self.digits)
            .with_step_duration(u64::from(self.period))
            .with_secret(self.key.expose().clone().into_boxed_slice())
            .build_noncompliant();
        SecretText::new(totp.generate(seconds).to_string())
    }

    /// Digits of a code, 6 to 8.
    pub fn digits(&self) -> u8 {
        self.digits
    }

    /// Seconds between codes.
    pub fn period(&self) -> u32 {
        self.period
    }

    /// The hash of the codes.
    pub fn algorithm(&self) -> TotpAlgorithm {
        self.algorithm
    }

    /// A second copy, made on purpose.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self { key: self.key.duplicate(), ..*self }
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.map(|map| {
            // Read to be encoded into a buffer that is wiped.
            map.bytes(1, self.key.expose());
            map.uint(2, self.digits);
            map.uint(3, self.period);
            map.uint(4, self.algorithm as u8);
        });
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, CborError> {
        let at = reader.position();
        reader.map(|map| {
            let key = SecretBytes::new(map.required(1, |reader| reader.bytes(MAX_KEY))?.to_vec());
            let (digits, period) = (map.required(2, Reader::uint)?, map.required(3, Reader::uint)?);
            let number: usize = map.required(4, Reader::uint)?;
            let algorithm = TotpAlgorithm::ALL.get(number).ok_or(CborError::Value { at })?;
            Self::new(key, digits, period, *algorithm).map_err(|_| CborError::Value { at })
        })
    }

    #[cfg(test)]
    pub(crate) fn largest() -> Self {
        Self { key: SecretBytes::new(vec![1; MAX_KEY]), digits: 8, period: 300, algorithm: TotpAlgorithm::Sha512 }
    }
}

/// Takes `%20` and the like out of a value of an address; what is no ASCII is no key.
fn unescape(value: &str) -> Result<SecretText, TotpError> {
    let mut plain = String::with_capacity(value.len());
    let mut bytes = value.bytes();
    while let Some(byte) = bytes.next() {
        let one = if byte == b'%' {
            let digit =
                |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16)).ok_or(TotpError::NotAKey);
            digit(bytes.next())? * 16 + digit(bytes.next())?
        } else {
            u32::from(byte)
        };
        plain.push(u8::try_from(one).ok().filter(u8::is_ascii).map(char::from).ok_or(TotpError::NotAKey)?);
    }
    Ok(SecretText::new(plain))
}

/// Base32 (RFC 4648) as people paste it.
fn base32(text: &str) -> Result<SecretBytes, TotpError> {
    let mut clean = String::with_capacity(text.len());
    clean.extend(
        text.chars()
            .filter(|character| !character.is_whitespace() && !matches!(character, '-' | '='))
            .map(|character| character.to_ascii_uppercase()),
    );
    let clean = SecretText::new(clean);
    let mut lenient: Specification = BASE32_NOPAD.specification();
    // Some services give keys whose last character holds bits that no byte uses.
    lenient.check_trailing_bits = false;
    let encoding = lenient.encoding().expect("a standard alphabet without padding is a valid specification");
    // Read to be decoded.
    encoding.decode(clean.expose().as_bytes()).map(SecretBytes::new).map_err(|_| TotpError::NotAKey)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn parse(text: &str) -> Result<TotpSecret, TotpError> {
        TotpSecret::parse(&SecretText::from_text(text))
    }

    /// RFC 6238, appendix B.
    #[test]
    fn the_vectors_of_rfc_6238_pass() {
        let ascii = b"1234567890".repeat(7);
        for (algorithm, length, codes) in [
            (TotpAlgorithm::Sha1, 20, ["94287082", "07081804", "14050471", "89005924", "69279037", "65353130"]),
            (TotpAlgorithm::Sha256, 32, ["46119246", "68084774", "67062674", "91819424", "90698825", "77737706"]),
            (TotpAlgorithm::Sha512, 64, ["90693936", "25091201", "99943326", "93441116", "38618901", "47863826"]),
        ] {
            let secret = TotpSecret::new(SecretBytes::new(ascii[..length].to_vec()), 8, 30, algorithm).unwrap();
            let times = [59, 1_111_111_109, 1_111_111_111, 1_234_567_890, 2_000_000_000, 20_000_000_000];
            for (seconds, code) in times.into_iter().zip(codes) {
                assert_eq!(secret.code(seconds * 1000).code.expose(), code);
            }
        }
    }

    #[test]
    fn the_next_code_is_the_code_after_the_seconds_left() {
        let secret = parse("JBSWY3DPEHPK3PXP").unwrap();
        let now = secret.code(1_111_111_109_500);
        assert_eq!(now.seconds_left, 1);
        assert!(now.next == secret.code(1_111_111_110_000).code);
        assert_eq!(secret.code(1_111_111_110_000).seconds_left, 30);
        assert_eq!(secret.code(u64::MAX).code.expose().len(), 6);
    }

    #[test]
    fn a_key_is_read_however_it_was_pasted() {
        let plain = parse("JBSWY3DPEHPK3PXP").unwrap();
        for text in [
            "jbsw y3dp ehpk 3pxp",
            "  JBSW-Y3DP-EHPK-3PXP  ",
            "JBSWY3DPEHPK3PXP======",
            "otpauth://totp/Microsoft:admin%40contoso.com?secret=JBSWY3DPEHPK3PXP&issuer=Microsoft",
            "OTPAUTH://TOTP/x?secret=jbswy3dpehpk3pxp",
            "otpauth://totp?secret=JBSW%20Y3DP%2DEHPK3PXP%3D%3d#fragment",
        ] {
            assert!(parse(text).unwrap().key == plain.key, "{text}");
        }
        let other = parse("otpauth://totp/x?secret=JBSWY3DPEHPK3PXP&digits=8&period=60&algorithm=sha256").unwrap();
        assert_eq!((other.digits(), other.period(), other.algorithm()), (8, 60, TotpAlgorithm::Sha256));
    }

    #[test]
    fn what_is_no_key_is_refused_by_name() {
        for (text, error) in [
            ("  ", TotpError::Empty),
            ("not a key!", TotpError::NotAKey),
            ("JBSWY0DP18", TotpError::NotAKey),
            ("JBSWY3DP", TotpError::Length { length: 5 }),
            ("otpauth://hotp/x?secret=JBSWY3DPEHPK3PXP", TotpError::NotTimeBased),
            ("otpauth:totp", TotpError::NotAKey),
            ("otpauth://", TotpError::NotTimeBased),
            ("otpauth://totp/x?secret=%4", TotpError::NotAKey),
            ("otpauth://totp/x?secret=%ff%ff", TotpError::NotAKey),
            ("otpauth://totp/x", TotpError::NotAKey),
            ("otpauth://totp/x?secret=JBSWY3DPEHPK3PXP&digits=9", TotpError::Parameter { parameter: "digits" }),
            ("otpauth://totp/x?secret=JBSWY3DPEHPK3PXP&period=0", TotpError::Parameter { parameter: "period" }),
            ("otpauth://totp/x?secret=JBSWY3DPEHPK3PXP&algorithm=MD5", TotpError::Parameter { parameter: "algorithm" }),
        ] {
            assert_eq!(parse(text).err(), Some(error), "{text}");
        }
        assert_eq!(parse(&"A".repeat(5000)).err(), Some(TotpError::NotAKey));
        assert!(matches!(parse(&"A".repeat(200)).err(), Some(TotpError::Length { .. })));
    }
}
