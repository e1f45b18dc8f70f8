//! A home that lies, attack by attack: what a client is offered that is false, old, torn apart or another's is refused and
//! named, nothing is rotated or written because of it, and what is here can still be viewed.
//!
//! Each case carries its row of the catalogue of attacks in its name, and the attacks of the paper behind it (ePrint
//! 2026/058: `bw01` and so on). Cases share a vault as it was set up, and no desk: each sits down at a copy of its own,
//! of a device that has everything or of one that lacks what was written last.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use vitrine_entra_sim::Sim;
use vitrine_kit::backend::{Backend, TOKEN, copy};
use vitrine_kit::evil::{Attack, EvilServer, Forgery, Garbage, Lie, Name, Seen, Sort};
use vitrine_kit::wait::{PATIENCE, until};

use crate::backend;
use crate::bad_rotation::{FIRST, connected};
use crate::cloud::{CONTOSO, one_value_opens, shown};
use crate::desk::{Desk, PASSPHRASE, exit, text};

mod catalogue;
mod members;
mod traffic;
mod unprotected;

const SECOND: &str = "ea-2@contoso.onmicrosoft.com";

/// Which device sits down.
#[derive(Clone, Copy, Debug)]
enum Device {
    /// One that has everything.
    Newest,
    /// One that lacks what was written after the mark.
    Behind,
}

impl Device {
    /// The organizations that it lists.
    fn knows(self) -> &'static [&'static str] {
        match self {
            Self::Newest => &["Contoso", "Fabrikam", "Litware", "Northwind"],
            Self::Behind => &["Contoso", "Fabrikam"],
        }
    }
}

/// An attack, and what the device says of it.
struct Case {
    name: &'static str,
    device: Device,
    attack: Attack,
    exit: i32,
    code: &'static str,
    /// What stands in the details: that it was refused for the reason it should be.
    says: &'static str,
}

/// An attack that a device which lacks something is told of as a violation.
fn behind(name: &'static str, attack: Attack, code: &'static str, says: &'static str) -> Case {
    Case { name, device: Device::Behind, attack, exit: exit::INTEGRITY, code, says }
}

/// The same for a device that has everything.
fn newest(name: &'static str, attack: Attack, code: &'static str, says: &'static str) -> Case {
    Case { device: Device::Newest, ..behind(name, attack, code, says) }
}

/// An attack that is no more than a home which cannot be reached.
fn unreachable(name: &'static str, attack: Attack, code: &'static str) -> Case {
    Case { exit: exit::UNREACHABLE, ..behind(name, attack, code, "") }
}

/// A vault with Contoso connected, two emergency accounts and some other organizations, whose home lies on request.
struct Ground {
    sim: Sim,
    evil: EvilServer,
    /// Ends with this.
    _backend: Backend,
    /// Where the folders of the devices are kept.
    first: Desk,
    password: String,
}

impl Ground {
    async fn make() -> Result<Self> {
        let (sim, desk) = connected(&["ea-1", "ea-2"]).await?;
        // Each command alone decides what is rotated.
        desk.does(["settings", "rotateWhenDue", "false"]).await?;
        desk.does(["org", "add", "Fabrikam"]).await?;
        let backend = backend::start().await?;
        let evil = EvilServer::before(&backend.url()).await?;
        let arguments = ["home", "move", &evil.url(), "--token-fd", "0"];
        desk.vitrine(arguments).passphrase(PASSPHRASE).typed(TOKEN).ends(exit::DONE).await?;
        desk.does(["sync"]).await?;
        evil.mark();
        copy(&desk.vault(), &desk.path("behind"))?;
        for arguments in [
            &["org", "add", "Northwind"][..],
            &["org", "add", "Litware"],
            &["org", "edit", "Fabrikam", "--notes", "first"],
            &["org", "edit", "Fabrikam", "--notes", "second"],
            &["rotate", "Contoso", "--account", "ea-2"],
        ] {
            desk.does(arguments).await?;
        }
        copy(&desk.vault(), &desk.path("newest"))?;
        let password = shown(&desk, "Contoso", FIRST, "current").await?;
        let ground = Self { sim, evil, _backend: backend, first: desk, password };
        ground.split(&["Tailspin"]).await?;
        Ok(ground)
    }

    /// Writes another history behind the mark, with these organizations.
    async fn split(&self, organizations: &[&str]) -> Result<()> {
        let twin = self.sits(Device::Behind)?;
        self.evil.split();
        for name in organizations {
            twin.does(["org", "add", name]).await?;
        }
        for name in ["Contoso", "Fabrikam"] {
            twin.does(["org", "edit", name, "--notes", "another"]).await?;
        }
        self.evil.join();
        Ok(())
    }

    /// A desk with a copy of this device's folder.
    fn sits(&self, device: Device) -> Result<Desk> {
        let desk = Desk::at(&self.sim)?;
        let folder = match device {
            Device::Newest => "newest",
            Device::Behind => "behind",
        };
        copy(&self.first.path(folder), &desk.vault())?;
        Ok(desk)
    }

    /// How often somebody wrote to the tenant's users so far.
    fn changes_in_tenant(&self) -> u64 {
        self.sim.control().requests(CONTOSO, "PATCH /users/{user-id}")
    }

    /// Goes through all of them, and names those that went otherwise.
    async fn catches(&self, cases: &[Case]) -> Result<()> {
        let mut wrong = Vec::new();
        for case in cases {
            if let Err(error) = self.catch(case).await {
                wrong.push(format!("{}: {:?}: {error:#}", case.name, case.attack));
            }
        }
        ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
        Ok(())
    }

    async fn catch(&self, case: &Case) -> Result<()> {
        let desk = self.sits(case.device)?;
        self.evil.attack(case.attack.clone());
        let outcome = self.withstands(&desk, case).await;
        self.evil.stop();
        // The agent must not outlive its folder, whatever came of it.
        desk.vitrine(["lock"]).end().await?;
        outcome
    }

    /// Asked again and again, the device says what it is, and goes on as if nothing had been offered.
    async fn withstands(&self, desk: &Desk, case: &Case) -> Result<()> {
        desk.vitrine(["unlock"]).passphrase(PASSPHRASE).ends(exit::DONE).await?;
        for _ in 0..2 {
            let error = desk.vitrine(["sync"]).refused(case.exit, case.code).await?;
            ensure!(error["details"].as_str().unwrap_or_default().contains(case.says), "for another reason: {error}");
        }
        let (before, brought) = (self.changes_in_tenant(), self.evil.appends());
        for arguments in [
            &["rotate", "Contoso", "--account", "ea-1", "--wait", "20"][..],
            &["org", "add", "Adatum"],
            &["org", "edit", "Fabrikam", "--notes", "third"],
        ] {
            let ended = desk.vitrine(arguments).end().await?;
            ensure!(ended.status.code() != Some(exit::DONE), "it was written all the same: {}", ended.out);
            ensure!(ended.out.contains(case.code), "it is not said why {arguments:?} cannot be: {}", ended.out);
        }
        ensure!(self.changes_in_tenant() == before, "a password was changed");
        if case.exit == exit::INTEGRITY {
            ensure!(self.evil.appends() == brought, "a home that was caught was brought something");
        }
        // Another ledger may be what it should be, and is taken then.
        let (listed, known) = (names(desk).await?, case.device.knows());
        ensure!(listed.iter().all(|name| Device::Newest.knows().contains(&&**name)), "it took {listed:?}");
        ensure!(known.iter().all(|name| listed.iter().any(|listed| listed == name)), "it lost something: {listed:?}");
        self.is_open(desk).await
    }

    /// What is here can be viewed, and opens the account.
    async fn is_open(&self, desk: &Desk) -> Result<()> {
        let arguments = ["view", "Contoso", "--account", FIRST, "--value", "current", "--reason", "story"];
        let password = text(&desk.vitrine(arguments).ends(exit::DONE).await?, "secret")?;
        ensure!(password == self.password, "another value is shown");
        ensure!(self.sim.control().password_accepted(CONTOSO, FIRST, &password), "what is stored opens nothing");
        Ok(())
    }
}

async fn names(desk: &Desk) -> Result<Vec<String>> {
    listed(&desk.vitrine(["org", "list"]).ends(exit::DONE).await?)
}

/// The same where no agent holds the vault open.
async fn names_by(desk: &Desk) -> Result<Vec<String>> {
    listed(&desk.does(["org", "list"]).await?)
}

fn listed(list: &Value) -> Result<Vec<String>> {
    let rows = list["rows"].as_array().context("no rows")?;
    rows.iter().map(|row| text(row, "name")).collect()
}

const FORKED: &str = "home.forked";
const REFUSED: &str = "home.refused-entry";
const ROLLED_BACK: &str = "home.rolled-back";
const OBJECT: &str = "home.object-withheld";
const WITHHELD: &str = "home.entry-withheld";

/// What the home has to be true in for all that follows: out of the same memory, nothing but the truth is taken.
#[tokio::test(flavor = "multi_thread")]
async fn row_24_row_26_bw07_lp04_dl04_dl06_op04_a_home_that_does_not_lie_is_asked_for_entries_and_objects_alone()
-> Result<()> {
    let ground = Ground::make().await?;
    for attack in [None, Some(Attack::Nothing)] {
        let desk = ground.sits(Device::Behind)?;
        if let Some(attack) = attack {
            ground.evil.attack(attack);
        }
        desk.does(["sync"]).await?;
        ensure!(names_by(&desk).await? == Device::Newest.knows(), "something is missing");
        one_value_opens(&ground.sim, &desk, "Contoso", CONTOSO, SECOND).await?;
    }
    // There is no question to which a home could answer with a key, with parameters of the passphrase, or with another way
    // to come in: rows 2 and 5 as well.
    for seen in ground.evil.seen() {
        let known = ["/v1/backend/", "/v1/msps", "/v1/changes/", "/v1/entries", "/v1/objects", "/v1/append"];
        // What a kit opens is left there by whoever has the vault, and asked for by nobody who has it.
        let left = seen.method == "PUT" && seen.path.starts_with("/v1/enrolments/");
        ensure!(left || known.iter().any(|known| seen.path.starts_with(known)), "it was asked for {}", seen.path);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_another_or_a_shortened_history_is_refused() -> Result<()> {
    let ground = Ground::make().await?;
    let cut = |name, most, sort| behind(name, Attack::EntriesCutShort(most, sort), "home.entry-withheld", "there");
    ground
        .catches(&[
            newest("row_11_rolled_back", Attack::RolledBack, ROLLED_BACK, "seen here"),
            newest("row_11_rolled_back_with_a_promise", Attack::RolledBackWithMore, ROLLED_BACK, "seen here"),
            newest("row_11_restored", Attack::Refuses("server.behind"), ROLLED_BACK, "server.behind"),
            newest("row_11_made_anew", Attack::Refuses("server.device"), "home.unknown-device", "server.device"),
            newest("row_10_old_heads", Attack::OldHeads, ROLLED_BACK, "there"),
            newest("row_16_forked", Attack::Forked, FORKED, "there"),
            cut("row_32_cut_short_at_once", 0, Sort::Msp),
            cut("row_32_cut_short_by_one", 1, Sort::Msp),
            cut("row_32_cut_short_at_once", 0, Sort::Organization),
            cut("row_32_cut_short_later", 1, Sort::Organization),
            behind("row_15_dl01_op02_hidden", Attack::LedgerHidden, "home.ledger-withheld", "ledger"),
        ])
        .await?;
    ground.split(&["Tailspin", "Wingtip", "Woodgrove"]).await?;
    ground.catches(&[newest("row_16_forked_and_longer", Attack::Forked, FORKED, "there")]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn row_16_a_fork_leaves_a_proof_that_anybody_can_check() -> Result<()> {
    let ground = Ground::make().await?;
    let desk = ground.sits(Device::Newest)?;
    let (file, proof) = (desk.path("proof.json").display().to_string(), desk.path("proof.json"));
    desk.refuses(["home", "proof", &file], exit::USAGE, "home.no-proof").await?;
    ground.evil.attack(Attack::Forked);
    desk.does(["home", "proof", &file]).await?;
    ground.evil.stop();
    let vault = text(&desk.does(["audit"]).await?, "vault")?;
    let stranger = Desk::alone()?;
    let verify = ["audit", "verify", &file, "--genesis", &vault];
    let fork = stranger.vitrine(verify).ends(exit::DONE).await?["fork"].take();
    ensure!(fork["ours"] != fork["theirs"] && text(&fork, "ours")?.len() == 64, "{fork}");
    // Two entries that do not contradict each other prove nothing.
    let mut document: Value = serde_json::from_slice(&std::fs::read(&proof)?)?;
    document["fork"] = "gkEAQQA=".into();
    std::fs::write(&proof, serde_json::to_vec(&document)?)?;
    stranger.vitrine(verify).refused(exit::INTEGRITY, "evidence.broken").await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_that_are_not_what_was_written_are_refused() -> Result<()> {
    let entry = |name, lie, sort, says| behind(name, Attack::Entries(lie, sort), REFUSED, says);
    let (msp, organization) = (Sort::Msp, Sort::Organization);
    Ground::make()
        .await?
        .catches(&[
            entry("row_13_dl01_op02_dropped", Lie::Dropped, msp, "was expected"),
            entry("row_13_row_42_dl01_op02_dropped", Lie::Dropped, organization, "was expected"),
            entry("row_14_dl01_op02_swapped", Lie::Swapped, msp, "was expected"),
            entry("row_14_row_42_dl01_op02_swapped", Lie::Swapped, organization, "was expected"),
            entry("row_14_dl01_op02_twice", Lie::Twice, msp, ""),
            entry("row_14_row_42_dl01_op02_twice", Lie::Twice, organization, ""),
            entry("row_30_lp05_bw11_signature", Lie::Signature, msp, "signature"),
            entry("row_30_lp05_bw11_signature", Lie::Signature, organization, "signature"),
            entry("row_23_row_30_bw04_lp06_body", Lie::Body, msp, "signature"),
            entry("row_23_row_42_bw04_lp06_body", Lie::Body, organization, "signature"),
            entry("row_23_author", Lie::Author, organization, "not valid here"),
            entry("row_23_bw04_lp06_time", Lie::Time, organization, "signature"),
            entry("row_45_stretched", Lie::Stretched, organization, "signature"),
            entry("row_27_bw10_dl03_suite_0", Lie::Suite(0), organization, "suite"),
            entry("row_27_bw11_bw12_dl05_suite_2", Lie::Suite(2), msp, "suite"),
            behind("row_19_of_another_organization", Attack::EntriesOfAnother, REFUSED, ""),
        ])
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_of_the_vault_wrote_is_refused() -> Result<()> {
    let forged = |name, forgery, by, says| newest(name, Attack::MspForged(forgery, by), REFUSED, says);
    let mut cases = vec![
        forged("row_04_lp01_op01_member", Forgery::Member(2), Name::Stranger, "not valid here"),
        forged("row_04_lp01_op01_owner", Forgery::Owner, Name::Owner, "signature"),
        forged("row_02_bw01_lp01_op01_recovery", Forgery::Recovery, Name::Stranger, "not valid here"),
        forged("row_02_bw01_lp01_op01_recovery", Forgery::Recovery, Name::Owner, "signature"),
        forged("row_31_device", Forgery::Device, Name::Owner, "signature"),
        newest("row_03_row_08_bw02_op06_keys", Attack::KeysForged(Name::Stranger), REFUSED, "not valid here"),
        newest("row_03_row_08_bw02_op06_keys", Attack::KeysForged(Name::Owner), REFUSED, "signature"),
        newest("row_06_bw08_injected", Attack::LedgerInjected(Name::Stranger), REFUSED, "not valid here"),
        newest("row_06_bw08_injected", Attack::LedgerInjected(Name::Owner), REFUSED, "signature"),
        behind("row_07_bw09_replaced", Attack::LedgerReplaced(Name::Stranger), REFUSED, ""),
        behind("row_07_bw09_replaced", Attack::LedgerReplaced(Name::Owner), REFUSED, ""),
        newest("row_07_bw09_misnamed", Attack::LedgerMisnamed, REFUSED, ""),
        newest("row_09_op03_vault", Attack::VaultReplaced, REFUSED, ""),
    ];
    // The roles but the owner's, which no entry gives to a new member.
    cases.extend((2..=5).map(|role| forged("row_04_role", Forgery::Member(role), Name::Owner, "signature")));
    Ground::make().await?.catches(&cases).await
}

#[tokio::test(flavor = "multi_thread")]
async fn row_28_bw12_dl05_objects_that_are_not_what_was_stored_are_refused_and_where_is_not_shown() -> Result<()> {
    let object = |name, attack| behind(name, attack, OBJECT, "ledger");
    let ground = Ground::make().await?;
    ground
        .catches(&[
            object("row_13_dl01_op02_hidden", Attack::ObjectHidden),
            object("row_10_older", Attack::ObjectOlder),
            object("row_20_bw05_lp02_of_another_item", Attack::ObjectOfAnotherItem),
            object("row_19_of_another_organization", Attack::ObjectOfAnotherOrganization),
            object("row_23_header", Attack::ObjectAltered(1)),
            object("row_30_lp05_middle", Attack::ObjectAltered(50)),
            object("row_30_lp05_end", Attack::ObjectAltered(100)),
        ])
        .await?;

    // Where an object was altered, its reader does not show. It asks the same questions, of the same
    // length, in the same order.
    let mut questions = Vec::<Vec<Seen>>::new();
    for place in [0, 3, 10, 60, 100] {
        let desk = ground.sits(Device::Behind)?;
        ground.evil.attack(Attack::ObjectAltered(place));
        let before = ground.evil.seen().len();
        desk.refuses(["sync"], exit::INTEGRITY, OBJECT).await?;
        // Asked again it asks the same again; how often, the end of the command decides.
        let mut asked = ground.evil.seen().split_off(before);
        asked.truncate(asked.iter().position(|seen| seen.path == "/v1/objects").map_or(0, |last| last + 1));
        questions.push(asked);
    }
    let first = questions.first().filter(|first| !first.is_empty()).context("nothing was asked")?;
    ensure!(questions.iter().all(|others| others == first), "it shows where it was altered: {questions:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_answer_is_a_home_that_cannot_be_reached() -> Result<()> {
    let elsewhere = EvilServer::before("http://127.0.0.1:1").await?;
    let garbled = |name, garbage| unreachable(name, Attack::Garbled(garbage), "home.garbled");
    let to = |status| {
        let attack = Attack::Redirects(status, format!("{}/v1/changes/0", elsewhere.url()));
        unreachable("row_48_redirected", attack, "home.garbled")
    };
    Ground::make()
        .await?
        .catches(&[
            unreachable("row_05_bw03_unknown_fields", Attack::UnknownFields, "home.garbled"),
            garbled("row_43_empty", Garbage::Empty),
            garbled("row_43_page", Garbage::Page),
            garbled("row_43_endless_list", Garbage::EndlessList),
            garbled("row_43_nested", Garbage::Nested),
            garbled("row_43_oversized", Garbage::Oversized),
            unreachable("row_43_enormous", Attack::Garbled(Garbage::Enormous), "home.no-answer"),
            unreachable("broken_off", Attack::BreaksOff, "home.no-answer"),
            unreachable("refused_without_a_reason", Attack::Refuses("server.whatever"), "home.refused"),
            to(302),
            to(307),
        ])
        .await?;
    ensure!(elsewhere.seen().is_empty(), "it went where it was sent: {:?}", elsewhere.seen());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_goes_on_for_ever_is_left() -> Result<()> {
    let ground = Ground::make().await?;
    ground
        .catches(&[
            newest("row_43_changes", Attack::ChangesWithoutEnd, "home.endless", ""),
            behind("row_43_the_same_entries", Attack::EntriesWithoutEnd, REFUSED, "was expected"),
            newest("row_43_forgeries", Attack::ForgeriesWithoutEnd(Sort::Msp), REFUSED, "signature"),
            newest("row_43_forgeries", Attack::ForgeriesWithoutEnd(Sort::Organization), REFUSED, "signature"),
        ])
        .await?;

    // One that never says a word is waited for by nobody who only looks.
    let desk = ground.sits(Device::Newest)?;
    ground.evil.attack(Attack::Silent);
    desk.vitrine(["unlock"]).passphrase(PASSPHRASE).ends(exit::DONE).await?;
    until("a question that hangs", PATIENCE, async || (ground.evil.hanging() > 0).then_some(())).await?;
    let open = ground.is_open(&desk).await;
    let hangs = ground.evil.hanging() > 0;
    ground.evil.stop();
    desk.vitrine(["lock"]).end().await?;
    ensure!(hangs, "the question was over before the password was shown");
    open
}

/// Row 43: what is promised without an end costs a question now and then.
#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_wakes_without_an_end_is_asked_ever_less_often() -> Result<()> {
    let ground = Ground::make().await?;
    let desk = ground.sits(Device::Newest)?;
    ground.evil.attack(Attack::WakesWithoutEnd);
    let before = ground.evil.seen().len();
    desk.vitrine(["unlock"]).passphrase(PASSPHRASE).ends(exit::DONE).await?;
    let asked = || ground.evil.seen().split_off(before).iter().filter(|seen| seen.path.starts_with("/v1/ch")).count();
    // The first without being told, the others because of it.
    until("questions because of it", PATIENCE, async || (asked() > 3).then_some(())).await?;
    let (asked, wakes) = (asked() as u64, ground.evil.wakes());
    ensure!(wakes > 100 * asked, "asked {asked} times for {wakes} lies");
    ensure!(ground.is_open(&desk).await.is_ok(), "nothing can be viewed meanwhile");
    desk.vitrine(["lock"]).end().await?;
    Ok(())
}

/// What was written is not there, though the home said that it took it.
#[tokio::test(flavor = "multi_thread")]
async fn row_13_what_the_home_threw_away_is_missed() -> Result<()> {
    let ground = Ground::make().await?;
    // Its number is an old one: that is seen at once, and nothing counts as written.
    let desk = ground.sits(Device::Newest)?;
    ground.evil.attack(Attack::AppendsSwallowed { numbered: false });
    desk.refuses(["org", "add", "Adatum"], exit::INTEGRITY, ROLLED_BACK).await?;
    ensure!(names_by(&desk).await? == Device::Newest.knows(), "it counts as written");
    let before = ground.changes_in_tenant();
    desk.vitrine(["rotate", "Contoso", "--account", "ea-1", "--wait", "20"]).passphrase(PASSPHRASE).end().await?;
    ensure!(ground.changes_in_tenant() == before, "a password was changed of which no home has the candidate");

    // Its number is as it should be: that is seen when it is asked next.
    ground.evil.attack(Attack::AppendsSwallowed { numbered: true });
    desk.does(["org", "add", "Adatum"]).await?;
    desk.refuses(["sync"], exit::INTEGRITY, ROLLED_BACK).await?;
    ensure!(names_by(&desk).await?.contains(&"Adatum".to_owned()), "what was written here is gone");
    let rotated = desk.vitrine(["rotate", "Contoso", "--account", "ea-1", "--wait", "20"]).passphrase(PASSPHRASE);
    let rotated = rotated.end().await?;
    ensure!(rotated.out.contains(ROLLED_BACK), "it is not said why: {}", rotated.out);
    ensure!(ground.changes_in_tenant() == before, "a password was changed");
    one_value_opens(&ground.sim, &desk, "Contoso", CONTOSO, FIRST).await
}

/// What others wrote stands in the way of everything that is written, and is shown to nobody.
#[tokio::test(flavor = "multi_thread")]
async fn row_12_a_home_that_refuses_for_what_it_does_not_show_is_caught() -> Result<()> {
    let ground = Ground::make().await?;
    let desk = ground.sits(Device::Behind)?;
    ground.evil.attack(Attack::KeptBack);
    let before = ground.changes_in_tenant();
    desk.refuses(["org", "add", "Adatum"], exit::INTEGRITY, WITHHELD).await?;
    let rotate = ["rotate", "Contoso", "--account", "ea-1", "--wait", "20"];
    let rotated = desk.vitrine(rotate).passphrase(PASSPHRASE).end().await?;
    ensure!(rotated.out.contains(WITHHELD), "it is not said why: {}", rotated.out);
    ensure!(ground.changes_in_tenant() == before, "a password was changed of which no home has the candidate");
    // Once it shows everything, everything is as it was.
    ground.evil.stop();
    desk.does(["org", "add", "Adatum"]).await?;
    one_value_opens(&ground.sim, &desk, "Contoso", CONTOSO, FIRST).await
}

/// What the home took and denies is found out, and gone on with; what arrives twice is taken once.
#[tokio::test(flavor = "multi_thread")]
async fn row_47_what_the_home_took_and_denies_is_found_and_what_is_replayed_is_taken_once() -> Result<()> {
    let ground = Ground::make().await?;
    let desk = ground.sits(Device::Newest)?;
    for said in ["server.database", "server.whatever", "ledger.taken"] {
        let before = ground.changes_in_tenant();
        ground.evil.attack(Attack::AppendsDenied(said));
        let rotate = ["rotate", "Contoso", "--account", "ea-1", "--wait", "5"];
        let rotated = desk.vitrine(rotate).passphrase(PASSPHRASE).end().await?;
        ensure!(rotated.status.code() != Some(exit::DONE), "{said}: {}", rotated.out);
        ensure!(ground.changes_in_tenant() == before, "{said}: a candidate was sent that no home has");
        ground.evil.stop();
        desk.does(["sync"]).await?;
        one_value_opens(&ground.sim, &desk, "Contoso", CONTOSO, FIRST).await.context(said)?;
        let pending = shown(&desk, "Contoso", FIRST, "pending").await?;
        desk.does(["rotate", "Contoso", "--account", "ea-1"]).await?;
        let current = shown(&desk, "Contoso", FIRST, "current").await?;
        ensure!(current == pending, "{said}: the candidate that the home has was not gone on with");
        ensure!(ground.sim.control().password_accepted(CONTOSO, FIRST, &current), "{said}: it opens nothing");
    }

    ground.evil.attack(Attack::Replays);
    desk.refuses(["org", "add", "Adatum"], exit::PARTLY, "home.behind").await?;
    ground.evil.stop();
    desk.does(["sync"]).await?;
    let listed = names_by(&desk).await?;
    ensure!(listed.iter().filter(|name| *name == "Adatum").count() == 1, "{listed:?}");
    Ok(())
}
