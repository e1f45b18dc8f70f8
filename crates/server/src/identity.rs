//! Who this backend is: a key made at the first start, and an id that follows from it. The MSP ledger names both as the
//! home; all replicas share them, and a database remembers the id, so that no replica serves another backend's ledgers.

use std::io::Write;
use std::path::Path;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use vitrine_ledger::wire::Backend;
use vitrine_ledger::{BackendId, BackendKey, SignatureBytes, Signer, SigningKey};

use crate::config::{self, ConfigError};

const ID: &[u8] = b"vitrine/1/backend/id\0";

/// The backend's key and what is known of it in public.
pub(crate) struct Identity {
    secret: SigningKey,
    pub(crate) id: BackendId,
}

impl Identity {
    /// Reads the key, or makes one where there is no file yet.
    pub(crate) fn open(path: &Path) -> Result<Self, ConfigError> {
        if !path.exists() {
            make(path).map_err(|source| ConfigError::File { path: path.to_owned(), source })?;
        }
        let text = config::read(path)?;
        let seed = HEXLOWER.decode(text.trim().as_bytes()).ok().and_then(|seed| <[u8; 32]>::try_from(seed).ok());
        let secret = SigningKey::from_bytes(&seed.ok_or_else(|| ConfigError::Key { path: path.to_owned() })?);
        let hash = Sha256::new().chain_update(ID).chain_update(secret.verifying_key().to_bytes()).finalize();
        let mut id = [0; 16];
        id.copy_from_slice(&hash[..16]);
        Ok(Self { secret, id: BackendId::from_bytes(id) })
    }

    /// Answers a challenge.
    pub(crate) fn prove(&self, challenge: &[u8; 32], time_ms: u64) -> Backend {
        let proof = self.secret.sign(&Backend::message(&self.id, challenge));
        Backend {
            id: self.id,
            key: BackendKey::from_bytes(self.secret.verifying_key().to_bytes()),
            time_ms,
            proof: SignatureBytes::from_bytes(proof.to_bytes()),
        }
    }
}

fn make(path: &Path) -> std::io::Result<()> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| std::io::Error::other(error.to_string()))?;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    writeln!(file, "{}", HEXLOWER.encode(&seed))?;
    file.sync_all()
}
