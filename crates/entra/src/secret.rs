//! Text that must not be seen: passwords, tokens, codes. Zeroed on drop, without `Debug` and `Display`, so that it
//! cannot reach a log by way of a format string. The vault has a wrapper of its own; this crate may not depend on it.

use crate::oauth::SignInError;
use std::future::Future;
use std::pin::Pin;
use zeroize::Zeroizing;

/// A password on its way to a tenant. No `Debug`, no `Display`, no `Clone`; zeroed on drop.
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes over `text`; the caller keeps no copy.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Reads the value: only the body of the request that sets it may ask.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

/// A token, code or verifier. As [`Password`], and never leaves this crate.
pub(crate) struct Hidden(Zeroizing<String>);

impl Hidden {
    pub(crate) fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    pub(crate) fn duplicate(&self) -> Self {
        Self(self.0.clone())
    }
}

impl From<Zeroizing<String>> for Hidden {
    fn from(text: Zeroizing<String>) -> Self {
        Self(text)
    }
}

/// When a token is wanted.
#[derive(Clone, Copy)]
pub(crate) enum Renew<'a> {
    /// The kept one, unless it is about to end.
    IfDue,
    /// A new one: the kept one was refused.
    Now,
    /// A new one that answers this claims challenge.
    Claims(&'a str),
}

/// Whoever can sign a request to Graph.
pub(crate) trait Bearer: Send + Sync {
    /// A token as asked for.
    fn bearer<'a>(&'a self, renew: Renew<'a>)
    -> Pin<Box<dyn Future<Output = Result<Hidden, SignInError>> + Send + 'a>>;
}
