//! The connection to a tenant: its app registration and certificate key. Sealed under the operate key.

use super::{ItemError, fits};
use crate::cbor::{self, Reader, Writer};
use crate::secret::SecretBytes;

const MAX_TEXT: usize = 256;
const MAX_DER: usize = 8 * 1024;
const MAX_ENCODED: usize = 24 * 1024;

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
    /// The certificate, in DER.
    pub certificate_der: Vec<u8>,
    /// Its private key, PKCS#8 in DER.
    pub private_key_pkcs8: SecretBytes,
    /// When the certificate expires, in Unix milliseconds.
    pub not_after_ms: u64,
    /// Name of the cloud, as the configuration knows it.
    pub cloud: String,
}

impl ConnectionItem {
    /// Encodes the item for [`crate::object::seal`].
    pub fn encode(&self) -> Result<SecretBytes, ItemError> {
        fits("tenant_name", self.tenant_name.len(), MAX_TEXT)?;
        fits("default_domain", self.default_domain.len(), MAX_TEXT)?;
        fits("initial_domain", self.initial_domain.len(), MAX_TEXT)?;
        fits("cloud", self.cloud.len(), MAX_TEXT)?;
        fits("certificate_der", self.certificate_der.len(), MAX_DER)?;
        fits("private_key_pkcs8", self.private_key_pkcs8.expose().len(), MAX_DER)?; // read for its length
        Ok(Writer::secret_document(|map| {
            map.bytes(1, &self.tenant_id);
            map.text(2, &self.tenant_name);
            map.text(3, &self.default_domain);
            map.text(4, &self.initial_domain);
            map.bytes(5, &self.app_id);
            map.bytes(6, &self.app_object_id);
            map.bytes(7, &self.service_principal_id);
            map.bytes(8, &self.certificate_der);
            // Read to be encoded into a buffer that is wiped.
            map.bytes(9, self.private_key_pkcs8.expose());
            map.uint(10, self.not_after_ms);
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
                    certificate_der: map.required(8, |reader| reader.bytes(MAX_DER))?.to_vec(),
                    private_key_pkcs8: SecretBytes::new(map.required(9, |reader| reader.bytes(MAX_DER))?.to_vec()),
                    not_after_ms: map.required(10, Reader::uint)?,
                    cloud: map.required(11, text)?,
                })
            })
        })?)
    }
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
            certificate_der: vec![5; 900],
            private_key_pkcs8: SecretBytes::new(vec![6; 1800]),
            not_after_ms: 7,
            cloud: "global".into(),
        }
    }

    #[test]
    fn a_connection_survives_storing() {
        let encoded = item().encode().unwrap();
        let back = ConnectionItem::decode(&encoded).unwrap();
        assert!(back.private_key_pkcs8 == item().private_key_pkcs8);
        assert!(back.encode().unwrap() == encoded);
    }

    #[test]
    fn a_certificate_beyond_the_layout_is_refused_by_name() {
        let long = ConnectionItem { certificate_der: vec![0; MAX_DER + 1], ..item() };
        assert!(matches!(long.encode(), Err(ItemError::TooLong { field: "certificate_der", .. })));
    }
}
