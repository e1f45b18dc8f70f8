//! Passphrases: how strong a chosen one is, and six generated words as the better offer.
//!
//! The words are the large list of the Electronic Frontier Foundation (7,776 words; CC BY 3.0 US, see NOTICE).

use crate::password::uniform;
use crate::secret::SecretText;
use rand_core::CryptoRng;
use zxcvbn::feedback::{Suggestion, Warning};

pub(crate) const WORDS: &str = include_str!("words.txt");
/// Words of a generated passphrase: about 77 bits.
pub const DEFAULT_WORDS: usize = 6;
/// The least score a passphrase must reach to be taken.
pub const LEAST_SCORE: u8 = 3;
/// Bytes of a passphrase that are judged; estimating takes longer than linear time.
const JUDGED: usize = 128;

/// How strong a passphrase is.
#[derive(Clone, Debug, PartialEq)]
pub struct Strength {
    /// 0 (guessed at once) to 4 (beyond offline guessing even without our costly derivation).
    pub score: u8,
    /// Decimal logarithm of the guesses needed.
    pub guesses_log10: f64,
    /// What is wrong with it, as a stable key for the words of the screen.
    pub warning: Option<&'static str>,
    /// What would help, as stable keys.
    pub suggestions: Vec<&'static str>,
}

impl Strength {
    /// Whether it may be used.
    pub fn is_enough(&self) -> bool {
        self.score >= LEAST_SCORE
    }
}

/// Estimates the strength of a passphrase. `context` are words an attacker would try first: the person's name, the firm.
pub fn strength(passphrase: &SecretText, context: &[&str]) -> Strength {
    // Read to be judged; the estimator keeps its own copies only while it runs.
    let text = passphrase.expose();
    let end = (0..=JUDGED.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    let estimate = zxcvbn::zxcvbn(&text[..end], context);
    let feedback = estimate.feedback();
    Strength {
        score: u8::from(estimate.score()),
        guesses_log10: estimate.guesses_log10(),
        warning: feedback.and_then(zxcvbn::feedback::Feedback::warning).map(warning_key),
        suggestions: feedback
            .map(|feedback| feedback.suggestions().iter().map(|one| suggestion_key(*one)).collect())
            .unwrap_or_default(),
    }
}

fn warning_key(warning: Warning) -> &'static str {
    match warning {
        Warning::StraightRowsOfKeysAreEasyToGuess => "straight-rows",
        Warning::ShortKeyboardPatternsAreEasyToGuess => "keyboard-pattern",
        Warning::RepeatsLikeAaaAreEasyToGuess => "repeats",
        Warning::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess => "repeated-pattern",
        Warning::ThisIsATop10Password => "top-10",
        Warning::ThisIsATop100Password => "top-100",
        Warning::ThisIsACommonPassword => "common",
        Warning::ThisIsSimilarToACommonlyUsedPassword => "similar-to-common",
        Warning::SequencesLikeAbcAreEasyToGuess => "sequence",
        Warning::RecentYearsAreEasyToGuess => "recent-year",
        Warning::AWordByItselfIsEasyToGuess => "single-word",
        Warning::DatesAreOftenEasyToGuess => "date",
        Warning::NamesAndSurnamesByThemselvesAreEasyToGuess => "single-name",
        Warning::CommonNamesAndSurnamesAreEasyToGuess => "common-name",
    }
}

fn suggestion_key(suggestion: Suggestion) -> &'static str {
    match suggestion {
        Suggestion::UseAFewWordsAvoidCommonPhrases => "use-a-few-words",
        Suggestion::NoNeedForSymbolsDigitsOrUppercaseLetters => "no-need-for-symbols",
        Suggestion::AddAnotherWordOrTwo => "add-words",
        Suggestion::CapitalizationDoesntHelpVeryMuch => "capitals-help-little",
        Suggestion::AllUppercaseIsAlmostAsEasyToGuessAsAllLowercase => "all-capitals-help-little",
        Suggestion::ReversedWordsArentMuchHarderToGuess => "reversed-helps-little",
        Suggestion::PredictableSubstitutionsDontHelpVeryMuch => "substitutions-help-little",
        Suggestion::UseALongerKeyboardPatternWithMoreTurns => "longer-pattern",
        Suggestion::AvoidRepeatedWordsAndCharacters => "avoid-repeats",
        Suggestion::AvoidSequences => "avoid-sequences",
        Suggestion::AvoidRecentYears => "avoid-recent-years",
        Suggestion::AvoidYearsThatAreAssociatedWithYou => "avoid-own-years",
        Suggestion::AvoidDatesAndYearsThatAreAssociatedWithYou => "avoid-own-dates",
    }
}

/// A passphrase of `words` random words with spaces between; 12.9 bits a word.
pub fn make_passphrase(words: usize, rng: &mut impl CryptoRng) -> SecretText {
    let list: Vec<&str> = WORDS.lines().collect();
    // Large enough from the start, so that no part of it stays in freed memory: the longest word has 9 letters.
    let mut passphrase = String::with_capacity(words * 10);
    for number in 0..words {
        if number > 0 {
            passphrase.push(' ');
        }
        passphrase.push_str(list[uniform(list.len(), rng)]);
    }
    SecretText::new(passphrase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{SeedableRng, rngs::StdRng};

    #[test]
    fn six_generated_words_are_strong_and_differ() {
        let rng = &mut StdRng::seed_from_u64(60);
        let first = make_passphrase(DEFAULT_WORDS, rng);
        let second = make_passphrase(DEFAULT_WORDS, rng);
        assert!(first != second);
        assert_eq!(first.expose().split(' ').count(), 6);
        assert!(first.expose().len() <= 60);
        assert_eq!(strength(&first, &[]).score, 4);
    }

    #[test]
    fn the_list_has_7776_words_of_3_to_9_letters() {
        assert_eq!(WORDS.lines().count(), 7776);
        assert!(WORDS.lines().all(|word| (3..=9).contains(&word.len())));
        assert!(WORDS.lines().collect::<Vec<_>>().is_sorted());
    }

    #[test]
    fn weak_passphrases_are_named() {
        let weak = strength(&SecretText::from_text("password"), &[]);
        assert_eq!((weak.score, weak.warning), (0, Some("top-10")));
        assert!(!weak.is_enough() && !weak.suggestions.is_empty());
    }

    #[test]
    fn the_name_of_the_firm_is_guessed_first() {
        let text = SecretText::from_text("fabrikamservices");
        let known = strength(&text, &["fabrikamservices"]);
        assert!(known.guesses_log10 < strength(&text, &[]).guesses_log10);
    }

    #[test]
    fn a_very_long_passphrase_is_judged_without_delay_or_panic() {
        let long = SecretText::new("\u{1f510}ab1".repeat(20_000));
        assert!(!strength(&long, &[]).is_enough(), "a short pattern repeated is still a short pattern");
        assert_eq!(strength(&SecretText::from_text(""), &[]).score, 0);
    }
}
