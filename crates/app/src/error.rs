//! One error type for every use case: a stable code, and the words a person reads.
//!
//! Leaf errors become this type where a use case knows what they mean for the person. The words say what happened,
//! what still holds and what to do next; programs branch on the code alone.

use crate::api::{ErrorClass, ErrorView};
use std::fmt;

/// What a use case answers when it cannot do what was asked.
#[derive(Debug)]
pub struct Error {
    view: Box<ErrorView>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The result of a use case.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error with its class, code, what happened, and the next step.
    pub fn new(class: ErrorClass, code: &str, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            view: Box::new(ErrorView {
                code: code.to_owned(),
                what: what.into(),
                holds: String::new(),
                next: next.into(),
                details: None,
                retry_in_ms: None,
                class,
            }),
            source: None,
        }
    }

    /// The request itself was wrong.
    pub fn usage(code: &str, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(ErrorClass::Usage, code, what, next)
    }

    /// This machine stands in the way: disk, permissions, keychain.
    pub fn machine(code: &str, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(ErrorClass::Machine, code, what, next)
    }

    /// Data is not what was signed or sealed.
    pub fn integrity(code: &str, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(ErrorClass::Integrity, code, what, next)
    }

    /// The vault is locked.
    pub fn locked() -> Self {
        Self::new(ErrorClass::Locked, "vault.locked", "The vault is locked.", "Unlock it with your passphrase.")
    }

    /// Puts another next step in the place of the general one.
    #[must_use]
    pub fn next(mut self, next: impl Into<String>) -> Self {
        self.view.next = next.into();
        self
    }

    /// Adds what still holds.
    #[must_use]
    pub fn holds(mut self, holds: impl Into<String>) -> Self {
        self.view.holds = holds.into();
        self
    }

    /// Adds what support needs. Never a secret.
    #[must_use]
    pub fn details(mut self, details: impl Into<String>) -> Self {
        self.view.details = Some(details.into());
        self
    }

    /// Adds how long to wait before the same request is worth repeating.
    #[must_use]
    pub fn retry_in_ms(mut self, wait: u32) -> Self {
        self.view.retry_in_ms = Some(wait);
        self
    }

    /// Keeps the error underneath.
    #[must_use]
    pub fn because(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        if self.view.details.is_none() {
            self.view.details = Some(source.to_string());
        }
        self.source = Some(Box::new(source));
        self
    }

    /// The stable code.
    pub fn code(&self) -> &str {
        &self.view.code
    }

    /// The error as it crosses an edge.
    pub fn into_view(self) -> ErrorView {
        *self.view
    }

    /// The same, without giving the error away.
    pub fn view(&self) -> &ErrorView {
        &self.view
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.view.what, self.view.code)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl From<Error> for ErrorView {
    fn from(error: Error) -> Self {
        error.into_view()
    }
}
