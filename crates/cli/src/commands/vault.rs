//! The vault: creating, opening, locking, its passphrase, its state.

use vitrine_app::api::{
    ChangePassphraseRequest, CreateVaultRequest, DeviceSecretPlace, EdgeSecret, LockRequest, Phase, StatusView,
    SuggestPassphraseRequest, UnlockRequest,
};

use super::Result;
use crate::{
    agent,
    args::Init,
    door::{Door, no_vault},
    output::{Outcome, warning},
    person::Person,
    text::{shown, time},
};

pub(super) async fn init(door: &mut Door, person: &mut Person, init: Init) -> Result {
    if door.status().await?.phase != Phase::NoVault {
        return Err(crate::output::usage(
            "vault.exists",
            "There is a vault in the data folder already.",
            "Use it (vitrine unlock), or set VITRINE_HOME to another folder.",
        ));
    }
    let passphrase = person.new_passphrase()?;
    let request = CreateVaultRequest {
        msp_name: init.firm,
        person_name: init.person,
        passphrase,
        accept_file_fallback: init.accept_file_fallback,
    };
    let status = door.call(request).await?;
    let next = "Next: vitrine kit recovery-kit.pdf, and vitrine backup --folder DIR.";
    Outcome::of(&status, format!("The vault was created in {}.\n{next}", shown(&status.data_folder)))
}

pub(super) async fn unlock(person: &mut Person) -> Result {
    let mut door = Door::open().await?;
    let phase = door.status().await;
    let result = match phase.map(|status| (status.phase, status)) {
        Err(error) => Err(error),
        Ok((Phase::NoVault, _)) => Err(no_vault()),
        Ok((Phase::Unlocked | Phase::Joining, status)) => Ok(status),
        Ok((Phase::Locked, _)) => match person.passphrase("Passphrase: ") {
            Err(error) => Err(error),
            Ok(passphrase) if !door.ends_with_us() => door.call(UnlockRequest { passphrase }).await,
            Ok(passphrase) => {
                // The agent takes the data folder, which this process must let go of first.
                door.close(person).await;
                return unlocked(&agent::start(&passphrase)?);
            }
        },
    };
    door.close(person).await;
    unlocked(&result?)
}

fn unlocked(status: &StatusView) -> Result {
    Outcome::of(status, "The vault is open. It locks by itself; vitrine lock does it now.".into())
}

pub(super) async fn lock(door: &mut Door) -> Result {
    let status = match door.status().await?.phase {
        Phase::Unlocked | Phase::Joining => door.call(LockRequest {}).await?,
        _ => door.status().await?,
    };
    Outcome::of(&status, "The vault is locked.".into())
}

pub(super) async fn suggest(door: &mut Door) -> Result {
    let view = door.call(SuggestPassphraseRequest {}).await?;
    // Exposed because a person asked to see it; it opens nothing yet.
    let words = view.passphrase.0.expose().clone();
    Outcome::of(&view, words)
}

pub(super) async fn change_passphrase(door: &mut Door, person: &mut Person) -> Result {
    let phase = door.status().await?.phase;
    if phase == Phase::NoVault {
        return Err(no_vault());
    }
    let current = person.passphrase("Present passphrase: ")?;
    let new = person.new_passphrase()?;
    if phase == Phase::Locked {
        door.unlock(EdgeSecret(current.0.duplicate()), person).await?;
    }
    let done = door.call(ChangePassphraseRequest { current, new }).await?;
    Outcome::of(&done, "The passphrase was changed. The kit on paper stays valid.".into())
}

pub(super) async fn status(door: &mut Door) -> Result {
    let status = door.status().await?;
    Outcome::of(&status, in_words(&status))
}

fn in_words(status: &StatusView) -> String {
    let mut lines = vec![match status.phase {
        Phase::NoVault => "No vault".to_owned(),
        Phase::Locked => "Locked".to_owned(),
        Phase::Joining => "Waiting to be added: vitrine join".to_owned(),
        Phase::Unlocked => format!("Open: {}", shown(status.msp_name.as_deref().unwrap_or("-"))),
    }];
    lines.push(format!("Data folder: {}", shown(&status.data_folder)));
    let cloud = &status.cloud;
    lines.push(format!("Cloud: {} ({}, {})", shown(&cloud.name), shown(&cloud.login_host), shown(&cloud.graph_host)));
    if cloud.simulated {
        lines.push("Simulated cloud".to_owned());
    } else if cloud.custom {
        lines.push("These hosts are not Microsoft's.".to_owned());
    }
    match status.device_secret {
        DeviceSecretPlace::File => {
            lines.push("The device secret lies in a file: the passphrase alone protects a copied disk.".to_owned());
        }
        DeviceSecretPlace::Missing => lines.push("The device secret is gone: restore with the kit.".to_owned()),
        DeviceSecretPlace::NoKeychain => lines.push("There is no keychain that can be written.".to_owned()),
        DeviceSecretPlace::KeychainReady | DeviceSecretPlace::Keychain => {}
    }
    if status.unconfirmed {
        lines.push("Restored from a backup; no tenant has confirmed yet that it was the newest.".to_owned());
    }
    if status.retry_in_ms > 0 {
        lines.push(format!("Another passphrase is accepted in {} s.", status.retry_in_ms.div_ceil(1000)));
    }
    if let Some(backup) = &status.backup {
        lines.push(match &backup.file {
            Some(file) => format!("Backup: {} ({})", shown(file), time(backup.written_at)),
            None => "No backup yet: vitrine backup --folder DIR".to_owned(),
        });
        lines.extend(backup.problem.as_ref().map(warning));
    }
    if let Some(certificates) = &status.certificates {
        let many = |n: u32, what: &str| (n > 0).then(|| format!("Certificates of connections that {what}: {n}"));
        lines.extend(many(certificates.ended, "have ended (connect these tenants again)"));
        lines.extend(many(certificates.ending, "end soon (renewed by themselves while the vault is open)"));
        lines.extend(certificates.next_end.map(|end| format!("First certificate to end: {}", time(Some(end)))));
    }
    lines.extend(status.warnings.iter().map(warning));
    lines.join("\n")
}
