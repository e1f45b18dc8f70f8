//! The papers of a vault: the member's recovery kit and, in [`sheet`], the firm's safe sheet. Written as PDF, from Rust; no page
//! of the user interface ever holds a code.

mod pdf;
pub(crate) mod sheet;

pub(crate) use sheet::{check as check_sheet, save as save_sheet, show as recovery, split as split_sheet};

use crate::api::*;
use crate::error::{Error, Result};
use crate::journal::Change;
use crate::session::{self, make};
use crate::vault::{self, meta};
use crate::{App, files, lock};
use pdf::{Page, Part};
use std::path::PathBuf;
use vitrine_vault::SecretText;
use vitrine_vault::account::open_account_secret;
use vitrine_vault::kit::Kit;
use zeroize::Zeroizing;

pub(crate) async fn suggested_paths(app: &App, _request: SuggestedPathsRequest) -> Result<SuggestedPathsView> {
    let documents = directories::UserDirs::new()
        .and_then(|dirs| dirs.document_dir().map(PathBuf::from).or_else(|| Some(dirs.home_dir().to_owned())))
        .unwrap_or_else(|| app.config().folder.clone());
    let path = |name: &str| documents.join(name).display().to_string();
    Ok(SuggestedPathsView {
        kit: path("Vitrine recovery kit.pdf"),
        sheet: path("Vitrine safe sheet.pdf"),
        shares: path("Vitrine shares"),
        backup: path("Vitrine backup"),
    })
}

pub(crate) async fn save_kit(app: &App, request: SaveKitRequest) -> Result<SavedKitView> {
    let session = app.session().await?;
    if app.inner.store.meta(meta::ENROLMENT).await?.is_none() {
        return Err(Error::new(
            ErrorClass::Partly,
            "kit.unlock-first",
            "This device was given new keys, which are sealed under your passphrase at the next unlock.",
            "Lock and unlock Vitrine; then print the kit.",
        ));
    }
    let kit = kit(app).await?;
    let firm = vault::firm(app).await?;
    let (secret_code, vault_code) = (kit.secret_code(), kit.vault_code());
    // Exposed to be printed: the paper is what this secret is for.
    let page = Page {
        title: "Vitrine recovery kit",
        parts: vec![
            Part::Words(format!("This page belongs to {} of {}. With it and your passphrase you open the vault again on a new machine, from a backup file.", firm.person_name, firm.msp_name)),
            Part::Words("It opens nothing without your passphrase. Do not write the passphrase on this page.".into()),
            Part::Heading("Account secret"),
            Part::Code(secret_code.text().expose()),
            Part::Heading("Vault code (says which vault this is; not secret)"),
            Part::Code(vault_code.text().expose()),
            Part::Words(format!("Home of the vault: {}", kit.home)),
            Part::Words("To restore: install Vitrine, choose “Restore a vault”, pick the backup file or give the address of the firm's backend, and type both codes. Case, spaces and dashes do not matter.".into()),
            Part::Field("Printed on"),
            Part::Field("Kept at"),
        ],
    };
    let drawn = Zeroizing::new(pdf::draw(&page));
    let path = PathBuf::from(request.path.trim());
    files::create(&path, &drawn)?;
    let mut change = Change::begin(app, &session).await?;
    change.note(Action::KitSaved, None, None, None).await?;
    change.commit().await?;
    let groups = ask_groups(secret_code.groups());
    *lock(&session.asked_groups) = Some(groups);
    Ok(SavedKitView { path: path.display().to_string(), groups })
}

/// Two different groups, at random.
fn ask_groups(count: usize) -> [u8; 2] {
    let count = u8::try_from(count.max(2)).unwrap_or(u8::MAX);
    let [a, b] = make::<2>();
    let first = a % count;
    let second = (first + 1 + b % (count - 1)) % count;
    [first.min(second) + 1, first.max(second) + 1]
}

pub(crate) async fn confirm_kit(app: &App, request: ConfirmKitRequest) -> Result<StatusView> {
    let session = app.session().await?;
    let asked = (*lock(&session.asked_groups)).ok_or_else(|| {
        Error::usage(
            "kit.not-saved",
            "The recovery kit was not saved since the vault was unlocked.",
            "Save or print it first.",
        )
    })?;
    let code = kit(app).await?.secret_code();
    for (number, typed) in asked.iter().zip(&request.groups) {
        if !code.is_group(usize::from(*number), &typed.0) {
            return Err(Error::usage(
                "kit.group-wrong",
                format!("Group {number} is not what stands on the paper."),
                "Look at the group under that number and type it again.",
            )
            .holds("The kit itself is fine."));
        }
    }
    let mut change = Change::begin(app, &session).await?;
    change.firm.own.kit_confirmed = true;
    change.commit().await?;
    vault::settled(app, RENEWED);
    app.tell(Event::StatusChanged);
    vault::status(app, StatusRequest {}).await
}

/// Code of what is said until a new kit was printed.
const RENEWED: &str = "kit.renewed";

/// The kit that a person has opens nothing any more.
pub(crate) fn renewed() -> Error {
    Error::new(
        ErrorClass::Partly,
        RENEWED,
        "Your keys were renewed, because a device of yours was revoked. The recovery kit that you have opens nothing any more.",
        "Lock and unlock Vitrine once, then print a new kit and destroy the old one.",
    )
}

async fn kit(app: &App) -> Result<Kit> {
    let session = app.session().await?;
    let sealed = app.inner.store.meta(meta::ACCOUNT_SECRET).await?.ok_or_else(vault::no_vault)?;
    let account_secret = open_account_secret(session.roots().now(), &sealed).map_err(session::unreadable_keys)?;
    Ok(Kit {
        account_secret,
        member: *session.author.member.as_bytes(),
        genesis: *session.vault().as_bytes(),
        home: home_words(app).await?,
    })
}

/// Where the vault's home is, for paper: an address that somebody can type, or this device.
pub(crate) async fn home_words(app: &App) -> Result<String> {
    let home = vault::firm(app).await?.own.home;
    Ok(home.map_or_else(|| format!("this device ({})", vault::machine_name()), |address| address.url))
}

/// A code typed by a person that is no secret.
pub(crate) fn plain_code(text: &str) -> SecretText {
    SecretText::from_text(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_groups_asked_for_differ_and_exist() {
        for _ in 0..200 {
            let [first, second] = ask_groups(9);
            assert!(first >= 1 && first < second && second <= 9, "{first} {second}");
        }
    }
}
