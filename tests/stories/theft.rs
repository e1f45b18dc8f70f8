//! Theft of the backend's database: a team works through it, and then every byte that it stores is looked at, row by row and
//! file by file. Nothing of it helps to guess a passphrase, and no name, id of a tenant, address or size is readable.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use data_encoding::HEXLOWER;
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Row};
use vitrine_entra_sim::Sim;
use vitrine_kit::backend::{Backend, TOKEN};
use vitrine_kit::stored::{self, LOG};

use crate::canary::Canaries;
use crate::cloud::{self, CONTOSO, shown};
use crate::cluster::Cluster;
use crate::desk::{Desk, PASSPHRASE, built, exit, text};
use crate::people::{brought_in, invited, join};
use crate::{backend, browser, paper};

#[path = "../../crates/server/tests/server/sentence.rs"]
mod sentence;

const EMERGENCY: &str = "emergency@contoso.onmicrosoft.com";
const FIRM: &str = "Quetzal & Zebrafish IT";
const OWNER: &str = "Xanthippe Ozymandias";
const TECHNICIAN: &str = "Bartholomew Quillfeather";
const LATER: &str = "Philippa Wolverhampton";
const ORGANIZATION: &str = "Borogove Orchards 4711";
const ANOTHER: &str = "Jubjub Aviaries 0815";
const NOTES: &str = "vorpal blade is under the doormat";
const REASON: &str = "jabberwock locked everybody out";
const LEFT: &str = "mimsy borogoves took offence";
const NEXT_PASSPHRASE: &str = "saffron gondola thimble meadow cactus violin";

/// Columns with something sealed in them: what opens it besides what is stored, how many random bits that has, and the test
/// of the vault that it opens with nothing less. A passphrase is guessed; a secret of 128 bits is not.
const OPENED_BY: &[(&str, &str, u32, &str)] = &[
    (
        "entries.entry",
        "keys of an epoch, or a member's root that they are wrapped to",
        256,
        "a_wrap_opens_for_its_recipient_in_its_place_only",
    ),
    ("ledgers.state", "the same: it follows from the entries", 256, "a_wrap_opens_for_its_recipient_in_its_place_only"),
    ("objects.object", "keys of an epoch", 256, "no_single_bit_of_an_object_or_wrap_can_change"),
    (
        "invitations.letter",
        "the secret of the code",
        256,
        "an_edited_code_with_a_right_sum_finds_another_mailbox_and_opens_no_letter",
    ),
    (
        "invitations.answer",
        "the secret of the code",
        256,
        "an_edited_code_with_a_right_sum_finds_another_mailbox_and_opens_no_letter",
    ),
    (
        "enrolments.blob",
        "the account secret on the kit, and the passphrase",
        160,
        "an_enrolment_blob_needs_passphrase_and_account_secret_and_is_no_lockbox",
    ),
];

/// What a thief reads: all columns, by name.
type Loot = BTreeMap<String, Vec<Vec<u8>>>;

/// Every table and every column there is, whatever the backend's own description says.
async fn stolen(url: &str) -> Result<Loot> {
    sqlx::any::install_default_drivers();
    let mut connection = AnyConnection::connect(url).await.with_context(|| format!("could not open {url}"))?;
    let postgres = url.starts_with("postgres");
    let columns = if postgres {
        "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT), CAST(data_type AS TEXT)
         FROM information_schema.columns WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
    } else {
        "SELECT t.name, c.name, c.type FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table'"
    };
    let mut loot = Loot::new();
    for row in sqlx::query(columns).fetch_all(&mut connection).await? {
        let (table, column, kind): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        // The library's own record of which migrations ran.
        if table == "_sqlx_migrations" {
            continue;
        }
        let bytes = ["bytea", "blob"].contains(&kind.to_lowercase().as_str());
        let value = match (bytes, postgres) {
            (true, true) => format!("encode({column}, 'hex')"),
            (true, false) => format!("lower(hex({column}))"),
            (false, _) => format!("CAST({column} AS TEXT)"),
        };
        let rows = format!("SELECT {value} FROM {table}");
        let rows = sqlx::query(AssertSqlSafe(rows)).fetch_all(&mut connection).await?;
        let values = rows.iter().map(|row| {
            let text: String = row.try_get(0)?;
            anyhow::Ok(if bytes { HEXLOWER.decode(text.as_bytes())? } else { text.into_bytes() })
        });
        loot.insert(format!("{table}.{column}"), values.collect::<Result<_>>()?);
    }
    connection.close().await?;
    Ok(loot)
}

/// A team at work, and what a thief would like to find of it.
struct Team {
    /// Ends with this.
    _sim: Sim,
    owner: Desk,
    backend: Backend,
    /// Where the database lies: its folder, with journals and all.
    folder: PathBuf,
    wanted: Canaries,
}

impl Team {
    async fn works_over(database: Option<String>) -> Result<Self> {
        let folder = database.as_ref().and_then(|url| Some(url.split("host=").nth(1)?.split('&').next()?.to_owned()));
        let backend = Backend::start_over(&built()?.join("vitrine-server"), database).await?;
        let folder = folder.map_or_else(|| backend.data(), PathBuf::from);
        let sim = cloud::start().await?;
        let owner = Desk::at(&sim)?;
        owner.does(["init", "--firm", FIRM, "--person", OWNER, "--accept-file-fallback"]).await?;
        owner.does(["settings", "rotateWhenDue", "false"]).await?;
        owner.does(["org", "add", ORGANIZATION, "--notes", NOTES]).await?;
        cloud::connect(&sim, &owner, ORGANIZATION, CONTOSO, &["emergency"]).await?;
        backend::moved(&owner, &backend).await?;

        let mut secrets = vec![shown(&owner, ORGANIZATION, EMERGENCY, "current").await?];
        let signed_in = browser::portal(&sim, EMERGENCY, &secrets[0], None).await?;
        let key = signed_in.new_key.context("no second factor was set up")?;
        let order = owner.vitrine(["second-factor", ORGANIZATION, "--key-fd", "0"]).passphrase(PASSPHRASE);
        order.typed(&key).ends(exit::DONE).await?;
        let papers = tempfile::tempdir()?;
        let kit = papers.path().join("kit.pdf");
        let kit_path = kit.display().to_string();
        owner.vitrine(["kit", &kit_path]).passphrase(PASSPHRASE).ends(exit::PARTLY).await?;
        let groups = paper::code(&paper::read(&kit)?, "Account secret")?;

        let technician = Desk::at(&sim)?;
        brought_in(&owner, &technician, TECHNICIAN, "technician").await?;
        let view = ["view", ORGANIZATION, "--account", EMERGENCY, "--reason", REASON];
        secrets.push(text(&technician.does(view).await?, "secret")?);
        technician.does(["rotate", ORGANIZATION]).await?;
        technician.does(["sync"]).await?;
        owner.does(["sync"]).await?;
        secrets.push(shown(&owner, ORGANIZATION, EMERGENCY, "current").await?);
        owner.does(["org", "add", ANOTHER, "--notes", NOTES]).await?;
        owner.does(["member", "remove", TECHNICIAN, "--reason", LEFT]).await?;
        owner.does(["incident", "retry"]).await?;
        secrets.push(shown(&owner, ORGANIZATION, EMERGENCY, "current").await?);
        // One invitation lies there unanswered, and one with an answer.
        let mut codes = vec![invited(&owner, LATER, "technician").await?, invited(&owner, LATER, "technician").await?];
        let mut waiting = join(&Desk::at(&sim)?, LATER, &codes[1]).start().await?;
        waiting.tells("joining").await?;
        owner.does(["sync"]).await?;
        waiting.kill().await?;
        owner.does(["sync"]).await?;

        let organization = owner.does(["org", "show", ORGANIZATION]).await?;
        let mut names: Vec<(&'static str, String)> = [
            ("firm", FIRM),
            ("owner", OWNER),
            ("technician", TECHNICIAN),
            ("invited", LATER),
            ("organization", ORGANIZATION),
            ("organization", ANOTHER),
            ("notes", NOTES),
            ("reason", REASON),
            ("reason of a removal", LEFT),
            ("account", EMERGENCY),
            ("domain of a tenant", CONTOSO),
            ("passphrase", PASSPHRASE),
            ("second factor", &key),
            ("account secret", &groups.join("")),
            ("account secret", &groups.join("-")),
            ("operator's token", TOKEN),
            ("address of the backend", &backend.url()),
        ]
        .map(|(name, text)| (name, text.to_owned()))
        .into();
        let tenant = text(&organization, "tenant.id")?;
        names.push(("id of a tenant", tenant.clone()));
        names.extend(secrets.into_iter().map(|secret| ("password", secret)));
        names.extend(codes.drain(..).map(|code| ("code of an invitation", code)));
        let machine = fs::read_to_string("/proc/sys/kernel/hostname")?.trim().to_owned();
        // A shorter one is found by chance.
        names.extend((machine.len() >= 8).then_some(("machine", machine)));
        let texts: Vec<_> = names.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let tenant = HEXLOWER.decode(tenant.replace('-', "").as_bytes())?;
        let wanted = Canaries::of(&texts).and_bytes("id of a tenant", &tenant).in_every_writing();
        Ok(Self { _sim: sim, owner, backend, folder, wanted })
    }

    /// Looks at everything, as the database stands.
    async fn is_worth_nothing(&self, when: &str) -> Result<Loot> {
        let loot = stolen(&self.backend.database()).await?;
        has_the_columns_of_the_sentence(&loot)?;
        shows_no_size(&loot)?;
        for (column, values) in &loot {
            for value in values {
                let found = self.wanted.found_in(value);
                ensure!(found.is_empty(), "{when}: {found:?} in {column}");
            }
        }
        let found = self.wanted.found_below(&self.folder)?;
        ensure!(found.is_empty(), "{when}: {found:?}");
        Ok(loot)
    }
}

/// Row 39: the columns are those of the sentence, and what is sealed is opened by more than a passphrase.
fn has_the_columns_of_the_sentence(loot: &Loot) -> Result<()> {
    let named: BTreeSet<&str> = sentence::LEARNS.iter().flat_map(|(_, columns)| columns.iter().copied()).collect();
    let there: BTreeSet<&str> = loot.keys().map(String::as_str).collect();
    ensure!(there == named, "columns that the sentence does not name, or names in vain: {there:?}");
    for (column, values) in loot {
        let is_sealed = values.iter().any(|value| value.len() > 32);
        let opened = OPENED_BY.iter().find(|(opened, ..)| opened == column);
        ensure!(
            !is_sealed || opened.is_some(),
            "{column} holds more than a number, an id or a hash, and nobody says what"
        );
    }
    let guessed: Vec<_> = OPENED_BY.iter().filter(|(_, _, bits, _)| *bits < 128).collect();
    ensure!(guessed.is_empty(), "{guessed:?}");
    let sources = sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/vault")))?;
    for (column, _, _, test) in OPENED_BY {
        ensure!(sources.contains(&format!("fn {test}(")), "{column}: there is no test {test}");
    }
    Ok(())
}

/// All Rust below a folder, as one text.
pub(crate) fn sources(folder: &Path) -> Result<String> {
    let mut all = String::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            all += &sources(&path)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            all += &fs::read_to_string(&path)?;
        }
    }
    Ok(all)
}

/// Row 38: names, notes, records, letters and objects have the lengths of their steps.
fn shows_no_size(loot: &Loot) -> Result<()> {
    let of = |column: &str| loot.get(column).map_or(&[][..], Vec::as_slice);
    let mut kinds = BTreeSet::new();
    for entry in of("entries.entry") {
        let (kind, lengths) = stored::padded_in_entry(entry)
            .with_context(|| format!("an entry that cannot be read: {}", HEXLOWER.encode(entry)))?;
        ensure!(lengths.iter().all(|length| *length > 0 && length % 256 == 0), "kind {kind}: {lengths:?}");
        kinds.insert(kind);
    }
    ensure!(kinds.contains(&LOG), "no record of a view was searched: {kinds:?}");
    let letters = [of("invitations.letter"), of("invitations.answer")].concat();
    let letters: Vec<_> = letters.iter().filter(|letter| !letter.is_empty()).collect();
    ensure!(letters.len() > 2, "{} letters", letters.len());
    for letter in letters {
        let length = stored::padded_in_letter(letter).context("a letter that cannot be read")?;
        // One byte closes a mailbox; nothing else is no letter.
        ensure!(length > 0 && length % 256 == 0, "a letter of {length} bytes");
    }
    ensure!(!of("objects.object").is_empty(), "no object was searched");
    for object in of("objects.object") {
        let length = stored::padded_in_object(object).context("an object that cannot be read")?;
        let step = if length <= 4096 { 1024 } else { 4096 };
        ensure!(length > 0 && length % step == 0, "an object of {length} bytes");
    }
    Ok(())
}

/// Rows 36 to 39, over one of the databases.
async fn nothing_stolen_is_worth_anything(database: Option<String>) -> Result<()> {
    let mut team = Team::works_over(database).await?;
    let before = team.is_worth_nothing("while it runs").await?;
    // The search finds what is there: an id that everybody may see, in the rows and in the files.
    let id = before["msps.msp"].first().context("no vault is there")?.clone();
    let blind = !Canaries::of(&[]).and_bytes("id", &id).found_below(&team.folder)?.is_empty();
    ensure!(blind, "the files were not searched: the vault's own id is not found in them");

    // A passphrase is in nothing: with another one, nothing that is stored is another one, but for what the kit opens.
    let change = team.owner.vitrine(["passphrase"]).passphrase(PASSPHRASE).typed(NEXT_PASSPHRASE);
    change.typed(NEXT_PASSPHRASE).ends(exit::DONE).await?;
    team.owner.vitrine(["sync"]).passphrase(NEXT_PASSPHRASE).ends(exit::DONE).await?;
    let after = team.is_worth_nothing("with another passphrase").await?;
    for (column, values) in &before {
        let (values, now): (BTreeSet<_>, BTreeSet<_>) = (values.iter().collect(), after[column].iter().collect());
        let by_kit = ["enrolments.blob", "enrolments.written_s"].contains(&column.as_str());
        ensure!(by_kit || now.is_superset(&values), "{column} depends on the passphrase");
    }
    team.backend.kill().await?;
    ensure!(team.wanted.found_below(&team.folder)?.is_empty(), "after it was killed");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn row_36_row_38_row_39_db_theft_of_sqlite_is_worth_nothing() -> Result<()> {
    nothing_stolen_is_worth_anything(None).await
}

#[tokio::test(flavor = "multi_thread")]
async fn row_36_row_38_row_39_db_theft_of_postgresql_is_worth_nothing() -> Result<()> {
    let Some(cluster) = Cluster::start()? else {
        eprintln!("PostgreSQL is not installed here: this test ran over SQLite alone");
        return Ok(());
    };
    nothing_stolen_is_worth_anything(Some(cluster.database("vitrine")?)).await
}
