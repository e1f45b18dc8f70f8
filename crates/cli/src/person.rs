//! The person at the terminal, or the script in their place: secrets in, questions, progress.
//!
//! A secret comes from a prompt without echo or from a file descriptor, never from an argument (other users see those)
//! and never from the environment (children inherit it).

use std::{
    fs::File,
    io::{self, IsTerminal, Read, Write},
    os::fd::AsFd,
};

use serde::Serialize;
use vitrine_app::{
    Error,
    api::{EdgeSecret, ErrorClass},
};
use vitrine_vault::SecretText;

use crate::{
    output::{Failure, machine, usage},
    text,
};

/// A line from a descriptor is at most this long.
const LONGEST: usize = 4096;

pub(crate) struct Person {
    json: bool,
    passphrases: Option<Lines>,
    fd: Option<u32>,
}

impl Person {
    pub(crate) fn new(json: bool, fd: Option<u32>) -> Self {
        Self { json, passphrases: None, fd }
    }

    /// Whether a passphrase can be had at all.
    pub(crate) fn can_unlock(&self) -> bool {
        self.fd.is_some() || self.answers()
    }

    /// Whether a descriptor was named for passphrases.
    pub(crate) fn reads_descriptor(&self) -> bool {
        self.fd.is_some()
    }

    /// Whether questions get answers.
    pub(crate) fn answers(&self) -> bool {
        !self.json && io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// A passphrase: the next line of the descriptor, else from the prompt.
    pub(crate) fn passphrase(&mut self, prompt: &str) -> Result<EdgeSecret, Failure> {
        let Some(fd) = self.fd else { return self.secret(prompt, None) };
        if self.passphrases.is_none() {
            self.passphrases = Some(Lines::open(fd)?);
        }
        match &mut self.passphrases {
            Some(lines) => lines.next(),
            None => Err(nobody()),
        }
    }

    /// A new passphrase: from the descriptor once, from the prompt twice.
    pub(crate) fn new_passphrase(&mut self) -> Result<EdgeSecret, Failure> {
        let first = self.passphrase("New passphrase: ")?;
        if self.fd.is_none() {
            let again = self.passphrase("The same again: ")?;
            // Exposed to compare what one person typed twice, on their own terminal; no timing to learn from.
            if first.0.expose() != again.0.expose() {
                return Err(usage("cli.passphrases-differ", "The two passphrases differ.", "Type the same one twice."));
            }
        }
        Ok(first)
    }

    /// Another secret: the next line of a descriptor of its own, else from the prompt.
    pub(crate) fn secret(&self, prompt: &str, lines: Option<&mut Lines>) -> Result<EdgeSecret, Failure> {
        if let Some(lines) = lines {
            return lines.next();
        }
        if !self.answers() {
            return Err(nobody());
        }
        let typed = rpassword::prompt_password(prompt).map_err(|error| machine("cli.no-terminal", &error))?;
        Ok(EdgeSecret(SecretText::new(typed)))
    }

    /// A line that is no secret; `None` where nobody answers.
    pub(crate) fn line(&self, question: &str) -> Result<Option<String>, Failure> {
        if !self.answers() {
            return Ok(None);
        }
        eprint!("{question} ");
        let mut line = String::new();
        io::stdin().read_line(&mut line).map_err(|error| machine("cli.no-terminal", &error))?;
        Ok(Some(line.trim().to_owned()))
    }

    /// A yes. Anything else, and nobody there, is a no.
    pub(crate) fn agrees(&self, question: &str) -> Result<bool, Failure> {
        let answer = self.line(&format!("{} [y/N]", text::shown(question)))?;
        Ok(answer.is_some_and(|answer| matches!(answer.to_lowercase().as_str(), "y" | "yes")))
    }

    /// Tells how it goes, on standard error: words, or one JSON object a line.
    pub(crate) fn progress(&self, document: &impl Serialize, words: &str) {
        if self.json {
            let line = serde_json::to_string(&serde_json::json!({ "progress": document })).unwrap_or_default();
            eprintln!("{}", text::escaped(&line));
        } else {
            for line in words.lines() {
                eprintln!("{}", text::shown(line));
            }
        }
        let _ = io::stderr().flush();
    }
}

fn nobody() -> Failure {
    Error::new(
        ErrorClass::Locked,
        "cli.no-passphrase",
        "A secret is needed, and nobody is there to type it.",
        "Run it on a terminal, name a file descriptor (--passphrase-fd), or unlock first: vitrine unlock.",
    )
    .into()
}

/// Secrets from a file descriptor, one a line.
pub(crate) struct Lines(File);

impl Lines {
    /// Takes a descriptor that was handed down to this process.
    pub(crate) fn open(fd: u32) -> Result<Self, Failure> {
        let opened = match fd {
            0 => io::stdin().as_fd().try_clone_to_owned().map(File::from),
            fd => File::open(format!("/dev/fd/{fd}")),
        };
        opened.map(Self).map_err(|error| {
            Error::usage(
                "cli.no-descriptor",
                format!("File descriptor {fd} cannot be read."),
                "Hand it down open for reading.",
            )
            .because(error)
            .into()
        })
    }

    pub(crate) fn next(&mut self) -> Result<EdgeSecret, Failure> {
        // Full size from the start: a growing buffer would leave copies behind.
        let mut bytes = zeroize::Zeroizing::new(Vec::with_capacity(LONGEST));
        let mut byte = [0_u8];
        // Byte by byte, because what follows the line belongs to the next question, perhaps of another reader.
        while self.0.read(&mut byte).map_err(|error| machine("cli.no-descriptor", &error))? == 1 && byte != *b"\n" {
            if bytes.len() == LONGEST {
                return Err(usage("cli.secret-too-long", "A secret has more than 4,096 bytes.", "One secret a line."));
            }
            bytes.push(byte[0]);
        }
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        if bytes.is_empty() {
            return Err(usage(
                "cli.secret-missing",
                "The file descriptor holds no further line.",
                "One secret a line.",
            ));
        }
        let text = String::from_utf8(std::mem::take(&mut *bytes))
            .map_err(|_| usage("cli.secret-not-text", "A secret is not UTF-8 text.", "One secret a line."))?;
        Ok(EdgeSecret(SecretText::new(text)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
    use super::*;
    use std::io::Seek;

    fn lines(content: &[u8]) -> Lines {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        file.rewind().unwrap();
        Lines(file)
    }

    fn code(result: Result<EdgeSecret, Failure>) -> String {
        result.err().unwrap().code.clone()
    }

    #[test]
    fn secrets_come_one_a_line_with_or_without_a_last_line_end() {
        let mut lines = lines("first\r\nzweite Zeile ä".as_bytes());
        assert_eq!(lines.next().unwrap().0.expose(), "first");
        assert_eq!(lines.next().unwrap().0.expose(), "zweite Zeile ä");
        assert_eq!(code(lines.next()), "cli.secret-missing");
    }

    #[test]
    fn an_endless_or_binary_secret_is_refused() {
        assert_eq!(code(lines(&[b'a'; LONGEST + 1]).next()), "cli.secret-too-long");
        assert_eq!(code(lines(&[0xff, 0xfe, b'\n']).next()), "cli.secret-not-text");
    }

    #[test]
    fn a_descriptor_that_is_not_there_is_a_usage_error() {
        assert_eq!(Lines::open(987_654).err().unwrap().class, ErrorClass::Usage);
    }

    #[test]
    fn with_json_nobody_is_asked_anything() {
        let mut person = Person::new(true, None);
        assert_eq!(code(person.passphrase("?")), "cli.no-passphrase");
        assert!(!person.agrees("?").unwrap());
    }
}
