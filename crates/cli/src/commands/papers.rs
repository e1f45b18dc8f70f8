//! Recovery kit, safe sheet, backup, restore.

use std::path::Path;

use serde_json::json;
use vitrine_app::api::{
    BackupNowRequest, CheckSheetRequest, ConfirmKitRequest, ConfirmRestoreRequest, EdgeSecret, Phase, RecoveryRequest,
    RecoveryView, RestoreFrom, RestorePaper, RestoreRequest, SaveKitRequest, SaveSheetRequest, SetBackupRequest,
    SplitSheetRequest, StatusView,
};
use zeroize::Zeroizing;

use super::{Result, absolute};
use crate::{
    args::{Restore, Sheet},
    door::Door,
    exit::Exit,
    output::{Failure, Outcome, usage},
    person::{Lines, Person},
    text::{shown, time},
};

pub(super) async fn kit(door: &mut Door, person: &mut Person, path: &Path, groups_fd: Option<u32>) -> Result {
    let mut lines = groups_fd.map(Lines::open).transpose()?;
    let saved = door.call(SaveKitRequest { path: absolute(path)? }).await?;
    let [first, second] = saved.groups;
    let words = format!(
        "The kit was written to {}. Print it, then type back groups {first} and {second} of the account secret.",
        saved.path
    );
    person.progress(&json!({ "kind": "kitSaved", "path": saved.path, "groups": saved.groups }), &words);
    if lines.is_none() && !person.answers() {
        let words = "The kit is not confirmed: run it again on a terminal or with --groups-fd.".to_owned();
        return Ok(Outcome::of(&saved, words)?.ending(Exit::Partly));
    }
    let mut group = |number: u8| person.secret(&format!("Group {number}: "), lines.as_mut());
    let groups = [group(first)?, group(second)?];
    let status = door.call(ConfirmKitRequest { groups }).await?;
    Outcome::of(&status, "The kit is confirmed. Keep the paper away from this machine.".into())
}

pub(super) async fn sheet(door: &mut Door, person: &Person, sheet: Sheet) -> Result {
    if sheet.check {
        return check(door, person, sheet.codes_fd).await;
    }
    let Some(path) = &sheet.path else {
        let recovery = door.call(RecoveryRequest {}).await?;
        let words = standing(&recovery);
        return Outcome::of(&recovery, words);
    };
    if let Some(needed) = sheet.needed {
        let folder = absolute(path)?;
        let saved = door.call(SplitSheetRequest { folder, holders: sheet.holder.clone(), needed }).await?;
        let lines: Vec<String> = sheet
            .holder
            .iter()
            .zip(&saved.paths)
            .map(|(holder, path)| format!("{}: {}", shown(holder), shown(path)))
            .collect();
        let last = format!("Any {needed} of them open the vault. Print each for its holder, then delete the files.");
        return Outcome::of(&saved, format!("{}\n{last}", lines.join("\n")));
    }
    let saved = door.call(SaveSheetRequest { path: absolute(path)? }).await?;
    let words =
        format!("The safe sheet was written to {}. Print it, put it in the safe, delete the file.", shown(&saved.path));
    Outcome::of(&saved, words)
}

async fn check(door: &mut Door, person: &Person, codes_fd: Option<u32>) -> Result {
    let mut lines = codes_fd.map(Lines::open).transpose()?;
    let split = door.call(RecoveryRequest {}).await?.sheet.and_then(|sheet| sheet.split);
    let codes = match split {
        Some(split) => shares(person, lines.as_mut(), split.needed)?,
        None => vec![person.secret("Code of the safe sheet: ", lines.as_mut())?],
    };
    let checked = door.call(CheckSheetRequest { codes }).await?;
    Outcome::of(&checked, "The paper opens the vault. Nothing was changed.".into())
}

fn shares(person: &Person, mut lines: Option<&mut Lines>, needed: u8) -> std::result::Result<Vec<EdgeSecret>, Failure> {
    (1..=needed).map(|number| person.secret(&format!("Code {number} of {needed}: "), lines.as_deref_mut())).collect()
}

fn standing(recovery: &RecoveryView) -> String {
    let waits = if recovery.waits { "\nAnother one waits for a second owner's consent." } else { "" };
    let Some(sheet) = &recovery.sheet else { return format!("This vault has no safe sheet.{waits}") };
    let how = match &sheet.split {
        None => "one page".to_owned(),
        Some(split) => {
            let holders: Vec<String> = split.holders.iter().map(|holder| shown(holder)).collect();
            format!("any {} of the shares of {}", split.needed, holders.join(", "))
        }
    };
    let stale =
        if sheet.opens { "" } else { "\nIt opens the vault no more: who made it left, or has new keys. Save another." };
    let made = time(Some(sheet.made_at));
    format!("Safe sheet: {how}, made by {} on {made}.{stale}{waits}", shown(&sheet.by))
}

pub(super) async fn backup(door: &mut Door, folder: Option<&Path>) -> Result {
    let status = match folder {
        Some(folder) => door.call(SetBackupRequest { folder: absolute(folder)? }).await?,
        None => door.call(BackupNowRequest {}).await?,
    };
    let words = written(&status);
    Outcome::of(&status, words)
}

fn written(status: &StatusView) -> String {
    let backup = status.backup.as_ref();
    let file = backup.and_then(|backup| backup.file.as_deref()).unwrap_or("-");
    format!("The backup was written to {} ({}).", shown(file), time(backup.and_then(|backup| backup.written_at)))
}

pub(super) async fn restore(door: &mut Door, person: &mut Person, restore: Restore) -> Result {
    if door.status().await?.phase != Phase::NoVault {
        return Err(usage(
            "vault.exists",
            "There is a vault in the data folder already.",
            "Restore into an empty folder: set VITRINE_HOME.",
        ));
    }
    let mut lines = restore.codes_fd.map(Lines::open).transpose()?;
    let by_kit = !restore.sheet && restore.shares.is_none();
    let mut code = |prompt: &str| person.secret(prompt, lines.as_mut());
    let paper = if restore.sheet {
        RestorePaper::Sheet { code: code("Code of the safe sheet: ")? }
    } else if let Some(needed) = restore.shares {
        RestorePaper::Shares { codes: shares(person, lines.as_mut(), needed)? }
    } else {
        let secret_code = code("Account secret of the kit: ")?;
        let vault_code = code("Vault code of the kit: ")?;
        // Exposed because the vault code is no secret: it says whose vault this must be.
        let vault_code = Zeroizing::new(vault_code.0.expose().clone());
        RestorePaper::Kit { secret_code, vault_code: vault_code.to_string() }
    };
    let passphrase = if by_kit { person.passphrase("Passphrase: ")? } else { person.new_passphrase()? };
    let new_passphrase = if restore.new_passphrase { Some(person.new_passphrase()?) } else { None };
    let request = RestoreRequest {
        from: match (restore.home, &restore.file) {
            (Some(address), _) => RestoreFrom::Home { address },
            (None, file) => RestoreFrom::File { path: absolute(file.as_deref().unwrap_or(Path::new("")))? },
        },
        paper,
        passphrase,
        new_passphrase,
        accept_file_fallback: restore.accept_file_fallback,
    };
    let status = door.call(request).await?;
    Outcome::of(&status, format!("The vault was restored into {}.", shown(&status.data_folder)))
}

pub(super) async fn confirm_restore(door: &mut Door, reason: String) -> Result {
    let status = door.call(ConfirmRestoreRequest { reason }).await?;
    Outcome::of(&status, "The restored vault is taken for the newest from now on.".into())
}
