//! A backend to talk to, a vault to bring, and a client that signs by itself: what is signed is laid out here by hand
//! from RFC 9421, so that `httpsig` is checked by somebody else's reading.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use data_encoding::{BASE64, HEXLOWER};
use reqwest::{Method, Response, StatusCode};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::sync::oneshot;
use vitrine_ledger::wire::{
    Append, Appended, Backend, Changes, Entries, EntriesWanted, EntryBytes, KeyId, KeyUse, MEDIA_TYPE, Message,
    ObjectBytes, ObjectName, Objects, ObjectsWanted, Register, Start, object_hash,
};
use vitrine_ledger::{Entry, Home, ItemKind, LedgerId, MspBody, OrganizationBody, Role, Signer, SigningKey};
use vitrine_server::{Config, Server};

use crate::cluster::Cluster;
use crate::firm::{Customer, Desk, Firm, item};

pub const TOKEN: &str = "a token that only the operator has, and registers with";

/// Which database a test runs over.
pub enum Database {
    Sqlite,
    Postgres(String),
}

impl Database {
    /// A fresh one of a cluster of our own; `None`, and a word about it, where PostgreSQL is not installed.
    pub fn postgres() -> Option<Self> {
        static CLUSTER: LazyLock<Option<Cluster>> = LazyLock::new(|| Cluster::start().unwrap());
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let Some(cluster) = CLUSTER.as_ref() else {
            eprintln!("PostgreSQL is not installed here: this test ran over SQLite alone");
            return None;
        };
        let name = format!("vitrine{}", NEXT.fetch_add(1, Ordering::Relaxed));
        Some(Self::Postgres(cluster.database(&name).unwrap()))
    }
}

/// Runs each test over both databases.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name($crate::kit::Database::Sqlite).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(database) = $crate::kit::Database::postgres() {
                    super::$name(database).await;
                }
            })*
        }
    };
}
pub(crate) use on_both;

/// Writes one statement to the database behind a backend, as somebody would who broke in there.
pub async fn tamper(url: &str, sql: &'static str) {
    use sqlx::Connection;
    sqlx::any::install_default_drivers();
    let mut connection = sqlx::AnyConnection::connect(url).await.unwrap();
    sqlx::query(sql).execute(&mut connection).await.unwrap();
}

/// A running backend.
pub struct Running {
    pub folder: TempDir,
    pub config: Config,
    pub url: String,
    pub identity: Backend,
    stop: Option<oneshot::Sender<()>>,
    task: Option<tokio::task::JoinHandle<()>>,
}

#[derive(clap::Parser)]
struct Defaults {
    #[command(flatten)]
    config: Config,
}

/// The defaults, with a folder and a token of its own.
pub fn config(database: &Database) -> (TempDir, Config) {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, TOKEN).unwrap();
    let Defaults { mut config } = clap::Parser::parse_from(["vitrine-server"]);
    config.listen = "127.0.0.1:0".parse().unwrap();
    config.data = folder.path().join("data");
    config.registration_token_file = Some(token);
    config.open_rate = 10_000.try_into().unwrap();
    config.rate = 10_000.try_into().unwrap();
    if let Database::Postgres(url) = database {
        config.database_url = Some(url.clone());
    }
    (folder, config)
}

pub fn http() -> &'static reqwest::Client {
    static CLIENT: OnceLock<()> = OnceLock::new();
    CLIENT.get_or_init(|| drop(rustls::crypto::ring::default_provider().install_default()));
    // One for each runtime: a connection lives on the runtime that opened it.
    Box::leak(Box::new(reqwest::Client::builder().no_proxy().build().unwrap()))
}

impl Running {
    pub async fn new(database: &Database) -> Self {
        Self::with(database, |_| {}).await
    }

    pub async fn with(database: &Database, change: impl FnOnce(&mut Config)) -> Self {
        let (folder, mut config) = config(database);
        change(&mut config);
        Self::start(folder, config).await
    }

    pub async fn start(folder: TempDir, config: Config) -> Self {
        let server = Server::start(&config).await.unwrap();
        let scheme = if config.tls_key_file.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}", server.address().unwrap());
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(server.run(async { drop(stopped.await) }));
        let identity = if scheme == "http" { who(&url).await } else { unproven() };
        Self { folder, config, url, identity, stop: Some(stop), task: Some(task) }
    }

    /// Stops as the operator does.
    pub async fn stop(mut self) -> (TempDir, Config) {
        drop(self.stop.take());
        self.task.take().unwrap().await.unwrap();
        (self.folder, self.config)
    }

    pub fn client(&self, firm: &Firm, desk: &Desk) -> Client {
        Client::new(&self.url, &self.identity, firm, desk)
    }
}

fn unproven() -> Backend {
    Backend {
        id: vitrine_ledger::BackendId::from_bytes([0; 16]),
        key: vitrine_ledger::BackendKey::from_bytes([0; 32]),
        time_ms: 0,
        proof: vitrine_ledger::SignatureBytes::from_bytes([0; 64]),
    }
}

/// Asks a backend who it is, and checks the proof.
pub async fn who(url: &str) -> Backend {
    let challenge = [7; 32];
    let answer = http().get(format!("{url}/v1/backend/{}", HEXLOWER.encode(&challenge))).send().await.unwrap();
    let backend = Backend::from_bytes(&answer.bytes().await.unwrap()).unwrap();
    assert!(backend.is_proven(&challenge) && !backend.is_proven(&[8; 32]));
    backend
}

/// A device that asks.
#[derive(Clone)]
pub struct Client {
    pub http: reqwest::Client,
    pub url: String,
    pub backend: String,
    pub key_id: KeyId,
    pub key: SigningKey,
    pub key_use: KeyUse,
    /// Added to this device's clock, in seconds.
    pub clock_s: i64,
}

pub fn now_s() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

/// The fields of a signed request, to be sent as they are or bent first.
pub struct Fields(pub Vec<(&'static str, String)>);

impl Fields {
    pub fn set(mut self, name: &str, value: &str) -> Self {
        value.clone_into(&mut self.0.iter_mut().find(|(found, _)| *found == name).unwrap().1);
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.0.retain(|(found, _)| *found != name);
        self
    }
}

impl Client {
    pub fn new(url: &str, backend: &Backend, firm: &Firm, desk: &Desk) -> Self {
        Self {
            http: http().clone(),
            url: url.to_owned(),
            backend: backend.id.to_string(),
            key_id: KeyId { msp: firm.state().ledger(), device: desk.device },
            key: desk.key.clone(),
            key_use: KeyUse::Device,
            clock_s: 0,
        }
    }

    pub fn sign(&self, method: &Method, path: &str, body: &[u8]) -> Fields {
        let digest = format!("sha-256=:{}:", BASE64.encode(&Sha256::digest(body)));
        let created = now_s() + self.clock_s;
        let params = format!(
            "(\"@method\" \"@path\" \"content-digest\" \"vitrine-backend\");created={created};keyid=\"{}\";tag=\"{}\"",
            self.key_id,
            self.key_use.tag()
        );
        let base = format!(
            "\"@method\": {method}\n\"@path\": {path}\n\"content-digest\": {digest}\n\"vitrine-backend\": {}\n\
             \"@signature-params\": {params}",
            self.backend
        );
        let signature = BASE64.encode(&self.key.sign(base.as_bytes()).to_bytes());
        Fields(vec![
            ("content-type", MEDIA_TYPE.to_owned()),
            ("content-digest", digest),
            ("vitrine-backend", self.backend.clone()),
            ("signature-input", format!("sig={params}")),
            ("signature", format!("sig=:{signature}:")),
        ])
    }

    pub async fn raw(&self, method: Method, path: &str, body: Vec<u8>, fields: Fields) -> Response {
        self.try_raw(method, path, body, fields).await.unwrap()
    }

    async fn try_raw(&self, method: Method, path: &str, body: Vec<u8>, fields: Fields) -> reqwest::Result<Response> {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        for (name, value) in fields.0 {
            request = request.header(name, value);
        }
        request.body(body).send().await
    }

    pub async fn send(&self, method: Method, path: &str, body: Vec<u8>) -> Response {
        let fields = self.sign(&method, path, &body);
        self.raw(method, path, body, fields).await
    }

    pub async fn get<M: Message>(&self, path: &str) -> Result<M, Refused> {
        message(self.send(Method::GET, path, Vec::new()).await).await
    }

    pub async fn post<M: Message>(&self, path: &str, body: &impl Message) -> Result<M, Refused> {
        message(self.send(Method::POST, path, body.to_bytes()).await).await
    }

    /// `None` when the connection broke.
    pub async fn try_append(&self, append: &Append) -> Option<Result<Appended, Refused>> {
        let body = append.to_bytes();
        let fields = self.sign(&Method::POST, "/v1/append", &body);
        let answer = self.try_raw(Method::POST, "/v1/append", body, fields).await.ok()?;
        Some(message(answer).await)
    }

    pub async fn append(&self, entries: &[Entry], objects: &[Vec<u8>]) -> Result<u64, Refused> {
        self.post::<Appended>("/v1/append", &batch(entries, objects)).await.map(|appended| appended.cursor)
    }

    pub async fn changes(&self, after: u64) -> Result<Changes, Refused> {
        self.get(&format!("/v1/changes/{after}")).await
    }

    /// All entries of a ledger from a place on.
    pub async fn entries(&self, ledger: LedgerId, seq: u64) -> Result<Vec<Entry>, Refused> {
        let wanted = EntriesWanted::from(vec![Start { ledger, seq }]);
        let answer: Entries = self.post("/v1/entries", &wanted).await?;
        assert!(!answer.more);
        Ok(answer.entries.iter().map(|bytes| Entry::decode(bytes.as_bytes()).unwrap()).collect())
    }

    pub async fn objects(&self, ledger: LedgerId, objects: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, Refused> {
        let objects = objects.iter().map(|object| ObjectName { ledger, hash: object_hash(object) }).collect();
        let answer: Objects = self.post("/v1/objects", &ObjectsWanted { objects }).await?;
        Ok(answer.objects.iter().map(|object| object.as_bytes().to_vec()).collect())
    }
}

pub fn batch(entries: &[Entry], objects: &[Vec<u8>]) -> Append {
    Append {
        entries: entries.iter().map(|entry| EntryBytes::new(entry.bytes().to_vec()).unwrap()).collect(),
        objects: objects.iter().map(|object| ObjectBytes::new(object.clone()).unwrap()).collect(),
    }
}

/// A refusal, as its problem document says it.
#[derive(Debug)]
pub struct Refused {
    pub status: StatusCode,
    pub code: String,
    pub document: Value,
}

pub async fn message<M: Message>(answer: Response) -> Result<M, Refused> {
    match answer.status() {
        StatusCode::OK => Ok(M::from_bytes(&answer.bytes().await.unwrap()).unwrap()),
        _ => Err(refusal(answer).await),
    }
}

/// Reads a problem document, which every refusal must be.
pub async fn refusal(answer: Response) -> Refused {
    let status = answer.status();
    assert_eq!(answer.headers()["content-type"], "application/problem+json", "{status}");
    let document: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    for field in ["type", "title", "detail", "code"] {
        assert!(document[field].as_str().is_some_and(|text| !text.is_empty()), "{field} of {document}");
    }
    assert_eq!(document["status"], status.as_u16());
    Refused { status, code: document["code"].as_str().unwrap().to_owned(), document }
}

pub async fn register(url: &str, token: &str, genesis: &Entry) -> Response {
    let body = Register { genesis: EntryBytes::new(genesis.bytes().to_vec()).unwrap() }.to_bytes();
    http().post(format!("{url}/v1/msps")).bearer_auth(token).body(body).send().await.unwrap()
}

/// A firm whose home is the backend, with one owner and one organization.
pub struct Vault {
    pub owner: Desk,
    pub firm: Firm,
    pub customer: Customer,
    pub client: Client,
}

impl Vault {
    /// Begins at the owner's device and moves to the backend.
    pub async fn moved_to(running: &Running) -> Self {
        Self::of(running, 1).await
    }

    pub async fn of(running: &Running, person: u8) -> Self {
        Self::at(&running.url, &running.identity, person).await
    }

    pub async fn at(url: &str, identity: &Backend, person: u8) -> Self {
        let owner = Desk::new(person);
        let mut firm = Firm::found_with_keys(&owner);
        let home = Home::Backend { id: identity.id, key: identity.key };
        firm.add(&owner, MspBody::Home { home }).unwrap();
        let customer = Customer::connect(&firm, &owner, 5);
        let client = Client::new(url, identity, &firm, &owner);
        assert_eq!(register(url, TOKEN, &firm.entries[0]).await.status(), StatusCode::NO_CONTENT);
        client.append(&firm.entries[1..], &[]).await.unwrap();
        client.append(&customer.entries, &[]).await.unwrap();
        Self { owner, firm, customer, client }
    }

    /// A sealed version of item `n`, and the entry that names it. Not yet appended.
    pub fn put(&self, n: u8, version: u64) -> (Entry, Vec<u8>) {
        let object = object(n, version);
        let body = OrganizationBody::Put {
            item: item(n),
            item_kind: ItemKind::Account,
            version,
            object: object_hash(&object),
        };
        (self.customer.sign(&self.firm, &self.owner, body), object)
    }

    /// Appends the next version of item `n`.
    pub async fn rotate(&mut self, n: u8) -> Vec<u8> {
        let version = self.customer.state.next_version(&item(n)).unwrap();
        let (entry, object) = self.put(n, version);
        self.client.append(std::slice::from_ref(&entry), std::slice::from_ref(&object)).await.unwrap();
        self.customer.take(&self.firm, entry).unwrap();
        object
    }

    pub async fn append_msp(&mut self, desk: &Desk, body: MspBody) {
        let entry = self.firm.add(desk, body).unwrap();
        self.client.append(&[entry], &[]).await.unwrap();
    }

    /// Invites, joins and appends both.
    pub async fn welcome(&mut self, running: &Running, person: u8, role: Role) -> (Desk, Client) {
        let desk = Desk::new(person);
        let owner = self.owner.clone();
        self.append_msp(&owner, desk.invited(role)).await;
        let client = running.client(&self.firm, &desk);
        let proof = desk.proof(self.firm.state().place());
        let join = self.firm.add(&desk, MspBody::MemberJoin { proof }).unwrap();
        client.append(&[join], &[]).await.unwrap();
        (desk, client)
    }
}

pub fn object(n: u8, version: u64) -> Vec<u8> {
    let mut object = vec![n; 1024];
    object[..8].copy_from_slice(&version.to_be_bytes());
    object
}
