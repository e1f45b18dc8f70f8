//! Who asks: HTTP Message Signatures (RFC 9421) with a content digest (RFC 9530), by a device that the MSP ledger names.
//!
//! [`RequestSignature`] reads the fields; here the device is looked up. There is no store of nonces: within the minute in
//! which a request could be sent again, a repeated append loses its place and every other write says the same again.
//!
//! The signature is checked before the body is read, so a stranger cannot make this server hold a body.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use vitrine_ledger::wire::{KeyUse, MAX_BODY, Message, RequestKey};
use vitrine_ledger::{Author, LedgerId, MspState, Role};

use crate::problem::Problem;
use crate::routes::App;
use crate::serve::now_ms;
use crate::signature::{ContentDigest, RequestSignature};

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
        let signature = RequestSignature::read(parts, &app.identity.id, now_ms() / 1000)?;
        let msp = app.store.msp(&signature.key_id.msp).await?.ok_or(Problem::Device)?;
        let (author, key) = device(&msp, &signature).ok_or(Problem::Device)?;
        if !signature.stands(key) {
            return Err(Problem::Signature);
        }
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
