//! A home that lies: what stands between a client and an honest backend, passes everything on and remembers it, until one
//! of its switches is set. Then it answers as that attack does.
//!
//! It has seen every entry and object that its vault ever wrote there, so it is a complete home by itself: most attacks are
//! an honest answer out of a history that was falsified. It holds no key of the vault. What it forges it signs with a key
//! of its own, and formats are read and made here from their description (`docs/formats.md`) and not by our code, so that
//! a mistake of ours is not made twice.

mod history;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use ciborium::Value;
use reqwest::Client;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::cbor::{self, bytes, field, map, uint, value};
use history::History;

/// More than any request has.
const LONGEST: usize = 8 << 20;
const MEDIA_TYPE: &str = "application/cbor";
/// What a signature stands in and covers; everything else of a request's head is the connection's.
const PASSED_ON: [&str; 6] =
    ["content-type", "signature", "signature-input", "content-digest", "vitrine-backend", "authorization"];

/// What the home does. Numbers are rows of the catalogue of attacks; two letters and a number are an attack of the paper
/// behind it (ePrint 2026/058).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attack {
    /// None: answers honestly, out of its own memory. That the others are refused for what is false in them shows only if
    /// this is not.
    Nothing,
    /// Row 11: knows nothing that came after the mark, and numbers accordingly.
    RolledBack,
    /// Row 11: the same, and promises that more is to come.
    RolledBackWithMore,
    /// Row 12: shows nothing that came after the mark, and refuses what does not follow on it.
    KeptBack,
    /// Rows 10 and 11: the newest number, and every ledger as it stood at the mark.
    OldHeads,
    /// Row 16: the history that was written behind the mark while it was split, or by those who were parted from the rest.
    Forked,
    /// Row 12: every organization as it stood at the mark; the MSP's ledger, which a code pins, is the newest.
    OrganizationsRolledBack,
    /// Row 33: the MSP's ledger as it stood at the mark; what was written later in those of organizations is given.
    MspHeldBack,
    /// Rows 34 and 35, bw01: what lies in a mailbox has another bit.
    LettersAltered(Mail),
    /// Rows 34 and 35, bw01: in a mailbox lies what was sent by another one before.
    LettersOfAnother(Mail),
    /// Row 32: names the newest heads, and gives so many new entries of such a ledger and no more.
    EntriesCutShort(usize, Sort),
    /// Row 15, dl01, op02: a new organization stands in the MSP's ledger, and its own ledger is neither told nor given.
    LedgerHidden,
    /// Row 7, bw09: another ledger in the place of a new organization's.
    LedgerReplaced(Name),
    /// Row 6, bw08: a further ledger that names this MSP.
    LedgerInjected(Name),
    /// Row 7, bw09: a ledger under another id than its own.
    LedgerMisnamed,
    /// Row 9, op03: another vault's history in the place of this one.
    VaultReplaced,
    /// The first new entry of such a ledger is not what was written there.
    Entries(Lie, Sort),
    /// Row 19: new entries of one organization are those of another.
    EntriesOfAnother,
    /// Rows 2 and 4, bw01, lp01, op01: an entry of the MSP's ledger that nobody of the vault wrote.
    MspForged(Forgery, Name),
    /// Rows 3, 8 and 31, bw02, op06: new keys of an organization, which the home knows.
    KeysForged(Name),
    /// Row 13: an object that a new entry names is never there.
    ObjectHidden,
    /// Row 10: an object's older version in its place.
    ObjectOlder,
    /// Row 20, bw05, lp02: the object of another item of the organization.
    ObjectOfAnotherItem,
    /// Row 19: the object of another organization.
    ObjectOfAnotherOrganization,
    /// Row 30, lp05, bw12, dl05: a bit of each object is another one, at so many hundredths of its length.
    ObjectAltered(usize),
    /// Row 5, bw03: fields beside those that an answer has, as if there were another mode to change into.
    UnknownFields,
    /// Row 43: something else than an answer.
    Garbled(Garbage),
    /// Row 43: pages of changes without an end.
    ChangesWithoutEnd,
    /// Row 43: pages of the same entries without an end.
    EntriesWithoutEnd,
    /// Row 43: pages of forged entries without an end, each the next.
    ForgeriesWithoutEnd(Sort),
    /// Row 48 in spirit: sends the client elsewhere.
    Redirects(u16, String),
    /// Closes the connection in the middle of every answer.
    BreaksOff,
    /// Takes every request and never answers.
    Silent,
    /// Refuses everything under this code of a problem document.
    Refuses(&'static str),
    /// Rows 13 and 18: says that it took an append, and throws it away. Its number for it is as it should be, or an old one.
    AppendsSwallowed {
        /// Whether the number rises.
        numbered: bool,
    },
    /// Takes an append, and says under this code that it did not.
    AppendsDenied(&'static str),
    /// Row 43: says without an end that there is something new, each time under a higher number.
    WakesWithoutEnd,
    /// Row 47: brings every request to the backend twice, and answers what the second came to.
    Replays,
}

/// In whose name the home forges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// In that of a device of its own.
    Stranger,
    /// In that of a device of the vault, whose key it does not have.
    Owner,
}

/// Which way a letter goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mail {
    /// To who is invited.
    Offer,
    /// Back to who invites.
    Answer,
}

/// A sort of ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// That of the MSP.
    Msp,
    /// That of an organization.
    Organization,
}

/// What becomes of the first new entry of a ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// Rows 13 and 42, dl01, op02: it is left out.
    Dropped,
    /// Rows 14 and 42, dl01, op02: it stands behind the second.
    Swapped,
    /// Row 14, dl01, op02: it is there twice.
    Twice,
    /// Row 30, lp05, bw11: a bit of its signature is another one.
    Signature,
    /// Rows 23, 30 and 42, bw04, lp06: a bit of what it says is another one.
    Body,
    /// Rows 1 and 2, bw01, lp07, dl02, op05: a key that is encrypted to is the home's own.
    Key,
    /// Row 23: another member says so.
    Author,
    /// Row 23, bw04, lp06: it was said at another time.
    Time,
    /// Row 45: its signature in a form that equals it in the curve's group.
    Stretched,
    /// Row 27, bw10, bw11, bw12, dl03, dl05: it is of another suite.
    Suite(u64),
}

/// What is forged in the MSP's ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forgery {
    /// A member with this role.
    Member(u64),
    /// An owner out of somebody.
    Owner,
    /// A recovery key of the home's own.
    Recovery,
    /// A further device.
    Device,
    /// Other keys of who was added last.
    Keys,
}

/// What comes in the place of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Garbage {
    /// Nothing.
    Empty,
    /// A page, as a proxy shows it.
    Page,
    /// A list that claims to have more members than there are atoms.
    EndlessList,
    /// Lists in lists in lists.
    Nested,
    /// More than an answer may have.
    Oversized,
    /// More than is read of any answer.
    Enormous,
}

/// A request as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its method.
    pub method: String,
    /// What stood behind the host.
    pub path: String,
    /// How long its body was.
    pub length: usize,
    /// The device that signed it, in hexadecimal digits; nothing where nobody did.
    pub device: String,
}

#[derive(Clone)]
struct Request {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// What it was asked, as far as it answers by itself.
enum Asked {
    Changes(u64),
    Entries(Vec<(Vec<u8>, u64)>),
    Objects(Vec<(Vec<u8>, Vec<u8>)>),
    Append(Value),
    Other,
}

enum Answer {
    /// What the honest backend says.
    Honest,
    /// What it says when it is asked twice.
    Twice,
    /// It is asked, and this is said in its place.
    Instead(Box<Answer>),
    /// This body.
    Body(Value),
    Says {
        status: u16,
        head: String,
        body: Vec<u8>,
    },
    BreaksOff,
    Hangs,
}

impl Answer {
    fn refusal(code: &str) -> Self {
        let body = format!("{{\"code\":\"{code}\"}}").into_bytes();
        Self::Says { status: 409, head: "content-type: application/problem+json\r\n".into(), body }
    }

    fn page(body: Vec<u8>) -> Self {
        Self::Says { status: 200, head: format!("content-type: {MEDIA_TYPE}\r\n"), body }
    }
}

#[derive(Default)]
struct State {
    attack: Option<Attack>,
    history: History,
    marked: History,
    /// What is written instead of `history` while the two are split, and kept afterwards.
    other: History,
    split: bool,
    /// Devices that write there, and are told nothing else.
    parted: Vec<String>,
    /// Devices that are not lied to.
    spared: Vec<String>,
    seen: Vec<Seen>,
    /// What the honest backend was asked, and every byte that passed here, either way.
    passed: Vec<Request>,
    heard: Vec<u8>,
    /// What was in mailboxes, by their address.
    letters: Vec<(Mail, String, Vec<u8>)>,
    appends: usize,
    /// Entries that it said to have taken under the present attack.
    swallowed: u64,
    hanging: usize,
    wakes: u64,
}

/// The home that lies, on loopback.
pub struct EvilServer {
    url: String,
    backend: String,
    client: Client,
    state: Arc<Mutex<State>>,
    serving: JoinHandle<()>,
}

impl EvilServer {
    /// Stands before this backend. Whatever a vault does there has to go through here from the beginning.
    pub async fn before(backend: &str) -> Result<Self> {
        Self::listening(backend, None).await
    }

    /// Row 46: the same with a certificate, as a network does that opens what is encrypted and looks into it.
    pub async fn intercepting(backend: &str, certificate: &Path, key: &Path) -> Result<Self> {
        let chain = CertificateDer::pem_file_iter(certificate)?.collect::<Result<Vec<_>, _>>()?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let config = config.with_no_client_auth().with_single_cert(chain, PrivateKeyDer::from_pem_file(key)?)?;
        Self::listening(backend, Some(TlsAcceptor::from(Arc::new(config)))).await
    }

    async fn listening(backend: &str, tls: Option<TlsAcceptor>) -> Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let (port, state) = (listener.local_addr()?.port(), Arc::<Mutex<State>>::default());
        // A certificate is of a name.
        let url = if tls.is_some() { format!("https://localhost:{port}") } else { format!("http://127.0.0.1:{port}") };
        let client = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build()?;
        let (of_all, to, asks) = (state.clone(), backend.to_owned(), client.clone());
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (state, backend, client, tls) = (of_all.clone(), to.clone(), asks.clone(), tls.clone());
                // What a connection came to is seen in what was asked.
                tokio::spawn(Box::pin(async move {
                    match tls {
                        None => serve(stream, &state, &backend, &client).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, &state, &backend, &client).await;
                            }
                        }
                    }
                }));
            }
        });
        Ok(Self { url, backend: backend.to_owned(), client, state, serving })
    }

    /// Its address.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Keeps what stands here now as the older state.
    pub fn mark(&self) {
        let mut state = self.state();
        state.marked = state.history.clone();
    }

    /// Splits the history at the mark: what is written from now on stands in another one, and the backend learns nothing
    /// of it.
    pub fn split(&self) {
        let mut state = self.state();
        (state.other, state.split) = (state.marked.clone(), true);
    }

    /// Goes back to the history that the backend has. The other one is kept for [`Attack::Forked`].
    pub fn join(&self) {
        self.state().split = false;
    }

    /// Rows 16 to 18: parts this device from the rest. What it writes from now on stands in a history that nobody else is
    /// told of, and of what others write it is told nothing.
    pub fn part(&self, device: &str) {
        let mut state = self.state();
        state.other = state.history.clone();
        state.parted = vec![device.to_owned()];
    }

    /// Tells those who were parted what everybody else is told.
    pub fn meet(&self) {
        self.state().parted.clear();
    }

    /// Lies to everybody but these devices.
    pub fn spare(&self, devices: &[&str]) {
        self.state().spared = devices.iter().map(|device| (*device).to_owned()).collect();
    }

    /// Attacks from now on.
    pub fn attack(&self, attack: Attack) {
        let mut state = self.state();
        if attack == Attack::OrganizationsRolledBack {
            state.other = state.marked.clone();
        }
        (state.attack, state.swallowed) = (Some(attack), 0);
    }

    /// Is honest from now on.
    pub fn stop(&self) {
        self.state().attack = None;
    }

    /// Every request so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.state().seen.clone()
    }

    /// How often something was to be written here so far.
    pub fn appends(&self) -> usize {
        self.state().appends
    }

    /// How many requests passed here so far.
    pub fn requests(&self) -> usize {
        self.state().passed.len()
    }

    /// How many versions of items stand here, if each of them is one object with one ciphertext in it, and what names it holds
    /// ids, numbers and a hash alone: nothing of an item can be cut out and put elsewhere. None where one is otherwise.
    pub fn whole_items(&self) -> Option<usize> {
        self.state().history.whole_items()
    }

    /// Every byte that passed here so far, either way.
    pub fn heard(&self) -> Vec<u8> {
        self.state().heard.clone()
    }

    /// Brings the backend once more what it was brought here, as it was, or bent: another bit in each body, and another
    /// address where there is none. Says what each came to.
    pub async fn brings_again(&self, bent: bool) -> Result<Vec<(Seen, u16)>> {
        let (mut came_to, passed) = (Vec::new(), self.state().passed.clone());
        for mut request in passed {
            let seen = request.seen();
            if bent {
                match request.body.last_mut() {
                    Some(byte) => *byte ^= 1,
                    None => request.path = request.path.replace("/changes/", "/changes/9"),
                }
            }
            let answer = asked(&request, &self.backend, &self.client).await?;
            came_to.push((seen, answer.status().as_u16()));
        }
        Ok(came_to)
    }

    /// How often it said by itself that there is something new.
    pub fn wakes(&self) -> u64 {
        self.state().wakes
    }

    /// How many requests wait for an answer that never comes.
    pub fn hanging(&self) -> usize {
        self.state().hanging
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl Drop for EvilServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn hear(&mut self, request: &Request, answer: &[u8]) {
        self.passed.push(request.clone());
        self.heard.extend_from_slice(request.path.as_bytes());
        for (name, value) in &request.headers {
            self.heard.extend([name.as_bytes(), b": ", value.as_bytes(), b"\n"].concat());
        }
        self.heard.extend_from_slice(&request.body);
        self.heard.extend_from_slice(answer);
    }

    fn answer(&mut self, asked: &Asked, device: &str) -> Answer {
        let among = |devices: &[String]| devices.iter().any(|one| one == device);
        let (aside, spared) = (self.split || among(&self.parted), among(&self.spared));
        if let Asked::Append(body) = asked {
            self.appends += 1;
            if aside {
                let cursor = self.other.take(body, None);
                return Answer::Body(map([(0, uint(cursor))]));
            }
        } else if aside {
            return self.other.answer(asked);
        }
        let attack = self.attack.clone().filter(|attack| !spared && !attack.is_of_letters());
        let Some(attack) = attack else { return Answer::Honest };
        if matches!(asked, Asked::Other) {
            return Answer::Honest;
        }
        if let Some(answer) = attack.of_any_answer() {
            return answer;
        }
        if let Asked::Append(body) = asked {
            let entries = field(body, 0).and_then(Value::as_array).map_or(0, Vec::len) as u64;
            self.swallowed += entries;
            let number = (0, uint(self.history.cursor() + self.swallowed));
            return match attack {
                Attack::AppendsDenied(code) => Answer::Instead(Box::new(Answer::refusal(code))),
                Attack::AppendsSwallowed { numbered: false } => Answer::Body(map([(0, uint(self.history.cursor()))])),
                Attack::UnknownFields => Answer::Body(map([number, (9, "key-connector".into())])),
                Attack::KeptBack => Answer::Honest,
                // Whoever joins is a member; what she writes else goes on from what she was shown.
                Attack::OrganizationsRolledBack if self.history.is_for_msp(body) => Answer::Honest,
                Attack::OrganizationsRolledBack => {
                    self.other.rises_to(self.history.cursor());
                    Answer::Body(map([(0, uint(self.other.take(body, None)))]))
                }
                // Glad of whatever it is brought, and lets nobody else have it.
                _ => Answer::Body(map([number])),
            };
        }
        self.lie(&attack, asked)
    }

    /// What lies in a mailbox, as it is told.
    fn mailed(&mut self, mail: Mail, path: &str, body: Vec<u8>) -> Vec<u8> {
        let letter = value(&body).and_then(|body| bytes(field(&body, 0)?));
        let told = match &self.attack {
            Some(Attack::LettersAltered(lied)) if *lied == mail => letter.clone().map(|mut letter| {
                if let Some(byte) = letter.last_mut() {
                    *byte ^= 1;
                }
                letter
            }),
            Some(Attack::LettersOfAnother(lied)) if *lied == mail => {
                let mut others = self.letters.iter().filter(|(of, at, _)| *of == mail && at != path);
                others.next().map(|(_, _, letter)| letter.clone())
            }
            _ => None,
        };
        if let Some(letter) = letter {
            self.letters.push((mail, path.to_owned(), letter));
        }
        told.map_or(body, |letter| cbor::to_bytes(&map([(0, Value::Bytes(letter))])))
    }

    /// Answers a question as the attack does.
    fn lie(&self, attack: &Attack, asked: &Asked) -> Answer {
        let (history, marked) = (&self.history, &self.marked);
        match (attack, asked) {
            (Attack::AppendsDenied(_) | Attack::AppendsSwallowed { .. }, _) => Answer::Honest,
            (Attack::RolledBack | Attack::RolledBackWithMore | Attack::KeptBack, Asked::Changes(_)) => {
                let more = *attack == Attack::RolledBackWithMore;
                Answer::Body(map([(0, uint(marked.cursor())), (1, more.into()), (2, Value::Array(Vec::new()))]))
            }
            (
                Attack::RolledBack | Attack::RolledBackWithMore | Attack::KeptBack | Attack::OldHeads,
                Asked::Entries(_),
            ) => marked.answer(asked),
            (Attack::OldHeads, Asked::Changes(_)) => marked.numbered(history.cursor()),
            (Attack::Forked, Asked::Changes(_)) => self.other.numbered(history.cursor().max(self.other.cursor())),
            (Attack::Forked, _) => self.other.answer(asked),
            (Attack::EntriesCutShort(..), Asked::Changes(_)) => history.answer(&Asked::Changes(marked.cursor())),
            (Attack::OrganizationsRolledBack, _) => {
                let shown = self.other.with_msp_of(history);
                match asked {
                    Asked::Changes(_) => shown.numbered(history.cursor().max(shown.cursor())),
                    _ => shown.answer(asked),
                }
            }
            (Attack::MspHeldBack, Asked::Changes(_)) => {
                history.changes(marked.cursor(), |ledger| !history.is_msp(ledger))
            }
            (Attack::LedgerHidden, Asked::Entries(wanted))
                if wanted.iter().any(|(ledger, _)| history.is_new(marked, ledger)) =>
            {
                Answer::refusal("server.not-found")
            }
            (Attack::LedgerHidden, Asked::Changes(after)) => {
                history.changes(*after, |ledger| !history.is_new(marked, ledger))
            }
            (Attack::UnknownFields, _) => match history.answer(asked) {
                Answer::Body(Value::Map(mut body)) => {
                    body.push((uint(9), "key-connector".into()));
                    Answer::Body(Value::Map(body))
                }
                answer => answer,
            },
            (Attack::ChangesWithoutEnd, Asked::Changes(after)) => {
                Answer::Body(map([(0, uint(after + 1)), (1, true.into()), (2, Value::Array(Vec::new()))]))
            }
            (Attack::EntriesWithoutEnd | Attack::EntriesOfAnother, Asked::Changes(_)) => {
                history.answer(&Asked::Changes(marked.cursor()))
            }
            (Attack::EntriesWithoutEnd, Asked::Entries(wanted)) => {
                let first = wanted.first().map_or(&[][..], |(ledger, _)| {
                    history.entries_of(ledger, marked.entries_of(ledger, 0).len() as u64)
                });
                Answer::Body(history::entries_body(first.iter().cloned(), true))
            }
            (Attack::ForgeriesWithoutEnd(sort), Asked::Changes(_)) => history.with_head_far_away(*sort),
            (Attack::ForgeriesWithoutEnd(_), Asked::Entries(wanted)) => {
                let forged = wanted.first().map(|(ledger, seq)| history.forged_page(ledger, *seq));
                Answer::Body(history::entries_body(forged.into_iter().flatten(), true))
            }
            (_, Asked::Changes(_)) => {
                // What is false is told to whoever has the true one already.
                history.falsified(attack, marked).answer(&Asked::Changes(marked.cursor()))
            }
            _ => history.falsified(attack, marked).answer(asked),
        }
    }
}

impl Mail {
    /// Whose letter is asked for at an address.
    fn at(request: &Request) -> Option<Self> {
        match (request.method.as_str(), request.path.split('/').nth(2)?) {
            ("GET", "letters") => Some(Self::Offer),
            ("GET", "invitations") => Some(Self::Answer),
            _ => None,
        }
    }
}

impl Attack {
    /// Whether it lies about mailboxes and nothing else.
    fn is_of_letters(&self) -> bool {
        matches!(self, Self::LettersAltered(_) | Self::LettersOfAnother(_))
    }

    /// What does not depend on what was asked.
    fn of_any_answer(&self) -> Option<Answer> {
        Some(match self {
            Self::Garbled(garbage) => garbage.answer(),
            Self::Redirects(status, to) => {
                Answer::Says { status: *status, head: format!("location: {to}\r\n"), body: Vec::new() }
            }
            Self::BreaksOff => Answer::BreaksOff,
            Self::Silent => Answer::Hangs,
            Self::Refuses(code) => Answer::refusal(code),
            Self::Replays => Answer::Twice,
            _ => return None,
        })
    }
}

impl Garbage {
    fn answer(self) -> Answer {
        match self {
            Self::Empty => Answer::page(Vec::new()),
            Self::Page => Answer::Says {
                status: 200,
                head: "content-type: text/html\r\n".into(),
                body: b"<html><body>Please sign in to this network.</body></html>".to_vec(),
            },
            Self::EndlessList => Answer::page(vec![0xa1, 0x00, 0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
            Self::Nested => Answer::page(vec![0x81; 1 << 20]),
            Self::Oversized => Answer::page(vec![0; 5 << 20]),
            Self::Enormous => Answer::page(vec![0; 20 << 20]),
        }
    }
}

/// A connection, encrypted or not.
trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Wire for S {}

async fn serve(mut stream: impl Wire, state: &Mutex<State>, backend: &str, client: &Client) {
    while let Some(request) = read(&mut stream).await {
        if request.path == "/v1/events" {
            return wake(&mut stream, state).await;
        }
        let asked = Asked::of(&request);
        let answer = {
            let mut state = lock(state);
            let seen = request.seen();
            let answer = state.answer(&asked, &seen.device);
            state.seen.push(seen);
            answer
        };
        let (times, instead) = match answer {
            Answer::Honest => (1, None),
            Answer::Twice => (2, None),
            Answer::Instead(instead) => (1, Some(*instead)),
            own => (0, Some(own)),
        };
        let mut answer = None;
        for _ in 0..times {
            let Ok(passed) = pass_on(&request, state, backend, client).await else { return };
            answer = Some(passed);
        }
        let (status, head, body) = match instead.or(answer) {
            Some(Answer::Body(body)) => (200, format!("content-type: {MEDIA_TYPE}\r\n"), cbor::to_bytes(&body)),
            Some(Answer::Says { status, head, body }) => (status, head, body),
            Some(Answer::BreaksOff) => {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nand no more").await;
                return;
            }
            Some(Answer::Hangs) => {
                lock(state).hanging += 1;
                // Ends when the other side closes.
                let _ = stream.read(&mut [0]).await;
                lock(state).hanging -= 1;
                return;
            }
            _ => return,
        };
        let head = format!("HTTP/1.1 {status} Said\r\ncontent-length: {}\r\n{head}\r\n", body.len());
        if stream.write_all(head.as_bytes()).await.is_err() || stream.write_all(&body).await.is_err() {
            return;
        }
    }
}

/// A stream of events, which says nothing as long as it is honest: what it could say, whoever asks finds.
async fn wake(stream: &mut impl Wire, state: &Mutex<State>) {
    let head = "HTTP/1.1 200 Said\r\ncontent-type: text/event-stream\r\n\r\n:\n\n";
    let mut open = stream.write_all(head.as_bytes()).await.is_ok();
    while open && lock(state).attack == Some(Attack::WakesWithoutEnd) {
        let number = {
            let mut state = lock(state);
            state.wakes += 1;
            state.history.cursor() + state.wakes
        };
        open = stream.write_all(format!("event: cursor\ndata: {number}\n\n").as_bytes()).await.is_ok();
    }
    // Ends when the other side closes.
    let _ = stream.read(&mut [0]).await;
}

async fn asked(request: &Request, backend: &str, client: &Client) -> Result<reqwest::Response> {
    let url = format!("{backend}{}", request.path);
    let mut passed = client.request(request.method.parse()?, url).body(request.body.clone());
    for (name, value) in &request.headers {
        passed = passed.header(name, value);
    }
    Ok(passed.send().await?)
}

/// Asks the honest backend, and remembers what it took.
async fn pass_on(request: &Request, state: &Mutex<State>, backend: &str, client: &Client) -> Result<Answer> {
    let answer = asked(request, backend, client).await?;
    let status = answer.status().as_u16();
    let kind = answer.headers().get("content-type").and_then(|kind| kind.to_str().ok());
    let head = kind.map_or_else(String::new, |kind| format!("content-type: {kind}\r\n"));
    let mut body = answer.bytes().await?.to_vec();
    {
        let mut state = lock(state);
        state.hear(request, &body);
        if let Some(mail) = Mail::at(request).filter(|_| status < 300) {
            body = state.mailed(mail, &request.path, body);
        }
    }
    if status < 300 {
        match (request.path.as_str(), Asked::of(request)) {
            ("/v1/msps", _) => {
                let genesis = value(&request.body).and_then(|body| bytes(field(&body, 0)?));
                lock(state).history.register(genesis.context("a registration without a genesis")?);
            }
            (_, Asked::Append(append)) => {
                let cursor = value(&body).and_then(|body| cbor::number(field(&body, 0)?));
                lock(state).history.take(&append, cursor);
            }
            _ => {}
        }
    }
    Ok(Answer::Says { status, head, body })
}

impl Request {
    fn seen(&self) -> Seen {
        let (method, path) = (self.method.clone(), self.path.clone());
        let input = self.headers.iter().find(|(name, _)| name == "signature-input").map(|(_, value)| value.as_str());
        // The key's name is that of its vault, a dot, and that of its device.
        let key = input.and_then(|input| input.split_once("keyid=\"")?.1.split('"').next()?.split_once('.'));
        Seen {
            method,
            path,
            length: self.body.len(),
            device: key.map(|(_, device)| device.to_owned()).unwrap_or_default(),
        }
    }
}

impl Asked {
    fn of(request: &Request) -> Self {
        let body = value(&request.body);
        let pairs = |second: &dyn Fn(&Value) -> Option<Vec<u8>>| -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
            let pair = |pair: &Value| Some((bytes(field(pair, 0)?)?, second(field(pair, 1)?)?));
            field(body.as_ref()?, 0)?.as_array()?.iter().map(pair).collect()
        };
        let asked = match request.path.as_str() {
            "/v1/entries" => pairs(&|seq| Some(cbor::number(seq)?.to_be_bytes().to_vec())).map(|pairs| {
                let place = |(ledger, seq): (Vec<u8>, Vec<u8>)| (ledger, seq.try_into().map_or(0, u64::from_be_bytes));
                // What is asked for by itself is answered honestly.
                if pairs.is_empty() { Self::Other } else { Self::Entries(pairs.into_iter().map(place).collect()) }
            }),
            "/v1/objects" => pairs(&bytes).map(Self::Objects),
            "/v1/append" => body.clone().map(Self::Append),
            path => path.strip_prefix("/v1/changes/").and_then(|after| after.parse().ok()).map(Self::Changes),
        };
        asked.unwrap_or(Self::Other)
    }
}

/// The next request of a connection; none where it ends, or is no request.
async fn read(stream: &mut impl Wire) -> Option<Request> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        more(stream, &mut bytes).await?;
    };
    let text = String::from_utf8(bytes.get(..head)?.to_vec()).ok()?;
    let mut lines = text.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.map_or(Ok(0), |(_, length)| length.parse()).ok()?;
    while bytes.len() < head + 4 + length {
        more(stream, &mut bytes).await?;
    }
    let headers = headers.into_iter().filter(|(name, _)| PASSED_ON.contains(&name.as_str())).collect();
    Some(Request { method, path, headers, body: bytes.get(head + 4..head + 4 + length)?.to_vec() })
}

async fn more(stream: &mut impl Wire, bytes: &mut Vec<u8>) -> Option<()> {
    let mut chunk = vec![0; 64 << 10];
    let read = stream.read(&mut chunk).await.ok().filter(|read| *read > 0)?;
    bytes.extend_from_slice(chunk.get(..read)?);
    (bytes.len() <= LONGEST).then_some(())
}
