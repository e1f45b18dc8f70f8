//! Tokens the simulator signs (RS256) and assertions it verifies (RS256, PS256).

use std::sync::{Arc, OnceLock};

use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{self, KeyPair as _, UnparsedPublicKey, VerificationAlgorithm};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

/// The key that signs all tokens. One per process: making an RSA key takes a moment and nothing depends on which.
pub(crate) struct SigningKey {
    pair: KeyPair,
    pub(crate) kid: String,
}

/// The signing key, made at first use.
pub(crate) fn signing_key() -> Arc<SigningKey> {
    static KEY: OnceLock<Arc<SigningKey>> = OnceLock::new();
    Arc::clone(KEY.get_or_init(|| {
        let pair = KeyPair::generate(KeySize::Rsa2048).expect("the library makes 2048-bit RSA keys");
        let print = digest::digest(&digest::SHA256, pair.public_key().as_ref());
        Arc::new(SigningKey { kid: BASE64URL_NOPAD.encode(&print.as_ref()[..20]), pair })
    }))
}

impl SigningKey {
    /// The key set of RFC 7517, one key.
    pub(crate) fn jwks(&self, issuer: &str) -> Value {
        let public = self.pair.public_key();
        json!({ "keys": [{
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid, "x5t": self.kid, "issuer": issuer,
            "n": BASE64URL_NOPAD.encode(public.modulus().big_endian_without_leading_zero()),
            "e": BASE64URL_NOPAD.encode(public.exponent().big_endian_without_leading_zero()),
        }]})
    }

    /// Signs claims as a JWT.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let header = json!({ "typ": "JWT", "alg": "RS256", "kid": self.kid, "x5t": self.kid });
        let text = format!(
            "{}.{}",
            BASE64URL_NOPAD.encode(header.to_string().as_bytes()),
            BASE64URL_NOPAD.encode(claims.to_string().as_bytes())
        );
        let mut mark = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut mark)
            .expect("the buffer has the length of the modulus");
        format!("{text}.{}", BASE64URL_NOPAD.encode(&mark))
    }

    /// The claims of a token this key signed; `None` for anything else. Time is for the caller to judge.
    pub(crate) fn open(&self, token: &str) -> Option<Value> {
        let parts = Parts::read(token)?;
        let key = UnparsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, self.pair.public_key().as_ref());
        key.verify(parts.signed, &parts.signature).ok()?;
        Some(parts.claims)
    }
}

/// A JWT taken apart, not yet believed.
pub(crate) struct Parts<'a> {
    pub(crate) header: Value,
    pub(crate) claims: Value,
    pub(crate) signature: Vec<u8>,
    pub(crate) signed: &'a [u8],
}

impl<'a> Parts<'a> {
    pub(crate) fn read(token: &'a str) -> Option<Self> {
        let (signed, mark) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let json = |part: &str| serde_json::from_slice(&unpadded(part)?).ok();
        Some(Self {
            header: json(header)?,
            claims: json(claims)?,
            signature: unpadded(mark)?,
            signed: signed.as_bytes(),
        })
    }

    /// Whether the owner of `certificate` (DER) signed this, with an algorithm Entra accepts.
    pub(crate) fn signed_by(&self, certificate: &[u8]) -> bool {
        let algorithm: &dyn VerificationAlgorithm = match self.header["alg"].as_str() {
            Some("RS256") => &signature::RSA_PKCS1_2048_8192_SHA256,
            Some("PS256") => &signature::RSA_PSS_2048_8192_SHA256,
            _ => return false,
        };
        let Some(key) = certificate_key(certificate) else { return false };
        UnparsedPublicKey::new(algorithm, key).verify(self.signed, &self.signature).is_ok()
    }

    /// Whether the header names `certificate` by `x5t#S256` (SHA-256) or `x5t` (SHA-1), padded or not.
    pub(crate) fn names(&self, certificate: &[u8]) -> bool {
        let print = |algorithm| digest::digest(algorithm, certificate).as_ref().to_vec();
        let given = |name: &str| self.header[name].as_str().and_then(unpadded);
        match (given("x5t#S256"), given("x5t")) {
            (Some(long), _) => long == print(&digest::SHA256),
            (None, Some(short)) => short == print(&digest::SHA1_FOR_LEGACY_USE_ONLY),
            (None, None) => false,
        }
    }
}

/// Base64url with or without padding.
fn unpadded(text: &str) -> Option<Vec<u8>> {
    BASE64URL_NOPAD.decode(text.trim_end_matches('=').as_bytes()).ok()
}

/// The RSA public key inside a certificate.
fn certificate_key(der: &[u8]) -> Option<Vec<u8>> {
    let (_, certificate) = x509_parser::parse_x509_certificate(der).ok()?;
    Some(certificate.public_key().subject_public_key.data.to_vec())
}

/// Start and end of a certificate's validity, Unix milliseconds; `None` if it is no certificate with an RSA key.
pub(crate) fn certificate_validity(der: &[u8]) -> Option<(i64, i64)> {
    let (_, certificate) = x509_parser::parse_x509_certificate(der).ok()?;
    certificate.public_key().parsed().ok().filter(|k| matches!(k, x509_parser::public_key::PublicKey::RSA(_)))?;
    let validity = certificate.validity();
    Some((validity.not_before.timestamp() * 1000, validity.not_after.timestamp() * 1000))
}

/// SHA-1 of a certificate in upper-case hexadecimal, Entra's `customKeyIdentifier`.
pub(crate) fn thumbprint(der: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, der).as_ref().to_vec()
}

/// The S256 challenge of a verifier (RFC 7636).
pub(crate) fn challenge_of(verifier: &str) -> String {
    BASE64URL_NOPAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_token_opens_and_an_edited_one_does_not() {
        let key = signing_key();
        let token = key.sign(&json!({ "tid": "a" }));
        assert_eq!(key.open(&token).expect("own token")["tid"], "a");
        let mut parts: Vec<&str> = token.split('.').collect();
        let forged = BASE64URL_NOPAD.encode(br#"{"tid":"b"}"#);
        parts[1] = &forged;
        assert!(key.open(&parts.join(".")).is_none());
    }

    #[test]
    fn the_challenge_matches_the_example_of_rfc_7636() {
        assert_eq!(
            challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }
}
