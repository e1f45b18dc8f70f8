//! The connection loop. It is our own because a framework always answers: losing an answer after its effect was applied
//! means ending the connection from inside a request.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};
use tower::ServiceExt;

use crate::options::TlsFiles;
use crate::sim::SimError;

/// Marks a response whose connection is to be closed instead of answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Vanish;

/// A response that never reaches the client.
pub(crate) fn vanish() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(Vanish);
    response
}

/// Reads the PEM files into a TLS configuration that offers HTTP/2 and HTTP/1.1.
pub(crate) fn tls_config(files: &TlsFiles) -> Result<TlsAcceptor, SimError> {
    let bad = |detail: String| SimError::Tls { detail };
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|e| bad(format!("{}: {e}", files.certificate.display())))?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|e| bad(format!("{}: {e}", files.key.display())))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|b| b.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|e| bad(e.to_string()))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Serves `router` on `listener` until `stop` turns true, then gives open requests a moment.
pub(crate) fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    mut stop: watch::Receiver<bool>,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        let graceful = GracefulShutdown::new();
        let mut connections = JoinSet::new();
        loop {
            let stream = tokio::select! {
                accepted = listener.accept() => {
                    // Out of file descriptors, or a client that left at once: go on serving the others.
                    let Ok((stream, _)) = accepted else { tokio::time::sleep(Duration::from_millis(10)).await; continue };
                    stream
                }
                () = stopped(&mut stop) => break,
            };
            let _ = stream.set_nodelay(true);
            let watcher = graceful.watcher();
            let (router, tls) = (router.clone(), tls.clone());
            connections.spawn(async move {
                match tls {
                    Some(tls) => {
                        if let Ok(stream) = tls.accept(stream).await {
                            connection(stream, router, watcher).await;
                        }
                    }
                    None => connection(stream, router, watcher).await,
                }
            });
            while connections.try_join_next().is_some() {}
        }
        let _ = tokio::time::timeout(Duration::from_secs(2), graceful.shutdown()).await;
        connections.shutdown().await;
    })
}

/// Resolves when the simulator is to stop.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    drop(stop.wait_for(|s| *s).await);
}

async fn connection<S>(stream: S, router: Router, watcher: hyper_util::server::graceful::Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let router = router.clone();
        async move {
            let response = match router.oneshot(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            };
            match response.extensions().get::<Vanish>() {
                Some(Vanish) => Err(io::Error::from(io::ErrorKind::ConnectionAborted)),
                None => Ok(response),
            }
        }
    });
    let builder = auto::Builder::new(TokioExecutor::new());
    // An error here is a client that went away, or the vanishing above.
    let _ = watcher.watch(builder.serve_connection(TokioIo::new(stream), service)).await;
}

/// Binds loopback; port 0 lets the system choose.
pub(crate) async fn bind(port: u16) -> Result<(TcpListener, u16), SimError> {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let listener = TcpListener::bind(address).await.map_err(|source| SimError::Bind { port, source })?;
    let port = listener.local_addr().map_err(|source| SimError::Bind { port, source })?.port();
    Ok((listener, port))
}
