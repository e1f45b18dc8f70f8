//! The connection's own key and self-signed certificate, and the assertion it signs with.

use crate::id::{ApplicationId, ClientId};
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding};
use data_encoding::{BASE64URL_NOPAD, HEXUPPER};
use serde_json::json;
use time::OffsetDateTime;
use zeroize::Zeroizing;

/// How long an assertion lives, as in Microsoft's own library.
const ASSERTION_LIFETIME_S: u64 = 600;

/// A certificate with its key. No `Debug`, no `Clone`; the library frees the key zeroed.
pub struct Certificate {
    der: Vec<u8>,
    thumbprint: [u8; 32],
    key: KeyPair,
}

/// Why a certificate could not be made or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// The key could not be generated.
    #[error("a key for the certificate could not be made")]
    Key,
    /// The stored key cannot be read.
    #[error("the stored key of the connection cannot be read")]
    UnreadableKey,
    /// The stored key belongs to another certificate.
    #[error("the stored key of the connection belongs to another certificate")]
    Mismatch,
    /// Validity ends before it begins, or beyond what X.509 can say.
    #[error("the validity of the certificate is out of range")]
    Validity,
    /// The certificate could not be signed.
    #[error("the certificate could not be made")]
    Sign,
}

impl CertificateError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Key => "certificate.key",
            Self::UnreadableKey => "certificate.unreadable-key",
            Self::Mismatch => "certificate.mismatch",
            Self::Validity => "certificate.validity",
            Self::Sign => "certificate.sign",
        }
    }
}

/// A fresh certificate as it is handed to the vault before anything in the tenant knows it.
pub struct MadeCertificate {
    /// DER of the certificate; not secret.
    pub der: Vec<u8>,
    /// PKCS #8 DER of the RSA key (3072 bits, about 1.8 KB); secret.
    pub pkcs8: Zeroizing<Vec<u8>>,
    /// Unix milliseconds at which it ends.
    pub not_after_ms: u64,
}

/// Makes an RSA-3072 key and a self-signed certificate for it; no network, about a third of a second.
pub fn make_certificate(
    common_name: &str,
    not_before_ms: u64,
    not_after_ms: u64,
) -> Result<MadeCertificate, CertificateError> {
    let mut params = rcgen::CertificateParams::default();
    (params.not_before, params.not_after) = (moment(not_before_ms)?, moment(not_after_ms)?);
    if params.not_after <= params.not_before {
        return Err(CertificateError::Validity);
    }
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(rcgen::DnType::CommonName, common_name);
    params.key_usages = vec![rcgen::KeyUsagePurpose::DigitalSignature];
    let key = KeyPair::generate(KeySize::Rsa3072).map_err(|_| CertificateError::Key)?;
    let pkcs8 = AsDer::<Pkcs8V1Der<'static>>::as_der(&key).map_err(|_| CertificateError::Key)?;
    let pkcs8 = Zeroizing::new(pkcs8.as_ref().to_vec());
    let signer = rcgen::KeyPair::try_from(pkcs8.as_slice()).map_err(|_| CertificateError::Key)?;
    let certificate = params.self_signed(&signer).map_err(|_| CertificateError::Sign)?;
    Ok(MadeCertificate { der: certificate.der().to_vec(), pkcs8, not_after_ms })
}

/// From when a certificate is valid, in Unix milliseconds. None where `der` is no certificate.
pub fn valid_from_ms(der: &[u8]) -> Option<u64> {
    let (_, certificate) = x509_parser::parse_x509_certificate(der).ok()?;
    u64::try_from(certificate.validity().not_before.timestamp()).ok()?.checked_mul(1000)
}

impl Certificate {
    /// From what the vault kept. Refuses a key that does not belong to the certificate.
    pub fn new(der: Vec<u8>, pkcs8: &[u8]) -> Result<Self, CertificateError> {
        let key = KeyPair::from_pkcs8(pkcs8).map_err(|_| CertificateError::UnreadableKey)?;
        let public = key.public_key().as_ref();
        // RFC 5280: the certificate holds the very bytes of the RSA public key. Found here, a mixed-up pair is named;
        // otherwise Microsoft would only say that some signature is wrong.
        if public.is_empty() || !der.windows(public.len()).any(|w| w == public) {
            return Err(CertificateError::Mismatch);
        }
        let thumbprint = sha256(&der);
        Ok(Self { der, thumbprint, key })
    }

    /// DER of the certificate.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// SHA-256 of the DER: how the tenant's key list and `x5t#S256` name it.
    pub fn thumbprint(&self) -> [u8; 32] {
        self.thumbprint
    }

    /// The assertion that takes the place of a secret (RFC 7523): PS256 with `x5t#S256`, as Microsoft's own library
    /// sends it. `audience` is the token endpoint.
    pub(crate) fn assertion(
        &self,
        client: ClientId,
        audience: &str,
        now_ms: u64,
    ) -> Result<Zeroizing<String>, CertificateError> {
        let now = now_ms / 1000;
        self.sign(&json!({
            "aud": audience, "iss": client.to_string(), "sub": client.to_string(),
            "jti": uuid::Uuid::new_v4().to_string(), "nbf": now, "iat": now, "exp": now + ASSERTION_LIFETIME_S,
        }))
    }

    /// The proof of possession that `addKey` and `removeKey` ask for: signed by a key that the registration already
    /// has, issued by the registration's object id, ten minutes long at most. Signed as the sample on Microsoft's page
    /// signs it (RS256, `x5t`), because nothing says that its reader knows more. Source: Microsoft Learn, "Generate
    /// proof of possession tokens for rolling keys".
    pub(crate) fn possession_proof(
        &self,
        application: ApplicationId,
        audience: ClientId,
        now_ms: u64,
    ) -> Result<Zeroizing<String>, CertificateError> {
        let now = now_ms / 1000;
        let sha1 = digest(&SHA1_FOR_LEGACY_USE_ONLY, &self.der);
        let header = json!({
            "alg": "RS256", "typ": "JWT", "kid": HEXUPPER.encode(sha1.as_ref()), "x5t": BASE64URL_NOPAD.encode(sha1.as_ref()),
        });
        let claims = json!({
            "aud": audience.to_string(), "iss": application.to_string(), "nbf": now, "exp": now + ASSERTION_LIFETIME_S,
        });
        self.sign_as(&RSA_PKCS1_SHA256, &header, &claims)
    }

    fn sign(&self, claims: &serde_json::Value) -> Result<Zeroizing<String>, CertificateError> {
        let header = json!({"alg": "PS256", "typ": "JWT", "x5t#S256": BASE64URL_NOPAD.encode(&self.thumbprint)});
        self.sign_as(&RSA_PSS_SHA256, &header, claims)
    }

    fn sign_as(
        &self,
        algorithm: &'static dyn RsaEncoding,
        header: &serde_json::Value,
        claims: &serde_json::Value,
    ) -> Result<Zeroizing<String>, CertificateError> {
        let part = |value: &serde_json::Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let mut token = Zeroizing::new(format!("{}.{}", part(header), part(claims)));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(algorithm, &SystemRandom::new(), token.as_bytes(), &mut signature)
            .map_err(|_| CertificateError::Sign)?;
        token.push('.');
        token.push_str(&BASE64URL_NOPAD.encode(&signature));
        Ok(token)
    }
}

/// SHA-256: how Microsoft's `x5t#S256` and this application name a certificate.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&aws_lc_rs::digest::SHA256, bytes).as_ref());
    out
}

fn moment(ms: u64) -> Result<OffsetDateTime, CertificateError> {
    let seconds = i64::try_from(ms / 1000).map_err(|_| CertificateError::Validity)?;
    OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| CertificateError::Validity)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use aws_lc_rs::signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};

    const DAY_MS: u64 = 86_400_000;

    fn made() -> MadeCertificate {
        make_certificate("Vitrine emergency access", 1_700_000_000_000, 1_700_000_000_000 + 180 * DAY_MS).unwrap()
    }

    #[test]
    fn an_assertion_names_the_certificate_and_verifies_with_its_key() {
        let made = made();
        let certificate = Certificate::new(made.der.clone(), &made.pkcs8).unwrap();
        let client = ClientId::from_u128(7);
        let token =
            certificate.assertion(client, "https://login.example/t/oauth2/v2.0/token", 1_700_000_000_000).unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        let json = |p: &str| {
            serde_json::from_slice::<serde_json::Value>(&BASE64URL_NOPAD.decode(p.as_bytes()).unwrap()).unwrap()
        };
        let (header, claims) = (json(parts[0]), json(parts[1]));
        assert_eq!(header["alg"], "PS256");
        assert_eq!(header["x5t#S256"], BASE64URL_NOPAD.encode(&sha256(&made.der)));
        assert_eq!(claims["aud"], "https://login.example/t/oauth2/v2.0/token");
        assert_eq!((claims["iss"].clone(), claims["exp"].as_u64()), (claims["sub"].clone(), Some(1_700_000_600)));
        let key = UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, certificate.key.public_key().as_ref().to_vec());
        let signed = format!("{}.{}", parts[0], parts[1]);
        let signature = BASE64URL_NOPAD.decode(parts[2].as_bytes()).unwrap();
        assert!(key.verify(signed.as_bytes(), &signature).is_ok());
        assert!(key.verify(format!("{signed}x").as_bytes(), &signature).is_err());
        let again = certificate.assertion(client, "x", 1_700_000_000_000).unwrap();
        assert_ne!(json(again.split('.').nth(1).unwrap())["jti"], claims["jti"]);
    }

    #[test]
    fn a_key_of_another_certificate_and_a_broken_key_are_named() {
        let (one, two) = (made(), made());
        assert_eq!(Certificate::new(one.der.clone(), &two.pkcs8).err(), Some(CertificateError::Mismatch));
        assert_eq!(Certificate::new(one.der.clone(), &one.pkcs8[1..]).err(), Some(CertificateError::UnreadableKey));
        assert_eq!(Certificate::new(one.der, &[]).err(), Some(CertificateError::UnreadableKey));
    }

    #[test]
    fn a_validity_that_makes_no_sense_is_refused() {
        for (from, to) in [(5, 5), (10_000, 5_000), (0, u64::MAX)] {
            assert_eq!(make_certificate("x", from, to).err(), Some(CertificateError::Validity));
        }
    }
}
