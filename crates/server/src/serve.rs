//! From a configuration to a running server, and back to a stopped one.
//!
//! The connection loop is ours: it bounds how many connections there are and how long one may take to say what it
//! wants, speaks TLS where a certificate is given, and at the end lets requests under way finish.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use crate::config::{Config, ConfigError};
use crate::events::Bell;
use crate::identity::Identity;
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::routes::{self, App, Peer};
use crate::store::Store;

/// How long a connection may take for its TLS handshake, and again for each request's header.
const HEADER: Duration = Duration::from_secs(10);
/// How long requests under way may take to finish once the server stops.
const FAREWELL: Duration = Duration::from_secs(10);
/// How often what has had its time is dropped.
const SWEEP: Duration = Duration::from_mins(1);

/// Why a server did not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The data folder could not be made, or the address not be listened on.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// Why not.
        source: std::io::Error,
    },
    /// The database could not be opened.
    #[error("the database could not be opened: {0}")]
    Database(#[from] sqlx::Error),
    /// The tables could not be brought up to date; a database of a newer version is one reason.
    #[error("the tables could not be brought up to date: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// The database holds ledgers of another backend key.
    #[error("this database belongs to another backend: give its key by VITRINE_SERVER_KEY_FILE")]
    OtherBackend,
    /// Certificate or key cannot be used.
    #[error("certificate or key: {0}")]
    Tls(String),
    /// Only SQLite is copied by this program.
    #[error("only a SQLite database is copied by this program; for PostgreSQL use pg_dump")]
    Backup,
}

/// Unix time in milliseconds.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A server that listens already and is about to answer.
pub struct Server {
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    app: App,
    connections: Arc<Semaphore>,
    stop: watch::Sender<bool>,
    hears: Option<String>,
}

impl Server {
    /// Opens the database, brings its tables up to date, and listens.
    ///
    /// # Errors
    /// A [`StartError`] that says what to mend.
    pub async fn start(config: &Config) -> Result<Self, StartError> {
        let io = |what: String| move |source| StartError::Io { what, source };
        std::fs::create_dir_all(&config.data).map_err(io(format!("could not make {}", config.data.display())))?;
        let identity = Identity::open(&config.key_path())?;
        let url = config.database()?;
        let store = Store::open(&url, config.quota_bytes, &identity.id).await?;
        let tls = match (&config.tls_certificate_file, &config.tls_key_file) {
            (Some(certificate), Some(key)) => Some(acceptor(certificate, key)?),
            _ => None,
        };
        let listener = TcpListener::bind(config.listen).await;
        let listener = listener.map_err(io(format!("could not listen on {}", config.listen)))?;
        let (stop, stopped) = watch::channel(false);
        let app = App {
            store,
            identity: Arc::new(identity),
            limits: Arc::new(Limits::new(config.rate, config.open_rate)),
            metrics: Arc::new(Metrics::default()),
            bell: Bell::new(),
            stop: stopped,
            token: config.registration_token()?.map(|token| routes::hash(&token)),
            behind_proxy: config.behind_proxy,
            timeout: Duration::from_secs(config.timeout_seconds),
        };
        let hears = app.store.is_postgres().then_some(url);
        let connections = Arc::new(Semaphore::new(config.connections));
        Ok(Self { listener, tls, router: routes::router(app.clone()), app, connections, stop, hears })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// Only where the system does not know.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers until `end` comes, then lets what is under way finish.
    pub async fn run(self, end: impl Future<Output = ()>) {
        let graceful = GracefulShutdown::new();
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(sweep(self.app.clone()));
        if let Some(url) = self.hears {
            tasks.spawn(self.app.bell.clone().hear(url));
        }
        tokio::pin!(end);
        loop {
            let room = Arc::clone(&self.connections).acquire_owned();
            let (room, accepted) = tokio::select! {
                () = &mut end => break,
                accepted = async { (room.await, self.listener.accept().await) } => accepted,
            };
            let (Ok(room), Ok((stream, peer))) = (room, accepted) else {
                // Out of file descriptors, most likely: others must end first.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let service = self.router.clone().map_request(move |mut request: Request<Incoming>| {
                request.extensions_mut().insert(Peer(peer.ip().to_canonical()));
                request
            });
            let service = TowerToHyperService::new(service);
            let (tls, watcher) = (self.tls.clone(), graceful.watcher());
            tokio::spawn(async move {
                let Some(stream) = handshake(tls, stream).await else { return };
                let mut builder = auto::Builder::new(TokioExecutor::new());
                builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER).max_buf_size(64 << 10);
                builder.http2().timer(TokioTimer::new()).keep_alive_interval(HEADER).max_header_list_size(16 << 10);
                let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
                // A connection that breaks is its client's affair.
                let _ = watcher.watch(connection).await;
                drop(room);
            });
        }
        drop(self.listener);
        self.stop.send_replace(true);
        let _ = tokio::time::timeout(FAREWELL, graceful.shutdown()).await;
        tasks.shutdown().await;
        self.app.store.close().await;
    }
}

async fn sweep(app: App) {
    loop {
        app.limits.forget_idle();
        // Logged where it happened; the next round tries again.
        let _ = app.store.sweep(now_ms()).await;
        tokio::time::sleep(SWEEP).await;
    }
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

async fn handshake(tls: Option<TlsAcceptor>, stream: TcpStream) -> Option<Box<dyn Stream>> {
    // Answers are small and somebody waits for them.
    stream.set_nodelay(true).ok()?;
    match tls {
        None => Some(Box::new(stream)),
        Some(tls) => Some(Box::new(tokio::time::timeout(HEADER, tls.accept(stream)).await.ok()?.ok()?)),
    }
}

fn acceptor(certificate: &Path, key: &Path) -> Result<TlsAcceptor, StartError> {
    let tls = |error: &dyn std::fmt::Display| StartError::Tls(error.to_string());
    let chain = CertificateDer::pem_file_iter(certificate).map_err(|error| tls(&error))?;
    let chain = chain.collect::<Result<Vec<_>, _>>().map_err(|error| tls(&error))?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|error| tls(&error))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|error| tls(&error))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
