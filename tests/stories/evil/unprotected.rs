//! That these stories see what they are for: with a protection switched off in the real process (`protected!` in
//! `crates/app/src/home`), the same home is believed.

use anyhow::{Context, Result, ensure};
use vitrine_kit::evil::{Attack, Forgery, Lie, Mail, Name, Sort};
use vitrine_kit::wait::{PATIENCE, until};

use super::members::{Behind, Joining, Parted, Team, answered, frozen, warnings};
use super::traffic::{Trap, looked_at, traffic, two};
use super::{Device, Ground, OBJECT};
use crate::bad_rotation::FIRST;
use crate::cloud::{CONTOSO, shown};
use crate::desk::{Desk, Order, PASSPHRASE, exit};
use crate::kill;
use crate::people::{invited, join};

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
async fn a_home_that_shows_nothing_of_what_stands_before_passes_for_a_busy_one() -> Result<()> {
    let ground = Ground::make().await?;
    ground.evil.attack(Attack::KeptBack);
    let desk = ground.sits_without(Device::Behind).await?;
    let adding = without(&desk, "what stands before is asked for", ["org", "add", "Adatum"]);
    adding.refused(exit::PARTLY, "home.behind").await?;
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

#[tokio::test(flavor = "multi_thread")]
async fn members_who_are_parted_and_compare_nothing_never_learn_it() -> Result<()> {
    let Parted { team, mut grace } = Parted::make().await?;
    let Team { sim, evil, mut ada, .. } = team;
    for desk in [&mut ada, &mut grace] {
        desk.use_program(kill::program().await?);
    }
    // Row 17: the other half's password is sent over.
    let theirs = shown(&grace, "Contoso", FIRST, "current").await?;
    without(&ada, "the tenant is looked at", ["rotate", "Contoso"]).ends(exit::DONE).await?;
    ensure!(!sim.control().password_accepted(CONTOSO, FIRST, &theirs), "it was not sent");
    // Row 16.
    evil.meet();
    without(&grace, "what is refused is told", ["sync"]).ends(exit::DONE).await?;
    evil.attack(Attack::Forked);
    without(&ada, "heads are compared", ["sync"]).ends(exit::DONE).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_says_nothing_for_two_days_and_is_asked_for_nothing_is_believed() -> Result<()> {
    let problems = frozen(Some("a home is asked for what a rotator writes")).await?;
    ensure!(problems == ["attention.by-hand"], "something else misses it: {problems:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_who_refuses_silently_sees_neither_a_removal_nor_a_key_that_is_another() -> Result<()> {
    let removal = Behind::of_a_removal().await?;
    let came = Behind::of_a_new_member().await?;
    for (behind, attack) in [
        (&removal, Attack::MspHeldBack),
        (&came, Attack::Entries(Lie::Key, Sort::Msp)),
        (&came, Attack::MspForged(Forgery::Keys, Name::Owner)),
    ] {
        let told = format!("{attack:?}");
        behind.team.evil.attack(attack);
        let mut desk = behind.team.twin(&behind.mary)?;
        desk.use_program(kill::program().await?);
        without(&desk, "what is refused is told", ["sync"]).ends(exit::DONE).await.context(told)?;
    }
    // Row 74.
    came.team.evil.stop();
    let mut desk = came.team.twin(&came.mary)?;
    desk.use_program(kill::program().await?);
    desk.set("VITRINE_UNPROTECTED", "who is let in is told");
    let warned = warnings(&desk).await?;
    ensure!(warned.iter().all(|warning| warning["code"] != "people.let-in"), "something else tells it: {warned:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_that_need_not_open_are_anybodys() -> Result<()> {
    let mut team = Team::make().await?;
    team.ada.use_program(kill::program().await?);
    let Team { sim, evil, ada, .. } = &team;
    let (eve, grace) = (invited(ada, "Eve", "technician").await?, invited(ada, "Grace Hopper", "technician").await?);
    let mut desk = Desk::at(sim)?;
    desk.use_program(kill::program().await?);
    // Row 34.
    evil.attack(Attack::LettersAltered(Mail::Offer));
    let order = join(&desk, "Eve", &eve).with("VITRINE_UNPROTECTED", "a letter opens with its code");
    let mut running = order.start().await?;
    running.tells("joining").await?;
    running.kill().await?;
    evil.stop();
    // Row 35.
    let desk = Desk::at(sim)?;
    let mut running = join(&desk, "Grace Hopper", &grace).start().await?;
    running.tells("joining").await?;
    let hers = ("Grace Hopper".to_owned(), true);
    until("her answer", PATIENCE, async || answered(ada).await.ok()?.contains(&hers).then_some(())).await?;
    running.kill().await?;
    invited(ada, "Katherine Johnson", "technician").await?;
    evil.attack(Attack::LettersOfAnother(Mail::Answer));
    without(ada, "an answer is that of its code", ["sync"]).ends(exit::DONE).await?;
    evil.stop();
    let again = answered(ada).await?.contains(&("Katherine Johnson".to_owned(), true));
    ensure!(again, "something else sees that it was given for another code");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_compares_nothing_joins_an_older_history_and_sends_over_what_it_was_not_shown() -> Result<()> {
    let joining = Joining::make().await?;
    let mut desk = Desk::at(&joining.team.sim)?;
    desk.use_program(kill::program().await?);
    desk.set("VITRINE_UNPROTECTED", "a join is what its code pins");
    let running = joining.joins(&desk, "Katherine Johnson", Attack::RolledBack).await?;
    running.end().await?.ended(exit::DONE)?;
    joining.team.evil.stop();

    let mut desk = joining.shown_older_organizations().await?;
    desk.use_program(kill::program().await?);
    let before = joining.team.passwords_set();
    without(&desk, "the tenant is looked at", ["rotate", "Contoso"]).ends(exit::DONE).await?;
    ensure!(joining.team.passwords_set() > before, "nothing was sent");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_that_looks_things_up_spares_what_is_the_same_or_sends_views_at_once_is_told_apart() -> Result<()> {
    let trap = Trap::set().await?;
    let [one, other] = two(&trap)?;
    let program = kill::program().await?;
    let off = |protection: &'static str| {
        let program = program.clone();
        move |desk: &mut Desk| {
            desk.use_program(program);
            desk.set("VITRINE_UNPROTECTED", protection);
        }
    };
    // Rows 22 and 41.
    traffic(&other, off("nothing in the vault is looked up")).await?;
    ensure!(trap.was_sprung().await, "nobody went there");
    let spares = "what is the same is sealed anew";
    ensure!(traffic(&one, off(spares)).await? != traffic(&other, off(spares)).await?, "the two look the same");
    // Row 40.
    let mut team = Team::make().await?;
    team.ada.does(["rotate", "Contoso"]).await?;
    off("views travel by their timer")(&mut team.ada);
    let [meanwhile, _] = looked_at(&team).await?;
    ensure!(meanwhile > 0, "they travelled later");
    Ok(())
}
