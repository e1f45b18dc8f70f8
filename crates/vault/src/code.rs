//! Codes on paper: secrets and ids as groups of four characters that survive a printer, a safe and a tired reader.
//!
//! The alphabet is Crockford's Base32: no I, L, O or U. Each group holds three characters of content and one check
//! character, so a mistyped group is named at once; the check tells one wrong character, two swapped characters and two
//! swapped groups apart. A last group holds 15 bits of SHA-256 over the whole, for whatever slips through.

use crate::derive::info;
use crate::secret::{Secret, SecretBytes, SecretText};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters of a group.
const GROUP: usize = 4;

/// What a code carries. It is part of the last group, so one kind does not read as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CodeKind {
    /// The account secret of a recovery kit: 20 bytes.
    Secret,
    /// Member and genesis of a recovery kit: 48 bytes.
    Vault,
    /// The key of a safe sheet: 32 bytes.
    Sheet,
    /// A share of that key, and which: 38 bytes.
    Share,
}

impl CodeKind {
    fn label(self) -> &'static str {
        match self {
            Self::Secret => "vitrine/1/code/secret",
            Self::Vault => "vitrine/1/code/vault",
            Self::Sheet => "vitrine/1/code/sheet",
            Self::Share => "vitrine/1/code/share",
        }
    }

    fn bytes(self) -> usize {
        match self {
            Self::Secret => 20,
            Self::Vault => 48,
            Self::Sheet => 32,
            Self::Share => 38,
        }
    }

    /// Groups that hold content, 15 bits each.
    fn content_groups(self) -> usize {
        (self.bytes() * 8).div_ceil(15)
    }

    fn groups(self) -> usize {
        self.content_groups() + 1
    }
}

/// Why a typed code was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// A character that no code has.
    #[error("group {group} has the character '{character}', which no code has")]
    Character {
        /// Group, counted from 1.
        group: usize,
        /// The character.
        character: char,
    },
    /// A group whose check character does not fit: something in it was mistyped, or it stands in the wrong place.
    #[error("check group {group}: it is mistyped or in the wrong place")]
    Group {
        /// Group, counted from 1.
        group: usize,
    },
    /// Too few or too many characters, and the groups that are there are right.
    #[error("the code has {expected} groups of four characters; {found} characters were given")]
    Length {
        /// Groups expected.
        expected: usize,
        /// Characters found.
        found: usize,
    },
    /// Every group fits by itself and the whole does not: a code of another page, or several mistakes at once.
    #[error("the code does not add up: compare every group with the page")]
    Whole,
}

impl CodeError {
    /// Stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Character { .. } => "vault.code-character",
            Self::Group { .. } => "vault.code-group",
            Self::Length { .. } => "vault.code-length",
            Self::Whole => "vault.code-whole",
        }
    }
}

/// A code as it is printed.
pub struct Code(SecretText);

impl Code {
    pub(crate) fn of(kind: CodeKind, content: &[u8]) -> Self {
        let mut symbols = Zeroizing::new(Vec::with_capacity(kind.groups() * 3));
        symbols.extend((0..kind.content_groups() * 3).map(|index| symbol(content, index)));
        symbols.extend(whole_check(kind, content));
        let mut text = String::with_capacity(kind.groups() * (GROUP + 1));
        for (index, group) in symbols.chunks_exact(3).enumerate() {
            if index > 0 {
                text.push('-');
            }
            for symbol in group.iter().chain([&group_check(index, group)]) {
                text.push(char::from(ALPHABET[usize::from(*symbol)]));
            }
        }
        Self(SecretText::new(text))
    }

    /// The whole code, groups joined by dashes, to be printed.
    pub fn text(&self) -> &SecretText {
        &self.0
    }

    /// How many groups it has.
    pub fn groups(&self) -> usize {
        self.0.expose().split('-').count() // read to count
    }

    /// Group `number`, counted from 1.
    pub fn group(&self, number: usize) -> Option<&str> {
        // Read to be printed.
        self.0.expose().split('-').nth(number.checked_sub(1)?)
    }

    /// Whether `typed` is group `number`, however it was typed. For "type two groups back".
    pub fn is_group(&self, number: usize, typed: &SecretText) -> bool {
        let Some(group) = self.group(number) else { return false };
        let clean: Option<SecretBytes> =
            characters(typed).map(value).collect::<Option<Vec<u8>>>().map(SecretBytes::new);
        let own = SecretBytes::new(group.chars().filter_map(value).collect());
        clean.is_some_and(|clean| bool::from(own.ct_eq(&clean)))
    }
}

/// Reads a typed code: case, spaces, dashes and look-alikes (O for 0, I and L for 1) do not matter.
pub(crate) fn parse(kind: CodeKind, text: &SecretText) -> Result<SecretBytes, CodeError> {
    let expected = kind.groups();
    let mut symbols = Zeroizing::new(Vec::with_capacity(expected * GROUP));
    let mut found = 0;
    for character in characters(text) {
        if found < expected * GROUP {
            let group = found / GROUP + 1;
            symbols.push(value(character).ok_or(CodeError::Character { group, character })?);
        }
        found += 1;
    }
    let mut data = Zeroizing::new(Vec::with_capacity(expected * 3));
    for (index, group) in symbols.chunks_exact(GROUP).enumerate() {
        let (content, check) = group.split_at(3);
        if group_check(index, content) != check[0] {
            return Err(CodeError::Group { group: index + 1 });
        }
        data.extend_from_slice(content);
    }
    if found != expected * GROUP {
        return Err(CodeError::Length { expected, found });
    }
    let (content, check) = data.split_at(kind.content_groups() * 3);
    let bytes = bytes(content, kind.bytes());
    // Bits that no byte uses are zero, so that one content has one code.
    let is_canonical = content.iter().enumerate().all(|(index, one)| symbol(bytes.expose(), index) == *one);
    if is_canonical && whole_check(kind, bytes.expose()) == *check { Ok(bytes) } else { Err(CodeError::Whole) }
}

/// Reads a typed code of exactly `N` bytes.
pub(crate) fn parse_array<const N: usize>(kind: CodeKind, text: &SecretText) -> Result<Secret<[u8; N]>, CodeError> {
    Secret::from_slice(parse(kind, text)?.expose()).ok_or(CodeError::Whole)
}

/// The characters that count: no spaces, no dashes of any sort.
fn characters(text: &SecretText) -> impl Iterator<Item = char> {
    // Read to be parsed.
    text.expose().chars().filter(|character| {
        !character.is_whitespace() && !matches!(character, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{ad}')
    })
}

fn value(character: char) -> Option<u8> {
    let plain = match character.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    ALPHABET.iter().position(|known| char::from(*known) == plain).and_then(|place| u8::try_from(place).ok())
}

/// The five bits at `index`, big end first; zero beyond the content.
fn symbol(content: &[u8], index: usize) -> u8 {
    (0..5).fold(0, |symbol, bit| {
        let place = index * 5 + bit;
        let byte = content.get(place / 8).copied().unwrap_or(0);
        (symbol << 1) | ((byte >> (7 - place % 8)) & 1)
    })
}

fn bytes(symbols: &[u8], length: usize) -> SecretBytes {
    let mut bytes = vec![0; length];
    for place in 0..length * 8 {
        let bit = symbols.get(place / 5).map_or(0, |symbol| (symbol >> (4 - place % 5)) & 1);
        bytes[place / 8] |= bit << (7 - place % 8);
    }
    SecretBytes::new(bytes)
}

/// The check character: a weighted sum over GF(32) whose weights differ and are neither 0 nor 1, plus the place of the
/// group. So any one wrong character, any two swapped ones, and any two swapped groups within 31 change it.
fn group_check(index: usize, content: &[u8]) -> u8 {
    let place = u8::try_from(index % 32).expect("a remainder of 32 is below 256");
    content.iter().fold((place, 2), |(sum, weight), symbol| (sum ^ multiply(weight, *symbol), multiply(weight, 2))).0
}

/// Multiplication in GF(2^5) modulo x^5 + x^2 + 1, without a branch on the secret.
fn multiply(left: u8, right: u8) -> u8 {
    (0..5)
        .fold((0, left), |(product, shifted), bit| {
            let doubled = (shifted << 1) ^ (0x25 * (shifted >> 4));
            (product ^ (shifted * ((right >> bit) & 1)), doubled)
        })
        .0
}

fn whole_check(kind: CodeKind, content: &[u8]) -> [u8; 3] {
    let digest = Sha256::new().chain_update(info(kind.label(), &[])).chain_update(content).finalize();
    [0, 1, 2].map(|index| symbol(&digest, index))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn content(kind: CodeKind) -> Vec<u8> {
        (0..kind.bytes()).map(|index| u8::try_from(index * 37 % 251).unwrap()).collect()
    }

    fn read(kind: CodeKind, text: &str) -> Result<SecretBytes, CodeError> {
        parse(kind, &SecretText::from_text(text))
    }

    #[test]
    fn every_kind_of_code_reads_back() {
        for (kind, groups) in
            [(CodeKind::Secret, 12), (CodeKind::Vault, 27), (CodeKind::Sheet, 19), (CodeKind::Share, 22)]
        {
            let code = Code::of(kind, &content(kind));
            assert_eq!(code.groups(), groups);
            assert!(read(kind, code.text().expose()).unwrap() == SecretBytes::new(content(kind)));
        }
    }

    #[test]
    fn case_spaces_dashes_and_look_alikes_do_not_matter() {
        let code = Code::of(CodeKind::Secret, &content(CodeKind::Secret));
        let text = code.text().expose();
        for typed in [
            text.to_lowercase(),
            text.replace('-', " "),
            text.replace('-', ""),
            text.replace('-', "\u{2013}"),
            text.replace('0', "O"),
            text.replace('0', "o").replace('1', "l"),
            text.replace('1', "I"),
            format!("\n  {text}\u{a0}"),
        ] {
            assert!(read(CodeKind::Secret, &typed).is_ok(), "{typed}");
        }
    }

    #[test]
    fn any_one_wrong_character_names_its_group() {
        let code = Code::of(CodeKind::Secret, &content(CodeKind::Secret));
        let text = code.text().expose();
        for (place, right) in text.char_indices().filter(|(_, character)| *character != '-') {
            for wrong in ALPHABET.iter().map(|byte| char::from(*byte)).filter(|wrong| *wrong != right) {
                let mut typed = text.clone();
                typed.replace_range(place..=place, &wrong.to_string());
                let group = place / 5 + 1;
                assert_eq!(read(CodeKind::Secret, &typed).err(), Some(CodeError::Group { group }));
            }
        }
    }

    #[test]
    fn two_swapped_characters_and_two_swapped_groups_are_named() {
        let code = Code::of(CodeKind::Sheet, &content(CodeKind::Sheet));
        let groups: Vec<&str> = code.text().expose().split('-').collect();
        for index in 0..groups.len() - 1 {
            let mut swapped = groups.clone();
            swapped.swap(index, index + 1);
            let refused = read(CodeKind::Sheet, &swapped.join("-")).err();
            assert_eq!(refused, Some(CodeError::Group { group: index + 1 }));
            let mut characters: Vec<char> = groups[index].chars().collect();
            if characters[1] != characters[2] {
                characters.swap(1, 2);
                let mut typed: Vec<String> = groups.iter().map(|group| (*group).to_owned()).collect();
                typed[index] = characters.into_iter().collect();
                let refused = read(CodeKind::Sheet, &typed.join("-")).err();
                assert_eq!(refused, Some(CodeError::Group { group: index + 1 }));
            }
        }
    }

    #[test]
    fn a_character_no_code_has_is_named_with_its_group() {
        let code = Code::of(CodeKind::Secret, &content(CodeKind::Secret));
        let mut typed = code.text().expose().clone();
        typed.replace_range(10..11, "U");
        assert_eq!(read(CodeKind::Secret, &typed).err(), Some(CodeError::Character { group: 3, character: 'U' }));
        typed.replace_range(10..11, "\u{1f510}");
        assert!(matches!(read(CodeKind::Secret, &typed), Err(CodeError::Character { group: 3, .. })));
    }

    #[test]
    fn a_missing_end_and_a_code_of_another_kind_are_told_apart() {
        let code = Code::of(CodeKind::Secret, &content(CodeKind::Secret));
        let text = code.text().expose();
        assert_eq!(read(CodeKind::Secret, &text[..54]).err(), Some(CodeError::Length { expected: 12, found: 44 }));
        assert_eq!(read(CodeKind::Secret, "").err(), Some(CodeError::Length { expected: 12, found: 0 }));
        let more = format!("{text}-{text}");
        assert_eq!(read(CodeKind::Secret, &more).err(), Some(CodeError::Length { expected: 12, found: 96 }));
        assert!(matches!(read(CodeKind::Sheet, text), Err(CodeError::Length { expected: 19, found: 48 })));
    }

    #[test]
    fn mistakes_that_cancel_within_groups_are_caught_by_the_whole() {
        let first = Code::of(CodeKind::Secret, &[1; 20]);
        let second = Code::of(CodeKind::Secret, &[2; 20]);
        let (first, second) = (first.text().expose(), second.text().expose());
        let mixed = format!("{}{}", &first[..25], &second[25..]);
        assert_eq!(read(CodeKind::Secret, &mixed).err(), Some(CodeError::Whole));
    }

    #[test]
    fn groups_typed_back_are_compared_as_they_are_read() {
        let code = Code::of(CodeKind::Secret, &content(CodeKind::Secret));
        let typed = SecretText::from_text(&format!(" {} ", code.group(2).unwrap().to_lowercase()));
        assert!(code.is_group(2, &typed));
        assert!(!code.is_group(3, &typed));
        assert!(!code.is_group(0, &typed) && !code.is_group(13, &typed));
        assert!(!code.is_group(2, &SecretText::from_text("")));
    }
}
