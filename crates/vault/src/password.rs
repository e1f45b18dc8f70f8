//! Passwords of emergency accounts: uniform over all that hold every class of character, and fit to be typed from a
//! screen in the worst hour. Rules of Entra: 8 to 256 characters, three of four classes
//! (<https://learn.microsoft.com/entra/identity/authentication/concept-sspr-policy>).

use crate::items::MAX_PASSWORD;
use crate::passphrase::WORDS;
use crate::secret::SecretText;
use rand_core::CryptoRng;
use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::sync::LazyLock;
use zeroize::Zeroizing;

const LOWER: &str = "abcdefghijkmnpqrstuvwxyz";
const UPPER: &str = "ABCDEFGHJKLMNPQRSTUVWXYZ";
const DIGITS: &str = "23456789";
/// No space, no quotes or what is taken for one, no brackets or slashes that differ between keyboards and shells.
const SYMBOLS: &str = "!#$%&*+-=?@_";
const LOOK_ALIKES: &str = "loIO01";
/// Shorter words and fragments occur by chance and say nothing.
const FRAGMENT: usize = 4;
/// Lengths of the words that no password may hold.
const WORD: RangeInclusive<usize> = FRAGMENT + 1..=9;

/// Those words, to look parts of a password up: to look for each of them in it took a tenth of a rotation's time.
static LONG_WORDS: LazyLock<HashSet<&[u8]>> =
    LazyLock::new(|| WORDS.lines().filter(|word| WORD.contains(&word.len())).map(str::as_bytes).collect());

/// How passwords are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordPolicy {
    length: u16,
    look_alikes: bool,
}

/// A length out of range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a password has {least} to {most} characters, not {length}", least = PasswordPolicy::SHORTEST, most = MAX_PASSWORD)]
pub struct PolicyError {
    /// The length asked for.
    pub length: u16,
}

impl PolicyError {
    /// Stable code of the error.
    pub fn code(&self) -> &'static str {
        "vault.password-policy"
    }
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self { length: 32, look_alikes: false }
    }
}

impl PasswordPolicy {
    /// The shortest password that is made.
    pub const SHORTEST: u16 = 16;

    /// `length` in characters, 16 to 128; `look_alikes` allows l, o, I, O, 0 and 1.
    pub fn new(length: u16, look_alikes: bool) -> Result<Self, PolicyError> {
        if length >= Self::SHORTEST && usize::from(length) <= MAX_PASSWORD {
            Ok(Self { length, look_alikes })
        } else {
            Err(PolicyError { length })
        }
    }

    /// Characters of a password.
    pub fn length(&self) -> u16 {
        self.length
    }

    /// Whether characters that look alike may occur.
    pub fn look_alikes(&self) -> bool {
        self.look_alikes
    }

    fn alphabet(self) -> Vec<u8> {
        let alike = if self.look_alikes { LOOK_ALIKES } else { "" };
        [LOWER, UPPER, DIGITS, SYMBOLS, alike].concat().into_bytes()
    }

    /// A new password with all four classes. `names` are what it must hold no part of, such as the user name and the
    /// organization's name: neither between the marks that divide a name (`@`, `.`, space), nor seen through the usual
    /// substitutions (`0` for `o`), by which Entra looks for them. Parts under four characters are left out of account.
    pub fn make_password(&self, names: &[&str], rng: &mut impl CryptoRng) -> SecretText {
        let alphabet = self.alphabet();
        let fragments = fragments(names);
        loop {
            let mut password = String::with_capacity(usize::from(self.length));
            for _ in 0..self.length {
                password.push(char::from(alphabet[uniform(alphabet.len(), rng)]));
            }
            let password = SecretText::new(password);
            // Drawn anew as a whole, not mended: so every password that passes is equally likely.
            if is_acceptable(&password, &fragments) {
                return password;
            }
        }
    }
}

/// The parts of names that a password must not hold, as they are looked for.
fn fragments(names: &[&str]) -> Vec<String> {
    let divides = |mark: char| mark == '@' || mark == '.' || mark.is_whitespace();
    let parts = names.iter().flat_map(|name| name.split(divides));
    parts.filter(|part| part.len() >= FRAGMENT).map(plain).collect()
}

fn is_acceptable(password: &SecretText, fragments: &[String]) -> bool {
    // Read to be judged.
    let text = password.expose();
    let has = |test: fn(&u8) -> bool| text.as_bytes().iter().any(test);
    let classes = has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_digit)
        && has(|byte| SYMBOLS.as_bytes().contains(byte));
    let lower = Zeroizing::new(text.to_ascii_lowercase());
    let mut parts = WORD.flat_map(|length| lower.as_bytes().windows(length));
    // Wiped like the password it comes from.
    let seen_through = SecretText::new(plain(text));
    classes
        && !fragments.iter().any(|fragment| seen_through.expose().contains(fragment.as_str()))
        && !parts.any(|part| LONG_WORDS.contains(part))
}

/// Lower case, with the usual substitutions undone.
fn plain(text: &str) -> String {
    // Wide enough at once: grown, it would leave copies behind.
    let mut plain = String::with_capacity(text.len());
    plain.extend(text.chars().map(|character| match character.to_ascii_lowercase() {
        '0' => 'o',
        '1' | '!' => 'l',
        '$' => 's',
        '@' => 'a',
        other => other,
    }));
    plain
}

/// A number below `bound` (1 to 2^16), each equally likely: what would tip the balance is drawn again.
pub(crate) fn uniform(bound: usize, rng: &mut impl CryptoRng) -> usize {
    let bound = bound as u64;
    let fair = u64::from(u32::MAX) + 1;
    let limit = fair - fair % bound;
    loop {
        let draw = u64::from(rng.next_u32());
        if draw < limit {
            return usize::try_from(draw % bound).expect("a remainder of a usize is one");
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use rand::{SeedableRng, rngs::StdRng};

    #[test]
    fn every_password_has_32_characters_of_all_four_classes_and_no_look_alikes() {
        let rng = &mut StdRng::seed_from_u64(50);
        for _ in 0..200 {
            let password = PasswordPolicy::default().make_password(&[], rng);
            let text = password.expose();
            assert_eq!(text.len(), 32);
            assert!(text.chars().all(|character| !"loIO01'\"`,. ".contains(character)), "{text}");
            assert!(text.chars().any(|character| character.is_ascii_lowercase()));
            assert!(text.chars().any(|character| character.is_ascii_uppercase()));
            assert!(text.chars().any(|character| character.is_ascii_digit()));
            assert!(text.chars().any(|character| !character.is_ascii_alphanumeric()));
        }
    }

    #[test]
    fn each_character_is_equally_likely() {
        let rng = &mut StdRng::seed_from_u64(51);
        let alphabet = PasswordPolicy::default().alphabet();
        let draws = 680_000_u32;
        let mut counts = vec![0_u32; alphabet.len()];
        for _ in 0..draws {
            counts[uniform(alphabet.len(), rng)] += 1;
        }
        let expected = f64::from(draws) / f64::from(u8::try_from(alphabet.len()).unwrap());
        let chi: f64 = counts.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum();
        // 67 degrees of freedom: 110 is beyond one in a thousand.
        assert!(chi < 110.0, "{chi}");
    }

    #[test]
    fn parts_of_names_and_words_are_refused_in_any_case_and_through_substitutions() {
        let refuse = |text: &str, names: &[&str]| !is_acceptable(&SecretText::from_text(text), &fragments(names));
        let user = "ea-2@contoso.onmicrosoft.com";
        assert!(!refuse("Zx9!conTOSOq7", &[]));
        assert!(refuse("Zx9!conTOSOq7", &["contoso"]));
        assert!(refuse("Zx9!conTOSOq7", &[user]));
        assert!(refuse("Zx9!cont0$0q7", &[user]));
        assert!(refuse("Zx9!E@-2zzzq7", &[user]));
        assert!(refuse("Zx9!northq7", &["North Wind"]));
        assert!(refuse("Zx9!ABACUSq7", &[]));
        // Every word of the list is found: first, last and longest.
        for word in WORDS.lines().filter(|word| word.len() > FRAGMENT) {
            assert!(refuse(&format!("Zx9!{word}Q7"), &[]) && refuse(&format!("Zx9!7Q{}", word.to_uppercase()), &[]));
        }
        assert!(!refuse("Zx9!abcq7", &["abc"]));
    }

    #[test]
    fn a_length_out_of_range_is_refused() {
        for length in [0, 15, 129, u16::MAX] {
            assert_eq!(PasswordPolicy::new(length, false), Err(PolicyError { length }));
        }
        assert!(PasswordPolicy::new(16, true).is_ok() && PasswordPolicy::new(128, true).is_ok());
    }

    #[test]
    fn look_alikes_occur_only_when_asked_for() {
        let rng = &mut StdRng::seed_from_u64(52);
        let policy = PasswordPolicy::new(128, true).unwrap();
        let password = policy.make_password(&[], rng);
        assert!(password.expose().chars().any(|character| LOOK_ALIKES.contains(character)));
    }
}
