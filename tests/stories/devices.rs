//! Several devices of one person: a further one is approved from another, and works like it.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use vitrine_entra_sim::Sim;
use vitrine_kit::backend::Backend;
use vitrine_kit::wait::{PATIENCE, until};

use crate::bad_rotation::FIRST;
use crate::cloud::{CONTOSO, shown};
use crate::desk::{Desk, Order, PASSPHRASE, Running, exit, text};
use crate::people::{brought_in, owner, words};
use crate::restored::restoring;

/// The code of a further device, as its person carries it over.
async fn code(desk: &Desk) -> Result<String> {
    text(&desk.does(["device", "add"]).await?, "code")
}

/// `join` by such a code: no name is asked for.
fn joining(desk: &Desk, code: &str) -> Order {
    desk.vitrine(["join", "--code-fd", "0", "--accept-file-fallback"]).typed(code).passphrase(PASSPHRASE)
}

/// Waits until the new device was told this.
pub(crate) async fn told(running: &mut Running, code: &str) -> Result<()> {
    until("the new device to be told", PATIENCE, async || {
        let told = running.tells("joining").await.ok()?;
        (told["joining"]["problem"]["code"] == code).then_some(())
    })
    .await
}

/// Gives a member a further device, from the code to the keys.
pub(crate) async fn approved(first: &Desk, second: &Desk) -> Result<()> {
    let mut running = joining(second, &code(first).await?).start().await?;
    let (ours, theirs) = words(first, &mut running).await?;
    ensure!(ours == theirs && ours.as_array().is_some_and(|words| words.len() == 8), "{ours} {theirs}");
    first.does(["device", "approve", "--compared"]).await?;
    running.end().await?.ended(exit::DONE)?;
    second.does(["settings", "rotateWhenDue", "false"]).await?;
    second.does(["sync"]).await?;
    Ok(())
}

/// An owner with two devices.
async fn two() -> Result<(Sim, Desk, Desk, Backend)> {
    let (sim, first, backend) = owner().await?;
    let second = Desk::at(&sim)?;
    approved(&first, &second).await?;
    Ok((sim, first, second, backend))
}

/// The devices of the member who asks.
async fn devices(desk: &Desk) -> Result<Vec<Value>> {
    let list = desk.does(["device", "list"]).await?;
    let members = list["members"].as_array().context("no members")?;
    let own = members.iter().find(|member| member["you"] == true).context("nobody is you")?;
    Ok(own["devices"].as_array().cloned().unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_device_of_the_same_person_views_rotates_and_is_backed_up_for_the_same_kit() -> Result<()> {
    let (sim, first, _backend) = owner().await?;
    first.vitrine(["kit", "kit.pdf"]).passphrase(PASSPHRASE).ends(exit::PARTLY).await?;
    let second = Desk::at(&sim)?;
    approved(&first, &second).await?;
    let list = second.does(["member", "list"]).await?;
    ensure!(list["members"].as_array().is_some_and(|members| members.len() == 1), "it is another member: {list}");
    ensure!(devices(&second).await?.len() == 2 && devices(&first).await?.len() == 2);
    ensure!(second.does(["status"]).await?["personName"] == Value::Null, "nothing is told while it is locked");

    let seen = shown(&second, "Contoso", FIRST, "current").await?;
    ensure!(sim.control().password_accepted(CONTOSO, FIRST, &seen), "what the new device shows opens nothing");
    second.does(["rotate", "Contoso"]).await?;
    first.does(["sync"]).await?;
    let fresh = shown(&first, "Contoso", FIRST, "current").await?;
    ensure!(fresh != seen && sim.control().password_accepted(CONTOSO, FIRST, &fresh), "it is not fresh at the first");
    // It is the owner, in everything.
    second.does(["org", "add", "Fabrikam"]).await?;
    let third = Desk::at(&sim)?;
    approved(&second, &third).await?;
    ensure!(devices(&third).await?.len() == 3);

    // What the new device backs up opens elsewhere with the kit that was printed before, and its own passphrase.
    second.does(["backup", "--folder", "backup"]).await?;
    let restored = Desk::at(&sim)?;
    restoring(&first, &restored, &second.path("backup").join("Vitrine.backup"))?.ends(exit::DONE).await?;
    let kept = shown(&restored, "Contoso", FIRST, "current").await?;
    ensure!(kept == fresh, "another password came back");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_technicians_second_device_is_the_technicians() -> Result<()> {
    let (sim, ada, _backend) = owner().await?;
    let (grace, desktop) = (Desk::at(&sim)?, Desk::at(&sim)?);
    brought_in(&ada, &grace, "Grace Hopper", "technician").await?;
    approved(&grace, &desktop).await?;
    let seen = shown(&desktop, "Contoso", FIRST, "current").await?;
    ensure!(sim.control().password_accepted(CONTOSO, FIRST, &seen));
    desktop.refuses(["org", "add", "Fabrikam"], exit::USAGE, "ledger.not-allowed").await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_was_edited_used_or_withdrawn_or_whose_words_nobody_compared_gives_no_device() -> Result<()> {
    let (sim, first, _backend) = owner().await?;
    let made = code(&first).await?;
    let (second, eve) = (Desk::at(&sim)?, Desk::at(&sim)?);
    let mut edited = made.clone();
    let last = edited.pop().context("an empty code")?;
    edited.push(if last == 'A' { 'B' } else { 'A' });
    joining(&eve, &edited).refused(exit::USAGE, "join.code").await?;

    // Somebody who read the code answers it first: the words on the two screens differ, and nobody approves.
    let mut thief = joining(&eve, &made).start().await?;
    let (ours, _) = words(&first, &mut thief).await?;
    let mut late = joining(&second, &made).start().await?;
    let shown = late.tells("joining").await?["joining"]["words"].clone();
    ensure!(
        shown.as_array().is_some_and(|words| words.len() == 8) && shown != ours,
        "the words of two devices are the same"
    );
    told(&mut late, "join.used").await?;
    late.kill().await?;
    first.refuses(["device", "approve"], exit::USAGE, "people.compare").await?;
    let id = text(&first.does(["device", "list"]).await?, "invitations.0.id")?;
    first.does(["device", "withdraw", &id]).await?;
    first.refuses(["device", "approve", "--compared"], exit::USAGE, "devices.no-answer").await?;
    thief.kill().await?;
    let waits = eve.vitrine(["join", "--wait", "0"]).passphrase(PASSPHRASE).ends(exit::PARTLY).await?;
    ensure!(waits["phase"] == "joining" && devices(&first).await?.len() == 1, "{waits}");

    // Withdrawn before anybody answered.
    let made = code(&first).await?;
    let id = text(&first.does(["device", "list"]).await?, "invitations.0.id")?;
    first.does(["device", "withdraw", &id]).await?;
    second.does(["join", "--cancel"]).await?;
    let mut late = joining(&second, &made).start().await?;
    told(&mut late, "join.used").await?;
    late.kill().await
}

/// Whether a device of the member who asks is cut off.
pub(crate) async fn is_revoked(desk: &Desk, id: &str) -> Result<bool> {
    Ok(devices(desk).await?.iter().any(|device| device["id"] == id && device["revoked"] == true))
}

/// The device that a desk is, as it names itself.
pub(crate) async fn own_id(desk: &Desk) -> Result<String> {
    let devices = devices(desk).await?;
    text(devices.iter().find(|device| device["this"] == true).context("no device is this one")?, "id")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_device_is_cut_off_all_it_could_read_is_replaced_and_its_member_has_new_keys_and_a_new_kit()
-> Result<()> {
    let (sim, first, second, _backend) = two().await?;
    let third = Desk::at(&sim)?;
    approved(&first, &third).await?;
    first.vitrine(["kit", "old.pdf"]).passphrase(PASSPHRASE).ends(exit::PARTLY).await?;
    let known = shown(&second, "Contoso", FIRST, "current").await?;
    let lost = own_id(&second).await?;
    first.refuses(["device", "revoke", &own_id(&first).await?, "--reason", "x"], exit::USAGE, "devices.this").await?;
    first.does(["device", "revoke", &lost, "--reason", "left in a train"]).await?;
    ensure!(is_revoked(&first, &lost).await?, "it is not cut off");

    let board = first.does(["incident", "retry"]).await?;
    let incident = &board["incident"];
    ensure!(incident["accounts"]["replaced"] == 1 && incident["certificates"]["replaced"] == 1, "{board}");
    ensure!(incident["accounts"]["of"] == 1 && incident["certificates"]["of"] == 1, "{board}");
    ensure!(!sim.control().password_accepted(CONTOSO, FIRST, &known), "what the lost device knows still opens");
    second.refuses(["sync"], exit::INTEGRITY, "home.unknown-device").await?;

    // The other device that stays gets the new keys by the signed history alone.
    let current = shown(&first, "Contoso", FIRST, "current").await?;
    ensure!(sim.control().password_accepted(CONTOSO, FIRST, &current), "what is stored opens nothing");
    third.does(["sync"]).await?;
    ensure!(shown(&third, "Contoso", FIRST, "current").await? == current, "the third device reads something else");
    third.does(["rotate", "Contoso"]).await?;
    first.does(["sync"]).await?;
    let newest = shown(&first, "Contoso", FIRST, "current").await?;
    ensure!(newest != current && sim.control().password_accepted(CONTOSO, FIRST, &newest));
    // Nothing is left to do, and a code still gives a device.
    ensure!(first.does(["member", "list"]).await?["keysLeft"] == 0);
    let fourth = Desk::at(&sim)?;
    approved(&third, &fourth).await?;
    ensure!(shown(&fourth, "Contoso", FIRST, "current").await? == newest);

    // The kit of before opens no backup of now, and a new one does.
    let file = first.path("backup").join("Vitrine.backup");
    first.does(["backup", "--folder", "backup"]).await?;
    std::fs::rename(first.path("old.pdf"), first.path("kit.pdf"))?;
    restoring(&first, &Desk::at(&sim)?, &file)?.refused(exit::LOCKED, "restore.refused").await?;
    std::fs::remove_file(first.path("kit.pdf"))?;
    first.vitrine(["kit", "kit.pdf"]).passphrase(PASSPHRASE).ends(exit::PARTLY).await?;
    let restored = Desk::at(&sim)?;
    restoring(&first, &restored, &file)?.ends(exit::DONE).await?;
    ensure!(shown(&restored, "Contoso", FIRST, "current").await? == newest, "another password came back");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_revokes_a_technicians_device_and_the_one_that_stays_goes_on() -> Result<()> {
    let (sim, ada, _backend) = owner().await?;
    let (laptop, desktop) = (Desk::at(&sim)?, Desk::at(&sim)?);
    brought_in(&ada, &laptop, "Grace Hopper", "technician").await?;
    let only = own_id(&laptop).await?;
    ada.refuses(["device", "revoke", &only, "--reason", "lost"], exit::USAGE, "devices.last").await?;
    approved(&laptop, &desktop).await?;
    let ours = own_id(&ada).await?;
    desktop.refuses(["device", "revoke", &ours, "--reason", "mine now"], exit::USAGE, "ledger.not-allowed").await?;
    let known = shown(&laptop, "Contoso", FIRST, "current").await?;
    ada.does(["sync"]).await?;
    ada.does(["device", "revoke", &only, "--reason", "stolen"]).await?;
    let board = ada.does(["incident", "retry"]).await?;
    ensure!(
        board["incident"]["accounts"]["replaced"] == 1 && board["incident"]["certificates"]["replaced"] == 1,
        "{board}"
    );
    ensure!(!sim.control().password_accepted(CONTOSO, FIRST, &known), "what the lost device knows still opens");
    laptop.refuses(["sync"], exit::INTEGRITY, "home.unknown-device").await?;
    desktop.does(["sync"]).await?;
    let current = shown(&desktop, "Contoso", FIRST, "current").await?;
    ensure!(
        sim.control().password_accepted(CONTOSO, FIRST, &current),
        "the device that stays reads what opens nothing"
    );
    desktop.does(["rotate", "Contoso"]).await?;

    // A technician alone cuts a device off and gives itself new keys; the others are given by an owner's device.
    let third = Desk::at(&sim)?;
    approved(&desktop, &third).await?;
    desktop.does(["device", "revoke", &own_id(&third).await?, "--reason", "lost again"]).await?;
    third.refuses(["sync"], exit::INTEGRITY, "home.unknown-device").await?;
    desktop.does(["status"]).await?;
    ada.does(["sync"]).await?;
    ensure!(ada.does(["member", "list"]).await?["keysLeft"] == 0);
    desktop.does(["sync"]).await?;
    desktop.does(["rotate", "Contoso"]).await?;
    ada.does(["sync"]).await?;
    let back = shown(&ada, "Contoso", FIRST, "current").await?;
    ensure!(sim.control().password_accepted(CONTOSO, FIRST, &back));
    Ok(())
}
