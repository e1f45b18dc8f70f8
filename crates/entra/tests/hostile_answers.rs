//! A server that answers as Microsoft never would: other hosts, redirects, broken bodies, markup. Each becomes a named
//! error, and the token goes nowhere else.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use vitrine_entra::certificate::{MadeCertificate, make_certificate};
use vitrine_entra::connection::ConnectionRecord;
use vitrine_entra::discovery::tenant_of_domain;
use vitrine_entra::graph::SendOutcome;
use vitrine_entra::http::Proxy;
use vitrine_entra::laps;
use vitrine_entra::pace::Unlimited;
use vitrine_entra::{
    ApplicationId, Certificate, ClientId, Cloud, Connection, GraphErrorKind, Http, HttpSettings, Password, Priority,
    ServicePrincipalId, SignInErrorKind, TenantId, UserId,
};
use vitrine_entra_sim::{Sim, SimOptions, TlsFiles};

type Answer = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// A server that answers each request, known by its head, as told; `None` closes without a word. Counts what it was asked.
async fn server(answer: Answer) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let (answer, count) = (Arc::new(answer), Arc::clone(&asked));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (answer, count) = (Arc::clone(&answer), Arc::clone(&count));
            tokio::spawn(async move {
                let mut request = Vec::new();
                while !request.windows(4).any(|w| w == b"\r\n\r\n") && stream.read_buf(&mut request).await.unwrap() > 0
                {
                }
                let text = String::from_utf8_lossy(&request).into_owned();
                let line = text.lines().next().unwrap_or_default();
                let answer = if line.contains("/oauth2/v2.0/token") {
                    Some(ok(r#"{"token_type":"Bearer","expires_in":3600,"access_token":"SECRET-TOKEN"}"#))
                } else {
                    count.fetch_add(1, Ordering::SeqCst);
                    answer(&text)
                };
                if let Some(answer) = answer {
                    let _ = stream.write_all(answer.as_bytes()).await;
                }
                let _ = stream.shutdown().await;
                // What is still on the way in is read, so that closing does not reset what was sent.
                let _ =
                    tokio::time::timeout(std::time::Duration::from_millis(200), stream.read_to_end(&mut request)).await;
            });
        }
    });
    (base, asked)
}

fn ok(body: &str) -> String {
    with("200 OK", "", body)
}

fn with(status: &str, headers: &str, body: &str) -> String {
    let kind = "Content-Type: application/json\r\nConnection: close\r\n";
    format!("HTTP/1.1 {status}\r\n{kind}{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

fn connection(base: &str) -> Connection {
    static MADE: OnceLock<MadeCertificate> = OnceLock::new();
    let made = MADE.get_or_init(|| make_certificate("x", 1_700_000_000_000, 1_800_000_000_000).unwrap());
    let record = ConnectionRecord {
        cloud: Cloud::custom(base, base).unwrap(),
        tenant_id: TenantId::from_u128(1),
        tenant_name: String::new(),
        default_domain: String::new(),
        initial_domain: String::new(),
        client_id: ClientId::from_u128(2),
        application_id: ApplicationId::from_u128(3),
        service_principal_id: ServicePrincipalId::from_u128(4),
    };
    let http = Http::new(&HttpSettings::default(), Arc::new(Unlimited)).unwrap();
    Connection::new(&http, record, Certificate::new(made.der.clone(), &made.pkcs8).unwrap())
}

#[tokio::test]
async fn a_next_page_or_redirect_on_another_host_is_not_followed() {
    let (other, lured) = server(Box::new(|_| Some(ok(r#"{"value":[]}"#)))).await;
    let (page, redirect) = (other.clone(), other);
    let (base, _) = server(Box::new(move |line| {
        Some(if line.contains("/domains") {
            ok(&format!(r#"{{"value":[],"@odata.nextLink":"{page}/v1.0/domains?$skiptoken=x"}}"#))
        } else {
            with("302 Found", &format!("Location: {redirect}/v1.0/x\r\n"), "")
        })
    }))
    .await;
    let connection = connection(&base);
    assert_eq!(connection.graph().domains().await.unwrap_err().kind(), GraphErrorKind::ForeignLink);
    assert_eq!(connection.graph().organization().await.unwrap_err().kind(), GraphErrorKind::Unknown);
    assert_eq!(lured.load(Ordering::SeqCst), 0, "the token was carried to another host");
}

#[tokio::test]
async fn broken_bodies_become_errors_that_hold_neither_token_nor_markup() {
    for body in ["", "<script>", "[]", r#"{"value":{}}"#, r#"{"value":[{"id":"../x"}]}"#, "\u{202e}"] {
        let (base, _) = server(Box::new(move |_| Some(ok(body)))).await;
        let error = connection(&base).graph().domains().await;
        if let Err(error) = error {
            assert_eq!(error.kind(), GraphErrorKind::Unreadable, "{body}");
            assert!(!format!("{error:?}{error}").contains("SECRET"));
        }
        let error = connection(&base).graph().organization().await.unwrap_err();
        assert_eq!(error.kind(), GraphErrorKind::Unreadable, "{body}");
    }
}

#[tokio::test]
async fn what_nobody_waits_for_is_marked_as_what_may_wait() {
    let (seen, marks) = std::sync::mpsc::channel();
    let (base, _) = server(Box::new(move |head| {
        let mark = head.lines().find_map(|line| line.strip_prefix("x-ms-throttle-priority: "));
        seen.send(mark.map(str::to_owned)).unwrap();
        Some(with("404 Not Found", "", "{}"))
    }))
    .await;
    let (connection, account) = (connection(&base), UserId::from_u128(9));
    for (priority, mark) in [(Priority::High, "high"), (Priority::Normal, "normal"), (Priority::Low, "low")] {
        let password = Password::new("Quartz-Meadow-47-lantern-Pivot!".to_owned());
        let _ = laps::read_proof(&connection, account, priority).await;
        let _ = laps::read_facts(&connection, account, priority).await;
        let _ = laps::set_password(&connection, account, &password, priority).await;
        let _ = laps::revoke_sessions(&connection, account, priority).await;
        let _ = laps::find_by_name(&connection, "ea-1", priority).await;
        assert_eq!(marks.try_iter().collect::<Vec<_>>(), vec![Some(mark.to_owned()); 5]);
    }
}

#[tokio::test]
async fn a_password_is_sent_once_whatever_comes_back() {
    let answers: [(Answer, &str); 5] = [
        (Box::new(|_| Some(with("204 No Content", "", ""))), "accepted"),
        (Box::new(|_| None), "unclear"),
        (Box::new(|_| Some(with("500 Oops", "", ""))), "unclear"),
        (Box::new(|_| Some(with("429 Slow", "Retry-After: 1\r\n", ""))), "refused"),
        (Box::new(|_| Some(with("401 No", "", ""))), "refused"),
    ];
    for (answer, wanted) in answers {
        let (base, asked) = server(answer).await;
        let password = Password::new("Quartz-Meadow-47".to_owned());
        let outcome = laps::set_password(&connection(&base), UserId::from_u128(9), &password, Priority::Normal).await;
        let seen = match &outcome {
            SendOutcome::Accepted => "accepted",
            SendOutcome::Refused(_) => "refused",
            SendOutcome::NotSent(_) => "not sent",
            SendOutcome::Unclear(_) => "unclear",
        };
        assert_eq!((seen, asked.load(Ordering::SeqCst)), (wanted, 1), "{outcome:?}");
        assert!(!format!("{outcome:?}").contains("Quartz"));
    }
}

#[tokio::test]
async fn where_nothing_listens_nothing_was_sent_and_the_next_step_is_said() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let connection = connection(&format!("http://{free}"));
    let password = Password::new("Quartz-Meadow-47".to_owned());
    let outcome = laps::set_password(&connection, UserId::from_u128(9), &password, Priority::Normal).await;
    let SendOutcome::NotSent(error) = outcome else { panic!("{outcome:?}") };
    assert_eq!(error.code(), "network.no-connection");
    assert!(error.next_step().contains("online"));
    let sign_in = connection.sign_in().await.unwrap_err();
    assert_eq!((sign_in.kind(), sign_in.code()), (SignInErrorKind::Transport, "network.no-connection"));
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_named_and_this_machine_is_reached_without_it() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let proxy = Proxy::Address(format!("http://{free}").parse().unwrap());
    let http = Http::new(&HttpSettings { proxy, extra_roots_pem: None }, Arc::new(Unlimited)).unwrap();
    let error = tenant_of_domain(&http, &Cloud::global(), "contoso.com").await.unwrap_err();
    assert_eq!(error.code(), "network.proxy");
    let (base, asked) = server(Box::new(|_| Some(with("400 Bad", "", r#"{"error":"invalid_tenant"}"#)))).await;
    let cloud = Cloud::custom(&base, &base).unwrap();
    let error = tenant_of_domain(&http, &cloud, "contoso.com").await.unwrap_err();
    assert_eq!((error.kind(), asked.load(Ordering::SeqCst)), (SignInErrorKind::UnknownTenant, 1));
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_named_until_its_authority_is_added() {
    let mut params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, "localhost");
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let pem = |label: &str, der: &[u8]| {
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", data_encoding::BASE64.encode(der))
    };
    let folder = tempfile::tempdir().unwrap();
    let files = TlsFiles { certificate: folder.path().join("c.pem"), key: folder.path().join("k.pem") };
    let certificate = pem("CERTIFICATE", certificate.der());
    std::fs::write(&files.certificate, &certificate).unwrap();
    std::fs::write(&files.key, pem("PRIVATE KEY", key.serialized_der())).unwrap();
    let sim = Sim::start(SimOptions { tls: Some(files), ..SimOptions::default() }).await.unwrap();
    let cloud = Cloud::custom(&sim.urls().login, &sim.urls().graph).unwrap();
    let tenant = sim.tenants().remove(0);

    let stranger = Http::new(&HttpSettings::default(), Arc::new(Unlimited)).unwrap();
    let error = tenant_of_domain(&stranger, &cloud, &tenant.initial_domain).await.unwrap_err();
    assert_eq!(error.code(), "network.certificate");
    assert!(error.next_step().contains("certificate authority"));
    let settings = HttpSettings { extra_roots_pem: Some(certificate.into_bytes()), ..HttpSettings::default() };
    let told = Http::new(&settings, Arc::new(Unlimited)).unwrap();
    let found = tenant_of_domain(&told, &cloud, &tenant.initial_domain).await.unwrap();
    assert_eq!(found.to_string(), tenant.id);
    for broken in ["", "no certificate", "-----BEGIN CERTIFICATE-----\n%%\n-----END CERTIFICATE-----\n"] {
        let settings = HttpSettings { extra_roots_pem: Some(broken.as_bytes().to_vec()), ..HttpSettings::default() };
        assert_eq!(Http::new(&settings, Arc::new(Unlimited)).unwrap_err().code(), "network.settings-roots", "{broken}");
    }
}
