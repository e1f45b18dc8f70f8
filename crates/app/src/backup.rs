//! The encrypted backup: one file, written after every change into a folder the person chose. It holds what is already
//! sealed or signed, and opens with kit and passphrase or with the safe sheet.
//!
//! What the file holds is remembered with the vault as one hash. A process that is killed between a change and its
//! backup leaves a file that is known to be old, and the next unlock writes it anew.

use crate::api::*;
use crate::error::{Error, Result};
use crate::failpoint::{point, protected};
use crate::own::{self, Written};
use crate::records::{Bytes32, Firm};
use crate::session::Session;
use crate::vault::{self, meta};
use crate::{App, files, home, lock, papers};
use sha2::{Digest, Sha256};
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
    /// Rises with every change, so that whoever writes sees that more came meanwhile.
    changes: u64,
    writing: bool,
    /// Held while the file is written: two at once would write through each other.
    turn: Arc<tokio::sync::Mutex<()>>,
    problem: Option<ErrorView>,
}

pub(crate) async fn view(app: &App, firm: &Firm) -> Result<BackupView> {
    let problem = lock(&app.inner.backup).problem.clone();
    let (folder, written) = (firm.own.backup_folder.as_ref(), firm.own.backup.as_ref());
    Ok(BackupView {
        folder: folder.cloned(),
        file: written.and(folder).map(|folder| Path::new(folder).join(FILE).display().to_string()),
        written_at: written.map(|written| Time(written.at)),
        current: problem.is_none() && is_current(app, firm).await?,
        problem,
    })
}

async fn is_current(app: &App, firm: &Firm) -> Result<bool> {
    let Some(written) = &firm.own.backup else { return Ok(false) };
    let newest = app.inner.store.newest_arrival().await?;
    let boxes = Boxes::read(app).await?;
    Ok(written.content == boxes.content(newest))
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
    // Who came just now says where it shall be, and it is written as soon as the history is here.
    let whole = home::unchecked(app).await? == 0;
    let written = if whole { Some(write(app, &session, &folder).await?) } else { None };
    point!("backup.set");
    own::note(app, &session, |own| {
        (own.backup_folder, own.backup) = (Some(folder.display().to_string()), written);
    })
    .await?;
    lock(&app.inner.backup).problem = None;
    app.tell(Event::StatusChanged);
    vault::status(app, StatusRequest {}).await
}

pub(crate) async fn now(app: &App, _request: BackupNowRequest) -> Result<StatusView> {
    let session = app.session().await?;
    let folder = vault::firm(app).await?.own.backup_folder.ok_or_else(|| {
        Error::usage("backup.no-folder", "No folder is set for the backup.", "Choose one; best on another disk.")
    })?;
    write_and_note(app, &session, &folder).await?;
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
            let outcome = settle(&this).await;
            let mut state = lock(&this.inner.backup);
            // Locked meanwhile: nothing is wrong, and the next unlock goes on.
            state.problem = outcome.err().filter(|error| error.code() != "vault.locked").map(Error::into_view);
            if state.changes == before || state.problem.is_some() {
                state.writing = false;
                drop(state);
                this.tell(Event::StatusChanged);
                return;
            }
        }
    });
}

/// What a process that was killed, or a folder that was away, left unwritten.
pub(crate) async fn catch_up(app: &App) {
    let Ok(firm) = vault::firm(app).await else { return };
    if firm.own.backup_folder.is_some() && !is_current(app, &firm).await.unwrap_or(false) {
        changed(app);
    }
}

/// Writes what the file lacks. Nothing to do where no folder is set, or while the vault is locked.
pub(crate) async fn settle(app: &App) -> Result<()> {
    let Ok(session) = app.session().await else { return Ok(()) };
    let firm = vault::firm(app).await?;
    let Some(folder) = firm.own.backup_folder.as_deref() else { return Ok(()) };
    // It is written when the last of the history is here.
    if home::unchecked(app).await? > 0 {
        return Ok(());
    }
    // A line in a list is a change and no part of a backup; a file that somebody took away is missing all the same.
    if is_current(app, &firm).await? && Path::new(folder).join(FILE).is_file() {
        return Ok(());
    }
    write_and_note(app, &session, folder).await
}

async fn write_and_note(app: &App, session: &Session, folder: &str) -> Result<()> {
    let written = write(app, session, Path::new(folder)).await?;
    own::note(app, session, |own| {
        // Another folder may have been chosen meanwhile, and its file was written then.
        if own.backup_folder.as_deref() == Some(folder) {
            own.backup = Some(written);
        }
    })
    .await?;
    point!("backup.noted");
    lock(&app.inner.backup).problem = None;
    Ok(())
}

/// The boxes that papers open, as they lie in the database.
struct Boxes {
    enrolment: Vec<u8>,
    sheet: Option<Vec<u8>>,
}

impl Boxes {
    async fn read(app: &App) -> Result<Self> {
        let enrolment = app.inner.store.meta(meta::ENROLMENT).await?.ok_or_else(|| {
            Error::new(
                ErrorClass::Partly,
                "backup.new-keys",
                "This device was given new keys, which are sealed under your passphrase at the next unlock.",
                "Lock and unlock Vitrine; then the backup is written.",
            )
        })?;
        Ok(Self { enrolment, sheet: app.inner.store.meta(meta::SHEET).await? })
    }

    /// A backup in one hash: its boxes, and the newest entry. Objects come with entries.
    fn content(&self, newest: u64) -> Bytes32 {
        let sheet = self.sheet.as_deref().map(Sha256::digest).unwrap_or_default();
        Sha256::new()
            .chain_update(newest.to_be_bytes())
            .chain_update(Sha256::digest(&self.enrolment))
            .chain_update(sheet)
            .finalize()
            .into()
    }
}

/// Writes the file beside the old one, flushes it, and puts it in its place: a crash leaves one of the two, whole.
async fn write(app: &App, session: &Session, folder: &Path) -> Result<Written> {
    // Nobody could restore from what lacks the history before a checkpoint.
    home::refuse_unchecked(app).await?;
    let turn = lock(&app.inner.backup).turn.clone();
    let _turn = turn.lock().await;
    let path = folder.join(FILE);
    let beside = protected!("the backup before is kept", folder.join(format!("{FILE}.new")), path.clone());
    let written = write_beside(app, session, &path, &beside).await;
    if written.is_err() {
        // Half a file on a full disk takes the space that the next try needs.
        let _ = fs::remove_file(&beside);
    }
    let written = written?;
    let failed = |error| files::failed(&path, error);
    fs::rename(&beside, &path).map_err(failed)?;
    point!("backup.renamed");
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
    point!("backup.done");
    Ok(written)
}

async fn write_beside(app: &App, session: &Session, path: &Path, beside: &Path) -> Result<Written> {
    let failed = |error| files::failed(path, error);
    let at = app.now_ms();
    let header = BackupHeader {
        member: *session.author.member.as_bytes(),
        genesis: *session.vault().as_bytes(),
        made_at_ms: at,
        home: papers::home_words(app).await?,
    };
    let (mut writer, head) = BackupWriter::start(&header).map_err(unwritable)?;
    point!("backup.begin");
    let mut file = BufWriter::new(open(beside).map_err(failed)?);
    file.write_all(&head).map_err(failed)?;
    point!("backup.head");
    let boxes = Boxes::read(app).await?;
    file.write_all(&writer.enrolment(&boxes.enrolment).map_err(unwritable)?).map_err(failed)?;
    if let Some(sheet) = &boxes.sheet {
        file.write_all(&writer.sheet(sheet).map_err(unwritable)?).map_err(failed)?;
    }
    // Entries first: whatever object arrives meanwhile and is missed belongs to an entry that is missed as well.
    let mut newest = 0;
    loop {
        let page = app.inner.store.entries_by_arrival(newest, PAGE).await?;
        let Some(last) = page.last() else { break };
        newest = last.arrival;
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
    Ok(Written { at, content: boxes.content(newest) })
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
