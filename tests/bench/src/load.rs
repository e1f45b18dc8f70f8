//! What a backend is loaded with: its process, a firm with as many organizations as asked for, and clients that sign as
//! devices do. Requests are laid out by hand and sent over plain sockets, so that little of what is measured is the client.

use std::fs;
use std::io::{BufRead as _, BufReader as Lines};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail, ensure};
use data_encoding::BASE64;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use vitrine_ledger::wire::{
    Append, Backend, EntriesWanted, EntryBytes, KeyUse, MAX_BODY, MEDIA_TYPE, Message, ObjectBytes, ObjectName,
    ObjectsWanted, Register, Start, object_hash,
};
use vitrine_ledger::{
    Draft, Entry, Home, ItemId, ItemKind, LedgerId, MspBody, ObjectHash, OrganizationBody, OrganizationState, Salt,
    Signer as _,
};

use crate::firm::{Customer, Desk, Firm, name};

pub(crate) const TOKEN: &str = "a token that only the operator of this measurement has";
/// What one request may bring, less what surrounds it.
const ROOM: usize = MAX_BODY - (64 << 10);
/// Objects that a client asks for at once, as the application does.
const OBJECTS: usize = 256;
/// A sealed account, as large as one is.
pub(crate) const OBJECT: usize = 1024 + 160;

/// A backend at work, as its operator runs it but for its limits on rates.
pub(crate) struct Server {
    child: Child,
    port: u16,
    /// What it stores, until this is dropped.
    _folder: TempDir,
}

impl Server {
    pub(crate) fn start(program: &Path, database: Option<&str>) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("vitrine-bench-server").tempdir()?;
        fs::write(folder.path().join("token"), TOKEN)?;
        let mut command = Command::new(program);
        command.arg("serve").stdin(Stdio::null()).stderr(Stdio::piped());
        command.env("VITRINE_SERVER_LISTEN", "127.0.0.1:0");
        command.env("VITRINE_SERVER_DATA", folder.path().join("data"));
        command.env("VITRINE_SERVER_REGISTRATION_TOKEN_FILE", folder.path().join("token"));
        command.env("VITRINE_SERVER_RATE", "1000000").env("VITRINE_SERVER_OPEN_RATE", "1000000");
        if let Some(database) = database {
            command.env("VITRINE_SERVER_DATABASE_URL", database);
        }
        let mut child = command.spawn().with_context(|| format!("could not start {}", program.display()))?;
        let mut log = Lines::new(child.stderr.take().context("standard error was asked for")?).lines();
        let port = loop {
            let Some(line) = log.next() else { bail!("the server ended before it listened") };
            if let Some(address) = line?.split("\"address\":\"").nth(1).and_then(|rest| rest.split('"').next()) {
                break address.rsplit(':').next().context("no port")?.parse()?;
            }
        };
        // What it writes later must not fill up and stop it.
        std::thread::spawn(move || log.by_ref().for_each(drop));
        Ok(Self { child, port, _folder: folder })
    }

    /// Where it answers.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A size of its memory in bytes, by its name in `/proc`.
    pub(crate) fn memory(&self, name: &str) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name)).context("no such size")?;
        let kib: f64 = line.trim_matches([':', ' ', '\t', 'k', 'B']).parse()?;
        Ok(kib * 1024.0)
    }

    /// Forgets the peak, so that the next one is that of what comes now.
    pub(crate) fn forget_peak(&self) -> Result<()> {
        Ok(fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5")?)
    }

    pub(crate) async fn connect(&self) -> Result<Connection> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
        stream.set_nodelay(true)?;
        Ok(Connection(BufReader::with_capacity(64 << 10, stream)))
    }

    /// Brings a firm, up to what is to be measured.
    pub(crate) async fn bring(&self, person: u8, organizations: u32) -> Result<Books> {
        let mut connection = self.connect().await?;
        let challenge = "00".repeat(32);
        let asked = format!("GET /v1/backend/{challenge} HTTP/1.1\r\nhost: bench\r\n\r\n");
        let backend = Backend::from_bytes(&connection.ask(asked.as_bytes()).await?)?;
        let books = Books::new(&backend, person, organizations)?;
        // A server closes a connection that says nothing for long.
        let mut connection = self.connect().await?;
        let body = Register { genesis: EntryBytes::new(books.firm.entries[0].bytes().to_vec())? }.to_bytes();
        let head = format!(
            "POST /v1/msps HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {TOKEN}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        connection.ask(&[head.as_bytes(), &body].concat()).await?;
        let of_all = books.customers.iter().flat_map(|customer| &customer.entries);
        let all: Vec<_> = books.firm.entries[1..].iter().chain(of_all).map(|entry| (entry.clone(), None)).collect();
        for append in appends(&all)? {
            connection.ask(&books.post("/v1/append", &append)).await?;
        }
        Ok(books)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Entries, each with its object, in as many requests as they need.
pub(crate) fn appends(all: &[(Entry, Option<Vec<u8>>)]) -> Result<Vec<Append>> {
    let (mut appends, mut size) = (vec![Append { entries: Vec::new(), objects: Vec::new() }], 0);
    for (entry, object) in all {
        let more = entry.bytes().len() + object.as_ref().map_or(0, Vec::len) + 16;
        let last = appends.last().map_or(0, |append| append.entries.len());
        if size + more > ROOM || last == vitrine_ledger::wire::MAX_BATCH {
            appends.push(Append { entries: Vec::new(), objects: Vec::new() });
            size = 0;
        }
        size += more;
        let append = appends.last_mut().context("one was begun")?;
        append.entries.push(EntryBytes::new(entry.bytes().to_vec())?);
        append
            .objects
            .extend(object.iter().map(|object| ObjectBytes::new(object.clone())).collect::<Result<Vec<_>, _>>()?);
    }
    Ok(appends)
}

/// One connection, one request at a time.
pub(crate) struct Connection(BufReader<TcpStream>);

impl Connection {
    /// Asks, and gives the body of an answer that is no refusal.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> Result<Vec<u8>> {
        self.0.get_mut().write_all(request).await?;
        let (status, length) = self.head().await?;
        let mut body = vec![0; length.unwrap_or(0)];
        self.0.read_exact(&mut body).await?;
        ensure!(status < 300, "refused with {status}: {}", String::from_utf8_lossy(&body));
        Ok(body)
    }

    /// Status and length of what follows.
    async fn head(&mut self) -> Result<(u16, Option<usize>)> {
        let (mut line, mut status, mut length) = (String::new(), None, None);
        loop {
            line.clear();
            ensure!(self.0.read_line(&mut line).await? > 0, "the connection was closed");
            let text = line.trim_end();
            match (status, text.split_once(':')) {
                (None, _) => status = Some(text.split(' ').nth(1).context("no status")?.parse()?),
                (Some(status), _) if text.is_empty() => return Ok((status, length)),
                (Some(_), Some((name, value))) if name.eq_ignore_ascii_case("content-length") => {
                    length = Some(value.trim().parse()?);
                }
                _ => {}
            }
        }
    }

    /// Opens the stream of events, up to its first.
    pub(crate) async fn listen(&mut self, books: &Books) -> Result<()> {
        self.0.get_mut().write_all(&books.get("/v1/events")).await?;
        let (status, _) = self.head().await?;
        ensure!(status == 200, "the stream was refused with {status}");
        self.told().await.map(drop)
    }

    /// Waits for the next number of the stream.
    pub(crate) async fn told(&mut self) -> Result<u64> {
        let mut line = String::new();
        loop {
            line.clear();
            ensure!(self.0.read_line(&mut line).await? > 0, "the stream ended");
            if let Some(number) = line.strip_prefix("data: ") {
                return Ok(number.trim().parse()?);
            }
        }
    }
}

/// A firm whose home is the backend, with one owner, who signs.
pub(crate) struct Books {
    pub(crate) firm: Firm,
    pub(crate) owner: Desk,
    pub(crate) customers: Vec<Customer>,
    /// By organization: the newest object of each item.
    objects: Vec<std::collections::BTreeMap<ItemId, ObjectHash>>,
    backend: String,
    made: u64,
}

impl Books {
    fn new(backend: &Backend, person: u8, organizations: u32) -> Result<Self> {
        let owner = Desk::new(person);
        let mut firm = Firm::found_with_keys(&owner);
        firm.add(&owner, MspBody::Home { home: Home::Backend { id: backend.id, key: backend.key } })?;
        let mut customers = Vec::new();
        for number in 0..organizations {
            let mut salt = [0; 32];
            salt[..4].copy_from_slice(&number.to_be_bytes());
            let body = OrganizationBody::Genesis { msp: firm.state().ledger(), salt: Salt::from_bytes(salt) };
            let draft = Draft::organization_genesis(body, owner.author(), firm.time, firm.state().head());
            let genesis = draft.sign(&owner.key)?;
            let state = OrganizationState::genesis(&genesis, &firm.chain)?;
            let mut customer = Customer { state, entries: vec![genesis] };
            customer.epoch(&firm, &owner);
            customers.push(customer);
        }
        for customer in &customers {
            firm.add(&owner, MspBody::OrganizationAdd { organization: customer.state.ledger(), name: name() })?;
        }
        let objects = customers.iter().map(|_| std::collections::BTreeMap::new()).collect();
        Ok(Self { firm, owner, customers, objects, backend: backend.id.to_string(), made: 0 })
    }

    /// The next version of an item of an organization, as an entry with its object.
    pub(crate) fn put(&mut self, organization: usize, item: u32) -> Result<(Entry, Option<Vec<u8>>)> {
        self.made += 1;
        let mut id = [0; 16];
        id[..4].copy_from_slice(&item.to_be_bytes());
        let (item, customer) = (ItemId::from_bytes(id), &mut self.customers[organization]);
        if customer.state.checkpoint_due() {
            bail!("a checkpoint is due: measure with fewer changes");
        }
        let mut object = vec![0; OBJECT];
        for (block, bytes) in object.chunks_mut(32).enumerate() {
            let hash = Sha256::digest(
                [self.made.to_be_bytes(), (block as u64).to_be_bytes(), [item.as_bytes()[3]; 8]].concat(),
            );
            bytes.copy_from_slice(&hash[..bytes.len()]);
        }
        let version = customer.state.next_version(&item).context("no further version")?;
        let hash = object_hash(&object);
        let body = OrganizationBody::Put { item, item_kind: ItemKind::Account, version, object: hash };
        let entry = customer.add(&self.firm, &self.owner, body)?;
        self.objects[organization].insert(item, hash);
        Ok((entry, Some(object)))
    }

    pub(crate) fn get(&self, path: &str) -> Vec<u8> {
        self.request("GET", path, &[])
    }

    pub(crate) fn post(&self, path: &str, body: &impl Message) -> Vec<u8> {
        self.request("POST", path, &body.to_bytes())
    }

    /// The signed requests by which a client fetches new entries of an organization and the objects of all its items.
    pub(crate) fn fetching(&self, organization: usize, seq: u64, most: usize) -> Vec<Vec<u8>> {
        let ledger = self.ledger(organization);
        let mut requests = vec![self.post("/v1/entries", &EntriesWanted::from(vec![Start { ledger, seq }]))];
        let names: Vec<_> =
            self.objects[organization].values().take(most).map(|hash| ObjectName { ledger, hash: *hash }).collect();
        requests.extend(
            names.chunks(OBJECTS).map(|names| self.post("/v1/objects", &ObjectsWanted { objects: names.to_vec() })),
        );
        requests
    }

    pub(crate) fn ledger(&self, organization: usize) -> LedgerId {
        self.customers[organization].state.ledger()
    }

    fn request(&self, method: &str, path: &str, body: &[u8]) -> Vec<u8> {
        let digest = format!("sha-256=:{}:", BASE64.encode(&Sha256::digest(body)));
        let created = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let (msp, device, tag) = (self.firm.state().ledger(), self.owner.device, KeyUse::Device.tag());
        let params = format!(
            "(\"@method\" \"@path\" \"content-digest\" \"vitrine-backend\");created={created};keyid=\"{msp}.{device}\";tag=\"{tag}\""
        );
        let backend = &self.backend;
        let base = format!(
            "\"@method\": {method}\n\"@path\": {path}\n\"content-digest\": {digest}\n\"vitrine-backend\": {backend}\n\
             \"@signature-params\": {params}"
        );
        let signature = BASE64.encode(&self.owner.key.sign(base.as_bytes()).to_bytes());
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: {MEDIA_TYPE}\r\ncontent-length: {}\r\n\
             content-digest: {digest}\r\nvitrine-backend: {backend}\r\nsignature-input: sig={params}\r\n\
             signature: sig=:{signature}:\r\n\r\n",
            body.len()
        );
        [head.as_bytes(), body].concat()
    }
}
