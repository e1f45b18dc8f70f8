//! What lies sealed beside the index, under the local key of the device: small documents of which an index made again knows
//! nothing. Each kind has a number of its own, so that none opens in the place of another.

use crate::error::Result;
use crate::session::{self, rng};
use vitrine_vault::SecretBytes;
use vitrine_vault::account::DeviceKeys;
use vitrine_vault::page::{PageError, PageKey};

/// Above every page of the index; view records are numbered above these.
const FIRST: u64 = 1 << 62;

/// A kind of document.
#[derive(Clone, Copy)]
pub(crate) enum Beside {
    Own = 0,
    Incident = 1,
    Webhook = 2,
    Joining = 3,
    Removal = 4,
    Invitations = 5,
    Roots = 6,
}

impl Beside {
    fn page(self) -> u64 {
        FIRST + self as u64
    }

    /// Seals one.
    pub(crate) fn seal(self, device: &DeviceKeys, plain: &[u8]) -> Result<Vec<u8>> {
        PageKey::derive(device.local()).seal(self.page(), 0, plain, &mut rng()).map_err(session::unreadable_keys)
    }

    /// Opens one that this device sealed.
    pub(crate) fn open(self, device: &DeviceKeys, sealed: &[u8]) -> std::result::Result<SecretBytes, PageError> {
        PageKey::derive(device.local()).open(self.page(), 0, sealed)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_document_opens_as_what_it_is_and_as_nothing_else() {
        let all = [
            Beside::Own,
            Beside::Incident,
            Beside::Webhook,
            Beside::Joining,
            Beside::Removal,
            Beside::Invitations,
            Beside::Roots,
        ];
        let device = DeviceKeys::make(&mut rng());
        for (at, kind) in all.iter().enumerate() {
            let sealed = kind.seal(&device, b"words").unwrap();
            for (other, opener) in all.iter().enumerate() {
                assert_eq!(opener.open(&device, &sealed).is_ok(), at == other, "{at} as {other}");
            }
        }
    }
}
