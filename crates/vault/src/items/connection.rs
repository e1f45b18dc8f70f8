//! The connection to a tenant: its app registration and certificate key. Sealed under the operate key.

use super::{ItemError, fits};
use crate::cbor::{self, CborError, Reader, Writer};
use crate::secret::SecretBytes;

const MAX_TEXT: usize = 256;
const MAX_DER: usize = 8 * 1024;
const MAX_ENCODED: usize = 64 * 1024;

/// A certificate with its key, as the connection signs in with it.
pub struct StoredCertificate {
    /// The certificate, in DER.
    pub der: Vec<u8>,
    /// Its private key, PKCS#8 in DER.
    pub private_key_pkcs8: SecretBytes,
    /// When it expires, in Unix milliseconds.
    pub not_after_ms: u64,
    /// Under which id the tenant lists it; none until the tenant said so.
    pub key_id: Option<[u8; 16]>,
}

/// A tenant's connection. Ids are the 16 bytes of the directory's GUIDs, in the order they are written.
pub struct ConnectionItem {
    /// Tenant id.
    pub tenant_id: [u8; 16],
    /// Display name of the tenant, as it was when connected.
    pub tenant_name: String,
    /// Default domain.
    pub default_domain: String,
    /// Initial `onmicrosoft.com` domain.
    pub initial_domain: String,
    /// Application (client) id.
    pub app_id: [u8; 16],
    /// Object id of the app registration.
    pub app_object_id: [u8; 16],
    /// Object id of the service principal.
    pub service_principal_id: [u8; 16],
    /// The certificate that signs in.
    pub certificate: StoredCertificate,
    /// The one that takes its place once a sign-in proved it. Stored before the tenant hears of it.
    pub pending: Option<StoredCertificate>,
    /// The one before, until the tenant has forgotten it.
    pub previous: Option<StoredCertificate>,
    /// Name of the cloud, as the configuration knows it.
    pub cloud: String,
}

impl ConnectionItem {
    /// Every certificate that the tenant may list as this connection's.
    pub fn certificates(&self) -> impl Iterator<Item = &StoredCertificate> {
        [Some(&self.certificate), self.pending.as_ref(), self.previous.as_ref()].into_iter().flatten()
    }

    /// Encodes the item for [`crate::object::seal`].
    pub fn encode(&self) -> Result<SecretBytes, ItemError> {
        fits("tenant_name", self.tenant_name.len(), MAX_TEXT)?;
        fits("default_domain", self.default_domain.len(), MAX_TEXT)?;
        fits("initial_domain", self.initial_domain.len(), MAX_TEXT)?;
        fits("cloud", self.cloud.len(), MAX_TEXT)?;
        for certificate in self.certificates() {
            fits("certificate_der", certificate.der.len(), MAX_DER)?;
            fits("private_key_pkcs8", certificate.private_key_pkcs8.expose().len(), MAX_DER)?; // read for its length
        }
        Ok(Writer::secret_document(|map| {
            map.bytes(1, &self.tenant_id);
            map.text(2, &self.tenant_name);
            map.text(3, &self.default_domain);
            map.text(4, &self.initial_domain);
            map.bytes(5, &self.app_id);
            map.bytes(6, &self.app_object_id);
            map.bytes(7, &self.service_principal_id);
            map.field(8, |writer| write_certificate(writer, &self.certificate));
            map.maybe(9, self.pending.as_ref(), write_certificate);
            map.maybe(10, self.previous.as_ref(), write_certificate);
            map.text(11, &self.cloud);
        }))
    }

    /// Decodes an opened item.
    pub fn decode(bytes: &SecretBytes) -> Result<Self, ItemError> {
        let text = |reader: &mut Reader<'_>| reader.text(MAX_TEXT).map(str::to_owned);
        // Read to take the fields out.
        Ok(cbor::decode(bytes.expose(), MAX_ENCODED, |reader| {
            reader.map(|map| {
                Ok(Self {
                    tenant_id: map.required(1, Reader::array)?,
                    tenant_name: map.required(2, text)?,
                    default_domain: map.required(3, text)?,
                    initial_domain: map.required(4, text)?,
                    app_id: map.required(5, Reader::array)?,
                    app_object_id: map.required(6, Reader::array)?,
                    service_principal_id: map.required(7, Reader::array)?,
                    certificate: map.required(8, read_certificate)?,
                    pending: map.optional(9, read_certificate)?,
                    previous: map.optional(10, read_certificate)?,
                    cloud: map.required(11, text)?,
                })
            })
        })?)
    }
}

fn write_certificate(writer: &mut Writer, certificate: &StoredCertificate) {
    writer.map(|map| {
        map.bytes(1, &certificate.der);
        // Read to be encoded into a buffer that is wiped.
        map.bytes(2, certificate.private_key_pkcs8.expose());
        map.uint(3, certificate.not_after_ms);
        map.maybe(4, certificate.key_id, |writer, id| writer.bytes(&id));
    });
}

fn read_certificate(reader: &mut Reader<'_>) -> Result<StoredCertificate, CborError> {
    reader.map(|map| {
        Ok(StoredCertificate {
            der: map.required(1, |reader| reader.bytes(MAX_DER))?.to_vec(),
            private_key_pkcs8: SecretBytes::new(map.required(2, |reader| reader.bytes(MAX_DER))?.to_vec()),
            not_after_ms: map.required(3, Reader::uint)?,
            key_id: map.optional(4, Reader::array)?,
        })
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn item() -> ConnectionItem {
        ConnectionItem {
            tenant_id: [1; 16],
            tenant_name: "Contoso".into(),
            default_domain: "contoso.com".into(),
            initial_domain: "contoso.onmicrosoft.com".into(),
            app_id: [2; 16],
            app_object_id: [3; 16],
            service_principal_id: [4; 16],
            certificate: certificate(5),
            pending: None,
            previous: None,
            cloud: "global".into(),
        }
    }

    fn certificate(seed: u8) -> StoredCertificate {
        StoredCertificate {
            der: vec![seed; 900],
            private_key_pkcs8: SecretBytes::new(vec![seed + 1; 1800]),
            not_after_ms: 7,
            key_id: (seed > 5).then_some([seed; 16]),
        }
    }

    #[test]
    fn a_connection_survives_storing_in_every_state_of_a_renewal() {
        for (pending, previous) in [(false, false), (true, false), (false, true), (true, true)] {
            let whole = ConnectionItem {
                pending: pending.then(|| certificate(10)),
                previous: previous.then(|| certificate(20)),
                ..item()
            };
            let encoded = whole.encode().unwrap();
            let back = ConnectionItem::decode(&encoded).unwrap();
            assert!(back.certificate.private_key_pkcs8 == item().certificate.private_key_pkcs8);
            assert_eq!(back.certificates().count(), 1 + usize::from(pending) + usize::from(previous));
            assert!(back.encode().unwrap() == encoded);
        }
    }

    #[test]
    fn three_certificates_of_the_greatest_length_fit() {
        let long = || StoredCertificate {
            der: vec![0; MAX_DER],
            private_key_pkcs8: SecretBytes::new(vec![0; MAX_DER]),
            ..certificate(30)
        };
        let whole = ConnectionItem { certificate: long(), pending: Some(long()), previous: Some(long()), ..item() };
        assert!(ConnectionItem::decode(&whole.encode().unwrap()).is_ok());
    }

    #[test]
    fn a_certificate_beyond_the_layout_is_refused_by_name() {
        let long = || StoredCertificate { der: vec![0; MAX_DER + 1], ..certificate(5) };
        assert!(matches!(
            ConnectionItem { certificate: long(), ..item() }.encode(),
            Err(ItemError::TooLong { field: "certificate_der", .. })
        ));
        assert!(matches!(
            ConnectionItem { pending: Some(long()), ..item() }.encode(),
            Err(ItemError::TooLong { field: "certificate_der", .. })
        ));
    }
}
