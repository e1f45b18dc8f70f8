//! Client authentication: a certificate's assertion (RFC 7523) or a client secret.

use crate::oauth::error::Refusal;
use crate::oauth::jwt::Parts;
use crate::tenant::Application;
use crate::world::World;

/// The credential a token request carries.
pub(crate) struct Presented<'a> {
    pub(crate) assertion_type: Option<&'a str>,
    pub(crate) assertion: Option<&'a str>,
    pub(crate) secret: Option<&'a str>,
}

/// How a client proved itself, the `appidacr` claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    Secret,
    Certificate,
}

const BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Clocks of clients may differ by so much.
const SKEW_S: i64 = 300;

/// Checks the credential of `app` at token endpoint addresses `audiences`.
pub(crate) fn check(
    world: &World,
    app: &Application,
    audiences: &[String],
    presented: &Presented<'_>,
) -> Result<Proof, Refusal> {
    match (presented.assertion, presented.secret) {
        (Some(assertion), _) => {
            if presented.assertion_type != Some(BEARER) {
                return Err(Refusal::new(90014).about("client_assertion_type"));
            }
            check_assertion(world, app, audiences, assertion).map(|()| Proof::Certificate)
        }
        (None, Some(secret)) => {
            let known = app.secrets.iter().find(|s| s.text == secret).ok_or_else(|| Refusal::new(7_000_215))?;
            if known.end_ms < world.now_ms() {
                return Err(Refusal::new(7_000_222));
            }
            Ok(Proof::Secret)
        }
        (None, None) => Err(Refusal::new(7_000_216)),
    }
}

fn check_assertion(world: &World, app: &Application, audiences: &[String], assertion: &str) -> Result<(), Refusal> {
    let parts = Parts::read(assertion).ok_or_else(|| Refusal::new(50012).about("the assertion is malformed"))?;
    let text = |name: &str| parts.claims[name].as_str().unwrap_or_default();
    if !audiences.iter().any(|a| a == text("aud")) {
        return Err(Refusal::new(50012).about("the audience is not this token endpoint"));
    }
    if text("iss") != app.app_id || text("sub") != app.app_id {
        return Err(Refusal::new(50012).about("issuer and subject must be the client id"));
    }
    if text("jti").is_empty() {
        return Err(Refusal::new(50012).about("jti is missing"));
    }
    let now_s = world.now_ms() / 1000;
    let expires = parts.claims["exp"].as_i64().unwrap_or(0);
    let from = parts.claims["nbf"].as_i64().or(parts.claims["iat"].as_i64()).unwrap_or(0);
    if expires + SKEW_S < now_s || from - SKEW_S > now_s || expires - now_s > 24 * 3600 {
        return Err(Refusal::new(700_024));
    }
    let now = world.now_ms();
    let known = app
        .keys
        .iter()
        .find(|k| parts.names(&k.der) && k.known_from_ms <= now && k.end_ms > now)
        .ok_or_else(|| Refusal::new(700_027))?;
    if parts.signed_by(&known.der) { Ok(()) } else { Err(Refusal::new(700_027).about("signature")) }
}
