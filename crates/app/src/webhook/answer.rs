//! What a receiver's answer means: whether the message arrived, and otherwise what happened, what still holds, and the
//! next step. Nothing of the address but its host is ever in these words.

use super::send::LIMIT;
use crate::api::{ErrorClass, ErrorView};
use crate::error::Error;
use vitrine_entra::http::{Posted, TransportError};

type Answered = Result<Posted, TransportError>;

/// Why it did not arrive; none where it did.
pub(super) fn problem(answered: &Answered) -> Option<ErrorView> {
    match answered {
        Ok(Posted { status: 200..300, .. }) => None,
        Ok(posted) => Some(refused(posted).into_view()),
        Err(error) => Some(unreached(*error).into_view()),
    }
}

/// The receiver wants nothing more (410).
pub(super) fn is_gone(answered: &Answered) -> bool {
    matches!(answered, Ok(Posted { status: 410, .. }))
}

/// It does not like this one message; the next may be another matter.
pub(super) fn is_about_the_message(answered: &Answered) -> bool {
    matches!(answered, Ok(Posted { status: 400 | 413 | 422, .. }))
}

/// Text of a receiver's, as one line.
pub(super) fn text(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    text.split(|letter: char| letter.is_whitespace() || letter.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

const KEPT: &str = "What waits is kept and tried again by itself.";

fn refused(posted: &Posted) -> Error {
    let status = posted.status;
    let (code, what, next) = match status {
        300..=399 => {
            let elsewhere = posted.location.as_deref().and_then(host);
            let to = elsewhere.map_or_else(|| "another address".to_owned(), |host| format!("the host {host}"));
            (
                "webhook.redirected",
                format!("The receiver answered {status} and points to {to}. Nobody went there."),
                "If that is the right address, set it as the webhook's.",
            )
        }
        410 => (
            "webhook.gone",
            "The receiver answered 410: it wants no more messages. The webhook is switched off.".into(),
            "Send a test once it wants them again, which switches it on; or remove the webhook.",
        ),
        401 | 403 => (
            "webhook.refused",
            format!("The receiver answered {status}: it does not take messages from here."),
            "Compare address and signing secret with what the receiver has.",
        ),
        404 => (
            "webhook.refused",
            "The receiver answered 404: there is nothing at this address.".into(),
            "Compare the address with the receiver's, and set it again.",
        ),
        429 => (
            "webhook.throttled",
            "The receiver answered 429: too many messages for it.".into(),
            "Nothing needs to be done; choose fewer kinds of messages if it goes on.",
        ),
        _ => (
            "webhook.refused",
            format!("The receiver answered {status}."),
            "Look into the receiver's own log; Vitrine waits for an answer of 200 to 299.",
        ),
    };
    Error::new(ErrorClass::Partly, code, what, next).holds(KEPT)
}

fn unreached(error: TransportError) -> Error {
    let (code, what, next) = match error {
        TransportError::NoConnection => (
            "webhook.no-connection",
            "No connection to the receiver could be made.".into(),
            "Check that this machine is online, and that the receiver runs and its host is written correctly.",
        ),
        TransportError::NoAnswer | TransportError::TooLong => (
            "webhook.no-answer",
            format!("No answer that can be read came from the receiver within {} seconds.", LIMIT.as_secs()),
            "Have it answer first and work afterwards.",
        ),
        TransportError::Proxy | TransportError::ProxySignIn => {
            ("webhook.proxy", "The proxy did not let the connection to the receiver through.".into(), error.next_step())
        }
        TransportError::CertificateName => (
            "webhook.certificate",
            "The certificate that the receiver shows is for another name.".into(),
            "Check the host of the webhook's address, or the receiver's certificate.",
        ),
        TransportError::Certificate | TransportError::CertificateTime => (
            "webhook.certificate",
            "This machine does not trust the certificate that the receiver shows.".into(),
            error.next_step(),
        ),
        TransportError::Unsendable => (
            "webhook.address",
            "The message could not be sent to this address.".into(),
            "Set the webhook's address again.",
        ),
    };
    Error::new(ErrorClass::Unreachable, code, what, next).holds(KEPT)
}

/// The host of an address, and nothing else of it.
fn host(address: &str) -> Option<String> {
    url::Url::parse(address).ok()?.host_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(status: u16, location: Option<&str>) -> Option<ErrorView> {
        let location = location.map(str::to_owned);
        problem(&Ok(Posted { status, retry_after: None, location, body: Vec::new() }))
    }

    #[test]
    fn only_200_to_299_arrived() {
        for status in [200, 202, 204, 299] {
            assert!(told(status, None).is_none(), "{status}");
        }
        for status in [100, 199, 300, 304, 307, 400, 404, 410, 429, 500, 999] {
            let problem = told(status, None);
            assert!(problem.is_some_and(|problem| !problem.next.is_empty() && !problem.holds.is_empty()), "{status}");
        }
    }

    #[test]
    fn of_where_a_redirect_points_to_only_the_host_is_told() {
        let words = told(302, Some("https://elsewhere.example/hook?token=hunter2")).map(|problem| problem.what);
        let words = words.unwrap_or_default();
        assert!(words.contains("elsewhere.example") && !words.contains("hunter2"), "{words}");
        for nonsense in ["", "/relative", "javascript:alert(1)", "https://"] {
            let problem = told(302, Some(nonsense));
            assert!(problem.is_some_and(|problem| problem.what.contains("another address")));
        }
    }

    #[test]
    fn what_a_receiver_says_is_one_line_of_text() {
        assert_eq!(text(b"a\r\n\x1b[31mred\x00\xff  b"), "a [31mred \u{fffd} b");
    }
}
