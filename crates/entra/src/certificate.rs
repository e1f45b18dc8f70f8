//! The connection's own key and self-signed certificate, and the assertion it signs with.

use zeroize::Zeroizing;

/// A certificate with its key. No `Debug`, no `Clone`; the key is zeroed on drop.
pub struct Certificate {
    der: Vec<u8>,
    thumbprint: [u8; 32],
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
    /// Validity ends before it begins, or beyond what X.509 can say.
    #[error("the validity of the certificate is out of range")]
    Validity,
    /// The certificate could not be signed.
    #[error("the certificate could not be made")]
    Sign,
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
pub fn make_certificate(common_name: &str, not_before_ms: u64, not_after_ms: u64) -> Result<MadeCertificate, CertificateError> { unimplemented!() }

impl Certificate {
    /// From what the vault kept.
    pub fn new(der: Vec<u8>, pkcs8: &[u8]) -> Result<Self, CertificateError> { unimplemented!() }
    /// DER of the certificate.
    pub fn der(&self) -> &[u8] { &self.der }
    /// SHA-256 of the DER: how the tenant's key list and `x5t#S256` name it.
    pub fn thumbprint(&self) -> [u8; 32] { self.thumbprint }
}
