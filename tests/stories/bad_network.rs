//! Proxies that refuse and certificates that are not what they should be: which of them stands in the way is said, with
//! the next step, and nothing is sent.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Result, ensure};
use rcgen::{CertificateParams, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use vitrine_entra_sim::{Sim, SimOptions, TlsFiles};

use crate::cloud::{self, CONTOSO};
use crate::desk::{Desk, PASSPHRASE, exit, text};

const CONNECT: [&str; 6] = ["connect", "Contoso", "--device-code", "--tenant", CONTOSO, "--yes"];

/// A desk that must go through this proxy to reach hosts elsewhere.
async fn behind(proxy: SocketAddr) -> Result<Desk> {
    let mut desk = Desk::alone()?;
    // Reserved names: no proxy of ours lets anything through, and nothing else could answer for them.
    desk.set("VITRINE_CLOUD_LOGIN", "https://login.example");
    desk.set("VITRINE_CLOUD_GRAPH", "https://graph.example");
    desk.set("VITRINE_CLIENT_ID", "00000000-0000-4000-8000-000000000001");
    desk.set("HTTPS_PROXY", format!("http://{proxy}"));
    desk.init().await?;
    desk.does(["org", "add", "Contoso"]).await?;
    Ok(desk)
}

/// A proxy that gives everybody the same answer.
async fn proxy(answer: &'static str) -> Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut asked = [0; 2048];
            let _ = stream.read(&mut asked).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    Ok(address)
}

#[tokio::test]
async fn a_proxy_that_refuses_is_told_apart_from_one_that_asks_for_a_sign_in_and_from_one_that_is_gone() -> Result<()> {
    let refuses = proxy("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").await?;
    let asks = proxy(
        "HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic realm=\"p\"\r\ncontent-length: 0\r\n\r\n",
    )
    .await?;
    let gone = {
        // Bound and let go of: nobody listens there now.
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        listener.local_addr()?
    };
    for (address, code, word) in [
        (refuses, "network.proxy", "proxy"),
        (asks, "network.proxy-sign-in", "HTTPS_PROXY"),
        (gone, "network.proxy", "proxy"),
    ] {
        let desk = behind(address).await?;
        let order = desk.vitrine(CONNECT).passphrase(PASSPHRASE);
        let error = order.refused(exit::UNREACHABLE, code).await?;
        ensure!(text(&error, "next")?.contains(word), "{error}");
    }
    Ok(())
}

/// A simulated cloud behind a certificate made for `name`, valid to `until`; and that certificate's file.
pub(crate) async fn with_certificate(name: &str, until: Option<i32>) -> Result<(Sim, tempfile::TempDir, PathBuf)> {
    let folder = tempfile::tempdir()?;
    let mut authority = CertificateParams::new(Vec::new())?;
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = rcgen::CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
    let mut params = CertificateParams::new(vec![name.to_owned()])?;
    if let Some(year) = until {
        params.not_before = rcgen::date_time_ymd(year - 1, 1, 1);
        params.not_after = rcgen::date_time_ymd(year, 1, 1);
    }
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, &authority)?;
    let (cert_path, key_path) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let authority_path = folder.path().join("authority.pem");
    std::fs::write(&cert_path, certificate.pem())?;
    std::fs::write(&authority_path, authority.pem())?;
    std::fs::write(&key_path, key.serialize_pem())?;
    let tls = Some(TlsFiles { certificate: cert_path.clone(), key: key_path });
    let sim = Sim::start(SimOptions { seed: 7, tls, must_fit: true, ..SimOptions::default() }).await?;
    Ok((sim, folder, authority_path))
}

#[tokio::test]
async fn each_fault_of_a_servers_certificate_is_named_and_an_added_authority_is_trusted() -> Result<()> {
    for (name, until, trusted, code) in [
        ("localhost", None, false, "network.certificate"),
        ("login.example", None, true, "network.certificate-name"),
        ("localhost", Some(2020), true, "network.certificate-time"),
        ("localhost", None, true, ""),
    ] {
        let (sim, _folder, certificate) = with_certificate(name, until).await?;
        let mut desk = Desk::at(&sim)?;
        if trusted {
            desk.set("VITRINE_EXTRA_CA", &certificate);
        }
        desk.init().await?;
        desk.does(["org", "add", "Contoso"]).await?;
        if code.is_empty() {
            let mut running = cloud::begin(&desk, "Contoso", CONTOSO, &[]).await?;
            running.tells("waitingForCode").await?;
            running.kill().await?;
        } else {
            let error = desk.vitrine(CONNECT).passphrase(PASSPHRASE).refused(exit::UNREACHABLE, code).await?;
            if until.is_some() {
                ensure!(text(&error, "next")?.contains("clock"), "{error}");
            }
        }
    }
    Ok(())
}
