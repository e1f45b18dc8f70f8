//! What the header fields of a signed request say (RFC 9421, RFC 9530), before anybody is believed: pure, so that a fuzz
//! target reads as this server does.
//!
//! One shape of signature is taken and no other: what it covers, in which order, with which parameters, is fixed in
//! [`vitrine_ledger::wire`]. `httpsig` reads the fields and lays out what was signed; the signature itself is verified by
//! the ledger, as strictly as an entry's.

use axum::http::HeaderMap;
use axum::http::request::Parts;
use data_encoding::BASE64;
use httpsig::prelude::message_component::HttpMessageComponent;
use httpsig::prelude::{
    AlgorithmName, HttpSigError, HttpSigResult, HttpSignatureBase, HttpSignatureHeaders, HttpSignatureParams,
    VerifyingKey,
};
use sha2::{Digest, Sha256};
use vitrine_ledger::wire::{BACKEND_FIELD, CLOCK_TOLERANCE, COVERED, KeyId, KeyUse, RequestKey};
use vitrine_ledger::{BackendId, SignatureBytes};

use crate::problem::Problem;

/// A request's signature and what it covers, as the fields say it.
pub struct RequestSignature {
    /// Who says to have signed.
    pub key_id: KeyId,
    /// By which key of the device.
    pub key_use: KeyUse,
    /// When, by the device's clock: Unix time in seconds.
    pub created_s: u64,
    /// What the body must be.
    pub digest: ContentDigest,
    base: HttpSignatureBase,
    headers: HttpSignatureHeaders,
}

impl RequestSignature {
    /// Reads method, path and fields of a request to `backend` that arrived at `now_s`, Unix time in seconds.
    ///
    /// # Errors
    /// [`Problem::Unsigned`] for any other shape, [`Problem::Clock`] for another time, [`Problem::Backend`] for one that
    /// was meant for another backend.
    pub fn read(parts: &Parts, backend: &BackendId, now_s: u64) -> Result<Self, Problem> {
        // A query would not be covered, and of a method the letters but not their case: `post` is another method than `POST`.
        if parts.uri.query().is_some() || parts.method.as_str().bytes().any(|letter| letter.is_ascii_lowercase()) {
            return Err(Problem::Unsigned);
        }
        let meant = single(&parts.headers, BACKEND_FIELD)?;
        let digest = single(&parts.headers, "content-digest")?;
        let read = HttpSignatureHeaders::try_parse(
            single(&parts.headers, "signature")?,
            single(&parts.headers, "signature-input")?,
        );
        let mut read = read.map_err(|_| Problem::Unsigned)?.into_values();
        let (Some(headers), None) = (read.next(), read.next()) else { return Err(Problem::Unsigned) };
        let params = headers.signature_params();
        let covered = params.covered_components.iter().map(ToString::to_string);
        if !covered.eq(COVERED.iter().map(|name| format!("\"{name}\""))) {
            return Err(Problem::Unsigned);
        }
        if params.alg.is_some() || params.nonce.is_some() || params.expires.is_some() {
            return Err(Problem::Unsigned);
        }
        let key_use = params.tag.as_deref().and_then(KeyUse::from_tag).ok_or(Problem::Unsigned)?;
        let key_id = params.keyid.as_deref().and_then(|text| text.parse().ok()).ok_or(Problem::Unsigned)?;
        let created_s = params.created.ok_or(Problem::Unsigned)?;
        if created_s.abs_diff(now_s) > CLOCK_TOLERANCE {
            return Err(Problem::Clock { now_s });
        }
        if meant != backend.to_string() {
            return Err(Problem::Backend);
        }
        let values = [parts.method.as_str(), parts.uri.path(), digest, meant];
        let base = layout(&values, params).map_err(|_| Problem::Unsigned)?;
        Ok(Self { key_id, key_use, created_s, digest: ContentDigest::read(digest)?, base, headers })
    }

    /// What was signed: the signature base of RFC 9421, section 2.5.
    #[must_use]
    pub fn base(&self) -> String {
        self.base.to_string()
    }

    /// Whether this key signed it.
    #[must_use]
    pub fn stands(&self, key: RequestKey) -> bool {
        self.base.verify_signature_headers(&Strict(key), &self.headers).is_ok()
    }
}

fn layout(values: &[&str; 4], params: &HttpSignatureParams) -> HttpSigResult<HttpSignatureBase> {
    let parts = params.covered_components.iter().zip(values);
    let parts = parts.map(|(id, value)| HttpMessageComponent::try_from((id, &[(*value).to_owned()][..])));
    HttpSignatureBase::try_new(&parts.collect::<HttpSigResult<Vec<_>>>()?, params)
}

/// The ledger's strict Ed25519 in the place of `httpsig`'s own.
struct Strict(RequestKey);

impl VerifyingKey for Strict {
    fn verify(&self, message: &[u8], signature: &[u8]) -> HttpSigResult<()> {
        let stands = <[u8; 64]>::try_from(signature)
            .is_ok_and(|bytes| self.0.verify(&SignatureBytes::from_bytes(bytes), message));
        if stands { Ok(()) } else { Err(HttpSigError::InvalidSignature(String::new())) }
    }

    fn key_id(&self) -> String {
        String::new()
    }

    fn alg(&self) -> AlgorithmName {
        AlgorithmName::Ed25519
    }
}

/// A field that stands there once: two of them could be read one way here and another way by a proxy.
fn single<'h>(headers: &'h HeaderMap, name: &str) -> Result<&'h str, Problem> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().map_err(|_| Problem::Unsigned),
        _ => Err(Problem::Unsigned),
    }
}

/// RFC 9530, SHA-256 alone.
pub struct ContentDigest([u8; 32]);

impl ContentDigest {
    fn read(field: &str) -> Result<Self, Problem> {
        let inner = field.strip_prefix("sha-256=:").and_then(|rest| rest.strip_suffix(':')).ok_or(Problem::Unsigned)?;
        let bytes = BASE64.decode(inner.as_bytes()).map_err(|_| Problem::Unsigned)?;
        bytes.try_into().map(Self).map_err(|_| Problem::Unsigned)
    }

    pub(crate) fn check(&self, body: &[u8]) -> Result<(), Problem> {
        if <[u8; 32]>::from(Sha256::digest(body)) == self.0 { Ok(()) } else { Err(Problem::Digest) }
    }
}
