//! The loopback address that the browser comes back to: takes one answer, then is gone.
//!
//! Bound to this machine alone. Any page or program here can still reach it, so the answer counts only with the
//! `state` of this sign-in, compared in constant time, and a request under another host name (DNS rebinding) is
//! refused. A first answer with a wrong `state` ends the sign-in loudly: somebody is interfering.

use crate::secret::Hidden;
use std::io;
use std::net::Ipv6Addr;
use std::sync::Arc;
use std::time::Duration;
use subtle::ConstantTimeEq;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use url::form_urlencoded;
use zeroize::Zeroizing;

/// Longest request that is read: codes of Entra are 1 to 2 KiB.
const LONGEST: usize = 64 * 1024;
/// A browser opens spare connections and says nothing on them; each is dropped after this.
const SILENCE: Duration = Duration::from_secs(20);
const MOST_HEADERS: usize = 100;

/// What came back.
pub(super) enum Arrival {
    Code(Hidden),
    Refused { error: String, description: Option<String> },
    Forged,
}

/// The open address.
pub(super) struct Listener {
    v4: TcpListener,
    v6: Option<TcpListener>,
    port: u16,
    state: Arc<Hidden>,
}

impl Listener {
    pub(super) async fn open(state: String) -> io::Result<Self> {
        let v4 = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = v4.local_addr()?.port();
        // `localhost` may mean ::1 first; where the machine has no IPv6 the browser falls back by itself.
        let v6 = TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await.ok();
        Ok(Self { v4, v6, port, state: Arc::new(Hidden::new(state)) })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Completes with the first answer that carries a code, an error or a state.
    pub(super) async fn arrival(&self) -> Arrival {
        let (found, mut arrivals) = mpsc::channel(1);
        let mut serving = tokio::task::JoinSet::new();
        loop {
            tokio::select! {
                biased;
                Some(arrival) = arrivals.recv() => {
                    return arrival;
                }
                stream = accept(&self.v4, self.v6.as_ref()) => {
                    if serving.len() < 32 {
                        let (state, found, port) = (Arc::clone(&self.state), found.clone(), self.port);
                        serving.spawn(tokio::time::timeout(SILENCE, serve(stream, port, state, found)));
                    }
                }
                Some(_) = serving.join_next() => {}
            }
        }
    }
}

async fn accept(v4: &TcpListener, v6: Option<&TcpListener>) -> TcpStream {
    loop {
        let accepted = match v6 {
            Some(v6) => tokio::select! { a = v4.accept() => a, a = v6.accept() => a },
            None => v4.accept().await,
        };
        match accepted {
            Ok((stream, _)) => return stream,
            // Out of descriptors, or the peer was gone before it was greeted: the next one may fare better.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn serve(mut stream: TcpStream, port: u16, state: Arc<Hidden>, found: mpsc::Sender<Arrival>) {
    let Some(request) = read(&mut stream).await else {
        return;
    };
    let (page, arrival) = match judge(&request, port, state.expose()) {
        None => (page("404 Not Found", "Nothing here", "Go back to Vitrine."), None),
        Some(Arrival::Code(code)) => {
            (page("200 OK", "Signed in", "You can close this tab and go back to Vitrine."), Some(Arrival::Code(code)))
        }
        Some(refused @ Arrival::Refused { .. }) => {
            (page("200 OK", "Not signed in", "Microsoft refused. Go back to Vitrine: it says why."), Some(refused))
        }
        Some(Arrival::Forged) => (
            page("400 Bad Request", "Refused", "This answer belongs to another sign-in. Go back to Vitrine."),
            Some(Arrival::Forged),
        ),
    };
    // The page is written first: with the arrival known, the address is closed.
    let _ = stream.write_all(page.as_bytes()).await;
    let _ = stream.shutdown().await;
    if let Some(arrival) = arrival {
        let _ = found.send(arrival).await;
    }
}

fn page(status: &str, title: &str, text: &str) -> String {
    let body = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title><body style=\"font:1.1rem sans-serif;margin:20vh auto;max-width:30rem\"><h1>{title}</h1><p>{text}</p></body></html>"
    );
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\nContent-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// Head and, for a POST, as much body as it announces.
async fn read(stream: &mut TcpStream) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST));
    loop {
        if let Some(end) = head_end(&bytes) {
            let head = std::str::from_utf8(&bytes[..end]).ok()?;
            let announced = header(head, "content-length").map_or(Some(0), |v| v.parse::<usize>().ok())?;
            if announced > LONGEST {
                return None;
            }
            if bytes.len() >= end + announced {
                return Some(bytes);
            }
        }
        if bytes.len() >= LONGEST || stream.read_buf(&mut *bytes).await.ok()? == 0 {
            return None;
        }
    }
}

fn head_end(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|w| w == b"\r\n\r\n").map(|at| at + 4)
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.split("\r\n").skip(1).take(MOST_HEADERS).find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// `None`: not an answer of a sign-in page (an icon, a probe). It does not count.
fn judge(request: &[u8], port: u16, state: &str) -> Option<Arrival> {
    let end = head_end(request)?;
    let head = std::str::from_utf8(&request[..end]).ok()?;
    let host = header(head, "host")?;
    if ![format!("localhost:{port}"), format!("127.0.0.1:{port}"), format!("[::1]:{port}")].iter().any(|h| h == host) {
        return None;
    }
    let mut line = head.split("\r\n").next()?.split(' ');
    let (method, target) = (line.next()?, line.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let answer = match (method, path) {
        ("GET", "/") => query.as_bytes(),
        ("POST", "/") => &request[end..],
        _ => return None,
    };
    let (mut code, mut got_state, mut error, mut description) = (None, None, None, None);
    for (key, value) in form_urlencoded::parse(answer) {
        let slot = match &*key {
            "code" => &mut code,
            "state" => &mut got_state,
            "error" => &mut error,
            "error_description" => &mut description,
            _ => continue,
        };
        // A field given twice could be read differently by whoever checks it and whoever uses it.
        if slot.replace(Zeroizing::new(value.into_owned())).is_some() {
            return Some(Arrival::Forged);
        }
    }
    if code.is_none() && error.is_none() && got_state.is_none() {
        return None;
    }
    if !got_state.is_some_and(|s| bool::from(s.as_bytes().ct_eq(state.as_bytes()))) {
        return Some(Arrival::Forged);
    }
    match (code, error) {
        (_, Some(error)) => {
            Some(Arrival::Refused { error: error.to_string(), description: description.map(|d| d.to_string()) })
        }
        (Some(code), None) if !code.is_empty() => Some(Arrival::Code(Hidden::new(code.to_string()))),
        _ => Some(Arrival::Forged),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn verdict(request: &str) -> &'static str {
        match judge(request.as_bytes(), 7, "s1") {
            None => "nothing",
            Some(Arrival::Code(_)) => "code",
            Some(Arrival::Refused { .. }) => "refused",
            Some(Arrival::Forged) => "forged",
        }
    }

    const HOST: &str = "HTTP/1.1\r\nHost: localhost:7\r\n\r\n";

    #[test]
    fn only_an_answer_with_the_state_of_this_sign_in_counts() {
        assert_eq!(verdict(&format!("GET /?code=c&state=s1 {HOST}")), "code");
        assert_eq!(verdict(&format!("POST / {HOST}code=c&state=s1")), "code");
        assert_eq!(verdict(&format!("GET /?error=access_denied&state=s1 {HOST}")), "refused");
        for forged in [
            "code=c&state=s2",
            "code=c",
            "error=x",
            "state=s1",
            "code=&state=s1",
            "code=a&code=b&state=s1",
            "code=c&state=s1&state=s2",
        ] {
            assert_eq!(verdict(&format!("GET /?{forged} {HOST}")), "forged", "{forged}");
        }
    }

    #[test]
    fn probes_icons_and_other_host_names_do_not_end_the_wait() {
        for probe in [
            format!("GET / {HOST}"),
            format!("GET /favicon.ico {HOST}"),
            format!("GET /x?code=c&state=s1 {HOST}"),
            format!("PUT /?code=c&state=s1 {HOST}"),
            "GET /?code=c&state=s1 HTTP/1.1\r\nHost: evil.example:7\r\n\r\n".to_owned(),
            "GET /?code=c&state=s1 HTTP/1.1\r\nHost: localhost:8\r\n\r\n".to_owned(),
            "GET /?code=c&state=s1 HTTP/1.1\r\n\r\n".to_owned(),
            "\r\n\r\n".to_owned(),
            String::new(),
        ] {
            assert_eq!(verdict(&probe), "nothing", "{probe}");
        }
    }

    #[tokio::test]
    async fn the_first_answer_is_taken_and_the_address_closes() {
        let listener = Listener::open("s1".to_owned()).await.unwrap();
        let port = listener.port();
        let person = tokio::spawn(async move {
            // A spare connection that stays silent must not hold the answer up.
            let _spare = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            let request = format!("GET /?code=c9&state=s1 HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut page = String::new();
            stream.read_to_string(&mut page).await.unwrap();
            page
        });
        let Arrival::Code(code) = listener.arrival().await else { panic!("no code") };
        assert_eq!(code.expose(), "c9");
        assert!(person.await.unwrap().contains("Signed in"));
        drop(listener);
        assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err());
    }
}
