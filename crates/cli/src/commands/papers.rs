//! Recovery kit, safe sheet, backup, restore.

use std::path::Path;

use serde_json::json;
use vitrine_app::api::{
    BackupNowRequest, ConfirmKitRequest, ConfirmRestoreRequest, Phase, RestorePaper, RestoreRequest, SaveKitRequest,
    SaveSheetRequest, SetBackupRequest, StatusView,
};
use zeroize::Zeroizing;

use super::{Result, absolute};
use crate::{
    args::Restore,
    door::Door,
    exit::Exit,
    output::{Outcome, usage},
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

pub(super) async fn sheet(door: &mut Door, path: &Path) -> Result {
    let saved = door.call(SaveSheetRequest { path: absolute(path)? }).await?;
    let words =
        format!("The safe sheet was written to {}. Print it, put it in the safe, delete the file.", shown(&saved.path));
    Outcome::of(&saved, words)
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
    let mut code = |prompt: &str| person.secret(prompt, lines.as_mut());
    let paper = if restore.sheet {
        RestorePaper::Sheet { code: code("Code of the safe sheet: ")? }
    } else {
        let secret_code = code("Account secret of the kit: ")?;
        let vault_code = code("Vault code of the kit: ")?;
        // Exposed because the vault code is no secret: it says whose vault this must be.
        let vault_code = Zeroizing::new(vault_code.0.expose().clone());
        RestorePaper::Kit { secret_code, vault_code: vault_code.to_string() }
    };
    let passphrase = if restore.sheet { person.new_passphrase()? } else { person.passphrase("Passphrase: ")? };
    let new_passphrase = if restore.new_passphrase { Some(person.new_passphrase()?) } else { None };
    let request = RestoreRequest {
        file: absolute(&restore.file)?,
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
