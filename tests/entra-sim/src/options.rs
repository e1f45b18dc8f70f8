//! What a simulator is started with, and the settings that can change while it runs.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::sim::SimError;

/// How to start a simulator.
#[derive(Debug, Clone, Default)]
pub struct SimOptions {
    /// Port of the login host on loopback; Graph takes the next one. 0 lets the system choose both.
    pub port: u16,
    /// Everything made up (ids, passwords, codes, which request a fault bites) follows from this.
    pub seed: u64,
    /// PEM files of certificate chain and key; absent means plain HTTP.
    pub tls: Option<TlsFiles>,
    /// Settings and faults from the start.
    pub scenario: Scenario,
    /// Further tenants ("Fleet 0001" and so on) beside the named ones.
    pub fleet: usize,
    /// Dropped after a request or an answer that did not fit Microsoft's description, it panics. Where there is no
    /// description to compare with, it says so once.
    pub must_fit: bool,
}

/// PEM files for TLS.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// Certificate chain, the host's own certificate first. It must be good for `localhost`.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Settings and faults, from a scenario file or from the control endpoint.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Scenario {
    /// Settings; what is absent keeps its default.
    pub settings: Settings,
    /// Faults, in the order in which they are asked.
    pub faults: Vec<Fault>,
}

impl Scenario {
    /// Reads a scenario file: JSON if its name ends in `.json`, else TOML.
    pub fn read(path: &Path) -> Result<Self, SimError> {
        let text = std::fs::read_to_string(path).map_err(|source| SimError::File { path: path.to_owned(), source })?;
        let bad = |detail: String| SimError::Scenario { path: path.to_owned(), detail };
        if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("json")) {
            serde_json::from_str(&text).map_err(|e| bad(e.to_string()))
        } else {
            toml::from_str(&text).map_err(|e| bad(e.to_string()))
        }
    }
}

/// Settings that hold for all tenants.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Settings {
    /// How long a created object stays unknown, and a removed role assignment visible, in milliseconds.
    pub replication_ms: i64,
    /// How long `lastPasswordChangeDateTime` lags behind a change, in milliseconds.
    pub proof_delay_ms: i64,
    /// How long the token endpoint does not know a new certificate (AADSTS700027), in milliseconds.
    pub certificate_delay_ms: i64,
    /// `interval` of the device code flow, in seconds.
    pub device_interval_s: i64,
    /// Life of a device code, in seconds.
    pub device_expiry_s: i64,
    /// Whether polling faster than `device_interval_s` is answered by `slow_down`.
    pub device_slow_down: bool,
    /// Life of an access token, in seconds.
    pub access_token_s: i64,
    /// Objects in one page of a list when the request does not say.
    pub page_size: usize,
    /// Whether Graph throttles by Microsoft's published token buckets.
    pub throttling: bool,
    /// A limit below the published ones, on the writes of all applications together: a service that is loaded.
    pub write_quota: Option<Quota>,
    /// Milliseconds of real time that every answer takes.
    pub latency_ms: u64,
    /// Refuse in its own answers and in requests what Microsoft's description does not know, see `/control/violations`.
    pub validate: bool,
}

/// A token bucket.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Quota {
    /// What is in it when it is full, as it is at first.
    pub units: u32,
    /// What comes back in a second.
    pub per_second: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            replication_ms: 0,
            proof_delay_ms: 0,
            certificate_delay_ms: 0,
            device_interval_s: 5,
            device_expiry_s: 900,
            device_slow_down: true,
            access_token_s: 3599,
            page_size: 100,
            throttling: true,
            write_quota: None,
            latency_ms: 0,
            validate: true,
        }
    }
}
