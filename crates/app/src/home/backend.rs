//! One backend, as a client speaks with it: requests signed by this device (RFC 9421), bodies by their digest (RFC 9530),
//! answers in the ledger's strict encoding, refusals as problem documents (RFC 9457).

use crate::App;
use crate::api::ErrorClass;
use crate::error::{Error, Result};
use crate::session::{Session, make};
use crate::vault::{self, host};
use data_encoding::{BASE64, HEXLOWER};
use httpsig::prelude::message_component::{HttpMessageComponent, HttpMessageComponentId};
use httpsig::prelude::{AlgorithmName, HttpSigResult, HttpSignatureBase, HttpSignatureParams, SigningKey};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::time::Duration;
use url::Url;
use vitrine_entra::http::{Ask, Asked, Body, Http, Stream, TransportError};
use vitrine_ledger::wire::{
    self, Append, Appended, BACKEND_FIELD, COVERED, Changes, Enrolment, EnrolmentBlob, EnrolmentPut, Entries,
    EntriesWanted, EntryBytes, Invitation, InvitationAnswer, KeyId, KeyUse, Letter, Locator, MAX_BODY, MEDIA_TYPE,
    Message, Objects, ObjectsWanted, Register,
};
use vitrine_ledger::{BackendId, Home};
use vitrine_vault::SecretText;
use vitrine_vault::account::{DeviceKeys, TransportKeys};

/// What holds after a question that changes nothing.
const UNCHANGED: &str = "Nothing was changed. Everything that is stored here can be viewed.";
/// Refusals of what was drafted on an older head than the home's.
const BEHIND: [&str; 4] = ["ledger.taken", "ledger.fork", "ledger.gap", "ledger.witness-ahead"];
/// How long an answer is waited for.
const LIMIT: Duration = Duration::from_secs(30);

/// A backend that this device speaks with.
pub(crate) struct Backend<'a> {
    app: &'a App,
    http: Http,
    url: Url,
    id: BackendId,
    /// Who signs, and with what.
    signer: KeyId,
    keys: Signs<'a>,
}

/// The key that signs.
#[derive(Clone, Copy)]
pub(crate) enum Signs<'a> {
    Device(&'a DeviceKeys),
    /// Of a locked device: for requests that only read.
    Transport(&'a TransportKeys),
}

impl Signs<'_> {
    fn key_use(self) -> KeyUse {
        match self {
            Self::Device(_) => KeyUse::Device,
            Self::Transport(_) => KeyUse::Transport,
        }
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Below HTTP.
    Transport(TransportError),
    /// A refusal.
    Problem(Problem),
    /// Something that is neither an answer nor a refusal.
    Garbled(u16),
    /// The request could not be made.
    Local(Error),
}

/// What is read of a problem document. Its words are not shown: they are the peer's.
#[derive(Debug, Deserialize)]
pub(crate) struct Problem {
    pub(super) code: String,
    #[serde(default)]
    pub(super) head: Option<ProblemHead>,
    #[serde(default)]
    time: Option<u64>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ProblemHead {
    pub(super) hash: String,
}

/// Asks who answers at an address, and has it proven.
pub(crate) async fn who(http: &Http, url: &Url) -> Result<wire::Backend> {
    let challenge: [u8; 32] = make();
    let path = format!("/v1/backend/{}", HEXLOWER.encode(&challenge));
    let asked = ask(http, url, &path, &[], Body::None).await;
    let asked = asked.map_err(|failure| failure.into_error(&host(url)).holds(UNCHANGED))?;
    let stranger = || stranger(url);
    let backend = wire::Backend::from_bytes(&answered(asked).map_err(|_| stranger())?).map_err(|_| stranger())?;
    if backend.is_proven(&challenge) { Ok(backend) } else { Err(stranger()) }
}

/// Whoever answers there is not who was meant.
pub(crate) fn stranger(url: &Url) -> Error {
    Error::integrity(
        "home.not-a-backend",
        format!("{} is not the Vitrine backend that was meant, or does not prove who it is.", host(url)),
        "Check the address with whoever runs it.",
    )
}

impl<'a> Backend<'a> {
    /// The backend of an id, at an address, for whoever signs.
    pub(crate) fn new(app: &'a App, http: Http, url: Url, id: BackendId, signer: KeyId, keys: Signs<'a>) -> Self {
        Self { app, http, url, id, signer, keys }
    }

    /// The same, for an unlocked vault.
    ///
    /// # Errors
    /// Where the way to the network cannot be made.
    pub(super) fn at(app: &'a App, session: &'a Session, url: Url, id: BackendId) -> Result<Self> {
        let signer = KeyId { msp: session.vault(), device: session.author.device };
        Ok(Self::new(app, session.http()?, url, id, signer, Signs::Device(&session.device)))
    }

    /// The backend that the signed history names, where this device knows its address.
    pub(crate) async fn of(app: &'a App, session: &'a Session) -> Result<Self> {
        let unknown = || {
            Error::usage(
                "home.no-address",
                "The home of this vault is a backend whose address this device does not know.",
                "Restore from the backup: this device then becomes the home.",
            )
        };
        let Home::Backend { id, .. } = session.msp().home() else { return Err(unknown()) };
        let address = vault::firm(app).await?.own.home.ok_or_else(unknown)?;
        Self::at(app, session, Url::parse(&address.url).map_err(|_| unknown())?, id)
    }

    /// Its host, for people.
    pub(super) fn host(&self) -> String {
        host(&self.url)
    }

    /// Makes room there for the vault, by the operator's token.
    pub(super) async fn register(&self, token: &SecretText) -> Result<()> {
        let msp = self.signer.msp;
        let genesis =
            self.app.inner.store.entry(msp.as_bytes(), 0).await?.and_then(|bytes| EntryBytes::new(bytes).ok());
        let genesis = genesis.ok_or_else(crate::restore::history_missing)?;
        // Exposed into the one header that carries it to the host which the person named.
        let fields = [("content-type", MEDIA_TYPE.to_owned()), ("authorization", format!("Bearer {}", token.expose()))];
        let body = Register { genesis }.to_bytes();
        let asked = ask(&self.http, &self.url, "/v1/msps", &fields, Body::Post(body)).await;
        asked.and_then(answered).map(drop).map_err(|failure| failure.into_error(&self.host()))
    }

    /// Appends, once.
    pub(crate) async fn append(&self, append: &Append) -> Result<Appended, Failure> {
        self.signed("/v1/append", Body::Post(append.to_bytes())).await
    }

    /// The ledgers that changed after a cursor.
    pub(super) async fn changes(&self, after: u64) -> Result<Changes> {
        self.read(&format!("/v1/changes/{after}"), Body::None).await
    }

    /// Entries as asked, as many as an answer holds.
    pub(crate) async fn entries(&self, wanted: &EntriesWanted) -> Result<Entries> {
        self.read("/v1/entries", Body::Post(wanted.to_bytes())).await
    }

    /// Objects as asked, as many as an answer holds.
    pub(super) async fn objects(&self, wanted: &ObjectsWanted) -> Result<Objects> {
        self.read("/v1/objects", Body::Post(wanted.to_bytes())).await
    }

    /// Opens the stream of events, for at most so long.
    pub(super) async fn events(&self, limit: Duration) -> Result<Stream, Failure> {
        let path = "/v1/events";
        let headers = self.sign(path, &Body::None).map_err(|error| Failure::Local(unsigned(error)))?;
        let ask = Ask { url: &at(&self.url, path), headers: &headers, body: Body::None, limit };
        let stream = self.http.open(ask).await.map_err(Failure::Transport)?;
        // Why it is refused, the next question finds out.
        if stream.status() == 200 { Ok(stream) } else { Err(Failure::Garbled(stream.status())) }
    }

    /// Opens the mailbox of an invitation.
    pub(super) async fn open_mailbox(&self, locator: &Locator, invitation: &Invitation) -> Result<()> {
        self.done(&format!("/v1/invitations/{locator}"), Body::Put(invitation.to_bytes())).await
    }

    /// What was left in a mailbox that this firm opened.
    pub(super) async fn answer_of(&self, locator: &Locator) -> Result<Option<Letter>> {
        let answer: InvitationAnswer = self.read(&format!("/v1/invitations/{locator}"), Body::None).await?;
        Ok(answer.letter)
    }

    /// Leaves what this member's recovery kit opens, in the place of what lay there.
    pub(crate) async fn enrol(&self, locator: &Locator, blob: EnrolmentBlob) -> Result<()> {
        self.done(&format!("/v1/enrolments/{locator}"), Body::Put(EnrolmentPut { blob }.to_bytes())).await
    }

    /// Leaves an answer in a mailbox that no letter key opens.
    pub(super) async fn close_mailbox(&self, locator: &Locator) -> Result<()> {
        answer(&self.http, &self.url, locator, vec![0]).await
    }

    /// A failure in words.
    pub(crate) fn error(&self, failure: Failure) -> Error {
        failure.into_error(&self.host())
    }

    async fn read<M: Message>(&self, path: &str, body: Body) -> Result<M> {
        self.signed(path, body).await.map_err(|failure| self.error(failure).holds(UNCHANGED))
    }

    /// A request whose answer is that it was done.
    async fn done(&self, path: &str, body: Body) -> Result<()> {
        let fields = self.sign(path, &body).map_err(unsigned)?;
        let asked = ask(&self.http, &self.url, path, &fields, body).await;
        asked.and_then(answered).map(drop).map_err(|failure| self.error(failure))
    }

    async fn signed<M: Message>(&self, path: &str, body: Body) -> Result<M, Failure> {
        let fields = self.sign(path, &body).map_err(|error| Failure::Local(unsigned(error)))?;
        let asked = ask(&self.http, &self.url, path, &fields, body).await?;
        let status = asked.status;
        M::from_bytes(&answered(asked)?).map_err(|_| Failure::Garbled(status))
    }

    /// The head of a request, signed by this device.
    fn sign(&self, path: &str, body: &Body) -> HttpSigResult<Vec<(&'static str, String)>> {
        let (method, bytes) = match body {
            Body::None => ("GET", &[][..]),
            Body::Post(bytes) => ("POST", &bytes[..]),
            Body::Put(bytes) => ("PUT", &bytes[..]),
        };
        let digest = format!("sha-256=:{}:", BASE64.encode(&Sha256::digest(bytes)));
        let backend = self.id.to_string();
        let covered: Vec<_> =
            COVERED.iter().map(|name| HttpMessageComponentId::try_from(*name)).collect::<HttpSigResult<_>>()?;
        let mut params = HttpSignatureParams::try_new(&covered)?;
        params
            .set_created(self.app.now_ms() / 1000)
            .set_keyid(&self.signer.to_string())
            .set_tag(self.keys.key_use().tag());
        let values = [method, path, &digest, &backend];
        let lines = covered.iter().zip(values);
        let lines = lines.map(|(id, value)| HttpMessageComponent::try_from((id, &[value.to_owned()][..])));
        let base = HttpSignatureBase::try_new(&lines.collect::<HttpSigResult<Vec<_>>>()?, &params)?;
        let signed = base.build_signature_headers(&self.keys, None)?;
        Ok(vec![
            ("content-type", MEDIA_TYPE.to_owned()),
            ("signature", signed.signature_header_value()),
            ("signature-input", signed.signature_input_header_value()),
            ("content-digest", digest),
            (BACKEND_FIELD, backend),
        ])
    }
}

/// The device's own key in the place of the library's.
impl SigningKey for Signs<'_> {
    fn sign(&self, message: &[u8]) -> HttpSigResult<Vec<u8>> {
        Ok(match self {
            Self::Device(keys) => keys.sign(message).to_vec(),
            Self::Transport(keys) => keys.sign(message).to_vec(),
        })
    }

    fn key_id(&self) -> String {
        String::new()
    }

    fn alg(&self) -> AlgorithmName {
        AlgorithmName::Ed25519
    }
}

async fn ask(
    http: &Http,
    url: &Url,
    path: &str,
    headers: &[(&'static str, String)],
    body: Body,
) -> Result<Asked, Failure> {
    let url = at(url, path);
    #[cfg(test)]
    if let Some(answer) = crate::tests::three::carried(&url, headers, &body) {
        return answer;
    }
    http.ask(Ask { url: &url, headers, body, limit: LIMIT }).await.map_err(Failure::Transport)
}

fn at(url: &Url, path: &str) -> Url {
    let mut url = url.clone();
    url.set_path(path);
    url
}

/// What lies in the mailbox of an invitation, for whoever has the code.
pub(crate) async fn letter(http: &Http, url: &Url, locator: &Locator) -> Result<Vec<u8>> {
    let asked = ask(http, url, &format!("/v1/letters/{locator}"), &[], Body::None).await;
    let answer = asked.and_then(answered).map_err(|failure| no_mailbox(failure, url))?;
    let answer = InvitationAnswer::from_bytes(&answer).map_err(|_| Failure::Garbled(200).into_error(&host(url)))?;
    Ok(answer.letter.map(|letter| letter.as_bytes().to_vec()).unwrap_or_default())
}

/// Answers an invitation. The same answer again changes nothing.
pub(crate) async fn answer(http: &Http, url: &Url, locator: &Locator, letter: Vec<u8>) -> Result<()> {
    let letter = Letter::new(letter).map_err(|_| Failure::Garbled(0).into_error(&host(url)))?;
    let body = InvitationAnswer { letter: Some(letter) }.to_bytes();
    let fields = [("content-type", MEDIA_TYPE.to_owned())];
    let asked = ask(http, url, &format!("/v1/letters/{locator}"), &fields, Body::Put(body)).await;
    asked.and_then(answered).map(drop).map_err(|failure| no_mailbox(failure, url))
}

/// What a recovery kit opens, for whoever has the kit.
pub(crate) async fn enrolment(http: &Http, url: &Url, locator: &Locator) -> Result<Enrolment> {
    let asked = ask(http, url, &format!("/v1/enrolments/{locator}"), &[], Body::None).await;
    let answer = asked.and_then(answered).map_err(|failure| no_enrolment(failure, url))?;
    Enrolment::from_bytes(&answer).map_err(|_| Failure::Garbled(200).into_error(&host(url)))
}

/// The MSP's history from a place on, for whoever has a member's kit.
pub(crate) async fn kit_entries(http: &Http, url: &Url, locator: &Locator, from: u64) -> Result<Entries> {
    let asked = ask(http, url, &format!("/v1/enrolments/{locator}/entries/{from}"), &[], Body::None).await;
    let answer = asked.and_then(answered).map_err(|failure| no_enrolment(failure, url))?;
    Entries::from_bytes(&answer).map_err(|_| Failure::Garbled(200).into_error(&host(url)))
}

/// Appends the one entry by which a device comes back with the kit.
pub(crate) async fn kit_append(http: &Http, url: &Url, locator: &Locator, append: &Append) -> Result<()> {
    let fields = [("content-type", MEDIA_TYPE.to_owned())];
    let path = format!("/v1/enrolments/{locator}/append");
    let asked = ask(http, url, &path, &fields, Body::Post(append.to_bytes())).await;
    asked.and_then(answered).map(drop).map_err(|failure| no_enrolment(failure, url))
}

/// Where nothing lies at the address that follows from a kit, another kit was printed since, or it is another vault's.
fn no_enrolment(failure: Failure, url: &Url) -> Error {
    match &failure {
        Failure::Problem(problem) if problem.code == "server.not-found" => Error::new(
            ErrorClass::Refused,
            "restore.kit-unknown",
            format!(
                "{} knows nothing of this kit: a newer one was printed, or the address is another firm's.",
                host(url)
            ),
            "Use the newest kit, check the address, or restore from a backup file.",
        )
        .holds("Nothing was changed."),
        _ => failure.into_error(&host(url)),
    }
}

/// Where nothing lies at an address that follows from a code, the code is over, or another one than was sent.
fn no_mailbox(failure: Failure, url: &Url) -> Error {
    match &failure {
        Failure::Problem(problem) if problem.code == "server.not-found" => Error::new(
            ErrorClass::Refused,
            "join.unknown",
            format!("{} knows no such invitation: it is over, or was not copied as it was sent.", host(url)),
            "Ask for a new one.",
        )
        .holds("Nothing was changed."),
        _ => failure.into_error(&host(url)),
    }
}

/// The body of an answer that is none of the refusals.
fn answered(asked: Asked) -> Result<Vec<u8>, Failure> {
    match asked.status {
        200 | 204 if asked.body.len() <= MAX_BODY => Ok(asked.body),
        status => match serde_json::from_slice(&asked.body) {
            Ok(problem) if status >= 400 => Err(Failure::Problem(problem)),
            _ => Err(Failure::Garbled(status)),
        },
    }
}

fn unsigned(error: httpsig::prelude::HttpSigError) -> Error {
    Error::machine("home.unsigned", "The request to the vault's home could not be signed.", "Report this.")
        .because(error)
}

impl Failure {
    /// Whether the backend may have taken what it was sent.
    pub(super) fn may_have_arrived(&self) -> bool {
        match self {
            Self::Transport(error) => !error.nothing_sent(),
            // A proxy's page, or an answer that broke off.
            Self::Garbled(_) => true,
            Self::Problem(problem) => problem.code == "server.database",
            Self::Local(_) => false,
        }
    }

    /// Whether something came before what was sent.
    pub(crate) fn is_behind(&self) -> bool {
        matches!(self, Self::Problem(problem) if BEHIND.contains(&problem.code.as_str()))
    }

    pub(super) fn into_error(self, host: &str) -> Error {
        let unreachable = |code: &str, what: String, next: &str| Error::new(ErrorClass::Unreachable, code, what, next);
        match self {
            Self::Local(error) => error,
            Self::Transport(error) if error.nothing_sent() => {
                let next = match error {
                    TransportError::NoConnection => "Check that this machine is online and that the backend runs.",
                    _ => error.next_step(),
                };
                unreachable("home.unreachable", format!("The vault's home, {host}, cannot be reached."), next)
                    .holds(UNCHANGED)
                    .details(error.code())
            }
            Self::Transport(error) => {
                unreachable("home.no-answer", format!("The vault's home, {host}, did not answer."), "Try again.")
                    .holds(
                        "It took the change whole or not at all; which, is found out before anything else is changed.",
                    )
                    .details(error.code())
            }
            Self::Garbled(status) => unreachable(
                "home.garbled",
                format!("What {host} answered is not what a Vitrine backend answers."),
                "Check the address, and what stands between: a proxy may have answered.",
            )
            .details(format!("status {status}")),
            Self::Problem(problem) => problem.into_error(host),
        }
    }
}

impl Problem {
    fn into_error(self, host: &str) -> Error {
        let (class, code, what, next) = match self.code.as_str() {
            "server.token" => (
                ErrorClass::Usage,
                "home.token",
                format!("{host} does not know this token, or takes no registrations."),
                "Ask the operator of the backend for the registration token.",
            ),
            "server.clock" => (
                ErrorClass::Machine,
                "home.clock",
                format!("The clocks of this machine and of {host} differ by more than a minute."),
                "Set this machine's clock, or have the backend's set.",
            ),
            "server.quota" => (
                ErrorClass::Unreachable,
                "home.quota",
                format!("The room that {host} gives this vault is full."),
                "Ask the operator of the backend to raise the quota.",
            ),
            "server.device" => (
                ErrorClass::Integrity,
                "home.unknown-device",
                format!(
                    "{host} does not know this device: it was removed from the vault, or the backend was made anew."
                ),
                "Ask an owner of the vault. If it was made anew, restore from the backup.",
            ),
            "server.invitation-used" => (
                ErrorClass::Refused,
                "join.used",
                "This invitation was used already, or withdrawn.".into(),
                "Ask for a new one.",
            ),
            "server.invitation-expired" => {
                (ErrorClass::Refused, "join.expired", "This invitation has ended.".into(), "Ask for a new one.")
            }
            "server.behind" => (
                ErrorClass::Integrity,
                "home.rolled-back",
                format!("{host} knows less than this device has seen: it was put back to an older state."),
                "Do not trust it until its operator has explained that. What this device has stays.",
            ),
            code if BEHIND.contains(&code) => (
                ErrorClass::Partly,
                "home.behind",
                "Something else was written first.".into(),
                "It was fetched where it could be; look, and try again.",
            ),
            "server.rate" | "server.database" | "server.slow" => (
                ErrorClass::Unreachable,
                "home.busy",
                format!("{host} cannot answer just now."),
                "Try again in a moment.",
            ),
            _ => (
                ErrorClass::Unreachable,
                "home.refused",
                format!("{host} does not take this."),
                "Copy the details and ask the operator of the backend.",
            ),
        };
        let time = self.time.map(|time| format!(", its clock {time}")).unwrap_or_default();
        // A code has one form; anything else is a peer's own text.
        let form = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
        let said = if self.code.len() <= 64 && self.code.bytes().all(form) { self.code.as_str() } else { "unknown" };
        Error::new(class, code, what, next).holds("Nothing was changed.").details(format!("{said}{time}"))
    }
}
