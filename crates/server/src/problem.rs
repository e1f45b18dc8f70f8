//! Every refusal, as a problem document (RFC 9457) with a stable code. Words say what happened and what to do next;
//! nothing of the caller's is in them, since logs and proxies see them too.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use thiserror::Error;
use vitrine_ledger::{DecodeError, Head, Refusal};

/// Why a request was not answered.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Problem {
    /// Nothing at this address, or nothing the caller may know of.
    #[error("nothing here")]
    NotFound,
    /// Another method than the address has.
    #[error("this address has another method")]
    Method,
    /// No signature in the form asked for.
    #[error("the request carries no signature as this backend asks for")]
    Unsigned,
    /// The signature does not stand.
    #[error("the request's signature does not stand")]
    Signature,
    /// No such MSP, no such device, or one whose time is over: one answer, so that nobody can ask around.
    #[error("not a device that this backend knows")]
    Device,
    /// The clocks differ too much.
    #[error("the request was signed at another time than this backend's clock shows")]
    Clock {
        /// The backend's, Unix time in seconds.
        now_s: u64,
    },
    /// Signed for another backend.
    #[error("the request is meant for another backend")]
    Backend,
    /// The body is not the one signed.
    #[error("the body is not the one that was signed")]
    Digest,
    /// A transport key asked for more than reading.
    #[error("a locked device's key may only read")]
    ReadOnly,
    /// The role or access does not suffice.
    #[error("this member may not do that")]
    NotAllowed,
    /// Not in the one encoding.
    #[error("the body is not in its strict encoding: {0}")]
    Malformed(DecodeError),
    /// More bytes, entries or objects than one request may carry.
    #[error("the request is larger than this backend takes")]
    TooLarge,
    /// The request took too long to arrive.
    #[error("the request took too long")]
    Slow,
    /// Too many requests.
    #[error("too many requests")]
    Rate,
    /// The MSP's room is full.
    #[error("the room of this MSP is full")]
    Quota,
    /// An entry that the ledger does not take.
    #[error("the ledger does not take this entry: {refusal}")]
    Refused {
        /// Why. Boxed, since it is larger than everything else here.
        refusal: Box<Refusal>,
        /// The present head of its ledger.
        head: Option<Head>,
    },
    /// Somebody else's entry, by a caller who is not an owner.
    #[error("an entry by another device; only an owner copies those")]
    Author,
    /// A `Put` whose object is neither sent nor stored.
    #[error("an object that an entry names is missing")]
    ObjectMissing,
    /// An object that no entry of the request names.
    #[error("an object that no entry of this request names")]
    ObjectStray,
    /// The home has moved to another backend.
    #[error("the home of this vault is another backend")]
    Moved,
    /// The cursor is beyond the newest entry: this backend knows less than the caller has seen.
    #[error("this backend is behind what the caller has seen")]
    Behind,
    /// No token, or not the operator's.
    #[error("registration needs the operator's token")]
    Token,
    /// Answered once already.
    #[error("this invitation was answered already")]
    InvitationUsed,
    /// Waited long enough.
    #[error("this invitation has expired")]
    InvitationExpired,
    /// The address belongs to something else already.
    #[error("this address is taken")]
    Taken,
    /// The database did not answer as it should; nothing was changed.
    #[error("the database is not available")]
    Database,
}

impl Problem {
    /// An entry that the ledger does not take, and the present head of its ledger.
    pub(crate) fn refused(refusal: Refusal, head: Option<Head>) -> Self {
        Self::Refused { refusal: Box::new(refusal), head }
    }

    /// Status of the answer.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Unsigned | Self::Signature | Self::Device | Self::Clock { .. } | Self::Token => {
                StatusCode::UNAUTHORIZED
            }
            Self::Backend | Self::Moved => StatusCode::MISDIRECTED_REQUEST,
            Self::Digest | Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::ReadOnly | Self::NotAllowed | Self::Author => StatusCode::FORBIDDEN,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Rate => StatusCode::TOO_MANY_REQUESTS,
            Self::Quota => StatusCode::INSUFFICIENT_STORAGE,
            Self::ObjectMissing | Self::ObjectStray => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Behind | Self::InvitationUsed | Self::Taken => StatusCode::CONFLICT,
            Self::InvitationExpired => StatusCode::GONE,
            Self::Database => StatusCode::SERVICE_UNAVAILABLE,
            Self::Refused { refusal, .. } => match **refusal {
                Refusal::Taken { .. }
                | Refusal::Fork { .. }
                | Refusal::Gap { .. }
                | Refusal::WitnessAhead { .. }
                | Refusal::EpochOwed => StatusCode::CONFLICT,
                Refusal::Device { .. }
                | Refusal::Member { .. }
                | Refusal::NotAllowed { .. }
                | Refusal::NoAccess { .. }
                | Refusal::NotHome { .. } => StatusCode::FORBIDDEN,
                _ => StatusCode::UNPROCESSABLE_ENTITY,
            },
        }
    }

    /// Stable code, which clients pick their words by.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "server.not-found",
            Self::Method => "server.method",
            Self::Unsigned => "server.unsigned",
            Self::Signature => "server.signature",
            Self::Device => "server.device",
            Self::Clock { .. } => "server.clock",
            Self::Backend => "server.other-backend",
            Self::Digest => "server.digest",
            Self::ReadOnly => "server.read-only",
            Self::NotAllowed => "server.not-allowed",
            Self::Malformed(error) => error.code(),
            Self::TooLarge => "server.too-large",
            Self::Slow => "server.slow",
            Self::Rate => "server.rate",
            Self::Quota => "server.quota",
            Self::Refused { refusal, .. } => refusal.code(),
            Self::Author => "server.author",
            Self::ObjectMissing => "server.object-missing",
            Self::ObjectStray => "server.object-stray",
            Self::Moved => "server.moved",
            Self::Behind => "server.behind",
            Self::Token => "server.token",
            Self::InvitationUsed => "server.invitation-used",
            Self::InvitationExpired => "server.invitation-expired",
            Self::Taken => "server.taken",
            Self::Database => "server.database",
        }
    }

    /// What still holds, and the next step.
    fn next(&self) -> &'static str {
        match self {
            Self::Clock { .. } => "Nothing was changed. Set the device's clock; `time` is this backend's.",
            Self::Database => "Nothing was changed, or it was changed whole: read the head before trying again.",
            Self::Refused { refusal, .. }
                if matches!(**refusal, Refusal::Taken { .. } | Refusal::Fork { .. } | Refusal::Gap { .. }) =>
            {
                "Nothing was changed. Fetch what is new, and append to the head it leads to."
            }
            Self::Rate => "Nothing was changed. Wait as long as Retry-After says.",
            Self::Quota => "Nothing was changed. The operator can raise the quota; what is stored can be read.",
            Self::Moved => "Nothing was changed. Fetch the MSP ledger: it names the new home.",
            Self::Behind => "Nothing was changed. Keep what you have: this backend was restored from an older state.",
            Self::InvitationUsed | Self::InvitationExpired => "Ask for a new invitation.",
            _ => "Nothing was changed.",
        }
    }
}

impl From<DecodeError> for Problem {
    fn from(error: DecodeError) -> Self {
        if error == DecodeError::TooLarge { Self::TooLarge } else { Self::Malformed(error) }
    }
}

/// The cause is logged here and nowhere else; the text of a database error can hold values, so only its kind is.
impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(|error| error.code().map(std::borrow::Cow::into_owned));
        let kind = match &error {
            sqlx::Error::Database(_) => "answer",
            sqlx::Error::Io(_) => "connection",
            sqlx::Error::PoolTimedOut => "pool",
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => "value",
            _ => "other",
        };
        tracing::error!(kind, code, "database");
        Self::Database
    }
}

/// What the log line and the counters of an answer say about it.
#[derive(Clone, Copy)]
pub(crate) struct Code(pub(crate) &'static str);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, code) = (self.status(), self.code());
        let mut document = json!({
            "type": format!("urn:vitrine:problem:{code}"),
            "title": self.to_string(),
            "status": status.as_u16(),
            "detail": self.next(),
            "code": code,
        });
        match &self {
            Self::Clock { now_s } => document["time"] = json!(now_s),
            Self::Refused { head: Some(head), .. } => {
                document["head"] = json!({ "seq": head.seq, "hash": head.hash.to_string() });
            }
            _ => {}
        }
        let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"))];
        let mut response = (status, kind, document.to_string()).into_response();
        if matches!(self, Self::Rate | Self::Database) {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        }
        response.extensions_mut().insert(Code(code));
        response
    }
}
