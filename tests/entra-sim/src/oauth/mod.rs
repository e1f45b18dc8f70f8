//! The login host: discovery, sign-in pages, tokens.

pub(crate) mod assertion;
pub(crate) mod discovery;
pub(crate) mod error;
pub(crate) mod flow;
pub(crate) mod jwt;
pub(crate) mod pages;
pub(crate) mod scope;
pub(crate) mod token;
