//! A receiver of webhooks, as a developer of somebody else writes one: it verifies with the library that Standard Webhooks
//! publishes for receivers, and misbehaves as a test wants it to.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use standardwebhooks::Webhook;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::wait::{PATIENCE, until};

/// More than any message has.
const LONGEST: usize = 1 << 16;

/// What it does with a message.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Takes it (204).
    Takes,
    /// Answers with this status, these headers, each ended by a line break, and this body.
    Says(u16, String, String),
    /// Never answers, and keeps the connection until the other side gives up.
    Hangs,
}

impl Answer {
    /// A bare status.
    pub fn status(status: u16) -> Self {
        Self::Says(status, String::new(), String::new())
    }
}

/// A message as it arrived.
#[derive(Clone, Debug)]
pub struct Received {
    /// What stood behind the host.
    pub path: String,
    /// Its headers, by names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Received {
    /// The same for every try of one message.
    pub fn id(&self) -> &str {
        self.headers.get("webhook-id").map_or("", String::as_str)
    }

    /// Whether whoever holds this secret (`whsec_...`) sent it.
    pub fn verify(&self, secret: &str) -> Result<()> {
        let header = |name: &str| self.headers.get(name).with_context(|| format!("it has no {name}"));
        let at: i64 = header("webhook-timestamp")?.parse()?;
        // Not by `verify`, which compares with the time of this machine: a test may have set the sender's clock.
        let expected = Webhook::new(secret)?.sign(header("webhook-id")?, at, &self.body)?;
        ensure!(*header("webhook-signature")? == expected, "it is signed otherwise");
        Ok(())
    }
}

#[derive(Default)]
struct Desk {
    received: Vec<Received>,
    next: VecDeque<Answer>,
    always: Option<Answer>,
    hanging: usize,
    given_up: usize,
}

/// A receiver on loopback.
pub struct Receiver {
    address: SocketAddr,
    desk: Arc<Mutex<Desk>>,
    serving: JoinHandle<()>,
}

impl Receiver {
    /// Starts one that takes everything.
    pub async fn start() -> Result<Self> {
        Self::at(SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// Starts one at an address where another one was.
    pub async fn at(address: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let (address, desk) = (listener.local_addr()?, Arc::<Mutex<Desk>>::default());
        let of_all = desk.clone();
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let desk = of_all.clone();
                // What a connection came to is seen in what was received.
                tokio::spawn(async move { serve(stream, &desk).await });
            }
        });
        Ok(Self { address, desk, serving })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address for messages, with a token in it.
    pub fn url(&self, token: &str) -> String {
        format!("http://{}/hook/{token}", self.address)
    }

    /// What it does next, one message after the other.
    pub fn next(&self, answers: impl IntoIterator<Item = Answer>) {
        self.desk().next.extend(answers);
    }

    /// What it does with every further message.
    pub fn always(&self, answer: Answer) {
        self.desk().always = Some(answer);
    }

    /// What arrived so far, each try counted.
    pub fn received(&self) -> Vec<Received> {
        self.desk().received.clone()
    }

    /// Messages that are kept waiting now, and those whose sender gave up.
    pub fn hanging(&self) -> (usize, usize) {
        let desk = self.desk();
        (desk.hanging, desk.given_up)
    }

    /// Waits until this holds of what arrived.
    pub async fn until(&self, what: &str, holds: impl Fn(&[Received]) -> bool) -> Result<Vec<Received>> {
        self.within(PATIENCE, what, holds).await
    }

    /// The same, with patience of one's own.
    pub async fn within(
        &self,
        limit: Duration,
        what: &str,
        holds: impl Fn(&[Received]) -> bool,
    ) -> Result<Vec<Received>> {
        until(what, limit, async || Some(self.received()).filter(|received| holds(received))).await
    }

    fn desk(&self) -> std::sync::MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(mut stream: TcpStream, desk: &Mutex<Desk>) {
    let open = || desk.lock().unwrap_or_else(PoisonError::into_inner);
    while let Some(received) = read(&mut stream).await {
        let answer = {
            let mut desk = open();
            desk.received.push(received);
            desk.next.pop_front().or_else(|| desk.always.clone()).unwrap_or(Answer::Takes)
        };
        let answer = match answer {
            Answer::Takes => "HTTP/1.1 204 No Content\r\n\r\n".to_owned(),
            Answer::Says(status, headers, body) => {
                format!("HTTP/1.1 {status} Said\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len())
            }
            Answer::Hangs => {
                open().hanging += 1;
                // Ends when the other side closes.
                let _ = stream.read(&mut [0]).await;
                let mut desk = open();
                desk.hanging -= 1;
                desk.given_up += 1;
                return;
            }
        };
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// The next request of a connection; none where it ends, or is no request.
async fn read(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        more(stream, &mut bytes).await?;
    };
    let text = String::from_utf8(bytes.get(..head)?.to_vec()).ok()?;
    let mut lines = text.split("\r\n");
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let headers: BTreeMap<_, _> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let length: usize = headers.get("content-length")?.parse().ok()?;
    while bytes.len() < head + 4 + length {
        more(stream, &mut bytes).await?;
    }
    Some(Received { path, headers, body: bytes.get(head + 4..head + 4 + length)?.to_vec() })
}

async fn more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<()> {
    let mut chunk = [0; 4096];
    let read = stream.read(&mut chunk).await.ok().filter(|read| *read > 0)?;
    bytes.extend_from_slice(chunk.get(..read)?);
    (bytes.len() <= LONGEST).then_some(())
}
