//! The device code grant against a token endpoint that answers as RFC 8628 allows and Microsoft does not always: each
//! answer is met as the standard says, counted by a clock that nobody waits for.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use vitrine_entra::oauth::{Asks, Authority, start_device_code};
use vitrine_entra::pace::Unlimited;
use vitrine_entra::{ClientId, Clock, Cloud, Http, HttpSettings, SignInErrorKind};

const PENDING: &str = r#"{"error":"authorization_pending","error_codes":[70016]}"#;
const SLOW_DOWN: &str = r#"{"error":"slow_down"}"#;
const UNKNOWN_CODE: &str = r#"{"error":"bad_verification_code","error_codes":[70018]}"#;
const DECLINED: &str = r#"{"error":"access_denied"}"#;

/// Time passes when somebody sleeps, and each pause is noted.
#[derive(Default)]
struct Noted(Mutex<Vec<Duration>>);

impl Noted {
    fn pauses(&self) -> Vec<u64> {
        self.0.lock().unwrap().iter().map(Duration::as_secs).collect()
    }
}

impl Clock for Noted {
    fn now_ms(&self) -> u64 {
        1_700_000_000_000
    }

    fn monotonic(&self) -> Duration {
        self.0.lock().unwrap().iter().sum()
    }

    fn sleep(&self, pause: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        self.0.lock().unwrap().push(pause);
        Box::pin(tokio::task::yield_now())
    }
}

async fn request(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Some((head.lines().next()?.to_owned(), body.to_owned()));
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

/// A cloud whose device code has these further fields, and whose token endpoint gives these answers in turn; the last
/// one for ever. Answers with how the sign-in ended, the pauses, and every body that asked for a token.
async fn played(fields: &str, answers: &[&str]) -> (Option<SignInErrorKind>, Vec<u64>, Vec<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (bodies, host) = (Arc::new(Mutex::new(Vec::new())), base.clone());
    let (noted, fields) = (Arc::clone(&bodies), fields.to_owned());
    let answers: Vec<String> = answers.iter().map(|&answer| answer.to_owned()).collect();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let Some((line, body)) = request(&mut stream).await else { continue };
            let (status, answer) = if line.contains("openid-configuration") {
                let at = |path: &str| format!("{host}/organizations/{path}");
                let document = serde_json::json!({
                    "issuer": format!("{host}/{{tenantid}}/v2.0"),
                    "authorization_endpoint": at("oauth2/v2.0/authorize"),
                    "token_endpoint": at("oauth2/v2.0/token"),
                    "device_authorization_endpoint": at("oauth2/v2.0/devicecode"),
                });
                ("200 OK", document.to_string())
            } else if line.contains("devicecode") {
                let code = r#""device_code":"d","user_code":"ABCD1234E","expires_in":900"#;
                ("200 OK", format!(r#"{{{code},"verification_uri":"{host}/devicelogin"{fields}}}"#))
            } else {
                let mut noted = noted.lock().unwrap();
                let answer = answers[noted.len().min(answers.len() - 1)].clone();
                noted.push(body);
                ("400 Bad Request", answer)
            };
            let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close");
            let _ = stream
                .write_all(format!("{head}\r\nContent-Length: {}\r\n\r\n{answer}", answer.len()).as_bytes())
                .await;
        }
    });
    let clock = Arc::new(Noted::default());
    let http = Http::with_clock(&HttpSettings::default(), Arc::new(Unlimited), clock.clone()).unwrap();
    let cloud = Cloud::custom(&base, &base).unwrap();
    let client = ClientId::from_u128(7);
    let device = start_device_code(&http, &cloud, &Authority::Organizations, client, None, Asks::Usual).await.unwrap();
    assert_eq!(device.verification_uri(), format!("{base}/devicelogin"));
    let ended = device.finish(|_| {}, std::future::pending()).await.err().map(|error| error.kind());
    let bodies = bodies.lock().unwrap().clone();
    (ended, clock.pauses(), bodies)
}

#[tokio::test]
async fn slow_down_lengthens_every_later_pause_by_five_seconds_and_polling_goes_on() {
    let answers = [PENDING, SLOW_DOWN, PENDING, SLOW_DOWN, PENDING, DECLINED];
    let (ended, pauses, _) = played(r#","interval":3"#, &answers).await;
    assert_eq!(ended, Some(SignInErrorKind::Declined));
    assert_eq!(pauses, [3, 8, 8, 13, 13]);
}

#[tokio::test]
async fn without_an_interval_it_is_five_seconds() {
    let (ended, pauses, _) = played("", &[PENDING, PENDING, DECLINED]).await;
    assert_eq!((ended, pauses), (Some(SignInErrorKind::Declined), vec![5, 5]));
}

#[tokio::test]
async fn no_interval_makes_it_hammer_or_fall_asleep() {
    let (_, pauses, _) = played(r#","interval":0"#, &[PENDING, PENDING, DECLINED]).await;
    assert_eq!(pauses, [1, 1]);
    let (ended, pauses, _) = played(r#","interval":86400"#, &[PENDING]).await;
    assert_eq!(ended, Some(SignInErrorKind::CodeExpired));
    assert!(pauses.iter().all(|pause| *pause == 60), "{pauses:?}");
}

#[tokio::test]
async fn a_complete_address_beside_the_plain_one_is_tolerated_and_the_plain_one_shown() {
    let complete = r#","interval":1,"verification_uri_complete":"https://elsewhere.example/?code=ABCD1234E""#;
    let (ended, pauses, bodies) = played(complete, &[PENDING, DECLINED]).await;
    assert_eq!((ended, pauses), (Some(SignInErrorKind::Declined), vec![1]));
    assert!(bodies.iter().all(|body| body.contains("device_code=d") && !body.contains("elsewhere")), "{bodies:?}");
}

#[tokio::test]
async fn a_code_that_the_endpoint_does_not_know_ends_the_wait_at_once() {
    let (ended, pauses, bodies) = played(r#","interval":5"#, &[PENDING, UNKNOWN_CODE]).await;
    assert_eq!((ended, pauses, bodies.len()), (Some(SignInErrorKind::WrongDeviceCode), vec![5], 2));
}
