//! The encrypted backup: one file, written after every change into a folder the person chose. It holds what is already
//! sealed or signed, and opens with kit and passphrase or with the safe sheet.

use crate::api::*;
use crate::error::{Error, Result};
use crate::failpoint::point;
use crate::journal::Change;
use crate::records::Firm;
use crate::session::Session;
use crate::vault::{self, meta};
use crate::{App, files, lock, papers};
use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use vitrine_vault::backup::{BackupError, BackupHeader, BackupWriter};

/// Name of the file in the folder.
const FILE: &str = "Vitrine.backup";
/// Changes that come together are written together.
const SETTLE: Duration = Duration::from_millis(500);
const PAGE: usize = 500;

/// What is known of the backup while the application runs.
#[derive(Default)]
pub(crate) struct State {
    /// Rises with every change of the vault.
    changes: u64,
    /// The change that is in the file.
    written: u64,
    writing: bool,
    /// Held while the file is written: two at once would write through each other.
    turn: Arc<tokio::sync::Mutex<()>>,
    problem: Option<ErrorView>,
}

pub(crate) fn view(app: &App, firm: &Firm) -> BackupView {
    let state = lock(&app.inner.backup);
    BackupView {
        folder: firm.backup_folder.clone(),
        file: firm
            .backup_written_at
            .and(firm.backup_folder.as_ref())
            .map(|folder| Path::new(folder).join(FILE).display().to_string()),
        written_at: firm.backup_written_at.map(Time),
        current: firm.backup_written_at.is_some() && state.problem.is_none() && state.written == state.changes,
        problem: state.problem.clone(),
    }
}

pub(crate) async fn set(app: &App, request: SetBackupRequest) -> Result<StatusView> {
    let folder = PathBuf::from(request.folder.trim());
    if !folder.is_absolute() {
        return Err(Error::usage(
            "backup.relative",
            "The folder is not a full path.",
            "Give the full path of a folder.",
        ));
    }
    if folder.starts_with(&app.config().folder) {
        return Err(Error::usage(
            "backup.same-folder",
            "This folder lies within Vitrine's own data.",
            "Choose a folder on another disk, or one that is synchronized elsewhere.",
        ));
    }
    files::make_folder(&folder).map_err(|error| files::failed(&folder, error))?;
    let session = app.session().await?;
    write(app, &session, &folder).await?;
    point!("backup.set");
    let mut change = Change::begin(app, &session).await?;
    change.firm.backup_folder = Some(folder.display().to_string());
    change.firm.backup_written_at = Some(app.now_ms());
    change.commit().await?;
    app.tell(Event::StatusChanged);
    vault::status(app, StatusRequest {}).await
}

pub(crate) async fn now(app: &App, _request: BackupNowRequest) -> Result<StatusView> {
    let session = app.session().await?;
    let folder = vault::firm(app).await?.backup_folder.ok_or_else(|| {
        Error::usage("backup.no-folder", "No folder is set for the backup.", "Choose one; best on another disk.")
    })?;
    write_and_note(app, &session, Path::new(&folder)).await?;
    vault::status(app, StatusRequest {}).await
}

/// Something changed: the file is written anew, soon.
pub(crate) fn changed(app: &App) {
    let begin = {
        let mut state = lock(&app.inner.backup);
        state.changes += 1;
        !std::mem::replace(&mut state.writing, true)
    };
    if !begin {
        return;
    }
    let this = app.clone();
    app.background(async move {
        tokio::time::sleep(SETTLE).await;
        loop {
            let before = lock(&this.inner.backup).changes;
            let outcome = once(&this).await;
            let mut state = lock(&this.inner.backup);
            state.problem = outcome.err().map(Error::into_view);
            if state.changes == before || state.problem.is_some() {
                state.writing = false;
                drop(state);
                this.tell(Event::StatusChanged);
                return;
            }
        }
    });
}

/// Writes what is pending now, before a process ends. Nothing to do where no folder is set.
pub(crate) async fn settle(app: &App) -> Result<()> {
    let pending = {
        let state = lock(&app.inner.backup);
        state.changes != state.written
    };
    if pending { once(app).await } else { Ok(()) }
}

async fn once(app: &App) -> Result<()> {
    // Locked or without a folder there is nothing to write; the next unlocked change does.
    let Ok(session) = app.session().await else { return Ok(()) };
    match vault::firm(app).await?.backup_folder {
        Some(folder) => write_and_note(app, &session, Path::new(&folder)).await,
        None => Ok(()),
    }
}

async fn write_and_note(app: &App, session: &Arc<Session>, folder: &Path) -> Result<()> {
    let before = lock(&app.inner.backup).changes;
    write(app, session, folder).await?;
    // When it was written is a matter of this device, not of the vault: no entry, so no further backup either.
    let mut tx = app.inner.store.begin().await?;
    let row = tx.index_value(crate::records::key::FIRM).await?;
    let mut firm: Firm = row.map_or(Ok(Firm::default()), |bytes| crate::records::decode(&bytes))?;
    firm.backup_written_at = Some(app.now_ms());
    tx.index_put(crate::records::key::FIRM, &crate::records::encode(&firm)?).await?;
    tx.commit().await?;
    point!("backup.noted");
    let mut state = lock(&app.inner.backup);
    state.written = state.written.max(before);
    state.problem = None;
    Ok(())
}

/// Writes the file beside the old one, flushes it, and puts it in its place: a crash leaves one of the two, whole.
async fn write(app: &App, session: &Session, folder: &Path) -> Result<()> {
    let turn = lock(&app.inner.backup).turn.clone();
    let _turn = turn.lock().await;
    let path = folder.join(FILE);
    let beside = folder.join(format!("{FILE}.new"));
    let failed = |error| files::failed(&path, error);
    let header = BackupHeader {
        member: *session.author.member.as_bytes(),
        genesis: *session.vault().as_bytes(),
        made_at_ms: app.now_ms(),
        home: papers::home_words(),
    };
    let (mut writer, head) = BackupWriter::start(&header).map_err(unwritable)?;
    point!("backup.begin");
    let mut file = BufWriter::new(open(&beside).map_err(failed)?);
    file.write_all(&head).map_err(failed)?;
    point!("backup.head");
    let enrolment = app.inner.store.meta(meta::ENROLMENT).await?.ok_or_else(vault::no_vault)?;
    file.write_all(&writer.enrolment(&enrolment).map_err(unwritable)?).map_err(failed)?;
    if let Some(sheet) = app.inner.store.meta(meta::SHEET).await? {
        file.write_all(&writer.sheet(&sheet).map_err(unwritable)?).map_err(failed)?;
    }
    // Entries first: whatever object arrives meanwhile and is missed belongs to an entry that is missed as well.
    let mut after = 0;
    loop {
        let page = app.inner.store.entries_by_arrival(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.arrival;
        for entry in &page {
            file.write_all(&writer.entry(&entry.bytes).map_err(unwritable)?).map_err(failed)?;
        }
    }
    point!("backup.entries");
    let mut after = 0;
    loop {
        let page = app.inner.store.objects_by_arrival(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.arrival;
        for object in &page {
            file.write_all(&writer.object(&object.bytes).map_err(unwritable)?).map_err(failed)?;
        }
    }
    file.write_all(&writer.finish()).map_err(failed)?;
    point!("backup.written");
    let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
    file.sync_all().map_err(failed)?;
    drop(file);
    point!("backup.synced");
    fs::rename(&beside, &path).map_err(failed)?;
    point!("backup.renamed");
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
    point!("backup.done");
    Ok(())
}

fn open(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn unwritable(error: BackupError) -> Error {
    let code = error.code().to_owned();
    Error::machine(
        &code,
        "The backup could not be written.",
        "Copy the details and report this; the vault itself is fine.",
    )
    .because(error)
}
