//! The transport: one reqwest client for sign-in and Graph, redirects off, answers bounded, failures classified so
//! that a person learns whether the network, the proxy or a certificate is in the way. What a person has sent to a host
//! of their own goes the same way ([`Http::post`]): one set of proxies and certificate authorities for the machine.

use crate::clock::{Clock, SystemClock};
use crate::id::TenantId;
use crate::pace::{Cost, Heard, Pacing, retry_after};
use hyper_util::client::proxy::matcher::Matcher;
use rustls::CertificateError;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use std::{fmt, io};
use url::{Host, Url};

/// Longest answer that is read. Microsoft's pages of 999 users stay below 2 MiB; more is a hostile or broken host.
const LONGEST_ANSWER: usize = 16 * 1024 * 1024;
/// Connections to a host that are kept without a request on them. Microsoft speaks HTTP/2, all on one; where a proxy speaks
/// less, about as many are between two requests at a time.
const IDLE_CONNECTIONS: usize = 8;
const CONNECT_LIMIT: Duration = Duration::from_secs(15);
pub(crate) const REQUEST_LIMIT: Duration = Duration::from_mins(1);

/// How the client reaches the network.
#[derive(Debug, Clone, Default)]
pub struct HttpSettings {
    /// Which proxy.
    pub proxy: Proxy,
    /// Further certificate authorities (PEM, one or more), beside those the system trusts: for firms that inspect TLS.
    pub extra_roots_pem: Option<Vec<u8>>,
}

/// Which proxy the client uses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Proxy {
    /// What the system or the `*_PROXY` variables say.
    #[default]
    System,
    /// None, whatever the system says.
    Direct,
    /// This one, for http and https.
    Address(Url),
}

/// A failure below HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// No connection: no network, the name does not resolve, nothing listens. Nothing was sent.
    #[error("no connection to Microsoft could be made")]
    NoConnection,
    /// The proxy refused or could not be reached. Nothing was sent.
    #[error("the proxy did not let the connection through")]
    Proxy,
    /// The proxy wants to know who asks (407). Nothing was sent.
    #[error("the proxy asks for a sign-in of its own")]
    ProxySignIn,
    /// The certificate shown is not one this machine trusts. Nothing was sent.
    #[error("the certificate of the other side is not trusted by this machine")]
    Certificate,
    /// The certificate shown belongs to another host. Nothing was sent.
    #[error("the certificate of the other side is for another name")]
    CertificateName,
    /// The certificate shown has ended or has not begun. Nothing was sent.
    #[error("the certificate of the other side is not valid at this machine's time")]
    CertificateTime,
    /// The answer did not come, or broke off. What was sent may have taken effect.
    #[error("no answer came in time")]
    NoAnswer,
    /// The answer is longer than anything Microsoft sends.
    #[error("the answer was too long to be genuine")]
    TooLong,
    /// The request could not be built.
    #[error("the request could not be made")]
    Unsendable,
}

impl TransportError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoConnection => "network.no-connection",
            Self::Proxy => "network.proxy",
            Self::ProxySignIn => "network.proxy-sign-in",
            Self::Certificate => "network.certificate",
            Self::CertificateName => "network.certificate-name",
            Self::CertificateTime => "network.certificate-time",
            Self::NoAnswer => "network.no-answer",
            Self::TooLong => "network.answer-too-long",
            Self::Unsendable => "network.unsendable",
        }
    }

    /// What a person does about it.
    pub fn next_step(&self) -> &'static str {
        match self {
            Self::NoConnection => {
                "Check that this machine is online and may reach the sign-in and Graph hosts on port 443."
            }
            Self::Proxy => {
                "Check the proxy address in the system's settings or in HTTPS_PROXY, and what the proxy allows."
            }
            Self::ProxySignIn => {
                "Put name and password for the proxy into its address in HTTPS_PROXY, or ask who runs it."
            }
            Self::Certificate => {
                "If your firm inspects TLS, name its certificate authority (a PEM file) in config.toml in the data folder (table [network], key extra-ca) or in VITRINE_EXTRA_CA; on Linux install ca-certificates; check the clock."
            }
            Self::CertificateName => {
                "Something answers in the place of the host: check the hosts in config.toml in the data folder (table [cloud]), the proxy, and the network's name server."
            }
            Self::CertificateTime => {
                "Check this machine's clock. If it is right, whoever runs that host or the proxy before it must renew the certificate."
            }
            Self::NoAnswer => "Try again; if it lasts, check the connection.",
            Self::TooLong => "Check which host answers: this is not what Microsoft sends.",
            Self::Unsendable => "Check the hosts in config.toml in the data folder (table [cloud]).",
        }
    }

    /// Whether it is certain that nothing reached the other side.
    pub fn nothing_sent(&self) -> bool {
        !matches!(self, Self::NoAnswer | Self::TooLong)
    }

    fn of(error: &reqwest::Error, by_proxy: bool) -> Self {
        if error.is_builder() {
            return Self::Unsendable;
        }
        if !error.is_connect() {
            return Self::NoAnswer;
        }
        // The tunnel's error is a private type of hyper's, so its words decide. A miss here costs a less precise
        // sentence, nothing else.
        let mut source: Option<&(dyn Error + 'static)> = Some(error);
        while let Some(cause) = source {
            if let Some(rustls::Error::InvalidCertificate(why)) = cause.downcast_ref() {
                return Self::of_certificate(why);
            }
            let text = cause.to_string().to_ascii_lowercase();
            if text.contains("proxy authorization") || text.contains("proxy authentication") {
                return Self::ProxySignIn;
            }
            if text.contains("tunnel") {
                return Self::Proxy;
            }
            // What an I/O error wraps is not its source but itself.
            let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            source = wrapped.map(|inner| inner as &(dyn Error + 'static)).or_else(|| cause.source());
        }
        if by_proxy { Self::Proxy } else { Self::NoConnection }
    }

    fn of_certificate(why: &CertificateError) -> Self {
        match why {
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => Self::CertificateTime,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Self::CertificateName
            }
            _ => Self::Certificate,
        }
    }
}

/// Settings that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// The proxy address is not one.
    #[error("the proxy address cannot be used")]
    Proxy,
    /// The extra certificates are not PEM.
    #[error("the extra certificate authorities are not readable PEM")]
    Roots,
    /// The TLS library refused to start.
    #[error("TLS could not be set up")]
    Tls,
}

impl SettingsError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Proxy => "network.settings-proxy",
            Self::Roots => "network.settings-roots",
            Self::Tls => "network.settings-tls",
        }
    }
}

/// The transport with its clock and the limiter it asks. Cheap to clone; clones share connections.
#[derive(Clone)]
pub struct Http {
    client: reqwest::Client,
    /// For hosts on this machine, which no proxy can reach.
    direct: reqwest::Client,
    /// Which proxy the client uses, to tell its refusal from that of the network.
    proxies: Arc<Proxies>,
    clock: Arc<dyn Clock>,
    pace: Arc<dyn Pacing>,
    reach: Arc<Mutex<Reach>>,
}

/// How the network was reached, in Unix milliseconds: what an application shows while it is offline.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reach {
    /// When a host answered last.
    pub answered_at: Option<u64>,
    /// When a request that no connection carried was tried first after that, while none has been answered since.
    pub unreachable_since: Option<u64>,
    /// When the last such request was tried.
    pub tried_at: Option<u64>,
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Http")
    }
}

/// A message for a host that is not Microsoft's, which a person named.
pub struct Post<'a> {
    /// Where it goes.
    pub url: &'a Url,
    /// What stands in its head.
    pub headers: &'a [(&'static str, String)],
    /// What it says.
    pub body: Vec<u8>,
    /// How long all of it may take, the reading of the answer included.
    pub limit: Duration,
    /// Most bytes of the answer's body that are read; the rest is not waited for.
    pub most: usize,
}

/// A question to such a host, whose whole answer is wanted.
pub struct Ask<'a> {
    /// Where it goes.
    pub url: &'a Url,
    /// What stands in its head.
    pub headers: &'a [(&'static str, String)],
    /// What it says, and by which method.
    pub body: Body,
    /// How long all of it may take.
    pub limit: Duration,
}

/// What a question says.
pub enum Body {
    /// Nothing: a GET.
    None,
    /// Something for the host to work on.
    Post(Vec<u8>),
    /// Something for the host to keep there.
    Put(Vec<u8>),
}

/// Its whole answer.
pub struct Asked {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// An answer that goes on, read as it comes.
pub struct Stream(reqwest::Response);

impl Stream {
    /// The status.
    pub fn status(&self) -> u16 {
        self.0.status().as_u16()
    }

    /// What came next, as much as one read of the connection brings; nothing once the host has ended it.
    ///
    /// # Errors
    /// Where it broke off, or lasted longer than it may.
    pub async fn piece(&mut self) -> Result<Option<Vec<u8>>, TransportError> {
        let piece = self.0.chunk().await.map_err(|_| TransportError::NoAnswer)?;
        Ok(piece.map(|piece| piece.to_vec()))
    }
}

/// What such a host answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// The status.
    pub status: u16,
    /// How long it wants to be left alone, an hour at most.
    pub retry_after: Option<Duration>,
    /// Where it would rather have had it. Nobody went there.
    pub location: Option<String>,
    /// How its body begins.
    pub body: Vec<u8>,
}

/// An answer, whole.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: ::http::HeaderMap,
    pub(crate) body: zeroize::Zeroizing<Vec<u8>>,
}

impl Http {
    /// With the machine's clock.
    pub fn new(settings: &HttpSettings, pace: Arc<dyn Pacing>) -> Result<Self, SettingsError> {
        Self::with_clock(settings, pace, Arc::new(SystemClock::new()))
    }

    /// With a clock of one's own: for tests, and for hosts that count time in suspend.
    pub fn with_clock(
        settings: &HttpSettings,
        pace: Arc<dyn Pacing>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SettingsError> {
        // Whoever comes first decides for the process; an error only says that a provider is there already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let proxies = Arc::new(match settings.proxy {
            Proxy::System => Proxies::System(Box::new(Matcher::from_system())),
            Proxy::Direct => Proxies::None,
            Proxy::Address(_) => Proxies::All,
        });
        let direct = HttpSettings { proxy: Proxy::Direct, ..settings.clone() };
        let (client, direct) = (client(settings)?, client(&direct)?);
        Ok(Self { client, direct, proxies, clock, pace, reach: Arc::default() })
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    pub(crate) fn shared_clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// How the network was reached so far.
    pub fn reach(&self) -> Reach {
        *self.reach.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Any answer says that the network is there, and only a connection that was not made says that it is not.
    fn note<T>(&self, outcome: &Result<T, TransportError>) {
        let now = self.clock.now_ms();
        let mut reach = self.reach.lock().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Ok(_) => *reach = Reach { answered_at: Some(now), ..Reach::default() },
            Err(TransportError::NoConnection) => {
                reach.unreachable_since.get_or_insert(now);
                reach.tried_at = Some(now);
            }
            Err(_) => {}
        }
    }

    pub(crate) fn request(&self, method: reqwest::Method, url: Url) -> reqwest::RequestBuilder {
        if on_this_machine(&url) { self.direct.request(method, url) } else { self.client.request(method, url) }
    }

    /// Waits for the turn of a request. Where it is longer than `most` away it is not waited for, and said.
    pub(crate) async fn turn(&self, tenant: TenantId, cost: Cost, most: Duration) -> Result<(), Duration> {
        loop {
            let wait = self.pace.take(tenant, cost, most);
            if wait > most {
                return Err(wait);
            }
            if wait.is_zero() {
                return Ok(());
            }
            self.clock.sleep(wait).await;
            // Booked before the tenant asked to be left alone: what it is sent after that is taken a turn for again.
            if !self.pace.is_silenced(tenant) {
                return Ok(());
            }
        }
    }

    /// Sends once, for an answer within `limit`, and tells the limiter what came of it.
    pub(crate) async fn send_in_turn(
        &self,
        tenant: TenantId,
        cost: Cost,
        request: reqwest::RequestBuilder,
        limit: Duration,
    ) -> Result<Answer, TransportError> {
        let begun = self.clock.monotonic();
        let ended = self.send(request.timeout(limit)).await;
        let gave_up = self.clock.monotonic().saturating_sub(begun) >= limit;
        if let Some(heard) = Heard::of(&ended, gave_up) {
            self.pace.hear(tenant, cost, &heard);
        }
        ended
    }

    /// Posts once to a host that is not Microsoft's. It is asked of no limiter, and says nothing of whether the network is
    /// there: such a host may be down for reasons of its own.
    ///
    /// # Errors
    /// What went wrong below HTTP. An answer, whatever it says, is none.
    pub async fn post(&self, post: Post<'_>) -> Result<Posted, TransportError> {
        let Post { url, headers, body, limit, most } = post;
        let mut request = self.request(reqwest::Method::POST, url.clone()).timeout(limit).body(body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let sent = request.send().await;
        let mut response = sent.map_err(|error| TransportError::of(&error, self.proxies.serve(error.url())))?;
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
        let pause = header("retry-after").and_then(|value| retry_after(value, header("date")));
        let location = header("location").map(str::to_owned);
        let mut begin = Vec::new();
        while begin.len() < most {
            // The status is the answer; a body that breaks off or never ends changes nothing about it.
            let Ok(Some(chunk)) = response.chunk().await else { break };
            begin.extend_from_slice(&chunk);
        }
        begin.truncate(most);
        Ok(Posted { status: response.status().as_u16(), retry_after: pause, location, body: begin })
    }

    /// Asks once a host that is not Microsoft's, and reads the whole answer. As [`Http::post`], it says nothing of the network.
    ///
    /// # Errors
    /// What went wrong below HTTP. An answer, whatever it says, is none.
    pub async fn ask(&self, ask: Ask<'_>) -> Result<Asked, TransportError> {
        let mut response = self.asked(ask).await?;
        let body = whole(&mut response).await?;
        Ok(Asked { status: response.status().as_u16(), body: body.to_vec() })
    }

    /// Opens an answer that goes on, for as long as the question's limit says. As [`Http::post`], it says nothing of the
    /// network.
    ///
    /// # Errors
    /// What went wrong below HTTP. An answer, whatever it says, is none.
    pub async fn open(&self, ask: Ask<'_>) -> Result<Stream, TransportError> {
        self.asked(ask).await.map(Stream)
    }

    async fn asked(&self, ask: Ask<'_>) -> Result<reqwest::Response, TransportError> {
        let Ask { url, headers, body, limit } = ask;
        let mut request = match body {
            Body::None => self.request(reqwest::Method::GET, url.clone()),
            Body::Post(body) => self.request(reqwest::Method::POST, url.clone()).body(body),
            Body::Put(body) => self.request(reqwest::Method::PUT, url.clone()).body(body),
        };
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let sent = request.timeout(limit).send().await;
        sent.map_err(|error| TransportError::of(&error, self.proxies.serve(error.url())))
    }

    /// Sends once and reads the whole answer.
    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Result<Answer, TransportError> {
        let sent = request.send().await.map_err(|e| TransportError::of(&e, self.proxies.serve(e.url())));
        self.note(&sent);
        let mut response = sent?;
        let body = whole(&mut response).await?;
        Ok(Answer { status: response.status().as_u16(), headers: std::mem::take(response.headers_mut()), body })
    }
}

/// The body of an answer, up to the longest that is read.
async fn whole(response: &mut reqwest::Response) -> Result<zeroize::Zeroizing<Vec<u8>>, TransportError> {
    let mut body = zeroize::Zeroizing::new(Vec::new());
    while let Some(chunk) = response.chunk().await.map_err(|_| TransportError::NoAnswer)? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return Err(TransportError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

enum Proxies {
    None,
    All,
    System(Box<Matcher>),
}

impl Proxies {
    fn serve(&self, url: Option<&Url>) -> bool {
        let Some(url) = url.filter(|url| !on_this_machine(url)) else { return false };
        match self {
            Self::None => false,
            Self::All => true,
            Self::System(matcher) => url.as_str().parse().is_ok_and(|uri| matcher.intercept(&uri).is_some()),
        }
    }
}

/// Whether an address is one of this machine, which no proxy reaches and nobody on the way reads.
pub fn on_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn client(settings: &HttpSettings) -> Result<reqwest::Client, SettingsError> {
    let roots = match &settings.extra_roots_pem {
        Some(pem) => {
            let roots = reqwest::Certificate::from_pem_bundle(pem).map_err(|_| SettingsError::Roots)?;
            if roots.is_empty() {
                return Err(SettingsError::Roots);
            }
            roots
        }
        None => Vec::new(),
    };
    let begun = || -> Result<reqwest::ClientBuilder, SettingsError> {
        let builder = reqwest::Client::builder()
            // A redirect would carry a token or code to a host that nobody configured.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_LIMIT)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .timeout(REQUEST_LIMIT)
            .user_agent(concat!("Vitrine/", env!("CARGO_PKG_VERSION")));
        Ok(match &settings.proxy {
            Proxy::System => builder,
            Proxy::Direct => builder.no_proxy(),
            Proxy::Address(url) => builder.proxy(reqwest::Proxy::all(url.clone()).map_err(|_| SettingsError::Proxy)?),
        })
    };
    // A machine without any certificate store must still reach a loopback host; https then fails with `Certificate`,
    // whose next step names the missing package.
    begun()?
        .tls_certs_merge(roots.clone())
        .build()
        .or_else(|_| begun()?.tls_certs_only(roots).build().map_err(|_| SettingsError::Tls))
}
