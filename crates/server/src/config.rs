//! What an operator sets, by environment (`VITRINE_SERVER_*`) or flag. Secrets come from files alone: an environment is
//! inherited, printed by supervisors and kept in crash reports.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use thiserror::Error;

/// Configuration of one replica.
#[derive(Args, Clone, Debug)]
pub struct Config {
    /// Address to listen on; put a proxy in front or give a certificate before it leaves this machine
    #[arg(long, env = "VITRINE_SERVER_LISTEN", default_value = "127.0.0.1:8320")]
    pub listen: SocketAddr,
    /// Folder of the SQLite database and of the backend's key
    #[arg(long, env = "VITRINE_SERVER_DATA", default_value = "/var/lib/vitrine-server")]
    pub data: PathBuf,
    /// PostgreSQL instead: a URL without a password (a socket, or a client certificate)
    #[arg(long, env = "VITRINE_SERVER_DATABASE_URL", conflicts_with = "database_url_file")]
    pub database_url: Option<String>,
    /// The same from a file, where it may hold a password
    #[arg(long, env = "VITRINE_SERVER_DATABASE_URL_FILE")]
    pub database_url_file: Option<PathBuf>,
    /// The backend's key, 64 hexadecimal digits; the same for all replicas. Made in the data folder at the first start
    #[arg(long, env = "VITRINE_SERVER_KEY_FILE")]
    pub key_file: Option<PathBuf>,
    /// Who knows what stands in this file may register an MSP; without it nobody may
    #[arg(long, env = "VITRINE_SERVER_REGISTRATION_TOKEN_FILE")]
    pub registration_token_file: Option<PathBuf>,
    /// Certificate chain, PEM; with it this server speaks TLS itself
    #[arg(long, env = "VITRINE_SERVER_TLS_CERTIFICATE_FILE", requires = "tls_key_file")]
    pub tls_certificate_file: Option<PathBuf>,
    /// Private key of the certificate, PEM
    #[arg(long, env = "VITRINE_SERVER_TLS_KEY_FILE", requires = "tls_certificate_file")]
    pub tls_key_file: Option<PathBuf>,
    /// A proxy in front sets X-Forwarded-For: its last address counts for the limits
    #[arg(long, env = "VITRINE_SERVER_BEHIND_PROXY")]
    pub behind_proxy: bool,
    /// Most bytes of entries and objects of one MSP
    #[arg(long, env = "VITRINE_SERVER_QUOTA_BYTES", default_value_t = 20 << 30)]
    pub quota_bytes: u64,
    /// Requests a second of one device, with bursts of ten times as many
    #[arg(long, env = "VITRINE_SERVER_RATE", default_value = "100")]
    pub rate: std::num::NonZeroU32,
    /// Requests a minute of one address before it is known who asks
    #[arg(long, env = "VITRINE_SERVER_OPEN_RATE", default_value = "60")]
    pub open_rate: std::num::NonZeroU32,
    /// Connections at once
    #[arg(long, env = "VITRINE_SERVER_CONNECTIONS", default_value_t = 4096)]
    pub connections: usize,
    /// Seconds that a request may take, its body included
    #[arg(long, env = "VITRINE_SERVER_TIMEOUT_SECONDS", default_value_t = 30)]
    pub timeout_seconds: u64,
}

/// A configuration that cannot be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// A file that is named could not be read.
    #[error("could not read {}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A URL with a password where other programs can read it.
    #[error("the database URL holds a password: put it into a file and name that by VITRINE_SERVER_DATABASE_URL_FILE")]
    PasswordInEnvironment,
    /// Neither `postgres:` nor `sqlite:`.
    #[error("the database URL must begin with postgres: or sqlite:")]
    Database,
    /// The backend's key is not 64 hexadecimal digits.
    #[error("{} does not hold a backend key (64 hexadecimal digits)", path.display())]
    Key {
        /// Its file.
        path: PathBuf,
    },
    /// A token that could be guessed.
    #[error("the registration token must have at least 32 characters")]
    Token,
}

pub(crate) fn read(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|source| ConfigError::File { path: path.to_owned(), source })
}

impl Config {
    /// The URL of the database.
    ///
    /// # Errors
    /// A file that cannot be read, a password outside a file, or a database of another kind.
    pub fn database(&self) -> Result<String, ConfigError> {
        let url = match (&self.database_url_file, &self.database_url) {
            (Some(file), _) => read(file)?.trim().to_owned(),
            (None, Some(url)) if has_password(url) => return Err(ConfigError::PasswordInEnvironment),
            (None, Some(url)) => url.clone(),
            (None, None) => format!("sqlite:{}", self.data.join("vitrine-server.sqlite").display()),
        };
        if ["postgres:", "postgresql:", "sqlite:"].iter().any(|scheme| url.starts_with(scheme)) {
            Ok(url)
        } else {
            Err(ConfigError::Database)
        }
    }

    pub(crate) fn key_path(&self) -> PathBuf {
        self.key_file.clone().unwrap_or_else(|| self.data.join("backend.key"))
    }

    pub(crate) fn registration_token(&self) -> Result<Option<String>, ConfigError> {
        let Some(path) = &self.registration_token_file else { return Ok(None) };
        let token = read(path)?.trim().to_owned();
        if token.len() >= 32 { Ok(Some(token)) } else { Err(ConfigError::Token) }
    }
}

fn has_password(url: &str) -> bool {
    let authority = url.split_once("://").map_or("", |(_, rest)| rest.split(['/', '?']).next().unwrap_or_default());
    let in_authority = authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'));
    in_authority || url.contains("password=")
}

#[cfg(test)]
mod tests {
    use super::has_password;

    #[test]
    fn a_password_is_seen_wherever_a_url_can_hold_one() {
        assert!(has_password("postgres://vitrine:secret@db/vitrine"));
        assert!(has_password("postgres://db/vitrine?user=vitrine&password=secret"));
        assert!(!has_password("postgres://vitrine@db:5432/vitrine"));
        assert!(!has_password("postgres:///vitrine?host=/run/postgresql"));
    }
}
