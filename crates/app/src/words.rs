//! Sentences for what the leaves name by a key: warnings of a set-up, checks, advice on passphrases.

use crate::api::{HealthCheck, Verdict};
use crate::records::Check;
use vitrine_entra::setup::{Evidence, PermissionCheck, Warning};

/// A variant's name as words: `NotConnected` reads "not connected".
pub fn of_variant(variant: impl std::fmt::Debug) -> String {
    let name = format!("{variant:?}");
    let mut words = String::with_capacity(name.len() + 4);
    for (at, letter) in name.chars().enumerate() {
        if letter.is_uppercase() && at > 0 {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

/// What a person should know before a tenant is set up.
pub(crate) fn warning(warning: &Warning) -> String {
    match warning {
        Warning::DeviceCodeBlocked { policy } => {
            format!("The policy “{policy}” blocks sign-in by device code in this tenant. Use the browser here; do not ask for an exception.")
        }
        Warning::Synced => "Users of this tenant come from a directory on premises. The emergency accounts will exist in the cloud alone.".into(),
        Warning::SomeFederated => "Some domains are federated. The emergency accounts use the initial onmicrosoft.com domain.".into(),
        Warning::Duplicates { count } => format!("{count} app registrations carry this vault's tag. The oldest is used; look at the others in the Entra admin center."),
        Warning::Unread { fact } => format!("This could not be read and is not judged: {}.", fact.replace('-', " ")),
    }
}

/// The check of a connection, from the reads that proved its permissions.
pub(crate) fn connection_check(checks: &[PermissionCheck], at: u64) -> Check {
    let refused: Vec<&str> = checks
        .iter()
        .filter(|check| matches!(check.evidence, Evidence::Refused(_)))
        .map(|check| {
            check.permission.map_or("the role Privileged Authentication Administrator", |permission| permission.name)
        })
        .collect();
    let (verdict, words) = if refused.is_empty() {
        (
            Verdict::Good,
            "The connection signs in with its own certificate. Every permission that a read can prove was proved."
                .to_owned(),
        )
    } else {
        (Verdict::Bad, format!("The tenant refuses: {}. Connect it again to repair this.", refused.join(", ")))
    };
    Check { check: HealthCheck::Connection, account: None, verdict, at, words }
}

/// One sentence about the weakest point of a passphrase.
pub(crate) fn passphrase_advice(key: &str) -> String {
    match key {
        "straight-rows" | "keyboard-pattern" | "longer-pattern" => "Patterns of keys are easy to guess.",
        "repeats" | "repeated-pattern" | "avoid-repeats" => "Repetitions are easy to guess.",
        "top-10" | "top-100" | "common" | "similar-to-common" => "This is among the passwords tried first.",
        "sequence" | "avoid-sequences" => "Sequences such as abc are easy to guess.",
        "recent-year" | "avoid-recent-years" | "avoid-own-years" | "date" | "avoid-own-dates" => {
            "Years and dates are easy to guess."
        }
        "single-word" | "add-words" => "Add a word or two that have nothing to do with each other.",
        "single-name" | "common-name" => "Names are easy to guess.",
        "capitals-help-little" | "all-capitals-help-little" => "Capital letters help little.",
        "reversed-helps-little" | "substitutions-help-little" => "Reversing or replacing letters helps little.",
        _ => "Use a few words that have nothing to do with each other.",
    }
    .to_owned()
}
