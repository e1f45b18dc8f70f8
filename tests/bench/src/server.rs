//! `server`: the shared backend over both of its databases, under load, beside what the same disk does at that moment. Its
//! peer cannot be run here; its figures are those of the requirements, of another day, and each row that names them says so.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use futures_util::future::try_join_all;
use sqlx::{AnyConnection, Connection as _};
use vitrine_ledger::wire::{Changes, Message as _};

use crate::Outlet;
use crate::child::{median, quantile};
use crate::cluster::Cluster;
use crate::load::{Books, Connection, OBJECT, Server, appends};
use crate::members;
use crate::programs;
use crate::row::Row;

/// Connections at once.
const CONNECTIONS: usize = 16;
/// Organizations and items of each in the vault that most rows are about: ten thousand items.
const ORGANIZATIONS: usize = 100;
const EACH: u32 = 100;
/// Puts of each connection in one run, and questions.
const PUTS: usize = 100;
const CHECKS: usize = 200;
/// Commits that tell how fast the disk is.
const COMMITS: usize = 300;
/// Rows that tell how fast it takes many at once.
const BATCH: usize = 10_000;
/// Clients that do nothing but listen.
const LISTENERS: usize = 1_000;
/// The firm of ten thousand customers, and what its technicians change on a day.
const LARGE: usize = 10_000;
const DAY: usize = 4_000;
const MIB: f64 = 1024.0 * 1024.0;
/// The peer, as the requirements give it (Vaultwarden over SQLite, `synchronous=NORMAL`).
const PEER: &str = "Vaultwarden (figure of another day, not run here)";

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Asked {
    /// The backend to measure.
    #[arg(long)]
    server: PathBuf,
    /// Runs of each figure; the median counts.
    #[arg(long, default_value_t = 5)]
    runs: u8,
    /// Over SQLite alone.
    #[arg(long)]
    sqlite: bool,
    #[command(flatten)]
    outlet: Outlet,
}

/// Measures over both databases.
pub(crate) async fn measure(asked: &Asked) -> Result<()> {
    println!("{}\n", programs::machine());
    let folder = tempfile::Builder::new().prefix("vitrine-bench-bare").tempdir()?;
    let bare = format!("sqlite:{}?mode=rwc", folder.path().join("bare.db").display());
    let mut rows = Bench::new("SQLite", asked, None, &bare).await?.all(asked).await?;
    let cluster = if asked.sqlite { None } else { Cluster::start()? };
    if let Some(cluster) = &cluster {
        let (database, bare) = (cluster.database("vitrine")?, cluster.database("bare")?);
        rows.extend(Bench::new("PostgreSQL", asked, Some(&database), &bare).await?.all(asked).await?);
    } else {
        rows.push(Row::missing("S1", "PostgreSQL", "not installed, or not asked for"));
    }
    rows.extend(members::measure(&asked.server).await?);
    rows.sort_by(|one, other| one.id.cmp(&other.id));
    programs::finish(rows, &asked.outlet)
}

/// One database.
struct Bench {
    database: &'static str,
    server: Server,
    /// A database of the same kind and settings that does nothing but what it is told.
    bare: AnyConnection,
    rows: Vec<Row>,
}

fn seconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64()
}

#[allow(clippy::cast_precision_loss, reason = "no count here has 2^52")]
fn float(number: usize) -> f64 {
    number as f64
}

impl Bench {
    async fn new(database: &'static str, asked: &Asked, url: Option<&str>, bare: &str) -> Result<Self> {
        let server = Server::start(&asked.server, url)?;
        sqlx::any::install_default_drivers();
        let mut bare = AnyConnection::connect(bare).await?;
        let bytes = if url.is_none() {
            for pragma in ["PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL"] {
                sqlx::query(pragma).execute(&mut bare).await?;
            }
            "BLOB"
        } else {
            "BYTEA"
        };
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE TABLE bare (id BIGINT PRIMARY KEY, bytes {bytes})")))
            .execute(&mut bare)
            .await?;
        Ok(Self { database, server, bare, rows: Vec::new() })
    }

    async fn all(mut self, asked: &Asked) -> Result<Vec<Row>> {
        self.idle(&asked.server)?;
        let (mut pushed, mut batch, mut firms) = (vec![], vec![], vec![]);
        for run in 1..=asked.runs {
            let mut books = self.server.bring(run, u32::try_from(ORGANIZATIONS)?).await?;
            batch.push(self.batch().await?);
            pushed.push(self.push(&mut books).await?);
            firms.push(books);
        }
        let items = float(ORGANIZATIONS) * f64::from(EACH);
        let each = median(&pushed) / items * 1e6;
        self.row("S5", "push of 10,000 items, an item", (each, "µs"), (PEER, 1e6 / 6_500.0), 1.0 / 3.0);
        let bare = median(&batch) / float(BATCH) * 1e6;
        self.row(
            "S5",
            "push of 10,000 items, an item",
            (each, "µs"),
            ("a row of a bare batch insert", bare),
            1.0 / 0.3,
        );
        self.puts(&mut firms).await?;
        let books = firms.first_mut().context("no run")?;
        self.checks(books, asked.runs).await?;
        let full = self.pulls(books, asked.runs).await?;
        self.changed(books, full).await?;
        self.listeners(books).await?;
        self.growth(books, asked.runs).await?;
        self.large(asked.runs).await?;
        Ok(self.rows)
    }

    fn row(&mut self, id: &str, what: &str, ours: (f64, &str), against: (&str, f64), goal: f64) {
        self.rows.push(Row::measured(id, format!("{}: {what}", self.database), ours, against, goal));
    }

    fn beside(&mut self, id: &str, what: &str, ours: (f64, &str), against: (&str, f64)) {
        self.rows.push(Row::compared(id, format!("{}: {what}", self.database), ours, against));
    }

    fn idle(&mut self, program: &Path) -> Result<()> {
        let memory = self.server.memory("VmRSS")? / MIB;
        self.row("S6", "memory of the idle server", (memory, "MiB"), (PEER, 31.5), 0.5);
        #[allow(clippy::cast_precision_loss, reason = "no program has 2^52 bytes")]
        let size = std::fs::metadata(program)?.len() as f64 / 1e6;
        self.row("S6", "executable", (size, "MB"), (PEER, 41.5), 0.5);
        Ok(())
    }

    /// Seconds of one durable insert, each of several.
    async fn commits(&mut self) -> Result<Vec<f64>> {
        let (mut took, bytes) = (vec![], vec![7_u8; 512]);
        sqlx::query("DELETE FROM bare").execute(&mut self.bare).await?;
        for id in 0..COMMITS {
            let begun = Instant::now();
            let insert = sqlx::query("INSERT INTO bare (id, bytes) VALUES ($1, $2)").bind(i64::try_from(id)?);
            insert.bind(bytes.clone()).execute(&mut self.bare).await?;
            took.push(seconds(begun));
        }
        Ok(took)
    }

    /// Seconds of many inserts in one transaction.
    async fn batch(&mut self) -> Result<f64> {
        sqlx::query("DELETE FROM bare").execute(&mut self.bare).await?;
        let (begun, bytes) = (Instant::now(), vec![7_u8; OBJECT]);
        let mut tx = self.bare.begin().await?;
        for id in 0..BATCH {
            let insert = sqlx::query("INSERT INTO bare (id, bytes) VALUES ($1, $2)").bind(i64::try_from(id)?);
            insert.bind(bytes.clone()).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(seconds(begun))
    }

    /// Every item of the vault for the first time, in as few requests as a client may.
    async fn push(&self, books: &mut Books) -> Result<f64> {
        let mut all = vec![];
        for organization in 0..ORGANIZATIONS {
            for item in 0..EACH {
                all.push(books.put(organization, item)?);
            }
        }
        let requests: Vec<_> = appends(&all)?.iter().map(|append| books.post("/v1/append", append)).collect();
        let mut connection = self.server.connect().await?;
        let begun = Instant::now();
        for request in requests {
            connection.ask(&request).await?;
        }
        Ok(seconds(begun))
    }

    /// S1: each connection replaces accounts of an organization of its own.
    async fn puts(&mut self, firms: &mut [Books]) -> Result<()> {
        let (mut each, mut slow, mut commit, mut commit_slow, mut signing) = (vec![], vec![], vec![], vec![], vec![]);
        for books in firms {
            let commits = self.commits().await?;
            commit.push(median(&commits));
            commit_slow.push(quantile(&commits, 99));
            let mut plans = vec![];
            for organization in 0..CONNECTIONS {
                let mut puts = vec![];
                for item in 0..PUTS {
                    puts.push(appends(&[books.put(organization, u32::try_from(item)?)?])?.remove(0));
                }
                plans.push(puts);
            }
            let begun = Instant::now();
            let signed = plans.iter().map(|puts| puts.iter().map(|put| books.post("/v1/append", put)).collect());
            let plans: Vec<Vec<Vec<u8>>> = signed.collect();
            signing.push(seconds(begun) / float(CONNECTIONS * PUTS));
            let (took, all) = self.at_once(plans).await?;
            each.push(took / float(CONNECTIONS * PUTS));
            slow.push(quantile(&all, 99));
        }
        let each = median(&each) * 1e6;
        let commit = median(&commit) * 1e6;
        self.row("S1", "one durable put of 16 connections", (each, "µs"), (PEER, 1e6 / 1_160.0), 1.0 / 3.0);
        self.beside("S1", "one durable put of 16 connections", (each, "µs"), ("one bare commit", commit));
        let commit_slow = median(&commit_slow) * 1e3;
        self.beside("S1", "a put, p99", (median(&slow) * 1e3, "ms"), ("one bare commit, p99", commit_slow));
        self.beside("S1", "signing one request", (median(&signing) * 1e6, "µs"), ("one bare commit", commit));
        Ok(())
    }

    /// Sends every plan over a connection of its own; seconds of all, and of each request.
    async fn at_once(&self, plans: Vec<Vec<Vec<u8>>>) -> Result<(f64, Vec<f64>)> {
        let mut connections = vec![];
        for _ in &plans {
            connections.push(self.server.connect().await?);
        }
        let begun = Instant::now();
        let tasks = plans.into_iter().zip(connections).map(|(plan, mut connection)| {
            tokio::spawn(async move {
                let mut took = vec![];
                for request in plan {
                    let begun = Instant::now();
                    connection.ask(&request).await?;
                    took.push(seconds(begun));
                }
                anyhow::Ok(took)
            })
        });
        let took = try_join_all(tasks).await?.into_iter().collect::<Result<Vec<_>>>()?;
        Ok((seconds(begun), took.concat()))
    }

    /// S2: whether there is anything new, where there is nothing.
    async fn checks(&mut self, books: &Books, runs: u8) -> Result<()> {
        let path = format!("/v1/changes/{}", newest(&mut self.server.connect().await?, books).await?);
        let (mut each, mut slow, mut commit) = (vec![], vec![], vec![]);
        for _ in 0..runs {
            commit.push(median(&self.commits().await?));
            let request = books.get(&path);
            let (took, all) = self.at_once(vec![vec![request; CHECKS]; CONNECTIONS]).await?;
            each.push(took / float(CONNECTIONS * CHECKS));
            slow.push(quantile(&all, 99));
        }
        let each = median(&each) * 1e6;
        self.row("S2", "one question of 16 connections", (each, "µs"), (PEER, 1e6 / 2_500.0), 1.0 / 3.0);
        let commit = ("one bare commit", median(&commit) * 1e6);
        self.beside("S2", "one question of 16 connections", (each, "µs"), commit);
        self.beside("S2", "a question, p99", (median(&slow) * 1e6, "µs"), commit);
        Ok(())
    }

    /// S3: everything, by one client and by sixteen at once. Answers with the seconds of one.
    async fn pulls(&mut self, books: &Books, runs: u8) -> Result<f64> {
        let (mut one, mut many, mut bytes) = (vec![], vec![], 0);
        self.server.forget_peak()?;
        for _ in 0..runs {
            let begun = Instant::now();
            bytes = self.pull(books).await?;
            one.push(seconds(begun));
            let begun = Instant::now();
            try_join_all((0..CONNECTIONS).map(|_| self.pull(books))).await?;
            many.push(seconds(begun) / float(CONNECTIONS));
        }
        let (one, many) = (median(&one), median(&many));
        let peak = self.server.memory("VmHWM")? / MIB;
        self.row("S3", "bodies of a full pull of 10,000 items", (float(bytes) / 1e6, "MB"), (PEER, 15.5), 1.15);
        self.row("S3", "full pull of 10,000 items", (one * 1e3, "ms"), (PEER, 476.0), 0.25);
        self.row("S3", "full pull, one of 16 at once", (many * 1e3, "ms"), (PEER, 1e3 / 3.3), 0.2);
        self.row("S3", "peak memory of the server meanwhile", (peak, "MiB"), (PEER, 3_156.0), 0.1);
        Ok(one)
    }

    /// A full pull as the application does it; bytes of all bodies.
    async fn pull(&self, books: &Books) -> Result<usize> {
        let mut connection = self.server.connect().await?;
        let (mut bytes, mut cursor) = (0, 0);
        loop {
            let body = connection.ask(&books.get(&format!("/v1/changes/{cursor}"))).await?;
            bytes += body.len();
            let changes = Changes::from_bytes(&body)?;
            cursor = changes.cursor;
            if !changes.more {
                break;
            }
        }
        for organization in 0..books.customers.len() {
            for request in books.fetching(organization, 0, usize::MAX) {
                bytes += connection.ask(&request).await?.len();
            }
        }
        Ok(bytes)
    }

    /// S4: what is new after few changes.
    async fn changed(&mut self, books: &mut Books, full: f64) -> Result<()> {
        for changed in [1, 10, 100] {
            let (took, bytes) = self.catch_up(books, changed).await?;
            let what = format!("pull after {changed} changes in 10,000 items");
            if changed == 1 {
                self.row("S4", &what, (took * 1e3, "ms"), (&format!("full sync of {PEER}"), 455.0), 0.01);
            }
            self.beside("S4", &what, (took * 1e3, "ms"), ("our own full pull", full * 1e3));
            let limit = float(changed) * 1.2 * float(OBJECT + 300) + 1024.0;
            self.row("S4", &format!("{what}, bodies"), (float(bytes), "B"), ("the limit", limit), 1.0);
        }
        Ok(())
    }

    /// Seconds and bytes to fetch so many changes, one in each of as many organizations.
    async fn catch_up(&self, books: &mut Books, changed: usize) -> Result<(f64, usize)> {
        let cursor = newest(&mut self.server.connect().await?, books).await?;
        let places: Vec<_> = (0..changed).map(|number| number % books.customers.len()).collect();
        let seqs: Vec<_> = places.iter().map(|place| books.customers[*place].state.head().seq + 1).collect();
        let puts = places.iter().map(|place| books.put(*place, 0)).collect::<Result<Vec<_>>>()?;
        let puts = appends(&puts)?;
        let mut connection = self.server.connect().await?;
        for append in puts {
            connection.ask(&books.post("/v1/append", &append)).await?;
        }
        let (mut took, mut bytes) = (vec![], 0);
        for _ in 0..if changed > 100 { 3 } else { 11 } {
            let begun = Instant::now();
            let (mut ledgers, mut after) = (0, cursor);
            bytes = 0;
            loop {
                let body = connection.ask(&books.get(&format!("/v1/changes/{after}"))).await?;
                let changes = Changes::from_bytes(&body)?;
                (ledgers, after, bytes) = (ledgers + changes.ledgers.len(), changes.cursor, bytes + body.len());
                if !changes.more {
                    break;
                }
            }
            ensure!(ledgers == changed.min(books.customers.len()), "{ledgers} ledgers changed");
            for (place, seq) in places.iter().zip(&seqs) {
                for request in books.fetching(*place, *seq, 1) {
                    bytes += connection.ask(&request).await?.len();
                }
            }
            took.push(seconds(begun));
        }
        Ok((median(&took), bytes))
    }

    /// S7: a thousand that listen, and one change.
    async fn listeners(&mut self, books: &mut Books) -> Result<()> {
        let before = self.server.memory("VmRSS")?;
        let mut listening = vec![];
        for _ in 0..LISTENERS {
            let mut connection = self.server.connect().await?;
            connection.listen(books).await?;
            listening.push(connection);
        }
        let each = (self.server.memory("VmRSS")? - before) / float(LISTENERS) / 1024.0;
        self.row("S7", "memory of a client that listens", (each, "KiB"), ("the limit", 32.0), 1.0);
        let put = appends(&[books.put(ORGANIZATIONS - 1, 0)?])?.remove(0);
        let request = books.post("/v1/append", &put);
        let mut connection = self.server.connect().await?;
        let waiting: Vec<_> = listening
            .into_iter()
            .map(|mut connection| tokio::spawn(async move { connection.told().await.map(|_| connection) }))
            .collect();
        let begun = Instant::now();
        connection.ask(&request).await?;
        for woken in try_join_all(waiting).await? {
            woken?;
        }
        let took = seconds(begun) * 1e3;
        self.row("S7", "a change told to all 1,000 that listen", (took, "ms"), ("the limit", 250.0), 1.0);
        Ok(())
    }

    /// G3 and G4: one change and everything, in a vault of a hundred items and in one of ten thousand.
    async fn growth(&mut self, books: &mut Books, runs: u8) -> Result<()> {
        let mut small = self.server.bring(100, 1).await?;
        let puts = (0..100).map(|item| small.put(0, item)).collect::<Result<Vec<_>>>()?;
        let mut connection = self.server.connect().await?;
        for append in appends(&puts)? {
            connection.ask(&small.post("/v1/append", &append)).await?;
        }
        let (mut few, mut many) = (vec![], vec![]);
        let mut bytes = (0, 0);
        for _ in 0..runs {
            let (took, of_few) = self.catch_up(&mut small, 1).await?;
            few.push(took);
            let (took, of_many) = self.catch_up(books, 1).await?;
            many.push(took);
            bytes = (of_few, of_many);
        }
        let (few, many) = (median(&few) * 1e3, median(&many) * 1e3);
        self.row("G3", "pull of one change in 10,000 items", (many, "ms"), ("the same in 100", few), 1.5);
        let of_few = ("the same in 100", float(bytes.0));
        self.row("G3", "bodies of one change in 10,000 items", (float(bytes.1), "B"), of_few, 1.5);
        self.server.forget_peak()?;
        self.pull(&small).await?;
        let few = self.server.memory("VmHWM")? / MIB;
        self.server.forget_peak()?;
        self.pull(books).await?;
        let many = self.server.memory("VmHWM")? / MIB;
        let what = "peak memory of the server, full pull of 10,000 items";
        self.row("G4", what, (many, "MiB"), ("the same of 100", few), 1.3);
        Ok(())
    }

    /// A firm of ten thousand customers: its first sync, and a day's.
    async fn large(&mut self, runs: u8) -> Result<()> {
        let begun = Instant::now();
        let mut books = self.server.bring(101, u32::try_from(LARGE)?).await?;
        let mut all = vec![];
        for organization in 0..LARGE {
            all.push(books.put(organization, 0)?);
        }
        let all = appends(&all)?;
        let mut connection = self.server.connect().await?;
        for append in all {
            connection.ask(&books.post("/v1/append", &append)).await?;
        }
        eprintln!("a firm of {LARGE} customers was made and brought in {:.0} s", seconds(begun));
        self.server.forget_peak()?;
        let begun = Instant::now();
        let bytes = self.pull(&books).await?;
        let first = seconds(begun);
        let peak = self.server.memory("VmHWM")? / MIB;
        let commit = median(&self.commits().await?);
        let what = "first sync of 10,000 organizations";
        self.beside("G4", what, (first, "s"), ("questions at one bare commit each", float(1 + 2 * LARGE) * commit));
        self.row("G4", &format!("{what}, peak memory of the server"), (peak, "MiB"), (PEER, 3_156.0), 0.1);
        self.beside(
            "G4",
            &format!("{what}, bodies"),
            (float(bytes) / 1e6, "MB"),
            ("its objects alone", float(LARGE * OBJECT) / 1e6),
        );
        let (day, bytes) = self.catch_up(&mut books, DAY).await?;
        self.beside("G3", "a day's 4,000 changes among 10,000 organizations", (day, "s"), ("their first sync", first));
        let limit = float(DAY) * 1.2 * float(OBJECT + 300) + 1024.0;
        self.row("G3", "a day's 4,000 changes, bodies", (float(bytes), "B"), ("the limit", limit), 1.0);
        let path = format!("/v1/changes/{}", newest(&mut self.server.connect().await?, &books).await?);
        let mut each = vec![];
        for _ in 0..runs {
            let (took, _) = self.at_once(vec![vec![books.get(&path); CHECKS / 4]; CONNECTIONS]).await?;
            each.push(took / float(CONNECTIONS * CHECKS / 4) * 1e6);
        }
        self.row(
            "S2",
            "one question of 16 connections, 10,000 organizations",
            (median(&each), "µs"),
            (PEER, 1e6 / 2_500.0),
            1.0 / 3.0,
        );
        Ok(())
    }
}

/// The newest number.
async fn newest(connection: &mut Connection, books: &Books) -> Result<u64> {
    let mut cursor = 0;
    loop {
        let changes = Changes::from_bytes(&connection.ask(&books.get(&format!("/v1/changes/{cursor}"))).await?)?;
        cursor = changes.cursor;
        if !changes.more {
            return Ok(cursor);
        }
    }
}
