//! Who asks: HTTP Message Signatures (RFC 9421) with a content digest (RFC 9530), by a device that the MSP ledger names.
//!
//! One shape of signature is taken and no other: what it covers, in which order, with which parameters, is fixed in
//! [`vitrine_ledger::wire`]. `httpsig` reads the fields and lays out what was signed; the signature itself is verified by
//! the ledger, as strictly as an entry's. There is no store of nonces: within the minute in which a request could be
//! sent again, a repeated append loses its place and every other write says the same again.
//!
//! The signature is checked before the body is read, so a stranger cannot make this server hold a body.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use data_encoding::BASE64;
use httpsig::prelude::message_component::HttpMessageComponent;
use httpsig::prelude::{
    AlgorithmName, HttpSigError, HttpSigResult, HttpSignatureBase, HttpSignatureHeaders, HttpSignatureParams,
    VerifyingKey,
};
use sha2::{Digest, Sha256};
use vitrine_ledger::wire::{BACKEND_FIELD, CLOCK_TOLERANCE, COVERED, KeyId, KeyUse, MAX_BODY, Message, RequestKey};
use vitrine_ledger::{Author, LedgerId, MspState, Role, SignatureBytes};

use crate::problem::Problem;
use crate::routes::App;
use crate::serve::now_ms;

/// A device whose signature stood.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) msp: LedgerId,
    /// The MSP as it stood when the signature was verified.
    pub(crate) state: Arc<MspState>,
    pub(crate) author: Author,
    pub(crate) key_use: KeyUse,
    /// When the request was signed, by the device's clock: Unix time in seconds.
    pub(crate) created_s: u64,
}

/// What the caller may be, by the newest MSP state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Named by an invitation, and not joined yet: may read the MSP ledger and join.
    Invited,
    /// An active member.
    Member(Role),
}

/// The standing of a device; `None` for one that has none, or none any more.
pub(crate) fn standing(msp: &MspState, author: &Author) -> Option<Standing> {
    let device = msp.device(&author.device).filter(|it| it.until.is_none() && it.member == author.member)?;
    let member = msp.member(&device.member).filter(|member| member.removed.is_none())?;
    match member.joined {
        Some(_) => Some(Standing::Member(member.role())),
        None => (member.first_device == author.device).then_some(Standing::Invited),
    }
}

/// A signed request with a body.
pub(crate) struct Signed<M> {
    pub(crate) caller: Caller,
    pub(crate) body: M,
}

impl<M: Message> FromRequest<App> for Signed<M> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let SignedHead { caller, digest } = SignedHead::from_request_parts(&mut parts, app).await?;
        let body = read_body(body).await?;
        digest.check(&body)?;
        Ok(Self { caller, body: M::from_bytes(&body)? })
    }
}

/// A signed request without a body.
pub(crate) struct SignedEmpty(pub(crate) Caller);

impl FromRequest<App> for SignedEmpty {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (mut parts, _) = request.into_parts();
        let SignedHead { caller, digest } = SignedHead::from_request_parts(&mut parts, app).await?;
        digest.check(&[])?;
        Ok(Self(caller))
    }
}

/// Reads a body as far as any may be long.
pub(crate) async fn read_body(body: axum::body::Body) -> Result<Bytes, Problem> {
    axum::body::to_bytes(body, MAX_BODY).await.map_err(|_| Problem::TooLarge)
}

/// The signature alone, before the body arrived.
struct SignedHead {
    caller: Caller,
    digest: ContentDigest,
}

impl FromRequestParts<App> for SignedHead {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let signature = RequestSignature::read(parts, app)?;
        let msp = app.store.msp(&signature.key_id.msp).await?.ok_or(Problem::Device)?;
        let (author, key) = device(&msp, &signature).ok_or(Problem::Device)?;
        signature.base.verify_signature_headers(&Strict(key), &signature.headers).map_err(|_| Problem::Signature)?;
        // After the signature, so that nobody can use up another device's rate.
        app.limits.device(&signature.key_id)?;
        let RequestSignature { key_id, key_use, created_s, digest, .. } = signature;
        Ok(Self { caller: Caller { msp: key_id.msp, state: msp, author, key_use, created_s }, digest })
    }
}

fn device(msp: &MspState, signature: &RequestSignature) -> Option<(Author, RequestKey)> {
    let device = msp.device(&signature.key_id.device)?;
    let author = Author { member: device.member, device: signature.key_id.device };
    standing(msp, &author)?;
    let key = match signature.key_use {
        KeyUse::Device => RequestKey::Device(device.key),
        KeyUse::Transport => RequestKey::Transport(device.transport?),
    };
    Some((author, key))
}

struct RequestSignature {
    key_id: KeyId,
    key_use: KeyUse,
    created_s: u64,
    digest: ContentDigest,
    base: HttpSignatureBase,
    headers: HttpSignatureHeaders,
}

impl RequestSignature {
    /// Reads the header fields; everything but the signature's truth.
    fn read(parts: &Parts, app: &App) -> Result<Self, Problem> {
        // A query would not be covered.
        if parts.uri.query().is_some() {
            return Err(Problem::Unsigned);
        }
        let backend = single(&parts.headers, BACKEND_FIELD)?;
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
        let now_s = now_ms() / 1000;
        if created_s.abs_diff(now_s) > CLOCK_TOLERANCE {
            return Err(Problem::Clock { now_s });
        }
        if backend != app.identity.id.to_string() {
            return Err(Problem::Backend);
        }
        let values = [parts.method.as_str(), parts.uri.path(), digest, backend];
        let base = layout(&values, params).map_err(|_| Problem::Unsigned)?;
        Ok(Self { key_id, key_use, created_s, digest: ContentDigest::read(digest)?, base, headers })
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
struct ContentDigest([u8; 32]);

impl ContentDigest {
    fn read(field: &str) -> Result<Self, Problem> {
        let inner = field.strip_prefix("sha-256=:").and_then(|rest| rest.strip_suffix(':')).ok_or(Problem::Unsigned)?;
        let bytes = BASE64.decode(inner.as_bytes()).map_err(|_| Problem::Unsigned)?;
        bytes.try_into().map(Self).map_err(|_| Problem::Unsigned)
    }

    fn check(&self, body: &[u8]) -> Result<(), Problem> {
        if <[u8; 32]>::from(Sha256::digest(body)) == self.0 { Ok(()) } else { Err(Problem::Digest) }
    }
}
