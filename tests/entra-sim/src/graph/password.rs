//! Password rules (section 6 of the reference): length, classes, alphabet, banned words.

use crate::graph::error::GraphError;

const SYMBOLS: &str = "@#$%^&*-_!+=[]{}|\\:',.?/`~\"();<> ";
/// A few of the words a global list would hold; normalised as the check does.
const BANNED: &[&str] = &["password", "passwort", "qwerty", "welcome", "letmein", "contoso", "microsoft", "123456"];

/// Judges a password for `upn`; `banned` are the tenant's own words.
pub(crate) fn judge(password: &str, upn: &str, banned: &[String]) -> Result<(), GraphError> {
    let complexity = || {
        let mut error = GraphError::bad(
            "The specified password does not comply with password complexity requirements. Please provide a different password.",
        );
        error.details = Some(
            serde_json::json!([{ "code": "PasswordPolicyViolation", "message": error.message, "target": "passwordProfile" }]),
        );
        error
    };
    let length = password.chars().count();
    if !(8..=256).contains(&length) {
        return Err(complexity());
    }
    let mut classes = [false; 4];
    for c in password.chars() {
        let class = match c {
            'A'..='Z' => 0,
            'a'..='z' => 1,
            '0'..='9' => 2,
            c if SYMBOLS.contains(c) => 3,
            _ => return Err(complexity()),
        };
        classes[class] = true;
    }
    if classes.iter().filter(|c| **c).count() < 3 {
        return Err(complexity());
    }
    let plain = normalised(password);
    let name = normalised(upn.split('@').next().unwrap_or_default());
    if name.len() >= 4 && plain.contains(&name) {
        return Err(complexity());
    }
    // Each banned word counts one point, each other character too; five points are needed (Microsoft's scoring).
    let mut rest = plain;
    let mut points = 0;
    for word in BANNED.iter().map(|w| normalised(w)).chain(banned.iter().map(|w| normalised(w))) {
        while let Some(at) = rest.find(&word) {
            rest.replace_range(at..at + word.len(), "");
            points += 1;
        }
    }
    if points + rest.chars().count() < 5 { Err(complexity()) } else { Ok(()) }
}

/// Lower case, with the usual substitutions undone.
fn normalised(text: &str) -> String {
    text.to_lowercase()
        .chars()
        .map(|c| match c {
            '0' => 'o',
            '1' | '!' => 'l',
            '$' => 's',
            '@' => 'a',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ok(password: &str) -> bool {
        judge(password, "ea-1@contoso.onmicrosoft.com", &["northwind".to_owned()]).is_ok()
    }

    #[test]
    fn passwords_are_judged_by_length_classes_and_alphabet() {
        assert!(ok("Zx7pQr2m"));
        assert!(!ok("Zx7pQr2"), "seven characters");
        assert!(!ok(&format!("aA1{}", "x".repeat(254))), "257 characters");
        assert!(!ok("abcdefgh1"), "two classes");
        assert!(!ok("Zx7pQr2mé"), "not in the alphabet");
    }

    #[test]
    fn banned_words_are_seen_through_substitutions() {
        assert!(!ok("P@$$w0rd1"));
        assert!(!ok("N0rthwind1!"));
        assert!(!ok("Xy9EA-1zzz"), "contains the user name");
    }
}
