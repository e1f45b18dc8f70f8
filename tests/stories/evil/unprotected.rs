//! That these stories see what they are for: with a protection switched off in the real process (`protected!` in
//! `crates/app/src/home`), the same home is believed.

use anyhow::{Context, Result, ensure};
use vitrine_kit::evil::{Attack, Forgery, Lie, Name, Sort};
use vitrine_kit::wait::{PATIENCE, until};

use super::{Device, Ground, OBJECT};
use crate::desk::{Desk, Order, PASSPHRASE, exit};
use crate::kill;

/// More pages than a client asks for that leaves in time.
const MANY: usize = 20;

impl Ground {
    async fn sits_without(&self, device: Device) -> Result<Desk> {
        let mut desk = self.sits(device)?;
        desk.use_program(kill::program().await?);
        Ok(desk)
    }
}

fn without<const N: usize>(desk: &Desk, protection: &str, arguments: [&str; N]) -> Order {
    desk.vitrine(arguments).passphrase(PASSPHRASE).with("VITRINE_UNPROTECTED", protection)
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_protection_each_lie_is_believed() -> Result<()> {
    let ground = Ground::make().await?;
    let (newest, behind) = (Device::Newest, Device::Behind);
    for (protection, device, attack) in [
        ("the home's numbers are compared", newest, Attack::RolledBack),
        ("the home's pages go on", newest, Attack::RolledBackWithMore),
        ("heads are compared", newest, Attack::OldHeads),
        ("what is named is given", behind, Attack::EntriesCutShort(1, Sort::Organization)),
        ("what is named is given", behind, Attack::EntriesCutShort(0, Sort::Organization)),
        ("an organization that is named is asked for", behind, Attack::LedgerHidden),
        ("a ledger is its beginning", newest, Attack::LedgerMisnamed),
        ("entries follow each other", behind, Attack::Entries(Lie::Twice, Sort::Msp)),
        ("what is refused is told", newest, Attack::MspForged(Forgery::Owner, Name::Owner)),
        ("what is refused is told", newest, Attack::KeysForged(Name::Owner)),
    ] {
        let told = format!("{protection}: {attack:?}");
        ground.evil.attack(attack);
        let desk = ground.sits_without(device).await?;
        without(&desk, protection, ["sync"]).ends(exit::DONE).await.context(told)?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_is_not_compared_is_noticed_too_late() -> Result<()> {
    let ground = Ground::make().await?;
    ground.evil.attack(Attack::ObjectHidden);
    let desk = ground.sits_without(Device::Behind).await?;
    let ended = without(&desk, "objects are what entries name", ["sync"]).end().await?;
    ensure!(!ended.out.contains(OBJECT), "something else says that it is withheld: {}", ended.out);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_was_caught_and_is_written_to_all_the_same_is_noticed() -> Result<()> {
    let ground = Ground::make().await?;
    ground.evil.attack(Attack::RolledBack);
    let desk = ground.sits_without(Device::Newest).await?;
    let brought = ground.evil.appends();
    without(&desk, "a home that was caught is brought nothing", ["org", "add", "Adatum"]).ends(exit::DONE).await?;
    ensure!(ground.evil.appends() > brought, "it was brought nothing");

    ground.evil.attack(Attack::AppendsSwallowed { numbered: false });
    let desk = ground.sits_without(Device::Newest).await?;
    without(&desk, "the home's numbers rise", ["org", "add", "Adatum"]).ends(exit::DONE).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_judges_no_page_before_the_last_is_kept_for_ever() -> Result<()> {
    let ground = Ground::make().await?;
    for sort in [Sort::Msp, Sort::Organization] {
        ground.evil.attack(Attack::ForgeriesWithoutEnd(sort));
        let desk = ground.sits_without(Device::Newest).await?;
        let before = ground.evil.seen().len();
        let syncing = without(&desk, "pages are judged one by one", ["sync"]).start().await?;
        let many = async || (ground.evil.seen().len() > before + MANY).then_some(());
        let kept = until("a client that is kept", PATIENCE, many).await;
        syncing.kill().await?;
        kept?;
    }
    Ok(())
}
