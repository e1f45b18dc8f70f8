//! The firm's safe sheet: a page that opens the vault by itself, or shares of one for several people, of whom a few are
//! enough. Every member's device keeps what it opens, so that anybody's backup will do.

use super::pdf::{self, Page, Part};
use crate::api::*;
use crate::error::{Error, Result};
use crate::failpoint::point;
use crate::founding;
use crate::journal::Change;
use crate::keychain::blocking;
use crate::records;
use crate::session::{self, Session, rng};
use crate::vault::meta;
use crate::{App, files, people, vault};
use std::path::PathBuf;
use vitrine_ledger::{self as ledger, Body, Entry, Head, MspBody, MspState};
use vitrine_vault::share::{Share, ShareError, Split};
use vitrine_vault::sheet::{MAX_HOLDER, SafeSheet, SheetBlob, SheetNote};
use zeroize::Zeroizing;

pub(crate) async fn save(app: &App, request: SaveSheetRequest) -> Result<SavedSheetView> {
    let session = app.session().await?;
    let firm = vault::firm(app).await?;
    let sheet = SafeSheet::make(&mut rng());
    let code = sheet.code();
    let page = Page {
        title: "Vitrine safe sheet",
        parts: vec![
            Part::Words(format!("This page opens the vault of {} by itself, together with a backup file. Keep it in the firm's safe.", firm.msp_name)),
            Part::Words("Whoever holds this page and a backup file holds every customer's keys. Using it leaves a mark that every member sees.".into()),
            Part::Heading("Code"),
            // Exposed to be printed: the paper is what this key is for.
            Part::Code(code.text().expose()),
            Part::Words("To restore: install Vitrine, choose “Restore a vault”, then “With the safe sheet”, pick the backup file, type the code, and choose a new passphrase.".into()),
            Part::Field("Sealed on"),
            Part::Field("Opened on, by, why"),
        ],
    };
    let path = PathBuf::from(request.path.trim());
    files::create(&path, &Zeroizing::new(pdf::draw(&page)))?;
    // The paper exists before the vault trusts it: a sheet that opens nothing is harmless, the reverse is not.
    point!("sheet.saved");
    set(app, &session, &sheet, None, Vec::new()).await?;
    Ok(SavedSheetView { path: path.display().to_string() })
}

pub(crate) async fn split(app: &App, request: SplitSheetRequest) -> Result<SplitSheetView> {
    let session = app.session().await?;
    let firm = vault::firm(app).await?;
    let holders = holders(&request.holders)?;
    let count = u8::try_from(holders.len()).unwrap_or(u8::MAX);
    let sheet = SafeSheet::make(&mut rng());
    let (split, shares) = sheet.split(request.needed, count, &mut rng()).map_err(|error| {
        Error::usage(
            "sheet.split",
            format!("That does not work: {error}."),
            "Name more people, or ask for fewer of them.",
        )
    })?;
    let (folder, mut paths) = (PathBuf::from(request.folder.trim()), Vec::new());
    if folder.is_absolute() {
        files::make_folder(&folder).map_err(|error| files::failed(&folder, error))?;
    }
    for (share, holder) in shares.iter().zip(&holders) {
        let name = format!("Vitrine share {} of {count}.pdf", share.number());
        let path = folder.join(name);
        let drawn =
            Zeroizing::new(pdf::draw(&share_page(share, holder, count, &firm.msp_name, share.code().text().expose())));
        files::create(&path, &drawn)?;
        paths.push(path.display().to_string());
        point!("sheet.share");
    }
    set(app, &session, &sheet, Some(&split), holders).await?;
    Ok(SplitSheetView { paths })
}

fn share_page<'a>(share: &Share, holder: &str, count: u8, firm: &str, code: &'a str) -> Page<'a> {
    let (number, needed) = (share.number(), share.needed());
    Page {
        title: "Vitrine recovery share",
        parts: vec![
            Part::Words(format!("Share {number} of {count}, held by {holder}. Any {needed} of the {count} shares open the vault of {firm} together with a backup file.")),
            Part::Words("Alone it opens nothing. Keep it where the other holders cannot reach it, and give it to nobody but at a recovery that you were told of by voice.".into()),
            Part::Heading("Code"),
            Part::Code(code),
            Part::Words("To restore: install Vitrine, choose “Restore a vault”, then “With shares”, pick the backup file, type the codes of the shares one after the other, and choose a new passphrase. It leaves a mark that every member sees.".into()),
            Part::Field("Handed over on"),
            Part::Field("Kept at"),
        ],
    }
}

/// Names as they are printed; two of one name could not tell their papers apart.
fn holders(names: &[String]) -> Result<Vec<String>> {
    let trimmed: Vec<String> = names.iter().map(|name| name.trim().to_owned()).collect();
    let repeated = trimmed.iter().enumerate().any(|(place, name)| trimmed[..place].contains(name));
    if repeated || trimmed.iter().any(|name| name.is_empty() || name.len() > MAX_HOLDER) {
        return Err(Error::usage(
            "sheet.holders",
            "Each share needs the name of who holds it, and no name twice.",
            "Give every holder a name of their own.",
        ));
    }
    Ok(trimmed)
}

async fn set(
    app: &App,
    session: &Session,
    sheet: &SafeSheet,
    split: Option<&Split>,
    holders: Vec<String>,
) -> Result<()> {
    let (member, genesis) = (*session.author.member.as_bytes(), *session.vault().as_bytes());
    let blob = SheetBlob::seal(session.roots().now(), sheet, split, member, genesis, &mut rng()).to_bytes();
    let note = SheetNote { blob, holders };
    let mut change = Change::begin(app, session).await?;
    let note = founding::seal_note(session.ring().msp_key()?, change.msp(), &note)?;
    change.append_msp(MspBody::RecoverySet { sheet: true, note }).await?;
    change.note(Action::SheetSaved, None, None, None).await?;
    change.commit().await?;
    keep(app, session).await?;
    app.tell(Event::StatusChanged);
    Ok(())
}

/// Keeps what the sheet that stands opens, for this device's backup. A sheet that waits for a second owner is not kept yet.
pub(crate) async fn keep(app: &App, session: &Session) -> Result<()> {
    let stands = session.msp().safe_sheet().map(records::place);
    if vault::firm(app).await?.sheet == stands {
        return Ok(());
    }
    let Some(head) = session.msp().safe_sheet() else { return Ok(()) };
    // Sealed under a key that this member was not given yet: taken with the entry that gives it.
    let Some(note) = note(app, session, head).await? else { return Ok(()) };
    let mut change = Change::begin_taking(app, session).await?;
    change.tx.put_meta(meta::SHEET, &note.blob).await?;
    change.firm.sheet = stands;
    change.commit().await
}

async fn note(app: &App, session: &Session, head: Head) -> Result<Option<SheetNote>> {
    let msp = session.msp();
    let entry = app.inner.store.entry(msp.ledger().as_bytes(), head.seq).await?;
    let entry = entry.and_then(|bytes| Entry::decode(&bytes).ok()).filter(|entry| entry.head() == head);
    Ok(match entry.as_ref().map(Entry::body) {
        Some(Body::Msp(MspBody::RecoverySet { note, .. })) => session.ring().note(&msp, note),
        _ => None,
    })
}

/// Whether there is a sheet, or one that waits for a second owner.
pub(crate) fn is_saved(msp: &MspState) -> bool {
    let waits = |pending: &ledger::Pending| matches!(pending.change, ledger::Change::Recovery { sheet: Some(_), .. });
    msp.safe_sheet().is_some() || msp.pending().iter().any(waits)
}

pub(crate) async fn show(app: &App, _request: RecoveryRequest) -> Result<RecoveryView> {
    let session = app.session().await?;
    let msp = session.msp();
    let sheet = match msp.safe_sheet() {
        Some(head) => sheet_view(app, &session, &msp, head).await?,
        None => None,
    };
    let waits = msp.pending().iter().any(|pending| matches!(pending.change, ledger::Change::Recovery { .. }));
    Ok(RecoveryView { sheet, waits, may_change: session.may(ledger::Action::Recovery) })
}

async fn sheet_view(app: &App, session: &Session, msp: &MspState, head: Head) -> Result<Option<SheetView>> {
    let entry = app.inner.store.entry(msp.ledger().as_bytes(), head.seq).await?;
    let Some(entry) = entry.and_then(|bytes| Entry::decode(&bytes).ok()) else { return Ok(None) };
    let note = note(app, session, head).await?;
    let blob = note.as_ref().and_then(|note| SheetBlob::from_bytes(&note.blob).ok());
    let split = blob
        .as_ref()
        .and_then(SheetBlob::split)
        .map(|split| SplitView { needed: split.needed(), holders: note.map(|note| note.holders).unwrap_or_default() });
    let ring = session.ring();
    let maker = msp.member(&entry.member());
    Ok(Some(SheetView {
        by: people::name_of(app, &ring, msp, &entry.member()).await.unwrap_or_default(),
        made_at: Time(entry.time_ms()),
        split,
        opens: maker.is_some_and(|maker| opens(maker, head.seq)),
    }))
}

/// A sheet opens the root of the owner who made it. It is worth nothing once that person left or has another root.
fn opens(maker: &ledger::Member, made: u64) -> bool {
    maker.removed.is_none() && maker.role() == ledger::Role::Owner && maker.keys_since() <= made
}

/// Tries papers against what this vault keeps, and changes nothing: for a drill.
pub(crate) async fn check(app: &App, request: CheckSheetRequest) -> Result<CheckedSheetView> {
    let session = app.session().await?;
    keep(app, &session).await?;
    let stored = app.inner.store.meta(meta::SHEET).await?.ok_or_else(|| {
        Error::usage("sheet.none", "This vault has no safe sheet.", "Save one first, whole or in shares.")
    })?;
    let blob = SheetBlob::from_bytes(&stored).map_err(session::unreadable_keys)?;
    let codes = request.codes;
    let opened = blocking(move || {
        let sheet = match blob.split() {
            None => whole(codes.first())?,
            Some(split) => joined(split, &codes)?,
        };
        Ok::<bool, Error>(blob.open(&sheet).is_ok())
    });
    if opened.await?? { Ok(CheckedSheetView {}) } else { Err(replaced()) }
}

fn whole(code: Option<&EdgeSecret>) -> Result<SafeSheet> {
    let code = code.ok_or_else(no_code)?;
    SafeSheet::parse(&code.0).map_err(|error| mistyped(error.code(), &error, "The code of the safe sheet"))
}

/// The key out of shares as people typed them.
pub(crate) fn joined(split: &Split, codes: &[EdgeSecret]) -> Result<SafeSheet> {
    let mut shares = Vec::with_capacity(codes.len());
    for (place, code) in codes.iter().enumerate() {
        let share = Share::parse(&code.0);
        shares.push(share.map_err(|error| mistyped(error.code(), &error, &format!("Code {}", place + 1)))?);
    }
    SafeSheet::join(split, &shares).map_err(|error| {
        let (what, next) = match error {
            ShareError::Other { number } => (
                format!("Share {number} is of another vault, or of a sheet that was replaced."),
                "Use the shares that were printed last.",
            ),
            ShareError::Wrong { number } => (
                format!("Share {number} is not the one that was handed out under this number."),
                "Ask its holder for the original page.",
            ),
            ShareError::Twice { number } => (format!("Share {number} was given twice."), "Each holder gives one."),
            ShareError::TooFew { given, needed } => (
                format!("{given} of the {needed} shares that are needed were given."),
                "Bring more of the holders together.",
            ),
        };
        Error::new(ErrorClass::Locked, error.code(), what, next).holds("Nothing was opened, and no share is used up.")
    })
}

pub(crate) fn mistyped(code: &str, error: &vitrine_vault::code::CodeError, what: &str) -> Error {
    Error::new(
        ErrorClass::Locked,
        code,
        format!("{what} was not typed as printed."),
        "Compare it group by group with the paper.",
    )
    .details(error.to_string())
}

fn no_code() -> Error {
    Error::usage("sheet.no-code", "No code was given.", "Type the code of the paper.")
}

fn replaced() -> Error {
    Error::new(
        ErrorClass::Locked,
        "sheet.replaced",
        "This paper does not open the vault: another safe sheet was saved after it.",
        "Destroy it, and use the paper that was printed last.",
    )
}
